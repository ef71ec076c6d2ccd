//! The result of reading an input, counted while it is read: [`Tally`].

use std::collections::BTreeMap;
use std::fmt;

use cof::{Damage, DamageKind, Digest, SafEnd};

/// How many offsets are kept for each reason.
const PLACES: usize = 10;
/// How many rejected stretches are kept, each with its reason.
const SHOWN: usize = 20;

/// The result of reading an input so far.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Bytes that were read, after decompression.
    pub bytes: u64,
    /// Frames, packets or lines that were read; 0 for records in JSON.
    pub units: u64,
    /// DNS responses whose records were taken, or log entries that stand for one.
    pub messages: u64,
    /// Observations that the records became: equal records within a window are one.
    pub observations: u64,
    /// Records that were read and delivered.
    pub records: u64,
    /// Records before the position that an earlier pass reached; they were not delivered.
    pub repeated: u64,
    /// Records whose time was in another unit than seconds, or was implausible and was replaced by the other time.
    pub repaired_times: u64,
    /// Records that were turned, because rrname and rdata were swapped.
    pub turned: u64,
    /// Records with a `sensor_id` that was not kept.
    pub sensors_dropped: u64,
    /// Damaged stretches.
    pub damages: u64,
    /// What was left out, by reason.
    pub left_out: BTreeMap<Reason, Place>,
    /// The first 20 stretches that were left out.
    pub first: Vec<LeftOut>,
    /// What was read and is not wanted, by reason: it is no error.
    pub dropped: BTreeMap<Dropped, Place>,
    /// The input ended inside a value.
    pub truncated: bool,
    /// The digest of the whole decompressed input, if it was requested and the end was reached.
    pub digest: Option<Digest>,
    /// How the answer of another database ended, if the input is one and its frames say so.
    pub source_answer: Option<SafEnd>,
}

/// Why something was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// It is not a valid record.
    Damage(DamageKind),
    /// The origin of the record is longer than the database can store.
    LongOrigin,
    /// The sensor name of the record is longer than the database can store.
    LongSensor,
    /// The record has no plausible time.
    WithoutTime,
    /// The array of data is empty.
    WithoutData,
    /// A frame that is too long or has no valid content.
    Frame,
    /// A stream of frames that announces other content than DNS messages.
    ContentType,
    /// A packet that cannot be read.
    Packet,
    /// A packet of which the capture holds only the beginning.
    ShortPacket,
    /// A link type that is not supported.
    LinkType,
    /// Fragments or segments of a message, some of which are missing, overlap, or came too late.
    Incomplete,
    /// A DNS message that cannot be read.
    Message,
    /// A line that cannot be read.
    Line,
    /// A line longer than 1 MiB.
    LongLine,
    /// An entry in a version of the format that is not supported.
    Version,
    /// An owner name that is no domain name.
    Owner,
    /// Data that is not valid for its type.
    Data,
    /// The input ends inside a frame, packet or line.
    Cut,
}

/// Why something that can be read was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dropped {
    /// A query.
    Query,
    /// A message that was seen on another side of the resolver than the one that is collected.
    OtherSide,
    /// A response without records that are wanted.
    Empty,
    /// A response with another code than NOERROR.
    Rcode,
    /// A truncated response (TC); the complete one follows over TCP.
    TruncatedResponse,
    /// An operation other than a standard query.
    Opcode,
    /// A message without exactly one question.
    Questions,
    /// A response to another question than was asked.
    OtherQuestion,
    /// A class other than IN.
    Class,
    /// A type that carries no data, such as OPT, TSIG or ANY, or a zone transfer.
    MetaType,
    /// A record that is not on the chain from the question over CNAME and DNAME.
    OffChain,
    /// A record outside the zone that the server answered for.
    OutOfBailiwick,
    /// A name below `.local`, or a message of multicast DNS, LLMNR or `NetBIOS`.
    LocalName,
    /// A response that a policy of the resolver changed.
    Rewritten,
    /// Data of which the format keeps only a part, such as an MX record without its preference.
    PartialData,
    /// A copy of a message that the capture has twice.
    Doubled,
    /// Anything that is no DNS message: other packets, other events, other logs.
    NotDns,
    /// A name below a suffix that a rule suppresses.
    Suffix,
    /// A type that a rule suppresses.
    Type,
    /// A special-purpose address that a rule suppresses.
    SpecialAddress,
    /// A new name of a registered domain that has used up its budget of names.
    Budget,
}

