//! What stands before a simulated array: people with hair, clothes and what they wear, cups and lamps, wind.
//!
//! Places are in pixels of a 32 × 24 array from its top left, also for smaller ones. Temperatures are as an array sees
//! them, in °C. Each pixel is the mean of 16 places in it. Figures of faces are our own round ones after the published
//! maps: corners of the eyes warmest, forehead next, cheeks a little and the nose much colder.

use crate::base::{CentiCelsius, Random};
use crate::model::ThermalFrame;
use crate::model::thermal_frame::hundredths;

/// What somebody wears, or does, that changes what is seen of their face.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worn {
    /// Glasses: a bar nearly as cold as the room, across the eyes.
    Glasses,
    /// A mask over mouth and nose, warmed by breath.
    Mask,
    /// A cap down to the brows, with the hair under it.
    Hat,
    /// Hair over the forehead, down to the brows.
    Fringe,
    /// A hood that leaves the face from the brows down, and the neck.
    Hood,
    /// No hair at all.
    Bald,
    /// Breath that is as warm as the body, before the mouth.
    Breath,
}

/// Somebody. What they look like follows from few numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    /// Middle of the face, to the right.
    pub x: f64,
    /// Middle of the face, down.
    pub y: f64,
    /// Width of the face, in pixels.
    pub width: f64,
    /// Temperature of the forehead in °C.
    pub skin: f64,
    /// What they wear.
    pub worn: Vec<Worn>,
    /// How much colder the right cheek is than the left one, in °C: wind from there.
    pub wind: f64,
}

impl Person {
    /// Somebody in the middle of the picture, 0.7 m from a field of 55°, with a forehead of `skin` °C.
    pub fn new(skin: f64) -> Self {
        Self { x: 15.5, y: 10.5, width: 8.0, skin, worn: Vec::new(), wind: 0.0 }
    }

    /// The same at another place.
    pub fn at(self, x: f64, y: f64) -> Self {
        Self { x, y, ..self }
    }

    /// The same with a face that is `width` pixels wide.
    pub fn wide(self, width: f64) -> Self {
        Self { width, ..self }
    }

    /// The same, wearing this as well.
    pub fn wearing(mut self, worn: Worn) -> Self {
        self.worn.push(worn);
        self
    }
}

/// Something round: a cup of tea, a lamp, a hand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thing {
    /// Its middle, to the right.
    pub x: f64,
    /// Its middle, down.
    pub y: f64,
    /// Its width in pixels.
    pub width: f64,
    /// Its height in pixels.
    pub height: f64,
    /// Its temperature in °C.
    pub celsius: f64,
}

/// What an array sees.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// What is behind everything, in °C.
    pub background: f64,
    /// People, whoever is farther away first.
    pub people: Vec<Person>,
    /// Things, before all people.
    pub things: Vec<Thing>,
}

impl Scene {
    /// A room at `background` °C.
    pub fn empty(background: f64) -> Self {
        Self { background, people: Vec::new(), things: Vec::new() }
    }

    /// The same with somebody more, before the others.
    pub fn with(mut self, person: Person) -> Self {
        self.people.push(person);
        self
    }

    /// The same with a thing more.
    pub fn and(mut self, thing: Thing) -> Self {
        self.things.push(thing);
        self
    }

    /// The temperature of every pixel of an array of `width` × `height`, in °C.
    pub fn pixels(&self, width: u8, height: u8) -> Vec<f64> {
        let step = 32.0 / f64::from(width);
        let pixel = |x: u8, y: u8| {
            let places = (0..16_u8).map(|place| {
                let (dx, dy) = (f64::from(place % 4) + 0.5, f64::from(place / 4) + 0.5);
                self.at((f64::from(x) + dx / 4.0) * step, (f64::from(y) + dy / 4.0) * step)
            });
            places.sum::<f64>() / 16.0
        };
        (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| pixel(x, y)).collect()
    }

