//! `backsight db`: maintains the passive-DNS database, and verifies both databases. Each command's help describes the JSON
//! shapes.

mod copy;

use std::path::Path;

use ::database::Database;
use clickhouse::{Address, Made};
use cof::Name;
use cof::time::Clock;
use indicatif::{ProgressBar, ProgressStyle};
use operation::Moment;
use runs::Sizes;
use serde_json::{Value, json};
use store::{Selection, Store as _, StoreError};

use crate::args::database::{BackupArgs, DbArgs, DbCommand, DropArgs, DropWhat, RestoreArgs, ViewArgs};
use crate::args::{Arguments, View};
use crate::config::Config;
use crate::database::{self, Access};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::terminal::{self, plural, thousands};
use crate::{backup, kept};

pub(crate) fn run(args: &DbArgs, config: &Config, arguments: &Arguments) -> Result<Exit, Failure> {
    let desk = Desk { config, arguments, server: database::server(config)? };
    desk.refuse_what_servers_do_themselves(&args.command)?;
    match &args.command {
        DbCommand::Backup(command) => desk.backup(command),
        DbCommand::Compact(command) => desk.compact(command),
        DbCommand::Copy(_) if args.store.is_some() => Err(Failure::Usage(
            "db copy: FROM and TO say which databases they are; leave out --store".to_owned(),
        )),
        DbCommand::Copy(command) => copy::run(command, config, arguments),
        DbCommand::Drop(command) => desk.drop(command),
        DbCommand::Init(command) => desk.init(command),
        DbCommand::Restore(command) => desk.restore(command),
        DbCommand::Stats(command) => desk.stats(command),
        DbCommand::Verify(command) => return desk.verify(command),
    }?;
    Ok(Exit::Done)
}

/// The path of the database, and how it is opened.
struct Desk<'a> {
    config: &'a Config,
    arguments: &'a Arguments,
    /// The server that has the database, if it is not in a folder.
    server: Option<Address>,
}

