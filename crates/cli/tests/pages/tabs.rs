//! Two tabs on the same object: a form that was opened before another change does not overwrite that change unnoticed.

use fantoccini::Locator;

use crate::analyst;
use crate::browser::{Browser, browse};
use crate::program::Program;

const CIRCL: &str = "/integrations/circl-passive-dns";
const PORT: &str = "Communication Port";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stale_configuration_is_shown_the_difference() {
    let program = Program::serve(["--sample"]);
    browse(&program, async |browser| {
        browser.becomes("ann", &program).await;
        analyst::installs(browser, &program, "1.1.0").await;
        browser.go(CIRCL).await;
        let [first, second] = browser.opens_a_tab().await;
        browser.go(CIRCL).await;
        browser.fill(PORT, "8053").await;
        browser.press("Save").await;
        browser.sees("Saved for the next run.").await;
        // The first tab still has the old port, and changes something else.
        browser.turns_to(&first).await;
        browser.fill("Page Size", "500").await;
        browser.press("Save").await;
        browser.sees("Nothing was saved.").await;
        browser.sees("Stored now: 8053").await;
        browser.sees(&format!("Yours: {}", program.port())).await;
        browser.sees("Yours: 500").await;
        // The stored value is kept unless another one is chosen.
        browser.click(Locator::Css("input[name='value.page_size'][value='500']")).await;
        browser.press("Save selected values").await;
        browser.sees("Saved for the next run.").await;
        has(browser, PORT, "8053").await;
        has(browser, "Page Size", "500").await;
        // The second tab, which is now outdated, may overwrite it deliberately.
        browser.turns_to(&second).await;
        browser.fill(PORT, "8054").await;
        browser.press("Save").await;
        browser.sees("Nothing was saved.").await;
        browser.click(Locator::Css("input[name='value.port'][value='8054']")).await;
        browser.press("Save selected values").await;
        has(browser, PORT, "8054").await;
        has(browser, "Page Size", "500").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_that_was_typed_into_a_stale_form_is_typed_again() {
    let program = Program::serve(["--sample"]);
    browse(&program, async |browser| {
        browser.becomes("ann", &program).await;
        analyst::installs(browser, &program, "1.1.0").await;
        browser.go(CIRCL).await;
        let [first, _second] = browser.opens_a_tab().await;
        browser.go(CIRCL).await;
        // Another secret is another state, although neither is ever shown.
        browser.press("Replace or clear").await;
        browser.fill("User Token", "user:first-secret").await;
        browser.press("Save").await;
        browser.sees("Saved for the next run.").await;
        browser.turns_to(&first).await;
        browser.press("Replace or clear").await;
        browser.fill("User Token", "user:second-secret").await;
        browser.press("Save").await;
        browser.sees("Nothing was saved.").await;
        let whole = browser.run("return document.documentElement.outerHTML;", Vec::new()).await;
        assert!(!whole.as_str().unwrap().contains("-secret"), "a secret was sent back");
        browser.fill("User Token", "user:second-secret").await;
        browser.press("Save selected values").await;
        browser.sees("Saved for the next run.").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_of_an_indicator_is_not_overwritten_unseen() {
    let program = Program::demo();
    browse(&program, async |browser| {
        browser.enters(&program).await;
        let page = "/library/indicator?value=192.0.2.80";
        browser.go(page).await;
        let [first, second] = browser.opens_a_tab().await;
        browser.go(page).await;
        browser.choose("Status", "Whitelisted").await;
        browser.press("Set status").await;
        browser.sees("Status changed.").await;
        browser.turns_to(&first).await;
        browser.choose("Status", "Expired").await;
        browser.press("Set status").await;
        browser.sees("Nothing was saved.").await;
        browser.sees("Stored now: Whitelisted").await;
        browser.sees("Yours: Expired").await;
        browser.press("Keep stored values").await;
        browser.is_at("/library/indicator").await;
        // Only a user who has seen the new note can add another one.
        browser.fill("Note", "seen in a report").await;
        browser.press("Add note").await;
        browser.sees("Note added.").await;
        browser.turns_to(&second).await;
        browser.press("Remove").await;
        browser.sees("Nothing was saved.").await;
        browser.sees("seen in a report").await;
        browser.press("Remove it anyway").await;
        browser.sees("Undo brings it back as it was.").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_changed_since_they_were_ticked_are_asked_about_one_by_one() {
    let program = Program::demo();
    browse(&program, async |browser| {
        browser.enters(&program).await;
        analyst::adds(browser, "one.example\ntwo.example").await;
        browser.go("/library?q=*.example").await;
        browser.click(Locator::Css("[data-ticks]")).await;
        let [first, _second] = browser.opens_a_tab().await;
        browser.go("/library/indicator?value=one.example").await;
        browser.choose("Status", "Whitelisted").await;
        browser.press("Set status").await;
        browser.sees("Status changed.").await;
        browser.turns_to(&first).await;
        browser.choose("Status for the selected indicators", "Review").await;
        browser.press("Set status").await;
        browser.sees("one.example (it was Active, it is Whitelisted)").await;
        browser.press("Change selected").await;
        browser.sees("Statuses changed.").await;
        browser.go("/library/indicator?value=one.example").await;
        browser.sees("Whitelisted").await;
        browser.go("/library?status=Review&q=*.example").await;
        browser.sees("1 shown").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_is_not_set_over_another_that_was_not_seen() {
    let program = Program::serve(["--sample"]);
    browse(&program, async |browser| {
        browser.becomes("ann", &program).await;
        browser.go("/users").await;
        browser.press("Create invitation link").await;
        let link = browser.find(Locator::Css(".banner code")).await.text().await.unwrap();
        let link = link.split_once("/welcome").map(|(_, rest)| format!("/welcome{rest}")).unwrap();
        browser.forgets().await;
        browser.joins("bob", &link).await;
        browser.forgets().await;
        browser.signs_in("ann").await;
        browser.go("/users").await;
        let [first, _second] = browser.opens_a_tab().await;
        browser.go("/users").await;
        sets_role(browser, "Reader").await;
        browser.sees("Role changed").await;
        browser.turns_to(&first).await;
        sets_role(browser, "Maintainer").await;
        browser.sees("Nothing was saved.").await;
        browser.sees("Stored now: Reader").await;
        browser.press("Keep stored values").await;
        browser.is_at("/users").await;
    })
    .await;
}

async fn sets_role(browser: &Browser, role: &str) {
    browser.choose("Role of bob", role).await;
    let button = "//label[contains(.,'Role of bob')]/parent::form//button";
    browser.click(Locator::XPath(button)).await;
}

async fn has(browser: &Browser, label: &str, value: &str) {
    browser.sees("Integration Information").await;
    let found = browser.field(label).await.prop("value").await.unwrap();
    assert_eq!(found.as_deref(), Some(value), "{label}");
}
