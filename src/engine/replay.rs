//! Decides again what a record says was decided, from nothing but the record and the policy that it names.
//!
//! Compared are the facts, by their digest; the clause; and, where the policy decided, the verdict and its reasons, for the
//! subject and for each occupant. Everything else in a record is evidence. What is equal in all of that is the record,
//! bit for bit: a record has one encoding.

use super::decide::{Ruled, decide, party};
use crate::base::{PolicyId, Slug};
use crate::config::rules::{Facts, Party, State, states};
use crate::config::{Policy, Profile};
use crate::model::record::Occupant;
use crate::model::{
    AreaMode, Class, Decider, Direction, Grounds, Passage, Reason, StepRecord, Verdict, Waiting,
};

/// What came of deciding again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Again {
    /// The facts about the subject.
    pub facts: Facts,
    /// What the policy's rules say of them.
    pub ruled: Ruled,
}

/// Why a record cannot be decided again, or what comes out otherwise.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Difference {
    /// The record is from before there were rules, or closes what a restart left open: no rules were asked.
    #[error("no rules were asked")]
    NoGrounds,
    /// It was decided under another policy than this one.
    #[error("decided under policy {0}")]
    OtherPolicy(PolicyId),
    /// The policy has no such profile.
    #[error("policy has no profile {0}")]
    NoProfile(Slug),
    /// The steps are not those that the profile asks for.
    #[error("steps are not those of profile {0}")]
    Steps(Slug),
    /// The rules were told something else.
    #[error("evidence differs from what the rules were told")]
    Evidence,
    /// Another rule applies.
    #[error("clause {} in the record, {} again", words(.recorded), words(.again))]
    Clause {
        /// The rule in the record.
        recorded: Option<Slug>,
        /// The rule that applies.
        again: Option<Slug>,
    },
    /// The verdict or its reasons come out otherwise.
    #[error("{} with {recorded_reasons:?} in the record, {} with {again_reasons:?} again", .recorded.name(), .again.map_or("no verdict", Verdict::name))]
    Verdict {
        /// The verdict in the record.
        recorded: Verdict,
        /// Its reasons.
        recorded_reasons: Vec<Reason>,
        /// What comes out.
        again: Option<Verdict>,
        /// With these reasons.
        again_reasons: Vec<Reason>,
    },
}

fn words(clause: &Option<Slug>) -> &str {
    clause.as_ref().map_or("none", Slug::as_str)
}

/// Decides `passage` again under `policy`.
///
/// # Errors
///
/// What differs, or why it cannot be decided again.
pub fn again(passage: &Passage, policy: &Policy) -> Result<Again, Difference> {
    let again = facts_again(passage, policy)?;
    let by_rules = passage.decided_by == Decider::Policy && passage.verdict != Verdict::Abandoned;
    if by_rules {
        let ruled = &again.ruled;
        compare((passage.verdict, &passage.reasons), (ruled.ruling.verdict(), &ruled.reasons))?;
    }
    Ok(again)
}

/// The facts of `passage` and what the rules say of them, which must be the clause that it names.
fn facts_again(passage: &Passage, policy: &Policy) -> Result<Again, Difference> {
    let grounds = passage.grounds.as_ref().ok_or(Difference::NoGrounds)?;
    if passage.policy != policy.id {
        return Err(Difference::OtherPolicy(passage.policy));
    }
    let mut occupants = Vec::with_capacity(passage.occupants.len());
    for occupant in &passage.occupants {
        let ruled = occupant_again(occupant, passage, policy)?;
        // Whoever stayed here was no part of the party that went on.
        occupants.extend(occupant.apart.is_none().then_some(ruled));
    }
    let profile = profile(policy, &passage.profile)?;
    let subject = (passage.class, passage.direction);
    let facts = facts(profile, subject, &passage.steps, grounds, party(occupants.iter()))?;
    let ruled = held_against(&facts, grounds, profile)?;
    Ok(Again { facts, ruled })
}

