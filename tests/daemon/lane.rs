//! A lane's task whose recorder takes nothing says so instead of waiting for ever.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kakou::base::{CentiCelsius, ClockTrust, KioskId, Pii, Seq, Slug, Stamp, Wall};
use kakou::config::roster::Roster;
use kakou::config::{Policy, Profile, Profiles, profile_file};
use kakou::control::{Act, Command, Direct, Entry, Phase, PolicyStatus, StepState, Trouble};
use kakou::credential::Trust;
use kakou::credential::place_code::{Period, PlaceCodes};
use kakou::daemon::issuers::Issuers;
use kakou::daemon::lane::{LaneTask, LaneView, in_force};
use kakou::daemon::policy::Ruling;
use kakou::daemon::recall::{Memory, Recalls};
use kakou::daemon::{LaneRunner, News, Outputs, Request};
use kakou::drivers::barrier::End;
use kakou::engine::{Context, Settings, Times};
use kakou::model::registration_code;
use kakou::model::{
    Ago, AreaMode, Blinder, Body, Direction, Draft, EarlierPassage, KnownBy, Observation, Observed, Past,
    RawWords, Reason, Scan, ScreeningRule, SubjectKind, ThermalReading, Verdict, Via, Whose,
};
use kakou::platform::clock::{Clock, mono};
use kakou::sync::inbox::InForce;
use kakou::thermometry;
use tokio::sync::{mpsc, oneshot, watch};

use crate::walk::{FOREHEAD, Swings, Walk};

/// A policy of `profiles` for the lane, a threshold of 37.3 °C.
pub fn ruling(profiles: Vec<Profile>) -> Ruling {
    ruling_at(37.3, profiles)
}

fn ruling_at(threshold: f64, profiles: Vec<Profile>) -> Ruling {
    let screening =
        ScreeningRule { threshold: CentiCelsius::from_degrees(threshold).unwrap(), ..screening() };
    let set = Profiles::new(profiles.clone()).unwrap();
    Ruling {
        policy: Arc::new(Policy::new(Some(12), screening, profiles)),
        lanes: BTreeMap::from([("gate".parse().unwrap(), set)]),
        mode: AreaMode::Normal,
        lists: Arc::default(),
        notice: None,
        status: PolicyStatus::default(),
    }
}

fn screening() -> ScreeningRule {
    let degrees = |value| CentiCelsius::from_degrees(value).unwrap();
    ScreeningRule {
        threshold: degrees(37.3),
        guard: 30,
        correction: 0,
        factor: 200,
        cold: degrees(33.5),
        hot: degrees(43.0),
        ..ScreeningRule::PLAIN
    }
}

fn runner() -> LaneRunner {
    runner_of(profile_file::shipped_in("profiles/residential.toml").unwrap())
}

fn runner_of(profiles: Vec<Profile>) -> LaneRunner {
    runner_with(profiles, Box::new(Swings(End::Closed)))
}

