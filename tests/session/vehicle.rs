//! A vehicle with its occupants.

use kakou::base::{CentiCelsius, Pii, Wall};
use kakou::config::profile_file::shipped_in;
use kakou::config::roster::Roster;
use kakou::control::{
    Act, Decision, DisinfectionStatus, OddPlate, Phase, Prompt, Refused, Registration, StepState,
};
use kakou::engine::replay::again;
use kakou::engine::{Effect, Screen};
use kakou::model::blind::IdentifierKind;
use kakou::model::step::PlateSource;
use kakou::model::{
    AreaMode, Attestation, Authenticity, Class, Currency, Direction, Evidence, Level, PlateOrigin, Reason,
    Signal, StepKind, StepOutcome, SubjectKind, Verdict, Zone,
};

use crate::bench::{Bench, Known, blinder, pass, temperature, vehicle_pass, vehicle_pass_that_is};

fn lane() -> Bench {
    Bench::new(SubjectKind::Vehicle)
}

fn plate(text: &str) -> Act {
    Act::TypePlate { text: Pii::new(text.to_owned()), odd: OddPlate::Ask }
}

fn occupant(lane: &mut Bench) {
    lane.put(pass(Class::Resident)).put(temperature(Zone::Below));
    if lane.status().attestations.contains(&Attestation::Mask) {
        lane.act(Act::Attest(Attestation::Mask));
    }
}

fn register(lane: &mut Bench) {
    let origin = Some(Pii::new("成都".to_owned()));
    lane.act(Act::Register(Registration { origin, ..Registration::default() }));
}

fn disinfect(lane: &mut Bench) {
    lane.act(Act::StartDisinfection { agent: "chlorine-500".parse().expect("a name") });
    assert_eq!(lane.status().prompt, Prompt::ShutWindows);
    lane.wait(8).act(Act::StopDisinfection);
}

#[test]
fn a_vehicle_leaves_only_with_every_declared_occupant_recorded() {
    let mut lane = lane();
    lane.line(Signal::Presence, Level::Active).act(plate("京A12345")).act(Act::DeclareOccupants(3));
    register(&mut lane);
    disinfect(&mut lane);
    occupant(&mut lane);
    occupant(&mut lane);
    assert!(lane.passages().is_empty(), "one occupant is still to come");
    let admit = Act::Decide { decision: Decision::Admit, reason: Reason::AttendantDecision };
    assert!(matches!(lane.act_by(Some("wang"), admit), Err(Refused::StepsOpen { .. })));
    occupant(&mut lane);
    let passage = lane.last_passage();
    assert_eq!((passage.verdict, passage.occupants.len()), (Verdict::Admitted, 3));
    let counted = Evidence::Occupants { declared: 3, recorded: 3, listed: None, by: None };
    assert!(passage.steps.iter().any(|step| step.outcome == StepOutcome::Done(counted.clone())));
    assert_eq!(lane.last_personal().people.len(), 3);
    assert!(lane.opened());
    lane.line(Signal::Presence, Level::Idle).cross();
    assert_eq!(lane.status().phase, Phase::Idle);
}

#[test]
fn an_occupant_with_an_elevated_temperature_holds_the_vehicle_for_a_person_to_decide() {
    let mut lane = lane();
    lane.line(Signal::Presence, Level::Active).act(plate("京A12345")).act(Act::DeclareOccupants(2));
    occupant(&mut lane);
    lane.put(pass(Class::Resident)).put(temperature(Zone::Refer));
    assert_eq!(lane.last_passage().reasons, [Reason::OccupantReferred, Reason::TemperatureElevated]);
    assert_eq!(lane.last_passage().occupants[1].verdict, Verdict::Referred);
    lane.act(Act::ContactTemperature(CentiCelsius::from_degrees(36.5).unwrap()));
    if lane.status().attestations.contains(&Attestation::Mask) {
        lane.act(Act::Attest(Attestation::Mask));
    }
    register(&mut lane);
    disinfect(&mut lane);
    assert!(!lane.opened());
    lane.act(Act::Decide {
        decision: Decision::AdmitWithFollowUp,
        reason: Reason::ClearedByContactThermometer,
    });
    assert_eq!(lane.last_passage().verdict, Verdict::AdmittedWithFollowUp);
    assert!(lane.opened());
}

