//! One step of one subject, and what became of it.

use super::recheck::Recheck;
use crate::base::AttendantId;
use crate::config::step_rule::Came;
use crate::config::{Ask, StepRule};
use crate::model::step::PlateSource;
use crate::model::{
    Attestation, Authenticity, CredentialKind, Currency, Evidence, ModuleColour, NotMeasured, PlateOrigin,
    Reason, Role, StepOutcome,
};

/// One step of one subject.
#[derive(Clone, Debug)]
pub struct Step {
    /// What the profile says of it.
    pub rule: StepRule,
    /// What became of it so far.
    pub outcome: StepOutcome,
    /// Attempts that did not satisfy it.
    pub attempts: u8,
    /// Screenings in a row that were below the threshold temperature.
    pub below: u8,
    /// Screenings taken in all, those of a recheck and those without a value among them.
    pub screened: u8,
    /// What follows a reading within the guard band.
    pub recheck: Recheck,
    /// How often a dwell was broken off.
    pub interruptions: u8,
    /// Who has signed so far, and as what.
    pub(super) signed: Vec<(AttendantId, Role)>,
    /// Why an attendant has to look at it.
    attention: Option<Reason>,
    /// The colour of the code that an attendant is to look at. Nothing follows from it.
    pub(super) colour: Option<ModuleColour>,
}

impl Step {
    pub(super) fn new(rule: &StepRule) -> Self {
        Self {
            rule: rule.clone(),
            outcome: StepOutcome::Open,
            attempts: 0,
            below: 0,
            screened: 0,
            recheck: Recheck::default(),
            interruptions: 0,
            signed: vec![],
            attention: None,
            colour: None,
        }
    }

    /// The same step as another profile has it. What counted from an earlier passage has to count there as well.
    pub(super) fn under(self, rule: &StepRule) -> Self {
        if (self.is_of_memory() || self.is_carried()) && self.rule != *rule {
            return Self::new(rule);
        }
        Self { rule: rule.clone(), ..self }
    }

    /// Whether nothing came of it yet, and nobody was called to it.
    pub fn is_untried(&self) -> bool {
        self.outcome == StepOutcome::Open
            && self.attempts == 0
            && self.screened == 0
            && self.attention.is_none()
    }

    /// Whether what a pass says of an earlier screening has settled it.
    pub fn is_carried(&self) -> bool {
        matches!(self.outcome, StepOutcome::Done(Evidence::Carried { .. }))
    }

    /// Whether a pass of the hub has settled it.
    pub fn is_by_pass(&self) -> bool {
        match &self.outcome {
            StepOutcome::Done(Evidence::Credential { kind, .. }) => *kind == CredentialKind::HubPass,
            StepOutcome::Done(Evidence::Plate { source, .. }) => *source == PlateSource::Pass,
            StepOutcome::Done(_)
            | StepOutcome::Open
            | StepOutcome::Waived { .. }
            | StepOutcome::Failed { .. }
            | StepOutcome::NotMeasured(_) => false,
        }
    }

    /// Whether a plate has settled it, wherever it became known.
    pub fn is_plate(&self) -> bool {
        matches!(self.outcome, StepOutcome::Done(Evidence::Plate { .. }))
    }

    /// Whether earlier passages, or the time, have settled it or called the attendant to it.
    pub fn is_of_memory(&self) -> bool {
        match &self.outcome {
            StepOutcome::Done(Evidence::Remembered { .. } | Evidence::Entitled) => true,
            StepOutcome::Open => matches!(self.rule.ask, Ask::Entitlement { .. }),
            StepOutcome::Done(_)
            | StepOutcome::Waived { .. }
            | StepOutcome::Failed { .. }
            | StepOutcome::NotMeasured(_) => false,
        }
    }

    /// Done.
    pub fn settle(&mut self, evidence: Evidence) {
        self.outcome = StepOutcome::Done(evidence);
        self.attention = None;
    }

    /// Set aside.
    pub fn waive(&mut self, outcome: StepOutcome) {
        self.outcome = outcome;
        self.attention = None;
    }

    /// Tried, and not satisfied.
    pub fn fail(&mut self, reason: Reason, evidence: Option<Evidence>) {
        self.outcome = StepOutcome::Failed { reason, evidence };
        self.attention = Some(reason);
    }

    /// Tried, and nothing measured. An attendant looks once the attempts are used up.
    pub fn not_measured(&mut self, why: NotMeasured) {
        self.outcome = StepOutcome::NotMeasured(why);
        if self.attempts >= self.rule.attempts {
            self.attention = Some(Reason::TemperatureNotMeasured);
        }
    }

    /// An attendant has to look.
    pub fn call_attendant(&mut self, reason: Reason) {
        self.attention = Some(reason);
    }

    /// A dwell was broken off: it starts over, and an attendant has to look.
    pub fn interrupted(&mut self) {
        self.interruptions = self.interruptions.saturating_add(1);
        self.attention = Some(Reason::DwellInterrupted);
    }

    /// What was wrong has been mended.
    pub fn calm(&mut self) {
        self.attention = None;
    }

    /// Why an attendant has to look, while the step is not settled.
    pub fn attention(&self) -> Option<Reason> {
        self.attention
    }

    /// Whether somebody has to look into the answer that was given.
    pub fn to_confirm(&self) -> bool {
        matches!(self.outcome, StepOutcome::Failed { reason: Reason::AnswerToConfirm, .. })
    }

    /// Starts over. How often it was screened stays known: it is the same person.
    pub fn reopen(&mut self) {
        *self = Self { screened: self.screened, ..Self::new(&self.rule) };
    }

    /// Whether this became of it.
    pub fn came(&self, came: &Came) -> bool {
        let evidence = match &self.outcome {
            StepOutcome::Done(evidence) => evidence,
            StepOutcome::Waived { .. } => return *came == Came::Waived,
            StepOutcome::Open | StepOutcome::Failed { .. } | StepOutcome::NotMeasured(_) => return false,
        };
        match (came, evidence) {
            (Came::Done, _) => true,
            (Came::Waived, _) => false,
            (Came::Verified, Evidence::RosterEntry) => true,
            (Came::Verified, Evidence::Credential { authentic, current, .. }) => {
                (*authentic, *current) == (Authenticity::Genuine, Currency::Current)
            }
            (Came::Attested, Evidence::Credential { authentic, current, .. }) => {
                (*authentic, *current) != (Authenticity::Genuine, Currency::Current)
            }
            (Came::Attested, Evidence::Attested { .. }) => true,
            (Came::Answered { answers }, Evidence::Answered { answer, .. }) => answers.contains(answer),
            (Came::Listed, Evidence::Answered { listed, .. }) => *listed == Some(true),
            (Came::Local, Evidence::Plate { origin, .. }) => *origin == Some(PlateOrigin::Local),
            (Came::OutOfTown, Evidence::Plate { origin, .. }) => {
                matches!(origin, Some(PlateOrigin::OutOfTown | PlateOrigin::Unplaced))
            }
            (
                Came::Verified
                | Came::Attested
                | Came::Answered { .. }
                | Came::Listed
                | Came::Local
                | Came::OutOfTown,
                _,
            ) => false,
        }
    }

    /// What an attest step asks to confirm.
    pub fn attested(&self) -> Option<Attestation> {
        self.rule.attested()
    }

    pub(super) fn is_settled(&self) -> bool {
        self.outcome.is_settled()
    }
}
