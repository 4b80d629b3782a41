//! A kiosk's TLS key and the certificate that it signs for itself.
//!
//! | file | content |
//! |---|---|
//! | `tls.key` | the key with which the kiosk speaks: PKCS#8 in DER, ECDSA on P-256 |
//! | `tls.key.next` | the key that is being brought to the hub; it stays when the answer is lost, so that asking again brings the same one |
//!
//! Both belong to their owner only. Unlike the log's key, either may be lost: the log key signs for another one.

use std::io;
use std::path::PathBuf;

use rcgen::{CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair, PublicKeyData};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use zeroize::Zeroizing;

use super::client_auth::ISSUER;
use super::files;
use crate::journal::TlsKeyId;

/// Most bytes of a key file.
const KEY_MAX: usize = 4 << 10;

/// A TLS key with its certificate.
#[derive(Debug)]
pub struct OwnKey {
    id: TlsKeyId,
    certificate: CertificateDer<'static>,
    key: PrivatePkcs8KeyDer<'static>,
}

impl OwnKey {
    /// A new one.
    ///
    /// # Errors
    ///
    /// Without random bytes.
    pub fn make() -> io::Result<Self> {
        Self::of(&KeyPair::generate().map_err(io::Error::other)?)
    }

    fn read(pkcs8: &[u8]) -> io::Result<Self> {
        Self::of(&KeyPair::try_from(&PrivatePkcs8KeyDer::from(pkcs8)).map_err(io::Error::other)?)
    }

    /// The certificate says nothing but the key: it is made anew whenever the key is read.
    fn of(pair: &KeyPair) -> io::Result<Self> {
        let mut params = CertificateParams::new(vec![]).map_err(io::Error::other)?;
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, ISSUER);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = params.self_signed(pair).map_err(io::Error::other)?;
        Ok(Self {
            id: TlsKeyId::of(&pair.subject_public_key_info()),
            certificate: certificate.der().clone(),
            key: PrivatePkcs8KeyDer::from(pair.serialize_der()),
        })
    }

    /// Which key it is.
    pub fn id(&self) -> TlsKeyId {
        self.id
    }

    /// What a handshake needs.
    pub(super) fn chain(&self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        (vec![self.certificate.clone()], PrivateKeyDer::Pkcs8(self.key.clone_key()))
    }
}

/// The keys in a kiosk's state folder.
#[derive(Clone, Debug)]
pub struct OwnKeys {
    current: PathBuf,
    next: PathBuf,
}

impl OwnKeys {
    /// Those in `state`.
    pub fn within(state: &std::path::Path) -> Self {
        Self { current: state.join("tls.key"), next: state.join("tls.key.next") }
    }

    /// The key with which the kiosk speaks; none where there is none, or it is damaged.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn current(&self) -> io::Result<Option<OwnKey>> {
        let Some(bytes) = files::read_if_there(&self.current, KEY_MAX)?.map(Zeroizing::new) else {
            return Ok(None);
        };
        let key = OwnKey::read(&bytes);
        if let Err(error) = &key {
            tracing::warn!(file = %self.current.display(), %error, "TLS key is damaged; another one takes its place");
        }
        Ok(key.ok())
    }

    /// The key to bring next: the one that was being brought, or a new one, which is kept before this returns.
    ///
    /// # Errors
    ///
    /// When it cannot be made or kept.
    pub fn next(&self) -> io::Result<OwnKey> {
        let kept = files::read_if_there(&self.next, KEY_MAX)?.map(Zeroizing::new);
        let kept = kept.and_then(|bytes| OwnKey::read(&bytes).ok());
        let current = self.current()?.map(|key| key.id());
        // After a cut while it was taken up, it is the current one already.
        if let Some(key) = kept.filter(|key| Some(key.id()) != current) {
            return Ok(key);
        }
        let made = OwnKey::make()?;
        files::write_atomically(&self.next, made.key.secret_pkcs8_der())?;
        Ok(made)
    }

    /// Makes `key`, which was brought, the one with which the kiosk speaks.
    ///
    /// # Errors
    ///
    /// When it cannot be written; then it still is the next one.
    pub fn take_up(&self, key: &OwnKey) -> io::Result<()> {
        files::write_atomically(&self.current, key.key.secret_pkcs8_der())?;
        self.discard()
    }

    /// Forgets the next key.
    ///
    /// # Errors
    ///
    /// When the file cannot be removed.
    pub fn discard(&self) -> io::Result<()> {
        match std::fs::remove_file(&self.next) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_is_brought_again_until_it_is_taken_up_and_then_another_one_is_next() {
        let folder = tempfile::tempdir().unwrap();
        let keys = OwnKeys::within(folder.path());
        assert!(keys.current().unwrap().is_none());
        let first = keys.next().unwrap();
        assert_eq!(keys.next().unwrap().id(), first.id(), "the answer was lost");
        keys.take_up(&first).unwrap();
        assert_eq!(keys.current().unwrap().unwrap().id(), first.id());
        let mode = std::fs::metadata(folder.path().join("tls.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        // A cut between the two files.
        std::fs::copy(folder.path().join("tls.key"), folder.path().join("tls.key.next")).unwrap();
        let second = keys.next().unwrap();
        assert_ne!(second.id(), first.id());
        keys.discard().unwrap();
        assert_ne!(keys.next().unwrap().id(), second.id());
    }

    #[test]
    fn damaged_keys_are_replaced_and_stop_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let keys = OwnKeys::within(folder.path());
        for name in ["tls.key", "tls.key.next"] {
            std::fs::write(folder.path().join(name), b"half a ke").unwrap();
        }
        assert!(keys.current().unwrap().is_none());
        let next = keys.next().unwrap();
        keys.take_up(&next).unwrap();
        assert_eq!(keys.current().unwrap().unwrap().id(), next.id());
    }
}
