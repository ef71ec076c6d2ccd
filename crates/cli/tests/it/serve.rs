//! `backsight serve`.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use crate::harness::{Home, Serve, get, line};

const PATH: &str = "/pdns/query/www.example.com";
/// `user:tr0ub4dor`.
const LOGIN: &str = "authorization: Basic dXNlcjp0cjB1YjRkb3I=";

fn records() -> String {
    line("www.example.com", "A", "192.0.2.1", 1_500_001_000, 1_500_002_000, 3)
}

#[test]
fn records_from_files_and_the_sample() {
    let home = Home::new();
    let more =
        home.file("more.ndjson", line("www.example.net", "A", "192.0.2.2", 1_500_000_001, 1_500_000_002, 3));
    let records = home.file("records.ndjson", records());
    let server =
        Serve::new(&home, ["--sample".as_ref(), "--cof".as_ref(), records.as_os_str(), more.as_os_str()]);
    for value in ["www.example.com", "www.example.net", "www.threatq.com"] {
        let (status, body) = get(server.address, &format!("/pdns/query/{value}"), &[]);
        assert_eq!(
            (status, body.lines().count()),
            (200, if value == "www.example.net" { 2 } else { 1 }),
            "{body}"
        );
    }
    for words in ["the sample: 27 records\n", "records.ndjson: 1 record\n", "listening on http://127.0.0.1:"]
    {
        assert!(server.said().contains(words), "{}", server.said());
    }
    assert_eq!(get(server.address, "/healthz", &[]), (200, "ok".to_owned()));
}

#[test]
fn a_second_listener_answers_like_threatq_and_follows_the_same_rules() {
    let home = Home::new();
    let config =
        home.file("own.toml", "[threatq]\nlisten = \"127.0.0.1:0\"\nreader_tokens = \"siem, other\"\n");
    let run = home.run(["--config".as_ref(), config.as_os_str()]);
    let server = Serve::of(run.args(["serve", "--sample", "--anonymous", "--listen", "127.0.0.1:0"]));
    let said = server.said();
    let face = said.split("ThreatQ-shaped API: http://").nth(1).unwrap().split('/').next().unwrap();
    let face = face.parse().unwrap();
    let (status, script) = get(face, "/assets/js/config.js", &[]);
    assert!(status == 200 && script.contains("\"clientId\": \"backsight\""), "{script}");
    assert_eq!(get(face, "/api/plugins", &[]).0, 401);
    assert_eq!(get(face, PATH, &[]).0, 404);
    assert_eq!(get(server.address, "/api/plugins", &[]).0, 404);
    server.terminate();
    assert_eq!(server.ended_within(Duration::from_mins(1)), Some(0));

    let elsewhere = ["serve", "--sample", "--listen", "127.0.0.1:0", "--threatq-listen", "0.0.0.0:0"];
    home.run(elsewhere)
        .done()
        .says(2, &["0.0.0.0 can be reached from other machines", "hint: listen on 127.0.0.1"]);
    let no_address = ["serve", "--sample", "--listen", "127.0.0.1:0", "--threatq-listen", "8054"];
    home.run(no_address).done().says(2, &["threatq.listen (--threatq-listen): \"8054\" is not an address"]);
    let server = Serve::new::<&str>(&home, ["--sample"]);
    assert!(!server.said().contains("ThreatQ"), "it is off unless it is configured");
}

#[test]
fn a_damaged_file_says_how_much_and_where() {
    let home = Home::new();
    let timeless = "{\"rrname\":\"a.example\",\"rrtype\":\"A\",\"rdata\":\"192.0.2.3\"}\n";
    let whole = records();
    let server = Serve::with(&home, &format!("{whole}<html>\n{whole}{timeless}{}", &whole[..40]));
    let said = server.said();
    for words in [
        "2 records, 1 skipped without a plausible time, skipped 2 unreadable sections; it ends inside a record",
        &format!("bytes at offset {}: text that is no JSON object", whole.len()),
    ] {
        assert!(said.contains(words), "{said}");
    }
    assert_eq!(get(server.address, PATH, &[]).1.lines().count(), 1);
}

#[test]
fn a_file_without_records_is_refused() {
    let home = Home::new();
    let says = |name: &str, words: &[&str]| {
        let run = home.run(["serve", "--listen", "127.0.0.1:0", "--cof", name]);
        run.done().says(1, words).says(1, &[name, "hint: "]);
    };
    home.file("page.html", "<html></html>");
    home.file("timeless", "{\"rrname\":\"a.example\",\"rrtype\":\"A\",\"rdata\":\"192.0.2.3\"}\n");
    std::fs::create_dir(home.path("folder")).unwrap();
    says("page.html", &["no records found; it looks like an HTML page", "known formats are"]);
    says("timeless", &["contains no records that can be served", "1 skipped without a plausible time"]);
    says("missing", &["No such file", "`backsight import --help` lists"]);
    says("folder", &["Is a directory"]);
}

#[test]
fn a_server_without_records_says_so() {
    let home = Home::new();
    let server = Serve::new::<&str>(&home, []);
    assert!(
        server
            .said()
            .contains("contains no records yet\n  hint: import records with `backsight import FILE`"),
        "{}",
        server.said()
    );
    assert_eq!(get(server.address, PATH, &[]), (200, String::new()));
}

