//! Delivers batches to a store: [`deliver`].
//!
//! ```text
//! reading (a thread) ─> batches ─> submitted (the caller's thread) ─> tickets ─> redeemed (a thread)
//! ```
//!
//! Reading, sorting and syncing run concurrently. Only a few batches may be in progress, so a slow disk makes the reader wait.
//! Imported files and request bodies are both delivered here. What must not be given up when the store has no room for a while is
//! delivered one batch at a time: [`persist`].
//!
//! Errors: the first error of the store ends the delivery, and the reader is told to stop. Batches that were durable before
//! remain stored and counted.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use cof::Batch;
use store::{Reached, Receipt, Store, StoreError, Ticket};

use crate::batches::{Take, Unwanted};

/// Batches that may wait for the store, and as many for the disk, if they are not larger than [`USUAL`].
const WAITING: usize = 4;
/// Observations of a usual batch.
const USUAL: usize = 10_000;

/// The result of delivering an input to a store.
#[derive(Debug, Default)]
pub struct Delivered {
    /// Records that are now durable.
    pub records: u64,
    /// Records in batches that the store already had.
    pub repeated: u64,
    /// Observations that are now durable.
    pub observations: u64,
    /// Records that were read and are not stored, as far as it is known.
    pub lost: u64,
    /// Why the store accepted no more batches.
    pub failed: Option<StoreError>,
}

/// Delivers the batches that `read` passes on.
///
/// After each batch, `step` is called on the caller's thread with the number of observations that are durable so far. The
/// return value of `read` is lost only if it panics.
pub fn deliver<T: Send>(
    store: &dyn Store,
    read: impl FnOnce(&mut Take<'_>) -> T + Send,
    step: &mut dyn FnMut(u64),
) -> (Option<T>, Delivered) {
    let waiting = (WAITING * USUAL / store.usual_batch().max(1)).clamp(1, WAITING);
    let (batches, to_submit) = sync_channel(waiting);
    let (submitted, to_redeem) = sync_channel(waiting);
    let lasting = AtomicU64::new(0);
    thread::scope(|scope| {
        let reader = scope
            .spawn(move || read(&mut |batch, records| batches.send((batch, records)).map_err(|_| Unwanted)));
        let redeemer = scope.spawn(|| redeem(store, to_redeem, &lasting));
        let outcome = submit(store, to_submit, &submitted, &mut || step(lasting.load(Ordering::Relaxed)));
        // Without the sender, the redeeming thread ends after the last ticket.
        drop(submitted);
        let panicked = |_| Delivered { failed: Some(StoreError::Panicked), ..Delivered::default() };
        let mut delivered = redeemer.join().unwrap_or_else(panicked);
        // If both fail, the error of redeeming is the cause.
        delivered.failed = delivered.failed.or(outcome.err());
        (reader.join().ok(), delivered)
    })
}

/// A store that several threads use, one request at a time.
pub struct Turns<'a> {
    store: &'a dyn Store,
    turn: Mutex<()>,
}

impl<'a> Turns<'a> {
    /// The store of collectors that run at the same time.
    pub fn new(store: &'a dyn Store) -> Self {
        Self { store, turn: Mutex::default() }
    }

    /// [`Store::position`].
    ///
    /// # Errors
    /// Those of the store.
    pub fn position(&self, input: &str) -> Result<Option<Reached>, StoreError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        self.store.position(input)
    }

    /// [`Store::forget_expired`].
    ///
    /// # Errors
    /// Those of the store.
    pub fn forget_expired(&self, now: u64) -> Result<u64, StoreError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        self.store.forget_expired(now)
    }

    fn absorb(&self, batch: Batch) -> Result<Receipt, StoreError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        self.store.absorb(batch)
    }
}

