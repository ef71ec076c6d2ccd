//! The threat library in the browser, and hostile text on every page.

use workbench::user::Role;

use crate::browser::{Place, escape};

const PASTE: &str = "hxxps://login[.]example[.]com/a?id=1\nLogin.Example.com.\n2001:DB8::1\n192.0.2.0/24\n\n# a comment\n123.321.156.90";

#[tokio::test]
async fn a_paste_is_shown_as_it_is_understood_and_added_when_confirmed() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    let preview =
        ann.post("/library/add", &[("many", PASTE), ("status", "Review"), ("do", "preview")]).await.body;
    for words in ["5 values read", "login.example.com", "Repeated", "A network", "Add 2 indicators"] {
        assert!(preview.contains(words), "{words}: {preview}");
    }
    assert!(!ann.get("/library").await.body.contains("login.example.com"), "nothing is added by looking");
    assert!(ann.get("/library?add=yes").await.body.contains("id=\"paste\" open"));
    let added = ann.post("/library/add", &[("many", PASTE), ("status", "Review"), ("do", "add")]).await;
    assert_eq!(added.leads_to(), "/library?said=added");
    let library = ann.get("/library?said=added").await.body;
    assert!(
        library.contains("login.example.com")
            && library.contains("2001:db8::1")
            && library.contains("Added.")
    );
    let several = "b1.example, b2.example; b3.example\n192.0.2.5\t2024-01-01\tC2\nldap://c2.example:1389/a\nCVE-2024-1234";
    let preview = ann.post("/library/add", &[("many", several), ("do", "preview")]).await.body;
    for words in [
        "6 values read",
        "<dt>other text skipped</dt><dd>2</dd>",
        "identifier of a vulnerability",
        "Add 5 indicators",
    ] {
        assert!(preview.contains(words), "{words}: {preview}");
    }
    let many = "a.example\n".repeat(10_001);
    assert_eq!(ann.post("/library/add", &[("many", many.as_str())]).await.status, 422);
}

#[tokio::test]
async fn the_library_is_searched_filtered_and_paged() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    let lines: Vec<String> = (0..120).map(|at| format!("h{at:03}.example.com\n192.0.2.{at}\n")).collect();
    let many = lines.concat();
    ann.post("/library/add", &[("many", many.as_str()), ("do", "add")]).await;
    let found = ann.get("/library?q=h00*").await.body;
    assert!(found.contains("Invalid search"), "{found}");
    let below = ann.get("/library?q=*[.]example[.]com&type=FQDN&sort=value").await.body;
    assert!(below.contains("100 shown, more on the next page") && !below.contains(">192.0.2.1<"));
    let next =
        below.split("href=\"").filter_map(|part| part.split('"').next()).find(|link| link.contains("after="));
    let next = next.unwrap().replace("&#38;", "&");
    let rest = ann.get(&next).await.body;
    assert!(rest.contains("20 shown") && rest.contains("First page"), "{rest}");
    let none = ann.get("/library?status=Review").await.body;
    assert!(none.contains("No matching indicators") && none.contains("Status: Review"));
    let unknown = ann.get("/library?q=hxxp://new[.]example[.]net/").await.body;
    assert!(unknown.contains("new.example.net</bdi></b> is not in the library"), "{unknown}");
}

#[tokio::test]
async fn one_indicator_gets_a_status_notes_and_a_way_back() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    let page = "/library/indicator?value=a.example";
    assert_eq!(ann.get(page).await.status, 404);
    ann.post("/library/add", &[("many", "a.example"), ("do", "add")]).await;
    let value = ("value", "a.example");
    assert_eq!(
        ann.post("/library/indicator/status", &[value, ("status", "Review")]).await.leads_to(),
        format!("{page}&said=status")
    );
    ann.post("/library/indicator/note", &[value, ("note", "first\nsecond")]).await;
    let body = ann.get(page).await.body;
    for words in ["a[.]example", "from Active to Review", "first\nsecond", "Set status"] {
        assert!(body.contains(words), "{words}: {body}");
    }
    ann.post("/library/indicator/remove", &[value]).await;
    assert!(ann.get(page).await.body.contains("Restore"));
    assert!(!ann.get("/library").await.body.contains("a.example"));
    assert!(ann.get("/library?removed=yes").await.body.contains("a.example"));
    ann.post("/library/indicator/restore", &[value]).await;
    assert!(ann.get("/library").await.body.contains("a.example"));
    let reader = place.browser(Role::Reader).await.get(page).await.body;
    assert!(!reader.contains("Set status") && !reader.contains("Add note"), "{reader}");
}

