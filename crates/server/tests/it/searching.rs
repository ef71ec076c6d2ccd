//! The search box on every page.

use workbench::user::Role;

use crate::browser::{Browser, Place, escape};

async fn find(browser: &Browser, text: &str) -> String {
    browser.get(&format!("/find?q={}", escape(text))).await.leads_to().to_owned()
}

#[tokio::test]
async fn an_exact_match_opens_and_everything_else_is_searched_for() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    ann.post(
        "/library/add",
        &[("many", "evil.example\nwww.evil.example\n8.8.8.8\nbücher.example"), ("do", "add")],
    )
    .await;
    for (text, value) in [
        ("evil.example", "evil.example"),
        (" hxxp://EVIL[.]example/x ", "evil.example"),
        ("::ffff:8.8.8.8", "8.8.8.8"),
        ("bücher.example", "xn--bcher-kva.example"),
    ] {
        assert_eq!(find(&ann, text).await, format!("/library/indicator?value={value}"), "{text}");
    }
    for (text, query) in
        [("evil", "q=evil"), ("*.example", "q=%2A.example"), ("new.example", "q=new.example")]
    {
        assert_eq!(find(&ann, text).await, format!("/library?{query}"), "{text}");
    }
    assert_eq!(find(&ann, "").await, "/library");
    ann.post("/library/indicator/remove", &[("value", "8.8.8.8")]).await;
    assert_eq!(find(&ann, "8.8.8.8").await, "/library/indicator?value=8.8.8.8", "where it can be restored");
    assert_eq!(
        place.stranger().get("/find?q=a.example").await.leads_to(),
        "/signin?next=%2Ffind%3Fq%3Da.example"
    );
}

#[tokio::test]
async fn an_unknown_name_is_offered_even_beside_others_that_contain_it() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    ann.post("/library/add", &[("many", "www.evil.example"), ("do", "add")]).await;
    let page = ann.get("/library?q=evil.example").await.body;
    assert!(page.contains("evil.example</bdi></b> is not in the library."), "{page}");
    assert!(page.contains("1 shown") && page.contains("Add it as Active"), "{page}");
    assert!(
        page.contains("No enabled operation can query this type (FQDN)")
            && !page.contains("Query evil.example"),
        "{page}"
    );
    let reader = place.browser(Role::Reader).await.get("/library?q=evil.example").await.body;
    assert!(!reader.contains("Add it as Active"), "{reader}");
}

#[tokio::test]
async fn what_is_no_indicator_is_neither_offered_to_be_queried_nor_to_be_added() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    for text in [
        "d41d8cd98f00b204e9800998ecf8427e",
        "CVE-2024-3094",
        "AS64496",
        "ldap://",
        "user@evil.example",
        "two words",
        "evil",
        "2130706433",
    ] {
        let page = ann.get(&format!("/library?q={}", escape(text))).await.body;
        assert!(
            page.contains("It is not an indicator, so it cannot be queried or added: "),
            "{text}: {page}"
        );
        for never in ["Add it as Active", "Query ", "is not in the library"] {
            assert!(!page.contains(never), "{text}: {never}");
        }
    }
    for pattern in ["*.evil.example", "192.0.2.0/24"] {
        let page = ann.get(&format!("/library?q={}", escape(pattern))).await.body;
        assert!(
            page.contains("No matching indicators") && !page.contains("It is not an indicator"),
            "{page}"
        );
    }
}

#[tokio::test]
async fn the_empty_library_leads_to_what_comes_next() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    let page = ann.get("/library").await.body;
    assert!(
        page.contains("href=\"/integrations/new\">Install an integration")
            && page.contains("href=\"/database\">Load"),
        "{page}"
    );
    let reader = place.browser(Role::Reader).await.get("/library").await.body;
    assert!(
        reader.contains("An administrator or maintainer can install one")
            && !reader.contains("/integrations/new"),
        "{reader}"
    );
    ann.post("/integrations/new", &[]).await;
    let package = include_bytes!("../../../operation/packages/circl-passive-dns-1.1.0.toml");
    ann.upload("circl-passive-dns-1.1.0.toml", package).await;
    let page = ann.get("/library").await.body;
    assert!(page.contains("Configure and enable it") && !page.contains("Install an integration"), "{page}");
}
