//! Unusual outputs: closed pipes, full disks, terminals without a size.

use std::io::{BufRead, BufReader, Read};

use crate::harness::{Home, Provider, Run, Serve};

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let home = Home::new();
    let provider = Provider::with(testkit::sample::ndjson(100_000, 1));
    let run = home.query(provider.address, ["www.example.com", "--format", "cof"]);
    let mut child = run.start();
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    assert!(line.starts_with("{\"rrname\":"), "{line}");
    drop(stdout);
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""));
}

/// The program run by a shell, with its streams redirected as in this line.
fn shell(home: &Home, server: &Serve, line: &str) -> Run {
    let mut command = home.command("sh");
    let program = env!("CARGO_BIN_EXE_backsight");
    let (host, port) = (server.address.ip(), server.address.port());
    let query =
        format!("{program} query --set host={host} --set port={port} --set use_http=on www.threatq.com");
    command.args(["-c", &line.replace("QUERY", &query).replace("PROGRAM", program)]);
    Run::of(command)
}

#[test]
fn closed_and_full_ends() {
    let home = Home::new();
    let server = Serve::new(&home, ["--sample"]);
    for line in
        ["QUERY >&-", "QUERY 2>&-", "QUERY --format cof >&-", "QUERY <&-", "QUERY --bad 2>&-; test $? = 2"]
    {
        let done = shell(&home, &server, line).done();
        assert_eq!(done.code, 0, "{line}: {done:#?}");
    }
    for line in [
        "QUERY",
        "QUERY --format cof",
        "QUERY --format csv",
        "QUERY --format json",
        "PROGRAM config",
        "PROGRAM demo",
        "PROGRAM completions bash",
    ] {
        let done = shell(&home, &server, &format!("{line} >/dev/full")).done();
        done.says(1, &["writing to standard output", "No space left"]);
    }
}

/// The text without the lines that contain the number of the run.
fn numberless(text: &str) -> String {
    text.lines().filter(|line| !line.starts_with("backsight run ")).collect::<Vec<_>>().join("\n")
}

#[test]
fn terminals_that_do_not_know_their_size() {
    let home = Home::new();
    let server = Serve::new(&home, ["--sample"]);
    let first = home.query(server.address, ["104.196.175.197"]).done().quiet();
    assert!(!first.contains("Stored 2"));
    let wide = numberless(&home.query(server.address, ["104.196.175.197"]).done().quiet());
    for columns in ["0", "", "abc", "-80", "99999999999999999999"] {
        let text = home.query(server.address, ["104.196.175.197"]).env("COLUMNS", columns).done().quiet();
        assert_eq!(numberless(&text), wide, "COLUMNS={columns} says nothing");
    }
    let least = home.query(server.address, ["104.196.175.197"]).env("COLUMNS", "60").done().quiet();
    let least = numberless(&least);
    for columns in ["1", "20", "59"] {
        let text = home.query(server.address, ["104.196.175.197"]).env("COLUMNS", columns).done().quiet();
        assert_eq!(numberless(&text), least, "COLUMNS={columns} is no room for a table");
    }
}

#[test]
fn nothing_is_coloured_where_nobody_looks() {
    let home = Home::new();
    for (name, value) in [("NO_COLOR", "1"), ("TERM", "xterm-256color")] {
        let done = home.run(["query", "--help"]).env(name, value).done();
        assert!(!done.stdout.contains('\u{1b}') && done.code == 0, "{name}");
    }
}

#[test]
fn help_teaches() {
    let home = Home::new();
    let help = |arguments: &[&str]| home.run(arguments).args(["--help"]).done().quiet();
    let flat = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for word in ["backsight demo", "Exit codes", "query", "serve", "--config"] {
        assert!(help(&[]).contains(word), "{word}");
    }
    for word in [
        "hxxp://",
        "BACKSIGHT_SECRET_USER_TOKEN",
        "--at 2017-06-09",
        "backsight serve --anonymous --sample",
        "vetted",
    ] {
        assert!(flat(help(&["query"])).contains(word), "{word}");
    }
    assert!(help(&["serve"]).contains("BACKSIGHT_SECRET_TOKEN"));
    for text in [help(&[]), help(&["query"]), help(&["serve"]), help(&["demo"])] {
        let widest = text.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= 120, "{widest}");
    }
    home.run(["frobnicate"]).done().says(2, &["unrecognized subcommand 'frobnicate'", "--help"]);
    home.run::<&str>([]).done().says(2, &["Usage: backsight"]);
}

#[test]
fn progress_stays_away_where_nobody_looks() {
    let home = Home::new();
    let server = Serve::new(&home, ["--sample"]);
    let text = home.query(server.address, ["www.threatq.com", "cdn.example.net"]).done().quiet();
    assert!(text.contains("www.threatq.com (FQDN)") && text.contains("cdn.example.net (FQDN)"), "{text}");
}
