//! Reads a line into an [`Inquiry`].
//!
//! Errors are [`InquiryError`]s, which name the word.

use cof::time::{Clock, readable};
use cof::{Name, RrType};
use operation::Moment;
use store::{Fences, QuestionError, QuestionFault, Subject};

use super::words::{EXACT, FILTERS, Words, filter};
use super::{Inquiry, InquiryError, LONGEST, Part, Side, What, subject};
use crate::texts::{Syntax, Texts};

/// Each type is compared with every row.
const MAX_RRTYPES: usize = 64;
/// The beginnings of a subject that select a side of records.
const SIDES: [(&str, Side); 2] = [("name:", Side::Names), ("rdata:", Side::Data)];

/// Reads a line.
pub(super) fn read(text: &str, clock: &Clock) -> Result<Inquiry, InquiryError> {
    if text.len() > LONGEST {
        return Err(InquiryError::Long(text.len()));
    }
    let words = Words::of(text);
    let (what, part) = what(&words)?;
    let everything = Inquiry::about(Subject::Suffix(Name::root()));
    let mut inquiry = Inquiry { what, ..everything };
    for (at, (word, value)) in words.filters.iter().enumerate() {
        if words.filters.iter().skip(at + 1).any(|(other, _)| other == word) {
            return Err(InquiryError::Twice(word));
        }
        let value = value.trim();
        if value.is_empty() {
            return Err(InquiryError::Empty(word));
        }
        let understood = inquiry.narrow(word, value, clock)?;
        let label = FILTERS.iter().find(|(known, _)| known == word).map_or("", |(_, label)| label);
        inquiry.parts.push(Part { label, value: understood, written: filter(word, value) });
    }
    match words.exact {
        Some(_) => inquiry.parts.extend(part),
        None => drop(inquiry.parts.splice(0..0, part)),
    }
    crossed(&inquiry.fences)?;
    Ok(inquiry)
}

/// What the line looks for, with the word that says so.
fn what(words: &Words) -> Result<(What, Option<Part>), InquiryError> {
    let part = |label, value: String, written: &str| Some(Part { label, value, written: written.to_owned() });
    let text = words.subject.as_str();
    if let Some(exact) = &words.exact {
        if !text.is_empty() {
            return Err(InquiryError::Twice(EXACT));
        }
        if exact.is_empty() {
            return Err(InquiryError::Empty(EXACT));
        }
        let written = filter(EXACT, exact);
        return Ok((What::Exact(exact.clone()), part("data is exactly", exact.clone(), &written)));
    }
    if text.is_empty() {
        if words.filters.is_empty() {
            return Err(QuestionError(QuestionFault::Empty).into());
        }
        return Ok((What::Subject(Subject::Suffix(Name::root())), None));
    }
    let (side, rest) = sided(text);
    let of_names = if side == Side::Names { rest } else { text };
    if let Some(regex) = regex(rest) {
        let texts = Texts::new(Syntax::Regex, regex, None)?;
        return Ok((
            What::Pattern(side, Box::new(texts)),
            part(label(side, Syntax::Regex), rest.to_owned(), text),
        ));
    }
    let error = match subject::parse(of_names) {
        Ok(found) => {
            let (label, value) = subject::shown(&found);
            return Ok((What::Subject(found), part(label, value, text)));
        }
        Err(error) => error,
    };
    if !rest.contains(['*', '?']) {
        return Err(error.into());
    }
    let texts = Texts::new(Syntax::Glob, rest, None)?;
    Ok((What::Pattern(side, Box::new(texts)), part(label(side, Syntax::Glob), rest.to_owned(), text)))
}

/// The side that a text selects, and what follows.
fn sided(text: &str) -> (Side, &str) {
    let of = |(word, side): (&str, Side)| {
        let (head, rest) = text.split_at_checked(word.len())?;
        head.eq_ignore_ascii_case(word).then(|| (side, rest.trim_start()))
    };
    SIDES.into_iter().find_map(of).unwrap_or((Side::Both, text))
}

/// The regular expression between two slashes.
fn regex(text: &str) -> Option<&str> {
    let inside = text.strip_prefix('/')?.strip_suffix('/')?;
    (!inside.is_empty() && !inside.starts_with('/')).then_some(inside)
}

