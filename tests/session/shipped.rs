//! The profiles that come with the program, each walked through well and badly.

use kakou::control::{Act, Decision, Entry, Phase, Refused};
use kakou::model::{
    AreaMode, Attestation, Class, Direction, Reason, StayLimit, StepOutcome, SubjectKind, Verdict, Zone,
};

use crate::bench::{Bench, pass, temperature};
use crate::kinds::enter;
use crate::walk::{Walk, names};

const ORIGIN: [&str; 4] = ["returned", "stayed", "passed", "travelled"];

fn person<'a>(file: &'a str, direction: Direction, class: Class) -> Walk<'a> {
    let mode = AreaMode::Normal;
    Walk { file, takes: SubjectKind::Person, direction, class, mode, answers: &[] }
}

fn into<'a>(file: &'a str, class: Class) -> Walk<'a> {
    person(file, Direction::Inbound, class)
}

fn out_of<'a>(file: &'a str, class: Class) -> Walk<'a> {
    person(file, Direction::Outbound, class)
}

fn vehicle<'a>(file: &'a str, direction: Direction) -> Walk<'a> {
    Walk { takes: SubjectKind::Vehicle, ..person(file, direction, Class::Resident) }
}

/// A good passage under `profile` with these steps, each of them done.
fn good(walk: &Walk<'_>, profile: &str, steps: &[&str]) -> Bench {
    let lane = walk.to_the_end();
    assert!(!lane.passages().is_empty(), "{profile}: {:?}", lane.status());
    let passage = lane.last_passage();
    assert_eq!((passage.verdict, passage.profile.as_str()), (Verdict::Admitted, profile));
    assert_eq!(names(&passage.steps), steps);
    assert!(passage.steps.iter().all(|step| matches!(step.outcome, StepOutcome::Done(_))));
    lane
}

/// With these answers nobody gets through: not by themselves, and not by an attendant's word.
fn bad(walk: &Walk<'_>, answers: &[(&str, &str)]) {
    let walk = Walk { answers, ..*walk };
    let mut lane = walk.to_the_end();
    stuck(&mut lane);
}

fn stuck(lane: &mut Bench) {
    assert!(!lane.opened());
    assert!(matches!(lane.status().phase, Phase::Steps | Phase::Referred), "{:?}", lane.status().phase);
    let admit = Act::Decide { decision: Decision::Admit, reason: Reason::AttendantDecision };
    assert!(matches!(lane.act_by(Some("wang"), admit), Err(Refused::StepsOpen { .. })));
    lane.act(Act::Decide { decision: Decision::TurnBack, reason: Reason::AnswerNotAccepted });
    assert_eq!(lane.last_passage().verdict, Verdict::TurnedBack);
    assert!(!lane.opened());
}

#[test]
fn an_expressway_takes_the_vehicle_first_then_everybody_in_it_and_transit_gets_a_pass() {
    let here = vehicle("profiles/expressway.toml", Direction::Inbound);
    let steps = ["plate", "occupants", "bound-for", "disinfection"];
    let lane = good(&here, "expressway-vehicle-in", &steps);
    let occupants = &lane.last_passage().occupants;
    let own = [&["credential", "temperature", "attest"], &ORIGIN[..]].concat();
    assert_eq!(
        (occupants.len(), names(&occupants[0].steps)),
        (2, own.iter().map(|s| s.to_string()).collect())
    );

    let transit = Walk { answers: &[("bound-for", "transit")], ..here };
    let steps = ["plate", "occupants", "bound-for", "registration", "transit-pass", "disinfection"];
    let lane = good(&transit, "expressway-vehicle-in", &steps);
    let vehicle = lane.last_personal().vehicle.as_ref().unwrap();
    assert_eq!(vehicle.stated.find("registration", "hours").unwrap().expose(), "12");

    bad(&vehicle_walk(), &[("returned", "yes")]);
    bad(&vehicle_walk(), &[("passed", "yes")]);
}

fn vehicle_walk() -> Walk<'static> {
    vehicle("profiles/expressway.toml", Direction::Inbound)
}

#[test]
fn a_venue_asks_five_things_in_their_order() {
    let file = "profiles/venue.toml";
    let steps = ["attest", "credential", "temperature", "place-code", "registration"];
    good(&into(file, Class::Visitor), "venue-in", &steps);
    good(&into(file, Class::Resident), "venue-in", &steps[..4]);
    good(&out_of(file, Class::Visitor), "venue-out", &["credential"]);
    // Nobody confirms the scan: nobody gets in.
    let mut lane = into(file, Class::Resident).begin();
    lane.put(pass(Class::Resident)).put(temperature(Zone::Below));
    lane.act(Act::Attest(Attestation::Mask));
    stuck(&mut lane);
}

