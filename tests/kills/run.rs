//! One run: a busy kiosk and its hub, killed again and again; then calm, in which everything must finish.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use kakou::base::{Mono, Random, Wall};
use kakou::control::{BarrierState, Phase};
use kakou::drivers::barrier::End as BoomEnd;
use kakou::journal::{Hash, merkle};
use kakou::model::{Body, Level, Signal, Verdict};
use kakou::sync::Answer;

use crate::checks::{Check, Failure};
use crate::hub::Hub;
use crate::kiosk::Kiosk;
use crate::net::{Leg, Net, Weather};
use crate::place::BEGINS;
use crate::planted::Plant;
use crate::rest;
use crate::scythe::Kills;
use crate::site::Site;
use crate::visitor::{Attendant, Visitor};

const LANES: usize = 2;
/// A turn of everything.
const TURN: Duration = Duration::from_millis(100);
/// Longest time in which kills are waited for.
const STRETCH_MAX: Duration = Duration::from_hours(2);
/// Longest time until everything has come to rest: the latest message arrives ten minutes after it was sent.
const REST_WITHIN: Duration = Duration::from_hours(1);
/// How long a boom may stand open before somebody turns its key.
const KEY_AFTER: Duration = Duration::from_secs(4);
/// A network that loses, doubles and delays.
const WEATHER: Weather =
    Weather { lost: 0.03, twice: 0.1, cut_short: 0.01, delay_max: Duration::from_secs(1), down: false };

/// What is to be run.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub seed: u64,
    pub kills: u32,
    pub plant: Option<Plant>,
    pub verbose: bool,
}

/// What became of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    pub kills: Kills,
    pub records: u64,
    pub verdicts: BTreeMap<Verdict, u32>,
    pub trace: Hash,
}

struct Run {
    plan: Plan,
    site: Site,
    kiosk: Option<Kiosk>,
    hub: Hub,
    net: Net,
    visitors: Vec<Option<Visitor>>,
    attendants: Vec<Attendant>,
    /// When the next visitor comes to a lane.
    next: Vec<Mono>,
    up_since: Vec<Option<Mono>>,
    power_back: Mono,
    /// Until when nothing reaches the hub.
    cut_off_until: Mono,
    /// Share of turns in which the network goes.
    cut_offs: f64,
    calm: bool,
    random: Random,
}

/// Runs a seed; a panic is a failure like any other.
pub fn run(plan: Plan) -> Result<Outcome, Failure> {
    let caught = catch_unwind(AssertUnwindSafe(|| Run::new(plan)?.finish()));
    caught.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(Failure { check: Check::NoPanic, at: Mono::ZERO, what: text.unwrap_or_default() })
    })
}

impl Run {
    fn new(plan: Plan) -> Result<Self, Failure> {
        let mut random = Random::new(plan.seed ^ 0x5C7_7E00);
        // Some begin just before midnight: then another sealing key is due.
        let begins = if random.chance(0.25) { BEGINS.0 + 13 * 3_600_000 + 3_540_000 } else { BEGINS.0 };
        let mut site = Site::new(Wall(begins), LANES, plan.plant, plan.verbose, random.fork("site"));
        site.segment_len = *random.pick(&[5 * 1024, 16 * 1024]).unwrap();
        let hub = Hub::new(plan.plant, random.fork("hub"));
        let mut net = Net::new(random.fork("net"));
        net.weather = WEATHER;
        let now = site.now;
        let cut_offs = *random.pick(&[0.0, 0.003, 0.02]).unwrap();
        let mut run = Self {
            plan,
            site,
            kiosk: None,
            hub,
            net,
            visitors: (0..LANES).map(|_| None).collect(),
            attendants: (0..LANES).map(|_| Attendant::new()).collect(),
            next: vec![now; LANES],
            up_since: vec![None; LANES],
            power_back: now,
            cut_off_until: now,
            cut_offs,
            calm: false,
            random,
        };
        // The log has begun; only then is there something to lose.
        run.kiosk = Kiosk::boot(&mut run.site)?;
        run.site.scythe.aim_at_kiosk(&mut run.random);
        run.hub.scythe.aim_at_hub(&mut run.random);
        Ok(run)
    }

