//! Copying rows of tables: a spreadsheet gets one row for each, and runs nothing.

use serde_json::{Value, json};

use crate::analyst;
use crate::browser::{Browser, browse};
use crate::program::Program;

/// Selects rows of the page's first table, from the second cell to the third, and records what is copied then.
const SELECT: &str = "
    const rows = document.querySelector('main table').rows;
    const range = document.createRange();
    range.setStart(rows[arguments[0]].cells[1], 0);
    range.setEnd(rows[arguments[1]].cells[2], 1);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    window.copied = null;
    addEventListener('copy', (event) => {
        const said = (kind) => event.clipboardData.getData(kind);
        window.copied = [said('text/plain'), said('text/html')];
    }, { once: true });";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copied_rows_paste_as_one_row_each() {
    let record = |rrtype: &str, rdata: &str| {
        let times = (1_600_000_000, 1_700_000_000);
        let record = json!({ "rrname": "evil.example", "rrtype": rrtype, "rdata": rdata, "count": 1,
            "time_first": times.0, "time_last": times.1 });
        record.to_string() + "\n"
    };
    let program = Program::with(&(record("CNAME", "=1+1.evil.example") + &record("A", "192.0.2.66")));
    browse(&program, async |browser| {
        browser.becomes("ann", &program).await;
        analyst::installs(browser, &program, "1.1.0").await;
        analyst::enables(browser).await;
        analyst::adds(browser, "evil.example, 192.0.2.80").await;
        let library = copied(browser, 1, 2).await;
        assert_eq!(cells(&library), [8, 8], "{library}");
        assert!(library.contains("192.0.2.80 Caution: special-purpose address"), "{library}");
        assert!(!library.contains("Tick"), "{library}");
        analyst::asks(browser, "evil.example").await;
        let records = copied(browser, 0, 2).await;
        assert_eq!(cells(&records), [9; 3], "{records}");
        assert!(records.starts_with("Name\tType\t"), "{records}");
        assert!(records.contains("\t'=1+1.evil.example\t"), "{records}");
        // The browser itself copies a selection within one row.
        assert_eq!(copied(browser, 1, 1).await, "");
    })
    .await;
}

/// The copied plain text; the HTML has as many rows.
async fn copied(browser: &Browser, from: u32, to: u32) -> String {
    browser.run(SELECT, vec![json!(from), json!(to)]).await;
    browser.copies().await;
    let Value::Array(both) = browser.run("return window.copied;", Vec::new()).await else {
        panic!("nothing was copied")
    };
    let text = |at: usize| both.get(at).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (plain, html) = (text(0), text(1));
    assert_eq!(html.matches("<tr>").count(), plain.lines().count(), "{html}");
    plain
}

/// The number of cells in each line.
fn cells(plain: &str) -> Vec<usize> {
    plain.lines().map(|line| line.split('\t').count()).collect()
}
