//! Compresses answers of the data interfaces if the client supports it and it saves bytes.
//!
//! A handler marks its response with [`mark`]. Pages and responses with secrets of a session are never marked, because the size
//! of a compressed page reveals its content to an attacker who can make a browser load it (BREACH). Responses shorter than
//! `LEAST` are sent unchanged. A stream is flushed whenever its source has nothing ready, so that the first rows are not
//! delayed.
//!
//! `settle` chooses the coding (RFC 9110, 12.5.3) and removes all others from the request; tower-http does the rest.

use axum::extract::Request;
use axum::http::header::{ACCEPT_ENCODING, CONTENT_LENGTH};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::response::Response;
use hyper::body::Body;
use tower_http::CompressionLevel;
use tower_http::compression::{CompressionLayer, Predicate};

/// A shorter response fits into one packet anyway, in bytes.
const LEAST: u64 = 1_024;

/// The answer may be compressed.
#[derive(Clone, Copy, Debug)]
struct Data;

/// Whether a response was marked and is long enough.
#[derive(Clone, Copy, Debug)]
pub struct Marked;

/// Allows a response to be compressed.
pub fn mark(response: &mut Response) {
    response.extensions_mut().insert(Data);
}

/// Compresses marked responses at the fastest levels: records shrink to a tenth already, and the next level costs twice as
/// much.
pub(crate) fn layer() -> CompressionLayer<Marked> {
    CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(Marked)
}

impl Predicate for Marked {
    fn should_compress<B: Body>(&self, response: &axum::http::Response<B>) -> bool {
        let told =
            response.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let length = response.body().size_hint().exact().or(told);
        response.extensions().get::<Data>().is_some() && length.is_none_or(|length| length >= LEAST)
    }
}

/// Chooses the coding of a response. Without a body (HEAD) there is no choice.
pub(crate) fn settle(request: &mut Request) {
    if !request.headers().contains_key(ACCEPT_ENCODING) {
        return;
    }
    let chosen = if request.method() == Method::HEAD { None } else { choose(request.headers()) };
    match chosen {
        Some(coding) => {
            request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static(coding));
        }
        None => {
            request.headers_mut().remove(ACCEPT_ENCODING);
        }
    }
}

/// The coding that the client prefers, and of two with the same preference the better one; `None` if it prefers no coding.
fn choose(headers: &HeaderMap) -> Option<&'static str> {
    let (mut zstd, mut gzip, mut identity, mut any) = (None, None, None, None);
    for item in headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok()) {
        for item in item.split(',') {
            let mut parts = item.split(';').map(str::trim);
            let coding = parts.next().unwrap_or_default().to_ascii_lowercase();
            let quality = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
            let quality = quality.map_or(Some(1.0_f32), |text| text.trim().parse().ok());
            // An invalid quality counts as a refusal.
            let quality = quality.filter(|quality| (0.0..=1.0).contains(quality)).unwrap_or(0.0);
            match coding.as_str() {
                "zstd" => zstd = Some(quality),
                "gzip" | "x-gzip" => gzip = Some(quality),
                "identity" => identity = Some(quality),
                "*" => any = Some(quality),
                _ => {}
            }
        }
    }
    let quality = |said: Option<f32>| said.or(any).unwrap_or(0.0);
    let (zstd, gzip) = (quality(zstd), quality(gzip));
    let best = zstd.max(gzip);
    if best <= 0.0 || identity.is_some_and(|identity| identity > best) {
        return None;
    }
    Some(if zstd >= gzip { "zstd" } else { "gzip" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_says_how() {
        for (accept, coding) in [
            ("gzip", Some("gzip")),
            ("GZip", Some("gzip")),
            ("x-gzip", Some("gzip")),
            ("gzip, deflate, br", Some("gzip")),
            ("gzip, deflate, br, zstd", Some("zstd")),
            ("zstd;q=0.5, gzip;q=0.8", Some("gzip")),
            ("gzip;q=0.8, zstd;q=0.8", Some("zstd")),
            ("*", Some("zstd")),
            ("*;q=0.5, zstd;q=0", Some("gzip")),
            ("identity;q=0, *", Some("zstd")),
            ("identity;q=0, gzip", Some("gzip")),
            ("identity, gzip;q=0.5", None),
            ("identity;q=0.5, gzip;q=1.0", Some("gzip")),
            ("gzip;q=0", None),
            ("gzip; q=0.0", None),
            ("gzip;q=rubbish", None),
            ("gzip;q=7", None),
            ("br", None),
            ("identity", None),
            ("identity;q=0", None),
            ("*;q=0", None),
            ("", None),
            (",;,", None),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, accept.parse().unwrap())]);
            assert_eq!(choose(&headers), coding, "{accept}");
        }
        assert_eq!(choose(&HeaderMap::new()), None);
    }
}
