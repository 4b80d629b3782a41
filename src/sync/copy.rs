//! A one-way copy of the records for whoever wants one: decides what to publish next, and when. Does no I/O.
//!
//! ```text
//!              not before                accepted                 lost, or nothing acknowledged for too long
//!   Apart ───────────────▶ Connecting ───────────▶ Together ───────────────────────────────┐
//!     ▲                        └── lost ──────────────┐  │ publish, acknowledged            │
//!     └────────────── wait, then again ◀──────────────┴──┴──────────────────────────────────┘
//! ```
//!
//! Invariants: [`done`](Copier::done) is the number up to which everything was acknowledged, or is known to be missing
//! here; after every loss publishing begins again behind it, so each record is published at least once; no more than
//! [`Settings::window`] records are under way. Nothing else in the kiosk waits for any of this, and an acknowledgement
//! says nothing of what the broker does with a record: brokers acknowledge before they store.

use std::collections::BTreeMap;
use std::time::Duration;

use super::backoff::Backoff;
use crate::base::{Mono, Random};

/// How eagerly a copy is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Most records that are published and not acknowledged.
    pub window: u64,
    /// Ceiling of the first wait after a failure; it doubles with each further one.
    pub retry_first: Duration,
    /// Highest ceiling of a wait after a failure.
    pub retry_max: Duration,
    /// How long a connection may take to come about, or go without an acknowledgement that is due.
    pub silence_max: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            window: 32,
            retry_first: Duration::from_secs(1),
            retry_max: Duration::from_mins(5),
            silence_max: Duration::from_secs(30),
        }
    }
}

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Connect afresh, with nothing kept of an earlier connection.
    Connect,
    /// Let go of the connection, whatever it still holds.
    Disconnect,
    /// Publish up to `most` records from number `from` on.
    Publish {
        /// First record.
        from: u64,
        /// Most records.
        most: u64,
    },
    /// Nothing before this moment, or before something happens.
    WaitUntil(Mono),
    /// Nothing before something happens.
    Wait,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Apart { not_before: Mono },
    Connecting { until: Mono },
    Together { heard: Mono },
}

/// The sending side of a copy of one log.
#[derive(Clone, Debug)]
pub struct Copier {
    settings: Settings,
    backoff: Backoff,
    state: State,
    /// Everything up to here is done with.
    done: u64,
    /// Done with beyond that: first and last number of each stretch.
    ahead: BTreeMap<u64, u64>,
    /// The last record that was published on this connection.
    published: u64,
}

impl Copier {
    /// A copy of which everything up to number `done` was made. `random` spreads the retries of many kiosks.
    pub fn new(settings: Settings, random: Random, done: u64) -> Self {
        let backoff = Backoff::new(settings.retry_first, settings.retry_max, random);
        let state = State::Apart { not_before: Mono::ZERO };
        Self { settings, backoff, state, done, ahead: BTreeMap::new(), published: done }
    }

    /// The number up to which everything was acknowledged or is missing here.
    pub fn done(&self) -> u64 {
        self.done
    }

    /// Whether there is a connection.
    pub fn is_together(&self) -> bool {
        matches!(self.state, State::Together { .. })
    }

    /// What to do at `now`, when `durable` records are durable here.
    pub fn next(&mut self, now: Mono, durable: u64) -> Action {
        match self.state {
            State::Apart { not_before } if now < not_before => Action::WaitUntil(not_before),
            // A connection that has nothing to carry is not worth a reader's battery or a broker's slot.
            State::Apart { .. } if self.done >= durable => Action::Wait,
            State::Apart { .. } => {
                self.state = State::Connecting { until: now + self.settings.silence_max };
                Action::Connect
            }
            State::Connecting { until } if now < until => Action::WaitUntil(until),
            State::Together { heard } if !self.is_silent_too_long(now, heard) => {
                let most = (self.done + self.settings.window).min(durable).saturating_sub(self.published);
                if most > 0 {
                    return Action::Publish { from: self.published + 1, most };
                }
                if self.published > self.done {
                    Action::WaitUntil(heard + self.settings.silence_max)
                } else {
                    Action::Wait
                }
            }
            State::Connecting { .. } | State::Together { .. } => {
                self.lost(now);
                Action::Disconnect
            }
        }
    }

