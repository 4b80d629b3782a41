//! One person at a lane.

use kakou::base::CentiCelsius;
use kakou::config::Ask;
use kakou::control::{Act, Decision, Phase, Prompt, Refused, Registration, StepState};
use kakou::engine::{Effect, Input, Screen};
use kakou::model::{
    Admissible, Attestation, Authenticity, Body, Class, CredentialKind, Crossing, Currency, Decider,
    Evidence, Level, ModuleColour, Reason, Signal, StepKind, StepOutcome, SubjectKind, Verdict, Zone,
};

use crate::bench::{Bench, certificate, code, not_measured, pass, temperature};

fn lane() -> Bench {
    Bench::new(SubjectKind::Person)
}

fn mask() -> Act {
    Act::Attest(Attestation::Mask)
}

#[test]
fn a_resident_with_every_step_done_is_admitted_and_goes_through() {
    let mut lane = lane();
    lane.put(pass(Class::Resident)).put(temperature(Zone::Below)).act(mask());
    assert_eq!(lane.last_passage().verdict, Verdict::Admitted);
    assert_eq!(lane.last_passage().decided_by, Decider::Policy);
    assert_eq!(lane.last_passage().class, Class::Resident);
    assert_eq!(lane.last_passage().notice, Some(12));
    assert!(lane.opened());
    lane.cross();
    assert!(matches!(
        lane.drafts.last().map(|draft| &draft.body),
        Some(Body::Crossed { crossing: Crossing::Passed, .. })
    ));
    assert_eq!(lane.status().phase, Phase::Idle);
}

#[test]
fn the_barrier_opens_on_the_durable_record_and_not_on_the_decision() {
    let mut lane = lane();
    lane.put(pass(Class::Resident)).put(temperature(Zone::Below));
    let command = |lane: &mut Bench| {
        let by = Some("wang".parse().unwrap());
        let command = kakou::control::Command { lane: "gate".parse().unwrap(), by, act: mask() };
        let mut effects = vec![];
        lane.lane.command(lane.now, &command, &mut effects).unwrap();
        effects
    };
    let effects = command(&mut lane);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Append { .. })));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Barrier(_))));
    assert_eq!(lane.status().phase, Phase::Recording);
}

#[test]
fn nothing_is_decided_before_the_arrival_is_durable() {
    let mut lane = lane();
    lane.put_undurable(pass(Class::Observed)).put_undurable(temperature(Zone::Refer));
    assert_eq!(lane.drafts.len(), 1, "only the arrival");
    lane.flush();
    assert_eq!(lane.last_passage().verdict, Verdict::Referred);
}

#[test]
fn an_elevated_temperature_calls_a_person_and_keeps_the_barrier_closed() {
    let mut lane = lane();
    lane.put(pass(Class::Resident)).put(temperature(Zone::Refer));
    assert_eq!(lane.last_passage().verdict, Verdict::Referred);
    assert_eq!(lane.last_passage().reasons, [Reason::TemperatureElevated]);
    assert_eq!(lane.status().prompt, Prompt::SeeAttendant);
    assert!(!lane.opened());
    assert!(lane.last_personal().people[0].skin.is_some(), "the value is kept, sealed");

    let admit = Act::Decide { decision: Decision::Admit, reason: Reason::ClearedByContactThermometer };
    let refused = lane.act_by(Some("wang"), admit.clone());
    let open = vec![StepKind::Temperature, StepKind::Attest];
    assert_eq!(refused, Err(Refused::StepsOpen { open }));

    let value = CentiCelsius::from_degrees(36.6).unwrap();
    lane.act(Act::ContactTemperature(value)).act(mask());
    assert!(!lane.opened(), "after a referral only a person decides");
    lane.act(admit);
    assert_eq!(lane.last_passage().verdict, Verdict::Admitted);
    assert!(lane.last_passage().follows.is_some());
    assert!(lane.opened());
}

#[test]
fn readings_too_close_to_the_threshold_are_repeated_and_then_referred() {
    let mut lane = lane();
    lane.put(pass(Class::Resident)).put(temperature(Zone::Recheck));
    lane.put(temperature(Zone::Recheck)).put(temperature(Zone::Recheck));
    assert_eq!(lane.status().phase, Phase::Steps);
    let begun = lane
        .effects
        .iter()
        .filter(|effect| matches!(effect, Effect::Screen(Screen::Begin | Screen::Again(_))))
        .count();
    assert_eq!(begun, 4, "each recheck is a fresh screening");
    lane.put(temperature(Zone::Recheck));
    assert_eq!(lane.last_passage().reasons, [Reason::TemperatureUnclear]);
}

