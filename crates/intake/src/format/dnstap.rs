//! dnstap in Frame Streams: what resolvers log of their messages (dnstap.info), as files and over sockets.
//!
//! ```text
//! control frame:  00000000, length (u32), type (u32), fields: 00000001, length (u32), content type
//! data frame:     length (u32), payload
//! payload:        protobuf Dnstap { type = 15 (1: MESSAGE), message = 14 }
//! message:        Message { type = 1, query_time_sec = 8, query_message = 10, query_zone = 11, response_time_sec = 12,
//!                           response_message = 14, policy = 15 { action = 3 } }
//! ```
//!
//! Numbers of frames are big-endian. Control types are ACCEPT 1, START 2, STOP 3, READY 4 and FINISH 5; a file goes from START to
//! STOP, and several may follow each other. Every message type is on one side of a resolver, and only one side is collected
//! ([`Side`]), because a resolver that logs both would count every answer twice. Message types with an even number are responses.
//!
//! Errors: a frame that cannot be read costs that frame. A frame longer than [`MOST_FRAME`] is skipped. A stream with another
//! content type is skipped, frame by frame. A file without STOP is truncated.

use cof::Name;

use super::message::{About, Responses};
use super::{Decoder, Side, Step};
use crate::out::Out;
use crate::tally::{Dropped, Reason};

/// The content type of dnstap.
pub(crate) const CONTENT_TYPE: &[u8] = b"protobuf:dnstap.Dnstap";
/// The longest data frame: two messages of 64 KiB, and what stands around them, in bytes.
pub(super) const MOST_FRAME: usize = 160 * 1024;
/// The longest control frame, in bytes.
pub(crate) const MOST_CONTROL: usize = 512;

const START: u32 = 2;
const STOP: u32 = 3;

/// Reads frames.
pub(crate) struct Dnstap {
    side: Side,
    responses: Responses,
    /// Between START and STOP.
    open: bool,
    /// The stream has another content type.
    foreign: bool,
}

impl Dnstap {
    pub(crate) fn new(side: Side) -> Self {
        Self { side, responses: Responses::default(), open: false, foreign: false }
    }

    fn control(&mut self, frame: &[u8], out: &mut Out<'_>) {
        match (number(frame), frame.get(4..)) {
            (Some(START), Some(fields)) => {
                self.open = true;
                self.foreign = content_types(fields).is_some_and(|types| !types.contains(&CONTENT_TYPE));
            }
            (Some(STOP), _) => self.open = false,
            (Some(_), _) => {}
            (None, _) => out.reject(Reason::Frame),
        }
    }

    fn data(&mut self, payload: &[u8], out: &mut Out<'_>) {
        out.unit();
        if self.foreign {
            return out.reject(Reason::ContentType);
        }
        match message_in(payload) {
            Ok(Some(message)) => self.message(&message, out),
            Ok(None) => out.drop(Dropped::NotDns),
            Err(Damaged) => out.reject(Reason::Frame),
        }
    }

    fn message(&mut self, message: &Message<'_>, out: &mut Out<'_>) {
        if message.kind % 2 == 1 {
            return out.drop(Dropped::Query);
        }
        if !self.side.has(message.kind) {
            return out.drop(Dropped::OtherSide);
        }
        if message.is_rewritten {
            return out.drop(Dropped::Rewritten);
        }
        let Some(response) = message.response else { return out.drop(Dropped::Empty) };
        let time = message.response_time.or(message.query_time).or(out.received);
        let Some(time) = time else { return out.reject(Reason::WithoutTime) };
        // A zone that is no name is as good as none.
        let zone = message.zone.and_then(|zone| Name::from_wire(zone).ok());
        let about = About { time, bailiwick: zone.as_ref().map(Name::as_wire), query: message.query };
        self.responses.read(response, &about, out);
    }
}

