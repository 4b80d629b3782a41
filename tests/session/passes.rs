//! What passes are for, and the same pass at two gates.

use std::time::Duration;

use kakou::config::profile_file::shipped_in;
use kakou::control::{Act, Phase, StepState};
use kakou::engine::Input;
use kakou::engine::replay::again;
use kakou::model::credential::Purpose;
use kakou::model::past::{Unknown, Used};
use kakou::model::{
    Ago, AreaMode, Attestation, Authenticity, Class, Credential, Currency, Direction, EarlierPassage,
    Evidence, Past, Reason, StepKind, StepOutcome, SubjectKind, Verdict, Zone,
};

use crate::bench::{Bench, pass, temperature, vehicle_pass};
use crate::memory::{admitted, hours};

/// A person's pass for something, with a screening that was so long ago.
fn for_what(purpose: Purpose, class: Class, screened: Option<Duration>) -> Input {
    let Input::Presented(mut credential) = pass(class) else { unreachable!("a pass is presented") };
    if let Some(holder) = &mut credential.holder {
        holder.purpose = purpose;
        holder.screened = screened.map(|ago| Ago { least: ago, most: Some(ago) });
    }
    Input::Presented(credential)
}

/// The residential gate, where a pass is looked at that was at another gate two minutes ago or less.
fn gate(subject: SubjectKind, direction: Direction, past: Option<Result<Past, Unknown>>) -> Bench {
    let mut profiles = shipped_in("profiles/residential.toml").expect("shipped profiles are sound");
    for profile in &mut profiles {
        profile.apart = Some(Duration::from_secs(120));
    }
    let mut lane = Bench::in_mode(AreaMode::Normal, subject, profiles);
    lane.earlier = past;
    lane.act(Act::Begin { subject, direction });
    lane
}

/// Nobody has been anywhere.
fn nowhere() -> Option<Result<Past, Unknown>> {
    Some(Ok(Past::default()))
}

fn first(lane: &Bench) -> StepState {
    lane.status().steps[0].state.clone()
}

fn needs(reason: Reason) -> StepState {
    StepState::NeedsAttendant { reason }
}

#[test]
fn a_re_entry_pass_carries_a_good_reading_for_as_long_as_the_profile_lets_one_count() {
    let comes = |screened: Option<Duration>| {
        let mut lane = gate(SubjectKind::Person, Direction::Inbound, nowhere());
        lane.put(for_what(Purpose::ReEntry { screened: None }, Class::Resident, screened));
        lane
    };
    let mut lane = comes(Some(hours(3)));
    lane.act(Act::Attest(Attestation::Mask));
    let passage = lane.last_passage();
    assert_eq!(passage.verdict, Verdict::Admitted);
    assert_eq!(passage.steps[1].outcome, StepOutcome::Done(Evidence::Carried { minutes: 180 }));
    again(passage, &lane.policy).expect("decided again alike");
    for too_little in [None, Some(hours(5))] {
        let mut lane = comes(too_little);
        lane.act(Act::Attest(Attestation::Mask));
        assert!(lane.passages().is_empty(), "{too_little:?}: measured anew");
        lane.put(temperature(Zone::Below));
        assert_eq!(lane.last_passage().verdict, Verdict::Admitted);
    }
    let Input::Presented(mut credential) =
        for_what(Purpose::ReEntry { screened: None }, Class::Resident, None)
    else {
        unreachable!("a pass is presented")
    };
    let holder = credential.holder.as_mut().expect("a good pass");
    holder.screened = Some(Ago { least: Duration::ZERO, most: None });
    let mut lane = gate(SubjectKind::Person, Direction::Inbound, nowhere());
    lane.put(Input::Presented(credential)).act(Act::Attest(Attestation::Mask));
    assert!(lane.passages().is_empty(), "no clock says how long ago that was");
}

