//! A lane of the picture: the records of one name, or a fold with the density of many.
//!
//! Names and data are untrusted text: they are escaped by the template, and shortened here.

use std::collections::HashSet;

use cof::{Rdata, RrType};
use operation::Indicator;

use super::alive::{Alive, Heat};
use super::axis::Share;
use super::bar::{Bar, Bars, Detail, Drawing, Floor, SUB_HEIGHT};
use super::entry::{Entry, sightings_of, sum_text};
use super::words::{counted, cut};
use crate::fold::Key;

/// A row of the picture.
#[derive(Clone, Debug)]
pub(crate) struct Lane {
    /// The whole name, the data, or what is folded.
    pub(crate) name: String,
    pub(crate) to: To,
    /// How deep it is within open folds, from 0.
    pub(crate) depth: usize,
    /// What the data of bars in a row have in common, which their labels leave out.
    pub(crate) common: Option<String>,
    /// What it folds, if it does.
    pub(crate) fold: Option<Fold>,
    /// The height of the plot in px.
    pub(crate) height: usize,
    /// By sub-lane, then by time; bars of a sub-lane never overlap.
    pub(crate) bars: Vec<Bar>,
    pub(crate) floors: Vec<Floor>,
    /// Used instead of bars in a fold.
    pub(crate) heat: Vec<Heat>,
    /// The number of bins of that.
    pub(crate) bins: u64,
    /// One for each serial of a zone, and its whole span; used instead of bars.
    pub(crate) ticks: Option<Ticks>,
    /// The same for screen readers.
    pub(crate) said: String,
    /// The sum of the counts.
    pub(crate) sightings: String,
}

/// Where the name of a lane leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum To {
    /// To a query for records with this value in their data.
    Data,
    Nothing,
    /// To the same page with only this type.
    OnlyType,
    /// To a query for this name.
    Owner,
}

impl To {
    /// Whether it leads to a query.
    pub(crate) fn is_query(self) -> bool {
        matches!(self, Self::Data | Self::Owner)
    }
}

/// What a lane folds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fold {
    /// `800 addresses in 31 networks`.
    pub(crate) caption: String,
    pub(crate) act: Act,
}

impl Fold {
    /// Whether its parts are shown.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.act, Act::Close(_))
    }
}

/// What a click on a fold does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Close(Key),
    /// Shows so many rows of an open fold.
    More(Key, usize),
    Nothing,
    Open(Key),
}

/// Marks in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ticks {
    /// From the first to the last record.
    pub(crate) x: Share,
    pub(crate) width: Share,
    /// A path over ten thousand units, 1 high.
    pub(crate) d: String,
}

/// The height of a lane without sub-lanes, in px: the row around a plot provides the rest of a clickable area.
const FREE: usize = 4;
const HEIGHT: usize = SUB_HEIGHT - FREE;
/// How many records are read out; the table has all of them.
const SAID: usize = 12;
const SAID_OF_MANY: usize = 2;
/// The most ticks of a lane.
const MOST_TICKS: usize = 400;
/// The most bars over a density.
const MOST_FOLLOWED: usize = 20;
/// The longest name of a lane that is data, in characters.
const LONGEST: usize = 60;

