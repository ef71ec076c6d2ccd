//! Turns records into frames: one by one, summed up, or each name or data once. If frames of names and data have counts and
//! times, zone files get a frame of their own, as records of zone files do.
//!
//! [`Gather`] receives records in the order of reading, and reports when it has enough ([`End`]). The memory it holds is
//! bounded: one name, or as much data as was requested, at most [`OCTETS`], and no more than its [`Share`].
//!
//! Names are sorted by owner and type, so equal ones follow each other. Data is not: the first data by type and bytes is kept
//! sorted while everything is read, and sent at the end.

use std::collections::BTreeMap;

use cof::{Name, Rdata, Record, RrType};

use super::budget::{Budget, Share};
use super::figures::Figures;
use super::frame;
use super::search::{Search, Shape};

/// The most memory for data that is held until everything was read, in bytes.
const OCTETS: usize = 64 * 1024 * 1024;
/// The approximate memory of an entry in addition to its bytes.
const ENTRY: usize = 160;

/// How an answer ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// There is more, which is not sent for this reason.
    Limited(String),
    /// The search stopped before the end, with the reason.
    Stopped(String),
    /// The answer is complete.
    Succeeded,
}

/// The result of sending what was still held.
#[derive(Debug)]
pub(super) enum Held {
    /// More is still held.
    More,
    /// Everything was sent; the end, if there was more than is sent.
    Sent(Option<End>),
}

/// The results so far.
#[derive(Debug)]
pub(super) struct Gather {
    /// The number of objects so far, including skipped ones.
    met: u64,
    found: Found,
}

#[derive(Debug)]
enum Found {
    Data(Sorted),
    /// The name that is being read.
    Names(Option<Named>),
    Records,
    Summary(Figures),
}

/// A name with its type, with the figures of sensors and of zone files.
#[derive(Debug)]
struct Named {
    name: Name,
    rrtype: RrType,
    seen: Figures,
    zone: Figures,
}

/// Identifies a frame: data of a type, from zone files or not.
type Key = (RrType, Rdata, bool);

/// The first matching data, sorted.
#[derive(Debug)]
struct Sorted {
    entries: BTreeMap<Key, Figures>,
    octets: usize,
    share: Share,
    /// The first data that had to be dropped: counts from there on would not be complete.
    ceiling: Option<Key>,
    /// Whether it was dropped for lack of memory.
    full: bool,
}

impl Gather {
    pub(super) fn new(search: &Search, budget: &Budget) -> Self {
        let found = match search.shape {
            Shape::Data { .. } => Found::Data(Sorted::new(budget.share())),
            Shape::Names { .. } => Found::Names(None),
            Shape::Records { .. } => Found::Records,
            Shape::Summary { .. } => Found::Summary(Figures::default()),
        };
        Self { met: 0, found }
    }

    /// Adds a record; returns the end if it was one too many.
    pub(super) fn take(&mut self, search: &Search, record: Record, out: &mut String) -> Option<End> {
        match (&mut self.found, search.shape) {
            (Found::Data(sorted), shape) => {
                let of_zone = shape == Shape::Data { verbose: true } && is_of_zone(&record);
                sorted.add(record, of_zone, search.offset.saturating_add(search.limit));
                None
            }
            (Found::Names(Some(named)), _)
                if named.rrtype == record.rrtype && named.name == record.rrname =>
            {
                named.add(&record);
                None
            }
            (Found::Names(read), _) => {
                let before = read.replace(Named::of(&record));
                self.send_name(search, before, out)
            }
            (Found::Summary(figures), _) if figures.records >= search.limit => Some(End::limit()),
            (Found::Summary(figures), shape) => {
                figures.add(&record);
                // With `max_count`, the search ends at this count: clients take it for the count of the whole answer.
                let enough =
                    matches!(shape, Shape::Summary { max_count: Some(most) } if figures.count >= most);
                enough.then_some(End::Succeeded)
            }
            (Found::Records, shape) => {
                let bailiwick = shape == Shape::Records { bailiwick: true };
                let write = |out: &mut String| search.objects.record(&record, bailiwick, out);
                Self::send(&mut self.met, search, out, write)
            }
        }
    }

