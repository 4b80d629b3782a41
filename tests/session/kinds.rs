//! The kinds of step, each by itself: what settles it, what does not, and what stands in the record.

use kakou::base::{CentiCelsius, Pii};
use kakou::config::profile_file::read_profiles;
use kakou::control::{Act, Asks, Decision, Entry, Phase, Prompt, Refused, Stay, StepState};
use kakou::engine::Input;
use kakou::model::{
    AreaMode, Class, Custody, Evidence, Level, Reason, Role, Signal, StepOutcome, SubjectKind, Verdict, Zone,
};

use crate::bench::{Bench, pass, temperature};

/// A gate for people with these steps.
pub fn profile(steps: &str) -> String {
    format!(
        "[[profile]]\nid = \"gate\"\ntitle_zh = \"门\"\ntitle_en = \"Gate\"\ntakes = \"person\"\n\
         directions = [\"inbound\"]\nsession_timeout_s = 7200\nidle_timeout_s = 60\n{steps}"
    )
}

pub fn gate_in(mode: AreaMode, file: &str) -> Bench {
    let profiles = read_profiles("p.toml", file).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let mut lane = Bench::in_mode(mode, SubjectKind::Person, profiles);
    lane.line(Signal::Presence, Level::Active);
    lane
}

pub fn gate(steps: &str) -> Bench {
    gate_in(AreaMode::Normal, &profile(steps))
}

pub fn enter(step: &str, entry: Entry) -> Act {
    Act::Enter { step: step.parse().expect("a name"), entry }
}

pub fn answer(step: &str, answer: &str) -> Act {
    enter(step, Entry::Answer { answer: answer.parse().expect("a name"), stay: None })
}

fn celsius(degrees: f64) -> CentiCelsius {
    CentiCelsius::from_degrees(degrees).expect("a temperature")
}

fn outcome(lane: &Bench, at: usize) -> &StepOutcome {
    &lane.last_passage().steps[at].outcome
}

const QUESTION: &str = r#"
[[profile.step]]
kind = "question"
id = "cough"
text_zh = "今天身体有没有不舒服？"
text_en = "Do you feel unwell today?"
timeout_s = 60
[[profile.step.answer]]
id = "no"
title_zh = "没有"
title_en = "No"
means = "good"
[[profile.step.answer]]
id = "some"
title_zh = "有一点"
title_en = "A little"
means = "attendant"
[[profile.step.answer]]
id = "yes"
title_zh = "有"
title_en = "Yes"
means = "fails"
"#;

#[test]
fn a_good_answer_settles_a_question_and_stands_in_the_record_by_its_name() {
    let mut lane = gate(QUESTION);
    assert_eq!(lane.status().prompt, Prompt::Answer);
    let by_nobody = lane.act_by(None, answer("cough", "no"));
    assert_eq!(by_nobody, Err(Refused::NeedsAttendant));
    assert!(lane.act_by(Some("wang"), answer("cough", "perhaps")).is_err());
    lane.act(answer("cough", "no"));
    assert_eq!(lane.last_passage().verdict, Verdict::Admitted);
    assert_eq!(lane.last_passage().steps[0].id.as_ref().unwrap().as_str(), "cough");
    let evidence = Evidence::Answered {
        answer: "no".parse().unwrap(),
        by: "wang".parse().unwrap(),
        table: None,
        listed: None,
        confirmed: None,
    };
    assert_eq!(*outcome(&lane, 0), StepOutcome::Done(evidence));
}

#[test]
fn an_answer_that_fails_admits_nobody_until_another_one_is_given() {
    let mut lane = gate(QUESTION);
    lane.act(answer("cough", "yes"));
    assert_eq!(lane.status().steps[0].state, StepState::Failed { reason: Reason::AnswerNotAccepted });
    assert!(lane.passages().is_empty());
    assert!(
        lane.act_by(Some("wang"), enter("cough", Entry::Confirm)).is_err(),
        "it cannot be confirmed away"
    );
    lane.act(answer("cough", "no"));
    assert_eq!(lane.last_passage().verdict, Verdict::Admitted);
}

