//! Promise of the decoder of captures: no bytes make it panic; the same bytes give the same observations, and the same counts of
//! what was left out, however they are cut into pieces.
//!
//! The input is a capture, pcap or pcapng. It is read with the ports of DNS, and once more with other ports, folding doubles.
#![no_main]

use intake::batches::Order;
use intake::{Format, fuzzing};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let order = fuzzing::order(Format::Pcap);
    fuzzing::reads_alike(input, &order, &[1, 13]);
    let other = Order { ports: [53, 5353, 0].into(), fold_doubles: true, ..order };
    fuzzing::reads_alike(input, &other, &[5]);
});
