use operation::{Indicator, Marking, Tlp};
use tempfile::TempDir;

use super::*;
use crate::library::Outcome;
use crate::{Kind, Workbench};

fn bench() -> (TempDir, Workbench) {
    let folder = tempfile::tempdir().unwrap();
    let workbench = open(&folder, "ann");
    (folder, workbench)
}

fn open(folder: &TempDir, actor: &str) -> Workbench {
    let clock = testkit::clock_from(std::time::Duration::from_secs(1_790_000_000));
    Workbench::open(folder.path(), clock, actor).unwrap()
}

fn host(text: &str) -> Indicator {
    Indicator::parse(text).unwrap()
}

fn hosts(texts: &[&str]) -> Vec<Indicator> {
    texts.iter().map(|text| host(text)).collect()
}

fn campaign(workbench: &mut Workbench) -> i64 {
    let report = NewReport {
        title: "mail.txt".to_owned(),
        dated_at: Some(1_700_000_000),
        tlp: Some(Tlp::Green),
        text: "see a.example and 192.0.2.1".to_owned(),
    };
    let new = NewInvestigation {
        name: "  Parcel   lures ".to_owned(),
        tlp: Some(Tlp::Green),
        report: Some(report),
        members: hosts(&["a.example", "192.0.2.1"]),
    };
    workbench.create_investigation(&new).unwrap().id
}

fn refused<T: std::fmt::Debug>(result: Result<T, Error>) -> (Kind, String) {
    let error = result.unwrap_err();
    (error.kind().unwrap(), error.to_string())
}

