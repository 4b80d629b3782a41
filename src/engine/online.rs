//! Codes that only their issuer can judge: asked about through the hub while the subject waits.
//!
//! ```text
//!   code of a kind that the step asks about: Wanted ─▶ Waiting ──answer──▶ step settled or failed, by the issuer's word
//!                                                         └──none in time──▶ cannot be verified now
//! ```
//! Nothing but the answer to the question under way counts, and only while the step is open: an answer that comes late is
//! nobody's. What nobody can say is never good.

use std::time::Duration;

use super::input::{Effect, Ticket};
use super::lane::{Lane, State};
use super::person::PersonSession;
use super::present::Taken;
use super::session::{Session, Who};
use crate::base::{Mono, Pii};
use crate::config::Ask;
use crate::config::step_rule::Unverified;
use crate::model::{
    Authenticity, CredentialKind, Currency, Evidence, OnlineAnswer, OnlineResult, Reason, StepKind,
    Unanswered,
};

/// Longest time for an answer: the hub's own call takes three seconds at most where nothing else is set, and longer than this
/// nobody waits at a gate.
pub const ISSUER_WITHIN: Duration = Duration::from_secs(5);

/// A question to an issuer about what one person showed.
#[derive(Clone, Debug, Default)]
pub(super) enum Question {
    /// None.
    #[default]
    None,
    /// It has still to be asked.
    Wanted { code: Pii<String>, taken: Taken },
    /// An answer is waited for under `ticket`, until then.
    Waiting { ticket: Ticket, until: Mono, code: Pii<String>, taken: Taken },
}

impl Lane {
    /// Asks about codes that were shown and that only their issuers can judge.
    pub(super) fn ask_issuers(&mut self, now: Mono, effects: &mut Vec<Effect>) {
        let (State::Steps(session) | State::Referred(session)) = &mut self.state else { return };
        for person in session.people() {
            let (code, taken) = match std::mem::take(&mut person.question) {
                Question::Wanted { code, taken } => (code, taken),
                other @ (Question::None | Question::Waiting { .. }) => {
                    person.question = other;
                    continue;
                }
            };
            self.tickets += 1;
            let ticket = Ticket(self.tickets);
            effects.push(Effect::AskIssuer { ticket, code: code.clone() });
            person.question = Question::Waiting { ticket, until: now + ISSUER_WITHIN, code, taken };
        }
    }
}

impl Session {
    /// Takes the answer to a question about what somebody here showed.
    pub fn issuer_answered(&mut self, now: Mono, ticket: Ticket, answer: &Result<OnlineAnswer, Unanswered>) {
        let waits = |person: &&mut PersonSession| matches!(person.question, Question::Waiting { ticket: waiting, .. } if waiting == ticket);
        let Some(person) = self.people().into_iter().find(waits) else { return };
        person.issuer_answered(answer);
        self.active(now);
    }

    /// Until when an answer is waited for.
    pub(super) fn issuer_until(&self) -> Option<Mono> {
        let until = |person: &PersonSession| match person.question {
            Question::Waiting { until, .. } => Some(until),
            Question::None | Question::Wanted { .. } => None,
        };
        match &self.who {
            Who::Person(person) => until(person),
            Who::Vehicle(vehicle) => vehicle.occupants.iter().filter_map(until).min(),
        }
    }

    /// Gives up what has not been answered by `now`.
    pub(super) fn expire_issuers(&mut self, now: Mono) {
        for person in self.people() {
            if matches!(person.question, Question::Waiting { until, .. } if until <= now) {
                person.issuer_answered(&Err(Unanswered::Unreachable));
            }
        }
    }

    /// Whether an issuer is being asked about what the one who is served showed.
    pub(super) fn asks_issuer(&self) -> bool {
        match &self.who {
            Who::Person(person) => person.asks_issuer(),
            Who::Vehicle(vehicle) => vehicle.served().is_some_and(PersonSession::asks_issuer),
        }
    }

    fn people(&mut self) -> Vec<&mut PersonSession> {
        match &mut self.who {
            Who::Person(person) => vec![person],
            Who::Vehicle(vehicle) => vehicle.occupants.iter_mut().collect(),
        }
    }
}

impl PersonSession {
    /// Whether an issuer is being asked about what they showed.
    pub(super) fn asks_issuer(&self) -> bool {
        match self.question {
            Question::None => false,
            Question::Wanted { .. } | Question::Waiting { .. } => true,
        }
    }

    /// Has the issuer asked about `code`. One that is being asked about already is not asked about twice.
    pub(super) fn ask_issuer(&mut self, code: &Pii<String>, taken: Taken) {
        if !matches!(&self.question, Question::Waiting { code: asked, .. } if asked == code) {
            self.question = Question::Wanted { code: code.clone(), taken };
        }
    }

    /// Other codes came into view: nobody is asked about one that was shown a moment ago and may not be theirs.
    pub(super) fn doubt_question(&mut self, now: Mono) {
        if let Question::Wanted { taken, .. } | Question::Waiting { taken, .. } = &self.question
            && taken.is_doubtful(now)
        {
            self.question = Question::None;
        }
    }

    fn issuer_answered(&mut self, answer: &Result<OnlineAnswer, Unanswered>) {
        let Question::Waiting { taken, .. } = std::mem::take(&mut self.question) else { return };
        let Some(step) = self.steps.unsettled(StepKind::Credential) else { return };
        let (authentic, current, reason) = match answer.as_ref().map(|answer| answer.result) {
            Ok(OnlineResult::Positive) => (Authenticity::Genuine, Currency::Current, None),
            Ok(OnlineResult::Negative) => {
                (Authenticity::Genuine, Currency::Current, Some(Reason::CredentialNotAdmissible))
            }
            Ok(OnlineResult::Expired) => {
                (Authenticity::Genuine, Currency::Expired, Some(Reason::CredentialExpired))
            }
            Ok(OnlineResult::Invalid) => {
                (Authenticity::Forged, Currency::Unknown, Some(Reason::CredentialForged))
            }
            Err(_) => (Authenticity::Unverified, Currency::Unknown, Some(Reason::IssuerUnanswered)),
        };
        let evidence = Evidence::Credential { kind: CredentialKind::OnlineCode, authentic, current };
        match (reason, &step.rule.ask) {
            (None, _) => {
                step.settle(evidence);
                self.taken = Some(taken);
                let named = answer.as_ref().ok().and_then(|answer| answer.name.clone());
                self.details.name = self.details.name.take().or(named);
            }
            (Some(Reason::IssuerUnanswered), Ask::Credential { unverified: Unverified::Attendant, .. }) => {
                step.attempts = step.attempts.saturating_add(1);
                step.call_attendant(Reason::IssuerUnanswered);
            }
            (Some(reason), _) => {
                step.attempts = step.attempts.saturating_add(1);
                step.fail(reason, Some(evidence));
            }
        }
    }
}
