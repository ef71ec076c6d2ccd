//! Looks at the plans of SQLite: no page of a large library is sorted or read as a whole.

use cof::time::Clock;
use operation::Tlp;

use super::*;
use crate::Workbench;

/// The steps of the plan for a query.
fn plan(workbench: &Workbench, sql: &str, parameters: &Parameters) -> Vec<String> {
    let read = |database: &Connection| {
        let mut statement = database.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
        let known: Vec<(&str, &dyn ToSql)> = bound(parameters)
            .into_iter()
            .filter(|(name, _)| matches!(statement.parameter_index(name), Ok(Some(_))))
            .collect();
        let rows = statement.query_map(known.as_slice(), |row| row.get(3))?;
        Ok(rows.collect::<Result<_, _>>()?)
    };
    workbench.read(read).unwrap()
}

fn of_page(workbench: &Workbench, filter: &Filter) -> Vec<String> {
    let query = workbench.read(|database| Query::new(database, filter)).unwrap().unwrap();
    plan(workbench, &query.ids, &query.parameters)
}

/// A workbench with an indicator that has a source and a tag, so that filters by them make a query.
fn filled(folder: &std::path::Path) -> Workbench {
    let mut workbench = Workbench::open(folder, Clock::system(), "ann").unwrap();
    let one = operation::Indicator::parse("a.example").unwrap();
    workbench.add_marked(std::slice::from_ref(&one), Status::Active, Some(Tlp::Red)).unwrap();
    let setting = crate::library::Setting { tag: vec!["x".parse().unwrap()], ..Default::default() };
    workbench.set_indicator(&one, &setting).unwrap();
    workbench
}

#[test]
fn a_page_in_any_order_walks_along_the_index_of_the_order() {
    let folder = tempfile::tempdir().unwrap();
    let workbench = filled(folder.path());
    for order in Order::ALL {
        for (kind, status) in [(None, None), (Some(IndicatorType::Fqdn), None), (None, Some(Status::Review))]
        {
            for after in [false, true] {
                let cursor = match order {
                    Order::Value => Cursor::Value(operation::Indicator::parse("b.example").unwrap()),
                    _ => Cursor::Figure { order, at: 5, id: 7 },
                };
                let after = after.then_some(cursor);
                let filter =
                    Filter { kind, status, order: Some(order), after, limit: 50, ..Filter::default() };
                let steps = of_page(&workbench, &filter);
                let index =
                    if order == Order::Value { "sqlite_autoindex_indicators_1" } else { order.index() };
                let searches: Vec<&String> = steps.iter().filter(|step| step.contains(" i ")).collect();
                assert!(!searches.is_empty(), "{steps:?}");
                for step in searches {
                    assert!(step.starts_with("SEARCH i") && step.contains(index), "{filter:?}: {steps:?}");
                }
                // Only pages of stretches are sorted, to merge them.
                let sorts = steps
                    .windows(2)
                    .any(|two| two[0].starts_with("SEARCH i") && two[1].contains("TEMP B-TREE"));
                assert!(!sorts, "{filter:?}: {steps:?}");
            }
        }
    }
}

#[test]
fn what_is_counted_one_by_one_is_taken_from_an_index() {
    let folder = tempfile::tempdir().unwrap();
    let workbench = filled(folder.path());
    let filters = [
        (Filter { tag: Some("X".to_owned()), ..Filter::default() }, "indicator_tags_by_tag"),
        (Filter { source: Some("ann".to_owned()), ..Filter::default() }, "indicator_claims_by_source"),
        (Filter { tlp: Some(Tlp::Red.into()), ..Filter::default() }, "indicators_by_tlp"),
        (Filter { tlp: Some(Marking(None)), ..Filter::default() }, "indicators_by_update"),
        (
            Filter { search: Some("*.example".parse().unwrap()), ..Filter::default() },
            "sqlite_autoindex_indicators_1",
        ),
    ];
    for (filter, index) in filters {
        let of = workbench.read(|database| Conditions::of(database, &filter, false)).unwrap().unwrap();
        let (sql, parameters) = of.any(10);
        let steps = plan(&workbench, &sql, &parameters);
        assert!(steps.iter().any(|step| step.contains(index)), "{filter:?}: {steps:?}");
        assert!(!steps.iter().any(|step| step.starts_with("SCAN i")), "{filter:?}: {steps:?}");
    }
}
