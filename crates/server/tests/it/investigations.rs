//! Investigations in the API: created, changed, judged, noted, removed and restored.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::{Exchange, Script};
use workbench::user::Role;

use crate::browser::{Browser, Place};
use crate::client::Answer;
use crate::running::Lab;

fn body(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{answer:?}");
    serde_json::from_str(&answer.body).unwrap()
}

async fn get(browser: &Browser, path: &str) -> Value {
    body(&browser.api("GET", path, &Value::Null).await)
}

async fn post(browser: &Browser, path: &str, sent: Value) -> Value {
    body(&browser.api("POST", path, &sent).await)
}

/// The members of an investigation, each with its verdict.
async fn verdicts(browser: &Browser, path: &str) -> Vec<(String, String)> {
    let listed = get(browser, &format!("{path}/members")).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let members = listed["members"].as_array().unwrap().iter();
    members.map(|member| (text(&member["value"]), text(&member["verdict"]))).collect()
}

#[tokio::test]
async fn an_investigation_is_created_changed_removed_and_restored() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    let wish =
        json!({"name": "Campaign 7", "tlp": "green", "values": ["hxxp://c2[.]example/", "AS1", "192.0.2.1"]});
    let created = post(&ann, "/investigations", wish.clone()).await;
    assert_eq!(
        (&created["joined"][0]["library"], &created["joined"][1]["is_new"]),
        (&json!("new"), &json!(true))
    );
    assert_eq!(created["refused"][0]["text"], "AS1");
    ann.api("POST", "/investigations", &wish).await.problem(409);
    ann.api("POST", "/investigations", &json!({"name": "7"})).await.problem(400);
    ann.api("POST", "/investigations", &json!({"name": "x", "tlp": "blue"})).await.problem(400);
    let one = format!("/investigations/{}", created["investigation"]);
    let shown = get(&ann, &one).await;
    assert_eq!(
        (&shown["name"], &shown["status"], &shown["tlp"], &shown["member_count"]),
        (&json!("Campaign 7"), &json!("open"), &json!("GREEN"), &json!(2))
    );
    let edit = json!({"status": "closed", "summary": "Taken down.", "tlp": "none"});
    let edited = body(&ann.api("PATCH", &one, &edit).await);
    assert_eq!((&edited["status"], &edited["tlp"]), (&json!("closed"), &Value::Null));
    ann.api("PATCH", &one, &json!({})).await.problem(400);
    ann.api("PATCH", &one, &json!({"status": "shut"})).await.problem(400);
    let found = get(&ann, "/investigations?search=CAMPAIGN&status=closed").await;
    assert_eq!((found["investigations"].as_array().unwrap().len(), &found["next"]), (1, &Value::Null));
    post(&ann, "/investigations", json!({"name": "Other"})).await;
    let first = get(&ann, "/investigations?limit=1").await;
    assert_eq!((&first["investigations"][0]["name"], &first["next"]), (&json!("Other"), &json!(1)));
    assert_eq!(get(&ann, "/investigations?limit=1&skip=1").await["investigations"][0]["name"], "Campaign 7");
    assert_eq!(body(&ann.api("DELETE", &one, &Value::Null).await)["removed"], true);
    ann.api("PATCH", &one, &edit).await.problem(409);
    assert_eq!(get(&ann, "/investigations?removed=true").await["investigations"][0]["name"], "Campaign 7");
    assert_eq!(post(&ann, &format!("{one}/restore"), Value::Null).await["removed"], false);
    assert_eq!(verdicts(&ann, &one).await.len(), 2);
}

