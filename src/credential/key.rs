//! Public keys of issuers, what each may sign, and how long.

use minicbor::{Decode, Encode};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey,
    VerificationAlgorithm,
};

use super::report::Fault;
use crate::base::Wall;
use crate::model::CredentialKind;

/// How a key signs. It follows from the key: what a credential says of it is compared, never believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256.
    #[n(0)]
    Es256,
    /// ECDSA on P-384 with SHA-384.
    #[n(1)]
    Es384,
    /// RSASSA-PSS with SHA-256.
    #[n(2)]
    Ps256,
    /// Ed25519.
    #[n(3)]
    EdDsa,
}

impl Algorithm {
    /// Its number in COSE (RFC 9053).
    pub const fn cose(self) -> i64 {
        match self {
            Self::Es256 => -7,
            Self::Es384 => -35,
            Self::Ps256 => -37,
            Self::EdDsa => -8,
        }
    }

    /// Its name in tables and messages, as JOSE has it (RFC 7518).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Ps256 => "PS256",
            Self::EdDsa => "EdDSA",
        }
    }

    fn verifier(self) -> &'static dyn VerificationAlgorithm {
        match self {
            Self::Es256 => &ECDSA_P256_SHA256_FIXED,
            Self::Es384 => &ECDSA_P384_SHA384_FIXED,
            Self::Ps256 => &RSA_PSS_2048_8192_SHA256,
            Self::EdDsa => &ED25519,
        }
    }
}

/// What a key of the EU's and the WHO's network may sign. One that says nothing may sign everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Uses {
    /// Tests.
    #[n(0)]
    pub test: bool,
    /// Vaccinations.
    #[n(1)]
    pub vaccination: bool,
    /// Recoveries.
    #[n(2)]
    pub recovery: bool,
}

impl Uses {
    /// Whether nothing is said.
    pub fn is_open(self) -> bool {
        self == Self::default()
    }
}

/// Which credentials a key signs: whoever is trusted with one kind is trusted with no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Scheme {
    /// Certificates of the EU and the WHO.
    #[n(0)]
    Hcert,
    /// SMART Health Cards.
    #[n(1)]
    Shc,
    /// New Zealand's passes.
    #[n(2)]
    Nzcp,
    /// ICAO seals: keys of countries' signing CAs (CSCA), which sign the certificates of those who sign seals.
    #[n(3)]
    VdsNc,
}

impl Scheme {
    /// The kind of credential that it is about.
    pub const fn kind(self) -> CredentialKind {
        match self {
            Self::Hcert => CredentialKind::HealthCertificate,
            Self::Shc => CredentialKind::SmartHealthCard,
            Self::Nzcp => CredentialKind::NzCovidPass,
            Self::VdsNc => CredentialKind::VdsNc,
        }
    }
}

/// A public key that is trusted.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Key {
    /// What it signs.
    #[n(0)]
    pub scheme: Scheme,
    /// What credentials call it: for HCERT the first eight bytes of the SHA-256 of the certificate.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub id: Vec<u8>,
    /// How it signs.
    #[n(2)]
    pub algorithm: Algorithm,
    /// Its bytes: an uncompressed point, a PKCS#1 `RSAPublicKey`, or 32 bytes of Ed25519.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub public: Vec<u8>,
    /// What it may sign.
    #[n(4)]
    pub uses: Uses,
    /// Not valid before.
    #[n(5)]
    pub not_before: Wall,
    /// Valid for the last time: to the second, as certificates say it (RFC 5280, 4.1.2.5).
    #[n(6)]
    pub not_after: Wall,
    /// Whose it is: a country or an address.
    #[n(7)]
    pub issuer: String,
    /// Which list of a file of trust it is of.
    #[n(8)]
    pub list: u16,
}

impl Key {
    /// Whether `signature` of `message` is this key's.
    pub fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(self.algorithm.verifier(), &self.public).verify(message, signature).is_ok()
    }

    /// Why it is not valid at `now`, if it is not.
    pub fn fault(&self, now: Wall) -> Option<Fault> {
        if now < self.not_before {
            Some(Fault::KeyTooNew)
        } else if now.as_secs() > self.not_after.as_secs() {
            Some(Fault::KeyTooOld)
        } else {
            None
        }
    }
}

/// Keys with one name that are tried; more than a few would be an attempt to keep a verifier busy.
pub const SAME_NAME_MAX: usize = 8;

/// Keys by what credentials call them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys(Vec<Key>);

impl Keys {
    /// Those keys.
    pub fn new(mut keys: Vec<Key>) -> Self {
        keys.sort_by(|one, other| (one.scheme, &one.id).cmp(&(other.scheme, &other.id)));
        Self(keys)
    }

    /// The keys, in order.
    pub fn into_vec(self) -> Vec<Key> {
        self.0
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there is one that signs credentials of `kind`.
    pub fn has(&self, kind: CredentialKind) -> bool {
        self.0.iter().any(|key| key.scheme.kind() == kind)
    }

    /// The keys that `id` may mean in credentials of `scheme`, [`SAME_NAME_MAX`] at most.
    pub fn named(&self, scheme: Scheme, id: &[u8]) -> &[Key] {
        let start = self.0.partition_point(|key| (key.scheme, key.id.as_slice()) < (scheme, id));
        let is_it = |key: &&Key| key.scheme == scheme && key.id == id;
        let count = self.0[start..].iter().take(SAME_NAME_MAX).take_while(is_it).count();
        &self.0[start..start + count]
    }
}
