//! What is kept, as the JSON that `--format json` prints and `/api/v1` sends: one object each, of the shapes that
//! `docs/json.md` tells its readers. Times are RFC 3339. Who adds a member adds it there too; a test compares the two.

pub mod answer;
pub mod audit;
pub mod indicator;
pub mod integration;
pub mod run;
pub mod token;

/// A stored time.
fn at(seconds: i64) -> String {
    cof::time::rfc3339(u64::try_from(seconds).unwrap_or_default())
}
