//! Slows down who guesses passwords: failures are counted for a name, and from a network.
//!
//! The first failures cost nothing. After them every attempt waits since the one before: 1 s, 2 s, 4 s and so on up to the
//! longest wait. A count is forgotten once [`FORGOTTEN`] has passed since its wait was over, or, for a name, by signing in. An
//! attempt counts as failed from its beginning, so that many at once gain nothing; one that has to wait does not count.
//!
//! They are not alike. A name belongs to one person: [`HERE`] holds a guesser in one network to about a hundred guesses a
//! day at it, and does not keep its owner waiting in another network. [`NAME`] holds guesses from many networks together to
//! one in ten seconds; its owner may have to wait for that long. Behind an address there may be a whole office: [`ADDRESS`] keeps one that tries a password on many
//! names from going fast, and never keeps anybody else there waiting for longer than a few seconds. How often each of
//! those names can be guessed at is bounded by [`HERE`] all the same.
//!
//! Wrong old passwords of somebody who is signed in are counted apart, so that no stranger keeps them waiting; and a link
//! signs in without waiting.

use std::net::IpAddr;
use std::time::Duration;

use rusqlite::OptionalExtension;

use super::fold;
use super::token::Digest;
use crate::database::{Change, Problem};

/// For a name from one network: five failures are free, and the longest wait is 15 minutes.
const HERE: Pace = Pace { free: 5, longest: 15 * 60 };
/// For a name from everywhere: a stranger must not keep its owner out.
const NAME: Pace = Pace { free: 100, longest: 10 };
/// From an address: as many as an office makes on a Monday are free, and the longest wait is one that people sit out.
const ADDRESS: Pace = Pace { free: 50, longest: 4 };
/// Half of a key, in bytes.
const HALF: usize = 16;
/// How long after its wait a count is kept, in seconds.
const FORGOTTEN: i64 = 15 * 60;

/// What failures are counted for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counter {
    key: Digest,
    pace: Pace,
}

/// How failures slow down what comes after them.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// How many cost no waiting.
    free: u32,
    /// The longest wait, in seconds.
    longest: i64,
}

impl Counter {
    /// What is counted for a sign-in with this name, whether there is such a user or not, from this address.
    pub(super) fn sign_in(name: &str, address: IpAddr) -> [Self; 3] {
        [Self::here(name, address), Self::of(NAME, "name", &fold(name)), Self::address(address)]
    }

    /// For the old password of somebody who is signed in.
    pub(super) fn old_password(name: &str) -> Self {
        Self::of(HERE, "old password", &fold(name))
    }

    /// For a user name from one network. The first half of the key is the name's, so that all of them can be forgotten.
    fn here(name: &str, address: IpAddr) -> Self {
        let (name, address) = (Self::of(HERE, "here", &fold(name)), Self::address(address));
        let (first, second) = (name.key.iter().take(HALF), address.key.iter().skip(HALF));
        let mut key = Digest::default();
        key.iter_mut().zip(first.chain(second)).for_each(|(into, byte)| *into = *byte);
        Self { key, pace: HERE }
    }

    /// For an address; an IPv6 address counts as its /64, which one customer has whole.
    pub(super) fn address(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::of(ADDRESS, "address", &address.to_string()),
            IpAddr::V6(address) => Self::of(ADDRESS, "network", &(address.to_bits() >> 64).to_string()),
        }
    }

    fn of(pace: Pace, kind: &str, text: &str) -> Self {
        Self { key: *blake3::hash(format!("{kind}\0{text}").as_bytes()).as_bytes(), pace }
    }

    /// The failures that are not forgotten, and how long ago the last one was, in seconds.
    fn failures(self, change: &Change<'_>) -> Result<(u32, i64), Problem> {
        let sql = "SELECT count, ? - last_at FROM sign_in_failures WHERE key = ?";
        let mut statement = change.transaction.prepare_cached(sql)?;
        let row =
            statement.query_row((change.at, self.key), |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        // A clock that was set back must not make anybody wait for longer than otherwise.
        let is_kept = |(count, ago): &(u32, i64)| ago.abs() < self.pace.wait(*count) + FORGOTTEN;
        Ok(row.filter(is_kept).unwrap_or_default())
    }
}

