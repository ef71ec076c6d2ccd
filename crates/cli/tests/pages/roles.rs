//! What each role sees and is refused, by page; the server's own tests check the same for the API.

use fantoccini::Locator;
use serde_json::json;

use crate::browser::{Browser, browse};
use crate::program::Program;

/// Sends a form with the page's token, and returns the status; a redirect means success.
const SEND: &str = "
    const [path, fields, done] = arguments;
    const token = document.querySelector('input[name=form_token]').value;
    const body = new URLSearchParams({ form_token: token, ...fields });
    fetch(path, { method: 'POST', body, redirect: 'manual' }).then((answer) => done(answer.status));";

/// A role and its permissions: install, configure, edit, manage.
const ROLES: [(&str, [bool; 4]); 4] = [
    ("Reader", [false, false, false, false]),
    ("Analyst", [false, false, true, false]),
    ("Maintainer", [true, true, true, false]),
    ("Administrator", [true, true, true, true]),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_role_is_refused_what_it_may_not() {
    let program = Program::demo();
    browse(&program, async |browser| {
        browser.enters(&program).await;
        let mut links = Vec::new();
        for (role, _) in ROLES {
            links.push(invites(browser, role).await);
        }
        for ((role, may), link) in ROLES.into_iter().zip(links) {
            browser.forgets().await;
            browser.joins(&role.to_lowercase(), &link).await;
            sees_only(browser, may).await;
            sends_only(browser, role, may).await;
        }
    })
    .await;
}

/// A link for a new user.
async fn invites(browser: &Browser, role: &str) -> String {
    browser.go("/users").await;
    browser.choose("New user as", role).await;
    browser.press("Create invitation link").await;
    let link = browser.find(Locator::Css(".banner code")).await.text().await.unwrap();
    format!("/welcome?token={}", link.split_once("token=").unwrap().1)
}

/// The controls, and the pages of controls that are missing.
async fn sees_only(browser: &Browser, [install, configure, edit, manage]: [bool; 4]) {
    for (path, words, may, refusal) in [
        ("/integrations", "Add New Integration", install, None),
        ("/integrations/circl-passive-dns", "Uninstall", install, None),
        ("/integrations/circl-passive-dns", "Save and test connection", configure, None),
        ("/library", "Add indicators", edit, None),
        ("/library", "Users", manage, None),
        ("/integrations/new", "Click to Browse", install, Some("Install & Uninstall Integrations")),
        ("/users", "Create invitation link", manage, Some("Manage Users")),
    ] {
        browser.go(path).await;
        if words == "Users" {
            browser.click(Locator::Css("header .menu summary")).await;
            browser.sees("Audit Log").await;
        }
        if may {
            browser.sees(words).await;
        } else {
            browser.sees_no(words).await;
            browser.sees(refusal.unwrap_or("Sensors")).await;
        }
    }
}

/// A request that is sent anyway is refused.
async fn sends_only(browser: &Browser, role: &str, [install, configure, edit, manage]: [bool; 4]) {
    browser.go("/library").await;
    for (path, fields, may) in [
        ("/integrations/circl-passive-dns/enabled", json!({ "enabled": "on" }), install),
        ("/integrations/circl-passive-dns/test", json!({}), configure),
        ("/library/add", json!({ "many": "www.example.org", "do": "add" }), edit),
        ("/users/invite", json!({ "role": "Reader" }), manage),
    ] {
        let status = browser.run_async(SEND, vec![json!(path), fields]).await;
        assert_eq!(status != json!(403), may, "{role} {path}: {status}");
    }
}
