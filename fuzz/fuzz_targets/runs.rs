//! Promise of the engine's decoders: no octets in a file of it panic, or cost more than their length explains.
//!
//! The input is what stands behind a checksum: a block, the payload of a journal's record, a manifest.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| runs::fuzzing::decode(octets));
