//! The cost of queries: a large answer, a single query, many values, several providers; compared with the reader alone, with
//! pypdns and with the slowest provider.
//!
//! Run by `cargo xtask bench ask`. Everything is measured in one run on one machine, over loopback, with the real program and with
//! everything stored. `BACKSIGHT_BENCH_LARGE=100000` makes the large answer smaller for a quick look.
#![expect(clippy::disallowed_methods, reason = "a benchmark measures time and waits for processes")]
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(
    clippy::cast_precision_loss,
    clippy::indexing_slicing,
    reason = "rates are rounded, and what is indexed is there"
)]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run must say so and end")]

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use testkit::figure::{Figure, Goal};

#[path = "ask/local.rs"]
mod local;
#[path = "ask/providers.rs"]
mod providers;

use local::{Served, program, values};

/// Records of the large answer.
const LARGE: usize = 1_000_000;
/// Records that the local server holds.
const HELD: usize = 200_000;
/// Values that are queried by one command.
const VALUES: usize = 1_000;
/// Rounds of each measurement; the median is used. Medians of ratios are those within a round.
const ROUNDS: usize = 5;
/// Rounds of the single query, which is short and varies.
const STARTS: usize = 31;

fn main() {
    // `cargo test --benches` also runs this program, without asking for a measurement.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    install(folder.path());
    large_answer(folder.path());
    let records = folder.path().join("records.ndjson");
    std::fs::write(&records, testkit::sample::ndjson(HELD, 7)).unwrap();
    let server = Served::start(&records);
    let values = values(&records, VALUES);
    single_question(folder.path(), &server, &values);
    let file = folder.path().join("values.txt");
    std::fs::write(&file, values.join("\n")).unwrap();
    many_values(folder.path(), &server, &file);
    drop(server);
    providers::measure();
}

fn large_answer(home: &Path) {
    let large =
        std::env::var("BACKSIGHT_BENCH_LARGE").ok().and_then(|large| large.parse().ok()).unwrap_or(LARGE);
    let body = testkit::sample::ndjson(large, 1);
    let address = serve_bytes(body.clone());
    let mut peak = 0;
    // They take turns, so that a slow spell of the machine hits both.
    let rounds: Vec<[Duration; 2]> = (0..ROUNDS)
        .map(|_| [read_alone(&body, large), stream_answer(home, address, large, &mut peak)])
        .collect();
    let rate = |at: usize| large as f64 / middle(rounds.iter().map(|round| round[at].as_secs_f64()));
    let ratio = middle(rounds.iter().map(|[reader, streamed]| reader.div_duration_f64(*streamed)));
    println!("an answer of {large} records, {:.0} MB", body.len() as f64 / 1e6);
    say(&Figure::new("a large answer, read only", rate(0), "records per second"));
    say(&Figure::new("query --format cof, a large answer, start to exit", rate(1), "records per second"));
    say(&Figure::new("query --format cof, a large answer", ratio, "of the reader alone")
        .wanted(Goal::AtLeast(0.5)));
    let resident = peak as f64 / 1024.0;
    say(&Figure::new("query --format cof, memory", resident, "MiB resident").wanted(Goal::AtMost(64.0)));
}

