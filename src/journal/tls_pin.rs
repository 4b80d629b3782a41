//! What a kiosk signs about its TLS key: with the key that signs its log, so that whoever knows that one knows this one.
//!
//! The envelope is that of a [note](super::note). Nobody can take the text for a checkpoint or for a
//! [statement](super::statement) about a log: the origin, which is the signature's name too, holds `tls-key` where they
//! have an epoch, and the second line begins with a word.
//!
//! ```text
//! kakou/<kiosk>/tls-key
//! key <64 hexadecimal digits>
//! follows <64 hexadecimal digits>          or: follows none
//! ```
//!
//! A key is named by the SHA-256 of its SubjectPublicKeyInfo in DER (RFC 5280, 4.1), as in the pins of RFC 7469. *Follows*
//! names the key that it is to take the place of, so that an old statement is worth nothing once it was taken.

use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use super::merkle::sha256;
use super::note::{Error, SigningKey, VerifyingKey};
use super::statement::{Envelope, signed};
use crate::base::KioskId;

/// Which TLS key: the SHA-256 of its SubjectPublicKeyInfo; written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TlsKeyId(pub [u8; 32]);

impl TlsKeyId {
    /// The name of the key in a SubjectPublicKeyInfo in DER.
    pub fn of(public_key_info: &[u8]) -> Self {
        Self(sha256(public_key_info))
    }
}

impl fmt::Display for TlsKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for TlsKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for TlsKeyId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = HEXLOWER.decode(text.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or("a TLS key is named by 64 hexadecimal digits")
    }
}

impl From<TlsKeyId> for String {
    fn from(id: TlsKeyId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for TlsKeyId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// With which TLS key a kiosk speaks from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsPin {
    /// Which kiosk.
    pub kiosk: KioskId,
    /// The new key.
    pub key: TlsKeyId,
    /// The key that it takes the place of.
    pub follows: Option<TlsKeyId>,
}

impl TlsPin {
    /// The statement with the signature of the kiosk's log key.
    pub fn sign(&self, key: &SigningKey) -> String {
        signed(&self.origin(), &self.to_string(), key)
    }

    /// Reads a signed statement and checks the signature.
    ///
    /// # Errors
    ///
    /// Any of a note's; [`Error::Statement`] when it is none. The caller must still compare the kiosk with the one that
    /// it expects.
    pub fn parse_and_verify(signed: &str, key: &VerifyingKey) -> Result<Self, Error> {
        let envelope = Envelope::parse(signed)?;
        let pin = Self::parse(&envelope.text).ok_or(Error::Statement)?;
        envelope.verify(&pin.origin(), key)?;
        Ok(pin)
    }

    fn origin(&self) -> String {
        format!("kakou/{}/tls-key", self.kiosk)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let kiosk = lines.next()?.strip_prefix("kakou/")?.strip_suffix("/tls-key")?.parse().ok()?;
        let key = lines.next()?.strip_prefix("key ")?.parse().ok()?;
        let follows = match lines.next()?.strip_prefix("follows ")? {
            "none" => None,
            key => Some(key.parse().ok()?),
        };
        let pin = Self { kiosk, key, follows };
        // One spelling only.
        (pin.to_string() == text).then_some(pin)
    }
}

/// The text that is signed.
impl fmt::Display for TlsPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\nkey {}", self.origin(), self.key)?;
        match self.follows {
            None => writeln!(f, "follows none"),
            Some(key) => writeln!(f, "follows {key}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Epoch;
    use crate::journal::statement::Says;
    use crate::journal::{Frontier, Note, SignedNote, Statement};

    #[test]
    fn a_pin_survives_and_every_altered_byte_is_noticed() {
        for follows in [None, Some(TlsKeyId([4; 32]))] {
            let pin = TlsPin { follows, ..pin() };
            let signed = pin.sign(&key());
            assert_eq!(TlsPin::parse_and_verify(&signed, &key().verifying()), Ok(pin));
            let stranger = SigningKey::from_seed(&[2; 32]).verifying();
            assert_eq!(TlsPin::parse_and_verify(&signed, &stranger), Err(Error::Unsigned));
            for at in 0..signed.len() {
                let mut bytes = signed.clone().into_bytes();
                bytes[at] ^= 1;
                let Ok(text) = String::from_utf8(bytes) else { continue };
                assert!(TlsPin::parse_and_verify(&text, &key().verifying()).is_err(), "byte {at}");
            }
        }
    }

    #[test]
    fn a_pin_is_taken_for_nothing_else_that_the_log_key_signs_nor_they_for_a_pin() {
        let signed = pin().sign(&key());
        assert_eq!(SignedNote::parse(signed.as_bytes()), Err(Error::Checkpoint), "{signed}");
        assert_eq!(Statement::parse_and_verify(&signed, &key().verifying()), Err(Error::Statement));
        let (kiosk, epoch) = (pin().kiosk, Epoch([7; 16]));
        let says = Says::End { first: 3, last: 17, whole: 9 };
        let note = Note::new(&kiosk, epoch, &Frontier::new()).sign(&key()).to_string();
        for other in [note, Statement { kiosk, epoch, says }.sign(&key())] {
            assert_eq!(
                TlsPin::parse_and_verify(&other, &key().verifying()),
                Err(Error::Statement),
                "{other}"
            );
        }
    }

    fn pin() -> TlsPin {
        TlsPin { kiosk: "east-1".parse().unwrap(), key: TlsKeyId([3; 32]), follows: None }
    }

    fn key() -> SigningKey {
        SigningKey::from_seed(&[1; 32])
    }
}
