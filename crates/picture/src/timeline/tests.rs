//! The timeline of known answers; properties of any timeline are in `properties`.

mod properties;

use cof::{Name, Rdata, Record, RrType};
use operation::Indicator;

use super::*;
use crate::links::Links;
use crate::sample::{asked, guide, many, record};

/// The HTML of an answer under a query string.
fn html(query: &[(&str, &str)], records: &[Record]) -> String {
    let query: Vec<_> = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let links = Links::new("/runs/412", &query, "/run?value=");
    Timeline::new(&TimelineView::of(&query), &asked(), records, None).part(&links).to_string()
}

fn shapes(html: &str) -> usize {
    ["<rect", "<path", "<text", "<line"].iter().map(|shape| html.matches(shape).count()).sum()
}

#[test]
fn the_guides_answer() {
    insta::assert_snapshot!(html(&[], &guide()));
}

#[test]
fn the_guides_answer_on_a_day_in_a_window() {
    let query = [("at", "2017-06-09"), ("from", "2017-06-01"), ("hide", "TXT"), ("text", "\"><b>")];
    insta::assert_snapshot!(html(&query, &guide()));
}

#[test]
fn the_guides_filters() {
    let query = vec![("hide".to_owned(), "NS".to_owned())];
    let links = Links::new("/runs/412", &query, "/run?value=");
    let timeline = Timeline::new(&TimelineView::of(&query), &asked(), &guide(), None);
    assert_eq!((timeline.shown, timeline.total), (2, 7));
    insta::assert_snapshot!(timeline.facets_part(&links).to_string());
}

#[test]
fn fifty_thousand_records_cost_the_page_no_more_than_a_few() {
    let records = many(50_000);
    let page = html(&[], &records);
    assert!(page.len() < 80 * 1024, "{} octets", page.len());
    assert!(shapes(&page) < 2_000, "{} shapes", shapes(&page));
    assert!(page.contains("all 42,") && page.contains("heat h5"));
    assert!(page.contains("Too many records for single bars."));
    // However many folds are open, the page has a limit.
    let keys: Vec<String> = folds(&page);
    let open: Vec<String> = keys.iter().map(|key| format!("{key}.200")).collect();
    let most = html(&[("open", &open.join(","))], &records);
    assert!(most.len() < 100 * 1024, "{} octets", most.len());
    // A window with few records brings bars back.
    let few = html(&[("to", "2015-01-05")], &records);
    assert!(!few.contains("class=\"heat") && few.contains("class=\"bar"));
}

/// The keys of the folds that a page offers to open.
fn folds(page: &str) -> Vec<String> {
    let of = |rest: &str| {
        let value = rest.split(['"', '&', '#']).next().unwrap_or_default();
        value.rsplit(',').next().unwrap_or_default().split('.').next().unwrap_or_default().to_owned()
    };
    let mut keys: Vec<String> = page.split("open=").skip(1).map(of).collect();
    keys.dedup();
    keys
}

#[test]
fn four_hundred_records_are_bars_and_more_are_folded() {
    for names in [110, 40, 12, 10] {
        let one = |n: u64| {
            let name = format!("host-{}.a-provider.example.net", n % names);
            let first = 1_500_000_000 + n * 100_000;
            record((&name, RrType::A, &format!("198.51.100.{}", n % 250), first, first + 2_000_000, 60_000))
        };
        let records: Vec<_> = (0..400).map(one).collect();
        let page = html(&[], &records);
        assert!(!page.contains("class=\"heat"), "{names}");
        assert_eq!(page.matches("tabindex").count(), 400, "{names}");
        // The table has fewer rows then, see `Timeline::is_large`.
        assert!(page.len() < 160 * 1024, "{names}: {} octets", page.len());
        let more: Vec<_> = (0..401).map(one).collect();
        assert!(html(&[], &more).contains("class=\"heat"), "{names}");
    }
}

/// As many addresses in a row as given, a day each.
fn in_a_row(count: u64) -> Vec<Record> {
    let one = |n: u64| {
        let first = 1_500_000_000 + n * 86_400;
        let address = format!("203.0.{}.{}", n / 200, n % 200 + 16);
        record(("flux.example", RrType::A, &address, first, first + 86_399, n))
    };
    (0..count).map(one).collect()
}

