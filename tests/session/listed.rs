//! Somebody whom a list names: a card for the attendant, who decides; nothing is denied by it.

use std::collections::BTreeMap;
use std::sync::Arc;

use kakou::base::{BootId, ClockTrust, Mono, Pii, Stamp, Wall};
use kakou::config::list::change::Push;
use kakou::config::list::rows::Span;
use kakou::config::list::{ListFile, ListRule};
use kakou::config::profile_file::shipped_in;
use kakou::config::{Lists, Profile};
use kakou::control::{Act, Decision, OddPlate, Phase, Registration};
use kakou::engine::replay::again;
use kakou::model::blind::IdentifierKind;
use kakou::model::{
    AreaMode, Attestation, Between, Blinder, Class, Direction, Level, ListHit, Reason, Signal, SubjectKind,
    Title, Verdict, Zone,
};

use crate::bench::{Bench, pass, temperature};

const NOW: Wall = Wall::from_secs(1_795_147_200);
const NUMBER: &str = "110101199001010015";
const PLATE: &str = "京A12345";
const PHONE: &str = "13987650123";

fn title(zh: &str, en: &str) -> Title {
    Title { zh: zh.to_owned(), en: en.to_owned() }
}

/// A list of `kind` that names `value` for ten days.
fn lists(kind: IdentifierKind, value: &str, direction: Option<Direction>) -> Lists {
    let rule = ListRule {
        id: "observed".parse().expect("a name"),
        title: title("居家观察人员", "Under observation"),
        purpose: title("观察期内不外出", "Staying at home"),
        advice: title("请核对身份，由您决定", "Check who it is; you decide"),
        holds: vec![kind],
        direction,
        issuers: ["health", "street"].map(|name| name.parse().expect("a name")).to_vec(),
        cap: 10,
        bulk: 10,
        days_max: 30,
    };
    let until = u32::try_from(NOW.as_secs()).expect("soon") + 10 * 86_400;
    let blinded = Blinder::new(&[1; 32]).blind(kind, value);
    let entries = BTreeMap::from([(blinded, Span { from: 0, until })]);
    let push = Push { entries: &entries, issuers: &rule.issuers, now: NOW, source: None };
    let (file, ..) = ListFile::default().push(&rule, &push).expect("two issuers, one change");
    let edition = file.into_in_force().expect("in force");
    Lists::new([(Arc::new(rule), edition)])
}

fn at(lists: Lists, takes: SubjectKind) -> Bench {
    let profiles: Vec<Profile> = shipped_in("profiles/residential.toml").expect("sound");
    let mut lane = Bench::with_lists(lists, AreaMode::Normal, takes, profiles);
    time(&mut lane, NOW, ClockTrust::Synced);
    lane.line(Signal::Presence, Level::Active);
    lane
}

fn time(lane: &mut Bench, wall: Wall, trust: ClockTrust) {
    let stamp = Stamp { boot: BootId([1; 16]), mono: Mono::ZERO, wall, trust, max_error_ms: 20 };
    lane.lane.time(Between::of(&stamp, Wall::EARLIEST));
}

fn number(text: &str) -> Act {
    Act::TypeIdNumber(Pii::new(text.to_owned()))
}

fn register(phone: &str) -> Act {
    let said = |text: &str| Some(Pii::new(text.to_owned()));
    Act::Register(Registration {
        name: said("王小明"),
        phone: said(phone),
        origin: said("成都"),
        ..Registration::default()
    })
}