#[test]
fn a_school_checks_pupils_and_has_visitors_fetched() {
    let file = "profiles/school.toml";
    let pupil = ["credential", "temperature", "unwell", "absent"];
    good(&into(file, Class::Resident), "school-morning-in", &pupil);
    let back = Walk { answers: &[("absent", "back")], ..into(file, Class::Resident) };
    good(&back, "school-morning-in", &["credential", "temperature", "unwell", "absent", "note-seen"]);
    let watch = Walk { mode: AreaMode::Watch, ..into(file, Class::Resident) };
    good(&watch, "school-morning-in", &["credential", "temperature", "unwell", "absent", "hands"]);
    let visitor = ["credential", "temperature", "registration", "unwell", "escort"];
    good(&into(file, Class::Visitor), "school-visitor-in", &visitor);
    good(&out_of(file, Class::Resident), "school-out", &["credential", "picked-up"]);
    bad(&into(file, Class::Resident), &[("unwell", "yes")]);
    bad(&into(file, Class::Resident), &[("absent", "none")]);
    bad(&into(file, Class::Visitor), &[("unwell", "yes")]);
    // An answer in between waits for somebody to look into it.
    let mut lane = Walk { answers: &[("unwell", "some")], ..into(file, Class::Resident) }.to_the_end();
    assert!(lane.passages().is_empty());
    lane.act(enter("unwell", Entry::Confirm));
    assert_eq!(lane.last_passage().verdict, Verdict::Admitted);
}

#[test]
fn a_sealed_compound_lets_nobody_pass_without_a_signature_but_those_who_must() {
    let file = "profiles/residential.toml";
    let sealed = |walk: Walk<'static>| Walk { mode: AreaMode::Sealed, ..walk };
    let resident = ["credential", "temperature", "attest"];
    good(&into(file, Class::Resident), "residential-person-in", &resident);
    let signed = [&resident[..], &["sealed-permit"]].concat();
    good(&sealed(into(file, Class::Resident)), "residential-person-in", &signed);
    good(&sealed(into(file, Class::KeyPerson)), "residential-person-in", &resident);
    let out = ["credential", "attest", "sealed-permit"];
    good(&sealed(out_of(file, Class::Resident)), "residential-person-out", &out);
    let mut lane = sealed(into(file, Class::Resident)).begin();
    lane.put(pass(Class::Resident)).put(temperature(Zone::Below)).act(Act::Attest(Attestation::Mask));
    assert!(lane.passages().is_empty(), "nobody has signed");
}

#[test]
fn a_ward_lets_one_carer_to_a_patient() {
    let file = "profiles/ward.toml";
    let carer = [
        "credential",
        "temperature",
        "attest",
        "unwell",
        "registration",
        "carers",
        "same-patient",
        "patient-stays",
        "pledge",
        "hands",
    ];
    good(&into(file, Class::Visitor), "ward-in", &carer);
    good(&into(file, Class::Worker), "ward-in", &["credential", "temperature", "attest", "unwell", "hands"]);
    let sealed = Walk { mode: AreaMode::Sealed, ..into(file, Class::Visitor) };
    good(&sealed, "ward-in", &[&carer[..], &["nurse"]].concat());
    good(&out_of(file, Class::Visitor), "ward-out", &["credential", "leaves", "hands"]);
    let discharged = Walk { answers: &[("leaves", "patient")], ..out_of(file, Class::Resident) };
    good(&discharged, "ward-out", &["credential", "leaves", "registration", "discharged", "hands"]);
    bad(&into(file, Class::Visitor), &[("unwell", "yes")]);
}

#[test]
fn a_nursing_home_measures_twice_and_fetches_its_visitors() {
    let file = "profiles/nursing-home.toml";
    let visit = [
        "credential",
        "temperature",
        "attest",
        "unwell",
        "registration",
        "visitors",
        "hands",
        "pledge",
        "escort",
    ];
    good(&into(file, Class::Visitor), "nursing-visitor-in", &visit);
    let staff = ["credential", "temperature", "attest", "unwell", "hands"];
    good(&into(file, Class::Worker), "nursing-staff-in", &staff);
    good(&out_of(file, Class::Visitor), "nursing-out", &["credential", "escort", "hands"]);
    bad(&into(file, Class::Visitor), &[("unwell", "yes")]);
    bad(&into(file, Class::Worker), &[("unwell", "yes")]);
}

#[test]
fn a_canteen_keeps_out_who_is_unwell_and_takes_back_who_was_cleared_by_two() {
    let file = "profiles/canteen.toml";
    let daily = ["credential", "temperature", "stomach", "wounds", "kept-away", "attest", "hands"];
    good(&into(file, Class::Worker), "canteen-staff-in", &daily);
    good(&out_of(file, Class::Worker), "canteen-out", &["credential"]);
    for answer in [("stomach", "yes"), ("wounds", "open")] {
        bad(&into(file, Class::Worker), &[answer]);
    }
}

