//! Checks pages with axe-core for problems of accessibility: contrast, names, roles, order.

use serde_json::{Value, json};

use crate::browser::Browser;

/// The variable with the path of axe-core's script, which `cargo xtask test` installs with npm.
const VARIABLE: &str = "BACKSIGHT_AXE";
/// Returns serious findings: the rule, its message, and where.
const ASK: &str = "
    const done = arguments[0];
    const bad = (one) => one.impact === 'serious' || one.impact === 'critical';
    const told = (one) => ({ rule: one.id, help: one.help, where: one.nodes.map((node) => node.html + ' ' + node.failureSummary) });
    axe.run(document, { resultTypes: ['violations'] })
        .then((found) => done(found.violations.filter(bad).map(told)), (error) => done(String(error)));";

/// Fails for any serious finding on the current page.
pub(crate) async fn is_for_everybody(browser: &Browser, what: &str) {
    if browser.run("return typeof axe === 'undefined';", Vec::new()).await == Value::Bool(true) {
        browser.run(&script(), Vec::new()).await;
    }
    let found = browser.run_async(ASK, Vec::new()).await;
    assert_eq!(found, json!([]), "{what}: {found:#}");
}

fn script() -> String {
    let file = std::env::var_os(VARIABLE)
        .unwrap_or_else(|| panic!("{VARIABLE} is not set: `cargo xtask test` fetches axe-core and sets it"));
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}