#[test]
fn one_lucky_reading_among_three_fresh_ones_clears_nobody_and_two_do() {
    let mut lane = lane();
    lane.put(pass(Class::Resident)).act(mask()).put(temperature(Zone::Recheck));
    lane.put(temperature(Zone::Below)).put(temperature(Zone::Recheck));
    assert!(lane.passages().is_empty(), "the low one alone does not count");
    lane.put(temperature(Zone::Recheck));
    assert_eq!(lane.last_passage().reasons, [Reason::TemperatureUnclear]);

    let mut lane = self::lane();
    lane.put(pass(Class::Resident)).act(mask()).put(temperature(Zone::Recheck));
    lane.put(temperature(Zone::Below)).put(temperature(Zone::Recheck)).put(temperature(Zone::Below));
    assert_eq!(lane.last_passage().verdict, Verdict::Admitted);
    let evidence = Evidence::Temperature { zone: Zone::Below, attempts: 4 };
    let step = lane.last_passage().steps.iter().find(|step| step.kind == StepKind::Temperature).unwrap();
    assert_eq!(step.outcome, StepOutcome::Done(evidence));
}

#[test]
fn what_cannot_be_measured_is_never_below() {
    let mut lane = lane();
    lane.put(pass(Class::Resident)).act(mask());
    lane.put(not_measured()).put(not_measured()).put(not_measured());
    assert_eq!(lane.last_passage().verdict, Verdict::Referred);
    assert_eq!(lane.last_passage().reasons, [Reason::TemperatureNotMeasured]);
    assert!(!lane.opened());
}

#[test]
fn an_attendant_may_waive_a_step_only_for_a_reason_of_the_profile() {
    let mut lane = lane();
    lane.put(pass(Class::Resident));
    let waive =
        |reason: &str| Act::Waive { step: "temperature".parse().unwrap(), reason: reason.parse().unwrap() };
    let refused = lane.act_by(Some("wang"), waive("in-a-hurry"));
    assert_eq!(refused, Err(Refused::WaiverNotAllowed { step: StepKind::Temperature }));
    assert_eq!(lane.act_by(None, waive("device-fault")), Err(Refused::NeedsAttendant));
    lane.act(waive("device-fault")).act(mask());
    assert_eq!(lane.last_passage().verdict, Verdict::Admitted);
}

#[test]
fn a_forged_or_expired_pass_admits_nobody_and_a_good_one_mends_it() {
    for (authentic, current, reason) in [
        (Authenticity::Forged, Currency::Current, Reason::CredentialForged),
        (Authenticity::Genuine, Currency::Expired, Reason::CredentialExpired),
        (Authenticity::Genuine, Currency::WrongSite, Reason::CredentialWrongSite),
        (Authenticity::UnknownIssuer, Currency::Unknown, Reason::CredentialUnknownIssuer),
    ] {
        let mut lane = lane();
        lane.put(code(authentic, current)).put(temperature(Zone::Below)).act(mask());
        assert!(lane.passages().is_empty(), "{reason:?}");
        let papers = lane.act_by(Some("wang"), Act::Attest(Attestation::UnverifiedCredential));
        assert!(papers.is_err(), "a bad pass cannot be attested as one that nobody could check");
        lane.put(pass(Class::Resident));
        assert_eq!(lane.last_passage().verdict, Verdict::Admitted, "{reason:?}");
    }
}

/// A lane whose profile takes health certificates of others.
fn accepting() -> Bench {
    let mut profiles =
        kakou::config::profile_file::shipped_in("profiles/residential.toml").expect("a shipped file");
    for profile in &mut profiles {
        for rule in &mut profile.steps {
            if let Ask::Credential { accept, .. } = &mut rule.ask {
                accept.push(CredentialKind::HealthCertificate);
            }
        }
    }
    Bench::with(SubjectKind::Person, profiles)
}

