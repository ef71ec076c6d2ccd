//! The answer in figures: how its rows are distributed, with more values than beside the table.

use std::sync::Arc;

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use edge::problem::Problem;
use picture::timeline::words::{day, figure};

use super::Looked;
use super::head::Head;
use super::side::narrowed;
use crate::explorer::{Facet, Found, Word};
use crate::page::{Frame, show};

#[derive(Template)]
#[template(path = "explorer-summary.html")]
struct Page {
    frame: Frame,
    head: Head,
    tables: Vec<Distribution>,
}

/// The values of one facet.
struct Distribution {
    title: &'static str,
    total: String,
    lines: Vec<Line>,
    /// How many values are not listed.
    more: String,
    is_mono: bool,
}

struct Line {
    value: String,
    class: &'static str,
    address: String,
    here: bool,
    rows: String,
    share: usize,
    first: String,
    last: String,
}

pub(super) async fn look(looked: Looked) -> Result<Response, Problem> {
    let Some(found) = looked.found().map(Arc::clone) else {
        return Ok(Redirect::to(&looked.links("").with(&[])).into_response());
    };
    let head = Head::of(&looked, "/summary").await?;
    let facets = found.facets().all.iter().filter(|facet| !facet.values.is_empty());
    let tables = facets.map(|facet| Distribution::of(&found, facet)).collect();
    show(&Page { tables, head, frame: looked.frame })
}

impl Distribution {
    fn of(found: &Found, facet: &Facet) -> Self {
        let most = facet.values.first().map_or(1, |tally| tally.rows.max(1));
        let line = |tally: &crate::explorer::Tally| {
            let (address, here) = narrowed(found, facet.word, &tally.value, "/summary");
            let (first, last) = tally.span.map(|(first, last)| (day(first), day(last))).unwrap_or_default();
            Line {
                value: tally.value.clone(),
                class: tally.class,
                address,
                here,
                rows: figure(tally.rows),
                share: (tally.rows * 100 / most).max(1),
                first,
                last,
            }
        };
        let more = facet.total - facet.values.len();
        Self {
            title: facet.word.title(),
            total: figure(facet.total),
            lines: facet.values.iter().map(line).collect(),
            more: if more > 0 { figure(more) } else { String::new() },
            is_mono: matches!(facet.word, Word::Domain | Word::Network),
        }
    }
}
