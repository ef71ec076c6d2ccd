//! Users of the web workbench: who there is, what each may do, and who is signed in.
//!
//! A [`User`] has a [`Role`], which has [`Permission`]s. Users come by links that work once ([`Invitation`]), sign in with a
//! password ([`Workbench::sign_in`]) and are known by the token of their [`Session`] from then on. Passwords are kept as
//! Argon2id hashes, tokens as BLAKE3 hashes; neither is shown again, logged or audited.
//!
//! Nothing here asks who may: whoever opens the data folder may do everything. The web asks [`Role::require`] first.
//! What cannot be done is [`Error::Refused`]. Every change but [`Workbench::touch`] has its entry in the audit trail.

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

/// How far ahead a stored time may be, in seconds, before the clock counts as having been wrong when it was stored.
const AHEAD: i64 = 600;

/// Somebody who may work here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Never given twice.
    pub id: i64,
    /// What it is called; no new user can take a name that looks like it.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Since when it is there, in seconds since the epoch.
    pub created_at: i64,
    /// Since when it cannot sign in, in seconds since the epoch; `None` while it can.
    pub disabled_at: Option<i64>,
}

impl User {
    /// From the columns id, name, role, `created_at` and `disabled_at`, which come first.
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let role: String = row.get(2)?;
        Ok(Self {
            id: row.get(0)?,
            name: row.get(1)?,
            // The table takes no other; if it did, such a user should not be let do anything.
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
    /// [`Error`], when the database cannot be read.
    pub fn users(&self) -> Result<Vec<User>, Error> {
        self.read(|database| {
            let mut statement = database.prepare_cached(&select("1 ORDER BY folded"))?;
            Ok(statement.query_map([], User::read)?.collect::<Result<_, _>>()?)
        })
    }

    /// Gives a user another role, from its next request on; gives false where it has that role.
    ///
    /// # Errors
    /// [`Error::Refused`], when nobody has that name, or it is the last administrator who can sign in.
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

    /// Lets a user sign in no more, and ends its sessions and links; gives false where it was disabled already.
    ///
    /// # Errors
    /// [`Error::Refused`], when nobody has that name, or it is the last administrator who can sign in.
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

    /// Lets a user sign in again, with the password and role it had; gives false where it could.
    ///
    /// # Errors
    /// [`Error::Refused`], when nobody has that name.
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

/// A user with what is kept of the password.
#[derive(Debug)]
struct Stored {
    user: User,
    password: String,
}

/// The user with that name, in whatever case.
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

/// Whether there is no user yet.
fn is_empty(database: &Connection) -> Result<bool, Problem> {
    Ok(database.query_row("SELECT NOT EXISTS (SELECT 1 FROM users)", [], |row| row.get(0))?)
}

/// Adds a user whose name and password were checked.
fn create(change: &Change<'_>, name: &str, role: Role, hash: &str) -> Result<User, Problem> {
    let sql = "INSERT INTO users (name, folded, role, password, created_at) VALUES (?, ?, ?, ?, ?)";
    change.transaction.execute(sql, (name, fold(name), role.name(), hash, change.at))?;
    let id = change.transaction.last_insert_rowid();
    change.audit_as(name, "user.create", name, &json!({ "role": role.name() }))?;
    Ok(User { id, name: name.to_owned(), role, created_at: change.at, disabled_at: None })
}

/// Refuses to take its role or its access from the last administrator who can sign in.
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

/// The user whose name looks like this one. There are few users, so all are looked at.
fn lookalike(database: &Connection, name: &str) -> Result<Option<String>, Problem> {
    let mut statement = database.prepare_cached("SELECT name FROM users")?;
    let names = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    let wanted = Readings::of(name);
    Ok(names.into_iter().find(|known| Readings::of(known).share(&wanted)))
}

/// A name as names are compared.
fn fold(name: &str) -> String {
    name.to_lowercase()
}

#[cfg(test)]
mod tests;
