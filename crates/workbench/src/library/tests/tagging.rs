//! Tags, when indicators were last seen, and what one change of many does.

use super::*;

fn tag(text: &str) -> Setting {
    Setting { tag: Tag::list(text).unwrap(), ..Setting::default() }
}

fn untag(text: &str) -> Setting {
    Setting { untag: Tag::list(text).unwrap(), ..Setting::default() }
}

fn tags(workbench: &Workbench, text: &str) -> Vec<String> {
    workbench.lookup(&value(text)).unwrap().unwrap().tags
}

#[tokio::test]
async fn tags_are_one_in_any_case_and_are_forgotten_with_their_last_indicator() {
    let mut bench = bench();
    let workbench = &mut bench.workbench;
    let [a, b] = ["a.example", "b.example"].map(value);
    workbench.add_indicators(&[a.clone(), b.clone()], Status::Active).unwrap();
    let (before, after) = workbench.set_indicator(&a, &tag("Parcel, apt-x")).unwrap();
    assert_eq!((before.tags, after.tags), (Vec::new(), vec!["apt-x".to_owned(), "Parcel".to_owned()]));
    workbench.set_indicator(&b, &tag("PARCEL")).unwrap();
    assert_eq!(
        (tags(workbench, "b.example"), workbench.tags().unwrap()),
        (vec!["Parcel".to_owned()], vec!["apt-x".to_owned(), "Parcel".to_owned()])
    );
    // Adding again, a run and a restoration leave them.
    workbench.add_indicators(std::slice::from_ref(&b), Status::Review).unwrap();
    workbench.add_findings(1, SOURCE, &b, &[attribute("Resource Type", "A")]).unwrap();
    workbench.remove_indicator(&b).unwrap();
    workbench.restore_indicator(&b).unwrap();
    assert_eq!(tags(workbench, "b.example"), ["Parcel"]);
    workbench.set_indicator(&a, &untag("parcel, apt-x, never")).unwrap();
    assert_eq!(
        (tags(workbench, "a.example"), workbench.tags().unwrap()),
        (Vec::new(), vec!["Parcel".to_owned()])
    );
    workbench.set_indicator(&a, &untag("parcel")).unwrap();
    let trail = workbench.audit(&crate::audit::Filter::default()).unwrap().entries;
    let said: Vec<String> =
        trail.iter().filter(|one| one.action == "indicator.tag").map(crate::audit::Entry::in_words).collect();
    assert_eq!(said, ["removed parcel apt-x", "added PARCEL", "added Parcel apt-x"], "once each");
    assert_eq!(workbench.verify(&mut |_, _| ()).unwrap().faults, [""; 0]);
}

#[tokio::test]
async fn an_indicator_has_a_limited_number_of_tags() {
    let mut bench = bench();
    let workbench = &mut bench.workbench;
    let one = value("a.example");
    workbench.add_indicators(std::slice::from_ref(&one), Status::Active).unwrap();
    let numbered = |from: usize, to: usize| {
        tag(&(from..to).map(|number| number.to_string()).collect::<Vec<_>>().join(","))
    };
    workbench.set_indicator(&one, &numbered(0, MOST_TAGS)).unwrap();
    let error = workbench.set_indicator(&one, &numbered(MOST_TAGS, MOST_TAGS + 1)).unwrap_err();
    assert_eq!(error.kind(), Some(Kind::Conflict));
    assert_eq!(tags(workbench, "a.example").len(), MOST_TAGS, "nothing was changed");
    let swap = Setting { untag: Tag::list("0").unwrap(), ..numbered(MOST_TAGS, MOST_TAGS + 1) };
    workbench.set_indicator(&one, &swap).unwrap();
}

#[tokio::test]
async fn an_indicator_with_a_tag_stays_when_its_run_is_undone() {
    let mut bench = bench();
    let workbench = &mut bench.workbench;
    let found = [indicator("a.example"), indicator("b.example")];
    workbench.add_findings(1, SOURCE, &value("x.example"), &found).unwrap();
    workbench.set_indicator(&value("a.example"), &tag("mine")).unwrap();
    assert_eq!(workbench.undo(1).unwrap().indicators, 1);
    assert_eq!(tags(workbench, "a.example"), ["mine"]);
}

