//! What the subject does: shows a code, holds the forehead to the sensor, goes through.

use std::collections::VecDeque;
use std::time::Duration;

use kakou::base::{Mono, Random};
use kakou::control::{Aspect, LaneStatus, Phase, StepState, StepStatus};
use kakou::model::manifest;
use kakou::model::registration_code::code;
use kakou::model::{Level, StepKind, SubjectKind};
use kakou::sim::thermometer::Scene;

use super::attendant::{NAME, ORIGIN, PHONE};
use super::case::Case;
use super::gate::Gate;
use super::model::{
    CODE_IN_HAND, CODE_LOOKED_FOR, DRIVES, FOREHEAD, NO_PHONE_SAID, PAPER_CODE, People, READER_TO_SEAT,
    READER_TO_WINDSCREEN, SECOND_CODE, SENSOR_TO_SEAT, STEPS_UP, Says, WALKS,
};
use super::place::{id_number, place};

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
    /// What they say beforehand, and how long after what they show it.
    says: Option<(Duration, After, String)>,
    said: bool,
    /// Since when they are known.
    known: Option<Mono>,
}

/// From when on something is brought before the reader.
#[derive(Clone, Copy)]
enum After {
    Turn,
    Known,
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
    /// Codes in the driver's phone that are still to be read: how long after the one before.
    driver: VecDeque<(Duration, String)>,
    /// When the reader was brought to the driver's window, or read a code there.
    at_driver: Option<Mono>,
    read_one: bool,
    /// Whether the driver has a passenger list.
    listed: bool,
    reader_takes: Duration,
    turn: Option<(usize, Mono)>,
    /// Whether the lane has begun with them.
    begun: bool,
    going: Option<Mono>,
}

impl Visit {
    /// Somebody on foot arrives now.
    pub fn on_foot(who: People, says: Says, gate: &Gate, random: &mut Random) -> Self {
        gate.presence(Level::Active);
        let person = Person::new(who, FOREHEAD.draw(random), random).saying(says, random);
        Self {
            people: vec![person],
            plate: String::new(),
            arrived: gate.now,
            by_hand: false,
            has_pass: false,
            vehicle_pass: None,
            driver: VecDeque::new(),
            at_driver: None,
            read_one: false,
            listed: false,
            reader_takes: Duration::ZERO,
            turn: None,
            begun: false,
            going: None,
        }
    }

    /// A vehicle arrives now; the people in it get out and file past the post, or are served where they sit.
    pub fn vehicle(case: &Case, gate: &Gate, random: &mut Random) -> Self {
        let &Case { seats, plate_pass: has_pass, files_past, people, says, .. } = case;
        gate.presence(Level::Active);
        let car = place().cast.cars.iter().find(|car| car.pass.is_some()).unwrap();
        let seated = (0..seats).map(|_| {
            let mut person = Person::new(people, FOREHEAD.draw(random), random);
            if files_past {
                person = person.saying(says, random);
            }
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
        let people: Vec<Person> = seated.collect();
        let mut driver = VecDeque::new();
        if says != Says::Aloud {
            driver.push_back((CODE_LOOKED_FOR.draw(random), code(&format!("origin={ORIGIN}\n"))));
        }
        if says == Says::Listed {
            driver.push_back((SECOND_CODE.draw(random), list(people.len())));
        }
        Self {
            people,
            plate: car.plate.clone(),
            arrived: gate.now,
            by_hand: !files_past,
            has_pass,
            vehicle_pass: car
                .pass
                .clone()
                .filter(|_| has_pass)
                .map(|pass| (READER_TO_WINDSCREEN.draw(random), pass)),
            driver,
            at_driver: None,
            read_one: false,
            listed: says == Says::Listed,
            reader_takes: READER_TO_SEAT.draw(random),
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
        self.driver_shows(status, gate);
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
        if person.shows(now, since, steps) {
            let (_, _, text) = person.says.as_ref().expect("something to show");
            present(gate, text);
            person.said = true;
        }
        false
    }

    /// Whether the attendant holds the reader to the driver's phone, or is about to.
    pub fn reads_driver(&self, status: &LaneStatus) -> bool {
        // What was read a moment ago is not on the page yet.
        let registers = self.read_one && is_open(&status.steps, StepKind::Registration);
        let counts = self.listed && self.read_one && status.declared.is_none();
        let comes = (registers && status.prepared.is_none()) || (counts && status.manifest.is_none());
        (comes || !self.driver.is_empty()) && !is_open(&status.steps, StepKind::Plate)
    }

    /// The attendant types the plate while the driver looks for the first code, then brings the reader.
    fn driver_shows(&mut self, status: &LaneStatus, gate: &Gate) {
        if !self.reads_driver(status) {
            return;
        }
        let at = *self.at_driver.get_or_insert(gate.now + self.reader_takes);
        let due = |after: Duration| if self.read_one { at + after } else { at.max(self.arrived + after) };
        if let Some((_, text)) = self.driver.pop_front_if(|(after, _)| gate.now >= due(*after)) {
            (self.at_driver, self.read_one) = (Some(gate.now), true);
            present(gate, &text);
        }
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
            says: None,
            said: false,
            known: None,
        }
    }

    /// With what they prepared for the registration.
    fn saying(mut self, says: Says, random: &mut Random) -> Self {
        let text = || code(&format!("name={NAME}\nphone={PHONE}\norigin={ORIGIN}\n"));
        self.says = match says {
            Says::Aloud | Says::Listed => None,
            Says::InPhone => Some((SECOND_CODE.draw(random), After::Known, text())),
            // The hands are free once the identity card was handed over.
            Says::OnPaper => {
                Some((NO_PHONE_SAID.draw(random) + PAPER_CODE.draw(random), After::Turn, text()))
            }
        };
        self
    }

    /// Whether they are going to show a registration code, or did and the lane has not taken it yet.
    pub fn will_show(&self, status: &LaneStatus) -> bool {
        self.says.is_some() && status.prepared.is_none()
    }

    /// Whether that is due.
    fn shows(&mut self, now: Mono, since: Mono, steps: &[StepStatus]) -> bool {
        if !is_open(steps, StepKind::Credential) {
            self.known.get_or_insert(now);
        }
        let Some((after, from, _)) = self.says.as_ref().filter(|_| !self.said) else { return false };
        match from {
            After::Turn => now >= since + *after,
            After::Known => self.known.is_some_and(|known| now >= known + *after),
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

/// A passenger list of so many, none of whom the roster knows.
fn list(of: usize) -> String {
    let row = |at: usize| format!("{NAME},{},{PHONE},{ORIGIN}\n", id_number(10 + at as u32));
    let rows: String = (0..of).map(row).collect();
    manifest::code(&format!("姓名,身份证号,手机号,从哪里来\n{rows}"))
}

fn present(gate: &Gate, payload: &str) {
    let kakou::sim::world::CodeReader::Bytes(bytes) = &gate.rig.reader else { return };
    let mut bytes = bytes.lock().unwrap();
    bytes.extend_from_slice(payload.as_bytes());
    bytes.push(b'\r');
}
