//! One integration: its description, its configuration and whether it is enabled.
//!
//! Secrets are shown as set or not set, and are only sent from the browser to the server. A form that is refused is shown again
//! with its values, except secrets, and with the reason at each field; nothing of it is stored then.

mod form;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use edge::problem::Problem;
use operation::provider::{Checked, Quota, Standing, Step};
use operation::{IndicatorType, Kind, Tlp};
use serde::Deserialize;
use workbench::Error;
use workbench::Workbench;
use workbench::audit::{self, Entry};
use workbench::integration::Details;
use workbench::run::Wanted;

use self::form::Field;
use super::audit::Event;
use super::integrations::{asks, newer};
use super::operate::Line;
use super::stale::Stale;
use super::stamp::Stamp;
use super::{Frame, encoded, go, show_as};
use crate::access::needs::{ConfigureIntegrations, InstallIntegrations};
use crate::access::{May, Posted};
use crate::basis::{Basis, Claim, change_from};
use crate::connection;
use crate::site::Shared;

/// How many entries of the audit trail are searched for the activity log.
const LOOKED_THROUGH: usize = 2_000;
/// How many of them are shown.
const SHOWN: usize = 20;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/integrations/{name}", get(look).post(save))
        .route("/integrations/{name}/test", post(test))
        .route("/integrations/{name}/enabled", post(switch))
        .route("/integrations/{name}/uninstall", get(ask_uninstall).post(uninstall))
}

#[derive(Template)]
#[template(path = "integration.html")]
struct Page {
    frame: Frame,
    details: Details,
    fields: Vec<Field>,
    /// What is wrong with the form as a whole.
    refused: Option<String>,
    tested: Option<Tested>,
    log: Vec<Event>,
    /// The last runs of this operation.
    runs: Vec<Line>,
    saved: Option<Event>,
    asks: String,
    newer: Option<String>,
    /// Whether the page asks to confirm uninstalling.
    uninstalling: bool,
    /// Whether the Activity Log is shown, and not the configuration.
    log_shown: bool,
}

/// The part of the page that is shown.
#[derive(Default, Deserialize)]
#[serde(default)]
struct View {
    view: String,
}

/// The result of a test, or why there was none.
struct Tested {
    at: Stamp,
    steps: Vec<(Step, Standing)>,
    /// What the provider says about the quota.
    quota: Option<Quota>,
    refused: Option<String>,
}

async fn look(
    State(site): State<Shared>,
    frame: Frame,
    Path(name): Path<String>,
    Query(view): Query<View>,
) -> Result<Response, Problem> {
    let page = Page::of(&site, frame, name).await?;
    Page { log_shown: view.view == "log", ..page }.show(StatusCode::OK)
}

async fn save(
    State(site): State<Shared>,
    frame: Frame,
    may: May<ConfigureIntegrations>,
    Path(name): Path<String>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let mut page = Page::of(&site, frame, name.clone()).await?;
    let changes = form::changes(&page.details, &sent);
    let (claim, asked) = (Claim::of_form(&sent), name.clone());
    let stored = move |workbench: &Workbench| Ok(Some(Basis::of_integration(&workbench.show(&asked)?)));
    let saved =
        change_from(&site, may.name(), claim, stored, move |workbench| workbench.configure(&name, &changes));
    match saved.await {
        // The stored state is what the form requests, so it does not matter what the form is based on.
        Ok(Err(_)) if form::is_as_stored(&page.details, &sent) => Ok(go(&page.path(), "nothing")),
        Ok(Err(stored)) => page.stale(&stored, &sent),
        Ok(Ok(_)) if sent.text("do") == "test" => {
            let mut page = Page::of(&site, page.frame, page.details.summary.name).await?;
            page.test(&site).await?;
            page.show(StatusCode::OK)
        }
        Ok(Ok(_)) => Ok(go(&page.path(), "configured")),
        Err(error) if error.is_users() => {
            page.refuse(&error, &sent);
            page.show(StatusCode::UNPROCESSABLE_ENTITY)
        }
        Err(error) => Err(error.into()),
    }
}

