//! What may come into the build, and whether all of it is needed: cargo-deny on licences, sources and banned libraries, and
//! cargo-shear on dependencies that no code uses.
//!
//! Both come with the peers (`xtask/peers.txt`). Advisories are left out, because their database is not in any registry;
//! `cargo deny check` looks them up where the network allows it.

use std::process::Command;

use crate::failure::Failure;
use crate::workspace::Workspace;
use crate::{peers, process};

/// The lock files that are looked at.
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
