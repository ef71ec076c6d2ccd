//! Pushes to a scripted MISP over real sockets.

mod kit;
mod misp;
mod trouble;
