//! The sending side: decides what to ask the hub next, and when. Does no I/O.
//!
//! ```text
//!            ┌────────────── lost, refused, busy: wait, then ask again ─────────────┐
//!            ▼                                                                      │
//!   Unknown ──Head──▶ Known(next) ──Post from next──▶ accepted: next moves on ──────┤
//!                        │  ▲   └──── 409: next moves to what the hub says ─────────┤
//!                        │  └─────── heartbeat, whenever one is due ────────────────┘
//!                        ├── hub holds more than this kiosk ever wrote ──▶ Forked (asks for the head, sends nothing)
//!                        └── record `next`, or the tree, is lost here, seen twice ──▶ Hole
//!
//!   Hole ──Salvage──▶ … ──Salvage──▶ all whole records up to where the tree is known again are with the hub
//!     └── Hole ──▶ next moves behind it            └── never known again, and the log is closed: End ──▶ done
//! ```
//!
//! A *closed* log is one that nobody writes any more: no heartbeats; when everything provable is with the hub, and the
//! rest of it salvaged, it is declared ended. A closed log that has forked is salvaged whole.
//!
//! Invariants: at most one request is under way; a post always begins at the number that the hub named last; the
//! number never moves past what is durable here; no failure ever skips a record that can be read.

use std::time::Duration;

pub use super::action::{Action, Answer, Settings};
use crate::base::{Mono, Random, Seq, Wall};
use crate::control::HubStatus;

/// What a request under way was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Nothing,
    Head { until: Mono },
    Batch { from: Seq, until: Mono },
    Heartbeat { until: Mono },
    Rescue { until: Mono },
}

/// Records that are lost here, in front of what the hub expects; or a closed log that the hub contradicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rescue {
    /// What the hub expects; `None` for a log that has forked.
    first: Option<Seq>,
    /// As last seen.
    gone: (u64, Option<u64>),
    /// Whether it was seen twice: a medium may fail once and read well again.
    sure: bool,
    /// Whole records up to here are with the hub.
    salvaged: u64,
}

impl Rescue {
    /// The same with nothing salvaged yet, of a log in which record `first` is expected.
    fn anew(self, first: Seq) -> Self {
        Self { salvaged: self.gone.0.max(first.get() - 1), ..self }
    }
}

/// The sending side of one log. See the module for its states.
#[derive(Clone, Debug)]
pub struct Outbox {
    settings: Settings,
    random: Random,
    asked: Asked,
    /// What the hub expects, while that is certain.
    next: Option<Seq>,
    /// What it said last, for the count on the screen.
    known: Option<Seq>,
    durable: u64,
    entries: usize,
    failures: u32,
    /// Waits for the medium, or for salvage to be taken again, since the hub last moved on.
    stalls: u32,
    not_before: Mono,
    /// Whether heartbeats are sent; else the hub is asked again as often as about a log that has ended.
    beats: bool,
    /// The last heartbeat; or the last question.
    beaten: Option<Mono>,
    link: HubStatus,
    forked: bool,
    rescue: Option<Rescue>,
    closed: bool,
    /// When the hub last said that it has everything of this log and knows its end.
    ended: Option<Mono>,
}

impl Outbox {
    /// Longest wait that a hub's `Retry-After` can impose.
    pub const RETRY_AFTER_MAX: Duration = Duration::from_hours(1);
    const ENTRIES_FIRST: usize = 64;

    /// An outbox that knows nothing of the hub yet. `random` spreads the retries of many kiosks.
    pub fn new(settings: Settings, random: Random) -> Self {
        Self {
            settings,
            random,
            asked: Asked::Nothing,
            next: None,
            known: None,
            durable: 0,
            entries: Self::ENTRIES_FIRST.min(settings.entries_max).max(1),
            failures: 0,
            stalls: 0,
            not_before: Mono::ZERO,
            beats: true,
            beaten: None,
            link: HubStatus { enrolled: true, ..HubStatus::default() },
            forked: false,
            rescue: None,
            closed: false,
            ended: None,
        }
    }

    /// The same for a log whose kiosk is heard of by another one.
    #[must_use]
    pub fn without_heartbeats(self) -> Self {
        Self { beats: false, ..self }
    }

