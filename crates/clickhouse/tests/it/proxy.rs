//! Loses messages between the engine and the server: requests arrive, late perhaps, and answers do not, or not all of them.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How long the second half of a slow request takes.
const SLOW: Duration = Duration::from_millis(1_500);

/// What happens to matching requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// Their answers are not sent on.
    Answer,
    /// Only the first half of their answers is sent on.
    HalfAnswer,
    /// They are not sent on.
    Request,
    /// The client is cut off at once, and the server gets the request slowly.
    Slow,
}

/// How many more of the requests that contain these texts meet with this, and how many requests contained them.
#[derive(Debug)]
struct Plan {
    /// It begins with the request that contains this.
    first: Option<String>,
    texts: Vec<String>,
    times: usize,
    loss: Loss,
    seen: usize,
}

/// Listens on a port of the loopback address.
#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) port: u16,
    plan: Arc<Mutex<Plan>>,
}

impl Proxy {
    /// Passes requests on to this port.
    pub(crate) fn before(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let plan = Arc::new(Mutex::new(Plan {
            first: None,
            texts: Vec::new(),
            times: 0,
            loss: Loss::Answer,
            seen: 0,
        }));
        let shared = Arc::clone(&plan);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let plan = Arc::clone(&shared);
                std::thread::spawn(move || pass(client, server, &plan));
            }
        });
        Self { port, plan }
    }

    /// The next requests that contain this text in their first line or their body meet with this.
    pub(crate) fn lose(&self, text: &str, times: usize, loss: Loss) {
        self.lose_all_of(&[text], times, loss);
    }

    /// The same for those that contain all these texts.
    pub(crate) fn lose_all_of(&self, texts: &[&str], times: usize, loss: Loss) {
        let texts = texts.iter().map(|text| (*text).to_owned()).collect();
        *self.plan.lock().unwrap() = Plan { first: None, texts, times, loss, seen: 0 };
    }

    /// From the first request with one text on, all requests that contain another one meet with this.
    pub(crate) fn lose_from(&self, first: &str, text: &str, loss: Loss) {
        self.lose(text, usize::MAX, loss);
        self.plan.lock().unwrap().first = Some(first.to_owned());
    }

    /// How many requests are still to be met with it.
    pub(crate) fn left(&self) -> usize {
        self.plan.lock().unwrap().times
    }

    /// How many requests have contained the texts.
    pub(crate) fn seen(&self) -> usize {
        self.plan.lock().unwrap().seen
    }
}

impl Plan {
    /// What happens to this request.
    fn next(&mut self, asked: &str) -> Option<Loss> {
        self.first.take_if(|first| asked.contains(&**first));
        if self.first.is_some() || !self.texts.iter().all(|text| asked.contains(text)) {
            return None;
        }
        self.seen += 1;
        self.times = self.times.checked_sub(1)?;
        Some(self.loss)
    }
}

/// Passes one request on, and perhaps its answer.
fn pass(mut client: TcpStream, server: u16, plan: &Mutex<Plan>) -> Option<()> {
    let (head, body) = request(&mut client)?;
    let asked = [head.lines().next()?, &*String::from_utf8_lossy(&body)].concat();
    let loss = plan.lock().ok()?.next(&asked);
    if loss == Some(Loss::Request) {
        return client.shutdown(Shutdown::Both).ok();
    }
    let mut upstream = TcpStream::connect(("127.0.0.1", server)).ok()?;
    upstream.write_all(head.replacen("\r\n", "\r\nConnection: close\r\n", 1).as_bytes()).ok()?;
    if loss == Some(Loss::Slow) {
        client.shutdown(Shutdown::Both).ok()?;
    }
    let (first, second) = body.split_at(body.len() / 2);
    upstream.write_all(first).ok()?;
    if loss == Some(Loss::Slow) {
        pause(SLOW);
    }
    upstream.write_all(second).ok()?;
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer).ok()?;
    let sent = match loss {
        None => answer.len(),
        Some(Loss::HalfAnswer) => answer.len() / 2,
        Some(Loss::Answer | Loss::Request | Loss::Slow) => 0,
    };
    client.write_all(&answer[..sent]).ok()?;
    client.shutdown(Shutdown::Both).ok()
}

#[expect(clippy::disallowed_methods, reason = "a real server gets its request slowly")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// The head and the body of a request.
fn request(client: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte).ok()?;
        head.extend_from_slice(&byte);
    }
    let head = String::from_utf8(head).ok()?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        if name.eq_ignore_ascii_case("content-length") { value.trim().parse().ok() } else { None }
    });
    let mut body = vec![0; length.unwrap_or(0)];
    client.read_exact(&mut body).ok()?;
    Some((head, body))
}
