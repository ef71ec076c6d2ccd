//! Running as a service: readiness is reported, the configuration needs no options, and root is refused.

use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use crate::harness::{Home, Serve, get};

/// A user number that is unused on any machine that we know.
const SOMEBODY: u32 = 64_998;

#[test]
fn the_service_manager_is_told_when_it_answers() {
    let home = Home::new();
    let manager = UnixDatagram::bind(home.path("notify")).unwrap();
    manager.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    let run = home.run(["serve", "--sample", "--anonymous", "--listen", "127.0.0.1:0"]);
    let server = Serve::of(run.env("NOTIFY_SOCKET", home.path("notify")));
    let mut told = [0; 64];
    let length = manager.recv(&mut told).unwrap();
    assert_eq!(&told[..length], b"READY=1\n");
    assert_eq!(get(server.address, "/healthz", &[]).0, 200);
}

#[test]
fn a_manager_that_is_not_there_ends_nothing() {
    let home = Home::new();
    let run = home.run(["serve", "--sample", "--anonymous", "--listen", "127.0.0.1:0"]);
    let server = Serve::of(run.env("NOTIFY_SOCKET", home.path("nobody")));
    assert_eq!(get(server.address, "/healthz", &[]).0, 200);
}

#[test]
fn a_proxy_and_names_are_settings_too() {
    let home = Home::empty();
    let file =
        home.file("own.toml", "[serve]\nbehind_proxy = true\nhostname = \"pdns.example.org, p.example\"\n");
    let run = home.run(["serve", "--sample", "--listen", "0.0.0.0:0", "--config"]).args([&file]);
    let server = Serve::of(run.env("BACKSIGHT_SECRET_TOKEN", "tr0ub4dor"));
    let local = ([127, 0, 0, 1], server.address.port()).into();
    for (host, status) in [("pdns.example.org", 200), ("p.example", 200), ("other.example", 421)] {
        let mut stream = std::net::TcpStream::connect::<std::net::SocketAddr>(local).unwrap();
        let head = format!("GET /signin HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        std::io::Write::write_all(&mut stream, head.as_bytes()).unwrap();
        let answer = std::io::read_to_string(stream).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{host}: {answer}");
    }
    let run = home.run(["serve", "--anonymous", "--config"]).args([&file]);
    run.done().says(2, &["--anonymous cannot be used with serve.behind_proxy", "hint: "]);
}

#[test]
fn root_does_not_write_into_the_folder_of_a_service() {
    let home = Home::new();
    let kept = home.path("kept");
    home.run(["token", "list"]).done().says(0, &[]);
    if std::fs::metadata(&kept).unwrap().uid() != 0 {
        // This test does not run as root, so the folder belongs to the same user.
        return;
    }
    chown(&kept, Some(SOMEBODY), Some(SOMEBODY)).unwrap();
    let words = ["belongs to user 64998", "hint: run the command as user 64998: setpriv --reuid=64998"];
    for command in
        [&["token", "list"][..], &["import", "-"], &["serve"], &["db", "stats"], &["key", "rotate"]]
    {
        home.run(command).done().says(2, &words);
    }
    assert!(!home.path("kept/pdns").exists());
}
