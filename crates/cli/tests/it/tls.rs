//! `backsight serve` with its own TLS.

use std::path::PathBuf;
use std::process::Command;

use testkit::certificate::{Authority, Certificate, Validity};

use crate::harness::{Home, Serve, line};

/// Replaces a file as certificate tools do.
fn replace(home: &Home, name: &str, content: &str) -> PathBuf {
    let fresh = home.file("fresh", content);
    std::fs::rename(fresh, home.path(name)).unwrap();
    home.path(name)
}

fn put(home: &Home, certificate: &Certificate) -> [PathBuf; 2] {
    [replace(home, "chain.pem", &certificate.pem()), replace(home, "key.pem", &certificate.key_pem())]
}

/// Whether a client that only trusts this authority gets an answer over TLS.
fn answers(home: &Home, server: &Serve, authority: &Authority) -> bool {
    let ca = home.file("ca.pem", authority.pem());
    let query =
        home.run(["query", "www.example.com", "--fresh", "--format", "json", "--set", "host=127.0.0.1"]);
    let query = query.set(format!("port={}", server.address.port())).set(format!("ca_file={}", ca.display()));
    query.done().code == 0
}

/// Sends requests until the new certificate is in use.
fn until(home: &Home, server: &Serve, authority: &Authority) {
    assert!((0..200).any(|_| answers(home, server, authority)), "{}", server.said());
}

#[test]
fn it_speaks_tls_and_takes_a_new_certificate_while_it_runs() {
    let (home, authorities) = (Home::new(), [Authority::new(), Authority::new(), Authority::new()]);
    let issue = |at: usize| authorities[at].issue("127.0.0.1", Validity::Valid);
    let [certificate, key] = put(&home, &issue(0));
    let records = home
        .file("records.ndjson", line("www.example.com", "A", "192.0.2.1", 1_500_001_000, 1_500_002_000, 3));
    let run = home.run(["serve", "--anonymous", "--listen", "127.0.0.1:0", "--cof"]).args([&records]);
    let server = Serve::of(run.args(["--tls-cert"]).args([&certificate]).args(["--tls-key"]).args([&key]));
    assert!(server.said().contains("listening on https://127.0.0.1:"), "{}", server.said());
    assert!(answers(&home, &server, &authorities[0]));
    assert!(!answers(&home, &server, &authorities[1]), "nobody else is trusted");

    put(&home, &issue(1));
    until(&home, &server, &authorities[1]);

    // An invalid certificate changes nothing, and does not end the server, however it is told to reload.
    replace(&home, "chain.pem", "nonsense");
    let pid = server.pid().to_string();
    assert!(Command::new("kill").args(["-s", "HUP", &pid]).status().unwrap().success());
    let warned = (0..200).any(|_| {
        assert!(answers(&home, &server, &authorities[1]));
        server.said().contains("the previous one stays in use")
    });
    assert!(warned, "{}", server.said());
    put(&home, &issue(2));
    until(&home, &server, &authorities[2]);
    server.terminate();
    assert_eq!(server.ended_within(std::time::Duration::from_secs(10)), Some(0));
}

#[test]
fn tls_that_cannot_be_is_wrong_usage() {
    let (home, authority) = (Home::new(), Authority::new());
    let [certificate, key] = put(&home, &authority.issue("127.0.0.1", Validity::Valid));
    let other = home.file("other.pem", authority.issue("127.0.0.1", Validity::Valid).key_pem());
    let none = home.file("none.pem", "");
    let missing = home.path("missing.pem");
    for (certificate, key, words) in [
        (&none, &key, "it contains no certificate"),
        (&certificate, &other, "other.pem"),
        (&certificate, &none, "none.pem"),
        (&missing, &key, "missing.pem"),
    ] {
        let run =
            home.run(["serve", "--anonymous", "--listen", "127.0.0.1:0", "--tls-cert"]).args([certificate]);
        run.args(["--tls-key"]).args([key]).done().says(2, &[words, "hint: give the certificate chain"]);
    }
    let half = home.run(["serve", "--anonymous", "--tls-cert"]).args([&certificate]).done();
    half.says(2, &["hint: give both --tls-cert and --tls-key"]);
    let cors = home.run(["serve", "--sample", "--anonymous", "--cors", "*"]).done();
    cors.says(2, &["--cors \"*\"", "hint: write scheme"]);
}

#[test]
fn with_tls_others_may_reach_it_but_never_everybody() {
    let (home, authority) = (Home::new(), Authority::new());
    let [certificate, key] = put(&home, &authority.issue("127.0.0.1", Validity::Valid));
    let run = |address: &str| {
        let run = home.run(["serve", "--listen", address, "--tls-cert"]).args([&certificate]);
        run.args(["--tls-key"]).args([&key])
    };
    run("192.0.2.1:0").args(["--anonymous"]).done().says(2, &["can be reached from other machines"]);
    // This is not an address of this machine: listening on it is tried, which is refused for plain HTTP.
    run("192.0.2.1:0").done().says(1, &["listening on 192.0.2.1:0"]);
}

#[test]
fn who_speaks_plain_http_to_it_is_told_so() {
    use std::io::{Read as _, Write as _};
    let home = Home::new();
    let [certificate, key] = put(&home, &Authority::new().issue("127.0.0.1", Validity::Valid));
    let records = home
        .file("records.ndjson", line("www.example.com", "A", "192.0.2.1", 1_500_001_000, 1_500_002_000, 3));
    let run = home.run(["serve", "--anonymous", "--listen", "127.0.0.1:0", "--cof"]).args([&records]);
    let server = Serve::of(run.args(["--tls-cert"]).args([&certificate]).args(["--tls-key"]).args([&key]));
    let mut stream = std::net::TcpStream::connect(server.address).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).unwrap();
    assert!(said.starts_with("HTTP/1.1 400 ") && said.contains("this port speaks TLS"), "{said}");
    let query = home.query(server.address, ["www.example.com"]).done();
    assert!(query.stderr.contains("this port speaks TLS"), "{query:?}");
}
