//! Exit codes, and the hint at the end of every failure.

use testkit::certificate::{Authority, Validity};
use testkit::{ClosedPort, Exchange, Script, answer};

use crate::harness::{Done, Home, Provider, Run, Serve, line};

fn two_records() -> String {
    line("www.example.com", "A", "185.194.93.1", 1_500_000_001, 1_500_000_002, 3)
        + &line("www.example.com", "A", "185.194.93.2", 1_500_000_001, 1_500_000_002, 3)
}

fn asked(exchange: Exchange, format: &str) -> Done {
    let provider = Provider::new(Script::always(exchange));
    Home::new().query(provider.address, ["www.example.com", "--format", format]).done()
}

/// Fails unless every format ends with this code, these words, a hint and this many records.
#[track_caller]
fn ends(exchange: &Exchange, code: i32, words: &[&str], records: usize) {
    for format in ["table", "json", "cof", "csv"] {
        let done = asked(exchange.clone(), format);
        done.says(code, words).says(code, &["www.example.com: ", "  hint: "]);
        assert_eq!(
            done.stdout.matches("185.194.93.").count() / if format == "json" { 5 } else { 1 },
            records,
            "{done:#?}"
        );
    }
}

#[test]
fn a_refusal_is_4() {
    ends(&answer::unauthorized(), 4, &["401", "BACKSIGHT_SECRET_USER_TOKEN"], 0);
    ends(&answer::forbidden(), 4, &["403"], 0);
    ends(&answer::too_many_requests(None), 4, &["rate limit exceeded"], 0);
    ends(&answer::too_many_requests(Some("7200")), 4, &["rate limit exceeded", "7200 s"], 0);
    ends(&answer::rate_limit_as_text(), 4, &["rate limit exceeded"], 0);
}

#[test]
fn a_failure_is_1() {
    ends(&answer::html_page(), 1, &["not passive DNS data", "<!DOCTYPE html>"], 0);
    ends(&answer::redirect("http://other.example/"), 1, &["redirects to http://other.example/"], 0);
    ends(&answer::not_http(), 1, &["HTTP"], 0);
    ends(&answer::body_cut(two_records(), 10), 1, &["failed"], 0);
}

#[test]
fn an_incomplete_answer_is_3_and_what_came_is_printed() {
    let body = two_records();
    let inside = body.len() - 20;
    ends(&answer::body_cut(body.clone(), inside), 3, &["partial"], 1);
    ends(&answer::ends_in_record(body.clone(), inside), 3, &["partial", "ends inside a record"], 1);
    ends(&answer::length_too_long(body.clone(), 5), 3, &["partial"], 2);
    ends(&answer::over_the_limit(body, "www.example.com"), 3, &["truncated", "maxset"], 2);
}

#[test]
fn nothing_found_is_0() {
    for exchange in [answer::empty(), answer::no_content(), answer::not_found()] {
        let text = asked(exchange, "table").quiet();
        let said = "www.example.com (FQDN): nothing found with this name as owner; the answer is complete\n\
                    --by-data queries records with it in their data";
        assert_eq!(text.trim_end(), said);
    }
}

#[test]
fn an_incomplete_answer_never_looks_complete() {
    let text = asked(answer::body_cut(two_records(), 150), "table").stdout;
    assert!(text.starts_with("www.example.com (FQDN): at least 1 record, INCOMPLETE (partial)\n"), "{text}");
    let text = asked(answer::unauthorized(), "table").stdout;
    assert_eq!(text.trim_end(), "www.example.com (FQDN): no answer");
    let done = asked(answer::body_cut(two_records(), 150), "json");
    assert_eq!(done.json()[0]["completeness"]["state"], "partial");
    assert!(done.json()[0]["completeness"]["hint"].is_string());
}

#[tokio::test]
async fn nobody_there_is_1() {
    let port = ClosedPort::bind().unwrap();
    let home = Home::new();
    let refused = home.query(port.address(), ["www.example.com"]).done();
    refused.says(1, &["cannot connect to 127.0.0.1 port", "refused", "hint: check host, port"]);
    let run = home.run(["query", "www.example.com"]).set("host=does-not-exist.invalid");
    run.done().says(1, &["does-not-exist.invalid cannot be resolved", "hint: check the host"]);
}

