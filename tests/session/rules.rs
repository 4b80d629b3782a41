//! Rules of a step as data: when it is asked, how warm is warm, what the subject is told, a registration's own fields.

use kakou::base::{CentiCelsius, Pii, Slug};
use kakou::config::profile_file::read_profiles;
use kakou::control::{Act, Entry, Prompt, Refused, Registration, StepState};
use kakou::engine::Input;
use kakou::model::{
    AreaMode, Authenticity, Class, Currency, Evidence, Level, NotMeasured, Reason, Role, Screening, Signal,
    StepKind, StepOutcome, SubjectKind, Verdict, Zone,
};

use crate::bench::{Bench, code, pass};
use crate::kinds::{answer, enter, gate, gate_in, profile};

fn kinds(lane: &Bench) -> Vec<StepKind> {
    lane.status().steps.iter().map(|step| step.kind).collect()
}

fn screened(zone: Zone, compared: f64) -> Input {
    let value = CentiCelsius::from_degrees(compared);
    let zone: Result<Zone, NotMeasured> = Ok(zone);
    Input::Screened(Screening { zone, skin: value, compared: value, die: value, trace: None, samples: 5 })
}

const RECHECK: &str =
    "[[profile.step]]\nkind = \"temperature\"\nrecheck_from_c = 36.8\nattempts = 3\ntimeout_s = 30\n";

#[test]
fn from_the_profiles_recheck_temperature_on_a_second_measurement_is_taken() {
    let mut lane = gate(RECHECK);
    lane.put(screened(Zone::Below, 36.79));
    assert_eq!(lane.last_passage().verdict, Verdict::Admitted);

    let mut lane = gate(RECHECK);
    lane.put(screened(Zone::Below, 36.8));
    assert!(lane.passages().is_empty(), "one measurement is not enough");
    lane.put(screened(Zone::Below, 36.9));
    let StepOutcome::Done(Evidence::Temperature { zone: Zone::Below, attempts: 2 }) =
        lane.last_passage().steps[0].outcome
    else {
        panic!("{:?}", lane.last_passage())
    };
    assert!(lane.last_personal().people[0].skin.is_some(), "not plainly below: kept, sealed");
}

#[test]
fn a_second_measurement_that_cannot_be_had_is_unclear_and_never_below() {
    let mut lane = gate(&RECHECK.replace("attempts = 3", "attempts = 2"));
    for value in [37.2, 36.9, 36.9, 36.9, 37.2, 37.2, 37.2, 37.2] {
        let zone = if value < 37.0 { Zone::Below } else { Zone::Recheck };
        lane.put(screened(zone, value));
    }
    assert_eq!(lane.last_passage().verdict, Verdict::Referred);
    assert_eq!(lane.last_passage().reasons, [Reason::TemperatureUnclear]);
}

#[test]
fn the_grade_twice_wants_two_measurements_in_a_row_and_contact_wants_a_thermometer_that_touches() {
    let twice = "[[profile.step]]\nkind = \"temperature\"\ngrade = \"twice\"\nattempts = 5\ntimeout_s = 30\n";
    let mut lane = gate(twice);
    lane.put(screened(Zone::Below, 36.0)).put(screened(Zone::Recheck, 37.2));
    // Three fresh ones are one measurement.
    (0..3).for_each(|_| drop(lane.put(screened(Zone::Below, 36.0)).status()));
    assert!(lane.passages().is_empty(), "one after the other, not two of three");
    lane.put(screened(Zone::Below, 36.0));
    assert_eq!(lane.last_passage().verdict, Verdict::Admitted);

    let mut lane = gate("[[profile.step]]\nkind = \"temperature\"\ngrade = \"contact\"\ntimeout_s = 30\n");
    lane.put(screened(Zone::Below, 36.0));
    assert!(lane.passages().is_empty(), "no screening is even taken");
    lane.act(Act::ContactTemperature(CentiCelsius::from_degrees(36.5).unwrap()));
    assert_eq!(lane.last_passage().verdict, Verdict::Admitted);
}

