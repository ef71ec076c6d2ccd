//! The request: headers, credentials, the path.

use operation::provider::{ABILITIES, ConfigError};
use operation::{Config, Limits, ProviderError, Side, State};
use testkit::{Exchange, Request, Script};

use crate::kit::{Question, lines};

fn question() -> Question {
    Question::new(Script::always(Exchange::ok(lines(1))))
}

async fn sent(question: Question) -> Request {
    let told = question.ask().await;
    told.complete(1, 1).provider.requests().remove(0)
}

#[tokio::test(start_paused = true)]
async fn what_every_request_says() {
    let request = sent(question()).await;
    assert_eq!((request.method.as_str(), request.target.as_str()), ("GET", "/pdns/query/www.example.com"));
    assert_eq!(request.header("host"), Some("provider.test"));
    assert_eq!(request.header("user-agent"), Some(concat!("Backsight/", env!("CARGO_PKG_VERSION"))));
    assert_eq!(request.header("accept-encoding"), Some("gzip, zstd"));
    assert!(request.header("accept").unwrap().starts_with("application/x-ndjson"));
    assert_eq!(request.header("dribble-disable-active-query"), Some("1"));
    for absent in [
        "authorization",
        "dribble-filter-rrtype",
        "dribble-paginate-count",
        "dribble-paginate-cursor",
        "cookie",
    ] {
        assert_eq!(request.header(absent), None, "{absent}");
    }
    assert_eq!(sent(question().set("port", "8080")).await.header("host"), Some("provider.test:8080"));
}

