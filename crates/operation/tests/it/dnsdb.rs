//! The protocol of DNSDB: one request for each kind of query, frames, and what its statuses mean.

use std::time::Duration;

use operation::provider::ClientError;
use operation::{ProviderError, Settings, Side, State};
use testkit::{Exchange, Request, Script};

use crate::kit::{HOST, Question, Told};

/// The time of the tests, in seconds since the epoch.
const NOW: u64 = 1_700_000_000;

const OBJECT: &str = r#"{"obj":{"count":7,"time_first":1500000000,"time_last":1600000000,"rrname":"www.example.com.","rrtype":"A","bailiwick":"example.com.","rdata":["192.0.2.1","192.0.2.2"]}}"#;

fn framed(lines: &[&str]) -> Exchange {
    let text = lines.join("\n") + "\n";
    Exchange::status(200, &[("content-type", "application/x-ndjson")], text)
}

fn whole() -> Exchange {
    framed(&[r#"{"cond":"begin"}"#, OBJECT, r#"{"cond":"succeeded"}"#])
}

fn question(exchange: Exchange, set: &[(&str, &str)]) -> Question {
    let mut question = Question::new(Script::always(exchange));
    question.package = operation::package::find("dnsdb").unwrap();
    question.settings = Settings::default();
    let usual = [("host", HOST), ("use_http", "on"), ("requests_per_second", "0")];
    usual.iter().chain(set).fold(question, |question, (key, value)| question.set(key, value))
}

async fn answered(exchange: Exchange) -> Told {
    question(exchange, &[]).limit(|limits| limits.tries = 1).ask().await
}

async fn sent(question: Question) -> Request {
    question.ask().await.complete(2, 1).provider.requests().remove(0)
}

#[tokio::test(start_paused = true)]
async fn each_kind_of_query_has_its_path() {
    let asked = |value, set: &[(&str, &str)]| Question { value, ..question(whole(), set) };
    for (question, target) in [
        (asked("www.example.com", &[]), "/dnsdb/v2/lookup/rrset/name/www.example.com?limit=0"),
        (asked("192.0.2.1", &[]), "/dnsdb/v2/lookup/rdata/ip/192.0.2.1?limit=0"),
        (asked("2001:db8::1", &[]), "/dnsdb/v2/lookup/rdata/ip/2001%3Adb8%3A%3A1?limit=0"),
        (asked("a.example", &[("rrtype", "AAAA")]), "/dnsdb/v2/lookup/rrset/name/a.example/AAAA?limit=0"),
        (asked("192.0.2.1", &[("rrtype", "A")]), "/dnsdb/v2/lookup/rdata/ip/192.0.2.1?limit=0"),
        (asked("a.example", &[("rrtype", "A,MX")]), "/dnsdb/v2/lookup/rrset/name/a.example?limit=0"),
        (asked("a.example", &[("page_size", "50")]), "/dnsdb/v2/lookup/rrset/name/a.example?limit=50"),
        (asked("a.example", &[("path", "/api")]), "/api/lookup/rrset/name/a.example?limit=0"),
        (
            asked("a.example", &[("seen_after", "90d"), ("seen_before", "1600000001")]),
            "/dnsdb/v2/lookup/rrset/name/a.example?limit=0&time_last_after=1692223200&time_first_before=1600002000",
        ),
    ] {
        assert_eq!(sent(question).await.target, format!("{target}&swclient=backsight"));
    }
    let by_data = Question { side: Side::Data, ..asked("ns1.example", &[]) };
    assert!(sent(by_data).await.target.starts_with("/dnsdb/v2/lookup/rdata/name/ns1.example?"));
}

#[tokio::test(start_paused = true)]
async fn the_key_is_sent_in_its_header_and_frames_are_asked_for() {
    let request = sent(question(whole(), &[]).secret("user_token", "user:key")).await;
    assert_eq!((request.header("x-api-key"), request.header("authorization")), (Some("user:key"), None));
    assert_eq!(request.header("accept"), Some("application/x-ndjson"));
    assert_eq!(request.header("dribble-disable-active-query"), None);
}

#[tokio::test(start_paused = true)]
async fn only_the_last_line_makes_an_answer_whole() {
    let begin = r#"{"cond":"begin"}"#;
    answered(framed(&[begin, r#"{"cond":"succeeded"}"#])).await.complete(0, 1);
    answered(framed(&[begin, r#"{"cond":"ongoing"}"#, OBJECT, r#"{"cond":"succeeded"}"#]))
        .await
        .complete(2, 1);
    answered(framed(&[begin, OBJECT])).await.is(State::Partial, ClientError::Cut, 2, 1);
    let limited =
        answered(framed(&[begin, OBJECT, r#"{"cond":"limited","msg":"Result limit reached"}"#])).await;
    limited.is(State::Truncated, ProviderError::ServiceCut("Result limit reached".to_owned()), 2, 1);
    let failed = answered(framed(&[begin, OBJECT, r#"{"cond":"failed","msg":"disk full"}"#])).await;
    failed.is(State::Partial, ProviderError::ServiceFailed("disk full".to_owned()), 2, 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_without_frames_is_none_of_dnsdb() {
    let bare = r#"{"rrname":"a.example","rrtype":"A","rdata":"192.0.2.1","time_first":1,"time_last":2}"#;
    let told = answered(framed(&[bare])).await;
    told.is(State::Partial, ProviderError::Unframed, 1, 1).hints("host");
    answered(framed(&[])).await.is(State::Failed, ProviderError::Unframed, 0, 1);
    answered(Exchange::status(204, &[], "")).await.is(State::Failed, ProviderError::Unframed, 0, 1);
    let page = answered(framed(&["<html>sign in</html>"])).await;
    assert!(matches!(page.reason(), ProviderError::NotCof(_)), "{:?}", page.reason());
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_goes_on_without_an_end_is_stopped_by_time() {
    let mut lines = vec![r#"{"cond":"begin"}"#, OBJECT];
    lines.extend([r#"{"cond":"ongoing"}"#; 500]);
    let text = lines.join("\n") + "\n";
    let told = answered(testkit::answer::body_drips(text, 20, Duration::from_secs(1))).await;
    told.is(State::Partial, ClientError::TotalTimeout(Duration::from_mins(2)), 2, 1);
}

#[tokio::test(start_paused = true)]
async fn statuses_mean_what_dnsdb_says() {
    for (status, headers, reason) in [
        (401, &[][..], ProviderError::KeyExpired),
        (403, &[], ProviderError::KeyRefused),
        (404, &[], ProviderError::Status(404)),
        (416, &[], ProviderError::BeyondMaximum),
        (429, &[], ProviderError::RateLimited(None)),
        (429, &[("retry-after", "120")], ProviderError::RateLimited(Some(Duration::from_mins(2)))),
        (
            429,
            &[("x-ratelimit-reset", "1700000090")],
            ProviderError::RateLimited(Some(Duration::from_secs(90))),
        ),
        (429, &[("x-ratelimit-reset", "1")], ProviderError::RateLimited(None)),
        (429, &[("x-ratelimit-reset", "n/a")], ProviderError::RateLimited(None)),
        (503, &[], ProviderError::Unavailable(None)),
    ] {
        let told = answered(Exchange::status(status, headers, "")).await;
        assert_eq!(told.reason().bare(), &reason, "{status} {headers:?} at {NOW}");
        assert_eq!(told.outcome.completeness.state, State::Failed);
    }
    let refused = answered(Exchange::status(400, &[], "Error: bad rrtype")).await;
    assert_eq!(refused.reason(), &ProviderError::BadQuestion("Error: bad rrtype".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn the_quota_is_asked_for_once_and_what_is_none_is_not_believed() {
    let ask = async |exchange: Exchange| {
        let (provider, line) = question(exchange, &[]).secret("user_token", "key").connect();
        let said = provider.ask_for_quota().await.unwrap();
        let requests = line.provider.requests();
        assert_eq!(requests.len(), 1);
        let request = (requests[0].target.as_str(), requests[0].header("x-api-key"));
        assert_eq!(request, ("/dnsdb/v2/rate_limit", Some("key")));
        (said, provider.quota())
    };
    let body = r#"{"rate":{"reset":1700003600,"limit":1000,"remaining":7,"results_max":256}}"#;
    let (said, kept) = ask(Exchange::ok(body)).await;
    assert_eq!((said.as_ref().ok(), said.as_ref().unwrap().remaining), (kept.as_ref(), Some(7)));
    let long = "9".repeat(100_000);
    for (exchange, reason) in [
        (Exchange::status(401, &[], ""), ProviderError::KeyExpired),
        (Exchange::status(403, &[], ""), ProviderError::KeyRefused),
        (Exchange::status(429, &[], ""), ProviderError::RateLimited(None)),
        (
            Exchange::status(429, &[("retry-after", "9")], ""),
            ProviderError::RateLimited(Some(Duration::from_secs(9))),
        ),
        (Exchange::status(503, &[], ""), ProviderError::Unavailable(None)),
        (Exchange::status(204, &[], ""), ProviderError::NotQuota(String::new())),
        (Exchange::ok("<html>sign in</html>"), ProviderError::NotQuota("<html>sign in</html>".to_owned())),
        (Exchange::ok(long.clone()), ProviderError::NotQuota(long[..60].to_owned())),
        (
            testkit::answer::body_drips(body.to_owned(), 5, Duration::from_secs(5)),
            ClientError::TotalTimeout(Duration::from_secs(10)).into(),
        ),
    ] {
        let (said, kept) = ask(exchange).await;
        assert_eq!((said.unwrap_err().bare(), kept), (&reason, None));
    }
}

#[tokio::test(start_paused = true)]
async fn what_headers_say_about_the_quota_is_kept_within_reason() {
    let answered = async |status: u16, said: &[(&str, &str)]| {
        let mut headers = vec![("content-type", "application/x-ndjson")];
        headers.extend_from_slice(said);
        let text = [r#"{"cond":"begin"}"#, OBJECT, r#"{"cond":"succeeded"}"#].join("\n");
        let question =
            question(Exchange::status(status, &headers, text), &[]).limit(|limits| limits.tries = 1);
        let (provider, line) = question.connect();
        question.ask_by(&provider, line).await;
        provider.quota().map(|quota| (quota.limit, quota.remaining, quota.resets_at))
    };
    let limit = ("x-ratelimit-limit", "1000");
    let said =
        answered(200, &[limit, ("x-ratelimit-remaining", "999"), ("x-ratelimit-reset", "1700000060")]).await;
    assert_eq!(said, Some((Some(1000), Some(999), Some(1_700_000_060))));
    let refused = answered(429, &[limit, ("x-ratelimit-remaining", "0")]).await;
    assert_eq!(refused, Some((Some(1000), Some(0), None)), "a refusal says it too");
    let lies = answered(
        200,
        &[limit, ("x-ratelimit-remaining", "99999999"), ("x-ratelimit-reset", "9999999999999")],
    )
    .await;
    assert_eq!(lies, Some((Some(1000), Some(1000), None)));
    assert_eq!(answered(200, &[("x-ratelimit-limit", "unlimited")]).await, None);
    assert_eq!(answered(200, &[]).await, None);
}
