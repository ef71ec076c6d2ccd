//! The names that rotation gives to files: [`is_rotated`].
//!
//! `dns.log` becomes `dns.log.1`, `dns.log.2.gz`, `dns.log-20261129`, `dns.log.old`, `dns-2026-11-29.log` or
//! `dns.2026-11-29-10:00:00-11:00:00.log.gz`. Other names, such as `dns-office.log`, belong to other logs.

/// Endings of compressed files.
const PACKED: [&str; 3] = [".gz", ".zst", ".xz"];

/// Whether a file of this name may be a rotated file of that name.
pub(super) fn is_rotated(name: &str, of: &str) -> bool {
    if name == of {
        return false;
    }
    let plain = PACKED.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
    if let Some(mark) = plain.strip_prefix(of) {
        return mark.is_empty() || is_mark(mark);
    }
    let (stem, extension) = of.rsplit_once('.').unwrap_or((of, ""));
    let rest = plain.strip_prefix(stem);
    let marked = |rest: &str| {
        let rest = rest.strip_suffix(extension).unwrap_or(rest);
        is_mark(rest.strip_suffix('.').unwrap_or(rest))
    };
    !stem.is_empty() && rest.is_some_and(marked)
}

/// The name without the date or number in it, if it has one: `dns.log` of `dns-2026-11-29.log`.
pub(super) fn without_mark(name: &str) -> Option<String> {
    let (stem, extension) = name.rsplit_once('.')?;
    let bare = stem.trim_end_matches(|c: char| c.is_ascii_digit() || "-_.:TZ+".contains(c));
    (!bare.is_empty() && bare != stem).then(|| format!("{bare}.{extension}"))
}

/// Whether this is a number, a date or the word "old" after a separator.
fn is_mark(mark: &str) -> bool {
    let is_part = |part: &str| {
        matches!(part, "" | "old")
            || part.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'T' | b'Z'))
    };
    mark.len() > 1 && mark.starts_with(['.', '-', '_']) && mark.split(['.', '-', '_', ':', '+']).all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotated_files_are_told_from_others() {
        for name in [
            "dns.log.1",
            "dns.log.12.gz",
            "dns.log-20261129",
            "dns.log-20261129.zst",
            "dns.log.old",
            "dns.log.gz",
            "dns-2026-11-29.log",
            "dns.2026-11-29-10:00:00-11:00:00.log.gz",
            "dns-20261129T100000Z.log.xz",
            "dns_1.log",
        ] {
            assert!(is_rotated(name, "dns.log"), "{name}");
        }
        for name in
            ["dns.log", "dnssec.log", "dns-office.log", "dns", "conn.log", "dns.log.tmp", "dns.json", "dns."]
        {
            assert!(!is_rotated(name, "dns.log"), "{name}");
        }
        assert!(is_rotated("queries.1", "queries") && !is_rotated("queries-b", "queries"));
    }

    #[test]
    fn a_name_with_a_date_leads_to_the_one_without() {
        assert_eq!(without_mark("dns-2026-11-29.log").as_deref(), Some("dns.log"));
        assert_eq!(without_mark("eve.json"), None);
        assert_eq!(without_mark("2026-11-29.log"), None);
    }
}
