//! Configuration, completions and manual pages.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use crate::harness::{Home, Provider};

#[test]
fn the_defaults() {
    insta::assert_snapshot!("config", Home::new().run(["config"]).done().quiet());
}

#[test]
fn the_reference_is_what_the_program_says() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
    let said = Home::empty().run(["config", "--reference"]).done().quiet();
    if std::fs::read_to_string(file).unwrap_or_default() != said {
        std::fs::write(format!("{file}.new"), &said).unwrap();
        panic!(
            "docs/configuration.md is not what `backsight config --reference` prints: read docs/configuration.md.new"
        );
    }
}

#[test]
fn environment_before_file_before_default() {
    let home = Home::new();
    let file = home.file("own.toml", "[query]\nformat = \"json\"\nsort = \"name\"\n");
    let run = home.run(["config", "--config"]).args([&file]).env("BACKSIGHT_QUERY_SORT", "count");
    let text = run.done().quiet();
    for line in [
        &format!("format = \"json\"  # {}", file.display()),
        "sort = \"count\"  # BACKSIGHT_QUERY_SORT",
        "concurrency = 4  # default",
    ] {
        assert!(text.lines().any(|shown| shown == line), "{line} in {text}");
    }
    let run = home.run(["config"]).env("BACKSIGHT_CONFIG", &file);
    assert!(run.done().quiet().contains("\"name\""), "the file may be named in the environment");
}

#[test]
fn a_variable_that_is_set_to_nothing_is_not_set() {
    let home = Home::new();
    let run = home.run(["config"]).env("BACKSIGHT_CONFIG", "").env("BACKSIGHT_DATA_DIR", "");
    assert!(run.env("BACKSIGHT_QUERY_SORT", "").done().quiet().contains("sort = \"last\"  # default"));
}

#[test]
fn the_users_own_file_is_found() {
    let home = Home::new();
    home.file("config/backsight/backsight.toml", "[serve]\nlisten = \"127.0.0.1:1234\"\n");
    assert!(home.run(["config"]).done().quiet().contains("listen = \"127.0.0.1:1234\"  # "));
}

#[test]
fn flags_before_everything() {
    let (home, provider) = (Home::new(), Provider::with(""));
    let formats = |flag: &[&str]| {
        let run = home.query(provider.address, ["x.example"]).args(flag);
        run.env("BACKSIGHT_QUERY_FORMAT", "csv").done().quiet()
    };
    assert!(formats(&[]).starts_with("query,relation,"));
    assert!(formats(&["--format", "json"]).starts_with("{\"value\""));
    assert!(formats(&["--format", "table"]).contains("nothing found"));
}

#[test]
fn what_is_configured_is_used() {
    let (home, provider) = (Home::of_the_guide(), Provider::with(""));
    let config =
        home.file("own.toml", "[query]\noperation = \"circl-passive-dns@1.0.0\"\nformat = \"json\"\n");
    let done = home.query(provider.address, ["x.example", "--config"]).args([config]).done();
    assert_eq!(done.json()[0]["operation"], "circl-passive-dns@1.0.0");
    let listening = home.run(["serve"]).env("BACKSIGHT_SERVE_LISTEN", "nowhere").done();
    listening.says(2, &["\"nowhere\"", "hint: "]);
}

