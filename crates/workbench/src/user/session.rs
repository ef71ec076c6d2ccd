//! Sessions: who is signed in, from where, and until when.
//!
//! A session ends [`LONGEST`] after it began, [`IDLE`] after it was last used, when it is ended, and when its user is disabled
//! or gets a new password. A session that began or was used in the future, by a clock that has been set back since, is not
//! valid, because its age is unknown. Roles are read at every use, so a change of role takes effect at once.

use std::net::IpAddr;

use operation::Secret;
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use serde_json::json;

use super::token::{self, Digest};
use super::{AHEAD, User, need};
use crate::database::{Change, Problem};
use crate::{Error, Workbench};

/// The longest session, in seconds: a week.
const LONGEST: i64 = 7 * 24 * 3600;
/// An unused session ends after this time, in seconds: a working day and a half.
const IDLE: i64 = 12 * 3600;
/// The resolution of the last use, in seconds, so that not every request writes.
const FINE: i64 = 60;
/// How much of the `User-Agent` is stored, in characters.
const AGENT: usize = 256;

/// The client from which a user signs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// The address of the client itself. Behind a trusted proxy, the address that the proxy states; otherwise all clients would
    /// count as one.
    pub address: IpAddr,
    /// `User-Agent`; the first 256 characters are stored, without control characters.
    pub agent: String,
}

/// A session of a signed-in user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its number, which is not secret and never reused.
    pub id: i64,
    /// Its user, in the current state.
    pub user: User,
    /// When it began, in seconds since the epoch.
    pub created_at: i64,
    /// When it was last used, in seconds since the epoch, to within about a minute.
    pub last_seen_at: i64,
    /// When it ends at the latest, in seconds since the epoch.
    pub expires_at: i64,
    /// The client's address, as text.
    pub address: String,
    /// The `User-Agent` of the browser: untrusted text.
    pub agent: String,
}

impl Session {
    /// Whether [`Workbench::touch`] would write at this time, in seconds since the epoch.
    pub fn is_stale(&self, at: i64) -> bool {
        at.saturating_sub(self.last_seen_at) >= FINE
    }
}

