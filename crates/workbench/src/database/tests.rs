//! Old databases, damaged files, lost transactions, backups.

use std::path::Path;

use cof::RrType;
use cof::time::Clock;
use operation::{Finding, Indicator};
use tempfile::TempDir;

use super::*;
use crate::Kind;
use crate::library::Status;
use crate::token::Wanted;

fn open(folder: &Path) -> Workbench {
    Workbench::open(folder, Clock::system(), "ann").unwrap()
}

fn value(text: &str) -> Indicator {
    Indicator::parse(text).unwrap()
}

/// A database of version 2, with the content that `sql` inserts.
fn old(sql: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let database = Connection::open(folder.path().join("workbench.sqlite")).unwrap();
    database.execute_batch(include_str!("../schema.sql")).unwrap();
    database.execute_batch(include_str!("../schema-2.sql")).unwrap();
    database.execute_batch(sql).unwrap();
    database
        .execute_batch(&format!("PRAGMA application_id = {APPLICATION}; PRAGMA user_version = 2;"))
        .unwrap();
    folder
}

/// The AAAA record `::ffff:198.51.100.9` as version 2 wrote it, and the IPv4 address next to it.
const MAPPED: &str = "
    INSERT INTO sources VALUES (1, 'ann'), (2, 'CIRCL');
    INSERT INTO indicators VALUES
      (1, 1, 'a.example', x'016578616d706c65006100', 1, 100, 100, NULL),
      (2, 4, '198.51.100.9', x'04c6336409', 3, 110, 120, NULL),
      (3, 6, '::ffff:198.51.100.9', x'0600000000000000000000ffffc6336409', 4, 90, 130, NULL),
      (4, 6, '::ffff:198.51.100.7', x'0600000000000000000000ffffc6336407', 3, 90, 130, 140);
    INSERT INTO attributes VALUES
      (1, 2, 'Resource Type', 'A', 110), (2, 3, 'Resource Type', 'A', 110), (3, 3, 'Resource Type', 'AAAA', 110);
    INSERT INTO relationships VALUES (1, 1, 2, 'A', 110), (2, 1, 3, 'A', 110), (3, 1, 3, 'AAAA', 110), (4, 2, 3, 'PTR', 110);
    INSERT INTO indicator_claims VALUES (1, 1, 0, 100), (2, 2, 1, 110), (3, 2, 1, 90), (3, 2, 2, 90), (4, 2, 2, 90);
    INSERT INTO attribute_claims VALUES (1, 2, 1, 110), (2, 2, 2, 110), (3, 2, 2, 110);
    INSERT INTO relationship_claims VALUES
      (1, 2, 1, '[]', 110), (2, 2, 2, '[]', 110), (3, 2, 2, '[]', 110), (4, 2, 2, '[]', 110);
    INSERT INTO notes VALUES (1, 3, 105, 'ann', 'seen in the report');
    INSERT INTO audit VALUES (1, 105, 'ann', 'indicator.note', '::ffff:198.51.100.9', '{}');
";