    fn finish(mut self) -> Result<Outcome, Failure> {
        while self.killed() < self.plan.kills && self.site.now < Mono::ZERO + STRETCH_MAX {
            self.turn()?;
        }
        self.calm = true;
        self.net.weather = Weather::FINE;
        self.site.scythe.sheathe();
        self.hub.scythe.sheathe();
        self.site.say(&"calm");
        let until = self.site.now + REST_WITHIN;
        let mut quiet_since_beat = None;
        loop {
            self.turn()?;
            let beats = self.kiosk.as_ref().map_or(0, |kiosk| kiosk.uplink.beats);
            match quiet_since_beat.filter(|_| self.is_at_rest()) {
                // What one heartbeat counts is compared when the next one comes.
                Some(since) if beats >= since + 3 && self.net.next_at().is_none() => break,
                since => quiet_since_beat = self.is_at_rest().then(|| since.unwrap_or(beats)),
            }
            if self.site.now > until {
                let why = self.kiosk.as_ref().map(|kiosk| (kiosk.uplink.waiting(), kiosk.uplink.error()));
                self.site.fail(Check::ComesToRest, Err(format!("never comes to rest: {why:?}")))?;
            }
        }
        self.at_rest()
    }

    fn killed(&self) -> u32 {
        self.site.kills.values().chain(self.hub.kills.values()).sum()
    }

    /// One moment of everything.
    fn turn(&mut self) -> Result<(), Failure> {
        self.site.now = self.site.now + TURN;
        let now = self.site.now;
        if !self.hub.is_up() && now >= self.hub.back {
            let kept = self.hub.start(self.site.epoch);
            self.site.fail(Check::HubKeepsWhatItAnswered, kept)?;
            if !self.calm {
                self.hub.scythe.aim_at_hub(&mut self.random);
            }
        }
        if self.kiosk.is_none() && now >= self.power_back {
            self.start()?;
        }
        self.people();
        if let Some(kiosk) = &mut self.kiosk {
            kiosk.turn(&mut self.site, &mut self.visitors, &mut self.attendants)?;
            kiosk.send(&mut self.site, &mut self.net);
        }
        self.exchange()?;
        self.bury();
        Ok(())
    }

    fn start(&mut self) -> Result<(), Failure> {
        self.site.scythe.lift();
        if !self.calm {
            self.site.scythe.aim_at_kiosk(&mut self.random);
        }
        self.kiosk = Kiosk::boot(&mut self.site)?;
        self.visitors.iter_mut().flatten().for_each(Visitor::begin_again);
        self.bury();
        if self.kiosk.is_some() {
            self.site.sweep();
        }
        Ok(())
    }

    /// Takes away what was killed.
    fn bury(&mut self) {
        let Some(point) = self.site.scythe.struck() else { return };
        self.site.bury(point);
        self.site.scythe.lift();
        self.kiosk = None;
        self.power_back = self.site.now + Duration::from_millis(self.random.below(700));
        for gate in &self.site.gates {
            // A gate without its kiosk is moved by its key.
            if self.random.chance(0.3) {
                gate.turn_key(if self.random.chance(0.2) { BoomEnd::Open } else { BoomEnd::Closed });
            }
        }
    }

