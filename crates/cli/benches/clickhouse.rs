//! The passive-DNS database on a ClickHouse server, beside the embedded engine: importing, sizes, lookups, and queries over HTTP.
//!
//! Run by `cargo xtask bench clickhouse`. The servers share the machine's cores with this program: Debian's ClickHouse with one
//! replica, and ZooKeeper. The records are those of `cargo xtask bench store`, with the same answers on both engines.
//! `BACKSIGHT_BENCH_MILLIONS=1,5,50` sets the sizes.
#![expect(clippy::disallowed_methods, reason = "a benchmark measures time and waits for processes")]
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::indexing_slicing,
    reason = "figures are rounded, and what is indexed is there"
)]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run must say so and end")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use clickhouse::{Address, ClickHouse};
use cof::{Batch, Dialect, Name, Position, Reader, Record, SourceKind, Target, Writer};
use runs::{Options, Runs};
use store::{Question, Store, Subject};
use testkit::clickhouse::{Cluster, Needs, Server};
use testkit::figure::{Figure, Goal};

#[path = "../../runs/benches/runs/generator.rs"]
#[expect(dead_code, reason = "another benchmark uses the rest of it")]
mod generator;

use generator::{Generator, mix, tuple};

const PROGRAM: &str = env!("CARGO_BIN_EXE_backsight");
const MILLION: u64 = 1_000_000;
/// Records of a batch.
const BATCH: usize = 100_000;
/// Lookups of each kind, after as many that are not measured.
const ROUNDS: u64 = 500;
/// Connections that send queries at the same time, and how long.
const CONNECTIONS: u64 = 8;
const TIME: Duration = Duration::from_secs(5);

fn main() {
    // `cargo test --benches` also runs this program, without asking for a measurement.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let sizes = std::env::var("BACKSIGHT_BENCH_MILLIONS").unwrap_or_else(|_| "1,5".to_owned());
    println!(
        "batches of {BATCH} records, each durable when it is acknowledged; everything on the same cores"
    );
    let sizes: Vec<u64> = sizes.split(',').map(|size| size.parse().unwrap()).collect();
    let tuples: Vec<(u64, u64)> = sizes.iter().map(|millions| (*millions, compare(*millions))).collect();
    let (millions, tuples) = *tuples.iter().min().unwrap();
    on_cluster(millions, tuples);
}

/// Both engines with so many million records; returns the number of tuples.
fn compare(millions: u64) -> u64 {
    let server = Server::start(Needs { keeper: true, disk: None });
    let url = format!("clickhouse://quiet@127.0.0.1:{}/bench", server.port);
    let address = Address::parse(&url).unwrap();
    clickhouse::init(&address, "").unwrap();
    let theirs = ClickHouse::open(&address, "").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ours = Runs::open(&folder.path().join("store"), Options::default()).unwrap();

    let rates = [import(&ours, millions), import(&theirs, millions)];
    let goal = (millions <= 5).then_some(Goal::AtLeast(300_000.0));
    say(&format!("COF text to durable, {millions} million, embedded"), rates[0], "records per second", None);
    say(&format!("COF text to durable, {millions} million"), rates[1], "records per second", goal);
    say(
        &format!("COF text to durable, {millions} million"),
        rates[1] / rates[0],
        "of the embedded engine",
        None,
    );

    ours.compact().unwrap();
    for table in server.sql("SELECT name FROM system.tables WHERE database = 'bench'").lines() {
        if table.contains("entries") {
            server.sql(&format!("OPTIMIZE TABLE bench.{table} FINAL"));
        }
    }
    let tuples = ours.sizes().tuples as f64;
    let bytes = server.sql("SELECT sum(bytes_on_disk) FROM system.parts WHERE database = 'bench' AND active");
    let bytes: f64 = bytes.trim().parse().unwrap();
    say(
        &format!("size after merges, {millions} million, embedded"),
        ours.sizes().octets as f64 / tuples,
        "bytes per tuple",
        None,
    );
    say(
        &format!("size after merges, {millions} million"),
        bytes / tuples,
        "bytes per tuple",
        Some(Goal::AtMost(60.0)),
    );

    let tuples = ours.sizes().tuples;
    lookups("embedded", &ours, millions, tuples);
    lookups("", &theirs, millions, tuples);
    drop((ours, theirs));
    serve(&url, millions, tuples);
    tuples
}

/// A cluster of two shards with two replicas, whose four servers also share the cores.
fn on_cluster(millions: u64, tuples: u64) {
    let cluster = Cluster::start();
    let address = Address::parse(&cluster.address_as("quiet", "quiet", "bench")).unwrap();
    clickhouse::init(&address, "").unwrap();
    let store = ClickHouse::open(&address, "").unwrap();
    let what = format!("COF text to durable, {millions} million, two shards of two replicas");
    say(&what, import(&store, millions), "records per second", Some(Goal::AtLeast(250_000.0)));
    lookups("two shards of two replicas", &store, millions, tuples);
}

/// Records per second from text to the last acknowledgement, as files are imported: text is parsed, and the next batch is sorted, while
/// one is stored.
fn import(store: &dyn Store, millions: u64) -> f64 {
    let text = text(millions * MILLION);
    let began = Instant::now();
    let (read, delivered) = intake::deliver(store, |take| parse(text.as_bytes(), take), &mut |_| {});
    read.unwrap();
    assert!(delivered.failed.is_none(), "{delivered:?}");
    (millions * MILLION) as f64 / began.elapsed().as_secs_f64()
}

