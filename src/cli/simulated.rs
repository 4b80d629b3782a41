//! A simulated board: the devices for the wiring, and their other ends for the world.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};

use super::sim_pins::SimPins;
use super::wiring::Simulated;
use crate::base::{Mono, Random};
use crate::config::Board;
use crate::config::board::side::SideChip;
use crate::config::board::{self, CameraSource, Device, Driver, Place, Side};
use crate::config::site::Lane;
use crate::drivers::mlx9064x::{self, Rate};
use crate::drivers::mlx90614::{OnBus, Poller};
use crate::drivers::{OpenBus, SideSensor, ThermalArray, Thermometer};
use crate::drivers::{mlx90632, sht4x, tmp117, vl53l0x};
use crate::model::{Signal, SubjectKind};
use crate::platform::assemble;
use crate::platform::clock::{mono, pause};
use crate::sim;
use crate::sim::beside::{Bus, Chip};
use crate::sim::camera::{self, Camera, Scenery};
use crate::sim::clock::SimClock;
use crate::sim::id_reader::{self, Manner};
use crate::sim::lines::{Boom, Lines};
use crate::sim::serial::Reader;
use crate::sim::thermal_array::{self, Visitors};
use crate::sim::thermometer::{Looks, Part, Together, chip};
use crate::sim::world::{CodeReader, Rig};
use crate::vision::raw::{CameraError, PixelFormat, Raw, Source};

/// How long before now the simulated sensors were powered, so that they are warm.
const WARM: Duration = Duration::from_secs(3_600);

/// The simulated devices of a board, handed to the wiring one by one, and the world's end of each.
pub struct SimBoard {
    /// The clock of the simulated chips; the world keeps it at the present.
    pub clock: SimClock,
    /// The lines.
    pub pins: SimPins,
    random: Random,
    /// Thermometers and arrays, and what is beside them.
    thermometers: Vec<(Device, Arc<dyn Looks>)>,
    sides: Vec<(Device, Arc<dyn Looks>)>,
    readers: Vec<(Device, Reader)>,
    id_readers: Vec<(Device, id_reader::Reader)>,
    cameras: Vec<(Device, camera::Scene)>,
    vehicles: Vec<crate::base::LaneId>,
}

impl SimBoard {
    /// The simulated side of `board`; `lanes` say which of them take vehicles.
    pub fn new(board: &Board, lanes: &[Lane], random: Random) -> Self {
        let vehicles = lanes.iter().filter(|lane| lane.takes == SubjectKind::Vehicle);
        Self {
            clock: SimClock::new(mono() - WARM),
            pins: SimPins(Lines::of(board)),
            random,
            thermometers: vec![],
            sides: vec![],
            readers: vec![],
            id_readers: vec![],
            cameras: vec![],
            vehicles: vehicles.map(|lane| lane.id.clone()).collect(),
        }
    }

    /// The present: the demo's, or that of a test whose virtual time is ahead of it.
    fn time(&self) -> impl Fn() -> Mono + Send + use<> {
        let clock = self.clock.clone();
        move || mono().max(clock.now())
    }