async fn test(
    State(site): State<Shared>,
    frame: Frame,
    _: May<ConfigureIntegrations>,
    Path(name): Path<String>,
    _: Posted,
) -> Result<Response, Problem> {
    let mut page = Page::of(&site, frame, name).await?;
    page.test(&site).await?;
    page.show(StatusCode::OK)
}

async fn switch(
    State(site): State<Shared>,
    frame: Frame,
    may: May<InstallIntegrations>,
    Path(name): Path<String>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let on = sent.has("enabled");
    let page = Page::of(&site, frame, name.clone()).await?;
    let asked = name.clone();
    let stored = move |workbench: &Workbench| Ok(Some(Basis::of_integration(&workbench.show(&asked)?)));
    let switch =
        move |workbench: &mut Workbench| if on { workbench.enable(&name) } else { workbench.disable(&name) };
    match change_from(&site, may.name(), Claim::of_form(&sent), stored, switch).await {
        Ok(Err(stored)) => {
            let (title, path) = (page.details.summary.title.clone(), page.path());
            let button = if on { "Enable it as it is now" } else { "Disable it" };
            Stale::new(page.frame, &title, (&format!("{path}/enabled"), &path), &stored, &sent)
                .button(button)
                .show()
        }
        Ok(Ok(changed)) => {
            let word = if on { "enabled" } else { "disabled" };
            Ok(go(&page.path(), if changed { word } else { "nothing" }))
        }
        Err(error) if error.is_users() => {
            let problem = Problem::from(error);
            Page { refused: Some(problem.detail), ..page }.show(problem.status)
        }
        Err(error) => Err(error.into()),
    }
}

async fn ask_uninstall(
    State(site): State<Shared>,
    frame: Frame,
    _: May<InstallIntegrations>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let page = Page::of(&site, frame, name).await?;
    Page { uninstalling: true, ..page }.show(StatusCode::OK)
}

async fn uninstall(
    State(site): State<Shared>,
    frame: Frame,
    may: May<InstallIntegrations>,
    Path(name): Path<String>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let (asked, title) = (name.clone(), name.clone());
    let stored = move |workbench: &Workbench| Ok(Some(Basis::of_integration(&workbench.show(&asked)?)));
    let remove = move |workbench: &mut Workbench| workbench.remove(&name);
    match change_from(&site, may.name(), Claim::of_form(&sent), stored, remove).await? {
        Ok(()) => Ok(go("/integrations", "uninstalled")),
        Err(stored) => {
            let path = format!("/integrations/{}", encoded(&title));
            let places = (format!("{path}/uninstall"), path);
            Stale::new(frame, &title, (&places.0, &places.1), &stored, &sent)
                .button("Uninstall it anyway")
                .show()
        }
    }
}

/// A level that can be chosen as the maximum.
struct Level {
    value: &'static str,
    words: String,
    chosen: bool,
}

impl Page {
    async fn of(site: &Shared, frame: Frame, name: String) -> Result<Self, Problem> {
        let read = site.desk.read(move |workbench| {
            let details = workbench.show(&name)?;
            let filter = audit::Filter { limit: Some(LOOKED_THROUGH), ..audit::Filter::default() };
            let package = Some(details.summary.name.clone());
            let wanted = Wanted { package, limit: SHOWN, ..Wanted::default() };
            let runs = workbench.runs(&wanted)?.runs.iter().map(Line::of).collect();
            Ok((details, workbench.audit(&filter)?.entries, runs))
        });
        let (details, entries, runs) = read.await?;
        let catalogue = site.catalogue().await?;
        let about = |entry: &&Entry| {
            entry.subject == details.summary.name && entry.action.starts_with("integration.")
        };
        let label = |key: &str| {
            let setting = details.parameters.iter().find(|setting| setting.key == key);
            let known = setting.map(|setting| setting.label.clone());
            known.unwrap_or_else(|| if key == form::MAX_TLP { "Maximum TLP" } else { key }.to_owned())
        };
        let saved = entries.iter().filter(about).find(|entry| entry.action == "integration.configure");
        Ok(Self {
            saved: saved.map(Event::of),
            runs,
            log: entries
                .iter()
                .filter(about)
                .take(SHOWN)
                .map(|entry| Event::labelled(entry, &label))
                .collect(),
            fields: details.parameters.iter().map(Field::of).collect(),
            asks: asks(&details),
            newer: newer(&details.summary, &catalogue),
            refused: None,
            tested: None,
            uninstalling: false,
            log_shown: false,
            frame,
            details,
        })
    }

