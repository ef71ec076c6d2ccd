//! The steps from installation to the threat library, printed: `backsight demo --once`.
//!
//! Each step is a command that a user could type, and is executed by the same code, in a temporary folder.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use clap::Parser;
use server::Service;
use store::Store;
use tokio::net::TcpListener;
use workbench::run::Wanted;

use super::{OPERATION, VALUES, folder};
use crate::args::{Arguments, DemoArgs};
use crate::exit::{Exit, Failure};
use crate::serve::source::Source;
use crate::{kept, terminal};

pub(super) fn run(command: &DemoArgs) -> Result<Exit, Failure> {
    let folder = folder()?;
    // The server has its own runtime, because each command creates one.
    let serving = crate::runtime()?;
    let source = Source::sample(folder.path())?;
    let port = serving.block_on(listen(source.store()))?;
    let exit = Walk { folder: folder.path() }.walk(command, port);
    // Its tasks hold the database too, and the last one to release it writes the remaining data, which must happen before the
    // folder is removed.
    serving.shutdown_timeout(crate::ENDING);
    source.close();
    exit
}

/// Serves the sample on a free port of this machine until the runtime ends.
async fn listen(store: Arc<dyn Store>) -> Result<u16, Failure> {
    let failed = |error| Failure::work("listening on this machine", &error);
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(failed)?;
    let port = listener.local_addr().map_err(failed)?.port();
    tokio::spawn(server::run(listener, Service::new(store).with_anonymous(), std::future::pending()));
    Ok(port)
}

/// The steps, in a data folder.
struct Walk<'a> {
    folder: &'a Path,
}

impl Walk<'_> {
    fn walk(&self, command: &DemoArgs, port: u16) -> Result<Exit, Failure> {
        say(&format!(
            "A passive-DNS server of Backsight is running on 127.0.0.1 port {port} with sample records.\n\
             Nothing leaves this machine, and all data is deleted when the demonstration ends."
        ))?;
        self.step("Install the operation", &["integration", "install", OPERATION])?;
        self.step("It is listed under Disabled", &["integration", "list", "--disabled"])?;
        let (port, configure) = (format!("port={port}"), ["integration", "configure", OPERATION]);
        let settings = ["host=127.0.0.1", &port, "use_http=on"];
        self.step("Configure it to query this server", &[&configure[..], &settings].concat())?;
        self.step("Enable it", &["integration", "enable", OPERATION])?;
        let exit = self.ask(command)?;
        say(&next())?;
        Ok(exit)
    }

    /// Queries the values, and adds what is found.
    fn ask(&self, command: &DemoArgs) -> Result<Exit, Failure> {
        let values: Vec<&str> = match &command.values[..] {
            [] => VALUES.to_vec(),
            values => values.iter().map(String::as_str).collect(),
        };
        let exit = self.step("Run \"Query CIRCL Passive DNS\"", &[&["query"], &values[..]].concat())?;
        let runs = self.runs()?;
        for (id, _) in &runs {
            let id = id.to_string();
            self.step(
                "Preview what would be added to the threat library",
                &["run", "add", &id, "--dry-run"],
            )?;
            self.step("Add the findings", &["run", "add", &id])?;
        }
        for (_, value) in &runs {
            self.step("Show the indicator", &["indicator", "show", value])?;
        }
        Ok(exit)
    }

    /// The runs so far, in order, with their values.
    fn runs(&self) -> Result<Vec<(i64, String)>, Failure> {
        let arguments = self.arguments(&["run", "list"])?;
        let page = kept::open(&arguments)?.runs(&Wanted { limit: usize::MAX, ..Wanted::default() })?;
        let runs = page.runs.into_iter().rev().filter(|run| run.records > 0);
        Ok(runs.map(|run| (run.id, run.indicator.to_string())).collect())
    }

    /// Prints a command and executes it.
    fn step(&self, what: &str, words: &[&str]) -> Result<Exit, Failure> {
        let shown: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        say(&format!("\n== {what}\n$ backsight {}", shown.join(" ")))?;
        crate::dispatch(&self.arguments(words)?)
    }

    fn arguments(&self, words: &[&str]) -> Result<Arguments, Failure> {
        let program = ["backsight".as_ref(), "--data-dir".as_ref(), self.folder.as_os_str()];
        let words = words.iter().map(std::ffi::OsStr::new);
        // A value that looks like an option is reported as one.
        Arguments::try_parse_from(program.into_iter().chain(words)).map_err(|error| Failure::usage(&error))
    }
}

/// A word in the form that a shell accepts.
fn quoted(word: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || ".-_=:/@".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", terminal::label(word).replace('\'', "'\\''"))
}

fn say(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")?;
    Ok(out.flush()?)
}

/// Three commands to try, with the path by which this program was started.
fn next() -> String {
    let program = std::env::args().next().unwrap_or_else(|| "backsight".to_owned());
    format!(
        "\nTry it yourself:\n\
         1. Other values of the sample records:\n\
         \x20  {program} demo --once cdn.example.net 192.0.2.80\n\
         2. The same steps in your own data folder, with a server that keeps running in another terminal:\n\
         \x20  {program} serve --anonymous --sample\n\
         \x20  {program} integration install {OPERATION}\n\
         \x20  {program} integration configure {OPERATION} host=127.0.0.1 port=8053 use_http=on\n\
         \x20  {program} integration enable {OPERATION}\n\
         \x20  {program} query www.threatq.com\n\
         3. CIRCL itself, if you have an account there: install and enable as above, and configure with\n\
         \x20  {program} integration configure {OPERATION} --secret user_token"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_shown_as_a_shell_takes_them() {
        assert_eq!(quoted("host=127.0.0.1"), "host=127.0.0.1");
        assert_eq!(quoted("hxxp://a[.]b"), "'hxxp://a[.]b'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!(quoted("\u{1b}[31m"), "'\\x1b[31m'");
    }
}
