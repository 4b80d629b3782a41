//! A command: what a hub asks of one kiosk, signed with a key of its own.
//!
//! # Format
//!
//! An untagged COSE_Sign1 (RFC 9052) in shortest form, of at most [`LENGTH_MAX`] bytes, as passes are:
//!
//! ```text
//! [ bstr {1: -8 (EdDSA), 4: key id}, {}, bstr order, bstr signature ]
//! ```
//!
//! The key id is the first 8 bytes of the SHA-256 of the hub's public key for commands, which the enrolment gives; the
//! external data of the signature is `kakou command 1`. The order is a CBOR array:
//!
//! | index | field |
//! |---|---|
//! | 0 | name of the kiosk |
//! | 1 | [`CommandSeries`]: the first half of `SHA-256("kakou command series 1" || hub's key || kiosk's key)` |
//! | 2 | number: 1, 2, 3 … within the series, without a gap |
//! | 3 | when it was issued, in milliseconds since 1970 by the hub's clock |
//! | 4 | until when it may be begun, likewise; absent when it may be late |
//! | 5 | bytes: the CBOR of [`What`], in a box of its own so that the number of an unknown kind can be read |
//! | 6 | who asked: the officer's name |
//! | 7 | why |
//!
//! A kiosk or a hub that gets another key begins another series: a command for the old key is for nobody. A command's
//! identity, [`CommandId`], is the first half of the SHA-256 of all its bytes.

use coset::{CborSerializable, CoseSign1, CoseSign1Builder, Header, HeaderBuilder, iana};
use minicbor::{Decode, Encode};
use ring::digest;

use crate::base::{CommandId, CommandSeries, KioskId, LaneId, Wall};
use crate::journal::{SigningKey, VerifyingKey};
use crate::model::{AreaMode, Ordered, Service};

/// Longest command, in bytes.
pub const LENGTH_MAX: usize = 4 << 10;
/// Longest text in one, in characters.
pub const TEXT_MAX: usize = 200;

const EXTERNAL: &[u8] = b"kakou command 1";
const SERIES: &[u8] = b"kakou command series 1";

/// What a hub can ask for. There is deliberately nothing among it that opens a barrier.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum What {
    /// Show this public notice on the idle screens, over a restart as well.
    #[n(0)]
    Notice {
        /// Its number; 0 takes the notice that was ordered before away again.
        #[n(0)]
        number: u32,
        /// What it says, in the words of whoever issued it.
        #[n(1)]
        text: String,
    },
    /// Take a lane out of service, or back into it, over a restart as well.
    #[n(1)]
    LaneService {
        /// Which lane.
        #[n(0)]
        lane: LaneId,
        /// Out or in.
        #[n(1)]
        service: Service,
    },
    /// Renew the key with which the kiosk connects.
    #[n(2)]
    RenewKey,
    /// Send what there is, and a heartbeat, at once.
    #[n(3)]
    SendNow,
    /// Guard the area in another mode from the next subject on, over a restart as well.
    #[n(4)]
    Mode {
        /// Which.
        #[n(0)]
        mode: AreaMode,
    },
}

impl What {
    /// Whether doing it twice is the same as doing it once.
    pub fn is_repeatable(&self) -> bool {
        match self {
            Self::Notice { .. } | Self::LaneService { .. } | Self::SendNow | Self::Mode { .. } => true,
            // Each time gives another key, and one of them may have been the one that reached the hub.
            Self::RenewKey => false,
        }
    }

    /// What records say of it.
    pub fn ordered(&self) -> Ordered {
        match self {
            Self::Notice { number, .. } => Ordered::Notice { number: *number },
            Self::LaneService { lane, service } => {
                Ordered::LaneService { lane: lane.clone(), service: *service }
            }
            Self::RenewKey => Ordered::RenewKey,
            Self::SendNow => Ordered::SendNow,
            Self::Mode { mode } => Ordered::Mode { mode: *mode },
        }
    }

    fn is_sound(&self) -> bool {
        match self {
            Self::Notice { text, .. } => is_short(text),
            Self::LaneService { .. } | Self::RenewKey | Self::SendNow | Self::Mode { .. } => true,
        }
    }
}

