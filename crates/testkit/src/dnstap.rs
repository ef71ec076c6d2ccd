//! Frame streams as a resolver writes them: [`start`], any number of [`response`]s, [`stop`].
//!
//! The bytes are made by hand from the descriptions of Frame Streams, dnstap and RFC 1035, so that a mistake of the decoder does not
//! repeat itself here.

/// The START frame.
pub fn start() -> Vec<u8> {
    control(2, b"protobuf:dnstap.Dnstap")
}

/// The STOP frame.
pub fn stop() -> Vec<u8> {
    [0_u32, 4, 3].into_iter().flat_map(u32::to_be_bytes).collect()
}

/// The READY frame, with which a sender asks for a handshake.
pub fn ready() -> Vec<u8> {
    control(4, b"protobuf:dnstap.Dnstap")
}

/// A `RESOLVER_RESPONSE` with one A record of this name, at a time in seconds since the epoch. It has the addresses of a client and a
/// server, which nobody may store.
pub fn response(name: &str, address: [u8; 4], at: u32) -> Vec<u8> {
    response_with(&answer(name, &[address]), at)
}

/// The same with this DNS message.
pub fn response_with(answer: &[u8], at: u32) -> Vec<u8> {
    let message = [
        vec![0x08, 4, 0x10, 1, 0x18, 1],
        field(4, &[10, 99, 98, 97]),
        field(5, &[192, 0, 2, 53]),
        number(12, at),
        field(14, answer),
    ]
    .concat();
    framed(&[field(14, &message), vec![0x78, 1]].concat())
}

/// A DNS response with A records.
pub fn answer(name: &str, addresses: &[[u8; 4]]) -> Vec<u8> {
    let count = u8::try_from(addresses.len()).expect("answers are short");
    let mut message = vec![0, 7, 0x81, 0x80, 0, 1, 0, count, 0, 0, 0, 0];
    for label in name.split('.') {
        message.push(u8::try_from(label.len()).expect("a label has at most 63 bytes"));
        message.extend(label.as_bytes());
    }
    message.extend([0, 0, 1, 0, 1]);
    for address in addresses {
        // The owner is a pointer to the question.
        message.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4]);
        message.extend(address);
    }
    message
}

fn control(kind: u32, content: &[u8]) -> Vec<u8> {
    let fields = [&kind.to_be_bytes()[..], &1_u32.to_be_bytes(), &length(content), content].concat();
    [&[0; 4][..], &length(&fields), &fields].concat()
}

fn framed(payload: &[u8]) -> Vec<u8> {
    [&length(payload)[..], payload].concat()
}

fn length(bytes: &[u8]) -> [u8; 4] {
    u32::try_from(bytes.len()).expect("frames are short").to_be_bytes()
}

/// A protobuf field of bytes.
fn field(at: u8, bytes: &[u8]) -> Vec<u8> {
    [vec![at << 3 | 2], varint(u32::try_from(bytes.len()).expect("fields are short")), bytes.to_vec()]
        .concat()
}

/// A protobuf field of a number.
fn number(at: u8, value: u32) -> Vec<u8> {
    [vec![at << 3], varint(value)].concat()
}

fn varint(mut value: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 0x7f {
        bytes.push(u8::try_from(value & 0x7f).expect("seven bits") | 0x80);
        value >>= 7;
    }
    bytes.push(u8::try_from(value).expect("seven bits"));
    bytes
}
