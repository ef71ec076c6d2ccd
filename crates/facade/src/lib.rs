//! A face with the shape of ThreatQ's API: programs that were written for that platform can work with our operations and our threat
//! library.
//!
//! ```text
//! /api/token                             logging in, by a user's password or by a token
//! /api/plugins…                          our enabled operations, and running them
//! /api/indicators…, /api/indicator/…     the threat library
//! /api/objects, /api/users/current       what clients ask for before they begin
//! /assets/js/config.js                   the public client id, where people look for it
//! ```
//!
//! [`Facade`] is the state, [`routes`] are its routes. `token` logs clients in and `grants` holds their access tokens; `caller` admits
//! requests and checks permissions, which are those of the pages. `plugins`, `execute`, `indicators`, `query` and `attached` answer
//! them; `shape` writes what they answer, `read` and `item` read what is sent, and `kinds` has the numbers of types and statuses. Everything is
//! done through the workbench and through `site`, like on the pages.
//!
//! Every error is a `reply::Fault`, in one of the two shapes that ThreatQ's clients know. `docs/threatq-face.md` describes the
//! interface and its limits.

mod attached;
mod caller;
mod execute;
mod grants;
mod indicators;
mod item;
mod kinds;
mod plugins;
mod query;
mod read;
mod reply;
mod routes;
mod shape;
mod state;
mod token;

pub use routes::routes;
pub use state::{Clients, Facade};
