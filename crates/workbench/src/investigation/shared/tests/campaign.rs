//! A made-up campaign: rotating addresses, a shared host with 5,000 innocent names, a parked name, a delivery network, and a
//! name server that only the campaign uses.

use super::*;

const HOST: &str = "5.9.9.80";

/// Six names. Number n has the campaign's name server from day 10n to day 100, and moves to the next address every week.
fn campaign() -> Case {
    let mut case = Case::default();
    for n in 0..6_u64 {
        let name = format!("c{n}.example");
        let mut records = vec![record(&name, RrType::NS, "ns1.quietharbor.example", (10 * n, 100))];
        let weeks = (0..10).map(|week| (week, format!("5.6.7.{}", 16 + (n + week) % 16)));
        records.extend(weeks.map(|(week, address)| {
            record(&name, RrType::A, &address, (10 * n + 7 * week, 10 * n + 7 * week + 6))
        }));
        if n < 2 {
            records.push(record(&name, RrType::A, HOST, (0, 300)));
        }
        if (2..4).contains(&n) {
            records.push(record(&name, RrType::CNAME, "d2.wide.example", (0, 300)));
        }
        if n == 5 {
            records.push(record(&name, RrType::NS, "ns1.lot.example", (200, 300)));
        }
        case = case.with(&name, records);
    }
    let innocent = (0..5_000).map(|n| record(&format!("shop{n}.example"), RrType::A, HOST, (0, 300)));
    case.with(HOST, innocent.collect())
        .with("parked.example", vec![record("parked.example", RrType::NS, "ns1.lot.example", (0, 300))])
}

fn known(resource: &Resource, limit: u32) -> Count {
    match resource.id().as_str() {
        "cname:d2.wide.example" | "ns:ns1.lot.example" => Count::Over(limit),
        "ns:ns1.quietharbor.example" => Count::Exactly(2),
        _ => Count::Exactly(0),
    }
}

#[test]
fn the_campaigns_name_server_ranks_first_and_the_shared_host_is_weak() {
    let warned = |resource: &Resource| (resource.id() == "ns:ns1.lot.example").then(|| "parking".into());
    let shared =
        campaign().shared_with(&Options { warned: &warned, other_names: &known, ..Options::default() });
    let first = &shared.list[0];
    assert_eq!(first.resource.id(), "ns:ns1.quietharbor.example");
    assert_eq!(first.sharers.iter().map(|sharer| sharer.member).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
    assert_eq!((first.overlap.days, first.overlap.most), (90, 6), "from day 10 to day 100");
    assert_eq!(line(&first.why), "Only 2 other names use it; 90 days at once");

    let host = shared.find("addr:5.9.9.80").unwrap();
    assert_eq!((host.answer_names, host.weakness.clone()), (5_000, Some(Weakness::Crowded(1_000))));
    assert!(shared.find("net:5.9.9.0/24").unwrap().is_weak());
    for id in ["cname:d2.wide.example", "ns:ns1.lot.example", "domain:lot.example", "domain:wide.example"] {
        assert!(shared.find(id).unwrap().is_weak(), "{id}");
    }
    let weak: Vec<bool> = shared.list.iter().map(SharedResource::is_weak).collect();
    assert!(weak.is_sorted(), "weak ones come last");
}

#[test]
fn the_network_of_the_rotating_addresses_is_found() {
    let shared = campaign().shared();
    let network = shared.find("net:5.6.7.0/24").unwrap();
    assert_eq!(network.sharers.len(), 6);
    assert!(
        line(&network.why).starts_with("15 neighbours, .16 to .30, carry 6 members"),
        "{}",
        line(&network.why)
    );
    // Number n is there for 70 days from day 10n on: two of them from day 10 to day 109.
    assert_eq!(network.overlap.days, 99);
}
