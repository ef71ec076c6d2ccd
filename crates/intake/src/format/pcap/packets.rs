//! From packets to DNS messages: [`Packets`].
//!
//! ```text
//! packet ─> link layer ─> IP ─┬──────────────┬─> UDP ──────────────┬─> message
//!                             └> fragments ──┘  └> TCP ─> streams ─┘
//! ```
//!
//! A message from a port of DNS is a response, one to it a query. Queries are only remembered, to compare the questions of their
//! responses. ICMP errors quote messages, which were seen already; nothing looks into them, nor into tunnels.
//!
//! On the way of a response over UDP that is not fragmented, nothing is copied.

use super::exchange::Exchange;
use super::fragments::{Fragments, Gathered};
use super::ip::{self, Datagram, Flow, TCP, UDP};
use super::link;
use super::stream::{Event, Streams};
use crate::format::Options;
use crate::format::doubles::Doubles;
use crate::format::message::{About, Responses};
use crate::out::Out;
use crate::tally::{Dropped, Reason};

const NANOSECONDS: u64 = 1_000_000_000;
/// Ports of multicast DNS, LLMNR and `NetBIOS`.
const LOCAL: [u16; 3] = [5353, 5355, 137];

/// A packet of a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Packet<'a> {
    /// Its link type (tcpdump.org/linktypes.html).
    pub(super) link: u32,
    /// When it was captured, in nanoseconds since the epoch.
    pub(super) time: u64,
    pub(super) bytes: &'a [u8],
    /// It was longer than what was captured of it.
    pub(super) is_short: bool,
}

/// Reads packets.
pub(super) struct Packets {
    fragments: Fragments,
    streams: Streams,
    messages: Messages,
}

impl Packets {
    pub(super) fn new(options: &Options<'_>) -> Self {
        let messages = Messages {
            ports: options.ports.into(),
            exchange: Exchange::new(),
            doubles: options.fold_doubles.then(Doubles::default),
            responses: Responses::default(),
        };
        Self { fragments: Fragments::new(), streams: Streams::new(), messages }
    }

    /// Reads a packet.
    pub(super) fn read(&mut self, packet: &Packet<'_>, out: &mut Out<'_>) {
        let damage = if packet.is_short { Reason::ShortPacket } else { Reason::Packet };
        let datagram = match link::payload(packet.link, packet.bytes) {
            Ok(Some(bytes)) => Datagram::of(bytes),
            Ok(None) => return out.drop(Dropped::NotDns),
            Err(link::Fault::Short) => None,
            Err(link::Fault::Unsupported) => return out.reject(Reason::LinkType),
        };
        let Some(mut datagram) = datagram else { return out.reject(damage) };
        datagram.is_short |= packet.is_short;
        if datagram.fragment.is_some() {
            self.fragment(&datagram, damage, packet.time, out);
        } else {
            self.datagram(&datagram, damage, packet.time, out);
        }
    }

    /// Gives up what is incomplete at the end of the input.
    pub(super) fn end(&mut self, out: &mut Out<'_>) {
        let Self { fragments, streams, messages } = self;
        fragments.end(|| out.reject(Reason::Incomplete));
        streams.end(&mut |flow, event| messages.event(flow, event, out));
    }

    fn fragment(&mut self, datagram: &Datagram<'_>, damage: Reason, now: u64, out: &mut Out<'_>) {
        if !matches!(datagram.protocol, UDP | TCP) {
            return out.drop(Dropped::NotDns);
        }
        if datagram.is_short {
            return out.reject(damage);
        }
        let messages = &self.messages;
        let is_wanted = |first: &[u8]| ip::ports(first).is_some_and(|ports| messages.role(ports).is_ok());
        let gathered = self.fragments.gather(datagram, now, is_wanted, || out.reject(Reason::Incomplete));
        match gathered {
            Gathered::Waiting => {}
            Gathered::Whole(payload) => {
                let whole = Datagram { payload: &payload, fragment: None, ..*datagram };
                self.datagram(&whole, damage, now, out);
            }
            Gathered::Lost => out.reject(Reason::Incomplete),
            Gathered::Unwanted => out.drop(Dropped::NotDns),
        }
    }

    fn datagram(&mut self, datagram: &Datagram<'_>, damage: Reason, now: u64, out: &mut Out<'_>) {
        if !matches!(datagram.protocol, UDP | TCP) {
            return out.drop(Dropped::NotDns);
        }
        let Some(ports) = ip::ports(datagram.payload) else { return out.reject(damage) };
        let role = match self.messages.role(ports) {
            Ok(role) => role,
            Err(why) => return out.drop(why),
        };
        if datagram.is_short {
            return out.reject(damage);
        }
        let flow = Flow {
            source: datagram.source,
            destination: datagram.destination,
            source_port: ports.0,
            destination_port: ports.1,
        };
        if datagram.protocol == UDP {
            let Some(message) = ip::udp(datagram.payload) else { return out.reject(Reason::Packet) };
            return self
                .messages
                .read(&Message { flow, role, is_tcp: false, bytes: message, time: now }, out);
        }
        let Some(segment) = ip::tcp(datagram.payload) else { return out.reject(Reason::Packet) };
        if segment.data.is_empty() {
            out.drop(Dropped::NotDns);
        }
        let Self { streams, messages, .. } = self;
        streams.read(flow, &segment, now, &mut |flow, event| messages.event(flow, event, out));
    }
}

