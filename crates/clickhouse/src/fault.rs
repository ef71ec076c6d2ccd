//! What the server's errors mean: [`Fault`] reads the number of an exception, and turns it into a [`StoreError`].
//!
//! The numbers are those of ClickHouse's `ErrorCodes.cpp`, which never change. The server's text is shown, but decides nothing.

use client::printable;
use store::{StoreError, StoreErrorKind};

/// How much of the server's text is shown, in characters.
const SHOWN: usize = 300;

/// An exception of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Its number; 0 if the answer has none.
    code: u32,
    said: String,
}

/// Groups of exceptions about which the user does the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Group {
    Absent,
    /// Between the servers of a cluster.
    Between,
    Busy,
    Denied,
    Disk,
    Keeper,
    Killed,
    Login,
    Other,
    Replicas,
    Shard,
}

impl Fault {
    /// Reads an answer whose status is an error.
    pub(crate) fn read(status: u16, body: &[u8]) -> Self {
        let said = printable(body, SHOWN);
        let digits = body.strip_prefix(b"Code: ").unwrap_or_default();
        let digits = digits.iter().take_while(|byte| byte.is_ascii_digit()).take(9);
        let code = digits.fold(0, |code, digit| code * 10 + u32::from(digit - b'0'));
        let code = if code == 0 && status == 401 { 516 } else { code };
        Self { code, said: if said.is_empty() { format!("HTTP status {status}") } else { said } }
    }

    /// Whether the same request can succeed a moment later.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(self.group(), Group::Between | Group::Busy | Group::Keeper | Group::Replicas | Group::Shard)
    }

    /// Whether the table is still confirming another block; a moment later, it takes the next one.
    pub(crate) fn is_too_early(&self) -> bool {
        self.code == 286
    }

    fn group(&self) -> Group {
        match self.code {
            60 | 81 => Group::Absent,
            32 | 209 | 210 => Group::Between,
            202 | 216 | 252 => Group::Busy,
            164 | 497 => Group::Denied,
            75 | 243 => Group::Disk,
            225 | 242 | 999 => Group::Keeper,
            158 | 159 | 160 | 241 | 307 | 394 | 396 => Group::Killed,
            192..=194 | 516 => Group::Login,
            254 | 285 | 286 | 289 | 319 => Group::Replicas,
            279 => Group::Shard,
            _ => Group::Other,
        }
    }

    /// The error of a store, with what to do next. `server` is the address that the user gave.
    pub(crate) fn into_error(self, server: &str) -> StoreError {
        let (kind, what) = match self.group() {
            Group::Absent => (
                StoreErrorKind::Absent,
                "the database or a table does not exist; create them with `backsight db init`",
            ),
            Group::Between => (
                StoreErrorKind::Unavailable,
                "the server lost a connection, to another server or to this program; try again",
            ),
            Group::Busy => (StoreErrorKind::Unavailable, "the server has too much to do; try again later"),
            Group::Denied => (
                StoreErrorKind::ReadOnly,
                "the user may not do this; grant SELECT, INSERT, ALTER, CREATE and the system tables",
            ),
            Group::Disk => (
                StoreErrorKind::Full,
                "the server cannot write to its disk, which may be full; make room on it",
            ),
            Group::Keeper => (
                StoreErrorKind::Unavailable,
                "the server cannot reach its ZooKeeper, so nothing can be stored; records can still be read",
            ),
            Group::Killed => (
                StoreErrorKind::Unavailable,
                "the server's limits ended the query; ask for less, or raise the limits of the user",
            ),
            Group::Login => (
                StoreErrorKind::Unavailable,
                "the server refused the login; check the user in the address and BACKSIGHT_SECRET_STORE",
            ),
            Group::Replicas => {
                (StoreErrorKind::Unavailable, "too few replicas confirmed it; see which of them is down")
            }
            Group::Shard => (
                StoreErrorKind::Unavailable,
                "no replica of a shard of the cluster answers; start one of them again",
            ),
            Group::Other => (StoreErrorKind::Unavailable, "the server reported an error"),
        };
        StoreError::engine(kind, format!("{server}: {what} (it says: {})", self.said))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_number_decides_in_old_and_new_answers() {
        for (status, body, kind, part) in [
            (
                500,
                "Code: 60, e.displayText() = DB::Exception: Table a.b doesn't exist., e.what() = DB::Exception\n",
                StoreErrorKind::Absent,
                "db init",
            ),
            (
                404,
                "Code: 81. DB::Exception: Database x does not exist. (UNKNOWN_DATABASE)",
                StoreErrorKind::Absent,
                "db init",
            ),
            (
                500,
                "Code: 193, e.displayText() = DB::Exception: Wrong password",
                StoreErrorKind::Unavailable,
                "login",
            ),
            (401, "", StoreErrorKind::Unavailable, "login"),
            (500, "Code: 243. DB::Exception: Cannot reserve 1.00 MiB", StoreErrorKind::Full, "disk"),
            (500, "Code: 75, e.displayText() = errno: 28", StoreErrorKind::Full, "disk"),
            (
                500,
                "Code: 242. DB::Exception: Table is in readonly mode",
                StoreErrorKind::Unavailable,
                "ZooKeeper",
            ),
            (500, "Code: 241. DB::Exception: Memory limit", StoreErrorKind::Unavailable, "limits"),
            (500, "Code: 319. DB::Exception: Unknown status", StoreErrorKind::Unavailable, "replicas"),
            (
                500,
                "Code: 279, All connection tries failed",
                StoreErrorKind::Unavailable,
                "no replica of a shard",
            ),
            (500, "Code: 32, Attempt to read after eof", StoreErrorKind::Unavailable, "lost a connection"),
            (502, "\x1b[2Jproxy", StoreErrorKind::Unavailable, "it says: .[2Jproxy"),
        ] {
            let error = Fault::read(status, body.as_bytes()).into_error("clickhouse://a@b/c");
            assert_eq!(error.kind(), kind, "{body}");
            assert!(error.to_string().starts_with("clickhouse://a@b/c: "), "{error}");
            assert!(error.to_string().contains(part), "{error}");
        }
        assert!(Fault::read(500, b"Code: 999, x").is_passing());
        assert!(!Fault::read(500, b"Code: 62, x").is_passing());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(status: u16, body in prop::collection::vec(any::<u8>(), 0..60)) {
            let error = Fault::read(status, &[b"Code: ", &*body].concat()).into_error("s");
            prop_assert!(error.to_string().len() < 4_000);
        }
    }
}
