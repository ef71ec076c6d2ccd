//! `cargo xtask fuzz [TARGET…]`: builds the targets in `fuzz/` with libFuzzer's instrumentation on stable Rust, and runs each
//! for a while.
//!
//! The instrumentation is the compiler's own coverage pass, selected with flags that the stable compiler accepts ([`FLAGS`]).
//! No sanitizer is needed, because our code has no `unsafe`. libFuzzer warns that three `__sanitizer_` functions are missing;
//! this is expected.
//!
//! A run starts with the committed seeds and the findings of earlier runs, which are both replayed first. An input that
//! violates the property of a target is stored below `fuzz/artifacts`, and the error message names it.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use crate::failure::Failure;
use crate::process;
use crate::workspace::Workspace;

/// The flags with which libFuzzer sees the code that an input reached, and the values it was compared with.
const FLAGS: [&str; 10] = [
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Cdebug-assertions",
    "-Coverflow-checks",
    "-Ccodegen-units=1",
    "-Copt-level=3",
];

/// The limits of a run: memory in MiB, and seconds for a single input.
const BOUNDS: [&str; 3] = ["-rss_limit_mb=2048", "-timeout=10", "-print_final_stats=1"];

/// Which targets to run, and for how long.
#[derive(Args, Debug)]
pub(crate) struct FuzzArgs {
    /// Names of files in `fuzz/fuzz_targets`; all of them when none is given.
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,
    /// How long each target runs.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
}

impl FuzzArgs {
    /// All targets, each for this long.
    pub(crate) fn all(seconds: u32) -> Self {
        Self { targets: Vec::new(), seconds }
    }
}

/// Builds and runs the targets one after the other; the first violated property is the error.
pub(crate) fn run(args: &FuzzArgs, workspace: &Workspace) -> Result<(), Failure> {
    let targets = chosen(&args.targets, known(workspace)?)?;
    let built = build(&targets, workspace)?;
    for name in &targets {
        println!("-- {name}, {} s", args.seconds);
        Target::new(name, &built, workspace).run(args.seconds, workspace)?;
    }
    Ok(())
}

/// The existing targets, one per file.
fn known(workspace: &Workspace) -> Result<BTreeSet<String>, Failure> {
    let files = files(&workspace.root().join("fuzz/fuzz_targets"))?;
    Ok(files.iter().filter_map(|file| Some(file.file_stem()?.to_str()?.to_owned())).collect())
}

fn chosen(asked: &[String], known: BTreeSet<String>) -> Result<BTreeSet<String>, Failure> {
    if let Some(stranger) = asked.iter().find(|name| !known.contains(*name)) {
        let names = known.into_iter().collect::<Vec<_>>().join(", ");
        return Err(
            Failure::new(format!("no fuzz target is called `{stranger}`")).hint(format!("there are {names}"))
        );
    }
    Ok(if asked.is_empty() { known } else { asked.iter().cloned().collect() })
}

/// Builds the targets and returns the folder that they are in.
///
/// The platform is always named, because cargo then keeps the flags away from build scripts.
fn build(targets: &BTreeSet<String>, workspace: &Workspace) -> Result<PathBuf, Failure> {
    let folder = workspace.target().join("fuzz");
    let platform = host_platform()?;
    let mut command = workspace.cargo(&["build", "--release", "--manifest-path", "fuzz/Cargo.toml"]);
    command.args(["--target", &platform, "--target-dir"]).arg(&folder);
    command.args(targets.iter().flat_map(|name| ["--bin", name]));
    process::run(command.env_remove("CARGO_ENCODED_RUSTFLAGS").env("RUSTFLAGS", FLAGS.join(" ")))?;
    Ok(folder.join(platform).join("release"))
}

fn host_platform() -> Result<String, Failure> {
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = process::capture(Command::new(compiler).arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| Failure::new("`rustc -vV` names no host platform"))
}