/// Reads messages.
struct Messages {
    /// The ports of DNS.
    ports: Box<[u16]>,
    exchange: Exchange,
    /// Where doubles are folded.
    doubles: Option<Doubles>,
    responses: Responses,
}

struct Message<'a> {
    flow: Flow,
    role: Role,
    is_tcp: bool,
    bytes: &'a [u8],
    time: u64,
}

/// What the ports say about a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Query,
    Response,
    /// Both ports are ports of DNS; the message itself tells.
    Either,
}

impl Messages {
    /// What a packet between these ports has, or why it is not wanted.
    fn role(&self, (source, destination): (u16, u16)) -> Result<Role, Dropped> {
        match (self.ports.contains(&source), self.ports.contains(&destination)) {
            (true, true) => Ok(Role::Either),
            (true, false) => Ok(Role::Response),
            (false, true) => Ok(Role::Query),
            _ if LOCAL.contains(&source) || LOCAL.contains(&destination) => Err(Dropped::LocalName),
            _ => Err(Dropped::NotDns),
        }
    }

    fn event(&mut self, flow: Flow, event: Event<'_>, out: &mut Out<'_>) {
        let Ok(role) = self.role((flow.source_port, flow.destination_port)) else { return };
        match event {
            Event::Message(bytes, time) => {
                self.read(&Message { flow, role, is_tcp: true, bytes, time }, out);
            }
            Event::Incomplete if role == Role::Query => out.drop(Dropped::Query),
            Event::Incomplete => out.reject(Reason::Incomplete),
            Event::Damaged => out.reject(Reason::Message),
        }
    }

