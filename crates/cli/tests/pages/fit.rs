//! Checks that a page fits its window, so that the page itself does not scroll sideways. Content that scrolls within the page
//! may be wider.

use serde_json::{Value, json};

use crate::browser::Browser;

/// The narrowest width at which a page must be usable, in CSS pixels.
pub(crate) const NARROWEST: u32 = 360;
/// Returns the elements that stick out to the right, outermost first, unless the page is no wider than its window. Elements
/// that a box in between cuts off or scrolls do not make the page wide.
const WIDER: &str = "
    // Without what a scroll bar takes.
    const room = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= room) return [];
    const kept = (element) => {
        for (let up = element.parentElement; up && up !== document.body; up = up.parentElement) {
            if (getComputedStyle(up).overflowX !== 'visible') return true;
        }
        return false;
    };
    const out = [...document.body.querySelectorAll('*')]
        .map((element) => [element, element.getBoundingClientRect()])
        .filter(([element, box]) => box.right > room + 0.5 && !kept(element))
        .map(([element, box]) => `${element.cloneNode().outerHTML.slice(0, 160)}: ${box.left} to ${box.right}`);
    return [`${document.documentElement.scrollWidth} in ${room}`, ...out.slice(0, 20)];";

/// Fails for a page that does not fit the narrowest window; leaves the window wide.
pub(crate) async fn fits_narrow(browser: &Browser, what: &str) {
    browser.is_wide(NARROWEST, 800).await;
    fits(browser, what).await;
    browser.is_wide(1440, 1000).await;
}

/// Fails for a page that is wider than its window, and names the cause.
pub(crate) async fn fits(browser: &Browser, what: &str) {
    let wider: Value = browser.run(WIDER, Vec::new()).await;
    assert_eq!(wider, json!([]), "{what} scrolls sideways: {wider:#}");
}
