//! A ThreatQ on the pages: pulling indicators from it, and executing the operations that are installed there.

use testkit::threatq::{CLIENT_ID, CLIENT_SECRET, Fault, ScriptedThreatq};

use crate::browser::{Browser, browse};
use crate::fit::fits_narrow;
use crate::program::Program;

/// Text of an instance that a page might run.
const HOSTILE: &str = "<img src=x onerror=\"window.hit=1\">\u{202e}\u{1b}[31m";

/// Installs, configures and enables the integration of an instance.
pub(crate) async fn joins(threatq: &ScriptedThreatq, program: &Program, browser: &Browser) {
    assert_eq!(program.does("integration", &["install", "threatq"]), Some(0));
    let (port, id) = (format!("port={}", threatq.address().port()), format!("client_id={CLIENT_ID}"));
    let configure = ["configure", "threatq", "host=127.0.0.1", &port, &id, "use_http=on"];
    assert_eq!(program.does("integration", &configure), Some(0));
    browser.go("/integrations/threatq").await;
    browser.fill("Client Secret", CLIENT_SECRET).await;
    browser.press("Save and test connection").await;
    browser.sees("with the saved values").await;
    assert_eq!(program.does("integration", &["enable", "threatq"]), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn indicators_are_pulled_after_a_preview() {
    let threatq = ScriptedThreatq::start().await.unwrap();
    for n in 0..620 {
        let id = threatq.put(&format!("n{n}.example"), "FQDN", if n % 2 == 0 { "Active" } else { "Expired" });
        threatq.report(id, "Feed", Some(3));
    }
    threatq.add_status("Under Observation");
    let id = threatq.put("5.6.7.8", "IP Address", "Under Observation");
    threatq.report(id, "Feed", Some(3));
    let odd = threatq.put("no name at all", "FQDN", "Active");
    threatq.report(odd, "Feed", Some(3));
    threatq.put("hash", "MD5", "Active");
    let program = Program::serve::<&str>([]);
    assert_eq!(program.does("indicator", &["add", "n0.example", "n2.example"]), Some(0));
    assert_eq!(program.does("indicator", &["remove", "n2.example"]), Some(0));
    browse(&program, async |browser| {
        browser.becomes("ann", &program).await;
        joins(&threatq, &program, browser).await;
        browser.go("/library").await;
        browser.press("Pull from ThreatQ").await;
        browser.is_at("/integrations/threatq/pull").await;
        browser.sees("Under Observation").await;
        browser.sees_no("MD5").await;
        browser.press("Show what would be added").await;
        browser.sees("The first 500 of 622 were read").await;
        browser.sees("new\n498").await;
        browser.sees("known\n1").await;
        browser.sees("removed here before\n1").await;
        fits_narrow(browser, "the preview of a pull").await;
        browser.field("Active").await.click().await.unwrap();
        browser.choose("Into", "the library and a new investigation").await;
        browser.fill("Name of a new investigation", "From ThreatQ").await;
        browser.press("Show what would be added").await;
        browser.sees("All 311 of them were read").await;
        browser.sees("not ours\n1").await;
        browser.press("Pull 311 indicators").await;
        browser.sees("Done").await;
        browser.sees("310 read").await;
        browser.sees("309 members").await;
        browser.sees("Left out").await;
        fits_narrow(browser, "a pull").await;
        browser.press("From ThreatQ").await;
        browser.is_at("/investigations/1").await;
        browser.go("/library/indicator?value=n4.example").await;
        browser.sees("TLP:GREEN").await;
        browser.go("/pulls").await;
        browser.sees("FQDN").await;
        fits_narrow(browser, "pulls").await;
        browser.go("/audit").await;
        browser.sees("Pull ended").await;
        browser.sees("310 indicators read, 308 new, 1 known").await;
    })
    .await;
    assert_eq!(threatq.changes(), 0, "a pull changes nothing there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_operation_is_executed_once_and_its_result_is_only_shown() {
    let threatq = ScriptedThreatq::start().await.unwrap();
    let record = |rrtype: &str, rdata: &str| {
        serde_json::json!({"rrname": "www.c2.example", "rrtype": rrtype, "rdata": rdata, "time_first": 1_496_995_637,
            "time_last": 1_499_951_111, "count": 6})
    };
    let result = serde_json::json!({
        "records": [record("A", "185.194.93.7"), record("NS", "ns1.c2.example"), record("TXT", HOSTILE)],
        "plugin": {"mask": true, "value": "leaked-plugin-secret"}, "text": HOSTILE,
    });
    threatq.install("CIRCL Passive DNS", "Query CIRCL Passive DNS", &result.to_string());
    threatq.install(&format!("Other {HOSTILE}"), &format!("Look {HOSTILE}"), "[]");
    let program = Program::serve::<&str>([]);
    assert_eq!(program.does("indicator", &["add", "www.c2.example"]), Some(0));
    assert_eq!(program.does("indicator", &["add", "red.example", "--tlp", "red"]), Some(0));
    browse(&program, async |browser| {
        browser.becomes("ann", &program).await;
        joins(&threatq, &program, browser).await;
        browser.go("/library/indicator?value=red.example").await;
        browser.sees("Operations of ThreatQ: this indicator is held back").await;
        browser.go("/library/indicator?value=www.c2.example").await;
        browser.press("Operations of ThreatQ").await;
        browser.sees("Query CIRCL Passive DNS").await;
        fits_narrow(browser, "operations").await;
        // The instance does not have it yet.
        browser.press("Execute").await;
        browser.sees("does not have www.c2.example").await;
        threatq.put("www.c2.example", "FQDN", "Active");
        executes(browser).await;
        browser.sees("185.194.93.7").await;
        browser.sees("3 of 3 records shown").await;
        browser.sees("[hidden]").await;
        browser.sees_no("leaked-plugin-secret").await;
        is_unharmed(browser).await;
        fits_narrow(browser, "an execution").await;
        assert_eq!(threatq.executions(), 1);
        browser.go("/library/indicator?value=www.c2.example").await;
        browser.sees("Operation executed on a platform").await;
        threatq.fail("/execute", Fault::ActAndCut);
        executes(browser).await;
        browser.sees("It may have been executed").await;
        assert_eq!(threatq.executions(), 2, "it is not sent again");
        browser.go("/integrations/threatq/operations").await;
        browser.sees("Executions since the server started").await;
        is_unharmed(browser).await;
    })
    .await;
    assert!(!threatq.received().contains("red.example"));
}

async fn executes(browser: &Browser) {
    browser.go("/integrations/threatq/operations?value=www.c2.example").await;
    browser.press("Execute").await;
    browser.sees("Started. It is sent exactly once").await;
}

async fn is_unharmed(browser: &Browser) {
    let hit = browser
        .run("return window.hit ?? document.querySelector('img[src=x]')?.src ?? null;", Vec::new())
        .await;
    assert!(hit.is_null(), "something was run at {}", browser.path().await);
}
