//! A [`Handover`] as a MISP event: [`event`], with an object `passive-dns` (template version 5) for each record of each origin.
//!
//! The indicators are attributes of the event, and the objects refer to those that their providers were asked about. Nothing is
//! marked for detection (`to_ids`), because passive DNS says what was seen, not that it is malicious.
//!
//! # Ids
//! A MISP instance knows a UUID only once, so every UUID depends on the event: on its key, then on the tuple and the origin, then on
//! the relation and the value. Exporting again updates what is there.
//!
//! # Markings
//! The event has the strictest marking of anything in it. It is the only tag: MISP shows an attribute with the tags of its event, and
//! a weaker one beside it would look like a permission. [`Distribution::most`] keeps the distribution within the marking.

mod attribute;
mod object;
mod part;

use std::fmt;
use std::str::FromStr;

use operation::Tlp;
use serde::Serialize;

use self::attribute::Attribute;
use self::object::PassiveDns;
use crate::{Handover, Kind, Refusal, ids, stamp};

pub use self::part::{Part, Subject, is_ours};

/// Who gets an event on a MISP instance, the fewest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Distribution {
    /// Only the own organisation.
    #[default]
    Organisation,
    /// The organisations on the same instance.
    Community,
    /// Those, and instances that are connected to it.
    Connected,
    /// Everybody.
    All,
}

/// A text that is no distribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a distribution: write organisation, community, connected or all")]
pub struct DistributionError;

/// A document with one event.
#[derive(Clone, Debug, Serialize)]
pub struct Document {
    #[serde(rename = "Event")]
    event: Event,
}

#[derive(Clone, Debug, Serialize)]
struct Event {
    uuid: String,
    info: String,
    date: String,
    timestamp: String,
    threat_level_id: &'static str,
    analysis: &'static str,
    distribution: &'static str,
    published: bool,
    #[serde(rename = "Tag")]
    tags: Vec<Tag>,
    #[serde(rename = "Attribute")]
    attributes: Vec<Attribute>,
    #[serde(rename = "Object")]
    objects: Vec<PassiveDns>,
}

#[derive(Clone, Debug, Serialize)]
struct Tag {
    name: String,
}

/// The event of what is handed over.
///
/// # Errors
/// [`Refusal::Distribution`] if the marking does not allow the distribution.
pub fn event(handover: &Handover, distribution: Distribution) -> Result<Document, Refusal> {
    check(handover, distribution)?;
    Ok(made(handover, distribution, event_uuid(handover)))
}

fn check(handover: &Handover, wanted: Distribution) -> Result<(), Refusal> {
    match handover.tlp.map(|tlp| (tlp, Distribution::most(tlp))) {
        Some((tlp, most)) if wanted > most => Err(Refusal::Distribution { tlp, wanted, most }),
        _ => Ok(()),
    }
}

/// The UUID of the event of its own that a handover becomes.
pub fn event_uuid(handover: &Handover) -> String {
    ids::of("misp-event", &[&handover.key]).to_string()
}

/// The event with another UUID: what is handed over joins an event that exists.
///
/// # Errors
/// As [`event`].
pub fn event_in(handover: &Handover, distribution: Distribution, uuid: &str) -> Result<Document, Refusal> {
    check(handover, distribution)?;
    Ok(made(handover, distribution, uuid.to_owned()))
}

fn made(handover: &Handover, distribution: Distribution, uuid: String) -> Document {
    let tags = handover.tlp.map(|tlp| Tag { name: tlp.to_string().to_ascii_lowercase() });
    let event = Event {
        info: handover.title.clone(),
        date: stamp::day(handover.created_at).unwrap_or_else(|| "1970-01-01".to_owned()),
        timestamp: handover.changed_at.to_string(),
        threat_level_id: "4",
        analysis: match (handover.kind, handover.is_closed) {
            (Kind::Investigation, false) => "1",
            _ => "2",
        },
        distribution: distribution.number(),
        published: false,
        tags: tags.into_iter().collect(),
        attributes: attribute::of_event(handover, &uuid),
        objects: object::all(handover, &uuid),
        uuid,
    };
    Document { event }
}

impl Document {
    /// The document, with a line break at its end.
    pub fn to_json(&self) -> String {
        // It consists of texts and booleans, which always can be written.
        serde_json::to_string(self).unwrap_or_default() + "\n"
    }
}

impl Distribution {
    /// All of them, the fewest recipients first.
    pub const ALL: [Self; 4] = [Self::Organisation, Self::Community, Self::Connected, Self::All];

    /// The widest distribution that a marking allows: RED and AMBER+STRICT stay in the organisation, AMBER on its instance.
    pub const fn most(tlp: Tlp) -> Self {
        match tlp {
            Tlp::Red | Tlp::AmberStrict => Self::Organisation,
            Tlp::Amber => Self::Community,
            Tlp::Green | Tlp::Clear => Self::All,
        }
    }

    /// Its word in options and output.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::Community => "community",
            Self::Connected => "connected",
            Self::All => "all",
        }
    }

    /// Its number in MISP.
    pub const fn number(self) -> &'static str {
        match self {
            Self::Organisation => "0",
            Self::Community => "1",
            Self::Connected => "2",
            Self::All => "3",
        }
    }
}

impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Ignoring case.
impl FromStr for Distribution {
    type Err = DistributionError;

    fn from_str(text: &str) -> Result<Self, DistributionError> {
        let found = Self::ALL.into_iter().find(|one| one.word().eq_ignore_ascii_case(text.trim()));
        found.ok_or(DistributionError)
    }
}

#[cfg(test)]
pub(crate) mod tests;
