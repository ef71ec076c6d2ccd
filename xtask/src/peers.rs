//! The programs from `PyPI` that tests and benchmarks compare with (peers): [`provide`] installs the versions pinned in
//! `xtask/peers.txt` into a virtual environment in the build folder.
//!
//! The environment is only rebuilt when the pinned file has changed. A copy of that file, [`STAMP`], is written last, and shows
//! that the environment is complete. Tests find its interpreter in the variable [`VARIABLE`].

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::process;
use crate::workspace::Workspace;

/// The environment variable with the path of the interpreter that has the peers.
pub(crate) const VARIABLE: &str = "BACKSIGHT_PEERS_PYTHON";

/// The copy of the pinned file in the environment.
const STAMP: &str = "made-from.txt";

/// Ensures that the environment contains exactly what is pinned.
pub(crate) fn provide(workspace: &Workspace) -> Result<(), Failure> {
    let pinned = workspace.root().join("xtask/peers.txt");
    let wanted = fs::read_to_string(&pinned)
        .map_err(|error| Failure::new(format!("cannot read {}: {error}", workspace.relative(&pinned))))?;
    let home = home(workspace);
    if is_current(&home, &wanted) {
        println!("as pinned in {}", workspace.relative(&pinned));
        return Ok(());
    }
    make(&home, &pinned)?;
    fs::write(home.join(STAMP), wanted)
        .map_err(|error| Failure::new(format!("cannot write below {}: {error}", home.display())))
}

/// The interpreter of the environment, whether or not it exists yet.
pub(crate) fn python(workspace: &Workspace) -> PathBuf {
    interpreter(&home(workspace))
}

/// A program that is installed with the peers.
pub(crate) fn program(workspace: &Workspace, name: &str) -> PathBuf {
    home(workspace).join("bin").join(name)
}

fn home(workspace: &Workspace) -> PathBuf {
    workspace.target().join("peers")
}

fn interpreter(home: &Path) -> PathBuf {
    home.join("bin/python")
}

/// Whether it was built from this text, by a Python that is still installed.
fn is_current(home: &Path, wanted: &str) -> bool {
    fs::read_to_string(home.join(STAMP)).is_ok_and(|made_from| made_from == wanted)
        && process::succeeds(Command::new(interpreter(home)).arg("--version"))
}

fn make(home: &Path, pinned: &Path) -> Result<(), Failure> {
    process::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(home))?;
    let mut pip = Command::new(interpreter(home));
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--requirement",
    ]);
    process::run(pip.arg(pinned))?;
    process::run(Command::new(interpreter(home)).args(["-m", "pip", "check"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_that_was_never_made_is_not_current() {
        assert!(!is_current(Path::new("/nonexistent"), ""));
    }

    #[test]
    fn the_interpreter_is_below_the_build_folder() {
        let workspace = Workspace::of_test(Path::new("/checkout"));
        assert_eq!(python(&workspace), Path::new("/checkout/target/peers/bin/python"));
    }
}
