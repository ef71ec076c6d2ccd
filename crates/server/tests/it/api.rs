//! `/api/v1`: the same shapes as `--format json`, and problem details.

use serde_json::{Value, json};
use workbench::user::Role;

use crate::browser::Place;
use crate::client::Answer;

fn body(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    serde_json::from_str(&answer.body).unwrap()
}

#[tokio::test]
async fn integrations_are_installed_configured_and_removed() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    let installed = ann.api("POST", "/integrations", &json!({"bundled": "circl-passive-dns@1.0.0"})).await;
    assert_eq!(body(&installed)["relation"], "new");
    let one = "/integrations/circl-passive-dns";
    let set = json!({"values": {"host": "192.0.2.80"}, "secrets": {"user_token": "user:tr0ub4dor"}});
    let configured = ann.api("PATCH", one, &set).await;
    assert!(!configured.body.contains("tr0ub4dor"));
    assert_eq!(body(&configured)["parameters"][0]["value"], "192.0.2.80");
    assert_eq!(body(&ann.api("POST", &format!("{one}/enable"), &Value::Null).await)["changed"], true);
    let plan = ann.api("POST", "/integrations", &json!({"bundled": "circl-passive-dns"})).await;
    assert_eq!(plan.status, 409, "it must be confirmed");
    assert!(plan.body.contains("\"upgrade\""));
    let wish = json!({"bundled": "circl-passive-dns", "confirm": true});
    assert_eq!(body(&ann.api("POST", "/integrations", &wish).await)["enabled"], true);
    let list = body(&ann.api("GET", "/integrations?enabled=false", &Value::Null).await);
    assert_eq!((list["integrations"].as_array().unwrap().len(), &list["hidden"]), (0, &json!(1)));
    assert_eq!(
        body(&ann.api("DELETE", one, &Value::Null).await),
        json!({"name": "circl-passive-dns", "removed": true})
    );
    ann.api("GET", one, &Value::Null).await.problem(404);
    ann.api("PATCH", one, &json!({"valuez": {}})).await.problem(422);
    ann.api("GET", "/nothing", &Value::Null).await.problem(404);
}

#[tokio::test]
async fn indicators_are_added_changed_and_found() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    let wish = json!({"values": ["hxxp://a[.]example/", "192.0.2.0/24"], "status": "Review"});
    let twice = json!({"values": ["a.example", "A.example."], "status": "Review", "dry_run": true});
    let preview = body(&ann.api("POST", "/indicators", &twice).await);
    assert_eq!(
        (&preview["indicators"][0]["outcome"], &preview["indicators"][1]["outcome"]),
        (&json!("new"), &json!("known"))
    );
    let added = body(&ann.api("POST", "/indicators", &wish).await);
    assert_eq!(added["indicators"][0]["outcome"], "new", "a dry run adds nothing");
    assert_eq!(added["refused"][0]["text"], "192.0.2.0/24");
    let several = json!({"values": ["tcp://b.example:1/x, 192.0.2.6;high", "AS1234"], "dry_run": true});
    let several = body(&ann.api("POST", "/indicators", &several).await);
    let values: Vec<_> =
        several["indicators"].as_array().unwrap().iter().map(|one| one["value"].clone()).collect();
    assert_eq!(values, ["b.example", "192.0.2.6"]);
    assert_eq!((&several["refused"][0]["text"], &several["skipped"]), (&json!("AS1234"), &json!(1)));
    let changed = body(&ann.api("PATCH", "/indicators/a.example", &json!({"status": "Active"})).await);
    assert_eq!(
        changed,
        json!({"value": "a.example", "type": "FQDN", "status": "Active", "before": "Review", "tlp": null, "tlp_before": null,
            "tags": [], "tags_before": []})
    );
    body(&ann.api("POST", "/indicators/a.example/notes", &json!({"text": "seen"})).await);
    let shown = body(&ann.api("GET", "/indicators/a.example", &Value::Null).await);
    assert_eq!(shown["notes"][0]["text"], "seen");
    assert_eq!(body(&ann.api("DELETE", "/indicators/a.example", &Value::Null).await)["changed"], true);
    assert_eq!(body(&ann.api("GET", "/indicators?removed=true", &Value::Null).await)["total"], 1);
    assert_eq!(body(&ann.api("POST", "/indicators/a.example/restore", &Value::Null).await)["changed"], true);
    let audit = body(&ann.api("GET", "/audit?limit=1", &Value::Null).await);
    assert_eq!(
        (&audit["entries"][0]["action"], &audit["entries"][0]["actor"]),
        (&json!("indicator.restore"), &json!("ann"))
    );
    for path in
        ["/indicators?search=a*b", "/indicators?sort=up", "/indicators?status=x", "/indicators?after=x"]
    {
        let answer = ann.api("GET", path, &Value::Null).await;
        assert_eq!(answer.status, 400, "{path}: {answer:?}");
    }
}

