//! What the records of earlier passages say of one person or one vehicle.
//!
//! ```text
//!   identifiers or host change: question ─▶ Waiting ──answer──▶ Known
//!                                              └──none in time──▶ Known: nobody can say
//! ```
//! While an answer is waited for no policy decides. What it settled falls when somebody else may be meant: on another
//! question, and when an identity is taken back.

use std::time::Duration;

use super::context::Context;
use super::entitled::{self, Now};
use super::input::Ticket;
use super::step::Step;
use super::steps::Steps;
use crate::base::{Mono, Pii};
use crate::config::Profile;
use crate::model::blind::IdentifierKind;
use crate::model::past::{Unknown, comparable_name};
use crate::model::{ListHit, Past, Reason, TurnedBack, Whose};

/// Longest time for an answer. A busy card takes some tenths of a second.
pub(super) const MEMORY_WITHIN: Duration = Duration::from_secs(2);

/// What is known of a subject, as far as it tells them from others.
pub(super) type Known<'a> = (&'a [(IdentifierKind, Option<&'a Pii<String>>)], Option<&'a Pii<String>>);

/// How far back a profile looks for a turn-back, and for the same pass at another gate.
pub(super) type Looks = (Option<Duration>, Option<Duration>);

/// What the records of earlier passages say of one subject.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    asked: Vec<(IdentifierKind, Pii<String>)>,
    host: Option<Pii<String>>,
    state: State,
    /// What rules are told beside what lists say.
    says: ListHit,
    /// Where and when they were turned back, for the attendant.
    turned_back: Option<TurnedBack>,
    /// The pass that an attendant was called to look at, because of where else it was shown.
    doubted: Option<Pii<String>>,
}

#[derive(Clone, Debug, Default)]
enum State {
    /// Nothing was asked.
    #[default]
    Nothing,
    /// An answer is waited for until then.
    Waiting { ticket: Ticket, until: Mono },
    /// This was answered then.
    Known { at: Mono, past: Result<Past, Unknown> },
}

impl Memory {
    /// What has to be asked, where it is not what was asked last.
    pub fn question(
        &mut self,
        (known, host): Known<'_>,
        profile: &Profile,
        context: &Context,
    ) -> Option<Whose> {
        if !profile.asks_the_past() {
            return None;
        }
        // Called on every event: nothing is copied unless there is something new.
        let given = || known.iter().filter_map(|(kind, value)| Some((*kind, (*value)?)));
        let same = given().eq(self.asked.iter().map(|(kind, value)| (*kind, value)));
        if given().next().is_none() || (same && host == self.host.as_ref()) {
            return None;
        }
        let known: Vec<_> = given().map(|(kind, value)| (kind, value.clone())).collect();
        let name =
            |host: &Pii<String>| context.blinder.blind(IdentifierKind::Name, comparable_name(host).expose());
        let whose = Whose { known: known.clone(), host: host.map(name) };
        (self.asked, self.host) = (known, host.cloned());
        Some(whose)
    }

    /// An answer is waited for under `ticket`; what an earlier one settled does not count meanwhile.
    pub fn asks(&mut self, now: Mono, ticket: Ticket, steps: &mut Steps) {
        self.state = State::Waiting { ticket, until: now + MEMORY_WITHIN };
        (self.says, self.turned_back) = (ListHit::None, None);
        steps.take_back_remembered();
    }

    /// Takes the answer to the question with `ticket`; one that nobody waits for is nobody's.
    pub fn answered(&mut self, now: Mono, ticket: Ticket, past: &Result<Past, Unknown>) {
        if matches!(self.state, State::Waiting { ticket: waiting, .. } if waiting == ticket) {
            self.state = State::Known { at: now, past: past.clone() };
        }
    }

    /// Until when an answer is waited for.
    pub fn until(&self) -> Option<Mono> {
        match self.state {
            State::Waiting { until, .. } => Some(until),
            State::Nothing | State::Known { .. } => None,
        }
    }

    /// Gives up what has not been answered by `now`.
    pub fn expire(&mut self, now: Mono) {
        if self.until().is_some_and(|until| until <= now) {
            self.state = State::Known { at: now, past: Err(Unknown) };
        }
    }

    /// Somebody else may be meant: nothing of earlier counts.
    pub fn forget(&mut self, steps: &mut Steps) {
        *self = Self::default();
        steps.take_back_remembered();
    }

    /// Brings the steps up to date with what was earlier and with the time.
    pub fn apply(&mut self, steps: &mut Steps, (turned_back, apart): Looks, now: &Now<'_>) {
        if let Some(reason) = apart.and_then(|apart| self.doubts(apart, now)) {
            // Shown again it settles nothing either. A plate that was typed before is looked at again, once.
            let new = self.doubted.as_ref() != self.pass();
            if !steps.doubt_pass(reason, Step::is_by_pass) && new {
                steps.doubt_pass(reason, Step::is_plate);
            }
            self.doubted = self.pass().cloned();
        }
        let past = match &self.state {
            State::Nothing => None,
            State::Waiting { .. } => return,
            State::Known { at, past } => Some(past.as_ref().map_err(|Unknown| ()).map(|past| (*at, past))),
        };
        let counts = entitled::apply(steps, past, now);
        let came_back = |(at, past)| {
            turned_back.and_then(|within| entitled::turned_back(past, now.mono.since(at), within))
        };
        self.turned_back = past.and_then(Result::ok).and_then(came_back);
        if self.turned_back.is_some() {
            self.says = ListHit::TurnedBack;
        } else if counts {
            self.says = ListHit::ReEntry;
        }
    }

    /// Why the pass that they are known by does not count by itself.
    fn doubts(&self, apart: Duration, now: &Now<'_>) -> Option<Reason> {
        self.pass()?;
        match &self.state {
            State::Nothing | State::Waiting { .. } => None,
            State::Known { past: Err(Unknown), .. } => Some(Reason::CannotTell),
            State::Known { at, past: Ok(past) } => {
                let used = entitled::used_elsewhere(past, now.mono.since(*at), apart, now);
                used.then_some(Reason::CredentialUsedElsewhere)
            }
        }
    }

    fn pass(&self) -> Option<&Pii<String>> {
        self.asked.iter().find(|(kind, _)| *kind == IdentifierKind::Pass).map(|(_, pass)| pass)
    }

    /// What rules are told beside what lists say.
    pub fn says(&self) -> ListHit {
        self.says
    }

    /// Where and when they were turned back, where that counts here.
    pub fn turned_back(&self) -> Option<&TurnedBack> {
        self.turned_back.as_ref()
    }
}
