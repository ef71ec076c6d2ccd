use std::io::Read as _;

use cof::{Batch, Name, Observation, Rdata, RrType, Source, SourceKind};
use runs::Options;
use store::{Question, Selection, StoreErrorKind, Subject};
use tempfile::TempDir;

use super::*;
use crate::Database;

fn batch(count: u64) -> Batch {
    let rrname = Name::parse("www.example.com").unwrap();
    let rdata = Rdata::parse(RrType::A, "192.0.2.1");
    let (bailiwick, source) = (None, 0);
    let one = Observation {
        rrname,
        rrtype: RrType::A,
        rdata,
        bailiwick,
        time_first: 1,
        time_last: 2,
        count: Some(count),
        source,
    };
    let sources = vec![Source { kind: SourceKind::Observation, origin: None, sensor: None }];
    Batch { sources, observations: vec![one], position: None }
}

fn opened() -> (TempDir, Arc<Runs>, Door) {
    let folder = tempfile::tempdir().unwrap();
    let runs = Arc::new(Runs::open(folder.path(), Options::default()).unwrap());
    let door = Door::open(Arc::clone(&runs), folder.path()).unwrap();
    (folder, runs, door)
}

fn find(folder: &Path) -> Database {
    Database::open(folder, Options::default(), &mut |_| false).unwrap()
}

#[test]
fn what_is_asked_through_the_door_is_what_the_engine_says() {
    let (folder, runs, door) = opened();
    let remote = find(folder.path());
    assert_eq!(remote.server(), Some(std::process::id()));
    let (first, second) = (remote.submit(batch(3)).unwrap(), remote.submit(batch(4)).unwrap());
    for ticket in [first, second] {
        assert_eq!(remote.redeem(ticket).unwrap().observations, 1);
    }
    let question = Question::new(Subject::parse("*.example.com").unwrap());
    assert_eq!(remote.lookup(&question), runs.lookup(&question));
    assert_eq!(remote.lookup(&question).unwrap().records[0].count, Some(7));
    assert_eq!(remote.summarise(&question), runs.summarise(&question));
    assert_eq!(remote.stats(), runs.stats());
    assert_eq!(remote.position("x"), Ok(None));
    remote.compact().unwrap();
    assert_eq!(remote.sizes(), Ok(runs.sizes()));
    let mut heard = Vec::new();
    let verified = remote.verify(&mut |read, total| heard.push((read, total))).unwrap();
    assert_eq!((verified.tuples, heard.last()), (1, Some(&(2, 2))));
    let backup = folder.path().join("backup");
    remote.backup(&backup).unwrap();
    let suffix = Selection::Suffix(Name::root());
    assert_eq!((remote.count_where(&suffix), remote.drop_where(&suffix)), (Ok(1), Ok(1)));
    assert_eq!(remote.count_where(&suffix), Ok(0));
    drop(door);
    assert!(!folder.path().join(SOCKET).exists());
    assert_eq!(find(&backup).lookup(&question).unwrap().records[0].count, Some(7));
}

#[test]
fn an_engines_error_comes_through_as_it_is() {
    let (folder, _runs, _door) = opened();
    let remote = find(folder.path());
    let mut wrong = batch(1);
    wrong.observations[0].time_first = 9;
    let here = StoreError::Batch { index: 0, fault: store::BatchFault::Reversed };
    assert_eq!(remote.absorb(wrong), Err(here));
    let there = remote.backup(folder.path()).unwrap_err();
    assert_eq!(there.kind(), StoreErrorKind::Refused, "{there}");
    assert!(there.to_string().contains("cannot create"), "{there}");
    assert_eq!(remote.stats().unwrap().entries, 0, "the conversation goes on");
}

#[test]
fn rubbish_ends_its_own_conversation_only() {
    let (folder, _runs, _door) = opened();
    let path = folder.path().join(SOCKET);
    for rubbish in [&b"\x05\0\0\0hello"[..], b"\xff\xff\xff\xff", b"\0\0\0\0"] {
        let mut stream = UnixStream::connect(&path).unwrap();
        stream.write_all(rubbish).unwrap();
        let mut all = Vec::new();
        // The connection may be reset if some data is not read.
        let _ = stream.read_to_end(&mut all);
    }
    assert_eq!(find(folder.path()).stats().unwrap().entries, 0);
}

#[test]
fn a_server_of_another_version_is_not_asked() {
    let folder = tempfile::tempdir().unwrap();
    let listener = UnixListener::bind(folder.path().join(SOCKET)).unwrap();
    for protocol in [PROTOCOL - 1, PROTOCOL + 1] {
        let refused = thread::scope(|scope| {
            scope.spawn(|| {
                let (mut stream, _) = listener.accept().unwrap();
                wire::send(&mut stream, &Hello { protocol, process: 7 }).unwrap();
            });
            Database::open(folder.path(), Options::default(), &mut |_| false).err()
        });
        let said = refused.map(|error| error.to_string()).unwrap_or_default();
        let version =
            "the server (process 7) is another version of Backsight: use that version, or stop the server";
        assert!(said.ends_with(version), "{said}");
    }
}

#[test]
fn only_its_owner_may_connect() {
    let (folder, _runs, _door) = opened();
    let mode = fs::metadata(folder.path().join(SOCKET)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn too_many_are_turned_away_and_those_inside_are_not() {
    let (folder, _runs, door) = opened();
    let inside: Vec<Database> = (0..MOST).map(|_| find(folder.path())).collect();
    let stream = UnixStream::connect(folder.path().join(SOCKET)).unwrap();
    assert_eq!(BufReader::new(stream).read(&mut [0; 8]).unwrap(), 0);
    for remote in &inside {
        assert_eq!(remote.stats().unwrap().entries, 0);
    }
    drop(door);
    assert_eq!(inside[0].stats().unwrap_err().kind(), StoreErrorKind::Unavailable);
}

#[test]
fn a_socket_that_nobody_answers_is_removed_by_the_next_who_writes() {
    let folder = tempfile::tempdir().unwrap();
    drop(Runs::open(folder.path(), Options::default()).unwrap());
    let path = folder.path().join(SOCKET);
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let read_only = Options { read_only: true, ..Options::default() };
    assert_eq!(Database::open(folder.path(), read_only, &mut |_| false).unwrap().server(), None);
    assert!(path.exists());
    assert_eq!(find(folder.path()).server(), None);
    assert!(!path.exists());
    drop(UnixListener::bind(&path).unwrap());
    let runs = Arc::new(Runs::open(folder.path(), Options::default()).unwrap());
    let _door = Door::open(runs, folder.path()).unwrap();
    assert!(find(folder.path()).server().is_some());
}

#[test]
fn whoever_has_the_folder_is_named_and_waited_for_as_long_as_the_caller_likes() {
    let folder = tempfile::tempdir().unwrap();
    let mut runs = Some(Runs::open(folder.path(), Options::default()).unwrap());
    let process = Some(std::process::id());
    let refused = Database::open(folder.path(), Options::default(), &mut |_| false).err();
    assert_eq!(refused, Some(StoreError::Locked { process }));
    let mut asked = 0;
    let opened = Database::open(folder.path(), Options::default(), &mut |_| {
        asked += 1;
        drop(runs.take());
        true
    });
    assert!(opened.is_ok());
    assert_eq!(asked, 1);
    let readers = Options { read_only: true, ..Options::default() };
    drop(opened);
    let _reader = Runs::open(folder.path(), readers).unwrap();
    let refused = Database::open(folder.path(), Options::default(), &mut |_| false).err();
    assert_eq!(refused, Some(StoreError::Locked { process: None }), "readers have no number");
}
