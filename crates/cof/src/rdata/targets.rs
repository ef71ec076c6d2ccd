//! The hosts and mailboxes by which record data can be searched.
//!
//! [`Rdata::target`] is the one host that an analyst would follow; [`Rdata::targets`] is what a database indexes, and
//! [`RrType::is_dnsdb_rdata_name`] states for which types DNSDB's interface finds records by `rdata/name`.

use smallvec::SmallVec;

use super::irregular;
use super::layout::{self, Field};
use super::{Rdata, Target};
use crate::RrType;
use crate::name::NameRef;

/// The most targets of one record. Only HIP can have more hosts, and a larger limit would let a record of 64 KiB fill an index.
pub const MAX_TARGETS: usize = 8;

type Found<'a> = SmallVec<[Target<'a>; 2]>;

impl Rdata {
    /// All hosts and mailbox names in the data, each once, in the order of the fields, at most [`MAX_TARGETS`]:
    ///
    /// * the address of A and AAAA,
    /// * the name in NS, CNAME, DNAME, PTR, MX, SRV, SVCB, HTTPS, MB, MD, MF, MG, MR (RFC 1035), AFSDB (RFC 1183),
    ///   RT (RFC 1183), NSAP-PTR (RFC 1348), KX (RFC 2230), LP (RFC 6742), and the replacement of NAPTR (RFC 3403),
    /// * the host or address of the gateway in IPSECKEY (RFC 4025) and of the relay in AMTRELAY (RFC 8777), the
    ///   rendezvous servers of HIP (RFC 8005), the target of DSYNC (RFC 9859),
    /// * both names in SOA and MINFO (RFC 1035), RP (RFC 1183) and PX (RFC 2163).
    ///
    /// The root is not a host and is left out. Names that are not hosts (the signer in RRSIG, the next owner in NSEC, the
    /// neighbours in TALINK) are left out too.
    pub fn targets(&self, rrtype: RrType) -> impl Iterator<Item = Target<'_>> + use<'_> {
        let mut found = Found::new();
        if layout::of(rrtype).is_some_and(|layout| layout.names_targets) {
            if self.names(rrtype, &mut found).is_none() {
                // Bytes that are kept although they are not the fields of the type have no targets.
                found.clear();
            }
        } else if irregular::knows(rrtype) {
            self.gateways(rrtype, &mut found);
        } else {
            found.extend(self.target(rrtype));
        }
        found.into_iter()
    }

    /// Collects the names in the fields.
    fn names<'a>(&'a self, rrtype: RrType, found: &mut Found<'a>) -> Option<()> {
        let mut rest = self.as_wire()?;
        for field in layout::of(rrtype)?.fields {
            if *field == Field::Name {
                let (name, after) = NameRef::split_canonical(rest)?;
                push(Target::Name(name), found);
                rest = after;
            } else {
                rest = rest.get(layout::field_len(*field, rest)?..)?;
            }
        }
        rest.is_empty().then_some(())
    }

    /// Collects the hosts of the types that `irregular` reads.
    fn gateways<'a>(&'a self, rrtype: RrType, found: &mut Found<'a>) {
        let Some(wire) = self.as_wire() else { return };
        found.extend(irregular::address(rrtype, wire).map(Target::Address));
        for range in irregular::names(rrtype, wire).into_iter().take(MAX_TARGETS) {
            if let Some((name, _)) = wire.get(range).and_then(NameRef::split_canonical) {
                push(Target::Name(name), found);
            }
        }
    }
}

fn push<'a>(target: Target<'a>, found: &mut Found<'a>) {
    let is_root = matches!(target, Target::Name(name) if name.as_wire() == [0]);
    if !is_root && found.len() < MAX_TARGETS && !found.contains(&target) {
        found.push(target);
    }
}

