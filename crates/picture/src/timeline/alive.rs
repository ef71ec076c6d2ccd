//! How many records were alive at what time: the area above the axis, and the density of a type.
//!
//! Both show, for every bin of the axis, the largest number of records alive at one moment, so that a long bin does not add up
//! records that followed each other. The cost is that of sorting the times.

use super::axis::Axis;

/// The number of records alive over the axis.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Alive {
    /// The maximum of each bin.
    peaks: Vec<u32>,
}

/// Where the density has one strength.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Heat {
    /// The strength, 1 to 5, on a logarithmic scale.
    pub(crate) level: u32,
    /// A path over all bins, 1 high.
    pub(crate) d: String,
}

/// The number of bins of the area: 4 px each.
pub(super) const AREA_BINS: u64 = 240;
/// The number of bins of a density row: 8 px each.
pub(crate) const HEAT_BINS: u64 = 120;
/// The number of bins of a density row among very many.
pub(super) const FEW_BINS: u64 = 30;
/// Strengths of density.
const LEVELS: u32 = 5;

impl Alive {
    /// Counts time spans, including their first and last second, in this many bins.
    pub(super) fn over(axis: &Axis, bins: u64, spans: impl Iterator<Item = (u64, u64)>) -> Self {
        let (mut firsts, mut lasts): (Vec<u64>, Vec<u64>) = spans.unzip();
        firsts.sort_unstable();
        lasts.sort_unstable();
        let mut sweep = Sweep { firsts: &firsts, lasts: &lasts, running: 0 };
        let mut peaks = Vec::new();
        for bin in 1..bins {
            peaks.push(sweep.until(axis.bin(bin, bins)));
        }
        peaks.push(sweep.until(u64::MAX));
        Self { peaks }
    }

    /// The most records alive at one moment.
    pub(crate) fn most(&self) -> u32 {
        self.peaks.iter().copied().max().unwrap_or_default()
    }

    /// The outline of a step area, 1000 wide and 28 high, on a scale up to `most`, with a margin of 2 above.
    pub(super) fn outline(&self, most: u32) -> String {
        let bins = u64::try_from(self.peaks.len()).unwrap_or(1).max(1);
        let height = |peak: u32| 280 - 260 * u64::from(peak) / u64::from(most.max(1));
        let mut d = String::from("M0 28");
        for (at, run) in runs(self.peaks.iter().map(|peak| height(*peak))) {
            let end = u64::try_from(at.end).unwrap_or(bins) * 10_000 / bins;
            d.extend(["V", &tenths(run), "H", &tenths(end)]);
        }
        d.push_str("V28Z");
        d
    }

    /// The density, by strength; without records alive, there is none. With [`FEW_BINS`], there are also fewer strengths.
    pub(super) fn heat(&self) -> Vec<Heat> {
        let (most, is_coarse) = (self.most(), self.peaks.len() as u64 == FEW_BINS);
        let strength = |peak: u32| match level(peak, most) {
            even @ (2 | 4) if is_coarse => even + 1,
            level => level,
        };
        let stretches = runs(self.peaks.iter().map(|peak| strength(*peak)));
        let path = |wanted: u32| {
            let of_level = stretches.iter().filter(|(_, level)| *level == wanted);
            let d: String = of_level.map(|(at, _)| rectangle(at)).collect();
            (!d.is_empty()).then_some(Heat { level: wanted, d })
        };
        (1..=LEVELS).filter_map(path).collect()
    }
}

/// A rectangle over these bins.
fn rectangle(at: &std::ops::Range<usize>) -> String {
    let width = at.len();
    format!("M{} 0h{width}v1h-{width}z", at.start)
}

/// Moves forward in time, and counts how many are alive.
struct Sweep<'a> {
    /// The sorted start times that have not been reached.
    firsts: &'a [u64],
    /// The sorted end times that have not been reached.
    lasts: &'a [u64],
    running: u32,
}

