//! Incoming connections: everything between a socket and the code that answers requests.
//!
//! [`listen`] accepts connections, plain or TLS, within [`limits`]; `paced` ends bodies that arrive too slowly. [`watch`] runs
//! before everything else, counts into [`metrics`] and writes the access log. [`gate`] decides which clients may query passive
//! DNS, and how much: with tokens, and the [`credentials`] of the command line. [`turns`] serves waiting clients in turn,
//! [`compress`] encodes responses, and [`proxy`] reads the headers of a proxy in front. [`problem`] is the only error that the
//! server sends.
//!
//! This crate knows no routes: the crates above determine the responses.

pub mod compress;
pub mod credentials;
pub mod front;
pub mod gate;
pub mod limits;
pub mod listen;
pub mod metrics;
mod paced;
pub mod problem;
pub mod proxy;
pub mod turns;
pub mod watch;
