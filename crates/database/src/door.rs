//! The server's side of the socket in the folder of its database.
//!
//! A [`Door`] listens until it is dropped, with one thread per client: engines block, and there are few clients. The socket's
//! mode 0600 determines who may connect; messages are checked all the same. A connection with an unreadable message is closed;
//! an error of the engine is an answer.

use std::collections::HashMap;
use std::fs::{self, Permissions};
use std::io::{self, BufReader, Write};
use std::net::Shutdown;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use runs::Runs;
use store::{Store, StoreError};

use super::wire::{self, Hello, PROTOCOL, Request, Response, Unreadable};
use super::{SOCKET, forget};

/// The most clients at the same time; each may hold a batch or a page.
const MOST: usize = 64;

/// Answers commands of this machine until it is dropped.
pub struct Door {
    house: Arc<House>,
    path: PathBuf,
    doorkeeper: Option<JoinHandle<()>>,
}

/// The state that the threads share.
struct House {
    runs: Arc<Runs>,
    folder: PathBuf,
    visitors: Mutex<Visitors>,
    /// Notified when a client has left.
    left: Condvar,
}

#[derive(Default)]
struct Visitors {
    closing: bool,
    next: u64,
    /// The connections, so that they can be closed.
    streams: HashMap<u64, UnixStream>,
}

impl Door {
    /// Listens in the folder of an engine that is open for writing. An existing socket is left over, because the engine holds
    /// the lock.
    ///
    /// # Errors
    /// I/O errors; a path of more than about a hundred bytes is too long for a socket.
    pub fn open(runs: Arc<Runs>, folder: &Path) -> io::Result<Self> {
        let path = folder.join(SOCKET);
        // The mode is set before anybody can connect.
        let fresh = folder.join("backsight.sock.new");
        for stale in [&fresh, &path] {
            match fs::remove_file(stale) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        let listener = UnixListener::bind(&fresh)?;
        fs::set_permissions(&fresh, Permissions::from_mode(0o600))?;
        fs::rename(&fresh, &path)?;
        let house = Arc::new(House {
            runs,
            folder: folder.to_owned(),
            visitors: Mutex::default(),
            left: Condvar::new(),
        });
        let inside = Arc::clone(&house);
        let doorkeeper =
            thread::Builder::new().name("database-door".into()).spawn(move || admit(&inside, &listener))?;
        Ok(Self { house, path, doorkeeper: Some(doorkeeper) })
    }
}

impl Drop for Door {
    /// Requests in progress are answered; after that, no client is connected.
    fn drop(&mut self) {
        let mut visitors = lock(&self.house.visitors);
        visitors.closing = true;
        for stream in visitors.streams.values() {
            let _ = stream.shutdown(Shutdown::Read);
        }
        drop(visitors);
        // Wakes the listening thread, which then notices that the door is closing.
        drop(UnixStream::connect(&self.path));
        let _ = fs::remove_file(&self.path);
        if let Some(doorkeeper) = self.doorkeeper.take() {
            let _ = doorkeeper.join();
        }
        let visitors = lock(&self.house.visitors);
        drop(self.house.left.wait_while(visitors, |visitors| !visitors.streams.is_empty()));
    }
}

fn admit(house: &Arc<House>, listener: &UnixListener) {
    loop {
        // An error affects only this connection; if there are no more file descriptors, the next client waits in the queue.
        let stream = listener.accept().map(|(stream, _)| stream);
        let mut visitors = lock(&house.visitors);
        if visitors.closing {
            return;
        }
        let Ok((stream, own)) = stream.and_then(|stream| Ok((stream.try_clone()?, stream))) else { continue };
        if visitors.streams.len() >= MOST {
            continue;
        }
        visitors.next += 1;
        let number = visitors.next;
        visitors.streams.insert(number, stream);
        drop(visitors);
        let guest = Guest { house: Arc::clone(house), number };
        let spawned = thread::Builder::new().name("database-guest".into()).spawn(move || {
            // The client learns how the connection ended.
            let _ = guest.converse(own);
        });
        drop(spawned);
    }
}

/// A connected client; removed when this is dropped.
struct Guest {
    house: Arc<House>,
    number: u64,
}

impl Drop for Guest {
    fn drop(&mut self) {
        lock(&self.house.visitors).streams.remove(&self.number);
        self.house.left.notify_all();
    }
}

impl Guest {
    fn converse(&self, stream: UnixStream) -> io::Result<()> {
        let mut out = stream.try_clone()?;
        wire::send(&mut out, &Hello { protocol: PROTOCOL, process: std::process::id() })?;
        let (mut from, mut frame) = (BufReader::new(stream), Vec::new());
        while wire::receive(&mut from, &mut frame)? {
            let request = wire::read(&frame).map_err(|Unreadable| io::ErrorKind::InvalidData)?;
            self.house.answer(request, &mut out)?;
        }
        Ok(())
    }
}

impl House {
    fn answer(&self, request: Request<'_>, out: &mut impl Write) -> io::Result<()> {
        let runs = &*self.runs;
        match request {
            Request::Absorb(batch) => say(runs.absorb(batch.into_owned()), out),
            Request::Backup(to) => say(runs.backup(Path::new(&*to), &self.folder), out),
            Request::Compact => say(runs.compact(), out),
            Request::CountWhere(what) => say(forget::count(runs, &what), out),
            Request::DropWhere(what) => say(runs.drop_where(&what), out),
            Request::ForgetExpired(now) => say(runs.forget_expired(now), out),
            Request::Lookup(question) => say(runs.lookup(&question), out),
            Request::Position(input) => say(runs.position(&input), out),
            Request::Sizes => say(Ok::<_, StoreError>(runs.sizes()), out),
            Request::Stats => say(runs.stats(), out),
            Request::Summarise(question) => say(runs.summarise(&question), out),
            Request::Verify => self.verify(out),
            Request::Wholes(digest) => say(runs.wholes(&digest), out),
        }
    }

    fn verify(&self, out: &mut impl Write) -> io::Result<()> {
        let mut sent = Ok(());
        let verified = self.runs.verify(&mut |read, total| {
            if sent.is_ok() {
                sent = wire::send(out, &Response::Progress(read, total));
            }
        });
        sent.and_then(|()| say(verified, out))
    }
}

/// Sends an answer, or the corresponding error.
fn say<T, E>(outcome: Result<T, E>, out: &mut impl Write) -> io::Result<()>
where
    Response: From<T>,
    StoreError: From<E>,
{
    wire::send(out, &outcome.map_or_else(|error| Response::Failed(error.into()), Response::from))
}

fn lock(mutex: &Mutex<Visitors>) -> MutexGuard<'_, Visitors> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