impl Decoder for Dnstap {
    fn step(&mut self, bytes: &[u8], _ended: bool, out: &mut Out<'_>) -> Step {
        let Some(length) = number(bytes) else { return Step::More };
        if length == 0 {
            let Some(length) = bytes.get(4..).and_then(number) else { return Step::More };
            let whole = 8 + u64::from(length);
            if length as usize > MOST_CONTROL {
                out.reject(Reason::Frame);
                return Step::Took(whole);
            }
            let Some(frame) = bytes.get(8..8 + length as usize) else { return Step::More };
            self.control(frame, out);
            return Step::Took(whole);
        }
        let whole = 4 + u64::from(length);
        if length as usize > MOST_FRAME {
            out.unit();
            out.reject(Reason::Frame);
            return Step::Took(whole);
        }
        let Some(payload) = bytes.get(4..4 + length as usize) else { return Step::More };
        self.data(payload, out);
        Step::Took(whole)
    }

    fn end(&mut self, out: &mut Out<'_>) {
        out.tally.truncated |= self.open;
    }
}

/// A big-endian number at the start.
fn number(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}

/// The content types of a control frame; `None` if it names none, which means any.
pub(crate) fn content_types(mut fields: &[u8]) -> Option<Vec<&[u8]>> {
    let mut types = Vec::new();
    while let (Some(1), Some(length)) = (number(fields), fields.get(4..).and_then(number)) {
        let Some(content) = fields.get(8..8 + length as usize) else { break };
        types.push(content);
        fields = fields.get(8 + content.len()..).unwrap_or_default();
    }
    (!types.is_empty()).then_some(types)
}

/// What a payload says about one DNS message.
#[derive(Debug, Default, PartialEq, Eq)]
struct Message<'a> {
    /// dnstap's message type.
    kind: u64,
    query: Option<&'a [u8]>,
    response: Option<&'a [u8]>,
    /// The zone of the answering server, in wire format.
    zone: Option<&'a [u8]>,
    query_time: Option<u64>,
    response_time: Option<u64>,
    /// A policy of the resolver changed the response.
    is_rewritten: bool,
}

/// A payload that is not well-formed.
struct Damaged;

/// The message in a payload, if it is one of a message.
fn message_in(payload: &[u8]) -> Result<Option<Message<'_>>, Damaged> {
    let (mut message, mut is_message) = (None, false);
    for field in Fields(payload) {
        match field.ok_or(Damaged)? {
            (14, Value::Bytes(bytes)) => message = Some(bytes),
            (15, Value::Number(kind)) => is_message = kind == 1,
            _ => {}
        }
    }
    match message {
        Some(bytes) if is_message => Message::of(bytes).ok_or(Damaged).map(Some),
        _ => Ok(None),
    }
}

impl<'a> Message<'a> {
    fn of(bytes: &'a [u8]) -> Option<Self> {
        let mut message = Self::default();
        for field in Fields(bytes) {
            match field? {
                (1, Value::Number(kind)) => message.kind = kind,
                (8, Value::Number(seconds)) => message.query_time = Some(seconds),
                (10, Value::Bytes(query)) => message.query = Some(query),
                (11, Value::Bytes(zone)) => message.zone = Some(zone),
                (12, Value::Number(seconds)) => message.response_time = Some(seconds),
                (14, Value::Bytes(response)) => message.response = Some(response),
                (15, Value::Bytes(policy)) => message.is_rewritten = is_rewriting(policy)?,
                _ => {}
            }
        }
        Some(message)
    }
}

/// Whether a policy did anything but let the response pass (action 3).
fn is_rewriting(policy: &[u8]) -> Option<bool> {
    let mut action = None;
    for field in Fields(policy) {
        if let (3, Value::Number(number)) = field? {
            action = Some(number);
        }
    }
    Some(action.is_some_and(|action| action != 3))
}

/// The fields of a protobuf message: number and value, or `None` at the first damage.
struct Fields<'a>(&'a [u8]);

/// The value of a field.
enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

impl<'a> Iterator for Fields<'a> {
    type Item = Option<(u64, Value<'a>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_none() {
            self.0 = &[];
        }
        Some(field)
    }
}

