//! The receiving side: what the hub asks of this kiosk, each carried out once. Does no I/O.
//!
//! ```text
//!                 next number, signed, in time            kept                         durable
//!   Listening ──────────────────────────────▶ keep Taken ─────▶ record Commanded ─────────────┐
//!    ▲      │ too late, unknown kind                                                          ▼
//!    │      └───────────▶ keep Acted(why) ◀── done, or not ── do it ◀── kept ── keep Acting, or for what is
//!    │                       │ kept                                             nothing but kept: Acted(done)
//!    └── kept ── keep last ◀─┴─ durable ── record CommandDone                          │
//!                               ▲───────────────────────────── kept ──────────────────┘
//! ```
//!
//! Two things survive a crash: the records, and the [`Memory`] in a file of its own. After one, the memory alone says how
//! far a command got; the records say which of the two records about it need not be written again.
//!
//! Invariants, each with a test:
//! 1. Nothing is done, and nothing comes into force, before the record that the command was taken is durable.
//! 2. No number is taken twice and none is passed over.
//! 3. What is not repeatable is begun at most once; a crash while it was under way makes it *interrupted*.
//! 4. Whether a command is too late is judged by a synced clock, or by a time that has certainly passed, and judged again
//!    when it is begun.
//! 5. What is refused without its number counting is recorded at most once an hour for each reason, however often it comes.

mod memory;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub use memory::{InForce, LENGTH_MAX, Memory, Notice, OutOfService, Seen, recall};

use self::memory::{Held, Pending};
use super::backoff::Backoff;
use super::command::{self, Bad, Command, What};
use crate::base::{ClockTrust, CommandId, CommandSeries, KioskId, LaneId, Mono, Random, Wall};
use crate::journal::VerifyingKey;
use crate::model::{Body, Draft, Ordered, Outcome, Service};

/// Shortest time between two questions.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// Wait after what could not be kept or recorded.
const AGAIN: Duration = Duration::from_secs(5);
/// Wait after a command whose number does not count: it will be the same one the next time.
const REFUSED_WAIT: Duration = Duration::from_mins(1);
/// How long a refusal is not recorded again.
const SAID_FOR: Duration = Duration::from_hours(1);
/// Longest wait after a hub that did not answer.
const RETRY_MAX: Duration = Duration::from_mins(5);

/// Who is asked, and by whom.
#[derive(Clone, Debug)]
pub struct Identity {
    /// This kiosk.
    pub kiosk: KioskId,
    /// The key that it signs its log with.
    pub own: VerifyingKey,
    /// The key that the hub signs commands with.
    pub hub: VerifyingKey,
    /// The lanes that there are.
    pub lanes: Vec<LaneId>,
}

impl Identity {
    /// The series that this kiosk takes commands of.
    pub fn series(&self) -> CommandSeries {
        command::series(&self.hub, &self.own)
    }
}

/// What time it is, and how far that is known.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Since boot.
    pub mono: Mono,
    /// By the wall clock.
    pub wall: Wall,
    /// What vouches for it.
    pub trust: ClockTrust,
    /// A time that has certainly passed.
    pub passed: Wall,
}

/// What to do now. What came of it goes to [`Inbox::on`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Ask the hub for the command after this one; it may take a minute to answer.
    Poll {
        /// The last number that is used up.
        after: u64,
    },
    /// Make this the content of the memory's file, whole and for good.
    Keep(Vec<u8>),
    /// Append a record and wait until it is durable.
    Record(Box<Draft>),
    /// Do something.
    Do(Deed),
    /// Nothing before then.
    WaitUntil(Mono),
}

/// What the kiosk must do, as keeping does not do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Renew the key with which it connects.
    RenewKey,
    /// Send a heartbeat at once.
    SendNow,
}

/// What came of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The hub sent a command.
    Command(Vec<u8>),
    /// The hub has none.
    Quiet,
    /// The hub did not answer, or not usably.
    Lost,
    /// The memory is kept.
    Kept,
    /// It is not.
    NotKept,
    /// The record is durable.
    Recorded,
    /// It can never be written.
    NotRecorded,
    /// The deed was done, or could not be.
    Did(Outcome),
}

/// What was asked for last and is not answered yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Nothing,
    Poll,
    Keep,
    Commanded(CommandId),
    Done(CommandId),
    Refusal,
    Deed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Refusal {
    number: u64,
    outcome: Outcome,
    id: CommandId,
}

/// The receiving side. See the module for its states.
#[derive(Clone, Debug)]
pub struct Inbox {
    identity: Identity,
    series: CommandSeries,
    kept: Memory,
    want: Option<Memory>,
    /// Of which command it is recorded that it was taken, and of which what became of it.
    commanded: Option<CommandId>,
    done: Option<CommandId>,
    refusal: Option<Refusal>,
    /// Which refusals were recorded, and when.
    said: Vec<(Outcome, Mono)>,
    asked: Asked,
    not_before: Mono,
    backoff: Backoff,
}