#[test]
fn a_pig_farm_washes_drains_disinfects_wets_and_dries_for_as_long_as_it_says() {
    let file = "profiles/pig-farm.toml";
    let inbound = vehicle(file, Direction::Inbound);
    let steps = ["plate", "downtime", "occupants", "wash", "stand", "spray", "wet", "dry", "pigs", "washed"];
    let lane = good(&inbound, "pig-farm-vehicle-in", &steps);
    assert!(lane.last_passage().took_ms >= 1_000 * (300 + 900 + 60 + 900 + 2_700), "nothing is cut short");
    let person = ["credential", "last-contact", "downtime", "temperature", "things", "shoes", "shower"];
    good(&into(file, Class::Worker), "pig-farm-person-in", &person);
    good(&out_of(file, Class::Worker), "pig-farm-person-out", &["credential", "things"]);
    good(
        &vehicle(file, Direction::Outbound),
        "pig-farm-vehicle-out",
        &["plate", "occupants", "pigs", "spray"],
    );
    bad(&inbound, &[("downtime", "no")]);
    bad(&into(file, Class::Worker), &[("downtime", "no")]);
}

#[test]
fn a_forest_fire_post_keeps_what_burns_and_gives_it_back() {
    let file = "profiles/forest-fire.toml";
    let steps = ["credential", "registration", "fire", "party", "pledge"];
    let lane = good(&into(file, Class::Visitor), "forest-person-in", &steps);
    let by_noon = Some(StayLimit { hours: 12, until: None, back_by: Some(720) });
    assert_eq!(lane.last_passage().stay, by_noon, "they typed 12");
    let with_fire = Walk { answers: &[("fire", "yes")], ..into(file, Class::Visitor) };
    let steps = ["credential", "registration", "fire", "fire-things", "party", "pledge"];
    good(&with_fire, "forest-person-in", &steps);
    let steps = ["plate", "registration", "occupants", "fire-things", "pledge"];
    let lane = good(&vehicle(file, Direction::Inbound), "forest-vehicle-in", &steps);
    assert_eq!(lane.last_passage().stay, by_noon, "for everybody in it");
    let steps = ["plate", "occupants", "fire-things"];
    let lane = good(&vehicle(file, Direction::Outbound), "forest-vehicle-out", &steps);
    assert_eq!(lane.last_passage().stay, None, "who goes out is expected nowhere");
    let refuses = Walk { answers: &[("fire", "refuses")], ..into(file, Class::Visitor) };
    let mut lane = refuses.to_the_end();
    stuck(&mut lane);
    assert_eq!(lane.last_passage().stay, None, "nor who was turned back");
}

#[test]
fn a_construction_site_wants_helmets_and_sober_people() {
    let file = "profiles/construction.toml";
    let steps = ["credential", "temperature", "helmet", "sober", "briefing"];
    good(&into(file, Class::Worker), "site-worker-in", &steps);
    let steps = ["credential", "temperature", "registration", "helmet", "briefing", "escort"];
    good(&into(file, Class::Visitor), "site-visitor-in", &steps);
    good(&out_of(file, Class::Worker), "site-out", &["credential"]);
    bad(&into(file, Class::Worker), &[("sober", "yes")]);
}

#[test]
fn an_event_looks_into_bags_and_measures_only_when_the_area_is_watched() {
    let file = "profiles/event.toml";
    good(&into(file, Class::Visitor), "event-in", &["credential", "bag"]);
    let watched = Walk { mode: AreaMode::Watch, ..into(file, Class::Visitor) };
    good(&watched, "event-in", &["credential", "temperature", "bag"]);
    let left = Walk { answers: &[("bag", "yes")], ..into(file, Class::Visitor) };
    good(&left, "event-in", &["credential", "bag", "bag-things"]);
    good(&out_of(file, Class::Visitor), "event-out", &["left-things"]);
    bad(&into(file, Class::Visitor), &[("bag", "refuses")]);
}

#[test]
fn a_residential_gate_goes_on_as_it_did() {
    let file = "profiles/residential.toml";
    let steps = ["credential", "temperature", "attest"];
    good(&into(file, Class::Resident), "residential-person-in", &steps);
    let visitor = ["credential", "temperature", "attest", "registration"];
    good(&into(file, Class::Visitor), "residential-person-in", &visitor);
    good(&out_of(file, Class::Resident), "residential-person-out", &["credential", "attest"]);
    let steps = ["plate", "occupants", "registration", "disinfection"];
    good(&vehicle(file, Direction::Inbound), "residential-vehicle-in", &steps);
    good(
        &vehicle(file, Direction::Outbound),
        "residential-vehicle-out",
        &["plate", "occupants", "disinfection"],
    );
    let mut lane = into(file, Class::Resident).begin();
    lane.put(pass(Class::Resident)).put(crate::bench::not_measured());
    stuck(&mut lane);
}
