//! `backsight token`, while a server runs.

use crate::harness::{Home, Serve, get, line};

const PATH: &str = "/pdns/query/www.example.com";

fn records(home: &Home) -> std::path::PathBuf {
    home.file("records.ndjson", line("www.example.com", "A", "192.0.2.1", 1_500_001_000, 1_500_002_000, 3))
}

/// Makes a token with these arguments.
fn create(home: &Home, arguments: &[&str]) -> String {
    let done = home.run(["token", "create", "--name", "partner"]).args(arguments).done();
    done.says(0, &["token partner may", "shown only once"]);
    done.stdout.trim_end().to_owned()
}

/// Sends requests until the status is this one.
fn until(server: &Serve, token: &str, status: u16) {
    let asked = || get(server.address, PATH, &[&format!("x-api-key: {token}")]).0 == status;
    assert!((0..20_000).any(|_| asked()), "never {status}");
}

#[test]
fn a_token_is_made_used_listed_and_revoked_while_the_server_runs() {
    let home = Home::new();
    let server = Serve::of(home.run(["serve", "--listen", "127.0.0.1:0", "--cof"]).args([records(&home)]));
    assert!(
        server.said().contains("nobody can query passive DNS yet\n  hint: create a token"),
        "{}",
        server.said()
    );
    assert_eq!(get(server.address, PATH, &[]).0, 401);
    let token = create(&home, &["--rate", "1000000/s", "--daily", "1000000", "--expires", "90d"]);
    until(&server, &token, 200);
    let query = home.query(server.address, ["www.example.com"]);
    let asked = query.env("BACKSIGHT_SECRET_USER_TOKEN", &token).done();
    assert!(asked.quiet().contains("1 record, complete"));
    let listed = home.run(["token", "list", "--format", "json"]).done().json();
    let one = &listed[0]["tokens"][0];
    assert_eq!(
        (&one["name"], &one["state"], &one["daily"]),
        (&"partner".into(), &"active".into(), &1_000_000.into())
    );
    assert!(home.run(["token", "list"]).done().quiet().contains("partner"));
    home.run(["token", "revoke", "partner"]).done().says(0, &[]);
    until(&server, &token, 401);
    let audit = home.run(["audit", "--format", "json"]).done().stdout;
    for text in [&audit, &server.said(), &listed[0].to_string()] {
        assert!(!text.contains(&token[24..]), "the secret is shown nowhere: {text}");
    }
    assert!(audit.contains("token.create") && audit.contains("token.revoke"));
    assert_eq!(
        home.run(["token", "list", "--format", "json"]).done().json()[0]["tokens"],
        serde_json::json!([])
    );
    let all = home.run(["token", "list", "--all", "--format", "json"]).done().json();
    assert_eq!(all[0]["tokens"][0]["state"], "revoked");
}

#[test]
fn what_no_token_can_be_is_wrong_usage() {
    let home = Home::empty();
    for (arguments, words) in [
        (&["--rate", "fast"][..], "hint: write 10/s"),
        (&["--rate", "0"], "1 to 1000000 requests per second"),
        (&["--expires", "soon"], "hint: write 2027-06-09"),
        (&["--expires", "2001-01-01"], "in the past"),
        (&["--daily", "0"], "daily quota must be"),
        (&["--sensor", "s"], "--write"),
    ] {
        home.run(["token", "create", "--name", "a"]).args(arguments).done().says(2, &[words]);
    }
    home.run(["token", "create", "--name", "a b"]).done().says(2, &["letters, digits"]);
    home.run(["token", "revoke", "nobody"]).done().says(2, &["no active token with that name"]);
    let made = home
        .run(["token", "create", "--name", "a", "--write", "--sensor", "s1", "--format", "json"])
        .done()
        .json();
    assert_eq!(
        (&made[0]["reads"], &made[0]["writes"], &made[0]["sensor"]),
        (&false.into(), &true.into(), &"s1".into())
    );
    assert!(made[0]["token"].as_str().unwrap().starts_with("bsk_"));
    home.run(["token", "create", "--name", "A"]).done().says(2, &["there is already a token a"]);
}

#[test]
fn everybody_reads_only_where_that_was_chosen_and_only_on_this_machine() {
    let home = Home::new();
    for address in ["0.0.0.0:0", "192.0.2.1:0"] {
        let done = home.run(["serve", "--anonymous", "--listen", address]).done();
        done.says(2, &["can be reached from other machines", "only works on this machine"]);
    }
    home.run(["serve", "--anonymous", "--behind-proxy"]).done().says(2, &["cannot be used with"]);
    let server = Serve::new(&home, ["--sample"]);
    assert_eq!(get(server.address, PATH, &["x-api-key: whatever"]).0, 200);
}