/// A gate whose second step depends on the first.
fn depending(condition: &str) -> String {
    format!(
        "[[profile.step]]\nkind = \"credential\"\nunverified = \"attendant\"\nroster_miss = \"register\"\n\
         waivers = [\"no-phone\"]\ntimeout_s = 60\n\
         [[profile.step]]\nkind = \"question\"\nid = \"visit\"\ntext_zh = \"来访？\"\ntext_en = \"A visit?\"\ntimeout_s = 60\n\
         [[profile.step.answer]]\nid = \"yes\"\ntitle_zh = \"是\"\ntitle_en = \"Yes\"\nmeans = \"good\"\n\
         [[profile.step.answer]]\nid = \"no\"\ntitle_zh = \"否\"\ntitle_en = \"No\"\nmeans = \"good\"\n\
         [[profile.step]]\nkind = \"escort\"\ntimeout_s = 60\n[profile.step.when]\nafter = [{condition}]\n"
    )
}

#[test]
fn a_step_is_asked_only_after_the_answer_that_it_depends_on() {
    let steps = depending("{ step = \"visit\", answered = [\"yes\"] }");
    let mut lane = gate(&steps);
    assert_eq!(kinds(&lane), [StepKind::Credential, StepKind::Question]);
    lane.put(pass(Class::Worker)).act(answer("visit", "no"));
    assert_eq!((lane.last_passage().verdict, lane.last_passage().steps.len()), (Verdict::Admitted, 2));

    let mut lane = gate(&steps);
    lane.put(pass(Class::Worker)).act(answer("visit", "yes"));
    assert!(lane.passages().is_empty(), "somebody has to fetch them");
    assert_eq!(kinds(&lane), [StepKind::Credential, StepKind::Question, StepKind::Escort]);
    lane.act(enter("escort", Entry::Escort(Pii::new("小陈".to_owned()))));
    assert_eq!(lane.last_passage().steps.len(), 3);
}

#[test]
fn a_step_may_depend_on_whether_a_credential_was_verified_attested_or_waived() {
    let ask = |lane: &mut Bench| lane.act(answer("visit", "no")).status().steps.len();
    let verified = |lane: &mut Bench| {
        lane.put(pass(Class::Worker));
    };
    let attested = |lane: &mut Bench| {
        lane.put(code(Authenticity::Unverified, Currency::Unknown));
        lane.act(Act::Attest(kakou::model::Attestation::UnverifiedCredential));
    };
    let waived = |lane: &mut Bench| {
        let (step, reason) = ("credential".parse().unwrap(), "no-phone".parse().unwrap());
        lane.act(Act::Waive { step, reason });
    };
    for (is, asked) in [
        ("verified", [true, false, false]),
        ("attested", [false, true, false]),
        ("waived", [false, false, true]),
        ("done", [true, true, false]),
    ] {
        let ways: [fn(&mut Bench); 3] = [verified, attested, waived];
        for (way, asked) in ways.into_iter().zip(asked) {
            let mut lane = gate(&depending(&format!("{{ step = \"credential\", is = \"{is}\" }}")));
            way(&mut lane);
            assert_eq!(ask(&mut lane) == 3, asked, "{is}");
            assert_eq!(lane.passages().is_empty(), asked, "{is}");
        }
    }
}

#[test]
fn a_step_may_be_asked_only_in_some_of_the_areas_modes() {
    let steps = format!(
        "{}[[profile.step]]\nkind = \"sign-off\"\ntimeout_s = 60\n[profile.step.when]\nmodes = [\"sealed\", \"drill\"]\n",
        RECHECK
    );
    for (mode, asked) in [
        (AreaMode::Normal, false),
        (AreaMode::Watch, false),
        (AreaMode::Sealed, true),
        (AreaMode::Drill, true),
    ] {
        let mut lane = gate_in(mode, &profile(&steps));
        lane.put(screened(Zone::Below, 36.0));
        assert_eq!(lane.passages().is_empty(), asked, "{mode:?}");
    }
}

