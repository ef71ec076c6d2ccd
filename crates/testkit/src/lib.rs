//! What the tests of the other crates share. It imports only the basic types of `cof`.
//!
//! * [`ScriptedProvider`] plays a [`Script`] of [`Exchange`]s byte by byte over memory or TCP, plain or TLS,
//!   and records the [`Request`]s that it got. It uses tokio's time only, so paused time works.
//! * [`ScriptedProxy`] is an HTTP proxy in front of it.
//! * [`answer`] names the ready-made answers, one fault each.
//! * [`clock_from`] makes a clock that goes with tokio's.
//! * [`certificate`] issues certificates that are right, or wrong in one way.
//! * [`gzip`] makes gzip bodies, bombs among them, without a compressor.
//! * [`sample`] generates records in the Common Output Format.
//!
//! Error policy: what a test asks wrongly panics with the reason; what the client under test does wrongly is
//! answered as a web server would, or ends the connection, and is left to the test to assert.

pub mod answer;
pub mod certificate;
mod clock;
mod framing;
pub mod gzip;
mod head;
mod ledger;
mod port;
mod provider;
mod proxy;
mod request;
pub mod sample;
mod script;
mod serve;

pub use clock::clock_from;
pub use ledger::ConnectFault;
pub use port::ClosedPort;
pub use provider::ScriptedProvider;
pub use proxy::ScriptedProxy;
pub use request::Request;
pub use script::{Exchange, Script, Step};