#[test]
fn a_mapped_row_of_an_older_version_becomes_the_row_of_its_ipv4_address() {
    let folder = old(MAPPED);
    let mut workbench = open(folder.path());
    assert_eq!(workbench.verify(&mut |_, _| ()).unwrap().faults, [""; 0]);
    let details = workbench.details(&value("198.51.100.9")).unwrap().unwrap();
    // The status set by a user takes precedence over Indirect; the first creation time and the last change are kept.
    assert_eq!(details.entry.status, Status::Review);
    assert_eq!(
        (details.entry.created_at, details.entry.updated_at, details.entry.removed_at),
        (90, 130, None)
    );
    let attributes: Vec<(&str, usize)> =
        details.attributes.iter().map(|one| (one.value.as_str(), one.claims.len())).collect();
    assert_eq!(attributes, [("A", 2), ("AAAA", 1)]);
    let mut joins: Vec<(&str, usize)> =
        details.relationships.iter().map(|one| (one.kind.as_str(), one.claims.len())).collect();
    joins.sort_unstable();
    assert_eq!(joins, [("A", 2), ("AAAA", 1)], "and none to itself");
    assert_eq!((details.claims.len(), details.notes.len()), (2, 1));
    let history: Vec<&str> = details.history.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(history, ["indicator.merge", "indicator.note"]);
    // A mapped address without an IPv4 row becomes the IPv4 address, and stays removed.
    let alone = workbench.lookup(&value("198.51.100.7")).unwrap().unwrap();
    assert_eq!((alone.status, alone.removed_at), (Status::Indirect, Some(140)));
    let all = workbench.indicators(&crate::library::Filter { limit: 10, ..Default::default() }).unwrap();
    assert!(all.entries.iter().all(|entry| !entry.indicator.to_string().contains("ffff")));
    // What a run added is removed with the run.
    workbench.undo(2).unwrap();
    let details = workbench.details(&value("198.51.100.9")).unwrap().unwrap();
    assert_eq!((details.attributes.len(), details.relationships.len()), (1, 1));
}

#[test]
fn the_table_takes_no_value_that_is_not_canonical() {
    let folder = tempfile::tempdir().unwrap();
    let workbench = open(folder.path());
    for row in [
        "(6, '::ffff:198.51.100.9', x'0600000000000000000000ffffc6336409', 1, 1, 1)",
        "(1, 'A.example', x'016578616d706c65006100', 1, 1, 1)",
        "(1, '198.51.100.9', x'04c6336409', 1, 1, 1)",
        "(4, '198.51.100.9', x'04c6336408', 1, 1, 1)",
    ] {
        let sql = format!(
            "INSERT INTO indicators (type, value, sort_key, status, created_at, updated_at) VALUES {row}"
        );
        let error = workbench.connection.execute(&sql, []).unwrap_err();
        assert!(error.to_string().contains("canonical"), "{row}: {error}");
    }
    let good = "INSERT INTO indicators (type, value, sort_key, status, created_at, updated_at) \
                VALUES (4, '198.51.100.9', x'04c6336409', 1, 1, 1)";
    workbench.connection.execute(good, []).unwrap();
    let crooked = "UPDATE indicators SET value = '198.51.100.09'";
    assert!(workbench.connection.execute(crooked, []).is_err());
}