    /// Nothing is certain any more of what the hub expects.
    pub fn ask_again(&mut self) {
        (self.ended, self.next) = (None, None);
    }

    /// From now on nobody writes this log any more; its last record is `last`.
    pub fn close(&mut self, last: u64) {
        self.closed = true;
        self.durable = last;
    }

    /// Whether nothing more has to be sent. The hub is asked again all the same, now and then.
    pub fn is_done(&self) -> bool {
        self.ended.is_some()
    }

    /// What to do at `now`, when `durable` records are durable here. The outcome goes to [`on_answer`](Self::on_answer).
    ///
    /// While a request is under way this says to wait; one that takes longer than
    /// [`Settings::request_max`] counts as lost.
    pub fn next(&mut self, now: Mono, durable: u64) -> Action {
        self.durable = self.durable.max(durable);
        match self.asked {
            Asked::Nothing => {}
            Asked::Head { until }
            | Asked::Batch { until, .. }
            | Asked::Heartbeat { until }
            | Asked::Rescue { until } => {
                if now < until {
                    return Action::WaitUntil(until);
                }
                self.asked = Asked::Nothing;
                self.next = None;
                self.failed(now, "no answer in time".to_owned());
            }
        }
        if let Some(ended) = self.ended {
            // A hub may be restored from a backup, or be another one than before.
            let again = ended + self.settings.recheck;
            if now < again {
                return Action::WaitUntil(again);
            }
            (self.ended, self.next) = (None, None);
        }
        if now < self.not_before {
            return Action::WaitUntil(self.not_before);
        }
        let until = now + self.settings.request_max;
        let Some(next) = self.next else {
            self.asked = Asked::Head { until };
            return Action::Head;
        };
        let every = if self.beats { self.settings.heartbeat } else { self.settings.recheck };
        let beat_due = self.beaten.map_or(now, |at| at + every);
        if beat_due <= now && !self.closed {
            if self.beats {
                self.asked = Asked::Heartbeat { until };
                return Action::Heartbeat;
            }
            self.asked = Asked::Head { until };
            return Action::Head;
        }
        if let Some(action) = self.rescue(next) {
            self.asked = Asked::Rescue { until };
            return action;
        }
        if next.get() > self.durable {
            return match self.closed {
                true => {
                    self.asked = Asked::Rescue { until };
                    Action::End { first: Some(next), last: self.durable }
                }
                false => Action::WaitUntil(beat_due),
            };
        }
        self.asked = Asked::Batch { from: next, until };
        // Never past what this outbox knows to be durable: the hub's answer would look like a fork.
        let waiting = usize::try_from(self.durable - next.get() + 1).unwrap_or(usize::MAX);
        let max_entries = self.entries.min(waiting);
        Action::Post { from: next, max_entries, max_bytes: self.settings.bytes_max }
    }

    /// What to do about records that are lost at `next`.
    fn rescue(&self, next: Seq) -> Option<Action> {
        let Rescue { first, gone: (_, resume), sure, salvaged } = self.rescue?;
        let here = first.is_none_or(|first| first == next);
        let last = match resume {
            Some(size) => size,
            // Nothing vouches for the rest: it is salvaged once it is certain that nothing more will.
            None if self.closed => self.durable,
            None => return None,
        };
        let (max_entries, max_bytes) = (self.entries, self.settings.bytes_max);
        match (resume, first) {
            _ if !sure || !here => None,
            _ if salvaged < last => {
                Some(Action::Salvage { from: salvaged + 1, through: last, max_entries, max_bytes })
            }
            (Some(last), Some(first)) => Some(Action::Hole { first, last }),
            (_, _) => Some(Action::End { first, last }),
        }
    }

