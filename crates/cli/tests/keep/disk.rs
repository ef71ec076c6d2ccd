//! A disk that is full or read-only: a clear error, nothing lost, and no intermediate state.
//!
//! The data folder is on its own small file system, which needs the right to mount one. Without that right, the size of files
//! is limited, and the read-only folder is one without write permission, used by a user other than root.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::home::{Done, Home, NAME};
use crate::running::NEWEST;
use crate::service::{Provider, line};

const HOST: &str = "www.example.com";
/// The size of the file system, in KiB.
const SIZE: usize = 2048;

/// A home whose data folder can be made full.
struct Narrow {
    home: Home,
    is_mounted: bool,
    /// Without a mount: the largest file, in KiB.
    limit: Option<usize>,
}

fn succeeds(program: &str, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
}

impl Narrow {
    fn new() -> Self {
        let home = Home::new();
        fs::create_dir(home.kept()).unwrap();
        let kept = home.kept().display().to_string();
        let size = format!("size={SIZE}k,mode=700");
        let is_mounted = succeeds("mount", &["-t", "tmpfs", "-o", &size, "tmpfs", &kept]);
        Self { home, is_mounted, limit: None }
    }

    /// Fills the disk except for this many KiB.
    fn fill(&mut self, left: usize) {
        if !self.is_mounted {
            self.limit = Some(left);
            return;
        }
        let filler = self.home.kept().join("filler");
        let mut file = File::create(&filler).unwrap();
        let mut size = 0_usize;
        while file.write_all(&[0; 1024]).is_ok() {
            size += 1024;
        }
        file.set_len((size - (left * 1024).min(size)) as u64).unwrap();
    }

    fn free(&mut self) {
        self.limit = None;
        let _ = fs::remove_file(self.home.kept().join("filler"));
    }

    fn run(&self, arguments: &[&str]) -> Done {
        let Some(limit) = self.limit else { return self.home.run(arguments) };
        // The shell counts in half KiB; with the signal ignored, the program gets an error.
        let script = format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"", limit * 2);
        let plain = self.home.command(arguments);
        let mut command = self.home.command(&[]);
        command = std::mem::replace(&mut command, Command::new("/bin/sh"));
        let mut limited = Command::new("/bin/sh");
        limited.arg("-c").arg(script).arg(plain.get_program()).args(plain.get_args()).env_clear();
        limited.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        Done::of(&limited.current_dir(self.home.path(".")).output().unwrap())
    }
}

impl Drop for Narrow {
    fn drop(&mut self) {
        let kept = self.home.kept().display().to_string();
        assert!(!self.is_mounted || succeeds("umount", &[&kept]), "{kept} is still mounted");
    }
}

/// The state that could be lost.
fn state(home: &Home) -> [String; 3] {
    let of = |arguments: &[&str]| home.run(&[arguments, &["--format", "json"]].concat()).ok();
    [of(&["run", "show", "1"]), of(&["indicator", "list"]), of(&["integration", "show", NAME])]
}

#[test]
fn a_full_disk_is_said_and_costs_nothing() {
    let provider = Provider::answering(line(HOST, "192.0.2.1", 3));
    let mut narrow = Narrow::new();
    let home = &narrow.home;
    home.run(&["integration", "install", NEWEST]).ok();
    home.point_at(provider.address);
    home.give("user:hunter2").ok();
    home.run(&["integration", "enable", NAME]).ok();
    home.run(&["query", HOST]).ok();
    let before = state(home);
    let mut refused = 0;
    for left in [0, 4, 16, 40, 80, 160] {
        narrow.fill(left);
        for arguments in [
            &["query", HOST, "--fresh"][..],
            &["run", "add", "1"],
            &["indicator", "add", "a.example"],
            &["key", "rotate"],
            &["integration", "configure", NAME, "timeout=5"],
            &["run", "list"],
        ] {
            let done = narrow.run(arguments);
            if done.code != 0 {
                assert_eq!(done.code, 1, "{left} KiB left: {done:?}");
                assert!(
                    done.stderr.contains("hint: ") && !done.stderr.contains("internal error"),
                    "{done:?}"
                );
                let names_it =
                    done.stderr.contains("no space left on the disk") && done.stderr.contains("free space");
                assert!(names_it || !narrow.is_mounted, "{left} KiB left: {done:?}");
                refused += 1;
            }
        }
        narrow.free();
        narrow.home.run(&["run", "undo", "1"]).ok();
        narrow.home.run(&["indicator", "remove", "a.example"]);
        narrow.home.configure(&["--reset", "timeout"]).ok();
        let [run, _, integration] = state(&narrow.home);
        let timeless = |text: &str| crate::shapes::timeless(text);
        assert_eq!((&run, timeless(&integration)), (&before[0], timeless(&before[2])), "{left} KiB left");
    }
    assert!(refused >= 6, "it was full: {refused}");
    // It works again, with the stored secret.
    narrow.home.run(&["query", HOST, "--fresh", "--add", "all"]).ok();
    let login = provider.requests().pop().unwrap().header("authorization").map(str::to_owned);
    assert_eq!(login.as_deref(), Some("Basic dXNlcjpodW50ZXIy"));
    let left: Vec<_> = narrow.home.octets().into_iter().map(|(path, _)| path).collect();
    assert!(left.iter().all(|path| !path.to_string_lossy().contains("run-")), "{left:?}");
}

