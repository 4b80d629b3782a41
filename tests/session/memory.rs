//! What was earlier: a good reading of today that still counts, and whoever may pass now by records and the time.

use std::time::Duration;

use kakou::base::{BootId, ClockTrust, Mono, Pii, Stamp, Wall};
use kakou::config::profile_file::{read_profiles, shipped_in};
use kakou::control::{Act, StepState, StepStatus};
use kakou::engine::Effect;
use kakou::engine::replay::again;
use kakou::model::blind::IdentifierKind;
use kakou::model::past::{HostPast, Unknown};
use kakou::model::{
    Ago, AreaMode, Attestation, Between, Blinded, Class, Crossing, Direction, EarlierPassage, Evidence,
    KnownBy, ListHit, Past, Reason, StepKind, StepOutcome, StepRecord, SubjectKind, Verdict, Zone,
};

use crate::bench::{Bench, pass, temperature};
use crate::walk::{Walk, names};

const NUMBER: &str = "110101199001010015";

pub fn hours(hours: u64) -> Duration {
    Duration::from_secs(hours * 3_600)
}

fn slug(name: &str) -> kakou::base::Slug {
    name.parse().expect("a name")
}

fn step(kind: StepKind, id: Option<&str>, outcome: StepOutcome) -> StepRecord {
    StepRecord { kind, outcome, id: id.map(slug) }
}

fn measured(outcome: StepOutcome) -> Vec<StepRecord> {
    vec![step(StepKind::Temperature, None, outcome)]
}

fn below() -> StepOutcome {
    StepOutcome::Done(Evidence::Temperature { zone: Zone::Below, attempts: 1 })
}

fn elevated() -> StepOutcome {
    StepOutcome::Failed { reason: Reason::TemperatureElevated, evidence: None }
}

/// Admitted so many hours ago, by clocks that are sure of it.
pub fn admitted(ago: u64, direction: Direction, steps: Vec<StepRecord>) -> EarlierPassage {
    EarlierPassage {
        seq: 41,
        ago: Ago { least: hours(ago), most: Some(hours(ago)) },
        lane: None,
        by: KnownBy::Identity,
        direction,
        verdict: Verdict::Admitted,
        crossing: Some(Crossing::Passed),
        steps,
        host: None,
    }
}

pub fn earlier(passages: Vec<EarlierPassage>) -> Option<Result<Past, Unknown>> {
    Some(Ok(Past { passages, ..Past::default() }))
}

fn residential() -> Bench {
    let profiles = shipped_in("profiles/residential.toml").expect("shipped profiles are sound");
    Bench::in_mode(AreaMode::Normal, SubjectKind::Person, profiles)
}

/// A resident inbound who shows a pass, where this was earlier.
pub fn comes_in(past: Option<Result<Past, Unknown>>) -> Bench {
    let mut lane = residential();
    lane.earlier = past;
    lane.act(Act::Begin { subject: SubjectKind::Person, direction: Direction::Inbound });
    lane.put(pass(Class::Resident));
    lane
}

fn state(lane: &Bench, id: &str) -> StepState {
    let steps = lane.status().steps;
    let step: &StepStatus = steps.iter().find(|step| step.id.as_str() == id).expect("is asked");
    step.state.clone()
}

fn counts(past: Option<Result<Past, Unknown>>) -> bool {
    let lane = comes_in(past);
    let state = state(&lane, "temperature");
    assert!(matches!(state, StepState::Done | StepState::Asked), "{state:?}");
    state == StepState::Done
}

