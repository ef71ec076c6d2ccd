//! Figures: what a benchmark measures, each in one line with its unit and its goal.
//!
//! ```text
//! figure: NAME | VALUE | UNIT | GOAL
//! figure: one query, start to exit       |       11.3 | ms                     | at most 50
//! figure: 1,000 values from a file       |        5.1 | times pypdns           | at least 5
//! ```
//!
//! A benchmark prints a [`Figure`]; `cargo xtask bench` reads the line again with [`Figure::read`], so this file is compiled into
//! both and uses nothing but the standard library. Values are rounded as they are printed: to two digits below 10, and to three
//! otherwise. A unit that begins with `of` or `times` makes the figure a ratio ([`Figure::is_ratio`]), which depends less on the
//! machine than the others. The goal may be missing.

use std::fmt;

/// The beginning of a line with a figure.
const MARK: &str = "figure: ";

/// A measured value.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// What was measured.
    pub name: String,
    /// The value, in the unit.
    pub value: f64,
    /// `ms`, `values per second`, or for ratios `of the reader alone` and `times pypdns`.
    pub unit: String,
    /// Which value is wanted.
    pub goal: Option<Goal>,
}

/// Which value is wanted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// This value or a larger one.
    AtLeast(f64),
    /// This value or a smaller one.
    AtMost(f64),
}

impl Figure {
    /// A figure without a goal; neither text may contain `|`.
    pub fn new(name: impl Into<String>, value: f64, unit: impl Into<String>) -> Self {
        let figure = Self { name: name.into(), value, unit: unit.into(), goal: None };
        assert!(!figure.name.contains('|') && !figure.unit.contains('|'), "{figure:?}");
        figure
    }

    /// The figure with a goal.
    #[must_use]
    pub fn wanted(self, goal: Goal) -> Self {
        Self { goal: Some(goal), ..self }
    }

    /// Reads a line; `None` if it has no figure.
    pub fn read(line: &str) -> Option<Self> {
        let mut parts = line.strip_prefix(MARK)?.split('|').map(str::trim);
        let (name, value, unit) = (parts.next()?, parts.next()?, parts.next()?);
        let goal = match parts.next().filter(|goal| !goal.is_empty()) {
            None => None,
            Some(goal) => Some(Goal::read(goal)?),
        };
        Some(Self { name: name.to_owned(), value: number(value)?, unit: unit.to_owned(), goal })
    }

    /// Whether a line claims to have a figure.
    pub fn is_in(line: &str) -> bool {
        line.starts_with(MARK)
    }

    /// Whether both sides of the value were measured on the same machine in the same run.
    pub fn is_ratio(&self) -> bool {
        self.unit.starts_with("of ") || self.unit.starts_with("times ")
    }

    /// Whether the goal is missed by more than this share of it; 0 for at all.
    pub fn misses_by(&self, share: f64) -> bool {
        match self.goal {
            None => false,
            Some(Goal::AtLeast(least)) => self.value < least * (1.0 - share),
            Some(Goal::AtMost(most)) => self.value > most * (1.0 + share),
        }
    }

    /// The rounded value with its unit.
    pub fn quantity(&self) -> String {
        format!("{} {}", rounded(self.value), self.unit)
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, value, unit, goal } = self;
        let goal = goal.map(|goal| goal.to_string()).unwrap_or_default();
        write!(out, "{MARK}{name:<60} | {:>10} | {unit:<28} | {goal}", rounded(*value))
    }
}

impl Goal {
    fn read(text: &str) -> Option<Self> {
        match text.strip_prefix("at least ") {
            Some(least) => number(least).map(Self::AtLeast),
            None => number(text.strip_prefix("at most ")?).map(Self::AtMost),
        }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(least) => write!(out, "at least {}", rounded(*least)),
            Self::AtMost(most) => write!(out, "at most {}", rounded(*most)),
        }
    }
}

/// A number as it is read: with the digits that matter, and commas between thousands.
fn rounded(value: f64) -> String {
    // Written with an exponent, a number is rounded to significant digits.
    let short = if value.abs() < 10.0 { format!("{value:.1e}") } else { format!("{value:.2e}") };
    let text = number(&short).unwrap_or(value).to_string();
    let (whole, decimals) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + decimals
}

/// A finite number that is not negative.
fn number(text: &str) -> Option<f64> {
    let value: f64 = text.replace(',', "").parse().ok()?;
    (value.is_finite() && value >= 0.0).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_as_they_are_quoted() {
        for (value, text) in [
            (0.0, "0"),
            (0.031_25, "0.031"),
            (0.4749, "0.47"),
            (5.06, "5.1"),
            (9.96, "10"),
            (11.27, "11.3"),
            (999.6, "1,000"),
            (12_345.0, "12,300"),
            (1_468_921.0, "1,470,000"),
        ] {
            assert_eq!(rounded(value), text, "{value}");
        }
    }

    #[test]
    fn a_line_is_read_as_it_was_printed() {
        for figure in [
            Figure::new("one query, start to exit", 11.3, "ms").wanted(Goal::AtMost(50.0)),
            Figure::new("1,000 values", 5.1, "times pypdns").wanted(Goal::AtLeast(5.0)),
            Figure::new("the reader alone", 2_650_000.0, "records per second"),
        ] {
            assert_eq!(Figure::read(&figure.to_string()), Some(figure));
        }
    }

    #[test]
    fn a_line_that_is_not_a_figure_is_none() {
        for line in [
            "",
            "other: a | 1 | ms |",
            "figure: a | 1",
            "figure: a | one | ms |",
            "figure: a | NaN | ms |",
            "figure: a | inf | ms |",
            "figure: a | 1 | ms | about 2",
            "figure: a | 1 | ms | at least two",
        ] {
            assert_eq!(Figure::read(line), None, "{line}");
        }
        assert!(Figure::is_in("figure: a | one | ms |") && !Figure::is_in("other"));
    }

    #[test]
    fn a_goal_is_missed_by_a_share_of_it() {
        let least = Figure::new("a", 0.41, "of the reader").wanted(Goal::AtLeast(0.5));
        assert!(least.is_ratio() && least.misses_by(0.0) && !least.misses_by(0.2));
        assert!(Figure { value: 0.39, ..least }.misses_by(0.2));
        let most = Figure::new("a", 11.0, "ms").wanted(Goal::AtMost(10.0));
        assert!(!most.is_ratio() && most.misses_by(0.0) && !most.misses_by(0.2));
        assert!(Figure { value: 12.1, ..most.clone() }.misses_by(0.2));
        assert!(!Figure { goal: None, ..most }.misses_by(0.0));
        assert!(Figure::new("a", 5.0, "times pypdns").is_ratio());
    }
}
