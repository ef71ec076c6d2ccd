//! Add New Integration, in the steps of the integration guide: install, configure, enable and upgrade.

use operation::package;
use workbench::audit::Filter;
use workbench::user::Role;

use crate::browser::{Browser, Place};
use crate::client::Answer;

const PATH: &str = "/integrations/circl-passive-dns";

fn manifest(version: &str) -> String {
    package::find(&format!("circl-passive-dns@{version}")).unwrap().source
}

async fn upload(browser: &Browser, version: &str) -> Answer {
    browser.upload(&format!("circl-passive-dns-{version}.toml"), manifest(version).as_bytes()).await
}

/// Confirms a dialog.
async fn confirm(browser: &Browser, dialog: &Answer, more: &[(&str, &str)]) -> Answer {
    let fields = ["step", "seen", "file", "package"].map(|name| (name, dialog.hidden(name)));
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    browser.post("/integrations/new/confirm", &[&fields[..], more].concat()).await
}

async fn version(place: &Place) -> Option<(String, bool)> {
    let show = |workbench: &workbench::Workbench| Ok(workbench.show("circl-passive-dns").ok());
    let details = place.desk.read(show).await.unwrap()?;
    Some((details.summary.version, details.summary.enabled))
}

#[tokio::test]
async fn the_guides_walk_through_install_configure_enable_and_upgrade() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    // One dialog offers both ways to choose the file: an upload and a bundled package.
    let dialog = ann.get("/integrations/new").await.body;
    for words in ["Add New Integration", "Drag and drop", "Click to Browse"] {
        assert!(dialog.contains(words), "{words}");
    }
    // A new integration is disabled, and listed under Disabled.
    let installed = upload(&ann, "1.0.0").await;
    assert_eq!(installed.leads_to(), format!("{PATH}?said=installed"));
    assert_eq!(version(&place).await, Some(("1.0.0".to_owned(), false)));
    assert!(ann.get("/integrations?tab=disabled").await.body.contains(PATH));
    // With one invalid field nothing is stored, and the secret is not sent back.
    let values =
        [("value.host", "192.0.2.80"), ("value.port", "70000"), ("value.user_token", "user:tr0ub4dor")];
    let refused = ann.post(PATH, &values).await;
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("70000") && refused.body.contains("1 to 65535"), "{}", refused.body);
    assert!(!refused.body.contains("tr0ub4dor"));
    let values =
        [("value.host", "192.0.2.80"), ("value.port", "8443"), ("value.verify_ssl", "on"), values[2]];
    assert_eq!(ann.post(PATH, &values).await.leads_to(), format!("{PATH}?said=configured"));
    let page = ann.get(PATH).await.body;
    assert!(page.contains("192.0.2.80") && page.contains("8443") && !page.contains("tr0ub4dor"), "{page}");
    // The switch enables it, and the log names the user.
    assert_eq!(
        ann.post(&format!("{PATH}/enabled"), &[("enabled", "on")]).await.leads_to(),
        format!("{PATH}?said=enabled")
    );
    assert_eq!(version(&place).await, Some(("1.0.0".to_owned(), true)));
    // Two confirmations; nothing is written before the second.
    let exists = upload(&ann, "1.1.0").await;
    assert!(
        exists.body.contains("is already installed") && exists.body.contains("Keep 1.0.0"),
        "{}",
        exists.body
    );
    let parameters = confirm(&ann, &exists, &[]).await;
    assert!(parameters.body.contains("1.1.0 changes the configuration"), "{}", parameters.body);
    assert!(parameters.body.contains("192.0.2.80") && parameters.body.contains("set, kept"));
    assert_eq!(version(&place).await, Some(("1.0.0".to_owned(), true)), "no is no");
    let done = confirm(&ann, &parameters, &[("keep", "carry")]).await;
    assert_eq!(done.leads_to(), format!("{PATH}?said=replaced"));
    // State and values survive the upgrade.
    assert_eq!(version(&place).await, Some(("1.1.0".to_owned(), true)));
    assert!(ann.get(PATH).await.body.contains("192.0.2.80"));
    let log = place.desk.read(|workbench| workbench.audit(&Filter::default())).await.unwrap();
    assert!(log.entries.iter().any(|entry| entry.action == "integration.upgrade" && entry.actor == "ann"));
}

