//! The parts of TXT and SPF records that show a common owner or service.
//!
//! [`of_data`] finds them in the data of a record: what an SPF policy refers to ([`Spf`], RFC 7208), a DKIM key (RFC 6376), or
//! the whole text if it is a verification string (`MS=ms123`, `google-site-verification=…`) or a long code. Sentences are
//! not tokens. The length of the text and the number of tokens are bounded. Other text yields nothing; nothing here fails.

use std::fmt;
use std::net::IpAddr;

use cof::{Name, Rdata};

use super::network::Network;

/// The longest text that is read, in bytes: longer than any policy that mail servers accept.
const MOST_BYTES: usize = 4_096;
/// The most tokens of one record.
const MOST_TOKENS: usize = 32;
/// The longest verification string or code, in bytes.
const LONGEST_TEXT: usize = 255;
/// The longest name of a verification string, in bytes.
const LONGEST_NAME: usize = 64;
/// The shortest value of a verification string, in bytes: shorter ones are settings such as `o=~`.
const SHORTEST_VALUE: usize = 4;
/// The shortest code without a name, in bytes.
const SHORTEST_CODE: usize = 16;
/// The number of bytes of a key's digest.
const DIGEST: usize = 16;

/// A part of the text of a TXT or SPF record.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Token {
    /// A DKIM key, by the beginning of its BLAKE3 digest.
    DkimKey([u8; DIGEST]),
    /// What an SPF policy refers to.
    Spf(Spf),
    /// A verification string or a code: printable ASCII.
    Text(Box<str>),
}

/// What an SPF policy refers to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Spf {
    /// A host or a domain.
    Name(SpfTerm, Name),
    /// The addresses in `ip4:` or `ip6:`.
    Network(Network),
}

/// The terms of an SPF policy that contain a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SpfTerm {
    /// `a:`.
    A,
    /// `include:`.
    Include,
    /// `mx:`.
    Mx,
    /// `redirect=`.
    Redirect,
}

impl Token {
    /// Parses the two parts of the output of [`Self::id`].
    pub(super) fn parse(word: &str, value: &str) -> Option<Self> {
        match word {
            "dkim" => digest(value).map(Self::DkimKey),
            "spf" => spf(value),
            "txt" => of_text(value).into_iter().find(|token| matches!(token, Self::Text(_))),
            _ => None,
        }
    }

    /// The stable text that links name it by.
    pub(super) fn id(&self) -> String {
        match self {
            Self::DkimKey(digest) => format!("dkim:{}", hex(digest)),
            Self::Spf(spf) => format!("spf:{spf}"),
            Self::Text(text) => format!("txt:{text}"),
        }
    }

    /// The addresses that it names.
    pub(super) const fn network(&self) -> Option<Network> {
        match self {
            Self::Spf(Spf::Network(network)) => Some(*network),
            _ => None,
        }
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DkimKey(digest) => write!(f, "DKIM key {}", hex(digest)),
            Self::Spf(spf) => spf.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl fmt::Display for Spf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(SpfTerm::Redirect, name) => write!(f, "redirect={name}"),
            Self::Name(term, name) => write!(f, "{}:{name}", term.word()),
            Self::Network(network) => {
                let word = if network.first().is_ipv4() { "ip4" } else { "ip6" };
                if network.is_one_address() {
                    write!(f, "{word}:{}", network.first())
                } else {
                    write!(f, "{word}:{network}")
                }
            }
        }
    }
}

impl SpfTerm {
    const ALL: [Self; 4] = [Self::A, Self::Include, Self::Mx, Self::Redirect];

    /// The word in the policy.
    const fn word(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::Include => "include",
            Self::Mx => "mx",
            Self::Redirect => "redirect",
        }
    }
}

/// The tokens in the data of a TXT or SPF record, each once, in order.
pub(super) fn of_data(rdata: &Rdata) -> Vec<Token> {
    match (rdata.as_wire(), rdata.as_text()) {
        (Some(wire), _) => of_text(&joined(wire)),
        (None, Some(text)) => of_text(text.get(..MOST_BYTES).unwrap_or(text)),
        (None, None) => Vec::new(),
    }
}

/// The character strings of a record, one after the other. Bytes that are not ASCII become a character that no token has.
fn joined(wire: &[u8]) -> String {
    let mut text = String::with_capacity(wire.len().min(MOST_BYTES));
    let mut rest = wire;
    while let Some((length, after)) = rest.split_first()
        && text.len() < MOST_BYTES
    {
        let (string, after) = after.split_at_checked(usize::from(*length)).unwrap_or((after, &[]));
        text.extend(
            string.iter().map(|octet| if octet.is_ascii() { char::from(*octet) } else { '\u{fffd}' }),
        );
        rest = after;
    }
    text
}

