//! Users and their links; `sign_in` tests signing in.

mod sign_in;

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::Duration;

use cof::time::Clock;
use operation::Secret;
use tempfile::TempDir;

use super::*;
use crate::audit;

const PASSWORD: &str = "correct horse battery";
const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

/// A workbench in a temporary folder.
struct Bench {
    workbench: Workbench,
    folder: TempDir,
}

fn open(folder: &Path) -> Workbench {
    Workbench::open(folder, testkit::clock_from(Duration::from_secs(1_000_000)), "root").unwrap()
}

fn bench() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    Bench { workbench: open(folder.path()), folder }
}

/// A workbench with the administrator Ann.
fn staffed() -> Bench {
    let mut bench = bench();
    let link = bench.workbench.first_link().unwrap().unwrap();
    bench.workbench.accept(link.reveal(), "Ann", PASSWORD).unwrap();
    bench
}

impl Bench {
    fn add(&mut self, name: &str, role: Role) -> User {
        let link = self.workbench.invite(role).unwrap();
        self.workbench.accept(link.reveal(), name, PASSWORD).unwrap()
    }

    /// Starts a session without the cost of hashing a password.
    fn enter(&mut self, name: &str) -> Secret {
        let link = self.workbench.sign_in_link(name).unwrap();
        self.workbench.sign_in_by_link(link.reveal(), &client(1)).unwrap().unwrap().0
    }

    fn session(&self, token: &Secret) -> Option<Session> {
        self.workbench.session(token.reveal()).unwrap()
    }

    /// The audit trail, oldest first, as "actor action subject".
    fn trail(&self) -> Vec<String> {
        let entries = self.workbench.audit(&audit::Filter::default()).unwrap().entries;
        let line = |entry: &audit::Entry| format!("{} {} {}", entry.actor, entry.action, entry.subject);
        entries.iter().rev().map(line).collect()
    }

    /// Whether any file of the folder contains this text.
    fn holds(&self, text: &str) -> bool {
        let files = std::fs::read_dir(self.folder.path()).unwrap();
        let contents = files.map(|file| std::fs::read(file.unwrap().path()).unwrap());
        contents.into_iter().any(|octets| octets.windows(text.len()).any(|part| part == text.as_bytes()))
    }
}

fn client(host: u8) -> Client {
    Client { address: IpAddr::V4(Ipv4Addr::new(192, 0, 2, host)), agent: "Browser/1".to_owned() }
}

fn refused<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    match result {
        Err(Error::Refused(why)) => why.text,
        other => panic!("not refused: {other:?}"),
    }
}

async fn pass(seconds: u64) {
    tokio::time::advance(Duration::from_secs(seconds)).await;
}

/// A reader of the audit trail cannot distinguish two names that look alike.
#[tokio::test(start_paused = true)]
async fn a_name_that_looks_like_another_or_like_the_program_is_refused() {
    let Bench { mut workbench, .. } = staffed();
    let link = workbench.invite(Role::Reader).unwrap();
    for name in [
        // Cyrillic, full width, another case, a combining mark, a zero-width space, a blank.
        "\u{410}nn",
        "\u{ff21}nn",
        "ANN",
        "a\u{200b}nn",
        "Ann ",
        "backsight",
        "Backs\u{456}ght",
        "BACKSIGHT",
        "unkn\u{43e}wn",
        "serve",
        "system",
        // The rule is tested in `name`; this tests that it is applied.
        "S\u{395}RVE",
        "serve.",
        "s3rve",
    ] {
        refused(workbench.accept(link.reveal(), name, PASSWORD));
    }
    workbench.accept(link.reveal(), "Anna", PASSWORD).unwrap();
    let link = workbench.invite(Role::Reader).unwrap();
    let alike = workbench.accept(link.reveal(), "\u{410}nn\u{430}", PASSWORD);
    assert!(refused(alike).contains("the user Anna"));
    workbench.accept(link.reveal(), "Иван", PASSWORD).unwrap();
}

