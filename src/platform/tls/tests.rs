//! Real handshakes in memory, with clocks that are right and clocks that are ten years off.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ClientConnection, ServerConfig, ServerConnection};

use super::*;
use crate::platform::net::server_tls;

/// 2026-11-22.
const NOW: Wall = Wall(1_795_312_800_000);
const YEARS: i64 = 10 * 365 * 86_400_000;

const CLOCKS: [fn() -> Wall; 3] = [right, behind, ahead];

fn right() -> Wall {
    NOW
}

fn behind() -> Wall {
    Wall(NOW.0 - YEARS)
}

fn ahead() -> Wall {
    Wall(NOW.0 + YEARS)
}

#[test]
fn a_pinned_hub_is_reached_with_a_clock_ten_years_off_both_ways() {
    let folder = tempfile::tempdir().unwrap();
    let (own, own_pin) = server_tls(folder.path(), &["hub.example".to_owned()]).unwrap();
    // One that is good for a year only, and for another name.
    let (short, _, short_pin) = short_lived();
    let own_key = OwnKey::make().unwrap();
    for system in CLOCKS {
        for (server, pin) in [(&own, own_pin), (&short, short_pin)] {
            for own in [None, Some(&own_key)] {
                assert_eq!(shake_hands(pinned_at(pin, own, system), server), Ok(()), "{:?}", system());
            }
            let stranger =
                shake_hands(pinned_at(Fingerprint([7; 32]), Some(&own_key), system), server).unwrap_err();
            assert!(stranger.contains("another certificate"), "{stranger}");
        }
    }
}

#[test]
fn a_public_certificate_is_judged_by_a_time_that_has_passed_when_the_clock_is_behind() {
    let (server, authority, _) = short_lived();
    let judge = |system, passed: Option<Wall>| {
        let known = Passed::default();
        passed.into_iter().for_each(|passed| known.learn(passed));
        let verifier = Verifier::new_with_extra_roots([authority.clone()], provider()).unwrap();
        let time = Time { system, passed: known };
        shake_hands(client(provider(), time, Arc::new(verifier), None).unwrap(), &server)
    };
    assert_eq!(judge(right, None), Ok(()));
    // It became valid in June 2026, and this program knows of nothing later than January.
    assert!(judge(behind, None).unwrap_err().contains("NotValidYet"));
    assert_eq!(judge(behind, Some(NOW)), Ok(()));
    assert!(
        judge(ahead, Some(NOW)).unwrap_err().contains("Expired"),
        "a wrong clock is not overruled downwards"
    );
    assert!(judge(behind, Some(ahead())).unwrap_err().contains("Expired"));
}

fn pinned_at(pin: Fingerprint, own: Option<&OwnKey>, system: fn() -> Wall) -> ClientConfig {
    let verifier = Pinned { pin, provider: provider() };
    client(provider(), Time { system, passed: Passed::default() }, Arc::new(verifier), own).unwrap()
}

/// A server with a certificate from June 2026 to June 2027, its authority, and its fingerprint.
fn short_lived() -> (Arc<ServerConfig>, CertificateDer<'static>, Fingerprint) {
    let mut params = CertificateParams::new(vec![]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let mut params = CertificateParams::new(vec!["hub.example".to_owned()]).unwrap();
    (params.not_before, params.not_after) = (date_time_ymd(2026, 6, 1), date_time_ymd(2027, 6, 1));
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &*authority).unwrap();
    let fingerprint = Fingerprint::of(certificate.der());
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    (Arc::new(config), authority.as_ref().der().clone(), fingerprint)
}

/// A whole handshake; the error is the client's.
fn shake_hands(client: ClientConfig, server: &Arc<ServerConfig>) -> Result<(), String> {
    let name = ServerName::try_from("hub.example").unwrap();
    let mut client = ClientConnection::new(Arc::new(client), name).unwrap();
    let mut server = ServerConnection::new(Arc::clone(server)).unwrap();
    for _ in 0..20 {
        if !client.is_handshaking() && !server.is_handshaking() {
            return Ok(());
        }
        let mut wire = vec![];
        while client.wants_write() {
            client.write_tls(&mut wire).unwrap();
        }
        let mut there = &wire[..];
        while !there.is_empty() {
            server.read_tls(&mut there).unwrap();
            // The alarm of a client that hangs up.
            let _ = server.process_new_packets();
        }
        let mut wire = vec![];
        while server.wants_write() {
            server.write_tls(&mut wire).unwrap();
        }
        let mut back = &wire[..];
        while !back.is_empty() {
            client.read_tls(&mut back).unwrap();
            client.process_new_packets().map_err(|error| format!("{error:?}"))?;
        }
    }
    Err("handshake does not end".to_owned())
}
