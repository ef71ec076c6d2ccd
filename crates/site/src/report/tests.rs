use std::time::Duration;

use cof::time::Clock;
use cof::{Name, Rdata, Record, RrType};
use context::ListsNow;
use operation::{Indicator, Marking, Tlp};
use tempfile::TempDir;
use workbench::Desk;
use workbench::investigation::shared;
use workbench::investigation::{Edit, NewInvestigation, NewReport, Origin, Verdict};
use workbench::library::{Setting, Status};
use workbench::run::Runs;

use super::*;
use crate::site::Site;

const DAY: u64 = 86_400;
/// 2026-05-01.
const MAY: u64 = 1_777_593_600;

/// A data folder on 2026-09-21.
fn bench() -> (TempDir, Workbench) {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::telling(|| Duration::from_secs(1_790_000_000));
    let workbench = Workbench::open(folder.path(), clock, "ann").unwrap();
    (folder, workbench)
}

fn host(text: &str) -> Indicator {
    Indicator::parse(text).unwrap()
}

/// An investigation of two names and an address, read from a report.
fn campaign(workbench: &mut Workbench) -> i64 {
    let report = NewReport {
        title: "mail.txt".to_owned(),
        dated_at: Some(1_777_593_600),
        tlp: Some(Tlp::Clear),
        text: "see lure0.example, lure1.example and 185.194.93.7".to_owned(),
    };
    let new = NewInvestigation {
        name: "Parcel lures, November".to_owned(),
        tlp: None,
        report: Some(report),
        members: ["lure0.example", "lure1.example", "185.194.93.7"].map(host).to_vec(),
    };
    let id = workbench.create_investigation(&new).unwrap().id;
    workbench.judge_members(id, &[host("lure0.example")], Verdict::Malicious).unwrap();
    let summary = "Two names asked for a fee at http://lure0.example/pay.".to_owned();
    workbench.edit_investigation(id, &Edit { summary: Some(summary), ..Edit::default() }).unwrap();
    workbench
        .note_investigation(id, Some(&host("lure1.example")), "Asked hoster.example, 1.5 days ago.")
        .unwrap();
    id
}

fn record(rrname: &str, rrtype: RrType, rdata: &str, days: (u64, u64)) -> Record {
    let mut record = Record::new(Name::parse(rrname).unwrap(), rrtype, Rdata::parse(rrtype, rdata));
    (record.time_first, record.time_last) = (Some(MAY + days.0 * DAY), Some(MAY + days.1 * DAY));
    record
}

fn rules() -> Rules {
    Rules { most_names: 1_000, lists: ListsNow::default() }
}

/// What the members share, from these records of each.
fn comparison(workbench: &Workbench, id: i64, records: &[(&str, Vec<Record>)]) -> Arc<Comparison> {
    let mut comparison = Comparison::read(workbench, id, None, rules()).unwrap();
    for known in &mut comparison.records.members {
        let of = records.iter().find(|(value, _)| host(value) == known.indicator);
        known.records = of.map(|(_, records)| records.clone()).unwrap_or_default();
    }
    let members: Vec<shared::Member<'_>> = comparison
        .records
        .members
        .iter()
        .map(|known| shared::Member { indicator: &known.indicator, records: &known.records })
        .collect();
    comparison.shared = shared::compare(&members, &shared::Options::default());
    Arc::new(comparison)
}

fn lures(workbench: &Workbench, id: i64) -> Arc<Comparison> {
    let of = |name: &str, from: u64| {
        vec![
            record(name, RrType::A, "185.194.93.7", (from, from + 9)),
            record(name, RrType::A, "185.194.93.8", (from + 10, from + 19)),
            record(name, RrType::NS, "ns1.quietharbor.example", (from, 60)),
        ]
    };
    comparison(
        workbench,
        id,
        &[("lure0.example", of("lure0.example", 0)), ("lure1.example", of("lure1.example", 5))],
    )
}

fn report(workbench: &Workbench, id: i64, options: &Options) -> Report {
    Report::read(workbench, id, lures(workbench, id), ("ann", options, 10)).unwrap()
}

