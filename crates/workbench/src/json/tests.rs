//! Compares `docs/json.md` with the schemas of what is serialised, member by member, in both directions.
//!
//! The page writes an object as `{"name":value,…}`. A shape and a schema are compared as sets of paths: `steps[]/detail` is a
//! member of each element of a list, and `records[]=RECORD` says that an element is an object explained elsewhere on the page.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use testkit::mmdb;
use utoipa::ToSchema;

use super::{
    answer, audit, catalogue, cost, found, history, indicator, integration, investigation, job, list, push,
    report, run, search, shared, threatq, token,
};

const PAGE: &str = include_str!("../../../../docs/json.md");

/// The objects that the page explains under their own names.
const WORDS: [(&str, &str); 36] = [
    ("CANDIDATE", "CandidateShown"),
    ("CHANGE", "PlannedChange"),
    ("CLAIM", "Claim"),
    ("COST", "OperationCost"),
    ("COUNT", "TallyCount"),
    ("COUNTS", "PushCounts"),
    ("ENTRY", "IndicatorEntry"),
    ("EXECUTED", "ExecutionResult"),
    ("FINDING", "AnswerFinding"),
    ("INVESTIGATION", "InvestigationSummary"),
    ("JOB", "JobShown"),
    ("LOSS", "PlannedLoss"),
    ("MEMBER", "InvestigationMember"),
    ("NOTE", "InvestigationNote"),
    ("PACKAGE", "CataloguePackage"),
    ("PARAMETER", "IntegrationParameter"),
    ("PROGRESS", "JobProgress"),
    ("PROPOSED", "ProposedIndicator"),
    ("PROXY", "IntegrationProxy"),
    ("PULL", "PullReport"),
    ("PULLED", "PulledIndicator"),
    ("PUSH", "PushShown"),
    ("QUOTA", "ProviderQuota"),
    ("RECORD", "AnswerRecord"),
    ("RELATIONSHIP", "IndicatorRelationship"),
    ("RELEASE", "PackageRelease"),
    ("REPORT", "InvestigationReport"),
    ("RESOURCE", "SharedResourceShown"),
    ("ROW", "PushRow"),
    ("RUN", "RunSummary"),
    ("SEARCH", "SavedSearch"),
    ("SPAN", "SeenSpan"),
    ("SUMMARY", "IntegrationSummary"),
    ("TALLY", "LibraryTally"),
    ("TOKEN", "TokenShown"),
    ("WARNING", "WarningList"),
];

