//! Our passive-DNS service over HTTP, CIRCL's interface on a store; and the workbench, as pages and as an API.
//!
//! ```text
//! GET /pdns/query/VALUE     what is known of a value, one JSON object a line (Common Output Format)
//! GET /healthz              200 and "ok"; needs no credentials
//! /, /api/v1, /assets       the workbench, where a [`Site`] is served: see below
//! ```
//!
//! HEAD works where GET does. Everything else is 404, or 405 for another method. Every error is problem details
//! (RFC 9457, `application/problem+json`): `type`, `title`, `status`, `detail`.
//!
//! # The value
//!
//! All of the path behind `/pdns/query/`, percent-decoded once, slashes included: what [`store::Subject::parse`] reads.
//! CIRCL's are a name and an address; *ours besides* are `*.example.com`, `192.0.2.0/24` (also `192.0.2.0,24`),
//! `192.0.2.1-192.0.2.9`, `rdata:ns1.example.com` and `rdata:*.example.com`. An address is answered as CIRCL does:
//! all records of every name that has it. What is no question is 400 with the forms that are.
//!
//! # The answer
//!
//! `application/x-ndjson`, whatever is accepted; 200 and an empty body for nothing found. In a fixed order:
//! [`store::Order::Key`]. Times and counts are numbers, unknown types too, data is a string, one a record.
//! Without any of the headers below, all rows: up to 1,000 at once with their length, more as a stream, which is
//! aborted, never ended cleanly, when it has to be cut.
//!
//! # CIRCL's headers
//!
//! | request | meaning |
//! | --- | --- |
//! | `dribble-paginate-count: N` | at most so many rows, 1 to 1,000; more is taken as 1,000 |
//! | `dribble-paginate-cursor: N` | go on behind the page that came with this cursor; 0 is the start |
//! | `dribble-filter-rrtype: T` | only this type; what is no type gives an empty answer |
//! | `dribble-disable-active-query` | taken for granted: nothing here ever asks the DNS |
//!
//! | response | meaning |
//! | --- | --- |
//! | `x-dribble-cursor: N` | there are more rows; a decimal number above 0, of up to 1,243 digits. Only to a request with a count |
//! | `x-dribble-errors` | `sort=newest` was cut at 10,000 rows |
//!
//! # Our parameters
//!
//! Old clients never send them; unknown ones are ignored, a known one that is repeated or unreadable is 400.
//! Where a header says the same, the parameter wins.
//!
//! | parameter | meaning |
//! | --- | --- |
//! | `limit=N` | as `dribble-paginate-count`; with `sort=newest` up to 10,000 |
//! | `cursor=N` | as `dribble-paginate-cursor` |
//! | `rrtype=A,NS` | only these types, up to 64 |
//! | `time_first_after`, `time_first_before`, `time_last_after`, `time_last_before` | only what was first, last seen then or later, earlier; seconds since the epoch, inclusive. They choose the names that an address brings, too |
//! | `expand=0` | an address: only its own records |
//! | `sort=newest` | by last seen, the newest 10,000, without cursor; `sort=key` is the usual order |
//!
//! # Credentials
//!
//! If any are configured, `Authorization: Basic`, or a token as `Authorization: Bearer T`, as `Authorization: T` or as
//! `X-API-Key: T`. What is not right is 401, and not said to be wrong in which part.
//!
//! # The workbench
//!
//! With [`Service::with_site`] browsers are served too. `access` stands before all of it and says who may what, `page` is what
//! people see, `api` the same for programs, `asset` what pages load, `connection` tries an integration, `text` escapes.
//! Its sign-ins are its own: the credentials above are for passive DNS alone.
//!
//! # In this crate
//!
//! [`run`] serves a [`Service`] on a listener until told to stop. A request goes through `request` (what is asked),
//! `value`, `parameters` and `credentials`, to `answer`; `problem` is the one error at the edge.
//! A store that fails before the first byte is 500; after it, the connection is cut.
//!
//! [`Database`] is the passive-DNS database of a folder for commands, [`Door`] what lets them in while a server has it.
//! `timeline` and `graph` lay out the pictures of an answer as HTML; `links` are the addresses in them.

mod access;
mod answer;
mod api;
mod asset;
mod connection;
mod credentials;
mod database;
mod graph;
mod job;
mod links;
mod page;
mod parameters;
mod problem;
mod request;
#[cfg(test)]
mod sample;
mod service;
mod site;
mod text;
mod timeline;
mod value;

pub use credentials::CredentialError;
pub use database::{Database, Door, Handed, SOCKET};
pub use service::{Service, run};
pub use site::Site;
