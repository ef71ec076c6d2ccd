//! Sections 5 and 6: the request, and the peculiarities of the response.

use serde_json::{Value, json};
use testkit::{Exchange, answer};

use crate::home::Home;
use crate::service::{Provider, SAMPLE, line};

const GUIDES: &str = "circl-passive-dns@1.0.0";

pub(super) fn walk() {
    request();
    refused_before_anything_is_sent();
    codes();
    sample();
    sample_as_printed();
    odd_answers();
}

/// One request for each value, in its canonical form, with the login.
fn request() {
    let provider = Provider::answering("");
    let home = Home::that_asks(provider.address, "circl-passive-dns@1.1.0");
    home.give("user:hunter2").ok();
    let values = [
        "WWW.ThreatQ.com.",
        "hxxp://b[.]example/x",
        "b\u{fc}cher.example",
        "2001:DB8:0:0::1",
        "192[.]0[.]2[.]1",
    ];
    home.run(&[&["query", "--set", "page_size=0", "--concurrency", "1"], &values[..]].concat()).ok();
    let requests = provider.requests();
    let asked: Vec<&str> = requests.iter().map(|request| request.target.as_str()).collect();
    // One value per request, with one slash before it, in its canonical form.
    let expected = ["www.threatq.com", "b.example", "xn--bcher-kva.example", "2001:db8::1", "192.0.2.1"];
    let paths = asked.iter().map(|path| path.replace("%3A", ":")).collect::<Vec<_>>();
    assert_eq!(paths, expected.map(|value| format!("/pdns/query/{value}")));
    for request in &requests {
        assert_eq!(request.method, "GET");
        assert_eq!(request.header("dribble-disable-active-query"), Some("1"));
        assert_eq!(request.header("authorization"), Some("Basic dXNlcjpodW50ZXIy"));
    }
}

fn refused_before_anything_is_sent() {
    let provider = Provider::answering("");
    let home = Home::that_asks(provider.address, GUIDES);
    for (value, why) in [
        ("192.0.2.0/24", "a network"),
        ("2001:db8::1", "accepts FQDN and IP Address, not IPv6 Address"),
        ("user@example.com", "an email address"),
        ("..", "not queried"),
        ("123.321.156.90", "not queried"),
    ] {
        home.run(&["query", value]).says(1, &[why]);
    }
    assert_eq!(provider.asked(), 0);
}

/// Each status has its own message.
fn codes() {
    let mut said = Vec::new();
    for (exchange, code, words) in [
        (answer::unauthorized(), 4, "401"),
        (answer::forbidden(), 4, "403"),
        (answer::too_many_requests(Some("7200")), 4, "rate limit exceeded"),
        (answer::redirect("http://other.example/"), 1, "redirects to http://other.example/"),
        (answer::html_page(), 1, "not passive DNS data"),
    ] {
        let provider = Provider::new(testkit::Script::always(exchange));
        let home = Home::that_asks(provider.address, GUIDES);
        let done = home.run(&["query", "a.example"]).says(code, &[words, "hint: "]);
        said.push(done.stderr.lines().next().unwrap().to_owned());
    }
    said.sort();
    said.dedup();
    assert_eq!(said.len(), 5, "{said:?}");
    // "Not found" and an empty body are complete answers without records.
    for exchange in [answer::not_found(), answer::empty()] {
        let provider = Provider::new(testkit::Script::always(exchange));
        let home = Home::that_asks(provider.address, GUIDES);
        assert!(
            home.run(&["query", "a.example"])
                .ok()
                .contains("nothing found with this name as owner; the answer is complete")
        );
    }
}

/// The answer for the guide's address from a provider with this body.
fn answered(body: &str) -> Value {
    let provider = Provider::answering(body);
    Home::that_asks(provider.address, GUIDES).json(&["query", "104.196.175.197", "--sort", "name"])
}

