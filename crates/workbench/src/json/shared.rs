//! What the members of an investigation have in common, and who else is behind it.

use operation::{Indicator, Tlp};
use serde::Serialize;
use utoipa::ToSchema;

use super::named;
use crate::investigation::shared::{Candidate, Count, How, Shared, SharedResource, Sharer, Span, line};
use crate::library::Entry;

/// What the members of an investigation share.
#[derive(Serialize, ToSchema)]
pub struct SharedResources {
    /// The number of the investigation.
    investigation: i64,
    /// How many more there are than this list can have, all ranked below.
    left_out: usize,
    /// How many of the listed kinds and members there are, listed or not.
    matching: usize,
    /// The resources, the strongest first; then those that follow from others, then the weak ones.
    resources: Vec<SharedResourceShown>,
    /// How many members have records that were left out, because all have too many in total.
    unread_members: usize,
    /// How many of all say little, by reason.
    weak: Vec<WeakResources>,
}

/// Shared resources that say little for the same reason.
#[derive(Serialize, ToSchema)]
pub struct WeakResources {
    /// Their number.
    count: usize,
    /// Their kind.
    kind: &'static str,
    /// The reason, with the number, in words.
    text: String,
}

/// A resource that several members share.
#[derive(Serialize, ToSchema)]
pub struct SharedResourceShown {
    /// How many names that are no members use it in the answers.
    answer_names: usize,
    /// The number of whole days on which several members had it.
    days_at_once: u64,
    /// When a member was first seen with it; null if no record says when.
    #[schema(required, format = DateTime)]
    first_seen: Option<String>,
    /// The resource with the same members that it is derived from, such as the address of a network; null if it stands for itself.
    #[schema(required)]
    follows: Option<String>,
    /// The text that links and the API name it by.
    id: String,
    /// `addr`, `cname`, `domain`, `mx`, `net`, `ns`, `soa` or `txt`.
    kind: &'static str,
    /// When a member was last seen with it; null if no record says when.
    #[schema(required, format = DateTime)]
    last_seen: Option<String>,
    /// Its members.
    members: Vec<ResourceMember>,
    /// The most members on one day.
    most_at_once: usize,
    /// How many names that are no members use it in the own database; null if they were not counted.
    #[schema(required)]
    own_names: Option<u32>,
    /// Whether there are more than `own_names`, which is where counting stopped.
    own_names_over: bool,
    /// How strongly it connects the members.
    points: u64,
    /// Its place in the ranking of all, starting at 1.
    rank: usize,
    /// What it is.
    value: String,
    /// Why it says little; null if it does not.
    #[schema(required)]
    weak: Option<String>,
    /// Why it ranks where it does, in words.
    why: String,
}

/// A member that shares a resource.
#[derive(Serialize, ToSchema)]
pub struct ResourceMember {
    /// `direct`, `within` (an address in a network, a name below a domain), `through` (a CNAME), `hosts` (a name below the domain leads
    /// to the member) or `itself`.
    how: &'static str,
    /// When, in order.
    spans: Vec<SeenSpan>,
    /// The name that led it there; null unless it came through a CNAME.
    #[schema(required)]
    through: Option<String>,
    /// The member.
    value: String,
}

/// From a first to a last sighting.
#[derive(Serialize, ToSchema)]
pub struct SeenSpan {
    /// First seen.
    #[schema(format = DateTime)]
    first: String,
    /// Last seen.
    #[schema(format = DateTime)]
    last: String,
}

/// Who else is behind shared resources.
#[derive(Serialize, ToSchema)]
pub struct Candidates {
    /// The names and addresses: those behind the most resources first, then those that were seen last.
    candidates: Vec<CandidateShown>,
    /// The number of the investigation.
    investigation: i64,
}

