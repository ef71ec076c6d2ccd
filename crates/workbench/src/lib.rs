//! The persistent data of an analyst's work: installed integrations and their secrets, runs with their evidence, the threat
//! library, users, tokens, and the audit trail.
//!
//! [`Workbench`] is one open data folder; `opening` opens it, and [`Error`] lists its errors. Several processes may use one
//! folder at once: every change is one transaction that waits for its turn. [`Desk`] does the same for the tasks of one
//! process.
//!
//! ```text
//! DIR/workbench.sqlite   everything but large answers; the tables are in schema.sql, then schema-2.sql and so on
//! DIR/workbench.head     the latest state of the database, so that lost transactions are noticed
//! DIR/answers/           evidence: large answers of providers
//! DIR/abilities/         which queries providers support, as they declared with their last answer
//! DIR/lists/             warning lists, which the crate `context` keeps
//! DIR/quotas/            what providers last said about quotas
//! DIR/secret.key         the key that encrypts secrets, mode 0600
//! DIR/secret.key.new     its successor, while the key is being changed
//! DIR/token-usage        current usage of limited tokens, shared by the servers of the folder
//! DIR/workers/           which processes are working on runs
//! ```
//!
//! Errors are grouped by their cause: the user ([`Error::Refused`], of a [`Kind`]) or our disk (the others). A [`Hint`] states
//! what to do about an error, and each interface words it itself.

pub mod audit;
mod backup;
pub mod csv;
mod database;
mod desk;
mod error;
pub mod exchange;
mod files;
mod handover;
mod hint;
pub mod history;
mod indicator_key;
pub mod integration;
pub mod investigation;
pub mod job;
pub mod json;
pub mod library;
pub mod listing;
pub mod loading;
mod opening;
pub mod push;
mod refusal;
pub mod run;
pub mod search;
mod secret;
pub mod text;
pub mod token;
pub mod user;
mod verify;

pub use backup::{Backup, restore};
pub use database::{Checked, Lost, Notice, Step, Workbench};
pub use desk::Desk;
pub use error::Error;
pub use handover::{Attached, Claimed, MarkedIndicator};
pub use hint::Hint;
pub use refusal::{Kind, Refusal};
pub use verify::Verified;
