//! `query` with the installed operation: its settings, its secrets, and only while it is enabled.

use crate::home::{Done, Home, NAME};
use crate::service::{Provider, line};

/// A home whose operation is configured for a provider that answers with one record.
fn configured() -> (Home, Provider) {
    let provider = Provider::answering(line("example.com", "192.0.2.1", 3));
    let home = Home::with_the_guides();
    home.point_at(provider.address);
    home.give("user:hunter2").ok();
    (home, provider)
}

fn query(home: &Home, more: &[&str]) -> Done {
    home.run(&[&["query", "example.com", "--format", "json"], more].concat())
}

#[test]
fn an_enabled_operation_is_asked_with_its_settings_and_secrets() {
    let (home, provider) = configured();
    home.run(&["integration", "enable", NAME]).ok();
    let answer = query(&home, &[]).ok();
    assert!(answer.contains("\"operation\":\"circl-passive-dns@1.0.0\"") && answer.contains("192.0.2.1"));
    let requests = provider.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].header("authorization"), Some("Basic dXNlcjpodW50ZXIy"));
}

#[test]
fn a_disabled_operation_is_not_asked_and_says_how_to_get_there() {
    let (home, provider) = configured();
    query(&home, &[]).says(2, &["circl-passive-dns 1.0.0 is installed but disabled", "integration enable"]);
    home.run(&["integration", "enable", NAME]).ok();
    home.run(&["integration", "disable", NAME]).ok();
    query(&home, &[]).says(2, &["is installed but disabled"]);
    assert_eq!(provider.requests().len(), 0);
}

#[test]
fn a_run_sets_its_own_over_what_is_configured() {
    let (home, provider) = configured();
    home.run(&["integration", "enable", NAME]).ok();
    home.configure(&["--reset", "user_token"]);
    query(&home, &["--set", "port=1"]).says(1, &["port 1"]);
    assert_eq!(provider.requests().len(), 0);
}

#[test]
fn a_version_that_is_not_installed_is_not_asked() {
    let (home, provider) = configured();
    home.run(&["integration", "enable", NAME]).ok();
    let words = ["installed as version 1.0.0, not 1.1.0", "integration install circl-passive-dns@1.1.0"];
    query(&home, &["--operation", "circl-passive-dns@1.1.0"]).says(2, &words);
    assert_eq!(provider.requests().len(), 0);
}
