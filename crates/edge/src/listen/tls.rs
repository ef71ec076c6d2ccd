//! TLS with a certificate that can be renewed while the server runs: [`Tls`] reloads it on request, and when its files change.
//!
//! A certificate that cannot be read, or a key that does not match it, is a [`TlsError`]; the previous certificate stays in use
//! then.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// How often the files are checked for changes.
const LOOK: Duration = Duration::from_secs(1);

/// TLS for accepted connections.
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    acceptor: TlsAcceptor,
    current: Arc<Current>,
}

/// Why TLS is not possible with these files.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read, or has the wrong content.
    #[error("{}: {reason}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The key does not match the certificate, or its kind is not supported.
    #[error("{} and {}: {source}", certificate.display(), key.display())]
    Pair {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// The error of rustls.
        source: rustls::Error,
    },
}

/// The certificate in use.
#[derive(Debug)]
struct Current(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl Tls {
    /// TLS with the certificates and the key of these PEM files.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn open(certificate: &Path, key: &Path) -> Result<Arc<Self>, TlsError> {
        let current = Arc::new(Current(RwLock::new(read(certificate, key)?)));
        let failed =
            |source| TlsError::Pair { certificate: certificate.to_owned(), key: key.to_owned(), source };
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(failed)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&current) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Ok(Arc::new(Self { certificate: certificate.to_owned(), key: key.to_owned(), acceptor, current }))
    }

    /// Reloads both files; new connections use them.
    ///
    /// # Errors
    /// [`TlsError`]; the previous certificate stays in use.
    pub fn reload(&self) -> Result<(), TlsError> {
        let fresh = read(&self.certificate, &self.key)?;
        *self.current.0.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    pub(super) fn acceptor(&self) -> &TlsAcceptor {
        &self.acceptor
    }

    /// Reloads whenever one of the files has changed; never returns. While only one of the two has been replaced they do not
    /// match, and loading is tried again when the other one changes.
    pub async fn keep(self: Arc<Self>) {
        let mut known = self.stamps();
        loop {
            tokio::time::sleep(LOOK).await;
            let now = self.stamps();
            if now == known {
                continue;
            }
            known = now;
            self.renew();
        }
    }

    /// As [`Tls::reload`], and logs the result.
    pub fn renew(&self) {
        match self.reload() {
            Ok(()) => tracing::info!("the certificate was reloaded"),
            Err(error) => {
                tracing::warn!(%error, "the certificate cannot be reloaded; the previous one stays in use");
            }
        }
    }

    fn stamps(&self) -> [Option<(SystemTime, u64)>; 2] {
        [&self.certificate, &self.key].map(|file| {
            let about = std::fs::metadata(file).ok()?;
            Some((about.modified().ok()?, about.len()))
        })
    }
}

fn read(certificate: &Path, key: &Path) -> Result<Arc<CertifiedKey>, TlsError> {
    let wrong = |file: &Path, reason: String| TlsError::File { file: file.to_owned(), reason };
    let octets = |file: &Path| std::fs::read(file).map_err(|error| wrong(file, error.to_string()));
    let chain = CertificateDer::pem_slice_iter(&octets(certificate)?)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| wrong(certificate, error.to_string()))?;
    if chain.is_empty() {
        return Err(wrong(certificate, "it contains no certificate".to_owned()));
    }
    let private =
        PrivateKeyDer::from_pem_slice(&octets(key)?).map_err(|error| wrong(key, error.to_string()))?;
    let pair = CertifiedKey::from_der(chain, private, &ring::default_provider());
    let failed = |source| TlsError::Pair { certificate: certificate.to_owned(), key: key.to_owned(), source };
    pair.map(Arc::new).map_err(failed)
}
