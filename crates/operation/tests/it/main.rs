//! The provider client against a scripted provider: one test a fault, named after it, under paused time.
//!
//! `kit` puts the question and holds what came of it; the other modules are in the order in which an answer comes
//! about: the way there, the request, its status, its body, what the body says, its pages.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a helper that fails is a failed test")]

mod body;
mod check;
mod connect;
mod content;
mod guide;
mod kit;
mod pages;
mod request;
mod status;
