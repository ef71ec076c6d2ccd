//! MMDB files, which say where addresses are: [`file()`].
//!
//! They are written byte by byte as version 2 of the format says, with records of 24 bits and IPv4 only, so that tests need no
//! other program and can write what none would.

use std::net::Ipv4Addr;

/// A value in a file.
#[derive(Clone, Debug)]
pub enum Value {
    /// A map.
    Map(Vec<(&'static str, Self)>),
    /// A number of 32 bits.
    Number(u32),
    /// A text of at most 284 bytes.
    Text(String),
}

/// What a node of the tree points to.
#[derive(Clone, Copy)]
enum Slot {
    Node(usize),
    Value(usize),
}

/// A file of this kind, with a value for each network: its first address and the length of its prefix, which is not 0. No network
/// may contain another.
///
/// # Panics
/// If a text is too long.
pub fn file(kind: &str, networks: &[([u8; 4], u8, Value)]) -> Vec<u8> {
    let (mut nodes, mut data): (Vec<[Option<Slot>; 2]>, _) = (vec![[None, None]], Vec::new());
    for (first, length, value) in networks {
        add(&mut nodes, (u32::from(Ipv4Addr::from(*first)), *length), data.len());
        data.extend(bytes(value));
    }
    let pointer = |slot: &Option<Slot>| match slot {
        None => nodes.len(),
        Some(Slot::Node(node)) => *node,
        Some(Slot::Value(at)) => nodes.len() + 16 + at,
    };
    let tree = nodes.iter().flatten().flat_map(|slot| pointer(slot).to_be_bytes().into_iter().skip(5));
    let mut file: Vec<u8> = tree.collect();
    file.extend([0; 16]);
    file.extend(data);
    file.extend(b"\xab\xcd\xefMaxMind.com");
    file.extend(metadata(kind, nodes.len()));
    file
}

/// The value for an address in the layout of `MaxMind` and DB-IP.
pub fn asn(number: u32, name: &str) -> Value {
    Value::Map(vec![
        ("autonomous_system_number", Value::Number(number)),
        ("autonomous_system_organization", text(name)),
    ])
}

/// The value for an address in the layout of `MaxMind` and DB-IP.
pub fn country(code: &str) -> Value {
    let names = Value::Map(vec![("en", text("Somewhere"))]);
    Value::Map(vec![("country", Value::Map(vec![("names", names), ("iso_code", text(code))]))])
}

/// A text.
pub fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// Adds the path of a network to the tree.
fn add(nodes: &mut Vec<[Option<Slot>; 2]>, (first, length): (u32, u8), value: usize) {
    let mut at = 0;
    for depth in 0..length {
        let side = usize::from((first >> (31 - depth)) & 1 == 1);
        let new = nodes.len();
        let Some(slot) = nodes.get_mut(at).and_then(|node| node.get_mut(side)) else { return };
        match slot {
            _ if depth + 1 == length => *slot = Some(Slot::Value(value)),
            Some(Slot::Node(next)) => at = *next,
            _ => {
                *slot = Some(Slot::Node(new));
                nodes.push([None, None]);
                at = new;
            }
        }
    }
}

fn metadata(kind: &str, nodes: usize) -> Vec<u8> {
    let number = |number: usize| Value::Number(u32::try_from(number).expect("a small tree"));
    // Numbers of 16 and 64 bits and an empty array, which values do not have.
    let short = |number: u8| vec![0xa1, number];
    let entries = [
        ("binary_format_major_version", short(2)),
        ("binary_format_minor_version", short(0)),
        ("build_epoch", vec![0x04, 0x02, 0x65, 0x53, 0xf1, 0x00]),
        ("database_type", bytes(&text(kind))),
        ("description", vec![0xe0]),
        ("ip_version", short(4)),
        ("languages", vec![0x00, 0x04]),
        ("node_count", bytes(&number(nodes))),
        ("record_size", short(24)),
    ];
    let mut out = vec![0xe0 | 9];
    for (name, value) in entries {
        out.extend(bytes(&text(name)));
        out.extend(value);
    }
    out
}

fn bytes(value: &Value) -> Vec<u8> {
    let small = |length: usize| u8::try_from(length).expect("short");
    match value {
        Value::Map(entries) => {
            let mut out = vec![0xe0 | small(entries.len())];
            for (name, value) in entries {
                out.extend(bytes(&text(name)));
                out.extend(bytes(value));
            }
            out
        }
        Value::Number(number) => [&[0xc4][..], &number.to_be_bytes()].concat(),
        Value::Text(text) if text.len() < 29 => [&[0x40 | small(text.len())][..], text.as_bytes()].concat(),
        Value::Text(text) => [&[0x5d, small(text.len() - 29)][..], text.as_bytes()].concat(),
    }
}
