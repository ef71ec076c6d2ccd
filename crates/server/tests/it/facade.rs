//! The face with the shape of ThreatQ's API, driven as programs written for that platform drive it.
//!
//! `Client` logs in as the vendor's SDK and other products do; types and statuses are always resolved by name.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cof::time::Clock;
use serde_json::{Value, json};
use server::{Clients, Service, Site, Tokens, run_beside};
use testkit::{Exchange, Script, ScriptedProvider};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use workbench::integration::Changes;
use workbench::run::Runs;
use workbench::token::Wanted;
use workbench::user::Role;
use workbench::{Desk, Workbench};

use crate::browser::PASSWORD;
use crate::client::{self, Answer};
use crate::fixture::memory;

const ACTION: &str = "Query CIRCL Passive DNS";
const SECRET: &str = "tr0ub4dor";

/// A server with both listeners, and a provider that answers with this script.
struct Office {
    /// The main listener, and the one of the face.
    main: SocketAddr,
    face: SocketAddr,
    desk: Desk,
    provider: ScriptedProvider,
    /// Tokens by their names: siem may read, soar may work, and sensor is no client.
    tokens: Vec<(&'static str, String)>,
    /// What the clock is ahead of the system's, in seconds.
    ahead: Arc<AtomicU64>,
    _running: JoinHandle<()>,
    _folder: tempfile::TempDir,
}

/// A logged-in client.
struct Client {
    face: SocketAddr,
    authorization: String,
    refresh: Option<String>,
}

impl Office {
    async fn new(script: Script) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ahead = Arc::new(AtomicU64::new(0));
        let (system, shift) = (Clock::system(), Arc::clone(&ahead));
        let clock = Clock::telling(move || system.now() + Duration::from_secs(shift.load(Ordering::Relaxed)));
        let desk = Desk::open(folder.path(), clock).unwrap();
        let provider = ScriptedProvider::new(script);
        let tokens = people(&desk, &provider).await;
        let service = Service::new(memory("")).with_tokens(Tokens::open(desk.clone(), 32).await.unwrap());
        let site = Site::new(Runs::serving(desk.clone()).await.unwrap());
        let clients = Clients { readers: vec!["siem".to_owned()], analysts: vec!["soar".to_owned()] };
        let service = service.with_site(site).with_clients(clients);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let facing = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let (main, face) = (listener.local_addr().unwrap(), facing.local_addr().unwrap());
        let running = tokio::spawn(run_beside(listener, Some(facing), service, std::future::pending()));
        Self { main, face, desk, provider, tokens, ahead, _running: running, _folder: folder }
    }

    async fn answering() -> Self {
        let line = |rrtype: &str, rdata: &str| {
            format!(
                "{{\"rrname\":\"www.example.com\",\"rrtype\":\"{rrtype}\",\"rdata\":\"{rdata}\",\
                 \"time_first\":1500000000,\"time_last\":1600000000,\"count\":5}}\n"
            )
        };
        let body = line("A", "185.194.93.1") + &line("A", "185.194.93.2") + &line("TXT", "<b>\\u202e");
        Self::new(Script::always(Exchange::ok(body))).await
    }

    fn secret(&self, name: &str) -> (String, String) {
        let text = &self.tokens.iter().find(|(known, _)| *known == name).unwrap().1;
        (text.split('_').nth(1).unwrap().to_owned(), text.clone())
    }

    /// Logs in as a user, as the vendor's SDK does: the flow in the address, the login in the body.
    async fn user(&self, name: &str) -> Client {
        let id = self.public_id().await;
        let target = format!("/api/token?grant_type=password&client_id={id}");
        let login = json!({"email": name, "password": PASSWORD});
        self.logged_in(&self.post(&target, &[], &login).await)
    }

    /// Logs in with a token of the data folder.
    async fn program(&self, name: &str) -> Client {
        let (id, secret) = self.secret(name);
        self.logged_in(&self.with_secret(&id, &secret).await)
    }

    async fn with_secret(&self, id: &str, secret: &str) -> Answer {
        let basic = format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
        let target = "/api/token?grant_type=client_credentials";
        self.post(target, &[("authorization", &basic)], &Value::Null).await
    }

    fn logged_in(&self, answer: &Answer) -> Client {
        assert_eq!(answer.status, 200, "{answer:?}");
        let token = body(answer);
        assert_eq!((&token["token_type"], &token["expires_in"]), (&json!("bearer"), &json!(3600)));
        Client {
            face: self.face,
            authorization: format!("Bearer {}", token["access_token"].as_str().unwrap()),
            refresh: token["refresh_token"].as_str().map(str::to_owned),
        }
    }

