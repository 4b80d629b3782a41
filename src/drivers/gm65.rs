//! Reader modules of the Grow "zone bit" family (GM60, GM65, GM805, GM812): their set-up beside the codes that they send.
//!
//! # Format
//!
//! A command is `7E 00`, kind, length, zone (2 bytes), one byte, CRC (2 bytes): kind 7 reads so many bytes of a zone, 8 writes
//! one, 9 keeps everything in the module's flash. A reply is `02 00`, kind (0: done), length, data, CRC. The CRC is
//! [`crc16_xmodem`] of what stands between head and CRC. A zone is a byte of settings. Sources: Grow GM65 and GM812 manuals,
//! Waveshare's examples for its barcode module; recomputed in the tests of `base::checksum`.
//!
//! # Set-up
//!
//! ```text
//!   settle ──▶ read a zone ── right ──▶ the next zone … ──▶ save if anything was written ──▶ set up
//!                  │ differs                    ▲
//!                  └──▶ write ──▶ read again ── right
//!                                     └─ differs, or any command refused or without a reply ──▶ failed
//! ```
//!
//! - A zone that is right is not written, and flash is written only after a change.
//! - Each command has [`TRIES`] tries of [`PATIENCE`]. A reply does not say which zone it is of, so after a second try nothing
//!   is asked until the replies to all tries have come.
//! - What was written counts when it is read back, not when the module says "done".
//! - One that reads on command is told to while it is [wanted](Gm65::want), from its set-up on: again when it has read a code, or
//!   when its time for one reading is over. Zone 2, bit 0 begins a reading; it ends by itself.
//! - A reply never comes out among the codes, and no byte of a code is taken for a reply (`replies`).

mod replies;

use std::time::Duration;

use crate::base::Mono;
use crate::base::checksum::crc16_xmodem;
use crate::model::Level;
use replies::{Replies, Reply};

/// How long a reply may take: some 30 ms on the wire at 9600 baud.
pub const PATIENCE: Duration = Duration::from_millis(300);
/// How often a command is sent before the module counts as silent.
pub const TRIES: u8 = 3;
/// How much later than expected a reply may still come.
pub const SETTLE: Duration = Duration::from_millis(200);

/// A command on the wire.
pub type Command = [u8; 9];

/// What makes a module read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// It always reads.
    Continuous,
    /// It reads when the picture before it changes.
    Induction,
    /// It reads when it is told to: its light is off before an empty gate.
    Command,
}

/// By which of its wires a module sends codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    /// Its UART, also behind a USB adapter.
    Serial,
    /// Its own USB, as a virtual serial port.
    Usb,
}

/// How a module is to be set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What makes it read.
    pub trigger: Trigger,
    /// Where codes go.
    pub port: Port,
    /// Pause between two readings, in tenths of a second.
    pub interval: u8,
    /// How long the same code is not sent again, in tenths of a second, 1 to 127.
    pub same_code: u8,
}

/// Bits of a zone, and what they are for.
#[derive(Clone, Copy, Debug)]
struct Zone {
    address: u16,
    mask: u8,
    value: u8,
    what: &'static str,
}

/// How long one reading on command lasts where no code is found, in tenths of a second.
const READING: u8 = 50;
/// Begins a reading: the zone and its value.
const BEGIN: (u16, u8) = (0x0002, 1);

impl Settings {
    /// What must be in which zone; that visitors cannot set the module up comes first.
    fn zones(&self) -> Vec<Zone> {
        let zone = |address, mask, value, what| Zone { address, mask, value, what };
        let mode = match self.trigger {
            Trigger::Command => 1,
            Trigger::Continuous => 2,
            Trigger::Induction => 3,
        };
        let port = match self.port {
            Port::Serial => 0,
            Port::Usb => 3,
        };
        let mut zones = vec![
            zone(0x0003, 0b10, 0b10, "set-up codes off"),
            zone(0x000D, 0b11, port, "codes to this port"),
            // Bit 7 would wrap codes in frames, bits 6 and 5 choose the tail, bit 0 has it sent.
            zone(0x0060, 0b1110_0001, 1, "a carriage return after each code"),
            zone(0x0000, 0b11, mode, "its trigger mode"),
            zone(0x0005, 0xFF, self.interval, "the pause between readings"),
            zone(0x0013, 0xFF, 0x80 | self.same_code, "the pause for the same code"),
        ];
        if self.trigger == Trigger::Command {
            zones.push(zone(0x0006, 0xFF, READING, "the time for one reading"));
        }
        zones
    }
}