#[test]
fn a_good_reading_of_before_counts_for_as_long_as_the_profile_says_and_says_whose_record_it_was() {
    let mut lane = comes_in(earlier(vec![admitted(3, Direction::Inbound, measured(below()))]));
    assert_eq!(state(&lane, "temperature"), StepState::Done);
    lane.act(Act::Attest(Attestation::Mask));
    let passage = lane.last_passage();
    assert_eq!(passage.verdict, Verdict::Admitted);
    assert_eq!(
        passage.steps[1].outcome,
        StepOutcome::Done(Evidence::Remembered { record: 41, minutes: 180 })
    );
    assert_eq!(passage.grounds.as_ref().expect("grounds").hit, ListHit::ReEntry);
    again(passage, &lane.policy).expect("decided again alike");
    // Who was asked about: the pass, blinded.
    let (_, whose) = &lane.recalls[0];
    assert_eq!(whose.known.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), [IdentifierKind::Pass]);
}

#[test]
fn nothing_counts_that_is_too_old_unsure_not_measured_or_not_theirs() {
    let base = || admitted(3, Direction::Inbound, measured(below()));
    assert!(counts(earlier(vec![base()])));
    assert!(counts(earlier(vec![admitted(4, Direction::Outbound, measured(below()))])), "the end counts");
    assert!(!counts(earlier(vec![admitted(5, Direction::Inbound, measured(below()))])), "too old");
    let unsure = Ago { least: hours(1), most: None };
    assert!(!counts(earlier(vec![EarlierPassage { ago: unsure, ..base() }])), "no clock vouches for it");
    assert!(!counts(earlier(vec![EarlierPassage { by: KnownBy::Phone, ..base() }])), "a shared telephone");
    let not_passed = Some(Crossing::DidNotPass);
    assert!(!counts(earlier(vec![EarlierPassage { crossing: not_passed, ..base() }])));
    let turned_back = EarlierPassage { verdict: Verdict::Held, ..base() };
    assert!(!counts(earlier(vec![turned_back])), "held in the end");
    let waived = StepOutcome::Waived { by: "wang".parse().expect("a name"), reason: slug("device-fault") };
    assert!(!counts(earlier(vec![admitted(1, Direction::Inbound, measured(waived))])));
    let remembered = StepOutcome::Done(Evidence::Remembered { record: 7, minutes: 200 });
    assert!(
        !counts(earlier(vec![admitted(1, Direction::Inbound, measured(remembered))])),
        "no chain of them"
    );
    let fever_since = admitted(1, Direction::Inbound, measured(elevated()));
    assert!(!counts(earlier(vec![fever_since, base()])), "the last measurement counts");
    assert!(!counts(Some(Err(Unknown))), "nobody can say");
    assert!(!counts(None), "nobody answers");
    assert!(!counts(earlier(vec![])));
}

#[test]
fn a_reading_of_now_goes_before_one_of_earlier() {
    let mut lane = residential();
    lane.earlier = earlier(vec![admitted(1, Direction::Inbound, measured(below()))]);
    lane.act(Act::Begin { subject: SubjectKind::Person, direction: Direction::Inbound });
    lane.put(temperature(Zone::Refer)).put(pass(Class::Resident));
    assert!(matches!(state(&lane, "temperature"), StepState::Failed { .. }), "{:?}", lane.status().steps);
    // A reading that was not enough is one of now as well.
    let mut lane = residential();
    lane.earlier = earlier(vec![admitted(1, Direction::Inbound, measured(below()))]);
    lane.act(Act::Begin { subject: SubjectKind::Person, direction: Direction::Inbound });
    lane.put(temperature(Zone::Recheck)).put(pass(Class::Resident));
    assert_ne!(state(&lane, "temperature"), StepState::Done);
}

#[test]
fn what_counted_falls_with_the_pass_by_which_it_did() {
    let mut lane = comes_in(earlier(vec![admitted(1, Direction::Inbound, measured(below()))]));
    assert_eq!(state(&lane, "temperature"), StepState::Done);
    lane.put(kakou::engine::Input::SeveralCodes);
    assert_ne!(state(&lane, "credential"), StepState::Done);
    assert_ne!(state(&lane, "temperature"), StepState::Done, "it was measured of whom the pass named");
}