#[test]
fn an_answer_that_needs_an_attendant_settles_only_once_somebody_has_confirmed_it_by_name() {
    let mut lane = gate(QUESTION);
    assert!(lane.act_by(Some("wang"), enter("cough", Entry::Confirm)).is_err(), "nothing to confirm yet");
    lane.act(answer("cough", "some"));
    assert!(lane.passages().is_empty());
    assert_eq!(lane.act_by(None, enter("cough", Entry::Confirm)), Err(Refused::NeedsAttendant));
    lane.act_by(Some("li"), enter("cough", Entry::Confirm)).unwrap();
    let StepOutcome::Done(Evidence::Answered { by, confirmed, .. }) = outcome(&lane, 0) else { panic!() };
    assert_eq!((by.to_string(), confirmed.as_ref().unwrap().to_string()), ("wang".into(), "li".into()));
}

const ORIGIN: &str = r#"
[[profile.step]]
kind = "question"
id = "passed-through"
text_zh = "十四天内有没有途经下列地区？"
text_en = "Have you passed through one of these areas?"
timeout_s = 60
[[profile.step.answer]]
id = "no"
title_zh = "没有"
title_en = "No"
means = "good"
[[profile.step.answer]]
id = "yes"
title_zh = "有"
title_en = "Yes"
means = "good"
listed = "fails"

[areas]
version = 7
[[areas.area]]
id = "jinjiang"
title_zh = "锦江区"
title_en = "Jinjiang"
from = "2026-10-01"
until = "2026-10-14"
"#;

#[test]
fn a_place_is_compared_with_the_table_on_that_day_and_the_tables_version_is_recorded() {
    for (area, date, listed) in [
        (Some("jinjiang"), "2026-10-01", true),
        (Some("jinjiang"), "2026-10-14", true),
        (Some("jinjiang"), "2026-10-15", false),
        (Some("jinjiang"), "2026-09-30", false),
        (None, "2026-10-05", false),
    ] {
        let mut lane = gate(ORIGIN);
        let area = area.map(|area| area.parse().unwrap());
        let stay = Some(Stay { area, date: Pii::new(date.parse().unwrap()) });
        lane.act(enter("passed-through", Entry::Answer { answer: "yes".parse().unwrap(), stay }));
        let evidence = if listed {
            assert!(lane.passages().is_empty(), "{date}");
            lane.act(Act::Decide { decision: Decision::TurnBack, reason: Reason::AnswerNotAccepted });
            let StepOutcome::Failed { evidence, .. } = outcome(&lane, 0) else { panic!("{date}") };
            evidence.clone().unwrap()
        } else {
            let StepOutcome::Done(evidence) = outcome(&lane, 0) else { panic!("{date}") };
            evidence.clone()
        };
        let Evidence::Answered { table, listed: found, .. } = evidence else { panic!("{date}") };
        assert_eq!((table, found), (Some(7), Some(listed)), "{date}");
        let said = lane.last_personal().people[0].stated.find("passed-through", "date").unwrap();
        assert_eq!(said.expose(), date, "the day is in the sealed part");
        assert!(!format!("{:?}", lane.last_passage()).contains(date), "and nowhere else");
    }
}

#[test]
fn an_answer_that_asks_where_and_when_is_not_taken_without() {
    let mut lane = gate(ORIGIN);
    assert!(lane.act_by(Some("wang"), answer("passed-through", "yes")).is_err());
    let nowhere = Stay { area: Some("mars".parse().unwrap()), date: Pii::new("2026-10-05".parse().unwrap()) };
    let entry = Entry::Answer { answer: "yes".parse().unwrap(), stay: Some(nowhere.clone()) };
    assert!(lane.act_by(Some("wang"), enter("passed-through", entry)).is_err());
    let entry = Entry::Answer { answer: "no".parse().unwrap(), stay: Some(nowhere) };
    assert!(lane.act_by(Some("wang"), enter("passed-through", entry)).is_err());
    lane.act(answer("passed-through", "no"));
    assert_eq!(lane.last_passage().verdict, Verdict::Admitted);
}

const SIGNATURES: &str = "[[profile.step]]\nkind = \"sign-off\"\nsignatures = 2\ntimeout_s = 60\n";

