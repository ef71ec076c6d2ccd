//! An investigation in the browser: created, queried as a job that is paused and killed, judged, noted, removed and restored.

use std::time::Duration;

use fantoccini::Locator;
use serde_json::{Value, json};
use testkit::{Exchange, Script, ScriptedProvider};

use crate::access::is_for_everybody;
use crate::browser::{Browser, browse};
use crate::campaign;
use crate::fit::{NARROWEST, fits};
use crate::program::Program;
use crate::several::installs;

const RECORD: &str = r#"{"rrname":"www.example.com","rrtype":"A","rdata":"185.194.93.1","time_first":1500000000,"time_last":1600000000}"#;

/// Checks a page for every reader at several widths.
async fn is_good(browser: &Browser, name: &str) {
    is_for_everybody(browser, name).await;
    for width in [NARROWEST, 800, 1_440] {
        browser.is_wide(width, 900).await;
        fits(browser, name).await;
    }
}

async fn creates(browser: &Browser, name: &str, values: &str) {
    browser.go("/investigations").await;
    browser.press("New investigation from a list").await;
    browser.find(Locator::Css("#in")).await.send_keys(name).await.unwrap();
    browser.fill("Members", values).await;
    browser.press("Create investigation").await;
    browser.sees("Investigation created.").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_investigation_is_created_judged_noted_removed_and_restored() {
    let program = Program::serve::<&str>([]);
    browse(&program, async |browser| {
        browser.becomes("ann", &program).await;
        browser.go("/investigations").await;
        browser.sees("No investigations yet").await;
        is_good(browser, "no investigations").await;
        creates(browser, "Parcel lures", "a[.]example\n192.0.2.1, hxxp://b.example/x\nnot a value").await;
        browser.is_at("/investigations/1").await;
        browser.sees("3 members").await;
        browser.sees("Nothing was queried yet").await;
        is_good(browser, "an investigation").await;

        browser.go("/investigations/1/members").await;
        is_good(browser, "members").await;
        browser.click(Locator::Css("input[value='a.example']")).await;
        browser.choose("New verdict", "Malicious").await;
        browser.press("Set verdict").await;
        browser.sees("Verdicts changed.").await;
        browser.go("/investigations/1/members?verdict=malicious").await;
        browser.sees("1 of 3").await;
        browser.go("/investigations/1/members").await;
        browser.click(Locator::Css("input[value='b.example']")).await;
        browser.press("Remove from the investigation").await;
        browser.sees("2 members").await;
        browser.fill("Values", "b.example c.example").await;
        browser.click(Locator::Css("#add button")).await;
        browser.sees("4 members").await;

        browser.go("/investigations/1/notes").await;
        browser.fill("Note", "<b>asked</b> the hoster").await;
        browser.fill("About a member", "a.example").await;
        browser.press("Add note").await;
        browser.sees("<b>asked</b> the hoster").await;
        is_good(browser, "notes").await;

        // Two people change the summary: the second one is asked.
        browser.go("/investigations/1").await;
        browser.press("Write a summary").await;
        browser.fill("Summary", "Mine").await;
        let other = browser
            .run_async(
                "const [done] = arguments; const form = document.querySelector('form:has(#sy)'); const data = new URLSearchParams(new FormData(form)); data.set('summary', 'Theirs'); fetch(form.action, { method: 'POST', body: data }).then((answer) => done(answer.status));",
                vec![],
            )
            .await;
        assert_eq!(other, 200);
        browser.press("Save summary").await;
        browser.sees("Theirs").await;
        browser.sees("Mine").await;
        browser.press("Save selected values").await;
        browser.is_at("/investigations/1").await;

        browser.press("Remove investigation").await;
        browser.sees("This investigation was removed.").await;
        browser.go("/investigations").await;
        browser.sees("No investigations yet").await;
        browser.go("/investigations?removed=yes").await;
        browser.press("Parcel lures").await;
        browser.press("Restore").await;
        browser.sees("Restored with all its data.").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_job_tells_its_cost_is_paused_and_survives_a_restart() {
    let program = Program::serve::<&str>([]);
    let slow = Exchange::ok(RECORD).after(Duration::from_millis(150));
    let provider = ScriptedProvider::new(Script::always(slow));
    installs(&program, "circl-passive-dns", provider.listen().await.unwrap());
    let fast = ["configure", "circl-passive-dns", "requests_per_second=3"];
    assert_eq!(program.does("integration", &fast), Some(0));
    assert_eq!(program.does("indicator", &["add", "h0.example.com", "--tlp", "red"]), Some(0));
    let values: Vec<String> = (0..60).map(|n| format!("h{n}.example.com")).collect();
    browse(&program, async |browser| {
        browser.becomes("ann", &program).await;
        creates(browser, "Sixty", &values.join("\n")).await;
        browser.press("Query operations").await;
        browser.sees("1 held back, marked stricter").await;
        browser.sees("59 requests").await;
        is_good(browser, "what a job costs").await;
        browser.press("Query 60 members").await;
        browser.sees("Started.").await;
        browser.sees("of 60 answered").await;
        // First of all, because a slow machine may look at the page for longer than the job takes.
        browser.press("Pause").await;
        browser.sees("Paused").await;
        is_good(browser, "a job").await;
        browser.press("Resume").await;
        browser.sees("Querying").await;
        program.is_killed_and_started();
        browser.go("/investigations/1").await;
        browser.sees("Ended").await;
        browser.sees("59 of 60").await;
        // What was under way when the server was killed is asked again; nothing that was answered is.
        let asked = provider.requests().len();
        assert!((59..=59 + 9).contains(&asked), "{asked}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_pasted_report_leads_to_what_its_indicators_share() {
    let (_folder, configuration) = campaign::networks("Example <b>Networks</b>");
    let program = Program::serve(["--config", &configuration]);
    campaign::prepares(&program);
    browse(&program, async |browser| {
        browser.becomes("ann", &program).await;
        browser.go("/investigations/new").await;
        is_good(browser, "an empty paste").await;
        browser.press("Read the text").await;
        browser.sees("The text is empty").await;
        campaign::pastes(browser).await;
        browser.sees("A file name, or a name below .zip: you decide").await;
        browser.sees("1 e-mail address, 1 hash and 1 price left out").await;
        browser.sees("8 members").await;
        is_good(browser, "a paste").await;
        browser.press("Create and query").await;
        browser.sees("Started.").await;
        browser.sees("8 of 8").await;
        browser.sees("Ended").await;

        browser.go("/investigations/1/shared").await;
        is_good(browser, "what is shared").await;
        let first =
            browser.run("return document.querySelector('table.shared tbody tr').innerText;", vec![]).await;
        let first = first.as_str().unwrap().to_owned();
        for words in ["ns1.quietharbor.example", "8 of 8", "55 d"] {
            assert!(first.contains(words), "{words:?} in {first}");
        }
        browser.sees_no("185.194.94.80").await;
        browser.press("Show").await;
        browser.sees("185.194.94.80").await;
        browser.sees("over 1,000").await;
        for reason in
            ["On the list “Parking”", "On the list “CDN”", "A name server that calls itself a sinkhole"]
        {
            browser.sees(reason).await;
        }
        browser.sees("1 name server (on the list “Parking”)").await;
        browser.sees("AS64496 Example <b>Networks</b>").await;
        is_good(browser, "weak pivots").await;
        draws(browser).await;
        browser.go("/investigations/1/shared?weak=yes").await;
        browser.click(Locator::Css("input[name=follow][value='ns:ns1.quietharbor.example']")).await;
        browser.press("Follow what is ticked").await;
        browser.sees("1 followed").await;
        browser.press("See who is behind them").await;
        browser.sees("hidden1.example").await;
        // The name server itself, and two names of the own database.
        browser.press("Add 3 members").await;
        browser.sees("11 members").await;
        browser.sees("followed ns:ns1.quietharbor.example").await;

        browser.go("/investigations/1/findings").await;
        is_good(browser, "findings").await;
        browser.press("Preview all without a caution").await;
        browser.sees("Everything without a caution").await;
    })
    .await;
}

/// The boxes of the graph: members, weak ones, and whether it has edges.
const BOXES: &str = "
    const count = (selector) => document.querySelectorAll(`.graph ${selector}`).length;
    return [count('.asked'), count('.weak') > 0, count('.edge') > 0];";
/// Draws over the last third of the axis, like a pointer.
const DRAW: &str = "
    const strip = document.querySelector('.tl-axis'), box = strip.getBoundingClientRect();
    const at = (share) => ({ clientX: box.left + box.width * share, clientY: box.top + 5, button: 0, bubbles: true });
    strip.dispatchEvent(new PointerEvent('pointerdown', at(0.66)));
    document.dispatchEvent(new PointerEvent('pointermove', at(0.9)));
    document.dispatchEvent(new PointerEvent('pointerup', at(0.9)));";
/// The size of the page in bytes.
const SIZE: &str = "
    const done = arguments[arguments.length - 1];
    fetch(location.href).then((page) => page.arrayBuffer()).then((page) => done(page.byteLength));";

/// The campaign as a timeline and as a graph.
async fn draws(browser: &Browser) {
    browser.is_wide(1_440, 900).await;
    browser.press("Timeline").await;
    browser.sees("8 of 8 have records").await;
    is_good(browser, "a timeline of members").await;
    browser.is_wide(1_440, 900).await;
    follows(browser).await;
    narrows(browser).await;
    browser.press("Graph").await;
    browser.sees("As a list").await;
    assert_eq!(browser.run(BOXES, Vec::new()).await, json!([8, true, true]));
    browser.sees("Pale boxes say little").await;
    is_good(browser, "a graph of members").await;
    browser.is_wide(1_440, 900).await;
    let title = "return [...document.querySelectorAll('.graph .addr title')].map((one) => one.textContent);";
    let titles = browser.run(title, Vec::new()).await;
    let has_place = |title: &Value| title.as_str().unwrap().ends_with("\nAS64496 Example <b>Networks</b>");
    assert!(titles.as_array().unwrap().iter().any(has_place), "{titles}");
    for page in ["shared?weak=yes", "timeline", "timeline?lanes=shared", "graph"] {
        browser.go(&format!("/investigations/1/{page}")).await;
        let size = browser.run_async(SIZE, Vec::new()).await.as_u64().unwrap();
        assert!(size < 300 << 10, "{page} has {size} bytes");
    }
}

/// A resource is followed through the lanes of members: chosen from a list, and by keyboard from its own lane.
async fn follows(browser: &Browser) {
    browser.choose("Through the lanes of members", "ns1.quietharbor.example (name server, 8 members)").await;
    browser.press("Follow").await;
    browser.sees("in 8 lanes").await;
    browser.sees("Two or more at once: 55 days").await;
    is_good(browser, "a followed resource").await;
    browser.is_wide(1_440, 900).await;
    browser.press("Stop following").await;
    browser.sees_no("Two or more at once").await;
    browser.click(Locator::XPath("//a[starts-with(normalize-space(), 'By shared resource')]")).await;
    browser.sees("weak pivots left out").await;
    browser.sees("ns1.quietharbor.example").await;
    browser.sees_no("185.194.94.80").await;
    browser.press("Show").await;
    browser.sees("weak pivots shown").await;
    is_good(browser, "lanes of shared resources").await;
    browser.is_wide(1_440, 900).await;
    let focus = "document.querySelector('.tl-name a[href*=\"follow=ns:ns1.quietharbor.example\"]').focus();";
    browser.run(focus, Vec::new()).await;
    browser.types("\u{e007}").await;
    browser.sees("in 8 lanes").await;
}

/// The filters of the pages of runs work on the timeline of members.
async fn narrows(browser: &Browser) {
    browser.press("NS 12 shown, hide them").await;
    browser.sees("in 0 lanes").await;
    browser.go("/investigations/1/timeline?hide=NS").await;
    browser.sees("37 of 49 shown").await;
    browser.fill("Count at least", "6").await;
    browser.press("Apply").await;
    browser.sees("No records to draw").await;
    browser.click(Locator::LinkText("Show all")).await;
    browser.go("/investigations/1/timeline?at=2026-05-20").await;
    browser.sees("On 2026-05-20, ").await;
    browser.run(DRAW, Vec::new()).await;
    browser.sees("outside the window or without dates").await;
    let window = "return new URL(location.href).searchParams.get('from').startsWith('2026-');";
    assert_eq!(browser.run(window, Vec::new()).await, json!(true));
    browser.sees("On 2026-05-20, ").await;
}
