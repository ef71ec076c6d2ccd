//! A ThreatQ over a real socket, with every fault that its clients meet: nothing is there twice, and every row is accounted for.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use client::{Budget, Client, Limits, Target, Tcp};
use cof::time::Clock;
use operation::{Indicator, Tlp};
use platform::threatq::pull::{Pull, Selection};
use platform::threatq::push::{GoOn, Outcome, PushError, Row, Tally, Terms, Thing, Wanted, Watch, push};
use platform::threatq::records::records_in;
use platform::threatq::{Connection, Login, ThreatqError};
use testkit::threatq::{CLIENT_ID, CLIENT_SECRET, EMAIL, Fault, PASSWORD, PUBLIC_ID, ScriptedThreatq};

const SOURCE: &str = "CIRCL Passive DNS";

fn client_login() -> Login {
    Login::Client { id: CLIENT_ID.to_owned(), secret: CLIENT_SECRET.to_owned() }
}

fn connect(threatq: &ScriptedThreatq, login: Login) -> Connection {
    let address = threatq.address();
    let target = Target { host: address.ip().to_string(), port: address.port(), tls: None, proxy: None };
    let client = Client::new(target, Limits::USUAL, Arc::new(Tcp)).unwrap();
    let budget = Budget::unlimited(Clock::system());
    Connection::new(client, format!("http://{address}"), login, budget, Clock::system())
}

fn terms() -> Terms {
    Terms { source: SOURCE.to_owned(), most_relationships: 9_000, pause: Duration::ZERO, dry_run: false }
}

fn value(text: &str) -> Indicator {
    Indicator::parse(text).unwrap()
}

/// Names with an address each, and relationships between them.
fn names(count: u32) -> Wanted {
    let mut wanted = Wanted::default();
    for n in 0..count {
        let name = value(&format!("c2-{n}.example"));
        let address = value(&format!("185.194.{}.{}", 90 + n / 200, 1 + n % 200));
        wanted.add(&name, Some(Tlp::Green));
        wanted.add(&address, Some(Tlp::Green));
        wanted.relate(name, address);
    }
    wanted
}

#[derive(Default)]
struct Noted {
    planned: Vec<Row>,
    rows: Vec<Row>,
    /// Ends the push after this many results.
    stop_after: Option<usize>,
}

impl Watch for Noted {
    fn planned<'a>(&'a mut self, rows: &'a [Row]) -> GoOn<'a> {
        assert!(self.planned.is_empty(), "planned twice");
        self.planned = rows.to_vec();
        Box::pin(async { true })
    }

    fn told<'a>(&'a mut self, rows: &'a [Row]) -> GoOn<'a> {
        self.rows.extend_from_slice(rows);
        Box::pin(async { true })
    }

    fn wants_stop(&self) -> bool {
        self.stop_after.is_some_and(|most| self.rows.len() >= most)
    }
}

impl Noted {
    /// The last word on each row. Fails if a row has two results, or one without a plan.
    fn results(&self) -> BTreeMap<String, Outcome> {
        let key = |row: &Row| match &row.related {
            Some(other) => format!("{} {other}", row.thing),
            None => row.thing.to_string(),
        };
        let mut all: BTreeMap<String, Outcome> =
            self.planned.iter().map(|row| (key(row), row.outcome.clone())).collect();
        assert_eq!(all.len(), self.planned.len(), "a row was planned twice");
        let mut told = std::collections::BTreeSet::new();
        for row in &self.rows {
            assert!(told.insert(key(row)), "{} has two results", key(row));
            assert!(all.insert(key(row), row.outcome.clone()).is_some(), "{} was not planned", key(row));
        }
        all
    }

    fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for outcome in self.results().values() {
            tally.add(outcome);
        }
        tally
    }
}

async fn pushed(threatq: &ScriptedThreatq, wanted: &Wanted, terms: &Terms) -> (Noted, Result<(), PushError>) {
    let mut noted = Noted::default();
    let result = push(&connect(threatq, client_login()), wanted, terms, &mut noted).await;
    (noted, result)
}

