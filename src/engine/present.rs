//! Credentials that one person shows: what each settles, what it says of them, and what it is not enough for.

use std::time::Duration;

use super::context::Context;
use super::person::PersonSession;
use super::prepared;
use super::shown::shortcoming;
use crate::base::{Mono, Pii};
use crate::config::step_rule::Unverified;
use crate::config::{Ask, Profile};
use crate::model::credential::Purpose;
use crate::model::{
    Admissible, Authenticity, Class, Credential, Currency, Direction, Evidence, Holder, Reason, StepKind,
    SubjectKind,
};

/// How long ago a credential was taken that other codes in view make doubtful: about as long as a code counts as being
/// in view after it was last seen.
pub(super) const DOUBT: Duration = Duration::from_millis(1_500);

/// A credential that was taken, and what was known before.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    at: Mono,
    class: Class,
    name: Option<Pii<String>>,
    destination: Option<Pii<String>>,
}

impl Taken {
    /// Whether other codes that come into view at `now` make it doubtful.
    pub fn is_doubtful(&self, now: Mono) -> bool {
        now.since(self.at) <= DOUBT
    }
}

impl PersonSession {
    /// Takes a credential that was shown. Later ones may mend what earlier ones failed.
    pub fn present(&mut self, now: Mono, credential: &Credential, context: &Context) {
        if self.companion_shows(now, credential, context) {
            return;
        }
        let taken = self.taken_now(now);
        let direction = self.direction;
        let Some(step) = self.steps.unsettled(StepKind::Credential) else { return };
        if let (Some(code), Ask::Credential { ask_hub, .. }) = (&credential.online, &step.rule.ask)
            && ask_hub.iter().any(|begins| code.expose().starts_with(begins))
        {
            return self.ask_issuer(code, taken);
        }
        let &Credential { kind, authentic, current, .. } = credential;
        let evidence = Evidence::Credential { kind, authentic, current };
        let reason = match (shortcoming(authentic, current), &credential.holder) {
            (Some(reason), _) => reason,
            (None, Some(holder)) if holder.subject == SubjectKind::Person => {
                match (holder.purpose.clone(), direction) {
                    // It is for coming back: whoever goes out has not come back yet.
                    (Purpose::ReEntry { .. }, Direction::Outbound) => Reason::CredentialWrongSite,
                    (Purpose::ContactCard, _) => {
                        self.taken = Some(taken);
                        return self.observed(holder, evidence, context);
                    }
                    (purpose, _) => {
                        step.settle(evidence);
                        self.taken = Some(taken);
                        return self.identified(holder, purpose, context);
                    }
                }
            }
            // A vehicle's pass says nothing of who sits in it.
            (None, Some(_)) => Reason::CredentialUnverified,
            (None, None) => match (&step.rule.ask, credential.admissible) {
                (Ask::Credential { accept, .. }, Admissible::Yes) if accept.contains(&kind) => {
                    // Whose it is it does not say in a way that could be looked up: they stay of the class that they are.
                    step.settle(evidence);
                    self.taken = Some(taken);
                    return;
                }
                (Ask::Credential { accept, .. }, Admissible::No) if accept.contains(&kind) => {
                    Reason::CredentialNotAdmissible
                }
                (_, Admissible::Yes | Admissible::No | Admissible::Unknown) => Reason::CredentialUnverified,
            },
        };
        step.attempts = step.attempts.saturating_add(1);
        match (reason, &step.rule.ask) {
            (
                Reason::CredentialUnverified | Reason::ClockUntrusted | Reason::ListsTooOld,
                Ask::Credential { unverified: Unverified::Attendant, .. },
            ) => {
                step.colour = credential.colour;
                step.call_attendant(reason);
            }
            _ => step.fail(reason, Some(evidence)),
        }
    }

    /// Other codes came into view: a credential that was taken a moment ago may have been one of them.
    pub fn several_codes(&mut self, now: Mono, context: &Context) {
        prepared::doubted(&mut self.prepared, now, DOUBT);
        self.doubt_question(now);
        let Some(taken) = self.taken.take_if(|taken| taken.is_doubtful(now)) else { return };
        self.details.pass = None;
        self.details.name = taken.name;
        self.details.destination = taken.destination;
        self.doubt_companion();
        self.steps.take_back(StepKind::Credential);
        self.steps.take_back_carried();
        self.memory.forget(&mut self.steps);
        self.become_class(taken.class, context);
    }

    fn taken_now(&self, now: Mono) -> Taken {
        let (name, destination) = (self.details.name.clone(), self.details.destination.clone());
        Taken { at: now, class: self.class, name, destination }
    }

    /// Whether that was a companion's good pass, where one is waited for. Any other is judged like the person's own.
    fn companion_shows(&mut self, now: Mono, credential: &Credential, context: &Context) -> bool {
        let good = (credential.authentic, credential.current) == (Authenticity::Genuine, Currency::Current);
        let answers = |holder: &&Holder| {
            good && holder.subject == SubjectKind::Person && holder.purpose == Purpose::Entry
        };
        let holder = credential.holder.as_ref().filter(answers);
        let holder = holder.filter(|_| self.steps.unsettled(StepKind::Credential).is_some());
        let Some((holder, answered)) = holder.and_then(|it| Some((it, self.answered_by_pass(it)?))) else {
            return false;
        };
        self.taken = Some(self.taken_now(now));
        self.settle_credential(answered);
        self.become_class(holder.class, context);
        true
    }

    /// Takes what a pass says of its holder, and what follows from what it is for.
    fn identified(&mut self, holder: &Holder, purpose: Purpose, context: &Context) {
        self.known_by(holder);
        if let Purpose::Transit { to } = purpose {
            self.details.destination = Some(to);
        }
        self.become_class(holder.class, context);
        // The profile that they have come under says how long a good reading counts.
        if let Some(ago) = holder.screened {
            self.steps.carry(ago);
        }
    }

    /// Whoever shows a contact card is under observation. Only a profile that says what becomes of those who are takes it.
    fn observed(&mut self, holder: &Holder, evidence: Evidence, context: &Context) {
        self.known_by(holder);
        self.become_class(holder.class, context);
        let profile = context.profiles.by_id(&self.profile);
        let names_them = |profile: &Profile| {
            profile.classes.contains(&Class::Observed) || profile.not_admitted.contains(&Class::Observed)
        };
        let for_them = profile.is_some_and(names_them);
        if let Some(step) = self.steps.unsettled(StepKind::Credential) {
            if for_them {
                step.settle(evidence);
            } else {
                step.call_attendant(Reason::UnderObservation);
            }
        }
    }

    fn known_by(&mut self, holder: &Holder) {
        self.details.pass = Some(holder.pass.clone());
        self.details.name = holder.name.clone().or(self.details.name.take());
    }
}
