//! Domain names in their canonical form.
//!
//! [`Name`] owns a name, [`NameRef`] borrows one. Both hold the uncompressed wire format (RFC 1035 section 3.1) with ASCII
//! letters in lower case: length byte and label, repeated, then a zero byte; at most 255 bytes, with at most 63 per label.
//! Equality and hashing are therefore those of DNS. Names are ordered by labels from the right (RFC 4034 section 6.1), so that
//! a name is followed by all names below it.
//!
//! Parsing accepts the presentation format: escapes, any case, with or without the final dot, and Unicode (IDN), which is
//! converted to A-labels. An invalid name is a [`NameError`], which only states the reason, because the caller knows the text.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use crate::escape;

/// The longest name in wire format, in bytes (RFC 1035 section 2.3.4).
pub const MAX_WIRE: usize = 255;
/// The longest label, in bytes.
pub const MAX_LABEL: usize = 63;
/// The longest text that can be a name: every byte escaped as `\DDD`.
const MAX_TEXT: usize = MAX_WIRE * 4;

/// A domain name in canonical form: lower case, absolute, at most 255 bytes in wire format.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Name(Box<[u8]>);

/// A borrowed [`Name`], with the same bytes and the same guarantees.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct NameRef<'a>(&'a [u8]);

/// Why a text or bytes are not a domain name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// It contains unescaped white space.
    #[error("white space inside a name: write a space that belongs to it as \\032")]
    Blank,
    /// It is empty, or has two dots in a row.
    #[error("empty label")]
    EmptyLabel,
    /// A backslash is not followed by a number up to 255 in three digits, or by a character.
    #[error("bad escape: a backslash must be followed by three digits up to 255 or by one character")]
    Escape,
    /// It contains Unicode that IDNA does not allow in a name.
    #[error("not a valid internationalised name")]
    Idn,
    /// A label has more than 63 bytes.
    #[error("label longer than 63 bytes")]
    LongLabel,
    /// It has more than 255 bytes.
    #[error("name longer than 255 bytes")]
    LongName,
    /// The bytes are not an uncompressed name.
    #[error("not an uncompressed wire-format name")]
    Wire,
}

impl Name {
    /// The root.
    pub fn root() -> Self {
        Self(Box::new([0]))
    }

