//! One visit: a person, or a vehicle with its occupants, and what they do when.

use std::time::Duration;

use super::{Cast, Rig};
use crate::base::{CentiCelsius, Mono, Random};
use crate::control::{BarrierState, LaneStatus, Phase, StepState, StepStatus};
use crate::model::{Direction, Level, StepKind, SubjectKind};
use crate::sim::id_reader::Card;
use crate::sim::thermometer::Scene;

/// How long a code is held up.
const HELD_FOR: Duration = Duration::from_secs(4);
/// How long somebody waits before holding it up again.
const AGAIN_AFTER: Duration = Duration::from_secs(7);
/// How long anybody stays at a gate that lets nobody in.
const PATIENCE: Duration = Duration::from_secs(240);

/// Share of the thermometer's field that a forehead fills.
const FILL: f64 = 0.99;
/// From how far off somebody comes to be measured, in millimetres, and how long that takes.
const COMES_FROM_MM: f64 = 1_000.0;
const COMES_IN: Duration = Duration::from_millis(800);

/// How somebody says who they are.
#[derive(Clone, Debug)]
pub(super) enum Shows {
    /// A code, to the camera.
    ToCamera(String),
    /// A code, to the reader.
    ToReader(String),
    /// Nothing: they lay their identity card on the reader, or tell the attendant their number.
    Nothing,
}

/// One person of a visit.
#[derive(Clone, Debug)]
pub(super) struct Visitor {
    pub(super) shows: Shows,
    pub(super) id_number: String,
    pub(super) name: String,
    pub(super) origin: String,
    /// Temperature of the forehead's skin in °C.
    skin: f64,
    /// What a contact thermometer says.
    pub(super) core: CentiCelsius,
    shown: Option<Mono>,
    /// Since when they have been before the thermometer.
    there: Option<Mono>,
}

/// One subject at a lane.
pub(super) struct Visit {
    pub(super) people: Vec<Visitor>,
    pub(super) plate: String,
    vehicle_pass: Option<String>,
    direction: Direction,
    arrived: Mono,
    /// When they began to go through, once they may.
    going: Option<Mono>,
    begun: bool,
    leaves_at: Option<Mono>,
}

impl Visit {
    /// Somebody comes to the lane; `None` when the cast has nobody.
    pub(super) fn draw(
        now: Mono,
        status: &LaneStatus,
        cast: &Cast,
        rig: &Rig,
        random: &mut Random,
    ) -> Option<Self> {
        let vehicle = status.takes == SubjectKind::Vehicle;
        let count = if vehicle { 1 + random.below(3) } else { 1 };
        let people: Vec<_> = (0..count).filter_map(|_| Visitor::draw(cast, vehicle, random)).collect();
        let car = if vehicle { Some(random.pick(&cast.cars)?) } else { None };
        let outbound = rig.inside.is_some() && random.chance(0.4);
        let direction = if outbound { Direction::Outbound } else { Direction::Inbound };
        let side = if outbound { rig.inside.as_ref() } else { rig.presence.as_ref() };
        rig.set(side, Level::Active);
        (!people.is_empty()).then(|| Self {
            people,
            plate: car.map(|car| car.plate.clone()).unwrap_or_default(),
            vehicle_pass: car.and_then(|car| car.pass.clone()),
            direction,
            arrived: now,
            going: None,
            begun: false,
            // Some turn round by themselves.
            leaves_at: random.chance(0.03).then(|| now + Duration::from_secs(3 + random.below(10))),
        })
    }

    /// Whoever would show a code to the camera shows it to the reader.
    pub(super) fn use_reader(&mut self) {
        for visitor in &mut self.people {
            if let Shows::ToCamera(code) = &visitor.shows {
                visitor.shows = Shows::ToReader(code.clone());
            }
        }
    }

    /// The person who is being served.
    pub(super) fn served(&self, status: &LaneStatus) -> Option<&Visitor> {
        self.people.get(served_index(status))
    }

    /// Does what is due; true when the visit is over.
    pub(super) fn step(&mut self, now: Mono, status: &LaneStatus, rig: &mut Rig) -> bool {
        // Whoever is under the barrier goes on, whatever the kiosk makes of it.
        if self.going.is_some() {
            return self.go_through(now, rig);
        }
        match status.phase {
            Phase::Steps | Phase::Referred => {
                self.begun = true;
                self.serve(now, status, rig);
            }
            Phase::Recording => self.begun = true,
            Phase::Crossing => {
                self.begun = true;
                if status.barrier == BarrierState::Open {
                    return self.go_through(now, rig);
                }
            }
            Phase::Ended => return self.leave(rig),
            Phase::Idle if self.begun => return self.leave(rig),
            Phase::OutOfService | Phase::Idle => {}
        }
        let fed_up = now.since(self.arrived) > PATIENCE;
        if fed_up || self.leaves_at.is_some_and(|at| at <= now && status.phase == Phase::Steps) {
            return self.leave(rig);
        }
        false
    }

