//! Generated observations: names with a Zipf distribution, two in five repeated, and record types as sensors see them.
//!
//! A tuple is a function of its number, so that any part of the data can be generated again without storing it.

use cof::{Batch, Name, Observation, Rdata, RrType, Source, SourceKind};

/// Observations of a batch.
pub(crate) const BATCH: u64 = 10_000;
const SEED: u64 = 0x0bac_5191;
/// Of a hundred observations, how many repeat an earlier tuple.
const REPEATED: u64 = 40;
const HOSTS: &[&str] =
    &["www", "mail", "api", "cdn", "ns1", "ns2", "img", "static", "login", "m", "shop", "vpn"];
const SUFFIXES: &[&str] =
    &["com", "com", "com", "net", "org", "de", "co.uk", "ru", "io", "info", "fr", "xyz"];
const SYLLABLES: &[&str] =
    &["ba", "co", "di", "fu", "ge", "hi", "jo", "ka", "lu", "me", "no", "pi", "ra", "so", "tu", "ve"];

/// Generates `total` observations.
pub(crate) struct Generator {
    total: u64,
    made: u64,
    /// Tuples generated so far.
    tuples: u64,
}

impl Generator {
    pub(crate) fn new(total: u64) -> Self {
        Self { total, made: 0, tuples: 0 }
    }

    /// How many different tuples were generated.
    pub(crate) fn tuples(&self) -> u64 {
        self.tuples
    }

    fn observation(&mut self) -> Observation {
        let draw = mix(self.made ^ SEED);
        self.made += 1;
        let repeated = self.tuples > 0 && draw % 100 < REPEATED;
        let number = if repeated {
            // Tuples that were observed often are repeated more often.
            let part = unit(mix(draw));
            (part * part * self.tuples as f64) as u64
        } else {
            self.tuples += 1;
            self.tuples - 1
        };
        let (rrname, rrtype, rdata) = tuple(number);
        let first = 1_500_000_000 + mix(draw ^ 1) % 250_000_000;
        let time_last = first + mix(draw ^ 2) % 100_000;
        let count = Some(1 + (1.0 / (unit(mix(draw ^ 3)) + 0.01)) as u64);
        Observation { rrname, rrtype, rdata, bailiwick: None, time_first: first, time_last, count, source: 0 }
    }
}

impl Iterator for Generator {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        let count = BATCH.min(self.total - self.made);
        let source = Source {
            kind: SourceKind::Observation,
            origin: Some("https://bench.example/".into()),
            sensor: None,
        };
        let observations = (0..count).map(|_| self.observation()).collect();
        (count > 0).then(|| Batch { sources: vec![source], observations, position: None })
    }
}

/// The tuple with this number.
pub(crate) fn tuple(number: u64) -> (Name, RrType, Rdata) {
    let draw = mix(number ^ 0x5eed);
    let domain = domain(zipf(mix(draw), 2_000_000));
    let host = match draw % 4 {
        0 => String::new(),
        1 => format!("{}.", HOSTS[(mix(draw ^ 4) % HOSTS.len() as u64) as usize]),
        _ => format!("{}{}.", HOSTS[(draw % HOSTS.len() as u64) as usize], number % 5000),
    };
    let name = Name::parse(&format!("{host}{domain}")).unwrap();
    let (rrtype, text) = match mix(draw ^ 5) % 100 {
        0..60 => {
            // Networks of providers have many addresses, others few.
            let network = zipf(mix(draw ^ 6), 200_000) as u32;
            let bits =
                0x0b00_0000 + network.wrapping_mul(40_503) % 0xd000_0000 / 256 * 256 + (draw % 256) as u32;
            (RrType::A, std::net::Ipv4Addr::from_bits(bits).to_string())
        }
        60..78 => {
            let network = u128::from(zipf(mix(draw ^ 6), 50_000));
            let bits = 0x2001_0db8_u128 << 96 | network << 64 | u128::from(mix(draw ^ 7) % 65_536);
            (RrType::AAAA, std::net::Ipv6Addr::from_bits(bits).to_string())
        }
        78..88 => (RrType::CNAME, format!("{}.cdn{}.example.net", number % 100_000, draw % 20)),
        88..94 => (RrType::NS, format!("ns{}.{}", draw % 4, self::domain(zipf(mix(draw ^ 8), 20_000)))),
        94..97 => (RrType::MX, format!("10 mx{}.{}", draw % 3, self::domain(zipf(mix(draw ^ 9), 20_000)))),
        _ => (
            RrType::TXT,
            format!("\"v=spf1 include:_spf{}.example.com ip4:192.0.2.{} -all\"", draw % 5_000, draw % 256),
        ),
    };
    (name, rrtype, Rdata::parse(rrtype, &text))
}

/// The domain of a rank.
fn domain(rank: u64) -> String {
    let mut name = String::new();
    let mut rest = mix(rank) % 16 + rank * 16;
    while rest > 0 {
        name.push_str(SYLLABLES[(rest % 16) as usize]);
        rest /= 16;
    }
    format!("{name}x.{}", SUFFIXES[(mix(rank ^ 0xd0) % SUFFIXES.len() as u64) as usize])
}

/// A rank below `most`; the first ones are the most frequent.
fn zipf(draw: u64, most: u64) -> u64 {
    ((most as f64).powf(unit(draw)) - 1.0) as u64
}

fn unit(draw: u64) -> f64 {
    (draw >> 11) as f64 / (1_u64 << 53) as f64
}

/// `SplitMix64`.
pub(crate) fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
