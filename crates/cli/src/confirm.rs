//! Confirmations: asked on a terminal, given in advance with --yes, and otherwise refused with the pending changes.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use crate::exit::Failure;
use crate::terminal;

/// Whether there is a terminal on which to ask.
pub(crate) fn is_possible() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Prints the pending changes and asks for confirmation; `yes` confirms in advance. If it is not possible to ask, this is wrong
/// usage, and the error states the pending changes.
pub(crate) fn ask(said: &str, question: &str, yes: bool) -> Result<bool, Failure> {
    if yes {
        terminal::say(said);
        return Ok(true);
    }
    if !is_possible() {
        let must = Failure::Usage(format!("confirmation needed\n{said}"));
        return Err(must.hint("nothing was changed; add --yes to confirm"));
    }
    terminal::say(said);
    let _ = write!(io::stderr().lock(), "{question} [y/N] ");
    let mut answer = String::new();
    let read = io::stdin().lock().take(1024).read_line(&mut answer);
    read.map_err(|error| Failure::work("reading the answer", &error))?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}
