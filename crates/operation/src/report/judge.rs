//! Decides what a piece of a text is: [`judge`]. The value itself is always read by [`Indicator::parse`]; this module decides whether a
//! text that can be read as a name is meant as one.
//!
//! A URL and a defanged value are meant. A bare name must have a top-level domain that is delegated (as the Public Suffix List says)
//! or reserved, and not be the name of a program. What is left open is a [`Doubt`]. Nothing here fails.

use std::net::IpAddr;
use std::ops::Range;

use cof::Name;

use super::doubt::Doubt;
use super::left::Kind;
use super::network::Network;
use super::pieces::Piece;
use super::scripts::{ends_before_letters, runs};
use super::span::Span;
use super::words;
use crate::indicator::looks_like_a_host;
use crate::{Host, Indicator, IndicatorError, Other};

/// The longest text that can be a value, in bytes: a name of the greatest length, with each dot defanged, and a scheme and a user
/// before it.
const LONGEST: usize = 1_024;

/// What a part of the text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) verdict: Verdict,
    /// Where it is.
    pub(super) range: Range<usize>,
}

/// What it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Indicator(Indicator, Option<Doubt>),
    Left(Kind),
    Network(Network),
}

/// The values in a piece, and what looks like one. Usually none or one.
pub(super) fn judge(text: &str, piece: &Piece) -> Vec<Item> {
    let mut items = Vec::new();
    let Some(mut span) = Span::of(text, piece) else { return items };
    if span.head - span.range.start > LONGEST {
        return items;
    }
    if !span.head_text().is_ascii() {
        if !span.is_url() {
            for (range, is_joined) in runs(&span) {
                judge_span(&Span { is_joined, ..span.part(range) }, &mut items);
            }
            if !items.is_empty() {
                return items;
            }
        }
        span.head = ends_before_letters(&span);
    }
    judge_span(&span, &mut items);
    items
}

/// Whether a cell after a comma in a path is a value beyond doubt.
pub(super) fn is_value(cell: &str) -> bool {
    let piece = Piece {
        range: 0..cell.len(),
        head: cell.len(),
        authority: None,
        is_defanged: false,
        is_after_equals: false,
        is_before_equals: false,
    };
    let is_sure = |item: &Item| match &item.verdict {
        Verdict::Indicator(_, doubt) => !doubt.as_ref().is_some_and(Doubt::is_about_a_place),
        _ => false,
    };
    cell.contains(['.', ':']) && judge(cell, &piece).iter().any(is_sure)
}

fn judge_span(span: &Span<'_>, items: &mut Vec<Item>) {
    let candidate = span.candidate(LONGEST);
    if let Some(range) = span.price() {
        items.push(Item { verdict: Verdict::Left(Kind::Price), range });
        return;
    }
    if !can_be_a_value(candidate) {
        return;
    }
    match Indicator::parse(candidate) {
        Ok(indicator) => accept(span, indicator, items),
        Err(IndicatorError::Email) => items.push(span.left(Kind::Email)),
        Err(IndicatorError::Network) => network(span, candidate, items),
        Err(IndicatorError::Other(other)) if is_counted(other, span) => {
            items.push(span.left(Kind::Other(other)));
        }
        Err(IndicatorError::Other(_)) => {}
        Err(_) => odd(span, candidate, items),
    }
}

/// A fast check, because most pieces are words and numbers.
fn can_be_a_value(text: &str) -> bool {
    let is_word = text.bytes().all(|byte| byte.is_ascii_alphabetic());
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let is_short = text.len() <= 3 && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    !is_word && !is_number && !is_short
}

/// Decides about a text that can be read as an indicator.
fn accept(span: &Span<'_>, indicator: Indicator, items: &mut Vec<Item>) {
    let verdict = match indicator.host() {
        Host::Address(_) => Ok(address_doubt(span, &indicator)),
        Host::Name(name) => name_doubt(span, name),
    };
    match verdict {
        Ok(doubt) => {
            let range = place(span, &indicator);
            items.push(Item { verdict: Verdict::Indicator(indicator, doubt), range });
            addresses_in_path(span, items);
        }
        Err(Some(kind)) => items.push(span.left(kind)),
        Err(None) => {}
    }
}

