use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::*;
use crate::sample::{levels, matter, reported};
use crate::{Kind, Matter, Terms};
use cof::RrType;

/// Fails unless a bundle keeps the rules of the standard that concern us; returns its objects.
#[track_caller]
pub(crate) fn check(text: &str) -> Vec<Json> {
    let bundle: Json = serde_json::from_str(text).unwrap();
    assert_eq!(bundle["type"], "bundle");
    let objects = bundle["objects"].as_array().unwrap().clone();
    let ids: BTreeSet<&str> = objects.iter().map(|object| object["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), objects.len(), "every id once");
    for object in &objects {
        let kind = object["type"].as_str().unwrap();
        assert!(object["id"].as_str().unwrap().starts_with(&format!("{kind}--")));
        for reference in references(object) {
            assert!(ids.contains(reference.as_str()), "{reference} of {object}");
        }
        let ordered = |before: &str, after: &str, strictly: bool| {
            if let (Some(before), Some(after)) = (object[before].as_str(), object[after].as_str()) {
                assert!(before < after || (!strictly && before == after), "{object}");
            }
        };
        ordered("created", "modified", false);
        ordered("start_time", "stop_time", true);
        ordered("first_observed", "last_observed", false);
        if let Some(count) = object["number_observed"].as_u64() {
            assert!((1..=MOST_OBSERVED).contains(&count));
        }
        if object["relationship_type"] == "resolves-to" {
            assert!(object["source_ref"].as_str().unwrap().starts_with("domain-name--"), "{object}");
        }
    }
    objects
}

/// Every id that an object refers to.
fn references(object: &Json) -> Vec<String> {
    let mut found = Vec::new();
    for (key, value) in object.as_object().unwrap() {
        if key.ends_with("_ref") {
            found.push(value.as_str().unwrap().to_owned());
        } else if key.ends_with("_refs") {
            found.extend(value.as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()));
        }
    }
    found
}

fn objects_of(matter: Matter, style: Style) -> Vec<Json> {
    let handover = Handover::new(matter, &Terms::default()).unwrap();
    check(&bundle(&handover, style).to_json())
}

/// The relationships, as `source kind target (description)`, by values.
fn relations(objects: &[Json]) -> Vec<String> {
    let value = |id: &Json| {
        let found = objects.iter().find(|object| object["id"] == *id).unwrap();
        found["value"].as_str().unwrap().to_owned()
    };
    let relationships = objects.iter().filter(|object| object["type"] == "relationship");
    let mut all: Vec<String> = relationships
        .map(|object| {
            let (from, to) = (value(&object["source_ref"]), value(&object["target_ref"]));
            let text = |key: &str| object[key].as_str().unwrap().to_owned();
            format!("{from} {} {to} ({})", text("relationship_type"), text("description"))
        })
        .collect();
    all.sort();
    all
}

#[test]
fn an_investigation_is_a_bundle() {
    let matter = Matter { levels: levels(&[("192.0.2.80", Tlp::Amber)]), ..matter() };
    let handover = Handover::new(matter, &Terms { tlp: Some(Tlp::Green), max_tlp: None }).unwrap();
    let bundle = bundle(&handover, Style::default());
    assert_eq!(bundle.left_out, 1, "the TXT record of a wildcard has nothing to observe");
    insta::assert_snapshot!("investigation", serde_json::to_string_pretty(&bundle).unwrap());
}

#[test]
fn every_type_of_record_relates_its_sides_as_it_should() {
    insta::assert_snapshot!(relations(&objects_of(matter(), Style::default())).join("\n"));
    let strict = relations(&objects_of(matter(), Style { related: true }));
    let line = "c2.example related-to mx.c2.example (MX record, preference 10, 20)";
    assert!(strict.iter().any(|one| one == line), "{strict:#?}");
}

#[test]
fn counts_and_times_are_within_the_standards_limits() {
    let objects = objects_of(matter(), Style::default());
    let observed = |text: &str| {
        let is_it = |object: &&Json| {
            object["external_references"][0]["description"].as_str().is_some_and(|words| words.contains(text))
        };
        objects.iter().find(is_it).unwrap_or_else(|| panic!("{text}")).clone()
    };
    let large = observed("AAAA");
    assert_eq!(large["number_observed"], MOST_OBSERVED);
    assert!(large["external_references"][0]["description"].as_str().unwrap().contains("count 12345678901"));
    assert_eq!(observed("CNAME")["number_observed"], 1, "at least one");
    let brief = observed("A 192.0.2.80");
    assert_eq!(brief["first_observed"], brief["last_observed"]);
    assert!(observed("ns2.c2.example")["external_references"][0].to_string().contains("zone files"));
    let notes: Vec<&Json> = objects.iter().filter(|object| object["type"] == "note").collect();
    assert!(notes.iter().any(|note| note["content"].as_str().unwrap().contains("no time")), "{notes:#?}");
}

#[test]
fn everything_is_marked_at_least_as_strictly_as_its_values() {
    let marked = Matter { levels: levels(&[("192.0.2.80", Tlp::Red)]), ..matter() };
    let objects = objects_of(marked, Style::default());
    for object in objects.iter().filter(|object| object.to_string().contains("192.0.2.80")) {
        assert_eq!(object["object_marking_refs"][0], marking(Tlp::Red), "{object}");
    }
    let grouping = objects.iter().find(|object| object["type"] == "grouping").unwrap();
    assert_eq!(grouping["object_marking_refs"][0], marking(Tlp::Red));
    let other = objects.iter().find(|object| object["value"] == "mx.c2.example").unwrap();
    assert_eq!(other.get("object_marking_refs"), None, "nobody marked it");
}

#[test]
fn what_is_found_later_has_the_same_ids_and_is_newer() {
    let with = |first, fetched| {
        let mut one = reported("a.example", RrType::A, "192.0.2.1", (first, 1_600_000_000), Some(1));
        one.fetched_at = fetched;
        let matter = Matter { kind: Kind::Run, values: Vec::new(), links: Vec::new(), ..matter() };
        objects_of(Matter { reported: vec![one], ..matter }, Style::default())
    };
    let (before, after) = (with(1_500_000_000, 1_700_000_000), with(1_400_000_000, 1_700_000_001));
    let ids = |objects: &[Json]| objects.iter().map(|object| object["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&before), ids(&after));
    for (before, after) in before.iter().zip(&after).filter(|(before, after)| before != after) {
        assert!(before["modified"].as_str() < after["modified"].as_str(), "{after}");
    }
}

#[test]
fn what_is_marked_later_is_newer() {
    let with = |marked: &[(&str, Tlp, u64)]| {
        let marked = marked.iter().map(|(value, tlp, at)| (crate::sample::indicator(value), *tlp, *at));
        objects_of(Matter { levels: marked.collect(), ..matter() }, Style::default())
    };
    let before = with(&[("192.0.2.80", Tlp::Green, 1)]);
    let after = with(&[("192.0.2.80", Tlp::Red, 1_800_000_000)]);
    let marks = |object: &Json| object["object_marking_refs"].clone();
    let mut newer = 0;
    for after in &after {
        let Some(before) = before.iter().find(|before| before["id"] == after["id"]) else { continue };
        let is_newer = before["modified"].as_str() < after["modified"].as_str();
        // Observables have no times.
        if after.get("modified").is_some() {
            assert_eq!(marks(before) != marks(after), is_newer, "{after}");
            newer += usize::from(is_newer);
        }
    }
    assert!(newer > 2, "{newer}");
}

#[test]
fn an_empty_investigation_is_no_grouping() {
    let empty = Matter { values: Vec::new(), reported: Vec::new(), links: Vec::new(), ..matter() };
    let objects = objects_of(empty, Style::default());
    assert_eq!(objects.len(), 1, "the producer: {objects:#?}");
}
