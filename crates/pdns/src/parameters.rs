//! The filters of a query, from the query string (our extensions) and the `dribble-` headers (CIRCL's).
//!
//! `Parameters` combines both; a parameter takes precedence over a header. An invalid one is a 400 [`Problem`] that names the
//! parameter or header.

use std::borrow::Cow;

use axum::extract::Query;
use axum::http::{HeaderMap, Uri};
use cof::RrType;
use cof::time::{Clock, Stretch, parse_date};
use edge::problem::Problem;
use percent_encoding::percent_decode_str;
use store::{Cursor, Fences, MAX_LIMIT, Order};

use crate::value;

/// The parameters of a query besides its value.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Parameters {
    /// At least 1, not yet limited.
    pub(crate) limit: Option<usize>,
    pub(crate) cursor: Option<Cursor>,
    /// `None` is all types; an empty list is no type at all.
    pub(crate) rrtypes: Option<Vec<RrType>>,
    pub(crate) fences: Fences,
    pub(crate) expand: bool,
    pub(crate) order: Order,
}

/// The known parameters of a query string, each at most once.
pub(crate) struct Given(Vec<(String, String)>);

/// The parameters of the query interfaces.
pub const KNOWN: [&str; 9] = [
    "limit",
    "cursor",
    "rrtype",
    "time_first_after",
    "time_first_before",
    "time_last_after",
    "time_last_before",
    "expand",
    "sort",
];

impl Parameters {
    /// Parses all of them.
    ///
    /// # Errors
    /// 400 for one that is repeated or cannot be read.
    pub(crate) fn of(uri: &Uri, headers: &HeaderMap) -> Result<Self, Problem> {
        let given = Given::of(uri, &KNOWN)?;
        let order = given.read("sort", "key or newest", sort)?.unwrap_or_default();
        let said = |parameter, header| -> Result<_, Problem> {
            let value = given.one(parameter).map(|value| (parameter, Cow::Borrowed(value)));
            Ok(match value {
                None => header_value(headers, header)?.map(|value| (header, Cow::Owned(value))),
                value => value,
            })
        };
        let limit = said("limit", "dribble-paginate-count")?;
        // 0 is the start, for clients that start counting there.
        let cursor = said("cursor", "dribble-paginate-cursor")?.filter(|(_, text)| text != "0");
        if order == Order::NewestFirst && cursor.is_some() {
            return Err(Problem::bad_request("cursor: sort=newest has no pages, only a limit"));
        }
        Ok(Self {
            limit: limit.map(|(name, text)| read(name, &text, "a number from 1 on", count)).transpose()?,
            cursor: cursor.map(|(name, text)| read(name, &text, CURSOR, place)).transpose()?,
            rrtypes: match given.read("rrtype", "up to 64 types, such as A or NS,TYPE65", rrtypes)? {
                None => header_value(headers, "dribble-filter-rrtype")?.map(|text| one_rrtype(&text)),
                rrtypes => rrtypes,
            },
            fences: given.fences()?,
            expand: given.read("expand", "0 or 1", switch)?.unwrap_or(true),
            order,
        })
    }
}

impl Given {
    /// Parses a query string; parameters that are not `known` are ignored, whatever their value is.
    ///
    /// # Errors
    /// 400 for a known parameter that is given twice or that has a bad escape.
    pub(crate) fn of(uri: &Uri, known: &[&str]) -> Result<Self, Problem> {
        let Query(mut given) = Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map_err(|_| Problem::bad_request("the query string cannot be read"))?;
        given.retain(|(name, _)| known.contains(&name.as_str()));
        let is_known = |pair: &str| {
            let name = pair.split('=').next().unwrap_or_default().replace('+', " ");
            percent_decode_str(&name).decode_utf8().is_ok_and(|name| known.contains(&&*name))
        };
        let pairs = uri.query().unwrap_or_default().split('&');
        if pairs.filter(|pair| is_known(pair)).any(|pair| !value::is_escaped_well(pair)) {
            return Err(Problem::bad_request(
                "a percent sign in the query string takes two hexadecimal digits",
            ));
        }
        for (at, (name, _)) in given.iter().enumerate() {
            if given.iter().skip(at + 1).any(|(other, _)| other == name) {
                return Err(Problem::bad_request(format!("{name}: given more than once")));
            }
        }
        Ok(Self(given))
    }