#[test]
fn no_policy_decides_while_somebody_looks_up_and_it_goes_on_without_an_answer() {
    let mut lane = residential();
    lane.earlier = None;
    lane.act(Act::Begin { subject: SubjectKind::Person, direction: Direction::Inbound });
    lane.act(Act::Attest(Attestation::Mask)).put(temperature(Zone::Below)).put(pass(Class::Resident));
    assert!(lane.passages().is_empty(), "whether they were turned back before is not known yet");
    lane.wait(1);
    assert!(lane.passages().is_empty());
    lane.wait(2);
    assert_eq!(lane.last_passage().verdict, Verdict::Admitted);
    assert_eq!(lane.last_passage().grounds.as_ref().expect("grounds").hit, ListHit::None);
    // An answer that comes then is nobody's.
    let (ticket, _) = lane.recalls[0].clone();
    let before = lane.drafts.len();
    lane.put(kakou::engine::Input::Recalled { ticket, past: Ok(Past::default()) });
    assert_eq!(lane.drafts.len(), before);
}

const CHECKS: &str = r#"
[[profile]]
id = "ours"
title_zh = "测试"
title_en = "Test"
takes = "person"
directions = ["inbound", "outbound"]
session_timeout_s = 300
idle_timeout_s = 60

[[profile.step]]
kind = "credential"
unverified = "attendant"
roster_miss = "register"
waivers = ["no-phone"]
timeout_s = 45

[[profile.step]]
kind = "registration"
required = ["host"]
timeout_s = 60

[[profile.step]]
kind = "question"
id = "contact"
text_zh = "去过别的猪场吗？"
text_en = "Another farm?"
timeout_s = 60
[[profile.step.answer]]
id = "no"
title_zh = "没有"
title_en = "No"
means = "good"
[[profile.step.answer]]
id = "yes"
title_zh = "去过"
title_en = "Yes"
means = "fails"

[[profile.step]]
kind = "entitlement"
id = "check"
waivers = ["leave"]
timeout_s = 30
"#;

/// How the check `settings` stands at `ago`, outbound, for somebody who visits 李四.
fn check(settings: &str, past: Option<Result<Past, Unknown>>) -> StepState {
    let profiles = read_profiles("ours.toml", &format!("{CHECKS}{settings}\n")).expect("a sound profile");
    let mut lane = Bench::in_mode(AreaMode::Normal, SubjectKind::Person, profiles);
    lane.earlier = past;
    lane.lane.time(between(ClockTrust::Synced));
    lane.act(Act::Begin { subject: SubjectKind::Person, direction: Direction::Outbound });
    lane.put(pass(Class::Visitor));
    let host = Some(Pii::new("李　四".to_owned()));
    lane.act(Act::Register(kakou::control::Registration { host, ..Default::default() }));
    lane.act(crate::kinds::enter(
        "contact",
        kakou::control::Entry::Answer { answer: slug("no"), stay: None },
    ));
    if let Some(passage) = lane.passages().last() {
        assert_eq!(passage.verdict, Verdict::Admitted, "{settings}: {passage:?}");
        assert_eq!(passage.steps[3].outcome, StepOutcome::Done(Evidence::Entitled));
        again(passage, &lane.policy).expect("decided again alike");
        return StepState::Done;
    }
    let found = state(&lane, "check");
    // Nobody is kept back by it for good, and nobody goes on without a word.
    lane.act(Act::Waive { step: slug("check"), reason: slug("leave") });
    assert_eq!(lane.last_passage().verdict, Verdict::Admitted);
    found
}

/// 2026-11-20 12:00 in China, a Friday.
fn between(trust: ClockTrust) -> Between {
    let wall = Wall::from_secs(1_795_147_200);
    let stamp = Stamp { boot: BootId([1; 16]), mono: Mono::ZERO, wall, trust, max_error_ms: 20 };
    Between::of(&stamp, Wall::EARLIEST)
}

fn needs(reason: Reason) -> StepState {
    StepState::NeedsAttendant { reason }
}

