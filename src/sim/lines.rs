//! Simulated GPIO lines, and the barrier that hangs on them.
//!
//! Drivers hold [`Output`] and [`Input`]; the world sets inputs, reads outputs, and moves each [`Boom`] by the time
//! that has passed. A line remembers how often it rose, so that no pulse is lost between two steps of the world.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use embedded_hal::digital::{ErrorType, InputPin, OutputPin};
use embedded_hal::pwm::{self, SetDutyCycle};

use crate::base::Mono;
use crate::config::board::{self, Board, Drive, Driver, LightWire, Voltage};
use crate::model::Level;

/// All lines of a board. Clones are the same lines.
#[derive(Clone, Debug, Default)]
pub struct Lines(Arc<Mutex<BTreeMap<u32, Line>>>, Arc<Mutex<BTreeMap<(u32, u32), u8>>>);

#[derive(Clone, Copy, Debug)]
struct Line {
    level: Voltage,
    rises: u64,
    falls: u64,
}

/// The driver's end of an output line.
#[derive(Clone, Debug)]
pub struct Output {
    lines: Lines,
    line: u32,
}

/// The driver's end of a dimmed output.
#[derive(Clone, Debug)]
pub struct Pwm {
    lines: Lines,
    /// Chip and channel.
    place: (u32, u32),
}

/// The driver's end of an input line.
#[derive(Clone, Debug)]
pub struct Input {
    lines: Lines,
    line: u32,
}

impl Lines {
    /// The lines of `board` with every output safe and every input idle, except the lower end switches: the barriers
    /// are closed.
    pub fn of(board: &Board) -> Self {
        let lines = Self::default();
        for device in &board.devices {
            match &device.driver {
                Driver::Barrier(barrier) => {
                    [Some(barrier.open), barrier.close]
                        .iter()
                        .flatten()
                        .for_each(|line| lines.make_safe(line));
                    barrier.opened.iter().for_each(|input| lines.set_input(input, Level::Idle));
                    barrier.closed.iter().for_each(|input| lines.set_input(input, Level::Active));
                }
                Driver::Lamp(lamp) => {
                    [lamp.stop, lamp.wait, lamp.go].iter().for_each(|line| lines.make_safe(line));
                }
                Driver::Sprayer(sprayer) => lines.make_safe(&sprayer.run),
                Driver::Illuminator(light) => match &light.wire {
                    LightWire::Line(line) => lines.make_safe(line),
                    LightWire::Pwm(_) => {}
                },
                Driver::Input(input) => lines.set_input(input, Level::Idle),
                Driver::Side(_)
                | Driver::Mlx90614(_)
                | Driver::Mlx90614Iio(_)
                | Driver::Mlx90640(_)
                | Driver::Mlx90641(_)
                | Driver::Mlx90632(_)
                | Driver::ThermometerIio(_)
                | Driver::Scanner(_)
                | Driver::Keyboard(_)
                | Driver::IdReader(_)
                | Driver::Camera(_) => {}
            }
        }
        lines
    }

    /// The driver's end of the output `line`.
    pub fn output(&self, line: u32) -> Output {
        Output { lines: self.clone(), line }
    }

    /// The driver's end of the input `line`.
    pub fn input(&self, line: u32) -> Input {
        Input { lines: self.clone(), line }
    }

    /// The driver's end of the dimmed output at this chip and channel.
    pub fn pwm(&self, place: (u32, u32)) -> Pwm {
        Pwm { lines: self.clone(), place }
    }

    /// For how much of the time a dimmed output acts, in parts of 100; 0 if nothing ever set it.
    pub fn percent(&self, place: (u32, u32)) -> u8 {
        self.1.lock().unwrap_or_else(PoisonError::into_inner).get(&place).copied().unwrap_or(0)
    }

    /// Sets what an input says, with its polarity.
    pub fn set_input(&self, input: &board::Input, level: Level) {
        self.set(input.line, voltage(input.active, level));
    }

    /// Whether an output acts, with its polarity.
    pub fn acts(&self, output: &board::Output) -> Level {
        level(output.active, self.level(output.line))
    }

    /// Sets the electrical level of a line.
    pub fn set(&self, line: u32, voltage: Voltage) {
        let mut lines = self.lock();
        let line = lines.entry(line).or_insert(Line { level: voltage, rises: 0, falls: 0 });
        match (line.level, voltage) {
            (Voltage::Low, Voltage::High) => line.rises += 1,
            (Voltage::High, Voltage::Low) => line.falls += 1,
            (Voltage::Low, Voltage::Low) | (Voltage::High, Voltage::High) => {}
        }
        line.level = voltage;
    }

    /// The electrical level of a line; low if nothing ever set it.
    pub fn level(&self, line: u32) -> Voltage {
        self.lock().get(&line).map_or(Voltage::Low, |line| line.level)
    }

    /// How often an output has begun to act.
    fn pulses(&self, output: &board::Output) -> u64 {
        let lines = self.lock();
        lines.get(&output.line).map_or(0, |line| match output.active {
            Voltage::High => line.rises,
            Voltage::Low => line.falls,
        })
    }

    fn make_safe(&self, output: &board::Output) {
        self.set(output.line, voltage(output.active, Level::Idle));
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u32, Line>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn voltage(active: Voltage, level: Level) -> Voltage {
    match (active, level) {
        (Voltage::High, Level::Active) | (Voltage::Low, Level::Idle) => Voltage::High,
        (Voltage::High, Level::Idle) | (Voltage::Low, Level::Active) => Voltage::Low,
    }
}

fn level(active: Voltage, voltage: Voltage) -> Level {
    if active == voltage { Level::Active } else { Level::Idle }
}

impl ErrorType for Output {
    type Error = Infallible;
}

impl OutputPin for Output {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.lines.set(self.line, Voltage::Low);
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.lines.set(self.line, Voltage::High);
        Ok(())
    }
}

impl pwm::ErrorType for Pwm {
    type Error = Infallible;
}

impl SetDutyCycle for Pwm {
    fn max_duty_cycle(&self) -> u16 {
        100
    }

