//! Writes the audit trail. An entry is written in the transaction of the change that it describes, so that neither exists
//! without the other.
//!
//! Each entry has a hash of itself and of the previous entry, so a changed or lost entry breaks the chain.

use serde_json::Value;

use super::head::{last_entry, link};
use super::{Change, Problem};

impl Change<'_> {
    /// Adds an entry about this change.
    pub(crate) fn audit(&self, action: &str, subject: &str, detail: &Value) -> Result<(), Problem> {
        self.audit_as(self.actor, action, subject, detail)
    }

    /// Like `audit`, for a change that itself determines the actor: a user signs in.
    pub(crate) fn audit_as(
        &self,
        actor: &str,
        action: &str,
        subject: &str,
        detail: &Value,
    ) -> Result<(), Problem> {
        let (last, before) = last_entry(&self.transaction)?;
        let (id, detail) = (last.saturating_add(1), detail.to_string());
        let chain = link(&before, id, self.at, [actor, action, subject, &detail]);
        let sql =
            "INSERT INTO audit (id, at, actor, action, subject, detail, chain) VALUES (?, ?, ?, ?, ?, ?, ?)";
        let mut statement = self.transaction.prepare_cached(sql)?;
        statement.execute((id, self.at, actor, action, subject, detail, chain))?;
        self.audited.set(true);
        Ok(())
    }
}
