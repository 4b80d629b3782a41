//! Training leaves nothing behind: no record but that it began and ended, and a barrier that never moved.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use kakou::base::{Mono, NoReading, Pii, Seq, Stamp};
use kakou::config::profile_file::{read_profiles, shipped_in};
use kakou::control::{
    Act, Aspect, BarrierState, Command, LaneStatus, Phase, Practice, PracticeStatus, Prompt, Refused,
};
use kakou::daemon::issuers::Issuers;
use kakou::daemon::lane::{LaneTask, LaneView};
use kakou::daemon::recall::Recalls;
use kakou::daemon::training::{Training, UNUSED_MAX};
use kakou::daemon::{LaneRunner, News, Outputs, Request};
use kakou::drivers::barrier::{End, Position};
use kakou::engine::Ticket;
use kakou::model::{
    Attestation, Body, Direction, Draft, Level, Observation, Observed, Reason, Scan, Signal, SubjectKind,
    Training as Event, Verdict, Via,
};
use kakou::platform::clock::{Clock, mono};
use kakou::sync::inbox::InForce;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::lane::{Nothing, ruling, runner_with};
use crate::walk::FOREHEAD;

const GATE: &str = "gate";
const PRACTICE: &str = "practice-1";

#[tokio::test(flavor = "multi_thread")]
async fn a_practised_passage_leaves_no_record_and_moves_nothing() {
    let mut gate = Gate::start();
    gate.asks(GATE, practice(Practice::Begin)).await.unwrap();
    let training = gate.sees(|view| view.practice.is_some()).await;
    assert_eq!((training.status.phase, training.status.prompt), (Phase::OutOfService, Prompt::OutOfService));
    assert_eq!(gate.records(), [Body::Training { event: Event::Begun, by: "wang".parse().unwrap() }]);
    let (passages, driven) = (training.status.passages, gate.driven());

    gate.asks(PRACTICE, begin()).await.unwrap();
    gate.asks(PRACTICE, practice(Practice::TooCold)).await.unwrap();
    gate.asks(PRACTICE, practice(Practice::Cool)).await.unwrap();
    let admitted = gate.sees(|view| practised(view).is_some_and(|lane| lane.phase == Phase::Crossing)).await;
    let verdict = practised(&admitted).unwrap().verdict.clone().unwrap();
    assert_eq!((verdict.verdict, verdict.durable), (Verdict::Admitted, true), "as far as who practises sees");

    // What real devices see begins nothing meanwhile.
    gate.observes(Observed::Line { signal: Signal::Presence, level: Level::Active }).await;
    gate.observes(Observed::Code(scan())).await;
    for act in [begin(), Act::TypeIdNumber(Pii::new("11010119900101001X".to_owned()))] {
        assert_eq!(gate.asks(GATE, act).await, Err(Refused::NotNow { why: "the lane is out of service" }));
    }
    assert_eq!(gate.view().status.phase, Phase::OutOfService);
    assert_eq!(gate.view().status.passages, passages);
    assert_eq!(gate.records(), [], "nothing goes to the journal");
    assert_eq!(gate.driven(), driven, "neither barrier nor lamp nor sprayer");
    assert_eq!(gate.view().status.barrier, BarrierState::Closed);

    gate.asks(PRACTICE, practice(Practice::End)).await.unwrap();
    let served = gate.sees(|view| view.practice.is_none()).await;
    assert_ne!(served.status.phase, Phase::OutOfService);
    assert_eq!(
        gate.asks(PRACTICE, begin()).await,
        Err(Refused::NoSuchLane { lane: PRACTICE.parse().unwrap() })
    );
    let records = gate.records();
    assert_eq!(records[0], Body::Training { event: Event::Ended, by: "wang".parse().unwrap() });
    // Somebody still stands there: the first real subject after it.
    assert!(matches!(records[1..], [Body::Arrived { .. }]), "{records:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_ends_training_wherever_it_is_called_and_is_real() {
    for lane in [GATE, PRACTICE] {
        let mut gate = Gate::start();
        gate.asks(GATE, practice(Practice::Begin)).await.unwrap();
        gate.asks(PRACTICE, begin()).await.unwrap();
        gate.records();
        assert_eq!(gate.asks_as(None, lane, Act::Emergency).await, Err(Refused::NeedsAttendant));
        assert!(gate.view().practice.is_some(), "somebody unknown ends nothing");
        gate.asks(lane, Act::Emergency).await.unwrap();
        let told = gate.sees(|view| view.practice.is_none()).await;
        assert_eq!(told.status.lane, GATE.parse().unwrap());
        let real = gate.all_durable().await;
        assert_eq!(
            real[0],
            Body::Training { event: Event::Emergency, by: "wang".parse().unwrap() },
            "{lane}"
        );
        assert!(matches!(real[1], Body::Arrived { .. }));
        let Body::Passage(passage) = &real[2] else { panic!("{real:?}") };
        assert_eq!(
            (passage.verdict, &passage.reasons[..]),
            (Verdict::EmergencyAdmitted, &[Reason::MedicalEmergency][..])
        );
        gate.sees(|view| view.status.phase == Phase::Crossing).await;
        assert_eq!(gate.opened(), 1, "the barrier of the real lane");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn training_begins_only_at_an_idle_lane_by_somebody_who_is_named_and_once() {
    let mut gate = Gate::start();
    assert_eq!(gate.asks_as(None, GATE, practice(Practice::Begin)).await, Err(Refused::NeedsAttendant));
    gate.asks(GATE, begin()).await.unwrap();
    let refused = gate.asks(GATE, practice(Practice::Begin)).await;
    assert!(matches!(refused, Err(Refused::NotNow { .. })), "{refused:?}");
    gate.asks(GATE, Act::Leave).await.unwrap();
    gate.all_durable().await;
    gate.asks(GATE, Act::Next).await.unwrap();
    gate.asks(GATE, practice(Practice::Begin)).await.unwrap();
    assert!(gate.asks(GATE, practice(Practice::Begin)).await.is_err(), "it has begun");
    let begun = gate.records();
    assert_eq!(begun.iter().filter(|body| matches!(body, Body::Training { .. })).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn training_that_cannot_be_recorded_does_not_begin() {
    let mut gate = Gate::start();
    let draft = || Box::new(Draft { lane: None, body: Body::Stopped, personal: None });
    let clock = Clock::new().unwrap();
    while gate.full.try_send(Request { answer: None, draft: draft(), stamp: clock.stamp() }).is_ok() {}
    assert_eq!(gate.asks(GATE, practice(Practice::Begin)).await, Err(Refused::CannotRecord));
    assert_eq!(gate.view().status.phase, Phase::Idle);
    gate.records();
    gate.asks(GATE, practice(Practice::Begin)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kiosk_that_stops_says_that_training_is_over() {
    let mut gate = Gate::start();
    gate.asks(GATE, practice(Practice::Begin)).await.unwrap();
    gate.records();
    gate.stop.send_replace(true);
    (&mut gate.task).await.unwrap();
    assert_eq!(gate.records(), [Body::Training { event: Event::Stopped, by: "wang".parse().unwrap() }]);
}

#[test]
fn training_that_nobody_uses_is_over_and_each_act_prolongs_it() {
    let (mut now, mut training) = begun(read_profiles("p.toml", FOREHEAD).unwrap());
    let later = |now: &mut Stamp, time| now.mono = now.mono + time;
    later(&mut now, UNUSED_MAX - Duration::from_secs(1));
    assert!(!training.is_over(now.mono));
    training.command(&now, &command(PRACTICE, begin())).unwrap();
    later(&mut now, UNUSED_MAX - Duration::from_secs(1));
    training.expire(now.mono);
    assert!(!training.is_over(now.mono), "somebody practised meanwhile");
    later(&mut now, Duration::from_secs(1));
    assert!(training.is_over(now.mono));
    assert!(training.deadline() <= now.mono, "somebody looks then");
}

#[test]
fn whoever_practises_meets_the_whole_of_a_passage() {
    let (mut now, mut training) = begun(shipped_in("profiles/residential.toml").unwrap());
    let mut does = |now: &Stamp, act| {
        training.command(now, &command(PRACTICE, act)).unwrap();
        let PracticeStatus { lane, by, of } = training.status(now.mono);
        assert_eq!((by.as_str(), of), ("wang", GATE.parse().unwrap()));
        assert!(lane.title.starts_with("练习"), "{}", lane.title);
        lane
    };
    does(&now, begin());
    let expired = does(&now, practice(Practice::ExpiredPass));
    assert_ne!(expired.verdict.map(|verdict| verdict.verdict), Some(Verdict::Admitted));
    let referred = does(&now, practice(Practice::Warm));
    assert!(referred.verdict.is_none_or(|verdict| verdict.verdict != Verdict::Admitted));
    does(&now, Act::Leave);
    does(&now, Act::Next);
    does(&now, begin());
    does(&now, practice(Practice::GoodPass));
    does(&now, Act::Attest(Attestation::Mask));
    let admitted = does(&now, practice(Practice::Cool));
    assert_eq!(admitted.verdict.unwrap().verdict, Verdict::Admitted);
    assert_eq!(admitted.phase, Phase::Crossing);
    now.mono = now.mono + Duration::from_secs(3);
    training.expire(now.mono);
    assert_eq!(training.status(now.mono).lane.barrier, BarrierState::Open);
    training.command(&now, &command(PRACTICE, practice(Practice::PassesThrough))).unwrap();
    for _ in 0..10 {
        now.mono = training.deadline().max(now.mono);
        if training.status(now.mono).lane.barrier == BarrierState::Closed {
            break;
        }
        training.expire(now.mono);
    }
    let LaneStatus { phase, barrier, .. } = training.status(now.mono).lane;
    assert_eq!((phase, barrier), (Phase::Idle, BarrierState::Closed), "and the next one may come");
}

fn begun(profiles: Vec<kakou::config::Profile>) -> (Stamp, Training) {
    let now = Clock::new().unwrap().stamp();
    let real = runner_with(profiles, Box::new(Watched::default()));
    let training = Training::begin(&now, "wang".parse().unwrap(), PRACTICE.parse().unwrap(), &real);
    (now, training)
}

const fn practice(what: Practice) -> Act {
    Act::Practice(what)
}

const fn begin() -> Act {
    Act::Begin { subject: SubjectKind::Person, direction: Direction::Inbound }
}

fn command(lane: &str, act: Act) -> Command {
    Command { lane: lane.parse().unwrap(), by: "wang".parse().ok(), act }
}

fn scan() -> Scan {
    Scan { payload: Pii::new(b"any".to_vec()), via: Via::Scanner, others: 0, colour: None }
}

fn practised(view: &LaneView) -> Option<&LaneStatus> {
    view.practice.as_ref().map(|practice| &practice.lane)
}

/// Outputs of a real lane, counted: all acts, and those that open.
#[derive(Clone, Default)]
struct Watched(Arc<[AtomicUsize; 2]>);

impl Outputs for Watched {
    fn barrier(&mut self, _: Mono, end: End) -> Result<(), NoReading> {
        self.0[0].fetch_add(1, Ordering::SeqCst);
        self.0[1].fetch_add(usize::from(end == End::Open), Ordering::SeqCst);
        Ok(())
    }
    fn switch(&mut self, _: End, _: Level) {}
    fn position(&self) -> Position {
        Position::Confirmed(End::Closed)
    }
    fn spray(&mut self, _: Mono, _: Level) -> Result<(), NoReading> {
        self.0[0].fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
    fn lamp(&mut self, _: Aspect) -> Result<(), NoReading> {
        self.0[0].fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
    fn due(&self) -> Option<Mono> {
        None
    }
    fn expire(&mut self, _: Mono) -> Result<(), NoReading> {
        Ok(())
    }
    fn park(&mut self) {}
}

/// A lane's task, and everything that it is reached by.
struct Gate {
    watched: Watched,
    commands: mpsc::Sender<(Command, oneshot::Sender<Result<(), Refused>>)>,
    observations: mpsc::Sender<Observation>,
    news: mpsc::Sender<News>,
    /// What it would record, and a way to fill that up.
    requests: mpsc::Receiver<Request>,
    full: mpsc::Sender<Request>,
    view: watch::Receiver<Arc<LaneView>>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
    seq: Seq,
}

impl Gate {
    fn start() -> Self {
        let profiles = || read_profiles("p.toml", FOREHEAD).unwrap();
        let watched = Watched::default();
        let runner: LaneRunner = runner_with(profiles(), Box::new(watched.clone()));
        let status = runner.status(mono());
        let (requests, taken) = mpsc::channel(16);
        let (observations, observed) = mpsc::channel(16);
        let (commands, asked) = mpsc::channel(1);
        let (news, heard) = mpsc::channel(16);
        let (view, seen) = watch::channel(Arc::new(LaneView { status, devices: vec![], practice: None }));
        let (stop, stopped) = watch::channel(false);
        let task = LaneTask {
            id: GATE.parse().unwrap(),
            runner,
            practice: PRACTICE.parse().unwrap(),
            training: None,
            devices: vec![],
            evidence: None,
            observations: observed,
            commands: asked,
            news: heard,
            requests: requests.clone(),
            in_force: watch::channel(InForce::default()).1,
            ruling: watch::channel(Arc::new(ruling(profiles()))).1,
            recalls: Recalls::new(Arc::new(Nothing)),
            issuers: Issuers::new(None),
            view,
            progress: Arc::default(),
            clock: Clock::new().unwrap(),
            stop: stopped,
        };
        let task = tokio::spawn(task.run());
        let (full, requests, view, seq) = (requests, taken, seen, Seq::FIRST);
        Self { watched, commands, observations, news, requests, full, view, stop, task, seq }
    }

    async fn asks(&self, lane: &str, act: Act) -> Result<(), Refused> {
        self.asks_as(Some("wang"), lane, act).await
    }

    async fn asks_as(&self, by: Option<&str>, lane: &str, act: Act) -> Result<(), Refused> {
        let (reply, replied) = oneshot::channel();
        let by = by.map(|by| by.parse().unwrap());
        self.commands.send((Command { by, ..command(lane, act) }, reply)).await.unwrap();
        replied.await.unwrap()
    }

    async fn observes(&self, what: Observed) {
        let device = "any".parse().unwrap();
        self.observations.send(Observation { device, at: mono(), what }).await.unwrap();
        // Taken before what is asked next: the queue is empty then.
        while self.observations.capacity() < 16 {
            tokio::task::yield_now().await;
        }
    }

    async fn sees(&mut self, what: impl Fn(&LaneView) -> bool) -> Arc<LaneView> {
        // What never comes fails the test instead of keeping it.
        let seen = timeout(Duration::from_secs(20), self.view.wait_for(|view| what(view))).await;
        Arc::clone(&*seen.expect("it comes to that").unwrap())
    }

    fn view(&self) -> Arc<LaneView> {
        Arc::clone(&self.view.borrow())
    }

    /// What it handed to the recorder since the last look.
    fn records(&mut self) -> Vec<Body> {
        self.taken().into_iter().map(|(_, body)| body).collect()
    }

    fn taken(&mut self) -> Vec<(Option<Ticket>, Body)> {
        let taken = std::iter::from_fn(|| self.requests.try_recv().ok());
        taken.map(|request| (request.answer.map(|(_, ticket)| ticket), request.draft.body)).collect()
    }

    /// Makes everything durable that it hands in, until a verdict is.
    async fn all_durable(&mut self) -> Vec<Body> {
        let mut bodies = vec![];
        while !matches!(bodies.last(), Some(Body::Passage(_))) {
            let request =
                timeout(Duration::from_secs(20), self.requests.recv()).await.expect("a record").unwrap();
            bodies.push(request.draft.body);
            self.seq = self.seq.next();
            if let Some((_, ticket)) = request.answer {
                let (lane, seq) = (GATE.parse().unwrap(), self.seq);
                self.news.send(News::Durable { lane, ticket, seq }).await.unwrap();
            }
        }
        bodies
    }

    fn driven(&self) -> usize {
        self.watched.0[0].load(Ordering::SeqCst)
    }

    fn opened(&self) -> usize {
        self.watched.0[1].load(Ordering::SeqCst)
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.task.abort();
    }
}
