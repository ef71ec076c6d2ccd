//! Test support for the other crates. It only imports the basic types of `cof`.
//!
//! * [`ScriptedProvider`] plays a [`Script`] of [`Exchange`]s byte by byte over memory or TCP, plain or TLS,
//!   and records the [`Request`]s it received. It only uses tokio's time, so paused time works.
//! * [`ScriptedProxy`] is an HTTP proxy in front of it.
//! * [`answer`] contains ready-made answers, one fault each.
//! * [`clickhouse`] starts a ClickHouse server with `ZooKeeper`.
//! * [`clock_from`] creates a clock that follows tokio's.
//! * [`certificate`] issues certificates that are valid, or have one defect.
//! * [`figure`] is a measured value with its goal, as benchmarks print it.
//! * [`dnstap`] makes frame streams as resolvers write them.
//! * [`gzip`] creates gzip bodies, including decompression bombs, without a compressor.
//! * [`misp`] is a MISP instance that keeps what it is sent, with named faults.
//! * [`mmdb`] writes files that say where addresses are.
//! * [`threatq`] is a ThreatQ with numbers that are random at each start, and with faults.
//! * [`sample`] generates records in the Common Output Format.
//!
//! Errors: a mistake of the test panics with the reason. A mistake of the client under test is answered as a web server would,
//! or closes the connection, and the test has to check it.

pub mod answer;
pub mod certificate;
pub mod clickhouse;
mod clock;
pub mod dnstap;
pub mod figure;
mod framing;
pub mod gzip;
mod head;
mod ledger;
pub mod misp;
pub mod mmdb;
mod port;
mod provider;
mod proxy;
mod request;
pub mod sample;
mod script;
mod serve;
pub mod threatq;

pub use clock::clock_from;
pub use ledger::ConnectFault;
pub use port::ClosedPort;
pub use provider::ScriptedProvider;
pub use proxy::ScriptedProxy;
pub use request::Request;
pub use script::{Exchange, Script, Step};
