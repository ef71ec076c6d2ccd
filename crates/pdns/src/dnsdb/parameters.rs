//! Parses the query string of a request into [`Parameters`], without side effects.
//!
//! Parameters unknown to DNSDB are ignored. A known one is refused by name if it is repeated, invalid or has no effect on the
//! path, because an answer must not suggest that it was applied.

use axum::http::Uri;
use store::Fences;

use super::path::{Types, Verb};
use super::refusal::Refusal;
use crate::parameters::{self, Given, digits};

/// The default number of objects in an answer.
pub const DEFAULT_LIMIT: u64 = 10_000;
/// The most objects of an answer.
pub const MAX_LIMIT: u64 = 1_000_000;
/// The most objects that may be skipped.
pub const MAX_OFFSET: u64 = 3_000_000;

/// The parameters of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parameters {
    /// Whether all sources of a record are merged.
    pub(super) aggregated: bool,
    pub(super) exclude: Option<String>,
    pub(super) fences: Fences,
    /// Whether times are dates.
    pub(super) human_times: bool,
    /// 1 to [`MAX_LIMIT`].
    pub(super) limit: u64,
    pub(super) max_count: Option<u64>,
    /// 0 to [`MAX_OFFSET`].
    pub(super) offset: u64,
    pub(super) types: Option<Types>,
    /// Whether results have counts and times.
    pub(super) verbose: bool,
}

/// The known parameters. `id`, `swclient` and `version` describe the client: any text, any number of times, which is not read.
pub const KNOWN: [&str; 12] = [
    "aggr",
    "exclude",
    "humantime",
    "limit",
    "max_count",
    "offset",
    "rrtype",
    "time_first_after",
    "time_first_before",
    "time_last_after",
    "time_last_before",
    "verbose",
];
const SWITCH: &str = "t, f, true, false, 1 or 0";
const FENCE: &str = "seconds since 1970 with at most ten digits, seconds before now with a minus sign, or a date such as 2024-01-31 or 20240131";

impl Parameters {
    /// Parses all of them; `now` is in seconds since the epoch.
    ///
    /// # Errors
    /// 400, or 416 for an offset that is too large.
    pub(super) fn of(uri: &Uri, verb: Verb, now: u64) -> Result<Self, Refusal> {
        let given = Given::of(uri, &KNOWN)?;
        let parameters = Self {
            aggregated: given.read("aggr", SWITCH, switch)?.unwrap_or(true),
            exclude: given.one("exclude").map(str::to_owned),
            fences: given.fences_by(FENCE, |text| moment(text, now))?,
            human_times: given.read("humantime", SWITCH, switch)?.unwrap_or(false),
            limit: match given.read("limit", "a number; 0 means the maximum", number)? {
                None => DEFAULT_LIMIT,
                Some(0) => MAX_LIMIT,
                Some(limit) => limit.min(MAX_LIMIT),
            },
            max_count: given
                .read("max_count", "a number from 1 on", |text| number(text).filter(|n| *n > 0))?,
            offset: given.read("offset", "a number", number)?.unwrap_or(0),
            types: given.one("rrtype").filter(|text| !text.is_empty()).map(Types::parse).transpose()?,
            verbose: given.read("verbose", SWITCH, switch)?.unwrap_or(true),
        };
        parameters.suit(verb)
    }

    /// Refuses parameters without effect; one with the default value is allowed everywhere.
    fn suit(self, verb: Verb) -> Result<Self, Refusal> {
        let flex = verb == Verb::Flex;
        for (name, misplaced, place) in [
            ("aggr", flex && !self.aggregated, "lookup and summarize"),
            ("exclude", !flex && self.exclude.is_some(), "regex and glob"),
            ("max_count", verb != Verb::Summarize && self.max_count.is_some(), "summarize"),
            ("offset", verb == Verb::Summarize && self.offset > 0, "lookup, regex and glob"),
            ("verbose", !flex && !self.verbose, "regex and glob"),
        ] {
            if misplaced {
                return Err(Refusal::bad_request(format!("{name}: only allowed with {place}")));
            }
        }
        if self.offset > MAX_OFFSET { Err(Refusal::offset(MAX_OFFSET)) } else { Ok(self) }
    }
}

