//! Reassembles DNS messages from the segments of TCP connections: [`Streams`].
//!
//! Each message follows its length (u16; RFC 1035, section 4.2.2). A segment can have several messages, and a message can take
//! several segments, which can come in any order and more than once. Each direction of a connection is a stream of its own.
//!
//! A stream that begins with SYN begins with a message; its data may be in that segment already (RFC 7413). Where the beginning is
//! missing, or segments in the middle are, nothing tells where a message begins. Servers send whole messages, so the next segment
//! that looks like the beginning of one is taken for it, and segments until then are skipped.
//!
//! Segments after a gap wait until it is filled. The gap is given up when more than [`MOST_WAITING`] segments or
//! [`MOST_WAITING_BYTES`] wait, and when the stream itself is given up: after a minute or two without segments, or when
//! there are too many others. What waited is then read. A connection that was closed is remembered just as long, because its last
//! segments may be sent again.
//!
//! Errors: [`Event::Incomplete`] is a gap, [`Event::Damaged`] a length that no message has.

use std::collections::BTreeMap;
use std::mem;

use super::ip::{Flow, Segment};
use super::recent::{Bounds, Held, Recent};

/// The most segments that wait behind a gap.
const MOST_WAITING: usize = 256;
/// The most bytes that wait behind a gap.
const MOST_WAITING_BYTES: usize = 256 << 10;
/// A sequence number that is further away than this, in bytes, belongs to another connection between the same ports.
const FAR: u32 = 1 << 20;
/// About what a segment that waits takes beside its bytes.
const OVERHEAD: usize = 64;
/// The header of a message, in bytes.
const HEADER: usize = 12;
const BOUNDS: Bounds = Bounds { span: 60_000_000_000, entries: 16_384, bytes: 16 << 20 };

/// What a stream had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event<'a> {
    /// A message, and when it was complete, in nanoseconds since the epoch.
    Message(&'a [u8], u64),
    /// A message or several, of which a part is missing.
    Incomplete,
    /// Bytes that are no message.
    Damaged,
}

/// The streams of all connections.
pub(super) struct Streams {
    table: Recent<Flow, Stream>,
}

impl Streams {
    pub(super) fn new() -> Self {
        Self { table: Recent::new(BOUNDS) }
    }

