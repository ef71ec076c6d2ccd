//! Prometheus metrics: [`Metrics`]. They contain no queries, and no names but those that the configuration gives.
//!
//! What this crate does not know is read from others when it is asked for: [`Metrics::also`].

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use store::Stats;

/// The media type: OpenMetrics text, which Prometheus reads.
pub const TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// The upper bounds of the histogram of response times, in seconds.
const SECONDS: [f64; 10] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1.0, 10.0, 60.0];

/// The metrics; cloning it is cheap.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    registry: Registry,
    requests: Family<Answered, Counter>,
    seconds: Family<To, Histogram>,
    octets: Family<To, Counter>,
    connections: Gauge,
    turned_away: Counter,
    taken: Counter,
    rejected: Counter,
    outdated: Counter,
    entries: Gauge,
    sources: Gauge,
    inputs: Gauge,
    also: OnceLock<Box<dyn Fn() -> Vec<Measure> + Send + Sync>>,
}

/// Whether a figure only grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It does.
    Counter,
    /// It goes up and down.
    Gauge,
}

/// A figure of which there may be several, with different labels.
#[derive(Clone, Debug)]
pub struct Measure {
    /// Its name, without prefix and suffix.
    pub name: &'static str,
    /// What it is.
    pub help: &'static str,
    /// Whether it only grows.
    pub kind: Kind,
    /// Its values.
    pub samples: Vec<Sample>,
}

/// A value with its labels.
#[derive(Clone, Debug)]
pub struct Sample {
    labels: Vec<(&'static str, String)>,
    value: u64,
}

/// The interface that a request belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Interface {
    /// The API of the workbench, and lookups below `/api/v1`.
    Api,
    /// DNSDB's interface.
    Dnsdb,
    /// Monitoring, and addresses that do not exist.
    Other,
    /// Pages of the workbench.
    Pages,
    /// CIRCL's interface.
    Pdns,
    /// The interface that receives records.
    Records,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    interface: Interface,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct To {
    interface: Interface,
}

/// An open connection, counted until this is dropped.
pub(crate) struct OpenConnection(Metrics);

impl Interface {
    /// The interface of a route.
    pub fn of(route: Option<&str>) -> Self {
        match route {
            Some("/api/v1/records") => Self::Records,
            Some(route) if route.starts_with("/api/") => Self::Api,
            Some(route) if route.starts_with("/dnsdb/") => Self::Dnsdb,
            Some(route) if route.starts_with("/pdns/") => Self::Pdns,
            None | Some("/healthz" | "/metrics" | "/readyz") => Self::Other,
            Some(_) => Self::Pages,
        }
    }
}

impl EncodeLabelValue for Interface {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), fmt::Error> {
        let name = match self {
            Self::Api => "api",
            Self::Dnsdb => "dnsdb",
            Self::Other => "other",
            Self::Pages => "pages",
            Self::Pdns => "pdns",
            Self::Records => "records",
        };
        name.encode(encoder)
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Metrics at zero.
    pub fn new() -> Self {
        let mut inner = Inner {
            registry: Registry::with_prefix("backsight"),
            requests: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            octets: Family::default(),
            connections: Gauge::default(),
            turned_away: Counter::default(),
            taken: Counter::default(),
            rejected: Counter::default(),
            outdated: Counter::default(),
            entries: Gauge::default(),
            sources: Gauge::default(),
            inputs: Gauge::default(),
            also: OnceLock::new(),
        };
        inner.register();
        Self(Arc::new(inner))
    }

    /// Counts a response that was sent, completely or in part.
    pub fn answered(&self, interface: Interface, status: u16, took: Duration, octets: u64) {
        self.0.requests.get_or_create(&Answered { interface, status }).inc();
        self.0.seconds.get_or_create(&To { interface }).observe(took.as_secs_f64());
        self.0.octets.get_or_create(&To { interface }).inc_by(octets);
    }

    pub(crate) fn open_connection(&self) -> OpenConnection {
        self.0.connections.inc();
        OpenConnection(self.clone())
    }

    /// Counts a connection over the limit, which was closed.
    pub(crate) fn turned_away(&self) {
        self.0.turned_away.inc();
    }

    /// Counts received records.
    pub fn brought(&self, taken: u64, rejected: u64) {
        self.0.taken.inc_by(taken);
        self.0.rejected.inc_by(rejected);
    }

    /// Counts records that were deleted because they were not seen for too long.
    pub fn outdated(&self, entries: u64) {
        self.0.outdated.inc_by(entries);
    }

