//! A kiosk with a simulated sensor and the shipped screener, to which people come one after another.

use std::collections::VecDeque;
use std::time::Duration;

use crate::base::{CentiCelsius, Mono, NoReading, Random};
use crate::model::trace::SAMPLES_MAX;
use crate::model::{Beside, BodySite, Guidance, Screening, ScreeningRule, ThermalReading};
use crate::sim::clock::SimClock;
use crate::thermometry::array::NoFace;
use crate::thermometry::settings::Fitted;
use crate::thermometry::{Screener, Sense, Settings, Unseen, Whose, radiometry};

use super::envelope::Truth;
use super::eye::{Eye, Way};
use super::person::Person;
use super::place::Place;
use super::posture::{Posture, View, Warmth};
use super::visit::Reading;
use super::{Looks, Outfit};

/// Emissivity of plate and walls.
const PLATE: f64 = 0.95;
/// How long somebody stands wrongly before they do what the screen says.
const OBEYS_AFTER: Duration = Duration::from_millis(1_500);
/// An array sees a face up to here, in mm. Ours.
const ARRAY_FAR: f64 = 400.0;
/// Samples between two people: enough to compare with the plate.
const IDLE: u32 = 10;

/// A lane in some place.
#[derive(Debug)]
pub struct Lane {
    pub(super) outfit: Outfit,
    pub(super) place: Place,
    pub(super) clock: SimClock,
    pub(super) random: Random,
    screener: Screener,
    eye: Eye,
    /// What is before the sensor now.
    view: Option<(View, Person, f64)>,
    seen: VecDeque<(CentiCelsius, Truth)>,
    last: CentiCelsius,
}

/// Whoever is before the sensor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject {
    pub person: Person,
    pub posture: Posture,
    /// When they came in, in seconds of the lane's clock, and when they came to the sensor.
    pub entered: f64,
    pub came: f64,
    pub site: BodySite,
    pub second: bool,
}

impl Lane {
    /// A lane of some `outfit` in some place, as `seed` has it.
    pub fn new(seed: u64, outfit: Outfit, settings: Settings, way: Way) -> Self {
        let mut random = Random::new(seed);
        let place = Place::new(&mut random.fork("place"));
        Self::at(place, random, outfit, settings, way)
    }

    /// A lane at `place`.
    pub fn at(place: Place, mut random: Random, outfit: Outfit, settings: Settings, way: Way) -> Self {
        let clock = SimClock::new(Mono::ZERO);
        let mut eye = Eye::new(way, outfit.part, &clock, random.fork("eye"));
        eye.supply(place.supply_mv);
        let screener = Screener::new(settings, clock.now());
        let (view, seen, last) = (None, VecDeque::new(), CentiCelsius::ABSOLUTE_ZERO);
        let mut lane = Self { outfit, place, clock, random, screener, eye, view, seen, last };
        lane.look(None);
        // One in ten was switched on just now.
        let hours = if lane.random.chance(0.1) { 0 } else { 8 };
        for _ in 0..hours * 4 {
            lane.clock.advance(Duration::from_secs(900));
            lane.look(None);
        }
        lane.idle();
        lane
    }

    /// What it goes by.
    pub fn rule(&self) -> &ScreeningRule {
        &self.screener.settings().rule
    }

    /// Where it is.
    pub fn place(&self) -> &Place {
        &self.place
    }

    pub(super) fn seconds(&self) -> f64 {
        self.clock.now().since(Mono::ZERO).as_secs_f64()
    }

    /// Nobody is there for a while.
    pub(super) fn idle(&mut self) {
        self.look(None);
        for _ in 0..IDLE {
            self.sample(None);
        }
    }

    /// What the sensor read last, of whatever it was.
    pub(super) fn last(&self) -> CentiCelsius {
        self.last
    }

    /// Screens whoever is there once, to its end.
    pub(super) fn screen(&mut self, subject: &mut Subject, whose: Whose) -> Reading {
        self.seen.clear();
        self.screener.begin(self.clock.now(), whose);
        self.look(Some(subject));
        let mut wrong_since = self.clock.now();
        loop {
            if let Some(screening) = self.sample(Some(subject)) {
                return self.graded(&screening);
            }
            let now = self.clock.now();
            match self.screener.guidance() {
                Some(Guidance::ComeCloser | Guidance::StepBack) if now.since(wrong_since) > OBEYS_AFTER => {
                    subject.posture.step(&mut self.random, &self.outfit);
                    wrong_since = now;
                }
                Some(Guidance::ComeCloser | Guidance::StepBack) => {}
                Some(_) | None => wrong_since = now,
            }
        }
    }

