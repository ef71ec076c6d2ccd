//! The simple model: a list of all observations, which is read from the start for every query.

use std::net::IpAddr;
use std::sync::Arc;

use crate::{Apart, Question, Selection, Subject, Summary};
use cof::{Batch, Name, Observation, Rdata, Record, RrType, Source, SourceKind, Target};

/// All observations, with their sources.
#[derive(Clone, Debug, Default)]
pub struct Model(Vec<(Observation, Source)>);

/// Identifies the words that form a row, in the order of the rows of one tuple.
type Part = (Option<usize>, Option<bool>, Option<Source>);

/// A target of data, in the order of answers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Right {
    V4([u8; 4]),
    V6([u8; 16]),
    Name(Name),
}

impl Model {
    /// [`crate::Store::absorb`].
    pub fn absorb(&mut self, batch: &Batch) {
        for observation in &batch.observations {
            self.0.push((observation.clone(), batch.sources[observation.source].clone()));
        }
    }

    /// [`crate::Store::drop_where`].
    pub fn drop_where(&mut self, selection: &Selection) {
        let old = match selection {
            Selection::LastSeenBefore(time) => {
                let mut rows = self.rows(Apart::Kind);
                rows.retain(|row| row.span().unwrap().1 < *time);
                rows
            }
            Selection::Origin(_) | Selection::Suffix(_) => Vec::new(),
        };
        self.0.retain(|(observation, source)| match selection {
            Selection::LastSeenBefore(_) => !old.iter().any(|row| {
                is_of(observation, row) && row.time_last.is_none() == (source.kind == SourceKind::Zone)
            }),
            Selection::Origin(origin) => source.origin != *origin,
            Selection::Suffix(name) => !observation.rrname.is_within(name),
        });
    }

    /// All rows of the answer; cursor and limit have no effect.
    pub fn answer(&self, question: &Question) -> Vec<Record> {
        let within = |row: &Record| {
            let first = row.time_first.into_iter().chain(row.zone_time_first).min().unwrap();
            let last = row.time_last.max(row.zone_time_last).unwrap();
            question.fences.admit(first, last)
        };
        let all = self.merged(|_| true);
        let apart = self.rows(question.apart);
        let mut rows: Vec<_> = apart
            .iter()
            .filter(|row| match &question.subject {
                Subject::NamesOn(address) => all
                    .iter()
                    .any(|other| other.rrname == row.rrname && within(other) && has_address(other, *address)),
                subject => matches(subject, row),
            })
            .filter(|row| within(row))
            .filter(|row| question.rrtypes.is_empty() || question.rrtypes.contains(&row.rrtype))
            .cloned()
            .collect();
        if matches!(question.subject, Subject::Name(_) | Subject::Suffix(_) | Subject::NamesOn(_)) {
            rows.sort_by_key(tuple);
        } else {
            let right = |row: &Record| asked_for(&question.subject, row);
            rows.sort_by_key(|row| (right(row), row.rrtype, row.rrname.clone(), row.rdata.clone()));
        }
        rows
    }

    /// All rows of the answer, most recently seen first.
    pub fn newest(&self, question: &Question) -> Vec<Record> {
        let mut rows = self.answer(question);
        rows.sort_by_key(|row| std::cmp::Reverse(row.span().unwrap().1));
        rows
    }

    /// [`crate::Store::summarise`].
    pub fn summarise(&self, question: &Question) -> Summary {
        let rows = self.answer(question);
        let counts = rows.iter().filter_map(|row| row.count);
        Summary {
            rows: rows.len() as u64,
            count: counts.reduce(u64::saturating_add),
            first: rows.iter().map(|row| row.span().unwrap().0).min(),
            last: rows.iter().map(|row| row.span().unwrap().1).max(),
        }
    }

    fn merged(&self, wanted: impl Fn(&Record) -> bool) -> Vec<Record> {
        let mut rows = self.rows(Apart::Merged);
        rows.retain(wanted);
        rows
    }

    fn rows(&self, apart: Apart) -> Vec<Record> {
        let mut rows: Vec<(Part, Record)> = Vec::new();
        for word in &self.0 {
            let part = part(word, apart);
            if !rows.iter().any(|(known, row)| *known == part && is_of(&word.0, row)) {
                rows.push((part.clone(), self.row(&word.0, apart, &part)));
            }
        }
        rows.sort_by_key(|((bailiwick, zone, source), _)| {
            (bailiwick.unwrap_or(usize::MAX), *zone, source.clone())
        });
        rows.into_iter().map(|(_, row)| row).collect()
    }

    fn row(&self, of: &Observation, apart: Apart, of_part: &Part) -> Record {
        let mut row = Record::new(of.rrname.clone(), of.rrtype, of.rdata.clone());
        let words = self.0.iter().filter(|word| is_of(&word.0, &row) && part(word, apart) == *of_part);
        let words: Vec<_> = words.collect();
        let times = |zone: bool| {
            let words = words.iter().filter(|(_, source)| (source.kind == SourceKind::Zone) == zone);
            let words = words.map(|(observation, _)| (observation.time_first, observation.time_last));
            (words.clone().map(|times| times.0).min(), words.map(|times| times.1).max())
        };
        let counts = |kind: SourceKind| {
            let words = words.iter().filter(move |(_, source)| source.kind == kind);
            words.filter_map(|(observation, _)| observation.count)
        };
        (row.time_first, row.time_last) = times(false);
        (row.zone_time_first, row.zone_time_last) = times(true);
        let seen = counts(SourceKind::Observation).reduce(u64::saturating_add);
        row.count = seen.max(counts(SourceKind::Report).max()).or(counts(SourceKind::Zone).max());
        row.origin = same(words.iter().map(|(_, source)| source.origin.clone())).flatten();
        let stated = words.iter().filter_map(|(observation, _)| observation.bailiwick.clone());
        row.bailiwick = same(stated.filter(|bailiwick| of.rrname.is_within(bailiwick)));
        if let (_, _, Some(source)) = of_part {
            row.sensor_id.clone_from(&source.sensor);
            let kind = format!("{:?}", format!("{:?}", source.kind).to_lowercase());
            row.extras = [("source_kind".into(), kind.into())].into_iter().collect();
        }
        row
    }
}

