//! The client of MISP: [`Misp`], on its REST API.
//!
//! An event is read as a whole (`event`), compared with what is handed over (`plan`), and changed in batches of attributes and objects
//! (`batch`). Instances know a UUID only once, and ours only depend on what they stand for, so what is there already is recognised.
//!
//! # Requests
//! ```text
//! GET  /users/view/me                     who the key belongs to, and what its role may do
//! GET  /servers/getVersion
//! POST /events/view/UUID                  {"deleted": [0, 1]}: the event, with what was deleted softly
//! POST /events/add/metadata:1             a new event; an answer without its content
//! POST /events/edit/UUID/metadata:1       attributes and objects with these UUIDs are added or changed; all others stay
//! ```
//! An instance ignores an attribute or object whose `timestamp` is not newer than its own, so what changes is sent without one. It
//! leaves out what it finds invalid without saying so, so the event is read again at the end.

mod batch;
mod event;
mod plan;

use std::path::Path;

use cof::time::Clock;
use export::Handover;
use export::misp::Distribution;
use hyper::{Method, StatusCode};
use operation::provider::ConfigError;
use operation::{Package, ProviderError, Settings, Tlp};
use serde::Deserialize;
use serde_json::{Value, json};
use workbench::push::Request;

use self::event::{Event, loose};
use crate::PlatformError;
use crate::service::{Heard, Service};

pub use self::plan::Plan;
pub(crate) use self::plan::held;

/// The largest answer that is not an event, in bytes.
const ANSWER: usize = 1 << 20;
/// The largest event that is read, in bytes: the largest that we push, with what an instance adds to it.
const EVENT: usize = 256 << 20;
/// The option that names an event.
pub const EVENT_OPTION: &str = "event";
/// The option with the distribution.
pub const DISTRIBUTION_OPTION: &str = "distribution";

/// A MISP instance.
#[derive(Debug)]
pub struct Misp {
    pub(crate) service: Service,
}

/// The user of the key.
#[derive(Debug, Deserialize)]
pub(crate) struct User {
    #[serde(rename = "User")]
    user: UserSelf,
    #[serde(rename = "Role", default)]
    role: Role,
}

#[derive(Debug, Deserialize)]
struct UserSelf {
    #[serde(default, deserialize_with = "loose")]
    email: String,
    #[serde(deserialize_with = "loose")]
    org_id: String,
}

#[derive(Debug, Default, Deserialize)]
struct Role {
    #[serde(default, deserialize_with = "loose")]
    name: String,
    #[serde(default, deserialize_with = "loose")]
    perm_add: String,
    #[serde(default, deserialize_with = "loose")]
    perm_site_admin: String,
}

#[derive(Deserialize)]
struct Version {
    version: String,
}

/// How a push is carried out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    event: Option<String>,
    distribution: Distribution,
}

impl Misp {
    /// The instance of a package and its settings.
    ///
    /// # Errors
    /// [`ConfigError`] if the settings are not sufficient.
    pub fn new(
        package: &Package,
        settings: &Settings,
        folder: &Path,
        clock: Clock,
    ) -> Result<Self, ConfigError> {
        Ok(Self { service: Service::new(package, settings, folder, clock)? })
    }

    /// The user of the key.
    pub(crate) async fn user(&self) -> Result<User, PlatformError> {
        let heard = self.service.ask(Method::GET, "/users/view/me", None, ANSWER).await?;
        // The first request: a 403 means that the key is not accepted.
        if heard.status() == StatusCode::FORBIDDEN {
            return Err(ProviderError::KeyRefused.into());
        }
        let heard = self.good(heard).await?;
        self.service.json(&heard)
    }

    /// The version of the instance.
    pub(crate) async fn version(&self) -> Result<String, PlatformError> {
        let heard = self.service.ask(Method::GET, "/servers/getVersion", None, ANSWER).await?;
        let heard = self.good(heard).await?;
        let Version { version } = self.service.json(&heard)?;
        Ok(client::printable(version.as_bytes(), 40))
    }

    /// The event with this UUID, with what was deleted softly; `None` if this user sees none.
    pub(crate) async fn event(&self, uuid: &str) -> Result<Option<Event>, PlatformError> {
        let wanted = json!({"deleted": [0, 1]});
        let path = format!("/events/view/{uuid}");
        let heard = self.service.ask(Method::POST, &path, Some(&wanted), EVENT).await?;
        if heard.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let heard = self.good(heard).await?;
        let event = Event::read(self.service.json(&heard)?);
        // A server that answers with another event would be compared with ours.
        if event.uuid != uuid {
            return Err(self.service.strange(&heard));
        }
        Ok(Some(event))
    }

    /// Compares what is handed over with what the instance has. Nothing is changed there.
    pub(crate) async fn plan(&self, handover: &Handover, request: &Request) -> Result<Plan, PlatformError> {
        let options = Options::of(request)?;
        let uuid = options.event.clone().unwrap_or_else(|| export::misp::event_uuid(handover));
        let document = export::misp::event_in(handover, options.distribution, &uuid)?;
        let user = self.user().await?;
        let there = self.event(&uuid).await?;
        match &there {
            Some(event) => {
                if !user.may_edit(event) {
                    return Err(PlatformError::Foreign(uuid));
                }
                if options.event.is_some()
                    && let Some(tlp) = handover.tlp
                {
                    check_marking(event, tlp)?;
                }
            }
            None if options.event.is_some() => return Err(PlatformError::NoEvent(uuid)),
            None if !user.may_add() => return Err(PlatformError::NotAllowed("add events")),
            None => {}
        }
        Ok(Plan::new(handover, &document, there.as_ref(), options.event.is_some()))
    }

