//! A simulated gate: who comes, what they do at the seams, and an attendant who does what an attendant does.
//!
//! The world touches only the lowest seams (what a sensor looks at, bytes of a code reader, contacts, a boom) and, for
//! the attendant, the same commands that a person at the screen gives. It sees what people see: the lane's status. It
//! takes time as an argument, so that it runs beside the demo's clock and in a test's virtual time alike.

mod attendant;
mod cast;
mod visit;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub use cast::{Car, Cast, Resident};

use self::attendant::Attendant;
use self::visit::Visit;
use super::camera;
use super::id_reader;
use super::lines::{Boom, Lines, Mechanics};
use super::serial;
use super::thermometer::{Looks, Scene};
use crate::base::{LaneId, Mono, Random};
use crate::config::board;
use crate::control::{Command, LaneStatus};
use crate::model::{Level, SubjectKind};

/// A simulated code reader's hand: what it reads reaches the daemon as bytes.
pub enum CodeReader {
    /// On a real pseudo-terminal.
    Terminal(serial::Reader),
    /// Straight into a driver's input, for virtual time.
    Bytes(Arc<Mutex<Vec<u8>>>),
}

impl CodeReader {
    fn present(&mut self, payload: &[u8]) {
        match self {
            Self::Terminal(reader) => {
                // A terminal that nobody empties loses what is read, as a real cable does.
                let _ = reader.present(payload);
            }
            Self::Bytes(bytes) => {
                let mut bytes = bytes.lock().unwrap_or_else(PoisonError::into_inner);
                bytes.extend_from_slice(payload);
                bytes.push(b'\r');
            }
        }
    }
}

/// The simulated hardware of one lane, from the world's side.
pub struct Rig {
    /// Which lane.
    pub id: LaneId,
    /// What it is for.
    pub takes: SubjectKind,
    /// What the thermometer and all beside it look at.
    pub thermometer: Arc<dyn Looks>,
    /// How far from it whoever is measured stands, in millimetres, where a distance sensor sees them come.
    pub stands_mm: Option<u16>,
    /// What the camera looks at.
    pub camera: camera::Scene,
    /// The code reader.
    pub reader: CodeReader,
    /// The reader of identity cards, where one is fitted.
    pub cards: Option<id_reader::Reader>,
    /// All lines of the board.
    pub lines: Lines,
    /// The presence input.
    pub presence: Option<board::Input>,
    /// The inner presence input of a lane for both directions.
    pub inside: Option<board::Input>,
    /// The beam under the barrier.
    pub beam: Option<board::Input>,
    /// The barrier.
    pub boom: Boom,
}

impl Rig {
    fn set(&self, input: Option<&board::Input>, level: Level) {
        if let Some(input) = input {
            self.lines.set_input(input, level);
        }
    }

    fn clear_sensors(&self) {
        self.thermometer.set_scene(Scene::EMPTY);
        self.camera.clear();
        if let Some(cards) = &self.cards {
            cards.module().lift();
        }
    }
}

/// One lane and who is at it.
struct LaneWorld {
    rig: Rig,
    visit: Option<Visit>,
    attendant: Attendant,
    next_arrival: Mono,
    random: Random,
}

/// Everything outside a kiosk.
pub struct World {
    lanes: Vec<LaneWorld>,
    cast: Cast,
    /// Shortest and longest time between two visits.
    pause: (Duration, Duration),
    attended: bool,
    closing: bool,
    readers_only: bool,
}

impl World {
    /// A world around `rigs`, in which the people of `cast` come and go.
    pub fn new(
        rigs: Vec<Rig>,
        cast: Cast,
        pause: (Duration, Duration),
        now: Mono,
        random: &mut Random,
    ) -> Self {
        let lane = |rig: Rig| {
            let random = random.fork(rig.id.as_str());
            let next_arrival = now + Duration::from_secs(1);
            LaneWorld { attendant: Attendant::new(now), rig, visit: None, next_arrival, random }
        };
        Self {
            lanes: rigs.into_iter().map(lane).collect(),
            cast,
            pause,
            attended: true,
            closing: false,
            readers_only: false,
        }
    }

    /// Whether the simulated attendant acts, or leaves the screens to people.
    pub fn set_attended(&mut self, attended: bool) {
        self.attended = attended;
    }

    /// Lets everybody show their code to the code reader: for a test that has no time to look at pictures.
    pub fn use_readers_only(&mut self) {
        self.readers_only = true;
    }

    /// Breaks the barrier of a lane, or mends it.
    pub fn set_mechanics(&mut self, id: &LaneId, mechanics: Mechanics) {
        let lanes = self.lanes.iter_mut().filter(|lane| lane.rig.id == *id);
        lanes.for_each(|lane| lane.rig.boom.set_mechanics(mechanics));
    }

    /// Lets nobody else come.
    pub fn close(&mut self) {
        self.closing = true;
    }

    /// Whether nobody is at any lane.
    pub fn is_empty(&self) -> bool {
        self.lanes.iter().all(|lane| lane.visit.is_none())
    }

    /// Moves everything on to `now`; returns what the attendant asks of the lanes, which stand as in `statuses`.
    pub fn step(&mut self, now: Mono, statuses: &[LaneStatus]) -> Vec<Command> {
        let mut commands = Vec::new();
        for lane in &mut self.lanes {
            lane.rig.boom.step(now);
            let Some(status) = statuses.iter().find(|status| status.lane == lane.rig.id) else { continue };
            if !self.closing {
                lane.arrive(now, status, &self.cast, self.readers_only);
            }
            let Some(visit) = &mut lane.visit else {
                let closes = self.attended.then(|| lane.attendant.close(now, status, &mut lane.random));
                let by = "demo-guard".parse().ok();
                commands.extend(closes.flatten().map(|act| Command { lane: lane.rig.id.clone(), by, act }));
                continue;
            };
            if self.attended
                && let Some(act) = lane.attendant.act(now, status, visit, &mut lane.random)
            {
                let by = "demo-guard".parse().ok();
                commands.push(Command { lane: lane.rig.id.clone(), by, act });
            }
            if visit.step(now, status, &mut lane.rig) {
                lane.visit = None;
                let (least, most) = self.pause;
                let spread = u64::try_from((most - least).as_millis()).unwrap_or(0);
                lane.next_arrival = now + least + Duration::from_millis(lane.random.below(spread + 1));
            }
        }
        commands
    }
}

impl LaneWorld {
    fn arrive(&mut self, now: Mono, status: &LaneStatus, cast: &Cast, readers_only: bool) {
        let free = status.phase == crate::control::Phase::Idle && self.rig.boom.position() <= 0.0;
        if self.visit.is_none() && free && now >= self.next_arrival {
            self.rig.clear_sensors();
            self.visit = Visit::draw(now, status, cast, &self.rig, &mut self.random);
            if readers_only {
                self.visit.iter_mut().for_each(Visit::use_reader);
            }
        }
    }
}
