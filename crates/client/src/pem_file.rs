//! Files with certificates: the CA file, with authorities that are trusted in addition to the system's, and the file with the
//! certificate and the private key of this client.
//!
//! A user who may configure an integration chooses the path, so it can be anything in a file system. Only a regular file of
//! limited size is read, and opening never blocks: a named pipe would block until somebody writes to it. Every refusal is a
//! [`TlsFault::CaFile`] or [`TlsFault::ClientCertificate`], which states what the file is instead.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls_pki_types::pem::PemObject;

use crate::error::{TlsFault, printable};

/// The largest CA file that is read, in bytes: the files of operating systems have about 250 KiB.
const MAX_BYTES: u64 = 1 << 20;
/// A file may begin with UTF-8's byte order mark, which editors on Windows write.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// Checks that a file can be used as a CA file. It reads the file, so it must not be called on threads that must not block.
///
/// # Errors
/// [`TlsFault::CaFile`], which states the reason.
pub fn check_ca_file(file: &Path) -> Result<(), TlsFault> {
    trust(&mut RootCertStore::empty(), file)
}

/// Adds the certificates of a CA file to the trusted ones.
pub(crate) fn trust(roots: &mut RootCertStore, file: &Path) -> Result<(), TlsFault> {
    let failed = |why: String| TlsFault::CaFile(named(file, &why));
    let bytes = read(file).map_err(|error| failed(error.to_string()))?;
    for certificate in certificates(&bytes).map_err(&failed)? {
        roots.add(certificate).map_err(|_| {
            failed(
                "one of its certificates cannot be read; give certificates of version 3 (X.509)".to_owned(),
            )
        })?;
    }
    Ok(())
}

/// The certificate of this client with those of its issuers, and its private key.
pub(crate) fn certificate_and_key(
    file: &Path,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsFault> {
    let failed = |why: String| TlsFault::ClientCertificate(named(file, &why));
    let bytes = read(file).map_err(|error| failed(error.to_string()))?;
    let key = PrivateKeyDer::from_pem_slice(&bytes).map_err(|_| {
        failed("it contains no private key; give a PEM file with the certificate and its key".to_owned())
    })?;
    let chain = certificates(&bytes).map_err(failed)?;
    Ok((chain, key))
}

/// A private key of another certificate, or of a kind that is not supported.
pub(crate) fn does_not_fit(file: &Path) -> TlsFault {
    TlsFault::ClientCertificate(named(file, "its private key does not belong to its first certificate"))
}

fn named(file: &Path, why: &str) -> String {
    format!("{}: {why}", printable(file.to_string_lossy().as_bytes(), 300))
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    let refused = |why: &str| Err(io::Error::other(why.to_owned()));
    let opened = open(file)?;
    let kind = opened.metadata()?.file_type();
    if kind.is_dir() {
        return refused("this is a directory; give the PEM file itself");
    }
    if !kind.is_file() {
        return refused("this is not a regular file but a device, pipe or socket; give a PEM file");
    }
    let mut bytes = Vec::new();
    opened.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return refused("larger than 1 MiB; give a file with only the certificates that are needed");
    }
    Ok(bytes)
}

#[cfg(unix)]
fn open(file: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::open(file, flags, Mode::empty())?))
}

#[cfg(not(unix))]
fn open(file: &Path) -> io::Result<File> {
    File::open(file)
}

/// The certificates of a PEM file, or the one of a DER file.
fn certificates(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err("this is text in UTF-16; save it as UTF-8 or ASCII".to_owned());
    }
    // A certificate in DER is a sequence of more than 127 bytes.
    if bytes.starts_with(b"\x30\x81") || bytes.starts_with(b"\x30\x82") || bytes.starts_with(b"\x30\x83") {
        return Ok(vec![CertificateDer::from(bytes.to_vec())]);
    }
    let text = bytes.strip_prefix(BOM).unwrap_or(bytes);
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(instead(text)),
        Err(_) => {
            Err("its PEM is damaged: a BEGIN line without its END line, or lines that are not base64"
                .to_owned())
        }
    }
}

