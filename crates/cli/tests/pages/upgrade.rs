//! An upgrade from 1.0.0 to 1.1.0 with both confirmations, by drag and drop and by file picker.

use std::path::Path;

use fantoccini::Locator;
use serde_json::json;

use crate::analyst;
use crate::browser::{Browser, browse};
use crate::program::Program;

/// Drags a file onto the dialog, with the same events as a browser.
const DROP: &str = "
    const data = new DataTransfer();
    data.items.add(new File([arguments[0]], arguments[1]));
    for (const kind of ['dragenter', 'dragover', 'drop']) {
        const event = new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: data });
        document.querySelector('.drop').dispatchEvent(event);
    }";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_by_drag_and_drop_asks_twice() {
    upgrades(async |browser, file| {
        let text = std::fs::read_to_string(file).unwrap();
        let name = file.file_name().unwrap().to_str().unwrap();
        browser.run(DROP, vec![json!(text), json!(name)]).await;
        browser.sees(name).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_by_browse_asks_twice() {
    upgrades(async |browser, file| {
        let input = browser.find(Locator::Css("input[type=file]")).await;
        input.send_keys(file.to_str().unwrap()).await.unwrap();
    })
    .await;
}

async fn upgrades(bring: impl AsyncFn(&Browser, &Path)) {
    let program = Program::serve(["--sample"]);
    browse(&program, async |browser| {
        browser.becomes("ann", &program).await;
        analyst::installs(browser, &program, "1.0.0").await;
        analyst::enables(browser).await;
        // A user who declines keeps everything.
        offers(browser, &program, &bring).await;
        browser.press("Keep 1.0.0").await;
        browser.sees("Version 1.0.0").await;
        offers(browser, &program, &bring).await;
        browser.press("Yes, replace it").await;
        browser.sees("1.1.0 changes the configuration").await;
        browser.press("Keep 1.0.0").await;
        browser.sees("Version 1.0.0").await;
        offers(browser, &program, &bring).await;
        browser.press("Yes, replace it").await;
        browser.sees("Carry values over").await;
        browser.press("Yes, carry values over").await;
        has_the_new_one(browser).await;
    })
    .await;
}

/// The first confirmation, for an uploaded file.
async fn offers(browser: &Browser, program: &Program, bring: &impl AsyncFn(&Browser, &Path)) {
    browser.go("/integrations").await;
    browser.press("Add New Integration").await;
    browser.sees("Click to Browse").await;
    bring(browser, &program.package("1.1.0")).await;
    browser.click(Locator::Css("dialog footer .primary")).await;
    browser.sees("CIRCL Passive DNS is already installed").await;
    browser.sees("Replace 1.0.0 with 1.1.0?").await;
}

/// The settings are kept, and it is still enabled.
async fn has_the_new_one(browser: &Browser) {
    browser.is_at("/integrations/circl-passive-dns").await;
    browser.sees("Version 1.1.0").await;
    browser.sees("Analysts can run it.").await;
    let host = browser.field("Hostname/IP Address of the CIRCL server").await;
    assert_eq!(host.prop("value").await.unwrap().as_deref(), Some("127.0.0.1"));
    browser.sees("Replace or clear").await;
    browser.sees_no("tr0ub4dor").await;
}
