//! A trained attendant: sees what the lane asks, makes up their mind, presses. One thing at a time.
//!
//! What is asked comes from the lane's status, as the attendant's page has it: the first open step is one press away
//! (F3), any other behind the page of other ways (F4 and one more). While somebody looks for a code, the attendant
//! looks at the mask already.

use std::time::Duration;

use kakou::base::{Mono, Pii, Random, Slug};
use kakou::control::{Act, Asks, Entry, LaneStatus, OddPlate, Phase, Registration, StepState, StepStatus};
use kakou::model::{StepKind, SubjectKind};

use super::gate::Gate;
use super::model::{ASK, KEYS_PER_HANZI, LIST_ROW, LOOK_THROUGH, NO_PHONE_SAID, NOTICE, PRESS, THINK};
use super::visit::{Visit, is_open};

pub const NAME: &str = "王小明";
pub const PHONE: &str = "13800001234";
pub const ORIGIN: &str = "成都锦江区";

/// The attendant of the lane.
#[derive(Default)]
pub struct Attendant {
    pub acts: u32,
    pub presses: u32,
    under_way: Option<(Mono, Act, u32)>,
    /// When somebody said that they have no phone.
    told: Option<(Mono, Mono)>,
}

/// What is to be done, and what it takes.
struct Task {
    act: Act,
    presses: u32,
    /// Units to be typed, each after a moment's thought.
    units: u32,
    spoken: bool,
    looks: Looks,
}

/// What is looked through before a press.
enum Looks {
    Nowhere,
    Registration,
    List(usize),
}

impl Attendant {
    /// Does what is due.
    pub fn step(&mut self, status: &LaneStatus, visit: &Visit, gate: &mut Gate, random: &mut Random) {
        if !matches!(status.phase, Phase::Steps | Phase::Referred) {
            self.under_way = None;
            return;
        }
        if let Some((_, act, presses)) = self.under_way.take_if(|(at, ..)| *at <= gate.now) {
            gate.ask(act.clone()).unwrap_or_else(|refused| panic!("{act:?}: {refused}"));
            self.acts += 1;
            self.presses += presses;
            return;
        }
        if self.under_way.is_some() {
            return;
        }
        let Some(task) = self.task(gate.now, status, visit, random) else { return };
        let mut takes = NOTICE.draw(random);
        takes += (0..task.units).map(|_| THINK.draw(random)).sum::<Duration>();
        takes += (0..task.presses).map(|_| PRESS.draw(random)).sum::<Duration>();
        takes += if task.spoken { ASK.draw(random) } else { Duration::ZERO };
        takes += match task.looks {
            Looks::Nowhere => Duration::ZERO,
            Looks::Registration => LOOK_THROUGH.draw(random),
            Looks::List(rows) => (0..rows).map(|_| LIST_ROW.draw(random)).sum(),
        };
        self.under_way = Some((gate.now + takes, task.act, task.presses));
    }

    fn task(&mut self, now: Mono, status: &LaneStatus, visit: &Visit, random: &mut Random) -> Option<Task> {
        if status.takes == SubjectKind::Person {
            return self.for_person(now, status, &status.steps, visit, random);
        }
        if visit.has_pass && is_open(&status.steps, StepKind::Plate) {
            return None;
        }
        if visit.reads_driver(status) {
            return None;
        }
        if let Some(task) = for_vehicle(status, visit) {
            return Some(task);
        }
        let Some(served) = status.occupants.iter().find(|person| !person.settled) else {
            return disinfection(status);
        };
        // Reader and sensor are in the hands until both are done.
        let full =
            is_open(&served.steps, StepKind::Credential) || is_open(&served.steps, StepKind::Temperature);
        if visit.by_hand && full {
            return None;
        }
        self.for_person(now, status, &served.steps, visit, random)
    }

    fn for_person(
        &mut self,
        now: Mono,
        status: &LaneStatus,
        steps: &[StepStatus],
        visit: &Visit,
        random: &mut Random,
    ) -> Option<Task> {
        let (person, since) = visit.served()?;
        if person.code.is_none() && is_open(steps, StepKind::Credential) {
            let (of, at) = self.told.get_or_insert_with(|| (since, since + NO_PHONE_SAID.draw(random)));
            if *of != since {
                self.told = None;
                return None;
            }
            let text = Pii::new(person.id_number.clone());
            let presses = 1 + 18 + 1;
            return (*at <= now).then_some(Task {
                act: Act::TypeIdNumber(text),
                presses,
                units: 1,
                spoken: false,
                looks: Looks::Nowhere,
            });
        }
        let open = |step: &&StepStatus| !matches!(step.state, StepState::Done | StepState::Waived { .. });
        steps.iter().filter(open).find_map(|step| {
            let way = if first_open(steps) == Some(&step.id) { 1 } else { 2 };
            Some(match step.kind {
                StepKind::Attest => Task {
                    act: Act::Attest(step.attest?),
                    presses: way,
                    units: 0,
                    spoken: false,
                    looks: Looks::Nowhere,
                },
                StepKind::Question => answer(step, way)?,
                // What is typed of somebody waits until they have shown who they are.
                StepKind::Registration if person.will_show(status) => return None,
                StepKind::Registration if !is_open(steps, StepKind::Credential) => register(status, way),
                StepKind::Credential
                | StepKind::Temperature
                | StepKind::Registration
                | StepKind::Plate
                | StepKind::Occupants
                | StepKind::Disinfection
                | StepKind::Dwell
                | StepKind::Pledge
                | StepKind::Custody
                | StepKind::Escort
                | StepKind::Count
                | StepKind::SignOff
                | StepKind::Entitlement => return None,
            })
        })
    }
}

