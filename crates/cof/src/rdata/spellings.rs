//! Tests that every spelling of a record results in the same value.

use proptest::prelude::*;

use self::table::SPELLINGS;
use super::*;

mod library;
mod table;

#[test]
fn two_spellings_of_one_record_are_one_value() {
    let mut wrong = Vec::new();
    for (rrtype, form, others) in SPELLINGS {
        let rdata = Rdata::parse(*rrtype, form);
        if rdata.is_text() || rdata.to_text(*rrtype) != *form {
            wrong.push(format!("{rrtype} {form} became {rdata:?} {}", rdata.to_text(*rrtype)));
        }
        let others = others.iter().filter(|other| Rdata::parse(*rrtype, other) != rdata);
        wrong.extend(others.map(|other| format!("{rrtype} {other} is not {form}")));
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn data_of_a_known_type_in_generic_form_prints_in_its_own() {
    for (rrtype, form, _) in SPELLINGS {
        let wire = Rdata::parse(*rrtype, form);
        let octets = wire.as_wire().unwrap();
        for hex in [encoding_of(octets, ""), encoding_of(octets, " ").to_ascii_uppercase()] {
            let generic = format!("\\# {} {hex}", octets.len());
            assert_eq!(Rdata::parse(*rrtype, &generic), wire, "{rrtype} {generic}");
        }
        assert_eq!(Rdata::from_wire(*rrtype, octets).as_ref(), Ok(&wire), "{rrtype}");
    }
}

fn encoding_of(octets: &[u8], separator: &str) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect::<Vec<_>>().join(separator)
}

#[test]
fn octets_that_an_earlier_version_kept_for_these_types_can_still_be_kept() {
    for (rrtype, octets) in [
        (RrType::EUI48, &[1_u8, 2, 3][..]),
        (RrType::LOC, &[1; 16]),
        (RrType::LOC, &[0, 5, 5, 5, 128, 0, 0, 0, 128, 0, 0, 0, 0, 0, 0, 0]),
        (RrType::WKS, &[192, 0, 2, 1, 6, 0]),
        (RrType::SMIMEA, &[3, 1, 1]),
        (RrType::KEY, &[1, 0, 3, 5]),
        (RrType::APL, &[0, 7, 1, 1, 1]),
        (RrType::CERT, &[0, 1]),
        (RrType::HIP, &[255, 1, 0, 0]),
        (RrType::IPSECKEY, &[1, 9, 1, 1]),
        (RrType::DHCID, &[]),
        (RrType::URI, &[0]),
    ] {
        let rdata = Rdata::from_wire(rrtype, octets).unwrap();
        let text = rdata.to_text(rrtype);
        assert!(text.starts_with("\\# "), "{rrtype} {text}");
        assert_eq!(Rdata::parse(rrtype, &text), rdata);
    }
}

#[test]
fn text_that_an_earlier_version_kept_becomes_wire_form() {
    let old = Rdata::from_text("42 21 54 N 71 6 18 W -24m 30m");
    let new = old.renewed(RrType::LOC);
    assert_eq!(new, Rdata::parse(RrType::LOC, "42 21 54 N 71 6 18 W -24m 30m"));
    assert!(!new.is_text());
    assert_eq!(new.renewed(RrType::LOC), new);
    assert!(Rdata::from_text("no address").renewed(RrType::A).is_text());
}

#[test]
fn what_is_no_place_no_prefix_and_no_key_is_kept_as_text() {
    for (rrtype, text) in [
        (RrType::LOC, "91 N 0 E 0m"),
        (RrType::LOC, "90 0 0.001 N 0 E 0m"),
        (RrType::LOC, "1 60 N 0 E 0m"),
        (RrType::LOC, "1 N 181 E 0m"),
        (RrType::LOC, "N 0 E 0m"),
        (RrType::LOC, "1 N 1 E"),
        (RrType::LOC, "1 N 1 E 99999999999m"),
        (RrType::LOC, "1 N 1 E 0m 1m 1m 1m 1m"),
        (RrType::LOC, "-1 N 1 E 0m"),
        (RrType::APL, "1:192.0.2.0/33"),
        (RrType::APL, "2:192.0.2.0/24"),
        (RrType::APL, "192.0.2.0/24"),
        (RrType::CERT, "PKIX 1 RSASHA1"),
        (RrType::EUI48, "00-00-5e-00-53"),
        (RrType::NID, "10 0014:4fff:ff20"),
        (RrType::L32, "10 10.1.2"),
        (RrType::IPSECKEY, "10 1 2 gw.example AQNR"),
        (RrType::HIP, "2 xyz AQNR"),
        (RrType::URI, "10 1"),
        (RrType::DSYNC, "CDS NOTIFY 5300"),
    ] {
        let rdata = Rdata::parse(rrtype, text);
        assert!(rdata.is_text(), "{rrtype} {text}: {}", rdata.to_text(rrtype));
    }
}

/// Words that occur in record data, so that many texts are almost valid.
fn any_words() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        "[0-9]{1,4}",
        "[0-9]{1,2}[.]?[0-9]{0,3}m?",
        "[NSEWnsew]",
        "[A-Fa-f0-9]{2,8}",
        "[A-Za-z0-9+/]{4}={0,2}",
        "[a-z]{1,3}[.]example[.]?",
        "!?[12]:[0-9]{1,3}[.]0[.]2[.]0/[0-9]{1,2}",
        "[(]|[)]|\"[ -~]{0,4}\"|\\\\# [0-9] [0-9a-f]{2,8}",
        "([0-9a-f]{2}-){5}[0-9a-f]{2}",
        "[0-9a-f]{1,4}:[0-9a-f]{1,4}:[0-9a-f]{1,4}:[0-9a-f]{1,4}",
        "192[.]0[.]2[.][0-9]|2001:db8::[0-9a-f]|PKIX|RSASHA1|NOTIFY|AAAA|[.]",
    ];
    prop::collection::vec(word, 0..9).prop_map(|words| words.join(" "))
}

