//! Services that answer in the Common Output Format and differ in paths, logins, headers and what they say if there is nothing.

use operation::{Package, ProviderError, Settings, State};
use testkit::{Exchange, Request, Script};

use crate::kit::{HOST, Question, Told, lines};

/// A query with a bundled package, over plain HTTP.
fn question(package: &str, exchange: Exchange, set: &[(&str, &str)]) -> Question {
    let mut question = Question::new(Script::always(exchange));
    question.package = operation::package::find(package).unwrap();
    if question.package.parameter("use_http").is_none() {
        let switch =
            "[[parameters]]\nkey = \"use_http\"\nlabel = \"Use HTTP\"\ntype = \"switch\"\n\n[[actions]]";
        let source = question.package.source.replacen("[[actions]]", switch, 1);
        question.package = Package::parse("test.toml", &source).unwrap();
    }
    question.settings = Settings::default();
    let usual = [("host", HOST), ("use_http", "on"), ("requests_per_second", "0")];
    usual.iter().chain(set).fold(question, |question, (key, value)| question.set(key, value))
}

async fn sent(question: Question) -> Request {
    question.ask().await.provider.requests().remove(0)
}

async fn answered(exchange: Exchange, set: &[(&str, &str)]) -> Told {
    question("cof", exchange, set).ask().await
}

#[tokio::test(start_paused = true)]
async fn the_path_is_a_setting() {
    let path = |path| question("cof", Exchange::ok(lines(1)), &[("path", path)]);
    assert_eq!(sent(path("/query/{value}")).await.target, "/query/www.example.com");
    assert_eq!(sent(path("/api/dns/{value}/all")).await.target, "/api/dns/www.example.com/all");
    for wrong in ["query/{value}", "/query", "/{value}/{value}", "/query?x={value}"] {
        let mut settings = Settings::default();
        let package = operation::package::find("cof").unwrap();
        let refused = settings.set(&package, "path", wrong).unwrap_err().to_string();
        assert!(refused.contains("contain {value} once"), "{wrong}: {refused}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_is_sent_as_the_service_wants_it() {
    for (set, token, header, value) in [
        (&[][..], "user:password", "authorization", "Basic dXNlcjpwYXNzd29yZA=="),
        (&[("authentication", "basic")], "user:password", "authorization", "Basic dXNlcjpwYXNzd29yZA=="),
        (&[("authentication", "bearer")], "a:b", "authorization", "Bearer a:b"),
        (&[("authentication", "bearer")], "Bearer abc", "authorization", "Bearer abc"),
        (&[("authentication", "token")], "a:b", "authorization", "a:b"),
        (&[("token_header", "X-API-Key")], "a:b", "x-api-key", "a:b"),
        (&[("token_header", "X-Auth"), ("authentication", "bearer")], "abc", "x-auth", "Bearer abc"),
    ] {
        let asked = question("cof", Exchange::ok(lines(1)), set).secret("user_token", token);
        let request = sent(asked).await;
        assert_eq!(request.header(header), Some(value), "{set:?}");
        assert_eq!(request.header("authorization").is_some(), header == "authorization", "{set:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn circls_headers_can_be_left_out_and_types_are_filtered_here_then() {
    let set = [("circl_headers", "off"), ("rrtype", "A"), ("page_size", "50")];
    let asked = question("cof", Exchange::ok(lines(1)), &set);
    let line = asked.config(&testkit::clock_from(std::time::Duration::ZERO));
    let value = operation::Indicator::parse("www.example.com").unwrap();
    assert!(line.question(&value).ends_with(" all passive"), "{}", line.question(&value));
    let request = sent(asked).await;
    for absent in ["dribble-disable-active-query", "dribble-filter-rrtype", "dribble-paginate-count"] {
        assert_eq!(request.header(absent), None, "{absent}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_with_as_many_records_as_it_may_have_is_truncated() {
    let set = [("limit_parameter", "limit"), ("page_size", "5")];
    let told = answered(Exchange::ok(lines(5)), &set).await;
    assert_eq!(told.provider.requests()[0].target, "/pdns/query/www.example.com?limit=5");
    told.is(State::Truncated, ProviderError::LimitReached(5), 5, 1).hints("Page Size");
    answered(Exchange::ok(lines(4)), &set).await.complete(4, 1);
}

#[tokio::test(start_paused = true)]
async fn a_404_is_an_empty_answer_or_a_wrong_path() {
    let nothing = || Exchange::status(404, &[], "nothing");
    answered(nothing(), &[]).await.complete(0, 1);
    let told = answered(nothing(), &[("not_found", "error")]).await;
    told.is(State::Failed, ProviderError::Status(404), 0, 1);
}

#[tokio::test(start_paused = true)]
async fn mnemonic_is_asked_as_it_wants_to_be() {
    let asked = question("mnemonic-passive-dns", Exchange::ok(lines(1)), &[]).secret("user_token", "key");
    let request = sent(asked).await;
    assert_eq!(request.target, "/pdns/v3/cof/www.example.com?limit=1000");
    assert_eq!((request.header("argus-api-key"), request.header("authorization")), (Some("key"), None));
    assert_eq!(request.header("dribble-disable-active-query"), None);
}