/// Capital letters, punctuation and letters of other scripts all count.
#[tokio::test(start_paused = true)]
async fn no_two_users_look_alike() {
    let mut bench = staffed();
    for name in ["alice", "bob", "bill", "robert"] {
        bench.add(name, Role::Reader);
    }
    let link = bench.workbench.invite(Role::Reader).unwrap();
    for (name, other) in [
        ("aIice", "alice"),
        ("bo\u{42c}", "bob"),
        ("ro\u{42c}ert", "robert"),
        ("biII", "bill"),
        ("BlLL", "bill"),
        ("bob.", "bob"),
    ] {
        let why = refused(bench.workbench.accept(link.reveal(), name, PASSWORD));
        assert_eq!(why, format!("the name looks like that of the user {other}"), "{name}");
    }
    bench.workbench.accept(link.reveal(), "bobby", PASSWORD).unwrap();
}

/// Earlier versions accepted names that are refused now.
#[tokio::test(start_paused = true)]
async fn who_has_a_name_keeps_it() {
    let mut bench = staffed();
    let hash = password::hash(PASSWORD).unwrap();
    for name in ["serve.", "aIice", "alice"] {
        bench.workbench.change(|change| create(change, name, Role::Reader, &hash)).unwrap();
        let came = bench.workbench.sign_in(name, PASSWORD, &client(1)).unwrap();
        assert!(matches!(came, SignIn::Welcome { user, .. } if user.name == name), "{name}");
        let link = bench.workbench.reset_link(name).unwrap();
        assert_eq!(bench.workbench.accept(link.reveal(), "", PASSWORD).unwrap().name, name);
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_link_makes_one_administrator_and_then_there_is_none() {
    let Bench { mut workbench, folder } = bench();
    let older = workbench.first_link().unwrap().unwrap();
    let link = workbench.first_link().unwrap().unwrap();
    assert_eq!(workbench.invitation(older.reveal()).unwrap(), None);
    let invitation = workbench.invitation(link.reveal()).unwrap().unwrap();
    assert_eq!(invitation.purpose, Purpose::FirstAdministrator);
    assert_eq!(invitation.expires_at, workbench.at() + 3600);
    assert!(refused(workbench.accept(older.reveal(), "Ann", PASSWORD)).contains("newer one"));

    let ann = workbench.accept(link.reveal(), "Ann", PASSWORD).unwrap();
    assert_eq!((ann.name.as_str(), ann.role, ann.disabled_at), ("Ann", Role::Administrator, None));
    assert_eq!(workbench.users().unwrap(), [ann]);
    assert_eq!(workbench.first_link().unwrap(), None);
    assert!(refused(workbench.accept(link.reveal(), "Bob", PASSWORD)).contains("was used"));
    let bench = Bench { workbench, folder };
    assert_eq!(
        bench.trail(),
        ["root link.create new user", "root link.create new user", "Ann user.create Ann"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_first_link_is_void_once_there_is_a_user() {
    let Bench { mut workbench, .. } = bench();
    let invited = workbench.invite(Role::Analyst).unwrap();
    let first = workbench.first_link().unwrap().unwrap();
    workbench.accept(invited.reveal(), "Ann", PASSWORD).unwrap();
    assert_eq!(workbench.invitation(first.reveal()).unwrap(), None);
    refused(workbench.accept(first.reveal(), "Eve", PASSWORD));
}

#[tokio::test(start_paused = true)]
async fn links_end_when_they_should() {
    let mut bench = staffed();
    let workbench = &mut bench.workbench;
    let links = [
        (workbench.sign_in_link("ann").unwrap(), HOUR),
        (workbench.reset_link("ann").unwrap(), DAY),
        (workbench.invite(Role::Reader).unwrap(), 7 * DAY),
    ];
    let mut passed = 0;
    for (link, lasts) in links {
        pass(lasts - 1 - passed).await;
        assert!(workbench.invitation(link.reveal()).unwrap().is_some(), "{lasts} s");
        pass(1).await;
        passed = lasts;
        assert_eq!(workbench.invitation(link.reveal()).unwrap(), None, "{lasts} s");
        refused(workbench.accept(link.reveal(), "Bob", PASSWORD));
        assert_eq!(workbench.sign_in_by_link(link.reveal(), &client(1)).unwrap(), None);
    }
    let mut empty = self::bench().workbench;
    let first = empty.first_link().unwrap().unwrap();
    pass(HOUR).await;
    refused(empty.accept(first.reveal(), "Bob", PASSWORD));
    assert_eq!(empty.users().unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn an_invitation_makes_a_user_with_its_role_and_survives_what_is_refused() {
    let mut bench = staffed();
    let workbench = &mut bench.workbench;
    let link = workbench.invite(Role::Analyst).unwrap();
    let purpose = workbench.invitation(link.reveal()).unwrap().unwrap().purpose;
    assert_eq!(purpose, Purpose::NewUser(Role::Analyst));
    let mut accept = |name: &str, password: &str| workbench.accept(link.reveal(), name, password);
    assert_eq!(refused(accept("aNN", PASSWORD)), "there is already a user Ann");
    assert_eq!(refused(accept("", PASSWORD)), "the user name is empty");
    assert_eq!(refused(accept(&"x".repeat(65), PASSWORD)), "the user name is longer than 64 characters");
    for name in ["a b", "a\n", "a\u{a0}b", "a\u{202e}b", "a\u{200b}", "\u{7f}"] {
        assert!(refused(accept(name, PASSWORD)).contains("no spaces"), "{name:?}");
    }
    assert!(refused(accept("bob", "short")).contains("fewer than 12"));
    assert!(refused(accept("Bob-the-Analyst", "bob-the-analyst")).contains("is the user name"));

    let bob = accept("Bób.o'Neil@example", PASSWORD).unwrap();
    assert_eq!(bob.role, Role::Analyst);
    assert!(refused(accept("carol", PASSWORD)).contains("was used"));
    let names = workbench.users().unwrap().into_iter().map(|user| user.name).collect::<Vec<_>>();
    assert_eq!(names, ["Ann", "Bób.o'Neil@example"]);
}

#[test]
fn of_two_who_accept_at_once_one_wins() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Workbench::open(folder.path(), Clock::system(), "root").unwrap();
    let link = open().first_link().unwrap().unwrap();
    let start = std::sync::Barrier::new(2);
    let accept = |name: &'static str| {
        let mut workbench = open();
        start.wait();
        workbench.accept(link.reveal(), name, PASSWORD)
    };
    let (one, other) = std::thread::scope(|scope| {
        let one = scope.spawn(|| accept("ann"));
        let other = scope.spawn(|| accept("bob"));
        (one.join().unwrap(), other.join().unwrap())
    });
    let (won, lost) = if one.is_ok() { (one, other) } else { (other, one) };
    assert_eq!(open().users().unwrap(), [won.unwrap()]);
    assert!(refused(lost).contains("no longer valid"));
}

#[tokio::test(start_paused = true)]
async fn a_reset_gives_another_password_and_ends_what_the_old_one_began() {
    let mut bench = staffed();
    let token = bench.enter("Ann");
    let older = bench.workbench.reset_link("Ann").unwrap();
    let link = bench.workbench.reset_link("ANN").unwrap();
    let sign_in = bench.workbench.sign_in_link("Ann").unwrap();
    let workbench = &mut bench.workbench;
    assert_eq!(workbench.invitation(older.reveal()).unwrap(), None);
    let purpose = workbench.invitation(link.reveal()).unwrap().unwrap().purpose;
    assert!(matches!(purpose, Purpose::Password(user) if user.name == "Ann"));
    assert!(refused(workbench.accept(link.reveal(), "", "Ann")).contains("fewer"));
    let user = workbench.accept(link.reveal(), "somebody else", "another password").unwrap();
    assert_eq!(user.name, "Ann");
    assert_eq!(workbench.invitation(sign_in.reveal()).unwrap(), None, "links are void, too");
    let came = workbench.sign_in("ann", "another password", &client(1)).unwrap();
    assert!(matches!(came, SignIn::Welcome { .. }));
    assert_eq!(workbench.sign_in("ann", PASSWORD, &client(1)).unwrap(), SignIn::Refused);
    assert_eq!(bench.session(&token), None);
    assert!(refused(bench.workbench.reset_link("nobody")).contains("no user"));
}

#[tokio::test(start_paused = true)]
async fn the_last_administrator_stays_one_and_stays_enabled() {
    let mut bench = staffed();
    bench.add("bob", Role::Reader);
    let workbench = &mut bench.workbench;
    assert!(refused(workbench.set_role("ann", Role::Maintainer)).contains("last administrator"));
    assert!(refused(workbench.disable_user("ann")).contains("last administrator"));
    assert!(workbench.set_role("bob", Role::Administrator).unwrap());
    assert!(!workbench.set_role("bob", Role::Administrator).unwrap());
    assert!(workbench.disable_user("bob").unwrap());
    assert!(refused(workbench.disable_user("ann")).contains("last administrator"), "bob is disabled");
    assert!(workbench.set_role("bob", Role::Reader).unwrap(), "bob was not the last one");
    assert!(workbench.set_role("bob", Role::Administrator).unwrap());
    assert!(workbench.enable_user("bob").unwrap());
    assert!(workbench.set_role("Ann", Role::Maintainer).unwrap());
    assert!(refused(workbench.set_role("bob", Role::Analyst)).contains("last administrator"));
    assert!(refused(workbench.set_role("eve", Role::Analyst)).contains("no user"));
    let roles = bench.trail().into_iter().filter(|line| line.contains("user.role")).count();
    assert_eq!(roles, 4);
}

#[tokio::test(start_paused = true)]
async fn a_disabled_user_is_out_until_enabled() {
    let mut bench = staffed();
    bench.add("bob", Role::Analyst);
    let token = bench.enter("bob");
    let (reset, link) =
        (bench.workbench.reset_link("bob").unwrap(), bench.workbench.sign_in_link("bob").unwrap());
    assert!(bench.workbench.disable_user("bob").unwrap());
    assert!(!bench.workbench.disable_user("bob").unwrap());
    assert_eq!(bench.session(&token), None);
    let workbench = &mut bench.workbench;
    assert_eq!(workbench.sign_in_by_link(link.reveal(), &client(1)).unwrap(), None);
    refused(workbench.accept(reset.reveal(), "bob", "another password"));
    assert_eq!(refused(workbench.sign_in_link("bob")), "bob is disabled");
    assert_eq!(workbench.sign_in("bob", PASSWORD, &client(1)).unwrap(), SignIn::Refused);
    assert!(workbench.enable_user("bob").unwrap());
    assert!(!workbench.enable_user("bob").unwrap());
    assert_eq!(bench.session(&token), None, "an ended session stays ended");
    let came = bench.workbench.sign_in("bob", PASSWORD, &client(1)).unwrap();
    assert!(matches!(came, SignIn::Welcome { .. }));
    let about_bob = bench.trail().into_iter().filter(|line| line.ends_with(" bob")).skip(3);
    assert_eq!(
        about_bob.collect::<Vec<_>>(),
        [
            "root link.create bob",
            "root link.create bob",
            "root user.disable bob",
            "not signed in user.sign-in-refused bob",
            "root user.enable bob",
            "bob user.sign-in bob",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn no_token_and_no_password_is_kept_in_clear() {
    let mut bench = staffed();
    let workbench = &mut bench.workbench;
    let mut secrets = vec![
        workbench.invite(Role::Reader).unwrap(),
        workbench.reset_link("Ann").unwrap(),
        workbench.sign_in_link("Ann").unwrap(),
        Secret::new(PASSWORD),
        Secret::new("a password in the wrong field"),
    ];
    let SignIn::Welcome { token, .. } = workbench.sign_in("Ann", PASSWORD, &client(1)).unwrap() else {
        panic!("not signed in")
    };
    workbench.sign_in("a password in the wrong field", "x", &client(1)).unwrap();
    assert_eq!(token.reveal().len(), 64);
    secrets.push(token);
    assert!(bench.holds("Browser/1"), "nothing was found at all");
    for secret in &secrets {
        assert!(!bench.holds(secret.reveal()), "{} is in the folder", secret.reveal());
    }
    assert_eq!(format!("{secrets:?}").matches(PASSWORD).count(), 0);
}
