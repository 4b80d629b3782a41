//! Taking in what the hub countersigns, and keeping it: seldom enough for a card, often enough to prove receipt.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use super::cosigned::{self, Cosigned, Judgement, Refused, Witness, file_of, file_of_segment};
use super::disk::Disk;
use super::reader::{self, Reader};
use super::replace::replace;
use super::segment::Name;
use crate::base::{Mono, Seq, Stamp, Wall};

/// Time between two writings of the newest note, but when a segment is complete.
const WRITE_EVERY: Duration = Duration::from_mins(1);

/// The countersigned notes of the log that is being written.
pub struct Receipts<D, R> {
    disk: D,
    reader: Reader<R>,
    witness: Witness,
    /// The note over the most records.
    newest: Option<Cosigned>,
    /// Since when the hub holds whole segments, by their first record: what was read and checked before.
    held: BTreeMap<u64, Wall>,
    written: Option<Mono>,
    is_dirty: bool,
}

/// A segment that is complete, and since when the hub has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Closed {
    pub name: Name,
    pub last: u64,
    /// The hub's time when it countersigned all of it, if it has.
    pub held_since: Option<Wall>,
}

impl<D: Disk, R: Disk> Receipts<D, R> {
    /// Reads what was kept of the log that `reader` follows. A kept note that cannot be read or is not good is not used,
    /// and the reason returned; it stays until a good one replaces it.
    pub fn open(mut disk: D, reader: Reader<R>, witness: Witness) -> (Self, Option<String>) {
        let epoch = reader.epoch();
        let kept = cosigned::read(&mut disk, &file_of(epoch), epoch, &witness);
        let (newest, bad) = match kept {
            Ok(None) => (None, None),
            Ok(Some(Ok(note))) => (Some(note), None),
            Ok(Some(Err(refused))) => (None, Some(refused.to_string())),
            Err(error) => (None, Some(error.to_string())),
        };
        let mut receipts = Self {
            disk,
            reader,
            witness,
            newest: None,
            held: BTreeMap::new(),
            written: None,
            is_dirty: false,
        };
        let judged = newest.map(|note| receipts.judge(&note).map(|fits| (note, fits)));
        let bad = match judged {
            Some(Ok((note, Fits::Yes | Fits::Unknown))) => {
                receipts.newest = Some(note);
                bad
            }
            Some(Err(refused)) => Some(refused.to_string()),
            None => bad,
        };
        (receipts, bad)
    }

    /// The note over the most records.
    pub fn newest(&self) -> Option<&Cosigned> {
        self.newest.as_ref()
    }

    /// Number of records that the hub has signed for.
    pub fn size(&self) -> u64 {
        self.newest.as_ref().map_or(0, Cosigned::size)
    }

    /// Takes in a note that the hub answered. [`write`](Self::write) keeps it.
    ///
    /// A note over fewer records than the newest, such as a hub restored from a backup gives, is checked as far as its
    /// records are still here and changes nothing.
    ///
    /// # Errors
    ///
    /// Why it is no receipt: somebody must look at this.
    pub fn take(&mut self, text: &str) -> Result<(), Refused> {
        if self.newest.as_ref().is_some_and(|newest| newest.text() == text) {
            return Ok(());
        }
        let note = self.witness.read(self.reader.epoch(), text)?;
        match self.judge(&note)? {
            Fits::Yes if note.size() > self.size() => {
                self.newest = Some(note);
                self.is_dirty = true;
            }
            Fits::Yes | Fits::Unknown => {}
        }
        Ok(())
    }

    /// Writes down what is new, if the last time is long enough ago or a segment is complete.
    ///
    /// # Errors
    ///
    /// When the disk is full or fails. It is tried again the next time.
    pub fn write(&mut self, now: Mono) -> io::Result<()> {
        if !self.is_dirty {
            return Ok(());
        }
        let due = self.written.is_none_or(|at| now.since(at) >= WRITE_EVERY);
        let complete = self.newly_held()?;
        if !due && complete.is_empty() {
            return Ok(());
        }
        self.keep(&complete)?;
        self.written = Some(now);
        Ok(())
    }

    /// Writes down what is new now: the kiosk stops.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub fn finish(&mut self) -> io::Result<()> {
        if !self.is_dirty {
            return Ok(());
        }
        let complete = self.newly_held()?;
        self.keep(&complete)
    }

    /// The complete segments, oldest first, with what the hub has signed for.
    pub(super) fn closed(&mut self) -> io::Result<Vec<Closed>> {
        let names = self.names()?;
        let mut all = Vec::new();
        for pair in names.windows(2) {
            let [name, next] = pair else { continue };
            let last = next.first - 1;
            all.push(Closed { name: *name, last, held_since: self.held_since(name, last)? });
        }
        Ok(all)
    }

    /// When record `number` was made, as far as it can be read.
    pub(super) fn stamp_of(&mut self, number: u64) -> io::Result<Option<Stamp>> {
        let Some(seq) = Seq::new(number) else { return Ok(None) };
        match self.reader.read(seq, 1, usize::MAX) {
            Ok(records) => {
                Ok(records.first().and_then(|stored| stored.entry().ok()).map(|entry| entry.stamp))
            }
            Err(reader::Error::Io(error)) => Err(error),
            Err(reader::Error::Missing { .. } | reader::Error::NoLog) => Ok(None),
        }
    }

    fn held_since(&mut self, name: &Name, last: u64) -> io::Result<Option<Wall>> {
        if let Some(since) = self.held.get(&name.first) {
            return Ok(Some(*since));
        }
        let kept = cosigned::read(&mut self.disk, &file_of_segment(name), name.epoch, &self.witness)?;
        let since = kept.and_then(Result::ok).filter(|note| note.size() >= last).map(|note| note.at());
        self.held.extend(since.map(|since| (name.first, since)));
        Ok(since)
    }

    /// Number of the first record that is kept.
    ///
    /// # Errors
    ///
    /// When the directory cannot be listed.
    pub fn first(&mut self) -> io::Result<u64> {
        self.reader.first()
    }

    fn names(&mut self) -> io::Result<Vec<Name>> {
        let epoch = self.reader.epoch();
        let names = self.disk.list()?.into_iter().filter_map(|file| Name::parse(&file));
        Ok(names.filter(|name| name.epoch == epoch).collect())
    }

    /// Complete segments that the newest note is the first to cover.
    fn newly_held(&mut self) -> io::Result<Vec<Name>> {
        let size = self.size();
        let held = self.closed()?.into_iter();
        Ok(held.filter(|one| one.last <= size && one.held_since.is_none()).map(|one| one.name).collect())
    }

    fn keep(&mut self, complete: &[Name]) -> io::Result<()> {
        let Some(newest) = &self.newest else { return Ok(()) };
        let files = complete.iter().map(file_of_segment).chain([file_of(self.reader.epoch())]);
        for file in files {
            replace(&mut self.disk, &file, newest.text().as_bytes())?;
        }
        self.is_dirty = false;
        Ok(())
    }

    fn judge(&mut self, note: &Cosigned) -> Result<Fits, Refused> {
        match cosigned::judge_by(&mut self.reader, note.size(), &note.root()) {
            Ok(Judgement::Agrees) => Ok(Fits::Yes),
            Ok(Judgement::Shorter { found }) => Err(Refused::Ahead { size: note.size(), durable: found }),
            Ok(Judgement::Other) => Err(Refused::Root(note.size())),
            Ok(Judgement::Unknown) | Err(_) => Ok(Fits::Unknown),
        }
    }
}

enum Fits {
    Yes,
    /// The records are no longer here, or cannot be read.
    Unknown,
}
