//! Error messages of pages: in sentences, with what to do, and where the user sees them.

use workbench::user::Role;

use crate::browser::Place;

const PATH: &str = "/integrations/circl-passive-dns";

#[tokio::test]
async fn what_no_page_can_read_is_a_page_that_says_so() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    for path in
        ["/audit?before=x", "/runs/x", "/runs?before=x", "/run?value=%ff", "/users/sessions?name=%ff&name=a"]
    {
        let answer = ann.get(path).await;
        assert!((400..500).contains(&answer.status), "{path}: {}", answer.status);
        assert!(answer.header("content-type").unwrap().starts_with("text/html"), "{path}: {answer:?}");
        for raw in ["eserialize", "Failed to", "Invalid URL"] {
            assert!(!answer.body.contains(raw), "{path}: {}", answer.body);
        }
    }
}

#[tokio::test]
async fn what_is_too_large_is_told_its_limit() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    let note = "n".repeat(200 << 10);
    let answer = ann.post("/library/indicator/note", &[("value", "example.com"), ("note", &note)]).await;
    assert_eq!(answer.status, 413);
    assert!(answer.body.contains("The request is larger than 128 KiB, the limit here"), "{}", answer.body);
    let many = "a.example\n".repeat(400 << 10);
    let answer = ann.post("/library/add", &[("many", &many)]).await;
    assert!(answer.body.contains("3072 KiB"), "{}", answer.body);
}

#[tokio::test]
async fn a_refused_configuration_leads_to_the_field() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    ann.upload("circl-passive-dns-1.1.0.toml", operation::package::newest().unwrap().source.as_bytes()).await;
    let refused = ann.post(PATH, &[("value.host", "192.0.2.80"), ("value.port", "0"), ("do", "test")]).await;
    assert_eq!(refused.status, 422);
    let focused: Vec<&str> = refused.body.split('<').filter(|tag| tag.contains(" autofocus")).collect();
    assert_eq!(focused.len(), 1, "{focused:?}");
    assert!(focused[0].contains("name=\"value.port\""), "{focused:?}");
    assert!(!refused.body.contains("formaction"), "the address must not lead elsewhere");
}

#[tokio::test]
async fn two_logins_at_once_are_warned_of() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    ann.upload("circl-passive-dns-1.1.0.toml", operation::package::newest().unwrap().source.as_bytes()).await;
    let one = [("value.host", "192.0.2.80"), ("value.verify_ssl", "on"), ("value.user_token", "t")];
    ann.post(PATH, &one).await;
    assert!(!ann.get(PATH).await.body.contains("the token is sent"));
    ann.post(PATH, &[one[0], one[1], ("value.username", "ann"), ("value.password", "p")]).await;
    assert!(ann.get(PATH).await.body.contains("only the token is sent"));
    // Its Activity Log uses the labels of the form, and is a separate view.
    let log = ann.get(&format!("{PATH}?view=log")).await.body;
    assert!(log.contains("Username ann; Password set"), "{log}");
    assert!(!log.contains("Save and test connection"));
    // A user without permission does not see the form for configuring.
    let reader = place.browser(Role::Reader).await.get(PATH).await.body;
    assert!(!reader.contains("Replace or clear"), "{reader}");
}

#[tokio::test]
async fn lines_that_several_filters_hide_are_counted() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    ann.upload("circl-passive-dns-1.1.0.toml", operation::package::newest().unwrap().source.as_bytes()).await;
    let page = ann.get("/integrations?tab=enabled&find=script&type=feed").await.body;
    assert!(page.contains("0 of 1</b> shown. 1 hidden by several filters together."), "{page}");
    let page = ann.get("/integrations?tab=enabled").await.body;
    assert!(page.contains("1 more on another tab."), "{page}");
}

#[tokio::test]
async fn an_invitation_is_shown_once_and_reloading_makes_no_other() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    let made = ann.post("/users/invite", &[("role", "Reader")]).await;
    assert_eq!((made.status, made.leads_to()), (303, "/users"));
    let shown = ann.get("/users").await.body;
    assert!(
        shown.contains("/welcome?token=") && shown.contains("creates one user with the role Reader"),
        "{shown}"
    );
    assert!(!ann.get("/users").await.body.contains("/welcome?token="));
    // No other user gets it.
    ann.post("/users/invite", &[("role", "Reader")]).await;
    let other = place.browser(Role::Administrator).await;
    assert!(!other.get("/users").await.body.contains("/welcome?token="));
}

#[tokio::test]
async fn long_values_are_folded() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    ann.post("/library/add", &[("many", "example.com"), ("do", "add")]).await;
    let note = format!("{}THE END", "n".repeat(3_000));
    ann.post("/library/indicator/note", &[("value", "example.com"), ("note", &note)]).await;
    let page = ann.get("/library/indicator?value=example.com").await.body;
    let (before, folded) = page.split_once("Show all 3,007 characters").unwrap();
    assert!(!before.contains("THE END") && folded.contains("THE END"), "{page}");
    let unknown = ann.get("/library?q=unknown.example").await.body;
    assert!(unknown.contains("Not in the library") && unknown.contains("value=unknown.example"), "{unknown}");
}

#[tokio::test]
async fn programs_are_told_which_header_they_lack() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    let answer = ann.send("DELETE", "/api/v1/session", &[], b"").await;
    let detail = answer.problem(403);
    assert!(
        detail.contains("x-backsight-token is missing") && detail.contains("GET /api/v1/session"),
        "{detail}"
    );
}
