//! The library as a working list: tags, counts and orders, saved searches, and what is selected goes into an investigation.

use fantoccini::Locator;
use serde_json::{Value, json};
use testkit::{Exchange, Script, ScriptedProvider};

use crate::access::is_for_everybody;
use crate::browser::{Browser, browse};
use crate::fit::{NARROWEST, fits};
use crate::program::Program;
use crate::several::installs;

/// Checks a page for every reader at several widths.
async fn is_good(browser: &Browser, name: &str) {
    is_for_everybody(browser, name).await;
    for width in [NARROWEST, 800, 1_024, 1_440] {
        browser.is_wide(width, 900).await;
        fits(browser, name).await;
    }
}

/// The values of the list, in their order.
async fn listed(browser: &Browser) -> Vec<String> {
    let values =
        "return [...document.querySelectorAll('#shelf tbody th a.mono')].map((link) => link.textContent);";
    let listed: Value = browser.run(values, Vec::new()).await;
    listed.as_array().unwrap().iter().map(|value| value.as_str().unwrap().to_owned()).collect()
}

async fn tick(browser: &Browser, value: &str) {
    browser.click(Locator::Css(&format!("input[name=pick][value=\"{value}\"]"))).await;
}

/// Adds names through the command, the last first in the order by update.
fn adds(program: &Program, values: &[&str]) {
    assert_eq!(program.does("indicator", &[&["add"], values].concat()), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tags_find_indicators_again() {
    let program = Program::serve::<&str>([]);
    adds(&program, &["a.example", "b.example", "c.example"]);
    assert_eq!(program.does("indicator", &["set", "c.example", "--tag", "apt-x"]), Some(0));
    browse(&program, async |browser| {
        browser.becomes("ann", &program).await;
        browser.go("/library/indicator?value=a.example").await;
        browser.sees("No tags yet.").await;
        browser.fill("Tags to add", "Parcel lures, apt-x").await;
        browser.click(Locator::Css("#tags form.btns button")).await;
        browser.sees("Tags changed.").await;
        is_good(browser, "an indicator with tags").await;
        browser.press("Take off the tag apt-x").await;
        browser.sees("Tags changed.").await;
        browser.press("Parcel lures").await;
        browser.is_at("/library").await;
        assert_eq!(listed(browser).await, ["a.example"]);
        browser.sees("3 indicators, 1 matches").await;
        browser.go("/library?tag=APT-X").await;
        assert_eq!(listed(browser).await, ["c.example"]);
        // Several get tags at once.
        browser.go("/library").await;
        tick(browser, "a.example").await;
        tick(browser, "b.example").await;
        browser.press("More").await;
        browser.fill("Tags", "reviewed").await;
        browser.press("Add tags").await;
        browser.sees("Tags changed.").await;
        browser.go("/library?tag=reviewed&sort=value").await;
        assert_eq!(listed(browser).await, ["a.example", "b.example"]);
        is_good(browser, "a list with tags").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_is_counted_and_sorted_and_searches_are_kept() {
    let program = Program::demo();
    browse(&program, async |browser| {
        browser.enters(&program).await;
        browser.go("/library").await;
        browser.sees("4 indicators").await;
        browser.press("Value").await;
        let by_value = listed(browser).await;
        for order in ["Relationships", "Last seen", "Added", "Updated"] {
            browser.press(order).await;
            let mut found = listed(browser).await;
            let sorted = "return document.querySelector('#shelf th[aria-sort]').textContent.trim();";
            assert_eq!(browser.run(sorted, Vec::new()).await, json!(order));
            found.sort();
            let mut all = by_value.clone();
            all.sort();
            assert_eq!(found, all, "{order}");
        }
        browser.go("/library?status=Active&sort=value").await;
        browser.press("Saved searches").await;
        browser.fill("Name of this search", "All that is active").await;
        browser.press("Save this search").await;
        browser.sees("Search saved.").await;
        is_good(browser, "a saved search").await;
        browser.go("/library").await;
        browser.press("All that is active").await;
        let here = browser.path().await;
        assert!(here.contains("status=Active") && here.contains("sort=value"), "{here}");
        browser.press("Delete the saved search All that is active").await;
        browser.sees("Saved search deleted.").await;
        browser.sees_no("All that is active").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_a_page_is_changed_at_once() {
    let program = Program::serve::<&str>([]);
    let names: Vec<String> = (0..120).map(|number| format!("h{number}.wide.example")).collect();
    adds(&program, &names.iter().map(String::as_str).collect::<Vec<_>>());
    adds(&program, &["other.example"]);
    browse(&program, async |browser| {
        browser.becomes("ann", &program).await;
        browser.go("/library?q=*.wide.example").await;
        browser.sees("121 indicators, 120 match").await;
        browser.click(Locator::XPath("//label[contains(., 'All 120 that match')]")).await;
        browser.choose("Status for the selected indicators", "Review").await;
        browser.press("Set status").await;
        browser.sees("Statuses changed.").await;
        browser.go("/library?status=Review").await;
        browser.sees("121 indicators, 120 match").await;
        browser.click(Locator::XPath("//label[contains(., 'All 120 that match')]")).await;
        browser.press("Remove").await;
        browser.go("/library").await;
        browser.sees("1 shown").await;
        browser.go("/library?removed=yes").await;
        browser.sees("120 removed indicators").await;
        browser.click(Locator::XPath("//label[contains(., 'All 120 that match')]")).await;
        browser.press("Restore").await;
        browser.go("/library").await;
        browser.sees("121 indicators").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_selection_and_a_single_value_go_into_an_investigation() {
    let program = Program::serve::<&str>([]);
    let line = r#"{"rrname":"www.example.com","rrtype":"A","rdata":"192.0.2.9","time_first":1500000000,"time_last":1600000000}"#;
    let provider = ScriptedProvider::new(Script::always(Exchange::ok(line)));
    installs(&program, "circl-passive-dns", provider.listen().await.unwrap());
    let fast = ["configure", "circl-passive-dns", "requests_per_second=0"];
    assert_eq!(program.does("integration", &fast), Some(0));
    adds(&program, &["a.example", "b.example", "c.example"]);
    browse(&program, async |browser| {
        browser.becomes("ann", &program).await;
        browser.go("/library").await;
        tick(browser, "a.example").await;
        tick(browser, "b.example").await;
        browser.press("More").await;
        is_good(browser, "what can be done with a selection").await;
        browser.find(Locator::Css("#inew")).await.send_keys("Campaign 7").await.unwrap();
        browser.press("Put into the investigation").await;
        browser.is_at("/investigations/1").await;
        browser.sees("2 members").await;

        browser.go("/library/indicator?value=c.example").await;
        browser.press("Send to an investigation").await;
        browser.is_at("/send").await;
        browser.sees("2 members, created by ann").await;
        browser.press("Send").await;
        browser.is_at("/investigations/1").await;
        browser.sees("3 members").await;
        browser.go("/send?value=c.example").await;
        browser.sees("Already a member of: Campaign 7").await;
        browser.sees("No other investigation is open").await;
        browser.press("Send").await;
        browser.is_at("/investigations/2").await;
        browser.sees("c.example").await;

        // Operations are queried about a selection as a job.
        browser.go("/library").await;
        tick(browser, "a.example").await;
        tick(browser, "c.example").await;
        browser.press("Query operations").await;
        browser.sees("Query operations about 2 indicators").await;
        browser.sees("2 requests").await;
        is_good(browser, "what querying a selection costs").await;
        browser.press("Query 2 indicators").await;
        browser.sees("Started.").await;
        browser.is_at("/investigations/3").await;
        browser.sees("Selection of").await;
        browser.sees("2 of 2").await;
        browser.sees("Ended").await;
    })
    .await;
    assert_eq!(provider.requests().len(), 2);
}
