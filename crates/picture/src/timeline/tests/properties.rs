//! Properties of the timeline of any answer.

use proptest::prelude::*;
use proptest::test_runner::Config;

use super::*;
use crate::timeline::axis::Share;
use crate::timeline::bar::{Bar, Tint};

fn config(cases: u32) -> Config {
    Config { cases, failure_persistence: None, ..Config::default() }
}

/// Up to `most` records of few names and types, so that lanes fill; some without dates.
fn answers(most: usize) -> impl Strategy<Value = Vec<Record>> {
    let line = (
        0u8..6,
        0usize..4,
        0u8..20,
        0u64..400_000_000,
        prop_oneof![0u64..90_000, 0u64..200_000_000],
        0u64..200_000,
    );
    let one = line.prop_map(|(name, rrtype, data, first, length, count)| {
        let rrtype = [RrType::A, RrType::TXT, RrType::NS, RrType::HTTPS][rrtype];
        let rdata = match rrtype {
            RrType::A => format!("192.0.2.{data}"),
            RrType::NS => format!("ns{data}.example"),
            _ => format!("1 {data} {}", "x".repeat(data.into())),
        };
        let first = 1_300_000_000 + first;
        let mut record = record((&format!("n{name}.example"), rrtype, &rdata, first, first + length, count));
        if data == 0 {
            (record.time_first, record.time_last, record.count) = (None, None, None);
        }
        record
    });
    prop::collection::vec(one, 0..most)
}

/// Windows, days and filters, including those that show nothing.
fn views() -> impl Strategy<Value = TimelineView> {
    let second = || prop::option::of(1_250_000_000u64..1_950_000_000);
    (second(), second(), second(), any::<bool>(), 0u8..3).prop_map(|(from, to, at, only_alive, relation)| {
        let hidden = std::collections::BTreeSet::from([RrType::MX, RrType::HTTPS]);
        let relation = [None, Some(Relation::Direct), Some(Relation::Related)][usize::from(relation)];
        let ordered = from.zip(to).is_none_or(|(from, to)| from <= to);
        let (from, to) = if ordered { (from, to) } else { (to, from) };
        let at = at.map(|at| at - at % 86_400);
        TimelineView {
            from,
            to,
            at,
            only_alive: only_alive && at.is_some(),
            relation,
            hidden,
            ..TimelineView::default()
        }
    })
}

fn lanes(timeline: &Timeline) -> impl Iterator<Item = &lane::Lane> {
    timeline.picture.iter().flat_map(|picture| &picture.groups).flat_map(|group| &group.lanes)
}

/// Neighbouring bars of a sub-lane.
fn beside(lane: &lane::Lane) -> impl Iterator<Item = (&Bar, &Bar)> {
    lane.bars.windows(2).map(|pair| (&pair[0], &pair[1])).filter(|(left, right)| left.sub == right.sub)
}

/// The range of a label, in thousandths of a px of the nominal plot.
fn label_px(bar: &Bar) -> Option<(i64, i64)> {
    let label = bar.label.as_ref()?;
    let width = 6_650 * i64::try_from(label.text.chars().count()).unwrap();
    let anchor = i64::from(label.x.0) * 96 + i64::from(label.dx) * 1_000;
    Some(if label.ends { (anchor - width, anchor) } else { (anchor, anchor + width) })
}

