//! A filter as SQL: [`Conditions`] is what it says about rows, and [`Query`] adds an order and a position.
//!
//! A page of a million indicators is a short walk: along the index of the order, which has a stretch for each type and status; along a
//! range of values; or over the few rows of a source or a tag, which are then sorted.

use std::fmt::Write as _;

use operation::{IndicatorType, Marking};
use rusqlite::types::Value;
use rusqlite::{Connection, ToSql};

use super::{Cursor, Filter, Order};
use crate::database::Problem;
use crate::indicator_key::{KeyRange, sort_key, type_code};
use crate::library::entry::{COLUMNS, entry};
use crate::library::source::find_source;
use crate::library::tag::find_tag;
use crate::library::{Entry, Search, Status};

/// A source or tag with at most this many rows is listed from them. One with more matches often enough in a scan.
const FEW: i64 = 20_000;
/// If a range has more values than this, enough of the newest indicators are in it, so these are checked first.
const MANY_VALUES: i64 = 8_000;
/// How many of the newest are checked: each costs as much as one of the range, so a failed attempt wastes little time.
const NEWEST: &str = "4096";

/// Rows by a range of keys. Without the name of the index, another one that begins with the type might be preferred.
const BY_VALUE: &str = "indicators i INDEXED BY sqlite_autoindex_indicators_1";

