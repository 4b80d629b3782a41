//! Whether a bundle may rule here: who signed it, for whom, for how long, and whether it goes back behind an earlier one.
//!
//! Nothing here asks a clock. What is judged by time is judged by whoever has a time that can be trusted.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use data_encoding::HEXLOWER_PERMISSIVE;
use ring::signature::{ED25519, UnparsedPublicKey};

use super::{Bundle, Signed};
use crate::base::{Slug, Wall};
use crate::config::error::Mistakes;

/// Longest time for which a bundle may rule: an end that nobody lives to see is none.
const VALIDITY_MAX: Duration = Duration::from_secs(366 * 86_400);

/// How many different people must have signed.
const SIGNERS_MIN: usize = 2;

/// The public key of somebody who may sign policies.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SignerKey(pub [u8; 32]);

impl fmt::Display for SignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for SignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for SignerKey {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok();
        bytes.and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or("expected 64 hexadecimal digits")
    }
}

/// Why a bundle is refused. The policy in force stays.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It is too long.
    #[error("longer than {} bytes", super::FILE_BYTES_MAX)]
    TooLong,
    /// It is something else.
    #[error("no policy bundle: {0}")]
    NoBundle(String),
    /// It says the same in other bytes than a bundle has.
    #[error("not in canonical form")]
    NotCanonical,
    /// A signature by a trusted key is not one of this bundle.
    #[error("the signature of {0} does not match: altered after it was signed")]
    Altered(SignerKey),
    /// Too few of the trusted signers have signed.
    #[error("signed by {0} of the trusted signers; at least two different ones must sign")]
    TooFewSigners(usize),
    /// It is for other places.
    #[error("for {for_sites}, not for {site}")]
    OtherSite {
        /// This one.
        site: Slug,
        /// Those.
        for_sites: String,
    },
    /// It has no end.
    #[error("has no end date")]
    NoEnd,
    /// It ends before it begins, or much later.
    #[error("must end after it begins, and at most 366 days later")]
    BadSpan,
    /// It has ended.
    #[error("ended at {}", .0.as_secs())]
    Ended(Wall),
    /// One of this version, or a later one, was here before.
    #[error("version {version} is not newer than version {known}, which was here before")]
    RolledBack {
        /// Its version.
        version: u64,
        /// The newest version that was here.
        known: u64,
    },
    /// A temperature is none that a person can have, as a value in °F.
    #[error("a threshold is outside what a person's skin can have in °C")]
    Thresholds,
    /// It cites a notice that it does not carry.
    #[error("cites notice {0}, which it does not carry")]
    NoSuchNotice(u32),
    /// A profile asks for what everybody is forgotten by then.
    #[error("profile {profile} asks what was {days} days ago; here nobody is recognised for so long")]
    Forgotten {
        /// Which profile.
        profile: Slug,
        /// How far back it looks.
        days: u64,
    },
    /// Its profiles cannot be used.
    #[error("{0}")]
    Profiles(#[from] Mistakes),
    /// Its rules are not sound.
    #[error("{0}")]
    Rules(String),
}

/// What a bundle is held against.
#[derive(Clone, Debug)]
pub struct Terms<'t> {
    /// This place.
    pub site: &'t Slug,
    /// Who may sign.
    pub signers: &'t [SignerKey],
    /// The newest version that was here.
    pub known: u64,
    /// A time that is certainly not later than now, where one is known.
    pub passed: Option<Wall>,
}

/// The bytes that are signed: no other key of Kakou signs anything that begins like this.
pub fn signed_bytes(bundle: &Bundle) -> Vec<u8> {
    [b"kakou policy bundle 1\0".as_slice(), &bundle.content()].concat()
}

/// Reads `bytes` and says whether they may rule here, as far as no rules of profiles are concerned.
///
/// # Errors
///
/// The first thing that stands against it.
pub fn verify(bytes: &[u8], terms: &Terms<'_>) -> Result<Bundle, Refusal> {
    let signed = Signed::decode(bytes)?;
    let message = signed_bytes(&signed.bundle);
    let mut by = BTreeSet::new();
    for signature in &signed.signatures {
        let key = SignerKey(signature.key);
        // Whom nobody trusts may sign as well; it says nothing.
        if !terms.signers.contains(&key) {
            continue;
        }
        let good = UnparsedPublicKey::new(&ED25519, key.0).verify(&message, &signature.signature);
        good.map_err(|_| Refusal::Altered(key))?;
        by.insert(key);
    }
    if by.len() < SIGNERS_MIN {
        return Err(Refusal::TooFewSigners(by.len()));
    }
    let bundle = signed.bundle;
    if !bundle.sites.contains(terms.site) {
        let for_sites = bundle.sites.iter().map(Slug::as_str).collect::<Vec<_>>().join(", ");
        return Err(Refusal::OtherSite { site: terms.site.clone(), for_sites });
    }
    if bundle.version <= terms.known {
        return Err(Refusal::RolledBack { version: bundle.version, known: terms.known });
    }
    check(&bundle)?;
    match bundle.until {
        Some(until) if terms.passed.is_some_and(|passed| until <= passed) => Err(Refusal::Ended(until)),
        Some(_) | None => Ok(bundle),
    }
}

/// Whether `bundle` is one that people may sign at all.
///
/// # Errors
///
/// The first thing that stands against it.
pub fn check(bundle: &Bundle) -> Result<(), Refusal> {
    let until = bundle.until.ok_or(Refusal::NoEnd)?;
    if until <= bundle.from || until > bundle.from + VALIDITY_MAX {
        return Err(Refusal::BadSpan);
    }
    if !bundle.thresholds.is_plausible() {
        return Err(Refusal::Thresholds);
    }
    if let Some(number) = bundle.notice.filter(|_| bundle.notice_title().is_none()) {
        return Err(Refusal::NoSuchNotice(number));
    }
    bundle.profiles()?;
    Ok(())
}