#[tokio::test]
async fn indicators_have_tags_and_are_counted_and_sorted() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    let get = async |path: &str| body(&ann.api("GET", path, &Value::Null).await);
    body(&ann.api("POST", "/indicators", &json!({"values": ["a.example", "b.example", "c.example"]})).await);
    let set = json!({"tag": ["Parcel lures", "x"]});
    let set = body(&ann.api("PATCH", "/indicators/a.example", &set).await);
    assert_eq!((&set["tags"], &set["tags_before"]), (&json!(["Parcel lures", "x"]), &json!([])));
    let both = json!({"tag": ["y"], "untag": ["X"], "status": "Review"});
    assert_eq!(
        body(&ann.api("PATCH", "/indicators/a.example", &both).await)["tags"],
        json!(["Parcel lures", "y"])
    );
    for wrong in
        [json!({"tag": ["a,b"]}), json!({"tag": [""]}), json!({"untag": ["\u{202e}"]}), json!({"tag": []})]
    {
        ann.api("PATCH", "/indicators/a.example", &wrong).await.problem(400);
    }
    let found = get("/indicators?tag=parcel%20lures&limit=1").await;
    assert_eq!((&found["total"], &found["all"], &found["next"]), (&json!(1), &json!(3), &Value::Null));
    assert_eq!(found["indicators"][0]["tags"], json!(["Parcel lures", "y"]));
    assert_eq!(get("/indicators?tag=none").await["total"], 0);
    for sort in ["added", "last-seen", "relationships", "updated", "value"] {
        let first = get(&format!("/indicators?limit=2&sort={sort}")).await;
        assert_eq!(
            (&first["total"], first["indicators"].as_array().unwrap().len()),
            (&json!(3), 2),
            "{sort}"
        );
        let next = first["next"].as_str().unwrap();
        let rest = get(&format!("/indicators?limit=2&sort={sort}&after={next}")).await;
        assert_eq!(rest["indicators"].as_array().unwrap().len(), 1, "{sort}");
    }
}

#[tokio::test]
async fn each_user_keeps_searches() {
    let place = Place::new().await;
    let (ann, bob) = (place.browser(Role::Administrator).await, place.browser(Role::Reader).await);
    let wish = json!({"name": "To review", "query": "tag=a+b&status=Review"});
    let saved = body(&ann.api("POST", "/searches", &wish).await);
    assert_eq!((&saved["id"], &saved["query"]), (&json!(1), &json!("status=Review&tag=a%20b")));
    body(&bob.api("POST", "/searches", &json!({"name": "Mine"})).await);
    for wrong in [
        json!({"name": ""}),
        json!({"name": "x", "query": "next=/evil"}),
        json!({"name": "x", "query": "sort=size"}),
    ] {
        ann.api("POST", "/searches", &wrong).await.problem(400);
    }
    let names = |list: &Value| list["searches"][0]["name"].clone();
    assert_eq!(names(&body(&ann.api("GET", "/searches", &Value::Null).await)), "To review");
    assert_eq!(names(&body(&bob.api("GET", "/searches", &Value::Null).await)), "Mine");
    bob.api("DELETE", "/searches/1", &Value::Null).await.problem(404);
    assert_eq!(body(&ann.api("DELETE", "/searches/1", &Value::Null).await)["name"], "To review");
    assert_eq!(body(&ann.api("GET", "/searches", &Value::Null).await)["searches"], json!([]));
}

