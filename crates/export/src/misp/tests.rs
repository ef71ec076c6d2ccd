use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::*;
use crate::sample::{levels, matter};
use crate::{Matter, Terms};

/// Fails unless an event keeps the rules that an instance has; returns it.
#[track_caller]
pub(crate) fn check(text: &str) -> Json {
    let document: Json = serde_json::from_str(text).unwrap();
    let event = document["Event"].clone();
    let (attributes, objects) = (list(&event["Attribute"]), list(&event["Object"]));
    let mut uuids = BTreeSet::from([event["uuid"].as_str().unwrap().to_owned()]);
    let mut once = |one: &Json| {
        assert!(uuids.insert(one["uuid"].as_str().unwrap().to_owned()), "twice: {one}");
    };
    for object in &objects {
        once(object);
        for part in list(&object["Attribute"]).iter().chain(&list(&object["ObjectReference"])) {
            once(part);
        }
        for required in ["rrtype", "rrname", "rdata"] {
            let found = list(&object["Attribute"]).iter().any(|one| one["object_relation"] == *required);
            assert!(found, "{required} of {object}");
        }
        if let (Some(first), Some(last)) = (object["first_seen"].as_str(), object["last_seen"].as_str()) {
            assert!(first <= last, "{object}");
        }
        for reference in list(&object["ObjectReference"]) {
            assert_eq!(reference["object_uuid"], object["uuid"]);
            let referenced = &reference["referenced_uuid"];
            assert!(attributes.iter().any(|attribute| attribute["uuid"] == *referenced), "{reference}");
        }
    }
    for attribute in &attributes {
        once(attribute);
    }
    assert!(!text.contains("\"to_ids\":true"));
    event
}

fn list(value: &Json) -> Vec<Json> {
    value.as_array().unwrap().clone()
}

fn event_of(matter: Matter) -> Json {
    let handover = Handover::new(matter, &Terms::default()).unwrap();
    check(&event(&handover, Distribution::default()).unwrap().to_json())
}

#[test]
fn an_investigation_is_an_event() {
    let handover = Handover::new(matter(), &Terms { tlp: Some(Tlp::Green), max_tlp: None }).unwrap();
    let event = event(&handover, Distribution::Community).unwrap();
    check(&event.to_json());
    insta::assert_snapshot!("investigation", serde_json::to_string_pretty(&event).unwrap());
}

#[test]
fn objects_are_as_the_template_wants_them() {
    let event = event_of(matter());
    let of = |text: &str| {
        let is_it = |object: &Json| {
            list(&object["Attribute"])
                .iter()
                .any(|one| one["object_relation"] == "text" && one["value"].as_str().unwrap().contains(text))
        };
        list(&event["Object"]).into_iter().find(is_it).unwrap_or_else(|| panic!("{text}"))
    };
    let value = |object: &Json, relation: &str| {
        let found = list(&object["Attribute"]).into_iter().find(|one| one["object_relation"] == *relation);
        found.map(|one| one["value"].as_str().unwrap().to_owned())
    };
    let full = of("198.51.100.7");
    for (relation, wanted) in [
        ("rrname", "c2.example"),
        ("rrtype", "A"),
        ("rdata", "198.51.100.7"),
        ("time_first", "2017-06-09T08:07:17+00:00"),
        ("time_last", "2017-07-13T13:05:11+00:00"),
        ("count", "6"),
        ("origin", "https://pdns.example/"),
        ("sensor_id", "vienna-1"),
        ("bailiwick", "c2.example"),
        ("text", "c2.example A 198.51.100.7"),
    ] {
        assert_eq!(value(&full, relation).as_deref(), Some(wanted), "{relation}");
    }
    assert_eq!(full["first_seen"], "2017-06-09T08:07:17+00:00");
    assert_eq!(list(&full["ObjectReference"])[0]["relationship_type"], "associated-to");
    let zoned = of("ns2.c2.example");
    assert_eq!(
        (value(&zoned, "time_first"), value(&zoned, "origin").as_deref()),
        (None, Some("CIRCL Passive DNS"))
    );
    assert_eq!(value(&zoned, "zone_time_first").as_deref(), Some("2017-06-09T08:07:17+00:00"));
    assert_eq!(zoned["first_seen"], "2017-06-09T08:07:17+00:00", "zone times where there are no others");
    assert_eq!(of("no time").get("first_seen"), None);
}

#[test]
fn registered_domains_and_hosts_are_told_apart() {
    let event = event_of(matter());
    let kinds: Vec<String> = list(&event["Attribute"])
        .iter()
        .map(|one| format!("{} {}", one["type"].as_str().unwrap(), one["value"].as_str().unwrap()))
        .collect();
    assert_eq!(
        kinds,
        [
            "domain c2.example",
            "ip-dst 192.0.2.80",
            "comment Seen in May.",
            "text Read from report.txt, of 2023-03-16"
        ]
    );
}

#[test]
fn an_event_is_never_distributed_further_than_its_marking_allows() {
    for (tlp, most) in [
        (Tlp::Clear, Distribution::All),
        (Tlp::Green, Distribution::All),
        (Tlp::Amber, Distribution::Community),
        (Tlp::AmberStrict, Distribution::Organisation),
        (Tlp::Red, Distribution::Organisation),
    ] {
        let marked = Matter { levels: levels(&[("192.0.2.80", tlp)]), ..matter() };
        let handover = Handover::new(marked, &Terms::default()).unwrap();
        for wanted in Distribution::ALL {
            let made = event(&handover, wanted);
            assert_eq!(made.is_ok(), wanted <= most, "{tlp} {wanted}");
            if let Ok(made) = made {
                let tag = check(&made.to_json())["Tag"][0]["name"].clone();
                assert_eq!(tag, tlp.to_string().to_ascii_lowercase());
            }
        }
    }
}

#[test]
fn distributions_are_read_as_they_are_written() {
    for one in Distribution::ALL {
        assert_eq!(one.to_string().parse(), Ok(one));
    }
    assert_eq!("Community ".parse(), Ok(Distribution::Community));
    assert_eq!("".parse::<Distribution>(), Err(DistributionError));
}

#[test]
fn ids_belong_to_their_event() {
    let uuids = |key: &str| {
        let event = event_of(Matter { key: key.to_owned(), ..matter() });
        let objects = list(&event["Object"]);
        objects.iter().map(|object| object["uuid"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(uuids("one"), uuids("one"));
    assert!(uuids("one").iter().all(|uuid| !uuids("two").contains(uuid)));
}
