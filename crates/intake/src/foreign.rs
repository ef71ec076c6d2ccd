//! Detects input that is not in the Common Output Format, and says what it looks like.
//!
//! [`ForeignKind::of_head`] detects by the first bytes formats that cannot contain records. [`Foreign::of`] describes an input
//! without any record: its probable format, and its first bytes. [`is_marker`] detects the lines that dnsdbq prints between the answers of a batch.

use std::fmt;

/// How many of the first bytes are shown.
const SHOWN: usize = 32;

/// What an input without records looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// Its probable format.
    pub kind: ForeignKind,
    /// Its first bytes in printable ASCII; empty if it has none.
    begins: Box<str>,
}

impl Foreign {
    /// Describes an input by its first bytes.
    pub fn of(head: &[u8]) -> Self {
        let begins = head.get(..SHOWN).unwrap_or(head).escape_ascii().to_string();
        Self { kind: ForeignKind::of_text(head), begins: begins.into() }
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.begins {
            "" => self.kind.fmt(f),
            begins => write!(f, "{} that begins with \"{begins}\"", self.kind),
        }
    }
}

/// The probable format of an input without records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForeignKind {
    /// Bytes that are not text.
    Binary,
    /// bzip2, which is not supported.
    Bzip2,
    /// Comma-separated values.
    Csv,
    /// A stream of DNS messages framed by Frame Streams.
    Dnstap,
    /// Suricata's event log.
    Eve,
    /// gzip (RFC 1952), where decompressed input was expected.
    Gzip,
    /// An HTML page.
    Html,
    /// JSON that does not contain records.
    Json,
    /// A packet capture.
    Pcap,
    /// A packet capture in the pcapng format.
    PcapNg,
    /// A PDF document.
    Pdf,
    /// An SQLite database.
    Sqlite,
    /// Text of any other kind.
    Text,
    /// xz, where decompressed input was expected.
    Xz,
    /// A Zeek log with tab-separated columns.
    Zeek,
    /// A ZIP archive.
    Zip,
    /// zstd (RFC 8878), where decompressed input was expected.
    Zstd,
}

impl ForeignKind {
    /// How many of the first bytes are enough to detect the format.
    pub const HEAD: usize = 4_096;
    /// Reading stops if this many bytes contained no record.
    pub const PATIENCE: u64 = 1 << 20;
    /// Reading stops after this many damaged stretches without a record.
    pub const DAMAGES: u64 = 1_000;

    /// Detects a format that cannot contain records by its signature.
    pub fn of_head(head: &[u8]) -> Option<Self> {
        Some(match head {
            [0xa1, 0xb2, 0xc3 | 0xcd, 0xd4 | 0x34, ..] | [0xd4 | 0x34, 0xc3 | 0xcd, 0xb2, 0xa1, ..] => {
                Self::Pcap
            }
            [0xa1, 0xb2, 0x3c, 0x4d, ..] | [0x4d, 0x3c, 0xb2, 0xa1, ..] => Self::Pcap,
            [0x0a, 0x0d, 0x0d, 0x0a, ..] => Self::PcapNg,
            [b'P', b'K', 3 | 5, 4 | 6, ..] => Self::Zip,
            [b'%', b'P', b'D', b'F', b'-', ..] => Self::Pdf,
            [b'B', b'Z', b'h', b'1'..=b'9', b'1', b'A', b'Y', b'&', ..] => Self::Bzip2,
            [0x1f, 0x8b, 8, ..] => Self::Gzip,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            // An escape sequence, the length of a control frame, and its type START.
            [0, 0, 0, 0, 0, 0, _, _, 0, 0, 0, 2, ..] => Self::Dnstap,
            _ if head.starts_with(b"SQLite format 3\0") => Self::Sqlite,
            _ => return None,
        })
    }

    /// The probable format of an input without any record, by its first bytes.
    pub fn of_text(head: &[u8]) -> Self {
        if let Some(known) = Self::of_head(head) {
            return known;
        }
        let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
        let has = |text: &[u8]| head.windows(text.len()).any(|window| window.eq_ignore_ascii_case(text));
        if head.contains(&0) {
            Self::Binary
        } else if head.starts_with(b"#separator") {
            Self::Zeek
        } else if head.starts_with(b"<") && (has(b"<html") || has(b"<!doctype")) {
            Self::Html
        } else if has(b"\"event_type\"") && has(b"\"flow_id\"") {
            Self::Eve
        } else if matches!(head.first(), Some(b'{' | b'[')) {
            Self::Json
        } else if head
            .split(|byte| *byte == b'\n')
            .take(2)
            .all(|line| line.contains(&b',') || line.contains(&b';'))
        {
            Self::Csv
        } else if std::str::from_utf8(head).is_err_and(|error| error.error_len().is_some()) {
            Self::Binary
        } else {
            Self::Text
        }
    }

