//! Promise of the decoder of Zeek's logs: no bytes make it panic; the same bytes give the same observations, and the same counts of
//! what was left out, however they are cut into pieces.
//!
//! The input is a log, with columns or in JSON. It is read as it is, and once more folding doubles.
#![no_main]

use intake::batches::Order;
use intake::{Format, fuzzing};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let order = fuzzing::order(Format::Zeek);
    fuzzing::reads_alike(input, &order, &[1, 13]);
    fuzzing::reads_alike(input, &Order { fold_doubles: true, ..order }, &[5]);
});
