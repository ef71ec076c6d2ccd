//! Checks the types of the pages' scripts with the compiler that `web/package-lock.json` pins.
//!
//! Everything is done in a copy in the build folder, so that npm creates no files in the checkout. Tests of the pages find
//! axe-core there, through the variable [`AXE`].

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::process;
use crate::workspace::Workspace;

/// The required files at the top of `web`.
const FILES: [&str; 4] = ["package.json", "package-lock.json", ".npmrc", "jsconfig.json"];

/// The environment variable with the path of axe-core's script.
pub(crate) const AXE: &str = "BACKSIGHT_AXE";

/// The place where [`check`] installs axe-core's script.
pub(crate) fn axe(workspace: &Workspace) -> PathBuf {
    workspace.target().join("web/node_modules/axe-core/axe.min.js")
}

/// Checks the types of every script.
pub(crate) fn check(workspace: &Workspace) -> Result<(), Failure> {
    let (web, copy) = (workspace.root().join("web"), workspace.target().join("web"));
    let scripts = copy.join("script");
    // Removed first, so that deleted scripts are not checked.
    let _ = fs::remove_dir_all(&scripts);
    make(&scripts)?;
    for file in FILES {
        put(&web.join(file), &copy.join(file))?;
    }
    let listed = fs::read_dir(web.join("script")).map_err(|error| failed(&web, &error))?;
    for script in listed {
        let script = script.map_err(|error| failed(&web, &error))?;
        put(&script.path(), &scripts.join(script.file_name()))?;
    }
    process::run(
        Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&copy),
    )?;
    process::run(Command::new("npm").args(["run", "--silent", "check"]).current_dir(&copy))
}

fn make(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|error| failed(folder, &error))
}

fn put(from: &Path, to: &Path) -> Result<(), Failure> {
    fs::copy(from, to).map(drop).map_err(|error| failed(from, &error))
}

fn failed(file: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("{}: {error}", file.display()))
}
