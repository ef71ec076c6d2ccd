//! A [`Handover`] as flat files: COF, CSV and JSON.
//!
//! CSV is a table for people: no cell runs as a formula (`workbench::csv`), and names and addresses can be defanged. A matter without
//! records, such as a part of the library, is a table of its indicators instead. COF and JSON are for programs and never defanged.

use std::net::Ipv6Addr;

use cof::{Dialect, Record, Writer, time};
use operation::{Indicator, Relation, Tlp};
use serde::Serialize;
use workbench::csv;

use crate::{Handover, Row, Value};

const RECORD_COLUMNS: [&str; 16] = [
    "query",
    "relation",
    "rrname",
    "rrtype",
    "rdata",
    "time_first",
    "time_last",
    "zone_time_first",
    "zone_time_last",
    "count",
    "bailiwick",
    "origin",
    "provider",
    "fetched_at",
    "sensor_id",
    "tlp",
];
const VALUE_COLUMNS: [&str; 6] = ["value", "type", "tlp", "facts", "added_at", "changed_at"];

/// The records in the Common Output Format, one per line.
pub fn cof(handover: &Handover) -> String {
    let (mut writer, mut text) = (Writer::new(Dialect::Draft), String::new());
    for row in &handover.rows {
        writer.write(&row.record, &mut text);
    }
    text
}

/// The records as a table, one row for each record of each origin; the indicators if there are no records.
pub fn csv(handover: &Handover, defang: bool) -> String {
    let (head, rows): (&[&str], Vec<Vec<String>>) = if handover.rows.is_empty() {
        let cells = |value| cells_of_value(handover, value, defang);
        (&VALUE_COLUMNS, handover.values.iter().map(cells).collect())
    } else {
        (&RECORD_COLUMNS, handover.rows.iter().map(|row| cells_of_row(row, defang)).collect())
    };
    let head = head.iter().map(|&column| column.to_owned()).collect::<Vec<_>>();
    let safe = |row: Vec<String>| row.iter().map(|cell| csv::safe(cell)).collect::<Vec<_>>();
    // It is written to memory, where nothing fails.
    csv::rows(std::iter::once(head).chain(rows.into_iter().map(safe))).unwrap_or_default()
}

/// Everything as one JSON object, with a line break at its end.
pub fn json(handover: &Handover) -> String {
    let document = Document {
        title: &handover.title,
        summary: &handover.summary,
        tlp: handover.tlp.map(Tlp::word),
        values: handover.values.iter().map(|value| ValueShape::of(handover, value)).collect(),
        records: handover.rows.iter().map(RecordShape::of).collect(),
        relationships: handover.links.iter().map(LinkShape::of).collect(),
        held_back: handover.held.len(),
        held_back_records: handover.held_rows,
        left_out: handover.left_out,
    };
    // It consists of texts and numbers, which always can be written.
    serde_json::to_string(&document).unwrap_or_default() + "\n"
}

fn cells_of_row(row: &Row, defang: bool) -> Vec<String> {
    let record = &row.record;
    let ((first, last), (zone_first, zone_last)) = (record.sightings(), record.zone_times());
    let asked: Vec<String> = row.asked.iter().map(ToString::to_string).collect();
    let shown = |text: String| if defang { defanged(&text) } else { text };
    let text = |text: Option<String>| text.unwrap_or_default();
    let providers: Vec<&str> = row.providers.iter().map(String::as_str).collect();
    vec![
        shown(asked.join("; ")),
        relation(row).word().to_owned(),
        shown(record.rrname.to_string()),
        record.rrtype.to_string(),
        shown(record.rdata_text()),
        date(first),
        date(last),
        date(zone_first),
        date(zone_last),
        text(record.count.map(|count| count.to_string())),
        shown(text(record.bailiwick.as_ref().map(ToString::to_string))),
        text(record.origin.as_deref().map(str::to_owned)),
        providers.join("; "),
        time::readable(row.fetched_at),
        text(record.sensor_id.as_deref().map(str::to_owned)),
        tlp(row.tlp),
    ]
}