    fn read(&mut self, message: &Message<'_>, out: &mut Out<'_>) {
        let Message { flow, role, is_tcp, bytes, time } = *message;
        let Some(flags) = bytes.get(2) else { return out.reject(Reason::Message) };
        match (role, flags & 0x80 > 0) {
            (Role::Query | Role::Either, false) => {
                self.exchange.ask(flow, is_tcp, bytes, time);
                return out.drop(Dropped::Query);
            }
            (Role::Query, true) => return out.drop(Dropped::NotDns),
            _ => {}
        }
        let is_double = |doubles: &mut Doubles| doubles.has((flow, bytes), time / 1_000);
        if !is_tcp && self.doubles.as_mut().is_some_and(is_double) {
            return out.drop(Dropped::Doubled);
        }
        if self.exchange.contradicts(flow, is_tcp, bytes, time) {
            return out.drop(Dropped::OtherQuestion);
        }
        let about = About { time: time / NANOSECONDS, bailiwick: None, query: None };
        self.responses.read(bytes, &about, out);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{self as packets, AT, framed, of_client};
    use super::*;
    use crate::Format;
    use crate::batches::Order;
    use crate::format::testing::{self, Found};

    const V4: &[u8] = &[185, 194, 93, 1];

    fn order() -> Order {
        Order { format: Format::Pcap, ..testing::order() }
    }

    fn read_with(order: &Order, captured: &[Vec<u8>]) -> Found {
        let timed: Vec<(u32, Vec<u8>)> = captured
            .iter()
            .enumerate()
            .map(|(at, packet)| (u32::try_from(at).unwrap() * 40, packet.clone()))
            .collect();
        testing::read(&packets::capture(&timed), order)
    }

    fn read(captured: &[Vec<u8>]) -> Found {
        read_with(&order(), captured)
    }

    fn answer(name: &str) -> Vec<u8> {
        testing::response(name, &[(name, 1, V4)])
    }

    fn row(name: &str, count: u32) -> String {
        format!("{name} A 185.194.93.1 {AT} {count} -")
    }

    #[test]
    fn responses_come_from_port_53_and_everything_else_is_dropped() {
        let with = |ports, message: &[u8]| packets::ip(4, UDP, &packets::udp(ports, message));
        let mut arp = packets::ip(4, 1, &answer("icmp.example"));
        let captured = [
            packets::query(&testing::query("a.example")),
            packets::response(&answer("a.example")),
            packets::ip(6, UDP, &packets::udp((53, 9), &answer("b.example"))),
            with((53, 5353), &answer("c.example")),
            with((53, 53), &answer("d.example")),
            with((53, 53), &testing::query("d.example")),
            with((53, 9), &testing::query("e.example")),
            with((9, 53), &answer("f.example")),
            with((5353, 5353), &answer("g.example")),
            with((5355, 9), &answer("h.example")),
            with((9, 137), &answer("i.example")),
            with((5300, 9), &answer("j.example")),
            std::mem::take(&mut arp),
            with((53, 9), b"x"),
            with((53, 9), &answer("k.example")[..20]),
        ];
        let found = read(&captured);
        assert_eq!(found.rows, ["a", "b", "c", "d"].map(|name| row(&format!("{name}.example"), 1)));
        let expected = [(Dropped::Query, 3), (Dropped::LocalName, 3), (Dropped::NotDns, 3)];
        assert_eq!(found.dropped(), expected);
        assert_eq!(found.rejected(), [(Reason::Message, 2)]);
        assert_eq!((found.tally.units, found.tally.messages), (15, 4));
        let other = Order { ports: [5300].into(), ..order() };
        assert_eq!(read_with(&other, &captured).rows, [row("j.example", 1)]);
    }

    #[test]
    fn fragments_are_put_together() {
        let datagram = packets::udp((53, 9), &answer("a.example"));
        let other = packets::udp((9, 9), &[7; 40]);
        let part = |id, bytes: &[u8]| {
            vec![
                packets::part(id, (0, true), UDP, &bytes[..16]),
                packets::part(id, (16, false), UDP, &bytes[16..]),
            ]
        };
        let mut captured = part(7, &datagram);
        captured.extend(part(8, &other));
        captured.push(packets::part(9, (0, true), UDP, &datagram[..16]));
        captured.push(packets::part(10, (0, true), 1, &datagram[..16]));
        let found = read(&captured);
        assert_eq!(found.rows, [row("a.example", 1)]);
        assert_eq!(found.rejected(), [(Reason::Incomplete, 1)]);
        assert_eq!(found.dropped(), [(Dropped::NotDns, 2)]);
    }

    #[test]
    fn messages_over_tcp_are_put_together() {
        let both = [framed(&answer("a.example")), framed(&answer("b.example"))].concat();
        let open = |sequence| packets::ip(4, TCP, &packets::syn((53, 40_000), sequence, b""));
        let mut asked = framed(&testing::query("a.example"));
        asked[3] = 8;
        let captured = [
            of_client(packets::ip(4, TCP, &packets::syn((40_000, 53), 7, &asked))),
            open(99),
            packets::segment(140, &both[40..]),
            packets::segment(100, &both[..40]),
            packets::segment(100, &both[..40]),
            of_client(packets::ip(4, TCP, &packets::tcp((40_000, 53), 8 + 29, b""))),
            packets::segment(5_000, &framed(&answer("c.example"))),
        ];
        let found = read(&captured);
        assert_eq!(found.rows, ["a", "b", "c"].map(|name| row(&format!("{name}.example"), 1)));
        assert_eq!(found.rejected(), [(Reason::Incomplete, 1)]);
        assert_eq!(found.dropped(), [(Dropped::Query, 1), (Dropped::NotDns, 2)]);
    }

    #[test]
    fn a_response_to_another_question_is_dropped() {
        let captured = [
            packets::query(&testing::query("a.example")),
            packets::response(&answer("b.example")),
            packets::response(&answer("A.Example")),
        ];
        let found = read(&captured);
        assert_eq!(found.rows, [row("a.example", 1)]);
        assert_eq!(found.dropped(), [(Dropped::Query, 1), (Dropped::OtherQuestion, 1)]);
    }

    #[test]
    fn doubles_count_unless_they_are_folded() {
        // They are 40 µs apart.
        let captured = vec![packets::response(&answer("a.example")); 3];
        assert_eq!(read(&captured).rows, [row("a.example", 3)]);
        let folding = Order { fold_doubles: true, ..order() };
        let found = read_with(&folding, &captured);
        assert_eq!(found.rows, [row("a.example", 1)]);
        assert_eq!(found.dropped(), [(Dropped::Doubled, 2)]);
    }

    #[test]
    fn damaged_packets_cost_themselves_alone() {
        let mut long = packets::response(&answer("a.example"));
        long[3] += 9;
        let mut udp = packets::response(&answer("a.example"));
        udp[25] += 9;
        let captured = [
            vec![],
            vec![0x45; 10],
            long,
            udp,
            packets::ip(4, UDP, b"\0\x35\0"),
            packets::ip(4, TCP, &packets::tcp((53, 9), 7, b"")[..12]),
            packets::response(&answer("b.example")),
        ];
        let found = read(&captured);
        assert_eq!((found.rows, found.tally.units), (vec![row("b.example", 1)], 7));
        assert_eq!(found.tally.count_of(Reason::Packet), 6);
    }
}
