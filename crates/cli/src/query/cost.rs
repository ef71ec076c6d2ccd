//! What a query would cost: `--dry-run` prints it, and it is announced before many values are queried.

use std::fmt::Write as _;
use std::sync::Arc;

use operation::Indicator;
use workbench::Desk;
use workbench::json::cost as json;
use workbench::run::{Asking, Cost, Freshness};

use super::{MANY, Plan};
use crate::args::Format;
use crate::exit::{Exit, Failure};
use crate::output::table::new_table;
use crate::values::Given;
use crate::{kept, output, terminal};

/// Prints the costs of all operations. Where the quota can be asked for nothing, it is; no value is sent.
pub(super) async fn print(plans: &[Plan], given: &[Given], format: Format) -> Result<Exit, Failure> {
    let indicators = indicators(given);
    let mut costs = Vec::new();
    for plan in plans {
        costs.push(of(plan.runs.desk(), &plan.asking, &indicators).await?);
    }
    show(&costs, format == Format::Json)?;
    Ok(Exit::Done)
}

/// What asking an operation about indicators would cost. Its quota is asked for, if that costs nothing.
pub(crate) async fn of(desk: &Desk, asking: &Asking, indicators: &Arc<[Indicator]>) -> Result<Cost, Failure> {
    if asking.freshness != Freshness::Offline {
        ask_for_quota(desk, asking).await?;
    }
    cost(desk, asking, indicators).await
}

/// Prints costs as JSON or as a table.
pub(crate) fn show(costs: &[Cost], as_json: bool) -> Result<(), Failure> {
    if as_json { output::print_json(&json::costs(costs)) } else { output::print(&table(costs)) }
}

/// Announces what many values will cost, where there is a rate limit or a quota.
pub(super) async fn announce(plan: &Plan, given: &[Given]) -> Result<(), Failure> {
    let provider = Arc::clone(&plan.asking.provider);
    if given.len() <= MANY || plan.asking.freshness == Freshness::Offline {
        return Ok(());
    }
    let quota = plan.runs.desk().read(move |workbench| workbench.quota(&provider)).await?;
    if plan.asking.provider.rate() <= 0.0 && quota.is_none() {
        return Ok(());
    }
    say(&plan.label(), &cost(plan.runs.desk(), &plan.asking, &indicators(given)).await?);
    Ok(())
}

/// Says what values will cost, after a label.
pub(crate) fn say(label: &str, cost: &Cost) {
    let values = terminal::plural(cost.values, "value");
    let mut text = format!("{label}{values}: {} from stored answers, ", cost.stored);
    let _ = write!(text, "at least {}", terminal::plural(cost.requests, "request"));
    if cost.seconds() > 0 {
        let _ = write!(text, ", about {} at {} per second", duration(cost.seconds()), cost.rate);
    }
    if let Some(said) = &cost.quota {
        let _ = write!(text, "; the provider said: {}", said.quota);
    }
    terminal::say(&text);
    if cost.exceeds_quota() {
        terminal::complain(&format!("warning: {label}the quota is not enough for these requests"));
    }
}

async fn ask_for_quota(desk: &Desk, asking: &Asking) -> Result<(), Failure> {
    let provider = Arc::clone(&asking.provider);
    match provider.ask_for_quota().await {
        None => Ok(()),
        Some(Ok(_)) => {
            let note = move |workbench: &workbench::Workbench| workbench.note_quota(&provider).map(drop);
            Ok(desk.read(note).await?)
        }
        Some(Err(error)) => {
            let name = &asking.package.name;
            terminal::complain(&format!("{name}: its quota is not known: {error}\n  hint: {}", error.hint()));
            Ok(())
        }
    }
}

async fn cost(desk: &Desk, asking: &Asking, indicators: &Arc<[Indicator]>) -> Result<Cost, Failure> {
    let (asking, indicators) = (asking.clone(), Arc::clone(indicators));
    Ok(desk.read(move |workbench| workbench.cost(&asking, &indicators)).await?)
}

fn indicators(given: &[Given]) -> Arc<[Indicator]> {
    given.iter().filter_map(|given| given.indicator.clone().ok()).collect()
}

fn table(costs: &[Cost]) -> String {
    let mut table = new_table(terminal::width());
    table.set_header(["Operation", "Up to", "Values", "Held back", "Stored", "Requests", "Time", "Quota"]);
    for cost in costs {
        let said = |said: &workbench::run::Said| {
            let at = kept::readable(i64::try_from(said.at).unwrap_or(i64::MAX));
            format!("{} (said {at} UTC)", said.quota)
        };
        table.add_row([
            cost.package.clone(),
            cost.max_tlp.to_string(),
            cost.values.to_string(),
            cost.held.len().to_string(),
            cost.stored.to_string(),
            cost.requests.to_string(),
            duration(cost.seconds()),
            cost.quota.as_ref().map_or_else(|| "not said".to_owned(), said),
        ]);
    }
    format!(
        "{table}\nRequests are the least that is needed: an answer in several pages needs more. Nothing was queried.\n"
    )
}

/// A time in its largest unit, rounded up.
pub(crate) fn duration(seconds: u64) -> String {
    match seconds {
        0..=90 => format!("{seconds} s"),
        91..=5_400 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h", seconds.div_ceil(3_600)),
    }
}