    /// The client id that people find in the script.
    async fn public_id(&self) -> String {
        let script = client::send(self.face, "GET", "/assets/js/config.js", &[]).await;
        assert_eq!(script.header("content-type"), Some("text/javascript; charset=utf-8"));
        script.body.split("\"clientId\": \"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    }

    async fn post(&self, target: &str, headers: &[(&str, &str)], sent: &Value) -> Answer {
        let own = [("host", "localhost"), ("content-type", "application/json")];
        let sent = if sent.is_null() { String::new() } else { sent.to_string() };
        client::send_with(self.face, "POST", target, &[&own, headers].concat(), sent.as_bytes()).await
    }
}

impl Client {
    async fn get(&self, target: &str) -> Value {
        let answer = self.send("GET", target, "").await;
        assert_eq!(answer.status, 200, "{target}: {answer:?}");
        body(&answer)
    }

    async fn post(&self, target: &str, sent: &Value) -> Answer {
        self.send("POST", target, &sent.to_string()).await
    }

    /// Posts what must be created, and returns its data.
    async fn create(&self, target: &str, sent: &Value) -> Value {
        let answer = self.post(target, sent).await;
        assert_eq!(answer.status, 201, "{target}: {answer:?}");
        body(&answer)["data"].clone()
    }

    async fn send(&self, method: &str, target: &str, sent: &str) -> Answer {
        let headers = [
            ("host", "localhost"),
            ("authorization", self.authorization.as_str()),
            ("content-type", "application/json"),
        ];
        client::send_with(self.face, method, target, &headers, sent.as_bytes()).await
    }

    /// The number of a type or status, by its name.
    async fn id_of(&self, kind: &str, name: &str) -> Value {
        let all = self.get(&format!("/api/indicator/{kind}")).await;
        let found = all["data"].as_array().unwrap().iter().find(|one| one["name"] == name);
        found.unwrap()["id"].clone()
    }

    async fn query(&self, filters: Value) -> Vec<Value> {
        let answer = self
            .post(
                "/api/indicators/query?limit=500&offset=0&sort=id",
                &json!({"criteria": {}, "filters": filters}),
            )
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
        body(&answer)["data"].as_array().unwrap().clone()
    }
}

fn body(answer: &Answer) -> Value {
    assert_eq!(answer.header("content-type"), Some("application/json"), "{answer:?}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    serde_json::from_str(&answer.body).unwrap()
}

/// Both shapes of errors.
fn errors(answer: &Answer, status: u16) -> String {
    assert_eq!(answer.status, status, "{answer:?}");
    let body = body(answer);
    match &body["data"]["errors"] {
        Value::Object(fields) => fields.values().next().unwrap()[0].as_str().unwrap().to_owned(),
        _ => body["errors"][0].as_str().unwrap().to_owned(),
    }
}

/// The administrator ann, the reader rita, three tokens, and the operation.
async fn people(desk: &Desk, provider: &ScriptedProvider) -> Vec<(&'static str, String)> {
    let address = provider.listen().await.unwrap();
    let values = [
        ("host", address.ip().to_string()),
        ("port", address.port().to_string()),
        ("use_http", "on".to_owned()),
        ("page_size", "0".to_owned()),
    ];
    let values = values.map(|(key, value)| (key.to_owned(), value)).to_vec();
    let begin = move |workbench: &mut Workbench| {
        let link = workbench.first_link()?.unwrap();
        workbench.accept(link.reveal(), "ann", PASSWORD)?;
        let link = workbench.invite(Role::Reader)?;
        workbench.accept(link.reveal(), "rita", PASSWORD)?;
        let package = operation::package::find("circl-passive-dns").unwrap();
        let plan = workbench.plan_install(package, false)?;
        workbench.install(plan.confirm())?;
        let secrets = vec![("user_token".to_owned(), operation::Secret::new(SECRET))];
        workbench.configure("circl-passive-dns", &Changes { values, secrets, ..Changes::default() })?;
        workbench.enable("circl-passive-dns")?;
        ["siem", "soar", "sensor"]
            .map(|name| {
                let wanted = Wanted { name: name.to_owned(), reads: true, ..Wanted::default() };
                Ok((name, workbench.create_token(&wanted)?.1.reveal().to_owned()))
            })
            .into_iter()
            .collect()
    };
    desk.change_with_password("", begin).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_to_log_in_works_and_a_refresh_token_works_once() {
    let office = Office::answering().await;
    let id = office.public_id().await;
    let whole = json!({"email": "ann", "password": PASSWORD, "grant_type": "password", "client_id": id});
    let by_json = office.logged_in(&office.post("/api/token", &[], &whole).await);
    let form =
        format!("email=ANN&password={}&grant_type=password&client_id={id}", PASSWORD.replace(' ', "+"));
    let headers = [("host", "localhost"), ("content-type", "application/x-www-form-urlencoded")];
    let by_form = client::send_with(office.face, "POST", "/api/token", &headers, form.as_bytes()).await;
    let by_form = office.logged_in(&by_form);
    let by_both = office.user("ann").await;
    for client in [&by_json, &by_form, &by_both] {
        assert_eq!(client.get("/api/users/current").await["data"]["email"], "ann");
    }
    let program = office.program("soar").await;
    assert_eq!(program.get("/api/users/current").await["data"]["email"], "token soar");
    assert!(program.refresh.is_none());

    let refresh = by_both.refresh.clone().unwrap();
    let target = format!("/api/token?grant_type=refresh_token&refresh_token={refresh}");
    let old = [("authorization", by_both.authorization.as_str())];
    let renewed = office.logged_in(&office.post(&target, &old, &Value::Null).await);
    assert_eq!(renewed.get("/api/users/current").await["data"]["email"], "ann");
    errors(&by_both.send("GET", "/api/users/current", "").await, 401);
    errors(&office.post(&target, &old, &Value::Null).await, 400);
    // The scheme as the answer itself spells it.
    let lower = Client { authorization: renewed.authorization.replace("Bearer", "bearer"), ..renewed };
    assert_eq!(lower.get("/api/indicator/types?limit=1").await["total"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_login_is_400_and_slows_down_like_the_sign_in_page() {
    let office = Office::answering().await;
    let id = office.public_id().await;
    let login = |name: &str, password: &str, id: &str| json!({"email": name, "password": password, "grant_type": "password", "client_id": id});
    let unknown = office.post("/api/token", &[], &login("ann", PASSWORD, "nobody")).await;
    assert!(errors(&unknown, 400).contains("config.js"));
    for (name, password) in [("ann", "wrong"), ("nobody", PASSWORD), ("ann", "")] {
        let refused = office.post("/api/token", &[], &login(name, password, &id)).await;
        assert_eq!(errors(&refused, 400), "wrong email or password");
    }
    for sent in [
        json!({}),
        json!({"grant_type": "magic"}),
        json!({"grant_type": "password", "client_id": id}),
        json!([1]),
    ] {
        errors(&office.post("/api/token", &[], &sent).await, 400);
    }
    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(office.post("/api/token", &[], &login("ann", "wrong", &id)).await.status);
    }
    assert!(statuses.contains(&429), "{statuses:?}");
    // Tokens of others do not help, nor does a token that is no client.
    let ((siem, _), (_, soar), (sensor, of_sensor)) =
        (office.secret("siem"), office.secret("soar"), office.secret("sensor"));
    for (id, secret) in
        [(&siem, &soar), (&sensor, &of_sensor), (&siem, &"bsk_x".to_owned()), (&siem, &String::new())]
    {
        let refused = errors(&office.with_secret(id, secret).await, 400);
        assert!(refused.contains("wrong client id or secret"), "{refused}");
    }
    let bare = office.post("/api/token?grant_type=client_credentials", &[], &Value::Null).await;
    assert!(errors(&bare, 400).contains("Basic"));
}

#[tokio::test(flavor = "multi_thread")]
async fn access_ends_with_time_password_user_and_token() {
    let office = Office::answering().await;
    let (ann, rita, soar) =
        (office.user("ann").await, office.user("rita").await, office.program("soar").await);
    let target = "/api/indicator/types?limit=1";
    for client in [&ann, &rita, &soar] {
        client.get(target).await;
    }
    office.desk.change("ann", |workbench| workbench.disable_user("rita")).await.unwrap();
    assert!(errors(&rita.send("GET", target, "").await, 401).contains("/api/token"));
    office.desk.change("ann", |workbench| workbench.revoke_token("soar")).await.unwrap();
    let gone = async { while soar.send("GET", target, "").await.status != 401 {} };
    tokio::time::timeout(Duration::from_secs(30), gone).await.unwrap();
    let again = office.user("ann").await;
    let sessions = office.desk.read(|workbench| workbench.sessions("ann")).await.unwrap();
    assert!(sessions.iter().all(|session| session.agent.starts_with("ThreatQ client")), "{sessions:?}");
    office.ahead.store(3_600, Ordering::Relaxed);
    errors(&ann.send("GET", target, "").await, 401);
    let refresh = json!({"grant_type": "refresh_token", "refresh_token": again.refresh.clone().unwrap()});
    let renewed = office.logged_in(&office.post("/api/token", &[], &refresh).await);
    renewed.get(target).await;
    // A new password ends the other sessions.
    let first = sessions.first().unwrap().clone();
    let change = move |workbench: &mut Workbench| {
        workbench.set_password(&first, PASSWORD, "another horse battery staple")?;
        workbench.end_session("ann", first.id)
    };
    office.desk.change_with_password("ann", change).await.unwrap();
    for client in [&renewed, &ann] {
        errors(&client.send("GET", target, "").await, 401);
    }
    for token in ["", "Bearer", "Bearer x", "Basic eDp5"] {
        let client = Client { face: office.face, authorization: token.to_owned(), refresh: None };
        let refused = client.send("GET", target, "").await;
        errors(&refused, 401);
        assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_are_listed_and_executed_and_no_setting_is_shown() {
    let office = Office::answering().await;
    let soar = office.program("soar").await;
    let listed = soar.get("/api/plugins?with=action.objectType").await;
    let plugin = &listed["data"][0];
    assert_eq!(
        (&listed["total"], &plugin["name"], &plugin["enabled"]),
        (&json!(1), &json!("circl-passive-dns"), &json!(1))
    );
    let fqdn = soar.id_of("types", "FQDN").await;
    let accepted = plugin["action"][0]["object_type"].as_array().unwrap();
    assert!(accepted.iter().any(|one| one["object_type_id"] == fqdn && one["object_type"] == "indicator"));
    assert_eq!(plugin["action"][0]["name"], ACTION);
    // As the Kibana connector lists them, and shows one.
    assert_eq!(soar.get("/api/plugins?limit=500&offset=0&sort=id").await["data"][0]["id"], plugin["id"]);
    assert_eq!(soar.get("/api/plugins?limit=5&offset=1").await["data"], json!([]));
    let id = plugin["id"].as_i64().unwrap();
    let shown = soar.get(&format!("/api/plugins/{id}?with=action,objectType")).await;
    assert_eq!(shown["data"]["action"][0]["parameters"][0]["name"], "rrtype");
    let config = shown["data"]["config"].as_array().unwrap();
    assert!(config.iter().any(|one| one["mask"] == true) && config.iter().all(|one| one["value"].is_null()));
    assert!(!shown.to_string().contains(SECRET) && !shown.to_string().contains("127.0.0.1"));

    let created = soar
        .create("/api/indicators", &json!({"value": "www.example.com", "type_id": fqdn, "status": "Active"}))
        .await;
    let indicator = created[0]["id"].as_i64().unwrap();
    let execute = format!("/api/plugins/{id}/execute");
    let sent = json!({"type": "Indicator", "id": indicator.to_string(), "action": ACTION});
    let result = &soar.create(&execute, &sent).await["data"];
    assert_eq!((&result["state"], &result["record_count"]), (&json!("complete"), &json!(3)), "{result}");
    assert_eq!(result["records"][0]["last_seen"], "2020-09-13 12:26:40");
    let findings = result["findings"].as_array().unwrap();
    assert!(
        findings.iter().any(|one| one["kind"] == "indicator" && one["value"] == "185.194.93.1"),
        "{result}"
    );
    // The run is one of ours, in the name of the token, and in the library there is nothing new.
    let run = result["run"].as_i64().unwrap();
    let run = office.desk.read(move |workbench| workbench.run(run)).await.unwrap();
    assert_eq!((run.actor.as_str(), run.indicator.to_string().as_str()), ("token soar", "www.example.com"));
    assert_eq!(soar.get("/api/indicators").await["total"], 1);
    assert_eq!(office.provider.requests().len(), 1);
    // The stored answer is used, unless it is to be fresh; other types are left out.
    let again = json!({"type": "indicator", "id": indicator, "action": ACTION, "parameters": {}});
    assert_eq!(soar.create(&execute, &again).await["data"]["stored_answer_of_run"], run.id);
    let fresh = json!({"type": "indicator", "id": indicator, "action": ACTION, "parameters": {"fresh": "Y", "rrtype": "TXT"}});
    let result = soar.create(&execute, &fresh).await;
    assert_eq!(result["data"]["record_count"], 1, "{result}");
    assert_eq!(office.provider.requests().len(), 2);
    for (wrong, said) in [
        (json!({"type": "adversary", "id": indicator, "action": ACTION}), "type indicator"),
        (json!({"type": "indicator", "id": "x", "action": ACTION}), "id is not a number"),
        (json!({"type": "indicator", "id": indicator, "action": "Other"}), ACTION),
        (
            json!({"type": "indicator", "id": indicator, "action": ACTION, "parameters": {"limit": 5}}),
            "unknown parameter",
        ),
        (
            json!({"type": "indicator", "id": indicator, "action": ACTION, "parameters": {"rrtype": "!"}}),
            "record type",
        ),
        (Value::Null, "action is required"),
    ] {
        let refused = errors(&soar.post(&execute, &wrong).await, 400);
        assert!(refused.contains(said), "{said}: {refused}");
    }
    errors(&soar.post(&execute, &json!({"type": "indicator", "id": 99_999, "action": ACTION})).await, 404);
    errors(&soar.post("/api/plugins/1/execute", &sent).await, 404);
    assert_eq!(office.provider.requests().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_marked_too_strictly_is_not_sent() {
    let office = Office::answering().await;
    let ann = office.user("ann").await;
    let sources = json!([{"name": "Partner", "tlp": {"name": "RED"}}]);
    let created =
        ann.create("/api/indicators", &json!({"value": "secret.example", "sources": sources})).await;
    assert_eq!((&created[0]["tlp"]["name"], &created[0]["tlp"]["id"]), (&json!("RED"), &json!(1)));
    let plugin = ann.get("/api/plugins").await["data"][0]["id"].clone();
    let sent = json!({"type": "indicator", "id": created[0]["id"], "action": ACTION});
    let refused = errors(&ann.post(&format!("/api/plugins/{plugin}/execute"), &sent).await, 400);
    assert!(refused.contains("TLP:RED"), "{refused}");
    assert!(office.provider.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_consumed_twice_is_there_once() {
    let office = Office::answering().await;
    let soar = office.program("soar").await;
    let other = soar
        .create(
            "/api/indicators",
            &json!({"value": "ns.example.net", "type": "FQDN", "status": "Whitelisted"}),
        )
        .await;
    let item = |value: &str, kind: &str| {
        json!({
            "value": value, "type": {"name": kind}, "status": {"name": "Indirect"}, "class": "network",
            "description": "Seen in passive DNS", "published_at": "2017-06-09 08:07:17",
            "attributes": [{"name": "Resource Type", "value": "A", "sources": [{"name": "CIRCL Passive DNS", "tlp_id": 3}]}],
            "sources": [{"name": "CIRCL Passive DNS", "tlp_id": 3}], "tags": ["pdns"],
            "indicators": [{"id": other[0]["id"]}, {"value": "example.com", "type": {"name": "FQDN"}}],
        })
    };
    let batch = json!([
        item("www.example.com", "FQDN"),
        item("185.194.93.1", "IP Address"),
        item("no value", "FQDN"),
        item("2001:db8::1", "IPv6 Address"),
        item("d41d8cd98f00b204e9800998ecf8427e", "MD5"),
    ]);
    let first = soar.create("/api/indicators/consume?normalize=Y", &batch).await;
    let results: Vec<&Value> = first.as_array().unwrap().iter().collect();
    assert_eq!(
        results.iter().map(|one| one["value"].as_str().unwrap()).collect::<Vec<_>>(),
        ["www.example.com", "185.194.93.1", "no value", "2001:db8::1", "d41d8cd98f00b204e9800998ecf8427e"]
    );
    assert!(results[2]["error"].as_str().unwrap().starts_with("value: "), "{first}");
    assert!(results[4]["error"].as_str().unwrap().contains("there are only the types"), "{first}");
    assert_eq!((&results[0]["existing"], &results[0]["status"]["name"]), (&json!("N"), &json!("Indirect")));
    let everything = async || {
        let listed = soar.get("/api/indicators?with=attributes,sources,tags&sort=id").await;
        let id = results[0]["id"].as_i64().unwrap();
        let related =
            soar.get(&format!("/api/indicators/{id}/indicators?limit=1000&offset=0&with=sources")).await;
        let claims = office
            .desk
            .read(move |workbench| {
                let entry = workbench.indicator_numbered(id)?.unwrap();
                workbench.details(&entry.indicator)
            })
            .await
            .unwrap()
            .unwrap();
        (listed, related, claims.claims, claims.history.len())
    };
    let before = everything().await;
    let second = soar.create("/api/indicators/consume", &batch).await;
    assert_eq!(second[0]["existing"], "Y");
    assert_eq!(everything().await, before, "the same again changes nothing");
    let (listed, related, ..) = before;
    assert_eq!((&listed["total"], &related["total"]), (&json!(5), &json!(2)));
    let www =
        &listed["data"].as_array().unwrap().iter().find(|one| one["value"] == "www.example.com").unwrap();
    assert_eq!(
        www["sources"].as_array().unwrap().iter().map(|one| &one["name"]).collect::<Vec<_>>(),
        ["CIRCL Passive DNS"]
    );
    let attributes: Vec<_> =
        www["attributes"].as_array().unwrap().iter().map(|one| (&one["name"], &one["value"])).collect();
    assert_eq!(
        attributes,
        [(&json!("Resource Type"), &json!("A")), (&json!("Description"), &json!("Seen in passive DNS"))]
    );
    assert_eq!((&www["tags"][0]["name"], &www["tlp"]["name"]), (&json!("pdns"), &json!("GREEN")));
    // A protected status stays, also that of one that is related.
    let kept = soar
        .create("/api/indicators/consume", &json!([{"value": "ns.example.net", "status": "Active"}]))
        .await;
    assert_eq!((&kept[0]["status"]["name"], &kept[0]["existing"]), (&json!("Whitelisted"), &json!("Y")));
    let audit =
        office.desk.read(|workbench| workbench.audit(&workbench::audit::Filter::default())).await.unwrap();
    assert!(
        audit.entries.iter().any(|entry| entry.action == "indicator.hand-in" && entry.actor == "token soar")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn indicators_are_found_by_value_filters_and_cursor() {
    let office = Office::answering().await;
    let soar = office.program("soar").await;
    let many: Vec<Value> =
        (0..25).map(|n| json!({"value": format!("h{n}.example.com"), "status": "Review"})).collect();
    soar.create("/api/indicators", &Value::from(many)).await;
    soar.create("/api/indicators", &json!({"value": "185.194.93.7", "status": "Active", "tags": ["apt"]}))
        .await;
    let found =
        soar.get("/api/indicators?value=h3.example.com&with=attributes,sources,score,status,type").await;
    assert_eq!((&found["total"], &found["data"][0]["type"]["name"]), (&json!(1), &json!("FQDN")));
    let id = found["data"][0]["id"].as_i64().unwrap();
    let one = soar.get(&format!("/api/indicators/{id}?with=sources")).await;
    assert_eq!(
        (&one["data"]["value"], &one["data"]["sources"][0]["name"]),
        (&json!("h3.example.com"), &json!("token soar"))
    );
    assert_eq!(soar.get("/api/indicators?value=unknown.example").await["data"], json!([]));
    assert_eq!(soar.get("/api/indicators?value=%00%ff").await["data"], json!([]));
    let values = |found: Vec<Value>| {
        found.iter().map(|one| one["value"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let both =
        json!({"+or": [{"+and": [{"type_name": "FQDN"}, {"value": "h1.example.com"}]}, {"tags": "APT"}]});
    assert_eq!(values(soar.query(both).await), ["h1.example.com", "185.194.93.7"]);
    let active = soar.id_of("statuses", "Active").await;
    assert_eq!(values(soar.query(json!({"status_id": active})).await), ["185.194.93.7"]);
    assert_eq!(
        soar.query(json!({"value": {"+contains": "H1"}, "created_at": {"+gte": "2020-01-01 00:00:00"}}))
            .await
            .len(),
        11
    );
    assert!(soar.query(json!({"created_at": {"+lte": "2020-01-01 00:00:00"}})).await.is_empty());
    let answer = soar.post("/api/indicators/query", &json!({"filters": {"score": {"+gte": "7"}}})).await;
    assert!(errors(&answer, 400).contains("\"score\""));
    let fields = json!({"filters": {"value": "h1.example.com"}, "fields": ["id", "value", "sources.name"]});
    let answer = soar.post("/api/indicators/query", &fields).await;
    let mut members: Vec<_> = body(&answer)["data"][0].as_object().unwrap().keys().cloned().collect();
    members.sort();
    assert_eq!(members, ["id", "sources", "value"]);
    let (mut mark, mut walked) = ("*".to_owned(), Vec::new());
    loop {
        let answer =
            soar.post(&format!("/api/indicators/query?limit=10&cursorMark={mark}"), &json!({})).await;
        let answer = body(&answer);
        walked.extend(answer["data"].as_array().unwrap().iter().map(|one| one["id"].as_i64().unwrap()));
        let next = answer["nextCursorMark"].as_str().unwrap().to_owned();
        if next == mark {
            break;
        }
        mark = next;
    }
    assert_eq!(walked.len(), 26);
    assert!(walked.is_sorted());
    let limited = soar.get("/api/indicators?limit=100000&sort=-id").await;
    assert_eq!((&limited["limit"], &limited["data"][0]["value"]), (&json!(1000), &json!("185.194.93.7")));
    errors(&soar.send("GET", "/api/indicators?score=5", "").await, 400);
    errors(&soar.send("GET", "/api/indicators/x", "").await, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn attributes_sources_relations_and_status_are_set_one_by_one() {
    let office = Office::answering().await;
    let ann = office.user("ann").await;
    let created =
        ann.create("/api/indicators", &json!([{"value": "a.example"}, {"value": "b.example"}])).await;
    let (a, b) = (created[0]["id"].as_i64().unwrap(), created[1]["id"].as_i64().unwrap());
    let at = |what: &str| format!("/api/indicators/{a}{what}");
    let attribute = json!({"name": "Confidence", "value": "high", "sources": [{"name": "Partner"}], "published_at": "2026-01-01 00:00:00"});
    let first = ann.create(&at("/attributes"), &attribute).await;
    assert_eq!(
        (&first[0]["attribute"]["name"], &first[0]["sources"][0]["name"]),
        (&json!("Confidence"), &json!("Partner"))
    );
    let second = ann.create(&at("/attributes"), &json!([attribute, {"name": "Rank", "value": 5}])).await;
    assert_eq!((&second[0]["id"], &second[1]["value"]), (&first[0]["id"], &json!("5")));
    assert_eq!(ann.get(&at("/attributes")).await["total"], 2);
    let source = ann.create(&at("/sources"), &json!({"name": "CIRCL Passive DNS"})).await;
    assert_eq!((&source["name"], &source["existing"]), (&json!("CIRCL Passive DNS"), &json!(0)));
    assert_eq!(ann.create(&at("/sources"), &json!([{"name": "CIRCL Passive DNS"}])).await[0]["existing"], 1);
    let related = ann.create(&at("/indicators"), &json!([{"id": b}, {"id": 99_999}, {"id": a}])).await;
    assert!(
        related[0]["pivot"]["id"].is_i64()
            && related[1].get("pivot").is_none()
            && related[2].get("pivot").is_none(),
        "{related}"
    );
    assert!(related[1]["error"].as_str().unwrap().contains("99999"));
    // The other side sees the same relationship.
    let back = ann.get(&format!("/api/indicators/{b}/indicators")).await;
    assert_eq!(
        (&back["total"], &back["data"][0]["value"], &back["data"][0]["pivot"]["id"]),
        (&json!(1), &json!("a.example"), &related[0]["pivot"]["id"])
    );
    let again = ann.create(&format!("/api/indicators/{b}/indicators"), &json!({"id": a})).await;
    assert_eq!(again[0]["pivot"]["id"], related[0]["pivot"]["id"]);
    let set = ann.send("PUT", &at(""), &json!({"status": "Expired"}).to_string()).await;
    assert_eq!((set.status, &body(&set)["data"]["status"]["name"]), (200, &json!("Expired")));
    for (target, sent) in [
        (at("/attributes"), json!([])),
        (at("/attributes"), json!({"name": "x"})),
        (at("/sources"), json!({"id": 5})),
        (at("/sources"), json!({"name": "rita"})),
        (at("/sources"), json!({"name": "token siem"})),
        (at("/indicators"), Value::Null),
    ] {
        errors(&ann.post(&target, &sent).await, 400);
    }
    errors(&ann.send("PUT", &at(""), "{\"value\":\"c.example\"}").await, 400);
    let verified = office.desk.read(|workbench| workbench.verify(&mut |_, _| {})).await.unwrap();
    assert_eq!(verified.faults, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_reads_and_changes_nothing() {
    let office = Office::answering().await;
    office.user("ann").await.create("/api/indicators", &json!({"value": "a.example"})).await;
    for reader in [office.user("rita").await, office.program("siem").await] {
        let listed = reader.get("/api/indicators").await;
        assert_eq!(listed["total"], 1);
        let (id, plugin) =
            (listed["data"][0]["id"].clone(), reader.get("/api/plugins").await["data"][0]["id"].clone());
        reader.get("/api/objects").await;
        for (method, target, sent) in [
            ("POST", "/api/indicators".to_owned(), json!({"value": "b.example"})),
            ("POST", "/api/indicators/consume".to_owned(), json!([{"value": "b.example"}])),
            ("PUT", format!("/api/indicators/{id}"), json!({"status": "Expired"})),
            ("POST", format!("/api/indicators/{id}/attributes"), json!({"name": "n", "value": "v"})),
            ("POST", format!("/api/indicators/{id}/sources"), json!({"name": "n"})),
            ("POST", format!("/api/indicators/{id}/indicators"), json!({"id": id})),
            (
                "POST",
                format!("/api/plugins/{plugin}/execute"),
                json!({"type": "indicator", "id": id, "action": ACTION}),
            ),
        ] {
            let refused = errors(&reader.send(method, &target, &sent.to_string()).await, 403);
            assert!(refused.contains("Threat Library") || refused.contains("Run Operations"), "{refused}");
        }
        assert_eq!(reader.get("/api/indicators").await["total"], 1);
    }
    assert!(office.provider.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_listener_answers_at_the_addresses_of_the_other() {
    let office = Office::answering().await;
    let get = async |server, target: &str| client::send(server, "GET", target, &[]).await;
    for target in [
        "/",
        "/signin",
        "/library",
        "/api/v1/session",
        "/api/v1/openapi.json",
        "/pdns/query/a.example",
        "/healthz",
        "/metrics",
        "/dnsdb/v2/lookup/rrset/name/a.example",
        "/assets/style.css",
        "/api",
        "/api/",
    ] {
        assert_eq!(get(office.face, target).await.status, 404, "{target}");
    }
    for target in [
        "/api/plugins",
        "/api/indicators",
        "/api/indicator/types",
        "/assets/js/config.js",
        "/api/users/current",
    ] {
        assert_eq!(get(office.main, target).await.status, 404, "{target}");
    }
    let token = client::send_with(office.main, "POST", "/api/token", &[("host", "localhost")], b"{}").await;
    assert_eq!(token.status, 404);
    // An access token is no session of the pages.
    let ann = office.user("ann").await;
    let cookie = format!("backsight={}", ann.authorization.trim_start_matches("Bearer "));
    let session = client::send(office.main, "GET", "/api/v1/session", &[("cookie", &cookie)]).await;
    assert_eq!(session.status, 401);
    assert_eq!(client::send(office.face, "GET", "/api/plugins", &[]).await.status, 401);
    assert_eq!(
        client::send_with(office.face, "GET", "/api/plugins", &[("host", "evil.example")], b"").await.status,
        421
    );
    let foreign = [("host", "localhost"), ("sec-fetch-site", "cross-site")];
    assert_eq!(client::send_with(office.face, "POST", "/api/token", &foreign, b"").await.status, 403);
    errors(&ann.send("GET", "/api/plugins?refresh_token=x", "").await, 400);
    assert_eq!(errors(&ann.send("DELETE", "/api/plugins", "").await, 405), "this method is not allowed here");
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_bodies_are_refused_and_bounded() {
    let office = Office::answering().await;
    let ann = office.user("ann").await;
    let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
    for sent in [
        "{",
        "\u{0}",
        "[[[[",
        "null",
        "5",
        "\"x\"",
        "[]",
        "[null]",
        "{\"value\":{\"value\":1}}",
        deep.as_str(),
    ] {
        for target in [
            "/api/indicators",
            "/api/indicators/consume",
            "/api/indicators/1/attributes",
            "/api/plugins/1/execute",
        ] {
            let refused = ann.send("POST", target, sent).await;
            assert!((400..500).contains(&refused.status), "{target} {refused:?}");
            body(&refused);
        }
    }
    let many: Vec<Value> = (0..501).map(|n| json!({"value": format!("h{n}.example")})).collect();
    assert!(errors(&ann.post("/api/indicators/consume", &Value::from(many)).await, 400).contains("500"));
    let large = json!({"name": "n", "value": "x".repeat(300_000)});
    errors(&ann.post("/api/indicators/1/attributes", &large).await, 413);
    assert_eq!(ann.get("/api/indicators").await["total"], 0);
}
