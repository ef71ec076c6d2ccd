//! The integration guide in the browser, from the first start to the library, and on to the platforms where the team works.

use fantoccini::Locator;
use testkit::misp::ScriptedMisp;
use testkit::threatq::ScriptedThreatq;

use crate::analyst;
use crate::browser::{Browser, browse};
use crate::program::Program;
use crate::pushes;
use crate::threatq;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_guide_is_followed_word_by_word() {
    let program = Program::serve(["--sample"]);
    let (misp, instance) = (ScriptedMisp::new(pushes::KEY), ScriptedThreatq::start().await.unwrap());
    let port = misp.listen().await.unwrap().port();
    browse(&program, async |browser| {
        browser.becomes("ann", &program).await;
        installs(browser, &program).await;
        configures(browser, &program).await;
        enables(browser).await;
        analyst::adds(browser, "hxxp://www[.]threatq[.]com/x\n104.196.175.197").await;
        runs_on_a_name(browser).await;
        runs_on_an_address(browser).await;
        undoes(browser).await;
        pushes::joins(port, &program, browser).await;
        threatq::joins(&instance, &program, browser).await;
        sends(browser, "MISP").await;
        sends(browser, "ThreatQ").await;
        is_said_on_the_indicator(browser).await;
    })
    .await;
    let event = misp.event(&misp.events()[0]).unwrap().to_string();
    assert!(event.contains("www.threatq.com") && event.contains("104.196.175.197"), "{event}");
    assert!(!event.contains("register.com"), "what was not added is not sent: {event}");
    let name = instance.object("www.threatq.com").unwrap();
    assert_eq!((name.status.as_str(), name.related.len(), instance.objects().len()), ("Indirect", 1, 2));
    assert!(name.attributes.contains(&("Resource Data".to_owned(), "104.196.175.197".to_owned())));
}

/// Add New Integration, Click to Browse, listed under Disabled.
async fn installs(browser: &Browser, program: &Program) {
    browser.press("My Integrations").await;
    browser.sees("No integrations yet").await;
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

/// It is found under Disabled by its type and opened; its five parameters are set and saved.
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

/// The toggle above Additional Information.
async fn enables(browser: &Browser) {
    let above = "//section[@aria-label='State'][following-sibling::section[contains(.,'Additional Information')]]//input[@role='switch']";
    browser.click(Locator::XPath(above)).await;
    browser.sees("Analysts can run it.").await;
    browser.press("My Integrations").await;
    browser.click(Locator::Css(".tabs a[href*=enabled]")).await;
    browser.sees("CIRCL Passive DNS").await;
}

/// One record, of the indicator itself.
async fn runs_on_a_name(browser: &Browser) {
    analyst::asks(browser, "www.threatq.com").await;
    browser.sees("104.196.175.197").await;
    browser.sees("1 of 1 shown").await;
    assert_eq!(analyst::adds_all(browser).await, "Add 2 findings");
    browser.press("Open indicator").await;
    browser.is_at("/library/indicator").await;
    for words in ["Resource Type", "Resource Data", "104.196.175.197", "CIRCL Passive DNS"] {
        browser.sees(words).await;
    }
}

/// Two direct rows, and five that are related by name.
async fn runs_on_an_address(browser: &Browser) {
    analyst::asks(browser, "104.196.175.197").await;
    for words in ["7 of 7 shown", "Direct", "Related", "dns04.gpn.register.com"] {
        browser.sees(words).await;
    }
    let boxes = "return document.querySelectorAll('input[type=checkbox][name=pick]').length;";
    assert_eq!(browser.run(boxes, Vec::new()).await, 7);
    browser.click(Locator::Css("td.pick label")).await;
    browser.sees("1 of 7 selected").await;
    // Faster than the server answers: the last count includes all of them.
    let three = "[...document.querySelectorAll('td.pick input')].slice(1, 4).forEach((box) => box.click());";
    browser.run(three, Vec::new()).await;
    browser.sees("4 of 7 selected").await;
    browser.sees(" findings").await;
    // A and NS, and six values.
    assert_eq!(analyst::adds_all(browser).await, "Add 8 findings");
    browser.press("Open indicator").await;
    browser.sees("dns03.gpn.register.com").await;
}

/// Removes only what the last run added.
async fn undoes(browser: &Browser) {
    browser.press("Run 2").await;
    browser.press("Undo what was added").await;
    browser.sees("Undone.").await;
    browser.press("Open indicator").await;
    browser.sees("Relationships").await;
    browser.sees_no("dns03.gpn.register.com").await;
    browser.go("/library/indicator?value=www.threatq.com").await;
    browser.sees("Resource Type").await;
}

/// What was added from the first run, by the form "Hand over": the preview, then Send, and the rows.
async fn sends(browser: &Browser, platform: &str) {
    browser.go("/runs/1").await;
    browser.press("Download").await;
    browser.press("Hand over… with options").await;
    browser.is_at("/handover").await;
    browser.field("Only records with findings that were added").await.click().await.unwrap();
    browser.press(&format!("Send to {platform}, up to TLP:GREEN")).await;
    browser.sees("nothing is sent yet").await;
    browser.sees("www.threatq.com").await;
    browser.press("Send").await;
    browser.sees("Done").await;
    browser.sees("Created").await;
    browser.sees("104.196.175.197").await;
}

/// Both pushes, newest first.
async fn is_said_on_the_indicator(browser: &Browser) {
    browser.go("/library/indicator?value=www.threatq.com").await;
    browser.sees("Sent to platforms").await;
    browser.sees("push 1").await;
    browser.press("push 2").await;
    browser.is_at("/pushes/2").await;
    browser.sees("3 created").await;
}