    /// Adds a segment that was seen at this time. `on` gets what becomes complete or is given up, here and in old streams.
    pub(super) fn read(
        &mut self,
        flow: Flow,
        segment: &Segment<'_>,
        now: u64,
        on: &mut dyn FnMut(Flow, Event<'_>),
    ) {
        let mut gone = Vec::new();
        self.table.turn(now, |flow, stream| gone.push((flow, stream)));
        finish(gone, on);
        let known = self.table.take(&flow);
        if known.is_none() && segment.data.is_empty() && !segment.is_first {
            return;
        }
        let mut stream = known.unwrap_or_else(|| Stream::new(segment));
        stream.read(segment, now, &mut |event| on(flow, event));
        self.table.put(flow, stream);
    }

    /// Gives up all streams.
    pub(super) fn end(&mut self, on: &mut dyn FnMut(Flow, Event<'_>)) {
        let mut gone = Vec::new();
        self.table.clear(|flow, stream| gone.push((flow, stream)));
        finish(gone, on);
    }
}

/// Gives up what is missing in streams, in an order that depends on the packets alone.
fn finish(mut streams: Vec<(Flow, Stream)>, on: &mut dyn FnMut(Flow, Event<'_>)) {
    streams.retain(|(_, stream)| !stream.waiting.is_empty() || !stream.partial.is_empty());
    streams.sort_unstable_by_key(|(flow, stream)| {
        (stream.waiting.values().map(|waiting| waiting.seen).next(), *flow)
    });
    for (flow, mut stream) in streams {
        stream.finish(&mut |event| on(flow, event));
    }
}

/// One direction of a connection.
struct Stream {
    /// The number of the first byte, if SYN told it.
    first: Option<u32>,
    /// The number of the next byte.
    next: u32,
    /// How many bytes are before the next one.
    position: u64,
    framing: Framing,
    /// The beginning of a message.
    partial: Vec<u8>,
    /// Segments behind a gap, by position.
    waiting: BTreeMap<u64, Waiting>,
    waiting_bytes: usize,
}

/// Whether the beginning of a message is known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Framing {
    Known,
    /// It is not, and nothing was said yet.
    Unknown,
    /// It is not, and what is missing was counted.
    Lost,
}

struct Waiting {
    seen: u64,
    data: Box<[u8]>,
}

impl Stream {
    fn new(segment: &Segment<'_>) -> Self {
        let framing = if segment.is_first { Framing::Known } else { Framing::Unknown };
        Self {
            first: segment.is_first.then(|| segment.begin()),
            next: segment.begin(),
            position: 0,
            framing,
            partial: Vec::new(),
            waiting: BTreeMap::new(),
            waiting_bytes: 0,
        }
    }

    fn read(&mut self, segment: &Segment<'_>, now: u64, on: &mut dyn FnMut(Event<'_>)) {
        if self.is_left(segment) {
            self.finish(on);
            *self = Self::new(segment);
        }
        if segment.is_first {
            self.first = Some(segment.begin());
        }
        let distance = segment.begin().wrapping_sub(self.next);
        if segment.data.is_empty() {
            return;
        }
        if distance < FAR && distance > 0 {
            return self.wait(self.position + u64::from(distance), segment.data, now, on);
        }
        // What came before is a copy.
        let copied = self.next.wrapping_sub(segment.begin());
        if let Some(data) = segment.data.get(copied as usize..).filter(|data| !data.is_empty()) {
            self.take(data, now, on);
            self.take_waiting(on);
        }
    }

    /// Whether a segment belongs to another connection between the same ports.
    fn is_left(&self, segment: &Segment<'_>) -> bool {
        let distance = segment.begin().wrapping_sub(self.next);
        let is_far = distance >= FAR && distance < FAR.wrapping_neg();
        let begun = match self.first {
            Some(first) => first,
            // Segments overtook the first one.
            None => self.next.wrapping_sub(u32::try_from(self.position).unwrap_or(u32::MAX)),
        };
        is_far || (segment.is_first && segment.begin() != begun)
    }

    /// Takes the next bytes.
    fn take(&mut self, data: &[u8], seen: u64, on: &mut dyn FnMut(Event<'_>)) {
        self.next = self.next.wrapping_add(u32::try_from(data.len()).unwrap_or_default());
        self.position += data.len() as u64;
        if self.framing != Framing::Known {
            if !begins_message(data) {
                return self.lose(on);
            }
            self.framing = Framing::Known;
        }
        if self.partial.is_empty() {
            let rest = self.messages(data, seen, on);
            self.partial.extend_from_slice(rest);
            return;
        }
        let mut partial = mem::take(&mut self.partial);
        partial.extend_from_slice(data);
        let rest = self.messages(&partial, seen, on).len();
        if rest > 0 {
            partial.drain(..partial.len() - rest);
            self.partial = partial;
        }
    }

    /// Hands over the messages that are complete, and returns the rest.
    fn messages<'a>(&mut self, mut bytes: &'a [u8], seen: u64, on: &mut dyn FnMut(Event<'_>)) -> &'a [u8] {
        while let Some((length, after)) = bytes.split_first_chunk() {
            let length = usize::from(u16::from_be_bytes(*length));
            if length < HEADER {
                on(Event::Damaged);
                self.framing = Framing::Lost;
                return &[];
            }
            let Some((message, rest)) = after.split_at_checked(length) else { break };
            on(Event::Message(message, seen));
            bytes = rest;
        }
        bytes
    }

    /// Something is missing; it is counted once.
    fn lose(&mut self, on: &mut dyn FnMut(Event<'_>)) {
        if self.framing != Framing::Lost {
            on(Event::Incomplete);
            self.framing = Framing::Lost;
        }
    }

    /// Keeps a segment behind a gap.
    fn wait(&mut self, at: u64, data: &[u8], seen: u64, on: &mut dyn FnMut(Event<'_>)) {
        let is_longer = |known: &Waiting| known.data.len() < data.len();
        if self.waiting.get(&at).is_none_or(is_longer) {
            self.waiting_bytes += data.len();
            if let Some(replaced) = self.waiting.insert(at, Waiting { seen, data: data.into() }) {
                self.waiting_bytes -= replaced.data.len();
            }
        }
        while self.waiting.len() > MOST_WAITING || self.waiting_bytes > MOST_WAITING_BYTES {
            self.skip_gap(on);
        }
    }

    /// Takes the segments that waited and now follow.
    fn take_waiting(&mut self, on: &mut dyn FnMut(Event<'_>)) {
        while let Some(first) = self.waiting.first_entry().filter(|first| *first.key() <= self.position) {
            let (at, Waiting { seen, data }) = first.remove_entry();
            self.waiting_bytes -= data.len();
            let copied = usize::try_from(self.position - at).unwrap_or(usize::MAX);
            if let Some(data) = data.get(copied..).filter(|data| !data.is_empty()) {
                self.take(data, seen, on);
            }
        }
    }

    /// Gives up the bytes before the first segment that waits.
    fn skip_gap(&mut self, on: &mut dyn FnMut(Event<'_>)) {
        let Some((at, _)) = self.waiting.first_key_value() else { return };
        let gap = at - self.position;
        self.position += gap;
        // A gap is shorter than the distance at which a segment belongs to another connection.
        self.next = self.next.wrapping_add(u32::try_from(gap).unwrap_or_default());
        self.partial = Vec::new();
        self.lose(on);
        self.take_waiting(on);
    }

    /// Gives up what is missing.
    fn finish(&mut self, on: &mut dyn FnMut(Event<'_>)) {
        while !self.waiting.is_empty() {
            self.skip_gap(on);
        }
        if !mem::take(&mut self.partial).is_empty() {
            on(Event::Incomplete);
        }
    }
}

impl Held for Stream {
    fn bytes(&self) -> usize {
        self.partial.capacity() + self.waiting_bytes + self.waiting.len() * OVERHEAD
    }
}

impl Segment<'_> {
    /// The number of its first byte of data: SYN has a number of its own.
    fn begin(&self) -> u32 {
        self.sequence.wrapping_add(u32::from(self.is_first))
    }
}

/// Whether bytes look like the beginning of a message: a length, and a header with a known operation, no reserved flag, and one
/// question, whose name begins with a label. Some servers send the length in a segment of its own.
fn begins_message(bytes: &[u8]) -> bool {
    let Some((length, message)) = bytes.split_first_chunk() else { return false };
    let is_long_enough = usize::from(u16::from_be_bytes(*length)) > HEADER;
    is_long_enough
        && match message {
            [] => true,
            [_, _, flags, codes, 0, 1, rest @ ..] => {
                let label = rest.get(HEADER - 6).copied().unwrap_or_default();
                flags & 0x78 <= 6 << 3 && codes & 0x40 == 0 && label < 64
            }
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use proptest::prelude::*;

    use super::super::testing::{CLIENT, SERVER, framed};
    use super::*;

    fn flow(port: u16) -> Flow {
        let (source, destination) = (IpAddr::from(SERVER), IpAddr::from(CLIENT));
        Flow { source, destination, source_port: 53, destination_port: port }
    }

    /// What streams had: messages as their last byte, losses as `?`, damage as `!`.
    #[derive(Default)]
    struct Seen(String);

    impl Seen {
        fn event(&mut self, event: Event<'_>) {
            self.0.push(match event {
                Event::Message(message, _) => char::from(*message.last().unwrap()),
                Event::Incomplete => '?',
                Event::Damaged => '!',
            });
        }
    }

    /// A message that ends with this letter, with its length.
    fn message(letter: u8) -> Vec<u8> {
        framed(
            &[&[0, 7, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0][..], &[1, letter, 0, 0, 1, 0, 1, letter]].concat(),
        )
    }

    fn data(sequence: u32, data: &[u8]) -> Segment<'_> {
        Segment { sequence, is_first: false, data }
    }

    fn syn(sequence: u32, data: &[u8]) -> Segment<'_> {
        Segment { sequence, is_first: true, data }
    }

    fn read(segments: &[Segment<'_>]) -> String {
        let (mut streams, mut seen) = (Streams::new(), Seen::default());
        for segment in segments {
            streams.read(flow(9), segment, 0, &mut |_, event| seen.event(event));
        }
        streams.end(&mut |_, event| seen.event(event));
        seen.0
    }

    #[test]
    fn messages_are_framed_by_their_lengths_alone() {
        let (a, b) = (message(b'a'), message(b'b'));
        let both = [&a[..], &b].concat();
        assert_eq!(read(&[syn(99, b""), data(100, &both)]), "ab");
        assert_eq!(read(&[syn(99, &a), data(122, &b)]), "ab", "data in SYN");
        assert_eq!(read(&[syn(u32::MAX - 4, b""), data(u32::MAX - 3, &both)]), "ab", "numbers begin again");
        let singles: Vec<_> =
            (0..44_u32).map(|at| data(100 + at, &both[at as usize..=at as usize])).collect();
        assert_eq!(read(&[&[syn(99, b"")][..], &singles].concat()), "ab");
        assert_eq!(read(&[syn(99, b""), data(100, &both[..30])]), "a?");
        assert_eq!(read(&[syn(99, b""), data(100, &a), data(122, b"\0\x05hello"), data(129, &b)]), "a!b");
    }

    #[test]
    fn segments_come_in_any_order_and_again() {
        let bytes = [message(b'a'), message(b'b'), message(b'c')].concat();
        let (one, two, three) = (data(100, &bytes[..30]), data(130, &bytes[30..50]), data(150, &bytes[50..]));
        assert_eq!(read(&[syn(99, b""), three, one, two, one, three]), "abc");
        assert_eq!(read(&[syn(99, b""), one, data(120, &bytes[20..50]), three, syn(99, b"")]), "abc");
        assert_eq!(read(&[one, syn(99, b""), two, three]), "abc", "SYN was overtaken");
        assert_eq!(read(&[syn(99, b""), three, data(130, &bytes[30..40]), two, one]), "abc");
        assert_eq!(read(&[syn(99, b""), one, two, three, data(165, b"x")]), "abc", "a probe is a copy");
    }

    #[test]
    fn a_gap_costs_the_messages_in_it() {
        let (a, b, c) = (message(b'a'), message(b'b'), message(b'c'));
        assert_eq!(read(&[syn(99, b""), data(100, &a), data(144, &c)]), "a?c");
        assert_eq!(read(&[syn(99, b""), data(100, &a[..9]), data(122, &b)]), "?b", "the end of a is missing");
        assert_eq!(read(&[syn(99, b""), data(100, &a), data(130, &b[8..]), data(144, &c)]), "a?c");
    }

    #[test]
    fn a_capture_that_begins_in_the_middle_finds_the_next_message() {
        let (a, b) = (message(b'a'), message(b'b'));
        assert_eq!(read(&[data(500, &a), data(522, &b)]), "ab");
        assert_eq!(read(&[data(500, &a[3..]), data(519, &b)]), "?b");
        assert_eq!(read(&[data(500, &a[..2]), data(502, &a[2..])]), "a", "the length alone");
        assert_eq!(read(&[data(500, b""), data(500, &a)]), "a");
    }

    #[test]
    fn ports_that_are_used_again_are_another_connection() {
        let (a, b) = (message(b'a'), message(b'b'));
        assert_eq!(read(&[syn(99, b""), data(100, &a), syn(5_000, b""), data(5_001, &b)]), "ab");
        assert_eq!(read(&[syn(99, b""), data(100, &a[..5]), syn(5_000, b""), data(5_001, &b)]), "?b");
        assert_eq!(read(&[data(100, &a), data(1 << 31, &b), data(100, &a)]), "aba", "without SYN");
    }

    #[test]
    fn waiting_segments_and_streams_are_bounded() {
        let (mut streams, mut seen) = (Streams::new(), Seen::default());
        streams.read(flow(9), &syn(99, b""), 0, &mut |_, event| seen.event(event));
        for at in 0..100_000_u32 {
            streams.read(flow(9), &data(200 + 2 * at, b"x"), 0, &mut |_, event| seen.event(event));
            let stream = streams.table.get(&flow(9)).unwrap();
            assert!(stream.waiting.len() <= MOST_WAITING && stream.bytes() < MOST_WAITING_BYTES * 2);
        }
        assert_eq!(seen.0, "?", "one loss, because nothing was found since");
        let part = [&[255, 255][..], &[7; 1_400]].concat();
        let mut lost = 0;
        for port in 10..60_000 {
            streams.read(flow(port), &syn(99, &part), 1, &mut |_, _| lost += 1);
            assert!(streams.table.len() <= 2 * BOUNDS.entries + 1);
        }
        streams.end(&mut |_, _| lost += 1);
        assert_eq!(lost, 59_990);
    }

    proptest! {
        #[test]
        fn any_cut_in_any_order_gives_the_same_messages(
            letters in prop::collection::vec(b'a'..=b'z', 1..30),
            cuts in prop::collection::btree_set(1_usize..600, 0..40),
            moves in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..30),
            start in any::<u32>(),
        ) {
            let bytes = letters.iter().flat_map(|letter| message(*letter)).collect::<Vec<u8>>();
            let mut segments = segments(&bytes, &cuts, start);
            for (from, to) in &moves {
                let (from, to) = (from.index(segments.len()), to.index(segments.len()));
                segments.swap(from, to);
            }
            segments.insert(0, syn(start.wrapping_sub(1), b""));
            segments.push(segments[segments.len() / 2]);
            prop_assert_eq!(read(&segments).into_bytes(), letters);
        }

        #[test]
        fn missing_segments_are_counted_and_no_message_is_made_up(
            letters in prop::collection::vec(b'a'..=b'z', 2..30),
            missing in any::<prop::sample::Index>(),
        ) {
            // A segment for each message, so that every one but the missing is found.
            let messages: Vec<Vec<u8>> = letters.iter().map(|letter| message(*letter)).collect();
            let missing = missing.index(letters.len());
            let mut segments = vec![syn(99, b"")];
            for (at, message) in messages.iter().enumerate().filter(|(at, _)| *at != missing) {
                segments.push(data(100 + u32::try_from(at * 22).unwrap(), message));
            }
            let mut expected: Vec<u8> = letters.clone();
            if missing + 1 == letters.len() { expected.pop(); } else { expected[missing] = b'?'; }
            prop_assert_eq!(read(&segments).into_bytes(), expected);
        }

        #[test]
        fn whatever_is_missing_is_counted(
            letters in prop::collection::vec(b'a'..=b'z', 2..30),
            cuts in prop::collection::btree_set(1_usize..600, 1..40),
            missing in prop::collection::vec(any::<prop::sample::Index>(), 1..5),
            moves in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..9),
        ) {
            let bytes = letters.iter().flat_map(|letter| message(*letter)).collect::<Vec<u8>>();
            let mut segments = segments(&bytes, &cuts, 100);
            // Nothing tells that the last one is missing, and two bytes can be a length.
            prop_assume!(segments.len() > 1 && segments.iter().all(|segment| segment.data.len() != 2));
            for missing in &missing {
                if segments.len() > 1 {
                    segments.remove(missing.index(segments.len() - 1));
                }
            }
            for (from, to) in &moves {
                let (from, to) = (from.index(segments.len()), to.index(segments.len()));
                segments.swap(from, to);
            }
            segments.insert(0, syn(99, b""));
            // Behind a gap, other bytes may look like the beginning of a message; the parser of messages rejects them.
            let seen = read(&segments);
            prop_assert!(seen.contains(['?', '!']), "{seen}");
        }
    }

    fn segments<'a>(
        bytes: &'a [u8],
        cuts: &std::collections::BTreeSet<usize>,
        start: u32,
    ) -> Vec<Segment<'a>> {
        let ends = cuts.iter().copied().filter(|cut| *cut < bytes.len()).chain([bytes.len()]);
        let mut begin = 0;
        ends.map(|end| {
            let segment = data(start.wrapping_add(u32::try_from(begin).unwrap()), &bytes[begin..end]);
            begin = end;
            segment
        })
        .collect()
    }
}
