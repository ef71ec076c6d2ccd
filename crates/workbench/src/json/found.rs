//! What the answers about the members of an investigation propose, and what adding it does.

use operation::Indicator;
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{LibraryTally, tally};
use super::named;
use crate::investigation::FoundIndicator;
use crate::library::Tally;

/// What the answers about all members propose.
#[derive(Serialize, ToSchema)]
pub struct InvestigationFindings {
    /// The proposed indicators: those that most members propose first, then by value.
    findings: Vec<ProposedIndicator>,
    /// The number of the investigation.
    investigation: i64,
    /// How many indicators are proposed, listed or not.
    total: usize,
}

/// An indicator that the answers about members propose.
#[derive(Serialize, ToSchema)]
pub struct ProposedIndicator {
    /// Why it is not added unless it is named; null if there is no reason.
    #[schema(required)]
    caution: Option<String>,
    /// The members whose answers propose it.
    members: Vec<String>,
    /// Its status in the library; null if it is not in it.
    #[schema(required)]
    status: Option<&'static str>,
    /// Its type.
    r#type: &'static str,
    /// The readable form of an internationalised name. Left out if the value is readable.
    #[serde(skip_serializing_if = "Option::is_none")]
    unicode: Option<String>,
    /// The indicator.
    value: String,
}

/// What adding the findings of members did, or would do.
#[derive(Serialize, ToSchema)]
pub struct FindingsAdded {
    /// What became of the findings.
    added: LibraryTally,
    /// Whether nothing was changed.
    dry_run: bool,
    /// The number of the investigation.
    investigation: i64,
}

/// What answers propose. `members` are all members, in their order; `total` is the number of indicators, listed or not.
pub fn findings(
    investigation: i64,
    found: &[FoundIndicator],
    total: usize,
    members: &[Indicator],
) -> InvestigationFindings {
    let proposed = found.iter().map(|one| {
        let (value, kind) = named(&one.indicator);
        let proposers = one.members.iter().filter_map(|place| members.get(*place));
        ProposedIndicator {
            caution: one.caution.as_ref().map(ToString::to_string),
            members: proposers.map(ToString::to_string).collect(),
            status: one.library.as_ref().map(|entry| entry.status.name()),
            r#type: kind,
            unicode: one.indicator.unicode(),
            value,
        }
    });
    InvestigationFindings { findings: proposed.collect(), investigation, total }
}

/// What adding did.
pub fn added(investigation: i64, added: &Tally, dry_run: bool) -> FindingsAdded {
    FindingsAdded { added: tally(added), dry_run, investigation }
}
