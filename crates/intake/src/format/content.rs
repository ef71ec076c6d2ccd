//! What the first bytes of an input tell about its format: [`of_text`].
//!
//! JSON is told by the keys of the first object, outside of arrays; the object may be cut off. Keys are looked for in the object
//! itself and in the objects directly inside, so that `{"dns":{"flags":…}}` and `{"dns.flags.qr":…}` are both seen.

use super::Format;

/// The most keys that are looked at.
const KEYS: usize = 256;
/// How many bytes of a first line are looked at.
const FIRST_LINE: usize = 4_096;

/// The format of a text, by what its first line or object has; `None` if more of it is needed.
///
/// What was told by the first bytes stays so when there are more: the first key or line that is enough decides.
pub(super) fn of_text(head: &[u8], ended: bool) -> Option<Format> {
    let is_all = ended || head.len() >= super::HEAD;
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    if head.starts_with(b"#separator ") || head.starts_with(b"#fields\t") {
        return Some(Format::Zeek);
    }
    let (format, is_whole) = match head.first() {
        Some(b'{') => {
            let keys = Keys::of(head);
            (keys.format(), keys.is_whole)
        }
        Some(b'[') => (Some(Format::Cof), true),
        _ => of_columns(head),
    };
    format.or((is_all || is_whole).then_some(Format::Cof))
}

/// Lines of passivedns have two bars between columns, and at least four columns. Says also whether the first line is whole.
fn of_columns(head: &[u8]) -> (Option<Format>, bool) {
    let end = memchr::memchr(b'\n', head).unwrap_or(head.len());
    let line = head.get(..end.min(FIRST_LINE)).unwrap_or_default();
    let bars = line.windows(2).filter(|pair| pair == b"||").count();
    ((bars >= 3).then_some(Format::PassiveDns), line.len() < head.len())
}

/// The keys of an object.
struct Keys<'a> {
    /// Each key, and the key of the object that it is in, which is empty for the outermost.
    paths: Vec<(&'a [u8], &'a [u8])>,
    /// Whether the end of the object was seen.
    is_whole: bool,
}

impl<'a> Keys<'a> {
    fn of(text: &'a [u8]) -> Self {
        let mut keys = Self { paths: Vec::new(), is_whole: false };
        let (mut depth, mut outer, mut last): (usize, &[u8], &[u8]) = (0, b"", b"");
        let mut rest = text;
        while let Some((byte, after)) = rest.split_first() {
            rest = after;
            match byte {
                b'{' | b'[' => {
                    depth += 1;
                    outer = if depth == 2 { last } else { outer };
                }
                b'}' | b']' => {
                    depth = depth.saturating_sub(1);
                    keys.is_whole = depth == 0;
                }
                b'"' => {
                    let Some(len) = closing(rest) else { break };
                    let (string, after) = rest.split_at_checked(len).unwrap_or_default();
                    rest = after.get(1..).unwrap_or_default();
                    let is_key = rest.trim_ascii_start().first() == Some(&b':');
                    match depth {
                        1 if is_key => {
                            last = string;
                            keys.paths.push((b"", string));
                        }
                        2 if is_key => keys.paths.push((outer, string)),
                        _ => {}
                    }
                }
                _ => {}
            }
            keys.is_whole |= keys.paths.len() >= KEYS;
            if keys.is_whole || keys.format().is_some() {
                break;
            }
        }
        keys
    }

    fn has(&self, outer: &str, key: &str) -> bool {
        self.paths.contains(&(outer.as_bytes(), key.as_bytes()))
    }

    fn format(&self) -> Option<Format> {
        let has = |key| self.has("", key);
        if has("rrname") || has("cond") || has("obj") {
            Some(Format::Cof)
        } else if has("id.orig_h") || has("id.resp_h") || (has("_path") && has("ts")) {
            Some(Format::Zeek)
        } else if self.has("dns", "resource-records") || has("dns.qname") || has("dnstap.operation") {
            Some(Format::Collector)
        } else if has("event_type") && (has("timestamp") || has("flow_id")) {
            Some(Format::Eve)
        } else if has("QH") && (has("QT") || has("T")) {
            Some(Format::AdGuard)
        } else if has("@timestamp")
            && self.paths.iter().any(|(outer, key)| outer.is_empty() && is_of_ecs(key))
        {
            Some(Format::Ecs)
        } else if has("query_id") && has("q") {
            Some(Format::GoPassiveDns)
        } else if has("query") && has("answer") && has("type") {
            Some(Format::PassiveDns)
        } else {
            None
        }
    }
}

