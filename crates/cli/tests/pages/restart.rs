//! A server that is killed during a run resumes it after its restart, and keeps what had arrived.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use fantoccini::Locator;

use crate::analyst;
use crate::browser::browse_anyhow;
use crate::program::Program;

const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nConnection: close\r\n\r\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_goes_on_when_its_server_was_killed() {
    let (port, program) = (provider(), Program::serve(["--sample"]));
    browse_anyhow(&program, async |browser| {
        browser.becomes("ann", &program).await;
        analyst::installs_for(browser, &port, "1.1.0").await;
        analyst::enables(browser).await;
        analyst::adds(browser, "www.example.com").await;
        browser.go("/library/indicator?value=www.example.com").await;
        browser.press("Run").await;
        browser.sees("1 record,").await;
        program.is_killed_and_started();
        // The open page of the run notices it by itself.
        browser.sees("the server was stopped before the answer was there").await;
        browser.sees("1 record had arrived").await;
        browser.go("/runs/1").await;
        browser.click(Locator::LinkText("run 2")).await;
        browser.sees("Complete answer. 2 records").await;
    })
    .await;
}

/// A provider whose first answer does not end, while all others do; returns its port.
fn provider() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    thread::spawn(move || {
        let mut held = Vec::new();
        for (at, stream) in listener.incoming().map_while(Result::ok).enumerate() {
            held.extend(answer(stream, at == 0));
        }
    });
    port
}

/// Answers one request; an unfinished connection is returned, to be kept open.
fn answer(mut stream: TcpStream, stalls: bool) -> Option<TcpStream> {
    let _ = stream.read(&mut [0; 4_096]);
    let [one, two] = ["192.0.2.1", "192.0.2.2"].map(|address| {
        format!("{{\"rrname\":\"www.example.com\",\"rrtype\":\"A\",\"rdata\":\"{address}\",\"time_first\":1500000001,\"time_last\":1500000002,\"count\":3}}\n")
    });
    let body = if stalls { format!("{one}{{\"rrname\"") } else { format!("{one}{two}") };
    // The client may have disconnected.
    let _ = stream.write_all(format!("{HEAD}{body}").as_bytes());
    stalls.then_some(stream)
}
