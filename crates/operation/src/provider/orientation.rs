//! Determines the orientation of an answer while it arrives.
//!
//! It is determined for the whole answer by the first record that proves it ([`Orientation::proven_by`]).

use std::io::{self, Read};
use std::net::IpAddr;

use cof::{Reader, Record, RrType};

pub use cof::Orientation;

/// If this many bytes of an answer contain no proof, it is read as it was sent.
const UNDECIDED: usize = 256 * 1024;

/// Holds the first bytes of an answer back until its orientation is known.
#[derive(Debug)]
pub(super) struct Probe {
    held: Vec<u8>,
    reader: Reader,
}

impl Default for Probe {
    fn default() -> Self {
        // The current time does not matter, because times prove nothing.
        Self { held: Vec::new(), reader: Reader::new(0).by_proof() }
    }
}

impl Probe {
    /// Adds the next bytes. Returns the orientation once it is proven, or `Auto` after too many bytes without a proof; before
    /// that, the bytes are held back.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Option<Orientation> {
        self.held.extend_from_slice(bytes);
        self.reader.feed(bytes);
        while let Some(item) = self.reader.next() {
            if let Some(proven) = item.ok().and_then(|record| Orientation::proven_by(&record)) {
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

/// The orientation of a stored answer, as it was or would have been determined while the answer arrived.
///
/// # Errors
/// I/O errors.
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

/// Whether a record that was read in the determined orientation proves the opposite one.
pub(super) fn contradicts(record: &Record) -> bool {
    matches!(record.rrtype, RrType::A | RrType::AAAA)
        && record.rdata.is_text()
        && record.rrname.to_string().parse::<IpAddr>().is_ok()
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
