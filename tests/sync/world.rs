//! One run: a kiosk, one or two hubs, a network, and a plan of what goes wrong.

use std::time::Duration;

use kakou::base::{Mono, Random, Wall};
use kakou::sync::Answer;

use crate::checks::check;
use crate::common::kiosk::NOW;
use crate::hub::{Hub, Planted};
use crate::kiosk::Kiosk;
use crate::net::{Faults, Leg, Net, Weather};

/// What goes wrong in a run.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub weather: Weather,
    /// Longest time without any connection.
    pub cut_off_max: Duration,
    pub hubs: usize,
    /// Share of turns in which the hub goes back to an old backup.
    pub restores: f64,
    /// Share of turns in which the hub has no time for a while.
    pub busy: f64,
    /// Largest batch that a hub takes, in bytes as sent.
    pub body_max: usize,
    /// How far the kiosk's clock may be off, in years.
    pub years_off: i64,
    /// Share of turns in which the kiosk starts again.
    pub restarts: f64,
    /// Share of turns in which the kiosk's medium loses a record.
    pub rot: f64,
}

impl Plan {
    pub const CALM: Self = Self {
        weather: Weather::FINE,
        cut_off_max: Duration::ZERO,
        hubs: 1,
        restores: 0.0,
        busy: 0.0,
        body_max: usize::MAX,
        years_off: 0,
        restarts: 0.0,
        rot: 0.0,
    };
}

/// What happened in a run, beside the network's faults.
#[derive(Clone, Copy, Debug, Default)]
pub struct Events {
    pub restores: u32,
    pub busy: u32,
    pub restarts: u32,
    pub rotten: u32,
    pub ended: u32,
    pub cut_offs: u32,
    pub switched: u32,
    pub too_large: u32,
}

pub struct World {
    pub plan: Plan,
    pub kiosk: Kiosk,
    pub hubs: Vec<Hub>,
    pub net: Net,
    pub events: Events,
    pub now: Mono,
    random: Random,
    ids: u64,
    /// Which hub is behind the address at the moment.
    route: usize,
    cut_off_until: Mono,
    busy_until: Mono,
    calm: bool,
}

/// Turns in which things go wrong.
const TURNS: u32 = 24;
/// Longest time, in the calm, until everything must have arrived.
const CALM_MAX: Duration = Duration::from_hours(36);

impl World {
    pub fn new(seed: u64, plan: Plan) -> Self {
        let mut random = Random::new(seed);
        let hubs: Vec<Hub> = (0..plan.hubs).map(|_| Hub::new()).collect();
        let mut kiosk = Kiosk::new(random.next_u64(), hubs[0].ledger.keys().seal_key());
        let now = Mono::from_millis(1_000);
        let years =
            i64::try_from(random.below(2 * plan.years_off.unsigned_abs() + 1)).unwrap() - plan.years_off;
        kiosk.clock_off = years * 365 * 86_400_000;
        kiosk.start(now, NOW);
        let (net, events) = (Net::new(random.fork("net")), Events::default());
        let (cut_off_until, busy_until) = (now, now);
        Self {
            plan,
            kiosk,
            hubs,
            net,
            events,
            now,
            random,
            ids: 0,
            route: 0,
            cut_off_until,
            busy_until,
            calm: false,
        }
    }

    /// Plants a fault in every hub.
    pub fn plant(mut self, planted: Planted) -> Self {
        self.hubs.iter_mut().for_each(|hub| hub.planted = planted);
        self
    }

    /// Faults first, then calm; then everything must be where it belongs.
    pub fn run(mut self) -> (Faults, Events, Result<(), String>) {
        let outcome = self.run_to_the_end();
        (self.net.faults, self.events, outcome)
    }

    /// As [`run`](Self::run), and leaves everything as it is then.
    pub fn run_to_the_end(&mut self) -> Result<(), String> {
        self.net.weather = self.plan.weather;
        for _ in 0..TURNS {
            self.turn();
            let until = self.now + Duration::from_millis(self.random.below(240_000));
            self.pass(until);
        }
        self.calm = true;
        self.net.weather = Weather::FINE;
        self.now = self.now.max(self.cut_off_until);
        for hub in &mut self.hubs {
            (hub.busy, hub.body_max) = (false, usize::MAX);
        }
        // A kiosk is started again some day; then a log whose root is lost ends.
        self.restart();
        (0..12).for_each(|_| self.serve());
        let (calm_since, mut outcome) = (self.now, Ok(()));
        while self.now < calm_since + CALM_MAX {
            self.pass(self.now + Duration::from_mins(20));
            outcome = check(self);
            if outcome.is_ok() {
                break;
            }
        }
        let why = self.kiosk.error();
        outcome.map_err(|what| format!("{what}; the kiosk says {why:?}"))
    }

