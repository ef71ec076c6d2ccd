//! Slows down guessing of logins and tokens: in memory, bounded, and with the same work for every guess.
//!
//! [`Guesses`] has a fixed number of slots, and a hash of what is counted selects one. Two that share a slot slow each other
//! down, which is rare, and no number of invented names takes more memory. A slot is one number: the time when its guesses are
//! forgotten. A guess is counted before it is compared, so that parallel guesses gain nothing; a right one is removed again.
//!
//! Tokens of a data folder are random, cannot be guessed, and are checked before this: their clients never wait because of the
//! wrong guesses of others.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::time::Instant;

/// The number of slots: 128 KiB in all.
const SLOTS: usize = 16 * 1024;
const SECOND: u64 = 1_000_000;

/// How many guesses cause no delay, and how long each of the following has to wait, in microseconds.
#[derive(Clone, Copy, Debug)]
struct Pace {
    free: u64,
    each: u64,
}

/// For a name from one network.
const HERE: Pace = Pace { free: 10, each: 60 * SECOND };
/// For a name from all networks: a stranger must not easily lock out its owner.
const NAME: Pace = Pace { free: 100, each: 10 * SECOND };
/// From one network, for any name or token: it may be the network of a whole office.
const NETWORK: Pace = Pace { free: 50, each: 4 * SECOND };

/// The recent guesses; cloning it is cheap.
#[derive(Clone, Debug)]
pub(super) struct Guesses {
    /// When the guesses of each slot are forgotten, in microseconds since `began`.
    slots: Arc<[AtomicU64]>,
    hasher: RandomState,
    began: Instant,
}

/// A counted guess.
#[derive(Debug)]
pub(super) struct Guess<'a> {
    counted: Vec<(&'a AtomicU64, Pace)>,
}

impl Guesses {
    pub(super) fn new() -> Self {
        let slots = (0..SLOTS).map(|_| AtomicU64::new(0)).collect();
        Self { slots, hasher: RandomState::new(), began: Instant::now() }
    }

    /// Counts a guess at a login of this name, or at a token.
    ///
    /// # Errors
    /// How many seconds to wait. Such a guess is not counted, and must not be compared.
    pub(super) fn begin(&self, name: Option<&[u8]>, from: IpAddr) -> Result<Guess<'_>, u64> {
        let network = network(from);
        let slots = match name {
            Some(name) => vec![
                (self.slot(("here", name, network)), HERE),
                (self.slot(("name", name)), NAME),
                (self.slot(("logins", network)), NETWORK),
            ],
            None => vec![(self.slot(("tokens", network)), NETWORK)],
        };
        let now = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        let mut guess = Guess { counted: Vec::with_capacity(slots.len()) };
        for (slot, pace) in slots {
            if let Err(wait) = count(slot, pace, now) {
                guess.forget();
                return Err(wait.div_ceil(SECOND).max(1));
            }
            guess.counted.push((slot, pace));
        }
        Ok(guess)
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "a remainder of the number of slots, of which there is at least one"
    )]
    fn slot(&self, of: impl std::hash::Hash) -> &AtomicU64 {
        let at = self.hasher.hash_one(of) % self.slots.len() as u64;
        &self.slots[usize::try_from(at).unwrap_or_default()]
    }
}

impl Guess<'_> {
    /// Removes the guess, because it was right or was not made.
    pub(super) fn forget(self) {
        for (slot, pace) in self.counted {
            let less = |busy: u64| Some(busy.saturating_sub(pace.each));
            let _ = slot.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        }
    }
}

/// Adds a guess to a slot, or returns how long to wait, in microseconds.
fn count(slot: &AtomicU64, pace: Pace, now: u64) -> Result<(), u64> {
    let most = now.saturating_add(pace.free * pace.each);
    let next = |busy: u64| Some(busy.max(now) + pace.each).filter(|next| *next <= most);
    let counted = slot.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
    counted.map(drop).map_err(|busy| (busy.max(now) + pace.each).saturating_sub(most))
}

/// The network of an address: an IPv6 address counts as its /64, which belongs to one customer.
fn network(address: IpAddr) -> u128 {
    match address.to_canonical() {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits() >> 64 << 64,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn wrong(guesses: &Guesses, name: Option<&str>, from: &str) -> Result<(), u64> {
        guesses.begin(name.map(str::as_bytes), address(from)).map(drop)
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_is_guessed_at_slowly_from_one_network_and_from_all() {
        let guesses = Guesses::new();
        for _ in 0..10 {
            wrong(&guesses, Some("ann"), "192.0.2.1").unwrap();
        }
        assert_eq!(wrong(&guesses, Some("ann"), "192.0.2.1"), Err(60));
        tokio::time::advance(Duration::from_secs(59)).await;
        assert_eq!(wrong(&guesses, Some("ann"), "192.0.2.1"), Err(1));
        tokio::time::advance(Duration::from_secs(1)).await;
        wrong(&guesses, Some("ann"), "192.0.2.1").unwrap();
        assert_eq!(wrong(&guesses, Some("ann"), "::ffff:192.0.2.1"), Err(60));
        // Other networks do not wait, until all of them together guess too often.
        let others =
            (0..300).filter(|at| wrong(&guesses, Some("ann"), &format!("198.51.100.{}", at % 250)).is_ok());
        let others = others.count();
        assert!((80..=100).contains(&others), "{others}");
        wrong(&guesses, Some("bob"), "192.0.2.1").unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn many_names_from_one_network_are_bounded_too() {
        let counts = || {
            let guesses = Guesses::new();
            let made = |from: &str| {
                (0..1_000).filter(|at| wrong(&guesses, Some(&format!("user{at}")), from).is_ok()).count()
            };
            // The second address of a /64, which belongs to one customer.
            let logins = [made("192.0.2.1"), made("2001:db8::1"), made("2001:db8::2")];
            let tokens = (0..1_000).filter(|_| wrong(&guesses, None, "192.0.2.1").is_ok()).count();
            (logins, tokens)
        };
        // Two guesses that share a slot slow each other down, so a count may be lower, but never higher.
        let all: Vec<_> = (0..20).map(|_| counts()).collect();
        assert!(
            all.iter().all(|(logins, tokens)| logins.iter().chain([tokens]).all(|made| *made <= 50)),
            "{all:?}"
        );
        assert!(all.contains(&([50, 50, 0], 50)), "{all:?}");
    }

    #[test]
    fn what_is_right_does_not_count() {
        let guesses = Guesses::new();
        for _ in 0..10_000 {
            guesses.begin(Some(b"ann"), address("192.0.2.1")).unwrap().forget();
        }
    }
}