    /// Parses a name in presentation format; Unicode is converted to A-labels, and the final dot may be missing.
    ///
    /// Surrounding white space is removed. A blank that belongs to the name must be escaped (RFC 1035 section 5.1).
    ///
    /// # Errors
    /// [`NameError`] if the text is not a name.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if let Some(name) = Self::parse_plain(text.as_bytes()) {
            return Ok(name);
        }
        let text = escape::trim(text);
        if escape::has_bare_blank(text) {
            return Err(NameError::Blank);
        }
        if text.is_ascii() {
            return Self::parse_ascii(text.as_bytes());
        }
        if text.len() > MAX_TEXT {
            return Err(NameError::LongName);
        }
        let ascii = idna::domain_to_ascii(text).map_err(|_| NameError::Idn)?;
        Self::parse_ascii(ascii.as_bytes())
    }

    /// Parses the usual form of a name in one pass: ASCII labels without escapes. `None` means that the general parser has to
    /// decide.
    pub(crate) fn parse_plain(text: &[u8]) -> Option<Self> {
        let text = text.strip_suffix(b".").unwrap_or(text);
        // The first length byte and the root's zero byte are added.
        if text.len() + 2 > MAX_WIRE {
            return None;
        }
        let mut wire = Vec::with_capacity(text.len() + 2);
        wire.push(b'.');
        wire.extend_from_slice(text);
        let mut len = 0;
        // From the right, so that the length of a label is known where it is needed: in place of the dot before it.
        for octet in wire.iter_mut().rev() {
            match octet {
                b'.' if (1..=63).contains(&len) => *octet = std::mem::take(&mut len),
                b'.' | b'\\' | 0..=b' ' | 0x80.. => return None,
                _ => {
                    octet.make_ascii_lowercase();
                    len = len.saturating_add(1);
                }
            }
        }
        wire.push(0);
        Some(Self(wire.into()))
    }

    /// The canonical wire format, in its own allocation.
    pub(crate) fn into_wire(self) -> Vec<u8> {
        self.0.into()
    }

    fn parse_ascii(text: &[u8]) -> Result<Self, NameError> {
        if text == b"." {
            return Ok(Self::root());
        }
        let mut wire = WireBuilder::new();
        let mut rest = text;
        while let [octet, after @ ..] = rest {
            rest = after;
            match octet {
                b'.' => wire.end_label()?,
                b'\\' => {
                    let (octet, taken) = escape::unescape(rest).ok_or(NameError::Escape)?;
                    wire.push(octet)?;
                    rest = rest.get(taken..).unwrap_or_default();
                }
                octet => wire.push(*octet)?,
            }
        }
        wire.finish()
    }

    /// Parses an uncompressed name in wire format that fills `octets`; letters are converted to lower case.
    ///
    /// # Errors
    /// [`NameError::Wire`] or [`NameError::LongName`].
    pub fn from_wire(octets: &[u8]) -> Result<Self, NameError> {
        match NameRef::split_wire(octets)? {
            (name, []) => Ok(name),
            _ => Err(NameError::Wire),
        }
    }

    /// The borrowed form.
    pub fn as_ref(&self) -> NameRef<'_> {
        NameRef(&self.0)
    }

    /// The canonical wire format.
    pub fn as_wire(&self) -> &[u8] {
        &self.0
    }

    /// The labels from left to right, without the empty one of the root.
    pub fn labels(&self) -> Labels<'_> {
        self.as_ref().labels()
    }

    /// Whether this name is `ancestor` or below it.
    pub fn is_within(&self, ancestor: &Self) -> bool {
        self.as_ref().is_within(ancestor.as_ref())
    }

    /// See [`NameRef::push_sort_key`].
    pub fn push_sort_key(&self, out: &mut Vec<u8>) {
        self.as_ref().push_sort_key(out);
    }

    /// Parses the output of [`NameRef::push_sort_key`]; returns the name and the bytes after it.
    ///
    /// # Errors
    /// [`NameError`] if `key` does not begin with a complete sort key.
    pub fn split_sort_key(key: &[u8]) -> Result<(Self, &[u8]), NameError> {
        let mut labels: Vec<Vec<u8>> = Vec::new();
        let mut label = Vec::new();
        let mut rest = key;
        loop {
            let octet;
            (octet, rest) = match rest {
                [0, after @ ..] if label.is_empty() => return Ok((Self::from_reversed(&labels)?, after)),
                [0, after @ ..] => {
                    labels.push(std::mem::take(&mut label));
                    rest = after;
                    continue;
                }
                [1, code @ (1 | 2), after @ ..] => (code - 1, after),
                [octet, after @ ..] if *octet > 1 => (*octet, after),
                _ => return Err(NameError::Wire),
            };
            label.push(octet);
        }
    }

    fn from_reversed(labels: &[Vec<u8>]) -> Result<Self, NameError> {
        let mut wire = WireBuilder::new();
        for label in labels.iter().rev() {
            label.iter().try_for_each(|octet| wire.push(*octet))?;
            wire.end_label()?;
        }
        if labels.is_empty() { Ok(Self::root()) } else { wire.finish() }
    }
}

impl<'a> NameRef<'a> {
    /// Splits an uncompressed name in any case off the front of `octets`; returns it and the rest.
    ///
    /// # Errors
    /// [`NameError::Wire`] or [`NameError::LongName`].
    pub fn split_wire(octets: &[u8]) -> Result<(Name, &[u8]), NameError> {
        let end = wire_len(octets)?;
        let (name, rest) = octets.split_at_checked(end).ok_or(NameError::Wire)?;
        // A length byte is at most 63, which is below all letters, so converting everything to lower case does not change it.
        Ok((Name(name.to_ascii_lowercase().into()), rest))
    }

