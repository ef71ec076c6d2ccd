//! Recognises other kinds of pasted text by their form, so that a refusal can name the kind.
//!
//! A form is a pattern for the cleaned text in lower case. Patterns are tried in order, and the first match determines the
//! kind. They run in linear time for any input.

use std::fmt;
use std::sync::LazyLock;

use regex::bytes::RegexSet;

/// A kind of text that is not a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Other {
    /// `AS64496`.
    AsNumber,
    /// `T1059.001` and the other identifiers of MITRE ATT&CK.
    Attack,
    /// A Bitcoin address, in Base58 or Bech32.
    Bitcoin,
    /// `CVE-2024-1234`, and identifiers of similar catalogues.
    Cve,
    /// A date, with or without a time.
    Date,
    /// An Ethereum address.
    Ethereum,
    /// A name of a file.
    FileName,
    /// A path of a file, with or without a drive.
    FilePath,
    /// The fingerprint of a certificate, in pairs of hexadecimal digits.
    Fingerprint,
    /// A GUID or UUID.
    Guid,
    /// A JA4 fingerprint, such as `t13d1516h2_8daaf6152771_02713d6af862`.
    Ja4,
    /// A JARM fingerprint: 62 hexadecimal digits.
    Jarm,
    /// An EUI-48 or EUI-64.
    Mac,
    /// 32 hexadecimal digits.
    Md5,
    /// `443/tcp`.
    Port,
    /// A key of the Windows registry.
    RegistryKey,
    /// A security identifier of Windows, `S-1-5-21-…`.
    SecurityId,
    /// 40 hexadecimal digits.
    Sha1,
    /// 56 hexadecimal digits.
    Sha224,
    /// 64 hexadecimal digits.
    Sha256,
    /// 96 hexadecimal digits.
    Sha384,
    /// 128 hexadecimal digits.
    Sha512,
    /// A fuzzy hash of ssdeep.
    Ssdeep,
    /// A time of day.
    Time,
    /// A fuzzy hash of TLSH.
    Tlsh,
    /// A URI whose scheme is not followed by a host, as in `data:text/html,x`.
    Uri,
    /// `Mozilla/5.0 (…)`.
    UserAgent,
    /// A version of a program.
    Version,
}

