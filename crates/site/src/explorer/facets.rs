//! How rows are distributed over types, registered domains, networks and sources. Nothing here fails.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::Arc;

use cof::{NameRef, Record, RrType, Target};
use picture::timeline::class_of;

/// The most values that are kept of a facet; all are counted.
const MOST: usize = 200;

/// All facets of some rows.
#[derive(Debug)]
pub(crate) struct Facets {
    pub(crate) all: [Facet; 4],
}

/// The values of one kind, most rows first.
#[derive(Debug)]
pub(crate) struct Facet {
    pub(crate) word: Word,
    /// At most 200.
    pub(crate) values: Vec<Tally>,
    /// The number of all values.
    pub(crate) total: usize,
}

/// What a facet narrows down, each with its filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    Domain,
    Network,
    Source,
    Type,
}

/// A value, and the rows that have it.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    pub(crate) value: String,
    pub(crate) rows: usize,
    /// The earliest first seen and the latest last seen, in seconds since the epoch.
    pub(crate) span: Option<(u64, u64)>,
    /// The style class of a type.
    pub(crate) class: &'static str,
}

impl Word {
    /// The filter of an inquiry.
    pub(crate) fn filter(self) -> &'static str {
        match self {
            Self::Domain => "below",
            Self::Network => "in",
            Self::Source => "source",
            Self::Type => "type",
        }
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Domain => "Registered domain",
            Self::Network => "Network",
            Self::Source => "Source",
            Self::Type => "Type",
        }
    }
}

/// The number of rows, and their times.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    rows: usize,
    span: Option<(u64, u64)>,
}

impl Facets {
    pub(super) fn new(records: &[Record], sources: &[Box<[u32]>], labels: &[Arc<str>]) -> Self {
        let mut types: HashMap<RrType, Sum> = HashMap::new();
        let mut domains: HashMap<NameRef<'_>, Sum> = HashMap::new();
        let mut networks: HashMap<(IpAddr, u8), Sum> = HashMap::new();
        let mut seen: HashMap<u32, Sum> = HashMap::new();
        // Rows of one name follow each other, and finding its registered domain takes longer than all else.
        for run in records.chunk_by(|a, b| a.rrname == b.rrname) {
            let domain = run.first().and_then(|record| record.rrname.registered_domain());
            for record in run {
                add(&mut types, record.rrtype, record);
                if let Some(domain) = domain {
                    add(&mut domains, domain, record);
                }
                if let Some(network) = network(record) {
                    add(&mut networks, network, record);
                }
            }
        }
        for (record, sources) in records.iter().zip(sources) {
            for source in sources {
                add(&mut seen, *source, record);
            }
        }
        let label =
            |at: &u32| usize::try_from(*at).ok().and_then(|at| labels.get(at)).map_or("", |label| label);
        Self {
            all: [
                Facet::new(Word::Type, types, RrType::to_string, |rrtype| class_of(*rrtype)),
                Facet::new(Word::Domain, domains, |name| name.to_name().to_string(), |_| ""),
                Facet::new(
                    Word::Network,
                    networks,
                    |(address, length)| format!("{address}/{length}"),
                    |_| "",
                ),
                Facet::new(Word::Source, seen, |at| label(at).to_owned(), |_| ""),
            ],
        }
    }

    /// One of the facets.
    pub(crate) fn of(&self, word: Word) -> Option<&Facet> {
        self.all.iter().find(|facet| facet.word == word)
    }
}

impl Facet {
    fn new<K: Eq + Hash>(
        word: Word,
        sums: HashMap<K, Sum>,
        print: impl Fn(&K) -> String,
        class: impl Fn(&K) -> &'static str,
    ) -> Self {
        let total = sums.len();
        let mut ranked: Vec<(K, Sum)> = sums.into_iter().collect();
        // Only those that are kept are printed; equal ones of the last rank are chosen by chance of their order otherwise.
        ranked.sort_by_cached_key(|(key, sum)| (std::cmp::Reverse(sum.rows), print(key)));
        ranked.truncate(MOST);
        let tally = |(key, sum): &(K, Sum)| Tally {
            value: print(key),
            rows: sum.rows,
            span: sum.span,
            class: class(key),
        };
        Self { word, values: ranked.iter().map(tally).collect(), total }
    }
}

fn add<K: Eq + Hash>(sums: &mut HashMap<K, Sum>, key: K, record: &Record) {
    let sum = sums.entry(key).or_default();
    sum.rows += 1;
    sum.span = match (sum.span, record.span()) {
        (Some((first, last)), Some((a, b))) => Some((first.min(a), last.max(b))),
        (known, other) => known.or(other),
    };
}

/// The /24 or /48 network of an address record.
fn network(record: &Record) -> Option<(IpAddr, u8)> {
    if !matches!(record.rrtype, RrType::A | RrType::AAAA) {
        return None;
    }
    match record.rdata.target(record.rrtype)? {
        Target::Address(IpAddr::V4(address)) => {
            Some((IpAddr::V4((address.to_bits() & 0xffff_ff00).into()), 24))
        }
        Target::Address(IpAddr::V6(address)) => {
            Some((IpAddr::V6((address.to_bits() & (u128::MAX << 80)).into()), 48))
        }
        Target::Name(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use cof::{Name, Rdata};

    use super::*;

    fn record(rrname: &str, rrtype: RrType, rdata: &str, time: u64) -> Record {
        let name = Name::parse(rrname).unwrap();
        Record {
            time_first: Some(time),
            time_last: Some(time),
            ..Record::new(name, rrtype, Rdata::parse(rrtype, rdata))
        }
    }

    #[test]
    fn rows_are_counted_by_value_with_their_times() {
        let records = [
            record("a.team.example", RrType::A, "192.0.2.1", 10),
            record("a.team.example", RrType::A, "192.0.2.200", 30),
            record("b.team.example", RrType::AAAA, "2001:db8:0:1::1", 20),
            record("example", RrType::NS, "ns1.team.example", 5),
        ];
        let sources: Vec<Box<[u32]>> = vec![[0].into(), [0, 1].into(), [1].into(), [1].into()];
        let facets = Facets::new(&records, &sources, &["vienna".into(), "reports".into()]);
        let said = |word| {
            let values = facets.of(word).unwrap().values.iter();
            values.map(|tally| (tally.value.clone(), tally.rows, tally.span)).collect::<Vec<_>>()
        };
        let text = str::to_owned;
        assert_eq!(
            said(Word::Type),
            [
                (text("A"), 2, Some((10, 30))),
                (text("AAAA"), 1, Some((20, 20))),
                (text("NS"), 1, Some((5, 5))),
            ]
        );
        assert_eq!(said(Word::Domain), [(text("team.example"), 3, Some((10, 30)))]);
        assert_eq!(
            said(Word::Network),
            [(text("192.0.2.0/24"), 2, Some((10, 30))), (text("2001:db8::/48"), 1, Some((20, 20))),]
        );
        assert_eq!(
            said(Word::Source),
            [(text("reports"), 3, Some((5, 30))), (text("vienna"), 2, Some((10, 30)))]
        );
    }

    #[test]
    fn many_values_are_counted_and_few_are_kept() {
        let records: Vec<Record> =
            (0..1_000).map(|n| record(&format!("x.d{n}.example"), RrType::TXT, "\"x\"", n)).collect();
        let sources: Vec<Box<[u32]>> = records.iter().map(|_| [0].into()).collect();
        let facets = Facets::new(&records, &sources, &["x".into()]);
        let facet = facets.of(Word::Domain).unwrap();
        assert_eq!((facet.total, facet.values.len()), (1_000, MOST));
    }
}
