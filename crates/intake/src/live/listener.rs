//! Where senders connect: [`Listener`], a Unix socket or a TCP port.
//!
//! A socket that a dead process left is replaced. One that is in use, and anything that is no socket, is refused. The socket is removed
//! when the listener is dropped.
//!
//! Errors: [`ListenError`].

use std::fs;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::Stop;
use crate::pause::{LOOK, pause};

/// How long a sender may take to receive an answer of a few bytes.
const ANSWER: Duration = Duration::from_secs(5);

/// Why nobody can connect.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Another process listens there.
    #[error("{0}: another process is listening on this socket")]
    InUse(PathBuf),
    /// There is something else.
    #[error("{0}: this exists and is not a socket")]
    NoSocket(PathBuf),
    /// The system refused.
    #[error("listening on {place}: {error}")]
    System {
        /// The socket or address.
        place: String,
        /// The system's error.
        error: io::Error,
    },
}

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A TCP port.
    Tcp(SocketAddr),
    /// A Unix socket with these permissions.
    Unix(PathBuf, u32),
}

/// A place where senders connect.
#[derive(Debug)]
pub struct Listener(Kind);

#[derive(Debug)]
enum Kind {
    Tcp(TcpListener),
    Unix(UnixListener, PathBuf),
}

/// A connection.
pub(super) trait Stream: Read + Write + Send {}
impl<S: Read + Write + Send> Stream for S {}

impl Listener {
    /// Listens at a place.
    ///
    /// # Errors
    /// [`ListenError`].
    pub fn at(place: &Place) -> Result<Self, ListenError> {
        match place {
            Place::Tcp(address) => Self::tcp(*address),
            Place::Unix(path, mode) => Self::unix(path, *mode),
        }
    }

    /// Listens on a TCP port.
    ///
    /// # Errors
    /// The system's.
    pub fn tcp(address: SocketAddr) -> Result<Self, ListenError> {
        let failed = |error| ListenError::System { place: address.to_string(), error };
        let listener = TcpListener::bind(address).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        Ok(Self(Kind::Tcp(listener)))
    }

    /// Listens on a Unix socket with these permissions.
    ///
    /// # Errors
    /// [`ListenError`].
    pub fn unix(path: &Path, mode: u32) -> Result<Self, ListenError> {
        let failed = |error| ListenError::System { place: path.display().to_string(), error };
        make_room(path)?;
        let listener = UnixListener::bind(path).map_err(failed)?;
        let kind = Kind::Unix(listener, path.to_owned());
        // From here on, dropping it removes the socket.
        let listener = Self(kind);
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(failed)?;
        if let Kind::Unix(listener, _) = &listener.0 {
            listener.set_nonblocking(true).map_err(failed)?;
        }
        Ok(listener)
    }

    /// The address of a TCP port, or the path of a socket.
    pub fn place(&self) -> String {
        match &self.0 {
            Kind::Tcp(listener) => {
                listener.local_addr().map(|address| address.to_string()).unwrap_or_default()
            }
            Kind::Unix(_, path) => path.display().to_string(),
        }
    }

    /// The next sender; `None` when `stop` is set or nobody can connect any more.
    pub(super) fn accept(&self, stop: Stop<'_>) -> Option<Box<dyn Stream>> {
        while !stop.is_set() {
            wait(self.as_fd());
            match self.try_accept() {
                Ok(stream) => return Some(stream),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // There are too many open files for now, most likely.
                Err(_) => pause(LOOK),
            }
        }
        None
    }

    fn try_accept(&self) -> io::Result<Box<dyn Stream>> {
        Ok(match &self.0 {
            Kind::Tcp(listener) => {
                let (stream, _): (TcpStream, _) = listener.accept()?;
                stream.set_nonblocking(false)?;
                stream.set_read_timeout(Some(LOOK))?;
                stream.set_write_timeout(Some(ANSWER))?;
                Box::new(stream)
            }
            Kind::Unix(listener, _) => {
                let (stream, _): (UnixStream, _) = listener.accept()?;
                stream.set_nonblocking(false)?;
                stream.set_read_timeout(Some(LOOK))?;
                stream.set_write_timeout(Some(ANSWER))?;
                Box::new(stream)
            }
        })
    }

    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.0 {
            Kind::Tcp(listener) => listener.as_fd(),
            Kind::Unix(listener, _) => listener.as_fd(),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Kind::Unix(_, path) = &self.0 {
            // It is gone already, or whoever listens next replaces it.
            let _ = fs::remove_file(path);
        }
    }
}

/// Waits until there is a sender, or for a while.
fn wait(socket: BorrowedFd<'_>) {
    let look = Timespec { tv_sec: 0, tv_nsec: i64::from(LOOK.subsec_nanos()) };
    // An interrupted wait is a short one.
    let _ = poll(&mut [PollFd::new(&socket, PollFlags::IN)], Some(&look));
}

/// Removes the socket of a dead process.
fn make_room(path: &Path) -> Result<(), ListenError> {
    let failed = |error| ListenError::System { place: path.display().to_string(), error };
    let kind = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata.file_type(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    if !kind.is_socket() {
        return Err(ListenError::NoSocket(path.to_owned()));
    }
    match UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            fs::remove_file(path).map_err(failed)
        }
        // It answers, or it is not for us to find out.
        Ok(_) => Err(ListenError::InUse(path.to_owned())),
        Err(error) => Err(failed(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_in_use_and_other_files_are_refused_and_a_dead_one_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dnstap.sock");
        let listener = Listener::unix(&path, 0o660).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);
        assert!(matches!(Listener::unix(&path, 0o660), Err(ListenError::InUse(_))));
        drop(listener);
        assert!(!path.exists());
        // The socket of a process that was killed stays.
        drop(UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        drop(Listener::unix(&path, 0o660).unwrap());
        fs::write(&path, "").unwrap();
        assert!(matches!(Listener::unix(&path, 0o660), Err(ListenError::NoSocket(_))));
        assert!(path.exists());
    }
}