    /// Takes in what came of the last action. An answer to nothing is ignored.
    pub fn on_answer(&mut self, now: Mono, wall: Wall, answer: Answer) {
        let asked = std::mem::replace(&mut self.asked, Asked::Nothing);
        if asked == Asked::Nothing {
            return;
        }
        match answer {
            Answer::Next(next) => self.named(now, wall, asked, next),
            Answer::Rewind(next) => match asked {
                Asked::Nothing => {}
                Asked::Batch { from, .. } if next == from => {
                    self.next = None;
                    self.failed(now, format!("hub refused a batch from {from} and expects just that"));
                }
                Asked::Rescue { .. } if self.rescue.is_some_and(|rescue| rescue.first == Some(next)) => {
                    // Another hub got what was salvaged, or this one forgot it.
                    self.rescue = self.rescue.map(|rescue| rescue.anew(next));
                    self.stalled(now, format!("hub lacks records that were salvaged from {next} on"));
                }
                Asked::Head { .. } | Asked::Batch { .. } | Asked::Heartbeat { .. } | Asked::Rescue { .. } => {
                    self.agreed(now, wall, next);
                }
            },
            Answer::Ended => {
                self.ended = Some(now);
                self.known = Seq::new(self.durable + 1);
                self.answered(wall);
            }
            Answer::Fork(why) => self.contradicted(now, why),
            Answer::Gone { through, resume } => self.gone(now, asked, through, resume),
            Answer::Salvaged(through) => {
                if let Some(rescue) = &mut self.rescue {
                    rescue.salvaged = rescue.salvaged.max(through);
                }
                self.answered(wall);
            }
            Answer::NoBeat(why) => {
                // Everything else goes on without it.
                self.beaten = Some(now);
                self.link.error = Some(why);
            }
            Answer::Unpacked => self.stalled(now, "hub does not know the dictionary".to_owned()),
            Answer::TooLarge if self.entries > 1 => {
                self.entries /= 2;
                self.answered(wall);
            }
            Answer::TooLarge => self.failed(now, "one record alone is more than the hub takes".to_owned()),
            Answer::Busy { retry_after } => self.postponed(now, retry_after),
            Answer::Refused(why) | Answer::Lost(why) => {
                self.next = None;
                // Alarms are small, and all of them are wanted at once when the hub is reached again.
                let least = if self.beats { 1 } else { Self::ENTRIES_FIRST.min(self.settings.entries_max) };
                self.entries = (self.entries / 2).max(least).max(1);
                self.failed(now, why);
            }
        }
    }

    /// Number of durable records that the hub has not acknowledged; all of them while it was never reached.
    pub fn waiting(&self) -> u64 {
        let acknowledged = self.known.map_or(0, |next| next.get() - 1);
        self.durable.saturating_sub(acknowledged)
    }

    /// The number that the hub named last, if it was reached since the last failure.
    pub fn expected(&self) -> Option<Seq> {
        self.next
    }

    /// The number that the hub named last, whatever came after that.
    pub fn known(&self) -> Option<Seq> {
        self.known
    }

    /// Whether the hub holds records of this log that this kiosk does not have: a restored or cloned card.
    pub fn forked(&self) -> bool {
        self.forked
    }

    /// The state of the link, for a screen.
    pub fn link(&self) -> HubStatus {
        HubStatus { waiting: self.waiting(), ..self.link.clone() }
    }

    /// Not before then, for whatever reason another log of this kiosk was put off.
    pub fn hold(&mut self, until: Mono) {
        self.not_before = self.not_before.max(until);
    }

    /// A heartbeat, and everything that waits, is due now.
    pub fn hurry(&mut self) {
        self.beaten = None;
        self.not_before = Mono::ZERO;
    }

    /// When to ask again after a failure; in the past when there was none.
    pub fn held_until(&self) -> Mono {
        self.not_before
    }

    /// The hub named the number that it expects.
    fn named(&mut self, now: Mono, wall: Wall, asked: Asked, next: Seq) {
        match asked {
            Asked::Nothing => {}
            Asked::Head { .. } => {
                self.beaten = if self.beats { self.beaten } else { Some(now) };
                self.agreed(now, wall, next);
            }
            Asked::Rescue { .. } => self.agreed(now, wall, next),
            Asked::Heartbeat { .. } => {
                self.beaten = Some(now);
                self.agreed(now, wall, next);
            }
            Asked::Batch { from, .. } if next > from => {
                // Grows while the hub keeps up; a batch rarely fills when there is no backlog.
                self.entries = (self.entries * 2).min(self.settings.entries_max);
                self.agreed(now, wall, next);
            }
            Asked::Batch { from, .. } => {
                self.next = None;
                self.failed(now, format!("hub took a batch from {from} and still expects {next}"));
            }
        }
    }

