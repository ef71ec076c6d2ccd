//! The composition of an answer by type and relation, and what of it is shown.

use std::collections::HashMap;

use cof::RrType;
use operation::Relation;

use super::bar::class_of;
use super::group::order;
use super::view::TimelineView;

/// The counts of the whole answer, including what is hidden.
#[derive(Clone, Debug)]
pub struct Facets {
    pub(crate) view: TimelineView,
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
    /// Counts the types and relations of records, of which the view shows a part.
    pub fn new(view: &TimelineView, records: impl Iterator<Item = (RrType, Relation)>) -> Self {
        let mut counts: HashMap<RrType, usize> = HashMap::new();
        let (mut all, mut direct) = (0, 0);
        for (rrtype, relation) in records {
            *counts.entry(rrtype).or_default() += 1;
            all += 1;
            direct += usize::from(relation == Relation::Direct);
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
        let choice = |word, relation, count| RelationFacet {
            word,
            relation,
            count,
            current: view.relation == relation,
        };
        Self {
            view: view.clone(),
            types: types.into_iter().map(facet).collect(),
            relations: [
                choice("All", None, all),
                choice("Direct", Some(Relation::Direct), direct),
                choice("Related", Some(Relation::Related), all - direct),
            ],
        }
    }
}
