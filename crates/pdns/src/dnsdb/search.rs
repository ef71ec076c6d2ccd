//! Interprets a request: what is read from the store, what is sent, and in which form. Pure code; it does not access the store.
//!
//! A [`Search`] reads one or more parts of the store ([`Search::stages`]) from their start, and sends the records that it
//! [`Search::admits`]. Most of a search by type or time is left to the store, within the reach of a page, so that every search
//! can be limited, and dropped when its client disconnects.

use cof::{Name, Rdata, Record, RrType, Target};
use store::{Apart, Fences, Question, Subject};

use super::object::{Objects, push_absolute};
use super::parameters::Parameters;
use super::path::{Side, Types, Verb, Version, Wanted};
use super::pattern::Pattern;
use super::refusal::Refusal;
use crate::texts::Texts;

/// A parsed request.
#[derive(Debug)]
pub(super) struct Search {
    /// What is read, one after another.
    stages: Vec<Subject>,
    apart: Apart,
    /// `None` is every type.
    types: Option<Types>,
    fences: Fences,
    test: Test,
    pub(super) shape: Shape,
    pub(super) objects: Objects,
    /// How many objects are skipped, and how many are sent at most.
    pub(super) offset: u64,
    pub(super) limit: u64,
}

/// What a search returns for the matching records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Matching data, each once.
    Data {
        verbose: bool,
    },
    /// Matching owners and types, each once.
    Names {
        verbose: bool,
    },
    Records {
        bailiwick: bool,
    },
    Summary {
        max_count: Option<u64>,
    },
}

/// A further condition on the records of a stage.
#[derive(Debug)]
enum Test {
    Nothing,
    Octets(Vec<u8>),
    Owner { name: Pattern, bailiwick: Option<Pattern> },
    Target(Pattern),
    Text(Side, Texts),
}

/// Types whose data contains a host; a store sorts such records by it.
const TARGETED: [RrType; 11] = [
    RrType::A,
    RrType::AAAA,
    RrType::CNAME,
    RrType::DNAME,
    RrType::HTTPS,
    RrType::MX,
    RrType::NS,
    RrType::PTR,
    RrType::SOA,
    RrType::SRV,
    RrType::SVCB,
];

impl Search {
    /// Combines path and parameters.
    ///
    /// # Errors
    /// 400.
    pub(super) fn of(
        version: Version,
        verb: Verb,
        wanted: Wanted,
        types: Option<Types>,
        parameters: &Parameters,
    ) -> Result<Self, Refusal> {
        let types = match (types, parameters.types) {
            (Some(_), Some(_)) => return Err(Refusal::bad_request("rrtype: the path already has a type")),
            (said, None) | (None, said) => said,
        };
        let shape = shape(verb, &wanted, parameters);
        let apart = match (parameters.aggregated, &wanted) {
            (false, _) => Apart::Source,
            (true, Wanted::Owner { .. }) => Apart::BailiwickAndKind,
            (true, _) => Apart::Kind,
        };
        let types = match wanted {
            Wanted::Addresses(_) => of_addresses(types)?,
            _ => Some(types.unwrap_or(Types::Any)),
        };
        let (stages, test) = plan(wanted, types, parameters)?;
        Ok(Self {
            stages,
            apart,
            types,
            fences: parameters.fences,
            test,
            shape,
            objects: Objects { human_times: parameters.human_times, version },
            offset: parameters.offset,
            limit: parameters.limit,
        })
    }

    /// The query for the first rows of a stage; `None` after the last stage.
    pub(super) fn question(&self, stage: usize) -> Option<Question> {
        let subject = self.stages.get(stage)?.clone();
        let rrtypes = self.types.and_then(Types::one).into_iter().collect();
        Some(Question { rrtypes, fences: self.fences, apart: self.apart, ..Question::new(subject) })
    }

    /// Whether the stage is after the last one.
    pub(super) fn is_over(&self, stage: usize) -> bool {
        stage >= self.stages.len()
    }

    /// Whether nearly everything that is read is sent, so that the first rows are found quickly.
    pub(super) fn is_direct(&self) -> bool {
        let searched = match &self.test {
            Test::Owner { name, .. } | Test::Target(name) => name.is_searched(),
            Test::Octets(_) | Test::Text(..) => true,
            Test::Nothing => false,
        };
        !searched
    }

    /// Whether a record that was read in a stage is sent; `scratch` saves an allocation per record.
    pub(super) fn admits(&self, stage: usize, record: &Record, scratch: &mut String) -> bool {
        self.types.is_none_or(|types| types.admit(record.rrtype)) && self.passes(stage, record, scratch)
    }

