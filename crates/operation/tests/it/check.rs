//! The step at which a provider cannot be queried: one test per step, because each is reported separately.

use operation::provider::{Checked, Step, check};
use operation::{Limits, ProviderError};
use testkit::answer::{
    closed_unanswered, forbidden, no_content, no_such_page, not_found, not_http, redirect, server_error,
    too_many_requests, unauthorized,
};
use testkit::{Exchange, Script};

use crate::kit::{Question, Way, lines};

async fn checked(question: Question) -> Checked {
    let question = Question { limits: Limits::CHECK, ..question };
    let checked = check(&question.connect().0).await.unwrap();
    assert!(question.provider.requests().len() <= 1, "a check is one request");
    assert!(checked.steps.iter().map(|(step, _)| *step).eq(Step::ALL));
    checked
}

fn words(checked: &Checked) -> [&'static str; 5] {
    checked.steps.clone().map(|(_, standing)| standing.word())
}

async fn answered(exchange: Exchange) -> [&'static str; 5] {
    words(&checked(Question::new(Script::always(exchange)).secret("user_token", "user:pw")).await)
}

#[tokio::test(start_paused = true)]
async fn all_that_is_there_passes_and_one_record_is_enough() {
    let passed = ["passed", "passed", "not_needed", "passed", "passed"];
    assert_eq!(answered(Exchange::ok(lines(200))).await, passed);
    assert_eq!(answered(no_content()).await, passed);
    assert_eq!(answered(not_found()).await, passed);
    let checked =
        checked(Question::new(Script::always(Exchange::ok(lines(1)))).set("host", "192.0.2.1")).await;
    assert_eq!(words(&checked), ["not_needed", "passed", "not_needed", "not_needed", "passed"]);
    assert_eq!(checked.failure(), None);
}

#[tokio::test(start_paused = true)]
async fn a_name_that_does_not_resolve() {
    let question = Question { way: Way::Nowhere, ..Question::new(Script::new([])) };
    assert_eq!(
        words(&checked(question).await),
        ["failed", "not_reached", "not_reached", "not_reached", "not_reached"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_does_not_come_about() {
    for fault in [testkit::ConnectFault::Refuse, testkit::ConnectFault::Stall] {
        let question = Question::new(Script::new([]));
        question.provider.fail_next(usize::MAX, fault);
        let checked = checked(question).await;
        assert_eq!(words(&checked), ["passed", "failed", "not_reached", "not_reached", "not_reached"]);
        assert!(!checked.failure().unwrap().hint().is_empty());
    }
    let question = Question {
        way: Way::Proxy("HTTP/1.1 403 Forbidden\r\n\r\n"),
        ..Question::new(Script::new([])).set("proxy", "http://proxy.test:3128")
    };
    // A plain HTTP query is sent to the proxy itself; only TLS needs a tunnel.
    let question = question.set("use_http", "off");
    assert_eq!(words(&checked(question).await)[1], "failed");
}

#[tokio::test(start_paused = true)]
async fn tls_is_good_only_after_a_handshake_to_its_end() {
    for timeout in ["3", "120"] {
        let mute = || {
            let question = Question::new(Script::new([])).set("use_http", "off").set("timeout", timeout);
            question.provider.fail_next(usize::MAX, testkit::ConnectFault::Mute);
            question
        };
        let straight = words(&checked(mute()).await);
        assert_eq!(straight, ["passed", "passed", "failed", "not_reached", "not_reached"]);
        let proxy = checked(mute().set("proxy", "http://proxy.test:3128")).await;
        assert_eq!(words(&proxy), ["not_needed", "failed", "not_reached", "not_reached", "not_reached"]);
        assert!(proxy.failure().unwrap().to_string().starts_with("the proxy http://proxy.test:3128: "));
        let tunnel = mute().set("proxy", "http://proxy.test:3128");
        let tunnel = Question { way: Way::Proxy("HTTP/1.1 200 OK\r\n\r\n"), ..tunnel };
        assert_eq!(words(&checked(tunnel).await)[2], "failed");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_good_where_nothing_was_sent() {
    let script = Script::always(too_many_requests(Some("1000")));
    let question = Question { limits: Limits::CHECK, ..Question::new(script).set("use_http", "off") };
    let clock = testkit::clock_from(std::time::Duration::from_secs(1_700_000_000));
    let budget = operation::Budget::unlimited(clock.clone());
    budget.hold(std::time::Duration::from_secs(1000)).await;
    let (config, line) = (question.config(&clock), question.connect().1);
    let provider = operation::Provider::http(config, line, budget, clock, 7).unwrap();
    let checked = check(&provider).await.unwrap();
    assert_eq!(words(&checked), ["not_reached", "not_reached", "not_reached", "not_reached", "failed"]);
}

#[tokio::test(start_paused = true)]
async fn a_port_that_speaks_no_tls() {
    let question =
        Question { way: Way::Stranger("HTTP/1.1 400 Bad Request\r\n\r\n"), ..Question::new(Script::new([])) };
    let checked = checked(question.set("use_http", "off")).await;
    assert_eq!(words(&checked), ["passed", "passed", "failed", "not_reached", "not_reached"]);
}

#[tokio::test(start_paused = true)]
async fn a_login_that_is_not_taken() {
    let failed = ["passed", "passed", "not_needed", "failed", "not_reached"];
    assert_eq!(answered(unauthorized()).await, failed);
    assert_eq!(answered(forbidden()).await, failed);
    // Also if there is no login.
    let without = checked(Question::new(Script::always(unauthorized()))).await;
    assert_eq!(without.failure(), Some(&ProviderError::Unauthorized));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_not_one() {
    // 429 means that the login was accepted.
    let format = ["passed", "passed", "not_needed", "passed", "failed"];
    assert_eq!(answered(too_many_requests(Some("1000"))).await, format);
    assert_eq!(answered(Exchange::ok("<html>Please log in</html>")).await, format);
    // These do not show whether the login was checked.
    let unknown = ["passed", "passed", "not_needed", "unknown", "failed"];
    for exchange in [
        no_such_page(),
        redirect("https://elsewhere.example/"),
        server_error(),
        closed_unanswered(),
        not_http(),
    ] {
        assert_eq!(answered(exchange).await, unknown);
    }
}
