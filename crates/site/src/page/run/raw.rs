//! The evidence: the bytes received from the provider, page by page.

use std::io::{Read, copy, sink};

use askama::Template;
use axum::response::Response;
use edge::problem::Problem;
use operation::provider::Orientation;
use workbench::run::Run;
use workbench::{Error, Workbench};

use super::head::{Head, size};
use super::{Looked, progress};
use crate::page::stamp::Stamp;
use crate::page::{Frame, show};
use picture::timeline::words::thousands;

/// How much is shown at a time, in bytes.
const STRETCH: u64 = 64 * 1024;
/// How many lines are shown at a time: each is an element of the page.
const LINES: usize = 1_000;
/// How much of a line is shown, in bytes: a line can be as long as the answer.
const LINE: usize = 8 * 1024;

#[derive(Template)]
#[template(path = "run-raw.html")]
struct Page {
    frame: Frame,
    head: Head,
    lines: Vec<Line>,
    from: u64,
    to: u64,
    bytes: u64,
    back: Option<String>,
    next: Option<String>,
    panels: [Panel; 2],
}

/// The information about the request or the answer.
struct Panel {
    title: &'static str,
    facts: Vec<Fact>,
}

struct Fact {
    label: &'static str,
    text: String,
    /// Whether the value is shown in a fixed-width font, because it is meant for programs.
    mono: bool,
}

/// A line of the body with the error in it.
struct Line {
    offset: u64,
    text: String,
    hurt: bool,
    why: Vec<String>,
}

pub(super) async fn look(looked: Looked) -> Result<Response, Problem> {
    let head = looked.head("/raw").await?;
    if looked.is_running() {
        return progress::page(looked, head);
    }
    let (id, bytes) = (looked.id(), looked.answer.kept.run.bytes);
    let from = looked.parameter("from").parse::<u64>().unwrap_or(0).min(bytes.saturating_sub(1));
    let octets = looked.site.desk.read(move |workbench| stretch(workbench, id, from)).await;
    let octets = octets.map_err(|error| match error {
        Error::Evidence { .. } => {
            Problem::gone("the stored answer of this run is lost or damaged; run it again")
        }
        error => error.into(),
    })?;
    let octets = first_lines(&octets);
    let (links, to) = (looked.links("/raw"), from + octets.len() as u64);
    let at = |offset: u64| links.with(&[("from", (offset > 0).then(|| offset.to_string()).as_deref())]);
    show(&Page {
        lines: lines(&looked, octets, from),
        back: (from > 0).then(|| at(from.saturating_sub(STRETCH))),
        next: (to < bytes).then(|| at(to)),
        head,
        from,
        to,
        bytes,
        panels: [Panel::asked(&looked.answer.kept.run), Panel::came(&looked.answer.kept.run)],
        frame: looked.frame,
    })
}

impl Panel {
    /// The request. The login is only stored as a keyed hash, and not shown.
    fn asked(run: &Run) -> Self {
        let request = run.request();
        let rrtype = request.rrtype.map(|rrtype| format!("dribble-filter-rrtype: {rrtype}"));
        let quiet = "dribble-disable-active-query: 1".to_owned();
        let facts = vec![
            Fact::code("Address", format!("GET {}", request.address)),
            rrtype.map_or_else(|| Fact::text("Types", "all"), |rrtype| Fact::code("Types", rrtype)),
            if request.active { Fact::text("Active query", "on") } else { Fact::code("Active query", quiet) },
            Fact::text("Sent", format!("{} UTC", Stamp::of(run.fetched.at).full)),
            Fact::text(
                "By",
                if run.is_cached() { format!("run {}", run.fetched.by) } else { "this run".into() },
            ),
        ];
        Self { title: "Request", facts }
    }

    /// The answer, and how it was read.
    fn came(run: &Run) -> Self {
        let orientation = match run.orientation() {
            Orientation::Draft => "owner in rrname, as the draft says",
            Orientation::Swapped => "owner in rdata; swapped when read",
            Orientation::Auto => "not known",
        };
        let damage = if run.damages == 0 { "none".to_owned() } else { thousands(run.damages) };
        let mut facts = vec![
            Fact::text("Size", format!("{} bytes", thousands(run.bytes))),
            Fact::text("Records", thousands(run.records)),
            Fact::text("Damage", damage),
            Fact::text("Orientation", orientation),
        ];
        facts.extend(run.evidence_hash().map(|hash| Fact::code("BLAKE3", hash)));
        Self { title: "Response", facts }
    }
}

impl Fact {
    fn text(label: &'static str, text: impl Into<String>) -> Self {
        Self { label, text: text.into(), mono: false }
    }

    fn code(label: &'static str, text: impl Into<String>) -> Self {
        Self { mono: true, ..Self::text(label, text) }
    }
}

/// A part of the evidence. All of it is read, because only the whole file can be verified.
fn stretch(workbench: &Workbench, id: i64, from: u64) -> Result<Vec<u8>, Error> {
    let Some(mut evidence) = workbench.evidence(id)? else { return Ok(Vec::new()) };
    let mut octets = Vec::new();
    let read = copy(&mut evidence.by_ref().take(from), &mut sink())
        .and_then(|_| evidence.by_ref().take(STRETCH).read_to_end(&mut octets))
        .and_then(|_| copy(&mut evidence, &mut sink()));
    match read {
        Ok(_) => Ok(octets),
        Err(error) => Err(evidence.error(&error)),
    }
}

/// As many complete lines as are shown at a time.
fn first_lines(octets: &[u8]) -> &[u8] {
    let lines = octets.split_inclusive(|octet| *octet == b'\n').flat_map(|line| line.chunks(LINE));
    let length = lines.take(LINES).map(<[u8]>::len).sum();
    octets.get(..length).unwrap_or(octets)
}

fn lines(looked: &Looked, octets: &[u8], from: u64) -> Vec<Line> {
    let (mut offset, to) = (from, from + octets.len() as u64);
    let all = looked.answer.kept.damages.iter();
    let damages: Vec<_> =
        all.filter(|damage| damage.offset < to && damage.offset + damage.len >= from).collect();
    let each = octets.split_inclusive(|octet| *octet == b'\n').flat_map(|line| line.chunks(LINE));
    each.map(|line| {
        let (begin, end) = (offset, offset + line.len() as u64);
        offset = end;
        let hurt = damages.iter().any(|damage| damage.offset < end && damage.offset + damage.len > begin);
        let starts = damages.iter().filter(|damage| (begin..end).contains(&damage.offset));
        let text = String::from_utf8_lossy(line);
        Line {
            offset: begin,
            text: text.trim_end_matches(['\n', '\r']).to_owned(),
            hurt,
            why: starts.map(ToString::to_string).collect(),
        }
    })
    .collect()
}

impl Page {
    fn reach(&self) -> String {
        format!("bytes {} to {} of {}", thousands(self.from), thousands(self.to), thousands(self.bytes))
    }

    fn stretch_size() -> String {
        size(STRETCH)
    }
}