#[tokio::test(start_paused = true)]
async fn an_investigation_keeps_its_members_its_report_and_its_marking() {
    let (_folder, mut workbench) = bench();
    let id = campaign(&mut workbench);
    let found = workbench.investigation_named("PARCEL LURES").unwrap();
    assert_eq!((found.id, found.name.as_str(), found.members), (id, "Parcel lures", 2));
    assert_eq!(workbench.investigation_named(&id.to_string()).unwrap(), found);
    let members = workbench.members(id).unwrap();
    assert_eq!(
        members.iter().map(|one| one.indicator.clone()).collect::<Vec<_>>(),
        hosts(&["a.example", "192.0.2.1"])
    );
    let reports = workbench.source_reports(id).unwrap();
    assert_eq!((reports.len(), reports[0].title.as_str(), reports[0].length), (1, "mail.txt", 27));
    assert_eq!(workbench.source_text(id, reports[0].id).unwrap(), "see a.example and 192.0.2.1");
    assert!(members.iter().all(|one| one.origin == Origin::Report(reports[0].id)));
    assert!(members.iter().all(|one| one.verdict == Verdict::Open && one.tlp == Some(Tlp::Green)));
    assert!(workbench.verify(&mut |_, _| ()).unwrap().faults.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_name_is_taken_until_its_investigation_is_removed() {
    let (_folder, mut workbench) = bench();
    let id = campaign(&mut workbench);
    let again = NewInvestigation { name: "parcel lures".to_owned(), ..NewInvestigation::default() };
    let (kind, text) = refused(workbench.create_investigation(&again));
    assert_eq!(kind, Kind::Conflict);
    assert!(text.contains(&format!("investigation {id} is already called")), "{text}");
    workbench.remove_investigation(id).unwrap();
    assert_eq!(refused(workbench.investigation_named("parcel lures")).0, Kind::Missing);
    assert_eq!(refused(workbench.add_members(id, &hosts(&["b.example"]), &Origin::User)).0, Kind::Conflict);
    let other = workbench.create_investigation(&again).unwrap().id;
    assert_ne!(other, id);
    assert_eq!(refused(workbench.restore_investigation(id)).0, Kind::Conflict);
    let edit = Edit { name: Some("Something else".to_owned()), ..Edit::default() };
    workbench.edit_investigation(other, &edit).unwrap();
    workbench.restore_investigation(id).unwrap();
    assert_eq!(workbench.investigation_named("parcel lures").unwrap().id, id);
    for name in ["", " \t ", "17", &"x".repeat(121), "a\u{202e}b"] {
        let new = NewInvestigation { name: name.to_owned(), ..NewInvestigation::default() };
        assert_eq!(refused(workbench.create_investigation(&new)).0, Kind::Invalid, "{name:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn members_come_and_go_with_their_verdicts() {
    let (_folder, mut workbench) = bench();
    let id = campaign(&mut workbench);
    let followed = Origin::Followed("ns:ns1.example".to_owned());
    let joined = workbench.add_members(id, &hosts(&["a.example", "c.example"]), &followed).unwrap();
    assert_eq!(
        joined.iter().map(|one| (one.is_new, one.library)).collect::<Vec<_>>(),
        [(false, Outcome::Known), (true, Outcome::New)]
    );
    let both = hosts(&["a.example", "c.example"]);
    assert_eq!(workbench.judge_members(id, &both, Verdict::Malicious).unwrap(), 2);
    assert_eq!(workbench.judge_members(id, &both, Verdict::Malicious).unwrap(), 0);
    assert_eq!(workbench.remove_members(id, &hosts(&["c.example", "never.example"])).unwrap(), 1);
    assert_eq!(workbench.members(id).unwrap().len(), 2);
    let joined = workbench.add_members(id, &hosts(&["c.example"]), &Origin::User).unwrap();
    assert!(joined[0].is_new);
    let is_back = |one: &Member| one.indicator == host("c.example");
    let back = workbench.members(id).unwrap().into_iter().find(is_back).unwrap();
    assert_eq!(
        (back.indicator, back.verdict, back.origin),
        (host("c.example"), Verdict::Malicious, Origin::User)
    );
    let memberships = workbench.memberships(&host("c.example")).unwrap();
    assert_eq!(
        memberships.iter().map(|(one, verdict)| (one.id, *verdict)).collect::<Vec<_>>(),
        [(id, Verdict::Malicious)]
    );
}

#[tokio::test(start_paused = true)]
async fn a_member_that_is_removed_from_the_library_stays_a_member() {
    let (_folder, mut workbench) = bench();
    let id = campaign(&mut workbench);
    workbench.remove_indicator(&host("a.example")).unwrap();
    let member =
        workbench.members(id).unwrap().into_iter().find(|one| one.indicator == host("a.example")).unwrap();
    assert!(member.is_gone);
    workbench.add_members(id, &hosts(&["a.example"]), &Origin::User).unwrap();
    assert!(workbench.members(id).unwrap().iter().all(|one| !one.is_gone), "adding it restores it");
}

#[tokio::test(start_paused = true)]
async fn notes_of_two_people_are_both_kept() {
    let (folder, mut workbench) = bench();
    let id = campaign(&mut workbench);
    workbench.note_investigation(id, None, " first ").unwrap();
    open(&folder, "bob").note_investigation(id, Some(&host("a.example")), "second").unwrap();
    let notes = workbench.investigation_notes(id).unwrap();
    let shown: Vec<_> =
        notes.iter().map(|note| (note.actor.as_str(), note.text.as_str(), note.member.clone())).collect();
    assert_eq!(shown, [("bob", "second", Some(host("a.example"))), ("ann", "first", None)]);
    assert_eq!(refused(workbench.note_investigation(id, Some(&host("b.example")), "x")).0, Kind::Missing);
    assert_eq!(refused(workbench.note_investigation(id, None, " ")).0, Kind::Invalid);
    let member = workbench.members(id).unwrap().into_iter().find(|one| one.notes == 1).unwrap();
    assert_eq!(member.indicator, host("a.example"));
}

#[tokio::test(start_paused = true)]
async fn what_is_edited_is_in_the_audit_trail_and_a_marking_can_be_taken_off() {
    let (_folder, mut workbench) = bench();
    let id = campaign(&mut workbench);
    let edit = Edit {
        status: Some(Status::OnHold),
        tlp: Some(Marking(None)),
        summary: Some("In short.\r\nTwo lines.".to_owned()),
        name: None,
    };
    let edited = workbench.edit_investigation(id, &edit).unwrap();
    assert_eq!(
        (edited.status, edited.tlp, edited.summary.as_str()),
        (Status::OnHold, None, "In short.\nTwo lines.")
    );
    let before = workbench.audit(&crate::audit::Filter::default()).unwrap();
    assert_eq!(before.entries[0].action, "investigation.edit");
    workbench.edit_investigation(id, &edit).unwrap();
    let after = workbench.audit(&crate::audit::Filter::default()).unwrap();
    assert_eq!(before.total, after.total, "nothing changed the second time");
}

#[tokio::test(start_paused = true)]
async fn a_report_or_an_investigation_that_is_too_large_is_refused_whole() {
    let (_folder, mut workbench) = bench();
    let many: Vec<Indicator> = (0..=MOST_MEMBERS).map(|n| host(&format!("h{n}.example"))).collect();
    let new = NewInvestigation { name: "many".to_owned(), members: many, ..NewInvestigation::default() };
    let (kind, text) = refused(workbench.create_investigation(&new));
    assert_eq!(kind, Kind::Conflict);
    assert!(text.contains("at most 10000 members"), "{text}");
    assert!(workbench.investigations(&Wanted { limit: 10, ..Wanted::default() }).unwrap().is_empty());
    let report = NewReport { text: "x".repeat((10 << 20) + 1), ..NewReport::default() };
    let new =
        NewInvestigation { name: "large".to_owned(), report: Some(report), ..NewInvestigation::default() };
    assert_eq!(refused(workbench.create_investigation(&new)).0, Kind::Invalid);
}

#[test]
fn words_are_read_as_they_are_written() {
    for status in Status::ALL {
        assert_eq!(status.word().to_uppercase().parse(), Ok(status));
    }
    assert_eq!("on-hold".parse(), Ok(Status::OnHold));
    for verdict in Verdict::ALL {
        assert_eq!(verdict.word().parse(), Ok(verdict));
    }
    assert!("maybe".parse::<Verdict>().is_err());
}
