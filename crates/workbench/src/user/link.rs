//! Links that work once: for the first administrator, for a new user, for a forgotten password, and to sign in.
//!
//! What a link carries is a token; where it leads is the web's matter. A link is void once it was used, has expired, or a newer
//! one for the same took its place, or was made in the future by a clock that has been set back since (an invitation of a new user is for nobody in particular, so those stand side by side).

use operation::Secret;
use rusqlite::{Connection, OptionalExtension};
use serde_json::json;

use super::sign_in::replace_password;
use super::token::{self, Digest};
use super::{AHEAD, Role, Stored, User, by_id, create, find, is_empty, need, password};
use crate::database::{Change, Problem};
use crate::{Error, Workbench};

/// How long the first administrator's link works, in seconds: an hour, for it stands in a terminal or a log.
const FIRST: i64 = 3600;
/// How long an invitation works, in seconds: a week, for it waits for a person.
const INVITED: i64 = 7 * 24 * 3600;
/// How long a link to set a password works, in seconds: a day.
const RESET: i64 = 24 * 3600;
/// How long a link that signs in works, in seconds: an hour.
const SIGN_IN: i64 = 3600;

/// What a link is for, while it works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// What it does.
    pub purpose: Purpose,
    /// Until when it works, in seconds since the epoch.
    pub expires_at: i64,
}

/// What a link does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Makes the first user, an administrator.
    FirstAdministrator,
    /// Makes a user with this role.
    NewUser(Role),
    /// Gives this user another password.
    Password(User),
    /// Signs this user in: [`Workbench::sign_in_by_link`].
    SignIn(User),
}

impl Workbench {
    /// A token that makes the first administrator, for an hour; `None` once there is a user. Older ones are void.
    ///
    /// # Errors
    /// [`Error`], when the database cannot be written.
    pub fn first_link(&mut self) -> Result<Option<Secret>, Error> {
        self.change(|change| {
            if !is_empty(&change.transaction)? {
                return Ok(None);
            }
            change.transaction.execute("DELETE FROM invitations WHERE purpose = 'administrator'", [])?;
            make(change, &Purpose::FirstAdministrator, FIRST).map(Some)
        })
    }

    /// A token that makes a user with this role, for seven days.
    ///
    /// # Errors
    /// [`Error`], when the database cannot be written.
    pub fn invite(&mut self, role: Role) -> Result<Secret, Error> {
        self.change(|change| make(change, &Purpose::NewUser(role), INVITED))
    }

    /// A token that gives a user another password, for a day. Until then the old one holds; older such tokens are void.
    ///
    /// # Errors
    /// [`Error::Refused`], when nobody has that name or the user is disabled.
    pub fn reset_link(&mut self, name: &str) -> Result<Secret, Error> {
        self.change(|change| make_for(change, name, Purpose::Password, RESET))
    }

    /// A token that signs a user in without a password, for an hour; older such tokens are void. It is for whoever owns
    /// the data folder; on the web it would let an administrator act as somebody else.
    ///
    /// # Errors
    /// [`Error::Refused`], when nobody has that name or the user is disabled.
    pub fn sign_in_link(&mut self, name: &str) -> Result<Secret, Error> {
        self.change(|change| make_for(change, name, Purpose::SignIn, SIGN_IN))
    }

    /// What a token is for; `None` where it does not work. It stays as it is.
    ///
    /// # Errors
    /// [`Error`], when the database cannot be read.
    pub fn invitation(&self, token: &str) -> Result<Option<Invitation>, Error> {
        let at = self.at();
        self.read(|database| usable(database, &token::digest(token), at))
    }

    /// Does what a token is for: makes a user with this name and password, or gives its user this password (then the name
    /// is not looked at), which ends that user's sessions. Works once; two at once make one. Hashes as `sign_in` does.
    ///
    /// # Errors
    /// [`Error::Refused`], and the token still works: a name or password that cannot be taken, a name that somebody has.
    /// The same for a token that does not work, or is one to sign in with.
    pub fn accept(&mut self, token: &str, name: &str, password: &str) -> Result<User, Error> {
        let (digest, at) = (token::digest(token), self.at());
        let name = self.read(|database| user_name(database, &digest, at, name))?;
        password::check(password, &name)?;
        let hash = password::hash(password)?;
        self.change(|change| {
            // All of it again: much may have happened meanwhile.
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

/// Voids the links that are for a user.
pub(super) fn void(change: &Change<'_>, user: &User) -> Result<(), Problem> {
    change.transaction.execute("DELETE FROM invitations WHERE user = ?", [user.id])?;
    Ok(())
}

/// Uses up a token that signs in; gives who.
pub(super) fn take_sign_in(change: &Change<'_>, token: &str) -> Result<Option<User>, Problem> {
    let digest = token::digest(token);
    let invitation = usable(&change.transaction, &digest, change.at)?;
    let Some(Purpose::SignIn(user)) = invitation.map(|invitation| invitation.purpose) else {
        return Ok(None);
    };
    change.transaction.execute("DELETE FROM invitations WHERE digest = ?", [digest])?;
    Ok(Some(user))
}

/// Makes a link for a user, the only one of its kind.
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

/// A purpose as it is stored: its kind, the role, the user.
fn stored(purpose: &Purpose) -> (&'static str, Option<Role>, Option<&User>) {
    match purpose {
        Purpose::FirstAdministrator => ("administrator", None, None),
        Purpose::NewUser(role) => ("user", Some(*role), None),
        Purpose::Password(user) => ("password", None, Some(user)),
        Purpose::SignIn(user) => ("sign-in", None, Some(user)),
    }
}

/// The link with that token, if it works.
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

/// Whom a token is accepted for: a new name that can be taken, or the name that its user has.
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
