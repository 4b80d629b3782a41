//! The steps of one subject, in the profile's order, and what became of each.

use super::entitled::whole_minutes;
use super::input::Screen;
use super::running::Running;
use super::step::Step;
use crate::base::{AttendantId, Slug};
use crate::config::rules::{State, states};
use crate::config::step_rule::Grade;
use crate::config::{Ask, Profile, StepRule};
use crate::control::Refused;
use crate::model::{
    Ago, AreaMode, Attestation, Class, Direction, Evidence, Reason, StepKind, StepOutcome, StepRecord,
};

/// All steps of one subject.
///
/// A step that depends on what became of earlier ones is there from the start and counts only while its condition
/// holds: every look at the list goes through [`live`](Self::live).
#[derive(Clone, Debug)]
pub struct Steps {
    list: Vec<Step>,
    /// What takes its time at the moment.
    pub(super) running: Option<Running>,
}

impl Steps {
    /// The steps that `profile` asks of `class` in `direction` while the area is in `mode`, all open.
    pub fn new(profile: &Profile, direction: Direction, class: Class, mode: AreaMode) -> Self {
        Self { list: profile.steps_for(direction, class, mode).map(Step::new).collect(), running: None }
    }

    /// Changes to the steps of another profile or class; what is done stays done.
    pub fn change(&mut self, profile: &Profile, direction: Direction, class: Class, mode: AreaMode) {
        let mut earlier = std::mem::take(&mut self.list);
        let runs = |step: &&Step| self.running.as_ref().is_some_and(|running| running.step == step.rule.id);
        let rule_of_running = earlier.iter().find(runs).map(|step| step.rule.clone());
        let carried = |rule: &StepRule| {
            let found = earlier.iter().position(|step| rule.carries(&step.rule));
            found.map_or_else(|| Step::new(rule), |at| earlier.swap_remove(at).under(rule))
        };
        self.list = profile.steps_for(direction, class, mode).map(carried).collect();
        // What runs for a step that is no longer asked, or is asked otherwise now, is not for anything.
        let asked = |step: &Step| rule_of_running.as_ref().is_some_and(|rule| step.rule.carries(rule));
        self.running = self.running.take().filter(|_| self.list.iter().any(asked));
    }

    /// The steps that are asked: those whose conditions on earlier ones hold.
    pub(super) fn live(&self) -> impl Iterator<Item = &Step> {
        self.live_indices().map(|index| &self.list[index])
    }

    fn live_indices(&self) -> impl Iterator<Item = usize> {
        (0..self.list.len()).filter(|index| self.is_live(*index))
    }

    /// Ends because a step can only depend on earlier ones.
    fn is_live(&self, index: usize) -> bool {
        self.list[index].rule.when.after.iter().all(|earlier| {
            let before = (0..index).find(|at| self.list[*at].rule.id == earlier.step);
            before.is_some_and(|at| self.is_live(at) && self.list[at].came(&earlier.came))
        })
    }

    fn find_unsettled(&self, wanted: impl Fn(&Step) -> bool) -> Option<usize> {
        self.live_indices().find(|index| !self.list[*index].is_settled() && wanted(&self.list[*index]))
    }

    fn unsettled_that(&mut self, wanted: impl Fn(&Step) -> bool) -> Option<&mut Step> {
        self.find_unsettled(wanted).map(|index| &mut self.list[index])
    }

    /// The first step of `kind` that is not settled.
    pub fn unsettled(&mut self, kind: StepKind) -> Option<&mut Step> {
        self.unsettled_that(|step| step.rule.kind() == kind)
    }

    /// The same, or the refusal that says so.
    pub fn unsettled_or_refuse(&mut self, kind: StepKind) -> Result<&mut Step, Refused> {
        self.unsettled(kind).ok_or(Refused::StepNotOpen { step: kind })
    }

    /// The step called `id`, while it is not settled.
    pub fn named(&mut self, id: &Slug) -> Option<&mut Step> {
        self.unsettled_that(|step| step.rule.id == *id)
    }

    /// Whether the step called `id` is asked and not settled.
    pub fn asks(&self, id: &Slug) -> bool {
        self.find_unsettled(|step| step.rule.id == *id).is_some()
    }

    /// The attest step for `what` that is not settled.
    pub fn attest(&mut self, what: Attestation) -> Option<&mut Step> {
        self.unsettled_that(|step| step.attested() == Some(what))
    }

    /// Settles the step that asks for the place code, if one does.
    pub fn place_code(&mut self) -> Option<()> {
        self.attest(Attestation::PlaceCode).map(|step| step.settle(Evidence::PlaceCode))
    }

    /// The step that is asked for now: the first that is not settled.
    pub fn asked(&self) -> Option<&Step> {
        self.live().find(|step| !step.is_settled())
    }

    /// The same, to change it.
    pub fn asked_mut(&mut self) -> Option<&mut Step> {
        self.unsettled_that(|_| true)
    }

    /// Takes back what settled the first step of `kind`, as if it had not been tried.
    pub fn take_back(&mut self, kind: StepKind) {
        if let Some(step) = self.list.iter_mut().find(|step| step.rule.kind() == kind) {
            step.reopen();
        }
    }

    /// Takes back everything that earlier passages or the time settled or withheld, as if nobody had asked.
    pub fn take_back_remembered(&mut self) {
        self.list.iter_mut().filter(|step| step.is_of_memory()).for_each(Step::reopen);
    }