    /// The next sample, and what is before the sensor after it.
    fn sample(&mut self, subject: Option<&Subject>) -> Option<Screening> {
        self.clock.set(self.eye.due());
        let now = self.clock.now();
        self.beside(now);
        let sample = self.eye.poll();
        if let Some(Ok(reading)) = sample {
            self.last = reading.object;
            if let Some((view, person, since)) = self.view {
                let die = reading.die.degrees() - radiometry::supply_error(self.place.supply_mv);
                let truth = Truth {
                    view,
                    die,
                    air: self.place.air,
                    supply_mv: self.place.supply_mv,
                    error: self.place.error,
                    rise: person.rise(since),
                    sweat: person.sweat(since),
                };
                if self.seen.len() == SAMPLES_MAX {
                    self.seen.pop_front();
                }
                self.seen.push_back((reading.object, truth));
            }
        }
        if let (Looks::Array, Fitted::Yes, None, Some(Ok(plate))) =
            (self.outfit.looks, self.outfit.plate, &self.view, sample)
        {
            self.screener.sense(now, Sense::Plate(plate));
        }
        let ended = sample.and_then(|sample| self.screener.sense(now, self.sensed(sample)));
        let ended = ended.or_else(|| self.screener.expire(now));
        self.look(subject);
        ended
    }

    /// `sample` as a spot sensor gives it, or as a face in an array's picture.
    fn sensed(&self, sample: Result<ThermalReading, NoReading>) -> Sense {
        match (self.outfit.looks, &self.view) {
            (Looks::Spot, _) => Sense::Spot(sample),
            (Looks::Array, None) => Sense::Face(Err(Unseen::NoFace(NoFace::Nobody))),
            (Looks::Array, Some((view, ..))) if view.distance > ARRAY_FAR => {
                Sense::Face(Err(Unseen::NoFace(NoFace::TooFar)))
            }
            (Looks::Array, Some(_)) => Sense::Face(sample.map_err(Unseen::NoPicture)),
        }
    }

    /// What the sensors beside it say.
    fn beside(&mut self, now: Mono) {
        let centi = |degrees: f64| CentiCelsius::from_degrees(degrees).unwrap_or(CentiCelsius::ABSOLUTE_ZERO);
        let (place, outfit) = (&self.place, &self.outfit);
        let [air, outdoor, plate] = place.errors;
        let supply_mv = u16::try_from(place.supply_mv).unwrap_or(u16::MAX);
        let said = [
            (outfit.air, Beside::Air(Ok(centi(place.air + air)))),
            (outfit.outdoor, Beside::Outdoor(Ok(centi(place.outdoor + outdoor)))),
            (outfit.plate, Beside::Plate(Ok(centi(place.plate() + plate)))),
            (outfit.supply, Beside::Supply(Ok(supply_mv))),
        ];
        for (_, said) in said.into_iter().filter(|(fitted, _)| *fitted == Fitted::Yes) {
            self.screener.sense(now, Sense::Beside(said));
        }
        if outfit.distance.is_some() {
            let true_mm = self.view.map_or(f64::INFINITY, |(view, ..)| view.distance);
            let mm = true_mm + place.distance_error + self.random.normal().clamp(-3.0, 3.0) * 1.5;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "clamped just before"
            )]
            let mm = if mm > 1_200.0 { u16::MAX } else { mm.round().clamp(0.0, 1_200.0) as u16 };
            self.screener.sense(now, Sense::Beside(Beside::Distance(Ok(mm))));
        }
    }

    /// Puts `subject` before the sensor, as they are in the middle of the time until the next sample.
    fn look(&mut self, subject: Option<&Subject>) {
        let place = &self.place;
        let behind = match self.outfit.plate {
            Fitted::Yes => radiometry::seen(place.plate(), place.effective(), PLATE),
            Fitted::No => place.walls,
        };
        let at = self.seconds() + self.eye.pace().as_secs_f64() / 2.0;
        self.view = subject.map(|subject| {
            let since = at - subject.entered;
            let skin = subject.person.skin(subject.site, subject.second, since, place.effective());
            let warm = Warmth { skin, air: place.air, around: place.walls, behind };
            let mut view = subject.posture.view(at - subject.came, self.outfit.field, &warm);
            if self.outfit.looks == Looks::Array {
                // The warmest place of a face is bare wherever hair and glasses leave one.
                view = View {
                    seen: radiometry::seen(skin, place.walls, 0.98),
                    background: 0.0,
                    hair: 0.0,
                    glasses: 0.0,
                    ..view
                };
            }
            (view, subject.person, since)
        });
        let seen = self.view.map_or(behind, |(view, ..)| view.seen);
        self.eye.look(seen + place.error, place.box_air);
    }

    /// `screening` with whether the sample that it is of was taken within the envelope.
    fn graded(&self, screening: &Screening) -> Reading {
        let decisive = screening.trace.as_ref().and_then(|trace| {
            let mut objects: Vec<_> = trace.basis.samples.iter().map(|sample| sample.object).collect();
            objects.sort_by(|one, other| other.cmp(one));
            let object = *objects.get(objects.len().div_ceil(3) / 2)?;
            Some((object, objects.len(), trace.decision.raised))
        });
        let [low, high] = self.rule().surroundings.map(CentiCelsius::degrees);
        let outside = decisive.and_then(|(object, samples, raised)| {
            let reach = self.outfit.distance;
            let raised = f64::from(raised) / 100.0;
            self.seen
                .iter()
                .rev()
                .take(samples)
                .filter(|(seen, _)| *seen == object)
                .filter_map(|(_, truth)| truth.outside(reach, [low, high], raised))
                .min()
        });
        let (zone, compared, skin) = (screening.zone, screening.compared, screening.skin);
        Reading { zone, compared, skin, outside, known: decisive.is_some() }
    }
}
