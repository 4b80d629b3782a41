//! The steps of one subject, in the profile's order, and what became of each.

use crate::base::{AttendantId, Slug};
use crate::config::rules::{State, states};
use crate::config::{Ask, Profile, StepRule};
use crate::control::{Refused, StepState, StepStatus};
use crate::model::{
    Attestation, Class, Direction, Evidence, NotMeasured, Reason, StepKind, StepOutcome, StepRecord,
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
    /// Why an attendant has to look at it.
    attention: Option<Reason>,
}

impl Step {
    fn new(rule: &StepRule) -> Self {
        Self { rule: rule.clone(), outcome: StepOutcome::Open, attempts: 0, attention: None }
    }

    /// Done.
    pub fn settle(&mut self, evidence: Evidence) {
        self.outcome = StepOutcome::Done(evidence);
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

    /// Why an attendant has to look, while the step is not settled.
    pub fn attention(&self) -> Option<Reason> {
        self.attention
    }

    /// Starts over.
    pub fn reopen(&mut self) {
        *self = Self::new(&self.rule);
    }

    fn same_as(&self, rule: &StepRule) -> bool {
        self.rule.kind() == rule.kind() && attested(&self.rule) == attested(rule)
    }
}

/// All steps of one subject.
#[derive(Clone, Debug)]
pub struct Steps {
    list: Vec<Step>,
}

impl Steps {
    /// The steps that `profile` asks of `class` in `direction`, all open.
    pub fn new(profile: &Profile, direction: Direction, class: Class) -> Self {
        Self { list: profile.steps_for(direction, class).map(Step::new).collect() }
    }

    /// Changes to the steps of another profile or class; what is done stays done.
    pub fn change(&mut self, profile: &Profile, direction: Direction, class: Class) {
        let mut earlier = std::mem::take(&mut self.list);
        let carried = |rule: &StepRule| {
            let found = earlier.iter().position(|step| step.same_as(rule));
            found.map_or_else(|| Step::new(rule), |at| Step { rule: rule.clone(), ..earlier.swap_remove(at) })
        };
        self.list = profile.steps_for(direction, class).map(carried).collect();
    }

    /// The first step of `kind` that is not settled.
    pub fn unsettled(&mut self, kind: StepKind) -> Option<&mut Step> {
        self.list.iter_mut().find(|step| step.rule.kind() == kind && !step.outcome.is_settled())
    }

    /// The same, or the refusal that says so.
    pub fn unsettled_or_refuse(&mut self, kind: StepKind) -> Result<&mut Step, Refused> {
        self.unsettled(kind).ok_or(Refused::StepNotOpen { step: kind })
    }

    /// The attest step for `what` that is not settled.
    pub fn attest(&mut self, what: Attestation) -> Option<&mut Step> {
        self.list.iter_mut().find(|step| attested(&step.rule) == Some(what) && !step.outcome.is_settled())
    }

    /// The step that is asked for now: the first that is not settled.
    pub fn asked(&self) -> Option<&Step> {
        self.list.iter().find(|step| !step.outcome.is_settled())
    }

    /// The same, to change it.
    pub fn asked_mut(&mut self) -> Option<&mut Step> {
        self.list.iter_mut().find(|step| !step.outcome.is_settled())
    }

    /// Takes back what settled the first step of `kind`, as if it had not been tried.
    pub fn take_back(&mut self, kind: StepKind) {
        if let Some(step) = self.list.iter_mut().find(|step| step.rule.kind() == kind) {
            step.reopen();
        }
    }

    /// Whether every step is done or waived.
    pub fn all_settled(&self) -> bool {
        self.asked().is_none()
    }

    /// The kinds that are neither done nor waived.
    pub fn open(&self) -> impl Iterator<Item = StepKind> {
        self.list.iter().filter(|step| !step.outcome.is_settled()).map(|step| step.rule.kind())
    }

    /// Sets the first open step of `kind` aside.
    ///
    /// # Errors
    ///
    /// When there is none, or its rule does not know `reason`.
    pub fn waive(&mut self, kind: StepKind, by: &AttendantId, reason: &Slug) -> Result<(), Refused> {
        let step = self.unsettled_or_refuse(kind)?;
        if !step.rule.may_waive(reason) {
            return Err(Refused::WaiverNotAllowed { step: kind });
        }
        step.outcome = StepOutcome::Waived { by: by.clone(), reason: reason.clone() };
        step.attention = None;
        Ok(())
    }

