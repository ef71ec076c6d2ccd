//! The load that a server can handle: queries by name and by address, many idle and slow clients, and records that are sent.
//!
//! Run by `cargo xtask bench serve`; `--path /dnsdb/v2/lookup/rrset/name/{}` also queries the names in another way. Server and
//! clients share the machine's cores. The server is the real program. The client here writes plain HTTP/1.1 on connections that
//! it keeps, and reads each answer to its end before it sends the next request, so that the server is measured. If nginx and
//! wrk are installed, the rate is compared with that of nginx.
#![expect(clippy::disallowed_methods, reason = "a benchmark measures time and waits for processes")]
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(
    clippy::cast_precision_loss,
    clippy::indexing_slicing,
    reason = "rates are rounded, and what is indexed is there"
)]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run must say so and end")]

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit};
use testkit::figure::{Figure, Goal};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

#[path = "serve/nginx.rs"]
mod nginx;

const PROGRAM: &str = env!("CARGO_BIN_EXE_backsight");
/// Names in the database; each has [`EACH`] records.
const NAMES: usize = 333_334;
const EACH: usize = 3;
/// Connections that send queries at the same time.
const CONNECTIONS: usize = 8;
/// The time of each measurement; the best of [`ROUNDS`] is used, because other programs can only slow it down.
const TIME: Duration = Duration::from_secs(4);
const ROUNDS: usize = 3;
const IDLE: usize = 2_000;
const SLOW: usize = 200;
/// Records in one body.
const BROUGHT: usize = 1_000_000;

fn main() {
    // `cargo test --benches` also runs this program, without asking for a measurement.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    // Client and server each need one file descriptor per connection.
    let limit = rustix::process::getrlimit(Resource::Nofile);
    let current = limit.maximum.map_or(16_384, |most| most.min(16_384));
    let _ = rustix::process::setrlimit(Resource::Nofile, Rlimit { current: Some(current), ..limit });
    let folder = tempfile::tempdir().unwrap();
    let records = folder.path().join("records.ndjson");
    std::fs::write(&records, database()).unwrap();
    let server = Served::start(folder.path(), Some(&records));
    println!("{} records, {CONNECTIONS} connections, everything on the same cores", NAMES * EACH);
    let names = measure("queries by name", server.address, &by_name("/pdns/query/{}"), 25_000.0);
    measure("queries by address", server.address, &by_address(), 10_000.0);
    let path = "/dnsdb/v2/lookup/rrset/name/{}";
    let other = measure("DNSDB's queries by name", server.address, &by_name(path), names.rate * 0.8);
    let ratio = Figure::new("DNSDB's queries by name", other.rate / names.rate, "of CIRCL's interface");
    say(&ratio.wanted(Goal::AtLeast(0.8)));
    if let Some(path) = std::env::args().skip_while(|argument| argument != "--path").nth(1) {
        measure(&path, server.address, &by_name(&path), names.rate * 0.8);
    }
    let requests = by_name("/pdns/query/{}");
    nginx::compare(server.address, &requests, size(server.address, &requests[0]), CONNECTIONS);
    crowd(&server);
    drop(server);
    bring(folder.path());
}

/// A million records: each name has two addresses and a mail exchange, and each address about three names.
fn database() -> String {
    let mut text = String::with_capacity(NAMES * EACH * 170);
    for at in 0..NAMES {
        let (name, first) = (name(at), 1_500_000_000 + at);
        let tail =
            format!("\"time_first\":{first},\"time_last\":{},\"count\":{}", first + 86_400, at % 1_000 + 1);
        for rdata in [address(at * 2 / 7), address(at * 2 / 7 + NAMES / 3)] {
            let _ = writeln!(text, "{{\"rrname\":\"{name}\",\"rrtype\":\"A\",\"rdata\":\"{rdata}\",{tail}}}");
        }
        let _ =
            writeln!(text, "{{\"rrname\":\"{name}\",\"rrtype\":\"MX\",\"rdata\":\"10 mx.{name}\",{tail}}}");
    }
    text
}

fn name(at: usize) -> String {
    format!("h{}.d{}.example.com", at % 7, at / 7)
}

fn address(at: usize) -> String {
    format!("10.{}.{}.{}", at >> 16, at >> 8 & 255, at & 255)
}

/// Requests for names in an order that is unfavourable for caches.
fn by_name(path: &str) -> Vec<String> {
    (0..50_000).map(|at| request(&path.replace("{}", &name(at * 7_919 % NAMES)))).collect()
}

