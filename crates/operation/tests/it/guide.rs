//! The sample response of the integration guide, complete and as printed.

use std::path::Path;

use operation::provider::Orientation;
use operation::{ProviderError, State};
use testkit::Exchange;

use crate::kit::{Told, answer_to};

/// The seven records, joined as the guide joins them.
const SAMPLE: &str = include_str!("../guide.json");

async fn whole(body: &str) -> Told {
    let told = answer_to(Exchange::ok(body)).await;
    told.complete(7, 1);
    let records = &told.answer.records;
    assert_eq!(records.iter().filter_map(|record| record.count).sum::<u64>(), 26);
    assert_eq!(records.iter().filter_map(|record| record.time_first).min(), Some(1_495_523_983));
    assert_eq!(records.iter().filter_map(|record| record.time_last).max(), Some(1_499_951_111));
    assert_eq!(records.iter().filter(|record| record.rrtype == cof::RrType::NS).count(), 5);
    assert!(records.iter().all(|record| record.notes.is_empty()));
    assert_eq!(told.outcome.orientation, Orientation::Draft);
    told
}

async fn printed(body: &str) {
    let told = answer_to(Exchange::ok(body)).await;
    told.is(State::Partial, ProviderError::Damaged(3), 3, 1).hints("offsets");
    let data: Vec<String> = told.answer.records.iter().map(cof::Record::rdata_text).collect();
    assert_eq!(data, ["dns04.gpn.register.com", "dns01.gpn.register.com", "dns02.gpn.register.com"]);
    for damage in &told.answer.damages {
        let place = usize::try_from(damage.offset).unwrap();
        assert!(body.as_bytes()[place..].starts_with(&damage.raw), "{damage}");
    }
}

/// As the guide prints it: without the first and the last brace, and with `}{` missing between the fifth and the sixth record.
fn as_printed() -> String {
    let body = SAMPLE.trim().trim_start_matches('{').trim_end_matches('}');
    let joint = body.match_indices("}{").nth(4).unwrap().0;
    [&body[..joint], &body[joint + 2..]].concat()
}

#[tokio::test(start_paused = true)]
async fn the_guides_sample() {
    whole(SAMPLE).await;
}

#[tokio::test(start_paused = true)]
async fn the_guides_sample_as_printed() {
    printed(&as_printed()).await;
}

#[tokio::test(start_paused = true)]
async fn the_guides_files_where_they_are_at_hand() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/guide");
    if let Ok(sample) = std::fs::read_to_string(folder.join("sample-response.txt")) {
        let ours = whole(SAMPLE).await.answer.records;
        assert_eq!(whole(&sample).await.answer.records, ours);
    }
    if let Ok(sample) = std::fs::read_to_string(folder.join("sample-response-as-printed.txt")) {
        printed(&sample).await;
    }
}