impl Inbox {
    /// Goes on from what was kept. `commanded` and `done` are the commands that the last records are about.
    pub fn new(
        identity: Identity,
        memory: Memory,
        (commanded, done): (Option<CommandId>, Option<CommandId>),
        random: Random,
    ) -> Self {
        let series = identity.series();
        let kept = memory.of_series(series);
        let want = match &kept.pending {
            // Nobody knows how far it got.
            Some(Pending::Acting(held)) if !held.what.is_repeatable() => {
                Some(kept.acted(held.names(), Outcome::Interrupted))
            }
            Some(Pending::Acting(_) | Pending::Taken(_) | Pending::Acted { .. }) | None => None,
        };
        Self {
            identity,
            series,
            kept,
            want,
            commanded,
            done,
            refusal: None,
            said: vec![],
            asked: Asked::Nothing,
            not_before: Mono::ZERO,
            backoff: Backoff::new(ASK_EVERY, RETRY_MAX, random),
        }
    }

    /// What is in force by order of the hub. Never what is not kept yet.
    pub fn in_force(&self) -> &InForce {
        &self.kept.in_force
    }

    /// What to do at `now`. While an action is under way: wait.
    pub fn next(&mut self, now: &Now) -> Action {
        if self.asked != Asked::Nothing {
            return Action::WaitUntil(now.mono + AGAIN);
        }
        if now.mono < self.not_before {
            return Action::WaitUntil(self.not_before);
        }
        self.go_on(now);
        let (asked, action) = self.due();
        self.asked = asked;
        action
    }

    /// Takes in what came of the last action. What fits no action is ignored.
    pub fn on(&mut self, now: &Now, event: Event) {
        let asked = std::mem::replace(&mut self.asked, Asked::Nothing);
        match (asked, event) {
            (Asked::Poll, Event::Command(signed)) => {
                self.backoff.succeeded();
                self.arrived(now, &signed);
            }
            (Asked::Poll, Event::Quiet) => {
                self.backoff.succeeded();
                self.not_before = now.mono + ASK_EVERY;
            }
            (Asked::Poll, Event::Lost) => {
                self.not_before = self.backoff.failed(now.mono).max(now.mono + ASK_EVERY);
            }
            (Asked::Keep, Event::Kept) => {
                if let Some(want) = self.want.take() {
                    self.kept = want;
                }
            }
            (Asked::Commanded(id), Event::Recorded) => self.commanded = Some(id),
            (Asked::Done(id), Event::Recorded) => self.done = Some(id),
            (Asked::Refusal, Event::Recorded) => self.refusal = None,
            (Asked::Deed, Event::Did(outcome)) => {
                if let Some(Pending::Acting(held)) = &self.kept.pending {
                    self.want = Some(self.kept.acted(held.names(), outcome));
                }
            }
            (Asked::Keep, Event::NotKept)
            | (Asked::Commanded(_) | Asked::Done(_) | Asked::Refusal, Event::NotRecorded) => {
                self.not_before = now.mono + AGAIN;
            }
            // An answer to something else: what is under way stays so.
            (asked, _) => self.asked = asked,
        }
    }

    /// Moves a pending command on where only the time was missing.
    fn go_on(&mut self, now: &Now) {
        if self.want.is_some() {
            return;
        }
        self.want = match &self.kept.pending {
            Some(Pending::Taken(held)) if self.commanded == Some(held.id) => Some(self.begun(held, now)),
            Some(Pending::Acted { number, id, .. }) if self.done == Some(*id) => {
                Some(Memory { last: self.kept.last.max(*number), pending: None, ..self.kept.clone() })
            }
            Some(Pending::Taken(_) | Pending::Acting(_) | Pending::Acted { .. }) | None => None,
        };
    }

    fn due(&self) -> (Asked, Action) {
        if let Some(want) = &self.want {
            return (Asked::Keep, Action::Keep(want.encode()));
        }
        match (&self.kept.pending, &self.refusal) {
            (Some(Pending::Taken(held)), _) => {
                (Asked::Commanded(held.id), Action::Record(self.commanded_draft(held)))
            }
            (Some(Pending::Acting(held)), _) => {
                let deed = match &held.what {
                    What::RenewKey => Deed::RenewKey,
                    // The last three are never kept as under way: keeping them is doing them.
                    What::SendNow | What::Notice { .. } | What::LaneService { .. } | What::Mode { .. } => {
                        Deed::SendNow
                    }
                };
                (Asked::Deed, Action::Do(deed))
            }
            (Some(Pending::Acted { number, id, outcome }), _) => {
                (Asked::Done(*id), Action::Record(self.done_draft(*number, *outcome, *id)))
            }
            (None, Some(Refusal { number, outcome, id })) => {
                (Asked::Refusal, Action::Record(self.done_draft(*number, *outcome, *id)))
            }
            (None, None) => (Asked::Poll, Action::Poll { after: self.kept.last }),
        }
    }

