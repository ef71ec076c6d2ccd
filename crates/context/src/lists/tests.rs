use std::collections::BTreeSet;
use std::fs;
use std::net::Ipv4Addr;

use cof::Name;
use proptest::prelude::*;
use serde_json::json;
use tempfile::TempDir;

use super::*;

fn lists(folder: &TempDir) -> Lists {
    Lists::of(folder.path(), Clock::system())
}

fn json(name: &str, kind: &str, version: u64, entries: &[&str]) -> Vec<u8> {
    json!({"name": name, "type": kind, "version": version, "description": "", "list": entries})
        .to_string()
        .into_bytes()
}

fn names_of(now: &ListsNow, value: &str) -> Vec<String> {
    let hits = match value.parse() {
        Ok(address) => now.of(Target::Address(address)),
        Err(_) => now.of(Target::Name(Name::parse(value).unwrap().as_ref())),
    };
    hits.iter().map(|hit| hit.about.name.clone()).collect()
}

fn said(lists: &Lists, value: &str) -> Vec<String> {
    names_of(&lists.now().unwrap(), value)
}

#[test]
fn lists_of_every_kind_are_imported_and_hit() {
    let folder = tempfile::tempdir().unwrap();
    let lists = lists(&folder);
    assert!(lists.now().unwrap().is_empty() && lists.all().unwrap().0.is_empty());
    lists.import(&json("ranges", "cidr", 1, &["192.0.2.0/24", "no address"])).unwrap();
    lists.import(&json("hosts", "hostname", 1, &["cdn.example", ".dot.example", "192.0.2.1"])).unwrap();
    lists
        .import(&json(
            "exact",
            "string",
            1,
            &["www.example", ".below.example", "198.51.100.1", "BÜCHER.example"],
        ))
        .unwrap();
    lists.import(&json("parts", "substring", 1, &["park", "51.100."])).unwrap();
    lists.import(&json("expressions", "regex", 1, &["/^ns[0-9]+\\.x\\.example$/i"])).unwrap();
    let imported = lists.import(&json("ranges", "cidr", 2, &["192.0.2.0/24", "no address", "x"])).unwrap();
    assert_eq!((imported.replaced, imported.about.entries, imported.about.unusable), (Some(1), 3, 2));
    for (value, hits) in [
        ("192.0.2.1", vec!["hosts", "ranges"]),
        ("192.0.2.2", vec!["ranges"]),
        ("::ffff:192.0.2.2", vec!["ranges"]),
        ("a.b.cdn.example", vec!["hosts"]),
        ("x.dot.example", vec!["hosts"]),
        ("www.example", vec!["exact"]),
        ("x.www.example", vec![]),
        ("x.below.example", vec!["exact"]),
        ("xn--bcher-kva.example", vec!["exact"]),
        ("198.51.100.1", vec!["parts", "exact"]),
        ("ns1.Parking.example", vec!["parts"]),
        ("ns12.x.example", vec!["expressions"]),
        ("example", vec![]),
    ] {
        assert_eq!(said(&lists, value), hits, "{value}");
    }
    assert!(lists.now().unwrap().bytes() > 0);
}

#[test]
fn a_list_is_disabled_removed_and_restored() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (lists(&folder), lists(&folder));
    one.import(&json("one", "string", 1, &["a.example"])).unwrap();
    one.import(&json("two", "string", 1, &["a.example"])).unwrap();
    assert_eq!(said(&one, "a.example"), ["one", "two"]);
    assert!(one.set_enabled("one", false).unwrap() && !one.set_enabled("one", false).unwrap());
    assert_eq!(
        (said(&one, "a.example"), said(&other, "a.example")),
        (vec!["two".to_owned()], vec!["two".to_owned()])
    );
    one.import(&json("one", "string", 2, &["a.example"])).unwrap();
    let state: Vec<_> = one.all().unwrap().0.iter().map(|about| (about.version, about.is_enabled)).collect();
    assert_eq!(state, [(2, false), (1, true)], "it stays disabled");
    assert!(one.set_enabled("one", true).unwrap());
    one.remove("two").unwrap();
    assert_eq!(one.removed().unwrap().unwrap().name, "two");
    assert_eq!(said(&one, "a.example"), ["one"]);
    assert!(matches!(one.remove("two"), Err(ListError::Missing(_))));
    assert!(matches!(one.set_enabled("two", true), Err(ListError::Missing(_))));
    one.restore("two").unwrap();
    assert_eq!(one.removed().unwrap(), None);
    assert_eq!(said(&one, "a.example"), ["one", "two"]);
    assert!(matches!(one.restore("two"), Err(ListError::Missing(_))));
    one.remove("one").unwrap();
    one.remove("two").unwrap();
    assert!(matches!(one.restore("one"), Err(ListError::Missing(_))), "only the last one is kept");
}

