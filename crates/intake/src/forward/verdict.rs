//! What an answer of the server means for a batch: [`Verdict`], and why it has to wait: [`Trouble`].
//!
//! A batch is only gone when the server says so in a receipt of its own. Everything that may be different later makes it wait.

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use client::{Answer, ClientError, printable};
use hyper::header::{HeaderMap, LOCATION, RETRY_AFTER};
use serde::Deserialize;

/// The longest wait that a server may ask for.
const LONGEST_WAIT: Duration = Duration::from_hours(1);
/// How many characters of a server's explanation are shown.
const SHOWN: usize = 300;

/// Why a batch has to wait.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// There is no connection, or no answer.
    #[error("{0}")]
    Client(#[from] ClientError),
    /// The token is not accepted, or may not send records.
    #[error(
        "the server refuses the token ({0}); create one with `backsight token create --name NAME --write --sensor NAME` there, and start again with it"
    )]
    Token(String),
    /// The server answers with another address, which is not followed because the token would go there.
    #[error("the server redirects to {0:?}, which is not followed; give the right address to --to")]
    Redirect(String),
    /// The server's answer is none of Backsight's.
    #[error("the answer is not that of Backsight's /api/v1/records ({0}); check the address given to --to")]
    Foreign(String),
    /// The server cannot store it now.
    #[error("the server answers {0}")]
    Status(String),
    /// The system has no resources for connections.
    #[error("no connection is possible until the next start: {0}")]
    System(String),
    /// The batch cannot be read from the disk now.
    #[error("the spool cannot be read: {0}")]
    Spool(String),
}

/// What the server did with a batch.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is stored, or was stored before.
    Stored(Receipt),
    /// It is tried again, not before this time has passed if there is one.
    Later(Trouble, Option<Duration>),
    /// It will never be stored, for this reason.
    Refused(String),
}

/// The part of a receipt that matters here.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Receipt {
    pub(super) taken: u64,
    pub(super) repeated: u64,
    pub(super) number: u64,
    /// Records that its rules suppress, by reason.
    #[serde(default)]
    pub(super) dropped: BTreeMap<String, u64>,
}

/// The part of a problem that matters here (RFC 9457).
#[derive(Deserialize)]
struct Problem {
    detail: String,
}

impl Verdict {
    /// The meaning of an answer to the batch with this number; `now` is the time since the epoch. `clean` removes our token from what
    /// the server says.
    pub(super) fn of(answer: &Answer, number: u64, now: Duration, clean: impl Fn(String) -> String) -> Self {
        let later = |trouble| Self::Later(trouble, None);
        let said = clean(said(answer));
        match answer.status.as_u16() {
            200 => match serde_json::from_slice::<Receipt>(&answer.body) {
                Ok(receipt) if receipt.number == number => Self::Stored(receipt),
                _ => later(Trouble::Foreign("200 without a receipt for this batch".to_owned())),
            },
            401 | 403 => later(Trouble::Token(said)),
            300..=399 => {
                let target = answer.headers.get(LOCATION).map(|target| printable(target.as_bytes(), SHOWN));
                later(Trouble::Redirect(clean(target.unwrap_or_default())))
            }
            404 | 405 => later(Trouble::Foreign(said)),
            413 | 422 => Self::Refused(said),
            _ => Self::Later(Trouble::Status(said), retry_after(&answer.headers, now)),
        }
    }
}

impl Trouble {
    /// Whether it may pass within moments, so that it is no news at once.
    pub(super) fn is_fleeting(&self) -> bool {
        matches!(self, Self::Client(_))
    }

    /// Whether only a person can end it.
    pub(super) fn needs_somebody(&self) -> bool {
        matches!(self, Self::Foreign(_) | Self::Redirect(_) | Self::Token(_))
    }
}

/// The status and the explanation of an answer.
fn said(answer: &Answer) -> String {
    let status = printable(answer.status.to_string().as_bytes(), SHOWN);
    match serde_json::from_slice::<Problem>(&answer.body) {
        Ok(problem) => format!("{status}: {}", printable(problem.detail.as_bytes(), SHOWN)),
        Err(_) => status,
    }
}

/// Retry-After, in seconds or as a date (RFC 9110 section 10.2.3).
fn retry_after(headers: &HeaderMap, now: Duration) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse::<u32>() {
        Ok(seconds) => Duration::from_secs(seconds.into()),
        Err(_) => httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?.saturating_sub(now),
    };
    Some(wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use hyper::StatusCode;

    use super::*;

    fn verdict(status: u16, headers: &[(&'static str, &str)], body: &str) -> Verdict {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        let status = StatusCode::from_u16(status).unwrap();
        let answer = Answer { status, headers: map, body: body.as_bytes().to_vec() };
        Verdict::of(&answer, 7, Duration::from_secs(784_111_770), |text| text)
    }

    #[test]
    fn only_a_receipt_for_the_batch_ends_its_waiting() {
        let receipt =
            Receipt { taken: 3, repeated: 0, number: 7, dropped: [("suppressed_type".to_owned(), 2)].into() };
        assert_eq!(
            verdict(
                200,
                &[],
                r#"{"taken":3,"repeated":0,"number":7,"dropped":{"suppressed_type":2},"more":[]}"#
            ),
            Verdict::Stored(receipt)
        );
        for foreign in
            ["", "<html>", "{}", r#"{"taken":3,"repeated":0}"#, r#"{"taken":3,"repeated":0,"number":6}"#]
        {
            assert!(
                matches!(verdict(200, &[], foreign), Verdict::Later(Trouble::Foreign(_), None)),
                "{foreign}"
            );
        }
        for status in [204, 404, 405, 400, 408, 429, 500, 502, 503, 507] {
            assert!(matches!(verdict(status, &[], ""), Verdict::Later(..)), "{status}");
        }
        for status in [401, 403] {
            assert!(matches!(verdict(status, &[], ""), Verdict::Later(Trouble::Token(_), None)), "{status}");
        }
        for status in [413, 422] {
            let problem = r#"{"detail":"too\u001b[31m many"}"#;
            let Verdict::Refused(said) = verdict(status, &[], problem) else { panic!("{status}") };
            assert!(said.ends_with(": too.[31m many"), "{said}");
        }
    }

    #[test]
    fn a_redirect_is_told_and_a_wait_is_respected_within_an_hour() {
        let redirect = verdict(308, &[("location", "https://other.example/")], "");
        assert_eq!(redirect, Verdict::Later(Trouble::Redirect("https://other.example/".into()), None));
        for (text, wait) in [
            ("7", Some(7)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(7)),
            ("86400", Some(3_600)),
            ("soon", None),
        ] {
            let Verdict::Later(_, given) = verdict(503, &[("retry-after", text)], "") else {
                panic!("{text}")
            };
            assert_eq!(given, wait.map(Duration::from_secs), "{text}");
        }
    }
}
