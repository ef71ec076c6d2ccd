//! `cargo xtask dist`: creates the Debian package in `target/dist-deb`.
//!
//! [`run`] builds the program with link-time optimisation, lets it write its own manual pages and completions, lays out all
//! files as they will be installed, and packs them with `dpkg-deb`. The unit is `dist/backsight.service`; the scripts for
//! installing and removing are in `dist/deb`. [`mod@check`] checks the result for `cargo xtask test`.
//!
//! Installing does not start the service: there are no tokens yet, and the administrator may want another data folder.

pub(crate) mod check;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use crate::failure::Failure;
use crate::process;
use crate::workspace::Workspace;

/// Files that are installed unchanged: source, destination and mode. The last three are scripts that run during installation.
const FILES: [(&str, &str, u32); 11] = [
    ("dist/backsight.service", "usr/lib/systemd/system/backsight.service", 0o644),
    ("dist/backsight.sysusers", "usr/lib/sysusers.d/backsight.conf", 0o644),
    ("dist/backsight.tmpfiles", "usr/lib/tmpfiles.d/backsight.conf", 0o644),
    ("dist/deb/copyright", "usr/share/doc/backsight/copyright", 0o644),
    ("dist/deb/lintian", "usr/share/lintian/overrides/backsight", 0o644),
    ("README.md", "usr/share/doc/backsight/README.md", 0o644),
    ("SECURITY.md", "usr/share/doc/backsight/SECURITY.md", 0o644),
    ("docs/configuration.md", "usr/share/doc/backsight/configuration.md", 0o644),
    ("dist/deb/postinst", "DEBIAN/postinst", 0o755),
    ("dist/deb/prerm", "DEBIAN/prerm", 0o755),
    ("dist/deb/postrm", "DEBIAN/postrm", 0o755),
];
/// The profile of released programs.
const RELEASED: &str = "dist";
const MAINTAINER: &str = "Backsight maintainers <maintainers@users.noreply.github.com>";
/// The libraries that `libc6` and `libgcc-s1` contain.
const LIBRARIES: [&str; 4] = ["ld-linux", "libc.so", "libgcc_s.so", "libm.so"];
/// The packages with `systemd-sysusers` and `systemd-tmpfiles`, which the script after installation runs.
const SYSTEMD: &str = "systemd | systemd-standalone-sysusers, systemd | systemd-standalone-tmpfiles";
/// Shells, and the place of their completions.
const SHELLS: [(&str, &str); 3] = [
    ("bash", "usr/share/bash-completion/completions/backsight"),
    ("fish", "usr/share/fish/vendor_completions.d/backsight.fish"),
    ("zsh", "usr/share/zsh/vendor-completions/_backsight"),
];

/// The options.
#[derive(Debug, Args)]
pub(crate) struct DistArgs {
    /// The profile to build with; another than `dist` is faster to build and slower to run.
    #[arg(long, default_value = RELEASED)]
    profile: String,
}

/// Creates the package, and prints its path.
pub(crate) fn run(args: &DistArgs, workspace: &Workspace) -> Result<(), Failure> {
    let mut build = workspace.cargo(&["build", "--locked", "--package", "cli", "--profile", &args.profile]);
    if args.profile == RELEASED {
        build.env("CARGO_ENCODED_RUSTFLAGS", remapped(workspace.root(), &cargo_home()));
    }
    process::run(&mut build)?;
    // The folder of this profile has another name.
    let folder = if args.profile == "dev" { "debug" } else { &args.profile };
    let program = workspace.target().join(folder).join("backsight");
    let package = pack(&program, &workspace.target().join("dist-deb"), "xz", workspace)?;
    println!("made {}", workspace.relative(&package));
    Ok(())
}

/// The compiler flags that remove the paths of this machine: panics still name the file.
fn remapped(root: &Path, cargo_home: &Path) -> String {
    let remap = |from: &Path, to: &str| format!("--remap-path-prefix={}={to}", from.display());
    // The last matching entry applies.
    [remap(root, "backsight"), remap(&cargo_home.join("registry/src"), "crates")].join("\u{1f}")
}

/// The folder in which cargo keeps the sources of dependencies.
fn cargo_home() -> PathBuf {
    let named = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    named.or_else(|| Some(std::env::home_dir()?.join(".cargo"))).unwrap_or_default()
}

