//! Which clients are admitted, with which credentials, and from where.

use serde_json::json;
use workbench::user::Role;

use crate::browser::{PASSWORD, Place};
use crate::client;

/// Every page that changes something, the permission that it needs, and what works without one.
const CHANGES: [(&str, Option<&str>); 31] = [
    ("/integrations/new/confirm", Some("Install & Uninstall Integrations")),
    ("/integrations/x/enabled", Some("Install & Uninstall Integrations")),
    ("/integrations/x/uninstall", Some("Install & Uninstall Integrations")),
    ("/integrations/x", Some("Edit Integration Configurations")),
    ("/integrations/x/test", Some("Edit Integration Configurations")),
    ("/library/add", Some("Edit Threat Library")),
    ("/library/indicator/status", Some("Edit Threat Library")),
    ("/library/indicator/note", Some("Edit Threat Library")),
    ("/library/indicator/remove", Some("Edit Threat Library")),
    ("/library/indicator/restore", Some("Edit Threat Library")),
    ("/library/indicator/tags", Some("Edit Threat Library")),
    ("/library/ticked", Some("Edit Threat Library")),
    ("/library/undo", Some("Edit Threat Library")),
    ("/library/ask", Some("Run Operations")),
    ("/send", Some("Edit Threat Library")),
    ("/library/searches", None),
    ("/library/searches/delete", None),
    ("/database/tokens", Some("Manage Tokens")),
    ("/database/tokens/revoke", Some("Manage Tokens")),
    ("/users/invite", Some("Manage Users")),
    ("/users/role", Some("Manage Users")),
    ("/users/disable", Some("Manage Users")),
    ("/users/enable", Some("Manage Users")),
    ("/users/reset", Some("Manage Users")),
    ("/users/sessions/end", Some("Manage Users")),
    ("/account/password", None),
    ("/account/sessions/end", None),
    ("/signout", None),
    ("/integrations/circl-passive-dns", Some("Edit Integration Configurations")),
    ("/integrations/circl-passive-dns/enabled", Some("Install & Uninstall Integrations")),
    ("/integrations/circl-passive-dns/uninstall", Some("Install & Uninstall Integrations")),
];

fn may(role: Role, permission: &str) -> bool {
    workbench::user::Permission::ALL.into_iter().any(|one| one.name() == permission && role.may(one))
}

#[tokio::test]
async fn each_role_is_refused_what_it_may_not_do_by_page_with_the_permissions_name() {
    let place = Place::new().await;
    for role in Role::ALL {
        let browser = place.browser(role).await;
        for (path, permission) in CHANGES {
            let Some(permission) = permission.filter(|permission| !may(role, permission)) else { continue };
            let answer = browser.post(path, &[]).await;
            assert_eq!(answer.status, 403, "{role:?} {path}");
            assert!(
                answer.body.contains(&permission.replace('&', "&#38;")),
                "{role:?} {path}: {}",
                answer.body
            );
        }
        let pages = [("/users", "Manage Users"), ("/integrations/new", "Install & Uninstall Integrations")];
        for (path, permission) in pages {
            let status = if may(role, permission) { 200 } else { 403 };
            assert_eq!(browser.get(path).await.status, status, "{role:?} {path}");
        }
        for path in ["/library", "/integrations", "/audit", "/account", "/database", "/sensors"] {
            assert_eq!(browser.get(path).await.status, 200, "{role:?} {path}");
        }
    }
}

#[tokio::test]
async fn each_role_is_refused_what_it_may_not_do_by_api() {
    let place = Place::new().await;
    let calls = [
        ("POST", "/integrations", "Install & Uninstall Integrations"),
        ("DELETE", "/integrations/x", "Install & Uninstall Integrations"),
        ("POST", "/integrations/x/enable", "Install & Uninstall Integrations"),
        ("POST", "/integrations/x/disable", "Install & Uninstall Integrations"),
        ("PATCH", "/integrations/x", "Edit Integration Configurations"),
        ("POST", "/integrations/x/test", "Edit Integration Configurations"),
        ("POST", "/indicators", "Edit Threat Library"),
        ("PATCH", "/indicators/a.example", "Edit Threat Library"),
        ("DELETE", "/indicators/a.example", "Edit Threat Library"),
        ("POST", "/indicators/a.example/notes", "Edit Threat Library"),
        ("POST", "/indicators/a.example/restore", "Edit Threat Library"),
    ];
    for role in Role::ALL {
        let browser = place.browser(role).await;
        for (method, path, permission) in calls {
            let answer = browser.api(method, path, &serde_json::Value::Null).await;
            assert_eq!(answer.status == 403, !may(role, permission), "{role:?} {method} {path}: {answer:?}");
            if answer.status == 403 {
                assert!(answer.problem(403).contains(permission));
            }
        }
    }
}

