//! Readers of identity cards that speak SDT frames (GA 450): asked for a card again and again, they give what is on it.
//!
//! # Format
//!
//! A command is `AA AA AA 96 69`, the length of what follows (2 bytes, the highest first), a command byte, a parameter, and the
//! exclusive-or of everything behind the preamble. A reply has the same head, three status bytes in place of command and
//! parameter, data, and the exclusive-or. Source: the same frames in ten public drivers of such readers; the standard itself was not
//! read. [`frames`] has the layout of a card.
//!
//! | asked | command | good | other |
//! |---|---|---|---|
//! | is the module well? | `11 FF` | `00 00 90` | anything else: it says that it is not |
//! | is a card there? | `20 01` | `00 00 9F`, 4 bytes | `00 00 80`: none |
//! | talk to it | `20 02` | `00 00 90`, 8 bytes | the card must be lifted |
//! | its text and picture | `30 01` | `00 00 90`, 1,284 bytes | the card must be lifted |
//!
//! # Asking
//!
//! ```text
//!   status ── well ──▶ find ── a card ──▶ select ── yes ──▶ read ── its number and name ─┐
//!     ▲                ▲ ▲ │                  └─ no ───────────┴─ no ─▶ the card ◀───────┘
//!     │   FIND_EVERY   └─┼─┘ none, or one that must be lifted           must be lifted
//!     └── a reply that never came, or whose check does not match, or an unwell module: silence, then from the start
//! ```
//!
//! - Between two questions for a card [`FIND_EVERY`] passes at least.
//! - A card that was read, or could not be, is not read again before the reader saw none [`LIFTED_AFTER`] times in a row.
//! - A reply that is no answer to what was asked is passed over: it is a late one.
//! - [`TRIES`] faults in a row make a fault of the device, and the answer to the same question ends it.
//! - Of a card only number and name leave [`frames`]; every other byte is overwritten, also in the caller's buffer.

pub mod frames;

use std::time::Duration;

use zeroize::Zeroize;

use crate::base::{Mono, NoReading};
use crate::model::IdCard;
use frames::{Frames, Reply, command};

/// Pause between two questions for a card; readers want 300 ms.
pub const FIND_EVERY: Duration = Duration::from_millis(300);
/// How long a short reply may take.
pub const PATIENCE: Duration = Duration::from_secs(1);
/// How long reading a card may take: 1.4 s on the wire alone at 9600 baud.
pub const READ_MAX: Duration = Duration::from_secs(4);
/// How long a reply that did not match its check may be followed by the right one.
const MENDED_WITHIN: Duration = Duration::from_millis(200);
/// Silence before the first question and after a fault, so that a late reply answers nothing.
pub const SETTLE: Duration = Duration::from_millis(500);
/// How long a reader is left alone that does not answer or is not well.
pub const AGAIN: Duration = Duration::from_secs(5);
/// Faults in a row that make a fault of the device.
pub const TRIES: u8 = 3;
/// How often in a row no card must be found before the last one counts as lifted: one that was just talked to may miss a
/// question while it still lies there.
pub const LIFTED_AFTER: u8 = 2;

/// A command on the wire.
pub type Command = [u8; 10];

/// What follows from what a reader said or did not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Send this.
    Send(Command),
    /// How the reader is, when that changes.
    Health(Result<(), NoReading>),
    /// A card was read.
    Card(IdCard),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ask {
    Status,
    Find,
    Select,
    Read,
}

impl Ask {
    fn command(self) -> Command {
        match self {
            Self::Status => command(0x11, 0xFF),
            Self::Find => command(0x20, 0x01),
            Self::Select => command(0x20, 0x02),
            Self::Read => command(0x30, 0x01),
        }
    }

