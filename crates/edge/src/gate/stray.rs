//! Detects tokens in addresses, which are stored in logs, histories and referrers.
//!
//! A request with such an address is refused with advice, and the address is not logged.

use axum::http::Uri;
use percent_encoding::percent_decode_str;
use workbench::token::MARK;

/// Parameter names that only credentials have.
const NAMES: [&str; 11] = [
    "access_token",
    "api-key",
    "api_key",
    "apikey",
    "auth_token",
    "authorization",
    "client_secret",
    "refresh_token",
    "token",
    "user_token",
    "x-api-key",
];

/// Every address with a token contains one of these: the end of [`MARK`], the sign after a parameter's name, or an escape.
const SIGNS: [char; 3] = ['_', '=', '%'];

/// How often an address is decoded: each step makes it shorter, and legitimate addresses are not escaped so often.
const DEPTH: usize = 8;

/// Whether an address contains a token, or a parameter that is named like one: directly, or within another parameter, such as
/// the address of the next page, however often that is escaped.
pub fn is_in(uri: &Uri) -> bool {
    // A target that is a single word is parsed as a host name.
    let host = uri.authority().map_or("", |authority| authority.as_str());
    // Most addresses contain none of these characters, and need not be copied.
    if ![host, uri.path(), uri.query().unwrap_or_default()].iter().any(|text| text.contains(SIGNS)) {
        return false;
    }
    layers(host).chain(layers(uri.path())).any(|text| text.contains(MARK) || has_named(&text, false))
        || layers(uri.query().unwrap_or_default()).any(|text| text.contains(MARK) || has_named(&text, true))
}

/// A text in lower case, and the results of decoding its escapes repeatedly.
fn layers(text: &str) -> impl Iterator<Item = String> {
    let first = (!text.is_empty()).then(|| text.to_ascii_lowercase());
    let under = |text: &String| {
        let decoded =
            text.contains('%').then(|| percent_decode_str(text).decode_utf8_lossy().to_ascii_lowercase());
        decoded.filter(|decoded| decoded != text)
    };
    std::iter::successors(first, under).take(DEPTH + 1)
}

/// Whether a parameter is named like a credential: one of a query string that starts here, or of one within the text.
fn has_named(text: &str, begins: bool) -> bool {
    let mut pieces = text.split(['?', '&', ';', '#']);
    if !begins {
        pieces.next();
    }
    pieces.any(|piece| piece.split_once('=').is_some_and(|(name, _)| NAMES.contains(&name.trim())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_marks_a_token_is_a_sign_that_is_looked_for() {
        assert!(MARK.contains(SIGNS));
    }

    #[test]
    fn tokens_are_found_in_any_part_of_an_address() {
        for (address, found) in [
            ("/pdns/query/a.example", false),
            ("/pdns/query/a.example?limit=1&sort=key&tokens=1", false),
            ("/pdns/query/token.example", false),
            ("/pdns/query/a.example?token=1", true),
            ("/pdns/query/a.example?limit=1&API_KEY=x", true),
            ("/api/token?grant_type=refresh_token&refresh_token=x", true),
            ("/api/token?grant_type=password&client_id=x", false),
            ("/pdns/query/a.example?x%2Dapi%2Dkey=x", true),
            ("/pdns/query/a.example?x=bsk_1", true),
            ("/pdns/query/%62SK_0123", true),
            ("bsk_0123", true),
            ("http://bsk_0123@a.example/", true),
            ("/pdns/query/%25%36%32SK%255f0123", true),
            ("/signin?next=%2Fwelcome%3Ftoken%3D0123", true),
            ("/signin?next=%252Fwelcome%253Ftoken%253D0123", true),
            ("/signin?next=/welcome?token=0123", true),
            ("/signin?next=%2Flibrary%3Fq%3Da%26api_key%3D0123", true),
            ("/signin?next=%25252525252Fx%25252525253Fx%25252525253Dbsk_0123", true),
            ("/x%3Ftoken%3D0123", true),
            ("/signin?next=%2Flibrary%3Fq%3Dtoken.example", false),
            ("/library?q=token%3Dabc", false),
            ("/library?q=%", false),
        ] {
            assert_eq!(is_in(&address.parse().unwrap()), found, "{address}");
        }
    }
}
