//! `investigation shared`: what the members share, and who else is behind it.
//!
//! The own database counts the names that use a resource if there is one, and the warning lists and rules say what is weak.

mod table;

use context::weak::Rules;
use operation::Indicator;
use store::Store;
use workbench::Workbench;
use workbench::investigation::shared::{Candidate, Resource, SharedResource};
use workbench::investigation::{Investigation, Records, behind, compared};
use workbench::json::shared as json;
use workbench::library::Entry;

use super::open;
use crate::args::investigation::SharedArgs;
use crate::args::{Arguments, View};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::{database, list, output, terminal};

pub(super) fn run(command: &SharedArgs, config: &Config, arguments: &Arguments) -> Result<Exit, Failure> {
    let (workbench, investigation) = open(&command.name, arguments)?;
    let records = workbench.member_records(investigation.id)?;
    let database = database::open_existing(arguments, config)?;
    let store = database.as_ref().map(|database| -> &dyn Store { database });
    if command.follow.is_empty() {
        let rules = list::rules(config, arguments)?;
        return show(command, &investigation, &records, store, &rules);
    }
    follow(command, &workbench, &investigation, &records, store)
}

/// Prints the ranking.
fn show(
    command: &SharedArgs,
    investigation: &Investigation,
    records: &Records,
    store: Option<&dyn Store>,
    rules: &Rules,
) -> Result<Exit, Failure> {
    let shared = compared(records, store, rules);
    let ranked = shared.list.iter().enumerate().map(|(place, shared)| (place + 1, shared));
    let mut listed: Vec<_> = ranked.filter(|(_, shared)| command.keeps(shared)).collect();
    let matching = listed.len();
    listed.truncate(usize::try_from(command.limit).unwrap_or(usize::MAX));
    match command.format {
        View::Json => {
            let members = (members(records), records.left_out);
            output::print_json(&json::resources(
                investigation.id,
                &shared,
                (&listed, matching),
                (&members.0, members.1),
            ))?;
        }
        View::Table => {
            output::print(&table::ranking(&listed))?;
            let rest = table::rest(&shared, (listed.len(), matching), command.weak);
            if !rest.is_empty() {
                terminal::say(&rest);
            }
        }
    }
    Ok(Exit::Done)
}

/// Prints who is behind resources.
fn follow(
    command: &SharedArgs,
    workbench: &Workbench,
    investigation: &Investigation,
    records: &Records,
    store: Option<&dyn Store>,
) -> Result<Exit, Failure> {
    let mut found = behind(records, &command.follow, store);
    let total = found.len();
    found.truncate(usize::try_from(command.limit).unwrap_or(usize::MAX));
    let known = found.into_iter().map(|candidate| {
        let entry = workbench.lookup(&candidate.indicator)?;
        Ok((candidate, entry))
    });
    let found = known.collect::<Result<Vec<(Candidate, Option<Entry>)>, workbench::Error>>()?;
    match command.format {
        View::Json => {
            let ids: Vec<String> = command.follow.iter().map(Resource::id).collect();
            output::print_json(&json::candidates(investigation.id, &found, (&ids, &members(records))))?;
        }
        View::Table => {
            output::print(&table::candidates(&found))?;
            if found.len() < total {
                let (shown, all) = (found.len(), terminal::thousands(total as u64));
                terminal::say(&format!("only {shown} of {all} shown; use a higher --limit"));
            }
        }
    }
    Ok(Exit::Done)
}

impl SharedArgs {
    fn keeps(&self, shared: &SharedResource) -> bool {
        self.kind.is_none_or(|kind| shared.resource.kind() == kind)
            && shared.sharers.len() >= self.least
            && (!self.at_once || shared.overlap.most > 1)
            && (self.weak || !shared.is_weak())
    }
}

fn members(records: &Records) -> Vec<Indicator> {
    records.members.iter().map(|member| member.indicator.clone()).collect()
}