/// Packs this program into a folder.
pub(crate) fn pack(
    program: &Path,
    into: &Path,
    compression: &str,
    workspace: &Workspace,
) -> Result<PathBuf, Failure> {
    let version = version(&process::capture(Command::new(program).arg("--version"))?)?;
    let architecture = process::capture(Command::new("dpkg").arg("--print-architecture"))?.trim().to_owned();
    let name = format!("backsight_{}_{architecture}", revision(&version));
    let root = into.join(&name);
    if root.exists() {
        fs::remove_dir_all(&root).map_err(|error| failed(&root, &error))?;
    }
    lay_out(&root, program, &version, workspace)?;
    let depends = depends(program)?;
    put(&root.join("DEBIAN/control"), control(&version, &architecture, &depends, size(&root)?), 0o644)?;
    let package = root.with_file_name(format!("{name}.deb"));
    let mut pack = Command::new("dpkg-deb");
    pack.args(["--root-owner-group", "-Z", compression, "--build"]).arg(&root).arg(&package);
    process::run(&mut pack)?;
    Ok(package)
}

/// Puts every file where it will be installed.
fn lay_out(root: &Path, program: &Path, version: &str, workspace: &Workspace) -> Result<(), Failure> {
    copy(program, &root.join("usr/bin/backsight"), 0o755)?;
    let own = |path: &str| workspace.root().join(path);
    for (from, to, mode) in FILES {
        copy(&own(from), &root.join(to), mode)?;
    }
    let defaults = own("crates/cli/default.toml");
    let settings = fs::read_to_string(&defaults).map_err(|error| failed(&defaults, &error))?;
    put(&root.join("etc/backsight/backsight.toml"), &installed(&settings)?, 0o644)?;
    put(&root.join("DEBIAN/conffiles"), "/etc/backsight/backsight.toml\n", 0o644)?;
    let documents = root.join("usr/share/doc/backsight");
    copy(&own("CHANGELOG.md"), &documents.join("changelog"), 0o644)?;
    put(&documents.join("changelog.Debian"), changelog(version, &date()?), 0o644)?;
    let pages = root.join("usr/share/man/man1");
    process::run(Command::new(program).arg("man").arg(&pages))?;
    let packed = ["changelog", "changelog.Debian"].map(|name| documents.join(name));
    process::run(Command::new("gzip").args(["-9", "-n", "-r"]).arg(&pages).args(packed))?;
    for (shell, path) in SHELLS {
        let script = process::capture(Command::new(program).args(["completions", shell]))?;
        put(&root.join(path), &script, 0o644)?;
    }
    Ok(())
}

/// The default settings, with the additional ones of a service: the access log is on.
fn installed(defaults: &str) -> Result<String, Failure> {
    let settings = defaults.replace("\naccess_log = \"off\"\n", "\naccess_log = \"json\"\n");
    if settings == defaults {
        return Err(Failure::new("the default configuration has no access_log that is off"));
    }
    Ok(settings)
}

/// The version of the Debian package.
fn revision(version: &str) -> String {
    format!("{version}-1")
}

fn control(version: &str, architecture: &str, depends: &str, kibibytes: u64) -> String {
    format!(
        "Package: backsight\nVersion: {}\nArchitecture: {architecture}\n\
         Maintainer: {MAINTAINER}\nInstalled-Size: {kibibytes}\nDepends: {depends}\n\
         Section: net\nPriority: optional\n\
         Description: passive-DNS workbench for threat intelligence\n \
         Asks passive-DNS services about domain names and addresses, keeps a threat\n \
         library, and answers over the interfaces that passive-DNS clients speak.\n",
        revision(version)
    )
}

/// The changelog of the package.
fn changelog(version: &str, date: &str) -> String {
    format!(
        "backsight ({}) unstable; urgency=medium\n\n  * See changelog.gz for what is new.\n\n -- {MAINTAINER}  {date}\n",
        revision(version)
    )
}

/// The time of packing, or of `SOURCE_DATE_EPOCH`, so that the same package can be created again byte for byte.
fn date() -> Result<String, Failure> {
    let mut date = Command::new("date");
    date.args(["--utc", "--rfc-email"]).env("LC_ALL", "C");
    if let Ok(seconds) = std::env::var("SOURCE_DATE_EPOCH") {
        date.arg(format!("--date=@{seconds}"));
    }
    Ok(process::capture(&mut date)?.trim().to_owned())
}

