//! `backsight man`.

use clap::CommandFactory;

use crate::args::{Arguments, ManArgs};
use crate::exit::{Exit, Failure};
use crate::terminal;

pub(crate) fn run(command: &ManArgs) -> Result<Exit, Failure> {
    let doing = format!("writing manual pages to {}", command.folder.display());
    let failed = |error| Failure::work(&doing, &error).hint("choose a folder that you can write to");
    std::fs::create_dir_all(&command.folder).map_err(failed)?;
    clap_mangen::generate_to(Arguments::command(), &command.folder).map_err(failed)?;
    terminal::say(&format!(
        "wrote the manual pages; read one with: man {}/backsight.1",
        command.folder.display()
    ));
    Ok(Exit::Done)
}
