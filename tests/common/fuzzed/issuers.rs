//! Issuers that are trusted, with their private keys, so that bytes can be altered before they are signed; and what is promised of
//! every answer, whatever the bytes.

use std::io;
use std::sync::Arc;

use data_encoding::BASE64;
use kakou::base::{ClockTrust, LaneId, Wall};
use kakou::cli::verify::Answer;
use kakou::credential::certificate::keys as trusted_with;
use kakou::credential::key::{Algorithm, Key, Scheme, Uses};
use kakou::credential::report::{Fault, Moment, Report};
use kakou::credential::trusted::file::{BadFile, Contents, read};
use kakou::credential::trusted::revocation::{Form, RevocationId, half};
use kakou::credential::{Trust, Trusted, check};
use kakou::model::trust_list::{TrustList, TrustListKind};
use kakou::model::width::is_obeyed;
use kakou::model::{Admissible, Authenticity, Credential, CredentialKind, Currency};
use minicbor::Encoder;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
};

/// 2027-03-01T00:00:00Z.
pub const NOW: Wall = Wall(1_803_859_200_000);

/// What keys are called: of certificates, of certificates of vaccinations alone, of New Zealand's passes and of cards.
pub const OPEN: &[u8] = b"issuer-1";
pub const LIMITED: &[u8] = b"issuer-2";
pub const PASS_KEY: &str = "key-1";
pub const CARD_KEY: &str = "the-key";

/// Who issues New Zealand's passes, and cards.
pub const SUBJECT: &str = "did:web:a.example";
pub const ADDRESS: &str = "https://a.example";

/// What was revoked: the certificates with this identifier, the card with this, the pass of the hub with this.
pub const REVOKED: &str = "URN:UVCI:01:XX:GONE";
pub const REVOKED_CARD: &str = "gone";
pub const REVOKED_PASS: &[u8; 8] = b"revoked!";

/// Where passes of the hub count.
pub const SITE: &str = "jinhe-garden";
pub const LANE: &str = "east";

/// Three signing CAs, and seals by them and by others.
pub const SEALS: &str = include_str!("../../credential/seals.tsv");

/// A signing CA, and a certificate by it, made once with `openssl x509`; and their keys in PKCS#8, which sign nothing else.
pub const AUTHORITY: &str = "MIIBazCCARKgAwIBAgIBATAKBggqhkjOPQQDAjAcMQswCQYDVQQGEwJVVDENMAsGA1UEAwwEQ1NDQTAeFw0yNjExMjgxMjU5NDVaFw00MTEyMTkxMjU5NDVaMBwxCzAJBgNVBAYTAlVUMQ0wCwYDVQQDDARDU0NBMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEkrcp0fLHupPXMUn9ALRM7zgWZV7zn2IZsKhd3yVjFyCs6a1QroFX6q7zMJDNsBB4m/DcXkAzk4XfG0UMC1XpEqNFMEMwEgYDVR0TAQH/BAgwBgEB/wIBADAOBgNVHQ8BAf8EBAMCAQYwHQYDVR0OBBYEFOIPjCRkrWaJQcsbqo/5brtXA5K+MAoGCCqGSM49BAMCA0cAMEQCICu9gzJmATFQFR7ZpATYvvh+B4oBeohU9uuUIaOTocCfAiANofhY4uPVeKwnLtF/BIrDVX+08LcfF3ZV6iggeUuuSw==";
pub const SIGNER: &str = "MIIBizCCATCgAwIBAgIBAjAKBggqhkjOPQQDAjAcMQswCQYDVQQGEwJVVDENMAsGA1UEAwwEQ1NDQTAeFw0yNjExMjgxMjU5NDVaFw00MDA4MDYxMjU5NDVaMBkxCzAJBgNVBAYTAlVUMQowCAYDVQQDDAFTMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEr2I3As9ygFuBRN2Ku/uBlZqmGsDaGX/hNh9lY23FL7ykjdpdO7MN0SOjoLkhVlKrq/zXQ8s5eHBKGW4Z5akl5KNmMGQwDgYDVR0PAQH/BAQDAgeAMBIGA1UdJQQLMAkGB2eBCAEBDgIwHwYDVR0jBBgwFoAU4g+MJGStZolByxuqj/luu1cDkr4wHQYDVR0OBBYEFHIi2dXoVMjKBZqsi563RvLmjbC1MAoGCCqGSM49BAMCA0kAMEYCIQDqbdkefWTzR1aR7W3lTFBP6Kx61UJvEO1WFKHeUqO+aAIhAKp+xGUTpmyxhtKAb13hehxIJHVYiil67tmBtjRDMFg4";
const AUTHORITY_KEY: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgFhVLfBf/B11RacoI4mK/rFhI2VEW5+GbX6Fubn6oagOhRANCAASStynR8se6k9cxSf0AtEzvOBZlXvOfYhmwqF3fJWMXIKzprVCugVfqrvMwkM2wEHib8NxeQDOThd8bRQwLVekS";
const SIGNER_KEY: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgmRcJGN1omgOfYu/nlQG/wbDJNdZvcuFnD+lQYBOYKV6hRANCAASvYjcCz3KAW4FE3Yq7+4GVmqYawNoZf+E2H2VjbcUvvKSN2l07sw3RI6OguSFWUqur/NdDyzl4cEoZbhnlqSXk";

