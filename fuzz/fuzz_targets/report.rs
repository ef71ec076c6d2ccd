//! Promise of [`Report`]: no file and no text make it panic; each place is a part of the text that means the value; the value as it is
//! written means the same alone; and everything that is kept is within its bounds.
//!
//! The input is the file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use operation::Indicator;
use operation::report::{MOST_PLACES, MOST_VALUES, Network, Report, Subject, decode};

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = decode(bytes) else { return };
    let Ok(report) = Report::read(&text) else { return };
    assert!(report.found.len() <= MOST_VALUES && report.total >= report.found.len() as u64);
    for found in &report.found {
        assert!((1..=MOST_PLACES).contains(&found.places.len()) && found.count >= found.places.len() as u64);
        for place in &found.places {
            let written = text.get(place.bytes.clone()).expect("a part of the text");
            hold(&found.subject, written);
            assert_eq!(place.context(&text).found.is_empty(), written.is_empty());
        }
        let alone = Report::read(&found.written).expect("a text");
        let alone: Vec<&Subject> = alone.found.iter().map(|found| &found.subject).collect();
        assert_eq!(alone, [&found.subject], "{:?} alone", found.written);
    }
    for example in report.left_out.iter().flat_map(|left| &left.examples) {
        assert!(text.get(example.place.bytes.clone()).is_some_and(|written| !written.is_empty()));
    }
});

fn hold(subject: &Subject, written: &str) {
    match subject {
        Subject::Indicator(indicator) => {
            assert_eq!(Indicator::parse(written).as_ref(), Ok(indicator), "{written:?}")
        }
        Subject::Network(network) => assert_eq!(Network::parse(written), Some(*network), "{written:?}"),
    }
}