#[test]
fn a_migration_keeps_the_old_database_until_the_new_one_is_verified() {
    let folder = old(MAPPED);
    let file = folder.path().join("workbench.sqlite");
    let before = std::fs::read(&file).unwrap();
    let (copy, part) =
        (folder.path().join("workbench.sqlite.before-3"), folder.path().join("workbench.sqlite.before.part"));
    // A migration that was killed while copying starts again.
    std::fs::write(&part, "half").unwrap();
    let (mut steps, mut copied) = (Vec::new(), Vec::new());
    drop(Workbench::open_watched(folder.path(), Clock::system(), "ann", &mut |step| {
        if matches!(step, Step::Changing(0, _)) {
            copied = std::fs::read(&copy).unwrap();
        }
        steps.push(step);
    }));
    let kept = tempfile::tempdir().unwrap();
    std::fs::write(kept.path().join("workbench.sqlite"), &copied).unwrap();
    let version = |file: &Path| -> i64 {
        Connection::open(file).unwrap().query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(version(&kept.path().join("workbench.sqlite")), 2, "the copy is of the old version");
    assert!(steps.iter().any(|step| matches!(step, Step::Copying(..))), "{steps:?}");
    assert_eq!(steps.last(), Some(&Step::Verifying));
    assert!(!copy.exists() && !part.exists());
    // A migration that was killed after the change and before the check is verified at the next start.
    std::fs::write(&copy, &before).unwrap();
    drop(open(folder.path()));
    assert!(!copy.exists());
    // A damaged database is not migrated, and stays unchanged.
    let folder = old(MAPPED);
    let file = folder.path().join("workbench.sqlite");
    let mut damaged = std::fs::read(&file).unwrap();
    for octet in damaged.iter_mut().skip(4096).take(2048) {
        *octet = !*octet;
    }
    std::fs::write(&file, &damaged).unwrap();
    let error = Workbench::open(folder.path(), Clock::system(), "ann").unwrap_err();
    assert!(matches!(error, Error::Damaged { .. }), "{error}");
}

#[test]
fn hints_of_older_runs_name_no_flag() {
    let folder = old(
        "INSERT INTO manifests VALUES (1, 'x');
         INSERT INTO runs (indicator, manifest, package, source, action, provider, actor, question, filter, state, reason, \
         hint, started_at, fetched_by, fetched_at) VALUES ('a.example', 1, 'x@1.0.0', 'X', 'Ask', 'h:1', 'ann', 'q', \
         '{}', 'truncated', 'no more than 2 records were wanted', 'leave --limit out to have all of them', 1, 1, 1);",
    );
    let run = open(folder.path())
        .read(|database| Ok(database.query_row("SELECT hint FROM runs", [], |row| row.get::<_, String>(0))?));
    assert_eq!(crate::Hint::read(run.unwrap()), crate::Hint::RaiseLimit);
}

/// A workbench with content in every sealed table that a few calls reach.
fn filled(folder: &Path) -> Workbench {
    let mut workbench = open(folder);
    let values: Vec<Indicator> = (0..40).map(|n| value(&format!("h{n}.d{}.example", n % 7))).collect();
    workbench.add_indicators(&values, Status::Active).unwrap();
    let findings: Vec<Finding> = (0..20)
        .map(|n| Finding::Attribute {
            name: "Resource Data".to_owned(),
            value: format!("value {n}"),
            records: vec![],
            caution: None,
        })
        .chain((1..20).map(|n| Finding::Relationship {
            from: values[0].clone(),
            to: values[n].clone(),
            rrtype: cof::RrType::CNAME,
            attributes: vec![("First Seen".to_owned(), "2017-06-09 08:07:17".to_owned())],
            records: vec![],
            caution: None,
        }))
        .collect();
    workbench.add_findings(1, "CIRCL", &values[0], &findings).unwrap();
    workbench.note(&values[1], "seen in the report").unwrap();
    workbench.set_status(&values[2], Status::Whitelisted).unwrap();
    workbench.create_token(&wanted("partner")).unwrap();
    workbench
}

fn wanted(name: &str) -> Wanted {
    Wanted {
        name: name.to_owned(),
        reads: true,
        writes: false,
        rate: None,
        daily: None,
        sensor: None,
        expires_at: None,
    }
}

/// The content of all sealed tables.
fn content(workbench: &Workbench) -> Result<Vec<String>, Error> {
    workbench.read(|database| {
        let mut rows = Vec::new();
        for table in &seal::TABLES {
            let quoted: Vec<String> =
                table.key.iter().chain(table.columns).map(|column| format!("quote({column})")).collect();
            let sql = format!("SELECT {} FROM {} ORDER BY 1", quoted.join(" || ',' || "), table.name);
            let mut statement = database.prepare(&sql)?;
            let found = statement.query_map([], |row| row.get::<_, String>(0))?;
            rows.extend(found.collect::<Result<Vec<_>, _>>()?);
        }
        Ok(rows)
    })
}

/// A small random number generator that gives the same numbers in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }
}