/// A command, as it is issued and as it is read.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Command {
    /// For which kiosk.
    #[n(0)]
    pub kiosk: KioskId,
    /// Under which keys.
    #[n(1)]
    pub series: CommandSeries,
    /// Its number within the series.
    #[n(2)]
    pub number: u64,
    /// When it was issued.
    #[n(3)]
    pub issued: Wall,
    /// Until when it may be begun; `None` when it may be late.
    #[n(4)]
    pub not_after: Option<Wall>,
    /// What is asked.
    #[n(5)]
    pub asked: Asked,
    /// Who asked.
    #[n(6)]
    pub by: String,
    /// Why.
    #[n(7)]
    pub reason: String,
}

/// What is asked, as bytes: of a later version it may be anything.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct Asked(#[cbor(n(0), with = "minicbor::bytes")] Vec<u8>);

impl Asked {
    /// What is asked; `None` when this version does not know it.
    pub fn what(&self) -> Option<What> {
        let mut decoder = minicbor::Decoder::new(&self.0);
        let what: What = decoder.decode().ok()?;
        (decoder.position() == self.0.len() && what.is_sound()).then_some(what)
    }
}

impl From<&What> for Asked {
    fn from(what: &What) -> Self {
        // Writing into memory cannot fail; should it, the kiosk knows no such command.
        Self(minicbor::to_vec(what).unwrap_or_default())
    }
}

/// Why bytes are no command that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Bad {
    /// They are none, or this hub's key did not sign them.
    #[error("not signed by this hub")]
    Forged,
    /// Signed, and for another kiosk, or under keys that are no longer in use.
    #[error("command {0} is for another kiosk, or for an earlier key of this one")]
    OtherKiosk(u64),
}

/// Which commands are numbered together: those of the hub's key `hub` to the kiosk's key `own`.
pub fn series(hub: &VerifyingKey, own: &VerifyingKey) -> CommandSeries {
    CommandSeries(half(&[SERIES, &hub.0, &own.0].concat()))
}

/// The identity of a signed command.
pub fn id_of(signed: &[u8]) -> CommandId {
    CommandId(half(signed))
}

impl Command {
    /// The signed bytes; `None` when it is too long, or holds a text that is.
    pub fn sign(&self, key: &SigningKey) -> Option<Vec<u8>> {
        let sound = is_short(&self.by) && is_short(&self.reason) && self.asked.what().is_some();
        let order = minicbor::to_vec(self).ok().filter(|_| sound)?;
        let envelope = CoseSign1Builder::new()
            .protected(header(&key.verifying()))
            .payload(order)
            .create_signature(EXTERNAL, |message| key.sign(message))
            .build();
        envelope.to_vec().ok().filter(|bytes| bytes.len() <= LENGTH_MAX)
    }

    /// Reads a signed command for `kiosk`.
    ///
    /// # Errors
    ///
    /// [`Bad`]. Whether its number is the next one, and its time not over, is for [`super::inbox`] to say.
    pub fn verify(
        signed: &[u8],
        hub: &VerifyingKey,
        (kiosk, series): (&KioskId, CommandSeries),
    ) -> Result<Self, Bad> {
        let envelope = open(signed, hub).ok_or(Bad::Forged)?;
        let checked = envelope.verify_signature(EXTERNAL, |signature, message| hub.check(message, signature));
        checked.map_err(|_| Bad::Forged)?;
        let command: Self =
            minicbor::decode(envelope.payload.as_deref().unwrap_or_default()).map_err(|_| Bad::Forged)?;
        if !is_short(&command.by) || !is_short(&command.reason) {
            return Err(Bad::Forged);
        }
        if command.kiosk != *kiosk || command.series != series {
            return Err(Bad::OtherKiosk(command.number));
        }
        Ok(command)
    }
}

/// The envelope, if it is spelt as [`Command::sign`] spells it. The algorithm follows from the key.
fn open(signed: &[u8], hub: &VerifyingKey) -> Option<CoseSign1> {
    if signed.len() > LENGTH_MAX {
        return None;
    }
    let envelope = CoseSign1::from_slice(signed).ok()?;
    let plain = envelope.protected.original_data == header(hub).to_vec().ok()
        && envelope.unprotected.is_empty()
        && envelope.payload.is_some();
    (plain && envelope.clone().to_vec().is_ok_and(|again| again == signed)).then_some(envelope)
}

fn header(key: &VerifyingKey) -> Header {
    let id = digest::digest(&digest::SHA256, &key.0).as_ref()[..8].to_vec();
    HeaderBuilder::new().algorithm(iana::Algorithm::EdDSA).key_id(id).build()
}

