//! Profiles: the shipped ones, the choice among them, and every mistake one can make.

use kakou::base::{CentiCelsius, Slug};
use kakou::config::profile_file::{SHIPPED, read_profiles, shipped, shipped_in};
use kakou::config::{Ask, Policy, Profiles};
use kakou::model::{AreaMode, Class, Direction, ScreeningRule, StepKind, SubjectKind};

const MINIMAL: &str = r#"
[[profile]]
id = "gate"
title_zh = "门"
title_en = "Gate"
takes = "person"
directions = ["inbound"]
session_timeout_s = 60
idle_timeout_s = 20
[[profile.step]]
kind = "temperature"
timeout_s = 20
"#;

#[test]
fn the_shipped_profiles_cover_people_and_vehicles_both_ways_for_every_class() {
    let profiles = Profiles::new(shipped_in("profiles/residential.toml").unwrap()).unwrap();
    for direction in [Direction::Inbound, Direction::Outbound] {
        for class in [Class::Resident, Class::Visitor, Class::Observed, Class::Unknown] {
            for subject in [SubjectKind::Person, SubjectKind::Vehicle] {
                assert!(profiles.choose(subject, direction, class).is_some());
            }
            assert!(profiles.choose_occupant(direction, class).is_some());
        }
    }
}

#[test]
fn no_two_shipped_profiles_have_one_name_and_a_lane_can_take_those_of_any_place() {
    let all = shipped().unwrap();
    for (index, profile) in all.iter().enumerate() {
        assert!(all[..index].iter().all(|other| other.id != profile.id), "{}", profile.id);
    }
    for (file, _) in SHIPPED {
        let ids: Vec<Slug> = shipped_in(file).unwrap().iter().map(|profile| profile.id.clone()).collect();
        assert!(!ids.is_empty() && Profiles::only(&all, &ids).is_ok(), "{file}");
    }
}

#[test]
fn a_resident_on_the_way_in_is_not_asked_to_register_but_a_visitor_is() {
    let profiles = Profiles::new(shipped_in("profiles/residential.toml").unwrap()).unwrap();
    let kinds = |class| {
        let profile = profiles.choose(SubjectKind::Person, Direction::Inbound, class).unwrap();
        profile
            .steps_for(Direction::Inbound, class, AreaMode::Normal)
            .map(|step| step.kind())
            .collect::<Vec<_>>()
    };
    let resident = [StepKind::Credential, StepKind::Temperature, StepKind::Attest];
    assert_eq!(kinds(Class::Resident), resident);
    assert_eq!(kinds(Class::Visitor), [&resident[..], &[StepKind::Registration]].concat());
}

#[test]
fn a_profile_that_names_the_class_goes_before_one_for_all_others() {
    let staff = MINIMAL.replace("\"gate\"", "\"staff\"").replace("takes", "classes = [\"worker\"]\ntakes");
    let profiles = read_profiles("p.toml", &format!("{MINIMAL}{staff}")).unwrap();
    let profiles = Profiles::new(profiles).unwrap();
    let id = |class| {
        let profile = profiles.choose(SubjectKind::Person, Direction::Inbound, class).unwrap();
        profile.id.as_str().to_owned()
    };
    assert_eq!(id(Class::Worker), "staff");
    assert_eq!(id(Class::Resident), "gate");
    assert!(profiles.choose(SubjectKind::Person, Direction::Outbound, Class::Worker).is_none());
    assert!(profiles.choose(SubjectKind::Vehicle, Direction::Inbound, Class::Worker).is_none());
}

#[test]
fn two_profiles_for_one_subject_are_a_mistake() {
    let twin = MINIMAL.replace("\"gate\"", "\"twin\"");
    let said = read_profiles("p.toml", &format!("{MINIMAL}{twin}")).unwrap_err().to_string();
    assert!(said.contains("gate and twin both apply"), "{said}");
    let said = read_profiles("p.toml", &format!("{MINIMAL}{MINIMAL}")).unwrap_err().to_string();
    assert!(said.contains("two profiles are called gate"), "{said}");
}

#[test]
fn a_vehicle_profile_needs_one_for_its_occupants() {
    let available = shipped().unwrap();
    let ids = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect::<Vec<Slug>>();
    let alone = Profiles::only(&available, &ids(&["residential-vehicle-in"])).unwrap_err().to_string();
    assert!(alone.contains("no profile for occupants"), "{alone}");
    let both = ids(&["residential-vehicle-in", "residential-occupant-in"]);
    assert!(Profiles::only(&available, &both).is_ok());
    let missing = Profiles::only(&available, &ids(&["nowhere"])).unwrap_err().to_string();
    assert_eq!(missing, "there is no profile nowhere");
}

