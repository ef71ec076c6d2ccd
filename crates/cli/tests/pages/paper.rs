//! Printed pages: names and data are complete, nothing overlaps, and every sheet has table headers.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::analyst;
use crate::browser::{Browser, browse};
use crate::program::Program;
use crate::widths::{LONG, campaign};

/// A word with the edges of its box, in points.
type Word = (f64, f64, f64, f64, String);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_and_changes_can_be_read_on_paper() {
    let program = Program::with(&campaign());
    browse(&program, async |browser| {
        browser.becomes("ann", &program).await;
        analyst::installs(browser, &program, "1.1.0").await;
        analyst::enables(browser).await;
        analyst::adds(browser, "198.51.100.7").await;
        analyst::asks(browser, "198.51.100.7").await;
        let sheets = printed(browser).await;
        assert!(sheets.len() >= 3, "{} sheets", sheets.len());
        let all: String = sheets.iter().flatten().map(|word| word.4.as_str()).collect();
        for number in [0, 1, 40, 69] {
            let name = format!("login-{number:02}.portal-of-a-bank.example");
            assert!(all.contains(&name), "{name} is not whole");
        }
        assert!(all.contains(&LONG.to_string()), "the long name is not whole");
        let with_heads = sheets.iter().filter(|sheet| says(sheet, "Relation")).count();
        let with_rows = sheets.iter().filter(|sheet| says(sheet, "Direct")).count();
        assert!(with_heads + 1 >= with_rows, "{with_heads} heads for {with_rows} sheets");
        for button in ["Download", "Apply", "Skip"] {
            assert!(!sheets.iter().any(|sheet| says(sheet, button)), "{button} is printed");
        }
        browser.press("Run again").await;
        browser.is_at("/runs/2").await;
        browser.go("/runs/2/changes").await;
        lies_apart(&printed(browser).await);
        browser.go("/library").await;
        lies_apart(&printed(browser).await);
    })
    .await;
}

/// In lists of events, a date without a time does not show the order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_have_date_and_time_on_paper() {
    let program = Program::with(&campaign());
    browse(&program, async |browser| {
        browser.becomes("ann", &program).await;
        analyst::installs(browser, &program, "1.1.0").await;
        analyst::enables(browser).await;
        analyst::adds(browser, "198.51.100.7").await;
        analyst::asks(browser, "198.51.100.7").await;
        for page in ["/audit", "/runs", "/account"] {
            browser.go(page).await;
            let words: Vec<Word> = printed(browser).await.concat();
            let days = words.iter().filter(|word| has_form(&word.4, "0000-00-00")).count();
            let times = words.iter().filter(|word| has_form(&word.4, "00:00")).count();
            // The account's own date has no time.
            let alone = usize::from(page == "/account");
            assert!(days > 0 && days == times + alone, "{page}: {days} days and {times} times in {words:?}");
        }
    })
    .await;
}

/// Whether a text has digits where the form has zeros, and the form's own characters between them.
fn has_form(text: &str, form: &str) -> bool {
    let fits =
        |(letter, sign): (char, char)| if sign == '0' { letter.is_ascii_digit() } else { letter == sign };
    text.len() == form.len() && text.chars().zip(form.chars()).all(fits)
}

fn says(sheet: &[Word], text: &str) -> bool {
    sheet.iter().any(|word| word.4 == text)
}

/// Fails if two words overlap.
fn lies_apart(sheets: &[Vec<Word>]) {
    for sheet in sheets {
        for (at, a) in sheet.iter().enumerate() {
            for b in sheet.iter().skip(at + 1) {
                let over = |low: f64, high: f64| high - low > 1.5;
                let crossed = over(a.0.max(b.0), a.2.min(b.2)) && over(a.1.max(b.1), a.3.min(b.3) - 2.0);
                assert!(!crossed, "{a:?} lies over {b:?}");
            }
        }
    }
}

/// The words on each sheet of the page in A4.
async fn printed(browser: &Browser) -> Vec<Vec<Word>> {
    let paper = json!({ "page": { "width": 21.0, "height": 29.7 }, "background": false });
    let Value::String(encoded) = browser.printed(paper).await else { panic!("a PDF is text") };
    let pdf = piped(Command::new("base64").arg("-d"), encoded.as_bytes());
    let html = piped(Command::new("pdftotext").args(["-bbox", "-", "-"]), &pdf);
    let html = String::from_utf8(html).unwrap();
    let sheets: Vec<Vec<Word>> = html.split("<page ").skip(1).map(words).collect();
    lies_apart(&sheets);
    sheets
}

fn words(page: &str) -> Vec<Word> {
    let edge = |line: &str, name: &str| -> Option<f64> {
        line.split_once(&format!("{name}=\""))?.1.split_once('"')?.0.parse().ok()
    };
    let word = |line: &str| {
        let text = line.split_once('>')?.1.split_once('<')?.0.to_owned();
        Some((edge(line, "xMin")?, edge(line, "yMin")?, edge(line, "xMax")?, edge(line, "yMax")?, text))
    };
    page.lines().filter(|line| line.trim().starts_with("<word")).filter_map(word).collect()
}

/// The output of a program for this input.
pub(crate) fn piped(command: &mut Command, input: &[u8]) -> Vec<u8> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap_or_else(|error| {
        panic!("{command:?} does not start ({error}): `cargo xtask test` installs what it needs")
    });
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let feeding = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    feeding.join().unwrap().unwrap();
    assert!(output.status.success(), "{output:?}");
    output.stdout
}
