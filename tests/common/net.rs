//! A network: what is sent may be lost, doubled, cut short, late, or overtaken.

use std::time::Duration;

use kakou::base::{Epoch, Mono, Random};
use kakou::sync::wire::Head;
use kakou::sync::{Answer, Ask};

/// How the network is at the moment.
#[derive(Clone, Copy, Debug)]
pub struct Weather {
    /// Share of messages lost, each way.
    pub lost: f64,
    /// Share of requests that arrive again, any time within ten minutes.
    pub twice: f64,
    /// Share of requests that arrive cut short.
    pub cut_short: f64,
    /// Longest time of a message.
    pub delay_max: Duration,
    /// Whether nothing gets through at all.
    pub down: bool,
}

impl Weather {
    pub const FINE: Self =
        Self { lost: 0.0, twice: 0.0, cut_short: 0.0, delay_max: Duration::from_millis(40), down: false };
    pub const BAD: Self =
        Self { lost: 0.15, twice: 0.1, cut_short: 0.05, delay_max: Duration::from_secs(40), down: false };
}

/// What happened, so that a run in which nothing did cannot pass.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    pub lost: u32,
    pub twice: u32,
    pub cut_short: u32,
    pub overtaken: u32,
    pub down: u32,
}

pub enum Leg {
    There(Epoch, Ask),
    CutShort,
    Back(Box<Result<Head, Answer>>),
}

pub struct Flying {
    pub at: Mono,
    pub id: u64,
    pub leg: Leg,
}

/// Messages under way.
pub struct Net {
    pub weather: Weather,
    pub faults: Faults,
    flying: Vec<Flying>,
    random: Random,
}

impl Net {
    pub fn new(random: Random) -> Self {
        Self { weather: Weather::FINE, faults: Faults::default(), flying: vec![], random }
    }

    /// Sends the kiosk's request `id`.
    pub fn send(&mut self, now: Mono, id: u64, epoch: Epoch, ask: Ask) {
        if self.weather.down {
            self.faults.down += 1;
            let refused = Box::new(Err(Answer::Lost("unreachable".to_owned())));
            let at = now + Duration::from_millis(50);
            return self.flying.push(Flying { at, id, leg: Leg::Back(refused) });
        }
        if self.random.chance(self.weather.twice) {
            self.faults.twice += 1;
            let at = now + Duration::from_millis(self.random.below(600_000));
            self.flying.push(Flying { at, id, leg: Leg::There(epoch, ask.clone()) });
        }
        if self.random.chance(self.weather.lost) {
            self.faults.lost += 1;
            return;
        }
        let at = now + self.delay();
        let leg = match self.random.chance(self.weather.cut_short) {
            true => Leg::CutShort,
            false => Leg::There(epoch, ask),
        };
        self.faults.cut_short += u32::from(matches!(leg, Leg::CutShort));
        self.faults.overtaken += u32::from(self.flying.iter().any(|other| other.at > at));
        self.flying.push(Flying { at, id, leg });
    }

    /// Sends an answer back.
    pub fn reply(&mut self, now: Mono, id: u64, answer: Result<Head, Answer>) {
        if self.random.chance(self.weather.lost) {
            self.faults.lost += 1;
            return;
        }
        let at = now + self.delay();
        self.flying.push(Flying { at, id, leg: Leg::Back(Box::new(answer)) });
    }

    /// When the next message arrives.
    pub fn next_at(&self) -> Option<Mono> {
        self.flying.iter().map(|message| message.at).min()
    }

    /// The next message that has arrived by `now`.
    pub fn arrived(&mut self, now: Mono) -> Option<Flying> {
        let due = self.flying.iter().enumerate().filter(|(_, message)| message.at <= now);
        let first = due.min_by_key(|(_, message)| (message.at, message.id)).map(|(index, _)| index)?;
        Some(self.flying.swap_remove(first))
    }

    fn delay(&mut self) -> Duration {
        let most = self.weather.delay_max.as_millis() as u64;
        // Most messages are quick; some take very long.
        let most = if self.random.chance(0.8) { most.min(200) } else { most };
        Duration::from_millis(1 + self.random.below(most.max(1)))
    }
}
