//! The cost of pages: with a library of a million indicators, with a run of 50,000 records, and with an own database of five million.
//!
//! Run by `cargo xtask bench pages`. The server is the real one on loopback. A signed-in client requests each page many times,
//! one request after another. The time is the median and the 95th percentile until the whole page has arrived; the size is what
//! a browser receives, without styles and scripts, which it caches. In the explorer, every request is another question, so that
//! none is answered from what was read before. `BACKSIGHT_BENCH_HELD=50000` makes a smaller library and database for a quick look.
#![expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark that cannot run must say so and end"
)]
#![expect(clippy::cast_precision_loss, reason = "figures are rounded to be read")]

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cof::time::Clock;
use cof::{Batch, Name, Observation, Rdata, RrType, Source, SourceKind};
use operation::provider::OwnDatabase;
use operation::{Indicator, Limits, Package, Settings};
use runs::{Options, Runs as Database};
use server::{Service, Site};
use store::Store;
use testkit::figure::{Figure, Goal};
use testkit::{Exchange, Script, ScriptedProvider};
use workbench::library::Status;
use workbench::run::{Asking, DataFolder, Kept, Runs, Wish};
use workbench::user::{Client, Role};
use workbench::{Desk, Workbench};

const HELD: u64 = 1_000_000;
const RECORDS: usize = 50_000;
/// Records in the own database for each indicator.
const SEEN: u64 = 5;
/// The addresses of these records.
const ADDRESSES: u64 = 200_000;
const ROUNDS: usize = 60;
/// The most milliseconds that 95 of 100 pages may take in the server.
const P95: f64 = 100.0;
/// The most KiB of a page, so that a first view with its 100 KiB of styles and scripts is below 300 KiB.
const SIZE: f64 = 200.0;
const ADDRESS: &str = "203.0.113.80";
/// An address that three providers are queried about.
const SHARED: &str = "203.0.113.81";

fn main() {
    // `cargo test --benches` also runs this program, without asking for a measurement.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let held = std::env::var("BACKSIGHT_BENCH_HELD").ok().and_then(|held| held.parse().ok()).unwrap_or(HELD);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path(), Clock::system()).unwrap();
    let cookie = runtime.block_on(sign_in(&desk));
    fill(&mut Workbench::open(folder.path(), Clock::system(), "bench").unwrap(), held);
    let runs = runtime.block_on(Runs::new(desk)).unwrap();
    let run = runtime.block_on(ask(&runs));
    runtime.block_on(ask_three(&runs));
    let listener = runtime.block_on(tokio::net::TcpListener::bind(("127.0.0.1", 0))).unwrap();
    let address = listener.local_addr().unwrap();
    let seen = held * SEEN;
    let database = Database::open(&folder.path().join("seen"), Options::default()).unwrap();
    see(&database, seen);
    let service = Service::new(Arc::new(database)).with_site(Site::new(runs));
    runtime.spawn(server::run(listener, service, std::future::pending()));
    println!(
        "{held} indicators, a run of {RECORDS} records, {seen} records in the own database; sizes without styles and scripts"
    );
    let browser = Browser { address, cookie };
    for (what, path) in pages(run, held) {
        browser.report(&what, |_| path.clone());
    }
    for (what, question) in questions(seen) {
        browser.report(&format!("explorer, {what}"), |round| question(round as u64));
    }
}

/// A question that differs from round to round.
type Question = Box<dyn Fn(u64) -> String>;

/// The explorer's pages. A number in a pattern or a filter makes each question another one.
fn questions(seen: u64) -> Vec<(&'static str, Question)> {
    let named = |what, question: fn(u64, u64) -> String| -> (&'static str, Question) {
        (what, Box::new(move |round| question(round, seen)))
    };
    vec![
        named("a name", |round, seen| format!("/explorer?q={}", name(round * 7_919 % seen))),
        named("an address", |round, _| format!("/explorer?q={}", address(round * 101))),
        named("a network", |round, _| format!("/explorer?q=10.0.{round}.0/24")),
        named("a name server", |round, _| format!("/explorer?q=rdata:ns{round}.host.example")),
        named("below a domain", |round, _| format!("/explorer?q=*.d{}.s7.example", round * 20 + 7)),
        named("250,000 rows, cut off", |round, _| {
            format!("/explorer?q=*.s{}.example before:{}d", round % 20, round + 1).replace(' ', "%20")
        }),
        named("a type and a time", |round, _| {
            format!("/explorer?q=type:NS%20after:{}", 1_600_000_000 + round)
        }),
        named("a pattern, the first page", |round, _| format!("/explorer?q=*needle{round}*")),
        named("timeline of a network", |round, _| format!("/explorer/timeline?q=10.0.{round}.0/25")),
        named("graph of a network", |round, _| format!("/explorer/graph?q=10.0.{round}.0/26")),
        named("summary of a network", |round, _| format!("/explorer/summary?q=10.0.{round}.0/27")),
    ]
}

