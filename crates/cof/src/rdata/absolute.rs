//! The presentation format with the final dot of every name, as in master files and for DNSDB's clients.
//!
//! The printed form is split again instead of printing it with a second set of functions: each field of a layout is one token,
//! in the order of the layout. The output of `irregular` already has the dots.

use super::Rdata;
use super::layout::{self, Field};
use super::presentation::{self, take_token};
use crate::RrType;

impl Rdata {
    /// Appends the output of [`Self::push_text`], with every name as an absolute one.
    ///
    /// Data that is only text is unchanged, because it is unknown which parts of it are names.
    pub fn push_absolute(&self, rrtype: RrType, out: &mut String) {
        let start = out.len();
        match self.as_wire() {
            Some(wire) => presentation::push(rrtype, wire, true, out),
            None => self.push_text(rrtype, out),
        }
        // Bytes that are not the fields of the type are printed generically, without names.
        if out.get(start..).is_some_and(|printed| printed.starts_with("\\# ")) {
            return;
        }
        let ours = layout::of(rrtype).filter(|_| !self.is_text());
        let fields = ours.map(|layout| layout.fields).unwrap_or_default();
        if *fields == [Field::Name] {
            return end_name(start, out);
        }
        if !fields.contains(&Field::Name) {
            return;
        }
        let printed = out.split_off(start);
        let mut rest = printed.as_str();
        for field in fields {
            let Some(token) = take_token(&mut rest) else { break };
            let at = out.len();
            out.push_str(token);
            if *field == Field::Name {
                end_name(at, out);
            }
            if !rest.is_empty() {
                out.push(' ');
            }
        }
        out.push_str(rest);
    }
}

/// Adds the final dot to the name that was printed from `start` on. The root already has its dot, and no other name ends in
/// one, because a dot that belongs to a label is escaped.
fn end_name(start: usize, out: &mut String) {
    if out.get(start..) != Some(".") {
        out.push('.');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn absolute(rrtype: RrType, text: &str) -> String {
        let mut out = "x".to_owned();
        Rdata::parse(rrtype, text).push_absolute(rrtype, &mut out);
        out.split_off(1)
    }

    #[test]
    fn names_end_in_a_dot_and_nothing_else_changes() {
        for (rrtype, text, wanted) in [
            (RrType::A, "192.0.2.1", "192.0.2.1"),
            (RrType::CNAME, "www.example.com", "www.example.com."),
            (RrType::PTR, ".", "."),
            (RrType::NS, r"a\.", r"a\.."),
            (RrType::NS, r"a\032b.example", r"a\032b.example."),
            (RrType::MX, "10 mx.example.com", "10 mx.example.com."),
            (RrType::MX, "0 .", "0 ."),
            (RrType::SRV, "0 5 5060 sip.example.com", "0 5 5060 sip.example.com."),
            (RrType::SOA, "ns1.a hostmaster.b 1 2 3 4 5", "ns1.a. hostmaster.b. 1 2 3 4 5"),
            (RrType::RP, "a.example b.example", "a.example. b.example."),
            (RrType::TXT, r#""a b" "c.""#, r#""a b" "c.""#),
            (RrType::NAPTR, r#"1 2 "u x" "" "" r.example"#, r#"1 2 "u x" "" "" r.example."#),
            (RrType::HTTPS, "1 cdn.example alpn=h2,h3", "1 cdn.example. alpn=h2,h3"),
            (RrType::HTTPS, "1 . alpn=h2", "1 . alpn=h2"),
            (RrType::NSEC, "b.example A NS", "b.example. A NS"),
            (
                RrType::RRSIG,
                "A 13 2 300 1706745600 1704067200 1 example.com YQ==",
                "A 13 2 300 1706745600 1704067200 1 example.com. YQ==",
            ),
            (RrType::CAA, r#"0 issue "ca.example""#, r#"0 issue "ca.example""#),
            (RrType::MX, "mx.example.com", "mx.example.com"),
            (RrType::Code(65534), r"\# 3 c0a801", r"\# 3 c0a801"),
            (RrType::DSYNC, "CDS NOTIFY 5300 scan.example", "CDS 1 5300 scan.example."),
            (RrType::DSYNC, r"\# 3 c0a801", r"\# 3 c0a801"),
            (RrType::IPSECKEY, "10 3 2 gw.example AQNR", "10 3 2 gw.example. AQNR"),
            (RrType::AMTRELAY, "10 0 3 relay.example", "10 0 3 relay.example."),
            (RrType::HIP, "2 20 AQNR a.example b.example", "2 20 AQNR a.example. b.example."),
            (RrType::LP, "10 l64.example", "10 l64.example."),
        ] {
            assert_eq!(absolute(rrtype, text), wanted, "{rrtype}");
        }
    }

    proptest! {
        #[test]
        fn it_reads_back_as_the_same_data(rrtype in (0_u16..=300).prop_map(RrType::Code), octets in prop::collection::vec(any::<u8>(), 0..80)) {
            if let Ok(rdata) = Rdata::from_wire(rrtype, &octets) {
                let mut text = String::new();
                rdata.push_absolute(rrtype, &mut text);
                prop_assert_eq!(Rdata::parse(rrtype, &text), rdata, "{}", text);
            }
        }

        #[test]
        fn names_in_it_read_back_too(a in "[a-z\\.\"; ]{1,8}", b in "[a-z0-9]{1,8}", rrtype in prop::sample::select(vec![RrType::NS, RrType::MINFO, RrType::NSEC, RrType::SVCB, RrType::PX])) {
            let text = format!("{b} {a} {b}");
            let rdata = Rdata::parse(rrtype, &text);
            let mut printed = String::new();
            rdata.push_absolute(rrtype, &mut printed);
            prop_assert_eq!(Rdata::parse(rrtype, &printed), rdata, "{}", printed);
        }
    }
}