/// How often something was left out for a reason, and where first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// How often.
    pub count: u64,
    /// The first ten offsets, in bytes of the decompressed input.
    pub offsets: Vec<u64>,
}

/// A stretch that was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The offset where it begins, in bytes of the decompressed input.
    pub offset: u64,
    /// How long it is, in bytes.
    pub len: u64,
    /// The reason.
    pub reason: Reason,
}

impl Tally {
    /// How many records and stretches were left out.
    pub fn left_out(&self) -> u64 {
        self.left_out.values().map(|place| place.count).sum()
    }

    /// How often something was left out for this reason.
    pub fn count_of(&self, reason: Reason) -> u64 {
        self.left_out.get(&reason).map_or(0, |place| place.count)
    }

    /// Adds what another input came to.
    pub fn add(&mut self, other: &Self) {
        self.bytes += other.bytes;
        self.units += other.units;
        self.messages += other.messages;
        self.observations += other.observations;
        self.records += other.records;
        self.repeated += other.repeated;
        self.repaired_times += other.repaired_times;
        self.turned += other.turned;
        self.sensors_dropped += other.sensors_dropped;
        self.damages += other.damages;
        self.truncated |= other.truncated;
        for (reason, place) in &other.left_out {
            self.left_out.entry(*reason).or_default().count += place.count;
        }
        for (reason, place) in &other.dropped {
            self.dropped.entry(*reason).or_default().count += place.count;
        }
    }

    /// How much was dropped.
    pub fn dropped(&self) -> u64 {
        self.dropped.values().map(|place| place.count).sum()
    }

    pub(crate) fn drop(&mut self, why: Dropped, offset: u64) {
        self.dropped.entry(why).or_default().add(offset);
    }

    pub(crate) fn leave_out(&mut self, left_out: LeftOut) {
        self.left_out.entry(left_out.reason).or_default().add(left_out.offset);
        if self.first.len() < SHOWN {
            self.first.push(left_out);
        }
    }

    pub(crate) fn without_data(&mut self, count: u64) {
        if count > 0 {
            self.left_out.entry(Reason::WithoutData).or_default().count += count;
        }
    }
}

impl Place {
    fn add(&mut self, offset: u64) {
        self.count += 1;
        if self.offsets.len() < PLACES {
            self.offsets.push(offset);
        }
    }
}

impl LeftOut {
    pub(crate) fn of(damage: &Damage) -> Self {
        Self { offset: damage.offset, len: damage.len, reason: Reason::Damage(damage.kind) }
    }
}