/// The patterns, in order. A hash may be preceded by the name of its kind, as in `sha256:…`.
const SHAPES: [(&str, Other); 42] = [
    (r"^(md5|imphash|ja3s?)?[:=]?[0-9a-f]{32}$", Other::Md5),
    (r"^(sha-?1)?[:=]?[0-9a-f]{40}$", Other::Sha1),
    (r"^(sha-?224)?[:=]?[0-9a-f]{56}$", Other::Sha224),
    (r"^(sha-?256)?[:=]?[0-9a-f]{64}$", Other::Sha256),
    (r"^(sha-?384)?[:=]?[0-9a-f]{96}$", Other::Sha384),
    (r"^(sha-?512)?[:=]?[0-9a-f]{128}$", Other::Sha512),
    (r"^(jarm)?[:=]?[0-9a-f]{62}$", Other::Jarm),
    (r"^(ja4[a-z]?[:=])?[tqd][0-9a-z]{9}_[0-9a-f]{12}_[0-9a-f]{12}$", Other::Ja4),
    (r"^s-1-[0-9]{1,15}(-[0-9]{1,10}){1,15}$", Other::SecurityId),
    (r"^data:[a-z]+/", Other::Uri),
    (r"^(javascript|vbscript|about|blob|magnet|urn|tel|sms|cid|mid):", Other::Uri),
    (r"^(tlsh[:=])?(t1)?[0-9a-f]{70}$", Other::Tlsh),
    (r"^(ssdeep[:=])?[0-9]{1,10}:[0-9a-z/+]{3,}:[0-9a-z/+]{3,}(,.*)?$", Other::Ssdeep),
    (r"^\{?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?$", Other::Guid),
    (r"^[a-z-]+--[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", Other::Guid),
    (r"^(cve|can|cnvd|cnnvd|jvndb|euvd|gcve|mal|edb|zdi)-[0-9]{2,6}(-[0-9]{2,})?(-[0-9]+)?$", Other::Cve),
    (r"^(ghsa(-[0-9a-z]{4}){3}|(cwe|capec)-[0-9]+|ms[0-9]{2}-[0-9]{3}|kb[0-9]{6,8})$", Other::Cve),
    (r"^asn? ?[0-9]{1,10}(\.[0-9]{1,5})?$", Other::AsNumber),
    (r"^(t[0-9]{4}(\.[0-9]{3})?|(ta|ds|tc)[0-9]{4}|[sgmc][0-9]{4})$", Other::Attack),
    (r"^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$", Other::Mac),
    (r"^[0-9a-f]{2}([:-][0-9a-f]{2}){7}$", Other::Mac),
    (r"^[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}(\.[0-9a-f]{4})?$", Other::Mac),
    (r"^[0-9a-f]{2}(:[0-9a-f]{2}){9,63}$", Other::Fingerprint),
    (r"^0x[0-9a-f]{40}$", Other::Ethereum),
    (r"^(bc|tb)1[02-9ac-hj-np-z]{11,87}$", Other::Bitcoin),
    (r"^(bitcoin|ethereum):", Other::Bitcoin),
    (r"^[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}([t ][0-9:.,]+ ?(z|utc|gmt|[+-][0-9:]+)?)?$", Other::Date),
    (r"^[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{4}([t ,]+[0-9:.]+)?$", Other::Date),
    (r"^[0-9]{1,2}/[0-9]{1,2}/[0-9]{2}$", Other::Date),
    (r"^[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?([.,][0-9]+)?(z|[+-][0-9:]+)?$", Other::Time),
    (r"^([0-9]{1,5}/(tcp|udp|sctp)|(tcp|udp|sctp|port)[/ :][0-9]{1,5}|:[0-9]{1,5})$", Other::Port),
    (
        r"^v?[0-9]+(\.[0-9]+)+[-+_]?(alpha|beta|rc|dev|pre|post|build|snapshot|final)[0-9a-z.+-]*$",
        Other::Version,
    ),
    (r"^v[0-9]+(\.[0-9]+)*$", Other::Version),
    (
        r"^(mozilla|opera|curl|wget|python|python-[a-z]+|go-http-client|java|okhttp|dalvik)/[0-9]",
        Other::UserAgent,
    ),
    (r"^[a-z_-]+/v?[0-9]+(\.[0-9]+)+([ ;(].*)?$", Other::UserAgent),
    (r"^(hk(lm|cu|cr|u|cc)|hkey_[a-z_]+)(:|\\|/|$)", Other::RegistryKey),
    (r"^[a-z]:[\\/]", Other::FilePath),
    (r"^file:/(//|[^/])", Other::FilePath),
    (r"^(~|\.{1,2})?/[^/]", Other::FilePath),
    (r"^(%[a-z_]+%|\$[a-z_{]+\}?|~|\.{1,2})[\\/]", Other::FilePath),
    (r"^[^./\\:@]+\\[^\\]", Other::FilePath),
    (r"^\.[a-z0-9]{1,5}$", Other::FileName),
];

/// File name extensions that are not top-level domains, in order. Extensions that are both (`com`, `zip`, `mov`, `one`,
/// `py`, `sh`, `pl`, `rs`, `cab`) are treated as domain names.
const ENDINGS: [&str; 98] = [
    "7z", "asp", "aspx", "bak", "bash", "bat", "bin", "bmp", "cfg", "chm", "class", "conf", "config", "csv",
    "dat", "db", "dll", "dmg", "doc", "docm", "docx", "dotm", "elf", "eml", "exe", "gif", "gz", "hta", "htm",
    "html", "ico", "img", "ini", "iso", "jar", "jpeg", "jpg", "js", "jse", "json", "jsp", "lnk", "log",
    "mp3", "mp4", "msg", "msi", "ocx", "ods", "odt", "pcap", "pcapng", "pdf", "php", "php3", "php4", "php5",
    "php7", "png", "potm", "ppt", "pptm", "pptx", "ps1", "psd1", "psm1", "pyc", "rar", "rdp", "reg", "rtf",
    "scr", "sct", "sqlite", "svg", "swf", "sys", "tar", "tgz", "tmp", "ttf", "txt", "vbe", "vbs", "vhd",
    "vhdx", "wsf", "xlam", "xll", "xls", "xlsb", "xlsm", "xlsx", "xml", "yaml", "yar", "yara", "yml",
];