thread_local! {
    pub static ISSUERS: Issuers = Issuers::new();
}

/// Whoever signs, and what is trusted of them.
pub struct Issuers {
    /// Certificates, New Zealand's passes, the hub's passes and its file of trust.
    pub eddsa: Ed25519KeyPair,
    /// Cards, seals, and certificates of vaccinations alone.
    es256: EcdsaKeyPair,
    /// Certificates of those who seal.
    authority: EcdsaKeyPair,
    random: SystemRandom,
    /// By its file.
    pub trusted: Trusted,
    trust: Trust,
}

impl Issuers {
    fn new() -> Self {
        let random = SystemRandom::new();
        let pair = |way, key: &str| {
            EcdsaKeyPair::from_pkcs8(way, &BASE64.decode(key.as_bytes()).unwrap(), &random).unwrap()
        };
        let es256 = pair(&ECDSA_P256_SHA256_FIXED_SIGNING, SIGNER_KEY);
        let authority = pair(&ECDSA_P256_SHA256_ASN1_SIGNING, AUTHORITY_KEY);
        let eddsa = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
        let mut file = vec![];
        contents(&eddsa, &es256).write(&eddsa, &mut file).unwrap();
        let trusted = opened(file, &eddsa).unwrap();
        let mut trust = Trust::new(SITE.parse().unwrap(), vec![public(&eddsa)]);
        trust.lane = Some(LANE.parse::<LaneId>().unwrap());
        trust.lists.replace(trusted.clone());
        Self { eddsa, es256, authority, random, trusted, trust }
    }

    /// A signature of whoever signs cards and seals.
    pub fn es256(&self, message: &[u8]) -> Vec<u8> {
        self.es256.sign(&self.random, message).unwrap().as_ref().to_vec()
    }

    /// A signature of the signing CA, as certificates have it.
    pub fn authority(&self, message: &[u8]) -> Vec<u8> {
        self.authority.sign(&self.random, message).unwrap().as_ref().to_vec()
    }
}

/// The public key of a hub.
pub fn public(signer: &Ed25519KeyPair) -> [u8; 32] {
    signer.public_key().as_ref().try_into().unwrap()
}

