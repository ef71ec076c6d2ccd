//! What every view of the explorer has: the question and how it was read, figures, tabs, and how far the database was read.

use edge::problem::Problem;
use picture::timeline::words::{counted, day, figure, thousands};

use super::elsewhere::Elsewhere;
use super::progress::Part;
use super::side::{Side, sides};
use super::{Asked, Looked, ask};
use crate::content::Content;
use crate::explorer::{End, Found};

/// The head of a page.
pub(super) struct Head {
    /// The question as it was written.
    pub(super) question: String,
    /// What is wrong with it.
    pub(super) wrong: Option<String>,
    /// How it was read.
    pub(super) chips: Vec<Chip>,
    /// Whether this server has a database, and how many entries it has.
    pub(super) entries: Option<u64>,
    pub(super) elsewhere: Option<Elsewhere>,
    pub(super) figures: Vec<(&'static str, String)>,
    pub(super) tabs: Vec<Tab>,
    pub(super) sides: Vec<Side>,
    /// How far the database was read, unless everything was.
    pub(super) reach: Option<Reach>,
    /// Whether there is an answer, and whether it has no rows.
    pub(super) is_answered: bool,
    pub(super) is_empty: bool,
    /// The filters of the address as a query string, for downloads.
    pub(super) query: String,
    /// The address of the page that reads the answer again.
    pub(super) again: String,
    may_load: bool,
}

/// A word of the question.
pub(super) struct Chip {
    pub(super) label: &'static str,
    pub(super) value: String,
    /// The address of the question without it.
    pub(super) without: String,
}

pub(super) struct Tab {
    pub(super) label: &'static str,
    pub(super) count: String,
    pub(super) address: String,
    pub(super) here: bool,
}

/// How far the database was read.
pub(super) struct Reach {
    /// Whether it is still being read.
    pub(super) goes_on: bool,
    pub(super) line: Part,
}

impl Head {
    pub(super) async fn of(looked: &Looked, view: &'static str) -> Result<Self, Problem> {
        let entries = match &looked.site.rows {
            Some(rows) => rows.blocking(|store| store.stats()).await.ok().map(|stats| stats.entries),
            None => None,
        };
        let found = looked.found();
        let links = looked.links("");
        let query = links.with(&[("page", None)]);
        let number = found.map(|found| found.progress.number.to_string());
        Ok(Self {
            question: looked.question().to_owned(),
            wrong: if let Asked::Wrong(error) = &looked.asked { Some(error.to_string()) } else { None },
            chips: found.map(|found| chips(found, view)).unwrap_or_default(),
            entries,
            elsewhere: match found {
                Some(found) => Some(Elsewhere::of(looked, found).await?),
                None => None,
            },
            figures: found.map(|found| figures(found)).unwrap_or_default(),
            tabs: found.map(|found| tabs(looked, found, view)).unwrap_or_default(),
            sides: found.map(|found| sides(looked, found, view)).unwrap_or_default(),
            reach: found.and_then(|found| Reach::of(looked, found, entries)),
            is_answered: found.is_some(),
            is_empty: found.is_some_and(|found| found.records().is_empty()),
            query: query.split_once('?').map(|(_, query)| query.to_owned()).unwrap_or_default(),
            again: looked.links(view).with(&[("again", number.as_deref()), ("page", None)]),
            may_load: looked.frame.may_load(),
        })
    }

    pub(super) fn title(&self) -> String {
        if self.question.is_empty() { "Explorer".to_owned() } else { format!("{}, explorer", self.question) }
    }

    /// Whether there is nothing to find.
    pub(super) fn has_no_records(&self) -> bool {
        self.entries == Some(0)
    }

    pub(super) fn may_load(&self) -> bool {
        self.may_load
    }

    /// `48,211,904 entries`.
    pub(super) fn size(&self) -> String {
        self.entries.map(|entries| format!("{} stored", counted_large(entries))).unwrap_or_default()
    }

    pub(super) fn is_reading(&self) -> bool {
        self.reach.as_ref().is_some_and(|reach| reach.goes_on)
    }
}

fn counted_large(entries: u64) -> String {
    if entries == 1 { "1 entry".to_owned() } else { format!("{} entries", thousands(entries)) }
}

fn chips(found: &Found, view: &str) -> Vec<Chip> {
    let parts = found.inquiry.parts().iter().enumerate();
    parts
        .map(|(place, part)| Chip {
            label: part.label,
            value: part.value.clone(),
            without: ask(view, &found.inquiry.without(place)),
        })
        .collect()
}

fn figures(found: &Found) -> Vec<(&'static str, String)> {
    let known = found.figures();
    // What was cut off, or is still being read, may have more of everything.
    let least = if found.is_complete() { "" } else { "over " };
    let at_least = |number: usize| format!("{}{}", if number > 0 { least } else { "" }, figure(number));
    let sources = found.facets().of(crate::explorer::Word::Source).map_or(0, |facet| facet.total);
    let mut figures = vec![("Rows", at_least(found.records().len()))];
    if let Some((first, last)) = known.span {
        figures.extend([("First seen", day(first)), ("Last seen", day(last))]);
    }
    figures.extend([
        ("Names", at_least(known.names)),
        ("Addresses", at_least(known.addresses)),
        (
            "Sightings",
            known.sightings.map_or_else(|| "unknown".to_owned(), |sum| format!("{least}{}", thousands(sum))),
        ),
        ("Sources", at_least(sources)),
    ]);
    if found.progress.end.is_some() {
        figures.push(("Read in", took(found.progress.took)));
    }
    figures
}

fn took(time: std::time::Duration) -> String {
    if time.as_secs() < 10 {
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        return format!("{} ms", thousands(millis.max(1)));
    }
    format!("{} s", thousands(time.as_secs()))
}

fn tabs(looked: &Looked, found: &Found, view: &str) -> Vec<Tab> {
    [
        ("Table", "", figure(found.records().len())),
        ("Timeline", "/timeline", String::new()),
        ("Graph", "/graph", String::new()),
        ("Summary", "/summary", String::new()),
    ]
    .into_iter()
    .map(|(label, path, count)| Tab {
        label,
        count,
        address: ask(path, looked.question()),
        here: path == view,
    })
    .collect()
}

impl Reach {
    fn of(looked: &Looked, found: &Found, entries: Option<u64>) -> Option<Self> {
        let (read, rows) = (thousands(found.progress.read), counted(found.records().len(), "row"));
        let of =
            entries.filter(|_| found.inquiry.reads_everything()).map(|all| format!(" of {}", thousands(all)));
        let read = format!("{read}{} entries read", of.unwrap_or_default());
        let narrow = "Newest first means the newest of these. Narrow the question to see others.";
        let (lead, text) = match &found.progress.end {
            Some(End::Complete) => return None,
            None => (
                format!("Still reading: {rows} so far"),
                format!("{read}. The rows below are those found until now."),
            ),
            Some(End::Rows) => (
                format!("There are more than {rows}"),
                format!("The first ones by name or address are shown. {narrow}"),
            ),
            Some(End::Tuples) => {
                (format!("Stopped with {rows}"), format!("{read}, which is the limit. {narrow}"))
            }
            Some(End::Time) => (format!("Stopped with {rows} after a minute"), format!("{read}. {narrow}")),
        };
        let goes_on = found.progress.end.is_none();
        let progress = ask("/progress", looked.question());
        let page = looked.links("").with(&[]);
        Some(Self { goes_on, line: Part { goes_on, progress, lead, text, page } })
    }
}
