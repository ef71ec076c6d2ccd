//! Clients by other authors query our server, and receive every record that it has: dnsdbq (Debian's package) and pypdns
//! (CIRCL's own, from `PyPI`). The files that we write are checked with jsonschema.
//!
//! `cargo xtask test` installs all of them. A missing one fails the test: nothing is skipped.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::process::Command;

use cof::{Dialect, RrType, Writer};
use serde_json::Value;
use store::{Fences, Question, Store as _, Subject};

use crate::dnsdb::memory;
use crate::harness::{Done, Home, Run, Serve, beside, line};

const INSTALL: &str = "run `cargo xtask test`, which installs what the tests need";
pub(crate) const ADDRESS: &str = "198.51.100.7";
/// More records than pypdns requests in one page.
pub(crate) const MANY: usize = 130;

/// Every kind of record that a client may receive, and an address with many names.
pub(crate) fn records() -> String {
    let www = |rrtype, rdata| line("www.example.com", rrtype, rdata, 1_400_000_000, 1_500_000_000, 7);
    let mut text: String = (0..MANY)
        .map(|number| {
            line(
                &format!("host{number}.example.net"),
                "A",
                ADDRESS,
                1_500_000_000 + number as u64,
                1_600_000_000,
                1,
            )
        })
        .collect();
    for (rrtype, rdata) in [
        ("A", "192.0.2.1"),
        ("AAAA", "2001:db8::1"),
        ("CNAME", "target.example.org"),
        ("NS", "ns1.example.org"),
        ("MX", "10 mail.example.org"),
        ("TXT", "\"a \\\"quoted\\\" text; with = and \\195\\188\" \"second\""),
        ("SOA", "ns1.example.org hostmaster.example.com 2024010101 7200 3600 1209600 300"),
        ("SRV", "0 5 5060 sip.example.org"),
        ("HTTPS", "1 . alpn=h2,h3"),
        ("CAA", "0 issue \"ca.example\""),
        ("DS", "12345 13 2 0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF"),
    ] {
        text += &www(rrtype, rdata);
    }
    text + &line("www.example.com", "A", "192.0.2.2", 1_300_000_001, 1_300_000_002, u64::MAX)
        + &line("\\032odd\\.name.example.com", "A", "192.0.2.3", 1_500_000_000, 1_500_000_000, 1)
}

/// A record in a form that can be compared: differences that clients may have are removed.
type Row = (String, String, String, u64, u64, u64);

fn rows(text: &str) -> BTreeSet<Row> {
    let row = |line: &str| {
        let record: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let text = |key: &str| record[key].as_str().map(str::to_owned);
        let rdata = text("rdata").unwrap_or_else(|| record["rdata"][0].as_str().unwrap().to_owned());
        let number = |key: &str| record[key].as_u64().unwrap_or_else(|| panic!("{key} in {line}"));
        let rrname = text("rrname").unwrap();
        (rrname, text("rrtype").unwrap(), rdata, number("time_first"), number("time_last"), number("count"))
    };
    text.lines().map(row).collect()
}

fn server(home: &Home) -> Serve {
    let file = home.file("records.ndjson", records());
    let run = home.run(["serve", "--listen", "127.0.0.1:0", "--user", "user:pass", "--cof"]).args([file]);
    Serve::of(run)
}

/// The records that our own client receives.
fn ours(home: &Home, server: &Serve, value: &str, rrtype: Option<&str>) -> BTreeSet<Row> {
    let run = home.query(server.address, [value, "--format", "cof"]);
    let run = run.args(rrtype.into_iter().flat_map(|rrtype| ["--rrtype", rrtype]));
    rows(&run.env("BACKSIGHT_SECRET_USER_TOKEN", "user:pass").done().quiet())
}

#[track_caller]
pub(crate) fn installed(found: bool, peer: &str) {
    assert!(found, "{peer} is missing: {INSTALL}");
}

fn dnsdbq(home: &Home, server: &Serve, arguments: &[&str]) -> Done {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut command = home.command("dnsdbq");
    command.env("PATH", &path).env("DNSDBQ_CONFIG_FILE", "/dev/null").env("CIRCL_AUTH", "user:pass");
    command.env("CIRCL_SERVER", format!("http://{}/pdns/query", server.address));
    command.args(["-u", "circl", "-j"]).args(arguments);
    installed(Command::new("dnsdbq").arg("-h").output().is_ok(), "dnsdbq");
    Run::of(command).done()
}

#[test]
fn dnsdbq_gets_every_record() {
    let home = Home::new();
    let server = server(&home);
    for (flag, value, count) in [
        ("-r", "www.example.com", 12),
        ("-i", ADDRESS, MANY),
        ("-i", "192.0.2.1", 12),
        ("-i", "2001:db8::1", 12),
        ("-r", "nothing.example", 0),
    ] {
        let done = dnsdbq(&home, &server, &[flag, value]);
        assert_eq!((done.code, done.stderr.as_str()), (0, ""), "{flag} {value}: {}", done.stdout);
        let (theirs, ours) = (rows(&done.stdout), ours(&home, &server, value, None));
        assert_eq!((&theirs, theirs.len()), (&ours, count), "{flag} {value}");
    }
}

/// The records that a store of the same records returns.
fn held(subject: &str, rrtypes: &[RrType], fences: Fences) -> BTreeSet<Row> {
    let subject = Subject::parse(subject).unwrap();
    let question = Question { rrtypes: rrtypes.to_vec(), fences, ..Question::new(subject) };
    let page = memory(&records()).lookup(&question).unwrap();
    assert!(!page.more);
    let (mut writer, mut text) = (Writer::new(Dialect::Circl), String::new());
    page.records.iter().for_each(|record| writer.write(record, &mut text));
    rows(&text)
}

