//! A TCP address where connects are refused.
//!
//! [`ClosedPort`] keeps the port bound without listening, so that no other test can take it meanwhile.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpSocket;

/// A port of the loopback address that refuses connects while this value lives.
#[derive(Debug)]
pub struct ClosedPort {
    /// Held for its binding only.
    _socket: TcpSocket,
    address: SocketAddr,
}

impl ClosedPort {
    /// Takes a free port.
    ///
    /// # Errors
    /// When the system has none to give.
    pub fn bind() -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let address = socket.local_addr()?;
        Ok(Self { _socket: socket, address })
    }

    /// Where connects are refused.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_refuses() {
        let port = ClosedPort::bind().unwrap();
        let error = tokio::net::TcpStream::connect(port.address()).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    }
}