/// The text on the page before the parts of each object.
const PLACES: [(&str, &[&str]); 84] = [
    (
        "Answer",
        &[
            "`query`, a line for each value, and `run show` print ",
            "With `--changes` or `--since ID` there is ",
            "With `--add all` there is ",
        ],
    ),
    ("AnswerFinding", &["- FINDING: ", "An attribute has ", "indicator has ", "a relationship has "]),
    ("AnswerRecord", &["- RECORD: "]),
    ("AuditPage", &["`audit` prints "]),
    ("AddedIndicators", &["`indicator add` prints "]),
    ("CatalogueList", &["`integration catalogue` prints "]),
    ("CataloguePackage", &["- PACKAGE: "]),
    ("CandidateShown", &["- CANDIDATE: "]),
    ("Candidates", &["`investigation shared --follow` prints "]),
    ("Claim", &["- CLAIM: "]),
    ("ConnectionTest", &["`integration test` prints "]),
    ("Costs", &["`query --dry-run` prints "]),
    ("ExecutionResult", &["`threatq execute` prints "]),
    ("ExecutionShown", &["sends an execution as "]),
    (
        "History",
        &[
            "`history` prints, one line per value, ",
            "With `--changes` a history has ",
            "With `--add` it has ",
        ],
    ),
    ("FindingsAdded", &["`investigation findings` with `--add` prints "]),
    ("ImportedLists", &["`list import` prints "]),
    ("IndicatorDetails", &["- ENTRY: ", "has `{\"unicode\"", "`indicator show` prints an ENTRY with "]),
    ("IndicatorEntry", &["- ENTRY: ", "has `{\"unicode\""]),
    ("IndicatorNoted", &["`note` prints "]),
    ("IndicatorPage", &["`indicator list` prints "]),
    ("IndicatorPresence", &["`restore` print "]),
    ("IndicatorRelationship", &["- RELATIONSHIP: "]),
    ("IndicatorStatusSet", &["`set` prints "]),
    ("InstallPlan", &["`integration install` prints "]),
    ("IntegrationDetails", &["- SUMMARY: ", "`integration configure` print a SUMMARY with "]),
    ("IntegrationList", &["`integration list` prints "]),
    ("IntegrationParameter", &["- PARAMETER: ", "`, and `{\"choices\""]),
    ("IntegrationProxy", &["- PROXY: "]),
    ("IntegrationRemoved", &["`remove` prints "]),
    ("IntegrationSummary", &["- SUMMARY: "]),
    ("IntegrationSwitched", &["`integration enable` and `disable` print "]),
    ("InvestigationDetails", &["`investigation show` prints "]),
    ("InvestigationFindings", &["`investigation findings` prints "]),
    ("InvestigationMember", &["- MEMBER: ", "a MEMBER also contains "]),
    ("InvestigationNote", &["- NOTE: "]),
    ("InvestigationPage", &["`investigation list` prints "]),
    ("InvestigationPresence", &["`investigation restore` and `delete` print "]),
    ("InvestigationReport", &["- REPORT: "]),
    ("InvestigationSummary", &["- INVESTIGATION: "]),
    ("JobList", &["its jobs as "]),
    ("JobProgress", &["- PROGRESS: "]),
    ("JobShown", &["- JOB: "]),
    ("LibraryTally", &["- TALLY: "]),
    ("MemberList", &["sends the members of an investigation as "]),
    ("MembersAdded", &["`investigation create` and `add` print "]),
    ("MembersChanged", &["`investigation remove` and `verdict` print "]),
    ("NoteList", &["its notes as "]),
    ("ListHits", &["`list check` prints, one line per value, "]),
    ("OperationCost", &["- COST: "]),
    ("PackageRelease", &["- RELEASE: "]),
    ("PlannedChange", &["- CHANGE: "]),
    ("PlannedLoss", &["- LOSS: "]),
    ("ProposedIndicator", &["- PROPOSED: "]),
    ("ProviderQuota", &["- QUOTA: "]),
    ("PullReport", &["`threatq pull` prints "]),
    ("PullShown", &["sends a pull as "]),
    ("PulledIndicator", &["- PULLED: "]),
    ("PushCounts", &["- COUNTS: "]),
    ("PushList", &["`push list` prints "]),
    ("PushPreview", &["`push` with `--dry-run` prints "]),
    ("PushRow", &["- ROW: "]),
    ("PushRows", &["sends the rows of a push as "]),
    ("PushShown", &["- PUSH: "]),
    ("ReportList", &["its source reports as "]),
    ("RemovedList", &["`list remove` and `list restore` print "]),
    ("ReportPreview", &["With `--dry-run`, the same two print "]),
    ("RunAdded", &["`run add` prints "]),
    ("RunPage", &["`run list` prints "]),
    ("RunSummary", &["- RUN: "]),
    ("RunUndone", &["`run undo` prints, one line per run, "]),
    ("SavedSearch", &["- SEARCH: "]),
    ("SavedSearches", &["sends the saved searches of a user as "]),
    ("SeenSpan", &["- SPAN: "]),
    ("SharedResourceShown", &["- RESOURCE: "]),
    ("SharedResources", &["`investigation shared` prints "]),
    ("SwitchedList", &["`list enable` and `list disable` print "]),
    ("TallyCount", &["- COUNT: "]),
    ("ThreatqNames", &["sends types and statuses as "]),
    ("ThreatqOperations", &["`threatq operations` prints "]),
    ("TokenList", &["`token list` prints "]),
    ("TokenMade", &["- TOKEN: ", "`token create` prints a TOKEN with "]),
    ("WarningList", &["- WARNING: "]),
    ("WarningLists", &["`list show` prints "]),
];

type Paths = BTreeSet<String>;

/// The schemas by name, as JSON.
type Schemas = BTreeMap<String, Value>;

fn add<T: ToSchema>(schemas: &mut Schemas) {
    let mut found = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut found);
    let json = |schema| serde_json::to_value(schema).unwrap();
    schemas.extend(found.into_iter().map(|(name, schema)| (name, json(schema))));
}