/// The doubt about an address.
fn address_doubt(span: &Span<'_>, indicator: &Indicator) -> Option<Doubt> {
    use crate::Caution;
    match indicator.caution() {
        Some(Caution::Special { block, .. }) => Some(Doubt::Special(block)),
        _ => (!span.is_sure() && span.is_after_version()).then_some(Doubt::Version),
    }
}

/// The doubt about a name, or what it is instead. `Err(None)` is a word.
fn name_doubt(span: &Span<'_>, name: &Name) -> Result<Option<Doubt>, Option<Kind>> {
    let last = name.labels().last().and_then(|label| std::str::from_utf8(label).ok()).unwrap_or_default();
    if name.labels().count() < 2 || last.len() < 2 {
        return Err(None);
    }
    let is_sure = span.is_sure();
    if !is_sure && words::is_program(span.head_text()) {
        return Err(Some(Kind::Program));
    }
    let is_listed = name.public_suffix().is_some_and(|suffix| suffix.is_listed);
    if !is_sure && !is_listed && !words::is_undelegated(last) {
        return Err(Some(if words::is_ending(last) {
            Kind::Other(Other::FileName)
        } else {
            Kind::UnknownTop
        }));
    }
    if !is_sure && is_alone(span) && is_archived_file(name, last) {
        return Err(Some(Kind::Other(Other::FileName)));
    }
    Ok(if is_listed && name.registered_domain().is_none() {
        Some(Doubt::PublicSuffix)
    } else if span.is_wildcard {
        Some(Doubt::Wildcard)
    } else if is_sure {
        None
    } else {
        bare_doubt(span, last)
    })
}

/// Whether nothing says that this is a host: no path, no port, no `www.`.
fn is_alone(span: &Span<'_>) -> bool {
    let text = span.head_text();
    let is_www = text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("www."));
    span.head == span.range.end && !text.contains(':') && !is_www
}

/// `setup.exe.zip`: the ending of a file before one that is also a top-level domain. `exe.zip` alone stays in doubt.
fn is_archived_file(name: &Name, last: &str) -> bool {
    let mut labels = name.labels().collect::<Vec<_>>();
    labels.pop();
    let is_ending = |label: &[u8]| std::str::from_utf8(label).is_ok_and(words::is_ending);
    words::is_shared_ending(last) && labels.len() > 1 && labels.pop().is_some_and(is_ending)
}

/// The doubt about a name that is neither defanged nor in a URL.
fn bare_doubt(span: &Span<'_>, last: &str) -> Option<Doubt> {
    let text = span.head_text();
    if span.is_joined {
        Some(Doubt::Joined)
    } else if is_alone(span) && words::is_shared_ending(last) {
        Some(Doubt::FileName(last.to_owned()))
    } else {
        is_end_of_sentence(text).then_some(Doubt::Sentence)
    }
}

/// `campaign.It`: the last label begins a sentence, and the one before it is not capitalised.
fn is_end_of_sentence(text: &str) -> bool {
    let Some((before, last)) = text.rsplit_once('.') else { return false };
    let mut letters = last.bytes();
    let is_capitalised = letters.next().is_some_and(|byte| byte.is_ascii_uppercase())
        && letters.all(|byte| byte.is_ascii_lowercase());
    let before = before.rsplit('.').next().unwrap_or_default();
    is_capitalised && before.starts_with(|first: char| !first.is_uppercase())
}

/// The part of a span that is the host alone, if that means the same on its own; otherwise more of it.
fn place(span: &Span<'_>, indicator: &Indicator) -> Range<usize> {
    let from = span.authority.unwrap_or(span.range.start);
    let candidates =
        [span.without_port(from..span.head), span.trimmed(from..span.head), span.range.start..span.head];
    let is_same = |range: &Range<usize>| {
        let text = span.text.get(range.clone()).unwrap_or_default();
        let is_url = span.is_url() && range.start == span.range.start;
        Indicator::parse(text).as_ref() == Ok(indicator) && (is_url || means_itself(span, range, indicator))
    };
    candidates.into_iter().find(is_same).unwrap_or_else(|| span.range.clone())
}