    /// Whoever comes, goes, and turns keys.
    fn people(&mut self) {
        let now = self.site.now;
        let statuses = self.kiosk.as_ref().map(|kiosk| kiosk.statuses(now));
        for index in 0..LANES {
            let gate = &self.site.gates[index];
            let status = statuses.as_ref().map(|statuses| &statuses[index]);
            gate.step(now);
            let visitor = &mut self.visitors[index];
            match visitor {
                None if now >= self.next[index] && !self.calm => {
                    *visitor = Some(Visitor::come(now, gate, &mut self.random));
                }
                Some(_) | None => {}
            }
            if visitor.as_mut().is_some_and(|somebody| somebody.step(now, status, gate)) {
                *visitor = None;
                self.next[index] = now + Duration::from_millis(self.random.below(1_500));
            }
            let unused = status.is_some_and(|status| {
                matches!(status.phase, Phase::Idle | Phase::OutOfService)
                    && !matches!(status.barrier, BarrierState::Closing | BarrierState::Opening)
            });
            let up = gate.level(now, Signal::BarrierClosed) == Level::Idle;
            if !(unused && up && gate.level(now, Signal::Beam) == Level::Idle) {
                self.up_since[index] = None;
            } else if now.since(*self.up_since[index].get_or_insert(now)) > KEY_AFTER {
                self.up_since[index] = None;
                gate.turn_key(BoomEnd::Closed);
            }
        }
    }

    fn exchange(&mut self) -> Result<(), Failure> {
        let (now, wall) = (self.site.now, self.site.wall());
        if self.random.chance(self.cut_offs) && !self.calm {
            self.cut_off_until = now + Duration::from_millis(self.random.below(40_000));
        }
        self.net.weather.down = !self.calm && now < self.cut_off_until;
        while let Some(message) = self.net.arrived(now) {
            let id = message.id;
            match message.leg {
                Leg::CutShort => {
                    self.net.reply(now, id, Err(Answer::Refused("400 batch ends too soon".to_owned())));
                }
                Leg::There(epoch, ask) => {
                    let answer = self.hub.answer(now, wall, epoch, &ask);
                    if let Some(Ok(head)) = &answer {
                        self.hub.promises(head);
                        let (held, told) = (head.next.get() - 1, self.site.told.len() as u64);
                        let durable = if held <= told { Ok(()) } else { Err(format!("{held} of {told}")) };
                        self.site.fail(Check::HubHoldsWhatIsDurable, durable)?;
                    }
                    // A connection that breaks is noticed at once, or never.
                    let broken = || Err(Answer::Lost("connection closed".to_owned()));
                    match answer {
                        Some(answer) => self.net.reply(now, id, answer),
                        None if self.random.chance(0.7) => self.net.reply(now, id, broken()),
                        None => {}
                    }
                }
                Leg::Back(answer) => {
                    if let Some(kiosk) = &mut self.kiosk
                        && self.site.scythe.struck().is_none()
                    {
                        kiosk.heard(&mut self.site, id, *answer);
                    }
                }
            }
        }
        Ok(())
    }

    fn is_at_rest(&self) -> bool {
        let now = self.site.now;
        let closed = |gate: &crate::gate::Gate| gate.level(now, Signal::BarrierClosed) == Level::Active;
        self.visitors.iter().all(Option::is_none)
            && self.site.handed.is_empty()
            && self.site.gates.iter().all(closed)
            && self.hub.is_up()
            && self.kiosk.as_ref().is_some_and(|kiosk| kiosk.is_quiet(now) && kiosk.uplink.waiting() == 0)
    }

    fn at_rest(mut self) -> Result<Outcome, Failure> {
        let kiosk = self.kiosk.as_mut().unwrap();
        let trace = rest::everything_agrees(&self.site, kiosk, &self.hub)?;
        let mut verdicts = BTreeMap::new();
        for stored in &self.site.told {
            if let Body::Passage(passage) = stored.entry().unwrap().body {
                *verdicts.entry(passage.verdict).or_default() += 1;
            }
        }
        let mut kills = self.site.kills;
        kills.extend(self.hub.kills);
        Ok(Outcome { kills, records: self.site.told.len() as u64, verdicts, trace: merkle::sha256(&trace) })
    }
}