    fn patience(self) -> Duration {
        match self {
            Self::Status | Self::Find | Self::Select => PATIENCE,
            Self::Read => READ_MAX,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing is asked until then, and whatever comes is nobody's.
    Resting { until: Mono, next: Ask },
    /// Waits for the reply.
    Asked { ask: Ask, until: Mono, garbled: bool },
}

/// A reader on its wire: its bytes in; commands, cards and its health out.
#[derive(Debug)]
pub struct Sdt {
    frames: Frames,
    state: State,
    /// Set while a card must be lifted: how often in a row none was found.
    lifting: Option<u8>,
    /// Faults in a row when asked whether anything is there, and when a card is read.
    unanswered: u8,
    unread: u8,
    told: Option<Result<(), NoReading>>,
}

impl Sdt {
    /// A reader that is asked from `now` on.
    pub fn new(now: Mono) -> Self {
        let state = State::Resting { until: now + SETTLE, next: Ask::Status };
        Self { frames: Frames::new(), state, lifting: None, unanswered: 0, unread: 0, told: None }
    }

    /// Begins again with a reader that was plugged in at `now`. A card that had to be lifted still has to be.
    pub fn begin(&mut self, now: Mono) {
        *self = Self { lifting: self.lifting.map(|_| 0), ..Self::new(now) };
    }

    /// Takes the `bytes` that came at `now`, overwrites them, and appends what follows.
    pub fn step(&mut self, now: Mono, bytes: &mut [u8], turns: &mut Vec<Turn>) {
        for byte in bytes.iter() {
            let State::Asked { ask, until, .. } = self.state else { break };
            match self.frames.step(*byte) {
                Some(Ok(reply)) => {
                    let before = self.state;
                    self.answered(now, ask, reply, turns);
                    // What stands behind the answer came before the next question.
                    if self.state != before {
                        break;
                    }
                }
                // It may only have looked like a frame; the right one may stand behind it.
                Some(Err(_)) => {
                    let until = until.min(now + MENDED_WITHIN);
                    self.state = State::Asked { ask, until, garbled: true };
                }
                None => {}
            }
        }
        bytes.zeroize();
    }

    /// When [`expire`](Self::expire) must be called if nothing comes before.
    pub fn due(&self) -> Mono {
        match self.state {
            State::Resting { until, .. } | State::Asked { until, .. } => until,
        }
    }

    /// Acts on a deadline that `now` has reached; calling early does nothing.
    pub fn expire(&mut self, now: Mono, turns: &mut Vec<Turn>) {
        match self.state {
            State::Resting { until, next } if until <= now => self.send(now, next, turns),
            State::Asked { ask, until, garbled } if until <= now => {
                let reason = if garbled { NoReading::Checksum } else { NoReading::Timeout };
                self.failed(now, ask, reason, turns);
            }
            State::Resting { .. } | State::Asked { .. } => {}
        }
    }

    fn answered(&mut self, now: Mono, ask: Ask, reply: Reply, turns: &mut Vec<Turn>) {
        match (ask, reply) {
            (Ask::Status, Reply::Said { code: [0, 0, 0x90], data: 0 }) => {
                self.tell_well(turns);
                self.send(now, Ask::Find, turns);
            }
            (Ask::Status, Reply::Said { data: 0, .. }) => {
                self.unanswered = TRIES;
                self.failed(now, ask, NoReading::Flagged, turns);
            }
            (Ask::Find, Reply::Said { code: [0, 0, 0x9F], data: 4 }) => {
                self.heard(ask, turns);
                match &mut self.lifting {
                    Some(none_there) => {
                        *none_there = 0;
                        self.rest(now);
                    }
                    None => self.send(now, Ask::Select, turns),
                }
            }
            (Ask::Find, Reply::Said { code: [0, 0, 0x80], data: 0 }) => {
                self.heard(ask, turns);
                self.lifting = self.lifting.map(|none| none + 1).filter(|none| *none < LIFTED_AFTER);
                self.rest(now);
            }
            (Ask::Find, Reply::Said { data: 0, .. }) => self.failed(now, ask, NoReading::Flagged, turns),
            (Ask::Select, Reply::Said { code: [0, 0, 0x90], data: 8 }) => self.send(now, Ask::Read, turns),
            (Ask::Read, Reply::Card(card)) => {
                self.heard(ask, turns);
                turns.extend(card.map(Turn::Card));
                self.lift(now);
            }
            (Ask::Select | Ask::Read, Reply::Said { data: 0, .. }) => {
                self.heard(ask, turns);
                self.lift(now);
            }
            // A late reply to something else.
            (Ask::Status | Ask::Find | Ask::Select | Ask::Read, Reply::Said { .. } | Reply::Card(_)) => {}
        }
    }

    fn send(&mut self, now: Mono, ask: Ask, turns: &mut Vec<Turn>) {
        self.frames.clear();
        self.state = State::Asked { ask, until: now + ask.patience(), garbled: false };
        turns.push(Turn::Send(ask.command()));
    }

    fn rest(&mut self, now: Mono) {
        self.state = State::Resting { until: now + FIND_EVERY, next: Ask::Find };
    }

    fn lift(&mut self, now: Mono) {
        self.lifting = Some(0);
        self.rest(now);
    }

    fn failed(&mut self, now: Mono, ask: Ask, reason: NoReading, turns: &mut Vec<Turn>) {
        self.frames.clear();
        let faults = self.faults(ask);
        *faults = faults.saturating_add(1).min(TRIES);
        let lasting = *faults == TRIES;
        if matches!(ask, Ask::Select | Ask::Read) {
            self.lifting = Some(0);
        }
        if lasting {
            self.tell(Err(reason), turns);
        }
        // A reader that reads no card is asked at its usual pace: the next card may be a good one.
        let pause = if self.unanswered == TRIES { AGAIN } else { SETTLE };
        self.state = State::Resting { until: now + pause, next: Ask::Status };
    }

    /// The reply to `ask` came whole: what was wrong with this is over.
    fn heard(&mut self, ask: Ask, turns: &mut Vec<Turn>) {
        *self.faults(ask) = 0;
        self.tell_well(turns);
    }

    fn faults(&mut self, ask: Ask) -> &mut u8 {
        match ask {
            Ask::Status | Ask::Find => &mut self.unanswered,
            Ask::Select | Ask::Read => &mut self.unread,
        }
    }

    fn tell_well(&mut self, turns: &mut Vec<Turn>) {
        if self.unanswered < TRIES && self.unread < TRIES {
            self.tell(Ok(()), turns);
        }
    }

    fn tell(&mut self, health: Result<(), NoReading>, turns: &mut Vec<Turn>) {
        if self.told != Some(health) {
            self.told = Some(health);
            turns.push(Turn::Health(health));
        }
    }
}

#[cfg(test)]
mod tests;
