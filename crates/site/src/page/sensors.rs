//! The page of what feeds the database of this server: its collectors, with their states, rates and what they did not store.
//!
//! With scripts, the figures are loaded again every two seconds: each is an element with an id, which the answer replaces, so that
//! reasons stay open and the focus stays where it is. Without scripts, the whole page is loaded again.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use edge::problem::Problem;
use intake::collector::{Collector, Source};
use intake::forward::Route;
use intake::status::{Figures, State as Standing};

use super::{Frame, show};
use crate::page::stamp::Stamp;
use crate::site::{Shared, Site};
use picture::timeline::words::{counted, length, thousands};

const PATH: &str = "/sensors";

pub(super) fn routes() -> Router<Shared> {
    Router::new().route(PATH, get(look)).route("/sensors/figures", get(refresh))
}

#[derive(Template)]
#[template(path = "sensors.html")]
struct Page {
    frame: Frame,
    lines: Vec<Line>,
    sums: Sums,
    /// Whether the figures replace those of a page that is shown.
    again: bool,
}

/// The figures alone.
#[derive(Template)]
#[template(path = "sensors-figures.html")]
struct Update {
    lines: Vec<Line>,
    sums: Sums,
    again: bool,
}

/// One collector.
struct Line {
    name: String,
    source: String,
    format: String,
    /// The class of its state, and the state in words.
    class: &'static str,
    state: &'static str,
    /// More about the state.
    more: String,
    /// What becomes of its records at another server, and what is wrong there.
    forward: Option<(String, String)>,
    since: Stamp,
    rate: String,
    records: String,
    last: Option<(Stamp, String)>,
    not_stored: String,
    reasons: Vec<(String, String)>,
}

/// All collectors together.
struct Sums {
    receiving: usize,
    rate: String,
    records: String,
    rejected: String,
    dropped: String,
    lost: String,
}

async fn look(State(site): State<Shared>, frame: Frame) -> Result<Response, Problem> {
    let (lines, sums) = figures(&site);
    show(&Page { frame, lines, sums, again: false })
}

async fn refresh(State(site): State<Shared>, _: Frame, headers: HeaderMap) -> Result<Response, Problem> {
    // The figures alone are not a page.
    if !headers.contains_key("hx-request") {
        return Ok(Redirect::to(PATH).into_response());
    }
    let (lines, sums) = figures(&site);
    show(&Update { lines, sums, again: true })
}

fn figures(site: &Site) -> (Vec<Line>, Sums) {
    let now = site.desk.clock().seconds();
    let all: Vec<(&Collector, Figures)> =
        site.collectors.iter().map(|collector| (collector, collector.status.figures())).collect();
    let sum = |value: fn(&Figures) -> u64| thousands(all.iter().map(|(_, figures)| value(figures)).sum());
    let sums = Sums {
        receiving: all.iter().filter(|(_, figures)| figures.state == Standing::Receiving).count(),
        rate: sum(|figures| figures.rate),
        records: sum(|figures| figures.tally.records),
        rejected: sum(|figures| figures.tally.left_out()),
        dropped: sum(|figures| figures.tally.dropped()),
        lost: sum(|figures| figures.lost),
    };
    (all.iter().map(|(collector, figures)| Line::of(collector, figures, now)).collect(), sums)
}

impl Line {
    fn of(collector: &Collector, figures: &Figures, now: u64) -> Self {
        let is_file = matches!(collector.source, Source::File(..));
        let (class, state, more) = match &figures.state {
            Standing::Receiving if is_file => ("on", "Following", String::new()),
            Standing::Receiving => {
                ("on", "Receiving", format!("from {}", counted(figures.senders, "sender")))
            }
            Standing::Waiting if is_file => ("", "Waiting", "for the file to have content".to_owned()),
            Standing::Waiting => ("", "Waiting", "for a sender".to_owned()),
            Standing::Stopped => ("expired", "Stopped", String::new()),
            Standing::Failed(why) => ("failed", "Failed:", why.to_string()),
        };
        Self {
            name: collector.name.to_string(),
            source: collector.source.to_string(),
            format: figures.format.map(|format| format.to_string()).unwrap_or_default(),
            class,
            state,
            more,
            forward: collector.route.as_deref().map(forward),
            since: stamp(figures.since),
            rate: thousands(figures.rate),
            records: thousands(figures.tally.records),
            last: figures.last_record.map(|at| (stamp(at), ago(now.saturating_sub(at)))),
            not_stored: not_stored(figures, collector.route.as_deref()),
            reasons: reasons(figures, collector.route.as_deref()),
        }
    }
}

/// What becomes of the records at another server, and what is wrong there.
fn forward(route: &Route) -> (String, String) {
    let figures = route.status().figures();
    let text = format!(
        "To {}: {} sent, {} waiting",
        route.destination().address(),
        thousands(figures.sent_records + figures.repeated_records),
        thousands(figures.waiting_records),
    );
    (text, figures.trouble().unwrap_or_default().to_owned())
}

fn stamp(seconds: u64) -> Stamp {
    Stamp::of(i64::try_from(seconds).unwrap_or(i64::MAX))
}

fn ago(seconds: u64) -> String {
    if seconds < 2 { "now".to_owned() } else { format!("{} ago", length(seconds)) }
}

fn not_stored(figures: &Figures, route: Option<&Route>) -> String {
    let (rejected, dropped) = (figures.tally.left_out(), figures.tally.dropped());
    let undelivered = route.map_or(0, |route| route.status().figures().missing_records());
    let lost = Some(figures.lost + undelivered)
        .filter(|lost| *lost > 0)
        .map(|lost| format!(", {} lost", thousands(lost)));
    format!("{} rejected, {} dropped{}", thousands(rejected), thousands(dropped), lost.unwrap_or_default())
}

/// Why something was not stored, and how often.
fn reasons(figures: &Figures, route: Option<&Route>) -> Vec<(String, String)> {
    let rejected =
        figures.tally.left_out.iter().map(|(why, place)| (format!("rejected: {why}"), place.count));
    let dropped = figures.tally.dropped.iter().map(|(why, place)| (format!("dropped: {why}"), place.count));
    let others = [
        ("lost: the database had no room when the collector ended", figures.lost),
        ("times the file was truncated or rewritten", figures.restarts),
    ];
    let others =
        others.into_iter().filter(|(_, count)| *count > 0).map(|(why, count)| (why.to_owned(), count));
    let undelivered = route.map(|route| route.status().figures().missing()).into_iter().flatten();
    let undelivered = undelivered.filter(|(_, count)| *count > 0);
    let undelivered = undelivered.map(|(why, count)| (format!("lost: {}", said(why)), count));
    rejected
        .chain(dropped)
        .chain(others)
        .chain(undelivered)
        .map(|(why, count)| (why, thousands(count)))
        .collect()
}

/// Why records do not reach the other server.
fn said(word: &str) -> &'static str {
    match word {
        "spool_full" => "the spool was full",
        "refused" => "the other server refused the batch",
        "damaged" => "the batch was damaged on the disk",
        "rejected" => "the other server could not use the record",
        _ => "the disk took nothing when the collector ended",
    }
}
