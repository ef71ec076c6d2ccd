//! Secrets: where they may come from, how they are sent, and that they are never shown.

use std::os::unix::ffi::OsStringExt;

use crate::harness::{Home, Provider, Run, line};

const SECRET: &str = "tr0ub4dor";

fn provider() -> Provider {
    Provider::with(line("www.example.com", "A", "192.0.2.1", 1_500_000_001, 1_500_000_002, 3))
}

fn authorization(provider: &Provider) -> Option<String> {
    provider.requests().last().unwrap().header("authorization").map(str::to_owned)
}

#[test]
fn the_token_is_sent_as_it_is_meant() {
    let provider = provider();
    let homes = [Home::of_the_guide(), Home::new()];
    for (token, header) in [
        ("user:tr0ub4dor", "Basic dXNlcjp0cjB1YjRkb3I="),
        ("Bearer tr0ub4dor", "Bearer tr0ub4dor"),
        ("Basic dXNlcjp0cjB1YjRkb3I=", "Basic dXNlcjp0cjB1YjRkb3I="),
        ("tr0ub4dor", "tr0ub4dor"),
    ] {
        for home in &homes {
            let run = home.query(provider.address, ["www.example.com", "--fresh"]);
            let text = run.env("BACKSIGHT_SECRET_USER_TOKEN", token).done().quiet();
            assert_eq!(authorization(&provider).as_deref(), Some(header));
            assert!(!text.contains(SECRET), "{text}");
        }
    }
    Home::new().query(provider.address, ["www.example.com"]).done().quiet();
    assert_eq!(authorization(&provider), None);
}

#[test]
fn user_name_and_password_go_together() {
    let (home, provider) = (Home::new(), provider());
    let run = home.query(provider.address, ["www.example.com"]).set("username=user");
    run.env("BACKSIGHT_SECRET_PASSWORD", SECRET).done().quiet();
    assert_eq!(authorization(&provider).as_deref(), Some("Basic dXNlcjp0cjB1YjRkb3I="));
}

#[test]
fn a_secret_comes_from_standard_input() {
    let (home, provider) = (Home::new(), provider());
    let run = home.query(provider.address, ["www.example.com", "--secret", "user_token"]);
    run.stdin("Bearer tr0ub4dor\n").done().quiet();
    assert_eq!(authorization(&provider).as_deref(), Some("Bearer tr0ub4dor"));
}

/// Fails unless this is refused as wrong usage, nothing is sent and the secret is not shown.
#[track_caller]
fn refused(run: Run, provider: &Provider, words: &[&str]) {
    let done = run.done();
    done.says(2, words);
    assert!(!done.stderr.contains(SECRET) && !done.stdout.contains(SECRET), "{done:#?}");
    assert!(provider.requests().is_empty(), "nothing was sent");
}

#[test]
fn a_secret_on_the_command_line_is_refused() {
    let (home, provider) = (Home::new(), provider());
    let run = home.query(provider.address, ["www.example.com", "--set", "user_token=user:tr0ub4dor"]);
    refused(
        run,
        &provider,
        &["user_token is a secret", "BACKSIGHT_SECRET_USER_TOKEN", "--secret user_token"],
    );
}

#[test]
fn a_secret_that_was_not_given_is_not_no_secret() {
    let (home, provider) = (Home::new(), provider());
    let run = home.query(provider.address, ["www.example.com", "--secret", "user_token"]);
    refused(run, &provider, &["User Token: no secret given", "hint: "]);
}

#[test]
fn a_secret_for_nothing_is_refused_before_it_is_read() {
    let (home, provider) = (Home::new(), provider());
    let asked = |key| home.query(provider.address, ["www.example.com", "--secret", key]).stdin(SECRET);
    refused(asked("colour"), &provider, &["no parameter \"colour\""]);
    refused(asked("host"), &provider, &["is not a secret", "--set"]);
    refused(asked("user_token").args(["--rrtype", "A B"]), &provider, &["--rrtype"]);
    refused(asked("user_token").args(["--at", "then"]), &provider, &["--at"]);
}

#[test]
fn standard_input_holds_values_or_a_secret() {
    let (home, provider) = (Home::new(), provider());
    let run = home.query(provider.address, ["-f", "-", "--secret", "user_token"]).stdin("www.example.com\n");
    refused(run, &provider, &["standard input already contains the values", "BACKSIGHT_SECRET_USER_TOKEN"]);
}

#[test]
fn a_secret_that_no_header_can_hold_is_refused() {
    let (home, provider) = (Home::new(), provider());
    let with = |secret: Vec<u8>| {
        let run = home.query(provider.address, ["www.example.com"]);
        run.env("BACKSIGHT_SECRET_USER_TOKEN", std::ffi::OsString::from_vec(secret))
    };
    refused(with(b"tr0ub4dor\nx".to_vec()), &provider, &["User Token"]);
    refused(with(b"tr0ub4dor\xff".to_vec()), &provider, &["BACKSIGHT_SECRET_USER_TOKEN", "UTF-8"]);
    refused(with("a".repeat(5_000).into()), &provider, &["User Token", "4096"]);
}

#[test]
fn no_failure_shows_a_secret() {
    let home = Home::new();
    for fault in [testkit::answer::unauthorized(), testkit::answer::forbidden(), testkit::answer::html_page()]
    {
        let provider = Provider::new(testkit::Script::always(fault));
        for format in ["table", "json", "csv", "cof"] {
            let run = home.query(provider.address, ["www.example.com", "--format", format]);
            let done = run.env("BACKSIGHT_SECRET_USER_TOKEN", "user:tr0ub4dor").done();
            let shown = format!("{done:?}");
            assert!(
                done.code != 0 && !shown.contains(SECRET) && !shown.contains("dXNlcjp0cjB1YjRkb3I"),
                "{shown}"
            );
        }
    }
}

#[test]
fn a_login_is_not_sent_to_the_guides_host() {
    // There is no such host; the code that creates the header has its own test.
    let home = Home::new();
    let run = home.run(["query", "x.example"]).set("host=global.cloud.circl.com");
    run.env("BACKSIGHT_SECRET_USER_TOKEN", "user:tr0ub4dor").done().says(1, &["No login is sent to it."]);
}
