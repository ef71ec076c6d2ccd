//! The audit trail, newest entries first.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::at;
use crate::audit::{Entry, Page};

/// A page of the audit trail.
#[derive(Serialize, ToSchema)]
pub struct AuditPage {
    /// The entries, newest first.
    entries: Vec<AuditEntry>,
    /// The value of `before` for the next page; null at the end.
    #[schema(required)]
    next: Option<i64>,
    /// The number of entries on all pages.
    total: u64,
}

/// An entry of the audit trail.
#[derive(Serialize, ToSchema)]
pub struct AuditEntry {
    /// What was done, such as `integration.install`.
    action: String,
    /// Who did it.
    actor: String,
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// Its content depends on the action; it never contains a secret.
    #[schema(value_type = Object)]
    detail: Value,
    /// Its number, which grows with time.
    id: i64,
    /// What it was done to.
    subject: String,
}

/// A page of the trail.
pub fn page(page: &Page) -> AuditPage {
    AuditPage { entries: page.entries.iter().map(entry).collect(), next: page.next, total: page.total }
}

fn entry(entry: &Entry) -> AuditEntry {
    AuditEntry {
        action: entry.action.clone(),
        actor: entry.actor.clone(),
        at: at(entry.at),
        detail: entry.detail.clone(),
        id: entry.id,
        subject: entry.subject.clone(),
    }
}
