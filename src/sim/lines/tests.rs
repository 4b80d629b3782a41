//! The real drivers on simulated lines.

use super::*;
use crate::drivers::barrier::{Barrier, Drive as Driven, End, Position, Switch, Wiring};
use crate::drivers::lines::{Active, Debounce, Input as Sensed, Output as Driving};
use std::path::Path;

#[test]
fn the_boom_takes_its_time_and_its_switches_follow() {
    let mut gate = Gate::new("person-in");
    assert_eq!(gate.position(), Position::Confirmed(End::Closed));
    gate.driver.command(gate.now, End::Open).unwrap();
    gate.run(200);
    assert_eq!(gate.position(), Position::Between);
    gate.run(1_500);
    assert_eq!(gate.position(), Position::Confirmed(End::Open));
    assert_eq!(gate.boom.position(), 1.0);
    gate.driver.command(gate.now, End::Closed).unwrap();
    gate.run(2_000);
    assert_eq!(gate.position(), Position::Confirmed(End::Closed));
}

#[test]
fn a_pulse_between_two_steps_of_the_world_is_not_lost() {
    let mut gate = Gate::new("person-in");
    gate.driver.command(gate.now, End::Open).unwrap();
    gate.now = gate.now + Duration::from_millis(400);
    gate.driver.expire(gate.now).unwrap();
    gate.run(2_000);
    assert_eq!(gate.position(), Position::Confirmed(End::Open));
}

#[test]
fn the_booms_own_board_reverses_before_a_blocked_beam() {
    let mut gate = Gate::new("vehicle");
    gate.driver.command(gate.now, End::Open).unwrap();
    gate.run(4_000);
    gate.driver.command(gate.now, End::Closed).unwrap();
    gate.run(1_500);
    let halfway = gate.boom.position();
    assert!(halfway > 0.1 && halfway < 0.9, "{halfway}");
    gate.lines.set_input(&gate.beam, Level::Active);
    gate.run(3_000);
    assert_eq!(gate.position(), Position::Confirmed(End::Open));
    // Nor does it close when told to while the beam is blocked.
    gate.driver.command(gate.now, End::Closed).unwrap();
    gate.run(3_000);
    assert_eq!(gate.boom.position(), 1.0);
}

#[test]
fn a_stuck_boom_stays_and_its_switches_say_so() {
    let mut gate = Gate::new("person-in");
    gate.boom.set_mechanics(Mechanics::Stuck);
    gate.driver.command(gate.now, End::Open).unwrap();
    gate.run(5_000);
    assert_eq!(gate.position(), Position::Confirmed(End::Closed));
    gate.boom.set_mechanics(Mechanics::Sound);
    gate.run(2_000);
    assert_eq!(gate.position(), Position::Confirmed(End::Open));
}

#[test]
fn lines_have_their_polarity() {
    let lines = Lines::default();
    let output = board::Output { line: 3, active: Voltage::Low };
    lines.make_safe(&output);
    assert_eq!((lines.level(3), lines.acts(&output)), (Voltage::High, Level::Idle));
    let mut driven = Driving::new(lines.output(3), Active::Low);
    driven.drive(Level::Active).unwrap();
    assert_eq!(
        (lines.level(3), lines.acts(&output), lines.pulses(&output)),
        (Voltage::Low, Level::Active, 1)
    );
    let mut sensed = Sensed::new(lines.input(3), Active::Low);
    assert_eq!(sensed.read(), Ok(Level::Active));
}

/// One lane of the simulated board, with the real barrier driver, stepped every 10 ms.
struct Gate {
    lines: Lines,
    boom: Boom,
    beam: board::Input,
    driver: Barrier<Output>,
    switches: Vec<(End, Sensed<Input>, Debounce)>,
    now: Mono,
}

impl Gate {
    fn new(lane: &str) -> Self {
        let board =
            Board::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("boards/simulated.toml")).unwrap();
        let lines = Lines::of(&board);
        let mut devices = board.devices.iter().filter(|device| device.lane.as_str() == lane);
        let (mut wiring, mut beam) = (None, None);
        for device in &mut devices {
            if let Driver::Barrier(barrier) = &device.driver {
                wiring = Some(barrier.clone());
            }
            if let Driver::Input(input) = &device.driver
                && input.signal == crate::model::Signal::Beam
            {
                beam = Some(*input);
            }
        }
        let (wiring, beam, now) = (wiring.unwrap(), beam.unwrap(), Mono::from_millis(1));
        let boom = Boom::new(&lines, &wiring, Some(beam), now);
        let output = |output: board::Output| Driving::new(lines.output(output.line), Active::High);
        let driver = Wiring {
            open: output(wiring.open),
            close: wiring.close.map(output),
            drive: Driven::Pulse(Duration::from_millis(u64::from(wiring.pulse_ms))),
            travel: Duration::from_millis(u64::from(wiring.travel_ms_max)),
            opened: Switch::Fitted,
            closed: Switch::Fitted,
        };
        let switch = |end, input: board::Input| {
            let debounce = Debounce::new(Duration::from_millis(u64::from(input.debounce_ms)));
            (end, Sensed::new(lines.input(input.line), Active::Low), debounce)
        };
        let switches =
            vec![switch(End::Open, wiring.opened.unwrap()), switch(End::Closed, wiring.closed.unwrap())];
        let driver = Barrier::new(driver, now).unwrap();
        let mut gate = Self { lines, boom, beam, driver, switches, now };
        gate.run(100);
        gate
    }

    fn run(&mut self, ms: u64) {
        for _ in 0..ms / 10 {
            self.now = self.now + Duration::from_millis(10);
            self.driver.expire(self.now).unwrap();
            self.boom.step(self.now);
            for (end, input, debounce) in &mut self.switches {
                if let Some(level) = debounce.step(self.now, input.read().unwrap()) {
                    self.driver.switch(*end, level);
                }
            }
        }
    }

    fn position(&self) -> Position {
        self.driver.position()
    }
}