    /// A pass says that its holder was screened so long ago, and that it was good: as with the kiosk's own records that counts
    /// as long as the step says, and where nothing was tried here.
    pub fn carry(&mut self, ago: Ago) {
        self.each_open(|step| {
            let counts = step.rule.counts_for.zip(ago.most).filter(|(within, most)| most <= within);
            if let Some((_, most)) =
                counts.filter(|_| step.rule.kind() == StepKind::Temperature && step.is_untried())
            {
                step.settle(Evidence::Carried { minutes: whole_minutes(most) });
            }
        });
    }

    /// Takes back what a pass carried.
    pub fn take_back_carried(&mut self) {
        self.list.iter_mut().filter(|step| step.is_carried()).for_each(Step::reopen);
    }

    /// The pass that somebody is known by is doubtful: the step that it settled, such that `settled`, is open again, and an
    /// attendant has to look. Says whether there is one.
    pub fn doubt_pass(&mut self, reason: Reason, settled: impl Fn(&Step) -> bool) -> bool {
        self.take_back_carried();
        let step = self.list.iter_mut().find(|step| settled(step));
        step.map(|step| {
            step.reopen();
            step.call_attendant(reason);
        })
        .is_some()
    }

    /// Calls `change` for each step that is asked and not settled.
    pub fn each_open(&mut self, mut change: impl FnMut(&mut Step)) {
        for index in 0..self.list.len() {
            if self.is_live(index) && !self.list[index].is_settled() {
                change(&mut self.list[index]);
            }
        }
    }

    /// Whether every step is done or waived, and there is one: whoever is asked nothing has shown nothing.
    pub fn all_settled(&self) -> bool {
        self.asked().is_none() && self.live().next().is_some()
    }

    /// The kinds that are neither done nor waived.
    pub fn open(&self) -> impl Iterator<Item = StepKind> {
        self.live().filter(|step| !step.is_settled()).map(|step| step.rule.kind())
    }

    /// Sets the step called `id` aside.
    ///
    /// # Errors
    ///
    /// When it is not open, or its rule does not know `reason`.
    pub fn waive(&mut self, id: &Slug, by: &AttendantId, reason: &Slug) -> Result<(), Refused> {
        let Some(step) = self.named(id) else {
            return Err(Refused::NotNow { why: "this step is not open" });
        };
        if !step.rule.may_waive(reason) {
            return Err(Refused::WaiverNotAllowed { step: step.rule.kind() });
        }
        step.waive(StepOutcome::Waived { by: by.clone(), reason: reason.clone() });
        self.running = self.running.take().filter(|running| running.step != *id);
        Ok(())
    }

    /// How each step of `profile`, by which these were made, stands: what its rules are told.
    pub fn states(&self, profile: &Profile) -> Vec<State> {
        let mut mine = self.list.iter().enumerate().peekable();
        let mut states: Vec<State> = Vec::with_capacity(profile.steps.len());
        for (at, rule) in profile.steps.iter().enumerate() {
            let state = match mine.next_if(|(_, step)| step.rule.id == rule.id) {
                Some((index, step)) if self.is_live(index) => State::of(&step.outcome, step.attention()),
                Some(_) | None => State::Absent,
            };
            debug_assert!(
                state == State::Absent || states::of(rule).contains(&state),
                "no proof knows {state:?} of {rule:?}"
            );
            debug_assert!(
                state == State::Absent || states::follows(&profile.steps, at, &states),
                "{rule:?} is asked where its conditions on earlier steps do not hold"
            );
            states.push(state);
        }
        assert!(mine.next().is_none(), "a step that profile {} does not ask for", profile.id);
        states
    }

    /// How the thermometer should be looking, if it should.
    pub fn screens(&self) -> Option<Screen> {
        let step = self.live().find(|step| step.rule.kind() == StepKind::Temperature)?;
        let by_contact = matches!(step.rule.ask, Ask::Temperature { grade: Grade::Contact, .. });
        let wanted = match step.outcome {
            StepOutcome::Open | StepOutcome::NotMeasured(_) => step.attempts < step.rule.attempts,
            StepOutcome::Done(_) | StepOutcome::Waived { .. } | StepOutcome::Failed { .. } => false,
        };
        let again = step.screened > 0;
        (wanted && !by_contact)
            .then(|| if again { Screen::Again(step.recheck.site()) } else { Screen::Begin })
    }

    /// What an attendant could attest now.
    pub fn attestations(&self) -> Vec<Attestation> {
        let unsettled = self.live().filter(|step| !step.is_settled());
        let what = |step: &Step| match (step.attested(), step.rule.kind(), step.attention()) {
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

    /// Whether anything has been done or tried.
    pub fn begun(&self) -> bool {
        let touched = |step: &Step| step.outcome != StepOutcome::Open || !step.signed.is_empty();
        self.running.is_some() || self.list.iter().any(touched)
    }

    /// Whether disinfection is running.
    pub fn disinfects(&self) -> bool {
        self.running.as_ref().is_some_and(Running::is_spray)
    }

    /// Whether a dwell runs for the step that is asked for now.
    pub fn dwells(&self) -> bool {
        let asked = self.asked().map(|step| &step.rule.id);
        self.running.as_ref().is_some_and(|running| running.is_dwell() && Some(&running.step) == asked)
    }

    /// The steps that are not settled, in order.
    pub fn open_steps(&self) -> impl Iterator<Item = &Step> {
        self.live().filter(|step| !step.is_settled())
    }

    /// Every step that is asked, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Step> {
        self.live()
    }

    /// The steps as a record holds them.
    pub fn record(&self) -> Vec<StepRecord> {
        let record = |step: &Step| {
            let (kind, id) = (step.rule.kind(), step.rule.recorded_id());
            StepRecord { kind, outcome: step.outcome.clone(), id }
        };
        self.live().map(record).collect()
    }
}
