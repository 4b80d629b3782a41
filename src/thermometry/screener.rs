//! The screening of one person at one lane, from the sensor's samples.
//!
//! ```text
//!          begin            step above background       settled: a zone, too cold, or no skin
//!   Idle ─────────▶ Nobody ───────────────────────▶ Close ──────────────────────────────────────▶ Idle
//!                     ▲ └─ patience over: NobodyThere └─ never settled: Unsteady
//!                     └────────── gone again ──────────┘
//!   in either: the sensor fails, is silent or is not ready for too long ─▶ NoReading, SensorNotReady
//! ```
//!
//! Samples are wanted all the time: while nobody is screened they tell what the sensor sees without anybody.
//! Invariants: a zone rests on at least [`SAMPLES_MIN`] samples, each taken with somebody there and the sensor ready;
//! whatever could not be measured is a [`NotMeasured`], never [`Zone::Below`](crate::model::Zone::Below).

use std::collections::VecDeque;

use super::Settings;
use crate::base::{CentiCelsius, Mono, NoReading};
use crate::model::{Guidance, NotMeasured, Screening, ThermalReading};

/// Fewest samples of a screening.
pub const SAMPLES_MIN: usize = 5;
/// Most samples looked at; older ones are forgotten.
const SAMPLES_MAX: usize = 9;
/// Somebody is there when skin temperature is this far above the background.
const STEP: i32 = 200;
/// Below this it is not skin that fills the field: the subject is too far away.
const SKIN_MIN: i32 = 3_000;
/// Largest median deviation from the median of steady samples. The noisiest part has 0.18 °C rms, which is 0.12.
const DEVIATION_MAX: i32 = 25;
/// Largest difference between any two of the last [`SAMPLES_MIN`] steady samples.
const RANGE_MAX: i32 = 100;
/// How fast the background may rise; it falls at once. Nobody who stands there becomes background soon.
const RISE_PER_MINUTE: i64 = 100;

/// Screens one person at a time.
#[derive(Clone, Debug)]
pub struct Screener {
    settings: Settings,
    state: State,
    background: Option<Background>,
    /// What has been wrong with the sensor, and since when.
    trouble: Option<(NotMeasured, Mono)>,
    /// When the last sample arrived, good or bad; at first, when the screening began.
    heard: Mono,
    /// What the last screening ended with, for the guidance after it.
    last: Option<NotMeasured>,
}

#[derive(Clone, Debug)]
enum State {
    Idle,
    Nobody { since: Mono },
    Close { since: Mono, close: Mono, samples: VecDeque<Sample> },
}

#[derive(Clone, Copy, Debug)]
struct Sample {
    skin: CentiCelsius,
    reading: ThermalReading,
}

/// What the sensor sees without anybody.
#[derive(Clone, Copy, Debug)]
struct Background {
    level: CentiCelsius,
    at: Mono,
}

impl Screener {
    /// A screener that goes by `settings`.
    pub fn new(settings: Settings) -> Self {
        let (background, trouble, last) = (None, None, None);
        Self { settings, state: State::Idle, background, trouble, heard: Mono::ZERO, last }
    }

    /// What it goes by.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Begins to screen somebody; a screening that runs is dropped.
    pub fn begin(&mut self, now: Mono) {
        self.state = State::Nobody { since: now };
        self.trouble = None;
        self.heard = now;
        self.last = None;
    }

    /// Drops the screening that runs, if any.
    pub fn cancel(&mut self) {
        self.state = State::Idle;
        self.last = None;
    }

    /// Takes what the sensor gave at `now`; the screening if this ends it.
    pub fn sample(&mut self, now: Mono, sample: Result<ThermalReading, NoReading>) -> Option<Screening> {
        self.heard = now;
        match sample {
            Ok(reading) if self.settings.is_ready(&reading) => {
                self.trouble = None;
                self.good(now, Sample { skin: self.settings.skin(&reading), reading })
            }
            Ok(reading) => self.trouble(now, NotMeasured::SensorNotReady, Some(&reading)),
            Err(reason) => self.trouble(now, NotMeasured::NoReading(reason), None),
        }
    }