#[test]
fn sixteen_in_a_row_look_like_sixteen() {
    let page = html(&[], &in_a_row(16));
    assert_eq!(
        (page.matches("class=\"bar seq\"").count(), page.matches("class=\"bar seq alt\"").count()),
        (8 + 2, 8 + 1)
    );
    assert!(
        page.contains("<bdi>203.0.0.…</bdi>") && page.contains(">.16</text>") && page.contains(">.31</text>"),
        "{page}"
    );
    // They are related to another value, so no line says that they are direct.
    assert_eq!(page.matches("class=\"floor\"").count(), 1, "that of the legend");
    let timeline = Timeline::new(
        &TimelineView::default(),
        &Indicator::parse("flux.example").unwrap(),
        &in_a_row(16),
        None,
    );
    let lane = &timeline.picture.as_ref().unwrap().groups[0].lanes[0];
    assert_eq!((lane.floors.len(), lane.height), (1, 20));
    // Two that touch, and one that is apart.
    let mut three = in_a_row(2);
    three.push(record(("flux.example", RrType::A, "192.0.2.1", 1_501_000_000, 1_501_100_000, 9)));
    let page = html(&[], &three);
    assert_eq!(page.matches("class=\"bar related\"").count(), 1 + 1);
}

#[test]
fn a_long_bar_carries_its_label() {
    let records = [
        record(("a.example", RrType::A, "198.51.100.7", 1_400_000_000, 1_500_000_000, 2)),
        record(("a.example", RrType::NS, "ns1.example.net", 1_300_000_000, 1_500_000_000, 2)),
    ];
    let page = html(&[], &records);
    assert!(page.contains("class=\"in-bar\">198.51.100.7</text>"), "{page}");
}

#[test]
fn a_name_with_many_addresses_folds_into_networks_that_open() {
    let one = |n: u64| {
        let first = 1_500_000_000 + n * 10_000;
        let address = format!("2001:db8:{:x}::{n:x}", 0x4a00 + (n * n) % 31);
        record(("cdn.example", RrType::AAAA, &address, first, first + 900_000, 1))
    };
    let records: Vec<_> = (0..800).map(one).collect();
    let closed = html(&[], &records);
    assert!(closed.contains("800 addresses in 16 networks"), "{closed}");
    assert_eq!(closed.matches("<li class=\"tl-row").count(), 1);
    let open = html(&[("open", &folds(&closed)[0])], &records);
    assert!(open.contains("aria-expanded=\"true\"") && open.contains("2001:db8:4a00::/48"), "{open}");
    // The rows of a fold have as many records as the fold.
    let said = |page: &str| {
        let of = |row: &str| row.split(' ').next().unwrap().replace(',', "").parse::<usize>().unwrap();
        page.split("class=\"vh\"><bdi>")
            .skip(1)
            .filter(|row| row.contains(" record"))
            .map(of)
            .collect::<Vec<_>>()
    };
    let counts = said(&open);
    assert_eq!((counts[0], counts[1..].iter().sum::<usize>(), counts.len()), (800, 800, 17));
    // A network opens as well, and what has no row is counted in the last one.
    let keys = folds(&open);
    let parent = &folds(&closed)[0];
    let network = keys.iter().find(|key| *key != parent).unwrap();
    let inner = html(&[("open", &format!("{parent},{network}.10"))], &records);
    assert!(inner.contains(" more addresses") && inner.contains("2001:db8:4a"), "{inner}");
    let system = |_: std::net::IpAddr| Some("AS64496 <Example>".to_owned());
    let query = vec![("fold".to_owned(), "as".to_owned())];
    let links = Links::new("/runs/412", &query, "/run?value=");
    let timeline = Timeline::new(&TimelineView::of(&query), &asked(), &records, Some(&system));
    let page = timeline.part(&links).to_string();
    assert!(page.contains("aria-label=\"Fold by\"") && page.contains("800 addresses<"), "{page}");
}

#[test]
fn serials_of_a_zone_are_one_row() {
    let one = |n: u64| {
        let first = 1_500_000_000 + n * 300_000;
        let soa = format!("ns1.example. hostmaster.example. {} 7200 3600 1209600 300", 2_025_060_100 + n);
        record(("zone.example", RrType::SOA, &soa, first, first + 300_000, 1))
    };
    let records: Vec<_> = (0..46).map(one).collect();
    let page = html(&[], &records);
    assert!(page.contains("46 serials of one zone") && page.contains("class=\"ticks\""), "{page}");
    assert_eq!(page.matches("v1M").count() + 1, 46);
    let open = html(&[("open", &folds(&page)[0])], &records);
    assert_eq!(open.matches("tabindex").count(), 25, "one row each");
    assert!(open.contains("21 more values"), "{open}");
}

