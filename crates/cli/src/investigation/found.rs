//! `investigation findings`: what the answers about all members propose, listed and added.

use operation::{Indicator, shown};
use workbench::Workbench;
use workbench::investigation::{Choice, FoundIndicator, Investigation, MemberFindings};
use workbench::json::found as json;

use super::open;
use crate::args::investigation::FindingsArgs;
use crate::args::{Arguments, View};
use crate::exit::{Exit, Failure};
use crate::output::table::{cautions, new_table};
use crate::{output, terminal};

pub(super) fn run(command: &FindingsArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    let (mut workbench, investigation) = open(&command.name, arguments)?;
    let findings = workbench.member_findings(investigation.id)?;
    match choice(command, &findings)? {
        Some(choice) => add(command, &mut workbench, &investigation, &findings, &choice),
        None if command.dry_run => Err(Failure::Usage("--dry-run needs --add VALUE or --add-all".to_owned())),
        None => list(command, &workbench, &investigation, findings),
    }
}

/// The findings that are to be added, if any are.
fn choice(command: &FindingsArgs, findings: &MemberFindings) -> Result<Option<Choice>, Failure> {
    if command.add_all {
        return Ok(Some(Choice::All));
    }
    let mut values = std::collections::HashSet::new();
    for text in &command.add {
        let label = terminal::label(text);
        let indicator =
            Indicator::existing(text).map_err(|error| Failure::Usage(format!("{label}: {error}")))?;
        if !findings.found.iter().any(|one| one.indicator == indicator) {
            return Err(Failure::Usage(format!("{label}: no answer about a member proposes it")));
        }
        values.insert(indicator);
    }
    Ok((!values.is_empty()).then_some(Choice::Values(values)))
}

fn add(
    command: &FindingsArgs,
    workbench: &mut Workbench,
    investigation: &Investigation,
    findings: &MemberFindings,
    choice: &Choice,
) -> Result<Exit, Failure> {
    let tally = if command.dry_run {
        workbench.preview_member_findings(findings, choice)?
    } else {
        workbench.add_member_findings(findings, choice)?
    };
    match command.format {
        View::Json => output::print_json(&json::added(investigation.id, &tally, command.dry_run))?,
        View::Table => {
            let said = if command.dry_run { "Would add" } else { "Added" };
            output::print(&format!("{said}\n{}", output::table::added(&tally)))?;
        }
    }
    Ok(Exit::Done)
}

fn list(
    command: &FindingsArgs,
    workbench: &Workbench,
    investigation: &Investigation,
    findings: MemberFindings,
) -> Result<Exit, Failure> {
    let mut found = findings.found;
    let total = found.len();
    found.truncate(usize::try_from(command.limit).unwrap_or(usize::MAX));
    let members = workbench.member_indicators(investigation.id)?;
    match command.format {
        View::Json => output::print_json(&json::findings(investigation.id, &found, total, &members))?,
        View::Table => {
            output::print(&table(&found, &members))?;
            if found.len() < total {
                let (shown, all) = (found.len(), terminal::thousands(total as u64));
                terminal::say(&format!("only {shown} of {all} shown; use a higher --limit"));
            }
        }
    }
    Ok(Exit::Done)
}

fn table(found: &[FoundIndicator], members: &[Indicator]) -> String {
    if found.is_empty() {
        return "The answers propose nothing. Query the members with: backsight investigation run NAME\n"
            .to_owned();
    }
    let mut table = new_table(terminal::width());
    table.set_header(["Indicator", "Type", "Proposed by", "Library"]);
    for one in found {
        let first = one.members.first().and_then(|place| members.get(*place)).map(ToString::to_string);
        let more = one.members.len().saturating_sub(1);
        let by = match (first, more) {
            (first, 0) => first.unwrap_or_default(),
            (first, more) => format!("{} and {more} more", first.unwrap_or_default()),
        };
        let library = match &one.library {
            None => "new",
            Some(entry) if entry.removed_at.is_some() => "removed",
            Some(entry) => entry.status.name(),
        };
        let value = shown::labelled(&one.indicator.to_string());
        table.add_row([&value, one.indicator.kind().name(), &by, library]);
    }
    let flagged = found.iter().filter(|one| one.caution.is_some()).map(|one| &one.indicator);
    format!("{table}\n{}", cautions(flagged))
}
