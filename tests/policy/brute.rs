//! The proof against a plain loop: every single case, one after the other, decided as the engine decides.

use std::collections::BTreeMap;

use kakou::base::Slug;
use kakou::config::profile_file::shipped;
use kakou::config::rules::{Facts, Party, State, states};
use kakou::config::step_rule::Earlier;
use kakou::config::{Profile, Takes};
use kakou::engine::decide::decide;
use kakou::engine::prove::prove;
use kakou::model::{AreaMode, Class, ListHit};

#[test]
fn the_proof_counts_what_a_loop_over_every_case_counts() {
    let mut looped = 0;
    for profile in shipped().unwrap() {
        let proof = prove(&profile).unwrap();
        // What a loop can do in a test; the others differ in no way but in the number of their cases.
        if proof.cases > 3_000_000 {
            continue;
        }
        looped += 1;
        let counted = every_case(&profile);
        let proved: BTreeMap<Slug, u128> = proof.clauses.into_iter().collect();
        assert_eq!(counted, proved, "{}", profile.id);
    }
    assert!(looped >= 3, "a loop that never ran proves nothing");
}

/// How many of the cases come to each clause.
pub fn every_case(profile: &Profile) -> BTreeMap<Slug, u128> {
    let mut counted = BTreeMap::new();
    for &direction in &profile.directions {
        for class in Class::ALL {
            for mode in AreaMode::ALL {
                let facts = Facts {
                    takes: profile.takes,
                    class,
                    direction,
                    mode,
                    hit: ListHit::None,
                    admission: profile.of().admission(class),
                    states: vec![],
                    party: Party::Nobody,
                    party_reason: None,
                };
                each_from(facts, profile, &mut counted);
            }
        }
    }
    counted
}

/// Goes on from the steps that `facts` has, with every state that the next one can be in.
fn each_from(mut facts: Facts, profile: &Profile, counted: &mut BTreeMap<Slug, u128>) {
    let Some(step) = profile.steps.get(facts.states.len()) else {
        return count(&mut facts, profile, counted);
    };
    let became = |earlier: &Earlier| {
        let at = profile.steps.iter().position(|step| step.id == earlier.step).unwrap();
        facts.states[at].came(&earlier.came)
    };
    let asked =
        step.when.holds(facts.direction, facts.class, facts.mode) && step.when.after.iter().all(became);
    let states = if asked { states::of(step) } else { vec![State::Absent] };
    for state in states {
        let mut next = facts.clone();
        next.states.push(state);
        each_from(next, profile, counted);
    }
}

fn count(facts: &mut Facts, profile: &Profile, counted: &mut BTreeMap<Slug, u128>) {
    let parties = if profile.takes == Takes::Vehicle { Party::all().collect() } else { vec![Party::Nobody] };
    for hit in ListHit::ALL {
        for &party in &parties {
            (facts.hit, facts.party) = (hit, party);
            let clause = decide(&profile.rules, facts).clause.unwrap();
            *counted.entry(clause).or_default() += 1;
        }
    }
}
