//! Compares the library with a simple model: runs add overlapping findings and are undone in any order while users work.
//!
//! The model is a set of claims. After each step, its rows must match the database.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

const UNIVERSE: [&str; 5] = ["a.example", "b.a.example", "c.example", "192.0.2.1", "2001:db8::1"];
const RUNS: i64 = 3;

#[derive(Clone, Debug)]
enum Step {
    Add { run: i64, asked: usize, findings: Vec<Found> },
    Person(usize),
    Note(usize),
    Tag(usize),
    Remove(usize),
    Restore(usize),
    Status(usize, Status),
    Undo(i64),
}

#[derive(Clone, Debug)]
enum Found {
    Attribute(u8),
    Indicator(usize),
    Relationship(usize, usize),
}

/// The claims; those of users have run 0.
#[derive(Default)]
struct Model {
    indicators: BTreeMap<usize, Row>,
    attributes: BTreeMap<(usize, u8), BTreeSet<i64>>,
    relationships: BTreeMap<(usize, usize), BTreeSet<i64>>,
}

struct Row {
    status: Status,
    removed: bool,
    noted: bool,
    tagged: bool,
    claims: BTreeSet<i64>,
}

impl Model {
    fn row(&mut self, at: usize, status: Status, run: i64) {
        let new =
            || Row { status, removed: false, noted: false, tagged: false, claims: BTreeSet::from([run]) };
        self.indicators.entry(at).or_insert_with(new);
    }

    fn may_touch(&self, at: usize) -> bool {
        self.indicators.get(&at).is_none_or(|row| !row.removed && row.status != Status::Whitelisted)
    }

    fn add(&mut self, run: i64, asked: usize, findings: &[Found]) {
        // Whether something is barred depends on the state before.
        let barred: Vec<bool> = (0..UNIVERSE.len()).map(|at| !self.may_touch(at)).collect();
        for found in findings {
            match *found {
                Found::Indicator(at) if !barred[at] => {
                    self.row(at, Status::Indirect, run);
                    self.indicators.get_mut(&at).unwrap().claims.insert(run);
                }
                Found::Attribute(value) if !barred[asked] => {
                    self.row(asked, Status::Indirect, run);
                    self.attributes.entry((asked, value)).or_default().insert(run);
                }
                Found::Relationship(from, to) if !barred[from] && !barred[to] => {
                    self.row(from, Status::Indirect, run);
                    self.row(to, Status::Indirect, run);
                    self.relationships.entry((from, to)).or_default().insert(run);
                }
                _ => {}
            }
        }
    }

    fn undo(&mut self, run: i64) {
        let mut touched = BTreeSet::new();
        for (at, row) in &mut self.indicators {
            if row.claims.remove(&run) {
                touched.insert(*at);
            }
        }
        for ((at, _), claims) in &mut self.attributes {
            if claims.remove(&run) {
                touched.insert(*at);
            }
        }
        for ((from, to), claims) in &mut self.relationships {
            if claims.remove(&run) {
                touched.extend([*from, *to]);
            }
        }
        self.attributes.retain(|_, claims| !claims.is_empty());
        self.relationships.retain(|_, claims| !claims.is_empty());
        let carried: BTreeSet<usize> = (self.attributes.keys().map(|(at, _)| *at))
            .chain(self.relationships.keys().flat_map(|(from, to)| [*from, *to]))
            .collect();
        self.indicators.retain(|at, row| {
            let worked_with = row.status != Status::Indirect || row.removed || row.noted || row.tagged;
            !touched.contains(at) || worked_with || !row.claims.is_empty() || carried.contains(at)
        });
    }

