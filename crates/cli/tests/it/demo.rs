//! `backsight demo`, the first thing that a new user sees.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command};

use crate::harness::{Home, get};

/// The demo's output, without what differs between runs and machines.
fn demo(values: &[&str], columns: &str) -> String {
    let done =
        Home::empty().run(["demo", "--once"]).args(values).env("COLUMNS", columns).env("USER", "ann").done();
    let text = done.quiet().replace(env!("CARGO_BIN_EXE_backsight"), "backsight");
    let port = text.split("port ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    let today = text.split("Installed ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    let is_now = |line: &&str| line.contains(&today);
    let text = text.replace(&port, "PORT");
    text.lines()
        .map(|line| if is_now(&line) { times_away(line, &today) } else { line.to_owned() + "\n" })
        .collect()
}

/// The line with `TIME` in place of each time of this day, with the same width.
fn times_away(line: &str, today: &str) -> String {
    let mut parts = line.split(today);
    let mut text = parts.next().unwrap().to_owned();
    for part in parts {
        // The date is followed by " hh:mm:ss".
        text.push_str("TIME               ");
        text.push_str(part.get(9..).unwrap());
    }
    text + "\n"
}

#[test]
fn the_demo_shows_the_whole_way() {
    insta::assert_snapshot!("demo", demo(&[], "120"));
}

#[test]
fn the_demo_takes_other_values() {
    insta::assert_snapshot!("demo_other", demo(&["cdn.example.net", "nothing.example"], "80"));
}

#[test]
fn its_own_next_steps_work() {
    let home = Home::empty();
    let shown = demo(&[], "120");
    let steps: Vec<Vec<&str>> = shown
        .lines()
        .skip_while(|line| !line.starts_with("Try it yourself"))
        .filter(|line| line.starts_with("   "))
        .map(|line| line.split_whitespace().skip(1).collect())
        .collect();
    let [other, serve, install, configure, enable, query, secret] = &steps[..] else { panic!("{steps:#?}") };
    let other = home.run(other).done().quiet();
    assert!(other.contains("192.0.2.80 (IP Address): "), "{other}");
    assert_eq!(serve, &["serve", "--anonymous", "--sample"]);
    let server = crate::harness::Serve::new(&home, ["--sample"]);
    let port = format!("port={}", server.address.port());
    home.run(install).done().says(0, &[]);
    let words = configure.iter().map(|word| if word.starts_with("port=") { port.as_str() } else { word });
    home.run(words).done().says(0, &[]);
    home.run(enable).done().says(0, &[]);
    assert!(home.run(query).done().quiet().starts_with("www.threatq.com (FQDN): 1 record, complete\n"));
    home.run(secret).stdin("user:password\n").done().says(0, &[]);
}

#[test]
fn the_demo_refuses_what_is_no_indicator_and_goes_on() {
    let done = Home::empty().run(["demo", "--once", "a b", "www.threatq.com"]).done();
    done.says(1, &["a b: not queried: no domain name, IP address or URL in it", "hint: "]);
    assert!(done.stdout.contains("www.threatq.com (FQDN): 1 record, complete"), "{}", done.stdout);
}

#[test]
fn the_demo_leaves_nothing_behind() {
    let (home, places) = (Home::empty(), Home::empty());
    let run = home.run(["demo", "--once", "www.threatq.com"]).env("TMPDIR", places.path(""));
    assert!(run.done().quiet().contains("$ backsight run add 1"));
    assert_eq!(std::fs::read_dir(places.path("")).unwrap().count(), 0);
    assert!(!home.path("kept").exists());
}

/// `backsight demo` until it is dropped, with the address and the token that it printed.
struct Live {
    child: Child,
    address: SocketAddr,
    token: String,
}

impl Live {
    fn new(home: &Home) -> Self {
        let mut child = home.run(["demo"]).env("TMPDIR", home.path("places")).start();
        // It prints everything at once, and then nothing more.
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let link = lines.map(|line| line.trim().to_owned()).find(|line| line.contains("/welcome?token="));
        let link = link.unwrap_or_else(|| panic!("{:?}", child.wait()));
        let (address, token) = link.strip_prefix("http://").unwrap().split_once("/welcome?token=").unwrap();
        Self { child, address: address.parse().unwrap(), token: token.to_owned() }
    }

    /// Head and body of the answer to the form of the link.
    fn sign_in(&self) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let form = format!("token={}", self.token);
        let head = format!(
            "POST /welcome HTTP/1.1\r\nhost: {}\r\nsec-fetch-site: same-origin\r\nconnection: close\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
            self.address,
            form.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Presses Ctrl-C, and returns the exit code.
    fn interrupt(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", "INT", &pid]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        drop((self.child.kill(), self.child.wait()));
    }
}

#[test]
fn the_demo_opens_the_workbench_by_a_link_that_works_once() {
    let home = Home::empty();
    std::fs::create_dir(home.path("places")).unwrap();
    let demo = Live::new(&home);
    let path = format!("/welcome?token={}", demo.token);
    // Opening the page does not use up the link.
    for _ in 0..2 {
        let (status, page) = get(demo.address, &path, &[]);
        assert!(status == 200 && page.contains("signs you in as demo, once"), "{page}");
    }
    let welcome = demo.sign_in();
    assert!(welcome.starts_with("HTTP/1.1 303 ") && welcome.contains("location: /library\r\n"), "{welcome}");
    let cookie = welcome.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    let cookie = format!("cookie: {}", cookie.split(';').next().unwrap());
    let (status, page) = get(demo.address, "/library", &[&cookie]);
    assert!(status == 200 && page.contains("www.threatq.com"), "{page}");
    let integrations = get(demo.address, "/integrations?tab=enabled", &[&cookie]).1;
    assert!(integrations.contains("CIRCL Passive DNS"), "{integrations}");
    assert!(demo.sign_in().starts_with("HTTP/1.1 404 "));
    assert_eq!(get(demo.address, &path, &[]).0, 404);
    assert_eq!(get(demo.address, "/pdns/query/www.threatq.com", &[]).1.lines().count(), 1);
    assert_eq!(std::fs::read_dir(home.path("places")).unwrap().count(), 1);
    assert_eq!(demo.interrupt(), Some(0));
    assert_eq!(std::fs::read_dir(home.path("places")).unwrap().count(), 0, "something was left behind");
    assert!(!home.path("kept").exists());
}

#[test]
fn the_demo_takes_values_only_to_print_and_listens_only_here() {
    let home = Home::empty();
    home.run(["demo", "www.threatq.com"]).done().says(2, &["--once"]);
    home.run(["demo", "--once", "--listen", "127.0.0.1:0"]).done().says(2, &["cannot be used with"]);
    let elsewhere = home.run(["demo", "--listen", "0.0.0.0:0"]).done();
    elsewhere.says(2, &["can be reached from other machines", "hint: the demonstration is for this machine"]);
}
