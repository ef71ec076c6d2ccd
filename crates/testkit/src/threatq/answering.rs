//! What a scripted ThreatQ answers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::world::{Object, World};
use super::{CLIENT_ID, CLIENT_SECRET, EMAIL, PASSWORD, PUBLIC_ID};
use crate::request::Request;

/// An answer.
pub(super) struct Reply {
    pub(super) status: u16,
    /// Lines with their ends.
    pub(super) headers: String,
    pub(super) body: String,
}

impl Reply {
    pub(super) fn new(status: u16, body: &str) -> Self {
        Self { status, headers: String::new(), body: body.to_owned() }
    }

    fn json(status: u16, body: &Value) -> Self {
        Self::new(status, &body.to_string())
    }
}

/// A request with the first half of its items.
pub(super) fn half(request: &Request) -> Request {
    let items = match serde_json::from_slice(&request.body) {
        Ok(Value::Array(items)) => items,
        _ => Vec::new(),
    };
    let first = items.iter().take(items.len() / 2).cloned().collect::<Value>();
    Request { body: first.to_string().into_bytes(), ..request.clone() }
}

pub(super) fn answer(world: &mut World, request: &Request) -> Reply {
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    if (request.method.as_str(), parts.as_slice()) == ("POST", &["api", "token"]) {
        return token(world, request, query);
    }
    // With a capital B only.
    let bearer = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    if !bearer.is_some_and(|token| world.tokens.contains(token)) {
        return Reply::json(401, &json!({"message": "Unauthenticated."}));
    }
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    match (request.method.as_str(), parts.as_slice()) {
        ("GET", ["api", "indicator", "types"]) => named(&world.types),
        ("GET", ["api", "indicator", "statuses"]) => named(&world.statuses),
        ("POST", ["api", "indicators", "query"]) => search(world, query, &body),
        ("POST", ["api", "indicators", "consume"]) => consume(world, &body),
        ("GET", ["api", "indicators", id]) => details(world, id),
        ("GET", ["api", "indicators", id, "indicators"]) => related(world, id, query),
        ("GET", ["api", "plugins"]) => plugins(world),
        ("POST", ["api", "plugins", id, "execute"]) => execute(world, id, &body),
        _ => Reply::json(404, &json!({"errors": ["Not found"]})),
    }
}

fn token(world: &mut World, request: &Request, query: &str) -> Reply {
    let basic = format!("Basic {}", STANDARD.encode(format!("{CLIENT_ID}:{CLIENT_SECRET}")));
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let is_client =
        query == "grant_type=client_credentials" && request.header("authorization") == Some(&basic);
    let user =
        json!({"email": EMAIL, "password": PASSWORD, "grant_type": "password", "client_id": PUBLIC_ID});
    if !is_client && body != user {
        // It repeats what it was sent, as servers with a debug mode do.
        let sent = String::from_utf8_lossy(&request.body);
        let sent = format!("{sent} {}", request.header("authorization").unwrap_or_default());
        return Reply::json(400, &json!({"errors": [format!("Bad login: {sent}")]}));
    }
    let token = world.token();
    let mut answer = json!({"access_token": token, "token_type": "bearer", "expires_in": 3600});
    if let (false, Some(members)) = (is_client, answer.as_object_mut()) {
        members.insert("refresh_token".to_owned(), "refresh".into());
    }
    Reply::json(200, &answer)
}

fn named(table: &std::collections::BTreeMap<String, u64>) -> Reply {
    let one =
        |(name, id): (&String, &u64)| json!({"id": id, "name": name, "class": "network", "score": null});
    Reply::json(200, &json!({"data": table.iter().map(one).collect::<Value>()}))
}

fn parameter(query: &str, name: &str) -> Option<usize> {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| *key == name).and_then(|(_, value)| value.parse().ok())
}

fn paged(world: &World, query: &str, items: Vec<Value>) -> Reply {
    let total = items.len();
    let (limit, offset) =
        (parameter(query, "limit").unwrap_or(1_000), parameter(query, "offset").unwrap_or(0));
    let data: Value = items.into_iter().skip(offset).take(limit.min(1_000)).collect();
    let mut answer = json!({"data": data, "limit": limit, "offset": offset});
    if let (true, Some(members)) = (world.tells_totals, answer.as_object_mut()) {
        members.insert("total".to_owned(), total.into());
    }
    Reply::json(200, &answer)
}

/// An object as lists have it, with numbers instead of names.
fn row(world: &World, object: &Object) -> Value {
    json!({
        "id": object.id, "value": object.value, "type_id": world.types.get(&object.kind),
        "status_id": world.statuses.get(&object.status), "class": "network", "sources": sources(object),
    })
}

fn sources(object: &Object) -> Value {
    let one =
        |(name, tlp): (&String, &Option<u64>)| json!({"name": name, "type": "other_sources", "tlp_id": tlp});
    object.sources.iter().map(one).collect()
}

fn search(world: &World, query: &str, body: &Value) -> Reply {
    let Some(any) = body.pointer("/filters/+or").and_then(Value::as_array) else {
        return Reply::json(400, &json!({"data": {"errors": {"filters": ["The filters are invalid."]}}}));
    };
    let meets = |object: &Object, all: &Value| {
        let all = all.get("+and").and_then(Value::as_array);
        all.is_some_and(|all| {
            all.iter().all(|one| {
                let has = |key: &str, own: &str| {
                    one.get(key)
                        .is_none_or(|wanted| wanted.as_str().is_some_and(|it| it.eq_ignore_ascii_case(own)))
                };
                has("value", &object.value)
                    && has("type_name", &object.kind)
                    && has("status_name", &object.status)
            })
        })
    };
    let found = world.objects.values().filter(|object| any.iter().any(|all| meets(object, all)));
    let items = found.map(|object| row(world, object)).collect();
    paged(world, query, items)
}

