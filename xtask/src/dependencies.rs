//! Checks dependencies: cargo-deny checks licences, sources and banned libraries, and cargo-shear finds dependencies that no
//! code uses.
//!
//! Both are installed with the peers (`xtask/peers.txt`). Advisories are not checked, because their database is not in any
//! registry; `cargo deny check` checks them where the network allows it.

use std::process::Command;

use crate::failure::Failure;
use crate::workspace::Workspace;
use crate::{peers, process};

/// The packages whose lock files are checked.
const MANIFESTS: [&str; 3] = ["Cargo.toml", "fuzz/Cargo.toml", "benches/json/Cargo.toml"];

/// Checks every lock file against `deny.toml`, then every manifest against the code.
pub(crate) fn check(workspace: &Workspace) -> Result<(), Failure> {
    for manifest in MANIFESTS {
        let mut deny = Command::new(peers::program(workspace, "cargo-deny"));
        deny.args(["--log-level", "error", "--manifest-path", manifest, "--config", "deny.toml", "check"]);
        deny.args(["--hide-inclusion-graph", "bans", "licenses", "sources"]);
        process::run(deny.current_dir(workspace.root()))?;
    }
    let mut shear = Command::new(peers::program(workspace, "cargo-shear"));
    process::run(shear.current_dir(workspace.root()))
}
