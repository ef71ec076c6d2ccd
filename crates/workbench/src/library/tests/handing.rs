//! What other programs hand in, and what meets combined conditions.

use operation::Tlp;

use super::*;

fn handed(text: &str) -> Handed {
    Handed {
        indicator: value(text),
        status: Status::Indirect,
        tlp: None,
        sources: vec![SOURCE.to_owned()],
        attributes: Vec::new(),
        tags: Vec::new(),
        related: Vec::new(),
    }
}

fn with_attribute(text: &str, name: &str) -> Handed {
    let attribute =
        HandedAttribute { name: name.to_owned(), value: "A".to_owned(), sources: vec![SOURCE.to_owned()] };
    Handed { attributes: vec![attribute], ..handed(text) }
}

fn refusal(result: &Result<HandedIn, Error>) -> String {
    result.as_ref().unwrap_err().to_string()
}

#[tokio::test]
async fn the_same_again_changes_nothing() {
    let mut bench = bench();
    let one = Handed {
        tlp: Some(Tlp::Green),
        tags: vec!["pdns".parse().unwrap()],
        related: vec![RelatedTo::Value(value("ns.example.net"))],
        ..with_attribute("www.example.com", "Resource Type")
    };
    let workbench = &mut bench.workbench;
    let first = workbench.hand_in(std::slice::from_ref(&one)).unwrap().remove(0).unwrap();
    assert_eq!((first.outcome, first.attributes.len(), first.related.len()), (Outcome::New, 1, 1));
    let before = workbench.details(&one.indicator).unwrap();
    let again = workbench.hand_in(std::slice::from_ref(&one)).unwrap().remove(0).unwrap();
    assert_eq!(again, HandedIn { outcome: Outcome::Known, ..first.clone() });
    assert_eq!(workbench.details(&one.indicator).unwrap(), before);
    let entry = before.unwrap().entry;
    assert_eq!((entry.id, entry.related, entry.tlp), (first.id, 1, Some(Tlp::Green)));
    assert_eq!(
        (entry.sources.as_slice(), entry.tags.as_slice()),
        ([SOURCE.to_owned()].as_slice(), ["pdns".to_owned()].as_slice())
    );
    let (total, others) = workbench.related(first.id, 0, 10).unwrap();
    assert_eq!((total, others[0].0), (1, first.related[0]));
    assert_eq!(others[0].1.indicator, value("ns.example.net"));
    // From the other side it is the same relationship, and its figures are right.
    let back = workbench.hand_related(&value("ns.example.net"), &[RelatedTo::Number(first.id)]).unwrap();
    assert_eq!(back[0].as_ref().unwrap(), &first.related[0]);
    assert_eq!(workbench.verify(&mut |_, _| {}).unwrap().faults, [""; 0]);
}

#[tokio::test]
async fn what_is_refused_undoes_itself_alone() {
    let mut bench = bench();
    let bad = [
        with_attribute("b.example", ""),
        Handed { related: vec![RelatedTo::Number(99)], ..handed("c.example") },
        Handed { related: vec![RelatedTo::Value(value("d.example"))], ..handed("d.example") },
        Handed { sources: vec!["token other".to_owned()], ..handed("e.example") },
        Handed { sources: vec!["x".repeat(257)], ..handed("f.example") },
        Handed { sources: vec!["a\u{202e}b".to_owned()], ..handed("g.example") },
    ];
    let all = [&[handed("a.example")], bad.as_slice(), &[handed("z.example")]].concat();
    let results = bench.workbench.hand_in(&all).unwrap();
    assert!(results[0].is_ok() && results[7].is_ok());
    for (result, said) in results[1..7].iter().zip([
        "the name of an attribute",
        "there is no indicator with the id 99",
        "an indicator cannot be related to itself",
        "token other is another user or token",
        "the name of a source must have",
        "the name of a source can only have",
    ]) {
        assert!(refusal(result).starts_with(said), "{said}: {}", refusal(result));
    }
    let everything = Selection {
        condition: Condition::All(vec![]),
        sorted_by: SortedBy::Id,
        descending: false,
        after: None,
        offset: 0,
        limit: 10,
    };
    let kept = bench.workbench.select(&everything).unwrap();
    let values: Vec<String> = kept.entries.iter().map(|entry| entry.indicator.to_string()).collect();
    assert_eq!((kept.total, values), (2, vec!["a.example".to_owned(), "z.example".to_owned()]));
}

