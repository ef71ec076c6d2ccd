//! Loading files of records, and creating tokens, in the browser.

use std::io::Write as _;

use server::{Limits, Service};
use workbench::audit::Filter;
use workbench::user::Role;

use crate::browser::{Browser, Place};
use crate::client::Answer;
use crate::fixture::memory;

const LOAD: &str = "/database/load";
const RECORDS: &str = "{\"rrname\":\"a.example\",\"rrtype\":\"A\",\"rdata\":\"192.0.2.1\",\"time_first\":1600000000,\"time_last\":1600000001,\"count\":3}\n\
                       {\"rrname\":\"b.example\",\"rrtype\":\"A\",\"rdata\":\"192.0.2.1\",\"time_first\":1600000000,\"time_last\":1600000001,\"count\":3}\n";

/// The counts of a receipt: imported, already known, rejected.
fn counts(answer: &Answer) -> [String; 3] {
    ["imported", "already known", "rejected"].map(|label| {
        let (_, rest) = answer.body.split_once(&format!("<dt>{label}</dt><dd>")).expect(&answer.body);
        rest.split_once('<').unwrap().0.to_owned()
    })
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

async fn records(place: &Place) -> String {
    place.stranger().get("/api/v1/stats").await.body
}

#[tokio::test]
async fn a_file_is_taken_in_once_and_its_receipt_says_so() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    let first = ann.upload_to(LOAD, "a.ndjson", RECORDS.as_bytes()).await;
    assert_eq!((first.status, counts(&first)), (200, ["2", "0", "0"].map(str::to_owned)), "{}", first.body);
    assert!(first.body.contains("All records were imported.") && first.body.contains("a.ndjson"));
    let again = ann.upload_to(LOAD, "other-name.ndjson", RECORDS.as_bytes()).await;
    assert_eq!(counts(&again), ["0", "2", "0"].map(str::to_owned));
    assert!(again.body.contains("This file was imported before."));
    let known = ann.get("/pdns/query/192.0.2.1").await;
    assert!(known.body.contains("a.example") && known.body.contains("\"count\":3"), "{}", known.body);
}

#[tokio::test]
async fn sensors_are_kept_and_the_orientation_is_chosen_when_asked() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    let record = |sensor: &str, count: u32| {
        format!(
            "{{\"rrname\":\"www.a.example\",\"rrtype\":\"CNAME\",\"rdata\":\"b.example\",\"time_first\":1600000000,\
             \"time_last\":1600000001,\"count\":{count},\"sensor_id\":\"{sensor}\"}}\n"
        )
    };
    let text = record("one", 3) + &record("two", 4);
    let dropped = ann.upload_to(LOAD, "a.ndjson", text.as_bytes()).await;
    assert!(dropped.body.contains("2 of the records named a sensor"), "{}", dropped.body);
    let fields = [("kind", "observation"), ("keep_sensors", "yes"), ("orientation", "swapped")];
    let kept = ann.upload_with(LOAD, &fields, "a.ndjson", text.as_bytes()).await;
    assert_eq!(counts(&kept), ["2", "0", "0"].map(str::to_owned), "other choices make another file of it");
    assert!(
        !kept.body.contains("named a sensor")
            && kept.body.contains("2 of the records had owner and data swapped")
    );
    let turned = ann.get("/pdns/query/b.example").await;
    assert!(
        turned.body.contains("\"rrname\":\"b.example\"") && turned.body.contains("\"count\":7"),
        "{}",
        turned.body
    );
}