/// What is in force once `file` is, signed by `hub`.
pub fn opened(file: Vec<u8>, hub: &Ed25519KeyPair) -> Result<Trusted, BadFile> {
    let length = file.len() as u64;
    let reading = move |offset: u64, out: &mut [u8]| {
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let part = file.get(offset..).and_then(|rest| rest.get(..out.len()));
        out.copy_from_slice(part.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    };
    read(Arc::new(reading), length, &[public(hub)])
}

fn contents(eddsa: &Ed25519KeyPair, es256: &EcdsaKeyPair) -> Contents {
    let list = |kind: TrustListKind| TrustList {
        name: kind.name().to_owned(),
        kind,
        as_of: NOW,
        entries: 1,
        warn_after_s: 86_400,
        refuse_after_s: 7 * 86_400,
    };
    let key = |scheme, id: &[u8], issuer: &str| Key {
        scheme,
        id: id.to_vec(),
        algorithm: Algorithm::EdDsa,
        public: public(eddsa).to_vec(),
        uses: Uses::default(),
        not_before: Wall(0),
        not_after: Wall(i64::MAX),
        issuer: issuer.to_owned(),
        list: 0,
    };
    let es256 =
        |key: Key| Key { algorithm: Algorithm::Es256, public: es256.public_key().as_ref().to_vec(), ..key };
    let vaccinations = Uses { vaccination: true, ..Uses::default() };
    let authorities = SEALS.lines().filter(|line| !line.starts_with('#') && !line.contains('\t'));
    let authorities = authorities.chain([AUTHORITY]).map(|line| BASE64.decode(line.as_bytes()).unwrap());
    let mut keys = vec![
        key(Scheme::Hcert, OPEN, "XX"),
        es256(Key { uses: vaccinations, ..key(Scheme::Hcert, LIMITED, "YY") }),
        key(Scheme::Nzcp, PASS_KEY.as_bytes(), SUBJECT),
        es256(key(Scheme::Shc, CARD_KEY.as_bytes(), ADDRESS)),
    ];
    keys.extend(authorities.flat_map(|der| trusted_with(&der).unwrap()));
    Contents {
        version: 7,
        built: NOW,
        lists: TrustListKind::ALL.map(list).to_vec(),
        keys,
        revoked: vec![
            RevocationId::of_hash(Form::Identifier, &[], &half(REVOKED.as_bytes())),
            RevocationId::of_card(CARD_KEY.as_bytes(), REVOKED_CARD),
            RevocationId::of_pass(REVOKED_PASS),
        ],
        ..Contents::default()
    }
}

/// What is known of `payload`, of which everything is so that is promised of whatever a code says.
pub fn answered(payload: &[u8]) -> (Report, Credential) {
    ISSUERS.with(|issuers| {
        let moment = Moment::sure(NOW);
        let report = issuers.trusted.verify(payload, &moment);
        let enough = issuers.trusted.judge(&report, &moment).admissible;
        let genuine = report.authentic == Authenticity::Genuine;
        let current = report.current == Currency::Current && report.fault.is_none();
        assert_eq!(enough == Admissible::Yes, genuine && current, "{report:?}");
        assert!(!genuine || report.issuer.is_some() && report.content.is_some() && report.list.is_some());
        assert!(report.content.is_none() || report.list.is_some(), "no key has signed what is passed on");
        let credential = check(payload, &issuers.trust, NOW, ClockTrust::Synced);
        assert_eq!(credential.kind, report.kind);
        match credential.kind {
            CredentialKind::HealthCertificate
            | CredentialKind::SmartHealthCard
            | CredentialKind::NzCovidPass
            | CredentialKind::VdsNc => {
                let of_lane = (credential.authentic, credential.current, credential.admissible);
                assert_eq!(of_lane, (report.authentic, report.current, enough), "{report:?}");
            }
            CredentialKind::HubPass => assert_eq!(report.authentic, Authenticity::Unverified),
            CredentialKind::IdNumber
            | CredentialKind::HealthLink
            | CredentialKind::Divoc
            | CredentialKind::TravelDocument
            | CredentialKind::Phone
            | CredentialKind::SiteCode
            | CredentialKind::Gs1
            | CredentialKind::OnlineCode
            | CredentialKind::Url
            | CredentialKind::Text
            | CredentialKind::Binary
            | CredentialKind::Manifest => {
                assert!(!genuine && credential.authentic == Authenticity::Unverified, "{report:?}");
            }
        }
        assert!(credential.holder.is_none() || credential.kind == CredentialKind::HubPass);
        printable(payload, &issuers.trusted, &moment);
        (report, credential)
    })
}

/// What is printed of `payload` is nothing that a screen obeys, and has the lines that it has to have.
pub fn printable(payload: &[u8], trusted: &Trusted, moment: &Moment) {
    let answer = Answer::of(payload, trusted, moment);
    let (mut lines, object) = (vec![], answer.object());
    answer.lines(&mut lines).unwrap();
    let lines = String::from_utf8(lines).unwrap();
    assert!(!lines.chars().any(|c| is_obeyed(c) && c != '\n'), "{lines:?}");
    assert!(!object.to_string().contains(is_obeyed), "{object}");
    assert_eq!(lines.lines().count(), 4 + object["rules"].as_array().unwrap().len(), "{lines}");
}

/// Who has signed what is altered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signed {
    /// Whoever it was before.
    Elsewhere,
    /// An issuer that is trusted, behind the alteration.
    Here,
}

/// Whether so much of it is in order that its signature was looked at; and of what was signed here, what it says.
pub fn is_far(report: &Report, signed: Signed) -> bool {
    match signed {
        Signed::Elsewhere => report.fault.is_none_or(|fault| fault >= Fault::UnknownKey),
        Signed::Here => report.content.is_some() || report.fault == Some(Fault::Use),
    }
}

/// What `write` writes.
pub fn cbor(write: impl FnOnce(&mut Encoder<&mut Vec<u8>>)) -> Vec<u8> {
    let mut out = vec![];
    write(&mut Encoder::new(&mut out));
    out
}

/// A header that names a key and how it signs.
pub fn header(algorithm: i8, key: &[u8]) -> Vec<u8> {
    cbor(|e| {
        e.map(2).unwrap().u8(1).unwrap().i8(algorithm).unwrap().u8(4).unwrap().bytes(key).unwrap();
    })
}

/// A COSE_Sign1 of `payload` under `header`.
pub fn message(header: &[u8], external: &[u8], payload: &[u8], sign: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let signed = cbor(|e| {
        e.array(4).unwrap().str("Signature1").unwrap().bytes(header).unwrap();
        e.bytes(external).unwrap().bytes(payload).unwrap();
    });
    cbor(|e| {
        e.array(4).unwrap().bytes(header).unwrap().map(0).unwrap();
        e.bytes(payload).unwrap().bytes(&sign(&signed)).unwrap();
    })
}

/// The same, signed by whoever issues certificates and passes.
pub fn eddsa_message(header: &[u8], external: &[u8], payload: &[u8]) -> Vec<u8> {
    ISSUERS.with(|issuers| {
        message(header, external, payload, |signed| issuers.eddsa.sign(signed).as_ref().to_vec())
    })
}

/// As many of `bytes` as the first of them says, and the rest.
pub fn cut(bytes: &[u8]) -> (&[u8], &[u8]) {
    let Some((length, rest)) = bytes.split_first() else { return (&[], &[]) };
    rest.split_at(usize::from(*length).min(rest.len()))
}

/// A part with its length before it, as [`cut`] takes it off again.
pub fn joined(part: &[u8], rest: &[u8]) -> Vec<u8> {
    [&[u8::try_from(part.len()).unwrap()], part, rest].concat()
}
