//! `backsight demo`: what a newcomer sees first.

use crate::harness::Home;

/// The demo's output, with what differs from run to run and machine to machine put away.
fn demo(values: &[&str], columns: &str) -> String {
    let done = Home::new().run(["demo"]).args(values).env("COLUMNS", columns).done();
    let text = done.quiet().replace(env!("CARGO_BIN_EXE_backsight"), "backsight");
    let port = text.split("port ").nth(1).unwrap().split(',').next().unwrap().to_owned();
    text.replace(&port, "PORT")
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
    let home = Home::new();
    let shown = demo(&[], "120");
    let next = shown.lines().find(|line| line.contains(" demo ")).unwrap();
    let arguments = next.split_whitespace().skip(1);
    assert!(home.run(arguments).done().quiet().contains("192.0.2.80 (IP Address): "), "{next}");
    let server = crate::harness::Serve::new(&home, ["--sample"]);
    let query = shown.lines().find(|line| line.contains(" query ")).unwrap();
    let query = query.replace("8053", &server.address.port().to_string());
    let done = home.run(query.split_whitespace().skip(1)).done();
    assert!(done.quiet().starts_with("www.threatq.com (FQDN): 1 record, complete\n"), "{query}");
}

#[test]
fn the_demo_refuses_what_is_no_indicator_and_goes_on() {
    let done = Home::new().run(["demo", "a b", "www.threatq.com"]).done();
    done.says(1, &["a b: not asked: not a domain name or IP address", "hint: "]);
    assert!(done.stdout.contains("www.threatq.com (FQDN): 1 record, complete"), "{}", done.stdout);
}