#[tokio::test]
async fn packed_files_are_unpacked_whatever_they_are_called() {
    for (name, content) in [
        ("a.gz", gzip(RECORDS)),
        ("a.ndjson", zstd::encode_all(RECORDS.as_bytes(), 1).unwrap()),
        ("a", {
            let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
            encoder.write_all(RECORDS.as_bytes()).unwrap();
            encoder.finish().unwrap()
        }),
    ] {
        let place = Place::new().await;
        let ann = place.browser(Role::Maintainer).await;
        let answer = ann.upload_to(LOAD, name, &content).await;
        assert_eq!(counts(&answer), ["2", "0", "0"].map(str::to_owned), "{name}");
        let cut = ann.upload_to(LOAD, name, &content[..content.len() - 4]).await;
        assert_eq!(cut.status, 422);
        assert!(cut.body.contains("damaged or truncated"), "{name}: {}", cut.body);
    }
}

#[tokio::test]
async fn sightings_count_once_however_they_are_packed() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    let observed = [("kind", "observation")];
    let files =
        [RECORDS.as_bytes().to_vec(), gzip(RECORDS), zstd::encode_all(RECORDS.as_bytes(), 1).unwrap()];
    for (at, file) in files.iter().enumerate() {
        let answer = ann.upload_with(LOAD, &observed, "a", file).await;
        let expected = if at == 0 { ["2", "0", "0"] } else { ["0", "2", "0"] };
        assert_eq!(counts(&answer), expected.map(str::to_owned), "{at}");
    }
}

#[tokio::test]
async fn what_is_rejected_is_counted_by_reason_and_place() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    let text = format!("{RECORDS}{{\"rrname\":\"c.example\",\"rrtype\":\"A\"}}\n{{broken\n");
    let answer = ann.upload_to(LOAD, "a.ndjson", text.as_bytes()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(counts(&answer)[0], "2");
    for words in ["Imported, except for the rejected records.", "no rdata", &RECORDS.len().to_string()] {
        assert!(answer.body.contains(words), "{words}: {}", answer.body);
    }
    for (content, said) in [
        ("\u{a1}\u{b2}junk", "The file has no records"),
        ("name,address\na.example,192.0.2.1\n", "The file has no records"),
        ("", "0"),
    ] {
        let answer = ann.upload_to(LOAD, "junk", content.as_bytes()).await;
        assert!(answer.body.contains(said), "{content:?}: {}", answer.body);
    }
    let markup = ann.upload_to(LOAD, "<img src=x>.ndjson", b"junk").await;
    assert!(!markup.body.contains("<img"), "{}", markup.body);
}

#[tokio::test]
async fn a_file_is_bounded_before_and_after_unpacking() {
    let limits = Limits { body: 200_000, expanded: 400_000, ..Limits::default() };
    let service = Service::new(memory("")).with_anonymous().with_limits(limits);
    let place = Place::of(service, |site| site).await;
    let ann = place.browser(Role::Administrator).await;
    let within = format!("{RECORDS}{}", " ".repeat(190_000));
    assert_eq!(counts(&ann.upload_to(LOAD, "a", within.as_bytes()).await)[0], "2", "more than other forms");
    let large = ann.upload_to(LOAD, "a", " ".repeat(200_001).as_bytes()).await;
    assert!(large.status == 422 && large.body.contains("backsight import"), "{}", large.body);
    let bomb = ann.upload_to(LOAD, "a", &gzip(&"\n".repeat(500_000))).await;
    assert!(bomb.status == 422 && bomb.body.contains("MiB uncompressed"), "{}", bomb.body);
}

