//! Documents for other platforms over HTTP: downloads of pages and API, options, and what is held back.

use serde_json::{Value, json};
use testkit::{Exchange, Script};
use workbench::user::Role;

use crate::browser::Browser;
use crate::running::{Lab, run};

const HOST: &str = "www.c2.example";

fn body() -> String {
    let line = |rrtype: &str, rdata: &str| {
        format!(
            "{{\"rrname\":\"{HOST}\",\"rrtype\":\"{rrtype}\",\"rdata\":\"{rdata}\",\"time_first\":1500000000,\"time_last\":1600000000,\"count\":5}}\n"
        )
    };
    line("A", "192.0.2.1") + &line("A", "198.51.100.7") + &line("MX", "10 mx.c2.example")
}

/// A lab with one run, and who looks at it.
async fn lab() -> (Lab, Browser) {
    let lab = Lab::new(Script::always(Exchange::ok(body()))).await;
    let ann = lab.place.browser(Role::Administrator).await;
    run(&ann, HOST).await;
    (lab, ann)
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

async fn handover(browser: &Browser, rest: &str) -> String {
    let answer = browser.api("GET", &format!("/handover/{rest}"), &Value::Null).await;
    assert_eq!(answer.status, 200, "{rest}: {answer:?}");
    answer.body
}

#[tokio::test]
async fn runs_histories_investigations_and_the_library_are_handed_over() {
    let (_lab, ann) = lab().await;
    let made = json!({"name": "Campaign \"7\"", "tlp": "green", "values": [HOST, "192.0.2.1"]});
    assert_eq!(ann.api("POST", "/investigations", &made).await.status, 200);
    for what in ["run=1", &format!("history={HOST}"), "investigation=1", "library=true"] {
        let bundle = parsed(&handover(&ann, &format!("stix?{what}")).await);
        assert_eq!(bundle["type"], "bundle", "{what}");
        assert!(bundle["objects"].as_array().unwrap().len() > 2, "{what}: {bundle}");
        assert!(parsed(&handover(&ann, &format!("misp?{what}")).await)["Event"]["uuid"].is_string());
        for format in ["csv", "json"] {
            assert!(handover(&ann, &format!("{format}?{what}")).await.contains(HOST), "{format} {what}");
        }
    }
    let stix = ann.api("GET", "/handover/stix?investigation=1", &Value::Null).await;
    assert_eq!(stix.header("content-type"), Some("application/stix+json;version=2.1"));
    assert_eq!(stix.header("content-disposition"), Some("attachment; filename=\"campaign-7.stix.json\""));
    // The page gives the same file.
    assert_eq!(ann.get("/handover/stix?investigation=1").await.body, stix.body);
    assert_eq!(handover(&ann, "cof?run=1").await.lines().count(), 3);
    assert_eq!(handover(&ann, "cof?run=1&rrtype=MX").await.lines().count(), 1);
    assert_eq!(handover(&ann, "cof?run=1&only_added=true").await, "");
    assert!(handover(&ann, "csv?run=1&defang=true").await.contains("www[.]c2[.]example"));
    assert!(handover(&ann, "stix?run=1&related=true").await.contains("related-to"));
}

#[tokio::test]
async fn what_is_marked_too_strictly_is_held_back() {
    let (_lab, ann) = lab().await;
    let red = json!({"values": ["198.51.100.7"], "tlp": "red"});
    let added = ann.api("POST", "/indicators", &red).await;
    assert_eq!(added.status, 200, "{added:?}");
    for format in ["stix", "misp", "csv", "cof", "json"] {
        let held = handover(&ann, &format!("{format}?run=1&max_tlp=green")).await;
        assert!(held.contains(HOST) && !held.contains("198.51.100.7"), "{format}: {held}");
    }
    assert_eq!(parsed(&handover(&ann, "misp?run=1").await)["Event"]["Tag"][0]["name"], "tlp:red");
    let refused = ann.api("GET", "/handover/misp?run=1&distribution=all", &Value::Null).await;
    assert!(refused.problem(409).contains("TLP:RED"));
    let page = ann.get("/handover?library=true&max_tlp=GREEN").await;
    assert!(page.body.contains("198.51.100.7, marked TLP:RED"), "{}", page.body);
}

#[tokio::test]
async fn mistakes_are_refused_and_strangers_sign_in() {
    let (lab, ann) = lab().await;
    for (rest, status) in [
        ("pdf?run=1", 404),
        ("stix?run=9", 404),
        ("stix?history=unknown.example", 404),
        ("stix", 400),
        ("stix?run=1&library=true", 400),
        ("stix?run=1&tlp=orange", 400),
        ("stix?run=1&max_tlp=orange", 400),
        ("misp?run=1&distribution=everyone", 400),
        ("stix?run=1&rrtype=A%20B!", 400),
        ("stix?run=1&seen_after=then", 400),
        ("stix?library=true&status=Nice", 400),
        ("stix?library=true&type=Hash", 400),
        ("stix?library=true&search=a*b", 400),
        ("stix?run=x", 400),
        ("stix?run=1&colour=red", 400),
    ] {
        let answer = ann.api("GET", &format!("/handover/{rest}"), &Value::Null).await;
        assert_eq!(answer.status, status, "{rest}: {answer:?}");
    }
    let page = ann.get("/handover?run=1&rrtype=A%20B!").await;
    assert!(page.status == 200 && page.body.contains("There is no document with these options"), "{page:?}");
    assert_eq!(ann.get("/handover?run=9").await.status, 404);
    let stranger = lab.place.stranger();
    assert_eq!(stranger.api("GET", "/handover/stix?run=1", &Value::Null).await.status, 401);
    assert_ne!(stranger.get("/handover/stix?run=1").await.status, 200);
    let reader = lab.place.browser(Role::Reader).await;
    assert_eq!(reader.get("/handover/stix?run=1").await.status, 200);
}