#[test]
fn a_re_entry_pass_takes_nobody_out_and_goes_with_the_pass_when_several_codes_are_in_view() {
    let re_entry = || for_what(Purpose::ReEntry { screened: None }, Class::Resident, Some(hours(1)));
    let mut lane = gate(SubjectKind::Person, Direction::Outbound, nowhere());
    lane.put(re_entry());
    assert_eq!(first(&lane), StepState::Failed { reason: Reason::CredentialWrongSite });
    let mut lane = gate(SubjectKind::Person, Direction::Inbound, nowhere());
    lane.put(re_entry());
    assert_eq!(lane.status().steps[1].state, StepState::Done);
    lane.put(Input::SeveralCodes);
    assert_ne!(lane.status().steps[0].state, StepState::Done);
    assert_ne!(lane.status().steps[1].state, StepState::Done, "whose reading that was nobody knows");
}

#[test]
fn a_transit_pass_says_where_to_and_in_a_vehicle_too() {
    use kakou::base::Pii;
    let to = || Purpose::Transit { to: Pii::new("成都".to_owned()) };
    let mut lane = gate(SubjectKind::Person, Direction::Inbound, nowhere());
    lane.put(for_what(to(), Class::Transit, None));
    lane.put(temperature(Zone::Below)).act(Act::Attest(Attestation::Mask));
    assert_eq!(lane.status().class, Some(Class::Transit));
    lane.put(Input::SeveralCodes);
    let Input::Presented(mut credential) = vehicle_pass(Class::Transit, "京A12345") else { unreachable!() };
    credential.holder.as_mut().expect("a good pass").purpose = to();
    let mut lane = gate(SubjectKind::Vehicle, Direction::Inbound, nowhere());
    lane.put(Input::Presented(credential));
    lane.act(Act::Leave);
    let personal = lane.last_personal();
    let destination = personal.vehicle.as_ref().and_then(|vehicle| vehicle.destination.as_ref());
    assert_eq!(destination.expect("it is on record").expose(), "成都");
}

#[test]
fn a_contact_card_lets_nobody_through_by_a_profile_that_is_for_everybody() {
    let card = || for_what(Purpose::ContactCard, Class::Observed, None);
    // The shipped profile names those under observation and turns them back.
    let mut lane = gate(SubjectKind::Person, Direction::Outbound, nowhere());
    lane.put(card());
    let passage = lane.last_passage();
    assert_eq!(passage.class, Class::Observed);
    assert_eq!(
        (passage.verdict, &passage.reasons[..]),
        (Verdict::TurnedBack, &[Reason::ClassNotAdmitted][..])
    );
    assert!(!lane.opened(), "an observed person is stopped at the exit");
    // A profile that is for all others has not said what becomes of them.
    let mut profiles = shipped_in("profiles/residential.toml").expect("shipped profiles are sound");
    for profile in &mut profiles {
        profile.classes.clear();
        profile.not_admitted.clear();
    }
    profiles.dedup_by_key(|profile| (profile.takes, profile.directions.clone()));
    let mut lane = Bench::in_mode(AreaMode::Normal, SubjectKind::Person, profiles);
    lane.act(Act::Begin { subject: SubjectKind::Person, direction: Direction::Inbound });
    lane.put(card());
    assert_eq!(first(&lane), needs(Reason::UnderObservation));
}

#[test]
fn a_pass_that_was_at_another_gate_a_moment_ago_is_looked_at() {
    let used = |seconds| {
        let ago = Duration::from_secs(seconds);
        let kiosk = "north-gate".parse().expect("a name");
        Past { used: vec![Used { kiosk, ago: Ago { least: ago, most: Some(ago) } }], ..Past::default() }
    };
    let comes = |past| {
        let mut lane = gate(SubjectKind::Person, Direction::Inbound, Some(past));
        lane.put(pass(Class::Resident));
        lane
    };
    assert_eq!(first(&comes(Ok(used(120)))), StepState::Done, "there was time to come from there");
    let mut lane = comes(Ok(used(119)));
    assert_eq!(first(&lane), needs(Reason::CredentialUsedElsewhere));
    lane.put(temperature(Zone::Below)).act(Act::Attest(Attestation::Mask));
    assert!(lane.passages().is_empty(), "an attendant has to look first");
    lane.put(pass(Class::Resident));
    assert!(!lane.opened(), "showing it again does not help");
    lane.act(Act::Attest(Attestation::UnverifiedCredential));
    assert!(lane.opened(), "an attendant who looked may let them through");
    again(lane.last_passage(), &lane.policy).expect("decided again alike");
    assert_eq!(first(&comes(Err(Unknown))), needs(Reason::CannotTell), "nobody can say where it was");
}

