//! How a kiosk and a hub come to trust each other: a one-time token, then keys for keys.
//!
//! # Token
//!
//! `kakou1.SECRET` or `kakou1.SECRET.CERTIFICATE`, both in lower-case base32 without padding: 16 random bytes that
//! the hub accepts once within [`TOKEN_LIFE`], and the SHA-256 of the hub's TLS certificate. Because the token
//! reaches the kiosk by another way than the network (an officer, a QR code), the first connection is already
//! checked against the certificate. The hub keeps only the secret's digest.
//!
//! # Enrolment file
//!
//! TOML with the fields of [`Enrolment`]; keys are base64 of 32 bytes. It holds no secret: the kiosk's own key is
//! in a file of its own.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use data_encoding::{BASE32_NOPAD, BASE64, HEXLOWER};
use ring::digest;
use serde::{Deserialize, Serialize};

use super::wire::HUB_NOTE_NAME;
use crate::base::KioskId;
use crate::journal::{VerifyingKey, Witness};

/// How long a token is good for.
pub const TOKEN_LIFE: Duration = Duration::from_mins(15);
const TOKEN_PREFIX: &str = "kakou1";

/// A one-time right to enrol one kiosk. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// What the hub recognises it by.
    pub secret: [u8; 16],
    /// The certificate that the hub will present, when it speaks TLS with one of its own.
    pub certificate: Option<Fingerprint>,
}

/// Why a text is no [`Token`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a token looks like kakou1.xxxx… as `kakou hub enrol` printed it")]
pub struct BadToken;

impl Token {
    /// The digest that the hub stores instead of the secret.
    pub fn digest(&self) -> [u8; 32] {
        sha256(&self.secret)
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{TOKEN_PREFIX}.{}", BASE32_NOPAD.encode(&self.secret).to_ascii_lowercase())?;
        self.certificate.iter().try_for_each(|fingerprint| {
            write!(f, ".{}", BASE32_NOPAD.encode(&fingerprint.0).to_ascii_lowercase())
        })
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[token]")
    }
}

impl FromStr for Token {
    type Err = BadToken;

    fn from_str(text: &str) -> Result<Self, BadToken> {
        if text.len() > 128 {
            return Err(BadToken);
        }
        let decode = |part: &str| BASE32_NOPAD.decode(part.to_ascii_uppercase().as_bytes()).ok();
        let mut parts = text.trim().split('.');
        if parts.next() != Some(TOKEN_PREFIX) {
            return Err(BadToken);
        }
        let secret = parts.next().and_then(decode).and_then(|bytes| bytes.try_into().ok()).ok_or(BadToken)?;
        let certificate = match parts.next() {
            None => None,
            Some(part) => {
                let bytes = decode(part).and_then(|bytes| bytes.try_into().ok()).ok_or(BadToken)?;
                Some(Fingerprint(bytes))
            }
        };
        if parts.next().is_some() { Err(BadToken) } else { Ok(Self { secret, certificate }) }
    }
}

/// SHA-256 of a TLS certificate in DER; written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// The fingerprint of a certificate.
    pub fn of(certificate: &[u8]) -> Self {
        Self(sha256(certificate))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.to_string()
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let bytes = HEXLOWER.decode(text.to_ascii_lowercase().as_bytes()).ok();
        let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or("a fingerprint is 64 hexadecimal digits")
    }
}

/// A public key of 32 bytes; written as base64.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey(pub [u8; 32]);

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64.encode(&self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<PublicKey> for String {
    fn from(key: PublicKey) -> Self {
        key.to_string()
    }
}

impl TryFrom<String> for PublicKey {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let bytes = BASE64.decode(text.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or("a key is 32 bytes in base64")
    }
}

/// What a kiosk asks with.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The one-time token's secret, in the token's own form.
    pub token: String,
    /// The name that the kiosk would like; the token's own name wins.
    pub kiosk: Option<KioskId>,
    /// The kiosk's Ed25519 key, with which it signs every batch from now on.
    pub key: PublicKey,
    /// Over TLS, the [statement](crate::journal::TlsPin) about the key that this connection presents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_key: Option<String>,
}

