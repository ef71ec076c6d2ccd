//! Every engine must answer as a model does that merges by brute force.
//!
//! `model` is that model, `tuples` makes up observations and questions, `conformance` compares: a new engine is one
//! more line at its end. `rules` are the promises of the trait that one example shows.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a failed test says so")]

mod conformance;
mod crash;
mod disk;
mod engine;
mod folder;
mod limits;
mod migration;
mod model;
mod positions;
mod rules;
mod tuples;