    /// Splits a canonical name off the front of bytes that [`Name`] or [`crate::Rdata`] created.
    pub(crate) fn split_canonical(octets: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (name, rest) = octets.split_at_checked(wire_len(octets).ok()?)?;
        Some((Self(name), rest))
    }

    /// An owned copy.
    pub fn to_name(self) -> Name {
        Name(self.0.into())
    }

    /// The canonical wire format.
    pub fn as_wire(self) -> &'a [u8] {
        self.0
    }

    /// The labels from left to right, without the empty one of the root.
    pub fn labels(self) -> Labels<'a> {
        Labels(self.0)
    }

    /// The ancestor with so many labels, or the name itself; `None` if it has fewer.
    pub(crate) fn last_labels(self, count: usize) -> Option<Self> {
        let skipped = self.labels().count().checked_sub(count)?;
        let at = self.label_starts().nth(skipped)?;
        self.0.get(at..).map(Self)
    }

    /// Whether this name is `ancestor` or below it.
    pub fn is_within(self, ancestor: NameRef<'_>) -> bool {
        let Some(start) = self.0.len().checked_sub(ancestor.0.len()) else { return false };
        // The tail must start at the beginning of a label.
        self.0.get(start..) == Some(ancestor.0) && self.label_starts().any(|at| at == start)
    }

    /// Appends bytes that are sorted like the name: labels from the right, each followed by 0, then another 0.
    ///
    /// Within a label, 0 and 1 become 1 1 and 1 2. The key without its last byte is a prefix of the key of every name at or
    /// below this one, so a suffix search is a range.
    pub fn push_sort_key(self, out: &mut Vec<u8>) {
        let mut labels: [&[u8]; 128] = [&[]; 128];
        let mut count = 0;
        for (slot, label) in labels.iter_mut().zip(self.labels()) {
            *slot = label;
            count += 1;
        }
        for label in labels.iter().take(count).rev() {
            for octet in *label {
                match octet {
                    0 | 1 => out.extend_from_slice(&[1, octet + 1]),
                    _ => out.push(*octet),
                }
            }
            out.push(0);
        }
        out.push(0);
    }

    /// Appends the presentation format without the final dot; the root is `.`.
    pub fn push_text(self, out: &mut String) {
        if self.0 == [0] {
            out.push('.');
            return;
        }
        for (at, label) in self.labels().enumerate() {
            if at > 0 {
                out.push('.');
            }
            push_label(label, out);
        }
    }

    fn label_starts(self) -> impl Iterator<Item = usize> + use<'a> {
        let octets = self.0;
        std::iter::successors(Some(0), move |at| {
            let len = usize::from(*octets.get(*at)?);
            (len > 0).then_some(at + 1 + len)
        })
    }
}

/// Iterates over the labels of a name, from left to right.
#[derive(Clone, Debug)]
pub struct Labels<'a>(&'a [u8]);

impl<'a> Iterator for Labels<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (len, rest) = self.0.split_first()?;
        let (label, rest) = rest.split_at_checked(usize::from(*len))?;
        self.0 = rest;
        (!label.is_empty()).then_some(label)
    }
}

impl Ord for NameRef<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let reversed = |name: Self| name.labels().collect::<Vec<_>>().into_iter().rev();
        reversed(*self).cmp(reversed(*other))
    }
}

impl PartialOrd for NameRef<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_ref().cmp(&other.as_ref())
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for NameRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(self.0.len());
        self.push_text(&mut text);
        f.pad(&text)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_ref().fmt(f)
    }
}

impl fmt::Debug for NameRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({self})")
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_ref().fmt(f)
    }
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::parse(text)
    }
}

/// A name that is built label by label, in a buffer of the maximum size of a name.
struct WireBuilder {
    octets: [u8; MAX_WIRE],
    /// The position of the next byte.
    len: usize,
    /// The position of the length byte of the current label.
    label: usize,
}

impl WireBuilder {
    fn new() -> Self {
        Self { octets: [0; MAX_WIRE], len: 1, label: 0 }
    }