fn cells_of_value(handover: &Handover, value: &Value, defang: bool) -> Vec<String> {
    let facts: Vec<String> = value.facts.iter().map(|(name, fact)| format!("{name}: {fact}")).collect();
    let shown = |text: String| if defang { defanged(&text) } else { text };
    vec![
        shown(value.indicator.to_string()),
        value.indicator.kind().to_string(),
        tlp(handover.level_of_value(value)),
        shown(facts.join("; ")),
        time::readable(value.created_at),
        time::readable(value.changed_at),
    ]
}

/// Whether the record is about one of the indicators that were asked about.
fn relation(row: &Row) -> Relation {
    let of = |asked: &Indicator| Relation::of(asked, &row.record);
    row.asked.iter().map(of).min().unwrap_or(Relation::Related)
}

fn date(seconds: Option<u64>) -> String {
    seconds.map(time::readable).unwrap_or_default()
}

fn tlp(level: Option<Tlp>) -> String {
    level.map(Tlp::word).unwrap_or_default().to_owned()
}

/// A text that no program takes for a link, and from which values are read back: `c2[.]example`, `2001[:]db8::1`.
fn defanged(text: &str) -> String {
    let text = text.replace("://", "[://]");
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let is_part = |character: char| character.is_alphanumeric() || matches!(character, ':' | '.');
    for piece in text.split_inclusive(|character: char| !is_part(character)) {
        let word = piece.trim_end_matches(|character: char| !is_part(character));
        push_word(&mut out, word);
        out.push_str(piece.get(word.len()..).unwrap_or_default());
    }
    out
}

/// Adds a word. An IPv6 address, which may follow a colon as in `ip6:2001:db8::1`, has no dots to defang.
fn push_word(out: &mut String, word: &str) {
    let starts = std::iter::once(0).chain(word.match_indices(':').map(|(at, _)| at + 1));
    let rests = starts.filter_map(|at| word.split_at_checked(at));
    let is_address = |text: &str| text.trim_end_matches('.').parse::<Ipv6Addr>().is_ok();
    match rests.into_iter().find(|(_, rest)| is_address(rest) && !rest.trim_end_matches('.').contains('.')) {
        Some((before, address)) => {
            out.push_str(&before.replace('.', "[.]"));
            out.push_str(&address.replacen(':', "[:]", 1));
        }
        None => out.push_str(&word.replace('.', "[.]")),
    }
}

#[derive(Serialize)]
struct Document<'a> {
    title: &'a str,
    summary: &'a str,
    tlp: Option<&'static str>,
    values: Vec<ValueShape<'a>>,
    records: Vec<RecordShape<'a>>,
    relationships: Vec<LinkShape>,
    held_back: usize,
    held_back_records: usize,
    left_out: u64,
}

#[derive(Serialize)]
struct ValueShape<'a> {
    value: String,
    r#type: &'static str,
    tlp: Option<&'static str>,
    facts: &'a [(String, String)],
    added_at: u64,
    changed_at: u64,
}

#[derive(Serialize)]
struct RecordShape<'a> {
    rrname: String,
    rrtype: String,
    rdata: String,
    time_first: Option<u64>,
    time_last: Option<u64>,
    zone_time_first: Option<u64>,
    zone_time_last: Option<u64>,
    count: Option<u64>,
    bailiwick: Option<String>,
    sensor_id: Option<&'a str>,
    origin: &'a str,
    providers: Vec<&'a str>,
    asked: Vec<String>,
    relation: &'static str,
    fetched_at: u64,
    tlp: Option<&'static str>,
}

#[derive(Serialize)]
struct LinkShape {
    from: String,
    to: String,
    rrtype: String,
    time_first: Option<u64>,
    time_last: Option<u64>,
}

impl<'a> ValueShape<'a> {
    fn of(handover: &Handover, value: &'a Value) -> Self {
        Self {
            value: value.indicator.to_string(),
            r#type: value.indicator.kind().name(),
            tlp: handover.level_of_value(value).map(Tlp::word),
            facts: &value.facts,
            added_at: value.created_at,
            changed_at: value.changed_at,
        }
    }
}