#[tokio::test]
async fn members_are_added_judged_removed_and_noted() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    let created = post(&ann, "/investigations", json!({"name": "x", "values": ["a.example"]})).await;
    let one = format!("/investigations/{}", created["investigation"]);
    let added =
        post(&ann, &format!("{one}/members"), json!({"values": ["a.example b.example", "c.example"]})).await;
    let new: Vec<&Value> =
        added["joined"].as_array().unwrap().iter().map(|joined| &joined["is_new"]).collect();
    assert_eq!(new, [&json!(false), &json!(true), &json!(true)]);
    let judged = json!({"values": ["a.example", "b.example", "d.example"], "verdict": "Malicious"});
    let judged = post(&ann, &format!("{one}/members/verdict"), judged).await;
    assert_eq!((&judged["changed"], &judged["not_members"]), (&json!(2), &json!(["d.example"])));
    let removed = post(&ann, &format!("{one}/members/remove"), json!({"values": ["b.example"]})).await;
    assert_eq!(removed["changed"], 1);
    let expected = [("a.example", "malicious"), ("c.example", "open")];
    assert_eq!(
        verdicts(&ann, &one).await,
        expected.map(|(value, verdict)| (value.to_owned(), verdict.to_owned()))
    );
    let wrong = json!({"values": ["a.example"], "verdict": "evil"});
    ann.api("POST", &format!("{one}/members/verdict"), &wrong).await.problem(400);
    let note = post(&ann, &format!("{one}/notes"), json!({"text": "seen", "member": "a.example"})).await;
    assert_eq!((&note["member"], &note["actor"]), (&json!("a.example"), &json!("ann")));
    post(&ann, &format!("{one}/notes"), json!({"text": "on the whole"})).await;
    let notes = get(&ann, &format!("{one}/notes")).await;
    assert_eq!(notes["notes"][0]["text"], "on the whole");
    let other = json!({"text": "seen", "member": "b.example"});
    ann.api("POST", &format!("{one}/notes"), &other).await.problem(404);
    assert_eq!(get(&ann, &format!("{one}/reports")).await, json!({"reports": []}));
    ann.api("GET", &format!("{one}/reports/1"), &Value::Null).await.problem(404);
    ann.api("GET", "/investigations/99/members", &Value::Null).await.problem(404);
    let many = json!({"values": vec!["a.example"; 10_001]});
    ann.api("POST", &format!("{one}/members"), &many).await.problem(400);
}