/// Parameters by their names in SQL.
type Parameters = Vec<(&'static str, Value)>;

/// What a filter says about rows, without an order.
pub(super) struct Conditions {
    /// Conditions on every row, each with its `AND`.
    rest: String,
    kind: Option<IndicatorType>,
    status: Option<Status>,
    range: Option<KeyRange>,
    /// Where rows are taken from, unless it is a range or an index of an order.
    from: Option<String>,
    /// Whether a source or a tag is wanted.
    is_grouped: bool,
    is_removed: bool,
    pub(super) parameters: Parameters,
}

/// A source or a tag that rows must have.
struct Group {
    table: &'static str,
    column: &'static str,
    parameter: &'static str,
    row: i64,
}

impl Conditions {
    /// `None` if nothing can match. Rows that are walked along by their values are not taken from a source or a tag.
    pub(super) fn of(
        database: &Connection,
        filter: &Filter,
        by_value: bool,
    ) -> Result<Option<Self>, Problem> {
        let Some(groups) = Group::all(database, filter)? else { return Ok(None) };
        let removed = if filter.removed { "NOT NULL" } else { "NULL" };
        let mut conditions = Self {
            rest: format!(" AND i.removed_at IS {removed}"),
            kind: filter.kind,
            status: filter.status,
            range: filter.search.as_ref().and_then(Search::range).cloned(),
            from: None,
            is_grouped: !groups.is_empty(),
            is_removed: filter.removed,
            parameters: Vec::new(),
        };
        conditions.add_text(filter);
        conditions.add_groups(database, groups, by_value)?;
        Ok(Some(conditions))
    }

    fn add_text(&mut self, filter: &Filter) {
        if let Some(text) = filter.search.as_ref().and_then(Search::text) {
            self.rest.push_str(" AND instr(i.value, :text) > 0");
            self.parameters.push((":text", text.to_owned().into()));
            self.from = Some("indicators i NOT INDEXED".to_owned());
        }
        match filter.tlp {
            None => {}
            Some(Marking(None)) => self.rest.push_str(" AND i.tlp IS NULL"),
            Some(Marking(Some(tlp))) => {
                self.rest.push_str(" AND i.tlp = :tlp");
                self.parameters.push((":tlp", tlp.word().to_owned().into()));
                self.from = Some("indicators i INDEXED BY indicators_by_tlp".to_owned());
            }
        }
        if filter.removed {
            self.from = Some("indicators i INDEXED BY indicators_removed".to_owned());
        }
    }

    /// Rows are taken from the first group with few rows; the others are conditions.
    fn add_groups(
        &mut self,
        database: &Connection,
        groups: Vec<Group>,
        by_value: bool,
    ) -> Result<(), Problem> {
        let mut has_driver = self.range.is_some() || by_value;
        for group in groups {
            self.parameters.push((group.parameter, group.row.into()));
            if !has_driver && group.is_small(database)? {
                has_driver = true;
                self.from = Some(group.driver());
            } else {
                self.rest.push_str(&group.condition());
            }
        }
        Ok(())
    }

    fn kind_and_status(&self) -> String {
        let kind = self.kind.map(|kind| format!(" AND i.type = {}", type_code(kind)));
        let status = self.status.map(|status| format!(" AND i.status = {}", status.code()));
        kind.unwrap_or_default() + &status.unwrap_or_default()
    }

    fn kinds(&self) -> impl Iterator<Item = IndicatorType> + use<> {
        let wanted = self.kind;
        IndicatorType::ALL.into_iter().filter(move |kind| wanted.is_none_or(|wanted| wanted == *kind))
    }

    fn statuses(&self) -> impl Iterator<Item = Status> + use<> {
        let wanted = self.status;
        Status::ALL.into_iter().filter(move |status| wanted.is_none_or(|wanted| wanted == *status))
    }

    /// The SQL that selects all matching rows, in any order, at most `limit` of them.
    pub(super) fn any(mut self, limit: u64) -> (String, Parameters) {
        let kind_status = self.kind_and_status();
        let (from, first) = match (self.range.take(), &self.from) {
            (Some((first, end)), _) => {
                self.parameters.extend([(":first", first.into()), (":end", end.into())]);
                (BY_VALUE, format!("i.sort_key >= :first AND i.sort_key < :end{kind_status}"))
            }
            (None, Some(from)) => (from.as_str(), format!("1{kind_status}")),
            (None, None) => {
                let kinds: Vec<String> = self.kinds().map(|kind| type_code(kind).to_string()).collect();
                let statuses: Vec<String> = self.statuses().map(|status| status.code().to_string()).collect();
                let stretches =
                    format!("i.type IN ({}) AND i.status IN ({})", kinds.join(", "), statuses.join(", "));
                ("indicators i INDEXED BY indicators_by_update", stretches)
            }
        };
        let sql = format!("SELECT 1 FROM {from} WHERE {first}{} LIMIT {limit}", self.rest);
        (sql, self.parameters)
    }
}

impl Group {
    /// The wanted source and tag; `None` if one of them does not exist.
    fn all(database: &Connection, filter: &Filter) -> Result<Option<Vec<Self>>, Problem> {
        let mut groups = Vec::new();
        if let Some(name) = &filter.source {
            let Some(row) = find_source(database, name)? else { return Ok(None) };
            groups.push(Self { table: "indicator_claims", column: "source", parameter: ":source", row });
        }
        if let Some(name) = &filter.tag {
            let Some(row) = find_tag(database, name)? else { return Ok(None) };
            groups.push(Self { table: "indicator_tags", column: "tag", parameter: ":tag", row });
        }
        Ok(Some(groups))
    }

    fn is_small(&self, database: &Connection) -> Result<bool, Problem> {
        let Self { table, column, .. } = self;
        let sql = format!("SELECT count(*) FROM (SELECT 1 FROM {table} WHERE {column} = ? LIMIT ?)");
        let mut statement = database.prepare_cached(&sql)?;
        let rows: i64 = statement.query_row((self.row, FEW + 1), |row| row.get(0))?;
        Ok(rows <= FEW)
    }

    /// Where rows are taken from if they are the group's; a source may have several claims on one.
    fn driver(&self) -> String {
        let Self { table, column, parameter, .. } = self;
        format!(
            "(SELECT DISTINCT indicator FROM {table} WHERE {column} = {parameter}) g \
             CROSS JOIN indicators i ON i.id = g.indicator"
        )
    }

    fn condition(&self) -> String {
        let Self { table, column, parameter, .. } = self;
        format!(" AND EXISTS (SELECT 1 FROM {table} g WHERE g.indicator = i.id AND g.{column} = {parameter})")
    }
}

/// A page as SQL.
pub(super) struct Query {
    pub(super) order: Order,
    /// Selects the numbers of the rows.
    pub(super) ids: String,
    /// Selects the row numbers if a whole page is among the newest; tried first.
    shortcut: Option<String>,
    parameters: Parameters,
}

impl Query {
    /// `None` if nothing can match.
    pub(super) fn new(database: &Connection, filter: &Filter) -> Result<Option<Self>, Problem> {
        let is_range = filter.search.as_ref().is_some_and(Search::is_range);
        let order = filter.order.unwrap_or(if is_range { Order::Value } else { Order::Updated });
        let conditions = Conditions::of(database, filter, order == Order::Value)?;
        let Some(mut conditions) = conditions else { return Ok(None) };
        let limit = i64::try_from(filter.limit.max(1)).unwrap_or(i64::MAX).saturating_add(1);
        conditions.parameters.push((":limit", limit.into()));
        let behind = conditions.start_after(filter.after.as_ref(), order)?;
        let mut shortcut = None;
        if let (Some(range), false) = (&conditions.range, order == Order::Value)
            && !(conditions.is_grouped || conditions.is_removed)
            && has_many_values(database, range)?
        {
            shortcut = Some(conditions.among_newest(order));
        }
        let ids = if order == Order::Value || conditions.range.is_some() {
            conditions.within(order, behind)
        } else if let Some(from) = &conditions.from {
            one_stretch(order, from, &format!("1{}{}", conditions.kind_and_status(), conditions.rest))
        } else {
            conditions.stretches(order, ":limit")
        };
        Ok(Some(Self { order, ids, shortcut, parameters: conditions.parameters }))
    }

    /// The rows of a page, and one more if there is one.
    pub(super) fn rows(&self, database: &Connection, limit: usize) -> Result<Vec<(i64, Entry)>, Problem> {
        if let Some(shortcut) = &self.shortcut {
            let rows = self.select(database, shortcut)?;
            if rows.len() > limit {
                return Ok(rows);
            }
        }
        self.select(database, &self.ids)
    }

    fn select(&self, database: &Connection, ids: &str) -> Result<Vec<(i64, Entry)>, Problem> {
        let order = sorted_by(self.order);
        // Only the rows of the page are read completely.
        let sql = format!("SELECT {COLUMNS} FROM indicators i WHERE i.id IN ({ids}) ORDER BY {order}");
        let mut statement = database.prepare_cached(&sql)?;
        let mut rows = statement.query(bound(&self.parameters).as_slice())?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next()? {
            entries.push(entry(row)?);
        }
        Ok(entries)
    }
}

impl Conditions {
    /// Adds that rows come after a position; returns the first key after it in the order by value.
    fn start_after(&mut self, after: Option<&Cursor>, order: Order) -> Result<Option<Vec<u8>>, Problem> {
        match after {
            None => Ok(None),
            Some(Cursor::Figure { order: of, at, id }) if *of == order => {
                self.parameters.extend([(":at", (*at).into()), (":id", (*id).into())]);
                let column = order.column();
                // Writing to a text cannot fail.
                let _ = write!(self.rest, " AND (i.{column}, i.id) < (:at, :id)");
                Ok(None)
            }
            Some(Cursor::Value(last)) if order == Order::Value => {
                Ok(Some([sort_key(last), vec![0]].concat()))
            }
            Some(cursor) => {
                Err(Problem::invalid(format!("the cursor {cursor} belongs to a listing in another order")))
            }
        }
    }

    /// Rows by a range of keys.
    fn within(&mut self, order: Order, behind: Option<Vec<u8>>) -> String {
        let (first, end) = self.range.clone().unwrap_or_else(|| match self.kind.map(type_code) {
            Some(code) => (vec![code], vec![code + 1]),
            None => (vec![0], vec![u8::MAX]),
        });
        // There is only one lower bound: with two, the scan might start at the wrong one.
        let first = behind.map_or(first.clone(), |behind| behind.max(first));
        self.parameters.extend([(":first", first.into()), (":end", end.into())]);
        format!(
            "SELECT i.id FROM {BY_VALUE} WHERE i.sort_key >= :first AND i.sort_key < :end{}{} \
             ORDER BY {} LIMIT :limit",
            self.kind_and_status(),
            self.rest,
            sorted_by(order)
        )
    }

    /// Rows of a range in an order by a figure, if they are among the newest of all.
    fn among_newest(&self, order: Order) -> String {
        format!(
            "SELECT i.id FROM ({}) n CROSS JOIN indicators i ON i.id = n.id \
             WHERE i.sort_key >= :first AND i.sort_key < :end ORDER BY {} LIMIT :limit",
            self.stretches(order, NEWEST),
            sorted_by(order)
        )
    }

    /// Rows in an order by a figure, from the index ranges of each matching type and status.
    fn stretches(&self, order: Order, limit: &str) -> String {
        let (column, index, rest) = (order.column(), order.index(), &self.rest);
        let pairs = self.kinds().flat_map(|kind| self.statuses().map(move |status| (kind, status)));
        let stretch = |(kind, status): (IndicatorType, Status)| {
            format!(
                "SELECT * FROM (SELECT i.id, i.{column} FROM indicators i INDEXED BY {index} \
                 WHERE i.type = {} AND i.status = {}{rest} ORDER BY {} LIMIT {limit})",
                type_code(kind),
                status.code(),
                sorted_by(order)
            )
        };
        let all = pairs.map(stretch).collect::<Vec<_>>().join(" UNION ALL ");
        format!("SELECT id FROM ({all} ORDER BY 2 DESC, 1 DESC LIMIT {limit})")
    }
}

/// Rows in an order by a figure, from one scan.
fn one_stretch(order: Order, from: &str, condition: &str) -> String {
    let by = sorted_by(order);
    format!("SELECT i.id FROM {from} WHERE {condition} ORDER BY {by} LIMIT :limit")
}

fn sorted_by(order: Order) -> String {
    match order {
        Order::Value => "i.sort_key".to_owned(),
        _ => format!("i.{} DESC, i.id DESC", order.column()),
    }
}

/// Parameters as statements take them.
pub(super) fn bound(parameters: &Parameters) -> Vec<(&str, &dyn ToSql)> {
    parameters.iter().map(|(name, value)| (*name, value as &dyn ToSql)).collect()
}

fn has_many_values(database: &Connection, (first, end): &KeyRange) -> Result<bool, Problem> {
    let sql = "SELECT count(*) FROM (SELECT 1 FROM indicators WHERE sort_key >= ? AND sort_key < ? LIMIT ?)";
    let mut statement = database.prepare_cached(sql)?;
    let values: i64 = statement.query_row((first, end, MANY_VALUES + 1), |row| row.get(0))?;
    Ok(values > MANY_VALUES)
}

#[cfg(test)]
mod tests;