    /// The world's ends, one rig a lane.
    ///
    /// # Errors
    ///
    /// When a lane lacks a device that the world needs.
    pub fn rigs(self, board: &Board, lanes: &[Lane]) -> Result<Vec<Rig>> {
        let Self { pins: SimPins(lines), thermometers, sides, mut readers, mut id_readers, cameras, .. } =
            self;
        let rig = |lane: &Lane| {
            let missing = |what: &str| format!("lane {} has no simulated {what}", lane.id);
            let input = |signal| board.devices.iter().find_map(|device| input_of(device, lane, signal));
            let mine = |(device, _): &&(Device, Arc<dyn Looks>)| device.lane == lane.id;
            let chip = thermometers.iter().find(mine).with_context(|| missing("thermometer"))?;
            let beside = sides.iter().filter(mine);
            let together = [chip].into_iter().chain(beside).map(|(_, chip)| Arc::clone(chip)).collect();
            let mut fitted = board.devices.iter().filter(|device| device.lane == lane.id);
            let camera = cameras.iter().find(|(device, _)| device.lane == lane.id);
            let reader = readers.iter().position(|(device, _)| device.lane == lane.id);
            let (_, reader) = readers.swap_remove(reader.with_context(|| missing("code reader"))?);
            let cards = id_readers.iter().position(|(device, _)| device.lane == lane.id);
            let barrier = board.devices.iter().filter(|device| device.lane == lane.id);
            let barrier = barrier
                .map(|device| &device.driver)
                .find_map(|driver| if let Driver::Barrier(wiring) = driver { Some(wiring) } else { None });
            let barrier = barrier.with_context(|| missing("barrier"))?;
            Ok(Rig {
                id: lane.id.clone(),
                takes: lane.takes,
                thermometer: Arc::new(Together(together)),
                stands_mm: fitted.find_map(stands_mm),
                camera: camera.with_context(|| missing("camera"))?.1.clone(),
                reader: CodeReader::Terminal(reader),
                cards: cards.map(|at| id_readers.swap_remove(at).1),
                lines: lines.clone(),
                presence: input(Signal::Presence),
                inside: input(Signal::PresenceInside),
                beam: input(Signal::Beam),
                boom: Boom::new(&lines, barrier, input(Signal::Beam), mono()),
            })
        };
        lanes.iter().map(rig).collect()
    }
}

/// The middle of a distance sensor's reach.
fn stands_mm(device: &Device) -> Option<u16> {
    match device.driver.side()? {
        Side::Distance { near_mm, far_mm, .. } => Some(near_mm.midpoint(*far_mm)),
        Side::Thermometer { .. } | Side::Supply { .. } => None,
    }
}

fn input_of(device: &Device, lane: &Lane, signal: Signal) -> Option<board::Input> {
    let Driver::Input(input) = &device.driver else { return None };
    (device.lane == lane.id && input.signal == signal).then_some(*input)
}

impl Simulated for SimBoard {
    fn thermometer(&mut self, device: &Device) -> Option<Box<dyn Thermometer + Send>> {
        let random = self.random.fork(device.id.as_str());
        let now = mono();
        let (hand, sensor): (Arc<dyn Looks>, Box<dyn Thermometer + Send>) = match &device.driver {
            Driver::Mlx90614(wiring) => {
                let (hand, bus) = chip(Part::BAA, wiring.address, &self.clock, random);
                hand.set_supply(wiring.spot.supply_mv.into());
                let poller = Poller::new(assemble::expected(wiring), now);
                (Arc::new(hand), Box::new(OnBus::new(bus, poller, self.time())))
            }
            Driver::Mlx90632(wiring) => {
                let (hand, bus) = sim::mlx90632::chip(wiring.address, &self.clock, random);
                let poller = mlx90632::Poller::new(wiring.address, None, now);
                (Arc::new(hand), Box::new(mlx90632::OnBus::new(bus, poller)))
            }
            Driver::Mlx90614Iio(_)
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
            | Driver::Side(_)
            | Driver::Input(_) => return None,
        };
        self.clock.set(now);
        self.thermometers.push((device.clone(), hand));
        Some(sensor)
    }

    fn thermal_array(&mut self, device: &Device) -> Option<Box<dyn ThermalArray + Send>> {
        let (random, now) = (self.random.fork(device.id.as_str()), mono());
        let (kind, array) = assemble::array_kind(&device.driver)?;
        let rate = Rate::new(array.refresh_hz)?;
        let powered = if kind.layout.width < 32 { thermal_array::small_chip } else { thermal_array::chip };
        let (hand, bus) = powered(array.address, &self.clock, random);
        self.clock.set(now);
        self.thermometers.push((device.clone(), Visitors::new(hand)));
        Some(Box::new(mlx9064x::OnBus::new(bus, array.address, kind, rate, now)))
    }

