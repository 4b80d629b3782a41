//! A hundred sound policies pass; of a hundred each with a planted conflict, gap or unreachable rule, none does.

use kakou::base::Random;
use kakou::config::Profile;
use kakou::config::profile_file::read_profiles;
use kakou::engine::prove::{Flaw, FlawKind, prove};

use crate::brute::every_case;
use crate::generate::{Generated, Written, below, sound};

fn profile(made: &Generated) -> Profile {
    read_profiles("made.toml", &made.text())
        .unwrap_or_else(|said| panic!("{said}\n{}", made.text()))
        .remove(0)
}

fn flaws(seed: u64, made: &Generated) -> Vec<Flaw> {
    let profile = profile(made);
    let flaws = prove(&profile).expect_err(&format!("seed {seed}: nothing found in\n{}", made.text()));
    for flaw in &flaws {
        assert!(!flaw.words(&profile).is_empty());
    }
    flaws
}

#[test]
fn a_hundred_sound_policies_pass() {
    let mut rules = 0;
    for seed in 0..100 {
        let made = sound(&mut Random::new(seed));
        let profile = profile(&made);
        let proof = prove(&profile).unwrap_or_else(|flaws| {
            let said: Vec<String> = flaws.iter().map(|flaw| flaw.words(&profile)).collect();
            panic!("seed {seed}: {}\n{}", said.join("\n"), made.text())
        });
        rules += proof.clauses.len();
        if seed < 2 {
            let counted: u128 = every_case(&profile).values().sum();
            assert_eq!(counted, proof.cases);
        }
    }
    assert!(rules > 1_000, "policies of {rules} rules in all prove little");
}

#[test]
fn a_planted_conflict_is_found_in_each_of_a_hundred_policies() {
    for seed in 0..100 {
        let mut random = Random::new(seed);
        let mut made = sound(&mut random);
        let other = made.rules[below(&mut random, made.rules.len())].clone();
        let then = if other.then == "refer" { "wait" } else { "refer" };
        let mut planted = Written { id: "planted".to_owned(), then, over: vec![], ..other };
        if planted.modes.is_empty() && random.chance(0.5) {
            planted.modes = vec!["normal"];
        }
        made.rules.insert(below(&mut random, made.rules.len() + 1), planted);
        let found = flaws(seed, &made);
        let conflict = found.iter().find(|flaw| flaw.kind == FlawKind::Conflict).expect("a conflict");
        assert!(conflict.rules.iter().any(|id| id.as_str() == "planted"), "seed {seed}: {conflict:?}");
        // The same cases decided twice leave none to one of the two alone: nothing else may be said.
        let by_product = |flaw: &Flaw| matches!(flaw.kind, FlawKind::Conflict | FlawKind::Unreachable);
        assert!(found.iter().all(by_product), "seed {seed}: {found:?}");
    }
}

#[test]
fn a_planted_gap_is_found_in_each_of_a_hundred_policies() {
    for seed in 0..100 {
        let mut random = Random::new(seed);
        let mut made = sound(&mut random);
        // One that no other goes over, and that goes over no other: what it was for is then for nobody.
        let plain = |made: &Generated, at: usize| {
            let id = &made.rules[at].id;
            made.rules[at].over.is_empty() && !made.rules.iter().any(|rule| rule.over.contains(id))
        };
        let candidates: Vec<usize> = (0..made.rules.len()).filter(|at| plain(&made, *at)).collect();
        let at = candidates[below(&mut random, candidates.len())];
        if made.rules[at].modes.is_empty() && random.chance(0.5) {
            made.rules[at].modes = vec!["normal", "watch", "sealed"];
        } else {
            made.rules.remove(at);
        }
        let found = flaws(seed, &made);
        assert!(found.iter().all(|flaw| flaw.kind == FlawKind::Gap), "seed {seed}: {found:?}");
        let said = found[0].words(&profile(&made));
        assert!(said.starts_with("no rule applies in ") && said.contains("credential "), "{said}");
    }
}

#[test]
fn a_planted_rule_that_nothing_reaches_is_found_in_each_of_a_hundred_policies() {
    for seed in 0..100 {
        let mut random = Random::new(seed);
        let mut made = sound(&mut random);
        let at = below(&mut random, made.rules.len());
        let mut planted =
            Written { id: "planted".to_owned(), then: "refer", over: vec![], ..made.rules[at].clone() };
        match random.below(3) {
            // Another goes over it wherever it holds.
            0 => made.rules[at].over.push("planted".to_owned()),
            // A step that would have to be in two states.
            1 => planted.steps.extend([(0, "is = [\"open\"]"), (0, "is = [\"done\"]")]),
            // All settled, and one of them not.
            _ => {
                planted.all_steps = Some("settled");
                planted.steps.push((1, "is = [\"failed\", \"needs-attendant\"]"));
            }
        }
        made.rules.insert(below(&mut random, made.rules.len() + 1), planted);
        let found = flaws(seed, &made);
        let said: Vec<(FlawKind, String)> =
            found.iter().map(|flaw| (flaw.kind, flaw.rules[0].to_string())).collect();
        assert_eq!(said, [(FlawKind::Unreachable, "planted".to_owned())], "seed {seed}");
    }
}