#[test]
fn names_of_an_address_fold_into_registered_domains() {
    let one = |n: u64| {
        let first = 1_500_000_000 + n * 1_000;
        let name = format!("h{n}.d{}.example", n % 10);
        record((&name, RrType::A, "104.196.175.197", first, first + 900_000, 1))
    };
    let records: Vec<_> = (0..700).map(one).collect();
    let page = html(&[], &records);
    assert!(page.contains("all 700 records") && page.contains("700 names in 10 domains"), "{page}");
    assert!(
        page.contains(">d0.example</bdi>") && page.contains("70 names<") && page.contains("2 more domains")
    );
    let key = folds(&page)[0].clone();
    let open = html(&[("open", &key)], &records);
    assert!(open.contains(">h0.d0.example</bdi>") && open.contains("45 more names"), "{open}");
    let network = html(&[("fold", "network")], &records);
    assert!(network.contains("104.196.175.0/24") && network.contains("700 names<"), "{network}");
}

#[test]
fn an_answer_of_made_up_types_and_one_crowded_name_stays_small() {
    let word = |n: usize| RrType::parse(&format!("W{n}")).unwrap();
    let mut records: Vec<_> =
        (0..5_000).map(|n| record(("x.example", word(n), "x", 1_500_000_000, 1_500_000_001, 1))).collect();
    records.extend((0..5_000).map(|n| {
        let at = 1_500_000_000 + n * 3_600;
        record(("flux.example", RrType::A, &format!("192.0.{}.{}", n / 256, n % 256), at, at + 1_800, 1))
    }));
    let page = html(&[], &records);
    assert!(page.len() < 80 * 1024, "{} octets", page.len());
    assert!(shapes(&page) < 2_000, "{} shapes", shapes(&page));
    assert!(page.contains("others</span>"));
}

#[test]
fn without_dates_there_is_no_timeline_and_with_some_it_is_said() {
    assert_eq!(html(&[], &[]), "");
    let undated =
        Record::new(Name::parse("x.example").unwrap(), RrType::A, Rdata::parse(RrType::A, "192.0.2.1"));
    let alone = html(&[], std::slice::from_ref(&undated));
    assert!(
        alone.contains("id=\"tlh\"") && alone.contains("The record has no date, so there is no timeline")
    );
    let two = html(&[], &[undated.clone(), undated.clone()]);
    assert!(two.contains("None of the 2 records has a date") && !two.contains("<svg"), "{two}");
    let page = html(&[], &[record(("x.example", RrType::A, "192.0.2.1", 1, 2, 1)), undated]);
    assert!(page.contains("1 record has no date and is in the table only."));
}

#[test]
fn what_hides_everything_says_so_and_how_to_go_back() {
    let page = html(&[("hide", "A,NS")], &guide());
    assert!(
        page.contains("7 records are hidden by filters.")
            && page.contains("<a href=\"/runs/412#tlh\">Show all</a>")
    );
    let page = html(&[("from", "2020-01-01"), ("to", "2020-12-31")], &guide());
    assert!(page.contains("7 records lie outside this window."));
    assert!(page.contains("No record was seen from 2020-01-01 to 2020-12-31.") && !page.contains("tl-plot"));
    assert!(page.contains("href=\"/runs/412#tlh\">Show all dates</a>"), "{page}");
    assert!(page.contains("aria-label=\"Zoom\"") && page.contains("id=\"at\""), "the controls stay");
}

#[test]
fn a_day_says_what_was_true() {
    let page = html(&[("at", "2017-06-09")], &guide());
    assert!(page.contains("<b>1 of 7</b> records was alive; <bdi>104.196.175.197 was the address of</bdi>"));
    let page = html(&[("at", "2017-06-09"), ("alive", "1")], &guide());
    assert!(page.contains("Show the others too") && page.contains("6 records are hidden"));
    let name = Indicator::parse("www.threatq.com").unwrap();
    let view = TimelineView { at: Some(1_496_966_400), ..TimelineView::default() };
    let moment = Timeline::new(&view, &name, &guide(), None).moment.unwrap();
    assert_eq!(
        (moment.lead.as_str(), moment.names),
        ("www.threatq.com pointed to", vec!["104.196.175.197".to_owned()])
    );
}

