use std::time::Duration;

use cof::time::Clock;

use super::*;
use crate::audit::Filter;

fn workbench() -> (Workbench, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let clock = testkit::clock_from(Duration::from_secs(1_000));
    (Workbench::open(folder.path(), clock, "ann").unwrap(), folder)
}

fn wanted(name: &str) -> Wanted {
    Wanted { name: name.to_owned(), reads: true, ..Wanted::default() }
}

#[tokio::test]
async fn a_token_is_shown_once_and_kept_as_its_hash() {
    let (mut workbench, folder) = workbench();
    let (made, text) = workbench.create_token(&wanted("partner")).unwrap();
    let text = text.reveal();
    assert_eq!(public(text), Some(made.public.as_str()));
    let kept = workbench.tokens().unwrap();
    assert_eq!(kept, [made]);
    assert!(kept[0].is(text));
    let mut others =
        vec![format!("{text}0"), text.to_uppercase(), String::new(), text[..text.len() - 1].to_owned()];
    others.push(workbench.create_token(&wanted("other")).unwrap().1.reveal().to_owned());
    assert!(others.iter().all(|other| !kept[0].is(other)));
    assert!(!is_none(text));
    let hidden = text.rsplit('_').next().unwrap();
    drop(workbench);
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let octets = if path.is_file() { std::fs::read(&path).unwrap() } else { Vec::new() };
        assert!(!octets.windows(64).any(|window| window == hidden.as_bytes()), "{path:?}");
    }
}

#[tokio::test]
async fn what_is_no_token_has_no_public_part() {
    let good = format!("bsk_{}_{}", "0".repeat(16), "f".repeat(64));
    assert_eq!(public(&good), Some("0000000000000000"));
    for bad in
        ["", "bsk_", "bsk_0_1", &good[1..], &good[..good.len() - 1], &good.replace('f', "g"), "bsk_é_é"]
    {
        assert_eq!(public(bad), None, "{bad}");
    }
}

#[tokio::test]
async fn a_name_is_taken_until_its_token_is_revoked() {
    let (mut workbench, _folder) = workbench();
    let (first, _) = workbench.create_token(&wanted("Partner")).unwrap();
    assert!(
        workbench
            .create_token(&wanted("partner"))
            .unwrap_err()
            .to_string()
            .contains("there is already a token Partner")
    );
    let before = workbench.tokens_mark().unwrap();
    assert_eq!(workbench.revoke_token("PARTNER").unwrap().id, first.id);
    assert_ne!(workbench.tokens_mark().unwrap(), before);
    assert!(workbench.revoke_token("partner").unwrap_err().is_users());
    let (second, _) = workbench.create_token(&wanted("partner")).unwrap();
    assert!(second.id > first.id);
    let states: Vec<State> = workbench.tokens().unwrap().iter().map(|token| token.state(1_000)).collect();
    assert_eq!(states, [State::Revoked, State::Active]);
    let trail = workbench.audit(&Filter::default()).unwrap();
    let said: Vec<&str> = trail.entries.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(said, ["token.create", "token.revoke", "token.create"]);
}

#[tokio::test]
async fn what_no_token_can_be_is_refused() {
    let (mut workbench, _folder) = workbench();
    let write = Wanted { writes: true, ..wanted("a") };
    for bad in [
        wanted(""),
        wanted("a b"),
        wanted("\u{1b}[31m"),
        wanted(&"a".repeat(65)),
        Wanted { reads: false, ..wanted("a") },
        Wanted { rate: Some(0), ..wanted("a") },
        Wanted { rate: Some(MAX_RATE + 1), ..wanted("a") },
        Wanted { daily: Some(0), ..wanted("a") },
        Wanted { expires_at: Some(1_000), ..wanted("a") },
        Wanted { sensor: Some("s1".to_owned()), ..wanted("a") },
        Wanted { sensor: Some(String::new()), ..write.clone() },
    ] {
        assert!(workbench.create_token(&bad).unwrap_err().is_users(), "{bad:?}");
    }
    let (made, _) = workbench
        .create_token(&Wanted { expires_at: Some(1_001), sensor: Some("s1".into()), ..write })
        .unwrap();
    assert_eq!((made.state(1_000), made.state(1_001)), (State::Active, State::Expired));
}

#[tokio::test]
async fn use_adds_up_over_servers_and_begins_anew_each_day() {
    let (mut workbench, _folder) = workbench();
    let (token, _) = workbench.create_token(&wanted("a")).unwrap();
    let spent = |day, requests, full_at| Spent { token: token.id, day, requests, full_at };
    assert_eq!(workbench.usage(token.id).unwrap(), Usage::default());
    let mut write_down = |one| workbench.spend(&[one]).unwrap()[0];
    assert_eq!(write_down(spent(5, 10, 7)), Usage { day: 5, used: 10, full_at: 7 });
    assert_eq!(write_down(spent(5, 3, 6)), Usage { day: 5, used: 13, full_at: 7 });
    assert_eq!(write_down(spent(4, 100, 8)), Usage { day: 5, used: 13, full_at: 8 }, "yesterday is over");
    assert_eq!(write_down(spent(6, 1, 9)), Usage { day: 6, used: 1, full_at: 9 });
    assert_eq!(workbench.usage(token.id).unwrap(), Usage { day: 6, used: 1, full_at: 9 });
}

#[tokio::test]
async fn a_folder_of_the_first_version_is_brought_to_this_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("workbench.sqlite");
    let old = Connection::open(&file).unwrap();
    old.execute_batch(include_str!("../schema.sql")).unwrap();
    old.execute_batch(
        "PRAGMA application_id = 0x426b5374; PRAGMA user_version = 1; INSERT INTO sources VALUES (7, 'kept')",
    )
    .unwrap();
    drop(old);
    let mut workbench = Workbench::open(folder.path(), Clock::system(), "ann").unwrap();
    workbench.create_token(&wanted("a")).unwrap();
    let kept: String =
        Connection::open(&file).unwrap().query_row("SELECT name FROM sources", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, "kept");
    assert_eq!(Workbench::open(folder.path(), Clock::system(), "ann").unwrap().tokens().unwrap().len(), 1);
}
