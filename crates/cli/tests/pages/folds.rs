//! Timelines and graphs of answers with very many records: records in a row are told apart, and folds open by a click.

use std::fmt::Write as _;

use fantoccini::Locator;
use serde_json::{Value, json};

use crate::analyst;
use crate::browser::{Browser, browse};
use crate::fit::fits_narrow;
use crate::program::Program;
use crate::views::is_seen;

/// A name with 800 addresses, 46 serials and 16 addresses in a row, and an address with 600 names.
fn records() -> String {
    let mut text = String::new();
    let mut record = |rrname: &str, rrtype: &str, rdata: &str, first: u64, days: u64| {
        let (first, last) = (1_700_000_000 + first * 86_400, 1_700_000_000 + (first + days) * 86_400 - 1);
        let _ = writeln!(
            text,
            "{{\"rrname\":\"{rrname}\",\"rrtype\":\"{rrtype}\",\"rdata\":\"{rdata}\",\"time_first\":{first},\"time_last\":{last},\"count\":3}}"
        );
    };
    for n in 0..800 {
        record("cdn.example", "AAAA", &format!("2001:db8:{:x}::{n:x}", 0x4a00 + n % 31), n % 150, 9);
    }
    for n in 0..46 {
        let soa =
            format!("ns1.cdn.example hostmaster.cdn.example {} 7200 3600 1209600 300", 2_025_060_100 + n);
        record("cdn.example", "SOA", &soa, n * 3, 3);
    }
    for n in 0..16 {
        record("cdn.example", "A", &format!("198.51.100.{}", n + 16), n * 9, 9);
    }
    for n in 0..600 {
        record(&format!("h{n}.d{}.example", n % 20), "A", "198.51.100.200", n % 150, 5);
    }
    text
}

/// The bars in a row of the first lane: how many there are, and the fewest pixels between two of them that have another colour.
const IN_A_ROW: &str = "
    const bars = [...document.querySelectorAll('.tl-row:first-child .bar.seq')];
    const looks = new Set(bars.map((bar) => getComputedStyle(bar).fill));
    const ground = bars.every((bar) => getComputedStyle(bar).strokeWidth === '2px');
    return [bars.length, looks.size, ground, document.querySelectorAll('.tl-row:first-child .floor').length];";
/// The height of the graph, and the text of its boxes.
const GRAPH: &str = "
    const svg = document.querySelector('.graph > svg');
    return [svg.getBoundingClientRect().height, svg.querySelectorAll('.box').length];";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_much_is_folded_and_opens() {
    let program = Program::with(&records());
    browse(&program, async |browser| {
        browser.becomes("ann", &program).await;
        analyst::installs(browser, &program, "1.1.0").await;
        analyst::enables(browser).await;
        analyst::adds(browser, "cdn.example\n198.51.100.200").await;
        analyst::asks(browser, "cdn.example").await;
        assert_eq!(browser.run(IN_A_ROW, Vec::new()).await, json!([16, 2, true, 1]));
        browser.sees("800 addresses in 31 networks").await;
        opens(browser).await;
        is_seen(browser, "run-folds", false).await;
        browser.is_wide(1440, 900).await;
        bundles(browser).await;
        fits_narrow(browser, "run-bundles").await;
        browser.is_wide(1440, 900).await;
        analyst::asks(browser, "198.51.100.200").await;
        browser.sees("600 names in 20 domains").await;
        browser.press("30 names of d0.example").await;
        browser.sees("h0.d0.example").await;
        browser.press("Network").await;
        browser.sees("198.51.100.0/24").await;
        // The history of an indicator has the same.
        browser.go("/history?value=cdn.example").await;
        browser.press("800 addresses in 31 networks of cdn.example").await;
        browser.sees("2001:db8:4a00::/48").await;
        browser.go("/history/graph?value=cdn.example").await;
        browser.sees("26 addresses").await;
    })
    .await;
}

/// The lanes of members whose names have one registered domain are one lane, which opens by a click.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_fold_by_registered_domain() {
    let program = Program::serve::<&str>([]);
    let file = |name: &str, content: &str| program.file(name, content.as_bytes()).display().to_string();
    assert_eq!(program.does("import", &[&file("records.ndjson", &records())]), Some(0));
    for act in ["install", "enable"] {
        assert_eq!(program.does("integration", &[act, "own-database"]), Some(0));
    }
    let members = file("members", "h0.d0.example h20.d0.example h40.d0.example h1.d1.example");
    assert_eq!(program.does("investigation", &["create", "Hosts", "-f", &members]), Some(0));
    assert_eq!(program.does("investigation", &["run", "Hosts", "--all-operations"]), Some(0));
    browse(&program, async |browser| {
        browser.becomes("ann", &program).await;
        browser.go("/investigations/1/timeline").await;
        browser.sees("h40.d0.example").await;
        browser.press("Registered domain").await;
        browser.sees_no("h40.d0.example").await;
        browser.sees("h1.d1.example").await;
        fits_narrow(browser, "members by registered domain").await;
        browser.is_wide(1440, 900).await;
        browser.press("3 names of d0.example").await;
        browser.sees("h40.d0.example").await;
        is_seen(browser, "members-by-domain", false).await;
        browser.is_wide(1440, 900).await;
        browser.press("3 names of d0.example").await;
        browser.sees_no("h40.d0.example").await;
        browser.press("Network").await;
        browser.sees("h40.d0.example").await;
    })
    .await;
}

/// Folds open and close by links, also by keyboard, and keep the filters.
async fn opens(browser: &Browser) {
    browser.press("46 serials of one zone of cdn.example").await;
    browser.sees("21 more values").await;
    let focus = "document.querySelector('.tl-fold[aria-expanded=false]').focus();";
    browser.run(focus, Vec::new()).await;
    browser.types("\u{e007}").await;
    browser.sees("2001:db8:4a00::/48").await;
    browser.sees("6 more networks").await;
    let open = browser.run("return document.querySelectorAll('.tl-fold.open').length;", Vec::new()).await;
    assert_eq!(open, json!(2));
    // The rows of a network are its addresses.
    browser.press("26 addresses of 2001:db8:4a00::/48").await;
    browser.sees("2001:db8:4a00::1f").await;
    browser.press("SOA 46 shown, hide them").await;
    browser.sees("46 records are hidden by filters").await;
    browser.sees("2001:db8:4a00::1f").await;
}

/// A graph of 800 addresses is no taller than two screens, its boxes open, and it has the filters of the table.
async fn bundles(browser: &Browser) {
    browser.press("Graph").await;
    browser.sees("click one with a number to open it").await;
    let (height, boxes) = size(browser).await;
    assert!(height <= 2_000.0 && boxes == 1 + 31 + 1, "{height} px, {boxes} boxes");
    browser.click(Locator::Css(".graph a.many")).await;
    browser.sees("Close").await;
    let (height, more) = size(browser).await;
    assert!(height <= 2_000.0 && more > boxes, "{height} px, {more} boxes");
    browser.press("AAAA 800 shown, hide them").await;
    browser.sees("62 of 862 shown").await;
    assert_eq!(size(browser).await.1, 17);
    browser.fill("Count at least", "4").await;
    browser.press("Apply").await;
    browser.sees("No record that the filters leave links two names or addresses.").await;
    browser.press("Clear the filters").await;
    browser.sees("862 of 862 shown").await;
}

async fn size(browser: &Browser) -> (f64, u64) {
    let size = browser.run(GRAPH, Vec::new()).await;
    (size.get(0).and_then(Value::as_f64).unwrap(), size.get(1).and_then(Value::as_u64).unwrap())
}
