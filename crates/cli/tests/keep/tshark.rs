//! Packet captures, with tshark as a second opinion on the DNS messages in them.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::home::Home;

/// Captures of this project: link types, fragments and streams. One is not here, whose overlapping fragments tshark puts together.
const OURS: [&str; 8] = [
    "udp",
    "tcp",
    "tcp-fast-open",
    "fragments-ipv6",
    "ethernet-vlan",
    "null",
    "sll2-nanoseconds",
    "pcapng-sections",
];

/// Everything that a response can be, except taken.
const RESPONSES: [&str; 7] = [
    "responses without usable records",
    "responses with an error code (NXDOMAIN, SERVFAIL, …)",
    "truncated responses (TC)",
    "messages that are no standard queries",
    "messages without exactly one question",
    "responses to another question than was asked",
    // Of CHAOS and other classes, responses have one record.
    "records of a class other than IN",
];

/// Captures of others, where they are present.
fn of_others() -> Vec<PathBuf> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folders = ["dmachard-go-dnscollector/pcap", "dns-stats-compactor", "phillipmartin-gopassivedns"];
    let entries = folders.iter().filter_map(|folder| std::fs::read_dir(data.join(folder)).ok()).flatten();
    let files = entries.map(|entry| entry.unwrap().path());
    files.filter(|path| path.to_string_lossy().contains(".pcap")).collect()
}

/// Queries and responses that tshark finds, without those that ICMP errors quote.
fn seen_by_tshark(file: &Path) -> (u64, u64) {
    let output = Command::new("tshark")
        .args([
            "-n",
            "-o",
            "tcp.reassemble_out_of_order:TRUE",
            "-Y",
            "dns && !icmp && !icmpv6",
            "-T",
            "fields",
            "-e",
            "dns.flags.response",
            "-r",
        ])
        .arg(file)
        .output()
        .unwrap_or_else(|error| panic!("tshark: {error}: run `cargo xtask test`"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let flags: Vec<&str> = text.split([',', '\n']).filter(|flag| !flag.is_empty()).collect();
    let responses = flags.iter().filter(|flag| matches!(**flag, "1" | "True")).count();
    ((flags.len() - responses) as u64, responses as u64)
}

/// Queries and responses that the report of an import counts.
fn counted(report: &Value) -> (u64, u64) {
    let dropped = |reason: &str| {
        let of_reason = |one: &&Value| one["reason"] == reason;
        let dropped = report["dropped"].as_array().unwrap().iter().find(of_reason);
        dropped.map_or(0, |one| one["count"].as_u64().unwrap())
    };
    let responses: u64 = RESPONSES.into_iter().map(dropped).sum();
    (dropped("queries"), report["messages"].as_u64().unwrap() + responses)
}

#[test]
fn captures_have_the_messages_that_tshark_finds_in_them() {
    let home = Home::new();
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/pcap");
    for file in OURS.into_iter().map(|name| seeds.join(name)).chain(of_others()) {
        let name = file.file_name().unwrap().to_str().unwrap();
        let mut bytes = std::fs::read(&file).unwrap();
        if file.extension().is_some_and(|extension| extension == "xz") {
            let packed = std::mem::take(&mut bytes);
            liblzma::read::XzDecoder::new(packed.as_slice()).read_to_end(&mut bytes).unwrap();
        }
        home.file(name, bytes);
        let report = home.json(&["import", name, "--again"]);
        assert_eq!(counted(&report), seen_by_tshark(&home.path(name)), "{name}: {report}");
    }
}