#[tokio::test]
async fn overwriting_gives_the_values_up_and_the_same_file_is_said_to_be_that() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    upload(&ann, "1.0.0").await;
    ann.post(PATH, &[("value.host", "192.0.2.80"), ("value.verify_ssl", "on")]).await;
    let same = upload(&ann, "1.0.0").await;
    assert!(
        same.body.contains("identical to the installed one") && !same.body.contains("Yes, replace it"),
        "{}",
        same.body
    );
    let parameters = confirm(&ann, &upload(&ann, "1.1.0").await, &[]).await;
    confirm(&ann, &parameters, &[("keep", "overwrite")]).await;
    assert_eq!(version(&place).await, Some(("1.1.0".to_owned(), false)));
    assert!(!ann.get(PATH).await.body.contains("value=\"192.0.2.80\""));
    let down = upload(&ann, "1.0.0").await;
    assert!(down.body.contains("Downgrade") && down.body.contains("older version"), "{}", down.body);
}

#[tokio::test]
async fn what_was_changed_meanwhile_is_not_replaced_unseen() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    upload(&ann, "1.0.0").await;
    let exists = upload(&ann, "1.1.0").await;
    let parameters = confirm(&ann, &exists, &[]).await;
    ann.post(PATH, &[("value.host", "192.0.2.81"), ("value.verify_ssl", "on")]).await;
    let late = confirm(&ann, &parameters, &[("keep", "carry")]).await;
    assert_eq!(late.status, 409);
    assert!(late.body.contains("changed in the meantime"), "{}", late.body);
    assert_eq!(version(&place).await, Some(("1.0.0".to_owned(), false)));
}

#[tokio::test]
async fn what_is_no_package_is_refused_in_the_dialog_with_the_reason() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    let broken = manifest("1.0.0").replacen("author =", "autor =", 1);
    for (file, content, words) in [
        ("a-1.0.0.toml", broken.as_bytes(), "Line 9"),
        ("a-1.0.0.toml", b"\xff\xfe".as_slice(), "not text"),
        ("tq_op_circl-1.0.0-py3-none-any.whl", b"PK", "cannot be installed here"),
        ("a.exe", b"MZ", "ends in .toml"),
        ("<img src=x onerror=alert(1)>.toml", b"x", "was not installed"),
        ("a-1.0.0.toml", &vec![b'#'; (256 << 10) + 1], "It is larger than 256 KiB"),
    ] {
        let answer = ann.upload(file, content).await;
        assert_eq!(answer.status, if content.len() > 256 << 10 { 413 } else { 422 }, "{file}");
        assert!(
            answer.body.contains(words) && answer.body.contains("Nothing was changed"),
            "{file}: {}",
            answer.body
        );
        assert!(!answer.body.contains("<img"), "{file}");
    }
    let huge = ann.upload("a-1.0.0.toml", &vec![b'#'; 9 << 20]).await;
    assert_eq!(huge.status, 413, "{}", huge.body);
    assert_eq!(version(&place).await, None);
}

#[tokio::test]
async fn the_list_says_what_its_filters_hide() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    upload(&ann, "1.0.0").await;
    let feeds = ann.get("/integrations?type=feed").await.body;
    assert!(feeds.contains("0 of 1") && feeds.contains("1 hidden by Type: Feed."), "{feeds}");
    let elsewhere = ann.get("/integrations?tab=enabled&find=circl").await.body;
    assert!(elsewhere.contains("1 more on another tab."), "{elsewhere}");
    let searched = ann.get("/integrations?find=nothing").await.body;
    assert!(searched.contains("1 hidden by the search."), "{searched}");
}

