//! What a kiosk trusts of others: keys of issuers, rules, and what was revoked, with the age of each list.
//!
//! The hub builds it as one file ([mod@file]) of lists that others publish ([`source`]), signs it, and gives it to its kiosks.

pub mod file;
mod filter;
pub mod revocation;
pub mod source;

use std::sync::{Arc, PoisonError, RwLock};

use super::key::Keys;
use super::report::{Fault, Moment, Report};
use super::rules::{Judgement, Rules};
use crate::base::Wall;
use crate::model::trust_list::{ListAge, TrustList, TrustListKind};
use crate::model::{Admissible, Authenticity, CredentialKind, Currency};

use revocation::{RevocationId, Revoked};

/// What lanes go by while a later file may take its place; clones are one.
#[derive(Clone, Debug, Default)]
pub struct Shared(Arc<RwLock<Arc<Trusted>>>);

impl Shared {
    /// What is in force now. Whoever holds it goes by it to the end.
    pub fn get(&self) -> Arc<Trusted> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another in force, for whoever asks from now on.
    pub fn replace(&self, by: Trusted) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(by);
    }
}

/// Keys, rules and revocations.
#[derive(Clone, Debug, Default)]
pub struct Trusted {
    /// Which of the hub's files this is: the higher, the later.
    pub version: u64,
    /// When it was built: a time that has certainly passed.
    pub built: Wall,
    /// What it is built of.
    pub lists: Vec<TrustList>,
    /// Keys of issuers.
    pub keys: Keys,
    /// What is enough.
    pub rules: Rules,
    /// What was revoked.
    pub revoked: Revoked,
}

impl Trusted {
    /// What is left where the file cannot be read: nothing is trusted, and nobody knows what was revoked.
    pub fn lost() -> Self {
        Self { revoked: Revoked::lost(), ..Self::default() }
    }

    /// Says what `payload` is and what is known of it: by the signature, by what was revoked, and by the age of the lists
    /// that say so.
    pub fn verify(&self, payload: &[u8], moment: &Moment) -> Report {
        let moment = self.since_built(moment);
        let report = super::verify(payload, &self.keys, &moment);
        if report.authentic != Authenticity::Genuine {
            return report;
        }
        let revoked = report.revocable.iter().map(|id| self.revoked.holds(id, report.not_before));
        let report = match revoked.collect::<Result<Vec<bool>, _>>() {
            Ok(found) if found.contains(&true) => return report.with(Fault::Revoked),
            Ok(_) => report,
            // Nobody knows. That it is is not said of anybody, nor that it is not.
            Err(_) if report.current == Currency::Current => {
                Report { current: Currency::Unknown, ..report }.with(Fault::Unreadable)
            }
            Err(_) => report,
        };
        let now = self.latest(&moment);
        let of_key = report.list.and_then(|list| self.lists.get(usize::from(list)));
        let of_revoked = self.lists.iter().filter(|list| revoked_of(report.kind) == Some(list.kind));
        let stale = of_key.into_iter().chain(of_revoked).any(|list| list.age(now) == ListAge::TooOld);
        if report.current == Currency::Current && stale {
            Report { current: Currency::ListsTooOld, ..report }.with(Fault::ListsTooOld)
        } else {
            report
        }
    }

    /// Whether what `report` is about is enough, and which rules it does not meet. By rules that are too old nothing is.
    pub fn judge(&self, report: &Report, moment: &Moment) -> Judgement<'_> {
        let now = self.latest(moment);
        let judgement = self.rules.judge(report, moment.now);
        let rules = self.lists.iter().filter(|list| list.kind == TrustListKind::Rules);
        let stale = rules.into_iter().any(|list| list.age(now) == ListAge::TooOld);
        match judgement.admissible {
            Admissible::Yes if stale => Judgement { admissible: Admissible::Unknown, ..judgement },
            Admissible::Yes | Admissible::No | Admissible::Unknown => judgement,
        }
    }

    /// Whether the hub revoked the pass with this identifier, and whether its list of them is too old to say.
    pub fn pass(&self, pass: &[u8], moment: &Moment) -> PassState {
        match self.revoked.holds(&RevocationId::of_pass(pass), None) {
            Ok(true) => PassState::Revoked,
            Ok(false) => {
                let now = self.latest(moment);
                let mut lists = self.lists.iter().filter(|list| list.kind == TrustListKind::PassesRevoked);
                if lists.any(|list| list.age(now) == ListAge::TooOld) {
                    PassState::ListTooOld
                } else {
                    PassState::Good
                }
            }
            Err(_) => PassState::Unreadable,
        }
    }

    /// The oldest age of any list.
    pub fn age(&self, now: Wall) -> ListAge {
        self.lists.iter().map(|list| list.age(now)).max().unwrap_or(ListAge::Fresh)
    }

    /// The latest that it is known to be: a clock that is behind makes no list younger.
    fn latest(&self, moment: &Moment) -> Wall {
        let Moment { now, passed, .. } = self.since_built(moment);
        now.max(passed)
    }

    /// The moment, with when this was built as a time that has passed.
    pub fn since_built(&self, moment: &Moment) -> Moment {
        let passed = moment.passed.max(self.built);
        Moment { passed, ..*moment }
    }
}

/// How a pass of the hub stands by its list of revoked ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassState {
    /// Not on it.
    Good,
    /// On it.
    Revoked,
    /// Not on it, and it is too old to say so.
    ListTooOld,
    /// It cannot be read.
    Unreadable,
}

/// The list of what was revoked among credentials of `kind`.
const fn revoked_of(kind: CredentialKind) -> Option<TrustListKind> {
    match kind {
        CredentialKind::HealthCertificate => Some(TrustListKind::HcertRevoked),
        CredentialKind::SmartHealthCard => Some(TrustListKind::ShcRevoked),
        CredentialKind::HubPass => Some(TrustListKind::PassesRevoked),
        CredentialKind::IdNumber
        | CredentialKind::HealthLink
        | CredentialKind::NzCovidPass
        | CredentialKind::VdsNc
        | CredentialKind::Divoc
        | CredentialKind::TravelDocument
        | CredentialKind::Phone
        | CredentialKind::SiteCode
        | CredentialKind::Gs1
        | CredentialKind::OnlineCode
        | CredentialKind::Url
        | CredentialKind::Text
        | CredentialKind::Binary
        | CredentialKind::Manifest => None,
    }
}