/// A built target with its folders.
struct Target {
    name: String,
    program: PathBuf,
    /// Inputs found by earlier runs; not committed, grows.
    corpus: PathBuf,
    /// The inputs with which every run starts; committed.
    seeds: PathBuf,
    /// Inputs that violated the property.
    artifacts: PathBuf,
}

impl Target {
    fn new(name: &str, built: &Path, workspace: &Workspace) -> Self {
        let folder = |kind: &str| workspace.root().join("fuzz").join(kind).join(name);
        Self {
            name: name.to_owned(),
            program: built.join(name),
            corpus: folder("corpus"),
            seeds: folder("seeds"),
            artifacts: folder("artifacts"),
        }
    }

    fn run(&self, seconds: u32, workspace: &Workspace) -> Result<(), Failure> {
        for folder in [&self.corpus, &self.artifacts] {
            fs::create_dir_all(folder)
                .map_err(|error| Failure::new(format!("cannot make {}: {error}", folder.display())))?;
        }
        let before: BTreeSet<PathBuf> = files(&self.artifacts)?.into_iter().collect();
        let outcome = process::run(&mut self.command(seconds, workspace));
        outcome.map_err(|failure| match files(&self.artifacts) {
            Ok(after) => self.broken(after.iter().find(|file| !before.contains(*file)), &failure, workspace),
            Err(unreadable) => unreadable,
        })
    }

    fn command(&self, seconds: u32, workspace: &Workspace) -> Command {
        let mut prefix = OsString::from("-artifact_prefix=");
        prefix.push(self.artifacts.join(""));
        let mut command = Command::new(&self.program);
        command
            .current_dir(workspace.root())
            .args(BOUNDS)
            .arg(format!("-max_total_time={seconds}"))
            .arg(prefix);
        command.args([&self.corpus, &self.seeds]);
        command
    }

    /// The failure of a run, with the input that caused it and how to run that input alone.
    fn broken(&self, input: Option<&PathBuf>, failure: &Failure, workspace: &Workspace) -> Failure {
        let Some(input) = input else {
            return Failure::new(format!(
                "fuzz target `{}` stopped and left no new input: {failure}",
                self.name
            ));
        };
        let input = workspace.relative(input);
        Failure::new(format!("fuzz target `{}` broke its promise on {input}", self.name))
            .hint(format!("reproduce it by `{} {input}`", workspace.relative(&self.program)))
    }
}

/// The files in a folder, sorted by name.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unreadable = |error| Failure::new(format!("cannot list {}: {error}", folder.display()));
    let entries = fs::read_dir(folder).map_err(unreadable)?;
    let mut files = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(unreadable)?;
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn no_name_means_all_targets_and_a_strange_one_is_told_the_known() {
        assert_eq!(chosen(&[], names(&["a", "b"])).expect("all"), names(&["a", "b"]));
        assert_eq!(chosen(&["b".to_owned()], names(&["a", "b"])).expect("one"), names(&["b"]));
        let failure = chosen(&["c".to_owned()], names(&["a", "b"])).expect_err("no such target");
        assert_eq!(failure.to_string(), "no fuzz target is called `c`\nhint: there are a, b");
    }

    #[test]
    fn a_broken_promise_names_the_input_and_the_command() {
        let workspace = Workspace::of_test(Path::new("/checkout"));
        let target = Target::new("name", Path::new("/checkout/target/fuzz/host/release"), &workspace);
        let input = target.artifacts.join("crash-1");
        let failure = target.broken(Some(&input), &Failure::new("abort"), &workspace).to_string();
        assert!(failure.contains("promise on fuzz/artifacts/name/crash-1"), "{failure}");
        assert!(
            failure.ends_with("`target/fuzz/host/release/name fuzz/artifacts/name/crash-1`"),
            "{failure}"
        );
    }

    #[test]
    fn every_committed_target_has_seeds() {
        let workspace = Workspace::locate().expect("tests run under cargo");
        for name in known(&workspace).expect("the folder is committed") {
            let seeds = Target::new(&name, Path::new(""), &workspace).seeds;
            assert!(!files(&seeds).expect("a folder of seeds").is_empty(), "{name} has no seeds");
        }
    }
}
