//! What is known of a credential, and the first thing that is wrong with it.

use super::trusted::revocation::RevocationId;
use crate::base::{ClockTrust, Wall};
use crate::model::{Authenticity, CredentialKind, Currency};

/// How far a clock may be off before a credential counts as expired or not yet valid: 5 minutes.
pub const SKEW_SECONDS: i64 = 300;

/// What is known of a credential.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// What it is.
    pub kind: CredentialKind,
    /// Whether a trusted issuer has signed it.
    pub authentic: Authenticity,
    /// Whether it is valid now.
    pub current: Currency,
    /// The first thing that is wrong with it.
    pub fault: Option<Fault>,
    /// Whose key has signed it: a country or an address.
    pub issuer: Option<String>,
    /// When it was issued, or is valid from.
    pub not_before: Option<Wall>,
    /// When it ends.
    pub expires: Option<Wall>,
    /// What it says, for rules; only of what a trusted issuer has signed.
    pub content: Option<serde_json::Value>,
    /// By what it can be revoked.
    pub revocable: Vec<RevocationId>,
    /// Which list of a file of trust has the key that signed it.
    pub list: Option<u16>,
}

impl Report {
    /// Nothing is known but the kind.
    pub fn unverified(kind: CredentialKind) -> Self {
        Self {
            kind,
            authentic: Authenticity::Unverified,
            current: Currency::Unknown,
            fault: None,
            issuer: None,
            not_before: None,
            expires: None,
            content: None,
            revocable: vec![],
            list: None,
        }
    }

    /// The same with a fault, which says what it is not.
    #[must_use]
    pub fn with(self, fault: Fault) -> Self {
        let authentic = match fault {
            Fault::Encoding
            | Fault::Packing
            | Fault::Envelope
            | Fault::Signature
            | Fault::Content
            | Fault::Use => Authenticity::Forged,
            Fault::UnknownKey | Fault::KeyTooOld | Fault::KeyTooNew => Authenticity::UnknownIssuer,
            Fault::Revoked => Authenticity::Revoked,
            Fault::Unsupported | Fault::Part | Fault::NotChecked => Authenticity::Unverified,
            Fault::Expired
            | Fault::NotYetValid
            | Fault::Clock
            | Fault::Several
            | Fault::ListsTooOld
            | Fault::Unreadable => self.authentic,
        };
        Self { authentic, fault: self.fault.or(Some(fault)), ..self }
    }
}

/// The first thing that is wrong with a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// Its characters are not of its alphabet.
    Encoding,
    /// What is compressed in it does not come out, or is too large.
    Packing,
    /// It is no signed message.
    Envelope,
    /// No trusted key is named.
    UnknownKey,
    /// The key's certificate has ended.
    KeyTooOld,
    /// The key's certificate has not begun.
    KeyTooNew,
    /// The signature is not of the key that is named.
    Signature,
    /// What is signed is no credential.
    Content,
    /// The key may not sign what it has signed.
    Use,
    /// A content that is known and not read here.
    Unsupported,
    /// No longer valid.
    Expired,
    /// Not valid yet.
    NotYetValid,
    /// The clock cannot be trusted enough to say whether it is valid.
    Clock,
    /// It certifies several things at once, so that no rule can say which of them counts.
    Several,
    /// A part of a credential that is spread over several codes.
    Part,
    /// Its issuer took it back.
    Revoked,
    /// The lists that say whether it counts are too old.
    ListsTooOld,
    /// The list of what was revoked cannot be read.
    Unreadable,
    /// It is signed in a way that nothing here checks.
    NotChecked,
}

impl Fault {
    /// What is wrong with a credential whose time is this.
    pub const fn of_time(current: Currency) -> Option<Self> {
        match current {
            Currency::Expired => Some(Self::Expired),
            Currency::NotYetValid => Some(Self::NotYetValid),
            Currency::ClockUntrusted => Some(Self::Clock),
            Currency::ListsTooOld => Some(Self::ListsTooOld),
            Currency::Current | Currency::WrongSite | Currency::OutOfWindow | Currency::Unknown => None,
        }
    }

    /// Its name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Encoding => "encoding",
            Self::Packing => "packing",
            Self::Envelope => "envelope",
            Self::UnknownKey => "unknown-key",
            Self::KeyTooOld => "key-too-old",
            Self::KeyTooNew => "key-too-new",
            Self::Signature => "signature",
            Self::Content => "content",
            Self::Use => "key-use",
            Self::Unsupported => "unsupported",
            Self::Expired => "expired",
            Self::NotYetValid => "not-yet-valid",
            Self::Clock => "clock",
            Self::Several => "several",
            Self::Part => "part",
            Self::Revoked => "revoked",
            Self::ListsTooOld => "lists-too-old",
            Self::Unreadable => "revocation-unreadable",
            Self::NotChecked => "signature-not-checked",
        }
    }
}

/// The time, and how far it can be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// What the clock says.
    pub now: Wall,
    /// What stands behind it.
    pub clock: ClockTrust,
    /// A time that has certainly passed.
    pub passed: Wall,
}

impl Moment {
    /// A time that is believed.
    pub const fn sure(now: Wall) -> Self {
        Self { now, clock: ClockTrust::Synced, passed: Wall(0) }
    }

    /// Whether what is valid from `not_before` until `expires` is valid now; what does not say its end may be valid for ever, and
    /// nobody knows.
    pub fn currency(&self, not_before: Option<Wall>, expires: Option<Wall>) -> Currency {
        let now = self.now.as_secs();
        let early = not_before.is_some_and(|start| now.saturating_add(SKEW_SECONDS) < start.as_secs());
        let late = expires.is_some_and(|end| now.saturating_sub(SKEW_SECONDS) >= end.as_secs());
        match self.clock {
            ClockTrust::None if early || late || self.now < self.passed => Currency::ClockUntrusted,
            ClockTrust::None | ClockTrust::Rtc | ClockTrust::Synced if early => Currency::NotYetValid,
            ClockTrust::None | ClockTrust::Rtc | ClockTrust::Synced if late => Currency::Expired,
            ClockTrust::None | ClockTrust::Rtc | ClockTrust::Synced if expires.is_none() => Currency::Unknown,
            ClockTrust::None | ClockTrust::Rtc | ClockTrust::Synced => Currency::Current,
        }
    }
}
