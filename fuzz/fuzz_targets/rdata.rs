//! Promise of [`Rdata`]: no text and no octets make it panic, for any type; data that was read is
//! the same data again after it was printed in presentation form, and after it went through wire
//! form or, where it is only text, through that text. The same octets are the same data in presentation form and in
//! generic form (`\# LENGTH HEX`), in any spacing and case.
//!
//! The input is a type as a word, a space, and the data: taken as wire form and, where it is UTF-8,
//! as presentation form too.
#![no_main]

use cof::{Rdata, RrType};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((rrtype, data)) = split(input) else { return };
    if data.len() > cof::rdata::MAX_WIRE {
        return;
    }
    if let Ok(rdata) = Rdata::from_wire(rrtype, data) {
        hold(rrtype, &rdata);
        assert!(Rdata::parse(rrtype, &generic(data)) == rdata, "another {rrtype} from generic form");
    }
    let (plain, spread) = (Rdata::parse(rrtype, &generic(data)), Rdata::parse(rrtype, &spread(data)));
    assert!(plain == spread, "another {rrtype} from digits with blanks");
    hold(rrtype, &plain);
    if let Ok(text) = std::str::from_utf8(data) {
        hold(rrtype, &Rdata::parse(rrtype, text));
    }
});

fn split(input: &[u8]) -> Option<(RrType, &[u8])> {
    let space = input.iter().position(|&octet| octet == b' ')?;
    let (word, data) = input.split_at(space);
    let rrtype = RrType::parse(std::str::from_utf8(word).ok()?).ok()?;
    Some((rrtype, data.get(1..)?))
}

fn hold(rrtype: RrType, rdata: &Rdata) {
    let printed = rdata.to_text(rrtype);
    assert!(printed.bytes().all(|octet| (b' '..=b'~').contains(&octet)), "not printable: {printed:?}");
    assert!(Rdata::parse(rrtype, &printed) == *rdata, "another {rrtype} after printing {printed:?}");
    match (rdata.as_wire(), rdata.as_text()) {
        (Some(wire), None) => {
            assert!(Rdata::from_wire(rrtype, wire).as_ref() == Ok(rdata), "another {rrtype} from {wire:?}");
            assert!(Rdata::parse(rrtype, &generic(wire)) == *rdata, "another {rrtype} from generic {wire:?}");
        }
        (None, Some(text)) => assert!(Rdata::from_text(text) == *rdata, "another {rrtype} from {text:?}"),
        (wire, text) => panic!("{rrtype} must be wire or text, and one of them: {wire:?} {text:?}"),
    }
    assert!(rdata.renewed(rrtype) == *rdata, "another {rrtype} when renewed");
    assert!(rdata.targets(rrtype).count() <= cof::rdata::MAX_TARGETS, "too many targets");
    let _ = rdata.target(rrtype);
}

fn generic(octets: &[u8]) -> String {
    let digits: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
    format!("\\# {} {digits}", octets.len())
}

fn spread(octets: &[u8]) -> String {
    let digits: Vec<String> = octets.iter().map(|octet| format!("{octet:02X}")).collect();
    format!("\\# 0{} ( {} )", octets.len(), digits.join(" "))
}
