//! Promise of the decoders of other logs with one entry per line, and of what tells formats apart: no bytes make them panic; the same
//! bytes give the same observations, and the same counts of what was left out, however they are cut into pieces; and a format that
//! was told by the first bytes is still told when there are more.
//!
//! The first byte chooses the log; the rest is one. The columns of passivedns lines are the default ones, or others.
#![no_main]

use intake::batches::Order;
use intake::{Format, fuzzing};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((choice, log)) = input.split_first() else { return };
    let order = match choice % 5 {
        0 => fuzzing::order(Format::AdGuard),
        1 => fuzzing::order(Format::Ecs),
        2 => fuzzing::order(Format::GoPassiveDns),
        3 => fuzzing::order(Format::PassiveDns),
        _ => {
            let passivedns_columns = "AHtTQSMn".parse().expect("columns");
            Order { passivedns_columns, ..fuzzing::order(Format::PassiveDns) }
        }
    };
    fuzzing::reads_alike(log, &order, &[1, 13]);
    let told = Format::of(log, true);
    for end in (0..log.len()).step_by(7) {
        let early = log.get(..end).and_then(|head| Format::of(head, false));
        assert!(early.is_none() || early == told, "{early:?} by {end} bytes, then {told:?}");
    }
});
