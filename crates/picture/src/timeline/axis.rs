//! The time axis: the position of a second on it, its rules and their labels.
//!
//! The axis is linear, in UTC. An end that the data determine is extended to a whole [`Step`]; an end that a window determines
//! is exact, because the table shows that window too. Positions are [`Share`]s: whole ten-thousandths of the axis, so that two
//! positions are either equal or not, and no bars overlap because of rounding. Times beyond [`LATEST_PLAUSIBLE`] are at its
//! end. Nothing here fails.
//!
//! The file is long because of its tests and the steps of the calendar, from seconds to years, which belong together.

use std::fmt;

use cof::time::LATEST_PLAUSIBLE;
use jiff::civil::{DateTime, date};
use jiff::tz::Offset;
use jiff::{Span, Timestamp, ToSpan, Unit};

/// A position on the axis in ten-thousandths, 0 to [`Share::END`]; printed as a percentage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Share(pub(super) u32);

/// The axis of one picture.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    start: u64,
    /// Always later than `start`.
    end: u64,
    step: Step,
    /// The positions of the rules, in order, including both ends.
    pub(crate) lines: Vec<Share>,
    /// The labels at the starts of steps, as many as do not overlap; those below the flag are left out.
    pub(crate) labels: Vec<AxisLabel>,
}

/// A label to the right of its rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AxisLabel {
    /// The position of its rule.
    pub(crate) at: Share,
    /// A trusted text.
    pub(crate) text: String,
    /// Whether it is hidden below 1200 px: every second label.
    pub(crate) odd: bool,
    /// Whether it is hidden below 768 px: all but every fourth label, and those near the flag.
    pub(crate) narrow: bool,
}

/// The line at the selected day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flag {
    /// Its position.
    pub(crate) at: Share,
    /// Whether the flag is on the left side, because there is no room on the right.
    pub(crate) left: bool,
}

/// An end of an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Determined by the data: extended to a whole step.
    Data(u64),
    /// Determined by a window: exact.
    Window(u64),
}

/// The distance between two rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Some seconds, a divisor of a minute.
    Seconds(u8),
    /// Some minutes, a divisor of an hour.
    Minutes(u8),
    /// Some hours.
    Hours(u8),
    Days,
    /// From Monday to Monday.
    Weeks,
    Months,
    Quarters,
    /// Some years, of which the number is a multiple.
    Years(i16),
}

/// The width of the plot for which labels and marks are laid out, in px: that of a page of 1400 px.
pub(super) const PLOT: u32 = 960;
/// The flag's width in px: `at 2022-06-01` in 12 px and its margins.
const FLAG: u32 = 108;
/// The most rules of years that are drawn.
const MOST_YEARS: u64 = 30;
/// The narrowest plot with all labels, in px: that of a page of 1200 px.
pub(super) const LEAST_PLOT: u32 = 720;
/// The minimum gap after a label, in px.
const GAP: u32 = 8;

const MINUTE: u64 = 60;
const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;
const YEAR: u64 = 31_557_600;

impl Share {
    /// The end of the axis: 100 %.
    pub(crate) const END: Self = Self(10_000);

    /// The number.
    pub(crate) const fn ten_thousandths(self) -> u32 {
        self.0
    }

    /// The share of `px` in a plot of [`PLOT`] px, rounded up.
    pub(super) const fn of_px(px: u32) -> Self {
        Self((px * Self::END.0).div_ceil(PLOT))
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 / 100, self.0 % 100) {
            (whole, 0) => write!(f, "{whole}%"),
            (whole, tenths) if tenths % 10 == 0 => write!(f, "{whole}.{}%", tenths / 10),
            (whole, hundredths) => write!(f, "{whole}.{hundredths:02}%"),
        }
    }
}

