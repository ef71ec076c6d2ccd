//! Tests that the structure of the code matches ARCHITECTURE.md: crates import what its table allows, and the folders of a
//! crate import each other in one direction.
//!
//! A folder is a module of a crate's root with everything below it: `x.rs` and `x/` are one. Its imports are the names after
//! `crate::` in its text, and after `super::` where that is the root; tests are not included. Nothing is compiled.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

type Imports = BTreeMap<String, BTreeSet<String>>;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn crates() -> Vec<String> {
    let entries = fs::read_dir(root().join("crates")).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// What each crate may import, from the table; `None` for all crates above it.
fn table() -> Vec<(String, Option<BTreeSet<String>>)> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let row = |line: &str| {
        let mut cells = line.strip_prefix("| `crates/")?.split(" | ");
        let name = cells.next()?.trim_end_matches('`').to_owned();
        let may = cells.last()?.trim_end_matches('|').trim();
        let may = may.split(" (").next()?;
        let named = may.split(',').map(str::trim).filter(|name| *name != "–");
        Some((name, (may != "all above").then(|| named.map(str::to_owned).collect())))
    };
    text.lines().filter_map(row).collect()
}

/// Our crates in a manifest, without those for tests and benchmarks.
fn dependencies(name: &str, known: &[String]) -> BTreeSet<String> {
    let manifest = fs::read_to_string(root().join("crates").join(name).join("Cargo.toml")).unwrap();
    let section = manifest.split("\n[dependencies]\n").nth(1).unwrap_or_default();
    let section = section.split("\n[").next().unwrap_or_default();
    let names = section.lines().filter_map(|line| line.split(['.', ' ', '=']).next());
    names.filter(|name| known.iter().any(|known| known == name)).map(str::to_owned).collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    let tests = modules_of_tests(folder);
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_test =
            path.file_stem().is_some_and(|stem| stem == "tests" || tests.iter().any(|test| stem == &**test));
        if path.is_dir() && !is_test {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") && !is_test {
            found.push(path);
        }
    }
}

/// The modules of a folder that are declared for tests alone.
fn modules_of_tests(folder: &Path) -> Vec<String> {
    let parents = [folder.with_extension("rs"), folder.join("lib.rs"), folder.join("main.rs")];
    let text: String = parents.iter().filter_map(|parent| fs::read_to_string(parent).ok()).collect();
    let lines: Vec<&str> = text.lines().collect();
    let declared = lines.windows(2).filter(|pair| pair[0].starts_with("#[cfg(") && pair[0].contains("test"));
    let name = |line: &str| Some(line.split("mod ").nth(1)?.strip_suffix(';')?.to_owned());
    declared.filter_map(|pair| name(pair[1])).collect()
}

fn imports(source: &Path) -> Imports {
    let mut files = Vec::new();
    sources(source, &mut files);
    let folder = |file: &Path| {
        let first = file.strip_prefix(source).unwrap().components().next().unwrap();
        first.as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned()
    };
    let known: BTreeSet<String> = files.iter().map(|file| folder(file)).collect();
    let mut all = Imports::new();
    for file in &files {
        let from = folder(file);
        if from == "lib" || from == "main" {
            continue;
        }
        let text = fs::read_to_string(file).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        let code: String = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        let mut named = after(&code, "crate::");
        if file.parent() == Some(source) {
            named.extend(after(&code, "super::"));
        }
        let imported = named.into_iter().filter(|name| *name != from && known.contains(name));
        all.entry(from.clone()).or_default().extend(imported);
    }
    all
}

/// The names after a prefix: one, or several in braces.
fn after(code: &str, prefix: &str) -> Vec<String> {
    let word = |text: &str| -> String {
        text.trim_start().chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
    };
    let mut names = Vec::new();
    for (at, _) in code.match_indices(prefix) {
        let rest = &code[at + prefix.len()..];
        let Some(list) = rest.strip_prefix('{') else {
            names.push(word(rest));
            continue;
        };
        let mut depth = 0_u32;
        names.push(word(list));
        for (at, character) in list.char_indices() {
            match character {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => names.push(word(&list[at + 1..])),
                _ => {}
            }
        }
    }
    names
}

/// Everything that a folder imports, directly or indirectly.
fn reached(from: &str, all: &Imports) -> BTreeSet<String> {
    let (mut found, mut next) = (BTreeSet::new(), vec![from.to_owned()]);
    while let Some(name) = next.pop() {
        for imported in all.get(&name).into_iter().flatten() {
            if found.insert(imported.clone()) {
                next.push(imported.clone());
            }
        }
    }
    found
}

/// Sets of folders in which each imports every other, directly or indirectly.
fn circles(all: &Imports) -> BTreeSet<String> {
    let reached: BTreeMap<&String, BTreeSet<String>> =
        all.keys().map(|name| (name, reached(name, all))).collect();
    let round = |name: &&String| reached[*name].contains(*name);
    let circle = |name: &String| {
        let others =
            all.keys().filter(|other| reached[name].contains(*other) && reached[*other].contains(name));
        others.cloned().collect::<Vec<_>>().join(" ")
    };
    all.keys().filter(round).map(circle).collect()
}

#[test]
fn crates_import_what_the_table_lets_them() {
    let (table, names) = (table(), crates());
    assert_eq!(
        table.iter().map(|(name, _)| name.clone()).collect::<BTreeSet<_>>(),
        names.iter().cloned().collect()
    );
    for (at, (name, may)) in table.iter().enumerate() {
        let listed = dependencies(name, &names);
        let above = || table[..at].iter().map(|(name, _)| name.clone()).collect::<BTreeSet<_>>();
        match may {
            Some(may) => assert_eq!(listed, *may, "{name}: its manifest, and ARCHITECTURE.md"),
            None => assert!(listed.is_subset(&above()), "{name}: {listed:?}"),
        }
    }
}

#[test]
fn folders_import_each_other_in_one_direction() {
    for name in crates() {
        let found = circles(&imports(&root().join("crates").join(&name).join("src")));
        assert!(found.is_empty(), "{name}: folders that import each other: {found:?}");
    }
}

#[test]
fn imports_are_found_however_they_are_written() {
    let code = "use crate::{a::{B, c::D}, e, f::G}; use crate::h; crate::i::j(); // crate::k";
    assert_eq!(after(code, "crate::"), ["a", "e", "f", "h", "i", "k"]);
    let imports = |pairs: &[(&str, &[&str])]| -> Imports {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        pairs.iter().map(|(from, to)| ((*from).to_owned(), set(to))).collect()
    };
    assert!(circles(&imports(&[("a", &["b"]), ("b", &["c"]), ("c", &[])])).is_empty());
    let round = circles(&imports(&[("a", &["b"]), ("b", &["c"]), ("c", &["a"]), ("d", &["a"])]));
    assert_eq!(round, BTreeSet::from(["a b c".to_owned()]));
}