    /// How each step of `profile`, by which these were made, stands: what its rules are told.
    pub fn states(&self, profile: &Profile) -> Vec<State> {
        let mut mine = self.list.iter().peekable();
        let state = |rule: &StepRule| match mine.next_if(|step| step.rule == *rule) {
            Some(step) => {
                let state = State::of(&step.outcome, step.attention);
                debug_assert!(states::of(rule).contains(&state), "no proof knows {state:?} of {rule:?}");
                state
            }
            None => State::Absent,
        };
        let states = profile.steps.iter().map(state).collect();
        assert!(mine.next().is_none(), "a step that profile {} does not ask for", profile.id);
        states
    }

    /// Whether the thermometer should be looking.
    pub fn wants_screening(&self) -> bool {
        let step = self.list.iter().find(|step| step.rule.kind() == StepKind::Temperature);
        step.is_some_and(|step| match step.outcome {
            StepOutcome::Open | StepOutcome::NotMeasured(_) => step.attempts < step.rule.attempts,
            StepOutcome::Done(_) | StepOutcome::Waived { .. } | StepOutcome::Failed { .. } => false,
        })
    }

    /// What an attendant could attest now.
    pub fn attestations(&self) -> Vec<Attestation> {
        let unsettled = self.list.iter().filter(|step| !step.outcome.is_settled());
        let what = |step: &Step| match (attested(&step.rule), step.rule.kind(), step.attention) {
            (Some(what), _, _) => Some(what),
            (None, StepKind::Credential, Some(Reason::CredentialUnverified | Reason::ClockUntrusted)) => {
                Some(Attestation::UnverifiedCredential)
            }
            // In place of what was refused nothing is attested: a person decides.
            (None, StepKind::Credential, Some(_)) if matches!(step.outcome, StepOutcome::Failed { .. }) => {
                None
            }
            (None, StepKind::Credential, Some(_)) => Some(Attestation::Papers),
            (None, _, _) => None,
        };
        unsettled.filter_map(what).collect()
    }

    /// The rules of the steps that are not settled, in order.
    pub fn open_rules(&self) -> impl Iterator<Item = &StepRule> {
        self.list.iter().filter(|step| !step.outcome.is_settled()).map(|step| &step.rule)
    }

    /// The steps as a record holds them.
    pub fn record(&self) -> Vec<StepRecord> {
        let record = |step: &Step| StepRecord { kind: step.rule.kind(), outcome: step.outcome.clone() };
        self.list.iter().map(record).collect()
    }

    /// The steps as a screen shows them.
    pub fn status(&self) -> Vec<StepStatus> {
        let mut asked = true;
        let status = |step: &Step| {
            let state = state(step, asked);
            asked &= step.outcome.is_settled();
            let (kind, attest) = (step.rule.kind(), attested(&step.rule));
            StepStatus { kind, attest, state, waivers: step.rule.waivers.clone() }
        };
        self.list.iter().map(status).collect()
    }
}

fn state(step: &Step, asked: bool) -> StepState {
    match (&step.outcome, step.attention) {
        (StepOutcome::Done(_), _) => StepState::Done,
        (StepOutcome::Waived { by, .. }, _) => StepState::Waived { by: by.clone() },
        (StepOutcome::Failed { reason, .. }, _) => StepState::Failed { reason: *reason },
        (StepOutcome::Open | StepOutcome::NotMeasured(_), Some(reason)) => {
            StepState::NeedsAttendant { reason }
        }
        (StepOutcome::Open | StepOutcome::NotMeasured(_), None) if asked => StepState::Asked,
        (StepOutcome::Open | StepOutcome::NotMeasured(_), None) => StepState::Open,
    }
}

fn attested(rule: &StepRule) -> Option<Attestation> {
    match &rule.ask {
        Ask::Attest { what } => Some(*what),
        Ask::Credential { .. }
        | Ask::Temperature
        | Ask::Registration { .. }
        | Ask::Plate { .. }
        | Ask::Occupants { .. }
        | Ask::Disinfection { .. } => None,
    }
}