#[test]
fn only_who_may_ask_is_answered() {
    let home = Home::new();
    let cof = home.file("records.ndjson", records());
    let run = || home.run(["serve", "--listen", "127.0.0.1:0", "--cof"]).args([&cof]);
    let servers = [
        Serve::of(run().args(["--user", "user:tr0ub4dor"])),
        Serve::of(run().args(["--user", "user"]).env("BACKSIGHT_SECRET_PASSWORD", "tr0ub4dor")),
    ];
    for server in servers {
        let status = |headers: &[&str]| get(server.address, PATH, headers).0;
        assert_eq!(status(&[]), 401);
        assert_eq!(status(&["authorization: Basic dXNlcjp3cm9uZw=="]), 401);
        assert_eq!(status(&[LOGIN]), 200);
        assert!(!server.said().contains("tr0ub4dor"), "{}", server.said());
    }
    let server = Serve::of(run().env("BACKSIGHT_SECRET_TOKEN", "tr0ub4dor\n"));
    assert_eq!(get(server.address, PATH, &[]).0, 401);
    assert_eq!(get(server.address, PATH, &["authorization: tr0ub4dor"]).0, 200);
    let query =
        home.query(server.address, ["www.example.com"]).env("BACKSIGHT_SECRET_USER_TOKEN", "tr0ub4dor");
    assert!(query.done().quiet().contains("1 record, complete"));
    home.query(server.address, ["www.example.com"]).done().says(4, &["401", "hint: "]);
}

#[test]
fn a_login_that_lets_nobody_or_everybody_in_is_refused() {
    let home = Home::new();
    for user in ["user", "user:", ":tr0ub4dor", ""] {
        let done = home.run(["serve", "--user", user, "--listen", "127.0.0.1:0"]).done();
        done.says(2, &["--user", "cannot be empty", "hint: write NAME:PASSWORD"]);
        assert!(!done.stderr.contains("tr0ub4dor"), "{done:#?}");
    }
    let token = home.run(["serve", "--listen", "127.0.0.1:0"]).env("BACKSIGHT_SECRET_TOKEN", " ");
    token.done().says(2, &["BACKSIGHT_SECRET_TOKEN", "cannot be empty", "hint: "]);
    let octets: std::ffi::OsString = std::os::unix::ffi::OsStringExt::from_vec(b"\xff".to_vec());
    let token = home.run(["serve", "--listen", "127.0.0.1:0"]).env("BACKSIGHT_SECRET_TOKEN", octets);
    token.done().says(2, &["BACKSIGHT_SECRET_TOKEN", "UTF-8"]);
}

#[test]
fn an_address_that_others_reach_is_refused() {
    let home = Home::new();
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:8053"] {
        let done = home.run(["serve", "--listen", address]).done();
        done.says(2, &["can be reached from other machines", "hint: listen on 127.0.0.1", "--behind-proxy"]);
    }
    for address in ["nonsense", "127.0.0.1", "localhost:8053", "127.0.0.1:99999", ""] {
        home.run(["serve", "--listen", address]).done().says(2, &["--listen", "hint: write 127.0.0.1:8053"]);
    }
    let run = home.run(["serve", "--sample", "--listen", "127.0.0.2:0", "--behind-proxy"]);
    let server = Serve::of(run.args(["--user", "user:tr0ub4dor"]));
    assert_eq!(get(server.address, PATH, &[LOGIN]).0, 200);
}

#[test]
fn an_address_in_use_is_said() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let done = Home::new().run(["serve", "--sample", "--listen", &address]).done();
    done.says(1, &[&format!("listening on {address}"), "in use", "hint: choose another port"]);
}

#[test]
fn it_ends_when_asked_to_while_a_request_is_served() {
    let home = Home::new();
    let server = Serve::with(&home, &records());
    assert_eq!(get(server.address, PATH, &[]).0, 200);
    // A connection that is kept, one with an unfinished request, and a silent one.
    let mut kept = TcpStream::connect(server.address).unwrap();
    kept.write_all(format!("GET {PATH} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).unwrap();
    let _silent = TcpStream::connect(server.address).unwrap();
    server.terminate();
    assert_eq!(server.ended_within(Duration::from_secs(2)), Some(0));
}

#[test]
fn it_ends_at_once_when_asked_to_at_once() {
    for _ in 0..5 {
        let server = Serve::new(&Home::new(), ["--sample"]);
        server.terminate();
        assert_eq!(server.ended_within(Duration::from_secs(2)), Some(0));
    }
}

#[test]
fn the_workbench_is_served_and_the_first_administrators_link_is_printed() {
    let home = Home::new();
    let server = Serve::new(&home, ["--sample"]);
    // The link is printed before the first answer, but may be read slightly later.
    let heard = (0..1_000).find(|_| {
        get(server.address, "/healthz", &[]);
        server.said().contains("/welcome?token=")
    });
    assert!(heard.is_some(), "{}", server.said());
    let said = server.said();
    let link = said.lines().find_map(|line| line.strip_prefix("first administrator: ")).unwrap();
    let path = link.strip_prefix(&format!("http://{}", server.address)).unwrap();
    assert!(path.starts_with("/welcome?token="), "{link}");
    let (status, page) = get(server.address, path, &[]);
    assert_eq!(status, 200, "{page}");
    assert!(page.contains("Create administrator"), "{page}");
    assert_eq!(get(server.address, "/signin", &[]).0, 200);
}
