//! What would help whoever holds up a code, from what the fast lane saw in each frame.
//!
//! A frame by itself suggests one thing or nothing. What is shown has been suggested by most of the last frames, after nothing
//! was read for a while; it stays for a moment, so that it can be read, and goes at once with the code. It is advice for a
//! person's eyes: nothing is decided by it.
//!
//! ```text
//!                 suggested while nothing is read          no longer suggested, shown long enough
//!   nothing ──────────────────────────────────▶ a hint ──────────────────────────────▶ nothing
//!                                               │    ▲ another suggested for longer
//!                                               └────┘       a code was read: at once, from anywhere
//! ```

mod scene;
mod shape;
#[cfg(test)]
mod tests;

use std::time::Duration;

use super::fast::{Glance, LONG_SIDE_MAX};
use super::frame::{Frame, Point};
use super::symbols::Pattern;
use crate::base::Mono;
use crate::model::{CameraView, CodeHint, PictureLight};
use scene::Scene;
use shape::{Shape, distance, moved};

/// Nothing was read for so long although something is held up. Most codes are read sooner, and need no advice.
pub const UNREAD: Duration = Duration::from_millis(800);
/// Shorter than this a hint cannot be read.
pub const SHOWN: Duration = Duration::from_millis(1_000);
/// A hint is shown once it was suggested for so long, frames that suggest nothing counted off by half.
const SUGGESTED: Duration = Duration::from_millis(400);
/// Suggestions count up to this, so that what is over is over soon.
const SUGGESTED_MAX: Duration = Duration::from_millis(900);
/// Without any sign of a code for so long, nobody holds one up any more.
const LAPSE: Duration = Duration::from_millis(600);
/// Longest time that one frame stands for: a camera that stalls tells nothing of the time between.
const FRAME_MAX: Duration = Duration::from_millis(250);
/// A pattern that stays in its place for so long is part of the place, or advice did not help.
const FIXTURE: Duration = Duration::from_secs(8);
/// A fixture that was not seen for so long is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(1);
/// Most fixtures remembered.
const FIXTURES_MAX: usize = 24;
/// How long the light must be otherwise to count: a hand that passes by is no night.
const LIGHT_SETTLES: Duration = Duration::from_millis(300);

/// Modules smaller than this many pixels are lost among pixels: both lanes read little below it (design/vision.md).
const MODULE_MIN: f32 = 2.2;
/// A symbol whose patterns are nearer to each other than this part of the picture's shorter side is small.
const SIDE_MIN: f32 = 0.07;
/// A symbol that leaves the picture is too near only from this part of the shorter side on: else it is beside the picture.
const NEAR: f32 = 0.4;
/// Two patterns so far apart leave no room for the third.
const NEAR_PAIR: f32 = 0.62;
/// One pattern with modules of this part of the shorter side belongs to a symbol of nearly its height.
const NEAR_ONE: f32 = 0.03;
/// A picture is dark whose mean is lower than this and ...
const DARK_MEAN: f32 = 45.0;
/// ... in which 97 of 100 pixels are darker than this: a lit screen in the night is light enough.
const DARK_BRIGHT: u8 = 90;
/// It is light again only by so much more: light that comes and goes helps nobody.
const LIGHT_AGAIN: f32 = 1.35;
/// Greys between dark and light about a pattern: below this, noise takes modules away.
const CONTRAST_MIN: u8 = 60;
/// Around a screen that is too dark the picture is at least this light.
const BRIGHT_AROUND: f32 = 90.0;
/// Share of a symbol in one white piece beyond what its error correction makes good (level L: 7 %).
const SHINING: f32 = 0.04;
/// Share of the middle that turns white when a screen shines into the camera, beyond what is always white there.
const SHINING_MIDDLE: f32 = 0.12;
/// What is always white is learned in about this time.
const USUAL: Duration = Duration::from_secs(20);
/// Share of the whole picture that is white when there is too much light.
const WHITE_OUT: f32 = 0.30;
/// Modules a second: one module a frame at 15 frames a second blurs a quarter to a half of a module.
const FAST: f32 = 14.0;

/// Says what would help, frame by frame.
#[derive(Debug, Default)]
pub struct Guide {
    last: Option<Mono>,
    /// Since when something is held up that is not read, and when it was seen last.
    unread: Option<(Mono, Mono)>,
    /// For how long each hint was suggested, by its place in [`CodeHint::ALL`].
    suggested: [Duration; CodeHint::ALL.len()],
    shown: Option<(CodeHint, Mono)>,
    before: Vec<Pattern>,
    seen: Vec<Pattern>,
    fixtures: Vec<Fixture>,
    light: PictureLight,
    /// Another light, and since when.
    other_light: Option<(PictureLight, Mono)>,
    usual_white: Option<f32>,
}

