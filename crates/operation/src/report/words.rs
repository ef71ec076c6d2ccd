//! Words that decide whether a dotted text is a name: endings of files, top-level domains that are not delegated, names of programs,
//! units of money. All of them are compared without regard to case, except the names of programs.

/// Endings of files that are also delegated top-level domains, in order. Left out are those that are far more often a domain, because
/// their country is large or they are sold everywhere (`ai`, `app`, `cc`, `com`, `id`, `in`, `pl`).
const SHARED_ENDINGS: [&str; 17] = [
    "bz", "cab", "download", "java", "la", "map", "md", "mov", "one", "ps", "pub", "py", "rs", "sh", "so",
    "tf", "zip",
];

/// Endings of files that are no delegated top-level domains, in order, beyond those that every value is checked for. In a list of
/// values, a name with one of them may be meant; in a text it is a file.
const ENDINGS: [&str; 92] = [
    "accdb", "apk", "appx", "asc", "ashx", "asmx", "avi", "bz2", "cer", "cgi", "cmd", "cpl", "cpp", "crt",
    "crx", "cs", "csproj", "css", "deb", "dex", "dmp", "dotx", "dylib", "epub", "evtx", "flv", "gadget",
    "hpp", "ics", "inf", "ipa", "ipynb", "iqy", "jnlp", "jspx", "jsx", "key", "ko", "kt", "lib", "lock",
    "lua", "lzh", "mht", "mhtml", "mkv", "mpeg", "mpg", "msix", "msp", "mst", "mui", "obj", "old", "orig",
    "ova", "ovf", "p12", "pdb", "pem", "pfx", "pif", "pkg", "plist", "pps", "ppsx", "rb", "rpm", "scf",
    "scss", "settings", "sig", "slk", "sln", "sql", "sqlite3", "swift", "tif", "tiff", "toml", "torrent",
    "ts", "tsv", "tsx", "vbproj", "vmdk", "wav", "webm", "webp", "wsc", "wsh", "xz",
];

/// Top-level domains that are not delegated but used, in order: reserved for documentation and tests (RFC 2606, RFC 6761), for local
/// networks (RFC 6762 and its appendix G, without `mail`, which is a Java package, and `internal` by ICANN), for other name systems (RFC 9476; `onion` is on the list).
const UNDELEGATED: [&str; 13] = [
    "alt",
    "corp",
    "example",
    "home",
    "internal",
    "intranet",
    "invalid",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "private",
    "test",
];

/// Names of programs and of parts of them that are also names in the DNS, as they are written.
const PROGRAMS: [&str; 12] = [
    "ADO.NET",
    "ASP.NET",
    "ASP.Net",
    "Asp.Net",
    "Draw.io",
    "ML.NET",
    "Paint.NET",
    "Socket.IO",
    "Socket.io",
    "System.IO",
    "System.Net",
    "VB.NET",
];

/// Codes of currencies, in order. In other cases some are words: "try 3".
const CURRENCIES: [&str; 32] = [
    "AUD", "BNB", "BRL", "BTC", "CAD", "CHF", "CNY", "CZK", "DKK", "ETH", "EUR", "GBP", "HKD", "HUF", "ILS",
    "INR", "JPY", "KRW", "LTC", "MXN", "NOK", "NZD", "PLN", "RUB", "SEK", "SGD", "TRY", "UAH", "USD", "USDT",
    "XMR", "ZAR",
];

/// Words for money, in order.
const MONEY: [&str; 8] = ["bitcoin", "bitcoins", "dollar", "dollars", "euro", "euros", "francs", "pounds"];

/// Words before the number of a version, in order.
const VERSIONS: [&str; 9] =
    ["agent", "build", "firmware", "release", "v", "ver", "version", "versions", "versión"];

/// Whether names with this last label may be names of files.
pub(super) fn is_shared_ending(label: &str) -> bool {
    has(&SHARED_ENDINGS, label)
}

/// Whether this is an ending of files and no delegated top-level domain.
pub(super) fn is_ending(label: &str) -> bool {
    has(&ENDINGS, label) || crate::Other::of_ending(label).is_some()
}

/// Whether this top-level domain is used without being delegated.
pub(super) fn is_undelegated(label: &str) -> bool {
    has(&UNDELEGATED, label)
}

/// Whether this is the name of a program, as it is written.
pub(super) fn is_program(text: &str) -> bool {
    PROGRAMS.binary_search(&text).is_ok()
}

/// Whether this is the code of a currency, or a word for one.
pub(super) fn is_currency(word: &str) -> bool {
    CURRENCIES.binary_search(&word).is_ok() || has(&MONEY, word)
}

/// Whether the number after this word is that of a version.
pub(super) fn is_before_version(word: &str) -> bool {
    has(&VERSIONS, word)
}

/// Whether a list in order has a word, in any case.
fn has(list: &[&str], word: &str) -> bool {
    word.len() <= 12 && list.binary_search(&word.to_lowercase().as_str()).is_ok()
}

#[cfg(test)]
mod tests {
    use cof::Name;

    use super::*;

    #[test]
    fn the_lists_are_in_order() {
        assert!(SHARED_ENDINGS.is_sorted() && ENDINGS.is_sorted() && UNDELEGATED.is_sorted());
        assert!(PROGRAMS.is_sorted() && CURRENCIES.is_sorted() && MONEY.is_sorted() && VERSIONS.is_sorted());
    }

    #[test]
    fn only_shared_endings_are_delegated() {
        let is_delegated =
            |label: &&str| Name::parse(label).unwrap().public_suffix().is_some_and(|suffix| suffix.is_listed);
        for (list, delegated) in [(&SHARED_ENDINGS[..], true), (&ENDINGS, false), (&UNDELEGATED, false)] {
            let wrong: Vec<&&str> = list.iter().filter(|label| is_delegated(label) != delegated).collect();
            assert!(wrong.is_empty(), "{wrong:?}");
        }
    }
}
