//! Warning lists: those of the MISP project, from the package of its own client, and mistakes in others.

use std::process::Command;

use serde_json::{Value, json};

use crate::home::{Done, Home};
use crate::shapes::timeless;

/// The Python interpreter with the peers from `PyPI`.
pub(crate) fn python() -> Command {
    let python = std::env::var_os("BACKSIGHT_PEERS_PYTHON").expect(
        "the variable BACKSIGHT_PEERS_PYTHON is missing: run `cargo xtask test`, which installs what the tests need",
    );
    Command::new(python)
}

const FOLDER: &str =
    "import pathlib, pymispwarninglists as lists; print(pathlib.Path(lists.__file__).parent / 'data')";

/// The client's own answers: the names of the lists that have a value, one per line.
const ASK: &str = "
import sys, pymispwarninglists
lists = pymispwarninglists.WarningLists(slow_search=True)
for value in sys.argv[1:]:
    print(value, sorted(hit.name for hit in lists.search(value)), sep='\\t')
";

/// The names of the lists that have a value.
fn hits(home: &Home, value: &str) -> Vec<String> {
    let found = home.json(&["list", "check", value]);
    let mut names: Vec<String> = found["lists"]
        .as_array()
        .unwrap()
        .iter()
        .map(|list| list["name"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn all_lists_of_the_misp_project_are_imported_and_hit() {
    let home = Home::new();
    let folder = String::from_utf8(python().args(["-c", FOLDER]).output().unwrap().stdout).unwrap();
    let told = home.json(&["list", "import", folder.trim()]);
    let (imported, refused) = (told["imported"].as_array().unwrap(), told["refused"].as_array().unwrap());
    assert_eq!((imported.len(), refused.as_slice()), (119, &[][..]));
    let entries: u64 = imported.iter().map(|one| one["list"]["entries"].as_u64().unwrap()).sum();
    let unusable: u64 = imported.iter().map(|one| one["list"]["unusable"].as_u64().unwrap()).sum();
    assert_eq!((entries, unusable), (2_510_044, 3));

    let has = |value: &str, name: &str| hits(&home, value).iter().any(|hit| hit == name);
    assert!(has("8.8.8.8", "List of known IPv4 public DNS resolvers"));
    assert!(has("10.0.0.1", "List of RFC 1918 CIDR blocks"));
    assert!(has("google.com", "Top 1000 website from Alexa"));
    assert!(has("ns1.sedoparking.com", "Parking domains name server"));
    assert_eq!(hits(&home, "nothing.known.example"), Vec::<String>::new());

    // The client's own answer to the same values. Entries with a leading dot never match there, because it compares whole values.
    let values = [
        "8.8.8.8",
        "1.1.1.1",
        "10.0.0.1",
        "185.194.93.1",
        "nothing.known.example",
        "ns1.sedoparking.com",
        "bit.ly",
    ];
    let said = python().args(["-c", ASK]).args(values).output().unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    assert_eq!(said.lines().count(), values.len(), "{said}");
    for line in said.lines() {
        let (value, names) = line.split_once('\t').unwrap();
        for name in hits(&home, value) {
            assert!(names.contains(&*name), "{value}: {name} is not in {names}");
        }
        let theirs = names.matches("', '").count() + usize::from(names.len() > 2);
        assert_eq!(hits(&home, value).len(), theirs, "{value}: {names}");
    }
}

fn list(name: &str, kind: &str, version: u64, entries: &[&str]) -> String {
    json!({ "name": name, "type": kind, "version": version, "description": "Of the tests", "list": entries })
        .to_string()
}

/// Two lists, and a file that is none.
fn home() -> Home {
    let home = Home::new();
    std::fs::create_dir(home.path("lists")).unwrap();
    home.file("lists/parking.json", list("Parking", "hostname", 3, &["parked.example"]));
    home.file("lists/cdn.json", list("CDN", "cidr", 1, &["198.18.0.0/15", "no address"]));
    home.file("lists/other.json", "{\"id\": \"schema\"}");
    home
}

#[test]
fn a_broken_file_in_a_folder_is_told_and_the_others_are_imported() {
    let home = home();
    let done = home.run(&["list", "import", "lists"]);
    insta::assert_snapshot!("list_import", done.stdout);
    done.says(1, &["lists/other.json: not a warning list", "missing field `name`"]);
    let shown = home.run(&["list", "show"]).ok();
    let line = shown.lines().find(|line| line.contains("Parking")).unwrap();
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!((&words[..4], words[6]), (&["Parking", "hostname", "1", "3"][..], "enabled"), "{shown}");
    assert!(shown.ends_with("2 lists, 3 entries\n"), "{shown}");
    home.file("new.json", list("Parking", "hostname", 4, &["parked.example", "b.example"]));
    let again = home.run(&["list", "import", "new.json"]).ok();
    assert_eq!(again, "\"Parking\": 2 entries; version 4 replaces 3\n");
    home.run(&["list", "import", "none.json"]).says(1, &["none.json: cannot be read"]);
    home.run(&["list", "import", "kept"]).says(2, &["contains no JSON files"]);
}

#[test]
fn a_list_is_checked_disabled_removed_and_restored() {
    let home = home();
    home.run(&["list", "import", "lists/parking.json", "lists/cdn.json"]).ok();
    let said = |values: &[&str]| home.run(&[&["list", "check"], values].concat()).ok();
    assert_eq!(said(&["www.parked.example"]), "www.parked.example:\n  on the list “Parking”\n");
    assert_eq!(said(&["www.example"]), "www.example: nothing known against it\n");
    let weak = said(&["198.18.0.1", "ns1.bodis.com", "--name-server"]);
    assert_eq!(
        weak,
        "198.18.0.1:\n  a special-purpose address: benchmarking (198.18.0.0/15, RFC 2544)\n  on the list “CDN”\n\
         ns1.bodis.com:\n  a parking name server\n"
    );
    home.run(&["list", "check", "no host"]).says(2, &["no host"]);

    assert_eq!(home.run(&["list", "disable", "Parking"]).ok(), "\"Parking\" is disabled.\n");
    assert_eq!(home.run(&["list", "disable", "Parking"]).ok(), "\"Parking\" is already disabled.\n");
    assert_eq!(hits(&home, "parked.example"), Vec::<String>::new());
    home.run(&["list", "enable", "Parking"]).ok();
    home.run(&["list", "remove", "Parking"]).ok();
    assert_eq!(hits(&home, "parked.example"), Vec::<String>::new());
    home.run(&["list", "remove", "Parking"]).says(2, &["there is no list \"Parking\""]);
    home.run(&["list", "restore", "Parking"]).ok();
    assert_eq!(hits(&home, "parked.example"), ["Parking"]);

    let audit: Value = serde_json::from_str(&home.audit()).unwrap();
    let actions: Vec<&str> =
        audit["entries"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    let wanted = ["list.restore", "list.remove", "list.enable", "list.disable", "list.import", "list.import"];
    assert_eq!(actions, wanted);
}

#[test]
fn a_backup_has_the_lists() {
    let home = home();
    home.run(&["list", "import", "lists/parking.json", "lists/cdn.json"]).ok();
    home.run(&["list", "disable", "CDN"]).ok();
    home.run(&["backup", "saved"]).ok();
    home.run(&["--data-dir", "other", "restore", "saved"]).ok();
    let shown = home.run(&["--data-dir", "other", "list", "show"]).ok();
    let lines: Vec<&str> =
        shown.lines().filter(|line| line.contains(" cidr ") || line.contains(" hostname ")).collect();
    assert!(lines[0].contains("disabled") && lines[1].contains("enabled"), "{shown}");
    let checked = home.run(&["--data-dir", "other", "list", "check", "parked.example"]).ok();
    assert!(checked.contains("on the list “Parking”"), "{checked}");
}

#[test]
fn help_teaches() {
    let home = Home::new();
    let help = |arguments: &[&str]| {
        let mut command = home.command(&[&["list"], arguments, &["--help"]].concat());
        timeless(&Done::of(&command.env_remove("BACKSIGHT_DATA_DIR").output().unwrap()).ok())
    };
    insta::assert_snapshot!("help_list", help(&[]));
    insta::assert_snapshot!("help_list_import", help(&["import"]));
}