    /// What happens by chance.
    fn turn(&mut self) {
        let visits = self.random.below(5);
        (0..visits).for_each(|_| self.serve());
        if self.random.chance(self.plan.rot) {
            // Nothing tells of the last records but the records after them: a journal that loses those is another matter.
            let vouched = self.kiosk.durable().saturating_sub(8);
            let seq = 1 + self.random.below(vouched);
            self.events.rotten += u32::from(vouched > 0 && self.kiosk.rot(seq));
        }
        if self.random.chance(self.plan.restarts) {
            self.restart();
        }
        if self.random.chance(self.plan.restores) {
            let which = self.random.below(self.hubs.len() as u64) as usize;
            self.hubs[which].restore();
            self.events.restores += 1;
        } else if self.random.chance(0.3) {
            let which = self.random.below(self.hubs.len() as u64) as usize;
            self.hubs[which].back_up();
        }
        if self.plan.cut_off_max > Duration::ZERO && self.random.chance(0.2) {
            let longest = self.plan.cut_off_max.as_millis() as u64;
            self.cut_off_until = self.now + Duration::from_millis(self.random.below(longest));
            self.events.cut_offs += 1;
        }
        if self.random.chance(self.plan.busy) {
            self.busy_until = self.now + Duration::from_millis(self.random.below(120_000));
            self.events.busy += 1;
        }
        for hub in &mut self.hubs {
            hub.body_max = self.plan.body_max;
        }
    }

    fn serve(&mut self) {
        let wall = self.wall();
        self.kiosk.serve(self.now, wall);
    }

    fn restart(&mut self) {
        let (epoch, wall) = (self.kiosk.epoch(), self.wall());
        self.kiosk.start(self.now, wall);
        self.events.restarts += 1;
        self.events.ended += u32::from(self.kiosk.epoch() != epoch);
    }

    fn wall(&self) -> Wall {
        NOW + Duration::from_millis(self.now.as_millis())
    }

    /// Lets time pass until `until`, from one thing that happens to the next.
    fn pass(&mut self, until: Mono) {
        for _ in 0..100_000 {
            self.net.weather.down = !self.calm && self.now < self.cut_off_until;
            let busy = !self.calm && self.now < self.busy_until;
            self.hubs.iter_mut().for_each(|hub| hub.busy = busy);
            while let Some(message) = self.net.arrived(self.now) {
                self.deliver(message.id, message.leg);
            }
            let wall = self.wall();
            let wake = match self.kiosk.next(self.now, wall, &mut self.ids) {
                Ok((id, epoch, ask)) => {
                    self.net.send(self.now, id, epoch, ask);
                    continue;
                }
                Err(wake) => wake,
            };
            let next = self.net.next_at().map_or(wake, |at| at.min(wake));
            let next = next.max(self.now + Duration::from_millis(1));
            if next >= until {
                self.now = until;
                return;
            }
            self.now = next;
        }
        panic!("time stands still");
    }

    fn deliver(&mut self, id: u64, leg: Leg) {
        let wall = self.wall();
        match leg {
            Leg::CutShort => {
                let refused = Answer::Refused("400 batch ends too soon".to_owned());
                self.net.reply(self.now, id, Err(refused));
            }
            Leg::There(epoch, ask) => {
                if self.hubs.len() > 1 && self.random.chance(0.3) {
                    self.route = self.random.below(self.hubs.len() as u64) as usize;
                    self.events.switched += 1;
                }
                let (hub, name) = (&mut self.hubs[self.route], self.kiosk.name.clone());
                let answer = hub.answer(&name, epoch, &ask, wall, &mut self.random);
                self.events.too_large += u32::from(answer == Err(Answer::TooLarge));
                self.net.reply(self.now, id, answer);
            }
            Leg::Back(answer) => self.kiosk.heard(self.now, wall, id, *answer),
        }
    }
}