    fn set_duty_cycle(&mut self, duty: u16) -> Result<(), Infallible> {
        let percent = u8::try_from(duty).unwrap_or(100);
        self.lines.1.lock().unwrap_or_else(PoisonError::into_inner).insert(self.place, percent);
        Ok(())
    }
}

impl ErrorType for Input {
    type Error = Infallible;
}

impl InputPin for Input {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        Ok(self.lines.level(self.line) == Voltage::High)
    }

    fn is_low(&mut self) -> Result<bool, Infallible> {
        Ok(self.lines.level(self.line) == Voltage::Low)
    }
}

/// Whether a barrier moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanics {
    /// It does.
    Sound,
    /// It stays where it is, whatever it is told.
    Stuck,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Motion {
    Rest,
    Opening,
    Closing,
}

/// A barrier with its own board: it takes time to move, reports its ends, and reverses when its beam is blocked
/// while it closes.
#[derive(Debug)]
pub struct Boom {
    lines: Lines,
    wiring: board::Barrier,
    beam: Option<board::Input>,
    /// Time of a whole movement.
    travel: Duration,
    motion: Motion,
    /// 0 closed, 1 open.
    position: f64,
    at: Mono,
    pulses: (u64, u64),
    mechanics: Mechanics,
    /// When it came to rest open, for a barrier that closes by itself.
    open_since: Option<Mono>,
}

/// How long a barrier without a close line stays open by itself.
const STAYS_OPEN: Duration = Duration::from_secs(8);

impl Boom {
    /// The barrier `wiring` on `lines`, closed, whose own board watches `beam`. It moves in half of the longest time
    /// that its wiring allows.
    pub fn new(lines: &Lines, wiring: &board::Barrier, beam: Option<board::Input>, now: Mono) -> Self {
        let travel = Duration::from_millis(u64::from(wiring.travel_ms_max) / 2);
        let lines = lines.clone();
        let pulses = (lines.pulses(&wiring.open), wiring.close.map_or(0, |close| lines.pulses(&close)));
        let (motion, mechanics) = (Motion::Rest, Mechanics::Sound);
        let wiring = wiring.clone();
        Self {
            lines,
            wiring,
            beam,
            travel,
            motion,
            position: 0.0,
            at: now,
            pulses,
            mechanics,
            open_since: None,
        }
    }

    /// Breaks it, or mends it.
    pub fn set_mechanics(&mut self, mechanics: Mechanics) {
        self.mechanics = mechanics;
    }

    /// Where it is: 0 closed, 1 open.
    pub fn position(&self) -> f64 {
        self.position
    }

    /// Moves it by the time that has passed until `now`, and sets its end switches.
    pub fn step(&mut self, now: Mono) {
        let passed = now.since(self.at).as_secs_f64() / self.travel.as_secs_f64();
        self.at = now;
        self.travel_by(passed, now);
        self.obey(now);
        let ends = [(&self.wiring.opened, self.position >= 1.0), (&self.wiring.closed, self.position <= 0.0)];
        for (input, reached) in ends {
            let level = if reached { Level::Active } else { Level::Idle };
            input.iter().for_each(|input| self.lines.set_input(input, level));
        }
    }

    fn travel_by(&mut self, share: f64, now: Mono) {
        match (self.mechanics, self.motion) {
            (Mechanics::Stuck, _) | (Mechanics::Sound, Motion::Rest) => {}
            (Mechanics::Sound, Motion::Opening) => self.position = (self.position + share).min(1.0),
            (Mechanics::Sound, Motion::Closing) => self.position = (self.position - share).max(0.0),
        }
        if self.motion == Motion::Opening && self.position >= 1.0 {
            self.motion = Motion::Rest;
            self.open_since = Some(now);
        } else if self.motion == Motion::Closing && self.position <= 0.0 {
            self.motion = Motion::Rest;
        }
    }

    fn obey(&mut self, now: Mono) {
        let opens = self.lines.pulses(&self.wiring.open);
        let closes = self.wiring.close.map_or(0, |close| self.lines.pulses(&close));
        let (open, close) = (opens > self.pulses.0, closes > self.pulses.1);
        self.pulses = (opens, closes);
        let blocked = self.beam.is_some_and(|beam| self.input(&beam) == Level::Active);
        let held = self.lines.acts(&self.wiring.open) == Level::Active;
        let released = self.wiring.drive == Drive::Hold && !held;
        let by_itself = self.wiring.drive == Drive::Pulse
            && self.wiring.close.is_none()
            && self.open_since.is_some_and(|since| now.since(since) >= STAYS_OPEN);
        if open {
            self.move_towards(Motion::Opening);
        } else if (close || released || by_itself) && self.position > 0.0 && !blocked {
            self.move_towards(Motion::Closing);
        }
        if self.motion == Motion::Closing && blocked {
            self.move_towards(Motion::Opening);
        }
    }

    fn move_towards(&mut self, motion: Motion) {
        self.motion = motion;
        self.open_since = None;
    }

    fn input(&self, input: &board::Input) -> Level {
        level(input.active, self.lines.level(input.line))
    }
}

#[cfg(test)]
mod tests;
