//! `backsight key`: the key that secrets are encrypted with.

use serde_json::json;

use crate::args::key::{KeyArgs, KeyCommand};
use crate::args::{Arguments, View};
use crate::exit::{Exit, Failure};
use crate::{kept, output};

pub(crate) fn run(command: &KeyArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    let KeyCommand::Rotate { format } = command.command;
    let secrets = kept::open(arguments)?.rotate_key()?;
    match format {
        View::Json => output::print_json(&json!({ "secrets": secrets }))?,
        View::Table => {
            let plural = if secrets == 1 { "secret is" } else { "secrets are" };
            output::print(&format!("Created a new key; {secrets} {plural} encrypted with it.\n"))?;
        }
    }
    Ok(Exit::Done)
}
