//! Whoever was turned back not long ago, here or at another gate: a person looks and decides.

use kakou::base::KioskId;
use kakou::control::{Act, Decision, Phase, TurnedBackStatus};
use kakou::engine::replay::again;
use kakou::model::{
    Ago, Attestation, Direction, EarlierPassage, Elsewhere, End, Past, Reason, Verdict, Zone,
};

use crate::bench::temperature;
use crate::memory::{admitted, comes_in, earlier, hours};

#[test]
fn whoever_was_turned_back_not_long_ago_is_shown_to_a_person_who_decides() {
    let turned_back = |ago| EarlierPassage {
        verdict: Verdict::TurnedBack,
        crossing: None,
        ..admitted(ago, Direction::Inbound, vec![])
    };
    let mut lane = comes_in(earlier(vec![turned_back(5)]));
    let passage = lane.last_passage().clone();
    assert_eq!((passage.verdict, &passage.reasons[..]), (Verdict::Referred, &[Reason::TurnedBackBefore][..]));
    again(&passage, &lane.policy).expect("decided again alike");
    lane.put(temperature(Zone::Below)).act(Act::Attest(Attestation::Mask));
    lane.act(Act::Decide { decision: Decision::Admit, reason: Reason::AttendantDecision });
    assert!(lane.opened(), "it denies nobody by itself");
    let asked = |past| comes_in(past).status().phase;
    assert_eq!(asked(earlier(vec![turned_back(25)])), Phase::Steps, "long ago");
    let since = admitted(1, Direction::Inbound, vec![]);
    assert_eq!(asked(earlier(vec![since, turned_back(5)])), Phase::Steps, "let in since");
    let left = EarlierPassage { verdict: Verdict::Abandoned, ..turned_back(1) };
    assert_eq!(asked(earlier(vec![left, turned_back(5)])), Phase::Referred, "leaving decides nothing");
    let emergency = EarlierPassage { verdict: Verdict::EmergencyAdmitted, ..turned_back(1) };
    assert_eq!(asked(earlier(vec![emergency, turned_back(5)])), Phase::Referred, "nor does an emergency");
}

#[test]
fn whoever_was_turned_back_at_another_gate_is_shown_to_a_person_unless_they_came_to_another_end_since() {
    let sure = |hours_ago| Ago { least: hours(hours_ago), most: Some(hours(hours_ago)) };
    let there = |ago, end| Elsewhere { kiosk: "north-gate".parse().expect("a name"), ago, end };
    let turned_back = |ago| there(sure(ago), End::TurnedBack);
    let asked = |passages, elsewhere| {
        comes_in(Some(Ok(Past { passages, elsewhere, ..Past::default() }))).status().phase
    };
    let mut lane = comes_in(Some(Ok(Past { elsewhere: vec![turned_back(2)], ..Past::default() })));
    let shown = lane.status().turned_back;
    assert_eq!(shown.len(), 1);
    let TurnedBackStatus { kiosk, minutes, occupant } = &shown[0];
    assert_eq!((kiosk.as_ref().map(KioskId::as_str), *minutes, *occupant), (Some("north-gate"), 120, None));
    let passage = lane.last_passage().clone();
    assert_eq!((passage.verdict, &passage.reasons[..]), (Verdict::Referred, &[Reason::TurnedBackBefore][..]));
    again(&passage, &lane.policy).expect("decided again alike");
    lane.put(temperature(Zone::Below)).act(Act::Attest(Attestation::Mask));
    lane.act(Act::Decide { decision: Decision::Admit, reason: Reason::AttendantDecision });
    assert!(lane.opened(), "it denies nobody by itself");

    assert_eq!(asked(vec![], vec![turned_back(24)]), Phase::Steps, "long ago");
    assert_eq!(asked(vec![], vec![turned_back(5), there(sure(1), End::Otherwise)]), Phase::Steps);
    assert_eq!(
        asked(vec![], vec![turned_back(1), there(sure(5), End::Otherwise)]),
        Phase::Referred,
        "before"
    );
    let here = |ago| vec![admitted(ago, Direction::Inbound, vec![])];
    assert_eq!(asked(here(1), vec![turned_back(5)]), Phase::Steps, "let in here since");
    assert_eq!(asked(here(5), vec![turned_back(1)]), Phase::Referred, "turned back there since");
    let unsure = Ago { least: hours(1), most: None };
    assert_eq!(
        asked(vec![], vec![turned_back(5), there(unsure, End::Otherwise)]),
        Phase::Referred,
        "no clock vouches for it"
    );
    let own = EarlierPassage {
        verdict: Verdict::TurnedBack,
        crossing: None,
        ..admitted(5, Direction::Inbound, vec![])
    };
    assert_eq!(asked(vec![own], vec![there(sure(1), End::Otherwise)]), Phase::Steps, "let in there since");
}
