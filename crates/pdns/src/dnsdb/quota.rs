//! The remaining quota of a client in DNSDB's format: a JSON line for `rate_limit`, and headers on every answer.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use edge::gate;
use serde_json::{Value, json};

use super::parameters::{MAX_LIMIT, MAX_OFFSET};

/// A quota; a missing part is unlimited or does not apply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Quota {
    /// The number of requests in total; `None` is unlimited.
    pub(crate) limit: Option<u64>,
    pub(crate) remaining: Option<u64>,
    /// When it starts again, in seconds since the epoch; `None` if it never does.
    pub(crate) reset: Option<u64>,
    /// When a quota that never starts again ends, in seconds since the epoch.
    pub(crate) expires: Option<u64>,
    /// The number of requests that are allowed in a period, and its length in seconds.
    pub(crate) burst: Option<(u64, u64)>,
}

impl From<gate::Quota> for Quota {
    fn from(quota: gate::Quota) -> Self {
        match quota.limit {
            None => Self::UNLIMITED,
            limit => {
                Self { limit, remaining: Some(quota.remaining), reset: Some(quota.reset), ..Self::UNLIMITED }
            }
        }
    }
}

impl Quota {
    /// No limit.
    pub(crate) const UNLIMITED: Self =
        Self { limit: None, remaining: None, reset: None, expires: None, burst: None };

    /// The body of `rate_limit`: plain JSON, because dnsdbq aborts at frames here.
    pub(super) fn body(&self) -> String {
        let number = |number: Option<u64>, none: &str| number.map_or(Value::from(none), Value::from);
        let mut rate = vec![
            ("reset", number(self.reset, "n/a")),
            ("limit", number(self.limit, "unlimited")),
            ("remaining", number(self.remaining, "n/a")),
            ("results_max", MAX_LIMIT.into()),
            ("offset_max", MAX_OFFSET.into()),
        ];
        rate.extend(self.expires.map(|expires| ("expires", expires.into())));
        // Both or neither, because clients require both.
        if let Some((size, window)) = self.burst {
            rate.extend([("burst_size", size.into()), ("burst_window", window.into())]);
        }
        let rate: Value = rate.into_iter().collect();
        format!("{}\n", json!({ "rate": rate }))
    }

    /// Writes the same as headers of an answer.
    pub(super) fn tell(&self, headers: &mut HeaderMap) {
        let words = |number: Option<u64>, none: &str| {
            number.map_or_else(|| none.to_owned(), |number| number.to_string())
        };
        for (name, value) in [
            ("x-ratelimit-limit", Some(words(self.limit, "unlimited"))),
            ("x-ratelimit-remaining", Some(words(self.remaining, "n/a"))),
            ("x-ratelimit-reset", Some(words(self.reset, "n/a"))),
            ("x-ratelimit-expires", self.expires.map(|expires| expires.to_string())),
        ] {
            let value = value.and_then(|value| HeaderValue::try_from(value).ok());
            headers.extend(value.map(|value| (HeaderName::from_static(name), value)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_shapes_that_clients_know() {
        assert_eq!(
            Quota::UNLIMITED.body(),
            "{\"rate\":{\"limit\":\"unlimited\",\"offset_max\":3000000,\"remaining\":\"n/a\",\"reset\":\"n/a\",\"results_max\":1000000}}\n"
        );
        let timed =
            Quota { limit: Some(1000), remaining: Some(999), reset: Some(1_433_980_800), ..Quota::UNLIMITED };
        assert!(timed.body().contains("\"limit\":1000,") && timed.body().contains("\"reset\":1433980800,"));
        assert!(!timed.body().contains("burst") && !timed.body().contains("expires"));
        let block = Quota {
            limit: Some(600),
            remaining: Some(8),
            expires: Some(1_433_980_800),
            burst: Some((10, 300)),
            ..Quota::UNLIMITED
        };
        for words in
            ["\"burst_size\":10", "\"burst_window\":300", "\"expires\":1433980800", "\"reset\":\"n/a\""]
        {
            assert!(block.body().contains(words), "{words}");
        }
        let mut headers = HeaderMap::new();
        block.tell(&mut headers);
        assert_eq!(headers["x-ratelimit-remaining"], "8");
        assert_eq!(headers["x-ratelimit-reset"], "n/a");
        assert_eq!(headers["x-ratelimit-expires"], "1433980800");
    }
}