#[test]
fn a_step_can_be_waived_only_for_the_reasons_of_its_list() {
    let profiles = Profiles::new(shipped_in("profiles/residential.toml").unwrap()).unwrap();
    let vehicle = profiles.choose(SubjectKind::Vehicle, Direction::Inbound, Class::Unknown).unwrap();
    let step = |kind| vehicle.steps.iter().find(|step| step.kind() == kind).unwrap();
    let fault: Slug = "device-fault".parse().unwrap();
    assert!(step(StepKind::Disinfection).may_waive(&fault));
    assert!(!step(StepKind::Disinfection).may_waive(&"small-child".parse().unwrap()));
    assert!(step(StepKind::Occupants).waivers.is_empty(), "nobody in a vehicle goes unrecorded");
    assert!(matches!(step(StepKind::Disinfection).ask, Ask::Disinfection { seconds_max: 30, .. }));
}

#[test]
fn every_mistake_names_file_line_key_value_and_what_is_allowed() {
    let mistakes = [
        (
            "id = \"gate\"",
            "id = \"Gate 1\"",
            "p.toml:3: profile[1].id = \"Gate 1\": must be a name: 1 to 32 characters",
        ),
        (
            "takes = \"person\"",
            "takes = \"car\"",
            "profile[gate].takes = \"car\": must be \"person\" or \"vehicle\"",
        ),
        ("takes = \"person\"", "", "profile[gate].takes: missing; must be \"person\""),
        ("[\"inbound\"]", "[\"up\"]", "p.toml:7: profile[gate].directions = \"up\": must be \"inbound\""),
        ("[\"inbound\"]", "[\"inbound\", \"inbound\"]", "directions = \"inbound\": must be named once"),
        ("session_timeout_s = 60", "session_timeout_s = 5", "session_timeout_s = 5: must be 10 to 21600"),
        (
            "session_timeout_s = 60",
            "session_timeout_s = 15",
            "idle_timeout_s = 20: must be at most session_timeout_s",
        ),
        ("idle_timeout_s = 20", "idle_timeout_s = 1.5", "idle_timeout_s = 1.5: must be 5 to 600"),
        (
            "\"temperature\"",
            "\"thermometer\"",
            "profile[gate].step[1].kind = \"thermometer\": must be \"credential\"",
        ),
        ("\"temperature\"", "\"plate\"\nno_plate = \"record\"", "must be a step that a person can take"),
        ("\"temperature\"", "\"attest\"", "profile[gate].step[1].what: missing; must be \"mask\""),
        ("\"temperature\"", "\"registration\"", "required: must name a field here or under optional"),
        (
            "\ntimeout_s = 20\n",
            "\ntimeout_s = 20\nwaivers = [7]\n",
            "waivers = 7: must be a name: 1 to 32 characters",
        ),
        ("kind =", "threshold_f = 99\nkind =", "step[1].threshold_f = 99: unknown key; known are kind"),
        ("title_en = \"Gate\"", "title_en = \"\"", "title_en = \"\": must be a text of 1 to 60 bytes"),
        ("[[profile]]", "[[profiles]]", "must be at least one table headed [[profile]]"),
        (
            "[[profile.step]]",
            "[profile.x]",
            "profile[gate].step: must be at least one table headed [[profile.step]]",
        ),
        ("id = \"gate\"", "id = \"gate", "p.toml:3: toml"),
    ];
    for (right, wrong, expected) in mistakes {
        let text = MINIMAL.replacen(right, wrong, 1);
        assert_ne!(text, MINIMAL, "{right}");
        let said = read_profiles("p.toml", &text).expect_err(wrong).to_string();
        assert!(said.contains(expected), "{wrong}\nsaid     {said}\nexpected {expected}");
    }
}

#[test]
fn all_mistakes_are_said_at_once() {
    let text = MINIMAL.replace("person", "car").replace("= 60", "= 0").replace("temperature", "warmth");
    let mistakes = read_profiles("p.toml", &text).unwrap_err();
    assert_eq!(mistakes.as_slice().len(), 3, "{mistakes}");
}

#[test]
fn a_policy_is_known_by_what_it_says() {
    let screening = ScreeningRule {
        threshold: CentiCelsius::new(3_730).unwrap(),
        guard: 20,
        correction: 50,
        factor: 200,
        cold: CentiCelsius::new(3_200).unwrap(),
        hot: CentiCelsius::new(4_300).unwrap(),
        ..ScreeningRule::PLAIN
    };
    let profiles = shipped().unwrap();
    let policy = Policy::new(Some(12), screening, profiles.clone());
    assert_eq!(policy.id, Policy::new(Some(12), screening, profiles.clone()).id);
    assert_ne!(policy.id, Policy::new(Some(13), screening, profiles.clone()).id);
    let wider = ScreeningRule { guard: 30, ..screening };
    assert_ne!(policy.id, Policy::new(Some(12), wider, profiles.clone()).id);
    assert_ne!(policy.id, Policy::new(Some(12), screening, vec![]).id);
    assert!(policy.canonical().starts_with(r#"{"version":2,"notice":12,"screening":{"threshold":3730"#));
}
