//! The import of logs that other programs write about DNS.

use crate::home::Home;

/// The seeds of the fuzz targets: a small log each, with the first byte that chooses a decoder.
macro_rules! seed {
    ($path:literal) => {
        include_bytes!(concat!("../../../../fuzz/seeds/", $path)).as_slice()
    };
}

fn count(home: &Home, name: &str) -> usize {
    home.json(&["lookup", name])["records"].as_array().unwrap().len()
}

#[test]
fn logs_are_told_by_their_content_and_a_folder_may_have_several() {
    let home = Home::new();
    std::fs::create_dir(home.path("logs")).unwrap();
    for (name, log, says) in [
        ("zeek.log", seed!("zeek/columns"), "a Zeek DNS log"),
        ("zeek.json", seed!("zeek/json"), "a Zeek DNS log"),
        ("eve.json", seed!("eve/version-2"), "a Suricata EVE log"),
        ("collector.json", seed!("collector/nested"), "a DNS-collector log"),
        ("querylog.json", &seed!("lines/adguard")[1..], "an AdGuard Home query log"),
        ("packetbeat", &seed!("lines/ecs")[1..], "a log of Packetbeat or the Elastic Common Schema"),
        ("gopassivedns.json", &seed!("lines/gopassivedns")[1..], "a gopassivedns log"),
        ("passivedns.log", &seed!("lines/passivedns")[1..], "a passivedns log"),
    ] {
        home.file(&format!("logs/{name}"), log);
        let said = home.run(&["import", &format!("logs/{name}"), "--again"]).stdout;
        assert!(said.contains(says), "{name}: {said}");
    }
    assert_eq!(count(&home, "cdn.example"), 2);
    let folder = Home::new();
    std::fs::create_dir(folder.path("logs")).unwrap();
    folder.file("logs/zeek.log", seed!("zeek/columns"));
    folder.file("logs/eve.json", seed!("eve/version-2"));
    folder.run(&["import", "logs"]).ok();
    assert_eq!(count(&folder, "cdn.example"), 1);
}

#[test]
fn the_fields_of_passivedns_are_an_option() {
    let home = Home::new();
    home.file("lines", &seed!("lines/passivedns-columns")[1..]);
    home.run(&["import", "lines", "--passivedns-fields", "AHtTQSMn"]).ok();
    assert_eq!(count(&home, "a.example"), 1);
    let refused = home.run(&["import", "lines", "--passivedns-fields", "SQT"]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("the column 'A' is missing"), "{}", refused.stderr);
}
