//! `backsight db copy`: copies a passive-DNS database into another one, of any engine. `database::copy` does it; this finds the two
//! databases and the journal, and shows the progress.

use std::path::{Path, PathBuf};

use ::database::Database;
use ::database::copy::{Copied, CopyError, Copying, Journal, SLICE, Sides};
use clickhouse::{Address, ClickHouse};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use store::{Store as _, StoreError, StoreErrorKind};

use super::print;
use crate::args::Arguments;
use crate::args::database::CopyArgs;
use crate::config::Config;
use crate::database::{self, Access};
use crate::exit::Failure;
use crate::kept;
use crate::terminal::{self, plural, thousands};

/// The folder of journals in the data folder.
const JOURNALS: &str = "copies";
/// The environment variable for the password of the target, if it is not that of the source.
const PASSWORD: &str = "BACKSIGHT_SECRET_STORE_TO";

pub(super) fn run(command: &CopyArgs, config: &Config, arguments: &Arguments) -> Result<(), Failure> {
    let (from, to) = (Place::parse("FROM", &command.from)?, Place::parse("TO", &command.to)?);
    let names = Sides { from: from.to_string(), to: to.to_string() };
    if names.from == names.to {
        return Err(same(&names));
    }
    let source = from.open(config, Access::Read, None)?;
    let target = to.open(config, Access::Write, terminal::environment(PASSWORD)?)?;
    // A folder may be created now, and a server has many names.
    let sides = Sides { from: from.identity(&source)?, to: to.identity(&target)? };
    if sides.from == sides.to {
        return Err(same(&names));
    }
    let file = journal(&kept::folder(arguments)?, &sides);
    if command.again {
        forget(&file)?;
    }
    let mut journal = Journal::open(&file, &sides)
        .map_err(|error| Failure::work(&file.display().to_string(), &error).hint(ANEW))?;
    let stats = source.stats().map_err(|error| Failure::work(&names.from, &error))?;
    let before = journal.is_over();
    if journal.planned() > 1 && !before {
        terminal::say(&format!("continuing with slice {}", journal.planned()));
    }
    let copy = Copying { from: &source, to: &target, verify: !command.no_verify, slice: SLICE };
    let bar = bar(stats.entries);
    let outcome = copy.run(&mut journal, &mut |copied| {
        bar.set_position(copied.entries);
        true
    });
    bar.finish_and_clear();
    let (copied, _) = outcome.map_err(|error| failed(&error, &names))?;
    if before {
        return Err(known(&names, copied));
    }
    if stats.inputs > 0 {
        terminal::say(&format!(
            "not copied: which files were imported ({}); {} would import them again",
            thousands(stats.inputs),
            names.to
        ));
    }
    tell(command, &names, copied)
}

fn same(names: &Sides) -> Failure {
    let Sides { from, to } = names;
    Failure::Usage(if from == to {
        format!("db copy: {from} is the source and the target")
    } else {
        format!("db copy: {from} and {to} are the same database")
    })
}

/// What to do with a journal that does not fit.
const ANEW: &str =
    "--again begins a new copy; if the target has got a part of the old one, observations count twice";

fn known(sides: &Sides, copied: Copied) -> Failure {
    let Sides { from, to } = sides;
    let entries = thousands(copied.entries);
    Failure::Work(format!(
        "{from} was copied to {to} before: {entries} entries. What was added since is not copied, because the observations that \
         are there would count twice"
    ))
    .hint("--again copies everything nevertheless; to keep another database up to date, use `backsight collect` with --store or --to")
}

fn failed(error: &CopyError, sides: &Sides) -> Failure {
    let Sides { from, to } = sides;
    let failure = Failure::work(&format!("copying {from} to {to}"), error);
    match error {
        CopyError::Disagreeing { .. } | CopyError::Missing { .. } => failure.hint(ANEW),
        CopyError::From(error) | CopyError::To(error) if !can_pass(error) => failure,
        CopyError::From(_) | CopyError::To(_) | CopyError::Journal(_) => {
            failure.hint("the same command continues the copy, and nothing is counted twice")
        }
    }
}

