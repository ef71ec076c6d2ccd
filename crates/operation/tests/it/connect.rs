//! Connections to the provider: names, TCP, TLS, proxies.

use std::sync::Arc;
use std::time::Duration;

use operation::provider::{ClientError, TlsFault};
use operation::{ProviderError, State};
use testkit::certificate::{Authority, Certificate, Validity};
use testkit::{ConnectFault, Exchange, Script, ScriptedProvider};

use crate::kit::{HOST, Question, SECOND, Told, Way, lines};

fn tls(certificate: &Certificate) -> Question {
    let provider = ScriptedProvider::new(Script::always(Exchange::ok(lines(2)))).with_tls(certificate);
    Question::of(Arc::new(provider)).set("use_http", "off")
}

/// A query that trusts the authority.
fn trusting(authority: &Authority, certificate: &Certificate) -> Question {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, authority.pem()).unwrap();
    let mut question = tls(certificate).set("ca_file", file.to_str().unwrap());
    question.authorities = Some(folder);
    question
}

fn fault(told: &Told, fault: TlsFault) -> &Told {
    told.is(State::Failed, ClientError::Tls { host: HOST.to_owned(), fault }, 0, 0)
}

#[tokio::test(start_paused = true)]
async fn name_not_found() {
    let mut question = Question::new(Script::new([]));
    question.way = Way::Nowhere;
    let told = question.ask().await;
    let reason = "name or service not known".to_owned();
    told.is(State::Failed, ClientError::NameNotFound { host: HOST.to_owned(), reason }, 0, 0)
        .hints("typing errors")
        .took(Duration::ZERO);
    assert_eq!(*told.line.dialled.lock().unwrap(), ["provider.test 80"], "no second try");
}

#[tokio::test(start_paused = true)]
async fn connection_refused() {
    let question = Question::new(Script::new([]));
    question.provider.fail_next(usize::MAX, ConnectFault::Refuse);
    let told = question.ask().await;
    let reason = "connection refused".to_owned();
    told.is(State::Failed, ClientError::Connect { host: HOST.to_owned(), port: 80, reason }, 0, 0)
        .hints("whether the service runs");
    assert_eq!(told.provider.failed_connects(), 1);
}

#[tokio::test(start_paused = true)]
async fn connect_timeout() {
    let question = Question::new(Script::new([])).set("port", "8080");
    question.provider.fail_next(usize::MAX, ConnectFault::Stall);
    let told = question.ask().await;
    let error = ClientError::ConnectTimeout { host: HOST.to_owned(), port: 8080, after: 10 * SECOND };
    told.is(State::Failed, error, 0, 0).hints("firewall").took(10 * SECOND);
    assert_eq!(told.reason().to_string(), "no connection to provider.test port 8080 within 10 s");
}

