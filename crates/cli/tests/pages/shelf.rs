//! The library's list: ticked indicators get a status, are removed and restored, with and without scripts.

use fantoccini::Locator;
use serde_json::json;

use crate::access::is_for_everybody;
use crate::analyst;
use crate::browser::{Browser, browse, in_browser};
use crate::fit::fits_narrow;
use crate::program::Program;

/// The number of ticked boxes, and of all boxes.
const TICKED: &str = "
    const boxes = [...document.querySelectorAll('input[name=pick]')];
    return [boxes.filter((box) => box.checked).length, boxes.length];";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_ticked_changes_together() {
    let program = Program::demo();
    browse(&program, async |browser| {
        browser.enters(&program).await;
        browser.go("/library").await;
        browser.sees("0 of 4 selected").await;
        browser.click(Locator::Css("[data-ticks]")).await;
        browser.sees("4 of 4 selected").await;
        tick(browser, "cdn.example.net").await;
        browser.sees("3 of 4 selected").await;
        browser.choose("Status for the selected indicators", "Whitelisted").await;
        browser.press("Set status").await;
        browser.sees("Statuses changed.").await;
        browser.go("/library?status=Whitelisted").await;
        browser.sees("3 shown").await;
        browser.click(Locator::Css("[data-ticks]")).await;
        browser.press("Remove").await;
        browser.sees("No matching indicators").await;
        browser.sees("3 indicators removed.").await;
        is_for_everybody(browser, "after a removal").await;
        fits_narrow(browser, "after a removal").await;
        browser.press("Undo").await;
        browser.sees("Undone. What was removed is back as it was.").await;
        browser.sees("3 shown").await;
        browser.click(Locator::Css("[data-ticks]")).await;
        browser.press("Remove").await;
        browser.go("/library").await;
        browser.sees("1 shown").await;
        browser.go("/library?removed=yes").await;
        browser.click(Locator::Css("[data-ticks]")).await;
        browser.press("Restore").await;
        browser.sees("Restored with all its data.").await;
        browser.go("/library").await;
        browser.sees("4 shown").await;
        browser.press("Set status").await;
        browser.sees("Nothing changed.").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_are_ticked_without_a_script() {
    let program = Program::demo();
    in_browser(&program, false, async |browser| {
        browser.enters(&program).await;
        analyst::adds(browser, "one.example\ntwo.example").await;
        browser.go("/library?q=*.example").await;
        tick(browser, "one.example").await;
        browser.choose("Status for the selected indicators", "Review").await;
        browser.press("Set status").await;
        browser.is_at("/library").await;
        browser.go("/library?status=Review").await;
        browser.sees("1 shown").await;
        browser.sees("one.example").await;
        // What was removed before stays removed when the next removal is undone, from the list or from a page.
        tick(browser, "one.example").await;
        browser.press("Remove").await;
        browser.go("/library/indicator?value=two.example").await;
        browser.press("Remove").await;
        browser.sees("Undo brings it back as it was.").await;
        browser.press("Undo").await;
        browser.sees("Undone. What was removed is back as it was.").await;
        browser.go("/library?q=*.example").await;
        browser.sees("1 shown").await;
        browser.sees("two.example").await;
    })
    .await;
}

async fn tick(browser: &Browser, value: &str) {
    let before = browser.run(TICKED, Vec::new()).await;
    browser.click(Locator::Css(&format!("input[name=pick][value=\"{value}\"]"))).await;
    assert_ne!(browser.run(TICKED, Vec::new()).await, before, "{}", json!(value));
}
