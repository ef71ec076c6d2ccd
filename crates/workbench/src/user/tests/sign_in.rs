//! Signing in, waiting, sessions, and signing out.

use super::*;

const ANOTHER: &str = "another password";

#[tokio::test(start_paused = true)]
async fn who_signs_in_is_known_by_the_token_until_signing_out() {
    let mut bench = staffed();
    let came = bench.workbench.sign_in("aNN", PASSWORD, &client(7)).unwrap();
    let SignIn::Welcome { token, user } = came else { panic!("{came:?}") };
    let session = bench.session(&token).unwrap();
    assert_eq!((&session.user, user.name.as_str()), (&user, "Ann"));
    assert_eq!((session.address.as_str(), session.agent.as_str()), ("192.0.2.7", "Browser/1"));
    assert_eq!(session.expires_at - session.created_at, 7 * 24 * 3600);
    let workbench = &mut bench.workbench;
    for wrong in ["", "x", &token.reveal().to_uppercase()] {
        assert_eq!(workbench.session(wrong).unwrap(), None);
        assert!(!workbench.sign_out(wrong).unwrap());
    }
    assert!(workbench.sign_out(token.reveal()).unwrap());
    assert!(!workbench.sign_out(token.reveal()).unwrap());
    assert_eq!(bench.session(&token), None);
    assert_eq!(bench.trail().split_off(2), ["Ann user.sign-in Ann", "Ann user.sign-out Ann"]);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_name_and_a_wrong_password_differ_in_the_trail_alone() {
    let mut bench = staffed();
    for (name, password) in [("Ann", "wrong"), ("Eve", PASSWORD), ("", "")] {
        assert_eq!(bench.workbench.sign_in(name, password, &client(1)).unwrap(), SignIn::Refused);
    }
    assert_eq!(
        bench.trail().split_off(2),
        [
            "not signed in user.sign-in-refused Ann",
            "not signed in user.sign-in-refused unknown user",
            "not signed in user.sign-in-refused unknown user",
        ]
    );
    let entry = bench.workbench.audit(&audit::Filter::default()).unwrap().entries.remove(2);
    assert_eq!(entry.detail, json!({ "reason": "wrong password", "address": "192.0.2.1" }));
}

#[tokio::test(start_paused = true)]
async fn failures_for_a_name_make_it_wait_longer_and_longer_in_that_network() {
    let mut bench = staffed();
    let mut attempt = |password: &str| bench.workbench.sign_in("ann", password, &client(1)).unwrap();
    for _ in 0..5 {
        assert_eq!(attempt("wrong"), SignIn::Refused);
    }
    for wait in [1, 2, 4] {
        for _ in 0..3 {
            // An attempt that has to wait is not counted, and the right password does not help.
            assert_eq!(attempt(PASSWORD), SignIn::Wait(Duration::from_secs(wait)));
        }
        pass(wait - 1).await;
        assert_eq!(attempt(PASSWORD), SignIn::Wait(Duration::from_secs(1)));
        pass(1).await;
        assert_eq!(attempt("wrong"), SignIn::Refused);
    }
    pass(8).await;
    assert!(matches!(attempt(PASSWORD), SignIn::Welcome { .. }));
    // Signing in resets the count of the name.
    assert_eq!(attempt("wrong"), SignIn::Refused);
    assert!(matches!(attempt(PASSWORD), SignIn::Welcome { .. }));
}

#[tokio::test(start_paused = true)]
async fn guesses_from_one_network_do_not_keep_the_owner_out_in_another() {
    let mut bench = staffed();
    let mut attempt =
        |password: &str, host: u8| bench.workbench.sign_in("ann", password, &client(host)).unwrap();
    for _ in 0..20 {
        while let SignIn::Wait(wait) = attempt("wrong", 1) {
            pass(wait.as_secs()).await;
        }
    }
    assert!(matches!(attempt(PASSWORD, 1), SignIn::Wait(wait) if wait.as_secs() > 600));
    pass(10).await;
    assert!(matches!(attempt(PASSWORD, 2), SignIn::Welcome { .. }));
    // This reset the count of the name from all networks.
    assert!(matches!(attempt(PASSWORD, 1), SignIn::Welcome { .. }));
}

#[tokio::test(start_paused = true)]
async fn guesses_from_many_networks_keep_the_owner_waiting_for_ten_seconds_at_most() {
    let mut bench = staffed();
    let mut attempt =
        |password: &str, host: u8| bench.workbench.sign_in("ann", password, &client(host)).unwrap();
    let refused = (0..105_u8).filter(|guess| attempt("wrong", guess / 5) == SignIn::Refused).count();
    assert_eq!(refused, 100);
    for host in 100..110 {
        pass(10).await;
        assert_eq!(attempt("wrong", host), SignIn::Refused);
    }
    assert_eq!(attempt(PASSWORD, 200), SignIn::Wait(Duration::from_secs(10)));
    pass(10).await;
    assert!(matches!(attempt(PASSWORD, 200), SignIn::Welcome { .. }));
}

#[tokio::test(start_paused = true)]
async fn failures_from_an_address_count_for_any_name_until_they_are_forgotten() {
    let mut bench = staffed();
    let workbench = &mut bench.workbench;
    // Signing in with the own name does not reset the count of guesses at other names.
    for name in 0..50 {
        assert_eq!(workbench.sign_in(&name.to_string(), "wrong", &client(1)).unwrap(), SignIn::Refused);
        let own = if name == 7 { workbench.sign_in("ann", PASSWORD, &client(1)).unwrap() } else { continue };
        assert!(matches!(own, SignIn::Welcome { .. }));
    }
    let wait = SignIn::Wait(Duration::from_secs(1));
    assert_eq!(workbench.sign_in("ann", PASSWORD, &client(1)).unwrap(), wait);
    assert!(matches!(workbench.sign_in("ann", PASSWORD, &client(2)).unwrap(), SignIn::Welcome { .. }));
    drop(std::mem::replace(workbench, open(bench.folder.path())));
    assert_eq!(bench.workbench.sign_in("ann", PASSWORD, &client(1)).unwrap(), wait, "it is kept on disk");

    pass(15 * 60 + 1).await;
    let mut again = || bench.workbench.sign_in("f", "wrong", &client(1)).unwrap();
    assert_eq!((again(), again()), (SignIn::Refused, SignIn::Refused));
}

#[tokio::test(start_paused = true)]
async fn guesses_at_one_name_keep_nobody_else_behind_the_address_waiting_for_long() {
    let mut bench = staffed();
    bench.add("bob", Role::Reader);
    let mut attempt =
        |name: &str, password: &str| bench.workbench.sign_in(name, password, &client(1)).unwrap();
    let refused = (0..14).filter(|_| attempt("ann", "wrong") == SignIn::Refused).count();
    assert_eq!(refused, 5);
    assert!(matches!(attempt("bob", PASSWORD), SignIn::Welcome { .. }));
    // Also after many more names were tried, and however many are tried now.
    let mut waited = 0;
    for name in 0..100 {
        while let SignIn::Wait(wait) = attempt(&format!("name{name}"), "wrong") {
            waited = waited.max(wait.as_secs());
            pass(wait.as_secs()).await;
        }
    }
    assert_eq!(waited, 4);
    assert_eq!(attempt("bob", PASSWORD), SignIn::Wait(Duration::from_secs(4)));
    pass(4).await;
    assert!(matches!(attempt("bob", PASSWORD), SignIn::Welcome { .. }));
}

#[tokio::test(start_paused = true)]
async fn many_guesses_at_once_are_no_more_than_one_after_another() {
    let bench = staffed();
    let runtime = tokio::runtime::Handle::current();
    let guess = &|_: u8| {
        // The threads also use the paused clock.
        let _entered = runtime.enter();
        open(bench.folder.path()).sign_in("ann", "wrong", &client(1)).unwrap()
    };
    let came = std::thread::scope(|scope| {
        let guesses = (0..8).map(|host| scope.spawn(move || guess(host))).collect::<Vec<_>>();
        guesses.into_iter().map(|guess| guess.join().unwrap()).collect::<Vec<_>>()
    });
    let count = |wanted: &SignIn| came.iter().filter(|came| *came == wanted).count();
    assert_eq!(count(&SignIn::Refused), 5, "{came:?}");
    assert_eq!(count(&SignIn::Wait(Duration::from_secs(1))), 3, "{came:?}");
}

#[tokio::test(start_paused = true)]
async fn a_session_ends_when_it_is_unused_or_old() {
    let mut bench = staffed();
    let (idle, used) = (bench.enter("ann"), bench.enter("ann"));
    pass(12 * HOUR - 1).await;
    assert!(bench.session(&idle).is_some());
    let session = bench.session(&used).unwrap();
    assert!(bench.workbench.touch(&session).unwrap());
    pass(1).await;
    assert_eq!(bench.session(&idle), None);
    let ids = |bench: &Bench| {
        bench.workbench.sessions("ann").unwrap().iter().map(|session| session.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(&bench), [session.id]);
    let mut hours = 12;
    while let Some(session) = bench.session(&used) {
        bench.workbench.touch(&session).unwrap();
        pass(6 * HOUR).await;
        hours += 6;
    }
    assert_eq!(hours, 7 * 24, "it lasts a week, used or not");
    assert!(ids(&bench).is_empty());
    // The next session removes the ended ones.
    bench.enter("ann");
    let rows = "SELECT count(*) FROM sessions";
    let kept = bench.workbench.read(|database| Ok(database.query_row(rows, [], |row| row.get::<_, i64>(0))?));
    assert_eq!(kept.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn last_use_is_kept_to_the_minute() {
    let mut bench = staffed();
    let token = bench.enter("ann");
    let session = bench.session(&token).unwrap();
    pass(59).await;
    assert!(!session.is_stale(bench.workbench.at()) && !bench.workbench.touch(&session).unwrap());
    pass(1).await;
    assert!(session.is_stale(bench.workbench.at()) && bench.workbench.touch(&session).unwrap());
    assert!(!bench.workbench.touch(&session).unwrap(), "somebody else did it");
    assert_eq!(bench.session(&token).unwrap().last_seen_at, session.last_seen_at + 60);
}

#[tokio::test(start_paused = true)]
async fn sessions_are_listed_and_ended_by_whose_they_are() {
    let mut bench = staffed();
    bench.add("bob", Role::Reader);
    let (first, second, bobs) = (bench.enter("ann"), bench.enter("ann"), bench.enter("bob"));
    let listed = bench.workbench.sessions("ANN").unwrap();
    assert_eq!(listed, [bench.session(&second).unwrap(), bench.session(&first).unwrap()]);
    assert!(!bench.workbench.end_session("bob", listed[0].id).unwrap(), "it is not bob's");
    assert!(bench.workbench.end_session("ann", listed[0].id).unwrap());
    assert!(!bench.workbench.end_session("ann", listed[0].id).unwrap());
    assert_eq!(bench.session(&second), None);
    assert!(bench.session(&first).is_some() && bench.session(&bobs).is_some());
    assert!(refused(bench.workbench.sessions("eve")).contains("no user"));
    assert_eq!(bench.trail().last().unwrap(), "root session.end Ann");
}

#[tokio::test(start_paused = true)]
async fn a_role_counts_at_once() {
    let mut bench = staffed();
    bench.add("bob", Role::Reader);
    let token = bench.enter("bob");
    bench.workbench.set_role("bob", Role::Maintainer).unwrap();
    assert_eq!(bench.session(&token).unwrap().user.role, Role::Maintainer);
}

#[tokio::test(start_paused = true)]
async fn a_new_password_needs_the_old_one_and_ends_the_other_sessions() {
    let mut bench = staffed();
    let (here, there) = (bench.enter("ann"), bench.enter("ann"));
    let session = bench.session(&here).unwrap();
    let mut set = |old: &str, new: &str| bench.workbench.set_password(&session, old, new);
    assert!(refused(set(PASSWORD, "short")).contains("fewer"));
    for _ in 0..5 {
        assert_eq!(refused(set("wrong", ANOTHER)), "the old password is wrong");
    }
    assert_eq!(refused(set(PASSWORD, ANOTHER)), "too many wrong passwords: wait 1 s");
    pass(1).await;
    set(PASSWORD, ANOTHER).unwrap();
    assert_eq!(bench.session(&here).unwrap(), session);
    assert_eq!(bench.session(&there), None);
    let came = bench.workbench.sign_in("ann", ANOTHER, &client(1)).unwrap();
    assert!(matches!(came, SignIn::Welcome { .. }));
    bench.workbench.sign_out(here.reveal()).unwrap();
    assert!(refused(bench.workbench.set_password(&session, ANOTHER, PASSWORD)).contains("has ended"));
    let refusals = bench.trail().into_iter().filter(|line| line == "Ann user.password-refused Ann").count();
    assert_eq!(refusals, 5);
}

#[tokio::test(start_paused = true)]
async fn a_link_signs_in_once_and_past_any_waiting() {
    let mut bench = staffed();
    for _ in 0..5 {
        bench.workbench.sign_in("ann", "wrong", &client(1)).unwrap();
    }
    let workbench = &mut bench.workbench;
    let older = workbench.sign_in_link("ann").unwrap();
    let link = workbench.sign_in_link("ann").unwrap();
    assert_eq!(workbench.sign_in_by_link(older.reveal(), &client(1)).unwrap(), None);
    refused(workbench.accept(link.reveal(), "ann", PASSWORD));
    let purpose = workbench.invitation(link.reveal()).unwrap().unwrap().purpose;
    assert!(matches!(purpose, Purpose::SignIn(user) if user.name == "Ann"));
    let (token, user) = workbench.sign_in_by_link(link.reveal(), &client(1)).unwrap().unwrap();
    assert_eq!(user.name, "Ann");
    assert_eq!(workbench.sign_in_by_link(link.reveal(), &client(1)).unwrap(), None);
    let invited = workbench.invite(Role::Reader).unwrap();
    assert_eq!(workbench.sign_in_by_link(invited.reveal(), &client(1)).unwrap(), None);
    assert!(workbench.invitation(invited.reveal()).unwrap().is_some());
    assert_eq!(bench.session(&token).unwrap().user, user);
}

#[tokio::test(start_paused = true)]
async fn what_a_browser_says_of_itself_is_cut_and_cleaned() {
    let mut bench = staffed();
    let link = bench.workbench.sign_in_link("ann").unwrap();
    let agent = format!("a\u{1b}[2J\n{}", "ä".repeat(1_000));
    let client = Client { address: "::ffff:192.0.2.1".parse().unwrap(), agent };
    let (token, _) = bench.workbench.sign_in_by_link(link.reveal(), &client).unwrap().unwrap();
    let session = bench.session(&token).unwrap();
    assert!(session.agent.starts_with("a[2Jää") && session.agent.chars().count() == 256);
    assert_eq!(session.address, "192.0.2.1");
}

#[tokio::test]
async fn a_clock_that_was_ahead_leaves_no_session_or_link_that_lasts_longer() {
    let now = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(1_000_000));
    let told = std::sync::Arc::clone(&now);
    let clock = Clock::telling(move || Duration::from_secs(told.load(std::sync::atomic::Ordering::Relaxed)));
    let set = |time| now.store(time, std::sync::atomic::Ordering::Relaxed);
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench { workbench: Workbench::open(folder.path(), clock, "root").unwrap(), folder };
    let link = bench.workbench.first_link().unwrap().unwrap();
    bench.workbench.accept(link.reveal(), "Ann", PASSWORD).unwrap();
    let before = bench.enter("Ann");
    set(1_000_000 + 30 * DAY);
    let ahead = bench.enter("Ann");
    let link = bench.workbench.invite(Role::Reader).unwrap();
    assert!(bench.workbench.invitation(link.reveal()).unwrap().is_some());
    set(1_000_000 + HOUR);
    assert_eq!(bench.session(&ahead), None);
    assert!(bench.workbench.sessions("Ann").unwrap().is_empty());
    assert_eq!(bench.workbench.invitation(link.reveal()).unwrap(), None);
    // The previous session ended by the fast clock; a new one is accepted at once.
    assert_eq!(bench.session(&before), None);
    let now = bench.enter("Ann");
    set(1_000_000 + HOUR - 500);
    assert!(bench.session(&now).is_some(), "a clock that is kept in time may be set back a little");
}
