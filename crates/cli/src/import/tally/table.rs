//! The report on a capture, a log or a frame stream: a row for each number, as text for people.

use std::fmt::Write as _;

use intake::Place;
use intake::forward::Figures;
use operation::shown::thousands;

use super::Tally;
use crate::terminal::plural;

impl Tally {
    /// The report: what was read, what became of it, and where the first things that were left out are.
    pub(super) fn table(&self) -> String {
        let counts = &self.counts;
        let mut text = format!("{}: {}", self.name, self.format);
        if let Some(offset) = self.resumed_at {
            let _ = write!(text, ", resumed at offset {offset}");
        }
        if counts.truncated {
            text.push_str(", cut off at its end");
        }
        let mut row = |what: &str, count: u64, of: &str| {
            let _ = write!(text, "\n  {what:12} {:>13}  {of}", thousands(count));
        };
        row("read", counts.units, &format!("{}, {} bytes", self.format.units(), thousands(counts.bytes)));
        row("messages", counts.messages, "responses whose records were taken");
        row("observations", counts.records, "records in these responses");
        match &self.forwarded {
            None => row("stored", self.lasting, "records after merging equal ones"),
            Some((to, figures)) => forwarded(to, figures, &mut row),
        }
        if counts.repeated > 0 {
            row("repeated", counts.repeated, "records that an earlier import stored");
        }
        for (reason, place) in &counts.left_out {
            row("rejected", place.count, &format!("{reason}{}", first_of(place)));
        }
        for (reason, place) in &counts.dropped {
            row("dropped", place.count, &format!("{reason}{}", first_of(place)));
        }
        text
    }
}

/// What became of records that were sent to another server; zeros are left out, except for what was sent.
fn forwarded(to: &str, figures: &Figures, row: &mut impl FnMut(&str, u64, &str)) {
    row("sent", figures.sent_records, &format!("records after merging equal ones, now stored by {to}"));
    let batches = |count: u64, what: &str| format!("records in {}{what}", plural(count, "batch"));
    for (what, count, of) in [
        ("repeated", figures.repeated_records, "records that the server had already".to_owned()),
        ("waiting", figures.waiting_records, batches(figures.waiting_batches, ", sent after the next start")),
        ("dropped", figures.dropped_records, batches(figures.dropped_batches, ": the spool was full")),
        ("refused", figures.refused_records, batches(figures.refused_batches, ", by the server")),
        ("damaged", figures.damaged_records, batches(figures.damaged_batches, ", on the disk")),
        ("rejected", figures.rejected_records, "records that the server could not use".to_owned()),
        ("suppressed", figures.suppressed_records, "records that rules of the server suppress".to_owned()),
        ("lost", figures.lost_records, "records that could not be written to the disk".to_owned()),
    ] {
        if count > 0 {
            row(what, count, &of);
        }
    }
}

/// The first offsets of a reason.
fn first_of(place: &Place) -> String {
    const SHOWN: usize = 3;
    let offsets: Vec<String> = place.offsets.iter().take(SHOWN).map(u64::to_string).collect();
    let more = if (offsets.len() as u64) < place.count { ", …" } else { "" };
    if offsets.is_empty() { String::new() } else { format!(", at offset {}{more}", offsets.join(", ")) }
}
