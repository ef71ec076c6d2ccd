//! Sends what waits in the spool, oldest first, one batch at a time: [`Sending`].
//!
//! A batch is sent until the server has answered it; the next one is sent after that, so numbers arrive in order. Between two
//! attempts it waits from 1 s to 60 s, longer each time and a little at random, or as long as the server asks.
//!
//! Errors are told as [`Event`]s and kept in the status; none ends the sending.

use std::mem::Discriminant;
use std::sync::Mutex;
use std::time::Duration;

use cof::time::Clock;
use tokio::sync::watch;

use super::destination::Destination;
use super::event::Event;
use super::spool::{Entry, Spool, Unreadable};
use super::verdict::{Receipt, Trouble, Verdict};

/// The first wait after a failure.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest wait, unless the server asks for a longer one.
const LONGEST_WAIT: Duration = Duration::from_mins(1);
/// How long it goes on when collecting has ended.
pub(super) const FAREWELL: Duration = Duration::from_secs(5);

/// What sending needs.
pub(super) struct Sending<'a> {
    pub(super) spool: &'a Spool,
    pub(super) destination: &'a Destination,
    pub(super) clock: &'a Clock,
    pub(super) tell: &'a (dyn Fn(Event) + Sync),
    /// Becomes true when nothing more is collected.
    pub(super) ending: watch::Receiver<bool>,
    /// For the waits.
    pub(super) random: Mutex<fastrand::Rng>,
}

/// How an attempt ended.
enum Attempt {
    Answered(Verdict),
    /// The batch was damaged on the disk.
    Damaged,
}

/// A time in which the server takes nothing.
#[derive(Default)]
struct Spell {
    failures: u32,
    /// What was said of it.
    said: Option<Discriminant<Trouble>>,
}

impl Sending<'_> {
    /// [`Self::run`] on this thread. If the system has no resources for it, everything waits for the next start.
    pub(super) fn run_to_end(&self) {
        match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime.block_on(self.run()),
            Err(error) => self.suffer(&mut Spell::default(), Trouble::System(error.to_string()), true),
        }
    }

    /// Sends until collecting has ended and nothing waits, or for [`FAREWELL`] after it has ended.
    pub(super) async fn run(&self) {
        let farewell = async {
            self.ended().await;
            tokio::time::sleep(FAREWELL).await;
        };
        tokio::select! {
            () = self.send_all() => {}
            () = farewell => {}
        }
        self.spool.release();
    }

    async fn send_all(&self) {
        let mut spell = Spell::default();
        loop {
            let Some(entry) = self.spool.oldest() else {
                if *self.ending.borrow() {
                    return;
                }
                tokio::select! {
                    () = self.spool.filled.notified() => {}
                    () = self.ended() => {}
                }
                continue;
            };
            let (trouble, asked) = match self.attempt(entry).await {
                Attempt::Answered(Verdict::Later(trouble, asked)) => (trouble, asked),
                Attempt::Answered(Verdict::Stored(receipt)) => {
                    self.stored(entry, &receipt);
                    self.recover(&mut spell);
                    continue;
                }
                Attempt::Answered(Verdict::Refused(why)) => {
                    self.refused(entry, why);
                    self.recover(&mut spell);
                    continue;
                }
                Attempt::Damaged => {
                    self.damaged(entry);
                    continue;
                }
            };
            self.spool.release();
            let is_last = *self.ending.borrow();
            let wait = asked.unwrap_or_default().max(self.wait(&trouble, spell.failures));
            self.suffer(&mut spell, trouble, is_last);
            if is_last {
                return;
            }
            // One more attempt is made when collecting ends.
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.ended() => {}
            }
        }
    }

    async fn attempt(&self, entry: Entry) -> Attempt {
        let body = match self.spool.read(entry) {
            Ok(body) => body,
            Err(Unreadable::Damaged) => return Attempt::Damaged,
            Err(Unreadable::System(error)) => {
                return Attempt::Answered(Verdict::Later(Trouble::Spool(error.to_string()), None));
            }
        };
        Attempt::Answered(match self.destination.send(self.spool.sequence(), entry.number, body).await {
            Ok(answer) => Verdict::of(&answer, entry.number, self.clock.now(), |text| {
                self.destination.without_token(text)
            }),
            Err(error) => Verdict::Later(error.into(), None),
        })
    }

    fn stored(&self, entry: Entry, receipt: &Receipt) {
        self.spool.done(entry);
        let records = u64::from(entry.records);
        let suppressed =
            receipt.dropped.values().fold(0_u64, |sum, count| sum.saturating_add(*count)).min(records);
        let kept = receipt.taken.saturating_add(receipt.repeated).saturating_add(suppressed);
        let rejected = records.saturating_sub(kept);
        let mut is_first = false;
        self.spool.status().update(|figures| {
            is_first = rejected > 0 && figures.rejected_records == 0;
            figures.sent_batches += 1;
            figures.sent_records += receipt.taken;
            figures.repeated_records += receipt.repeated;
            figures.rejected_records += rejected;
            figures.suppressed_records += suppressed;
            figures.answered = Some(self.clock.seconds());
        });
        if is_first {
            (self.tell)(Event::Rejected { records: rejected });
        }
    }

    fn refused(&self, entry: Entry, why: String) {
        self.spool.refuse(entry);
        self.spool.status().update(|figures| {
            figures.refused_batches += 1;
            figures.refused_records += u64::from(entry.records);
            figures.answered = Some(self.clock.seconds());
        });
        (self.tell)(Event::Refused { number: entry.number, records: entry.records.into(), why });
    }

    fn damaged(&self, entry: Entry) {
        self.spool.done(entry);
        self.spool.status().update(|figures| {
            figures.damaged_batches += 1;
            figures.damaged_records += u64::from(entry.records);
        });
        (self.tell)(Event::Damaged { number: entry.number, records: entry.records.into() });
    }

    /// The server answers again; that is said if it was said that it does not.
    fn recover(&self, spell: &mut Spell) {
        self.spool.status().update(|figures| figures.server_trouble = None);
        if std::mem::take(spell).said.is_some() {
            (self.tell)(Event::Works(Box::new(self.spool.status().figures())));
        }
    }

    /// Keeps what is wrong, and says it once. The first cut connection is no news, because it may be one that was open for long.
    fn suffer(&self, spell: &mut Spell, trouble: Trouble, is_last: bool) {
        let text = trouble.to_string();
        self.spool.status().update(|figures| figures.server_trouble = Some(text));
        let is_first = spell.failures == 0;
        spell.failures = spell.failures.saturating_add(1);
        let kind = std::mem::discriminant(&trouble);
        let is_news = match spell.said {
            None => is_last || !(is_first && trouble.is_fleeting()),
            Some(said) => said != kind && trouble.needs_somebody(),
        };
        if is_news {
            spell.said = Some(kind);
            (self.tell)(Event::Waits(trouble, Box::new(self.spool.status().figures())));
        }
    }

    /// How long to wait after so many failures.
    fn wait(&self, trouble: &Trouble, failures: u32) -> Duration {
        if matches!(trouble, Trouble::Token(_)) {
            return LONGEST_WAIT;
        }
        let random = self.random.lock().map_or(0.5, |mut random| random.f64());
        let wait = FIRST_WAIT.saturating_mul(1 << failures.min(6));
        wait.mul_f64(1.0 + random / 2.0).min(LONGEST_WAIT)
    }

    async fn ended(&self) {
        let mut ending = self.ending.clone();
        // If the sender is gone, collecting has ended, too.
        let _ = ending.wait_for(|ended| *ended).await;
    }
}
