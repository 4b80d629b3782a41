//! Decisions made again from their records, and what a draft would have made of them.

use std::collections::BTreeMap;

use kakou::base::{PolicyId, Random};
use kakou::config::Policy;
use kakou::config::profile_file::read_profiles;
use kakou::engine::replay::{Difference, again};
use kakou::engine::what_if::{Draft, Unknown, WouldBe, what_if};
use kakou::model::{
    AreaMode, Class, Decider, Grounds, Passage, Reason, StepKind, StepOutcome, SubjectKind, Verdict,
};

use crate::bench::Bench;
use crate::random::anything;

/// Passages of random sessions of people and vehicles, as they come back from a disk, and the policy that decided.
fn passages() -> (Policy, Vec<Passage>) {
    let mut all = Vec::new();
    let mut policy = None;
    for seed in 0..300 {
        let mut random = Random::new(seed);
        let takes = if seed % 2 == 0 { SubjectKind::Person } else { SubjectKind::Vehicle };
        let mut lane = Bench::new(takes);
        (0..80).for_each(|_| anything(&mut random, &mut lane));
        let stored = lane.passages().into_iter().map(|passage| minicbor::to_vec(passage).expect("a record"));
        all.extend(stored.map(|bytes| minicbor::decode::<Passage>(&bytes).expect("a record")));
        policy = Some(Policy::clone(&lane.policy));
    }
    (policy.expect("a seed"), all)
}

#[test]
fn every_record_of_random_sessions_is_decided_again_the_same() {
    let (policy, passages) = passages();
    let mut by: BTreeMap<(Verdict, bool), usize> = BTreeMap::new();
    for passage in &passages {
        again(passage, &policy).unwrap_or_else(|difference| panic!("{difference}: {passage:?}"));
        *by.entry((passage.verdict, passage.decided_by == Decider::Policy)).or_default() += 1;
    }
    for verdict in [Verdict::Admitted, Verdict::Referred] {
        assert!(by.get(&(verdict, true)).is_some_and(|count| *count > 20), "{by:?}");
    }
}

#[test]
fn whatever_is_altered_in_a_record_is_noticed() {
    let (policy, passages) = passages();
    let admitted = |passage: &&Passage| {
        passage.verdict == Verdict::Admitted
            && passage.decided_by == Decider::Policy
            && !passage.steps.is_empty()
    };
    let good = passages.iter().find(admitted).expect("an admission");
    let with = |change: &dyn Fn(&mut Passage)| {
        let mut altered = good.clone();
        change(&mut altered);
        again(&altered, &policy).expect_err("an altered record")
    };
    let grounds = |passage: &mut Passage, change: &dyn Fn(&mut Grounds)| {
        passage.grounds.iter_mut().for_each(change);
    };
    assert!(matches!(with(&|p| p.verdict = Verdict::TurnedBack), Difference::Verdict { .. }));
    assert!(matches!(with(&|p| p.reasons = vec![Reason::Declined]), Difference::Verdict { .. }));
    assert!(matches!(with(&|p| p.policy = PolicyId([0; 16])), Difference::OtherPolicy(_)));
    assert!(matches!(with(&|p| p.profile = "other".parse().expect("a name")), Difference::NoProfile(_)));
    assert!(matches!(with(&|p| drop(p.steps.pop())), Difference::Steps(_)));
    assert_eq!(with(&|p| p.steps[0].outcome = StepOutcome::Open), Difference::Evidence);
    assert_eq!(with(&|p| grounds(p, &|g| g.mode = AreaMode::Drill)), Difference::Evidence);
    assert_eq!(with(&|p| grounds(p, &|g| g.evidence[3] ^= 1)), Difference::Evidence);
    let other = |g: &mut Grounds| g.clause = Some("not-settled".parse().expect("a name"));
    assert!(matches!(with(&|p| grounds(p, &other)), Difference::Clause { .. }));
    assert_eq!(with(&|p| p.grounds = None), Difference::NoGrounds);
}

