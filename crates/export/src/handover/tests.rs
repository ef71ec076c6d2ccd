use proptest::prelude::*;

use super::*;
use crate::sample::{indicator, levels, matter, reported};
use crate::{flat, misp, stix};

fn terms(tlp: Option<Tlp>, max_tlp: Option<Tlp>) -> Terms {
    Terms { tlp, max_tlp }
}

#[test]
fn what_is_marked_too_strictly_is_in_no_document() {
    let mut matter = matter();
    let facts = vec![("Resource Data".to_owned(), "198.51.100.7".to_owned())];
    matter.values[1].facts.extend(facts);
    "see 198.51.100.7".clone_into(&mut matter.summary);
    matter.levels = levels(&[("198.51.100.7", Tlp::Red), ("c2.example", Tlp::Amber)]);
    let open = Handover::new(matter.clone(), &terms(None, None)).unwrap();
    assert_eq!(open.tlp, Some(Tlp::Red), "the strictest value marks the whole");
    assert!(stix::bundle(&open, stix::Style::default()).to_json().contains("198.51.100.7"));

    let held = Handover::new(matter, &terms(None, Some(Tlp::Green))).unwrap();
    assert_eq!(held.held, [(indicator("c2.example"), Tlp::Amber)]);
    assert!(held.held_rows > 0 && held.held_texts == 2, "{} {}", held.held_rows, held.held_texts);
    let documents = [
        stix::bundle(&held, stix::Style::default()).to_json(),
        misp::event(&held, misp::Distribution::All).unwrap().to_json(),
        flat::json(&held),
        flat::csv(&held, false),
        flat::cof(&held),
    ];
    for document in documents {
        assert!(!document.contains("198.51.100.7") && !document.contains("c2.example"), "{document}");
    }
}

#[test]
fn a_whole_that_is_marked_too_strictly_is_refused() {
    let marked = |tlp| Matter { tlp: Some(tlp), ..matter() };
    let refused = Handover::new(marked(Tlp::Red), &terms(None, Some(Tlp::Amber))).unwrap_err();
    assert!(matches!(refused, Refusal::TooStrict { tlp: Tlp::Red, max: Tlp::Amber, .. }), "{refused}");
    let named = Matter { title: "About c2.example".to_owned(), ..matter() };
    let named = Matter { levels: levels(&[("c2.example", Tlp::Red)]), ..named };
    let refused = Handover::new(named, &terms(None, Some(Tlp::Green))).unwrap_err();
    assert!(matches!(refused, Refusal::Title { .. }), "{refused}");
}

#[test]
fn a_marking_is_raised_and_never_lowered() {
    let marked = |tlp| Matter { tlp: Some(tlp), ..matter() };
    let level = |own, asked| Handover::new(marked(own), &terms(Some(asked), None)).unwrap().tlp;
    assert_eq!(level(Tlp::Amber, Tlp::Clear), Some(Tlp::Amber));
    assert_eq!(level(Tlp::Green, Tlp::Red), Some(Tlp::Red));
    assert_eq!(Handover::new(matter(), &Terms::default()).unwrap().tlp, None);
}

#[test]
fn more_than_a_document_can_have_is_refused() {
    let one = reported("a.example", RrType::A, "192.0.2.1", (1, 2), Some(1));
    let many = Matter { reported: vec![one; MOST_ROWS + 1], ..matter() };
    let refused = Handover::new(many, &Terms::default()).unwrap_err();
    assert!(matches!(refused, Refusal::TooMany { count, .. } if count > MOST_ROWS), "{refused}");
    let long = reported("a.example", RrType::TXT, &"x".repeat(60_000), (1, 2), None);
    let long = Matter { reported: vec![long; 300], ..matter() };
    assert_eq!(Handover::new(long, &Terms::default()).unwrap_err(), Refusal::Text { most: MOST_TEXT });
}

#[test]
fn records_of_one_tuple_and_origin_are_one_row() {
    let mut first = reported("a.example", RrType::A, "192.0.2.1", (20, 30), Some(2));
    let mut second = reported("a.example", RrType::A, "192.0.2.1", (10, 25), Some(5));
    let mut other = reported("a.example", RrType::A, "192.0.2.1", (1, 99), Some(9));
    first.record.origin = Some("https://pdns.example/".into());
    second.record.origin = Some("https://pdns.example/".into());
    other.provider = "Another".to_owned();
    let rows = Handover::new(Matter { reported: vec![first, second, other], ..matter() }, &Terms::default());
    let rows = rows.unwrap().rows;
    let of = |row: &Row| (row.origin.clone(), row.record.span().unwrap(), row.record.count.unwrap());
    assert_eq!(
        rows.iter().map(of).collect::<Vec<_>>(),
        [("Another".to_owned(), (1, 99), 9), ("https://pdns.example/".to_owned(), (10, 30), 5)]
    );
}

