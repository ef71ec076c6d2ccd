//! The filters that only the table has: a text, a minimum count, places of addresses, and positions.
//!
//! The text is searched for in names and data in their printed form, and in their unescaped form. A defanged value is also read
//! as the value that it stands for. An invalid filter has no effect, and the error is shown next to its field.

use std::borrow::Cow;

use cof::Record;
use context::{NetworksNow, PlaceFilter, PlaceFilterError, Placing};
use operation::Indicator;
use operation::indicator::refang;

use picture::timeline::TimelineView;
use picture::timeline::date::{self, Field};

/// The filters for records.
#[derive(Clone, Debug, Default)]
pub(in crate::page) struct Narrowing {
    /// The texts in lower case, any of which may match; empty for every record.
    texts: Vec<String>,
    /// The minimum count.
    least: u64,
    /// Where addresses are, and which places are wanted.
    placing: Placing,
    /// Whether each record is kept by its position; all are if `None`.
    places: Option<Vec<bool>>,
}

const NO_NUMBER: &str = "Not a whole number. Write it as 1000 or 1,000.";
const TOO_LARGE: &str = "No record has a count this large.";

impl Narrowing {
    pub(in crate::page) fn of(parameters: &[(String, String)], networks: NetworksNow) -> Self {
        let text = |name| super::text(parameters, name);
        let only = if networks.is_configured() {
            let systems = PlaceFilter::parse(text("as"), "").unwrap_or_default();
            systems.and(PlaceFilter::parse("", text("country")).unwrap_or_default())
        } else {
            PlaceFilter::default()
        };
        let least = number(text("min")).unwrap_or(0);
        Self { texts: texts(text("text")), least, placing: Placing { networks, only }, places: None }
    }

    /// Only records at some positions: those for which this is true.
    pub(in crate::page) fn among(self, places: Option<Vec<bool>>) -> Self {
        Self { places, ..self }
    }

    /// Where addresses are.
    pub(in crate::page) fn networks(&self) -> &NetworksNow {
        &self.placing.networks
    }

    pub(in crate::page) fn is_empty(&self) -> bool {
        self.texts.is_empty() && self.least <= 1 && self.places.is_none() && self.placing.only.is_empty()
    }

    /// Whether the record at this position is kept.
    pub(in crate::page) fn keeps(&self, place: usize, record: &Record) -> bool {
        let is_among = self.places.as_ref().is_none_or(|places| places.get(place) == Some(&true));
        is_among && self.keeps_text(record) && self.placing.keeps(record)
    }

    fn keeps_text(&self, record: &Record) -> bool {
        (self.least <= 1 || record.count.is_some_and(|count| count >= self.least))
            && (self.texts.is_empty()
                || self.is_in(&record.rrname.to_string())
                || self.is_in(&record.rdata_text()))
    }

    fn is_in(&self, printed: &str) -> bool {
        let holds = |text: &str| {
            let text = text.to_lowercase();
            self.texts.iter().any(|wanted| text.contains(wanted))
        };
        holds(printed) || (printed.contains('\\') && holds(&unescaped(printed)))
    }
}

/// The field of the minimum count.
pub(in crate::page) fn least(text: &str) -> Field {
    let wrong = if text.trim().is_empty() { None } else { number(text).err() };
    Field { text: text.to_owned(), wrong }
}

/// The field of AS numbers or countries, with what is wrong with it.
pub(in crate::page) fn place(name: &str, text: &str) -> Field {
    let parsed = if name == "as" { PlaceFilter::parse(text, "") } else { PlaceFilter::parse("", text) };
    let wrong = parsed.err().map(|error| match error {
        PlaceFilterError::Country => "Not a country. Write two letters, as in NL, DE.",
        PlaceFilterError::Many => "Too many at once.",
        PlaceFilterError::System => "Not an AS number. Write it as AS64496.",
    });
    Field { text: text.to_owned(), wrong }
}

/// The filters among these parameters that are not completely valid, each with what is wrong.
pub(in crate::page) fn unreadable(parameters: &[(String, String)]) -> Vec<(&'static str, &'static str)> {
    let of = |name: &'static str| parameters.iter().filter(move |(known, _)| known == name);
    let mut wrong = Vec::new();
    for name in ["from", "to", "at", "alive", "hide", "rel", "min", "as", "country"] {
        let faults = of(name).filter_map(|(_, value)| match name {
            "as" | "country" => place(name, value).wrong,
            "min" => least(value).wrong,
            _ => TimelineView::wrong(name, value),
        });
        wrong.extend(faults.take(1).map(|fault| (name, fault)));
        // Several hidden types are allowed, but only one value of any other filter.
        if name != "hide" && of(name).count() > 1 {
            wrong.push((name, "Given more than once."));
        }
    }
    if of("text").count() > 1 {
        wrong.push(("text", "Given more than once."));
    }
    let last = |name: &'static str| of(name).next_back().map_or("", |(_, value)| value.as_str());
    if let ([_, Field { wrong: Some(turned), .. }], true) =
        (date::window(last("from"), last("to")), wrong.is_empty())
    {
        wrong.extend([("to", turned), ("from", turned)]);
    }
    if of("alive").any(|(_, value)| value == "1") && last("at").trim().is_empty() {
        wrong.push(("alive", "Takes 1, together with at."));
    }
    wrong
}