    /// A frame of it with noise of `noise` °C rms, as an array of `width` × `height` whose own temperature is that of the
    /// background.
    pub fn frame(&self, width: u8, height: u8, noise: f64, random: &mut Random) -> Option<ThermalFrame> {
        let die = CentiCelsius::from_degrees(self.background)?;
        let noisy = self
            .pixels(width, height)
            .into_iter()
            .map(|celsius| hundredths(celsius + random.normal() * noise));
        ThermalFrame::new(width, height, noisy.collect::<Vec<_>>(), die, 3_300)
    }

    fn at(&self, x: f64, y: f64) -> f64 {
        let thing = self
            .things
            .iter()
            .rev()
            .find(|thing| is_within(x - thing.x, y - thing.y, thing.width, thing.height));
        if let Some(thing) = thing {
            return thing.celsius;
        }
        let seen = |person: &Person| person.at_place(x, y, self.background);
        self.people.iter().rev().find_map(seen).unwrap_or(self.background)
    }
}

impl Person {
    /// Their temperature at a place, in a room at `room` °C; `None` where they are not.
    fn at_place(&self, x: f64, y: f64, room: f64) -> Option<f64> {
        // In widths of the face, from its middle.
        let (dx, dy) = ((x - self.x) / self.width, (y - self.y) / self.width);
        let wears = |worn| self.worn.contains(&worn);
        let share = |warm: f64, share: f64| room + (warm - room) * share;
        let face = is_within(dx, dy, 1.0, 1.36);
        let skull = is_within(dx, dy + 0.12, 1.16, 1.50);
        if wears(Worn::Hood) && dy < 0.9 && !is_within(dx, dy - 0.40, 0.8, 1.10) {
            return is_within(dx, dy, 1.3, 1.8).then(|| share(self.skin, 0.3));
        }
        if face && dy < -0.16 && (wears(Worn::Hat) || wears(Worn::Fringe)) {
            return Some(share(self.skin, 0.3));
        }
        if face {
            return Some(self.face(dx, dy, room));
        }
        if skull && dy < 0.1 && !wears(Worn::Bald) {
            return Some(share(self.skin, 0.3));
        }
        if dx.abs() < 0.28 && (0.0..0.95).contains(&dy) {
            return Some(self.skin - 0.8);
        }
        // Shoulders, in clothes.
        let clothes = is_within(dx, dy - 1.9, 2.8, 2.0) || (dx.abs() < 1.4 && dy > 1.9);
        clothes.then(|| share(self.skin, 0.25))
    }

    fn face(&self, dx: f64, dy: f64, room: f64) -> f64 {
        let wears = |worn| self.worn.contains(&worn);
        let eyes = (-0.14..0.06).contains(&dy);
        if wears(Worn::Glasses) && eyes && dx.abs() < 0.46 {
            return room + (self.skin - room) * 0.25;
        }
        let mouth = is_within(dx, dy - 0.40, 0.6, 0.4);
        if wears(Worn::Breath) && mouth {
            return self.skin + 1.5;
        }
        if wears(Worn::Mask) && dy > 0.08 {
            return room + (self.skin - room) * 0.7;
        }
        let corner = is_within(dx.abs() - 0.16, dy + 0.03, 0.12, 0.12);
        let nose = is_within(dx, dy - 0.16, 0.2, 0.3);
        let place = match (corner, nose, dy < -0.14) {
            (true, ..) => 0.4,
            (_, true, _) => -3.0,
            (_, _, true) => 0.0,
            _ => -0.7,
        };
        self.skin + place - self.wind * (dx + 0.5).clamp(0.0, 1.0)
    }
}

/// Whether a place that is so far from the middle is in an ellipse of this width and height.
fn is_within(dx: f64, dy: f64, width: f64, height: f64) -> bool {
    let (dx, dy) = (2.0 * dx / width, 2.0 * dy / height);
    dx * dx + dy * dy < 1.0
}
