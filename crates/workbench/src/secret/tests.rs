//! Sealing, and the state that every step of a rotation leaves if it is the last one.

use std::fs;
use std::path::Path;

use cof::time::Clock;
use operation::package;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::integration::Changes;

const TOKEN: &str = "user:correct horse";
const NAME: &str = "circl-passive-dns";
const PLACE: Place<'static> =
    Place { integration: NAME, key: "user_token", bound: Some("https://www.circl.lu:443") };

fn open_folder(folder: &Path) -> Workbench {
    Workbench::open(folder, Clock::system(), "ann").unwrap()
}

/// A folder with one installed integration that has a secret.
fn kept() -> (TempDir, Workbench) {
    let folder = tempfile::tempdir().unwrap();
    let mut workbench = open_folder(folder.path());
    let plan = workbench.plan_install(package::find(NAME).unwrap(), false).unwrap();
    workbench.install(plan.confirm()).unwrap();
    give(&mut workbench, TOKEN).unwrap();
    (folder, workbench)
}

fn give(workbench: &mut Workbench, secret: &str) -> Result<(), Error> {
    let secrets = vec![("user_token".to_owned(), Secret::new(secret))];
    workbench.configure(NAME, &Changes { secrets, ..Changes::default() }).map(drop)
}

fn token(workbench: &Workbench) -> Result<String, Error> {
    let configured = workbench.settings(NAME)?;
    Ok(configured.settings.secret("user_token").map(Secret::reveal).unwrap_or_default().to_owned())
}

/// Whatever happened before, the folder can be read, changed and rotated, and no files are left over.
fn works(folder: &Path) {
    let mut workbench = open_folder(folder);
    assert_eq!(token(&workbench).unwrap(), TOKEN);
    workbench.rotate_key().unwrap();
    assert_eq!(token(&workbench).unwrap(), TOKEN);
    give(&mut workbench, "another").unwrap();
    assert_eq!(token(&open_folder(folder)).unwrap(), "another");
    assert!(!file::path_of_new(folder).exists());
    assert_eq!(keys(folder).unwrap().len(), 1);
}

fn key() -> Key {
    Key::generate().unwrap()
}

proptest! {
    #[test]
    fn what_is_sealed_opens_in_its_place_and_nowhere_else(secret in "[^\\p{Cc}]{0,80}", at in 0usize..200, bit in 0u8..8) {
        let (right, wrong) = (key(), key());
        let secret = Secret::new(&secret);
        let sealed = seal(&right, PLACE, &secret).unwrap();
        prop_assert!(open(&[wrong.clone(), right.clone()], PLACE, &sealed) == Ok(secret.clone()));
        prop_assert!(open(std::slice::from_ref(&wrong), PLACE, &sealed) == Err(Fault::Unknown));
        let elsewhere = Place { key: "password", ..PLACE };
        prop_assert!(open(std::slice::from_ref(&right), elsewhere, &sealed) == Err(Fault::Damaged));
        // The same key name with other bytes, as after damage of the key file.
        let damaged = Key { id: right.id, octets: wrong.octets };
        prop_assert!(open(&[damaged], PLACE, &sealed) == Err(Fault::Damaged));
        let mut flipped = sealed.clone();
        if let Some(octet) = flipped.get_mut(at % sealed.len()) {
            *octet ^= 1 << bit;
        }
        prop_assert!(open(std::slice::from_ref(&right), PLACE, &flipped).is_err());
        prop_assert!(open(&[right], PLACE, &sealed[..at % sealed.len()]).is_err());
    }
}

#[test]
fn the_same_secret_is_never_sealed_the_same() {
    let key = key();
    let once = || seal(&key, PLACE, &Secret::new(TOKEN)).unwrap();
    let (a, b) = (once(), once());
    assert_ne!(a[HEAD..HEAD + NONCE], b[HEAD..HEAD + NONCE]);
    assert_ne!(a, b);
}

#[test]
fn rotation_seals_everything_with_another_key() {
    let (folder, mut workbench) = kept();
    let before = fs::read(file::path(folder.path())).unwrap();
    assert_eq!(workbench.rotate_key().unwrap(), 1);
    assert_ne!(fs::read(file::path(folder.path())).unwrap(), before);
    assert_eq!(token(&workbench).unwrap(), TOKEN);
    let entries = workbench.audit(&crate::audit::Filter::default()).unwrap().entries;
    assert_eq!((entries[0].action.as_str(), entries[0].subject.as_str()), ("key.rotate", "secret.key"));
    works(folder.path());
}

#[test]
fn rotation_without_secrets_changes_the_key_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut workbench = open_folder(folder.path());
    assert_eq!(workbench.rotate_key().unwrap(), 0);
    let first = fs::read(file::path(folder.path())).unwrap();
    assert_eq!(workbench.rotate_key().unwrap(), 0);
    assert_ne!(fs::read(file::path(folder.path())).unwrap(), first);
    assert!(!file::path_of_new(folder.path()).exists());
}