    /// Creates the event, or changes what is said about it as a whole.
    pub(crate) async fn send_head(&self, plan: &Plan) -> Result<(), PlatformError> {
        let Some(head) = plan.head() else { return Ok(()) };
        let path = if plan.exists() {
            format!("/events/edit/{}/metadata:1", plan.uuid())
        } else {
            "/events/add/metadata:1".to_owned()
        };
        let reply = self.service.ask(Method::POST, &path, Some(&json!({"Event": head})), ANSWER).await?;
        if reply.status() == StatusCode::NOT_FOUND && reply.has_location() {
            return Err(PlatformError::Hidden(plan.uuid().to_owned()));
        }
        self.changed(reply).await
    }

    /// Adds or changes attributes and objects.
    async fn send_parts(
        &self,
        uuid: &str,
        attributes: Vec<Value>,
        objects: Vec<Value>,
    ) -> Result<(), PlatformError> {
        let body = json!({"Event": {"uuid": uuid, "Attribute": attributes, "Object": objects}});
        let path = format!("/events/edit/{uuid}/metadata:1");
        let heard = self.service.ask(Method::POST, &path, Some(&body), ANSWER).await?;
        self.changed(heard).await
    }

    /// An answer to a change: the event.
    async fn changed(&self, heard: Heard) -> Result<(), PlatformError> {
        let heard = self.good(heard).await?;
        let answer: Value = self.service.json(&heard)?;
        if answer.get("Event").is_some_and(Value::is_object) {
            Ok(())
        } else {
            Err(self.service.strange(&heard))
        }
    }

    async fn good(&self, heard: Heard) -> Result<Heard, PlatformError> {
        if heard.status().is_success() { Ok(heard) } else { Err(self.service.failure(&heard).await) }
    }
}

impl User {
    /// Who is logged in, for people.
    pub(crate) fn login(&self) -> String {
        let printed = |text: &str| client::printable(text.as_bytes(), 100);
        let Self { user, role } = self;
        match (user.email.is_empty(), role.name.is_empty()) {
            (true, _) => "accepted".to_owned(),
            (false, true) => format!("accepted, as {}", printed(&user.email)),
            (false, false) => {
                format!("accepted, as {} with the role {}", printed(&user.email), printed(&role.name))
            }
        }
    }

    fn may_add(&self) -> bool {
        is_on(&self.role.perm_add) || is_on(&self.role.perm_site_admin)
    }

    fn may_edit(&self, event: &Event) -> bool {
        is_on(&self.role.perm_site_admin) || event.orgc_id == self.user.org_id
    }
}

impl Options {
    fn of(request: &Request) -> Result<Self, PlatformError> {
        let known = [EVENT_OPTION, DISTRIBUTION_OPTION];
        if let Some(other) = request.options.keys().find(|key| !known.contains(&key.as_str())) {
            return Err(PlatformError::Option(format!("MISP has no option {other:?}")));
        }
        let event = request.options.get(EVENT_OPTION).map(|text| checked_uuid(text)).transpose()?;
        let distribution = request.options.get(DISTRIBUTION_OPTION).map(|text| text.parse::<Distribution>());
        let distribution =
            distribution.transpose().map_err(|error| PlatformError::Option(error.to_string()))?;
        Ok(Self { event, distribution: distribution.unwrap_or_default() })
    }
}

/// Checks the options of a push to MISP before it is created.
///
/// # Errors
/// [`PlatformError::Option`] for the wrong one.
pub fn check_options(request: &Request) -> Result<(), PlatformError> {
    Options::of(request).map(drop)
}

/// A UUID becomes part of an address, so nothing else may.
fn checked_uuid(text: &str) -> Result<String, PlatformError> {
    let text = text.trim().to_ascii_lowercase();
    let is_uuid = text.len() == 36
        && text.char_indices().all(|(at, c)| match at {
            8 | 13 | 18 | 23 => c == '-',
            _ => c.is_ascii_hexdigit(),
        });
    if is_uuid {
        Ok(text)
    } else {
        Err(PlatformError::Option(format!("{text:?} is not the UUID of an event")))
    }
}

/// Whether an event of somebody is marked and distributed as what joins it requires.
fn check_marking(event: &Event, tlp: Tlp) -> Result<(), PlatformError> {
    if event.tlp().is_none_or(|marked| marked < tlp) {
        return Err(PlatformError::Weaker { event: event.uuid.clone(), tlp });
    }
    let most = Distribution::most(tlp).number();
    // 4 is a sharing group, whose members we do not know.
    if event.distribution.as_str() > most {
        return Err(PlatformError::Wider { event: event.uuid.clone(), tlp });
    }
    Ok(())
}

fn is_on(word: &str) -> bool {
    matches!(word, "1" | "true")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_uuid_names_an_event() {
        let uuid = "3D7EC8A8-3a8d-4a5b-9b5e-4f0f6a3f2c11";
        assert_eq!(checked_uuid(uuid).unwrap(), uuid.to_ascii_lowercase());
        for wrong in [
            "",
            "7",
            "../users/view/me",
            "3d7ec8a8-3a8d-4a5b-9b5e-4f0f6a3f2c1/",
            "3d7ec8a803a8d04a5b09b5e04f0f6a3f2c11",
        ] {
            assert!(checked_uuid(wrong).is_err(), "{wrong}");
        }
    }
}
