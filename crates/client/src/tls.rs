//! TLS: which certificates are trusted, and the meaning of each failure.

use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::dial::Io;
use crate::error::{TlsFault, printable};
use crate::pem_file;

/// Which certificates are accepted, and which one is shown.
#[derive(Clone, Debug)]
pub struct Tls {
    /// A file with authorities that are trusted in addition to the system's.
    pub ca_file: Option<PathBuf>,
    /// A file with the certificate of this client and its private key.
    pub certificate: Option<PathBuf>,
    /// Whether certificates are checked at all.
    pub verify: bool,
}

/// The client's TLS configuration: the system's roots and those of the CA file, or no verification.
///
/// # Errors
/// [`TlsFault::CaFile`] or [`TlsFault::ClientCertificate`] if a file cannot be used.
pub(crate) fn client_config(tls: &Tls) -> Result<ClientConfig, TlsFault> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|_| TlsFault::Broken)?;
    let config = if tls.verify {
        builder.with_root_certificates(roots(tls.ca_file.as_deref())?)
    } else {
        builder.dangerous().with_custom_certificate_verifier(Arc::new(Unverified(provider)))
    };
    match &tls.certificate {
        None => Ok(config.with_no_client_auth()),
        Some(file) => {
            let (chain, key) = pem_file::certificate_and_key(file)?;
            config.with_client_auth_cert(chain, key).map_err(|_| pem_file::does_not_fit(file))
        }
    }
}

fn roots(ca_file: Option<&Path>) -> Result<RootCertStore, TlsFault> {
    let mut roots = RootCertStore::empty();
    // System roots that rustls cannot parse are skipped; without any root, the error is UnknownIssuer.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(file) = ca_file {
        pem_file::trust(&mut roots, file)?;
    }
    Ok(roots)
}

/// The meaning of a failed handshake; `first` contains the first bytes from the other side.
pub(crate) fn fault(error: &io::Error, first: &[u8]) -> TlsFault {
    // These bytes say more than the error of rustls.
    if first.starts_with(b"HTTP/") {
        return TlsFault::PlainHttp(first_line(first));
    }
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(certificate)) => certificate_fault(certificate),
        Some(rustls::Error::AlertReceived(alert)) => TlsFault::Alert(alert_words(*alert)),
        Some(rustls::Error::PeerIncompatible(_)) => TlsFault::Incompatible,
        Some(rustls::Error::InvalidMessage(_)) if !first.is_empty() && !is_tls(first) => {
            TlsFault::NotTls(first_line(first))
        }
        Some(rustls::Error::NoCertificatesPresented) => {
            TlsFault::Certificate("the server sent no certificate".to_owned())
        }
        Some(_) => TlsFault::Broken,
        None if error.kind() == io::ErrorKind::UnexpectedEof && first.is_empty() => TlsFault::Closed,
        None => TlsFault::Cut,
    }
}

fn first_line(first: &[u8]) -> String {
    printable(first.split(|byte| *byte == b'\n').next().unwrap_or_default(), 60)
}

/// Whether these bytes are the beginning of a TLS record: a type from 20 to 24 and version 3.
fn is_tls(first: &[u8]) -> bool {
    matches!(first, [20..=24, 3, ..])
}

/// Every fault of a certificate as a sentence; none of them suggests to turn off verification.
fn certificate_fault(certificate: &CertificateError) -> TlsFault {
    let said = |text: &str| TlsFault::Certificate(text.to_owned());
    match certificate {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsFault::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => TlsFault::NotYetValid,
        CertificateError::NotValidForName => TlsFault::WrongHost(Vec::new()),
        CertificateError::NotValidForNameContext { presented, .. } => {
            TlsFault::WrongHost(presented.iter().map(|name| plain_name(name)).collect())
        }
        // It was signed by an authority of the right name with another key, which is as unknown as any other.
        CertificateError::BadSignature | CertificateError::UnknownIssuer => TlsFault::UnknownIssuer,
        CertificateError::BadEncoding => said("the server's certificate cannot be decoded"),
        CertificateError::Revoked => said("the server's certificate was revoked by its issuer"),
        CertificateError::UnhandledCriticalExtension => {
            said("the server's certificate has a critical extension that is not supported")
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => said(
            "the server's certificate is not meant for servers (its extended key usage lacks serverAuth)",
        ),
        CertificateError::UnknownRevocationStatus
        | CertificateError::ExpiredRevocationList
        | CertificateError::ExpiredRevocationListContext { .. }
        | CertificateError::InvalidOcspResponse => {
            said("the revocation status of the server's certificate is unknown")
        }
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => said(
            "the server's certificate is signed with an algorithm that is not supported, such as SHA-1 or MD5",
        ),
        CertificateError::Other(other) => match other.0.downcast_ref::<webpki::Error>() {
            Some(webpki::Error::CaUsedAsEndEntity) => TlsFault::Authority,
            Some(webpki::Error::EndEntityUsedAsCa) => said(
                "the server's certificate is signed by a certificate that does not belong to an authority",
            ),
            Some(webpki::Error::UnsupportedCertVersion) => {
                said("the server's certificate has an old version; version 3 with subjectAltName is needed")
            }
            _ => said("the server's certificate is invalid"),
        },
        _ => said("the server's certificate is invalid"),
    }
}

/// A name of a certificate without the notation of rustls: `DnsName("a.test")`, `IpAddress(192.0.2.1)`.
fn plain_name(shown: &str) -> String {
    let inner = shown.split_once('(').map_or(shown, |(_, rest)| rest.strip_suffix(')').unwrap_or(rest));
    printable(inner.trim_matches('"').as_bytes(), 100)
}

fn alert_words(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity => {
            "it supports none of the offered cipher suites of TLS 1.2 and 1.3".to_owned()
        }
        AlertDescription::ProtocolVersion => "it supports neither TLS 1.2 nor TLS 1.3".to_owned(),
        AlertDescription::UnrecognisedName => "it does not serve this host name".to_owned(),
        AlertDescription::CertificateRequired => {
            "it requires a client certificate, which is not supported".to_owned()
        }
        AlertDescription::InternalError => "it reports an error of its own".to_owned(),
        AlertDescription::AccessDenied => "it denies access".to_owned(),
        other => format!("it ended the handshake with alert {}", u8::from(other)),
    }
}

/// Records the first received bytes, to determine what answers in place of TLS.
pub(crate) struct Listening {
    io: Box<dyn Io>,
    first: Arc<Mutex<Vec<u8>>>,
}

impl Listening {
    /// How many bytes are recorded: a status line or a banner.
    const NOTED: usize = 80;

    pub(crate) fn new(io: Box<dyn Io>) -> (Self, Arc<Mutex<Vec<u8>>>) {
        let first = Arc::<Mutex<Vec<u8>>>::default();
        (Self { io, first: Arc::clone(&first) }, first)
    }
}

impl AsyncRead for Listening {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.io).poll_read(cx, buf);
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        let room = Self::NOTED.saturating_sub(first.len());
        if room > 0 {
            first.extend(buf.filled().iter().skip(before).take(room));
        }
        polled
    }
}

impl AsyncWrite for Listening {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

/// Accepts any certificate, because the administrator has switched off Verify SSL; signatures are still checked.
#[derive(Debug)]
struct Unverified(Arc<CryptoProvider>);

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