    /// When [`expire`](Self::expire) must be called, and why, for the log.
    pub fn deadline(&self) -> Option<(Mono, &'static str)> {
        let end = match &self.state {
            State::Idle => return None,
            State::Nobody { since } => (*since + self.settings.patience, "nobody came close"),
            State::Close { close, .. } => (*close + self.settings.settle_max, "readings did not settle"),
        };
        let fault = match &self.trouble {
            Some((_, since)) => (*since + self.settings.fault_max, "sensor gives nothing"),
            None => (self.heard + self.settings.fault_max, "sensor is silent"),
        };
        Some(end.min(fault))
    }

    /// Acts on a deadline that `now` has reached. Calling early does nothing.
    pub fn expire(&mut self, now: Mono) -> Option<Screening> {
        if self.deadline().is_none_or(|(at, _)| now < at) {
            return None;
        }
        if let Some((reason, since)) = self.trouble
            && since + self.settings.fault_max <= now
        {
            return self.give_up(reason);
        }
        if self.heard + self.settings.fault_max <= now {
            return self.give_up(NotMeasured::NoReading(NoReading::Timeout));
        }
        match &self.state {
            State::Idle => None,
            State::Nobody { .. } => self.give_up(NotMeasured::NobodyThere),
            State::Close { samples, .. } => {
                let far = !samples.is_empty() && samples.iter().all(|sample| sample.skin.get() < SKIN_MIN);
                self.give_up(if far { NotMeasured::NobodyThere } else { NotMeasured::Unsteady })
            }
        }
    }

    /// What the subject should do now; `None` when nothing is screened and nothing was wrong last.
    pub fn guidance(&self) -> Option<Guidance> {
        let (reason, running) = match (&self.state, self.trouble) {
            (State::Idle, _) => (self.last, None),
            (State::Nobody { .. } | State::Close { .. }, Some((reason, _))) => (Some(reason), None),
            (State::Nobody { .. }, None) => (None, Some(Guidance::ComeCloser)),
            (State::Close { samples, .. }, None) => {
                let far = samples.back().is_some_and(|sample| sample.skin.get() < SKIN_MIN);
                (None, Some(if far { Guidance::ComeCloser } else { Guidance::HoldStill }))
            }
        };
        running.or_else(|| {
            Some(match reason? {
                NotMeasured::NoReading(_) => Guidance::AskAttendant,
                NotMeasured::SensorNotReady => Guidance::WarmingUp,
                NotMeasured::NobodyThere => Guidance::ComeCloser,
                NotMeasured::TooCold => Guidance::WaitInside,
                NotMeasured::Unsteady => Guidance::HoldStill,
                NotMeasured::NotSkin => Guidance::AskAttendant,
            })
        })
    }

    fn trouble(
        &mut self,
        now: Mono,
        why: NotMeasured,
        reading: Option<&ThermalReading>,
    ) -> Option<Screening> {
        let since = self.trouble.map_or(now, |(_, since)| since);
        self.trouble = Some((why, since));
        if let State::Close { samples, .. } = &mut self.state {
            // What was gathered before the fault is no evidence after it.
            samples.clear();
        }
        let mut screening = self.expire(now)?;
        screening.die = reading.map(|reading| self.settings.die(reading));
        Some(screening)
    }