/// Whether a key beside `@timestamp` is one of an event.
fn is_of_ecs(key: &[u8]) -> bool {
    matches!(key, b"agent" | b"beat" | b"dns" | b"ecs" | b"event" | b"type")
        || key.starts_with(b"dns.")
        || key.starts_with(b"event.")
}

/// Where a string ends that began before `text`.
fn closing(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        if text.get(at) == Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<Format> {
        let whole = Format::of(text.as_bytes(), true);
        // What is told early is told the same later.
        for end in 0..=text.len() {
            let early = Format::of(&text.as_bytes()[..end], false);
            assert!(early.is_none() || early == whole, "{:?} by {:?}", early, text.get(..end));
        }
        whole
    }

    #[test]
    fn records_in_json_are_told_in_all_their_forms() {
        for text in [
            "{\"rrname\":\"a.example\",\"rrtype\":\"A\",\"rdata\":\"185.194.93.1\"}\n",
            "[{\"id.orig_h\":\"a\",\"rrname\":\"a.example\"}]",
            "{\n  \"count\": 1,\n  \"rrname\": \"a.example\"\n}",
            "{\"cond\":\"begin\"}\n{\"obj\":{\"rrname\":\"a.example\"}}\n",
            "{\"obj\":{\"rrname\":\"a.example\"}}",
            "{\"note\":\"\\\"id.orig_h\\\":\",\"x\":[{\"uid\":1}],\"y\":{\"id.orig_h\":1}}\n{\"id.orig_h\":1}",
            "hello, is this a log?",
            "{\"@timestamp\":\"2018-03-24T17:15:20Z\",\"@version\":1,\"rrname\":\"a.example\"}",
            "              \n  [1]",
            "",
        ] {
            assert_eq!(of(text), Some(Format::Cof), "{text}");
        }
    }

    #[test]
    fn zeek_is_told_by_its_header_and_by_its_keys() {
        for text in [
            "#separator \\x09\n#set_separator\t,\n",
            "#fields\tts\tuid\n",
            "\u{feff}{\"_path\":\"dns\",\"ts\":1.5,\"uid\":\"C\",\"id.orig_h\":\"185.194.93.1\",",
            "{\"ts\":1.5,\"answers\":[\"a\",{\"rrname\":1}],\"id.resp_h\" : \"185.194.93.1\"}",
        ] {
            assert_eq!(of(text), Some(Format::Zeek), "{text}");
        }
    }

    #[test]
    fn logs_are_told_by_their_first_entry() {
        for (text, format) in [
            (
                "1521911720.865716||10.1.2.3||10.1.2.4||IN||a.example.||A||185.194.93.1||60||4\n",
                Format::PassiveDns,
            ),
            ("\n185.194.93.1||60||A||a.example.||1521911720", Format::PassiveDns),
            ("185.194.93.1||60\nA||a.example.||1521911720||x||y", Format::Cof),
            (
                "{\"timestamp\":\"x\",\"flow_id\":1,\"event_type\":\"alert\",\"dns\":{\"resource-records\":1}}",
                Format::Eve,
            ),
            ("{\"@timestamp\":\"x\",\"event.dataset\":\"http\"}", Format::Ecs),
            ("{\"dns\":{\"qname\":\"a\",\"resource-records\":{}},\"rrname\":1}", Format::Collector),
            ("{\"T\":\"x\",\"QH\":\"a.example\",\"rrname\":1}", Format::AdGuard),
        ] {
            assert_eq!(of(text), Some(format), "{text}");
        }
    }

    #[test]
    fn an_object_that_does_not_end_is_decided_within_the_head() {
        let text = format!("{{\"x\":\"{}", "y".repeat(super::super::HEAD));
        assert_eq!(Format::of(&text.as_bytes()[..1_000], false), None);
        assert_eq!(Format::of(&text.as_bytes()[..super::super::HEAD], false), Some(Format::Cof));
        let many = "\"x\":0,".repeat(9_000);
        assert_eq!(Format::of(format!("{{{many}").as_bytes(), false), Some(Format::Cof));
    }
}
