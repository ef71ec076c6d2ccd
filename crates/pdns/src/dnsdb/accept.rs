//! Checks the `Accept` header: a request is refused only if it accepts none of our media types.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT;

/// Media types by which clients name lines of JSON.
const OURS: [&str; 9] = [
    "*/*",
    "application/*",
    "application/json",
    "application/jsonl",
    "application/ndjson",
    "application/x-ndjson",
    "application/x-jsonlines",
    "text/*",
    "text/plain",
];

/// Whether `Accept` allows one of our media types; a missing header or an invalid media type allows any.
pub(super) fn takes_ours(headers: &HeaderMap) -> bool {
    let mut named = false;
    for value in headers.get_all(ACCEPT) {
        let Ok(text) = value.to_str() else { return true };
        for range in text.split(',') {
            let mut parts = range.split(';').map(|part| part.trim().to_ascii_lowercase());
            let kind = parts.next().unwrap_or_default();
            if !kind.contains('/') {
                continue;
            }
            named = true;
            if OURS.contains(&kind.as_str()) && !parts.any(|part| refuses(&part)) {
                return true;
            }
        }
    }
    !named
}

/// `q=0`, with or without decimals.
fn refuses(parameter: &str) -> bool {
    parameter.strip_prefix("q=").is_some_and(|quality| quality.trim().parse() == Ok(0.0_f32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_plainly_another_type_is_refused() {
        for (accept, taken) in [
            ("*/*", true),
            ("application/json", true),
            ("application/x-ndjson", true),
            ("application/jsonl", true),
            ("Application/X-NDJSON;q=0.5", true),
            ("text/html, */*;q=0.1", true),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true),
            ("application/*", true),
            ("text/plain", true),
            ("rubbish", true),
            ("", true),
            ("text/html", false),
            ("image/png, text/html;q=0.9", false),
            ("application/xml", false),
            ("application/json;q=0", false),
            ("application/json; q=0.0, text/html", false),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT, accept.parse().unwrap())]);
            assert_eq!(takes_ours(&headers), taken, "{accept}");
        }
        assert!(takes_ours(&HeaderMap::new()));
        let split = [(ACCEPT, "text/html".parse().unwrap()), (ACCEPT, "application/json".parse().unwrap())];
        let mut headers = HeaderMap::new();
        for (name, value) in split {
            headers.append(name, value);
        }
        assert!(takes_ours(&headers));
    }
}