#[test]
fn a_quota_counts_who_went_through_that_way_and_forgets_nobody_by_a_doubtful_clock() {
    let quota = "check = \"quota\"\ntimes = 2\nwithin_h = 48";
    let out = |ago| admitted(ago, Direction::Outbound, vec![]);
    let of = |passages| check(quota, earlier(passages));
    assert_eq!(of(vec![]), StepState::Done);
    assert_eq!(of(vec![out(1)]), StepState::Done);
    assert_eq!(of(vec![out(1), out(47)]), needs(Reason::QuotaUsed));
    assert_eq!(of(vec![out(1), out(48)]), StepState::Done, "that long ago");
    assert_eq!(of(vec![out(1), admitted(2, Direction::Inbound, vec![])]), StepState::Done, "the other way");
    let not_passed = EarlierPassage { crossing: Some(Crossing::DidNotPass), ..out(2) };
    assert_eq!(of(vec![out(1), not_passed]), StepState::Done);
    let referred = EarlierPassage { verdict: Verdict::Referred, crossing: None, ..out(2) };
    assert_eq!(of(vec![out(1), referred]), StepState::Done, "nobody went through");
    let unsure = EarlierPassage { ago: Ago { least: hours(3), most: None }, ..out(0) };
    assert_eq!(of(vec![out(1), unsure]), needs(Reason::QuotaUsed), "it may have been today");
    assert_eq!(check(quota, Some(Err(Unknown))), needs(Reason::CannotTell));
}

#[test]
fn what_was_answered_earlier_keeps_away_for_its_time() {
    let interval = "check = \"interval\"\nstep = \"contact\"\nanswered = [\"yes\"]\nwithin_h = 72";
    let said = |answer: &str, ago| {
        let evidence = Evidence::Answered {
            answer: slug(answer),
            by: "wang".parse().expect("a name"),
            table: None,
            listed: None,
            confirmed: None,
        };
        let outcome = StepOutcome::Failed { reason: Reason::AnswerNotAccepted, evidence: Some(evidence) };
        let steps = vec![step(StepKind::Question, Some("contact"), outcome)];
        EarlierPassage { verdict: Verdict::TurnedBack, ..admitted(ago, Direction::Inbound, steps) }
    };
    let of = |passages| check(interval, earlier(passages));
    assert_eq!(of(vec![said("yes", 71)]), needs(Reason::TooSoon));
    assert_eq!(of(vec![said("yes", 72)]), StepState::Done);
    assert_eq!(of(vec![said("no", 1)]), StepState::Done);
}

#[test]
fn whoever_was_kept_away_stays_out_until_somebody_clears_them() {
    let cleared = "check = \"cleared\"\nsteps = [\"temperature\"]\nwithin_h = 336";
    // The step has to be one of the profile's.
    let with_temperature = |settings: &str| settings.replace("\"temperature\"", "\"contact\"");
    let failed = |verdict, ago| EarlierPassage {
        verdict,
        ..admitted(
            ago,
            Direction::Outbound,
            vec![step(
                StepKind::Question,
                Some("contact"),
                StepOutcome::Failed { reason: Reason::AnswerNotAccepted, evidence: None },
            )],
        )
    };
    let of = |passages| check(&with_temperature(cleared), earlier(passages));
    assert_eq!(of(vec![failed(Verdict::TurnedBack, 100)]), needs(Reason::NotCleared));
    assert_eq!(of(vec![failed(Verdict::Held, 335)]), needs(Reason::NotCleared));
    assert_eq!(of(vec![failed(Verdict::TurnedBack, 336)]), StepState::Done);
    let since = admitted(50, Direction::Outbound, vec![]);
    assert_eq!(of(vec![since, failed(Verdict::TurnedBack, 100)]), StepState::Done, "cleared since");
    let for_else =
        EarlierPassage { verdict: Verdict::TurnedBack, ..admitted(1, Direction::Outbound, vec![]) };
    assert_eq!(of(vec![for_else]), StepState::Done, "turned back for something else");
    let emergency = || EarlierPassage {
        verdict: Verdict::EmergencyAdmitted,
        ..admitted(50, Direction::Outbound, vec![])
    };
    assert_eq!(of(vec![emergency(), failed(Verdict::TurnedBack, 100)]), needs(Reason::NotCleared));
    let other_way = admitted(50, Direction::Inbound, vec![]);
    assert_eq!(of(vec![other_way, failed(Verdict::TurnedBack, 100)]), needs(Reason::NotCleared));
}

