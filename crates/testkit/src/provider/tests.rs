//! Tests of the provider itself, on which other tests rely.

use rustls::CertificateError;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::*;
use crate::certificate::tests::{reason, trusting};
use crate::certificate::{Authority, Validity};
use crate::script::{Exchange, Step};

const SECOND: Duration = Duration::from_secs(1);

async fn ask(stream: &mut (impl AsyncWrite + Unpin), target: &str) {
    let head = format!("GET {target} HTTP/1.1\r\nhost: provider.test\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
}

/// Reads exactly one answer with this body.
async fn expect(stream: &mut (impl AsyncRead + Unpin), body: &str) {
    let want = Exchange::ok(body).into_steps().into_iter().filter_map(|step| match step {
        Step::Send(bytes) => Some(bytes),
        _ => None,
    });
    let want = want.collect::<Vec<_>>().concat();
    let mut got = vec![0; want.len()];
    stream.read_exact(&mut got).await.unwrap();
    assert_eq!(String::from_utf8(got).unwrap(), String::from_utf8(want).unwrap());
}

/// Reads to the end of the connection.
async fn rest(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut rest = String::new();
    stream.read_to_string(&mut rest).await.unwrap();
    rest
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_kept_alive_and_requests_are_counted_over_all() {
    let slow = Exchange::ok("two").after(10 * SECOND);
    let provider = ScriptedProvider::new(Script::new([Exchange::ok("one"), slow, Exchange::ok("three")]));
    let start = Instant::now();
    let mut first = provider.connect().await.unwrap();
    ask(&mut first, "/1").await;
    expect(&mut first, "one").await;
    assert_eq!(start.elapsed(), Duration::ZERO);
    ask(&mut first, "/2").await;
    expect(&mut first, "two").await;
    assert_eq!(start.elapsed(), 10 * SECOND);
    let mut second = provider.connect().await.unwrap();
    ask(&mut second, "/3").await;
    expect(&mut second, "three").await;
    ask(&mut first, "/4").await;
    let mut status = [0; 12];
    first.read_exact(&mut status).await.unwrap();
    assert_eq!(&status, b"HTTP/1.1 500");
    let targets: Vec<_> = provider.requests().into_iter().map(|request| request.target).collect();
    assert_eq!(targets, ["/1", "/2", "/3", "/4"]);
    assert_eq!((provider.connections(), provider.failed_connects()), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn the_last_exchange_repeats_when_asked() {
    let provider = ScriptedProvider::new(Script::new([Exchange::ok("a"), Exchange::ok("b")]).repeat_last());
    let mut stream = provider.connect().await.unwrap();
    for body in ["a", "b", "b", "b"] {
        ask(&mut stream, "/").await;
        expect(&mut stream, body).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_cut_comes_after_the_bytes_before_it() {
    let cut = Exchange::ok("{\"rrname\":1}").until(7).then(Step::Close);
    let provider = ScriptedProvider::new(Script::always(cut));
    let mut stream = provider.connect().await.unwrap();
    ask(&mut stream, "/").await;
    let answer = rest(&mut stream).await;
    assert!(answer.ends_with("content-length: 12\r\n\r\n{\"rrnam"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_without_a_length_ends_with_the_connection() {
    let provider =
        ScriptedProvider::new(Script::always(Exchange::ok("to the end").without("content-length")));
    let mut stream = provider.connect().await.unwrap();
    ask(&mut stream, "/").await;
    assert!(rest(&mut stream).await.ends_with("\r\n\r\nto the end"));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_wants_the_end_gets_it() {
    let provider = ScriptedProvider::new(Script::always(Exchange::ok("one")));
    let mut stream = provider.connect().await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n").await.unwrap();
    assert!(timeout(SECOND, rest(&mut stream)).await.unwrap().ends_with("one"));
}

#[tokio::test(start_paused = true)]
async fn a_stall_holds_the_connection_open() {
    let provider = ScriptedProvider::new(Script::always(Exchange::ok("abc").until(1).then(Step::Stall)));
    let mut stream = provider.connect().await.unwrap();
    ask(&mut stream, "/").await;
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\na") {
        assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0);
    }
    let mut forever = String::new();
    assert!(timeout(3600 * SECOND, stream.read_to_string(&mut forever)).await.is_err());
    stream.shutdown().await.unwrap();
    timeout(SECOND, stream.read_to_string(&mut forever)).await.expect("the peer closed").unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_endless_body_stops_with_the_reader() {
    let endless = Exchange::open(200, &[]).then(Step::Endless(vec![b'x'; 1000]));
    let provider = ScriptedProvider::new(Script::always(endless));
    let mut stream = provider.connect().await.unwrap();
    ask(&mut stream, "/").await;
    let mut some = vec![0; 1_000_000];
    stream.read_exact(&mut some).await.unwrap();
    drop(stream);
    tokio::time::sleep(SECOND).await;
    let ahead = provider.sent().abs_diff(1_000_000);
    assert!(ahead <= DUPLEX as u64, "{ahead} bytes from what was read");
}

#[tokio::test(start_paused = true)]
async fn a_connector_may_move_between_threads() {
    let provider = Arc::new(ScriptedProvider::new(Script::always(Exchange::ok("one"))));
    let shared = Arc::clone(&provider);
    tokio::spawn(async move { shared.connect().await }).await.unwrap().unwrap();
    assert_eq!(provider.connections(), 1);
}

#[tokio::test(start_paused = true)]
async fn connects_fail_as_often_as_asked() {
    let provider = ScriptedProvider::new(Script::always(Exchange::ok("")));
    provider.fail_next(2, ConnectFault::Refuse);
    for _ in 0..2 {
        assert_eq!(provider.connect().await.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    }
    provider.connect().await.unwrap();
    provider.fail_next(1, ConnectFault::Stall);
    assert!(timeout(3600 * SECOND, provider.connect()).await.is_err());
    provider.fail_next(1, ConnectFault::Mute);
    let mut mute = provider.connect().await.unwrap();
    ask(&mut mute, "/").await;
    assert!(timeout(3600 * SECOND, mute.read_u8()).await.is_err());
    assert_eq!((provider.connections(), provider.failed_connects()), (1, 4));
    assert_eq!(provider.requests(), []);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_request_uses_up_no_exchange() {
    let provider = ScriptedProvider::new(Script::new([Exchange::ok("one")]));
    let mut bad = provider.connect().await.unwrap();
    bad.write_all(b"nonsense\r\n\r\n").await.unwrap();
    assert!(rest(&mut bad).await.starts_with("HTTP/1.1 400 "));
    let mut good = provider.connect().await.unwrap();
    ask(&mut good, "/").await;
    expect(&mut good, "one").await;
    assert_eq!(provider.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_provider_closes_its_connections() {
    let provider = ScriptedProvider::new(Script::always(Exchange::raw(vec![Step::Stall])));
    let mut stream = provider.connect().await.unwrap();
    ask(&mut stream, "/").await;
    drop(provider);
    assert_eq!(timeout(SECOND, rest(&mut stream)).await.unwrap(), "");
}

#[tokio::test(start_paused = true)]
async fn tls_is_spoken_in_memory() {
    let authority = Authority::new();
    let certificate = authority.issue("provider.test", Validity::Valid);
    let provider = ScriptedProvider::new(Script::new([
        Exchange::ok("one"),
        Exchange::ok("two").without("content-length"),
        Exchange::ok("three").until(2).then(Step::Close),
    ]))
    .with_tls(&certificate);
    let connector = trusting(&authority.pem());
    let host = rustls_pki_types::ServerName::try_from("provider.test").unwrap();
    let mut stream = connector.connect(host.clone(), provider.connect().await.unwrap()).await.unwrap();
    ask(&mut stream, "/1").await;
    expect(&mut stream, "one").await;
    ask(&mut stream, "/2").await;
    assert!(rest(&mut stream).await.ends_with("two"), "an orderly end says farewell");
    let mut stream = connector.connect(host, provider.connect().await.unwrap()).await.unwrap();
    ask(&mut stream, "/3").await;
    let cut = stream.read_to_string(&mut String::new()).await.unwrap_err();
    assert_eq!(cut.kind(), io::ErrorKind::UnexpectedEof, "a cut does not");
    assert_eq!((provider.requests().len(), provider.connections()), (3, 2));
}

#[tokio::test(start_paused = true)]
async fn an_expired_certificate_is_refused_and_no_request_is_made() {
    let authority = Authority::new();
    let certificate = authority.issue("provider.test", Validity::Expired);
    let provider = ScriptedProvider::new(Script::always(Exchange::ok(""))).with_tls(&certificate);
    let host = "provider.test".try_into().unwrap();
    let stream = provider.connect().await.unwrap();
    let error = trusting(&authority.pem()).connect(host, stream).await.unwrap_err();
    let rustls::Error::InvalidCertificate(fault) = reason(&error) else { panic!("{error}") };
    // The variants with and without context have the same meaning; rustls chooses one.
    let expired = matches!(fault, CertificateError::Expired | CertificateError::ExpiredContext { .. });
    assert!(expired, "{fault:?}");
    assert_eq!(provider.requests(), []);
}

#[tokio::test]
async fn tcp_is_served_until_the_provider_is_dropped() {
    let provider = ScriptedProvider::new(Script::new([Exchange::ok("one"), Exchange::ok("two").chunked(2)]));
    let address = provider.listen().await.unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    ask(&mut stream, "/1").await;
    expect(&mut stream, "one").await;
    ask(&mut stream, "/2").await;
    stream.shutdown().await.unwrap();
    assert!(rest(&mut stream).await.ends_with("2\r\ntw\r\n1\r\no\r\n0\r\n\r\n"));
    assert_eq!((provider.requests().len(), provider.connections()), (2, 1));
    drop(provider);
    // The aborted task releases the port when the runtime next runs it.
    let refused = async { while TcpStream::connect(address).await.is_ok() {} };
    timeout(10 * SECOND, refused).await.expect("the port is closed");
}

#[tokio::test]
async fn tls_is_spoken_over_tcp() {
    let authority = Authority::new();
    let certificate = authority.issue("127.0.0.1", Validity::Valid);
    let provider = ScriptedProvider::new(Script::new([Exchange::ok("one")])).with_tls(&certificate);
    let tcp = TcpStream::connect(provider.listen().await.unwrap()).await.unwrap();
    let host = "127.0.0.1".try_into().unwrap();
    let mut stream = trusting(&authority.pem()).connect(host, tcp).await.unwrap();
    ask(&mut stream, "/").await;
    expect(&mut stream, "one").await;
}

#[tokio::test]
async fn a_fault_over_tcp_closes_the_connection() {
    let provider = ScriptedProvider::new(Script::always(Exchange::ok("one")));
    provider.fail_next(1, ConnectFault::Refuse);
    let address = provider.listen().await.unwrap();
    let mut refused = TcpStream::connect(address).await.unwrap();
    assert_eq!(rest(&mut refused).await, "");
    let mut stream = TcpStream::connect(address).await.unwrap();
    ask(&mut stream, "/").await;
    expect(&mut stream, "one").await;
    assert_eq!((provider.connections(), provider.failed_connects()), (1, 1));
}
