//! A light at the place where codes are held up: as bright as the picture needs it, and calm.
//!
//! ```text
//!            somebody is there, the picture is dark            something shines in the picture
//!   off ───▶ one step brighter, every half second ───▶ lit ───▶ one step darker
//!    ▲                                                  │
//!    └──────── nobody for a while, lit for its longest ─┘
//! ```
//! Whatever is between dark and shining leaves it as it is. It turns from darker to brighter seldom: whoever stands before it must not
//! think that it flickers, and a lamp that chases its own reflection helps nobody.

use std::time::Duration;

use super::lines::Output;
use super::pins::{AnyOutput, AnyPwm, PinError};
use crate::base::Mono;
use crate::model::{Level, PictureLight};

/// From one change to the next: a camera needs some frames to take the last one in.
const CHANGE_EVERY: Duration = Duration::from_millis(500);
/// Nobody was there for so long: it goes out.
const OFF_AFTER: Duration = Duration::from_secs(5);
/// After it was made darker it is not made brighter again for so long.
const CALM: Duration = Duration::from_secs(5);
/// Most times that it turns from brighter to darker within [`TURNS_WITHIN`]; then it stays dark.
const TURNS_MAX: u8 = 2;
/// Turns before this do not count any more.
const TURNS_WITHIN: Duration = Duration::from_secs(60);
/// How long it cools down after it was lit for its longest.
const REST: Duration = Duration::from_secs(60);
/// A pin that failed is tried again after this.
const RETRY: Duration = Duration::from_secs(1);

/// Parts of 100 of what it may give, for one that can be dimmed.
const DIMMED: &[u8] = &[0, 25, 50, 100];
/// The same for one that cannot.
const SWITCHED: &[u8] = &[0, 100];

/// How an illuminator is driven.
#[derive(Debug)]
pub enum Wire {
    /// On or off.
    Line(Output<AnyOutput>),
    /// In steps up to so many parts of 100.
    Pwm(AnyPwm, u8),
}

/// How bright the light is to be. Pure: pins are driven by [`Illuminator`].
#[derive(Clone, Debug)]
pub struct Rule {
    steps: &'static [u8],
    lit_max: Duration,
    step: usize,
    changed: Option<Mono>,
    /// Since when nobody is there.
    nobody: Option<Mono>,
    lit: Option<Mono>,
    rests_until: Option<Mono>,
    /// How often it has turned from brighter to darker, and when it did last.
    turns: Option<(u8, Mono)>,
    grew: Grew,
    needed: Level,
    light: PictureLight,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grew {
    Brighter,
    Darker,
}

impl Rule {
    /// A light that is off, of these brightnesses from off to full, lit for `lit_max` at a time.
    fn new(steps: &'static [u8], lit_max: Duration) -> Self {
        Self {
            steps,
            lit_max,
            step: 0,
            changed: None,
            nobody: Some(Mono::ZERO),
            lit: None,
            rests_until: None,
            turns: None,
            grew: Grew::Darker,
            needed: Level::Idle,
            light: PictureLight::Unknown,
        }
    }

    /// Takes whether somebody is there, and how light the picture is.
    pub fn tell(&mut self, now: Mono, needed: Level, light: PictureLight) {
        (self.needed, self.light) = (needed, light);
        self.nobody = match needed {
            Level::Active => None,
            Level::Idle => self.nobody.or(Some(now)),
        };
        self.expire(now);
    }

    /// Does what is due at `now`: at most one step.
    pub fn expire(&mut self, now: Mono) {
        self.rests_until = self.rests_until.filter(|until| now < *until);
        self.turns = self.turns.filter(|(_, last)| now.since(*last) < TURNS_WITHIN);
        if self.nobody.is_some_and(|since| since + OFF_AFTER <= now) {
            self.go_out(now);
        } else if self.lit.is_some_and(|since| since + self.lit_max <= now) {
            self.go_out(now);
            self.rests_until = Some(now + REST);
        } else if self.next().is_some_and(|at| at <= now) {
            match self.light {
                PictureLight::Dark => self.brighten(now),
                PictureLight::Glare => self.darken(now),
                PictureLight::Good | PictureLight::Unknown => {}
            }
        }
    }

    /// When [`expire`](Self::expire) must be called.
    pub fn due(&self) -> Option<Mono> {
        let off = self.nobody.filter(|_| self.step > 0).map(|since| since + OFF_AFTER);
        let lit = self.lit.map(|since| since + self.lit_max);
        [off, lit, self.next()].into_iter().flatten().min()
    }