fn of_text(text: &str) -> Vec<Token> {
    let text = text.trim_matches(|c: char| c == '"' || c.is_ascii_whitespace());
    let mut found: Vec<Token> = match policy(text) {
        Some(policy) => policy.split_ascii_whitespace().filter_map(spf).take(MOST_TOKENS).collect(),
        None => dkim(text).or_else(|| is_token(text).then(|| Token::Text(text.into()))).into_iter().collect(),
    };
    found.sort();
    found.dedup();
    found
}

/// The terms of an SPF policy.
fn policy(text: &str) -> Option<&str> {
    let (version, terms) = text.split_at_checked("v=spf1".len())?;
    let is_policy = version.eq_ignore_ascii_case("v=spf1");
    (is_policy && (terms.is_empty() || terms.starts_with(|c: char| c.is_ascii_whitespace()))).then_some(terms)
}

/// What one term of an SPF policy refers to; nothing for a term with a macro, which is different for every message.
fn spf(term: &str) -> Option<Token> {
    let term = term.trim_start_matches(['+', '-', '~', '?']);
    let (word, value) = term.split_once([':', '='])?;
    if value.is_empty() || value.contains('%') {
        return None;
    }
    if word.eq_ignore_ascii_case("ip4") || word.eq_ignore_ascii_case("ip6") {
        return network(value).map(|network| Token::Spf(Spf::Network(network)));
    }
    let known = SpfTerm::ALL.into_iter().find(|known| known.word().eq_ignore_ascii_case(word))?;
    // `a:host/24` also allows the neighbours of the host.
    let host = value.split_once('/').map_or(value, |(host, _)| host);
    let name = Name::parse(host).ok().filter(|name| name.labels().count() > 1)?;
    Some(Token::Spf(Spf::Name(known, name)))
}

fn network(text: &str) -> Option<Network> {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, prefix.parse().ok()?),
        None => (text, u8::MAX),
    };
    Some(Network::new(address.parse::<IpAddr>().ok()?, prefix))
}

/// The key of a DKIM record: the tag `p`, if the record has the version or the type of a key as well.
fn dkim(text: &str) -> Option<Token> {
    let mut tags =
        text.split(';').filter_map(|tag| tag.split_once('=')).map(|(tag, value)| (tag.trim(), value));
    let is_dkim = tags.clone().any(|(tag, value)| match tag {
        "v" => value.trim().eq_ignore_ascii_case("DKIM1"),
        "k" => true,
        _ => false,
    });
    let (_, key) = tags.find(|(tag, _)| *tag == "p")?;
    let key: String = key.split_ascii_whitespace().collect();
    if !is_dkim || key.len() < SHORTEST_CODE {
        return None;
    }
    let digest = *blake3::hash(key.as_bytes()).as_bytes();
    digest.first_chunk().copied().map(Token::DkimKey)
}

/// Whether a text is a verification string or a code.
fn is_token(text: &str) -> bool {
    text.len() <= LONGEST_TEXT && (is_verification(text) || is_code(text))
}

/// `name=value` or `name: value`, as owners of a domain publish for a service; not a version such as `v=DMARC1`.
fn is_verification(text: &str) -> bool {
    let Some((name, value)) = text.split_once('=').or_else(|| text.split_once(": ")) else { return false };
    let is_name = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_' | b'.');
    (1..=LONGEST_NAME).contains(&name.len())
        && name.bytes().all(is_name)
        && !name.eq_ignore_ascii_case("v")
        && value.len() >= SHORTEST_VALUE
        && value.bytes().all(|octet| octet.is_ascii_graphic())
}

/// A long word with letters and digits, as random codes have.
fn is_code(text: &str) -> bool {
    let is_part =
        |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_' | b'+' | b'/' | b'=');
    text.len() >= SHORTEST_CODE
        && text.bytes().all(is_part)
        && text.bytes().any(|octet| octet.is_ascii_digit())
        && text.bytes().any(|octet| octet.is_ascii_alphabetic())
}

fn hex(digest: &[u8; DIGEST]) -> String {
    format!("{:032x}", u128::from_be_bytes(*digest))
}

