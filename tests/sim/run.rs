//! One seed from its first arrival to rest: the world, the kiosk, the hub, and what goes wrong between them.

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use kakou::base::{ClockTrust, Mono, Pii, Random, Seq};
use kakou::control::{Act, BarrierState, Command, Decision, LaneStatus, Phase};
use kakou::journal::{Hash, Stored, merkle};
use kakou::ledger::{Keys, RecordId};
use kakou::model::{Attestation, Body, Cause, Level, Reason, Signal, SubjectKind, Verdict};
use kakou::sim::clock::SimClock;
use kakou::sim::disk::SimDisk;
use kakou::sim::lines::Lines;
use kakou::sim::world::World;
use kakou::sync::Series;

use super::alarms;
use super::checks::{self, Check, Failure, Openings};
use super::faults::{self, Window};
use super::hardware::Hardware;
use super::hub::{Hub, Net, Weather, kiosk_key};
use super::kiosk::{Kiosk, kiosk_id};
use super::lane::Manners;
use super::pins::Power;
use super::place::{BEGINS, place};
use super::planted::Plant;
use super::site::Site;

/// How long things go wrong.
const STRETCH: Duration = Duration::from_secs(110);
/// How long people still come after that.
const OPEN_AFTER: Duration = Duration::from_secs(15);
/// Longest time until everything has come to rest.
const REST_WITHIN: Duration = Duration::from_hours(2);
/// A turn while somebody moves.
const TURN: Duration = Duration::from_millis(30);
/// A turn while nobody does.
const IDLE_TURN: Duration = Duration::from_millis(250);
/// How long a boom may stand open unasked before somebody turns its key.
const KEY_AFTER: Duration = Duration::from_secs(4);

/// What is to be run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plan {
    pub seed: u64,
    pub plant: Option<Plant>,
    pub verbose: bool,
    /// Whether nothing goes wrong by itself.
    pub calm: bool,
}

/// What became of a seed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    pub trace: Hash,
    pub verdicts: BTreeMap<Verdict, u32>,
    pub records: u64,
    pub cuts: u32,
    /// Times that the journal failed.
    pub failures: u32,
    /// Records that could never be written.
    pub refusals: u32,
    /// Barriers that stood open when the kiosk started, and that were closed from the screen.
    pub found_open: u32,
    /// Records that are alarms.
    pub alarms: u32,
    pub closed: u32,
}

/// One seed's world.
pub struct Run {
    pub site: Site,
    pub world: World,
    pub net: Net,
    /// The requests about the urgent log, in the same weather.
    alarm_net: Net,
    hub: Hub,
    kiosk: Option<Kiosk>,
    clock: SimClock,
    windows: Vec<Window>,
    power_back: Mono,
    open_since: [Option<Mono>; 2],
    /// Since when a boom has been off its lower end.
    up_since: [Option<Mono>; 2],
    cuts: u32,
    meddles: bool,
    random: Random,
}

/// Runs a seed; a panic is a failure like any other.
pub fn run(plan: Plan) -> Result<Outcome, Failure> {
    let caught = catch_unwind(AssertUnwindSafe(|| Run::new(plan).and_then(Run::finish)));
    caught.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(Failure { check: Check::NoPanic, at: Mono::ZERO, what: text.unwrap_or_default() })
    })
}

impl Run {
    fn new(plan: Plan) -> Result<Self, Failure> {
        let mut random = Random::new(plan.seed);
        let place = place();
        let clock = SimClock::new(Mono::ZERO);
        let lines = Lines::of(&place.board);
        let now = Mono::from_millis(1_000);
        clock.set(now);
        let hardware: Vec<Hardware> = place
            .board
            .lanes
            .iter()
            .map(|lane| Hardware::new(&place.board, lane, &lines, &clock, &mut random))
            .collect();
        let rigs = hardware.iter().map(|lane| lane.rig(now)).collect();
        let pause = (Duration::from_millis(500), Duration::from_secs(4));
        let mut world = World::new(rigs, place.cast.clone(), pause, now, &mut random);
        // Pictures take most of the time of a run that looks at them.
        let cameras = plan.seed.is_multiple_of(12);
        if !cameras {
            world.use_readers_only();
        }
        let site = Site {
            now,
            manners: vec![Manners::default(); hardware.len()],
            openings: hardware.iter().map(|_| Openings::default()).collect(),
            hardware,
            disk: SimDisk::new(),
            urgent: SimDisk::new(),
            chances: Random::new(!plan.seed),
            disk_cut: None,
            power: Power::default(),
            wall_off: 0,
            trust: ClockTrust::Synced,
            cameras,
            plant: plan.plant,
            told: vec![],
            entries: vec![],
            handed: VecDeque::new(),
            requests: 0,
            failures: 0,
            refused: 0,
            verbose: plan.verbose,
            full: false,
            dry: Arc::default(),
            refusals: 0,
            lost_openings: false,
        };
        let hub = Hub::new(&kiosk_id(), kiosk_key().verifying(), BEGINS);
        let net = Net::new(Series::Main, random.fork("net"));
        let alarm_net = Net::new(Series::Urgent, Random::new(plan.seed ^ 0xA1A2));
        let windows = if plan.calm { vec![] } else { faults::draw(&mut random.fork("faults"), STRETCH) };
        let mut run = Self {
            site,
            world,
            net,
            alarm_net,
            hub,
            kiosk: None,
            clock,
            windows,
            power_back: now,
            open_since: [None; 2],
            up_since: [None; 2],
            cuts: 0,
            meddles: !plan.calm,
            random,
        };
        run.plant();
        run.start()?;
        run.hub.epoch = run.kiosk.as_ref().map(Kiosk::epoch).unwrap();
        Ok(run)
    }

