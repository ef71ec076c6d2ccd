//! Answers for the tests of the pictures.

use cof::{Name, Rdata, Record, RrType};
use operation::Indicator;

/// Owner, type, data, first seen, last seen, count.
pub(crate) type Line<'a> = (&'a str, RrType, &'a str, u64, u64, u64);

/// The answer in the integration guide for its address: seven records.
pub(crate) const GUIDE: [Line<'_>; 7] = [
    ("www.threatq.com", RrType::A, "104.196.175.197", 1_496_995_637, 1_499_951_111, 6),
    ("threatsketch.com", RrType::NS, "dns04.gpn.register.com", 1_495_523_983, 1_495_533_768, 3),
    ("threatsketch.com", RrType::NS, "dns01.gpn.register.com", 1_495_523_983, 1_495_533_768, 3),
    ("threatsketch.com", RrType::NS, "dns02.gpn.register.com", 1_495_523_983, 1_495_533_768, 3),
    ("threatsketch.com", RrType::NS, "dns05.gpn.register.com", 1_495_523_983, 1_495_533_768, 3),
    ("threatsketch.com", RrType::NS, "dns03.gpn.register.com", 1_495_523_983, 1_495_533_768, 3),
    ("threatsketch.com", RrType::A, "104.196.175.197", 1_495_523_983, 1_495_533_768, 5),
];

/// The address that the guide queries.
pub(crate) fn asked() -> Indicator {
    Indicator::parse("104.196.175.197").unwrap()
}

/// A record of one line.
pub(crate) fn record((rrname, rrtype, rdata, first, last, count): Line<'_>) -> Record {
    let mut record = Record::new(Name::parse(rrname).unwrap(), rrtype, Rdata::parse(rrtype, rdata));
    (record.time_first, record.time_last, record.count) = (Some(first), Some(last), Some(count));
    record
}

/// The guide's records.
pub(crate) fn guide() -> Vec<Record> {
    GUIDE.into_iter().map(record).collect()
}

/// Many names on the queried address, with other data as well; the same at every call.
pub(crate) fn many(count: usize) -> Vec<Record> {
    let types = [RrType::AAAA, RrType::CNAME, RrType::NS, RrType::MX, RrType::TXT, RrType::PTR];
    let mut state = 7u64;
    let mut next = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let one = |_| {
        let name = format!("host-{}.example.net", next(45_000));
        let rrtype = match next(50) {
            0..42 => RrType::A,
            other => types[usize::try_from(other % 6).unwrap()],
        };
        let rdata = match rrtype {
            RrType::A if next(10) > 0 => "104.196.175.197".to_owned(),
            RrType::A => format!("198.51.100.{}", next(256)),
            RrType::AAAA => format!("2001:db8::{:x}", next(9_000)),
            RrType::MX => format!("10 mail{}.example.org", next(50)),
            RrType::TXT => format!("v=spf1 ip4:192.0.2.{} -all", next(256)),
            _ => format!("edge-{}.example.org", next(3_000)),
        };
        let first = 1_420_070_400 + next(360_000_000);
        record((&name, rrtype, &rdata, first, first + next(60_000_000), 1 + next(3_000)))
    };
    (0..count).map(one).collect()
}