impl Axis {
    /// The axis between two ends, in either order.
    pub(crate) fn new(first: End, last: End) -> Self {
        let (first, last) = if first.second() <= last.second() { (first, last) } else { (last, first) };
        let span = last.second() - first.second();
        // Between the ends of a window there should be at least two rules; data are extended to one on each side.
        let step = match (first, last) {
            (End::Data(_), End::Data(_)) => Step::of(span),
            _ => Step::of((span * 2 / 3).max(1)),
        };
        let rules = step.rules(first, last);
        let outer = |end: End, rule: Option<&DateTime>| match end {
            End::Data(second) => rule.map_or(second, |rule| seconds(*rule)),
            End::Window(_) => end.second(),
        };
        let start = outer(first, rules.first());
        let end = outer(last, rules.last()).max(start + 1);
        let mut axis = Self { start, end, step, lines: Vec::new(), labels: Vec::new() };
        let lines = rules.iter().map(|rule| axis.at(seconds(*rule)));
        axis.lines = [Share(0)].into_iter().chain(lines).chain([Share::END]).collect();
        axis.lines.dedup();
        axis.labels = axis.labels_of(&rules);
        axis
    }

    /// The second at its start.
    pub(crate) fn start(&self) -> u64 {
        self.start
    }

    /// The second at its end.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// The position of a second; a second outside the axis is at the nearer end.
    pub(crate) fn at(&self, second: u64) -> Share {
        let within = second.clamp(self.start, self.end) - self.start;
        let share = u128::from(within) * u128::from(Share::END.0) / u128::from(self.end - self.start);
        Share(u32::try_from(share).unwrap_or(Share::END.0))
    }

    /// The first second of a bin, if the axis is divided into this many equal ones.
    pub(super) fn bin(&self, bin: u64, bins: u64) -> u64 {
        self.start + (self.end - self.start) * bin / bins
    }

    /// Adds a flag, and removes the labels that it covers; `None` if the day is not on the axis.
    pub(crate) fn flag(&mut self, second: u64) -> Option<Flag> {
        if second < self.start || second > self.end {
            return None;
        }
        let at = self.at(second);
        let flag = Flag { at, left: at.0 > 8_500 };
        let reach =
            |width: u32| if flag.left { (at.0.saturating_sub(width), at.0) } else { (at.0, at.0 + width) };
        let covered = reach(Share::of_px(FLAG).0);
        let near = reach(Share::END.0 / 3);
        let touches = |label: &AxisLabel, (from, to): (u32, u32)| label.at.0 <= to && label.end() >= from;
        self.labels.retain(|label| !touches(label, covered));
        for label in &mut self.labels {
            label.narrow |= touches(label, near);
        }
        Some(flag)
    }

    /// A sentence with what the labels leave out; `None` if they are complete.
    pub(crate) fn note(&self) -> Option<String> {
        let day = super::words::day(self.start);
        match self.step {
            Step::Seconds(_) => Some(format!("Axis in seconds, starting {day}.")),
            Step::Minutes(_) => Some(format!("Axis in minutes, starting {day}.")),
            Step::Hours(_) if self.end - self.start <= DAY => {
                Some(format!("Axis in hours, starting {day}: all records are within 24 hours."))
            }
            Step::Hours(_) => Some(format!("Axis in hours, starting {day}.")),
            Step::Weeks => Some(format!("Axis in weeks, starting {day}.")),
            _ => None,
        }
    }

    /// The labels of rules: of all, or of every second, third and so on, so that they do not touch.
    fn labels_of(&self, rules: &[DateTime]) -> Vec<AxisLabel> {
        let label = |rule: &DateTime| AxisLabel {
            at: self.at(seconds(*rule)),
            text: self.step.label(*rule),
            odd: false,
            narrow: false,
        };
        // The last label would be after the end of the axis.
        let mut labels: Vec<AxisLabel> =
            rules.iter().map(label).filter(|label| label.end() <= Share::END.0).collect();
        let apart = |every: usize| {
            let kept: Vec<&AxisLabel> = labels.iter().step_by(every).collect();
            kept.windows(2).all(|pair| matches!(pair, [left, right] if left.end() + free() <= right.at.0))
        };
        let every = (1..labels.len()).find(|every| apart(*every)).unwrap_or(labels.len().max(1));
        labels = labels.into_iter().step_by(every).collect();
        for (at, label) in labels.iter_mut().enumerate() {
            (label.odd, label.narrow) = (at % 2 == 1, at % 4 != 0);
        }
        labels
    }
}