#[test]
fn two_signatures_are_two_different_attendants() {
    let mut lane = gate(SIGNATURES);
    let sign = || enter("sign-off", Entry::SignOff { role: Role::Attendant });
    assert_eq!(lane.act_by(None, sign()), Err(Refused::NeedsAttendant));
    lane.act_by(Some("wang"), sign()).unwrap();
    assert!(matches!(lane.act_by(Some("wang"), sign()), Err(Refused::NotNow { .. })), "one is not two");
    assert!(lane.passages().is_empty());
    lane.act_by(Some("li"), sign()).unwrap();
    let by = ["wang", "li"].map(|name| name.parse().unwrap()).to_vec();
    assert_eq!(*outcome(&lane, 0), StepOutcome::Done(Evidence::Signed { by }));
}

#[test]
fn where_the_second_signature_is_a_leads_two_others_do_not_sign() {
    let file = format!("{SIGNATURES}second_by = [\"lead\"]\n");
    let sign = |role| enter("sign-off", Entry::SignOff { role });
    let asked = |lane: &Bench| {
        let Asks::SignOff { by, .. } = lane.status().steps[0].asks.clone() else {
            panic!("it is a sign-off")
        };
        by
    };
    for (first, second) in [(Role::Attendant, Role::Lead), (Role::Lead, Role::Attendant)] {
        let mut lane = gate(&file);
        assert_eq!(asked(&lane), [], "either may begin");
        lane.act_by(Some("wang"), sign(first)).unwrap();
        if first == Role::Attendant {
            assert_eq!(asked(&lane), [Role::Lead]);
            let refused = Err(Refused::SignatureOf { wanted: vec![Role::Lead] });
            for role in [Role::Attendant, Role::Observer] {
                assert_eq!(lane.act_by(Some("li"), sign(role)), refused);
            }
            assert!(lane.passages().is_empty());
        }
        lane.act_by(Some("li"), sign(second)).unwrap();
        let by = ["wang", "li"].map(|name| name.parse().unwrap()).to_vec();
        assert_eq!(*outcome(&lane, 0), StepOutcome::Done(Evidence::Signed { by }));
    }
}

const COUNT: &str = "[[profile.step]]\nkind = \"count\"\nid = \"pigs\"\nwhat_zh = \"几头猪\"\nwhat_en = \"Pigs\"\n\
                     min = 1\nmax = 120\ntimeout_s = 60\n";

#[test]
fn a_count_outside_its_range_is_recorded_and_satisfies_nothing() {
    let mut lane = gate(COUNT);
    lane.act(enter("pigs", Entry::Count(121)));
    assert_eq!(lane.status().steps[0].state, StepState::Failed { reason: Reason::CountOutOfRange });
    lane.act(enter("pigs", Entry::Count(0)));
    assert!(lane.passages().is_empty());
    lane.act(enter("pigs", Entry::Count(120)));
    let by = "wang".parse().unwrap();
    assert_eq!(*outcome(&lane, 0), StepOutcome::Done(Evidence::Counted { number: 120, by }));
}

const STAND: &str = "[[profile.step]]\nkind = \"dwell\"\nid = \"stand\"\nseconds = 900\ntimeout_s = 120\n";

#[test]
fn a_dwell_is_over_after_its_time_and_neither_idleness_nor_its_own_timeout_ends_it() {
    let mut lane = gate(STAND);
    assert_eq!(lane.status().prompt, Prompt::WaitForAttendant);
    lane.act(enter("stand", Entry::StartDwell));
    assert_eq!((lane.status().prompt, lane.status().dwelling.unwrap().ends_ms), (Prompt::StayHere, 900_000));
    assert!(lane.act_by(Some("wang"), enter("stand", Entry::StartDwell)).is_err(), "it cannot begin twice");
    lane.wait(899);
    assert_eq!(lane.status().phase, Phase::Steps);
    lane.wait(1);
    assert_eq!(lane.last_passage().verdict, Verdict::Admitted);
    let by = "wang".parse().unwrap();
    let dwelt = Evidence::Dwelt { seconds: 900, low: None, high: None, interruptions: 0, by };
    assert_eq!(*outcome(&lane, 0), StepOutcome::Done(dwelt));
}

