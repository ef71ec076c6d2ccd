//! What was sent to platforms, pulled from them and executed there, as text: [`sentence`].

use operation::shown::{counted, thousands};
use serde_json::Value;

use super::sentence::{number, text};

/// The detail of an entry about a push, a pull or an execution; `None` if it has not the members that it should have.
pub(super) fn sentence(action: &str, detail: &Value) -> Option<String> {
    match action {
        "push.create" => sent(detail),
        "push.end" => Some(with(&sent(detail)?, &pushed(detail))),
        "push.cancel" | "push.fail" | "push.pause" | "push.resume" | "push.stop" => {
            Some(reasoned(&sent(detail)?, detail))
        }
        "pull.begin" => begun(detail),
        "pull.cancel" | "pull.end" | "pull.fail" => Some(reasoned(&pulled(detail)?, detail)),
        "execution.begin" => executing(detail),
        "execution.end" => executed(detail),
        "execution.fail" => Some(reasoned(&format!("execution {}", number(detail, "execution")?), detail)),
        _ => None,
    }
}

/// `push 1: Campaign 7 to misp.example:443`; entries of earlier versions only have the number.
fn sent(detail: &Value) -> Option<String> {
    let push = format!("push {}", number(detail, "push")?);
    Some(match (text(detail, "what"), text(detail, "place")) {
        (Some(what), Some(place)) => format!("{push}: {what} to {place}"),
        _ => push,
    })
}

/// `3 created, 1 held back; event 5f…`.
fn pushed(detail: &Value) -> String {
    let all = [
        ("created", "created"),
        ("updated", "updated"),
        ("unchanged", "unchanged"),
        ("held", "held back"),
        ("refused", "refused"),
    ];
    let counts = all.into_iter().filter_map(|(key, words)| {
        let count = number(detail, key).filter(|count| *count > 0)?;
        Some([&thousands(count), " ", words].concat())
    });
    let counts: Vec<String> = counts.collect();
    let counts = if counts.is_empty() { "nothing".to_owned() } else { counts.join(", ") };
    match text(detail, "target") {
        Some(target) => format!("{counts}, in {target}"),
        None => counts,
    }
}

/// `from threatq.example:443: FQDN, IP Address; Active`.
fn begun(detail: &Value) -> Option<String> {
    let list = |key: &str| {
        let names = detail.get(key).and_then(Value::as_array).into_iter().flatten();
        names.filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
    };
    let (types, statuses) = (list("types"), list("statuses"));
    let statuses = if statuses.is_empty() { "any status".to_owned() } else { statuses };
    let into = number(detail, "investigation").map(|id| format!("; into investigation {id}"));
    let from = number(detail, "offset").filter(|offset| *offset > 0);
    let from = from.map(|offset| format!("; after the first {}", thousands(offset)));
    let more: String = into.into_iter().chain(from).collect();
    Some(format!("from {}: {types}; {statuses}{more}", text(detail, "place")?))
}

/// `pull 7: 3 indicators read, 1 new, 2 known`.
fn pulled(detail: &Value) -> Option<String> {
    let (pull, read) = (number(detail, "pull")?, number(detail, "read")?);
    let all = [
        ("new", "new"),
        ("known", "known"),
        ("removed", "removed here before"),
        ("joined", "members"),
        ("left_out", "left out"),
    ];
    let counts = all.into_iter().filter_map(|(key, words)| {
        let count = number(detail, key).filter(|count| *count > 0)?;
        Some([", ", &thousands(count), " ", words].concat())
    });
    Some(format!("pull {pull}: {} read{}", counted(read, "indicator"), counts.collect::<String>()))
}

/// `Query CIRCL Passive DNS of CIRCL Passive DNS on threatq, threatq.example:443`.
fn executing(detail: &Value) -> Option<String> {
    let word = |key: &str| text(detail, key);
    let (action, operation) = (word("action")?, word("operation")?);
    Some(format!("{action} of {operation} on {}, {}", word("platform")?, word("place")?))
}

fn executed(detail: &Value) -> Option<String> {
    let (execution, records) = (number(detail, "execution")?, number(detail, "records")?);
    Some(format!("execution {execution}: {} recognised", counted(records, "record")))
}

fn reasoned(said: &str, detail: &Value) -> String {
    text(detail, "reason").map_or_else(|| said.to_owned(), |reason| with(said, reason))
}

fn with(said: &str, more: &str) -> String {
    [said, "; ", more].concat()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_exchanged_with_whom_is_said_in_words() {
        let push =
            json!({"push": 1, "package": "misp@1.0.0", "place": "misp.example:443", "what": "Campaign 7"});
        let mut ended = push.clone();
        for (key, value) in
            [("target", json!("e-1")), ("created", json!(3)), ("held", json!(1)), ("refused", json!(0))]
        {
            ended[key] = value;
        }
        let pull = json!({"place": "t.example:443", "types": ["FQDN"], "statuses": [], "investigation": 2, "offset": 0, "most": 9});
        let end = json!({"pull": 7, "read": 1_200, "new": 1_000, "known": 200, "removed": 0, "reason": null});
        let begin =
            json!({"platform": "threatq", "place": "t.example:443", "operation": "CIRCL", "action": "Query"});
        for (action, detail, said) in [
            ("push.create", push, "push 1: Campaign 7 to misp.example:443"),
            ("push.end", ended, "push 1: Campaign 7 to misp.example:443; 3 created, 1 held back, in e-1"),
            ("push.stop", json!({"push": 1, "reason": "too slow"}), "push 1; too slow"),
            ("pull.begin", pull, "from t.example:443: FQDN; any status; into investigation 2"),
            ("pull.end", end, "pull 7: 1,200 indicators read, 1,000 new, 200 known"),
            ("execution.begin", begin, "Query of CIRCL on threatq, t.example:443"),
            ("execution.end", json!({"execution": 9, "records": 1}), "execution 9: 1 record recognised"),
            ("execution.fail", json!({"execution": 9, "reason": "cut"}), "execution 9; cut"),
        ] {
            assert_eq!(sentence(action, &detail).as_deref(), Some(said), "{action}");
        }
        assert_eq!(sentence("push.create", &json!({})), None);
        assert_eq!(sentence("run.add", &json!({"push": 1})), None);
    }
}