/// What the hub grants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The kiosk's name.
    pub kiosk: KioskId,
    /// X25519 key to which the kiosk seals its sealing keys.
    pub seal_key: PublicKey,
    /// Ed25519 keys that sign passes.
    pub pass_keys: Vec<PublicKey>,
    /// Ed25519 key that cosigns the kiosk's notes.
    pub note_key: PublicKey,
    /// Ed25519 key that signs commands; an older hub has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command_key: Option<PublicKey>,
}

/// What a kiosk keeps of its enrolment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrolment {
    /// Address of the hub, such as `https://hub.example:8443`.
    pub hub: String,
    /// The hub's certificate, where it is the hub's own.
    pub certificate: Option<Fingerprint>,
    /// The kiosk's name.
    pub kiosk: KioskId,
    /// X25519 key to which the kiosk seals its sealing keys.
    pub seal_key: PublicKey,
    /// Ed25519 key that cosigns the kiosk's notes.
    pub note_key: PublicKey,
    /// Ed25519 keys that sign passes.
    pub pass_keys: Vec<PublicKey>,
    /// Ed25519 key that signs commands. Without one, none are taken: enrol again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command_key: Option<PublicKey>,
}

impl Enrolment {
    /// What to keep of a `grant` from the hub at `hub`.
    pub fn new(hub: &str, certificate: Option<Fingerprint>, grant: Grant) -> Self {
        let Grant { kiosk, seal_key, pass_keys, note_key, command_key } = grant;
        let hub = hub.trim_end_matches('/').to_owned();
        Self { hub, certificate, kiosk, seal_key, note_key, pass_keys, command_key }
    }

    /// The file's text.
    ///
    /// # Errors
    ///
    /// When TOML cannot express it, which no value of ours does.
    pub fn to_text(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
    }

    /// Reads the file's text.
    ///
    /// # Errors
    ///
    /// With the line and the key that is wrong.
    pub fn from_text(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// Whose signatures make a receipt, where the kiosk signs with `own`.
    pub fn witness(&self, own: VerifyingKey) -> Witness {
        let hub = VerifyingKey(self.note_key.0);
        Witness { kiosk: self.kiosk.clone(), own, hub_name: HUB_NOTE_NAME, hub }
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_being_written_down_and_is_never_printed() {
        for certificate in [None, Some(Fingerprint([9; 32]))] {
            let token = Token { secret: [7; 16], certificate };
            assert_eq!(token.to_string().parse::<Token>(), Ok(token.clone()));
            assert_eq!(
                token.to_string().to_uppercase().replace("KAKOU1", "kakou1").parse(),
                Ok(token.clone())
            );
            assert_eq!(format!("{token:?}"), "[token]");
        }
        for bad in ["", "kakou1", "kakou1.aa", "kakou2.a4dqobyha4dqobyha4dqobyha4", &"x".repeat(500)] {
            assert_eq!(bad.parse::<Token>(), Err(BadToken), "{bad}");
        }
        let more = format!("{}.aa.bb", Token { secret: [7; 16], certificate: None });
        assert_eq!(more.parse::<Token>(), Err(BadToken));
    }

    #[test]
    fn an_enrolment_file_survives_and_says_which_key_is_wrong() {
        let grant = Grant {
            kiosk: "east-1".parse().unwrap(),
            seal_key: PublicKey([1; 32]),
            pass_keys: vec![PublicKey([2; 32])],
            note_key: PublicKey([3; 32]),
            command_key: Some(PublicKey([5; 32])),
        };
        let enrolment = Enrolment::new("https://hub.example:8443/", Some(Fingerprint([4; 32])), grant);
        let text = enrolment.to_text().unwrap();
        assert_eq!(Enrolment::from_text(&text).unwrap(), enrolment);
        let older =
            text.lines().filter(|line| !line.starts_with("command_key")).collect::<Vec<_>>().join("\n");
        let older = Enrolment::from_text(&older).unwrap();
        assert_eq!(older, Enrolment { command_key: None, ..enrolment }, "written before there were commands");
        let error = Enrolment::from_text(&text.replace("note_key = \"", "note_key = \"!")).unwrap_err();
        assert!(error.to_string().contains("note_key"), "{error}");
    }
}
