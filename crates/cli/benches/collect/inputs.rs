//! The inputs of the benchmark: the same responses as dnstap, a capture, and logs.
//!
//! A quarter of a million names are asked for with the skew of a resolver (few names make up most of the responses), 5,000 times per
//! second of capture time. Each response has two A records. The last dnstap input has each name once, the worst case.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use testkit::dnstap;

/// Responses a second that are wanted from a live stream.
pub(super) const LIVE: u32 = 150_000;
/// Different names.
const NAMES: u32 = 250_000;
/// Responses per second of capture time.
const PER_SECOND: u32 = 5_000;
/// When the capture begins, in seconds since the epoch.
const BEGAN: u32 = 1_700_000_000;

pub(super) struct Input {
    pub(super) name: &'static str,
    /// Responses a second that are wanted.
    pub(super) wanted: u32,
    pub(super) file: PathBuf,
    pub(super) responses: u32,
    pub(super) is_dnstap: bool,
}

/// The inputs, each written when it is its turn.
pub(super) fn all(folder: &Path, responses: u32) -> impl Iterator<Item = Input> {
    type Write = fn(&mut dyn std::io::Write, &mut dyn Iterator<Item = Response>);
    let kinds: [(&str, u32, bool, Write); 6] = [
        ("dnstap file", 300_000, false, write_dnstap),
        ("dnstap file, every name once", 300_000, true, write_dnstap),
        ("packet capture", 250_000, false, write_pcap),
        ("packet capture, every name once", 250_000, true, write_pcap),
        ("Zeek's log in JSON", 300_000, false, write_zeek),
        ("Suricata's EVE, version 3", 300_000, false, write_eve),
    ];
    kinds.into_iter().map(move |(name, wanted, is_once, write)| {
        let file = folder.join("input");
        let mut out = BufWriter::new(File::create(&file).unwrap());
        write(&mut out, &mut sequence(responses, is_once));
        out.flush().unwrap();
        let is_dnstap = name.starts_with("dnstap");
        Input { name, wanted, file, responses, is_dnstap }
    })
}

impl Input {
    /// The frames in so many streams, each with its start and stop.
    pub(super) fn frame_streams(&self, count: usize) -> Vec<Vec<u8>> {
        let bytes = std::fs::read(&self.file).unwrap();
        let (start, stop) = (dnstap::start(), dnstap::stop());
        let mut frames = bytes.get(start.len()..bytes.len() - stop.len()).unwrap();
        let mut streams = vec![start; count];
        let mut next = 0;
        while let Some((length, _)) = frames.split_first_chunk::<4>() {
            let length = usize::try_from(u32::from_be_bytes(*length)).unwrap();
            let (frame, rest) = frames.split_at(4 + length);
            streams.get_mut(next % count).unwrap().extend_from_slice(frame);
            (frames, next) = (rest, next + 1);
        }
        for stream in &mut streams {
            stream.extend_from_slice(&stop);
        }
        streams
    }
}

/// A response with two addresses.
struct Response {
    name: String,
    addresses: [[u8; 4]; 2],
    at: u32,
}

fn sequence(responses: u32, is_once: bool) -> impl Iterator<Item = Response> {
    let mut state = 0x2545_f491_u32;
    (0..responses).map(move |number| {
        // xorshift32: the same names in every run.
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        let rank = if is_once { number } else { skewed(state) };
        let [a, b, c, _] = rank.to_be_bytes();
        Response {
            name: format!("host{rank}.customer{}.example.com", rank % 5_000),
            addresses: [[185, b, c, 1], [185, b, c, 2 + a]],
            at: BEGAN + number / PER_SECOND,
        }
    })
}

/// A name's number: small ones are much more frequent.
fn skewed(random: u32) -> u32 {
    let share = f64::from(random) / f64::from(u32::MAX);
    let rank = share.powi(4) * f64::from(NAMES);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is below NAMES")]
    let rank = rank as u32;
    rank
}

fn write_dnstap(out: &mut dyn std::io::Write, responses: &mut dyn Iterator<Item = Response>) {
    out.write_all(&dnstap::start()).unwrap();
    for Response { name, addresses, at } in responses {
        out.write_all(&dnstap::response_with(&dnstap::answer(&name, &addresses), at)).unwrap();
    }
    out.write_all(&dnstap::stop()).unwrap();
}

