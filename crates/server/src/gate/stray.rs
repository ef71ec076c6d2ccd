//! Tokens where they do not belong: in an address, which ends up in logs, histories and referrers.
//!
//! Such a request is refused with advice rather than served, and its address is not logged.

use axum::http::Uri;
use percent_encoding::percent_decode_str;
use workbench::token::MARK;

/// Names that only a credential has.
const NAMES: [&str; 9] = [
    "access_token",
    "api-key",
    "api_key",
    "apikey",
    "auth_token",
    "authorization",
    "token",
    "user_token",
    "x-api-key",
];

/// How often an address is decoded to find one.
const DEPTH: usize = 3;

/// Whether an address carries a token, or a parameter that is named like one.
pub(crate) fn is_in(uri: &Uri) -> bool {
    let marked = |text: &str| {
        let mut text = text.to_ascii_lowercase();
        // Escaped more than once it is as readable to whoever looks into a log.
        for _ in 0..DEPTH {
            if !text.contains('%') {
                break;
            }
            text = percent_decode_str(&text).decode_utf8_lossy().to_ascii_lowercase();
        }
        text.contains(MARK)
    };
    // A target that is one word is read as the name of a host.
    if marked(uri.path()) || uri.authority().is_some_and(|authority| marked(authority.as_str())) {
        return true;
    }
    let Some(query) = uri.query() else { return false };
    marked(query)
        || query.split('&').any(|pair| {
            let name = pair.split('=').next().unwrap_or_default();
            let name = percent_decode_str(name).decode_utf8_lossy().to_ascii_lowercase();
            NAMES.contains(&name.as_str())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_found_in_any_part_of_an_address() {
        for (address, found) in [
            ("/pdns/query/a.example", false),
            ("/pdns/query/a.example?limit=1&sort=key&tokens=1", false),
            ("/pdns/query/token.example", false),
            ("/pdns/query/a.example?token=1", true),
            ("/pdns/query/a.example?limit=1&API_KEY=x", true),
            ("/pdns/query/a.example?x%2Dapi%2Dkey=x", true),
            ("/pdns/query/a.example?x=bsk_1", true),
            ("/pdns/query/%62SK_0123", true),
            ("bsk_0123", true),
            ("http://bsk_0123@a.example/", true),
            ("/pdns/query/%25%36%32SK%255f0123", true),
        ] {
            assert_eq!(is_in(&address.parse().unwrap()), found, "{address}");
        }
    }
}