#[test]
fn a_file_that_is_wrong_names_file_and_line() {
    let home = Home::new();
    for (text, words) in [
        ("[query]\n\ncolour = 1\n", ["own.toml:3", "unknown field `colour`"]),
        ("[colour]\n", ["own.toml:1", "unknown field `colour`"]),
        ("[query\n", ["own.toml:1", "unclosed"]),
        ("query = 1\n", ["own.toml:1)", "invalid type"]),
        ("[query]\nconcurrency = \"x\"\n", ["own.toml:2)", "\"x\" is not a whole number above 0"]),
        ("[query]\nconcurrency = \"4\"\n", ["own.toml:2)", "\"4\" is not a whole number above 0"]),
        (
            "[query]\n\nconcurrency = 0\n",
            ["query.concurrency (", "own.toml:3): 0 is not a whole number above 0"],
        ),
        ("[query]\nconcurrency = -1\n", ["query.concurrency", "-1 is not a whole number above 0"]),
        ("[query]\noperation = 1\n", ["query.operation", "invalid type"]),
        ("[query]\nformat = \"xml\"\n", ["query.format", "not one of table, json, cof, csv"]),
        ("[query]\nsort = \"\\u001b[31m\"\n", ["query.sort", "not one of last, first, count, name"]),
        (
            "[serve]\nbehind_proxy = \"yes\"\n",
            ["serve.behind_proxy (", "own.toml:2): \"yes\" is neither true nor false"],
        ),
        ("[serve]\nlog_addresses = [\"\\u001b\"]\n", ["serve.log_addresses", "neither true nor false"]),
    ] {
        let file = home.file("own.toml", text);
        home.run(["config".as_ref(), "--config".as_ref(), file.as_os_str()]).done().says(2, &words);
    }
    home.run(["config", "--config", "missing.toml"]).done().says(2, &["missing.toml", "No such file"]);
    let huge = home.file("huge.toml", vec![b'#'; 2 << 20]);
    home.run(["config".as_ref(), "--config".as_ref(), huge.as_os_str()]).done().says(2, &["larger than"]);
}

#[test]
fn an_environment_that_is_wrong_names_the_variable() {
    let home = Home::new();
    let says = |name: &str, value: OsString, why| {
        home.run(["config"]).env(name, value).done().says(2, &[name, why]);
    };
    says("BACKSIGHT_QUERY_FORMAT", "xml".into(), "not one of");
    says("BACKSIGHT_QUERY_CONCURRENCY", "0".into(), "above 0");
    says("BACKSIGHT_QUERY_MAX_RECORDS", "many".into(), "above 0");
    says("BACKSIGHT_SERVE_BEHIND_PROXY", "yes".into(), "neither true nor false");
    says("BACKSIGHT_QUERY_SORT", OsString::from_vec(b"\xff".to_vec()), "UTF-8");
}

#[test]
fn a_variable_is_read_as_its_setting_is() {
    let home = Home::new();
    let run = home.run(["config"]).env("BACKSIGHT_QUERY_CONCURRENCY", " 8 ");
    let text = run.env("BACKSIGHT_SERVE_BEHIND_PROXY", "true").done().quiet();
    assert!(text.contains("concurrency = 8  # BACKSIGHT_QUERY_CONCURRENCY\n"), "{text}");
    assert!(text.contains("behind_proxy = true  # BACKSIGHT_SERVE_BEHIND_PROXY\n"), "{text}");
}

#[test]
fn an_address_that_is_wrong_names_the_option_or_variable() {
    let home = Home::new();
    let wrong = home.run(["serve", "--sample"]).env("BACKSIGHT_SERVE_LISTEN", "there").done();
    wrong.says(2, &["serve.listen (BACKSIGHT_SERVE_LISTEN): \"there\" is not an address"]);
    let both =
        home.run(["serve", "--sample", "--listen", "here"]).env("BACKSIGHT_SERVE_LISTEN", "there").done();
    both.says(2, &["serve.listen (--listen): \"here\" is not an address"]);
}

#[test]
fn completions_for_every_shell() {
    let home = Home::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = home.run(["completions", shell]).done().quiet();
        assert!(script.contains("backsight") && script.contains("max-records"), "{shell}");
    }
    home.run(["completions", "tcsh"]).done().says(2, &["invalid value 'tcsh'", "possible values: bash"]);
}

#[test]
fn manual_pages_for_every_command() {
    let home = Home::new();
    let folder = home.path("share/man/man1");
    let done = home.run(["man".as_ref(), folder.as_os_str()]).done();
    done.says(0, &["read one with: man "]);
    for page in [
        "backsight",
        "backsight-query",
        "backsight-serve",
        "backsight-demo",
        "backsight-man",
        "backsight-config",
    ] {
        let text = std::fs::read_to_string(folder.join(format!("{page}.1"))).unwrap();
        assert!(text.contains(".TH"), "{page}");
    }
    let file = home.file("file", "");
    home.run(["man".as_ref(), file.as_os_str()]).done().says(1, &["manual pages to", "file", "hint: "]);
}
