//! A raw HTTP/1.1 client that shows exactly what was received.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A received answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// Whether the body ended as declared.
    pub(crate) whole: bool,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn lines(&self) -> Vec<&str> {
        self.body.lines().collect()
    }

    /// The problem's detail, after checking its other members.
    pub(crate) fn problem(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        let details: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        assert_eq!((&details["status"], &details["type"]), (&status.into(), &"about:blank".into()));
        assert!(!details["title"].as_str().unwrap().is_empty());
        details["detail"].as_str().unwrap().to_owned()
    }
}

/// Sends one request on a connection of its own and reads to the end.
pub(crate) async fn send(server: SocketAddr, method: &str, target: &str, headers: &[(&str, &str)]) -> Answer {
    let mut stream = TcpStream::connect(server).await.unwrap();
    let headers: String = headers.iter().flat_map(|(name, value)| [name, ": ", value, "\r\n"]).collect();
    let request =
        format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    read(&mut stream, method).await
}

/// Sends a request with a body, and with only these headers besides the length.
pub(crate) async fn send_with(
    server: SocketAddr,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    let mut stream = TcpStream::connect(server).await.unwrap();
    let headers: String = headers.iter().flat_map(|(name, value)| [name, ": ", value, "\r\n"]).collect();
    let length = body.len();
    let head = format!(
        "{method} {target} HTTP/1.1\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // A server that refuses early may not read the rest.
    let _ = stream.write_all(body).await;
    read(&mut stream, method).await
}

/// Reads until the server closes.
pub(crate) async fn read(stream: &mut TcpStream, method: &str) -> Answer {
    let mut raw = Vec::new();
    let reading = tokio::time::timeout(Duration::from_mins(1), stream.read_to_end(&mut raw));
    // A reset connection was cut.
    let cut = reading.await.unwrap().is_err();
    let mut answer = parse(&String::from_utf8(raw).unwrap(), method);
    answer.whole &= !cut;
    answer
}

pub(crate) fn parse(raw: &str, method: &str) -> Answer {
    let (head, rest) = raw.split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: Vec<_> = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let mut answer = Answer { status, headers, body: rest.to_owned(), whole: true };
    if method == "HEAD" {
        assert_eq!(rest, "");
    } else if answer.header("transfer-encoding") == Some("chunked") {
        (answer.body, answer.whole) = unchunk(rest);
    } else {
        // An answer without a body has no length.
        let length = answer.header("content-length").map_or(Ok(0), str::parse);
        answer.whole = length == Ok(rest.len());
    }
    answer
}

fn unchunk(mut rest: &str) -> (String, bool) {
    let mut body = String::new();
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            return (body, after == "\r\n");
        }
        let Some(chunk) = after.get(..size) else { break };
        body.push_str(chunk);
        rest = after.get(size + 2..).unwrap_or_default();
    }
    (body, false)
}
