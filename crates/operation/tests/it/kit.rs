//! Sends a query to a scripted provider and keeps the result.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cof::time::Clock;
use cof::{Damage, Record};
use operation::provider::{ClientError, Dial, DialError, Dialled, HttpConfig, Io, Outcome, Stop};
use operation::{
    Answer, Budget, Collector, Config, Filter, Indicator, Limits, Package, Provider, ProviderError, Secret,
    Settings, Side, Sink, State,
};
use testkit::{Exchange, Script, ScriptedProvider};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

/// The host name of the scripted provider.
pub(crate) const HOST: &str = "provider.test";
pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// A record on a line.
pub(crate) fn line(rrname: &str, rrtype: &str, rdata: &str) -> String {
    format!(
        "{{\"rrname\":\"{rrname}\",\"rrtype\":\"{rrtype}\",\"rdata\":\"{rdata}\",\"time_first\":1500000000,\"time_last\":1600000000}}\n"
    )
}

/// This many different A records of www.example.com.
pub(crate) fn lines(number: u8) -> String {
    (1..=number).map(|n| line("www.example.com", "A", &format!("192.0.2.{n}"))).collect()
}

/// This many different records that do not prove an orientation.
pub(crate) fn unproven(number: usize) -> String {
    (0..number).map(|n| line("example.com", "NS", &format!("ns{n}.example.net"))).collect()
}

/// How the provider is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// No name resolves.
    Nowhere,
    /// An HTTP proxy that answers CONNECT like this and forwards everything else; it forwards nothing if it refuses.
    Proxy(&'static str),
    /// Another server, which sends this to every client.
    Stranger(&'static str),
    Straight,
}

/// Connects every dial to the scripted provider.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) provider: Arc<ScriptedProvider>,
    pub(crate) way: Way,
    pub(crate) dialled: Mutex<Vec<String>>,
    /// What the proxy received before the tunnel was open.
    pub(crate) heard: Arc<Mutex<String>>,
}

impl Dial for Line {
    fn dial<'a>(&'a self, host: &'a str, port: u16) -> Dialled<'a> {
        self.dialled.lock().unwrap().push(format!("{host} {port}"));
        Box::pin(async move {
            if self.way == Way::Nowhere {
                return Err(DialError::Resolve(std::io::Error::other("name or service not known")));
            }
            let stream = self.provider.connect().await.map_err(DialError::Connect)?;
            Ok(match self.way {
                Way::Proxy(answer) => Box::new(proxy(stream, answer, Arc::clone(&self.heard))) as Box<dyn Io>,
                Way::Stranger(words) => {
                    let (near, mut far) = tokio::io::duplex(64 * 1024);
                    far.write_all(words.as_bytes()).await.map_err(DialError::Connect)?;
                    Box::new(tokio::io::join(near, tokio::io::sink()))
                }
                _ => Box::new(stream),
            })
        })
    }
}

fn proxy(mut behind: DuplexStream, answer: &'static str, heard: Arc<Mutex<String>>) -> DuplexStream {
    let (near, mut far) = tokio::io::duplex(64 * 1024);
    tokio::spawn(async move {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(far.read_u8().await?);
        }
        *heard.lock().unwrap() = String::from_utf8_lossy(&request).into_owned();
        far.write_all(answer.as_bytes()).await?;
        if answer.starts_with("HTTP/1.1 200") {
            tokio::io::copy_bidirectional(&mut far, &mut behind).await?;
        }
        std::io::Result::Ok(())
    });
    near
}

/// A query that is being prepared: plain HTTP, no rate limit, one page by default.
pub(crate) struct Question {
    pub(crate) provider: Arc<ScriptedProvider>,
    pub(crate) package: Package,
    pub(crate) settings: Settings,
    pub(crate) limits: Limits,
    pub(crate) way: Way,
    pub(crate) folder: Option<PathBuf>,
    /// Holds the CA file until the configuration has read it.
    pub(crate) authorities: Option<tempfile::TempDir>,
    pub(crate) most: usize,
    pub(crate) value: &'static str,
    pub(crate) side: Side,
}

/// The result of a query.
pub(crate) struct Told {
    pub(crate) answer: Answer,
    pub(crate) outcome: Outcome,
    pub(crate) raw: Vec<u8>,
    pub(crate) took: Duration,
    pub(crate) provider: Arc<ScriptedProvider>,
    pub(crate) line: Arc<Line>,
}

/// Keeps the answer and the evidence.
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

impl Question {
    pub(crate) fn new(script: Script) -> Self {
        Self::of(Arc::new(ScriptedProvider::new(script)))
    }

    pub(crate) fn of(provider: Arc<ScriptedProvider>) -> Self {
        Self {
            provider,
            package: operation::package::newest().unwrap(),
            settings: Settings::default(),
            limits: Limits::HELD,
            way: Way::Straight,
            folder: None,
            authorities: None,
            most: 100_000,
            value: "www.example.com",
            side: Side::Owner,
        }
        .set("host", HOST)
        .set("use_http", "on")
        .set("requests_per_second", "0")
        .set("page_size", "0")
    }

    pub(crate) fn set(mut self, key: &str, value: &str) -> Self {
        self.settings.set(&self.package, key, value).unwrap();
        self
    }

    pub(crate) fn secret(mut self, key: &str, secret: &str) -> Self {
        self.settings.set_secret(&self.package, key, Secret::new(secret)).unwrap();
        self
    }

