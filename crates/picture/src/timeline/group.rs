//! The groups of the picture: types in a fixed order, with their rows.
//!
//! As long as there are at most [`MANY`] bars, each name has a lane with a bar for each record, unless it has so many that it is a
//! fold. Otherwise, each type is a density with its largest parts, which open. So the cost of a page does not depend on the size of
//! the answer: it has to stay below 300 KiB with its table, stylesheet and scripts, see [`LARGE`].

use std::collections::HashMap;

use cof::RrType;

use super::bar::{Detail, Drawing, class_of};
use super::entry::Entry;
use super::lane::{Act, Fold, Lane, To};
use super::rows::{Rows, Within, grouped};
use super::words::{cut, figure};
use crate::fold::{Key, Systems};

/// A type with its rows.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// The type; `None` for all types beyond [`MOST_GROUPS`] together.
    pub(crate) rrtype: Option<RrType>,
    /// Its name, shortened to its column.
    pub(crate) word: String,
    /// Its style class.
    pub(crate) class: &'static str,
    pub(crate) lanes: Vec<Lane>,
}

/// All groups.
pub(super) struct Groups {
    pub(super) all: Vec<Group>,
    /// Whether there are too many records to draw each as a bar.
    pub(super) dense: bool,
    /// About how many bytes of HTML they need.
    pub(super) cost: usize,
}

/// The most records that are drawn as bars.
const MANY: usize = 400;
/// About how many bytes of HTML fit beside a table of 100 rows, and beside one of 20.
pub(super) const SMALL: usize = 48 << 10;
const LARGE: usize = 142 << 10;
/// The number of parts of a type that are shown before anything is opened.
const FEW: usize = 8;
/// More types than this are drawn as one; only an artificial answer has more.
const MOST_GROUPS: usize = 30;
/// The longest name of a type in its column, in characters.
const WORD: usize = 7;
/// A picture with more records than this has short titles.
const MANY_TITLES: usize = 100;

type Typed<'a> = (RrType, Vec<&'a Entry<'a>>);

impl Groups {
    /// Groups the visible entries.
    pub(super) fn new(entries: &[Entry<'_>], drawing: &Drawing<'_>, systems: Option<Systems<'_>>) -> Self {
        let by_type = by_type(entries);
        let details: &[Detail] =
            if entries.len() > MANY_TITLES { &[Detail::Short, Detail::Bare] } else { &[Detail::Full] };
        for detail in details {
            let drawing = Drawing { detail: *detail, ..*drawing };
            let mut rows = Rows::new(&drawing, systems, LARGE);
            let Some(groups) = singly(&by_type, &mut rows) else { continue };
            let cost = LARGE - rows.left;
            if drawing.view.open.is_empty() {
                return Self { all: groups, dense: false, cost };
            }
            // What is open gets what the rest leaves.
            let mut rows = Rows { opens: true, is_paid: true, ..Rows::new(&drawing, systems, LARGE - cost) };
            let groups = singly(&by_type, &mut rows).unwrap_or(groups);
            return Self { all: groups, dense: false, cost: LARGE - rows.left };
        }
        let drawing = Drawing { detail: Detail::Short, ..*drawing };
        let mut rows = Rows { opens: true, ..Rows::new(&drawing, systems, SMALL) };
        Self { all: densely(&by_type, &mut rows), dense: true, cost: SMALL }
    }
}

/// A lane for each name; `None` if there are too many bars, or if they have no room.
fn singly<'a>(by_type: &[Typed<'a>], rows: &mut Rows<'a>) -> Option<Vec<Group>> {
    let mut groups = Vec::new();
    let mut left = MANY;
    for (rrtype, entries) in by_type {
        let names = by_last_seen(entries);
        if names.len() > MANY {
            return None;
        }
        for name in &names {
            let before = rows.lanes.len();
            if !rows.name(name, 0) {
                return None;
            }
            left = left.checked_sub(rows.lanes.get(before).map_or(0, |lane| lane.bars.len()))?;
        }
        groups.push(Group { lanes: std::mem::take(&mut rows.lanes), ..Group::of(Some(*rrtype)) });
    }
    Some(groups)
}

