//! A registration code: said beforehand, confirmed by an attendant, and nobody's credential.

use kakou::base::{Pii, Slug};
use kakou::config::profile_file::{read_profiles, shipped_in};
use kakou::control::{Act, LaneStatus, OddPlate, Phase, Refused, Registration, StepState};
use kakou::engine::Input;
use kakou::engine::replay::again;
use kakou::model::manifest::Manifest;
use kakou::model::registration_code::{BadRegistrationCode, RegistrationCode, code};
use kakou::model::{
    Attestation, Class, Evidence, Level, Reason, Signal, StepKind, StepOutcome, SubjectKind, Verdict, Zone,
};

use crate::bench::{Bench, pass, temperature};

const ALL: &str = "name=李四\nphone=13812341234\norigin=成都\nhost=张三\nroom=301\n";

/// What the lane is told of the code for `text`.
fn shown(text: &str) -> Input {
    Input::RegistrationCode(RegistrationCode::read_code(code(text).as_bytes()))
}

/// Confirms the code that is called so, and types nothing.
fn confirm(number: u32) -> Act {
    Act::Register(Registration { code: Some(number), ..Registration::default() })
}

fn pii(text: &str) -> Option<Pii<String>> {
    Some(Pii::new(text.to_owned()))
}

/// Somebody stands at a compound's entrance.
fn lane() -> Bench {
    let mut lane = Bench::new(SubjectKind::Person);
    lane.line(Signal::Presence, Level::Active);
    lane
}

/// A visitor of whom only the registration is still asked.
fn visitor() -> Bench {
    let mut lane = lane();
    lane.put(pass(Class::Visitor)).put(temperature(Zone::Below)).act(Act::Attest(Attestation::Mask));
    lane
}

fn said(status: &LaneStatus, field: &str) -> Option<Result<String, &'static str>> {
    status.fields.iter().find(|known| known.name.as_str() == field).expect("asked").coded.clone()
}

fn registered(lane: &Bench) -> Evidence {
    let of = |outcome: &StepOutcome| match outcome {
        StepOutcome::Done(evidence @ Evidence::Registered { .. }) => Some(evidence.clone()),
        StepOutcome::Done(_)
        | StepOutcome::Open
        | StepOutcome::Waived { .. }
        | StepOutcome::Failed { .. }
        | StepOutcome::NotMeasured(_) => None,
    };
    lane.last_passage().steps.iter().find_map(|step| of(&step.outcome)).expect("registered")
}

#[test]
fn a_code_fills_in_what_is_asked_once_an_attendant_confirms_it_and_the_record_says_so() {
    let mut lane = visitor();
    lane.put(shown(ALL));
    let status = lane.status();
    let number = status.prepared.expect("a code").number;
    assert_eq!(said(&status, "name"), Some(Ok("李*".to_owned())), "masked");
    assert_eq!(said(&status, "phone"), Some(Ok("138****1234".to_owned())));
    assert_eq!(said(&status, "origin"), Some(Ok("成都".to_owned())));
    assert!(!format!("{status:?}").contains("李四") && !format!("{status:?}").contains("12341234"));
    assert!(!lane.opened(), "shown is not confirmed");
    assert_eq!(lane.act_by(None, confirm(number)), Err(Refused::NeedsAttendant));
    assert!(!lane.opened());
    lane.act(confirm(number));
    assert!(lane.opened());
    let by = "wang".parse().ok();
    assert_eq!(registered(&lane), Evidence::Registered { fields: 4, by_code: Some(4), by });
    let person = &lane.last_personal().people[0];
    let all = [&person.name, &person.phone, &person.origin, &person.destination, &person.host];
    assert_eq!(all.map(Clone::clone), [pii("李四"), pii("13812341234"), pii("成都"), None, pii("张三")]);
    assert_eq!(person.stated.iter().count(), 0, "nobody asks for a room here, so it is not kept");
    assert!(again(lane.last_passage(), &lane.policy).is_ok());
}