    fn serve(&mut self, now: Mono, status: &LaneStatus, rig: &mut Rig) {
        if let Some(pass) = self.vehicle_pass.take_if(|_| now.since(self.arrived) > Duration::from_secs(1)) {
            rig.reader.present(pass.as_bytes());
        }
        let index = served_index(status);
        let steps = steps_of_served(status);
        let Some(visitor) = self.people.get_mut(index) else { return };
        if wants(steps, StepKind::Credential) {
            visitor.show(now, self.arrived, rig);
        }
        let measuring =
            wants(steps, StepKind::Temperature) && now.since(self.arrived) > Duration::from_millis(900);
        let scene = if measuring { visitor.come(now, rig.stands_mm) } else { visitor.go() };
        if rig.thermometer.scene() != scene {
            rig.thermometer.set_scene(scene);
        }
    }

    /// Under the barrier and on; true when they are through.
    fn go_through(&mut self, now: Mono, rig: &Rig) -> bool {
        let since = now.since(*self.going.get_or_insert(now)).as_millis();
        rig.clear_sensors();
        if since < 700 {
            return false;
        }
        if since < 1_900 {
            rig.set(rig.beam.as_ref(), Level::Active);
            return false;
        }
        self.leave(rig);
        rig.set(rig.beam.as_ref(), Level::Idle);
        true
    }

    fn leave(&self, rig: &Rig) -> bool {
        rig.clear_sensors();
        let side =
            if self.direction == Direction::Outbound { rig.inside.as_ref() } else { rig.presence.as_ref() };
        rig.set(side, Level::Idle);
        true
    }
}

impl Visitor {
    fn draw(cast: &Cast, in_vehicle: bool, random: &mut Random) -> Option<Self> {
        let resident = random.pick(&cast.residents)?;
        let text = |texts: &[String], random: &mut Random| random.pick(texts).cloned().unwrap_or_default();
        let shows = match random.below(100) {
            0..9 => Shows::Nothing,
            9..18 if !cast.strange_codes.is_empty() => Shows::ToReader(text(&cast.strange_codes, random)),
            // In a vehicle the attendant brings the reader to the window.
            _ if in_vehicle || random.chance(0.25) => Shows::ToReader(resident.pass.clone()),
            _ => Shows::ToCamera(resident.pass.clone()),
        };
        let fever = random.chance(0.05);
        let core = 36.6 + 0.2 * random.normal().clamp(-2.0, 2.0) + if fever { 2.0 } else { 0.0 };
        // The forehead of somebody indoors is about two degrees cooler than the core (shared with the correction).
        let skin = (core + 0.20 * 22.0) / 1.20;
        Some(Self {
            shows,
            id_number: resident.id_number.clone(),
            name: text(&cast.names, random),
            origin: text(&cast.origins, random),
            skin,
            core: CentiCelsius::from_degrees(core)?,
            shown: None,
            there: None,
        })
    }

    /// What the thermometer sees of them. A distance sensor sees them come, and fill more of its field the nearer they are.
    fn come(&mut self, now: Mono, stands_mm: Option<u16>) -> Scene {
        let since = now.since(*self.there.get_or_insert(now));
        let filling = Scene { target: Some(self.skin), fill: FILL, ..Scene::EMPTY };
        let Some(stands) = stands_mm.map(f64::from) else { return filling };
        let left = 1.0 - (since.as_secs_f64() / COMES_IN.as_secs_f64()).min(1.0);
        let distance = stands + left * (COMES_FROM_MM - stands).max(0.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between two distances")]
        let distance_mm = Some(distance.round() as u16);
        Scene { fill: FILL * (stands / distance).powi(2), distance_mm, ..filling }
    }

    /// They are not before it, or no more.
    fn go(&mut self) -> Scene {
        self.there = None;
        // What is measured is a forehead; whoever waits is beside it.
        Scene::EMPTY
    }

    fn show(&mut self, now: Mono, arrived: Mono, rig: &mut Rig) {
        let ready = now.since(arrived) > Duration::from_millis(600);
        let due = self.shown.is_none_or(|at| now.since(at) > AGAIN_AFTER);
        if !ready || !due {
            return;
        }
        self.shown = Some(now);
        match &self.shows {
            Shows::ToReader(code) => rig.reader.present(code.as_bytes()),
            Shows::ToCamera(code) => {
                // A pass always fits; a longer text of a test's cast is simply not shown.
                let _ = rig.camera.present(code.as_bytes(), now, HELD_FOR);
            }
            Shows::Nothing => {
                if let Some(cards) = &rig.cards {
                    cards.module().lay(Card::new(&self.id_number, &self.name));
                }
            }
        }
    }
}

/// Index of the occupant who is served; 0 for a person on foot.
fn served_index(status: &LaneStatus) -> usize {
    status.occupants.iter().position(|occupant| !occupant.settled).unwrap_or(0)
}

/// The steps of the person who is served.
pub(super) fn steps_of_served(status: &LaneStatus) -> &[StepStatus] {
    match status.takes {
        SubjectKind::Person => &status.steps,
        SubjectKind::Vehicle => {
            status.occupants.get(served_index(status)).map_or(&[], |person| &person.steps)
        }
    }
}

/// Whether a step of `kind` is not settled yet.
pub(super) fn wants(steps: &[StepStatus], kind: StepKind) -> bool {
    let open = |step: &StepStatus| !matches!(step.state, StepState::Done | StepState::Waived { .. });
    steps.iter().any(|step| step.kind == kind && open(step))
}
