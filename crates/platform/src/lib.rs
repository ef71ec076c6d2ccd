//! Sends what was found to other platforms.
//!
//! In the order of the data flow: [`push`] takes a push of the workbench over and reads what it hands over (`gathered`); a
//! [`Recipient`] is a configured platform, which compares that with what it has, and takes the difference in small batches.
//! [`misp`] is the client of MISP, and [`threatq`] that of ThreatQ; `service` sends single requests to MISP, with the rate that all processes share; [`check`] tests a
//! connection.
//!
//! The documents themselves are made by `export`, and what became of a push is stored by `workbench`. Nothing that is marked stricter
//! than the maximum of a platform reaches this crate's requests: `export::Handover` leaves it out.
//!
//! Errors: a [`PlatformError`] says what the platform or the connection to it did, with a hint, and never contains a secret.

mod check;
mod error;
mod gathered;
pub mod misp;
pub mod push;
mod recipient;
mod service;
pub mod threatq;

pub use check::check;
pub use error::PlatformError;
pub use recipient::Recipient;