    fn good(&mut self, now: Mono, sample: Sample) -> Option<Screening> {
        let background = self.background.get_or_insert(Background { level: sample.skin, at: now });
        let there = sample.skin - background.level >= STEP;
        match &mut self.state {
            State::Idle => {
                background.follow(now, sample.skin);
                return None;
            }
            State::Nobody { since } if there => {
                let samples = VecDeque::from([sample]);
                self.state = State::Close { since: *since, close: now, samples };
            }
            State::Nobody { .. } => background.fall(now, sample.skin),
            State::Close { samples, .. } if there => {
                samples.push_back(sample);
                while samples.len() > SAMPLES_MAX {
                    samples.pop_front();
                }
            }
            State::Close { since, .. } => {
                background.fall(now, sample.skin);
                self.state = State::Nobody { since: *since };
            }
        }
        if let State::Close { samples, .. } = &self.state
            && let Some(screening) = judge(&self.settings, samples)
        {
            return self.end(screening);
        }
        self.expire(now)
    }

    fn give_up(&mut self, reason: NotMeasured) -> Option<Screening> {
        let nothing = Screening {
            zone: Err(reason),
            skin: None,
            compared: None,
            die: None,
            raw_object: None,
            samples: 0,
        };
        self.end(nothing)
    }

    fn end(&mut self, screening: Screening) -> Option<Screening> {
        self.state = State::Idle;
        self.trouble = None;
        self.last = screening.zone.err();
        Some(screening)
    }
}

impl Background {
    /// Falls at once, rises slowly.
    fn follow(&mut self, now: Mono, seen: CentiCelsius) {
        let passed = i64::try_from(now.since(self.at).as_millis()).unwrap_or(i64::MAX).min(60_000);
        let rise = i32::try_from(RISE_PER_MINUTE * passed / 60_000).unwrap_or(0);
        if seen <= self.level {
            *self = Self { level: seen, at: now };
        } else if rise > 0 {
            let level = CentiCelsius::new((self.level.get() + rise).min(seen.get())).unwrap_or(seen);
            *self = Self { level, at: now };
        }
    }

    fn fall(&mut self, now: Mono, seen: CentiCelsius) {
        if seen < self.level {
            self.level = seen;
        }
        self.at = now;
    }
}

/// The screening that `samples` support, or none while they are too few or unsteady, or the subject is too far away.
fn judge(settings: &Settings, samples: &VecDeque<Sample>) -> Option<Screening> {
    if samples.len() < SAMPLES_MIN || !steady(samples) {
        return None;
    }
    let mut hottest_first: Vec<Sample> = samples.iter().copied().collect();
    hottest_first.sort_by_key(|sample| std::cmp::Reverse(sample.skin));
    let top = &hottest_first[..hottest_first.len().div_ceil(3)];
    let chosen = top[top.len() / 2];
    if chosen.skin.get() < SKIN_MIN {
        return None;
    }
    let compared = settings.compared(chosen.skin, &chosen.reading);
    let zone = if chosen.skin < settings.cold {
        Err(NotMeasured::TooCold)
    } else if chosen.skin > settings.hot {
        Err(NotMeasured::NotSkin)
    } else {
        Ok(settings.zone(compared))
    };
    Some(Screening {
        zone,
        skin: Some(chosen.skin),
        compared: zone.is_ok().then_some(compared),
        die: Some(settings.die(&chosen.reading)),
        raw_object: chosen.reading.raw.as_slice().first().copied(),
        samples: u8::try_from(samples.len()).unwrap_or(u8::MAX),
    })
}

fn steady(samples: &VecDeque<Sample>) -> bool {
    let skins: Vec<i32> = samples.iter().map(|sample| sample.skin.get()).collect();
    let latest = &skins[skins.len().saturating_sub(SAMPLES_MIN)..];
    let range = latest.iter().max().zip(latest.iter().min()).map(|(high, low)| high - low);
    let middle = median(skins.clone());
    let deviation = median(skins.iter().map(|skin| (skin - middle).abs()).collect());
    range.is_some_and(|range| range <= RANGE_MAX) && deviation <= DEVIATION_MAX
}

/// The middle value; of two the higher.
fn median(mut values: Vec<i32>) -> i32 {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests;
