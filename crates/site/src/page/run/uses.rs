//! The names that use a name as a name server, mail server or target, according to this server's own database.
//!
//! They are looked up if a query for the name's own records had no result, so that the page does not suggest that the name was
//! never seen. Only the first [`MOST`] records are counted.

use std::collections::{BTreeMap, HashSet};

use cof::{Name, RrType};
use edge::problem::Problem;
use store::{Question, Subject};

use crate::site::Site;
use picture::timeline::words::counted;

/// The most records that are read.
const MOST: usize = 1_000;

/// A type of record, and how many names use the queried one in it.
pub(super) struct Use {
    rrtype: RrType,
    names: usize,
    /// Whether there are more records than were read.
    at_least: bool,
}

/// The uses of a name, by type; empty if this server has no database.
pub(super) async fn of(site: &Site, name: &Name) -> Result<Vec<Use>, Problem> {
    let Some(rows) = &site.rows else { return Ok(Vec::new()) };
    let question = Question { limit: MOST, ..Question::new(Subject::RdataName(name.clone())) };
    let page = rows.page(question).await?;
    let mut names: BTreeMap<String, (RrType, HashSet<&Name>)> = BTreeMap::new();
    for record in &page.records {
        let (_, owners) =
            names.entry(record.rrtype.to_string()).or_insert_with(|| (record.rrtype, HashSet::new()));
        owners.insert(&record.rrname);
    }
    let mut uses: Vec<Use> = names
        .into_values()
        .map(|(rrtype, owners)| Use { rrtype, names: owners.len(), at_least: page.more })
        .collect();
    uses.sort_by_key(|one| std::cmp::Reverse(one.names));
    Ok(uses)
}

/// "82 names use it as NS, 1 name uses it as MX".
pub(super) fn sentence(uses: &[Use]) -> String {
    let part = |one: &Use| {
        let (least, verb) =
            (if one.at_least { "at least " } else { "" }, if one.names == 1 { "uses" } else { "use" });
        format!("{least}{} {verb} it as {}", counted(one.names, "name"), one.rrtype)
    };
    uses.iter().map(part).collect::<Vec<_>>().join(", ")
}