fn digest(text: &str) -> Option<[u8; DIGEST]> {
    let is_hex = text.len() == 2 * DIGEST && text.bytes().all(|octet| octet.is_ascii_hexdigit());
    u128::from_str_radix(text, 16).ok().filter(|_| is_hex).map(u128::to_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cof::RrType;
    use proptest::prelude::*;

    fn ids(text: &str) -> Vec<String> {
        of_data(&Rdata::parse(RrType::TXT, text)).iter().map(Token::id).collect()
    }

    #[test]
    fn verification_strings_and_codes_are_tokens() {
        for text in [
            "google-site-verification=rXOxyZounnZasA8Z7oaD3c14JdjS9aKSWvsR1EbUSIQ",
            "MS=ms12345678",
            "facebook-domain-verification=22rm551cu4k0ab0bxsw536tlds4h95",
            "_globalsign-domain-verification=lXyz_",
            "yandex-verification: 1a2b3c4d5e6f7081",
            "ca3-6b1f0a7d0c5e4f2a",
            "ZOOM_verify_A1b2C3d4E5f6",
            "dGhpcyBpcyBhIGNvZGUgNA==4",
        ] {
            assert_eq!(ids(text), [format!("txt:{text}")]);
        }
    }

    #[test]
    fn sentences_settings_and_versions_are_not() {
        for text in [
            "",
            "this domain is parked",
            "internationalisation",
            "1234567890123456",
            "v=DMARC1; p=none",
            "v=TLSRPTv1",
            "o=~",
            "t=y; o=-",
            "=abcdef",
            "name=",
            "bücher=abcdefg",
            "v=spf1 -all",
            "v=spf10 include:a.example",
            "v=spf1include:a.example",
        ] {
            assert_eq!(ids(text), [""; 0], "{text}");
        }
        assert_eq!(ids(&format!("name={}", "a".repeat(251))), [""; 0]);
    }

    #[test]
    fn an_spf_policy_refers_to_hosts_and_networks() {
        let text = "v=SPF1 a mx a:Mail.x.example/28 +mx:x.example ip4:192.0.2.7 ip4:198.51.100.9/24 ip6:2001:db8::1/32 \
                    include:_spf.relay.example. include:_spf.relay.example exists:%{i}._spf.x.example \
                    include:%{d}.x.example redirect=_spf.y.example ~all";
        let wanted = [
            "spf:a:mail.x.example",
            "spf:include:_spf.relay.example",
            "spf:mx:x.example",
            "spf:redirect=_spf.y.example",
            "spf:ip4:192.0.2.7",
            "spf:ip4:198.51.100.0/24",
            "spf:ip6:2001:db8::/32",
        ];
        assert_eq!(ids(text), wanted);
        for id in wanted {
            let (word, value) = id.split_once(':').unwrap();
            assert_eq!(Token::parse(word, value).unwrap().id(), id);
        }
    }

    #[test]
    fn a_dkim_key_is_one_however_it_is_written() {
        let key = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQ";
        let one = ids(&format!("v=DKIM1; k=rsa; p={key}"));
        assert_eq!(one.len(), 1);
        assert!(one[0].starts_with("dkim:"), "{one:?}");
        assert_eq!(ids(&format!(r#""k=rsa; t=s; " "p={} {}""#, &key[..20], &key[20..])), one);
        assert_ne!(ids(&format!("v=DKIM1; p={key}x")), one);
        assert_eq!(ids("v=DKIM1; p="), [""; 0]);
        assert_eq!(ids("v=DMARC1; p=quarantine-quarantine"), [""; 0]);
        let (word, value) = one[0].split_once(':').unwrap();
        assert_eq!(Token::parse(word, value).unwrap().id(), one[0]);
        assert_eq!(Token::parse("dkim", "+0000000000000000000000000000001"), None);
    }

    #[test]
    fn long_texts_are_bounded() {
        let many: String =
            (0..100).map(|number| format!(" include:n{number}.example")).collect::<Vec<_>>().concat();
        assert_eq!(ids(&format!("v=spf1{many}")).len(), MOST_TOKENS);
        let long = format!("v=spf1 {} include:late.example", "x".repeat(MOST_BYTES + 255));
        assert_eq!(ids(&long), [""; 0]);
    }

    proptest! {
        #[test]
        fn nothing_panics_and_every_token_reads_back(octets in prop::collection::vec(any::<u8>(), 0..300)) {
            let Ok(rdata) = Rdata::from_wire(RrType::TXT, &octets) else { return Ok(()) };
            for token in of_data(&rdata) {
                let id = token.id();
                let (word, value) = id.split_once(':').unwrap();
                prop_assert_eq!(Token::parse(word, value), Some(token));
            }
        }

        #[test]
        fn tokens_of_any_policy_read_back(
            terms in prop::collection::vec("[+~?-]?(a|mx|ip4|include|redirect)[:=][a-zA-Z0-9./:_%\\\\-]{0,30}", 0..6),
        ) {
            for token in of_text(&format!("v=spf1 {}", terms.join(" "))) {
                let id = token.id();
                let (word, value) = id.split_once(':').unwrap();
                prop_assert_eq!(Token::parse(word, value), Some(token), "{}", id);
            }
        }
    }
}
