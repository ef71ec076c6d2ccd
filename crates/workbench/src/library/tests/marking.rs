//! Who may see an indicator: set by hand, never made less strict by adding, and never touched by runs.

use operation::{Marking, Tlp};

use super::*;

fn tlp(workbench: &Workbench, text: &str) -> Option<Tlp> {
    workbench.lookup(&value(text)).unwrap().unwrap().tlp
}

#[tokio::test]
async fn adding_makes_a_marking_stricter_and_only_setting_makes_it_weaker() {
    let mut bench = bench();
    let workbench = &mut bench.workbench;
    let one = [value("evil.example")];
    for (given, kept) in [
        (None, None),
        (Some(Tlp::Green), Some(Tlp::Green)),
        (Some(Tlp::Red), Some(Tlp::Red)),
        (Some(Tlp::Clear), Some(Tlp::Red)),
        (None, Some(Tlp::Red)),
    ] {
        let previewed = workbench.preview_indicators(&one, Status::Active, given).unwrap();
        let added = workbench.add_marked(&one, Status::Active, given).unwrap();
        assert_eq!((previewed[0].tlp, added[0].tlp, tlp(workbench, "evil.example")), (kept, kept, kept));
    }
    // Neither findings nor a removal and restoration change it.
    workbench.add_findings(1, SOURCE, &one[0], &[attribute("Resource Type", "A")]).unwrap();
    workbench.remove_indicator(&one[0]).unwrap();
    workbench.add_indicators(&one, Status::Active).unwrap();
    assert_eq!(tlp(workbench, "evil.example"), Some(Tlp::Red));
    let setting = Setting { tlp: Some(Tlp::Green.into()), ..Setting::default() };
    let (before, after) = workbench.set_indicator(&one[0], &setting).unwrap();
    assert_eq!((before.tlp, after.tlp, after.status), (Some(Tlp::Red), Some(Tlp::Green), Status::Active));
    let none = Setting { status: Some(Status::Review), tlp: Some(Marking(None)), ..Setting::default() };
    let (_, after) = workbench.set_indicator(&one[0], &none).unwrap();
    assert_eq!(after, Standing { status: Status::Review, tlp: None, tags: Vec::new() });
    workbench.set_indicator(&one[0], &none).unwrap();
    let trail = workbench.audit(&crate::audit::Filter::default()).unwrap().entries;
    let said: Vec<String> =
        trail.iter().filter(|one| one.action == "indicator.tlp").map(crate::audit::Entry::in_words).collect();
    assert_eq!(said, ["from GREEN to none", "from RED to GREEN"], "once each");
}

#[tokio::test]
async fn what_runs_add_is_unmarked_and_undoing_keeps_what_a_user_marked() {
    let mut bench = bench();
    let workbench = &mut bench.workbench;
    let asked = value("evil.example");
    workbench.add_marked(std::slice::from_ref(&asked), Status::Active, Some(Tlp::Amber)).unwrap();
    let findings =
        [indicator("192.0.2.1"), indicator("192.0.2.2"), relationship("evil.example", "192.0.2.1", "x")];
    workbench.add_findings(1, SOURCE, &asked, &findings).unwrap();
    assert_eq!((tlp(workbench, "192.0.2.1"), tlp(workbench, "evil.example")), (None, Some(Tlp::Amber)));
    let setting = Setting { tlp: Some(Tlp::Red.into()), ..Setting::default() };
    workbench.set_indicator(&value("192.0.2.1"), &setting).unwrap();
    assert_eq!(workbench.undo(1).unwrap().indicators, 1);
    assert_eq!(tlp(workbench, "192.0.2.1"), Some(Tlp::Red));
    assert!(workbench.lookup(&value("192.0.2.2")).unwrap().is_none());
    assert_eq!(workbench.verify(&mut |_, _| ()).unwrap().faults, [""; 0]);
}