    /// Takes the news that the broker accepted the connection.
    pub fn connected(&mut self, now: Mono) {
        if matches!(self.state, State::Connecting { .. }) {
            self.state = State::Together { heard: now };
        }
    }

    /// Takes the news that everything through `seq` has been given to the connection.
    pub fn published(&mut self, now: Mono, seq: u64) {
        let State::Together { heard } = &mut self.state else { return };
        if self.published <= self.done {
            // Only from now on is an answer due.
            *heard = now;
        }
        self.published = self.published.max(seq);
    }

    /// Takes the news that the records after the last published one, up to `through`, are not here any more.
    pub fn missing(&mut self, through: u64) {
        if through > self.published {
            self.ahead.insert(self.published + 1, through);
            self.published = through;
            self.settle();
        }
    }

    /// Takes the broker's acknowledgement of a record.
    pub fn acknowledged(&mut self, now: Mono, seq: u64) {
        if let State::Together { heard } = &mut self.state {
            *heard = now;
            self.backoff.succeeded();
        }
        if seq > self.done && seq <= self.published {
            self.ahead.insert(seq, seq);
            self.settle();
        }
    }

    /// Takes the news that the connection is gone. What was under way will be published again.
    pub fn lost(&mut self, now: Mono) {
        if matches!(self.state, State::Apart { .. }) {
            return;
        }
        self.state = State::Apart { not_before: self.backoff.failed(now) };
        self.ahead.clear();
        self.published = self.done;
    }

    fn is_silent_too_long(&self, now: Mono, heard: Mono) -> bool {
        self.published > self.done && heard + self.settings.silence_max <= now
    }

