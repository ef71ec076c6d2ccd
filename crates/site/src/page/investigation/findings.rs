//! What the answers about all members propose, as one selection: a preview of what adding would do, and adding.

use std::collections::HashSet;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use edge::problem::Problem;
use operation::Indicator;
use workbench::Workbench;
use workbench::investigation::{Choice, FoundIndicator};
use workbench::library::{Count, Tally};

use super::head::{Head, Tab};
use super::ticked;
use crate::access::{Fields, May, Posted, needs::EditLibrary};
use crate::page::{Frame, go, show};
use crate::site::{Shared, Site};

/// The most indicators that are listed, those that most members propose first.
const SHOWN: usize = 1_000;

#[derive(Template)]
#[template(path = "investigation-findings.html")]
struct Page {
    frame: Frame,
    head: Head,
    rows: Vec<Row>,
    /// How many indicators are proposed, listed or not.
    total: usize,
    /// How many of them have a caution.
    flagged: usize,
    preview: Option<Preview>,
    /// Whether the library has changed since the preview that was confirmed.
    is_recounted: bool,
}

/// A proposed indicator.
struct Row {
    found: FoundIndicator,
    is_ticked: bool,
}

/// What adding would do.
struct Preview {
    tally: Tally,
    /// Whether it is about everything without a caution.
    is_all: bool,
}

pub(super) async fn look(
    State(site): State<Shared>,
    frame: Frame,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    page(&site, frame, id, None, false).await
}

/// Previews or adds what is ticked, or everything without a caution.
pub(super) async fn add(
    State(site): State<Shared>,
    frame: Frame,
    may: May<EditLibrary>,
    Path(id): Path<i64>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let choice = choice(&sent)?;
    if sent.text("do") != "add" {
        return page(&site, frame, id, Some((choice, may.name())), false).await;
    }
    let (wanted, counted) = (choice.clone(), sent.text("counted").to_owned());
    let add = move |workbench: &mut Workbench| {
        let findings = workbench.member_findings(id)?;
        if mark(&workbench.preview_member_findings(&findings, &wanted)?) != counted {
            return Ok(None);
        }
        workbench.add_member_findings(&findings, &wanted).map(Some)
    };
    match site.desk.change(may.name(), add).await? {
        None => page(&site, frame, id, Some((choice, may.name())), true).await,
        Some(tally) => {
            let is_new = tally.indicators.new + tally.attributes.new + tally.relationships.new > 0;
            Ok(go(&format!("/investigations/{id}/findings"), if is_new { "run-added" } else { "run-known" }))
        }
    }
}

/// The choice in a form.
fn choice(sent: &Fields) -> Result<Choice, Problem> {
    if sent.text("choice") == "all" {
        return Ok(Choice::All);
    }
    let values: HashSet<Indicator> = ticked(sent)?.into_iter().collect();
    if values.is_empty() {
        return Err(Problem::bad_request("no indicator is ticked: tick at least one"));
    }
    Ok(Choice::Values(values))
}

async fn page(
    site: &Site,
    frame: Frame,
    id: i64,
    picked: Option<(Choice, &str)>,
    is_recounted: bool,
) -> Result<Response, Problem> {
    let head = Head::of(site, id, Tab::Findings, &frame).await?;
    let (preview, found, choice) = match picked {
        None => (None, site.desk.read(move |workbench| workbench.member_findings(id)).await?.found, None),
        Some((choice, actor)) => {
            let preview = move |workbench: &mut Workbench| {
                let findings = workbench.member_findings(id)?;
                let tally = workbench.preview_member_findings(&findings, &choice)?;
                let preview = Preview { tally, is_all: choice == Choice::All };
                Ok((Some(preview), findings.found, Some(choice)))
            };
            site.desk.change(actor, preview).await?
        }
    };
    let (total, flagged) = (found.len(), found.iter().filter(|one| one.caution.is_some()).count());
    let rows = found.into_iter().take(SHOWN).map(|found| {
        let is_ticked = match &choice {
            None => false,
            Some(Choice::All) => found.caution.is_none(),
            Some(Choice::Values(values)) => values.contains(&found.indicator),
        };
        Row { found, is_ticked }
    });
    show(&Page { frame, head, rows: rows.collect(), total, flagged, preview, is_recounted })
}

/// Identifies what a preview showed.
fn mark(tally: &Tally) -> String {
    let Tally { indicators, attributes, relationships } = tally;
    let counts = [indicators, attributes, relationships].map(|count| {
        let Count { new, known, whitelisted, removed, over_cap } = count;
        format!("{new}.{known}.{whitelisted}.{removed}.{over_cap}")
    });
    counts.join("-")
}

impl Page {
    fn may_add(&self) -> bool {
        self.frame.may_edit() && !self.head.is_removed()
    }
}

impl Preview {
    fn mark(&self) -> String {
        mark(&self.tally)
    }

    /// How much would be new.
    fn new_ones(&self) -> u64 {
        let Tally { indicators, attributes, relationships } = &self.tally;
        indicators.new + attributes.new + relationships.new
    }

    /// Indicators, attributes and relationships, each with what would become of them.
    fn lines(&self) -> [(&'static str, Count); 3] {
        let Tally { indicators, attributes, relationships } = self.tally;
        [("Indicators", indicators), ("Attributes", attributes), ("Relationships", relationships)]
    }
}

impl Row {
    /// The name in Unicode, if it differs.
    fn unicode(&self) -> Option<String> {
        picture::text::beside(&self.found.indicator.to_string())
    }

    /// What the library has.
    fn library(&self) -> &'static str {
        match &self.found.library {
            None => "New",
            Some(entry) if entry.removed_at.is_some() => "Removed",
            Some(entry) => entry.status.name(),
        }
    }
}