fn details(world: &World, id: &str) -> Reply {
    let Some(object) = id.parse().ok().and_then(|id: u64| world.objects.get(&id)) else {
        return Reply::json(404, &json!({"errors": ["The object does not exist"]}));
    };
    let attribute = |(name, value): &(String, String)| json!({"name": name, "value": value});
    let mut data = row(world, object);
    if let Some(members) = data.as_object_mut() {
        members.insert("attributes".to_owned(), object.attributes.iter().map(attribute).collect());
        members.insert(
            "type".to_owned(),
            json!({"id": world.types.get(&object.kind), "name": object.kind,
            "plugins": [{"config": [{"key": "api_key", "mask": true, "value": "leaked-plugin-secret"}]}]}),
        );
        members.insert("status".to_owned(), json!({"name": object.status}));
    }
    Reply::json(200, &json!({"data": data}))
}

fn related(world: &World, id: &str, query: &str) -> Reply {
    let Some(object) = id.parse().ok().and_then(|id: u64| world.objects.get(&id)) else {
        return Reply::json(404, &json!({"errors": ["The object does not exist"]}));
    };
    let others = object.related.iter().filter_map(|id| world.objects.get(id));
    let items = others.map(|object| row(world, object)).collect();
    paged(world, query, items)
}

fn consume(world: &mut World, body: &Value) -> Reply {
    let Some(items) = body.as_array() else {
        return Reply::json(400, &json!({"errors": ["An array is expected"]}));
    };
    if items.len() > 500 {
        return Reply::json(400, &json!({"errors": [["Too many", "objects"]]}));
    }
    let results: Value = items.iter().map(|item| take(world, item)).collect();
    Reply::json(201, &json!({"total": items.len(), "data": results}))
}

/// Creates or updates one indicator.
fn take(world: &mut World, item: &Value) -> Value {
    let text = |pointer: &str| item.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (value, kind, status) = (text("/value"), text("/type/name"), text("/status/name"));
    if !world.types.contains_key(&kind)
        || !world.statuses.contains_key(&status)
        || world.refused.contains(&value)
    {
        return json!({"value": value, "error": "The value is not valid"});
    }
    let known = world.find(&value, &kind);
    let id = known.unwrap_or_else(|| world.insert(&value, &kind, &status));
    let mut has_changed = known.is_none();
    if let Some(object) = world.objects.get_mut(&id)
        && !World::is_protected(&object.status)
        && object.status != status
    {
        object.status.clone_from(&status);
        has_changed = true;
    }
    for source in item.get("sources").and_then(Value::as_array).into_iter().flatten() {
        let name = source.get("name").and_then(Value::as_str).unwrap_or_default();
        has_changed |= world.report(id, name, source.get("tlp_id").and_then(Value::as_u64));
    }
    for attribute in item.get("attributes").and_then(Value::as_array).into_iter().flatten() {
        let part = |key: &str| attribute.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let object = world.objects.get_mut(&id);
        has_changed |= object.is_some_and(|object| object.attributes.insert((part("name"), part("value"))));
    }
    for other in item.get("indicators").and_then(Value::as_array).into_iter().flatten() {
        if let Some(other) = other.get("id").and_then(Value::as_u64) {
            has_changed |= world.relate(id, other);
        }
    }
    world.changes += u64::from(has_changed);
    let Some(object) = world.objects.get(&id) else { return Value::Null };
    let mut answer = row(world, object);
    if let Some(members) = answer.as_object_mut() {
        members.insert("existing".to_owned(), if known.is_some() { "Y" } else { "N" }.into());
    }
    answer
}

fn plugins(world: &World) -> Reply {
    let one = |operation: &super::Operation| {
        json!({"id": operation.id, "name": operation.title.to_lowercase().replace(' ', "-"),
            "friendly_name": operation.title, "version": "1.0.0", "enabled": 1,
            "config": [{"key": "password", "type": "password", "mask": true, "value": "leaked-plugin-secret"}],
            "action": [{"name": operation.action, "object_type": [{"object_type_id": 1, "object_type": "indicator"}]}]})
    };
    let data: Value = world.operations.iter().map(one).collect();
    Reply::json(200, &json!({"total": world.operations.len(), "data": data}))
}

fn execute(world: &mut World, id: &str, body: &Value) -> Reply {
    let operation = world.operations.iter().find(|operation| id.parse() == Ok(operation.id)).cloned();
    let indicator = body.get("id").and_then(Value::as_str).and_then(|id| id.parse::<u64>().ok());
    let has_indicator = indicator.is_some_and(|id| world.objects.contains_key(&id));
    match operation {
        Some(operation) if has_indicator && body.get("action") == Some(&json!(operation.action)) => {
            world.executions += 1;
            let result: Value = serde_json::from_str(&operation.result).unwrap_or_default();
            Reply::json(201, &json!({"data": {"data": result}}))
        }
        _ => Reply::json(404, &json!({"errors": ["There is no such operation, action or object"]})),
    }
}