/// The packages that contain the linked libraries and the programs that the scripts run.
fn depends(program: &Path) -> Result<String, Failure> {
    let headers = process::capture(Command::new("objdump").arg("-p").arg(program))?;
    known(&headers)?;
    Ok(format!("ca-certificates, libc6 (>= {}), libgcc-s1, {SYSTEMD}", libc()?))
}

/// A library without a declared package would only be noticed where it is not installed.
fn known(headers: &str) -> Result<(), Failure> {
    let needed = headers.lines().filter_map(|line| line.trim().strip_prefix("NEEDED"));
    let foreign =
        needed.map(str::trim).find(|library| !LIBRARIES.iter().any(|known| library.starts_with(known)));
    foreign.map_or(Ok(()), |library| {
        let hint = "add its package to `depends` and its name to LIBRARIES in xtask/src/dist.rs";
        Err(Failure::new(format!("the program needs {library}, which the package does not depend on"))
            .hint(hint))
    })
}

/// The version in `backsight 1.2.3`.
fn version(said: &str) -> Result<String, Failure> {
    let version =
        said.split_whitespace().nth(1).filter(|version| version.starts_with(|c: char| c.is_ascii_digit()));
    version.map(str::to_owned).ok_or_else(|| Failure::new(format!("{said:?} is no version")))
}

/// The version of the C library that the program was linked with, without Debian's revision: older ones may lack functions.
fn libc() -> Result<String, Failure> {
    let version = process::capture(Command::new("dpkg-query").args(["-W", "-f", "${Version}", "libc6"]))?;
    Ok(version.split('-').next().unwrap_or_default().trim().to_owned())
}

/// The installed size in KiB.
fn size(root: &Path) -> Result<u64, Failure> {
    let said = process::capture(Command::new("du").args(["-s", "-k"]).arg(root))?;
    let number = said.split_whitespace().next().and_then(|number| number.parse().ok());
    number.ok_or_else(|| Failure::new(format!("du said {said:?}")))
}

fn copy(from: &Path, to: &Path, mode: u32) -> Result<(), Failure> {
    let octets = fs::read(from).map_err(|error| failed(from, &error))?;
    put(to, octets, mode)
}

fn put(file: &Path, content: impl AsRef<[u8]>, mode: u32) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = file.parent().unwrap_or(file);
    fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
    fs::write(file, content).map_err(|error| failed(file, &error))?;
    fs::set_permissions(file, fs::Permissions::from_mode(mode)).map_err(|error| failed(file, &error))
}

fn failed(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_and_nothing_else() {
        assert_eq!(version("backsight 0.1.0\n").expect("a version"), "0.1.0");
        assert!(version("backsight\n").is_err() && version("backsight what\n").is_err());
    }

    #[test]
    fn the_installed_settings_are_the_defaults_with_a_log() {
        let settings = installed(include_str!("../../crates/cli/default.toml")).expect("they have one");
        assert!(
            settings.contains("\naccess_log = \"json\"\n")
                && settings.contains("\nlisten = \"127.0.0.1:8053\"\n")
        );
        assert!(installed("").is_err());
    }

    #[test]
    fn no_path_of_the_builder_is_given_away() {
        let flags = remapped(Path::new("/home/her/backsight"), Path::new("/home/her/.cargo"));
        let flags: Vec<&str> = flags.split('\u{1f}').collect();
        let wanted = ["/home/her/backsight=backsight", "/home/her/.cargo/registry/src=crates"];
        assert_eq!(flags, wanted.map(|pair| format!("--remap-path-prefix={pair}")));
    }

    #[test]
    fn a_library_that_nobody_declared_is_an_error() {
        assert!(known("  NEEDED               libgcc_s.so.1\n  NEEDED               libc.so.6\n").is_ok());
        let failure =
            known("  NEEDED               libssl.so.3\n").expect_err("nobody declared it").to_string();
        assert!(failure.contains("libssl.so.3"), "{failure}");
    }

    #[test]
    fn the_control_file_ends_as_dpkg_wants_it() {
        let text = control("0.1.0", "amd64", "libc6", 7);
        assert!(text.ends_with("speak.\n") && text.contains("\nVersion: 0.1.0-1\nArchitecture: amd64\n"));
        assert!(
            text.lines()
                .skip_while(|line| !line.starts_with("Description"))
                .skip(1)
                .all(|line| line.starts_with(' '))
        );
    }
}
