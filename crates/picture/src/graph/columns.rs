//! Assigns each box to a column, and orders the boxes.

use std::collections::VecDeque;

use super::net::Net;

/// The boxes of each column from top to bottom: the queried value, its neighbours, and all others.
pub(super) type Columns = [Vec<usize>; 3];

/// The number of sweeps over the columns: more do not improve the layout.
const SWEEPS: usize = 4;

/// Columns by distance; each box is near the middle of its neighbours in the other column.
pub(super) fn columns(net: &Net) -> Columns {
    let neighbours = net.neighbours();
    let column_of = distances(&neighbours);
    let mut columns = Columns::default();
    for (at, column) in column_of.iter().enumerate() {
        if let Some(column) = columns.get_mut(*column) {
            column.push(at);
        }
    }
    let mut heights = vec![0.5; net.boxes.len()];
    for column in &columns {
        level(column, &mut heights);
    }
    for sweep in 0..SWEEPS {
        // The first column has one box, which does not move and does not move others.
        let (moving, still) = if sweep % 2 == 0 { (2, 1) } else { (1, 2) };
        let fixed = |at: &&usize| column_of.get(**at) == Some(&still);
        let middle = |at: usize| {
            let others = neighbours.get(at).into_iter().flatten().filter(fixed);
            mean(others.filter_map(|other| heights.get(*other))).or(heights.get(at).copied()).unwrap_or(0.5)
        };
        let Some(column) = columns.get_mut(moving) else { continue };
        let mut placed: Vec<(f64, usize)> = column.iter().map(|at| (middle(*at), *at)).collect();
        placed.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        *column = placed.into_iter().map(|(_, at)| at).collect();
        level(column, &mut heights);
    }
    columns
}

/// The mean; `None` if there are no values.
fn mean<'a>(heights: impl Iterator<Item = &'a f64>) -> Option<f64> {
    let (sum, count) = heights.fold((0.0, 0.0), |(sum, count), height| (sum + height, count + 1.0));
    (count > 0.0).then(|| sum / count)
}

/// The column of each box: its distance from the first, at most 2.
fn distances(neighbours: &[Vec<usize>]) -> Vec<usize> {
    let mut distances = vec![2; neighbours.len()];
    let mut queue = VecDeque::from([(0, 0)]);
    let mut seen = vec![false; neighbours.len()];
    while let Some((at, distance)) = queue.pop_front() {
        let Some(seen) = seen.get_mut(at).filter(|seen| !**seen) else { continue };
        *seen = true;
        if let Some(slot) = distances.get_mut(at) {
            *slot = distance.min(2);
        }
        // All boxes beyond the second step are in the last column.
        if distance < 2 {
            queue.extend(neighbours.get(at).into_iter().flatten().map(|other| (*other, distance + 1)));
        }
    }
    distances
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
