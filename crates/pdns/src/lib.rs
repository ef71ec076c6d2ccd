//! Passive DNS over HTTP: CIRCL's and DNSDB's interfaces and the records API, on a store.
//!
//! ```text
//! GET /pdns/query/VALUE     what is known of a value, one JSON object a line (Common Output Format)
//! GET /dnsdb/v2/…           the same in DNSDB's way, searches with patterns too: see [`dnsdb`]
//! POST /api/v1/records      takes records in: the same format, plain, gzip or zstd
//! GET /api/v1/lookup, /summary, /stats    the same answers as one JSON object
//! GET /healthz, /readyz     200, or 503 where it cannot answer now; need no credentials
//! GET /metrics              what was counted, for Prometheus; for whoever may read
//! ```
//!
//! A request has passed [`edge::gate`]. [`request`] reads what is asked, with `value` and [`parameters`]; `answer` sends it, and
//! `scan` cuts its searches into slices. [`rows`] is the store with who asks it, [`passive`] what is served of it with the records
//! API. Errors are [`edge::problem::Problem`]s; a store that fails before the first byte is 500, after it the connection is cut.
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
//! | `x-dribble-errors` | `sort=newest` was cut at 10,000 rows, and how many there are |
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
//! | `time_first_after`, `time_first_before`, `time_last_after`, `time_last_before` | only what was first, last seen then or later, earlier; seconds since the epoch or a date (2024-01-31, 20240131; its first second), inclusive. They choose the names that an address brings, too. Two that exclude each other are 400 |
//! | `expand=0` | an address: only its own records |
//! | `sort=newest` | by last seen, the newest 10,000, without cursor; `sort=key` is the usual order |
//!
//! # Credentials
//!
//! A token (`backsight token create`) as the password of `Authorization: Basic`, as `Authorization: Bearer T`, as
//! `Authorization: T` or as `X-API-Key: T`; or a login of the command line. What is not right is 401, and not said to be wrong
//! in which part; a token in the address is 400. Without credentials only where anonymous reading was chosen.
//!
//! | response | meaning |
//! | --- | --- |
//! | `x-ratelimit-limit`, `-remaining`, `-reset` | a token's requests a day, what is left of them, and when (seconds since the epoch) they are anew; `unlimited`, `n/a`, `n/a` without a quota |
//! | 403 | the token may not do this |
//! | 429 with `retry-after` | too fast, or today's quota is used up |
//! | 503 with `retry-after` | as much is under way as there may be, of this token or in all |

pub mod answer;
pub mod dnsdb;
pub mod health;
pub mod parameters;
pub mod passive;
pub mod request;
pub mod rows;
mod scan;
mod value;
