//! Runs in pages and the API: started, viewed, added, undone, cancelled, refused.

use std::sync::Arc;

use serde_json::{Value, json};
use server::Service;
use store::Store;
use testkit::{Exchange, Script, ScriptedProvider, answer};
use workbench::integration::Changes;
use workbench::user::Role;

use crate::browser::{Browser, Place};
use crate::fixture::{batch, memory};

const HOST: &str = "www.example.com";
const HOSTILE: &str = "<script>alert(1)</script>\\\"><img src=x onerror=alert(1)>\\u001b[31m\\u202e";

fn line(rrname: &str, rrtype: &str, rdata: &str, count: u64) -> String {
    format!(
        "{{\"rrname\":\"{rrname}\",\"rrtype\":\"{rrtype}\",\"rdata\":\"{rdata}\",\"time_first\":1500000000,\
         \"time_last\":1600000000,\"count\":{count}}}\n"
    )
}

fn body() -> String {
    line(HOST, "A", "192.0.2.1", 5)
        + &line(HOST, "A", "192.0.2.2", 1)
        + &line(HOST, "TXT", HOSTILE, 3)
        + &line("example.com", "NS", "ns.example.net", 7)
}

/// A workbench whose operation is enabled and queries a provider with this script.
pub(crate) struct Lab {
    pub(crate) place: Place,
    pub(crate) provider: ScriptedProvider,
}

impl Lab {
    pub(crate) async fn new(script: Script) -> Self {
        let (place, provider) = (Place::new().await, ScriptedProvider::new(script));
        let address = provider.listen().await.unwrap();
        let values = [
            ("host", address.ip().to_string()),
            ("port", address.port().to_string()),
            ("use_http", "on".to_owned()),
            ("page_size", "0".to_owned()),
        ];
        let values = values.map(|(key, value)| (key.to_owned(), value)).to_vec();
        let ann = place.browser(Role::Administrator).await;
        let installed = ann.api("POST", "/integrations", &json!({"bundled": "circl-passive-dns"})).await;
        assert_eq!(installed.status, 200, "{installed:?}");
        let set = move |workbench: &mut workbench::Workbench| {
            workbench.configure("circl-passive-dns", &Changes { values, ..Changes::default() })?;
            workbench.enable("circl-passive-dns")
        };
        place.desk.change("ann", set).await.unwrap();
        Self { place, provider }
    }

    async fn answering() -> Self {
        Self::new(Script::always(Exchange::ok(body()))).await
    }
}

/// Starts a run with the form, and returns the address of its page when it has ended.
pub(crate) async fn run(browser: &Browser, value: &str) -> String {
    let begun = browser.post("/runs", &[("value", value)]).await;
    let address = begun.leads_to().to_owned();
    let ended = async || {
        let page = browser.get(&address).await;
        assert_eq!(page.status, 200, "{page:?}");
        (!page.body.contains("is in progress")).then_some(())
    };
    until("the run has ended", ended).await;
    address
}