fn any_type() -> impl Strategy<Value = RrType> {
    prop_oneof![
        (0_u16..=300).prop_map(RrType::Code),
        prop::sample::select(SPELLINGS.iter().map(|(rrtype, ..)| *rrtype).collect::<Vec<_>>()),
    ]
}

proptest! {
    #[test]
    fn text_to_wire_to_text_is_stable(rrtype in any_type(), text in any_words()) {
        let rdata = Rdata::parse(rrtype, &text);
        let printed = rdata.to_text(rrtype);
        prop_assert_eq!(&Rdata::parse(rrtype, &printed), &rdata, "{}", printed);
        prop_assert_eq!(&rdata.renewed(rrtype), &rdata);
        if let Some(wire) = rdata.as_wire() {
            prop_assert_eq!(Rdata::from_wire(rrtype, wire), Ok(rdata.clone()), "{}", printed);
            let mut absolute = String::new();
            rdata.push_absolute(rrtype, &mut absolute);
            prop_assert_eq!(Rdata::parse(rrtype, &absolute), rdata, "{}", absolute);
        }
    }

    #[test]
    fn case_white_space_and_brackets_make_no_difference(
        spelling in prop::sample::select(SPELLINGS.to_vec()),
        blanks in "[ \t]{1,3}",
        before in "[ \t\r\n\u{a0}\u{feff}]{0,2}",
        after in "[ \t\r\n\u{a0}]{0,2}",
    ) {
        let (rrtype, form, _) = spelling;
        // Blanks within quotes are data.
        let spread = if form.contains('"') { form.to_owned() } else { form.replace(' ', &blanks) };
        let text = format!("{before}{spread}{after}");
        prop_assert_eq!(Rdata::parse(rrtype, &text), Rdata::parse(rrtype, form), "{:?}", text);
    }

    #[test]
    fn the_text_of_an_earlier_version_becomes_what_is_read_today(rrtype in any_type(), text in any_words()) {
        let old = Rdata::from_text(&text);
        prop_assert_eq!(old.renewed(rrtype), Rdata::parse(rrtype, &text));
    }
}

fn len(octets: &[u8]) -> u8 {
    octets.len().try_into().unwrap()
}

/// Bytes that are almost valid data of many types: numbers, names, strings, bitmaps and parameters.
fn any_octets() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..5),
        prop::collection::vec(0_u8..4, 1..4),
        Just(b"\x01a\x07example\x00".to_vec()),
        Just(b"\x01A\x00".to_vec()),
        prop::collection::vec(any::<u8>(), 0..6).prop_map(|octets| [&[len(&octets)], &*octets].concat()),
        (0_u8..2, prop::collection::vec(any::<u8>(), 1..4)).prop_map(|(window, bits)| [
            &[window, len(&bits)],
            &*bits
        ]
        .concat()),
        (0_u8..13, prop::collection::vec(any::<u8>(), 0..6)).prop_map(|(key, value)| [
            &[0, key, 0, len(&value)],
            &*value
        ]
        .concat()),
        Just(b"\x00\x01\x00\x03\x02h2\x00\x03\x00\x02\x01\xbb".to_vec()),
        Just(b"\x00\x01\x18\x04\xc0\x00\x02\x00".to_vec()),
    ];
    (prop::collection::vec(part, 0..5), 0_usize..6).prop_map(|(parts, zeros)| {
        let start = vec![1; zeros];
        [start, parts.concat()].concat()
    })
}