    fn plant(&mut self) {
        match self.site.plant {
            Some(Plant::LyingDisk) => self.site.disk = SimDisk::lying(),
            Some(Plant::HubForgets) => self.hub.forgets = true,
            Some(Plant::MakesUpReadings) => {
                for (hardware, manners) in self.site.hardware.iter().zip(&mut self.site.manners) {
                    let dead = kakou::sim::thermometer::Faults { dead_bus: true, ..Default::default() };
                    hardware.chip.set_faults(dead);
                    manners.made_up_readings = true;
                }
                self.windows.clear();
            }
            Some(Plant::ChoosesAmongCodes) => {
                self.site.manners.iter_mut().for_each(|manners| manners.beside = 1.0);
                self.windows.clear();
            }
            Some(Plant::OpensLate) => self.windows.clear(),
            Some(Plant::DiffersEachTime) => {
                use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
                static RUNS: AtomicU64 = AtomicU64::new(1);
                self.random = Random::new(RUNS.fetch_add(1, Relaxed));
            }
            Some(
                Plant::OpensOnDecision
                | Plant::ClosesOnBeam
                | Plant::AnswersBeforeCommit
                | Plant::LosesRecords
                | Plant::ForgetsOpenings
                | Plant::DoublesRecords
                | Plant::AdmitsWithOpenStep
                | Plant::ForgetsDeadlines
                | Plant::ForgetsOpenArrivals
                | Plant::IgnoresRefusals
                | Plant::SaysClosed
                | Plant::ForgetsAlarms
                | Plant::AlarmsFirst
                | Plant::OrdersByWallClock,
            )
            | None => {}
        }
    }

    fn finish(mut self) -> Result<Outcome, Failure> {
        let faulty_until = Mono::ZERO + STRETCH;
        let (mut healed, mut closed) = (false, false);
        loop {
            if !healed && self.site.now >= faulty_until {
                healed = true;
                self.heal();
            }
            if !closed && self.site.now >= faulty_until + OPEN_AFTER {
                closed = true;
                self.world.close();
            }
            self.turn()?;
            if closed && self.is_at_rest() {
                break;
            }
            if self.site.now > faulty_until + REST_WITHIN {
                let statuses: Vec<_> =
                    self.statuses().iter().map(|lane| (lane.phase, lane.barrier)).collect();
                let what = Err(format!("never comes to rest: {statuses:?}"));
                self.site.fail(Check::SessionsEnd, what)?;
            }
            let busy = !self.world.is_empty() || !self.net.is_quiet() || !self.is_quiet();
            self.site.now = self.site.now + if busy { TURN } else { IDLE_TURN };
            self.clock.set(self.site.now);
        }
        self.at_rest()
    }

    /// One moment of everything.
    fn turn(&mut self) -> Result<(), Failure> {
        self.begin_and_end_faults();
        if self.kiosk.is_none() && self.site.now >= self.power_back {
            self.start()?;
        }
        let statuses = self.statuses();
        let mut commands = self.world.step(self.site.now, &statuses);
        for (hardware, openings) in self.site.hardware.iter().zip(&mut self.site.openings) {
            openings.boom(self.site.now, hardware.level(Signal::BarrierClosed));
        }
        self.look_at_booms(&statuses)?;
        commands.extend(self.meddle(&statuses));
        for status in &statuses {
            let running = Duration::from_millis(status.since_ms.unwrap_or(0));
            self.site.fail(Check::SessionsEnd, checks::sessions_end(running))?;
        }
        self.turn_keys(&statuses);
        if let Some(kiosk) = &mut self.kiosk {
            kiosk.turn(&mut self.site, &commands)?;
            if !self.site.power.is_off() {
                kiosk.send(&mut self.site, &mut self.net);
                kiosk.alarms.send(&mut self.site, &mut self.alarm_net);
            }
        }
        self.exchange()?;
        if self.site.power.is_off() && self.kiosk.take().is_some() {
            self.lose_power();
        }
        Ok(())
    }

