//! The hub's keys, all of which follow from one secret.

use std::fmt;

use ring::hmac;
use zeroize::Zeroizing;

use crate::journal::{HubOpener, SigningKey, VerifyingKey};
use crate::model::Blinder;

/// What the ledger signs, opens and blinds with.
///
/// Each key is HMAC-SHA-256 of the hub's secret and a label, so that one file of 32 bytes is all there is to guard
/// and to keep a copy of. Without it, no sealed record can ever be opened again.
pub struct Keys {
    secret: Zeroizing<[u8; 32]>,
    pub(super) note: SigningKey,
    pub(super) command: SigningKey,
    pub(super) opener: HubOpener,
    pub(super) blinder: Blinder,
    pub(super) sharing: Blinder,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}

impl Clone for Keys {
    fn clone(&self) -> Self {
        Self::from_secret(&self.secret)
    }
}

impl Keys {
    /// The keys that follow from `secret`.
    pub fn from_secret(secret: &[u8; 32]) -> Self {
        let derive = |label: &str| derive(secret, label);
        Self {
            secret: Zeroizing::new(*secret),
            note: SigningKey::from_seed(&derive("kakou/hub/note/1")),
            command: SigningKey::from_seed(&derive("kakou/hub/command/1")),
            opener: HubOpener::from_seed(*derive("kakou/hub/seal/1")),
            blinder: Blinder::new(&derive("kakou/hub/blind/1")),
            sharing: Blinder::new(&derive(SHARING)),
        }
    }

    /// Ed25519 key that cosigns notes.
    pub fn note_key(&self) -> VerifyingKey {
        self.note.verifying()
    }

    /// Ed25519 key that signs commands.
    pub fn command_key(&self) -> VerifyingKey {
        self.command.verifying()
    }

    /// X25519 key to which kiosks seal.
    pub fn seal_key(&self) -> [u8; 32] {
        self.opener.public()
    }

    /// Seed of the Ed25519 key that signs passes.
    pub fn pass_seed(&self) -> Zeroizing<[u8; 32]> {
        derive(&self.secret, "kakou/hub/pass/1")
    }

    /// Ed25519 key that kiosks check passes with.
    pub fn pass_key(&self) -> VerifyingKey {
        SigningKey::from_seed(&self.pass_seed()).verifying()
    }

    /// What identifiers are blinded with in what kiosks are told of each other.
    pub fn sharing_key(&self) -> Zeroizing<[u8; 32]> {
        derive(&self.secret, SHARING)
    }

    /// Seed of anything else that must not be guessed and must stay the same, by `label`.
    pub fn seed(&self, label: &str) -> Zeroizing<[u8; 32]> {
        derive(&self.secret, &format!("kakou/hub/other/1 {label}"))
    }
}

const SHARING: &str = "kakou/hub/sharing/1";

fn derive(secret: &[u8; 32], label: &str) -> Zeroizing<[u8; 32]> {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), label.as_bytes());
    let mut seed = Zeroizing::new([0; 32]);
    seed.copy_from_slice(tag.as_ref());
    seed
}

#[cfg(test)]
mod tests {
    use super::Keys;

    #[test]
    fn each_purpose_has_a_key_of_its_own() {
        let keys = Keys::from_secret(&[7; 32]);
        assert_eq!(keys.note_key(), Keys::from_secret(&[7; 32]).note_key());
        assert_ne!(keys.note_key(), Keys::from_secret(&[8; 32]).note_key());
        assert_ne!(keys.note_key(), keys.command_key());
        assert_ne!(keys.pass_seed(), keys.seed("session"));
        assert_ne!(keys.seed("a"), keys.seed("b"));
        assert_eq!(format!("{keys:?}"), "Keys");
    }
}
