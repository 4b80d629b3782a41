//! Steps as screens show them.

use super::running::Running;
use super::step::Step;
use super::steps::Steps;
use crate::config::Ask;
use crate::config::step_rule::{Answer, Source, Warmth};
use crate::control::{AnswerStatus, AreaStatus, Asks, DwellState, ReadBy, StepState, StepStatus};
use crate::model::{AreaTable, StepOutcome};

impl Steps {
    /// The steps as a screen shows them.
    pub fn status(&self) -> Vec<StepStatus> {
        let mut asked = true;
        let status = |step: &Step| {
            let state = state(step, asked);
            asked &= step.outcome.is_settled();
            StepStatus {
                id: step.rule.id.clone(),
                kind: step.rule.kind(),
                title: step.rule.title.clone(),
                asks: asks(step, self.running.as_ref()),
                attest: step.attested(),
                state,
                colour: step.colour.filter(|_| !step.outcome.is_settled()),
                waivers: step.rule.waivers.clone(),
                waive_by: step.rule.waive_by.clone(),
            }
        };
        self.iter().map(status).collect()
    }
}

fn state(step: &Step, asked: bool) -> StepState {
    match (&step.outcome, step.attention()) {
        (StepOutcome::Done(_), _) => StepState::Done,
        (StepOutcome::Waived { by, .. }, _) => StepState::Waived { by: by.clone() },
        (StepOutcome::Failed { reason, .. }, _) => StepState::Failed { reason: *reason },
        (StepOutcome::Open | StepOutcome::NotMeasured(_), Some(reason)) => {
            StepState::NeedsAttendant { reason }
        }
        (StepOutcome::Open | StepOutcome::NotMeasured(_), None) if asked => StepState::Asked,
        (StepOutcome::Open | StepOutcome::NotMeasured(_), None) => StepState::Open,
    }
}

/// What an open step asks; nothing is asked by one that is settled.
fn asks(step: &Step, running: Option<&Running>) -> Asks {
    if step.outcome.is_settled() {
        return Asks::Plain;
    }
    match &step.rule.ask {
        Ask::Credential { .. }
        | Ask::Temperature { .. }
        | Ask::Registration { .. }
        | Ask::Attest { .. }
        | Ask::Plate { .. }
        | Ask::Occupants { .. }
        | Ask::Disinfection { .. }
        | Ask::Entitlement { .. } => Asks::Plain,
        Ask::Question { text, answers, areas: table } => Asks::Question {
            text: text.clone(),
            answers: answers.iter().map(answer).collect(),
            areas: table.as_deref().map(areas).unwrap_or_default(),
            to_confirm: step.to_confirm(),
        },
        Ask::Dwell { seconds, at } => Asks::Dwell {
            seconds: *seconds,
            range: at.as_ref().map(|at| [at.low, at.high]),
            read_by: at.as_ref().map_or(ReadBy::Nobody, read_by),
            state: running
                .filter(|running| running.step == step.rule.id)
                .map_or(DwellState::NotBegun, Running::dwell_state),
        },
        Ask::Pledge { text } => Asks::Pledge { text: text.clone() },
        Ask::Custody { way, items_max } => Asks::Custody { way: *way, items_max: *items_max },
        Ask::Escort => Asks::Escort,
        Ask::Count { what, min, max } => Asks::Count { what: what.clone(), min: *min, max: *max },
        Ask::SignOff { signatures, .. } => Asks::SignOff {
            wanted: *signatures,
            signed: step.signed.iter().map(|(by, _)| by.clone()).collect(),
            by: step.signs_next(),
        },
    }
}

fn answer(answer: &Answer) -> AnswerStatus {
    AnswerStatus { id: answer.id.clone(), title: answer.title.clone(), asks_stay: answer.listed.is_some() }
}

/// The areas to choose from: one with several periods is offered once.
fn areas(table: &AreaTable) -> Vec<AreaStatus> {
    let mut areas: Vec<AreaStatus> = Vec::new();
    for area in &table.areas {
        if areas.iter().all(|known| known.id != area.id) {
            areas.push(AreaStatus { id: area.id.clone(), title: area.title.clone() });
        }
    }
    areas
}

fn read_by(at: &Warmth) -> ReadBy {
    match at.source {
        Source::Attendant => ReadBy::Attendant,
        Source::Sensor(_) => ReadBy::Sensor,
    }
}
