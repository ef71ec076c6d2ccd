//! `cargo xtask dist`: what is given to others, a Debian package in `target/dist-deb`.
//!
//! [`run`] builds the program with link-time optimisation, lets it write its own manual pages and completions, lays all
//! of it out as it will be installed, and has `dpkg-deb` pack it. The unit is `dist/backsight.service`.
//!
//! The service is not started by installing it: nobody has a token yet, and the data folder is its administrator's to choose.

use std::fs;
use std::path::Path;
use std::process::Command;

use clap::Args;

use crate::failure::Failure;
use crate::process;
use crate::workspace::Workspace;

const AFTER_INSTALL: &str =
    "#!/bin/sh\nset -e\nif [ -d /run/systemd/system ]; then systemctl daemon-reload; fi\n";
const BEFORE_REMOVAL: &str = "#!/bin/sh\nset -e\nif [ \"$1\" = remove ] && [ -d /run/systemd/system ]; then\n    \
    systemctl --no-reload disable --now backsight.service || true\nfi\n";
/// Shells, and where each looks for completions.
const SHELLS: [(&str, &str); 3] = [
    ("bash", "usr/share/bash-completion/completions/backsight"),
    ("fish", "usr/share/fish/vendor_completions.d/backsight.fish"),
    ("zsh", "usr/share/zsh/vendor-completions/_backsight"),
];

/// What can be said of it.
#[derive(Debug, Args)]
pub(crate) struct DistArgs {
    /// The profile to build with; another than `dist` is faster to build and slower to run.
    #[arg(long, default_value = "dist")]
    profile: String,
}

/// Makes the package, and says where it is.
pub(crate) fn run(args: &DistArgs, workspace: &Workspace) -> Result<(), Failure> {
    process::run(&mut workspace.cargo(&[
        "build",
        "--locked",
        "--package",
        "cli",
        "--profile",
        &args.profile,
    ]))?;
    let program = workspace.target().join(&args.profile).join("backsight");
    let version = version(&process::capture(Command::new(&program).arg("--version"))?)?;
    let architecture = process::capture(Command::new("dpkg").arg("--print-architecture"))?.trim().to_owned();
    let name = format!("backsight_{version}_{architecture}");
    let root = workspace.target().join("dist-deb").join(&name);
    if root.exists() {
        fs::remove_dir_all(&root).map_err(|error| failed(&root, &error))?;
    }
    lay_out(&root, &program, workspace)?;
    put(&root.join("DEBIAN/control"), control(&version, &architecture, &libc()?, size(&root)?), 0o644)?;
    let package = root.with_file_name(format!("{name}.deb"));
    let mut pack = Command::new("dpkg-deb");
    process::run(pack.args(["--root-owner-group", "--build"]).arg(&root).arg(&package))?;
    println!("made {}", workspace.relative(&package));
    Ok(())
}

/// Everything where it will be installed.
fn lay_out(root: &Path, program: &Path, workspace: &Workspace) -> Result<(), Failure> {
    copy(program, &root.join("usr/bin/backsight"), 0o755)?;
    let own = |path: &str| workspace.root().join(path);
    copy(&own("dist/backsight.service"), &root.join("usr/lib/systemd/system/backsight.service"), 0o644)?;
    let defaults = own("crates/cli/default.toml");
    let settings = fs::read_to_string(&defaults).map_err(|error| failed(&defaults, &error))?;
    put(&root.join("etc/backsight/backsight.toml"), &installed(&settings)?, 0o644)?;
    put(&root.join("DEBIAN/conffiles"), "/etc/backsight/backsight.toml\n", 0o644)?;
    put(&root.join("DEBIAN/postinst"), AFTER_INSTALL, 0o755)?;
    put(&root.join("DEBIAN/prerm"), BEFORE_REMOVAL, 0o755)?;
    for document in ["README.md", "CHANGELOG.md", "SECURITY.md", "docs/configuration.md"] {
        let name = document.rsplit('/').next().unwrap_or(document);
        copy(&own(document), &root.join("usr/share/doc/backsight").join(name), 0o644)?;
    }
    let licences =
        ["LICENSE-MIT", "LICENSE-APACHE"].map(|name| fs::read_to_string(own(name)).unwrap_or_default());
    put(&root.join("usr/share/doc/backsight/copyright"), licences.join("\n\n"), 0o644)?;
    let pages = root.join("usr/share/man/man1");
    process::run(Command::new(program).arg("man").arg(&pages))?;
    process::run(Command::new("gzip").args(["-9", "-n", "-r"]).arg(&pages))?;
    for (shell, path) in SHELLS {
        let script = process::capture(Command::new(program).args(["completions", shell]))?;
        put(&root.join(path), &script, 0o644)?;
    }
    Ok(())
}

/// The default settings, with what a service needs besides: somebody will want to know who asked.
fn installed(defaults: &str) -> Result<String, Failure> {
    let settings = defaults.replace("\naccess_log = \"off\"\n", "\naccess_log = \"json\"\n");
    if settings == defaults {
        return Err(Failure::new("the default configuration has no access_log that is off"));
    }
    Ok(settings)
}

fn control(version: &str, architecture: &str, libc: &str, kibibytes: u64) -> String {
    format!(
        "Package: backsight\nVersion: {version}\nArchitecture: {architecture}\n\
         Maintainer: Backsight maintainers <maintainers@users.noreply.github.com>\n\
         Installed-Size: {kibibytes}\nDepends: ca-certificates, libc6 (>= {libc}), libgcc-s1\n\
         Section: net\nPriority: optional\n\
         Description: passive-DNS workbench for threat intelligence\n \
         Asks passive-DNS services about domain names and addresses, keeps a threat\n \
         library, and answers over the interfaces that passive-DNS clients speak.\n"
    )
}

/// `backsight 1.2.3` as a version.
fn version(said: &str) -> Result<String, Failure> {
    let version =
        said.split_whitespace().nth(1).filter(|version| version.starts_with(|c: char| c.is_ascii_digit()));
    version.map(str::to_owned).ok_or_else(|| Failure::new(format!("{said:?} is no version")))
}

/// The C library that we were linked with, without Debian's own revision: older ones may lack what we call.
fn libc() -> Result<String, Failure> {
    let version = process::capture(Command::new("dpkg-query").args(["-W", "-f", "${Version}", "libc6"]))?;
    Ok(version.split('-').next().unwrap_or_default().trim().to_owned())
}

/// What it takes when it is installed, in KiB.
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
    fn the_control_file_ends_as_dpkg_wants_it() {
        let text = control("0.1.0", "amd64", "2.41", 7);
        assert!(text.ends_with("speak.\n") && text.contains("\nVersion: 0.1.0\nArchitecture: amd64\n"));
        assert!(
            text.lines()
                .skip_while(|line| !line.starts_with("Description"))
                .skip(1)
                .all(|line| line.starts_with(' '))
        );
    }
}
