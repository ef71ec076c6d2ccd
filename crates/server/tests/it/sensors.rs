//! Collectors of a server: what the page and monitoring show of them, and how they end.

use std::sync::{Arc, Mutex};

use cof::SourceKind;
use cof::time::Clock;
use intake::batches::Order;
use intake::collector::{Collector, Source};
use intake::forward::{Destination, Route, Token};
use intake::live::Place as Listening;
use server::Service;
use store::{Memory, Question, Store as _, Subject};
use tokio::io::AsyncWriteExt as _;
use tokio::net::UnixStream;
use workbench::user::Role;

use crate::browser::Place;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_is_seen_by_everybody_who_is_signed_in() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tap");
    let order = Order::new(SourceKind::Observation, Clock::system().seconds());
    let source = Source::Dnstap(Listening::Unix(path.clone(), 0o600));
    let collector = Collector::new("vienna-1", source, order, Clock::system());
    let (store, told) = (Arc::new(Memory::new()), Arc::new(Mutex::new(Vec::new())));
    let telling = Arc::clone(&told);
    let tell: server::Tell = Arc::new(move |_, event| telling.lock().unwrap().push(format!("{event:?}")));
    let service = Service::new(Arc::clone(&store) as Arc<dyn store::Store>)
        .with_anonymous()
        .with_collectors(vec![collector], tell);
    let place = Place::of(service, |site| site).await;
    let reader = place.browser(Role::Reader).await;
    let page = reader.get("/sensors").await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("vienna-1") && page.body.contains("for a sender"), "{}", page.body);
    let mut sender = until(async || UnixStream::connect(&path).await.ok()).await;
    let now = u32::try_from(Clock::system().seconds()).unwrap();
    let frames = [
        testkit::dnstap::start(),
        testkit::dnstap::response("a.example", [185, 194, 93, 1], now),
        testkit::dnstap::response("b.local", [185, 194, 93, 1], now),
    ];
    sender.write_all(&frames.concat()).await.unwrap();
    // The figures alone, as the page loads them: each replaces an element of the page.
    let part = until(async || {
        let part = reader.get_part("/sensors/figures").await;
        part.body.contains("1 dropped").then_some(part)
    })
    .await;
    for (said, why) in [
        ("id=\"records-1\" hx-swap-oob=\"true\">1<", "one record"),
        ("from 1 sender", "who sends"),
        ("dropped: local names", "why it is dropped"),
    ] {
        assert!(part.body.contains(said), "{why}: {}", part.body);
    }
    assert!(!part.body.contains("<html"));
    assert_eq!(reader.get("/sensors/figures").await.header("location"), Some("/sensors"));
    assert_eq!(place.stranger().get("/sensors").await.header("location"), Some("/signin?next=%2Fsensors"));
    let metrics = reader.get("/metrics").await.body;
    for line in [
        "backsight_collector_dropped_total{collector=\"vienna-1\",reason=\"local_name\"} 1",
        "backsight_collector_octets_total{collector=\"vienna-1\"} ",
        "backsight_collector_last_record_seconds{collector=\"vienna-1\"} 1",
    ] {
        assert!(metrics.lines().any(|known| known.starts_with(line)), "{line} is not in {metrics}");
    }
    // What was received last is stored before the server ends.
    sender.write_all(&testkit::dnstap::response("c.example", [185, 194, 93, 1], now)).await.unwrap();
    place.server.stop().await;
    let rows = store.summarise(&Question::new(Subject::parse("*.example").unwrap())).unwrap().rows;
    assert!(rows >= 1, "{rows}");
    assert!(!path.exists(), "the socket is removed");
    assert!(told.lock().unwrap().iter().any(|told| told.starts_with("Listening")));
}

#[tokio::test]
async fn a_server_without_collectors_says_how_to_configure_one() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    let page = ann.get("/sensors").await.body;
    assert!(page.contains("No collectors") && page.contains("[[collect]]"), "{page}");
    assert!(!ann.get("/metrics").await.body.contains("collector"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_another_server_is_seen_and_why() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tap");
    let order = Order::new(SourceKind::Observation, Clock::system().seconds());
    let source = Source::Dnstap(Listening::Unix(path.clone(), 0o600));
    // Nobody listens on this port, and the text of the system's error is shown.
    let address = client::Address::for_secrets("http://127.0.0.1:1/prefix").unwrap();
    let token = Token::parse("bsk_secret").unwrap();
    let destination = Destination::new(address, token, None, &client::ProxyEnvironment::default()).unwrap();
    let route = Route::new(destination, folder.path().join("spool"), "tap", 16 << 20);
    let collector = Collector::new("tap", source, order, Clock::system()).with_route(route);
    let service = Service::new(Arc::new(Memory::new()) as Arc<dyn store::Store>)
        .with_anonymous()
        .with_collectors(vec![collector], Arc::new(|_, _| {}));
    let place = Place::of(service, |site| site).await;
    let reader = place.browser(Role::Reader).await;
    let mut sender = until(async || UnixStream::connect(&path).await.ok()).await;
    let now = u32::try_from(Clock::system().seconds()).unwrap();
    let frame = testkit::dnstap::response("a.example", [185, 194, 93, 1], now);
    sender.write_all(&[testkit::dnstap::start(), frame].concat()).await.unwrap();
    let page = until(async || {
        let page = reader.get("/sensors").await.body;
        page.contains("0 sent, 1 waiting").then_some(page)
    })
    .await;
    for said in ["To http://127.0.0.1:1/prefix", "Not sent:", "cannot connect to 127.0.0.1"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(!page.contains("bsk_secret"));
    let metrics = reader.get("/metrics").await.body;
    assert!(metrics.contains("backsight_collector_waiting{collector=\"tap\"} 1\n"), "{metrics}");
    place.server.stop().await;
}

/// Asks until there is an answer, for at most a minute.
async fn until<T>(mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..600 {
        if let Some(answer) = ask().await {
            return answer;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("it takes too long");
}
