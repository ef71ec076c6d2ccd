//! What is kept, as its users meet it: the real binary in an empty home, the guide's rows in their order.
//!
//! [`home`] starts it. [`installing`] and [`configuring`] follow the guide's installation and configuration, [`testing`]
//! its connection test; [`indicator`] is the library by hand; [`shapes`] keeps what programs read; [`trouble`] is everything that can be wrong with a folder.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a helper that fails is a failed test")]

mod asking;
mod configuring;
mod home;
mod indicator;
mod installing;
mod shapes;
mod testing;
mod trouble;