#[test]
fn what_a_code_lacks_is_typed_and_what_is_typed_goes_before_it() {
    let mut lane = visitor();
    lane.put(shown("name=李四\norigin=成都\n"));
    let lacking = lane.act_by(Some("wang"), confirm(1));
    assert_eq!(lacking, Err(Refused::BadField { field: "phone", why: "is needed" }));
    assert!(lane.status().prepared.is_some(), "nothing changed");
    let typed =
        Registration {
            phone: pii("13900001234"), origin: pii("重庆"), code: Some(1), ..Default::default()
        };
    lane.act(Act::Register(typed));
    assert_eq!(
        registered(&lane),
        Evidence::Registered { fields: 3, by_code: Some(1), by: "wang".parse().ok() }
    );
    let person = &lane.last_personal().people[0];
    assert_eq!((&person.name, &person.origin), (&pii("李四"), &pii("重庆")));
}

#[test]
fn typed_without_the_code_nothing_of_it_is_kept_and_nobody_confirmed_it() {
    let mut lane = visitor();
    lane.put(shown(ALL));
    let [name, phone, origin] = ["王五", "13900001234", "重庆"].map(pii);
    lane.act(Act::Register(Registration { name, phone, origin, ..Default::default() }));
    assert_eq!(registered(&lane), Evidence::Registered { fields: 3, by_code: None, by: None });
    assert_eq!(lane.last_personal().people[0].host, None);
}

#[test]
fn a_value_that_may_not_be_written_is_refused_by_name_and_typed_instead() {
    for (value, why) in
        [("12", "is no telephone number"), ("138\u{202E}12341234", "has characters that nobody sees")]
    {
        let mut lane = visitor();
        lane.put(shown(&format!("name=李四\nphone={value}\norigin=成都\nhost={}\n", "张".repeat(81))));
        assert_eq!(said(&lane.status(), "phone"), Some(Err(why)));
        assert_eq!(said(&lane.status(), "host"), Some(Err("is too long")));
        let refused = lane.act_by(Some("wang"), confirm(1));
        assert_eq!(refused, Err(Refused::BadField { field: "phone", why }));
        assert!(!lane.opened());
        lane.act(Act::Register(Registration {
            phone: pii("13900001234"),
            code: Some(1),
            ..Default::default()
        }));
        assert_eq!(lane.last_personal().people[0].host, None, "what need not be there is left out");
        assert_eq!(
            registered(&lane),
            Evidence::Registered { fields: 3, by_code: Some(2), by: "wang".parse().ok() }
        );
    }
}

#[test]
fn a_profiles_own_fields_are_filled_in_by_their_ids_and_by_their_rules() {
    let text = r#"
        [[profile]]
        id = "ward"
        title_zh = "病区"
        title_en = "Ward"
        takes = "person"
        directions = ["inbound"]
        session_timeout_s = 300
        idle_timeout_s = 60
        [[profile.step]]
        kind = "registration"
        required = ["name"]
        timeout_s = 60
        [[profile.step.field]]
        id = "bed"
        title_zh = "床号"
        title_en = "Bed"
        form = "number"
        length_max = 3
        need = "required"
        [[profile.step.field]]
        id = "came-by"
        title_zh = "来时乘坐"
        title_en = "Came by"
        form = "choice"
        need = "required"
        [[profile.step.field.choice]]
        id = "train"
        title_zh = "火车"
        title_en = "Train"
        [[profile.step.field.choice]]
        id = "car"
        title_zh = "汽车"
        title_en = "Car"
    "#;
    let profiles = read_profiles("p.toml", text).expect("sound");
    let begin = || {
        let mut lane = Bench::with(SubjectKind::Person, profiles.clone());
        lane.line(Signal::Presence, Level::Active);
        lane
    };
    let mut lane = begin();
    lane.put(shown("name=李四\nbed=12\ncame-by=train\n"));
    assert_eq!(said(&lane.status(), "came-by"), Some(Ok("火车".to_owned())));
    lane.act(confirm(1));
    let kept = lane.last_personal().people[0].stated.iter().map(|one| one.value.expose().clone());
    assert_eq!(kept.collect::<Vec<_>>(), ["12", "train"]);
    for (bed, by, field) in [("1200", "train", "bed"), ("B2", "train", "bed"), ("12", "plane", "came-by")] {
        let mut lane = begin();
        lane.put(shown(&format!("name=李四\nbed={bed}\ncame-by={by}\n")));
        let refused = lane.act_by(Some("wang"), confirm(1));
        let field: Slug = field.parse().expect("a name");
        assert!(
            matches!(refused, Err(Refused::BadEntry { field: named, .. }) if named == field),
            "{bed} {by}"
        );
    }
}

