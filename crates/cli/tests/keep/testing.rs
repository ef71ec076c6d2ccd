//! `integration test`: each step is reported separately, with what to do.

use testkit::{ClosedPort, Exchange, Script, ScriptedProvider};

use crate::home::{Done, Home, NAME};

/// Configures the operation for a scripted provider and tests it.
fn test(exchange: Exchange) -> Done {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let provider = ScriptedProvider::new(Script::always(exchange));
    let address = runtime.block_on(provider.listen()).unwrap();
    let home = Home::with_the_guides();
    home.configure(&["host=127.0.0.1", &format!("port={}", address.port()), "use_http=on"]).ok();
    home.give("user:hunter2").ok();
    let done = home.run(&["integration", "test", NAME, "--format", "json"]);
    assert!(provider.requests().len() <= 1, "one request is enough");
    assert!(!done.stdout.contains("hunter2") && !done.stderr.contains("hunter2"));
    done
}

/// The result of each step.
fn standings(done: &Done) -> Vec<String> {
    let value: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    let steps = value["steps"].as_array().unwrap();
    steps.iter().map(|step| step["standing"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_works_passes() {
    let record = r#"{"rrname":"example.com","rrtype":"A","rdata":"192.0.2.1","time_first":1500000001,"time_last":1500000002}"#;
    let done = test(Exchange::ok(record));
    assert_eq!(standings(&done), ["not_needed", "passed", "not_needed", "passed", "passed"]);
    assert_eq!(done.code, 0);
}

#[test]
fn a_login_that_is_refused_is_code_4() {
    let done = test(testkit::answer::unauthorized());
    assert_eq!(standings(&done), ["not_needed", "passed", "not_needed", "failed", "not_reached"]);
    assert_eq!(done.code, 4);
    assert!(done.stdout.contains("401 Unauthorized") && done.stdout.contains("hint"));
}

#[test]
fn a_page_that_is_no_data_fails_at_the_answer() {
    let done = test(testkit::answer::html_page());
    assert_eq!(standings(&done), ["not_needed", "passed", "not_needed", "passed", "failed"]);
    assert_eq!(done.code, 1);
}

#[test]
fn tls_against_a_plain_server_fails_at_tls() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let home = Home::with_the_guides();
    home.configure(&["host=127.0.0.1", &format!("port={}", listener.local_addr().unwrap().port())]).ok();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut hello = [0; 16];
        std::io::Read::read_exact(&mut stream, &mut hello).unwrap();
        std::io::Write::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    });
    let done = home.run(&["integration", "test", NAME, "--format", "json"]);
    server.join().unwrap();
    assert_eq!(standings(&done), ["not_needed", "passed", "failed", "not_reached", "not_reached"]);
    assert!(done.stdout.contains("the port speaks plain HTTP, not TLS"), "{}", done.stdout);
}

#[test]
fn a_name_that_is_none_and_a_port_that_is_closed() {
    let home = Home::with_the_guides();
    home.configure(&["host=nowhere.invalid"]).ok();
    let said = home.run(&["integration", "test", NAME]);
    assert_eq!(said.code, 1);
    assert!(
        said.stdout.contains("Name resolution  FAILED") && said.stdout.contains("hint:"),
        "{}",
        said.stdout
    );
    let closed = ClosedPort::bind().unwrap();
    home.configure(&["host=127.0.0.1", &format!("port={}", closed.address().port())]).ok();
    let said = home.run(&["integration", "test", NAME]);
    assert!(said.stdout.contains("Connection       FAILED"), "{}", said.stdout);
    home.run(&["integration", "test", "nothing"]).says(2, &["\"nothing\" is not installed"]);
}

#[test]
fn a_ca_file_that_is_gone_is_noticed_when_it_is_enabled() {
    let home = Home::new();
    home.run(&["integration", "install", "circl-passive-dns@1.1.0"]).ok();
    let file = home.file("ca.pem", testkit::certificate::Authority::new().pem());
    home.configure(&[&format!("ca_file={file}")]).ok();
    std::fs::write(home.path(&file), "nothing").unwrap();
    home.run(&["integration", "enable", NAME]).says(2, &["CA File (ca_file)", "contains no certificate"]);
    std::fs::remove_file(home.path(&file)).unwrap();
    home.run(&["integration", "enable", NAME]).says(2, &["ca.pem", "No such file"]);
    home.configure(&["--reset", "ca_file"]).ok();
    home.run(&["integration", "enable", NAME]).ok();
}