static PATTERNS: LazyLock<RegexSet> = LazyLock::new(|| {
    // An invalid pattern is a bug in this table, which the tests find.
    RegexSet::new(SHAPES.map(|(pattern, _)| format!("(?s-u){pattern}"))).unwrap_or_default()
});

impl Other {
    /// The kind of a text, if it has one of these forms.
    pub(super) fn of(text: &str) -> Option<Self> {
        // Base58 distinguishes upper and lower case.
        if is_base58_address(text) {
            return Some(Self::Bitcoin);
        }
        let is_file_name = || {
            let (stem, ending) = text.rsplit_once('.')?;
            (!stem.contains(['/', '\\', ':', '?', '#', '@'])).then(|| Self::of_ending(ending))?
        };
        if let Some(kind) = is_file_name() {
            return Some(kind);
        }
        let first = PATTERNS.matches(text.to_ascii_lowercase().as_bytes()).into_iter().next()?;
        SHAPES.get(first).map(|(_, kind)| *kind)
    }

    /// A file name, if the last label is one of the extensions.
    pub(crate) fn of_ending(last: &str) -> Option<Self> {
        ENDINGS.binary_search(&last.to_ascii_lowercase().as_str()).is_ok().then_some(Self::FileName)
    }

    /// Its name, with the article.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AsNumber => "an AS number",
            Self::Attack => "an identifier of MITRE ATT&CK",
            Self::Bitcoin => "a cryptocurrency address",
            Self::Cve => "the identifier of a vulnerability",
            Self::Date => "a date",
            Self::Ethereum => "an Ethereum address",
            Self::FileName => "a file name",
            Self::FilePath => "a file path",
            Self::Fingerprint => "a fingerprint of a certificate",
            Self::Guid => "a GUID",
            Self::Ja4 => "a JA4 fingerprint",
            Self::Jarm => "a JARM fingerprint",
            Self::Mac => "a MAC address",
            Self::Md5 => "an MD5 hash, an imphash or a JA3 fingerprint",
            Self::Port => "a port",
            Self::RegistryKey => "a registry key",
            Self::SecurityId => "a security identifier of Windows",
            Self::Sha1 => "a SHA-1 hash",
            Self::Sha224 => "a SHA-224 hash",
            Self::Sha256 => "a SHA-256 hash",
            Self::Sha384 => "a SHA-384 hash",
            Self::Sha512 => "a SHA-512 hash",
            Self::Ssdeep => "an ssdeep hash",
            Self::Time => "a time of day",
            Self::Tlsh => "a TLSH hash",
            Self::Uri => "a URI without a host",
            Self::UserAgent => "a user agent",
            Self::Version => "a version number",
        }
    }
}