/// The texts to search for: the text itself, and the value of a defanged one.
fn texts(text: &str) -> Vec<String> {
    let text = text.trim();
    let mut texts = vec![text.to_lowercase()];
    let plain = refang(text);
    // Removing quotation marks would match far more than was requested.
    if plain != text.trim_matches(['"', '\'', '<', '>', '`']) {
        texts.push(plain.to_lowercase());
        texts.extend(Indicator::parse(text).ok().map(|value| value.to_string().to_lowercase()));
    }
    texts.retain(|text| !text.is_empty());
    texts.dedup();
    texts
}

/// Parses a number, with or without groups of three digits.
fn number(text: &str) -> Result<u64, &'static str> {
    let mut groups = text.trim().split([',', '.', '\'', '_', ' ', '\u{a0}', '\u{202f}']);
    let first = groups.next().unwrap_or_default();
    let rest: Vec<&str> = groups.collect();
    let is_digits = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let grouped = rest.is_empty() || (first.len() <= 3 && rest.iter().all(|part| part.len() == 3));
    if !grouped || !is_digits(&first) || !rest.iter().all(is_digits) {
        return Err(NO_NUMBER);
    }
    [&[first], rest.as_slice()].concat().concat().parse().map_err(|_| TOO_LARGE)
}

/// The text without master-file escapes; invalid UTF-8 becomes the replacement character.
fn unescaped(printed: &str) -> String {
    let mut octets = Vec::with_capacity(printed.len());
    let mut rest = printed.as_bytes();
    while let Some((first, others)) = rest.split_first() {
        let (octet, taken) = match (first, others) {
            (b'\\', [literal, ..]) => decimal(others).map_or((*literal, 1), |octet| (octet, 3)),
            _ => (*first, 0),
        };
        octets.push(octet);
        rest = others.get(taken..).unwrap_or_default();
    }
    match String::from_utf8_lossy(&octets) {
        Cow::Borrowed(text) => text.to_owned(),
        Cow::Owned(text) => text,
    }
}

/// The byte with this number in three digits.
fn decimal(rest: &[u8]) -> Option<u8> {
    let digits = rest.get(..3).filter(|digits| digits.iter().all(u8::is_ascii_digit))?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cof::{Name, Rdata, RrType};
    use proptest::prelude::*;

    fn finds(text: &str, (name, rrtype, data): (&str, RrType, &str)) -> bool {
        let narrowing = Narrowing::of(&[("text".to_owned(), text.to_owned())], NetworksNow::default());
        narrowing.keeps(0, &Record::new(Name::parse(name).unwrap(), rrtype, Rdata::parse(rrtype, data)))
    }

    #[test]
    fn a_text_is_found_as_it_is_printed_and_as_what_it_stands_for() {
        let quoted = ("a.example", RrType::TXT, r#""\"q\" \195\169""#);
        for text in [r#""q""#, "é", "É", r#"\"q\""#, r"\195\169", r#""q" é"#, "A.EXAMPLE"] {
            assert!(finds(text, quoted), "{text}");
        }
        assert!(!finds(r#""r""#, quoted) && !finds("195.169", quoted));
        // Quotation marks are also searched for.
        assert!(!finds(r#""q""#, ("q.example", RrType::TXT, "qq")));
    }

    #[test]
    fn a_defanged_value_is_found_as_the_library_finds_it() {
        let line = ("www.example.com", RrType::A, "192.0.2.1");
        let texts =
            ["www[.]example[.]com", "hxxp://www[.]example[.]com/x?y", "example[.]com", "192[.]0[.]2[.]1"];
        for text in texts {
            assert!(finds(text, line), "{text}");
        }
        assert!(!finds("mail[.]example[.]com", line));
        assert!(finds("[.]", ("x.example", RrType::TXT, "a[.]b")));
    }

    #[test]
    fn a_number_may_be_grouped() {
        for text in ["1000", "1,000", "1.000", "1 000", "1'000", " 1000 "] {
            assert_eq!(number(text), Ok(1_000), "{text}");
        }
        for text in ["abc", "-1", "1.5", "1,0", "1,0000", "1000,000", "1e3", ",000", "١"] {
            assert_eq!(number(text), Err(NO_NUMBER), "{text}");
        }
        assert_eq!(number("99999999999999999999"), Err(TOO_LARGE));
        assert_eq!(least("abc"), Field { text: "abc".to_owned(), wrong: Some(NO_NUMBER) });
        assert_eq!((least(" ").wrong, least("1,000").wrong), (None, None));
    }

    proptest! {
        #[test]
        fn anything_can_be_looked_for(text in any::<String>(), data in any::<String>()) {
            let _ = unescaped(&data);
            let _ = number(&text);
            let _ = texts(&text);
        }
    }
}