impl<'a> Fields<'a> {
    fn field(&mut self) -> Option<(u64, Value<'a>)> {
        let tag = self.varint()?;
        let value = match tag & 7 {
            0 => Value::Number(self.varint()?),
            1 => Value::Number(u64::from_le_bytes(*self.take(8)?.first_chunk()?)),
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                Value::Bytes(self.take(length)?)
            }
            5 => Value::Number(u64::from(u32::from_le_bytes(*self.take(4)?.first_chunk()?))),
            _ => return None,
        };
        Some((tag >> 3, value))
    }

    fn varint(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use cof::time::Clock;

    use super::*;
    use crate::format::testing::{self, Found};
    use crate::{Format, batches::Order};

    const AT: u64 = 1_700_000_000;

    /// A field of bytes.
    fn bytes(number: u8, bytes: &[u8]) -> Vec<u8> {
        let mut field = vec![number << 3 | 2];
        let mut length = bytes.len();
        while length > 0x7f {
            field.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
            length >>= 7;
        }
        field.push(u8::try_from(length).unwrap());
        [field, bytes.to_vec()].concat()
    }

    fn seconds(number: u8, at: u64) -> Vec<u8> {
        let mut field = vec![number << 3];
        let mut rest = at;
        while rest > 0x7f {
            field.push(u8::try_from(rest & 0x7f).unwrap() | 0x80);
            rest >>= 7;
        }
        field.push(u8::try_from(rest).unwrap());
        field
    }

    /// A data frame with a message of this kind and these fields.
    fn frame(kind: u8, fields: &[Vec<u8>]) -> Vec<u8> {
        let message = [vec![1 << 3, kind], fields.concat()].concat();
        framed(&[bytes(14, &message), vec![15 << 3, 1]].concat())
    }

    fn framed(payload: &[u8]) -> Vec<u8> {
        [&u32::try_from(payload.len()).unwrap().to_be_bytes()[..], payload].concat()
    }

    fn control(kind: u8, content: Option<&[u8]>) -> Vec<u8> {
        let mut fields = vec![0, 0, 0, kind];
        if let Some(content) = content {
            fields.extend([0, 0, 0, 1]);
            fields.extend(u32::try_from(content.len()).unwrap().to_be_bytes());
            fields.extend(content);
        }
        [vec![0; 4], framed(&fields)].concat()
    }

    fn stream(frames: &[Vec<u8>]) -> Vec<u8> {
        [control(2, Some(CONTENT_TYPE)), frames.concat(), control(3, None)].concat()
    }

    fn found(input: &[u8]) -> Found {
        testing::read(input, &Order { format: Format::Dnstap, ..testing::order() })
    }

    fn response(name: &str) -> Vec<u8> {
        bytes(14, &testing::response(name, &[(name, 1, &[185, 194, 93, 1])]))
    }

    #[test]
    fn responses_of_servers_are_taken_once_with_their_zone_and_time() {
        let zone = b"\x07EXAMPLE\x00";
        let whole = [response("www.example"), seconds(12, AT), seconds(8, AT - 9), bytes(11, zone)];
        let input = stream(&[
            frame(3, &[]),
            frame(4, &whole),
            frame(6, &whole),
            frame(4, &[response("a.example"), seconds(8, AT)]),
            frame(4, &[response("b.example")]),
        ]);
        let found = found(&input);
        let expected = [
            format!("a.example A 185.194.93.1 {AT} 1 -"),
            format!("www.example A 185.194.93.1 {AT} 1 example"),
        ];
        assert_eq!(found.rows, expected);
        assert_eq!((found.tally.units, found.tally.messages), (5, 2));
        assert_eq!(found.dropped(), [(Dropped::Query, 1), (Dropped::OtherSide, 1)]);
        assert_eq!(found.rejected(), [(Reason::WithoutTime, 1)]);
        assert!(!found.tally.truncated);
    }

    #[test]
    fn a_collector_that_runs_for_days_takes_what_is_seen_then() {
        let later = AT + 3 * 86_400;
        let input = stream(&[frame(4, &[response("a.example"), seconds(12, later)])]);
        let clock = Clock::telling(move || Duration::from_secs(later));
        let order = Order { format: Format::Dnstap, now: AT, live: Some(clock), ..testing::order() };
        assert_eq!(testing::read(&input, &order).rows, [format!("a.example A 185.194.93.1 {later} 1 -")]);
    }

    #[test]
    fn clients_responses_are_taken_where_that_side_is_collected() {
        let input = stream(&[
            frame(6, &[response("a.example"), seconds(12, AT)]),
            frame(4, &[response("b.example"), seconds(12, AT)]),
        ]);
        let order = Order { format: Format::Dnstap, side: Side::Client, ..testing::order() };
        let found = testing::read(&input, &order);
        assert_eq!(found.rows, [format!("a.example A 185.194.93.1 {AT} 1 -")]);
        assert_eq!(found.dropped(), [(Dropped::OtherSide, 1)]);
    }

    #[test]
    fn a_rewritten_response_is_dropped_and_one_that_passed_a_policy_is_not() {
        let with = |name, action| frame(4, &[response(name), seconds(12, AT), bytes(15, &[3 << 3, action])]);
        let found = found(&stream(&[with("a.example", 1), with("b.example", 3), with("c.example", 6)]));
        assert_eq!(found.rows, [format!("b.example A 185.194.93.1 {AT} 1 -")]);
        assert_eq!(found.dropped(), [(Dropped::Rewritten, 2)]);
    }

    #[test]
    fn a_response_to_another_question_is_dropped() {
        let query = |name| bytes(10, &testing::query(name));
        let with = |name, query| frame(4, &[response(name), seconds(12, AT), query]);
        let found = found(&stream(&[
            with("a.example", query("A.eXample")),
            with("b.example", query("c.example")),
            with("d.example", bytes(10, b"damaged")),
        ]));
        assert_eq!(found.rows, [format!("a.example A 185.194.93.1 {AT} 1 -")]);
        assert_eq!(found.dropped(), [(Dropped::OtherQuestion, 2)]);
    }

    #[test]
    fn damage_costs_its_frame_alone() {
        let good = |name| frame(4, &[response(name), seconds(12, AT)]);
        let long =
            [&u32::try_from(MOST_FRAME + 1).unwrap().to_be_bytes()[..], &vec![7; MOST_FRAME + 1]].concat();
        let input = stream(&[
            good("a.example"),
            framed(b"\x07\x07\x07"),
            frame(4, &[bytes(14, b"no message"), seconds(12, AT)]),
            long,
            framed(&[15 << 3, 2]),
            good("b.example"),
        ]);
        let found = found(&input);
        assert_eq!(found.rows.len(), 2);
        assert_eq!(found.rejected(), [(Reason::Frame, 2), (Reason::Message, 1)]);
        assert_eq!(found.dropped(), [(Dropped::NotDns, 1)]);
    }

    #[test]
    fn a_stream_of_other_content_is_rejected_and_the_next_one_is_read() {
        let good = |name| frame(4, &[response(name), seconds(12, AT)]);
        let other = [control(2, Some(b"text")), good("a.example"), control(3, None)].concat();
        let found = found(&[other, stream(&[good("b.example")])].concat());
        assert_eq!(found.rows, [format!("b.example A 185.194.93.1 {AT} 1 -")]);
        assert_eq!(found.rejected(), [(Reason::ContentType, 1)]);
    }

    #[test]
    fn a_file_that_is_cut_off_keeps_what_it_had() {
        let whole = stream(&[frame(4, &[response("a.example"), seconds(12, AT)])]);
        let without_stop = &whole[..whole.len() - 12];
        let found_at = |input: &[u8]| found(input);
        let found = found_at(without_stop);
        assert_eq!((found.rows.len(), found.tally.truncated, found.rejected()), (1, true, vec![]));
        let found = found_at(&[without_stop, &[0, 0, 1, 0, 7]].concat());
        assert_eq!((found.rows.len(), found.tally.truncated), (1, true));
        assert_eq!(found.rejected(), [(Reason::Cut, 1)]);
    }
}
