//! Who else has the value of a record: the names with the same name server, mail server, alias, mailbox or text.
//!
//! Values are counted in the database, each up to a limit, so that a page costs a bounded number of rows. Text has no order in the
//! database, so it is counted among the rows that were found. Errors are those of the database.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use cof::{Name, Rdata, Record, RrType, Target as Side};
use edge::problem::Problem;
use pdns::rows::Rows;
use store::{Question, Store, StoreError, Subject};

use super::found::Found;
use crate::content::Content;

/// The rows that are read for all values of a page, and the least and the most for one of them.
const ROWS: usize = 6_000;
const LEAST: usize = 60;
const MOST: usize = 1_000;
/// The longest text that a link contains, in bytes.
const LONGEST: usize = 1_000;

/// A value that other names may have.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Target {
    /// A name in the data of records of this type.
    Name(RrType, Name),
    /// A text.
    Text(Rdata),
}

/// How many names have a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Names {
    pub(crate) count: usize,
    /// Whether there may be more.
    pub(crate) at_least: bool,
}

/// A value of a row, and who has it.
#[derive(Clone, Debug)]
pub(crate) struct Use {
    /// The line that asks for it.
    pub(crate) line: String,
    pub(crate) names: Names,
    /// Whether the value is a text, of which only the rows that were found are counted.
    pub(crate) is_text: bool,
}

/// Who else has the values of these rows; `None` for rows without such a value.
///
/// # Errors
/// Errors of the database.
pub(crate) async fn uses(
    found: &Arc<Found>,
    rows: &Rows,
    places: &[usize],
) -> Result<Vec<Option<Use>>, Problem> {
    let targets: Vec<Option<Target>> =
        places.iter().map(|place| found.records().get(*place).and_then(Target::of)).collect();
    let mut unknown: Vec<Target> = Vec::new();
    for target in targets.iter().flatten() {
        if found.counted(target).is_none() && !unknown.contains(target) {
            unknown.push(target.clone());
        }
    }
    if !unknown.is_empty() {
        let about = Arc::clone(found);
        let counts = rows.blocking(move |store| count(&about, store, &unknown)).await?;
        found.count(counts);
    }
    let known = |target: Target| {
        let (names, is_text) = (found.counted(&target)?, matches!(target, Target::Text(_)));
        Some(Use { line: target.line(), names, is_text })
    };
    Ok(targets.into_iter().map(|target| target.and_then(known)).collect())
}

fn count(found: &Found, store: &dyn Store, targets: &[Target]) -> Result<Vec<(Target, Names)>, StoreError> {
    let each = (ROWS / targets.len().max(1)).clamp(LEAST, MOST);
    let texts = texts(found, targets);
    let counted = targets.iter().map(|target| {
        let names = match target {
            Target::Name(rrtype, name) => names(store, *rrtype, name, each)?,
            Target::Text(rdata) => {
                let count = texts.get(rdata).map_or(0, HashSet::len);
                Names { count, at_least: true }
            }
        };
        Ok((target.clone(), names))
    });
    counted.collect()
}

/// The names with a name in their data.
fn names(store: &dyn Store, rrtype: RrType, name: &Name, most: usize) -> Result<Names, StoreError> {
    let subject = Subject::RdataName(name.clone());
    // Types are filtered while reading, so what is read is bounded, too.
    let question = Question {
        rrtypes: vec![rrtype],
        limit: most,
        reach: most.saturating_mul(4),
        ..Question::new(subject)
    };
    let page = store.lookup(&question)?;
    let owners: HashSet<&Name> = page.records.iter().map(|record| &record.rrname).collect();
    Ok(Names { count: owners.len(), at_least: page.more })
}

/// The names with each text among the rows that were found.
fn texts<'a>(found: &'a Found, targets: &'a [Target]) -> HashMap<&'a Rdata, HashSet<&'a Name>> {
    let of_text = |target: &'a Target| match target {
        Target::Text(rdata) => Some((rdata, HashSet::new())),
        Target::Name(..) => None,
    };
    let mut texts: HashMap<&Rdata, HashSet<&Name>> = targets.iter().filter_map(of_text).collect();
    if texts.is_empty() {
        return texts;
    }
    for record in found.records().iter().filter(|record| record.rrtype == RrType::TXT) {
        if let Some(owners) = texts.get_mut(&record.rdata) {
            owners.insert(&record.rrname);
        }
    }
    texts
}

impl Target {
    fn of(record: &Record) -> Option<Self> {
        let rrtype = record.rrtype;
        if rrtype == RrType::TXT {
            return (record.rdata_text().len() <= LONGEST).then(|| Self::Text(record.rdata.clone()));
        }
        let mut names = record.rdata.targets(rrtype).filter_map(|target| match target {
            Side::Name(name) => Some(name.to_name()),
            Side::Address(_) => None,
        });
        let name = match rrtype {
            // Its names are the first server and the mailbox.
            RrType::SOA => names.nth(1),
            RrType::CNAME | RrType::DNAME | RrType::MX | RrType::NS | RrType::PTR | RrType::SRV => {
                names.next()
            }
            _ => None,
        };
        name.map(|name| Self::Name(rrtype, name))
    }

    /// The line of an inquiry for the records with this value.
    fn line(&self) -> String {
        match self {
            Self::Name(rrtype, name) => {
                // A name with blanks is escaped in its printed form.
                let dot = if name.labels().count() == 1 { "." } else { "" };
                format!("rdata:{name}{dot} type:{rrtype}")
            }
            Self::Text(rdata) => format!("type:TXT exact:{}", rdata.to_text(RrType::TXT)),
        }
    }
}