    fn arrived(&mut self, now: &Now, signed: &[u8]) {
        let id = command::id_of(signed);
        let (kiosk, series) = (&self.identity.kiosk, self.series);
        let command = match Command::verify(signed, &self.identity.hub, (kiosk, series)) {
            Ok(command) => command,
            Err(Bad::Forged) => return self.refuse(now, Refusal { number: 0, outcome: Outcome::Forged, id }),
            Err(Bad::OtherKiosk(number)) => {
                return self.refuse(now, Refusal { number, outcome: Outcome::OtherKiosk, id });
            }
        };
        let number = command.number;
        if number <= self.kept.last {
            return self.refuse(now, Refusal { number, outcome: Outcome::Repeated, id });
        }
        if Some(number) != self.kept.last.checked_add(1) {
            return self.refuse(now, Refusal { number, outcome: Outcome::OutOfOrder, id });
        }
        self.want = Some(match (command.asked.what(), lateness(command.not_after, now)) {
            (None, _) => self.kept.acted((number, id), Outcome::Unknown),
            (Some(_), Err(outcome)) => self.kept.acted((number, id), outcome),
            (Some(what), Ok(())) => {
                let held = Box::new(Held::new(id, what, command));
                Memory { pending: Some(Pending::Taken(held)), ..self.kept.clone() }
            }
        });
    }

    fn refuse(&mut self, now: &Now, refusal: Refusal) {
        self.not_before = now.mono + REFUSED_WAIT;
        self.said.retain(|(_, at)| now.mono.since(*at) < SAID_FOR);
        if !self.said.iter().any(|(outcome, _)| *outcome == refusal.outcome) {
            self.said.push((refusal.outcome, now.mono));
            self.refusal = Some(refusal);
            // The record does not wait. The next question does not either, and the one after it does.
            self.not_before = now.mono;
        }
    }

    /// What to keep so that a command begins, or is over with.
    fn begun(&self, held: &Held, now: &Now) -> Memory {
        let over = |outcome| self.kept.acted(held.names(), outcome);
        if let Err(outcome) = lateness(held.not_after, now) {
            return over(outcome);
        }
        let mut in_force = self.kept.in_force.clone();
        match &held.what {
            What::RenewKey | What::SendNow => {
                let pending = Some(Pending::Acting(Box::new(held.clone())));
                return Memory { pending, ..self.kept.clone() };
            }
            What::Notice { number: 0, .. } => in_force.notice = None,
            What::Notice { number, text } => {
                in_force.notice = Some(Notice { number: *number, text: text.clone() });
            }
            What::Mode { mode } => in_force.mode = *mode,
            What::LaneService { lane, .. } if !self.identity.lanes.contains(lane) => {
                return over(Outcome::Unable);
            }
            What::LaneService { lane, service } => {
                in_force.out_of_service.retain(|out| out.lane != *lane);
                if *service == Service::Out {
                    let Held { by, reason, .. } = held.clone();
                    in_force.out_of_service.push(OutOfService { lane: lane.clone(), by, reason });
                }
            }
        }
        Memory { in_force, ..over(Outcome::Done) }
    }

    fn commanded_draft(&self, held: &Held) -> Box<Draft> {
        let what = held.what.ordered();
        let lane = match &what {
            Ordered::LaneService { lane, .. } => Some(lane.clone()),
            Ordered::Notice { .. } | Ordered::RenewKey | Ordered::SendNow | Ordered::Mode { .. } => None,
        };
        let (number, by, series) = (held.number, held.by.clone(), self.series);
        Box::new(Draft {
            lane,
            body: Body::Commanded { number, what, by, command: held.id, series },
            personal: None,
        })
    }

    fn done_draft(&self, number: u64, outcome: Outcome, command: CommandId) -> Box<Draft> {
        let body = Body::CommandDone { number, outcome, command, series: self.series };
        Box::new(Draft { lane: None, body, personal: None })
    }
}

/// Whether a command may still be begun.
fn lateness(not_after: Option<Wall>, now: &Now) -> Result<(), Outcome> {
    let Some(limit) = not_after else { return Ok(()) };
    match now.trust {
        _ if now.passed > limit => Err(Outcome::Expired),
        // A clock behind a time that has passed is wrong, whoever set it.
        ClockTrust::Synced if now.wall >= now.passed => {
            if now.wall > limit {
                Err(Outcome::Expired)
            } else {
                Ok(())
            }
        }
        ClockTrust::Synced | ClockTrust::Rtc | ClockTrust::None => Err(Outcome::ClockUnsure),
    }
}