/// An unknown indicator gets the same answer for every operation.
#[tokio::test]
async fn an_unknown_indicator_is_not_found_whatever_is_asked_of_it() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    for (method, path, sent) in [
        ("GET", "/indicators/x.example", Value::Null),
        ("PATCH", "/indicators/x.example", json!({"status": "Review"})),
        ("POST", "/indicators/x.example/notes", json!({"text": "seen"})),
        ("DELETE", "/indicators/x.example", Value::Null),
        ("POST", "/indicators/x.example/restore", Value::Null),
    ] {
        ann.api(method, path, &sent).await.problem(404);
    }
    for path in ["/integrations/nope/enable", "/integrations/nope/disable", "/integrations/nope/test"] {
        ann.api("POST", path, &Value::Null).await.problem(404);
    }
    ann.api("PATCH", "/integrations/nope", &json!({"values": {}})).await.problem(404);
    ann.api("DELETE", "/integrations/nope", &Value::Null).await.problem(404);
    ann.api("PATCH", "/users/nope", &json!({"role": "Analyst"})).await.problem(404);
    ann.api("POST", "/runs/9/add", &json!({"pick": "all"})).await.problem(404);
    ann.api("POST", "/runs/9/undo", &Value::Null).await.problem(404);
    ann.api("POST", "/indicators", &json!({"values": ["a.example"]})).await;
    ann.api("DELETE", "/indicators/a.example", &Value::Null).await;
    // It exists, but was removed.
    ann.api("PATCH", "/indicators/a.example", &json!({"status": "Review"})).await.problem(409);
    ann.api("POST", "/indicators/b.example/notes", &json!({"text": " "})).await.problem(400);
}

/// Addresses of sign-ins, and names that were tried, are only for users who manage users.
#[tokio::test(flavor = "multi_thread")]
async fn addresses_of_sign_ins_are_shown_to_those_who_manage_users_alone() {
    let place = Place::new().await;
    let (ann, reader) = (place.browser(Role::Administrator).await, place.browser(Role::Reader).await);
    let program = place.stranger();
    let wrong = json!({"name": "ann", "password": "not the password"});
    program.api("POST", "/session", &wrong).await.problem(401);
    for (who, shown) in [(&ann, true), (&reader, false)] {
        let audit = who.api("GET", "/audit", &Value::Null).await.body;
        assert_eq!(audit.contains("127.0.0.1"), shown, "{audit}");
        let page = who.get("/audit").await.body;
        assert_eq!(page.contains("127.0.0.1"), shown, "{page}");
        assert!(page.contains("Sign-in refused"), "{page}");
    }
}

/// Wrong old passwords lead to a wait, which a header tells the program.
#[tokio::test(flavor = "multi_thread")]
async fn who_guesses_the_old_password_is_told_how_long_to_wait() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    let wrong = json!({"old": "not the password", "new": "another good password"});
    let mut refused = 0;
    let waits = loop {
        let answer = ann.api("PUT", "/session/password", &wrong).await;
        match answer.status {
            403 if refused < 20 => refused += 1,
            _ => break answer,
        }
    };
    assert!(waits.header("retry-after").is_some_and(|seconds| seconds.parse::<u64>().is_ok_and(|n| n > 0)));
    waits.problem(429);
    assert!(refused > 0);
}

