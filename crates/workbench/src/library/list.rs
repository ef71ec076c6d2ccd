//! Lists indicators that match a filter, in an order, one page at a time.
//!
//! The next page is found by the last position of the previous one ([`Cursor`]), not by counting: it is as fast as the first,
//! and nothing is shown twice or left out because something else was added in between.

use std::fmt;
use std::str::FromStr;

use operation::{Indicator, IndicatorType, Marking};
use rusqlite::types::Value;
use rusqlite::{Connection, ToSql};

use crate::database::Problem;
use crate::indicator_key::{KeyRange, sort_key, type_code};
use crate::library::entry::{COLUMNS, entry};
use crate::library::source::find_source;
use crate::library::{Entry, Search, Status};
use crate::{Error, Workbench};

/// A source with at most this many claims is listed from its claims. One with more matches often enough in a scan.
const FEW_CLAIMS: i64 = 20_000;
/// If a range has more values than this, enough of the newest indicators are in it, so these are checked first.
const MANY_VALUES: i64 = 8_000;
/// How many of the newest are checked: each costs as much as one of the range, so a failed attempt wastes little time.
const NEWEST: &str = "4096";

/// Which indicators to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only indicators of this type.
    pub kind: Option<IndicatorType>,
    /// Only indicators with this status.
    pub status: Option<Status>,
    /// Only indicators with this marking, or without one.
    pub tlp: Option<Marking>,
    /// Only indicators that this source claims, by its name.
    pub source: Option<String>,
    /// Only values that match this search.
    pub search: Option<Search>,
    /// Only removed indicators, instead of present ones.
    pub removed: bool,
    /// The order; by default, by value if the search is a range of values, and by update otherwise.
    pub order: Option<Order>,
    /// Only indicators after this position.
    pub after: Option<Cursor>,
    /// At most this many; at least one.
    pub limit: usize,
}

/// The order in which indicators are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The most recently changed first.
    Updated,
    /// Names by their labels from the right, then addresses.
    Value,
}

/// A position in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cursor {
    /// A position in the order by update.
    Updated {
        /// When the last indicator was changed.
        at: i64,
        /// Its row, which orders indicators of the same second.
        id: i64,
    },
    /// A position in the order by value: the last indicator.
    Value(Indicator),
}

/// A page of the matching indicators.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The entries, in order.
    pub entries: Vec<Entry>,
    /// The position of the next page; `None` at the end.
    pub next: Option<Cursor>,
    /// The number of all matches, if known without counting: if the first page contains them all.
    pub total: Option<usize>,
}

impl Workbench {
    /// The indicators that match a filter, one page of them.
    ///
    /// # Errors
    /// [`Error::Refused`] if the cursor belongs to another order.
    pub fn indicators(&self, filter: &Filter) -> Result<Page, Error> {
        self.read(|database| {
            let Some(query) = Query::new(database, filter)? else {
                return Ok(Page { total: Some(0), ..Page::default() });
            };
            let limit = filter.limit.max(1);
            let mut rows = query.rows(database, limit)?;
            let more = rows.len() > limit;
            rows.truncate(limit);
            let next = rows.last().filter(|_| more).map(|(id, entry)| match query.order {
                Order::Updated => Cursor::Updated { at: entry.updated_at, id: *id },
                Order::Value => Cursor::Value(entry.indicator.clone()),
            });
            let total = (filter.after.is_none() && !more).then_some(rows.len());
            Ok(Page { entries: rows.into_iter().map(|(_, entry)| entry).collect(), next, total })
        })
    }
}

