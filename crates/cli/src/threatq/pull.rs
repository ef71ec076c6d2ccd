//! `threatq pull`: indicators of the instance become indicators of the library.

use std::fmt::Write as _;

use operation::IndicatorType;
use platform::threatq::json as shapes;
use platform::threatq::pull::Selection;
use platform::threatq::taking::{Order, Report, TakingError};
use workbench::Desk;

use super::{NAMED, Opened, failed, open};
use crate::args::threatq::PullArgs;
use crate::args::{Arguments, View};
use crate::exit::{Exit, Failure};
use crate::{kept, output, terminal};

pub(super) async fn run(command: &PullArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    let Opened { threatq, workbench, .. } = open(&command.platform, arguments)?;
    let into = command.into.as_deref().map(|name| workbench.investigation_named(name)).transpose()?;
    let order = Order {
        platform: command.platform.platform.clone(),
        selection: selection(command),
        into: into.map(|investigation| investigation.id),
        dry_run: command.dry_run,
    };
    let (desk, actor) = (Desk::of(workbench), kept::actor());
    let place = threatq.way().budget_name();
    let number = if command.dry_run { None } else { Some(order.begin(&desk, &actor, &place).await?) };
    let (report, result) = order.carry_out(&desk, &actor, &threatq, number, &mut |_| true).await;
    let has_read = report.read + report.left_out > 0;
    if result.is_ok() || has_read {
        print(command, &report)?;
    }
    result.map_err(|error| {
        let failure = ended(error);
        let again = format!("what was read is stored; continue with --offset {}", report.next);
        if command.dry_run || !has_read { failure } else { failure.hint(&again) }
    })?;
    Ok(if report.is_complete { Exit::Done } else { Exit::Incomplete })
}

fn ended(error: TakingError) -> Failure {
    match error {
        TakingError::Threatq(error) => failed(error),
        TakingError::Workbench(error) => error.into(),
        TakingError::Stopped => Failure::usage(&error),
    }
}

fn selection(command: &PullArgs) -> Selection {
    let kinds = if command.kinds.is_empty() { IndicatorType::ALL.to_vec() } else { command.kinds.clone() };
    let mut types: Vec<String> = kinds.into_iter().map(|kind| kind.name().to_owned()).collect();
    types.sort();
    types.dedup();
    Selection { types, statuses: command.statuses.clone(), offset: command.offset, most: command.limit }
}

fn print(command: &PullArgs, report: &Report) -> Result<(), Failure> {
    complain(report);
    if command.format == View::Json {
        return output::print_json(&shapes::report(report, command.dry_run));
    }
    output::print(&as_text(command, report))
}

fn complain(report: &Report) {
    for (value, reason) in &report.reasons {
        terminal::complain(&format!("left out {}: {reason}", terminal::label(value)));
    }
    for (status, count) in report.foreign.iter().take(NAMED) {
        let indicators = terminal::plural(*count, "indicator");
        let status = terminal::label(status);
        terminal::complain(&format!("{indicators} with the status {status} there: Review here if new"));
    }
}

fn as_text(command: &PullArgs, report: &Report) -> String {
    let Report { read, new, known, removed, joined, left_out, total, next, .. } = report;
    let verb = if command.dry_run { "would be added" } else { "added" };
    let mut text = format!(
        "{} read: {new} {verb}, {known} known, {removed} removed here before, {left_out} left out\n",
        terminal::plural(*read, "indicator")
    );
    if command.into.is_some() {
        let verb = if command.dry_run { "would become" } else { "became" };
        let _ = writeln!(text, "{} {verb} members", terminal::thousands(*joined));
    }
    if !report.is_complete {
        let of = total.map(|total| format!(" of {}", terminal::thousands(total))).unwrap_or_default();
        let _ = writeln!(text, "There are more{of}: continue with --offset {next}");
    }
    text
}
