//! Promise of the decoder of dnstap: no bytes make it panic; the same bytes give the same observations, and the same counts of what
//! was left out, however they are cut into pieces.
//!
//! The input is a frame stream. It is read for each side of the resolver, which also fuzzes the parser of DNS messages.
#![no_main]

use intake::batches::Order;
use intake::{Format, Side, fuzzing};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let order = fuzzing::order(Format::Dnstap);
    fuzzing::reads_alike(input, &order, &[1, 13]);
    fuzzing::reads_alike(input, &Order { side: Side::Client, ..order }, &[5]);
});
