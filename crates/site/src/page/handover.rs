//! Hand over: what a document for another platform would have, and the document itself.
//!
//! The page is one form. Its first button shows again what the document would have; each of the others downloads it in a kind.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use axum::routing::get;
use edge::problem::Problem;
use export::misp::Distribution;
use export::{Format, Handover, Kind};
use operation::Tlp;
use picture::timeline::words::{counted, figure};

use super::{Frame, encoded, show};
use crate::access::Visitor;
use crate::handovers::{self, Choices, HandoverWish};
use crate::listed::{Wish, written};
use crate::pushes::{self, Offered};
use crate::site::Shared;

/// The path of the page.
const PATH: &str = "/handover";
/// How many values that are held back are named.
const NAMED: usize = 20;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route(PATH, get(look)).route("/handover/{format}", get(file))
}

/// The address for the history of a value.
pub(crate) fn of_history(value: &str) -> String {
    format!("{PATH}?history={}", encoded(value))
}

/// The address for the indicators of the library that match these filters.
pub(super) fn of_library(filters: &Wish) -> String {
    let narrowed = [
        ("type", &filters.kind),
        ("status", &filters.status),
        ("marked", &filters.tlp),
        ("source", &filters.source),
        ("tag", &filters.tag),
        ("search", &filters.q),
    ];
    let narrowed = narrowed.into_iter().map(|(name, value)| (name, value.trim()));
    format!("{PATH}?{}", written(std::iter::once(("library", "true")).chain(narrowed)))
}

#[derive(Template)]
#[template(path = "handover.html")]
struct Page {
    frame: Frame,
    wish: HandoverWish,
    /// What the document would have, or why there is none.
    handover: Result<Box<Handover>, String>,
    /// The platforms that it can be sent to.
    platforms: Vec<Offered>,
}

async fn look(
    State(site): State<Shared>,
    frame: Frame,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let mut wish = wish(&uri)?;
    let is_chosen = has_choices(&uri);
    if !is_chosen {
        wish.choose(&Choices::of(&site, &headers));
    }
    let handover = match handovers::look(&site, &wish).await {
        Ok(handover) => Ok(Box::new(handover)),
        // What the options of the form can change is said beside them.
        Err(problem) if problem.status.is_client_error() && !is_missing(&problem) => Err(problem.detail),
        Err(problem) => return Err(problem),
    };
    let choices = Choices::from(&wish);
    let platforms = site.desk.read(pushes::offered).await?;
    let page = show(&Page { frame, wish, handover, platforms })?;
    Ok(if is_chosen { choices.kept_with(&site, page) } else { page })
}

async fn file(
    State(site): State<Shared>,
    _: Visitor,
    Path(format): Path<String>,
    uri: Uri,
) -> Result<Response, Problem> {
    let wish = wish(&uri)?;
    let file = handovers::file(&site, &format, &wish).await?;
    Ok(if has_choices(&uri) { Choices::from(&wish).kept_with(&site, file) } else { file })
}

/// Whether the address is that of the form, which always has this field.
fn has_choices(uri: &Uri) -> bool {
    let pairs = uri.query().unwrap_or_default().split('&');
    pairs.filter_map(|pair| pair.split_once('=')).any(|(name, _)| name == "max_tlp")
}

fn wish(uri: &Uri) -> Result<HandoverWish, Problem> {
    let wish = Query::<HandoverWish>::try_from_uri(uri);
    wish.map(|Query(wish)| wish).map_err(|error| Problem::bad_request(error.body_text()))
}

fn is_missing(problem: &Problem) -> bool {
    problem.status == axum::http::StatusCode::NOT_FOUND
}

impl Page {
    /// What it is about, as hidden fields of the form.
    fn subject(&self) -> Vec<(&'static str, String)> {
        let wish = &self.wish;
        let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
        let fields = [
            ("run", number(wish.run)),
            ("history", wish.history.clone()),
            ("investigation", number(wish.investigation)),
            ("library", if wish.library { "true".to_owned() } else { String::new() }),
            ("type", wish.kind.clone()),
            ("status", wish.status.clone()),
            ("source", wish.source.clone()),
            ("tag", wish.tag.clone()),
            ("marked", wish.marked.clone()),
            ("search", wish.search.clone()),
        ];
        fields.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }

    /// The page that it belongs to: its address and name.
    fn origin(&self) -> (String, &'static str) {
        let wish = &self.wish;
        if let Some(id) = wish.run {
            (format!("/runs/{id}"), "Run")
        } else if let Some(id) = wish.investigation {
            (format!("/investigations/{id}"), "Investigation")
        } else if wish.library {
            ("/library".to_owned(), "Threat Library")
        } else {
            (super::history_address(&wish.history), "History")
        }
    }

    /// The levels: word, name, and whether it is the chosen one.
    fn levels(chosen: &str) -> impl Iterator<Item = (&'static str, String, bool)> {
        let chosen = chosen.trim().parse::<Tlp>().ok();
        Tlp::ALL.into_iter().map(move |tlp| (tlp.word(), tlp.to_string(), chosen == Some(tlp)))
    }

    /// The distributions: word, name, and whether it is the chosen one.
    fn distributions(&self) -> impl Iterator<Item = (&'static str, &'static str, bool)> {
        let chosen = self.wish.distribution.parse().unwrap_or_default();
        Distribution::ALL.into_iter().map(move |one| {
            let name = match one {
                Distribution::Organisation => "Your organisation only",
                Distribution::Community => "This community only",
                Distribution::Connected => "Connected communities",
                Distribution::All => "All communities",
            };
            (one.word(), name, one == chosen)
        })
    }

    /// The kinds of documents: word and name.
    fn formats() -> [(&'static str, &'static str); 5] {
        Format::ALL.map(|format| {
            let name = match format {
                Format::Cof => "COF",
                Format::Csv => "CSV",
                Format::Json => "JSON",
                Format::Misp => "MISP event",
                Format::Stix => "STIX 2.1",
            };
            (format.word(), name)
        })
    }

    fn title(&self) -> &str {
        self.handover.as_ref().map_or("Hand over", |handover| &handover.title)
    }

    fn figures(handover: &Handover) -> [(&'static str, String); 3] {
        [
            ("indicators", figure(handover.values.len())),
            ("records", figure(handover.rows.len())),
            ("relationships of the library", figure(handover.links.len())),
        ]
    }

    /// What is held back, one line for each value and for the rest.
    fn held(&self) -> Vec<String> {
        let Ok(handover) = &self.handover else { return Vec::new() };
        let named =
            handover.held.iter().take(NAMED).map(|(indicator, tlp)| format!("{indicator}, marked {tlp}"));
        let mut lines: Vec<String> = named.collect();
        let more = handover.held.len().saturating_sub(NAMED);
        for (count, what) in
            [(more, "more value"), (handover.held_rows, "record"), (handover.held_texts, "text")]
        {
            if count > 0 {
                lines.push(counted(count, what));
            }
        }
        lines
    }

    /// Whether records can be chosen.
    fn has_records(&self) -> bool {
        self.handover.as_ref().map_or(true, |handover| handover.kind != Kind::Library)
    }
}
