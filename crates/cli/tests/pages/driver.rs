//! Chromium's driver in its own process group: everything that it started is ended with it, whatever the result of the test.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;

use fantoccini::wd::Capabilities;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::PATIENCE;

/// A driver on a free port; the browser's profile is removed with it.
pub(crate) struct Driver {
    child: Child,
    /// Its address.
    pub(crate) address: String,
    place: TempDir,
}

impl Driver {
    /// chromedriver uses the same port for IPv4 and IPv6, and ends if the port that it found for IPv4 is in use for IPv6.
    pub(crate) fn new() -> Self {
        let started = (0..5).find_map(|_| Self::start());
        started.expect("chromedriver says its port")
    }

    /// `None` if it ended before it had a port.
    fn start() -> Option<Self> {
        let place = tempfile::Builder::new().prefix("backsight-browser-").tempdir().unwrap();
        let mut command = Command::new("chromedriver");
        command.arg("--port=0").env("HOME", place.path()).env("TMPDIR", place.path()).process_group(0);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap_or_else(|error| {
            panic!("chromedriver does not start ({error}): `cargo xtask test` installs it")
        });
        let (send, receive) = channel();
        let said = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || {
            for line in said.lines().map_while(Result::ok) {
                if let Some(port) = line.strip_prefix("ChromeDriver was started successfully on port ") {
                    let _ = send.send(port.trim_end_matches('.').to_owned());
                }
            }
        });
        let mut driver = Self { child, address: String::new(), place };
        let port = receive.recv_timeout(PATIENCE).ok()?;
        driver.address = format!("http://127.0.0.1:{port}");
        Some(driver)
    }

    /// The properties of the browser: without a window, and without connections to other hosts.
    pub(crate) fn wishes(&self, script: bool) -> Capabilities {
        let profile = format!("--user-data-dir={}", self.place.path().join("profile").display());
        let mut arguments = vec![
            profile.as_str(),
            "--headless=new",
            "--window-size=1440,1000",
            "--force-device-scale-factor=1",
            "--hide-scrollbars",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
        ];
        if is_root() {
            arguments.push("--no-sandbox");
        }
        let settings = if script {
            json!({})
        } else {
            json!({ "profile.managed_default_content_settings.javascript": 2 })
        };
        let wishes = json!({
            "browserName": "chrome",
            "goog:loggingPrefs": { "browser": "ALL" },
            "goog:chromeOptions": { "args": arguments, "prefs": settings },
        });
        let Value::Object(wishes) = wishes else { unreachable!("it is written as an object") };
        wishes
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // The browser is in the driver's group, so it is ended too.
        let group = format!("-{}", self.child.id());
        drop(Command::new("kill").args(["-s", "KILL", "--", &group]).status());
        drop((self.child.kill(), self.child.wait()));
    }
}

/// Chromium's sandbox does not work for root.
fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|id| id.stdout.trim_ascii() == b"0")
}
