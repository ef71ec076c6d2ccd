//! `cargo xtask screenshots`: creates screenshots of every page, light and dark, wide and narrow, in `docs/images`.
//!
//! The tests that visit every page of the demo and of an investigation take them, so every tested page has screenshots, and every page with
//! screenshots is tested. Look at each before you commit it.

use std::fs;
use std::path::Path;

use crate::failure::Failure;
use crate::workspace::Workspace;
use crate::{process, scripts, system};

/// The destination, relative to the root.
const FOLDER: &str = "docs/images";
/// The environment variable that makes the test take screenshots.
const VARIABLE: &str = "BACKSIGHT_PICTURES";
/// The tests that take them.
const TESTS: &str = "views::";

/// Takes all screenshots, and replaces the existing ones.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Failure> {
    system::provide()?;
    scripts::check(workspace)?;
    let folder = workspace.root().join(FOLDER);
    clear(&folder).map_err(|error| Failure::new(format!("{FOLDER}: {error}")))?;
    let mut command = workspace.cargo(&["test", "--package", "cli", "--test", "pages", TESTS]);
    process::run(command.env(VARIABLE, &folder).env(scripts::AXE, scripts::axe(workspace)))?;
    let taken = fs::read_dir(&folder).map_err(|error| Failure::new(format!("{FOLDER}: {error}")))?.count();
    println!("{taken} pictures in {FOLDER}");
    if taken == 0 { Err(Failure::new(format!("the tests {TESTS} took no picture"))) } else { Ok(()) }
}

/// Empties the folder, so that no screenshots of removed pages are left.
fn clear(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    for file in fs::read_dir(folder)? {
        let file = file?.path();
        if file.extension().is_some_and(|ending| ending == "png") {
            fs::remove_file(file)?;
        }
    }
    Ok(())
}
