//! Indicators of the library: found, created one by one or many at once, and their status set.
//!
//! Creating an indicator that exists keeps its status: all of our statuses are protected. Each item of a list has a result of its own,
//! at its place; an item that is refused has the member `error`.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};
use workbench::Workbench;
use workbench::library::{Condition, Entry, Handed, HandedIn, Outcome, Selection, SortedBy};
use workbench::user::Permission;

use crate::caller::Caller;
use crate::item::{Item, settle_statuses};
use crate::kinds;
use crate::query::{exact, filters, sort};
use crate::read::{Asked, Named, Sent, items, number_of, several};
use crate::reply::{Fault, all, created, data, page};
use crate::shape::{With, base, indicator, only};
use crate::state::{Facade, Shared};

/// The most items that are created at once, as there.
const MOST_ITEMS: usize = 500;
/// The default and the most indicators of one answer.
const USUAL: u64 = 100;
const MOST: u64 = 1_000;
/// The most attributes of each of several indicators, and of one.
const ATTACHED: usize = 100;
const ATTACHED_TO_ONE: usize = 1_000;
/// The most attributes that one answer has of several indicators with theirs: fewer indicators are shown then.
const EXPANDED: usize = 200;
/// The parameters of a list.
const KNOWN: [&str; 8] = ["value", "type_id", "status_id", "with", "limit", "offset", "sort", "fields"];

/// Indicators by value, type and status.
pub(crate) async fn list(
    State(facade): State<Shared>,
    _: Caller,
    asked: Asked,
) -> Result<Json<Value>, Fault> {
    if let Some(other) = asked.names().find(|name| !KNOWN.contains(name)) {
        let other: String = other.chars().take(60).collect();
        return Err(Fault::bad(format!("unknown parameter {other:?}; there are: {}", KNOWN.join(", "))));
    }
    let mut conditions: Vec<Condition> = asked.text("value").map(exact).into_iter().collect();
    let given = json!({ "type_id": asked.text("type_id"), "status_id": asked.text("status_id") });
    conditions.extend(kinds::kind(&given)?.map(Condition::Kind));
    conditions.extend(kinds::status(&given)?.map(Condition::Status));
    let words: Vec<&str> = asked.list("with").into_iter().chain(asked.list("fields")).collect();
    let look = Look::of(&asked, With::of(words))?;
    facade.find(Condition::All(conditions), look, Vec::new()).await
}

/// Indicators that meet a combination of conditions.
pub(crate) async fn query(
    State(facade): State<Shared>,
    _: Caller,
    asked: Asked,
    Sent(body): Sent,
) -> Result<Json<Value>, Fault> {
    let condition = match body.get("filters") {
        None => Condition::All(Vec::new()),
        Some(given) => filters(given)?,
    };
    let criteria = body.get("criteria").map_or(Ok(Condition::All(Vec::new())), filters)?;
    let fields = several(&body, "fields")?.iter().filter_map(Value::as_str).map(str::to_owned);
    let fields: Vec<String> = fields.collect();
    let words = asked.list("with").into_iter().chain(fields.iter().map(String::as_str));
    let look = Look::of(&asked, With::of(words))?;
    let _place = facade.heavy().await?;
    facade.find(Condition::All(vec![criteria, condition]), look, fields).await
}

/// One indicator.
pub(crate) async fn show(
    State(facade): State<Shared>,
    _: Caller,
    Named(id): Named,
    asked: Asked,
) -> Result<Json<Value>, Fault> {
    let (entry, with) = (facade.entry(number_of(&id)?).await?, With::of(asked.list("with")));
    let read = move |workbench: &Workbench| indicator(workbench, &entry, with, ATTACHED_TO_ONE);
    Ok(data(&facade.desk().read(read).await?))
}

/// Sets the status of an indicator.
pub(crate) async fn set(
    State(facade): State<Shared>,
    caller: Caller,
    Named(id): Named,
    Sent(body): Sent,
) -> Result<Json<Value>, Fault> {
    caller.require(Permission::EditLibrary)?;
    let status = kinds::status(&body)?.ok_or_else(|| {
        Fault::field("status", "status or status_id is required: nothing else can be set here")
    })?;
    let entry = facade.entry(number_of(&id)?).await?;
    let set = move |workbench: &mut Workbench| {
        workbench.set_status(&entry.indicator, status)?;
        workbench.indicator_numbered(entry.id)
    };
    let entry = facade.desk().change(&caller.name, set).await?;
    let entry = entry.ok_or_else(|| Fault::missing("there is no indicator with this id"))?;
    Ok(data(&base(&entry)))
}

