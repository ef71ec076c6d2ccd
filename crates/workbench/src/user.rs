//! Users of the web workbench: which users exist, what each may do, and who is signed in.
//!
//! A [`User`] has a [`Role`], which has [`Permission`]s. Users are created with links that work once ([`Invitation`]), sign in
//! with a password ([`Workbench::sign_in`]), and are then identified by the token of their [`Session`]. Passwords are stored as
//! Argon2id hashes, tokens as BLAKE3 hashes; neither is shown again, logged or audited.
//!
//! Nothing here checks permissions: whoever opens the data folder may do everything. The web interface calls [`Role::require`]
//! first. A request that cannot be carried out is [`Error::Refused`]. Every change except [`Workbench::touch`] has an entry in
//! the audit trail.

mod link;
mod name;
mod password;
mod role;
mod session;
mod sign_in;
mod throttle;
mod token;

use rusqlite::{Connection, OptionalExtension, Row};
use serde_json::json;

use crate::database::{Change, Problem};
use crate::{Error, Workbench};

use self::name::Readings;

pub use self::link::{Invitation, Purpose};
pub use self::role::{Permission, Role};
pub use self::session::{Client, Session};
pub use self::sign_in::SignIn;

/// How far in the future a stored time may be, in seconds, before it counts as written with a wrong clock.
const AHEAD: i64 = 600;

/// A user of the workbench.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its number, which is never reused.
    pub id: i64,
    /// Its name; no new user can take a name that looks like it.
    pub name: String,
    /// Its role.
    pub role: Role,
    /// When it was created, in seconds since the epoch.
    pub created_at: i64,
    /// When it was disabled, in seconds since the epoch; `None` if it can sign in.
    pub disabled_at: Option<i64>,
}

impl User {
    /// From the columns id, name, role, `created_at` and `disabled_at`, which come first.
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let role: String = row.get(2)?;
        Ok(Self {
            id: row.get(0)?,
            name: row.get(1)?,
            // The table accepts no other role; if it did, such a user should get the fewest permissions.
            role: Role::named(&role).unwrap_or(Role::Reader),
            created_at: row.get(3)?,
            disabled_at: row.get(4)?,
        })
    }
}

impl Workbench {
    /// All users, by name.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn users(&self) -> Result<Vec<User>, Error> {
        self.read(|database| {
            let mut statement = database.prepare_cached(&select("1 ORDER BY folded"))?;
            Ok(statement.query_map([], User::read)?.collect::<Result<_, _>>()?)
        })
    }

    /// Changes the role of a user, starting with its next request; returns false if it already has that role.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is no such user, or it is the last administrator who can sign in.
    pub fn set_role(&mut self, name: &str, role: Role) -> Result<bool, Error> {
        self.change(|change| {
            let user = need(&change.transaction, name)?.user;
            if user.role == role {
                return Ok(false);
            }
            keep_an_administrator(change, &user)?;
            let sql = "UPDATE users SET role = ? WHERE id = ?";
            change.transaction.execute(sql, (role.name(), user.id))?;
            let detail = json!({ "from": user.role.name(), "to": role.name() });
            change.audit("user.role", &user.name, &detail)?;
            Ok(true)
        })
    }

    /// Disables a user and ends its sessions and links; returns false if it was already disabled.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is no such user, or it is the last administrator who can sign in.
    pub fn disable_user(&mut self, name: &str) -> Result<bool, Error> {
        self.change(|change| {
            let user = need(&change.transaction, name)?.user;
            if user.disabled_at.is_some() {
                return Ok(false);
            }
            keep_an_administrator(change, &user)?;
            let sql = "UPDATE users SET disabled_at = ? WHERE id = ?";
            change.transaction.execute(sql, (change.at, user.id))?;
            link::void(change, &user)?;
            let ended = session::end_all(change, &user, None)?;
            change.audit("user.disable", &user.name, &json!({ "sessions": ended }))?;
            Ok(true)
        })
    }

    /// Enables a user, with its previous password and role; returns false if it was already enabled.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is no such user.
    pub fn enable_user(&mut self, name: &str) -> Result<bool, Error> {
        self.change(|change| {
            let user = need(&change.transaction, name)?.user;
            if user.disabled_at.is_none() {
                return Ok(false);
            }
            change.transaction.execute("UPDATE users SET disabled_at = NULL WHERE id = ?", [user.id])?;
            change.audit("user.enable", &user.name, &json!({}))?;
            Ok(true)
        })
    }
}

/// A user with the stored hash of its password.
#[derive(Debug)]
struct Stored {
    user: User,
    password: String,
}

/// The user with that name, ignoring case.
fn find(database: &Connection, name: &str) -> Result<Option<Stored>, Problem> {
    let mut statement = database.prepare_cached(&select("folded = ?"))?;
    let row = |row: &Row<'_>| Ok(Stored { user: User::read(row)?, password: row.get(5)? });
    Ok(statement.query_row([fold(name)], row).optional()?)
}

fn need(database: &Connection, name: &str) -> Result<Stored, Problem> {
    find(database, name)?.ok_or_else(|| Problem::missing("there is no user with that name"))
}

fn by_id(database: &Connection, id: i64) -> Result<Option<User>, Problem> {
    Ok(database.prepare_cached(&select("id = ?"))?.query_row([id], User::read).optional()?)
}

fn select(which: &str) -> String {
    format!("SELECT id, name, role, created_at, disabled_at, password FROM users WHERE {which}")
}

/// Whether there are no users yet.
fn is_empty(database: &Connection) -> Result<bool, Problem> {
    Ok(database.query_row("SELECT NOT EXISTS (SELECT 1 FROM users)", [], |row| row.get(0))?)
}

/// Adds a user whose name and password were already checked.
fn create(change: &Change<'_>, name: &str, role: Role, hash: &str) -> Result<User, Problem> {
    let sql = "INSERT INTO users (name, folded, role, password, created_at) VALUES (?, ?, ?, ?, ?)";
    change.transaction.execute(sql, (name, fold(name), role.name(), hash, change.at))?;
    let id = change.transaction.last_insert_rowid();
    change.audit_as(name, "user.create", name, &json!({ "role": role.name() }))?;
    Ok(User { id, name: name.to_owned(), role, created_at: change.at, disabled_at: None })
}

/// Refuses to remove the role or access of the last administrator who can sign in.
fn keep_an_administrator(change: &Change<'_>, user: &User) -> Result<(), Problem> {
    if user.role != Role::Administrator || user.disabled_at.is_some() {
        return Ok(());
    }
    let sql = "SELECT EXISTS (SELECT 1 FROM users WHERE role = ? AND disabled_at IS NULL AND id <> ?)";
    let others = (Role::Administrator.name(), user.id);
    if change.transaction.query_row(sql, others, |row| row.get(0))? {
        return Ok(());
    }
    let name = &user.name;
    Err(Problem::conflict(format!(
        "{name} is the last administrator who can sign in; create another one first"
    )))
}

/// A user whose name looks like this one. There are few users, so all of them are compared.
fn lookalike(database: &Connection, name: &str) -> Result<Option<String>, Problem> {
    let mut statement = database.prepare_cached("SELECT name FROM users")?;
    let names = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    let wanted = Readings::of(name);
    Ok(names.into_iter().find(|known| Readings::of(known).share(&wanted)))
}

/// The form in which names are compared.
fn fold(name: &str) -> String {
    name.to_lowercase()
}

#[cfg(test)]
mod tests;