fn schemas() -> Schemas {
    let mut schemas = Schemas::new();
    add::<answer::Answer<'_>>(&mut schemas);
    add::<audit::AuditPage>(&mut schemas);
    add::<catalogue::CatalogueList>(&mut schemas);
    add::<cost::Costs>(&mut schemas);
    add::<found::FindingsAdded>(&mut schemas);
    add::<found::InvestigationFindings>(&mut schemas);
    add::<history::History<'_>>(&mut schemas);
    add::<indicator::AddedIndicators>(&mut schemas);
    add::<indicator::IndicatorDetails>(&mut schemas);
    add::<indicator::IndicatorNoted>(&mut schemas);
    add::<indicator::IndicatorPage>(&mut schemas);
    add::<indicator::IndicatorPresence>(&mut schemas);
    add::<indicator::IndicatorStatusSet>(&mut schemas);
    add::<integration::ConnectionTest>(&mut schemas);
    add::<integration::InstallPlan>(&mut schemas);
    add::<integration::IntegrationDetails>(&mut schemas);
    add::<integration::IntegrationList>(&mut schemas);
    add::<integration::IntegrationRemoved>(&mut schemas);
    add::<integration::IntegrationSwitched>(&mut schemas);
    add::<investigation::InvestigationDetails>(&mut schemas);
    add::<investigation::InvestigationPage>(&mut schemas);
    add::<investigation::InvestigationPresence>(&mut schemas);
    add::<investigation::MemberList>(&mut schemas);
    add::<investigation::MembersAdded>(&mut schemas);
    add::<investigation::MembersChanged>(&mut schemas);
    add::<investigation::NoteList>(&mut schemas);
    add::<investigation::ReportList>(&mut schemas);
    add::<job::JobList>(&mut schemas);
    add::<list::ImportedLists>(&mut schemas);
    add::<list::ListHits>(&mut schemas);
    add::<list::RemovedList>(&mut schemas);
    add::<list::SwitchedList>(&mut schemas);
    add::<list::WarningLists>(&mut schemas);
    add::<push::PushList>(&mut schemas);
    add::<push::PushPreview>(&mut schemas);
    add::<push::PushRows>(&mut schemas);
    add::<report::ReportPreview>(&mut schemas);
    add::<run::RunAdded>(&mut schemas);
    add::<run::RunPage>(&mut schemas);
    add::<run::RunUndone>(&mut schemas);
    add::<search::SavedSearches>(&mut schemas);
    add::<shared::Candidates>(&mut schemas);
    add::<shared::SharedResources>(&mut schemas);
    add::<threatq::ExecutionShown>(&mut schemas);
    add::<threatq::PullShown>(&mut schemas);
    add::<threatq::ThreatqNames>(&mut schemas);
    add::<threatq::ThreatqOperations>(&mut schemas);
    add::<token::TokenList>(&mut schemas);
    add::<token::TokenMade>(&mut schemas);
    schemas
}

fn leaf() -> Paths {
    Paths::from([String::new()])
}

fn below(name: &str, paths: Paths) -> impl Iterator<Item = String> + '_ {
    paths.into_iter().map(move |path| {
        let between = if path.is_empty() || path.starts_with(['[', '=']) { "" } else { "/" };
        format!("{name}{between}{path}")
    })
}

/// The paths of a schema.
fn paths(schema: &Value, schemas: &Schemas) -> Paths {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap();
        return match WORDS.iter().find(|(_, schema)| *schema == name) {
            Some((word, _)) => Paths::from([format!("={word}")]),
            None => paths(&schemas[name], schemas),
        };
    }
    if let Some(properties) = schema["properties"].as_object() {
        let members = properties.iter().map(|(name, schema)| (name, paths(schema, schemas)));
        return members.flat_map(|(name, paths)| below(name, paths).collect::<Vec<_>>()).collect();
    }
    if schema["items"].is_object() {
        return below("[]", paths(&schema["items"], schemas)).collect();
    }
    let variants = schema["oneOf"].as_array().map_or(&[][..], Vec::as_slice);
    let objects = variants.iter().filter(|one| one["$ref"].is_string() || one["properties"].is_object());
    let all: Paths = objects.flat_map(|one| paths(one, schemas)).collect();
    if all.is_empty() { leaf() } else { all }
}

/// The paths of a shape, and the text after it.
fn shape(text: &str) -> (Paths, &str) {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        let mut all = Paths::new();
        loop {
            rest = rest.trim_start().strip_prefix('"').unwrap_or_else(|| panic!("no member: {rest:.60}"));
            let (name, behind) = rest.split_once('"').unwrap();
            let (paths, behind) = behind.strip_prefix(':').map_or((leaf(), behind), shape);
            all.extend(below(name, paths));
            rest = match behind.strip_prefix(',') {
                Some(more) => more,
                None => return (all, behind.strip_prefix('}').unwrap_or_else(|| panic!("{behind:.60}"))),
            };
        }
    }
    if let Some(rest) = text.strip_prefix('[') {
        let (paths, rest) = shape(rest);
        return (below("[]", paths).collect(), rest.strip_prefix(']').unwrap());
    }
    let (word, _) = text.split_once(|character: char| !character.is_ascii_alphabetic()).unwrap();
    let capitals = word.chars().all(|letter| letter.is_ascii_uppercase());
    let paths = if capitals { Paths::from([format!("={word}")]) } else { leaf() };
    (paths, &text[word.len()..])
}

