//! Compares lists with a simple filter, page by page, for every filter in both orders.

use std::cmp::Reverse;

use operation::{IndicatorType, Marking, Tlp};

use super::*;

const VALUES: [&str; 12] = [
    "example.com",
    "a.example.com",
    "b.a.example.com",
    "login-example.com",
    "example.org",
    "login.example.org",
    "192.0.2.1",
    "192.0.2.200",
    "192.0.3.1",
    "2001:db8::1",
    "2001:db8::2",
    "2001:db9::1",
];

/// A simple implementation of whether a search matches a value.
type Matches = fn(&str) -> bool;

/// Adds the values a second apart, with alternating statuses and tags, two of them marked; a run adds every third.
async fn filled() -> Bench {
    let mut bench = bench();
    for (at, text) in VALUES.iter().enumerate() {
        if at % 3 == 2 {
            let run = i64::try_from(at).unwrap();
            bench.workbench.add_findings(run, SOURCE, &value("x.example"), &[indicator(text)]).unwrap();
            // Every other one is related to one that a user added.
            let seen = format!("2020-01-{:02} 00:00:00", at + 1);
            let joined = [relationship(VALUES[0], text, &seen)];
            if at % 2 == 0 {
                bench.workbench.add_findings(run, SOURCE, &value("x.example"), &joined).unwrap();
            }
        } else {
            let tlp = ([1, 6].contains(&at)).then_some(Tlp::Red);
            bench.workbench.add_marked(&[value(text)], Status::ALL[at % 5], tlp).unwrap();
        }
        if at % 2 == 1 {
            let setting = Setting { tag: vec!["odd".parse().unwrap()], ..Setting::default() };
            bench.workbench.set_indicator(&value(text), &setting).unwrap();
        }
        if at % 2 == 0 {
            tokio::time::advance(Duration::from_secs(1)).await;
        }
    }
    bench.workbench.add_indicators(&[value("gone.example.com")], Status::Active).unwrap();
    bench.workbench.remove_indicator(&value("gone.example.com")).unwrap();
    bench
}

/// All pages of a list, with this many entries per page.
fn pages(workbench: &Workbench, filter: &Filter, limit: usize) -> Vec<Entry> {
    let mut filter = Filter { limit, ..filter.clone() };
    let mut all = Vec::new();
    for _ in 0..50 {
        let page = workbench.indicators(&filter).unwrap();
        assert!(page.entries.len() <= limit);
        all.extend(page.entries);
        let Some(next) = page.next else { return all };
        let shown = next.to_string();
        filter.after = Some(shown.parse().unwrap());
        assert_eq!(filter.after, Some(next), "a cursor reads back from its text");
    }
    panic!("a listing without end");
}

fn names(entries: &[Entry]) -> Vec<String> {
    entries.iter().map(|entry| entry.indicator.to_string()).collect()
}

/// A source, a marking and a tag.
type Marks = (Option<&'static str>, Option<Marking>, Option<&'static str>);

fn marks() -> impl Iterator<Item = Marks> {
    let markings = [None, Some(Marking(None)), Some(Tlp::Red.into()), Some(Tlp::Clear.into())];
    let tags = [None, Some("Odd"), Some("none")];
    let sources = [None, Some("ann"), Some(SOURCE), Some("nobody")];
    let pairs = move |source| markings.into_iter().flat_map(move |tlp| tags.map(|tag| (source, tlp, tag)));
    sources.into_iter().flat_map(pairs)
}

#[tokio::test(start_paused = true)]
async fn every_filter_in_every_order_finds_what_a_look_at_each_finds() {
    let bench = filled().await;
    let everything = pages(&bench.workbench, &Filter { order: Some(Order::Value), ..Filter::default() }, 100);
    assert_eq!(everything.len(), VALUES.len());
    let searches: [(Option<&str>, Matches); 6] = [
        (None, |_| true),
        (Some("*.example.com"), |value| value.ends_with(".example.com")),
        (Some("login"), |value| value.contains("login")),
        (Some("192.0.2.0/24"), |value| value.starts_with("192.0.2.")),
        (Some("2001:db8::/32"), |value| value.starts_with("2001:db8:")),
        (Some("192.0.2.1"), |value| value == "192.0.2.1"),
    ];
    for (search, matches) in searches {
        for kind in [None, Some(IndicatorType::Fqdn), Some(IndicatorType::Ipv6Address)] {
            for status in [None, Some(Status::Active), Some(Status::Indirect)] {
                for (source, tlp, tag) in marks() {
                    let filter = Filter {
                        kind,
                        status,
                        tlp,
                        source: source.map(str::to_owned),
                        tag: tag.map(str::to_owned),
                        search: search.map(|text| text.parse().unwrap()),
                        ..Filter::default()
                    };
                    let mut expected: Vec<Entry> = everything
                        .iter()
                        .filter(|entry| {
                            kind.is_none_or(|kind| entry.indicator.kind() == kind)
                                && status.is_none_or(|status| entry.status == status)
                                && tlp.is_none_or(|tlp| entry.tlp == tlp.0)
                                && tag.is_none_or(|tag| entry.tags.contains(&tag.to_lowercase()))
                                && source.is_none_or(|source| entry.sources.iter().any(|name| name == source))
                                && matches(&entry.indicator.to_string())
                        })
                        .cloned()
                        .collect();
                    let by_value = Filter { order: Some(Order::Value), ..filter.clone() };
                    for limit in [1, 2, 5, 100] {
                        assert_eq!(
                            names(&pages(&bench.workbench, &by_value, limit)),
                            names(&expected),
                            "{filter:?}"
                        );
                    }
                    let counts = bench.workbench.count_indicators(&filter).unwrap();
                    let all = VALUES.len() as u64;
                    assert_eq!(counts, Counts { all, matching: Some(expected.len() as u64) }, "{filter:?}");
                    expected.sort_by_key(|entry| entry.indicator.to_string());
                    for order in FIGURES {
                        let filter = Filter { order: Some(order), ..filter.clone() };
                        let found = pages(&bench.workbench, &filter, 3);
                        assert!(found.is_sorted_by_key(|entry| Reverse(figure(order, entry))), "{filter:?}");
                        let mut found = names(&found);
                        found.sort();
                        assert_eq!(found, names(&expected), "{filter:?}");
                    }
                }
            }
        }
    }
}