#[tokio::test]
async fn a_form_without_its_sessions_token_changes_nothing() {
    let place = Place::new().await;
    let (ann, other) = (place.browser(Role::Administrator).await, place.browser(Role::Maintainer).await);
    for (path, _) in CHANGES {
        for token in ["", "0", &other.token] {
            let answer = ann.post_bare(path, &[("form_token", token)]).await;
            assert_eq!(answer.status, 403, "{path}: {answer:?}");
            assert!(answer.body.contains("belongs to another session"), "{path}");
        }
    }
    let mut stolen = place.browser(Role::Administrator).await;
    stolen.token = other.token;
    assert_eq!(stolen.upload("a-1.0.0.toml", b"").await.status, 403);
    stolen.api("DELETE", "/session", &serde_json::Value::Null).await.problem(403);
    assert_eq!(ann.get("/library").await.status, 200, "nobody was signed out");
}

#[tokio::test]
async fn what_another_site_sends_is_refused() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    let own = format!("http://{}", ann.address);
    let body = format!("form_token={}&many=a.example&do=add", ann.token);
    let form = ("content-type", "application/x-www-form-urlencoded");
    for (header, value, status) in [
        ("sec-fetch-site", "cross-site", 403),
        ("sec-fetch-site", "same-site", 403),
        ("sec-fetch-site", "none", 403),
        ("origin", "http://evil.example", 403),
        ("origin", "null", 403),
        ("origin", own.as_str(), 303),
        ("sec-fetch-site", "same-origin", 303),
    ] {
        let answer = ann.send("POST", "/library/add", &[form, (header, value)], body.as_bytes()).await;
        assert_eq!(answer.status, status, "{header}: {value}: {answer:?}");
    }
}

#[tokio::test]
async fn only_our_own_names_are_answered() {
    let place = Place::with(|site| site.with_host("pdns.example.org")).await;
    let address = place.server.address;
    for (host, ours) in [
        ("127.0.0.1", true),
        ("localhost:8053", true),
        ("[::1]:8053", true),
        ("pdns.example.org", true),
        ("PDNS.example.org.:443", true),
        ("evil.example", false),
        ("127.0.0.1.evil.example", false),
        ("192.0.2.1", true),
        ("[2001:db8::1]:443", true),
        ("workbench.localhost:8053", true),
        ("user@127.0.0.1", false),
        ("", false),
    ] {
        for path in [
            "/signin",
            "/api/v1/session",
            "/api/v1/lookup?value=a.example",
            "/api/v1/stats",
            "/api/v1/openapi.json",
            "/assets/x",
            "/docs/pdns",
            "/pdns/query/a.example",
            "/dnsdb/v2/ping",
            "/dnsdb/v2/lookup/rrset/name/a.example",
            "/lookup/rrset/name/a.example",
            "/rate_limit",
            "/healthz",
            "/readyz",
            "/metrics",
            "/nothing",
        ] {
            let answer = client::send_with(address, "GET", path, &[("host", host)], b"").await;
            assert_eq!(!matches!(answer.status, 421 | 400), ours, "{host} {path}: {answer:?}");
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{host} {path}");
            assert_eq!(answer.header("strict-transport-security"), None, "{host} {path}: plain HTTP");
            if answer.status == 421 {
                assert!(answer.problem(421).contains("host names"), "{host} {path}");
            }
        }
    }
    let answer =
        client::send_with(address, "POST", "/api/v1/records", &[("host", "evil.example")], b"").await;
    assert!(answer.problem(421).contains("evil.example"));
    let absolute =
        client::send_with(address, "GET", "http://evil.example/healthz", &[("host", "127.0.0.1")], b"").await;
    absolute.problem(421);
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut stream, b"GET /healthz HTTP/1.0\r\n\r\n").await.unwrap();
    assert_eq!(client::read(&mut stream, "GET").await.status, 200, "a monitor without a name");
}

