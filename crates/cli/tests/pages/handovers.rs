//! Handing over in the browser: from an investigation to its document, with the options of the form.

use fantoccini::Locator;

use crate::access::is_for_everybody;
use crate::browser::browse;
use crate::fit::{NARROWEST, fits};
use crate::program::Program;

/// The document of the form's button with this text, as the browser would save it.
const SAVED: &str = "const form = document.querySelector('form[action=\"/handover\"]'); \
    const button = [...form.querySelectorAll('button')].find(one => one.innerText.includes(arguments[0])); \
    const query = new URLSearchParams(new FormData(form)); \
    fetch(button.getAttribute('formaction') + '?' + query) \
        .then(async answer => [answer.status, answer.headers.get('content-disposition'), await answer.text()]) \
        .then(arguments[arguments.length - 1]);";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_investigation_is_handed_over_with_options() {
    let program = Program::serve::<&str>([]);
    for values in [&["c2.example", "--tlp", "green"][..], &["192.0.2.80", "--tlp", "red"]] {
        assert_eq!(program.does("indicator", &[&["add"], values].concat()), Some(0));
    }
    let create = ["create", "Campaign 7", "c2.example", "192.0.2.80"];
    assert_eq!(program.does("investigation", &create), Some(0));
    browse(&program, async |browser| {
        browser.becomes("ann", &program).await;
        browser.go("/investigations/1").await;
        browser.press("Hand over").await;
        browser.sees("As a document for another platform").await;
        browser.sees("TLP:RED").await;
        browser.find(Locator::Css("#max")).await.send_keys("TLP:GREEN").await.unwrap();
        browser.press("Show what it has").await;
        browser.sees("192.0.2.80, marked TLP:RED").await;
        is_for_everybody(browser, "handing over").await;
        for width in [NARROWEST, 800, 1_440] {
            browser.is_wide(width, 900).await;
            fits(browser, "handing over").await;
        }
        for (button, name) in [("STIX 2.1", "campaign-7.stix.json"), ("MISP event", "campaign-7.misp.json")] {
            let saved = browser.run_async(SAVED, vec![button.into()]).await;
            let (status, named, text) = (&saved[0], saved[1].as_str().unwrap(), saved[2].as_str().unwrap());
            assert_eq!((status, named), (&200.into(), &*format!("attachment; filename=\"{name}\"")));
            assert!(text.contains("c2.example") && !text.contains("192.0.2.80"), "{text}");
        }
        // The next document begins with what was chosen; the filters of the library go along.
        browser.go("/library?status=Active&q=c2").await;
        browser.press("Hand over").await;
        browser.sees("Threat library: status Active, search c2").await;
        let chosen = "return document.querySelector('#max').value;";
        assert_eq!(browser.run(chosen, Vec::new()).await, "GREEN");
    })
    .await;
}