/// Whether a part of a span that was read as this indicator is also read so outside of a URL.
fn means_itself(span: &Span<'_>, range: &Range<usize>, indicator: &Indicator) -> bool {
    let Host::Name(name) = indicator.host() else { return true };
    let part = span.part(range.clone());
    let text = part.head_text();
    let is_whole = text.is_ascii() || runs(&part).iter().all(|(run, _)| run == range);
    let last = name.labels().last().and_then(|label| std::str::from_utf8(label).ok()).unwrap_or_default();
    let is_listed = name.public_suffix().is_some_and(|suffix| suffix.is_listed);
    is_whole && (is_listed || words::is_undelegated(last)) && !words::is_program(text)
}

/// `198.51.100.66/198.51.100.7`: addresses in the place of a path.
fn addresses_in_path(span: &Span<'_>, items: &mut Vec<Item>) {
    if span.is_url() || span.head == span.range.end {
        return;
    }
    let path = span.range.start..span.range.start + span.candidate(LONGEST).len();
    for range in span.split(span.head.min(path.end)..path.end, '/') {
        let text = span.text.get(range.clone()).unwrap_or_default();
        let is_address = Indicator::parse(text).is_ok_and(|one| matches!(one.host(), Host::Address(_)));
        if is_address && text.contains(['.', ':']) {
            judge_span(&span.part(range), items);
        }
    }
}

fn network(span: &Span<'_>, candidate: &str, items: &mut Vec<Item>) {
    let base = candidate.split('/').next().unwrap_or_default();
    // `9.8/10`, `24/7` and `2.x` are far more often a score, a phrase and a version.
    if base.matches('.').count() < 3 && !base.contains(':') {
        return;
    }
    match Network::parse(candidate) {
        Some(network) if network.is_small() => {
            items.push(Item { verdict: Verdict::Network(network), range: span.range.clone() });
        }
        None if is_address(span.head_text()) => {
            judge_span(&span.part(span.range.start..span.head), items);
            addresses_in_path(span, items);
        }
        _ => items.push(span.left(Kind::Network)),
    }
}

/// Decides about a text that is no value as a whole.
fn odd(span: &Span<'_>, candidate: &str, items: &mut Vec<Item>) {
    if span.is_url() {
        return;
    }
    if span.head < span.range.end {
        let is_file = candidate.rsplit(['/', '\\']).next().is_some_and(|name| {
            name.rsplit_once('.')
                .is_some_and(|(_, ending)| words::is_ending(ending) || words::is_shared_ending(ending))
        });
        if is_file {
            items.push(span.left(Kind::Other(Other::FilePath)));
        }
        return;
    }
    if candidate.contains(':') && candidate.contains('.') {
        for range in span.split(span.range.clone(), ':') {
            judge_span(&span.part(range), items);
        }
    } else if let Some(kind) = number(candidate) {
        items.push(span.left(kind));
    } else if looks_like_a_host(candidate) && candidate.rsplit('.').next().is_some_and(is_known_top) {
        items.push(span.left(Kind::Invalid));
    }
}

/// What a sequence of numbers is that is no address: a version, or an address in an unusual form.
fn number(text: &str) -> Option<Kind> {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !text.split('.').all(is_number) {
        return None;
    }
    let is_octet = |part: &str| part.len() <= 3;
    match text.split('.').count() {
        ..=2 => None,
        4 if text.split('.').all(is_octet) => Some(Kind::Invalid),
        _ => Some(Kind::Other(Other::Version)),
    }
}

fn is_known_top(label: &str) -> bool {
    words::is_undelegated(label)
        || Name::parse(label).is_ok_and(|name| name.public_suffix().is_some_and(|suffix| suffix.is_listed))
}

fn is_address(text: &str) -> bool {
    Indicator::parse(text).is_ok_and(|one| matches!(one.host(), Host::Address(_)))
        && text.parse::<u32>().is_err()
        || text.parse::<IpAddr>().is_ok()
}

/// Whether a kind is worth naming. Ports, times and the parts of a user agent are in every line of a log, and nobody misses them.
fn is_counted(other: Other, span: &Span<'_>) -> bool {
    match other {
        Other::Port | Other::Time | Other::UserAgent => false,
        Other::FilePath => span.is_path(),
        _ => true,
    }
}
