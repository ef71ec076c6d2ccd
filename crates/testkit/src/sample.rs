//! Generated records in the Common Output Format: [`records`], or [`ndjson`] for a whole body.
//!
//! The same number and seed give the same bytes on every machine, with integers only and a generator of our own. The mix is
//! that of an ordinary answer: 60 % A, 18 % AAAA, 10 % CNAME, 6 % NS, 3 % MX, 3 % TXT. Names and addresses are drawn from
//! 131,071 each, some of them very often; so are counts. So tuples repeat. Nothing here fails.

use std::net::{Ipv4Addr, Ipv6Addr};

/// The number of each type in a hundred records.
const MIX: [(&str, u64); 6] = [("A", 60), ("AAAA", 18), ("CNAME", 10), ("NS", 6), ("MX", 3), ("TXT", 3)];
/// From 2015-01-01 to 2026-01-01, UTC: all times are in this range.
const SPAN: std::ops::Range<u64> = 1_420_070_400..1_767_225_600;
/// The largest count.
const COUNT_MAX: u64 = 100_000;
/// How many times [`Random::skewed`] doubles: values up to 2^17 - 1.
const DOUBLINGS: u64 = 17;

const TLDS: [&str; 8] = ["com", "com", "com", "net", "org", "info", "eu", "lu"];
const HOSTS: [&str; 12] =
    ["www", "mail", "api", "cdn", "static", "img", "ns1", "vpn", "dev", "shop", "login", "edge7"];
const SYLLABLES: [&str; 16] =
    ["ba", "cor", "de", "fin", "go", "hal", "ka", "lum", "mi", "nor", "pe", "ra", "sol", "ti", "ver", "zu"];

/// This many records, each a JSON object without a line end.
pub fn records(number: usize, seed: u64) -> impl Iterator<Item = String> {
    let mut random = Random(seed);
    std::iter::repeat_with(move || record(&mut random)).take(number)
}

/// This many records as a body, one per line.
pub fn ndjson(number: usize, seed: u64) -> Vec<u8> {
    records(number, seed).flat_map(|line| (line + "\n").into_bytes()).collect()
}

fn record(random: &mut Random) -> String {
    let rrtype = random.rrtype();
    let (domain, rrname) = owner(random);
    let rdata = rdata(random, rrtype, &domain);
    let first = SPAN.start + random.below(SPAN.end - SPAN.start);
    let last = first + random.below(SPAN.end - first);
    let count = random.skewed().min(COUNT_MAX);
    format!(
        "{{\"count\":{count},\"origin\":\"https://www.circl.lu/pdns/\",\"time_first\":{first},\
         \"rrtype\":\"{rrtype}\",\"rrname\":\"{rrname}\",\"rdata\":\"{rdata}\",\"time_last\":{last}}}"
    )
}

/// A registered name, and a name within it, or the name itself.
fn owner(random: &mut Random) -> (String, String) {
    let domain = domain(random.skewed());
    let hosts = match random.below(100) {
        0..35 => 0,
        35..85 => 1,
        85..95 => 2,
        _ => 3,
    };
    let name = (0..hosts).fold(domain.clone(), |name, _| format!("{}.{name}", pick(&HOSTS, random.next())));
    (domain, name)
}

/// The data of a record, already escaped for JSON.
fn rdata(random: &mut Random, rrtype: &str, domain: &str) -> String {
    match rrtype {
        "A" => address(random.skewed()).to_string(),
        "AAAA" => address6(random.skewed()).to_string(),
        "CNAME" => format!("{}.{}", pick(&HOSTS, random.next()), self::domain(random.skewed())),
        "NS" => format!("ns{}.{}", 1 + random.below(4), self::domain(random.skewed())),
        "MX" => format!("{} mail.{}", 10 * (1 + random.below(3)), self::domain(random.skewed())),
        _ => format!("\\\"v=spf1 include:_spf.{domain} -all\\\""),
    }
}

/// The registered name of this rank.
fn domain(rank: u64) -> String {
    let mut random = Random(rank ^ 0x6e61_6d65);
    let syllables = 2 + random.below(3);
    let label: String = (0..syllables).map(|_| pick(&SYLLABLES, random.next())).collect();
    format!("{label}.{}", pick(&TLDS, random.next()))
}

