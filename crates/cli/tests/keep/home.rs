//! A home folder with a data folder, and the program in it. It gets nothing from the environment of the tests.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

pub(crate) const NAME: &str = "circl-passive-dns";
pub(crate) const OLD: &str = include_str!("../../../operation/packages/circl-passive-dns-1.0.0.toml");

pub(crate) struct Home(TempDir);

/// The result of a run.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A home with the guide's version installed.
    pub(crate) fn with_the_guides() -> Self {
        let home = Self::new();
        home.run(&["integration", "install", "circl-passive-dns@1.0.0"]).ok();
        home
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The data folder.
    pub(crate) fn kept(&self) -> PathBuf {
        self.path("kept")
    }

    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        std::fs::write(self.path(name), content).unwrap();
        name.to_owned()
    }

    /// The guide's package with replacements, as a file.
    pub(crate) fn package(&self, name: &str, replacements: &[(&str, &str)]) -> String {
        let mut source = OLD.to_owned();
        for (from, to) in replacements {
            assert!(source.contains(from), "{from}");
            source = source.replacen(from, to, 1);
        }
        self.file(name, source)
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_backsight"));
        command.args(arguments).env_clear().current_dir(self.0.path());
        command.env("HOME", self.0.path()).env("BACKSIGHT_DATA_DIR", self.kept()).env("USER", "ann");
        command.stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Done {
        Done::of(&self.command(arguments).output().unwrap())
    }

    /// `backsight integration …` with the guide's operation: `configure`, then the other arguments.
    pub(crate) fn configure(&self, arguments: &[&str]) -> Done {
        self.run(&[&["integration", "configure", NAME], arguments].concat())
    }

    /// Stores a secret, given in the environment.
    pub(crate) fn give(&self, secret: &str) -> Done {
        let mut command = self.command(&["integration", "configure", NAME, "--secret", "user_token"]);
        Done::of(&command.env("BACKSIGHT_SECRET_USER_TOKEN", secret).output().unwrap())
    }

    /// The same with a line of standard input.
    pub(crate) fn pipe(&self, arguments: &[&str], text: &str) -> Done {
        let mut command = self.command(arguments);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        Done::of(&child.wait_with_output().unwrap())
    }

    pub(crate) fn show(&self) -> String {
        self.run(&["integration", "show", NAME, "--format", "json"]).ok()
    }

    pub(crate) fn audit(&self) -> String {
        self.run(&["audit", "--limit", "1000", "--format", "json"]).ok()
    }

    /// All bytes in the data folder, except those of SQLite's shared memory.
    pub(crate) fn octets(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut all = Vec::new();
        collect(&self.kept(), &mut all);
        all.retain(|(path, _)| !path.to_string_lossy().ends_with("-shm"));
        all.sort();
        all
    }
}

fn collect(folder: &Path, all: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, all);
        } else {
            all.push((path.clone(), std::fs::read(&path).unwrap()));
        }
    }
}

impl Done {
    pub(crate) fn of(output: &Output) -> Self {
        let text = |octets: &[u8]| String::from_utf8(octets.to_vec()).unwrap();
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    /// Its standard output, if it succeeded.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.stdout
    }

    /// Fails unless it ended with this code, and all of these texts are in its standard error.
    #[track_caller]
    pub(crate) fn says(self, code: i32, words: &[&str]) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        for words in words {
            assert!(self.stderr.contains(words), "{words:?} is not in {}", self.stderr);
        }
        self
    }
}
