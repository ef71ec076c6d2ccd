//! The graph of known answers, and properties of any graph.

use proptest::prelude::*;
use proptest::test_runner::Config;

use super::*;
use crate::links::Links;
use crate::sample::{asked, guide, many, record};

fn html(asked: &Indicator, records: &[Record]) -> String {
    let links = Links::new("/runs/412/graph", &[], "/run?value=");
    Graph::new(&GraphView::default(), asked, records, None).part(&links).to_string()
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
    let graph = Graph::new(&GraphView::default(), &asked(), &guide(), None);
    assert_eq!(texts(&graph), ["104.196.175.197", "threatsketch.com", "www.threatq.com", "5 name servers"]);
    assert_eq!((graph.shown(), graph.total()), (4, 4));
    insta::assert_snapshot!(html(&asked(), &guide()));
}

#[test]
fn targets_of_a_record_set_collapse_from_five() {
    let asked = Indicator::parse("x.example").unwrap();
    let boxes = |records: &[Record]| Graph::new(&GraphView::default(), &asked, records, None).total();
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
fn of_too_many_boxes_the_most_sighted_have_their_own() {
    let asked = asked();
    let one = |n: u64| record((&format!("n{n}.example"), RrType::A, "104.196.175.197", 1, 2, n + 1));
    let records: Vec<_> = (0..1_000).map(one).collect();
    let graph = Graph::new(&GraphView::default(), &asked, &records, None);
    assert_eq!((graph.shown(), graph.total()), (56, 56));
    let mut names: Vec<_> = texts(&graph).into_iter().skip(1).map(ToOwned::to_owned).collect();
    names.sort();
    let mut wanted: Vec<_> = (946..1_000).map(|n| format!("n{n}.example")).collect();
    wanted.push("946 more names".to_owned());
    wanted.sort();
    assert_eq!(names, wanted);
    assert!(graph.drawing.height <= 2_000, "{}", graph.drawing.height);
    let page = html(&asked, &records);
    assert!(page.contains(&format!("<svg width=\"{}\"", graph.drawing.width)), "nothing scales it");
}

#[test]
fn fifty_thousand_records_are_a_bounded_picture() {
    let page = html(&asked(), &many(50_000));
    assert!(page.len() < 160 * 1024, "{} octets", page.len());
    assert!(page.matches("class=\"box\"").count() <= 200);
    assert!(page.matches("<path class=\"edge").count() <= MOST_EDGES + 2);
    let graph = Graph::new(&GraphView::default(), &asked(), &many(50_000), None);
    let box_of_asked = graph.drawing.boxes.iter().find(|tile| tile.is_asked()).unwrap();
    assert!(box_of_asked.y < 200, "the asked box is {} px deep", box_of_asked.y);
    assert!(graph.drawing.height <= 2_000, "{}", graph.drawing.height);
}

/// A name with many addresses in some networks.
fn cdn(count: u64) -> (Indicator, Vec<Record>) {
    let one = |n: u64| {
        let address = format!("2001:db8:{:x}::{n:x}", 0x4a00 + n % 31);
        record(("cdn.example", RrType::AAAA, &address, 1, 2, n + 1))
    };
    (Indicator::parse("cdn.example").unwrap(), (0..count).map(one).collect())
}

#[test]
fn eight_hundred_addresses_are_bundles_that_open() {
    let (asked, records) = cdn(800);
    let graph = Graph::new(&GraphView::default(), &asked, &records, None);
    assert_eq!(graph.shown(), 32);
    assert!(graph.drawing.height <= 2_000, "{}", graph.drawing.height);
    let counts = |graph: &Graph| -> usize {
        let of = |tile: &drawing::Tile| match tile.text.split_once(" address") {
            Some((count, _)) => count.trim_end_matches(" more").parse().unwrap(),
            None => 1,
        };
        graph.drawing.boxes.iter().filter(|tile| !tile.is_asked()).map(of).sum()
    };
    assert_eq!(counts(&graph), 800);
    let tile = graph.drawing.boxes.iter().find(|tile| tile.sub == "2001:db8:4a00::/48").unwrap();
    assert_eq!(tile.text, "26 addresses");
    let query = vec![("open".to_owned(), tile.opens.unwrap().to_string()), ("x".to_owned(), "1".to_owned())];
    let open = Graph::new(&GraphView::of(&query), &asked, &records, None);
    assert_eq!(counts(&open), 800);
    let height = open.drawing.height;
    assert!(texts(&open).contains(&"2001:db8:4a00::31f") || texts(&open).contains(&"2001:db8:4a00::307"));
    assert!(height <= 2_000, "{height}");
    let page = open.part(&Links::new("/runs/412/graph", &query, "/run?value=")).to_string();
    assert!(page.contains("Close <bdi class=\"mono\">2001:db8:4a00::/48</bdi>"), "{page}");
    let system = |_: std::net::IpAddr| Some("AS64496 <Example>".to_owned());
    let query = vec![("fold".to_owned(), "as".to_owned())];
    let graph = Graph::new(&GraphView::of(&query), &asked, &records, Some(&system));
    assert_eq!(texts(&graph)[1], "800 addresses");
    let page = graph.part(&Links::new("/runs/412/graph", &query, "/run?value=")).to_string();
    assert!(page.contains("AS64496 &#60;Example&#62;") && page.contains("aria-label=\"Fold by\""), "{page}");
}

#[test]
fn a_chain_of_aliases_is_one_row_of_columns() {
    let chain = ["a.example", "b.example", "c.example.net", "d.example.net", "e.example.org"];
    let mut records: Vec<_> =
        chain.windows(2).map(|pair| record((pair[0], RrType::CNAME, pair[1], 1, 2, 3))).collect();
    records.push(record(("e.example.org", RrType::A, "192.0.2.9", 1, 2, 3)));
    let graph = Graph::new(&GraphView::default(), &Indicator::parse("a.example").unwrap(), &records, None);
    let tiles: Vec<_> = graph.drawing.boxes.iter().map(|tile| (tile.x, tile.text.as_str())).collect();
    assert_eq!(
        tiles.iter().map(|(_, text)| *text).collect::<Vec<_>>(),
        [&chain[..], &["192.0.2.9"]].concat()
    );
    assert!(tiles.windows(2).all(|pair| pair[0].0 < pair[1].0), "{tiles:?}");
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
        let graph = Graph::new(
            &GraphView::default(),
            &Indicator::parse(asked).unwrap(),
            std::slice::from_ref(&ptr),
            None,
        );
        assert_eq!((graph.shown(), graph.drawing.boxes[0].text.as_str()), (2, asked));
        assert!(!graph.drawing.edges[0].related);
    }
}

