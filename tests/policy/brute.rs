//! The proof against a plain loop: every single case, one after the other, decided as the engine decides.

use std::collections::BTreeMap;

use kakou::base::Slug;
use kakou::config::profile_file::shipped;
use kakou::config::rules::{Facts, Party, states};
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
    let parties = if profile.takes == Takes::Vehicle { Party::all().collect() } else { vec![Party::Nobody] };
    for &direction in &profile.directions {
        for class in Class::ALL {
            let of_steps: Vec<_> =
                profile.steps.iter().map(|step| states::for_subject(step, direction, class)).collect();
            let mut at = vec![0; of_steps.len()];
            let mut more = true;
            while more {
                let states = at.iter().zip(&of_steps).map(|(at, states)| states[*at].clone()).collect();
                let mut facts = Facts {
                    takes: profile.takes,
                    class,
                    direction,
                    mode: AreaMode::Normal,
                    hit: ListHit::None,
                    admission: profile.of().admission(class),
                    states,
                    party: Party::Nobody,
                    party_reason: None,
                };
                for mode in AreaMode::ALL {
                    for hit in ListHit::ALL {
                        for &party in &parties {
                            (facts.mode, facts.hit, facts.party) = (mode, hit, party);
                            let clause = decide(&profile.rules, &facts).clause.unwrap();
                            *counted.entry(clause).or_default() += 1;
                        }
                    }
                }
                more = next(&mut at, &of_steps.iter().map(Vec::len).collect::<Vec<_>>());
            }
        }
    }
    counted
}

/// Counts `at` up by one; false when it has come round.
fn next(at: &mut [usize], sizes: &[usize]) -> bool {
    for (digit, size) in at.iter_mut().zip(sizes) {
        *digit += 1;
        if *digit < *size {
            return true;
        }
        *digit = 0;
    }
    false
}