/// A pattern that stays in its place.
#[derive(Debug)]
struct Fixture {
    at: Point,
    since: Mono,
    seen: Mono,
}

impl Guide {
    /// Takes a frame and what was seen in it. A few tens of microseconds; no memory is taken while nothing is in view.
    pub fn see(&mut self, frame: &Frame, glance: &Glance) -> CameraView {
        let now = frame.at;
        let span = self.last.map_or(Duration::ZERO, |last| now.since(last)).min(FRAME_MAX);
        self.last = Some(now);
        let scene = Scene::of(frame);
        self.leave_fixtures_out(now, &glance.patterns);
        let shape = Shape::of(&self.seen);
        let suggestion = self.suggestion(frame, &scene, &shape, span);
        let shines = suggestion == Some(CodeHint::Glare) || scene.white >= WHITE_OUT;
        self.settle_light(now, light(&scene, shines, self.light));
        std::mem::swap(&mut self.before, &mut self.seen);
        if glance.codes.is_empty() {
            self.weigh(now, span, suggestion, &shape);
        } else {
            self.read();
        }
        self.view()
    }

    /// A code was read: nothing needs to be said.
    pub fn read(&mut self) {
        self.unread = None;
        self.shown = None;
        self.suggested = Default::default();
    }

    /// What is said now.
    pub fn view(&self) -> CameraView {
        CameraView { hint: self.shown.map(|(hint, _)| hint), light: self.light }
    }

    /// What this frame by itself suggests: the first reason that would keep any code from being read.
    fn suggestion(
        &mut self,
        frame: &Frame,
        scene: &Scene,
        shape: &Shape,
        span: Duration,
    ) -> Option<CodeHint> {
        let usual = *self.usual_white.get_or_insert(scene.middle_white);
        let learned = (span.as_secs_f32() / USUAL.as_secs_f32()).min(1.0);
        self.usual_white = Some(usual + (scene.middle_white - usual) * learned);
        let greys = shape.greys(frame);
        let contrast = greys.map_or(0, |(light, dark)| light.saturating_sub(dark));
        let too_small = shape.module() < MODULE_MIN * reduced(frame)
            || shape.side() < SIDE_MIN * shorter(frame) && matches!(shape, Shape::Symbol(_));
        if is_dark(scene, 1.0) && contrast < CONTRAST_MIN {
            Some(CodeHint::TooDark)
        } else if is_too_near(frame, shape) {
            Some(CodeHint::HoldFurther)
        } else if shape.is_code() && too_small {
            Some(CodeHint::ComeCloser)
        } else if shape.shining(frame) >= SHINING {
            Some(CodeHint::Glare)
        } else if shape.is_code() && self.is_fast(shape, span) {
            Some(CodeHint::HoldStill)
        } else if greys.is_some_and(|greys| is_dim(scene, greys)) {
            Some(CodeHint::BrighterScreen)
        } else {
            let shines = !matches!(shape, Shape::Symbol(_)) && scene.middle_white >= usual + SHINING_MIDDLE;
            shines.then_some(CodeHint::Glare)
        }
    }

    fn is_fast(&self, shape: &Shape, span: Duration) -> bool {
        let moved = moved(shape.patterns(), &self.before).unwrap_or(0.0);
        !span.is_zero() && moved / span.as_secs_f32() >= FAST
    }

    /// Counts the frame's suggestion, and shows, changes or ends a hint by it.
    fn weigh(&mut self, now: Mono, span: Duration, suggestion: Option<CodeHint>, shape: &Shape) {
        if suggestion.is_some() || shape.is_code() {
            let since = self.unread.map_or(now, |(since, _)| since);
            self.unread = Some((since, now));
        }
        self.unread = self.unread.filter(|(_, seen)| now.since(*seen) < LAPSE);
        for (hint, suggested) in CodeHint::ALL.into_iter().zip(&mut self.suggested) {
            *suggested = match suggestion {
                Some(this) if this == hint => (*suggested + span).min(SUGGESTED_MAX),
                Some(_) => suggested.saturating_sub(span),
                None => suggested.saturating_sub(span / 2),
            };
        }
        let most = CodeHint::ALL.into_iter().max_by_key(|hint| self.weight(*hint));
        let most = most.map(|hint| (hint, self.weight(hint)));
        let due = self.unread.is_some_and(|(since, _)| now.since(since) >= UNREAD);
        match (self.shown, most) {
            (None, Some((hint, weight))) if due && weight >= SUGGESTED => self.shown = Some((hint, now)),
            (Some((_, since)), _) if now.since(since) < SHOWN => {}
            (Some((shown, _)), Some((hint, weight)))
                if weight >= SUGGESTED && weight > self.weight(shown) =>
            {
                self.shown = Some((hint, now));
            }
            (Some((shown, _)), _) if self.unread.is_none() || self.weight(shown).is_zero() => {
                self.shown = None;
            }
            (Some(_) | None, _) => {}
        }
    }