#[tokio::test]
async fn signing_in_gives_a_cookie_that_scripts_and_other_sites_do_not_get() {
    let place = Place::new().await;
    let stranger = place.stranger();
    let login = [("name", "ANN"), ("password", PASSWORD), ("next", "/audit")];
    let answer = stranger.post_bare("/signin", &login).await;
    assert_eq!(answer.leads_to(), "/audit");
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.starts_with("backsight=") && !cookie.contains("Secure"), "{cookie}");
    for words in ["; HttpOnly", "; SameSite=Strict", "; Path=/", "; Max-Age="] {
        assert!(cookie.contains(words), "{cookie}");
    }
    let elsewhere = [("name", "ann"), ("password", PASSWORD), ("next", "//evil.example")];
    assert_eq!(stranger.post_bare("/signin", &elsewhere).await.leads_to(), "/library");

    let secure = Place::with(server::Site::behind_tls).await;
    let answer = secure.stranger().post_bare("/signin", &login).await;
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-backsight=") && cookie.contains("; Secure"), "{cookie}");
}

#[tokio::test]
async fn a_wrong_name_and_a_wrong_password_look_alike_and_guessing_has_to_wait() {
    let place = Place::new().await;
    let stranger = place.stranger();
    let guess =
        async |name: &str| stranger.post_bare("/signin", &[("name", name), ("password", "wrong")]).await;
    let (known, unknown) = (guess("ann").await, guess("bob").await);
    assert_eq!((known.status, unknown.status), (401, 401));
    assert_eq!(known.body.replace("value=\"ann\"", "value=\"bob\""), unknown.body);
    assert_eq!(known.header("set-cookie"), None);
    let mut last = known;
    // On a busy machine, hashing may take longer than the first waits, which double with each guess.
    for _ in 0..12 {
        last = guess("ann").await;
        if last.status == 429 {
            break;
        }
    }
    assert_eq!(last.status, 429);
    assert!(last.header("retry-after").unwrap().parse::<u64>().unwrap() > 0, "{last:?}");
    assert!(last.body.contains("Wait "), "{}", last.body);
}

#[tokio::test]
async fn who_is_not_signed_in_is_led_to_the_sign_in_page_and_back() {
    let place = Place::new().await;
    let stranger = place.stranger();
    assert_eq!(
        stranger.get("/library?q=a.example").await.leads_to(),
        "/signin?next=%2Flibrary%3Fq%3Da.example"
    );
    assert_eq!(stranger.post_bare("/library/add", &[("many", "a.example")]).await.leads_to(), "/signin");
    stranger.get("/api/v1/indicators").await.problem(401);
    let ann = place.browser(Role::Administrator).await;
    assert_eq!(ann.post("/signout", &[]).await.leads_to(), "/signin");
    assert_eq!(ann.get("/library").await.status, 303, "the session has ended");
}

#[tokio::test]
async fn a_link_makes_one_user_and_only_when_the_form_is_sent() {
    let place = Place::new().await;
    let (ann, stranger) = (place.browser(Role::Administrator).await, place.stranger());
    ann.post("/users/invite", &[("role", "Reader")]).await;
    let answer = ann.get("/users").await;
    let token = answer.body.split_once("/welcome?token=").unwrap().1[..64].to_owned();
    for _ in 0..2 {
        assert_eq!(stranger.get(&format!("/welcome?token={token}")).await.status, 200);
    }
    let accept = async |name: &str, password: &str, again: &str| {
        let fields = [("token", token.as_str()), ("name", name), ("password", password), ("again", again)];
        stranger.post_bare("/welcome", &fields).await
    };
    assert_eq!(accept("rob", PASSWORD, "other").await.status, 400);
    let short = accept("rob", "short", "short").await;
    assert!(short.status == 400 && short.body.contains("fewer than 12"), "{}", short.body);
    assert_eq!(accept("rob", PASSWORD, PASSWORD).await.leads_to(), "/library");
    assert_eq!(accept("eve", PASSWORD, PASSWORD).await.status, 404);
}

