//! Puts indicators into an investigation: [`Choices`] are those that a form offers, [`Target`] is the one that was chosen, and the page
//! "Send to an investigation" does it for one value.
//!
//! Errors of the user, such as a name that is taken, are refusals of the workbench.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use edge::problem::Problem;
use operation::Indicator;
use serde::Deserialize;
use workbench::investigation::{Investigation, NewInvestigation, Origin, Status, Verdict, Wanted};
use workbench::job::Joining;
use workbench::{Error, Workbench};

use super::{Frame, encoded, go, show};
use crate::access::{Fields, May, Posted, needs::EditLibrary};
use crate::site::Shared;
use picture::timeline::words::counted;

/// The most investigations that a form offers: more are found on their own page.
const OFFERED: usize = 50;
/// The value of the choice for an investigation that does not exist yet.
const NEW: &str = "new";

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/send", get(look).post(send))
}

/// The address of the page for a value, in its printed form.
pub(crate) fn address(value: &str) -> String {
    format!("/send?value={}", encoded(value))
}

/// The open investigations, those of the user first, and the most recently changed first within each group.
#[derive(Default)]
pub(super) struct Choices {
    pub(super) open: Vec<Investigation>,
}

impl Choices {
    pub(super) fn of(workbench: &Workbench, user: &str) -> Result<Self, Error> {
        let wanted = Wanted { status: Some(Status::Open), limit: OFFERED, ..Wanted::default() };
        let mut open = workbench.investigations(&wanted)?;
        open.sort_by_key(|one| one.actor != user);
        Ok(Self { open })
    }
}

/// The investigation that indicators are put into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// The one with this number.
    Existing(i64),
    /// A new one with this name.
    New(String),
}

impl Target {
    /// The choice in a form.
    ///
    /// # Errors
    /// A [`Problem`] if nothing was chosen.
    pub(super) fn of(sent: &Fields) -> Result<Self, Problem> {
        match sent.text("into") {
            NEW => Ok(Self::New(sent.text("name").to_owned())),
            number => number.parse().map(Self::Existing).map_err(|_| {
                Problem::bad_request("no investigation was chosen: choose one, or name a new one")
            }),
        }
    }

    /// Makes the indicators members, in a new investigation or an existing one; returns its number.
    pub(super) fn join(&self, workbench: &mut Workbench, indicators: &[Indicator]) -> Result<i64, Error> {
        match self {
            Self::Existing(id) => workbench.add_members(*id, indicators, &Origin::User).map(|_| *id),
            Self::New(name) => {
                let new = Self::new_one(name, indicators);
                workbench.create_investigation(&new).map(|created| created.id)
            }
        }
    }

    /// The same for indicators that a job is to ask about.
    pub(super) fn joining(&self, indicators: &[Indicator]) -> Joining {
        match self {
            Self::Existing(id) => Joining::Existing(*id),
            Self::New(name) => Joining::New(Box::new(Self::new_one(name, indicators))),
        }
    }

    fn new_one(name: &str, indicators: &[Indicator]) -> NewInvestigation {
        let (name, members) = (name.to_owned(), indicators.to_vec());
        NewInvestigation { name, members, ..NewInvestigation::default() }
    }

    /// The key of the message about it.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Existing(_) => "joined",
            Self::New(_) => "created",
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Wish {
    value: String,
}

/// The page for one value.
#[derive(Template)]
#[template(path = "send.html")]
struct Page {
    frame: Frame,
    value: String,
    /// The investigations that have it already.
    memberships: Vec<(Investigation, Verdict)>,
    /// The open investigations that do not.
    choices: Vec<Investigation>,
}

async fn look(
    State(site): State<Shared>,
    frame: Frame,
    _: May<EditLibrary>,
    Query(wish): Query<Wish>,
) -> Result<Response, Problem> {
    let indicator = read(&wish.value)?;
    let (about, user) = (indicator.clone(), frame.name().to_owned());
    let read = move |workbench: &Workbench| {
        let memberships = workbench.memberships(&about)?;
        let mut choices = Choices::of(workbench, &user)?.open;
        choices.retain(|choice| !memberships.iter().any(|(has, _)| has.id == choice.id));
        Ok((memberships, choices))
    };
    let (memberships, choices) = site.desk.read(read).await?;
    show(&Page { frame, value: indicator.to_string(), memberships, choices })
}

async fn send(
    State(site): State<Shared>,
    may: May<EditLibrary>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let (indicator, target) = (read(sent.text("value"))?, Target::of(&sent)?);
    let word = target.word();
    let join = move |workbench: &mut Workbench| target.join(workbench, std::slice::from_ref(&indicator));
    let id = site.desk.change(may.name(), join).await?;
    Ok(go(&super::investigation_address(id), word))
}

fn read(text: &str) -> Result<Indicator, Problem> {
    Indicator::existing(text).map_err(|error| Problem::bad_request(error.to_string()))
}

impl Page {
    fn members(one: &Investigation) -> String {
        counted(usize::try_from(one.members).unwrap_or(usize::MAX), "member")
    }
}