#[test]
fn a_hit_raises_a_card_and_a_person_decides_either_way() {
    for (decision, verdict) in
        [(Decision::Admit, Verdict::Admitted), (Decision::TurnBack, Verdict::TurnedBack)]
    {
        let mut lane = at(lists(IdentifierKind::IdNumber, NUMBER, None), SubjectKind::Person);
        lane.act(number(NUMBER));
        let cards = lane.status().cards;
        assert_eq!((cards.len(), cards[0].title.zh.as_str(), cards[0].unsure), (1, "居家观察人员", false));
        assert_eq!(lane.last_passage().verdict, Verdict::Referred, "somebody looks, and nothing is denied");
        let grounds = lane.last_passage().grounds.clone().expect("rules were asked");
        assert_eq!(grounds.hit, ListHit::Listed);
        lane.put(temperature(Zone::Below)).act(Act::Attest(Attestation::Mask)).act(register("13800138000"));
        assert!(!lane.opened(), "nobody has decided");
        lane.act(Act::Decide { decision, reason: Reason::AttendantDecision });
        assert_eq!(lane.last_passage().verdict, verdict);
        let lists = lane.last_personal().people[0].lists.clone().expect("sealed with the record");
        assert_eq!(lists[0].as_str(), "observed");
        lane.passages().into_iter().for_each(|passage| drop(again(passage, &lane.policy).expect("the same")));
    }
}

#[test]
fn whoever_no_list_names_meets_no_card() {
    let mut lane = at(lists(IdentifierKind::IdNumber, NUMBER, None), SubjectKind::Person);
    lane.put(pass(Class::Resident)).put(temperature(Zone::Below)).act(Act::Attest(Attestation::Mask));
    assert_eq!((lane.last_passage().verdict, lane.status().cards.len()), (Verdict::Admitted, 0));
    assert_eq!(lane.last_personal().people[0].lists, None);
}

#[test]
fn a_phone_that_is_only_registered_is_looked_up_as_well_and_the_card_stays() {
    let mut lane = at(lists(IdentifierKind::Phone, PHONE, None), SubjectKind::Person);
    lane.act(number(NUMBER)).put(temperature(Zone::Below));
    assert!(lane.passages().is_empty());
    lane.act(register(PHONE));
    assert_eq!(lane.last_passage().verdict, Verdict::Referred);
    assert_eq!(lane.status().cards.len(), 1);
}

#[test]
fn a_vehicle_and_the_people_in_it_each_have_their_cards() {
    let mut lane = at(lists(IdentifierKind::Plate, PLATE, None), SubjectKind::Vehicle);
    lane.act(Act::TypePlate { text: Pii::new(PLATE.to_owned()), odd: OddPlate::Ask });
    assert_eq!((lane.last_passage().verdict, lane.status().cards[0].occupant), (Verdict::Referred, None));
    let mut lane = at(lists(IdentifierKind::IdNumber, NUMBER, None), SubjectKind::Vehicle);
    lane.act(Act::DeclareOccupants(2)).put(pass(Class::Resident)).put(temperature(Zone::Below));
    lane.act(Act::Attest(Attestation::Mask)).act(number(NUMBER));
    let status = lane.status();
    assert_eq!((status.cards[0].occupant, status.phase), (Some(2), Phase::Referred));
}

#[test]
fn a_list_for_one_direction_says_nothing_in_the_other() {
    let mut lane =
        at(lists(IdentifierKind::IdNumber, NUMBER, Some(Direction::Outbound)), SubjectKind::Person);
    lane.act(number(NUMBER));
    assert_eq!(lane.status().cards, []);
    let mut lane =
        at(lists(IdentifierKind::IdNumber, NUMBER, Some(Direction::Outbound)), SubjectKind::Person);
    lane.line(Signal::Presence, Level::Idle).act(Act::Leave).act(Act::Next);
    let _ = lane
        .act_by(Some("wang"), Act::Begin { subject: SubjectKind::Person, direction: Direction::Outbound });
    lane.act(number(NUMBER));
    assert_eq!(lane.status().cards.len(), 1, "somebody under observation is stopped at the exit");
}

#[test]
fn what_is_over_is_none_and_a_clock_that_nobody_vouches_for_says_that_it_may_be() {
    let mut lane = at(lists(IdentifierKind::IdNumber, NUMBER, None), SubjectKind::Person);
    time(&mut lane, Wall(NOW.0 + 11 * 86_400_000), ClockTrust::Synced);
    lane.act(number(NUMBER));
    assert_eq!(lane.status().cards, []);
    let mut lane = at(lists(IdentifierKind::IdNumber, NUMBER, None), SubjectKind::Person);
    time(&mut lane, NOW, ClockTrust::None);
    lane.act(number(NUMBER));
    assert!(lane.status().cards[0].unsure, "it only asks a person");
}
