//! `cargo xtask test`: runs every check, in the order in which mistakes are found most cheaply.
//!
//! [`STEPS`] is the complete list. The first failed step ends the run; the steps that did not run are listed, so that none is
//! skipped silently.

use crate::dist::check;
use crate::failure::Failure;
use crate::fuzz::{self, FuzzArgs};
use crate::watch::Watch;
use crate::workspace::Workspace;
use crate::{dependencies, peers, process, scripts, system};

/// Long enough to replay the seeds and notice a broken target, but not to search.
const FUZZ_SECONDS: u32 = 2;

/// Packages with their own lock file.
const OUTSIDE: [&str; 2] = ["fuzz/Cargo.toml", "benches/json/Cargo.toml"];

/// One check.
struct Step {
    title: &'static str,
    check: fn(&Workspace) -> Result<(), Failure>,
}

const STEPS: [Step; 10] = [
    Step { title: "system packages", check: |_| system::provide() },
    Step { title: "peers", check: peers::provide },
    Step { title: "format", check: format },
    Step { title: "scripts", check: scripts::check },
    Step { title: "dependencies", check: dependencies::check },
    Step { title: "clippy", check: clippy },
    Step { title: "tests", check: tests },
    Step { title: "package", check: check::run },
    Step { title: "documentation", check: documentation },
    Step { title: "fuzz targets", check: fuzz_targets },
];

/// Runs every step; an error states which step failed and which did not run.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Failure> {
    let all = Watch::start();
    walk(&STEPS, workspace)?;
    println!("\nall {} steps passed in {all}", STEPS.len());
    Ok(())
}

fn walk(steps: &[Step], workspace: &Workspace) -> Result<(), Failure> {
    for (index, step) in steps.iter().enumerate() {
        println!("\n== {} of {}: {}", index + 1, steps.len(), step.title);
        let watch = Watch::start();
        let outcome = (step.check)(workspace);
        println!("== {}: {}, {watch}", step.title, if outcome.is_ok() { "passed" } else { "FAILED" });
        outcome.map_err(|failure| stopped(step, steps.get(index + 1..).unwrap_or_default(), failure))?;
    }
    Ok(())
}

fn stopped(step: &Step, unreached: &[Step], failure: Failure) -> Failure {
    let titles: Vec<&str> = unreached.iter().map(|step| step.title).collect();
    let unreached = if titles.is_empty() { "nothing".to_owned() } else { titles.join(", ") };
    failure.within(step.title, &format!("not run because of it: {unreached}"))
}

fn format(workspace: &Workspace) -> Result<(), Failure> {
    process::run(&mut workspace.cargo(&["fmt", "--all", "--check"]))?;
    for manifest in OUTSIDE {
        process::run(&mut workspace.cargo(&["fmt", "--manifest-path", manifest, "--check"]))?;
    }
    Ok(())
}

fn clippy(workspace: &Workspace) -> Result<(), Failure> {
    process::run(&mut workspace.cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    // A benchmark that is not built otherwise.
    let mut command =
        workspace.cargo(&["clippy", "--manifest-path", "benches/json/Cargo.toml", "--all-targets"]);
    process::run(command.arg("--target-dir").arg(workspace.target()).args(["--", "-D", "warnings"]))
}

/// Unit, integration, property, snapshot, browser and documentation tests, with cargo's own runner.
fn tests(workspace: &Workspace) -> Result<(), Failure> {
    let mut command = workspace.cargo(&["test", "--workspace", "--no-fail-fast"]);
    command.env(peers::VARIABLE, peers::python(workspace)).env(scripts::AXE, scripts::axe(workspace));
    process::run(&mut command)
}

fn documentation(workspace: &Workspace) -> Result<(), Failure> {
    let mut command = workspace.cargo(&["doc", "--workspace", "--no-deps"]);
    process::run(command.env("RUSTDOCFLAGS", "-D warnings"))
}

fn fuzz_targets(workspace: &Workspace) -> Result<(), Failure> {
    fuzz::run(&FuzzArgs::all(FUZZ_SECONDS), workspace)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_first_failure_ends_the_walk_and_names_the_rest() {
        let steps = [
            Step { title: "good", check: |_| Ok(()) },
            Step { title: "bad", check: |_| Err(Failure::new("broken").hint("mend it")) },
            Step { title: "later", check: |_| panic!("must not be reached") },
        ];
        let failure =
            walk(&steps, &Workspace::of_test(Path::new("/checkout"))).expect_err("the second fails");
        assert_eq!(failure.to_string(), "bad: broken\nnot run because of it: later\nhint: mend it");
    }
}
