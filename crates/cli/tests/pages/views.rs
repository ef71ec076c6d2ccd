//! Every page, light and dark, wide and narrow: none scrolls sideways, and axe-core finds no fault in any.
//!
//! If `BACKSIGHT_PICTURES` is set to a folder, a screenshot of each is saved there: `cargo xtask screenshots`.

use std::path::PathBuf;

use fantoccini::Locator;
use serde_json::json;

use crate::access;
use crate::analyst;
use crate::browser::{Browser, browse};
use crate::campaign;
use crate::fit::{NARROWEST, fits};
use crate::platforms::Platforms;
use crate::program::Program;

/// A page, or a state of one.
#[derive(Clone, Copy)]
struct View {
    name: &'static str,
    path: &'static str,
    /// What is pressed, and the text that appears then.
    press: Option<(&'static str, &'static str)>,
    /// Whether its screenshot is saved, if screenshots are requested.
    kept: bool,
}

const fn page(name: &'static str, path: &'static str) -> View {
    View { name, path, press: None, kept: true }
}

/// A state that is checked, but has no screenshot.
const fn state(name: &'static str, path: &'static str) -> View {
    View { kept: false, ..page(name, path) }
}

const fn pressing(view: View, words: &'static str, then: &'static str) -> View {
    View { press: Some((words, then)), ..view }
}

/// The page that offers the installed version and the older one.
const NEWER: &str = "/integrations/new?bundled=circl-passive-dns@1.1.0";
const OLDER: &str = "/integrations/new?bundled=circl-passive-dns@1.0.0";
/// The details of an integration.
const CIRCL: &str = "/integrations/circl-passive-dns";

