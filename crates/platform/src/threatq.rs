//! ThreatQ: its REST API, as far as indicators, their relationships and its operations need it.
//!
//! A [`Connection`] logs in with a [`Login`] and keeps what it learns about one instance: its types and statuses, which have other
//! numbers on every instance and are found by [`Names`]. `answer` reads what arrives and `body` writes what is sent; both are pure.
//! [`indicators`] finds and writes indicators, [`operations`] lists and executes the operations that are installed there, and
//! [`records`] finds passive-DNS records in what they answer. [`push`] brings indicators and relationships to a ThreatQ, and [`pull`]
//! reads them from one. [`taking`] is a whole pull into the workbench, and [`executing`] a whole execution, for command and pages;
//! [`json`] is what both say to programs.
//!
//! Nothing is sent twice by the connection itself, except for what only reads, and after a token has expired: then it logs in
//! once more. It logs in again instead of using a refresh token, which would be part of an address, and addresses are logged.
//! Redirects are not followed. Errors: [`ThreatqError`], which states whether the platform may have acted.

mod answer;
mod body;
mod configured;
mod connection;
mod error;
pub mod executing;
pub mod indicators;
pub mod json;
mod login;
mod names;
pub mod operations;
pub mod pull;
pub mod push;
pub mod records;
pub mod taking;

pub use answer::Found;
pub use configured::Threatq;
pub use connection::Connection;
pub use error::{Said, ThreatqError};
pub use login::{Login, LoginFault};
pub use names::{Named, Names};
