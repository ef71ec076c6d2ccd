//! The system packages that the tests need: [`provide`] finds out what is missing and, as root, installs it with apt-get;
//! otherwise it prints the command to type and stops.
//!
//! A need is detected by its effect (a program that starts, a module that loads) and not by its package, so that any
//! installation counts. The services of installed packages are not started.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::failure::Failure;
use crate::process;

/// Something that the tests need and that is not built from this repository.
#[derive(Debug, Eq, PartialEq)]
struct Need {
    /// The Debian packages that contain it.
    packages: &'static [&'static str],
    /// A command that succeeds if it is installed.
    probe: &'static [&'static str],
    why: &'static str,
}

const NEEDS: [Need; 16] = [
    Need { packages: &["chromium"], probe: &["chromium", "--version"], why: "shows the pages" },
    Need { packages: &["chromium-driver"], probe: &["chromedriver", "--version"], why: "drives chromium" },
    Need { packages: &["poppler-utils"], probe: &["pdftotext", "-v"], why: "reads pages that were printed" },
    Need { packages: &["dnsdbq"], probe: &["dnsdbq", "-h"], why: "queries our server as a stranger would" },
    Need { packages: &["unbound"], probe: &["unbound", "-V"], why: "a resolver that sends dnstap" },
    Need { packages: &["bind9"], probe: &["named", "-v"], why: "serves the zone, and is another resolver" },
    Need { packages: &["bind9-dnsutils"], probe: &["dig", "-v"], why: "asks the resolver" },
    Need { packages: &["tshark"], probe: &["tshark", "--version"], why: "counts the messages of captures" },
    Need { packages: &["npm"], probe: &["npm", "--version"], why: "fetches what the pages need" },
    Need {
        packages: &["binutils"],
        probe: &["objdump", "--version"],
        why: "tells what the package depends on",
    },
    Need {
        packages: &["systemd"],
        probe: &["systemd-analyze", "--version"],
        why: "reads the service's unit",
    },
    Need { packages: &["g++"], probe: &["c++", "--version"], why: "compiles libFuzzer" },
    Need {
        packages: &["python3", "python3-venv"],
        probe: &["python3", "-c", "import venv, ensurepip"],
        why: "runs the peers from PyPI",
    },
    Need {
        packages: &["clickhouse-server"],
        probe: &["sh", "-c", "command -v clickhouse-server"],
        why: "has the passive-DNS database of those who outgrow one machine",
    },
    Need {
        packages: &["libzookeeper-java"],
        probe: &["test", "-e", "/usr/share/java/zookeeper.jar"],
        why: "tells ClickHouse which blocks it has",
    },
    Need { packages: &["default-jre-headless"], probe: &["java", "-version"], why: "runs ZooKeeper" },
];

/// Debian runs this file to decide whether a package may start its service.
const SERVICE_POLICY: &str = "/usr/sbin/policy-rc.d";

/// Runs apt-get with a policy that prevents starting services, and removes the policy afterwards, even when interrupted. An
/// existing policy belongs to the machine and is not changed.
const INSTALL: &str = r#"
set -eu
policy=$1
shift
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    trap 'exit 130' HUP INT TERM
    printf '#!/bin/sh\n# Put here by cargo xtask test while it installs packages.\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi
apt-get update
apt-get install -y --no-install-recommends "$@"
"#;

/// Ensures that every need is met, or states how to meet it.
pub(crate) fn provide() -> Result<(), Failure> {
    let missing = missing();
    if missing.is_empty() {
        println!("nothing is missing");
        return Ok(());
    }
    for need in &missing {
        println!("missing: {} ({})", need.packages.join(", "), need.why);
    }
    let packages = packages(&missing);
    if !is_root() {
        return Err(
            Failure::new("what the tests need is missing").hint(format!("run `{}`", by_hand(&packages)))
        );
    }
    install(&packages)?;
    confirm(&self::missing())
}

fn missing() -> Vec<&'static Need> {
    NEEDS.iter().filter(|need| !is_met(need)).collect()
}

fn is_met(need: &Need) -> bool {
    need.probe
        .split_first()
        .is_some_and(|(program, rest)| process::succeeds(Command::new(program).args(rest)))
}

fn packages(needs: &[&'static Need]) -> Vec<&'static str> {
    needs.iter().flat_map(|need| need.packages).copied().collect()
}

/// The command that does the same, for root to type.
fn by_hand(packages: &[&str]) -> String {
    format!("sudo apt-get update && sudo apt-get install -y --no-install-recommends {}", packages.join(" "))
}

fn install(packages: &[&str]) -> Result<(), Failure> {
    let mut shell = Command::new("sh");
    shell.args(["-c", INSTALL, "install", SERVICE_POLICY]).args(packages);
    shell.env("DEBIAN_FRONTEND", "noninteractive");
    process::run(&mut shell).map_err(|_| {
        Failure::new(format!("apt-get could not install {}", packages.join(", ")))
            .hint("its own messages are above; on a system without apt-get install the same tools by hand")
    })
}

/// Fails if a program is still missing after installation: something else takes precedence over the system's packages.
fn confirm(missing: &[&'static Need]) -> Result<(), Failure> {
    let Some(need) = missing.first() else { return Ok(()) };
    Err(Failure::new(format!(
        "`{}` still fails after installing {}",
        need.probe.join(" "),
        need.packages.join(", ")
    ))
    .hint("another program of that name comes first in PATH"))
}

/// Whether the effective user is root, according to the kernel's information about this process.
fn is_root() -> bool {
    fs::read_to_string(Path::new("/proc/self/status"))
        .is_ok_and(|status| effective_user(&status) == Some("0"))
}

/// The second number of the line `Uid: real effective saved filesystem`.
fn effective_user(status: &str) -> Option<&str> {
    status.lines().find_map(|line| line.strip_prefix("Uid:"))?.split_whitespace().nth(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_for_the_hand_names_every_missing_package() {
        let all: Vec<&Need> = NEEDS.iter().collect();
        let command = by_hand(&packages(&all));
        assert!(
            command.ends_with(
                "--no-install-recommends chromium chromium-driver poppler-utils dnsdbq unbound bind9 bind9-dnsutils tshark npm binutils systemd g++ python3 python3-venv clickhouse-server libzookeeper-java default-jre-headless"
            ),
            "{command}"
        );
    }

    #[test]
    fn the_effective_user_decides_who_is_root() {
        assert_eq!(effective_user("Name:\tx\nUid:\t1000\t0\t0\t0\nGid:\t5\t5\t5\t5\n"), Some("0"));
        assert_eq!(effective_user("Uid:\t0\t1000\t0\t0\n"), Some("1000"));
        assert_eq!(effective_user("Name:\tx\n"), None);
    }

    #[test]
    fn a_need_is_met_by_a_program_that_succeeds() {
        let need = |probe| Need { packages: &["x"], probe, why: "" };
        assert!(is_met(&need(&["true"])));
        assert!(!is_met(&need(&["false"])));
        assert!(!is_met(&need(&["no-such-program-here"])));
    }

    #[test]
    fn what_is_hidden_after_installing_is_an_error() {
        assert!(confirm(&[]).is_ok());
        let dnsdbq = NEEDS.iter().find(|need| need.packages == ["dnsdbq"]).expect("the tests need it");
        let failure = confirm(&[dnsdbq]).expect_err("it is still missing").to_string();
        assert!(failure.contains("`dnsdbq -h` still fails"), "{failure}");
    }
}
