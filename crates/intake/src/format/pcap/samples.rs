//! Captures of resolvers and of authoritative servers: what they hold is known from tshark and from an independent parser of
//! messages, and must come out exactly. Without the sample data, nothing is compared.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::ip::{self, Datagram, Flow};
use super::packets::Packet;
use super::sections::{Block, Sections};
use super::stream::{Event, Streams};
use super::{Header, link};
use crate::Format;
use crate::batches::Order;
use crate::format::testing::{self, Found};
use crate::tally::Dropped;

/// What a capture holds.
struct Sample {
    path: &'static str,
    packets: u64,
    queries: u64,
    responses: u64,
    /// Of these, whose records are taken.
    messages: u64,
    /// Records by type, with those that are repeated.
    records: &'static [(&'static str, u64)],
    /// Records that differ.
    unique: usize,
    /// What else was dropped of the responses.
    dropped: &'static [(Dropped, u64)],
}

const SAMPLES: &[Sample] = &[
    // 319 responses of the code NOERROR have answers: 43 of them are truncated, and 6 are of class CH. Of 5,232 with the code
    // NXDOMAIN, 22 are truncated.
    Sample {
        path: "dns-stats-compactor/knot-live.raw.pcap.xz",
        packets: 17_493,
        queries: 8_267,
        responses: 8_264,
        messages: 319 - 43 - 6,
        records: &[
            ("A", 6),
            ("AAAA", 1),
            ("DNSKEY", 21),
            ("DS", 16),
            ("NS", 3_159),
            ("NSEC", 5),
            ("RRSIG", 262),
            ("SOA", 11),
        ],
        unique: 49,
        dropped: &[
            (Dropped::Empty, 2_641),
            (Dropped::Rcode, 5_232 - 22),
            (Dropped::TruncatedResponse, 136),
            (Dropped::Opcode, 1),
            (Dropped::Class, 6),
        ],
    },
    // 383 responses have answers; 4 are of class CH. Of 6,573 with the code NXDOMAIN, 24 are truncated; 5 have FORMERR and no
    // question.
    Sample {
        path: "dns-stats-compactor/nsd-live.raw.pcap.xz",
        packets: 21_804,
        queries: 10_432,
        responses: 10_432,
        messages: 383 - 4,
        records: &[
            ("A", 3),
            ("AAAA", 2),
            ("DNSKEY", 24),
            ("DS", 23),
            ("NS", 4_394),
            ("NSEC", 2),
            ("RRSIG", 348),
            ("SOA", 15),
        ],
        unique: 51,
        dropped: &[
            (Dropped::Empty, 3_361),
            (Dropped::Rcode, 6_573 - 24),
            (Dropped::TruncatedResponse, 133),
            (Dropped::Opcode, 1),
            (Dropped::Questions, 5),
            (Dropped::Class, 4),
        ],
    },
    Sample {
        path: "dmachard-go-dnscollector/pcap/dnsdump_udp.pcap",
        packets: 33,
        queries: 17,
        responses: 16,
        messages: 6,
        records: &[("A", 4), ("AAAA", 2), ("CNAME", 6)],
        unique: 9,
        dropped: &[(Dropped::Empty, 6), (Dropped::Rcode, 4)],
    },
    Sample {
        path: "dmachard-go-dnscollector/pcap/dnsdump_tcp.pcap",
        packets: 50,
        queries: 5,
        responses: 5,
        messages: 4,
        records: &[("A", 2), ("TXT", 25)],
        unique: 27,
        dropped: &[(Dropped::Empty, 1)],
    },
    Sample {
        path: "dmachard-go-dnscollector/pcap/dnsdump_tcp_fastopen.pcap",
        packets: 32,
        queries: 4,
        responses: 4,
        messages: 4,
        records: &[("A", 4)],
        unique: 3,
        dropped: &[],
    },
    Sample {
        path: "dmachard-go-dnscollector/pcap/dnsdump_udp+tcp.pcap",
        packets: 12,
        queries: 2,
        responses: 2,
        messages: 2,
        records: &[("A", 2)],
        unique: 2,
        dropped: &[],
    },
    Sample {
        path: "dmachard-go-dnscollector/pcap/dnsdump_udp_truncated+tcp_fragmented.pcap",
        packets: 30,
        queries: 2,
        responses: 2,
        messages: 1,
        records: &[("A", 2_048)],
        unique: 2_048,
        dropped: &[(Dropped::TruncatedResponse, 1)],
    },
    Sample {
        path: "dmachard-go-dnscollector/pcap/dnsdump_ip4_fragmented+udp.pcap",
        packets: 3,
        queries: 1,
        responses: 1,
        messages: 1,
        records: &[("DNSKEY", 2), ("RRSIG", 2)],
        unique: 4,
        dropped: &[],
    },
    Sample {
        path: "dmachard-go-dnscollector/pcap/dnsdump_ip6_fragmented+udp.pcap",
        packets: 3,
        queries: 1,
        responses: 1,
        messages: 1,
        records: &[("AAAA", 1), ("RRSIG", 1)],
        unique: 2,
        dropped: &[],
    },
    Sample {
        path: "dmachard-go-dnscollector/pcap/dnsdump_ip4_fragmented_query.pcap",
        packets: 4,
        queries: 2,
        responses: 0,
        messages: 0,
        records: &[],
        unique: 0,
        dropped: &[],
    },
    Sample {
        path: "dmachard-go-dnscollector/pcap/dnsdump_ip6_fragmented_query.pcap",
        packets: 2,
        queries: 1,
        responses: 0,
        messages: 0,
        records: &[],
        unique: 0,
        dropped: &[],
    },
    Sample {
        path: "phillipmartin-gopassivedns/100_tcp_lookups.pcap",
        packets: 3_000,
        queries: 300,
        responses: 300,
        messages: 300,
        records: &[("A", 300)],
        unique: 3,
        dropped: &[],
    },
    Sample {
        path: "phillipmartin-gopassivedns/100_udp_lookups.pcap",
        packets: 100,
        queries: 50,
        responses: 50,
        messages: 50,
        records: &[("A", 50)],
        unique: 3,
        dropped: &[],
    },
    one("phillipmartin-gopassivedns/a.pcap", &[("A", 1)], 1),
    one("phillipmartin-gopassivedns/aaaa.pcap", &[("AAAA", 1)], 1),
    one("phillipmartin-gopassivedns/mx.pcap", &[("MX", 5)], 5),
    one("phillipmartin-gopassivedns/ns.pcap", &[("NS", 4)], 4),
    Sample {
        path: "phillipmartin-gopassivedns/multiple_udp.pcap",
        packets: 6,
        queries: 3,
        responses: 3,
        messages: 3,
        records: &[("A", 3)],
        unique: 3,
        dropped: &[],
    },
    Sample {
        messages: 0,
        dropped: &[(Dropped::Rcode, 1)],
        ..one("phillipmartin-gopassivedns/nxdomain.pcap", &[], 0)
    },
];

