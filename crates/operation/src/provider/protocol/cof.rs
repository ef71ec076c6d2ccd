//! The protocol `cof`: a path that contains the value, answered in the Common Output Format.
//!
//! CIRCL's servers and ours know headers whose names begin with `dribble`, which filter the answer and split it into pages; a header of
//! the answer contains the cursor of the next page. Others have a parameter in the address that limits the number of records: an
//! answer with as many is cut. Some have neither.

use client::printable;
use hyper::header::{ACCEPT, HeaderMap, HeaderName, HeaderValue};
use percent_encoding::utf8_percent_encode;

use super::{Paging, SEGMENT, Speech};
use crate::provider::config::HttpConfig;
use crate::{Indicator, Side};

/// The header in which a service lists the sides of records that it can search, as in `owner, data`.
pub const ABILITIES: &str = "backsight-questions";
/// The prefix of a name that is searched for in data.
const DATA: &str = "rdata:";

const NO_ACTIVE_QUERY: HeaderName = HeaderName::from_static("dribble-disable-active-query");
const RRTYPE: HeaderName = HeaderName::from_static("dribble-filter-rrtype");
const PAGE_SIZE: HeaderName = HeaderName::from_static("dribble-paginate-count");
const CURSOR: HeaderName = HeaderName::from_static("dribble-paginate-cursor");

/// The protocol `cof`.
pub(super) struct Cof;

impl Speech for Cof {
    fn path(&self, config: &HttpConfig, indicator: &Indicator) -> String {
        let prefix = if config.asks_for_data(indicator) { DATA } else { "" };
        let value = utf8_percent_encode(&format!("{prefix}{indicator}"), SEGMENT).to_string();
        let path = config.interface.path.replace("{value}", &value);
        match (&config.interface.limit_parameter, config.page_size) {
            (Some(name), Some(most)) => format!("{path}?{name}={most}"),
            _ => path,
        }
    }

    fn add_headers(&self, config: &HttpConfig, cursor: Option<&HeaderValue>, headers: &mut HeaderMap) {
        let accepted = "application/x-ndjson, application/json;q=0.9, */*;q=0.5";
        headers.insert(ACCEPT, HeaderValue::from_static(accepted));
        if !config.interface.circl_headers {
            return;
        }
        if !config.active_query {
            headers.insert(NO_ACTIVE_QUERY, HeaderValue::from_static("1"));
        }
        // If the name of a type cannot be a header value, all types are requested and filtered here.
        if let Some(rrtype) = config.wanted_rrtype().and_then(|rrtype| rrtype.to_string().try_into().ok()) {
            headers.insert(RRTYPE, rrtype);
        }
        if let Some(size) = config.page_size {
            headers.insert(PAGE_SIZE, size.into());
        }
        if let Some(cursor) = cursor {
            headers.insert(CURSOR, cursor.clone());
        }
    }

    fn filters_by_type(&self, config: &HttpConfig) -> bool {
        config.interface.circl_headers
    }

    fn paging(&self, headers: &HeaderMap) -> Paging {
        // One client uses the second name; the first is the one that CIRCL documents.
        let cursor =
            filled(headers, "x-dribble-cursor").or_else(|| filled(headers, "x-dribble-paginate")).cloned();
        Paging { cursor, complaint: complaint(headers), by_data: answers_by_data(headers) }
    }
}

/// Whether a service declares that it supports queries by data.
fn answers_by_data(headers: &HeaderMap) -> bool {
    let listed = headers.get(ABILITIES).and_then(|sides| sides.to_str().ok()).unwrap_or_default();
    listed.split(',').any(|side| side.trim().eq_ignore_ascii_case(Side::Data.word()))
}

/// A header that is not empty.
fn filled<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a HeaderValue> {
    headers.get(name).filter(|value| !value.as_bytes().trim_ascii().is_empty())
}

/// The error that the service reports about its answer.
fn complaint(headers: &HeaderMap) -> Option<String> {
    filled(headers, "x-dribble-errors").map(|errors| sentence(&printable(errors.as_bytes(), 4096)))
}

/// Converts `x-dribble-errors`, which is JSON without a fixed form, or plain text, into a sentence.
fn sentence(errors: &str) -> String {
    let short = |text: &str| printable(text.as_bytes(), 300);
    let Ok(parsed) = serde_json::from_str::<serde_json::Value>(errors) else { return short(errors) };
    let one = match &parsed {
        serde_json::Value::Array(list) => list.first().unwrap_or(&parsed),
        one => one,
    };
    let field = |name: &str| one.get(name).map(|value| value.to_string().trim_matches('"').to_owned());
    match (field("error"), field("value"), field("total_value")) {
        (Some(error), Some(sent), Some(total)) => short(&format!("{error}: {sent} of {total} records")),
        (Some(error), Some(sent), None) => short(&format!("{error}: {sent} records")),
        _ => short(errors),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_read_as_sentences_whatever_their_shape() {
        for (errors, said) in [
            (
                r#"[{"error":"maxset","record":"example.com","value":1000,"total_value":532915}]"#,
                "maxset: 1000 of 532915 records",
            ),
            (r#"{"error":"maxset","value":1000}"#, "maxset: 1000 records"),
            ("too much", "too much"),
            ("[]", "[]"),
        ] {
            assert_eq!(sentence(errors), said);
        }
    }
}
