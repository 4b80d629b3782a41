//! A session and what was earlier: everybody's memory in one place.

use super::context::Context;
use super::entitled::Now;
use super::input::{Effect, Ticket};
use super::lane::{Lane, State};
use super::memory::Memory;
use super::session::{Session, Who};
use super::steps::Steps;
use crate::base::{LaneId, Mono, Slug};
use crate::control::TurnedBackStatus;
use crate::model::past::Unknown;
use crate::model::{Between, Past, TurnedBack};

impl Lane {
    /// Asks for earlier passages of whoever has become known, and takes what is known of them into account.
    pub(super) fn remember(&mut self, now: Mono, effects: &mut Vec<Effect>) {
        let (State::Steps(session) | State::Referred(session)) = &mut self.state else { return };
        let mut tickets = self.tickets;
        session.recall(&self.context, &mut |whose| {
            tickets += 1;
            let ticket = Ticket(tickets);
            effects.push(Effect::Recall { ticket, whose });
            (now, ticket)
        });
        self.tickets = tickets;
        let place = (&self.settings.id, self.settings.utc_offset_minutes);
        session.remember(now, &self.context, &self.between, place);
    }
}

impl Session {
    /// Takes the answer to a question about somebody here.
    pub fn recalled(&mut self, now: Mono, ticket: Ticket, past: &Result<Past, Unknown>) {
        self.each_memory(|memory, _, _| memory.answered(now, ticket, past));
        self.note_asked(now);
    }

    /// Brings the steps up to date with what was earlier, and with the time at the place.
    pub fn remember(
        &mut self,
        now: Mono,
        context: &Context,
        between: &Between,
        (lane, utc_offset_minutes): (&LaneId, i16),
    ) {
        let direction = self.direction;
        let at = Now { mono: now, between, utc_offset_minutes, direction, lane };
        self.each_memory(|memory, steps, profile| {
            let looks = context.profiles.by_id(profile).map(|profile| (profile.turned_back, profile.apart));
            memory.apply(steps, looks.unwrap_or_default(), &at);
        });
        if let Who::Vehicle(vehicle) = &mut self.who {
            vehicle.count_occupants();
        }
        self.note_asked(now);
    }

    /// Who here was turned back not long ago, as far as that counts here.
    pub fn turned_back(&self) -> Vec<TurnedBackStatus> {
        let status = |memory: &Memory, occupant| {
            let TurnedBack { kiosk, ago } = memory.turned_back()?.clone();
            Some(TurnedBackStatus { kiosk, minutes: ago.least.as_secs() / 60, occupant })
        };
        match &self.who {
            Who::Person(person) => status(&person.memory, None).into_iter().collect(),
            Who::Vehicle(vehicle) => {
                let people = (1..).zip(&vehicle.occupants);
                let people = people.filter_map(|(number, person)| status(&person.memory, Some(number)));
                status(&vehicle.memory, None).into_iter().chain(people).collect()
            }
        }
    }

    /// Until when an answer is waited for: no policy decides before.
    pub(super) fn memory_until(&self) -> Option<Mono> {
        match &self.who {
            Who::Person(person) => person.memory.until(),
            Who::Vehicle(vehicle) => {
                let people = vehicle.occupants.iter().filter_map(|person| person.memory.until());
                vehicle.memory.until().into_iter().chain(people).min()
            }
        }
    }

    /// Gives up what has not been answered by `now`.
    pub(super) fn expire_memory(&mut self, now: Mono) {
        self.each_memory(|memory, _, _| memory.expire(now));
    }

    fn each_memory(&mut self, mut change: impl FnMut(&mut Memory, &mut Steps, &Slug)) {
        match &mut self.who {
            Who::Person(person) => change(&mut person.memory, &mut person.steps, &person.profile),
            Who::Vehicle(vehicle) => {
                for person in &mut vehicle.occupants {
                    change(&mut person.memory, &mut person.steps, &person.profile);
                }
                change(&mut vehicle.memory, &mut vehicle.steps, &vehicle.profile);
            }
        }
    }
}
