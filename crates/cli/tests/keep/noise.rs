//! What is not kept: rules for noise on every way in, and records that were not seen for too long.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use crate::home::Home;

fn record(rrname: &str, rrtype: &str, rdata: &str, time_last: u64) -> String {
    format!(
        "{{\"rrname\":\"{rrname}\",\"rrtype\":\"{rrtype}\",\"rdata\":\"{rdata}\",\"count\":1,\"time_first\":{time_last},\"time_last\":{time_last}}}\n"
    )
}

/// Records that one rule each suppresses, and one that none does.
fn records() -> String {
    let names =
        (0..5).map(|number| record(&format!("n{number}.tunnel.example"), "A", "185.194.93.1", 1_600_000_000));
    [
        record("www.example", "A", "185.194.93.1", 1_600_000_000),
        record("1.2.dnsbl.test", "A", "185.194.93.1", 1_600_000_000),
        record("text.example", "TXT", "x", 1_600_000_000),
        record("inside.example", "A", "10.0.0.1", 1_600_000_000),
    ]
    .into_iter()
    .chain(names)
    .collect()
}

const CONFIGURATION: &str = "[intake]\nsuppress_suffixes = \"dnsbl.test\"\nsuppress_types = \"TXT\"\n\
    suppress_special_addresses = true\nnames_per_domain = 2\n";

fn kept(home: &Home) -> Vec<String> {
    let found = home.json(&["lookup", "*."]);
    let names = found["records"].as_array().unwrap().iter();
    names.map(|record| record["rrname"].as_str().unwrap().to_owned()).collect()
}

const WANTED: [&str; 3] = ["n0.tunnel.example", "n1.tunnel.example", "www.example"];

#[test]
fn rules_are_options_of_import_and_each_is_counted() {
    let home = Home::new();
    home.file("records", records());
    let rules = [
        "--suppress-suffix",
        "*.dnsbl.test,other.test",
        "--suppress-type",
        "txt",
        "--suppress-special-addresses",
        "--names-per-domain",
        "2",
    ];
    let told = home.json(&[&["import", "records", "--as", "observation"], rules.as_slice()].concat());
    assert_eq!(
        (told["records"].as_u64(), kept(&home).as_slice()),
        (Some(3), WANTED.map(String::from).as_slice())
    );
    let dropped = told["dropped"].as_array().unwrap().iter();
    let dropped: Vec<(&str, u64)> =
        dropped.map(|one| (one["reason"].as_str().unwrap(), one["count"].as_u64().unwrap())).collect();
    let wanted = [
        ("records below a suppressed suffix", 1),
        ("records of a suppressed type", 1),
        ("records with a special-purpose address", 1),
        ("new names over the budget of their domain", 3),
    ];
    assert_eq!(dropped, wanted);
}

#[test]
fn rules_are_settings_and_a_wrong_one_names_its_place() {
    let home = Home::new();
    home.file("records", records());
    home.file("rules.toml", CONFIGURATION);
    home.run(&["--config", "rules.toml", "import", "records", "--as", "observation"]).ok();
    assert_eq!(kept(&home), WANTED);
    for (rules, says) in [
        (
            "suppress_suffixes = \"ok.test, a..b\"",
            "intake.suppress_suffixes (rules.toml:2): a..b: empty label",
        ),
        ("suppress_types = \"FOO\"", "FOO is not a record type such as TXT"),
        ("names_per_domain = -1", "intake.names_per_domain (rules.toml:2): -1 is not a whole number"),
    ] {
        home.file("rules.toml", format!("[intake]\n{rules}\n"));
        let refused = home.run(&["--config", "rules.toml", "import", "records"]);
        assert_eq!(refused.code, 2);
        assert!(refused.stderr.contains(says), "{}", refused.stderr);
    }
}

/// A server with a configuration, and its address.
pub(crate) struct Server(pub(crate) Child, pub(crate) String);

impl Server {
    pub(crate) fn start(home: &Home, configuration: &str) -> Self {
        home.file("serve.toml", configuration);
        let mut command =
            home.command(&["--config", "serve.toml", "serve", "--anonymous", "--listen", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(child.stderr.as_mut().unwrap());
        let line = said.lines().map(Result::unwrap).find(|line| line.starts_with("listening on")).unwrap();
        let address = line.trim_start_matches("listening on http://").split('/').next().unwrap().to_owned();
        Self(child, address)
    }

    pub(crate) fn request(&self, head: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.1).unwrap();
        write!(
            stream,
            "{head}\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_server_applies_its_rules_to_what_it_receives_and_all_bodies_share_the_budget() {
    let home = Home::new();
    let token = home.json(&["token", "create", "--name", "vienna-1", "--write", "--sensor", "vienna-1"]);
    let token = token["token"].as_str().unwrap().to_owned();
    let server = Server::start(&home, CONFIGURATION);
    let head = format!("POST /api/v1/records HTTP/1.1\r\nAuthorization: Bearer {token}");
    let answer = server.request(&head, &records());
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    for said in ["\"taken\":3", "\"suppressed_suffix\":1", "\"special_address\":1", "\"name_budget\":3"] {
        assert!(answer.contains(said), "{said}: {answer}");
    }
    let again = server.request(&head, &record("n9.tunnel.example", "A", "185.194.93.1", 1_600_000_001));
    assert!(again.contains("\"taken\":0") && again.contains("\"name_budget\":1"), "{again}");
    assert_eq!(kept(&home), WANTED);
}

fn now() -> u64 {
    cof::time::Clock::system().seconds()
}

/// A home with a record from today, one from ten days ago, and one from forty.
fn aged() -> Home {
    let home = Home::new();
    let record = |name: &str, days: u64| record(name, "A", "185.194.93.1", now() - days * 86_400);
    home.file(
        "records",
        [record("today.example", 0), record("ten.example", 10), record("forty.example", 40)].concat(),
    );
    home.run(&["import", "records"]).ok();
    home
}

#[test]
fn records_that_were_not_seen_for_too_long_are_dropped_when_asked_for() {
    let home = aged();
    let refused = home.run(&["db", "drop", "--outdated"]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("keep_days is 0"), "{}", refused.stderr);
    home.file("days.toml", "[database]\nkeep_days = 30\n");
    let drop = ["--config", "days.toml", "db", "drop", "--outdated"];
    let counted = home.json(&[drop.as_slice(), &["--dry-run"]].concat());
    assert_eq!((counted["dropped"].as_u64(), kept(&home).len()), (Some(1), 3));
    assert_eq!(home.json(&drop)["dropped"], 1);
    assert_eq!(kept(&home), ["ten.example", "today.example"]);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a real program is waited for, with a bound")]
fn a_server_drops_what_is_outdated_when_it_starts_and_counts_it() {
    let home = aged();
    let server = Server::start(&home, "[database]\nkeep_days = 5\n");
    let counted =
        || server.request("GET /metrics HTTP/1.1", "").contains("backsight_store_outdated_total 2\n");
    let began = std::time::Instant::now();
    while !counted() {
        assert!(began.elapsed().as_secs() < 30, "{}", server.request("GET /metrics HTTP/1.1", ""));
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(kept(&home), ["today.example"]);
}
