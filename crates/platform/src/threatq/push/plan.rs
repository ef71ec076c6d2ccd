//! Compares what is wanted with what is there; pure.

use std::collections::BTreeSet;

use operation::Marking;

use super::Outcome;
use super::wanted::Item;
use crate::threatq::answer::Found;
use crate::threatq::body::{tlp_id, tlp_of};
use crate::threatq::error::ThreatqError;
use crate::threatq::names::{Names, WHITELISTED};

/// What is known of an indicator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    /// Its number, if it is there.
    pub(super) id: Option<u64>,
    /// Its status.
    pub(super) status: Option<String>,
    /// Whether our source claims it, and with which level.
    pub(super) ours: Option<Marking>,
    /// Its attributes.
    pub(super) attributes: BTreeSet<(String, String)>,
    /// Why it cannot be there.
    pub(super) refused: Option<String>,
    /// Whether it was made by this push, so that nothing is related to it yet.
    pub(super) is_new: bool,
    /// Whether relationships with it can be made.
    pub(super) is_usable: bool,
}

/// What to do about an indicator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// It is sent, and will be new.
    Create,
    /// It is just so.
    Nothing,
    /// It stays as it is, for this reason.
    Refuse(String),
    /// It is sent, and exists.
    Update,
}

impl Decision {
    /// What is to become of it.
    pub(super) fn outcome(self) -> Outcome {
        match self {
            Self::Create => Outcome::Created,
            Self::Nothing => Outcome::Existing,
            Self::Refuse(reason) => Outcome::Refused(reason),
            Self::Update => Outcome::Updated,
        }
    }
}

impl State {
    /// The type does not exist there.
    pub(super) fn refused(error: &ThreatqError) -> Self {
        Self { refused: Some(error.to_string()), ..Self::default() }
    }

    /// It is there.
    pub(super) fn there(found: &Found, names: &Names, source: &str) -> Self {
        let ours = found.source(source).map(|source| Marking(tlp_of(source.tlp_id, source.tlp.as_deref())));
        Self {
            id: Some(found.id),
            status: names.status_of(&found.status).map(str::to_owned),
            ours,
            attributes: found.attributes.clone(),
            ..Self::default()
        }
    }

    fn is_whitelisted(&self) -> bool {
        self.status.as_deref().is_some_and(|status| status.trim().eq_ignore_ascii_case(WHITELISTED))
    }
}

/// What to do about an indicator with this state.
pub(super) fn decide(item: &Item, state: Option<&State>) -> Decision {
    let Some(state) = state else { return Decision::Create };
    if let Some(reason) = &state.refused {
        return Decision::Refuse(reason.clone());
    }
    if state.id.is_none() {
        return Decision::Create;
    }
    if state.is_whitelisted() {
        return Decision::Refuse("it is whitelisted there, and is not touched".to_owned());
    }
    if state.status.is_none() {
        return Decision::Refuse("its status there cannot be read, and it could be whitelisted".to_owned());
    }
    if is_met(item, state) {
        return Decision::Nothing;
    }
    Decision::Update
}

/// Whether what is there has all that is wanted.
pub(super) fn is_met(item: &Item, state: &State) -> bool {
    // The level as it comes back: a level without a number of its own is sent as a stricter one.
    let wanted = item.tlp.and_then(|tlp| tlp_of(Some(tlp_id(tlp)), None));
    state.ours.is_some_and(|marking| marking.0 >= wanted) && item.attributes.is_subset(&state.attributes)
}

#[cfg(test)]
mod tests {
    use operation::{Indicator, Tlp};

    use super::*;

    fn item() -> Item {
        let attributes = [("Resource Type".to_owned(), "A".to_owned())].into();
        Item { thing: Indicator::parse("a.example").unwrap().into(), tlp: Some(Tlp::Green), attributes }
    }

    fn there(status: &str, ours: Option<Marking>) -> State {
        State { id: Some(1), status: Some(status.to_owned()), ours, ..State::default() }
    }

    #[test]
    fn what_is_whitelisted_or_just_so_is_not_sent() {
        let item = item();
        let decide = |state: &State| decide(&item, Some(state));
        assert_eq!(super::decide(&item, None), Decision::Create);
        assert!(matches!(decide(&there(" whitelisted", None)), Decision::Refuse(_)));
        let unknown = State { status: None, ..there("", None) };
        assert!(matches!(decide(&unknown), Decision::Refuse(_)));
        assert_eq!(decide(&there("Active", None)), Decision::Update);
        let mut same = there("Active", Some(Tlp::Green.into()));
        assert_eq!(decide(&same), Decision::Update, "an attribute is missing");
        same.attributes.clone_from(&item.attributes);
        assert_eq!(decide(&same), Decision::Nothing);
        same.ours = Some(Tlp::Clear.into());
        assert_eq!(decide(&same), Decision::Update, "the level there is weaker");
        same.ours = Some(Tlp::Red.into());
        assert_eq!(decide(&same), Decision::Nothing);
    }

    #[test]
    fn a_level_without_a_number_is_met_by_what_it_was_sent_as() {
        let item = Item { tlp: Some(Tlp::AmberStrict), attributes: BTreeSet::new(), ..item() };
        assert!(is_met(&item, &there("Active", Some(Tlp::Red.into()))));
    }
}