/// Creates indicators, or adds to those that exist.
pub(crate) async fn create(
    State(facade): State<Shared>,
    caller: Caller,
    request: axum::extract::Request,
) -> Result<Response, Fault> {
    caller.require(Permission::EditLibrary)?;
    // A place is taken before the body is read, because reading it takes the memory.
    let _place = facade.heavy().await?;
    let body = crate::read::json(&crate::read::body(request, &()).await?)?;
    let given = items(&body);
    if given.is_empty() || given.len() > MOST_ITEMS {
        return Err(Fault::bad(format!("send 1 to {MOST_ITEMS} indicators at once")));
    }
    let mut read: Vec<Result<Item, Fault>> = given.iter().map(Item::read).collect();
    settle_statuses(&mut read);
    let mut answers = facade.hand_in(&caller, read).await?;
    // What is wrong with a single item is the answer.
    if given.len() == 1 {
        return Ok(created(all(vec![answers.remove(0)?])));
    }
    let answers = given.iter().zip(answers).map(|(item, answer)| {
        answer.unwrap_or_else(|fault| json!({ "value": item.get("value"), "error": fault.detail() }))
    });
    Ok(created(all(answers.collect())))
}

/// What part of a list is shown, and what of each.
struct Look {
    with: With,
    limit: usize,
    offset: u64,
    sorted_by: SortedBy,
    descending: bool,
    /// The position of a listing with a cursor: only numbers above it.
    mark: Option<(String, i64)>,
}

impl Look {
    fn of(asked: &Asked, with: With) -> Result<Self, Fault> {
        let (mut limit, offset) = asked.place(USUAL, MOST)?;
        if with.attributes {
            limit = limit.min(EXPANDED);
        }
        let (sorted_by, descending) = sort(asked.text("sort"))?;
        let mark = asked.text("cursorMark").map(|mark| read_mark(mark).map(|after| (mark.to_owned(), after)));
        let mark = mark.transpose()?;
        if mark.is_some() && (sorted_by != SortedBy::Id || descending || offset > 0) {
            let why = "with cursorMark, indicators are sorted by id, and there is no offset";
            return Err(Fault::field("cursorMark", why));
        }
        Ok(Self { with, limit, offset, sorted_by, descending, mark })
    }
}

/// The number that a mark stands for: `*` is the beginning.
fn read_mark(mark: &str) -> Result<i64, Fault> {
    if mark == "*" {
        return Ok(0);
    }
    let after = mark.strip_prefix("id:").and_then(|id| id.parse().ok());
    after.ok_or_else(|| Fault::field("cursorMark", "not a mark of this server: begin with *"))
}

impl Facade {
    async fn find(
        &self,
        condition: Condition,
        look: Look,
        fields: Vec<String>,
    ) -> Result<Json<Value>, Fault> {
        let Look { with, limit, offset, sorted_by, descending, mark } = look;
        let after = mark.as_ref().map(|(_, after)| *after);
        let selection = Selection { condition, sorted_by, descending, after, offset, limit };
        let read = move |workbench: &Workbench| {
            let found = workbench.select(&selection)?;
            let last = found.entries.last().map(|entry| entry.id);
            let shapes = found.entries.iter().map(|entry| {
                let shape = indicator(workbench, entry, with, ATTACHED)?;
                Ok(if fields.is_empty() { shape } else { only(shape, &fields) })
            });
            Ok((found.total, shapes.collect::<Result<Vec<_>, workbench::Error>>()?, last))
        };
        let (total, shapes, last) = self.desk().read(read).await?;
        let Json(mut answer) = page(total, shapes, limit, offset);
        if let (Some((mark, _)), Some(members)) = (mark, answer.as_object_mut()) {
            // The same mark again is the end.
            let next = last.map_or(mark, |last| format!("id:{last}"));
            members.insert("nextCursorMark".to_owned(), next.into());
        }
        Ok(Json(answer))
    }

    /// Adds what could be read; returns the answer to each item, in order, or what is wrong with it.
    async fn hand_in(
        &self,
        caller: &Caller,
        read: Vec<Result<Item, Fault>>,
    ) -> Result<Vec<Result<Value, Fault>>, Fault> {
        let handed: Vec<Handed> = read.iter().flatten().map(|item| item.handed.clone()).collect();
        let add = move |workbench: &mut Workbench| {
            let results = workbench.hand_in(&handed)?;
            let mut shown = Vec::with_capacity(results.len());
            for result in results {
                shown.push(match result {
                    Ok(one) => Ok((workbench.indicator_numbered(one.id)?, one)),
                    Err(error) => Err(error),
                });
            }
            Ok(shown)
        };
        let mut results = self.desk().change(&caller.name, add).await?.into_iter();
        let mut answers = Vec::with_capacity(read.len());
        for one in read {
            if let Err(fault) = one {
                answers.push(Err(fault));
                continue;
            }
            let result = results.next().ok_or_else(Fault::internal)?;
            let shape = result.map(|(entry, handed)| shape_of(entry.as_ref(), &handed));
            answers.push(shape.map_err(Fault::from));
        }
        Ok(answers)
    }
}

/// What became of an item.
fn shape_of(entry: Option<&Entry>, handed: &HandedIn) -> Value {
    let mut shape = entry.map_or_else(|| json!({ "id": handed.id }), base);
    if let Some(members) = shape.as_object_mut() {
        let existing = if handed.outcome == Outcome::New { "N" } else { "Y" };
        members.insert("existing".to_owned(), existing.into());
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_lead_through_a_list() {
        assert_eq!(read_mark("*").unwrap(), 0);
        assert_eq!(read_mark("id:17").unwrap(), 17);
        assert!(read_mark("id:x").is_err() && read_mark("").is_err());
    }
}
