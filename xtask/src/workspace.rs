//! The paths of the project: [`Workspace`] knows the root, the build folder and the cargo that started this program.
//!
//! Nothing depends on the current directory, so a task works in any folder.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;

/// Variables that cargo sets for the program it runs. A cargo started here must not see them: build scripts that watch these
/// variables would run again whenever xtask and a developer build alternately.
const CARGO_PRIVATE: [&str; 3] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"];

/// The folders of the checkout.
#[derive(Debug)]
pub(crate) struct Workspace {
    cargo: PathBuf,
    root: PathBuf,
    target: PathBuf,
}

impl Workspace {
    /// Reads the variables that `cargo run` sets.
    pub(crate) fn locate() -> Result<Self, Failure> {
        let not_cargo = || Failure::new("not started by cargo").hint("run `cargo xtask` in the checkout");
        let own = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).ok_or_else(not_cargo)?;
        let root = own.parent().ok_or_else(not_cargo)?.to_path_buf();
        let target = env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into()).into();
        Ok(Self { cargo, target: root.join(target), root })
    }

    /// A cargo command at the root, without the variables of our own cargo.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.cargo);
        command.current_dir(&self.root).args(arguments);
        for (name, _) in env::vars_os() {
            if CARGO_PRIVATE.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
                command.env_remove(name);
            }
        }
        command
    }

    /// The root of the checkout.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The build folder: `target`, or the value of `CARGO_TARGET_DIR`.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// A path as a developer at the root would type it.
    pub(crate) fn relative<'a>(&self, path: &'a Path) -> std::path::Display<'a> {
        path.strip_prefix(&self.root).unwrap_or(path).display()
    }

    #[cfg(test)]
    pub(crate) fn of_test(root: &Path) -> Self {
        Self { cargo: "cargo".into(), root: root.to_path_buf(), target: root.join("target") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_does_not_inherit_our_own_package() {
        let workspace = Workspace::locate().expect("tests run under cargo");
        let command = workspace.cargo(&["--version"]);
        assert!(command.get_envs().any(|(name, value)| name == "CARGO_MANIFEST_DIR" && value.is_none()));
    }

    #[test]
    fn paths_below_the_root_are_shown_relative_to_it() {
        let workspace = Workspace::of_test(Path::new("/checkout"));
        assert_eq!(workspace.relative(Path::new("/checkout/fuzz/seeds")).to_string(), "fuzz/seeds");
        assert_eq!(workspace.relative(Path::new("/elsewhere")).to_string(), "/elsewhere");
    }
}
