//! Pushes to a scripted MISP and a scripted ThreatQ over real sockets.

mod kit;
mod misp;
mod threatq;
mod threatq_push;
mod trouble;
