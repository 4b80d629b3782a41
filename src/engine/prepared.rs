//! A registration code that was shown: kept for the one who showed it, and of no consequence until an attendant confirms it.
//!
//! It is what somebody says of themselves and no more: it settles nothing, identifies nobody, and is no try at anything.

use std::time::Duration;

use super::input::Effect;
use super::lane::{Lane, State};
use super::session::{Session, Who};
use super::steps::Steps;
use super::vehicle::VehicleSession;
use crate::base::{Mono, Pii};
use crate::config::{Field, FieldRule};
use crate::control::{PreparedStatus, Refused};
use crate::model::registration_code::{BadRegistrationCode, RegistrationCode};
use crate::model::{FieldForm, StepKind, mask};

/// What was made of a registration code that was shown.
pub type Shown = Result<RegistrationCode, BadRegistrationCode>;

/// A registration code that was shown in this session.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// Counts the codes of the session, so that no other one is confirmed than the one that was looked at.
    pub number: u32,
    /// When it was shown.
    pub at: Mono,
    /// What it says.
    pub code: Shown,
}

impl Prepared {
    /// What it says for the field `rule`, where that may be written there.
    pub fn says(&self, rule: &FieldRule) -> Option<Result<&Pii<String>, &'static str>> {
        let said = self.code.as_ref().ok()?.says(&rule.id)?;
        Some(said.and_then(|text| super::registration::check(rule, text).map(|()| text)))
    }

    /// The same, as screens may show it.
    pub fn shown(&self, rule: &FieldRule) -> Option<Result<String, &'static str>> {
        Some(self.says(rule)?.map(|text| shown(rule, text)))
    }

    /// As the attendant's page has it.
    pub fn status(&self) -> PreparedStatus {
        PreparedStatus { number: self.number, fault: self.code.as_ref().err().copied() }
    }
}

/// Forgets a code that was shown within the last `doubt`: others are in view, and it may have been one of them.
pub fn doubted(prepared: &mut Option<Prepared>, now: Mono, doubt: Duration) {
    *prepared = prepared.take().filter(|prepared| now.since(prepared.at) > doubt);
}

/// The code that an act confirms as `number`; nothing where it confirms none.
///
/// # Errors
///
/// When that is not the one that waits.
pub fn confirmed(prepared: Option<&Prepared>, number: Option<u32>) -> Result<Option<&Prepared>, Refused> {
    match (prepared, number) {
        (_, None) => Ok(None),
        (Some(prepared), Some(number)) if prepared.number == number => Ok(Some(prepared)),
        (Some(_) | None, Some(_)) => Err(Refused::NotNow { why: "that code is not there any more" }),
    }
}

impl Lane {
    /// Somebody says by a code what they are going to be asked: it is theirs, or nobody's. Unlike a credential it is not kept for
    /// whoever comes next, because it may still be of the one who is going through.
    pub(super) fn registration_code(&mut self, now: Mono, code: Shown, effects: &mut Vec<Effect>) {
        let serves = self.serves();
        match &mut self.state {
            State::Steps(session) | State::Referred(session) => session.registration_code(now, code),
            State::Idle if serves => {
                if self.begin(now, self.settings.takes, self.usual_direction(), effects).is_ok() {
                    self.registration_code(now, code, effects);
                }
            }
            State::Idle | State::Recording { .. } | State::Crossing(_) | State::Ended { .. } => {}
        }
    }
}

impl Session {
    /// Takes the registration code that was shown, for whoever is being served, until an attendant confirms it.
    pub fn registration_code(&mut self, now: Mono, code: Shown) {
        self.codes = self.codes.saturating_add(1);
        let prepared = Prepared { number: self.codes, at: now, code };
        match &mut self.who {
            Who::Person(person) => person.prepared = Some(prepared),
            Who::Vehicle(vehicle) => vehicle.prepare(prepared),
        }
        self.crowded = false;
        self.active(now);
    }
}

impl VehicleSession {
    /// Keeps a code for the occupant who is being served; for the vehicle where nobody is, or only the vehicle is registered.
    pub(super) fn prepare(&mut self, prepared: Prepared) {
        let own = registers(&self.steps);
        match self.served_mut() {
            Some(person) if registers(&person.steps) || !own => person.prepared = Some(prepared),
            Some(_) | None => self.prepared = Some(prepared),
        }
    }

    /// Whether a registration that confirms the code `number`, or none, is the vehicle's own.
    pub(super) fn registers_itself(&self, number: Option<u32>) -> bool {
        let theirs = |number| {
            let prepared = self.served().and_then(|person| person.prepared.as_ref());
            prepared.is_some_and(|prepared| prepared.number == number)
        };
        registers(&self.steps) && !number.is_some_and(theirs)
    }
}

/// Whether a registration is asked for and not settled.
pub fn registers(steps: &Steps) -> bool {
    steps.open().any(|open| open == StepKind::Registration)
}

/// A value as screens may show it: people and what they are known by are masked.
pub fn shown(rule: &FieldRule, text: &Pii<String>) -> String {
    match Field::of(&rule.id) {
        Some(Field::Name | Field::Host) => return mask::name(text),
        Some(Field::Origin | Field::Destination) => return text.expose().clone(),
        Some(Field::Phone) | None => {}
    }
    match &rule.form {
        FieldForm::Phone => mask::phone(text),
        FieldForm::Plate => mask::plate(text),
        FieldForm::IdNumber => mask::id_number(text),
        FieldForm::Text | FieldForm::Number | FieldForm::Date => text.expose().clone(),
        FieldForm::Choice { choices } => {
            let choice = choices.iter().find(|choice| choice.id.as_str() == text.expose());
            choice.map(|choice| choice.title.zh.clone()).unwrap_or_default()
        }
    }
}
