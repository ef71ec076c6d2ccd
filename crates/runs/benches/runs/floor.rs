//! The minimum cost of storing both orders: everything in memory, folded, sorted, front-coded, compressed and written once.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use cof::{Batch, Observation, Target};

use crate::generator::mix;

/// First, last and count, merged.
type Value = (u64, u64, u64);

/// The keys of one order: their positions, and their values.
struct Keys {
    octets: Vec<u8>,
    places: Vec<(u64, usize, usize, Value)>,
}

/// Writes one order of all batches.
pub(crate) fn order(batches: &[Batch], by_rdata: bool, path: &Path) {
    let count = batches.iter().map(|batch| batch.observations.len()).sum();
    let mut keys = Keys { octets: Vec::with_capacity(count * 48), places: Vec::with_capacity(count) };
    for observation in batches.iter().flat_map(|batch| &batch.observations) {
        keys.push(observation, by_rdata);
    }
    keys.sort();
    keys.write(path);
}

impl Keys {
    fn push(&mut self, observation: &Observation, by_rdata: bool) {
        let start = self.octets.len();
        if by_rdata {
            match observation.rdata.target(observation.rrtype) {
                None => return,
                Some(Target::Address(address)) => match address {
                    std::net::IpAddr::V4(address) => self.octets.extend(address.octets()),
                    std::net::IpAddr::V6(address) => self.octets.extend(address.octets()),
                },
                Some(Target::Name(name)) => name.push_sort_key(&mut self.octets),
            }
        }
        observation.rrname.push_sort_key(&mut self.octets);
        self.octets.extend(observation.rrtype.code().unwrap().to_be_bytes());
        self.octets.extend_from_slice(observation.rdata.as_wire().unwrap());
        let prefix = self.octets[start..]
            .iter()
            .chain(&[0; 8])
            .take(8)
            .fold(0, |all, octet| all << 8 | u64::from(*octet));
        let value = (observation.time_first, observation.time_last, observation.count.unwrap());
        self.places.push((prefix, start, self.octets.len(), value));
    }

    fn sort(&mut self) {
        let octets = &self.octets;
        self.places.sort_unstable_by(|a, b| (a.0, &octets[a.1..a.2]).cmp(&(b.0, &octets[b.1..b.2])));
        self.places.dedup_by(|later, kept| {
            let same = later.0 == kept.0 && octets[later.1..later.2] == octets[kept.1..kept.2];
            if same {
                kept.3 = (kept.3.0.min(later.3.0), kept.3.1.max(later.3.1), kept.3.2 + later.3.2);
            }
            same
        });
    }

    fn write(&self, path: &Path) {
        let mut file = File::create(path).unwrap();
        let mut zstd = zstd::bulk::Compressor::new(1).unwrap();
        let (mut block, mut out, mut before): (Vec<u8>, Vec<u8>, &[u8]) = (Vec::new(), Vec::new(), &[]);
        for (_, start, end, (first, last, count)) in &self.places {
            let key = &self.octets[*start..*end];
            let shared = before.iter().zip(key).take_while(|(a, b)| a == b).count();
            block.extend([shared as u8, (key.len() - shared) as u8]);
            block.extend_from_slice(&key[shared..]);
            for number in [*first, last - first, *count] {
                varint(number, &mut block);
            }
            before = key;
            if block.len() > 16 << 10 {
                out.extend(zstd.compress(&block).unwrap());
                out.extend(mix(block.len() as u64).to_le_bytes());
                block.clear();
                before = &[];
            }
            if out.len() > 1 << 20 {
                file.write_all(&out).unwrap();
                out.clear();
            }
        }
        out.extend(zstd.compress(&block).unwrap());
        file.write_all(&out).unwrap();
        file.sync_data().unwrap();
    }
}

fn varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}