/// A home that cannot be written to, and how a command is run in it.
struct Sealed {
    narrow: Narrow,
    as_nobody: bool,
}

impl Sealed {
    fn new(narrow: Narrow) -> Self {
        let kept = narrow.home.kept().display().to_string();
        if narrow.is_mounted {
            assert!(succeeds("mount", &["-o", "remount,ro", &kept]));
            return Self { narrow, as_nobody: false };
        }
        fs::set_permissions(narrow.home.path("."), fs::Permissions::from_mode(0o755)).unwrap();
        for (path, _) in narrow.home.octets() {
            fs::set_permissions(path, fs::Permissions::from_mode(0o444)).unwrap();
        }
        fs::set_permissions(&kept, fs::Permissions::from_mode(0o555)).unwrap();
        // Permissions do not restrict root, so another user runs the commands in that case.
        let as_nobody = File::create(narrow.home.kept().join("probe")).is_ok();
        let _ = fs::remove_file(narrow.home.kept().join("probe"));
        assert!(
            !as_nobody || succeeds("setpriv", &["--reuid", "65534", "--clear-groups", "true"]),
            "this test needs the right to mount, to be somebody else, or not to be root"
        );
        Self { narrow, as_nobody }
    }

    fn run(&self, arguments: &[&str]) -> Done {
        let plain = self.narrow.home.command(arguments);
        if !self.as_nobody {
            return self.narrow.home.run(arguments);
        }
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid", "65534", "--clear-groups"])
            .arg(plain.get_program())
            .args(arguments)
            .env_clear();
        command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        Done::of(&command.current_dir(self.narrow.home.path(".")).output().unwrap())
    }
}

impl Drop for Sealed {
    fn drop(&mut self) {
        let _ = fs::set_permissions(self.narrow.home.kept(), fs::Permissions::from_mode(0o700));
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_said_and_stays_as_it_is() {
    let provider = Provider::answering(line(HOST, "192.0.2.1", 3));
    let narrow = Narrow::new();
    let home = &narrow.home;
    home.run(&["integration", "install", NEWEST]).ok();
    home.point_at(provider.address);
    home.run(&["integration", "enable", NAME]).ok();
    home.run(&["query", HOST]).ok();
    home.run(&["query", "b.example", "--add", "all"]).ok();
    let before = home.octets();
    let sealed = Sealed::new(narrow);
    for arguments in [
        &["query", HOST][..],
        &["query", HOST, "--fresh"],
        &["run", "add", "1"],
        &["run", "undo", "2"],
        &["indicator", "add", "c.example"],
        &["integration", "disable", NAME],
        &["key", "rotate"],
    ] {
        sealed.run(arguments).says(1, &["cannot be written", "check the folder's owner and permissions"]);
    }
    // On a read-only file system, the data can still be read.
    if !sealed.as_nobody {
        for arguments in [
            &["indicator", "list"][..],
            &["indicator", "show", "b.example"],
            &["run", "list"],
            &["run", "show", "1"],
            &["integration", "show", NAME],
            &["audit"],
            &["db", "verify"],
            &["backup", "copy"],
        ] {
            sealed.run(arguments).ok();
        }
    }
    assert_eq!((provider.asked(), sealed.narrow.home.octets()), (2, before));
}
