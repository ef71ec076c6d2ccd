//! TLS: what is trusted, and what each refusal means.

use std::io;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject;

use super::error::{TlsFault, printable};

/// The client's TLS configuration: the system's roots and those of `ca_pem`, or no check at all.
///
/// # Errors
/// [`TlsFault::CaFile`], when the PEM holds no certificate.
pub(super) fn client_config(ca_pem: Option<&[u8]>, verify: bool) -> Result<ClientConfig, TlsFault> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsFault::Other(error.to_string()))?;
    let config = if verify {
        builder.with_root_certificates(roots(ca_pem)?)
    } else {
        builder.dangerous().with_custom_certificate_verifier(Arc::new(Unverified(provider)))
    };
    Ok(config.with_no_client_auth())
}

fn roots(ca_pem: Option<&[u8]>) -> Result<RootCertStore, TlsFault> {
    let mut roots = RootCertStore::empty();
    // Roots that the system has and rustls cannot read are the system's matter; none at all shows as UnknownIssuer.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(pem) = ca_pem {
        let unusable = |error: String| TlsFault::CaFile(error);
        let mut found = 0;
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
            roots.add(certificate).map_err(|error| unusable(error.to_string()))?;
            found += 1;
        }
        if found == 0 {
            return Err(unusable("it holds no certificate".to_owned()));
        }
    }
    Ok(roots)
}

/// What a failed handshake means.
pub(super) fn fault(error: &io::Error) -> TlsFault {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(rustls::Error::InvalidCertificate(certificate)) => match certificate {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsFault::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                TlsFault::NotYetValid
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                TlsFault::WrongHost
            }
            // An authority of the right name with another key signed it: as unknown as any other.
            CertificateError::BadSignature | CertificateError::UnknownIssuer => TlsFault::UnknownIssuer,
            other => TlsFault::Other(printable(other.to_string().as_bytes(), 200)),
        },
        Some(other) => TlsFault::Other(printable(other.to_string().as_bytes(), 200)),
        None => TlsFault::Other(printable(error.to_string().as_bytes(), 200)),
    }
}

/// Takes any certificate, as the administrator asked by switching Verify SSL off; signatures are still checked.
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
