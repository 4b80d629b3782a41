//! A simulated reader of identity cards, by its bytes, and on a real pseudo-terminal.
//!
//! As a real one it finds a card once: whoever wants theirs read again must lift it and lay it down again.

use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serialport::{SerialPort, TTYPort};

use crate::base::Pii;
use crate::drivers::sdt::Command;
use crate::drivers::sdt::frames::command;

const PREAMBLE: [u8; 5] = [0xAA, 0xAA, 0xAA, 0x96, 0x69];
/// How often the thread looks whether it still has anybody to play for.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What a card says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// Its number, whatever it is.
    pub number: Pii<String>,
    /// Its name; 15 characters fit.
    pub name: Pii<String>,
}

impl Card {
    /// A card with this number and name.
    pub fn new(number: &str, name: &str) -> Self {
        Self { number: Pii::new(number.to_owned()), name: Pii::new(name.to_owned()) }
    }

    /// Lengths, text and picture as a reader sends them. The picture is full of what looks like garbled frames.
    fn data(&self) -> Vec<u8> {
        let mut data = vec![1, 0, 4, 0];
        let fields: [(&str, usize); 10] = [
            (self.name.expose(), 30),
            ("1", 2),
            ("01", 4),
            ("19491231", 16),
            ("北京市朝阳区测试街道一号", 70),
            (self.number.expose(), 36),
            ("测试公安局", 30),
            ("20200101", 16),
            ("长期", 16),
            ("", 36),
        ];
        for (text, bytes) in fields {
            let units = text.encode_utf16().chain(std::iter::repeat(0x20)).take(bytes / 2);
            data.extend(units.flat_map(u16::to_le_bytes));
        }
        let shown = PREAMBLE.into_iter().chain([0, 4, 0, 0, 0x80, 0x85]);
        data.extend(shown.cycle().take(1_024));
        data
    }
}

/// How a reader behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Manner {
    /// As it should.
    #[default]
    Obeys,
    /// Its module says that its self-test failed.
    SelfTestFails,
    /// It says nothing.
    Silent,
    /// One byte of a card's content is another one.
    WrongCheck,
    /// It puts zeros before its replies, and one into each preamble.
    StrayZeros,
    /// It sends noise with a preamble in it before each reply.
    Noise,
    /// Each byte comes by itself.
    ByteByByte,
    /// The card is lifted while it is read.
    LiftedAmid,
}

/// A reader's module and what lies on it.
#[derive(Debug, Default)]
pub struct Module {
    card: Option<Card>,
    /// Whether the card that lies there has been found.
    found: bool,
    manner: Manner,
    held: Vec<u8>,
    asked: u64,
    reads: u64,
}

impl Module {
    /// A module on which nothing lies.
    pub fn new(manner: Manner) -> Self {
        Self { manner, ..Self::default() }
    }

    /// Lays a card down in place of another one.
    pub fn lay(&mut self, card: Card) {
        (self.card, self.found) = (Some(card), false);
    }

    /// Lifts whatever lies there.
    pub fn lift(&mut self) {
        (self.card, self.found) = (None, false);
    }

    /// Behaves so from now on.
    pub fn set_manner(&mut self, manner: Manner) {
        self.manner = manner;
    }

    /// How many commands came.
    pub fn asked(&self) -> u64 {
        self.asked
    }

    /// How often it was told to read a card.
    pub fn reads(&self) -> u64 {
        self.reads
    }

    /// Takes bytes that came over the wire and says what it sends, in as many pieces.
    pub fn step(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut pieces = Vec::new();
        for byte in bytes {
            self.held.push(*byte);
            let Some(asked) = self.held.last_chunk::<10>().copied() else { continue };
            if let Some(reply) = self.reply(asked) {
                self.held.clear();
                pieces.extend(reply);
            }
        }
        // Nothing but a command is of use.
        let old = self.held.len().saturating_sub(9);
        self.held.drain(..old);
        pieces
    }