impl RrType {
    /// Whether DNSDB's `rdata/name` lookups find records of this type by the names in their data: NS, CNAME, DNAME, PTR, MX,
    /// SRV, SVCB, HTTPS, and SOA by its primary server and its mailbox (DNSDB API v2, "Rdata lookups").
    pub const fn is_dnsdb_rdata_name(self) -> bool {
        matches!(
            self,
            Self::NS
                | Self::CNAME
                | Self::DNAME
                | Self::HTTPS
                | Self::MX
                | Self::PTR
                | Self::SOA
                | Self::SRV
                | Self::SVCB
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn targets(rrtype: RrType, text: &str) -> Vec<String> {
        let rdata = Rdata::parse(rrtype, text);
        let found = rdata.targets(rrtype).map(|target| match target {
            Target::Address(address) => address.to_string(),
            Target::Name(name) => name.to_string(),
        });
        found.collect()
    }

    #[test]
    fn data_is_searched_by_every_host_and_mailbox_in_it() {
        for (rrtype, text, wanted) in [
            (RrType::A, "192.0.2.1", &["192.0.2.1"][..]),
            (RrType::AAAA, "2001:db8::1", &["2001:db8::1"]),
            (RrType::NS, "ns.example", &["ns.example"]),
            (RrType::MX, "10 mx.example", &["mx.example"]),
            (RrType::MX, "0 .", &[]),
            (RrType::SRV, "0 5 5060 sip.example", &["sip.example"]),
            (RrType::HTTPS, "1 cdn.example alpn=h2", &["cdn.example"]),
            (RrType::HTTPS, "1 . alpn=h2", &[]),
            (
                RrType::SOA,
                r"ns1.zone.example. h\.hofer.zone.example. 1 2 3 4 5",
                &["ns1.zone.example", r"h\.hofer.zone.example"],
            ),
            (RrType::SOA, "one.example one.example 1 2 3 4 5", &["one.example"]),
            (RrType::SOA, ". h.example 1 2 3 4 5", &["h.example"]),
            (RrType::RP, "joe.example txt.example", &["joe.example", "txt.example"]),
            (RrType::RP, "joe.example .", &["joe.example"]),
            (RrType::AFSDB, "1 afs.example", &["afs.example"]),
            (RrType::MINFO, "a.example b.example", &["a.example", "b.example"]),
            (RrType::PX, "10 a.example b.example", &["a.example", "b.example"]),
            (RrType::RT, "10 a.example", &["a.example"]),
            (RrType::KX, "10 a.example", &["a.example"]),
            (RrType::LP, "10 a.example", &["a.example"]),
            (RrType::MB, "a.example", &["a.example"]),
            (RrType::NAPTR, r#"100 10 "s" "SIP+D2U" "" _sip._udp.example"#, &["_sip._udp.example"]),
            (RrType::NAPTR, r#"100 10 "u" "E2U+sip" "!^.*$!sip:info@example.com!" ."#, &[]),
            (RrType::IPSECKEY, "10 1 2 192.0.2.38 AQNR", &["192.0.2.38"]),
            (RrType::IPSECKEY, "10 3 2 gw.example AQNR", &["gw.example"]),
            (RrType::IPSECKEY, "10 0 2 . AQNR", &[]),
            (RrType::AMTRELAY, "10 1 2 2001:db8::1", &["2001:db8::1"]),
            (RrType::AMTRELAY, "10 0 3 relay.example", &["relay.example"]),
            (RrType::HIP, "2 20 AQNR a.example b.example a.example", &["a.example", "b.example"]),
            (RrType::DSYNC, "CDS NOTIFY 5300 scan.example", &["scan.example"]),
            (RrType::DSYNC, r"\# 8 000101000102016100", &[]),
            (RrType::TALINK, "a.example b.example", &[]),
            (RrType::NSEC, "b.example A NS", &[]),
            (RrType::TXT, "ns.example", &[]),
            (RrType::A, "not an address", &[]),
            (RrType::SOA, "ns.example", &[]),
        ] {
            assert_eq!(targets(rrtype, text), wanted, "{rrtype} {text}");
        }
    }

    #[test]
    fn dnsdb_has_a_list_of_its_own() {
        for (rrtype, wanted) in [
            (RrType::SOA, true),
            (RrType::PTR, true),
            (RrType::HTTPS, true),
            (RrType::RP, false),
            (RrType::AFSDB, false),
            (RrType::NAPTR, false),
            (RrType::A, false),
        ] {
            assert_eq!(rrtype.is_dnsdb_rdata_name(), wanted, "{rrtype}");
        }
    }

    proptest! {
        #[test]
        fn targets_are_few_and_distinct_and_begin_with_the_main_one(
            rrtype in (0_u16..=300).prop_map(RrType::Code),
            octets in prop::collection::vec(0_u8..8, 0..80),
        ) {
            if let Ok(rdata) = Rdata::from_wire(rrtype, &octets) {
                let found: Vec<Target<'_>> = rdata.targets(rrtype).collect();
                prop_assert!(found.len() <= MAX_TARGETS);
                if let Some(main) = rdata.target(rrtype) {
                    prop_assert_eq!(found.first(), Some(&main));
                }
                for (at, target) in found.iter().enumerate() {
                    prop_assert!(!found[..at].contains(target));
                }
            }
        }
    }
}
