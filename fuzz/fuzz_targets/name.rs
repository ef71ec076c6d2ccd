//! Promise of [`Name`]: reading any text never panics, and a name that was read is the same name
//! again after it was printed, after it went through wire form and through its sort key.
//!
//! The input is the text.
#![no_main]

use cof::Name;
use libfuzzer_sys::fuzz_target;

/// RFC 1035: a name's wire form, with the length octets and the root's empty label.
const MAX_WIRE: usize = 255;

fuzz_target!(|text: &str| {
    if let Ok(name) = Name::parse(text) {
        hold(&name);
    }
});

fn hold(name: &Name) {
    let printed = name.to_string();
    assert!(printed.bytes().all(|octet| octet.is_ascii_graphic()), "not printable: {printed:?}");
    assert_eq!(Name::parse(&printed).as_ref(), Ok(name), "printed as {printed:?}");

    let wire = name.as_wire();
    assert!(wire.len() <= MAX_WIRE, "{} octets", wire.len());
    assert_eq!(Name::from_wire(wire).as_ref(), Ok(name), "in wire form {wire:?}");

    let mut key = Vec::new();
    name.push_sort_key(&mut key);
    let (again, rest) = Name::split_sort_key(&key).expect("a key we made");
    assert_eq!((&again, rest.is_empty()), (name, true), "as sort key {key:?}");
}