    fn reply(&mut self, asked: Command) -> Option<Vec<Vec<u8>>> {
        let known = [(0x11, 0xFF), (0x20, 0x01), (0x20, 0x02), (0x30, 0x01)];
        let at = known.iter().position(|(first, second)| command(*first, *second) == asked)?;
        self.asked += 1;
        let (code, data) = match at {
            0 if self.manner == Manner::SelfTestFails => (0x60, vec![]),
            0 => (0x90, vec![]),
            1 if self.card.is_some() && !self.found => (0x9F, vec![0; 4]),
            1 => (0x80, vec![]),
            2 if self.card.is_some() => {
                self.found = true;
                (0x90, vec![0; 8])
            }
            2 => (0x81, vec![]),
            _ => {
                self.reads += 1;
                self.card.as_ref().map_or((0x41, vec![]), |card| (0x90, card.data()))
            }
        };
        Some(self.sent(code, &data))
    }

    /// A reply in the pieces in which it comes.
    fn sent(&mut self, code: u8, data: &[u8]) -> Vec<Vec<u8>> {
        let mut whole = frame(code, data);
        let reads = data.len() > 1_000;
        match self.manner {
            Manner::Obeys | Manner::SelfTestFails => vec![whole],
            Manner::Silent => vec![],
            Manner::WrongCheck => {
                if reads {
                    whole[700] ^= 1;
                }
                vec![whole]
            }
            Manner::StrayZeros => {
                whole.insert(3, 0);
                vec![vec![0; 3], whole, vec![0]]
            }
            Manner::Noise => {
                let begun = [&b"\xFF\x00\xAA\xAA\x13"[..], &PREAMBLE, &[0x00, 0x08, 0x00]].concat();
                vec![begun, whole]
            }
            Manner::ByteByByte => whole.into_iter().map(|byte| vec![byte]).collect(),
            Manner::LiftedAmid if reads => {
                self.lift();
                vec![whole[..600].to_vec()]
            }
            Manner::LiftedAmid => vec![whole],
        }
    }
}

/// A reply with the status `00 00` and `code`.
pub fn frame(code: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len() + 4).unwrap_or(u16::MAX);
    let body = [&length.to_be_bytes()[..], &[0, 0, code], data].concat();
    let check = body.iter().fold(0, |sum, byte| sum ^ byte);
    [&PREAMBLE[..], &body, &[check]].concat()
}

/// A module, and the news that it was asked something.
#[derive(Debug)]
struct Played {
    module: Mutex<Module>,
    asked: Condvar,
}

/// A reader on a new pseudo-terminal. Dropping it pulls its plug.
#[derive(Debug)]
pub struct Reader {
    played: Arc<Played>,
    /// Kept open, so that the terminal lives while nobody else has it open.
    _slave: TTYPort,
    path: PathBuf,
}

impl Reader {
    /// A reader on which nothing lies.
    ///
    /// # Errors
    ///
    /// When the system has no terminal or no thread to give.
    pub fn new(manner: Manner) -> io::Result<Self> {
        let (mut master, slave) = TTYPort::pair()?;
        master.set_timeout(LOOK_EVERY)?;
        let path = slave.name().map(PathBuf::from).ok_or_else(|| io::Error::other("terminal has no name"))?;
        let played = Arc::new(Played { module: Mutex::new(Module::new(manner)), asked: Condvar::new() });
        let plays = Arc::clone(&played);
        std::thread::Builder::new().name("id-reader".to_owned()).spawn(move || play(master, &plays))?;
        Ok(Self { played, _slave: slave, path })
    }

    /// The device node that the daemon opens.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its module, to lay cards on.
    pub fn module(&self) -> MutexGuard<'_, Module> {
        self.played.module.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it was asked something so many times more; false when that did not happen within the time.
    pub fn wait_asked(&self, times: u64, within: Duration) -> bool {
        let module = self.module();
        let until = module.asked + times;
        let waited = self.played.asked.wait_timeout_while(module, within, |module| module.asked < until);
        waited.is_ok_and(|(_, waited)| !waited.timed_out())
    }
}

/// Answers until nobody else has the module.
fn play(mut master: TTYPort, played: &Arc<Played>) {
    let mut buffer = [0; 64];
    while Arc::strong_count(played) > 1 {
        let count = match master.read(&mut buffer) {
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::TimedOut => continue,
            Err(_) => return,
        };
        let pieces = played.module.lock().unwrap_or_else(PoisonError::into_inner).step(&buffer[..count]);
        played.asked.notify_all();
        // A terminal that nobody empties loses what is sent, as a real cable does.
        let _ = pieces.iter().try_for_each(|piece| master.write_all(piece));
    }
}

#[cfg(test)]
mod tests;
