//! Certificates that are valid, or have one defect: an [`Authority`] issues [`Certificate`]s.
//!
//! An untrusted certificate comes from an authority other than the trusted one; one with a wrong name is issued for another
//! host. Keys are new in every run. The cryptography provider (ring) is passed explicitly; nothing is installed for the whole
//! process.
//!
//! Errors: issuing only fails for an invalid host, and panics then.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa};
use rcgen::{DnType, KeyPair, KeyUsagePurpose, date_time_ymd};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// The validity period of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// Valid until the end of 2020.
    Expired,
    /// Valid from 2100.
    NotYet,
    /// Valid from 2020 until the end of 2099.
    Valid,
}

impl Validity {
    /// The first valid year, and the first year after that.
    fn years(self) -> (i32, i32) {
        match self {
            Self::Expired => (2020, 2021),
            Self::NotYet => (2100, 2101),
            Self::Valid => (2020, 2100),
        }
    }
}

/// A certification authority, which is only trusted if a test configures it.
#[derive(Debug)]
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    /// An authority with a new key, valid from 2000 to 2200.
    pub fn new() -> Self {
        let mut params = params("Test authority", (2000, 2200));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let issuer =
            CertifiedIssuer::self_signed(params, key()).expect("a new key signs its own certificate");
        Self { issuer }
    }

    /// Its own certificate as a PEM file, for a client to trust.
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// Its own certificate.
    pub fn der(&self) -> &CertificateDer<'static> {
        self.issuer.der()
    }

    /// Issues a server's certificate for a DNS name or an IP address.
    ///
    /// # Panics
    /// When the host is neither.
    pub fn issue(&self, host: &str, validity: Validity) -> Certificate {
        let names = CertificateParams::new([host.to_owned()]).expect("the host is a DNS name or an address");
        let mut params = params("Test provider", validity.years());
        params.subject_alt_names = names.subject_alt_names;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        self.sign(&params)
    }

    /// Issues a client's certificate with this common name.
    pub fn issue_to_client(&self, name: &str) -> Certificate {
        let mut params = params(name, Validity::Valid.years());
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.sign(&params)
    }

    /// A certificate for a host that is marked as that of an authority, as `openssl req -x509` creates them.
    ///
    /// # Panics
    /// If the host is neither a name nor an address.
    pub fn as_server(&self, host: &str) -> Certificate {
        let names = CertificateParams::new([host.to_owned()]).expect("the host is a DNS name or an address");
        let mut params = params("Test provider", Validity::Valid.years());
        params.subject_alt_names = names.subject_alt_names;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        self.sign(&params)
    }

    fn sign(&self, params: &CertificateParams) -> Certificate {
        let key = key();
        let signed = params.signed_by(&key, &self.issuer).expect("the authority's key signs");
        Certificate { signed, key }
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

/// A certificate with its key.
#[derive(Debug)]
pub struct Certificate {
    signed: rcgen::Certificate,
    key: KeyPair,
}

impl Certificate {
    /// The certificate as a PEM file.
    pub fn pem(&self) -> String {
        self.signed.pem()
    }

    /// The private key as a PEM file.
    pub fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }

    /// The configuration of a server with this certificate.
    pub fn server_config(&self) -> Arc<ServerConfig> {
        self.server_config_for(WebPkiClientVerifier::no_client_auth())
    }

    /// The same, of a server that refuses clients without a certificate from this authority.
    pub fn server_config_for_clients_of(&self, authority: &Authority) -> Arc<ServerConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(authority.der().clone()).expect("the authority's own certificate");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
        self.server_config_for(verifier.expect("there is one root"))
    }

    fn server_config_for(&self, clients: Arc<dyn ClientCertVerifier>) -> Arc<ServerConfig> {
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(self.key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring has the suites of TLS 1.2 and 1.3")
            .with_client_cert_verifier(clients)
            .with_single_cert(vec![self.signed.der().clone()], key)
            .expect("the key belongs to the certificate");
        Arc::new(config)
    }
}

fn params(name: &str, (from, until): (i32, i32)) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    params
}

