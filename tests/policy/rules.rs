//! The rules that come with the program, what rules can never do, and every mistake one can make in writing them.

use kakou::config::profile_file::{SHIPPED, read_profiles};
use kakou::config::rules::{Admission, Facts, Grade, Party, Ruling, State};
use kakou::config::{Profile, Takes};
use kakou::engine::decide::decide;
use kakou::engine::prove::{FlawKind, prove};
use kakou::model::step::PlateSource;
use kakou::model::{AreaMode, Class, CredentialKind, Direction, ListHit, PlateOrigin, Reason};

/// A gate that asks for a credential and the skin temperature, with the rules of the test.
const GATE: &str = r#"
[[profile]]
id = "gate"
title_zh = "门"
title_en = "Gate"
takes = "person"
directions = ["inbound"]
not_admitted = ["transit"]
session_timeout_s = 60
idle_timeout_s = 20
[[profile.step]]
kind = "credential"
unverified = "refuse"
roster_miss = "refuse"
waivers = ["no-phone"]
timeout_s = 20
[[profile.step]]
kind = "temperature"
timeout_s = 20
"#;

pub fn gate(rules: &str) -> Profile {
    read_profiles("gate.toml", &format!("{GATE}{rules}")).unwrap().remove(0)
}

#[test]
fn every_shipped_profile_is_proved_sound_and_each_kind_of_place_over_at_least_a_hundred_thousand_cases() {
    let mut few = Vec::new();
    for (file, text) in SHIPPED {
        let mut of_place = 0;
        for profile in read_profiles(file, text).unwrap() {
            let proof = prove(&profile).unwrap_or_else(|flaws| {
                panic!("{}: {}", profile.id, flaws[0].words(&profile));
            });
            let counted: u128 = proof.clauses.iter().map(|(_, cases)| cases).sum();
            assert_eq!(counted, proof.cases, "each case comes to exactly one clause");
            of_place += proof.cases;
            few.extend((proof.cases < 100_000).then(|| proof.profile.as_str().to_owned()));
        }
        assert!(of_place >= 100_000, "{file}: {of_place} cases");
    }
    // Ways out that ask for one thing, or two: their whole product is smaller.
    let ways_out = ["venue-out", "canteen-out", "pig-farm-occupant-out", "site-out", "event-out"];
    assert_eq!(few, ways_out);
}

#[test]
fn a_rule_may_tell_local_plates_from_others_and_one_that_does_not_means_them_all() {
    let road = |by: &str| {
        let text = format!(
            "[[profile]]\nid = \"road\"\ntitle_zh = \"路\"\ntitle_en = \"Road\"\ntakes = \"vehicle\"\n\
             directions = [\"inbound\"]\nsession_timeout_s = 60\nidle_timeout_s = 20\n\
             [[profile.step]]\nkind = \"plate\"\nno_plate = \"record\"\ntimeout_s = 20\n\
             [[profile.rule]]\nid = \"through\"\nthen = \"admit\"\n[profile.rule.when]\nall_steps = \"settled\"\n\
             party = [\"nobody\", \"admit\", \"admit-with-follow-up\"]\n\
             [[profile.rule]]\nid = \"wait\"\nthen = \"wait\"\n[profile.rule.when]\nall_steps = \"open\"\n\
             [[profile.rule]]\nid = \"party\"\nthen = \"wait\"\n[profile.rule.when]\nall_steps = \"settled\"\n\
             party = [\"wait\", \"refer\", \"advise\", \"hand-off\", \"hold\", \"turn-back\"]\n\
             [[profile.rule]]\nid = \"asked\"\nthen = \"refer\"\nreasons = [\"attendant-decision\"]\n\
             over = [\"through\", \"party\"]\n[profile.rule.when]\n[[profile.rule.when.step]]\nkind = \"plate\"\n\
             is = [\"done\"]\nby = [{by}]\n"
        );
        read_profiles("road.toml", &text)
    };
    let ruled = |by: &str, grade: Grade| {
        let profile = road(by).unwrap().remove(0);
        prove(&profile).unwrap();
        let facts = Facts {
            takes: Takes::Vehicle,
            class: Class::Unknown,
            direction: Direction::Inbound,
            mode: AreaMode::Normal,
            hit: ListHit::None,
            admission: Admission::Admitted,
            states: vec![State::Done(grade)],
            party: Party::Nobody,
            party_reason: None,
        };
        decide(&profile.rules, &facts).ruling
    };
    let placed = |origin| Grade::PlacedPlate(PlateSource::Typed, origin);
    for origin in PlateOrigin::ALL {
        let expected = if origin == PlateOrigin::OutOfTown { Ruling::Refer } else { Ruling::Admit };
        assert_eq!(ruled("\"typed-out-of-town\"", placed(origin)), expected, "{origin:?}");
        assert_eq!(ruled("\"typed\"", placed(origin)), Ruling::Refer, "{origin:?}");
        assert_eq!(ruled("\"pass\"", placed(origin)), Ruling::Admit, "{origin:?}");
    }
    assert_eq!(ruled("\"typed\"", Grade::Plate(PlateSource::Typed)), Ruling::Refer);
    assert_eq!(ruled("\"typed-local\"", Grade::Plate(PlateSource::Typed)), Ruling::Admit);
    let said = road("\"no-plate-local\"").unwrap_err().to_string();
    assert!(said.contains("\"no-plate-unplaced\""), "{said}");
}