    fn side_sensor(&mut self, device: &Device) -> Option<Box<dyn SideSensor + Send>> {
        let (random, now) = (self.random.fork(device.id.as_str()), mono());
        let (hand, sensor): (Arc<dyn Looks>, Box<dyn SideSensor + Send>) = match device.driver.side()? {
            Side::Thermometer { of, at: SideChip::Tmp117 { address, .. }, .. } => {
                let (hand, bus) = sim::beside::tmp117::chip(*address, &self.clock, random);
                let chip = tmp117::Chip::new(open(bus), hand.wait(), *address, *of, now);
                (Arc::new(hand), Box::new(chip))
            }
            Side::Thermometer { of, at: SideChip::Sht4x { address, .. }, .. } => {
                let (hand, bus) = sim::beside::sht4x::chip(*address, &self.clock, random);
                let chip = sht4x::Chip::new(open(bus), hand.wait(), *address, *of, now)?;
                (Arc::new(hand), Box::new(chip))
            }
            Side::Distance { address, .. } => {
                let (hand, bus) = sim::beside::vl53l0x::chip(*address, &self.clock, random);
                (Arc::new(hand), Box::new(vl53l0x::Chip::new(open(bus), *address, now)))
            }
            // Files are read by the kernel's driver.
            Side::Thermometer { at: SideChip::Files(_), .. } | Side::Supply { .. } => return None,
        };
        self.clock.set(now);
        self.sides.push((device.clone(), hand));
        Some(sensor)
    }

    fn reader(&mut self, device: &Device) -> Option<PathBuf> {
        if let Driver::IdReader(board::IdReader { path: Place::Simulated, .. }) = &device.driver {
            let reader = id_reader::Reader::new(Manner::Obeys).ok()?;
            let path = reader.path().to_owned();
            self.id_readers.push((device.clone(), reader));
            return Some(path);
        }
        let Driver::Scanner(board::Scanner { path: Place::Simulated, .. }) = &device.driver else {
            return None;
        };
        let reader = Reader::new().ok()?;
        let path = reader.path().to_owned();
        self.readers.push((device.clone(), reader));
        Some(path)
    }

    fn camera(&mut self, device: &Device) -> Option<Box<dyn Source>> {
        let Driver::Camera(wiring) = &device.driver else { return None };
        if wiring.source != CameraSource::Simulated {
            return None;
        }
        let scenery = if self.vehicles.contains(&device.lane) { Scenery::Vehicle } else { Scenery::Person };
        let camera = Camera::new(scenery, self.random.fork(device.id.as_str()));
        self.cameras.push((device.clone(), camera.scene()));
        let period = Duration::from_secs(1) / wiring.fps.max(1);
        Some(Box::new(SimSource { camera, period, next: mono(), name: device.id.to_string() }))
    }
}

/// A simulated bus can be opened again and again.
fn open<C: Chip + 'static>(bus: Bus<C>) -> OpenBus<Bus<C>> {
    Box::new(move || Ok(bus.clone()))
}

/// A simulated camera at the pace of a real one.
struct SimSource {
    camera: Camera,
    period: Duration,
    next: Mono,
    name: String,
}

impl Source for SimSource {
    fn next(&mut self, wait: Duration, take: &mut dyn FnMut(Raw<'_>)) -> Result<(), CameraError> {
        let now = mono();
        pause(self.next.since(now).min(wait));
        let at = mono();
        self.next = (self.next + self.period).max(at);
        let failed = |reason| CameraError { camera: self.name.clone(), what: "unplugged".to_owned(), reason };
        let frame = self.camera.frame(at).map_err(failed)?;
        let (width, height) = (frame.width(), frame.height());
        take(Raw { format: PixelFormat::Grey, width, height, stride: width, bytes: frame.luma(), at });
        Ok(())
    }
}

#[cfg(test)]
mod tests;
