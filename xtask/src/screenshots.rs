//! `cargo xtask screenshots`: creates screenshots of every page, light and dark, wide and narrow, in `docs/images`.
//!
//! The test that visits every page of the demo takes them, so every tested page has screenshots, and every page with
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
/// The test that takes them.
const TEST: &str = "views::every_page_fits_and_can_be_used_by_everybody";

/// Takes all screenshots, and replaces the existing ones.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Failure> {
    system::provide()?;
    scripts::check(workspace)?;
    let folder = workspace.root().join(FOLDER);
    clear(&folder).map_err(|error| Failure::new(format!("{FOLDER}: {error}")))?;
    let mut command =
        workspace.cargo(&["test", "--package", "cli", "--test", "pages", "--", "--exact", TEST]);
    process::run(command.env(VARIABLE, &folder).env(scripts::AXE, scripts::axe(workspace)))?;
    let taken = fs::read_dir(&folder).map_err(|error| Failure::new(format!("{FOLDER}: {error}")))?.count();
    println!("{taken} pictures in {FOLDER}");
    if taken == 0 { Err(Failure::new(format!("the test {TEST} took no picture"))) } else { Ok(()) }
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