/// A filter as SQL.
struct Query {
    order: Order,
    /// Selects the numbers of the rows.
    ids: String,
    /// Selects the row numbers if a whole page is among the newest; tried first.
    shortcut: Option<String>,
    parameters: Vec<(&'static str, Value)>,
    /// In the order by value: the first key after the cursor.
    behind: Option<Vec<u8>>,
}

impl Query {
    /// `None` if nothing can match.
    fn new(database: &Connection, filter: &Filter) -> Result<Option<Self>, Problem> {
        let range = filter.search.as_ref().and_then(Search::range);
        let by_range = if range.is_some() { Order::Value } else { Order::Updated };
        let order = filter.order.unwrap_or(by_range);
        let limit = i64::try_from(filter.limit.max(1)).unwrap_or(i64::MAX).saturating_add(1);
        let parameters = vec![(":limit", limit.into())];
        let mut query = Self { order, ids: String::new(), shortcut: None, parameters, behind: None };
        let after = query.after(filter)?;
        let mut rest =
            if filter.removed { " AND i.removed_at IS NOT NULL" } else { " AND i.removed_at IS NULL" }
                .to_owned();
        if let Some(text) = filter.search.as_ref().and_then(Search::text) {
            rest.push_str(" AND instr(i.value, :text) > 0");
            query.parameters.push((":text", text.to_owned().into()));
        }
        let marked = filter.tlp.and_then(|marking| marking.0).is_some();
        match filter.tlp {
            None => {}
            Some(Marking(None)) => rest.push_str(" AND i.tlp IS NULL"),
            Some(Marking(Some(tlp))) => {
                rest.push_str(" AND i.tlp = :tlp");
                query.parameters.push((":tlp", tlp.word().to_owned().into()));
            }
        }
        let mut few = false;
        if let Some(name) = &filter.source {
            let Some(source) = find_source(database, name)? else { return Ok(None) };
            few = has_few_claims(database, source)?;
            query.parameters.push((":source", source.into()));
        }
        let claimed = filter.source.as_ref().map(|_| {
            " AND EXISTS (SELECT 1 FROM indicator_claims c WHERE c.indicator = i.id AND c.source = :source)"
        });
        let (claimed, kind_status) = (claimed.unwrap_or_default(), kind_and_status(filter));
        if let (Order::Updated, Some(range), None, false) = (order, range, &filter.source, filter.removed)
            && has_many_values(database, range)?
        {
            query.shortcut = Some(among_newest(filter, &format!("{rest}{after}")));
        }
        query.ids = if order == Order::Value || range.is_some() {
            query.within(filter, range, &format!("{kind_status}{rest}{claimed}{after}"))
        } else if few {
            let from = "indicator_claims c CROSS JOIN indicators i ON i.id = c.indicator";
            one_stretch("DISTINCT", from, &format!("c.source = :source{kind_status}{rest}{after}"))
        } else if filter.removed || filter.search.is_some() || marked {
            let from = if filter.removed {
                "indicators i INDEXED BY indicators_removed"
            } else if marked {
                "indicators i INDEXED BY indicators_by_tlp"
            } else {
                "indicators i NOT INDEXED"
            };
            one_stretch("", from, &format!("1{kind_status}{rest}{claimed}{after}"))
        } else {
            stretches(filter, &format!("{rest}{claimed}{after}"), ":limit")
        };
        Ok(Some(query))
    }

    /// The SQL condition for rows after the cursor.
    fn after(&mut self, filter: &Filter) -> Result<&'static str, Problem> {
        match (&filter.after, self.order) {
            (None, _) => Ok(""),
            (Some(Cursor::Updated { at, id }), Order::Updated) => {
                self.parameters.extend([(":at", (*at).into()), (":id", (*id).into())]);
                Ok(" AND (i.updated_at, i.id) < (:at, :id)")
            }
            (Some(Cursor::Value(last)), Order::Value) => {
                self.behind = Some([sort_key(last), vec![0]].concat());
                Ok("")
            }
            (Some(cursor), _) => {
                Err(Problem::invalid(format!("the cursor {cursor} belongs to a listing in another order")))
            }
        }
    }

    /// Rows by a range of keys.
    fn within(&mut self, filter: &Filter, range: Option<&KeyRange>, rest: &str) -> String {
        let (first, end) = range.cloned().unwrap_or_else(|| match filter.kind.map(type_code) {
            Some(code) => (vec![code], vec![code + 1]),
            None => (vec![0], vec![u8::MAX]),
        });
        // There is only one lower bound: with two, the scan might start at the wrong one.
        let first = self.behind.take().map_or(first.clone(), |behind| behind.max(first));
        self.parameters.extend([(":first", first.into()), (":end", end.into())]);
        let order = match self.order {
            Order::Updated => "updated_at DESC, id DESC",
            Order::Value => "sort_key",
        };
        format!(
            "SELECT i.id FROM indicators i WHERE i.sort_key >= :first AND i.sort_key < :end{rest} \
             ORDER BY i.{order} LIMIT :limit"
        )
    }

    /// The rows of a page, and one more if there is one.
    fn rows(&self, database: &Connection, limit: usize) -> Result<Vec<(i64, Entry)>, Problem> {
        if let Some(shortcut) = &self.shortcut {
            let rows = self.select(database, shortcut)?;
            if rows.len() > limit {
                return Ok(rows);
            }
        }
        self.select(database, &self.ids)
    }

