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
    Timeline::new(&TimelineView::of(&query), &asked(), records).part(&links).to_string()
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
    let timeline = Timeline::new(&TimelineView::of(&query), &asked(), &guide());
    assert_eq!((timeline.shown, timeline.total), (2, 7));
    insta::assert_snapshot!(timeline.facets_part(&links).to_string());
}

#[test]
fn fifty_thousand_records_cost_the_page_no_more_than_a_few() {
    let records = many(50_000);
    let page = html(&[], &records);
    assert!(page.len() < 150 * 1024, "{} octets", page.len());
    assert!(shapes(&page) < 2_000, "{} shapes", shapes(&page));
    assert!(page.contains("all 42,") && page.contains("Show 25 more lanes") && page.contains("heat h5"));
    // However many lanes are requested, there are at most 160 bars, as the page says.
    let most = html(&[("lanes", "A:400,CNAME:400,NS:400")], &records);
    assert!(most.matches("class=\"bar").count() <= 160, "{}", most.matches("class=\"bar").count());
    assert!(
        most.len() < 90 * 1024 && most.contains("Too many records for single bars."),
        "{} octets",
        most.len()
    );
    // A window with few records brings bars back.
    let few = html(&[("to", "2015-01-05")], &records);
    assert!(!few.contains("heat") && few.contains("class=\"bar"));
    // The largest number of bars, each with its own name or all with the same name.
    for names in [80, 1] {
        let one = |n: u64| {
            let name = format!("host-{}.a-provider.example.net", n % names);
            let first = 1_500_000_000 + n * 100_000;
            record((&name, RrType::A, &format!("198.51.100.{n}"), first, first + 2_000_000, 60_000))
        };
        let records: Vec<_> = (0..if names == 1 { 159 } else { 80 }).map(one).collect();
        let page = html(&[], &records);
        assert!(!page.contains("heat") && page.len() < 90 * 1024, "{names}: {} octets", page.len());
    }
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
    assert!(
        page.len() < 150 * 1024 && shapes(&page) < 2_000,
        "{} octets, {} shapes",
        page.len(),
        shapes(&page)
    );
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
    let moment = Timeline::new(&view, &name, &guide()).moment.unwrap();
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
    let timeline = Timeline::new(&TimelineView::default(), &asked(), &guide());
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
        let timeline = Timeline::new(&TimelineView::default(), &asked, &records);
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
    assert!(page.contains("<span class=\"tl-name\" title=\"*.example\">"), "a wildcard is no link");
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