#[tokio::test]
async fn a_test_reports_each_step_and_uninstalling_is_confirmed() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    upload(&ann, "1.0.0").await;
    let port = place.server.address.port().to_string();
    let values = [("value.host", "127.0.0.1"), ("value.port", port.as_str()), ("value.use_http", "on")];
    ann.post(PATH, &[&values[..], &[("value.verify_ssl", "on")]].concat()).await;
    let tested = ann.post(&format!("{PATH}/test"), &[]).await;
    assert_eq!(tested.status, 200);
    for step in ["Name resolution", "Connection", "TLS", "Login", "Passed"] {
        assert!(tested.body.contains(step), "{step}: {}", tested.body);
    }
    assert!(ann.get(&format!("{PATH}/uninstall")).await.body.contains("Yes, uninstall it"));
    assert!(version(&place).await.is_some());
    assert_eq!(
        ann.post(&format!("{PATH}/uninstall"), &[]).await.leads_to(),
        "/integrations?said=uninstalled"
    );
    assert_eq!(version(&place).await, None);
    assert_eq!(ann.get(PATH).await.status, 404);
}

#[tokio::test]
async fn a_token_is_not_sent_elsewhere_by_a_changed_field_or_call() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    upload(&ann, "1.0.0").await;
    let given = [("value.host", "127.0.0.1"), ("value.port", "9"), ("value.verify_ssl", "on")];
    ann.post(PATH, &[&given[..], &[("value.user_token", "user:tr0ub4dor")]].concat()).await;
    ann.post(&format!("{PATH}/enabled"), &[("enabled", "on")]).await;
    let moved = [("value.host", "localhost"), ("value.port", "9"), ("value.verify_ssl", "on")];
    let refused = ann.post(PATH, &moved).await;
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("the host is now localhost"), "{}", refused.body);
    assert!(refused.body.contains("enter it again for that") && !refused.body.contains("tr0ub4dor"));
    let call = ann.api("PATCH", PATH, &serde_json::json!({ "values": { "host": "localhost" } })).await;
    assert!(matches!(call.status, 400 | 409 | 422), "{} {}", call.status, call.body);
    assert!(call.body.contains("the host is now localhost"), "{}", call.body);
    // While it is disabled, the field can be saved, and the page says what has to be done; the test sends nothing.
    ann.post(&format!("{PATH}/enabled"), &[]).await;
    assert_eq!(ann.post(PATH, &moved).await.leads_to(), format!("{PATH}?said=configured"));
    let page = ann.get(PATH).await.body;
    assert!(page.contains("was entered for https://127.0.0.1:9"));
    let tested = ann.post(&format!("{PATH}/test"), &[]).await;
    assert!(
        tested.body.contains("The connection was not tested")
            && tested.body.contains("the host is now localhost")
    );
    ann.post(PATH, &[&moved[..], &[("value.user_token", "user:tr0ub4dor")]].concat()).await;
    assert_eq!(
        ann.post(&format!("{PATH}/enabled"), &[("enabled", "on")]).await.leads_to(),
        format!("{PATH}?said=enabled")
    );
}