    /// Parts of 100.
    pub fn percent(&self) -> u8 {
        self.steps[self.step]
    }

    /// Whether it gets brighter, now or in a moment.
    pub fn brightens(&self) -> Level {
        let brightens = self.light == PictureLight::Dark && self.next().is_some();
        if brightens { Level::Active } else { Level::Idle }
    }

    /// When the light next changes if the picture stays as it is.
    fn next(&self) -> Option<Mono> {
        let changed = self.changed.map_or(Mono::ZERO, |at| at + CHANGE_EVERY);
        match self.light {
            PictureLight::Dark if self.needed == Level::Active && self.step + 1 < self.steps.len() => {
                let calm = match self.turns {
                    Some((TURNS_MAX.., last)) => last + TURNS_WITHIN,
                    Some((_, last)) => last + CALM,
                    None => Mono::ZERO,
                };
                Some(changed.max(calm).max(self.rests_until.unwrap_or(Mono::ZERO)))
            }
            PictureLight::Glare if self.step > 0 => Some(changed),
            PictureLight::Dark | PictureLight::Glare | PictureLight::Good | PictureLight::Unknown => None,
        }
    }

    fn brighten(&mut self, now: Mono) {
        self.step += 1;
        self.lit = self.lit.or(Some(now));
        (self.changed, self.grew) = (Some(now), Grew::Brighter);
    }

    fn darken(&mut self, now: Mono) {
        if self.grew == Grew::Brighter {
            self.turns = Some((self.turns.map_or(1, |(turns, _)| turns.saturating_add(1)), now));
        }
        self.step -= 1;
        if self.step == 0 {
            self.lit = None;
        }
        (self.changed, self.grew) = (Some(now), Grew::Darker);
    }

    fn go_out(&mut self, now: Mono) {
        if self.step > 0 {
            (self.changed, self.grew) = (Some(now), Grew::Darker);
        }
        (self.step, self.lit) = (0, None);
    }
}

/// A light on its wire.
#[derive(Debug)]
pub struct Illuminator {
    wire: Wire,
    rule: Rule,
    /// What it was driven to last; none where that failed, or nothing was.
    driven: Option<u8>,
    retry: Option<Mono>,
}

impl Illuminator {
    /// A light on `wire`, lit for `lit_max` at a time. Drives nothing yet.
    pub fn new(wire: Wire, lit_max: Duration) -> Self {
        let steps = match wire {
            Wire::Line(_) => SWITCHED,
            Wire::Pwm(..) => DIMMED,
        };
        Self { wire, rule: Rule::new(steps, lit_max), driven: Some(0), retry: None }
    }

    /// Takes whether somebody is there, and how light the picture is.
    ///
    /// # Errors
    ///
    /// What the pin says; it is tried again after a while.
    pub fn tell(&mut self, now: Mono, needed: Level, light: PictureLight) -> Result<(), PinError> {
        self.rule.tell(now, needed, light);
        self.drive(now)
    }

    /// When [`expire`](Self::expire) must be called.
    pub fn due(&self) -> Option<Mono> {
        self.rule.due().into_iter().chain(self.retry).min()
    }

    /// Does what is due at `now`.
    ///
    /// # Errors
    ///
    /// As [`tell`](Self::tell).
    pub fn expire(&mut self, now: Mono) -> Result<(), PinError> {
        self.rule.expire(now);
        self.drive(now)
    }

    /// Whether it gets brighter, now or in a moment.
    pub fn brightens(&self) -> Level {
        self.rule.brightens()
    }

    /// Puts it out: the safe level, as without power.
    ///
    /// # Errors
    ///
    /// What the pin says.
    pub fn park(&mut self) -> Result<(), PinError> {
        self.rule = Rule::new(self.rule.steps, self.rule.lit_max);
        self.retry = None;
        self.put(0)
    }

    fn drive(&mut self, now: Mono) -> Result<(), PinError> {
        let percent = self.rule.percent();
        if self.driven == Some(percent) || self.retry.is_some_and(|at| now < at) {
            return Ok(());
        }
        self.retry = None;
        self.put(percent).inspect_err(|_| self.retry = Some(now + RETRY))
    }

    fn put(&mut self, percent: u8) -> Result<(), PinError> {
        self.driven = None;
        match &mut self.wire {
            Wire::Line(line) => line.drive(if percent > 0 { Level::Active } else { Level::Idle })?,
            Wire::Pwm(pwm, most) => {
                let part = u16::from(percent) * u16::from(*most) / 100;
                pwm.set(u8::try_from(part).unwrap_or(0))?;
            }
        }
        self.driven = Some(percent);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