/// Flips a bit of a file in a copy of the folder, opens it, and returns whether the damage was noticed; panics if it was not
/// noticed and the content differs.
fn flip(from: &Path, file: &str, bit: usize, pristine: &[String]) -> bool {
    let folder = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() && !entry.file_name().to_string_lossy().ends_with("-shm") {
            std::fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
        }
    }
    let path = folder.path().join(file);
    let mut octets = std::fs::read(&path).unwrap();
    octets[bit / 8] ^= 1 << (bit % 8);
    std::fs::write(&path, octets).unwrap();
    let Ok(workbench) = Workbench::open(folder.path(), Clock::system(), "eve") else { return true };
    if !workbench.notices().is_empty() {
        return true;
    }
    match workbench.verify(&mut |_, _| ()) {
        Ok(verified) if verified.faults.is_empty() => {
            assert_eq!(content(&workbench).unwrap(), pristine, "bit {bit} of {file} went unnoticed");
            false
        }
        _ => true,
    }
}

#[test]
fn a_flipped_bit_anywhere_in_the_database_is_noticed_or_harmless() {
    let folder = tempfile::tempdir().unwrap();
    let workbench = filled(folder.path());
    let pristine = content(&workbench).unwrap();
    drop(workbench);
    let size =
        usize::try_from(std::fs::metadata(folder.path().join("workbench.sqlite")).unwrap().len()).unwrap();
    let mut numbers = Numbers(1);
    let noticed = (0..300)
        .filter(|_| flip(folder.path(), "workbench.sqlite", numbers.below(size * 8), &pristine))
        .count();
    // Much of a small file is unused space.
    assert!(noticed > 30, "{noticed} of 300");
    for text in ["seen in the report", "2017-06-09 08:07:17", "value 7", "partner"] {
        let octets = std::fs::read(folder.path().join("workbench.sqlite")).unwrap();
        let at = octets.windows(text.len()).position(|window| window == text.as_bytes()).unwrap();
        assert!(flip(folder.path(), "workbench.sqlite", at * 8, &pristine), "{text}");
    }
}

#[test]
fn a_flipped_bit_in_the_log_is_noticed_or_harmless() {
    let folder = tempfile::tempdir().unwrap();
    // Kept open, so that all of it is in the log.
    let workbench = filled(folder.path());
    let pristine = content(&workbench).unwrap();
    let size = usize::try_from(std::fs::metadata(folder.path().join("workbench.sqlite-wal")).unwrap().len())
        .unwrap();
    let mut numbers = Numbers(2);
    let noticed = (0..120)
        .filter(|_| flip(folder.path(), "workbench.sqlite-wal", numbers.below(size * 8), &pristine))
        .count();
    assert!(noticed > 60, "{noticed} of 120");
}

#[test]
fn lost_transactions_are_said_once_and_stay_in_the_audit_trail() {
    let folder = tempfile::tempdir().unwrap();
    drop(filled(folder.path()));
    let old = std::fs::read(folder.path().join("workbench.sqlite")).unwrap();
    let mut workbench = open(folder.path());
    workbench.note(&value("h3.d3.example"), "lost").unwrap();
    drop(workbench);
    std::fs::write(folder.path().join("workbench.sqlite"), old).unwrap();
    let workbench = open(folder.path());
    assert_eq!(workbench.notices(), [Notice::Lost(Lost { changes: 1, entries: 1 })]);
    drop(workbench);
    let workbench = open(folder.path());
    assert_eq!(workbench.notices(), []);
    assert_eq!(workbench.verify(&mut |_, _| ()).unwrap().faults, [""; 0]);
    let trail = workbench.audit(&crate::audit::Filter::default()).unwrap();
    assert_eq!(
        (trail.entries[0].action.as_str(), trail.entries[0].actor.as_str()),
        ("workbench.lost", PROGRAM)
    );
    drop(workbench);
    std::fs::remove_file(folder.path().join("workbench.head")).unwrap();
    assert_eq!(open(folder.path()).notices(), [Notice::HeadMissing]);
}

