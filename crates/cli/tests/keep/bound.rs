//! Stored secrets are bound to their destination: whatever changes it, no other host receives the token.

use testkit::{Exchange, Script, ScriptedProvider};
use tokio::runtime::Runtime;

use crate::home::{Done, Home, NAME};

const RECORD: &str = r#"{"rrname":"a.example","rrtype":"A","rdata":"192.0.2.1","time_first":1500000001,"time_last":1500000002}"#;

/// A home whose operation is enabled and has a token for a provider on this machine.
struct Bound {
    home: Home,
    provider: ScriptedProvider,
    port: u16,
    _runtime: Runtime,
}

impl Bound {
    fn new() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let provider = ScriptedProvider::new(Script::always(Exchange::ok(RECORD)));
        let port = runtime.block_on(provider.listen()).unwrap().port();
        let home = Home::with_the_guides();
        home.configure(&["host=127.0.0.1", &format!("port={port}"), "use_http=on"]).ok();
        home.give("user:hunter2").ok();
        home.run(&["integration", "enable", NAME]).ok();
        Self { home, provider, port, _runtime: runtime }
    }

    fn query(&self, more: &[&str]) -> Done {
        self.home.run(&[&["query", "a.example", "--fresh"], more].concat())
    }

    fn asked(&self) -> usize {
        self.provider.requests().len()
    }
}

#[test]
fn the_token_goes_to_where_it_was_given_for() {
    let bound = Bound::new();
    bound.query(&[]).ok();
    assert!(bound.provider.requests()[0].header("authorization").is_some());
}

#[test]
fn a_setting_of_one_run_does_not_lead_it_elsewhere() {
    let bound = Bound::new();
    let other = (bound.port ^ 1).to_string();
    for (set, words) in [
        ("host=localhost".to_owned(), "the host is now localhost"),
        (format!("port={other}"), "the port is now"),
    ] {
        bound.query(&["--set", &set]).says(
            2,
            &[words, "was entered for http://127.0.0.1", "integration configure", "--secret user_token"],
        );
    }
    assert_eq!(bound.asked(), 0);
    // A secret for a single run is sent to the destination of that run.
    let mut command = bound.home.command(&["query", "a.example", "--fresh", "--set", "host=localhost"]);
    Done::of(&command.env("BACKSIGHT_SECRET_USER_TOKEN", "user:other").output().unwrap()).ok();
    let sent = bound.provider.requests();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].header("authorization"), Some("Basic dXNlcjpvdGhlcg=="));
}

#[test]
fn tls_or_its_verification_turned_off_or_a_proxy_asks_for_it_again() {
    let home = Home::new();
    home.run(&["integration", "install", "circl-passive-dns@1.1.0"]).ok();
    home.give("user:hunter2").ok();
    home.run(&["integration", "enable", NAME]).ok();
    for (set, words) in [
        ("use_http=on", "Use HTTP is now on"),
        ("verify_ssl=off", "Verify SSL is now off"),
        ("proxy=http://127.0.0.1:9", "the proxy is now http://127.0.0.1:9"),
    ] {
        home.run(&["query", "a.example", "--fresh", "--set", set]).says(2, &[words]);
        // The same with a setting: nothing is stored, because the enabled operation could no longer run.
        let before = home.show();
        home.configure(&[set]).says(2, &[words, "--reset user_token"]);
        assert_eq!(home.show(), before);
    }
    // A token in the same command is accepted for the new host.
    let mut command =
        home.command(&["integration", "configure", NAME, "verify_ssl=off", "--secret", "user_token"]);
    Done::of(&command.env("BACKSIGHT_SECRET_USER_TOKEN", "user:hunter2").output().unwrap()).ok();
    assert!(home.run(&["integration", "show", NAME]).ok().contains("(set)"));
    // Turning verification on needs no new token.
    home.configure(&["verify_ssl=on"]).ok();
}

#[test]
fn another_version_with_another_default_host_never_gets_it_until_it_is_given_again() {
    let bound = Bound::new();
    let home = Home::new();
    let (host, port) = ("default = \"www.circl.lu\"", bound.port);
    let with = |name: &str, version: &str, at: &str| {
        home.package(
            name,
            &[
                ("version = \"1.0.0\"", &format!("version = \"{version}\"")),
                (host, &format!("default = \"{at}\"")),
            ],
        )
    };
    home.run(&["integration", "install", &with("old.toml", "1.0.0", "127.0.0.1")]).ok();
    home.configure(&[&format!("port={port}"), "use_http=on"]).ok();
    home.give("user:hunter2").ok();
    home.run(&["integration", "enable", NAME]).ok();
    for (name, version) in [("new.toml", "9.0.0"), ("older.toml", "0.9.0")] {
        let file = with(name, version, "localhost");
        let said = home.run(&["integration", "install", &file, "--yes"]).ok();
        assert!(said.contains("DISABLED") && said.contains("User Token (user_token) again"), "{said}");
        home.run(&["integration", "enable", NAME]).says(2, &["the host is now localhost"]);
        home.run(&["integration", "test", NAME]).says(2, &["the host is now localhost"]);
        home.run(&["query", "a.example"]).says(2, &[]);
        let shown = home.run(&["integration", "show", NAME]).ok();
        assert!(shown.contains("set for another destination"), "{shown}");
        assert_eq!(bound.asked(), 0);
        home.run(&["integration", "install", "old.toml", "--yes"]).ok();
        home.run(&["integration", "enable", NAME]).ok();
    }
    home.run(&["integration", "install", "new.toml", "--yes"]).ok();
    home.give("user:again").ok();
    home.run(&["integration", "enable", NAME]).ok();
    home.run(&["query", "a.example", "--fresh"]).ok();
    assert_eq!(bound.provider.requests()[0].header("authorization"), Some("Basic dXNlcjphZ2Fpbg=="));
}
