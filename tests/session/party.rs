//! A vehicle whose occupants do not all go on with it.

use kakou::base::{Pii, Wall};
use kakou::config::profile_file::shipped_in;
use kakou::config::roster::Roster;
use kakou::control::{Act, Decision, OddPlate, Phase, Refused};
use kakou::credential;
use kakou::engine::Input;
use kakou::engine::replay::again;
use kakou::model::blind::IdentifierKind;
use kakou::model::manifest::{self, Manifest};
use kakou::model::{
    AreaMode, Attestation, Class, CredentialKind, Evidence, Level, Reason, Signal, StepKind, StepOutcome,
    SubjectKind, Verdict, Zone,
};

use crate::bench::{Bench, Known, blinder, pass, temperature};

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

/// A good identity number, a different one for each of a thousand.
fn number(of: usize) -> String {
    let body = format!("11010519491231{of:03}");
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let digits = body.bytes().map(|digit| usize::from(digit - b'0'));
    let sum: usize = digits.zip(weights).map(|(digit, weight)| digit * weight).sum();
    format!("{body}{}", &"10X98765432"[sum % 11..=sum % 11])
}

/// A list of so many people; the roster of the bench knows those with an even number.
fn list(of: usize) -> String {
    let row = |at: usize| format!("王小明{at},{},1381234{at:04}\n", number(at));
    format!("姓名,身份证号,手机号\n{}", (0..of).map(row).collect::<String>())
}

fn offered(text: &str) -> Act {
    Act::OfferManifest(Manifest::read(text.as_bytes()).expect("a good list"))
}

/// A bus that drives in at a compound, before anybody was counted.
fn bus() -> Bench {
    let profiles = shipped_in("profiles/residential.toml").expect("shipped");
    let row = |at: usize| (blinder().blind(IdentifierKind::IdNumber, &number(at)), Class::Resident);
    let roster = Roster::new((0..60).step_by(2).map(row), Wall(1));
    let known = Known { roster, ..Known::default() };
    let mut lane = Bench::knowing(known, AreaMode::Normal, SubjectKind::Vehicle, profiles);
    lane.line(Signal::Presence, Level::Active);
    lane.act(Act::TypePlate { text: Pii::new("京A12345".to_owned()), odd: OddPlate::Ask });
    lane
}

fn finish(lane: &mut Bench) {
    lane.act(Act::Register(kakou::control::Registration {
        origin: Some(Pii::new("成都".to_owned())),
        ..Default::default()
    }));
    lane.act(Act::StartDisinfection { agent: "chlorine-500".parse().expect("sound") });
    lane.wait(8).act(Act::StopDisinfection);
}

/// What is still asked of whoever is served, in the order of the profile.
fn rest(lane: &mut Bench) {
    lane.put(temperature(Zone::Below));
    let served = |lane: &Bench| {
        let status = lane.status();
        let person = status.occupants.iter().find(|person| !person.settled).cloned();
        person.map(|person| person.steps).unwrap_or_default()
    };
    let open = |lane: &Bench, kind| {
        served(lane).iter().any(|step| step.kind == kind && step.state != kakou::control::StepState::Done)
    };
    if open(lane, StepKind::Registration) {
        // Name and telephone number are not typed: where they are not known this is refused.
        let register = Act::Register(kakou::control::Registration {
            origin: Some(Pii::new("成都".to_owned())),
            ..Default::default()
        });
        let _ = lane.act_by(Some("wang"), register);
    }
    if lane.status().attestations.contains(&Attestation::Mask) {
        lane.act(Act::Attest(Attestation::Mask));
    }
}