fn html(workbench: &Workbench, id: i64, options: &Options) -> String {
    report(workbench, id, options).file().unwrap().html
}

#[test]
fn a_small_report_reads_like_this() {
    let (_folder, mut workbench) = bench();
    let id = campaign(&mut workbench);
    let made = report(&workbench, id, &Options::default());
    insta::assert_snapshot!(made.paper);
    assert_eq!((made.marking.as_str(), made.is_cut), ("TLP:CLEAR", false));
    let again = report(&workbench, id, &Options::default());
    assert_eq!(made.file().unwrap(), again.file().unwrap(), "the same data give the same bytes");
}

#[test]
fn nothing_in_it_can_be_clicked_unless_somebody_wants_that() {
    let (_folder, mut workbench) = bench();
    let id = campaign(&mut workbench);
    let values = ["lure0.example", "185.194.93.7", "ns1.quietharbor.example", "hoster.example", "http://"];
    let defanged = html(&workbench, id, &Options::default());
    let plain = html(&workbench, id, &Options { defang: false, ..Options::default() });
    for value in values {
        assert!(!defanged.contains(value), "{value} is not defanged");
        assert!(plain.contains(value), "{value}");
    }
    assert!(defanged.contains("hxxp://lure0[.]example/pay") && defanged.contains("1.5 days"), "{defanged}");
}

#[test]
fn sections_that_are_not_wanted_are_not_there_and_do_not_weaken_the_marking() {
    let (_folder, mut workbench) = bench();
    let id = campaign(&mut workbench);
    workbench.note_investigation(id, None, "from a partner, TLP:AMBER+STRICT").unwrap();
    let all = report(&workbench, id, &Options::default());
    let none = report(&workbench, id, &Options { defang: true, sections: Vec::new() });
    for heading in
        ["r-asked", "r-members", "r-shared", "r-timeline", "r-findings", "r-left", "r-notes", "r-sources"]
    {
        assert!(all.paper.contains(&format!("id=\"{heading}\"")), "{heading}");
        assert!(!none.paper.contains(heading), "{heading}");
    }
    assert!(none.paper.contains("Not complete.") && none.paper.contains("In short"));
    assert_eq!((all.marking.as_str(), none.marking.as_str()), ("TLP:AMBER+STRICT", "TLP:AMBER+STRICT"));
    assert!(none.paper.contains("class=\"paper tlp-strict\""));
}

#[test]
fn the_marking_is_the_strictest_of_everything_that_is_named() {
    let marked = |mark: &dyn Fn(&mut Workbench, i64)| {
        let (_folder, mut workbench) = bench();
        let id = campaign(&mut workbench);
        mark(&mut workbench, id);
        report(&workbench, id, &Options::default()).marking
    };
    let set = |value: &'static str, tlp: Tlp| {
        move |workbench: &mut Workbench, _: i64| {
            let indicator = host(value);
            workbench.add_indicators(std::slice::from_ref(&indicator), Status::Active).unwrap();
            let setting = Setting { tlp: Some(Marking(Some(tlp))), ..Setting::default() };
            workbench.set_indicator(&indicator, &setting).unwrap();
        }
    };
    assert_eq!(marked(&|_, _| ()), "TLP:CLEAR", "that of the source");
    assert_eq!(marked(&set("lure1.example", Tlp::Red)), "TLP:RED", "a member");
    assert_eq!(marked(&set("ns1.quietharbor.example", Tlp::Amber)), "TLP:AMBER", "what they share");
    assert_eq!(marked(&set("other.example", Tlp::Red)), "TLP:CLEAR", "nothing that is named");
    let edit = Edit { tlp: Some(Marking(Some(Tlp::Green))), ..Edit::default() };
    assert_eq!(marked(&|workbench, id| drop(workbench.edit_investigation(id, &edit).unwrap())), "TLP:GREEN");
    let text = "[TLP:AMBER]\nlure0.example".to_owned();
    let source = NewReport { title: "x".to_owned(), tlp: Some(Tlp::Green), text, dated_at: None };
    let add = |workbench: &mut Workbench, id: i64| {
        workbench.add_source_report(id, &source).unwrap();
    };
    let leave = |workbench: &mut Workbench, id: i64| {
        set("lure1.example", Tlp::AmberStrict)(workbench, id);
        workbench.remove_members(id, &[host("lure1.example")]).unwrap();
    };
    assert_eq!(marked(&leave), "TLP:AMBER+STRICT", "a note is about one that was a member");
    assert_eq!(marked(&add), "TLP:AMBER", "the text of a source is stricter than its marking");
}

