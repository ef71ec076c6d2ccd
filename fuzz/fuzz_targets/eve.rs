//! Promise of the decoder of Suricata's EVE log: no bytes make it panic; the same bytes give the same observations, and the same
//! counts of what was left out, however they are cut into pieces.
//!
//! The input is a log of any version.
#![no_main]

use intake::{Format, fuzzing};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| fuzzing::reads_alike(input, &fuzzing::order(Format::Eve), &[1, 13]));