    async fn test(&mut self, site: &Shared) -> Result<(), Problem> {
        let at = Stamp::of(i64::try_from(site.desk.clock().seconds()).unwrap_or_default());
        self.tested = Some(match connection::test(site, &self.details.summary.name).await {
            Ok((Checked { steps, quota }, _)) => Tested { at, steps: steps.into(), quota, refused: None },
            Err(problem) if problem.status == StatusCode::CONFLICT => {
                Tested { at, steps: Vec::new(), quota: None, refused: Some(problem.detail) }
            }
            Err(problem) => return Err(problem),
        });
        Ok(())
    }

    /// Fills in the submitted form, with its errors.
    fn refuse(&mut self, error: &Error, sent: &crate::access::Fields) {
        self.fields.iter_mut().for_each(|field| field.refill(sent));
        let mut others = Vec::new();
        match error {
            Error::Settings(faults) => {
                for fault in faults {
                    if !form::place(&mut self.fields, fault) {
                        others.push(fault.to_string());
                    }
                }
            }
            other => others.push(other.to_string()),
        }
        let text = others.join("; ");
        self.refused = Some(if others.is_empty() {
            "Nothing was saved: correct the fields marked below".to_owned()
        } else {
            format!("Nothing was saved: {text}")
        });
    }

    fn show(&self, status: StatusCode) -> Result<Response, Problem> {
        show_as(status, self)
    }

    /// The page to choose between the submitted values and the values that were stored in the meantime.
    fn stale(self, stored: &Basis, sent: &crate::access::Fields) -> Result<Response, Problem> {
        let (title, path) = (self.details.summary.title.clone(), self.path());
        let (differing, typed) = form::differing(&self.details, sent);
        Stale::new(self.frame, &title, (&path, &path), stored, sent).differing(differing).typed(typed).show()
    }

    /// The mark that the page's forms contain.
    fn mark(&self) -> String {
        Basis::of_integration(&self.details).mark().to_owned()
    }

    /// The levels that can be chosen as the maximum; first the default of the protocol.
    fn levels(&self) -> Vec<Level> {
        let set = self.details.max_tlp_set;
        let default = self.details.package.as_ref().map(|package| package.kind.max_tlp());
        let words = default.map_or_else(|| "Default".to_owned(), |tlp| format!("Default ({tlp})"));
        let level = |tlp: Tlp| Level { value: tlp.word(), words: tlp.to_string(), chosen: set == Some(tlp) };
        let first = Level { value: form::DEFAULT, words, chosen: set.is_none() };
        std::iter::once(first).chain(Tlp::ALL.map(level)).collect()
    }

    /// The first refused field, which gets the focus.
    fn focus(&self) -> Option<&Field> {
        self.refused.as_ref()?;
        self.fields.iter().find(|field| field.wrong.is_some())
    }

    fn has_focus(&self, field: &Field) -> bool {
        self.focus().is_some_and(|first| first.key == field.key)
    }

    fn path(&self) -> String {
        format!("/integrations/{}", encoded(&self.details.summary.name))
    }

    fn types(&self) -> String {
        let types = self.details.package.iter().flat_map(operation::Package::types);
        types.map(IndicatorType::name).collect::<Vec<_>>().join(", ")
    }

    /// Whether it takes what is handed over, and is not queried.
    fn is_platform(&self) -> bool {
        self.details.summary.kind == Kind::PLATFORM
    }

    /// Whether it is a ThreatQ that can be asked.
    fn is_threatq(&self) -> bool {
        let package = self.details.package.as_ref();
        self.details.summary.enabled
            && package.and_then(operation::Package::platform) == Some(operation::Platform::Threatq)
    }

    /// Whether nothing is sent over a network.
    fn is_local(&self) -> bool {
        self.details.package.as_ref().is_some_and(operation::Package::is_local)
    }

    fn is_set(&self) -> Vec<&str> {
        let set =
            self.details.parameters.iter().filter(|one| one.state != workbench::integration::State::Unset);
        set.map(|one| one.label.as_str()).collect()
    }
}
