//! Several operations run from the page of an indicator, and an indicator that is held back from one of them.

use std::net::SocketAddr;

use testkit::{Exchange, Script, ScriptedProvider};

use crate::access::is_for_everybody;
use crate::browser::browse;
use crate::fit::{NARROWEST, fits};
use crate::program::Program;

const PAGE: &str = "/library/indicator?value=www.example.com";
const RECORD: &str = r#"{"rrname":"www.example.com","rrtype":"A","rdata":"185.194.93.1","time_first":1500000000,"time_last":1600000000}"#;

/// Installs an operation that queries this address.
pub(crate) fn installs(program: &Program, operation: &str, address: SocketAddr) {
    let (host, port) = (format!("host={}", address.ip()), format!("port={}", address.port()));
    let settings = ["configure", operation, &host, &port, "use_http=on"];
    for arguments in [&["install", operation][..], &settings, &["enable", operation]] {
        assert_eq!(program.does("integration", arguments), Some(0), "{arguments:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operations_are_ticked_told_what_they_cost_and_held_back() {
    let program = Program::serve::<&str>([]);
    let first = ScriptedProvider::new(Script::always(Exchange::ok(RECORD)));
    let second = ScriptedProvider::new(Script::always(Exchange::status(401, &[], "")));
    installs(&program, "circl-passive-dns", first.listen().await.unwrap());
    installs(&program, "cof", second.listen().await.unwrap());
    assert_eq!(program.does("indicator", &["add", "www.example.com"]), Some(0));
    browse(&program, async |browser| {
        browser.becomes("ann", &program).await;
        browser.go(PAGE).await;
        browser.press("What it would cost").await;
        browser.sees("at least 1 request").await;
        browser.is_wide(NARROWEST, 800).await;
        fits(browser, "indicator with costs").await;
        is_for_everybody(browser, "indicator with costs").await;
        browser.is_wide(1440, 900).await;
        browser.press("Run").await;
        browser.is_at("/runs").await;
        browser.sees("The batch that started with run 1.").await;
        for words in ["circl-passive-dns@1.2.0", "cof@1.0.0", "2 shown"] {
            browser.sees(words).await;
        }
        browser.go(PAGE).await;
        browser.choose("TLP", "TLP: AMBER").await;
        browser.press("Set TLP").await;
        browser.sees("TLP changed.").await;
        browser.sees("TLP:AMBER").await;
        browser.sees("this indicator is held back").await;
        browser.go("/integrations/circl-passive-dns").await;
        browser.choose("Maximum TLP", "TLP:RED").await;
        browser.press("Save").await;
        browser.sees("Saved for the next run.").await;
        browser.go(PAGE).await;
        browser.is_wide(NARROWEST, 800).await;
        fits(browser, "indicator with a marking").await;
        is_for_everybody(browser, "indicator with a marking").await;
        browser.is_wide(1440, 900).await;
        // Only the one that may be asked is ticked.
        browser.press("Run").await;
        browser.sees("Complete answer").await;
    })
    .await;
    assert_eq!(
        (first.requests().len(), second.requests().len()),
        (1, 1),
        "the first answer is used again, and the second operation is not asked"
    );
}
