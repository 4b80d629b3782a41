//! The lane and its records: a verdict on its way to the disk, and what becomes of it.
//!
//! ```text
//!               durable in time                    Crossing, Referred or Ended
//!   Recording ──durable too late, would open─────▶ Ended: "did not pass" is recorded, the subject begins again
//!               cannot be written                 ▶ Referred: a person decides again, or it is given up
//!               the last try cannot be written    ▶ Ended: the arrival stays open until the next start closes it
//! ```
//! Invariant: only [`durable`](Lane::durable) in time opens; being late or refused leads nowhere that opens by itself.

use super::context::Context;
use super::input::{Effect, Ticket};
use super::lane::{Lane, SHOWN_FOR, State};
use super::patience::RECORD_WITHIN;
use super::session::{Proposal, Session};
use crate::base::{Mono, Seq};
use crate::control::Trouble;
use crate::model::{Body, Crossing, Draft, Personal, Verdict};

impl Lane {
    /// Takes the news that the draft with `ticket` is on the disk.
    pub(super) fn durable(&mut self, now: Mono, ticket: Ticket, seq: Seq, effects: &mut Vec<Effect>) {
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Steps(mut session) => {
                session.durable(ticket, seq);
                self.state = State::Steps(session);
            }
            State::Recording { session, ticket: expected, until } if ticket == expected => {
                self.recorded(now, session, seq, until, effects);
            }
            other @ (State::Idle
            | State::Recording { .. }
            | State::Referred(_)
            | State::Crossing(_)
            | State::Ended { .. }) => self.state = other,
        }
    }

    fn recorded(
        &mut self,
        now: Mono,
        mut session: Box<Session>,
        seq: Seq,
        until: Mono,
        effects: &mut Vec<Effect>,
    ) {
        let verdict = session.recorded(now, seq);
        self.passages += 1;
        let opens = verdict.is_some_and(Verdict::opens_barrier);
        self.state = match verdict {
            _ if opens && now < until => {
                self.state = State::Crossing(session);
                self.beside.begin();
                let mut events = Vec::new();
                self.barrier.open(now, &mut events);
                return self.barrier_events(now, events, effects);
            }
            _ if opens => {
                if let Some(arrival) = session.arrival() {
                    self.append(
                        Body::Crossed { arrival, crossing: Crossing::DidNotPass, counted: None },
                        effects,
                    );
                }
                session.trouble = Some(Trouble::NotOpened);
                State::Ended { session, until: now + SHOWN_FOR }
            }
            Some(Verdict::Referred) => State::Referred(session),
            Some(_) | None => State::Ended { session, until: now + SHOWN_FOR },
        };
    }

    /// Takes the news that the draft with `ticket` can never be written.
    pub(super) fn not_recorded(&mut self, now: Mono, ticket: Ticket) {
        let until = now + SHOWN_FOR;
        self.state = match std::mem::replace(&mut self.state, State::Idle) {
            // Nothing can be decided about an arrival that is nowhere: whoever is still there arrives anew.
            State::Steps(mut session) if session.waits_for(ticket) => {
                session.not_recorded(now);
                State::Ended { session, until }
            }
            State::Recording { mut session, ticket: expected, .. } if ticket == expected => {
                let over = session.giving_up;
                session.not_recorded(now);
                if over { State::Ended { session, until } } else { State::Referred(session) }
            }
            other @ (State::Idle
            | State::Steps(_)
            | State::Recording { .. }
            | State::Referred(_)
            | State::Crossing(_)
            | State::Ended { .. }) => other,
        };
    }

    /// Hands in the verdict that is due, if any.
    pub(super) fn decide(&mut self, now: Mono, effects: &mut Vec<Effect>) {
        let (State::Steps(session) | State::Referred(session)) = &mut self.state else { return };
        let proposal = session.proposal(&self.context);
        let due = session.note_due(now, proposal.is_some());
        let (Some(proposal), Some(due)) = (proposal, due) else { return };
        let Some(arrival) = session.arrival().filter(|_| !self.out_of_service) else { return };
        let Proposal { verdict, .. } = &proposal;
        assert!(
            !matches!(verdict, Verdict::Admitted | Verdict::AdmittedWithFollowUp) || session.all_settled(),
            "admission with an open step"
        );
        let taken = std::mem::replace(&mut self.state, State::Idle);
        let (State::Steps(mut session) | State::Referred(mut session)) = taken else { return };
        let (passage, personal) = session.conclude(now, arrival, proposal, &self.context);
        let ticket = self.next_ticket();
        let draft =
            Draft { lane: Some(self.settings.id.clone()), body: Body::Passage(Box::new(passage)), personal };
        effects.push(Effect::Append { ticket, draft: Box::new(draft) });
        self.state = State::Recording { session, ticket, until: due + RECORD_WITHIN };
    }

    /// Hands in a record that nothing waits for but, perhaps, its ticket.
    pub(super) fn append(&mut self, body: Body, effects: &mut Vec<Effect>) -> Ticket {
        let ticket = self.next_ticket();
        let draft = Draft { lane: Some(self.settings.id.clone()), body, personal: None };
        effects.push(Effect::Append { ticket, draft: Box::new(draft) });
        ticket
    }

    fn next_ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }
}

impl Session {
    /// What a record keeps of `personal`. A vehicle's profile says it for everybody in it.
    pub(super) fn kept(&self, mut personal: Personal, context: &Context) -> Personal {
        let full = context.profiles.by_id(self.profile()).is_some_and(|profile| profile.id_numbers.is_full());
        if !full {
            personal.mask_numbers(&context.blinder);
        }
        personal
    }
}
