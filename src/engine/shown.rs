//! What keeps a credential that was shown from counting, whoever it is about.

use crate::model::{Authenticity, Currency, Reason};

/// Why it does not count; none where it is genuine and current.
pub(super) const fn shortcoming(authentic: Authenticity, current: Currency) -> Option<Reason> {
    Some(match (authentic, current) {
        (Authenticity::Genuine, Currency::Current) => return None,
        (Authenticity::Genuine, Currency::Expired) => Reason::CredentialExpired,
        (Authenticity::Genuine, Currency::NotYetValid) => Reason::CredentialNotYetValid,
        (Authenticity::Genuine, Currency::WrongSite) => Reason::CredentialWrongSite,
        (Authenticity::Genuine, Currency::ClockUntrusted) => Reason::ClockUntrusted,
        (Authenticity::Genuine, Currency::ListsTooOld) => Reason::ListsTooOld,
        (Authenticity::Genuine, Currency::OutOfWindow) => Reason::CredentialOutOfWindow,
        (Authenticity::Revoked, _) => Reason::CredentialRevoked,
        (Authenticity::Forged, _) => Reason::CredentialForged,
        (Authenticity::UnknownIssuer, _) => Reason::CredentialUnknownIssuer,
        (Authenticity::Genuine, Currency::Unknown) | (Authenticity::Unverified, _) => {
            Reason::CredentialUnverified
        }
    })
}