    fn weight(&self, hint: CodeHint) -> Duration {
        let weights = CodeHint::ALL.into_iter().zip(self.suggested);
        weights.filter(|(of, _)| *of == hint).map(|(_, weight)| weight).sum()
    }

    /// Keeps of `patterns` those that have not been in their place for long.
    fn leave_fixtures_out(&mut self, now: Mono, patterns: &[Pattern]) {
        self.seen.clear();
        self.fixtures.retain(|fixture| now.since(fixture.seen) < FORGOTTEN);
        for pattern in patterns {
            let room = self.fixtures.len() < FIXTURES_MAX;
            let near = (0.6 * pattern.module).max(1.5);
            match self.fixtures.iter_mut().find(|fixture| distance(fixture.at, pattern.at) <= near) {
                Some(fixture) => {
                    fixture.seen = now;
                    if now.since(fixture.since) >= FIXTURE {
                        continue;
                    }
                }
                None if room => {
                    self.fixtures.push(Fixture { at: pattern.at, since: now, seen: now });
                }
                None => {}
            }
            self.seen.push(*pattern);
        }
    }

    fn settle_light(&mut self, now: Mono, light: PictureLight) {
        if light == self.light {
            self.other_light = None;
            return;
        }
        let since = match self.other_light {
            Some((other, since)) if other == light => since,
            Some(_) | None => now,
        };
        self.other_light = Some((light, since));
        if self.light == PictureLight::Unknown || now.since(since) >= LIGHT_SETTLES {
            self.light = light;
            self.other_light = None;
        }
    }
}

fn light(scene: &Scene, shines: bool, before: PictureLight) -> PictureLight {
    let margin = if before == PictureLight::Dark { LIGHT_AGAIN } else { 1.0 };
    if shines {
        PictureLight::Glare
    } else if is_dark(scene, margin) {
        PictureLight::Dark
    } else {
        PictureLight::Good
    }
}

/// Whether a picture is darker than so many times what counts as dark.
fn is_dark(scene: &Scene, margin: f32) -> bool {
    scene.mean < DARK_MEAN * margin && f32::from(scene.bright) < f32::from(DARK_BRIGHT) * margin
}

/// A screen whose white is darker than what is around it, and hardly lighter than its black. Of such a one often a single pattern is
/// found, so that one is enough.
fn is_dim(scene: &Scene, (light, dark): (u8, u8)) -> bool {
    scene.mean >= BRIGHT_AROUND && f32::from(light) < scene.mean && light - dark < CONTRAST_MIN
}

/// Whether a symbol is so near that part of it lies outside the picture.
fn is_too_near(frame: &Frame, shape: &Shape) -> bool {
    let short = shorter(frame);
    match shape {
        Shape::Nothing => false,
        Shape::One(pattern) => pattern.module >= NEAR_ONE * short && !has_room(frame, pattern),
        Shape::Two(_) => shape.side() >= NEAR_PAIR * short,
        Shape::Symbol(_) => {
            let outside = |at: &Point| {
                let (width, height) = (size(frame.width()), size(frame.height()));
                at.x < 0.0 || at.y < 0.0 || at.x > width || at.y > height
            };
            let leaves = shape.corners().is_some_and(|corners| corners.iter().any(outside));
            leaves && shape.side() >= NEAR * short
        }
    }
}

/// Whether the smallest symbol fits into the picture from this corner of it, to either side and up or down.
fn has_room(frame: &Frame, pattern: &Pattern) -> bool {
    let needed = 17.5 * pattern.module;
    let fits = |at: f32, long: usize| at >= needed || size(long) - at >= needed;
    fits(pattern.at.x, frame.width()) && fits(pattern.at.y, frame.height())
}

/// By how much a frame is reduced before it is read.
fn reduced(frame: &Frame) -> f32 {
    let mut factor = 1;
    while frame.long_side() / factor > LONG_SIDE_MAX {
        factor *= 2;
    }
    size(factor)
}

fn shorter(frame: &Frame) -> f32 {
    size(frame.width().min(frame.height()))
}

fn size(value: usize) -> f32 {
    f32::from(u16::try_from(value).unwrap_or(u16::MAX))
}
