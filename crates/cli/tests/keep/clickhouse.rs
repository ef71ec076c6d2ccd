//! The passive-DNS database on a `ClickHouse` server: every command that works with it gives the same answers as with a folder.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};
use testkit::ClosedPort;
use testkit::clickhouse::{Cluster, shared};

use crate::collect::{report, until};
use crate::follow::{Log, follow};
use crate::home::{Done, Home};
use crate::service::{IMPORT_OF_A_SENSOR, Provider, SAMPLE, Served, line};

/// A home without a database, and one on the server whose tables begin with this.
fn home_with(tables: &str) -> (Home, String) {
    let url = format!("clickhouse://default@127.0.0.1:{}/commands?tables={tables}", shared().port);
    let home = Home::new();
    home.file("sample.txt", SAMPLE);
    home.file("more.ndjson", line("www.threatq.com", "104.196.175.197", 2));
    home.run(&["db", "init", "--store", &url]).ok();
    (home, url)
}

fn with_store<'a>(arguments: &[&'a str], url: &'a str) -> Vec<&'a str> {
    [arguments, &["--store", url]].concat()
}

#[test]
fn commands_say_the_same_as_with_a_folder() {
    let (home, url) = home_with("same_");
    let both = |arguments: &[&str]| {
        let (here, there) = (home.run(arguments), home.run(&with_store(arguments, &url)));
        assert_eq!(
            (here.code, &here.stdout, &here.stderr),
            (there.code, &there.stdout, &there.stderr),
            "{arguments:?}"
        );
    };
    both(&["import", "sample.txt"]);
    both(&IMPORT_OF_A_SENSOR);
    both(&["import", "sample.txt"]);
    both(&["import", "more.ndjson", "--as", "observation"]);
    for question in [
        "www.threatq.com",
        "*.threatsketch.com",
        "104.196.175.0/24",
        "rdata:*.register.com",
        "nobody.example",
        "*",
    ] {
        for more in [
            &[][..],
            &["--by-source"],
            &["--summary"],
            &["--sort", "newest"],
            &["--limit", "2"],
            &["--last-after", "2017-06-01"],
        ] {
            both(&[&["lookup", question, "--format", "json"], more].concat());
        }
    }
    both(&["export"]);
    both(&["export", "*.threatq.com"]);
    both(&["db", "drop", "--origin", "https://own.example/", "--dry-run"]);
    both(&["db", "drop", "--origin", "https://own.example/"]);
    both(&["db", "drop", "--suffix", "threatsketch.com", "--dry-run", "--format", "json"]);
    both(&["db", "drop", "--last-before", "2017-06-01"]);
    both(&["export"]);
    both(&IMPORT_OF_A_SENSOR);
    both(&["export"]);
}

#[test]
fn a_database_on_a_server_is_created_and_measured_and_the_rest_says_what_to_use() {
    let (home, url) = home_with("made_");
    let text = home.run(&with_store(&["db", "init"], &url)).ok();
    assert!(text.contains("exists already; nothing was changed"), "{text}");
    home.run(&with_store(&["import", "sample.txt"], &url)).ok();
    let stats: Value =
        serde_json::from_str(&home.run(&with_store(&["db", "stats", "--format", "json"], &url)).ok())
            .unwrap();
    assert_eq!((&stats["folder"], stats["inputs"].as_u64()), (&Value::Null, Some(1)));
    assert!(stats["store"].as_str().unwrap().ends_with("/commands?tables=made_"), "{stats}");
    assert!(
        stats["entries"].as_u64().unwrap() > 5 && stats["sizes"]["octets"].as_u64().unwrap() > 0,
        "{stats}"
    );
    for (command, instead) in [
        (&["db", "compact"][..], "OPTIMIZE TABLE commands.made_entries FINAL"),
        (&["db", "backup", "x"], "BACKUP TABLE"),
        (&["db", "restore", "x"], "BACKUP TABLE"),
        (&["db", "verify"], "CHECK TABLE"),
    ] {
        home.run(&with_store(command, &url)).says(2, &[instead]);
    }
    home.run(&["db", "init"]).says(2, &["--store clickhouse://"]);
    let absent = url.replace("made_", "absent_");
    home.run(&with_store(&["lookup", "a.example"], &absent)).says(2, &["backsight db init"]);
    home.run(&with_store(&["lookup", "a.example"], "clickhouse://a:b@h/d"))
        .says(2, &["store.address (--store)", "BACKSIGHT_SECRET_STORE"]);
}

#[test]
fn the_configuration_names_it_too() {
    let (home, url) = home_with("named_");
    std::fs::create_dir_all(home.path(".config/backsight")).unwrap();
    home.file(".config/backsight/backsight.toml", format!("[store]\naddress = \"{url}\"\n"));
    home.run(&["import", "sample.txt"]).ok();
    let asked = home.json(&["lookup", "www.threatq.com"]);
    assert_eq!(asked["records"][0]["rdata"], json!(["104.196.175.197"]), "{asked}");
    // The option takes precedence.
    let other = format!("{}?tables=other_", url.split('?').next().unwrap());
    home.run(&["db", "init", "--store", &other]).ok();
    assert_eq!(home.json(&["lookup", "www.threatq.com", "--store", &other])["records"], json!([]));
}