impl Sweep<'_> {
    /// Moves forward to `end`, which is not included; returns the most that were alive on the way.
    fn until(&mut self, end: u64) -> u32 {
        let mut peak = self.running;
        loop {
            match (self.firsts.split_first(), self.lasts.split_first()) {
                (Some((first, rest)), Some((last, _))) if first <= last && *first < end => {
                    self.firsts = rest;
                    self.running += 1;
                    peak = peak.max(self.running);
                }
                (first, Some((last, rest))) if *last < end && first.is_none_or(|(first, _)| last < first) => {
                    self.lasts = rest;
                    self.running -= 1;
                }
                _ => return peak,
            }
        }
    }
}

/// Ranges of equal values, with their values.
fn runs<T: PartialEq>(values: impl Iterator<Item = T>) -> Vec<(std::ops::Range<usize>, T)> {
    let mut runs: Vec<(std::ops::Range<usize>, T)> = Vec::new();
    for (at, value) in values.enumerate() {
        match runs.last_mut() {
            Some((range, last)) if *last == value => range.end = at + 1,
            _ => runs.push((at..at + 1, value)),
        }
    }
    runs
}

/// The strength of `count` on a scale up to `most`; 0 is nothing.
fn level(count: u32, most: u32) -> u32 {
    if count == 0 {
        return 0;
    }
    let part = (f64::from(count) + 1.0).ln() / (f64::from(most) + 1.0).ln() * f64::from(LEVELS);
    (1..LEVELS).find(|level| part <= f64::from(*level)).unwrap_or(LEVELS)
}

fn tenths(number: u64) -> String {
    if number.is_multiple_of(10) {
        (number / 10).to_string()
    } else {
        format!("{}.{}", number / 10, number % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::super::axis::End;
    use super::*;
    use proptest::prelude::*;

    const START: u64 = 1_483_228_800;
    const YEAR: u64 = 365 * 86_400;

    fn axis() -> Axis {
        Axis::new(End::Data(START), End::Data(START + 4 * YEAR))
    }

    #[test]
    fn those_who_follow_each_other_are_not_counted_together() {
        let spans = [(START, START + 10), (START + 11, START + 20), (START + 20, START + YEAR)];
        let alive = Alive::over(&axis(), 10, spans.into_iter());
        assert_eq!(alive.peaks, [2, 1, 1, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(alive.outline(2), "M0 28V2H100V15H300V28H1000V28Z");
        let levels: Vec<_> = alive.heat().into_iter().map(|heat| (heat.level, heat.d)).collect();
        assert_eq!(levels, [(4, "M1 0h2v1h-2z".to_owned()), (5, "M0 0h1v1h-1z".to_owned())]);
    }

    proptest! {
        #[test]
        fn every_span_is_in_the_peaks_of_its_bins(spans in prop::collection::vec((0..5 * YEAR, 0..2 * YEAR), 1..40)) {
            let axis = axis();
            let spans: Vec<_> = spans.into_iter().map(|(at, len)| (START + at, START + at + len)).collect();
            let alive = Alive::over(&axis, HEAT_BINS, spans.iter().copied());
            for bin in 0..HEAT_BINS - 1 {
                let (from, to) = (axis.bin(bin, HEAT_BINS), axis.bin(bin + 1, HEAT_BINS));
                // The maximum of a bin is reached at its start, or when a record starts.
                let moments = spans.iter().map(|(first, _)| *first).filter(|at| (from..to).contains(at)).chain([from]);
                let at = |moment: u64| spans.iter().filter(|(a, b)| *a <= moment && moment <= *b).count();
                let peak = moments.map(at).max().unwrap();
                prop_assert_eq!(usize::try_from(alive.peaks[usize::try_from(bin).unwrap()]).unwrap(), peak);
            }
            prop_assert!(alive.heat().iter().all(|heat| (1..=5).contains(&heat.level)));
        }
    }
}
