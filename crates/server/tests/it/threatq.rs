//! What is asked of a ThreatQ over the API: pulls and executions, with their permissions and limits.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::threatq::{CLIENT_ID, CLIENT_SECRET, Fault, ScriptedThreatq};
use workbench::user::Role;

use crate::browser::{Browser, Place};

const NOTHING: Value = Value::Null;

/// A place whose ThreatQ has three indicators and an operation.
async fn joined() -> (Place, Browser, ScriptedThreatq) {
    let threatq = ScriptedThreatq::start().await.unwrap();
    for (value, kind) in [("c2.example", "FQDN"), ("drop.example", "FQDN"), ("5.6.7.8", "IP Address")] {
        let id = threatq.put(value, kind, "Active");
        threatq.report(id, "Feed", Some(3));
    }
    let record =
        json!({"rrname": "c2.example", "rrtype": "A", "rdata": "5.6.7.8", "time_first": 1_500_000_000});
    threatq.install("CIRCL Passive DNS", "Query", &json!([record]).to_string());
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    ok(&ann, "POST", "/integrations", &json!({"bundled": "threatq"})).await;
    let port = threatq.address().port().to_string();
    let values = json!({"host": "127.0.0.1", "port": port, "use_http": "on", "client_id": CLIENT_ID});
    let secrets = json!({"user_token": CLIENT_SECRET});
    ok(&ann, "PATCH", "/integrations/threatq", &json!({"values": values, "secrets": secrets})).await;
    (place, ann, threatq)
}

/// The JSON of an answer that is a success.
async fn ok(browser: &Browser, method: &str, path: &str, body: &Value) -> Value {
    let answer = browser.api(method, path, body).await;
    assert!((200..300).contains(&answer.status), "{method} {path}: {answer:?}");
    serde_json::from_str(&answer.body).unwrap_or_default()
}