#[test]
fn a_code_in_place_of_a_credential_admits_nobody_and_is_no_attempt() {
    let mut lane = lane();
    let before = lane.status().steps;
    for _ in 0..10 {
        lane.put(shown(ALL));
    }
    assert_eq!(lane.status().steps, before, "no step is settled, failed or called for");
    assert_eq!(lane.status().class, Some(Class::Unknown));
    lane.put(temperature(Zone::Below)).act(Act::Attest(Attestation::Mask)).act(confirm(10));
    assert!(!lane.opened());
    let credential = lane.status().steps.iter().find(|step| step.kind == StepKind::Credential).cloned();
    assert_eq!(credential.map(|step| step.state), Some(StepState::Asked));
    let looks = Act::Attest(Attestation::UnverifiedCredential);
    assert!(
        matches!(lane.act_by(Some("wang"), looks), Err(Refused::NotNow { .. })),
        "there is nothing to attest"
    );
}

#[test]
fn a_credential_at_the_registration_is_no_registration() {
    let mut lane = visitor();
    lane.put(pass(Class::Visitor));
    assert_eq!(lane.status().prepared, None);
    assert!(matches!(lane.act_by(Some("wang"), confirm(1)), Err(Refused::NotNow { .. })));
    assert!(!lane.opened());
}

#[test]
fn shown_before_it_is_asked_for_it_waits_for_the_same_person_and_says_nothing_until_confirmed() {
    let mut lane = Bench::new(SubjectKind::Person);
    lane.put(shown(ALL));
    assert_eq!(lane.status().phase, Phase::Steps, "whoever shows a code is here");
    lane.put(pass(Class::Visitor)).put(temperature(Zone::Below)).act(Act::Attest(Attestation::Mask));
    assert_eq!(lane.status().subject, Some("王*".to_owned()), "as the pass says, and not the code");
    lane.act(confirm(1));
    assert!(lane.opened());
}

#[test]
fn whom_a_resident_showed_a_code_for_is_asked_nothing_and_nothing_is_kept() {
    let mut lane = lane();
    lane.put(shown(ALL)).put(pass(Class::Resident)).put(temperature(Zone::Below));
    lane.act(Act::Attest(Attestation::Mask));
    assert!(lane.opened());
    assert_eq!(lane.last_personal().people[0].phone, None);
    assert_eq!(lane.status().prepared, None, "no registration, nothing to confirm");
}

#[test]
fn a_code_is_never_the_next_subjects_whenever_it_was_shown() {
    // Shown and not used.
    let mut lane = visitor();
    lane.put(shown(ALL))
        .act(Act::Decide { decision: kakou::control::Decision::TurnBack, reason: Reason::Declined });
    assert_eq!(lane.status().phase, Phase::Ended);
    // Shown once more while the verdict stands on the screen.
    lane.put(shown(ALL)).act(Act::Next);
    lane.put(pass(Class::Visitor)).put(temperature(Zone::Below)).act(Act::Attest(Attestation::Mask));
    assert_eq!((lane.status().phase, lane.status().prepared), (Phase::Steps, None));
    assert!(matches!(lane.act_by(Some("wang"), confirm(1)), Err(Refused::NotNow { .. })));
    // Shown while the verdict is being recorded, and while they go through.
    for crossing in [false, true] {
        let mut lane = visitor();
        lane.holds = !crossing;
        lane.put(shown(ALL)).act(confirm(1));
        lane.put(shown(ALL)).release().put(shown(ALL));
        lane.line(Signal::Presence, Level::Idle).cross().line(Signal::Presence, Level::Active);
        assert_eq!((lane.status().phase, lane.status().prepared), (Phase::Steps, None), "{crossing}");
        assert!(lane.status().fields.iter().all(|field| field.coded.is_none()));
    }
}

#[test]
fn no_other_code_is_confirmed_than_the_one_that_was_looked_at() {
    let mut lane = visitor();
    lane.put(shown(ALL)).put(shown("name=王五\nphone=13900001234\norigin=重庆\n"));
    assert!(matches!(lane.act_by(Some("wang"), confirm(1)), Err(Refused::NotNow { .. })));
    lane.act(confirm(2));
    assert_eq!(lane.last_personal().people[0].name, pii("王五"));
}

#[test]
fn several_codes_in_view_take_back_one_that_was_shown_a_moment_ago() {
    let mut lane = visitor();
    lane.put(shown(ALL)).put(Input::SeveralCodes);
    assert_eq!(lane.status().prepared, None);
    lane.put(shown(ALL)).wait(3).put(Input::SeveralCodes);
    assert_eq!(lane.status().prepared.map(|prepared| prepared.number), Some(2));
}