/// Begins an attempt; gives how long to wait where it is too early for one.
pub(super) fn begin(change: &Change<'_>, counters: &[Counter]) -> Result<Option<Duration>, Problem> {
    let forgotten = "DELETE FROM sign_in_failures WHERE last_at <= ?";
    change.transaction.execute(forgotten, [change.at.saturating_sub(HERE.longest + FORGOTTEN)])?;
    let failures = counters.iter().map(|counter| counter.failures(change)).collect::<Result<Vec<_>, _>>()?;
    let left = counters.iter().zip(&failures).map(|(counter, (count, ago))| {
        let wait = counter.pace.wait(*count);
        (wait - ago).min(wait)
    });
    let left = left.max().and_then(|left| u64::try_from(left).ok()).unwrap_or_default();
    if left > 0 {
        return Ok(Some(Duration::from_secs(left)));
    }
    let sql = "REPLACE INTO sign_in_failures (key, count, last_at) VALUES (?, ?, ?)";
    let mut statement = change.transaction.prepare_cached(sql)?;
    for (counter, (count, _)) in counters.iter().zip(failures) {
        statement.execute((counter.key, count.saturating_add(1), change.at))?;
    }
    Ok(None)
}

/// The name's owner was here: what was counted for it is forgotten.
pub(super) fn forget(change: &Change<'_>, name: &str) -> Result<(), Problem> {
    let delete = "DELETE FROM sign_in_failures WHERE key IN (?, ?) OR substr(key, 1, 16) = substr(?, 1, 16)";
    let folded = fold(name);
    let of = |pace, kind| Counter::of(pace, kind, &folded).key;
    let (everywhere, old, here) = (of(NAME, "name"), of(HERE, "old password"), of(HERE, "here"));
    change.transaction.execute(delete, (everywhere, old, here))?;
    Ok(())
}

/// An attempt did not fail after all. Earlier failures stay: whoever has one name may be guessing at another.
pub(super) fn take_back(change: &Change<'_>, counter: Counter) -> Result<(), Problem> {
    let sql = "UPDATE sign_in_failures SET count = count - 1 WHERE key = ? AND count > 0";
    change.transaction.execute(sql, [counter.key])?;
    Ok(())
}

impl Pace {
    /// How long the attempt after so many failures waits, in seconds.
    fn wait(self, failures: u32) -> i64 {
        let doubled = |times: u32| 1_i64.checked_shl(times).filter(|_| times < 62).unwrap_or(self.longest);
        failures.checked_sub(self.free).map_or(0, |times| doubled(times).min(self.longest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let waits = (0..18).map(|failures| HERE.wait(failures)).collect::<Vec<_>>();
        assert_eq!(waits, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
        let many = [66, 67, 68, 69, 70, 1_000, u32::MAX];
        assert!(many.into_iter().all(|failures| HERE.wait(failures) == HERE.longest));
        let waits = (49..55).map(|failures| ADDRESS.wait(failures)).collect::<Vec<_>>();
        assert_eq!(waits, [0, 1, 2, 4, 4, 4]);
    }

    #[test]
    fn an_address_counts_as_what_one_customer_has() {
        let key = |address: &str| Counter::address(address.parse().unwrap()).key;
        assert_eq!(key("2001:db8::1"), key("2001:db8::ffff:2"));
        assert_ne!(key("2001:db8::1"), key("2001:db8:0:1::1"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
        let here = |name: &str, host: &str| Counter::here(name, host.parse().unwrap()).key;
        assert_eq!(here("Ann", "192.0.2.1"), here("aNN", "::ffff:192.0.2.1"));
        assert_ne!(here("Ann", "192.0.2.1"), here("Ann", "192.0.2.2"));
        assert_ne!(here("Ann", "192.0.2.1"), here("Bob", "192.0.2.1"));
    }
}