fn occupant_again(occupant: &Occupant, passage: &Passage, policy: &Policy) -> Result<Ruled, Difference> {
    let grounds = occupant.grounds.as_ref().ok_or(Difference::NoGrounds)?;
    let profile = profile(policy, grounds.profile.as_ref().ok_or(Difference::NoGrounds)?)?;
    let subject = (occupant.class, passage.direction);
    let facts = facts(profile, subject, &occupant.steps, grounds, (Party::Nobody, None))?;
    let ruled = held_against(&facts, grounds, profile)?;
    if occupant.apart.is_some() {
        return Ok(ruled);
    }
    let (verdict, reasons) = occupant_verdict(&ruled, passage.verdict);
    compare((occupant.verdict, &occupant.reasons), (Some(verdict), &reasons))?;
    Ok(ruled)
}

/// An occupant's own verdict and reasons when the vehicle's verdict is `verdict`: where the vehicle is let through, so is
/// everybody in it; else whoever does not go further has their own.
pub fn occupant_verdict(ruled: &Ruled, verdict: Verdict) -> (Verdict, Vec<Reason>) {
    match ruled.ruling.verdict().filter(|own| !own.opens_barrier()) {
        Some(own) => (if verdict.opens_barrier() { verdict } else { own }, ruled.reasons.clone()),
        None => (verdict, Vec::new()),
    }
}

fn profile<'p>(policy: &'p Policy, id: &Slug) -> Result<&'p Profile, Difference> {
    let found = policy.profiles.iter().find(|profile| profile.id == *id);
    found.ok_or_else(|| Difference::NoProfile(id.clone()))
}

fn facts(
    profile: &Profile,
    (class, direction): (Class, Direction),
    steps: &[StepRecord],
    grounds: &Grounds,
    (party, party_reason): (Party, Option<Reason>),
) -> Result<Facts, Difference> {
    Ok(Facts {
        takes: profile.takes,
        class,
        direction,
        mode: grounds.mode,
        hit: grounds.hit,
        admission: profile.of().admission(class),
        states: states_of(profile, (direction, class, grounds.mode), steps, &grounds.waiting)?,
        party,
        party_reason,
    })
}

/// How each of the profile's steps stood: those that are asked are the recorded ones, in order.
fn states_of(
    profile: &Profile,
    subject: (Direction, Class, AreaMode),
    steps: &[StepRecord],
    waiting: &[Waiting],
) -> Result<Vec<State>, Difference> {
    let unfit = || Difference::Steps(profile.id.clone());
    let mut recorded = steps.iter().zip(0_u8..);
    let mut states = Vec::with_capacity(profile.steps.len());
    for (number, rule) in profile.steps.iter().enumerate() {
        if !states::asked(&profile.steps, number, subject, &states) {
            states.push(State::Absent);
            continue;
        }
        let (step, at) = recorded.next().filter(|(step, _)| rule.records(step)).ok_or_else(unfit)?;
        let waiting = waiting.iter().find(|waiting| waiting.step == at);
        states.push(State::of(&step.outcome, waiting.map(|waiting| waiting.reason)));
    }
    if recorded.next().is_some() { Err(unfit()) } else { Ok(states) }
}

fn held_against(facts: &Facts, grounds: &Grounds, profile: &Profile) -> Result<Ruled, Difference> {
    if facts.digest() != grounds.evidence {
        return Err(Difference::Evidence);
    }
    let ruled = decide(&profile.rules, facts);
    if ruled.clause != grounds.clause {
        return Err(Difference::Clause { recorded: grounds.clause.clone(), again: ruled.clause });
    }
    Ok(ruled)
}

fn compare(
    (recorded, recorded_reasons): (Verdict, &[Reason]),
    (again, again_reasons): (Option<Verdict>, &[Reason]),
) -> Result<(), Difference> {
    if Some(recorded) == again && recorded_reasons == again_reasons {
        return Ok(());
    }
    let (recorded_reasons, again_reasons) = (recorded_reasons.to_vec(), again_reasons.to_vec());
    Err(Difference::Verdict { recorded, recorded_reasons, again, again_reasons })
}