/// A density for each type, with its largest parts.
fn densely<'a>(by_type: &[Typed<'a>], rows: &mut Rows<'a>) -> Vec<Group> {
    let (named, others) = by_type.split_at(by_type.len().min(MOST_GROUPS));
    let mut groups = Vec::new();
    for (done, (rrtype, entries)) in named.iter().enumerate() {
        // A type leaves something for those that follow.
        let all = rows.left;
        rows.left = (all / 2).max(all / (named.len() - done));
        let share = rows.left;
        whole(*rrtype, entries, rows);
        rows.left = all - (share - rows.left);
        groups.push(Group { lanes: std::mem::take(&mut rows.lanes), ..Group::of(Some(*rrtype)) });
    }
    let others: Vec<&Entry<'_>> = others.iter().flat_map(|(_, entries)| entries.iter().copied()).collect();
    if !others.is_empty() {
        let fold = Fold { caption: String::new(), act: Act::Nothing };
        let lane = Lane::folded(&all_of(&others), &others, fold, rows.drawing);
        groups.push(Group { lanes: vec![lane], ..Group::of(None) });
    }
    groups
}

/// The rows of a type of which there are very many records.
fn whole<'a>(rrtype: RrType, entries: &[&'a Entry<'a>], rows: &mut Rows<'a>) {
    let key = Key::of(&["all", &rrtype.to_string()]);
    let parts = rows.names(entries);
    let wanted = rows.drawing.view.open.rows(key).unwrap_or(FEW);
    let first = entries.first().map(|entry| &entry.record.rrname);
    let is_one_name = entries.iter().all(|entry| Some(&entry.record.rrname) == first);
    if is_one_name && rows.name(entries, 0) {
        return;
    }
    let fold = Fold { caption: rows.caption_of(entries, &parts), act: Act::Nothing };
    let lane = Lane::folded(&all_of(entries), entries, fold, rows.drawing);
    rows.left = rows.left.saturating_sub(lane.cost(rows.open));
    rows.lanes.push(Lane { to: To::OnlyType, ..lane });
    rows.parts(parts, Within { key, depth: 1, wanted });
}

fn all_of(entries: &[&Entry<'_>]) -> String {
    match entries.len() {
        1 => "1 record".to_owned(),
        many => format!("all {} records", figure(many)),
    }
}

/// Entries by type, in the order of types.
pub(super) fn by_type<'a>(entries: impl IntoIterator<Item = &'a Entry<'a>>) -> Vec<Typed<'a>> {
    let mut types: HashMap<RrType, Vec<&Entry<'_>>> = HashMap::new();
    for entry in entries {
        types.entry(entry.record.rrtype).or_default().push(entry);
    }
    let mut types: Vec<_> = types.into_iter().collect();
    types.sort_by_cached_key(|(rrtype, _)| order(*rrtype));
    types
}

/// Entries by name, the latest last seen first.
fn by_last_seen<'a>(entries: &[&'a Entry<'a>]) -> Vec<Vec<&'a Entry<'a>>> {
    let mut names: Vec<_> = grouped(entries, |entry| &entry.record.rrname).into_iter().collect();
    let last = |entries: &[&Entry<'_>]| entries.iter().map(|entry| entry.last).max();
    names.sort_by(|(a, left), (b, right)| {
        last(right).cmp(&last(left)).then_with(|| a.as_wire().cmp(b.as_wire()))
    });
    names.into_iter().map(|(_, entries)| entries).collect()
}

/// The sort key of a type: common ones first, then by name.
pub fn order(rrtype: RrType) -> (usize, String) {
    const COMMON: [RrType; 7] =
        [RrType::A, RrType::AAAA, RrType::CNAME, RrType::NS, RrType::MX, RrType::TXT, RrType::SOA];
    match COMMON.iter().position(|common| *common == rrtype) {
        Some(at) => (at, String::new()),
        None => (COMMON.len(), rrtype.to_string()),
    }
}

impl Group {
    fn of(rrtype: Option<RrType>) -> Self {
        Self {
            rrtype,
            word: rrtype.map_or_else(|| "others".to_owned(), |rrtype| cut(&rrtype.to_string(), WORD)),
            class: rrtype.map_or("rr-other", class_of),
            lanes: Vec::new(),
        }
    }
}