impl End {
    /// The second, limited to the latest possible one.
    fn second(self) -> u64 {
        let (Self::Data(second) | Self::Window(second)) = self;
        second.min(LATEST_PLAUSIBLE)
    }
}

/// The gap after a label, in ten-thousandths of the axis.
const fn free() -> u32 {
    (GAP * Share::END.0).div_ceil(LEAST_PLOT)
}

impl AxisLabel {
    /// The end of its text at 7 px per character, on the narrowest plot.
    fn end(&self) -> u32 {
        let px = 3 + 7 * u32::try_from(self.text.len()).unwrap_or_default();
        self.at.0 + (px * Share::END.0).div_ceil(LEAST_PLOT)
    }
}

impl Step {
    /// The step for a span in seconds.
    fn of(span: u64) -> Self {
        match span {
            _ if span >= 3 * YEAR => {
                let few = |years: &i16| span / YEAR / u64::from(years.unsigned_abs()) < MOST_YEARS;
                Self::Years([1, 2, 5, 10].into_iter().find(few).unwrap_or(20))
            }
            _ if span > 18 * YEAR / 12 => Self::Quarters,
            _ if span >= 4 * YEAR / 12 => Self::Months,
            _ if span >= 10 * DAY => Self::Weeks,
            _ if span >= 36 * HOUR => Self::Days,
            _ if span >= 24 * HOUR => Self::Hours(2),
            _ if span >= 2 * HOUR => Self::Hours(1),
            _ if span >= HOUR => Self::Minutes(15),
            _ if span >= 20 * MINUTE => Self::Minutes(5),
            _ if span >= 3 * MINUTE => Self::Minutes(1),
            _ if span >= MINUTE => Self::Seconds(15),
            _ if span >= 20 => Self::Seconds(5),
            1.. => Self::Seconds(1),
            // A single moment is shown within its hour.
            0 => Self::Hours(1),
        }
    }

    /// The rules from one end to the other: those to which data are extended, or those within a window.
    fn rules(self, first: End, last: End) -> Vec<DateTime> {
        let (from, to) = (first.second(), last.second());
        let mut rules = vec![self.before(civil(from))];
        // A step is at least a 60th of the span: see the test.
        while rules.last().is_some_and(|rule| seconds(*rule) < to || rules.len() == 1) && rules.len() < 100 {
            let next = rules.last().and_then(|rule| self.after(*rule));
            let Some(next) = next else { break };
            rules.push(next);
        }
        rules.retain(|rule| {
            let rule = seconds(*rule);
            (matches!(first, End::Data(_)) || rule >= from) && (matches!(last, End::Data(_)) || rule <= to)
        });
        rules
    }

    /// The last rule at or before a moment.
    fn before(self, moment: DateTime) -> DateTime {
        let day = moment.date();
        let start = match self {
            Self::Seconds(step) => {
                return day.at(moment.hour(), moment.minute(), whole(moment.second(), step), 0);
            }
            Self::Minutes(step) => return day.at(moment.hour(), whole(moment.minute(), step), 0, 0),
            Self::Hours(step) => return day.at(whole(moment.hour(), step), 0, 0, 0),
            Self::Days => day,
            Self::Weeks => day.saturating_sub(i32::from(day.weekday().to_monday_zero_offset()).days()),
            Self::Months => day.first_of_month(),
            Self::Quarters => date(day.year(), (day.month() - 1) / 3 * 3 + 1, 1),
            Self::Years(years) => date(day.year() - day.year() % years, 1, 1),
        };
        // The axis does not start before the epoch, because times are counted from it.
        start.at(0, 0, 0, 0).max(EPOCH)
    }

    /// The rule after a rule.
    fn after(self, rule: DateTime) -> Option<DateTime> {
        rule.checked_add(self.span()).ok()
    }

    fn span(self) -> Span {
        match self {
            Self::Seconds(seconds) => i32::from(seconds).seconds(),
            Self::Minutes(minutes) => i32::from(minutes).minutes(),
            Self::Hours(hours) => i32::from(hours).hours(),
            Self::Days => 1.day(),
            Self::Weeks => 1.week(),
            Self::Months => 1.month(),
            Self::Quarters => 3.months(),
            Self::Years(years) => i32::from(years).years(),
        }
    }

