//! A server on a free loopback port, with or without records.

use std::net::SocketAddr;
use std::sync::Arc;

use cof::{Batch, Reader, SourceKind};
use server::{Service, run};
use store::{Memory, Store};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::client::{self, Answer};

/// A running server; it ends when it is stopped, or with the runtime.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn of(service: Service) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(run(listener, service, async {
            let _ = stopped.await;
        }));
        Self { address, stop, running }
    }

    /// A server with these records.
    pub(crate) async fn with(ndjson: &str) -> Self {
        Self::of(Service::new(memory(ndjson)).with_anonymous()).await
    }

    pub(crate) async fn get(&self, target: &str) -> Answer {
        self.ask(target, &[]).await
    }

    pub(crate) async fn ask(&self, target: &str, headers: &[(&str, &str)]) -> Answer {
        client::send(self.address, "GET", target, headers).await
    }

    /// The lines of an answer, which must be complete.
    pub(crate) async fn rows(&self, value: &str, headers: &[(&str, &str)]) -> Vec<String> {
        let answer = self.ask(&format!("/pdns/query/{value}"), headers).await;
        assert_eq!((answer.status, answer.whole), (200, true), "{value}: {answer:?}");
        answer.body.lines().map(str::to_owned).collect()
    }

    pub(crate) async fn stop(self) {
        self.stop.send(()).unwrap();
        self.running.await.unwrap();
    }
}

/// A store with these records as reports.
pub(crate) fn memory(ndjson: &str) -> Arc<Memory> {
    let store = Memory::new();
    store.absorb(batch(ndjson)).unwrap();
    Arc::new(store)
}

/// These records as reports.
pub(crate) fn batch(ndjson: &str) -> Batch {
    let mut reader = Reader::within(cof::time::Window::ANY, cof::Limits::default());
    reader.feed(ndjson.as_bytes());
    reader.close();
    let mut batch = Batch::default();
    while let Some(record) = reader.next() {
        assert!(batch.add(&record.unwrap(), SourceKind::Report).is_taken());
    }
    batch
}

/// A record in the form of this service, without its newline.
pub(crate) fn row(rrname: &str, rrtype: &str, rdata: &str, time: u64) -> String {
    format!(
        "{{\"rrname\":\"{rrname}\",\"rrtype\":\"{rrtype}\",\"rdata\":\"{rdata}\",\
         \"time_first\":{time},\"time_last\":{time},\"count\":1,\"origin\":\"https://a.example\"}}"
    )
}

/// This many A records of names below example.com, in key order, with the newest in the middle.
pub(crate) fn many(number: u64) -> String {
    let line = |at: u64| row(&format!("h{at:06}.example.com"), "A", "192.0.2.1", at * 7919 % number);
    (0..number).map(|at| line(at) + "\n").collect()
}
