//! Links that work once: for the first administrator, for a new user, for a forgotten password, and to sign in.
//!
//! A link carries a token; its address is determined by the web interface. A link is void if it was used, has expired, was
//! replaced by a newer one for the same purpose, or was created in the future by a clock that has been set back since.
//! Invitations of new users are not for a particular user, so several can be valid at once.

use operation::Secret;
use rusqlite::{Connection, OptionalExtension};
use serde_json::json;

use super::sign_in::replace_password;
use super::token::{self, Digest};
use super::{AHEAD, Role, Stored, User, by_id, create, find, is_empty, need, password};
use crate::database::{Change, Problem};
use crate::{Error, Workbench};

/// How long the first administrator's link works, in seconds: an hour, because it is shown in a terminal or a log.
const FIRST: i64 = 3600;
/// How long an invitation works, in seconds: a week, because it waits for a person.
const INVITED: i64 = 7 * 24 * 3600;
/// How long a link to set a password works, in seconds: a day.
const RESET: i64 = 24 * 3600;
/// How long a link that signs in works, in seconds: an hour.
const SIGN_IN: i64 = 3600;

/// The purpose of a valid link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Its purpose.
    pub purpose: Purpose,
    /// When it expires, in seconds since the epoch.
    pub expires_at: i64,
}

/// The purpose of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Creates the first user, an administrator.
    FirstAdministrator,
    /// Creates a user with this role.
    NewUser(Role),
    /// Sets a new password for this user.
    Password(User),
    /// Signs this user in: [`Workbench::sign_in_by_link`].
    SignIn(User),
}

impl Workbench {
    /// A token that creates the first administrator, valid for an hour; `None` if there already is a user. Older ones are void.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be written.
    pub fn first_link(&mut self) -> Result<Option<Secret>, Error> {
        self.change(|change| {
            if !is_empty(&change.transaction)? {
                return Ok(None);
            }
            change.transaction.execute("DELETE FROM invitations WHERE purpose = 'administrator'", [])?;
            make(change, &Purpose::FirstAdministrator, FIRST).map(Some)
        })
    }

    /// A token that creates a user with this role, valid for seven days.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be written.
    pub fn invite(&mut self, role: Role) -> Result<Secret, Error> {
        self.change(|change| make(change, &Purpose::NewUser(role), INVITED))
    }

    /// A token that sets a new password for a user, valid for a day. Until it is used, the old password works; older such
    /// tokens are void.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is no such user or it is disabled.
    pub fn reset_link(&mut self, name: &str) -> Result<Secret, Error> {
        self.change(|change| make_for(change, name, Purpose::Password, RESET))
    }

    /// A token that signs a user in without a password, valid for an hour; older such tokens are void. It is only for the owner
    /// of the data folder; in the web interface, it would let an administrator act as another user.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is no such user or it is disabled.
    pub fn sign_in_link(&mut self, name: &str) -> Result<Secret, Error> {
        self.change(|change| make_for(change, name, Purpose::SignIn, SIGN_IN))
    }

    /// The purpose of a token; `None` if it is not valid. The token stays valid.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn invitation(&self, token: &str) -> Result<Option<Invitation>, Error> {
        let at = self.at();
        self.read(|database| usable(database, &token::digest(token), at))
    }

    /// Uses a token: creates a user with this name and password, or sets this password for its user (`name` is ignored then),
    /// which ends that user's sessions. It works once; of two uses at the same time, one succeeds. It hashes like `sign_in`.
    ///
    /// # Errors
    /// [`Error::Refused`], with the token still valid: the name or password is invalid, or the name is taken. Also if the token
    /// is not valid, or is one to sign in with.
    pub fn accept(&mut self, token: &str, name: &str, password: &str) -> Result<User, Error> {
        let (digest, at) = (token::digest(token), self.at());
        let name = self.read(|database| user_name(database, &digest, at, name))?;
        password::check(password, &name)?;
        let hash = password::hash(password)?;
        self.change(|change| {
            // Everything is checked again, because much may have changed in the meantime.
            let name = user_name(&change.transaction, &digest, change.at, &name)?;
            let invitation = usable(&change.transaction, &digest, change.at)?.ok_or_else(void_link)?;
            change.transaction.execute("DELETE FROM invitations WHERE digest = ?", [digest])?;
            let role = match invitation.purpose {
                Purpose::Password(user) | Purpose::SignIn(user) => return reset(change, user, &hash),
                Purpose::FirstAdministrator => Role::Administrator,
                Purpose::NewUser(role) => role,
            };
            create(change, &name, role, &hash)
        })
    }
}

/// Voids the links of a user.
pub(super) fn void(change: &Change<'_>, user: &User) -> Result<(), Problem> {
    change.transaction.execute("DELETE FROM invitations WHERE user = ?", [user.id])?;
    Ok(())
}

