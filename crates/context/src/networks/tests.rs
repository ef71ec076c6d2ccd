use std::fs;

use proptest::prelude::*;
use tempfile::TempDir;
use testkit::mmdb::{self, Value, asn, country, text};

use super::*;

/// A clock that tests set.
fn clock() -> (Clock, Arc<Mutex<Duration>>) {
    let time = Arc::new(Mutex::new(Duration::from_hours(400_000)));
    let shared = Arc::clone(&time);
    (Clock::telling(move || *shared.lock().unwrap()), time)
}

fn open(folder: &TempDir, files: &[(&str, Vec<u8>)]) -> Networks {
    let paths: Vec<PathBuf> = files.iter().map(|(name, _)| folder.path().join(name)).collect();
    for (path, (_, content)) in paths.iter().zip(files) {
        fs::write(path, content).unwrap();
    }
    Networks::open(paths, Clock::system()).unwrap()
}

fn shown(networks: &Networks, address: &str) -> String {
    networks.now().of(address.parse().unwrap()).to_string()
}

#[test]
fn files_of_several_layouts_are_merged_and_the_first_wins() {
    let folder = tempfile::tempdir().unwrap();
    let networks = open(
        &folder,
        &[
            (
                "asn.mmdb",
                mmdb::file("GeoLite2-ASN", &[([192, 0, 2, 0], 24, asn(64_496, "Example\u{202e} Networks"))]),
            ),
            (
                "country.mmdb",
                mmdb::file(
                    "DBIP-Country-Lite",
                    &[([192, 0, 2, 0], 25, country("nl")), ([198, 51, 100, 0], 24, country("DE"))],
                ),
            ),
            (
                "ipinfo.mmdb",
                mmdb::file(
                    "ipinfo lite",
                    &[
                        (
                            [192, 0, 2, 0],
                            24,
                            Value::Map(vec![
                                ("asn", text("AS64500")),
                                ("as_name", text("Another")),
                                ("country_code", text("FR")),
                            ]),
                        ),
                        (
                            [203, 0, 113, 0],
                            24,
                            Value::Map(vec![
                                ("asn", text("AS64501")),
                                ("name", text("Third")),
                                ("country", text("France")),
                                ("country_code", text("FR")),
                            ]),
                        ),
                    ],
                ),
            ),
        ],
    );
    assert_eq!(shown(&networks, "192.0.2.1"), "AS64496 Example Networks, NL");
    assert_eq!(shown(&networks, "192.0.2.200"), "AS64496 Example Networks, FR");
    assert_eq!(shown(&networks, "::ffff:192.0.2.1"), "AS64496 Example Networks, NL");
    assert_eq!(shown(&networks, "198.51.100.7"), "DE");
    assert_eq!(shown(&networks, "203.0.113.7"), "AS64501 Third, FR");
    assert_eq!(
        (shown(&networks, "8.8.8.8"), shown(&networks, "2001:db8::1")),
        (String::new(), String::new())
    );
    let files = networks.files();
    let state = |file: &FileState| (file.kind.clone(), file.built, file.damaged, file.trouble.clone());
    assert_eq!(state(&files[0]), ("GeoLite2-ASN".to_owned(), 0x6553_f100, 0, None));
    assert!(
        !Networks::default().is_configured()
            && Networks::default().now().of("192.0.2.1".parse().unwrap()).is_empty()
    );
}

#[test]
fn a_file_that_changes_is_read_again_and_a_broken_one_is_told() {
    let (clock, time) = clock();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("asn.mmdb");
    let with = |number| mmdb::file("GeoLite2-ASN", &[([192, 0, 2, 0], 24, asn(number, "Example"))]);
    fs::write(&path, with(64_496)).unwrap();
    let networks = Networks::open(vec![path.clone()], clock).unwrap();
    let later = || *time.lock().unwrap() += LOOK_AGAIN;
    let replace = |content: &[u8]| {
        // Renamed over it, as programs that update such files do.
        let new = folder.path().join("new");
        fs::write(&new, content).unwrap();
        fs::rename(&new, &path).unwrap();
    };
    replace(&with(64_497));
    assert_eq!(shown(&networks, "192.0.2.1"), "AS64496 Example", "it was looked at a moment ago");
    later();
    assert_eq!(shown(&networks, "192.0.2.1"), "AS64497 Example");
    replace(b"<html>quota exceeded</html>");
    later();
    assert_eq!(shown(&networks, "192.0.2.1"), "AS64497 Example");
    let trouble = networks.files()[0].trouble.clone().unwrap();
    assert!(trouble.contains("asn.mmdb is not an MMDB file, or is damaged"), "{trouble}");
    fs::remove_file(&path).unwrap();
    later();
    assert!(networks.files()[0].trouble.clone().unwrap().starts_with("cannot read "));
    replace(&with(64_498));
    later();
    assert_eq!(shown(&networks, "192.0.2.1"), "AS64498 Example");
    assert_eq!(networks.files()[0].trouble, None);
}