    fn settle(&mut self) {
        while let Some(last) = self.ahead.remove(&(self.done + 1)) {
            self.done = last;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn publishes_in_a_window_and_moves_on_with_acknowledgements() {
        let mut copy = together(0, 100);
        assert_eq!(copy.next(at(1), 100), Action::Publish { from: 1, most: 4 });
        copy.published(at(1), 4);
        assert_eq!(copy.next(at(2), 100), Action::WaitUntil(at(1) + SILENCE));
        copy.acknowledged(at(3), 1);
        copy.acknowledged(at(3), 3);
        assert_eq!((copy.done(), copy.next(at(3), 100)), (1, Action::Publish { from: 5, most: 1 }));
        copy.published(at(3), 5);
        copy.acknowledged(at(4), 2);
        assert_eq!(
            (copy.done(), copy.next(at(4), 7)),
            (3, Action::Publish { from: 6, most: 2 }),
            "no more than there is"
        );
    }

    #[test]
    fn after_a_loss_everything_that_was_not_acknowledged_is_published_again() {
        let mut copy = together(10, 100);
        copy.published(at(1), 14);
        copy.acknowledged(at(2), 11);
        copy.acknowledged(at(2), 13);
        copy.lost(at(3));
        let Action::WaitUntil(again) = copy.next(at(3), 100) else { panic!("must wait") };
        assert_eq!(copy.next(again, 100), Action::Connect);
        copy.connected(again);
        assert_eq!(copy.next(again, 100), Action::Publish { from: 12, most: 4 });
        copy.acknowledged(again, 14);
        assert_eq!(copy.done(), 11, "an answer that belongs to the lost connection says nothing");
    }

    #[test]
    fn a_broker_that_accepts_and_never_acknowledges_is_left() {
        let mut copy = together(0, 9);
        copy.published(at(1_000), 4);
        let due = at(1_000) + SILENCE;
        assert_eq!(copy.next(at(1_001), 9), Action::WaitUntil(due));
        assert_eq!(copy.next(due, 9), Action::Disconnect);
        assert!(!copy.is_together());
    }

    #[test]
    fn a_connection_that_does_not_come_about_is_given_up() {
        let mut copy = Copier::new(settings(), Random::new(1), 0);
        assert_eq!(copy.next(at(0), 0), Action::Wait, "nothing to carry");
        assert_eq!(copy.next(at(0), 1), Action::Connect);
        assert_eq!(copy.next(at(1), 1), Action::WaitUntil(at(0) + SILENCE));
        assert_eq!(copy.next(at(0) + SILENCE, 1), Action::Disconnect);
        assert!(matches!(copy.next(at(0) + SILENCE, 1), Action::WaitUntil(_)));
    }

    #[test]
    fn an_idle_connection_owes_nothing() {
        let mut copy = together(0, 2);
        copy.published(at(1), 2);
        copy.acknowledged(at(2), 1);
        copy.acknowledged(at(2), 2);
        assert_eq!(copy.next(at(1_000_000), 2), Action::Wait);
        assert_eq!(copy.next(at(1_000_000), 3), Action::Publish { from: 3, most: 1 });
        copy.published(at(1_000_000), 3);
        assert_eq!(copy.next(at(1_000_001), 3), Action::WaitUntil(at(1_000_000) + SILENCE));
    }

    #[test]
    fn what_is_missing_is_passed_over_once_what_came_before_is_acknowledged() {
        let mut copy = together(0, 1_000);
        copy.published(at(1), 2);
        copy.missing(900);
        assert_eq!((copy.done(), copy.next(at(1), 1_000)), (0, Action::WaitUntil(at(1) + SILENCE)));
        copy.acknowledged(at(2), 1);
        copy.acknowledged(at(2), 2);
        assert_eq!((copy.done(), copy.next(at(2), 1_000)), (900, Action::Publish { from: 901, most: 4 }));
        let mut at_once = together(0, 10);
        at_once.missing(5);
        assert_eq!((at_once.done(), at_once.next(at(1), 10)), (5, Action::Publish { from: 6, most: 4 }));
    }

    #[test]
    fn whatever_happens_nothing_is_passed_over_and_the_window_holds() {
        for seed in 0..300 {
            let mut random = Random::new(seed);
            let mut copy = Copier::new(settings(), random.fork("copy"), 0);
            let (mut now, mut taken, mut under_way) = (at(0), [false; 60], Vec::new());
            for turn in 0..20_000_u32 {
                match copy.next(now, 60) {
                    Action::Connect if random.below(3) > 0 => copy.connected(now),
                    Action::Connect => copy.lost(now),
                    Action::Disconnect => under_way.clear(),
                    Action::Publish { from, most } => {
                        under_way.extend(from..from + most);
                        assert!(under_way.len() <= 4, "seed {seed}: {under_way:?}");
                        copy.published(now, from + most - 1);
                    }
                    Action::Wait | Action::WaitUntil(_) if copy.done() == 60 => break,
                    Action::WaitUntil(until) if under_way.is_empty() => now = until,
                    Action::Wait | Action::WaitUntil(_) => {}
                }
                now = now + Duration::from_millis(random.below(50));
                match random.below(5) {
                    0 if turn < 10_000 => {
                        copy.lost(now);
                        under_way.clear();
                    }
                    _ if !under_way.is_empty() => {
                        let index = usize::try_from(random.below(under_way.len() as u64)).unwrap();
                        let seq: u64 = under_way.swap_remove(index);
                        taken[usize::try_from(seq - 1).unwrap()] = true;
                        copy.acknowledged(now, seq);
                    }
                    _ => {}
                }
            }
            assert_eq!(copy.done(), 60, "seed {seed} ends");
            assert!(taken.iter().all(|taken| *taken), "seed {seed}: each was acknowledged");
        }
    }

    const SILENCE: Duration = Duration::from_secs(30);

    fn settings() -> Settings {
        Settings { window: 4, silence_max: SILENCE, ..Settings::default() }
    }

    /// A copy that has just connected at 0 ms.
    fn together(done: u64, durable: u64) -> Copier {
        let mut copy = Copier::new(settings(), Random::new(1), done);
        assert_eq!(copy.next(at(0), durable), Action::Connect);
        copy.connected(at(0));
        copy
    }

    fn at(ms: u64) -> Mono {
        Mono::from_millis(ms)
    }
}
