//! The own database as a provider: what is read, shown, stored and replayed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cof::{Batch, Damage, Reader, Record, SourceKind};
use operation::provider::{OwnDatabase, Standing, Stop, check};
use operation::{
    Collector, Config, Filter, Indicator, Limits, Provider, ProviderError, Settings, Side, Sink, State,
    Window, package,
};
use store::{Memory, Store, StoreError, StoreErrorKind};

const NOW: u64 = 1_700_000_000;

/// Records of types whose data is not simply a name or an address; the sides of the fourth are swapped.
const CORPUS: &str = r#"
{"rrname":"www.example.com","rrtype":"A","rdata":"185.194.93.1","time_first":1500000000,"time_last":1600000000,"count":3}
{"rrname":"www.example.com","rrtype":"TXT","rdata":"\"v=spf1 -all\" \"and a \\\" quote\"","time_first":1500000000,"time_last":1600000000,"count":1}
{"rrname":"example.com","rrtype":"MX","rdata":["10 mail.example.com.","20 mail.example.net."],"time_first":1500000000,"time_last":1600000000}
{"rrname":"185.194.93.1","rrtype":"A","rdata":"mail.example.com","time_first":1500000000,"time_last":1600000000,"count":2}
{"rrname":"example.com","rrtype":"SOA","rdata":"ns1.example.net. host\\.master.example.com. 1 7200 3600 1209600 300","time_first":1500000000,"time_last":1600000000,"count":9}
{"rrname":"mail.example.com","rrtype":"AAAA","rdata":"2001:db8::25","zone_time_first":1500000000,"zone_time_last":1600000000}
{"rrname":"example.com","rrtype":"TYPE65534","rdata":"\\# 3 010203","time_first":1500000000,"time_last":1600000000,"count":1}
"#;

/// A question to the own database.
struct Question {
    database: OwnDatabase,
    settings: Settings,
    limits: Limits,
    side: Side,
    most: usize,
}

/// An answer: how it ended, its records, and its bytes.
struct Told {
    state: State,
    reason: Option<ProviderError>,
    whole: bool,
    records: Vec<Record>,
    raw: Vec<u8>,
}

fn memory(text: &str) -> Memory {
    let mut reader = Reader::new(NOW).by_proof();
    reader.feed(text.as_bytes());
    reader.close();
    let mut batch = Batch::default();
    for record in std::iter::from_fn(|| reader.next()).map(Result::unwrap) {
        assert!(batch.add(&record, SourceKind::Report).is_taken());
    }
    let memory = Memory::new();
    memory.absorb(batch).unwrap();
    memory
}

/// This many addresses of one name.
fn many(number: u32) -> Memory {
    let line = |n: u32| {
        let (high, low) = (n / 250, n % 250);
        format!(
            "{{\"rrname\":\"many.example\",\"rrtype\":\"A\",\"rdata\":\"185.194.{high}.{low}\",\"time_first\":1500000000,\"time_last\":1600000000}}\n"
        )
    };
    memory(&(0..number).map(line).collect::<String>())
}

impl Question {
    fn of(store: impl Store + 'static) -> Self {
        Self::to(OwnDatabase::new(Arc::new(store)))
    }

    fn to(database: OwnDatabase) -> Self {
        Self {
            database,
            settings: Settings::default(),
            limits: Limits::HELD,
            side: Side::Owner,
            most: 1_000_000,
        }
    }

    fn set(mut self, key: &str, value: &str) -> Self {
        self.settings.set(&package::find("own-database").unwrap(), key, value).unwrap();
        self
    }

    fn by_data(self) -> Self {
        Self { side: Side::Data, ..self }
    }

    fn provider(&self) -> Provider {
        let (package, clock) =
            (package::find("own-database").unwrap(), testkit::clock_from(Duration::from_secs(NOW)));
        let mut config = Config::new(&package, &self.settings, self.limits, &clock).unwrap();
        config.narrow(Vec::new(), Window::default(), self.side);
        match config {
            Config::OwnDatabase(config) => Provider::own_database(config, self.database.clone(), clock),
            Config::Http(_) => panic!("it is not a service"),
        }
    }