#[tokio::test(start_paused = true)]
async fn an_answer_from_this_machine_is_not_compressed() {
    for host in ["127.0.0.1", "localhost", "::1"] {
        let request = sent(question().set("host", host).set("use_http", "on")).await;
        assert_eq!(request.header("accept-encoding"), Some("identity"), "{host}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_login_is_the_right_authorization_header() {
    for (token, header) in [
        ("user:password", "Basic dXNlcjpwYXNzd29yZA=="),
        ("Basic dXNlcjpwYXNzd29yZA==", "Basic dXNlcjpwYXNzd29yZA=="),
        ("Bearer abc", "Bearer abc"),
        ("0123456789abcdef", "0123456789abcdef"),
        ("user:p\u{e4}ss", "Basic dXNlcjpww6Rzcw=="),
    ] {
        let request = sent(question().secret("user_token", token)).await;
        assert_eq!(request.header("authorization"), Some(header), "{token}");
    }
    let request = sent(question().set("username", "user").secret("password", "password")).await;
    assert_eq!(request.header("authorization"), Some("Basic dXNlcjpwYXNzd29yZA=="));
    let both = question().set("username", "other").secret("password", "x").secret("user_token", "Bearer abc");
    assert_eq!(sent(both).await.header("authorization"), Some("Bearer abc"));
}

#[tokio::test(start_paused = true)]
async fn the_login_never_goes_to_the_host_that_the_guide_prints() {
    let guide = question().set("host", "global.cloud.Circl.com").secret("user_token", "user:password");
    assert_eq!(sent(guide).await.header("authorization"), None);
}

#[tokio::test(start_paused = true)]
async fn active_query_is_asked_for_by_saying_nothing() {
    let request = sent(question().set("active_query", "on")).await;
    assert_eq!(request.header("dribble-disable-active-query"), None);
}

#[tokio::test(start_paused = true)]
async fn exactly_one_record_type_is_asked_for() {
    let filter = async |types: &str| {
        sent(question().set("rrtype", types)).await.header("dribble-filter-rrtype").map(str::to_owned)
    };
    assert_eq!(filter("cname").await.as_deref(), Some("CNAME"));
    assert_eq!(filter("TYPE65534").await.as_deref(), Some("TYPE65534"));
    assert_eq!(filter("A,A").await.as_deref(), Some("A"));
    assert_eq!(filter("A,AAAA").await, None);
}

#[tokio::test(start_paused = true)]
async fn the_page_size_is_asked_for() {
    let request = sent(question().set("page_size", "50")).await;
    assert_eq!(request.header("dribble-paginate-count"), Some("50"));
}

#[tokio::test(start_paused = true)]
async fn the_value_is_one_path_segment() {
    for (value, target) in [
        ("2001:DB8::1", "/pdns/query/2001%3Adb8%3A%3A1"),
        ("104.196.175.197", "/pdns/query/104.196.175.197"),
        ("b\u{fc}cher.example", "/pdns/query/xn--bcher-kva.example"),
        ("hxxp://www[.]threatq[.]com/x?y#z", "/pdns/query/www.threatq.com"),
        ("_dmarc.Example.com.", "/pdns/query/_dmarc.example.com"),
    ] {
        let mut question = question();
        question.value = value;
        assert_eq!(sent(question).await.target, target);
    }
}

#[tokio::test(start_paused = true)]
async fn the_secret_is_never_shown() {
    let asking = question().secret("user_token", "user:hunter2").set("host", "provider.test");
    let asking = asking.set("proxy", "http://provider.test:80").set("proxy_user", "user");
    let asking = asking.secret("proxy_password", "hunter2");
    asking.provider.fail_next(1, testkit::ConnectFault::Refuse);
    let (provider, line) = asking.connect();
    let told = asking.ask_by(&provider, line).await;
    let shown = format!("{provider:?} {:?} {}", told.outcome, told.reason());
    for secret in ["hunter2", "user:", "dXNlcjpodW50ZXIy"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(shown.contains("provider.test"), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_no_header_can_hold_is_refused_without_showing_it() {
    let asking = question().secret("user_token", "hunter2\u{e9}");
    let clock = testkit::clock_from(std::time::Duration::ZERO);
    let error = Config::new(&asking.package, &asking.settings, Limits::HELD, &clock).unwrap_err();
    assert!(matches!(error, ConfigError::Settings(_)));
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_may_be_awaited_on_any_thread() {
    let asking = question();
    let (provider, _) = asking.connect();
    let value = operation::Indicator::parse(asking.value).unwrap();
    let task = tokio::spawn(async move {
        let mut collector = operation::Collector::new(operation::Filter::default(), 9);
        provider.ask(&value, &mut collector).await
    });
    assert!(task.await.unwrap().completeness.is_complete());
}

#[tokio::test(start_paused = true)]
async fn a_name_in_data_is_another_question_than_the_name() {
    let asked = |value| Question { side: Side::Data, value, ..question_by_data() };
    let told = asked("ns1.example.com").ask().await;
    assert_eq!(told.provider.requests()[0].target, "/pdns/query/rdata%3Ans1.example.com");
    assert_eq!(told.complete(1, 1).outcome.by_data, Some(true));
    // An address is always searched for in data.
    let told = asked("192.0.2.1").ask().await;
    assert_eq!(told.provider.requests()[0].target, "/pdns/query/192.0.2.1");
    let clock = testkit::clock_from(std::time::Duration::from_secs(1_700_000_000));
    let indicator = "ns1.example.com".parse().unwrap();
    let owner = question_by_data().config(&clock).question(&indicator);
    assert_ne!(
        asked("ns1.example.com").config(&clock).question(&indicator),
        owner,
        "it would replay the other"
    );
}

/// A service that does not support the query must not be trusted, whatever it answers.
#[tokio::test(start_paused = true)]
async fn a_service_that_cannot_be_asked_for_data_is_said_to_be_one() {
    for exchange in [
        Exchange::ok(lines(1)),
        Exchange::ok(""),
        Exchange::status(404, &[], "nothing"),
        Exchange::status(400, &[], "not a name"),
        Exchange::ok("").header(ABILITIES, "owner"),
    ] {
        let question = Question::new(Script::always(exchange));
        let told = Question { side: Side::Data, ..question }.ask().await;
        assert_eq!(told.outcome.completeness.state, State::Failed);
        assert_eq!(told.outcome.completeness.reason, Some(ProviderError::OwnerOnly));
        assert_eq!(told.outcome.by_data, Some(false));
    }
    // Other errors are reported as what they are.
    let question = Question::new(Script::always(Exchange::status(401, &[], "")));
    let told = Question { side: Side::Data, ..question }.ask().await;
    assert_eq!(told.outcome.completeness.reason, Some(ProviderError::Unauthorized));
    assert_eq!(told.outcome.by_data, None);
}

fn question_by_data() -> Question {
    Question::new(Script::always(Exchange::ok(lines(1)).header(ABILITIES, "owner, data")))
}
