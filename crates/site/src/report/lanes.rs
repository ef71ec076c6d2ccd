//! The lanes of a report's timeline: where each member pointed, and when it had the resource that ranks first.

use cof::{Record, RrType};
use picture::sheet::Lane;
use workbench::investigation::shared::SharedResource;
use workbench::investigation::{MemberRecords, Records};

use super::rows::direct;
use super::words::Words;

/// A lane for each member with records, in their order. If there are more than `most`, those that have the marked resource come first.
pub(super) fn of(records: &Records, marked: Option<&SharedResource>, most: usize, words: Words) -> Vec<Lane> {
    let mut lanes: Vec<Lane> = records.members.iter().map(|known| lane(known, words)).collect();
    for sharer in marked.iter().flat_map(|shared| &shared.sharers) {
        if let Some(lane) = lanes.get_mut(sharer.member) {
            lane.marked = sharer.spans.iter().map(|span| (span.first, span.last)).collect();
        }
    }
    lanes.retain(|lane| !lane.spans.is_empty() || !lane.marked.is_empty());
    if lanes.len() > most {
        // Stable, so that the others stay in their order.
        lanes.sort_by_key(|lane| lane.marked.is_empty());
    }
    lanes
}

/// Records of other types count only for a member that leads nowhere.
fn lane(known: &MemberRecords, words: Words) -> Lane {
    let leading = spans(direct(known).filter(|record| leads(record.rrtype)));
    let spans = if leading.is_empty() { spans(direct(known)) } else { leading };
    Lane { name: words.value(&known.indicator), spans, marked: Vec::new() }
}

fn spans<'a>(records: impl Iterator<Item = &'a Record>) -> Vec<(u64, u64)> {
    records.filter_map(Record::span).collect()
}

/// Whether records of this type say where a name led.
fn leads(rrtype: RrType) -> bool {
    matches!(rrtype, RrType::A | RrType::AAAA | RrType::CNAME | RrType::DNAME)
}
