//! One value at three providers at once, compared with the slowest of them alone.
//!
//! Each provider is a server on loopback that answers after its own delay, and each has its own operation. The program is the real
//! one, from start to exit.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use testkit::figure::{Figure, Goal};

use super::local::program;
use super::{middle, say};

/// The operations, and how many milliseconds their providers take to answer; the last one is the slowest.
const PROVIDERS: [(&str, u64); 3] = [("one", 20), ("two", 50), ("three", 80)];
/// Records of each answer.
const RECORDS: usize = 50;
const ROUNDS: usize = 31;
/// How much longer than the slowest provider all of them may take together, in milliseconds.
const WANTED: f64 = 10.0;

/// Measures and prints the figures.
pub(crate) fn measure() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    for (name, delay) in PROVIDERS {
        install(home, name, answer_after(Duration::from_millis(delay)));
    }
    let rounds: Vec<[Duration; 2]> =
        (0..ROUNDS).map(|_| [query(home, "three", 1), query(home, "one,two,three", 3)]).collect();
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    let slowest = middle(rounds.iter().map(|[slowest, _]| ms(*slowest)));
    let all = middle(rounds.iter().map(|[_, all]| ms(*all)));
    let more = middle(rounds.iter().map(|[slowest, all]| ms(*all) - ms(*slowest))).max(0.0);
    say(&Figure::new("one value at the slowest of three providers", slowest, "ms"));
    say(&Figure::new("one value at three providers at once", all, "ms"));
    let more = Figure::new("three providers, compared with the slowest", more, "ms longer");
    say(&more.wanted(Goal::AtMost(WANTED)));
}

/// Installs an operation of this name for a provider.
fn install(home: &Path, name: &str, address: SocketAddr) {
    let file = home.join(format!("{name}.toml"));
    let source = operation::package::newest().unwrap().source.replace("circl-passive-dns", name);
    std::fs::write(&file, source).unwrap();
    let (host, port) = (format!("host={}", address.ip()), format!("port={}", address.port()));
    let steps: [&[&str]; 3] = [
        &["install", file.to_str().unwrap(), "--yes"],
        &["configure", name, &host, &port, "use_http=on"],
        &["enable", name],
    ];
    for step in steps {
        let output = program(home).arg("integration").args(step).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// The time from start to exit of a query with these operations.
fn query(home: &Path, operations: &str, answers: usize) -> Duration {
    let mut command = program(home);
    command.args(["query", "www.example.com", "--fresh", "--format", "json", "--operation", operations]);
    let began = Instant::now();
    let output = command.stdin(Stdio::null()).output().unwrap();
    let time = began.elapsed();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found = output.stdout.windows(12).filter(|window| window == b"\"relation\":\"").count();
    assert_eq!(found, answers * RECORDS);
    time
}

/// A server that answers every request after a delay, on threads that end with the process.
fn answer_after(delay: Duration) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let body = body();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, body) = (stream.unwrap(), body.clone());
            std::thread::spawn(move || {
                let mut requests = BufReader::new(stream.try_clone().unwrap());
                let mut line = String::new();
                while requests.read_line(&mut line).is_ok_and(|len| len > 0) {
                    if line == "\r\n" {
                        std::thread::sleep(delay);
                        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
                        stream.write_all(head.as_bytes()).unwrap();
                    }
                    line.clear();
                }
            });
        }
    });
    address
}

fn body() -> String {
    let mut body = String::new();
    for at in 0..RECORDS {
        let first = 1_500_000_000 + at;
        let _ = writeln!(
            body,
            "{{\"rrname\":\"www.example.com\",\"rrtype\":\"A\",\"rdata\":\"185.194.93.{at}\",\"time_first\":{first},\
             \"time_last\":{},\"count\":{}}}",
            first + 86_400,
            at + 1
        );
    }
    body
}
