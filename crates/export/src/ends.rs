//! What the two sides of a record are, and how they relate: [`Ends`].

use cof::{Name, NameRef, Record, RrType};
use operation::{Host, Indicator};

/// The indicators in a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ends {
    /// Its owner; the address of a reverse name.
    pub(crate) owner: Option<Indicator>,
    /// The main host in its data.
    pub(crate) target: Option<Indicator>,
    /// The mailbox of an SOA record, as an e-mail address.
    pub(crate) mailbox: Option<String>,
}

/// How a host relates to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Relation {
    /// The name leads to the other name or address when it is resolved.
    Resolves,
    /// The name names the other one as its server: name servers, mail servers, services.
    Served,
    /// They have something to do with each other.
    Related,
}

impl Ends {
    pub(crate) fn of(record: &Record) -> Self {
        Self {
            owner: Indicator::of_owner(record),
            target: Indicator::of_target(&record.rdata, record.rrtype),
            mailbox: mailbox(record),
        }
    }

    /// Whether it has none at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.owner.is_none() && self.target.is_none() && self.mailbox.is_none()
    }
}

/// How the two sides of a record of this type relate, the source first. `None` if both are the same.
pub(crate) fn relation<'a>(
    owner: &'a Indicator,
    target: &'a Indicator,
    rrtype: RrType,
) -> Option<(&'a Indicator, Relation, &'a Indicator)> {
    let is_name = |indicator: &Indicator| matches!(indicator.host(), Host::Name(_));
    if owner == target {
        return None;
    }
    // A reverse name stands for its address, which the name in the data leads to.
    if rrtype == RrType::PTR && !is_name(owner) && is_name(target) {
        return Some((target, Relation::Resolves, owner));
    }
    let relation = match rrtype {
        _ if !is_name(owner) => Relation::Related,
        RrType::A | RrType::AAAA | RrType::CNAME | RrType::DNAME => Relation::Resolves,
        RrType::NS | RrType::MX | RrType::SRV | RrType::SVCB | RrType::HTTPS | RrType::SOA => {
            Relation::Served
        }
        _ => Relation::Related,
    };
    Some((owner, relation, target))
}

/// The preference of an MX record.
pub(crate) fn preference(record: &Record) -> Option<u16> {
    if record.rrtype != RrType::MX {
        return None;
    }
    let octets = record.rdata.as_wire()?.get(..2)?;
    Some(u16::from_be_bytes(octets.try_into().ok()?))
}

/// The mailbox of an SOA record, if it is an address that every mail program would take.
fn mailbox(record: &Record) -> Option<String> {
    if record.rrtype != RrType::SOA {
        return None;
    }
    let (_, rest) = NameRef::split_wire(record.rdata.as_wire()?).ok()?;
    let (mailbox, _) = NameRef::split_wire(rest).ok()?;
    let local = mailbox.labels().next()?;
    let domain = Name::from_wire(mailbox.as_wire().get(1 + local.len()..)?).ok()?;
    let local = std::str::from_utf8(local).ok().filter(|local| is_usual(local))?;
    let domain = Indicator::from_name(domain)?;
    domain.to_string().contains('.').then(|| format!("{local}@{domain}"))
}

/// Whether a local part needs no quotes (RFC 5322 section 3.4.1) and has none of the rarer characters.
fn is_usual(local: &str) -> bool {
    let allowed = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'-' | b'_' | b'+');
    local.bytes().all(allowed) && local.split('.').all(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use cof::Rdata;

    use super::*;

    fn record(rrname: &str, rrtype: RrType, rdata: &str) -> Record {
        Record::new(Name::parse(rrname).unwrap(), rrtype, Rdata::parse(rrtype, rdata))
    }

    fn related(rrname: &str, rrtype: RrType, rdata: &str) -> Option<(String, Relation, String)> {
        let Ends { owner, target, .. } = Ends::of(&record(rrname, rrtype, rdata));
        let (owner, target) = (owner?, target?);
        let (from, relation, to) = relation(&owner, &target, rrtype)?;
        Some((from.to_string(), relation, to.to_string()))
    }

    #[test]
    fn a_name_leads_to_what_its_records_name() {
        let of = |from: &str, relation, to: &str| Some((from.to_owned(), relation, to.to_owned()));
        for (rrname, rrtype, rdata, wanted) in [
            ("a.example", RrType::A, "192.0.2.1", of("a.example", Relation::Resolves, "192.0.2.1")),
            ("a.example", RrType::AAAA, "::ffff:192.0.2.1", of("a.example", Relation::Resolves, "192.0.2.1")),
            ("a.example", RrType::CNAME, "b.example", of("a.example", Relation::Resolves, "b.example")),
            ("a.example", RrType::CNAME, "a.example", None),
            ("a.example", RrType::MX, "10 mx.a.example", of("a.example", Relation::Served, "mx.a.example")),
            (
                "a.example",
                RrType::HTTPS,
                "1 cdn.a.example",
                of("a.example", Relation::Served, "cdn.a.example"),
            ),
            (
                "1.2.0.192.in-addr.arpa",
                RrType::PTR,
                "a.example",
                of("a.example", Relation::Resolves, "192.0.2.1"),
            ),
            (
                "1.2.0.192.in-addr.arpa",
                RrType::NS,
                "ns1.a.example",
                of("192.0.2.1", Relation::Related, "ns1.a.example"),
            ),
            ("x.a.example", RrType::PTR, "a.example", of("x.a.example", Relation::Related, "a.example")),
            ("a.example", RrType::TXT, "b.example", None),
            ("*.a.example", RrType::A, "192.0.2.1", None),
        ] {
            assert_eq!(related(rrname, rrtype, rdata), wanted, "{rrname} {rrtype} {rdata}");
        }
    }

    #[test]
    fn the_mailbox_of_an_soa_record_is_an_address_if_it_can_be() {
        for (rdata, wanted) in [
            ("ns1.a.example hostmaster.a.example 1 2 3 4 5", Some("hostmaster@a.example")),
            (r"ns1.a.example h\.hofer.a.example 1 2 3 4 5", Some("h.hofer@a.example")),
            (r"ns1.a.example h\.\.h.a.example 1 2 3 4 5", None),
            (r"ns1.a.example h\032h.a.example 1 2 3 4 5", None),
            ("ns1.a.example hostmaster.example 1 2 3 4 5", None),
            ("ns1.a.example . 1 2 3 4 5", None),
            ("not an SOA", None),
        ] {
            let found = Ends::of(&record("a.example", RrType::SOA, rdata)).mailbox;
            assert_eq!(found.as_deref(), wanted, "{rdata}");
        }
    }

    #[test]
    fn only_mail_servers_have_a_preference() {
        assert_eq!(preference(&record("a.example", RrType::MX, "10 mx.a.example")), Some(10));
        assert_eq!(preference(&record("a.example", RrType::NS, "ns.a.example")), None);
        assert_eq!(preference(&record("a.example", RrType::MX, "mx.a.example")), None);
    }
}
