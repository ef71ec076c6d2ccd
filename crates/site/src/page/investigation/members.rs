//! The members of an investigation: a page of them, adding more, and changing the ticked ones.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use edge::problem::Problem;
use operation::Line;
use serde::Deserialize;
use workbench::Workbench;
use workbench::investigation::{Member, Origin, Verdict};

use super::head::{Head, Tab};
use super::{address, asking, ticked};
use crate::access::{May, Posted, needs::EditLibrary};
use crate::page::stamp::Stamp;
use crate::page::{Frame, go, show};
use crate::site::Shared;

/// Rows per page.
const PAGE: usize = 200;

/// The filters, from the address.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Wish {
    verdict: String,
    q: String,
    page: usize,
}

#[derive(Template)]
#[template(path = "investigation-members.html")]
struct Page {
    frame: Frame,
    head: Head,
    wish: Wish,
    rows: Vec<Member>,
    /// How many match.
    matching: usize,
    before: Option<String>,
    next: Option<String>,
}

pub(super) async fn look(
    State(site): State<Shared>,
    frame: Frame,
    Path(id): Path<i64>,
    Query(wish): Query<Wish>,
) -> Result<Response, Problem> {
    let head = Head::of(&site, id, Tab::Members, &frame).await?;
    let mut rows = site.desk.read(move |workbench| workbench.members(id)).await?;
    let (verdict, text) = (wish.verdict.parse::<Verdict>().ok(), wish.q.trim().to_lowercase());
    rows.retain(|member| {
        verdict.is_none_or(|verdict| member.verdict == verdict)
            && (text.is_empty() || member.indicator.to_string().contains(&text))
    });
    let matching = rows.len();
    let from = wish.page.saturating_mul(PAGE).min(matching);
    let rows: Vec<Member> = rows.drain(from..).take(PAGE).collect();
    let page = |page: usize| {
        let (verdict, q) = (crate::page::encoded(&wish.verdict), crate::page::encoded(&wish.q));
        format!("/investigations/{id}/members?verdict={verdict}&q={q}&page={page}")
    };
    let next = (from + rows.len() < matching).then(|| page(wish.page + 1));
    let before = wish.page.checked_sub(1).map(page);
    show(&Page { frame, head, wish, rows, matching, before, next })
}

/// Adds what is in a text, one or several values on a line.
pub(super) async fn add(
    State(site): State<Shared>,
    may: May<EditLibrary>,
    Path(id): Path<i64>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let (mut indicators, mut refused) = (Vec::new(), None);
    for given in sent.text("values").lines().flat_map(|line| Line::of_file(line).given) {
        match given.indicator {
            Ok(indicator) => indicators.push(indicator),
            Err(error) => refused = refused.or(Some(format!("{:?} is {error}", given.text))),
        }
    }
    if let (true, Some(refused)) = (indicators.is_empty(), refused) {
        return Err(Problem::bad_request(refused));
    }
    let origin = match sent.text("followed") {
        "" => Origin::User,
        resource => Origin::Followed(resource.to_owned()),
    };
    let add = move |workbench: &mut Workbench| workbench.add_members(id, &indicators, &origin);
    let joined = site.desk.change(may.name(), add).await?;
    let word = if joined.iter().any(|joined| joined.is_new) { "joined" } else { "nothing" };
    Ok(go(&format!("/investigations/{id}/members"), word))
}

/// Changes the ticked members.
pub(super) async fn change(
    State(site): State<Shared>,
    frame: Frame,
    may: May<EditLibrary>,
    Path(id): Path<i64>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let members = ticked(&sent)?;
    if members.is_empty() {
        return Err(Problem::bad_request("no member is ticked: tick at least one"));
    }
    let word = match sent.text("do") {
        "ask" => return asking::show_for(&site, frame, id, Some(members), &sent).await,
        "remove" => {
            let remove = move |workbench: &mut Workbench| workbench.remove_members(id, &members);
            if site.desk.change(may.name(), remove).await? > 0 { "left" } else { "nothing" }
        }
        _ => {
            let verdict: Verdict =
                sent.text("verdict").parse().map_err(|error: workbench::investigation::WordError| {
                    Problem::bad_request(error.to_string())
                })?;
            let judge = move |workbench: &mut Workbench| workbench.judge_members(id, &members, verdict);
            if site.desk.change(may.name(), judge).await? > 0 { "judged" } else { "nothing" }
        }
    };
    Ok(go(&format!("{}/members", address(id)), word))
}

impl Page {
    fn may_change(&self) -> bool {
        self.frame.may_edit() && !self.head.is_removed()
    }

    /// The name in Unicode, if it differs.
    fn unicode(member: &Member) -> Option<String> {
        picture::text::beside(&member.indicator.to_string())
    }

    /// How a member became one.
    fn origin(member: &Member) -> String {
        match &member.origin {
            Origin::User => format!("added by {}", member.actor),
            Origin::Report(_) => "in the report".to_owned(),
            Origin::Followed(resource) => format!("followed {resource}"),
        }
    }
}
