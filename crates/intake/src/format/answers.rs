//! Responses as logs in JSON print them, with owner, type and data of each record: [`Answers`], handed over by [`Printer`].
//!
//! The rules are those for messages: of the answer section, records on the chain that begins at the question count; of the other
//! sections, what the server's zone (bailiwick) covers, if it is known. Names compare without regard to case and final dot. A chain
//! has at most [`LINKS`] names.
//!
//! Logs print octets of names and texts as they are, so a blank or a quote in them is no syntax, and what is not valid UTF-8 was
//! replaced. Names are escaped here, texts become wire data, and data that was replaced is rejected.
//!
//! Errors: a record that cannot be read costs that record.

use std::borrow::Cow;

use cof::{Name, RrType};
use smallvec::SmallVec;

use super::spelling::Spelling;
use crate::out::Out;
use crate::sightings::{Part, Seen, Sighting};
use crate::tally::{Dropped, Reason};

/// Names on the chain from the question to the last alias.
const LINKS: usize = 16;
/// Name servers of a response whose addresses are taken.
const SERVERS: usize = 64;
/// The longest character string.
pub(super) const MOST_STRING: usize = 255;

/// The records of a response.
#[derive(Debug)]
pub(super) struct Answers<'a> {
    pub(super) question: &'a str,
    /// The zone that the answering server spoke for.
    pub(super) zone: Option<&'a str>,
    pub(super) escapes: Escapes,
    pub(super) rows: SmallVec<[Row<'a>; 4]>,
}

/// How a log prints octets that are not printable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escapes {
    /// As `\xNN`, if the text is not valid UTF-8.
    Hex,
    /// Not at all.
    None,
    /// Names and data are in presentation format.
    Presentation,
}

/// A record.
#[derive(Clone, Debug)]
pub(super) struct Row<'a> {
    pub(super) section: Section,
    pub(super) owner: &'a str,
    /// `None` if the log does not tell the type.
    pub(super) rrtype: Option<u16>,
    pub(super) is_in: bool,
    pub(super) data: Data<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Answer,
    Authority,
    Additional,
}

/// Data of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Data<'a> {
    /// As the log prints it.
    Printed(&'a str),
    /// In presentation format, built from its fields.
    Built(String),
    /// The log has only a part of it.
    Partial,
}

/// Hands over records. It keeps its memory from one response to the next.
#[derive(Default)]
pub(super) struct Printer {
    owner: Spelling,
    data: Writer,
    /// The zone of the last response, and what it reads as.
    zone: Option<(String, Option<Name>)>,
}

/// Writes data in a form that can be read.
#[derive(Default)]
struct Writer {
    name: Spelling,
    text: String,
    wire: Vec<u8>,
}

/// Why a record is not handed over.
enum Refused {
    Dropped(Dropped),
    Rejected(Reason),
}

impl Printer {
    /// Hands over the records that count, and counts the response if it has any.
    pub(super) fn hand_over(&mut self, answers: &Answers<'_>, seen: Seen, out: &mut Out<'_>) {
        let chain = Chain::of(answers);
        self.set_zone(answers.zone);
        let zone = self.zone.as_ref().and_then(|(text, name)| Some((text.as_str(), name.as_ref()?)));
        let (mut has_taken, mut has_refused) = (false, false);
        for row in &answers.rows {
            match chain.verdict(row, answers, zone.map(|(text, _)| text)) {
                None => continue,
                Some(Err(why)) => {
                    out.drop(why);
                    continue;
                }
                Some(Ok(())) => {}
            }
            let bailiwick = zone.map(|(_, name)| name.as_wire());
            let outcome = read(&mut self.owner, &mut self.data, row, answers.escapes);
            has_taken |= outcome.is_ok();
            has_refused |= outcome.is_err();
            match outcome {
                Ok((owner, rrtype, rdata)) => out.sight(&Sighting { owner, rrtype, rdata, bailiwick, seen }),
                Err(Refused::Dropped(why)) => out.drop(why),
                Err(Refused::Rejected(why)) => out.reject(why),
            }
        }
        if has_taken {
            out.message();
        } else if !has_refused {
            out.drop(Dropped::Empty);
        }
    }

