//! The graph of known answers, and properties of any graph.

use proptest::prelude::*;
use proptest::test_runner::Config;

use super::*;
use crate::links::Links;
use crate::sample::{asked, guide, many, record};

fn html(asked: &Indicator, records: &[Record]) -> String {
    let links = Links::new("/runs/412/graph", &[], "/run?value=");
    Graph::new(asked, records).part(&links).to_string()
}

fn ns(owner: &str, count: usize, parent: &str) -> Vec<Record> {
    let one = |n| record((owner, RrType::NS, &format!("ns{n}.{parent}"), 1_500_000_000, 1_500_000_001, 2));
    (0..count).map(one).collect()
}

fn texts(graph: &Graph) -> Vec<&str> {
    graph.drawing.boxes.iter().map(|tile| tile.text.as_str()).collect()
}

#[test]
fn the_guides_answer() {
    let graph = Graph::new(&asked(), &guide());
    assert_eq!(texts(&graph), ["104.196.175.197", "threatsketch.com", "www.threatq.com", "5 name servers"]);
    assert_eq!((graph.shown(), graph.total()), (4, 4));
    insta::assert_snapshot!(html(&asked(), &guide()));
}

#[test]
fn targets_of_a_record_set_collapse_from_five() {
    let asked = Indicator::parse("x.example").unwrap();
    let boxes = |records: &[Record]| Graph::new(&asked, records).total();
    assert_eq!(boxes(&ns("x.example", 4, "dns.example.org")), 5);
    assert_eq!(boxes(&ns("x.example", 5, "dns.example.org")), 2);
    // Two owners with the same targets share a box; a name with a sixth owner has its own.
    let mut records = ns("x.example", 5, "dns.example.org");
    records.extend(ns("y.example", 6, "dns.example.org"));
    assert_eq!(boxes(&records), 4);
    // Names below a top-level domain have nothing in common.
    assert_eq!(boxes(&ns("x.example", 6, "org")), 7);
    // A name with outgoing edges is not grouped.
    let mut records = ns("x.example", 5, "dns.example.org");
    records.push(record(("ns0.dns.example.org", RrType::A, "192.0.2.1", 1, 2, 3)));
    assert_eq!(boxes(&records), 7);
}

#[test]
fn of_too_many_boxes_the_most_sighted_stay() {
    let asked = asked();
    let one = |n: u64| record((&format!("n{n}.example"), RrType::A, "104.196.175.197", 1, 2, n + 1));
    let records: Vec<_> = (0..1_000).map(one).collect();
    let graph = Graph::new(&asked, &records);
    assert_eq!((graph.shown(), graph.total()), (200, 1_001));
    let mut names: Vec<_> = texts(&graph).into_iter().skip(1).map(ToOwned::to_owned).collect();
    names.sort();
    let mut wanted: Vec<_> = (801..1_000).map(|n| format!("n{n}.example")).collect();
    wanted.sort();
    assert_eq!(names, wanted);
    assert!(html(&asked, &records).contains("Shows the 200 boxes with the most sightings, of 1,001."));
}

#[test]
fn fifty_thousand_records_are_a_bounded_picture() {
    let page = html(&asked(), &many(50_000));
    assert!(page.len() < 160 * 1024, "{} octets", page.len());
    assert_eq!(page.matches("class=\"box\"").count(), 200);
    assert!(page.matches("<path class=\"edge").count() <= MOST_EDGES + 2);
    let graph = Graph::new(&asked(), &many(50_000));
    let box_of_asked = graph.drawing.boxes.iter().find(|tile| tile.asked).unwrap();
    assert!(box_of_asked.y < 200, "the asked box is {} px deep", box_of_asked.y);
    assert!(page.contains(&format!("<svg width=\"{}\"", graph.drawing.width)), "nothing scales it");
}

#[test]
fn the_asked_box_is_no_link_to_itself() {
    let page = html(&Indicator::parse("www.threatq.com").unwrap(), &guide());
    assert!(!page.contains("/run?value=www.threatq.com") && page.contains("class=\"asked\""), "{page}");
    assert!(page.contains("/run?value=threatsketch.com"));
}

