//! Tests of whole texts.

use proptest::prelude::*;

use super::*;

/// What is found in a text, and what is left out: `a.example 192.0.2.1? | 2 hashes left out`, with a question mark after what has a
/// doubt.
fn read(text: &str) -> String {
    let report = Report::read(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    check_places(text, &report);
    check_alone(&report);
    let shown = |found: &Found| format!("{}{}", found.subject, if found.doubt.is_some() { "?" } else { "" });
    let found = report.found.iter().map(shown).collect::<Vec<_>>().join(" ");
    match sentence(&report.left_out) {
        Some(sentence) => format!("{found} | {}", sentence.strip_suffix(" left out").unwrap_or(&sentence)),
        None => found,
    }
}

/// Every place is a part of the text that means the value.
fn check_places(text: &str, report: &Report) {
    for found in &report.found {
        assert!(!found.places.is_empty() && found.places.len() <= MOST_PLACES, "{found:?}");
        for place in &found.places {
            let written = text.get(place.bytes.clone()).unwrap_or_else(|| panic!("{place:?} in {text:?}"));
            match &found.subject {
                Subject::Indicator(one) => {
                    assert_eq!(Indicator::parse(written).as_ref(), Ok(one), "{written:?}");
                }
                Subject::Network(one) => assert_eq!(Network::parse(written), Some(*one), "{written:?}"),
            }
            let index = |number: u64| usize::try_from(number).unwrap() - 1;
            let line = text.split('\n').nth(index(place.line)).unwrap();
            let rest: String = line.chars().skip(index(place.column)).collect();
            let first = written.split('\n').next().unwrap();
            assert!(rest.starts_with(first), "{place:?}: {rest:?} begins with {first:?}");
        }
        assert_eq!(text.get(found.places[0].bytes.clone()), Some(found.written.as_str()));
    }
}

/// A value as it is written in a sensible text is found without the text around it. This is no rule for every text: a port beside an
/// address, a hyphen at the beginning of a line and a path that holds a value mean something else alone.
fn check_alone(report: &Report) {
    for found in &report.found {
        let alone = Report::read(&found.written).unwrap();
        let alone: Vec<&Subject> = alone.found.iter().map(|found| &found.subject).collect();
        assert_eq!(alone, [&found.subject], "{:?} alone", found.written);
    }
}

#[test]
fn values_are_found_in_sentences() {
    for (text, expected) in [
        ("Visit example.com.", "example.com"),
        ("Is it c2.example? No: c3.example!", "c2.example c3.example"),
        (
            "e.g. Node.js, i.e. ASP.NET vs. 1.2.3 and v10.0.19045, etc.",
            " | 1 file name, 2 version numbers and 1 name of a program",
        ),
        ("They use evil.com, not good.com; see (bad.net).", "evil.com good.com bad.net"),
        (
            "hxxps://redelivery-fee[.]example/pay?id=88 and hxxp://parcel-notice[.]example:8443/t",
            "redelivery-fee.example parcel-notice.example",
        ),
        ("198.51.100[.]66 / 8.8.8[.]8, 9.9.9(.)9", "198.51.100.66? 8.8.8.8 9.9.9.9"),
        (
            "c2[.]example c3(.)example c4{.}example c5[dot]example c6 [.] example",
            "c2.example c3.example c4.example c5.example c6.example",
        ),
        (
            "hxxp[:]//a[.]example/x hxxp[://]b[.]example http:\\/\\/c.example\\/y",
            "a.example b.example c.example",
        ),
        ("c2.example:443 and 8.8.8.8:53", "c2.example 8.8.8.8"),
        ("[2001:4860:4860::8888]:443/x.php 2620:fe::fe.", "2001:4860:4860::8888 2620:fe::fe"),
        ("http://[2620:fe::fe]:8080/setup.exe", "2620:fe::fe"),
        (
            "\"a.example\", 'b.example', `c.example`, “d.example”, «e.example»",
            "a.example b.example c.example d.example e.example",
        ),
        ("**a.example** _b.example_ *c.example*", "a.example b.example c.example"),
        (
            "a.example->8.8.8.8 b.example → c.example—d.example",
            "a.example 8.8.8.8 b.example c.example d.example",
        ),
        ("domain=a.example&ip=8.8.8.8 window.hit=1 user.name=x", "a.example 8.8.8.8"),
        ("a.example=9.9.9.9", "a.example 9.9.9.9"),
        ("Domain:a.example Hosts:8.8.8.8 access.log:9.9.9.9:443", "a.example 8.8.8.8 9.9.9.9 | 1 file name"),
        ("wait...what...c2.example...", "c2.example"),
        ("EVIL.COM and Evil.Com", "evil.com"),
        ("b\u{fc}cher.example", "xn--bcher-kva.example"),
        ("\\\\files.example\\share\\x.exe", "files.example"),
        ("http/c2.example/x https//c3.example", "c2.example c3.example"),
        ("a.example,b.example;c.example|d.example", "a.example b.example c.example d.example"),
        ("1.2.3.4.5 and 300.1.1.1 and 10.0.19045.3803", " | 1 invalid name or address and 2 version numbers"),
        ("just words, and 3 numbers: 12 34.5 6,7", ""),
    ] {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn a_path_yields_no_file_names_but_other_urls() {
    for (text, expected) in [
        ("http://a.example/setup.exe", "a.example"),
        ("http://a.example/x/readme.md?file=evil.zip#c.example", "a.example"),
        (
            "http://a.example/r?u=http://b.example/x&v=https%3A%2F%2Fc.example%2Fy",
            "a.example b.example c.example",
        ),
        ("http://a.example/x,http://b.example/y", "a.example b.example"),
        ("http://a.example/x,8.8.8.8", "a.example 8.8.8.8"),
        ("http://a.example/x,y;z(1)", "a.example"),
        ("https://user:pw@a.example:8443/x", "a.example"),
        ("http://a.example@evil.example/", "evil.example"),
        ("view-source:http://a.example/ git+ssh://b.example/x", "a.example b.example"),
        ("8.8.8.8/9.9.9.9 c2.example/1.1.1.1", "8.8.8.8 9.9.9.9 c2.example 1.1.1.1"),
        ("http://unlisted.unknowntop/ http://ASP.NET/", "unlisted.unknowntop asp.net"),
        ("http://localhost:8080/ http://intranet/", ""),
    ] {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn what_is_doubtful_is_not_selected_and_says_why() {
    let doubt = |text: &str| {
        let report = Report::read(text).unwrap();
        assert_eq!(report.found.len(), 1, "{text}: {report:?}");
        report.found[0].doubt.as_ref().map(ToString::to_string)
    };
    for (text, expected) in [
        ("setup.zip", Some("a file name, or a name below .zip")),
        ("readme.md", Some("a file name, or a name below .md")),
        ("invoice.mov", Some("a file name, or a name below .mov")),
        ("run.sh", Some("a file name, or a name below .sh")),
        ("main.py", Some("a file name, or a name below .py")),
        ("a.rs", Some("a file name, or a name below .rs")),
        ("notes.one", Some("a file name, or a name below .one")),
        ("exe.zip", Some("a file name, or a name below .zip")),
        ("setup[.]exe[.]zip", None),
        ("setup.exe.zip:443", None),
        ("www.setup.exe.zip", None),
        ("setup[.]zip", None),
        ("http://setup.zip/x", None),
        ("setup.zip:443", None),
        ("www.setup.zip", None),
        ("setup.zip, later http://setup.zip/", None),
        ("co.uk", Some("a public suffix: names are registered below it")),
        ("10.0.0.1", Some("a special-purpose address, in private use (10.0.0.0/8, RFC 1918)")),
        (
            "http://10.0.0.1/ 10.0.0.1",
            Some("a special-purpose address, in private use (10.0.0.0/8, RFC 1918)"),
        ),
        ("version 1.2.3.4", Some("an address, or the number of a version")),
        ("Version: 1.2.3.4", Some("an address, or the number of a version")),
        ("address 1.2.3.4", None),
        ("*.evil.example", Some("a wildcard: the text is about all names below it")),
        ("*[.]evil[.]example", Some("a wildcard: the text is about all names below it")),
        ("the campaign.It used", Some("a name, or two sentences without a space between them")),
        ("8.8.8.0/28", Some("a network or a range: it stands for its 16 addresses")),
        ("xn--pple-43d.com", None),
    ] {
        assert_eq!(doubt(text).as_deref(), expected, "{text}");
    }
    let lookalike = Report::read("login at xn--pple-43d.com").unwrap();
    let caution = lookalike.found[0].caution().unwrap().to_string();
    assert!(caution.contains("xn--pple-43d.com is shown as \u{430}pple.com"), "{caution}");
}

#[test]
fn small_networks_stand_for_their_addresses_and_large_ones_are_left_out() {
    let text = "203.0.113.16/28 192.0.2[.]0/24, 8.8.8.1-8.8.8.9 (9.9.9.*) 10.0.0.0/8 2001:db8::/32 scored 9.8/10, 24/7, 2.x";
    assert_eq!(read(text), "203.0.113.16/28? 192.0.2.0/24? 8.8.8.1-8.8.8.9? 9.9.9.0/24? | 2 large networks");
    let report = Report::read(text).unwrap();
    let counts: Vec<usize> = report.found.iter().map(|found| found.indicators().len()).collect();
    assert_eq!(counts, [16, 256, 9, 256]);
    assert_eq!(read("8.8.8.8/32 2620:fe::fe/128"), "8.8.8.8 2620:fe::fe");
}

#[test]
fn what_is_no_indicator_is_left_out_by_kind() {
    for (text, expected) in [
        ("44d88612fea8a8f36de82e1278abb02f 22813a7723dbdceb828c0263431465e3698aa0fc", " | 2 hashes"),
        ("44d88612fea8a8f36de82e1278abb02f 44d88612fea8a8f36de82e1278abb02f", " | 1 hash"),
        (
            "Contact: abuse@hoster.example, cert[at]sector[.]example, mailto:x@y.example",
            " | 3 e-mail addresses",
        ),
        ("CVE-2024-1234 and MS17-010", " | 2 identifiers of vulnerabilities"),
        ("a fee of EUR 1.99, then $2.50, 3,99 € or 1.000,50 USD", " | 4 prices"),
        ("on 2024-01-01 and 01.02.2024", " | 2 dates"),
        ("parcel.pdf.exe, setup.exe.zip? evil.dll", " | 3 file names"),
        ("C:\\Windows\\evil.exe /etc/passwd src/main.rs", " | 3 file paths"),
        ("HKLM\\Software\\Run", " | 1 registry key"),
        ("host.unknowntop p.MsoNormal", " | 2 names with an unknown top-level domain"),
        ("a..b.example -.example.com", "example.com | 1 invalid name or address"),
        ("server.corp db.internal printer.local x.onion", "server.corp db.internal printer.local x.onion"),
        ("main.cpp lib.ts style.css", " | 3 file names"),
    ] {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn names_are_found_in_text_without_spaces() {
    for (text, expected) in [
        ("攻撃者はc2.exampleを使用。次はc3.exampleです。", "c2.example c3.example"),
        ("接続先：c2[.]example、8.8.8.8（東京）", "c2.example 8.8.8.8"),
        ("http://c2.exampleへ接続", "c2.example"),
        ("域名c2.example和恶意", "c2.example?"),
        ("例え.example", "xn--r8jz45g.example"),
        ("c2.example에서", "c2.example"),
        ("*?域a.It", ""),
        ("c2。example", "c2.example"),
        ("c2.example。c3.example。", "c2.example c3.example"),
        ("日本shop.example", "shop.example?"),
        (
            "Über bücher.example, für 1,99 €: straße.example.",
            "xn--bcher-kva.example xn--strae-oqa.example | 1 price",
        ),
    ] {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn an_e_mail_with_headers_is_read() {
    let text = "\
Received: from mail.sender.example (mail.sender.example [8.8.4.4])\r
 by mx.victim.example (Postfix) with ESMTPS id 4F2x1A for <ann@victim.example>;\r
 Tue, 24 Nov 2026 09:12:01 +0000 (UTC)\r
Message-ID: <20261124.abc@mail.sender.example>\r
From: \"Parcel service\" <no-reply@parcel.example>\r
Content-Type: text/html; charset=utf-8\r
\r
<html><body><p class=\"x\">Pay <b>1.99&nbsp;EUR</b> at\r
<a href=\"https://pay.parcel.example/p?id=1\">our site</a>&#46;</p>\r
<img src='http://img.example/a.png'/></body></html>\r
";
    assert_eq!(
        read(text),
        "mail.sender.example 8.8.4.4 mx.victim.example pay.parcel.example img.example | 3 e-mail addresses"
    );
}

#[test]
fn a_markdown_report_is_read() {
    let text = "\
# Parcel fraud (TLP:GREEN)

Since *May 2024* the group uses [c2.example](http://c3.example/x) and `c4[.]example`.

| Indicator | Type | SHA-256 |
| --- | --- | --- |
| hxxp://a[.]example/login.php | URL | 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 |
| 8.8.8[.]8 | IPv4 | - |

- depot.example
1. setup.zip, version 1.2.3 (CVE-2024-1234, T1059.001)

## Mitigation
Block `*.notice.example`.
";
    assert_eq!(
        read(text),
        "c2.example c3.example c4.example a.example 8.8.8.8 depot.example setup.zip? notice.example? | \
         1 identifier of MITRE ATT&CK, 1 identifier of a vulnerability, 1 hash and 1 version number"
    );
}

#[test]
fn a_table_and_a_log_are_read() {
    let csv = "\
first_seen,domain,ip,note\n\
2024-01-01T10:00:00Z,a.example,8.8.8.8,\"drops x.exe, then b.example\"\n\
2024-01-02T10:00:00Z,c.example,8.8.4.4,\n";
    assert_eq!(read(csv), "a.example 8.8.8.8 b.example c.example 8.8.4.4 | 2 dates and 1 file name");
    let tsv = "a.example\t8.8.8.8\t443\nb.example\t9.9.9.9\t80\n";
    assert_eq!(read(tsv), "a.example 8.8.8.8 b.example 9.9.9.9");
    let log = "9.9.9.9 - - [10/Oct/2024:13:55:36 -0700] \"GET /index.php?u=http://c2.example/x HTTP/1.1\" 200 2326 \
               \"http://ref.example/start.html\" \"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:109.0) Chrome/120.0.6099.109\"";
    assert_eq!(read(log), "9.9.9.9 c2.example ref.example | 1 file path");
    let json = "{\"domain\":\"a.example\",\"url\":\"http:\\/\\/b.example\\/x\",\"ips\":[\"8.8.8.8\"]}";
    assert_eq!(read(json), "a.example b.example 8.8.8.8");
}

#[test]
fn a_place_is_the_host_alone_where_it_can_be() {
    let report = Report::read("one\nlead to hxxps://c2[.]example/pay and http://x.unknowntop/").unwrap();
    let contexts: Vec<String> = report
        .found
        .iter()
        .map(|found| {
            let place = &found.places[0];
            let context = place.context("one\nlead to hxxps://c2[.]example/pay and http://x.unknowntop/");
            format!("{}:{} {}<{}>{}", place.line, place.column, context.before, context.found, context.after)
        })
        .collect();
    assert_eq!(
        contexts,
        [
            "2:17 lead to hxxps://<c2[.]example>/pay and http://x.unknowntop/",
            "2:38 … hxxps://c2[.]example/pay and <http://x.unknowntop>/"
        ]
    );
}

#[test]
fn places_and_values_are_counted_beyond_their_bounds() {
    let text = "a.example ".repeat(MOST_PLACES + 5);
    let report = Report::read(&text).unwrap();
    assert_eq!((report.found.len(), report.found[0].places.len(), report.found[0].count), (1, 20, 25));
    let many: String =
        (0..MOST_VALUES + 345).flat_map(|n| [format!("n{n}.example "), format!("n{n}.example ")]).collect();
    let report = Report::read(&many).unwrap();
    assert_eq!((report.found.len(), report.total, report.dropped()), (MOST_VALUES, 10_345, 345));
}

#[test]
fn a_text_that_cannot_be_read_is_refused() {
    assert_eq!(Report::read(" \n"), Err(ReportError::Empty));
    assert_eq!(Report::read("a.example\0"), Err(ReportError::Binary));
    let long = "a".repeat(MOST_BYTES + 1);
    assert_eq!(Report::read(&long), Err(ReportError::TooLong { length: MOST_BYTES + 1 }));
}

/// Text in which values are likely.
fn any_report() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        4 => "[a-z]{1,6}(\\.|\\[\\.\\]|\\(dot\\)| \\[\\.\\] |。)(example|com|zip|co\\.uk|unknown|It)",
        3 => "[0-9]{1,3}(\\.|\\[\\.\\])[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}(/[0-9]{1,2}|-[0-9]{1,3})?",
        2 => "(http|hxxp|hxxp\\[:\\]|ftp)(://|:\\\\/\\\\/|\\[://\\])",
        2 => "\\[?([0-9a-f]{0,4}:){2,4}:?[0-9a-f]{1,4}\\]?(:443)?",
        4 => "[ \\t\\n,;:=()\\[\\]{}<>\"'`|/\\\\.@#?!%*_&-]{1,3}",
        1 => "(%3A%2F%2F|\\[at\\]|\\.\\.\\.|\\*\\.|www\\.|EUR |€|version )",
        1 => "[はの域ーü한]{1,2}",
        1 => "\\PC{1,4}",
    ];
    prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_place_means_its_value(text in any_report()) {
        if let Ok(report) = Report::read(&text) {
            check_places(&text, &report);
            for left in &report.left_out {
                for example in &left.examples {
                    prop_assert!(text.get(example.place.bytes.clone()).is_some());
                }
            }
        }
    }

    #[test]
    fn no_text_panics(text in any::<String>(), bytes in any::<Vec<u8>>()) {
        if let Ok(report) = Report::read(&text) {
            check_places(&text, &report);
        }
        let _ = decode(&bytes).map(|text| Report::read(&text));
    }

    #[test]
    fn a_value_among_words_is_found(name in "[a-z]{3,8}", before in "[a-z ]{0,10}", after in "[a-z ,]{0,10}") {
        let text = format!("{before} {name}[.]example {after}");
        let report = Report::read(&text).unwrap();
        let expected = format!("{name}.example");
        prop_assert_eq!(report.found.iter().map(|one| one.subject.to_string()).collect::<Vec<_>>(), [expected]);
    }
}