    fn agreed(&mut self, now: Mono, wall: Wall, next: Seq) {
        if next.get() > self.durable.saturating_add(1) {
            let held = next.get() - 1;
            let why = format!("hub holds {held} records of this log, this kiosk only {}", self.durable);
            self.contradicted(now, why);
            if self.closed {
                self.answered(wall);
            }
            return;
        }
        if self.known != Some(next) {
            self.stalls = 0;
        }
        self.next = Some(next);
        self.known = Some(next);
        self.forked = false;
        self.rescue = self.rescue.filter(|rescue| rescue.first.is_none_or(|first| first == next));
        self.answered(wall);
    }

    /// The hub holds something else: nothing is sent into it, and a closed log is salvaged beside it.
    fn contradicted(&mut self, now: Mono, why: String) {
        self.forked = true;
        if self.closed {
            let fork = Rescue { first: None, gone: (0, None), sure: true, salvaged: 0 };
            self.rescue = Some(self.rescue.filter(|rescue| rescue.first.is_none()).unwrap_or(fork));
            self.next = Some(Seq::FIRST);
        } else {
            self.next = None;
            self.failed(now, why);
        }
    }

    /// A batch could not be made, because records are lost.
    fn gone(&mut self, now: Mono, asked: Asked, through: u64, resume: Option<u64>) {
        let Asked::Batch { from, .. } = asked else {
            return self.stalled(now, "records are lost".to_owned());
        };
        let again =
            self.rescue.filter(|rescue| (rescue.first, rescue.gone) == (Some(from), (through, resume)));
        let sure = again.is_some();
        let seen = Rescue { first: Some(from), gone: (through, resume), sure, salvaged: 0 }.anew(from);
        self.rescue = Some(again.filter(|rescue| rescue.sure).unwrap_or(seen));
        match (seen.sure, resume.is_some() || self.closed) {
            (true, true) => {}
            (true, false) => {
                self.stalled(now, format!("records from {from} on wait for the log's next root"));
            }
            (false, _) => self.stalled(now, format!("records from {from} on cannot be read")),
        }
    }

    /// Waits without the hub being at fault.
    fn stalled(&mut self, now: Mono, why: String) {
        let wait = self.backed_off(self.stalls);
        self.stalls = self.stalls.saturating_add(1);
        self.not_before = now + self.settings.retry_first + wait;
        self.link.error = Some(why);
    }

    fn answered(&mut self, wall: Wall) {
        self.failures = 0;
        self.link.online = true;
        self.link.last = Some(wall);
        self.link.error = None;
    }

    fn postponed(&mut self, now: Mono, retry_after: Option<Duration>) {
        let Some(asked_for) = retry_after else {
            self.failed(now, "hub is busy".to_owned());
            return;
        };
        let wait = asked_for.min(Self::RETRY_AFTER_MAX);
        let spread = self.up_to(self.settings.retry_first.max(wait / 4));
        self.not_before = now + wait + spread;
        self.link.online = false;
        self.link.error = Some("hub is busy".to_owned());
    }

    /// Waits a random part of a ceiling that doubles with each failure, so that many kiosks do not return at
    /// once. Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015 ("full jitter").
    fn failed(&mut self, now: Mono, why: String) {
        let wait = self.backed_off(self.failures);
        self.failures = self.failures.saturating_add(1);
        self.not_before = now + wait;
        self.link.online = false;
        self.link.error = Some(why);
    }

    fn backed_off(&mut self, times: u32) -> Duration {
        let doubled = self.settings.retry_first.saturating_mul(1 << times.min(20));
        self.up_to(doubled.min(self.settings.retry_max))
    }

    fn up_to(&mut self, span: Duration) -> Duration {
        let nanos = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(self.random.below(nanos.saturating_add(1)))
    }
}

#[cfg(test)]
mod tests;