impl fmt::Display for Other {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A Bitcoin address of the older kinds: 25 to 34 characters of Base58 that begin with 1 or 3, in mixed case.
fn is_base58_address(text: &str) -> bool {
    let is_base58 = |byte: u8| byte.is_ascii_alphanumeric() && !matches!(byte, b'0' | b'O' | b'I' | b'l');
    (25..=34).contains(&text.len())
        && text.starts_with(['1', '3'])
        && text.bytes().all(is_base58)
        && text.bytes().any(|byte| byte.is_ascii_uppercase())
        && text.bytes().any(|byte| byte.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_are_in_order() {
        assert!(ENDINGS.is_sorted());
    }

    #[test]
    fn all_patterns_are_in_the_set() {
        assert_eq!(PATTERNS.len(), SHAPES.len());
    }

    #[test]
    fn what_people_paste_is_known_by_its_shape() {
        let hex = |digits: usize| "44d88612fea8a8f36de82e1278abb02f".repeat(4)[..digits].to_owned();
        for (digits, kind) in [
            (32, Other::Md5),
            (40, Other::Sha1),
            (56, Other::Sha224),
            (62, Other::Jarm),
            (64, Other::Sha256),
            (70, Other::Tlsh),
            (96, Other::Sha384),
            (128, Other::Sha512),
        ] {
            assert_eq!(Other::of(&hex(digits)), Some(kind), "{digits}");
            assert_eq!(Other::of(&hex(digits).to_uppercase()), Some(kind), "{digits}");
            assert_ne!(Other::of(&hex(digits - 1)), Some(kind), "{digits}");
        }
        for (text, kind) in [
            ("md5:44d88612fea8a8f36de82e1278abb02f", Other::Md5),
            ("T144D88612FEA8A8F36DE82E1278ABB02F44D88612FEA8A8F36DE82E1278ABB02F012345", Other::Tlsh),
            (
                "96:s4Ud1Lj96tHHlZDrwciQmA+4uy1I0G4HYuL8N3TzS8QsO/wqWXLcMSx:sF1LjEtHHlZDrJzrhuyZvHYm8tKp/RWO",
                Other::Ssdeep,
            ),
            ("CVE-2024-1234", Other::Cve),
            ("t13d1516h2_8daaf6152771_02713d6af862", Other::Ja4),
            ("S-1-5-21-3623811015-3361044348-30300820-1013", Other::SecurityId),
            ("data:text/html,x", Other::Uri),
            ("javascript:alert(1)", Other::Uri),
            ("magnet:?xt=urn:btih:44d88612", Other::Uri),
            ("ghsa-jfh8-c2jp-5v3q", Other::Cve),
            ("MS17-010", Other::Cve),
            ("AS1234", Other::AsNumber),
            ("asn 64496", Other::AsNumber),
            ("T1059.001", Other::Attack),
            ("TA0001", Other::Attack),
            ("S0154", Other::Attack),
            ("00:00:5e:00:53:01", Other::Mac),
            ("00-00-5E-00-53-01", Other::Mac),
            ("0000.5e00.5301", Other::Mac),
            ("2024-01-01", Other::Date),
            ("2024-01-01T10:11:12Z", Other::Date),
            ("01.02.2024", Other::Date),
            ("01/02/2024", Other::Date),
            ("12:30", Other::Time),
            ("443/tcp", Other::Port),
            ("tcp/443", Other::Port),
            (":443", Other::Port),
            ("v1.2.3", Other::Version),
            ("1.2.3-beta", Other::Version),
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64)", Other::UserAgent),
            ("curl/7.68.0", Other::UserAgent),
            ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", Other::Bitcoin),
            ("bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", Other::Bitcoin),
            ("0xde0B295669a9FD93d5F28D9Ec85E40f4cb697BAe", Other::Ethereum),
            ("{6F9619FF-8B86-D011-B42D-00CF4FC964FF}", Other::Guid),
            ("indicator--6f9619ff-8b86-d011-b42d-00cf4fc964ff", Other::Guid),
            ("C:\\Windows\\System32\\evil.exe", Other::FilePath),
            ("/etc/passwd", Other::FilePath),
            ("%APPDATA%\\evil.exe", Other::FilePath),
            ("file:///etc/passwd", Other::FilePath),
            ("HKLM\\Software\\Run", Other::RegistryKey),
            ("invoice.pdf.exe", Other::FileName),
            ("evil.dll", Other::FileName),
        ] {
            assert_eq!(Other::of(text), Some(kind), "{text}");
        }
    }

    #[test]
    fn hosts_have_no_such_shape() {
        for host in [
            "www.example.com",
            "a.b",
            "192.0.2.1",
            "2001:db8::1",
            "xn--bcher-kva.example",
            "_dmarc.example.com",
            "44d88612fea8a8f36de82e1278abb02f.example",
            "cve-2024-1234.example.com",
            "t1059.example",
            "example.com:443",
            "http://www.example.com/x",
            "sharepoint.zip",
            "example.py",
            "as1234.net",
            "v1.example.com",
            "1.2.3.4",
            "user@example.com",
            "192.0.2.0/24",
            "::1",
            "de.example",
            "a.b/1.0",
            "\\\\c2.example\\share",
        ] {
            assert_eq!(Other::of(host), None, "{host}");
        }
    }
}