#[test]
fn a_code_that_cannot_be_read_says_so_and_the_registration_is_typed() {
    let mut lane = visitor();
    lane.put(Input::RegistrationCode(RegistrationCode::read_code(b"KKR1:NOTHING")));
    let prepared = lane.status().prepared.expect("it is said");
    assert_eq!(prepared.fault, Some(BadRegistrationCode::NoCode));
    let refused = lane.act_by(Some("wang"), confirm(prepared.number));
    assert_eq!(refused, Err(Refused::BadField { field: "name", why: "is needed" }));
}

/// A car that drives in at a compound.
fn car() -> Bench {
    let mut lane =
        Bench::with(SubjectKind::Vehicle, shipped_in("profiles/residential.toml").expect("shipped"));
    lane.line(Signal::Presence, Level::Active);
    lane.act(Act::TypePlate { text: Pii::new("京A12345".to_owned()), odd: OddPlate::Ask });
    lane
}

#[test]
fn the_drivers_code_is_the_vehicles_and_each_passengers_is_their_own() {
    let mut lane = car();
    lane.put(shown("origin=成都\nname=李四\n")).act(confirm(1)).act(Act::DeclareOccupants(2));
    for (number, name) in [(2, "李四"), (3, "王五")] {
        lane.put(pass(Class::Visitor)).put(temperature(Zone::Below)).act(Act::Attest(Attestation::Mask));
        assert_eq!(lane.status().prepared, None, "the one before them showed theirs");
        lane.put(shown(&format!("name={name}\nphone=13812341234\norigin=成都\n"))).act(confirm(number));
    }
    assert!(lane.status().occupants.iter().all(|person| person.settled));
    lane.act(Act::StartDisinfection { agent: "chlorine-500".parse().expect("sound") });
    lane.wait(8).act(Act::StopDisinfection);
    let passage = lane.last_passage();
    assert_eq!(passage.verdict, Verdict::Admitted);
    assert_eq!(
        registered(&lane),
        Evidence::Registered { fields: 1, by_code: Some(1), by: "wang".parse().ok() }
    );
    let personal = lane.last_personal();
    let names: Vec<_> = personal.people.iter().map(|person| person.name.clone()).collect();
    assert_eq!(names, [pii("李四"), pii("王五")]);
    assert_eq!(personal.vehicle.as_ref().expect("a vehicle").origin, pii("成都"));
}

#[test]
fn a_passengers_code_is_not_the_vehicles_while_both_are_still_registered() {
    let mut lane = car();
    lane.act(Act::DeclareOccupants(1)).put(pass(Class::Visitor));
    lane.put(shown("name=王五\nphone=13812341234\norigin=重庆\n"));
    assert_eq!(
        lane.status().fields.iter().filter(|field| field.required).count(),
        2,
        "the passenger\'s fields"
    );
    lane.act(confirm(1));
    assert_eq!(lane.status().prepared, None);
    assert_eq!(lane.status().fields.iter().filter(|field| field.required).count(), 1, "then the vehicle's");
    lane.put(shown("origin=成都\n"));
    assert_eq!(said(&lane.status(), "origin"), Some(Ok("成都".to_owned())), "nobody else is registered");
    lane.act(confirm(2)).put(temperature(Zone::Below)).act(Act::Attest(Attestation::Mask));
    assert!(lane.status().occupants[0].settled);
}

#[test]
fn a_passenger_list_fills_in_what_it_says_for_a_registration() {
    let mut lane = car();
    let list = "姓名,身份证号,手机号,从哪里来\n王五,11010519491231002X,13812341234,重庆\n";
    lane.act(Act::OfferManifest(Manifest::read(list.as_bytes()).expect("a good list")));
    lane.act(Act::TakeManifest { offer: 1, absent: vec![] })
        .act(Act::Register(Registration { origin: pii("成都"), ..Default::default() }));
    let known: Vec<_> = lane.status().fields.iter().filter_map(|field| field.known.clone()).collect();
    assert_eq!(known, ["王*", "138****1234", "重庆"]);
    lane.act(Act::Register(Registration::default()));
    lane.put(temperature(Zone::Below)).act(Act::Attest(Attestation::Mask));
    assert!(lane.status().occupants[0].settled);
}
