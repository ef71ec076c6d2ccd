//! `backsight backup` and `backsight restore`: make one consistent copy of the whole data folder, and restore it.
//!
//! A backup has the layout of a data folder. It is made while servers and other commands work, and is verified before it counts
//! as a backup. Each command's help describes the JSON shapes.

use std::path::Path;

use ::database::Database;
use cof::time::Clock;
use indicatif::{ProgressBar, ProgressStyle};
use runs::Options;
use serde_json::json;
use workbench::Verified;

use crate::args::backup::{BackupArgs, RestoreArgs};
use crate::args::{Arguments, View};
use crate::config::Config;
use crate::database::{self, Access};
use crate::exit::{Exit, Failure};
use crate::terminal::{self, plural};
use crate::{kept, output};

pub(crate) fn run(command: &BackupArgs, config: &Config, arguments: &Arguments) -> Result<Exit, Failure> {
    // A server that writes a part of it may have another working directory.
    let to = std::path::absolute(&command.to)
        .map_err(|error| Failure::work(&format!("backup to {}", command.to.display()), &error))?;
    let shown = command.to.display().to_string();
    let workbench = kept::open_existing(arguments)?;
    let pdns = database::folder(arguments)?;
    let server = database::server(config)?;
    let has_records = server.is_none() && !Database::is_empty(&pdns);
    if let Some(address) = server {
        terminal::say(&format!(
            "the passive-DNS database at {address} is not part of the backup; back it up with ClickHouse's BACKUP TABLE"
        ));
    }
    if workbench.is_none() && !has_records {
        return Err(Failure::Usage("the data folder is empty: nothing to back up".to_owned()));
    }
    let bar = bar();
    let mut made = None;
    if let Some(workbench) = &workbench {
        made = Some(workbench.backup(&to, !command.without_key, &mut |done, all| {
            bar.set_length(all);
            bar.set_position(done);
        })?);
    }
    if has_records {
        back_up_records(&to.join("pdns"), config, arguments)?;
    }
    bar.finish_and_clear();
    let faults = made.as_ref().map(|made| made.verified.faults.clone()).unwrap_or_default();
    let key = made.as_ref().is_some_and(|made| made.key);
    complain(&faults, "the original is damaged, and so is the copy");
    let shape = json!({
        "backup": shown, "workbench": made.as_ref().map(|made| checked(&made.verified)), "pdns": has_records, "key": key,
    });
    let said = if key {
        "\nIt contains the key of the stored secrets: anyone who can read the backup can read the secrets.\n"
    } else {
        "\n"
    };
    print(command.format, &shape, || {
        format!("Backup written to {shown}. Restore it with: backsight restore {shown}{said}")
    })?;
    Ok(if faults.is_empty() { Exit::Done } else { Exit::Failed })
}

pub(crate) fn restore(
    command: &RestoreArgs,
    config: &Config,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    let (from, folder) = (&command.from, kept::folder(arguments)?);
    let (pdns, records) = (database::folder(arguments)?, from.join("pdns"));
    let (has_workbench, has_records) =
        (from.join("workbench.sqlite").exists(), records.join("MANIFEST").exists());
    if !has_workbench && !has_records {
        let text = format!("{} is not a backup", from.display());
        return Err(Failure::Usage(text).hint("give the folder that `backsight backup` created"));
    }
    if has_records && !Database::is_empty(&pdns) {
        let text = format!("{} already contains a database, which would be overwritten", pdns.display());
        return Err(Failure::Usage(text).hint("move it away, or choose another folder with --data-dir"));
    }
    let verified =
        if has_workbench { Some(workbench::restore(from, &folder, Clock::system())?) } else { None };
    if has_records {
        // Files of a process that found no database, or was killed before there was one.
        for left in ["LOCK", "MANIFEST.new", "backsight.sock", "backsight.sock.new"] {
            let _ = std::fs::remove_file(pdns.join(left));
        }
        database::make(&pdns)?;
        database::restore(&records, &pdns, config).map_err(|error| database::failed(&records, &error))?;
        verify_records(&pdns, config)?;
    }
    let faults = verified.as_ref().map(|verified| verified.faults.clone()).unwrap_or_default();
    complain(&faults, "the backup is damaged");
    let (shown, source) = (folder.display().to_string(), from.display().to_string());
    let shape = json!({
        "restored": shown, "from": source, "workbench": verified.as_ref().map(checked), "pdns": has_records,
    });
    print(command.format, &shape, || format!("Restored {shown} from {source}.\n"))?;
    Ok(if faults.is_empty() { Exit::Done } else { Exit::Failed })
}

/// Backs up the passive-DNS database, through the server if there is one.
fn back_up_records(to: &Path, config: &Config, arguments: &Arguments) -> Result<(), Failure> {
    // Created here, so that only its owner can read it.
    database::make(to)?;
    let database = database::open(arguments, config, Access::Read)?;
    database.backup(to).map_err(|error| database::failed(to, &error))?;
    if !to.join("MANIFEST").exists() {
        let text = format!("the server wrote the backup to a {} that only the server can see", to.display());
        return Err(Failure::Work(text).hint(
            "choose a folder that is visible outside the server's sandbox, such as one in the data folder",
        ));
    }
    verify_records(to, config)?;
    protect(to).map_err(|error| Failure::work(&format!("protecting {}", to.display()), &error))
}

/// Makes the files of a folder readable only by their owner.
#[cfg(unix)]
fn protect(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    for entry in std::fs::read_dir(folder)? {
        std::fs::set_permissions(entry?.path(), std::fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn protect(_: &Path) -> std::io::Result<()> {
    Ok(())
}

fn verify_records(folder: &Path, config: &Config) -> Result<(), Failure> {
    let options = Options { read_only: true, ..database::options(config) };
    let copy = database::open_folder(folder, options, config)?;
    copy.verify(&mut |_, _| {}).map(drop).map_err(|error| database::failed(folder, &error))
}

/// Prints the faults of a workbench to standard error.
pub(crate) fn complain(faults: &[String], what: &str) {
    for fault in faults {
        terminal::complain(&terminal::printable(fault));
    }
    if !faults.is_empty() {
        terminal::complain(&format!(
            "{what}: {}\n  hint: restore an older backup, or move the data folder away to start with an empty one",
            plural(faults.len() as u64, "fault")
        ));
    }
}

/// The JSON shape of a verified workbench.
pub(crate) fn checked(verified: &Verified) -> serde_json::Value {
    let Verified { rows, entries, answers, faults } = verified;
    // The name is from when each answer was a file.
    json!({ "rows": rows, "audit_entries": entries, "evidence_files": answers, "faults": faults })
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:24} {percent} %");
    ProgressBar::new(1).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn print(view: View, shape: &serde_json::Value, text: impl FnOnce() -> String) -> Result<(), Failure> {
    match view {
        View::Json => output::print_json(shape),
        View::Table => output::print(&text()),
    }
}
