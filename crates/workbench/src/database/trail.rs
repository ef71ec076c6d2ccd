//! Writing the audit trail: an entry belongs to the transaction of the change that it is about, so that neither is there
//! without the other.
//!
//! Each entry carries a hash of itself and of the entry before it, so that one that is changed or lost breaks the chain.

use serde_json::Value;

use super::head::{last_entry, link};
use super::{Change, Problem};

impl Change<'_> {
    /// Adds an entry about what this change does.
    pub(crate) fn audit(&self, action: &str, subject: &str, detail: &Value) -> Result<(), Problem> {
        self.audit_as(self.actor, action, subject, detail)
    }

    /// The same, where it is the change itself that finds out who does it: somebody signs in.
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