fn is_short(text: &str) -> bool {
    text.chars().count() <= TEXT_MAX && !text.chars().any(char::is_control)
}

fn half(bytes: &[u8]) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&digest::digest(&digest::SHA256, bytes).as_ref()[..16]);
    half
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_survives_and_no_change_of_any_byte_is_accepted() {
        for what in all() {
            let command = Command { asked: Asked::from(&what), ..command() };
            let signed = command.sign(&hub()).unwrap();
            assert_eq!(read(&signed), Ok(command));
            for at in 0..signed.len() {
                let mut bytes = signed.clone();
                bytes[at] ^= 1;
                assert_eq!(read(&bytes), Err(Bad::Forged), "byte {at}");
            }
            assert_eq!(read(&[&signed[..], b"\0"].concat()), Err(Bad::Forged));
            assert_eq!(read(&signed[..signed.len() - 1]), Err(Bad::Forged));
        }
        assert_eq!(read(&[0; LENGTH_MAX + 1]), Err(Bad::Forged));
        assert_eq!(read(b""), Err(Bad::Forged));
    }

    #[test]
    fn another_kiosk_and_another_key_are_told_from_a_forgery() {
        let signed = command().sign(&hub()).unwrap();
        let series = command().series;
        let other = Command::verify(&signed, &hub().verifying(), (&"west-1".parse().unwrap(), series));
        assert_eq!(other, Err(Bad::OtherKiosk(3)));
        let renewed = super::series(&hub().verifying(), &SigningKey::from_seed(&[9; 32]).verifying());
        let renewed = Command::verify(&signed, &hub().verifying(), (&command().kiosk, renewed));
        assert_eq!(renewed, Err(Bad::OtherKiosk(3)));
        let stranger = SigningKey::from_seed(&[4; 32]);
        assert_eq!(read(&command().sign(&stranger).unwrap()), Err(Bad::Forged));
    }

    #[test]
    fn what_a_later_version_asks_is_unknown_and_its_number_is_read() {
        // A kind 77 with a text in it.
        let later = Command { asked: Asked(vec![0x82, 0x18, 77, 0x81, 0x61, b'x']), ..command() };
        let order = minicbor::to_vec(&later).unwrap();
        let envelope = CoseSign1Builder::new()
            .protected(header(&hub().verifying()))
            .payload(order)
            .create_signature(EXTERNAL, |message| hub().sign(message))
            .build();
        let read = read(&envelope.to_vec().unwrap()).unwrap();
        assert_eq!((read.number, read.asked.what()), (3, None));
        assert_eq!(later.sign(&hub()), None, "this version issues only what it knows");
    }

    #[test]
    fn texts_are_short_and_of_one_line() {
        for text in ["x".repeat(TEXT_MAX + 1), "two\nlines".to_owned()] {
            assert_eq!(Command { by: text.clone(), ..command() }.sign(&hub()), None);
            assert_eq!(Command { reason: text.clone(), ..command() }.sign(&hub()), None);
            let asked = Asked::from(&What::Notice { number: 1, text });
            assert_eq!(Command { asked, ..command() }.sign(&hub()), None);
        }
        let long = "防".repeat(TEXT_MAX);
        let asked = Asked::from(&What::Notice { number: 1, text: long.clone() });
        let longest = Command { asked, by: long.clone(), reason: long, ..command() };
        assert!(longest.sign(&hub()).is_some(), "the longest texts fit");
    }

    fn read(signed: &[u8]) -> Result<Command, Bad> {
        Command::verify(signed, &hub().verifying(), (&command().kiosk, command().series))
    }

    fn all() -> [What; 5] {
        [
            What::Notice { number: 12, text: "第12号通告".to_owned() },
            What::LaneService { lane: "in-1".parse().unwrap(), service: Service::Out },
            What::RenewKey,
            What::SendNow,
            What::Mode { mode: AreaMode::Sealed },
        ]
    }

    fn command() -> Command {
        Command {
            kiosk: "east-1".parse().unwrap(),
            series: series(&hub().verifying(), &SigningKey::from_seed(&[2; 32]).verifying()),
            number: 3,
            issued: Wall(1_790_000_000_000),
            not_after: Some(Wall(1_790_003_600_000)),
            asked: Asked::from(&What::SendNow),
            by: "王站长".to_owned(),
            reason: "演练".to_owned(),
        }
    }

    fn hub() -> SigningKey {
        SigningKey::from_seed(&[1; 32])
    }
}
