//! The first steps of a new user, all in the browser: loading records, creating a token for the own server, and no command
//! line.

use fantoccini::Locator;

use crate::analyst;
use crate::browser::{Browser, browse};
use crate::program::Program;

const RECORDS: &str = "{\"rrname\":\"evil.example\",\"rrtype\":\"A\",\"rdata\":\"9.9.9.9\",\"time_first\":1600000000,\"time_last\":1700000000,\"count\":3}\n\
                       {\"rrname\":\"evil.example\",\"rrtype\":\"NS\",\"rdata\":\"ns1.evil.example\",\"time_first\":1600000000,\"time_last\":1700000000,\"count\":2}\n\
                       {\"rrname\":\"b.example\",\"rrtype\":\"A\"}\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newcomer_comes_from_the_first_sign_in_to_a_library_without_a_command_line() {
    let program = Program::closed();
    browse(&program, async |browser| {
        browser.becomes("ann", &program).await;
        browser.go("/library").await;
        browser.sees("The library is empty").await;
        installs(browser).await;
        loads(browser, &program).await;
        let token = makes_a_token(browser).await;
        configures(browser, &program, &token).await;
        looks_up(browser).await;
        analyst::adds_all(browser).await;
        browser.fill("Look up a name or address", "evil.example\u{e007}").await;
        browser.is_at("/library/indicator").await;
        browser.sees("9.9.9.9").await;
        revokes(browser).await;
    })
    .await;
}

async fn installs(browser: &Browser) {
    browser.press("Install an integration").await;
    browser.press("Install 1.2.0").await;
    browser.sees("Integration Information").await;
}

/// The receipt says what was imported and what was not; the same file is counted once.
async fn loads(browser: &Browser, program: &Program) {
    browser.go("/library").await;
    browser.sees("Configure and enable it").await;
    browser.press("Load your own records").await;
    browser.sees("The database is empty.").await;
    for (taken, known) in [("imported\n2", "already known\n0"), ("imported\n0", "already known\n2")] {
        let input = browser.find(Locator::Css("input[type=file]")).await;
        let file = program.file("records.ndjson", RECORDS.as_bytes());
        input.send_keys(file.to_str().unwrap()).await.unwrap();
        browser.press("Load records").await;
        browser.sees("Import result").await;
        let seen = browser.text().await;
        assert!(seen.contains(taken) && seen.contains(known) && seen.contains("no rdata"), "{seen}");
        browser.go("/database").await;
    }
}

async fn makes_a_token(browser: &Browser) -> String {
    browser.fill("Token name", "workbench").await;
    browser.press("Create token").await;
    browser.sees("Token workbench created.").await;
    let token = browser.find(Locator::Css("#token")).await.text().await.unwrap();
    assert!(token.starts_with("bsk_"), "{token}");
    browser.go("/database").await;
    browser.sees_no(&token).await;
    token
}

async fn configures(browser: &Browser, program: &Program, token: &str) {
    browser.press("My Integrations").await;
    browser.press("CIRCL Passive DNS").await;
    browser.fill("Hostname/IP Address of the CIRCL server", "127.0.0.1").await;
    browser.fill("Communication Port", program.port()).await;
    browser.fill("User Token", token).await;
    browser.field("Use HTTP").await.click().await.unwrap();
    browser.press("Save").await;
    browser.sees("Saved for the next run.").await;
    analyst::enables(browser).await;
}

/// From the search box to an answer, with only one button in between.
async fn looks_up(browser: &Browser) {
    browser.go("/library").await;
    browser.sees("Look up a name or address in the search box above").await;
    browser.fill("Look up a name or address", "hxxp://evil[.]example/x\u{e007}").await;
    browser.sees("evil.example is not in the library.").await;
    browser.press("Query evil.example").await;
    browser.sees("Complete answer").await;
    browser.sees("9.9.9.9").await;
}

async fn revokes(browser: &Browser) {
    browser.go("/database").await;
    browser.press("Revoke workbench").await;
    browser.sees("Token revoked.").await;
    browser.sees("No tokens yet.").await;
}
