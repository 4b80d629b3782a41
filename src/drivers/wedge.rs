//! Code readers that are keyboards ("wedges"): keys pressed in, one payload a code out.
//!
//! Such a reader types a code as somebody with a US keyboard would. Keys are numbers of Linux' `input-event-codes.h`. Enter, Tab or a
//! silence of [`IDLE`] ends a code; releases and repeats are nobody's. A code is dropped and counted that is longer than
//! [`CODE_MAX`], that has a key for which there is no character, or of which keys were lost: what was not read whole is no code.
//!
//! With Control held a key gives the control character of its letter or bracket, as readers type the separators of GS1.

use std::time::Duration;

use crate::base::{Mono, Pii};

/// Longest code, in bytes: the largest QR symbol holds 4,296 letters and digits.
pub const CODE_MAX: usize = 4_300;
/// Silence that ends a code.
pub const IDLE: Duration = Duration::from_millis(100);

const TAB: u16 = 15;
const ENTER: u16 = 28;
const KEYPAD_ENTER: u16 = 96;
const CONTROLS: [u16; 2] = [29, 97];
const SHIFTS: [u16; 2] = [42, 54];
const CAPS_LOCK: u16 = 58;
/// Number lock, which readers switch on to type digits, and scroll lock.
const OTHER_LOCKS: [u16; 2] = [69, 70];

/// What happened to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Press {
    /// It went down.
    Down,
    /// It came up again.
    Up,
    /// It is held.
    Repeat,
}

/// What a keyboard tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Something happened to a key.
    Key {
        /// Which.
        code: u16,
        /// What.
        press: Press,
    },
    /// The system had no room for more events: some are missing.
    Lost,
}

/// Whether capitals are locked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Caps {
    /// Letters are small unless Shift is held.
    #[default]
    Off,
    /// The other way round.
    Locked,
}

/// A keyboard that nobody else hears.
pub trait Keys {
    /// Waits for events for at most `patience` and appends them.
    ///
    /// # Errors
    ///
    /// What the system says; the keyboard should be opened again after a while.
    fn read(&mut self, patience: Duration, events: &mut Vec<Event>) -> std::io::Result<()>;

    /// Whether capitals are locked on it at the start.
    fn caps(&self) -> Caps;
}

/// Makes codes of keys.
#[derive(Default)]
pub struct Wedge {
    held: Vec<u8>,
    last: Option<Mono>,
    /// Whether the keys up to the next end belong to a code that cannot be taken.
    dropping: bool,
    dropped: u64,
    caps: Caps,
    /// Which of the left and right ones are down.
    shift: [bool; 2],
    control: [bool; 2],
}

impl std::fmt::Debug for Wedge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wedge").field("held", &self.held.len()).field("dropped", &self.dropped).finish()
    }
}

impl Wedge {
    /// A reader that typed nothing yet.
    pub fn new(caps: Caps) -> Self {
        Self { caps, ..Self::default() }
    }

    /// Takes what a keyboard told at `now` and appends each payload that it completes.
    pub fn step(&mut self, now: Mono, event: Event, payloads: &mut Vec<Pii<Vec<u8>>>) {
        payloads.extend(self.expire(now));
        let (code, press) = match event {
            Event::Key { code, press } => (code, press),
            Event::Lost => {
                self.last = Some(now);
                // Which modifiers are held is not known either; readers release them after each key.
                (self.shift, self.control) = ([false; 2], [false; 2]);
                return self.drop_code();
            }
        };
        for (keys, held) in [(SHIFTS, &mut self.shift), (CONTROLS, &mut self.control)] {
            if let Some(side) = keys.iter().position(|key| *key == code) {
                held[side] = press != Press::Up;
                return;
            }
        }
        if press != Press::Down || OTHER_LOCKS.contains(&code) {
            return;
        }
        if code == CAPS_LOCK {
            self.caps = if self.caps == Caps::Off { Caps::Locked } else { Caps::Off };
            return;
        }
        self.last = Some(now);
        match self.character(code) {
            Some(b'\r' | b'\n' | b'\t') => payloads.extend(self.end()),
            Some(character) => self.hold(character),
            None => self.drop_code(),
        }
    }

    /// When [`expire`](Self::expire) must be called if nothing comes before.
    pub fn due(&self) -> Option<Mono> {
        let open = self.dropping || !self.held.is_empty();
        self.last.filter(|_| open).map(|last| last + IDLE)
    }

    /// The payload that a silence until `now` has ended.
    pub fn expire(&mut self, now: Mono) -> Option<Pii<Vec<u8>>> {
        if self.due().is_some_and(|due| due <= now) { self.end() } else { None }
    }

    /// How many codes were dropped.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    fn character(&self, code: u16) -> Option<u8> {
        let (shift, control) = (self.shift.contains(&true), self.control.contains(&true));
        if let TAB | ENTER | KEYPAD_ENTER = code {
            return Some(b'\r');
        }
        let (plain, shifted) = layout(code)?;
        let capital = plain.is_ascii_lowercase() && self.caps == Caps::Locked;
        let character = if shift != capital { shifted } else { plain };
        match character.to_ascii_uppercase() {
            letter @ b'@'..=b'_' if control => Some(letter & 0x1F),
            _ if control => None,
            _ => Some(character),
        }
    }

    fn hold(&mut self, character: u8) {
        if self.dropping {
            return;
        }
        if self.held.len() == CODE_MAX {
            self.drop_code();
        } else {
            self.held.push(character);
        }
    }

    fn drop_code(&mut self) {
        if !self.dropping {
            self.dropping = true;
            self.dropped += 1;
            self.held = Vec::new();
        }
    }

    fn end(&mut self) -> Option<Pii<Vec<u8>>> {
        self.dropping = false;
        let payload = std::mem::take(&mut self.held);
        (!payload.is_empty()).then(|| Pii::new(payload))
    }
}

/// What a key gives on a US keyboard, alone and with Shift.
fn layout(code: u16) -> Option<(u8, u8)> {
    /// Rows of keys: the number of the first one, what they give, and what with Shift.
    const ROWS: [(u16, &[u8], &[u8]); 8] = [
        (2, b"1234567890-=", b"!@#$%^&*()_+"),
        (16, b"qwertyuiop[]", b"QWERTYUIOP{}"),
        (30, b"asdfghjkl;'`", b"ASDFGHJKL:\"~"),
        (43, b"\\zxcvbnm,./", b"|ZXCVBNM<>?"),
        (55, b"*", b"*"),
        (57, b" ", b" "),
        // The keypad, with its numbers on.
        (71, b"789-456+1230.", b"789-456+1230."),
        (98, b"/", b"/"),
    ];
    ROWS.iter().find_map(|(first, plain, shifted)| {
        let at = usize::from(code.checked_sub(*first)?);
        Some((*plain.get(at)?, *shifted.get(at)?))
    })
}

#[cfg(test)]
mod tests;
