//! Installs, upgrades, downgrades and replaces packages: one transaction that carries out the confirmed plan.

use operation::Package;
use serde_json::json;

use super::plan::{Confirmed, Plan, Relation};
use super::stored::Stored;
use crate::database::{Change, Problem};
use crate::{Error, Workbench};

impl Workbench {
    /// Computes what installing a package would do; nothing is written. With `overwrite`, stored values are replaced by the
    /// package's defaults; otherwise values are kept if their key and kind stay the same, including secrets.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn plan_install(&self, package: Package, overwrite: bool) -> Result<Plan, Error> {
        let stored = self.read(|database| Stored::find(database, &package.name))?;
        Ok(Plan::new(package, stored.as_ref(), overwrite))
    }

    /// Carries out a plan. A new integration is disabled; an existing one stays enabled or disabled, unless a required value is
    /// missing. If anything fails, the old version is unchanged.
    ///
    /// # Errors
    /// [`Error::Refused`] if the integration was changed since the plan was made.
    pub fn install(&mut self, confirmed: Confirmed) -> Result<(), Error> {
        let Confirmed(plan) = confirmed;
        self.change(|change| {
            let stored = Stored::find(&change.transaction, &plan.package.name)?;
            let now = Plan::new(plan.package.clone(), stored.as_ref(), plan.overwrite);
            if now != plan {
                let name = &plan.package.name;
                return Err(Problem::conflict(format!(
                    "{name} was changed in the meantime: review it, then install again"
                )));
            }
            if plan.changes_nothing() { Ok(()) } else { carry_out(change, &plan) }
        })
    }
}

fn carry_out(change: &Change<'_>, plan: &Plan) -> Result<(), Problem> {
    let Plan { package, lost, .. } = plan;
    let enabled = plan.enabled && plan.missing.is_empty();
    change.transaction.execute(
        "INSERT INTO integrations (name, version, manifest, enabled, installed_at, updated_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?5) \
         ON CONFLICT (name) DO UPDATE SET version = ?2, manifest = ?3, enabled = ?4, updated_at = ?5",
        (&package.name, package.version.to_string(), &package.source, enabled, change.at),
    )?;
    for loss in lost {
        for table in ["settings", "secrets"] {
            let sql = format!("DELETE FROM {table} WHERE integration = ? AND key = ?");
            change.transaction.execute(&sql, (&package.name, &loss.key))?;
        }
    }
    verify(change, package)?;
    audit(change, plan, enabled)
}

/// Reads back what was written before it replaces the old version.
fn verify(change: &Change<'_>, package: &Package) -> Result<(), Problem> {
    let stored = Stored::need(&change.transaction, &package.name)?;
    match stored.package() {
        Ok(back) if back == *package => Ok(()),
        Ok(_) => Err(Error::Bug(format!("{package} reads back as another package")).into()),
        Err(error) => Err(stored.broken(&error)),
    }
}

fn audit(change: &Change<'_>, plan: &Plan, enabled: bool) -> Result<(), Problem> {
    let action = match plan.relation {
        Relation::New => "integration.install",
        Relation::Upgrade { .. } => "integration.upgrade",
        Relation::Downgrade { .. } => "integration.downgrade",
        Relation::Changed | Relation::Same => "integration.replace",
    };
    let detail = json!({
        "from": plan.relation.from(),
        "to": plan.package.version.to_string(),
        "kept": plan.kept,
        "lost": plan.lost.iter().map(|loss| &loss.key).collect::<Vec<_>>(),
        "enabled": enabled,
        "missing": plan.missing,
    });
    change.audit(action, &plan.package.name, &detail)
}
