//! The keys beside a journal: the log's own, and what the enrolment says of the hub's.

use anyhow::{Context as _, Result, bail};
use data_encoding::{BASE64, HEXLOWER};

use super::Where;
use crate::base::Wall;
use crate::cli::wiring::enrolment_of;
use crate::journal::note::{self, SignedNote};
use crate::journal::{SigningKey, VerifyingKey, Witness};
use crate::platform::files;
use crate::sync::wire::HUB_NOTE_NAME;

/// What is there of them.
pub struct Keys {
    /// Signs the log.
    pub own: Option<SigningKey>,
    /// The hub's, which countersigns.
    pub hub: Option<VerifyingKey>,
}

/// Who has signed a note.
pub enum Signed {
    /// The kiosk; and the hub at this time, when its key is known.
    By {
        /// The hub's time.
        hub: Option<Wall>,
    },
    /// There is no key to check it with.
    Unchecked,
    /// Somebody else.
    Wrong(String),
}

impl Keys {
    /// Reads what lies beside the journal. Nothing is made that is not there.
    pub fn beside(at: &Where) -> Result<Self> {
        let file = at.state().join("log.key");
        let named = || file.display().to_string();
        let seed = files::read_if_there(&file, 32).with_context(named)?;
        let own = match seed.map(<[u8; 32]>::try_from) {
            None => None,
            Some(Ok(seed)) => Some(SigningKey::from_seed(&seed)),
            Some(Err(_)) => bail!("{}: a key has 32 bytes; this file is damaged", file.display()),
        };
        let hub = enrolment_of(at.state())?.map(|enrolment| VerifyingKey(enrolment.note_key.0));
        Ok(Self { own, hub })
    }

    /// Whose signatures make a receipt, where both keys are there.
    pub fn witness(&self, at: &Where) -> Result<Option<Witness>> {
        let own = self.own.as_ref().map(SigningKey::verifying);
        Ok(enrolment_of(at.state())?.zip(own).map(|(enrolment, own)| enrolment.witness(own)))
    }

    /// Checks both signatures of a note, as far as keys are there.
    pub fn check(&self, signed: &SignedNote) -> Signed {
        let Some(own) = &self.own else { return Signed::Unchecked };
        if let Err(error) = signed.verify(&own.verifying()) {
            return Signed::Wrong(format!("is {error}"));
        }
        match self.hub.map(|hub| signed.verify_cosignature(HUB_NOTE_NAME, &hub)) {
            None => Signed::By { hub: None },
            Some(Ok(at)) => Signed::By { hub: Some(at) },
            Some(Err(error)) => Signed::Wrong(format!("has no good countersignature: {error}")),
        }
    }
}

/// A public key as people pass it on: base64 of 32 bytes, or a line as public tools write it.
pub fn parse_key(text: &str) -> Result<VerifyingKey, String> {
    let text = text.trim();
    if let Some(key) = BASE64.decode(text.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok()) {
        return Ok(VerifyingKey(key));
    }
    note::parse_verifier(text).ok_or_else(|| {
        "公钥为 32 字节的 base64 a public key is 32 bytes in base64, as `kakou journal key` prints it"
            .to_owned()
    })
}

/// A hash as people read it.
pub fn hex(hash: &[u8]) -> String {
    HEXLOWER.encode(hash)
}

/// Day and time in China.
pub fn day_and_time(at: Wall) -> String {
    let china = jiff::tz::TimeZone::fixed(jiff::tz::Offset::constant(8));
    let Ok(at) = jiff::Timestamp::from_millisecond(at.0) else { return "时间不明 no time".to_owned() };
    at.to_zoned(china).strftime("%Y-%m-%d %H:%M:%S").to_string()
}
