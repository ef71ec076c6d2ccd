//! The report of an investigation: the page, the file alone, and both on paper with the marking on every sheet.

use std::process::Command;

use serde_json::{Value, json};

use crate::access::is_for_everybody;
use crate::browser::{Browser, browse, in_browser};
use crate::fit::{NARROWEST, fits};
use crate::paper::piped;
use crate::program::Program;

const DAY: u64 = 86_400;
/// 2026-05-01.
const MAY: u64 = 1_777_593_600;
/// So many members need several sheets.
const MEMBERS: u64 = 120;
const REPORT: &str = "/investigations/1/report";

/// Names with rotating addresses, and a name server that only they use.
fn records() -> String {
    let line = |rrname: &str, rrtype: &str, rdata: &str, (from, to): (u64, u64)| {
        let record = json!({ "rrname": rrname, "rrtype": rrtype, "rdata": rdata, "count": 3,
            "time_first": MAY + from * DAY, "time_last": MAY + to * DAY });
        record.to_string() + "\n"
    };
    let of = |n: u64| {
        let name = format!("lure{n}.example");
        let turns = (0..3).map(|turn| {
            line(&name, "A", &format!("185.194.93.{}", 16 + (n + turn) % 16), (turn * 10, turn * 10 + 9))
        });
        turns.collect::<String>() + &line(&name, "NS", "ns1.quietharbor.example", (n % 20, 60))
    };
    (0..MEMBERS).map(of).collect()
}

/// An investigation with answers, whose source is marked AMBER.
fn prepared() -> Program {
    let program = Program::serve::<&str>([]);
    let records = program.file("records.ndjson", records().as_bytes());
    assert_eq!(program.does("import", &[records.to_str().unwrap()]), Some(0));
    for arguments in [["install", "own-database"], ["enable", "own-database"]] {
        assert_eq!(program.does("integration", &arguments), Some(0));
    }
    let names: Vec<String> = (0..MEMBERS).map(|n| format!("lure{n}[.]example")).collect();
    let text = format!("TLP:AMBER\nSince May: {}.\n", names.join(", "));
    let report = program.file("mail.txt", text.as_bytes());
    let create = ["create", "Parcel lures", "-f", report.to_str().unwrap()];
    assert_eq!(program.does("investigation", &create), Some(0));
    assert_eq!(program.does("investigation", &["run", "1", "--all-operations"]), Some(0));
    assert_eq!(program.does("investigation", &["verdict", "1", "malicious", "lure7.example"]), Some(0));
    program
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_report_is_chosen_on_a_page_and_printed_with_its_marking_on_every_sheet() {
    let program = prepared();
    browse(&program, async |browser| {
        browser.becomes("ann", &program).await;
        browser.go("/investigations/1").await;
        browser.press("Report").await;
        browser.is_at(REPORT).await;
        for words in [
            "TLP:AMBER",
            "In short",
            "120 members: 1 malicious, 119 open.",
            "lure7[.]example",
            "ns1[.]quietharbor[.]example",
            "1 operation answered completely about 120 members.",
        ] {
            browser.sees(words).await;
        }
        browser.sees_no("lure7.example").await;
        for scheme in ["light", "dark"] {
            browser.prefers(scheme).await;
            is_for_everybody(browser, &format!("a report, {scheme}")).await;
        }
        for width in [NARROWEST, 800, 1_440] {
            browser.is_wide(width, 900).await;
            fits(browser, "a report").await;
        }
        is_on_paper(browser, "TLP:AMBER", true).await;

        // A press chooses the sections, and the address keeps the choice.
        browser.field("Notes").await.click().await.unwrap();
        browser.field("Defang values").await.click().await.unwrap();
        browser.press("Show").await;
        browser.sees("lure7.example").await;
        browser.sees_no("There are no notes.").await;
        let file =
            browser.run("return document.querySelector('a[download]').getAttribute('href');", vec![]).await;
        let file = file.as_str().unwrap();
        assert!(
            file.contains("defang=false") && file.contains("members") && !file.contains("notes"),
            "{file}"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_file_opens_from_disk_without_scripts_and_requests() {
    let program = prepared();
    let html = in_file(&program);
    // As a file on the user's computer, in a browser that would run scripts, and in one that does not.
    for script in [true, false] {
        in_browser(&program, script, async |browser| {
            browser.opens(&html).await;
            browser.sees("lure119[.]example").await;
            let shown = "return [getComputedStyle(document.querySelector('.paper')).backgroundColor, performance.getEntriesByType('resource').length, document.scripts.length];";
            if script {
                assert_eq!(browser.run(shown, vec![]).await, json!(["rgb(255, 255, 255)", 0, 0]));
                is_for_everybody(browser, "the file of a report").await;
            }
            browser.is_wide(NARROWEST, 900).await;
            fits(browser, "the file of a report").await;
            browser.is_wide(1_440, 900).await;
            is_on_paper(browser, "TLP:AMBER", false).await;
        })
        .await;
    }
}

/// Writes the report with the command; returns its place.
fn in_file(program: &Program) -> String {
    let file = program.file("report.html", b"");
    std::fs::remove_file(&file).unwrap();
    let file = file.to_str().unwrap();
    assert_eq!(program.does("investigation", &["report", "1", "-o", file]), Some(0));
    file.to_owned()
}

/// Checks what is printed: several sheets, each with the marking twice and its number, and rows of tables that are not cut in two.
async fn is_on_paper(browser: &Browser, marking: &str, is_page: bool) {
    let Value::String(encoded) = browser.printed(json!({ "background": false })).await else {
        panic!("a PDF is text")
    };
    let pdf = piped(Command::new("base64").arg("-d"), encoded.as_bytes());
    if let Some(folder) = std::env::var_os("BACKSIGHT_PICTURES") {
        let name = if is_page { "report-page.pdf" } else { "report-file.pdf" };
        std::fs::write(std::path::Path::new(&folder).join(name), &pdf).unwrap();
    }
    let text = String::from_utf8(piped(Command::new("pdftotext").args(["-layout", "-", "-"]), &pdf)).unwrap();
    let sheets: Vec<&str> = text.split('\u{c}').filter(|sheet| !sheet.trim().is_empty()).collect();
    assert!(sheets.len() >= 3, "{} sheets: {text}", sheets.len());
    for (at, sheet) in sheets.iter().enumerate() {
        assert!(sheet.matches(marking).count() >= 2, "sheet {}: {sheet}", at + 1);
        assert!(sheet.contains(&format!("Page {} of {}", at + 1, sheets.len())), "{sheet}");
    }
    // The head of the table of members stands on every sheet that has some of them.
    for sheet in sheets.iter().filter(|sheet| sheet.matches(" FQDN ").count() > 3) {
        assert!(sheet.contains("Verdict"), "{sheet}");
    }
    assert!(!text.contains("My Integrations") && !text.contains("Include"), "{text}");
    for name in [0, 60, 119].map(|n| format!("lure{n}[.]example")) {
        assert!(text.contains(&name), "{name} is not printed");
    }
}