/// A provider with TLS, and the file of the authority that issued its certificate.
fn with_tls(home: &Home, validity: Validity) -> (Provider, String) {
    let authority = Authority::new();
    let certificate = authority.issue("127.0.0.1", validity);
    let provider = Provider::with_tls(Script::always(Exchange::ok(two_records())), &certificate);
    (provider, home.file("authority.pem", authority.pem()).to_str().unwrap().to_owned())
}

#[test]
fn tls_is_checked_unless_switched_off() {
    let home = Home::new();
    let (provider, authority) = with_tls(&home, Validity::Valid);
    let run = |set: &[&str]| {
        let run = home.query(provider.address, ["www.example.com", "--set", "use_http=off"]);
        set.iter().fold(run, Run::set).done()
    };
    run(&[]).says(1, &["signed by an unknown issuer", "hint: ", "ca_file", "Verify SSL"]);
    assert!(provider.requests().is_empty(), "nothing was sent to a stranger");
    assert!(run(&[&format!("ca_file={authority}")]).quiet().contains("2 records, complete"));
    run(&["verify_ssl=off"]).says(0, &["warning: Verify SSL is off"]);
}

#[test]
fn an_expired_certificate_is_said() {
    let home = Home::new();
    let (provider, authority) = with_tls(&home, Validity::Expired);
    let run = home.query(provider.address, ["www.example.com", "--set", "use_http=off"]);
    run.set(format!("ca_file={authority}")).done().says(1, &["has expired", "hint: "]);
}

#[test]
fn tls_with_a_plain_server_says_so() {
    let home = Home::new();
    let server = Serve::new(&home, ["--sample"]);
    let run = home.query(server.address, ["www.example.com", "--set", "use_http=off"]);
    run.done().says(
        1,
        &["TLS with 127.0.0.1", "the port speaks plain HTTP, not TLS", "hint: check the port", "Use HTTP"],
    );
}

/// The exit code for several values with these answers, one at a time.
fn over(exchanges: Vec<Exchange>, format: &str) -> (i32, usize) {
    let values: Vec<String> = (0..exchanges.len()).map(|number| format!("host{number}.example")).collect();
    let provider = Provider::new(Script::new(exchanges));
    let home = Home::new();
    let run = home.query(provider.address, &values).args(["--concurrency", "1", "--format", format]);
    (run.done().code, provider.requests().len())
}

#[test]
fn the_gravest_wins_and_none_stops_the_rest() {
    let (fine, failed) = (Exchange::ok(two_records()), answer::html_page());
    let incomplete = answer::over_the_limit(two_records(), "host");
    let refused = answer::forbidden();
    for format in ["json", "cof"] {
        let of = |exchanges: [&Exchange; 3]| over(exchanges.map(Clone::clone).to_vec(), format);
        assert_eq!(of([&fine, &fine, &fine]), (0, 3));
        assert_eq!(of([&fine, &incomplete, &fine]), (3, 3));
        assert_eq!(of([&failed, &incomplete, &fine]), (1, 3));
        assert_eq!(of([&failed, &refused, &incomplete]), (4, 3));
    }
}

#[test]
fn a_fault_that_passes_is_asked_again() {
    let provider = Provider::new(answer::once(answer::server_error(), two_records()));
    let text = Home::new().query(provider.address, ["www.example.com"]).done().quiet();
    assert!(text.contains("2 records, complete") && provider.requests().len() == 2, "{text}");
}

#[test]
fn pages_are_followed_to_the_end() {
    let lines: Vec<String> = (1..=3)
        .map(|n| line("www.example.com", "A", &format!("185.194.93.{n}"), 1_500_000_001, 1_500_000_002, 3))
        .collect();
    let provider = Provider::new(answer::pages(lines));
    let text = Home::new().query(provider.address, ["www.example.com", "--format", "cof"]).done().quiet();
    assert_eq!((text.lines().count(), provider.requests().len()), (3, 3));
}
