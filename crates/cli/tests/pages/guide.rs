//! The guide, word by word, from the first start to what an analyst keeps.

use fantoccini::Locator;

use crate::browser::{Browser, browse};
use crate::program::Program;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_guide_is_followed_word_by_word() {
    let program = Program::serve(["--sample"]);
    browse(&program, async |browser| {
        browser.becomes("ann", &program).await;
        installs(browser, &program).await;
        configures(browser, &program).await;
        enables(browser).await;
    })
    .await;
}

/// G-10 to G-19: Add New Integration, Click to Browse, listed under Disabled.
async fn installs(browser: &Browser, program: &Program) {
    browser.press("My Integrations").await;
    browser.sees("Nothing is installed yet").await;
    browser.press("Add New Integration").await;
    browser.sees("Drag and drop the integration file here").await;
    browser.sees("Click to Browse").await;
    let input = browser.find(Locator::Css("input[type=file]")).await;
    input.send_keys(program.package("1.0.0").to_str().unwrap()).await.unwrap();
    browser.sees("circl-passive-dns-1.0.0.toml").await;
    browser.click(Locator::Css("dialog footer .primary")).await;
    browser.sees("Installed. It stays disabled until it is configured and enabled.").await;
    browser.sees("Integration Information").await;
}

/// G-20 to G-26: found under Disabled by the type, opened, its five parameters set and saved.
async fn configures(browser: &Browser, program: &Program) {
    browser.press("My Integrations").await;
    browser.click(Locator::Css(".tabs a[href*=disabled]")).await;
    browser.choose("Type", "Operation").await;
    browser.press("Apply").await;
    browser.sees("1 of 1 shown").await;
    browser.press("CIRCL Passive DNS").await;
    browser.sees("Additional Information").await;
    browser.fill("Hostname/IP Address of the CIRCL server", "127.0.0.1").await;
    browser.fill("Communication Port", program.port()).await;
    browser.fill("User Token", "user:tr0ub4dor").await;
    browser.field("Use HTTP").await.click().await.unwrap();
    assert!(browser.field("Verify SSL").await.is_selected().await.unwrap(), "on by default");
    browser.press("Save").await;
    browser.sees("Saved").await;
    browser.sees_no("tr0ub4dor").await;
    browser.press("Test connection").await;
    browser.sees("Name resolution").await;
}

/// G-27: the toggle above Additional Information.
async fn enables(browser: &Browser) {
    let above = "//section[@aria-label='State'][following-sibling::section[contains(.,'Additional Information')]]//input[@role='switch']";
    browser.click(Locator::XPath(above)).await;
    browser.sees("Analysts can run it.").await;
    browser.press("My Integrations").await;
    browser.click(Locator::Css(".tabs a[href*=enabled]")).await;
    browser.sees("CIRCL Passive DNS").await;
}