/// The same as whom somebody visits, and what is known of them.
fn visits(host: Blinded, visitors: usize, passages: Vec<EarlierPassage>) -> Option<HostPast> {
    Some(HostPast { name: host, visitors, passages })
}

#[test]
fn a_host_has_so_many_visitors_the_same_ones_and_none_after_leaving() {
    let host = Blinded([7; 16]);
    let of = |settings, host, passages| check(settings, Some(Ok(Past { passages, host, ..Past::default() })));
    let places = "check = \"places\"\nmax = 1";
    assert_eq!(of(places, visits(host, 0, vec![]), vec![]), StepState::Done);
    assert_eq!(of(places, visits(host, 1, vec![]), vec![]), needs(Reason::HostVisited));

    let stays = "check = \"host-stays\"\nstep = \"discharged\"";
    let signed = StepOutcome::Done(Evidence::Signed { by: vec!["wang".parse().expect("a name")] });
    let discharged = step(StepKind::SignOff, Some("discharged"), signed);
    let left = || admitted(30, Direction::Outbound, vec![discharged.clone()]);
    assert_eq!(of(stays, visits(host, 0, vec![left()]), vec![]), needs(Reason::HostLeft));
    let back = admitted(2, Direction::Inbound, vec![]);
    assert_eq!(of(stays, visits(host, 0, vec![back, left()]), vec![]), StepState::Done, "admitted again");
    let walk = admitted(30, Direction::Outbound, vec![]);
    assert_eq!(of(stays, visits(host, 0, vec![walk]), vec![]), StepState::Done, "out for a walk");

    let same = "check = \"same-host\"\nwithin_h = 336";
    let visited = |host| EarlierPassage { host: Some(host), ..admitted(20, Direction::Outbound, vec![]) };
    assert_eq!(of(same, visits(host, 0, vec![]), vec![visited(host)]), StepState::Done);
    let other = visited(Blinded([8; 16]));
    assert_eq!(of(same, visits(host, 0, vec![]), vec![visited(host), other]), needs(Reason::OtherHost));
    let long_ago =
        EarlierPassage { host: Some(Blinded([8; 16])), ..admitted(336, Direction::Outbound, vec![]) };
    assert_eq!(of(same, visits(host, 0, vec![]), vec![long_ago]), StepState::Done);
}

#[test]
fn whoever_comes_out_went_in_or_an_attendant_is_called() {
    let entered = "check = \"entered\"\nwithin_h = 72";
    let of = |passages| check(entered, earlier(passages));
    let inbound = |ago| admitted(ago, Direction::Inbound, vec![]);
    assert_eq!(of(vec![inbound(5)]), StepState::Done);
    assert_eq!(of(vec![]), needs(Reason::NoEntry));
    assert_eq!(of(vec![admitted(1, Direction::Outbound, vec![]), inbound(5)]), needs(Reason::NoEntry));
    assert_eq!(of(vec![inbound(73)]), needs(Reason::NoEntry));
    // The forest-fire post asks exactly that.
    let out = Walk {
        file: "profiles/forest-fire.toml",
        takes: SubjectKind::Person,
        direction: Direction::Outbound,
        class: Class::Visitor,
        mode: AreaMode::Normal,
        answers: &[],
    };
    let mut lane = out.begin();
    lane.earlier = earlier(vec![inbound(5)]);
    out.go_on(&mut lane);
    let passage = lane.last_passage();
    assert_eq!(names(&passage.steps), ["credential", "came-in", "party", "fire-things"]);
    assert!(passage.steps.iter().all(|step| matches!(step.outcome, StepOutcome::Done(_))));
}