    /// A boom that is up must be said to be up.
    fn look_at_booms(&mut self, statuses: &[LaneStatus]) -> Result<(), Failure> {
        let (now, kiosk) = (self.site.now, self.kiosk.as_ref());
        for (index, status) in statuses.iter().enumerate() {
            if self.site.hardware[index].level(Signal::BarrierClosed) == Level::Active {
                self.up_since[index] = None;
                continue;
            }
            let since = *self.up_since[index].get_or_insert(now);
            let up = now.since(since).min(kiosk.map_or(Duration::ZERO, |kiosk| kiosk.up(now)));
            let said = checks::an_open_barrier_is_said(up, status.barrier);
            self.site.fail(Check::OpenBarrierIsSaid, said)?;
        }
        Ok(())
    }

    fn exchange(&mut self) -> Result<(), Failure> {
        let answers = self.net.step(self.site.now, self.site.true_wall(), &mut self.hub);
        let answers = match answers {
            Ok(answers) => answers,
            Err(what) => return self.site.fail(Check::HubHoldsEachRecordOnce, Err(what)),
        };
        for (id, answer) in answers {
            if let Some(kiosk) = &mut self.kiosk {
                kiosk.heard(&self.site, id, answer);
            }
        }
        self.alarm_net.weather = self.net.weather;
        let alarms = self.kiosk.as_mut().map(|kiosk| &mut kiosk.alarms);
        alarms::exchange(&mut self.alarm_net, &mut self.hub, &self.site, alarms)
    }

    fn start(&mut self) -> Result<(), Failure> {
        let seal_key = Keys::from_secret(&[5; 32]).seal_key();
        self.site.power.restore();
        self.kiosk = Kiosk::boot(&mut self.site, &seal_key, &mut self.random)?;
        match &self.kiosk {
            Some(kiosk) => self.hub.urgent = kiosk.alarms.epoch(),
            None => self.lose_power(),
        }
        Ok(())
    }

    fn lose_power(&mut self) {
        self.site.say(&"power cut");
        self.cuts += 1;
        self.site.disk = self.site.disk.crash(&mut self.random);
        self.site.urgent = self.site.urgent.crash(&mut self.site.chances);
        self.site.disk_cut = None;
        for hardware in &self.site.hardware {
            hardware.lose_power();
            hardware.chip.power_cycle();
            // A gate without its kiosk is opened by its key.
            if self.meddles && self.random.chance(0.2) {
                hardware.open_by_key();
            }
        }
        self.site.dry.store(false, Relaxed);
        self.power_back = self.site.now + Duration::from_millis(500 + self.random.below(5_000));
    }

    fn begin_and_end_faults(&mut self) {
        let now = self.site.now;
        let mut windows = std::mem::take(&mut self.windows);
        for window in &mut windows {
            if !window.begun && window.from <= now && self.kiosk.is_some() {
                window.begun = true;
                faults::begin(self, window.fault);
            }
        }
        windows.retain(|window| {
            let over = window.begun && window.until <= now;
            if over {
                faults::end(self, window.fault);
            }
            !over
        });
        self.windows = windows;
    }

    /// From now on nothing goes wrong any more.
    fn heal(&mut self) {
        self.site.say(&"calm");
        for window in std::mem::take(&mut self.windows) {
            faults::end(self, window.fault);
        }
        self.site.disk.inject(None);
        self.site.urgent.inject(None);
        self.site.disk_cut = None;
        if !self.site.power.is_off() {
            self.site.power.restore();
        }
        self.net.weather = Weather::FINE;
        self.meddles = false;
    }

    /// An attendant, or a child, who presses whatever there is.
    fn meddle(&mut self, statuses: &[LaneStatus]) -> Option<Command> {
        if !self.meddles || !self.random.chance(0.003) {
            return None;
        }
        let status = self.random.pick(statuses)?;
        let by = self.random.chance(0.9).then(|| "wang".parse().unwrap());
        Some(Command { lane: status.lane.clone(), by, act: any_act(&mut self.random) })
    }

    /// A boom that stands open while nobody is served is closed by its key, as an attendant would.
    fn turn_keys(&mut self, statuses: &[LaneStatus]) {
        let now = self.site.now;
        for (index, hardware) in self.site.hardware.iter().enumerate() {
            let unused = statuses.get(index).is_some_and(|status| {
                matches!(status.phase, Phase::Idle | Phase::OutOfService)
                    && !matches!(status.barrier, BarrierState::Closing | BarrierState::Opening)
            });
            let up = hardware.level(Signal::BarrierClosed) == Level::Idle;
            let free = hardware.level(Signal::Beam) == Level::Idle;
            if !(unused && up && free) {
                self.open_since[index] = None;
                continue;
            }
            let since = *self.open_since[index].get_or_insert(now);
            if now.since(since) > KEY_AFTER {
                self.site.say(&"key");
                self.open_since[index] = None;
                hardware.close_by_key();
            }
        }
    }