/// What is at a path when it no longer runs.
async fn ended(browser: &Browser, path: &str) -> Value {
    for _ in 0..600 {
        let shown = ok(browser, "GET", path, &NOTHING).await;
        if shown["state"] != "running" {
            return shown;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{path} does not end");
}

#[tokio::test(flavor = "multi_thread")]
async fn indicators_are_pulled_by_those_who_may() {
    let (place, ann, threatq) = joined().await;
    let disabled = ann.api("GET", "/threatq/threatq/names", &NOTHING).await;
    assert!(disabled.problem(409).contains("is disabled"));
    ok(&ann, "POST", "/integrations/threatq/enable", &NOTHING).await;
    let names = ok(&ann, "GET", "/threatq/threatq/names", &NOTHING).await;
    assert_eq!(names["types"], json!(["FQDN", "IP Address", "IPv6 Address"]));
    assert!(names["statuses"].as_array().unwrap().contains(&json!("Whitelisted")), "{names}");
    let asked = json!({"types": ["FQDN"], "statuses": ["Active"], "new_investigation": "From there"});
    let preview = ok(&ann, "POST", "/threatq/threatq/pulls/preview", &asked).await;
    assert_eq!(
        (&preview["new"], &preview["dry_run"], &preview["total"]),
        (&json!(2), &json!(true), &json!(2))
    );
    let none = ann.api("GET", "/investigations/1", &NOTHING).await;
    assert_eq!(none.status, 404, "a preview changes nothing");
    let pull = ok(&ann, "POST", "/threatq/threatq/pulls", &asked).await;
    let pull = ended(&ann, &format!("/pulls/{}", pull["id"])).await;
    assert_eq!((&pull["state"], &pull["investigation"]), (&json!("done"), &json!(1)), "{pull}");
    assert_eq!((&pull["report"]["new"], &pull["report"]["joined"]), (&json!(2), &json!(2)), "{pull}");
    assert_eq!(ok(&ann, "GET", "/indicators/c2.example", &NOTHING).await["tlp"], "GREEN");
    let id = pull["id"].to_string();
    let again = ann.api("POST", &format!("/pulls/{id}/cancel"), &NOTHING).await;
    assert!(again.problem(409).contains("has ended"));

    for (body, why) in [
        (json!({"types": ["URL"]}), "is not a type of both"),
        (json!({"statuses": ["Gone"]}), "no indicator status"),
        (json!({"limit": 0}), "between 1 and"),
        (json!({"investigation": 1, "new_investigation": "x"}), "exclude each other"),
    ] {
        let refused = ann.api("POST", "/threatq/threatq/pulls", &body).await;
        assert!(refused.problem(400).contains(why), "{body}: {refused:?}");
    }
    threatq.fail("/query", Fault::Answer(403, json!({"errors": ["no"]}).to_string()));
    let pull = ok(&ann, "POST", "/threatq/threatq/pulls", &json!({})).await;
    let failed = ended(&ann, &format!("/pulls/{}", pull["id"])).await;
    assert_eq!(failed["state"], "failed");
    assert!(failed["reason"].as_str().unwrap().contains("403"), "{failed}");
    let rob = place.browser(Role::Reader).await;
    assert_eq!(rob.api("POST", "/threatq/threatq/pulls", &json!({})).await.status, 403);
    assert_eq!(rob.api("GET", &format!("/pulls/{id}"), &NOTHING).await.status, 200);
    assert_eq!(rob.api("GET", "/pulls/9999", &NOTHING).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_are_executed_by_those_who_may() {
    let (place, ann, threatq) = joined().await;
    ok(&ann, "POST", "/integrations/threatq/enable", &NOTHING).await;
    let operations = ok(&ann, "GET", "/threatq/threatq/operations", &NOTHING).await;
    assert_eq!(operations["operations"][0]["actions"][0]["name"], "Query", "{operations}");
    let asked = json!({"operation": "CIRCL Passive DNS", "value": "c2[.]example"});
    let execution = ok(&ann, "POST", "/threatq/threatq/executions", &asked).await;
    let path = format!("/executions/{}", execution["id"]);
    let done = ended(&ann, &path).await;
    assert_eq!(
        (&done["state"], &done["result"]["records"][0]["rdata"]),
        (&json!("done"), &json!(["5.6.7.8"]))
    );
    assert_eq!((&done["operation"]["title"], threatq.executions()), (&json!("CIRCL Passive DNS"), 1));
    for (body, status, why) in [
        (json!({"operation": "None", "value": "c2.example"}), 400, "no operation"),
        (
            json!({"operation": "CIRCL Passive DNS", "action": "X", "value": "c2.example"}),
            400,
            "has these actions: Query",
        ),
        (
            json!({"operation": "CIRCL Passive DNS", "value": "other.example"}),
            409,
            "does not have other.example",
        ),
        (json!({"operation": "CIRCL Passive DNS", "value": "no name"}), 400, ""),
    ] {
        let refused = ann.api("POST", "/threatq/threatq/executions", &body).await;
        assert!(refused.problem(status).contains(why), "{body}: {refused:?}");
    }
    threatq.fail("/execute", Fault::ActAndCut);
    let cut = ok(&ann, "POST", "/threatq/threatq/executions", &asked).await;
    let failed = ended(&ann, &format!("/executions/{}", cut["id"])).await;
    assert_eq!((&failed["state"], &failed["may_have_acted"]), (&json!("failed"), &json!(true)), "{failed}");
    assert_eq!(threatq.executions(), 2, "it is not sent again");
    let rob = place.browser(Role::Reader).await;
    assert_eq!(rob.api("POST", "/threatq/threatq/executions", &asked).await.status, 403);
    assert_eq!(rob.api("GET", "/threatq/threatq/operations", &NOTHING).await.status, 403);
    ok(&ann, "POST", "/integrations", &json!({"bundled": "misp"})).await;
    let other = ann.api("GET", "/threatq/misp/operations", &NOTHING).await;
    assert!(other.problem(409).contains("is not a ThreatQ"));
    assert_eq!(ann.api("GET", "/threatq/none/operations", &NOTHING).await.status, 404);
}
