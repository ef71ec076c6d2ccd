//! Incoming connections: what stands between a socket and the code that answers.
//!
//! [`listen`] holds the connections, plain or TLS, within [`limits`]; `paced` ends bodies that arrive too slowly. [`watch`] runs
//! before everything else, counts into [`metrics`] and writes the access log. [`gate`] decides who may query passive DNS and how
//! much: tokens, and the [`credentials`] of the command line. [`turns`] serves waiting clients in turn, [`compress`] encodes answers,
//! and [`proxy`] reads what a proxy in front says. [`problem`] is the one error that leaves the server.
//!
//! Nothing here knows a route: the crates above say what is answered.

pub mod compress;
pub mod credentials;
pub mod gate;
pub mod limits;
pub mod listen;
pub mod metrics;
mod paced;
pub mod problem;
pub mod proxy;
pub mod turns;
pub mod watch;
