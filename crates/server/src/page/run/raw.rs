//! The evidence: what the provider sent, octet for octet, a stretch at a time.

use std::io::{Read, copy, sink};

use askama::Template;
use axum::response::Response;
use workbench::{Error, Workbench};

use super::head::{Head, size};
use super::{Looked, progress};
use crate::page::{Frame, show};
use crate::problem::Problem;
use crate::timeline::words::thousands;

/// How much is shown at a time, in octets.
const STRETCH: u64 = 64 * 1024;
/// How much of a line is shown, in octets: one may be as long as the answer.
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
}

/// A line of the body with what is wrong in it.
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
            Problem::gone("what was received in this run is lost or damaged; run it again to have it anew")
        }
        error => error.into(),
    })?;
    let (links, to) = (looked.links("/raw"), from + octets.len() as u64);
    let at = |offset: u64| links.with(&[("from", (offset > 0).then(|| offset.to_string()).as_deref())]);
    show(&Page {
        lines: lines(&looked, &octets, from),
        back: (from > 0).then(|| at(from.saturating_sub(STRETCH))),
        next: (to < bytes).then(|| at(to)),
        head,
        from,
        to,
        bytes,
        frame: looked.frame,
    })
}

/// A stretch of the evidence. All of it is read: only the whole can be told from something else.
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

fn lines(looked: &Looked, octets: &[u8], from: u64) -> Vec<Line> {
    let damages = &looked.answer.kept.damages;
    let mut offset = from;
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