#[tokio::test]
async fn a_status_stays_a_marking_never_gets_weaker_and_nobody_speaks_for_another() {
    let mut bench = bench();
    let workbench = &mut bench.workbench;
    workbench.add_marked(&[value("a.example")], Status::Whitelisted, Some(Tlp::Red)).unwrap();
    let again = Handed { status: Status::Active, tlp: Some(Tlp::Clear), ..handed("a.example") };
    workbench.hand_in(&[again]).unwrap().remove(0).unwrap();
    let entry = workbench.lookup(&value("a.example")).unwrap().unwrap();
    assert_eq!((entry.status, entry.tlp), (Status::Whitelisted, Some(Tlp::Red)));
    let new = workbench.hand_sources(&value("a.example"), &["Partner".to_owned()], None).unwrap();
    assert_eq!(new, [true]);
    let link = workbench.first_link().unwrap().unwrap();
    workbench.accept(link.reveal(), "Bob", "correct horse battery staple").unwrap();
    let refused = workbench.hand_sources(&value("a.example"), &["bob".to_owned()], None);
    assert!(refused.unwrap_err().to_string().starts_with("bob is another user"));
    assert_eq!(workbench.hand_sources(&value("a.example"), &["ANN".to_owned()], None).unwrap(), [true]);
    let missing = workbench.hand_attributes(&value("b.example"), &[]).unwrap_err();
    assert_eq!(missing.kind(), Some(Kind::Missing));
}

#[tokio::test(start_paused = true)]
async fn conditions_combine_and_pages_follow_each_other() {
    let mut bench = bench();
    let workbench = &mut bench.workbench;
    workbench.add_indicators(&[value("www.example.com"), value("192.0.2.1")], Status::Active).unwrap();
    tokio::time::advance(Duration::from_secs(10)).await;
    let tagged = Handed { tags: vec!["APT".parse().unwrap()], tlp: Some(Tlp::Green), ..handed("b.example") };
    workbench.hand_in(&[tagged]).unwrap().remove(0).unwrap();
    let found = |condition: Condition| {
        let selection = Selection {
            condition,
            sorted_by: SortedBy::Value,
            descending: false,
            after: None,
            offset: 0,
            limit: 10,
        };
        let found = workbench.select(&selection).unwrap();
        assert_eq!(found.total, found.entries.len() as u64);
        found.entries.iter().map(|entry| entry.indicator.to_string()).collect::<Vec<_>>()
    };
    let (www, address, b) = ("www.example.com", "192.0.2.1", "b.example");
    for (condition, values) in [
        (Condition::All(vec![]), vec![www, b, address]),
        (Condition::Any(vec![]), vec![]),
        (Condition::Kind(operation::IndicatorType::Fqdn), vec![www, b]),
        (Condition::Status(Status::Active), vec![www, address]),
        (Condition::Value(value(www)), vec![www]),
        (Condition::Contains("EXAMPLE.".to_owned()), vec![www]),
        (Condition::Contains("%' OR 1".to_owned()), vec![]),
        (Condition::Source(SOURCE.to_owned()), vec![b]),
        (Condition::Tag("apt".to_owned()), vec![b]),
        (Condition::Tlp(Tlp::Green), vec![b]),
        (Condition::Since(Stamp::Created, 1_010), vec![b]),
        (Condition::Until(Stamp::Updated, 1_009), vec![www, address]),
        (
            Condition::All(vec![
                Condition::Any(vec![Condition::Value(value(address)), Condition::Value(value(b))]),
                Condition::Status(Status::Indirect),
            ]),
            vec![b],
        ),
    ] {
        let mut expected: Vec<String> = values.into_iter().map(str::to_owned).collect();
        let mut given = found(condition.clone());
        expected.sort();
        given.sort();
        assert_eq!(given, expected, "{condition:?}");
    }
    let page = |workbench: &Workbench, after: Option<i64>, offset, descending| {
        let selection = Selection {
            condition: Condition::All(vec![]),
            sorted_by: SortedBy::Id,
            descending,
            after,
            offset,
            limit: 2,
        };
        let found = workbench.select(&selection).unwrap();
        (found.total, found.entries.iter().map(|entry| entry.id).collect::<Vec<_>>())
    };
    assert_eq!(page(workbench, None, 0, false), (3, vec![1, 2]));
    assert_eq!(page(workbench, Some(2), 0, false), (3, vec![3]));
    assert_eq!(page(workbench, None, 2, false), (3, vec![3]));
    assert_eq!(page(workbench, None, 0, true), (3, vec![3, 2]));
    assert_eq!(workbench.indicator_numbered(3).unwrap().unwrap().indicator, value(b));
    workbench.remove_indicator(&value(b)).unwrap();
    assert_eq!((workbench.indicator_numbered(3).unwrap(), page(workbench, None, 0, false).0), (None, 2));
}