proptest! {
    #[test]
    fn the_same_octets_in_any_form_are_one_value(rrtype in any_type(), octets in any_octets()) {
        let generic = format!("\\# {} {}", octets.len(), encoding_of(&octets, ""));
        let rdata = Rdata::parse(rrtype, &generic);
        let printed = rdata.to_text(rrtype);
        let spread = format!("\\# 0{} ( {} )", octets.len(), encoding_of(&octets, " ").to_ascii_uppercase());
        prop_assert_eq!(&Rdata::parse(rrtype, &spread), &rdata, "{}", spread);
        prop_assert_eq!(&Rdata::parse(rrtype, &printed), &rdata, "{}", printed);
        prop_assert_eq!(Rdata::parse(rrtype, &printed).to_text(rrtype), &*printed);
        if let Some(wire) = rdata.as_wire() {
            let again = format!("\\# {} {}", wire.len(), encoding_of(wire, ""));
            prop_assert_eq!(&Rdata::parse(rrtype, &again), &rdata);
        } else {
            prop_assert_eq!(&*printed, generic.trim());
        }
    }

    #[test]
    fn what_an_earlier_version_kept_as_data_is_data(
        rrtype in prop::sample::select(library::TYPES),
        octets in any_octets(),
    ) {
        if library::keeps(rrtype, &octets) {
            let kept = Rdata::from_wire(rrtype, &octets);
            prop_assert!(kept.is_ok(), "{} {:?}", rrtype, library::print(rrtype, &octets));
            let printed = kept.unwrap().to_text(rrtype);
            if let Some(theirs) = library::parse(rrtype, &printed) {
                prop_assert_eq!(theirs.to_ascii_lowercase(), octets.to_ascii_lowercase(), "{}", printed);
            }
        }
    }

    #[test]
    fn parameters_by_number_are_those_by_name(octets in any_octets()) {
        for rrtype in [RrType::SVCB, RrType::HTTPS] {
            let wire = [&[0, 1, 0], &*octets].concat();
            let Ok(rdata) = Rdata::from_wire(rrtype, &wire) else { continue };
            prop_assert_eq!(Rdata::parse(rrtype, &by_number(&octets)), rdata);
        }
    }
}

/// The parameters as `keyN="\DDD"`, in reverse order.
fn by_number(mut params: &[u8]) -> String {
    let mut words = Vec::new();
    while let [high, low, _, len, rest @ ..] = params {
        let (value, after) = rest.split_at(usize::from(*len));
        let escaped = value.iter().map(|octet| format!("\\{octet:03}")).collect::<Vec<_>>().concat();
        words.push(format!("key{}=\"{escaped}\"", u16::from_be_bytes([*high, *low])));
        params = after;
    }
    words.push("1 .".to_owned());
    words.reverse();
    words.join(" ")
}

#[test]
fn the_library_reads_our_spellings_as_the_same_octets() {
    let mut compared = 0;
    for (rrtype, form, others) in SPELLINGS.iter().filter(|(rrtype, ..)| library::TYPES.contains(rrtype)) {
        let wire = Rdata::parse(*rrtype, form).as_wire().unwrap().to_vec();
        // After an unquoted semicolon, the library reads a comment; in a CAA record it is usually data.
        let wanted = |text: &&&str| !text.starts_with('\\') && !text.ends_with("; a=b");
        for text in others.iter().chain([form]).filter(wanted) {
            if let Some(theirs) = library::parse(*rrtype, text) {
                assert_eq!(theirs.to_ascii_lowercase(), wire.to_ascii_lowercase(), "{rrtype} {text}");
                compared += 1;
            }
        }
    }
    assert!(compared > 30, "{compared}");
}

#[test]
fn parameters_that_are_none_are_kept_as_text() {
    for text in [
        "1 . alpn=h2 alpn=h3",
        "1 . alpn=h2 key1=x",
        "1 . alpn",
        "1 . alpn=h2,",
        "1 . port=65536",
        "1 . port=443,444",
        "1 . no-default-alpn=x",
        "1 . ipv4hint=192.0.2",
        "1 . ipv6hint=192.0.2.1",
        "1 . mandatory=alpn,key1 alpn=h2",
        "1 . mandatory=nonsense",
        "1 . key65536=x",
        "1 . key=x",
        "1 . key1=\"x",
        "1 . what=ever",
        "1 . ech=A",
        r"1 . key1=\999",
        r"1 . key1=x\",
    ] {
        let rdata = Rdata::parse(RrType::SVCB, text);
        assert!(rdata.is_text(), "{text}: {}", rdata.to_text(RrType::SVCB));
        assert_eq!(rdata.to_text(RrType::SVCB), text);
    }
    // Keys that are not in ascending order in wire format.
    assert_eq!(
        Rdata::from_wire(RrType::SVCB, b"\x00\x01\x00\x00\x03\x00\x02\x01\xbb\x00\x01\x00\x03\x02h2"),
        Err(RdataError::Malformed)
    );
}

