//! Somebody who does what each step asks, one after the other: through any profile, without knowing which it is.

use kakou::base::{CentiCelsius, Pii, Slug};
use kakou::config::profile_file::shipped_in;
use kakou::control::{
    Act, Asks, DwellState, Entry, FieldStatus, LaneStatus, OddPlate, Phase, ReadBy, Registration, Stay,
    StepState, StepStatus,
};
use kakou::engine::Input;
use kakou::model::{AreaMode, Class, Direction, FieldForm, Role, StepKind, SubjectKind, Zone};

use crate::bench::{Bench, pass, temperature};

/// What is done at a lane.
pub enum Do {
    Put(Input),
    Act(&'static str, Act),
    Wait(u64),
}

/// One walk through the profiles of one file.
pub struct Walk<'a> {
    pub file: &'a str,
    pub takes: SubjectKind,
    pub direction: Direction,
    pub class: Class,
    pub mode: AreaMode,
    /// What is answered to which question; the first answer where nothing is said.
    pub answers: &'a [(&'a str, &'a str)],
}

impl Walk<'_> {
    /// A lane at which somebody has just begun.
    pub fn begin(&self) -> Bench {
        let profiles = shipped_in(self.file).expect("shipped profiles are sound");
        let mut lane = Bench::in_mode(self.mode, self.takes, profiles);
        lane.act(Act::Begin { subject: self.takes, direction: self.direction });
        lane
    }

    /// Does what is asked until there is a verdict, or nothing more that could be done.
    pub fn to_the_end(&self) -> Bench {
        let mut lane = self.begin();
        self.go_on(&mut lane);
        lane
    }

    /// The same for somebody who is at `lane` already.
    pub fn go_on(&self, lane: &mut Bench) {
        for _ in 0..300 {
            let status = lane.status();
            if !matches!(status.phase, Phase::Steps | Phase::Referred) {
                return;
            }
            match next(&status, self.class, self.answers) {
                Some(todo) => perform(lane, todo),
                None => return,
            }
        }
        panic!("no end: {:?}", lane.status().steps);
    }
}

/// Does it, whatever becomes of it.
pub fn perform(lane: &mut Bench, todo: Do) {
    match todo {
        Do::Put(input) => drop(lane.put(input)),
        Do::Act(by, act) => {
            let by = Some(by).filter(|by| !by.is_empty());
            let refused = lane.act_by(by, act.clone());
            assert_eq!(refused, Ok(()), "{act:?}");
        }
        Do::Wait(seconds) => drop(lane.wait(seconds)),
    }
}

/// What is to be done next, for the first step that is open and has not failed.
pub fn next(status: &LaneStatus, class: Class, answers: &[(&str, &str)]) -> Option<Do> {
    let occupant = status.occupants.iter().find(|occupant| !occupant.settled);
    let steps = occupant.map_or(&status.steps, |occupant| &occupant.steps);
    let open = |step: &&StepStatus| {
        matches!(step.state, StepState::Open | StepState::Asked | StepState::NeedsAttendant { .. })
    };
    let own = status.steps.iter().filter(|step| step.kind != StepKind::Occupants);
    let step = steps.iter().find(open).or_else(|| own.clone().find(open))?;
    of_step(status, step, class, answers)
}

fn of_step(status: &LaneStatus, step: &StepStatus, class: Class, answers: &[(&str, &str)]) -> Option<Do> {
    let act = |act| Some(Do::Act("wang", act));
    match step.kind {
        StepKind::Credential => Some(Do::Put(pass(class))),
        StepKind::Temperature => Some(Do::Put(temperature(Zone::Below))),
        StepKind::Registration => act(Act::Register(filled(&status.fields))),
        StepKind::Attest => act(Act::Attest(step.attest?)),
        StepKind::Plate => {
            act(Act::TypePlate { text: Pii::new("京A12345".to_owned()), odd: OddPlate::Confirmed })
        }
        StepKind::Occupants if status.declared.is_none() => act(Act::DeclareOccupants(2)),
        StepKind::Occupants => None,
        StepKind::Disinfection => match status.disinfecting {
            None => act(Act::StartDisinfection { agent: status.agents.first()?.clone() }),
            Some(running) if running.may_stop_ms > 0 => Some(Do::Wait(running.may_stop_ms.div_ceil(1_000))),
            Some(_) => act(Act::StopDisinfection),
        },
        StepKind::Question
        | StepKind::Dwell
        | StepKind::Pledge
        | StepKind::Custody
        | StepKind::Escort
        | StepKind::Count
        | StepKind::SignOff => entered(status, step, answers),
        StepKind::Entitlement => {
            act(Act::Waive { step: step.id.clone(), reason: step.waivers.first()?.clone() })
        }
    }
}

