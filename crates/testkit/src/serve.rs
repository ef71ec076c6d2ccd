//! Playing a script over one connection.
//!
//! Errors: an I/O error means that the client has disconnected; it ends the connection and is not reported.

use std::io;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use crate::framing::keeps_alive;
use crate::ledger::Ledger;
use crate::request::{self, Incoming};
use crate::script::{Exchange, Step};

/// What happens to the connection after an answer.
enum Next {
    /// It is dropped.
    Cut,
    /// It is closed properly; with TLS, with a close notification.
    Finish,
    /// Another request is read from it.
    Read,
}

/// Answers requests until the client or the script ends the connection.
pub(crate) async fn serve<S>(mut stream: S, ledger: &Ledger) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut buffer = Vec::new();
    loop {
        let next = match request::read(&mut stream, &mut buffer).await? {
            Incoming::End => Next::Finish,
            Incoming::Refused(code, text) => refuse(&mut stream, ledger, code, text).await?,
            Incoming::Request(request) => {
                let last = request.wants_close();
                let next = play(&mut stream, ledger, &ledger.answer(request)).await?;
                if last && matches!(next, Next::Read) { Next::Finish } else { next }
            }
        };
        match next {
            Next::Cut => return Ok(()),
            Next::Finish => return stream.shutdown().await,
            Next::Read => {}
        }
    }
}

/// Reads and discards data until the client closes the connection.
pub(crate) async fn hold<S: AsyncRead + Unpin>(mut stream: S) -> io::Result<()> {
    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await.map(drop)
}

async fn refuse<S>(stream: &mut S, ledger: &Ledger, code: u16, text: &str) -> io::Result<Next>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let headers = [("content-type", "text/plain"), ("connection", "close")];
    let steps = Exchange::status(code, &headers, text).into_steps();
    play(stream, ledger, &steps).await
}

async fn play<S>(stream: &mut S, ledger: &Ledger, steps: &[Step]) -> io::Result<Next>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    for step in steps {
        match step {
            Step::Close => return Ok(Next::Cut),
            Step::Endless(bytes) => loop {
                send(stream, ledger, bytes).await?;
            },
            Step::Send(bytes) => send(stream, ledger, bytes).await?,
            Step::Sleep(time) => tokio::time::sleep(*time).await,
            Step::Stall => {
                hold(&mut *stream).await?;
                return Ok(Next::Cut);
            }
        }
    }
    Ok(if keeps_alive(steps) { Next::Read } else { Next::Finish })
}

async fn send<S: AsyncWrite + Unpin>(stream: &mut S, ledger: &Ledger, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes).await?;
    stream.flush().await?;
    ledger.count_sent(bytes);
    Ok(())
}
