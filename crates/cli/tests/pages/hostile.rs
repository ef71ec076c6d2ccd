//! Hostile text wherever a page shows text from elsewhere: it is shown as text, and has no effect.

use fantoccini::Locator;
use serde_json::{Value, json};
use testkit::threatq::ScriptedThreatq;

use crate::analyst;
use crate::browser::{Browser, browse};
use crate::fit::fits_narrow;
use crate::program::Program;
use crate::threatq;

/// Texts that a page might run, break at, or be reversed by.
const TEXTS: [&str; 6] = [
    "<script>window.hit=1</script>",
    "\"><img src=x onerror=\"window.hit=1\">",
    "'};window.hit=1;//",
    "\u{1b}[31mred\u{1b}[0m\u{7}",
    "\u{202e}moc.elpmaxe\u{202c}\u{2066}\u{200f}",
    "javascript:window.hit=1",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_text_is_shown_and_nothing_more() {
    let program = Program::with(&records());
    browse(&program, async |browser| {
        browser.becomes("ann", &program).await;
        is_pasted(browser).await;
        is_noted(browser).await;
        is_tagged(browser).await;
        is_searched_for(browser).await;
        is_answered(browser, &program).await;
        is_investigated(browser).await;
        is_explored(browser).await;
        is_exchanged(browser, &program).await;
    })
    .await;
}

/// An answer with hostile texts, and with one that is as long as a TXT record can be.
fn records() -> String {
    let long = "x".repeat(64_000);
    let texts = TEXTS.iter().copied().chain([long.as_str()]);
    let named = json!({ "rrname": r"<img\032src=x\032onerror=window.hit=1>.evil.example", "rrtype": "A", "rdata": "192.0.2.66",
        "time_first": 1_600_000_000, "time_last": 1_700_000_000, "count": 1 });
    let lines = texts.enumerate().map(|(at, text)| {
        // The database refuses a longer origin.
        let origin: String = text.chars().take(1_000).collect();
        let record = json!({ "rrname": "evil.example", "rrtype": "TXT", "rdata": text, "count": at + 1,
            "time_first": 1_600_000_000, "time_last": 1_700_000_000, "origin": origin });
        record.to_string() + "\n"
    });
    lines.chain([named.to_string() + "\n"]).collect()
}

async fn is_pasted(browser: &Browser) {
    browser.go("/library?add=yes").await;
    let many = format!("evil.example\n{}", TEXTS.join("\n"));
    // Typed keys would have their usual effects in a text area.
    browser.run("document.querySelector('#many').value = arguments[0];", vec![json!(many)]).await;
    browser.press("Preview what would be added").await;
    browser.sees("7 values read").await;
    browser.sees("<script>window.hit=1</script>").await;
    is_unharmed(browser).await;
    browser.press("Add 1 indicator").await;
    browser.press("evil.example").await;
    browser.is_at("/library/indicator").await;
}

async fn is_noted(browser: &Browser) {
    for text in TEXTS {
        browser.run("document.querySelector('#nt').value = arguments[0];", vec![json!(text)]).await;
        // The form is closed once there is a note.
        browser.run("document.querySelector('#nt').form.requestSubmit();", Vec::new()).await;
        browser.sees("Relationships").await;
        is_unharmed(browser).await;
    }
    browser.sees("\"><img src=x onerror=").await;
    browser.go("/audit").await;
    is_unharmed(browser).await;
}

/// Tags and saved searches; what is not printable is refused, and shown in the refusal.
async fn is_tagged(browser: &Browser) {
    let sends = "const field = document.querySelector(arguments[0]); field.value = arguments[1]; field.form.requestSubmit();";
    for text in TEXTS {
        browser.go("/library/indicator?value=evil.example").await;
        browser.run(sends, vec![json!("#tg"), json!(text)]).await;
        let is_printable = !text.chars().any(|character| character.is_control() || character > '\u{ff}');
        let said = if is_printable { "Tags changed." } else { "printable characters" };
        browser.sees(said).await;
        is_unharmed(browser).await;
        browser.go("/library?tag=%3Cscript%3Ewindow.hit%3D1%3C%2Fscript%3E").await;
        browser.run(sends, vec![json!("#sn"), json!(text)]).await;
        browser.sees(if is_printable { "Search saved." } else { "printable characters" }).await;
        is_unharmed(browser).await;
    }
    for page in [
        "/library",
        "/library?tag=%3Cscript%3Ewindow.hit%3D1%3C%2Fscript%3E",
        "/library?tag=%22%3E%3Cimg%20src%3Dx%20onerror%3D%22window.hit%3D1%22%3E",
        "/library/indicator?value=evil.example",
        "/send?value=evil.example",
        "/audit",
    ] {
        browser.go(page).await;
        is_unharmed(browser).await;
        fits_narrow(browser, page).await;
    }
    browser.go("/library").await;
    browser.sees(TEXTS[0]).await;
}

/// An investigation from a hostile report, with hostile texts in all its fields.
async fn is_investigated(browser: &Browser) {
    let set = "document.querySelector(arguments[0]).value = arguments[1];";
    browser.go("/investigations/new").await;
    let report = format!("evil.example and also.evil.example 192.0.2.66\n{}", TEXTS.join("\n"));
    browser.run(set, vec![json!("#tx"), json!(report)]).await;
    browser.run(set, vec![json!("#nm"), json!(TEXTS[0])]).await;
    browser.press("Read the text").await;
    browser.sees("What querying would cost").await;
    is_unharmed(browser).await;
    browser.press("Create without querying").await;
    browser.sees("Investigation created.").await;
    is_unharmed(browser).await;
    for text in TEXTS {
        browser.run(set, vec![json!("#sy"), json!(text)]).await;
        browser.run("document.querySelector('#sy').form.requestSubmit();", Vec::new()).await;
        browser.sees("Source reports").await;
        is_unharmed(browser).await;
    }
    browser.go("/investigations/1/notes").await;
    for text in TEXTS {
        browser.run(set, vec![json!("#nt"), json!(text)]).await;
        browser.run("document.querySelector('#nt').form.requestSubmit();", Vec::new()).await;
        browser.sees("Note added.").await;
        is_unharmed(browser).await;
    }
    for page in [
        "members",
        "shared?weak=yes",
        "timeline",
        "timeline?lanes=shared&weak=yes",
        "timeline?follow=addr:192.0.2.66",
        "graph",
        "findings",
        "source/1",
        "ask",
        "report",
        "report?chosen=yes&section=notes",
    ] {
        browser.go(&format!("/investigations/1/{page}")).await;
        is_unharmed(browser).await;
        fits_narrow(browser, page).await;
    }
    for text in TEXTS {
        let text: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
        for page in [
            "timeline?follow=txt:",
            "timeline?lanes=",
            "timeline?open=",
            "graph?fold=",
            "graph?min=",
            "shared?kind=",
        ] {
            browser.go(&format!("/investigations/1/{page}{text}&at={text}&follow={text}&text={text}")).await;
            is_unharmed(browser).await;
        }
    }
    browser.go("/handover?investigation=1").await;
    browser.sees(TEXTS[0]).await;
    is_unharmed(browser).await;
    browser.go("/investigations").await;
    browser.sees(TEXTS[0]).await;
    is_unharmed(browser).await;
    for page in ["/send?value=evil.example", "/send?value=other.example", "/library"] {
        browser.go(page).await;
        is_unharmed(browser).await;
        fits_narrow(browser, page).await;
    }
}

async fn is_searched_for(browser: &Browser) {
    for text in TEXTS {
        let text: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
        for page in [
            "/library?q=",
            "/integrations?find=",
            "/signin?next=",
            "/library/indicator?value=",
            "/explorer?q=",
            "/explorer?q=source:",
            "/explorer?q=exact:",
            "/lists?check=",
            "/",
        ] {
            browser.go(&format!("{page}{text}")).await;
            is_unharmed(browser).await;
        }
    }
}

/// On every page of a run, and on the indicator to which everything is added.
async fn is_answered(browser: &Browser, program: &Program) {
    analyst::installs(browser, program, "1.1.0").await;
    analyst::enables(browser).await;
    analyst::adds(browser, "192.0.2.66").await;
    for value in ["evil.example", "192.0.2.66"] {
        analyst::asks(browser, value).await;
        is_unharmed(browser).await;
        let run = browser.path().await.split('?').next().unwrap().to_owned();
        analyst::adds_all(browser).await;
        for page in
            ["", "/graph", "/changes", "/raw", "?text=%3Cscript%3E&min=%22%3E&rrtype=%3Cscript%3E&at=%3C"]
        {
            browser.go(&format!("{run}{page}")).await;
            is_unharmed(browser).await;
            fits_narrow(browser, page).await;
        }
        for page in [&format!("/library/indicator?value={value}&all=yes"), "/runs", "/audit"] {
            browser.go(page).await;
            is_unharmed(browser).await;
            fits_narrow(browser, page).await;
        }
    }
}

/// On every view of the explorer, where texts also are sources and filters.
async fn is_explored(browser: &Browser) {
    for view in ["", "/timeline", "/graph", "/summary"] {
        for question in ["evil.example", "*evil*", "192.0.2.66", "type:TXT", "by:source%20*."] {
            browser.go(&format!("/explorer{view}?q={question}")).await;
            browser.sees("Read as").await;
            is_unharmed(browser).await;
            fits_narrow(browser, view).await;
        }
    }
}

/// On the pages of what is exchanged with a platform, which has hostile names for everything.
async fn is_exchanged(browser: &Browser, program: &Program) {
    let instance = ScriptedThreatq::start().await.unwrap();
    for text in TEXTS {
        instance.add_status(text);
        instance.put(&format!("{text}.example"), "FQDN", text);
        let record =
            json!({ "rrname": "evil.example", "rrtype": "TXT", "rdata": text, "time_first": 1_600_000_000 });
        instance.install(text, text, &json!({ "records": [record], text: text }).to_string());
    }
    instance.put("evil.example", "FQDN", TEXTS[0]);
    threatq::joins(&instance, program, browser).await;
    for text in TEXTS {
        let text: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
        for page in [
            "/integrations/threatq/pull?preview=yes&type=FQDN&into=new&name=",
            "/integrations/threatq/pull?preview=yes&type=FQDN&status=",
            "/integrations/threatq/pull?preview=yes&type=",
            "/integrations/threatq/operations?value=",
            "/pushes/new?platform=threatq&investigation=1&event=",
            "/pushes/new?platform=threatq&investigation=1&rrtype=",
            "/pushes/new?platform=",
        ] {
            browser.go(&format!("{page}{text}")).await;
            is_unharmed(browser).await;
        }
    }
    browser.go("/integrations/threatq/pull?preview=yes&type=FQDN").await;
    browser.sees("Not ours, and why").await;
    fits_narrow(browser, "preview of a pull").await;
    browser.press("Pull 7 indicators").await;
    browser.sees("1 known").await;
    is_unharmed(browser).await;
    fits_narrow(browser, "a pull").await;
    browser.go("/integrations/threatq/operations?value=evil.example").await;
    fits_narrow(browser, "operations").await;
    browser.press("Execute").await;
    browser.sees("1 of 1 record shown").await;
    is_unharmed(browser).await;
    fits_narrow(browser, "an execution").await;
    browser.go("/pushes/new?platform=threatq&investigation=1").await;
    browser.sees(TEXTS[0]).await;
    fits_narrow(browser, "preview of a push").await;
    browser.press("Send").await;
    browser.sees("Done").await;
    is_unharmed(browser).await;
    for page in ["/pulls", "/pushes", "/pushes/1", "/integrations/threatq/operations", "/audit"] {
        browser.go(page).await;
        is_unharmed(browser).await;
        fits_narrow(browser, page).await;
    }
}

/// The number of names on an address of shared hosting.
const MANY: u64 = 50_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_thousand_records_on_one_address_are_shown() {
    let program = Program::with(&crowd());
    browse(&program, async |browser| {
        browser.becomes("ann", &program).await;
        analyst::installs(browser, &program, "1.1.0").await;
        analyst::enables(browser).await;
        analyst::adds(browser, "192.0.2.77").await;
        analyst::asks(browser, "192.0.2.77").await;
        browser.sees("50,000 of 50,000 shown").await;
        browser.sees("192.0.2.77 has 50,000 names: shared hosting").await;
        browser.sees("beyond the first 1,000 are not proposed").await;
        // Shared hosting is only added by selecting its record.
        browser.click(Locator::Css("#selbar button[value=all]")).await;
        browser.sees("50,000 of 50,000 selected").await;
        let run = browser.path().await.split(['?', '/']).nth(2).unwrap().to_owned();
        for page in ["", "?at=2019-01-01", "?text=n0001", "?page=500", "/graph", "/changes", "/raw"] {
            browser.go(&format!("/runs/{run}{page}")).await;
            browser.sees("Complete answer").await;
            is_unharmed(browser).await;
            fits_narrow(browser, page).await;
        }
    })
    .await;
}

/// One record for each of [`MANY`] names.
fn crowd() -> String {
    let line = |n: u64| {
        let first = 1_500_000_000 + n * 3_000;
        let record = json!({ "rrname": format!("n{n:05}.many.example"), "rrtype": "A", "rdata": "192.0.2.77",
            "time_first": first, "time_last": first + 86_400 * (n % 900), "count": n % 1_000 + 1 });
        record.to_string() + "\n"
    };
    (0..MANY).map(line).collect()
}

async fn is_unharmed(browser: &Browser) {
    let hit = browser
        .run("return window.hit ?? document.querySelector('img[src=x]')?.src ?? null;", Vec::new())
        .await;
    assert_eq!(hit, Value::Null, "something was run at {}", browser.path().await);
}
