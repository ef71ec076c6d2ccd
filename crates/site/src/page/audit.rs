//! The Audit Log: who changed what, and when, newest first.

mod exchange;
mod sentence;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use edge::problem::Problem;
use operation::Indicator;
use serde::Deserialize;
use serde_json::Value;
use workbench::audit::{Entry, Filter};
use workbench::user::Permission;

use self::sentence::sentence;
use super::stamp::Stamp;
use super::{Frame, encoded, show};
use crate::access::Visitor;
use crate::site::Shared;

/// Entries per page.
const PAGE: usize = 100;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/audit", get(list))
}

/// An entry in readable form.
pub(crate) struct Event {
    pub(crate) at: Stamp,
    pub(crate) actor: String,
    pub(crate) action: String,
    pub(crate) subject: String,
    /// Further information, in one line.
    pub(crate) detail: String,
    /// The address of the subject's page.
    pub(crate) address: Option<String>,
}

#[derive(Template)]
#[template(path = "audit.html")]
struct Page {
    frame: Frame,
    events: Vec<Event>,
    next: Option<i64>,
    total: u64,
    /// Whether this is not the first page.
    later: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Wish {
    before: Option<i64>,
}

async fn list(
    State(site): State<Shared>,
    frame: Frame,
    visitor: Visitor,
    Query(wish): Query<Wish>,
) -> Result<Response, Problem> {
    let filter = Filter { before: wish.before, limit: Some(PAGE), ..Filter::default() };
    let page = site.desk.read(move |workbench| workbench.audit(&filter)).await?;
    let page = if visitor.may(Permission::ManageUsers) { page } else { page.without_addresses() };
    let events = page.entries.iter().map(Event::of).collect();
    show(&Page { frame, events, next: page.next, total: page.total, later: wish.before.is_some() })
}

impl Event {
    pub(crate) fn of(entry: &Entry) -> Self {
        Self::labelled(entry, &str::to_owned)
    }

    /// The entry, with parameters of the integration under their labels.
    pub(crate) fn labelled(entry: &Entry, label: &dyn Fn(&str) -> String) -> Self {
        let address = match entry.action.split('.').next() {
            Some("indicator" | "run" | "execution") => {
                Indicator::from_canonical(&entry.subject).ok().map(|one| super::indicator_address(&one))
            }
            Some("push") => entry.detail.get("push").and_then(Value::as_i64).map(super::push::address),
            Some("integration" | "pull") if entry.action != "integration.remove" => {
                Some(format!("/integrations/{}", encoded(&entry.subject)))
            }
            _ => None,
        };
        Self {
            at: Stamp::of(entry.at),
            actor: entry.actor.clone(),
            action: action(&entry.action),
            subject: entry.subject.clone(),
            detail: sentence(&entry.action, &entry.detail, label),
            address,
        }
    }
}

/// The readable form of an action; an unknown action is shown unchanged.
fn action(action: &str) -> String {
    match action {
        "execution.begin" => "Operation executed on a platform",
        "execution.end" => "Execution ended",
        "execution.fail" => "Execution failed",
        "indicator.add" => "Added",
        "indicator.hand-in" => "Handed in by a program",
        "indicator.merge" => "Merged with its IPv4-mapped form",
        "indicator.note" => "Note added",
        "indicator.remove" => "Removed",
        "indicator.restore" => "Restored",
        "indicator.status" => "Status changed",
        "indicator.tag" => "Tags changed",
        "indicator.tlp" => "TLP changed",
        "indicator.undo-removal" => "Removal undone",
        "integration.configure" => "Configuration saved",
        "integration.disable" => "Disabled",
        "integration.downgrade" => "Downgraded",
        "integration.enable" => "Enabled",
        "integration.install" => "Installed",
        "integration.remove" => "Uninstalled",
        "integration.replace" => "Replaced",
        "integration.upgrade" => "Upgraded",
        "investigation.add-members" => "Members added",
        "investigation.add-report" => "Source report added",
        "investigation.create" => "Investigation created",
        "investigation.edit" => "Investigation changed",
        "investigation.note" => "Note on investigation added",
        "investigation.remove" => "Investigation removed",
        "investigation.remove-members" => "Members removed",
        "investigation.restore" => "Investigation restored",
        "investigation.verdict" => "Verdict set",
        "job.cancel" => "Job cancelled",
        "job.create" => "Job started",
        "job.end" => "Job ended",
        "job.pause" => "Job paused",
        "job.resume" => "Job resumed",
        "job.stop" => "Job paused itself",
        "key.rotate" => "Key changed",
        "link.create" => "One-time link created",
        "list.disable" => "Warning list disabled",
        "list.enable" => "Warning list enabled",
        "list.import" => "Warning list imported",
        "list.remove" => "Warning list removed",
        "list.restore" => "Warning list restored",
        "pull.begin" => "Pull started",
        "pull.cancel" => "Pull cancelled",
        "pull.end" => "Pull ended",
        "pull.fail" => "Pull failed",
        "push.cancel" => "Push cancelled",
        "push.create" => "Push started",
        "push.end" => "Push ended",
        "push.fail" => "Push failed",
        "push.pause" => "Push paused",
        "push.resume" => "Push resumed",
        "push.stop" => "Push paused itself",
        "records.load" => "Records loaded",
        "run.add" => "Findings added",
        "run.undo" => "Findings undone",
        "search.delete" => "Saved search deleted",
        "search.save" => "Search saved",
        "session.end" => "Session ended",
        "token.create" => "Token created",
        "token.revoke" => "Token revoked",
        "user.create" => "User created",
        "user.disable" => "User disabled",
        "user.enable" => "User enabled",
        "user.password" => "Password changed",
        "user.password-refused" => "Password change refused",
        "user.role" => "Role changed",
        "user.sign-in" => "Signed in",
        "user.sign-in-refused" => "Sign-in refused",
        "user.sign-out" => "Signed out",
        "workbench.lost" => "Saved changes were lost",
        other => return other.replace('.', ": "),
    }
    .to_owned()
}