    async fn ask(&self, value: &str) -> Told {
        let collector = Collector::new(Filter::default(), self.most);
        let mut witness = Witness { collector, raw: Vec::new() };
        let outcome = self.provider().ask(&Indicator::parse(value).unwrap(), &mut witness).await;
        let answer = witness.collector.into_answer(outcome.completeness.clone());
        let mut again = Collector::new(Filter::default(), self.most);
        operation::provider::replay(&witness.raw[..], outcome.orientation, NOW, &mut again).unwrap();
        let again = again.into_answer(outcome.completeness.clone());
        assert_eq!((again.records, again.damages), (answer.records.clone(), Vec::new()), "replayed");
        assert_eq!(outcome.bytes, witness.raw.len() as u64);
        Told {
            state: outcome.completeness.state,
            reason: outcome.completeness.reason,
            whole: outcome.whole,
            records: answer.records,
            raw: witness.raw,
        }
    }

    /// The found records in presentation form.
    async fn found(&self, value: &str) -> Vec<String> {
        let told = self.ask(value).await;
        assert_eq!((told.state, told.reason, told.whole), (State::Complete, None, true));
        let text = |record: &Record| format!("{} {} {}", record.rrname, record.rrtype, record.rdata_text());
        told.records.iter().map(text).collect()
    }
}

struct Witness {
    collector: Collector,
    raw: Vec<u8>,
}

impl Sink for Witness {
    fn record(&mut self, record: Record) -> Result<(), Stop> {
        self.collector.record(record)
    }

    fn damage(&mut self, damage: Damage) {
        self.collector.damage(damage);
    }

    fn raw(&mut self, octets: &[u8]) {
        self.raw.extend_from_slice(octets);
    }
}