/// Repeats an attempt until it returns a value, for at most half a minute.
async fn until<T>(what: &str, attempt: impl AsyncFn() -> Option<T>) -> T {
    for _ in 0..3_000 {
        if let Some(found) = attempt().await {
            return found;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("waited in vain until {what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_shown_from_every_side_and_nothing_of_it_is_markup() {
    let lab = Lab::answering().await;
    let ann = lab.place.browser(Role::Analyst).await;
    let address = run(&ann, HOST).await;
    let page = ann.get(&address).await.body;
    assert!(page.contains("<b>Complete answer.</b> 4 records"), "{page}");
    for words in ["192.0.2.2", "ns.example.net", "class=\"tl-rows\""] {
        assert!(page.contains(words), "{words}");
    }
    for view in
        ["", "/graph", "/changes", "/raw", "?text=alert&min=2&sort=data", "?hide=A&rel=direct&at=2019-01-01"]
    {
        let page = ann.get(&format!("{address}{view}")).await;
        assert_eq!(page.status, 200, "{view}: {page:?}");
        for never in ["<script>alert", "<img src=x", "\u{1b}", "\u{202e}"] {
            assert!(!page.body.contains(never), "{view}: {never:?}");
        }
    }
    let raw = ann.get(&format!("{address}/raw")).await.body;
    assert!(raw.contains("&#60;script&#62;alert(1)"), "{raw}");
    let narrowed = ann.get(&format!("{address}?min=5")).await.body;
    assert!(narrowed.contains("<b>2 of 4</b> shown"), "{narrowed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_served_database_is_queried_without_http() {
    let store = memory(&body());
    let place = Place::of(Service::new(Arc::clone(&store) as Arc<dyn Store>), |site| site).await;
    let ann = place.browser(Role::Administrator).await;
    ann.api("POST", "/integrations", &json!({"bundled": "own-database"})).await;
    ann.api("POST", "/integrations/own-database/enable", &Value::Null).await;
    let tested = ann.api("POST", "/integrations/own-database/test", &Value::Null).await;
    assert!(tested.body.contains("4 entries") && tested.body.contains("\"passed\":true"), "{tested:?}");
    let details = ann.get("/integrations/own-database").await.body;
    assert!(details.contains("The passive-DNS database of this server"), "{details}");
    let address = run(&ann, HOST).await;
    let page = ann.get(&address).await.body;
    assert!(page.contains("<b>Complete answer.</b> 3 records") && page.contains("192.0.2.2"), "{page}");
    let evidence = ann.get(&format!("{address}/files/evidence")).await.body;
    assert_eq!(evidence.lines().count(), 3);
    // It is asked again, whatever is stored.
    store.absorb(batch(&line(HOST, "A", "192.0.2.3", 1))).unwrap();
    let page = ann.get(&run(&ann, HOST).await).await.body;
    assert!(page.contains("<b>Complete answer.</b> 4 records"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_what_came_and_are_never_shown_as_pages() {
    let lab = Lab::answering().await;
    let ann = lab.place.browser(Role::Reader).await;
    let address = run(&lab.place.browser(Role::Analyst).await, HOST).await;
    let evidence = ann.get(&format!("{address}/files/evidence")).await;
    assert_eq!(evidence.body, body());
    for (file, begins) in
        [("records.cof", "{\"rrname\""), ("records.json", "{\"value\""), ("records.csv", "query,")]
    {
        let answer = ann.get(&format!("{address}/files/{file}")).await;
        assert!(answer.body.starts_with(begins), "{file}: {answer:?}");
        assert!(answer.header("content-disposition").unwrap().starts_with("attachment; "), "{file}");
    }
    assert_eq!(ann.get(&format!("{address}/files/other")).await.status, 404);
    assert_eq!(ann.get("/runs/99").await.status, 404);
    assert_eq!(ann.get("/runs/x").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_selection_is_counted_added_and_undone() {
    let lab = Lab::answering().await;
    let ann = lab.place.browser(Role::Analyst).await;
    let address = run(&ann, HOST).await;
    let add = async |fields: &[(&str, &str)]| ann.post(&format!("{address}/selection"), fields).await;
    let counted = ann.get(&format!("{address}?here=0-3&pick=0&do=count")).await.body;
    assert!(counted.contains("1 of 4 selected") && counted.contains("findings</button>"), "{counted}");
    let unknown = ann.get("/library/indicator?value=192.0.2.1").await;
    assert_eq!(unknown.status, 404, "a dry run adds nothing");
    let all = ann.get(&format!("{address}?hide=A&do=all")).await.body;
    assert!(all.contains("2 of 2 selected"), "what the filters show: {all}");

    let added = add(&[("here", "0-3"), ("pick", "0")]).await;
    assert_eq!(added.leads_to(), format!("{address}?said=run-added"));
    let indicator = ann.get("/library/indicator?value=192.0.2.1").await;
    assert!(indicator.status == 200 && indicator.body.contains("st indirect"), "{indicator:?}");
    assert_eq!(ann.get("/library/indicator?value=192.0.2.2").await.status, 404, "not picked");
    let again = ann.get(&format!("{address}?sel=0")).await.body;
    assert!(again.contains("Nothing new to add"), "{again}");

    let undone = ann.post(&format!("{address}/undo"), &[]).await;
    assert_eq!(undone.leads_to(), format!("{address}?said=undone"));
    assert_eq!(ann.get("/library/indicator?value=192.0.2.1").await.status, 404);
    let nothing = add(&[("here", "0-3")]).await;
    assert_eq!(nothing.leads_to(), format!("{address}?said=nothing"));
}

/// The number in the button that adds findings.
fn offered(page: &str) -> u64 {
    let (before, _) = page.split_once(" findings</button>").expect("there is something to add");
    before.rsplit("Add ").next().unwrap().replace(',', "").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_added_is_what_was_counted_and_nothing_that_is_flagged() {
    let names = (0..130_u64).map(|n| line(&format!("n{n}.example"), "A", "203.0.113.80", n + 1));
    let others = (0..130_u64).map(|n| line(&format!("n{n}.example"), "A", &format!("198.51.100.{n}"), 1));
    let lab = Lab::new(Script::always(Exchange::ok(names.chain(others).collect::<String>()))).await;
    let ann = lab.place.browser(Role::Analyst).await;
    let address = run(&ann, "203.0.113.80").await;
    let all = ann.get(&format!("{address}?do=all")).await.body;
    assert!(all.contains("260 of 260 selected") && all.contains("flagged, select them one by one"), "{all}");
    let offered_of_all = offered(&all);
    // Beside a large timeline, the page shows few ticked boxes; a form sends them all.
    let here: Vec<String> = all.split("name=\"pick\" value=\"").skip(1).map(number).collect();
    assert_eq!(here.len(), 20);
    let shown = here.join(",");
    let mut fields = vec![("all", "yes"), ("here", shown.as_str())];
    fields.extend(here.iter().map(|place| ("pick", place.as_str())));
    let query = fields.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
    let again = ann.get(&format!("{address}?{query}")).await.body;
    assert_eq!(offered(&again), offered_of_all, "counting anew counts the same");
    let but_one = ann.get(&format!("{address}?all=yes&not={}", here[0])).await.body;
    assert!(but_one.contains("259 of 260 selected"), "{but_one}");
    let added = ann.post(&format!("{address}/selection"), &fields).await;
    assert_eq!(added.leads_to(), format!("{address}?said=run-added"));
    let done = ann.get(&format!("{address}?do=all")).await.body;
    assert!(done.contains("Nothing new to add"), "{done}");
    let library = ann.get("/library?q=*.example").await.body;
    assert!(!library.contains("n129.example"), "what is flagged stays outside");
}

/// The digits at the beginning of a text.
fn number(text: &str) -> String {
    text.chars().take_while(char::is_ascii_digit).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_selected_stays_so_over_pages_and_orders() {
    let names = (0..150_u64).map(|n| line(&format!("n{n}.example"), "A", "203.0.113.80", n + 1));
    let lab = Lab::new(Script::always(Exchange::ok(names.collect::<String>()))).await;
    let ann = lab.place.browser(Role::Analyst).await;
    let address = run(&ann, "203.0.113.80").await;
    let next = ann.get(&format!("{address}?here=0-19&pick=3&pick=5&turn=2")).await.body;
    assert!(next.contains("21 to 40 of 150") && next.contains("2 of 150 selected"), "{next}");
    assert!(next.contains("sel=3,5"), "links keep it: {next}");
    assert!(next.contains("name=\"page\" value=\"2\""), "a count shows the same page: {next}");
    let two = ann.get(&format!("{address}?sel=3,5&here=20-39&pick=30&turn=1")).await.body;
    assert!(two.contains("1 to 20 of 150") && two.contains("3 of 150 selected"), "{two}");
    assert_eq!(two.matches("\" checked>").count(), 2, "{two}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_watched_and_cancelled_with_what_it_had() {
    let whole = body();
    let stalls = answer::body_stalls(whole.clone(), line(HOST, "A", "192.0.2.1", 5).len() + 10);
    let lab = Lab::new(Script::always(stalls)).await;
    let ann = lab.place.browser(Role::Analyst).await;
    let address = ann.post("/runs", &[("value", HOST)]).await.leads_to().to_owned();
    let progress = format!("{address}/progress");
    until("a record has come", async || {
        ann.get_part(&progress).await.body.contains("1 record,").then_some(())
    })
    .await;
    assert!(ann.get(&address).await.body.contains("is in progress"));
    let cancelled = ann.post(&format!("{address}/cancel"), &[]).await;
    assert_eq!(cancelled.leads_to(), format!("{address}?said=cancelled"));
    let page = until("the run has ended", async || {
        Some(ann.get(&address).await.body).filter(|page| !page.contains("is in progress"))
    })
    .await;
    assert!(page.contains("Interrupted answer: 1 record had arrived"), "{page}");
    let ended = ann.get_part(&format!("{address}/progress")).await;
    assert_eq!(ended.header("hx-trigger-after-swap"), Some("run-ended"), "who watches loads the page anew");
    assert!(!ended.body.contains("hx-get"), "and asks no more: {}", ended.body);
    assert!(page.contains(" cancelled it"), "{page}");
    let alone = ann.get(&format!("{address}/progress")).await;
    assert_eq!(alone.leads_to(), address, "by itself it is no page");
    let stranger = lab.place.stranger().get_part(&format!("{address}/progress")).await;
    let back = format!("/signin?next={}", address.replace('/', "%2F"));
    assert_eq!((stranger.status, stranger.header("hx-redirect")), (401, Some(back.as_str())));
    let blank = ann.get(&format!("{address}/cancel")).await;
    assert!(blank.status == 405 && blank.body.contains("<title>"), "{blank:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incomplete_answer_and_a_failed_one_say_so_first() {
    let damaged = Exchange::ok(line(HOST, "A", "192.0.2.1", 5) + "{broken}\n");
    let lab = Lab::new(Script::new([damaged, answer::unauthorized()])).await;
    let ann = lab.place.browser(Role::Analyst).await;
    let incomplete = ann.get(&run(&ann, HOST).await).await.body;
    assert!(incomplete.contains("Incomplete answer: 1 record read, 1 unreadable section"), "{incomplete}");
    assert!(
        incomplete.contains("<small>at least</small>") && incomplete.contains("broken JSON"),
        "{incomplete}"
    );
    let failed = ann.get(&run(&ann, HOST).await).await.body;
    assert!(failed.contains("banner failed") && failed.contains("401 Unauthorized"), "{failed}");
    assert!(
        failed.contains("No data received") && !failed.contains("no sensor"),
        "nobody was asked: {failed}"
    );
    assert!(!failed.contains("class=\"stats\""), "there is nothing to count: {failed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_asks_nobody_anything() {
    let lab = Lab::answering().await;
    let ann = lab.place.browser(Role::Analyst).await;
    let offered = ann.get("/run?value=hxxp://ns[.]example[.]net/x&trail=1").await;
    assert!(offered.body.contains("Query ns.example.net</button>"), "{offered:?}");
    let address = run(&ann, HOST).await;
    assert_eq!(lab.provider.requests().len(), 1);
    let known = ann.get(&format!("/run?value={HOST}&trail=7.x.-1")).await;
    assert_eq!(known.leads_to(), format!("{address}?trail=7"));
    assert_eq!(ann.get("/run?value=a%20b").await.status, 400);
    assert_eq!(lab.provider.requests().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_may_do_what_they_may_and_no_more() {
    let lab = Lab::answering().await;
    let (analyst, reader) = (lab.place.browser(Role::Analyst).await, lab.place.browser(Role::Reader).await);
    let address = run(&analyst, HOST).await;
    for (path, permission) in [
        ("/runs".to_owned(), "Run Operations"),
        (format!("{address}/again"), "Run Operations"),
        (format!("{address}/cancel"), "Run Operations"),
        (format!("{address}/undo"), "Edit"),
        (format!("{address}/selection"), "Edit"),
    ] {
        let refused = reader.post(&path, &[("value", HOST)]).await;
        assert!(refused.status == 403 && refused.body.contains(permission), "{path}: {refused:?}");
        let unmeant = analyst.post_bare(&path, &[("value", HOST)]).await;
        assert_eq!(unmeant.status, 403, "{path}: without the token of the session");
    }
    for (method, path) in
        [("POST", "/runs"), ("DELETE", "/runs/1"), ("POST", "/runs/1/add"), ("POST", "/runs/1/undo")]
    {
        let refused = reader.api(method, path, &json!({"pick": "all"})).await;
        assert_eq!(refused.status, 403, "{method} {path}: {refused:?}");
    }
    let page = reader.get(&address).await.body;
    assert!(!page.contains("name=\"pick\"") && !page.contains("Run again"), "{page}");
    assert_eq!(lab.place.stranger().get(&address).await.leads_to().split('?').next(), Some("/signin"));
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_do_the_same() {
    let lab = Lab::answering().await;
    let ann = lab.place.browser(Role::Analyst).await;
    let parsed = |answer: &crate::client::Answer| -> Value { serde_json::from_str(&answer.body).unwrap() };
    let begun = ann.api("POST", "/runs", &json!({"value": HOST, "rrtype": "A"})).await;
    assert_eq!((begun.status, parsed(&begun)["run"].clone()), (202, json!(1)));
    let settled = async |path: &str| {
        until("the run has ended", async || {
            Some(parsed(&ann.api("GET", path, &Value::Null).await))
                .filter(|shown| shown["completeness"]["state"] != "running")
        })
        .await
    };
    let shown = settled("/runs/1").await;
    assert_eq!(
        (&shown["completeness"]["state"], shown["records"].as_array().unwrap().len()),
        (&json!("complete"), 2)
    );
    let again =
        parsed(&ann.api("POST", "/runs", &json!({"value": HOST, "rrtype": "A", "fresh": true})).await);
    let again = format!("/runs/{}?changes=true", again["run"]);
    let compared = settled(&again).await;
    assert_eq!((&compared["changes"]["new"], &compared["changes"]["gone"]), (&json!([]), &json!([])));
    assert_eq!(shown["changes"], Value::Null, "only who asks is told");
    let file = ann.api("GET", "/runs/1/files/records.csv", &Value::Null).await;
    assert!(file.status == 200 && file.body.lines().count() == 3, "{file:?}");
    let dry = parsed(&ann.api("POST", "/runs/1/add", &json!({"pick": "all", "dry_run": true})).await);
    let added = parsed(&ann.api("POST", "/runs/1/add", &json!({"pick": "all"})).await);
    assert_eq!(dry["added"], added["added"]);
    assert!(parsed(&ann.api("POST", "/runs/1/undo", &Value::Null).await)["claims"].as_u64().unwrap() > 0);
    let listed = parsed(&ann.api("GET", "/runs?indicator=www.example.com", &Value::Null).await);
    assert_eq!(listed["runs"][0]["state"], "complete");
    for (body, status) in [
        (json!({"value": "a b"}), 400),
        (json!({"value": HOST, "rrtype": "A B!"}), 400),
        (json!({"value": HOST, "seen_after": "then"}), 400),
        (json!({"value": HOST, "operation": "nope"}), 409),
        (json!({"value": HOST, "colour": "red"}), 422),
    ] {
        assert_eq!(ann.api("POST", "/runs", &body).await.status, status, "{body}");
    }
    assert_eq!(ann.api("POST", "/runs/1/add", &json!({"pick": "9-1"})).await.status, 400);
    assert_eq!(ann.api("GET", "/runs/9", &Value::Null).await.status, 404);
}

/// With very many records, every view still works, says what it leaves out, and stays small.
#[tokio::test(flavor = "multi_thread")]
async fn fifty_thousand_records_on_one_address_are_shown() {
    let names =
        (0..50_000_u64).map(|n| line(&format!("n{n}.d{}.example", n % 300), "A", "203.0.113.80", n % 50 + 1));
    let lab = Lab::new(Script::always(Exchange::ok(names.collect::<String>()))).await;
    let ann = lab.place.browser(Role::Analyst).await;
    let address = run(&ann, "203.0.113.80").await;
    for (view, words) in [
        ("", "1 to 100 of 50,000"),
        ("?page=500", "49,901 to 50,000 of 50,000"),
        ("?text=n49999", "<b>1 of 50,000</b>"),
        ("?fold=network", "Too many records for single bars"),
        ("/graph", "50,001 names and addresses in 56 boxes"),
        ("/graph?min=50", "1,001 names and addresses in 7 boxes"),
        ("/graph?text=n49999", "<b>1 of 50,000</b>"),
        ("/changes", "Nothing to compare with"),
        ("/raw", "Next 64.0 KiB"),
    ] {
        let page = ann.get(&format!("{address}{view}")).await;
        assert!(page.status == 200 && page.body.contains(words), "{view}: no {words:?}");
        let whole = page.body.len() + assets(&ann, &page.body).await;
        assert!(whole < 300 << 10, "{view}: {whole} octets with what it loads");
    }
    // Whatever is open, a page has a limit.
    for view in ["", "/graph"] {
        let page = ann.get(&format!("{address}{view}")).await.body;
        let keys: Vec<&str> = page.split("open=").skip(1).filter_map(|rest| rest.get(..8)).collect();
        assert!(keys.len() > 5, "{view}: there are folds");
        let open: Vec<String> = keys.iter().take(12).map(|key| format!("{key}.200")).collect();
        let page = ann.get(&format!("{address}{view}?open={}", open.join(","))).await;
        let whole = page.body.len() + assets(&ann, &page.body).await;
        assert!(page.status == 200 && whole < 300 << 10, "{view}: {whole} octets with what it loads");
    }
    let all = ann.get(&format!("{address}?do=all")).await.body;
    assert!(all.contains("50,000 of 50,000 selected"));
    assert!(all.contains("shared hosting") || all.contains("Shared hosting"), "the crowd is flagged");
}

/// The most bars that a picture can have, which are the most expensive: each with its own name, or some with the same one.
#[tokio::test(flavor = "multi_thread")]
async fn as_many_bars_as_there_can_be_stay_small() {
    for (names, records) in [(80, 80), (100, 400)] {
        let one = |n: u64| {
            line(&format!("host-{}.provider.example", n % names), "A", &format!("198.51.100.{n}"), n + 1)
        };
        let lab = Lab::new(Script::always(Exchange::ok((0..records).map(one).collect::<String>()))).await;
        let ann = lab.place.browser(Role::Analyst).await;
        let address = run(&ann, "host-0.provider.example").await;
        let page = ann.get(&address).await;
        assert!(!page.body.contains("class=\"heat") && page.body.contains("class=\"bar"), "no bars");
        let whole = page.body.len() + assets(&ann, &page.body).await;
        assert!(whole < 300 << 10, "{names} names: {whole} octets with what it loads");
        if records > 100 {
            // A bar whose row is on the other page links to that page.
            let (_, rest) = page.body.split_once("page=2#r").unwrap();
            let row = rest.split('"').next().unwrap();
            let row = format!("id=\"r{row}\"");
            assert!(
                !page.body.contains(&row) && ann.get(&format!("{address}?page=2")).await.body.contains(&row)
            );
        }
    }
}

/// The bytes of the files that a page loads.
async fn assets(browser: &Browser, page: &str) -> usize {
    let mut octets = 0;
    for name in page.split("\"/assets/").skip(1).filter_map(|rest| rest.split('"').next()) {
        let asset = browser.get(&format!("/assets/{name}")).await;
        assert_eq!(asset.status, 200, "{name}");
        octets += asset.body.len();
    }
    assert!(octets > 0, "the page loads nothing");
    octets
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_is_ticked_is_added_however_many_there_are() {
    let names = (0..5_002_u64).map(|n| line(&format!("n{n}.example"), "A", "203.0.113.80", n + 1));
    let lab = Lab::new(Script::always(Exchange::ok(names.collect::<String>()))).await;
    let ann = lab.place.browser(Role::Administrator).await;
    let address = run(&ann, "203.0.113.80").await;
    let page = ann.get(&format!("{address}?sel=5001&do=count")).await.body;
    assert!(page.contains("1 of 5,002 selected"), "{page}");
    ann.post(&format!("{address}/selection"), &[("sel", "5001")]).await;
    let there = |name: &'static str| {
        let ann = &ann;
        async move { ann.api("GET", &format!("/indicators/{name}"), &Value::Null).await.status }
    };
    assert_eq!(there("n5001.example").await, 200);
    assert_eq!(there("n5000.example").await, 404);
    let audit = ann.api("GET", "/audit?limit=1", &Value::Null).await.body;
    let audit: Value = serde_json::from_str(&audit).unwrap();
    let detail = &audit["entries"][0]["detail"];
    assert_eq!(
        (&detail["indicators"]["new"], &detail["relationships"]["new"]),
        (&json!(2), &json!(1)),
        "{audit}"
    );
    // Everything is flagged as shared hosting: selecting everything adds no name.
    let all = ann.get(&format!("{address}?all=yes&do=count")).await.body;
    assert!(all.contains("flagged, select them one by one"), "{all}");
    let id = address.rsplit('/').next().unwrap();
    let added = ann.api("POST", &format!("/runs/{id}/add"), &json!({"pick": "n4999.example"})).await;
    assert_eq!((added.status, there("n4999.example").await), (200, 200), "{added:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sixty_fifth_run_at_once_is_refused_and_one_that_is_cancelled_makes_room() {
    let lab = Lab::new(Script::always(answer::headers_never_come())).await;
    let ann = lab.place.browser(Role::Analyst).await;
    // All at the same time: if they were only counted after the start of a run, more would be accepted.
    let asks = (0..80).map(|number| {
        let ann = &ann;
        async move {
            ann.api("POST", "/runs", &json!({"value": format!("h{number}.example"), "fresh": true}))
                .await
                .status
        }
    });
    let statuses = futures_util::future::join_all(asks).await;
    let begun = statuses.iter().filter(|status| **status == 202).count();
    assert_eq!((begun, statuses.iter().filter(|status| **status == 503).count()), (64, 16), "{statuses:?}");
    assert_eq!(ann.api("DELETE", "/runs/1", &Value::Null).await.status, 200);
    let more = json!({"value": "more.example", "fresh": true});
    let mut status = 503;
    for _ in 0..500 {
        status = ann.api("POST", "/runs", &more).await.status;
        if status == 202 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(status, 202, "the place of the run that was cancelled is free");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_runs_of_a_command_added_is_taken_back_by_page_and_by_api() {
    let lab = Lab::answering().await;
    let ann = lab.place.browser(Role::Analyst).await;
    let address = run(&ann, HOST).await;
    assert_eq!(address, "/runs/1");
    assert_eq!(ann.api("POST", "/runs/1/add", &json!({"pick": "all"})).await.status, 200);
    let page = ann.get("/runs?batch=1").await.body;
    assert!(
        page.contains("One of these runs has added something") && page.contains("/runs/batch/1/undo"),
        "{page}"
    );
    let undone = ann.api("POST", "/runs/batch/1/undo", &Value::Null).await;
    let undone: Value = serde_json::from_str(&undone.body).unwrap();
    assert!(undone["undone"][0]["claims"].as_u64().unwrap() > 0, "{undone}");
    assert!(!ann.get("/runs?batch=1").await.body.contains("/runs/batch/1/undo"));
    assert_eq!(ann.api("POST", "/runs/1/add", &json!({"pick": "all"})).await.status, 200);
    assert_eq!(ann.post("/runs/batch/1/undo", &[]).await.leads_to(), "/runs?batch=1&said=undone");
    assert_eq!(ann.api("POST", "/runs/batch/9/undo", &Value::Null).await.status, 404);
    let reader = lab.place.browser(Role::Reader).await;
    assert_eq!(reader.api("POST", "/runs/batch/1/undo", &Value::Null).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_narrowed_and_a_kept_answer_is_named() {
    let lab = Lab::answering().await;
    let ann = lab.place.browser(Role::Analyst).await;
    for _ in 0..2 {
        run(&ann, HOST).await;
    }
    let all = ann.get("/runs").await.body;
    assert!(all.contains("stored answer from <a href=\"/runs/1\">run 1</a>"), "{all}");
    let asked = ann.get("/runs?cached=no&state=complete&since=1d").await.body;
    assert!(asked.contains(">Run 1<") && !asked.contains(">Run 2<"), "{asked}");
    assert!(ann.get("/runs?actor=nobody").await.body.contains("No matching runs"));
    let refused = ann.get("/runs?since=someday").await.body;
    assert!(refused.contains("Invalid filter") && refused.contains("someday"), "{refused}");
    assert_eq!(ann.api("GET", "/runs?state=done", &Value::Null).await.status, 400);
}

/// A folder on its own small file system, if this process may mount one.
struct Narrow(Option<std::path::PathBuf>);

impl Narrow {
    fn over(folder: std::path::PathBuf) -> Self {
        std::fs::create_dir_all(&folder).unwrap();
        let mount = ["-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs"];
        let mounted = std::process::Command::new("mount").args(mount).arg(&folder).output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Self(Some(folder));
        }
        // Without the right to mount: nothing can be written there either, for another reason.
        std::fs::remove_dir(&folder).unwrap();
        std::fs::write(&folder, b"").unwrap();
        Self(None)
    }
}

impl Drop for Narrow {
    fn drop(&mut self) {
        if let Some(folder) = &self.0 {
            let unmounted = std::process::Command::new("umount").arg("-l").arg(folder).output().unwrap();
            assert!(unmounted.status.success(), "{unmounted:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_meets_a_full_disk_ends_at_once_and_says_why() {
    // Names that hardly compress: several times as many as there is room for.
    let name = |number: u64| {
        let digits = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        format!("{:016x}{:016x}.example", digits, digits.rotate_left(29).wrapping_mul(0xbf58_476d_1ce4_e5b9))
    };
    let long: String = (1..20_000).map(|number| line(HOST, "NS", &name(number), number)).collect();
    let lab = Lab::new(Script::always(Exchange::ok(long))).await;
    let narrow = Narrow::over(lab.place.folder.path().join("answers"));
    let ann = lab.place.browser(Role::Analyst).await;
    let begun = ann.api("POST", "/runs", &json!({"value": HOST})).await;
    if narrow.0.is_none() && begun.status != 202 {
        return;
    }
    let mut run = Value::Null;
    for _ in 0..1_000 {
        let listed: Value = serde_json::from_str(&ann.api("GET", "/runs", &Value::Null).await.body).unwrap();
        run = listed["runs"][0].clone();
        let shown: Value = serde_json::from_str(&ann.api("GET", "/runs/1", &Value::Null).await.body).unwrap();
        if shown["completeness"]["state"] != "running" {
            assert_eq!(shown["completeness"]["state"], "interrupted", "{shown}");
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_ne!(run["state"], "complete");
    let page = ann.get("/runs/1").await.body;
    assert!(page.contains("Interrupted"), "{page}");
    if narrow.0.is_some() {
        assert!(page.contains("no space left on the disk"), "{page}");
    }
}

/// The caution about a lookalike name shows both forms, the A-label first.
const LOOKALIKE: &str =
    "ookalike: xn--pple-43d.com is shown as аpple.com, which mixes Cyrillic and Latin letters";

#[tokio::test(flavor = "multi_thread")]
async fn names_have_their_unicode_form_and_their_cautions_on_every_view_of_a_run() {
    let idn = "xn--bcher-kva.example";
    let body = line(idn, "NS", "xn--pple-43d.com", 5)
        + &line(idn, "A", "10.0.0.1", 2)
        + &line(idn, "MX", "10 mail.xn--bcher-kva.example", 2);
    let lab = Lab::new(Script::always(Exchange::ok(body))).await;
    let ann = lab.place.browser(Role::Administrator).await;
    let address = run(&ann, "bücher.example").await;
    let page = ann.get(&address).await.body;
    let words = [
        "xn--bcher-kva.example</bdi></span> <span class=\"uni\"><bdi>bücher.example</bdi>",
        "<bdi>10 mail.bücher.example</bdi>",
        "<bdi>xn--bcher-kva.example (bücher.example)</bdi>",
        LOOKALIKE,
        "pecial-purpose address: 10.0.0.1 is in",
        "class=\"chip warn\"",
    ];
    for word in words {
        assert!(page.contains(word), "{word}: {page}");
    }
    assert!(!page.contains("<bdi>аpple.com"), "never the Unicode form alone");
    let graph = ann.get(&format!("{address}/graph")).await.body;
    assert!(graph.contains("xn--bcher-kva.example (bücher.example)"), "{graph}");
    let csv = ann.get(&format!("{address}/files/records.csv")).await.body;
    assert!(csv.lines().next().unwrap().ends_with("notes,rrname_unicode,rdata_unicode,caution"), "{csv}");
    assert!(csv.contains("bücher.example,10 mail.bücher.example,") && csv.contains(LOOKALIKE), "{csv}");
    let runs = ann.get("/runs").await.body;
    assert!(runs.contains("<bdi>bücher.example</bdi>"), "{runs}");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_have_their_unicode_form_and_their_cautions_in_the_library() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    ann.post("/library/add", &[("many", "bücher.example\nаpple.com\n10.0.0.1"), ("do", "add")]).await;
    let list = ann.get("/library").await.body;
    for word in ["<bdi>bücher.example</bdi>", LOOKALIKE, "special-purpose address: 10.0.0.1 is in"] {
        assert!(list.contains(word), "{word}: {list}");
    }
    for (value, said) in [("xn--pple-43d.com", LOOKALIKE), ("10.0.0.1", "special-purpose address: 10.0.0.1")]
    {
        for path in ["/library/indicator?value=", "/run?value="] {
            let page = ann.get(&format!("{path}{value}")).await.body;
            assert!(page.contains("<b>Caution:</b>") && page.contains(said), "{path}{value}: {page}");
            assert!(!page.contains("<bdi>аpple.com"), "{page}");
        }
    }
    let page = ann.get("/library/indicator?value=xn--bcher-kva.example").await.body;
    assert!(page.contains("<bdi>bücher.example</bdi>") && !page.contains("<b>Caution:"), "{page}");
    let unknown = ann.get("/library/indicator?value=192.168.1.1").await.body;
    assert!(unknown.contains("<b>Caution:</b>"), "{unknown}");
    let unknown = ann.get("/library?q=192.168.1.1").await.body;
    assert!(unknown.contains("Caution: <bdi>special-purpose address: 192.168.1.1"), "{unknown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_has_what_the_filters_keep_or_all_of_it() {
    let lab = Lab::answering().await;
    let ann = lab.place.browser(Role::Analyst).await;
    let address = run(&ann, HOST).await;
    let page = ann.get(&format!("{address}?min=5&page=1")).await.body;
    assert!(page.contains("records.csv?min=5\">CSV <span class=\"dim\">as filtered</span>"), "{page}");
    assert!(page.contains("COF <span class=\"dim\">as filtered, 2</span>"), "{page}");
    assert!(!ann.get(&address).await.body.contains("as filtered"));
    for (file, all, kept) in [("records.cof", 4, 2), ("records.csv", 5, 3)] {
        let whole = ann.get(&format!("{address}/files/{file}")).await;
        let filtered = ann.get(&format!("{address}/files/{file}?min=5")).await;
        assert_eq!((whole.body.lines().count(), filtered.body.lines().count()), (all, kept), "{file}");
        assert!(filtered.header("content-disposition").unwrap().contains("run-1-filtered."), "{filtered:?}");
    }
    let json = ann.get(&format!("{address}/files/records.json?min=5")).await.body;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["records"].as_array().unwrap().len(), 2);
    let csv = ann.get(&format!("{address}/files/records.csv")).await.body;
    assert!(csv.contains(",2017-07-14 02:40:00,2020-09-13 12:26:40,"), "dates that spreadsheets read: {csv}");
}

/// A file with all records would look like the filtered one.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_refused_for_filters_that_cannot_be_read() {
    let lab = Lab::answering().await;
    let ann = lab.place.browser(Role::Analyst).await;
    let address = run(&ann, HOST).await;
    for (query, name) in [
        ("from=abc", "from"),
        ("from=202009", "from"),
        ("to=20209999", "to"),
        ("at=9999-01-01", "at"),
        ("min=x", "min"),
        ("min=1.5", "min"),
        ("hide=%3Cb%3E", "hide"),
        ("hide=A,TYPE99999", "hide"),
        ("rel=zz", "rel"),
        ("alive=yes", "alive"),
        ("alive=1", "alive"),
        ("from=2021-01-01&to=2020-01-01", "to"),
        ("min=2&min=5", "min"),
        ("text=a&text=b", "text"),
        ("hide=A&from=abc", "from"),
    ] {
        for file in ["records.cof", "records.json", "records.csv", "evidence"] {
            let answer = ann.get(&format!("{address}/files/{file}?{query}")).await;
            assert_eq!(answer.status, 400, "{file} {query}: {answer:?}");
            assert!(answer.body.to_lowercase().contains(&format!("{name}: ")), "{file} {query}: {answer:?}");
        }
        assert_eq!(ann.get(&format!("{address}?{query}")).await.status, 200, "{query}");
    }
    for query in [
        "from=&to=&min=&hide=&rel=&text=&at=&alive=",
        "from=20170714&min=1",
        "to=2020091312&sort=count&page=7",
    ] {
        let answer = ann.get(&format!("{address}/files/records.csv?{query}")).await;
        assert_eq!((answer.status, answer.body.lines().count()), (200, 5), "{query}: {answer:?}");
    }
    // The page only offers files that can be downloaded.
    let page = ann.get(&format!("{address}?from=abc&hide=A")).await.body;
    assert!(page.contains("records.csv?hide=A\">CSV"), "{page}");
    let api = ann.api("GET", "/runs/1/files/records.csv?hide=A", &Value::Null).await;
    assert!(api.status == 400 && api.body.contains("hide"), "{api:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn compact_dates_are_read_in_the_fields_of_a_run() {
    let lab = Lab::answering().await;
    let ann = lab.place.browser(Role::Analyst).await;
    let address = run(&ann, HOST).await;
    for (query, shown) in [
        ("from=20200913124000", "<b>0 of 4</b>"),
        ("from=20200913122640", "<b>4 of 4</b>"),
        ("from=202009131226", "<b>4 of 4</b>"),
        ("from=2020091312", "<b>4 of 4</b>"),
        ("from=20200914", "<b>0 of 4</b>"),
        ("to=20170714", "<b>4 of 4</b>"),
        ("to=2017071401", "<b>0 of 4</b>"),
        ("at=20180101&alive=1", "<b>4 of 4</b>"),
    ] {
        let page = ann.get(&format!("{address}?{query}")).await.body;
        assert!(page.contains(shown) && !page.contains("Not a date"), "{query}: {page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_run_added_has_its_trail_and_one_line_for_each_source() {
    let lab = Lab::answering().await;
    let ann = lab.place.browser(Role::Analyst).await;
    for _ in 0..2 {
        let begun = ann.api("POST", "/runs", &json!({"value": HOST, "fresh": true})).await;
        let id = serde_json::from_str::<Value>(&begun.body).unwrap()["run"].as_i64().unwrap();
        let page = format!("/runs/{id}");
        until("the run has ended", async || {
            (!ann.get(&page).await.body.contains("is in progress")).then_some(())
        })
        .await;
        let added = ann.api("POST", &format!("/runs/{id}/add"), &json!({"pick": "192.0.2.1"})).await;
        assert_eq!(added.status, 200, "{added:?}");
    }
    let page = ann.get("/library/indicator?value=192.0.2.1").await.body;
    let sources = page.split("<h2>Sources").nth(1).unwrap().split("</section>").next().unwrap();
    assert_eq!(sources.matches("<dt>").count(), 1, "{sources}");
    assert!(sources.contains("2 runs, last ") && sources.contains("href=\"/runs/2\""), "{sources}");
    let trail = page.split("Audit trail").nth(1).unwrap().split("</section>").next().unwrap();
    assert_eq!(trail.matches("Findings added").count(), 2, "{trail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_in_data_is_asked_for_and_a_mailbox_refused_rather_than_not_found() {
    let lab = Lab::answering().await;
    let ann = lab.place.browser(Role::Analyst).await;
    let mailbox = r"h\.hof.a.example";
    for answer in [
        ann.post("/runs", &[("value", mailbox), ("side", "data")]).await,
        ann.get(r"/run?side=data&value=h%5C.hof.a.example").await,
        ann.api("POST", "/runs", &json!({"value": mailbox, "by_data": true})).await,
    ] {
        assert_eq!(answer.status, 400, "{answer:?}");
        assert!(answer.body.contains("a dot inside a label"), "{answer:?}");
    }
    let found = ann.get("/find?q=rdata:ns.example").await;
    assert_eq!(found.leads_to(), "/run?side=data&value=ns.example");
    assert_eq!(lab.provider.requests().len(), 0);
}

/// Installs another operation, pointed at a provider with this script.
async fn add_operation(lab: &Lab, operation: &str, script: Script) -> ScriptedProvider {
    let provider = ScriptedProvider::new(script);
    let address = provider.listen().await.unwrap();
    let package = operation::package::find(operation).unwrap();
    let name = package.name.clone();
    let values = [
        ("host", address.ip().to_string()),
        ("port", address.port().to_string()),
        ("use_http", "on".to_owned()),
    ];
    let values = values.map(|(key, value)| (key.to_owned(), value)).to_vec();
    let install = move |workbench: &mut workbench::Workbench| {
        let plan = workbench.plan_install(package, false)?;
        workbench.install(plan.confirm())?;
        workbench.configure(&name, &Changes { values, ..Changes::default() })?;
        workbench.enable(&name)
    };
    lab.place.desk.change("ann", install).await.unwrap();
    provider
}

#[tokio::test(flavor = "multi_thread")]
async fn several_operations_are_run_at_once_and_one_that_holds_back_says_so() {
    let lab = Lab::answering().await;
    let other =
        add_operation(&lab, "cof", Script::always(Exchange::ok(line(HOST, "A", "192.0.2.9", 1)))).await;
    let ann = lab.place.browser(Role::Administrator).await;
    let parsed = |answer: &crate::client::Answer| -> Value { serde_json::from_str(&answer.body).unwrap() };
    // A page offers both, and one button runs both.
    let page = ann.get(&format!("/library/indicator?value={HOST}")).await.body;
    for name in ["circl-passive-dns", "cof"] {
        assert!(page.contains(&format!("name=\"operation\" value=\"{name}\" checked")), "{page}");
    }
    let begun = ann
        .post(
            "/runs",
            &[("value", HOST), ("choice", "yes"), ("operation", "circl-passive-dns"), ("operation", "cof")],
        )
        .await;
    assert_eq!(begun.leads_to(), "/runs?batch=1");
    let listed = ann.get("/runs?batch=1").await.body;
    assert!(listed.contains("circl-passive-dns@1.2.0") && listed.contains("cof@1.0.0"), "{listed}");
    let none = ann.post("/runs", &[("value", HOST), ("choice", "yes")]).await;
    assert!(none.status == 400 && none.body.contains("hoose at least one operation"), "{none:?}");
    let begun = ann.api("POST", "/runs", &json!({"value": "b.example", "operations": ["all"]})).await;
    assert_eq!((begun.status, parsed(&begun)), (202, json!({"run": 3, "runs": [3, 4], "refused": []})));
    // An indicator that is marked is held back from both, then from one.
    let marked = ann.api("POST", "/indicators", &json!({"values": ["c.example"], "tlp": "AMBER"})).await;
    assert_eq!(parsed(&marked)["indicators"][0]["tlp"], "AMBER", "{marked:?}");
    let before = (lab.provider.requests().len(), other.requests().len());
    for body in
        [json!({"value": "c.example", "operations": ["all"]}), json!({"value": "c.example", "fresh": true})]
    {
        let refused = ann.api("POST", "/runs", &body).await;
        assert!(
            refused.status == 409 && refused.body.contains("c.example is not sent: it is marked TLP:AMBER"),
            "{refused:?}"
        );
    }
    let refused = ann.post("/runs", &[("value", "c.example")]).await;
    assert!(refused.status == 409 && refused.body.contains("maximum TLP"), "{refused:?}");
    let page = ann.get("/library/indicator?value=c.example").await.body;
    assert!(
        page.contains("value=\"cof\" disabled") && page.contains("this indicator is held back"),
        "{page}"
    );
    assert!(page.contains("<span class=\"chip tlp\">TLP:AMBER</span>"), "{page}");
    assert_eq!((lab.provider.requests().len(), other.requests().len()), before, "nothing was sent");
    let set = ann.api("PATCH", "/integrations/cof", &json!({"max_tlp": "red"})).await;
    assert_eq!((&parsed(&set)["max_tlp"], &parsed(&set)["max_tlp_set"]), (&json!("RED"), &json!(true)));
    let begun =
        parsed(&ann.api("POST", "/runs", &json!({"value": "c.example", "operations": ["all"]})).await);
    assert_eq!(
        (&begun["runs"], &begun["refused"][0]["operation"]),
        (&json!([5]), &json!("circl-passive-dns"))
    );
    let begun = ann
        .post("/runs", &[("value", "c.example"), ("operation", "circl-passive-dns"), ("operation", "cof")])
        .await;
    assert!(begun.status == 409 && begun.body.contains("circl-passive-dns was not asked"), "{begun:?}");
    // A form of the configuration sets it back, and says so in the log.
    let mark = ann.get("/integrations/cof").await.hidden("made_from");
    let saved = ann.post("/integrations/cof", &[("made_from", &mark), ("max_tlp", "default")]).await;
    assert_eq!(saved.leads_to(), "/integrations/cof?said=configured");
    assert!(ann.get("/integrations/cof?view=log").await.body.contains("Maximum TLP default"));
    assert_eq!(ann.api("PATCH", "/integrations/cof", &json!({"max_tlp": "none"})).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn markings_are_set_on_pages_and_by_programs() {
    let place = Place::new().await;
    let ann = place.browser(Role::Analyst).await;
    let parsed = |answer: &crate::client::Answer| -> Value { serde_json::from_str(&answer.body).unwrap() };
    ann.post("/library/add", &[("many", "a.example b.example"), ("do", "add"), ("tlp", "GREEN")])
        .await
        .leads_to();
    // Known ones are marked too, and never less strictly.
    ann.post("/library/add", &[("many", "b.example c.example"), ("do", "add"), ("tlp", "RED")])
        .await
        .leads_to();
    ann.post("/library/add", &[("many", "b.example"), ("do", "add"), ("tlp", "CLEAR")]).await.leads_to();
    assert_eq!(
        ann.post("/library/add", &[("many", "b.example"), ("do", "add"), ("tlp", "x")]).await.status,
        400
    );
    let tlp = async |value: &str| {
        parsed(&ann.api("GET", &format!("/indicators/{value}"), &Value::Null).await)["tlp"].clone()
    };
    assert_eq!(
        (tlp("a.example").await, tlp("b.example").await, tlp("c.example").await),
        (json!("GREEN"), json!("RED"), json!("RED"))
    );
    let mark = ann.get("/library/indicator?value=a.example").await.hidden("made_from");
    let set = ann
        .post(
            "/library/indicator/tlp",
            &[("made_from", &mark), ("value", "a.example"), ("tlp", "amber+strict")],
        )
        .await;
    assert_eq!(set.leads_to(), "/library/indicator?value=a.example&said=tlp");
    let stale = ann
        .post("/library/indicator/tlp", &[("made_from", &mark), ("value", "a.example"), ("tlp", "none")])
        .await;
    assert!(stale.status == 409 && stale.body.contains("AMBER+STRICT"), "{stale:?}");
    let patched = ann.api("PATCH", "/indicators/a.example", &json!({"tlp": "none"})).await;
    assert_eq!(
        (&parsed(&patched)["tlp_before"], &parsed(&patched)["tlp"]),
        (&json!("AMBER+STRICT"), &Value::Null)
    );
    assert_eq!(ann.api("PATCH", "/indicators/a.example", &json!({})).await.status, 400);
    let listed = parsed(&ann.api("GET", "/indicators?tlp=red", &Value::Null).await);
    assert_eq!(listed["indicators"].as_array().unwrap().len(), 2);
    let page = ann.get("/library?tlp=RED").await.body;
    assert!(page.contains("c.example") && !page.contains("a.example") && page.contains("TLP: RED"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_would_cost_is_shown_before_they_start() {
    let lab = Lab::answering().await;
    let quota = r#"{"rate":{"reset":"n/a","limit":1000,"remaining":7}}"#;
    let dnsdb = add_operation(&lab, "dnsdb", Script::always(Exchange::ok(quota))).await;
    let ann = lab.place.browser(Role::Analyst).await;
    run(&ann, HOST).await;
    let costs = ann.api("POST", "/runs/cost", &json!({"value": HOST, "operations": ["all"]})).await;
    let costs: Value = serde_json::from_str(&costs.body).unwrap();
    let of = |at: usize, key: &str| costs["operations"][at][key].clone();
    assert_eq!((of(0, "stored"), of(0, "requests"), of(0, "quota")), (json!(1), json!(0), Value::Null));
    assert_eq!(
        (of(1, "stored"), of(1, "requests"), of(1, "quota")["remaining"].clone()),
        (json!(0), json!(1), json!(7))
    );
    let asked = dnsdb.requests().len();
    let page = ann.get(&format!("/library/indicator?value={HOST}")).await.body;
    assert!(page.contains("What it would cost</a>"), "{page}");
    let page = ann.get(&format!("/library/indicator?value={HOST}&cost=yes")).await.body;
    for words in
        ["answered from a stored answer", "at least 1 request", "the provider said: 7 of 1000 requests left"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert_eq!((lab.provider.requests().len(), dnsdb.requests().len()), (1, asked), "a page asks nobody");
}
