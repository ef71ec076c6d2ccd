//! Which side of a record is the owner.
//!
//! The draft and CIRCL's first interface put the owner in rrname; CIRCL's second swaps rrname and rdata. It is
//! decided for a whole answer by the first provable case: an address as rrname of an A or AAAA record, a
//! preference and a name as rrname of an MX, seven fields in that of an SOA, or the same on the rdata side.

use std::io::{self, Read};
use std::net::IpAddr;

use cof::{Reader, Record, RrType};

/// How the provider orients its records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Orientation {
    /// Decided by the answer.
    #[default]
    Auto,
    /// The owner is in rrname.
    Draft,
    /// The owner is in rdata.
    Swapped,
}

impl Orientation {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Draft, Self::Swapped];

    /// Its word in settings and in what is kept.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Draft => "draft",
            Self::Swapped => "swapped",
        }
    }

    /// The one of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|orientation| orientation.word() == word)
    }
}

/// This much of an answer without any proof is read as it was sent, in octets.
const UNDECIDED: usize = 256 * 1024;

/// Holds an answer's first octets back until its orientation is known.
#[derive(Debug)]
pub(super) struct Probe {
    held: Vec<u8>,
    reader: Reader,
}

impl Default for Probe {
    fn default() -> Self {
        // What time it is does not matter: no proof is taken from a time.
        Self { held: Vec::new(), reader: Reader::new(0).blanks_in_names() }
    }
}

impl Probe {
    /// Takes the next octets. Says the orientation once it is proven, or `Auto` once this is too much without a
    /// proof; before that, what came is held back.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Option<Orientation> {
        self.held.extend_from_slice(bytes);
        self.reader.feed(bytes);
        while let Some(item) = self.reader.next() {
            if let Some(proven) = item.ok().and_then(|record| proof(&record)) {
                return Some(proven);
            }
        }
        (self.held.len() > UNDECIDED).then_some(Orientation::Auto)
    }

    /// Everything that was held back.
    pub(super) fn into_held(self) -> Vec<u8> {
        self.held
    }
}

/// Which way an answer is, of which only the octets are left: as it was decided, or would have been, while it came.
///
/// # Errors
/// What reading gives.
pub fn orientation_of(mut evidence: impl Read) -> io::Result<Orientation> {
    let mut probe = Probe::default();
    let mut piece = vec![0; 64 * 1024];
    loop {
        let len = evidence.read(&mut piece)?;
        match probe.feed(piece.get(..len).unwrap_or_default()) {
            Some(orientation) => return Ok(orientation),
            None if len == 0 => return Ok(Orientation::Auto),
            None => {}
        }
    }
}

/// What one record proves, as it was sent.
pub(super) fn proof(record: &Record) -> Option<Orientation> {
    if !matches!(record.rrtype, RrType::A | RrType::AAAA | RrType::MX | RrType::SOA) {
        return None;
    }
    if !record.rdata.is_text() {
        return Some(Orientation::Draft);
    }
    let owner = record.rrname.to_string().replace("\\032", " ");
    let mut fields = owner.split_ascii_whitespace();
    let swapped = match record.rrtype {
        RrType::MX => {
            fields.next().is_some_and(|first| first.parse::<u16>().is_ok())
                && fields.next().is_some()
                && fields.next().is_none()
        }
        RrType::SOA => fields.count() == 7,
        _ => owner.parse::<IpAddr>().is_ok(),
    };
    swapped.then_some(Orientation::Swapped)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(body: &str) -> Option<Orientation> {
        Probe::default().feed(body.as_bytes())
    }

    fn line(rrname: &str, rrtype: &str, rdata: &str) -> String {
        format!(
            "{{\"rrname\":\"{rrname}\",\"rrtype\":\"{rrtype}\",\"rdata\":\"{rdata}\",\"time_first\":1500000001,\"time_last\":1500000002}}\n"
        )
    }

    #[test]
    fn one_provable_case_settles_the_answer() {
        for (rrname, rrtype, rdata) in [
            ("185.194.93.14", "A", "circl.lu"),
            ("2a00:5980:93::14", "AAAA", "circl.lu"),
            ("10 cppy.circl.lu", "MX", "circl.lu"),
            ("ns1.eurodns.com hostmaster.eurodns.com 2023091306 43200 7200 1209600 86400", "SOA", "circl.lu"),
        ] {
            assert_eq!(decided(&line(rrname, rrtype, rdata)), Some(Orientation::Swapped), "{rrtype}");
            assert_eq!(decided(&line(rdata, rrtype, rrname)), Some(Orientation::Draft), "{rrtype}");
        }
        let unproven = line("ns1.eurodns.com", "NS", "circl.lu");
        let late = format!("{unproven}{}", line("185.194.93.14", "A", "circl.lu"));
        assert_eq!(decided(&late), Some(Orientation::Swapped));
        assert_eq!(decided(&unproven), None);
        assert_eq!(decided(&unproven.repeat(3000)), Some(Orientation::Auto));
        assert_eq!(decided(""), None);
        assert_eq!(orientation_of(late.as_bytes()).unwrap(), Orientation::Swapped);
        assert_eq!(orientation_of(unproven.as_bytes()).unwrap(), Orientation::Auto);
    }

    #[test]
    fn nothing_is_lost_while_undecided() {
        let body = line("ns1.eurodns.com", "NS", "circl.lu") + &line("185.194.93.14", "A", "circl.lu");
        let mut probe = Probe::default();
        let before = body.bytes().take_while(|byte| probe.feed(&[*byte]).is_none()).count();
        assert_eq!(before + 2, body.len(), "decided by the last brace");
        assert_eq!(probe.into_held(), body.trim_end().as_bytes());
    }
}