fn text(count: u64) -> String {
    let (mut text, mut writer) = (String::new(), Writer::new(Dialect::Draft));
    for observation in Generator::new(count).flat_map(|batch| batch.observations) {
        let mut record = Record::new(observation.rrname, observation.rrtype, observation.rdata);
        (record.time_first, record.time_last) = (Some(observation.time_first), Some(observation.time_last));
        record.count = observation.count;
        writer.write(&record, &mut text);
    }
    text
}

fn parse(text: &[u8], take: &mut intake::batches::Take<'_>) {
    let (mut reader, mut batch) =
        (Reader::within(cof::time::Window::ANY, cof::Limits::default()), Batch::default());
    let mut number = 0;
    let mut send = |batch: Batch| {
        number += 1;
        let records = batch.observations.len() as u64;
        take(Batch { position: Some(Position::new("bench", number)), ..batch }, records).unwrap();
    };
    for part in text.chunks(1 << 16) {
        reader.feed(part);
        while let Some(record) = reader.next() {
            assert!(batch.take(record.unwrap(), SourceKind::Report, None).is_taken());
            if batch.observations.len() == BATCH {
                send(std::mem::take(&mut batch));
            }
        }
    }
    send(batch);
}

/// What is looked up, and whether it has a goal.
type Kind<'a> = (&'a str, &'a dyn Fn(u64) -> Subject, bool);

fn lookups(engine: &str, store: &dyn Store, millions: u64, tuples: u64) {
    let name = |round: u64| Subject::Name(tuple(mix(round) % tuples).0);
    let address = |round: u64| address(mix(round ^ 9) % tuples);
    let below = |round: u64| {
        let text = tuple(mix(round ^ 5) % tuples).0.to_string();
        let labels: Vec<_> = text.rsplitn(3, '.').take(2).collect();
        Subject::Suffix(Name::parse(&format!("{}.{}", labels[1], labels[0])).unwrap())
    };
    let network = |round: u64| match address(round) {
        Subject::Address(address) => Subject::Network(address, 16),
        other => other,
    };
    let kinds: [Kind<'_>; 4] = [
        ("lookup by name", &name, true),
        ("lookup by address", &address, true),
        ("lookup below a domain", &below, false),
        ("lookup of a /16", &network, false),
    ];
    for (what, subject, has_goal) in kinds {
        let mut times = Vec::new();
        for round in 0..2 * ROUNDS {
            let question = Question { limit: 100, ..Question::new(subject(round)) };
            let began = Instant::now();
            store.lookup(&question).unwrap();
            if round >= ROUNDS {
                times.push(began.elapsed().as_secs_f64() * 1e3);
            }
        }
        times.sort_by(f64::total_cmp);
        let has_goal = has_goal && engine.is_empty();
        let what = format!("{what}, {millions} million{}{engine}", if engine.is_empty() { "" } else { ", " });
        say(&what, times[times.len() / 2], "ms", has_goal.then_some(Goal::AtMost(8.0)));
        say(
            &format!("{what}, p99"),
            times[times.len() * 99 / 100],
            "ms",
            has_goal.then_some(Goal::AtMost(25.0)),
        );
    }
}

/// The address of the next tuple that has one.
fn address(number: u64) -> Subject {
    let found = (number..).find_map(|number| {
        let (_, rrtype, rdata) = tuple(number);
        match rdata.target(rrtype) {
            Some(Target::Address(address)) => Some(address),
            _ => None,
        }
    });
    Subject::Address(found.unwrap())
}

/// Queries by name to `backsight serve`.
fn serve(url: &str, millions: u64, tuples: u64) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(PROGRAM);
    command.args(["serve", "--anonymous", "--listen", "127.0.0.1:0", "--store", url]);
    command.arg("--data-dir").arg(folder.path()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut served = Served(command.spawn().unwrap());
    let mut said = BufReader::new(served.0.stderr.take().unwrap()).lines().map_while(Result::ok);
    let host = said.find_map(|line| Some(line.split("http://").nth(1)?.split('/').next()?.to_owned()));
    let host = host.expect("the server says where it listens");
    // Later output must not block the server.
    std::thread::spawn(move || said.for_each(drop));
    let (rate, _) = queries(&host, "?limit=100", tuples);
    let what = format!("queries by name over HTTP, up to 100 rows, {millions} million");
    say(&what, rate, "per second", Some(Goal::AtLeast(500.0)));
    let (rate, rows) = queries(&host, "", tuples);
    say(&format!("queries by name over HTTP, whole answers, {millions} million"), rate, "per second", None);
    say(&format!("a whole answer, on average, {millions} million"), rows, "rows", None);
}

/// How many queries are answered in a second, and with how many rows on average. Names of many tuples are asked for more often.
fn queries(host: &str, parameters: &str, tuples: u64) -> (f64, f64) {
    let began = Instant::now();
    let client = |client: u64| {
        let (mut answered, mut rows) = (0_u64, 0);
        while began.elapsed() < TIME {
            let (name, _, _) = tuple(mix(client << 32 | answered) % tuples);
            rows += ask(host, &format!("{name}{parameters}"));
            answered += 1;
        }
        (answered, rows)
    };
    let (answered, rows) = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CONNECTIONS).map(|number| scope.spawn(move || client(number))).collect();
        let answers = clients.into_iter().map(|client| client.join().unwrap());
        answers.fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1))
    });
    (answered as f64 / began.elapsed().as_secs_f64(), rows as f64 / answered as f64)
}

/// Sends one query on a connection of its own, and returns the number of rows.
fn ask(host: &str, query: &str) -> u64 {
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "GET /pdns/query/{query} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{query}: {answer}");
    answer.matches("\"rrname\"").count() as u64
}

fn say(what: &str, value: f64, unit: &str, goal: Option<Goal>) {
    println!("{}", Figure { goal, ..Figure::new(what, value, unit) });
}

/// The server; it ends with the measurement.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