impl Reason {
    /// The word for this reason in receipts.
    pub fn word(self) -> String {
        let word = match self {
            Self::Damage(DamageKind::Contradiction) => "contradicts_orientation",
            Self::Damage(DamageKind::Deep) => "too_deep",
            Self::Damage(DamageKind::Elements) => "too_much_data",
            Self::Damage(DamageKind::Garbage) => "not_a_record",
            Self::Damage(DamageKind::Large) => "too_long",
            Self::Damage(DamageKind::Missing(field)) => return format!("missing_{}", field.key()),
            Self::Damage(DamageKind::Syntax) => "broken_json",
            Self::Damage(DamageKind::Truncated) => "truncated",
            Self::LongOrigin => "origin_too_long",
            Self::LongSensor => "sensor_too_long",
            Self::WithoutTime => "without_time",
            Self::WithoutData => "without_data",
            Self::Frame => "bad_frame",
            Self::ContentType => "other_content_type",
            Self::Packet => "bad_packet",
            Self::ShortPacket => "short_packet",
            Self::LinkType => "unknown_link_type",
            Self::Incomplete => "incomplete_message",
            Self::Message => "bad_message",
            Self::Line => "bad_line",
            Self::LongLine => "line_too_long",
            Self::Version => "unknown_version",
            Self::Owner => "bad_owner",
            Self::Data => "bad_data",
            Self::Cut => "cut_off",
        };
        word.to_owned()
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damage(kind) => kind.fmt(f),
            Self::LongOrigin => f.write_str("a record with an origin that is too long"),
            Self::LongSensor => f.write_str("a record with a sensor name that is too long"),
            Self::WithoutTime => f.write_str("a record without a plausible time"),
            Self::WithoutData => f.write_str("a record without data"),
            Self::Frame => f.write_str("a frame that cannot be read"),
            Self::ContentType => f.write_str("a frame of a stream with another content type"),
            Self::Packet => f.write_str("a packet that cannot be read"),
            Self::ShortPacket => f.write_str("a packet that was captured in part"),
            Self::LinkType => f.write_str("a packet of an unsupported link type"),
            Self::Incomplete => f.write_str("a message with missing or overlapping fragments"),
            Self::Message => f.write_str("a DNS message that cannot be read"),
            Self::Line => f.write_str("a line that cannot be read"),
            Self::LongLine => f.write_str("a line longer than 1 MiB"),
            Self::Version => f.write_str("an entry in an unsupported version of the format"),
            Self::Owner => f.write_str("a record with an invalid owner name"),
            Self::Data => f.write_str("a record with invalid data"),
            Self::Cut => f.write_str("an incomplete end of the input"),
        }
    }
}

impl Dropped {
    /// Its word in receipts.
    pub fn word(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::OtherSide => "other_side",
            Self::Empty => "empty",
            Self::Rcode => "rcode",
            Self::TruncatedResponse => "truncated_response",
            Self::Opcode => "opcode",
            Self::Questions => "questions",
            Self::OtherQuestion => "other_question",
            Self::Class => "class",
            Self::MetaType => "meta_type",
            Self::OffChain => "off_chain",
            Self::OutOfBailiwick => "out_of_bailiwick",
            Self::LocalName => "local_name",
            Self::Rewritten => "rewritten",
            Self::PartialData => "partial_data",
            Self::Doubled => "doubled",
            Self::NotDns => "not_dns",
            Self::Suffix => "suppressed_suffix",
            Self::Type => "suppressed_type",
            Self::SpecialAddress => "special_address",
            Self::Budget => "name_budget",
        }
    }
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Query => "queries",
            Self::OtherSide => "messages from the other side of the resolver",
            Self::Empty => "responses without usable records",
            Self::Rcode => "responses with an error code (NXDOMAIN, SERVFAIL, …)",
            Self::TruncatedResponse => "truncated responses (TC)",
            Self::Opcode => "messages that are no standard queries",
            Self::Questions => "messages without exactly one question",
            Self::OtherQuestion => "responses to another question than was asked",
            Self::Class => "records of a class other than IN",
            Self::MetaType => "records of a type without data (OPT, TSIG, …)",
            Self::OffChain => "records that do not answer the question",
            Self::OutOfBailiwick => "records outside the server's zone",
            Self::LocalName => "local names (.local, multicast DNS, NetBIOS)",
            Self::Rewritten => "responses rewritten by a policy",
            Self::PartialData => "records with partial data",
            Self::Doubled => "doubled messages",
            Self::NotDns => "entries that are not about DNS",
            Self::Suffix => "records below a suppressed suffix",
            Self::Type => "records of a suppressed type",
            Self::SpecialAddress => "records with a special-purpose address",
            Self::Budget => "new names over the budget of their domain",
        })
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason {
            Reason::Damage(_) => write!(f, "{} bytes at offset {}: {}", self.len, self.offset, self.reason),
            _ => write!(f, "at offset {}: {}", self.offset, self.reason),
        }
    }
}