#[test]
fn a_dwell_that_is_broken_off_starts_over() {
    let mut lane = gate(STAND);
    lane.act(enter("stand", Entry::StartDwell)).wait(890).act(enter("stand", Entry::StopDwell));
    assert_eq!(lane.status().steps[0].state, StepState::NeedsAttendant { reason: Reason::DwellInterrupted });
    lane.wait(20);
    assert!(lane.passages().is_empty());
    lane.act(enter("stand", Entry::StartDwell)).wait(890);
    assert!(lane.passages().is_empty(), "what passed before does not count");
    lane.wait(10);
    let StepOutcome::Done(Evidence::Dwelt { interruptions: 1, .. }) = outcome(&lane, 0) else {
        panic!("{:?}", lane.last_passage())
    };
}

const DRY: &str = "[[profile.step]]\nkind = \"dwell\"\nid = \"dry\"\nseconds = 2700\ntimeout_s = 600\n\
                   [profile.step.at]\nlow_c = 65\nhigh_c = 75\n";

#[test]
fn a_dwell_at_a_temperature_begins_with_the_first_good_reading_and_a_bad_one_starts_it_over() {
    let mut lane = gate(DRY);
    let read = |lane: &mut Bench, degrees| {
        lane.act(enter("dry", Entry::Reading(celsius(degrees))));
    };
    read(&mut lane, 64.9);
    assert_eq!(lane.status().dwelling, None, "too cold to count");
    read(&mut lane, 65.0);
    for _ in 0..2 {
        lane.wait(890);
        read(&mut lane, 75.0);
    }
    lane.wait(890);
    read(&mut lane, 75.1);
    assert_eq!(lane.status().dwelling, None, "out of its range it starts over");
    for _ in 0..3 {
        read(&mut lane, 70.0);
        lane.wait(890);
    }
    read(&mut lane, 70.0);
    assert!(lane.passages().is_empty(), "what passed before the bad reading does not count");
    lane.wait(30);
    let StepOutcome::Done(evidence) = outcome(&lane, 0) else { panic!("{:?}", lane.last_passage()) };
    let Evidence::Dwelt { low, high, interruptions, seconds, .. } = evidence else { panic!() };
    assert_eq!((*low, *high, *interruptions, *seconds), (Some(celsius(70.0)), Some(celsius(70.0)), 1, 2_700));
}

#[test]
fn a_reading_that_does_not_come_in_time_breaks_a_dwell_off() {
    let mut lane = gate(DRY);
    lane.act(enter("dry", Entry::Reading(celsius(70.0)))).wait(899);
    assert!(lane.status().dwelling.is_some());
    lane.wait(1);
    assert_eq!(lane.status().dwelling, None);
    assert_eq!(lane.status().steps[0].state, StepState::NeedsAttendant { reason: Reason::DwellInterrupted });
    assert!(lane.passages().is_empty());
}

#[test]
fn a_sensor_that_is_named_runs_the_clock_and_no_other_does() {
    let steps = format!("{DRY}sensor = \"dryer\"\nread_every_s = 20\n");
    let mut lane = gate(&steps);
    let sensed = |lane: &mut Bench, device: &str, degrees| {
        lane.put(Input::Sensed { device: device.parse().unwrap(), value: celsius(degrees) });
    };
    sensed(&mut lane, "dryer", 70.0);
    assert_eq!(lane.status().dwelling, None, "nobody has begun it");
    assert!(lane.act_by(Some("wang"), enter("dry", Entry::Reading(celsius(70.0)))).is_err());
    lane.act(enter("dry", Entry::StartDwell));
    sensed(&mut lane, "brow", 70.0);
    assert_eq!(lane.status().dwelling, None);
    sensed(&mut lane, "dryer", 70.0);
    lane.wait(20);
    sensed(&mut lane, "dryer", 70.0);
    assert_eq!(lane.status().dwelling, None, "a sensor that was silent does not begin again by itself");
    lane.act(enter("dry", Entry::StartDwell));
    for _ in 0..=270 {
        sensed(&mut lane, "dryer", 70.0);
        lane.wait(10);
    }
    assert_eq!(lane.last_passage().verdict, Verdict::Admitted);
}

