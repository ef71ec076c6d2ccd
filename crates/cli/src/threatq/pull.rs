//! `threatq pull`: indicators of the instance become indicators of the library.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use operation::{Indicator, IndicatorType};
use platform::threatq::pull::{Part, Pull, Pulled, Selection};
use serde_json::json;
use workbench::Workbench;
use workbench::investigation::Origin;
use workbench::library::{Offered, Status, Taken};

use super::{NAMED, Opened, failed, open};
use crate::args::threatq::PullArgs;
use crate::args::{Arguments, View};
use crate::exit::{Exit, Failure};
use crate::{output, terminal};

/// What a pull did, or would do.
#[derive(Default)]
struct Report {
    read: u64,
    new: u64,
    known: u64,
    removed: u64,
    joined: u64,
    left_out: u64,
    /// Statuses that only the instance has, with the number of indicators.
    foreign: BTreeMap<String, u64>,
    total: Option<u64>,
    next: u64,
    is_complete: bool,
}

pub(super) async fn run(command: &PullArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    let Opened { threatq, mut workbench, .. } = open(&command.platform, arguments)?;
    let into = command.into.as_deref().map(|name| workbench.investigation_named(name)).transpose()?;
    let into = into.map(|investigation| investigation.id);
    let mut pull = Pull::new(threatq.connection(), selection(command)).await.map_err(failed)?;
    let mut report = Report { next: command.offset, ..Report::default() };
    loop {
        let part = match pull.next().await {
            Ok(Some(part)) => part,
            Ok(None) => break,
            Err(error) => {
                print(command, &report)?;
                let again = format!("what was read is stored; continue with --offset {}", pull.position());
                let failure = failed(error);
                return Err(if command.dry_run { failure } else { failure.hint(&again) });
            }
        };
        take(command, &mut workbench, into, part, &mut report)?;
    }
    print(command, &report)?;
    Ok(if report.is_complete { Exit::Done } else { Exit::Incomplete })
}

fn selection(command: &PullArgs) -> Selection {
    let kinds = if command.kinds.is_empty() { IndicatorType::ALL.to_vec() } else { command.kinds.clone() };
    let mut types: Vec<String> = kinds.into_iter().map(|kind| kind.name().to_owned()).collect();
    types.sort();
    types.dedup();
    Selection { types, statuses: command.statuses.clone(), offset: command.offset, most: command.limit }
}

/// Stores a part of what was read.
fn take(
    command: &PullArgs,
    workbench: &mut Workbench,
    into: Option<i64>,
    part: Part,
    report: &mut Report,
) -> Result<(), Failure> {
    for (value, reason) in &part.left_out {
        if report.left_out < NAMED as u64 {
            terminal::complain(&format!("left out {}: {reason}", terminal::label(value)));
        }
        report.left_out += 1;
    }
    report.left_out += part.unreadable;
    report.read += part.pulled.len() as u64;
    let offered: Vec<Offered> = part.pulled.into_iter().map(|pulled| offered(pulled, report)).collect();
    let taken = if command.dry_run {
        workbench.preview_offered(&offered)?
    } else {
        workbench.take_over(&command.platform.platform, &offered)?
    };
    let mut members: Vec<Indicator> = Vec::new();
    for (offered, taken) in offered.into_iter().zip(taken) {
        match taken {
            Taken::New => report.new += 1,
            Taken::Known => report.known += 1,
            Taken::Removed => report.removed += 1,
        }
        if taken != Taken::Removed {
            members.push(offered.indicator);
        }
    }
    if let Some(id) = into {
        let members = workbench.not_members(id, &members)?;
        report.joined += members.len() as u64;
        if !command.dry_run && !members.is_empty() {
            workbench.add_members(id, &members, &Origin::User)?;
        }
    }
    (report.next, report.total, report.is_complete) = (part.next, part.total, part.is_last);
    Ok(())
}

/// An indicator with the status that it gets here.
fn offered(pulled: Pulled, report: &mut Report) -> Offered {
    let Pulled { indicator, status, tlp } = pulled;
    let status = Status::from_name(&status).unwrap_or_else(|| {
        *report.foreign.entry(status).or_default() += 1;
        Status::Review
    });
    Offered { indicator, status, tlp }
}

fn print(command: &PullArgs, report: &Report) -> Result<(), Failure> {
    let Report { read, new, known, removed, joined, left_out, total, next, .. } = report;
    for (status, count) in report.foreign.iter().take(NAMED) {
        let indicators = terminal::plural(*count, "indicator");
        let status = terminal::label(status);
        terminal::complain(&format!("{indicators} with the status {status} there: Review here if new"));
    }
    if command.format == View::Json {
        return output::print_json(&json!({
            "dry_run": command.dry_run, "read": read, "new": new, "known": known, "removed": removed,
            "joined": joined, "left_out": left_out, "next": next, "total": total, "complete": report.is_complete,
        }));
    }
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
    output::print(&text)
}
