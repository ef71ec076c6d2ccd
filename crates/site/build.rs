//! Fetches the packages of the pages with npm, and lists every asset for `src/asset.rs`.
//!
//! `web/` is copied into the build's output folder, `npm ci --ignore-scripts` runs there, and the files named in [`FETCHED`]
//! and [`OWN`] are embedded under names that contain a hash of their content. The working tree is not changed. An error ends
//! the build with a message that states what to do.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The files that determine which packages are fetched.
const PINS: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];
/// Files of packages: their path below `node_modules`, and their name here.
const FETCHED: [(&str, &str); 1] = [("htmx.org/dist/htmx.min.js", "htmx.js")];
/// Our own files, below `web`.
const OWN: [&str; 13] = [
    "style/backsight.css",
    "style/report.css",
    "style/icon.svg",
    "script/copy.js",
    "script/pick.js",
    "script/pivot.js",
    "script/rows.js",
    "script/drop.js",
    "script/ended.js",
    "script/keys.js",
    "script/times.js",
    "script/toggle.js",
    "script/zoom.js",
];
/// How many characters of the hash are in a name.
const HASH: usize = 16;

fn main() {
    if let Err(why) = build() {
        // Cargo shows this message and ends; there is no caller to return an error to.
        panic!("\n\n{why}\n\n");
    }
}

fn build() -> Result<(), String> {
    let web = folder("CARGO_MANIFEST_DIR")?.join("../../web");
    let out = folder("OUT_DIR")?;
    for file in PINS.iter().chain(&OWN) {
        println!("cargo::rerun-if-changed={}", web.join(file).display());
    }
    println!("cargo::rerun-if-changed=templates");
    fetch(&web, &out.join("web"))?;
    let fetched = FETCHED.map(|(from, name)| (out.join("web/node_modules").join(from), name.to_owned()));
    let own = OWN.map(|file| prepared(&web.join(file), &out)).into_iter().collect::<Result<Vec<_>, _>>()?;
    list(fetched.into_iter().chain(own), &out.join("assets.rs"))
}

fn folder(variable: &str) -> Result<PathBuf, String> {
    std::env::var_os(variable).map(PathBuf::from).ok_or_else(|| format!("cargo did not set {variable}"))
}

/// Lets npm fetch the pinned packages, unless that was done before.
fn fetch(web: &Path, into: &Path) -> Result<(), String> {
    let pins = PINS.map(|file| read(&web.join(file))).into_iter().collect::<Result<Vec<_>, _>>()?;
    let stamp = blake3::hash(&pins.concat()).to_hex().to_string();
    let stamped = into.join("fetched");
    if fs::read_to_string(&stamped).is_ok_and(|found| found == stamp) {
        return Ok(());
    }
    fs::create_dir_all(into).map_err(|error| format!("making {}: {error}", into.display()))?;
    for (file, content) in PINS.iter().zip(pins) {
        write(&into.join(file), &content)?;
    }
    npm(into)?;
    write(&stamped, stamp.as_bytes())
}

fn npm(folder: &Path) -> Result<(), String> {
    let mut command = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    // Development packages are only fetched by `cargo xtask test`.
    command.args(["ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund"]).current_dir(folder);
    let output = command.output().map_err(|error| {
        format!(
            "npm could not be started ({error}): Backsight's pages need htmx, which npm fetches while building.\n\
             Install Node.js with npm (Debian and Ubuntu: apt-get install npm), then build again."
        )
    })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!(
        "npm could not fetch what web/package-lock.json pins:\n{}\n\
         Without a network, fill npm's cache first: `npm ci --ignore-scripts` in a copy of web/.",
        said.trim()
    ))
}

/// One of our own files, with its name. Scripts and styles are embedded without their comments, to keep a first visit small.
fn prepared(file: &Path, out: &Path) -> Result<(PathBuf, String), String> {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let is_style = file.extension().is_some_and(|ending| ending == "css");
    if !is_style && file.extension().is_none_or(|ending| ending != "js") {
        return Ok((file.to_owned(), name));
    }
    let text = fs::read_to_string(file).map_err(|error| format!("reading {}: {error}", file.display()))?;
    let mut text = without_comments(&text);
    if is_style {
        // No quoted text spans several lines, so the beginning of a line shows whether it is a comment.
        // Nothing has to separate these characters from what is beside them, and no quoted text contains them.
        let tight = |line: &str| {
            let separators = [(" { ", "{"), (" }", "}"), ("; ", ";"), (";}", "}"), (", ", ","), (": ", ":")];
            separators.iter().fold(line.trim().to_owned(), |line, (long, short)| line.replace(long, short))
        };
        let lines = text.lines().map(tight).filter(|line| !line.is_empty());
        text = lines.fold(String::new(), |all, line| {
            let end = if line.ends_with(['{', '}', ';', ',']) { "" } else { "\n" };
            all + &line + end
        });
    }
    let stripped = out.join(&name);
    write(&stripped, text.as_bytes())?;
    Ok((stripped, name))
}

/// A script or stylesheet without lines that contain only a comment; a comment after code stays.
fn without_comments(script: &str) -> String {
    let mut is_inside = false;
    let mut kept = String::with_capacity(script.len());
    for line in script.lines() {
        let text = line.trim();
        let is_comment =
            is_inside || text.starts_with("//") || (text.starts_with("/*") && !text.contains("*/ "));
        is_inside = (is_inside || text.starts_with("/*")) && !text.contains("*/");
        if !is_comment {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

/// Writes the table that `src/asset.rs` includes.
fn list(files: impl Iterator<Item = (PathBuf, String)>, into: &Path) -> Result<(), String> {
    let mut table = String::from("&[\n");
    for (file, name) in files {
        let hash = blake3::hash(&read(&file)?).to_hex().to_string();
        let (stem, ending) = name.rsplit_once('.').ok_or_else(|| format!("{name} has no ending"))?;
        let hashed = format!("{stem}.{}.{ending}", hash.get(..HASH).unwrap_or(&hash));
        let file = file.canonicalize().map_err(|error| format!("{}: {error}", file.display()))?;
        let file = file.to_str().ok_or_else(|| format!("{} is no UTF-8", file.display()))?;
        let _ = writeln!(
            table,
            "    Asset {{ name: {name:?}, path: \"/assets/{hashed}\", body: include_bytes!({file:?}) }},"
        );
    }
    table.push(']');
    write(into, table.as_bytes())
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    fs::read(file).map_err(|error| format!("reading {}: {error}", file.display()))
}

fn write(file: &Path, content: &[u8]) -> Result<(), String> {
    fs::write(file, content).map_err(|error| format!("writing {}: {error}", file.display()))
}