    fn statuses(&self) -> Vec<LaneStatus> {
        self.kiosk.as_ref().map(|kiosk| kiosk.statuses(&self.site)).unwrap_or_default()
    }

    fn is_quiet(&self) -> bool {
        self.kiosk.as_ref().is_some_and(Kiosk::is_quiet)
            && self.site.hardware.iter().all(|lane| lane.level(Signal::BarrierClosed) == Level::Active)
    }

    fn is_at_rest(&self) -> bool {
        self.world.is_empty()
            && self.is_quiet()
            && self.net.is_quiet()
            && self.alarm_net.is_quiet()
            && self.kiosk.as_ref().is_some_and(|kiosk| kiosk.alarms.is_at_rest())
            && self.site.handed.is_empty()
            && self.statuses().iter().all(|lane| lane.phase == Phase::Idle)
            && self.kiosk.as_ref().is_some_and(|kiosk| kiosk.outbox.waiting() == 0)
    }

    fn at_rest(self) -> Result<Outcome, Failure> {
        let Self { site, mut hub, mut kiosk, cuts, .. } = self;
        let arrivals = checks::every_arrival_has_one_verdict(&site.entries);
        site.fail(Check::OneVerdictForEachArrival, arrivals)?;
        let root = kiosk.as_ref().map(|kiosk| kiosk.recorder.note()).unwrap().root;
        let honest = !site.lost_openings;
        for later in [1, 2] {
            // What one heartbeat counts is compared when the next one comes.
            let kiosk = kiosk.as_mut().unwrap();
            let beat = kiosk.beat(&site, site.now + Duration::from_hours(later));
            hub.ledger.heartbeat(&hub.kiosk, hub.epoch, &beat, site.wall()).unwrap();
        }
        site.fail(Check::BarriersRiseAsRecorded, checks::barriers_rise_as_recorded(&hub.ledger, honest))?;
        let first = RecordId { kiosk: hub.kiosk.clone(), epoch: hub.epoch, seq: Seq::FIRST };
        let held = checks::hub_holds_each_record_once(&hub.ledger, &first, &site.told, root);
        site.fail(Check::HubHoldsEachRecordOnce, held)?;
        let told = alarms::each_alarm_is_told_once(&hub, &site.entries, site.failures);
        site.fail(Check::AlarmsAreToldOnce, told)?;
        let mut verdicts = BTreeMap::new();
        for passage in site.entries.iter().filter_map(|entry| checks::passage(&entry.body)) {
            *verdicts.entry(passage.verdict).or_default() += 1;
        }
        let trace = merkle::sha256(&trace(&site.told, &root));
        let records = site.told.len() as u64;
        let count =
            |is: fn(&Body) -> bool| site.entries.iter().filter(|entry| is(&entry.body)).count() as u32;
        Ok(Outcome {
            trace,
            verdicts,
            records,
            cuts,
            failures: site.failures,
            refusals: site.refusals,
            alarms: count(|body| Cause::of(body).is_some()),
            found_open: count(|body| matches!(body, Body::FoundOpen)),
            closed: count(|body| matches!(body, Body::ClosedByAttendant { .. })),
        })
    }
}

fn trace(told: &[Stored], root: &Hash) -> Vec<u8> {
    let mut bytes = root.to_vec();
    told.iter().for_each(|stored| stored.encode(&mut bytes));
    bytes
}

fn any_act(random: &mut Random) -> Act {
    let decisions =
        [Decision::Admit, Decision::TurnBack, Decision::Advise, Decision::Hold, Decision::HandOff];
    let steps = ["credential", "temperature", "registration"];
    match random.below(13) {
        0 | 1 => Act::Emergency,
        2 => Act::Leave,
        3..=5 => {
            let decision = *random.pick(&decisions).unwrap();
            Act::Decide { decision, reason: Reason::AttendantDecision }
        }
        6 => Act::MeasureAgain,
        7 => {
            let step = random.pick(&steps).unwrap().parse().unwrap();
            Act::Waive { step, reason: "device-fault".parse().unwrap() }
        }
        8 => Act::TypeIdNumber(Pii::new("11010519491231002X".to_owned())),
        9 => Act::Attest(Attestation::Mask),
        10 => Act::Next,
        11 => Act::CloseBarrier,
        _ => Act::Begin { subject: SubjectKind::Person, direction: kakou::model::Direction::Inbound },
    }
}
