//! Sending to a platform in the browser: configuring it, the preview, Send, and what the pages say afterwards.

use testkit::misp::ScriptedMisp;

use crate::access::is_for_everybody;
use crate::browser::{Browser, browse};
use crate::fit::{NARROWEST, fits};
use crate::program::Program;
use crate::views::is_seen;

pub(crate) const KEY: &str = "b8Jx0fTheAnalystOfTheInstance0123456789c";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_investigation_is_sent_to_misp() {
    let misp = ScriptedMisp::new(KEY);
    let port = misp.listen().await.unwrap().port();
    let program = Program::serve::<&str>([]);
    for values in [&["c2.example", "--tlp", "green"][..], &["192.0.2.80", "--tlp", "red"]] {
        assert_eq!(program.does("indicator", &[&["add"], values].concat()), Some(0));
    }
    let create = ["create", "Campaign 7", "c2.example", "192.0.2.80"];
    assert_eq!(program.does("investigation", &create), Some(0));
    browse(&program, async |browser| {
        browser.becomes("ann", &program).await;
        joins(port, &program, browser).await;
        browser.go("/handover?investigation=1").await;
        browser.press("Send to MISP, up to TLP:GREEN").await;
        browser.sees("nothing is sent yet").await;
        browser.sees("it is marked RED").await;
        is_seen(browser, "push-new", false).await;
        assert_eq!(misp.size(), 0);
        browser.press("Send").await;
        browser.sees("Created").await;
        browser.sees("Done").await;
        is_seen(browser, "push", true).await;
        let event = misp.event(&misp.events()[0]).unwrap().to_string();
        assert!(event.contains("c2.example") && !event.contains("192.0.2.80"), "{event}");
        browser.go("/library/indicator?value=c2.example").await;
        browser.sees("Sent to platforms").await;
        browser.press("push 1").await;
        browser.is_at("/pushes/1").await;
        browser.go("/pushes").await;
        browser.sees("1 held back").await;
        is_for_everybody(browser, "pushes").await;
        for width in [NARROWEST, 800, 1_440] {
            browser.is_wide(width, 900).await;
            fits(browser, "pushes").await;
        }
    })
    .await;
}

/// Installs the integration, enters the key on its page, tests the connection, and enables it.
pub(crate) async fn joins(port: u16, program: &Program, browser: &Browser) {
    assert_eq!(program.does("integration", &["install", "misp"]), Some(0));
    let configure = ["configure", "misp", "host=127.0.0.1", &format!("port={port}"), "use_http=on"];
    assert_eq!(program.does("integration", &configure), Some(0));
    browser.go("/integrations/misp").await;
    browser.sees("Platform").await;
    browser.fill("Authentication Key", KEY).await;
    browser.press("Save and test connection").await;
    browser.sees("Accepted, as analyst@misp.example").await;
    browser.sees("MISP 2.4.193").await;
    assert_eq!(program.does("integration", &["enable", "misp"]), Some(0));
}
