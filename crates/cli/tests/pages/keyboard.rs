//! Use without a mouse: searching with `/`, the order of Tab, closing with Escape.

use serde_json::Value;

use crate::browser::{Browser, browse};
use crate::program::Program;

const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";
const ESCAPE: &str = "\u{e00c}";
/// The name of the focused element for a screen reader.
const FOCUS: &str = "
    const here = document.activeElement;
    return here.ariaLabel || here.labels?.[0]?.innerText || here.innerText.trim().replace(/\\s+/g, ' ') || here.id;";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_is_reached_without_a_mouse() {
    let program = Program::demo();
    browse(&program, async |browser| {
        browser.enters(&program).await;
        goes_in_order(browser).await;
        searches(browser).await;
        closes_the_menu(browser).await;
        closes_the_dialog(browser).await;
    })
    .await;
}

async fn goes_in_order(browser: &Browser) {
    let order = [
        "Skip to content",
        "Backsight",
        "Threat Library",
        "Explorer",
        "My Integrations",
        "Look up a name or address",
        "demo Administrator",
        "Add indicators",
    ];
    let mut reached = Vec::new();
    // There may be more stops between these; none of them is skipped.
    for _ in 0..order.len() + 4 {
        browser.types(TAB).await;
        reached.push(focus(browser).await);
    }
    let mut stops = reached.iter();
    for stop in order {
        assert!(stops.any(|one| one == stop), "{stop} is not reached in its turn: {reached:?}");
    }
}

async fn searches(browser: &Browser) {
    browser.go("/integrations").await;
    browser.types("/").await;
    assert_eq!(focus(browser).await, "Look up a name or address");
    browser.types("hxxp://www[.]threatq[.]com/x").await;
    browser.types(ENTER).await;
    // An exact match is opened.
    browser.is_at("/library/indicator").await;
    browser.sees("www.threatq.com").await;
}

async fn closes_the_menu(browser: &Browser) {
    browser.press("demo Administrator").await;
    browser.sees("Sign out").await;
    browser.types(ESCAPE).await;
    browser.sees_no("Sign out").await;
    assert_eq!(focus(browser).await, "demo Administrator");
    // Clicking elsewhere closes it too, and so does leaving it with Tab.
    browser.press("demo Administrator").await;
    browser.sees("Sign out").await;
    browser.click(fantoccini::Locator::Css("h1")).await;
    browser.sees_no("Sign out").await;
    browser.press("demo Administrator").await;
    // Beyond its seven entries.
    for _ in 0..8 {
        browser.types(TAB).await;
    }
    browser.sees_no("Sign out").await;
}

async fn closes_the_dialog(browser: &Browser) {
    browser.go("/integrations/new").await;
    // The focus stays within it, however often Tab is pressed.
    for _ in 0..12 {
        browser.types(TAB).await;
        let within =
            "const here = document.activeElement; return here === document.body || !!here.closest('dialog');";
        assert_eq!(browser.run(within, Vec::new()).await, Value::Bool(true), "{}", focus(browser).await);
    }
    browser.types(ESCAPE).await;
    browser.is_at("/integrations").await;
    browser.sees("Add New Integration").await;
    assert_eq!(focus(browser).await, "Add New Integration");
}

async fn focus(browser: &Browser) -> String {
    browser.run(FOCUS, Vec::new()).await.as_str().unwrap_or_default().to_owned()
}