/// An address that twenty of these names had.
fn address(number: u64) -> Ipv4Addr {
    Ipv4Addr::from(0x0a00_0000 + u32::try_from(number % ADDRESSES).unwrap())
}

/// Fills the own database: addresses, and every tenth each a name server, a mail server and a text.
fn see(database: &Database, seen: u64) {
    let sensor =
        |name: &str| Source { kind: SourceKind::Observation, origin: None, sensor: Some(name.into()) };
    for first in (0..seen).step_by(10_000) {
        let observations = (first..seen.min(first + 10_000)).map(observation).collect();
        let sources = vec![sensor("ams-1"), sensor("vie-1"), sensor("office")];
        database.absorb(Batch { sources, observations, position: None }).unwrap();
    }
    database.compact().unwrap();
}

fn observation(number: u64) -> Observation {
    let (rrtype, data) = match number % 10 {
        0 => (RrType::NS, format!("ns{}.host.example", number / 10 % 997)),
        1 => (RrType::MX, format!("10 mx{}.host.example", number / 10 % 89)),
        2 => (RrType::TXT, format!("\"v=spf1 ip4:{} -all\"", address(number))),
        _ => (RrType::A, address(number).to_string()),
    };
    let first = 1_451_865_600 + number.wrapping_mul(2_654_435_761) % 300_000_000;
    Observation {
        rrname: Name::parse(&name(number)).unwrap(),
        rrtype,
        rdata: Rdata::parse(rrtype, &data),
        bailiwick: None,
        time_first: first,
        time_last: first + number % 40_000_000,
        count: Some(number % 997 + 1),
        source: usize::try_from(number % 3).unwrap(),
    }
}

fn pages(run: i64, held: u64) -> Vec<(String, String)> {
    let named = |what: &str, path: String| (what.to_owned(), path);
    vec![
        named("library, by update", "/library".into()),
        named("library, by value", "/library?sort=value".into()),
        named("library, half way", format!("/library?sort=value&after=value%3A{}", name(held / 2))),
        named("library, below a suffix", "/library?q=*.s7.example".into()),
        named("library, below a suffix, newest first", "/library?q=*.s7.example&sort=updated".into()),
        named("library, a status and a type", "/library?status=Review&type=FQDN".into()),
        named("indicator", format!("/library/indicator?value={}", name(7))),
        named("runs", "/runs".into()),
        named("run, history", format!("/runs/{run}")),
        named("run, history at a date", format!("/runs/{run}?at=2020-01-01")),
        named("run, sorted by data, a text", format!("/runs/{run}?sort=data&text=7")),
        named("run, all selected and counted", format!("/runs/{run}?do=all")),
        named("run, graph", format!("/runs/{run}/graph")),
        named("run, changes", format!("/runs/{run}/changes")),
        named("run, raw", format!("/runs/{run}/raw")),
        named("history of three providers", format!("/history?value={SHARED}")),
        named("the same, at a date", format!("/history?value={SHARED}&at=2020-01-01")),
        named("the same, by one only, a text", format!("/history?value={SHARED}&agree=only&text=7")),
        named("the same, all selected and counted", format!("/history?value={SHARED}&do=all")),
        named("the same, graph", format!("/history/graph?value={SHARED}")),
        named("the same, changes", format!("/history/changes?value={SHARED}")),
    ]
}

fn name(number: u64) -> String {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
    format!("h{number:x}.d{}.s{}.example", mixed % 20_000, mixed % 20)
}

fn fill(workbench: &mut Workbench, held: u64) {
    for first in (0..held).step_by(10_000) {
        let some = (first..held.min(first + 10_000)).map(|number| Indicator::parse(&name(number)).unwrap());
        let status = if (first / 10_000).is_multiple_of(10) { Status::Review } else { Status::Active };
        workbench.add_indicators(&some.collect::<Vec<_>>(), status).unwrap();
    }
}

