//! `backsight key`: the key that secrets are encrypted with.

use clap::{Args, Subcommand};
use serde_json::json;

use crate::args::{Arguments, View};
use crate::exit::{Exit, Failure};
use crate::{kept, output};

#[derive(Debug, Args)]
pub(crate) struct KeyArgs {
    #[command(subcommand)]
    pub(crate) command: KeyCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Encrypt all secrets with a new key
    #[command(
        after_help = "The key is in secret.key in the data folder. Being cut off at any moment leaves it and the \
        secrets working. A copy of the old key file opens nothing any more but old copies of the database."
    )]
    Rotate {
        /// How to print
        #[arg(long, value_enum, default_value_t)]
        format: View,
    },
}

pub(crate) fn run(command: &KeyArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    let KeyCommand::Rotate { format } = command.command;
    let secrets = kept::open(arguments)?.rotate_key()?;
    match format {
        View::Json => output::print_json(&json!({ "secrets": secrets }))?,
        View::Table => {
            let plural = if secrets == 1 { "secret is" } else { "secrets are" };
            output::print(&format!("There is a new key; {secrets} {plural} encrypted with it.\n"))?;
        }
    }
    Ok(Exit::Done)
}