#[test]
fn a_subject_confirms_a_pledge_on_their_own_face_and_an_attendant_may_for_them() {
    let steps = "[[profile.step]]\nkind = \"pledge\"\ntext_zh = \"不带火种进山\"\ntext_en = \"No fire in the forest\"\n\
                 timeout_s = 60\n";
    for by in [None, Some("wang")] {
        let mut lane = gate(steps);
        assert_eq!(lane.status().prompt, Prompt::Pledge);
        assert_eq!(lane.status().pledge.unwrap().1.en, "No fire in the forest");
        lane.act_by(by, enter("pledge", Entry::Pledge)).unwrap();
        let by = by.map(|name| name.parse().unwrap());
        assert_eq!(*outcome(&lane, 0), StepOutcome::Done(Evidence::Pledged { by }));
    }
}

#[test]
fn things_are_left_under_a_tag_and_nothing_under_none() {
    let steps = "[[profile.step]]\nkind = \"custody\"\nway = \"leave\"\nitems_max = 5\ntimeout_s = 60\n";
    let items = |number, tag| enter("custody", Entry::Items { number, tag });
    for (number, tag, good) in [
        (0, None, true),
        (0, Some(3), false),
        (2, None, false),
        (2, Some(0), false),
        (2, Some(10_000), false),
        (6, Some(3), false),
        (5, Some(9_999), true),
    ] {
        let mut lane = gate(steps);
        assert_eq!(lane.status().prompt, Prompt::LeaveItems);
        assert_eq!(lane.act_by(Some("wang"), items(number, tag)).is_ok(), good, "{number} {tag:?}");
        if good {
            let by = "wang".parse().unwrap();
            let left = Evidence::Items { way: Custody::Leave, number, tag, by };
            assert_eq!(*outcome(&lane, 0), StepOutcome::Done(left));
        } else {
            assert!(lane.passages().is_empty());
        }
    }
}

#[test]
fn somebody_named_fetches_the_subject_and_the_name_is_sealed() {
    let mut lane = gate("[[profile.step]]\nkind = \"escort\"\ntimeout_s = 60\n");
    assert_eq!(lane.status().prompt, Prompt::WaitForEscort);
    let escort = |name: &str| enter("escort", Entry::Escort(Pii::new(name.to_owned())));
    assert!(lane.act_by(Some("wang"), escort("  ")).is_err());
    assert!(lane.act_by(Some("wang"), escort(&"长".repeat(41))).is_err());
    lane.act(escort(" 护士小陈 "));
    let name = lane.last_personal().people[0].stated.find("escort", "escort").unwrap();
    assert_eq!(name.expose(), "护士小陈");
    assert!(!format!("{:?}", lane.last_passage()).contains("小陈"));
}

#[test]
fn a_person_disinfects_hands_or_shoes_for_as_long_as_the_profile_says() {
    let steps = "[[profile.step]]\nkind = \"disinfection\"\nid = \"hands\"\nagents = [\"alcohol-75\"]\n\
                 seconds_min = 15\nseconds_max = 60\ntimeout_s = 60\n";
    let mut lane = gate(steps);
    assert_eq!(lane.status().prompt, Prompt::Disinfect);
    lane.act(Act::StartDisinfection { agent: "alcohol-75".parse().unwrap() }).wait(14);
    let early = lane.act_by(Some("wang"), Act::StopDisinfection);
    assert_eq!(early, Err(Refused::TooEarly { seconds_left: 1 }));
    lane.wait(1).act(Act::StopDisinfection);
    assert!(matches!(outcome(&lane, 0), StepOutcome::Done(Evidence::Disinfected { seconds: 15, .. })));
}

#[test]
fn an_entry_that_a_step_does_not_ask_for_changes_nothing() {
    let mut lane = gate(&format!("{QUESTION}{COUNT}"));
    for entry in [Entry::SignOff { role: Role::Attendant }, Entry::Count(3), Entry::StartDwell, Entry::Pledge]
    {
        assert!(lane.act_by(Some("wang"), enter("cough", entry)).is_err());
    }
    assert!(lane.act_by(Some("wang"), enter("nothing", Entry::Count(3))).is_err());
    lane.act(enter("pigs", Entry::Count(3)));
    assert_eq!(lane.status().steps[1].state, StepState::Done, "in whatever order things come");
    lane.put(pass(Class::Resident)).put(temperature(Zone::Below));
    assert_eq!(lane.status().steps[0].state, StepState::Asked);
}
