//! The explorer: every form of a question, what was found, and where it leads.

use fantoccini::Locator;
use serde_json::{Value, json};
use testkit::clickhouse::shared;

use crate::access::is_for_everybody;
use crate::analyst;
use crate::browser::{Browser, browse, in_browser};
use crate::fit::{NARROWEST, fits};
use crate::program::Program;

/// Name, type, data and count.
type Seen = (&'static str, &'static str, &'static str, u64);

/// What two sensors and another database have seen of a campaign.
const SEEN: [(&str, &[Seen]); 3] = [
    (
        "ams-1",
        &[
            ("ns1.quietharbor.example", "A", "203.0.113.30", 9),
            ("www.quietharbor.example", "A", "203.0.113.30", 8),
            ("parcel-notice.example", "NS", "ns1.quietharbor.example", 7),
            ("redelivery-fee.example", "NS", "ns1.quietharbor.example", 6),
            ("quietharbor.example", "MX", "10 mx.mailroom.example", 5),
            ("quietharbor.example", "SOA", "ns1.quietharbor.example host.quietharbor.example 1 2 3 4 5", 4),
        ],
    ),
    (
        "Zeek, office",
        &[
            ("www.quietharbor.example", "A", "203.0.113.30", 3),
            ("quietharbor.example", "TXT", "\\\"v=spf1 include:_spf.mailroom.example -all\\\"", 2),
            ("toll-notice.example", "TXT", "\\\"v=spf1 include:_spf.mailroom.example -all\\\"", 1),
        ],
    ),
    (
        "",
        &[
            ("v6.quietharbor.example", "AAAA", "2001:db8:80::1", 1),
            ("cdn.quietharbor.example", "CNAME", "kit.host.example", 1),
        ],
    ),
];

/// Imports it.
fn sees(program: &Program, more: &[&str]) {
    for (at, (sensor, records)) in SEEN.into_iter().enumerate() {
        let line = |(rrname, rrtype, rdata, count): &Seen| {
            let last = 1_700_000_000 + count * 1_000_000;
            format!(
                "{{\"rrname\":\"{rrname}\",\"rrtype\":\"{rrtype}\",\"rdata\":\"{rdata}\",\"time_first\":1690000000,\"time_last\":{last},\"count\":{count}}}\n"
            )
        };
        let text: String = records.iter().map(line).collect();
        let file = program.file(&format!("seen-{at}.ndjson"), text.as_bytes());
        let file = file.to_str().unwrap();
        let observed = ["--as", "observation", "--sensor", sensor];
        let options: &[&str] = if sensor.is_empty() { &[] } else { &observed };
        assert_eq!(program.does("import", &[&[file], options, more].concat()), Some(0), "{sensor}");
    }
}

async fn asks(browser: &Browser, question: &str) {
    browser.go("/explorer").await;
    browser.fill("Name, *.suffix, address", question).await;
    browser.press("Look up").await;
    browser.sees("Read as").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_question_is_read_answered_and_narrowed_down() {
    let program = Program::serve::<&str>([]);
    browse(&program, async |browser| {
        browser.becomes("ann", &program).await;
        browser.press("Explorer").await;
        browser.is_at("/explorer").await;
        browser.sees("The database is empty").await;
        browser.sees("Load a file of records").await;
        is_for_everybody(browser, "an empty explorer").await;
        sees(&program, &[]);

        asks(browser, "*quietharbor* after:2023-09-01").await;
        browser.sees("pattern in name or data *quietharbor*").await;
        browser.sees("seen after 2023-09-01").await;
        browser.sees("9 of 9 shown").await;
        // Two sensors have seen this one; their counts add up.
        browser.sees("Zeek, office, ams-1").await;
        for width in [NARROWEST, 800, 1_024, 1_280, 1_440] {
            browser.is_wide(width, 1_000).await;
            fits(browser, "an answer").await;
        }
        is_for_everybody(browser, "an answer").await;
        // The row that was seen last comes first.
        let first = "return document.querySelector('#selection tbody th').textContent;";
        assert_eq!(browser.run(first, Vec::new()).await, json!("ns1.quietharbor.example"));

        narrows(browser).await;
        leads_on(browser).await;
        refuses(browser).await;
        sends_files(browser).await;
    })
    .await;
}

/// Facets put words on, and chips take them off.
async fn narrows(browser: &Browser) {
    browser.press("NS").await;
    browser.sees("types NS").await;
    browser.sees("2 of 2 shown").await;
    browser.press("parcel-notice.example").await;
    browser.sees("at or below parcel-notice.example").await;
    browser.sees("1 of 1 shown").await;
    browser.press("Remove types NS").await;
    browser.sees("1 of 1 shown").await;
    browser.press("Remove at or below parcel-notice.example").await;
    browser.sees("9 of 9 shown").await;
    browser.press("203.0.113.0/24").await;
    browser.sees("address in 203.0.113.0/24").await;
    browser.sees("2 of 2 shown").await;
    browser.press("Zeek, office").await;
    browser.sees("source Zeek, office").await;
    browser.sees("1 of 1 shown").await;
    // The whole question is in the address.
    let here = browser.path().await;
    browser.go("/library").await;
    browser.go(&here).await;
    browser.sees("1 of 1 shown").await;
}

/// A value leads to whoever else has it, and a name to what is known about it.
async fn leads_on(browser: &Browser) {
    browser.go("/explorer?q=parcel-notice.example").await;
    browser.sees("2 names").await;
    browser.press("2 names").await;
    browser.sees("in data ns1.quietharbor.example").await;
    browser.sees("redelivery-fee.example").await;
    browser.go("/explorer?q=toll-notice.example").await;
    browser.press("1 name here").await;
    browser.sees("data is exactly").await;
    browser.sees("2 of 2 shown").await;
    browser.go("/explorer?q=quietharbor.example%20type:SOA").await;
    browser.press("1 name").await;
    browser.sees("in data host.quietharbor.example").await;
    for (tab, words) in
        [("Timeline", "Records alive, at most"), ("Graph", "As a list"), ("Summary", "Registered domain 3")]
    {
        browser.go("/explorer?q=*harbor*").await;
        browser.press(tab).await;
        browser.sees(words).await;
        is_for_everybody(browser, tab).await;
    }
    browser.go("/explorer?q=www.quietharbor.example").await;
    browser.sees("not in the library").await;
    browser.sees("no operation was run on it").await;
    browser.go("/library/indicator?value=www.quietharbor.example").await;
    browser.press("Explore").await;
    browser.is_at("/explorer").await;
    browser.sees("name www.quietharbor.example").await;
    browser.go("/explorer?q=nothing.example").await;
    browser.sees("No rows").await;
    browser.press("Look up the records with it in their data").await;
    browser.sees("in data nothing.example").await;
}

async fn refuses(browser: &Browser) {
    for (question, words) in [
        ("192.0.2.0%2F33", "Not a network"),
        ("%2F(%2F", "unclosed group"),
        ("a.example%20type:A%20type:NS", "given more than once"),
    ] {
        browser.go(&format!("/explorer?q={question}")).await;
        browser.sees(words).await;
    }
    is_for_everybody(browser, "a wrong question").await;
}

/// The status of an answer, the name of its file, and its text.
async fn fetched(browser: &Browser, path: &str) -> (u64, String, String) {
    let fetch = "const [path, done] = arguments; fetch(path).then(async (answer) => done([answer.status, answer.headers.get('content-disposition'), await answer.text()]));";
    let answer = browser.run_async(fetch, vec![json!(path)]).await;
    let text = |at: &str| answer.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned();
    (answer.pointer("/0").and_then(Value::as_u64).unwrap(), text("/1"), text("/2"))
}

async fn sends_files(browser: &Browser) {
    for (file, kind) in [("records.cof", "ndjson"), ("records.json", "json"), ("records.csv", "csv")] {
        let (status, name, text) =
            fetched(browser, &format!("/explorer/files/{file}?q=*quietharbor*&hide=NS")).await;
        assert!(status == 200 && name.contains(&format!("explorer.{kind}")), "{status} {name}");
        // The facets of JSON are about the whole answer.
        let records = text.split_once("\"records\"").map_or(text.as_str(), |(_, records)| records);
        assert!(records.contains("cdn.quietharbor.example") && !records.contains("redelivery-fee"), "{text}");
    }
    for path in [
        "/explorer/files/records.cof?q=%2F(%2F",
        "/explorer/files/records.cof?q=a.example&min=x",
        "/api/v1/explorer?q=",
    ] {
        assert_eq!(fetched(browser, path).await.0, 400, "{path}");
    }
    let (_, _, text) = fetched(browser, "/api/v1/explorer?q=*quietharbor*%20type:A&limit=1").await;
    let shape: Value = serde_json::from_str(&text).unwrap();
    for (at, value) in [
        ("/state", json!("complete")),
        ("/rows", json!(2)),
        ("/more", json!(true)),
        ("/records/0/sources", json!(["ams-1"])),
        ("/facets/networks/0/value", json!("203.0.113.0/24")),
    ] {
        assert_eq!(shape.pointer(at), Some(&value), "{at} of {text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_works_without_a_script_and_asks_the_providers_too() {
    let program = Program::serve::<&str>([]);
    sees(&program, &[]);
    in_browser(&program, false, async |browser| {
        browser.becomes("ann", &program).await;
        analyst::installs(browser, &program, "1.1.0").await;
        browser.click(Locator::Css(analyst::TOGGLE)).await;
        browser.press("Apply").await;
        browser.sees("Analysts can run it.").await;
        browser.is_wide(NARROWEST, 800).await;
        asks(browser, "hxxp://www[.]quietharbor[.]example/x").await;
        browser.sees("name www.quietharbor.example").await;
        browser.sees("1 operation can be asked about this").await;
        // The facets are folded on a narrow screen.
        browser.sees_no("Registered domain").await;
        browser.click(Locator::Css("label[for=narrow]")).await;
        browser.sees("Registered domain").await;
        browser.press("Ask the providers too").await;
        browser.is_at("/library/indicator").await;
        browser.sees("at least 1 request").await;
        browser.press("Run").await;
        browser.sees("Complete answer").await;
        browser.press("Explore").await;
        browser.sees("Run 1").await;
        browser.sees("Complete, 1").await;
    })
    .await;
}

/// The answers are those of a data folder, facet by facet.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_database_on_a_clickhouse_server_is_explored_in_the_same_way() {
    let port = tokio::task::spawn_blocking(|| shared().port).await.unwrap();
    let url = format!("clickhouse://default@127.0.0.1:{port}/pages");
    let address = clickhouse::Address::parse(&url).unwrap();
    clickhouse::init(&address, "").unwrap();
    let program = Program::serve(["--store", &url]);
    sees(&program, &["--store", &url]);
    browse(&program, async |browser| {
        browser.becomes("ann", &program).await;
        asks(browser, "*quietharbor* after:2023-09-01").await;
        browser.sees("9 of 9 shown").await;
        narrows(browser).await;
        leads_on(browser).await;
        sends_files(browser).await;
    })
    .await;
}
