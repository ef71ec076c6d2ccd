//! A value in a record leads to the explorer, and the question mark beside it queries it in the role that it has there: a name server for
//! what it serves.

use std::fmt::Write as _;

use fantoccini::Locator;

use crate::analyst;
use crate::browser::{Browser, browse, in_browser};
use crate::program::Program;

/// Zones of one name server, which itself has no record.
fn zones(number: usize) -> String {
    (0..number).fold(String::new(), |mut text, n| {
        let _ = writeln!(
            text,
            r#"{{"rrname":"zone{n}.example","rrtype":"NS","rdata":"ns1.host.example","time_first":1700000000,"time_last":1760000000,"count":{}}}"#,
            n + 1
        );
        text
    })
}

async fn is_ready(browser: &Browser, program: &Program, script: bool) {
    browser.becomes("ann", program).await;
    analyst::installs(browser, program, "1.1.0").await;
    browser.click(Locator::Css(analyst::TOGGLE)).await;
    if !script {
        browser.press("Apply").await;
    }
    browser.sees("Analysts can run it.").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_server_that_is_clicked_is_asked_for_what_it_serves() {
    let program = Program::with(&zones(12));
    browse(&program, async |browser| {
        is_ready(browser, &program, true).await;
        analyst::adds(browser, "zone1.example\nns1.host.example").await;
        analyst::asks(browser, "zone1.example").await;
        browser.sees("records owned by this name").await;
        browser.press("ns1.host.example").await;
        browser.is_at("/explorer").await;
        browser.sees("in data ns1.host.example").await;
        browser.sees("12 of 12 shown").await;
        browser.sees("1 operation can be asked about this").await;
        browser.go("/runs/1").await;
        browser.click(Locator::Css("td a[title='Query ns1.host.example']")).await;
        browser.is_at("/runs/2").await;
        browser.sees("records with this name in their data").await;
        browser.sees("12 of 12 shown").await;
        // The other direction is one click away, and the page only claims what was queried.
        browser.press("query the records it owns").await;
        browser.is_at("/runs/3").await;
        browser.sees("no records with this name as owner").await;
        browser.sees("No records with ns1.host.example as owner").await;
        browser.sees("In this server's own database, 12 names use it as NS.").await;
        browser.press("Query the names that use it").await;
        browser.is_at("/runs/4").await;
        browser.sees("12 of 12 shown").await;
        // It is a different query: its own first answer is stored and reused, not that of the name's records.
        browser.sees("stored answer from run 2").await;
        browser.press("Run again").await;
        browser.is_at("/runs/5").await;
        browser.sees("12 of 12 shown").await;
        browser.press("Changes").await;
        browser.sees("Nothing changed").await;
        // The graph uses it too.
        browser.go("/runs/1/graph").await;
        let target = "return document.querySelector('.graph a[href*=\"value=ns1.host.example\"]').getAttribute('href');";
        let target = browser.run(target, Vec::new()).await;
        assert!(target.as_str().unwrap().contains("side=data"), "{target}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_script_the_form_asks_which_direction() {
    let program = Program::with(&zones(3));
    in_browser(&program, false, async |browser| {
        is_ready(browser, &program, false).await;
        analyst::adds(browser, "zone1.example").await;
        analyst::asks(browser, "zone1.example").await;
        browser.click(Locator::Css("td a[title='Query ns1.host.example']")).await;
        browser.is_at("/run").await;
        assert!(browser.field("Records with this name in their data").await.is_selected().await.unwrap());
        browser.press("Query ns1.host.example").await;
        browser.sees("3 of 3 shown").await;
    })
    .await;
}