#[tokio::test]
async fn hostile_text_is_text_on_every_page() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    let hostile = "<script>alert(1)</script>\"><img src=x onerror=alert(1)>\u{1b}[31m\u{202e}{{7*7}}";
    ann.post("/library/add", &[("many", "a.example"), ("do", "add")]).await;
    ann.post("/library/indicator/note", &[("value", "a.example"), ("note", hostile)]).await;
    ann.upload(
        "circl-passive-dns-1.0.0.toml",
        operation::package::find("circl-passive-dns@1.0.0").unwrap().source.as_bytes(),
    )
    .await;
    ann.send(
        "POST",
        "/signin",
        &[("content-type", "application/x-www-form-urlencoded"), ("user-agent", "<script>alert(1)</script>")],
        format!("name=ann&password={}", crate::browser::PASSWORD.replace(' ', "+")).as_bytes(),
    )
    .await;
    let escaped = escape(hostile);
    let pages = [
        "/library/indicator?value=a.example".to_owned(),
        "/account".to_owned(),
        "/audit".to_owned(),
        format!(
            "/library?q={escaped}&type={escaped}&status={escaped}&source={escaped}&sort={escaped}&after={escaped}"
        ),
        format!("/library/indicator?value={escaped}"),
        format!("/integrations?find={escaped}&tab={escaped}&type={escaped}"),
        format!("/integrations/{escaped}"),
        format!("/integrations/new?bundled={escaped}"),
        format!("/users/sessions?name={escaped}"),
        format!("/signin?next={escaped}&said={escaped}"),
        format!("/welcome?token={escaped}"),
        format!("/{escaped}"),
    ];
    let posts = [
        ("/library/add", vec![("many", hostile), ("do", "preview")]),
        ("/integrations/circl-passive-dns", vec![("value.host", hostile), ("value.port", hostile)]),
        ("/signin", vec![("name", hostile), ("password", hostile)]),
    ];
    let mut bodies = Vec::new();
    for page in &pages {
        bodies.push((page.clone(), ann.get(page).await));
    }
    for (page, fields) in posts {
        bodies.push((page.to_owned(), ann.post(page, &fields).await));
    }
    for (page, answer) in bodies {
        assert!(answer.status < 500, "{page}: {answer:?}");
        for never in ["<script>", "<img", "\u{1b}", "\u{202e}"] {
            assert!(!answer.body.contains(never), "{page}: {never:?}");
        }
    }
}

#[tokio::test]
async fn users_are_given_roles_and_the_last_administrator_stays() {
    let place = Place::new().await;
    let (ann, reader) = (place.browser(Role::Administrator).await, place.browser(Role::Reader).await);
    let last = ann.post("/users/disable", &[("name", "ann")]).await;
    assert!(last.status == 409 && last.body.contains("last administrator"), "{}", last.body);
    ann.post("/users/role", &[("name", "reader"), ("role", "Analyst")]).await;
    assert_eq!(
        reader.post("/library/add", &[("many", "a.example"), ("do", "add")]).await.status,
        303,
        "at once"
    );
    ann.post("/users/disable", &[("name", "reader")]).await;
    assert_eq!(reader.get("/library").await.leads_to(), "/signin?next=%2Flibrary&said=ended");
    assert!(ann.get("/users").await.body.contains("Disabled"));
    assert_eq!(ann.post("/users/enable", &[("name", "reader")]).await.leads_to(), "/users?said=user-enabled");
}

