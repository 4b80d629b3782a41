//! Real handshakes in memory: with a key, without one, with somebody else's certificate, with dates long past.

use rcgen::{CertificateParams, KeyPair, PublicKeyData as _, date_time_ymd};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, ClientConnection, ServerConfig, ServerConnection, SupportedProtocolVersion};

use super::*;
use crate::platform::net::server_tls;
use crate::platform::own_key::OwnKey;
use crate::platform::tls;
use crate::sync::enrolment::Fingerprint;

const VERSIONS: [&SupportedProtocolVersion; 2] = [&rustls::version::TLS12, &rustls::version::TLS13];

#[test]
fn the_hub_learns_which_key_a_kiosk_holds_and_browsers_need_none() {
    let hub = hub();
    let own = OwnKey::make().unwrap();
    let client = tls::pinned(hub.1, Some(&own)).unwrap();
    assert_eq!(shake_hands(client, &hub.0), Ok(Some(own.id())));
    assert_eq!(shake_hands(tls::pinned(hub.1, None).unwrap(), &hub.0), Ok(None));
}

#[test]
fn a_certificate_is_worth_nothing_without_its_key() {
    let hub = hub();
    let (own, other) = (OwnKey::make().unwrap(), OwnKey::make().unwrap());
    for version in VERSIONS {
        let shown = certified(own.chain().0, own.chain().1);
        assert_eq!(shake_hands(presenting(version, shown), &hub.0), Ok(Some(own.id())));
        let stolen = certified(own.chain().0, other.chain().1);
        let refused = shake_hands(presenting(version, stolen), &hub.0).unwrap_err();
        assert!(refused.contains("BadSignature"), "{refused}");
    }
}

#[test]
fn no_date_in_a_kiosks_certificate_is_looked_at() {
    let hub = hub();
    for (from, until) in [(1990, 1991), (2090, 2091), (2091, 2090)] {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![]).unwrap();
        (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(until, 1, 1));
        let certificate = params.self_signed(&key).unwrap().der().clone();
        let pkcs8 = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let id = TlsKeyId::of(&key.subject_public_key_info());
        for version in VERSIONS {
            let shown = certified(vec![certificate.clone()], pkcs8.clone_key());
            assert_eq!(shake_hands(presenting(version, shown), &hub.0), Ok(Some(id)), "{from} to {until}");
        }
    }
}

#[test]
fn what_is_no_certificate_ends_the_handshake() {
    let hub = hub();
    let key = OwnKey::make().unwrap().chain().1;
    let nonsense = certified(vec![CertificateDer::from(vec![7; 300])], key);
    assert!(shake_hands(presenting(&rustls::version::TLS13, nonsense), &hub.0).is_err());
    assert_eq!(key_of(Some(&[CertificateDer::from(vec![7; 300])])), None);
    assert_eq!((key_of(Some(&[])), key_of(None)), (None, None));
}

#[test]
fn browsers_are_told_that_only_a_kiosks_certificate_is_of_use() {
    let verifier = AnyKey::new(provider());
    let [hint] = verifier.root_hint_subjects() else { panic!("one hint") };
    let certificate = OwnKey::make().unwrap().chain().0.remove(0);
    let issuer = hint.as_ref();
    let times = certificate.windows(issuer.len()).filter(|window| *window == issuer).count();
    assert_eq!(times, 2, "it is the issuer and the subject of a kiosk's own certificate");
}

fn hub() -> (Arc<ServerConfig>, Fingerprint) {
    let folder = tempfile::tempdir().unwrap();
    server_tls(folder.path(), &["hub.example".to_owned()]).unwrap()
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// A certificate with a key that need not be its own.
fn certified(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Arc<CertifiedKey> {
    let key = rustls::crypto::ring::sign::any_supported_type(&key).unwrap();
    Arc::new(CertifiedKey::new(chain, key))
}

/// A client that believes every hub and presents what it is given.
fn presenting(version: &'static SupportedProtocolVersion, shown: Arc<CertifiedKey>) -> ClientConfig {
    #[derive(Debug)]
    struct Shows(Arc<CertifiedKey>);
    impl rustls::client::ResolvesClientCert for Shows {
        fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
            Some(Arc::clone(&self.0))
        }

        fn has_certs(&self) -> bool {
            true
        }
    }
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[version])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyHub(provider())))
        .with_no_client_auth();
    config.client_auth_cert_resolver = Arc::new(Shows(shown));
    config
}

#[derive(Debug)]
struct AnyHub(Arc<CryptoProvider>);

impl rustls::client::danger::ServerCertVerifier for AnyHub {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
        Ok(rustls::client::danger::ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// A whole handshake; the key that the hub learned, or the hub's error.
fn shake_hands(client: ClientConfig, hub: &Arc<ServerConfig>) -> Result<Option<TlsKeyId>, String> {
    let name = ServerName::try_from("hub.example").unwrap();
    let mut client = ClientConnection::new(Arc::new(client), name).unwrap();
    let mut hub = ServerConnection::new(Arc::clone(hub)).unwrap();
    for _ in 0..20 {
        let mut wire = vec![];
        while client.wants_write() {
            client.write_tls(&mut wire).unwrap();
        }
        let mut there = &wire[..];
        while !there.is_empty() {
            hub.read_tls(&mut there).unwrap();
            hub.process_new_packets().map_err(|error| format!("{error:?}"))?;
        }
        let mut wire = vec![];
        while hub.wants_write() {
            hub.write_tls(&mut wire).unwrap();
        }
        let mut back = &wire[..];
        while !back.is_empty() {
            client.read_tls(&mut back).unwrap();
            client.process_new_packets().map_err(|error| format!("client: {error:?}"))?;
        }
        if !client.is_handshaking() && !hub.is_handshaking() {
            return Ok(key_of(hub.peer_certificates()));
        }
    }
    Err("handshake does not end".to_owned())
}