async fn sign_in(desk: &Desk) -> String {
    let enter = |workbench: &mut Workbench| {
        let token = workbench.first_link()?.unwrap();
        workbench.accept(token.reveal(), "ann", "correct horse battery")?;
        assert_eq!(workbench.users()?[0].role, Role::Administrator);
        let link = workbench.sign_in_link("ann")?;
        let client = Client { address: IpAddr::V4(Ipv4Addr::LOCALHOST), agent: "bench".to_owned() };
        workbench.sign_in_by_link(link.reveal(), &client)
    };
    let (token, _) = desk.change_with_password("bench", enter).await.unwrap().unwrap();
    format!("backsight={}", token.reveal())
}

/// A run on an address that had many names.
async fn ask(runs: &Runs) -> i64 {
    let kept = run(runs, operation::package::newest().unwrap(), ADDRESS, 0..RECORDS as u64).await;
    assert_eq!(kept.records.len(), RECORDS);
    kept.run.id
}

/// Runs of three operations on one address; together they have as many records, and a third of these is in two answers.
async fn ask_three(runs: &Runs) {
    let newest = operation::package::newest().unwrap();
    let (records, part) = (RECORDS as u64, RECORDS as u64 * 4 / 9);
    for (at, name) in ["one", "two", "three"].into_iter().enumerate() {
        let source = newest.source.replace("circl-passive-dns", name);
        let package = operation::Package::parse(name, &source).unwrap();
        let first = (records - part) / 2 * at as u64;
        run(runs, package, SHARED, first..first + part).await;
    }
}

/// A run on an address that had these names.
async fn run(runs: &Runs, package: Package, value: &str, names: Range<u64>) -> Kept {
    let provider = ScriptedProvider::new(Script::always(Exchange::ok(body(value, names))));
    let address = provider.listen().await.unwrap();
    let mut settings = Settings::default();
    for (key, value) in
        [("host", address.ip().to_string()), ("port", address.port().to_string()), ("use_http", "on".into())]
    {
        settings.set(&package, key, &value).unwrap();
    }
    let database = OwnDatabase::new(Arc::new(store::Memory::new()));
    let folder = DataFolder { path: runs.desk().folder().to_owned(), clock: Clock::system(), database };
    let asking = Asking::new(package, &settings, Limits::HELD, Wish::default(), folder, "ann").unwrap();
    runs.ask(&asking, &Indicator::parse(value).unwrap()).await.unwrap()
}

fn body(value: &str, names: Range<u64>) -> String {
    let mut body = String::new();
    for number in names {
        let first = 1_451_865_600 + number.wrapping_mul(2_654_435_761) % 300_000_000;
        let _ = writeln!(
            body,
            "{{\"rrname\":\"{}\",\"rrtype\":\"A\",\"rdata\":\"{value}\",\"time_first\":{first},\"time_last\":{},\
             \"count\":{}}}",
            name(number),
            first + number % 40_000_000,
            number % 997 + 1
        );
    }
    body
}

struct Browser {
    address: SocketAddr,
    cookie: String,
}

impl Browser {
    fn report(&self, what: &str, path: impl Fn(usize) -> String) {
        let mut times = Vec::new();
        let mut size = 0;
        for round in 0..ROUNDS {
            let path = path(round);
            let began = Instant::now();
            size = self.get(&path).max(size);
            times.push(began.elapsed());
        }
        times.sort();
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        let (median, p95) = (ms(times[ROUNDS / 2]), ms(times[ROUNDS * 95 / 100]));
        println!("{}", Figure::new(what, median, "ms"));
        println!("{}", Figure::new(format!("{what}, p95"), p95, "ms").wanted(Goal::AtMost(P95)));
        let size = Figure::new(format!("{what}, size"), size as f64 / 1024.0, "KiB");
        println!("{}", size.wanted(Goal::AtMost(SIZE)));
    }

    /// The size of the page in bytes.
    fn get(&self, path: &str) -> usize {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let head = format!(
            "GET {path} HTTP/1.1\r\nhost: {}\r\ncookie: {}\r\nconnection: close\r\n\r\n",
            self.address, self.cookie
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{path}: {}", String::from_utf8_lossy(&answer[..200]));
        answer.len()
    }
}