    /// Applies a step to both; what the library refuses, the model skips.
    fn step(&mut self, workbench: &mut Workbench, step: &Step) {
        match step {
            Step::Add { run, asked, findings } => {
                let list: Vec<Finding> = findings.iter().map(finding).collect();
                let (source, of) = (source(*run), value(UNIVERSE[*asked]));
                let proposed = workbench.propose(&source, &of, &list).unwrap();
                assert_eq!(workbench.add_findings(*run, &source, &of, &list).unwrap(), proposed);
                let before = dump(workbench, true);
                workbench.add_findings(*run, &source, &of, &list).unwrap();
                assert_eq!(dump(workbench, true), before, "the same twice changes nothing");
                self.add(*run, *asked, findings);
            }
            Step::Person(at) => {
                let twice = [value(UNIVERSE[*at]), value(UNIVERSE[*at])];
                let previewed = workbench.preview_indicators(&twice, Status::Active, None).unwrap();
                assert_eq!(workbench.add_indicators(&twice, Status::Active).unwrap(), previewed);
                self.row(*at, Status::Active, 0);
                let row = self.indicators.get_mut(at).unwrap();
                row.removed = false;
                row.claims.insert(0);
            }
            Step::Note(at) => {
                let done = workbench.note(&value(UNIVERSE[*at]), "seen").is_ok();
                self.by_hand(*at, done, |row| row.noted = true);
            }
            Step::Tag(at) => {
                let untagged = self.indicators.get(at).is_none_or(|row| !row.tagged);
                let one = vec!["Seen".parse().unwrap()];
                let setting = if untagged {
                    Setting { tag: one, ..Setting::default() }
                } else {
                    Setting { untag: one, ..Setting::default() }
                };
                let done = workbench.set_indicator(&value(UNIVERSE[*at]), &setting).is_ok();
                self.by_hand(*at, done, |row| row.tagged = !row.tagged);
            }
            Step::Remove(at) => {
                let done = workbench.remove_indicator(&value(UNIVERSE[*at])).is_ok();
                assert_eq!(done, self.indicators.contains_key(at));
                self.indicators.entry(*at).and_modify(|row| row.removed = true);
            }
            Step::Restore(at) => {
                let _ = workbench.restore_indicator(&value(UNIVERSE[*at]));
                self.indicators.entry(*at).and_modify(|row| {
                    if std::mem::take(&mut row.removed) {
                        row.claims.insert(0);
                    }
                });
            }
            Step::Status(at, status) => {
                let done = workbench.set_status(&value(UNIVERSE[*at]), *status).is_ok();
                self.by_hand(*at, done, |row| row.status = *status);
            }
            Step::Undo(run) => {
                workbench.undo(*run).unwrap();
                self.undo(*run);
            }
        }
        assert_eq!(dump(workbench, false), self.dump(), "after {step:?}");
        // Seals, and the figures and counts that are derived from all this.
        assert_eq!(workbench.read(crate::database::content).unwrap(), [""; 0], "after {step:?}");
    }

    fn by_hand(&mut self, at: usize, done: bool, change: impl FnOnce(&mut Row)) {
        let row = self.indicators.get_mut(&at).filter(|row| !row.removed);
        assert_eq!(done, row.is_some());
        row.map(change);
    }

    fn dump(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (at, row) in &self.indicators {
            let Row { status, removed, noted, tagged, claims } = row;
            lines.push(format!("{} {status} {removed} {noted} {tagged}", UNIVERSE[*at]));
            lines.extend(claims.iter().map(|run| format!("{} by {run} {}", UNIVERSE[*at], source(*run))));
        }
        for ((at, attribute), claims) in &self.attributes {
            lines.extend(
                claims.iter().map(|run| format!("{} = {attribute} by {run} {}", UNIVERSE[*at], source(*run))),
            );
        }
        for ((from, to), claims) in &self.relationships {
            let line =
                |run: &i64| format!("{} > {} by {run} {}", UNIVERSE[*from], UNIVERSE[*to], source(*run));
            lines.extend(claims.iter().map(line));
        }
        lines.sort();
        lines
    }
}

/// Runs 1 and 3 have the same package.
fn source(run: i64) -> String {
    if run == 0 { "ann".to_owned() } else { format!("package {}", run % 2) }
}

fn finding(found: &Found) -> Finding {
    match *found {
        Found::Attribute(number) => attribute("Number", &number.to_string()),
        Found::Indicator(at) => indicator(UNIVERSE[at]),
        Found::Relationship(from, to) => {
            relationship(UNIVERSE[from], UNIVERSE[to], &format!("201{to}-06-09 08:07:17"))
        }
    }
}