#[tokio::test(start_paused = true)]
async fn a_tls_handshake_that_never_ends_is_told_as_one() {
    for (timeout, after) in [("120", 10 * SECOND), ("5", 5 * SECOND)] {
        let question = tls(&Authority::new().issue(HOST, Validity::Valid)).set("timeout", timeout);
        question.provider.fail_next(usize::MAX, ConnectFault::Mute);
        let told = question.ask().await;
        fault(&told, TlsFault::Silent(after)).hints("check host and port").took(after);
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_does_not_come_about_within_the_total_timeout_is_a_connect_timeout() {
    let question = Question::new(Script::new([])).set("timeout", "5");
    question.provider.fail_next(usize::MAX, ConnectFault::Stall);
    let error = ClientError::ConnectTimeout { host: HOST.to_owned(), port: 80, after: 5 * SECOND };
    question.ask().await.is(State::Failed, error, 0, 0).took(5 * SECOND);
}

/// A query through a proxy that accepts the connection and handles the first request like this.
fn by_broken_proxy(exchange: Exchange) -> Question {
    Question::new(Script::always(exchange)).set("proxy", "http://proxy.test:3128")
}

#[tokio::test(start_paused = true)]
async fn a_proxy_that_fails_under_plain_http_is_named() {
    for (exchange, part) in [
        (testkit::answer::closed_unanswered(), "it closed the connection"),
        (testkit::answer::not_http(), "it violates the HTTP protocol"),
        (
            testkit::answer::headers_never_come(),
            "no answer from it, or from the service behind it, within 5 s",
        ),
    ] {
        let told = by_broken_proxy(exchange).set("timeout", "5").ask().await;
        let said = told.reason().to_string();
        assert!(said.starts_with("the proxy http://proxy.test:3128: ") && said.contains(part), "{said}");
        told.hints("Proxy (proxy)");
    }
    let told = by_broken_proxy(testkit::answer::body_cut(lines(5), lines(3).len())).ask().await;
    let said = told.reason().to_string();
    assert_eq!(
        said,
        "the connection was lost before the end of the answer; it came through the proxy http://proxy.test:3128"
    );
}

#[tokio::test(start_paused = true)]
async fn a_kept_connection_that_the_proxy_gave_up_is_replaced() {
    let script =
        Script::new([Exchange::ok(lines(1)), testkit::answer::closed_unanswered(), Exchange::ok(lines(2))]);
    let question = Question::new(script).set("proxy", "http://proxy.test:3128");
    let (provider, line) = question.connect();
    question.ask_by(&provider, Arc::clone(&line)).await.complete(1, 1);
    question.ask_by(&provider, line).await.complete(2, 3);
}

#[tokio::test(start_paused = true)]
async fn a_proxy_that_is_silent_before_tls_is_named() {
    for (timeout, after) in [("120", 10), ("5", 5)] {
        let question = tls(&Authority::new().issue(HOST, Validity::Valid)).set("timeout", timeout);
        let question = question.set("proxy", "http://proxy.test:3128");
        question.provider.fail_next(usize::MAX, ConnectFault::Mute);
        let why = format!("it accepted the connection, but did not open the tunnel within {after} s");
        question.ask().await.is(State::Failed, by_proxy(&why), 0, 0).took(after * SECOND);
        let question = Question::new(Script::new([])).set("timeout", timeout);
        let question = question.set("proxy", "http://proxy.test:3128");
        question.provider.fail_next(usize::MAX, ConnectFault::Stall);
        let why = format!("no connection to it within {after} s");
        question.ask().await.is(State::Failed, by_proxy(&why), 0, 0).took(after * SECOND);
    }
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_fails_behind_a_proxy_names_both() {
    let question = tls(&Authority::new().issue(HOST, Validity::Valid)).set("timeout", "5");
    let mut question = question.set("proxy", "http://proxy.test:3128");
    question.way = Way::Proxy("HTTP/1.1 200 OK\r\n\r\n");
    question.provider.fail_next(usize::MAX, ConnectFault::Mute);
    let told = question.ask().await;
    assert_eq!(
        told.reason().to_string(),
        "TLS with provider.test: no answer to the TLS handshake within 5 s; the connection goes through the proxy \
         http://proxy.test:3128"
    );
    told.hints("check host and port");
}

#[tokio::test(start_paused = true)]
async fn tls_unknown_issuer() {
    let told = tls(&Authority::new().issue(HOST, Validity::Valid)).ask().await;
    fault(&told, TlsFault::UnknownIssuer).hints("Verify SSL").hints("ca_file");
}

#[tokio::test(start_paused = true)]
async fn an_authority_of_the_same_name_with_another_key_is_an_unknown_issuer() {
    let certificate = Authority::new().issue(HOST, Validity::Valid);
    let told = trusting(&Authority::new(), &certificate).ask().await;
    fault(&told, TlsFault::UnknownIssuer).hints("Verify SSL");
}

#[tokio::test(start_paused = true)]
async fn tls_expired_certificate() {
    let authority = Authority::new();
    let told = trusting(&authority, &authority.issue(HOST, Validity::Expired)).ask().await;
    fault(&told, TlsFault::Expired).hints("renew");
}

#[tokio::test(start_paused = true)]
async fn tls_certificate_not_yet_valid() {
    let authority = Authority::new();
    let told = trusting(&authority, &authority.issue(HOST, Validity::NotYet)).ask().await;
    fault(&told, TlsFault::NotYetValid).hints("clock");
}

#[tokio::test(start_paused = true)]
async fn tls_wrong_host() {
    let authority = Authority::new();
    let told = trusting(&authority, &authority.issue("other.test", Validity::Valid)).ask().await;
    fault(&told, TlsFault::WrongHost(vec!["other.test".to_owned()])).hints("host name");
}

#[tokio::test(start_paused = true)]
async fn tls_spoken_to_a_plain_server() {
    let mut question = Question::new(Script::new([])).set("use_http", "off");
    question.way = Way::Stranger("HTTP/1.1 400 Bad Request\r\n\r\n");
    let told = question.ask().await;
    fault(&told, TlsFault::PlainHttp("HTTP/1.1 400 Bad Request".to_owned())).hints("Use HTTP");
}

#[tokio::test(start_paused = true)]
async fn tls_spoken_to_something_else() {
    let mut question = Question::new(Script::new([])).set("use_http", "off");
    question.way = Way::Stranger("SSH-2.0-OpenSSH_9.2\r\n");
    let told = question.ask().await;
    fault(&told, TlsFault::NotTls("SSH-2.0-OpenSSH_9.2".to_owned()));
    assert!(!told.reason().hint().contains("Use HTTP"));
}

#[tokio::test(start_paused = true)]
async fn an_authoritys_certificate_on_a_server_is_told_with_what_to_make_instead() {
    let authority = Authority::new();
    let told = trusting(&authority, &authority.as_server(HOST)).ask().await;
    fault(&told, TlsFault::Authority).hints("CA:FALSE");
    assert!(!told.reason().hint().contains("Use HTTP"));
}

#[tokio::test(start_paused = true)]
async fn verify_ssl_off_accepts_any_certificate() {
    let certificate = Authority::new().issue("other.test", Validity::Expired);
    tls(&certificate).set("verify_ssl", "off").ask().await.complete(2, 1);
}

#[tokio::test(start_paused = true)]
async fn ca_file_accepts_its_authoritys_certificates() {
    let authority = Authority::new();
    let told = trusting(&authority, &authority.issue(HOST, Validity::Valid)).ask().await;
    told.complete(2, 1);
    assert_eq!(*told.line.dialled.lock().unwrap(), ["provider.test 443"]);
}

#[tokio::test(start_paused = true)]
async fn tls_that_ends_without_a_farewell_is_cut() {
    // Only the end of the connection ends this body, and anyone in between could have caused it.
    let authority = Authority::new();
    let certificate = authority.issue(HOST, Validity::Valid);
    let mut question = trusting(&authority, &certificate);
    let body = Exchange::ok(lines(2)).without("content-length");
    let script = Script::new([body.clone().then(testkit::Step::Close), body]);
    question.provider = Arc::new(ScriptedProvider::new(script).with_tls(&certificate));
    let (provider, line) = question.connect();
    let told = question.ask_by(&provider, Arc::clone(&line)).await;
    told.is(State::Partial, ClientError::Cut, 2, 1);
    question.ask_by(&provider, line).await.complete(2, 2);
}

#[tokio::test(start_paused = true)]
async fn an_address_is_checked_against_its_certificate() {
    let authority = Authority::new();
    let question = trusting(&authority, &authority.issue("2001:db8::1", Validity::Valid));
    let told = question.set("host", "[2001:db8::1]").ask().await;
    told.complete(2, 1);
    assert_eq!(told.provider.requests()[0].header("host"), Some("[2001:db8::1]"));
}

#[tokio::test(start_paused = true)]
async fn http_proxy_gets_the_whole_url() {
    let told = Question::new(Script::always(Exchange::ok(lines(1))))
        .set("proxy", "http://proxy.test:3128")
        .ask()
        .await;
    told.complete(1, 1);
    assert_eq!(*told.line.dialled.lock().unwrap(), ["proxy.test 3128"]);
    let target = &told.provider.requests()[0].target;
    assert_eq!(target, "http://provider.test:80/pdns/query/www.example.com");
}

#[tokio::test(start_paused = true)]
async fn https_proxy_is_asked_to_connect() {
    let authority = Authority::new();
    let mut question = trusting(&authority, &authority.issue(HOST, Validity::Valid));
    question = question.set("proxy", "http://proxy.test:3128").secret("user_token", "user:hunter2");
    question.way = Way::Proxy("HTTP/1.1 200 Connection established\r\nvia: test\r\n\r\n");
    let told = question.ask().await;
    told.complete(2, 1);
    assert_eq!(*told.line.dialled.lock().unwrap(), ["proxy.test 3128"]);
    let heard = told.line.heard.lock().unwrap().clone();
    assert_eq!(heard, "CONNECT provider.test:443 HTTP/1.1\r\nHost: provider.test:443\r\n\r\n");
    assert_eq!(told.provider.requests()[0].target, "/pdns/query/www.example.com");
}

const WANTS_LOGIN: &str =
    "407: it requires a user and a password: set Proxy User (proxy_user) and Proxy Password (proxy_password)";
/// `büro:hunter:2`, in UTF-8.
const LOGIN: &str = "Basic YsO8cm86aHVudGVyOjI=";

fn by_proxy(why: &str) -> ClientError {
    ClientError::Proxy { proxy: "http://proxy.test:3128".to_owned(), why: why.to_owned() }
}

#[tokio::test(start_paused = true)]
async fn a_proxy_that_cannot_be_reached_is_named_and_not_the_service() {
    let question = Question::new(Script::new([])).set("proxy", "http://proxy.test:3128");
    question.provider.fail_next(usize::MAX, ConnectFault::Refuse);
    question.ask().await.is(State::Failed, by_proxy("connection refused"), 0, 0).hints("Proxy (proxy)");
    for (said, why) in [
        ("\x15\x03\x01\0\x02\x02\x28", "it speaks TLS; TLS to a proxy is not supported"),
        ("SSH-2.0-x\r\n", "it does not speak HTTP"),
        ("HTTP/1.1 407 No\r\n\r\n", WANTS_LOGIN),
    ] {
        let mut question = Question::new(Script::new([])).set("proxy", "http://proxy.test:3128");
        question = question.set("use_http", "off");
        question.way = Way::Proxy(said);
        question.ask().await.is(State::Failed, by_proxy(why), 0, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn proxy_refuses_to_connect() {
    let mut question =
        tls(&Authority::new().issue(HOST, Validity::Valid)).set("proxy", "http://proxy.test:3128");
    question.way = Way::Proxy("HTTP/1.1 403 Forbidden\r\n\r\n");
    let told = question.ask().await;
    let error = by_proxy("it refuses a tunnel to provider.test:443: HTTP/1.1 403 Forbidden");
    told.is(State::Failed, error, 0, 0).hints("proxy");
}

#[tokio::test(start_paused = true)]
async fn proxy_wants_a_login_for_plain_http() {
    let told = Question::new(Script::always(Exchange::status(407, &[], "")))
        .set("proxy", "http://proxy.test:3128")
        .ask()
        .await;
    told.is(State::Failed, by_proxy(WANTS_LOGIN), 0, 1).hints("proxy_password");
}

/// A query through a proxy with a login.
fn with_login(question: Question) -> Question {
    let question = question.set("proxy", "http://proxy.test:3128").set("proxy_user", "b\u{fc}ro");
    question.secret("proxy_password", "hunter:2")
}

#[tokio::test(start_paused = true)]
async fn the_proxys_login_goes_to_the_proxy_over_a_tunnel_and_never_to_the_service() {
    let authority = Authority::new();
    let mut question = with_login(trusting(&authority, &authority.issue(HOST, Validity::Valid)));
    question.way = Way::Proxy("HTTP/1.1 200 Connection established\r\n\r\n");
    let told = question.secret("user_token", "user:other").ask().await;
    told.complete(2, 1);
    assert_eq!(
        *told.line.heard.lock().unwrap(),
        format!(
            "CONNECT provider.test:443 HTTP/1.1\r\nHost: provider.test:443\r\nProxy-Authorization: {LOGIN}\r\n\r\n"
        )
    );
    let request = &told.provider.requests()[0];
    assert_eq!(request.header("proxy-authorization"), None);
    assert_eq!(request.header("authorization"), Some("Basic dXNlcjpvdGhlcg=="));
}

#[tokio::test(start_paused = true)]
async fn the_proxys_login_goes_with_a_plain_question() {
    let told = with_login(Question::new(Script::always(Exchange::ok(lines(1))))).ask().await;
    told.complete(1, 1);
    assert_eq!(told.provider.requests()[0].header("proxy-authorization"), Some(LOGIN));
    assert_eq!(told.provider.requests()[0].header("authorization"), None);
}

#[tokio::test(start_paused = true)]
async fn a_proxy_that_is_none_is_sent_no_login_and_the_service_neither() {
    let question = with_login(Question::new(Script::always(Exchange::ok(lines(1))))).set("proxy", "none");
    let told = question.ask().await;
    told.complete(1, 1);
    assert_eq!(*told.line.dialled.lock().unwrap(), ["provider.test 80"]);
    assert_eq!(told.provider.requests()[0].header("proxy-authorization"), None);
}

#[tokio::test(start_paused = true)]
async fn a_login_that_the_proxy_refuses_names_the_parameters_and_is_not_repeated() {
    let refused = "407: it refuses Proxy User (proxy_user) and Proxy Password (proxy_password)";
    let told = with_login(Question::new(Script::always(Exchange::status(407, &[], "")))).ask().await;
    told.is(State::Failed, by_proxy(refused), 0, 1);
    for (said, why) in [
        ("HTTP/1.1 407 No\r\n\r\n", refused.to_owned()),
        (
            "HTTP/1.1 403 no hunter:2 Basic YsO8cm86aHVudGVyOjI=\r\n\r\n",
            "it refuses a tunnel to provider.test:443: HTTP/1.1 403 no [login] [login]".to_owned(),
        ),
    ] {
        let mut question = with_login(Question::new(Script::new([]))).set("use_http", "off");
        question.way = Way::Proxy(said);
        question.ask().await.is(State::Failed, by_proxy(&why), 0, 0);
    }
    // Over plain HTTP, the proxy can repeat it in a body and in a redirect.
    let said = Exchange::status(403, &[], "no hunter:2 Basic YsO8cm86aHVudGVyOjI=");
    let told = with_login(Question::new(Script::always(said))).ask().await;
    assert!(told.reason().to_string().contains("\"no [login] [login]\""), "{}", told.reason());
    let said = Exchange::status(302, &[("location", "http://x.test/hunter:2")], "");
    let told = with_login(Question::new(Script::always(said))).ask().await;
    assert!(told.reason().to_string().contains("http://x.test/[login]"), "{}", told.reason());
}

#[tokio::test(start_paused = true)]
async fn a_proxy_that_takes_other_logins_only_is_told_so() {
    let other = "407: it does not accept HTTP Basic logins, the only kind that is supported";
    let refused = "407: it refuses Proxy User (proxy_user) and Proxy Password (proxy_password)";
    for (asks, tunnelled, why) in [
        ("NTLM", "HTTP/1.1 407 No\r\nPROXY-Authenticate:NTLM\r\n\r\n", other),
        (
            "Digest realm=\"basic\"",
            "HTTP/1.1 407 No\r\nProxy-Authenticate: Negotiate\r\nproxy-authenticate: NTLM\r\n\r\n",
            other,
        ),
        (
            "Negotiate, basic realm=\"x\"",
            "HTTP/1.1 407 No\r\nProxy-Authenticate: NTLM\r\nproxy-authenticate: BASIC realm=x\r\n\r\n",
            refused,
        ),
    ] {
        let script = Script::always(Exchange::status(407, &[("proxy-authenticate", asks)], ""));
        with_login(Question::new(script)).ask().await.is(State::Failed, by_proxy(why), 0, 1);
        let mut question = with_login(Question::new(Script::new([]))).set("use_http", "off");
        question.way = Way::Proxy(tunnelled);
        question.ask().await.is(State::Failed, by_proxy(why), 0, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_says_407_through_a_tunnel_is_not_the_proxy() {
    let authority = Authority::new();
    let certificate = authority.issue(HOST, Validity::Valid);
    let mut question = with_login(trusting(&authority, &certificate));
    let script = Script::always(Exchange::status(407, &[], ""));
    question.provider = Arc::new(ScriptedProvider::new(script).with_tls(&certificate));
    question.way = Way::Proxy("HTTP/1.1 200 OK\r\n\r\n");
    question.ask().await.is(State::Failed, ProviderError::Status(407), 0, 1);
}

#[tokio::test(start_paused = true)]
async fn a_proxy_whose_answer_never_ends() {
    let mut question =
        tls(&Authority::new().issue(HOST, Validity::Valid)).set("proxy", "http://proxy.test:3128");
    question.way = Way::Proxy(Box::leak(format!("HTTP/1.1 200 OK\r\nx: {}", "a".repeat(10_000)).into()));
    let told = question.ask().await;
    told.is(State::Failed, by_proxy("the head of its answer is too long or incomplete"), 0, 0);
}

#[tokio::test(start_paused = true)]
async fn a_kept_connection_serves_the_next_question() {
    let question = Question::new(Script::always(Exchange::ok(lines(1))));
    let (provider, line) = question.connect();
    for asked in 1..=3 {
        question.ask_by(&provider, Arc::clone(&line)).await.complete(1, asked);
    }
    assert_eq!(question.provider.connections(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_kept_connection_that_the_server_gave_up_is_replaced() {
    let script =
        Script::new([Exchange::ok(lines(1)), testkit::answer::closed_unanswered(), Exchange::ok(lines(2))]);
    let question = Question::new(script);
    let (provider, line) = question.connect();
    question.ask_by(&provider, Arc::clone(&line)).await.complete(1, 1);
    question.ask_by(&provider, line).await.complete(2, 3);
    assert_eq!(question.provider.connections(), 2);
}