#[test]
fn anothers_certificate_settles_the_step_where_it_is_enough_and_the_profile_takes_it() {
    let genuine = |admissible| certificate(Authenticity::Genuine, Currency::Current, admissible);
    let settled = |lane: &mut Bench, input| lane.put(input).status().steps[0].state == StepState::Done;
    assert!(settled(&mut accepting(), genuine(Admissible::Yes)));
    for (input, reason) in [
        (genuine(Admissible::No), Reason::CredentialNotAdmissible),
        (certificate(Authenticity::Revoked, Currency::Unknown, Admissible::No), Reason::CredentialRevoked),
        (certificate(Authenticity::Genuine, Currency::Expired, Admissible::No), Reason::CredentialExpired),
        (certificate(Authenticity::Forged, Currency::Unknown, Admissible::No), Reason::CredentialForged),
    ] {
        let mut lane = accepting();
        assert!(!settled(&mut lane, input));
        assert_eq!(lane.status().steps[0].state, StepState::Failed { reason });
    }
    for input in [
        genuine(Admissible::Unknown),
        certificate(Authenticity::Genuine, Currency::ListsTooOld, Admissible::Unknown),
        certificate(Authenticity::Unverified, Currency::Unknown, Admissible::Unknown),
    ] {
        let mut lane = accepting();
        assert!(!settled(&mut lane, input));
        assert_eq!(lane.status().prompt, Prompt::WaitForAttendant, "an attendant looks at it");
    }
    let mut lane = accepting();
    assert!(settled(&mut lane, genuine(Admissible::Yes)));
    assert!(!settled(&mut lane, Input::SeveralCodes), "it may have been one of several: none is taken");
    let mut lane = self::lane();
    assert!(!settled(&mut lane, genuine(Admissible::Yes)), "this profile takes passes of the hub alone");
    assert_eq!(lane.status().prompt, Prompt::WaitForAttendant);
}

#[test]
fn a_code_that_nothing_here_can_verify_is_attested_by_name_and_recorded_as_that() {
    let mut lane = lane();
    lane.put(code(Authenticity::Unverified, Currency::Unknown));
    assert_eq!(lane.status().prompt, Prompt::WaitForAttendant);
    lane.act(Act::Attest(Attestation::UnverifiedCredential)).put(temperature(Zone::Below)).act(mask());
    assert!(lane.passages().is_empty(), "who they are is still to be registered");
    let text = |text: &str| Some(kakou::base::Pii::new(text.to_owned()));
    let fields = Registration {
        name: text("李四"),
        phone: text("13812345678"),
        origin: text("成都"),
        ..Registration::default()
    };
    lane.act(Act::Register(fields));
    assert_eq!(lane.last_passage().verdict, Verdict::Admitted);
    assert_eq!(lane.last_passage().class, Class::Unknown);
    assert_eq!(lane.last_personal().people[0].name, text("李四"));
}

#[test]
fn the_colour_of_a_code_stands_beside_what_an_attendant_says_of_it_and_changes_nothing() {
    let ends = |colour: Option<ModuleColour>, what: Attestation| {
        let mut lane = lane();
        let Input::Presented(mut shown) = code(Authenticity::Unverified, Currency::Unknown) else { panic!() };
        shown.colour = colour;
        lane.put(Input::Presented(shown));
        assert_eq!((lane.status().prompt, lane.status().steps[0].colour), (Prompt::WaitForAttendant, colour));
        lane.act(Act::Attest(what)).put(temperature(Zone::Below)).act(mask());
        assert_eq!(lane.status().steps[0].colour, None, "nobody has to look any more");
        lane.act(Act::Register(Registration {
            name: Some("李四".to_owned().into()),
            phone: Some("13812345678".to_owned().into()),
            origin: Some("成都".to_owned().into()),
            ..Registration::default()
        }));
        let passage = lane.last_passage();
        let StepOutcome::Done(Evidence::Attested { colour, .. }) = &passage.steps[0].outcome else {
            panic!("{:?}", passage.steps[0])
        };
        (passage.verdict, *colour)
    };
    let looks = Attestation::UnverifiedCredential;
    for colour in ModuleColour::ALL {
        assert_eq!(ends(Some(colour), looks), (Verdict::Admitted, Some(colour)));
    }
    assert_eq!(ends(None, looks), (Verdict::Admitted, None));
    assert_eq!(ends(Some(ModuleColour::Green), Attestation::Papers).1, None, "papers have no colour");
}

#[test]
fn a_registration_with_a_missing_or_strange_field_changes_nothing() {
    let mut lane = lane();
    lane.put(code(Authenticity::Unverified, Currency::Unknown));
    for phone in ["", "hello", "1"] {
        let fields = Registration {
            name: Some("李四".to_owned().into()),
            phone: Some(phone.to_owned().into()),
            origin: Some("成都".to_owned().into()),
            ..Registration::default()
        };
        let refused = lane.act_by(Some("wang"), Act::Register(fields));
        assert!(matches!(refused, Err(Refused::BadField { field: "phone", .. })), "{phone:?}: {refused:?}");
    }
}

