//! The log of passivedns (github.com/gamelinux/passivedns), in columns or in JSON.
//!
//! ```text
//! 1521911720.865716||10.1.2.3||10.1.2.4||IN||www.example.||A||185.194.93.1||60||4
//!
//! {"timestamp_s":1521911720,"timestamp_ms":865716,"client":"10.1.2.3","server":"10.1.2.4","class":"IN","query":"www.example.",
//!  "type":"A","answer":"185.194.93.1","ttl":60,"count":4}
//! ```
//!
//! Which columns there are is an option of passivedns (`-f`): a letter for each, described at [`Columns`]. A text may have `||` in
//! it, so the columns before the answer are counted from the left, and those behind it from the right.
//!
//! A line tells when the record was seen last, and how often since the line before it, so counts add up. Owners follow CNAME
//! records. Names and texts are in presentation format. Of MX, SRV, SOA and other types with several fields there is only one, and
//! of TXT the first string, so these are dropped as partial (TXT, if the string is as long as one can be). Errors have the name of
//! their code as answer. The buffer of passivedns has [`BUFFER`] bytes, so a line that fills it was cut.
//!
//! Errors: a line with other columns is rejected. The addresses of client and server are not read.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use cof::RrType;
use serde::Deserialize;

use super::answers::{MOST_STRING, type_of};
use super::json::{self, Number, Text};
use super::lines::Entry;
use super::moment::Moment;
use crate::out::Out;
use crate::sightings::{Part, Seen, Sighting};
use crate::tally::{Dropped, Reason};

/// How many bytes of a line passivedns prints at most.
const BUFFER: usize = 999;
/// What is between two columns.
const DELIMITER: &str = "||";
/// Answers of responses with an error code.
const CODES: [&str; 10] = [
    "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMPL", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH",
    "NOTZONE",
];

/// The columns of passivedns lines, from its option `-f`.
///
/// The letters: `S` seconds, `M` microseconds (in one column with seconds before them), `H` local date, `c` client, `s` server, `p`
/// protocol, `h` host name, `C` class, `Q` query, `L` its length, `T` type, `A` answer, `l` its length, `t` TTL, `n` count, `w` and
/// `W` MAC addresses. `S`, `Q`, `T` and `A` are needed; the default is `SMcsCQTAtn`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns(Arc<[u8]>);

/// A text that does not describe columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnsError {
    /// A letter that passivedns does not know.
    Letter(char),
    /// A letter that comes twice.
    Twice(char),
    /// A letter that is needed is not there.
    Missing(char),
}

impl Default for Columns {
    fn default() -> Self {
        Self(Arc::from(&b"ScsCQTAtn"[..]))
    }
}

impl FromStr for Columns {
    type Err = ColumnsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        for (at, letter) in text.char_indices() {
            if !"SMHcsphCQLTAltnwW".contains(letter) {
                return Err(ColumnsError::Letter(letter));
            }
            if text.get(..at).is_some_and(|before| before.contains(letter)) {
                return Err(ColumnsError::Twice(letter));
            }
        }
        if let Some(missing) = "SQTA".chars().find(|letter| !text.contains(*letter)) {
            return Err(ColumnsError::Missing(missing));
        }
        Ok(Self(text.replace("SM", "S").into_bytes().into()))
    }
}

impl fmt::Display for ColumnsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Letter(letter) => write!(f, "passivedns has no column {letter:?}"),
            Self::Twice(letter) => write!(f, "the column {letter:?} comes twice"),
            Self::Missing(letter) => write!(f, "the column {letter:?} is missing"),
        }
    }
}

impl std::error::Error for ColumnsError {}

/// Reads lines.
pub(crate) struct Gamelinux {
    columns: Columns,
}

/// What a line says.
#[derive(Debug, Default)]
struct Logged<'a> {
    time: Option<u64>,
    class: Option<&'a str>,
    query: Option<&'a str>,
    rrtype: Option<&'a str>,
    answer: Option<&'a str>,
    count: Option<u64>,
}

#[derive(Deserialize)]
struct Object<'a> {
    #[serde(borrow)]
    timestamp_s: Option<Number<'a>>,
    #[serde(borrow)]
    class: Option<Text<'a>>,
    #[serde(borrow)]
    query: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    rrtype: Option<Text<'a>>,
    #[serde(borrow)]
    answer: Option<Text<'a>>,
    #[serde(borrow)]
    count: Option<Number<'a>>,
}

impl Gamelinux {
    pub(crate) fn new(columns: Columns) -> Self {
        Self { columns }
    }
}