fn by_address() -> Vec<String> {
    let asked = |at: usize| address((at * 7_919 % NAMES) * 2 / 7);
    (0..50_000).map(|at| request(&format!("/pdns/query/{}", asked(at)))).collect()
}

fn request(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

/// The result of a measurement.
#[derive(Clone, Copy, Debug, Default)]
struct Measured {
    /// Queries per second.
    rate: f64,
    p99: Duration,
    rows: f64,
}

fn measure(what: &str, server: SocketAddr, requests: &[String], wanted: f64) -> Measured {
    let rounds = (0..ROUNDS).map(|_| ask(server, requests));
    let best = rounds.max_by(|one, other| one.rate.total_cmp(&other.rate)).unwrap();
    say(&Figure::new(what, best.rate, "queries per second").wanted(Goal::AtLeast(wanted)));
    let p99 = best.p99.as_secs_f64() * 1e3;
    say(&Figure::new(format!("{what}, p99"), p99, "ms").wanted(Goal::AtMost(5.0)));
    say(&Figure::new(format!("{what}, records"), best.rows, "records each"));
    best
}

/// Sends queries on all connections until the time is over.
fn ask(server: SocketAddr, requests: &[String]) -> Measured {
    let runtime = runtime();
    let began = Instant::now();
    let asking =
        (0..CONNECTIONS).map(|at| connection(server, requests, at * requests.len() / CONNECTIONS, began));
    let asked: Vec<(Vec<Duration>, usize)> = runtime.block_on(futures_util::future::join_all(asking));
    let took = began.elapsed();
    let mut times: Vec<Duration> = asked.iter().flat_map(|(times, _)| times).copied().collect();
    times.sort_unstable();
    let rows: usize = asked.iter().map(|(_, rows)| rows).sum();
    let number = times.len();
    Measured {
        rate: number as f64 / took.as_secs_f64(),
        p99: times[number * 99 / 100],
        rows: rows as f64 / number as f64,
    }
}

async fn connection(
    server: SocketAddr,
    requests: &[String],
    from: usize,
    began: Instant,
) -> (Vec<Duration>, usize) {
    let mut stream = TcpStream::connect(server).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut buffer, mut times, mut rows) = (Vec::with_capacity(1 << 16), Vec::new(), 0);
    for request in requests.iter().cycle().skip(from) {
        let asked = Instant::now();
        stream.write_all(request.as_bytes()).await.unwrap();
        rows += answer(&mut stream, &mut buffer).await;
        times.push(asked.elapsed());
        if began.elapsed() > TIME {
            break;
        }
    }
    (times, rows)
}

/// Reads one answer to its end; returns its number of lines.
async fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> usize {
    buffer.clear();
    loop {
        assert!(stream.read_buf(buffer).await.unwrap() > 0, "{}", String::from_utf8_lossy(buffer));
        let Some(head) = memchr::memmem::find(buffer, b"\r\n\r\n") else { continue };
        let text = std::str::from_utf8(&buffer[..head]).unwrap();
        assert!(text.starts_with("HTTP/1.1 200"), "{text}");
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
        let end = match length {
            Some(length) => head + 4 + length.parse::<usize>().unwrap(),
            // Chunked: the answers here are one piece, and this is its end.
            None if buffer.ends_with(b"0\r\n\r\n") => buffer.len(),
            None => continue,
        };
        if buffer.len() >= end {
            return memchr::memchr_iter(b'\n', &buffer[head + 4..]).count();
        }
    }
}

/// The length of an answer's body in bytes.
fn size(server: SocketAddr, request: &str) -> usize {
    runtime().block_on(async {
        let mut stream = TcpStream::connect(server).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut buffer = Vec::new();
        answer(&mut stream, &mut buffer).await;
        buffer.len() - memchr::memmem::find(&buffer, b"\r\n\r\n").unwrap() - 4
    })
}

