//! The page of collectors, while they receive.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;

use fantoccini::Locator;
use testkit::dnstap;

use crate::browser::{browse, in_browser};
use crate::program::Program;
use crate::views;

/// A folder with a configuration of four collectors: one cannot work, and one forwards to a server that is away.
fn place() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (tap, log, used) = (path("tap"), path("dns.log"), path("no socket"));
    std::fs::write(&log, "").unwrap();
    std::fs::write(&used, "").unwrap();
    let configuration = format!(
        "[[collect]]\nname = \"vienna-1\"\ndnstap_unix = \"{tap}\"\n\
         [[collect]]\nname = \"office\"\nfile = \"{log}\"\n\
         [[collect]]\nname = \"munich\"\ndnstap_unix = \"{used}\"\n\
         [[collect]]\nname = \"far\"\ndnstap_unix = \"{far}\"\nto = \"http://127.0.0.1:1/{prefix}\"\ntoken_file = \"{token}\"\n",
        far = path("far"),
        prefix = "a-long-prefix".repeat(6),
        token = path("token"),
    );
    std::fs::write(path("token"), "bsk_token").unwrap();
    std::fs::set_permissions(path("token"), std::fs::Permissions::from_mode(0o600)).unwrap();
    let file = path("backsight.toml");
    std::fs::write(&file, configuration).unwrap();
    (folder, file)
}

fn now() -> u32 {
    u32::try_from(cof::time::Clock::system().seconds()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_move_while_the_page_is_open() {
    let (folder, file) = place();
    let program = Program::serve(["--config", &file]);
    browse(&program, async |browser| {
        browser.becomes("ann", &program).await;
        browser.press("Sensors").await;
        browser.is_at("/sensors").await;
        browser.sees("for a sender").await;
        browser.sees("this exists and is not a socket").await;
        let mut sender = UnixStream::connect(folder.path().join("tap")).unwrap();
        sender.write_all(&dnstap::start()).unwrap();
        for at in 0..7 {
            let frames = dnstap::response(&format!("n{at}.example"), [185, 194, 93, 1], now());
            sender.write_all(&frames).unwrap();
        }
        browser.sees("from 1 sender").await;
        browser.click(Locator::Css("#missing-2")).await;
        let line =
            format!("{}.000000||203.0.113.7||203.0.113.53||IN||a.example.||A||185.194.93.1||300||1\n", now());
        std::fs::write(folder.path().join("dns.log"), line.clone() + "nothing||of a line\n" + &line).unwrap();
        browser.sees("Following").await;
        // The reasons stay open while the figures change.
        browser.sees("1 rejected: a line that cannot be read").await;
        browser.sees("a passivedns log").await;
        let mut sender = UnixStream::connect(folder.path().join("far")).unwrap();
        let frame = dnstap::response("far.example", [185, 194, 93, 1], now());
        sender.write_all(&[dnstap::start(), frame].concat()).unwrap();
        browser.sees("0 sent, 1 waiting").await;
        browser.sees("cannot connect to 127.0.0.1 port 1").await;
        views::is_seen(browser, "sensors-receiving", true).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn collectors_are_seen_without_script() {
    let (_folder, file) = place();
    let program = Program::serve(["--config", &file]);
    in_browser(&program, false, async |browser| {
        browser.becomes("ann", &program).await;
        browser.go("/sensors").await;
        browser.sees("for the file to have content").await;
        browser.sees("vienna-1").await;
    })
    .await;
}
