//! Steps that several tests perform before their actual subject.

use fantoccini::Locator;

use crate::browser::Browser;
use crate::program::Program;

/// The switch that enables an integration.
pub(crate) const TOGGLE: &str = "section[aria-label=State] input[role=switch]";

/// Installs a bundled version of the operation and configures the program itself as its provider.
pub(crate) async fn installs(browser: &Browser, program: &Program, version: &str) {
    installs_for(browser, program.port(), version).await;
}

/// Installs a bundled version of the operation and configures a port of this machine as its provider.
pub(crate) async fn installs_for(browser: &Browser, port: &str, version: &str) {
    browser.go("/integrations").await;
    browser.press("Add New Integration").await;
    browser.press(&format!("Install {version}")).await;
    browser.sees("Integration Information").await;
    browser.fill("Hostname/IP Address of the CIRCL server", "127.0.0.1").await;
    browser.fill("Communication Port", port).await;
    browser.fill("User Token", "user:tr0ub4dor").await;
    browser.field("Use HTTP").await.click().await.unwrap();
    browser.press("Save").await;
    browser.sees("Saved for the next run.").await;
}

/// Enables it.
pub(crate) async fn enables(browser: &Browser) {
    browser.click(Locator::Css(TOGGLE)).await;
    browser.sees("Analysts can run it.").await;
}

/// Adds values to the library.
pub(crate) async fn adds(browser: &Browser, values: &str) {
    browser.go("/library?add=yes").await;
    browser.fill("Values, one or more per line", values).await;
    browser.press("Preview what would be added").await;
    browser.click(Locator::Css("#paste button[value=add]")).await;
    browser.sees("Added.").await;
}

/// Runs the action on an indicator of the library, and waits for the answer.
pub(crate) async fn asks(browser: &Browser, value: &str) {
    browser.go(&format!("/library/indicator?value={value}")).await;
    browser.sees("Query CIRCL Passive DNS").await;
    browser.press("Run").await;
    browser.sees("Complete answer").await;
}

/// Adds everything that a run shows; returns the preview's text.
pub(crate) async fn adds_all(browser: &Browser) -> String {
    browser.click(Locator::Css("#selbar button[value=all]")).await;
    // The previous page may have such a button too; only the button of the requested page has the focus.
    let add = browser.find(Locator::Css("#select-add:focus")).await;
    let words = add.text().await.unwrap();
    browser.click(Locator::Css("#select-add")).await;
    browser.sees("Added to the library.").await;
    words
}