#[test]
fn the_subject_is_told_what_the_profile_says_and_only_while_that_is_asked() {
    let steps = "[[profile.step]]\nkind = \"count\"\nwhat_zh = \"人数\"\nwhat_en = \"People\"\nmin = 1\nmax = 9\n\
                 show_zh = \"请排队\"\nshow_en = \"Line up\"\nsay_zh = \"一个一个来\"\nsay_en = \"One by one\"\n\
                 attempts = 1\ntimeout_s = 30\ntitle_zh = \"清点人数\"\ntitle_en = \"Head count\"\n";
    let mut lane = gate(steps);
    assert_eq!(lane.status().words.show.unwrap().zh, "请排队");
    assert_eq!(lane.status().words.say.unwrap().en, "One by one");
    assert_eq!(lane.status().steps[0].title.as_ref().unwrap().zh, "清点人数");
    lane.wait(30);
    assert_eq!(lane.status().steps[0].state, StepState::NeedsAttendant { reason: Reason::TimedOut });
    assert_eq!(lane.status().words.show, None, "the subject waits for the attendant now");
    assert_eq!(lane.status().prompt, Prompt::WaitForAttendant);
}

#[test]
fn a_registration_has_fields_of_the_profiles_own_which_are_checked_and_sealed() {
    let steps = r#"
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
title_zh = "交通工具"
title_en = "Came by"
form = "choice"
need = "optional"
[[profile.step.field.choice]]
id = "train"
title_zh = "火车"
title_en = "Train"
[[profile.step.field.choice]]
id = "car"
title_zh = "汽车"
title_en = "Car"
"#;
    let fields = |bed: &str, by: &str| {
        let own = |name: &str, text: &str| (name.parse::<Slug>().unwrap(), Pii::new(text.to_owned()));
        let name = Some(Pii::new("李四".to_owned()));
        Act::Register(Registration {
            name,
            more: vec![own("bed", bed), own("came-by", by)],
            code: None,
            ..Registration::default()
        })
    };
    let mut lane = gate(steps);
    for (bed, by, wrong) in
        [("", "", "bed"), ("12a", "", "bed"), ("1234", "", "bed"), ("12", "plane", "came-by")]
    {
        let refused = lane.act_by(Some("wang"), fields(bed, by)).unwrap_err();
        let Refused::BadEntry { field, .. } = refused else { panic!("{refused:?}") };
        assert_eq!(field.as_str(), wrong, "{bed} {by}");
    }
    assert!(lane.passages().is_empty());
    assert_eq!(lane.status().fields.len(), 3);
    lane.act(fields(" 12 ", "train"));
    let person = &lane.last_personal().people[0];
    assert_eq!(person.stated.find("registration", "bed").unwrap().expose(), "12");
    assert_eq!(person.stated.find("registration", "came-by").unwrap().expose(), "train");
    assert_eq!(
        lane.last_passage().steps[0].outcome,
        StepOutcome::Done(Evidence::Registered { fields: 3, by_code: None, by: None })
    );
}

#[test]
fn what_was_done_under_easier_rules_does_not_count_under_stricter_ones() {
    let any = RECHECK.replace("recheck_from_c = 36.8\n", "");
    let credential = "[[profile.step]]\nkind = \"credential\"\nunverified = \"attendant\"\nroster_miss = \"register\"\ntimeout_s = 60\n";
    let strict = profile(&format!("{credential}{RECHECK}"))
        .replace("\"gate\"", "\"visitors\"")
        .replace("takes", "classes = [\"visitor\"]\ntakes");
    let both = format!("{}{strict}", profile(&format!("{credential}{any}")));
    let mut lane = gate_in(AreaMode::Normal, &both);
    lane.put(screened(Zone::Below, 36.9));
    assert_eq!(lane.status().steps[1].state, StepState::Done);
    lane.put(pass(Class::Visitor));
    assert!(lane.passages().is_empty(), "36.9 has to be measured twice for a visitor");
    lane.put(screened(Zone::Below, 36.1));
    assert_eq!(lane.last_passage().verdict, Verdict::Admitted);

    let mut lane = gate_in(AreaMode::Normal, &both);
    lane.line(Signal::Presence, Level::Active).put(screened(Zone::Below, 36.9)).put(pass(Class::Worker));
    assert_eq!(lane.last_passage().verdict, Verdict::Admitted, "the same rules: what is done stays done");
}