/// Delivers the batches that `read` passes on, one after the other; the reader waits meanwhile.
///
/// If the store does not take a batch, `again` decides whether the same batch is tried again, and waits before that. After each batch
/// that is stored, `step` is called. Both are called on the caller's thread. The return value of `read` is lost only if it panics.
pub fn persist<T: Send>(
    store: &Turns<'_>,
    read: impl FnOnce(&mut Take<'_>) -> T + Send,
    again: &mut dyn FnMut(&StoreError) -> bool,
    step: &mut dyn FnMut(),
) -> (Option<T>, Delivered) {
    let (batches, to_store) = sync_channel(WAITING);
    thread::scope(|scope| {
        let reader = scope
            .spawn(move || read(&mut |batch, records| batches.send((batch, records)).map_err(|_| Unwanted)));
        let delivered = store_all(store, &to_store, again, step);
        // The reader notices that nobody receives.
        drop(to_store);
        (reader.join().ok(), delivered)
    })
}

fn store_all(
    store: &Turns<'_>,
    batches: &Receiver<(Batch, u64)>,
    again: &mut dyn FnMut(&StoreError) -> bool,
    step: &mut dyn FnMut(),
) -> Delivered {
    let mut delivered = Delivered::default();
    for (batch, records) in batches {
        let observations = batch.observations.len() as u64;
        let outcome = loop {
            match store.absorb(batch.clone()) {
                Err(error) if again(&error) => {}
                outcome => break outcome,
            }
        };
        match outcome {
            Ok(receipt) if receipt.repeated => delivered.repeated += records,
            Ok(_) => {
                delivered.records += records;
                delivered.observations += observations;
            }
            Err(error) => {
                delivered.failed = Some(error);
                delivered.lost = records + batches.try_iter().map(|(_, records)| records).sum::<u64>();
                break;
            }
        }
        step();
    }
    delivered
}

/// A ticket, with the numbers of records and observations in its batch.
type Submitted = (Ticket, u64, u64);

/// Returns when all batches are submitted, the store fails, or the redeeming thread has ended. The reader notices when
/// `batches` is dropped.
fn submit(
    store: &dyn Store,
    batches: Receiver<(Batch, u64)>,
    submitted: &SyncSender<Submitted>,
    step: &mut dyn FnMut(),
) -> Result<(), StoreError> {
    for (batch, records) in batches {
        let observations = batch.observations.len() as u64;
        let ticket = store.submit(batch)?;
        if submitted.send((ticket, records, observations)).is_err() {
            break;
        }
        step();
    }
    Ok(())
}

fn redeem(store: &dyn Store, tickets: Receiver<Submitted>, lasting: &AtomicU64) -> Delivered {
    let mut delivered = Delivered::default();
    for (ticket, records, observations) in tickets {
        match store.redeem(ticket) {
            Ok(receipt) if receipt.repeated => delivered.repeated += records,
            Ok(_) => {
                delivered.records += records;
                delivered.observations += observations;
                lasting.store(delivered.observations, Ordering::Relaxed);
            }
            Err(error) => {
                delivered.failed = Some(error);
                break;
            }
        }
    }
    delivered
}

#[cfg(test)]
pub(crate) mod testing {
    use store::{Memory, Page, Question, Selection, Stats, StoreErrorKind, Summary};

    use super::*;

    /// A store that has no room for a while.
    pub(crate) struct Limited<'a> {
        store: &'a Memory,
        refusals: AtomicU64,
    }

    impl<'a> Limited<'a> {
        /// A store that refuses so many batches.
        pub(crate) fn new(store: &'a Memory, refusals: u64) -> Self {
            Self { store, refusals: AtomicU64::new(refusals) }
        }
    }

    impl Store for Limited<'_> {
        fn absorb(&self, batch: Batch) -> Result<Receipt, StoreError> {
            let left = self.refusals.load(Ordering::Relaxed);
            if left > 0 {
                self.refusals.store(left - 1, Ordering::Relaxed);
                return Err(StoreError::engine(StoreErrorKind::Full, "no room"));
            }
            self.store.absorb(batch)
        }

        fn lookup(&self, question: &Question) -> Result<Page, StoreError> {
            self.store.lookup(question)
        }

        fn summarise(&self, question: &Question) -> Result<Summary, StoreError> {
            self.store.summarise(question)
        }

        fn drop_where(&self, selection: &Selection) -> Result<u64, StoreError> {
            self.store.drop_where(selection)
        }

        fn position(&self, input: &str) -> Result<Option<Reached>, StoreError> {
            self.store.position(input)
        }

        fn wholes(&self, digest: &cof::Digest) -> Result<Vec<std::sync::Arc<str>>, StoreError> {
            self.store.wholes(digest)
        }

        fn forget_expired(&self, now: u64) -> Result<u64, StoreError> {
            self.store.forget_expired(now)
        }

        fn stats(&self) -> Result<Stats, StoreError> {
            self.store.stats()
        }
    }
}