/// Whether the same command can succeed later, without anything being changed.
fn can_pass(error: &StoreError) -> bool {
    matches!(error.kind(), StoreErrorKind::Unavailable | StoreErrorKind::Locked | StoreErrorKind::Full)
}

fn tell(command: &CopyArgs, sides: &Sides, copied: Copied) -> Result<(), Failure> {
    let Copied { entries, slices, identical, contained, .. } = copied;
    let shape = json!({
        "from": sides.from, "to": sides.to, "entries": entries, "slices": slices, "identical": identical, "contained": contained,
    });
    print(command.format, &shape, || {
        let copied = format!("Copied {} entries in {}.\n", thousands(entries), plural(slices, "slice"));
        let lines = [
            (identical, "the same entries with the same digest"),
            (contained, "all entries that were compared are there, among others"),
        ];
        let verified = lines.iter().filter(|(slices, _)| *slices > 0);
        verified.fold(copied, |text, (slices, what)| {
            text + &plural(*slices, "slice") + " verified: " + what + "\n"
        })
    })
}

fn bar(entries: u64) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{bar:24} {human_pos}/{human_len} entries, {per_sec}, {eta} left");
    ProgressBar::new(entries).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// The journal of a copy between two sides.
fn journal(data: &Path, sides: &Sides) -> PathBuf {
    let digest = blake3::hash(format!("{}\n{}", sides.from, sides.to).as_bytes()).to_hex();
    data.join(JOURNALS).join(digest.get(..16).unwrap_or_default())
}

fn forget(file: &Path) -> Result<(), Failure> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Failure::work(&file.display().to_string(), &error))
        }
        _ => Ok(()),
    }
}

/// Where a database is.
enum Place {
    /// In this folder, which is the passive-DNS database itself.
    Folder(PathBuf),
    Server(Box<Address>),
}

impl Place {
    /// An address on a server, a data folder, or the folder of a database.
    fn parse(what: &str, text: &str) -> Result<Self, Failure> {
        if text.contains("://") {
            // The text is not shown, because it may contain a password.
            let address =
                Address::parse(text).map_err(|fault| Failure::Usage(format!("db copy: {what}: {fault}")))?;
            return Ok(Self::Server(Box::new(address)));
        }
        let folder = std::path::absolute(text)
            .map_err(|error| Failure::work(&format!("db copy: {}", terminal::label(text)), &error))?;
        // The folder is the same whatever links lead to it.
        let folder = folder.canonicalize().unwrap_or(folder);
        let is_database = folder.join("MANIFEST").exists();
        Ok(Self::Folder(if is_database { folder } else { database::in_folder(&folder) }))
    }

    fn open(&self, config: &Config, access: Access, password: Option<String>) -> Result<Database, Failure> {
        match self {
            Self::Folder(folder) => database::open_at(folder, config, access),
            Self::Server(address) => {
                let password = match password {
                    Some(password) => password,
                    None => database::password()?,
                };
                let opened =
                    ClickHouse::open(address, &password).map_err(|error| database::refused(&error))?;
                Ok(Database::ClickHouse(Box::new(opened)))
            }
        }
    }
}

impl Place {
    /// The same text for the same database, and for no other one.
    fn identity(&self, opened: &Database) -> Result<String, Failure> {
        match (self, opened) {
            (_, Database::ClickHouse(server)) => Ok(format!("clickhouse {}", server.id())),
            (Self::Folder(folder), _) => {
                let folder = folder
                    .canonicalize()
                    .map_err(|error| Failure::work(&folder.display().to_string(), &error))?;
                Ok(folder.display().to_string())
            }
            (Self::Server(address), _) => Ok(address.to_string()),
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Folder(folder) => folder.display().fmt(f),
            Self::Server(address) => address.fmt(f),
        }
    }
}