#[test]
fn at_another_lane_of_one_kiosk_only_the_same_way_is_impossible() {
    let here = |lane: &str, direction, verdict| EarlierPassage {
        ago: Ago { least: Duration::from_secs(30), most: Some(Duration::from_secs(30)) },
        lane: Some(lane.parse().expect("a name")),
        verdict,
        ..admitted(0, direction, vec![])
    };
    let comes = |passages| {
        let past = Past { passages, ..Past::default() };
        let mut lane = gate(SubjectKind::Person, Direction::Inbound, Some(Ok(past)));
        lane.put(pass(Class::Resident));
        first(&lane)
    };
    let went_in = || here("other", Direction::Inbound, Verdict::Admitted);
    assert_eq!(comes(vec![went_in()]), needs(Reason::CredentialUsedElsewhere));
    assert_eq!(
        comes(vec![here("other", Direction::Outbound, Verdict::Admitted), went_in()]),
        StepState::Done
    );
    let own = gate(SubjectKind::Person, Direction::Inbound, nowhere()).status().lane;
    assert_eq!(comes(vec![here(own.as_str(), Direction::Inbound, Verdict::Admitted)]), StepState::Done);
    assert_eq!(comes(vec![here("other", Direction::Inbound, Verdict::TurnedBack)]), StepState::Done);
}

#[test]
fn a_vehicles_pass_at_two_gates_is_looked_at_too_and_its_plate_typed_again() {
    let ago = Duration::from_secs(20);
    let kiosk = "north-gate".parse().expect("a name");
    let used = vec![Used { kiosk, ago: Ago { least: ago, most: Some(ago) } }];
    let past = Past { used, ..Past::default() };
    let mut lane = gate(SubjectKind::Vehicle, Direction::Inbound, Some(Ok(past.clone())));
    lane.put(vehicle_pass(Class::Resident, "京A12345"));
    let plate = |lane: &Bench| {
        let steps = lane.status().steps;
        steps.iter().find(|step| step.kind == StepKind::Plate).expect("is asked").state.clone()
    };
    assert_eq!(plate(&lane), needs(Reason::CredentialUsedElsewhere));
    let text = kakou::base::Pii::new("京A12345".to_owned());
    lane.act(Act::TypePlate { text, odd: kakou::control::OddPlate::Ask });
    assert_eq!(plate(&lane), StepState::Done, "the attendant has seen it");
    assert_eq!(lane.status().phase, Phase::Steps);
    // Where the plate was typed first, the pass says whose vehicle it is: that is looked at as well, once.
    let mut lane = gate(SubjectKind::Vehicle, Direction::Inbound, Some(Ok(past)));
    let text = || kakou::base::Pii::new("京A12345".to_owned());
    lane.act(Act::TypePlate { text: text(), odd: kakou::control::OddPlate::Ask });
    lane.put(vehicle_pass(Class::Resident, "京A12345"));
    assert_eq!(plate(&lane), needs(Reason::CredentialUsedElsewhere));
    lane.act(Act::TypePlate { text: text(), odd: kakou::control::OddPlate::Ask });
    assert_eq!(plate(&lane), StepState::Done);
}

#[test]
fn a_code_of_another_moment_fails_and_the_one_of_now_mends_it() {
    let mut lane = gate(SubjectKind::Person, Direction::Inbound, nowhere());
    let Input::Presented(good) = pass(Class::Resident) else { unreachable!("a pass is presented") };
    let stale = Credential { authentic: Authenticity::Genuine, current: Currency::OutOfWindow, ..good };
    lane.put(Input::Presented(stale));
    assert_eq!(first(&lane), StepState::Failed { reason: Reason::CredentialOutOfWindow });
    lane.put(pass(Class::Resident));
    assert_eq!(first(&lane), StepState::Done);
}