const TRUCK: &str = r#"
[[profile]]
id = "truck"
title_zh = "车"
title_en = "Truck"
takes = "vehicle"
directions = ["inbound"]
session_timeout_s = 3600
idle_timeout_s = 300
[[profile.step]]
kind = "occupants"
max = 9
timeout_s = 60
[[profile.step]]
kind = "sign-off"
id = "looked"
waivers = ["rain"]
timeout_s = 60
[[profile.step]]
kind = "disinfection"
agents = ["chlorine"]
seconds_min = 1
seconds_max = 9
timeout_s = 60
[[profile]]
id = "driver"
title_zh = "人"
title_en = "Driver"
takes = "occupant"
directions = ["inbound"]
session_timeout_s = 3600
idle_timeout_s = 300
[[profile.step]]
kind = "sign-off"
id = "looked"
waivers = ["rain"]
timeout_s = 60
[[profile.step]]
kind = "disinfection"
id = "hands"
agents = ["alcohol"]
seconds_min = 1
seconds_max = 9
timeout_s = 60
"#;

#[test]
fn what_an_occupant_and_the_vehicle_are_both_asked_is_first_the_occupants() {
    let profiles = read_profiles("p.toml", TRUCK).unwrap();
    let mut lane = Bench::with(SubjectKind::Vehicle, profiles);
    lane.line(Signal::Presence, Level::Active).act(Act::DeclareOccupants(2));
    let waive = || Act::Waive { step: "looked".parse().unwrap(), reason: "rain".parse().unwrap() };
    let spray = |lane: &mut Bench, agent: &str| {
        assert_eq!(lane.status().agents[0].as_str(), agent);
        lane.act(Act::StartDisinfection { agent: agent.parse().unwrap() });
        lane.wait(1).act(Act::StopDisinfection);
    };
    lane.act(waive());
    assert_eq!(lane.status().steps[1].state, StepState::Open, "the vehicle's own comes later");
    let fewer = lane.act_by(Some("wang"), Act::DeclareOccupants(1));
    assert_eq!(fewer, Ok(()), "nothing has been done about the second one");
    lane.act(Act::DeclareOccupants(2));
    spray(&mut lane, "alcohol");
    lane.act(enter("looked", Entry::SignOff { role: Role::Lead }));
    let fewer = lane.act_by(Some("wang"), Act::DeclareOccupants(1));
    assert!(matches!(fewer, Err(Refused::NotNow { .. })), "the second one has begun");
    spray(&mut lane, "alcohol");
    spray(&mut lane, "chlorine");
    assert!(lane.passages().is_empty());
    lane.act(enter("looked", Entry::SignOff { role: Role::Lead }));
    assert_eq!((lane.last_passage().verdict, lane.last_passage().occupants.len()), (Verdict::Admitted, 2));
}

#[test]
fn a_dwell_that_began_under_easier_rules_does_not_end_under_stricter_ones() {
    let credential = "[[profile.step]]\nkind = \"credential\"\nunverified = \"attendant\"\nroster_miss = \"register\"\ntimeout_s = 60\n";
    let dwell = "[[profile.step]]\nkind = \"dwell\"\nseconds = 60\ntimeout_s = 60\n";
    let strict = profile(&format!("{credential}{}", dwell.replace("seconds = 60", "seconds = 600")))
        .replace("\"gate\"", "\"visitors\"")
        .replace("takes", "classes = [\"visitor\"]\ntakes");
    let both = format!("{}{strict}", profile(&format!("{credential}{dwell}")));
    let mut lane = gate_in(AreaMode::Normal, &both);
    lane.act(enter("dwell", Entry::StartDwell)).wait(30).put(pass(Class::Visitor)).wait(40);
    assert!(lane.passages().is_empty() && lane.status().dwelling.is_none());
    lane.act(enter("dwell", Entry::StartDwell)).wait(599);
    assert!(lane.passages().is_empty());
    lane.wait(1);
    assert_eq!(lane.last_passage().verdict, Verdict::Admitted);
}