/// A lane for people that decides by `profiles`.
pub fn runner_with(profiles: Vec<Profile>, outputs: Box<dyn Outputs>) -> LaneRunner {
    let context = Context {
        policy: Arc::new(Policy::new(None, screening(), profiles.clone())),
        profiles: Profiles::new(profiles).unwrap(),
        roster: Arc::new(Roster::default()),
        lists: Arc::default(),
        blinder: Blinder::new(&[1; 32]),
        mode: AreaMode::Normal,
    };
    let settings = Settings {
        id: "gate".parse().unwrap(),
        title: "东门".to_owned(),
        takes: SubjectKind::Person,
        direct: Direct::Both,
        barrier: Times {
            travel_max: Duration::from_secs(5),
            pass_within: Duration::from_secs(15),
            clear_for: Duration::from_secs(1),
        },
        utc_offset_minutes: 480,
        leave_after: Duration::from_secs(5),
    };
    let place = Some(place_codes("east-gate"));
    let trust = Trust { place, ..Trust::new("east-garden".parse().unwrap(), vec![]) };
    let judged = thermometry::Settings::default();
    LaneRunner::new(settings, Arc::new(context), judged, Arc::new(trust), outputs)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorder_that_takes_nothing_leaves_no_lane_waiting() {
    let clock = Clock::new().unwrap();
    let runner = runner();
    let status = runner.status(mono());
    let ruling = Arc::new(ruling(profile_file::shipped_in("profiles/residential.toml").unwrap()));
    let (requests, _full) = mpsc::channel(1);
    let draft = Box::new(Draft { lane: None, body: Body::Stopped, personal: None });
    requests.try_send(Request { answer: None, draft, stamp: clock.stamp() }).unwrap();
    let (_observations, observed) = mpsc::channel(1);
    let (commands, asked) = mpsc::channel(1);
    let (_news, heard) = mpsc::channel(1);
    let (view, mut seen) = watch::channel(Arc::new(LaneView { status, devices: vec![], practice: None }));
    let (_stop, stopped) = watch::channel(false);
    let task = LaneTask {
        evidence: None,
        practice: "practice-1".parse().unwrap(),
        training: None,
        id: "gate".parse().unwrap(),
        runner,
        devices: vec![],
        observations: observed,
        commands: asked,
        news: heard,
        requests,
        in_force: watch::channel(InForce::default()).1,
        ruling: watch::channel(ruling).1,
        recalls: Recalls::new(Arc::new(Nothing)),
        issuers: Issuers::new(None),
        view,
        progress: Arc::default(),
        clock,
        stop: stopped,
    };
    let task = tokio::spawn(task.run());
    let (reply, replied) = oneshot::channel();
    let act = Act::Begin { subject: SubjectKind::Person, direction: Direction::Inbound };
    let command = Command { lane: "gate".parse().unwrap(), by: "wang".parse().ok(), act };
    commands.send((command, reply)).await.unwrap();
    assert_eq!(replied.await.unwrap(), Ok(()));
    seen.wait_for(|view| view.status.trouble == Some(Trouble::NotRecorded)).await.unwrap();
    task.abort();
}

#[test]
fn a_thermometer_that_a_step_watches_runs_its_clock_and_is_nobodys_forehead() {
    let file = "[[profile]]\nid = \"dryer\"\ntitle_zh = \"烘干\"\ntitle_en = \"Dryer\"\ntakes = \"person\"\n\
                directions = [\"inbound\"]\nsession_timeout_s = 600\nidle_timeout_s = 60\n\
                [[profile.step]]\nkind = \"dwell\"\nseconds = 300\ntimeout_s = 60\n\
                [profile.step.at]\nlow_c = 65\nhigh_c = 75\nsensor = \"warm-air\"\n";
    let mut runner = runner_of(profile_file::read_profiles("p.toml", file).unwrap());
    let (mut stamp, mut appends) = (Clock::new().unwrap().stamp(), vec![]);
    let command = |act| Command { lane: "gate".parse().unwrap(), by: "wang".parse().ok(), act };
    let begin = Act::Begin { subject: SubjectKind::Person, direction: Direction::Inbound };
    runner.command(stamp.mono, &command(begin), &mut appends).unwrap();
    let start = Act::Enter { step: "dwell".parse().unwrap(), entry: Entry::StartDwell };
    runner.command(stamp.mono, &command(start), &mut appends).unwrap();
    let mut saw = |device: &str, degrees: f64, runner: &mut LaneRunner| {
        stamp.mono = stamp.mono + Duration::from_secs(1);
        let object = CentiCelsius::from_degrees(degrees).unwrap();
        let reading = ThermalReading { object, die: object, raw: RawWords::new(&[0, 0]) };
        let what = Observed::Thermal(Ok(reading));
        let observation = Observation { device: device.parse().unwrap(), at: stamp.mono, what };
        runner.observe(&stamp, observation, &mut appends);
        runner.status(stamp.mono).dwelling.is_some()
    };
    assert!(!saw("brow", 70.0, &mut runner), "another thermometer");
    assert!(!saw("warm-air", 60.0, &mut runner), "too cold");
    assert!(saw("warm-air", 70.0, &mut runner));
    assert!(!saw("warm-air", 76.0, &mut runner), "too hot: it starts over");
}

#[test]
fn another_policy_judges_and_asks_from_the_next_subject_on_and_never_within_a_passage() {
    let brow = || profile_file::read_profiles("p.toml", FOREHEAD).unwrap();
    let pledge = "[[profile.step]]\nkind = \"pledge\"\ntext_zh = \"好\"\ntext_en = \"Yes\"\ntimeout_s = 60\n";
    let mut walk = Walk::new();
    let strict = walk.rule(&ruling_at(36.0, brow()));
    walk.begin();
    let lenient = ruling(brow());
    let id = walk.rule(&lenient);
    assert_eq!(walk.measured(), (Verdict::Referred, strict), "it began under a threshold of 36.0");
    walk.leaves();
    walk.rule(&ruling(profile_file::read_profiles("p.toml", &format!("{FOREHEAD}{pledge}")).unwrap()));
    assert_eq!(walk.begin(), 2);
    walk.leaves();
    walk.rule(&lenient);
    assert_eq!(walk.begin(), 1);
    assert_eq!(walk.measured(), (Verdict::Admitted, id));
}

#[test]
fn an_order_of_the_hub_goes_before_the_policys_mode_unless_it_says_normal() {
    assert_eq!(in_force(AreaMode::Normal, AreaMode::Watch), AreaMode::Watch);
    assert_eq!(in_force(AreaMode::Sealed, AreaMode::Watch), AreaMode::Sealed);
}

pub fn command(act: Act) -> Command {
    Command { lane: "gate".parse().unwrap(), by: "wang".parse().ok(), act }
}

#[test]
fn a_list_that_was_imported_while_somebody_is_here_is_asked_about_them_as_well() {
    let mut lane = runner();
    let stamp = Clock::new().unwrap().stamp();
    let mut appends = vec![];
    let begin = Act::Begin { subject: SubjectKind::Person, direction: Direction::Inbound };
    lane.time(&stamp);
    lane.command(stamp.mono, &command(begin), &mut appends).unwrap();
    let phone = Act::TypeIdNumber(Pii::new("110101199001010015".to_owned()));
    lane.command(stamp.mono, &command(phone), &mut appends).unwrap();
    assert_eq!(lane.status(stamp.mono).cards, []);
    lane.list(&Arc::new(listing("110101199001010015", stamp.wall)));
    let register = Act::Attest(kakou::model::Attestation::Mask);
    lane.command(stamp.mono, &command(register), &mut appends).unwrap();
    assert_eq!(lane.status(stamp.mono).cards.len(), 1);
}

/// A list that names the holder of this identity number until tomorrow.
fn listing(number: &str, now: Wall) -> kakou::config::Lists {
    use kakou::config::list::change::Push;
    use kakou::config::list::rows::Span;
    use kakou::config::list::{ListFile, ListRule};
    let title = || kakou::model::Title { zh: "名单".to_owned(), en: "List".to_owned() };
    let kind = kakou::model::blind::IdentifierKind::IdNumber;
    let rule = ListRule {
        id: "watch".parse().unwrap(),
        title: title(),
        purpose: title(),
        advice: title(),
        holds: vec![kind],
        direction: None,
        issuers: ["one", "two"].map(|name| name.parse().unwrap()).to_vec(),
        cap: 10,
        bulk: 10,
        days_max: 30,
    };
    let until = u32::try_from(now.as_secs()).unwrap() + 86_400;
    let entries = BTreeMap::from([(Blinder::new(&[1; 32]).blind(kind, number), Span { from: 0, until })]);
    let push = Push { entries: &entries, issuers: &rule.issuers, now, source: None };
    let (file, ..) = ListFile::default().push(&rule, &push).unwrap();
    kakou::config::Lists::new([(Arc::new(rule), file.into_in_force().unwrap())])
}

/// Somebody who was turned back an hour ago; what was asked goes to whoever listens.
struct TurnedBack(std::sync::mpsc::Sender<Whose>);

impl Memory for TurnedBack {
    fn recall(&self, whose: &Whose, _: &Stamp) -> Result<Past, String> {
        let hour = Duration::from_hours(1);
        let passage = EarlierPassage {
            seq: 7,
            ago: Ago { least: hour, most: Some(hour) },
            lane: None,
            by: KnownBy::Identity,
            direction: Direction::Inbound,
            verdict: Verdict::TurnedBack,
            crossing: None,
            steps: vec![],
            host: None,
        };
        self.0.send(whose.clone()).unwrap();
        Ok(Past { passages: vec![passage], ..whose.nothing() })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_looks_up_whoever_becomes_known_and_decides_by_the_answer() {
    let clock = Clock::new().unwrap();
    let profiles = || profile_file::shipped_in("profiles/residential.toml").unwrap();
    let runner = runner();
    let status = runner.status(mono());
    let (requests, mut recorded) = mpsc::channel(16);
    let (_observations, observed) = mpsc::channel(1);
    let (commands, asked) = mpsc::channel(1);
    let (news, heard) = mpsc::channel(16);
    let (view, _seen) = watch::channel(Arc::new(LaneView { status, devices: vec![], practice: None }));
    let (_stop, stopped) = watch::channel(false);
    let (looked_up, questions) = std::sync::mpsc::channel();
    let task = LaneTask {
        evidence: None,
        id: "gate".parse().unwrap(),
        runner,
        practice: "practice-1".parse().unwrap(),
        training: None,
        devices: vec![],
        observations: observed,
        commands: asked,
        news: heard,
        requests,
        in_force: watch::channel(InForce::default()).1,
        ruling: watch::channel(Arc::new(ruling(profiles()))).1,
        recalls: Recalls::new(Arc::new(TurnedBack(looked_up))),
        issuers: Issuers::new(None),
        view,
        progress: Arc::default(),
        clock,
        stop: stopped,
    };
    let task = tokio::spawn(task.run());
    let act = Act::TypeIdNumber(Pii::new("110101199001010015".to_owned()));
    let command = Command { lane: "gate".parse().unwrap(), by: "wang".parse().ok(), act };
    let (reply, replied) = oneshot::channel();
    commands.send((command, reply)).await.unwrap();
    assert_eq!(replied.await.unwrap(), Ok(()));
    let mut seq = Seq::FIRST;
    let passage = loop {
        let Request { answer, draft, .. } = recorded.recv().await.unwrap();
        if let Body::Passage(passage) = draft.body {
            break passage;
        }
        let (_, ticket) = answer.unwrap();
        let lane = "gate".parse().unwrap();
        news.send(News::Durable { lane, ticket, seq }).await.unwrap();
        seq = seq.next();
    };
    assert_eq!((passage.verdict, &passage.reasons[..]), (Verdict::Referred, &[Reason::TurnedBackBefore][..]));
    let whose = questions.recv().unwrap();
    assert_eq!(whose.known.len(), 1);
    task.abort();
}

/// Nobody has been here before.
pub struct Nothing;

impl Memory for Nothing {
    fn recall(&self, whose: &Whose, _: &Stamp) -> Result<Past, String> {
        Ok(whose.nothing())
    }
}

fn place_codes(kiosk: &str) -> PlaceCodes {
    let (site, kiosk): (Slug, KioskId) = ("east-garden".parse().unwrap(), kiosk.parse().unwrap());
    PlaceCodes::new(&[1; 32], (&site, &kiosk), 60, String::new())
}

#[test]
fn only_a_present_place_code_of_this_kiosk_settles_the_step_and_no_other_is_an_attempt() {
    let clock = Clock::new().unwrap();
    let now = Stamp { wall: Wall::from_secs(1_790_000_000), trust: ClockTrust::Synced, ..clock.stamp() };
    let text = |kiosk: &str, back_s: u64| {
        let then = Stamp { wall: now.wall - Duration::from_secs(back_s), ..now };
        place_codes(kiosk).text(Period::at(&then, 60))
    };
    let mut runner = runner_of(profile_file::shipped_in("profiles/venue.toml").unwrap());
    let mut appends = vec![];
    runner.start(now.mono, &mut appends);
    let mut show = |runner: &mut LaneRunner, text: String| {
        let payload = Pii::new(text.into_bytes());
        let what = Observed::Code(Scan { payload, via: Via::Scanner, others: 0, colour: None });
        let seen = Observation { device: "reader".parse().unwrap(), at: now.mono, what };
        runner.observe(&now, seen, &mut appends);
    };
    show(&mut runner, text("east-gate", 0));
    assert_eq!(runner.status(now.mono).phase, Phase::Idle);
    let act = Act::Begin { subject: SubjectKind::Person, direction: Direction::Inbound };
    let command = Command { lane: "gate".parse().unwrap(), by: "wang".parse().ok(), act };
    assert_eq!(runner.command(now.mono, &command, &mut vec![]), Ok(()));
    let before = runner.status(now.mono).steps;
    for wrong in [text("east-gate", 120), text("west-gate", 0), text("east-gate", 0).replace("east", "oast")]
    {
        show(&mut runner, wrong);
        assert_eq!(runner.status(now.mono).steps, before);
    }
    show(&mut runner, text("east-gate", 60));
    let steps = runner.status(now.mono).steps;
    let done: Vec<_> = steps.iter().filter(|step| step.state == StepState::Done).collect();
    assert_eq!((done.len(), done[0].id.as_str()), (1, "place-code"));
}

#[test]
fn a_registration_code_at_the_reader_is_taken_for_no_credential_and_a_pass_for_no_registration() {
    let now = Stamp { wall: Wall::from_secs(1_790_000_000), ..Clock::new().unwrap().stamp() };
    let mut runner = runner_of(profile_file::shipped_in("profiles/residential.toml").unwrap());
    let mut appends = vec![];
    runner.start(now.mono, &mut appends);
    let mut show = |runner: &mut LaneRunner, text: &str| {
        let payload = Pii::new(text.as_bytes().to_vec());
        let what = Observed::Code(Scan { payload, via: Via::Scanner, others: 0, colour: None });
        let seen = Observation { device: "reader".parse().unwrap(), at: now.mono, what };
        runner.observe(&now, seen, &mut appends);
        runner.status(now.mono)
    };
    let good = registration_code::code("name=王小明\nphone=13812341234\norigin=成都\n");
    let before = show(&mut runner, &good);
    assert_eq!(before.prepared.map(|prepared| prepared.fault), Some(None));
    assert!(before.steps.iter().all(|step| matches!(step.state, StepState::Open | StepState::Asked)));
    for wrong in ["KKR1:", "KKR1:NOTHING", &good[..good.len() - 1], " KKR1:*\r\n"] {
        let status = show(&mut runner, wrong);
        assert_eq!(status.steps, before.steps, "no attempt: {wrong}");
        assert!(status.prepared.is_some_and(|prepared| prepared.fault.is_some()), "{wrong}");
    }
    let number = show(&mut runner, &good).prepared.map(|prepared| prepared.number);
    let after = show(&mut runner, "KK1:NO PASS");
    assert_eq!(after.prepared.map(|prepared| prepared.number), number, "it is a credential's turn");
    assert_ne!(after.steps, before.steps, "and tried as one");
}