    pub(crate) fn one(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Parses one of them with a function, if it is given.
    ///
    /// # Errors
    /// 400 with a message that states what is `wanted`.
    pub(crate) fn read<T>(
        &self,
        name: &str,
        wanted: &str,
        reader: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        self.one(name).map(|text| read(name, text, wanted, reader)).transpose()
    }

    fn fences(&self) -> Result<Fences, Problem> {
        let now = Clock::system().seconds();
        self.fences_by(MOMENT, |text| moment(text, now))
    }

    /// Parses the four time filters with this function.
    ///
    /// # Errors
    /// 400 for one that cannot be read, and for two that exclude each other.
    pub(crate) fn fences_by(
        &self,
        wanted: &str,
        reader: impl Fn(&str) -> Option<u64>,
    ) -> Result<Fences, Problem> {
        let fence = |name| self.read(name, wanted, &reader);
        let fences = Fences {
            first_after: fence("time_first_after")?,
            first_before: fence("time_first_before")?,
            last_after: fence("time_last_after")?,
            last_before: fence("time_last_before")?,
        };
        let crossed = crossed(&fences).map(|(after, before)| {
            Problem::bad_request(format!(
                "{after}, {before}: no time is after the first and before the second"
            ))
        });
        crossed.map_or(Ok(fences), Err)
    }
}

/// Two time filters that exclude each other, because last seen is never before first seen.
fn crossed(fences: &Fences) -> Option<(&'static str, &'static str)> {
    let Fences { first_after, first_before, last_after, last_before } = *fences;
    let pairs = [
        (("time_first_after", first_after), ("time_first_before", first_before)),
        (("time_first_after", first_after), ("time_last_before", last_before)),
        (("time_last_after", last_after), ("time_last_before", last_before)),
    ];
    let crossed = |(after, before): (Option<u64>, Option<u64>)| after.zip(before).is_some_and(|(a, b)| a > b);
    pairs
        .iter()
        .find(|(after, before)| crossed((after.1, before.1)))
        .map(|(after, before)| (after.0, before.0))
}

/// Each type is compared with every row; more types than passive DNS observes would only cost time.
const MAX_RRTYPES: usize = 64;
const CURSOR: &str = "the number that came with the page before, unchanged";

fn read<T>(name: &str, text: &str, wanted: &str, reader: impl Fn(&str) -> Option<T>) -> Result<T, Problem> {
    reader(text).ok_or_else(|| Problem::bad_request(format!("{name}: takes {wanted}")))
}

fn header_value(headers: &HeaderMap, name: &str) -> Result<Option<String>, Problem> {
    let mut given = headers.get_all(name).iter();
    let Some(value) = given.next() else { return Ok(None) };
    if given.next().is_some() {
        return Err(Problem::bad_request(format!("{name}: given more than once")));
    }
    let text = value.to_str().map_err(|_| Problem::bad_request(format!("{name}: takes printable ASCII")))?;
    Ok(Some(text.trim().to_owned()))
}

pub(crate) fn digits(text: &str) -> Option<&str> {
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then_some(text)
}

/// A number above the largest is read as the largest: it is limited later.
fn count(text: &str) -> Option<usize> {
    Some(digits(text)?.parse().unwrap_or(MAX_LIMIT)).filter(|count| *count > 0)
}

fn place(text: &str) -> Option<Cursor> {
    Cursor::from_decimal(text).ok()
}

const MOMENT: &str = "seconds since 1970 with at most ten digits, or a date such as 2024-01-31 or 20240131";

/// Parses seconds since the epoch, or a date, which means its first second. Digits alone have the same meaning as everywhere:
/// [`Stretch::of_digits`].
pub(crate) fn moment(text: &str, now: u64) -> Option<u64> {
    if digits(text).is_some() {
        return Stretch::of_digits(text, now).map(|stretch| stretch.start);
    }
    // In a query string, a plus sign is a blank.
    parse_date(&text.replace(' ', "+")).or_else(|| parse_date(text)).map(|date| date.seconds)
}

fn switch(text: &str) -> Option<bool> {
    match text {
        "0" => Some(false),
        "1" => Some(true),
        _ => None,
    }
}

fn sort(text: &str) -> Option<Order> {
    match text {
        "key" => Some(Order::Key),
        "newest" => Some(Order::NewestFirst),
        _ => None,
    }
}

fn rrtypes(text: &str) -> Option<Vec<RrType>> {
    let rrtypes: Option<Vec<_>> = text.split(',').map(|rrtype| RrType::parse(rrtype).ok()).collect();
    rrtypes.filter(|rrtypes| rrtypes.len() <= MAX_RRTYPES)
}

/// CIRCL answers nothing for an unknown type.
fn one_rrtype(text: &str) -> Vec<RrType> {
    RrType::parse(text).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(query: &str, headers: &[(&'static str, &str)]) -> Result<Parameters, String> {
        let headers =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        let uri = format!("/pdns/query/x?{query}").parse().unwrap();
        Parameters::of(&uri, &headers).map_err(|problem| problem.detail)
    }

    #[test]
    fn nothing_said_is_everything() {
        let parameters = parameters("unknown=1&unknown=2", &[("dribble-disable-active-query", "1")]).unwrap();
        let Parameters { limit, cursor, rrtypes, fences, expand, order } = parameters;
        assert_eq!((limit, cursor, rrtypes, expand), (None, None, None, true));
        assert_eq!((fences, order), (Fences::default(), Order::Key));
    }

    #[test]
    fn everything_is_read() {
        let query = "limit=7&cursor=0&rrtype=a,TYPE28&time_first_after=1&time_first_before=2&time_last_after=3\
            &time_last_before=4&expand=0&sort=key";
        let parameters = parameters(query, &[]).unwrap();
        assert_eq!(parameters.limit, Some(7));
        assert_eq!(parameters.rrtypes, Some(vec![RrType::A, RrType::AAAA]));
        let Fences { first_after, first_before, last_after, last_before } = parameters.fences;
        assert_eq!([first_after, first_before, last_after, last_before], [1, 2, 3, 4].map(Some));
        assert!(!parameters.expand);
    }

    #[test]
    fn dates_are_fences_as_seconds_are() {
        for text in [
            "1915488000",
            "20300913",
            "2030-09-13",
            "20300913000000",
            "2030-09-13T00:00:00Z",
            "2030-09-13%2000:00:00",
        ] {
            let fences = parameters(&format!("time_last_after={text}"), &[]).unwrap().fences;
            assert_eq!(fences.last_after, Some(1_915_488_000), "{text}");
        }
    }

    #[test]
    fn a_parameter_wins_over_a_header() {
        let headers = [
            ("dribble-paginate-count", "3"),
            ("dribble-filter-rrtype", "NS"),
            ("dribble-paginate-cursor", "x"),
        ];
        let both = parameters("limit=5&rrtype=MX&cursor=0", &headers).unwrap();
        assert_eq!((both.limit, both.rrtypes, both.cursor), (Some(5), Some(vec![RrType::MX]), None));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (query, name) in [
            ("limit=0", "limit"),
            ("limit=", "limit"),
            ("limit=-1", "limit"),
            ("limit=1&limit=1", "limit"),
            ("cursor=abc", "cursor"),
            ("cursor=1", "cursor"),
            ("cursor=4294967296&sort=newest", "cursor"),
            ("rrtype=", "rrtype"),
            ("rrtype=A,,B", "rrtype"),
            ("rrtype=A%20B", "rrtype"),
            ("time_first_after=yesterday", "time_first_after"),
            ("time_last_before=99999999999999999999", "time_last_before"),
            ("time_last_after=1600000000000", "time_last_after"),
            ("time_last_after=20301399", "time_last_after"),
            ("time_first_after=2&time_first_before=1", "time_first_after, time_first_before"),
            ("time_first_after=2&time_last_before=1", "time_first_after, time_last_before"),
            ("time_last_after=2&time_last_before=1", "time_last_after, time_last_before"),
            ("expand=no", "expand"),
            ("sort=oldest", "sort"),
            ("sort", "sort"),
        ] {
            let detail = parameters(query, &[]).unwrap_err();
            assert!(detail.starts_with(&format!("{name}: ")), "{query}: {detail}");
        }
        for (header, value) in [
            ("dribble-paginate-count", "0"),
            ("dribble-paginate-count", "fifty"),
            ("dribble-paginate-cursor", "abc"),
            ("dribble-filter-rrtype", "\u{e9}"),
        ] {
            let detail = parameters("", &[(header, value)]).unwrap_err();
            assert!(detail.starts_with(&format!("{header}: ")), "{header} {value}: {detail}");
        }
    }

    #[test]
    fn fences_may_touch_and_overlap() {
        for query in [
            "time_first_after=5&time_first_before=5&time_last_after=5&time_last_before=5",
            "time_first_before=1&time_last_after=9",
        ] {
            assert!(parameters(query, &[]).is_ok(), "{query}");
        }
        assert!(parameters("rrtype=%zz", &[]).is_err() && parameters("unknown=%", &[]).is_ok());
    }

    #[test]
    fn a_count_beyond_all_numbers_is_a_large_one() {
        assert_eq!(parameters("limit=99999999999999999999999", &[]).unwrap().limit, Some(MAX_LIMIT));
    }
}