fn for_vehicle(status: &LaneStatus, visit: &Visit) -> Option<Task> {
    let steps = &status.steps;
    if is_open(steps, StepKind::Plate) {
        let presses = 1 + visit.plate.chars().count() as u32 + 1;
        let act = Act::TypePlate { text: Pii::new(visit.plate.clone()), odd: OddPlate::Confirmed };
        return Some(Task { act, presses, units: 1, spoken: false, looks: Looks::Nowhere });
    }
    if let Some(list) = &status.manifest {
        let act = Act::TakeManifest { offer: list.offer, absent: vec![] };
        return Some(Task { act, presses: 2, units: 0, spoken: false, looks: Looks::List(list.rows.len()) });
    }
    if status.declared.is_none() && is_open(steps, StepKind::Occupants) {
        let count = visit.people.len() as u8;
        let presses = 1 + if count > 9 { 2 } else { 1 } + 1;
        return Some(Task {
            act: Act::DeclareOccupants(count),
            presses,
            units: 1,
            spoken: false,
            looks: Looks::Nowhere,
        });
    }
    let registration =
        steps.iter().find(|step| step.kind == StepKind::Registration && is_open(steps, step.kind))?;
    let way = if first_open(steps) == Some(&registration.id) { 1 } else { 2 };
    Some(register(status, way))
}

fn disinfection(status: &LaneStatus) -> Option<Task> {
    if !is_open(&status.steps, StepKind::Disinfection) {
        return None;
    }
    match status.disinfecting {
        None => {
            let agent = status.agents.first()?.clone();
            Some(Task {
                act: Act::StartDisinfection { agent },
                presses: 1,
                units: 0,
                spoken: false,
                looks: Looks::Nowhere,
            })
        }
        Some(running) => (running.may_stop_ms == 0).then_some(Task {
            act: Act::StopDisinfection,
            presses: 1,
            units: 0,
            spoken: false,
            looks: Looks::Nowhere,
        }),
    }
}

/// The answer that lets somebody go on; its page is behind the button.
fn answer(step: &StepStatus, way: u32) -> Option<Task> {
    let Asks::Question { answers, .. } = &step.asks else { return None };
    let entry = Entry::Answer { answer: answers.first()?.id.clone(), stay: None };
    let act = Act::Enter { step: step.id.clone(), entry };
    Some(Task { act, presses: way + 1, units: 0, spoken: true, looks: Looks::Nowhere })
}

/// The fields that have to be filled in, said and typed: a press to go to each, and one to send them off.
fn register(status: &LaneStatus, way: u32) -> Task {
    if status.fields.iter().all(|field| !field.required || field.said().is_some()) {
        let number = status.prepared.map(|prepared| prepared.number);
        let act = Act::Register(Registration { code: number, ..Registration::default() });
        // Whoever stands on a list says who they are.
        return Task { act, presses: way, units: 0, spoken: number.is_none(), looks: Looks::Registration };
    }
    let (mut filled, mut presses, mut units) = (Registration::default(), way + 1, 0);
    for field in status.fields.iter().filter(|field| field.required) {
        let (place, text, keys) = match field.name.as_str() {
            "name" => (&mut filled.name, NAME, hanzi(NAME)),
            "phone" => (&mut filled.phone, PHONE, PHONE.len() as u32),
            "origin" => (&mut filled.origin, ORIGIN, hanzi(ORIGIN)),
            other => panic!("nobody knows what to write into {other}"),
        };
        *place = Some(Pii::new(text.to_owned()));
        presses += 1 + keys;
        units += 1;
    }
    Task { act: Act::Register(filled), presses, units, spoken: true, looks: Looks::Nowhere }
}

fn hanzi(text: &str) -> u32 {
    (text.chars().count() as f64 * KEYS_PER_HANZI).ceil() as u32
}

/// The step that F3 is for: what needs the attendant first, then the one that is asked.
fn first_open(steps: &[StepStatus]) -> Option<&Slug> {
    let rank = |step: &StepStatus| match step.state {
        StepState::NeedsAttendant { .. } | StepState::Failed { .. } => Some(0),
        StepState::Asked => Some(1),
        StepState::Open => Some(2),
        StepState::Done | StepState::Waived { .. } => None,
    };
    let ranked = steps.iter().filter_map(|step| Some((rank(step)?, step)));
    ranked.min_by_key(|(rank, _)| *rank).map(|(_, step)| &step.id)
}
