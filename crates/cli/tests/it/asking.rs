//! The operation and its parameters: how queries are sent, and what is refused before anything is sent.

use crate::harness::{Home, Provider, line};

const GUIDE: &str = "circl-passive-dns@1.0.0";

fn provider() -> Provider {
    Provider::with(line("www.example.com", "A", "192.0.2.1", 1_500_000_001, 1_500_000_002, 3))
}

/// A package like that of the integration guide, with one additional line.
fn package(extra: &str, backsight: &str) -> String {
    format!(
        "format = 1\n{extra}name = \"own\"\ntitle = \"Own\"\nversion = \"0.1.0\"\nbacksight = \"{backsight}\"\n\
         kind = \"operation\"\nauthor = \"a\"\ndescription = \"d\"\n\
         [provider]\nprotocol = \"cof-http\"\npath = \"/other/{{value}}\"\n\
         [[parameters]]\nkey = \"host\"\nlabel = \"Host\"\nhelp = \"h\"\ntype = \"text\"\nvalidate = \"host\"\n\
         default = \"localhost\"\nrequired = true\n\
         [[parameters]]\nkey = \"port\"\nlabel = \"Port\"\nhelp = \"h\"\ntype = \"number\"\nvalidate = \"port\"\n\
         [[parameters]]\nkey = \"use_http\"\nlabel = \"Use HTTP\"\nhelp = \"h\"\ntype = \"switch\"\n\
         [[actions]]\nname = \"Ask\"\ntypes = [\"FQDN\"]\nhelp = \"h\"\n"
    )
}

#[test]
fn both_versions_can_be_asked_for_once_they_are_installed() {
    let provider = provider();
    for (home, operation, named) in [
        (Home::of_the_guide(), GUIDE, GUIDE),
        (Home::new(), "circl-passive-dns@1.2.0", "circl-passive-dns@1.2.0"),
        (Home::new(), "circl-passive-dns", "circl-passive-dns@1.2.0"),
    ] {
        let run = home.query(provider.address, ["www.example.com", "--operation", operation]);
        let done = run.args(["--format", "json"]).done();
        assert_eq!((done.code, &done.json()[0]["operation"]), (0, &named.into()), "{done:#?}");
    }
}

#[test]
fn an_operation_that_is_not_installed_says_how_to_get_there() {
    let (home, empty) = (Home::new(), Home::empty());
    let says = |home: &Home, operation: &str, words: &[&str]| {
        home.run(["query", "x.example", "--operation", operation]).done().says(2, words);
    };
    says(&home, "circl-passive-dns@9.9.9", &["as version 1.2.0, not 9.9.9", "hint: "]);
    says(&home, GUIDE, &["as version 1.2.0, not 1.0.0", "integration install circl-passive-dns@1.0.0"]);
    says(&home, "nope", &["nope is not installed; installed: circl-passive-dns 1.2.0", "hint: "]);
    says(&home, "@", &["is not installed"]);
    let install = [
        "circl-passive-dns is not installed; no operation is installed yet",
        "`backsight integration install circl-passive-dns`",
    ];
    says(&empty, "circl-passive-dns", &install);
    says(&empty, "circl-passive-dns", &["`backsight integration enable circl-passive-dns`"]);
    says(&empty, "own.toml", &["`backsight integration install own.toml`", "integration enable NAME"]);
    assert!(!empty.path("kept").exists(), "asking in vain leaves nothing behind");
}

#[test]
fn a_package_file_is_installed_and_asked_with_by_its_name() {
    let (home, provider) = (Home::empty(), provider());
    let file = home.file("own.toml", package("", ">=0.1.0"));
    let home = home.with(file.to_str().unwrap());
    home.query(provider.address, ["www.example.com", "--operation", "own"]).done().quiet();
    assert_eq!(provider.requests()[0].target, "/other/www.example.com");
}