#[test]
fn edges_are_direct_where_their_records_are() {
    let asked = asked();
    for record in many(2_000).iter().filter(|record| net::points(record.rrtype)) {
        let net = Net::new(&asked, &[record]);
        let related = operation::Relation::of(&asked, record) == operation::Relation::Related;
        assert!(net.links.iter().all(|link| link.related(1) == related), "{record:?}");
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

/// Members that each have an address of their own, and share one; an address member that some of the names have had.
fn campaign(count: u64) -> (Vec<Indicator>, Vec<Vec<Record>>) {
    let member = |n: u64| {
        let name = format!("m{n}.example");
        let mut records = vec![
            record((&name, RrType::A, &format!("198.51.{}.{}", n / 200, n % 200), 1, 2, 3)),
            record((&name, RrType::NS, "ns1.only.example.net", 1, 2, 3)),
        ];
        records.extend(n.is_multiple_of(2).then(|| record((&name, RrType::A, "203.0.113.19", 1, 2, 3))));
        (Indicator::parse(&name).unwrap(), records)
    };
    let (mut indicators, mut records): (Vec<_>, Vec<_>) = (0..count).map(member).unzip();
    indicators.push(Indicator::parse("203.0.113.19").unwrap());
    records.push(vec![record(("m0.example", RrType::A, "203.0.113.19", 1, 2, 3))]);
    (indicators, records)
}

fn of_members(count: u64) -> Graph {
    let (indicators, records) = campaign(count);
    let members: Vec<_> =
        indicators.iter().zip(&records).map(|(member, records)| (member, records.iter().collect())).collect();
    let is_weak = |host: &Host| host.to_string() == "ns1.only.example.net";
    Graph::of_members(&GraphView::default(), &members, &is_weak, None)
}

#[test]
fn members_stand_in_the_first_column_and_what_they_share_in_the_second() {
    let graph = of_members(4);
    let first = graph.drawing.boxes.iter().map(|tile| tile.x).min().unwrap();
    let members: Vec<_> =
        graph.drawing.boxes.iter().filter(|tile| tile.x == first).map(|tile| tile.text.as_str()).collect();
    assert_eq!(members, ["m0.example", "m1.example", "m2.example", "m3.example", "203.0.113.19"]);
    let weak: Vec<_> =
        graph.drawing.boxes.iter().filter(|tile| tile.is_weak()).map(|tile| tile.text.as_str()).collect();
    assert_eq!(weak, ["ns1.only.example.net"]);
    // A record that two members have is one edge with its count.
    let shared: Vec<_> =
        graph.drawing.edges.iter().filter(|edge| edge.title.contains("m0.example A 203.0.113.19")).collect();
    assert!(shared.len() == 1 && shared[0].title.ends_with("3 sightings"), "{shared:?}");
    let page = graph.part(&Links::new("/investigations/1/graph", &[], "/explorer?value=")).to_string();
    assert!(page.contains(" weak\"") && page.contains("/explorer?value=m0.example"), "{page}");
}

#[test]
fn addresses_say_where_they_are_if_there_is_room() {
    let asked = Indicator::parse("x.example").unwrap();
    let records = [record(("x.example", RrType::A, "192.0.2.1", 1, 2, 3))];
    let graph = |short: &str| {
        let location = Location { short: short.to_owned(), whole: "AS64496 <b>, NL".to_owned() };
        let place = |_: std::net::IpAddr| Some(location.clone());
        Graph::new(&GraphView::default(), &asked, &records, None).with_places(&place)
    };
    let tile = |graph: &Graph| {
        let tile = graph.drawing.boxes.iter().find(|tile| tile.text == "192.0.2.1").unwrap();
        (tile.sub.clone(), tile.title.clone())
    };
    let said = "Query 192.0.2.1\nAS64496 <b>, NL".to_owned();
    assert_eq!(tile(&graph("AS64496 NL")), ("A, AS64496 NL".to_owned(), said.clone()));
    assert_eq!(tile(&graph(&"long ".repeat(20))), ("A".to_owned(), said));
    let page = graph("AS64496 NL").part(&Links::new("/runs/1/graph", &[], "/run?value=")).to_string();
    assert!(!page.contains("<b>"));
    // In the title and in the list.
    assert_eq!(page.matches("AS64496 &#60;b&#62;, NL").count(), 2, "{page}");
}

#[test]
fn two_hundred_members_stay_within_two_screens() {
    let graph = of_members(200);
    assert!(graph.drawing.height <= 2_000, "{}", graph.drawing.height);
    assert!(
        texts(&graph).contains(&"ns1.only.example.net"),
        "what they share has its own box: {:?}",
        texts(&graph)
    );
    let first = graph.drawing.boxes.iter().map(|tile| tile.x).min().unwrap();
    assert!(
        graph.drawing.boxes.iter().any(|tile| tile.x == first && tile.text.ends_with("more names")),
        "{:?}",
        texts(&graph)
    );
    assert_eq!(graph.values, 200 + 1 + 1 + 200);
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
        let view = GraphView::default();
        let (whole, _) = bundle::bundled(collapse::collapsed(Net::new(&asked(), &records.iter().collect::<Vec<_>>())), &view, None);
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