/// Only what was seen is changed: not more than was counted, nothing that changed meanwhile, and nothing by an unknown filter.
#[tokio::test]
async fn a_selection_is_what_was_seen() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    let many: Vec<String> = (0..120).map(|at| format!("h{at}.example")).collect();
    ann.post("/library/add", &[("many", many.join("\n").as_str()), ("do", "add")]).await;
    let list = ann.get("/library").await.body;
    assert!(list.contains("All 120 that match") && list.contains("value=\"Active h"), "{list}");
    let all = |counted: &'static str, more: &[(&'static str, &'static str)]| {
        [&[("all", "yes"), ("counted", counted), ("do", "tlp")][..], more].concat()
    };
    let change = async |fields: &[(&str, &str)]| ann.post("/library/ticked", fields).await.status;
    assert_eq!(change(&all("120", &[("to_tlp", "")])).await, 400, "no level is chosen");
    assert_eq!(change(&all("119", &[("to_tlp", "red")])).await, 409, "one has come");
    assert_eq!(change(&all("", &[("to_tlp", "red")])).await, 400);
    assert_eq!(change(&all("120", &[("to_tlp", "red"), ("status", "Reviewed")])).await, 400);
    assert_eq!(change(&all("120", &[("to_tlp", "red")])).await, 303);
    // Somebody looked before it was marked.
    let weaker = [("pick", "h0.example"), ("was", "Active h0.example"), ("do", "tlp"), ("to_tlp", "green")];
    let asked = ann.post("/library/ticked", &weaker).await;
    assert!(asked.body.contains("h0.example (it was Active, it is Active, TLP:RED)"), "{asked:?}");
    let tags = (0..101).map(|at| format!("t{at}")).collect::<Vec<_>>().join(",");
    assert_eq!(change(&[("pick", "h0.example"), ("do", "untag"), ("tags", &tags)]).await, 400);
    ann.post("/library/ticked", &[("pick", "h1.example"), ("do", "remove")]).await;
    assert_eq!(change(&[("pick", "h1.example"), ("do", "ask")]).await, 409, "it is not brought back");
}

/// Undo brings back what was removed then: thousands, or one, but neither what was removed before nor for somebody else.
#[tokio::test]
async fn a_removal_is_undone_as_it_was_made() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    for part in 0..5 {
        let many: Vec<String> = (0..1_000).map(|at| format!("h{at}.p{part}.example")).collect();
        ann.post("/library/add", &[("many", many.join("\n").as_str()), ("do", "add")]).await;
    }
    ann.post("/library/ticked", &[("pick", "h1.p1.example"), ("do", "remove")]).await;
    let removed = ann.post("/library/ticked", &[("all", "yes"), ("counted", "4999"), ("do", "remove")]).await;
    let back = removed.leads_to().to_owned();
    let (_, removal) = back.split_once("undo=").unwrap();
    let page = ann.get(&back).await.body;
    assert!(page.contains("4,999 indicators removed.") && page.contains("The library is empty"), "{page}");
    let bob = place.browser(Role::Analyst).await;
    assert!(!bob.get(&back).await.body.contains("indicators removed."), "it is not bob's");
    assert_eq!(bob.post("/library/undo", &[("removal", removal)]).await.status, 404);
    for wrong in ["", "x", "1-2", "0-99999999999", "9-1", "-1--1"] {
        let status = ann.post("/library/undo", &[("removal", wrong)]).await.status;
        assert!([400, 404].contains(&status), "{wrong}: {status}");
    }
    let undone = ann.post("/library/undo", &[("removal", removal)]).await;
    assert!(ann.get(undone.leads_to()).await.body.contains("back as it was"));
    let list = ann.get("/library").await.body;
    assert!(list.contains("4,999 indicators"), "{list}");
    assert!(!ann.get(&back).await.body.contains("indicators removed."), "nothing is left to undo");
    let again = ann.post("/library/undo", &[("removal", removal)]).await;
    assert!(again.leads_to().contains("said=nothing"), "{again:?}");
    assert!(ann.get("/audit").await.body.contains("Removal undone"));
}
