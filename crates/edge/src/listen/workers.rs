//! Threads that serve connections: [`Workers`].
//!
//! Each thread drives a runtime of its own and keeps the connections that it is given. A request is then read, answered and written
//! on one thread. The runtime that all threads share would hand it from the thread that waits for sockets to another one, and to wake
//! a thread takes as long as a short lookup.
//!
//! Error policy: a thread that cannot be started is an error of starting the server. When the workers are dropped, their threads end
//! and what still runs on them is cancelled.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tokio::net::TcpStream;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// Threads for blocking work that every worker has at least, so that a long lookup does not hold up a short one.
const LEAST: usize = 4;

/// Where connections are served.
#[derive(Clone, Debug, Default)]
pub struct Workers {
    threads: Arc<[Worker]>,
    /// Which one is given the next connection.
    next: Arc<AtomicUsize>,
}

#[derive(Debug)]
struct Worker {
    handle: Handle,
    /// The thread ends when this is dropped.
    _ends: oneshot::Sender<()>,
}

impl Workers {
    /// Starts as many threads as the machine runs at the same time. They share so many threads for blocking work.
    ///
    /// # Errors
    /// The system's.
    pub fn start(blocking: usize) -> io::Result<Self> {
        let count = thread::available_parallelism().map_or(1, usize::from);
        let blocking = blocking.div_ceil(count).max(LEAST);
        let threads = (0..count).map(|_| Worker::start(blocking)).collect::<io::Result<_>>()?;
        Ok(Self { threads, next: Arc::default() })
    }

    /// Serves a connection on the next thread in turn, or on the caller's runtime if there are no threads.
    pub(super) fn serve<F>(&self, stream: TcpStream, serve: impl FnOnce(TcpStream) -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let next = self.next.fetch_add(1, Ordering::Relaxed) % self.threads.len().max(1);
        let Some(worker) = self.threads.get(next) else {
            drop(tokio::spawn(serve(stream)));
            return;
        };
        // A socket belongs to the runtime that waits for it. One that cannot change over is closed.
        let Ok(stream) = stream.into_std() else { return };
        worker.handle.spawn(async move {
            if let Ok(stream) = TcpStream::from_std(stream) {
                serve(stream).await;
            }
        });
    }
}

impl Worker {
    fn start(blocking: usize) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().max_blocking_threads(blocking).build()?;
        let (ends, ended) = oneshot::channel::<()>();
        let handle = runtime.handle().clone();
        thread::Builder::new().name("connections".to_owned()).spawn(move || {
            let _ = runtime.block_on(ended);
            runtime.shutdown_background();
        })?;
        Ok(Self { handle, _ends: ends })
    }
}
