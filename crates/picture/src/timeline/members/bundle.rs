//! Lanes that are drawn as one: the names of a registered domain are a fold that opens. Nothing here fails; what has no room is counted.

use std::collections::HashMap;

use operation::Host;

use super::{Depth, Drawn, MemberLane, rest};
use crate::fold::{Key, ROWS, domain};
use crate::timeline::entry::Entry;
use crate::timeline::lane::{Act, Fold, Lane};
use crate::timeline::rows::{COST_OF_MORE, MOST_PARTS, REST, Rows};
use crate::timeline::words::counted;

/// Strands that are drawn together, at least one.
pub(super) struct Bundle<'a> {
    /// The registered domain of all of them; a single strand is drawn under its own name.
    domain: String,
    pub(super) drawn: Vec<&'a Drawn<'a>>,
}

/// The strands in their order, those of a registered domain at the place of the first if `by_domain` is set.
pub(super) fn bundles<'a>(dated: &'a [Drawn<'a>], by_domain: bool) -> Vec<Bundle<'a>> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut bundles: Vec<Bundle<'a>> = Vec::new();
    for drawn in dated {
        let domain = drawn.domain().filter(|_| by_domain);
        let place = domain.as_ref().map(|domain| *places.entry(domain.clone()).or_insert(bundles.len()));
        match place.and_then(|place| bundles.get_mut(place)) {
            Some(bundle) => bundle.drawn.push(drawn),
            None => bundles.push(Bundle { domain: domain.unwrap_or_default(), drawn: vec![drawn] }),
        }
    }
    bundles
}

/// Whether two or more strands are names of one registered domain.
pub(super) fn has_common_domains(dated: &[Drawn<'_>]) -> bool {
    bundles(dated, true).len() < dated.len()
}

impl<'a> Bundle<'a> {
    /// Its rows; `None` if they have no room.
    pub(super) fn lanes(&self, rows: &mut Rows<'a>, depth: Depth) -> Option<Vec<MemberLane>> {
        if let [drawn] = self.drawn.as_slice() {
            return drawn.lanes(rows, depth);
        }
        let key = Key::of(&["members", &self.domain]);
        let opened = rows.opened(key);
        let act = if opened.is_some() { Act::Close(key) } else { Act::Open(key) };
        let fold = Fold { caption: counted(self.drawn.len(), "name"), act };
        let entries: Vec<&'a Entry<'a>> = self.drawn.iter().flat_map(|drawn| &drawn.entries).collect();
        if !rows.push(Lane::folded(&self.domain, &entries, fold, rows.drawing)) {
            return None;
        }
        let lane = rows.lanes.pop()?;
        let class = self.drawn.first().and_then(|drawn| drawn.class_of(&lane));
        let mut lanes = vec![MemberLane { lane, first: true, follow: None, class }];
        if let Some(wanted) = opened {
            lanes.extend(self.opened(rows, depth, (key, wanted)));
        }
        Some(lanes)
    }

    /// The rows of its strands, as many as are wanted and have room, and one for all others.
    fn opened(&self, rows: &mut Rows<'a>, depth: Depth, (key, wanted): (Key, usize)) -> Vec<MemberLane> {
        rows.inner += 1;
        let reserve = REST.min(rows.left);
        rows.left -= reserve;
        let (mut lanes, mut shown) = (Vec::new(), 0);
        for drawn in self.drawn.iter().take(wanted) {
            let Some(more) = drawn.lanes(rows, depth) else { break };
            lanes.extend(more);
            shown += 1;
        }
        rows.inner -= 1;
        rows.left += reserve;
        let can_show_more = rows.left > COST_OF_MORE && shown < MOST_PARTS;
        let act = if can_show_more { Act::More(key, shown + ROWS) } else { Act::Nothing };
        lanes.extend(rest(self.drawn.get(shown..).unwrap_or_default(), rows, act));
        for one in &mut lanes {
            one.lane.depth += 1;
        }
        lanes
    }
}

impl<'a> Drawn<'a> {
    /// The registered domain of its name; `None` if it is no name.
    fn domain(&self) -> Option<String> {
        match self.strand.indicator?.host() {
            Host::Name(name) => Some(domain(name).to_name().to_string()),
            Host::Address(_) => None,
        }
    }

    /// Its rows; `None` if they have no room.
    fn lanes(&'a self, rows: &mut Rows<'a>, depth: Depth) -> Option<Vec<MemberLane>> {
        let has_room = self.add(rows, depth);
        let added = std::mem::take(&mut rows.lanes);
        let lane = |(row, lane): (usize, Lane)| {
            let follow = self.strand.follow.filter(|_| row == 0).map(ToOwned::to_owned);
            MemberLane { class: self.class_of(&lane), lane, first: row == 0, follow }
        };
        has_room.then(|| added.into_iter().enumerate().map(lane).collect())
    }
}
