//! Values that an operation may not be asked about, because they are marked stricter than its maximum: they are named and counted
//! before anything is sent.

use std::collections::HashMap;
use std::sync::Arc;

use operation::Indicator;
use workbench::Hint;
use workbench::run::{Freshness, Held};

use super::Plan;
use crate::exit::Failure;
use crate::values::Given;
use crate::{hint, terminal};

/// Finds the values that each operation may not be asked about, and names them.
pub(super) async fn hold_back(plans: &mut [Plan], given: &[Given]) -> Result<(), Failure> {
    for plan in plans {
        // Nothing is sent then.
        if plan.asking.freshness == Freshness::Offline {
            continue;
        }
        let package = Arc::clone(&plan.asking.package);
        let accepted = given.iter().filter_map(|given| given.indicator.clone().ok());
        let accepted: Vec<Indicator> = accepted.filter(|indicator| package.accepts(indicator)).collect();
        let find = move |workbench: &workbench::Workbench| workbench.held_back(&package, &accepted);
        let held = plan.runs.desk().read(find).await?;
        held.iter().for_each(complain);
        if let Some(first) = held.first() {
            let values = terminal::plural(held.len() as u64, "value");
            terminal::complain(&format!(
                "{values} held back from {}\n  hint: {}",
                first.operation,
                hint::words(&Hint::ChangeMarking)
            ));
        }
        let held = held.into_iter().map(|held| (held.indicator.clone(), held));
        plan.held = Arc::new(held.collect::<HashMap<_, _>>());
    }
    Ok(())
}

/// Names a value that is held back.
pub(super) fn complain(held: &Held) {
    terminal::complain(&format!("{}: not queried: {held}", held.indicator));
}