impl<'a> RecordShape<'a> {
    fn of(row: &'a Row) -> Self {
        let record: &'a Record = &row.record;
        let ((time_first, time_last), (zone_time_first, zone_time_last)) =
            (record.sightings(), record.zone_times());
        Self {
            rrname: record.rrname.to_string(),
            rrtype: record.rrtype.to_string(),
            rdata: record.rdata_text(),
            time_first,
            time_last,
            zone_time_first,
            zone_time_last,
            count: record.count,
            bailiwick: record.bailiwick.as_ref().map(ToString::to_string),
            sensor_id: record.sensor_id.as_deref(),
            origin: &row.origin,
            providers: row.providers.iter().map(String::as_str).collect(),
            asked: row.asked.iter().map(ToString::to_string).collect(),
            relation: relation(row).word(),
            fetched_at: row.fetched_at,
            tlp: row.tlp.map(Tlp::word),
        }
    }
}

impl LinkShape {
    fn of(link: &crate::Link) -> Self {
        Self {
            from: link.from.to_string(),
            to: link.to.to_string(),
            rrtype: link.rrtype.to_string(),
            time_first: link.first,
            time_last: link.last,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sample::matter;
    use crate::{Matter, Terms};

    fn handover(matter: Matter) -> Handover {
        Handover::new(matter, &Terms { tlp: Some(Tlp::Green), max_tlp: None }).unwrap()
    }

    #[test]
    fn an_investigation_is_a_table_of_records() {
        insta::assert_snapshot!("csv", csv(&handover(matter()), false));
    }

    #[test]
    fn what_has_no_records_is_a_table_of_indicators() {
        let without = Matter { reported: Vec::new(), ..matter() };
        insta::assert_snapshot!("csv_of_values", csv(&handover(without), true));
    }

    #[test]
    fn only_tables_are_defanged() {
        let table = csv(&handover(matter()), true);
        assert!(table.contains("c2[.]example") && !table.contains("c2.example"), "{table}");
        assert!(table.contains("2001[:]db8::80") && !table.contains("2001:db8"), "{table}");
        assert!(table.contains("https://pdns.example/"), "who said it stays as it is: {table}");
    }

    #[test]
    fn what_is_defanged_is_read_back() {
        for (text, written) in [
            ("c2.example", "c2[.]example"),
            ("192.0.2.80", "192[.]0[.]2[.]80"),
            ("2001:db8::80", "2001[:]db8::80"),
            ("::1", "[:]:1"),
            ("64:ff9b::1:2", "64[:]ff9b::1:2"),
        ] {
            assert_eq!(defanged(text), written);
            assert_eq!(Indicator::parse(written).unwrap(), Indicator::parse(text).unwrap(), "{written}");
        }
        for (text, written) in [
            ("2001:db8::1; 2001:db8::2", "2001[:]db8::1; 2001[:]db8::2"),
            (
                "\"v=spf1 ip6:2001:db8::/32 ip4:192.0.2.1 -all\"",
                "\"v=spf1 ip6:2001[:]db8::/32 ip4:192[.]0[.]2[.]1 -all\"",
            ),
            ("http://c2.example:80/ at 12:30.", "http[://]c2[.]example:80/ at 12:30[.]"),
            ("::ffff:192.0.2.1", "::ffff:192[.]0[.]2[.]1"),
            ("é.example", "é[.]example"),
            ("", ""),
        ] {
            assert_eq!(defanged(text), written);
        }
    }

    proptest! {
        #[test]
        fn defanging_changes_nothing_else(text in "[a-f0-9:./ é]{0,60}") {
            let back = defanged(&text).replace("[://]", "://").replace("[:]", ":").replace("[.]", ".");
            prop_assert_eq!(back, text);
        }

        #[test]
        fn any_address_is_defanged_and_read_back(bits in any::<u128>()) {
            let indicator = Indicator::from_address(Ipv6Addr::from_bits(bits).into());
            let written = defanged(&indicator.to_string());
            prop_assert!(written.contains("[:]") || written.contains("[.]"));
            prop_assert_eq!(Indicator::existing(&written).ok(), Indicator::existing(&indicator.to_string()).ok());
        }
    }

    #[test]
    fn cof_reads_back() {
        let lines = cof(&handover(matter()));
        assert_eq!(lines.lines().count(), 12);
        for line in lines.lines() {
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            assert!(record["rdata"].is_array(), "{line}");
        }
    }

    #[test]
    fn json_has_everything() {
        let text = json(&handover(matter()));
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        let length = |key: &str| document[key].as_array().unwrap().len();
        assert_eq!((length("values"), length("records"), length("relationships")), (2, 12, 1));
        assert_eq!(document["values"][0]["facts"][0], serde_json::json!(["Status", "Active"]));
    }
}