    fn select(&self, database: &Connection, ids: &str) -> Result<Vec<(i64, Entry)>, Problem> {
        let order = match self.order {
            Order::Updated => "i.updated_at DESC, i.id DESC",
            Order::Value => "i.sort_key",
        };
        // Only the rows of the page are read completely.
        let sql = format!("SELECT {COLUMNS} FROM indicators i WHERE i.id IN ({ids}) ORDER BY {order}");
        let mut statement = database.prepare_cached(&sql)?;
        let parameters: Vec<(&str, &dyn ToSql)> =
            self.parameters.iter().map(|(name, value)| (*name, value as &dyn ToSql)).collect();
        let mut rows = statement.query(parameters.as_slice())?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next()? {
            entries.push(entry(row)?);
        }
        Ok(entries)
    }
}

fn kind_and_status(filter: &Filter) -> String {
    let kind = filter.kind.map(|kind| format!(" AND i.type = {}", type_code(kind)));
    let status = filter.status.map(|status| format!(" AND i.status = {}", status.code()));
    kind.unwrap_or_default() + &status.unwrap_or_default()
}

fn has_few_claims(database: &Connection, source: i64) -> Result<bool, Problem> {
    let sql = "SELECT count(*) FROM (SELECT 1 FROM indicator_claims WHERE source = ? LIMIT ?)";
    let mut statement = database.prepare_cached(sql)?;
    let claims: i64 = statement.query_row((source, FEW_CLAIMS + 1), |row| row.get(0))?;
    Ok(claims <= FEW_CLAIMS)
}

fn has_many_values(database: &Connection, (first, end): &KeyRange) -> Result<bool, Problem> {
    let sql = "SELECT count(*) FROM (SELECT 1 FROM indicators WHERE sort_key >= ? AND sort_key < ? LIMIT ?)";
    let mut statement = database.prepare_cached(sql)?;
    let values: i64 = statement.query_row((first, end, MANY_VALUES + 1), |row| row.get(0))?;
    Ok(values > MANY_VALUES)
}

/// Rows of a range in the order by update, if they are among the newest of all.
fn among_newest(filter: &Filter, rest: &str) -> String {
    format!(
        "SELECT i.id FROM ({}) n CROSS JOIN indicators i ON i.id = n.id \
         WHERE i.sort_key >= :first AND i.sort_key < :end ORDER BY i.updated_at DESC, i.id DESC LIMIT :limit",
        stretches(filter, rest, NEWEST)
    )
}

/// Rows in the order by update, from one scan.
fn one_stretch(distinct: &str, from: &str, condition: &str) -> String {
    format!(
        "SELECT id FROM (SELECT {distinct} i.id, i.updated_at FROM {from} WHERE {condition} \
         ORDER BY i.updated_at DESC, i.id DESC LIMIT :limit)"
    )
}

/// Rows in the order by update, from the index ranges of each matching type and status.
fn stretches(filter: &Filter, rest: &str, limit: &str) -> String {
    let kinds =
        IndicatorType::ALL.into_iter().filter(|kind| filter.kind.is_none_or(|wanted| wanted == *kind));
    let statuses =
        || Status::ALL.into_iter().filter(|status| filter.status.is_none_or(|wanted| wanted == *status));
    let each = kinds.flat_map(|kind| {
        statuses().map(move |status| {
            format!(
                "SELECT * FROM (SELECT i.id, i.updated_at FROM indicators i INDEXED BY indicators_by_update \
                 WHERE i.type = {} AND i.status = {}{rest} \
                 ORDER BY i.updated_at DESC, i.id DESC LIMIT {limit})",
                type_code(kind),
                status.code()
            )
        })
    });
    let all = each.collect::<Vec<_>>().join(" UNION ALL ");
    format!("SELECT id FROM ({all} ORDER BY 2 DESC, 1 DESC LIMIT {limit})")
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Updated { at, id } => write!(f, "updated:{at}:{id}"),
            Self::Value(indicator) => write!(f, "value:{indicator}"),
        }
    }
}

impl FromStr for Cursor {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let by_update = |rest: &str| {
            let (at, id) = rest.split_once(':')?;
            Some(Self::Updated { at: at.parse().ok()?, id: id.parse().ok()? })
        };
        match text.split_once(':') {
            Some(("updated", rest)) => by_update(rest),
            Some(("value", rest)) => Indicator::from_canonical(rest).ok().map(Self::Value),
            _ => None,
        }
        .ok_or_else(|| Error::invalid(format!("{text:?} is not a cursor: use one that a listing printed")))
    }
}