    fn label(self, rule: DateTime) -> String {
        match self {
            Self::Seconds(_) => rule.strftime("%H:%M:%S").to_string(),
            Self::Hours(_) | Self::Minutes(_) => rule.strftime("%H:%M").to_string(),
            Self::Days => rule.strftime("%Y-%m-%d").to_string(),
            Self::Weeks => rule.strftime("%m-%d").to_string(),
            Self::Months => rule.strftime("%Y-%m").to_string(),
            Self::Quarters => format!("{} Q{}", rule.year(), (rule.month() - 1) / 3 + 1),
            Self::Years(_) => rule.year().to_string(),
        }
    }
}

/// The multiple of a step at or before a number.
fn whole(number: i8, step: u8) -> i8 {
    number - number % i8::try_from(step).unwrap_or(1).max(1)
}

const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// The second as a date in UTC; the epoch if there is no such date, which clamping prevents.
fn civil(second: u64) -> DateTime {
    let timestamp = i64::try_from(second).ok().and_then(|second| Timestamp::from_second(second).ok());
    timestamp.map_or(EPOCH, |timestamp| Offset::UTC.to_datetime(timestamp))
}

fn seconds(moment: DateTime) -> u64 {
    let span = moment.since((Unit::Second, EPOCH));
    span.ok().and_then(|span| u64::try_from(span.get_seconds()).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cof::time::parse_date;
    use proptest::prelude::*;

    fn axis(first: &str, last: &str) -> Axis {
        let second = |text| parse_date(text).unwrap().seconds;
        Axis::new(End::Data(second(first)), End::Data(second(last)))
    }

    fn window(first: &str, last: &str) -> Axis {
        let second = |text| parse_date(text).unwrap().seconds;
        Axis::new(End::Window(second(first)), End::Window(second(last)))
    }

    fn words(axis: Axis) -> String {
        axis.labels.into_iter().map(|label| label.text).collect::<Vec<_>>().join(" ")
    }

    fn labels(first: &str, last: &str) -> String {
        words(axis(first, last))
    }

    #[test]
    fn each_span_has_its_step() {
        assert_eq!(labels("2014-08-21", "2019-01-02"), "2014 2015 2016 2017 2018 2019");
        assert_eq!(
            labels("2017-02-01", "2019-01-15"),
            "2017 Q1 2017 Q2 2017 Q3 2017 Q4 2018 Q1 2018 Q2 2018 Q3 2018 Q4 2019 Q1"
        );
        assert_eq!(labels("2017-02-09", "2017-06-30"), "2017-02 2017-03 2017-04 2017-05 2017-06");
        assert_eq!(labels("2017-05-23", "2017-06-10"), "05-22 05-29 06-05");
        assert_eq!(labels("2017-05-23 07:00:00", "2017-05-25 01:00:00"), "2017-05-23 2017-05-24 2017-05-25");
        assert_eq!(labels("2017-05-23 07:19:43", "2017-05-23 10:02:48"), "07:00 08:00 09:00 10:00");
        assert_eq!(labels("2017-05-23 23:59:59", "2017-05-23 23:59:59"), "23:00");
        assert_eq!(labels("2017-05-23", "2017-05-23"), "00:00");
    }

    #[test]
    fn a_window_is_the_axis_and_labels_are_steps_within_it() {
        let years = window("2019-05-07", "2024-05-06 23:59:59");
        assert_eq!((years.start(), years.end()), (1_557_187_200, 1_715_039_999));
        assert_eq!((years.lines[0], *years.lines.last().unwrap()), (Share(0), Share::END));
        assert_eq!(words(years), "2020 2021 2022 2023 2024");
        let minutes = window("2020-05-05 14:02:30", "2020-05-05 14:08:29");
        assert!(minutes.note().unwrap().starts_with("Axis in minutes, starting 2020-05-05"));
        assert_eq!(words(minutes), "14:03 14:04 14:05 14:06 14:07 14:08");
        let seconds = window("2020-05-05 14:02:30", "2020-05-05 14:02:40");
        assert_eq!(
            words(seconds),
            "14:02:30 14:02:31 14:02:32 14:02:33 14:02:34 14:02:35 14:02:36 14:02:37 14:02:38 14:02:39"
        );
        // One second is also a window.
        let one = window("2020-05-05", "2020-05-05");
        assert_eq!(one.end() - one.start(), 1);
        // The other end is that of the data, extended.
        let second = |text| parse_date(text).unwrap().seconds;
        let half = Axis::new(End::Window(second("2020-05-05")), End::Data(second("2024-01-02")));
        assert_eq!((half.start(), half.end()), (second("2020-05-05"), second("2024-04-01")));
    }

    #[test]
    fn rules_lie_evenly_and_print_short() {
        let axis = axis("2017-05-23 07:19:43", "2017-05-23 10:02:48");
        let lines: Vec<_> = axis.lines.iter().map(Share::to_string).collect();
        assert_eq!(lines, ["0%", "25%", "50%", "75%", "100%"]);
        assert_eq!([Share(490), Share(1624), Share(5)].map(|s| s.to_string()), ["4.9%", "16.24%", "0.05%"]);
        assert!(axis.note().unwrap().ends_with("starting 2017-05-23: all records are within 24 hours."));
    }

    #[test]
    fn a_flag_takes_the_labels_under_it_and_flips_near_the_end() {
        let mut axis = axis("2014-08-21", "2026-11-19");
        let flag = axis.flag(parse_date("2022-06-01").unwrap().seconds).unwrap();
        assert_eq!((flag.at.to_string().as_str(), flag.left), ("64.72%", false));
        let labels: Vec<_> = axis.labels.iter().map(|label| label.text.as_str()).collect();
        let all = "2014 2015 2016 2017 2018 2019 2020 2021 2024 2025 2026";
        assert_eq!(labels.join(" "), all);
        assert!(axis.labels.iter().filter(|label| label.at.0 > 6_472).all(|label| label.narrow));
        assert!(!axis.labels.iter().any(|label| label.text == "2018" && label.narrow));
        assert!(axis.flag(parse_date("2026-06-01").unwrap().seconds).unwrap().left);
        assert_eq!(axis.flag(0), None);
    }

    proptest! {
        #[test]
        fn any_axis_holds_its_data_between_a_bounded_number_of_rules(first: u64, last: u64, narrow in 0u64..1 << 34) {
            for last in [last, first.saturating_add(narrow), first] {
                let axis = Axis::new(End::Data(first), End::Data(last));
                let exact = Axis::new(End::Window(first), End::Window(last));
                let plausible = |second: u64| second.min(LATEST_PLAUSIBLE);
                let (least, most) = (plausible(first.min(last)), plausible(first.max(last)));
                prop_assert_eq!((exact.start, exact.end), (least, most.max(least + 1)));
                for axis in [&axis, &exact] {
                    // On a plot of 720 px, there is a gap of 8 px between two labels of 7 px per character.
                    let px = |label: &AxisLabel| label.at.0 * 720 / 10_000;
                    let width = |label: &AxisLabel| 3 + 7 * u32::try_from(label.text.len()).unwrap();
                    prop_assert!(axis.labels.windows(2).all(|pair| px(&pair[0]) + width(&pair[0]) + 7 <= px(&pair[1])));
                    prop_assert!((2..=62).contains(&axis.lines.len()), "{} rules", axis.lines.len());
                    prop_assert!(axis.lines.is_sorted() && axis.lines[0] == Share(0));
                    prop_assert_eq!(axis.lines.last(), Some(&Share::END));
                }
                if most > least + 1 {
                    prop_assert!(!exact.labels.is_empty(), "{exact:?}");
                }
                prop_assert!((2..=62).contains(&axis.lines.len()), "{} rules", axis.lines.len());
                prop_assert!(axis.lines.is_sorted() && axis.lines[0] == Share(0));
                prop_assert_eq!(axis.lines.last(), Some(&Share::END));
                prop_assert!(axis.start <= plausible(first.min(last)) && axis.end >= plausible(first.max(last)));
                prop_assert!(axis.labels.windows(2).all(|pair| pair[0].at <= pair[1].at));
            }
        }
    }
}
