//! The composition of an answer by type and relation, and what of it is shown.

use std::collections::HashMap;

use cof::{Record, RrType};
use operation::Relation;

use super::group::order;
use super::lane::class_of;
use super::view::TimelineView;

/// The counts of the whole answer, including what is hidden.
#[derive(Clone, Debug)]
pub(crate) struct Facets {
    /// In the order of the picture, at most [`MOST`].
    pub(crate) types: Vec<TypeFacet>,
    /// All, direct, related.
    pub(crate) relations: [RelationFacet; 3],
}

/// A record type that can be shown or hidden.
#[derive(Clone, Debug)]
pub(crate) struct TypeFacet {
    /// The type.
    pub(crate) rrtype: RrType,
    /// Its style class.
    pub(crate) class: &'static str,
    /// The number of its records.
    pub(crate) count: usize,
    /// Whether they are shown.
    pub(crate) shown: bool,
}

/// A choice of relations.
#[derive(Clone, Debug)]
pub(crate) struct RelationFacet {
    /// The name of the choice.
    pub(crate) word: &'static str,
    /// The value of `rel`; `None` is both.
    pub(crate) relation: Option<Relation>,
    /// The number of its records.
    pub(crate) count: usize,
    /// Whether it is the current choice.
    pub(crate) current: bool,
}

/// The most types that can be hidden individually; only an artificial answer has more.
const MOST: usize = 30;

impl Facets {
    pub(super) fn new(view: &TimelineView, records: &[Record], relations: &[Relation]) -> Self {
        let mut counts: HashMap<RrType, usize> = HashMap::new();
        for run in records.chunk_by(|a, b| a.rrtype == b.rrtype) {
            let rrtype = run.first().map(|record| record.rrtype);
            *counts.entry(rrtype.unwrap_or(RrType::A)).or_default() += run.len();
        }
        let mut types: Vec<_> = counts.into_iter().collect();
        types.sort_by_cached_key(|(rrtype, _)| order(*rrtype));
        types.truncate(MOST);
        let facet = |(rrtype, count)| TypeFacet {
            rrtype,
            class: class_of(rrtype),
            count,
            shown: !view.hidden.contains(&rrtype),
        };
        let direct = relations.iter().filter(|relation| **relation == Relation::Direct).count();
        let choice = |word, relation, count| RelationFacet {
            word,
            relation,
            count,
            current: view.relation == relation,
        };
        Self {
            types: types.into_iter().map(facet).collect(),
            relations: [
                choice("All", None, relations.len()),
                choice("Direct", Some(Relation::Direct), direct),
                choice("Related", Some(Relation::Related), relations.len() - direct),
            ],
        }
    }
}
