//! Assigns each box to a column, and orders the boxes.

use std::collections::VecDeque;

use super::net::Net;

/// The boxes of each column from top to bottom: the queried value, its neighbours, their neighbours, and so on.
pub(super) type Columns = Vec<Vec<usize>>;

/// The number of sweeps over the columns: more do not improve the layout.
const SWEEPS: usize = 4;
/// The last column, with all boxes that are further away. Chains of aliases are rarely longer.
const LAST: usize = 6;

/// Columns by distance; each box is near the middle of its neighbours in the next column.
pub(super) fn columns(net: &Net) -> Columns {
    let neighbours = net.neighbours();
    let column_of = distances(&neighbours, net.roots);
    let mut columns = vec![Vec::new(); column_of.iter().max().map_or(0, |last| last + 1)];
    for (at, column) in column_of.iter().enumerate() {
        if let Some(column) = columns.get_mut(*column) {
            column.push(at);
        }
    }
    let mut heights = vec![0.5; net.boxes.len()];
    for column in &columns {
        level(column, &mut heights);
    }
    let last = columns.len().saturating_sub(1);
    for sweep in 0..SWEEPS {
        // The first column does not move; a single box in it does not move others.
        let first = if net.roots > 1 { 1 } else { 2 };
        let moves: Vec<(usize, usize)> = if sweep % 2 == 0 {
            (first..=last).map(|moving| (moving, moving - 1)).collect()
        } else {
            (1..last).rev().map(|moving| (moving, moving + 1)).collect()
        };
        for (moving, still) in moves {
            let fixed = |at: &&usize| column_of.get(**at) == Some(&still);
            let middle = |at: usize| {
                let others = neighbours.get(at).into_iter().flatten().filter(fixed);
                let mean = mean(others.filter_map(|other| heights.get(*other)));
                mean.or(heights.get(at).copied()).unwrap_or(0.5)
            };
            let Some(column) = columns.get_mut(moving) else { continue };
            let mut placed: Vec<(f64, usize)> = column.iter().map(|at| (middle(*at), *at)).collect();
            placed.sort_by(|(a, _), (b, _)| a.total_cmp(b));
            *column = placed.into_iter().map(|(_, at)| at).collect();
            level(column, &mut heights);
        }
    }
    columns
}

/// The mean; `None` if there are no values.
fn mean<'a>(heights: impl Iterator<Item = &'a f64>) -> Option<f64> {
    let (sum, count) = heights.fold((0.0, 0.0), |(sum, count), height| (sum + height, count + 1.0));
    (count > 0.0).then(|| sum / count)
}

/// The column of each box: its distance from the nearest root, at most [`LAST`]. What is not connected to one begins in the second
/// column.
fn distances(neighbours: &[Vec<usize>], roots: usize) -> Vec<usize> {
    let mut distances: Vec<Option<usize>> = vec![None; neighbours.len()];
    let roots: VecDeque<(usize, usize)> = (0..roots).map(|root| (root, 0)).collect();
    let islands = (roots.len()..neighbours.len()).map(|island| VecDeque::from([(island, 1)]));
    for mut queue in [roots].into_iter().chain(islands) {
        while let Some((at, distance)) = queue.pop_front() {
            let Some(slot) = distances.get_mut(at).filter(|slot| slot.is_none()) else { continue };
            *slot = Some(distance);
            let next = (distance + 1).min(LAST);
            queue.extend(neighbours.get(at).into_iter().flatten().map(|other| (*other, next)));
        }
    }
    distances.into_iter().map(Option::unwrap_or_default).collect()
}

/// Distributes a column evenly from 0 to 1.
fn level(column: &[usize], heights: &mut [f64]) {
    let step = 1.0 / f64::from(u32::try_from(column.len()).unwrap_or(u32::MAX).max(1));
    let mut height = step / 2.0;
    for at in column {
        if let Some(slot) = heights.get_mut(*at) {
            *slot = height;
        }
        height += step;
    }
}
