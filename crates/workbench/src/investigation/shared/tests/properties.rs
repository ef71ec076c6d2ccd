//! Properties of random answers: independence of order, and agreement with sets of days and names.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

/// Records among few names, so that much is shared, in chains and circles as well.
fn any_record() -> impl Strategy<Value = Record> {
    let host = || (0..12_u8).prop_map(|n| format!("h{n}.d{}.example", n % 4));
    let address = || (0..8_u8).prop_map(|n| format!("5.6.{}.{n}", n % 2));
    let data = prop_oneof![
        4 => address().prop_map(|address| (RrType::A, address)),
        2 => host().prop_map(|host| (RrType::CNAME, host)),
        3 => host().prop_map(|host| (RrType::NS, host)),
        1 => host().prop_map(|host| (RrType::MX, format!("10 {host}"))),
        1 => host().prop_map(|host| (RrType::SOA, format!("{host} m.{host} 1 2 3 4 5"))),
        1 => host().prop_map(|host| (RrType::TXT, format!("v=spf1 include:{host} a:{host} -all"))),
    ];
    let days = prop::option::weighted(0.9, (0..60_u64, 0..20_u64));
    (host(), data, days).prop_map(|(owner, (rrtype, data), days)| match days {
        Some((first, length)) => record(&owner, rrtype, &data, (first, first + length)),
        None => undated(&owner, rrtype, &data),
    })
}

fn any_case() -> impl Strategy<Value = Case> {
    let member = prop_oneof![
        3 => (0..12_u8).prop_map(|n| format!("h{n}.d{}.example", n % 4)),
        1 => (0..8_u8).prop_map(|n| format!("5.6.{}.{n}", n % 2)),
    ];
    let members = prop::collection::btree_map(member, prop::collection::vec(any_record(), 0..12), 1..7);
    members.prop_map(|members| {
        members.into_iter().fold(Case::default(), |case, (member, records)| case.with(&member, records))
    })
}

/// Everything about the result, with members by their indicator.
fn described(case: &Case, shared: &Shared) -> Vec<String> {
    let of = |shared: &SharedResource| {
        let mut shared = shared.clone();
        let sharers = std::mem::take(&mut shared.sharers);
        let who = sharers.into_iter().map(|sharer| {
            let indicator = case.0[sharer.member].0.to_string();
            (indicator, Sharer { member: 0, ..sharer })
        });
        let who: BTreeMap<String, Sharer> = who.collect();
        format!("{who:?} {shared:?}")
    };
    let mut described: Vec<String> = shared.list.iter().map(of).collect();
    described.push(format!("{:?} {:?} {}", shared.weak, shared.unfollowed, shared.left_out));
    described
}

/// The days on which members used something.
type DaysOf = BTreeMap<Indicator, BTreeSet<u64>>;

/// The days on which members used a name server, by its name, and the other names that did; straight from the records.
fn users_of_servers(case: &Case) -> BTreeMap<String, (DaysOf, BTreeSet<String>)> {
    let mut users: BTreeMap<String, (DaysOf, BTreeSet<String>)> = BTreeMap::new();
    for record in case.0.iter().flat_map(|(_, records)| records) {
        let server = match (record.rrtype, record.rdata_text()) {
            (RrType::NS, data) => data,
            (RrType::SOA, data) => data.split(' ').next().unwrap().to_owned(),
            _ => continue,
        };
        let owner = Indicator::parse(&record.rrname.to_string()).unwrap();
        let (members, others) = users.entry(server).or_default();
        if case.0.iter().any(|(member, _)| *member == owner) {
            let days = record.span().into_iter().flat_map(|(first, last)| first / DAY..=last / DAY);
            members.entry(owner).or_default().extend(days);
        } else {
            others.insert(owner.to_string());
        }
    }
    users
}

fn days_at_once(members: &DaysOf) -> u64 {
    let on = |day: &u64| members.values().filter(|days| days.contains(day)).count() >= 2;
    let all: BTreeSet<u64> = members.values().flatten().copied().collect();
    all.iter().filter(|day| on(day) && on(&(**day + 1))).count() as u64
}

proptest! {
    #[test]
    fn the_order_of_members_and_records_changes_nothing(case in any_case(), seed in any::<u64>()) {
        let mut shuffled = case.clone();
        let mut turn = seed;
        for (_, records) in &mut shuffled.0 {
            turn = turn.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(17);
            let by = usize::try_from(turn % 97).unwrap() % records.len().max(1);
            records.rotate_left(by);
            if turn % 2 == 0 {
                records.reverse();
            }
        }
        let by = usize::try_from(turn % 89).unwrap() % shuffled.0.len();
        shuffled.0.rotate_left(by);
        let (one, other) = (case.shared(), shuffled.shared());
        prop_assert_eq!(described(&case, &one), described(&shuffled, &other));
    }

    #[test]
    fn name_servers_agree_with_sets_of_days_and_names(case in any_case()) {
        let shared = case.shared();
        for (server, (members, others)) in users_of_servers(&case) {
            let itself = Indicator::parse(&server).unwrap();
            let is_member = case.0.iter().any(|(member, _)| *member == itself) && !members.contains_key(&itself);
            let found = shared.find(&format!("ns:{server}"));
            let count = members.len() + usize::from(is_member);
            prop_assert_eq!(found.map_or(0, |found| found.sharers.len()), if count < 2 { 0 } else { count });
            if let Some(found) = found {
                prop_assert_eq!(found.overlap.days, days_at_once(&members));
                prop_assert_eq!(found.answer_names, others.len());
            }
        }
    }

    #[test]
    fn figures_agree_with_each_other(case in any_case()) {
        let shared = case.shared();
        for found in &shared.list {
            prop_assert!(found.sharers.len() >= 2);
            prop_assert!(found.sharers.windows(2).all(|pair| pair[0].member < pair[1].member));
            prop_assert!(found.overlap.most <= found.sharers.len());
            let days = found.overlap.stretches.iter().map(|span| (span.last - span.first) / DAY);
            prop_assert_eq!(days.sum::<u64>(), found.overlap.days);
            prop_assert_eq!(found.overlap.stretches.is_empty(), found.overlap.most < 2);
            prop_assert!(!found.why.is_empty());
            prop_assert_eq!(Resource::parse(&found.resource.id()), Ok(found.resource.clone()));
            for sharer in &found.sharers {
                prop_assert_eq!(sharer.through.is_some(), sharer.how == How::Through);
            }
            let parent = found.follows.as_ref().map(|parent| shared.find(&parent.id()).unwrap());
            let who = |found: &SharedResource| found.sharers.iter().map(|sharer| sharer.member).collect::<Vec<_>>();
            prop_assert!(parent.is_none_or(|parent| who(parent) == who(found) && parent.follows.is_none()));
        }
        let weak = shared.list.iter().filter(|found| found.is_weak()).count();
        prop_assert_eq!(shared.weak.iter().map(|weak| weak.count).sum::<usize>(), weak);
    }

    #[test]
    fn candidates_are_no_members_and_behind_what_was_followed(case in any_case()) {
        let members = case.members();
        let resources: Vec<Resource> = case.shared().list.into_iter().map(|found| found.resource).collect();
        for candidate in candidates(&members, &resources) {
            prop_assert!(members.iter().all(|member| *member.indicator != candidate.indicator));
            prop_assert!(!candidate.members.is_empty() && !candidate.resources.is_empty());
            prop_assert!(candidate.members.is_sorted() && candidate.resources.is_sorted());
        }
    }
}
