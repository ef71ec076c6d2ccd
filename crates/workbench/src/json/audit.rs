//! The audit trail.
//!
//! `{"entries":[{"id","at","actor","action","subject","detail"}],"next","total"}`, the newest first; `detail` depends on the
//! action and never holds a secret, `next` is what goes on before, or null.

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
