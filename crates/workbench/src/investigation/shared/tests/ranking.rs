//! What ranks where, and why.

use super::*;

fn lines(shared: &Shared) -> Vec<(String, String)> {
    shared.list.iter().map(|shared| (shared.resource.id(), line(&shared.why))).collect()
}

fn line_of(shared: &Shared, id: &str) -> String {
    line(&shared.find(id).unwrap().why)
}

/// Two members on one name server, and so many other names.
fn on_one_server(others: u64) -> Case {
    let record = |name: &str, days| record(name, RrType::NS, "ns1.quiet.example", days);
    let others = (0..others).map(|n| record(&format!("o{n}.example"), (1, 2)));
    Case::default()
        .with("a.example", std::iter::once(record("a.example", (1, 50))).chain(others).collect())
        .with("b.example", vec![record("b.example", (31, 60))])
}

#[test]
fn the_reason_is_one_short_line() {
    for (others, text) in [
        (0, "No other name in the answers uses it; 19 days at once"),
        (1, "Only one other name in the answers uses it; 19 days at once"),
        (2, "Only 2 other names in the answers use it; 19 days at once"),
        (34, "2 members at once; 34 other names in the answers; 19 days at once"),
        (1_001, "Over 1,000 other names use it"),
    ] {
        assert_eq!(line_of(&on_one_server(others).shared(), "ns:ns1.quiet.example"), text);
    }
    let counted = Options { other_names: &|_, _| Count::Exactly(2), ..Options::default() };
    let shared = on_one_server(0).shared_with(&counted);
    assert_eq!(line_of(&shared, "ns:ns1.quiet.example"), "Only 2 other names use it; 19 days at once");
    assert_eq!(line(&[]), "");
}

#[test]
fn a_derived_resource_with_the_same_members_ranks_lower_and_says_so() {
    let shared = on_one_server(0).shared();
    assert_eq!(shared.ids(), ["ns:ns1.quiet.example", "domain:quiet.example"]);
    assert_eq!(shared.list[1].follows, Resource::parse("ns:ns1.quiet.example").ok());
    let text = line_of(&shared, "domain:quiet.example");
    assert!(text.starts_with("Follows from ns1.quiet.example; "), "{text}");
}

#[test]
fn a_network_follows_from_its_only_address_and_else_stands_for_itself() {
    let at = |name: &str, address: &str| vec![record(name, RrType::A, address, (1, 9))];
    let one = Case::default()
        .with("a.example", at("a.example", "5.6.7.8"))
        .with("b.example", at("b.example", "5.6.7.8"));
    assert_eq!(one.shared().find("net:5.6.7.0/24").unwrap().follows, Resource::parse("addr:5.6.7.8").ok());
    let several = one.with("c.example", at("c.example", "5.6.7.31")).shared();
    assert_eq!(several.find("net:5.6.7.0/24").unwrap().follows, None);
    assert_eq!(
        line_of(&several, "net:5.6.7.0/24"),
        "2 neighbours, .8 to .31, carry 3 members; no other name in the answers uses it; 8 days at once"
    );
}

#[test]
fn what_a_cname_led_to_follows_from_its_target() {
    let to = |name: &str| {
        vec![
            record(name, RrType::CNAME, "kit.cdn.example", (1, 9)),
            record("kit.cdn.example", RrType::A, "5.6.7.8", (1, 9)),
        ]
    };
    let shared =
        Case::default().with("a.example", to("a.example")).with("b.example", to("b.example")).shared();
    assert_eq!(shared.ids()[0], "cname:kit.cdn.example");
    for id in ["addr:5.6.7.8", "net:5.6.7.0/24", "domain:cdn.example"] {
        assert_eq!(shared.find(id).unwrap().follows, Resource::parse("cname:kit.cdn.example").ok(), "{id}");
    }
}

#[test]
fn resources_with_the_same_members_say_so() {
    let mut case = on_one_server(0);
    for (indicator, records) in &mut case.0 {
        records.push(record(&indicator.to_string(), RrType::MX, "10 mx.relay.example", (1, 2)));
    }
    let shared = case.shared();
    assert_eq!(
        line_of(&shared, "mx:mx.relay.example"),
        "No other name in the answers uses it; 1 day at once; same members as ns1.quiet.example"
    );
}

#[test]
fn weak_resources_come_last_with_their_reasons_and_are_counted() {
    let mut case = Case::default();
    for name in ["a.example", "b.example", "c.example"] {
        let mut records = vec![
            record(name, RrType::A, "127.0.0.1", (1, 500)),
            record(name, RrType::NS, "ns1.lot.example", (1, 500)),
            record(name, RrType::NS, "ns2.lot.example", (1, 500)),
        ];
        if name != "c.example" {
            records.push(record(name, RrType::MX, "10 mx.relay.example", (1, 2)));
        }
        case = case.with(name, records);
    }
    let warned = |resource: &Resource| matches!(resource, Resource::NameServer(_)).then(|| "parking".into());
    let counted = std::cell::RefCell::new(Vec::new());
    let other_names = |resource: &Resource, limit| {
        counted.borrow_mut().push(resource.id());
        if *resource == Resource::parse("mx:mx.relay.example").unwrap() {
            Count::Over(limit)
        } else {
            Count::Exactly(0)
        }
    };
    let shared =
        case.shared_with(&Options { warned: &warned, other_names: &other_names, ..Options::default() });
    assert!(shared.list.iter().all(SharedResource::is_weak), "{:?}", lines(&shared));
    assert_eq!(line_of(&shared, "addr:127.0.0.1"), "Special purpose: loopback");
    assert_eq!(line_of(&shared, "ns:ns1.lot.example"), "Parking");
    assert_eq!(line_of(&shared, "domain:lot.example"), "Follows from ns1.lot.example, which is weak");
    assert_eq!(line_of(&shared, "mx:mx.relay.example"), "Over 1,000 other names use it");
    assert!(counted.borrow().iter().all(|id| !id.contains("127.0.0")), "special addresses are not counted");
    let counts: Vec<String> = shared.weak.iter().map(WeakCount::to_string).collect();
    assert_eq!(
        counts,
        [
            "2 name servers (parking)",
            "2 registered domains of weak ones",
            "1 special-purpose address",
            "1 mail server with over 1,000 names",
            "1 special-purpose network",
        ]
    );
}

#[test]
fn only_the_strongest_are_counted_and_listed() {
    let mut case = Case::default();
    for name in ["a.example", "b.example"] {
        let records = (0..20).map(|n| record(name, RrType::NS, &format!("ns.q{n}.example"), (1, n + 2)));
        case = case.with(name, records.collect());
    }
    let count = std::cell::Cell::new(0);
    let other_names = |_: &Resource, _| {
        count.set(count.get() + 1);
        Count::Exactly(0)
    };
    let shared =
        case.shared_with(&Options { counted: 5, most: 7, other_names: &other_names, ..Options::default() });
    assert_eq!((count.get(), shared.list.len(), shared.left_out), (5, 7, 33));
    assert_eq!(shared.ids()[0], "ns:ns.q19.example");
}
