//! dnsdbq (Debian's package) and dnsdb2 (from `PyPI`) query DNSDB's interface, and receive what the store contains.
//!
//! Every form of a request that dnsdbq sends is tested, together with the queries to a store of the same records that must
//! return the same rows.

use std::process::Command;

use cof::{Batch, Name, Reader, Record, RrType, SourceKind};
use serde_json::{Value, json};
use store::{Apart, Fences, Memory, Question, Store as _, Subject};

use crate::harness::{Done, Home, Run, Serve};
use crate::peers::{ADDRESS, MANY, installed, records, script};

const KEY: &str = "tr0ub4dor";

/// Further records that only this interface distinguishes: a tuple in two bailiwicks, a network, a zone file.
fn all_records() -> String {
    let more = [
        r#"{"rrname":"b.example","rrtype":"A","rdata":"203.0.113.1","time_first":1577836800,"time_last":1577836900,"count":4,"bailiwick":"example"}"#,
        r#"{"rrname":"b.example","rrtype":"A","rdata":"203.0.113.1","time_first":1500000000,"time_last":1577836850,"count":5,"bailiwick":"b.example"}"#,
        r#"{"rrname":"b.example","rrtype":"NS","rdata":"ns1.b.example","zone_time_first":1500000000,"zone_time_last":1500000100,"count":6,"bailiwick":"example"}"#,
        r#"{"rrname":"www.example.org","rrtype":"AAAA","rdata":"2001:db8::77","time_first":1500000000,"time_last":1500000001,"count":7}"#,
        r#"{"rrname":"odd.example.org","rrtype":"TYPE65534","rdata":"\\# 3 c0a801","time_first":1500000000,"time_last":1500000001,"count":8}"#,
    ];
    records() + &more.join("\n") + "\n"
}

fn parsed(text: &str) -> Vec<Record> {
    let mut reader = Reader::within(cof::time::Window::ANY, cof::Limits::default());
    reader.feed(text.as_bytes());
    reader.close();
    let records: Vec<Record> = std::iter::from_fn(|| reader.next()).map(Result::unwrap).collect();
    records
}

/// A store of these records.
pub(crate) fn memory(text: &str) -> Memory {
    let mut batch = Batch::default();
    for record in parsed(text) {
        assert!(batch.add(&record, SourceKind::Report).is_taken());
    }
    let store = Memory::new();
    store.absorb(batch).unwrap();
    store
}

/// A record in a common form for both sides: only what is sent, with integers limited as they are sent.
fn plain(record: &Record, bailiwick: bool) -> String {
    let number = |number: Option<u64>| number.map(|number| number.min(i64::MAX as u64));
    let times =
        [record.time_first, record.time_last, record.zone_time_first, record.zone_time_last].map(number);
    let bailiwick = record.bailiwick.as_ref().filter(|_| bailiwick).map(Name::to_string);
    format!(
        "{} {} {} {times:?} {:?} {bailiwick:?}",
        record.rrname,
        record.rrtype,
        record.rdata_text(),
        number(record.count)
    )
}

/// The arguments of dnsdbq, and the query to a store.
struct Case {
    arguments: Vec<&'static str>,
    subject: Subject,
    rrtypes: Vec<RrType>,
    fences: Fences,
    apart: Apart,
    /// How many rows are skipped, and how many are sent.
    window: (usize, usize),
    keep: fn(&Record) -> bool,
}

