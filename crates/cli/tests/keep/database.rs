//! The passive-DNS database: every command, with and without a server that has opened the folder.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::home::{Done, Home};
use crate::service::{IMPORT_OF_A_SENSOR, SAMPLE, line};

/// `backsight serve` with the home's own database, until it is dropped.
pub(crate) struct Server(Child);

impl Server {
    pub(crate) fn of(home: &Home) -> Self {
        let mut command = home.command(&["serve", "--listen", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        while !said.contains("listening on") {
            assert_ne!(lines.read_line(&mut said).unwrap(), 0, "it does not listen: {said}");
        }
        // Its output must always be read, so that it does not block.
        std::thread::spawn(move || lines.read_to_string(&mut String::new()));
        Self(child)
    }

    fn process(&self) -> String {
        self.0.id().to_string()
    }

    /// Sends SIGTERM, and waits until it has ended.
    fn end(mut self) {
        assert!(Command::new("kill").args(["-s", "TERM", &self.process()]).status().unwrap().success());
        assert_eq!(self.0.wait().unwrap().code(), Some(0));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop((self.0.kill(), self.0.wait()));
    }
}

fn filled() -> Home {
    let home = Home::new();
    home.file("sample.txt", SAMPLE);
    home.run(&["import", "sample.txt"]).ok();
    home
}

/// The summary that a query returns.
fn summary(home: &Home, question: &str) -> Value {
    home.json(&["lookup", question, "--summary"])
}

/// Every command on a database with the sample of the integration guide, with the same output whether or not a server is
/// running.
fn walk(home: &Home) -> String {
    let mut said = String::new();
    let mut run = |arguments: &[&str]| {
        let done = home.run(arguments);
        let shown = arguments.join(" ");
        said.extend([
            "$ backsight ",
            &shown,
            "\n",
            &done.stdout,
            &done.stderr,
            &format!("[{}]\n", done.code),
        ]);
    };
    run(&["import", "sample.txt"]);
    run(&IMPORT_OF_A_SENSOR);
    run(&["lookup", "www.threatq.com"]);
    run(&["lookup", "www.threatq.com", "--by-source"]);
    run(&["lookup", "*.threatsketch.com", "--rrtype", "NS", "--limit", "2", "--format", "csv"]);
    run(&["lookup", "104.196.175.0/24", "--sort", "newest", "--format", "cof"]);
    run(&["lookup", "104.196.175.197", "--first-after", "2017-06-01", "--last-before", "2018"]);
    run(&["lookup", "104.196.175.190-104.196.175.199", "--last-before", "2017-06-01", "--summary"]);
    run(&["lookup", "rdata:dns01.gpn.register.com", "--format", "json"]);
    run(&["lookup", "rdata:*.register.com", "--summary", "--format", "json"]);
    run(&["lookup", "nobody.example"]);
    run(&["lookup", "www.threatq.com", "--limit", "20000", "--format", "cof"]);
    run(&["export", "*.threatq.com"]);
    run(&["db", "verify"]);
    run(&["db", "drop", "--origin", "https://own.example/", "--dry-run"]);
    run(&["db", "drop", "--origin", "https://own.example/"]);
    run(&["db", "drop", "--suffix", "threatsketch.com", "--dry-run", "--format", "json"]);
    run(&["db", "drop", "--last-before", "2017-06-01", "--dry-run"]);
    run(&["db", "drop", "--last-before", "2017-06-01"]);
    run(&["export"]);
    run(&["db", "compact"]);
    run(&["db", "backup", "backup"]);
    run(&["db", "restore", "backup"]);
    said.replace(&home.path("").display().to_string(), "HOME/")
}

/// Sizes depend on the engine, so they are removed.
fn without_sizes(said: &str) -> String {
    let sizes = |line: &str| line.contains("no damage found") || line.contains("; before: ");
    said.lines().filter(|line| !sizes(line)).flat_map(|line| [line, "\n"]).collect()
}

#[test]
fn every_command_says_the_same_with_a_server_and_without() {
    let fresh = || {
        let home = filled();
        home.file("more.ndjson", line("www.threatq.com", "104.196.175.197", 2));
        home
    };
    let alone = walk(&fresh());
    insta::assert_snapshot!("database_walk", without_sizes(&alone));
    let home = fresh();
    let server = Server::of(&home);
    let stats = home.json(&["db", "stats"]);
    assert_eq!(stats["server"].to_string(), server.process());
    assert_eq!(without_sizes(&walk(&home)), without_sizes(&alone));
    server.end();
    assert_eq!(home.json(&["db", "stats"])["server"], Value::Null);
    assert_eq!(summary(&home, "*.")["rows"], 1, "what was done through the server lasts");
}

#[test]
fn json_has_its_documented_shape() {
    let home = filled();
    let json = |arguments: &[&str]| {
        let text = home.run(&[arguments, &["--format", "json"]].concat()).stdout;
        let value: Value = serde_json::from_str(&text).unwrap();
        let mut text = serde_json::to_string_pretty(&value).unwrap();
        text = text.replace(&home.path("").display().to_string(), "HOME/");
        text
    };
    home.file("bad.ndjson", format!("{}<html>\n{{\"rrname\":", line("a.example", "192.0.2.1", 1)));
    insta::assert_snapshot!("database_import", json(&["import", "bad.ndjson"]));
    insta::assert_snapshot!("database_import_known", json(&["import", "sample.txt"]));
    insta::assert_snapshot!("database_import_missing", json(&["import", "missing"]));
    insta::assert_snapshot!("database_lookup", json(&["lookup", "www.threatq.com"]));
    insta::assert_snapshot!("database_lookup_by_source", json(&["lookup", "www.threatq.com", "--by-source"]));
    insta::assert_snapshot!("database_summary", json(&["lookup", "*.", "--summary"]));
    let numbers = |text: String| {
        let (mut out, mut digits) = (String::new(), false);
        for character in text.chars() {
            if !character.is_ascii_digit() {
                out.push(character);
            } else if !digits {
                out.push('N');
            }
            digits = character.is_ascii_digit();
        }
        out
    };
    insta::assert_snapshot!("database_stats", numbers(json(&["db", "stats"])));
    insta::assert_snapshot!("database_verify", numbers(json(&["db", "verify"])));
    insta::assert_snapshot!("database_compact", numbers(json(&["db", "compact"])));
    insta::assert_snapshot!("database_drop", json(&["db", "drop", "--suffix", "example", "--dry-run"]));
    insta::assert_snapshot!("database_backup", json(&["db", "backup", "backup"]));
    std::fs::rename(home.kept(), home.path("before")).unwrap();
    insta::assert_snapshot!("database_restore", json(&["db", "restore", "backup"]));
}

#[test]
fn help_teaches() {
    let home = Home::new();
    let help = |arguments: &[&str]| {
        let mut command = home.command(&[arguments, &["--help"]].concat());
        Done::of(&command.env_remove("BACKSIGHT_DATA_DIR").output().unwrap()).ok()
    };
    insta::assert_snapshot!("help_import", help(&["import"]));
    insta::assert_snapshot!("help_lookup", help(&["lookup"]));
    insta::assert_snapshot!("help_export", help(&["export"]));
    insta::assert_snapshot!("help_db", help(&["db"]));
    insta::assert_snapshot!("help_db_drop", help(&["db", "drop"]));
    insta::assert_snapshot!("help_db_copy", help(&["db", "copy"]));
    insta::assert_snapshot!("help_db_init", help(&["db", "init"]));
}

#[test]
fn the_guides_own_file_is_imported_where_it_is_at_hand() {
    let home = Home::new();
    let shared = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/guide/sample-response.txt");
    // The same seven records are in this test; the file itself is next to the project's folder, or does not exist.
    let content = std::fs::read_to_string(shared).unwrap_or_else(|_| SAMPLE.to_owned());
    home.file("guide.txt", content);
    home.run(&["import", "guide.txt"]).ok();
    assert_eq!(summary(&home, "*.")["rows"], 7);
    let found = home.json(&["lookup", "www.threatq.com"]);
    assert_eq!(found["records"][0]["rdata"][0], "104.196.175.197");
    assert_eq!(found["records"][0]["count"], 6);
    assert_eq!(home.json(&["lookup", "104.196.175.197"])["records"].as_array().unwrap().len(), 2);
}

#[test]
fn files_are_known_by_their_content_whatever_they_are_called_and_however_packed() {
    let home = Home::new();
    let text = line("a.example", "192.0.2.1", 1);
    let gzip = |plain: &[u8]| {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(plain).unwrap();
        packer.finish().unwrap()
    };
    let xz = |plain: &[u8]| {
        let mut packer = liblzma::write::XzEncoder::new(Vec::new(), 6);
        packer.write_all(plain).unwrap();
        packer.finish().unwrap()
    };
    let zstd = |plain: &[u8]| zstd::encode_all(plain, 0).unwrap();
    let plain = |kind: &str| line(&format!("{kind}.example"), "192.0.2.1", 1).into_bytes();
    let packed = [
        ("gzip", "records.txt", gzip(&plain("gzip"))),
        ("xz", "records.gz", xz(&plain("xz"))),
        ("zstd", "records", zstd(&plain("zstd"))),
    ];
    for (kind, name, octets) in packed {
        home.file(name, octets);
        assert_eq!(home.json(&["import", name])["records"], 1, "{kind}");
        assert_eq!(summary(&home, &format!("{kind}.example"))["rows"], 1);
    }
    std::fs::create_dir_all(home.path("folder/below")).unwrap();
    home.file("folder/b.json", &text);
    home.file("folder/below/a.json", line("b.example", "192.0.2.1", 1));
    let done = home.run(&["import", "folder"]).ok();
    assert_eq!(done, "folder/b.json: 1 record\nfolder/below/a.json: 1 record\n");
    home.pipe(&["import", "-"], &line("c.example", "192.0.2.1", 1)).ok();
    for name in ["a.example", "b.example", "c.example"] {
        assert_eq!(summary(&home, name)["rows"], 1, "{name}");
    }
    std::fs::create_dir(home.path("empty")).unwrap();
    home.run(&["import", "empty"]).says(2, &["empty: no files in this folder"]);
}

#[test]
fn sightings_count_once_however_they_are_packed_and_come() {
    let text = line("a.example", "185.194.93.7", 3);
    let packed = zstd::encode_all(text.as_bytes(), 0).unwrap();
    let other = zstd::encode_all(text.as_bytes(), 19).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    let files = [
        ("plain", text.clone().into_bytes()),
        ("packed", packed),
        ("other", other),
        ("gzip", gzip.finish().unwrap()),
    ];
    let twice = ["already imported", "hint: use --again"];
    for (first, _) in &files {
        let home = Home::new();
        for (name, octets) in &files {
            home.file(name, octets);
        }
        let sensor = ["--as", "observation"];
        home.run(&[&["import", first], &sensor[..]].concat()).ok();
        for (name, _) in &files {
            home.run(&[&["import", name], &sensor[..]].concat()).says(1, &twice);
            // A file is identified, redirected or not.
            let mut redirected = home.command(&[&["import", "-"], &sensor[..]].concat());
            redirected.stdin(std::fs::File::open(home.path(name)).unwrap());
            Done::of(&redirected.output().unwrap()).says(1, &twice);
        }
        assert_eq!(summary(&home, "a.example")["count"], 3, "{first}");
        home.run(&[&["import", "gzip", "--again"], &sensor[..]].concat()).ok();
        assert_eq!(summary(&home, "a.example")["count"], 6, "{first}");
    }
}

#[test]
fn sightings_that_come_through_a_pipe_are_known_at_its_end() {
    let home = Home::new();
    let text = line("a.example", "185.194.93.7", 3);
    home.file("plain", &text);
    home.file("packed", zstd::encode_all(text.as_bytes(), 0).unwrap());
    let pipe = ["import", "-", "--as", "observation"];
    home.pipe(&pipe, &text).ok();
    for name in ["plain", "packed"] {
        home.run(&["import", name, "--as", "observation"]).says(1, &["already imported"]);
    }
    assert_eq!(summary(&home, "a.example")["count"], 3);
    home.pipe(&pipe, &text).says(3, &["counted twice", "hint: import files by name"]);
    assert_eq!(summary(&home, "a.example")["count"], 6);
    home.pipe(&[&pipe[..], &["--again"]].concat(), &text).ok();
    assert_eq!(home.pipe(&["import", "-"], &text).ok(), "standard input: 1 record\n", "reports add nothing");
}

#[test]
fn sightings_count_once_and_again_only_when_that_is_meant() {
    let home = Home::new();
    home.file("seen", line("a.example", "192.0.2.1", 3));
    let import = |arguments: &[&str]| home.run(&[&["import", "seen"], arguments].concat());
    let count = || summary(&home, "a.example")["count"].as_u64().unwrap();
    import(&["--as", "observation"]).ok();
    import(&["--as", "observation"]).says(1, &["already imported", "twice", "hint: use --again"]);
    import(&["--as", "observation", "--origin", "https://other.example/"]).says(1, &["--again"]);
    assert_eq!(count(), 3);
    import(&["--as", "observation", "--again"]).ok();
    assert_eq!(count(), 6);
    import(&["--as", "observation"]).says(1, &["--again"]);
    // Reports can be imported any number of times.
    for again in [&[][..], &[], &["--again"], &["--again"]] {
        import(again).ok();
        assert_eq!(count(), 6);
    }
    home.run(&["db", "drop", "--origin", ""]).ok();
    import(&["--as", "observation"]).ok();
    assert_eq!(count(), 3, "what was dropped can be imported again");
}

#[test]
fn what_cannot_be_taken_is_counted_kept_and_if_wanted_the_end() {
    let home = Home::new();
    let timeless = "{\"rrname\":\"b.example\",\"rrtype\":\"A\",\"rdata\":\"192.0.2.3\"}";
    let (first, last) = (line("a.example", "192.0.2.1", 1), line("c.example", "192.0.2.1", 1));
    home.file("bad", format!("{first}<html>\n{timeless}\n{last}{{\"rrname\":"));
    home.run(&["import", "bad", "--strict"]).says(
        1,
        &["bad: 6 bytes at offset", "text that is no JSON object", "hint: --strict stops the import here"],
    );
    assert_eq!(summary(&home, "*.")["rows"], 1, "what came before is in");
    let done = home.run(&["import", "bad", "--rejects", "rejects"]).says(3, &[]);
    assert!(done.stdout.contains(&format!("resumed at offset {}", first.len())), "{}", done.stdout);
    assert!(done.stdout.contains("1 x a record without a plausible time, at offset"), "{}", done.stdout);
    assert_eq!(summary(&home, "*.")["rows"], 2);
    let kept = std::fs::read_to_string(home.path("rejects")).unwrap();
    assert_eq!(kept, format!("<html>\n{timeless}\n{{\"rrname\":\n"));
    home.file("cut.gz", [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2]);
    home.run(&["import", "cut.gz"]).says(1, &["reading cut.gz: "]);
    home.run(&["import", "missing", "bad"]).says(1, &["reading missing: No such file", "hint: give a file"]);
    home.run(&["import", "bad", "--rejects", "no/such/folder", "--again"])
        .says(1, &["--rejects no/such/folder"]);
    home.run(&["import", "bad", "--origin", ""]).says(2, &["--origin"]);
}

#[test]
fn an_export_imported_elsewhere_answers_the_same() {
    let home = filled();
    let zone = "{\"rrname\":\"z.example\",\"rrtype\":\"TXT\",\"rdata\":\"\\\"a \\\\\\\"b\\\\\\\"\\\"\",\"zone_time_first\":1500000005,\"zone_time_last\":1500000009,\"bailiwick\":\"example\"}\n";
    // A sensor's observation and a zone file's data of one record, with different counts.
    let both = "{\"rrname\":\"both.example\",\"rrtype\":\"A\",\"rdata\":\"185.194.93.7\",\"time_first\":1500000000,\"time_last\":1500000001,\"count\":700}\n\
                {\"rrname\":\"both.example\",\"rrtype\":\"A\",\"rdata\":\"185.194.93.7\",\"zone_time_first\":1500000005,\"zone_time_last\":1500000009,\"count\":3}\n";
    home.file("more", line("www.threatq.com", "104.196.175.197", 2) + zone + both);
    home.run(&["import", "more", "--as", "observation"]).ok();
    let exported = home.run(&["export"]).ok();
    assert_eq!(exported.lines().count(), 10);
    assert!(exported.contains("\"zone_time_last\":1500000009,\"count\":3"), "{exported}");
    let other = Home::new();
    other.pipe(&["import", "-"], &exported).ok();
    assert_eq!(other.run(&["export"]).ok(), exported);
    home.pipe(&["import", "-"], &exported).ok();
    assert_eq!(home.run(&["export"]).ok(), exported, "and importing it into itself changes nothing");
}

#[test]
fn more_rows_than_a_page_are_exported_and_a_broken_pipe_is_no_failure() {
    let home = Home::new();
    let records = (0..25_000).map(|number| line(&format!("h{number}.example"), "192.0.2.1", 1));
    home.file("many", records.collect::<String>());
    assert_eq!(home.json(&["import", "many"])["records"], 25_000);
    let exported = home.run(&["export"]).ok();
    let mut lines: Vec<&str> = exported.lines().collect();
    assert_eq!(lines.len(), 25_000);
    lines.dedup();
    assert_eq!(lines.len(), 25_000, "each once");
    let found = home.run(&["lookup", "192.0.2.1", "--limit", "99999", "--format", "cof"]);
    let found = found.says(
        0,
        &[
            "--limit 99,999: the maximum is 10,000 rows",
            "use `backsight export 192.0.2.1`",
            "only the first 10,000 rows shown; to print all of them, use `backsight export 192.0.2.1`",
        ],
    );
    assert_eq!(found.stdout.lines().count(), 10_000);
    let mut child = home.command(&["export"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdout.take().unwrap().read_exact(&mut [0; 10]).unwrap();
    let done = Done::of(&child.wait_with_output().unwrap());
    assert_eq!((done.code, done.stderr.as_str()), (0, ""));
}

#[test]
fn what_is_no_question_and_what_is_no_database_are_said() {
    let home = Home::new();
    for command in [
        &["lookup", "a.example"][..],
        &["export"],
        &["db", "stats"],
        &["db", "verify"],
        &["db", "compact"],
        &["db", "backup", "b"],
        &["db", "drop", "--suffix", "a"],
    ] {
        home.run(command).says(
            2,
            &["there is no passive-DNS database in", "hint: create one with `backsight import FILE`"],
        );
    }
    assert!(!home.kept().join("pdns").exists(), "what only looks makes nothing");
    let home = filled();
    for question in ["", "two words", "192.0.2.0/33", "192.0.2.9-192.0.2.1", "a..b", "rdata:"] {
        for command in ["lookup", "export"] {
            home.run(&[command, question]).says(
                2,
                &["query a name (www.example.com)", "a network (192.0.2.0/24", "rdata:ns1.example.com"],
            );
        }
    }
    home.run(&["lookup", "a.example", "--rrtype", "FOO"]).says(2, &["--rrtype", "hint: write types"]);
    home.run(&["lookup", "a.example", "--first-after", "soon"])
        .says(2, &["--first-after", "write a date (2017-06-09"]);
    home.run(&["lookup", "a.example", "--limit", "0"]).says(2, &["--limit"]);
    home.run(&["lookup", "a.example", "--summary", "--format", "csv"]).says(2, &["table or json"]);
    home.run(&["db", "drop"]).says(2, &["--origin"]);
    home.run(&["db", "drop", "--suffix", "a..b"]).says(2, &["--suffix a..b", "hint: write it as"]);
    home.run(&["db", "drop", "--last-before", "soon"])
        .says(2, &["--last-before", "write a date (2017-06-09"]);
}

#[test]
fn a_folder_that_is_newer_foreign_or_half_copied_is_refused_and_left_as_it_is() {
    let home = filled();
    let manifest = home.kept().join("pdns/MANIFEST");
    let before = home.octets();
    let run = before
        .iter()
        .map(|(path, _)| path)
        .find(|path| path.extension().is_some_and(|end| end == "run"))
        .unwrap();
    let away = home.path("away");
    let refused = |words: &[&str]| {
        let octets = home.octets();
        for command in [
            &["lookup", "a.example"][..],
            &["import", "sample.txt", "--again"],
            &["db", "compact"],
            &["serve", "--listen", "127.0.0.1:0"],
        ] {
            home.run(command).says(1, words);
            let changed = |(path, _): &&(std::path::PathBuf, Vec<u8>)| {
                !path.ends_with("LOCK") && !path.to_string_lossy().contains("sqlite")
            };
            let kept: Vec<_> = octets.iter().filter(changed).cloned().collect();
            let now: Vec<_> = home.octets().iter().filter(changed).cloned().collect();
            assert_eq!(now, kept, "{command:?}");
        }
    };
    std::fs::rename(run, &away).unwrap();
    refused(&["00000", ".run is missing", "restore a backup"]);
    std::fs::rename(&away, run).unwrap();
    std::fs::rename(&manifest, &away).unwrap();
    refused(&["no MANIFEST", "not a passive-DNS database", "copied incompletely"]);
    home.run(&["db", "restore", "kept/pdns"]).says(2, &["already contains a database"]);
    std::fs::write(&manifest, "backsight passive-dns store, format 9, with more").unwrap();
    refused(&["has format 9", "supports up to 2", "nothing was changed"]);
    std::fs::rename(&away, &manifest).unwrap();
    assert_eq!(summary(&home, "*.")["rows"], 7);
    home.run(&["--data-dir", "new", "db", "restore", "sample.txt"])
        .says(2, &["is not a folder", "hint: give the folder"]);
    home.run(&["--data-dir", "new", "db", "restore", "."]).says(2, &["no MANIFEST"]);
    home.run(&["db", "backup", "kept"])
        .says(1, &["backup to kept", "hint: choose a folder that does not exist yet"]);
}

#[test]
fn a_second_server_is_refused_and_told_who_has_it() {
    let home = filled();
    let server = Server::of(&home);
    let process = format!("another process ({}) is using the passive-DNS database", server.process());
    home.run(&["serve", "--listen", "127.0.0.1:0"]).says(1, &[&process, "hint: use that server, stop it"]);
    // Named files need no folder, and can be served at the same time.
    home.file("more", line("a.example", "192.0.2.1", 1));
    home.run(&["import", "more"]).ok();
    drop(server);
    assert!(home.kept().join("pdns/backsight.sock").exists(), "it was killed");
    assert_eq!(summary(&home, "*.")["rows"], 8, "what it acknowledged lasts");
    let server = Server::of(&home);
    assert_eq!(home.json(&["db", "stats"])["server"].to_string(), server.process());
    server.end();
    assert!(!home.kept().join("pdns/backsight.sock").exists());
}

#[test]
fn an_import_that_has_the_database_is_waited_for_a_bounded_time() {
    let home = filled();
    let mut import =
        home.command(&["import", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = import.stdin.take().unwrap();
    stdin.write_all(line("a.example", "192.0.2.1", 1).as_bytes()).unwrap();
    let has_it = format!("{}\n", import.id());
    let lock = home.kept().join("pdns/LOCK");
    let held = (0..1_000_000).find(|_| std::fs::read_to_string(&lock).is_ok_and(|text| text == has_it));
    assert!(held.is_some(), "the import never has the database");
    let lookup = |wait: &str| {
        Done::of(
            &home
                .command(&["lookup", "a.example"])
                .env("BACKSIGHT_DATABASE_WAIT_SECONDS", wait)
                .output()
                .unwrap(),
        )
    };
    let process = import.id();
    lookup("1").says(
        1,
        &[
            &format!("process {process} is using the passive-DNS database; waiting up to 1 s"),
            &format!("another process ({process}) is using"),
        ],
    );
    let waiting = home
        .command(&["lookup", "a.example", "--format", "cof"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(stdin);
    assert_eq!(Done::of(&waiting.wait_with_output().unwrap()).ok().lines().count(), 1);
    assert_eq!(import.wait().unwrap().code(), Some(0));
}

#[test]
fn lookup_takes_what_is_pasted_and_names_the_export_of_the_same_question() {
    let home = Home::new();
    let records = ["a", "b", "c"].map(|name| line(&format!("{name}.paste.example"), "192.0.2.1", 1));
    home.file("few", records.concat());
    home.run(&["import", "few"]).ok();
    for pasted in ["hxxp://a[.]paste[.]example/x", "a.paste.example:443", "https://a.paste.example/b?c#d"] {
        assert_eq!(home.json(&["lookup", pasted])["records"][0]["rrname"], "a.paste.example", "{pasted}");
    }
    let cut = ["lookup", "*.paste[.]example", "--rrtype", "A", "--last-after", "1985", "--limit", "2"];
    let export =
        "to print all of them, use `backsight export '*.paste[.]example' --rrtype A --last-after 1985`";
    home.run(&cut).says(0, &[export]);
    let exported = home.run(&["export", "*.paste[.]example", "--rrtype", "A", "--last-after", "1985"]).ok();
    let wanted = home.run(&["lookup", "*.paste.example", "--last-after", "1985", "--format", "cof"]).ok();
    assert_eq!(exported, wanted);
    assert_eq!(home.run(&["export", "*.paste.example", "--rrtype", "NS"]).ok(), "");
}

#[test]
fn a_question_may_be_a_pattern_and_have_filters_with_and_without_a_server() {
    let home = filled();
    let look = |server: &str| {
        for (question, rows) in [
            ("*threat* type:A", 2),
            ("*threat*", 7),
            ("name:*.threatq.com", 1),
            ("rdata:*.register.com. type:NS", 5),
            (r"rdata:/dns0[1-3]\.gpn/", 3),
            ("exact:104.196.175.197", 2),
            ("in:104.196.175.0/24 below:threatq.com", 1),
            ("*threat* after:2017-07-01", 1),
            ("*threat* before:2017-05-31", 6),
            ("source:https://www.circl.lu/pdns/ type:A", 2),
            ("source:elsewhere", 0),
        ] {
            let found = home.json(&["lookup", question, "--sort", "newest"]);
            let number = found["records"].as_array().map_or(0, Vec::len);
            assert_eq!(
                (number, summary(&home, question)["rows"].as_u64()),
                (rows, Some(rows as u64)),
                "{question} {server}"
            );
        }
        let cut = home.json(&["lookup", "*threat*", "--limit", "2"]);
        assert_eq!((cut["records"].as_array().map(Vec::len), &cut["more"]), (Some(2), &json!(true)));
    };
    look("without a server");
    let server = Server::of(&home);
    look("with a server");
    server.end();
    // Filters of the question and of options are combined, and an export takes what it can select.
    let both = ["lookup", "*.com after:2017-07-01", "--rrtype", "A"];
    assert_eq!(home.json(&both)["records"].as_array().map(Vec::len), Some(1));
    home.run(&["lookup", "*.com type:A", "--rrtype", "NS"])
        .says(2, &["--rrtype: the question already has type:"]);
    home.run(&["export", "*threat*"]).says(2, &["use lookup for patterns and sources"]);
    home.run(&["lookup", "/(/"]).says(2, &["the pattern: unclosed group"]);
    home.run(&["lookup", "a.example type:A type:NS"]).says(2, &["type: given more than once"]);
}

#[test]
fn dates_without_separators_are_dates_and_other_digits_are_refused() {
    let home = Home::new();
    home.file("one", line("a.date.example", "192.0.2.1", 1));
    home.run(&["import", "one"]).ok();
    let rows = |flag: &str, time: &str| {
        let found = home.json(&["lookup", "a.date.example", flag, time]);
        found["records"].as_array().map_or(0, Vec::len)
    };
    for future in ["20300913", "2030-09-13", "20300913000000", "1915488000"] {
        assert_eq!(rows("--last-after", future), 0, "{future}");
        assert_eq!(rows("--first-before", future), 1, "{future}");
    }
    for wrong in ["20301399", "1600000000000", "1600000000000000", "1600000000000000000", "20300913256000"] {
        for flag in ["--last-after", "--last-before", "--first-after", "--first-before"] {
            home.run(&["lookup", "a.date.example", flag, wrong])
                .says(2, &[flag, "is not a time", "20170609"]);
        }
        home.run(&["audit", "--since", wrong]).says(2, &["--since", "is not a time"]);
        home.run(&["db", "drop", "--last-before", wrong, "--dry-run"]).says(2, &["is not a time"]);
    }
}

#[test]
fn what_is_no_run_is_refused_with_how_to_find_one() {
    let home = Home::new();
    for wrong in ["abc", "-1", "1.5", ""] {
        home.run(&["run", "show", wrong]).says(2, &[]);
    }
    home.run(&["run", "show", "abc"])
        .says(2, &["a run is named by its number; `backsight run list` shows them"]);
}

#[test]
fn a_file_that_begins_as_another_did_is_another_file() {
    let home = Home::new();
    let lines = |count: u64| {
        let line = move |at: u64| {
            format!(
                "{{\"rrname\":\"h{at:05}.dump.example\",\"rrtype\":\"A\",\"rdata\":\"192.0.2.1\",\"time_first\":1700000000,\"time_last\":1700000000,\"count\":{count}}}\n"
            )
        };
        (0..999)
            .map(move |at| if at < 950 { line(at).replace(&format!(":{count}}}"), ":1}") } else { line(at) })
    };
    let (monday, tuesday): (String, String) = (lines(1).collect(), lines(9).collect());
    assert_eq!((monday.len(), &monday[..65_536]), (tuesday.len(), &tuesday[..65_536]));
    home.file("mon.ndjson", &monday);
    home.file("tue.ndjson", &tuesday);
    let import = |file: &str| home.json(&["import", file, "--as", "observation"])["state"].clone();
    assert_eq!((import("mon.ndjson"), import("tue.ndjson")), ("done".into(), "done".into()));
    assert_eq!(summary(&home, "h00998.dump.example")["count"], 10);
    let again = home.run(&["import", "tue.ndjson", "--as", "observation"]);
    assert_eq!(again.code, 1);
    assert!(again.stderr.contains("already imported"), "{}", again.stderr);
}

#[test]
fn what_the_source_did_not_send_is_said() {
    let home = Home::new();
    let begin = "{\"cond\":\"begin\"}\n{\"obj\":{\"rrname\":\"a.example.\",\"rrtype\":\"A\",\"rdata\":[\"192.0.2.1\"],\"time_first\":1700000000,\"time_last\":1700000000}}\n";
    for (name, end, words) in [
        (
            "limited",
            "{\"cond\":\"limited\",\"msg\":\"Result limit reached\"}\n",
            "was limited: Result limit reached",
        ),
        ("failed", "{\"cond\":\"failed\",\"msg\":\"Internal error\"}\n", "failed: Internal error"),
        ("cut", "", "was cut off before its end"),
    ] {
        home.file(name, format!("{begin}{end}"));
        let done = home.run(&["import", name]);
        assert_eq!(done.code, 3, "{name}");
        assert!(done.stdout.contains(words), "{}", done.stdout);
    }
    home.file("whole", format!("{begin}{{\"cond\":\"succeeded\"}}\n"));
    assert_eq!(home.run(&["import", "whole"]).code, 0);
}

#[test]
fn a_file_without_records_is_named_and_a_missing_one_prints_no_table() {
    let home = Home::new();
    for (name, text, looks) in [
        ("page", "<!doctype html><html></html>", "an HTML page"),
        ("json", "{\"a\":1}\n", "JSON in another format"),
        ("csv", "a,b\n1,2\n", "CSV"),
    ] {
        home.file(name, text);
        let done = home.run(&["import", name]);
        assert_eq!((done.code, done.stdout.as_str()), (1, ""), "{name}");
        assert!(done.stderr.contains(looks), "{}", done.stderr);
    }
    let missing = home.run(&["import", "missing"]);
    assert_eq!((missing.code, missing.stdout.as_str()), (1, ""));
    home.file("junk", format!("<html>\n{SAMPLE}"));
    assert_eq!(home.run(&["import", "junk"]).code, 3);
}

/// Records of CIRCL's second interface, with rrname and rdata swapped.
const SWAPPED: &str = r#"{"rrtype":"NS","rrname":"ns1.dns.example","rdata":"swapped.example","count":"5","time_first":"1696798385","time_last":"1697890824"}
{"rrtype":"A","rrname":"185.194.93.14","rdata":"swapped.example","count":"19","time_first":"1696798385","time_last":"1697890824"}
{"rrtype":"MX","rrname":"10 mail.swapped.example","rdata":"swapped.example","count":"149","time_first":"1696798385","time_last":"1697890824"}
"#;

#[test]
fn a_file_of_swapped_records_is_turned_unless_its_orientation_is_given() {
    let home = Home::new();
    home.file("swapped.ndjson", SWAPPED);
    let told = home.json(&["import", "swapped.ndjson"]);
    assert_eq!((&told["records"], &told["turned"]), (&json!(3), &json!(3)));
    let rows = home.json(&["lookup", "swapped.example"])["records"].clone();
    let data = |row: &Value| row["rdata"][0].as_str().unwrap().to_owned();
    let mut found: Vec<String> = rows.as_array().unwrap().iter().map(data).collect();
    found.sort();
    assert_eq!(found, ["10 mail.swapped.example", "185.194.93.14", "ns1.dns.example"]);
    // They are read like the file of another query: as they were sent.
    let home = Home::new();
    home.file("swapped.ndjson", SWAPPED);
    let said = home.run(&["import", "swapped.ndjson", "--orientation", "draft"]);
    assert_eq!(said.code, 3, "the MX has no owner that way: {said:?}");
    assert_eq!(summary(&home, "swapped.example")["rows"], 0);
    // In the opposite case, the option declares all of them as swapped.
    let said = home.run(&["import", "swapped.ndjson", "--orientation", "swapped"]).ok();
    assert!(said.contains("3 with swapped rrname and rdata corrected"), "{said}");
    assert_eq!(summary(&home, "swapped.example")["rows"], 3);
}

#[test]
fn sensors_of_records_are_kept_when_asked_and_their_loss_is_said() {
    let home = Home::new();
    let sensor = |id: &str| {
        line("a.example", "185.194.93.1", 1).replacen('{', &format!("{{\"sensor_id\":\"{id}\","), 1)
    };
    home.file("sensors.ndjson", sensor("vienna-1") + &sensor("graz-2"));
    let said = home.run(&["import", "sensors.ndjson"]).ok();
    assert!(said.contains("2 with a sensor_id that was dropped (--keep-sensors keeps it)"), "{said}");
    home.run(&["import", "sensors.ndjson", "--keep-sensors"]).ok();
    let rows = home.json(&["lookup", "a.example", "--by-source"])["records"].clone();
    let mut ids: Vec<Value> = rows.as_array().unwrap().iter().map(|row| row["sensor_id"].clone()).collect();
    ids.sort_by_key(Value::to_string);
    assert_eq!(ids, [json!("graz-2"), json!("vienna-1"), Value::Null]);
}