#[tokio::test]
async fn names_and_addresses_are_found_on_either_side() {
    let question = Question::of(memory(CORPUS));
    assert_eq!(
        question.found("www.example.com").await,
        ["www.example.com A 185.194.93.1", r#"www.example.com TXT "v=spf1 -all" "and a \" quote""#]
    );
    assert_eq!(question.found("unknown.example").await, Vec::<String>::new());
    // The records of a name that had the address, whatever their type.
    assert_eq!(
        question.found("185.194.93.1").await,
        [
            "mail.example.com A 185.194.93.1",
            "mail.example.com AAAA 2001:db8::25",
            "www.example.com A 185.194.93.1",
            r#"www.example.com TXT "v=spf1 -all" "and a \" quote""#
        ]
    );
    let direct = question.set("related", "off");
    assert_eq!(
        direct.found("185.194.93.1").await,
        ["mail.example.com A 185.194.93.1", "www.example.com A 185.194.93.1"]
    );
    assert_eq!(direct.by_data().found("mail.example.com").await, ["example.com MX 10 mail.example.com"]);
}

#[tokio::test]
async fn what_is_stored_is_what_was_read_with_its_times_and_counts() {
    let told = Question::of(memory(CORPUS)).ask("mail.example.com").await;
    let [address, zone] = &told.records[..] else { panic!("{:?}", told.records) };
    assert_eq!(
        (address.time_first, address.time_last, address.count),
        (Some(1_500_000_000), Some(1_600_000_000), Some(2))
    );
    assert_eq!(
        (zone.zone_time_first, zone.zone_time_last, zone.count),
        (Some(1_500_000_000), Some(1_600_000_000), None)
    );
    assert_eq!(told.raw.split_inclusive(|octet| *octet == b'\n').count(), 2);
    let types = Question::of(memory(CORPUS)).set("rrtype", "SOA,TYPE65534");
    assert_eq!(
        types.found("example.com").await,
        [
            r"example.com SOA ns1.example.net host\.master.example.com 1 7200 3600 1209600 300",
            r"example.com TYPE65534 \# 3 010203"
        ]
    );
}

#[tokio::test]
async fn an_answer_is_cut_only_if_there_is_more() {
    for (number, most, state) in
        [(2_500, "1500", State::Truncated), (1_500, "1500", State::Complete), (10, "9", State::Truncated)]
    {
        let told = Question::of(many(number)).set("page_size", most).ask("many.example").await;
        assert_eq!(told.state, state, "{number} {most}");
        assert_eq!(told.records.len(), most.parse::<usize>().unwrap().min(number as usize));
        let limit = ProviderError::LimitReached(most.parse().unwrap());
        assert_eq!(told.reason, (state == State::Truncated).then_some(limit));
    }
    let slices = Question::of(many(2_500));
    assert_eq!(slices.found("many.example").await.len(), 2_500);
    let told = Question { most: 1_200, ..slices }.ask("many.example").await;
    assert_eq!((told.state, told.records.len()), (State::Truncated, 1_200));
    let limits = Limits { bytes: 20_000, ..Limits::HELD };
    let told = Question { limits, ..Question::of(many(2_500)) }.ask("many.example").await;
    assert_eq!((told.state, told.records.len()), (State::Truncated, 1_000), "{:?}", told.reason);
}

#[tokio::test]
async fn a_database_that_cannot_be_opened_says_so_and_is_tried_again() {
    let tries = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&tries);
    let database = OwnDatabase::opened_by(move || match counted.fetch_add(1, Ordering::Relaxed) {
        0 => Err(StoreError::Locked { process: Some(7) }),
        1 => Err(StoreError::engine(StoreErrorKind::Damaged, "runs/3 is damaged")),
        _ => Ok(Arc::new(memory(CORPUS))),
    });
    let question = Question::to(database);
    for (part, hint) in [("another process (7)", "has finished"), ("runs/3 is damaged", "db restore")] {
        let told = question.ask("www.example.com").await;
        assert_eq!((told.state, told.records.len()), (State::Failed, 0));
        let reason = told.reason.unwrap();
        assert!(reason.to_string().starts_with("the passive-DNS database"), "{reason}");
        assert!(
            reason.to_string().contains(part) && reason.hint().contains(hint),
            "{reason} {}",
            reason.hint()
        );
    }
    for _ in 0..2 {
        assert_eq!(question.found("www.example.com").await.len(), 2);
    }
    assert_eq!(tries.load(Ordering::Relaxed), 3, "an open database stays open");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_takes_too_long_is_ended() {
    let (hold, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let database = OwnDatabase::opened_by(move || {
        let _ = wait.lock().unwrap().recv();
        Ok(Arc::new(Memory::new()))
    });
    let question = Question::to(database).set("timeout", "5");
    let asked = tokio::spawn(async move { question.ask("www.example.com").await });
    // The clock stands still while a thread works.
    tokio::task::yield_now().await;
    tokio::time::advance(Duration::from_secs(6)).await;
    let told = asked.await.unwrap();
    assert_eq!(told.state, State::Failed);
    assert!(told.reason.unwrap().to_string().contains("5 s"));
    drop(hold);
}

#[tokio::test]
async fn the_test_opens_the_database_and_counts() {
    let checked = check(&Question::of(memory(CORPUS)).provider()).await.unwrap();
    let words: Vec<&str> = checked.steps.iter().map(|(_, standing)| standing.word()).collect();
    assert_eq!(words, ["not_needed", "passed", "not_needed", "not_needed", "passed"]);
    assert_eq!(checked.steps[4].1.detail().unwrap(), "8 entries, one for each record and source");
    let locked = OwnDatabase::opened_by(|| Err(StoreError::Locked { process: None }));
    let checked = check(&Question::to(locked).provider()).await.unwrap();
    assert!(matches!(checked.steps[1].1, Standing::Failed(ProviderError::Store(_))));
    assert_eq!(checked.steps[4].1, Standing::NotReached);
}

#[test]
fn equal_questions_are_written_equally() {
    let question =
        |question: Question, value: &str| question.provider().question(&Indicator::parse(value).unwrap());
    let of = || Question::of(Memory::new());
    for (asked, value, wanted) in [
        (of(), "www.example.com", "own-database:/owner/www.example.com all passive"),
        (of().by_data(), "www.example.com", "own-database:/data/www.example.com all passive"),
        (of(), "185.194.93.1", "own-database:/names-on/185.194.93.1 all passive"),
        (of().set("related", "off"), "185.194.93.1", "own-database:/data/185.194.93.1 all passive"),
        (of().set("rrtype", "NS,A,NS"), "example.com", "own-database:/owner/example.com A,NS passive"),
    ] {
        assert_eq!(question(asked, value), wanted);
    }
}
