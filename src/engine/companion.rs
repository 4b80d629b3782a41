//! Somebody who shows nothing of their own, and for whom whoever came with them answers: a child, an old person without a
//! telephone, a patient.
//!
//! ```text
//!   Nobody ──an attendant says so──▶ Awaited ──the companion's pass or number──▶ Answers
//!      ◀────────nobody after all────────┘  ◀────────it was taken back──────────────┘
//! ```
//! A companion is as well known as anybody who comes alone: by a genuine pass, or a number that the roster knows. They come
//! with what they are to the place, never with a name or number that would count as the subject's own; that an attendant let
//! them answer is on record by name.

use super::person::PersonSession;
use super::session::{Session, Who};
use crate::base::{AttendantId, Pii};
use crate::config::Ask;
use crate::config::step_rule::Companions;
use crate::control::{CompanionStatus, Refused};
use crate::model::credential::Holder;
use crate::model::{Attestation, Companion, Evidence, StepKind, mask};

/// Who answers for somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Vouching {
    /// They do so themselves.
    #[default]
    Nobody,
    /// What is shown next is their companion's, says this attendant.
    Awaited(AttendantId),
    /// Their companion does; this attendant said so.
    Answers(AttendantId),
}

impl Session {
    /// What the screens show of a companion of whoever is served.
    pub fn companion(&self) -> Option<CompanionStatus> {
        let served = match &self.who {
            Who::Person(person) => Some(&**person),
            Who::Vehicle(vehicle) => vehicle.served(),
        };
        served.and_then(PersonSession::companion)
    }

    /// Whether what is shown now is a companion's.
    pub(super) fn awaits_companion(&self) -> bool {
        matches!(self.companion(), Some(CompanionStatus::Awaited))
    }
}

impl PersonSession {
    /// What is shown next is the companion's.
    pub(super) fn await_companion(&mut self, by: &AttendantId) -> Result<(), Refused> {
        let step = self.steps.unsettled_or_refuse(StepKind::Credential)?;
        let may = matches!(step.rule.ask, Ask::Credential { companions: Companions::Answer, .. });
        if !may {
            return Err(Refused::NotNow { why: "the profile lets no companion answer for anybody" });
        }
        self.vouching = Vouching::Awaited(by.clone());
        Ok(())
    }

    /// They show something of their own after all.
    pub(super) fn no_companion(&mut self) -> Result<(), Refused> {
        match self.vouching {
            Vouching::Awaited(_) => {
                self.vouching = Vouching::Nobody;
                Ok(())
            }
            Vouching::Nobody | Vouching::Answers(_) => {
                Err(Refused::NotNow { why: "no companion is waited for" })
            }
        }
    }

    /// Whether what is shown now is the companion's.
    pub(super) fn awaits_companion(&self) -> bool {
        matches!(self.vouching, Vouching::Awaited(_))
    }

    /// Settles the credential by a companion's pass, where one is waited for.
    pub(super) fn answered_by_pass(&mut self, holder: &Holder) -> Option<Evidence> {
        let (name, pass) = (holder.name.clone(), Some(holder.pass.clone()));
        self.answered_by(Companion { name, pass, ..Companion::default() })
    }

    /// The same by a number that the roster knows.
    pub(super) fn answered_by_number(&mut self, number: &Pii<String>) -> Option<Evidence> {
        self.answered_by(Companion { id_number: Some(number.clone()), ..Companion::default() })
    }

    fn answered_by(&mut self, companion: Companion) -> Option<Evidence> {
        let Vouching::Awaited(by) = self.vouching.clone() else { return None };
        self.vouching = Vouching::Answers(by.clone());
        self.details.companion = Some(companion);
        Some(Evidence::Attested { by, what: Attestation::Companion, colour: None })
    }

    /// What answered may have been another code in view: it is waited for again.
    pub(super) fn doubt_companion(&mut self) {
        if let Vouching::Answers(by) = self.vouching.clone() {
            self.vouching = Vouching::Awaited(by);
            self.details.companion = None;
        }
    }

    /// What the screens show of it; `None` where no companion may answer, or no credential is asked any more.
    pub fn companion(&self) -> Option<CompanionStatus> {
        let open = self.steps.live().find(|step| step.rule.kind() == StepKind::Credential);
        let open = open.filter(|step| !step.is_settled()).map(|step| &step.rule.ask);
        match &self.vouching {
            Vouching::Answers(_) => {
                let companion = self.details.companion.as_ref()?;
                let number = || companion.id_number.as_ref().map(mask::id_number);
                Some(CompanionStatus::Answers {
                    name: companion.name.as_ref().map(mask::name).or_else(number),
                })
            }
            Vouching::Awaited(_) => open.map(|_| CompanionStatus::Awaited),
            Vouching::Nobody => matches!(open?, Ask::Credential { companions: Companions::Answer, .. })
                .then_some(CompanionStatus::MayAnswer),
        }
    }
}