impl Entry for Gamelinux {
    fn read(&mut self, line: &[u8], out: &mut Out<'_>) {
        if line.starts_with(b"#") {
            return;
        }
        let Ok(text) = std::str::from_utf8(line) else { return out.reject(Reason::Line) };
        if text.starts_with('{') {
            let Some(object) = json::object::<Object<'_>>(line) else { return out.reject(Reason::Line) };
            return object.logged().take(out);
        }
        if line.len() >= BUFFER {
            return out.drop(Dropped::PartialData);
        }
        match self.columns.read(text) {
            Some(logged) => logged.take(out),
            None => out.reject(Reason::Line),
        }
    }

    fn read_unended(&mut self, line: &[u8], out: &mut Out<'_>) {
        // A count that was cut off is a smaller count.
        if line.starts_with(b"{") { self.read(line, out) } else { out.reject(Reason::Line) }
    }
}

impl Columns {
    fn read<'a>(&self, line: &'a str) -> Option<Logged<'a>> {
        let answer = self.0.iter().position(|letter| *letter == b'A')?;
        let (before, behind) = self.0.split_at_checked(answer)?;
        let mut logged = Logged::default();
        let mut rest = line;
        for letter in before {
            let (value, after) = rest.split_once(DELIMITER)?;
            logged.set(*letter, value)?;
            rest = after;
        }
        for letter in behind.iter().skip(1).rev() {
            let (earlier, value) = rest.rsplit_once(DELIMITER)?;
            logged.set(*letter, value)?;
            rest = earlier;
        }
        logged.answer = Some(rest);
        Some(logged)
    }
}

impl<'a> Logged<'a> {
    /// Sets a column; `None` if its value is not valid.
    fn set(&mut self, letter: u8, value: &'a str) -> Option<()> {
        match letter {
            b'S' => self.time = Some(Moment::of_digits(value.as_bytes())?.seconds),
            b'C' => self.class = Some(value),
            b'Q' => self.query = Some(value),
            b'T' => self.rrtype = Some(value),
            b'n' => self.count = Some(value.parse().ok()?),
            _ => {}
        }
        Some(())
    }

    fn take(&self, out: &mut Out<'_>) {
        match self.sighting(out.received) {
            Ok(sighting) => {
                out.message();
                out.sight(&sighting);
            }
            Err(Refused::Dropped(why)) => out.drop(why),
            Err(Refused::Rejected(why)) => out.reject(why),
        }
    }

    fn sighting(&self, received: Option<u64>) -> Result<Sighting<'a>, Refused> {
        let (Some(query), Some(rrtype), Some(answer)) = (self.query, self.rrtype, self.answer) else {
            return Err(Refused::Rejected(Reason::Line));
        };
        if CODES.contains(&answer) {
            return Err(Refused::Dropped(Dropped::Rcode));
        }
        if self.class.is_some_and(|class| class != "IN") {
            return Err(Refused::Dropped(Dropped::Class));
        }
        let is_whole_text = answer.len() < MOST_STRING + 2
            && answer.len() > 1
            && answer.starts_with('"')
            && answer.ends_with('"');
        let is_whole = match type_of(rrtype) {
            // A, NS, CNAME, PTR, AAAA, DNAME.
            Some(1 | 2 | 5 | 12 | 28 | 39) => true,
            Some(16) => is_whole_text,
            _ => false,
        };
        let code = type_of(rrtype).filter(|_| is_whole).ok_or(Refused::Dropped(Dropped::PartialData))?;
        let time = self.time.or(received).ok_or(Refused::Rejected(Reason::WithoutTime))?;
        Ok(Sighting {
            owner: Part::Text(query),
            rrtype: RrType::Code(code),
            rdata: Part::Text(answer),
            bailiwick: None,
            seen: Seen { first: time, last: time, count: self.count.unwrap_or(1) },
        })
    }
}

/// Why a line is not taken.
enum Refused {
    Dropped(Dropped),
    Rejected(Reason),
}

impl Object<'_> {
    fn logged(&self) -> Logged<'_> {
        let text = |field| Option::<&Text<'_>>::map(field, Text::as_str);
        let number = |field| Option::<&Number<'_>>::and_then(field, Number::whole).map(u64::from);
        Logged {
            time: number(self.timestamp_s.as_ref()),
            class: text(self.class.as_ref()),
            query: text(self.query.as_ref()),
            rrtype: text(self.rrtype.as_ref()),
            answer: text(self.answer.as_ref()),
            count: number(self.count.as_ref()),
        }
    }
}

#[cfg(test)]
mod tests;
