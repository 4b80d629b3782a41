//! One lane of the shipped code on simulated parts, in virtual time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use kakou::base::{BootId, ClockTrust, LaneId, Mono, Random, Seq, Stamp};
use kakou::config::{Policy, Profiles, profile_file};
use kakou::control::{Act, Command, LaneStatus, Refused};
use kakou::daemon::{Append, LaneRunner, OnPins};
use kakou::engine::{Context, Ticket};
use kakou::model::{
    Ago, AreaMode, Crossing, Direction, EarlierPassage, Evidence, KnownBy, Level, Past, StepKind,
    StepOutcome, StepRecord, SubjectKind, Verdict, Zone,
};
use kakou::sim::clock::SimClock;
use kakou::sim::lines::Lines;
use kakou::sim::world::Rig;
use kakou::thermometry;

use super::hardware::Hardware;
use super::lane::{Lane, Manners};
use super::model::DURABLE_MS_MAX;
use super::pins::Power;
use super::place::{BEGINS, place};

/// How often anything is looked at: as often as the shipped threads look at input lines, doubled.
pub const STEP: Duration = Duration::from_millis(20);

/// The lane and everything that is bolted to it.
pub struct Gate {
    pub now: Mono,
    pub rig: Rig,
    clock: SimClock,
    hardware: Hardware,
    lane: Lane,
    mail: VecDeque<(Mono, Ticket)>,
    durable: u64,
    random: Random,
    /// Whether everybody went through here two hours ago, with a good reading.
    pub came_earlier: bool,
}

impl Gate {
    /// A lane at rest, with a warm thermometer that knows what it sees without anybody.
    pub fn new(takes: SubjectKind, file: &'static str, mode: AreaMode, random: &mut Random) -> Self {
        let place = place();
        let now = Mono::from_millis(1_000_000);
        let (clock, lines) = (SimClock::new(now), Lines::of(&place.board));
        let vehicle = takes == SubjectKind::Vehicle;
        let id: LaneId = if vehicle { "vehicle" } else { "person-in" }.parse().unwrap();
        let hardware = Hardware::new(&place.board, &id, &lines, &clock, random);
        let (power, mut appends) = (Power::default(), vec![]);
        let mut lane = Lane::start(&hardware, &power, now, random, &mut appends);
        let (barrier, lamp) = hardware.outputs(&power, now);
        lane.runner = LaneRunner::new(
            place.settings(&id),
            Arc::new(context(file, mode)),
            thermometry::Settings::default(),
            place.trust(),
            Box::new(OnPins::new(barrier, Some(lamp), None)),
        );
        appends.clear();
        lane.runner.start(now, &mut appends);
        let (mail, rig) = (VecDeque::new(), hardware.rig(now));
        let random = random.fork("journal");
        let mut gate =
            Self { now, rig, clock, hardware, lane, mail, durable: 0, random, came_earlier: false };
        gate.append(appends);
        for _ in 0..200 {
            gate.turn();
        }
        gate
    }

    /// Everything that happens by itself until one step later.
    pub fn turn(&mut self) -> LaneStatus {
        self.now = self.now + STEP;
        self.clock.set(self.now);
        self.rig.boom.step(self.now);
        let stamp = Stamp {
            boot: BootId([1; 16]),
            mono: self.now,
            wall: BEGINS + Duration::from_millis(self.now.as_millis()),
            trust: ClockTrust::Synced,
            max_error_ms: 20,
        };
        let mut appends = vec![];
        let seen = self.lane.look(&mut self.hardware, (self.now, self.now), Manners::default(), false);
        for observation in seen {
            self.lane.observe(&stamp, observation, false, &mut appends);
        }
        for (ticket, whose) in self.lane.runner.recalls() {
            let passages = self.came_earlier.then(earlier).into_iter().collect();
            let past = Past { passages, ..whose.nothing() };
            self.lane.runner.recalled(self.now, (ticket, Ok(past)), &mut appends);
        }
        if self.lane.runner.deadline().is_some_and(|at| at <= self.now) {
            self.lane.runner.expire(self.now, &mut appends);
        }
        while let Some((_, ticket)) = self.mail.pop_front_if(|(at, _)| *at <= self.now) {
            self.durable += 1;
            let seq = Seq::new(self.durable).unwrap();
            self.lane.runner.durable(self.now, ticket, seq, &mut appends);
        }
        self.append(appends);
        self.lane.runner.status(self.now)
    }

    /// What the attendant asks.
    pub fn ask(&mut self, act: Act) -> Result<(), Refused> {
        let command = Command { lane: self.rig.id.clone(), by: "li-na".parse().ok(), act };
        let mut appends = vec![];
        let done = self.lane.runner.command(self.now, &command, &mut appends);
        self.append(appends);
        done
    }

    /// Somebody stands at the lane, or does not.
    pub fn presence(&self, level: Level) {
        self.set(self.rig.presence.as_ref(), level);
    }

    /// Something is under the barrier, or is not.
    pub fn beam(&self, level: Level) {
        self.set(self.rig.beam.as_ref(), level);
    }

    fn set(&self, input: Option<&kakou::config::board::Input>, level: Level) {
        input.iter().for_each(|input| self.rig.lines.set_input(input, level));
    }

    fn append(&mut self, appends: Vec<Append>) {
        for ticket in appends.into_iter().filter_map(|append| append.ticket) {
            let at = self.now + Duration::from_millis(self.random.below(DURABLE_MS_MAX + 1));
            // Records become durable in their order.
            let at = self.mail.back().map_or(at, |(last, _)| at.max(*last));
            self.mail.push_back((at, ticket));
        }
    }
}

/// In this morning, measured and let through.
fn earlier() -> EarlierPassage {
    let ago = Duration::from_secs(2 * 3_600);
    let outcome = StepOutcome::Done(Evidence::Temperature { zone: Zone::Below, attempts: 1 });
    EarlierPassage {
        seq: 1,
        ago: Ago { least: ago, most: Some(ago) },
        lane: None,
        by: KnownBy::Identity,
        direction: Direction::Inbound,
        verdict: Verdict::Admitted,
        crossing: Some(Crossing::Passed),
        steps: vec![StepRecord { kind: StepKind::Temperature, outcome, id: None }],
        host: None,
    }
}

fn context(file: &'static str, mode: AreaMode) -> Context {
    let place = &place().context;
    let profiles = profile_file::shipped_in(file).unwrap();
    Context {
        policy: Arc::new(Policy::new(Some(12), place.policy.screening, profiles.clone())),
        profiles: Profiles::new(profiles).unwrap(),
        roster: Arc::clone(&place.roster),
        lists: Arc::default(),
        blinder: place.blinder.clone(),
        mode,
    }
}