fn entered(status: &LaneStatus, step: &StepStatus, answers: &[(&str, &str)]) -> Option<Do> {
    let by = |by, entry| Some(Do::Act(by, Act::Enter { step: step.id.clone(), entry }));
    let enter = |entry| by("wang", entry);
    match &step.asks {
        Asks::Plain => None,
        Asks::Question { answers: known, .. } => {
            let wanted = answers.iter().find(|(id, _)| *id == step.id.as_str()).map(|(_, answer)| *answer);
            let answer = wanted.map_or(known.first(), |id| known.iter().find(|one| one.id.as_str() == id))?;
            let date = Pii::new("2026-10-25".parse().ok()?);
            let stay = answer.asks_stay.then(|| Stay { area: "yubei".parse().ok(), date });
            enter(Entry::Answer { answer: answer.id.clone(), stay })
        }
        Asks::Dwell { seconds, range, read_by, state } => match (read_by, state, status.dwelling) {
            (ReadBy::Nobody | ReadBy::Sensor, DwellState::NotBegun, _) => enter(Entry::StartDwell),
            (ReadBy::Attendant, _, Some(running)) if running.reading_ms.is_some_and(|ms| ms > 250_000) => {
                Some(Do::Wait(200))
            }
            (ReadBy::Attendant, _, _) => enter(Entry::Reading(middle((*range)?)?)),
            (ReadBy::Nobody | ReadBy::Sensor, _, _) => Some(Do::Wait(u64::from(*seconds))),
        },
        Asks::Pledge { .. } => by("", Entry::Pledge),
        Asks::Custody { .. } => enter(Entry::Items { number: 1, tag: Some(17) }),
        Asks::Escort => enter(Entry::Escort(Pii::new("小陈".to_owned()))),
        Asks::Count { min, .. } => enter(Entry::Count(*min)),
        Asks::SignOff { signed, .. } if signed.is_empty() => enter(Entry::SignOff { role: Role::Attendant }),
        Asks::SignOff { .. } => by("li", Entry::SignOff { role: Role::Lead }),
    }
}

fn middle([low, high]: [CentiCelsius; 2]) -> Option<CentiCelsius> {
    CentiCelsius::new(i32::midpoint(low.get(), high.get()))
}

/// Every field filled in with something of its form.
pub fn filled(fields: &[FieldStatus]) -> Registration {
    let mut registration = Registration::default();
    for field in fields {
        let text = match &field.form {
            FieldForm::Text => "成都".to_owned(),
            FieldForm::Phone => "13812345678".to_owned(),
            FieldForm::Date => "2026-03-01".to_owned(),
            FieldForm::Number => "12".to_owned(),
            FieldForm::Choice { choices } => choices[0].id.to_string(),
            FieldForm::Plate => "京A12345".to_owned(),
            FieldForm::IdNumber => "11010519491231002X".to_owned(),
        };
        let text = Pii::new(text);
        match field.name.as_str() {
            "name" => registration.name = Some(text),
            "phone" => registration.phone = Some(text),
            "origin" => registration.origin = Some(text),
            "destination" => registration.destination = Some(text),
            "host" => registration.host = Some(text),
            _ => registration.more.push((field.name.clone(), text)),
        }
    }
    registration
}

/// The names of the steps in a record, in order.
pub fn names(steps: &[kakou::model::StepRecord]) -> Vec<String> {
    let name = |step: &kakou::model::StepRecord| {
        step.id.as_ref().map_or_else(|| step.kind.name().to_owned(), Slug::to_string)
    };
    steps.iter().map(name).collect()
}
