//! The audit trail, the newest first.

use serde_json::{Value, json};

use super::at;
use crate::audit::{Entry, Page};

/// A page of the trail.
pub fn page(page: &Page) -> Value {
    let entry = |entry: &Entry| {
        json!({
            "id": entry.id,
            "at": at(entry.at),
            "actor": entry.actor,
            "action": entry.action,
            "subject": entry.subject,
            "detail": entry.detail,
        })
    };
    let entries: Vec<Value> = page.entries.iter().map(entry).collect();
    json!({ "entries": entries, "next": page.next, "total": page.total })
}