/// Add new pages here.
const VIEWS: [View; 40] = [
    page("signin", "/signin"),
    page("library", "/library"),
    state("library-none", "/library?q=*.nothing.example"),
    state("library-unknown", "/library?q=unknown.example"),
    pressing(page("library-paste", "/library?add=yes"), "Preview what would be added", "values read"),
    page("indicator", "/library/indicator?value=192.0.2.80"),
    state("send", "/send?value=192.0.2.80"),
    state("indicator-costs", "/library/indicator?value=192.0.2.80&cost=yes"),
    page("runs", "/runs"),
    pressing(page("run", "/runs/2"), "Select all 10 shown", "10 of 10 selected"),
    state("run-added", "/runs/1"),
    page("run-graph", "/runs/2/graph"),
    page("run-changes", "/runs/2/changes"),
    page("run-raw", "/runs/1/raw"),
    state("run-elsewhere", "/run?value=unknown.example"),
    page("history", "/history?value=192.0.2.80"),
    state("history-changes", "/history/changes?value=192.0.2.80"),
    state("history-none", "/history?value=unknown.example"),
    state("handover-run", "/handover?run=2"),
    state("handover-none", "/handover?run=2&rrtype=x"),
    state("pushes-none", "/pushes"),
    page("explorer", "/explorer?q=*threat*%20after:2015-01-01"),
    page("explorer-start", "/explorer"),
    state("explorer-summary", "/explorer/summary?q=*."),
    state("explorer-none", "/explorer?q=nothing.example"),
    state("explorer-wrong", "/explorer?q=192.0.2.0%2F33"),
    page("integrations", "/integrations"),
    state("integrations-none", "/integrations?tab=disabled"),
    page("install", "/integrations/new"),
    page("integration", CIRCL),
    pressing(state("integration-tested", CIRCL), "Save and test connection", "with the saved values"),
    state("uninstall", "/integrations/circl-passive-dns/uninstall"),
    page("users", "/users"),
    page("account", "/account"),
    page("audit", "/audit"),
    page("database", "/database"),
    state("sensors-none", "/sensors"),
    state("lists-none", "/lists"),
    page("reference", "/docs/pdns"),
    state("trouble", "/nowhere"),
];
/// The pages of an investigation of a campaign, and of the indicators that it found.
const INVESTIGATION: [View; 17] = [
    pressing(page("investigation-paste", "/investigations/new"), "Read the text", "you decide"),
    page("investigations", "/investigations"),
    page("investigation", "/investigations/1"),
    page("investigation-members", "/investigations/1/members"),
    page("investigation-shared", "/investigations/1/shared?weak=yes"),
    page("investigation-timeline", "/investigations/1/timeline?follow=ns:ns1.quietharbor.example"),
    page("investigation-lanes", "/investigations/1/timeline?lanes=shared&weak=yes"),
    page("investigation-graph", "/investigations/1/graph"),
    page("investigation-findings", "/investigations/1/findings"),
    page("investigation-ask", "/investigations/1/ask"),
    page("investigation-report", "/investigations/1/report"),
    page("handover", "/handover?investigation=1"),
    page("explorer-value", "/explorer?q=185.194.93.17"),
    page("explorer-timeline", "/explorer/timeline?q=lure1.example"),
    page("explorer-graph", "/explorer/graph?q=185.194.93.17"),
    page("lists", "/lists"),
    page("catalogue", "/catalogue"),
];
/// The pages of what is exchanged with other platforms.
const PLATFORMS: [View; 9] = [
    page("platform", "/integrations/threatq"),
    page("push-new", "/pushes/new?platform=misp&investigation=1"),
    page("push", "/pushes/1"),
    page("pushes", "/pushes"),
    pressing(
        page("pull-new", "/integrations/threatq/pull"),
        "Show what would be added",
        "Nothing is changed yet",
    ),
    pressing(page("pull", "/pulls"), "", "Done"),
    page("pulls", "/pulls"),
    page("operations", "/integrations/threatq/operations?value=c2.example"),
    pressing(page("execution", "/integrations/threatq/operations"), "", "Result"),
];
/// The same with an older version installed, which is to be replaced.
const UPGRADES: [View; 3] = [
    state("integrations-newer", "/integrations"),
    page("install-exists", NEWER),
    pressing(page("install-parameters", NEWER), "Yes, replace it", "changes the configuration"),
];
/// The name of a screenshot, its width, and its minimum and maximum height, in CSS pixels.
const SIZES: [(&str, u32, u32, u32); 2] = [("wide", 1440, 700, 1400), ("narrow", 390, 800, 2000)];
/// The pasted text.
const PASTED: &str =
    "hxxp://www[.]threatq[.]com/x\nshop[.]example[.]net\n198.51.100.7\nno name\n198.51.100.7";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_fits_and_can_be_used_by_everybody() {
    let program = Program::demo();
    browse(&program, async |browser| {
        browser.go(&program.link).await;
        is_seen(browser, "welcome", true).await;
        browser.enters(&program).await;
        analyst::asks(browser, "192.0.2.80").await;
        program.sends_a_record();
        browser.press("Run again").await;
        browser.is_at("/runs/2").await;
        browser.sees("Complete answer").await;
        browser.go("/runs/1").await;
        analyst::adds_all(browser).await;
        for view in &VIEWS {
            is_reached(browser, view).await;
            is_seen(browser, view.name, view.kept).await;
        }
        goes_back(browser).await;
        for view in &UPGRADES {
            is_reached(browser, view).await;
            is_seen(browser, view.name, view.kept).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_of_an_investigation_fits_and_can_be_used_by_everybody() {
    let (_folder, configuration) = campaign::networks("Tideline Hosting");
    let program = Program::serve(["--config", &configuration]);
    campaign::prepares(&program);
    browse(&program, async |browser| {
        browser.becomes("ann", &program).await;
        campaign::pastes(browser).await;
        browser.press("Create and query").await;
        browser.sees("8 of 8").await;
        browser.sees("Ended").await;
        for view in &INVESTIGATION {
            is_reached(browser, view).await;
            is_seen(browser, view.name, view.kept).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_page_of_platforms_fits_and_can_be_used_by_everybody() {
    let program = Program::serve::<&str>([]);
    let platforms = Platforms::start().await;
    browse(&program, async |browser| {
        browser.becomes("ann", &program).await;
        platforms.are_used(browser, &program).await;
        for view in &PLATFORMS {
            is_reached(browser, view).await;
            is_seen(browser, view.name, view.kept).await;
        }
    })
    .await;
}

/// Replaces the newer version by the older one.
async fn goes_back(browser: &Browser) {
    browser.is_wide(1440, 900).await;
    browser.go(OLDER).await;
    browser.press("Yes, replace it").await;
    browser.sees("changes the configuration").await;
    browser.press("Yes, carry values over").await;
    browser.sees("Integration Information").await;
}

async fn is_reached(browser: &Browser, view: &View) {
    browser.go(view.path).await;
    match view.name {
        "library-paste" => {
            browser.run("document.querySelector('#many').value = arguments[0];", vec![json!(PASTED)]).await;
        }
        "investigation-paste" => campaign::writes(browser).await,
        _ => (),
    }
    if let Some((words, then)) = view.press {
        match view.name {
            // Their numbers are those of entries in the audit trail.
            "pull" | "execution" => browser.click(Locator::Css("main tbody th a[href*='s/']")).await,
            _ => browser.press(words).await,
        }
        browser.sees(then).await;
    }
}

/// Checks the current page in every way.
pub(crate) async fn is_seen(browser: &Browser, name: &str, kept: bool) {
    browser.is_wide(NARROWEST, 800).await;
    fits(browser, name).await;
    for (size, width, least, most) in SIZES {
        browser.is_wide(width, least).await;
        fits(browser, name).await;
        let full = browser.run("return document.documentElement.scrollHeight;", Vec::new()).await;
        let height = u32::try_from(full.as_u64().unwrap()).unwrap().clamp(least, most);
        browser.is_wide(width, height).await;
        for scheme in ["light", "dark"] {
            browser.prefers(scheme).await;
            access::is_for_everybody(browser, &format!("{name} {size} {scheme}")).await;
            if kept {
                keep(browser, &format!("{name}-{size}-{scheme}.png")).await;
            }
        }
    }
}

/// Saves a screenshot, if screenshots are requested.
async fn keep(browser: &Browser, name: &str) {
    let Some(folder) = std::env::var_os("BACKSIGHT_PICTURES").map(PathBuf::from) else { return };
    std::fs::write(folder.join(name), browser.picture().await).unwrap();
}