#[test]
fn a_changed_entry_of_the_audit_trail_breaks_its_chain_and_damage_is_not_sealed_anew() {
    let folder = tempfile::tempdir().unwrap();
    let mut workbench = filled(folder.path());
    // Somebody who does this knows the file, and drops the triggers first.
    workbench
        .connection
        .execute_batch(
            "DROP TRIGGER seal_audit_check; UPDATE audit SET actor = 'bob' WHERE id = 3; \
             UPDATE notes SET seal = seal + 1; UPDATE indicators SET seal = seal + 1 WHERE value = 'h3.d3.example';",
        )
        .unwrap();
    let faults = workbench.verify(&mut |_, _| ()).unwrap().faults.join("\n");
    for word in ["entry 3", "of notes", "definitions", "of indicators"] {
        assert!(faults.contains(word), "{word}: {faults}");
    }
    let error = workbench.set_status(&value("h3.d3.example"), Status::Review).unwrap_err();
    assert!(matches!(error, Error::Damaged { .. }), "{error}");
}

#[cfg(unix)]
#[test]
fn a_backup_is_whole_for_its_owner_alone_and_comes_back() {
    use std::os::unix::fs::PermissionsExt as _;
    let (folder, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let workbench = filled(folder.path());
    let to = place.path().join("copy");
    let made = workbench.backup(&to, true, &mut |_, _| ()).unwrap();
    assert_eq!(made.verified.faults, [""; 0]);
    assert!(!made.key, "there is none yet");
    let rights = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(
        (rights(&to), rights(&to.join("workbench.sqlite")), rights(&to.join("workbench.head"))),
        (0o700, 0o600, 0o600)
    );
    let again = workbench.backup(&to, true, &mut |_, _| ()).unwrap_err();
    assert_eq!(again.kind(), Some(Kind::Conflict));
    let back = place.path().join("back");
    assert_eq!(crate::restore(&to, &back, Clock::system()).unwrap().faults, [""; 0]);
    let restored = open(&back);
    assert_eq!(restored.notices(), []);
    assert_eq!(content(&restored).unwrap(), content(&workbench).unwrap());
    assert_eq!(crate::restore(&to, &back, Clock::system()).unwrap_err().kind(), Some(Kind::Conflict));
    assert_eq!(
        crate::restore(&back, folder.path(), Clock::system()).unwrap_err().kind(),
        Some(Kind::Conflict)
    );
    let missing = crate::restore(place.path(), &place.path().join("x"), Clock::system());
    assert_eq!(missing.unwrap_err().kind(), Some(Kind::Missing));
}

#[test]
fn a_check_that_takes_long_is_ended_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let workbench = filled(folder.path());
    assert_eq!(workbench.quick_check(Duration::from_secs(30)).unwrap(), Checked::All);
    assert!(workbench.quick_check(Duration::ZERO).is_ok());
}

#[test]
fn a_sighting_with_a_removed_indicator_does_not_count_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let mut workbench = open(folder.path());
    let [name, address] = ["a.example", "192.0.2.1"].map(value);
    let join = Finding::Relationship {
        from: name.clone(),
        to: address.clone(),
        rrtype: RrType::A,
        attributes: vec![("Last Seen".to_owned(), "2017-06-09".to_owned())],
        records: vec![],
        caution: None,
    };
    workbench.add_findings(1, "CIRCL Passive DNS", &address, &[join]).unwrap();
    workbench.remove_indicator(&name).unwrap();
    // As version 9 left it.
    let old = "UPDATE indicators SET last_seen = 1496966400 WHERE value = '192.0.2.1'";
    workbench.change(|change| Ok(change.transaction.execute_batch(old)?)).unwrap();
    assert_eq!(workbench.read(check::content).unwrap().len(), 1);
    let old = "DROP TABLE push_rows; DROP TABLE pushes; PRAGMA user_version = 9;";
    workbench.change(|change| Ok(change.transaction.execute_batch(old)?)).unwrap();
    drop(workbench);
    let workbench = open(folder.path());
    assert_eq!(workbench.read(check::content).unwrap(), [""; 0]);
    assert_eq!(workbench.lookup(&address).unwrap().unwrap().last_seen, None);
}
