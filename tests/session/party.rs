//! A vehicle whose occupants do not all go on with it.

use kakou::base::Pii;
use kakou::control::{Act, Decision, OddPlate, Phase, Refused};
use kakou::engine::replay::again;
use kakou::model::{Attestation, Class, Level, Reason, Signal, SubjectKind, Verdict, Zone};

use crate::bench::{Bench, pass, temperature};

/// On the way out a vehicle is asked for its plate, its occupants and disinfection, each occupant for a pass and a mask.
fn coach(occupants: u8) -> Bench {
    let mut lane = Bench::new(SubjectKind::Vehicle);
    lane.line(Signal::Presence, Level::Active);
    lane.act(Act::TypePlate { text: Pii::new("京A12345".to_owned()), odd: OddPlate::Ask });
    lane.act(Act::DeclareOccupants(occupants));
    lane.act(Act::Register(kakou::control::Registration {
        origin: Some(Pii::new("成都".to_owned())),
        ..Default::default()
    }));
    lane.act(Act::StartDisinfection { agent: "chlorine-500".parse().expect("sound") });
    lane.wait(8).act(Act::StopDisinfection);
    lane
}

fn good(lane: &mut Bench) {
    lane.put(pass(Class::Resident)).put(temperature(Zone::Below)).act(Act::Attest(Attestation::Mask));
}

fn stays(decision: Decision) -> Act {
    Act::SetDown { decision, reason: Reason::TemperatureElevated }
}

#[test]
fn one_passenger_is_held_and_the_others_go_on() {
    let mut lane = coach(3);
    good(&mut lane);
    lane.put(pass(Class::Resident)).put(temperature(Zone::Refer));
    assert_eq!(lane.last_passage().verdict, Verdict::Referred, "a person decides");
    lane.act(stays(Decision::Hold));
    let status = lane.status();
    assert_eq!(status.occupants[1].apart, Some(Verdict::Held));
    good(&mut lane);
    assert!(!lane.opened(), "it was referred: nothing admits it by itself");
    lane.act(Act::Decide { decision: Decision::Admit, reason: Reason::AttendantDecision });
    let passage = lane.last_passage().clone();
    assert!(lane.opened());
    let verdicts: Vec<Verdict> = passage.occupants.iter().map(|occupant| occupant.verdict).collect();
    assert_eq!(verdicts, [Verdict::Admitted, Verdict::Held, Verdict::Admitted]);
    let held = &passage.occupants[1];
    assert_eq!(held.reasons, [Reason::TemperatureElevated]);
    assert_eq!(held.apart.as_ref().map(|by| by.as_str()), Some("wang"));
    assert_eq!(lane.last_personal().people.len(), 3, "who stays is on record with who goes on");
    for passage in lane.passages() {
        again(passage, &lane.policy).expect("sound");
    }
}

#[test]
fn whoever_stays_stands_in_nobodys_way_and_is_let_through_by_nothing() {
    let mut lane = coach(2);
    // Before the first one is done: a passenger who will not be asked anything.
    lane.act(stays(Decision::HandOff));
    assert!(lane.passages().is_empty(), "the driver is still to come");
    good(&mut lane);
    let passage = lane.last_passage();
    assert_eq!(passage.verdict, Verdict::Admitted, "by the policy: everybody who goes on is done");
    assert_eq!(passage.occupants[0].verdict, Verdict::HandedOff);
    again(passage, &lane.policy).expect("sound");
    for decision in [Decision::Admit, Decision::AdmitWithFollowUp] {
        let mut lane = coach(2);
        assert!(matches!(lane.act_by(Some("wang"), stays(decision)), Err(Refused::NotNow { .. })));
    }
}

#[test]
fn somebody_drives_on_and_only_an_attendant_sets_down() {
    let mut lane = coach(2);
    assert_eq!(lane.act_by(None, stays(Decision::Hold)), Err(Refused::NeedsAttendant));
    lane.act(stays(Decision::Hold));
    let last = lane.act_by(Some("wang"), stays(Decision::Hold));
    assert_eq!(last, Err(Refused::NotNow { why: "nobody would be left in the vehicle" }));
    assert_eq!(lane.status().phase, Phase::Steps);
    let fewer = lane.act_by(Some("wang"), Act::DeclareOccupants(1));
    assert!(fewer.is_err(), "whoever was set down is not declared away");
    let mut alone = Bench::new(SubjectKind::Person);
    alone.line(Signal::Presence, Level::Active);
    assert!(matches!(alone.act_by(Some("wang"), stays(Decision::Hold)), Err(Refused::NotNow { .. })));
}

#[test]
fn a_vehicle_that_is_turned_back_leaves_the_one_who_stays_with_their_own_verdict() {
    let mut lane = coach(2);
    lane.act(stays(Decision::Hold));
    lane.act(Act::Decide { decision: Decision::TurnBack, reason: Reason::Declined });
    let verdicts: Vec<Verdict> = lane.last_passage().occupants.iter().map(|one| one.verdict).collect();
    assert_eq!(verdicts, [Verdict::Held, Verdict::TurnedBack]);
}