/// Every row of the library, optionally with times and the audit trail.
fn dump(workbench: &Workbench, times: bool) -> Vec<String> {
    let claimed = "i.value || ' by ' || run || ' ' || s.name FROM indicator_claims c JOIN indicators i ON i.id = c.indicator";
    let mut queries = vec![
        "SELECT i.value || ' ' || (CASE status WHEN 1 THEN 'Active' WHEN 2 THEN 'Expired' WHEN 3 THEN 'Indirect' \
            WHEN 4 THEN 'Review' ELSE 'Whitelisted' END) || iif(removed_at IS NULL, ' false', ' true') || \
            iif(EXISTS (SELECT 1 FROM notes WHERE indicator = i.id), ' true', ' false') || \
            iif(EXISTS (SELECT 1 FROM indicator_tags WHERE indicator = i.id), ' true', ' false') FROM indicators i"
            .to_owned(),
        format!("SELECT {claimed} JOIN sources s ON s.id = c.source"),
        "SELECT i.value || ' = ' || a.value || coalesce(' by ' || c.run || ' ' || s.name, ' unclaimed') FROM attributes a \
            JOIN indicators i ON i.id = a.indicator LEFT JOIN attribute_claims c ON c.attribute = a.id \
            LEFT JOIN sources s ON s.id = c.source"
            .to_owned(),
        "SELECT f.value || ' > ' || t.value || coalesce(' by ' || c.run || ' ' || s.name, ' unclaimed') \
            FROM relationships r JOIN indicators f ON f.id = r.from_id JOIN indicators t ON t.id = r.to_id \
            LEFT JOIN relationship_claims c ON c.relationship = r.id LEFT JOIN sources s ON s.id = c.source"
            .to_owned(),
    ];
    if times {
        queries.push("SELECT 'updated ' || id || ' ' || updated_at FROM indicators".to_owned());
        queries.push("SELECT 'audit ' || count(*) FROM audit".to_owned());
    }
    let read = |sql: &String| {
        workbench.read(|database| {
            let mut statement = database.prepare(sql)?;
            let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
            Ok(rows.collect::<Result<Vec<_>, _>>()?)
        })
    };
    let mut lines: Vec<String> = queries.iter().flat_map(|sql| read(sql).unwrap()).collect();
    lines.sort();
    lines
}

fn found() -> impl Strategy<Value = Found> {
    let at = 0..UNIVERSE.len();
    prop_oneof![
        (0_u8..3).prop_map(Found::Attribute),
        at.clone().prop_map(Found::Indicator),
        (at.clone(), at).prop_filter_map("not to itself", |(from, to)| {
            (from != to).then_some(Found::Relationship(from, to))
        }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let at = || 0..UNIVERSE.len();
    let add = (1..=RUNS, at(), prop::collection::vec(found(), 0..6));
    prop_oneof![
        6 => add.prop_map(|(run, asked, findings)| Step::Add { run, asked, findings }),
        4 => (1..=RUNS).prop_map(Step::Undo),
        2 => at().prop_map(Step::Person),
        1 => at().prop_map(Step::Note),
        1 => at().prop_map(Step::Tag),
        1 => at().prop_map(Step::Remove),
        1 => at().prop_map(Step::Restore),
        2 => (at(), prop::sample::select(&Status::ALL[..])).prop_map(|(at, status)| Step::Status(at, status)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn exactly_the_right_rows_remain(steps in prop::collection::vec(step(), 1..25)) {
        let folder = tempfile::tempdir().unwrap();
        let mut workbench = Workbench::open(folder.path(), Clock::system(), "ann").unwrap();
        let mut model = Model::default();
        for step in &steps {
            model.step(&mut workbench, step);
        }
        // In the end every run is undone, and only the changes of users remain.
        for run in 1..=RUNS {
            model.step(&mut workbench, &Step::Undo(run));
        }
        let left = dump(&workbench, false);
        prop_assert!(left.iter().all(|line| !line.contains("package")), "{:?}", left);
    }
}
