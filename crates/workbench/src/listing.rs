//! Audit entries for warning lists: [`ListChange`].
//!
//! The crate `context` keeps the lists; the workbench only records who changed them.

use context::lists::About;
use serde_json::json;

use crate::{Error, Workbench};

/// What was done to a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListChange {
    /// It never hits from now on.
    Disable,
    /// It is used again.
    Enable,
    /// It was imported, or replaced by another version.
    Import,
    /// It was removed.
    Remove,
    /// Its removal was undone.
    Restore,
}

impl ListChange {
    fn action(self) -> &'static str {
        match self {
            Self::Disable => "list.disable",
            Self::Enable => "list.enable",
            Self::Import => "list.import",
            Self::Remove => "list.remove",
            Self::Restore => "list.restore",
        }
    }
}

impl Workbench {
    /// Records changes of lists.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be written.
    pub fn note_lists(&mut self, change: ListChange, lists: &[About]) -> Result<(), Error> {
        self.change(|database| {
            lists.iter().try_for_each(|list| {
                let detail = match change {
                    ListChange::Import => json!({ "version": list.version, "entries": list.entries }),
                    _ => json!({}),
                };
                database.audit(change.action(), &list.name, &detail)
            })
        })
    }
}
