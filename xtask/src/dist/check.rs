//! The step "package" of `cargo xtask test`: [`run`] packs the program that the tests have built, uncompressed, and checks what
//! would be installed: files with modes and owner, the scripts, and the unit as systemd reads it.
//!
//! Testing the installed service needs a separate system; CONTRIBUTING explains how.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use super::{FILES, SHELLS, failed, pack};
use crate::failure::Failure;
use crate::process;
use crate::workspace::Workspace;

/// Installed files besides [`FILES`] and completions that are not created by the program alone.
const MADE: [(&str, u32); 6] = [
    ("etc/backsight/backsight.toml", 0o644),
    ("usr/bin/backsight", 0o755),
    ("usr/share/doc/backsight/changelog.Debian.gz", 0o644),
    ("usr/share/doc/backsight/changelog.gz", 0o644),
    ("usr/share/man/man1/backsight-serve.1.gz", 0o644),
    ("usr/share/man/man1/backsight.1.gz", 0o644),
];

/// Creates the package and checks it.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Failure> {
    let program = workspace.target().join("debug/backsight");
    let into = workspace.target().join("dist-check");
    clear(&into)?;
    let package = pack(&program, &into, "none", workspace)?;
    let list = process::capture(Command::new("dpkg-deb").arg("--contents").arg(&package))?;
    holds(&list)?;
    let control = into.join("control");
    process::run(Command::new("dpkg-deb").arg("--control").arg(&package).arg(&control))?;
    for script in ["postinst", "postrm", "prerm"] {
        process::run(Command::new("sh").arg("-n").arg(control.join(script)))?;
    }
    let conffiles =
        fs::read_to_string(control.join("conffiles")).map_err(|error| failed(&control, &error))?;
    if conffiles != "/etc/backsight/backsight.toml\n" {
        return Err(Failure::new(format!("an upgrade would overwrite settings: {conffiles:?}")));
    }
    unit(&package.with_extension("").join("usr/lib/systemd/system/backsight.service"), &program)?;
    clear(&into)
}

/// A package is as large as the program, so it is removed; after a failure it is kept for inspection.
fn clear(folder: &Path) -> Result<(), Failure> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(failed(folder, &error)),
        _ => Ok(()),
    }
}

/// Checks that every file exists, belongs to root and has its mode; others must not have write access.
fn holds(list: &str) -> Result<(), Failure> {
    let files =
        FILES.iter().filter(|(_, to, _)| !to.starts_with("DEBIAN/")).map(|(_, to, mode)| (*to, *mode));
    let completions = SHELLS.map(|(_, to)| (to, 0o644));
    for (file, mode) in files.chain(completions).chain(MADE) {
        let end = format!(" ./{file}");
        let begins = if mode == 0o755 { "-rwxr-xr-x root/root " } else { "-rw-r--r-- root/root " };
        if !list.lines().any(|line| line.starts_with(begins) && line.ends_with(&end)) {
            return Err(Failure::new(format!(
                "the package lacks {file} with mode {mode:o} and owner root:\n{list}"
            )));
        }
    }
    Ok(())
}

/// Checks that systemd reads the unit without a warning: every key is valid, and the program exists at its path.
fn unit(installed: &Path, program: &Path) -> Result<(), Failure> {
    let text = fs::read_to_string(installed).map_err(|error| failed(installed, &error))?;
    let here = text.replace("=/usr/bin/backsight ", &format!("={} ", program.display()));
    if here == text {
        return Err(Failure::new("the unit does not start /usr/bin/backsight"));
    }
    let unit = installed.with_file_name("backsight-here.service");
    fs::write(&unit, here).map_err(|error| failed(&unit, &error))?;
    let mut verify = Command::new("systemd-analyze");
    process::run(verify.args(["verify", "--man=no", "--recursive-errors=no"]).arg(&unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_others_may_write_is_an_error() {
        let line = |mode: &str, file: &str| format!("{mode} root/root 1 2026-11-26 07:51 ./{file}\n");
        let files =
            FILES.iter().map(|(_, to, _)| *to).chain(SHELLS.map(|(_, to)| to)).chain(MADE.map(|(to, _)| to));
        let list: String = files
            .map(|to| line(if to == "usr/bin/backsight" { "-rwxr-xr-x" } else { "-rw-r--r--" }, to))
            .collect();
        assert!(holds(&list).is_ok());
        let loose = list.replace(
            &line("-rw-r--r--", "usr/lib/sysusers.d/backsight.conf"),
            &line("-rw-rw-r--", "usr/lib/sysusers.d/backsight.conf"),
        );
        let failure = holds(&loose).expect_err("a group may write it").to_string();
        assert!(failure.contains("sysusers.d/backsight.conf with mode 644"), "{failure}");
    }
}
