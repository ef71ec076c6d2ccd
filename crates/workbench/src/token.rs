//! Tokens for the passive-DNS interfaces: what a client may do there, how fast and how much.
//!
//! ```text
//! bsk_0123456789abcdef_(64 hexadecimal digits)
//!     public           secret
//! ```
//!
//! A [`Token`] is shown once, by [`Workbench::create_token`], and stored as its BLAKE3 hash. Unlike for passwords, a fast hash
//! is right here: the secret is 256 random bits, which cannot be guessed however fast each guess is, and a slow hash would only
//! let strangers keep the server busy with wrong tokens. The public part may be shown; it finds the row, so that the rest can
//! be compared in constant time ([`Token::is`]).
//!
//! [`usage`] records how much of them was used. A request that cannot be carried out is [`Error::Refused`]; every change has
//! its audit entry.

mod shared;
pub mod spelling;
pub mod usage;

use constant_time_eq::constant_time_eq_32;
use operation::Secret;
use rusqlite::{Connection, OptionalExtension, Row};
use serde_json::json;

use crate::database::{Change, Problem};
use crate::{Error, Workbench, secret};

pub use self::shared::SharedUsage;
pub use self::usage::{Spent, Usage};

/// The prefix of every token, so that it is recognised wherever it appears.
pub const MARK: &str = "bsk_";
/// Bytes of the public part. The chance that two of a million tokens share it is below one in a million; in that case, a new
/// one is drawn.
const PUBLIC: usize = 8;
/// Random bytes of the secret part: too many to guess.
const SECRET: usize = 32;
/// The longest name and sensor, in characters: they appear in tables and logs.
const LONGEST: usize = 64;
/// The largest rate limit, in requests per second: far more than one machine can answer.
pub const MAX_RATE: u32 = 1_000_000;

/// The properties of a new token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Its name; no other active token has the same name, ignoring case.
    pub name: String,
    /// Whether it allows queries.
    pub reads: bool,
    /// Whether it allows storing records.
    pub writes: bool,
    /// Requests per second, and the size of a burst; `None` is no limit.
    pub rate: Option<u32>,
    /// Requests per day (UTC); `None` is no limit.
    pub daily: Option<u64>,
    /// When it expires, in seconds since the epoch; `None` is never.
    pub expires_at: Option<i64>,
    /// The sensor whose observations it stores; with `None`, records are reports of another database.
    pub sensor: Option<String>,
}

/// A stored token, without the secret itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its number, which is never reused.
    pub id: i64,
    /// The part that is not secret.
    pub public: String,
    /// What it allows, and how much.
    pub wanted: Wanted,
    /// When it was created, in seconds since the epoch.
    pub created_at: i64,
    /// When it was revoked, in seconds since the epoch.
    pub revoked_at: Option<i64>,
    digest: [u8; blake3::OUT_LEN],
}

/// The state of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It works.
    Active,
    /// It has expired.
    Expired,
    /// It was revoked.
    Revoked,
}

impl State {
    /// Its name in output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

impl Token {
    /// Its state at a time in seconds since the epoch.
    pub fn state(&self, at: i64) -> State {
        match self.revoked_at {
            Some(_) => State::Revoked,
            None if self.wanted.expires_at.is_some_and(|expires| expires <= at) => State::Expired,
            None => State::Active,
        }
    }

    /// Whether this text is the token, compared in a time that depends only on the length of the text.
    pub fn is(&self, text: &str) -> bool {
        is(&self.digest, text)
    }
}

/// The public part of a text that looks like a token.
pub fn public(text: &str) -> Option<&str> {
    let (public, secret) = text.strip_prefix(MARK)?.split_once('_')?;
    let digits = |part: &str, octets| part.len() == octets * 2 && part.bytes().all(|b| b.is_ascii_hexdigit());
    (digits(public, PUBLIC) && digits(secret, SECRET)).then_some(public)
}

/// Takes as long as [`Token::is`], for the case that there is no such token; always returns false.
pub fn is_none(text: &str) -> bool {
    is(&[0; blake3::OUT_LEN], text)
}

fn is(digest: &[u8; blake3::OUT_LEN], text: &str) -> bool {
    constant_time_eq_32(digest, blake3::hash(text.as_bytes()).as_bytes())
}

impl Workbench {
    /// Creates a token; its text is in the result and nowhere else.
    ///
    /// # Errors
    /// [`Error::Refused`] for an invalid or taken name, an invalid sensor, a token without permissions, or one that has already
    /// expired.
    pub fn create_token(&mut self, wanted: &Wanted) -> Result<(Token, Secret), Error> {
        check(wanted, self.at())?;
        self.change(|change| {
            if let Some(other) = find(&change.transaction, &wanted.name)? {
                let name = &other.wanted.name;
                return Err(Problem::conflict(format!(
                    "there is already a token {name}; revoke it, or use another name"
                )));
            }
            let (public, text) = fresh()?;
            insert(change, wanted, &public, &text)?;
            let token = need(&change.transaction, &wanted.name)?;
            change.audit("token.create", &wanted.name, &limits(&token))?;
            Ok((token, Secret::new(&text)))
        })
    }

    /// Revokes a token. Running servers notice within a second.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is no active token with that name.
    pub fn revoke_token(&mut self, name: &str) -> Result<Token, Error> {
        self.change(|change| {
            let token = need(&change.transaction, name)?;
            let sql = "UPDATE tokens SET revoked_at = ? WHERE id = ?";
            change.transaction.execute(sql, (change.at, token.id))?;
            change.audit("token.revoke", &token.wanted.name, &json!({ "token": token.public }))?;
            Ok(Token { revoked_at: Some(change.at), ..token })
        })
    }