#[test]
fn what_comes_in_belongs_to_the_occupant_whom_the_screens_show() {
    let mut lane = lane();
    lane.line(Signal::Presence, Level::Active).act(Act::DeclareOccupants(2));
    lane.put(pass(Class::Resident)).put(temperature(Zone::Refer));
    assert_eq!(lane.last_passage().verdict, Verdict::Referred);
    // The first is the one who waits for a second measurement; the other's turn has not come.
    let begun =
        |lane: &Bench| lane.effects.iter().filter(|effect| **effect == Effect::Screen(Screen::Begin)).count();
    let screenings = begun(&lane);
    lane.act(Act::ContactTemperature(CentiCelsius::from_degrees(39.0).expect("a temperature")));
    lane.put(temperature(Zone::Below)).put(pass(Class::Visitor));
    let status = lane.status();
    assert_eq!(status.occupants[1].class, Class::Unknown);
    assert!(!status.occupants.iter().any(|occupant| occupant.settled));
    assert_eq!(begun(&lane), screenings, "nobody is measured in the first one's place");
}

#[test]
fn a_plate_outside_the_grammar_is_asked_about_and_never_refused() {
    let mut lane = lane();
    lane.line(Signal::Presence, Level::Active);
    assert_eq!(lane.act_by(Some("wang"), plate("QQ1")), Err(Refused::OddPlate));
    lane.act(Act::TypePlate { text: Pii::new("QQ1".to_owned()), odd: OddPlate::Confirmed });
    assert!(matches!(lane.act_by(Some("wang"), plate("京A12345")), Err(Refused::StepNotOpen { .. })));
}

#[test]
fn a_vehicle_pass_gives_the_plate_and_a_pass_of_another_vehicle_vouches_for_nothing() {
    let mut lane = lane();
    lane.line(Signal::Presence, Level::Active).put(vehicle_pass(Class::Resident, "京A12345"));
    assert_eq!(lane.status().class, Some(Class::Resident));
    assert!(lane.last_step(StepKind::Plate));

    let mut lane = self::lane();
    lane.line(Signal::Presence, Level::Active).act(plate("京B99999"));
    lane.put(vehicle_pass(Class::Resident, "京A12345"));
    assert_eq!(lane.status().class, Some(Class::Unknown));
}

#[test]
fn an_attendant_is_told_why_a_vehicles_pass_does_not_count() {
    for (authentic, current, reason) in [
        (Authenticity::Genuine, Currency::Expired, Reason::CredentialExpired),
        (Authenticity::Genuine, Currency::WrongSite, Reason::CredentialWrongSite),
        (Authenticity::Genuine, Currency::ListsTooOld, Reason::ListsTooOld),
        (Authenticity::Revoked, Currency::Current, Reason::CredentialRevoked),
    ] {
        let mut lane = lane();
        let shown = vehicle_pass_that_is(authentic, current);
        lane.line(Signal::Presence, Level::Active).put(shown);
        let waits = StepState::NeedsAttendant { reason };
        assert!(lane.status().steps.iter().any(|step| step.state == waits), "{reason:?}");
        assert_eq!(lane.status().class, Some(Class::Unknown));
    }
}

/// A service point that calls 川A local and knows a few plates.
fn service_point() -> Bench {
    let profiles = shipped_in("profiles/expressway.toml").expect("shipped");
    let blind = |plate: &str| (blinder().blind(IdentifierKind::Plate, plate), Class::Worker);
    let known = Known {
        roster: Roster::new(["川A00001", "京A00001"].map(blind), Wall(1)),
        local_plates: vec!["川A".parse().expect("a prefix")],
        ..Known::default()
    };
    let mut lane = Bench::knowing(known, AreaMode::Normal, SubjectKind::Vehicle, profiles);
    lane.line(Signal::Presence, Level::Active);
    lane
}

fn asks(lane: &Bench, step: &str) -> bool {
    lane.status().steps.iter().any(|asked| asked.id.as_str() == step)
}