proptest! {
    #![proptest_config(config(200))]

    #[test]
    fn bars_lie_on_the_axis_and_beside_each_other(records in answers(120), view in views()) {
        let timeline = Timeline::new(&view, &asked(), &records, None);
        for lane in lanes(&timeline) {
            for bar in &lane.bars {
                prop_assert!(bar.x <= Share::END && bar.x.0 + bar.width.map_or(0, |width| width.0) <= Share::END.0);
                prop_assert!(bar.y >= 0.0 && bar.y + bar.height <= f64::from(u32::try_from(lane.height).unwrap()));
                prop_assert!((5.0..=14.0).contains(&bar.height));
                // The clickable area is 24 px high, contains the bar, and is within the row, which has 2 px around the plot.
                let (top, height) = (bar.target_y(), i32::try_from(lane.height).unwrap());
                prop_assert!(top >= -2 && top + 24 <= height + 2, "{} in {}", top, height);
                prop_assert!(f64::from(top) <= bar.y && bar.y + bar.height <= f64::from(top + 24));
                prop_assert_eq!(top, i32::try_from(bar.sub).unwrap() * 24 - 2);
            }
            for (left, right) in beside(lane) {
                prop_assert!(left.extent().1 <= right.extent().0, "{:?} {:?}", left, right);
            }
        }
    }

    #[test]
    fn labels_lie_over_no_other_bar_and_no_other_label(records in answers(60), view in views()) {
        let timeline = Timeline::new(&view, &asked(), &records, None);
        for lane in lanes(&timeline) {
            for bar in &lane.bars {
                if let Some((from, to)) = label_px(bar) {
                    prop_assert!(from >= 0 && to <= 960_000, "{:?}", bar);
                }
            }
            for (left, right) in beside(lane) {
                let edge = |share: u32| i64::from(share) * 96;
                if let Some((_, to)) = label_px(left) {
                    prop_assert!(to <= edge(right.extent().0), "{:?} {:?}", left, right);
                }
                if let Some((from, _)) = label_px(right) {
                    prop_assert!(from >= edge(left.extent().1), "{:?} {:?}", left, right);
                    prop_assert!(label_px(left).is_none_or(|(_, to)| to <= from), "{:?} {:?}", left, right);
                }
            }
        }
    }

    #[test]
    fn every_record_is_somewhere(records in answers(120), view in views()) {
        let timeline = Timeline::new(&view, &asked(), &records, None);
        let mut drawn: Vec<usize> = lanes(&timeline).flat_map(|lane| lane.bars.iter().map(|bar| bar.index)).collect();
        drawn.sort_unstable();
        prop_assert!(drawn.windows(2).all(|pair| pair[0] != pair[1]));
        let folded = lanes(&timeline).any(|lane| lane.fold.is_some());
        prop_assert!(folded || drawn.len() == timeline.shown);
        let outside = timeline.total - timeline.undated - timeline.hidden - timeline.shown;
        if view.from.is_none() && view.to.is_none() {
            prop_assert_eq!(outside, 0);
        }
        // The table uses the same filter.
        let shown = |record: &Record| {
            record.span().is_some() && view.shows(record, Relation::of(&asked(), record))
        };
        let wanted: Vec<usize> = (0..records.len()).filter(|index| shown(&records[*index])).collect();
        let as_wanted = if folded { drawn.iter().all(|one| wanted.contains(one)) } else { drawn == wanted };
        prop_assert!(as_wanted, "{:?} of {:?}", drawn, wanted);
        if let Some(picture) = &timeline.picture {
            prop_assert!(view.from.is_none_or(|from| from == picture.axis.start()));
            prop_assert!(view.to.is_none_or(|to| to.max(picture.axis.start() + 1) == picture.axis.end()));
        }
    }
}

proptest! {
    #![proptest_config(config(12))]

    #[test]
    fn of_many_records_each_is_in_a_density_and_bars_are_few(records in answers(6_000)) {
        let timeline = Timeline::new(&TimelineView::default(), &asked(), &records, None);
        let Some(picture) = timeline.picture.as_ref().filter(|picture| picture.dense) else { return Ok(()) };
        let said = |lane: &lane::Lane| {
            lane.said.split(' ').next().unwrap().trim_end_matches(':').replace(',', "").parse::<usize>().unwrap()
        };
        for group in &picture.groups {
            let (whole, parts) = group.lanes.split_first().unwrap();
            let sum: usize = parts.iter().filter(|lane| lane.depth == 1).map(said).sum();
            prop_assert!(parts.is_empty() || sum == said(whole), "{} of {}", sum, said(whole));
        }
        let all: usize = picture.groups.iter().map(|group| said(&group.lanes[0])).sum();
        prop_assert_eq!(all, timeline.shown);
        prop_assert!(lanes(&timeline).map(|lane| lane.bars.len()).sum::<usize>() <= 400);
        let links = crate::links::Links::new("/runs/412", &[], "/run?value=");
        let html = timeline.part(&links).to_string();
        prop_assert!(html.len() < 80 << 10, "{} octets", html.len());
    }

    #[test]
    fn bars_that_touch_have_different_strengths(records in answers(60), view in views()) {
        let timeline = Timeline::new(&view, &asked(), &records, None);
        for (left, right) in lanes(&timeline).flat_map(beside) {
            let touch = right.extent().0 - left.extent().1 <= Share::of_px(2).0;
            if touch && left.width.is_some() && right.width.is_some() {
                let both = (left.tint, right.tint);
                prop_assert!(
                    matches!(both, (Some(Tint::Strong), Some(Tint::Weak)) | (Some(Tint::Weak), Some(Tint::Strong))),
                    "{:?}", both
                );
            }
        }
    }
}