#[test]
fn every_key_has_one_form_by_name_and_number() {
    for (form, others) in [
        (
            "mandatory=alpn,port alpn=h2 port=443",
            &[r"key0=\000\001\000\003 alpn=h2 port=443", "mandatory=key3,ALPN port=443 alpn=h2"][..],
        ),
        ("alpn=h2,h3", &[r"key1=\002h2\002h3", r#"alpn="h2,h3""#, r"KEY01=\002\104\050\002h3"]),
        (
            r"alpn=f\\\\oo\\,bar,h2",
            &[r#"alpn="f\\\\oo\\,bar,h2""#, r"alpn=f\\\092oo\092,bar,h2", r"key1=\008f\\oo,bar\002h2"],
        ),
        (
            "alpn=h2 no-default-alpn",
            &["no-default-alpn alpn=h2", "key2 alpn=h2", r#"alpn=h2 key2="""#, "alpn=h2 no-default-alpn="],
        ),
        ("port=443", &[r"key3=\001\187", "port=0443", r#""port=443""#]),
        (
            "ipv4hint=192.0.2.1,192.0.2.2",
            &[r"key4=\192\000\002\001\192\000\002\002", r#"ipv4hint="192.0.2.1,192.0.2.2""#],
        ),
        ("ech=AQID", &[r"key5=\001\002\003", r#"ech="AQID""#]),
        (
            "ipv6hint=2001:db8::1",
            &[
                "ipv6hint=2001:DB8:0::1",
                r"key6=\032\001\013\184\000\000\000\000\000\000\000\000\000\000\000\001",
            ],
        ),
        ("dohpath=/dns-query{?dns}", &["key7=/dns-query{?dns}", r#"dohpath="/dns-query{?dns}""#]),
        ("ohttp", &["key8", "ohttp="]),
        ("tls-supported-groups=29,23", &[r"key9=\000\029\000\023"]),
        ("docpath=dns,q", &[r"key10=\003dns\001q"]),
        (r"key667=a\032b\255", &[r#"key667="a b\255""#, r"key0667=\097\ \098\255"]),
        // Values that are invalid for their keys.
        (r"key1=\003h2", &[r#"key1="\003\104\050""#]),
        ("key3=x", &[r"key3=\120"]),
        ("key1", &["key1=", r#"key1="""#]),
        ("key5", &["key5=", "ech="]),
    ] {
        let wanted = format!("1 . {form}");
        for text in others.iter().chain(&[form]) {
            let rdata = Rdata::parse(RrType::HTTPS, &format!("1 . {text}"));
            assert!(!rdata.is_text(), "{text}");
            assert_eq!(rdata.to_text(RrType::HTTPS), wanted, "{text}");
        }
    }
}

#[test]
fn generic_text_that_is_no_data_of_its_type_has_one_spelling() {
    for text in [r"\# 5 c000020100", r"\# 5 C0 00 02 01 00", r"\# 05 ( c000 020100 ) ; what is this"] {
        let rdata = Rdata::parse(RrType::A, text);
        assert!(rdata.is_text());
        assert_eq!(rdata.to_text(RrType::A), r"\# 5 c000020100");
    }
    assert_eq!(Rdata::parse(RrType::A, r"\# 6 C0 00").to_text(RrType::A), r"\# 6 C0 00");
}

#[test]
fn dates_of_signatures_are_seconds() {
    let text = |time: &str| format!("A 5 3 86400 {time} 0 1 a.example AQNR");
    for (date, seconds) in [
        ("19700101000000", "0"),
        ("20030322173103", "1048354263"),
        ("20380119031408", "2147483648"),
        ("21060207062815", "4294967295"),
    ] {
        assert_eq!(Rdata::parse(RrType::RRSIG, &text(date)), Rdata::parse(RrType::RRSIG, &text(seconds)));
    }
    for none in ["20031301000000", "2003030117310", "-1", "4294967296", "99999999999999"] {
        assert!(Rdata::parse(RrType::RRSIG, &text(none)).is_text(), "{none}");
    }
}
