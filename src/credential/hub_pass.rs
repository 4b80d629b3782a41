//! Passes signed by a hub.
//!
//! # Format
//!
//! `KK1:` and the base45 (RFC 9285) of a COSE_Sign1 (RFC 9052), untagged and in shortest form:
//!
//! ```text
//! [ bstr {1: -8 (EdDSA), 4: key id}, {}, bstr claims, bstr signature ]
//! ```
//!
//! The code of a rotating pass has one thing more, in the map in the middle: under key -65537 what shows that it is of now,
//! [20 bytes](super::turn). The signature is not over it.
//!
//! The key id is the first 8 bytes of the SHA-256 of the Ed25519 public key; the external data of the signature is
//! `kakou pass 1`; [`claims`](super::claims) has the claims. The whole is at most 300 characters of the QR alphanumeric
//! mode, so that the symbol stays small.
//!
//! A pass has exactly one spelling: what differs by one byte from what this module writes is refused, even if the
//! signature would match.

use coset::cbor::Value;
use coset::{CborSerializable, CoseSign1, CoseSign1Builder, Header, HeaderBuilder, Label, iana};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use super::Trust;
use super::claims::{BadBytes, Claims};
use super::report::Moment;
use super::trusted::{PassState, Trusted};
use super::turn::Turn;
use crate::base::{ClockTrust, Pii, Wall};
use crate::model::credential::Purpose;
use crate::model::{Admissible, Ago, Authenticity, Credential, CredentialKind, Currency, Holder};

/// How every pass begins.
pub const PREFIX: &str = "KK1:";

/// Longest pass, in characters.
pub const LENGTH_MAX: usize = 300;

const EXTERNAL: &[u8] = b"kakou pass 1";

/// Where a code of a rotating pass shows that it is of now; of the labels for private use.
const TURN_LABEL: i64 = -65_537;

/// What a turn adds to a pass, in characters: 26 bytes, base45.
const TURN_CHARACTERS: usize = 39;

/// Why no pass can be issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadClaims {
    /// The claims contradict each other: a vehicle without a plate, a person with one, an end before the start.
    #[error("the claims contradict each other")]
    Unsound,
    /// The pass would not fit into a small symbol.
    #[error("a pass has at most {LENGTH_MAX} characters: shorten the site, the name or the list of lanes")]
    TooLong,
}

/// The key id of a `public` key.
pub fn key_id(public: &[u8; 32]) -> [u8; 8] {
    let digest = ring::digest::digest(&ring::digest::SHA256, public);
    let mut id = [0; 8];
    id.copy_from_slice(&digest.as_ref()[..8]);
    id
}

/// Signs a pass with the hub's `signer`.
///
/// # Errors
///
/// When the claims make no pass, or too long a one.
pub fn issue(claims: &Claims, signer: &Ed25519KeyPair) -> Result<String, BadClaims> {
    if !claims.is_sound() {
        return Err(BadClaims::Unsound);
    }
    let mut public = [0; 32];
    public.copy_from_slice(signer.public_key().as_ref());
    let envelope = CoseSign1Builder::new()
        .protected(header(&key_id(&public)))
        .payload(claims.encode())
        .create_signature(EXTERNAL, |message| signer.sign(message).as_ref().to_vec())
        .build();
    let bytes = envelope.to_vec().map_err(|_| BadClaims::Unsound)?;
    let pass = format!("{PREFIX}{}", base45::encode(bytes));
    // Whoever shows it adds the turn: then it still has to fit.
    let longest = if claims.anchor.is_some() { LENGTH_MAX - TURN_CHARACTERS } else { LENGTH_MAX };
    if pass.len() <= longest { Ok(pass) } else { Err(BadClaims::TooLong) }
}

/// The code that a rotating `pass` is shown by in this `turn`; `None` where it is no pass that turns.
pub fn turned(pass: &str, turn: &Turn) -> Option<String> {
    let mut envelope = open(pass.as_bytes())?;
    claims_of(&envelope).ok()?.anchor?;
    envelope.unprotected = unprotected(Some(turn));
    Some(format!("{PREFIX}{}", base45::encode(envelope.to_vec().ok()?)))
}

/// What a pass of the hub with this `public` key says, whatever the time; `None` where it is none.
pub fn own(pass: &str, public: &[u8; 32]) -> Option<Claims> {
    let envelope = open(pass.as_bytes()).filter(|envelope| is_signed(envelope, public))?;
    claims_of(&envelope).ok()
}

