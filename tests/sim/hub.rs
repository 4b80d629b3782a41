//! The hub, its ledger, and a network between that loses, doubles, delays and overtakes.

use std::time::Duration;

use kakou::base::{Epoch, KioskId, Mono, Random, Seq, Wall};
use kakou::journal::{SigningKey, VerifyingKey};
use kakou::ledger::{Keys, Ledger, Refused};
use kakou::sync::wire::Batch;
use kakou::sync::{Answer, Series};

/// What a kiosk asks.
#[derive(Clone, Debug)]
pub enum Ask {
    Head,
    Heartbeat(String),
    Entries { from: Seq, body: Vec<u8> },
}

/// A hub with one enrolled kiosk.
pub struct Hub {
    pub ledger: Ledger,
    pub kiosk: KioskId,
    pub epoch: Epoch,
    /// Of the urgent log.
    pub urgent: Epoch,
    /// Planted: it answers as if it had stored what it forgot.
    pub forgets: bool,
    forgotten: u64,
}

impl Hub {
    /// A hub that has pinned the key of `kiosk`.
    pub fn new(kiosk: &KioskId, key: VerifyingKey, now: Wall) -> Self {
        let mut ledger = Ledger::in_memory(Keys::from_secret(&[5; 32])).unwrap();
        ledger.add_token(&[9; 32], None, now).unwrap();
        ledger.enrol(&[9; 32], Some(kiosk), key, now).unwrap();
        let (epoch, kiosk) = (Epoch([0; 16]), kiosk.clone());
        Self { ledger, kiosk, epoch, urgent: epoch, forgets: false, forgotten: 0 }
    }

    /// Answers one request. `Err` is a refusal that no honest kiosk should ever see.
    pub fn answer(&mut self, series: Series, ask: &Ask, now: Wall) -> Result<Answer, String> {
        let kiosk = self.kiosk.clone();
        let epoch = match series {
            Series::Main if self.forgets => return Ok(self.forgetful(ask)),
            Series::Main => self.epoch,
            Series::Urgent => self.urgent,
        };
        let next = match ask {
            Ask::Head => self.ledger.head(&kiosk, epoch).map(|(next, _, _)| next).map_err(Refused::from),
            Ask::Heartbeat(note) => self.ledger.heartbeat(&kiosk, epoch, note, now).map(|(next, _, _)| next),
            Ask::Entries { from, body } => {
                let batch = Batch::decode(body).map_err(|error| error.to_string())?;
                let applied = self.ledger.apply(&kiosk, epoch, *from, &batch.note, &batch.entries, now);
                applied.map(|applied| applied.next)
            }
        };
        match next {
            Ok(next) => Ok(Answer::Next(next)),
            Err(Refused::Gap { next }) => Ok(Answer::Rewind(next)),
            Err(refused) => Err(refused.to_string()),
        }
    }

    fn forgetful(&mut self, ask: &Ask) -> Answer {
        if let Ask::Entries { from, body } = ask {
            let count = Batch::decode(body).map_or(0, |batch| batch.entries.len() as u64);
            self.forgotten = self.forgotten.max(from.get() - 1 + count);
        }
        Answer::Next(Seq::new(self.forgotten + 1).unwrap())
    }
}

/// How the network is at the moment.
#[derive(Clone, Copy, Debug)]
pub struct Weather {
    /// Share of messages lost, each way.
    pub lost: f64,
    /// Share of requests that arrive twice, the second time any time later.
    pub twice: f64,
    /// Longest time of a message.
    pub delay_max: Duration,
    /// Whether the hub can be reached at all.
    pub down: bool,
    /// Whether the hub says that it has no time.
    pub busy: bool,
}

impl Weather {
    pub const FINE: Self =
        Self { lost: 0.0, twice: 0.0, delay_max: Duration::from_millis(40), down: false, busy: false };
}

enum Leg {
    There(Ask),
    Back(Answer),
}

/// Messages under way.
pub struct Net {
    pub weather: Weather,
    series: Series,
    flying: Vec<(Mono, u64, Leg)>,
    random: Random,
}

impl Net {
    /// What carries the requests about one of the two logs.
    pub fn new(series: Series, random: Random) -> Self {
        Self { weather: Weather::FINE, series, flying: Vec::new(), random }
    }

    pub fn is_quiet(&self) -> bool {
        self.flying.is_empty()
    }

    /// Sends the kiosk's request `id`.
    pub fn send(&mut self, now: Mono, id: u64, ask: Ask) {
        if self.random.chance(self.weather.twice) {
            let late = Duration::from_millis(self.random.below(20_000));
            self.flying.push((now + late, id, Leg::There(ask.clone())));
        }
        if !self.random.chance(self.weather.lost) {
            let at = now + self.delay();
            self.flying.push((at, id, Leg::There(ask)));
        }
    }

    /// Delivers what is due by `now`; returns answers with the numbers of their requests.
    pub fn step(&mut self, now: Mono, wall: Wall, hub: &mut Hub) -> Result<Vec<(u64, Answer)>, String> {
        let mut answers = Vec::new();
        while let Some(index) = self.first_due(now) {
            let (_, id, leg) = self.flying.swap_remove(index);
            match leg {
                Leg::There(_) if self.weather.down => answers.push((id, Answer::Lost("refused".to_owned()))),
                Leg::There(_) if self.weather.busy => {
                    let retry_after = self.random.chance(0.5).then_some(Duration::from_secs(3));
                    answers.push((id, Answer::Busy { retry_after }));
                }
                Leg::There(ask) => {
                    let answer = hub.answer(self.series, &ask, wall)?;
                    if !self.random.chance(self.weather.lost) {
                        let at = now + self.delay();
                        self.flying.push((at, id, Leg::Back(answer)));
                    }
                }
                Leg::Back(answer) => answers.push((id, answer)),
            }
        }
        Ok(answers)
    }

    fn first_due(&self, now: Mono) -> Option<usize> {
        let due = self.flying.iter().enumerate().filter(|(_, (at, _, _))| *at <= now);
        due.min_by_key(|(_, (at, id, _))| (*at, *id)).map(|(index, _)| index)
    }

    fn delay(&mut self) -> Duration {
        let most = self.weather.delay_max.as_millis() as u64;
        Duration::from_millis(1 + self.random.below(most))
    }
}

/// The kiosk's signing key.
pub fn kiosk_key() -> SigningKey {
    SigningKey::from_seed(&[3; 32])
}