#[tokio::test]
async fn every_answer_leaves_browsers_no_room() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    let css =
        ann.get("/signin").await.body.split("href=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let paths = [
        "/signin",
        "/library",
        "/integrations",
        "/integrations/new",
        "/users",
        "/account",
        "/audit",
        "/database",
        "/sensors",
        "/nothing",
    ];
    for path in paths.into_iter().chain(["/api/v1/session", "/api/v1/nothing", css.as_str()]) {
        let answer = ann.get(path).await;
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
        assert_eq!(answer.header("cross-origin-opener-policy"), Some("same-origin"), "{path}");
        let kept = answer.header("cache-control").unwrap();
        assert_eq!(kept.contains("immutable"), path == css, "{path}: {kept}");
    }
    assert_eq!(ann.get("/assets/backsight.0000000000000000.css").await.status, 404);
}

#[tokio::test]
async fn an_address_with_a_token_in_it_is_refused_by_pages_too() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    for path in [
        "/library?token=0123",
        "/signin?next=%2Fwelcome%3Ftoken%3D0123",
        "/signin?next=%252Flibrary%253Fapi_key%253D0123",
        "/signin?next=%2Fx%3Fq%3Dbsk_0123",
        "/runs?q=bsk_0123",
    ] {
        let answer = ann.get(path).await;
        assert!(answer.status == 400 && !answer.body.contains("0123"), "{path}: {answer:?}");
        assert!(answer.body.contains("must not be part of the address"), "{path}: {}", answer.body);
    }
    assert_eq!(ann.get("/library?q=token").await.status, 200);
    assert_eq!(place.stranger().get("/welcome?token=0123").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_typed_when_the_session_had_ended_is_kept_and_offered_again() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    assert_eq!(ann.api("POST", "/indicators", &json!({"values": ["a.example"]})).await.status, 200);
    let mut gone = place.browser(Role::Administrator).await;
    let form_token = gone.token.clone();
    assert!(gone.post("/signout", &[]).await.leads_to().starts_with("/signin"));
    // The page says why it asks to sign in.
    assert_eq!(gone.get("/library").await.leads_to(), "/signin?next=%2Flibrary&said=ended");
    assert!(gone.get("/signin?said=ended").await.body.contains("Your session has ended"));
    let fields =
        [("value", "a.example"), ("note", "a <long> note & more"), ("form_token", form_token.as_str())];
    let kept = gone.post_bare("/library/indicator/note", &fields).await;
    assert_eq!(kept.status, 401);
    assert!(kept.body.contains("Sign in to send what you typed"), "{}", kept.body);
    let hidden = |page: &str, name: &str| {
        let field = format!("type=\"hidden\" name=\"{name}\" value=\"");
        let rest = page.split(&field).nth(1).unwrap_or_else(|| panic!("{name}: {page}"));
        rest.split('"')
            .next()
            .unwrap()
            .replace("&#38;", "&")
            .replace("&amp;", "&")
            .replace("&#60;", "<")
            .replace("&#62;", ">")
    };
    let (to, form) = (hidden(&kept.body, "to"), hidden(&kept.body, "form"));
    assert!(!form.contains(&form_token), "{form}");
    let again = [("name", "ann"), ("password", "wrong"), ("to", to.as_str()), ("form", form.as_str())];
    let refused = place.stranger().post_bare("/signin", &again).await;
    assert_eq!((refused.status, hidden(&refused.body, "form")), (401, form.clone()));
    let right = [("name", "ann"), ("password", PASSWORD), ("to", to.as_str()), ("form", form.as_str())];
    let resumed = place.stranger().post_bare("/signin", &right).await;
    assert_eq!(resumed.status, 200);
    assert!(
        resumed.body.contains("Send what you typed") && resumed.body.contains("a &#60;long&#62; note"),
        "{}",
        resumed.body
    );
    let cookie = resumed.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    gone.cookie = cookie;
    let sent = [
        ("value", hidden(&resumed.body, "value")),
        ("note", hidden(&resumed.body, "note")),
        ("form_token", hidden(&resumed.body, "form_token")),
    ];
    let sent = sent.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert!(gone.post_bare("/library/indicator/note", &sent).await.leads_to().ends_with("said=noted"));
    assert!(
        gone.get("/library/indicator?value=a.example")
            .await
            .body
            .contains("a &#60;long&#62; note &#38; more")
    );
    // Nobody is redirected to another site.
    let elsewhere = [("name", "ann"), ("password", PASSWORD), ("to", "//evil.example/x"), ("form", "a=b")];
    assert_eq!(place.stranger().post_bare("/signin", &elsewhere).await.leads_to(), "/library");
}
