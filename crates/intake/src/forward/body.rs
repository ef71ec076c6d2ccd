//! The bodies that a sensor sends: [`Body`], and [`Bodies`], which makes them of batches.
//!
//! A body is zstd-compressed (with its checksum) and has one record in the Common Output Format per line, with count, times,
//! bailiwick, sensor and origin. It has at most [`MOST_RECORDS`] records, so that a database stores it as one batch, and about
//! [`MOST_TEXT`] bytes before compression, so that proxies with usual limits let it through.
//!
//! Errors: compressing can only fail for lack of memory.

use std::io::{self, Read as _, Write as _};

use cof::{Batch, Dialect, Observation, Record, Source, Writer};

/// The most records of a body.
pub(super) const MOST_RECORDS: u64 = 10_000;
/// A body ends with the record that exceeds this size before compression, in bytes.
const MOST_TEXT: usize = 4 << 20;
/// The largest size of a body before compression that is read back, in bytes: its last record may be long.
const MOST_READ: u64 = 16 << 20;
/// zstd's own default. A sensor has little to do.
const LEVEL: i32 = 3;

/// What is sent in one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Body {
    pub(super) bytes: Vec<u8>,
    pub(super) records: u64,
}

/// Makes bodies.
pub(super) struct Bodies {
    writer: Writer,
    line: String,
    open: Option<Open>,
    done: Vec<Body>,
}

/// A body that more records fit into.
struct Open {
    encoder: zstd::stream::write::Encoder<'static, Vec<u8>>,
    records: u64,
    /// Bytes before compression.
    text: usize,
}

impl Bodies {
    pub(super) fn new() -> Self {
        Self { writer: Writer::new(Dialect::Draft), line: String::new(), open: None, done: Vec::new() }
    }

    /// Adds the observations of a batch.
    pub(super) fn add(&mut self, batch: Batch) -> io::Result<()> {
        for observation in batch.observations {
            let source = batch.sources.get(observation.source);
            self.line.clear();
            self.writer.write(&record(observation, source), &mut self.line);
            self.push()?;
        }
        Ok(())
    }

    /// Whether no more records fit into the open body, or another one is complete.
    pub(super) fn is_full(&self) -> bool {
        !self.done.is_empty()
    }

    /// All bodies; the next record begins one.
    pub(super) fn take(&mut self) -> io::Result<Vec<Body>> {
        self.close()?;
        Ok(std::mem::take(&mut self.done))
    }

    fn push(&mut self) -> io::Result<()> {
        let open = match &mut self.open {
            Some(open) => open,
            None => self.open.insert(Open::new()?),
        };
        open.encoder.write_all(self.line.as_bytes())?;
        open.records += 1;
        open.text += self.line.len();
        if open.records >= MOST_RECORDS || open.text >= MOST_TEXT { self.close() } else { Ok(()) }
    }

    fn close(&mut self) -> io::Result<()> {
        if let Some(open) = self.open.take() {
            self.done.push(Body { bytes: open.encoder.finish()?, records: open.records });
        }
        Ok(())
    }
}

impl Open {
    fn new() -> io::Result<Self> {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), LEVEL)?;
        encoder.include_checksum(true)?;
        Ok(Self { encoder, records: 0, text: 0 })
    }
}

/// Whether these bytes are a complete body of so many records.
pub(super) fn is_whole(bytes: &[u8], records: u64) -> bool {
    let Ok(decoder) = zstd::stream::read::Decoder::with_buffer(bytes) else { return false };
    let mut decoder = decoder.take(MOST_READ);
    let (mut piece, mut lines) = (vec![0; 128 * 1024], 0);
    loop {
        match decoder.read(&mut piece) {
            Ok(0) => return lines == records && decoder.limit() > 0,
            Ok(len) => {
                let read = piece.get(..len).unwrap_or_default();
                lines += memchr::memchr_iter(b'\n', read).count() as u64;
            }
            Err(_) => return false,
        }
    }
}