fn key() -> KeyPair {
    KeyPair::generate().expect("the system gives randomness")
}

#[cfg(test)]
pub(crate) mod tests {
    use rustls::pki_types::pem::PemObject;
    use rustls::{AlertDescription, CertificateError, ClientConfig};
    use tokio_rustls::{TlsAcceptor, TlsConnector, client::TlsStream};

    use super::*;

    /// A client that only trusts the authorities in this PEM file.
    pub(crate) fn trusting(pem: &str) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            roots.add(certificate.unwrap()).unwrap();
        }
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        TlsConnector::from(Arc::new(config))
    }

    /// The error of rustls within an I/O error.
    pub(crate) fn reason(error: &std::io::Error) -> &rustls::Error {
        error.get_ref().and_then(|inner| inner.downcast_ref()).expect("an error of rustls")
    }

    type Client = std::io::Result<TlsStream<tokio::io::DuplexStream>>;
    type Server = std::io::Result<tokio_rustls::server::TlsStream<tokio::io::DuplexStream>>;

    async fn shake(certificate: &Certificate, trusted: &Authority, host: &str) -> (Client, Server) {
        let (near, far) = tokio::io::duplex(4096);
        let host = host.to_owned().try_into().unwrap();
        let connector = trusting(&trusted.pem());
        let acceptor = TlsAcceptor::from(certificate.server_config());
        tokio::join!(connector.connect(host, near), acceptor.accept(far))
    }

    #[tokio::test]
    async fn a_right_certificate_is_accepted_for_names_and_addresses() {
        let authority = Authority::new();
        for host in ["provider.test", "127.0.0.1", "::1"] {
            let certificate = authority.issue(host, Validity::Valid);
            let (client, server) = shake(&certificate, &authority, host).await;
            assert!(client.is_ok() && server.is_ok(), "{host}: {client:?} {server:?}");
        }
    }

    #[tokio::test]
    async fn each_wrong_certificate_is_refused_for_its_own_fault() {
        let (authority, other) = (Authority::new(), Authority::new());
        let refused = async |issuer: &Authority, validity, host| {
            let (client, server) = shake(&issuer.issue("provider.test", validity), &authority, host).await;
            assert!(matches!(reason(&server.unwrap_err()), rustls::Error::AlertReceived(_)));
            let error = client.unwrap_err();
            let rustls::Error::InvalidCertificate(error) = reason(&error) else { panic!("{error}") };
            error.clone()
        };
        let host = "provider.test";
        let expired = refused(&authority, Validity::Expired, host).await;
        assert!(matches!(expired, CertificateError::ExpiredContext { .. }), "{expired:?}");
        let early = refused(&authority, Validity::NotYet, host).await;
        assert!(matches!(early, CertificateError::NotValidYetContext { .. }), "{early:?}");
        let name = refused(&authority, Validity::Valid, "other.test").await;
        assert!(matches!(name, CertificateError::NotValidForNameContext { .. }), "{name:?}");
        let untrusted = refused(&other, Validity::Valid, host).await;
        assert!(
            matches!(untrusted, CertificateError::UnknownIssuer | CertificateError::BadSignature),
            "{untrusted:?}"
        );
    }

    #[tokio::test]
    async fn the_server_hears_why() {
        let authority = Authority::new();
        let (_, server) =
            shake(&authority.issue("provider.test", Validity::Expired), &authority, "provider.test").await;
        let error = server.unwrap_err();
        assert_eq!(reason(&error), &rustls::Error::AlertReceived(AlertDescription::CertificateExpired));
    }

    #[test]
    fn the_key_is_a_pem_file() {
        let certificate = Authority::new().issue("provider.test", Validity::Valid);
        let key = PrivateKeyDer::from_pem_slice(certificate.key_pem().as_bytes()).unwrap();
        assert_eq!(key.secret_der(), certificate.key.serialized_der());
        let leaf = CertificateDer::from_pem_slice(certificate.pem().as_bytes()).unwrap();
        assert_eq!(&leaf, certificate.signed.der());
    }
}
