//! A campaign that the tests make up: a pasted report with eight names, the records of the own database that connect them, warning
//! lists, and where their addresses are.

use fantoccini::Locator;
use serde_json::json;
use testkit::mmdb;

use crate::browser::Browser;
use crate::program::Program;

const DAY: u64 = 86_400;
/// 2026-05-01.
const MAY: u64 = 1_777_593_600;

fn record(rrname: &str, rrtype: &str, rdata: &str, days: (u64, u64)) -> String {
    let (first, last) = (MAY + days.0 * DAY, MAY + days.1 * DAY);
    format!(
        "{{\"rrname\":\"{rrname}\",\"rrtype\":\"{rrtype}\",\"rdata\":\"{rdata}\",\"time_first\":{first},\"time_last\":{last},\"count\":5}}\n"
    )
}

/// Eight names with rotating addresses; a name server that only they and two more names use; a shared host with 5,000 innocent names;
/// two parked names, which also have a name server that calls itself a sinkhole; a delivery network.
fn campaign() -> String {
    let mut records = String::new();
    for n in 0..8_u64 {
        let name = format!("lure{n}.example");
        for turn in 0..4 {
            let address = format!("185.194.93.{}", 16 + (n + turn) % 16);
            records += &record(&name, "A", &address, (turn * 10, turn * 10 + 9));
        }
        records += &record(&name, "NS", "ns1.quietharbor.example", (n * 5, 60));
    }
    for name in ["hidden1.example", "hidden2.example"] {
        records += &record(name, "NS", "ns1.quietharbor.example", (0, 60));
    }
    for name in ["lure1.example", "lure2.example", "lure3.example"] {
        records += &record(name, "A", "185.194.94.80", (0, 90));
    }
    for n in 0..5_000 {
        records += &record(&format!("innocent{n}.example"), "A", "185.194.94.80", (0, 90));
    }
    for name in ["lure5.example", "lure6.example"] {
        records += &record(name, "NS", "ns1.parkinglot.example", (0, 90));
        records += &record(name, "NS", "ns1.sinkhole-of.example", (0, 90));
    }
    for name in ["lure3.example", "lure4.example"] {
        records += &record(name, "CNAME", "d2.wide-cdn.example", (0, 40));
    }
    records
}

/// Imports warning lists that have the parking and the delivery network.
fn warns(program: &Program) {
    for (name, domain) in [("Parking", "parkinglot.example"), ("CDN", "wide-cdn.example")] {
        let list =
            json!({ "name": name, "type": "hostname", "version": 1, "description": "", "list": [domain] });
        let file = program.file(&format!("{name}.json"), list.to_string().as_bytes());
        assert_eq!(program.does("list", &["import", file.to_str().unwrap()]), Some(0));
    }
}

/// A folder with a file that says that the addresses of the campaign are in an AS with this name, and a configuration that names it.
pub(crate) fn networks(name: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let asn = mmdb::file("GeoLite2-ASN", &[([185, 194, 93, 0], 24, mmdb::asn(64_496, name))]);
    std::fs::write(folder.path().join("asn.mmdb"), asn).unwrap();
    let file = folder.path().join("backsight.toml");
    std::fs::write(&file, "[enrich]\nmmdb = [\"asn.mmdb\"]\n").unwrap();
    (folder, file.display().to_string())
}

/// Loads the records and the lists, and enables the operation that queries the own database.
pub(crate) fn prepares(program: &Program) {
    warns(program);
    let records = program.file("campaign.ndjson", campaign().as_bytes());
    assert_eq!(program.does("import", &[records.to_str().unwrap()]), Some(0));
    for arguments in [["install", "own-database"], ["enable", "own-database"]] {
        assert_eq!(program.does("integration", &arguments), Some(0));
    }
}

/// Writes a name and the report into the form of a new investigation.
pub(crate) async fn writes(browser: &Browser) {
    let names: Vec<String> = (0..8).map(|n| format!("hxxps://lure{n}[.]example/pay")).collect();
    let report = format!(
        "TLP:GREEN\nSince May: {}.\nDropped file: setup.zip (SHA-256 {})\nContact: abuse@hoster.example, EUR 1.99\n",
        names.join(", "),
        "a1".repeat(32)
    );
    browser.find(Locator::Css("#nm")).await.send_keys("Parcel lures").await.unwrap();
    browser.find(Locator::Css("#tx")).await.send_keys(&report).await.unwrap();
}

/// Pastes the report, and has it read.
pub(crate) async fn pastes(browser: &Browser) {
    browser.go("/investigations/new").await;
    writes(browser).await;
    browser.press("Read the text").await;
    browser.sees("8 members").await;
}
