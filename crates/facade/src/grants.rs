//! Access tokens: [`Grants`] holds them in memory, as hashes and bounded in number and time, so that they end with the server.
//!
//! A grant says who logged in, and nothing about what they may do: that is read again at each request, from the session of a user or
//! from the token of a client. A grant whose access token has expired can still be refreshed for a while.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::reply::Fault;

/// How long an access token is valid, in seconds: clients of ThreatQ expect this.
pub(crate) const VALID: u64 = 3_600;
/// How long the same grant can be refreshed, in seconds: as long as a session that is not used.
const REFRESHABLE: u64 = 12 * 3_600;
/// The most grants in total, and of one holder; beyond them, the oldest end.
const MOST: usize = 1_000;
const MOST_OF_ONE: usize = 50;
/// Random bytes of a token: too many to guess.
const OCTETS: usize = 32;

/// The hash of a token.
type Digest = [u8; blake3::OUT_LEN];

/// Who logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    /// A client with a token of the data folder, by its public part.
    Token(String),
    /// A user with a session, by its number.
    User { name: String, session: i64 },
}

/// Tokens that were just issued; they are stored nowhere.
#[derive(Debug)]
pub(crate) struct Issued {
    pub(crate) access: String,
    /// A client with a token logs in again instead.
    pub(crate) refresh: Option<String>,
}

/// All grants, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Grants(Mutex<VecDeque<Grant>>);

#[derive(Debug)]
struct Grant {
    access: Digest,
    refresh: Option<Digest>,
    holder: Holder,
    /// In seconds since the epoch.
    issued_at: u64,
}

impl Holder {
    /// Whether both are the same user or client, with whatever session.
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Token(one), Self::Token(other))
            | (Self::User { name: one, .. }, Self::User { name: other, .. }) => one == other,
            _ => false,
        }
    }
}

impl Grants {
    /// Issues tokens; returns them, and the holders whose grants ended.
    pub(crate) fn issue(&self, holder: Holder, now: u64) -> Result<(Issued, Vec<Holder>), Fault> {
        let is_user = matches!(holder, Holder::User { .. });
        let (access, refresh) = (random()?, if is_user { Some(random()?) } else { None });
        let grant = Grant {
            access: digest(&access),
            refresh: refresh.as_deref().map(digest),
            holder,
            issued_at: now,
        };
        let mut grants = self.lock();
        let mut ended = prune(&mut grants, now);
        let of_one = grants.iter().filter(|known| known.holder.is_same(&grant.holder)).count();
        if of_one >= MOST_OF_ONE
            && let Some(at) = grants.iter().position(|known| known.holder.is_same(&grant.holder))
        {
            ended.extend(grants.remove(at).map(|grant| grant.holder));
        }
        if grants.len() >= MOST {
            ended.extend(grants.pop_front().map(|grant| grant.holder));
        }
        grants.push_back(grant);
        Ok((Issued { access, refresh }, ended))
    }

    /// Who has this access token, if it is valid.
    pub(crate) fn holder(&self, access: &str, now: u64) -> Option<Holder> {
        let wanted = digest(access);
        let grants = self.lock();
        let grant = grants.iter().find(|grant| grant.access == wanted)?;
        grant.is_within(VALID, now).then(|| grant.holder.clone())
    }

    /// Ends the grant with this refresh token, and returns its holder.
    pub(crate) fn take(&self, refresh: &str, now: u64) -> Option<Holder> {
        let wanted = Some(digest(refresh));
        let mut grants = self.lock();
        let at = grants.iter().position(|grant| grant.refresh == wanted)?;
        let grant = grants.remove(at)?;
        grant.is_within(REFRESHABLE, now).then_some(grant.holder)
    }

    /// Ends every grant of this holder's session or token.
    pub(crate) fn end(&self, holder: &Holder) {
        self.lock().retain(|grant| grant.holder != *holder);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Grant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Grant {
    /// A grant of the future, by a clock that has been set back since, is not valid, because its age is unknown.
    fn is_within(&self, seconds: u64, now: u64) -> bool {
        now.checked_sub(self.issued_at).is_some_and(|age| age < seconds)
    }
}

/// Removes the grants that nobody can use any more, and returns their holders.
fn prune(grants: &mut VecDeque<Grant>, now: u64) -> Vec<Holder> {
    let mut ended = Vec::new();
    grants.retain(|grant| {
        let stays = grant.is_within(if grant.refresh.is_some() { REFRESHABLE } else { VALID }, now);
        if !stays {
            ended.push(grant.holder.clone());
        }
        stays
    });
    ended
}

fn digest(token: &str) -> Digest {
    *blake3::hash(token.as_bytes()).as_bytes()
}

/// 64 hexadecimal digits.
fn random() -> Result<String, Fault> {
    let mut octets = [0; OCTETS];
    getrandom::fill(&mut octets).map_err(|_| Fault::internal())?;
    Ok(blake3::Hash::from_bytes(octets).to_hex().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str, session: i64) -> Holder {
        Holder::User { name: name.to_owned(), session }
    }

    #[test]
    fn tokens_expire_and_a_refresh_token_works_once() {
        let grants = Grants::default();
        let (issued, ended) = grants.issue(user("ann", 1), 1_000).unwrap();
        assert!(ended.is_empty() && issued.access.len() == 64);
        assert_eq!(grants.holder(&issued.access, 1_000 + VALID - 1), Some(user("ann", 1)));
        assert_eq!(grants.holder(&issued.access, 1_000 + VALID), None);
        assert_eq!(grants.holder(&issued.access, 999), None, "the clock was set back");
        let refresh = issued.refresh.unwrap();
        assert_eq!(grants.holder(&refresh, 1_000), None, "a refresh token gives no access");
        assert_eq!(grants.take(&issued.access, 1_000), None);
        assert_eq!(grants.take(&refresh, 1_000 + VALID), Some(user("ann", 1)));
        assert_eq!(grants.take(&refresh, 1_000 + VALID), None);
        assert_eq!(grants.holder(&issued.access, 1_000), None, "it ended with the refresh");
        let (late, _) = grants.issue(user("ann", 1), 1_000).unwrap();
        assert_eq!(grants.take(&late.refresh.unwrap(), 1_000 + REFRESHABLE), None);
    }

    #[test]
    fn a_client_with_a_token_gets_no_refresh_token() {
        let grants = Grants::default();
        let (issued, _) = grants.issue(Holder::Token("0123".to_owned()), 0).unwrap();
        assert_eq!(issued.refresh, None);
        grants.end(&Holder::Token("0123".to_owned()));
        assert_eq!(grants.holder(&issued.access, 1), None);
    }

    #[test]
    fn grants_are_bounded_and_the_oldest_ends_first() {
        let grants = Grants::default();
        let (first, _) = grants.issue(user("ann", 0), 0).unwrap();
        for session in 1..50 {
            assert_eq!(grants.issue(user("ann", session), 0).unwrap().1, []);
        }
        assert_eq!(grants.issue(user("ann", 50), 0).unwrap().1, [user("ann", 0)]);
        assert_eq!(grants.holder(&first.access, 0), None);
        for other in 0..950 {
            assert_eq!(grants.issue(user(&format!("u{other}"), other), 0).unwrap().1, []);
        }
        assert_eq!(grants.issue(user("bob", 1), 0).unwrap().1, [user("ann", 1)]);
        assert_eq!(grants.lock().len(), MOST);
        assert_eq!(grants.issue(user("bob", 2), REFRESHABLE).unwrap().1.len(), MOST, "all are outdated");
    }
}