#[test]
fn a_vehicle_that_is_not_shown_to_be_local_is_asked_one_step_more() {
    let unusual = Act::TypePlate { text: Pii::new("QQ1".to_owned()), odd: OddPlate::Confirmed };
    let cases = [
        (vec![plate("川A12345")], PlateOrigin::Local),
        (vec![plate("京A12345")], PlateOrigin::OutOfTown),
        (vec![plate("VA12345")], PlateOrigin::Unplaced),
        (vec![unusual], PlateOrigin::Unplaced),
        (vec![Act::NoPlate, Act::NoPlate], PlateOrigin::Unplaced),
    ];
    for (acts, origin) in cases {
        let mut lane = service_point();
        assert!(!asks(&lane, "out-of-town") && lane.status().plate_origin.is_none());
        for act in acts {
            lane.act(act);
        }
        assert_eq!(lane.status().plate_origin, Some(origin));
        assert_eq!(asks(&lane, "out-of-town"), origin != PlateOrigin::Local, "{origin:?}");
    }
    let mut lane = service_point();
    lane.put(vehicle_pass(Class::Resident, "京A12345"));
    assert_eq!(lane.status().plate_origin, Some(PlateOrigin::OutOfTown));
}

#[test]
fn records_of_local_and_other_vehicles_are_decided_again_and_nothing_is_said_where_no_plates_are_local() {
    for (text, origin) in [("川A12345", PlateOrigin::Local), ("京A12345", PlateOrigin::OutOfTown)] {
        let mut lane = service_point();
        lane.act(plate(text));
        lane.act(Act::Decide { decision: Decision::TurnBack, reason: Reason::Declined });
        let passage = lane.last_passage();
        let known = Evidence::Plate { source: PlateSource::Typed, origin: Some(origin) };
        assert_eq!(passage.steps[0].outcome, StepOutcome::Done(known));
        again(passage, &lane.policy).expect("the same again");
        // The same facts under a policy that was told nothing of plates are not this record's.
        let mut other = passage.clone();
        other.steps[0].outcome =
            StepOutcome::Done(Evidence::Plate { source: PlateSource::Typed, origin: None });
        assert!(again(&other, &lane.policy).is_err());
    }
    let mut lane = lane();
    lane.line(Signal::Presence, Level::Active).act(plate("川A12345"));
    lane.act(Act::Decide { decision: Decision::TurnBack, reason: Reason::Declined });
    let said_nothing = Evidence::Plate { source: PlateSource::Typed, origin: None };
    assert_eq!(lane.last_passage().steps[0].outcome, StepOutcome::Done(said_nothing));
    assert_eq!(lane.status().plate_origin, None);
}

#[test]
fn a_typed_plate_that_the_roster_knows_says_what_the_vehicle_is_to_the_place() {
    let mut lane = service_point();
    lane.act(plate("川a·00001"));
    assert_eq!(lane.status().class, Some(Class::Worker));
    let mut lane = service_point();
    lane.act(plate("川A00002"));
    assert_eq!(lane.status().class, Some(Class::Unknown));
    // A pass that a machine verified counts for more than a plate that anybody can type.
    let mut lane = service_point();
    lane.act(plate("京A00001")).put(vehicle_pass(Class::Transit, "京A00001"));
    assert_eq!(lane.status().class, Some(Class::Transit));
}

#[test]
fn disinfection_that_is_too_short_does_not_count_and_a_forgotten_one_stops_by_itself() {
    let mut lane = lane();
    lane.line(Signal::Presence, Level::Active);
    lane.act(Act::StartDisinfection { agent: "chlorine-500".parse().unwrap() }).wait(2);
    // The profile asks for 5 seconds.
    let early = lane.act_by(Some("wang"), Act::StopDisinfection);
    assert_eq!(early, Err(Refused::TooEarly { seconds_left: 3 }));
    assert!(!lane.last_step(StepKind::Disinfection));
    assert_eq!(lane.status().prompt, Prompt::ShutWindows, "what is refused has changed nothing");
    lane.wait(28);
    assert!(lane.last_step(StepKind::Disinfection));
    assert_eq!(lane.status().disinfecting, None);
}