impl Workbench {
    /// The session with this token; `None` if there is none, or it has ended.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn session(&self, token: &str) -> Result<Option<Session>, Error> {
        let at = self.at();
        self.read(|database| find(database, &token::digest(token), at))
    }

    /// The session with this number; `None` if there is none, or it has ended. The caller has to know by other means that it belongs
    /// to who asks.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn session_numbered(&self, id: i64) -> Result<Option<Session>, Error> {
        let at = self.at();
        self.read(|database| {
            let mut statement = database.prepare_cached(&select("sessions.id = :of"))?;
            let parameters = named_params! {":of": id, ":at": at, ":idle": IDLE, ":ahead": AHEAD};
            Ok(statement.query_row(parameters, row).optional()?)
        })
    }

    /// Records that a session is in use, at most once a minute; returns whether it wrote.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be written.
    pub fn touch(&mut self, session: &Session) -> Result<bool, Error> {
        if !session.is_stale(self.at()) {
            return Ok(false);
        }
        self.change(|change| {
            let sql = "UPDATE sessions SET last_seen_at = ?1 WHERE id = ?2 AND last_seen_at <= ?1 - ?3";
            Ok(change.transaction.execute(sql, (change.at, session.id, FINE))? > 0)
        })
    }

    /// A user's sessions, newest first, without those that have ended.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is no such user.
    pub fn sessions(&self, name: &str) -> Result<Vec<Session>, Error> {
        let at = self.at();
        self.read(|database| {
            let user = need(database, name)?.user;
            let mut statement = database.prepare_cached(&select("users.id = :of"))?;
            let rows = statement
                .query_map(named_params! {":of": user.id, ":at": at, ":idle": IDLE, ":ahead": AHEAD}, row)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Ends one of a user's sessions; returns false if that user has no such session.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is no such user.
    pub fn end_session(&mut self, name: &str, id: i64) -> Result<bool, Error> {
        self.change(|change| {
            let user = need(&change.transaction, name)?.user;
            let sql = "DELETE FROM sessions WHERE user = ? AND id = ?";
            let ended = change.transaction.execute(sql, (user.id, id))? > 0;
            if ended {
                change.audit("session.end", &user.name, &json!({ "session": id }))?;
            }
            Ok(ended)
        })
    }

    /// Ends the session with this token; returns false if there was none.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be written.
    pub fn sign_out(&mut self, token: &str) -> Result<bool, Error> {
        self.change(|change| {
            let Some(session) = find(&change.transaction, &token::digest(token), change.at)? else {
                return Ok(false);
            };
            change.transaction.execute("DELETE FROM sessions WHERE id = ?", [session.id])?;
            let name = &session.user.name;
            change.audit_as(name, "user.sign-out", name, &json!({ "session": session.id }))?;
            Ok(true)
        })
    }
}

/// Starts a session; returns its token. `way` states in the audit trail how the user signed in.
pub(super) fn begin(change: &Change<'_>, user: &User, client: &Client, way: &str) -> Result<Secret, Problem> {
    let (token, digest) = token::fresh()?;
    let ended = "DELETE FROM sessions WHERE expires_at <= :at OR last_seen_at <= :at - :idle";
    change.transaction.execute(ended, named_params! {":at": change.at, ":idle": IDLE})?;
    let agent = client.agent.chars().filter(|character| !character.is_control());
    let agent = agent.take(AGENT).collect::<String>();
    let address = client.address.to_canonical().to_string();
    let sql = "INSERT INTO sessions (digest, user, created_at, last_seen_at, expires_at, agent, address) \
               VALUES (:digest, :user, :at, :at, :at + :longest, :agent, :address)";
    let parameters = named_params! {
        ":digest": digest, ":user": user.id, ":at": change.at, ":longest": LONGEST, ":agent": agent,
        ":address": address,
    };
    change.transaction.execute(sql, parameters)?;
    let detail = json!({ "session": change.transaction.last_insert_rowid(), "address": address, "by": way });
    change.audit_as(&user.name, "user.sign-in", &user.name, &detail)?;
    Ok(token)
}

/// Ends a user's sessions except one; returns how many.
pub(super) fn end_all(change: &Change<'_>, user: &User, keep: Option<i64>) -> Result<usize, Problem> {
    let sql = "DELETE FROM sessions WHERE user = ? AND id IS NOT ?";
    Ok(change.transaction.execute(sql, (user.id, keep))?)
}

/// Whether a session still exists.
pub(super) fn is_open(change: &Change<'_>, session: &Session) -> Result<bool, Problem> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sessions WHERE id = ?)";
    Ok(change.transaction.query_row(sql, [session.id], |row| row.get(0))?)
}

fn find(database: &Connection, digest: &Digest, at: i64) -> Result<Option<Session>, Problem> {
    let mut statement = database.prepare_cached(&select("digest = :of"))?;
    let parameters = named_params! {":of": digest, ":at": at, ":idle": IDLE, ":ahead": AHEAD};
    Ok(statement.query_row(parameters, row).optional()?)
}

/// Selects sessions that have not ended, newest first.
fn select(which: &str) -> String {
    format!(
        "SELECT users.id, name, role, users.created_at, disabled_at, sessions.id, sessions.created_at, \
         last_seen_at, expires_at, address, agent FROM sessions JOIN users ON users.id = user \
         WHERE {which} AND disabled_at IS NULL AND expires_at > :at AND last_seen_at > :at - :idle \
         AND max(sessions.created_at, last_seen_at) <= :at + :ahead \
         ORDER BY sessions.id DESC"
    )
}

fn row(row: &Row<'_>) -> rusqlite::Result<Session> {
    Ok(Session {
        user: User::read(row)?,
        id: row.get(5)?,
        created_at: row.get(6)?,
        last_seen_at: row.get(7)?,
        expires_at: row.get(8)?,
        address: row.get(9)?,
        agent: row.get(10)?,
    })
}
