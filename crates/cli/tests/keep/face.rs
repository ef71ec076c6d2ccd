//! Our own client of ThreatQ against our own face: one Backsight pushes to another, pulls from it, and runs its operations.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::home::{Done, Home};
use crate::service::{SAMPLE, Served};

const HOST: &str = "www.threatq.com";
const ADDRESS: &str = "104.196.175.197";

/// `backsight serve` with a face, until it is dropped.
struct Face {
    child: Child,
    address: SocketAddr,
}

impl Face {
    /// The face of a home, for the tokens that are called soar (an analyst) and siem (a reader).
    fn of(home: &Home) -> Self {
        let tokens =
            "[threatq]\nlisten = \"127.0.0.1:0\"\nanalyst_tokens = \"soar\"\nreader_tokens = \"siem\"\n";
        let config = home.file("own.toml", tokens);
        let mut command =
            home.command(&["--config", &config, "serve", "--anonymous", "--listen", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let address = said.find_map(|line| {
            line.split("ThreatQ-shaped API: http://").nth(1)?.split('/').next()?.parse().ok()
        });
        // Its output must always be read.
        std::thread::spawn(move || said.count());
        Self { child, address: address.expect("the server says where its face is") }
    }

    /// Makes it the ThreatQ of another home, which logs in with this token.
    fn joins(&self, home: &Home, token: &Value) {
        home.run(&["integration", "install", "threatq"]).ok();
        let (host, port) = (format!("host={}", self.address.ip()), format!("port={}", self.address.port()));
        let id = format!("client_id={}", token["public"].as_str().unwrap());
        let configure = ["integration", "configure", "threatq", &host, &port, &id, "use_http=on"];
        let mut command = home.command(&[&configure[..], &["--secret", "user_token"]].concat());
        command.env("BACKSIGHT_SECRET_USER_TOKEN", token["token"].as_str().unwrap());
        Done::of(&command.output().unwrap()).ok();
        home.run(&["integration", "enable", "threatq"]).ok();
    }
}

impl Drop for Face {
    fn drop(&mut self) {
        drop((self.child.kill(), self.child.wait()));
    }
}

/// A home whose operation asks a passive-DNS server.
fn asking(server: &Served) -> Home {
    Home::that_asks(server.address, "circl-passive-dns")
}

#[test]
fn one_backsight_pushes_to_another_and_runs_its_operations() {
    let records = Home::new();
    let server = Served::with(&records, SAMPLE);
    let (there, here) = (asking(&server), asking(&server));
    let [soar, siem] =
        ["soar", "siem"].map(|name| there.json(&["token", "create", "--name", name, "--read"]));
    there.run(&["indicator", "add", ADDRESS]).ok();
    there.run(&["indicator", "set", ADDRESS, "--status", "Whitelisted"]).ok();
    let face = Face::of(&there);
    face.joins(&here, &soar);

    // Token, types: the test of the connection; operations.
    here.run(&["integration", "test", "threatq"]).ok();
    let operations = here.json(&["threatq", "operations"]);
    let operation = &operations["operations"][0];
    assert_eq!(operation["title"], "CIRCL Passive DNS", "{operations}");
    assert_eq!(operation["actions"][0]["name"], "Query CIRCL Passive DNS");

    // Consume and query: what was found here is there, and what is whitelisted there stays untouched.
    here.run(&["query", HOST]).ok();
    let push = here.json(&["push", "threatq", "--run", "1"]);
    assert_eq!((&push["state"], &push["counts"]["created"]), (&"done".into(), &1.into()), "{push}");
    let shown = there.json(&["indicator", "show", HOST]);
    assert_eq!(shown["status"], "Indirect", "{shown}");
    for part in ["CIRCL Passive DNS", "Resource Type", "Resource Data", ADDRESS] {
        assert!(shown.to_string().contains(part), "{part}: {shown}");
    }
    assert_eq!(there.json(&["indicator", "show", ADDRESS])["status"], "Whitelisted");
    let again = here.json(&["push", "threatq", "--run", "1"]);
    assert_eq!(
        (&again["counts"]["created"], &again["counts"]["unchanged"]),
        (&0.into(), &1.into()),
        "{again}"
    );

    // Execute: a run there, whose records are recognised here.
    let executed = here.json(&["threatq", "execute", "CIRCL Passive DNS", HOST]);
    assert_eq!(executed["records"].as_array().map(Vec::len), Some(1), "{executed}");
    assert!(executed["records"][0]["rdata"].to_string().contains(ADDRESS), "{executed}");
    let runs = there.json(&["run", "list"]);
    assert_eq!(runs["runs"][0]["actor"], "token soar", "{runs}");

    // A reader pulls, and changes nothing.
    let reader = Home::new();
    face.joins(&reader, &siem);
    let pulled = reader.json(&["threatq", "pull", "--status", "Indirect"]);
    assert_eq!((&pulled["new"], &pulled["complete"]), (&1.into(), &true.into()), "{pulled}");
    assert_eq!(reader.json(&["indicator", "show", HOST])["status"], "Indirect");
    reader.run(&["threatq", "execute", "CIRCL Passive DNS", HOST]).says(4, &["403"]);
    reader.run(&["threatq", "pull", "--status", "Gone"]).says(1, &["no indicator status \"Gone\""]);
}
