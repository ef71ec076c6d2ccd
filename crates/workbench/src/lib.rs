//! What persists of an analyst's work: installed integrations and their secrets, runs with their evidence, the threat
//! library, users, tokens, the audit trail.
//!
//! [`Workbench`] is one open data folder; `opening` opens it, [`Error`] says what can be wrong with it.
//! Several processes may work in one folder at once: every change is one transaction that waits its turn. [`Desk`] is the
//! same for the tasks of one process.
//!
//! ```text
//! DIR/workbench.sqlite   everything but the evidence; the tables are in schema.sql, then schema-2.sql, schema-3.sql
//! DIR/workbench.head     how far it has come, so that lost transactions are noticed
//! DIR/answers/           evidence: what providers answered
//! DIR/secret.key         the key that secrets are encrypted with, mode 0600
//! DIR/secret.key.new     its successor, while the key is changed
//! DIR/token-usage        what limited tokens used right now, shared by the servers of the folder
//! DIR/workers/           who works on a run right now
//! ```
//!
//! Errors are typed by who is to blame: the user ([`Error::Refused`], of a [`Kind`]), our disk (the rest).
//! What to do about one is a [`Hint`], which each surface puts into its own words.

pub mod audit;
mod backup;
pub mod csv;
mod database;
mod desk;
mod error;
mod files;
mod hint;
mod indicator_key;
pub mod integration;
pub mod json;
pub mod library;
pub mod loading;
mod opening;
mod refusal;
pub mod run;
mod secret;
pub mod text;
pub mod token;
pub mod user;
mod verify;

pub use backup::{Backup, restore};
pub use database::{Checked, Lost, Notice, Step, Workbench};
pub use desk::Desk;
pub use error::Error;
pub use hint::Hint;
pub use refusal::{Kind, Refusal};
pub use verify::Verified;