#[test]
fn a_marked_value_is_found_within_texts_tokens_and_names_below_it() {
    let marked = |value: &str, write: &dyn Fn(&mut Workbench, i64)| {
        let (_folder, mut workbench) = bench();
        let id = campaign(&mut workbench);
        workbench.add_marked(&[host(value)], Status::Active, Some(Tlp::Red)).unwrap();
        write(&mut workbench, id);
        let of = |name: &str| {
            let soa = "ns1.quietharbor.example hostmaster.quietharbor.example 1 2 3 4 5";
            vec![
                record(name, RrType::TXT, "\"v=spf1 include:_spf.mailroom.example -all\"", (0, 9)),
                record(name, RrType::SOA, soa, (0, 9)),
            ]
        };
        let of = ["lure0.example", "lure1.example"].map(|name| (name, of(name)));
        let comparison = comparison(&workbench, id, &of);
        Report::read(&workbench, id, comparison, ("ann", &Options::default(), 10)).unwrap().marking
    };
    let nothing = |_: &mut Workbench, _: i64| ();
    let note = |workbench: &mut Workbench, id: i64| {
        workbench.note_investigation(id, None, "It asks www[.]c2[.]example:8443.").unwrap();
    };
    assert_eq!(marked("c2.example", &nothing), "TLP:CLEAR", "nothing names it");
    assert_eq!(marked("c2.example", &note), "TLP:RED", "a note has a name below it");
    assert_eq!(marked("_spf.mailroom.example", &nothing), "TLP:RED", "a token of TXT records");
    assert_eq!(marked("mailroom.example", &nothing), "TLP:RED", "a name below it in a token");
    assert_eq!(marked("hostmaster.quietharbor.example", &nothing), "TLP:RED", "the mailbox of a zone");
    let joins = |workbench: &mut Workbench, id: i64| {
        workbench.add_members(id, &[host("deep.below.marked.example")], &Origin::User).unwrap();
    };
    assert_eq!(marked("marked.example", &joins), "TLP:RED", "a member below it");
}

/// Texts that a page might run, break at, or be reversed by.
const HOSTILE: [&str; 4] = [
    "<script>window.hit=1</script>",
    "\"><img src=x onerror=\"window.hit=1\">",
    "</style><b>",
    "\u{202e}moc.live\u{7}",
];

/// The elements of a report.
const TAGS: [&str; 33] = [
    "!doctype", "article", "b", "bdi", "body", "code", "dd", "div", "dl", "dt", "h1", "h2", "h3", "head",
    "header", "html", "line", "main", "meta", "p", "rect", "section", "span", "style", "svg", "table",
    "tbody", "td", "text", "th", "thead", "title", "tr",
];

