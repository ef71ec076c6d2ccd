//! Passive DNS over HTTP: CIRCL's and DNSDB's interfaces and the records API, on a store.
//!
//! ```text
//! GET /pdns/query/VALUE     the records of a value, one JSON object per line (Common Output Format)
//! GET /dnsdb/v2/…           the same for DNSDB's clients, also searches with patterns: see [`dnsdb`]
//! POST /api/v1/records      imports records: the same format, plain, gzip or zstd
//! GET /api/v1/lookup, /summary, /stats    the same answers as one JSON object
//! GET /healthz, /readyz     200, or 503 if the server cannot answer now; need no credentials
//! GET /metrics              metrics for Prometheus; requires read access
//! ```
//!
//! A request has passed [`edge::gate`]. [`request`] parses it, with `value` and [`parameters`]; `answer` sends the answer, and
//! `scan` cuts searches into slices. [`rows`] is the store together with the client, and [`passive`] contains the records API.
//! [`inquiry`] is a question as people write it in one line, for the command `lookup` and the pages.
//! Errors are [`edge::problem::Problem`]s; if a store fails before the first byte, the status is 500, and after it the
//! connection is cut.
//!
//! # The value
//!
//! The whole path after `/pdns/query/`, percent-decoded once, including slashes: see [`store::Subject::parse`]. CIRCL supports
//! a name and an address. Extensions are `*.example.com`, `192.0.2.0/24` (also `192.0.2.0,24`), `192.0.2.1-192.0.2.9`,
//! `rdata:ns1.example.com` and `rdata:*.example.com`. The answer for an address is the same as CIRCL's: all records of every
//! name that has it. An invalid value is 400, and the message lists the valid forms.
//!
//! # The answer
//!
//! `application/x-ndjson`, whatever the client accepts; 200 and an empty body if nothing was found. The order is fixed:
//! [`store::Order::Key`]. Times, counts and unknown types are numbers; data is a string, with one record per line. Without any
//! of the headers below, the answer has all rows: up to 1,000 at once with their length, more as a stream. If a stream has to
//! be cut off, it is aborted, and never ended as if it were complete.
//!
//! # CIRCL's headers
//!
//! | request | meaning |
//! | --- | --- |
//! | `dribble-paginate-count: N` | at most this many rows, 1 to 1,000; a larger number counts as 1,000 |
//! | `dribble-paginate-cursor: N` | continue after the page that had this cursor; 0 is the start |
//! | `dribble-filter-rrtype: T` | only this type; an unknown type gives an empty answer |
//! | `dribble-disable-active-query` | has no effect: this server never sends DNS queries |
//!
//! | response | meaning |
//! | --- | --- |
//! | `x-dribble-cursor: N` | there are more rows; a decimal number above 0, of up to 1,243 digits. Only if the request has a count |
//! | `x-dribble-errors` | `sort=newest` was cut at 10,000 rows; states how many there are |
//!
//! # Extensions: parameters
//!
//! Old clients do not send them. Unknown parameters are ignored; a known one that is repeated or invalid is 400. A parameter
//! takes precedence over the corresponding header.
//!
//! | parameter | meaning |
//! | --- | --- |
//! | `limit=N` | as `dribble-paginate-count`; with `sort=newest` up to 10,000 |
//! | `cursor=N` | as `dribble-paginate-cursor` |
//! | `rrtype=A,NS` | only these types, up to 64 |
//! | `time_first_after`, `time_first_before`, `time_last_after`, `time_last_before` | only records first or last seen at this time or later (`after`) or earlier (`before`), inclusive; seconds since the epoch or a date (2024-01-31, 20240131; its first second). They also apply to the names found for an address. Two that exclude each other are 400 |
//! | `expand=0` | for an address: only its own records |
//! | `sort=newest` | by last seen, the newest 10,000, without cursor; `sort=key` is the default order |
//!
//! # Credentials
//!
//! A token (`backsight token create`) as the password of `Authorization: Basic`, as `Authorization: Bearer T`, as
//! `Authorization: T` or as `X-API-Key: T`; or a login of the command line. Invalid credentials are 401, without stating which
//! part is wrong; a token in the address is 400. Credentials are not required if anonymous reading is allowed.
//!
//! | response | meaning |
//! | --- | --- |
//! | `x-ratelimit-limit`, `-remaining`, `-reset` | the daily requests of a token, the remaining ones, and when they are reset (seconds since the epoch); `unlimited`, `n/a`, `n/a` without a quota |
//! | 403 | the token may not do this |
//! | 429 with `retry-after` | too many requests at once, or the daily quota is used up |
//! | 503 with `retry-after` | too many concurrent requests, of this token or in total |

pub mod answer;
pub mod dnsdb;
pub mod health;
pub mod inquiry;
pub mod parameters;
pub mod passive;
pub mod request;
pub mod retention;
pub mod rows;
mod scan;
pub mod texts;
mod value;