/// A name or address that is behind shared resources and is no member.
#[derive(Serialize, ToSchema)]
pub struct CandidateShown {
    /// A warning about the indicator. Left out if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    caution: Option<String>,
    /// When it was first seen behind them; null if no record says when.
    #[schema(required, format = DateTime)]
    first_seen: Option<String>,
    /// When it was last seen behind them; null if no record says when.
    #[schema(required, format = DateTime)]
    last_seen: Option<String>,
    /// The members whose answers contain it; empty if only the own database does.
    members: Vec<String>,
    /// The resources that it is behind.
    resources: Vec<String>,
    /// Its status in the library; null if it is not in it.
    #[schema(required)]
    status: Option<&'static str>,
    /// Who may see it, by the Traffic Light Protocol; null if nobody said.
    #[schema(required)]
    tlp: Option<&'static str>,
    /// Its type.
    r#type: &'static str,
    /// The readable form of an internationalised name. Left out if the value is readable.
    #[serde(skip_serializing_if = "Option::is_none")]
    unicode: Option<String>,
    /// The indicator.
    value: String,
}

/// What members share. `listed` are the resources to show, each with its rank; `members` are all members, in their order.
pub fn resources(
    investigation: i64,
    shared: &Shared,
    (listed, matching): (&[(usize, &SharedResource)], usize),
    (members, unread): (&[Indicator], usize),
) -> SharedResources {
    let weak = shared.weak.iter().map(|weak| WeakResources {
        count: weak.count,
        kind: weak.kind.word(),
        text: weak.to_string(),
    });
    SharedResources {
        investigation,
        left_out: shared.left_out,
        matching,
        resources: listed.iter().map(|(rank, shared)| resource(*rank, shared, members)).collect(),
        unread_members: unread,
        weak: weak.collect(),
    }
}

/// Who else is behind resources, each with its entry in the library.
pub fn candidates(
    investigation: i64,
    found: &[(Candidate, Option<Entry>)],
    (ids, members): (&[String], &[Indicator]),
) -> Candidates {
    let candidates = found.iter().map(|(candidate, entry)| {
        let (value, kind) = named(&candidate.indicator);
        let (first_seen, last_seen) = seen(candidate.span);
        let behind = candidate.resources.iter().filter_map(|place| ids.get(*place)).cloned();
        let answers = candidate.members.iter().filter_map(|place| members.get(*place));
        CandidateShown {
            caution: candidate.indicator.caution().map(|caution| caution.to_string()),
            first_seen,
            last_seen,
            members: answers.map(ToString::to_string).collect(),
            resources: behind.collect(),
            status: entry.as_ref().map(|entry| entry.status.name()),
            tlp: entry.as_ref().and_then(|entry| entry.tlp).map(Tlp::word),
            r#type: kind,
            unicode: candidate.indicator.unicode(),
            value,
        }
    });
    Candidates { candidates: candidates.collect(), investigation }
}

fn resource(rank: usize, shared: &SharedResource, members: &[Indicator]) -> SharedResourceShown {
    let (own_names, own_names_over) = match shared.other_names {
        Count::Exactly(number) => (Some(number), false),
        Count::NotCounted => (None, false),
        Count::Over(limit) => (Some(limit), true),
    };
    let (first_seen, last_seen) = seen(shared.span);
    SharedResourceShown {
        answer_names: shared.answer_names,
        days_at_once: shared.overlap.days,
        first_seen,
        follows: shared.follows.as_ref().map(crate::investigation::shared::Resource::id),
        id: shared.resource.id(),
        kind: shared.resource.kind().word(),
        last_seen,
        members: shared.sharers.iter().filter_map(|sharer| member(sharer, members)).collect(),
        most_at_once: shared.overlap.most,
        own_names,
        own_names_over,
        points: shared.score.points,
        rank,
        value: shared.resource.to_string(),
        weak: shared.weakness.as_ref().map(ToString::to_string),
        why: line(&shared.why),
    }
}

fn member(sharer: &Sharer, members: &[Indicator]) -> Option<ResourceMember> {
    let spans = sharer.spans.iter().map(|span| SeenSpan { first: time(span.first), last: time(span.last) });
    Some(ResourceMember {
        how: match sharer.how {
            How::Direct => "direct",
            How::Within => "within",
            How::Through => "through",
            How::Hosts => "hosts",
            How::Itself => "itself",
        },
        spans: spans.collect(),
        through: sharer.through.as_ref().map(ToString::to_string),
        value: members.get(sharer.member)?.to_string(),
    })
}

fn seen(span: Option<Span>) -> (Option<String>, Option<String>) {
    (span.map(|span| time(span.first)), span.map(|span| time(span.last)))
}

fn time(seconds: u64) -> String {
    cof::time::rfc3339(seconds)
}
