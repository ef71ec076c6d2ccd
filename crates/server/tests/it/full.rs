//! A database on a full disk: what clients are told, and that they succeed once there is room.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use runs::{FileRead, FileWrite, Folder, Options, RealFolder, Runs};
use server::{Limits, Service};
use workbench::token::Wanted;
use workbench::user::Role;

use crate::browser::Place;
use crate::client;
use crate::fixture::row;
use crate::tokens::{Office, reading};

/// A folder on a disk that can be declared full.
struct Disk {
    folder: RealFolder,
    is_full: Arc<AtomicBool>,
}

/// A file on this disk.
struct File {
    file: Arc<dyn FileWrite>,
    is_full: Arc<AtomicBool>,
}

fn room(is_full: &AtomicBool) -> io::Result<()> {
    if is_full.load(Ordering::SeqCst) { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
}

impl Folder for Disk {
    fn create(&self, name: &str) -> io::Result<Arc<dyn FileWrite>> {
        room(&self.is_full)?;
        Ok(Arc::new(File { file: self.folder.create(name)?, is_full: Arc::clone(&self.is_full) }))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn FileRead>> {
        self.folder.open(name)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.folder.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.folder.remove(name)
    }

    fn sync(&self) -> io::Result<()> {
        self.folder.sync()
    }

    fn names(&self) -> io::Result<Vec<String>> {
        self.folder.names()
    }

    fn room(&self) -> io::Result<Option<u64>> {
        self.folder.room()
    }
}

impl FileWrite for File {
    fn append(&self, octets: &[u8]) -> io::Result<()> {
        room(&self.is_full)?;
        self.file.append(octets)
    }

    fn overwrite(&self, octets: &[u8], offset: u64) -> io::Result<()> {
        self.file.overwrite(octets, offset)
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.file.truncate(len)
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync()
    }
}

/// An empty database on such a disk, and the switch that makes the disk full.
fn database(folder: &tempfile::TempDir) -> (Arc<Runs>, Arc<AtomicBool>) {
    let is_full = Arc::new(AtomicBool::new(false));
    let disk = Disk { folder: RealFolder::new(folder.path()), is_full: Arc::clone(&is_full) };
    (Arc::new(Runs::open_files(Arc::new(disk), Options::default()).unwrap()), is_full)
}

#[tokio::test(flavor = "multi_thread")]
async fn records_for_a_full_disk_are_507_and_taken_once_there_is_room() {
    let (office, folder) = (Office::new(), tempfile::tempdir().unwrap());
    let token = office.token(Wanted { writes: true, ..reading("sensor") }).await;
    let (runs, is_full) = database(&folder);
    let server = office.server_of(runs, Limits::default()).await;
    let body = row("b.example", "A", "192.0.2.2", 1_500_000_005);
    let headers = [("host", "127.0.0.1"), ("x-api-key", &*token), ("idempotency-key", "one")];
    let bring = async || {
        client::send_with(server.address, "POST", "/api/v1/records", &headers, body.as_bytes()).await
    };
    is_full.store(true, Ordering::SeqCst);
    let detail = bring().await.problem(507);
    assert!(detail.contains("no room for more"), "{detail}");
    assert!(!detail.contains("journal"), "what the engine does is not for clients: {detail}");
    is_full.store(false, Ordering::SeqCst);
    let answer = bring().await;
    assert!(answer.status == 200 && answer.body.contains("\"taken\":1"), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_for_a_full_disk_is_507_and_taken_once_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let (runs, is_full) = database(&folder);
    let place = Place::of(Service::new(runs).with_anonymous(), |site| site).await;
    let ann = place.browser(Role::Administrator).await;
    let file = row("b.example", "A", "192.0.2.2", 1_500_000_005);
    is_full.store(true, Ordering::SeqCst);
    let refused = ann.upload_to("/database/load", "a.ndjson", file.as_bytes()).await;
    assert_eq!(refused.status, 507, "{}", refused.body);
    assert!(
        refused.body.contains("no room for more") && !refused.body.contains("journal"),
        "{}",
        refused.body
    );
    is_full.store(false, Ordering::SeqCst);
    let taken = ann.upload_to("/database/load", "a.ndjson", file.as_bytes()).await;
    assert!(taken.status == 200 && taken.body.contains("All records were imported."), "{}", taken.body);
}