/// A change that is based on an earlier state is refused, and readers change nothing.
#[tokio::test]
async fn two_people_do_not_overwrite_each_other() {
    let place = Place::new().await;
    let (ann, reader) = (place.browser(Role::Administrator).await, place.browser(Role::Reader).await);
    let created = post(&ann, "/investigations", json!({"name": "x"})).await;
    let one = format!("/investigations/{}", created["investigation"]);
    let seen = reader.api("GET", &one, &Value::Null).await.header("etag").unwrap().to_owned();
    body(&ann.api("PATCH", &one, &json!({"summary": "By ann."})).await);
    let headers = [
        ("content-type", "application/json"),
        ("x-backsight-token", ann.token.as_str()),
        ("if-match", seen.as_str()),
    ];
    let path = format!("/api/v1{one}");
    let stale = ann.send("PATCH", &path, &headers, br#"{"summary": "By bob."}"#).await;
    let said = stale.problem(412);
    assert!(said.contains("By ann."), "{said}");
    assert_eq!(get(&ann, &one).await["summary"], "By ann.");
    for (method, path) in
        [("PATCH", one.clone()), ("POST", format!("{one}/members")), ("POST", format!("{one}/notes"))]
    {
        reader.api(method, &path, &json!({"summary": "x", "values": [], "text": "x"})).await.problem(403);
    }
}

/// The job, when it is no longer running.
async fn settled(browser: &Browser, path: &str) -> Value {
    for _ in 0..3_000 {
        let job = get(browser, path).await;
        if job["state"] != "running" {
            return job;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the job has not ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_costed_started_paused_resumed_and_cancelled() {
    let lab = Lab::new(Script::always(Exchange::ok("").after(Duration::from_millis(50)))).await;
    let (ann, reader) = (lab.place.browser(Role::Administrator).await, lab.place.browser(Role::Reader).await);
    let values: Vec<String> = (0..200).map(|number| format!("h{number}.example")).collect();
    let created = post(&ann, "/investigations", json!({"name": "x", "values": values})).await;
    let jobs = format!("/investigations/{}/jobs", created["investigation"]);
    let wish = json!({"operations": ["all"], "rrtype": "A"});
    let cost = post(&ann, &format!("{jobs}/cost"), wish.clone()).await;
    assert_eq!((&cost["operations"][0]["requests"], lab.provider.requests().len()), (&json!(200), 0));
    reader.api("POST", &jobs, &wish).await.problem(403);
    for (wrong, status) in [
        (json!({}), 400),
        (json!({"operations": ["nope"]}), 409),
        (json!({"operations": ["all"], "members": ["other.example"]}), 404),
        (json!({"operations": ["all"], "rrtype": "A B?"}), 400),
    ] {
        ann.api("POST", &jobs, &wrong).await.problem(status);
    }
    let begun = ann.api("POST", &jobs, &wish).await;
    assert_eq!(begun.status, 202, "{begun:?}");
    ann.api("POST", &jobs, &wish).await.problem(409);
    let job = format!("{jobs}/{}", serde_json::from_str::<Value>(&begun.body).unwrap()["id"]);
    let paused = post(&ann, &format!("{job}/pause"), Value::Null).await;
    assert_eq!((&paused["state"], &paused["rrtypes"]), (&json!("paused"), &json!(["A"])));
    ann.api("POST", &format!("{job}/pause"), &Value::Null).await.problem(409);
    // What was under way is finished before the job can go on.
    let resume = async || ann.api("POST", &format!("{job}/resume"), &Value::Null).await.status == 200;
    assert!(resume().await);
    let ended = settled(&ann, &job).await;
    assert_eq!((&ended["state"], &ended["progress"]["answered"]), (&json!("ended"), &json!(200)), "{ended}");
    assert_eq!(lab.provider.requests().len(), 200, "nothing is asked twice");
    ann.api("POST", &format!("{job}/cancel"), &Value::Null).await.problem(409);
    assert_eq!(get(&ann, &jobs).await["jobs"][0]["id"], ended["id"]);
    ann.api("GET", "/investigations/99/jobs/1", &Value::Null).await.problem(404);
}

/// Two members and another name have a name server; the members also have an address of a special purpose.
const SHARED: &str = concat!(
    r#"{"rrname":"a.example","rrtype":"NS","rdata":"ns.dark.example","time_first":1600000000,"time_last":1602592000}"#,
    "\n",
    r#"{"rrname":"b.example","rrtype":"NS","rdata":"ns.dark.example","time_first":1600864000,"time_last":1605000000}"#,
    "\n",
    r#"{"rrname":"c.example","rrtype":"NS","rdata":"ns.dark.example","time_first":1600000000,"time_last":1600000000}"#,
    "\n",
    r#"{"rrname":"a.example","rrtype":"A","rdata":"192.0.2.1","time_first":1600000000,"time_last":1600000000}"#,
    "\n",
    r#"{"rrname":"b.example","rrtype":"A","rdata":"192.0.2.1","time_first":1600000000,"time_last":1600000000}"#,
    "\n",
);

#[tokio::test(flavor = "multi_thread")]
async fn what_members_share_is_listed_followed_and_added() {
    let lab = Lab::new(Script::always(Exchange::ok(SHARED))).await;
    let (ann, reader) = (lab.place.browser(Role::Administrator).await, lab.place.browser(Role::Reader).await);
    let wish = json!({"name": "x", "values": ["a.example", "b.example"]});
    let one = format!("/investigations/{}", post(&ann, "/investigations", wish).await["investigation"]);
    let shared = format!("{one}/shared");
    assert_eq!(get(&reader, &shared).await["resources"], json!([]));
    let begun = ann.api("POST", &format!("{one}/jobs"), &json!({"operations": ["all"]})).await;
    assert_eq!(begun.status, 202, "{begun:?}");
    let job = serde_json::from_str::<Value>(&begun.body).unwrap()["id"].clone();
    settled(&ann, &format!("{one}/jobs/{job}")).await;
    let listed = get(&reader, &shared).await;
    let first = &listed["resources"][0];
    assert_eq!((&first["id"], &first["rank"]), (&json!("ns:ns.dark.example"), &json!(1)), "{listed}");
    // 2020-09-23 to 2020-10-13.
    assert_eq!((&first["days_at_once"], &first["answer_names"]), (&json!(20), &json!(1)), "{listed}");
    assert_eq!(first["members"][1]["spans"][0]["first"], "2020-09-23T12:26:40Z");
    let strong = get(&reader, &format!("{shared}?strong=true&kind=addr")).await;
    assert_eq!((&strong["matching"], &strong["weak"][0]["kind"]), (&json!(0), &json!("addr")), "{strong}");
    let weak = get(&reader, &format!("{shared}?kind=addr")).await;
    assert!(weak["resources"][0]["weak"].as_str().unwrap().contains("special purpose"), "{weak}");
    let followed = get(&reader, &format!("{shared}/candidates?follow=ns:ns.dark.example")).await;
    let behind = followed["candidates"].as_array().unwrap();
    let found: Vec<&Value> = behind.iter().map(|one| &one["value"]).collect();
    assert_eq!(found, [&json!("ns.dark.example"), &json!("c.example")], "{followed}");
    for wrong in ["shared?kind=x", "shared?limit=x", "shared/candidates", "shared/candidates?follow=ns:"] {
        reader.api("GET", &format!("{one}/{wrong}"), &Value::Null).await.problem(400);
    }
    let findings = format!("{one}/findings");
    let proposed = get(&reader, &findings).await;
    assert_eq!(proposed["total"], proposed["findings"].as_array().unwrap().len());
    reader.api("POST", &findings, &json!({})).await.problem(403);
    let wish = json!({"values": ["ns.dark.example"]});
    let mut dry = wish.clone();
    dry["dry_run"] = json!(true);
    let (would, did) = (post(&ann, &findings, dry).await, post(&ann, &findings, wish).await);
    assert_eq!((&would["added"], &would["dry_run"]), (&did["added"], &json!(true)));
    assert_eq!(did["added"]["indicators"]["new"], 1, "{did} {proposed}");
    ann.api("POST", &findings, &json!({"values": ["no indicator"]})).await.problem(400);
}

#[tokio::test]
async fn the_report_is_a_file_that_only_signed_in_users_get() {
    let place = Place::new().await;
    let ann = place.browser(Role::Reader).await;
    let analyst = place.browser(Role::Analyst).await;
    let wish = json!({"name": "Campaign 7", "tlp": "green", "values": ["c2.example"]});
    post(&analyst, "/investigations", wish).await;
    let whole = ann.get("/api/v1/investigations/1/report").await;
    assert_eq!(whole.status, 200, "{whole:?}");
    assert_eq!(whole.header("content-type"), Some("text/html; charset=utf-8"));
    let named = whole.header("content-disposition").unwrap();
    assert!(
        named.starts_with("attachment; filename=\"campaign-7-20") && named.ends_with(".html\""),
        "{named}"
    );
    assert!(whole.body.contains("c2[.]example") && whole.body.contains("tlp-green"), "{}", whole.body);
    let part = ann.get("/api/v1/investigations/1/report?defang=false&section=members").await;
    assert!(part.body.contains("c2.example") && !part.body.contains("r-notes"), "{}", part.body);
    // The page offers the same file.
    let file = ann.get("/investigations/1/report.html?defang=false&section=members").await;
    assert_eq!((file.status, file.body.len()), (200, part.body.len()));
    assert!(ann.get("/investigations/1/report?section=").await.body.contains("In short"));

    ann.get("/api/v1/investigations/1/report?section=all").await.problem(400);
    ann.get("/api/v1/investigations/1/report?sections=members").await.problem(400);
    ann.get("/api/v1/investigations/9/report").await.problem(404);
    assert_eq!(ann.get("/investigations/9/report").await.status, 404);
    place.stranger().get("/api/v1/investigations/1/report").await.problem(401);
    assert_ne!(place.stranger().get("/investigations/1/report.html").await.status, 200);
}
