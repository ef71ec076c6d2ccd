//! Packets and captures made field by field.

use std::net::Ipv4Addr;

use super::ip::{TCP, UDP};

pub(crate) const SERVER: Ipv4Addr = Ipv4Addr::new(185, 194, 93, 53);
pub(crate) const CLIENT: Ipv4Addr = Ipv4Addr::new(185, 194, 93, 200);
/// A time, in seconds since the epoch.
pub(crate) const AT: u64 = 1_700_000_000;

fn short(number: usize) -> [u8; 2] {
    u16::try_from(number).unwrap().to_be_bytes()
}

/// An IP packet from the server to the client.
pub(crate) fn ip(version: u8, protocol: u8, payload: &[u8]) -> Vec<u8> {
    if version == 6 {
        let fixed = [&[0x60, 0, 0, 0][..], &short(payload.len()), &[protocol, 64]].concat();
        let mut addresses = [0x2a; 32];
        addresses[31] = 200;
        return [&fixed[..], &addresses, payload].concat();
    }
    part(0, (0, false), protocol, payload)
}

/// A fragment of an IPv4 packet with this id: where it begins, and whether others follow.
pub(crate) fn part(id: u16, (offset, has_more): (usize, bool), protocol: u8, payload: &[u8]) -> Vec<u8> {
    let place = short(offset / 8 + usize::from(has_more) * 0x2000);
    let head = [&[0x45, 0][..], &short(20 + payload.len()), &id.to_be_bytes(), &place].concat();
    [&head[..], &[64, protocol, 0, 0], &SERVER.octets(), &CLIENT.octets(), payload].concat()
}

pub(crate) fn udp(ports: (u16, u16), data: &[u8]) -> Vec<u8> {
    let head = [ports.0.to_be_bytes(), ports.1.to_be_bytes(), short(8 + data.len()), [0; 2]].concat();
    [&head[..], data].concat()
}

pub(crate) fn tcp(ports: (u16, u16), sequence: u32, data: &[u8]) -> Vec<u8> {
    let head = [&ports.0.to_be_bytes()[..], &ports.1.to_be_bytes(), &sequence.to_be_bytes(), &[0; 4]];
    [&head.concat()[..], &[0x50, 0x10, 0, 0, 0, 0, 0, 0], data].concat()
}

/// A segment that opens a connection.
pub(crate) fn syn(ports: (u16, u16), sequence: u32, data: &[u8]) -> Vec<u8> {
    let mut segment = tcp(ports, sequence, data);
    segment[13] = 2;
    segment
}

/// Turns an IPv4 packet of the server into one of the client; the ports stay.
pub(crate) fn of_client(mut packet: Vec<u8>) -> Vec<u8> {
    packet[12..16].copy_from_slice(&CLIENT.octets());
    packet[16..20].copy_from_slice(&SERVER.octets());
    packet
}

/// A response over UDP from port 53.
pub(crate) fn response(message: &[u8]) -> Vec<u8> {
    ip(4, UDP, &udp((53, 40_000), message))
}

/// The query that it answers.
pub(crate) fn query(message: &[u8]) -> Vec<u8> {
    of_client(ip(4, UDP, &udp((40_000, 53), message)))
}

/// A segment of the server over TCP.
pub(crate) fn segment(sequence: u32, data: &[u8]) -> Vec<u8> {
    ip(4, TCP, &tcp((53, 40_000), sequence, data))
}

/// A message as it is sent over TCP.
pub(crate) fn framed(message: &[u8]) -> Vec<u8> {
    [&short(message.len())[..], message].concat()
}

/// A capture in the classic format, little-endian with microseconds, of IP packets: microseconds after [`AT`], and bytes.
pub(crate) fn capture(packets: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let mut file = header();
    for (micros, packet) in packets {
        file.extend(record(*micros, packet));
    }
    file
}

/// The head of such a capture.
pub(crate) fn header() -> Vec<u8> {
    let mut file = b"\xd4\xc3\xb2\xa1\x02\0\x04\0".to_vec();
    for number in [0_u32, 0, 262_144, 101] {
        file.extend(number.to_le_bytes());
    }
    file
}

/// A packet of such a capture.
pub(crate) fn record(micros: u32, packet: &[u8]) -> Vec<u8> {
    let seconds = u32::try_from(AT).unwrap() + micros / 1_000_000;
    let length = u32::try_from(packet.len()).unwrap();
    let mut record = Vec::new();
    for number in [seconds, micros % 1_000_000, length, length] {
        record.extend(number.to_le_bytes());
    }
    record.extend(packet);
    record
}
