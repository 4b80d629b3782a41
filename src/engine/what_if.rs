//! What a draft would have ruled about passages of the past, before it rules anybody.
//!
//! Compared is what the policy of that time ruled and what the draft rules at the same moment, with the evidence that there was.
//! A step that only the draft asks for was not asked then, so it counts as open: the draft would have asked for more. What
//! cannot be known is not guessed: of a temperature that was plainly below the threshold, a record keeps no value, so a draft with
//! stricter thresholds leaves open what would have become of it.

use super::decide::{decide, party};
use super::replay::{Difference, again};
use crate::base::Slug;
use crate::config::rules::{Facts, Grade, Party, Ruling, State, states};
use crate::config::step_rule::Came;
use crate::config::{Policy, Profile, Profiles, StepRule, Takes};
use crate::model::record::Occupant;
use crate::model::{
    AreaMode, Attestation, Class, Direction, Evidence, Grounds, Passage, Reason, ScreeningRule, StepKind,
    StepOutcome, StepRecord,
};

/// What a draft brings.
#[derive(Clone, Copy, Debug)]
pub struct Draft<'d> {
    /// Its policy.
    pub policy: &'d Policy,
    /// The mode that it puts the area in.
    pub mode: AreaMode,
}

/// What would have become of a passage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WouldBe {
    /// The same.
    Same,
    /// Something else.
    Otherwise {
        /// What the policy of that time ruled, and by which clause.
        then: (Ruling, Option<Slug>),
        /// What the draft rules, and by which clause.
        now: (Ruling, Option<Slug>),
    },
    /// The record does not hold what would have to be known.
    CannotTell(Unknown),
}

/// Why nothing can be said of a passage.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unknown {
    /// The temperature was plainly below the threshold of that time, and the draft is stricter.
    #[error("the record keeps no temperature that was plainly below the threshold")]
    Temperature,
    /// The draft calls other plates local, and asks or rules by that.
    #[error("the record does not show the plate, and the draft calls other plates local")]
    Plate,
    /// The draft has no profile for this subject.
    #[error("the draft has no profile for it")]
    NoProfile,
    /// It cannot be decided again under the policy of that time.
    #[error(transparent)]
    NotReplayed(#[from] Difference),
}

/// What `draft` would have ruled about `passage`, which was decided under `policy`.
pub fn what_if(passage: &Passage, policy: &Policy, draft: &Draft<'_>) -> WouldBe {
    match compared(passage, policy, draft) {
        Ok(would_be) => would_be,
        Err(unknown) => WouldBe::CannotTell(unknown),
    }
}

fn compared(passage: &Passage, policy: &Policy, draft: &Draft<'_>) -> Result<WouldBe, Unknown> {
    let then = again(passage, policy)?.ruled;
    let grounds = passage.grounds.as_ref().ok_or(Difference::NoGrounds)?;
    let steps = || passage.steps.iter().chain(passage.occupants.iter().flat_map(|occupant| &occupant.steps));
    if is_stricter(policy, draft.policy) && steps().any(is_plainly_below) {
        return Err(Unknown::Temperature);
    }
    let mut occupants = Vec::with_capacity(passage.occupants.len());
    for occupant in passage.occupants.iter().filter(|occupant| occupant.apart.is_none()) {
        let (facts, profile) = of_occupant(occupant, passage, draft)?;
        occupants.push(decide(&profile.rules, &facts));
    }
    let takes = Takes::from(passage.subject);
    let profile = profile(draft.policy, takes, &passage.profile, (passage.class, passage.direction))?;
    if policy.local_plates != draft.policy.local_plates && tells_plates_apart(profile) {
        return Err(Unknown::Plate);
    }
    let subject = (passage.class, passage.direction);
    let party = party(occupants.iter());
    let now = decide(&profile.rules, &facts(profile, subject, &passage.steps, grounds, (draft.mode, party)));
    Ok(if now.ruling == then.ruling {
        WouldBe::Same
    } else {
        WouldBe::Otherwise { then: (then.ruling, then.clause), now: (now.ruling, now.clause) }
    })
}

fn of_occupant<'d>(
    occupant: &Occupant,
    passage: &Passage,
    draft: &Draft<'d>,
) -> Result<(Facts, &'d Profile), Unknown> {
    let grounds = occupant.grounds.as_ref().ok_or(Difference::NoGrounds)?;
    let subject = (occupant.class, passage.direction);
    let named = grounds.profile.as_ref().ok_or(Difference::NoGrounds)?;
    let profile = profile(draft.policy, Takes::Occupant, named, subject)?;
    let nobody = (draft.mode, (Party::Nobody, None));
    Ok((facts(profile, subject, &occupant.steps, grounds, nobody), profile))
}

