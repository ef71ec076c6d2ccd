//! Slows down guessing of passwords: failures are counted per name and per network.
//!
//! The first failures cause no delay. After them, every attempt has to wait since the previous one: 1 s, 2 s, 4 s and so on up
//! to the longest wait. A count is forgotten [`FORGOTTEN`] after its wait was over, or, for a name, by signing in. An attempt
//! counts as failed from its start, so that parallel attempts gain nothing; an attempt that has to wait is not counted.
//!
//! There are three counts. [`HERE`] counts a name from one network: it limits an attacker there to about a hundred guesses a
//! day, and does not delay the owner of the name in another network. [`NAME`] counts a name from all networks: it limits
//! guesses from many networks to one in ten seconds, and the owner may have to wait for that long. [`ADDRESS`] counts a
//! network, which may be that of a whole office: it slows down an attacker who tries a password on many names, and delays other
//! users there by a few seconds at most. How often each of those names can be guessed is still limited by [`HERE`].
//!
//! Wrong old passwords of a signed-in user are counted separately, so that a stranger cannot delay that user; a link signs in
//! without waiting.

use std::net::IpAddr;
use std::time::Duration;

use rusqlite::OptionalExtension;

use super::fold;
use super::token::Digest;
use crate::database::{Change, Problem};

/// For a name from one network: five failures cause no delay, and the longest wait is 15 minutes.
const HERE: Pace = Pace { free: 5, longest: 15 * 60 };
/// For a name from all networks: a stranger must not lock out its owner.
const NAME: Pace = Pace { free: 100, longest: 10 };
/// From one network: as many failures as an office has on a Monday cause no delay, and the longest wait is acceptable to
/// people.
const ADDRESS: Pace = Pace { free: 50, longest: 4 };
/// Half of a key, in bytes.
const HALF: usize = 16;
/// How long a count is kept after its wait, in seconds.
const FORGOTTEN: i64 = 15 * 60;

/// What failures are counted for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counter {
    key: Digest,
    pace: Pace,
}

/// How failures delay the following attempts.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// How many failures cause no delay.
    free: u32,
    /// The longest wait, in seconds.
    longest: i64,
}

impl Counter {
    /// The counters of a sign-in with this name from this address, whether or not there is such a user.
    pub(super) fn sign_in(name: &str, address: IpAddr) -> [Self; 3] {
        [Self::here(name, address), Self::of(NAME, "name", &fold(name)), Self::address(address)]
    }

    /// The counter for the old password of a signed-in user.
    pub(super) fn old_password(name: &str) -> Self {
        Self::of(HERE, "old password", &fold(name))
    }

    /// The counter for a user name from one network. The first half of the key depends only on the name, so that all of them
    /// can be removed.
    fn here(name: &str, address: IpAddr) -> Self {
        let (name, address) = (Self::of(HERE, "here", &fold(name)), Self::address(address));
        let (first, second) = (name.key.iter().take(HALF), address.key.iter().skip(HALF));
        let mut key = Digest::default();
        key.iter_mut().zip(first.chain(second)).for_each(|(into, byte)| *into = *byte);
        Self { key, pace: HERE }
    }

    /// The counter for an address; an IPv6 address counts as its /64, which belongs to one customer.
    pub(super) fn address(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::of(ADDRESS, "address", &address.to_string()),
            IpAddr::V6(address) => Self::of(ADDRESS, "network", &(address.to_bits() >> 64).to_string()),
        }
    }

    fn of(pace: Pace, kind: &str, text: &str) -> Self {
        Self { key: *blake3::hash(format!("{kind}\0{text}").as_bytes()).as_bytes(), pace }
    }

    /// The failures that are not forgotten, and the time since the last one, in seconds.
    fn failures(self, change: &Change<'_>) -> Result<(u32, i64), Problem> {
        let sql = "SELECT count, ? - last_at FROM sign_in_failures WHERE key = ?";
        let mut statement = change.transaction.prepare_cached(sql)?;
        let row =
            statement.query_row((change.at, self.key), |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        // A clock that was set back must not make anybody wait longer than usual.
        let is_kept = |(count, ago): &(u32, i64)| ago.abs() < self.pace.wait(*count) + FORGOTTEN;
        Ok(row.filter(is_kept).unwrap_or_default())
    }
}

/// Starts an attempt; returns how long to wait if it is too early.
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

/// Resets the counts of a name after its owner has signed in.
pub(super) fn forget(change: &Change<'_>, name: &str) -> Result<(), Problem> {
    let delete = "DELETE FROM sign_in_failures WHERE key IN (?, ?) OR substr(key, 1, 16) = substr(?, 1, 16)";
    let folded = fold(name);
    let of = |pace, kind| Counter::of(pace, kind, &folded).key;
    let (everywhere, old, here) = (of(NAME, "name"), of(HERE, "old password"), of(HERE, "here"));
    change.transaction.execute(delete, (everywhere, old, here))?;
    Ok(())
}

/// Removes an attempt that did not fail. Earlier failures stay, because the owner of one name may be guessing at another.
pub(super) fn take_back(change: &Change<'_>, counter: Counter) -> Result<(), Problem> {
    let sql = "UPDATE sign_in_failures SET count = count - 1 WHERE key = ? AND count > 0";
    change.transaction.execute(sql, [counter.key])?;
    Ok(())
}

impl Pace {
    /// How long the next attempt has to wait after this many failures, in seconds.
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