#[test]
fn a_reverse_name_that_was_asked_about_stands_for_itself() {
    let ptr = record(("1.2.0.192.in-addr.arpa", RrType::PTR, "host.example.net", 1, 2, 3));
    for asked in ["1.2.0.192.in-addr.arpa", "192.0.2.1", "host.example.net"] {
        let graph = Graph::new(&Indicator::parse(asked).unwrap(), std::slice::from_ref(&ptr));
        assert_eq!((graph.shown(), graph.drawing.boxes[0].text.as_str()), (2, asked));
        assert!(!graph.drawing.edges[0].related);
    }
}

#[test]
fn edges_are_direct_where_their_records_are() {
    let asked = asked();
    for record in many(2_000).iter().filter(|record| net::points(record.rrtype)) {
        let net = Net::new(&asked, std::slice::from_ref(record));
        let related = operation::Relation::of(&asked, record) == operation::Relation::Related;
        assert!(net.links.iter().all(|link| link.related() == related), "{record:?}");
    }
}

#[test]
fn nothing_that_points_is_no_graph() {
    let text = record(("x.example", RrType::TXT, "x", 1, 2, 3));
    assert_eq!(html(&asked(), &[]), "");
    assert_eq!(html(&asked(), &[text]), "");
}

#[test]
fn strangers_text_stays_text() {
    let owner = r#"a\"onload=x\"<svg>.example"#;
    let page = html(&asked(), &[record((owner, RrType::A, "104.196.175.197", 1, 2, 3))]);
    assert!(
        page.contains("&#60;svg&#62;") && !page.contains("<svg>.") && !page.contains("\"onload"),
        "{page}"
    );
    assert!(!page.contains("value=a"), "what is no host has no link");
}

#[test]
fn a_long_name_loses_its_middle_in_its_box_only() {
    let owner = format!("{}.{}.example.com", "a".repeat(40), "b".repeat(40));
    let page = html(&asked(), &[record((&owner, RrType::A, "104.196.175.197", 1, 2, 3))]);
    assert!(page.contains(&format!(">{}…{}<", "a".repeat(19), "bbbbbb.example.com")), "{page}");
    assert!(page.contains(&format!("/run?value={owner}")));
}

proptest! {
    #![proptest_config(Config { cases: 100, failure_persistence: None, ..Config::default() })]

    #[test]
    fn every_edge_ends_at_boxes_and_no_boxes_touch(
        lines in prop::collection::vec((0u8..12, 0u8..12, 0usize..4, 0u64..500), 0..80), most in 1usize..14,
    ) {
        let types = [RrType::NS, RrType::CNAME, RrType::MX, RrType::A];
        let records: Vec<_> = lines.into_iter().map(|(owner, target, rrtype, count)| {
            let data = match types[rrtype] {
                RrType::A => format!("104.196.175.{}", 190 + target),
                RrType::MX => format!("10 n{target}.sub.example"),
                _ => format!("n{target}.sub.example"),
            };
            record((&format!("n{owner}.sub.example"), types[rrtype], &data, 1, 2, count))
        }).collect();
        let whole = collapse::collapsed(Net::new(&asked(), &records));
        let (net, left_out) = choice::most_sighted(&whole, most, 20);
        prop_assert_eq!(net.boxes.len(), whole.boxes.len().min(most));
        prop_assert!(net.links.len() <= 20 && (left_out == 0 || net.links.len() == 20));
        prop_assert!(net.links.iter().all(|link| link.from < net.boxes.len() && link.to < net.boxes.len() && link.from != link.to));
        let columns = columns::columns(&net);
        let mut placed: Vec<usize> = columns.iter().flatten().copied().collect();
        placed.sort_unstable();
        prop_assert_eq!(placed, (0..net.boxes.len()).collect::<Vec<_>>());
        prop_assert_eq!(&columns[0], &[0]);
        let drawing = Drawing::new(&net, &columns, true);
        prop_assert_eq!(drawing.edges.len(), net.links.len());
        for (at, tile) in drawing.boxes.iter().enumerate() {
            prop_assert!(tile.x + tile.width <= drawing.width && tile.y + drawing::BOX <= drawing.height);
            for other in drawing.boxes.iter().skip(at + 1) {
                prop_assert!(tile.x != other.x || tile.y.abs_diff(other.y) >= 34);
            }
        }
    }
}
