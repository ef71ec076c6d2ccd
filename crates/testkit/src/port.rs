//! A TCP address that refuses connections.
//!
//! [`ClosedPort`] keeps the port bound without listening, so that no other test can use it in the meantime.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpSocket;

/// A port of the loopback address that refuses connections while this value lives.
#[derive(Debug)]
pub struct ClosedPort {
    /// Only held for its binding.
    _socket: TcpSocket,
    address: SocketAddr,
}

impl ClosedPort {
    /// Binds a free port.
    ///
    /// # Errors
    /// The system has no free port.
    pub fn bind() -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let address = socket.local_addr()?;
        Ok(Self { _socket: socket, address })
    }

    /// The address that refuses connections.
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