/// The orders by a figure.
const FIGURES: [Order; 4] = [Order::Added, Order::LastSeen, Order::Relationships, Order::Updated];

fn figure(order: Order, entry: &Entry) -> i64 {
    match order {
        Order::Added => entry.created_at,
        Order::LastSeen => entry.last_seen.unwrap_or(0),
        Order::Relationships => i64::try_from(entry.related).unwrap(),
        Order::Updated | Order::Value => entry.updated_at,
    }
}

#[tokio::test(start_paused = true)]
async fn listings_are_ordered_by_update_or_by_value() {
    let bench = filled().await;
    let newest = bench.workbench.indicators(&Filter { limit: 2, ..Filter::default() }).unwrap();
    assert_eq!(names(&newest.entries), ["2001:db9::1", "2001:db8::2"]);
    assert!(newest.next.is_some(), "there are more");
    let by_value = Filter { limit: 4, order: Some(Order::Value), ..Filter::default() };
    let first = bench.workbench.indicators(&by_value).unwrap();
    assert_eq!(
        names(&first.entries),
        ["example.com", "a.example.com", "b.a.example.com", "login-example.com"]
    );
    let removed =
        bench.workbench.indicators(&Filter { limit: 9, removed: true, ..Filter::default() }).unwrap();
    assert_eq!(names(&removed.entries), ["gone.example.com"]);
    let removed = Filter { order: Some(Order::Value), removed: true, limit: 9, ..Filter::default() };
    assert_eq!(names(&bench.workbench.indicators(&removed).unwrap().entries), ["gone.example.com"]);
}

#[tokio::test]
async fn a_position_of_another_order_or_of_nothing_is_refused() {
    let bench = bench();
    let after = Some(Cursor::Value(value("a.example")));
    let wrong = bench.workbench.indicators(&Filter { after, limit: 1, ..Filter::default() });
    assert_eq!(wrong.unwrap_err().kind(), Some(Kind::Invalid));
    for bad in ["", "updated", "updated:1", "updated:x:1", "seen:1:1", "value:", "value:a b", "\u{1b}[2J"] {
        let error = bad.parse::<Cursor>().unwrap_err();
        assert!(error.kind() == Some(Kind::Invalid) && !error.to_string().contains('\u{1b}'), "{bad}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_newest_of_many_values_are_found_wherever_they_stand() {
    // More values than are sorted at once, then more newer values than are checked first.
    let mut bench = bench();
    let names_below = |name: &str, count: usize| -> Vec<Indicator> {
        (0..count).map(|number| value(&format!("h{number}.{name}"))).collect()
    };
    let wide = names_below("wide.example", 9_000);
    bench.workbench.add_indicators(&wide, Status::Active).unwrap();
    tokio::time::advance(Duration::from_secs(1)).await;
    bench.workbench.add_indicators(&names_below("newer.example", 5_000), Status::Active).unwrap();
    let filter = Filter {
        search: Some("*.wide.example".parse().unwrap()),
        order: Some(Order::Updated),
        ..Filter::default()
    };
    let all = pages(&bench.workbench, &filter, 600);
    assert_eq!((all.len(), &all[0].indicator), (9_000, wide.last().unwrap()), "the last row is the newest");

    tokio::time::advance(Duration::from_secs(1)).await;
    for indicator in &wide[..30] {
        bench.workbench.set_status(indicator, Status::Review).unwrap();
    }
    let mut touched = names(&pages(&bench.workbench, &filter, 600)[..30]);
    let mut expected: Vec<String> = wide[..30].iter().map(ToString::to_string).collect();
    let first = bench.workbench.indicators(&Filter { limit: 20, ..filter.clone() }).unwrap();
    assert_eq!(names(&first.entries), touched[..20]);
    let rest = Filter { limit: 20, after: first.next, ..filter.clone() };
    assert_eq!(names(&bench.workbench.indicators(&rest).unwrap().entries)[..10], touched[20..]);
    touched.sort();
    expected.sort();
    assert_eq!(touched, expected);
    let review = Filter { status: Some(Status::Review), ..filter };
    assert_eq!(pages(&bench.workbench, &review, 20).len(), 30);
}
