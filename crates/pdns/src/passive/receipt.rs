//! The result of storing a body of records: [`Receipt`], which is counted while the body is read.

use std::collections::BTreeMap;

use cof::SafEnd;
use intake::{Reason, Tally};
use serde::Serialize;
use utoipa::ToSchema;

/// How many rejected parts are listed; all are counted.
const SHOWN: usize = 20;

/// The number of stored and rejected records.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Receipt {
    /// Records now in the database.
    pub taken: u64,
    /// Records stored before by an earlier request with the same key, or with the same number or a later one.
    pub repeated: u64,
    /// The number of the batch, if the request has a `Sensor-Sequence`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// Stored or known records with a repaired time: it was in another unit than seconds, or implausible and replaced by the other
    /// time. Left out if there are none.
    #[serde(skip_serializing_if = "is_zero")]
    pub repaired_times: u64,
    /// Records with rrname and rdata swapped, which was corrected. Left out if there are none.
    #[serde(skip_serializing_if = "is_zero")]
    pub turned: u64,
    /// Records with a `sensor_id` that was not kept. Left out if there are none.
    #[serde(skip_serializing_if = "is_zero")]
    pub sensors_dropped: u64,
    /// Rejected records by reason: `without_time`, `without_data`, `not_a_record`, `broken_json`, `truncated`, `too_long`,
    /// `too_deep`, `too_much_data`, `contradicts_orientation`, `origin_too_long`, `sensor_too_long`, or `missing_` and a field. In
    /// captures, logs and streams of resolvers also parts that cannot be read, such as `bad_frame`, `bad_message` and `bad_line`.
    pub rejected: BTreeMap<String, u64>,
    /// What captures, logs and streams of resolvers contain that is well-formed and not wanted, by reason: `query`, `rcode`,
    /// `off_chain` and others; and what rules of this server suppress: `suppressed_suffix`, `suppressed_type`, `special_address`,
    /// `name_budget`. Left out if there is none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub dropped: BTreeMap<String, u64>,
    /// The first 20 rejected records.
    pub first_rejected: Vec<Rejected>,
    /// Bytes read from the body, after decompression.
    pub octets: u64,
    /// The body ended in the middle of a record.
    pub truncated: bool,
    /// How the answer of another database in this body ended, according to its frames: `succeeded`, `limited`, `failed`, or `missing`
    /// if it was cut off. Anything but `succeeded` means that records are missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_answer: Option<&'static str>,
    /// The message of that database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_message: Option<String>,
}

/// A rejected part of the body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Rejected {
    /// The position of its first byte in the decompressed body.
    pub offset: u64,
    /// Its length in bytes; null for a whole record.
    pub octets: Option<u64>,
    /// Why.
    pub reason: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes what it serializes by reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Receipt {
    /// Combines what was read and what the store did with it.
    pub fn of(tally: &Tally, taken: u64, repeated: u64) -> Self {
        let rejected = tally.left_out.iter().map(|(reason, place)| (reason.word(), place.count)).collect();
        let first = tally.first.iter().map(|one| Rejected {
            offset: one.offset,
            octets: matches!(one.reason, Reason::Damage(_)).then_some(one.len),
            reason: one.reason.word(),
        });
        let dropped = tally.dropped.iter().map(|(why, place)| (why.word().to_owned(), place.count));
        let mut receipt = Self {
            taken,
            dropped: dropped.collect(),
            repeated: repeated + tally.repeated,
            repaired_times: tally.repaired_times,
            turned: tally.turned,
            sensors_dropped: tally.sensors_dropped,
            rejected,
            first_rejected: first.take(SHOWN).collect(),
            octets: tally.bytes,
            truncated: tally.truncated,
            ..Self::default()
        };
        receipt.source_answer(tally.source_answer.as_ref());
        receipt
    }

    fn source_answer(&mut self, end: Option<&SafEnd>) {
        let (word, message) = match end {
            None => return,
            Some(SafEnd::Failed(message)) => ("failed", Some(message)),
            Some(SafEnd::Limited(message)) => ("limited", Some(message)),
            Some(SafEnd::Missing) => ("missing", None),
            Some(SafEnd::Succeeded) => ("succeeded", None),
        };
        self.source_answer = Some(word);
        self.source_message =
            message.map(|message| workbench::text::printable(message)).filter(|text| !text.is_empty());
    }

    /// Whether no record was stored.
    pub(crate) fn is_useless(&self) -> bool {
        self.taken == 0 && self.repeated == 0 && !self.rejected.is_empty()
    }
}