/// The memory that many idle clients and slow readers need, and how much they slow down the others.
fn crowd(server: &Served) {
    let requests = by_name("/pdns/query/{}");
    let rate = || (0..ROUNDS).map(|_| ask(server.address, &requests).rate).fold(0.0, f64::max);
    let (memory, alone) = (server.resident(), rate());
    let runtime = runtime();
    let crowd = runtime.block_on(async {
        let mut crowd = Vec::new();
        for at in 0..IDLE + SLOW {
            let mut stream = TcpStream::connect(server.address).await.unwrap();
            if at < SLOW {
                // The query for everything, of which only a little is read now and then.
                stream.write_all(request("/pdns/query/*.example.com").as_bytes()).await.unwrap();
            } else {
                // Idle clients have sent one request and nothing more.
                stream.write_all(request("/healthz").as_bytes()).await.unwrap();
                let _ = stream.read(&mut [0; 512]).await.unwrap();
            }
            crowd.push(stream);
        }
        crowd
    });
    // They read 16 KiB per second each, on a separate thread.
    let mut slow = crowd;
    let kept = slow.split_off(SLOW);
    let reading = std::thread::spawn(move || {
        runtime.block_on(async {
            let began = Instant::now();
            let mut piece = vec![0; 16 * 1024];
            while began.elapsed() < TIME * 4 {
                for stream in &mut slow {
                    let _ = stream.try_read(&mut piece);
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
    });
    let (crowded, full, open) = (rate(), server.resident(), connections(server.address));
    drop(kept);
    reading.join().unwrap();
    println!("{IDLE} idle clients and {SLOW} slow readers, {open} connections open at the end");
    let memory = (full - memory).max(0) as f64 / 1024.0;
    say(&Figure::new("idle and slow clients, memory", memory, "MiB more").wanted(Goal::AtMost(200.0)));
    say(&Figure::new("queries beside idle and slow clients", crowded, "queries per second"));
    let ratio = Figure::new("queries beside idle and slow clients", crowded / alone, "of without them");
    say(&ratio.wanted(Goal::AtLeast(0.8)));
}

/// The number of connections, as the server reports it.
fn connections(server: SocketAddr) -> String {
    let told = runtime().block_on(async {
        let mut stream = TcpStream::connect(server).await.unwrap();
        stream
            .write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            .await
            .unwrap();
        let mut told = String::new();
        stream.read_to_string(&mut told).await.unwrap();
        told
    });
    told.lines().find_map(|line| line.strip_prefix("backsight_connections ")).unwrap().to_owned()
}

/// The rate at which records are imported.
fn bring(home: &Path) {
    let token = program(home).args(["token", "create", "--name", "bench", "--write"]).output().unwrap();
    assert!(token.status.success(), "{}", String::from_utf8_lossy(&token.stderr));
    let token = String::from_utf8(token.stdout).unwrap();
    let server = Served::start(home, None);
    let body = testkit::sample::ndjson(BROUGHT, 3);
    let rate = runtime().block_on(async {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let head = format!(
            "POST /api/v1/records HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {}\r\nContent-Length: {}\r\n\r\n",
            token.trim(),
            body.len()
        );
        let began = Instant::now();
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&body).await.unwrap();
        let mut told = Vec::new();
        answer(&mut stream, &mut told).await;
        let took = began.elapsed();
        let told = String::from_utf8(told).unwrap();
        assert!(told.contains(&format!("\"taken\":{BROUGHT}")), "{told}");
        BROUGHT as f64 / took.as_secs_f64()
    });
    println!("POST /api/v1/records, {BROUGHT} records, {:.0} MB", body.len() as f64 / 1e6);
    let rate = Figure::new("POST /api/v1/records", rate, "records per second");
    say(&rate.wanted(Goal::AtLeast(500_000.0)));
}

fn say(figure: &Figure) {
    println!("{figure}");
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn program(home: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    command.env_clear().env("HOME", home).env("BACKSIGHT_DATA_DIR", home.join("kept"));
    command
}

/// The program's own server, which is ended when this is dropped.
struct Served {
    child: Child,
    address: SocketAddr,
}

impl Served {
    fn start(home: &Path, records: Option<&Path>) -> Self {
        let mut command = program(home);
        command.args(["serve", "--anonymous", "--listen", "127.0.0.1:0"]).stderr(Stdio::piped());
        if let Some(records) = records {
            command.arg("--cof").arg(records);
        }
        let mut child = command.spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let address = said.find_map(|line| line.split("http://").nth(1)?.split('/').next()?.parse().ok());
        // Later output must not block the server.
        std::thread::spawn(move || said.for_each(drop));
        Self { child, address: address.expect("the server says where it listens") }
    }

    /// Its current memory, in KiB.
    fn resident(&self) -> i64 {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").trim().parse().unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