    /// Whether decompressing the input first, or declaring its compression, would help.
    pub fn is_packed(self) -> bool {
        matches!(self, Self::Bzip2 | Self::Gzip | Self::Xz | Self::Zip | Self::Zstd)
    }
}

impl fmt::Display for ForeignKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Binary => "a binary file",
            Self::Bzip2 => "a file compressed with bzip2",
            Self::Csv => "a file of comma-separated values (CSV)",
            Self::Dnstap => "a dnstap frame stream",
            Self::Eve => "a Suricata EVE log",
            Self::Gzip => "a file compressed with gzip",
            Self::Html => "an HTML page",
            Self::Json => "JSON in another format",
            Self::Pcap => "a pcap file",
            Self::PcapNg => "a pcapng file",
            Self::Pdf => "a PDF file",
            Self::Sqlite => "an SQLite database",
            Self::Text => "text in another format",
            Self::Xz => "a file compressed with xz",
            Self::Zeek => "a Zeek log",
            Self::Zip => "a ZIP archive",
            Self::Zstd => "a file compressed with zstd",
        })
    }
}

/// Whether a stretch between records consists of lines that dnsdbq prints around the answers of a batch (`-f`, `-ff`):
/// `++` before an answer and `--` behind it, each alone or followed by text.
pub fn is_marker(stretch: &[u8]) -> bool {
    let mut lines =
        stretch.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let marks = |line: &[u8]| {
        matches!(line, [b'-', b'-'] | [b'+', b'+'] | [b'-', b'-', b' ', ..] | [b'+', b'+', b' ', ..])
    };
    !stretch.trim_ascii().is_empty() && lines.all(marks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_their_first_bytes() {
        for (head, is) in [
            (&b"\xd4\xc3\xb2\xa1\x02\0\x04\0"[..], ForeignKind::Pcap),
            (b"\xa1\xb2\x3c\x4d\0\x02\0\x04", ForeignKind::Pcap),
            (b"\x0a\x0d\x0d\x0a\x1c\0\0\0", ForeignKind::PcapNg),
            (b"\0\0\0\0\0\0\0\x22\0\0\0\x02", ForeignKind::Dnstap),
            (b"PK\x03\x04", ForeignKind::Zip),
            (b"%PDF-1.7", ForeignKind::Pdf),
            (b"SQLite format 3\0", ForeignKind::Sqlite),
            (b"BZh91AY&SY", ForeignKind::Bzip2),
        ] {
            assert_eq!((ForeignKind::of_head(head), ForeignKind::of_text(head)), (Some(is), is));
        }
        for (head, is) in [
            (&b"#separator \\x09\n#path\tdns\n"[..], ForeignKind::Zeek),
            (b"\n<!DOCTYPE html><html>", ForeignKind::Html),
            (b"{\"timestamp\":\"x\",\"flow_id\":1,\"event_type\":\"dns\"}", ForeignKind::Eve),
            (b"{\"a\":1}", ForeignKind::Json),
            (b"rrname,rrtype,rdata\na,A,192.0.2.1\n", ForeignKind::Csv),
            (b"hello", ForeignKind::Text),
            (b"a\0b", ForeignKind::Binary),
            (b"", ForeignKind::Text),
        ] {
            assert_eq!((ForeignKind::of_head(head), ForeignKind::of_text(head)), (None, is), "{head:?}");
        }
    }

    #[test]
    fn the_first_bytes_are_shown_in_printable_ascii() {
        let long = "a\u{1b}[2J\"\u{e9}\n".repeat(1_000);
        let said = Foreign::of(long.as_bytes()).to_string();
        assert!(
            said.starts_with("text in another format that begins with \"a\\x1b[2J\\\"\\xc3\\xa9\\n"),
            "{said}"
        );
        assert!(said.len() < 200 && said.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{said}");
        assert_eq!(Foreign::of(b"").to_string(), "text in another format");
    }

    #[test]
    fn lines_of_dnsdbq_are_markers_and_nothing_else_is() {
        for marker in
            ["--", "++", "++ rrset/name/a.example", "-- NOERROR (no error)\n++ rrset/name/b\n", "--\n"]
        {
            assert!(is_marker(marker.as_bytes()), "{marker:?}");
        }
        for other in ["", "\n", "---", "-- ok\nx", "+", "<html>", "--x"] {
            assert!(!is_marker(other.as_bytes()), "{other:?}");
        }
    }
}
