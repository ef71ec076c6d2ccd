//! What the timeline shows of known answers; what holds for any answer is in `properties`.

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
    // However many lanes are asked for, there are at most 400 bars.
    let most = html(&[("lanes", "A:400,CNAME:400,NS:400")], &records);
    assert!(most.matches("class=\"bar").count() <= 400 + 5, "{}", most.matches("class=\"bar").count());
    assert!(most.len() < 200 * 1024, "{} octets", most.len());
    // A window with few records brings bars back.
    let few = html(&[("to", "2015-02-01")], &records);
    assert!(!few.contains("heat") && few.contains("class=\"bar"));
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
    assert_eq!(html(&[], std::slice::from_ref(&undated)), "");
    let page = html(&[], &[record(("x.example", RrType::A, "192.0.2.1", 1, 2, 1)), undated]);
    assert!(page.contains("1 record has no date and is in the table only."));
}

#[test]
fn what_hides_everything_says_so_and_how_to_go_back() {
    let page = html(&[("hide", "A,NS")], &guide());
    assert!(
        page.contains("7 records are hidden by filters.")
            && page.contains("<a href=\"/runs/412\">Show all</a>")
    );
    let page = html(&[("from", "2020-01-01"), ("to", "2020-12-31")], &guide());
    assert!(page.contains("7 records lie outside this window."));
}

#[test]
fn a_day_says_what_was_true() {
    let page = html(&[("at", "2017-06-09")], &guide());
    assert!(page.contains("<b>1 of 7</b> records were alive; <bdi>104.196.175.197 was the address of</bdi>"));
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
