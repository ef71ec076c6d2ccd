//! Forwarding to a server that follows a script.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use client::{Address, Dial, DialError, Dialled, Io};
use cof::{Batch, Name, Observation, Rdata, RrType, Source, SourceKind};
use tempfile::TempDir;
use testkit::certificate::{Authority, Validity};
use testkit::{ConnectFault, Exchange, Script, ScriptedProvider, Step, clock_from};
use tokio::time::Instant;

use super::body::Bodies;
use super::*;

const TOKEN: &str = "bsk_secret";
const SECOND: Duration = Duration::from_secs(1);

/// Connects to a scripted server in memory.
#[derive(Debug)]
struct ToScript(Arc<ScriptedProvider>);

impl Dial for ToScript {
    fn dial<'a>(&'a self, _: &'a str, _: u16) -> Dialled<'a> {
        Box::pin(async move {
            let stream = self.0.connect().await.map_err(DialError::Connect)?;
            Ok(Box::new(stream) as Box<dyn Io>)
        })
    }
}

fn batch(records: u64) -> Batch {
    let one = |at: u64| Observation {
        rrname: Name::parse(&format!("n{at}.example")).unwrap(),
        rrtype: RrType::A,
        rdata: Rdata::parse(RrType::A, "185.194.93.1"),
        bailiwick: None,
        time_first: 1_700_000_000,
        time_last: 1_700_000_000,
        count: Some(1),
        source: 0,
    };
    let source = Source { kind: SourceKind::Observation, origin: None, sensor: None };
    Batch { sources: vec![source], observations: (0..records).map(one).collect(), position: None }
}

fn receipt(number: u64) -> Exchange {
    Exchange::ok(format!("{{\"taken\":2,\"repeated\":0,\"rejected\":{{}},\"number\":{number}}}"))
}

/// A spool with so many batches of two records, which are sent to a script.
struct Sensor {
    #[expect(dead_code, reason = "it is removed when it is dropped")]
    folder: TempDir,
    spool: Spool,
    server: Arc<ScriptedProvider>,
    destination: Destination,
    events: Mutex<Vec<String>>,
    end: watch::Sender<bool>,
}