fn part((observation, source): &(Observation, Source), apart: Apart) -> Part {
    let stated = observation.bailiwick.as_ref().filter(|bailiwick| observation.rrname.is_within(bailiwick));
    let labels = stated.map(|name| name.labels().count());
    let of_zone = Some(source.kind == SourceKind::Zone);
    match apart {
        Apart::Merged => (None, None, None),
        Apart::Kind => (None, of_zone, None),
        Apart::Bailiwick => (labels, None, None),
        Apart::BailiwickAndKind => (labels, of_zone, None),
        Apart::Source => (labels, None, Some(source.clone())),
    }
}

/// What identifies a row.
pub fn tuple(row: &Record) -> (Name, RrType, Rdata) {
    (row.rrname.clone(), row.rrtype, row.rdata.clone())
}

fn is_of(observation: &Observation, row: &Record) -> bool {
    (&observation.rrname, observation.rrtype, &observation.rdata) == (&row.rrname, row.rrtype, &row.rdata)
}

fn same<T: PartialEq>(mut words: impl Iterator<Item = T>) -> Option<T> {
    let first = words.next()?;
    words.all(|word| word == first).then_some(first)
}

/// All targets of the data.
fn rights(row: &Record) -> Vec<Right> {
    let right = |target: Target<'_>| match target {
        Target::Address(IpAddr::V4(address)) => Right::V4(address.octets()),
        Target::Address(IpAddr::V6(address)) => Right::V6(address.octets()),
        Target::Name(name) => Right::Name(name.to_name()),
    };
    row.rdata.targets(row.rrtype).map(right).collect()
}

/// The first target of the data that the query matches, in the order of answers.
fn asked_for(subject: &Subject, row: &Record) -> Option<Right> {
    rights(row).into_iter().filter(|right| matches_right(subject, right)).min()
}

fn has_address(row: &Record, address: IpAddr) -> bool {
    [RrType::A, RrType::AAAA].contains(&row.rrtype) && asked_for(&Subject::Address(address), row).is_some()
}

fn matches(subject: &Subject, row: &Record) -> bool {
    match subject {
        Subject::Name(name) => row.rrname == *name,
        Subject::Suffix(name) => row.rrname.is_within(name),
        Subject::NamesOn(_) => unreachable!("needs the other rows"),
        subject => asked_for(subject, row).is_some(),
    }
}

fn matches_right(subject: &Subject, right: &Right) -> bool {
    let address: Option<IpAddr> = match right {
        Right::V4(octets) => Some((*octets).into()),
        Right::V6(octets) => Some((*octets).into()),
        Right::Name(_) => None,
    };
    let named = |wanted: &dyn Fn(&Name) -> bool| matches!(right, Right::Name(name) if wanted(name));
    match subject {
        Subject::Address(wanted) => {
            address.is_some_and(|address| address.to_canonical() == wanted.to_canonical())
        }
        Subject::Name(_) | Subject::Suffix(_) | Subject::NamesOn(_) => false,
        Subject::Network(network, length) => {
            // A network of IPv4-mapped addresses is the same as the network of IPv4 addresses.
            let (network, length, is_ipv4) = match (network.to_canonical(), network, length) {
                (IpAddr::V4(plain), IpAddr::V6(_), 96..) => (plain.into(), length - 96, true),
                _ => (*network, *length, network.is_ipv4()),
            };
            address.is_some_and(|address| in_network(in_form(address, is_ipv4), network, length))
        }
        Subject::Range(first, last) => address.is_some_and(|address| {
            let is_ipv4 = first.to_canonical().is_ipv4() && last.to_canonical().is_ipv4();
            let (low, high) = (in_form(*first, is_ipv4), in_form(*last, is_ipv4));
            let address = in_form(address, is_ipv4);
            first.is_ipv4() == last.is_ipv4()
                && address.is_ipv4() == low.is_ipv4()
                && low <= address
                && address <= high
        }),
        Subject::RdataName(name) => named(&|target| target == name),
        Subject::RdataSuffix(name) => named(&|target| target.is_within(name)),
    }
}

/// An IPv4-mapped address as IPv4, if the query is for IPv4.
fn in_form(address: IpAddr, is_ipv4: bool) -> IpAddr {
    if is_ipv4 { address.to_canonical() } else { address }
}

fn in_network(address: IpAddr, network: IpAddr, length: u8) -> bool {
    let bits = |address: IpAddr| -> String {
        match address {
            IpAddr::V4(address) => format!("{:032b}", address.to_bits()),
            IpAddr::V6(address) => format!("{:0128b}", address.to_bits()),
        }
    };
    let (address, network) = (bits(address), bits(network));
    let length = usize::from(length).min(network.len());
    address.len() == network.len() && address[..length] == network[..length]
}

/// A source of a kind, with an origin.
pub fn source(kind: SourceKind, origin: Option<&str>) -> Source {
    Source { kind, origin: origin.map(Arc::from), sensor: None }
}
