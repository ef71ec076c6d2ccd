//! Incoming connections: what stands between a socket and the code that answers.
//!
//! [`listen`] holds the connections, plain or TLS, within [`limits`]. [`watch`] stands before everything, counts into [`metrics`]
//! and tells the access log. [`gate`] says who asks for passive DNS and how much: tokens, and the [`credentials`] of the command
//! line. [`turns`] serves those who wait by turns of who asks, [`compress`] codes answers, and [`proxy`] reads what a proxy in
//! front says. [`problem`] is the one error that leaves the server.
//!
//! Nothing here knows a route: the crates above say what is answered.

pub mod compress;
pub mod credentials;
pub mod gate;
pub mod limits;
pub mod listen;
pub mod metrics;
pub mod problem;
pub mod proxy;
pub mod turns;
pub mod watch;