/// The paths that the page has after these texts.
fn on_page(places: &[&str]) -> Paths {
    let of = |place: &&str| {
        assert_eq!(PAGE.matches(place).count(), 1, "{place} stands once on the page");
        let start = PAGE.find(place).unwrap();
        let brace = PAGE[start..].find('{').unwrap();
        shape(&PAGE[start + brace..]).0
    };
    places.iter().flat_map(of).collect()
}

#[test]
fn the_page_has_the_members_of_every_object() {
    let schemas = schemas();
    for (name, places) in PLACES {
        assert_eq!(on_page(places), paths(&schemas[name], &schemas), "{name}: docs/json.md, then the schema");
    }
}

/// Every object is compared, in its own place or as a member of one that is compared.
#[test]
fn no_object_is_left_out() {
    let schemas = schemas();
    let mut compared: BTreeSet<&str> = PLACES.iter().map(|(name, _)| *name).collect();
    let mut open: Vec<&str> = compared.iter().copied().collect();
    while let Some(name) = open.pop() {
        let text = schemas[name].to_string();
        for other in schemas.keys() {
            if text.contains(&format!("/{other}\"")) && compared.insert(other) {
                open.push(other);
            }
        }
    }
    assert!(WORDS.iter().all(|(_, name)| *name == "TokenShown" || PLACES.iter().any(|(one, _)| one == name)));
    let sources = [
        include_str!("../json.rs"),
        include_str!("answer.rs"),
        include_str!("audit.rs"),
        include_str!("catalogue.rs"),
        include_str!("found.rs"),
        include_str!("history.rs"),
        include_str!("indicator.rs"),
        include_str!("integration.rs"),
        include_str!("investigation.rs"),
        include_str!("job.rs"),
        include_str!("list.rs"),
        include_str!("push.rs"),
        include_str!("report.rs"),
        include_str!("run.rs"),
        include_str!("search.rs"),
        include_str!("shared.rs"),
        include_str!("threatq.rs"),
        include_str!("token.rs"),
    ];
    let described = sources.iter().flat_map(|source| source.split("ToSchema)]").skip(1));
    let names = described.map(|source| {
        let renamed = source.lines().nth(1).and_then(|line| line.strip_prefix("#[schema(as = "));
        let declared = source.split_once("pub struct ").into_iter().chain(source.split_once("pub enum "));
        let name = renamed.unwrap_or_else(|| declared.min_by_key(|(before, _)| before.len()).unwrap().1);
        name.split_once(|character: char| !character.is_ascii_alphanumeric()).unwrap().0
    });
    let names: Vec<_> = names.collect();
    assert!(names.len() > 40, "the types were found: {names:?}");
    let left_out: Vec<_> = names.into_iter().filter(|name| !compared.contains(name)).collect();
    assert!(left_out.is_empty(), "{left_out:?}");
}

/// Records are written as text, so the test checks that the text has the members of the schema.
#[test]
fn a_record_with_everything_has_the_members_of_its_schema() {
    let indicator = operation::Indicator::parse("www.example.com").unwrap();
    // A count as text adds a note.
    let line = concat!(
        r#"{"rrname":"www.example.com","rrtype":"A","rdata":"192.0.2.1","time_first":1700000000,"#,
        r#""time_last":1700000001,"zone_time_first":1700000000,"zone_time_last":1700000001,"count":"1","#,
        r#""bailiwick":"example.com","sensor_id":"sensor","origin":"https://db.example"}"#,
    );
    let mut reader = cof::Reader::new(1_790_000_000);
    reader.feed(line.as_bytes());
    reader.close();
    let record = reader.next().unwrap().unwrap();
    let placing = placing();
    let written: Value =
        serde_json::from_str(answer::record(&indicator, &record, &placing).unwrap().get()).unwrap();
    let written: BTreeSet<&String> = written.as_object().unwrap().keys().collect();
    let schemas = schemas();
    let described = schemas["AnswerRecord"]["properties"].as_object().unwrap().keys().collect();
    assert_eq!(written, described);
}

/// Where the address of the test is.
fn placing() -> context::Placing {
    let folder = tempfile::tempdir().unwrap();
    let paths =
        [("asn", mmdb::asn(64_496, "Example")), ("country", mmdb::country("NL"))].map(|(name, value)| {
            let path = folder.path().join(name);
            std::fs::write(&path, mmdb::file(name, &[([192, 0, 2, 0], 24, value)])).unwrap();
            path
        });
    let networks = context::Networks::open(paths.into(), cof::time::Clock::system()).unwrap().now();
    context::Placing { networks, ..context::Placing::default() }
}