#[tokio::test]
async fn the_latest_relationship_says_when_it_was_last_seen_until_its_run_is_undone() {
    let mut bench = bench();
    let workbench = &mut bench.workbench;
    let (hub, old, new) = ("192.0.2.1", "2017-06-09 08:07:17", "2020-01-01 00:00:00");
    let joins = [relationship("a.example", hub, old), relationship("b.example", hub, new)];
    workbench.add_findings(1, SOURCE, &value(hub), &joins).unwrap();
    workbench.add_findings(2, SOURCE, &value(hub), &[relationship("a.example", hub, "2019-01-01")]).unwrap();
    let figures = |workbench: &Workbench, text: &str| {
        let entry = workbench.lookup(&value(text)).unwrap().unwrap();
        assert_eq!(workbench.read(crate::database::content).unwrap(), [""; 0]);
        (entry.last_seen, entry.related)
    };
    assert_eq!(figures(workbench, hub), (Some(1_577_836_800), 2));
    assert_eq!(figures(workbench, "a.example"), (Some(1_546_300_800), 1));
    workbench.remove_indicator(&value("b.example")).unwrap();
    assert_eq!(
        figures(workbench, hub),
        (Some(1_546_300_800), 1),
        "a relationship to a removed one is not shown"
    );
    assert_eq!(workbench.details(&value(hub)).unwrap().unwrap().relationship_count, 1);
    workbench.restore_indicator(&value("b.example")).unwrap();
    assert_eq!(figures(workbench, hub), (Some(1_577_836_800), 2));
    let both = workbench.remove_indicators(&["a.example", "b.example"].map(value)).unwrap();
    assert_eq!(figures(workbench, hub), (None, 0));
    assert_eq!(figures(workbench, "a.example"), (Some(1_546_300_800), 1), "the hub is not removed");
    workbench.undo_removal(both.removal.unwrap()).unwrap();
    assert_eq!(figures(workbench, hub), (Some(1_577_836_800), 2));
    workbench.undo(2).unwrap();
    assert_eq!(figures(workbench, "a.example"), (Some(1_496_995_637), 1));
    workbench.set_status(&value(hub), Status::Active).unwrap();
    workbench.undo(1).unwrap();
    assert_eq!(figures(workbench, hub), (None, 0));
}

#[tokio::test(start_paused = true)]
async fn undoing_a_removal_brings_back_what_it_removed_and_nothing_else() {
    let mut bench = bench();
    let workbench = &mut bench.workbench;
    let all = ["a.example", "b.example", "c.example", "d.example"].map(value);
    workbench.add_indicators(&all, Status::Review).unwrap();
    let findings = [relationship("a.example", "b.example", "2017-06-09")];
    workbench.add_findings(1, SOURCE, &all[0], &findings).unwrap();
    workbench.remove_indicator(&all[3]).unwrap();
    let before = workbench.lookup(&all[0]).unwrap().unwrap();
    let removed = workbench.remove_indicators(&all).unwrap();
    assert_eq!(removed.count, 3, "d.example had been removed before");
    let removal = removed.removal.unwrap();
    assert_eq!(removal.to_string().parse::<Removal>().unwrap(), removal);
    // Somebody restored one and removed it again: it is not what was removed then.
    workbench.restore_indicator(&all[2]).unwrap();
    workbench.remove_indicator(&all[2]).unwrap();
    assert_eq!(workbench.undoable(removal, "ann").unwrap(), Some(2));
    assert_eq!(workbench.undoable(removal, "bob").unwrap(), None);
    assert_eq!(workbench.undo_removal(removal).unwrap(), 2);
    let is_removed = |one: &Indicator| workbench.lookup(one).unwrap().unwrap().removed_at.is_some();
    assert_eq!(all.each_ref().map(is_removed), [false, false, true, true]);
    let after = workbench.lookup(&all[0]).unwrap().unwrap();
    assert_eq!(before.related, 1);
    assert_eq!(Entry { updated_at: before.updated_at, ..after }, before, "as it was");
    let newest = workbench.audit(&crate::audit::Filter::default()).unwrap().entries;
    assert_eq!(newest[0].action, "indicator.undo-removal");
    assert_eq!(workbench.undo_removal(removal).unwrap(), 0);
    assert_eq!(workbench.remove_indicators(&all[2..]).unwrap(), Removed { count: 0, removal: None });
    for none in ["1-1", "0-0", "1-99", "9-1", "1-9223372036854775807"] {
        let error = workbench.undo_removal(none.parse().unwrap()).unwrap_err();
        assert_eq!(error.kind(), Some(Kind::Missing), "{none}");
    }
    for wrong in ["", "1", "a-b", "1-2-3", "99999999999999999999-1"] {
        assert!(wrong.parse::<Removal>().is_err(), "{wrong}");
    }
    assert_eq!(workbench.verify(&mut |_, _| ()).unwrap().faults, [""; 0]);
}

#[tokio::test]
async fn many_are_changed_together_or_not_at_all() {
    let mut bench = bench();
    let workbench = &mut bench.workbench;
    let all = ["a.example", "b.example", "c.example"].map(value);
    workbench.add_indicators(&all, Status::Active).unwrap();
    workbench.remove_indicator(&all[2]).unwrap();
    let review = Setting { status: Some(Status::Review), ..tag("x") };
    assert_eq!(workbench.set_indicators(&all, &review).unwrap_err().kind(), Some(Kind::Conflict));
    assert_eq!(workbench.lookup(&all[0]).unwrap().unwrap().status, Status::Active);
    assert_eq!(workbench.set_indicators(&all[..2], &review).unwrap(), 2);
    assert_eq!(workbench.set_indicators(&all[..2], &review).unwrap(), 0);
    assert_eq!(workbench.remove_indicators(&all).unwrap().count, 2);
    assert_eq!(workbench.restore_indicators(&all).unwrap(), 3);
    let filter = Filter { status: Some(Status::Review), ..Filter::default() };
    let counts = workbench.count_indicators(&filter).unwrap();
    assert_eq!(counts, Counts { all: 3, matching: Some(2) });
    let removed = Filter { removed: true, ..Filter::default() };
    assert_eq!(workbench.count_indicators(&removed).unwrap(), Counts { all: 0, matching: Some(0) });
}
