//! The threat library by hand: indicators are normalised and stored once, whoever adds them and however many at a time.

use std::process::{Child, Stdio};

use serde_json::Value;

use crate::home::{Done, Home};
use crate::shapes::{pretty, timeless};

/// `backsight indicator …`.
fn run(home: &Home, arguments: &[&str]) -> Done {
    home.run(&[&["indicator"], arguments].concat())
}

/// The same as JSON.
fn json(home: &Home, arguments: &[&str]) -> Value {
    serde_json::from_str(&run(home, &[arguments, &["--format", "json"]].concat()).stdout).unwrap()
}

/// The values in a list.
fn listed(home: &Home, arguments: &[&str]) -> Vec<String> {
    let listing = json(home, &[&["list"], arguments].concat());
    let values = listing["indicators"].as_array().unwrap().iter();
    values.map(|entry| entry["value"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn json_has_its_documented_shape() {
    let home = Home::new();
    let json = |arguments: &[&str]| {
        pretty("Indicators", &run(&home, &[arguments, &["--format", "json"]].concat()).stdout)
    };
    insta::assert_snapshot!(
        "indicator_add",
        json(&["add", "hxxp://www[.]example[.]com/x", "192.0.2.1", "a b"])
    );
    insta::assert_snapshot!("indicator_add_known", json(&["add", "WWW.example.com."]));
    insta::assert_snapshot!("indicator_set", json(&["set", "www.example.com", "--status", "review"]));
    insta::assert_snapshot!("indicator_note", json(&["note", "www.example.com", "seen in ticket 4711"]));
    insta::assert_snapshot!("indicator_show", json(&["show", "www.example.com"]));
    insta::assert_snapshot!("indicator_list", json(&["list", "--status", "Review"]));
    insta::assert_snapshot!("indicator_remove", json(&["remove", "192.0.2.1"]));
    insta::assert_snapshot!("indicator_removed", json(&["list", "--removed"]));
    insta::assert_snapshot!("indicator_restore", json(&["restore", "192.0.2.1"]));
}

#[test]
fn tables_fit_the_terminal() {
    let home = Home::new();
    run(&home, &["add", "www.a-name-that-is-rather-long.and-has-many.labels.example.com", "2001:db8::1"])
        .ok();
    run(&home, &["note", "2001:db8::1", "first line\nsecond line"]).ok();
    let at = |width: &str, arguments: &[&str]| {
        let mut command = home.command(&[&["indicator"], arguments].concat());
        let text = Done::of(&command.env("COLUMNS", width).output().unwrap()).ok();
        let widest =
            text.lines().filter(|line| line.starts_with([' ', '─'])).map(|line| line.chars().count()).max();
        assert!(widest.unwrap_or(0) <= width.parse().unwrap(), "{text}");
        // Days and seconds both change from run to run.
        text
    };
    for width in ["60", "80", "100", "200"] {
        at(width, &["list"]);
        at(width, &["show", "2001:db8::1"]);
        at(width, &["add", "www.a-name-that-is-rather-long.and-has-many.labels.example.com"]);
    }
    assert!(at("100", &["show", "2001:db8::1"]).contains("\n  first line\n  second line\n"));
}

#[test]
fn help_teaches() {
    let home = Home::new();
    let help = |arguments: &[&str]| {
        let mut command = home.command(&[&["indicator"], arguments, &["--help"]].concat());
        timeless(&Done::of(&command.env_remove("BACKSIGHT_DATA_DIR").output().unwrap()).ok())
    };
    insta::assert_snapshot!("help_indicator", help(&[]));
    insta::assert_snapshot!("help_indicator_add", help(&["add"]));
    insta::assert_snapshot!("help_indicator_list", help(&["list"]));
}

#[test]
fn files_of_many_spellings_come_down_to_one_each() {
    let home = Home::new();
    let file = home.file(
        "values.txt",
        "# ours\nhxxp://a[.]example\nA.example.\n192[.]0[.]2[.]1  # a host\nb\u{fc}cher.example\n",
    );
    let added = run(&home, &["add", "-f", &file, "a.example", "--status", "review"]).ok();
    assert!(added.contains("3 new, 0 already known"), "{added}");
    assert_eq!(listed(&home, &["--sort", "value"]), ["a.example", "xn--bcher-kva.example", "192.0.2.1"]);
    assert_eq!(listed(&home, &["--status", "Review"]).len(), 3);
    let piped = home.pipe(&["indicator", "add", "-f", "-"], "c.example\nnot a value\n");
    piped.says(1, &["not a value: no domain name"]);
    assert_eq!(listed(&home, &["--search", "c.ex"]), ["c.example"], "what was right is added all the same");
}

#[test]
fn pages_go_on_where_the_last_one_ended() {
    let home = Home::new();
    let values: Vec<String> = (0..25).map(|n| format!("h{n:02}.example")).collect();
    let arguments: Vec<&str> = values.iter().map(String::as_str).collect();
    run(&home, &[&["add"], &arguments[..]].concat()).ok();
    for sort in ["updated", "value"] {
        let mut found = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..4 {
            let mut arguments = vec!["list", "--limit", "10", "--sort", sort];
            arguments.extend(after.iter().flat_map(|cursor| ["--after", cursor.as_str()]));
            let page = json(&home, &arguments);
            found.extend(
                page["indicators"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|one| one["value"].as_str().unwrap().to_owned()),
            );
            let Some(next) = page["next"].as_str() else { break };
            assert!(run(&home, &arguments).ok().contains(&format!("--after {next}")));
            after = Some(next.to_owned());
        }
        found.sort();
        assert_eq!(found, values, "{sort}");
    }
}

#[test]
fn wrong_words_are_refused_with_the_reason_and_change_nothing() {
    let home = Home::new();
    run(&home, &["add", "a.example"]).ok();
    let before = home.audit();
    run(&home, &["add", "192.0.2.1", "--type", "FQDN"])
        .says(1, &["192.0.2.1: its type is IP Address, not FQDN"]);
    run(&home, &["add", "192.0.2.0/24", "user@example.com"]).says(1, &["a network", "an email address"]);
    run(&home, &["add"]).says(2, &["VALUE"]);
    run(&home, &["add", "-f", "missing.txt"]).says(1, &["missing.txt"]);
    run(&home, &["add", "b.example", "--status", "Bad"]).says(2, &["Whitelisted"]);
    run(&home, &["add", "b.example", "--type", "Hash"]).says(2, &["IPv6 Address"]);
    run(&home, &["list", "--limit", "0"]).says(2, &["1.."]);
    run(&home, &["list", "--limit", "x"]).says(2, &["--limit"]);
    run(&home, &["list", "--after", "x"]).says(2, &["is not a cursor"]);
    run(&home, &["list", "--sort", "value", "--after", "updated:1:1"]).says(2, &["another order"]);
    run(&home, &["list", "--search", "a*b"]).says(2, &["only allowed at the beginning"]);
    run(&home, &["list", "--search", ""]).says(2, &["give a part"]);
    run(&home, &["list", "--search", "192.0.2.0/33"]).says(2, &["prefix"]);
    run(&home, &["show", "b.example"]).says(2, &["b.example is not in the library"]);
    run(&home, &["show", "a b"]).says(2, &["more than one value"]);
    run(&home, &["show"]).says(2, &["VALUE"]);
    run(&home, &["set", "b.example", "--status", "Review"]).says(2, &["not in the library"]);
    run(&home, &["set", "a.example"]).says(2, &["--status"]);
    run(&home, &["note", "b.example", "text"]).says(2, &["not in the library"]);
    run(&home, &["note", "a.example", " "]).says(2, &["1 to 10000 characters"]);
    run(&home, &["note", "a.example", &"x".repeat(10_001)]).says(2, &["1 to 10000 characters"]);
    run(&home, &["note", "a.example"]).says(2, &["TEXT"]);
    run(&home, &["remove", "b.example"]).says(2, &["not in the library"]);
    run(&home, &["restore", "b.example"]).says(2, &["was not removed"]);
    assert_eq!(home.audit(), before);
    assert_eq!(listed(&home, &[]), ["a.example"]);
}

#[test]
fn nothing_that_moves_a_terminal_is_printed() {
    let home = Home::new();
    let nasty = "x\u{1b}[2J\u{9b}1m\u{202e}\u{7f}";
    let plain = |done: &Done| {
        for character in done.stdout.chars().chain(done.stderr.chars()) {
            let moves = character != '\n' && (character.is_control() || character == '\u{202e}');
            assert!(!moves, "{character:?} in {done:?}");
        }
    };
    let mut command = home.command(&["indicator", "add", "a.example"]);
    plain(&Done::of(&command.env("USER", nasty).output().unwrap()));
    run(&home, &["note", "a.example", nasty]).ok();
    for arguments in [
        &["add", nasty][..],
        &["show", "a.example"],
        &["show", nasty],
        &["set", nasty, "--status", "Review"],
        &["list"],
        &["list", "--source", nasty],
        &["list", "--search", nasty],
        &["list", "--after", nasty],
    ] {
        plain(&run(&home, arguments));
        plain(&run(&home, &[arguments, &["--format", "json"]].concat()));
    }
    let shown = json(&home, &["show", "a.example"]);
    assert_eq!(shown["notes"][0]["text"], nasty, "JSON says the same");
    assert_eq!(listed(&home, &["--source", nasty]), ["a.example"]);
}

#[test]
fn forty_at_once_lose_nothing_and_double_nothing() {
    let home = Home::new();
    // Each adds ten indicators, five of which the next one adds too; the folder does not exist yet.
    let start = |number: usize| -> Child {
        let values: Vec<String> = (number * 5..number * 5 + 10).map(|n| format!("h{n}.example")).collect();
        let arguments: Vec<&str> = values.iter().map(String::as_str).collect();
        let mut command = home.command(&[&["indicator", "add"], &arguments[..]].concat());
        command
            .env("USER", format!("user{number}"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let children: Vec<Child> = (0..40).map(start).collect();
    let mut new = 0;
    for child in children {
        let done = Done::of(&child.wait_with_output().unwrap());
        assert_eq!((done.code, done.stderr.as_str()), (0, ""));
        let summary = done.stdout.lines().last().unwrap().to_owned();
        new += summary.split(' ').next().unwrap().parse::<usize>().unwrap();
    }
    assert_eq!(new, 205, "each was new to one of them");
    let listing = json(&home, &["list", "--limit", "1000"]);
    assert_eq!(listing["total"], 205);
    for entry in listing["indicators"].as_array().unwrap() {
        let number: usize =
            entry["value"].as_str().unwrap().trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap();
        let mut expected: Vec<String> = (0..40)
            .filter(|user| (user * 5..user * 5 + 10).contains(&number))
            .map(|user| format!("user{user}"))
            .collect();
        let mut sources: Vec<&str> =
            entry["sources"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        expected.sort();
        sources.sort_unstable();
        assert_eq!(sources, expected, "{number}");
    }
    let audit: Value = serde_json::from_str(&home.audit()).unwrap();
    assert_eq!(audit["total"], 400, "every claim is in the audit trail");
}

/// Lines with values in every form in which people paste them, and lines without values.
const PASTED: &str = "\
ldap://c2.example:1389/a
tcp://c2.example:8989/bad
ldap[:]//c2.example:1389/a
http:/c2.example/
https//c2.example/x
«c2.example»
22813a7723dbdceb828c0263431465e3698aa0fc
44d88612fea8a8f36de82e1278abb02f
CVE-2024-1234
AS1234
0x7f000001
ns1[.]a.example ns2[.]a.example
b1.example, b2.example; b3.example
192.0.2.5\t2024-01-01\tC2
192.0.2.6,high
192.0.2.7/32
";

#[test]
fn what_is_no_host_is_refused_by_its_kind_and_values_on_one_line_are_apart() {
    let home = Home::new();
    let file = home.file("pasted.txt", PASTED);
    let done = run(&home, &["add", "--format", "json", "-f", &file]);
    assert_eq!(done.code, 1, "{done:?}");
    let kinds = [
        "a SHA-1 hash, not a domain name",
        "an MD5 hash",
        "the identifier of a vulnerability",
        "an AS number",
        "0x7f000001: a number that browsers read as 127.0.0.1",
        "skipped 3 cells beside values",
    ];
    for kind in kinds {
        assert!(done.stderr.contains(kind), "{kind}: {done:?}");
    }
    let added: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!((added["refused"].as_array().unwrap().len(), &added["skipped"]), (5, &3.into()));
    let mut values = listed(&home, &[]);
    values.sort();
    let expected = [
        "192.0.2.5",
        "192.0.2.6",
        "192.0.2.7",
        "b1.example",
        "b2.example",
        "b3.example",
        "c2.example",
        "ns1.a.example",
        "ns2.a.example",
    ];
    assert_eq!(values, expected);
}

#[test]
fn a_top_level_domain_is_typed_with_its_final_dot() {
    let home = Home::new();
    let word = run(&home, &["add", "com"]);
    assert!(word.code == 1 && word.stderr.contains("with its final dot"), "{word:?}");
    run(&home, &["add", "com."]).ok();
    assert_eq!(listed(&home, &[]), ["com"]);
    // An indicator of the library is found by the spelling that the library shows.
    run(&home, &["show", "com"]).ok();
}

#[test]
fn tables_show_unicode_beside_the_name_and_say_cautions() {
    let home = Home::new();
    let added = run(&home, &["add", "bücher.example", "аpple.com", "10.0.0.1", "a.example"]).ok();
    let listed = run(&home, &["list"]).ok();
    for text in [added, listed] {
        assert!(text.contains("xn--bcher-kva.example (bücher.example)"), "{text}");
        assert!(
            text.contains("Caution: lookalike: xn--pple-43d.com is shown as аpple.com, which mixes"),
            "{text}"
        );
        assert!(text.contains("Caution: special-purpose address: 10.0.0.1 is in"), "{text}");
        assert_eq!(text.matches("Caution: ").count(), 2, "{text}");
        assert!(!text.contains("xn--pple-43d.com ("), "{text}");
    }
    let shown = run(&home, &["show", "10.0.0.1"]).ok();
    assert!(shown.contains("Caution: special-purpose address"), "{shown}");
    let shown = run(&home, &["show", "bücher.example"]).ok();
    assert!(shown.starts_with("xn--bcher-kva.example (bücher.example) (FQDN)"), "{shown}");
}
