//! The formats that can be imported, how they are recognised, and what reads them: [`Format`] and [`Decoder`].
//!
//! [`Format::of`] looks at the first bytes of the decompressed input, never at a name. Each format other than COF is one file here
//! that says what the format looks like; a decoder takes one unit at a time and hands over what it holds. Decoders do no I/O and
//! take hostile input: a unit that cannot be read costs that unit.

mod adguard;
mod answers;
mod collector;
mod content;
pub(crate) mod dnstap;
mod doubles;
mod ecs;
mod eve;
mod gamelinux;
mod gopassivedns;
mod json;
mod lines;
mod message;
mod moment;
mod pcap;
mod spelling;
#[cfg(test)]
pub(crate) mod testing;
mod zeek;

use std::fmt;

use crate::out::Out;
use lines::Lines;

pub use gamelinux::{Columns as PassiveDnsColumns, ColumnsError as PassiveDnsColumnsError};

/// Ports of `NetBIOS` names, multicast DNS and LLMNR.
const LOCAL_PORTS: [u64; 3] = [137, 5_353, 5_355];

/// How many bytes at the start of an input decide its format.
pub const HEAD: usize = 64 * 1024;

/// What an input is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `AdGuard` Home's query log.
    AdGuard,
    /// The Common Output Format and everything like it: NDJSON, arrays, DNSDB's answers with and without frames (SAF).
    Cof,
    /// DNS-collector's JSON, nested or flat.
    Collector,
    /// dnstap messages in Frame Streams.
    Dnstap,
    /// DNS events of Packetbeat and the Elastic Common Schema.
    Ecs,
    /// Suricata's EVE log.
    Eve,
    /// The log of gopassivedns, in JSON.
    GoPassiveDns,
    /// The log of passivedns, in columns or in JSON.
    PassiveDns,
    /// Packet captures: pcap and pcapng.
    Pcap,
    /// Zeek's dns.log, with columns or in JSON.
    Zeek,
}

/// Which messages of a resolver are collected. A resolver may log both sides, and one of them must be chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Side {
    /// Between resolver and servers: responses of authoritative servers and forwarders. No client is involved.
    #[default]
    Server,
    /// Between clients and resolver.
    Client,
}

/// What decoders need to know beside the input.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options<'a> {
    pub(crate) side: Side,
    /// From which ports DNS servers answer.
    pub(crate) ports: &'a [u16],
    /// Whether copies of a message in a mirrored capture are dropped.
    pub(crate) fold_doubles: bool,
    pub(crate) passivedns_columns: &'a PassiveDnsColumns,
}

/// What a decoder did with the bytes at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It is done with so many bytes, which may be more than there are: the rest of them is skipped.
    Took(u64),
    /// The unit is not complete.
    More,
}

/// Reads one format.
pub(crate) trait Decoder: Send {
    /// Reads the unit at the start of `bytes`, which is never empty. `ended` says that nothing follows.
    fn step(&mut self, bytes: &[u8], ended: bool, out: &mut Out<'_>) -> Step;

    /// The input is at its end.
    fn end(&mut self, _out: &mut Out<'_>) {}
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 10] = [
        Self::AdGuard,
        Self::Cof,
        Self::Collector,
        Self::Dnstap,
        Self::Ecs,
        Self::Eve,
        Self::GoPassiveDns,
        Self::PassiveDns,
        Self::Pcap,
        Self::Zeek,
    ];

    /// The format of an input that begins with `head`; `None` if more of it is needed, which is never the case when `head` has
    /// [`HEAD`] bytes or the input has `ended`. What is none of the others is read as COF, whose reader says what it found.
    pub fn of(head: &[u8], ended: bool) -> Option<Self> {
        match head {
            // An escape, the length of a control frame, and its type START.
            [0, 0, 0, 0, 0, 0, _, _, 0, 0, 0, 2, ..] => Some(Self::Dnstap),
            _ if pcap::is_capture(head) => Some(Self::Pcap),
            _ if head.len() >= 12 || ended => content::of_text(head, ended),
            _ => None,
        }
    }

    /// Its word on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::AdGuard => "adguard",
            Self::Cof => "cof",
            Self::Collector => "dns-collector",
            Self::Dnstap => "dnstap",
            Self::Ecs => "ecs",
            Self::Eve => "eve",
            Self::GoPassiveDns => "gopassivedns",
            Self::PassiveDns => "passivedns",
            Self::Pcap => "pcap",
            Self::Zeek => "zeek",
        }
    }

    /// A list of all formats, for people.
    pub fn list() -> String {
        let names: Vec<String> = Self::ALL.iter().map(Self::to_string).collect();
        names.join(", ")
    }

    /// The name of a word, if it is one of a format.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.word() == word)
    }

    /// What its units are called.
    pub fn units(self) -> &'static str {
        match self {
            Self::Cof => "records",
            Self::Dnstap => "frames",
            Self::Pcap => "packets",
            Self::AdGuard
            | Self::Collector
            | Self::Ecs
            | Self::Eve
            | Self::GoPassiveDns
            | Self::PassiveDns
            | Self::Zeek => "lines",
        }
    }

    /// Whether its records are sightings by sensors, whose counts add up, and not the reports of another database.
    pub fn is_of_sensors(self) -> bool {
        self != Self::Cof
    }

    /// Whether what is rejected can be kept in a file of its own, to be corrected and imported.
    pub(crate) fn has_texts(self) -> bool {
        !matches!(self, Self::Dnstap | Self::Pcap)
    }

    /// What reads it; `None` for COF, which has a reader of its own.
    pub(crate) fn decoder(self, options: &Options<'_>) -> Option<Box<dyn Decoder>> {
        match self {
            Self::AdGuard => Some(Box::new(Lines::new(adguard::AdGuard::default()))),
            Self::Cof => None,
            Self::Collector => Some(Box::new(Lines::new(collector::Collector::new(options.side)))),
            Self::Dnstap => Some(Box::new(dnstap::Dnstap::new(options.side))),
            Self::Ecs => Some(Box::new(Lines::new(ecs::Ecs::default()))),
            Self::Eve => Some(Box::new(Lines::new(eve::Eve::default()))),
            Self::GoPassiveDns => Some(Box::new(Lines::new(gopassivedns::GoPassiveDns::default()))),
            Self::PassiveDns => {
                Some(Box::new(Lines::new(gamelinux::Gamelinux::new(options.passivedns_columns.clone()))))
            }
            Self::Pcap => Some(Box::new(pcap::Pcap::new(options))),
            Self::Zeek => Some(Box::new(Lines::new(zeek::Zeek::new(options.fold_doubles)))),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AdGuard => "an AdGuard Home query log",
            Self::Cof => "the Common Output Format",
            Self::Collector => "a DNS-collector log",
            Self::Dnstap => "a dnstap frame stream",
            Self::Ecs => "a log of Packetbeat or the Elastic Common Schema",
            Self::Eve => "a Suricata EVE log",
            Self::GoPassiveDns => "a gopassivedns log",
            Self::PassiveDns => "a passivedns log",
            Self::Pcap => "a packet capture",
            Self::Zeek => "a Zeek DNS log",
        })
    }
}

impl Side {
    /// Whether messages of this dnstap type are on this side: AUTH 2, RESOLVER 4 and FORWARDER 8 are responses of servers, CLIENT 6
    /// those of the resolver.
    fn has(self, kind: u64) -> bool {
        match self {
            Self::Server => matches!(kind, 2 | 4 | 8),
            Self::Client => kind == 6,
        }
    }
}