#[test]
fn every_other_decision_is_the_attendants_to_take() {
    for (decision, verdict, prompt) in [
        (Decision::TurnBack, Verdict::TurnedBack, Prompt::TurnBack),
        (Decision::Hold, Verdict::Held, Prompt::WaitHere),
        (Decision::Advise, Verdict::Advised, Prompt::TurnBack),
        (Decision::HandOff, Verdict::HandedOff, Prompt::SeeAttendant),
    ] {
        let mut lane = lane();
        lane.put(pass(Class::Visitor));
        let act = Act::Decide { decision, reason: Reason::AttendantDecision };
        assert_eq!(lane.act_by(None, act.clone()), Err(Refused::NeedsAttendant));
        lane.act(act);
        assert_eq!((lane.last_passage().verdict, lane.status().prompt), (verdict, prompt));
        assert!(!lane.opened());
        lane.wait(10);
        assert_eq!(lane.status().phase, Phase::Idle);
    }
}

#[test]
fn an_emergency_goes_through_at_once_and_is_recorded_first() {
    let mut lane = lane();
    assert_eq!(lane.act_by(None, Act::Emergency), Err(Refused::NeedsAttendant));
    lane.act(Act::Emergency);
    assert_eq!(lane.last_passage().verdict, Verdict::EmergencyAdmitted);
    assert_eq!(lane.last_passage().decided_by, Decider::Attendant("wang".parse().unwrap()));
    assert!(lane.opened());
}

#[test]
fn a_subject_who_leaves_is_recorded_as_having_left() {
    let mut lane = lane();
    lane.line(Signal::Presence, Level::Active);
    assert_eq!(lane.status().phase, Phase::Steps);
    lane.line(Signal::Presence, Level::Idle).wait(6);
    assert_eq!(lane.last_passage().verdict, Verdict::Abandoned);
    assert_eq!(lane.last_passage().reasons[0], Reason::Left);
}

#[test]
fn a_subject_who_does_nothing_times_out_after_the_attendant_was_called() {
    let mut lane = lane();
    lane.line(Signal::Presence, Level::Active).wait(46);
    assert_eq!(lane.status().prompt, Prompt::WaitForAttendant);
    lane.wait(20);
    assert_eq!(lane.last_passage().verdict, Verdict::Abandoned);
    assert_eq!(lane.last_passage().reasons, [Reason::TimedOut, Reason::NoCredential]);
}

#[test]
fn a_lane_that_cannot_record_admits_nobody_and_says_so() {
    let mut lane = lane();
    lane.put(Input::JournalFailed).put(pass(Class::Resident)).put(temperature(Zone::Below));
    assert_eq!(lane.status().phase, Phase::OutOfService);
    assert_eq!(lane.status().prompt, Prompt::OutOfService);
    assert_eq!(lane.act_by(Some("wang"), Act::Emergency), Err(Refused::CannotRecord));
    assert!(lane.drafts.is_empty() && !lane.opened());
    lane.put(Input::JournalRestored);
    assert_ne!(lane.status().phase, Phase::OutOfService);
}

#[test]
fn a_code_shown_while_the_lane_is_busy_begins_the_next_session() {
    let mut lane = lane();
    lane.put(pass(Class::Resident)).put(temperature(Zone::Below)).act(mask());
    lane.put(pass(Class::Worker));
    assert_eq!(lane.status().phase, Phase::Crossing);
    lane.cross();
    assert_eq!((lane.status().phase, lane.status().class), (Phase::Steps, Some(Class::Worker)));
}

#[test]
fn screens_see_a_masked_name_and_never_the_name() {
    let mut lane = lane();
    lane.put(pass(Class::Resident));
    let status = format!("{:?}", lane.status());
    assert!(status.contains("王*") && !status.contains("小明"), "{status}");
}

#[test]
fn what_is_offered_to_attest_is_not_refused() {
    let strange = (Authenticity::Unverified, Currency::Unknown);
    let shown =
        [strange, (Authenticity::Forged, Currency::Unknown), (Authenticity::Genuine, Currency::Expired)];
    let mut offered = 0;
    for (authentic, current) in shown {
        for times in 1..=4 {
            let mut lane = Bench::new(SubjectKind::Person);
            lane.line(Signal::Presence, Level::Active);
            for _ in 0..times {
                lane.put(code(authentic, current));
            }
            for what in lane.status().attestations {
                let done = lane.act_by(Some("wang"), Act::Attest(what));
                assert_eq!(done, Ok(()), "{what:?} after {authentic:?} {current:?}, {times} times");
                offered += 1;
            }
        }
    }
    assert!(offered > 8, "{offered}");
}