    #[inline]
    fn push(&mut self, octet: u8) -> Result<(), NameError> {
        if self.len - self.label > MAX_LABEL {
            return Err(NameError::LongLabel);
        }
        *self.octets.get_mut(self.len).ok_or(NameError::LongName)? = octet.to_ascii_lowercase();
        self.len += 1;
        Ok(())
    }

    #[inline]
    fn end_label(&mut self) -> Result<(), NameError> {
        let len = u8::try_from(self.len - self.label - 1).map_err(|_| NameError::LongLabel)?;
        if len == 0 {
            return Err(NameError::EmptyLabel);
        }
        *self.octets.get_mut(self.label).ok_or(NameError::LongName)? = len;
        self.label = self.len;
        self.len += 1;
        // The length byte of the next label, or the root's zero byte, must fit as well.
        if self.label < MAX_WIRE { Ok(()) } else { Err(NameError::LongName) }
    }

    fn finish(mut self) -> Result<Name, NameError> {
        // If the text ended in a dot, the empty label of the root has already been started.
        if self.label == 0 || self.len > self.label + 1 {
            self.end_label()?;
        }
        let wire = self.octets.get(..self.len).ok_or(NameError::LongName)?;
        Ok(Name(wire.into()))
    }
}

/// The length of the uncompressed name at the front of `octets`, including its zero byte.
fn wire_len(octets: &[u8]) -> Result<usize, NameError> {
    let mut at = 0;
    loop {
        match octets.get(at) {
            Some(0) if at < MAX_WIRE => return Ok(at + 1),
            Some(0) => return Err(NameError::LongName),
            Some(len @ 1..=63) => at += 1 + usize::from(*len),
            _ => return Err(NameError::Wire),
        }
    }
}