#[test]
fn a_bus_of_twenty_comes_by_its_list_one_is_missing_one_is_held_and_the_others_leave() {
    let mut lane = bus();
    finish(&mut lane);
    lane.act(offered(&list(20)));
    let waiting = lane.status().manifest.expect("an offer");
    assert_eq!((waiting.rows.len(), lane.status().declared), (20, None), "nothing follows from an offer");
    assert!(!format!("{waiting:?}").contains("王小明"), "masked: {waiting:?}");
    lane.act(Act::TakeManifest { offer: waiting.offer, absent: vec![7] });
    let status = lane.status();
    assert_eq!((status.declared, status.occupants.len(), status.manifest), (Some(19), 19, None));
    assert!(status.occupants.iter().all(|person| !person.settled), "everybody is still measured");
    assert_eq!(status.occupants[0].class, Class::Resident, "the roster knows the number");
    for _ in 0..3 {
        rest(&mut lane);
    }
    lane.put(temperature(Zone::Refer)).act(stays(Decision::Hold));
    for _ in 4..19 {
        assert!(!lane.opened());
        rest(&mut lane);
    }
    lane.act(Act::Decide { decision: Decision::Admit, reason: Reason::AttendantDecision });
    let passage = lane.last_passage().clone();
    assert!(lane.opened());
    assert_eq!(passage.occupants.len(), 19);
    let held = |verdict| passage.occupants.iter().filter(|one| one.verdict == verdict).count();
    assert_eq!((held(Verdict::Held), held(Verdict::Admitted)), (1, 18));
    let by = Some("wang".parse().expect("a name"));
    let counted = Evidence::Occupants { declared: 19, recorded: 19, listed: Some(20), by };
    assert!(passage.steps.iter().any(|step| step.outcome == StepOutcome::Done(counted.clone())));
    let people = &lane.last_personal().people;
    let names: Vec<&str> =
        people.iter().filter_map(|person| Some(person.name.as_ref()?.expose().as_str())).collect();
    assert_eq!(names.len(), 19);
    assert!(!names.contains(&"王小明7"), "who was not here is on no record");
    again(lane.last_passage(), &lane.policy).expect("the same again");
}

#[test]
fn a_list_settles_what_a_typed_number_would_and_fills_in_what_a_registration_asks_for() {
    let (mut lane, mut typed) = (bus(), bus());
    finish(&mut lane);
    finish(&mut typed);
    lane.act(offered(&list(2))).act(Act::TakeManifest { offer: 1, absent: vec![] });
    let credential = |lane: &Bench, at: usize| {
        let person = lane.status().occupants[at].clone();
        person.steps.into_iter().find(|step| step.kind == StepKind::Credential).map(|step| step.state)
    };
    typed.act(Act::DeclareOccupants(2));
    for at in 0..2 {
        typed.act(Act::TypeIdNumber(Pii::new(number(at))));
        assert_eq!(credential(&lane, at), credential(&typed, at), "{at}");
        assert_eq!(lane.status().occupants[at].class, typed.status().occupants[at].class);
        rest(&mut typed);
        rest(&mut lane);
    }
    let (listed, stated) = (lane.status().occupants, typed.status().occupants);
    assert!(listed.iter().all(|person| person.settled), "{listed:?}");
    // Nobody typed the name of the second one there, so that registration is refused.
    assert!(!stated.iter().all(|person| person.settled));
}

#[test]
fn an_offer_is_taken_by_an_attendant_only_and_none_but_the_one_that_was_looked_at() {
    let mut lane = bus();
    assert_eq!(lane.act_by(None, offered(&list(3))), Err(Refused::NeedsAttendant));
    lane.act(offered(&list(3)));
    let take = |offer, absent: &[u8]| Act::TakeManifest { offer, absent: absent.to_vec() };
    assert_eq!(lane.act_by(None, take(1, &[])), Err(Refused::NeedsAttendant));
    lane.act(offered(&list(4)));
    assert!(
        matches!(lane.act_by(Some("wang"), take(1, &[])), Err(Refused::NotNow { .. })),
        "another one came"
    );
    let nobody = lane.act_by(Some("wang"), take(2, &[0, 1, 2, 3]));
    assert!(matches!(nobody, Err(Refused::OutOfRange { .. })));
    lane.act(offered(&list(61)));
    let many = lane.act_by(Some("wang"), take(3, &[]));
    assert!(matches!(many, Err(Refused::OutOfRange { .. })), "the profile takes sixty");
    assert_eq!((lane.status().declared, lane.status().occupants.len()), (None, 0), "nothing was taken");
    lane.act(take(3, &[60]));
    assert_eq!(lane.status().declared, Some(60));
    let late = lane.act_by(Some("wang"), offered(&list(2)));
    assert!(matches!(late, Err(Refused::NotNow { .. })), "people are being looked at already");
}