/// Why a module is not set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No reply in [`TRIES`] tries.
    #[error("the module does not answer when asked for {0}")]
    Silent(&'static str),
    /// It says no, or does not keep what is written.
    #[error("the module refuses {0}")]
    Refused(&'static str),
}

/// What follows from what a module said or did not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Send this.
    Send(Command),
    /// Everything is as it should be; so many zones had to be written.
    Done(u32),
    /// It is not; try again later with [`Gm65::begin`].
    Failed(Fault),
}

#[derive(Clone, Copy, Debug)]
enum Ask {
    Read(usize),
    Write(usize, u8),
    Confirm(usize),
    Save,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Waits until no reply can be on its way.
    Settling { until: Mono, ask: Ask },
    /// Waits for the reply.
    Asked { ask: Ask, tries: u8, until: Mono },
    /// Set up, failed or given up.
    Over,
    /// The same with one that reads on command: the next reading may begin then.
    Reads { again: Mono },
}

/// A module on its wire: its bytes in; codes, and commands to send, out.
#[derive(Debug)]
pub struct Gm65 {
    zones: Vec<Zone>,
    replies: Replies,
    state: State,
    trigger: Trigger,
    /// From one reading on command to the next.
    pause: Duration,
    /// Whether it should be reading.
    wanted: Level,
    /// Zones written and not yet saved, also by a set-up that failed afterwards.
    unsaved: u32,
}

impl Gm65 {
    /// A module whose set-up begins at `now`.
    pub fn new(now: Mono, settings: &Settings) -> Self {
        let replies = Replies::new();
        let (zones, trigger) = (settings.zones(), settings.trigger);
        // With no pause at all it would be told again while it still sends.
        let pause = Duration::from_millis(u64::from(settings.interval.max(1)) * 100);
        let (state, wanted) = (State::Over, Level::Idle);
        let mut module = Self { zones, replies, state, trigger, pause, wanted, unsaved: 0 };
        module.begin(now);
        module
    }

    /// Begins the set-up again.
    pub fn begin(&mut self, now: Mono) {
        self.state = State::Settling { until: now + SETTLE, ask: Ask::Read(0) };
    }

    /// Says whether it should be reading; of use for one that reads on command. What follows comes by [`expire`](Self::expire).
    pub fn want(&mut self, wanted: Level) {
        self.wanted = wanted;
    }

    /// Ends the set-up: nothing can be sent.
    pub fn give_up(&mut self) {
        self.state = State::Over;
    }

    /// Takes the `bytes` that came at `now` and appends to `codes` those that are no reply's.
    pub fn step(&mut self, now: Mono, bytes: &[u8], codes: &mut Vec<u8>) -> Option<Turn> {
        let (mut turn, before) = (None, codes.len());
        for byte in bytes {
            // Behind the reply that was waited for, another one is stale.
            if let Some(reply) = self.replies.step(now, *byte, codes)
                && turn.is_none()
            {
                turn = self.answered(now, reply);
            }
        }
        if let State::Reads { again } = &mut self.state
            && codes.len() > before
        {
            // It has read one, and reads no more until it is told to.
            *again = now + self.pause;
        }
        turn
    }

    /// When [`expire`](Self::expire) must be called if nothing comes before.
    pub fn deadline(&self) -> Option<Mono> {
        let until = match self.state {
            State::Settling { until, .. } | State::Asked { until, .. } => Some(until),
            State::Reads { again } if self.wanted == Level::Active => Some(again),
            State::Reads { .. } | State::Over => None,
        };
        until.into_iter().chain(self.replies.deadline()).min()
    }