#[test]
fn the_rules_that_come_with_the_program_decide_as_is_written_of_them() {
    let profile = gate("");
    let ruled = |facts: &Facts| {
        let ruled = decide(&profile.rules, facts);
        (ruled.ruling, ruled.reasons, ruled.clause.unwrap().as_str().to_owned())
    };
    let good = facts(State::Done(Grade::Roster), State::Done(Grade::Screened));
    assert_eq!(ruled(&good), (Ruling::Admit, vec![], "admitted".to_owned()));
    let open = facts(State::Open, State::Done(Grade::Screened));
    assert_eq!(ruled(&open), (Ruling::Wait, vec![], "not-settled".to_owned()));
    let hot = State::Failed(Reason::TemperatureElevated, Some(Grade::Screened));
    let hot = facts(State::Open, hot);
    assert_eq!(ruled(&hot), (Ruling::Refer, vec![Reason::TemperatureElevated], "temperature".to_owned()));
    let transit =
        |facts: &Facts| Facts { class: Class::Transit, admission: Admission::NotAdmitted, ..facts.clone() };
    let turned_back = (Ruling::TurnBack, vec![Reason::ClassNotAdmitted], "class-not-admitted".to_owned());
    assert_eq!(ruled(&transit(&good)), turned_back);
    assert_eq!(ruled(&transit(&open)).0, Ruling::Wait, "not before it is known who they are");
    let known_and_hot =
        Facts { states: vec![State::Waived("no-phone".parse().unwrap()), hot.states[1].clone()], ..hot };
    assert_eq!(ruled(&transit(&known_and_hot)), turned_back);
    let listed = Facts { hit: ListHit::Listed, ..good.clone() };
    assert_eq!(ruled(&listed).0, Ruling::Refer);
    assert_eq!(ruled(&transit(&listed)).0, Ruling::Refer, "whoever is on a list is looked at first");
}

#[test]
fn no_rule_lets_through_while_a_step_is_open_or_when_nothing_was_asked() {
    let profile = gate("[[profile.rule]]\nid = \"all\"\nthen = \"admit\"\n");
    let good = facts(State::Done(Grade::Verified(CredentialKind::HubPass)), State::Done(Grade::Contact));
    assert_eq!(decide(&profile.rules, &good).ruling, Ruling::Admit);
    let open = [
        facts(State::Open, State::Done(Grade::Screened)),
        facts(State::Done(Grade::Roster), State::NeedsAttendant(Reason::TemperatureNotMeasured)),
        facts(State::Absent, State::Absent),
        Facts { party: Party::Ruled(Ruling::Wait), ..good },
    ];
    for facts in open {
        let ruled = decide(&profile.rules, &facts);
        assert_eq!((ruled.ruling, ruled.clause), (Ruling::Refer, None), "{facts:?}");
    }
    let flaws = prove(&profile).unwrap_err();
    assert!(flaws.iter().any(|flaw| flaw.kind == FlawKind::AdmitsOpen), "{flaws:?}");
    let said = flaws[0].words(&profile);
    assert!(said.contains("rule all lets through what is not settled in "), "{said}");
    assert!(said.contains("resident inbound; area normal; lists none; credential open"), "{said}");
}

#[test]
fn a_list_can_ask_for_a_person_but_cannot_deny() {
    let rule = |id: &str, then: &str, rest: &str| {
        format!("[[profile.rule]]\nid = \"{id}\"\nthen = \"{then}\"\n{rest}\n")
    };
    let reason = "reasons = [\"attendant-decision\"]\n";
    let admit = rule("admit", "admit", "[profile.rule.when]\nall_steps = \"settled\"");
    let wait = rule("wait", "wait", "[profile.rule.when]\nall_steps = \"open\"");
    let listed = |then| {
        let rest = format!("{reason}over = [\"admit\", \"wait\"]\n[profile.rule.when]\nhits = [\"listed\"]");
        gate(&format!("{admit}{wait}{}", rule("listed", then, &rest)))
    };
    prove(&listed("refer")).unwrap();
    for then in ["turn-back", "advise", "hold", "hand-off"] {
        let flaws = prove(&listed(then)).unwrap_err();
        let kinds: Vec<_> = flaws.iter().map(|flaw| flaw.kind).collect();
        assert!(kinds.iter().all(|kind| *kind == FlawKind::DeniedByList), "{kinds:?}");
    }
}

