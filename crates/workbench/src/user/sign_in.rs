//! Signing in, with a password or with a link that works once; and changing the own password, which requires the old one.
//!
//! A password is hashed between two changes and never within one: the first counts the attempt (`throttle`), the second stores
//! the result. Unknown names, disabled users and wrong passwords are only distinguished in the audit trail.

use std::time::Duration;

use operation::Secret;
use serde_json::json;

use super::session::{self, Client, Session};
use super::throttle::{self, Counter};
use super::{Stored, User, find, link, password};
use crate::database::{Change, Problem};
use crate::{Error, Workbench};

/// The actor in the audit trail before anybody has signed in. No user can have this name, because it contains blanks.
const STRANGER: &str = "not signed in";
/// The subject of a failed attempt with an unknown name. The name itself is not stored, because people type passwords there.
const UNKNOWN: &str = "unknown user";

/// The result of an attempt to sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignIn {
    /// Success: the session's token, which is returned only once, and its user.
    Welcome {
        /// For the session's cookie.
        token: Secret,
        /// Who signed in.
        user: User,
    },
    /// Wrong name or password; the answer does not say which.
    Refused,
    /// Too many failures: the attempt was not checked, and further attempts are refused for this time.
    Wait(Duration),
}

impl Workbench {
    /// Signs in with a password. This takes tens of milliseconds and 19 MiB, and does not block other changes.
    ///
    /// The first five failures for a name from one network, a hundred for a name from all networks, and fifty from one network
    /// cause no delay. After that, each attempt has to wait since the previous one: 1 s, 2 s, 4 s and so on, up to 15 minutes
    /// for a name from one network, 10 s for a name from all networks, and 4 s from one network. Failures are forgotten 15
    /// minutes after the wait is over.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be written.
    pub fn sign_in(&mut self, name: &str, password: &str, client: &Client) -> Result<SignIn, Error> {
        let counters = Counter::sign_in(name, client.address);
        let begun = self.change(|change| begin(change, name, &counters))?;
        let stored = match begun {
            Begun::Wait(wait) => return Ok(SignIn::Wait(wait)),
            Begun::Found(stored) => stored,
        };
        let right = password::verify(password, stored.as_ref().map(|stored| stored.password.as_str()))?;
        self.change(|change| {
            let Some(user) = welcome(change, stored, right, client)? else { return Ok(SignIn::Refused) };
            throttle::forget(change, &user.name)?;
            throttle::take_back(change, Counter::address(client.address))?;
            let token = session::begin(change, &user, client, "password")?;
            Ok(SignIn::Welcome { token, user })
        })
    }

    /// Signs in with a token of [`Workbench::sign_in_link`], which works once; `None` if it is not valid.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be written.
    pub fn sign_in_by_link(&mut self, token: &str, client: &Client) -> Result<Option<(Secret, User)>, Error> {
        self.change(|change| {
            let Some(user) = link::take_sign_in(change, token)? else { return Ok(None) };
            let token = session::begin(change, &user, client, "link")?;
            Ok(Some((token, user)))
        })
    }

    /// Changes the password of the signed-in user, and ends that user's other sessions and links. It costs two hashes. Wrong
    /// old passwords are counted separately: five cause no delay, then each waits up to 15 minutes.
    ///
    /// # Errors
    /// [`Error::Refused`]: the old password is wrong, there were too many wrong ones, or the new one is not accepted.
    pub fn set_password(&mut self, session: &Session, old: &str, new: &str) -> Result<(), Error> {
        let name = &session.user.name;
        password::check(new, name)?;
        let stored = match self.change(|change| begin(change, name, &[Counter::old_password(name)]))? {
            Begun::Wait(wait) => {
                let seconds = wait.as_secs();
                return Err(Error::throttled(wait, format!("too many wrong passwords: wait {seconds} s")));
            }
            Begun::Found(stored) => stored,
        };
        let kept = stored.as_ref().map(|stored| stored.password.clone());
        if !password::verify(old, kept.as_deref())? {
            let refused = json!({ "reason": "wrong password", "session": session.id });
            self.change(|change| change.audit_as(name, "user.password-refused", name, &refused))?;
            return Err(Error::forbidden("the old password is wrong"));
        }
        let hash = password::hash(new)?;
        self.change(|change| {
            // Another session, or a link, may have changed it first.
            let open = session::is_open(change, session)?;
            let Some(user) = unchanged(change, stored)?.filter(|_| open) else {
                return Err(Problem::conflict(
                    "the session has ended, or the password was changed meanwhile",
                ));
            };
            replace_password(change, &user, &hash, Some(session.id))?;
            change.audit_as(name, "user.password", name, &json!({ "by": "old password" }))
        })
    }
}

/// Sets a new password; the other sessions, the links and the failure counts are removed.
pub(super) fn replace_password(
    change: &Change<'_>,
    user: &User,
    hash: &str,
    keep: Option<i64>,
) -> Result<(), Problem> {
    change.transaction.execute("UPDATE users SET password = ? WHERE id = ?", (hash, user.id))?;
    session::end_all(change, user, keep)?;
    link::void(change, user)?;
    throttle::forget(change, &user.name)
}

/// How an attempt starts.
enum Begun {
    /// It has to wait.
    Wait(Duration),
    /// The user with the name, if there is one.
    Found(Option<Stored>),
}

fn begin(change: &Change<'_>, name: &str, counters: &[Counter]) -> Result<Begun, Problem> {
    match throttle::begin(change, counters)? {
        Some(wait) => Ok(Begun::Wait(wait)),
        None => find(&change.transaction, name).map(Begun::Found),
    }
}

/// The user, if the password was and still is right; otherwise a failure is recorded.
fn welcome(
    change: &Change<'_>,
    stored: Option<Stored>,
    right: bool,
    client: &Client,
) -> Result<Option<User>, Problem> {
    let subject = stored.as_ref().map_or(UNKNOWN, |stored| &stored.user.name).to_owned();
    let reason = match &stored {
        None => "unknown user",
        Some(_) if !right => "wrong password",
        Some(_) => "disabled",
    };
    let user = if right { unchanged(change, stored)? } else { None };
    if user.is_none() {
        let address = client.address.to_canonical().to_string();
        let detail = json!({ "reason": reason, "address": address });
        change.audit_as(STRANGER, "user.sign-in-refused", &subject, &detail)?;
    }
    Ok(user)
}

/// The user's current state, if it is enabled and still has the password that was compared.
fn unchanged(change: &Change<'_>, stored: Option<Stored>) -> Result<Option<User>, Problem> {
    let Some(stored) = stored else { return Ok(None) };
    let now = find(&change.transaction, &stored.user.name)?;
    let same = now.filter(|now| now.password == stored.password && now.user.disabled_at.is_none());
    Ok(same.map(|now| now.user))
}
