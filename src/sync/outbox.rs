//! The sending side: decides what to ask the hub next, and when. Does no I/O.
//!
//! ```text
//!            ┌────────────── lost, refused, busy: wait, then ask again ─────────────┐
//!            ▼                                                                      │
//!   Unknown ──Head──▶ Known(next) ──Post from next──▶ accepted: next moves on ──────┤
//!                        │  ▲   └──── 409: next moves to what the hub says ─────────┤
//!                        │  └─────── heartbeat, whenever one is due ────────────────┘
//!                        └── hub holds more than this kiosk ever wrote ──▶ Forked (asks for the head, sends nothing)
//! ```
//!
//! Invariants: at most one request is under way; a post always begins at the number that the hub named last; the
//! number never moves past what is durable here; no failure ever skips a record.

use std::time::Duration;

use crate::base::{Mono, Random, Seq, Wall};
use crate::control::HubStatus;

/// How eagerly an outbox sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Time between heartbeats.
    pub heartbeat: Duration,
    /// Ceiling of the first wait after a failure; it doubles with each further one.
    pub retry_first: Duration,
    /// Highest ceiling of a wait after a failure.
    pub retry_max: Duration,
    /// Longest time a request may take before it counts as lost.
    pub request_max: Duration,
    /// Most records in a batch.
    pub entries_max: usize,
    /// Most bytes of records in a batch, before compression. One record is sent however large it is.
    pub bytes_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            heartbeat: Duration::from_mins(1),
            retry_first: Duration::from_secs(1),
            retry_max: Duration::from_mins(5),
            request_max: Duration::from_secs(30),
            entries_max: 500,
            bytes_max: 256 * 1024,
        }
    }
}

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Ask the hub which record it expects next.
    Head,
    /// Send up to `max_entries` records of up to `max_bytes` together, from `from` on.
    Post {
        /// First record.
        from: Seq,
        /// Most records.
        max_entries: usize,
        /// Most bytes before compression.
        max_bytes: usize,
    },
    /// Send a heartbeat.
    Heartbeat,
    /// Do nothing until then, or until more becomes durable.
    WaitUntil(Mono),
}

/// What came of an [`Action`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The hub expects `next`: to a head, a heartbeat, or a batch that it applied.
    Next(Seq),
    /// The batch does not fit; the hub expects `next` (409).
    Rewind(Seq),
    /// The batch is too large (413).
    TooLarge,
    /// The hub has no time now (429, 503).
    Busy {
        /// How long it asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// The hub refused for another reason, in plain words.
    Refused(String),
    /// No usable answer came, in plain words.
    Lost(String),
}