    /// Writes up to `most` objects of what is still held.
    pub(super) fn finish(&mut self, search: &Search, most: usize, out: &mut String) -> Held {
        match &mut self.found {
            Found::Records => Held::Sent(None),
            Found::Names(read) => {
                let last = read.take();
                Held::Sent(self.send_name(search, last, out))
            }
            Found::Summary(figures) => {
                if figures.records > 0 {
                    frame::object(search.objects.version, out, |out| search.objects.summary(figures, out));
                }
                Held::Sent(None)
            }
            Found::Data(sorted) => Self::send_data(&mut self.met, sorted, search, most, out),
        }
    }

    fn send_name(&mut self, search: &Search, read: Option<Named>, out: &mut String) -> Option<End> {
        let Named { name, rrtype, seen, zone } = read?;
        let objects = &search.objects;
        if search.shape != (Shape::Names { verbose: true }) {
            return Self::send(&mut self.met, search, out, |out| objects.name(&name, rrtype, None, out));
        }
        let said = [seen, zone].into_iter().filter(|figures| figures.records > 0);
        said.map(|figures| {
            Self::send(&mut self.met, search, out, |out| objects.name(&name, rrtype, Some(&figures), out))
        })
        .find(Option::is_some)
        .flatten()
    }

    fn send_data(met: &mut u64, sorted: &mut Sorted, search: &Search, most: usize, out: &mut String) -> Held {
        let verbose = search.shape == Shape::Data { verbose: true };
        for _ in 0..most {
            let Some(((rrtype, rdata, _), figures)) = sorted.entries.pop_first() else {
                return Held::Sent(sorted.end());
            };
            let shown = verbose.then_some(&figures);
            let write = |out: &mut String| search.objects.data(&rdata, rrtype, shown, out);
            if let Some(end) = Self::send(met, search, out, write) {
                return Held::Sent(Some(end));
            }
        }
        Held::More
    }

    /// Sends an object, unless it is skipped or one too many.
    fn send(
        met: &mut u64,
        search: &Search,
        out: &mut String,
        write: impl FnOnce(&mut String),
    ) -> Option<End> {
        let at = *met;
        *met += 1;
        if at.checked_sub(search.offset)? >= search.limit {
            return Some(End::limit());
        }
        frame::object(search.objects.version, out, write);
        None
    }
}

impl End {
    fn limit() -> Self {
        Self::Limited("Result limit reached".to_owned())
    }
}

impl Sorted {
    fn new(share: Share) -> Self {
        Self { entries: BTreeMap::new(), octets: 0, share, ceiling: None, full: false }
    }

    /// Why there is more than was kept, if there is.
    fn end(&self) -> Option<End> {
        if self.full {
            let why = "Too many matches to hold at once; narrow the pattern, or try again later";
            return Some(End::Stopped(why.to_owned()));
        }
        self.ceiling.as_ref().map(|_| End::limit())
    }

    /// Keeps `most` entries and one more, which shows that there are more.
    fn add(&mut self, record: Record, of_zone: bool, most: u64) {
        let figures = Figures::of(&record);
        let key = (record.rrtype, record.rdata, of_zone);
        if self.ceiling.as_ref().is_some_and(|ceiling| key >= *ceiling) {
            return;
        }
        if let Some(known) = self.entries.get_mut(&key) {
            known.join(&figures);
            return;
        }
        self.octets += size(&key);
        self.entries.insert(key, figures);
        let over = |length: usize| u64::try_from(length).is_ok_and(|length| length > most.saturating_add(1));
        loop {
            let full = self.octets > OCTETS || !self.share.holds(self.octets);
            if !full && !over(self.entries.len()) {
                break;
            }
            self.full |= full;
            let Some((last, _)) = self.entries.pop_last() else { break };
            self.octets -= size(&last);
            self.ceiling = Some(last);
        }
    }
}

impl Named {
    fn of(record: &Record) -> Self {
        let (seen, zone) = (Figures::default(), Figures::default());
        let mut named = Self { name: record.rrname.clone(), rrtype: record.rrtype, seen, zone };
        named.add(record);
        named
    }

    fn add(&mut self, record: &Record) {
        if is_of_zone(record) { self.zone.add(record) } else { self.seen.add(record) }
    }
}

/// Whether a record comes only from zone files, which the store keeps separate.
fn is_of_zone(record: &Record) -> bool {
    record.time_first.is_none() && record.zone_time_first.is_some()
}

fn size((_, rdata, _): &Key) -> usize {
    ENTRY + rdata.as_wire().map_or_else(|| rdata.as_text().map_or(0, str::len), <[u8]>::len)
}