fn any_reported() -> impl Strategy<Value = Reported> {
    let types = [RrType::A, RrType::NS, RrType::MX, RrType::TXT, RrType::PTR, RrType::SOA];
    let datas = [
        "192.0.2.1",
        "198.51.100.7",
        "ns1.a.example",
        "10 mx.a.example",
        "any text",
        "ns1.a.example h.a.example 1 2 3 4 5",
    ];
    let names = ["a.example", "b.a.example", "1.2.0.192.in-addr.arpa", "*.a.example", "c2.example"];
    let times = prop::option::of((473_385_600_u64..1_700_000_000, 0_u64..100_000));
    (0..types.len(), 0..datas.len(), 0..names.len(), times, prop::option::of(any::<u64>()), 0..3_usize)
        .prop_map(move |(rrtype, data, name, times, count, provider)| {
            let mut one = reported(names[name], types[rrtype], datas[data], (0, 0), count);
            one.record.time_first = times.map(|(first, _)| first);
            one.record.time_last = times.map(|(first, length)| first + length);
            one.provider = ["One", "Two", "Three"][provider].to_owned();
            one
        })
}

/// Every document of a matter.
fn documents(matter: Matter, terms: Terms) -> Vec<String> {
    let handover = Handover::new(matter, &terms).unwrap();
    vec![
        stix::bundle(&handover, stix::Style::default()).to_json(),
        stix::bundle(&handover, stix::Style { related: true }).to_json(),
        misp::event(&handover, misp::Distribution::Organisation).unwrap().to_json(),
        flat::json(&handover),
        flat::csv(&handover, true),
        flat::cof(&handover),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn documents_do_not_depend_on_the_order(
        (in_order, shuffled) in prop::collection::vec(any_reported(), 0..12)
            .prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        tlp in prop::option::of(prop::sample::select(Tlp::ALL.to_vec())),
    ) {
        let terms = Terms { tlp, max_tlp: None };
        let of = |reported| Matter { reported, ..matter() };
        let mut turned = of(shuffled);
        turned.values.reverse();
        turned.links.reverse();
        turned.sources.reverse();
        let once = documents(of(in_order.clone()), terms);
        prop_assert_eq!(&once, &documents(of(in_order), terms), "twice is the same");
        prop_assert_eq!(once, documents(turned, terms));
    }

    #[test]
    fn every_document_is_well_formed(all in prop::collection::vec(any_reported(), 0..12)) {
        let handover = Handover::new(Matter { reported: all, ..matter() }, &Terms::default()).unwrap();
        stix::tests::check(&stix::bundle(&handover, stix::Style::default()).to_json());
        misp::tests::check(&misp::event(&handover, misp::Distribution::Organisation).unwrap().to_json());
    }

    #[test]
    fn nothing_is_marked_less_than_its_values(
        all in prop::collection::vec(any_reported(), 0..12),
        marked in prop::sample::select(Tlp::ALL.to_vec()),
        max in prop::sample::select(Tlp::ALL.to_vec()),
    ) {
        let levels = levels(&[("198.51.100.7", marked)]);
        let matter = Matter { reported: all, levels, ..matter() };
        let handover = Handover::new(matter, &Terms { tlp: None, max_tlp: Some(max) }).unwrap();
        let text = flat::json(&handover);
        let is_in = text.contains("198.51.100.7");
        prop_assert!(!is_in || marked <= max);
        prop_assert!(!is_in || handover.tlp >= Some(marked));
    }
}

#[test]
fn a_mailbox_is_as_strict_as_its_record_and_what_it_reveals() {
    let handover = |matter| Handover::new(matter, &Terms::default()).unwrap();
    let mailboxes = |handover: &Handover| {
        let all = handover.mailboxes().into_iter();
        all.map(|one| (one.owner.to_string(), one.address, one.tlp)).collect::<Vec<_>>()
    };
    let plain = handover(matter());
    let mailbox = ("c2.example".to_owned(), "hostmaster@c2.example".to_owned());
    assert_eq!(mailboxes(&plain), [(mailbox.0.clone(), mailbox.1.clone(), plain.tlp)]);
    let marked = Matter { levels: levels(&[("c2.example", Tlp::Red)]), ..matter() };
    assert_eq!(mailboxes(&handover(marked)), [(mailbox.0, mailbox.1, Some(Tlp::Red))]);
}
