//! SDT frames: what is a reply among the bytes of a reader, and what is taken of a card.
//!
//! # Format of a card
//!
//! Behind the status bytes stand two lengths (2 bytes each, the highest first): 256 bytes of text and 1,024 of a picture in a
//! maker's own compression. The text is UCS-2, the lowest byte first, each field filled up with spaces: name 30 bytes, sex 2,
//! nation 4, birthday 16, address 70, **number 36**, issuer 30, valid from 16, valid to 16, reserved 36.
//!
//! # Finding frames
//!
//! Whatever does not begin a frame is dropped. Zeros that a reader puts into its preamble or before the length are
//! passed over. Bytes that look like a frame whose check does not match are looked through for another one, so that a frame
//! that broke off does not take the next one with it; a preamble within a good frame is only its data.
//!
//! Bytes are overwritten as soon as they are read or dropped, and nothing is ever moved to other memory.

use std::ops::Range;

use zeroize::{Zeroize, Zeroizing};

use super::Command;
use crate::base::Pii;
use crate::model::IdCard;
use crate::model::id_number::IdNumber;

const PREAMBLE: [u8; 5] = [0xAA, 0xAA, 0xAA, 0x96, 0x69];
/// Most zeros that are passed over in one preamble.
const ZEROS_MAX: usize = 8;
/// Status bytes, and the exclusive-or at the end.
const STATUS: usize = 3;
const TEXT: usize = 256;
const PICTURE: usize = 1_024;
/// Data of a card: both lengths, text and picture.
const CARD: usize = 4 + TEXT + PICTURE;
/// Longest length field of a reply that is ever asked for.
const LENGTH_MAX: usize = STATUS + CARD + 1;
const HELD_MAX: usize = PREAMBLE.len() + ZEROS_MAX + 3 + LENGTH_MAX;
/// Where name and number are in the text.
const NAME: Range<usize> = 0..30;
const NUMBER: Range<usize> = 122..158;

/// A command with its parameter, as it goes over the wire.
pub fn command(command: u8, parameter: u8) -> Command {
    let [a, b, c, d, e] = PREAMBLE;
    [a, b, c, d, e, 0, 3, command, parameter, 3 ^ command ^ parameter]
}

/// What a reader replied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Status bytes, and how many bytes of data came with them.
    Said {
        /// The status bytes.
        code: [u8; STATUS],
        /// How many bytes.
        data: usize,
    },
    /// A card's content; nothing where its number or name is none.
    Card(Option<IdCard>),
}

/// The check of something that looks like a frame does not match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Garbled;

/// Finds replies in a stream of bytes.
pub struct Frames {
    /// Bytes that may begin a frame; never grows beyond its capacity.
    held: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for Frames {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Frames").field("held", &self.held.len()).finish()
    }
}

/// What the bytes held are.
enum Shape {
    /// The beginning of a frame.
    Begun,
    /// A frame: its status bytes and data.
    Whole(Range<usize>),
    /// Like a frame, but its check does not match.
    Garbled,
    /// No frame.
    None,
}

impl Default for Frames {
    fn default() -> Self {
        Self::new()
    }
}

impl Frames {
    /// A stream that has not begun.
    pub fn new() -> Self {
        Self { held: Zeroizing::new(Vec::with_capacity(HELD_MAX)) }
    }

    /// Forgets what came so far.
    pub fn clear(&mut self) {
        self.held.zeroize();
    }

    /// Takes one byte; says what it completes.
    pub fn step(&mut self, byte: u8) -> Option<Result<Reply, Garbled>> {
        debug_assert!(self.held.len() < HELD_MAX, "a frame is longer than the longest");
        self.held.push(byte);
        let mut garbled = None;
        while !self.held.is_empty() {
            match shape(&self.held) {
                Shape::Begun => break,
                Shape::Whole(content) => {
                    let reply = read(&self.held[content]);
                    self.clear();
                    return Some(Ok(reply));
                }
                Shape::Garbled => {
                    garbled = Some(Err(Garbled));
                    self.skip();
                }
                Shape::None => self.skip(),
            }
        }
        garbled
    }

    /// Drops the first byte, and all up to the next one that may begin a frame.
    fn skip(&mut self) {
        let all = self.held.len();
        let next = self.held[1..].iter().position(|byte| *byte == PREAMBLE[0]).map_or(all, |at| at + 1);
        self.held.copy_within(next.., 0);
        self.held[all - next..].zeroize();
        self.held.truncate(all - next);
    }
}

fn shape(held: &[u8]) -> Shape {
    let mut at = 0;
    for wanted in PREAMBLE {
        while at > 0 && held.get(at) == Some(&0) {
            at += 1;
        }
        match held.get(at) {
            None if at < PREAMBLE.len() + ZEROS_MAX => return Shape::Begun,
            Some(byte) if *byte == wanted => at += 1,
            None | Some(_) => return Shape::None,
        }
    }
    if at > PREAMBLE.len() + ZEROS_MAX {
        return Shape::None;
    }
    match (body(held, at), held.get(at..at + 3)) {
        // The zero may stand before the length.
        (Shape::Garbled | Shape::None, Some(&[0, high, low])) if is_asked_for(high, low) => {
            body(held, at + 1)
        }
        (Shape::None, None) if held.get(at) == Some(&0) => Shape::Begun,
        (shape, _) => shape,
    }
}

/// Whether a good answer to anything has this length.
fn is_asked_for(high: u8, low: u8) -> bool {
    [STATUS + 1, STATUS + 5, STATUS + 9, LENGTH_MAX].contains(&u16::from_be_bytes([high, low]).into())
}

/// What stands from the length on, at `from`.
fn body(held: &[u8], from: usize) -> Shape {
    let Some(&[high, low]) = held.get(from..from + 2) else { return Shape::Begun };
    let length = usize::from(u16::from_be_bytes([high, low]));
    if !(STATUS + 1..=LENGTH_MAX).contains(&length) {
        return Shape::None;
    }
    let end = from + 2 + length;
    match held.get(from..end) {
        None => Shape::Begun,
        // With its own check the exclusive-or of a frame is zero.
        Some(frame) if frame.iter().fold(0, |sum, byte| sum ^ byte) == 0 => Shape::Whole(from + 2..end - 1),
        Some(_) => Shape::Garbled,
    }
}

fn read(content: &[u8]) -> Reply {
    let (code, data) = content.split_at(STATUS);
    if code == [0, 0, 0x90] && data.len() == CARD {
        return Reply::Card(card(data));
    }
    Reply::Said { code: [code[0], code[1], code[2]], data: data.len() }
}

/// Number and name of a card, where its lengths are right, the number's own checks pass and the name is text.
fn card(data: &[u8]) -> Option<IdCard> {
    let (lengths, content) = data.split_at(4);
    if lengths != [1, 0, 4, 0] {
        return None;
    }
    let number = IdNumber::parse(&field(&content[NUMBER])?).ok()?;
    let name = field(&content[NAME])?;
    let good = !name.expose().is_empty() && !name.expose().chars().any(char::is_control);
    good.then_some(IdCard { number, name })
}

/// Text without what fills it up; none where it is no text.
fn field(bytes: &[u8]) -> Option<Pii<String>> {
    let units = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    let text = Zeroizing::new(char::decode_utf16(units).collect::<Result<String, _>>().ok()?);
    Some(Pii::new(text.trim_matches([' ', '\u{3000}', '\0']).to_owned()))
}
