//! A person: body temperature, how skin follows it, and what weather did to the skin.

use crate::base::Random;
use crate::model::BodySite;

use super::place::Place;

/// Body temperature of the healthy, °C, and its standard deviation. Source: Protsiv et al. 2020, eLife 9:e49555, and FDA's data.
const HEALTHY: (f64, f64) = (36.6, 0.35);
/// Whoever has this or more is not healthy.
const FEVER_FROM: f64 = 37.5;
/// Body temperature of whoever is ill.
pub const ILL: f64 = 38.0;
/// Time constants of skin that warms up, in seconds, and the share of the fast one in what is missing at entry.
///
/// Fitted exactly to the means of Dzien et al. 2020 (33.17, 34.90, 35.77, 36.08 and 36.60 °C at 0, 1, 3, 5 and 60 min).
/// Their device showed a body's scale; taken as degrees of skin here, which is the worse case.
const FAST_S: f64 = 42.0;
const SLOW_S: f64 = 274.0;
const FAST_SHARE: f64 = 1.872 / 3.43;
/// What foreheads lack at entry, in °C, by the air outdoors in °C; linear between, and beyond the first.
///
/// Source: none at 15 to 20 °C (Appl Ergon 2022;98:103576), 0.28 at 8.5 °C (Bassi et al. 2021), 3.43 at −2.75 °C (Dzien et al. 2020).
const LACKS: [(f64, f64); 3] = [(-2.75, 3.43), (8.5, 0.28), (15.0, 0.0)];
/// Standard deviation between people of what is lacking, as a share of it: 1.45 of 3.43 °C (Dzien et al. 2020).
const LACKS_SPREAD: f64 = 0.4;
/// Standard deviation between people of the factor, as a share of it. Source: Beall et al. 2022, limits of its fits.
const FACTOR_SPREAD: f64 = 0.11;
/// Skin less surroundings in the FDA's rooms, °C, at which the published spreads between people hold the factor's as well.
const FITTED_AT: f64 = 12.0;
/// How much of a person's deviation at one place on the body is the same at another. Ours.
const ALIKE: f64 = 0.5;

/// A person and what they bring from outdoors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Person {
    /// Body temperature in °C.
    pub core: f64,
    /// Deviations at the policy's first place and at a second one, in standard deviations between people.
    deviates: [f64; 2],
    /// Factor for surroundings, as a multiple of the published one.
    factor: f64,
    /// Skin drawn tight while a fever rises, in °C. Ours.
    chill: f64,
    /// What the skin lacks at entry.
    lacks: f64,
    /// What sun added to it.
    sun: f64,
    /// What drying sweat takes from it.
    sweat: f64,
}

impl Person {
    /// Somebody who comes to `place`, ill with probability `ill`.
    pub fn new(random: &mut Random, place: &Place, ill: f64) -> Self {
        let ill = random.chance(ill);
        let core = if ill { ILL } else { healthy(random) };
        let first = random.normal();
        let second = ALIKE * first + (1.0 - ALIKE * ALIKE).sqrt() * random.normal();
        // Most walk; who comes by car was out for less. Ours.
        let out = if random.chance(0.2) { random.unit() } else { 1.0 };
        let spread = (1.0 + LACKS_SPREAD * random.normal()).max(0.0);
        // Sun and sweat: ours.
        let sunny = place.sunny && random.chance(0.5);
        let sweats = place.outdoor > 26.0 && random.chance(0.3);
        Self {
            core,
            deviates: [first, second],
            factor: place.factor + FACTOR_SPREAD * random.normal(),
            chill: if ill && random.chance(0.05) { 1.0 } else { 0.0 },
            lacks: out * spread * lacking(place.outdoor) * (0.8 + 0.1 * place.wind),
            sun: if sunny { 2.0 * random.unit() } else { 0.0 },
            sweat: if sweats { 0.8 * random.unit() } else { 0.0 },
        }
    }

    /// Whether they have a fever.
    pub fn is_ill(&self) -> bool {
        self.core >= FEVER_FROM
    }