#[tokio::test]
async fn only_who_may_load_records_does_and_the_audit_trail_says_who() {
    let place = Place::new().await;
    for role in [Role::Analyst, Role::Reader] {
        let browser = place.browser(role).await;
        let answer = browser.upload_to(LOAD, "a.ndjson", RECORDS.as_bytes()).await;
        assert!(answer.status == 403 && answer.body.contains("Load Records"), "{answer:?}");
        assert!(browser.get("/database").await.body.contains("does not have the permission"));
    }
    let ann = place.browser(Role::Administrator).await;
    for token in ["", "0"] {
        let forged = Browser { token: token.to_owned(), cookie: ann.cookie.clone(), ..place.stranger() };
        let answer = forged.upload_to(LOAD, "a.ndjson", RECORDS.as_bytes()).await;
        assert!(answer.status == 403 && answer.body.contains("belongs to another session"), "{answer:?}");
    }
    assert_eq!(place.stranger().upload_to(LOAD, "a", b"").await.leads_to(), "/signin");
    assert!(records(&place).await.contains("\"entries\":0"), "nothing was taken in");
    assert_eq!(counts(&ann.upload_to(LOAD, "feed.ndjson", RECORDS.as_bytes()).await)[0], "2");
    let trail = place.desk.read(|workbench| workbench.audit(&Filter::default())).await.unwrap();
    let loads: Vec<_> = trail.entries.iter().filter(|entry| entry.action == "records.load").collect();
    assert_eq!(loads.len(), 1);
    assert_eq!((loads[0].actor.as_str(), loads[0].subject.as_str()), ("ann", "feed.ndjson"));
    assert_eq!(loads[0].detail["taken"], 2);
    let page = ann.get("/audit").await.body;
    assert!(page.contains("Records loaded") && page.contains("2 records imported"), "{page}");
}

#[tokio::test]
async fn no_file_chosen_is_said() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    let answer = ann.upload_to(LOAD, "", b"").await;
    assert!(answer.status == 422 && answer.body.contains("Choose a file first"), "{answer:?}");
}

#[tokio::test]
async fn a_token_is_shown_once_works_and_is_revoked() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    let form = [
        ("name", "own"),
        ("may", "both"),
        ("rate", "5"),
        ("daily", "100"),
        ("expires", "90d"),
        ("sensor", "s1"),
    ];
    assert_eq!(ann.post("/database/tokens", &form).await.leads_to(), "/database#tokens");
    let page = ann.get("/database").await.body;
    let token = format!("bsk_{}", &page.split_once("bsk_").unwrap().1[..81]);
    assert!(page.contains("5 per second, 100 per day") && page.contains("Query and send records"), "{page}");
    assert!(!ann.get("/database").await.body.contains("bsk_"), "it was shown once");
    let kept = place.desk.read(workbench::Workbench::tokens).await.unwrap();
    assert!(kept[0].is(&token) && kept[0].wanted.sensor.as_deref() == Some("s1"));
    let second = ann.post("/database/tokens", &form).await;
    assert!(second.body.contains("The token was not created."), "{}", second.body);
    let id = kept[0].id.to_string();
    let stale = ann.post("/database/tokens/revoke", &[("name", "own"), ("id", "999")]).await;
    assert_eq!(stale.status, 409, "{stale:?}");
    let revoked = ann.post("/database/tokens/revoke", &[("name", "own"), ("id", &id)]).await;
    assert_eq!(revoked.leads_to(), "/database?said=token-revoked");
    assert!(!ann.get("/database").await.body.contains("<b>own</b>"));
}

#[tokio::test]
async fn a_wrong_form_for_a_token_comes_back_as_it_was_filled_in() {
    let place = Place::new().await;
    let ann = place.browser(Role::Administrator).await;
    for (field, wrong, said) in [
        ("rate", "fast", "is not a rate"),
        ("daily", "many", "is not a number"),
        ("expires", "soon", "is not a date"),
        ("expires", "1999-01-01", "in the past"),
        ("name", "a b", "letters, digits"),
        ("sensor", "s1", "must allow writing"),
    ] {
        let mut fields = vec![("name", "own"), ("may", "read")];
        fields.retain(|(name, _)| *name != field);
        fields.push((field, wrong));
        let answer = ann.post("/database/tokens", &fields).await;
        assert!(answer.status >= 400 && answer.body.contains(said), "{field}={wrong}: {}", answer.body);
        assert!(answer.body.contains(&format!("value=\"{wrong}\"")), "{field}={wrong}: {}", answer.body);
    }
    assert!(place.desk.read(workbench::Workbench::tokens).await.unwrap().is_empty());
}
