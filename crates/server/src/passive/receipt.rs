//! What became of a body of records: [`Receipt`], which is counted while it is read.

use std::collections::BTreeMap;

use cof::SafEnd;
use intake::{Reason, Tally};
use serde::Serialize;
use utoipa::ToSchema;

/// How many rejected stretches are told one by one; all are counted.
const SHOWN: usize = 20;

/// What was taken in and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Receipt {
    /// Records that are in the database now.
    pub(crate) taken: u64,
    /// Records that were there already by an earlier request with the same key.
    pub(crate) repeated: u64,
    /// Of the records that were taken or known: how many had a time in another unit than seconds, or one that is not plausible and
    /// has the other's value now. Left out where there are none.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) repaired_times: u64,
    /// How many of the records came with rrname and rdata swapped and were turned back. Left out where there are none.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) turned: u64,
    /// How many of the records had a `sensor_id` that was not kept. Left out where there are none.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) sensors_dropped: u64,
    /// How many were not taken, by reason: `without_time`, `without_data`, `not_a_record`, `broken_json`, `truncated`, `too_long`,
    /// `too_deep`, `too_much_data`, `contradicts_orientation`, `origin_too_long`, `sensor_too_long`, or `missing_` and a field.
    pub(crate) rejected: BTreeMap<String, u64>,
    /// The first 20 of them.
    pub(crate) first_rejected: Vec<Rejected>,
    /// Octets of the body that were read, decompressed.
    pub(crate) octets: u64,
    /// The body ended inside a record.
    pub(crate) truncated: bool,
    /// How the answer of another database ended that the body is made of, where its frames tell: `succeeded`, `limited`, `failed`,
    /// or `missing` when it was cut before its end. Anything but `succeeded` means that records are missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source_answer: Option<&'static str>,
    /// What that database said about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source_message: Option<String>,
}

/// A stretch that was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Rejected {
    /// Where it begins, in octets of the body, decompressed.
    pub(crate) offset: u64,
    /// How long it is; null for a whole record.
    pub(crate) octets: Option<u64>,
    /// Why.
    pub(crate) reason: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes what it serializes by reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Receipt {
    /// Of what was read, and what the store made of it.
    pub(crate) fn of(tally: &Tally, taken: u64, repeated: u64) -> Self {
        let rejected = tally.left_out.iter().map(|(reason, place)| (reason.word(), place.count)).collect();
        let first = tally.first.iter().map(|one| Rejected {
            offset: one.offset,
            octets: matches!(one.reason, Reason::Damage(_)).then_some(one.len),
            reason: one.reason.word(),
        });
        let mut receipt = Self {
            taken,
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

    /// Nothing of it was of use.
    pub(crate) fn is_useless(&self) -> bool {
        self.taken == 0 && self.repeated == 0 && !self.rejected.is_empty()
    }
}