/// The address of this rank, which is not private, loopback or multicast.
fn address(rank: u64) -> Ipv4Addr {
    let bits = Random(rank ^ 0x6164_6472).next().to_be_bytes();
    let [first, b, c, d, ..] = bits;
    Ipv4Addr::new(11 + first % 89, b, c, d)
}

fn address6(rank: u64) -> Ipv6Addr {
    let bits = Random(rank ^ 0x6164_6436).next();
    let network = 0x2a00_0000 | u128::from(bits & 0x000f_ffff);
    Ipv6Addr::from_bits(network << 96 | u128::from(bits >> 48) << 64 | u128::from(bits >> 32 & 0xfff))
}

fn pick<T: Copy>(among: &[T], random: u64) -> T {
    let index = random % among.len() as u64;
    *usize::try_from(index).ok().and_then(|index| among.get(index)).expect("less than the length")
}

/// `SplitMix64` (Steele, Lea and Flood, 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// A number below `end`, each with the same probability, except for a bias far below what a test could detect.
    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// From 1 to 2^17 - 1, with the same probability for each doubling: half of the values are below 2^9, as in Zipf's law.
    fn skewed(&mut self) -> u64 {
        let floor = 1 << self.below(DOUBLINGS);
        floor + self.below(floor)
    }

    fn rrtype(&mut self) -> &'static str {
        let mut left = self.below(100);
        for (rrtype, share) in MIX {
            if left < share {
                return rrtype;
            }
            left -= share;
        }
        unreachable!("the shares add up to a hundred")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    /// The text between a key and what ends its value.
    fn field<'a>(line: &'a str, key: &str, end: &str) -> &'a str {
        let rest = line.split_once(&format!("\"{key}\":")).unwrap().1;
        rest.split_once(end).unwrap().0.trim_start_matches('"')
    }

    #[test]
    fn the_generator_is_the_published_one() {
        let mut random = Random(1_234_567);
        assert_eq!(random.next(), 6_457_827_717_110_365_317);
        assert_eq!(random.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        assert_eq!(ndjson(100, 7), ndjson(100, 7));
        assert_ne!(ndjson(100, 7), ndjson(100, 8));
        assert!(ndjson(100, 7).starts_with(&ndjson(99, 7)));
        assert_eq!(records(1, 1).next().unwrap(), FIRST);
        assert_eq!(ndjson(0, 1), b"");
    }

    const FIRST: &str = concat!(
        r#"{"count":3,"origin":"https://www.circl.lu/pdns/","time_first":1665071733,"rrtype":"AAAA","#,
        r#""rrname":"shop.lumver.com","rdata":"2a0c:cda8:0:1c1d::1cf","time_last":1699161648}"#
    );

    #[test]
    fn the_mix_is_as_promised() {
        let lines: Vec<_> = records(20_000, 42).collect();
        for (rrtype, share) in MIX {
            let found = lines.iter().filter(|line| field(line, "rrtype", "\",") == rrtype).count();
            let expected = 200 * usize::try_from(share).unwrap();
            assert!(found.abs_diff(expected) < 200, "{rrtype}: {found}, not {expected}");
        }
    }

    #[test]
    fn values_stay_in_their_bounds() {
        for line in records(20_000, 3) {
            let number = |key, end| field(&line, key, end).parse::<u64>().unwrap();
            let (first, last) = (number("time_first", ","), number("time_last", "}"));
            assert!(SPAN.contains(&first) && first <= last && SPAN.contains(&last), "{line}");
            assert!((1..=COUNT_MAX).contains(&number("count", ",")), "{line}");
            let labels = field(&line, "rrname", "\",").split('.').count();
            assert!((2..=5).contains(&labels), "{line}");
        }
    }

    #[test]
    fn lines_have_the_usual_length() {
        let mean = ndjson(20_000, 5).len() / 20_000;
        assert!((150..=170).contains(&mean), "{mean}");
    }

    #[test]
    fn a_few_names_are_frequent_and_many_are_rare() {
        let mut names = HashMap::new();
        for line in records(20_000, 9) {
            *names.entry(field(&line, "rrname", "\",").to_owned()).or_insert(0_u32) += 1;
        }
        let most = names.values().max().unwrap();
        assert!(*most > 100 && names.len() > 5_000, "{most} of the most frequent, {} names", names.len());
    }
}
