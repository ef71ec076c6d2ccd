//! Providers: sends queries to a remote passive-DNS service, or to the own database, and streams the answers.
//!
//! A [`Provider`] is configured once and used for many queries. [`Provider::ask`] sends one query, reads all pages, and passes
//! the answer to a [`Sink`]. In the order of the data flow: `config` and `login` (what is sent, from the settings), `connection` (where to), `proxy`,
//! `proxy_login` and `proxy_in_force` (the proxy), `protocol` with a file for each protocol such as `cof` (the form of a
//! query, and how pages follow each other), `page` (one request, retried if useful), `response` (the meaning of its status),
//! `intake` (bytes to records), `completeness` (whether the answer is complete), `quota` (what is left of a quota), `orientation` (which side is the owner).
//! Connections, TLS, bodies and the shared rate are in the crate `client`. `own_database` reads the passive-DNS database of the data
//! folder instead, and writes what it reads as a service would send it. [`replay`] reads a stored answer again.
//!
//! Redirects are not followed, no name is resolved except the provider's own host, and every limit is in [`Limits`]. Every
//! failure has its own [`ProviderError`], with a hint; what arrived before it is kept and marked as incomplete.

mod ask;
mod check;
mod completeness;
mod config;
mod connection;
mod error;
mod intake;
mod login;
mod orientation;
mod own_database;
mod page;
mod protocol;
mod proxy;
mod proxy_in_force;
mod proxy_login;
mod question;
mod quota;
mod replay;
mod response;

pub use ask::{HttpProvider, Outcome, Provider, Sink, Stop};
pub use check::{Checked, Standing, Step, check};
// What is needed to create a provider, and the types in its errors.
pub use client::{
    Budget, ClientError, Dial, DialError, Dialled, Io, ProxyEnvironment, Stage, Tcp, TlsFault, check_ca_file,
};
pub use completeness::{Completeness, State};
pub use config::{Config, ConfigError, HttpConfig, Limits, warnings};
pub use connection::Connection;
pub use error::ProviderError;
pub use orientation::{Orientation, orientation_of};
pub use own_database::{OwnDatabase, OwnDatabaseConfig, OwnDatabaseProvider};
pub use protocol::ABILITIES;
pub use proxy_in_force::{ProxyInForce, ProxySource};
pub use proxy_login::check_proxy_login;
pub use quota::Quota;
pub use replay::replay;
