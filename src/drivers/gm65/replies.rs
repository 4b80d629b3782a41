//! Tells a module's replies from the codes that it sends on the same wire.

use std::time::Duration;

use crate::base::Mono;
use crate::base::checksum::crc16_xmodem;

/// Length of the replies to what we ask: all of one byte.
const LENGTH: usize = 7;
/// Silence after which the beginning of a reply is none; less than that which ends a code.
const HELD_MAX: Duration = Duration::from_millis(30);
/// Silence after which whatever comes does not belong to what was before.
const APART: Duration = Duration::from_millis(50);

/// What a module answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) done: bool,
    pub(super) data: u8,
}

/// Takes bytes one by one. What could be a reply is held back until it is one or is none.
///
/// A reply with a right CRC is one wherever it stands. One that is damaged or breaks off is dropped when its first four bytes
/// stand where no code is under way; within a code they are the code's.
#[derive(Debug, Default)]
pub(super) struct Replies {
    held: Vec<u8>,
    last: Option<Mono>,
    /// Whether the last byte that came out belongs to a code that has not ended.
    within: bool,
}

impl Replies {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn step(&mut self, now: Mono, byte: u8, codes: &mut Vec<u8>) -> Option<Reply> {
        self.expire(now, codes);
        self.within &= self.last.is_some_and(|last| now.since(last) < APART);
        self.last = Some(now);
        self.held.push(byte);
        while !is_beginning(&self.held) {
            self.give_first(codes);
        }
        if self.held.len() < LENGTH {
            return None;
        }
        if crc16_xmodem(&self.held[2..]) == 0 {
            let reply = Reply { done: self.held[2] == 0, data: self.held[4] };
            (self.held, self.within) = (Vec::new(), false);
            return Some(reply);
        }
        self.settle_held(codes);
        None
    }

    pub(super) fn deadline(&self) -> Option<Mono> {
        self.last.filter(|_| !self.held.is_empty()).map(|last| last + HELD_MAX)
    }

    pub(super) fn expire(&mut self, now: Mono, codes: &mut Vec<u8>) {
        if self.deadline().is_some_and(|due| due <= now) {
            self.settle_held(codes);
        }
    }

    /// Gives out everything that is held and no damaged reply.
    pub(super) fn flush(&mut self, codes: &mut Vec<u8>) {
        while !self.held.is_empty() {
            self.settle_held(codes);
        }
    }

    /// What is held is no reply: drops it as a damaged one, or gives out its first bytes as a code's.
    fn settle_held(&mut self, codes: &mut Vec<u8>) {
        if self.held.len() >= 4 && !self.within {
            self.held.clear();
            return;
        }
        self.give_first(codes);
        while !is_beginning(&self.held) {
            self.give_first(codes);
        }
    }

    fn give_first(&mut self, codes: &mut Vec<u8>) {
        let first = self.held.remove(0);
        self.within = !matches!(first, b'\r' | b'\n');
        codes.push(first);
    }
}

/// Whether a reply can begin with `bytes`; nothing is a beginning too.
fn is_beginning(bytes: &[u8]) -> bool {
    let expected = [Some(0x02), Some(0x00), None, Some(0x01)];
    bytes.iter().zip(expected).all(|(byte, expected)| expected.is_none_or(|expected| expected == *byte))
}