#[test]
fn the_sprayer_runs_for_the_vehicles_own_step_and_stops_with_it() {
    let sprayed = |lane: &Bench| -> Vec<Level> {
        let of = |effect: &Effect| if let Effect::Spray(level) = effect { Some(*level) } else { None };
        lane.effects.iter().filter_map(of).collect()
    };
    let start = || Act::StartDisinfection { agent: "chlorine-500".parse().expect("a name") };
    let mut lane = lane();
    lane.line(Signal::Presence, Level::Active).act(start()).wait(2);
    assert_eq!(sprayed(&lane), [Level::Active]);
    let _ = lane.act_by(Some("wang"), Act::StopDisinfection);
    assert_eq!(sprayed(&lane), [Level::Active], "too early: it goes on");
    lane.wait(28);
    assert_eq!(sprayed(&lane), [Level::Active, Level::Idle], "it stops by itself");

    let mut lane = self::lane();
    lane.line(Signal::Presence, Level::Active).act(start()).wait(2).act(Act::Emergency);
    assert_eq!(sprayed(&lane), [Level::Active, Level::Idle], "nobody drives off through the spray");
}

#[test]
fn screens_know_how_long_disinfection_has_to_run_and_when_it_stops_by_itself() {
    let mut lane = lane();
    lane.line(Signal::Presence, Level::Active);
    assert_eq!(lane.status().disinfecting, None);
    lane.act(Act::StartDisinfection { agent: "chlorine-500".parse().unwrap() });
    for (waited, may_stop_ms, ends_ms) in [(0, 5_000, 30_000), (4, 1_000, 26_000), (2, 0, 24_000)] {
        let left = lane.wait(waited).status().disinfecting;
        assert_eq!(left, Some(DisinfectionStatus { may_stop_ms, ends_ms }));
    }
    lane.act(Act::StopDisinfection);
    assert!(lane.last_step(StepKind::Disinfection));
    assert_eq!(lane.status().disinfecting, None);
}

#[test]
fn occupants_already_recorded_cannot_be_declared_away() {
    let mut lane = lane();
    lane.line(Signal::Presence, Level::Active).act(Act::DeclareOccupants(2));
    lane.put(pass(Class::Resident)).put(temperature(Zone::Below));
    lane.act(Act::Attest(Attestation::Mask)).put(pass(Class::Resident));
    assert!(matches!(lane.act_by(Some("wang"), Act::DeclareOccupants(1)), Err(Refused::NotNow { .. })));
    for count in [0, 61] {
        let refused = lane.act_by(Some("wang"), Act::DeclareOccupants(count));
        assert!(matches!(refused, Err(Refused::OutOfRange { .. })), "{count}");
    }
}

#[test]
fn who_waits_inside_goes_out() {
    let mut lane = lane();
    lane.line(Signal::PresenceInside, Level::Active);
    assert_eq!(lane.status().direction, Some(Direction::Outbound));
}

impl Bench {
    fn last_step(&self, kind: StepKind) -> bool {
        let steps = self.status().steps;
        steps.iter().any(|step| step.kind == kind && step.state == StepState::Done)
    }
}

#[test]
fn what_is_looked_at_of_a_vehicle_is_the_vehicles_own_step() {
    let text = r#"
[[profile]]
id = "papers"
title_zh = "查验"
title_en = "Papers"
takes = "vehicle"
directions = ["inbound"]
session_timeout_s = 300
idle_timeout_s = 60

[[profile.step]]
kind = "plate"
no_plate = "record"
timeout_s = 60

[[profile.step]]
kind = "attest"
what = "papers"
timeout_s = 60
"#;
    let profiles = kakou::config::profile_file::read_profiles("p.toml", text).expect("a sound profile");
    let mut lane = Bench::with(SubjectKind::Vehicle, profiles);
    lane.act(Act::Begin { subject: SubjectKind::Vehicle, direction: Direction::Inbound });
    lane.act(plate("京A12345"));
    let mask = lane.act_by(Some("wang"), Act::Attest(Attestation::Mask));
    assert!(matches!(mask, Err(Refused::NotNow { .. })), "{mask:?}");
    assert_eq!(lane.act_by(None, Act::Attest(Attestation::Papers)), Err(Refused::NeedsAttendant));
    lane.act(Act::Attest(Attestation::Papers));
    let passage = lane.last_passage();
    assert_eq!(passage.verdict, Verdict::Admitted);
    let by = "wang".parse().expect("a name");
    let seen = Evidence::Attested { by, what: Attestation::Papers, colour: None };
    assert_eq!(passage.steps[1].outcome, StepOutcome::Done(seen));
}