    /// Adds figures that are read when metrics are asked for. Only the first call has an effect.
    pub fn also(&self, measures: impl Fn() -> Vec<Measure> + Send + Sync + 'static) {
        let _ = self.0.also.set(Box::new(measures));
    }

    /// All metrics as text, including the size of the store.
    pub fn text(&self, stats: Stats) -> String {
        let gauges = [
            (&self.0.entries, stats.entries),
            (&self.0.sources, stats.sources),
            (&self.0.inputs, stats.inputs),
        ];
        for (gauge, value) in gauges {
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        }
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode_registry(&mut text, &self.0.registry);
        let measures = self.0.also.get().map(|also| also()).unwrap_or_default();
        let _ = encode_registry(&mut text, &registry_of(measures));
        let _ = encode_eof(&mut text);
        text
    }
}

impl Sample {
    /// A value without labels.
    pub fn new(value: u64) -> Self {
        Self { labels: Vec::new(), value }
    }

    /// Adds a label.
    #[must_use]
    pub fn of(mut self, label: &'static str, value: &str) -> Self {
        self.labels.push((label, value.to_owned()));
        self
    }
}

/// A registry with these figures.
fn registry_of(measures: Vec<Measure>) -> Registry {
    let mut registry = Registry::with_prefix("backsight");
    for Measure { name, help, kind, samples } in measures {
        match kind {
            Kind::Counter => {
                let family = Family::<Vec<(&'static str, String)>, Counter>::default();
                for sample in samples {
                    family.get_or_create(&sample.labels).inc_by(sample.value);
                }
                registry.register(name, help, family);
            }
            Kind::Gauge => {
                let family = Family::<Vec<(&'static str, String)>, Gauge>::default();
                for sample in samples {
                    let value = i64::try_from(sample.value).unwrap_or(i64::MAX);
                    family.get_or_create(&sample.labels).set(value);
                }
                registry.register(name, help, family);
            }
        }
    }
    registry
}

impl Inner {
    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("requests", "Requests answered", self.requests.clone());
        registry.register(
            "request_seconds",
            "Time from the request head to the last byte of the answer",
            self.seconds.clone(),
        );
        registry.register("sent_octets", "Bytes of answers, without their heads", self.octets.clone());
        registry.register("connections", "Open connections", self.connections.clone());
        registry.register(
            "connections_turned_away",
            "Connections closed at once because there were too many",
            self.turned_away.clone(),
        );
        registry.register("records_taken", "Records received and stored", self.taken.clone());
        registry.register("records_rejected", "Records received and rejected", self.rejected.clone());
        registry.register("store_entries", "Tuples, each with a bailiwick and source", self.entries.clone());
        registry.register(
            "store_outdated",
            "Tuples deleted because they were not seen for too long",
            self.outdated.clone(),
        );
        registry.register("store_sources", "Sources ever seen", self.sources.clone());
        registry.register("store_inputs", "Inputs with a stored position", self.inputs.clone());
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.0.connections.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_told_as_prometheus_reads_it() {
        let metrics = Metrics::new();
        metrics.answered(Interface::Pdns, 200, Duration::from_millis(2), 160);
        metrics.brought(3, 1);
        let open = metrics.open_connection();
        let text = metrics.text(Stats { entries: 7, ..Stats::default() });
        for line in [
            "backsight_requests_total{interface=\"pdns\",status=\"200\"} 1",
            "backsight_request_seconds_bucket{le=\"0.0025\",interface=\"pdns\"} 1",
            "backsight_sent_octets_total{interface=\"pdns\"} 160",
            "backsight_connections 1",
            "backsight_records_taken_total 3",
            "backsight_store_entries 7",
            "# EOF",
        ] {
            assert!(text.lines().any(|known| known == line), "{line} is not in {text}");
        }
        metrics.also(|| {
            let sample = |name, value| Sample::new(value).of("collector", name).of("reason", "bad \"line\"");
            vec![
                Measure { name: "up", help: "Up", kind: Kind::Gauge, samples: vec![Sample::new(1)] },
                Measure {
                    name: "bad",
                    help: "Bad",
                    kind: Kind::Counter,
                    samples: vec![sample("a", 3), sample("b", 4)],
                },
            ]
        });
        let more = metrics.text(Stats::default());
        for line in [
            "backsight_up 1",
            "backsight_bad_total{collector=\"b\",reason=\"bad \\\"line\\\"\"} 4",
            "backsight_connections 1",
        ] {
            assert!(more.lines().any(|known| known == line), "{line} is not in {more}");
        }
        assert!(more.ends_with("# EOF\n") && more.matches("# EOF").count() == 1);
        drop(open);
        assert!(metrics.text(Stats::default()).contains("backsight_connections 0"));
    }
}