impl Desk<'_> {
    /// Opens the database if it exists: none of these commands creates it.
    fn open(&self, access: Access) -> Result<Database, Failure> {
        if self.server.is_some() {
            return database::open(self.arguments, self.config, access);
        }
        let there = !Database::is_empty(&database::folder(self.arguments)?);
        database::open(self.arguments, self.config, if there { access } else { Access::Read })
    }

    fn failed(&self, error: &StoreError) -> Failure {
        if self.server.is_some() {
            return database::refused(error);
        }
        match database::folder(self.arguments) {
            Ok(folder) => database::failed(&folder, error),
            Err(failure) => failure,
        }
    }

    /// Says what to use instead of a command that is for files.
    fn refuse_what_servers_do_themselves(&self, command: &DbCommand) -> Result<(), Failure> {
        let Some(address) = &self.server else { return Ok(()) };
        // On a cluster, each server has its rows in a table of its own.
        let is_on_cluster = address.cluster.is_some();
        let local = if is_on_cluster { "_local" } else { "" };
        let table = format!("{}.{}entries{local}", address.database, address.tables);
        let on = address.cluster.as_ref().map_or_else(String::new, |name| format!(" ON CLUSTER '{name}'"));
        let (what, instead) = match command {
            DbCommand::Backup(_) | DbCommand::Restore(_) => (
                "back up or restore",
                format!("use ClickHouse's BACKUP TABLE, or ALTER TABLE {table}{on} FREEZE"),
            ),
            DbCommand::Compact(_) => (
                "compact",
                format!("ClickHouse merges by itself; OPTIMIZE TABLE {table}{on} FINAL does it at once"),
            ),
            // The workbench can be verified.
            DbCommand::Verify(_) if kept::open_existing(self.arguments)?.is_some() => {
                terminal::say(&format!(
                    "the passive-DNS database on {address} is not verified here; use ClickHouse's CHECK TABLE {table}"
                ));
                return Ok(());
            }
            DbCommand::Verify(_) => {
                let nodes = if is_on_cluster { " on each node" } else { "" };
                ("verify", format!("use ClickHouse's CHECK TABLE {table}{nodes}"))
            }
            DbCommand::Copy(_) | DbCommand::Drop(_) | DbCommand::Init(_) | DbCommand::Stats(_) => {
                return Ok(());
            }
        };
        Err(Failure::Usage(format!("Backsight does not {what} the database on {address}")).hint(&instead))
    }

    fn init(&self, command: &ViewArgs) -> Result<(), Failure> {
        let Some(address) = &self.server else {
            return Err(Failure::Usage("db init: creates tables on a server, and none is given".to_owned())
                .hint("use --store clickhouse://USER@HOST:PORT/DATABASE; the database of a data folder is created by the first import"));
        };
        let made = clickhouse::init(address, &database::password()?).map_err(|error| self.failed(&error))?;
        let shown = address.to_string();
        print(command.format, &json!({ "store": shown, "created": made == Made::New }), || match made {
            Made::New => format!("Created the passive-DNS database at {shown}.\n"),
            Made::Already => {
                format!("The passive-DNS database at {shown} exists already; nothing was changed.\n")
            }
        })
    }

    fn backup(&self, command: &BackupArgs) -> Result<(), Failure> {
        let to = command.to.display().to_string();
        let database = self.open(Access::Read)?;
        let failed = |error: StoreError| {
            Failure::work(&format!("backup to {to}"), &error)
                .hint("choose a folder that does not exist yet or is empty")
        };
        database.backup(&command.to).map_err(failed)?;
        arrived(&command.to)?;
        print(command.format, &json!({ "backup": to }), || {
            format!("Backup written to {to}. Restore it with: backsight db restore {to}\n")
        })
    }

    fn restore(&self, command: &RestoreArgs) -> Result<(), Failure> {
        let (folder, from) = (database::folder(self.arguments)?, &command.from);
        if !Database::is_empty(&folder) {
            let text =
                format!("{} already contains a database, which would be overwritten", folder.display());
            return Err(Failure::Usage(text).hint("move it away, or choose another folder with --data-dir"));
        }
        // Files of a process that found no database, or was killed before there was one.
        for left in ["LOCK", "MANIFEST.new", "backsight.sock", "backsight.sock.new"] {
            let _ = std::fs::remove_file(folder.join(left));
        }
        whole(from)?;
        database::make(folder.parent().unwrap_or(&folder))?;
        database::restore(from, &folder, self.config).map_err(|error| database::failed(from, &error))?;
        let (shown, source) = (folder.display().to_string(), from.display().to_string());
        print(command.format, &json!({ "restored": shown, "from": source }), || {
            format!("Restored {shown} from {source}.\n")
        })
    }

    fn compact(&self, command: &ViewArgs) -> Result<(), Failure> {
        let database = self.open(Access::Write)?;
        let failed = |error: StoreError| self.failed(&error);
        let before = database.sizes().map_err(failed)?;
        database.compact().map_err(failed)?;
        let after = database.sizes().map_err(failed)?;
        print(
            command.format,
            &json!({ "before": sizes(&before, false), "after": sizes(&after, false) }),
            || {
                let mib = |sizes: &Sizes| octets(sizes.octets);
                format!(
                    "Compacted to {} in {}; before: {}\n",
                    mib(&after),
                    plural(after.runs, "file"),
                    mib(&before)
                )
            },
        )
    }

    fn drop(&self, command: &DropArgs) -> Result<(), Failure> {
        let selection = self.selection(&command.what)?;
        let failed = |error: StoreError| self.failed(&error);
        let count = if command.dry_run {
            self.open(Access::Read)?.count_where(&selection).map_err(failed)?
        } else {
            self.open(Access::Write)?.drop_where(&selection).map_err(failed)?
        };
        print(command.format, &json!({ "dropped": count, "dry_run": command.dry_run }), || {
            let what = if count == 1 { "1 entry".to_owned() } else { format!("{count} entries") };
            if command.dry_run { format!("{what} would be dropped\n") } else { format!("{what} dropped\n") }
        })
    }

    fn selection(&self, what: &DropWhat) -> Result<Selection, Failure> {
        if let Some(suffix) = &what.suffix {
            let text = suffix.strip_prefix("*.").unwrap_or(suffix);
            let name = Name::parse(text).map_err(|error| {
                Failure::Usage(format!("--suffix {}: {error}", terminal::label(suffix)))
                    .hint("write it as test.example")
            })?;
            return Ok(Selection::Suffix(name));
        }
        if let Some(text) = &what.last_before {
            let moment = Moment::parse(text, &Clock::system());
            let moment = moment.map_err(|error| Failure::Usage(format!("--last-before: {error}")))?;
            return Ok(Selection::LastSeenBefore(moment.start));
        }
        if what.outdated {
            let days = self.config.database.keep_days;
            return match days {
                0 => Err(Failure::Usage(
                    "--outdated: database.keep_days is 0, which keeps records for ever".into(),
                )
                .hint("set database.keep_days in the configuration, or use --last-before 365d")),
                days => Ok(Selection::outdated(Clock::system().seconds(), days)),
            };
        }
        let origin = what.origin.as_deref().filter(|origin| !origin.is_empty());
        Ok(Selection::Origin(origin.map(Into::into)))
    }

    fn stats(&self, command: &ViewArgs) -> Result<(), Failure> {
        let database = self.open(Access::Read)?;
        let failed = |error: StoreError| self.failed(&error);
        let (stats, size) = (database.stats().map_err(failed)?, database.sizes().map_err(failed)?);
        let store = self.server.as_ref().map(ToString::to_string);
        let folder = match &store {
            Some(_) => None,
            None => Some(database::folder(self.arguments)?.display().to_string()),
        };
        let shape = json!({
            "folder": folder,
            "store": store,
            "server": database.server(),
            "entries": stats.entries,
            "sources": stats.sources,
            "inputs": stats.inputs,
            "sizes": sizes(&size, self.server.is_some()),
        });
        print(command.format, &shape, || {
            let server = database.server().map(|process| format!(", open in a server (process {process})"));
            let (place, unit, memory) = match (folder, &store) {
                (None, Some(store)) => (store.clone(), "part", String::new()),
                (folder, _) => {
                    let memory = format!("in memory: {}\n", octets(size.memory));
                    (folder.unwrap_or_default(), "file", memory)
                }
            };
            format!(
                "{place}{}\nentries: {} (one per record and source; parts that are not merged yet count separately)\n\
                 sources: {}\nfiles imported: {}\non disk: {} in {}\n{memory}",
                server.unwrap_or_default(),
                thousands(stats.entries),
                thousands(stats.sources),
                thousands(stats.inputs),
                octets(size.octets),
                plural(size.runs, unit)
            )
        })
    }

    fn verify(&self, command: &ViewArgs) -> Result<Exit, Failure> {
        let workbench = kept::open_existing(self.arguments)?;
        let has_records = self.server.is_none() && !Database::is_empty(&database::folder(self.arguments)?);
        // Without either of them, the error states that there is nothing to check.
        let records = if has_records || workbench.is_none() { Some(self.verify_records()?) } else { None };
        let checked = workbench.map(|workbench| workbench.verify(&mut |_, _| ())).transpose()?;
        let faults = checked.as_ref().map(|checked| checked.faults.clone()).unwrap_or_default();
        backup::complain(&faults, "the workbench is damaged");
        let shape = json!({
            "files": records.as_ref().map(|records| records.files),
            "octets": records.as_ref().map(|records| records.octets),
            "tuples": records.as_ref().map(|records| records.tuples),
            "workbench": checked.as_ref().map(backup::checked),
        });
        print(command.format, &shape, || verified(records.as_ref(), checked.as_ref()))?;
        Ok(if faults.is_empty() { Exit::Done } else { Exit::Failed })
    }

    fn verify_records(&self) -> Result<runs::Verified, Failure> {
        let database = self.open(Access::Read)?;
        let style = ProgressStyle::with_template("{bar:24} {percent} %, {eta} left");
        let bar = ProgressBar::new(1).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let verified = database.verify(&mut |read, total| {
            bar.set_length(total);
            bar.set_position(read);
        });
        bar.finish_and_clear();
        verified.map_err(|error| self.failed(&error))
    }
}