/// Ethernet, IPv4 and UDP from port 53; without checksums, which nobody requires of a capture.
fn write_pcap(out: &mut dyn std::io::Write, responses: &mut dyn Iterator<Item = Response>) {
    let head = [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 1];
    for word in head {
        out.write_all(&word.to_le_bytes()).unwrap();
    }
    for Response { name, addresses, at } in responses {
        let message = dnstap::answer(&name, &addresses);
        let length = |more: usize| u16::try_from(message.len() + more).unwrap().to_be_bytes();
        let packet = [
            &[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0][..],
            &[0x45, 0],
            &length(28),
            &[0, 0, 0, 0, 64, 17, 0, 0, 198, 51, 100, 53, 10, 0, 0, 1],
            &[0, 53, 0x9c, 0x40],
            &length(8),
            &[0, 0],
            &message,
        ]
        .concat();
        let size = u32::try_from(packet.len()).unwrap();
        for word in [at, 0, size, size] {
            out.write_all(&word.to_le_bytes()).unwrap();
        }
        out.write_all(&packet).unwrap();
    }
}

fn write_zeek(out: &mut dyn std::io::Write, responses: &mut dyn Iterator<Item = Response>) {
    for Response { name, addresses: [first, second], at } in responses {
        let (first, second) = (std::net::Ipv4Addr::from(first), std::net::Ipv4Addr::from(second));
        writeln!(
            out,
            "{{\"ts\":{at}.5,\"uid\":\"CMdzit1AMNsmfAIiQc\",\"id.orig_h\":\"10.0.0.1\",\"id.orig_p\":40000,\"id.resp_h\":\"198.51.100.53\",\
             \"id.resp_p\":53,\"proto\":\"udp\",\"trans_id\":7,\"rtt\":0.01,\"query\":\"{name}\",\"qclass\":1,\"qclass_name\":\"C_INTERNET\",\
             \"qtype\":1,\"qtype_name\":\"A\",\"rcode\":0,\"rcode_name\":\"NOERROR\",\"AA\":false,\"TC\":false,\"RD\":true,\"RA\":true,\"Z\":0,\
             \"answers\":[\"{first}\",\"{second}\"],\"TTLs\":[300.0,300.0],\"rejected\":false}}"
        )
        .unwrap();
    }
}

fn write_eve(out: &mut dyn std::io::Write, responses: &mut dyn Iterator<Item = Response>) {
    let day = cof::time::rfc3339(BEGAN.into());
    let day = day.split('T').next().unwrap().to_owned();
    for Response { name, addresses: [first, second], at } in responses {
        let (first, second) = (std::net::Ipv4Addr::from(first), std::net::Ipv4Addr::from(second));
        // The capture ends before midnight.
        let second_of_day = at % 86_400;
        let (hour, minute, rest) = (second_of_day / 3_600, second_of_day / 60 % 60, second_of_day % 60);
        writeln!(
            out,
            "{{\"timestamp\":\"{day}T{hour:02}:{minute:02}:{rest:02}.500000+0000\",\"flow_id\":1,\"event_type\":\"dns\",\"src_ip\":\"198.51.100.53\",\
             \"src_port\":53,\"dest_ip\":\"10.0.0.1\",\"dest_port\":40000,\"proto\":\"UDP\",\"dns\":{{\"version\":3,\"type\":\"response\",\"tx_id\":1,\
             \"id\":7,\"flags\":\"8180\",\"qr\":true,\"rd\":true,\"ra\":true,\"opcode\":0,\"rcode\":\"NOERROR\",\"queries\":[{{\"rrname\":\"{name}\",\
             \"rrtype\":\"A\"}}],\"answers\":[{{\"rrname\":\"{name}\",\"rrtype\":\"A\",\"ttl\":300,\"rdata\":\"{first}\"}},\
             {{\"rrname\":\"{name}\",\"rrtype\":\"A\",\"ttl\":300,\"rdata\":\"{second}\"}}]}}}}"
        )
        .unwrap();
    }
}
