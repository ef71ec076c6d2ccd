//! The same work in a browser without scripts.

use fantoccini::Locator;

use crate::browser::in_browser;
use crate::program::Program;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_is_done_without_script() {
    let program = Program::serve(["--sample"]);
    in_browser(&program, false, async |browser| {
        browser.becomes("ann", &program).await;
        browser.go("/integrations").await;
        browser.press("Add New Integration").await;
        browser.press("Install 1.2.0").await;
        browser.sees("Integration Information").await;
        browser.fill("Hostname/IP Address of the CIRCL server", "127.0.0.1").await;
        browser.fill("Communication Port", program.port()).await;
        browser.field("Use HTTP").await.click().await.unwrap();
        browser.press("Save and test connection").await;
        browser.sees("with the saved values").await;
        browser.click(Locator::Css("section[aria-label=State] input[role=switch]")).await;
        browser.press("Apply").await;
        browser.sees("Analysts can run it.").await;
        browser.press("Threat Library").await;
        browser.press("Add indicators").await;
        browser
            .fill("Values, one or more per line", "hxxp://www[.]threatq[.]com/x\n104.196.175.197\nno name")
            .await;
        browser.press("Preview what would be added").await;
        browser.sees("3 values read").await;
        browser.press("Add 2 indicators").await;
        browser.press("www.threatq.com").await;
        browser.is_at("/library/indicator").await;
        browser.press("Run").await;
        browser.sees("Complete answer").await;
        browser.click(Locator::Css("#selbar button[value=all]")).await;
        browser.sees("1 of 1 selected").await;
        browser.click(Locator::Css("#select-add")).await;
        browser.sees("Added to the library.").await;
        browser.press("ann Administrator").await;
        browser.press("Sign out").await;
        browser.is_at("/signin").await;
        browser.fill("Name", "ann").await;
        browser.fill("Password", crate::browser::PASSWORD).await;
        browser.press("Sign in").await;
        browser.is_at("/library").await;
    })
    .await;
}
