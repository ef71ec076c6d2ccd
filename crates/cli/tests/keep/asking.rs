//! `query` with the operation as it is installed: its settings, its secrets, and only while it is enabled.

use testkit::{Exchange, Script, ScriptedProvider};

use crate::home::{Done, Home, NAME};

const RECORD: &str = r#"{"rrname":"example.com","rrtype":"A","rdata":"192.0.2.1","time_first":1500000000,"time_last":1600000000}"#;

/// A home whose operation is configured for a provider, which answers with one record.
fn configured() -> (Home, ScriptedProvider, tokio::runtime::Runtime) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let provider = ScriptedProvider::new(Script::always(Exchange::ok(RECORD)));
    let address = runtime.block_on(provider.listen()).unwrap();
    let home = Home::with_the_guides();
    home.configure(&["host=127.0.0.1", &format!("port={}", address.port()), "use_http=on"]).ok();
    home.give("user:hunter2").ok();
    (home, provider, runtime)
}

fn query(home: &Home, more: &[&str]) -> Done {
    home.run(&[&["query", "example.com", "--format", "json"], more].concat())
}

#[test]
fn an_enabled_operation_is_asked_with_its_settings_and_secrets() {
    let (home, provider, _runtime) = configured();
    home.run(&["integration", "enable", NAME]).ok();
    let answer = query(&home, &[]).ok();
    assert!(answer.contains("\"operation\":\"circl-passive-dns@1.0.0\"") && answer.contains("192.0.2.1"));
    let requests = provider.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].header("authorization"), Some("Basic dXNlcjpodW50ZXIy"));
}

#[test]
fn a_disabled_operation_is_not_asked_and_says_how_to_get_there() {
    let (home, provider, _runtime) = configured();
    query(&home, &[]).says(2, &["circl-passive-dns 1.0.0 is installed and disabled", "integration enable"]);
    home.run(&["integration", "enable", NAME]).ok();
    home.run(&["integration", "disable", NAME]).ok();
    query(&home, &[]).says(2, &["is installed and disabled"]);
    assert_eq!(provider.requests().len(), 0);
}

#[test]
fn a_run_sets_its_own_over_what_is_configured() {
    let (home, provider, _runtime) = configured();
    home.run(&["integration", "enable", NAME]).ok();
    query(&home, &["--set", "port=1"]).says(1, &["port 1"]);
    assert_eq!(provider.requests().len(), 0);
}

#[test]
fn a_version_that_is_not_installed_is_not_asked() {
    let (home, provider, _runtime) = configured();
    home.run(&["integration", "enable", NAME]).ok();
    let words = ["installed in version 1.0.0, not 1.1.0", "integration install circl-passive-dns@1.1.0"];
    query(&home, &["--operation", "circl-passive-dns@1.1.0"]).says(2, &words);
    assert_eq!(provider.requests().len(), 0);
}
