//! Starts other programs: [`run`] shows their output, [`capture`] returns it, and [`run_and_read`] does both.
//!
//! Errors: a program that cannot be started, or that fails, is a [`Failure`] that contains the command as it could be typed.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, ExitStatus, Stdio};

use crate::failure::Failure;

/// Runs a command with inherited output and waits for it to succeed.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let status = command.status().map_err(|error| cannot_start(command, &error))?;
    check(command, status)
}

/// Runs a command, shows what it writes to standard output as it arrives, and returns the lines.
pub(crate) fn run_and_read(command: &mut Command) -> Result<Vec<String>, Failure> {
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(|error| cannot_start(command, &error))?;
    let mut lines = Vec::new();
    for line in
        child.stdout.take().map(BufReader::new).into_iter().flat_map(BufReader::lines).map_while(Result::ok)
    {
        println!("{line}");
        lines.push(line);
    }
    let ended = child.wait().map_err(|error| cannot_start(command, &error))?;
    check(command, ended)?;
    Ok(lines)
}

/// Runs a command and returns what it wrote to standard output.
pub(crate) fn capture(command: &mut Command) -> Result<String, Failure> {
    let output = command.stderr(Stdio::inherit()).output().map_err(|error| cannot_start(command, &error))?;
    check(command, output.status)?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a command can be started and succeeds; its output is discarded.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// The command as it could be typed, without quoting.
pub(crate) fn typed(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

fn check(command: &Command, status: ExitStatus) -> Result<(), Failure> {
    if status.success() {
        return Ok(());
    }
    Err(Failure::new(format!("`{}` failed ({status})", typed(command))))
}

fn cannot_start(command: &Command, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot start `{}`: {error}", typed(command)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_end_names_the_command() {
        let failure = run(&mut Command::new("false")).expect_err("false fails").to_string();
        assert!(failure.starts_with("`false` failed"), "{failure}");
    }

    #[test]
    fn what_a_command_writes_is_read_and_its_bad_end_is_a_failure() {
        let sh = |script: &str| run_and_read(Command::new("sh").args(["-c", script]));
        assert_eq!(sh("echo one; echo two").unwrap(), ["one", "two"]);
        let failure = sh("echo one; exit 3").unwrap_err().to_string();
        assert!(failure.contains("failed (exit status: 3)"), "{failure}");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let mut command = Command::new("no-such-program-here");
        let failure = run(command.arg("x")).expect_err("it is not there").to_string();
        assert!(failure.starts_with("cannot start `no-such-program-here x`"), "{failure}");
        assert!(!succeeds(&mut command));
    }
}
