//! Which values are queried, and in which order.

use crate::harness::{Home, Provider, line};

fn provider() -> Provider {
    Provider::with(line("www.example.com", "A", "192.0.2.1", 1_500_000_001, 1_500_000_002, 3))
}

#[test]
fn answers_keep_the_order_of_the_values() {
    let (home, provider) = (Home::new(), provider());
    let values: Vec<String> = (0..40).map(|number| format!("host{number}.example")).collect();
    let done = home.query(provider.address, &values).args(["--format", "json", "--concurrency", "16"]).done();
    let answered: Vec<String> = done.json().iter().map(|l| l["value"].as_str().unwrap().to_owned()).collect();
    assert_eq!((answered, done.code), (values, 0));
    assert_eq!(provider.asked().len(), 40);
}

#[test]
fn values_come_from_arguments_files_and_standard_input() {
    let (home, provider) = (Home::new(), provider());
    let file =
        home.file("values.txt", "\u{feff}# a list\r\nc.example # why\r\n\r\nhxxp://d[.]example/x#y\r\n");
    let run = home.query(provider.address, ["a.example", "-f"]).args([file]).args(["-f", "-"]);
    let done = run.args(["--format", "json", "b.example"]).stdin("# more\ne.example").done();
    let answered: Vec<String> = done.json().iter().map(|l| l["value"].as_str().unwrap().to_owned()).collect();
    assert_eq!(answered, ["a.example", "b.example", "c.example", "d.example", "e.example"]);
}

#[test]
fn each_indicator_is_asked_about_once() {
    let (home, provider) = (Home::new(), provider());
    let values =
        ["WWW.Example.com.", "hxxps://www[.]example[.]com:8443/x?y", "www.example.com", "192.0.2[.]1"];
    let done = home.query(provider.address, values).args(["192.0.2.1", "--format", "csv"]).done();
    assert_eq!(done.code, 0, "{done:#?}");
    let mut asked = provider.asked();
    asked.sort();
    assert_eq!(asked, ["192.0.2.1", "www.example.com"]);
}

#[test]
fn what_is_no_indicator_does_not_stop_the_others() {
    let (home, provider) = (Home::new(), provider());
    let bad = ["192.0.2.0/24", "a@b.example", "*.example.com", "999.1.1.1", ""];
    let done = home.query(provider.address, bad).args(["www.example.com", "--format", "json"]).done();
    done.says(
        1,
        &["192.0.2.0/24: not queried: a network", "an email address", "\"\": not queried: empty", "hint: "],
    );
    assert_eq!((done.json().len(), provider.asked()), (6, vec!["www.example.com".to_owned()]));
    for format in ["table", "csv", "cof"] {
        let done = home.query(provider.address, bad).args(["www.example.com", "--format", format]).done();
        assert!(done.code == 1 && done.stdout.contains("192.0.2.1"), "{done:#?}");
    }
}

#[test]
fn a_value_in_a_message_is_short() {
    let (home, provider) = (Home::new(), provider());
    let done = home.query(provider.address, ["a".repeat(60_000)]).done();
    done.says(1, &["not queried", "…"]);
    assert!(done.stderr.len() < 500 && done.stdout.len() < 500, "{}", done.stderr.len());
}

#[test]
fn a_file_that_is_no_list_is_refused_whole() {
    let (home, provider) = (Home::new(), provider());
    let binary: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let long = "www.example.com ".repeat(10_000);
    for (file, what) in
        [(home.file("binary", binary), "contains a NUL byte"), (home.file("long", long), "is longer than")]
    {
        let done = home.query(provider.address, ["-f".as_ref(), file.as_os_str()]).done();
        done.says(
            1,
            &["reading values from ", file.to_str().unwrap(), "line ", what, "hint: give a text file"],
        );
        assert_eq!(done.stdout, "");
    }
    assert!(provider.asked().is_empty());
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let (home, provider) = (Home::new(), provider());
    std::fs::create_dir(home.path("folder")).unwrap();
    for (file, why) in [("missing", "No such file"), ("folder", "Is a directory")] {
        let done = home.query(provider.address, ["www.example.com", "-f", file]).done();
        done.says(1, &[file, why, "hint: give a text file with one or more values per line"]);
    }
    assert!(provider.asked().is_empty());
}

#[test]
fn no_value_is_said_and_is_no_failure() {
    let (home, provider) = (Home::new(), provider());
    let file = home.file("empty", "# nothing yet\n\n");
    let done = home.query(provider.address, ["-f".as_ref(), file.as_os_str()]).done();
    done.says(0, &["no values given"]);
    home.run(["query"]).done().says(2, &["required arguments", "<VALUE>"]);
}

#[test]
fn a_huge_file_is_asked_through() {
    let (home, provider) = (Home::new(), Provider::with(""));
    let values: Vec<String> = (0..2_000).map(|number| format!("h{number}.example\n")).collect();
    let file = home.file("many", values.concat().repeat(20));
    let run = home.query(provider.address, ["-f".as_ref(), file.as_os_str()]);
    let done = run.args(["--concurrency", "64", "--format", "json"]).done();
    assert_eq!((done.code, done.stdout.lines().count(), provider.asked().len()), (0, 2_000, 2_000));
}
