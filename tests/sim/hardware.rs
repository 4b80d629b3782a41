//! The hardware of one lane: what stays when the kiosk loses power.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use kakou::base::{DeviceId, LaneId, Mono, Random};
use kakou::config::board::{self, Board, Drive, Driver, Voltage};
use kakou::drivers::barrier::{self, Barrier, Switch};
use kakou::drivers::lamp::Lamp;
use kakou::drivers::lines::{Active, Output};
use kakou::drivers::mlx90614::Expected;
use kakou::model::{Level, Signal, SubjectKind};
use kakou::platform::assemble;
use kakou::sim::camera::{self, Camera, Scenery};
use kakou::sim::clock::SimClock;
use kakou::sim::lines::{Boom, Lines};
use kakou::sim::thermometer::{self, Handle, Part};
use kakou::sim::world::{CodeReader, Rig};

use super::pins::{Edges, Power, Purpose, Watched};

/// One lane's devices and their wiring.
pub struct Hardware {
    pub id: LaneId,
    pub takes: SubjectKind,
    pub lines: Lines,
    pub chip: Handle,
    pub bus: thermometer::Bus,
    pub expected: Expected,
    pub camera: Camera,
    pub scene: camera::Scene,
    /// What the code reader has read and nobody has taken yet.
    pub read: Arc<Mutex<Vec<u8>>>,
    pub inputs: Vec<board::Input>,
    pub edges: Edges,
    barrier: board::Barrier,
    lamp: board::Lamp,
}

impl Hardware {
    /// The devices of `id` as `board` has them.
    pub fn new(board: &Board, id: &LaneId, lines: &Lines, clock: &SimClock, random: &mut Random) -> Self {
        let devices: Vec<&Driver> =
            board.devices.iter().filter(|device| device.lane == *id).map(|device| &device.driver).collect();
        let (Driver::Mlx90614(mlx), Driver::Barrier(barrier), Driver::Lamp(lamp)) =
            (pick(&devices, "mlx90614"), pick(&devices, "barrier"), pick(&devices, "lamp"))
        else {
            panic!("board lacks a device")
        };
        let (chip, bus) = thermometer::chip(Part::BAA, mlx.address, clock, random.fork("chip"));
        let vehicle = id.as_str() == "vehicle";
        let scenery = if vehicle { Scenery::Vehicle } else { Scenery::Person };
        let camera = Camera::new(scenery, random.fork("camera"));
        let sensed = devices.iter().filter_map(|driver| input_of(driver));
        let inputs = sensed.chain(barrier.opened).chain(barrier.closed).collect();
        Self {
            id: id.clone(),
            takes: if vehicle { SubjectKind::Vehicle } else { SubjectKind::Person },
            lines: lines.clone(),
            chip,
            bus,
            expected: assemble::expected(mlx),
            scene: camera.scene(),
            camera,
            read: Arc::default(),
            inputs,
            edges: Edges::default(),
            barrier: barrier.clone(),
            lamp: *lamp,
        }
    }

    /// The world's side of it.
    pub fn rig(&self, now: Mono) -> Rig {
        let beam = self.input(Signal::Beam).copied();
        Rig {
            id: self.id.clone(),
            takes: self.takes,
            thermometer: Arc::new(self.chip.clone()),
            stands_mm: None,
            camera: self.scene.clone(),
            reader: CodeReader::Bytes(Arc::clone(&self.read)),
            cards: None,
            lines: self.lines.clone(),
            presence: self.input(Signal::Presence).copied(),
            inside: self.input(Signal::PresenceInside).copied(),
            beam,
            boom: Boom::new(&self.lines, &self.barrier, beam, now),
        }
    }

    /// The drivers of barrier and lamp, on pins that hang on `power`.
    pub fn outputs(&self, power: &Power, now: Mono) -> (Barrier<Watched>, Lamp<Watched>) {
        let output = |wiring: board::Output, purpose| {
            let active = if wiring.active == Voltage::High { Active::High } else { Active::Low };
            Output::new(Watched::new(&self.lines, wiring, purpose, power, &self.edges), active)
        };
        let fitted =
            |input: Option<board::Input>| if input.is_some() { Switch::Fitted } else { Switch::Missing };
        let wiring = barrier::Wiring {
            open: output(self.barrier.open, Purpose::Open),
            close: self.barrier.close.map(|close| output(close, Purpose::Close)),
            drive: match self.barrier.drive {
                Drive::Pulse => {
                    barrier::Drive::Pulse(Duration::from_millis(u64::from(self.barrier.pulse_ms)))
                }
                Drive::Hold => barrier::Drive::Hold,
            },
            travel: Duration::from_millis(u64::from(self.barrier.travel_ms_max)),
            opened: fitted(self.barrier.opened),
            closed: fitted(self.barrier.closed),
        };
        let lamp = [self.lamp.stop, self.lamp.wait, self.lamp.go].map(|wiring| output(wiring, Purpose::Lamp));
        let [stop, wait, go] = lamp;
        (Barrier::new(wiring, now).unwrap(), Lamp::new(stop, wait, go))
    }

    /// What an unpowered board gives: every output safe.
    pub fn lose_power(&self) {
        let outputs = [self.lamp.stop, self.lamp.wait, self.lamp.go, self.barrier.open];
        for output in outputs.into_iter().chain(self.barrier.close) {
            let safe = if output.active == Voltage::High { Voltage::Low } else { Voltage::High };
            self.lines.set(output.line, safe);
        }
        self.read.lock().unwrap().clear();
    }

    /// Somebody turns the key of the barrier's own board to close it.
    pub fn close_by_key(&self) {
        self.barrier.close.iter().for_each(|close| self.pulse(*close));
    }

    /// Somebody turns it to open.
    pub fn open_by_key(&self) {
        self.pulse(self.barrier.open);
    }

    fn pulse(&self, output: board::Output) {
        let (acts, safe) = if output.active == Voltage::High {
            (Voltage::High, Voltage::Low)
        } else {
            (Voltage::Low, Voltage::High)
        };
        self.lines.set(output.line, acts);
        self.lines.set(output.line, safe);
    }

    /// What an input line says at this moment, bouncing or not.
    pub fn level(&self, signal: Signal) -> Level {
        let Some(input) = self.input(signal) else { return Level::Idle };
        if self.lines.level(input.line) == input.active { Level::Active } else { Level::Idle }
    }

    pub fn input(&self, signal: Signal) -> Option<&board::Input> {
        self.inputs.iter().find(|input| input.signal == signal)
    }

    /// The name of a device in observations.
    pub fn device(&self, what: &str) -> DeviceId {
        format!("{}-{what}", self.id).parse().unwrap()
    }
}

fn pick<'a>(devices: &[&'a Driver], what: &str) -> &'a Driver {
    devices.iter().find(|driver| driver.name() == what).unwrap()
}

fn input_of(driver: &Driver) -> Option<board::Input> {
    match driver {
        Driver::Input(input) => Some(*input),
        Driver::Mlx90614(_)
        | Driver::Mlx90614Iio(_)
        | Driver::Mlx90632(_)
        | Driver::ThermometerIio(_)
        | Driver::Mlx90640(_)
        | Driver::Mlx90641(_)
        | Driver::Scanner(_)
        | Driver::Keyboard(_)
        | Driver::IdReader(_)
        | Driver::Camera(_)
        | Driver::Barrier(_)
        | Driver::Lamp(_)
        | Driver::Sprayer(_)
        | Driver::Illuminator(_)
        | Driver::Side(_) => None,
    }
}
