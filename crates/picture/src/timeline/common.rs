//! What the data of several bars in a row have in common, so that each label only needs its own part.
//!
//! Addresses have their network in common, up to a dot or colon; names have their end in common, from a dot on. Other data has
//! nothing in common. Data is untrusted text of any length; nothing here fails.

use std::net::IpAddr;

use cof::RrType;

/// What several data have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Common {
    /// The common part with an ellipsis in place of the rest: `203.0.113.…`.
    pub(super) text: String,
    /// How many bytes it has at the start or at the end of each.
    head: usize,
    tail: usize,
}

/// The fewest data that have something in common.
const LEAST: usize = 3;

impl Common {
    /// What these data have in common; `None` if that is little or nothing.
    pub(super) fn of(all: &[(RrType, &str)]) -> Option<Self> {
        let ((rrtype, first), others) = all.split_first()?;
        if all.len() < LEAST || others.iter().any(|(other, _)| other != rrtype) {
            return None;
        }
        let texts = || others.iter().map(|(_, text)| *text);
        match *rrtype {
            RrType::A | RrType::AAAA => {
                let head = texts().map(|text| same(first.bytes(), text.bytes())).min()?;
                Self::head(first, head)
            }
            RrType::NS | RrType::CNAME | RrType::PTR | RrType::DNAME => {
                let tail = texts().map(|text| same(first.bytes().rev(), text.bytes().rev())).min()?;
                Self::tail(first, tail)
            }
            _ => None,
        }
    }

    /// The first groups of an address: at least half of an IPv4 address.
    fn head(first: &str, same: usize) -> Option<Self> {
        let is_address = first.parse::<IpAddr>().is_ok();
        let separator = if first.contains(':') { ':' } else { '.' };
        // Addresses that are all the same have their last group left.
        let whole = first.get(..same.min(first.len().checked_sub(1)?))?;
        let head = whole.rfind(separator)?;
        let common = first.get(..=head)?;
        (is_address && common.matches(separator).count() >= 2).then(|| Self {
            text: format!("{common}…"),
            head,
            tail: 0,
        })
    }

    /// The last labels of a name: at least two.
    fn tail(first: &str, same: usize) -> Option<Self> {
        let end = first.get(first.len().checked_sub(same)?.max(1)..)?;
        let common = end.get(end.find('.')?..)?;
        (common.matches('.').count() >= 2).then(|| Self {
            text: format!("…{common}"),
            head: 0,
            tail: common.len(),
        })
    }

    /// The own part of one of these data.
    pub(super) fn own<'a>(&self, data: &'a str) -> &'a str {
        data.get(self.head..data.len().saturating_sub(self.tail)).unwrap_or(data)
    }
}

/// How many bytes are the same at the start of both.
fn same(left: impl Iterator<Item = u8>, right: impl Iterator<Item = u8>) -> usize {
    left.zip(right).take_while(|(left, right)| left == right).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split<'a>(rrtype: RrType, all: &[&'a str]) -> Option<(String, Vec<&'a str>)> {
        let common = Common::of(&all.iter().map(|text| (rrtype, *text)).collect::<Vec<_>>())?;
        Some((common.text.clone(), all.iter().map(|text| common.own(text)).collect()))
    }

    #[test]
    fn each_keeps_its_own_part() {
        let (text, own) = split(RrType::A, &["203.0.113.1", "203.0.113.16", "203.0.113.17"]).unwrap();
        assert_eq!((text.as_str(), own), ("203.0.113.…", vec![".1", ".16", ".17"]));
        let (text, own) = split(RrType::AAAA, &["2001:db8::1", "2001:db8::2:3", "2001:db8::2:4"]).unwrap();
        assert_eq!((text.as_str(), own), ("2001:db8::…", vec![":1", ":2:3", ":2:4"]));
        let (text, own) =
            split(RrType::NS, &["ns1.dns.example", "ns2.dns.example", "x.dns.example"]).unwrap();
        assert_eq!((text.as_str(), own), ("….dns.example", vec!["ns1", "ns2", "x"]));
        let (_, own) = split(RrType::A, &["203.0.113.1"; 3]).unwrap();
        assert_eq!(own, [".1"; 3]);
    }

    #[test]
    fn what_has_little_in_common_is_written_whole() {
        assert_eq!(split(RrType::A, &["203.0.113.1", "203.0.113.2"]), None);
        assert_eq!(split(RrType::A, &["203.0.113.1", "203.9.113.2", "203.0.113.3"]), None);
        assert_eq!(split(RrType::NS, &["a.example", "b.example", "c.example"]), None);
        assert_eq!(split(RrType::TXT, &["same.dns.example"; 3]), None);
    }

    proptest! {
        #[test]
        fn any_data_can_be_split(all in prop::collection::vec("[0-9.:aé]{0,12}", 0..5), at in 0usize..3) {
            let rrtype = [RrType::A, RrType::NS, RrType::TXT][at];
            let all: Vec<&str> = all.iter().map(String::as_str).collect();
            if let Some((_, own)) = split(rrtype, &all) {
                prop_assert!(own.iter().zip(&all).all(|(own, text)| text.contains(own)));
            }
        }
    }
}