#[test]
fn two_servers_and_a_collector_share_it() {
    let (home, url) = home_with("shared_");
    let other = Home::new();
    let servers = [&home, &other]
        .map(|home| Served::start(home, &["--store", &url]))
        .map(|one| (one.address.to_string(), one));
    home.run(&with_store(&["import", "sample.txt"], &url)).ok();
    let mut log = Log::new(&home);
    log.write(500);
    let following = follow(&home, &["--store", &url]);
    let (first, second) = (&servers[0].0, &servers[1].0);
    until("the log is stored", || get(first, "/pdns/query/n499.example").contains("185.194.93.1"));
    for place in [first, second] {
        for (name, data) in [("www.threatq.com", "104.196.175.197"), ("n7.example", "185.194.93.1")] {
            let answer = get(place, &format!("/pdns/query/{name}"));
            assert!(answer.starts_with("HTTP/1.1 200") && answer.contains(data), "{answer}");
        }
        assert!(get(place, "/readyz").ends_with("ready"));
    }
    assert_eq!(report(following).code, 0);
    // The next one, on another machine, continues where it ended.
    log.write(500);
    let following = follow(&home, &["--store", &url]);
    until("the rest is stored", || get(second, "/pdns/query/n999.example").contains("185.194.93.1"));
    assert_eq!(report(following).code, 0);
    let found = other.json(&with_store(&["lookup", "*.example", "--summary"], &url));
    assert_eq!((&found["rows"], &found["count"]), (&json!(1_000), &json!(1_000)));
    // What one of them has imported, the others know.
    other.file("copy.txt", SAMPLE);
    let again = other.json(&with_store(&["import", "copy.txt"], &url));
    assert_eq!(again["records"], json!(0), "{again}");
}

#[test]
fn a_cluster_gives_the_same_answers_and_says_when_it_cannot_store() {
    let cluster = Cluster::start();
    let url = cluster.address("commands");
    let home = Home::new();
    home.file("sample.txt", SAMPLE);
    let made = home.run(&with_store(&["db", "init"], &url)).ok();
    assert!(made.starts_with("Created the passive-DNS database at clickhouse://"), "{made}");
    let both = |arguments: &[&str]| {
        let (here, there) = (home.run(arguments), home.run(&with_store(arguments, &url)));
        assert_eq!((here.code, &here.stdout), (there.code, &there.stdout), "{arguments:?}");
    };
    both(&["import", "sample.txt"]);
    both(&["import", "sample.txt"]);
    for question in ["www.threatq.com", "*.threatsketch.com", "104.196.175.0/24", "rdata:*.register.com", "*"]
    {
        both(&["lookup", question, "--format", "json"]);
        both(&["lookup", question, "--format", "json", "--summary"]);
    }
    both(&["db", "drop", "--suffix", "threatsketch.com"]);
    both(&["export"]);
    home.run(&with_store(&["db", "compact"], &url)).says(2, &["OPTIMIZE TABLE commands.pdns_entries_local"]);
    let alone = url.split('?').next().unwrap();
    home.run(&with_store(&["db", "stats"], alone)).says(2, &["add ?cluster=NAME"]);
    let server = Served::start(&home, &["--store", &url]);
    let place = server.address.to_string();
    assert!(get(&place, "/readyz").ends_with("ready"));
    cluster.kill(0);
    until("it is known that a replica is down", || {
        get(&place, "/readyz").ends_with(
            "ready to answer, but cannot store: too few replicas of a ClickHouse shard are at work",
        )
    });
    assert!(get(&place, "/pdns/query/www.threatq.com").contains("104.196.175.197"));
    cluster.kill(1);
    until("a shard is down", || get(&place, "/readyz").starts_with("HTTP/1.1 503"));
}

#[test]
fn what_cannot_be_used_says_why() {
    let home = Home::new();
    let port = shared().port;
    let at = |rest: &str| format!("clickhouse://default@127.0.0.1:{port}/{rest}");
    let lookup = |url: &str| home.run(&["lookup", "a.example", "--store", url]);
    let locked = format!("clickhouse://locked@127.0.0.1:{port}/commands");
    let mut command = home.command(&["lookup", "a.example", "--store", &locked]);
    let wrong = Done::of(&command.env("BACKSIGHT_SECRET_STORE", "hunter2").output().unwrap());
    let wrong = wrong.says(1, &["refused the login", "BACKSIGHT_SECRET_STORE"]);
    assert!(!wrong.stderr.contains("hunter2"), "{wrong:?}");
    lookup(&at("nowhere")).says(2, &["there is no passive-DNS database", "backsight db init"]);
    let other = at("commands?tables=others_");
    shared().sql("CREATE DATABASE IF NOT EXISTS commands");
    shared().sql("CREATE TABLE commands.others_entries (a UInt8) ENGINE = MergeTree ORDER BY a");
    lookup(&other).says(1, &["commands.others_entries is not one of Backsight's", "?tables="]);
    home.run(&["db", "init", "--store", &other]).says(1, &["commands.others_entries"]);
    let newer = at("commands?tables=newer_");
    home.run(&["db", "init", "--store", &newer]).ok();
    shared().sql("INSERT INTO commands.newer_schema VALUES ('backsight', 9, 'x', 1)");
    lookup(&newer).says(1, &["its tables have version 9"]);
    let old = Provider::answering(*b"\x0718.10.3");
    let old = format!("clickhouse://default@{}/commands", old.address);
    lookup(&old).says(1, &["ClickHouse 18.10 is too old"]);
    let nobody = format!("clickhouse://default@{}/commands", ClosedPort::bind().unwrap().address());
    lookup(&nobody).says(1, &["check that the server runs"]);
    lookup("clickhouse://default@192.0.2.1/commands").says(2, &["tls=yes"]);
}

fn get(place: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(place).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {place}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
