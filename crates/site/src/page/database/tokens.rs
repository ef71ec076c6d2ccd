//! Tokens for the passive-DNS interfaces, on the page of the database: the same as `backsight token`.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use edge::problem::Problem;
use workbench::token::{State as Standing, Token, Wanted, spelling};
use workbench::{Error, Workbench};

use super::{PATH, Page};
use crate::access::{Fields, May, Posted, needs::ManageTokens};
use crate::page::stamp::Stamp;
use crate::page::{Frame, go, show_as};
use crate::site::{Once, Shared};
use picture::timeline::words::thousands;

/// Seconds of a day.
const DAY: i64 = 24 * 3600;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/database/tokens", post(create)).route("/database/tokens/revoke", post(revoke))
}

/// A token that was not revoked, in the list.
pub(super) struct Line {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) may: &'static str,
    /// The limits, and how much was used today.
    pub(super) limits: String,
    pub(super) sensor: String,
    pub(super) created: Stamp,
    pub(super) expires: Option<Stamp>,
    pub(super) is_expired: bool,
}

/// The form for a new token, with its values.
#[derive(Clone, Default)]
pub(super) struct Draft {
    pub(super) name: String,
    pub(super) may: String,
    pub(super) rate: String,
    pub(super) daily: String,
    pub(super) expires: String,
    pub(super) sensor: String,
    /// The reason why the form is shown again.
    pub(super) refused: Option<String>,
}

async fn create(
    State(site): State<Shared>,
    frame: Frame,
    may: May<ManageTokens>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let draft = Draft::of(&sent);
    let wanted = match draft.wanted(site.desk.clock()) {
        Ok(wanted) => wanted,
        Err(why) => return again(&site, frame, draft, why, StatusCode::UNPROCESSABLE_ENTITY).await,
    };
    let made = site.desk.change(may.name(), move |workbench| workbench.create_token(&wanted)).await;
    match made {
        Ok((token, secret)) => {
            let lead = format!("Token {} created.", token.wanted.name);
            site.show_once(may.session.id, PATH, Once { text: secret, lead });
            Ok(Redirect::to("/database#tokens").into_response())
        }
        Err(error) if error.is_users() => {
            let problem = Problem::from(error);
            let status = problem.status;
            again(&site, frame, draft, problem.detail, status).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn again(
    site: &Shared,
    frame: Frame,
    draft: Draft,
    why: String,
    status: StatusCode,
) -> Result<Response, Problem> {
    let page = Page::of(site, frame).await?;
    show_as(status, &Page { draft: Draft { refused: Some(why), ..draft }, ..page })
}

async fn revoke(
    State(site): State<Shared>,
    may: May<ManageTokens>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let name = sent.text("name").to_owned();
    let id = sent.text("id").parse().map_err(|_| Problem::bad_request("there is no such token"))?;
    site.desk.change(may.name(), move |workbench| workbench.revoke_token_numbered(&name, id)).await?;
    Ok(go(PATH, "token-revoked"))
}

impl Line {
    /// The tokens that were not revoked, in their state at a time in seconds since the epoch.
    pub(super) fn all(workbench: &Workbench, now: i64) -> Result<Vec<Self>, Error> {
        let tokens = workbench.tokens()?.into_iter().filter(|token| token.revoked_at.is_none());
        tokens.map(|token| Self::of(workbench, &token, now)).collect()
    }

    fn of(workbench: &Workbench, token: &Token, now: i64) -> Result<Self, Error> {
        let usage = workbench.usage(token.id)?;
        let used = if usage.day == now / DAY { usage.used } else { 0 };
        let wanted = &token.wanted;
        let rate = wanted.rate.map(|rate| format!("{} per second", thousands(u64::from(rate))));
        let daily = wanted.daily.map(|daily| format!("{} per day", thousands(daily)));
        let limits = rate.into_iter().chain(daily).collect::<Vec<_>>().join(", ");
        let limits = if limits.is_empty() { "no limit" } else { &limits };
        Ok(Self {
            id: token.id,
            name: wanted.name.clone(),
            may: may_of(wanted),
            limits: format!("{limits}; {} used today", thousands(used)),
            sensor: wanted.sensor.clone().unwrap_or_default(),
            created: Stamp::of(token.created_at),
            expires: wanted.expires_at.map(Stamp::of),
            is_expired: token.state(now) == Standing::Expired,
        })
    }
}

fn may_of(wanted: &Wanted) -> &'static str {
    match (wanted.reads, wanted.writes) {
        (true, true) => "Query and send records",
        (_, true) => "Send records",
        _ => "Query records",
    }
}

impl Draft {
    fn of(sent: &Fields) -> Self {
        let text = |name| sent.text(name).trim().to_owned();
        Self {
            name: text("name"),
            may: text("may"),
            rate: text("rate"),
            daily: text("daily"),
            expires: text("expires"),
            sensor: text("sensor"),
            refused: None,
        }
    }

    /// The properties of the token, or what is wrong with the form.
    fn wanted(&self, clock: &cof::time::Clock) -> Result<Wanted, String> {
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let rate = given(&self.rate)
            .map(|text| {
                spelling::rate(&text)
                    .ok_or_else(|| format!("{text:?} is not a rate: write 10 for ten requests per second"))
            })
            .transpose()?;
        let daily = given(&self.daily)
            .map(|text| text.parse().map_err(|_| format!("{text:?} is not a number of requests per day")))
            .transpose()?;
        let expires_at = given(&self.expires)
            .map(|text| {
                spelling::expiry(&text, clock).ok_or_else(|| {
                    format!("{text:?} is not a date: write 2027-06-09, or 90d for 90 days from now")
                })
            })
            .transpose()?;
        let (reads, writes) = match self.may.as_str() {
            "write" => (false, true),
            "both" => (true, true),
            _ => (true, false),
        };
        Ok(Wanted {
            name: self.name.clone(),
            reads,
            writes,
            rate,
            daily,
            expires_at,
            sensor: given(&self.sensor),
        })
    }
}