#[test]
fn hours_are_those_of_the_place_and_a_clock_that_is_unsure_calls_the_attendant() {
    let hours = |windows: &str| format!("check = \"hours\"\nhours = [{windows}]");
    let of = |settings: &str| check(settings, earlier(vec![]));
    assert_eq!(of(&hours("\"06:00-22:00\"")), StepState::Done);
    assert_eq!(of(&hours("\"12:00-12:01\"")), needs(Reason::ClockUntrusted), "it is noon, give or take");
    assert_eq!(of(&hours("\"06:00-11:30\", \"13:00-22:00\"")), needs(Reason::OutsideHours));
    assert_eq!(of(&format!("{}\ndays = [\"fri\"]", hours("\"06:00-22:00\""))), StepState::Done);
    let weekend = format!("{}\ndays = [\"sat\", \"sun\"]", hours("\"06:00-22:00\""));
    assert_eq!(of(&weekend), needs(Reason::OutsideHours));
    for trust in [ClockTrust::Rtc, ClockTrust::None] {
        let profiles = read_profiles("ours.toml", &format!("{CHECKS}{}\n", hours("\"06:00-22:00\"")));
        let mut lane = Bench::in_mode(AreaMode::Normal, SubjectKind::Person, profiles.expect("sound"));
        lane.lane.time(between(trust));
        lane.act(Act::Begin { subject: SubjectKind::Person, direction: Direction::Outbound });
        assert_eq!(state(&lane, "check"), needs(Reason::ClockUntrusted), "{trust:?}");
    }
}

#[test]
fn nobody_whom_nobody_knows_passes_by_memory_and_an_attendant_lets_them_through() {
    let text = CHECKS.replace("required = [\"host\"]", "optional = [\"host\"]");
    let quota = "check = \"quota\"\ntimes = 1\nwithin_h = 48\n";
    let profiles = read_profiles("ours.toml", &format!("{text}{quota}")).expect("a sound profile");
    let mut lane = Bench::in_mode(AreaMode::Normal, SubjectKind::Person, profiles);
    lane.act(Act::Begin { subject: SubjectKind::Person, direction: Direction::Outbound });
    lane.act(Act::Waive { step: slug("credential"), reason: slug("no-phone") });
    lane.act(Act::Register(kakou::control::Registration::default()));
    lane.act(crate::kinds::enter(
        "contact",
        kakou::control::Entry::Answer { answer: slug("no"), stay: None },
    ));
    assert!(lane.recalls.is_empty(), "there is nobody to ask about");
    assert_eq!(state(&lane, "check"), needs(Reason::CannotTell));
    lane.act(Act::Waive { step: slug("check"), reason: slug("leave") });
    assert_eq!(lane.last_passage().verdict, Verdict::Admitted);
}

#[test]
fn a_typed_number_is_looked_up_blinded_and_a_place_that_keeps_no_memory_asks_nothing() {
    let mut lane = residential();
    lane.act(Act::Begin { subject: SubjectKind::Person, direction: Direction::Inbound });
    lane.act(Act::TypeIdNumber(Pii::new(NUMBER.to_owned())));
    let (_, whose) = lane.recalls.first().expect("asked");
    assert_eq!(whose.known[0].0, IdentifierKind::IdNumber);
    assert!(!format!("{:?}", lane.effects).contains(NUMBER));

    let profiles = shipped_in("profiles/venue.toml").expect("shipped profiles are sound");
    let mut lane = Bench::in_mode(AreaMode::Normal, SubjectKind::Person, profiles);
    lane.act(Act::Begin { subject: SubjectKind::Person, direction: Direction::Inbound });
    lane.put(pass(Class::Visitor));
    assert!(!lane.effects.iter().any(|effect| matches!(effect, Effect::Recall { .. })));
    assert!(lane.recalls.is_empty());
}