#[test]
fn a_package_file_that_is_wrong_shows_the_line() {
    let home = Home::empty();
    let says = |text: String, words: &[&str]| {
        let file = home.file("own.toml", text);
        home.run(["integration", "install", file.to_str().unwrap()]).done().says(2, words);
    };
    says(
        package("colour = \"red\"\n", ">=0.1.0"),
        &["own.toml:2:1: unknown field `colour`", "2 | colour = \"red\"", "^^^^^^"],
    );
    says(package("", ">=99"), &["own.toml:5:", "made for Backsight >=99", "hint: upgrade Backsight"]);
    says("\0".into(), &["own.toml:1:"]);
    says(String::new(), &["own.toml"]);
}

#[test]
fn the_guides_version_takes_no_ipv6_address() {
    let (home, provider) = (Home::of_the_guide(), provider());
    let run = home.query(provider.address, ["2001:db8::1", "--operation", GUIDE]);
    run.done().says(1, &["2001:db8::1: not queried", "FQDN and IP Address, not IPv6 Address", "hint: "]);
    assert!(provider.requests().is_empty(), "nothing was sent");
    Home::new().query(provider.address, ["2001:db8::1"]).done().quiet();
    assert_eq!(provider.requests()[0].target, "/pdns/query/2001%3Adb8%3A%3A1");
}

#[test]
fn a_missing_required_parameter_is_named_by_its_label() {
    let home = Home::new();
    let done = home.run(["query", "x.example", "--set", "host="]).done();
    done.says(2, &["not set: Hostname/IP Address of the CIRCL server (host)"]);
}

#[test]
fn parameters_that_will_not_do_are_refused_by_name() {
    let home = Home::new();
    for (pair, words) in [
        ("colour=red", ["no parameter \"colour\"", "it has host, port"]),
        ("host", ["--set needs KEY=VALUE", "\"host\" has no ="]),
        ("=x", ["no parameter \"\"", "it has"]),
        ("host=http://x.example", ["Hostname/IP Address", "without the scheme"]),
        ("port=0", ["Communication Port (port)", "1 to 65535"]),
        ("port=99999", ["Communication Port (port)", "1 to 65535"]),
        ("use_http=perhaps", ["Use HTTP (use_http)", "must be on or off"]),
        ("requests_per_second=-1", ["Requests a Second", "not a number"]),
        ("rrtype=A B", ["Record Types", "A B"]),
        ("seen_after=then", ["Seen After", "is not a time"]),
        ("proxy=x", ["Proxy", "http://host:port"]),
        ("timeout=0", ["Timeout", "from 1"]),
        ("ca_file=nowhere.pem", ["nowhere.pem", "hint: give a readable PEM file"]),
    ] {
        home.run(["query", "x.example", "--set", pair]).done().says(2, &words);
    }
}

#[test]
fn asking_does_not_alert_the_target_unless_told_to() {
    let (home, provider) = (Home::new(), provider());
    home.query(provider.address, ["www.example.com"]).done().quiet();
    let done = home.query(provider.address, ["www.example.com"]).set("active_query=on").done();
    done.says(0, &["warning: Active Query is on"]);
    let sent: Vec<bool> =
        provider.requests().iter().map(|r| r.header("dribble-disable-active-query") == Some("1")).collect();
    assert_eq!(sent, [true, false]);
}

#[test]
fn the_guides_default_host_is_warned_of() {
    let home = Home::of_the_guide();
    let run = home.run(["query", "x.example", "--operation", GUIDE]).set("host=global.cloud.Circl.com");
    run.done().says(1, &["warning: global.cloud.Circl.com", "www.circl.lu", "hint: "]);
}

#[test]
fn values_never_leave_the_path() {
    let (home, provider) = (Home::new(), provider());
    home.query(provider.address, ["_dmarc.example.com", "b\u{fc}cher.example"]).done();
    let mut asked = provider.asked();
    asked.sort();
    assert_eq!(asked, ["_dmarc.example.com", "xn--bcher-kva.example"]);
}
