//! Who is before the sensor, and what it sees without anybody.

use super::gather::{Gathered, Sample};
use super::{Resting, Screener, State, Unseen, decide};
use crate::base::{CentiCelsius, Mono};
use crate::model::trace::{Basis, Head, SensorTrust};
use crate::model::{NotMeasured, Screening, ThermalReading};
use crate::thermometry::array::NoFace;
use crate::thermometry::drift::Suspect;
use crate::thermometry::settings::{Fitted, Surroundings};

/// Without a distance sensor, somebody is there when skin temperature is this far above the background.
const STEP: i32 = 200;
/// How fast the background may rise; it falls at once. Nobody who stands there becomes background soon.
const RISE_PER_MINUTE: i64 = 100;

/// What the sensor sees without anybody.
#[derive(Clone, Copy, Debug)]
pub(super) struct Background {
    level: CentiCelsius,
    at: Mono,
}

/// Where somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum There {
    Yes,
    No,
    TooClose,
}

impl Screener {
    /// Takes a sample of a spot sensor.
    pub(super) fn spot(&mut self, now: Mono, reading: ThermalReading) -> Option<Screening> {
        let head = self.head(now).unwrap_or(self.settings.head);
        let surroundings = self.surroundings(now, self.die_of(&reading, &head));
        let skin = decide::skin(&head, &reading, surroundings);
        let there = self.there(now, skin);
        // Without anybody, a spot sensor sees its reference. While somebody is awaited they may be on their way already, and
        // fill a part of the field from further off than reach.
        if there == There::No && matches!(self.state, State::Idle) {
            self.compare(now, &reading);
        } else {
            self.trust(now);
        }
        self.follow(now, skin, there);
        if let Some(why) = self.forbidden(now, &reading) {
            return self.trouble(now, why, Some(&reading));
        }
        self.trouble = None;
        let distance = self.around.distance(now);
        match there {
            There::Yes => self.close(now, Sample { reading, skin, distance }),
            There::No => self.nobody(now, None),
            There::TooClose => self.nobody(now, Some(NotMeasured::TooClose)),
        }
    }

    /// Takes what an array saw.
    pub(super) fn face(&mut self, now: Mono, face: Result<ThermalReading, Unseen>) -> Option<Screening> {
        let reading = match face {
            Ok(reading) => reading,
            Err(Unseen::NoPicture(reason)) => {
                return self.trouble(now, NotMeasured::NoReading(reason), None);
            }
            Err(why) => {
                self.trouble = None;
                return self.nobody(now, why.why());
            }
        };
        if let Some(why) = self.forbidden(now, &reading) {
            return self.trouble(now, why, Some(&reading));
        }
        self.trouble = None;
        let head = self.head(now).unwrap_or(self.settings.head);
        let skin = decide::skin(&head, &reading, self.surroundings(now, self.die_of(&reading, &head)));
        self.close(now, Sample { reading, skin, distance: self.around.distance(now) })
    }

    /// The head with the supply of `now`; none where that is measured and not known.
    pub(super) fn head(&self, now: Mono) -> Option<Head> {
        match self.settings.supply {
            Fitted::No => Some(self.settings.head),
            Fitted::Yes => self.around.supply(now).map(|supply_mv| Head { supply_mv, ..self.settings.head }),
        }
    }

    /// What a decision at `now` rests on, but for its samples.
    pub(super) fn basis(&self, now: Mono, head: Head) -> Basis {
        let die = match &self.state {
            State::Close { gathered, .. } => gathered.die(|reading| decide::die(&head, reading)),
            State::Idle | State::Nobody { .. } => None,
        };
        let reference = match self.standing(now) {
            Some(super::Standing::Compared(error)) => Some(error),
            Some(super::Standing::NotYet | super::Standing::Overdue) | None => None,
        };
        Basis {
            samples: Vec::new(),
            site: self.place(),
            rule: self.settings.rule,
            head,
            surroundings: self.surroundings(now, die.unwrap_or(CentiCelsius::ABSOLUTE_ZERO)),
            surroundings_from: self.settings.surroundings.from(),
            distance_mm: None,
            outdoor: self.around.outdoor(now),
            earlier: self.earlier(now),
            drift: self.drift.correction(),
            reference,
            sensor: match self.drift.suspect() {
                Some(Suspect::ReadsLow) => SensorTrust::ReadsLow,
                Some(Suspect::ReadsHigh) | None => SensorTrust::Trusted,
            },
        }
    }

