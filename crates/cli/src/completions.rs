//! `backsight completions`.

use clap::CommandFactory;

use crate::args::{Arguments, CompletionsArgs};
use crate::exit::{Exit, Failure};

pub(crate) fn run(command: &CompletionsArgs) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(command.shell, &mut Arguments::command(), "backsight", &mut script);
    std::io::Write::write_all(&mut std::io::stdout().lock(), &script)?;
    Ok(Exit::Done)
}
