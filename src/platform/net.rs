//! Listening: the server's own certificate, TLS, the clock of a server.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::client_auth::AnyKey;
use super::files;
use crate::base::Wall;
use crate::sync::enrolment::Fingerprint;

/// Most bytes of a certificate or key file.
const PEM_MAX: usize = 256 << 10;

/// The system's wall clock. A server has no boot to count from and trusts it.
#[expect(clippy::disallowed_methods, reason = "this is where the clock is read")]
pub fn wall_now() -> Wall {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Wall(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Listens on `address`, which may name port 0 for any free one.
///
/// # Errors
///
/// What the system says, such as that the port is taken.
pub fn listen(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// TLS with the certificate in `hub.crt` and `hub.key` under `data`; both are made at the first start.
///
/// A certificate of an authority can be put there instead. Kiosks that enrolled with the one made here know it by
/// its fingerprint, so that neither names nor clocks matter to them.
///
/// # Errors
///
/// When the files cannot be used, or are no certificate and key.
pub fn server_tls(data: &Path, names: &[String]) -> io::Result<(Arc<ServerConfig>, Fingerprint)> {
    let (certificate_file, key_file) = (data.join("hub.crt"), data.join("hub.key"));
    if !certificate_file.exists() && !key_file.exists() {
        make_certificate(&certificate_file, &key_file, names)?;
    }
    let invalid =
        |error: &dyn std::fmt::Display| io::Error::new(io::ErrorKind::InvalidData, error.to_string());
    let certificates = read(&certificate_file)?;
    let certificates: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(&certificates).collect::<Result<_, _>>().map_err(|e| invalid(&e))?;
    let first = certificates.first().ok_or_else(|| invalid(&"hub.crt holds no certificate"))?;
    let fingerprint = Fingerprint::of(first);
    let key = PrivateKeyDer::from_pem_slice(&read(&key_file)?).map_err(|error| invalid(&error))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| invalid(&error))?
        .with_client_cert_verifier(Arc::new(AnyKey::new(provider)))
        .with_single_cert(certificates, key)
        .map_err(|error| invalid(&error))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok((Arc::new(config), fingerprint))
}

/// The fingerprint of the certificate under `data`, if one was made or put there.
///
/// # Errors
///
/// When there is a file that holds no certificate.
pub fn server_fingerprint(data: &Path) -> io::Result<Option<Fingerprint>> {
    let Some(bytes) = files::read_if_there(&data.join("hub.crt"), PEM_MAX)? else { return Ok(None) };
    let certificate = CertificateDer::from_pem_slice(&bytes);
    let certificate =
        certificate.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?;
    Ok(Some(Fingerprint::of(&certificate)))
}

fn make_certificate(certificate_file: &Path, key_file: &Path, names: &[String]) -> io::Result<()> {
    let made = rcgen::generate_simple_self_signed(names.to_vec()).map_err(io::Error::other)?;
    files::write_atomically(key_file, made.signing_key.serialize_pem().as_bytes())?;
    files::write_atomically(certificate_file, made.cert.pem().as_bytes())
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    files::read_if_there(file, PEM_MAX)?.ok_or_else(|| io::ErrorKind::NotFound.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_certificate_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let names = ["hub.example".to_owned()];
        let (_, first) = server_tls(folder.path(), &names).unwrap();
        let (_, second) = server_tls(folder.path(), &names).unwrap();
        assert_eq!(first, second);
        std::fs::write(folder.path().join("hub.crt"), "nonsense").unwrap();
        assert!(server_tls(folder.path(), &names).is_err());
    }
}
