//! What the reader of a timeline has selected, from the page's query string.
//!
//! | parameter | meaning |
//! | --- | --- |
//! | `from`, `to` | the window: `YYYY-MM-DD`, `YYYYMMDD` or a date with a time, both included: see [`date`] |
//! | `at` | a day, `YYYY-MM-DD`: shows what was alive on it |
//! | `alive=1` | with `at`: only records alive on that day |
//! | `hide=A,NS` | these record types are hidden |
//! | `rel=direct`, `rel=related` | only these records |
//! | `fold=network`, `fold=as` | what is folded by network or autonomous system, see [`By`] |
//! | `fold=domain` | among members, the lanes of names fold by registered domain |
//! | `open=3f2a9c01,00ff12ab.50` | the open folds, see [`Opened`] |
//!
//! [`TimelineView`] has no errors: an invalid value is ignored here and reported next to its field by [`date`]. If a parameter
//! is repeated, the last one counts. Hiding or expanding many types makes the address long, but the lists here are limited: see
//! [`MAX_TYPES`].

use std::collections::BTreeSet;

use cof::{Record, RrType};
use operation::Relation;

use super::date;
use super::words::day;
use crate::fold::{By, Opened};

/// The part of an answer that is shown, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimelineView {
    /// The first second of the window; that of the data if `None`. Never later than `to`.
    pub from: Option<u64>,
    /// The last second of the window; that of the data if `None`.
    pub to: Option<u64>,
    /// The first second of the selected day.
    pub at: Option<u64>,
    /// Whether only records alive on that day are shown; false without a day.
    pub only_alive: bool,
    /// Types that are not shown; at most 100.
    pub hidden: BTreeSet<RrType>,
    /// The only relation that is shown; both if `None`.
    pub relation: Option<Relation>,
    /// What is folded by what.
    pub by: By,
    /// Whether the lanes of members fold by registered domain.
    pub by_domain: bool,
    /// The open folds.
    pub open: Opened,
}

/// More types than any real answer has.
const MAX_TYPES: usize = 100;
/// A day in seconds.
const DAY: u64 = 86_400;

impl TimelineView {
    /// Reads the decoded parameters of a query string; others are ignored.
    pub fn of(parameters: &[(String, String)]) -> Self {
        let mut view = Self::default();
        for (name, value) in parameters {
            match name.as_str() {
                "from" => view.from = date::read(value).ok().map(|(first, _)| first),
                "to" => view.to = date::read(value).ok().map(|(_, last)| last),
                "at" => view.at = date::read(value).ok().map(|(first, _)| first - first % DAY),
                "alive" => view.only_alive = value == "1",
                "hide" => view.hidden.extend(list(value).filter_map(rrtype).take(MAX_TYPES)),
                "rel" => view.relation = relation(value),
                "fold" => {
                    view.by = By::parse(value).unwrap_or_default();
                    view.by_domain = By::parse(value) == Some(By::Domain);
                }
                "open" => view.open = Opened::parse(value),
                _ => {}
            }
        }
        view.settle()
    }

    /// The error of one of these parameters, if its value is not completely valid; `None` for other parameters and empty
    /// values. A page shows it next to the field, and a file that would contain more than requested is refused.
    pub fn wrong(name: &str, value: &str) -> Option<&'static str> {
        let value = value.trim();
        match name {
            _ if value.is_empty() => None,
            "from" | "to" | "at" => date::read(value).err(),
            "alive" => (!matches!(value, "0" | "1")).then_some("Takes 1, together with at."),
            "hide" => {
                let is_read = list(value).all(|part| rrtype(part).is_some());
                (!is_read || list(value).count() > MAX_TYPES)
                    .then_some("Takes up to 100 record types, such as A or NS,TXT.")
            }
            "rel" => relation(value).is_none().then_some("Takes direct or related."),
            _ => None,
        }
    }

    /// Removes contradictions.
    fn settle(mut self) -> Self {
        if matches!((self.from, self.to), (Some(from), Some(to)) if from > to) {
            (self.from, self.to) = (None, None);
        }
        self.only_alive &= self.at.is_some();
        while self.hidden.len() > MAX_TYPES {
            self.hidden.pop_last();
        }
        self
    }

    /// Whether every record is shown, in whatever way.
    pub fn is_whole(&self) -> bool {
        let Self { from, to, only_alive, hidden, relation, .. } = self;
        from.is_none() && to.is_none() && !only_alive && hidden.is_empty() && relation.is_none()
    }

    /// Whether a record is shown, in the picture and in the table. A record without dates is not shown if there is a date
    /// filter.
    pub fn shows(&self, record: &Record, relation: Relation) -> bool {
        let undated = self.from.is_none() && self.to.is_none() && !self.only_alive;
        self.wants(record.rrtype, relation)
            && record.span().map_or(undated, |(first, last)| {
                self.within(first, last) && (!self.only_alive || self.alive(first, last))
            })
    }

    /// Whether records of this type and relation are shown.
    pub(super) fn wants(&self, rrtype: RrType, relation: Relation) -> bool {
        self.relation.is_none_or(|wanted| wanted == relation) && !self.hidden.contains(&rrtype)
    }

    /// Whether the window and the time from `first` to `last` overlap.
    pub(super) fn within(&self, first: u64, last: u64) -> bool {
        self.from.is_none_or(|from| last >= from) && self.to.is_none_or(|to| first <= to)
    }

    /// Whether the selected day and the time from `first` to `last` overlap.
    pub fn alive(&self, first: u64, last: u64) -> bool {
        self.at.is_none_or(|at| first < at + DAY && last >= at)
    }

    /// The selected day, `YYYY-MM-DD`.
    pub fn at_day(&self) -> Option<String> {
        self.at.map(day)
    }

    /// The value of `hide` with this type toggled; `None` if nothing is hidden then.
    pub fn toggled(&self, rrtype: RrType) -> Option<String> {
        let mut hidden = self.hidden.clone();
        if !hidden.remove(&rrtype) {
            hidden.insert(rrtype);
        }
        hide(hidden.iter())
    }
}