    /// Revokes the token with that name if it still has that number: the name may have been given to another token since.
    ///
    /// # Errors
    /// [`Error::Refused`] if it does not, or is no longer active.
    pub fn revoke_token_numbered(&mut self, name: &str, id: i64) -> Result<Token, Error> {
        let is_it = self.read(|database| Ok(find(database, name)?.is_some_and(|token| token.id == id)))?;
        if !is_it {
            return Err(Error::conflict(format!("the token {name} has been revoked in the meantime")));
        }
        self.revoke_token(name)
    }

    /// All tokens, including revoked ones, oldest first.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn tokens(&self) -> Result<Vec<Token>, Error> {
        self.read(|database| {
            let mut statement = database.prepare_cached(&select("1 ORDER BY id"))?;
            Ok(statement.query_map([], Token::read)?.collect::<Result<_, _>>()?)
        })
    }

    /// A value that changes whenever [`Workbench::tokens`] does, and is much cheaper.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn tokens_mark(&self) -> Result<(i64, i64), Error> {
        // Tokens are only created and revoked, never changed otherwise.
        let sql = "SELECT coalesce(max(id), 0), count(revoked_at) FROM tokens";
        self.read(|database| {
            Ok(database.prepare_cached(sql)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?)
        })
    }
}

impl Token {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            public: row.get(1)?,
            digest: row.get(2)?,
            wanted: Wanted {
                name: row.get(3)?,
                reads: row.get(4)?,
                writes: row.get(5)?,
                rate: row.get(6)?,
                daily: row.get::<_, Option<i64>>(7)?.and_then(|daily| u64::try_from(daily).ok()),
                sensor: row.get(8)?,
                expires_at: row.get(9)?,
            },
            created_at: row.get(10)?,
            revoked_at: row.get(11)?,
        })
    }
}

fn select(which: &str) -> String {
    format!(
        "SELECT id, public, digest, name, reads, writes, rate, daily, sensor, expires_at, created_at, revoked_at \
         FROM tokens WHERE {which}"
    )
}

/// The token with that name, ignoring case, that was not revoked.
fn find(database: &Connection, name: &str) -> Result<Option<Token>, Problem> {
    let mut statement = database.prepare_cached(&select("folded = ? AND revoked_at IS NULL"))?;
    Ok(statement.query_row([name.to_lowercase()], Token::read).optional()?)
}

fn need(database: &Connection, name: &str) -> Result<Token, Problem> {
    find(database, name)?.ok_or_else(|| Problem::missing("there is no active token with that name"))
}

/// A new token's public part, and its text.
fn fresh() -> Result<(String, String), Error> {
    let mut octets = [0; PUBLIC + SECRET];
    secret::random(&mut octets)?;
    let digits = secret::hex(&octets);
    let (public, hidden) = digits.split_at(PUBLIC * 2);
    Ok((public.to_owned(), format!("{MARK}{public}_{hidden}")))
}

fn insert(change: &Change<'_>, wanted: &Wanted, public: &str, text: &str) -> Result<(), Problem> {
    let sql = "INSERT INTO tokens (name, folded, public, digest, reads, writes, rate, daily, sensor, created_at, \
               expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let digest = *blake3::hash(text.as_bytes()).as_bytes();
    let daily = wanted.daily.map(|daily| i64::try_from(daily).unwrap_or(i64::MAX));
    let who = (&wanted.name, wanted.name.to_lowercase(), public, digest);
    let (name, folded, public, digest) = who;
    change.transaction.execute(
        sql,
        rusqlite::params![
            name,
            folded,
            public,
            digest,
            wanted.reads,
            wanted.writes,
            wanted.rate,
            daily,
            wanted.sensor,
            change.at,
            wanted.expires_at
        ],
    )?;
    Ok(())
}

/// The audit detail of a token.
fn limits(token: &Token) -> serde_json::Value {
    let wanted = &token.wanted;
    json!({
        "token": token.public, "reads": wanted.reads, "writes": wanted.writes, "rate": wanted.rate,
        "daily": wanted.daily, "expires_at": wanted.expires_at, "sensor": wanted.sensor,
    })
}

fn check(wanted: &Wanted, at: i64) -> Result<(), Error> {
    let refused = |why: String| Err(Error::invalid(why));
    for (what, text) in [("name", Some(&wanted.name)), ("sensor", wanted.sensor.as_ref())] {
        let Some(text) = text else { continue };
        let plain = |character: char| character.is_ascii_alphanumeric() || "._-@:".contains(character);
        if text.is_empty() || text.len() > LONGEST || !text.chars().all(plain) {
            return refused(format!(
                "the {what} of a token must have 1 to {LONGEST} characters: letters, digits and ._-@:"
            ));
        }
    }
    match wanted {
        Wanted { reads: false, writes: false, .. } => {
            refused("a token must allow reading, writing or both".to_owned())
        }
        Wanted { sensor: Some(_), writes: false, .. } => {
            refused("a sensor sends records: the token must allow writing".to_owned())
        }
        Wanted { rate: Some(rate), .. } if !(1..=MAX_RATE).contains(rate) => {
            refused(format!("a rate must be 1 to {MAX_RATE} requests per second"))
        }
        Wanted { daily: Some(0), .. } => refused("the daily quota must be at least 1".to_owned()),
        Wanted { expires_at: Some(expires), .. } if *expires <= at => {
            refused("the expiry time is in the past".to_owned())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