#[test]
fn hostile_text_is_text_and_nothing_is_loaded_or_run() {
    let (_folder, mut workbench) = bench();
    let id = campaign(&mut workbench);
    for text in HOSTILE {
        workbench.note_investigation(id, None, text).unwrap();
        let source = NewReport { title: text.to_owned(), text: text.to_owned(), ..NewReport::default() };
        workbench.add_source_report(id, &source).unwrap();
    }
    let summary = Some(HOSTILE.concat());
    let name = Some("</title><script>x</script>".to_owned());
    workbench.edit_investigation(id, &Edit { name, summary, ..Edit::default() }).unwrap();
    workbench.add_members(id, &[host("also.example")], &Origin::Followed(HOSTILE[0].to_owned())).unwrap();
    let hostile = |name: &str| vec![record(name, RrType::TXT, "\"v=<script>alert(1)</script>\"", (0, 9))];
    let of = ["also.example", "lure0.example"].map(|name| (name, hostile(name)));
    let comparison = comparison(&workbench, id, &of);
    for defang in [true, false] {
        let options = Options { defang, ..Options::default() };
        let author = "<b onclick=x>\u{202e}";
        let made = Report::read(&workbench, id, Arc::clone(&comparison), (author, &options, 10)).unwrap();
        let html = made.file().unwrap().html;
        for tag in html.split('<').skip(1) {
            let tag = tag.split('>').next().unwrap();
            let name = tag.split([' ', '\n']).next().unwrap().trim_start_matches('/');
            assert!(TAGS.contains(&name), "<{tag}>");
            for never in ["src=", "href=", "style="] {
                assert!(!tag.contains(never), "{never} in <{tag}>");
            }
            assert!(!tag.split(' ').any(|part| part.starts_with("on") && part.contains('=')), "<{tag}>");
        }
        let lower = html.to_ascii_lowercase();
        assert!(!lower.contains("url(") && !lower.contains("@import"));
        assert_eq!((lower.matches("</style>").count(), lower.matches("</title>").count()), (1, 1));
        assert!(!html.contains('\u{202e}') && !html.contains('\u{7}'));
        assert!(html.contains("&#60;script&#62;window"), "{html}");
    }
}

#[tokio::test]
async fn a_file_takes_a_place_among_the_downloads() {
    let (_folder, mut workbench) = bench();
    let id = campaign(&mut workbench);
    let site: Shared = Arc::new(Site::new(Runs::serving(Desk::of(workbench)).await.unwrap()));
    let mut places = Vec::new();
    while let Ok(place) = site.downloads.begin() {
        places.push(place);
    }
    let refused = download(&site, id, "ann", &Options::default()).await.unwrap_err();
    assert_eq!(refused.status, 503);
    places.pop();
    assert_eq!(download(&site, id, "ann", &Options::default()).await.unwrap().status(), 200);
    // Only a file that is read keeps its place.
    assert!(site.downloads.begin().is_ok());
}

#[test]
fn the_policy_of_a_file_allows_its_own_style_alone() {
    let (_folder, mut workbench) = bench();
    let id = campaign(&mut workbench);
    let html = html(&workbench, id, &Options::default());
    let style = html.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
    assert!(style.contains("@page") && style.len() > 2_000, "{style}");
    let hash = STANDARD.encode(digest(&SHA256, style.as_bytes()));
    let policy = format!(
        "content=\"default-src &#39;none&#39;; style-src &#39;sha256-{hash}&#39;; base-uri &#39;none&#39;; form-action &#39;none&#39;\""
    );
    assert!(html.contains(&policy), "{policy} in {}", &html[..800]);
    assert!(!html.contains(" style="), "the policy forbids it");
}

#[test]
fn a_file_is_named_after_the_investigation_and_the_day() {
    let named = |name: &str| {
        let report = Report {
            name: name.to_owned(),
            id: 17,
            day: "2026-11-28".to_owned(),
            marking: String::new(),
            paper: String::new(),
            is_cut: false,
        };
        report.file().unwrap().name
    };
    assert_eq!(named("Parcel lures, November"), "parcel-lures-november-2026-11-28.html");
    assert_eq!(named("../../etc/passwd\" x"), "etc-passwd-x-2026-11-28.html");
    assert_eq!(named("посылки"), "investigation-17-2026-11-28.html");
    assert!(named(&"a".repeat(500)).len() < 80);
}

#[test]
fn long_tables_are_cut_and_say_so() {
    let (_folder, mut workbench) = bench();
    let id = campaign(&mut workbench);
    let many: Vec<Indicator> = (0..20).map(|n| host(&format!("n{n}.example"))).collect();
    workbench.add_members(id, &many, &Origin::User).unwrap();
    let made = report(&workbench, id, &Options::default());
    assert!(made.is_cut && made.paper.contains("The first 10 of 23."), "{}", made.paper);
    let whole =
        Report::read(&workbench, id, lures(&workbench, id), ("ann", &Options::default(), 100)).unwrap();
    assert!(!whole.is_cut && whole.paper.contains("n19[.]example"));
    assert!(Comparison::read(&workbench, 99, None, rules()).is_err());
}