#[test]
fn other_processes_see_a_change_and_what_is_unchanged_is_not_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let time = Arc::new(Mutex::new(Duration::from_hours(400_000)));
    let shared = Arc::clone(&time);
    let server = Lists::of(folder.path(), Clock::telling(move || *shared.lock().unwrap()));
    let command = lists(&folder);
    command.import(&json("one", "string", 1, &["a.example"])).unwrap();
    assert_eq!(said(&server, "a.example"), ["one"]);
    let before = server.now().unwrap();
    command.import(&json("two", "string", 1, &["a.example"])).unwrap();
    assert_eq!(said(&server, "a.example"), ["one"], "the folder was looked at a moment ago");
    *time.lock().unwrap() += LOOK_AGAIN;
    assert_eq!(said(&server, "a.example"), ["one", "two"]);
    assert!(Arc::ptr_eq(&before.lists[0], &server.now().unwrap().lists[0]));
}

#[test]
fn a_damaged_list_is_told_and_the_others_are_used() {
    let folder = tempfile::tempdir().unwrap();
    let command = lists(&folder);
    command.import(&json("one", "hostname", 1, &["a.example"])).unwrap();
    command.import(&json("two", "hostname", 1, &["a.example"])).unwrap();
    let path = folder.path().join(FOLDER).join(stored::file_name("two"));
    let whole = fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut octets = whole.clone();
        octets[at] ^= 0x20;
        fs::write(&path, octets).unwrap();
        let now = lists(&folder).now().unwrap();
        assert_eq!(
            (names_of(&now, "a.example"), now.unreadable().len()),
            (vec!["one".to_owned()], 1),
            "byte {at}"
        );
    }
    fs::write(&path, whole.get(..whole.len() - 1).unwrap()).unwrap();
    let now = lists(&folder).now().unwrap();
    assert!(now.unreadable()[0].contains("is damaged"), "{:?}", now.unreadable());
    fs::write(&path, b"x").unwrap();
    let (abouts, errors) = command.all().unwrap();
    assert_eq!((abouts.len(), errors.len()), (1, 1));
    command.remove("two").unwrap();
    assert!(command.all().unwrap().1.is_empty());
}

#[test]
fn a_list_about_other_things_is_kept_and_never_hits() {
    let folder = tempfile::tempdir().unwrap();
    let lists = lists(&folder);
    let hashes = json!({"name": "hashes", "type": "string", "version": 1, "matching_attributes": ["md5"], "list": ["abc.example"]});
    let imported = lists.import(hashes.to_string().as_bytes()).unwrap();
    assert!(!imported.about.applies && imported.about.entries == 1);
    assert_eq!(said(&lists, "abc.example"), Vec::<String>::new());
    assert_eq!(lists.all().unwrap().0.len(), 1);
}

#[test]
fn a_refused_file_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let lists = lists(&folder);
    lists.import(&json("one", "string", 1, &["a.example"])).unwrap();
    let error = lists.import(&json("one", "strings", 2, &["b.example"])).unwrap_err();
    assert_eq!(error.kind(), ListErrorKind::User);
    assert_eq!(said(&lists, "a.example"), ["one"]);
    let left: Vec<_> = fs::read_dir(folder.path().join(FOLDER)).unwrap().collect();
    assert_eq!(left.len(), 2, "the list and the lock");
}

/// What the format says, entry by entry, without anything compiled.
fn scan(kind: &str, entries: &[String], asked: &str) -> bool {
    let is_below = |entry: &str| asked == entry || asked.ends_with(&format!(".{entry}"));
    let address: Option<Ipv4Addr> = asked.parse().ok();
    entries.iter().any(|entry| match kind {
        "cidr" => address.is_some_and(|address| {
            let (first, length) = entry.split_once('/').unwrap_or((entry, "32"));
            let (Ok(first), Ok(length)) = (first.parse::<Ipv4Addr>(), length.parse::<u32>()) else {
                return false;
            };
            let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
            first.to_bits() & mask == address.to_bits() & mask
        }),
        "hostname" => is_below(entry.trim_start_matches('.')),
        "substring" => asked.contains(entry.as_str()),
        _ => entry.strip_prefix('.').map_or(asked == entry, is_below),
    })
}

fn entry() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\.?([ab]\\.){0,3}[abc]",
        (any::<u8>(), 8_u32..=32).prop_map(|(octet, length)| format!(
            "10.{}.{}.{octet}/{length}",
            octet % 3,
            octet % 2
        )),
        any::<u8>().prop_map(|octet| format!("10.0.0.{}", octet % 4)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn what_is_compiled_answers_as_a_scan_of_the_file(
        kind in prop::sample::select(vec!["cidr", "hostname", "string", "substring"]),
        entries in prop::collection::vec(entry(), 0..12),
        asked in prop::collection::btree_set(prop_oneof!["([abc]\\.){0,4}[abc]", (0_u8..3, 0_u8..2, 0_u8..4).prop_map(|(a, b, c)| format!("10.{a}.{b}.{c}"))], 1..12),
    ) {
        let asked: BTreeSet<String> = asked;
        let folder = tempfile::tempdir().unwrap();
        let written: Vec<&str> = entries.iter().map(String::as_str).collect();
        lists(&folder).import(&json("list", kind, 1, &written)).unwrap();
        // Read from its file, as another process would.
        let now = lists(&folder).now().unwrap();
        for asked in asked {
            prop_assert_eq!(!names_of(&now, &asked).is_empty(), scan(kind, &entries, &asked), "{}", asked);
        }
    }
}
