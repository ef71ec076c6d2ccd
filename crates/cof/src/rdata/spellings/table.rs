//! Records in their printed form, each with other spellings of the same data.

use crate::RrType;

/// A type, the printed form, and other spellings of the same data.
pub(super) const SPELLINGS: &[(RrType, &str, &[&str])] = &[
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
        &[
            " 1:192.168.32.0/21\t!1:192.168.38.0/28   2:2001:DB8:0::/32 ",
            "( 01:192.168.32.0/021 !1:192.168.38.0/28 2:2001:db8:0::/32 ) ; prefixes",
            r"\# 22 00011503c0a820 00011c83c0a826 0002200420010db8",
            r"\# 24 00011504c0a82000 00011c83c0a826 0002200520010db800",
        ],
    ),
    (
        RrType::CAA,
        r#"0 issue "ca.example; a=b""#,
        &[r#"0  issue  "ca.example\; a=b""#, "0 issue ca.example; a=b", r#"00 issue "ca.example\059 a=b""#],
    ),
    (
        RrType::CAA,
        r#"0 issue "ca.example""#,
        &[
            "0 issue ca.example",
            r#"0 "issue" "ca.\101xample""#,
            r#"0 issue ( "ca.example" )"#,
            r"\# 17 00 05 6973737565 63612e6578616d706c65",
        ],
    ),
    (
        RrType::CDNSKEY,
        "257 3 13 AQNRU3mG",
        &["257 3 ECDSAP256SHA256 AQNR U3mG", "257 3 13 ( AQNR U3mG )", "257 DNSSEC 13 (AQNR U3mG)"],
    ),
    (RrType::CDNSKEY, "0 3 0 AA==", &["0 3 0 0", "0 3 DELETE AA", r"\# 5 0000030000"]),
    (RrType::CDS, "60485 5 1 2BB183AF", &["60485 RSASHA1 1 2bb1 83af", "60485 5 SHA-1 2bb183af"]),
    (RrType::CDS, "0 0 0 00", &["0 0 0 0", "00 DELETE 0 00", r"\# 5 0000000000"]),
    (RrType::DS, "0 0 0 00", &["0 0 0 0", r"\# 5 0000 00 00 00"]),
    (
        RrType::CERT,
        "1 60485 5 AQNRU3mGJp8=",
        &["PKIX 60485 RSASHA1 AQNRU3mGJp8=", "pkix 60485 5 AQNR U3mG Jp8=", "1 60485 5 AQNRU3mGJp8"],
    ),
    (
        RrType::CSYNC,
        "66 3 A NS AAAA",
        &[
            "66 3 AAAA a NS",
            "66 3 TYPE1 TYPE2 TYPE28",
            "066 3 28 2 1 1",
            r"\# 12 00000042 0003 00046000 0008",
        ],
    ),
    (RrType::DNAME, "a.example", &["A.Example.", r"\097.example", r"\# 11 0141076578616d706c6500"]),
    (
        RrType::DHCID,
        "AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=",
        &[
            "AAIBY2/AuCccgoJbsaxcQc9T UapptP69lOjxfNuVAA2kjEA=",
            "( AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA )",
        ],
    ),
    (RrType::DLV, "60485 5 1 2BB183AF", &["60485 5 1 2bb1 83af"]),
    (
        RrType::DNSKEY,
        "256 3 5 AQPSKmyn",
        &[
            "256 3 RSASHA1 AQPS Kmyn",
            "256 3 5 AQPSKmyn ; ZSK",
            r#""256" 3 \053 AQPSKmyn"#,
            r"\# 10 0100 03 05 0103d22a6ca7",
        ],
    ),
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
    (
        RrType::EUI48,
        "00-00-5e-00-53-2a",
        &["00-00-5E-00-53-2A", "00:00:5e:00:53:2a", "00005e00532A", r"\# 6 00005e00532a"],
    ),
    (RrType::EUI64, "00-00-5e-ef-10-00-00-2a", &["00-00-5E-EF-10-00-00-2A", r"\# 8 00005eef1000002a"]),
    (
        RrType::GPOS,
        r#""-32.6882" "116.8652" "10.0""#,
        &["-32.6882 116.8652 10.0", r#""-32.6882" 116.8652 "1\048.0""#, "-32.6882\t116.8652  10.0"],
    ),
    (RrType::HINFO, r#""PC" "Linux""#, &["PC Linux", r#"PC "Linux""#, r#""PC""Linux""#, r"P\067 Linux"]),
    (
        RrType::HIP,
        "2 200100107B1A74DF AQNRU3mG rvs.example",
        &[
            "2 200100107b1a74df AQNRU3mG RVS.example.",
            r"\# 31 08 02 0006 200100107b1a74df 010351537986 03727673 076578616d706c65 00",
        ],
    ),
    (
        RrType::HTTPS,
        "1 . alpn=h2,h3 ipv4hint=192.0.2.1",
        &[
            r#"1 . ipv4hint=192.0.2.1 alpn="h2,h3""#,
            r"01 . key4=\192\000\002\001 key1=\002h2\002h3",
            r#"( 1 . "alpn=h2,h3" key4="\192\000\002\001" ) ; comment"#,
            r"\# 21 0001 00 0001 0006 026832026833 0004 0004 c0000201",
        ],
    ),
    (
        RrType::IPSECKEY,
        "10 1 2 192.0.2.38 AQNRU3mG7TVT",
        &["10 1 2 192.0.2.38 AQNR U3mG 7TVT", "( 10 1 2 192.0.2.38 AQNRU3mG7TVT )"],
    ),
    (RrType::IPSECKEY, "10 3 2 gw.example AQNR", &["10 3 2 GW.Example. AQNR"]),
    (RrType::IPSECKEY, "10 0 0 .", &[r"\# 3 0a0000"]),
    (RrType::ISDN, r#""150862028003217" "004""#, &["150862028003217 004", r#""150862028003217""004""#]),
    (RrType::ISDN, r#""150862028003217""#, &["150862028003217", r"15086202800321\055"]),
    (RrType::KEY, "256 3 5 AQPSKmyn", &["256 3 RSASHA1 AQPS Kmyn", "0256 DNSSEC 5 AQPSKmyn"]),
    (RrType::KX, "10 kx.example", &["10 KX.example.", r"\# 14 000a 024b58 076578616d706c65 00"]),
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
        &["42 N 71 W 0m", "42 0 N 71 0 W 0", "042 0 0. N 71 00 W +0.0m"],
    ),
    (RrType::LP, "10 l64.example", &["10 L64.example.", "010 l64.example"]),
    (RrType::MX, "10 mx.example", &["10 MX.Example.", "010  mx.example", "( 10 mx.example )"]),
    (
        RrType::NAPTR,
        r#"1 2 "u" "E2U+sip" "!^.*$!sip:a@b!" ."#,
        &[r"1 2 u E2U+sip !^.*$!sip:a@b! .", r#"01 02 "u" "E2U+sip" "!^.*$!sip:a@b!" ."#],
    ),
    (RrType::NID, "10 0014:4fff:ff20:ee64", &["10 14:4FFF:FF20:EE64", r"\# 10 000a 00144fffff20ee64"]),
    (RrType::NSAP, "0x47000580005A", &["0x47.0005.80.005a", "0X47000580005a"]),
    (RrType::NSEC, "b.example A NS", &["B.Example NS a", "b.example. TYPE1 TYPE2", "b.example. ( 2 1 )"]),
    (RrType::NSEC, "b.example A TYPE1234", &["b.example. TYPE1234 A A"]),
    (
        RrType::NSEC3,
        "1 1 12 AABBCCDD 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR A RRSIG",
        &[
            "1 1 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr RRSIG a",
            "SHA-1 01 012 AABBCCDD 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR TYPE46 TYPE1",
        ],
    ),
    (RrType::NSEC3PARAM, "1 0 12 AABBCCDD", &["1 0 12 aabbccdd", "SHA1 0 012 AABBCCDD"]),
    (RrType::NSEC3PARAM, "1 0 0 -", &["01 0 00 -", r"\# 5 0100000000"]),
    (RrType::OPENPGPKEY, "AQNRU3mG", &["AQNR U3mG", "(AQNRU3mG)", r"\# 6 010351537986"]),
    (RrType::PX, "10 a.example b.example", &["10 A.example. B.example.", "( 010 a.example b.example )"]),
    (RrType::RP, "joe.example txt.example", &["JOE.example. TXT.example.", r"\106oe.example txt.example"]),
    (
        RrType::RRSIG,
        "A 5 3 86400 1048354263 1046539863 2642 example.com AQNRU3mG",
        &[
            "a RSASHA1 3 86400 20030322173103 20030301173103 2642 EXAMPLE.com. AQNR U3mG",
            "TYPE1 05 3 1d 01048354263 1046539863 02642 example.com. ( AQNRU3mG )",
            "1 5 3 24h 20030322173103 1046539863 2642 example.com. AQNRU3mG ; of the zone",
        ],
    ),
    (RrType::RT, "10 rt.example", &["10 RT.example.", r"\# 14 000a 027254 076578616d706c65 00"]),
    (
        RrType::SIG,
        "A 5 3 86400 1048354263 1046539863 2642 example.com AQNRU3mG",
        &["A 5 3 86400 20030322173103 20030301173103 2642 Example.com AQNRU3mG"],
    ),
    (RrType::SMIMEA, "3 1 1 AB12", &["3 1 1 ab 12", "DANE-EE SPKI SHA2-256 ab12"]),
    (
        RrType::SOA,
        "ns.example h.example 1 7200 900 1209600 86400",
        &["NS.example. H.example. 1 2h 15M 2w 1d", "ns.example h.example ( 1 7200 900 1209600 86400 )"],
    ),
    (RrType::SRV, "0 5 5060 sip.example", &["00 5 5060 SIP.example."]),
    (
        RrType::SSHFP,
        "2 1 123456789ABCDEF67890",
        &["2 1 123456789abcdef67890", "DSA SHA-1 123456789abcdef67890", "2 1 12345678 9abcdef67890"],
    ),
    (RrType::SPF, r#""v=spf1 -all""#, &["v=spf1 -all", r"v=spf1\032-all", r#""v=spf1\ \045all""#]),
    (
        RrType::SVCB,
        "1 svc.example port=53",
        &[
            "1 SVC.Example port=53",
            r#"1 svc.example. port="53""#,
            r"1 svc.example key3=\0005",
            "1 svc.example PORT=053",
        ],
    ),
    (RrType::TALINK, "a.example b.example", &["A.example. B.example.", "( a.example b.example )"]),
    (RrType::TLSA, "3 1 1 AB12", &["3 1 1 ab12", "3 1 1 ab 12", "DANE-EE SPKI SHA2-256 AB12"]),
    (
        RrType::TXT,
        r#""a" "b;c""#,
        &[r#""a""b;c""#, r#""a" b;c"#, r#""\097"   "b\;c""#, r"\# 6 0161 03623b63"],
    ),
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
    (
        RrType::WKS,
        "192.0.2.1 6 25 53",
        &["192.0.2.1 TCP smtp domain", "192.0.2.1 tcp 53 025 53", r"\# 12 c0000201 06 00000040000004"],
    ),
    (RrType::X25, r#""311061700956""#, &["311061700956", r"\# 13 0c 333131303631373030393536"]),
    (
        RrType::ZONEMD,
        "2018031900 1 1 616C6C6F776564206275742069676E6F",
        &[
            "2018031900 1 1 616c6c6f7765642062757420 69676e6f",
            "02018031900 SIMPLE SHA384 616c6c6f776564206275742069676e6f",
        ],
    ),
];
