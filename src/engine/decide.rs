//! The decision itself: rules and facts in, one ruling out. Pure: it can be made again from a record at any time.
//!
//! Invariants, whatever the rules say, each with a test and in every proof of [`super::prove`]:
//! 1. Nobody is let through while a step that is asked is neither done nor waived, an occupant is not through with theirs,
//!    or nothing at all was asked.
//! 2. Where no rule applies, or more than one, a person decides.

use super::context::Context;
use super::steps::Steps;
use crate::base::Slug;
use crate::config::Profile;
use crate::config::rules::{Because, Facts, Party, Rule, Rules, Ruling, State};
use crate::model::{Class, Direction, Grounds, ListHit, Reason, Waiting};

/// What the rules come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruled {
    /// What follows.
    pub ruling: Ruling,
    /// Why, most important first.
    pub reasons: Vec<Reason>,
    /// The one rule that applied; none where a person decides because there was not exactly one.
    pub clause: Option<Slug>,
}

/// Decides one case.
pub fn decide(rules: &Rules, facts: &Facts) -> Ruled {
    let left = rules.left(rules.held(facts));
    match rules.as_slice().get(left.trailing_zeros() as usize) {
        Some(rule) if left.is_power_of_two() && (!rule.then.admits() || facts.may_admit()) => {
            let because = rule.reasons.iter().filter_map(|reason| because(*reason, rule, facts));
            Ruled { ruling: rule.then, reasons: because.collect(), clause: Some(rule.id.clone()) }
        }
        Some(_) | None => {
            Ruled { ruling: Ruling::Refer, reasons: vec![Reason::AttendantDecision], clause: None }
        }
    }
}

fn because(because: Because, rule: &Rule, facts: &Facts) -> Option<Reason> {
    match because {
        Because::Reason(reason) => Some(reason),
        Because::Step => facts.states.get(rule.when.steps.first()?.step)?.reason(),
        Because::Party => facts.party_reason,
    }
}

/// What one subject at a lane is, beside the steps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject {
    pub class: Class,
    pub direction: Direction,
    pub hit: ListHit,
}

/// The facts about a subject who is taken through `profile`.
pub(super) fn facts(
    subject: Subject,
    steps: &Steps,
    (party, party_reason): (Party, Option<Reason>),
    profile: &Profile,
    context: &Context,
) -> Facts {
    let Subject { class, direction, hit } = subject;
    Facts {
        takes: profile.takes,
        class,
        direction,
        mode: context.mode,
        hit,
        admission: profile.of().admission(class),
        states: steps.states(profile),
        party,
        party_reason,
    }
}

/// How a party stands of which each has come to one of `ruled`.
pub fn party<'r>(ruled: impl Iterator<Item = &'r Ruled>) -> (Party, Option<Reason>) {
    // The first of those who stand worst: `max_by_key` would take the last.
    let worst = ruled.reduce(|worst, next| if next.ruling > worst.ruling { next } else { worst });
    worst.map_or((Party::Nobody, None), |worst| (Party::Ruled(worst.ruling), worst.reasons.first().copied()))
}

/// What a record keeps, to decide these facts again.
pub fn grounds(facts: &Facts, ruled: &Ruled, profile: Option<Slug>) -> Grounds {
    let asked = facts.states.iter().filter(|state| **state != State::Absent);
    let waiting = asked.zip(0_u8..).filter_map(|(state, step)| match state {
        State::NeedsAttendant(reason) => Some(Waiting { step, reason: *reason }),
        State::Absent
        | State::Open
        | State::NotMeasured(_)
        | State::Failed(..)
        | State::Done(_)
        | State::Waived(_) => None,
    });
    Grounds {
        clause: ruled.clause.clone(),
        mode: facts.mode,
        hit: facts.hit,
        waiting: waiting.collect(),
        evidence: facts.digest(),
        profile,
    }
}
