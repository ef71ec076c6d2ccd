//! Sections 3 and 4: the six steps of configuration, and the five parameters.

use super::Walk;
use crate::home::{Home, NAME};

pub(super) fn walk(walk: &Walk) {
    find_it(&walk.home);
    five_parameters(&walk.home);
    host(&walk.home);
    port(&walk.home);
    token(&walk.home);
    switches(&walk.home);
    save_and_enable(walk);
}

fn find_it(home: &Home) {
    // The Type filter only changes the view, and the output says what it hides.
    let of = |kind: &str| home.run(&["integration", "list", "--type", kind]).ok();
    assert!(of("operation").contains(NAME) && of("all").contains(NAME));
    assert!(of("feed").contains("1 hidden by the filter"));
    // The help of the credential says who issues accounts; without one, a server of our own can be used.
    let token = &home.json(&["integration", "show", NAME])["parameters"][2];
    assert!(
        token["help"].as_str().unwrap().contains("CIRCL gives accounts to vetted partners only"),
        "{token}"
    );
    assert!(home.run(&["query", "--help"]).ok().contains("backsight serve"));
}

/// The guide's five parameters, with its labels.
fn five_parameters(home: &Home) {
    let shown = home.json(&["integration", "show", NAME]);
    let parameters = shown["parameters"].as_array().unwrap();
    let labels: Vec<&str> = parameters.iter().map(|one| one["label"].as_str().unwrap()).collect();
    assert_eq!(
        labels,
        [
            "Hostname/IP Address of the CIRCL server",
            "Communication Port",
            "User Token",
            "Use HTTP",
            "Verify SSL"
        ]
    );
    // The default is not the guide's host, which does not exist.
    let defaults: Vec<_> = parameters.iter().map(|one| one["default"].as_str()).collect();
    assert_eq!(defaults, [Some("www.circl.lu"), None, None, Some("off"), Some("on")]);
    assert!(parameters.iter().all(|one| one["help"].as_str().is_some_and(|help| !help.is_empty())));
}

/// Sets a parameter and returns the stored value.
fn set(home: &Home, pair: &str) -> String {
    home.configure(&[pair]).ok();
    let shown = home.json(&["integration", "show", NAME]);
    let key = pair.split('=').next().unwrap();
    let parameters = shown["parameters"].as_array().unwrap();
    parameters.iter().find(|one| one["key"] == key).unwrap()["value"].as_str().unwrap().to_owned()
}

fn host(home: &Home) {
    for good in ["pdns.example", "192.0.2.1", "2001:db8::1", "[2001:db8::1]"] {
        assert_eq!(set(home, &format!("host=  {good} ")), good);
    }
    for (bad, part) in [
        ("https://www.circl.lu", "scheme"),
        ("www.circl.lu/pdns", "path"),
        ("me@www.circl.lu", "user"),
        ("www.circl.lu:443", "port"),
        ("a\u{1b}b.example", ""),
    ] {
        home.configure(&[&format!("host={bad}")]).says(2, &[part]);
    }
    // The guide's own default, in any spelling: no login is sent there.
    for literal in ["global.cloud.Circl.com", "GLOBAL.CLOUD.CIRCL.COM"] {
        home.configure(&[&format!("host={literal}")])
            .says(0, &["not a host of CIRCL", "No login is sent to it"]);
    }
}

fn port(home: &Home) {
    assert_eq!(set(home, "port= 65535 "), "65535");
    for bad in ["0", "65536", "0x1bb", "443a", "-1"] {
        home.configure(&[&format!("port={bad}")]).says(2, &["port"]);
    }
    home.configure(&["--reset", "port"]).ok();
}

/// The token is write-only.
fn token(home: &Home) {
    home.give("user:hunter2").ok();
    for arguments in [
        &["integration", "show", NAME][..],
        &["integration", "show", NAME, "--format", "json"],
        &["audit", "--format", "json"],
    ] {
        let shown = home.run(arguments).ok();
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    for (path, octets) in home.octets() {
        assert!(!octets.windows(7).any(|part| part == b"hunter2"), "{}", path.display());
    }
}

fn switches(home: &Home) {
    // Plain HTTP causes a warning when it is switched on and in every run, except on this machine. A token that was entered for
    // another host is not sent there, so it is removed first.
    home.configure(&["--reset", "user_token"]).ok();
    home.configure(&["host=192.0.2.1", "use_http=on"]).says(0, &["clear text"]);
    home.run(&["integration", "enable", NAME]).ok();
    home.run(&["query", "a.example", "--offline"]).says(1, &["clear text"]);
    // So does a certificate that is not verified; with Use HTTP there is none to verify.
    home.configure(&["use_http=off", "verify_ssl=off"]).says(0, &["Verify SSL is off"]);
    home.run(&["query", "a.example", "--offline"]).says(1, &["Verify SSL is off"]);
    let both = home.configure(&["use_http=on"]).says(0, &["clear text"]);
    assert!(!both.stderr.contains("Verify SSL is off"), "{both:?}");
    home.configure(&["--reset", "verify_ssl"]).ok();
    home.run(&["integration", "disable", NAME]).ok();
}

fn save_and_enable(walk: &Walk) {
    let home = &walk.home;
    // One Save for the whole form; if one field is invalid, nothing is stored.
    let before = home.show();
    home.configure(&["host=127.0.0.1", "port=none"]).says(2, &["Communication Port"]);
    assert_eq!(home.show(), before);
    home.point_at(walk.served.address);
    // The connection test reports each step separately.
    let tested = home.run(&["integration", "test", NAME]).ok();
    for step in ["Name resolution", "Connection", "TLS", "Login", "Answer"] {
        assert!(tested.contains(step), "{tested}");
    }
    // The toggle shows its state, and the audit trail records who switched it.
    assert!(home.run(&["integration", "enable", NAME]).ok().contains("is enabled"));
    assert!(home.run(&["integration", "list", "--enabled"]).ok().contains(NAME));
    let trail: serde_json::Value = serde_json::from_str(&home.audit()).unwrap();
    let entry = &trail["entries"][0];
    assert_eq!((&entry["action"], &entry["actor"]), (&"integration.enable".into(), &"ann".into()));
    assert!(entry["at"].is_string(), "{entry}");
}