/// The time from start to exit of a query with this answer.
fn stream_answer(home: &Path, address: SocketAddr, large: usize, peak: &mut u64) -> Duration {
    let began = Instant::now();
    let mut child = query(home, address)
        .args(["www.example.com", "--format", "cof"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let records = count_lines(&mut child, peak);
    assert!(child.wait().unwrap().success());
    assert_eq!(records, large);
    began.elapsed()
}

fn single_question(home: &Path, server: &Served, values: &[String]) {
    let mut found = 0;
    let time = median(STARTS, || {
        let began = Instant::now();
        let output = query(home, server.address).args([&values[0], "--format", "json"]).output().unwrap();
        assert!(output.status.success());
        found = output.stdout.len();
        began.elapsed()
    });
    assert!(found > 100, "an answer with records");
    let time = time.as_secs_f64() * 1e3;
    say(&Figure::new("one query, start to exit", time, "ms").wanted(Goal::AtMost(50.0)));
}

fn many_values(home: &Path, server: &Served, file: &Path) {
    let (mut ours, mut found) = (0, 0);
    // Removed at the end: a file system may be slow to create files after others were removed.
    let mut kept = Vec::new();
    let rounds: Vec<[Duration; 2]> = (0..ROUNDS)
        .map(|_| {
            // Every answer is new to this data folder, and is stored.
            let home = tempfile::tempdir_in(home).unwrap();
            install(home.path());
            let began = Instant::now();
            ours = query_file(home.path(), server, file);
            let time = began.elapsed();
            kept.push(home);
            let (theirs, count) = pypdns(server, file);
            found = count;
            [time, theirs]
        })
        .collect();
    assert_eq!(ours, found, "both must have found the same records");
    let rate = |at: usize| VALUES as f64 / middle(rounds.iter().map(|round| round[at].as_secs_f64()));
    let ratio = middle(rounds.iter().map(|[time, theirs]| theirs.div_duration_f64(*time)));
    println!("{VALUES} values from a file, {ours} records");
    let bulk =
        Figure::new("query --concurrency 32, many values, start to exit", rate(0), "values per second");
    say(&bulk.wanted(Goal::AtLeast(3_000.0)));
    say(&Figure::new("pypdns, the same values, without its start", rate(1), "values per second"));
    say(&Figure::new("query --concurrency 32, many values", ratio, "times pypdns").wanted(Goal::AtLeast(5.0)));
}

/// Queries the values of a file with one command; returns the number of records it printed.
fn query_file(home: &Path, server: &Served, file: &Path) -> usize {
    let mut command = query(home, server.address);
    command
        .args(["--set", "requests_per_second=0", "--concurrency", "32", "--format", "json", "-f"])
        .arg(file);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout.windows(12).filter(|window| window == b"\"relation\":\"").count()
}

/// Sends the same queries to the same server with pypdns; returns the time it measured and its number of records.
fn pypdns(server: &Served, file: &Path) -> (Duration, usize) {
    let python = std::env::var("BACKSIGHT_PEERS_PYTHON").expect("run this by: cargo xtask bench ask");
    let script = "\
import sys, time
from pypdns import PyPDNS
values = open(sys.argv[2]).read().split()
client = PyPDNS(url=sys.argv[1], basic_auth=('user', 'password'))
began = time.monotonic()
count = sum(1 for value in values for _ in client.iter_query(q=value))
print(time.monotonic() - began, count)
";
    let url = format!("http://{}/pdns/query", server.address);
    let output = Command::new(python).args(["-c", script, &url]).arg(file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let mut words = text.split_whitespace();
    let seconds: f64 = words.next().unwrap().parse().unwrap();
    (Duration::from_secs_f64(seconds), words.next().unwrap().parse().unwrap())
}

/// Installs and enables the operation.
fn install(home: &Path) {
    for arguments in [["install", "circl-passive-dns"], ["enable", "circl-passive-dns"]] {
        let output = program(home).arg("integration").args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// The command, with a server on this machine and without stored answers.
fn query(home: &Path, address: SocketAddr) -> Command {
    let mut command = program(home);
    let port = format!("port={}", address.port());
    command.args(["query", "--fresh", "--set", "host=127.0.0.1", "--set", &port, "--set", "use_http=on"]);
    command.stdin(Stdio::null()).stderr(Stdio::piped());
    command
}

fn read_alone(body: &[u8], large: usize) -> Duration {
    let began = Instant::now();
    let mut reader = cof::Reader::new(1_790_000_000);
    let mut records = 0;
    for piece in body.chunks(64 * 1024) {
        reader.feed(piece);
        while let Some(item) = reader.next() {
            std::hint::black_box(item.unwrap());
            records += 1;
        }
    }
    assert_eq!(records, large);
    began.elapsed()
}

/// Counts the lines that a child prints, and records its peak memory in KiB.
fn count_lines(child: &mut Child, peak: &mut u64) -> usize {
    let status = format!("/proc/{}/status", child.id());
    let mut out = child.stdout.take().unwrap();
    let mut buffer = vec![0; 1 << 20];
    let mut lines = 0;
    let mut pieces = 0_u64;
    loop {
        let len = out.read(&mut buffer).unwrap();
        lines += memchr::memchr_iter(b'\n', &buffer[..len]).count();
        // The peak only grows, so it is sufficient to read it now and then, and at the end.
        if pieces.is_multiple_of(64) || len == 0 {
            let text = std::fs::read_to_string(&status).unwrap_or_default();
            let mark = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let mark = mark.and_then(|mark| mark.trim().trim_end_matches(" kB").trim().parse().ok());
            *peak = (*peak).max(mark.unwrap_or(0));
        }
        pieces += 1;
        if len == 0 {
            return lines;
        }
    }
}

/// Answers every request with the same body, from a thread that ends with the process.
fn serve_bytes(body: Vec<u8>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = BufReader::new(stream.try_clone().unwrap());
            let mut line = String::new();
            while head.read_line(&mut line).unwrap() > 2 {
                line.clear();
            }
            let mut answer = String::new();
            let _ = write!(
                answer,
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            stream.write_all(answer.as_bytes()).and_then(|()| stream.write_all(&body)).unwrap();
        }
    });
    address
}

fn say(figure: &Figure) {
    println!("{figure}");
}

fn middle(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn median(rounds: usize, mut measure: impl FnMut() -> Duration) -> Duration {
    let mut times: Vec<Duration> = (0..rounds).map(|_| measure()).collect();
    times.sort();
    times[times.len() / 2]
}