#[test]
fn a_window_of_minutes_has_the_records_that_touch_it() {
    let start = 1_588_687_200;
    let one = |n: u64| {
        record(("a.example", RrType::A, &format!("192.0.2.{n}"), start + n * 60, start + n * 60 + 30, 1))
    };
    let records: Vec<_> = (0..55).map(one).collect();
    let query = [("from", "2020-05-05 14:10"), ("to", "2020-05-05 14:15")];
    let page = html(&query, &records);
    // The axis is exactly the window: one bar per minute, and a label for each.
    assert_eq!(page.matches("<a href=\"#r").count(), 6);
    assert!(page.contains("49 records lie outside this window."));
    assert!(page.contains("data-first=\"1588687800\" data-last=\"1588688159\""), "{page}");
    assert!(page.contains(">14:10</text>") && page.contains(">14:14</text>"), "{page}");
}

#[test]
fn what_is_no_date_stays_in_its_field_and_is_told() {
    let page = html(&[("at", "05.05.2020"), ("hide", "NS")], &guide());
    assert!(page.contains("value=\"05.05.2020\" aria-invalid=\"true\" aria-describedby=\"at-e\""), "{page}");
    assert!(page.contains("id=\"at-e\">Not a date. Write it as 2020-05-31"), "{page}");
    assert!(page.contains("5 records are hidden by filters."));
    assert!(!html(&[("at", "2017-06-09")], &guide()).contains("aria-invalid"));
}

#[test]
fn a_bar_leads_to_the_page_that_has_its_row() {
    let query = [("sort".to_owned(), "name".to_owned()), ("page".to_owned(), "2".to_owned())];
    let links = Links::new("/runs/412", &query, "/run?value=");
    let timeline = Timeline::new(&TimelineView::default(), &asked(), &guide(), None);
    let places = Places { here: 2, pages: vec![1, 2, 2, 2, 2, 2, 3] };
    let page = timeline.part(&links).with_places(places.clone()).to_string();
    assert!(page.contains("\"/runs/412?sort=name&#38;page=1#r0\"") && page.contains("\"#r1\""), "{page}");
    assert!(page.contains("\"/runs/412?sort=name&#38;page=3#r6\""));
    // A long address does not make the page large.
    let long = Links::new("/runs/412", &[("text".to_owned(), "x".repeat(300))], "/run?value=");
    let page = timeline.part(&long).with_places(places).to_string();
    assert!(page.contains("\"#th\"") && page.contains("\"#r1\""));
}

#[test]
fn the_asked_name_is_no_link_to_itself() {
    let records = [record(("www.threatq.com", RrType::A, "192.0.2.1", 1_500_000_000, 1_600_000_000, 2))];
    let links = Links::new("/runs/412", &[], "/run?value=");
    let pivots = |asked: &str| {
        let asked = Indicator::parse(asked).unwrap();
        let timeline = Timeline::new(&TimelineView::default(), &asked, &records, None);
        timeline.part(&links).to_string().contains("/run?value=www.threatq.com")
    };
    assert!(pivots("192.0.2.1") && !pivots("www.threatq.com"));
}

#[test]
fn strangers_text_stays_text() {
    let evil = r#""><script>alert(1)</script>"#;
    let records = [
        record(("vpn.example.net", RrType::TXT, evil, 1_500_000_000, 1_600_000_000, 2)),
        record((r#"a\"onload=x\"<svg>.example"#, RrType::A, "192.0.2.1", 1_500_000_000, 1_600_000_000, 2)),
        record(("*.example", RrType::A, "192.0.2.1", 1_500_000_000, 1_600_000_000, u64::MAX)),
    ];
    let page = html(&[("at", "2018-01-01"), ("q", evil)], &records);
    assert!(!page.contains("<script") && !page.contains("\"onload") && !page.contains("style="), "{page}");
    assert!(page.contains("<span class=\"tl-name\"><bdi>*.example</bdi>"), "a wildcard is no link: {page}");
}

#[test]
fn impossible_dates_do_not_break_the_axis() {
    let records = [
        record(("x.example", RrType::A, "192.0.2.1", 0, u64::MAX, 0)),
        record(("x.example", RrType::A, "192.0.2.2", u64::MAX, u64::MAX, u64::MAX)),
    ];
    let page = html(&[("at", "2199-12-31")], &records);
    assert!(
        page.contains("<text x=\"0%\" y=\"15\" dx=\"3\" class=\"\">1960</text>") || page.contains(">1970<"),
        "{page}"
    );
}