    /// Acts on a deadline that `now` has reached; calling early does nothing.
    pub fn expire(&mut self, now: Mono, codes: &mut Vec<u8>) -> Option<Turn> {
        self.replies.expire(now, codes);
        match self.state {
            State::Settling { until, ask } if until <= now => Some(self.send(now, ask, 1)),
            State::Asked { ask, tries, until } if until <= now && tries < TRIES => {
                Some(self.send(now, ask, tries + 1))
            }
            State::Asked { ask, until, .. } if until <= now => {
                Some(self.failed(now, Fault::Silent(self.what(ask))))
            }
            State::Reads { again } if again <= now && self.wanted == Level::Active => {
                let longest = Duration::from_millis(u64::from(READING) * 100);
                self.state = State::Reads { again: now + longest + self.pause };
                Some(Turn::Send(command(8, BEGIN.0, BEGIN.1)))
            }
            State::Settling { .. } | State::Asked { .. } | State::Reads { .. } | State::Over => None,
        }
    }

    /// The stream is over: what is held back is a code's.
    pub fn close(&mut self, codes: &mut Vec<u8>) {
        self.replies.flush(codes);
    }

    fn answered(&mut self, now: Mono, reply: Reply) -> Option<Turn> {
        let State::Asked { ask, tries, .. } = self.state else { return None };
        if !reply.done {
            return Some(self.failed(now, Fault::Refused(self.what(ask))));
        }
        let next = match ask {
            Ask::Read(zone) | Ask::Confirm(zone) if self.is_right(zone, reply.data) => self.after(zone),
            Ask::Read(zone) => {
                let Zone { mask, value, .. } = self.zones[zone];
                Some(Ask::Write(zone, reply.data & !mask | value))
            }
            Ask::Confirm(_) => return Some(self.failed(now, Fault::Refused(self.what(ask)))),
            Ask::Write(zone, _) => {
                self.unsaved += 1;
                Some(Ask::Confirm(zone))
            }
            Ask::Save => None,
        };
        match next {
            Some(ask) if tries > 1 => {
                // The replies to the later tries follow as far apart as those were sent.
                let behind = PATIENCE * u32::from(tries - 1);
                self.state = State::Settling { until: now + behind + SETTLE, ask };
                None
            }
            Some(ask) => Some(self.send(now, ask, 1)),
            None => {
                self.state = self.over(now);
                Some(Turn::Done(std::mem::take(&mut self.unsaved)))
            }
        }
    }

    fn is_right(&self, zone: usize, data: u8) -> bool {
        data & self.zones[zone].mask == self.zones[zone].value
    }

    /// What is asked once `zone` is right.
    fn after(&self, zone: usize) -> Option<Ask> {
        match zone + 1 {
            next if next < self.zones.len() => Some(Ask::Read(next)),
            _ if self.unsaved > 0 => Some(Ask::Save),
            _ => None,
        }
    }

    fn send(&mut self, now: Mono, ask: Ask, tries: u8) -> Turn {
        self.state = State::Asked { ask, tries, until: now + PATIENCE };
        Turn::Send(match ask {
            Ask::Read(zone) | Ask::Confirm(zone) => command(7, self.zones[zone].address, 1),
            Ask::Write(zone, data) => command(8, self.zones[zone].address, data),
            Ask::Save => command(9, 0, 0),
        })
    }

    /// What comes after the set-up, also after one that failed: its codes are read all the same.
    fn over(&self, now: Mono) -> State {
        match self.trigger {
            Trigger::Command => State::Reads { again: now },
            Trigger::Continuous | Trigger::Induction => State::Over,
        }
    }

    fn failed(&mut self, now: Mono, fault: Fault) -> Turn {
        self.state = self.over(now);
        Turn::Failed(fault)
    }

    fn what(&self, ask: Ask) -> &'static str {
        match ask {
            Ask::Read(zone) | Ask::Write(zone, _) | Ask::Confirm(zone) => self.zones[zone].what,
            Ask::Save => "keeping its settings",
        }
    }
}

fn command(kind: u8, zone: u16, data: u8) -> Command {
    let [high, low] = zone.to_be_bytes();
    let [first, second] = crc16_xmodem(&[kind, 1, high, low, data]).to_be_bytes();
    [0x7E, 0x00, kind, 1, high, low, data, first, second]
}

#[cfg(test)]
mod tests;