fn switch(text: &str) -> Option<bool> {
    match text {
        "t" | "true" | "True" | "1" => Some(true),
        "f" | "false" | "False" | "0" => Some(false),
        _ => None,
    }
}

/// A number above the largest is read as the largest: the bound check then refuses it.
fn number(text: &str) -> Option<u64> {
    Some(digits(text)?.parse().unwrap_or(u64::MAX))
}

/// Parses a time into seconds since the epoch.
fn moment(text: &str, now: u64) -> Option<u64> {
    if let Some(before) = text.strip_prefix('-') {
        return Some(now.saturating_sub(number(before)?));
    }
    parameters::moment(text, now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cof::RrType;
    use proptest::prelude::*;

    const NOW: u64 = 1_700_000_000;

    fn parameters(verb: Verb, query: &str) -> Result<Parameters, (u16, String)> {
        let uri = format!("/dnsdb/v2/x?{query}").parse().unwrap();
        Parameters::of(&uri, verb, NOW).map_err(|refusal| (refusal.status.as_u16(), refusal.line))
    }

    #[test]
    fn nothing_said_is_the_default() {
        let said =
            parameters(Verb::Lookup, "swclient=dnsdbq&version=2.6.4&id=a:1&unknown=1&unknown=2").unwrap();
        let plain = Parameters {
            aggregated: true,
            exclude: None,
            fences: Fences::default(),
            human_times: false,
            limit: 10_000,
            max_count: None,
            offset: 0,
            types: None,
            verbose: true,
        };
        assert_eq!(said, plain);
    }

    #[test]
    fn what_clients_say_of_themselves_may_be_any_text() {
        for query in [
            "version=(unknown)",
            "version=%28unknown%29&version=2",
            "version=1.2.3+build.20240101.abcdef",
            "version=&id=&swclient=",
            "version&id&swclient",
            "swclient=my%20app&swclient=averyveryverylongclientnameindeed",
            "id=integration-test",
            "id=a:b:c",
            "id=%ff%00%0a%C3%28",
            "version=100%&swclient=%zz",
            "vers%69on=%",
        ] {
            assert!(parameters(Verb::Lookup, query).is_ok(), "{query}");
            let limit = parameters(Verb::Lookup, &format!("{query}&limit=7")).unwrap().limit;
            assert_eq!(limit, 7, "{query}");
        }
        let long = format!("id={}", "x".repeat(7_000));
        assert!(parameters(Verb::Flex, &long).is_ok());
    }

    #[test]
    fn limits_are_clamped_and_offsets_refused() {
        let limit = |text: &str| parameters(Verb::Lookup, &format!("limit={text}")).unwrap().limit;
        assert_eq!(limit("7"), 7);
        for most in ["0", "00", "1000000", "1000001", "99999999999999999999999"] {
            assert_eq!(limit(most), MAX_LIMIT, "{most}");
        }
        assert_eq!(parameters(Verb::Lookup, "offset=3000000").unwrap().offset, MAX_OFFSET);
        for most in ["3000001", "99999999999999999999999"] {
            let refused = parameters(Verb::Flex, &format!("offset={most}"));
            assert_eq!(refused, Err((416, "offset: takes at most 3000000".to_owned())));
        }
    }

    #[test]
    fn fences_are_numbers_ages_and_dates() {
        let fence = |text: &str| {
            parameters(Verb::Lookup, &format!("time_last_after={text}")).unwrap().fences.last_after
        };
        for (text, seconds) in [
            ("1577836800", 1_577_836_800),
            ("0", 0),
            ("-86400", NOW - 86_400),
            ("-0", NOW),
            ("-99999999999999999999999", 0),
            ("2020-01-01", 1_577_836_800),
            ("2020-01-01T00:00:00Z", 1_577_836_800),
            ("2020-01-01T01:00:00%2B01:00", 1_577_836_800),
            ("2020-01-01T01:00:00+01:00", 1_577_836_800),
            ("2020-01-01%2000:00:00", 1_577_836_800),
            ("20200101", 1_577_836_800),
            ("20200101000000", 1_577_836_800),
            ("20300913", 1_915_488_000),
        ] {
            assert_eq!(fence(text), Some(seconds), "{text}");
        }
        let overlap = parameters(Verb::Lookup, "time_first_before=20&time_last_after=10").unwrap().fences;
        assert_eq!((overlap.first_before, overlap.last_after), (Some(20), Some(10)));
        let complete = parameters(Verb::Lookup, "time_first_after=10&time_last_before=20").unwrap().fences;
        assert_eq!((complete.first_after, complete.last_before), (Some(10), Some(20)));
    }

    #[test]
    fn switches_are_read_in_every_form() {
        for (text, wanted) in [
            ("t", true),
            ("true", true),
            ("True", true),
            ("1", true),
            ("f", false),
            ("false", false),
            ("False", false),
            ("0", false),
        ] {
            assert_eq!(parameters(Verb::Lookup, &format!("aggr={text}")).unwrap().aggregated, wanted);
            assert_eq!(parameters(Verb::Flex, &format!("verbose={text}")).unwrap().verbose, wanted);
            assert_eq!(
                parameters(Verb::Summarize, &format!("humantime={text}")).unwrap().human_times,
                wanted
            );
        }
        let types = parameters(Verb::Lookup, "rrtype=AAAA").unwrap().types;
        assert_eq!(types, Some(Types::One(RrType::AAAA)));
    }

    #[test]
    fn what_cannot_be_read_or_would_not_be_heeded_is_named() {
        use Verb::{Flex, Lookup, Summarize};
        for (verb, query, name) in [
            (Lookup, "limit=-1", "limit"),
            (Lookup, "limit=", "limit"),
            (Lookup, "limit=1&limit=1", "limit"),
            (Lookup, "limit=1e3", "limit"),
            (Lookup, "offset=-1", "offset"),
            (Lookup, "offset=x", "offset"),
            (Lookup, "time_first_after=yesterday", "time_first_after"),
            (Lookup, "time_first_after=--1", "time_first_after"),
            (Lookup, "time_first_after=99999999999999999999", "time_first_after"),
            (Lookup, "time_first_after=", "time_first_after"),
            (Lookup, "time_first_after=20301399", "time_first_after"),
            (Lookup, "time_first_after=1600000000000", "time_first_after"),
            (Lookup, "time_last_before=1600000000000000000", "time_last_before"),
            (Lookup, "time_first_after=1960-01-01", "time_first_after"),
            (Lookup, "time_first_after=9&time_first_before=8", "time_first_after, time_first_before"),
            (Lookup, "time_first_after=9&time_last_before=8", "time_first_after, time_last_before"),
            (Lookup, "time_last_after=9&time_last_before=8", "time_last_after, time_last_before"),
            (Lookup, "aggr=yes", "aggr"),
            (Lookup, "humantime=", "humantime"),
            (Lookup, "rrtype=TYPE65536", "the type"),
            (Lookup, "exclude=a", "exclude"),
            (Lookup, "verbose=f", "verbose"),
            (Lookup, "max_count=5", "max_count"),
            (Summarize, "max_count=0", "max_count"),
            (Summarize, "offset=1", "offset"),
            (Flex, "aggr=f", "aggr"),
            (Flex, "max_count=5", "max_count"),
            (Flex, "exclude=%zz", "a percent sign"),
        ] {
            let (status, line) = parameters(verb, query).unwrap_err();
            assert!(status == 400 && line.starts_with(name), "{query}: {status} {line}");
        }
        // A default value is allowed everywhere, because clients send their defaults.
        assert!(parameters(Summarize, "offset=0&verbose=t").is_ok());
        assert!(parameters(Flex, "aggr=t&humantime=True&offset=0&limit=10").is_ok());
    }

    proptest! {
        #[test]
        fn no_query_panics(query in "((limit|offset|aggr|time_first_after|time_last_before|exclude|id)=[0-9a-zA-Z:%+-]{0,24}&){0,4}") {
            for verb in [Verb::Flex, Verb::Lookup, Verb::Summarize] {
                let _ = parameters(verb, &query);
            }
        }
    }
}
