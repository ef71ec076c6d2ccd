//! Reads the rows of an inquiry from a store, slice by slice.
//!
//! [`Scan::step`] makes one call of the store, which reads a limited number of tuples; the caller decides how often it is called,
//! and may stop between two steps. Rows are read by source, and merged here, so that it is known who saw each of them. Each step
//! sees the store at a different moment. Errors are those of the store.

use std::collections::HashMap;
use std::sync::Arc;

use cof::{Record, SourceKind};
use store::{Apart, Cursor, MAX_LIMIT, Question, Store, StoreError, Summary, source_kind};

use super::Inquiry;
use super::joined::Joined;
use crate::scan::add;

/// A row, and who saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The record, merged over its sources, or that of one source if the inquiry says `by:source`.
    pub record: Record,
    /// The sources, as positions in [`Scan::sources`]; each once, at least one and at most 1,000.
    pub sources: Box<[u32]>,
}

/// An inquiry that is being answered.
#[derive(Debug)]
pub struct Scan {
    inquiry: Arc<Inquiry>,
    question: Question,
    held: Option<Joined>,
    sources: Sources,
    read: u64,
    is_over: bool,
    scratch: String,
}

/// The sources that were met.
#[derive(Debug, Default)]
struct Sources {
    labels: Vec<Arc<str>>,
    places: HashMap<Known, u32>,
    named: HashMap<Arc<str>, u32>,
}

/// What distinguishes sources.
type Known = (Option<SourceKind>, Option<Arc<str>>, Option<Arc<str>>);

impl Scan {
    /// Begins at the start.
    pub fn new(inquiry: Arc<Inquiry>) -> Self {
        let question = Question {
            rrtypes: inquiry.rrtypes.clone(),
            apart: Apart::Source,
            limit: MAX_LIMIT,
            ..Question::new(inquiry.subject())
        };
        let (sources, scratch) = (Sources::default(), String::new());
        Self { inquiry, question, held: None, sources, read: 0, is_over: false, scratch }
    }

    /// The inquiry.
    pub fn inquiry(&self) -> &Arc<Inquiry> {
        &self.inquiry
    }

    /// Whether everything was read.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// About how many entries were read: tuples with a bailiwick and a source, or tuples where types are filtered.
    pub fn read(&self) -> u64 {
        self.read
    }

    /// The names of the sources that were met: the sensor, or else the origin, or else the kind. Different sources with the same
    /// name are one.
    pub fn sources(&self) -> &[Arc<str>] {
        &self.sources.labels
    }

    /// Reads at most `reach` more tuples; returns the rows that match, in key order.
    ///
    /// # Errors
    /// Errors of the store.
    pub fn step(&mut self, store: &dyn Store, reach: usize) -> Result<Vec<Row>, StoreError> {
        if self.is_over {
            return Ok(Vec::new());
        }
        self.question.reach = reach.max(1);
        let page = store.lookup(&self.question)?;
        // Every tuple that is read has a row, unless types are filtered by the store.
        let is_skipping =
            page.next.is_some() && page.records.len() < page.limit && !self.question.rrtypes.is_empty();
        self.read = self.read.saturating_add(if is_skipping { reach } else { page.records.len() } as u64);
        let mut rows = Vec::new();
        for record in page.records {
            self.take(record, &mut rows);
        }
        self.go_on(page.next, &mut rows);
        Ok(rows)
    }

    /// The summary of those of all rows that were not read yet for which `keeps` is true, read so many tuples at a time.
    ///
    /// # Errors
    /// Errors of the store.
    pub fn summarise(
        mut self,
        store: &dyn Store,
        reach: usize,
        keeps: &dyn Fn(&Record) -> bool,
    ) -> Result<Summary, StoreError> {
        let mut summary = Summary::default();
        while !self.is_over {
            for row in self.step(store, reach)?.iter().filter(|row| keeps(&row.record)) {
                add(&mut summary, &row.record);
            }
        }
        Ok(summary)
    }

    fn go_on(&mut self, next: Option<Cursor>, rows: &mut Vec<Row>) {
        self.is_over = next.is_none();
        self.question.cursor = next;
        if self.is_over {
            self.release(rows);
        }
    }

    /// Takes a row of one source.
    fn take(&mut self, record: Record, rows: &mut Vec<Row>) {
        let kind = source_kind(&record);
        let source = self.sources.place(kind, &record);
        let label = self.sources.label(source);
        if self.inquiry.source.as_deref().is_some_and(|wanted| wanted != label) {
            return;
        }
        if self.inquiry.by_source {
            if self.inquiry.admits(&record, &mut self.scratch) {
                self.send(Row { record, sources: [source].into() }, rows);
            }
            return;
        }
        match &mut self.held {
            Some(held) if held.is_of(&record) => {
                if held.is_wanted {
                    held.add(record, kind, source);
                }
            }
            _ => {
                self.release(rows);
                let is_wanted = self.inquiry.admits(&record, &mut self.scratch);
                self.held = Some(Joined::new(record, kind, source, is_wanted));
            }
        }
    }

    /// Sends the tuple that was being merged.
    fn release(&mut self, rows: &mut Vec<Row>) {
        if let Some(held) = self.held.take().filter(|held| held.is_wanted) {
            self.send(held.finish(), rows);
        }
    }

    /// Sends a row if it is within the time filters.
    fn send(&self, row: Row, rows: &mut Vec<Row>) {
        let Record { time_first, time_last, zone_time_first, zone_time_last, .. } = row.record;
        let first = [time_first, zone_time_first].into_iter().flatten().min().unwrap_or_default();
        let last = [time_last, zone_time_last].into_iter().flatten().max().unwrap_or_default();
        if self.inquiry.fences.admit(first, last) {
            rows.push(row);
        }
    }
}

impl Sources {
    /// The position of the source of a row.
    fn place(&mut self, kind: Option<SourceKind>, record: &Record) -> u32 {
        let known = (kind, record.origin.clone(), record.sensor_id.clone());
        if let Some(place) = self.places.get(&known) {
            return *place;
        }
        let label: Arc<str> = label(kind, record).into();
        let next = u32::try_from(self.labels.len()).unwrap_or(u32::MAX);
        let place = *self.named.entry(Arc::clone(&label)).or_insert(next);
        if place == next {
            self.labels.push(label);
        }
        self.places.insert(known, place);
        place
    }

    fn label(&self, place: u32) -> &str {
        usize::try_from(place).ok().and_then(|place| self.labels.get(place)).map_or("", |label| label)
    }
}

/// The name of a source for people.
fn label(kind: Option<SourceKind>, record: &Record) -> String {
    match (&record.sensor_id, &record.origin, kind) {
        (Some(sensor), ..) => sensor.to_string(),
        (None, Some(origin), _) => origin.to_string(),
        (None, None, Some(SourceKind::Zone)) => "zone files".to_owned(),
        (None, None, Some(SourceKind::Report)) => "reports".to_owned(),
        (None, None, _) => "observations".to_owned(),
    }
}
