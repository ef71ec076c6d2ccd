//! The real program with its own home: [`Program`] is `backsight serve` or `backsight demo` until it is dropped.

use std::cell::RefCell;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use tempfile::TempDir;

use crate::PATIENCE;

/// A running program. It gets nothing from the environment of the tests.
pub(crate) struct Program {
    child: RefCell<Child>,
    /// The address of its pages: `http://127.0.0.1:PORT`.
    pub(crate) root: String,
    /// The path of its one-time link.
    pub(crate) link: String,
    /// Its output after that.
    said: RefCell<Receiver<String>>,
    home: TempDir,
}

impl Program {
    /// `backsight serve` with an empty data folder; the link creates the first administrator.
    pub(crate) fn serve<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut command = command(&home, "serve");
        command.args(["--anonymous", "--listen", "127.0.0.1:0"]).args(arguments);
        Self::start(command, home)
    }

    /// The same, but the passive-DNS interfaces require a token.
    pub(crate) fn closed() -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut command = command(&home, "serve");
        command.args(["--listen", "127.0.0.1:0"]);
        Self::start(command, home)
    }

    /// A file on the user's computer.
    pub(crate) fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let file = self.home.path().join(name);
        std::fs::write(&file, content).unwrap();
        file
    }

    /// `backsight serve` of these records.
    pub(crate) fn with(records: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("records.ndjson");
        std::fs::write(&file, records).unwrap();
        let mut command = command(&home, "serve");
        command.args(["--anonymous", "--listen", "127.0.0.1:0", "--cof"]).arg(file);
        Self::start(command, home)
    }

    /// `backsight demo`; the link signs its administrator in.
    pub(crate) fn demo() -> Self {
        let home = tempfile::tempdir().unwrap();
        let command = command(&home, "demo");
        Self::start(command, home)
    }

    /// Starts it and reads its output up to the link, which is the last line.
    fn start(command: Command, home: TempDir) -> Self {
        let (mut child, said) = spawned(command);
        let Some((root, link)) = said_until(&said, |line| line.split_once("/welcome?token=").map(own)) else {
            drop((child.kill(), child.wait()));
            panic!("no link was printed");
        };
        let root = format!("http://{}", root.split_once("http://").unwrap().1);
        Self {
            child: RefCell::new(child),
            root,
            link: format!("/welcome?token={link}"),
            said: RefCell::new(said),
            home,
        }
    }

    /// Kills it, and starts it again in the same place.
    pub(crate) fn is_killed_and_started(&self) {
        self.end();
        let mut command = command(&self.home, "serve");
        command.args(["--anonymous", "--listen", self.root.trim_start_matches("http://")]);
        let (child, said) = spawned(command);
        *self.child.borrow_mut() = child;
        said_until(&said, |line| line.contains("workbench: ").then_some(())).expect("it listens again");
        self.said.replace(said);
    }

    /// Runs another command on the same data folder; returns its exit code.
    pub(crate) fn does(&self, subcommand: &str, arguments: &[&str]) -> Option<i32> {
        let mut other = command(&self.home, subcommand);
        other.args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().code()
    }

    fn end(&self) {
        let mut child = self.child.borrow_mut();
        drop((child.kill(), child.wait()));
    }

    /// Runs the command that it prints: sends a record like a sensor.
    pub(crate) fn sends_a_record(&self) {
        let line =
            said_until(&self.said.borrow(), |line| line.trim().strip_prefix("curl ").map(ToOwned::to_owned));
        let line = line.expect("the command was printed");
        let output = Command::new("sh").args(["-c", &format!("curl -sS --fail-with-body {line}")]).output();
        let output = output.unwrap();
        let receipt = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && receipt.contains("\"taken\":1"), "{receipt} {output:?}");
    }

    /// Its port.
    pub(crate) fn port(&self) -> &str {
        self.root.rsplit(':').next().unwrap()
    }

    /// A file of the bundled operation's older version, as downloaded by a user.
    pub(crate) fn package(&self, version: &str) -> PathBuf {
        let text = match version {
            "1.0.0" => include_str!("../../../operation/packages/circl-passive-dns-1.0.0.toml"),
            "1.1.0" => include_str!("../../../operation/packages/circl-passive-dns-1.1.0.toml"),
            other => panic!("there is no version {other}"),
        };
        let file = self.home.path().join(format!("circl-passive-dns-{version}.toml"));
        std::fs::write(&file, text).unwrap();
        file
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.end();
    }
}

fn command(home: &TempDir, subcommand: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_backsight"));
    command.env_clear().current_dir(home.path()).env("HOME", home.path()).env("TMPDIR", home.path());
    command.env("BACKSIGHT_DATA_DIR", home.path().join("kept")).arg(subcommand);
    command
}

fn spawned(mut command: Command) -> (Child, Receiver<String>) {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let said = lines(child.stdout.take().unwrap(), child.stderr.take().unwrap());
    (child, said)
}

/// The lines of both streams, which are read as long as they are open.
fn lines(out: impl Read + Send + 'static, err: impl Read + Send + 'static) -> Receiver<String> {
    let (send, receive) = channel();
    for end in [Box::new(out) as Box<dyn Read + Send>, Box::new(err)] {
        let send = send.clone();
        thread::spawn(move || {
            for line in BufReader::new(end).lines().map_while(Result::ok) {
                // The receiver may be gone, but the program must not block.
                let _ = send.send(line);
            }
        });
    }
    receive
}

/// The result of `find` in the first matching line.
fn said_until<T>(lines: &Receiver<String>, find: impl Fn(&str) -> Option<T>) -> Option<T> {
    loop {
        let line = lines.recv_timeout(PATIENCE).ok()?;
        if let Some(found) = find(&line) {
            return Some(found);
        }
    }
}

fn own((left, right): (&str, &str)) -> (String, String) {
    (left.to_owned(), right.to_owned())
}
