//! The page of warning lists, and where addresses are on the pages of runs and histories.

use fantoccini::Locator;
use serde_json::{Value, json};
use testkit::mmdb;

use crate::browser::{Browser, browse, in_browser};
use crate::fit::fits_narrow;
use crate::program::Program;
use crate::views;

/// A name that a page might run, and text that changes the direction of what follows.
const HOSTILE: &str = "<img src=x onerror=window.hit=1>\u{202e}gnikrap";

fn list(name: &str, kind: &str, version: u64, entries: &[&str]) -> Vec<u8> {
    let list =
        json!({ "name": name, "type": kind, "version": version, "description": HOSTILE, "list": entries });
    list.to_string().into_bytes()
}

/// Chooses files, as a user does.
async fn uploads(browser: &Browser, program: &Program, files: &[(&str, Vec<u8>)]) {
    let input = browser.find(Locator::Css("input[type=file]")).await;
    let paths = files.iter().map(|(name, content)| program.file(name, content).display().to_string());
    input.send_keys(&paths.collect::<Vec<_>>().join("\n")).await.unwrap();
    browser.press("Import").await;
    browser.sees("Import result").await;
}

async fn is_unharmed(browser: &Browser) {
    let hit = browser.run("return window.hit ?? null;", Vec::new()).await;
    assert_eq!(hit, Value::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_are_imported_checked_and_removed() {
    let program = Program::serve::<&str>([]);
    browse(&program, async |browser| {
        browser.becomes("ann", &program).await;
        browser.go("/lists").await;
        browser.sees("No lists yet").await;
        uploads(
            browser,
            &program,
            &[
                ("parking.json", list("Parking", "hostname", 1, &["parked.example"])),
                ("cdn.json", list("CDN", "cidr", 7, &["198.18.0.0/15", "no address"])),
                ("<b>hostile.json", list(HOSTILE, "string", 1, &["a.example"])),
                ("broken.json", b"{\"name\": 1}".to_vec()),
            ],
        )
        .await;
        browser.sees("Parking: 1 entry.").await;
        browser.sees("broken.json: not a warning list").await;
        is_unharmed(browser).await;
        browser.go("/lists").await;
        browser.sees("1 unusable").await;
        views::is_seen(browser, "lists", true).await;

        browser.fill("Name or address", "www.parked.example").await;
        browser.press("Check").await;
        browser.sees("On the list “Parking”").await;
        browser.go("/lists?check=ns1.bodis.com&name_server=yes").await;
        browser.sees("A parking name server").await;
        browser.go("/lists?check=%3Cscript%3Ewindow.hit%3D1%3C%2Fscript%3E").await;
        browser.sees("<script>window.hit=1</script>").await;
        is_unharmed(browser).await;

        browser.go("/library/indicator?value=www.parked.example").await;
        browser.sees("On a warning list: Parking.").await;
        browser.go("/library/indicator?value=a.example").await;
        browser.sees("On a warning list:").await;
        is_unharmed(browser).await;
        browser.go("/lists").await;
        browser.click(Locator::Css("button[aria-label='Disable Parking']")).await;
        browser.sees("List disabled.").await;
        browser.go("/lists?check=www.parked.example").await;
        browser.sees("it is on no enabled list").await;
        browser.click(Locator::Css("button[aria-label='Remove Parking']")).await;
        browser.sees("Removed last: Parking").await;
        browser.press("Restore").await;
        browser.sees("List restored.").await;
        browser.click(Locator::Css("button[aria-label='Enable Parking']")).await;
        browser.sees("List enabled.").await;
        uploads(browser, &program, &[("parking.json", list("Parking", "hostname", 2, &["parked.example"]))])
            .await;
        browser.sees("Parking: 1 entry, version 2 replaces 1.").await;
        browser.go("/audit").await;
        browser.sees("Warning list imported").await;
        is_unharmed(browser).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_need_no_script() {
    let program = Program::serve::<&str>([]);
    in_browser(&program, false, async |browser| {
        browser.becomes("ann", &program).await;
        browser.go("/lists").await;
        uploads(browser, &program, &[("parking.json", list("Parking", "hostname", 1, &["parked.example"]))])
            .await;
        browser.press("Disable").await;
        browser.sees("List disabled.").await;
        browser.press("Remove").await;
        browser.press("Restore").await;
        browser.sees("List restored.").await;
    })
    .await;
}

const RECORDS: &str = r#"
{"rrname":"www.example.com","rrtype":"A","rdata":"185.194.93.1","time_first":1500000000,"time_last":1600000000,"count":3}
{"rrname":"www.example.com","rrtype":"A","rdata":"185.194.93.200","time_first":1500000000,"time_last":1600000001}
{"rrname":"www.example.com","rrtype":"A","rdata":"198.18.0.1","time_first":1500000000,"time_last":1600000002}
"#;

/// A folder with files of networks, and a configuration that names them.
fn networks() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let name = format!("{HOSTILE} {}", "Networks ".repeat(12));
    let asn = mmdb::file(
        "GeoLite2-ASN",
        &[
            ([185, 194, 93, 0], 24, mmdb::asn(64_496, &name)),
            ([198, 18, 0, 0], 24, mmdb::asn(64_497, "Another")),
        ],
    );
    std::fs::write(folder.path().join("asn.mmdb"), asn).unwrap();
    let country = mmdb::file("DBIP-Country-Lite", &[([185, 194, 93, 0], 25, mmdb::country("NL"))]);
    std::fs::write(folder.path().join("country.mmdb"), country).unwrap();
    let file = folder.path().join("backsight.toml");
    std::fs::write(&file, "[enrich]\nmmdb = [\"asn.mmdb\", \"country.mmdb\"]\n").unwrap();
    (folder, file.display().to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_say_where_their_addresses_are() {
    let (folder, file) = networks();
    let program = Program::serve(["--config", &file]);
    let records = program.file("records", RECORDS.as_bytes()).display().to_string();
    assert_eq!(program.does("import", &[&records]), Some(0));
    assert_eq!(program.does("integration", &["install", "own-database"]), Some(0));
    assert_eq!(program.does("integration", &["enable", "own-database"]), Some(0));
    assert_eq!(program.does("query", &["www.example.com", "--operation", "own-database"]), Some(0));
    browse(&program, async |browser| {
        browser.becomes("ann", &program).await;
        for page in ["/runs/1", "/history?value=www.example.com"] {
            browser.go(page).await;
            browser.sees("AS64497").await;
            browser.sees("Another").await;
            is_unharmed(browser).await;
            fits_narrow(browser, page).await;
            // A click filters, by keyboard or mouse.
            browser.press("AS64497").await;
            browser.sees("1 of 3 shown").await;
            browser.fill("AS", "AS64496").await;
            browser.fill("Country", "nl").await;
            browser.press("Apply").await;
            browser.sees("1 of 3 shown").await;
            browser.sees("185.194.93.1").await;
            browser.fill("Country", "Netherlands").await;
            browser.press("Apply").await;
            browser.sees("Not a country.").await;
        }
        browser.go("/runs/1").await;
        views::is_seen(browser, "run-networks", true).await;
        let files = "Promise.all(['/runs/1/files/records.csv?country=NL', \
            '/history/files/records.csv?value=www.example.com&as=64496', '/api/v1/runs/1?country=NL', \
            '/api/v1/history?value=www.example.com&as_number=64497', '/runs/1/files/records.csv?country=X', \
            '/explorer/files/records.csv?q=www.example.com&as=64496', '/explorer/files/records.json?q=www.example.com&country=NL', \
            '/api/v1/explorer?q=www.example.com&as_number=64496&limit=1', '/api/v1/explorer?q=www.example.com&country=X'] \
            .map((path) => fetch(path).then((answer) => answer.text()))).then(arguments[arguments.length - 1]);";
        let files = browser.run_async(files, Vec::new()).await;
        let text = |at: usize| files[at].as_str().unwrap().to_owned();
        assert!(text(0).lines().next().unwrap().ends_with("as_number,as_name,country"), "{}", text(0));
        assert_eq!((text(0).lines().count(), text(1).lines().count()), (2, 3));
        let parsed = |at: usize| serde_json::from_str::<Value>(&text(at)).unwrap();
        assert_eq!(parsed(2)["records"].as_array().unwrap().len(), 1);
        assert_eq!(parsed(3)["records"][0]["record"]["as_number"], 64_497);
        assert!(text(4).contains("Not a country"), "{}", text(4));
        assert!(text(5).lines().next().unwrap().ends_with("as_number,as_name,country"), "{}", text(5));
        assert_eq!(text(5).lines().filter(|line| line.contains(",64496,")).count(), 2, "{}", text(5));
        let records = parsed(6)["records"].clone();
        assert_eq!((records.as_array().unwrap().len(), records[0]["country"].clone()), (1, "NL".into()));
        let answer = parsed(7);
        assert_eq!((answer["rows"].clone(), answer["matching"].clone(), answer["more"].clone()), (3.into(), 2.into(), true.into()));
        assert_eq!(answer["records"][0]["as_number"], 64_496);
        assert!(text(8).contains("country: not a country"), "{}", text(8));

        browser.go("/library/indicator?value=198.18.0.1").await;
        browser.sees("AS64497 Another").await;
        browser.go("/lists").await;
        browser.sees("GeoLite2-ASN").await;
        std::fs::write(folder.path().join("asn.mmdb"), "<html>").unwrap();
        // The files are looked at every two seconds.
        while !browser.text().await.contains("Former content in use") {
            browser.go("/lists").await;
        }
        browser.sees("asn.mmdb is not an MMDB file").await;
        fits_narrow(browser, "/lists").await;
        browser.go("/runs/1").await;
        browser.sees("AS64497").await;
    })
    .await;
}