/// Checks a payload that begins with [`PREFIX`].
pub(super) fn check(payload: &[u8], trust: &Trust, lists: &Trusted, moment: &Moment) -> Credential {
    let answer = |authentic, current| Credential {
        kind: CredentialKind::HubPass,
        authentic,
        current,
        admissible: Admissible::Unknown,
        holder: None,
        manifest: None,
        online: None,
        colour: None,
    };
    let Some(envelope) = open(payload) else { return answer(Authenticity::Forged, Currency::Unknown) };
    let mut named =
        trust.keys.iter().filter(|key| key_id(key)[..] == envelope.protected.header.key_id).peekable();
    if named.peek().is_none() {
        return answer(Authenticity::UnknownIssuer, Currency::Unknown);
    }
    if !named.any(|key| is_signed(&envelope, key)) {
        return answer(Authenticity::Forged, Currency::Unknown);
    }
    let turn = turn_of(&envelope);
    match claims_of(&envelope) {
        // What is not of a rotating pass has no business there.
        Ok(claims) if claims.anchor.is_none() && turn.is_some() => {
            answer(Authenticity::Forged, Currency::Unknown)
        }
        Ok(claims) => {
            let current = current(&claims, turn.as_ref(), trust, moment);
            let (authentic, current) = match (lists.pass(&claims.pass, moment), current) {
                (PassState::Revoked, _) => (Authenticity::Revoked, current),
                (PassState::ListTooOld, Currency::Current) => (Authenticity::Genuine, Currency::ListsTooOld),
                (PassState::Unreadable, Currency::Current) => (Authenticity::Genuine, Currency::Unknown),
                (PassState::Good | PassState::ListTooOld | PassState::Unreadable, current) => {
                    (Authenticity::Genuine, current)
                }
            };
            Credential { holder: Some(holder(claims, moment)), ..answer(authentic, current) }
        }
        Err(BadBytes::NotUnderstood) => answer(Authenticity::Genuine, Currency::Unknown),
        Err(BadBytes::Malformed) => answer(Authenticity::Forged, Currency::Unknown),
    }
}

/// The envelope, if it is spelt as [`issue`] spells it. The algorithm follows from the key and is not the pass's to say.
fn open(payload: &[u8]) -> Option<CoseSign1> {
    if payload.len() > LENGTH_MAX {
        return None;
    }
    let text = payload.strip_prefix(PREFIX.as_bytes())?;
    let bytes = base45::decode(text).ok().filter(|bytes| base45::encode(bytes).as_bytes() == text)?;
    let envelope = CoseSign1::from_slice(&bytes).ok()?;
    let key_id: [u8; 8] = envelope.protected.header.key_id.as_slice().try_into().ok()?;
    let header = header(&key_id).to_vec().ok();
    let plain = envelope.protected.original_data == header
        && envelope.unprotected == unprotected(turn_of(&envelope).as_ref())
        && envelope.payload.is_some()
        && envelope.signature.len() == 64;
    (plain && envelope.clone().to_vec().is_ok_and(|again| again == bytes)).then_some(envelope)
}

fn header(key_id: &[u8; 8]) -> Header {
    HeaderBuilder::new().algorithm(iana::Algorithm::EdDSA).key_id(key_id.to_vec()).build()
}

fn unprotected(turn: Option<&Turn>) -> Header {
    let header = HeaderBuilder::new();
    let header = match turn {
        Some(turn) => header.value(TURN_LABEL, Value::Bytes(turn.bytes().to_vec())),
        None => header,
    };
    header.build()
}

fn turn_of(envelope: &CoseSign1) -> Option<Turn> {
    let mut rest = envelope.unprotected.rest.iter();
    let (_, value) = rest.find(|(label, _)| *label == Label::Int(TURN_LABEL))?;
    Turn::from_bytes(value.as_bytes()?)
}

fn claims_of(envelope: &CoseSign1) -> Result<Claims, BadBytes> {
    Claims::decode(envelope.payload.as_deref().unwrap_or_default())
}

fn is_signed(envelope: &CoseSign1, key: &[u8; 32]) -> bool {
    let key = UnparsedPublicKey::new(&ED25519, key);
    envelope.verify_signature(EXTERNAL, |signature, message| key.verify(message, signature)).is_ok()
}

fn current(claims: &Claims, turn: Option<&Turn>, trust: &Trust, moment: &Moment) -> Currency {
    let elsewhere =
        trust.lane.as_ref().is_some_and(|lane| !claims.lanes.is_empty() && !claims.lanes.contains(lane));
    if claims.site != trust.site || elsewhere {
        return Currency::WrongSite;
    }
    match (moment.currency(Some(claims.not_before), Some(claims.expires)), &claims.anchor) {
        (Currency::Current, Some(_)) if moment.clock == ClockTrust::None => Currency::ClockUntrusted,
        (Currency::Current, Some(anchor)) => {
            let shown = turn.is_some_and(|turn| {
                turn.is_of(moment.now, claims.not_before) && turn.comes_out_at(anchor, &claims.pass)
            });
            if shown { Currency::Current } else { Currency::OutOfWindow }
        }
        (current, _) => current,
    }
}

fn holder(claims: Claims, moment: &Moment) -> Holder {
    let screened = match claims.purpose {
        Purpose::ReEntry { screened } => screened.map(|at| ago(at, moment)),
        Purpose::Entry | Purpose::Transit { .. } | Purpose::ContactCard => None,
    };
    Holder {
        subject: claims.subject,
        class: claims.class,
        pass: Pii::new(data_encoding::HEXLOWER.encode(&claims.pass)),
        name: claims.name,
        plate: claims.plate,
        purpose: claims.purpose,
        screened,
    }
}

/// How long ago that was, as far as the clocks say; what is to come was at no time.
fn ago(at: Wall, moment: &Moment) -> Ago {
    let passed = moment.now.0.checked_sub(at.0).and_then(|passed| u64::try_from(passed).ok());
    let passed = passed.map(std::time::Duration::from_millis);
    let known = match moment.clock {
        ClockTrust::None => None,
        ClockTrust::Rtc | ClockTrust::Synced => passed,
    };
    Ago { least: known.unwrap_or_default(), most: known }
}