#[test]
fn mistakes_in_rules_are_named_with_their_place() {
    let rule = "[[profile.rule]]\nid = \"x\"\nthen = \"refer\"\nreasons = [\"declined\"]\n";
    let second = rule.replace("\"x\"", "\"y\"");
    let cases = [
        (
            format!("{rule}over = [\"y\"]\n{second}over = [\"x\"]\n"),
            "gate.toml:24: profile[gate].rule[x].over = [\"y\"]: rules go over each other in a circle: x over y over x",
        ),
        (
            format!("{rule}over = [\"z\"]\n"),
            "gate.toml:24: profile[gate].rule[x].over = [\"z\"]: there is no rule z to go over",
        ),
        (format!("{rule}{rule}"), "gate.toml:25: profile[gate].rule[x].id = \"x\": two rules are called x"),
        (
            format!("{rule}[[profile.rule.when.step]]\nkind = \"attest\"\n"),
            "kind = \"attest\": must be a step of this profile; it asks credential, temperature",
        ),
        (
            format!("{rule}[[profile.rule.when.step]]\nkind = \"pulse\"\n"),
            "kind = \"pulse\": must be \"credential\"",
        ),
        (
            format!("{rule}[[profile.rule.when.step]]\nkind = \"credential\"\nby = [\"screened\"]\n"),
            "by = \"screened\": must be \"unverified-hub-pass\"",
        ),
        (
            format!("{rule}[[profile.rule.when.step]]\nkind = \"credential\"\nwaived_for = [\"rain\"]\n"),
            "waived_for = [\"rain\"]: rain: must be among the step's waivers",
        ),
        (rule.replace("declined", "tired"), "reasons = \"tired\": must be a reason such as"),
        (rule.replace("declined", "step"), "must not name \"step\" unless"),
        (rule.replace("declined", "party"), "must not name \"party\" unless"),
        (
            rule.replace("reasons = [\"declined\"]\n", ""),
            "reasons: must say why, because the rule lets nobody through",
        ),
        (rule.replace("refer", "emergency"), "then = \"emergency\": must be \"admit\""),
        (format!("{rule}[profile.rule.when]\nparty = [\"hold\"]\n"), "party = [\"hold\"]: must be left out"),
        (format!("{rule}colour = \"red\"\n"), "colour = \"red\": unknown key"),
        ("[[profile.rule]]\nid = \"x\"\n".to_owned(), "then: missing; must be \"admit\""),
        (
            "rule = 3\n".replace("rule", "[profile.rule]\nx"),
            "must be at least one table headed [[profile.rule]]",
        ),
    ];
    for (rules, expected) in cases {
        let said = read_profiles("gate.toml", &format!("{GATE}{rules}")).unwrap_err().to_string();
        assert!(said.contains(expected), "expected {expected}\nsaid {said}");
    }
}

#[test]
fn facts_have_one_digest_and_others_have_another() {
    let good = facts(State::Done(Grade::Roster), State::Done(Grade::Screened));
    assert_eq!(good.digest(), good.clone().digest());
    // A check value: SHA-256 of 89 00 00 00 00 00 00 82 (82 05 81 (82 02 80)) (82 05 81 (82 03 80)) f6 f6.
    assert_eq!(data_encoding::HEXLOWER.encode(&good.digest()), "89205b608ea1846ba667ca89efa1b2ef");
    let others = [
        Facts { mode: AreaMode::Watch, ..good.clone() },
        Facts { hit: ListHit::Seen, ..good.clone() },
        Facts { class: Class::Worker, ..good.clone() },
        facts(State::Done(Grade::Roster), State::Done(Grade::Contact)),
        Facts { party: Party::Ruled(Ruling::Admit), ..good.clone() },
    ];
    for other in others {
        assert_ne!(good.digest(), other.digest(), "{other:?}");
    }
}

fn facts(credential: State, temperature: State) -> Facts {
    Facts {
        takes: Takes::Person,
        class: Class::Resident,
        direction: Direction::Inbound,
        mode: AreaMode::Normal,
        hit: ListHit::None,
        admission: Admission::Admitted,
        states: vec![credential, temperature],
        party: Party::Nobody,
        party_reason: None,
    }
}
