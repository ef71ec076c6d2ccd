//! Hostile text from DNS, and from a provider.

use testkit::{Exchange, Script, answer};

use crate::harness::{Done, Home, Provider, Serve, line};

const FORMATS: [&str; 4] = ["table", "json", "csv", "cof"];

/// Characters that move a cursor, change the direction of writing, or are invisible.
fn is_hostile(character: char) -> bool {
    (character.is_control() && character != '\n')
        || matches!(character, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(character, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[track_caller]
fn is_harmless(done: &Done, format: &str) {
    for text in [&done.stdout, &done.stderr] {
        let hostile: Vec<char> = text.chars().filter(|character| is_hostile(*character)).collect();
        assert!(hostile.is_empty(), "{format}: {hostile:?} in {done:#?}");
    }
    if format == "json" {
        done.json();
    }
    if format == "csv" {
        let mut reader = csv::Reader::from_reader(done.stdout.as_bytes());
        for row in reader.records() {
            for cell in &row.unwrap() {
                assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell}");
            }
        }
    }
}

/// Records with hostile text in every field.
fn hostile_records() -> String {
    let nasty = [
        "\u{1b}[2J\u{1b}]0;owned\u{7}",
        "\u{202e}gpj.exe",
        "\u{61c}\u{2066}a\u{2069}",
        "a\0b",
        "a\r\nHTTP/1.1 200 OK",
        "=cmd|' /C calc'!A0",
        "@SUM(1+1)*cmd",
        "-2+3",
        "<script>alert(1)</script>",
        "\u{9b}31m\u{85}\u{2028}",
        "\u{feff}\u{200b}\u{e0041}",
        "\",\"rrname\":\"x",
        "\\027[31m\\",
    ];
    let mut body = String::new();
    for text in nasty {
        for rrtype in ["TXT", "CNAME", "A", "TYPE65280", text] {
            body += &line("www.example.com", rrtype, text, 1_500_000_001, 1_500_000_002, 3);
            body += &line(text, rrtype, "192.0.2.1", 1_500_000_001, 1_500_000_002, 3);
        }
        let text = serde_json::Value::from(text);
        let record = format!(
            "{{\"rrname\":\"www.example.com\",\"rrtype\":\"A\",\"rdata\":\"192.0.2.7\",\"time_first\":1500000001,\"time_last\":1500000002,\
             \"origin\":{text},\"bailiwick\":{text},\"sensor_id\":{text},\"count\":{text},{text}:{text}}}\n"
        );
        body += &record;
    }
    body + &line("www.example.com", "TXT", &"\u{1b}x".repeat(32 * 1024), 1_500_000_001, 1_500_000_002, 3)
}

#[test]
fn hostile_records_are_shown_and_do_nothing() {
    let home = Home::new();
    let provider = Provider::with(hostile_records());
    for format in FORMATS {
        let done = home.query(provider.address, ["www.example.com", "--format", format]).done();
        assert!(done.stdout.len() > 1_000, "{done:#?}");
        is_harmless(&done, format);
    }
}

#[test]
fn hostile_answers_are_quoted_harmlessly() {
    let home = Home::new();
    let nasty = "\u{1b}[31m\u{202e}<html>\0\u{9b}";
    let error = Exchange::status(400, &[("content-type", "text/plain")], nasty);
    let complaint = Exchange::ok("").header("x-dribble-errors", "[{\"error\":\"\\u001b[2J\\u202e\"}]");
    for exchange in [Exchange::ok(nasty), error, complaint, answer::redirect("http://x/\u{1b}[31m")] {
        let provider = Provider::new(Script::always(exchange));
        for format in FORMATS {
            let done = home.query(provider.address, ["www.example.com", "--format", format]).done();
            assert_ne!(done.code, 0);
            is_harmless(&done, format);
        }
    }
}

#[test]
fn hostile_values_are_named_harmlessly() {
    let home = Home::new();
    let provider = Provider::with("");
    for format in FORMATS {
        let values = ["a\u{1b}[31mb", "\u{202e}moc.elpmaxe", "a\r\nb", "x\u{9b}y", "=1+1", "\u{200b}"];
        let run = home.query(provider.address, values).args(["--format", format]);
        let done = run.done();
        assert_eq!(done.code, 1, "{done:#?}");
        is_harmless(&done, format);
    }
}

#[test]
fn hostile_arguments_are_named_harmlessly() {
    let home = Home::new();
    let nasty = "\u{1b}[31m\u{202e}";
    for arguments in [
        vec!["query", "x.example", "--operation", nasty],
        vec!["query", "x.example", "--operation", "\u{1b}[31m.toml"],
        vec!["query", "x.example", "--set", nasty],
        vec!["query", "x.example", "--set", "\u{1b}[31m=\u{202e}"],
        vec!["query", "x.example", "--rrtype", nasty],
        vec!["query", "x.example", "--at", nasty],
        vec!["query", "x.example", "--secret", nasty],
        vec!["query", "x.example", "-f", nasty],
        vec!["serve", "--listen", nasty],
        vec!["serve", "--user", nasty],
        vec!["serve", "--cof", nasty],
        vec!["--config", nasty, "config"],
        vec!["man", "/dev/null/\u{1b}[31m"],
    ] {
        let done = home.run(&arguments).done();
        assert!(done.code == 1 || done.code == 2, "{done:#?}");
        is_harmless(&done, "");
    }
}

#[test]
fn a_hostile_file_of_records_is_named_harmlessly() {
    let home = Home::new();
    let server = Serve::with(&home, &format!("{}\u{1b}[2J<html>\n", hostile_records()));
    let done = Done { code: 0, stdout: String::new(), stderr: server.said() };
    is_harmless(&done, "");
    for format in FORMATS {
        is_harmless(&home.query(server.address, ["www.example.com", "--format", format]).done(), format);
    }
}