/// What a file without certificates contains.
fn instead(text: &[u8]) -> String {
    let label = String::from_utf8_lossy(text).lines().find_map(|line| {
        let label = line.trim().strip_prefix("-----BEGIN ")?.strip_suffix("-----")?;
        Some(label.to_owned())
    });
    match label {
        Some(label) if label.contains("PRIVATE KEY") => {
            "it contains a private key and no certificate; give the certificate of the authority, and keep the key secret"
                .to_owned()
        }
        Some(label) => {
            let label = printable(label.as_bytes(), 40);
            format!("it contains {label} and no certificate; give a PEM file with BEGIN CERTIFICATE")
        }
        None if text.trim_ascii().is_empty() => "it is empty".to_owned(),
        None => "it contains no certificate; give a PEM file with BEGIN CERTIFICATE".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::{Tls, client_config};
    use testkit::certificate::{Authority, Validity};

    fn checked(bytes: &[u8]) -> Result<(), String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        std::fs::write(&file, bytes).unwrap();
        check_ca_file(&file).map_err(|fault| fault.to_string())
    }

    #[test]
    fn certificates_are_read_however_they_were_saved() {
        let authority = Authority::new();
        let pem = authority.pem();
        checked(pem.as_bytes()).unwrap();
        checked(&[BOM, pem.as_bytes()].concat()).unwrap();
        checked(pem.replace('\n', "\r\n").as_bytes()).unwrap();
        checked(format!("Issuer: CN = Test authority\n\n{pem}").as_bytes()).unwrap();
        checked(authority.der()).unwrap();
    }

    #[test]
    fn what_holds_no_certificate_is_refused_with_what_it_is() {
        let key = Authority::new().issue("a.test", Validity::Valid).key_pem();
        for (bytes, part) in [
            (key.as_bytes(), "private key"),
            (b"", "empty"),
            (b"hello", "no certificate"),
            (b"-----BEGIN PKCS7-----\nAAAA\n-----END PKCS7-----\n", "PKCS7"),
            (b"-----BEGIN CERTIFICATE-----\nAAAA\n", "damaged"),
            (b"\xff\xfe-\0", "UTF-16"),
            (b"\x30\x82\x01\x00nonsense", "cannot be read"),
        ] {
            let said = checked(bytes).unwrap_err();
            assert!(said.contains(part), "{said}");
        }
    }

    #[test]
    fn a_client_certificate_has_its_key_in_the_same_file() {
        let authority = Authority::new();
        let [one, other] = [(); 2].map(|()| authority.issue_to_client("pdns"));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("client.pem");
        let configured = |text: &str| {
            std::fs::write(&file, text).unwrap();
            let tls = Tls { ca_file: None, certificate: Some(file.clone()), verify: true };
            client_config(&tls).map(drop).map_err(|fault| fault.to_string())
        };
        configured(&(one.pem() + &one.key_pem())).unwrap();
        configured(&(one.key_pem() + &one.pem() + &authority.pem())).unwrap();
        for (text, part) in [
            (one.pem(), "no private key"),
            (one.key_pem(), "no certificate"),
            (one.pem() + &other.key_pem(), "does not belong"),
            (String::new(), "no private key"),
        ] {
            let said = configured(&text).unwrap_err();
            assert!(said.contains("the client certificate cannot be used") && said.contains(part), "{said}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn only_regular_files_of_a_bounded_size_are_read_and_nothing_blocks() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        let large = folder.path().join("large");
        File::create(&large).unwrap().set_len(MAX_BYTES + 1).unwrap();
        for (file, part) in [
            (pipe.as_path(), "not a regular file"),
            (Path::new("/dev/zero"), "not a regular file"),
            (folder.path(), "directory"),
            (large.as_path(), "larger than 1 MiB"),
            (Path::new("nowhere.pem"), "nowhere.pem"),
        ] {
            let said = check_ca_file(file).unwrap_err().to_string();
            assert!(said.contains(part), "{said}");
        }
    }
}