impl Sensor {
    fn new(batches: u64, script: Script) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path(), "one", USUAL_SPOOL, Arc::default()).unwrap();
        for _ in 0..batches {
            let mut bodies = Bodies::new();
            bodies.add(batch(2)).unwrap();
            spool.keep(&bodies.take().unwrap(), &[], 1_790_000_000).unwrap();
        }
        let server = Arc::new(ScriptedProvider::new(script));
        let address = Address::for_secrets("http://127.0.0.1:8053/prefix").unwrap();
        let dial = Arc::new(ToScript(Arc::clone(&server)));
        let token = Token::parse(TOKEN).unwrap();
        let destination = Destination::dialled(address, token, None, None, dial).unwrap();
        Self { folder, spool, server, destination, events: Mutex::default(), end: watch::channel(false).0 }
    }

    /// Sends until nothing waits, and returns how long it took.
    async fn run(&self) -> Duration {
        let began = Instant::now();
        let until_empty = async {
            while self.figures().waiting_batches > 0 {
                tokio::time::sleep(SECOND / 100).await;
            }
        };
        tokio::select! {
            () = self.send() => panic!("it goes on until it is told to end"),
            () = until_empty => {}
        }
        began.elapsed()
    }

    async fn send(&self) {
        let clock = clock_from(Duration::from_secs(1_790_000_000));
        let tell = |event: Event| self.events.lock().unwrap().push(format!("{event:?}"));
        let (tell, ending) = (&tell, self.end.subscribe());
        let random = Mutex::new(fastrand::Rng::with_seed(7));
        let (spool, destination, clock) = (&self.spool, &self.destination, &clock);
        Sending { spool, destination, clock, tell, ending, random }.run().await;
    }

    fn figures(&self) -> Figures {
        self.spool.status().figures()
    }

    /// The first words of what was told.
    fn told(&self) -> Vec<String> {
        let first = |text: &String| text.split([' ', '(']).take(2).collect::<Vec<_>>().join(" ");
        self.events.lock().unwrap().iter().map(first).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn batches_are_sent_in_order_with_their_numbers() {
    let sensor = Sensor::new(3, Script::new([receipt(1), receipt(2), receipt(3)]));
    sensor.run().await;
    let requests = sensor.server.requests();
    for (at, request) in requests.iter().enumerate() {
        let target = "/prefix/api/v1/records?kind=observation&keep_sensors=true&orientation=draft";
        assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", target));
        let sequence = format!("{}/{}", sensor.spool.sequence(), at + 1);
        assert_eq!(request.header("sensor-sequence"), Some(&*sequence));
        assert_eq!(request.header("authorization"), Some("Bearer bsk_secret"));
        assert_eq!(request.header("content-encoding"), Some("zstd"));
        let text = String::from_utf8(zstd::decode_all(&request.body[..]).unwrap()).unwrap();
        assert_eq!(text.lines().count(), 2);
    }
    assert_eq!((requests.len(), sensor.server.connections()), (3, 1), "the connection is used again");
    let figures = sensor.figures();
    assert_eq!((figures.sent_batches, figures.sent_records, figures.missing_records()), (3, 6, 0));
    assert!(figures.answered.is_some() && sensor.told().is_empty(), "{:?}", sensor.told());
}

#[tokio::test(start_paused = true)]
async fn temporary_failures_are_tried_again_and_said_once() {
    let busy = || Exchange::status(503, &[("retry-after", "70")], "");
    let script =
        Script::new([busy(), Exchange::status(429, &[], ""), Exchange::status(507, &[], ""), receipt(1)]);
    let sensor = Sensor::new(1, script);
    let took = sensor.run().await;
    assert!((70 * SECOND..90 * SECOND).contains(&took), "{took:?}");
    assert_eq!(sensor.told(), ["Waits Status", "Works Figures"]);
    assert_eq!((sensor.server.requests().len(), sensor.figures().server_trouble), (4, None));
}

#[tokio::test(start_paused = true)]
async fn waits_grow_to_a_minute() {
    let sensor =
        Sensor::new(1, Script::new((0..12).map(|_| Exchange::status(500, &[], "")).chain([receipt(1)])));
    let took = sensor.run().await;
    // 1, 2, 4, 8, 16, 32 s and then 60 s each, with up to a half more before that.
    assert!((420 * SECOND..460 * SECOND).contains(&took), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_cut_once_is_no_news_and_a_server_that_is_away_is() {
    let cut = || Exchange::raw(vec![Step::Close]);
    let sensor = Sensor::new(2, Script::new([receipt(1), cut(), receipt(2)]));
    assert!(sensor.run().await < 2 * SECOND);
    assert_eq!(sensor.told(), [""; 0]);
    let away = Sensor::new(1, Script::new([receipt(1)]));
    away.server.fail_next(5, ConnectFault::Refuse);
    assert!(away.run().await > 20 * SECOND);
    assert_eq!(away.told(), ["Waits Client", "Works Figures"]);
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_tried_every_minute_and_never_shown() {
    let echo = format!("{{\"detail\":\"{TOKEN} is unknown\"}}");
    let refusal = || Exchange::status(401, &[("content-type", "application/problem+json")], &*echo);
    let sensor = Sensor::new(1, Script::new([refusal(), refusal(), refusal(), receipt(1)]));
    let sending = sensor.run();
    let watching = async {
        tokio::time::sleep(90 * SECOND).await;
        (sensor.server.requests().len(), sensor.figures().server_trouble.unwrap_or_default())
    };
    let (took, (requests, trouble)) = tokio::join!(sending, watching);
    assert!((180 * SECOND..182 * SECOND).contains(&took), "{took:?}");
    assert_eq!((requests, sensor.told()), (2, vec!["Waits Token".to_owned(), "Works Figures".to_owned()]));
    assert!(trouble.contains("token create") && !trouble.contains(TOKEN), "{trouble}");
    let events = sensor.events.lock().unwrap();
    assert!(!events.iter().any(|event| event.contains(TOKEN)), "{events:?}");
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_refused_for_good_is_set_aside_and_the_rest_goes_on() {
    let refusal = |status| Exchange::status(status, &[], "{\"detail\":\"no\"}");
    let sensor = Sensor::new(3, Script::new([refusal(413), refusal(422), receipt(3)]));
    assert!(sensor.run().await < SECOND);
    let figures = sensor.figures();
    assert_eq!((figures.refused_batches, figures.refused_records, figures.sent_records), (2, 4, 2));
    assert_eq!(sensor.told().len(), 2, "{:?}", sensor.told());
    let names = std::fs::read_dir(sensor.spool.folder()).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(names.filter(|name| name.to_str().unwrap().ends_with(".refused")).count(), 2);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_removed_for_an_answer_that_is_no_receipt() {
    let script = Script::new([
        Exchange::ok("<html>sign in</html>"),
        Exchange::status(302, &[("location", "https://other.example/")], ""),
        Exchange::status(404, &[], "not here"),
        Exchange::raw(vec![Step::Send(b"garbage\r\n\r\n".to_vec()), Step::Close]),
        receipt(7),
        receipt(1),
    ]);
    let sensor = Sensor::new(1, script);
    sensor.run().await;
    assert_eq!((sensor.server.requests().len(), sensor.figures().sent_records), (6, 2));
    assert_eq!(sensor.told().first().map(String::as_str), Some("Waits Foreign"));
}

#[tokio::test(start_paused = true)]
async fn records_that_the_server_cannot_use_are_counted() {
    let script = Script::new([1, 2].map(|number| {
        Exchange::ok(format!(
            "{{\"taken\":0,\"repeated\":1,\"rejected\":{{\"without_time\":1}},\"number\":{number}}}"
        ))
    }));
    let sensor = Sensor::new(2, script);
    sensor.run().await;
    let figures = sensor.figures();
    assert_eq!((figures.rejected_records, figures.repeated_records, figures.sent_records), (2, 2, 0));
    let suppressed =
        Exchange::ok("{\"taken\":0,\"repeated\":0,\"dropped\":{\"suppressed_type\":2},\"number\":1}");
    let quiet = Sensor::new(1, Script::new([suppressed]));
    quiet.run().await;
    let figures = quiet.figures();
    assert_eq!((figures.suppressed_records, figures.missing_records(), quiet.told().len()), (2, 0, 0));
    assert_eq!(sensor.told().len(), 1, "it is said once");
}

#[tokio::test(start_paused = true)]
async fn at_the_end_it_tries_for_five_seconds_and_keeps_what_waits() {
    let sensor = Sensor::new(3, Script::new([receipt(1), Exchange::raw(vec![Step::Stall])]));
    let began = Instant::now();
    let ending = async {
        tokio::time::sleep(10 * SECOND).await;
        sensor.end.send(true).unwrap();
    };
    tokio::join!(sensor.send(), ending);
    assert_eq!(began.elapsed().as_secs(), 15);
    assert_eq!((sensor.figures().sent_batches, sensor.figures().waiting_batches), (1, 2));
    // A server that is away gets one more attempt.
    let away = Sensor::new(1, Script::new([]));
    away.server.fail_next(usize::MAX, ConnectFault::Refuse);
    let began = Instant::now();
    let ending = async {
        tokio::time::sleep(100 * SECOND).await;
        away.end.send(true).unwrap();
    };
    tokio::join!(away.send(), ending);
    assert!(began.elapsed() < 101 * SECOND, "{:?}", began.elapsed());
    assert_eq!(away.figures().waiting_batches, 1);
}

#[tokio::test(start_paused = true)]
async fn a_damaged_batch_costs_itself_alone() {
    let sensor = Sensor::new(2, Script::new([receipt(2)]));
    let first = sensor.spool.folder().join("00000000000000000001-2.zst");
    std::fs::write(first, "damaged").unwrap();
    sensor.run().await;
    let figures = sensor.figures();
    assert_eq!((figures.damaged_batches, figures.damaged_records, figures.sent_records), (1, 2, 2));
    assert_eq!(sensor.told().len(), 1);
}

/// Batches of so many records from a collector.
fn collected(batches: u64, records: u64) -> impl FnOnce(&mut Take<'_>) -> u64 + Send {
    move |take| (0..batches).map_while(|_| take(batch(records), records).ok()).count() as u64
}

#[test]
fn what_a_busy_server_does_not_take_stays_on_the_disk() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let server = ScriptedProvider::new(Script::always(Exchange::status(503, &[("retry-after", "3600")], "")));
    let address = runtime.block_on(server.listen()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::open(folder.path(), "one", USUAL_SPOOL, Arc::default()).unwrap();
    let address = Address::for_secrets(&format!("http://{address}")).unwrap();
    let token = Token::parse(TOKEN).unwrap();
    let destination = Destination::new(address, token, None, &client::ProxyEnvironment::default()).unwrap();
    let clock = Clock::system();
    let stop = AtomicBool::new(false);
    let read = forward(&spool, &destination, &clock, &stop, &|_| {}, collected(25, 1_000));
    assert_eq!(read, Some(25));
    let figures = spool.status().figures();
    assert_eq!((figures.waiting_records, figures.lost_records), (25_000, 0));
    assert!(figures.waiting_batches <= 25 && figures.trouble().is_some(), "{figures:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_servers_certificate_is_checked_before_the_token_is_sent() {
    let authority = Authority::new();
    let certificate = authority.issue("localhost", Validity::Valid);
    let server = ScriptedProvider::new(Script::new([receipt(1)])).with_tls(&certificate);
    let port = server.listen().await.unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, authority.pem()).unwrap();
    let spool = Spool::open(folder.path(), "one", USUAL_SPOOL, Arc::default()).unwrap();
    let to = |ca_file| {
        let address = Address::for_secrets(&format!("https://localhost:{port}")).unwrap();
        let token = Token::parse(TOKEN).unwrap();
        Destination::new(address, token, ca_file, &client::ProxyEnvironment::default()).unwrap()
    };
    let run = |destination: &Destination, batches| {
        let stop = AtomicBool::new(false);
        tokio::task::block_in_place(|| {
            forward(&spool, destination, &Clock::system(), &stop, &|_| {}, collected(batches, 2))
        });
        spool.status().figures()
    };
    // The authority is not one that the system knows.
    let figures = run(&to(None), 1);
    assert_eq!((figures.waiting_records, server.requests().len()), (2, 0));
    assert!(figures.trouble().unwrap().contains("TLS with localhost"));
    let figures = run(&to(Some(ca_file)), 0);
    assert_eq!((figures.waiting_records, figures.sent_records, figures.trouble()), (0, 2, None));
    assert_eq!(server.requests()[0].header("authorization"), Some("Bearer bsk_secret"));
}

#[test]
fn a_disk_that_takes_nothing_makes_senders_wait_and_ends_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::open(folder.path(), "one", USUAL_SPOOL, Arc::default()).unwrap();
    let away = folder.path().join("away");
    std::fs::rename(spool.folder(), &away).unwrap();
    let address = Address::for_secrets("http://127.0.0.1:1").unwrap();
    let token = Token::parse(TOKEN).unwrap();
    let destination = Destination::new(address, token, None, &client::ProxyEnvironment::default()).unwrap();
    let clock = Clock::system();
    let stop = AtomicBool::new(false);
    let events = Mutex::new(Vec::new());
    let tell = |event: Event| {
        match &event {
            // It is writable again a moment later, for the rest it is not.
            Event::Unwritable(_) if events.lock().unwrap().is_empty() => {
                std::fs::rename(&away, spool.folder()).unwrap();
            }
            Event::Writable => std::fs::rename(spool.folder(), &away).unwrap(),
            Event::Unwritable(_) => stop.store(true, std::sync::atomic::Ordering::Relaxed),
            _ => {}
        }
        if !matches!(event, Event::Waits(..)) {
            events.lock().unwrap().push(format!("{event:?}"));
        }
    };
    forward(&spool, &destination, &clock, &stop, &tell, collected(3, 10_000));
    let figures = spool.status().figures();
    assert_eq!((figures.waiting_records, figures.lost_records), (10_000, 20_000));
    let events = events.lock().unwrap();
    assert!(events[0].starts_with("Unwritable") && events[1] == "Writable", "{events:?}");
    assert_eq!(events.iter().filter(|event| *event == "Lost { records: 10000 }").count(), 2, "{events:?}");
}
