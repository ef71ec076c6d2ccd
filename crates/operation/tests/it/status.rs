//! The meaning of each status, and which failures are retried and when.

use std::time::Duration;

use operation::provider::ClientError;
use operation::{ProviderError, State};
use testkit::answer::{
    closed_unanswered, cut_in_headers, forbidden, no_content, no_such_page, not_found, not_http, once,
    redirect, server_error, too_many_requests, unauthorized, unavailable,
};
use testkit::{Exchange, Script};

use crate::kit::{Question, SECOND, answer_to, lines};

const FAILED: &str = "500 Internal Server Error";

#[tokio::test(start_paused = true)]
async fn unauthorized_401() {
    let told = answer_to(unauthorized()).await;
    told.is(State::Failed, ProviderError::Unauthorized, 0, 1).hints("user_token").took(Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn forbidden_403() {
    answer_to(forbidden()).await.is(State::Failed, ProviderError::Forbidden, 0, 1).hints("account");
}

#[tokio::test(start_paused = true)]
async fn not_found_is_complete_and_empty() {
    answer_to(not_found()).await.complete(0, 1);
}

#[tokio::test(start_paused = true)]
async fn not_found_404_of_a_web_server_is_no_empty_answer() {
    let page = || Exchange::status(404, &[], "\n<html>no such page</html>");
    for answer in [
        no_such_page(),
        page(),
        Exchange::status(404, &[("content-type", "Text/HTML")], ""),
        Exchange::status(404, &[("content-encoding", "gzip")], testkit::gzip::stored(b"<html></html>")),
    ] {
        let told = answer_to(answer).await;
        assert!(matches!(told.reason(), ProviderError::WebPage(_)), "{:?}", told.reason());
        told.hints("path");
    }
    answer_to(page()).await.is(
        State::Failed,
        ProviderError::WebPage("<html>no such page</html>".to_owned()),
        0,
        1,
    );
}

#[tokio::test(start_paused = true)]
async fn not_found_404_of_a_program_is_complete_and_empty_whatever_it_says() {
    for body in ["", "{}", "[]", "{\"error\":\"nothing\"}\n", "no results for <example.com>"] {
        answer_to(Exchange::status(404, &[("content-type", "application/json")], body)).await.complete(0, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn no_content_is_complete_and_empty() {
    answer_to(no_content()).await.complete(0, 1);
}

#[tokio::test(start_paused = true)]
async fn an_empty_answer_with_a_complaint_is_not_complete() {
    for answer in [no_content(), not_found()] {
        let told = answer_to(answer.header("x-dribble-errors", "quota")).await;
        told.is(State::Truncated, ProviderError::ServiceCut("quota".to_owned()), 0, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn bad_request_400_tells_the_services_reason() {
    let told = answer_to(Exchange::status(400, &[], "no\u{1b}[31m such\nquestion")).await;
    let error = ProviderError::BadQuestion("no.[31m such question".to_owned());
    told.is(State::Failed, error, 0, 1).hints("value");
}

#[tokio::test(start_paused = true)]
async fn bad_request_400_may_be_compressed() {
    let body = testkit::gzip::stored(b"no such question");
    let told = answer_to(Exchange::status(400, &[("content-encoding", "gzip")], body)).await;
    told.is(State::Failed, ProviderError::BadQuestion("no such question".to_owned()), 0, 1);
    let told = answer_to(Exchange::status(400, &[("content-encoding", "rot13")], "x")).await;
    told.is(State::Failed, ProviderError::BadQuestion("400 without a reason".to_owned()), 0, 1);
}

#[tokio::test(start_paused = true)]
async fn an_unexpected_status() {
    answer_to(Exchange::status(418, &[], "")).await.is(State::Failed, ProviderError::Status(418), 0, 1);
}

#[tokio::test(start_paused = true)]
async fn any_redirect_is_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = Exchange::status(status, &[("location", "/pdns/query/other")], "");
        let script = Script::new([elsewhere, Exchange::ok(lines(1))]);
        let told = Question::new(script).secret("user_token", "user:hunter2").ask().await;
        told.is(State::Failed, ProviderError::Redirect("/pdns/query/other".to_owned()), 0, 1).hints("host");
    }
    let told = answer_to(redirect("http://other.test/\u{e9}")).await;
    told.is(State::Failed, ProviderError::Redirect("http://other.test/.".to_owned()), 0, 1);
    let told = answer_to(Exchange::status(302, &[], "")).await;
    told.is(State::Failed, ProviderError::Redirect("somewhere".to_owned()), 0, 1);
}

#[tokio::test(start_paused = true)]
async fn too_many_requests_429_without_retry_after() {
    let told = Question::new(once(too_many_requests(None), lines(1))).ask().await;
    told.is(State::Failed, ProviderError::RateLimited(None), 0, 1)
        .hints("requests_per_second")
        .took(Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn too_many_requests_429_with_retry_after_waits_and_succeeds() {
    let told = Question::new(once(too_many_requests(Some("45")), lines(2))).ask().await;
    told.complete(2, 2).took(45 * SECOND);
    // 20 seconds after the time of the test's clock.
    let date = "Tue, 14 Nov 2023 22:13:40 GMT";
    let told = Question::new(once(too_many_requests(Some(date)), lines(2))).ask().await;
    told.complete(2, 2).took(20 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn too_many_requests_429_with_a_retry_after_that_is_too_long() {
    let told = Question::new(once(too_many_requests(Some("7200")), lines(1))).ask().await;
    told.is(State::Failed, ProviderError::RateLimited(Some(7200 * SECOND)), 0, 1).took(Duration::ZERO);
    assert_eq!(told.reason().to_string(), "rate limit exceeded; try again in 7200 s");
}

#[tokio::test(start_paused = true)]
async fn too_many_requests_429_for_ever() {
    let told = Question::new(Script::always(too_many_requests(Some("5")))).ask().await;
    told.is(State::Failed, ProviderError::RateLimited(Some(5 * SECOND)), 0, 3).took(10 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn too_many_requests_429_with_a_retry_after_of_nothing_still_pauses() {
    let told = Question::new(Script::always(too_many_requests(Some("0")))).ask().await;
    told.is(State::Failed, ProviderError::RateLimited(Some(Duration::ZERO)), 0, 3).took(SECOND);
}

#[tokio::test(start_paused = true)]
async fn server_error_500_once() {
    let told = Question::new(once(server_error(), lines(2))).ask().await;
    told.complete(2, 2);
    let pause = Duration::from_millis(250)..=Duration::from_millis(755);
    assert!(pause.contains(&told.took), "{:?}", told.took);
}

#[tokio::test(start_paused = true)]
async fn server_error_500_for_ever() {
    let told = Question::new(Script::always(server_error())).ask().await;
    told.is(State::Failed, ProviderError::ServiceFailed(FAILED.to_owned()), 0, 3).hints("later");
    let pauses = Duration::from_millis(750)..=Duration::from_millis(2260);
    assert!(pauses.contains(&told.took), "{:?}", told.took);
}

#[tokio::test(start_paused = true)]
async fn unavailable_503_without_retry_after() {
    let told = Question::new(Script::always(unavailable(None))).ask().await;
    told.is(State::Failed, ProviderError::Unavailable(None), 0, 3).hints("later");
    Question::new(once(unavailable(None), lines(1))).ask().await.complete(1, 2);
}

#[tokio::test(start_paused = true)]
async fn unavailable_503_with_retry_after() {
    let told = Question::new(once(unavailable(Some("30")), lines(1))).ask().await;
    told.complete(1, 2).took(30 * SECOND);
    let told = Question::new(once(unavailable(Some("600")), lines(1))).ask().await;
    told.is(State::Failed, ProviderError::Unavailable(Some(600 * SECOND)), 0, 1).took(Duration::ZERO);
    assert_eq!(told.reason().to_string(), "503: the service is busy or down; try again in 600 s");
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_the_service_asks_for_counts_as_the_questions_time() {
    let script = Script::new([too_many_requests(Some("50")), Exchange::ok(lines(1))]);
    let told = Question::new(script).set("timeout", "20").ask().await;
    told.is(State::Failed, ProviderError::RateLimited(Some(50 * SECOND)), 0, 1).took(Duration::ZERO);
    let script = Script::new([too_many_requests(Some("10")), Exchange::ok(lines(1)).after(15 * SECOND)]);
    let told = Question::new(script).set("timeout", "20").ask().await;
    told.is(State::Failed, ClientError::TotalTimeout(20 * SECOND), 0, 2).took(20 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn all_pages_of_a_question_share_one_budget_of_pauses() {
    let page = |n: u8| testkit::answer::page(lines(n), &n.to_string());
    let busy = || unavailable(Some("25"));
    let script = Script::new([busy(), page(1), busy(), page(2), busy(), page(3), busy(), Exchange::ok("")]);
    let told = Question::new(script).ask().await;
    told.is(State::Partial, ProviderError::Unavailable(Some(25 * SECOND)), 2, 5).took(50 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn headers_that_never_come() {
    let told = answer_to(testkit::answer::headers_never_come()).await;
    told.is(State::Failed, ClientError::HeadersTimeout(30 * SECOND), 0, 1).hints("later").took(30 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn headers_that_never_come_within_the_total_timeout() {
    let told =
        Question::new(Script::new([testkit::answer::headers_never_come()])).set("timeout", "20").ask().await;
    told.is(State::Failed, ClientError::TotalTimeout(20 * SECOND), 0, 1).took(20 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn headers_that_are_slow_but_come() {
    answer_to(Exchange::ok(lines(1)).after(29 * SECOND)).await.complete(1, 1).took(29 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_connection_closed_unanswered() {
    let told = Question::new(Script::always(closed_unanswered())).ask().await;
    let unanswered = ClientError::Unanswered { host: "provider.test".to_owned(), port: 80 };
    told.is(State::Failed, unanswered, 0, 3).hints("again").hints("use_http");
    let said = told.reason().to_string();
    assert!(said.contains("may speak TLS") && !told.reason().hint().contains("page_size"), "{said}");
    let told = Question::new(Script::always(cut_in_headers())).ask().await;
    told.is(State::Failed, ClientError::Cut, 0, 3);
    Question::new(once(cut_in_headers(), lines(1))).ask().await.complete(1, 2);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_not_http() {
    let told = answer_to(not_http()).await;
    let ProviderError::Client(ClientError::Http(_)) = told.reason() else { panic!("{:?}", told.reason()) };
    told.is(State::Failed, told.reason().clone(), 0, 1).hints("host and port");
}

#[tokio::test(start_paused = true)]
async fn headers_without_end() {
    let fill = format!("x: {}\r\n", "a".repeat(8000)).repeat(100);
    let script = Script::new([Exchange::raw(vec![testkit::Step::Send(
        format!("HTTP/1.1 200 OK\r\n{fill}\r\n").into_bytes(),
    )])]);
    let told = Question::new(script).ask().await;
    let ProviderError::Client(ClientError::Http(_)) = told.reason() else { panic!("{:?}", told.reason()) };
    told.is(State::Failed, told.reason().clone(), 0, 1);
}

#[tokio::test(start_paused = true)]
async fn requests_keep_the_rate() {
    let question = Question::new(Script::always(Exchange::ok(lines(1)))).set("requests_per_second", "0.5");
    let (provider, line) = question.connect();
    for (asked, wait) in [(1, 0), (2, 2), (3, 2)] {
        question.ask_by(&provider, line.clone()).await.complete(1, asked).took(wait * SECOND);
    }
}

#[tokio::test(start_paused = true)]
async fn tries_and_pages_keep_the_rate_too_and_waiting_for_it_is_not_the_answers_time() {
    let script = Script::new([
        server_error(),
        testkit::answer::page(lines(1), "1"),
        testkit::answer::page(lines(2), "2"),
        Exchange::ok(lines(3)),
    ]);
    let question = Question::new(script).set("requests_per_second", "0.1").set("timeout", "5");
    question.ask().await.complete(3, 4).took(30 * SECOND);
}

/// A query whose budget is shared by all queries with the same folder.
fn on_one_folder(folder: &tempfile::TempDir, script: Script) -> Question {
    let mut question = Question::new(script).set("requests_per_second", "10");
    question.folder = Some(folder.path().to_owned());
    question
}

#[tokio::test(start_paused = true)]
async fn a_hold_after_429_is_shared_by_everything_on_one_folder() {
    let folder = tempfile::tempdir().unwrap();
    let question = |script| on_one_folder(&folder, script);
    let refused = question(once(too_many_requests(Some("30")), lines(1)));
    let other = question(Script::always(Exchange::ok(lines(1))));
    // Both clocks start now.
    let ((first, first_line), (second, second_line)) = (refused.connect(), other.connect());
    let asking = async {
        tokio::time::sleep(SECOND).await;
        other.ask_by(&second, second_line).await
    };
    let (first, second) = tokio::join!(refused.ask_by(&first, first_line), asking);
    first.complete(1, 2);
    second.complete(1, 1);
    assert!((30 * SECOND..31 * SECOND).contains(&first.took), "{:?}", first.took);
    assert!((29 * SECOND..30 * SECOND).contains(&second.took), "{:?}", second.took);
}

#[tokio::test(start_paused = true)]
async fn a_long_hold_after_429_refuses_the_others_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let question = |script| on_one_folder(&folder, script);
    question(Script::always(too_many_requests(Some("600")))).ask().await;
    let told = question(Script::always(Exchange::ok(lines(1)))).ask().await;
    let ProviderError::RateLimited(Some(left)) = *told.reason() else { panic!("{:?}", told.reason()) };
    assert!((599 * SECOND..=600 * SECOND).contains(&left), "{left:?}");
    told.is(State::Failed, told.reason().clone(), 0, 0);
}

#[tokio::test(start_paused = true)]
async fn a_hold_after_429_counts_without_a_rate_too() {
    let question = Question::new(once(too_many_requests(Some("600")), lines(1)));
    let (provider, line) = question.connect();
    question.ask_by(&provider, line.clone()).await;
    let told = question.ask_by(&provider, line).await;
    told.is(State::Failed, told.reason().clone(), 0, 1);
    assert!(matches!(told.reason(), ProviderError::RateLimited(Some(_))));
}

#[tokio::test(start_paused = true)]
async fn a_busy_service_refuses_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let question = |script| on_one_folder(&folder, script);
    question(Script::always(unavailable(Some("600")))).ask().await;
    question(Script::always(Exchange::ok(lines(1)))).ask().await.complete(1, 1);
}

/// The text of a refusal is shown on one line, short, and without terminal control characters.
#[tokio::test(start_paused = true)]
async fn the_words_of_a_refusal_are_shown() {
    let plain = [("content-type", "text/plain")];
    for (status, body, shown) in [
        (
            401,
            "account expired\r\nask ops",
            "401 Unauthorized: login missing or wrong; it sent \"account expired ask ops\"",
        ),
        (403, "your plan has no \u{1b}[31mpdns\u{202e}", "it sent \"your plan has no .[31mpdns.\""),
        (429, "20 a day", "rate limit exceeded; it sent \"20 a day\""),
        (
            500,
            "<html><head><title>Oops</title></head><body>db is down</body></html>",
            "it sent \"Oops db is down\"",
        ),
        (503, "back at noon", "it sent \"back at noon\""),
        (418, "teapot", "status 418; it sent \"teapot\""),
    ] {
        let told = Question::new(Script::always(Exchange::status(status, &plain, body))).ask().await;
        let said = told.reason().to_string();
        assert!(said.contains(shown), "{status}: {said}");
        assert_eq!(told.reason().is_refusal(), matches!(status, 401 | 403 | 429));
    }
    let told = answer_to(Exchange::status(403, &plain, "x".repeat(100_000))).await;
    assert!(told.reason().to_string().len() < 400);
}

#[tokio::test(start_paused = true)]
async fn a_login_that_a_refusal_repeats_is_not_shown() {
    let body = "unknown login Basic dXNlcjpodW50ZXIy (hunter2)";
    let exchange = Exchange::status(401, &[("content-type", "text/plain")], body);
    let told = Question::new(Script::always(exchange)).secret("user_token", "user:hunter2").ask().await;
    let said = told.reason().to_string();
    assert!(said.contains("unknown login [login] ([login])"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn tls_that_answers_to_plain_http_is_called_that() {
    let told = answer_to(Exchange::raw(vec![
        testkit::Step::Send(b"\x15\x03\x01\0\x02\x02\x28".to_vec()),
        testkit::Step::Close,
    ]))
    .await;
    let said = told.reason().to_string();
    assert!(said.contains("the port speaks TLS, not plain HTTP"), "{said}");
    told.hints("use_http");
}

#[tokio::test(start_paused = true)]
async fn an_answer_through_a_proxy_is_laid_at_the_proxys_door_only_where_that_is_certain() {
    for (header, part) in [
        (
            Some(("x-squid-error", "ERR_CONNECT_FAIL 111")),
            "the proxy http://proxy.test:3128: 502 Bad Gateway",
        ),
        (Some(("proxy-status", "p; error=connection_refused")), "the proxy http://proxy.test:3128: 502"),
        (None, "the proxy http://proxy.test:3128 or the service sent \"no way\""),
    ] {
        let mut exchange = Exchange::status(502, &[("content-type", "text/plain")], "no way");
        if let Some((name, value)) = header {
            exchange = exchange.header(name, value);
        }
        let question = Question::new(Script::always(exchange)).set("proxy", "http://proxy.test:3128");
        let said = question.ask().await.reason().to_string();
        assert!(said.contains(part), "{said}");
    }
}