    fn set_zone(&mut self, zone: Option<&str>) {
        if self.zone.as_ref().map(|(text, _)| text.as_str()) != zone {
            // A zone that is no name is as good as none.
            self.zone = zone.map(|text| (text.to_owned(), Name::parse(text).ok()));
        }
    }
}

/// Owner, type and data of a record.
fn read<'a>(
    owner: &'a mut Spelling,
    data: &'a mut Writer,
    row: &'a Row<'_>,
    escapes: Escapes,
) -> Result<(Part<'a>, RrType, Part<'a>), Refused> {
    let owner = owner.of_log(row.owner, escapes).ok_or(Refused::Rejected(Reason::Owner))?;
    let rrtype = RrType::Code(row.rrtype.unwrap_or_default());
    Ok((Part::Text(owner), rrtype, data.part(rrtype, &row.data, escapes)?))
}

impl Writer {
    fn part<'a>(
        &'a mut self,
        rrtype: RrType,
        data: &'a Data<'_>,
        escapes: Escapes,
    ) -> Result<Part<'a>, Refused> {
        let text = match data {
            Data::Partial => return Err(Refused::Dropped(Dropped::PartialData)),
            Data::Built(text) => return Ok(Part::Text(text)),
            Data::Printed(text) if escapes == Escapes::Presentation => return Ok(Part::Text(text)),
            Data::Printed(text) => *text,
        };
        let invalid = Refused::Rejected(Reason::Data);
        match rrtype {
            RrType::A | RrType::AAAA => Ok(Part::Text(text)),
            // NS, MD, MF, CNAME, MB, MG, MR, PTR, DNAME.
            RrType::Code(2..=5 | 7..=9 | 12 | 39) => {
                self.name.of_log(text, escapes).map(Part::Text).ok_or(invalid)
            }
            // What an escape in a text stands for cannot be told.
            RrType::TXT | RrType::SPF if escapes == Escapes::Hex && text.contains("\\x") => {
                Err(Refused::Dropped(Dropped::PartialData))
            }
            RrType::TXT | RrType::SPF => self.string(text),
            _ if !text.bytes().all(|octet| matches!(octet, b' '..=b'~')) => Err(invalid),
            // The key of Encrypted Client Hello is in octets that cannot be told from base64.
            RrType::SVCB | RrType::HTTPS if text.contains("ech=") => {
                Err(Refused::Dropped(Dropped::PartialData))
            }
            RrType::SVCB | RrType::HTTPS => Ok(Part::Text(text)),
            _ if text.contains('\\') => Err(invalid),
            // The root is printed as nothing.
            RrType::MX | RrType::SRV if text.ends_with(' ') => {
                self.text.clear();
                self.text.extend([text, "."]);
                Ok(Part::Text(&self.text))
            }
            _ => Ok(Part::Text(text)),
        }
    }

    /// A text. Of one that fills a string, the rest may be missing.
    fn string(&mut self, text: &str) -> Result<Part<'_>, Refused> {
        if text.contains(char::REPLACEMENT_CHARACTER) {
            return Err(Refused::Rejected(Reason::Data));
        }
        let length = u8::try_from(text.len()).ok().filter(|length| usize::from(*length) < MOST_STRING);
        let length = length.ok_or(Refused::Dropped(Dropped::PartialData))?;
        self.wire.clear();
        self.wire.push(length);
        self.wire.extend_from_slice(text.as_bytes());
        Ok(Part::Wire(&self.wire))
    }
}

