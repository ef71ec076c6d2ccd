//! Extracts the value from the raw path: everything after `/pdns/query/`, percent-decoded once.
//!
//! A slash in it is part of the value, escaped or not, so that networks can be written as usual. An invalid escape is a 400
//! [`Problem`].

use axum::extract::Query;
use axum::http::Uri;
use edge::problem::Problem;
use percent_encoding::percent_decode_str;

/// The prefix before the value.
pub(crate) const PREFIX: &str = "/pdns/query/";

/// The value of a request to [`PREFIX`].
///
/// # Errors
/// 400 for an escape without two hexadecimal digits, and for invalid UTF-8.
pub(crate) fn of(uri: &Uri) -> Result<String, Problem> {
    decode(uri.path().strip_prefix(PREFIX).unwrap_or_default())
}

/// Decodes a part of a path.
///
/// # Errors
/// 400 for an escape without two hexadecimal digits, and for invalid UTF-8.
pub(crate) fn decode(raw: &str) -> Result<String, Problem> {
    if !is_escaped_well(raw) {
        return Err(Problem::bad_request("a percent sign in the address takes two hexadecimal digits"));
    }
    let text = percent_decode_str(raw).decode_utf8();
    text.map(Into::into).map_err(|_| Problem::bad_request("the value is not UTF-8"))
}

/// Whether two hexadecimal digits follow every percent sign.
pub(crate) fn is_escaped_well(raw: &str) -> bool {
    let mut escapes = raw.as_bytes().split(|octet| *octet == b'%').skip(1);
    escapes.all(|rest| matches!(rest, [a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit()))
}

/// The value of a request that has it as a parameter.
///
/// # Errors
/// 400 if the parameter is missing or repeated.
pub(crate) fn of_query(uri: &Uri) -> Result<String, Problem> {
    let Query(given) = Query::<Vec<(String, String)>>::try_from_uri(uri)
        .map_err(|_| Problem::bad_request("the query string cannot be read"))?;
    let mut values = given.into_iter().filter(|(name, _)| name == "value").map(|(_, value)| value);
    match (values.next(), values.next()) {
        (Some(value), None) => Ok(value),
        (None, _) => Err(Problem::bad_request("value: missing; use ?value=www.example.com")),
        (Some(_), Some(_)) => Err(Problem::bad_request("value: given more than once")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(rest: &str) -> Result<String, u16> {
        of(&format!("{PREFIX}{rest}").parse().unwrap()).map_err(|problem| problem.status.as_u16())
    }

    #[test]
    fn values_are_decoded_once() {
        for (rest, wanted) in [
            ("www.example.com", "www.example.com"),
            ("2001%3Adb8%3A%3A1", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("192.0.2.0/24", "192.0.2.0/24"),
            ("192.0.2.0%2F24", "192.0.2.0/24"),
            ("%2532", "%32"),
            ("b%C3%BCcher.example", "bücher.example"),
            ("a+b%20c", "a+b c"),
            ("..", ".."),
            ("a?b=c", "a"),
            ("", ""),
        ] {
            assert_eq!(value(rest).as_deref(), Ok(wanted), "{rest}");
        }
    }

    #[test]
    fn what_does_not_decode_is_refused() {
        for rest in ["%", "%4", "%4g", "a%", "%%41", "%+1", "%ff", "%C3"] {
            assert_eq!(value(rest), Err(400), "{rest}");
        }
    }
}