#[test]
fn dnsdbq_gets_networks_ranges_and_suffixes() {
    let home = Home::new();
    let server = server(&home);
    for (flag, value, count) in [
        ("-i", "198.51.100.0/24", MANY),
        ("-i", "192.0.2.1-192.0.2.2", 2),
        ("-i", "2001:db8::/32", 1),
        ("-r", "*.example.com", 13),
        ("-r", "*.example.net", MANY),
        ("-i", "203.0.113.0/24", 0),
    ] {
        let done = dnsdbq(&home, &server, &[flag, value]);
        assert_eq!((done.code, done.stderr.as_str()), (0, ""), "{flag} {value}: {}", done.stdout);
        let (theirs, held) = (rows(&done.stdout), held(value, &[], Fences::default()));
        assert_eq!((&theirs, theirs.len()), (&held, count), "{flag} {value}");
    }
}

/// The Python interpreter with the peers from `PyPI`.
fn python() -> OsString {
    let python = std::env::var_os("BACKSIGHT_PEERS_PYTHON");
    installed(python.is_some(), "the variable BACKSIGHT_PEERS_PYTHON");
    python.unwrap_or_default()
}

pub(crate) fn script(home: &Home, name: &str, arguments: &[&str]) -> Run {
    let mut command = home.command(python());
    command.arg(beside(name)).args(arguments);
    Run::of(command)
}

fn pypdns(home: &Home, server: &Serve, password: &str, arguments: &[&str]) -> Done {
    let url = format!("http://{}/pdns/query", server.address);
    script(home, "ask_pypdns.py", &[&url, "user", password]).args(arguments).done()
}

#[test]
fn pypdns_gets_every_record() {
    let home = Home::new();
    let server = server(&home);
    for (value, rrtype, count) in [
        ("www.example.com", None, 12),
        ("www.example.com", Some("MX"), 1),
        (ADDRESS, None, MANY),
        (ADDRESS, Some("A"), MANY),
        (ADDRESS, Some("NS"), 0),
        ("2001:db8::1", None, 12),
        ("nothing.example", None, 0),
    ] {
        let arguments: Vec<&str> = std::iter::once(value).chain(rrtype).collect();
        let theirs = rows(&pypdns(&home, &server, "pass", &arguments).quiet());
        let ours = ours(&home, &server, value, rrtype);
        assert_eq!((&theirs, theirs.len()), (&ours, count), "{value} {rrtype:?}");
    }
}

#[test]
fn pypdns_gets_networks_suffixes_and_data_filtered_page_by_page() {
    let home = Home::new();
    let server = server(&home);
    let all = Fences::default();
    for (value, asked, rrtype, fences, count) in [
        ("198.51.100.0/24", "", None, all, MANY),
        ("192.0.2.0/24", "", Some(RrType::A), all, 3),
        ("192.0.2.0/24", "", Some(RrType::AAAA), all, 0),
        ("192.0.2.1-192.0.2.2", "", None, all, 2),
        ("*.example.net", "", None, all, MANY),
        ("*.example.com", "", Some(RrType::A), all, 3),
        ("rdata:ns1.example.org", "", None, all, 2),
        ("rdata:*.example.org", "", Some(RrType::MX), all, 1),
        // This client uses the text in the address unchanged.
        (
            "*.example.net",
            "?time_first_after=1500000060",
            None,
            Fences { first_after: Some(1_500_000_060), ..all },
            MANY - 60,
        ),
        (
            "*.example.com",
            "?time_last_before=1500000000&time_first_before=1300000002&rrtype=A",
            Some(RrType::A),
            Fences { last_before: Some(1_500_000_000), first_before: Some(1_300_000_002), ..all },
            1,
        ),
    ] {
        let (url, mnemonic) = (format!("{value}{asked}"), rrtype.map(|rrtype| rrtype.to_string()));
        let arguments: Vec<&str> = std::iter::once(url.as_str()).chain(mnemonic.as_deref()).collect();
        let theirs = rows(&pypdns(&home, &server, "pass", &arguments).quiet());
        let rrtypes: Vec<RrType> = rrtype.into_iter().collect();
        assert_eq!((&theirs, theirs.len()), (&held(value, &rrtypes, fences), count), "{url} {rrtype:?}");
    }
}

#[test]
fn pypdns_is_told_of_a_wrong_login() {
    let home = Home::new();
    let server = server(&home);
    let done = pypdns(&home, &server, "wrong", &["www.example.com"]);
    assert_eq!((done.code, done.stdout.as_str()), (3, ""), "{}", done.stderr);
}

#[test]
fn what_we_write_for_files_is_the_format() {
    let home = Home::new();
    let server = server(&home);
    let schema = beside("cof.schema.json");
    let check = |text: String| script(&home, "schema.py", &[schema.to_str().unwrap()]).stdin(text).done();
    for (value, count) in [("www.example.com", 12), (ADDRESS, MANY)] {
        let run = home.query(server.address, [value, "--format", "cof"]);
        let text = run.env("BACKSIGHT_SECRET_USER_TOKEN", "user:pass").done().quiet();
        assert_eq!(check(text).quiet().trim(), count.to_string());
    }
    // The check itself can fail.
    assert_ne!(
        check(line("www.example.com", "A", "192.0.2.1", 1_500_000_001, 1_500_000_002, 3)).code,
        0,
        "data as a string is for the wire"
    );
}
