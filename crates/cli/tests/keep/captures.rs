//! Packet captures: imported by their content, from files, folders and pipes, without the addresses of clients.

use std::io::Write;
use std::process::Stdio;

use crate::home::{Done, Home};

/// A query and two responses for `a.example` over UDP, one over IPv6.
const UDP: &[u8] = include_bytes!("../../../../fuzz/seeds/pcap/udp");
/// Two sections with three packets each, in the other format.
const SECTIONS: &[u8] = include_bytes!("../../../../fuzz/seeds/pcap/pcapng-sections");
/// Two responses in three segments.
const TCP: &[u8] = include_bytes!("../../../../fuzz/seeds/pcap/tcp");

fn count(home: &Home) -> u64 {
    let found = home.json(&["lookup", "a.example"]);
    found["records"].as_array().unwrap().iter().map(|record| record["count"].as_u64().unwrap()).sum()
}

#[test]
fn captures_are_imported_whatever_their_names() {
    let home = Home::new();
    home.file("a.txt", UDP);
    home.file("b.pcap", SECTIONS);
    home.file("c", zstd::encode_all(TCP, 0).unwrap());
    home.run(&["import", "a.txt", "b.pcap", "c"]).ok();
    assert_eq!(count(&home), 2 + 6 + 2);
    let exported = home.run(&["export"]).ok();
    assert!(exported.contains("185.194.93.1") && !exported.contains("185.194.93.200"), "{exported}");
    home.run(&["import", "a.txt"]).says(1, &["already imported"]);
    assert_eq!(count(&home), 10);
}

#[test]
fn a_pipe_that_ends_inside_a_packet_keeps_what_it_had() {
    let home = Home::new();
    let mut command = home.command(&["import", "-"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&UDP[..UDP.len() - 5]).unwrap();
    let done = Done::of(&child.wait_with_output().unwrap());
    done.says(3, &[]);
    assert_eq!(count(&home), 1);
}

#[test]
fn ports_and_doubles_are_options() {
    let home = Home::new();
    home.file("udp", UDP);
    home.run(&["import", "udp", "--dns-ports", "5300,5301"]).ok();
    let none = home.json(&["lookup", "a.example"]);
    assert_eq!(none["records"].as_array().unwrap().len(), 0);
    home.file("doubles", include_bytes!("../../../../fuzz/seeds/pcap/doubles"));
    home.run(&["import", "doubles", "--fold-doubles"]).ok();
    assert_eq!(count(&home), 1);
}