impl Lane {
    /// A lane with a bar for each of these records of one name or one data; how many sub-lanes it has is the height.
    pub(super) fn bars(name: &str, entries: &[&Entry<'_>], drawing: &Drawing<'_>) -> Self {
        let mut texts: Vec<_> = entries.iter().map(|entry| (*entry, entry.text())).collect();
        texts.sort_by(|(a, left), (b, right)| (a.first, left, a.index).cmp(&(b.first, right, b.index)));
        let most = if drawing.detail == Detail::Full { SAID } else { SAID_OF_MANY };
        let mut said: Vec<_> = texts.iter().take(most).map(|(entry, data)| entry.said(data)).collect();
        said.extend((texts.len() > most).then(|| format!("and {} more", texts.len() - most)));
        let Bars { all: bars, floors, subs, common } = drawing.bars(&texts);
        Self {
            height: SUB_HEIGHT * subs.max(1) - FREE,
            bars,
            floors,
            common,
            said: format!("{}: {}.", counted(entries.len(), "record"), said.join("; ")),
            ..Self::bare(name, entries)
        }
    }

    /// A lane with the density of these records, or a tick for each serial of a zone.
    pub(super) fn folded(name: &str, entries: &[&Entry<'_>], fold: Fold, drawing: &Drawing<'_>) -> Self {
        let alive =
            Alive::over(drawing.axis, drawing.bins, entries.iter().map(|entry| (entry.first, entry.last)));
        let (most, ticks) = (alive.most(), Ticks::of(entries, drawing));
        let followed: Vec<_> =
            entries.iter().filter(|entry| entry.followed).take(MOST_FOLLOWED).copied().collect();
        // Bars over a density are those of one sub-lane.
        let mut bars =
            if followed.is_empty() { Vec::new() } else { Self::bars(name, &followed, drawing).bars };
        bars.retain(|bar| bar.sub == 0);
        Self {
            bars,
            heat: if ticks.is_some() { Vec::new() } else { alive.heat() },
            ticks,
            bins: drawing.bins,
            said: format!("{}, most alive at once {most}.", counted(entries.len(), "record")),
            fold: Some(fold),
            ..Self::bare(name, entries)
        }
    }

    fn bare(name: &str, entries: &[&Entry<'_>]) -> Self {
        Self {
            name: name.to_owned(),
            to: To::Nothing,
            depth: 0,
            common: None,
            fold: None,
            height: HEIGHT,
            bars: Vec::new(),
            floors: Vec::new(),
            heat: Vec::new(),
            bins: 0,
            ticks: None,
            said: String::new(),
            sightings: sum_text(sightings_of(entries.iter().map(|entry| entry.record))),
        }
    }

    /// The same lane, named after its owner, which can be queried unless it was.
    pub(super) fn of_owner(self, entries: &[&Entry<'_>], asked: &str) -> Self {
        let owner = entries.first().and_then(|entry| Indicator::of_owner(entry.record));
        let pivots = owner.is_some_and(|one| one.to_string() != asked);
        Self { to: if pivots { To::Owner } else { To::Nothing }, ..self }
    }

    /// The same lane, named after its data.
    pub(super) fn of_data(mut self, entries: &[&Entry<'_>]) -> Self {
        let record = entries.first().map(|entry| entry.record);
        let target = record.and_then(|record| Indicator::of_target(&record.rdata, record.rrtype));
        if let Some(target) = target {
            (self.name, self.to) = (target.to_string(), To::Data);
        } else {
            self.name = cut(&self.name, LONGEST);
        }
        // Its name is the label.
        for bar in &mut self.bars {
            bar.label = None;
        }
        self
    }

    /// The number of sub-lanes.
    pub(super) fn subs(&self) -> usize {
        self.height.div_ceil(SUB_HEIGHT)
    }

    /// About how many bytes of HTML it needs, if the link of a fold has so many bytes for what is open.
    pub(super) fn cost(&self, open: usize) -> usize {
        let label = |bar: &Bar| bar.label.as_ref().map_or(0, |label| 45 + weight(&label.text));
        let bars: usize = self.bars.iter().map(|bar| 165 + weight(&bar.title) + label(bar)).sum();
        let heat: usize = self.heat.iter().map(|heat| 32 + heat.d.len()).sum();
        let heat = if heat > 0 { 90 + heat } else { 0 };
        let fold = self.fold.as_ref().map_or(0, |fold| 140 + fold.caption.len() + weight(&self.name) + open);
        let ticks = self.ticks.as_ref().map_or(0, |ticks| 230 + ticks.d.len());
        225 + 2 * weight(&self.name)
            + weight(&self.said)
            + bars
            + heat
            + fold
            + ticks
            + 60 * self.floors.len()
    }
}

impl Ticks {
    /// The serials of one zone, if that is what these records differ in.
    fn of(entries: &[&Entry<'_>], drawing: &Drawing<'_>) -> Option<Self> {
        serials(entries)?;
        let (first, last) = entries
            .iter()
            .fold((u64::MAX, 0), |(first, last), entry| (first.min(entry.first), last.max(entry.last)));
        let mut at: Vec<Share> = entries.iter().map(|entry| drawing.axis.at(entry.first)).collect();
        at.sort_unstable();
        at.dedup();
        let d = at.iter().fold(String::new(), |d, x| d + &format!("M{} 0v1", x.0));
        let (x, end) = (drawing.axis.at(first), drawing.axis.at(last));
        (at.len() <= MOST_TICKS).then_some(Self { x, width: Share(end.0 - x.0), d })
    }
}

/// How many serials of one zone these records have; `None` if they are something else.
pub(super) fn serials(entries: &[&Entry<'_>]) -> Option<usize> {
    let first = entries.first()?.record;
    let is_one_zone = first.rrtype == RrType::SOA
        && entries
            .iter()
            .all(|entry| entry.record.rrtype == RrType::SOA && entry.record.rrname == first.rrname);
    let data: HashSet<&Rdata> = entries.iter().map(|entry| &entry.record.rdata).collect();
    let serial = |rdata: &&Rdata| {
        rdata.to_text(RrType::SOA).split_whitespace().nth(2).and_then(|serial| serial.parse::<u32>().ok())
    };
    let serials: HashSet<Option<u32>> =
        if is_one_zone { data.iter().map(serial).collect() } else { HashSet::new() };
    (serials.len() >= 2 && !serials.contains(&None)).then_some(serials.len())
}

/// How many bytes a text has once it is escaped, at most.
fn weight(text: &str) -> usize {
    let of = |character: char| match character {
        'a'..='z' | 'A'..='Z' | '0'..='9' | ' ' | '.' | '-' | ',' | ':' | '_' => 1,
        '\0'..='\u{7f}' => 6,
        _ => 10,
    };
    text.chars().map(of).sum()
}
