//! The relation of a record to the queried indicator.

use cof::Record;

use crate::{Host, Indicator};

/// Whether a record is about the queried indicator itself, or related to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// The indicator is the record's owner or its data.
    Direct,
    /// The record belongs to a name that the indicator leads to: CIRCL answers a query for an address with all records of its
    /// names.
    Related,
}

impl Relation {
    /// The relation of `record` to `indicator`.
    pub fn of(indicator: &Indicator, record: &Record) -> Self {
        let (owner, target) =
            (Indicator::of_owner(record), Indicator::of_target(&record.rdata, record.rrtype));
        Self::between(indicator, record, [owner.as_ref(), target.as_ref()])
    }

    /// The same, if the two sides of the record are already known.
    pub(crate) fn between(indicator: &Indicator, record: &Record, sides: [Option<&Indicator>; 2]) -> Self {
        // The name itself is also compared, because a queried reverse name is otherwise read as an address.
        let name = || matches!(indicator.host(), Host::Name(name) if *name == record.rrname);
        if sides.contains(&Some(indicator)) || name() { Self::Direct } else { Self::Related }
    }

    /// Its name in output.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Related => "related",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cof::{Name, Rdata, RrType};

    fn of(value: &str, (rrname, rrtype, rdata): (&str, RrType, &str)) -> Relation {
        let record = Record::new(Name::parse(rrname).unwrap(), rrtype, Rdata::parse(rrtype, rdata));
        Relation::of(&Indicator::parse(value).unwrap(), &record)
    }

    #[test]
    fn either_side_makes_a_record_direct() {
        let a = ("www.example.com", RrType::A, "192.0.2.1");
        assert_eq!(of("www.example.com", a), Relation::Direct);
        assert_eq!(of("192.0.2.1", a), Relation::Direct);
        assert_eq!(of("example.com", a), Relation::Related);
        assert_eq!(of("192.0.2.2", a), Relation::Related);
        assert_eq!(of("2001:db8::1", ("x.example", RrType::AAAA, "2001:DB8:0:0::1")), Relation::Direct);
        assert_eq!(of("mail.example", ("x.example", RrType::MX, "10 MAIL.example.")), Relation::Direct);
        assert_eq!(of("x.example", ("x.example", RrType::TXT, "any text")), Relation::Direct);
    }

    #[test]
    fn a_reverse_name_is_its_address_and_itself() {
        let ptr = ("1.2.0.192.in-addr.arpa", RrType::PTR, "www.example.com");
        assert_eq!(of("192.0.2.1", ptr), Relation::Direct);
        assert_eq!(of("1.2.0.192.in-addr.arpa", ptr), Relation::Direct);
        assert_eq!(of("192.0.2.2", ptr), Relation::Related);
    }
}