fn label(side: Side, syntax: Syntax) -> &'static str {
    match (side, syntax) {
        (Side::Both, Syntax::Glob) => "pattern in name or data",
        (Side::Data, Syntax::Glob) => "pattern in data",
        (Side::Names, Syntax::Glob) => "pattern in name",
        (Side::Both, Syntax::Regex) => "regular expression in name or data",
        (Side::Data, Syntax::Regex) => "regular expression in data",
        (Side::Names, Syntax::Regex) => "regular expression in name",
    }
}

impl Inquiry {
    /// Applies a filter; returns its value as it was understood.
    fn narrow(&mut self, word: &'static str, value: &str, clock: &Clock) -> Result<String, InquiryError> {
        match word {
            "type" => self.rrtypes = rrtypes(value)?,
            "below" => self.below = Some(name(value)?),
            "in" => self.network = Some(network(value)?),
            "source" => self.source = Some(value.to_owned()),
            "by" if value.eq_ignore_ascii_case("source") => self.by_source = true,
            "by" => return Err(InquiryError::By(value.to_owned())),
            _ => return self.fence(word, value, clock),
        }
        Ok(match (word, &self.below, self.network) {
            ("below", Some(name), _) => name.to_string(),
            ("in", _, Some((address, length))) => format!("{address}/{length}"),
            ("type", ..) => self.rrtypes.iter().map(RrType::to_string).collect::<Vec<_>>().join(", "),
            _ => value.to_owned(),
        })
    }

    /// Applies a time filter. A day means the whole day: after its start, before its end.
    fn fence(&mut self, word: &'static str, value: &str, clock: &Clock) -> Result<String, InquiryError> {
        let moment = Moment::parse(value, clock).map_err(|error| InquiryError::Time { word, error })?;
        let fences = &mut self.fences;
        let (slot, second) = match word {
            "first-after" => (&mut fences.first_after, moment.start),
            "first-before" | "before" => (&mut fences.first_before, moment.end),
            "last-before" => (&mut fences.last_before, moment.end),
            _ => (&mut fences.last_after, moment.start),
        };
        let is_after = word.ends_with("after");
        *slot = Some(match *slot {
            Some(known) if is_after => known.max(second),
            Some(known) => known.min(second),
            None => second,
        });
        let time = readable(second);
        let day = time.split_once(' ').map_or("", |(day, _)| day);
        let whole = moment.end - moment.start >= 86_399;
        Ok(match (whole, value == day) {
            (true, _) => day.to_owned(),
            (false, true) => value.to_owned(),
            (false, false) => format!("{time} UTC"),
        })
    }
}

fn rrtypes(value: &str) -> Result<Vec<RrType>, InquiryError> {
    let parsed: Option<Vec<RrType>> = value.split(',').map(|word| RrType::parse(word.trim()).ok()).collect();
    let few = parsed.filter(|rrtypes| rrtypes.len() <= MAX_RRTYPES);
    few.ok_or_else(|| InquiryError::Types(value.to_owned()))
}

fn name(value: &str) -> Result<Name, InquiryError> {
    match subject::parse(value) {
        Ok(Subject::Name(name) | Subject::Suffix(name)) => Ok(name),
        _ => Err(InquiryError::Name(value.to_owned())),
    }
}

fn network(value: &str) -> Result<(std::net::IpAddr, u8), InquiryError> {
    match subject::parse(value) {
        Ok(Subject::Network(address, length)) => Ok((address, length)),
        Ok(Subject::Address(address)) => Ok((address, if address.is_ipv4() { 32 } else { 128 })),
        _ => Err(InquiryError::Network(value.to_owned())),
    }
}

/// Refuses time filters that exclude each other, because last seen is never before first seen.
fn crossed(fences: &Fences) -> Result<(), InquiryError> {
    let Fences { first_after, first_before, last_after, last_before } = *fences;
    for (what, after, before) in [
        ("first-after, first-before", first_after, first_before),
        ("first-after, last-before", first_after, last_before),
        ("last-after, last-before", last_after, last_before),
    ] {
        if after.zip(before).is_some_and(|(after, before)| after > before) {
            return Err(InquiryError::Crossed(what));
        }
    }
    Ok(())
}