    /// Adds a parameter to the package that no bundled package has.
    pub(crate) fn orientation(mut self, orientation: &str) -> Self {
        let parameter = "[[parameters]]\nkey = \"orientation\"\nlabel = \"Orientation\"\ntype = \"choice\"\nchoices = [\"auto\", \"draft\", \"swapped\"]\n\n[[actions]]";
        let source = self.package.source.replacen("[[actions]]", parameter, 1);
        self.package = Package::parse("test.toml", &source).unwrap();
        self.set("orientation", orientation)
    }

    pub(crate) fn limit(mut self, change: impl FnOnce(&mut Limits)) -> Self {
        change(&mut self.limits);
        self
    }

    pub(crate) fn config(&self, clock: &Clock) -> HttpConfig {
        match Config::new(&self.package, &self.settings, self.limits, clock).unwrap() {
            Config::Http(mut config) => {
                config.side = self.side;
                *config
            }
            Config::OwnDatabase(_) => panic!("{} has no server", self.package),
        }
    }

    /// The provider, and the line to it.
    pub(crate) fn connect(&self) -> (Provider, Arc<Line>) {
        let clock = testkit::clock_from(Duration::from_secs(1_700_000_000));
        let config = self.config(&clock);
        let line = Arc::new(Line {
            provider: Arc::clone(&self.provider),
            way: self.way,
            dialled: Mutex::default(),
            heard: Arc::default(),
        });
        let budget =
            Budget::new(config.connection.rate, &config.budget_name(), self.folder.as_deref(), clock.clone());
        let dial: Arc<dyn Dial> = Arc::clone(&line) as Arc<dyn Dial>;
        (Provider::http(config, dial, budget, clock, 7).unwrap(), line)
    }

    pub(crate) async fn ask(self) -> Told {
        let (provider, line) = self.connect();
        self.ask_by(&provider, line).await
    }

    pub(crate) async fn ask_by(&self, provider: &Provider, line: Arc<Line>) -> Told {
        let collector = Collector::new(Filter::default(), self.most);
        let mut witness = Witness { collector, raw: Vec::new() };
        let start = tokio::time::Instant::now();
        let outcome = provider.ask(&Indicator::parse(self.value).unwrap(), &mut witness).await;
        let answer = witness.collector.into_answer(outcome.completeness.clone());
        // Whatever the query and its result: replaying the evidence gives the same.
        let mut again = Collector::new(Filter::default(), self.most);
        operation::provider::replay(&witness.raw[..], outcome.orientation, 1_700_000_000, &mut again)
            .unwrap();
        let again = again.into_answer(outcome.completeness.clone());
        assert_eq!((&again.records, &again.damages), (&answer.records, &answer.damages), "replayed");
        Told {
            answer,
            outcome,
            raw: witness.raw,
            took: start.elapsed(),
            provider: Arc::clone(&self.provider),
            line,
        }
    }
}

/// Why an answer is not complete.
pub(crate) struct Reason(Option<ProviderError>);

impl From<ProviderError> for Reason {
    fn from(error: ProviderError) -> Self {
        Self(Some(error))
    }
}

impl From<ClientError> for Reason {
    fn from(error: ClientError) -> Self {
        Self(Some(error.into()))
    }
}

/// The answer to one query with one exchange.
pub(crate) async fn answer_to(exchange: Exchange) -> Told {
    Question::new(Script::new([exchange])).ask().await
}

impl Told {
    /// Asserts the completeness of the answer, its reason, the number of records and of requests.
    #[track_caller]
    pub(crate) fn is(
        &self,
        state: State,
        reason: impl Into<Reason>,
        records: usize,
        requests: usize,
    ) -> &Self {
        assert_eq!(
            (self.answer.completeness.state, &self.answer.completeness.reason),
            (state, &reason.into().0)
        );
        assert_eq!(self.answer.records.len(), records, "records");
        assert_eq!(self.provider.requests().len(), requests, "requests");
        if let Some(reason) = &self.answer.completeness.reason {
            let said = reason.to_string();
            assert!(!said.is_empty() && !said.contains(char::is_control), "{said:?}");
            assert!(!reason.hint().is_empty());
            let refusal = matches!(
                reason,
                ProviderError::Unauthorized | ProviderError::Forbidden | ProviderError::RateLimited(_)
            );
            assert_eq!(reason.is_refusal(), refusal);
        }
        self
    }

    #[track_caller]
    pub(crate) fn complete(&self, records: usize, requests: usize) -> &Self {
        self.is(State::Complete, Reason(None), records, requests)
    }

    pub(crate) fn reason(&self) -> &ProviderError {
        self.answer.completeness.reason.as_ref().expect("an incomplete answer")
    }

    #[track_caller]
    pub(crate) fn hints(&self, words: &str) -> &Self {
        assert!(self.reason().hint().contains(words), "{}", self.reason().hint());
        self
    }

    /// Asserts the elapsed time, to the millisecond that timers are rounded to.
    #[track_caller]
    pub(crate) fn took(&self, time: Duration) -> &Self {
        let off = self.took.abs_diff(time);
        assert!(
            off <= Duration::from_millis(2 * self.provider.requests().len().max(1) as u64),
            "{:?}",
            self.took
        );
        self
    }
}