#[tokio::test]
async fn a_proxys_login_goes_in_by_page_and_call_and_comes_out_of_neither() {
    const LOGIN: [(&str, &str); 3] = [
        ("value.proxy", "http://p.example:3128"),
        ("value.proxy_user", "user"),
        ("value.proxy_password", "tr0ub4dor"),
    ];
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    upload(&ann, "1.2.0").await;
    // A login in the address is refused at its field, with a hint where to enter it, and not sent back.
    for address in ["http://user:tr0ub4dor@p.example:3128", "user:x@tr0ub4dor/@p.example"] {
        let refused = ann.post(PATH, &[("value.verify_ssl", "on"), ("value.proxy", address)]).await;
        assert_eq!(refused.status, 422);
        assert!(!refused.body.contains("tr0ub4dor"), "{}", refused.body);
    }
    // Without its proxy, or without its user, it is refused; nothing of it is stored.
    for (fields, part) in [
        (&LOGIN[1..], "enter the proxy&#39;s address"),
        (&LOGIN[2..], "enter the proxy&#39;s address"),
        (&[LOGIN[0], LOGIN[2]], "enter the user that the password is for"),
    ] {
        let refused = ann.post(PATH, &[&[("value.verify_ssl", "on")], fields].concat()).await;
        assert_eq!(refused.status, 422);
        assert!(refused.body.contains(part) && !refused.body.contains("tr0ub4dor"), "{}", refused.body);
    }
    let saved = ann.post(PATH, &[&[("value.verify_ssl", "on")], &LOGIN[..]].concat()).await;
    assert_eq!(saved.leads_to(), format!("{PATH}?said=configured"));
    let page = ann.get(PATH).await.body;
    assert!(page.contains("http://p.example:3128, from the setting Proxy, with a login"), "{page}");
    assert!(page.contains("Only the host above, through the proxy"));
    ann.post(&format!("{PATH}/enabled"), &[("enabled", "on")]).await;
    let shown = ann.api("GET", PATH, &serde_json::Value::Null).await;
    let value: serde_json::Value = serde_json::from_str(&shown.body).unwrap();
    assert_eq!(
        value["proxy"],
        serde_json::json!({
            "state": "used", "address": "http://p.example:3128", "from": "setting", "login": true, "why": null
        })
    );
    // Another proxy does not get the password; the page says so at the password's field.
    let moved = [("value.verify_ssl", "on"), ("value.proxy", "http://q.example:3128"), LOGIN[1]];
    let refused = ann.post(PATH, &moved).await;
    assert!(refused.status == 422 && refused.body.contains("the proxy is now http://q.example:3128"));
    let call =
        ann.api("PATCH", PATH, &serde_json::json!({ "values": { "proxy": "http://q.example:3128" } })).await;
    assert!(call.status == 400 && call.body.contains("the proxy is now http://q.example:3128"), "{call:?}");
    let call =
        ann.api("PATCH", PATH, &serde_json::json!({ "values": { "proxy_password": "tr0ub4dor" } })).await;
    assert!(call.status == 400 && call.body.contains("is a secret"), "{call:?}");
    for path in [PATH, "/integrations/circl-passive-dns?view=log", "/integrations", "/audit"] {
        let page = ann.get(path).await.body;
        assert!(!page.contains("tr0ub4dor"), "{path}");
        assert!(
            !ann.api("GET", path.split('?').next().unwrap(), &serde_json::Value::Null)
                .await
                .body
                .contains("tr0ub4dor")
        );
    }
    assert!(!call.body.contains("tr0ub4dor"));
}

/// The manifest of `cof`, as another version with this change.
fn with_change(version: &str, change: &str) -> String {
    let cof = package::find("cof").unwrap().source;
    let table = format!("[[changes]]\nversion = \"{version}\"\ntext = [\"{change}\"]\n\n[[changes]]");
    cof.replacen("version = \"1.0.0\"", &format!("version = \"{version}\""), 1).replacen(
        "[[changes]]",
        &table,
        1,
    )
}

#[tokio::test]
async fn an_upgrade_and_the_details_show_what_changed() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    ann.upload("cof.toml", package::find("cof").unwrap().source.as_bytes()).await;
    let newer = with_change("1.1.0", "Knows <b>pdns</b>.");
    let exists = ann.upload("cof-1.1.0.toml", newer.as_bytes()).await.body;
    assert!(exists.contains("What changed since 1.0.0"), "{exists}");
    assert!(
        exists.contains("Knows &#60;b&#62;pdns&#60;/b&#62;.") && !exists.contains("First version"),
        "{exists}"
    );
    let details = ann.get("/integrations/cof").await.body;
    assert!(details.contains("First version") && !details.contains("Knows"), "{details}");
}

