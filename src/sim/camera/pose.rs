//! How a hand holds a code: where, how large, how turned, and how still.

use std::time::Duration;

use super::{HEIGHT, WIDTH};
use crate::base::{Mono, Random};

/// Way in and way out, each.
const MOVING: Duration = Duration::from_millis(450);

/// A code with its modules.
#[derive(Debug)]
pub(super) struct Symbol {
    /// Modules a side.
    pub modules: usize,
    /// Row by row, true where dark.
    pub dark: Vec<bool>,
}

/// One presentation, from its first to its last moment.
#[derive(Debug)]
pub(super) struct Hold {
    symbol: Symbol,
    start: Mono,
    end: Mono,
    /// Side of a module in pixels, facing the camera.
    scale: f32,
    rest: (f32, f32),
    from: (f32, f32),
    turn: f32,
    tilt: (f32, f32),
    tremble: f32,
    swing: f32,
    light: (f32, f32),
    white: f32,
    black: f32,
    glare: Option<(f32, f32, f32)>,
    soft: usize,
    phase: f32,
}

/// A code as one frame sees it.
#[derive(Debug)]
pub(super) struct Shot {
    /// Centre in pixels.
    pub centre: (f32, f32),
    /// Side of a module in pixels.
    pub scale: f32,
    /// Turn in the picture's plane, radians.
    pub turn: f32,
    /// Tilt about the horizontal and the vertical axis, radians.
    pub tilt: (f32, f32),
    /// Change of brightness across the picture, per pixel.
    pub light: (f32, f32),
    /// Grey of light modules.
    pub white: f32,
    /// Grey of dark modules.
    pub black: f32,
    /// Centre and radius of a reflection, in modules from the middle.
    pub glare: Option<(f32, f32, f32)>,
    /// Passes of a 3 × 3 blur.
    pub soft: usize,
    /// Pixels moved during the exposure.
    pub smear: f32,
}

impl Hold {
    pub(super) fn new(
        code: &qrcode::QrCode,
        start: Mono,
        duration: Duration,
        beside: bool,
        random: &mut Random,
    ) -> Self {
        let mut between = |low: f64, high: f64| narrow(low + (high - low) * random.unit());
        let modules = code.width();
        let dark = code.to_colors().iter().map(|&color| color == qrcode::Color::Dark).collect();
        let (width, height) = (size(WIDTH), size(HEIGHT));
        // A hand brings the code as near as it must: small symbols 4 to 6 pixels a module, dense ones what
        // fits.
        let dense = modules > 60;
        let turn = if dense { between(-0.06, 0.06) } else { between(-0.35, 0.35) };
        let fits = 0.94 * height / ((size(modules) + 8.0) * (turn.cos() + turn.sin().abs()));
        let scale = between(4.0, 6.0).min(if beside { 0.55 * fits } else { fits });
        let across = if beside { 0.78 } else { between(0.42, 0.54) };
        // The hand of a second code comes from the right; a first one makes room by being small.
        let rest = (across * width, between(0.48, 0.52) * height);
        let side = if beside || between(0.0, 1.0) < 0.5 { 1.35 } else { -0.35 };
        let tiltable = if dense { 0.06 } else { 0.3 };
        Self {
            start,
            end: start + duration,
            scale,
            rest,
            from: (side * width, between(0.5, 1.1) * height),
            turn,
            tilt: (between(-tiltable, tiltable), between(-tiltable, tiltable)),
            tremble: between(0.2, 1.0),
            swing: 0.0,
            light: (between(-4e-4, 4e-4), between(-4e-4, 4e-4)),
            white: between(190.0, 245.0),
            black: between(12.0, 60.0),
            glare: (between(0.0, 1.0) < 0.25).then(|| {
                let off = size(modules) * 0.3;
                (between(-1.0, 1.0) * off, between(-1.0, 1.0) * off, between(0.06, 0.1) * size(modules))
            }),
            soft: usize::from(between(0.0, 1.0) < 0.5 && scale > 3.0),
            phase: between(0.0, 6.0),
            symbol: Symbol { modules, dark },
        }
    }

    /// The same, `scale` pixels a module and swung to and fro by `swing` pixels.
    pub(super) fn at(mut self, scale: f32, swing: f32) -> Self {
        (self.scale, self.swing) = (scale, swing);
        self
    }

    pub(super) fn symbol(&self) -> &Symbol {
        &self.symbol
    }

    pub(super) fn overlaps(&self, start: Mono, duration: Duration) -> bool {
        start < self.end && self.start < start + duration
    }

    /// Whether the subject, too, has gone.
    pub(super) fn is_over(&self, now: Mono) -> bool {
        now >= self.end + MOVING * 2
    }

    /// How near the subject is: 0 far, 1 before the camera.
    pub(super) fn nearness(&self, now: Mono) -> f32 {
        let arriving = ramp(now, self.start - MOVING * 2, MOVING * 2);
        arriving.min(1.0 - ramp(now, self.end, MOVING * 2))
    }

    /// How the code looks at `now`, if it is shown.
    pub(super) fn shot(&self, now: Mono) -> Option<Shot> {
        if now < self.start || now >= self.end {
            return None;
        }
        let (here, before) = (self.place(now), self.place(now - Duration::from_millis(12)));
        let seconds = narrow(now.since(self.start).as_secs_f64());
        let sway = 0.02 * (1.3 * seconds + self.phase).sin();
        Some(Shot {
            centre: here,
            scale: self.scale * (1.0 + sway),
            turn: self.turn + sway,
            tilt: (self.tilt.0 + sway, self.tilt.1 - sway),
            light: self.light,
            white: self.white,
            black: self.black,
            glare: self.glare,
            soft: self.soft,
            smear: (here.0 - before.0).hypot(here.1 - before.1),
        })
    }

    fn place(&self, now: Mono) -> (f32, f32) {
        let leaving = now + MOVING > self.end;
        let out =
            if leaving { ramp(now, self.end - MOVING, MOVING) } else { 1.0 - ramp(now, self.start, MOVING) };
        // Slow at rest, fast at the edge.
        let away = out * out;
        let seconds = narrow(now.since(self.start).as_secs_f64());
        let shake = |rate: f32| self.tremble * (rate * seconds + self.phase).sin();
        let along = |rest: f32, from: f32| rest + (from - rest) * away;
        let swing = |rate: f32| self.swing * (rate * seconds + self.phase).sin();
        let (x, y) = (along(self.rest.0, self.from.0), along(self.rest.1, self.from.1));
        (x + shake(9.0) + swing(3.1), y + shake(7.0) + 0.5 * swing(2.3))
    }
}

/// 0 before `start`, 1 after `start + span`.
fn ramp(now: Mono, start: Mono, span: Duration) -> f32 {
    narrow((now.since(start).as_secs_f64() / span.as_secs_f64()).min(1.0))
}

#[expect(clippy::cast_possible_truncation, reason = "pixels and seconds need no more precision")]
pub(super) fn narrow(value: f64) -> f32 {
    value as f32
}

#[expect(clippy::cast_precision_loss, reason = "sizes of pictures are small")]
pub(super) fn size(value: usize) -> f32 {
    value as f32
}