/// Everything is there once, related as wanted, from our source; and another push changes nothing.
async fn assert_complete(threatq: &ScriptedThreatq, wanted: &Wanted) {
    let objects = threatq.objects();
    for item in wanted.items() {
        let of_value = objects.iter().filter(|object| object.value == item.thing.to_string());
        assert_eq!(of_value.clone().count(), 1, "{}", item.thing);
        let object = of_value.into_iter().next().unwrap();
        assert_eq!((object.status.as_str(), object.sources.get(SOURCE)), ("Indirect", Some(&Some(3))));
    }
    for (from, to) in wanted.pairs() {
        let (from, to) =
            (threatq.object(&from.to_string()).unwrap(), threatq.object(&to.to_string()).unwrap());
        assert!(from.related.contains(&to.id), "{} {}", from.value, to.value);
    }
    let before = threatq.changes();
    let (noted, result) = pushed(threatq, wanted, &terms()).await;
    result.unwrap();
    assert_eq!(threatq.changes(), before, "a second push changes nothing");
    assert_eq!(noted.tally(), Tally { existing: wanted.len() as u64, ..Tally::default() });
    assert!(noted.rows.is_empty());
}

#[tokio::test]
async fn every_login_works_and_a_bad_one_is_not_repeated() {
    let threatq = ScriptedThreatq::start().await.unwrap();
    let user = |password: &str| Login::Password {
        client_id: PUBLIC_ID.to_owned(),
        email: EMAIL.to_owned(),
        password: password.to_owned(),
    };
    for login in [client_login(), user(PASSWORD)] {
        let connection = connect(&threatq, login);
        connection.check().await.unwrap();
        assert!(connection.names().await.unwrap().type_id("fqdn").is_ok());
    }
    for login in [
        user("wrong-password-77"),
        Login::Client { id: CLIENT_ID.to_owned(), secret: "wrong-secret-77".to_owned() },
    ] {
        let error = connect(&threatq, login).check().await.unwrap_err();
        assert!(matches!(error, ThreatqError::Login(_)), "{error}");
        let text = format!("{error} {error:?}");
        assert!(!text.contains("-77") && !text.contains("c2NyaXB0ZWQ"), "{text}");
        assert!(error.is_refusal());
    }
    let received = threatq.received();
    assert!(!received.lines().any(|line| line.starts_with('/') && line.contains("password-")), "{received}");
}

#[tokio::test]
async fn a_dry_run_changes_nothing_and_says_what_would_be() {
    let threatq = ScriptedThreatq::start().await.unwrap();
    threatq.put("c2-0.example", "FQDN", "Whitelisted");
    threatq.put("c2-1.example", "FQDN", "Active");
    let wanted = names(3);
    let (noted, result) = pushed(&threatq, &wanted, &Terms { dry_run: true, ..terms() }).await;
    result.unwrap();
    assert_eq!((threatq.changes(), noted.rows.len()), (0, 0));
    let results = noted.results();
    assert!(matches!(results["c2-0.example"], Outcome::Refused(_)));
    assert_eq!((&results["c2-1.example"], &results["c2-2.example"]), (&Outcome::Updated, &Outcome::Created));
    assert!(matches!(results["c2-0.example 185.194.90.1"], Outcome::Refused(_)));
    assert_eq!(results["c2-1.example 185.194.90.2"], Outcome::Created);
    assert!(threatq.received().lines().all(|line| !line.contains("/consume")));
}

#[tokio::test]
async fn everything_is_there_once_after_a_push_in_batches() {
    let threatq = ScriptedThreatq::start().await.unwrap();
    let wanted = names(600);
    let (noted, result) = pushed(&threatq, &wanted, &terms()).await;
    result.unwrap();
    assert_eq!(noted.tally(), Tally { created: 1_800, ..Tally::default() });
    for request in threatq.requests().iter().filter(|request| request.target.contains("/consume")) {
        let items: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        assert!(items.as_array().unwrap().len() <= 500);
    }
    assert_complete(&threatq, &wanted).await;
}

