//! The answering end: the socket in the folder of a server's database.
//!
//! [`Door`] listens until it is dropped, a thread for each that asks: engines block, and there are few. Whoever may connect is
//! decided by the socket's mode, 0600; what they say is checked all the same. A conversation in which something cannot be read
//! is ended; an error of the engine is an answer.

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

/// How many may ask at once; each may hold a batch or a page.
const MOST: usize = 64;

/// Answers commands of this machine until it is dropped.
pub struct Door {
    house: Arc<House>,
    path: PathBuf,
    doorkeeper: Option<JoinHandle<()>>,
}

/// What those who answer share.
struct House {
    runs: Arc<Runs>,
    folder: PathBuf,
    visitors: Mutex<Visitors>,
    /// Told when one has gone.
    left: Condvar,
}

#[derive(Default)]
struct Visitors {
    closing: bool,
    next: u64,
    /// To end their conversations by.
    streams: HashMap<u64, UnixStream>,
}

impl Door {
    /// Listens in the folder of an engine that is open for writing: what socket is there is nobody's.
    ///
    /// # Errors
    /// The system's; a path of more than about a hundred octets is too long for a socket.
    pub fn open(runs: Arc<Runs>, folder: &Path) -> io::Result<Self> {
        let path = folder.join(SOCKET);
        // Nobody may connect before the mode is right.
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
    /// What is being answered is answered; then nobody is left.
    fn drop(&mut self) {
        let mut visitors = lock(&self.house.visitors);
        visitors.closing = true;
        for stream in visitors.streams.values() {
            let _ = stream.shutdown(Shutdown::Read);
        }
        drop(visitors);
        // Wakes the doorkeeper, who sees that we are closing.
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
        // What fails is this one's connection; when there are no more files, the next one waits in the queue.
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
            // How it ended is the other end's to tell.
            let _ = guest.converse(own);
        });
        drop(spawned);
    }
}

/// One that asks; gone when it is dropped.
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

/// Sends an answer, or the error that stands for it.
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