/// The guide's sample answer: its records, their times, and which of them are direct.
fn sample() {
    let answer = answered(SAMPLE);
    let records = answer["records"].as_array().unwrap();
    let of = |key: &str, value: &str| records.iter().filter(|record| record[key] == value).count();
    assert_eq!((records.len(), of("rrtype", "A"), of("rrtype", "NS")), (7, 2, 5));
    assert_eq!((of("rrname", "www.threatq.com"), of("rrname", "threatsketch.com")), (1, 6));
    assert_eq!(records.iter().map(|record| record["count"].as_u64().unwrap()).sum::<u64>(), 26);
    let times = |key: &str| records.iter().map(|record| record[key].as_u64().unwrap()).collect::<Vec<_>>();
    assert_eq!(times("time_first").into_iter().min(), Some(1_495_523_983));
    assert_eq!(times("time_last").into_iter().max(), Some(1_499_951_111));
    // Only the records with the address are direct: the first and the last of the guide's.
    assert_eq!((of("relation", "direct"), of("relation", "related")), (2, 5), "{answer}");
    assert!(records.iter().all(|record| (record["rrtype"] == "A") == (record["relation"] == "direct")));
    assert_eq!((&answer["completeness"]["state"], &answer["errors"]), (&"complete".into(), &json!([])));
}

/// The text as the guide prints it, without its first and last brace and with one `}{` lost at a page break.
fn sample_as_printed() {
    let bare = SAMPLE.strip_prefix('{').unwrap().strip_suffix('}').unwrap();
    let fifth = bare.match_indices("}{").nth(4).unwrap().0;
    let printed = format!("{}\n{}", &bare[..fifth], &bare[fifth + 2..]);
    let provider = Provider::answering(printed.clone());
    let home = Home::that_asks(provider.address, GUIDES);
    let done = home.run(&["query", "104.196.175.197", "--format", "json"]).says(3, &["partial"]);
    let answer: Value = serde_json::from_str(&done.stdout).unwrap();
    let kept: Vec<&str> = answer["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| record["rdata"][0].as_str().unwrap())
        .collect();
    assert_eq!(kept.len(), 3, "{answer}");
    for host in ["dns04", "dns01", "dns02"] {
        assert!(kept.contains(&format!("{host}.gpn.register.com").as_str()), "{host}: {kept:?}");
    }
    // Three damaged parts, each with its position; no text is lost.
    let places: Vec<u64> =
        answer["errors"].as_array().unwrap().iter().map(|error| error["offset"].as_u64().unwrap()).collect();
    assert_eq!(places.len(), 3, "{answer}");
    assert!(places.is_sorted() && places[0] == 0 && places[2] < printed.len() as u64);
    assert_eq!(home.run(&["run", "show", "1", "--raw"]).code, 0);
    assert_eq!(home.run(&["run", "show", "1", "--raw"]).stdout, printed);
}

/// Arrays as data, swapped sides, times as text, and `rrdata`.
fn odd_answers() {
    let array =
        line("a.example", "104.196.175.197", 3).replace("\"104.196.175.197\"", "[\"104.196.175.197\"]");
    let swapped = line("104.196.175.197", "www.threatq.com", 3).replace(":1500000000", ":\"1500000000\"");
    let alias = line("a.example", "104.196.175.197", 3).replace("rdata", "rrdata");
    for (body, owner, noted) in
        [(array, "a.example", false), (swapped, "www.threatq.com", true), (alias, "a.example", true)]
    {
        let answer = answered(&body);
        let record = &answer["records"][0];
        assert_eq!(
            (&record["rrname"], &record["rdata"][0]),
            (&owner.into(), &"104.196.175.197".into()),
            "{answer}"
        );
        assert_eq!(record["time_first"], 1_500_000_000);
        assert!(!noted || record["notes"].as_array().is_some_and(|notes| !notes.is_empty()), "{answer}");
    }
    // An incomplete object is not a record, and is not guessed at.
    let provider = Provider::new(testkit::Script::always(Exchange::ok("{\"rrname\":\"a.example\"}")));
    Home::that_asks(provider.address, GUIDES).run(&["query", "a.example"]).says(1, &["hint: "]);
}
