//! One RR is one value, in whatever spelling it comes.

use proptest::prelude::*;

use super::*;

/// A type, the form that is printed, and other spellings of the same data.
const SPELLINGS: &[(RrType, &str, &[&str])] = &[
    (
        RrType::AFSDB,
        "1 afs.example",
        &["1 AFS.Example.", "01 afs.example", r"\# 15 0001 03616673 076578616d706c65 00"],
    ),
    (RrType::AMTRELAY, "10 1 3 relay.example", &["10 1 3 RELAY.example.", "( 10 1 3 relay.example )"]),
    (
        RrType::AMTRELAY,
        "10 0 2 2001:db8::15",
        &["10 0 2 2001:DB8:0::15", r"\# 18 0a02 20010db8000000000000000000000015"],
    ),
    (
        RrType::APL,
        "1:192.168.32.0/21 !1:192.168.38.0/28 2:2001:db8::/32",
        &[" 1:192.168.32.0/21\t!1:192.168.38.0/28   2:2001:DB8:0::/32 "],
    ),
    (
        RrType::CAA,
        r#"0 issue "ca.example; a=b""#,
        &[r#"0  issue  "ca.example\; a=b""#, r#"00 issue "ca.example\059 a=b""#],
    ),
    (
        RrType::CAA,
        r#"0 issue "ca.example""#,
        &["0 issue ca.example", r"\# 17 00 05 6973737565 63612e6578616d706c65"],
    ),
    (RrType::CDNSKEY, "257 3 13 AQNRU3mG", &["257 3 ECDSAP256SHA256 AQNR U3mG", "257 3 13 ( AQNR U3mG )"]),
    (RrType::CDS, "60485 5 1 2BB183AF", &["60485 RSASHA1 1 2bb1 83af", "60485 5 1 2bb183af"]),
    (
        RrType::CERT,
        "1 60485 5 AQNRU3mGJp8=",
        &["PKIX 60485 RSASHA1 AQNRU3mGJp8=", "pkix 60485 5 AQNR U3mG Jp8=", "1 60485 5 AQNRU3mGJp8"],
    ),
    (
        RrType::CSYNC,
        "66 3 A NS AAAA",
        &["66 3 AAAA a NS", "66 3 TYPE1 TYPE2 TYPE28", r"\# 12 00000042 0003 00046000 0008"],
    ),
    (
        RrType::DHCID,
        "AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=",
        &["AAIBY2/AuCccgoJbsaxcQc9T UapptP69lOjxfNuVAA2kjEA="],
    ),
    (RrType::DLV, "60485 5 1 2BB183AF", &["60485 5 1 2bb1 83af"]),
    (RrType::DNSKEY, "256 3 5 AQPSKmyn", &["256 3 RSASHA1 AQPS Kmyn", r"\# 10 0100 03 05 0103d22a6ca7"]),
    (
        RrType::DS,
        "60485 5 1 2BB183AF",
        &["60485 5 1 2bb183af", "60485 5 1 ( 2BB1 83AF )", r"\# 8 ec45 05 01 2bb183af"],
    ),
    (
        RrType::DSYNC,
        "CDS 1 5300 scan.example",
        &["cds NOTIFY 5300 Scan.Example.", "TYPE59 1 5300 scan.example"],
    ),
    (RrType::EUI48, "00-00-5e-00-53-2a", &["00-00-5E-00-53-2A", "00:00:5e:00:53:2a", r"\# 6 00005e00532a"]),
    (RrType::EUI64, "00-00-5e-ef-10-00-00-2a", &["00-00-5E-EF-10-00-00-2A", r"\# 8 00005eef1000002a"]),
    (
        RrType::GPOS,
        r#""-32.6882" "116.8652" "10.0""#,
        &["-32.6882 116.8652 10.0", "-32.6882\t116.8652  10.0"],
    ),
    (RrType::HINFO, r#""PC" "Linux""#, &["PC Linux", r#"PC "Linux""#, r"P\067 Linux"]),
    (
        RrType::HIP,
        "2 200100107B1A74DF AQNRU3mG rvs.example",
        &[
            "2 200100107b1a74df AQNRU3mG RVS.example.",
            r"\# 31 08 02 0006 200100107b1a74df 010351537986 03727673 076578616d706c65 00",
        ],
    ),
    (RrType::HTTPS, "1 . alpn=h2,h3 ipv4hint=192.0.2.1", &[r#"1 . ipv4hint=192.0.2.1 alpn="h2,h3""#]),
    (
        RrType::IPSECKEY,
        "10 1 2 192.0.2.38 AQNRU3mG7TVT",
        &["10 1 2 192.0.2.38 AQNR U3mG 7TVT", "( 10 1 2 192.0.2.38 AQNRU3mG7TVT )"],
    ),
    (RrType::IPSECKEY, "10 3 2 gw.example AQNR", &["10 3 2 GW.Example. AQNR"]),
    (RrType::IPSECKEY, "10 0 0 .", &[r"\# 3 0a0000"]),
    (RrType::ISDN, r#""150862028003217" "004""#, &["150862028003217 004"]),
    (RrType::ISDN, r#""150862028003217""#, &["150862028003217"]),
    (RrType::KEY, "256 3 5 AQPSKmyn", &["256 3 RSASHA1 AQPS Kmyn"]),
    (RrType::KX, "10 kx.example", &["10 KX.example."]),
    (RrType::L32, "10 10.1.2.0", &["010 10.1.2.0", r"\# 6 000a 0a010200"]),
    (RrType::L64, "10 2001:0db8:1140:1000", &["10 2001:DB8:1140:1000", r"\# 10 000a 20010db811401000"]),
    (
        RrType::LOC,
        "42 21 54.000 N 71 6 18.000 W -24.00m 30.00m 10000.00m 10.00m",
        &[
            "42 21 54 n 71 06 18 w -24m 30m",
            "42 21 54.000 N 71 06 18.000 W -24.00 30.00",
            r"\# 16 00 33 16 13 8917 2dd0 70be 15f0 0098 8d20",
        ],
    ),
    (
        RrType::LOC,
        "42 0 0.000 N 71 0 0.000 W 0.00m 1.00m 10000.00m 10.00m",
        &["42 N 71 W 0m", "42 0 N 71 0 W 0"],
    ),
    (RrType::LP, "10 l64.example", &["10 L64.example."]),
    (RrType::MX, "10 mx.example", &["10 MX.Example.", "010  mx.example", "( 10 mx.example )"]),
    (
        RrType::NAPTR,
        r#"1 2 "u" "E2U+sip" "!^.*$!sip:a@b!" ."#,
        &[r"1 2 u E2U+sip !^.*$!sip:a@b! .", r#"01 02 "u" "E2U+sip" "!^.*$!sip:a@b!" ."#],
    ),
    (RrType::NID, "10 0014:4fff:ff20:ee64", &["10 14:4FFF:FF20:EE64"]),
    (RrType::NSAP, "0x47000580005A", &["0x47.0005.80.005a", "0X47000580005a"]),
    (RrType::NSEC, "b.example. A NS", &["B.Example NS a", "b.example. TYPE1 TYPE2"]),
    (
        RrType::NSEC3,
        "1 1 12 AABBCCDD 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR A RRSIG",
        &["1 1 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr RRSIG a"],
    ),
    (RrType::NSEC3PARAM, "1 0 12 AABBCCDD", &["1 0 12 aabbccdd"]),
    (RrType::OPENPGPKEY, "AQNRU3mG", &["AQNR U3mG"]),
    (RrType::PX, "10 a.example b.example", &["10 A.example. B.example."]),
    (RrType::RP, "joe.example txt.example", &["JOE.example. TXT.example."]),
    (
        RrType::RRSIG,
        "A 5 3 86400 1048354263 1046539863 2642 example.com. AQNRU3mG",
        &["a RSASHA1 3 86400 20030322173103 20030301173103 2642 EXAMPLE.com. AQNR U3mG"],
    ),
    (RrType::RT, "10 rt.example", &["10 RT.example."]),
    (
        RrType::SIG,
        "A 5 3 86400 1048354263 1046539863 2642 example.com. AQNRU3mG",
        &["A 5 3 86400 20030322173103 20030301173103 2642 Example.com AQNRU3mG"],
    ),
    (RrType::SMIMEA, "3 1 1 AB12", &["3 1 1 ab 12", "DANE-EE SPKI SHA2-256 ab12"]),
    (
        RrType::SOA,
        "ns.example h.example 1 7200 900 1209600 86400",
        &["NS.example. H.example. 1 2h 15M 2w 1d", "ns.example h.example ( 1 7200 900 1209600 86400 )"],
    ),
    (RrType::SRV, "0 5 5060 sip.example", &["00 5 5060 SIP.example."]),
    (RrType::SSHFP, "2 1 123456789ABCDEF67890", &["2 1 123456789abcdef67890", "2 1 12345678 9abcdef67890"]),
    (RrType::SVCB, "1 svc.example. port=53", &["1 SVC.Example port=53", r#"1 svc.example. port="53""#]),
    (RrType::TLSA, "3 1 1 AB12", &["3 1 1 ab12", "3 1 1 ab 12", "DANE-EE SPKI SHA2-256 AB12"]),
    (RrType::UID, "1000", &["01000"]),
    (
        RrType::URI,
        r#"10 1 "https://example/""#,
        &[
            "10 1 https://example/",
            r#"010 1 "https:\047/example/""#,
            r"\# 20 000a 0001 68747470733a2f2f6578616d706c652f",
        ],
    ),
    (RrType::WALLET, r#""BTC" "abc""#, &[r#""BTC"   "abc""#]),
    (RrType::X25, r#""311061700956""#, &["311061700956"]),
    (
        RrType::ZONEMD,
        "2018031900 1 1 616C6C6F776564206275742069676E6F",
        &["2018031900 1 1 616c6c6f7765642062757420 69676e6f"],
    ),
];

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
        (RrType::APL, &[0, 1, 24, 4, 192, 0, 2, 0]),
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

/// Words that record data is made of, so that many texts come close to being data.
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