    /// Somebody is within reach.
    fn close(&mut self, now: Mono, sample: Sample) -> Option<Screening> {
        self.resting = if now < self.fresh_from { Resting::Yes } else { Resting::No };
        match &mut self.state {
            State::Idle => return None,
            State::Nobody { .. } | State::Close { .. } if self.resting == Resting::Yes => {}
            State::Nobody { since, .. } => {
                let mut gathered = Gathered::default();
                gathered.push(sample);
                self.state = State::Close { since: *since, close: now, gathered };
            }
            State::Close { gathered, .. } => gathered.push(sample),
        }
        self.settle(now)
    }

    /// Nobody is within reach, or not as they should be.
    fn nobody(&mut self, now: Mono, why: Option<NotMeasured>) -> Option<Screening> {
        match self.state {
            State::Idle => return None,
            State::Nobody { since, .. } | State::Close { since, .. } => {
                self.state = State::Nobody { since, why };
            }
        }
        self.expire(now)
    }

    fn there(&mut self, now: Mono, skin: CentiCelsius) -> There {
        let background = self.background.get_or_insert(Background { level: skin, at: now });
        match self.settings.distance {
            None if skin - background.level >= STEP => There::Yes,
            None => There::No,
            Some(reach) => match self.around.distance(now) {
                Some(distance) if distance < reach.near => There::TooClose,
                Some(distance) if distance <= reach.far => There::Yes,
                Some(_) | None => There::No,
            },
        }
    }

    /// Compares the sensor with its reference, of which it gave this reading.
    pub(super) fn compare(&mut self, now: Mono, reading: &ThermalReading) {
        if let (Some(plate), Some(settings)) = (self.around.plate(now), self.settings.plate) {
            let head =
                Head { emissivity: settings.emissivity, ..self.head(now).unwrap_or(self.settings.head) };
            let surroundings = self.surroundings(now, self.die_of(reading, &head));
            let seen = decide::skin(&head, reading, surroundings);
            if let Some(reference) = &mut self.reference {
                reference.compare(now, seen, plate);
            }
        }
        self.trust(now);
    }

    fn follow(&mut self, now: Mono, skin: CentiCelsius, there: There) {
        let Some(background) = &mut self.background else { return };
        match (&self.state, there) {
            (State::Idle, _) => background.follow(now, skin),
            (State::Nobody { .. } | State::Close { .. }, There::No) => background.fall(now, skin),
            (State::Nobody { .. } | State::Close { .. }, There::Yes | There::TooClose) => {}
        }
    }

    fn surroundings(&self, now: Mono, die: CentiCelsius) -> CentiCelsius {
        match self.settings.surroundings {
            Surroundings::Die => die,
            Surroundings::Known(known) => known,
            Surroundings::Thermometer => self.around.air(now).unwrap_or(die),
        }
    }

    fn die_of(&self, reading: &ThermalReading, head: &Head) -> CentiCelsius {
        decide::die(head, reading)
    }
}

impl Unseen {
    /// Why somebody in an array's picture is not measured; none when nobody is there.
    pub fn why(self) -> Option<NotMeasured> {
        Some(match self {
            Self::NoFace(NoFace::Nobody) => return None,
            Self::NoFace(NoFace::TooFar) => NotMeasured::NobodyThere,
            Self::NoFace(NoFace::Cut) => NotMeasured::TooClose,
            Self::NoFace(NoFace::Several) => NotMeasured::Several,
            Self::NoFace(NoFace::Covered) => NotMeasured::Covered,
            Self::NoFace(NoFace::Hot) => NotMeasured::NotSkin,
            Self::NoFace(NoFace::Cold) => NotMeasured::TooCold,
            Self::NoFace(NoFace::WarmBackground) => NotMeasured::Surroundings,
            Self::NoFace(NoFace::Noisy) => NotMeasured::Unsteady,
            Self::NoPicture(reason) => NotMeasured::NoReading(reason),
        })
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