#[cfg(test)]
mod tests {
    use cof::{Position, SourceKind};
    use store::{Memory, StoreErrorKind};

    use super::testing::Limited;
    use super::*;
    use crate::batches::{Fault, Order, read};

    fn lines(count: u32) -> String {
        let line = |number| {
            format!(
                "{{\"rrname\":\"n{number}.example\",\"rrtype\":\"A\",\"rdata\":\"185.194.93.1\",\"time_first\":1500000001,\"time_last\":1500000002}}\n"
            )
        };
        (0..count).map(line).collect()
    }

    fn order() -> Order {
        Order { input: Some("file".into()), ..Order::new(SourceKind::Report, 1_700_000_000) }
    }

    #[test]
    fn what_is_read_lasts_and_is_counted_once() {
        let (store, text) = (Memory::new(), lines(25_000));
        let mut steps = 0;
        let pass =
            |order: &Order, take: &mut Take<'_>| read(&mut text.as_bytes(), order, None, take).0.records;
        let (read, delivered) = deliver(&store, |take| pass(&order(), take), &mut |_| steps += 1);
        assert_eq!((read, delivered.records, delivered.observations), (Some(25_000), 25_000, 25_000));
        assert_eq!((delivered.repeated, steps), (0, 3));
        let (_, again) = deliver(&store, |take| pass(&order(), take), &mut |_| {});
        assert_eq!((again.records, again.repeated, again.observations), (0, 25_000, 0));
        assert_eq!(store.stats().unwrap().entries, 25_000);
    }

    #[test]
    fn a_store_that_fails_stops_the_reader_and_keeps_what_lasts() {
        let (store, text) = (Memory::new(), lines(200_000));
        // Different content under the same name: the store refuses the first batch.
        let other = Position { digest: Some([7; 32]), whole: true, ..Position::new("file", 9) };
        store.absorb(Batch { position: Some(other), ..Batch::default() }).unwrap();
        let reads = |take: &mut Take<'_>| read(&mut text.as_bytes(), &order(), None, take);
        let (read, delivered) = deliver(&store, reads, &mut |_| {});
        let (tally, fault) = read.unwrap();
        assert!(matches!(fault, Some(Fault::Unwanted)), "{fault:?}");
        assert!(tally.records < 200_000, "{}", tally.records);
        assert!(matches!(delivered.failed, Some(StoreError::OtherContent { .. })), "{delivered:?}");
        assert_eq!(delivered.records, 0);
    }

    #[test]
    fn what_a_store_has_no_room_for_is_stored_when_it_has() {
        let (store, text) = (Memory::new(), lines(25_000));
        let limited = Limited::new(&store, 3);
        let reads = |take: &mut Take<'_>| read(&mut text.as_bytes(), &order(), None, take).0.records;
        let mut refused = 0;
        let mut again = |error: &StoreError| {
            refused += 1;
            error.kind() == StoreErrorKind::Full
        };
        let (records, delivered) = persist(&Turns::new(&limited), reads, &mut again, &mut || {});
        assert_eq!((records, delivered.records, delivered.lost, refused), (Some(25_000), 25_000, 0, 3));
        assert_eq!(store.stats().unwrap().entries, 25_000);
        // Who does not wait loses the batch, and knows how much that is.
        let limited = Limited::new(&store, 1);
        let text = text.replace("n1", "m1");
        let order = Order { input: None, ..order() };
        let reads = |take: &mut Take<'_>| read(&mut text.as_bytes(), &order, None, take).0.records;
        let (_, delivered) = persist(&Turns::new(&limited), reads, &mut |_| false, &mut || {});
        assert!(delivered.failed.is_some() && delivered.lost >= 10_000, "{delivered:?}");
    }

    #[test]
    fn a_reader_that_panics_is_told_apart_from_one_that_ends() {
        let (read, delivered) = deliver(
            &Memory::new(),
            |take| {
                take(Batch::default(), 0).unwrap();
                assert!(std::hint::black_box(false), "a mistake in a reader");
            },
            &mut |_| {},
        );
        assert!(read.is_none() && delivered.failed.is_none());
    }
}
