//! The columns of Zeek's logs, as the header names them: [`Columns`].
//!
//! ```text
//! #separator \x09            the only header line that uses a blank; the others use the separator
//! #set_separator  ,          between the items of a list
//! #empty_field    (empty)    an empty list
//! #unset_field    -          no value
//! #path           dns        which log it is
//! #fields         ts  uid …
//! ```
//!
//! A `#separator` line begins a new header, and everything before it is forgotten.

use smallvec::SmallVec;

use super::{Refused, Response, texts};
use crate::format::moment::Moment;
use cof::RrType;

/// What the header said.
pub(super) struct Columns {
    separator: u8,
    set_separator: u8,
    empty: Vec<u8>,
    unset: Vec<u8>,
    /// Whether the log is said to be another than that of DNS.
    is_other: bool,
    /// Which field each column has.
    fields: Vec<Option<Field>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Answers,
    Class,
    Id,
    Opcode,
    Port,
    Query,
    Rcode,
    RcodeName,
    Time,
    Truncated,
    Ttls,
    Type,
    TypeName,
    Uid,
}

impl Default for Columns {
    fn default() -> Self {
        Self {
            separator: b'\t',
            set_separator: b',',
            empty: b"(empty)".to_vec(),
            unset: b"-".to_vec(),
            is_other: false,
            fields: Vec::new(),
        }
    }
}

impl Columns {
    /// Reads a line of the header; one that is not known means nothing.
    pub(super) fn header(&mut self, line: &[u8]) {
        if let Some(separator) = line.strip_prefix(b"#separator ") {
            *self = Self { separator: octet(separator).unwrap_or(b'\t'), ..Self::default() };
            return;
        }
        let mut parts = line.split(|byte| *byte == self.separator);
        let (name, value) = (parts.next().unwrap_or_default(), parts.clone().next().unwrap_or_default());
        match name {
            b"#set_separator" => self.set_separator = octet(value).unwrap_or(b','),
            b"#empty_field" => self.empty = value.to_vec(),
            b"#unset_field" => self.unset = value.to_vec(),
            b"#path" => self.is_other = value != b"dns",
            b"#fields" => self.fields = parts.map(Field::of).collect(),
            _ => {}
        }
    }

    /// Whether a line that was cut off in its last column could be taken for a whole one.
    pub(super) fn ends_with_data(&self) -> bool {
        self.fields.last().is_some_and(Option::is_some)
    }

    /// Reads an entry.
    pub(super) fn read<'a>(&self, line: &'a [u8]) -> Result<Response<'a>, Refused> {
        if self.fields.is_empty() {
            return Err(Refused::Malformed);
        }
        let has = |field| self.fields.contains(&Some(field));
        if self.is_other || !has(Field::Answers) || !has(Field::Query) {
            return Err(Refused::NotDns);
        }
        let mut response = Response::default();
        let mut values = line.split(|byte| *byte == self.separator);
        for field in &self.fields {
            let value = values.next().ok_or(Refused::Malformed)?;
            if let Some(field) = field.filter(|_| value != self.unset) {
                self.set(&mut response, field, value)?;
            }
        }
        if values.next().is_some() { Err(Refused::Malformed) } else { Ok(response) }
    }

    fn set<'a>(&self, response: &mut Response<'a>, field: Field, value: &'a [u8]) -> Result<(), Refused> {
        let number = || text(value).and_then(|text| text.parse::<u64>().ok()).ok_or(Refused::Malformed);
        match field {
            Field::Answers => response.answers = self.list(value).ok_or(Refused::PartialData)?,
            Field::Class => response.class = Some(number()?),
            Field::Id => response.id = Some(number()?),
            Field::Opcode => response.opcode = Some(number()?),
            Field::Port => response.port = Some(number()?),
            Field::Query => response.query = Some(value).filter(|query| *query != self.empty),
            Field::Rcode => response.rcode = Some(number()?),
            Field::RcodeName => response.set_rcode_name(value),
            Field::Time => response.at = Moment::of_digits(value).or_else(|| Moment::of_date(text(value)?)),
            Field::Truncated => response.is_truncated = value == b"T",
            Field::Ttls => response.ttls = Some(self.count(value)),
            Field::Type => response.rrtype = Some(u16::try_from(number()?).map_err(|_| Refused::Malformed)?),
            Field::TypeName => response.set_type_name(value),
            Field::Uid => response.uid = value,
        }
        Ok(())
    }

    /// The answers; `None` if a text among them makes it impossible to tell them apart.
    fn list<'a>(&self, value: &'a [u8]) -> Option<SmallVec<[&'a [u8]; 8]>> {
        let mut list = SmallVec::new();
        if value == self.empty {
            return Some(list);
        }
        let mut rest = value;
        loop {
            let is_text = rest.starts_with(b"TXT ") || rest.starts_with(b"SPF ");
            let length = if is_text {
                texts::length(rest, Some(self.set_separator))?
            } else {
                memchr::memchr(self.set_separator, rest).unwrap_or(rest.len())
            };
            let (answer, after) = rest.split_at_checked(length)?;
            list.push(answer);
            match after.split_first() {
                Some((_, after)) => rest = after,
                None => return Some(list),
            }
        }
    }

    fn count(&self, value: &[u8]) -> usize {
        if value == self.empty { 0 } else { value.split(|byte| *byte == self.set_separator).count() }
    }
}

impl Field {
    fn of(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"answers" => Self::Answers,
            b"qclass" => Self::Class,
            b"trans_id" => Self::Id,
            b"opcode" => Self::Opcode,
            b"id.resp_p" => Self::Port,
            b"query" => Self::Query,
            b"rcode" => Self::Rcode,
            b"rcode_name" => Self::RcodeName,
            b"ts" => Self::Time,
            b"TC" => Self::Truncated,
            b"TTLs" => Self::Ttls,
            b"qtype" => Self::Type,
            b"qtype_name" => Self::TypeName,
            b"uid" => Self::Uid,
            _ => return None,
        })
    }
}

impl Response<'_> {
    /// Sets the code by its name if the number is not given.
    pub(super) fn set_rcode_name(&mut self, name: &[u8]) {
        // The value of other names does not matter.
        self.rcode = self.rcode.or(Some(u64::from(name != b"NOERROR")));
    }

    /// Sets the type by its name if the number is not given.
    pub(super) fn set_type_name(&mut self, name: &[u8]) {
        let code = || RrType::parse(text(name)?).ok()?.code();
        self.rrtype = self.rrtype.or_else(code);
    }
}

fn text(value: &[u8]) -> Option<&str> {
    std::str::from_utf8(value).ok()
}

/// A separator, which may be escaped.
fn octet(text: &[u8]) -> Option<u8> {
    match super::super::spelling::zeek_octet(text) {
        Some((octet, [])) => Some(octet),
        _ => None,
    }
}