fn record(observation: Observation, source: Option<&Source>) -> Record {
    let mut record = Record::new(observation.rrname, observation.rrtype, observation.rdata);
    record.time_first = Some(observation.time_first);
    record.time_last = Some(observation.time_last);
    record.count = observation.count;
    record.bailiwick = observation.bailiwick;
    record.sensor_id = source.and_then(|source| source.sensor.clone());
    record.origin = source.and_then(|source| source.origin.clone());
    record
}

#[cfg(test)]
mod tests {
    use cof::{Name, Rdata, RrType, SourceKind};

    use super::*;
    use crate::batches::{self, Order};

    fn batch(observations: u64, text: &str) -> Batch {
        let source = Source {
            kind: SourceKind::Observation,
            origin: Some("https://a.example".into()),
            sensor: Some("vienna-1".into()),
        };
        let one = |at: u64| Observation {
            rrname: Name::parse(&format!("n{at}.example")).unwrap(),
            rrtype: RrType::TXT,
            rdata: Rdata::parse(RrType::TXT, &format!("\"{text}\"")),
            bailiwick: Some(Name::parse("example").unwrap()),
            time_first: 1_700_000_000 + at,
            time_last: 1_700_000_100 + at,
            count: Some(at + 1),
            source: 0,
        };
        Batch { sources: vec![source], observations: (0..observations).map(one).collect(), position: None }
    }

    fn bodies(batches: impl IntoIterator<Item = Batch>) -> Vec<Body> {
        let mut bodies = Bodies::new();
        for batch in batches {
            bodies.add(batch).unwrap();
        }
        bodies.take().unwrap()
    }

    #[test]
    fn what_is_sent_is_read_as_the_same_observations() {
        let sent = batch(25_000, "a \\\"text\\\" \\200 \\; and more");
        let bodies = bodies([sent.clone()]);
        assert_eq!(bodies.iter().map(|body| body.records).collect::<Vec<_>>(), [10_000, 10_000, 5_000]);
        let mut read = Vec::new();
        for body in &bodies {
            assert!(is_whole(&body.bytes, body.records) && !is_whole(&body.bytes, body.records + 1));
            let text = zstd::decode_all(&body.bytes[..]).unwrap();
            let order = Order {
                keep_sensors: true,
                orientation: cof::Orientation::Draft,
                ..Order::new(SourceKind::Observation, 1_790_000_000)
            };
            let (tally, fault) = batches::read(&mut &text[..], &order, None, &mut |batch, records| {
                assert_eq!((records, &batch.sources), (body.records, &sent.sources));
                read.extend(batch.observations);
                Ok(())
            });
            assert!(fault.is_none() && tally.left_out.is_empty(), "{tally:?}");
        }
        assert_eq!(read, sent.observations);
    }

    #[test]
    fn small_batches_share_a_body_and_large_data_ends_one() {
        assert_eq!(bodies([batch(10, "a"), batch(20, "b")]).len(), 1);
        assert_eq!(bodies([batch(0, "a")]), []);
        assert_eq!(bodies([batch(200, &"x".repeat(250))]).len(), 1);
        let text = vec!["x".repeat(250); 200].join("\" \"");
        let large = bodies([batch(200, &text)]);
        assert!(large.len() > 1 && large.iter().all(|body| is_whole(&body.bytes, body.records)));
        assert_eq!(large.iter().map(|body| body.records).sum::<u64>(), 200);
    }

    #[test]
    fn every_damage_is_noticed() {
        let body = bodies([batch(50, "a")]).remove(0);
        for at in 0..body.bytes.len() {
            assert!(!is_whole(&body.bytes[..at], body.records), "cut at {at}");
            let mut bytes = body.bytes.clone();
            bytes[at] ^= 0x10;
            // A bit of the frame's header may mean nothing; the content is the same then.
            let same = zstd::decode_all(&bytes[..]).ok() == zstd::decode_all(&body.bytes[..]).ok();
            assert_eq!(is_whole(&bytes, body.records), same, "changed at {at}");
        }
        assert!(!is_whole(b"", 1) && !is_whole(b"{}\n", 1));
    }
}