#[tokio::test]
async fn the_catalogue_lists_packages_and_their_files() {
    let folder = tempfile::tempdir().unwrap();
    let newer = with_change("1.1.0", "Knows pdns.");
    std::fs::write(folder.path().join("newer.toml"), &newer).unwrap();
    std::fs::write(folder.path().join("broken.toml"), "name = <script>").unwrap();
    let stolen = manifest("1.2.0").replace("www.circl.lu", "pdns.example.org");
    std::fs::write(folder.path().join("stolen.toml"), stolen).unwrap();
    let packages = folder.path().to_owned();
    let place = Place::with(|site| site.with_packages(packages)).await;
    let ann = place.browser(Role::Administrator).await;
    let page = ann.get("/catalogue").await.body;
    for words in [
        "broken.toml</bdi> is not in the catalogue.</b> Line 1: ",
        "circl-passive-dns@1.2.0 is bundled with other content",
        "Knows pdns.",
        "/integrations/new?bundled=cof%401.1.0\">Install",
        "own-database",
        "newer.toml",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains("<script>"), "{page}");
    // A file is the manifest itself, which can be uploaded.
    let file = ann.get("/catalogue/cof/1.1.0").await;
    assert_eq!(
        (file.status, file.header("content-type"), &file.body),
        (200, Some("application/toml"), &newer)
    );
    assert_eq!(file.header("content-disposition"), Some("attachment; filename=\"cof-1.1.0.toml\""));
    assert_eq!(ann.get("/catalogue/cof/3.0.0").await.status, 404);
    // The same for programs.
    let listed = ann.api("GET", "/catalogue", &serde_json::Value::Null).await;
    let listed: serde_json::Value = serde_json::from_str(&listed.body).unwrap();
    let of = |name: &str, version: &str| {
        let all = listed["packages"].as_array().unwrap().iter();
        all.clone().find(|one| one["name"] == name && one["version"] == version).unwrap().clone()
    };
    assert_eq!(of("cof", "1.1.0")["file"], "newer.toml");
    assert_eq!(of("cof", "1.1.0")["required"], serde_json::json!(["Host (host)"]));
    assert_eq!(of("cof", "1.0.0")["file"], serde_json::Value::Null);
    assert_eq!(of("dnsdb", "1.0.0")["secrets"][0], "API Key (user_token)");
    assert_eq!(of("own-database", "1.0.0")["required"], serde_json::json!([]));
    assert_eq!(listed["refused"].as_array().unwrap().len(), 2);
    let file = ann.api("GET", "/catalogue/cof/1.1.0", &serde_json::Value::Null).await;
    assert_eq!((file.status, file.body), (200, newer));
    // It can be installed by its name, and the list says when there is a newer version.
    let installed = ann.api("POST", "/integrations", &serde_json::json!({"bundled": "cof@1.0.0"})).await;
    assert_eq!(installed.status, 200, "{}", installed.body);
    assert!(ann.get("/integrations").await.body.contains("1.1.0 available"));
    assert!(ann.get("/catalogue").await.body.contains("Upgrade from 1.0.0"));
    let upgraded =
        ann.api("POST", "/integrations", &serde_json::json!({"bundled": "cof", "confirm": true})).await;
    let upgraded: serde_json::Value = serde_json::from_str(&upgraded.body).unwrap();
    assert_eq!(
        (&upgraded["version"], &upgraded["changes"][0]["changes"][0]),
        (&"1.1.0".into(), &"Knows pdns.".into())
    );
    // Anyone who is signed in may read it, and only some may install.
    let reader = place.browser(Role::Reader).await.get("/catalogue").await.body;
    assert!(reader.contains("Download") && !reader.contains("/integrations/new"), "{reader}");
    assert_eq!(place.stranger().get("/catalogue/cof/1.1.0").await.status, 303);
}
