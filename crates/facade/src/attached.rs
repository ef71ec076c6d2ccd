//! What is attached to an indicator: attributes, sources, and related indicators.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};
use workbench::Workbench;
use workbench::library::RelatedTo;
use workbench::user::Permission;

use crate::caller::Caller;
use crate::item::{handed_attribute, names, related_to};
use crate::kinds;
use crate::read::{Asked, MOST_PARTS, Named, Sent, items, number_of};
use crate::reply::{Fault, all, created, page};
use crate::shape::{self, With, base, indicator};
use crate::state::Shared;

/// The default and the most related indicators of one answer.
const USUAL: u64 = 100;
const MOST: u64 = 1_000;
/// The most attributes that are shown of an indicator, and of each related one.
const ATTRIBUTES: usize = 1_000;
const ATTACHED: usize = 20;

/// The attributes of an indicator.
pub(crate) async fn attributes(
    State(facade): State<Shared>,
    _: Caller,
    Named(id): Named,
) -> Result<Json<Value>, Fault> {
    let id = facade.entry(number_of(&id)?).await?.id;
    Ok(all(facade.desk().read(move |workbench| shape::attributes(workbench, id, ATTRIBUTES)).await?))
}

/// Adds attributes, all or none of them.
pub(crate) async fn add_attributes(
    State(facade): State<Shared>,
    caller: Caller,
    Named(id): Named,
    Sent(body): Sent,
) -> Result<Response, Fault> {
    caller.require(Permission::EditLibrary)?;
    let entry = facade.entry(number_of(&id)?).await?;
    let given = parts(&body)?.iter().map(handed_attribute).collect::<Result<Vec<_>, _>>()?;
    let add = move |workbench: &mut Workbench| {
        let rows = workbench.hand_attributes(&entry.indicator, &given)?;
        let shown = shape::attributes(workbench, entry.id, ATTRIBUTES)?;
        Ok((rows, shown))
    };
    let (rows, shown) = facade.desk().change(&caller.name, add).await?;
    let is_one = |one: &Value, row: i64| one.get("id").and_then(Value::as_i64) == Some(row);
    let added = rows.iter().map(|row| {
        shown.iter().find(|one| is_one(one, *row)).cloned().unwrap_or_else(|| json!({ "id": row }))
    });
    Ok(created(all(added.collect())))
}

/// The sources of an indicator.
pub(crate) async fn sources(
    State(facade): State<Shared>,
    _: Caller,
    Named(id): Named,
) -> Result<Json<Value>, Fault> {
    let entry = facade.entry(number_of(&id)?).await?;
    Ok(all(facade.desk().read(move |workbench| shape::sources(workbench, &entry)).await?))
}

/// Adds sources, all or none of them.
pub(crate) async fn add_sources(
    State(facade): State<Shared>,
    caller: Caller,
    Named(id): Named,
    Sent(body): Sent,
) -> Result<Response, Fault> {
    caller.require(Permission::EditLibrary)?;
    let entry = facade.entry(number_of(&id)?).await?;
    parts(&body)?;
    let (given, tlp) = names(&json!({ "sources": body }))?;
    let is_list = body.is_array();
    let added = given.clone();
    let add = move |workbench: &mut Workbench| {
        let new = workbench.hand_sources(&entry.indicator, &added, tlp)?;
        Ok((new, workbench.source_numbers(added.iter().map(String::as_str))?))
    };
    let (new, numbers) = facade.desk().change(&caller.name, add).await?;
    let shape = |(name, is_new): (&String, &bool)| {
        json!({
            "id": numbers.get(name), "source_id": numbers.get(name), "name": name, "type": "other_sources",
            "existing": i32::from(!is_new), "tlp_id": tlp.map(kinds::id_of_tlp), "published_at": null,
        })
    };
    let mut shapes: Vec<Value> = given.iter().zip(&new).map(shape).collect();
    Ok(match shapes.pop() {
        Some(only) if !is_list && shapes.is_empty() => created(crate::reply::data(&only)),
        last => created(all(shapes.into_iter().chain(last).collect())),
    })
}

/// The indicators that an indicator is related to.
pub(crate) async fn related(
    State(facade): State<Shared>,
    _: Caller,
    Named(id): Named,
    asked: Asked,
) -> Result<Json<Value>, Fault> {
    let (limit, offset) = asked.place(USUAL, MOST)?;
    let (id, with) = (facade.entry(number_of(&id)?).await?.id, With::of(asked.list("with")));
    let read = move |workbench: &Workbench| {
        let (total, others) = workbench.related(id, offset, limit)?;
        let mut shapes = Vec::with_capacity(others.len());
        for (pivot, entry) in others {
            let mut shape = indicator(workbench, &entry, with, ATTACHED)?;
            put_pivot(&mut shape, pivot, id, entry.id);
            shapes.push(shape);
        }
        Ok((total, shapes))
    };
    let (total, shapes) = facade.desk().read(read).await?;
    Ok(page(total, shapes, limit, offset))
}

/// Relates an indicator to others. One that cannot be related has no `pivot`, and the reason.
pub(crate) async fn relate(
    State(facade): State<Shared>,
    caller: Caller,
    Named(id): Named,
    Sent(body): Sent,
) -> Result<Response, Fault> {
    caller.require(Permission::EditLibrary)?;
    let entry = facade.entry(number_of(&id)?).await?;
    let others = parts(&body)?.iter().map(related_to).collect::<Result<Vec<RelatedTo>, _>>()?;
    let (wanted, id) = (others.clone(), entry.id);
    let relate = move |workbench: &mut Workbench| {
        let rows = workbench.hand_related(&entry.indicator, &wanted)?;
        let mut found = Vec::with_capacity(rows.len());
        for (row, other) in rows.into_iter().zip(&wanted) {
            let entry = match other {
                RelatedTo::Number(id) => workbench.indicator_numbered(*id)?,
                RelatedTo::Value(indicator) => workbench.lookup(indicator)?,
            };
            found.push((row, entry));
        }
        Ok(found)
    };
    let mut shapes = Vec::with_capacity(others.len());
    for (row, other) in facade.desk().change(&caller.name, relate).await? {
        let mut shape = other.as_ref().map_or_else(|| json!({}), base);
        match (row, other) {
            (Ok(pivot), Some(other)) => put_pivot(&mut shape, pivot, id, other.id),
            (Ok(_), None) => {}
            (Err(error), _) => put(&mut shape, "error", error.to_string().into()),
        }
        shapes.push(shape);
    }
    Ok(created(all(shapes)))
}

/// The relationship through which an indicator is shown.
fn put_pivot(shape: &mut Value, pivot: i64, id: i64, other: i64) {
    put(shape, "pivot", json!({ "id": pivot, "indicator_id": id, "other_indicator_id": other }));
}

fn put(shape: &mut Value, name: &str, value: Value) {
    if let Some(members) = shape.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}

/// The parts that a body has: one or several, and not too many.
fn parts(body: &Value) -> Result<&[Value], Fault> {
    let parts = items(body);
    if parts.is_empty() || parts.len() > MOST_PARTS {
        return Err(Fault::bad(format!("send 1 to {MOST_PARTS} items at once")));
    }
    Ok(parts)
}
