//! Writes what is sent to a ThreatQ; pure.

use operation::Tlp;
use serde_json::{Value, json};

/// The most indicators and relationships of one request.
pub(crate) const BATCH: usize = 500;
/// The longest description, in characters.
const LONGEST_DESCRIPTION: usize = 65_500;

/// An indicator as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sent<'a> {
    pub(crate) value: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) status: &'a str,
    pub(crate) description: &'a str,
    pub(crate) attributes: Vec<(&'a str, &'a str)>,
    pub(crate) related: Vec<u64>,
    pub(crate) tlp: Option<Tlp>,
}

/// The number of a level in every ThreatQ. The number of AMBER+STRICT is not published, so that it is sent as RED: a marking may
/// become stricter, and never weaker.
pub(crate) const fn tlp_id(tlp: Tlp) -> u64 {
    match tlp {
        Tlp::Red | Tlp::AmberStrict => 1,
        Tlp::Amber => 2,
        Tlp::Green => 3,
        Tlp::Clear => 4,
    }
}

/// The level with a number or a name; RED if neither is known, because a marking may become stricter, and never weaker.
pub(crate) fn tlp_of(id: Option<u64>, name: Option<&str>) -> Option<Tlp> {
    let by_name = name.and_then(|name| name.replace("AMBER STRICT", "AMBER+STRICT").parse::<Tlp>().ok());
    let by_id = match id {
        None => None,
        Some(1) => Some(Tlp::Red),
        Some(2) => Some(Tlp::Amber),
        Some(3) => Some(Tlp::Green),
        Some(4) => Some(Tlp::Clear),
        Some(_) => Some(by_name.unwrap_or(Tlp::Red)),
    };
    // Old names with new numbers cannot be told apart: the stricter one counts.
    match (by_id, by_name) {
        (None, None) if name.is_some() => Some(Tlp::Red),
        (by_id, by_name) => by_id.max(by_name),
    }
}

/// The body that sends indicators.
pub(crate) fn consume(sent: &[Sent<'_>], source: &str) -> Value {
    sent.iter().map(|one| item(one, source)).collect()
}

fn item(sent: &Sent<'_>, source: &str) -> Value {
    let from = || match sent.tlp {
        Some(tlp) => json!([{"name": source, "tlp_id": tlp_id(tlp)}]),
        None => json!([{"name": source}]),
    };
    let mut item = json!({
        "value": sent.value, "type": {"name": sent.kind}, "status": {"name": sent.status}, "class": "network",
        "sources": from(),
    });
    let Some(members) = item.as_object_mut() else { return item };
    if !sent.description.is_empty() {
        let description: String = sent.description.chars().take(LONGEST_DESCRIPTION).collect();
        members.insert("description".to_owned(), description.into());
    }
    if !sent.attributes.is_empty() {
        let one = |(name, value): &(&str, &str)| json!({"name": name, "value": value, "sources": from()});
        members.insert("attributes".to_owned(), sent.attributes.iter().map(one).collect());
    }
    if !sent.related.is_empty() {
        let one = |id: &u64| json!({"id": id});
        members.insert("indicators".to_owned(), sent.related.iter().map(one).collect());
    }
    item
}

/// The body that asks for indicators by type and value.
pub(crate) fn by_value(wanted: &[(&str, &str)]) -> Value {
    let one = |(kind, value): &(&str, &str)| json!({"+and": [{"type_name": kind}, {"value": value}]});
    query(&wanted.iter().map(one).collect::<Vec<_>>())
}

/// The body that asks for indicators by type and status.
pub(crate) fn by_status(types: &[String], statuses: &[String]) -> Value {
    let pair = |kind: &String| {
        let of_kind = |status: &String| json!({"+and": [{"type_name": kind}, {"status_name": status}]});
        statuses.iter().map(of_kind).collect::<Vec<_>>()
    };
    let any_status = |kind: &String| json!({"+and": [{"type_name": kind}]});
    let any: Vec<Value> = match statuses {
        [] => types.iter().map(any_status).collect(),
        _ => types.iter().flat_map(pair).collect(),
    };
    query(&any)
}

fn query(any: &[Value]) -> Value {
    let fields = [
        "id",
        "value",
        "type_id",
        "type.name",
        "status_id",
        "status.name",
        "sources.name",
        "sources.tlp_id",
        "sources.tlp.name",
    ];
    json!({"criteria": {}, "filters": {"+or": any}, "fields": fields})
}

/// The body that executes an action of an operation.
pub(crate) fn execute(id: u64, action: &str) -> Value {
    json!({"type": "indicator", "id": id.to_string(), "action": action, "parameters": {}})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_indicator_is_sent_with_names_and_one_source() {
        let sent = Sent {
            value: "a.example",
            kind: "FQDN",
            status: "Indirect",
            description: "",
            attributes: vec![("Resource Type", "A")],
            related: vec![123],
            tlp: Some(Tlp::Green),
        };
        let wanted = json!([{
            "value": "a.example", "type": {"name": "FQDN"}, "status": {"name": "Indirect"}, "class": "network",
            "sources": [{"name": "CIRCL Passive DNS", "tlp_id": 3}],
            "attributes": [{"name": "Resource Type", "value": "A",
                "sources": [{"name": "CIRCL Passive DNS", "tlp_id": 3}]}],
            "indicators": [{"id": 123}],
        }]);
        assert_eq!(consume(&[sent], "CIRCL Passive DNS"), wanted);
    }

    #[test]
    fn a_marking_never_becomes_weaker() {
        for tlp in Tlp::ALL {
            let back = tlp_of(Some(tlp_id(tlp)), None);
            assert!(back >= Some(tlp), "{tlp} came back as {back:?}");
        }
        assert_eq!(tlp_of(Some(5), None), Some(Tlp::Red));
        assert_eq!(tlp_of(Some(5), Some("Amber+Strict")), Some(Tlp::AmberStrict));
        assert_eq!(tlp_of(Some(3), Some("AMBER")), Some(Tlp::Amber));
        assert_eq!((tlp_of(None, None), tlp_of(None, Some("orange"))), (None, Some(Tlp::Red)));
        assert_eq!(tlp_of(Some(4), Some("WHITE")), Some(Tlp::Clear));
    }

    #[test]
    fn a_query_names_types_and_statuses() {
        let body = by_status(&["FQDN".to_owned()], &["Active".to_owned(), "Review".to_owned()]);
        let wanted = json!([
            {"+and": [{"type_name": "FQDN"}, {"status_name": "Active"}]},
            {"+and": [{"type_name": "FQDN"}, {"status_name": "Review"}]},
        ]);
        assert_eq!(body["filters"]["+or"], wanted);
        assert_eq!(
            by_status(&["FQDN".to_owned()], &[])["filters"]["+or"][0]["+and"].as_array().unwrap().len(),
            1
        );
    }
}