/// The draft's profile of the same name, or else the one that it chooses for the subject.
fn profile<'d>(
    policy: &'d Policy,
    takes: Takes,
    named: &Slug,
    (class, direction): (Class, Direction),
) -> Result<&'d Profile, Unknown> {
    if let Some(same) = policy.profiles.iter().find(|profile| profile.id == *named) {
        return Ok(same);
    }
    let set = Profiles::new(policy.profiles.clone()).map_err(|_| Unknown::NoProfile)?;
    let id = match takes {
        Takes::Person => set.choose(crate::model::SubjectKind::Person, direction, class),
        Takes::Vehicle => set.choose(crate::model::SubjectKind::Vehicle, direction, class),
        Takes::Occupant => set.choose_occupant(direction, class),
    };
    let id = &id.ok_or(Unknown::NoProfile)?.id;
    policy.profiles.iter().find(|profile| profile.id == *id).ok_or(Unknown::NoProfile)
}

fn facts(
    profile: &Profile,
    (class, direction): (Class, Direction),
    steps: &[StepRecord],
    grounds: &Grounds,
    (mode, (party, party_reason)): (AreaMode, (Party, Option<Reason>)),
) -> Facts {
    let mut states: Vec<State> = Vec::with_capacity(profile.steps.len());
    for (at, rule) in profile.steps.iter().enumerate() {
        let asked = states::asked(&profile.steps, at, (direction, class, mode), &states);
        states.push(if asked { recorded(rule, steps, grounds) } else { State::Absent });
    }
    Facts {
        takes: profile.takes,
        class,
        direction,
        mode,
        hit: grounds.hit,
        admission: profile.of().admission(class),
        states,
        party,
        party_reason,
    }
}

/// How the step that `rule` asks for stood; open where it was not asked.
fn recorded(rule: &StepRule, steps: &[StepRecord], grounds: &Grounds) -> State {
    let of_attest = |step: &StepRecord| attested(step).is_none_or(|what| rule.attested() == Some(what));
    let Some(at) = steps.iter().position(|step| rule.records(step) && of_attest(step)) else {
        return State::Open;
    };
    let waiting = grounds.waiting.iter().find(|waiting| usize::from(waiting.step) == at);
    State::of(&steps[at].outcome, waiting.map(|waiting| waiting.reason))
}

/// What a recorded attest step confirmed, where it did.
fn attested(step: &StepRecord) -> Option<Attestation> {
    match &step.outcome {
        StepOutcome::Done(Evidence::Attested { what, .. }) if step.kind == StepKind::Attest => Some(*what),
        StepOutcome::Done(Evidence::PlaceCode) => Some(Attestation::PlaceCode),
        StepOutcome::Done(_)
        | StepOutcome::Open
        | StepOutcome::Waived { .. }
        | StepOutcome::Failed { .. }
        | StepOutcome::NotMeasured(_) => None,
    }
}

/// Whether somebody plainly below the thresholds of `then` may not be so under those of `draft`.
fn is_stricter(then: &Policy, draft: &Policy) -> bool {
    let (then, draft) = (then.screening, draft.screening);
    let plainly = |screening: ScreeningRule| {
        screening.threshold.get() - i32::from(screening.guard) - i32::from(screening.correction)
    };
    let [low, high] = draft.surroundings;
    plainly(draft) < plainly(then)
        || (draft.factor, draft.site, draft.second_site) != (then.factor, then.site, then.second_site)
        || draft.cold > then.cold
        || draft.ceiling < then.ceiling
        || draft.implausible > then.implausible
        || draft.outdoor > then.outdoor
        || draft.outdoor_hot.is_some_and(|hot| then.outdoor_hot.is_none_or(|before| hot < before))
        || low > then.surroundings[0]
        || high < then.surroundings[1]
}

/// Whether it makes a difference to `profile` where a plate is from.
fn tells_plates_apart(profile: &Profile) -> bool {
    let asked = profile.steps.iter().flat_map(|step| &step.when.after);
    let mut conditions = profile.rules.as_slice().iter().flat_map(|rule| &rule.when.steps);
    asked.map(|earlier| &earlier.came).any(|came| matches!(came, Came::Local | Came::OutOfTown))
        || conditions.any(|step| step.by.iter().any(|by| matches!(by, Grade::PlacedPlate(..))))
}

fn is_plainly_below(step: &StepRecord) -> bool {
    matches!(
        step.outcome,
        StepOutcome::Done(Evidence::Temperature { .. } | Evidence::ContactTemperature { .. })
    )
}