/// A query and its response.
const fn one(path: &'static str, records: &'static [(&'static str, u64)], unique: usize) -> Sample {
    Sample { path, packets: 2, queries: 1, responses: 1, messages: 1, records, unique, dropped: &[] }
}

#[test]
fn every_sample_has_what_is_known_of_it() {
    for sample in SAMPLES {
        let Some(bytes) = testing::shared(sample.path) else { return };
        assert_eq!(Format::of(&bytes, false), Some(Format::Pcap));
        let found = testing::read(&bytes, &Order { format: Format::Pcap, ..testing::order() });
        compare(sample, &found);
        let seen = Walk::through(&bytes);
        assert!(!seen.clients.is_empty(), "{}", sample.path);
        for row in &found.rows {
            let is_client = |word: &str| word.parse().is_ok_and(|address| seen.clients.contains(&address));
            assert!(!row.split(' ').any(is_client), "{}: {row} has the address of a client", sample.path);
        }
        let over_tcp = match sample.path {
            path if path.contains("knot-live") => 93,
            path if path.contains("nsd-live") => 106,
            path if path.contains("100_tcp") => 300,
            _ => continue,
        };
        assert_eq!(seen.responses_over_tcp, over_tcp, "{}", sample.path);
    }
}

fn compare(sample: &Sample, found: &Found) {
    let (path, tally) = (sample.path, &found.tally);
    let mut records: BTreeMap<&str, u64> = BTreeMap::new();
    let mut unique = BTreeSet::new();
    for row in &found.rows {
        // Data has blanks; time, count and bailiwick after it have none.
        let words: Vec<&str> = row.split(' ').collect();
        let [owner, rrtype, data @ .., _, count, "-"] = words.as_slice() else { panic!("{row}") };
        *records.entry(rrtype).or_default() += count.parse::<u64>().unwrap();
        unique.insert((*owner, *rrtype, data.to_vec()));
    }
    assert_eq!(records, sample.records.iter().copied().collect(), "{path}");
    assert_eq!(unique.len(), sample.unique, "{path}");
    let mut dropped: BTreeMap<Dropped, u64> = found.dropped().into_iter().collect();
    dropped.remove(&Dropped::NotDns);
    assert_eq!(dropped.remove(&Dropped::Query), Some(sample.queries), "{path}");
    assert_eq!(tally.messages + dropped.values().sum::<u64>(), sample.responses, "{path}");
    assert_eq!(dropped, sample.dropped.iter().copied().collect(), "{path}");
    assert_eq!((tally.units, tally.messages), (sample.packets, sample.messages), "{path}");
    assert_eq!((found.rejected(), tally.truncated), (vec![], false), "{path}");
}

/// What the packets of a capture show beside their messages.
#[derive(Default)]
struct Walk {
    /// Who asked port 53, and whom port 53 answered.
    clients: BTreeSet<IpAddr>,
    responses_over_tcp: u64,
}

impl Walk {
    fn through(mut bytes: &[u8]) -> Self {
        let (mut walk, mut streams, mut sections) = (Self::default(), Streams::new(), Sections::default());
        let header = Header::of_magic(bytes);
        if header.is_some() {
            bytes = &bytes[24..];
        }
        while !bytes.is_empty() {
            if let Some(header) = header {
                let captured = header.u32(bytes, 8).unwrap() as usize;
                walk.packet(1, &bytes[16..16 + captured], &mut streams);
                bytes = &bytes[16 + captured..];
                continue;
            }
            let length = match sections.block(bytes) {
                Block::Packet(Packet { link, bytes, .. }, _, length) => {
                    walk.packet(link, bytes, &mut streams);
                    length
                }
                Block::Other(length) => length,
                other => panic!("{other:?}"),
            };
            bytes = &bytes[usize::try_from(length).unwrap()..];
        }
        walk
    }

    fn packet(&mut self, link: u32, bytes: &[u8], streams: &mut Streams) {
        let Ok(Some(bytes)) = link::payload(link, bytes) else { return };
        let datagram = Datagram::of(bytes).unwrap();
        if !matches!(datagram.protocol, ip::UDP | ip::TCP) {
            return;
        }
        let Datagram { source, destination, payload, .. } = datagram;
        let (source_port, destination_port) = ip::ports(payload).unwrap();
        match (source_port, destination_port) {
            (53, _) => self.clients.insert(destination),
            (_, 53) => self.clients.insert(source),
            _ => return,
        };
        if datagram.protocol == ip::TCP && source_port == 53 {
            let flow = Flow { source, destination, source_port, destination_port };
            streams.read(flow, &ip::tcp(payload).unwrap(), 0, &mut |_, event| {
                self.responses_over_tcp += u64::from(matches!(event, Event::Message(..)));
            });
        }
    }
}