/// The result of verifying, as text.
fn verified(records: Option<&runs::Verified>, workbench: Option<&workbench::Verified>) -> String {
    let records = records.map(|runs::Verified { files, octets: read, tuples }| {
        let (files, tuples) = (plural(*files, "file"), plural(*tuples, "tuple"));
        format!("passive DNS: {files} with {tuples}, {}: no damage found\n", octets(*read))
    });
    let workbench = workbench.map(|workbench::Verified { rows, entries, answers, faults }| {
        let state = if faults.is_empty() { "no damage found" } else { "DAMAGED" };
        let entries =
            if *entries == 1 { "1 audit entry".to_owned() } else { format!("{entries} audit entries") };
        let (rows, answers) = (plural(*rows, "row"), plural(*answers, "stored answer"));
        format!("workbench: {rows}, {entries}, {answers}: {state}\n")
    });
    records.unwrap_or_default() + &workbench.unwrap_or_default()
}

/// A server in a sandbox has its own /tmp: what it wrote there is removed when it ends.
fn arrived(to: &Path) -> Result<(), Failure> {
    if to.join("MANIFEST").exists() {
        return Ok(());
    }
    let to = to.display();
    Err(Failure::Work(format!(
        "the server wrote the backup to a {to} that only the server can see, and that is deleted when it stops"
    ))
    .hint("choose a folder that is visible outside the server's sandbox, such as one in the data folder"))
}

/// Checks that a folder can be a backup, without changing anything in it.
fn whole(from: &Path) -> Result<(), Failure> {
    if from.join("MANIFEST").exists() {
        return Ok(());
    }
    let why = if from.is_dir() {
        "has no MANIFEST: it is not a backup, or is incomplete"
    } else {
        "is not a folder"
    };
    Err(Failure::Usage(format!("{} {why}", from.display()))
        .hint("give the folder that `backsight db backup` created"))
}

/// How much memory a server uses, its own tools say.
fn sizes(sizes: &Sizes, is_on_server: bool) -> Value {
    let memory = (!is_on_server).then_some(sizes.memory);
    json!({ "runs": sizes.runs, "octets": sizes.octets, "tuples": sizes.tuples, "memory": memory })
}

fn octets(count: u64) -> String {
    indicatif::BinaryBytes(count).to_string()
}

fn print(view: View, shape: &Value, text: impl FnOnce() -> String) -> Result<(), Failure> {
    match view {
        View::Json => output::print_json(shape),
        View::Table => output::print(&text()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_that_is_not_where_we_look_is_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let failure = arrived(folder.path()).expect_err("nothing is there").to_string();
        assert!(failure.contains("only the server can see"), "{failure}");
        std::fs::write(folder.path().join("MANIFEST"), "").expect("written");
        assert!(arrived(folder.path()).is_ok());
    }
}
