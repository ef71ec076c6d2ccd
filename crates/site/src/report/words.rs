//! How a report writes values, texts and times: [`Words`].

use operation::{Indicator, Marking, Tlp};
use picture::text::{defang, defang_text, labelled};
use picture::timeline::words::day;
use workbench::investigation::shared::Resource;

/// The longest value that is written whole, in characters: a name with its Unicode form is shorter.
const LONGEST: usize = 600;

/// Writes values so that they can be clicked, or not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words {
    pub(super) defang: bool,
}

impl Words {
    /// A name or an address, with its Unicode form if it has another.
    pub(super) fn value(self, indicator: &Indicator) -> String {
        self.plain(&labelled(indicator))
    }

    /// What members share.
    pub(super) fn resource(self, resource: &Resource) -> String {
        match resource {
            Resource::Token(token) => {
                let token = token.to_string();
                let text: String = token.chars().take(LONGEST).collect();
                let end = if text.len() < token.len() { "…" } else { "" };
                self.text(&text) + end
            }
            resource => self.plain(&labelled(resource)),
        }
    }

    /// A text with values in it.
    pub(super) fn text(self, text: &str) -> String {
        if self.defang { defang_text(text) } else { text.to_owned() }
    }

    fn plain(self, value: &str) -> String {
        if self.defang { defang(value) } else { value.to_owned() }
    }
}

/// A day, from seconds since the epoch as they are stored.
pub(super) fn date(seconds: i64) -> String {
    day(u64::try_from(seconds).unwrap_or_default())
}

/// A day and a minute: `2026-11-28 07:12`.
pub(super) fn minute(seconds: i64) -> String {
    let full = cof::time::readable(u64::try_from(seconds).unwrap_or_default());
    full.get(..16).unwrap_or(&full).to_owned()
}

/// From one day to another, or the one day.
pub(super) fn days(first: i64, last: i64) -> String {
    let (first, last) = (date(first), date(last));
    if first == last { first } else { format!("{first} to {last}") }
}

/// A marking as FIRST writes it; nothing without one.
pub(super) fn marking(tlp: Option<Tlp>) -> String {
    tlp.map(|tlp| tlp.to_string()).unwrap_or_default()
}

/// The same in a table with a head that says TLP.
pub(super) fn level(tlp: Option<Tlp>) -> &'static str {
    tlp.map_or("", |tlp| Marking(Some(tlp)).word())
}

/// The first few texts, and how many more there are.
pub(super) fn few(texts: impl ExactSizeIterator<Item = String>, most: usize) -> String {
    let more = texts.len().saturating_sub(most);
    let named: Vec<String> = texts.take(most).collect();
    match more {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_cannot_be_clicked_unless_somebody_wants_that() {
        let name = Indicator::parse("xn--bcher-kva.example").unwrap();
        let [defanged, plain] = [true, false].map(|defang| Words { defang });
        assert_eq!(defanged.value(&name), "xn--bcher-kva[.]example (bücher[.]example)");
        assert_eq!(plain.value(&name), "xn--bcher-kva.example (bücher.example)");
        let resource = |id: &str| defanged.resource(&Resource::parse(id).unwrap());
        assert_eq!(resource("net:203.0.113.0/24"), "203[.]0[.]113[.]0/24");
        assert_eq!(resource("addr:2001:db8::1"), "2001[:]db8::1");
        assert_eq!(plain.text("see https://a.example"), "see https://a.example");
    }

    #[test]
    fn times_and_lists_are_short() {
        assert_eq!(
            (date(0), minute(1_496_995_637)),
            ("1970-01-01".to_owned(), "2017-06-09 08:07".to_owned())
        );
        assert_eq!(days(1_496_995_637, 1_496_995_638), "2017-06-09");
        let few = |count: usize| few((0..count).map(|n| n.to_string()), 2);
        assert_eq!([few(0), few(2), few(5)], ["", "0, 1", "0, 1 and 3 more"]);
    }
}