#[test]
fn what_a_draft_that_calls_other_plates_local_would_have_asked_is_not_guessed() {
    let (policy, passages) = passages();
    let vehicles = || passages.iter().filter(|passage| passage.subject == SubjectKind::Vehicle);
    let shipped = include_str!("../../profiles/residential.toml");
    let local = || vec!["川A".parse().expect("a prefix")];
    let same = Policy::new(Some(12), policy.screening, policy.profiles.clone()).with_local_plates(local());
    // The rules ask nothing about where a plate is from: it makes no difference.
    for passage in vehicles() {
        let would_be = what_if(passage, &policy, &Draft { policy: &same, mode: AreaMode::Normal });
        assert!(!matches!(would_be, WouldBe::CannotTell(Unknown::Plate)));
    }
    let asks = "kind = \"occupants\"\n[profile.step.when]\nafter = [{ step = \"plate\", is = \"local\" }]";
    let (before, rest) = shipped.split_once("kind = \"occupants\"").expect("a step");
    let (own, rest) = rest.split_once("\n\n").expect("an end");
    let asks = asks.replacen("kind = \"occupants\"", &format!("kind = \"occupants\"{own}"), 1);
    let profiles = read_profiles("draft.toml", &format!("{before}{asks}\n\n{rest}")).expect("a sound draft");
    let draft = Policy::new(Some(12), policy.screening, profiles).with_local_plates(local());
    let asked = vehicles().filter(|passage| passage.direction == kakou::model::Direction::Inbound);
    let mut untold = 0;
    for passage in asked {
        let would_be = what_if(passage, &policy, &Draft { policy: &draft, mode: AreaMode::Normal });
        assert_eq!(would_be, WouldBe::CannotTell(Unknown::Plate));
        untold += 1;
    }
    assert!(untold > 10, "{untold} prove little");
}

#[test]
fn what_a_draft_would_have_done_equals_a_recount_by_hand() {
    let (policy, passages) = passages();
    let people: Vec<&Passage> =
        passages.iter().filter(|passage| passage.subject == SubjectKind::Person).collect();
    // The draft lets no visitor in, as soon as it is known who they are.
    let shipped = include_str!("../../profiles/residential.toml");
    let stricter = shipped
        .replace("not_admitted = [\"observed\"]\n", "")
        .replace("takes = \"person\"", "takes = \"person\"\nnot_admitted = [\"visitor\"]");
    let profiles = read_profiles("draft.toml", &stricter).expect("a sound draft");
    let draft = Policy::new(Some(13), policy.screening, profiles);
    let mut otherwise = Vec::new();
    for passage in &people {
        match what_if(passage, &policy, &Draft { policy: &draft, mode: AreaMode::Normal }) {
            WouldBe::Same => {}
            WouldBe::Otherwise { now, .. } => {
                assert_eq!(now.1.expect("a clause").as_str(), "class-not-admitted");
                otherwise.push(passage.arrival);
            }
            WouldBe::CannotTell(unknown) => panic!("{unknown}"),
        }
    }
    // By hand: nothing but the class and the credential's step as they stand in the record.
    let known = |passage: &Passage| {
        let credential = passage.steps.iter().find(|step| step.kind == StepKind::Credential);
        credential.is_none_or(|step| step.outcome.is_settled())
    };
    let recounted: Vec<_> = people
        .iter()
        .filter(|passage| passage.class == Class::Visitor && known(passage))
        .map(|passage| passage.arrival)
        .collect();
    assert!(recounted.len() > 10, "too few to prove anything: {}", recounted.len());
    assert_eq!(otherwise, recounted);
}

#[test]
fn what_the_record_does_not_keep_is_not_guessed() {
    let (policy, passages) = passages();
    let mut screening = policy.screening;
    screening.guard += 50;
    let draft = Policy::new(Some(12), screening, policy.profiles.clone());
    let (mut untold, mut same) = (0, 0);
    for passage in passages.iter().filter(|passage| passage.subject == SubjectKind::Person) {
        let below = passage
            .steps
            .iter()
            .any(|step| step.kind == StepKind::Temperature && matches!(step.outcome, StepOutcome::Done(_)));
        match what_if(passage, &policy, &Draft { policy: &draft, mode: AreaMode::Normal }) {
            WouldBe::CannotTell(Unknown::Temperature) => untold += usize::from(below),
            WouldBe::Same => {
                assert!(!below, "{passage:?}");
                same += 1;
            }
            other @ (WouldBe::Otherwise { .. } | WouldBe::CannotTell(_)) => panic!("{other:?}"),
        }
    }
    assert!(untold > 10 && same > 10, "{untold} and {same}");
}