/// The value of `hide` for these types; `None` if there are none.
pub(super) fn hide<'a>(rrtypes: impl Iterator<Item = &'a RrType>) -> Option<String> {
    let hidden: Vec<_> = rrtypes.map(RrType::to_string).collect();
    (!hidden.is_empty()).then(|| hidden.join(","))
}

fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').filter(|part| !part.is_empty())
}

fn rrtype(text: &str) -> Option<RrType> {
    RrType::parse(text).ok()
}

fn relation(text: &str) -> Option<Relation> {
    [Relation::Direct, Relation::Related].into_iter().find(|relation| relation.word() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(query: &str) -> TimelineView {
        let decoded = |text| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let pairs: Vec<_> = pairs.map(|(name, value)| (decoded(name), decoded(value))).collect();
        TimelineView::of(&pairs)
    }

    #[test]
    fn all_parameters_are_read_from_a_query_string() {
        let view = view(
            "from=2017-01-01&to=2018-12-31&at=2017-06-09T08:07:17Z&alive=1&hide=a,NS&hide=TYPE65\
                        &rel=direct&fold=as&open=3f2a9c01,00ff12ab.50&text=mine",
        );
        assert_eq!((view.from, view.to), (Some(1_483_228_800), Some(1_546_300_799)));
        assert_eq!((view.at_day().as_deref(), view.only_alive), (Some("2017-06-09"), true));
        assert_eq!(view.hidden, BTreeSet::from([RrType::A, RrType::NS, RrType::HTTPS]));
        assert_eq!(view.relation, Some(Relation::Direct));
        assert_eq!((view.by, view.open.to_string().as_str()), (By::System, "3f2a9c01,00ff12ab.50"));
        assert!(!view.is_whole());
        assert_eq!(view.toggled(RrType::NS).as_deref(), Some("A,HTTPS"));
    }

    #[test]
    fn what_is_not_read_in_full_is_wrong() {
        for (name, value) in [
            ("from", "soon"),
            ("to", "202009"),
            ("at", "9999-01-01"),
            ("alive", "yes"),
            ("hide", "<b>"),
            ("hide", "A,TYPE99999"),
            ("rel", "zz"),
        ] {
            assert!(TimelineView::wrong(name, value).is_some(), "{name}={value}");
        }
        let many: Vec<_> = (1000..3000).map(|code| format!("TYPE{code}")).collect();
        assert!(TimelineView::wrong("hide", &many.join(",")).is_some());
        for (name, value) in [
            ("from", ""),
            ("from", "2020-09-13"),
            ("to", "20200913142000"),
            ("alive", "1"),
            ("hide", "A,TYPE65"),
            ("rel", "direct"),
            ("page", "x"),
        ] {
            assert_eq!(TimelineView::wrong(name, value), None, "{name}={value}");
        }
    }

    #[test]
    fn nonsense_is_ignored() {
        let nonsense = "from=soon&to=%FF&at=1960-01-01&alive=1&hide=,,%3Cb%3E&rel=all&fold=x&open=A,:,3f2a,zzzzzzzz&&=&from";
        assert_eq!(view(nonsense), TimelineView::default());
        assert_eq!(view("from=2019-01-01&to=2018-01-01"), TimelineView::default());
        assert_eq!(view("from=9999-01-01"), TimelineView::default());
        assert!(view("fold=network&open=3f2a9c01&at=2017-06-09").is_whole());
        let many: Vec<_> = (1000..3000).map(|code| format!("TYPE{code}")).collect();
        assert_eq!(view(&format!("hide={}", many.join(","))).hidden.len(), MAX_TYPES);
    }

    #[test]
    fn a_record_is_alive_on_a_day_that_it_touches() {
        let view = view("at=2017-06-09");
        let start = 1_496_966_400;
        assert!(
            view.alive(0, start) && view.alive(start + DAY - 1, u64::MAX) && view.alive(start + 5, start + 6)
        );
        assert!(!view.alive(0, start - 1) && !view.alive(start + DAY, u64::MAX));
    }
}