    /// Skin temperature at `site`, `seconds` after entry, in surroundings of `effective` °C.
    ///
    /// Settled, `Tc = Ts + F·(Ts − Te) + b`, so that `Ts = (Tc − b + F·Te) / (1 + F)`. Source: Beall et al. 2022.
    pub fn skin(&self, site: BodySite, second: bool, seconds: f64, effective: f64) -> f64 {
        let factor = f64::from(site.factor()) / 1_000.0 * self.factor;
        let (spread, of_factor) = (
            f64::from(site.spread()) / 100.0,
            f64::from(site.factor()) / 1_000.0 * FACTOR_SPREAD * FITTED_AT,
        );
        let deviates = self.deviates[usize::from(second)] * (spread * spread - of_factor * of_factor).sqrt();
        let settled = (self.core - deviates + factor * effective) / (1.0 + factor);
        let fades = (-seconds / SLOW_S).exp();
        settled - self.chill - self.lacks(seconds) + (self.sun - self.sweat) * fades
    }

    /// What the skin lacks because of the cold outdoors, `seconds` after entry.
    pub fn lacks(&self, seconds: f64) -> f64 {
        self.lacks * (FAST_SHARE * (-seconds / FAST_S).exp() + (1.0 - FAST_SHARE) * (-seconds / SLOW_S).exp())
    }

    /// How much the skin has still to rise, `seconds` after entry, but for sweat: what the sun gave falls meanwhile.
    pub fn rise(&self, seconds: f64) -> f64 {
        self.lacks(seconds) - self.sun * (-seconds / SLOW_S).exp()
    }

    /// Whether the sun had shone on their forehead.
    pub fn from_the_sun(&self) -> bool {
        self.sun > 0.0
    }

    /// What drying sweat takes, `seconds` after entry.
    pub fn sweat(&self, seconds: f64) -> f64 {
        self.sweat * (-seconds / SLOW_S).exp()
    }
}

fn healthy(random: &mut Random) -> f64 {
    let (mean, deviation) = HEALTHY;
    (0..20).map(|_| mean + deviation * random.normal()).find(|core| *core < FEVER_FROM).unwrap_or(mean)
}

/// What foreheads lack on average at entry from `outdoor` °C.
fn lacking(outdoor: f64) -> f64 {
    let [cold, cool, mild] = LACKS;
    let line = |(x0, y0): (f64, f64), (x1, y1): (f64, f64)| y0 + (outdoor - x0) * (y1 - y0) / (x1 - x0);
    if outdoor < cool.0 { line(cold, cool) } else { line(cool, mild).max(0.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skin_from_the_cold_warms_up_as_was_measured() {
        // Dzien et al. 2020: n = 92, −5.5 to 0 °C outside, 36.60 after an hour.
        let mut random = Random::new(2020);
        let people: Vec<Person> = (0..4_000)
            .map(|_| {
                let outdoor = -5.5 + 5.5 * random.unit();
                let place = Place { outdoor, wind: 2.0, sunny: false, ..Place::PLAIN };
                Person::new(&mut random, &place, 0.0)
            })
            .collect();
        for (minute, mean) in [(0, 33.17), (1, 34.90), (3, 35.77), (5, 36.08)] {
            let seconds = f64::from(minute * 60);
            let lack: f64 = people.iter().map(|person| person.lacks(seconds)).sum::<f64>() / 4_000.0;
            // A fifth of ours come by car, which those of the study did not.
            let got = 36.60 - lack / 0.9;
            assert!((got - mean).abs() < 0.3, "{minute} min: {got}");
        }
    }

    #[test]
    fn the_healthy_are_healthy_and_the_ill_have_38() {
        let mut random = Random::new(1);
        let ill = (0..10_000).filter(|_| Person::new(&mut random, &Place::PLAIN, 0.05).is_ill()).count();
        assert!((400..600).contains(&ill), "{ill}");
    }

    #[test]
    fn skin_says_the_body_back_by_the_published_formula() {
        let person = Person {
            core: 38.0,
            deviates: [0.0, 0.0],
            factor: 1.0,
            chill: 0.0,
            lacks: 0.0,
            sun: 0.0,
            sweat: 0.0,
        };
        let skin = person.skin(BodySite::ForeheadCentre, false, 0.0, 20.0);
        assert!((skin + 0.2 * (skin - 20.0) - 38.0).abs() < 1e-9);
    }
}
