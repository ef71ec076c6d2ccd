//! `backsight demo`: what a newcomer sees first.

use crate::harness::Home;

/// The demo's output, with what differs from run to run and machine to machine put away.
fn demo(values: &[&str], columns: &str) -> String {
    let done = Home::empty().run(["demo"]).args(values).env("COLUMNS", columns).env("USER", "ann").done();
    let text = done.quiet().replace(env!("CARGO_BIN_EXE_backsight"), "backsight");
    let port = text.split("port ").nth(1).unwrap().split(',').next().unwrap().to_owned();
    let today = text.split("Installed ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    let is_now = |line: &&str| line.contains(&today);
    let text = text.replace(&port, "PORT");
    text.lines()
        .map(|line| if is_now(&line) { times_away(line, &today) } else { line.to_owned() + "\n" })
        .collect()
}

/// The line with `TIME` for each time of this day, as wide as a time.
fn times_away(line: &str, today: &str) -> String {
    let mut parts = line.split(today);
    let mut text = parts.next().unwrap().to_owned();
    for part in parts {
        // What follows the date is " hh:mm:ss".
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
        .skip_while(|line| !line.starts_with("Next,"))
        .filter(|line| line.starts_with("   "))
        .map(|line| line.split_whitespace().skip(1).collect())
        .collect();
    let [other, serve, install, configure, enable, query, secret] = &steps[..] else { panic!("{steps:#?}") };
    let other = home.run(other).done().quiet();
    assert!(other.contains("192.0.2.80 (IP Address): "), "{other}");
    assert_eq!(serve, &["serve", "--sample"]);
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
    let done = Home::empty().run(["demo", "a b", "www.threatq.com"]).done();
    done.says(1, &["a b: not asked: not a domain name or IP address", "hint: "]);
    assert!(done.stdout.contains("www.threatq.com (FQDN): 1 record, complete"), "{}", done.stdout);
}

#[test]
fn the_demo_leaves_nothing_behind() {
    let (home, places) = (Home::empty(), Home::empty());
    let run = home.run(["demo", "www.threatq.com"]).env("TMPDIR", places.path(""));
    assert!(run.done().quiet().contains("$ backsight run add 1"));
    assert_eq!(std::fs::read_dir(places.path("")).unwrap().count(), 0);
    assert!(!home.path("kept").exists());
}