#[tokio::test]
async fn every_fault_ends_with_everything_there_once() {
    let server_error = Fault::Answer(500, "<html>".to_owned());
    for fault in [
        Fault::ActAndCut,
        Fault::ActAndErrors,
        Fault::HalfAnd500,
        Fault::Busy(1),
        server_error,
        Fault::Answer(413, String::new()),
        Fault::Answer(200, r#"{"errors":["First",["part 1","part 2"]]}"#.to_owned()),
        Fault::Answer(401, "{}".to_owned()),
    ] {
        // One while indicators are sent, and one while they are related.
        for skip in [0, 1] {
            let threatq = ScriptedThreatq::start().await.unwrap();
            let wanted = names(5);
            let path = "/consume";
            let connection = connect(&threatq, client_login());
            let mut noted = Noted::default();
            if skip == 1 {
                // All indicators are there, so that the next request relates.
                let mut alone = Wanted::default();
                for item in wanted.items() {
                    alone.add(item.thing.clone(), item.tlp);
                }
                push(&connection, &alone, &terms(), &mut Noted::default()).await.unwrap();
            }
            threatq.fail(path, fault.clone());
            push(&connection, &wanted, &terms(), &mut noted).await.unwrap();
            assert_eq!(threatq.faults_left(), 0, "{fault:?}");
            let tally = noted.tally();
            assert_eq!((tally.all(), tally.created + tally.existing), (15, 15), "{fault:?} {tally}");
            assert_complete(&threatq, &wanted).await;
        }
    }
}

#[tokio::test]
async fn a_token_that_expires_in_between_is_replaced_once() {
    let threatq = ScriptedThreatq::start().await.unwrap();
    let connection = connect(&threatq, client_login());
    connection.names().await.unwrap();
    threatq.expire_tokens();
    push(&connection, &names(2), &terms(), &mut Noted::default()).await.unwrap();
    let logins = threatq.requests().iter().filter(|request| request.target.contains("/token")).count();
    assert_eq!(logins, 2);
    // One that is refused for good is not asked for again and again.
    threatq.fail("/types", Fault::Answer(401, "{}".to_owned()));
    threatq.fail("/types", Fault::Answer(401, "{}".to_owned()));
    assert_eq!(connection.check().await.unwrap_err(), ThreatqError::Unauthorised);
}

#[tokio::test]
async fn large_requests_are_split_until_they_fit() {
    let threatq = ScriptedThreatq::start().await.unwrap();
    threatq.limit_bodies(4_000);
    let wanted = names(60);
    let (noted, result) = pushed(&threatq, &wanted, &terms()).await;
    result.unwrap();
    assert_eq!(noted.tally(), Tally { created: 180, ..Tally::default() });
    threatq.limit_bodies(usize::MAX);
    assert_complete(&threatq, &wanted).await;
}

#[tokio::test]
async fn what_is_refused_is_said_row_by_row() {
    let threatq = ScriptedThreatq::start().await.unwrap();
    threatq.without_type("IPv6 Address");
    threatq.refuse_value("c2-1.example");
    let whitelisted = threatq.put("c2-2.example", "FQDN", "Whitelisted");
    threatq.add_status("Under Observation");
    threatq.put("c2-3.example", "FQDN", "Under Observation");
    let mut wanted = names(4);
    let six = value("2a00:1450::1");
    wanted.add(&six, None);
    wanted.relate(value("c2-0.example"), six);
    let (noted, result) = pushed(&threatq, &wanted, &terms()).await;
    result.unwrap();
    let results = noted.results();
    for (row, part) in [
        ("2a00:1450::1", "no indicator type \"IPv6 Address\""),
        ("c2-0.example 2a00:1450::1", "2a00:1450::1 is not there"),
        ("c2-1.example", "The value is not valid"),
        ("c2-1.example 185.194.90.2", "c2-1.example is not there"),
        ("c2-2.example", "whitelisted"),
        ("c2-2.example 185.194.90.3", "c2-2.example is not there, or is not touched"),
    ] {
        let reason = results[row].reason().unwrap_or_default();
        assert!(matches!(results[row], Outcome::Refused(_)) && reason.contains(part), "{row}: {reason}");
    }
    assert_eq!(results.values().filter(|outcome| matches!(outcome, Outcome::Refused(_))).count(), 6);
    // What is whitelisted was not named in anything that changes.
    let untouched = threatq.objects().into_iter().find(|object| object.id == whitelisted).unwrap();
    assert!(untouched.sources.is_empty() && untouched.related.is_empty());
    let consumed = threatq.requests().into_iter().filter(|request| request.target.contains("/consume"));
    for request in consumed {
        let body = String::from_utf8(request.body).unwrap();
        assert!(
            !body.contains("c2-2.example") && !body.contains(&format!("\"id\":{whitelisted}}}")),
            "{body}"
        );
    }
    assert_eq!(threatq.object("c2-3.example").unwrap().status, "Under Observation", "a status is kept");
}

#[tokio::test]
async fn relationships_stop_at_the_ceiling_of_either_end() {
    let threatq = ScriptedThreatq::start().await.unwrap();
    threatq.tell_no_totals();
    let shared = threatq.put("185.194.93.14", "IP Address", "Active");
    threatq.crowd(shared, 40);
    let mut wanted = Wanted::default();
    let address = value("185.194.93.14");
    wanted.add(&address, None);
    for n in 0..8 {
        let name = value(&format!("c2-{n}.example"));
        wanted.add(&name, None);
        wanted.relate(name, address.clone());
    }
    let (noted, result) = pushed(&threatq, &wanted, &Terms { most_relationships: 45, ..terms() }).await;
    result.unwrap();
    let refused = noted.results().into_values().filter_map(|outcome| outcome.reason().map(str::to_owned));
    let refused: Vec<String> = refused.collect();
    assert_eq!(refused.len(), 3, "{refused:?}");
    assert!(refused[0].contains("the ceiling is 45"), "{refused:?}");
    assert_eq!(threatq.object("185.194.93.14").unwrap().related.len(), 45);
}

#[tokio::test]
async fn a_push_that_was_stopped_goes_on_where_it_was() {
    let threatq = ScriptedThreatq::start().await.unwrap();
    let wanted = names(400);
    let mut noted = Noted { stop_after: Some(500), ..Noted::default() };
    let connection = connect(&threatq, client_login());
    let error = push(&connection, &wanted, &terms(), &mut noted).await.unwrap_err();
    assert_eq!(error, PushError::Stopped);
    let tally = noted.tally();
    assert_eq!((tally.all(), tally.created, tally.unsent), (1_200, 500, 700));
    let (rest, result) = pushed(&threatq, &wanted, &terms()).await;
    result.unwrap();
    assert_eq!(rest.tally(), Tally { existing: 500, created: 700, ..Tally::default() });
    assert_complete(&threatq, &wanted).await;
}

#[tokio::test]
async fn an_instance_that_stays_away_leaves_no_row_without_a_result() {
    let threatq = ScriptedThreatq::start().await.unwrap();
    for _ in 0..3 {
        threatq.fail("/consume", Fault::Answer(503, String::new()));
    }
    let (noted, result) = pushed(&threatq, &names(3), &terms()).await;
    assert_eq!(result.unwrap_err(), PushError::Threatq(ThreatqError::Broken(503)));
    assert_eq!(noted.tally(), Tally { unsent: 9, ..Tally::default() });
    // Nor does one that asks for more patience than there is.
    threatq.fail("/consume", Fault::Busy(86_400));
    let (noted, result) = pushed(&threatq, &names(3), &terms()).await;
    assert!(matches!(result, Err(PushError::Threatq(ThreatqError::Busy(Some(_))))));
    assert_eq!(noted.tally().unsent, 9);
}

fn selection(types: &[&str], statuses: &[&str]) -> Selection {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Selection { types: owned(types), statuses: owned(statuses), offset: 0, most: 100_000 }
}

#[tokio::test]
async fn a_pull_reads_every_page_with_statuses_and_levels() {
    let threatq = ScriptedThreatq::start().await.unwrap();
    for n in 0..1_234 {
        let id = threatq.put(&format!("n{n}.example"), "FQDN", if n % 2 == 0 { "Active" } else { "Review" });
        threatq.report(id, "Feed", [None, Some(1), Some(2), Some(9)][n % 4]);
    }
    threatq.put("5.6.7.8", "IP Address", "Active");
    threatq.put("not a name", "FQDN", "Active");
    let connection = connect(&threatq, client_login());
    let mut pull = Pull::new(&connection, selection(&["FQDN"], &["Active", "Review"])).await.unwrap();
    let (mut pulled, mut left_out) = (Vec::new(), Vec::new());
    while let Some(part) = pull.next().await.unwrap() {
        pulled.extend(part.pulled);
        left_out.extend(part.left_out);
    }
    assert_eq!((pulled.len(), left_out.len()), (1_234, 1));
    assert_eq!(left_out[0].0, "not a name");
    let level =
        |n: usize| pulled.iter().find(|one| one.indicator == value(&format!("n{n}.example"))).unwrap();
    let levels: Vec<_> = (0..4).map(|n| level(n).tlp).collect();
    assert_eq!(levels, [None, Some(Tlp::Red), Some(Tlp::Amber), Some(Tlp::Red)], "an unknown level is RED");
    assert_eq!((level(0).status.as_str(), level(1).status.as_str()), ("Active", "Review"));
    // The second half, as after an interruption.
    let rest = Selection { offset: 1_000, most: 100, ..selection(&["FQDN"], &[]) };
    let mut pull = Pull::new(&connection, rest).await.unwrap();
    let part = pull.next().await.unwrap().unwrap();
    assert_eq!((part.pulled.len(), part.next, part.total, part.is_last), (100, 1_100, Some(1_235), false));
    assert!(pull.next().await.unwrap().is_none());
    let error = Pull::new(&connection, selection(&["FQDN"], &["Gone"])).await.unwrap_err();
    assert_eq!(error, ThreatqError::NoStatus("Gone".to_owned()));
}

#[tokio::test]
async fn an_operation_is_executed_once_whatever_happens() {
    let threatq = ScriptedThreatq::start().await.unwrap();
    let indicator = threatq.put("www.threatq.com", "FQDN", "Active");
    let record = r#"{"rrname":"www.threatq.com","rrtype":"A","rdata":"104.196.175.197","count":6,"time_first":1496995637,"time_last":1499951111}"#;
    let result = format!(
        r#"{{"results":[{record}],"plugin":{{"key":"api_key","mask":true,"value":"leaked-plugin-secret"}}}}"#
    );
    let operation = threatq.install("CIRCL Passive DNS", "Query CIRCL Passive DNS", &result);
    let connection = connect(&threatq, client_login());
    let operations = connection.operations().await.unwrap();
    assert_eq!((operations.len(), operations[0].id, operations[0].enabled), (1, operation, Some(true)));
    assert_eq!(operations[0].actions[0].name, "Query CIRCL Passive DNS");
    let result = connection.execute(operation, indicator, "Query CIRCL Passive DNS").await.unwrap();
    assert!(!result.to_string().contains("leaked"), "{result}");
    let found = records_in(&result, 1_800_000_000);
    assert_eq!((found.records.len(), found.records[0].rrname.to_string().as_str()), (1, "www.threatq.com"));
    for fault in [Fault::ActAndCut, Fault::Answer(500, String::new()), Fault::Answer(401, "{}".to_owned())] {
        let before = threatq.requests().iter().filter(|request| request.target.contains("/execute")).count();
        threatq.fail("/execute", fault);
        connection.execute(operation, indicator, "Query CIRCL Passive DNS").await.unwrap_err();
        let after = threatq.requests().iter().filter(|request| request.target.contains("/execute")).count();
        assert_eq!(after, before + 1, "sent once");
    }
    assert_eq!(threatq.executions(), 2);
    let missing = connection.execute(operation, 1, "Query CIRCL Passive DNS").await.unwrap_err();
    assert!(matches!(missing, ThreatqError::Missing(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_is_an_email_address_that_is_related_to_its_zone() {
    let mailbox = Thing::Mailbox("hostmaster@c2.example".to_owned());
    let mut wanted = Wanted::default();
    wanted.add(value("c2.example"), Some(Tlp::Green));
    wanted.add(mailbox.clone(), Some(Tlp::Green));
    wanted.relate(value("c2.example"), mailbox);
    let threatq = ScriptedThreatq::start().await.unwrap();
    let (noted, result) = pushed(&threatq, &wanted, &terms()).await;
    result.unwrap();
    assert_eq!(noted.tally(), Tally { created: 3, ..Tally::default() });
    assert_eq!(threatq.object("hostmaster@c2.example").unwrap().kind, "Email Address");
    assert_complete(&threatq, &wanted).await;

    let without = ScriptedThreatq::start().await.unwrap();
    without.without_type("Email Address");
    let (noted, result) = pushed(&without, &wanted, &terms()).await;
    result.unwrap();
    assert_eq!(noted.tally(), Tally { created: 1, refused: 2, ..Tally::default() });
    assert!(!without.received().contains("hostmaster"), "what it cannot have is not sent");
}