    fn passes(&self, stage: usize, record: &Record, scratch: &mut String) -> bool {
        match &self.test {
            Test::Nothing => true,
            Test::Octets(octets) => holds(record, octets) && !self.was_read_before(stage, record),
            Test::Owner { name, bailiwick } => {
                let within = |wanted: &Pattern| {
                    record.bailiwick.as_ref().is_some_and(|name| wanted.admits(name.as_ref()))
                };
                name.admits(record.rrname.as_ref()) && bailiwick.as_ref().is_none_or(within)
            }
            // The store finds records by more names in their data than DNSDB does.
            Test::Target(wanted) => {
                record.rrtype.is_dnsdb_rdata_name() && {
                    let mut targets = record.rdata.targets(record.rrtype);
                    targets.any(|target| matches!(target, Target::Name(name) if wanted.admits(name)))
                }
            }
            Test::Text(side, texts) => {
                scratch.clear();
                match side {
                    Side::Rdata => record.rdata.push_absolute(record.rrtype, scratch),
                    Side::Rrnames => push_absolute(&record.rrname, scratch),
                }
                texts.admit(scratch)
            }
        }
    }

    /// Whether an earlier stage returned this record.
    fn was_read_before(&self, stage: usize, record: &Record) -> bool {
        let targets: Vec<Subject> = record.rdata.targets(record.rrtype).map(subject).collect();
        self.stages.iter().take(stage).any(|earlier| targets.contains(earlier))
    }
}

fn shape(verb: Verb, wanted: &Wanted, parameters: &Parameters) -> Shape {
    let verbose = parameters.verbose;
    match (verb, wanted) {
        (Verb::Summarize, _) => Shape::Summary { max_count: parameters.max_count },
        (Verb::Flex, Wanted::Text { side: Side::Rdata, .. }) => Shape::Data { verbose },
        (Verb::Flex, _) => Shape::Names { verbose },
        (Verb::Lookup, wanted) => Shape::Records { bailiwick: matches!(wanted, Wanted::Owner { .. }) },
    }
}

/// DNSDB treats the two types of addresses as one: the address determines the type.
fn of_addresses(types: Option<Types>) -> Result<Option<Types>, Refusal> {
    match types {
        None | Some(Types::Any | Types::One(RrType::A | RrType::AAAA)) => Ok(None),
        Some(_) => Err(Refusal::bad_request("the type: addresses are only in A and AAAA records")),
    }
}

fn plan(
    wanted: Wanted,
    types: Option<Types>,
    parameters: &Parameters,
) -> Result<(Vec<Subject>, Test), Refusal> {
    Ok(match wanted {
        Wanted::Addresses(subject) => (vec![subject], Test::Nothing),
        Wanted::Octets(octets) => {
            let stages = holders(&octets, types);
            if stages.is_empty() {
                return Err(Refusal::bad_request("raw bytes: no data of this type has these bytes"));
            }
            (stages, Test::Octets(octets))
        }
        Wanted::Owner { name, bailiwick } => (vec![name.owners()], Test::Owner { name, bailiwick }),
        Wanted::Target(name) => (vec![name.targets()], Test::Target(name)),
        Wanted::Text { side, syntax, pattern } => {
            let texts = Texts::new(syntax, &pattern, parameters.exclude.as_deref())?;
            (vec![Subject::Suffix(Name::root())], Test::Text(side, texts))
        }
    })
}

/// Queries for the records with these bytes as data: below each host that the bytes contain in some type, and otherwise
/// everywhere.
fn holders(octets: &[u8], types: Option<Types>) -> Vec<Subject> {
    let everything = Subject::Suffix(Name::root());
    let host = |rrtype: RrType| Rdata::from_wire(rrtype, octets).ok()?.target(rrtype).map(subject);
    if let Some(Types::One(rrtype)) = types {
        let readable = Rdata::from_wire(rrtype, octets).is_ok();
        return if readable { vec![host(rrtype).unwrap_or(everything)] } else { Vec::new() };
    }
    let mut stages = Vec::new();
    if types == Some(Types::Any) {
        for subject in TARGETED.into_iter().filter_map(host) {
            if !stages.contains(&subject) {
                stages.push(subject);
            }
        }
    }
    stages.push(everything);
    stages
}

fn subject(target: Target<'_>) -> Subject {
    match target {
        Target::Address(address) => Subject::Address(address),
        Target::Name(name) => Subject::RdataName(name.to_name()),
    }
}

/// Whether the data is these bytes, as far as they are significant for the type: names match in any case, and trailing zeros of
/// APL prefixes are ignored.
fn holds(record: &Record, octets: &[u8]) -> bool {
    let same = |wire: &[u8]| record.rrtype == RrType::APL || wire.eq_ignore_ascii_case(octets);
    let alike = record.rdata.as_wire().is_some_and(same);
    alike && Rdata::from_wire(record.rrtype, octets).as_ref() == Ok(&record.rdata)
}