/// Uses up a token that signs in; returns its user.
pub(super) fn take_sign_in(change: &Change<'_>, token: &str) -> Result<Option<User>, Problem> {
    let digest = token::digest(token);
    let invitation = usable(&change.transaction, &digest, change.at)?;
    let Some(Purpose::SignIn(user)) = invitation.map(|invitation| invitation.purpose) else {
        return Ok(None);
    };
    change.transaction.execute("DELETE FROM invitations WHERE digest = ?", [digest])?;
    Ok(Some(user))
}

/// Creates a link for a user, the only one of its kind.
fn make_for(
    change: &Change<'_>,
    name: &str,
    purpose: fn(User) -> Purpose,
    lasts: i64,
) -> Result<Secret, Problem> {
    let user = need(&change.transaction, name)?.user;
    if user.disabled_at.is_some() {
        return Err(Problem::conflict(format!("{} is disabled", user.name)));
    }
    let id = user.id;
    let purpose = purpose(user);
    let older = "DELETE FROM invitations WHERE user = ? AND purpose = ?";
    change.transaction.execute(older, (id, stored(&purpose).0))?;
    make(change, &purpose, lasts)
}

fn make(change: &Change<'_>, purpose: &Purpose, lasts: i64) -> Result<Secret, Problem> {
    change.transaction.execute("DELETE FROM invitations WHERE expires_at <= ?", [change.at])?;
    let (token, digest) = token::fresh()?;
    let (kind, role, user) = stored(purpose);
    let expires_at = change.at.saturating_add(lasts);
    let sql = "INSERT INTO invitations (digest, purpose, role, user, created_at, expires_at) \
               VALUES (?, ?, ?, ?, ?, ?)";
    let role = role.map(Role::name);
    let row = (digest, kind, role, user.map(|user| user.id), change.at, expires_at);
    change.transaction.execute(sql, row)?;
    let subject = user.map_or("new user", |user| &user.name);
    let detail = json!({ "for": kind, "role": role, "expires_at": expires_at });
    change.audit("link.create", subject, &detail)?;
    Ok(token)
}

/// The stored form of a purpose: its kind, the role, the user.
fn stored(purpose: &Purpose) -> (&'static str, Option<Role>, Option<&User>) {
    match purpose {
        Purpose::FirstAdministrator => ("administrator", None, None),
        Purpose::NewUser(role) => ("user", Some(*role), None),
        Purpose::Password(user) => ("password", None, Some(user)),
        Purpose::SignIn(user) => ("sign-in", None, Some(user)),
    }
}

/// The link with that token, if it is valid.
fn usable(database: &Connection, digest: &Digest, at: i64) -> Result<Option<Invitation>, Problem> {
    let sql = "SELECT purpose, role, user, expires_at FROM invitations \
               WHERE digest = ?1 AND expires_at > ?2 AND created_at <= ?2 + ?3";
    let row = database.prepare_cached(sql)?.query_row((digest, at, AHEAD), |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?, row.get(2)?, row.get(3)?))
    });
    let Some((kind, role, user, expires_at)) = row.optional()? else { return Ok(None) };
    let user = match user {
        Some(id) => by_id(database, id)?.filter(|user: &User| user.disabled_at.is_none()),
        None => None,
    };
    let purpose = match (kind.as_str(), role.as_deref().and_then(Role::named), user) {
        ("administrator", ..) if is_empty(database)? => Purpose::FirstAdministrator,
        ("user", Some(role), _) => Purpose::NewUser(role),
        ("password", _, Some(user)) => Purpose::Password(user),
        ("sign-in", _, Some(user)) => Purpose::SignIn(user),
        _ => return Ok(None),
    };
    Ok(Some(Invitation { purpose, expires_at }))
}

/// The name for which a token is accepted: a new name that can be taken, or the name of its user.
fn user_name(database: &Connection, digest: &Digest, at: i64, name: &str) -> Result<String, Problem> {
    let invitation = usable(database, digest, at)?.ok_or_else(void_link)?;
    match invitation.purpose {
        Purpose::SignIn(_) => Err(void_link()),
        Purpose::Password(user) => Ok(user.name),
        Purpose::FirstAdministrator | Purpose::NewUser(_) => {
            super::name::check(name)?;
            match find(database, name)? {
                Some(Stored { user, .. }) => {
                    Err(Problem::conflict(format!("there is already a user {}", user.name)))
                }
                None => match super::lookalike(database, name)? {
                    Some(other) => {
                        Err(Problem::conflict(format!("the name looks like that of the user {other}")))
                    }
                    None => Ok(name.to_owned()),
                },
            }
        }
    }
}

fn reset(change: &Change<'_>, user: User, hash: &str) -> Result<User, Problem> {
    replace_password(change, &user, hash, None)?;
    change.audit_as(&user.name, "user.password", &user.name, &json!({ "by": "link" }))?;
    Ok(user)
}

fn void_link() -> Problem {
    Problem::missing("this link is no longer valid: it was used, has expired, or was replaced by a newer one")
}
