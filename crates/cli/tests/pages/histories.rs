//! One history of three providers, of which one fails and one swaps owner and data.

use std::net::SocketAddr;

use fantoccini::Locator;
use testkit::{Exchange, Script, ScriptedProvider};

use crate::access::is_for_everybody;
use crate::browser::{Browser, browse};
use crate::fit::{NARROWEST, fits};
use crate::program::Program;

const HOST: &str = "www.example.com";
const PAGE: &str = "/history?value=www.example.com";

fn line(rrname: &str, rdata: &str, first: u64, last: u64, count: u64) -> String {
    format!(
        "{{\"rrname\":\"{rrname}\",\"rrtype\":\"A\",\"rdata\":\"{rdata}\",\"time_first\":{first},\"time_last\":{last},\"count\":{count}}}\n"
    )
}

/// Installs an operation that queries this address, and queries it.
fn asks(program: &Program, operation: &str, address: SocketAddr, code: i32) {
    let (host, port) = (format!("host={}", address.ip()), format!("port={}", address.port()));
    let settings = ["configure", operation, &host, &port, "use_http=on"];
    for arguments in [&["install", operation][..], &settings, &["enable", operation]] {
        assert_eq!(program.does("integration", arguments), Some(0), "{arguments:?}");
    }
    assert_eq!(program.does("query", &[HOST, "--operation", operation]), Some(code), "{operation}");
}

async fn listening(script: Script) -> (ScriptedProvider, SocketAddr) {
    let provider = ScriptedProvider::new(script);
    let address = provider.listen().await.unwrap();
    (provider, address)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn three_providers_make_one_history_that_says_who_said_what() {
    let program = Program::serve::<&str>([]);
    // The first one has both addresses; the second one swaps the sides, and has one of them with much earlier dates.
    let both = line(HOST, "185.194.93.1", 1_500_000_000, 1_500_000_500, 31)
        + &line(HOST, "185.194.93.2", 1_500_000_000, 1_500_000_500, 7);
    let swapped = line("185.194.93.1", HOST, 1_400_000_000, 1_500_000_400, 1_234);
    let (_first, first) = listening(Script::always(Exchange::ok(both))).await;
    let (_second, second) = listening(Script::always(Exchange::ok(swapped))).await;
    let (_third, third) = listening(Script::always(Exchange::status(401, &[], ""))).await;
    asks(&program, "circl-passive-dns", first, 0);
    asks(&program, "cof", second, 0);
    asks(&program, "dnsdb", third, 4);
    browse(&program, async |browser| {
        browser.becomes("ann", &program).await;
        browser.go(PAGE).await;
        browser.sees("merged from 3 operations").await;
        browser.sees("Failed:").await;
        browser.sees("2 of 2 shown").await;
        // Each answer has its own count, and the merged record has neither their sum nor a column for one.
        for text in ["31", "1,234", "2014-05-13 to 2017-07-14", "no answer", "Dates 1,157 d apart", "so far"] {
            browser.sees(text).await;
        }
        browser.sees_no("1,265").await;
        is_for_everybody(browser, "a history").await;
        for width in [NARROWEST, 800, 1_024, 1_280, 1_440] {
            browser.is_wide(width, 1_000).await;
            fits(browser, "a history").await;
        }

        browser.press("By one only 1").await;
        browser.sees("1 of 2 shown").await;
        browser.sees("185.194.93.2").await;
        browser.go(&format!("{PAGE}&apart=2000&agree=apart")).await;
        browser.sees("The filters hide all 2 records of this history.").await;

        adds_and_undoes(browser).await;

        browser.go("/history/graph?value=www.example.com").await;
        browser.sees("185.194.93.2").await;
        browser.go("/history/changes?value=www.example.com").await;
        browser.sees("Nothing to compare with").await;
        for (file, kind) in [("records.cof", "ndjson"), ("records.json", "json"), ("records.csv", "csv")] {
            let fetched = browser
                .run_async(
                    "const [path, done] = arguments; fetch(path).then(async (answer) => done([answer.headers.get('content-disposition'), await answer.text()]));",
                    vec![format!("/history/files/{file}?value={HOST}").into()],
                )
                .await;
            assert!(fetched[0].as_str().unwrap().contains(&format!("history-{HOST}.{kind}")), "{fetched}");
            assert!(fetched[1].as_str().unwrap().contains("185.194.93.2"), "{fetched}");
        }
        // The page of a value that nobody was asked about offers to do so.
        browser.go("/history?value=unknown.example").await;
        browser.sees("Not queried yet").await;
    })
    .await;
}

/// What is selected is claimed by the runs that it comes from, and taken back with them.
async fn adds_and_undoes(browser: &Browser) {
    browser.go(PAGE).await;
    browser.press("Select all 2 shown").await;
    browser.sees("2 of 2 selected").await;
    browser.click(Locator::Css("#select-add")).await;
    browser.sees("findings of runs 1, 2 are in the library").await;
    browser.go("/library/indicator?value=185.194.93.1").await;
    browser.sees("CIRCL Passive DNS").await;
    browser.go(PAGE).await;
    browser.press("Undo what was added").await;
    browser.sees_no("are in the library").await;
    browser.go("/library/indicator?value=185.194.93.1").await;
    browser.sees("Not in the library").await;
}
