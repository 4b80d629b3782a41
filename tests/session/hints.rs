//! What would help to read a code is shown to whoever is asked for one, and changes nothing else.

use kakou::base::Random;
use kakou::control::Prompt;
use kakou::engine::{Effect, Input};
use kakou::model::{Class, CodeHint, Level, Signal, SubjectKind};

use crate::bench::{Bench, pass};
use crate::random::anything;

#[test]
fn a_hint_is_for_whoever_is_asked_for_a_code_and_for_nobody_else() {
    let mut lane = Bench::new(SubjectKind::Person);
    lane.put(Input::Hinted(Some(CodeHint::Glare)));
    assert_eq!((lane.status().prompt, lane.status().hint), (Prompt::Welcome, None), "nobody is here");
    lane.line(Signal::Presence, Level::Active);
    assert_eq!((lane.status().prompt, lane.status().hint), (Prompt::ShowCode, Some(CodeHint::Glare)));
    lane.put(Input::Hinted(Some(CodeHint::HoldStill)));
    assert_eq!(lane.status().hint, Some(CodeHint::HoldStill));
    lane.put(Input::SeveralCodes);
    assert_eq!((lane.status().prompt, lane.status().hint), (Prompt::OneCode, None), "that matters more");
    lane.put(pass(Class::Resident));
    assert_eq!((lane.status().prompt, lane.status().hint), (Prompt::ShowForehead, None));
}

#[test]
fn hints_change_nothing_that_happens_at_a_lane() {
    let trace = |seed, hinted: bool| {
        let (mut random, mut hints) = (Random::new(seed), Random::new(seed + 1));
        let takes = if seed % 2 == 0 { SubjectKind::Person } else { SubjectKind::Vehicle };
        let mut lane = Bench::new(takes);
        lane.put(Input::Started);
        for _ in 0..80 {
            if hinted {
                let hint = hints.chance(0.7).then(|| *hints.pick(&CodeHint::ALL).expect("some"));
                lane.put(Input::Hinted(hint));
            }
            anything(&mut random, &mut lane);
        }
        let deadline = lane.lane.deadline();
        (lane.effects.iter().map(|effect: &Effect| format!("{effect:?}")).collect::<Vec<_>>(), deadline)
    };
    for seed in 0..300 {
        assert_eq!(trace(seed, true), trace(seed, false), "seed {seed}");
    }
}
