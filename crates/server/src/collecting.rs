//! The collectors of a server: [`Collectors`] runs each on a thread of its own.
//!
//! They store into the database that the server has open. One that fails is tried again and never ends the server. When the server is
//! asked to end, they end first, and store what they hold.
//!
//! Nothing here fails: what happens to a collector is told to whoever started it, and is in its status.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use edge::metrics::{Kind, Measure, Sample};
use intake::Turns;
use intake::collector::{Collector, Event};
use intake::forward::Figures as Forwarded;
use intake::status::{Figures, State};
use store::Store;

/// How long a server waits for its collectors when it ends.
const PATIENCE: Duration = Duration::from_secs(10);

/// Is told what happens to a collector.
pub type Tell = Arc<dyn Fn(&Collector, &Event) + Send + Sync>;

/// Collectors that have not started.
#[derive(Clone)]
pub(crate) struct Collectors {
    pub(crate) all: Vec<Collector>,
    pub(crate) tell: Tell,
}

/// Collectors that run.
pub(crate) struct Running {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Default for Collectors {
    fn default() -> Self {
        Self { all: Vec::new(), tell: Arc::new(|_, _| {}) }
    }
}

impl Collectors {
    /// Starts them all.
    pub(crate) fn start(self, store: &Arc<dyn Store>) -> Running {
        let stop = Arc::new(AtomicBool::new(false));
        let start = |collector: Collector| {
            let (store, tell, stop) = (Arc::clone(store), Arc::clone(&self.tell), Arc::clone(&stop));
            let status = Arc::clone(&collector.status);
            let keep = move || {
                collector.keep(&Turns::new(&*store), &stop, &|event| tell(&collector, &event));
            };
            let started = Builder::new().name("collector".to_owned()).spawn(keep);
            started.inspect_err(|error| status.set(State::Failed(error.to_string().into()))).ok()
        };
        let threads = self.all.into_iter().filter_map(start).collect();
        Running { stop, threads }
    }

    /// What monitoring reads.
    pub(crate) fn measures(&self) -> Vec<Measure> {
        let figures: Vec<(&str, Figures)> =
            self.all.iter().map(|collector| (&*collector.name, collector.status.figures())).collect();
        if figures.is_empty() {
            return Vec::new();
        }
        let mut measures = self.forwarding();
        let one = |name, help, kind, value: fn(&Figures) -> u64| {
            let sample =
                |(name, figures): &(&str, Figures)| Sample::new(value(figures)).of("collector", name);
            Measure { name, help, kind, samples: figures.iter().map(sample).collect() }
        };
        measures.extend([
            one("collector_received", "Frames, packets or lines received", Kind::Counter, received),
            one("collector_octets", "Bytes received, decompressed", Kind::Counter, |figures| {
                figures.tally.bytes
            }),
            one("collector_records", "Records received and taken", Kind::Counter, |figures| {
                figures.tally.records
            }),
            one("collector_lost", "Records that could not be stored", Kind::Counter, |figures| figures.lost),
            by_reason("collector_rejected", "What could not be read, by reason", &figures, |figures| {
                let rejected = figures.tally.left_out.iter();
                rejected.map(|(reason, place)| (reason.word(), place.count)).collect()
            }),
            by_reason("collector_dropped", "What is not wanted, by reason", &figures, |figures| {
                let dropped = figures.tally.dropped.iter();
                dropped.map(|(reason, place)| (reason.word().to_owned(), place.count)).collect()
            }),
            one("collector_senders", "Connected senders, or 1 if a file is open", Kind::Gauge, |figures| {
                figures.senders as u64
            }),
            one("collector_up", "1 if the collector works", Kind::Gauge, |figures| {
                u64::from(matches!(figures.state, State::Receiving | State::Waiting))
            }),
            one(
                "collector_last_record_seconds",
                "When records arrived last, in seconds since the epoch; 0 for never",
                Kind::Gauge,
                |figures| figures.last_record.unwrap_or_default(),
            ),
        ]);
        measures
    }

    /// What monitoring reads of the collectors whose records go to another server.
    fn forwarding(&self) -> Vec<Measure> {
        let routes = self.all.iter().filter_map(|one| one.route.as_ref().map(|route| (&*one.name, route)));
        let figures: Vec<(&str, Forwarded)> =
            routes.map(|(name, route)| (name, route.status().figures())).collect();
        if figures.is_empty() {
            return Vec::new();
        }
        let one = |name, help, kind, value: fn(&Forwarded) -> u64| {
            let sample =
                |(name, figures): &(&str, Forwarded)| Sample::new(value(figures)).of("collector", name);
            Measure { name, help, kind, samples: figures.iter().map(sample).collect() }
        };
        let missing = figures.iter().flat_map(|(name, figures)| {
            let reasons = figures.missing().into_iter();
            reasons.map(move |(why, count)| Sample::new(count).of("collector", name).of("reason", why))
        });
        vec![
            one("collector_sent", "Records that the other server has stored", Kind::Counter, |figures| {
                figures.sent_records + figures.repeated_records
            }),
            one("collector_waiting", "Records that wait for the other server", Kind::Gauge, |figures| {
                figures.waiting_records
            }),
            one("collector_waiting_octets", "Bytes that they take on the disk", Kind::Gauge, |figures| {
                figures.waiting_bytes
            }),
            Measure {
                name: "collector_undelivered",
                help: "Records that will not reach the other server, by reason",
                kind: Kind::Counter,
                samples: missing.collect(),
            },
        ]
    }
}

impl Running {
    /// Stops all of them, and waits until they have stored what they hold.
    pub(crate) async fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        let joined = tokio::task::spawn_blocking(move || {
            // One that panicked has said so.
            self.threads.into_iter().for_each(|thread| drop(thread.join()));
        });
        let _ = tokio::time::timeout(PATIENCE, joined).await;
    }
}

/// What was received, in the units of the format. The Common Output Format has only records.
fn received(figures: &Figures) -> u64 {
    let tally = &figures.tally;
    if tally.units > 0 { tally.units } else { tally.records + tally.left_out() }
}

fn by_reason(
    name: &'static str,
    help: &'static str,
    figures: &[(&str, Figures)],
    reasons: fn(&Figures) -> Vec<(String, u64)>,
) -> Measure {
    let samples = figures.iter().flat_map(|(name, figures)| {
        let sample = move |(reason, count): (String, u64)| {
            Sample::new(count).of("collector", name).of("reason", &reason)
        };
        reasons(figures).into_iter().map(sample)
    });
    Measure { name, help, kind: Kind::Counter, samples: samples.collect() }
}