#[test]
fn a_crash_while_the_new_key_is_written_leaves_the_old_one() {
    for end in [0, 1, 20, 60] {
        let (folder, workbench) = kept();
        drop(workbench);
        file::write_new(folder.path(), &key()).unwrap();
        let new = file::path_of_new(folder.path());
        let text = fs::read(&new).unwrap();
        fs::write(&new, &text[..end]).unwrap();
        works(folder.path());
    }
}

#[test]
fn a_crash_before_the_commit_leaves_the_old_key() {
    let (folder, mut workbench) = kept();
    let new = key();
    let crashed: Result<(), _> = workbench.change(|change| {
        let old = settle(change)?.unwrap();
        file::write_new(change.folder, &new)?;
        seal_all(change, old, &new)?;
        Err(Problem::conflict("crash"))
    });
    assert!(crashed.is_err());
    drop(workbench);
    assert!(file::path_of_new(folder.path()).exists());
    works(folder.path());
}

#[test]
fn a_crash_between_commit_and_rename_leaves_the_new_key() {
    let (folder, mut workbench) = kept();
    let old = fs::read(file::path(folder.path())).unwrap();
    assert_eq!(workbench.seal_anew().unwrap(), 1);
    drop(workbench);
    assert_eq!(fs::read(file::path(folder.path())).unwrap(), old);
    let new = fs::read(file::path_of_new(folder.path())).unwrap();
    // Reading alone changes no file, and works.
    assert_eq!(token(&open_folder(folder.path())).unwrap(), TOKEN);
    assert!(file::path_of_new(folder.path()).exists());
    // The next change of a secret replaces the old key.
    give(&mut open_folder(folder.path()), TOKEN).unwrap();
    assert_eq!(fs::read(file::path(folder.path())).unwrap(), new);
    works(folder.path());
}

#[test]
fn a_crash_while_the_first_key_is_made_leaves_no_trap() {
    for text in ["", "backsight key 1\nid 00"] {
        let folder = tempfile::tempdir().unwrap();
        let mut workbench = open_folder(folder.path());
        workbench
            .install(workbench.plan_install(package::find(NAME).unwrap(), false).unwrap().confirm())
            .unwrap();
        fs::write(file::path_of_new(folder.path()), text).unwrap();
        give(&mut workbench, TOKEN).unwrap();
        works(folder.path());
    }
}

#[test]
fn a_missing_key_beside_secrets_is_an_error_and_never_a_new_key() {
    let (folder, mut workbench) = kept();
    let file = file::path(folder.path());
    let text = fs::read(&file).unwrap();
    fs::remove_file(&file).unwrap();
    for error in [
        token(&workbench).unwrap_err(),
        give(&mut workbench, "x").unwrap_err(),
        workbench.rotate_key().unwrap_err(),
    ] {
        assert!(matches!(error, Error::Key { .. }), "{error:?}");
        assert!(error.to_string().contains("missing"), "{error}");
    }
    assert!(!file.exists());
    // What needs no secret still works.
    assert_eq!(workbench.show(NAME).unwrap().summary.name, NAME);
    super::tests::restore(&file, &text);
    works(folder.path());
}

#[cfg(unix)]
fn restore(file: &Path, text: &[u8]) {
    use std::os::unix::fs::PermissionsExt;
    fs::write(file, text).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn a_wrong_or_damaged_key_is_an_error_and_changes_nothing() {
    let (folder, mut workbench) = kept();
    let file = file::path(folder.path());
    let text = fs::read_to_string(&file).unwrap();
    let (elsewhere, other) = kept();
    drop(other);
    let other = fs::read_to_string(file::path(elsewhere.path())).unwrap();
    // Another key, the same name with another key, a damaged file.
    let same_name: String =
        text.lines().take(2).chain(other.lines().skip(2)).map(|line| line.to_owned() + "\n").collect();
    for wrong in [other.as_str(), &same_name, "rubbish", ""] {
        restore(&file, wrong.as_bytes());
        assert!(matches!(token(&workbench), Err(Error::Key { .. })), "{wrong}");
        assert!(matches!(workbench.rotate_key(), Err(Error::Key { .. })), "{wrong}");
        assert_eq!(fs::read_to_string(&file).unwrap(), wrong);
        assert!(!file::path_of_new(folder.path()).exists());
    }
    restore(&file, text.as_bytes());
    works(folder.path());
}

#[test]
fn lost_secrets_can_be_given_up_and_entered_again() {
    let (folder, mut workbench) = kept();
    fs::remove_file(file::path(folder.path())).unwrap();
    let reset = Changes { reset: vec!["user_token".to_owned()], ..Changes::default() };
    workbench.configure(NAME, &reset).unwrap();
    give(&mut workbench, TOKEN).unwrap();
    works(folder.path());
}

#[test]
fn keys_print_as_nothing_and_files_hold_no_secret() {
    let (folder, workbench) = kept();
    drop(workbench);
    for entry in fs::read_dir(folder.path()).unwrap() {
        let octets = fs::read(entry.unwrap().path()).unwrap();
        assert!(!octets.windows(TOKEN.len()).any(|window| window == TOKEN.as_bytes()));
    }
}
