//! Outgoing HTTP: connections, proxies, TLS, bounded bodies, and a rate that all processes share.
//!
//! A [`Client`] sends requests to one [`Target`] through a pool of connections, and [`Body`] reads the answers. In the order of
//! the data flow: `budget` (when a request may be sent), `proxy`, `environment` and `login` (the proxy and its login), `dial`,
//! `tls`, `pem_file` and `connector` (the connection), `progress` (how far it got), `request` (one request, up to the headers of
//! its answer), `body` (bytes, decompressed), `exchange` (a request and its short answer). An [`Address`] is what users write.
//!
//! Every wait and every size is limited by [`Limits`] and a [`Deadline`]. Redirects are not followed, and no request is sent
//! twice unless the connection was closed before the request was written. Every failure has its own kind of [`ClientError`],
//! with the host or proxy that caused it. This crate knows nothing about passive DNS, settings or users.

mod address;
mod body;
mod budget;
mod connector;
mod dial;
mod environment;
mod error;
mod exchange;
mod limits;
mod login;
mod pem_file;
mod progress;
mod proxy;
mod request;
mod tls;

pub use address::{Address, AddressFault};
pub use body::Body;
pub use budget::Budget;
pub use dial::{Dial, DialError, Dialled, Io, Tcp, authority};
pub use environment::{Found, ProxyEnvironment};
pub use error::{ClientError, TlsFault, printable};
pub use exchange::Answer;
pub use limits::{Deadline, Limits};
pub use login::{MAX_PASSWORD, basic, proxy_authorization, proxy_user_fault, without};
pub use pem_file::check_ca_file;
pub use progress::{Stage, Trail};
pub use proxy::{Proxy, ProxyFault, Refusal, proxy_address, takes_basic};
pub use request::{Client, Target};
pub use tls::Tls;