/// The names that the question leads to.
struct Chain<'a> {
    names: SmallVec<[Cow<'a, str>; 4]>,
    /// Owners of DNAME records on the chain.
    branches: SmallVec<[&'a str; 2]>,
}

impl<'a> Chain<'a> {
    fn of(answers: &'a Answers<'_>) -> Self {
        let mut chain = Self { names: SmallVec::new(), branches: SmallVec::new() };
        chain.names.push(Cow::Borrowed(answers.question));
        let aliases = || {
            answers.rows.iter().filter_map(|row| match (row.section, row.rrtype, &row.data) {
                (Section::Answer, Some(rrtype @ (5 | 39)), Data::Printed(target)) if row.is_in => {
                    Some((rrtype, row.owner, *target))
                }
                _ => None,
            })
        };
        let mut at = 0;
        while let Some(name) = chain.names.get(at).cloned() {
            at += 1;
            for (rrtype, owner, target) in aliases() {
                let next = match rrtype {
                    5 => is_same(&name, owner).then_some(Cow::Borrowed(target)),
                    _ => prefix(&name, owner).map(|prefix| {
                        chain.branches.push(owner);
                        Cow::Owned(format!("{prefix}{target}"))
                    }),
                };
                let Some(next) = next else { continue };
                let is_known = chain.names.iter().any(|known| is_same(known, &next));
                if !is_known && chain.names.len() < LINKS {
                    chain.names.push(next);
                }
            }
        }
        chain
    }

    /// Whether a record is taken, or why not; `None` for one that is ignored.
    fn verdict(
        &self,
        row: &Row<'_>,
        answers: &Answers<'_>,
        zone: Option<&str>,
    ) -> Option<Result<(), Dropped>> {
        const OPT: u16 = 41;
        const NS: u16 = 2;
        let Some(rrtype) = row.rrtype else { return Some(Err(Dropped::PartialData)) };
        match rrtype {
            OPT => return None,
            0 | 128..=255 => return Some(Err(Dropped::MetaType)),
            _ => {}
        }
        if zone.is_none() && row.section != Section::Answer {
            return None;
        }
        if !row.is_in {
            return Some(Err(Dropped::Class));
        }
        if zone.is_some_and(|zone| !is_within(row.owner, zone)) {
            return Some(Err(Dropped::OutOfBailiwick));
        }
        let servers = || answers.rows.iter().filter(|row| row.rrtype == Some(NS)).take(SERVERS);
        match (row.section, rrtype) {
            (Section::Answer, _) if self.names.iter().any(|name| is_same(name, row.owner)) => Some(Ok(())),
            (Section::Answer, 39 | 46) if self.branches.iter().any(|name| is_same(name, row.owner)) => {
                Some(Ok(()))
            }
            (Section::Answer, _) => Some(Err(Dropped::OffChain)),
            (Section::Authority, NS | 6) => Some(Ok(())),
            (Section::Additional, 1 | 28) => {
                let names =
                    |server: &Row<'_>| matches!(server.data, Data::Printed(name) if is_same(name, row.owner));
                servers().any(names).then_some(Ok(()))
            }
            _ => None,
        }
    }
}

/// A name without its final dot; the root is empty.
fn relative(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

fn is_same(name: &str, other: &str) -> bool {
    relative(name).eq_ignore_ascii_case(relative(other))
}

fn is_within(name: &str, zone: &str) -> bool {
    is_same(name, zone) || prefix(name, zone).is_some()
}

/// What stands before `ancestor` in a name below it, with the dot.
fn prefix<'a>(name: &'a str, ancestor: &str) -> Option<&'a str> {
    let (name, ancestor) = (relative(name), relative(ancestor));
    if ancestor.is_empty() {
        return None;
    }
    let at = name.len().checked_sub(ancestor.len())?;
    let (prefix, rest) = name.split_at_checked(at)?;
    (rest.eq_ignore_ascii_case(ancestor) && prefix.len() > 1 && prefix.ends_with('.')).then_some(prefix)
}

/// The number of a type; `None` for a word that is none.
pub(super) fn type_of(word: &str) -> Option<u16> {
    RrType::parse(word).ok().and_then(RrType::code)
}