impl Case {
    /// Records of names.
    fn owner(arguments: &[&'static str], subject: &str) -> Self {
        Self { apart: Apart::BailiwickAndKind, ..Self::data(arguments, subject) }
    }

    /// Records found by their data.
    fn data(arguments: &[&'static str], subject: &str) -> Self {
        Self {
            arguments: arguments.to_vec(),
            subject: Subject::parse(subject).unwrap(),
            rrtypes: Vec::new(),
            fences: Fences::default(),
            apart: Apart::Kind,
            window: (0, usize::MAX),
            keep: |record| record.rrtype != RrType::DS,
        }
    }

    fn of(mut self, rrtypes: &[RrType]) -> Self {
        self.rrtypes = rrtypes.to_vec();
        self.keep = |_| true;
        self
    }

    fn within(mut self, fences: Fences) -> Self {
        self.fences = fences;
        self
    }

    fn window(mut self, offset: usize, limit: usize) -> Self {
        self.window = (offset, limit);
        self
    }

    fn apart(mut self) -> Self {
        self.apart = Apart::Source;
        self
    }

    fn keep(mut self, keep: fn(&Record) -> bool) -> Self {
        self.keep = keep;
        self
    }

    fn wanted(&self, store: &Memory) -> Vec<String> {
        let question = Question {
            rrtypes: self.rrtypes.clone(),
            fences: self.fences,
            apart: self.apart,
            ..Question::new(self.subject.clone())
        };
        let page = store.lookup(&question).unwrap();
        assert!(!page.more);
        let kept = page.records.iter().filter(|record| (self.keep)(record));
        let owner = self.arguments.iter().any(|argument| ["-r", "-R"].contains(argument));
        kept.map(|record| plain(record, owner)).skip(self.window.0).take(self.window.1).collect()
    }
}

/// Every form of a request.
fn cases() -> Vec<Case> {
    let after = |time| Fences { last_after: Some(time), ..Fences::default() };
    let before = |time| Fences { first_before: Some(time), ..Fences::default() };
    vec![
        Case::owner(&["-r", "www.example.com"], "www.example.com"),
        Case::owner(&["-r", "WWW.example.com."], "www.example.com"),
        Case::owner(&["-r", "b.example/A/example"], "b.example")
            .of(&[RrType::A])
            .keep(|record| record.bailiwick.as_ref().is_some_and(|name| name.to_string() == "example")),
        Case::owner(&["-r", "b.example"], "b.example"),
        Case::owner(&["-r", "b.example/ANY/b.example"], "b.example")
            .keep(|record| record.bailiwick.as_ref().is_some_and(|name| name.to_string() == "b.example")),
        Case::owner(&["-r", "www.example.com/A,AAAA"], "www.example.com").of(&[RrType::A, RrType::AAAA]),
        Case::owner(&["-r", "www.example.com/ANY-DNSSEC"], "www.example.com")
            .keep(|record| record.rrtype == RrType::DS),
        Case::owner(&["-r", "www.example.com/DS"], "www.example.com").of(&[RrType::DS]),
        Case::owner(&["-r", "www.example.com/A", "-l", "5", "-A", "2014-01-01"], "www.example.com")
            .of(&[RrType::A])
            .within(after(1_388_534_400)),
        Case::owner(&["-r", "b.example/A", "-B", "2019-01-01"], "b.example")
            .of(&[RrType::A])
            .within(before(1_546_300_800)),
        Case::owner(&["-r", "b.example/A", "-A", "2019-01-01", "-B", "2020-01-02"], "b.example")
            .of(&[RrType::A])
            .within(Fences {
                last_after: Some(1_546_300_800),
                first_before: Some(1_577_923_200),
                ..Fences::default()
            }),
        Case::owner(&["-r", "b.example/A", "-c", "-A", "2019-01-01", "-B", "2020-01-02"], "b.example")
            .of(&[RrType::A])
            .within(Fences {
                first_after: Some(1_546_300_800),
                last_before: Some(1_577_923_200),
                ..Fences::default()
            }),
        Case::owner(&["-r", "b.example", "-A", "1h"], "b.example").keep(|_| false),
        Case::owner(&["-r", "*.example.net"], "*.example.net"),
        Case::owner(&["-r", "*.example.net", "-O", "3"], "*.example.net").window(3, usize::MAX),
        Case::owner(&["-r", "*.example.net", "-l", "7", "-O", "100"], "*.example.net").window(100, 7),
        Case::owner(&["-r", "*.example.net", "-O", "1000"], "*.example.net").window(1000, 1),
        Case::owner(&["-r", "www.example.*", "-l", "0"], "*.").keep(|record| {
            record.rrname.to_string().starts_with("www.example.") && record.rrtype != RrType::DS
        }),
        Case::owner(&["-r", "\\032odd\\.name.example.com"], r"\032odd\.name.example.com"),
        Case::owner(&["-r", "b.example", "-g"], "b.example").apart(),
        Case::owner(&["-R", "0162076578616d706c6500/A"], "b.example").of(&[RrType::A]),
        Case::data(&["-i", ADDRESS], ADDRESS),
        Case::data(&["-i", "198.51.100.0/24"], "198.51.100.0/24"),
        Case::data(&["-i", "192.0.2.1-192.0.2.9"], "192.0.2.1-192.0.2.9"),
        Case::data(&["-i", "2001:db8::/32"], "2001:db8::/32"),
        Case::data(&["-i", "2001:db8::77"], "2001:db8::77"),
        Case::data(&["-i", "203.0.113.1", "-g"], "203.0.113.1").apart(),
        Case::data(&["-n", "ns1.example.org"], "rdata:ns1.example.org"),
        Case::data(&["-n", "ns1.example.org/NS"], "rdata:ns1.example.org").of(&[RrType::NS]),
        Case::data(&["-n", "*.example.org"], "rdata:*.example.org"),
        Case::data(&["-n", "mail.example.*"], "rdata:mail.example.org"),
        Case::data(&["-N", "c0000201"], "192.0.2.1"),
        Case::data(
            &["-N", "036e73310765 78616d706c65036f726700/NS".replace(' ', "").leak()],
            "rdata:ns1.example.org",
        )
        .of(&[RrType::NS]),
        Case::data(&["-N", "c0a801"], "odd.example.org"),
        Case::owner(&["-r", "nothing.example"], "nothing.example"),
    ]
}

fn server(home: &Home) -> Serve {
    let file = home.file("records.ndjson", all_records());
    let run = home.run(["serve", "--listen", "127.0.0.1:0", "--cof"]).args([file]);
    Serve::of(run.env("BACKSIGHT_SECRET_TOKEN", KEY))
}

fn dnsdbq(home: &Home, server: &Serve, key: &str, arguments: &[&str]) -> Done {
    let mut command = home.command("dnsdbq");
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("DNSDBQ_CONFIG_FILE", "/dev/null").env("DNSDB_API_KEY", key);
    command.env("DNSDB_SERVER", format!("http://{}", server.address));
    command.args(arguments);
    installed(Command::new("dnsdbq").arg("-h").output().is_ok(), "dnsdbq");
    Run::of(command).done()
}

#[test]
fn dnsdbq_gets_what_the_store_holds_by_every_form_of_a_request() {
    let home = Home::new();
    let (server, store) = (server(&home), memory(&all_records()));
    for case in cases() {
        let arguments = [&["-j"], &*case.arguments].concat();
        let done = dnsdbq(&home, &server, KEY, &arguments);
        let nothing = "Query status: NOERROR (no results found for query.)\n";
        let quiet = done.stderr.is_empty() || done.stderr == nothing && done.stdout.is_empty();
        assert!(done.code == 0 && quiet, "{arguments:?}: {}", done.stderr);
        let owner = case.arguments.iter().any(|argument| ["-r", "-R"].contains(argument));
        let mut theirs: Vec<String> =
            parsed(&done.stdout).iter().map(|record| plain(record, owner)).collect();
        let mut wanted = case.wanted(&store);
        // Several types are several concurrent requests.
        if arguments.iter().any(|argument| argument.contains(',')) {
            theirs.sort();
            wanted.sort();
        }
        assert_eq!(theirs, wanted, "{arguments:?}");
        let empty = ["1h", "1000", "nothing.example"].iter().any(|word| arguments.contains(word));
        assert_eq!(wanted.is_empty(), empty, "{arguments:?} shows something");
    }
}

#[test]
fn dnsdbq_asks_version_1_too() {
    let home = Home::new();
    let server = server(&home);
    let ask =
        |arguments: &[&str]| dnsdbq(&home, &server, KEY, &[&["-u", "dnsdb1", "-j"], arguments].concat());
    for (arguments, count) in [
        (&["-r", "b.example/A"][..], 2),
        (&["-r", "www.example.com"], 11),
        (&["-i", ADDRESS], MANY),
        (&["-n", "ns1.b.example"], 1),
        (&["-r", "*.example.net", "-l", "7"], 7),
    ] {
        let (one, two) = (ask(arguments), dnsdbq(&home, &server, KEY, &[&["-j"], arguments].concat()));
        assert!(one.code == 0 && one.stderr.is_empty(), "{arguments:?}: {}", one.stderr);
        assert_eq!(one.stdout.lines().count(), count, "{arguments:?}: {}", one.stdout);
        let plain = |done: &Done| {
            let mut records: Vec<String> =
                parsed(&done.stdout).iter().map(|record| plain(record, true)).collect();
            records.sort();
            records
        };
        if !arguments.contains(&"-l") {
            assert_eq!(plain(&one), plain(&two), "{arguments:?}");
        }
    }
    let nothing = ask(&["-r", "nothing.example"]);
    assert_eq!((nothing.code, nothing.stdout.as_str()), (0, ""));
    assert!(nothing.stderr.contains("no results found for query."), "{}", nothing.stderr);
    let wrong = dnsdbq(&home, &server, "wrong", &["-u", "dnsdb1", "-r", "a.example"]);
    assert!(wrong.stderr.contains("a valid key in X-API-Key is required"), "{}", wrong.stderr);
}

#[test]
fn dnsdbq_is_told_limits_summaries_and_refusals() {
    let home = Home::new();
    let server = server(&home);
    let ask = |arguments: &[&str]| dnsdbq(&home, &server, KEY, arguments);
    for (arguments, words) in [
        (&["-V", "summarize", "-r", "*.example.net"][..], "count: 130; num_results: 130"),
        (&["-V", "summarize", "-M", "100", "-r", "*.example.net"], "count: 100; num_results: 100"),
        (&["-V", "summarize", "-i", ADDRESS], "count: 130; num_results: 130"),
        (&["-V", "summarize", "-n", "ns1.example.org"], "num_results: 2"),
        (&["-I"], "results_max: 1000000"),
        (&["-I"], "limit: unlimited"),
        (&["-p", "csv", "-r", "b.example/NS"], r#"6,"example.","b.example.","NS","ns1.b.example.""#),
        (&["-s", "-k", "first", "-r", "b.example/A", "-j"], "1500000000"),
    ] {
        let done = ask(arguments);
        assert!(done.code == 0 && done.stdout.contains(words), "{arguments:?}: {done:#?}");
    }
    for (arguments, words) in [
        (&["-r", "a..b"][..], "libcurl 400"),
        (&["-r", "a..b"], "Error: not a domain name: empty label"),
        (&["-r", "a.example", "-O", "3000001"], "libcurl 416"),
        (&["-V", "summarize", "-l", "100", "-r", "*.example.net"], "Result limit reached"),
    ] {
        let done = ask(arguments);
        assert!(done.stderr.contains(words), "{arguments:?}: {done:#?}");
    }
    let refused = dnsdbq(&home, &server, "wrong", &["-r", "a.example"]);
    assert!(refused.stderr.contains("libcurl 403") && refused.stderr.contains("a valid key"), "{refused:#?}");
    assert!(!server.said().contains(KEY), "{}", server.said());
    // A client that stops reading early causes no error.
    let few = ask(&["-r", "*.example.net", "-j", "-L", "3"]);
    assert_eq!((few.code, few.stdout.lines().count(), few.stderr.as_str()), (0, 3, ""));
}

fn dnsdb2(
    home: &Home,
    server: &Serve,
    key: &str,
    method: &str,
    arguments: &Value,
    parameters: &Value,
) -> Done {
    let url = format!("http://{}", server.address);
    script(home, "ask_dnsdb2.py", &[&url, key, method, &arguments.to_string(), &parameters.to_string()])
        .done()
}

#[test]
fn dnsdb2_gets_objects_and_is_told_how_they_end() {
    let home = Home::new();
    let server = server(&home);
    let ask = |method: &str, arguments: Value, parameters: Value| {
        dnsdb2(&home, &server, KEY, method, &arguments, &parameters)
    };
    for (method, arguments, parameters, objects) in [
        ("lookup_rrset", json!(["www.example.com"]), json!({}), 11),
        ("lookup_rrset", json!(["www.example.com", "A"]), json!({ "time_last_after": 1_388_534_400 }), 1),
        ("lookup_rrset", json!(["b.example", "A", "example"]), json!({ "humantime": true }), 1),
        ("lookup_rrset", json!(["b.example"]), json!({ "bailiwick": "*.b.example", "aggr": false }), 1),
        ("lookup_rrset", json!(["*.example.net"]), json!({ "limit": 0, "offset": 30 }), 100),
        ("lookup_rrset", json!(["www.example.*", "AAAA"]), json!({}), 2),
        ("lookup_rrset", json!(["www.example.com"]), json!({ "time_first_after": -3600, "id": "a:b" }), 0),
        ("lookup_rdata_name", json!(["ns1.example.org", "NS"]), json!({}), 1),
        ("lookup_rdata_ip", json!(["2001:db8::/32"]), json!({ "rrtype": "AAAA" }), 2),
        ("lookup_rdata_ip", json!(["198.51.100.0/24"]), json!({ "limit": 130 }), MANY),
        ("lookup_rdata_raw", json!(["c0000201"]), json!({}), 1),
        ("summarize_rrset", json!(["*.example.net"]), json!({ "max_count": 1 }), 1),
        ("summarize_rdata_name", json!(["ns1.example.org"]), json!({}), 1),
        ("summarize_rdata_ip", json!([ADDRESS]), json!({}), 1),
        ("summarize_rdata_raw", json!(["c0000201"]), json!({}), 1),
        ("flex_rrnames_regex", json!([r"^host1\d\.example\.net\.$"]), json!({}), 10),
        (
            "flex_rrnames_regex",
            json!([r"^host1\d\.", "A"]),
            json!({ "exclude": r"[5-9]\.", "verbose": false }),
            5,
        ),
        ("flex_rrnames_glob", json!(["www.example.*"]), json!({ "limit": 20, "offset": 1 }), 10),
        ("flex_rdata_regex", json!([r"^10 mail\."]), json!({ "humantime": true, "offset": 0 }), 1),
        ("flex_rdata_glob", json!([r#"*a \\"quoted\\"*"#]), json!({ "limit": 5 }), 1),
        ("ping", json!([]), json!({}), 1),
        ("rate_limit", json!([]), json!({}), 1),
    ] {
        let done = ask(method, arguments.clone(), parameters.clone());
        assert_eq!((done.code, done.stderr.as_str()), (0, ""), "{method} {arguments} {parameters}");
        assert_eq!(done.json().len(), objects, "{method} {arguments} {parameters}: {}", done.stdout);
    }
    let dates =
        ask("lookup_rrset", json!(["b.example", "A", "example"]), json!({ "humantime": true })).json();
    assert_eq!(dates[0]["time_first"], "2020-01-01T00:00:00Z");
    assert_eq!(dates[0]["rdata"], json!(["203.0.113.1"]));
    for (method, arguments, parameters, raised) in [
        (
            "lookup_rrset",
            json!(["*.example.net"]),
            json!({ "limit": 129 }),
            "QueryLimited: Result limit reached",
        ),
        ("lookup_rrset", json!(["b.example"]), json!({ "offset": 3_000_001 }), "OffsetError: Error: offset"),
        ("flex_rdata_regex", json!(["("]), json!({}), "QueryError"),
    ] {
        ask(method, arguments, parameters).says(3, &[raised]);
    }
    let refused = dnsdb2(&home, &server, "wrong", "rate_limit", &json!([]), &json!({}));
    refused.says(3, &["AccessDenied: Error: a valid key in X-API-Key is required"]);
}

/// A record as a line, for the comparison of two clients of DNSDB.
fn comparable(object: &Value) -> Vec<String> {
    let name = |key: &str| object[key].as_str().unwrap_or_default().trim_end_matches('.').to_owned();
    // In the Common Output Format, every record has times: those of zone data are its own.
    let time = |key: &str| object.get(key).unwrap_or(&object[format!("zone_{key}")]).to_string();
    let numbers = [time("time_first"), time("time_last"), object["count"].to_string()].join(" ");
    let data = object["rdata"].as_array().unwrap().iter();
    let row = |data: &Value| {
        let data = data.as_str().unwrap().replace(". ", " ");
        let data = data.trim_end_matches('.').to_owned();
        format!("{} {} {} {data} {numbers}", name("rrname"), name("rrtype"), name("bailiwick"))
    };
    data.map(row).collect()
}

#[test]
fn our_client_of_dnsdb_gets_what_dnsdb2_gets() {
    let home = Home::new();
    let server = server(&home);
    home.run(["integration", "install", "dnsdb"]).done().quiet();
    let (host, port) = (format!("host={}", server.address.ip()), format!("port={}", server.address.port()));
    home.run(["integration", "configure", "dnsdb", &host, &port, "use_http=on"]).done().quiet();
    home.run(["integration", "enable", "dnsdb"]).done().quiet();
    for (value, more, method) in [
        ("www.example.com", &[][..], "lookup_rrset"),
        ("b.example", &[], "lookup_rrset"),
        ("b.example", &["--rrtype", "NS"], "lookup_rrset"),
        ("unknown.example", &[], "lookup_rrset"),
        ("ns1.example.org", &["--by-data"], "lookup_rdata_name"),
        (ADDRESS, &[], "lookup_rdata_ip"),
        ("2001:db8::77", &[], "lookup_rdata_ip"),
    ] {
        let run = home.run([&["query", value, "--operation", "dnsdb", "--format", "cof"], more].concat());
        let done = run.env("BACKSIGHT_SECRET_USER_TOKEN", KEY).done();
        let rrtype = more.iter().skip_while(|word| **word != "--rrtype").nth(1);
        let arguments: Vec<&str> = std::iter::once(value).chain(rrtype.copied()).collect();
        let theirs = dnsdb2(&home, &server, KEY, method, &json!(arguments), &json!({})).json();
        let lines = done.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let mut ours: Vec<String> = lines.flat_map(|object| comparable(&object)).collect();
        let mut theirs: Vec<String> = theirs.iter().flat_map(comparable).collect();
        ours.sort();
        theirs.sort();
        assert_eq!(ours, theirs, "{value} {more:?}: {}", done.stderr);
        assert_eq!(ours.is_empty(), value == "unknown.example");
    }
}