#[tokio::test]
async fn programs_sign_in_and_out() {
    let place = Place::new().await;
    let mut program = place.stranger();
    program.api("POST", "/session", &json!({"name": "ann", "password": "wrong"})).await.problem(401);
    let login = json!({"name": "ann", "password": crate::browser::PASSWORD});
    let answer = program.api("POST", "/session", &login).await;
    assert_eq!(body(&answer), json!({"name": "ann", "role": "Administrator"}));
    program.cookie = answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let session = body(&program.api("GET", "/session", &Value::Null).await);
    assert_eq!(session["may"].as_array().unwrap().len(), 7);
    program.token = session["token"].as_str().unwrap().to_owned();
    assert_eq!(program.api("DELETE", "/session", &Value::Null).await.status, 204);
    program.api("GET", "/session", &Value::Null).await.problem(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_managed_by_those_who_may_and_oneself_by_everybody() {
    let place = Place::new().await;
    let (ann, reader) = (place.browser(Role::Administrator).await, place.browser(Role::Reader).await);
    let parsed = |answer: &crate::client::Answer| -> Value { serde_json::from_str(&answer.body).unwrap() };
    for (method, path) in [
        ("GET", "/users"),
        ("POST", "/users/invitations"),
        ("PATCH", "/users/reader"),
        ("POST", "/users/reader/reset"),
        ("GET", "/users/ann/sessions"),
        ("DELETE", "/users/ann/sessions/1"),
    ] {
        let refused = reader.api(method, path, &json!({"role": "Administrator"})).await;
        assert!(refused.status == 403 && refused.body.contains("Manage"), "{method} {path}: {refused:?}");
    }
    let listed = parsed(&ann.api("GET", "/users", &Value::Null).await);
    assert_eq!(listed["users"].as_array().unwrap().len(), 2);
    let invited = parsed(&ann.api("POST", "/users/invitations", &json!({"role": "Analyst"})).await);
    assert_eq!(invited["token"].as_str().unwrap().len(), 64);
    assert_eq!(ann.api("POST", "/users/invitations", &json!({"role": "King"})).await.status, 400);
    let changed = parsed(&ann.api("PATCH", "/users/reader", &json!({"role": "Analyst"})).await);
    assert_eq!((&changed["user"]["role"], &changed["changed"]), (&json!("Analyst"), &json!(true)));
    assert_eq!(
        ann.api("PATCH", "/users/ann", &json!({"disabled": true})).await.status,
        409,
        "the last one stays"
    );

    let own = parsed(&reader.api("GET", "/session/sessions", &Value::Null).await);
    let id = own["sessions"][0]["id"].as_i64().unwrap();
    let others = reader.api("DELETE", "/session/sessions/1", &Value::Null).await;
    assert_eq!(parsed(&others)["ended"], false, "it is somebody else's");
    let wrong = json!({"old": "not the password", "new": "another good password"});
    assert_eq!(reader.api("PUT", "/session/password", &wrong).await.status, 403);
    let ended = reader.api("DELETE", &format!("/session/sessions/{id}"), &Value::Null).await;
    assert_eq!(parsed(&ended)["ended"], true);
    assert_eq!(reader.api("GET", "/session", &Value::Null).await.status, 401);
}

#[tokio::test]
async fn a_change_made_from_an_older_state_is_refused_and_changes_nothing() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    body(&ann.api("POST", "/integrations", &json!({"bundled": "circl-passive-dns"})).await);
    body(&ann.api("POST", "/indicators", &json!({"values": ["a.example"]})).await);
    let patch = async |path: &str, wish: &Value, etag: &str| {
        let token = ann.token.as_str();
        let headers =
            [("content-type", "application/json"), ("x-backsight-token", token), ("if-match", etag)];
        ann.send("PATCH", &format!("/api/v1{path}"), &headers, wish.to_string().as_bytes()).await
    };
    let host = |host: &str| json!({"values": {"host": host}});
    let status = |status: &str| json!({"status": status});
    for (path, first, second, now) in [
        ("/integrations/circl-passive-dns", host("192.0.2.80"), host("192.0.2.81"), "192.0.2.80"),
        ("/indicators/a.example", status("Review"), status("Whitelisted"), "Review"),
    ] {
        let read = async || ann.api("GET", path, &Value::Null).await;
        let seen = read().await;
        let seen = seen.header("etag").unwrap();
        assert_eq!(patch(path, &first, seen).await.status, 200);
        // Another client still has the state from before that change.
        let said = patch(path, &second, seen).await.problem(412);
        assert!(said.contains(now), "it says what is stored now: {said}");
        let kept = read().await;
        assert!(kept.body.contains(now), "{kept:?}");
        let current = kept.header("etag").unwrap();
        assert_eq!(patch(path, &second, current).await.status, 200);
        assert_eq!(patch(path, &first, "*").await.status, 200, "* claims nothing");
    }
}