/// What a request under way was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Nothing,
    Head { until: Mono },
    Batch { from: Seq, until: Mono },
    Heartbeat { until: Mono },
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
    not_before: Mono,
    beaten: Option<Mono>,
    link: HubStatus,
    forked: bool,
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
            not_before: Mono::ZERO,
            beaten: None,
            link: HubStatus { enrolled: true, ..HubStatus::default() },
            forked: false,
        }
    }

    /// What to do at `now`, when `durable` records are durable here. The outcome goes to [`on_answer`](Self::on_answer).
    ///
    /// While a request is under way this says to wait; one that takes longer than
    /// [`Settings::request_max`] counts as lost.
    pub fn next(&mut self, now: Mono, durable: u64) -> Action {
        self.durable = self.durable.max(durable);
        match self.asked {
            Asked::Nothing => {}
            Asked::Head { until } | Asked::Batch { until, .. } | Asked::Heartbeat { until } => {
                if now < until {
                    return Action::WaitUntil(until);
                }
                self.asked = Asked::Nothing;
                self.next = None;
                self.failed(now, "no answer in time".to_owned());
            }
        }
        if now < self.not_before {
            return Action::WaitUntil(self.not_before);
        }
        let until = now + self.settings.request_max;
        let Some(next) = self.next else {
            self.asked = Asked::Head { until };
            return Action::Head;
        };
        let beat_due = self.beaten.map_or(now, |at| at + self.settings.heartbeat);
        if beat_due <= now {
            self.asked = Asked::Heartbeat { until };
            return Action::Heartbeat;
        }
        if next.get() > self.durable {
            return Action::WaitUntil(beat_due);
        }
        self.asked = Asked::Batch { from: next, until };
        // Never past what this outbox knows to be durable: the hub's answer would look like a fork.
        let waiting = usize::try_from(self.durable - next.get() + 1).unwrap_or(usize::MAX);
        let max_entries = self.entries.min(waiting);
        Action::Post { from: next, max_entries, max_bytes: self.settings.bytes_max }
    }

    /// Takes in what came of the last action. An answer to nothing is ignored.
    pub fn on_answer(&mut self, now: Mono, wall: Wall, answer: Answer) {
        let asked = std::mem::replace(&mut self.asked, Asked::Nothing);
        if asked == Asked::Nothing {
            return;
        }
        match answer {
            Answer::Next(next) => match asked {
                Asked::Nothing => {}
                Asked::Head { .. } => self.agreed(now, wall, next),
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
            },
            Answer::Rewind(next) => match asked {
                Asked::Nothing => {}
                Asked::Batch { from, .. } if next == from => {
                    self.next = None;
                    self.failed(now, format!("hub refused a batch from {from} and expects just that"));
                }
                Asked::Head { .. } | Asked::Batch { .. } | Asked::Heartbeat { .. } => {
                    self.agreed(now, wall, next);
                }
            },
            Answer::TooLarge if self.entries > 1 => {
                self.entries /= 2;
                self.answered(wall);
            }
            Answer::TooLarge => self.failed(now, "one record alone is more than the hub takes".to_owned()),
            Answer::Busy { retry_after } => self.postponed(now, retry_after),
            Answer::Refused(why) | Answer::Lost(why) => {
                self.next = None;
                self.entries = (self.entries / 2).max(1);
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

    /// Whether the hub holds records of this log that this kiosk does not have: a restored or cloned card.
    pub fn forked(&self) -> bool {
        self.forked
    }

    /// The state of the link, for a screen.
    pub fn link(&self) -> HubStatus {
        HubStatus { waiting: self.waiting(), ..self.link.clone() }
    }

    fn agreed(&mut self, now: Mono, wall: Wall, next: Seq) {
        if next.get() > self.durable.saturating_add(1) {
            self.forked = true;
            self.next = None;
            let held = next.get() - 1;
            let why = format!("hub holds {held} records of this log, this kiosk only {}", self.durable);
            self.failed(now, why);
            return;
        }
        self.next = Some(next);
        self.known = Some(next);
        self.forked = false;
        self.answered(wall);
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
        let doubled = self.settings.retry_first.saturating_mul(1 << self.failures.min(20));
        let ceiling = doubled.min(self.settings.retry_max);
        self.failures = self.failures.saturating_add(1);
        self.not_before = now + self.up_to(ceiling);
        self.link.online = false;
        self.link.error = Some(why);
    }

    fn up_to(&mut self, span: Duration) -> Duration {
        let nanos = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(self.random.below(nanos.saturating_add(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WALL: Wall = Wall(1_790_000_000_000);

    #[test]
    fn asks_for_the_head_then_beats_then_sends_from_where_the_hub_is() {
        let mut outbox = outbox();
        assert_eq!(outbox.next(at(0), 10), Action::Head);
        assert_eq!(outbox.waiting(), 10);
        outbox.on_answer(at(1), WALL, Answer::Next(seq(4)));
        assert_eq!(outbox.waiting(), 7);
        assert_eq!(outbox.next(at(2), 10), Action::Heartbeat);
        outbox.on_answer(at(3), WALL, Answer::Next(seq(4)));
        assert_eq!(outbox.next(at(4), 10), post(4, 7), "no more than is durable");
        outbox.on_answer(at(5), WALL, Answer::Next(seq(11)));
        assert_eq!((outbox.waiting(), outbox.link().online, outbox.link().last), (0, true, Some(WALL)));
        assert_eq!(outbox.next(at(6), 10), Action::WaitUntil(at(3) + Duration::from_mins(1)));
        assert_eq!(outbox.next(at(7), 11), post(11, 1));
    }

    #[test]
    fn one_request_at_a_time_and_a_late_one_counts_as_lost() {
        let mut outbox = ready(5);
        assert_eq!(outbox.next(at(10), 5), post(1, 5));
        assert_eq!(outbox.next(at(11), 6), Action::WaitUntil(at(10) + Duration::from_secs(30)));
        let Action::WaitUntil(_) = outbox.next(at(31_000), 6) else { panic!("must back off") };
        assert!(!outbox.link().online);
        assert_eq!(outbox.next(at(60_000), 6), Action::Head);
    }

    #[test]
    fn follows_a_rewind_in_both_directions_but_not_in_a_circle() {
        let mut outbox = ready(500);
        assert_eq!(outbox.next(at(10), 500), post(1, 64));
        outbox.on_answer(at(11), WALL, Answer::Rewind(seq(20)));
        assert_eq!(outbox.next(at(12), 500), post(20, 64));
        outbox.on_answer(at(13), WALL, Answer::Rewind(seq(2)));
        assert_eq!(outbox.next(at(14), 500), post(2, 64));
        outbox.on_answer(at(15), WALL, Answer::Rewind(seq(2)));
        assert!(outbox.link().error.is_some(), "a hub that wants what it refuses is broken");
        assert_eq!(outbox.next(at(5_000), 500), Action::Head);
    }

    #[test]
    fn halves_what_is_too_large_down_to_one_record_and_never_skips_it() {
        let mut outbox = ready(500);
        for entries in [64, 32, 16, 8, 4, 2, 1] {
            assert_eq!(outbox.next(at(10), 500), post(1, entries));
            outbox.on_answer(at(10), WALL, Answer::TooLarge);
        }
        assert!(!outbox.link().online);
        assert_eq!(outbox.next(at(5_000), 500), post(1, 1));
    }

    #[test]
    fn waits_as_long_as_the_hub_asks_and_no_longer_than_an_hour() {
        for (asked, low, high) in [(10, 10, 13), (1_000_000, 3_600, 4_501)] {
            let mut outbox = ready(5);
            outbox.next(at(0), 5);
            outbox.on_answer(at(0), WALL, Answer::Busy { retry_after: Some(Duration::from_secs(asked)) });
            let Action::WaitUntil(until) = outbox.next(at(1), 5) else { panic!("must wait") };
            assert!((at(low * 1_000)..at(high * 1_000)).contains(&until), "{until}");
        }
    }

    #[test]
    fn retries_spread_out_up_to_five_minutes() {
        let waits = |seed: u64| {
            let mut outbox = Outbox::new(Settings::default(), Random::new(seed));
            let mut now = Mono::ZERO;
            let mut waits = vec![];
            for _ in 0..40 {
                assert_eq!(outbox.next(now, 5), Action::Head);
                outbox.on_answer(now, WALL, Answer::Lost("unreachable".into()));
                if let Action::WaitUntil(until) = outbox.next(now, 5) {
                    waits.push(until.since(now));
                    now = until;
                }
            }
            waits
        };
        let (a, b) = (waits(1), waits(2));
        assert_ne!(a, b);
        assert!(a[0] <= Duration::from_secs(1));
        assert!(a.iter().all(|wait| *wait <= Duration::from_mins(5)));
        assert!(a[12..].iter().any(|wait| *wait > Duration::from_secs(60)), "{a:?}");
    }

    #[test]
    fn a_hub_that_holds_more_than_this_kiosk_stops_sending_and_says_so() {
        let mut outbox = outbox();
        outbox.next(at(0), 10);
        outbox.on_answer(at(1), WALL, Answer::Next(seq(12)));
        assert!(outbox.forked());
        assert_eq!(outbox.next(at(5_000), 10), Action::Head);
        outbox.on_answer(at(5_001), WALL, Answer::Next(seq(11)));
        assert!(!outbox.forked());
    }

    #[test]
    fn a_hub_restored_from_a_backup_gets_the_records_again() {
        let mut outbox = ready(50);
        outbox.next(at(10), 50);
        outbox.on_answer(at(11), WALL, Answer::Next(seq(51)));
        assert_eq!(outbox.next(at(60_100), 50), Action::Heartbeat);
        outbox.on_answer(at(60_101), WALL, Answer::Next(seq(31)));
        assert_eq!((outbox.waiting(), outbox.next(at(60_102), 50)), (20, post(31, 20)));
    }

    fn outbox() -> Outbox {
        Outbox::new(Settings::default(), Random::new(1))
    }

    /// An outbox that has just beaten, at 0 ms, and that the hub asked for record 1.
    fn ready(durable: u64) -> Outbox {
        let mut outbox = outbox();
        for action in [Action::Head, Action::Heartbeat] {
            assert_eq!(outbox.next(at(0), durable), action);
            outbox.on_answer(at(0), WALL, Answer::Next(Seq::FIRST));
        }
        outbox
    }

    fn post(from: u64, max_entries: usize) -> Action {
        Action::Post { from: seq(from), max_entries, max_bytes: 256 * 1024 }
    }

    fn seq(number: u64) -> Seq {
        Seq::new(number).unwrap()
    }

    fn at(ms: u64) -> Mono {
        Mono::from_millis(ms)
    }
}