fn push_label(label: &[u8], out: &mut String) {
    let plain = |octet: &u8| matches!(octet, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
    if let (true, Ok(text)) = (label.iter().all(plain), std::str::from_utf8(label)) {
        out.push_str(text);
        return;
    }
    for octet in label {
        match octet {
            b'.' | b'\\' | b'"' | b'(' | b')' | b';' | b'@' | b'$' => {
                out.push('\\');
                out.push(char::from(*octet));
            }
            b'!'..=b'~' => out.push(char::from(*octet)),
            _ => escape::push_decimal(*octet, out),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    /// Any name: labels of any bytes.
    pub(crate) fn any_name() -> impl Strategy<Value = Name> {
        let label = prop_oneof![
            3 => "[a-z0-9_-]{1,12}".prop_map(String::into_bytes),
            1 => prop::collection::vec(any::<u8>(), 1..=63),
        ];
        prop::collection::vec(label, 0..6).prop_filter_map("fits", |labels| {
            let mut wire: Vec<u8> = labels
                .iter()
                .flat_map(|label| {
                    std::iter::once(u8::try_from(label.len()).unwrap()).chain(label.iter().copied())
                })
                .collect();
            wire.push(0);
            Name::from_wire(&wire).ok()
        })
    }

    #[test]
    fn case_final_dot_and_escapes_do_not_make_another_name() {
        assert_eq!(name("WWW.Example.COM."), name("www.example.com"));
        assert_eq!(name(r"\119ww.example.com"), name("www.example.com"));
        assert_eq!(name("WWW.Example.COM.").to_string(), "www.example.com");
    }

    #[test]
    fn root_is_a_dot() {
        assert_eq!(name(".").to_string(), ".");
        assert_eq!(name(".").as_wire(), [0]);
        assert_eq!(name(".").labels().count(), 0);
    }

    #[test]
    fn idn_becomes_a_labels() {
        assert_eq!(name("Bücher.example").to_string(), "xn--bcher-kva.example");
        assert_eq!(Name::parse("\u{202e}.example"), Err(NameError::Idn));
    }

    #[test]
    fn what_is_no_name_is_refused_with_the_reason() {
        assert_eq!(Name::parse(""), Err(NameError::EmptyLabel));
        assert_eq!(Name::parse("a..b"), Err(NameError::EmptyLabel));
        assert_eq!(Name::parse(".a"), Err(NameError::EmptyLabel));
        assert_eq!(Name::parse(r"a\25"), Err(NameError::Escape));
        assert_eq!(Name::parse(r"a\256"), Err(NameError::Escape));
        assert_eq!(Name::parse(&"a".repeat(64)), Err(NameError::LongLabel));
        assert_eq!(Name::parse(&"a.".repeat(128)), Err(NameError::LongName));
        assert_eq!(name(&"a.".repeat(127)).as_wire().len(), 255);
    }

    #[test]
    fn white_space_around_a_name_is_left_out_and_inside_it_is_an_error() {
        for padded in [
            " www.pad.example ",
            "www.pad.example\n",
            "\u{feff}\twww.pad.example\r\n",
            "\u{a0}www.pad.example\u{a0}",
        ] {
            assert_eq!(name(padded).to_string(), "www.pad.example", "{padded:?}");
        }
        for inside in [
            "www pad.example",
            "www.\tpad.example",
            "www.pad\n.example",
            "www.pad.\u{a0}example",
            "a\u{3000}b",
            "a .example",
        ] {
            assert_eq!(Name::parse(inside), Err(NameError::Blank), "{inside:?}");
        }
        assert_eq!(Name::parse(" "), Err(NameError::EmptyLabel));
        for data in [r"\032www.pad.example", r"\ www.pad.example", r" \032www.pad.example"] {
            assert_eq!(name(data).to_string(), r"\032www.pad.example", "{data:?}");
        }
        assert_eq!(name(r"a.example\ ").to_string(), r"a.example\032");
        assert_eq!(Name::from_wire(b"\x02 a\x00").unwrap().to_string(), r"\032a");
    }

    #[test]
    fn order_is_by_labels_from_the_right() {
        let mut names = ["b.example", "example.net", "a.b.example", "example", "ab.example", "."].map(name);
        names.sort();
        assert_eq!(
            names.map(|n| n.to_string()),
            [".", "example", "ab.example", "b.example", "a.b.example", "example.net"]
        );
    }

    #[test]
    fn within_counts_whole_labels() {
        assert!(name("www.example.com").is_within(&name("example.com")));
        assert!(name("example.com").is_within(&name("example.com")));
        assert!(name("example.com").is_within(&name(".")));
        assert!(!name("badexample.com").is_within(&name("example.com")));
        // The bytes of `example.com` are also the end of this name, but within a label.
        assert!(!name(r"x\007example\003com").is_within(&name("example.com")));
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(name in any_name()) {
            let text = name.to_string();
            prop_assert!(text.bytes().all(|b| b.is_ascii_graphic()));
            prop_assert_eq!(Name::parse(&text), Ok(name.clone()));
            prop_assert_eq!(Name::from_wire(name.as_wire()), Ok(name));
        }

        #[test]
        fn sort_keys_order_as_names_do(a in any_name(), b in any_name()) {
            let key = |name: &Name| { let mut key = Vec::new(); name.push_sort_key(&mut key); key };
            prop_assert_eq!(key(&a).cmp(&key(&b)), a.cmp(&b));
            prop_assert_eq!(key(&b).starts_with(&key(&a)[..key(&a).len() - 1]), b.is_within(&a));
            let with_more = [key(&a), vec![0, 1, 7]].concat();
            prop_assert_eq!(Name::split_sort_key(&with_more), Ok((a, &[0, 1, 7][..])));
        }

        #[test]
        fn the_short_way_agrees_with_the_long_one(text in "([A-Za-z0-9 _-]{0,65}[.]){0,5}[a-zA-Z\\\\é]{0,3}[.]?") {
            if let Some(short) = Name::parse_plain(text.as_bytes()) {
                prop_assert_eq!(Name::parse_ascii(text.as_bytes()), Ok(short));
            } else if text.is_ascii() && !text.contains(['\\', ' ']) && text != "." {
                prop_assert!(Name::parse_ascii(text.as_bytes()).is_err());
            }
        }

        #[test]
        fn no_text_panics(text in ".{0,300}") {
            let _ = Name::parse(&text);
        }
    }
}
