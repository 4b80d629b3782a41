//! What the subject does: shows a code, holds the forehead to the sensor, goes through.

use std::time::Duration;

use kakou::base::{Mono, Random};
use kakou::control::{Aspect, LaneStatus, Phase, StepState, StepStatus};
use kakou::model::{Level, StepKind, SubjectKind};
use kakou::sim::thermometer::Scene;

use super::case::Case;
use super::gate::Gate;
use super::model::{
    CODE_IN_HAND, CODE_LOOKED_FOR, DRIVES, FOREHEAD, People, READER_TO_SEAT, READER_TO_WINDSCREEN,
    SENSOR_TO_SEAT, STEPS_UP, WALKS,
};
use super::place::place;

/// Skin of somebody who is well, indoors, in °C.
const SKIN: f64 = 34.2;
/// A code that was not taken is held up again after so long.
const AGAIN: Duration = Duration::from_secs(3);

/// One person of a visit. Times count from the beginning of their turn.
pub struct Person {
    pub code: Option<String>,
    pub id_number: String,
    code_after: Duration,
    face_after: Duration,
    shown: Option<Mono>,
}

/// One subject at the lane.
pub struct Visit {
    pub people: Vec<Person>,
    pub plate: String,
    pub arrived: Mono,
    /// Whether the attendant's hands hold reader and sensor to whoever is served.
    pub by_hand: bool,
    /// Whether the vehicle has a pass of its own, which says its plate.
    pub has_pass: bool,
    vehicle_pass: Option<(Duration, String)>,
    turn: Option<(usize, Mono)>,
    /// Whether the lane has begun with them.
    begun: bool,
    going: Option<Mono>,
}

impl Visit {
    /// Somebody on foot arrives now.
    pub fn on_foot(who: People, gate: &Gate, random: &mut Random) -> Self {
        gate.presence(Level::Active);
        let person = Person::new(who, FOREHEAD.draw(random), random);
        Self {
            people: vec![person],
            plate: String::new(),
            arrived: gate.now,
            by_hand: false,
            has_pass: false,
            vehicle_pass: None,
            turn: None,
            begun: false,
            going: None,
        }
    }

    /// A vehicle arrives now; the people in it get out and file past the post, or are served where they sit.
    pub fn vehicle(case: &Case, gate: &Gate, random: &mut Random) -> Self {
        let &Case { seats, plate_pass: has_pass, files_past, people, .. } = case;
        gate.presence(Level::Active);
        let car = place().cast.cars.iter().find(|car| car.pass.is_some()).unwrap();
        let seated = (0..seats).map(|_| {
            let mut person = Person::new(people, FOREHEAD.draw(random), random);
            if files_past {
                let up = STEPS_UP.draw(random);
                person.code_after += up;
                person.face_after += up;
            } else {
                person.code_after = READER_TO_SEAT.draw(random);
                person.face_after = person.code_after + SENSOR_TO_SEAT.draw(random);
            }
            person
        });
        Self {
            people: seated.collect(),
            plate: car.plate.clone(),
            arrived: gate.now,
            by_hand: !files_past,
            has_pass,
            vehicle_pass: car
                .pass
                .clone()
                .filter(|_| has_pass)
                .map(|pass| (READER_TO_WINDSCREEN.draw(random), pass)),
            turn: None,
            begun: false,
            going: None,
        }
    }

    /// The person whose turn it is, and since when.
    pub fn served(&self) -> Option<(&Person, Mono)> {
        self.turn.and_then(|(index, since)| Some((self.people.get(index)?, since)))
    }

    /// Does what is due; true when they are through.
    pub fn step(&mut self, status: &LaneStatus, gate: &mut Gate) -> bool {
        let now = gate.now;
        // The lamp may still say go to the one before.
        self.begun |= status.phase == Phase::Steps;
        if self.going.is_some() || (self.begun && status.lamp == Aspect::Go) {
            return self.go(gate, status.takes);
        }
        if status.phase != Phase::Steps {
            gate.rig.thermometer.set_scene(Scene::EMPTY);
            return false;
        }
        if let Some((_, pass)) = self.vehicle_pass.take_if(|(after, _)| now >= self.arrived + *after) {
            present(gate, &pass);
        }
        let index = match status.takes {
            SubjectKind::Person => 0,
            SubjectKind::Vehicle => match status.occupants.iter().position(|person| !person.settled) {
                Some(index) => index,
                None => return false,
            },
        };
        if self.turn.is_none_or(|(before, _)| before != index) {
            self.turn = Some((index, now));
        }
        let since = self.turn.map_or(now, |(_, since)| since);
        let person = &mut self.people[index];
        let steps = match status.takes {
            SubjectKind::Person => &status.steps,
            SubjectKind::Vehicle => &status.occupants[index].steps,
        };
        person.step(now, since, steps, gate);
        false
    }

    fn go(&mut self, gate: &Gate, takes: SubjectKind) -> bool {
        let [begins, ends] = if takes == SubjectKind::Person { WALKS } else { DRIVES };
        let since = gate.now.since(*self.going.get_or_insert(gate.now));
        gate.rig.thermometer.set_scene(Scene::EMPTY);
        let through = since >= Duration::from_millis(ends);
        let under = since >= Duration::from_millis(begins) && !through;
        gate.beam(if under { Level::Active } else { Level::Idle });
        if since >= Duration::from_millis(begins) {
            gate.presence(Level::Idle);
        }
        through
    }
}

impl Person {
    fn new(who: People, face_after: Duration, random: &mut Random) -> Self {
        let residents = &place().cast.residents;
        // Number 3 is a visitor, 0 and 5 are residents; of those without a phone the roster knows every second.
        let known = |index: usize| &residents[index];
        let (resident, after, has_code) = match who {
            People::Resident => (known(5), CODE_IN_HAND, true),
            People::FirstCode => (known(0), CODE_LOOKED_FOR, true),
            People::Visitor => (known(3), CODE_LOOKED_FOR, true),
            People::NoPhoneKnown => (known(0), CODE_LOOKED_FOR, false),
            People::NoPhoneStranger => (known(1), CODE_LOOKED_FOR, false),
        };
        Self {
            code: has_code.then(|| resident.pass.clone()),
            id_number: resident.id_number.clone(),
            code_after: after.draw(random),
            face_after,
            shown: None,
        }
    }

    fn step(&mut self, now: Mono, since: Mono, steps: &[StepStatus], gate: &mut Gate) {
        let ready = now >= since + self.code_after && self.shown.is_none_or(|at| now >= at + AGAIN);
        if let Some(code) = self.code.as_ref().filter(|_| ready && is_open(steps, StepKind::Credential)) {
            present(gate, code);
            self.shown = Some(now);
        }
        let measured = is_open(steps, StepKind::Temperature) && now >= since + self.face_after;
        let target = measured.then_some(SKIN);
        if gate.rig.thermometer.scene().target != target {
            gate.rig.thermometer.set_scene(Scene { target, fill: 0.99, ..Scene::EMPTY });
        }
    }
}

/// Whether a step of `kind` is asked and not settled.
pub fn is_open(steps: &[StepStatus], kind: StepKind) -> bool {
    let open = |step: &StepStatus| !matches!(step.state, StepState::Done | StepState::Waived { .. });
    steps.iter().any(|step| step.kind == kind && open(step))
}

fn present(gate: &Gate, payload: &str) {
    let kakou::sim::world::CodeReader::Bytes(bytes) = &gate.rig.reader else { return };
    let mut bytes = bytes.lock().unwrap();
    bytes.extend_from_slice(payload.as_bytes());
    bytes.push(b'\r');
}