#[test]
fn a_file_that_cannot_be_used_at_the_start_is_named_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let said = |name: &str, content: Option<&[u8]>| {
        let path = folder.path().join(name);
        if let Some(content) = content {
            fs::write(&path, content).unwrap();
        }
        Networks::open(vec![path], Clock::system()).unwrap_err().to_string()
    };
    assert!(said("none.mmdb", None).contains("none.mmdb: No such file"));
    assert!(said("text.mmdb", Some(b"text")).contains("text.mmdb is not an MMDB file"));
    let other = mmdb::file("Anonymous", &[([192, 0, 2, 0], 24, Value::Map(vec![("is_proxy", text("yes"))]))]);
    assert!(said("other.mmdb", Some(&other)).contains("other.mmdb has neither AS numbers nor countries"));
    let many = vec![folder.path().join("text.mmdb"); MAX_FILES + 1];
    assert!(Networks::open(many, Clock::system()).unwrap_err().to_string().starts_with("17 files"));
    assert!(Networks::open(vec![folder.path().to_owned()], Clock::system()).is_err());
}

#[test]
fn fields_of_other_types_and_lengths_are_no_fields() {
    let folder = tempfile::tempdir().unwrap();
    let long = text(&"N".repeat(250));
    let entries = [
        (
            [192, 0, 2, 0],
            32,
            Value::Map(vec![("autonomous_system_number", text("64496")), ("country", Value::Number(1))]),
        ),
        (
            [192, 0, 2, 1],
            32,
            Value::Map(vec![("asn", text("AS0")), ("as_name", text("none")), ("country", text("NLD"))]),
        ),
        (
            [192, 0, 2, 2],
            32,
            Value::Map(vec![
                ("asn", text("AS4294967296")),
                ("country", Value::Map(vec![("iso_code", Value::Number(7))])),
            ]),
        ),
        ([192, 0, 2, 3], 32, Value::Map(vec![("asn", Value::Number(1)), ("as_name", long)])),
        ([192, 0, 2, 4], 32, text("not a map")),
    ];
    let networks = open(&folder, &[("a.mmdb", mmdb::file("test", &entries))]);
    let of = |last: u8| networks.now().of(IpAddr::from([192, 0, 2, last]));
    assert_eq!(of(0).as_number, Some(64_496));
    assert!(of(1).is_empty() && of(2).is_empty());
    assert_eq!(of(3).as_name.unwrap().len(), crate::place::MAX_NAME);
    assert!(of(4).is_empty());
    assert_eq!(networks.files()[0].damaged, 1);
}

proptest! {
    #[test]
    fn a_damaged_file_is_refused_or_read_without_a_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6), cut: prop::sample::Index, is_cut: bool) {
        let mut file = mmdb::file("GeoLite2-ASN", &[
            ([192, 0, 2, 0], 24, asn(64_496, "Example")),
            ([198, 51, 100, 0], 24, country("NL")),
            ([203, 0, 113, 128], 25, asn(64_497, "Example")),
        ]);
        for (at, octet) in changes {
            let at = at.index(file.len());
            file[at] = octet;
        }
        if is_cut {
            file.truncate(cut.index(file.len()));
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.mmdb");
        fs::write(&path, file).unwrap();
        if let Ok(networks) = Networks::open(vec![path], Clock::system()) {
            for address in ["192.0.2.1", "198.51.100.1", "203.0.113.200", "0.0.0.0", "255.255.255.255", "::1"] {
                let place = networks.now().of(address.parse().unwrap());
                prop_assert!(place.as_name.is_none_or(|name| name.chars().count() <= crate::place::MAX_NAME));
            }
            prop_assert_eq!(networks.files().len(), 1);
        }
    }
}