#[test]
fn whoever_turns_out_not_to_be_in_the_vehicle_is_struck_off_unless_they_were_looked_at() {
    let mut lane = bus();
    lane.act(offered(&list(3))).act(Act::TakeManifest { offer: 1, absent: vec![] });
    assert_eq!(lane.act_by(None, Act::NotHere), Err(Refused::NeedsAttendant));
    lane.act(Act::NotHere);
    assert_eq!((lane.status().declared, lane.status().occupants.len()), (Some(2), 2));
    lane.put(temperature(Zone::Refer));
    assert!(
        matches!(lane.act_by(Some("wang"), Act::NotHere), Err(Refused::NotNow { .. })),
        "they were measured"
    );
    let mut lane = bus();
    lane.act(Act::DeclareOccupants(2));
    assert!(matches!(lane.act_by(Some("wang"), Act::NotHere), Err(Refused::NotNow { .. })), "on no list");
    let mut lane = bus();
    lane.act(offered(&list(1))).act(Act::TakeManifest { offer: 1, absent: vec![] });
    assert!(
        matches!(lane.act_by(Some("wang"), Act::NotHere), Err(Refused::NotNow { .. })),
        "nobody would be left"
    );
}

/// What the kiosk makes of the code that a driver shows.
fn shown(payload: &str) -> Input {
    let trust = credential::Trust::new("xiyuan".parse().expect("a name"), vec![]);
    let clock = kakou::base::ClockTrust::Synced;
    Input::Presented(credential::check(payload.as_bytes(), &trust, Wall::from_secs(1_790_000_000), clock))
}

#[test]
fn a_drivers_code_offers_its_list_and_is_nobodys_credential() {
    let mut lane = bus();
    lane.put(shown(&manifest::code(&list(5))));
    assert_eq!(lane.status().manifest.map(|offer| offer.rows.len()), Some(5));
    assert_eq!(lane.status().declared, None, "a code declares nobody");
    // Nobody on this one has a number, so the first one's code is still asked for.
    lane.put(shown(&manifest::code("姓名\n王小明\n李四\n")));
    lane.act(Act::TakeManifest { offer: 2, absent: vec![] });
    let before = lane.status().occupants;
    assert!(before[0].steps.iter().all(|step| step.state != kakou::control::StepState::Done));
    lane.put(shown(&manifest::code(&list(5))));
    assert_eq!(lane.status().occupants, before, "shown again while somebody is served");

    let mut lane = bus();
    lane.put(shown("KKM1:NOT A LIST"));
    let offer = lane.status().manifest.expect("it is said that it cannot be read");
    assert!(offer.fault.is_some() && offer.rows.is_empty());
    let refused = lane.act_by(Some("wang"), Act::TakeManifest { offer: offer.offer, absent: vec![] });
    assert!(matches!(refused, Err(Refused::NotNow { .. })));
    lane.act(Act::DeclareOccupants(2));
    assert_eq!(lane.status().manifest, None, "whoever counts needs no list");

    let mut person = Bench::new(SubjectKind::Person);
    person.line(Signal::Presence, Level::Active).put(shown(&manifest::code(&list(1))));
    let status = person.status();
    assert_eq!(status.class, Some(Class::Unknown));
    assert!(
        status.steps.iter().all(|step| step.state != kakou::control::StepState::Done),
        "it proves nothing"
    );
    let Input::Presented(code) = shown(&manifest::code(&list(1))) else { panic!("a code") };
    assert_eq!(code.kind, CredentialKind::Manifest);
}
