//! What a report in free text contains, before anything is added.

use operation::Indicator;
use operation::report::{Example, Found, LeftOut, Place, Report, Subject};
use serde::Serialize;
use utoipa::ToSchema;

/// The values of a report, and what was left out.
#[derive(Serialize, ToSchema)]
pub struct ReportPreview {
    /// The different values, in the order of their first places; at most 10,000.
    found: Vec<FoundValue>,
    /// What looks like a value and is none, by kind.
    left_out: Vec<LeftOutKind>,
    /// How many different values the report has, including those beyond 10,000.
    total: u64,
}

/// A value of a report.
#[derive(Serialize, ToSchema)]
pub struct FoundValue {
    /// A warning about the indicator. Left out if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    caution: Option<String>,
    /// How many places it has.
    count: u64,
    /// Why it should not be taken without a look; null if there is no reason.
    #[schema(required)]
    doubt: Option<String>,
    /// Its first places; at most 20.
    places: Vec<ValuePlace>,
    /// Whether it is taken.
    selected: bool,
    /// Its type; null for a network or a range, which stands for its addresses.
    #[schema(required)]
    r#type: Option<&'static str>,
    /// The readable form of an internationalised name. Left out if the value is readable.
    #[serde(skip_serializing_if = "Option::is_none")]
    unicode: Option<String>,
    /// The indicator, or the network or range.
    value: String,
    /// As it is written in its first place.
    written: String,
}

/// A place in a report.
#[derive(Serialize, ToSchema)]
pub struct ValuePlace {
    /// The first character in the line, from 1.
    column: u64,
    /// The line, from 1.
    line: u64,
}

/// Values of a kind that were left out.
#[derive(Serialize, ToSchema)]
pub struct LeftOutKind {
    /// How many different ones there are.
    count: u64,
    /// The first of them; at most 20.
    examples: Vec<LeftOutExample>,
    /// What one is called, such as `hash`.
    kind: &'static str,
}

/// A value that was left out.
#[derive(Serialize, ToSchema)]
pub struct LeftOutExample {
    /// The first character in the line, from 1.
    column: u64,
    /// The line, from 1.
    line: u64,
    /// As it is written, cut with an ellipsis if it is long.
    text: String,
}

/// What a report contains; `selected` says of each value whether it is taken.
pub fn preview(report: &Report, selected: &[bool]) -> ReportPreview {
    let selected = selected.iter().copied().chain(std::iter::repeat(false));
    ReportPreview {
        found: report.found.iter().zip(selected).map(|(one, selected)| found(one, selected)).collect(),
        left_out: report.left_out.iter().map(left_out).collect(),
        total: report.total,
    }
}

fn found(found: &Found, selected: bool) -> FoundValue {
    let indicator = match &found.subject {
        Subject::Indicator(indicator) => Some(indicator),
        Subject::Network(_) => None,
    };
    FoundValue {
        caution: found.caution().map(|caution| caution.to_string()),
        count: found.count,
        doubt: found.doubt.as_ref().map(ToString::to_string),
        places: found.places.iter().map(place).collect(),
        selected,
        r#type: indicator.map(|indicator| indicator.kind().name()),
        unicode: indicator.and_then(Indicator::unicode),
        value: found.subject.to_string(),
        written: found.written.clone(),
    }
}

fn place(place: &Place) -> ValuePlace {
    ValuePlace { column: place.column, line: place.line }
}

fn left_out(left: &LeftOut) -> LeftOutKind {
    let example = |one: &Example| LeftOutExample {
        column: one.place.column,
        line: one.place.line,
        text: one.written.clone(),
    };
    LeftOutKind {
        count: left.count,
        examples: left.examples.iter().map(example).collect(),
        kind: left.kind.nouns().0,
    }
}
