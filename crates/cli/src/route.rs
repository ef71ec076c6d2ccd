//! The way of records to another server, as options and settings ask for it: [`Asked`]; its token; and what is said of it.
//!
//! Errors say which value is wrong, and never show a token.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use client::{Address, ProxyEnvironment};
use intake::forward::{Destination, Event, Figures, Route, Token, USUAL_SPOOL};

use crate::exit::Failure;
use crate::terminal::{self, plural};

/// The environment variable for the token.
const TOKEN: &str = "BACKSIGHT_SECRET_TOKEN";
/// The largest token file, in bytes.
const LARGEST: u64 = 4_096;

/// Where records are sent, as options or settings say it.
pub(crate) struct Asked<'a> {
    pub(crate) to: &'a Address,
    pub(crate) token: Token,
    pub(crate) ca_file: Option<&'a Path>,
    pub(crate) spool_mib: Option<u64>,
    /// The spool's name.
    pub(crate) name: &'a str,
}

impl Asked<'_> {
    /// The way there, with the spool in a data folder.
    pub(crate) fn route(self, data: &Path) -> Result<Route, Failure> {
        let environment = ProxyEnvironment::of_process();
        let ca_file = self.ca_file.map(Path::to_owned);
        let destination = Destination::new(self.to.clone(), self.token, ca_file, &environment)
            .map_err(|error| Failure::Usage(format!("{}: {error}", self.to)))?;
        let most = self.spool_mib.map_or(USUAL_SPOOL, |mib| mib << 20);
        Ok(Route::new(destination, data.join("spool"), self.name, most))
    }
}

/// The token from its file, or from the environment.
pub(crate) fn token(file: Option<&Path>) -> Result<Token, Failure> {
    if let Some(file) = file {
        return token_of(file);
    }
    let text = terminal::environment(TOKEN)?.ok_or_else(|| {
        let failure = Failure::Usage("--to needs a token".to_owned());
        failure.hint(&format!("use --token-file, or set {TOKEN}"))
    })?;
    parse(TOKEN, &text)
}

/// Whether it is trouble, and what it is.
pub(crate) fn words(event: &Event, route: &Route) -> (bool, String) {
    let (to, folder) = (route.destination().address(), route.spool());
    let folder = folder.display();
    let text = match event {
        Event::Works(figures) => return (false, format!("{to} answers again; {}", waiting(figures))),
        Event::Writable => return (false, format!("{folder} can be written again")),
        Event::Waits(trouble, figures) => format!("{to}: {trouble}; {}", waiting(figures)),
        Event::Full => format!("the spool {folder} is full: the oldest batches are dropped"),
        Event::Refused { number, records, why } => format!(
            "{to} refuses batch {number} with {}: {why}; it is kept aside in {folder}",
            plural(*records, "record")
        ),
        Event::Rejected { records } => format!(
            "{to} could not use {}; is the clock of this machine right? Later ones are only counted",
            plural(*records, "record")
        ),
        Event::Damaged { number, records } => format!(
            "batch {number} with {} was damaged or removed in {folder}, and is dropped",
            plural(*records, "record")
        ),
        Event::Unwritable(error) => format!(
            "writing to {folder}: {error}; senders wait until it works, and it is tried again every second"
        ),
        Event::Lost { records } => {
            format!("{} could not be written to {folder}, and are lost", plural(*records, "record"))
        }
    };
    (true, text)
}

/// What waits, as a sentence.
pub(crate) fn waiting(figures: &Figures) -> String {
    match figures.waiting_batches {
        0 => "nothing waits".to_owned(),
        _ => format!(
            "waiting: {} in {}",
            plural(figures.waiting_records, "record"),
            plural(figures.waiting_batches, "batch")
        ),
    }
}

/// A token in a file that others cannot read.
pub(crate) fn token_of(file: &Path) -> Result<Token, Failure> {
    parse(&file.display().to_string(), &read_secret(file)?)
}

fn parse(place: &str, text: &str) -> Result<Token, Failure> {
    Token::parse(text).map_err(|fault| {
        Failure::Usage(format!("{place}: {fault}")).hint(
            "create a token with `backsight token create --name NAME --write --sensor NAME` on the server",
        )
    })
}

fn read_secret(file: &Path) -> Result<String, Failure> {
    let shown = file.display();
    let failed = |error: std::io::Error| Failure::Usage(format!("{shown}: {error}"));
    let opened = File::open(file).map_err(failed)?;
    let found = opened.metadata().map_err(failed)?;
    let mode = found.permissions().mode() & 0o7777;
    if found.is_file() && mode & 0o027 != 0 {
        let text = format!("{shown}: others can read or change it (mode {mode:04o})");
        return Err(
            Failure::Usage(text).hint(&format!("run `chmod 600 {}`", terminal::quoted(&shown.to_string())))
        );
    }
    let mut text = String::new();
    opened.take(LARGEST).read_to_string(&mut text).map_err(failed)?;
    Ok(text)
}
