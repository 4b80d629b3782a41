//! The reader: durable records in order, beside the writer and on another thread.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::disk::Disk;
use super::frame::{Content, LogCrc};
use super::merkle::Frontier;
use super::recovery::{read_header, read_segment};
use super::scan::{Piece, Pieces, judge, tree_in};
use super::segment::{Header, Name};
use super::stored::Stored;
use crate::base::{Epoch, Seq};

/// Bytes read at a time.
const CHUNK: usize = 64 * 1024;
/// Most bytes read at a time, where there is damage.
const SEGMENT_MAX: usize = 64 * 1024 * 1024;

/// Why records cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The medium failed.
    #[error("reading records: {0}")]
    Io(#[from] io::Error),
    /// These records are damaged, or no longer kept.
    #[error("records {from} to {through} are missing")]
    Missing {
        /// First missing number.
        from: u64,
        /// Last missing number.
        through: u64,
    },
    /// There is no such log.
    #[error("no log of this epoch")]
    NoLog,
}

/// Reads the durable records of one log.
#[derive(Debug)]
pub struct Reader<D> {
    disk: D,
    generation: u32,
    epoch: Epoch,
    log: LogCrc,
    durable: Arc<AtomicU64>,
    /// The record after the last one that was read, and where it starts.
    cursor: Option<(u64, Place)>,
    chunk: Chunk,
    /// The tree up to wherever it was last asked for.
    frontier: Frontier,
}

/// A log in a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogName {
    /// Later logs have higher ones.
    pub generation: u32,
    /// The log's life.
    pub epoch: Epoch,
}

/// The logs in a directory, oldest first.
///
/// # Errors
///
/// When the directory cannot be listed.
pub fn logs<D: Disk>(disk: &mut D) -> io::Result<Vec<LogName>> {
    let names = disk.list()?.into_iter().filter_map(|file| Name::parse(&file));
    let mut logs: Vec<LogName> =
        names.map(|name| LogName { generation: name.generation, epoch: name.epoch }).collect();
    logs.dedup();
    Ok(logs)
}

impl<D: Disk> Reader<D> {
    pub(super) fn following(disk: D, segment: Name, durable: Arc<AtomicU64>) -> Self {
        Self {
            disk,
            generation: segment.generation,
            epoch: segment.epoch,
            log: LogCrc::new(segment.epoch),
            durable,
            cursor: None,
            chunk: Chunk { start: Place { segment, offset: 0 }, bytes: Vec::new(), complete: false },
            frontier: Frontier::new(),
        }
    }

    /// Opens a log that nobody writes any more, or as it is at this moment.
    ///
    /// # Errors
    ///
    /// [`Error::NoLog`] or [`Error::Io`].
    pub fn open(mut disk: D, log: LogName) -> Result<Self, Error> {
        let names = disk.list()?.into_iter().filter_map(|file| Name::parse(&file));
        let own = names.filter(|name| (name.generation, name.epoch) == (log.generation, log.epoch));
        let last = own.max().ok_or(Error::NoLog)?;
        let bytes = read_segment(&mut disk, &last.file())?;
        let start = Header::decode(&bytes).map_or(0, |(_, start)| start);
        let found = judge(LogCrc::new(log.epoch), &bytes, start, last.first, None, last.first - 1);
        let durable = Arc::new(AtomicU64::new(found.next - 1));
        Ok(Self::following(disk, last, durable))
    }

    /// Makes the records that were there at [`open`](Self::open) survive a power cut, so that what is handed on can
    /// never be taken back by one. Changes nothing, and works beside the writer.
    ///
    /// # Errors
    ///
    /// When the medium fails: then nothing is known about the last records.
    pub fn settle(&mut self) -> io::Result<()> {
        match self.segments()?.last() {
            Some(last) => self.disk.sync(&last.file()),
            None => Ok(()),
        }
    }

    /// Follows a log that is being written: `durable` is the number of records that may be read.
    pub fn follow(disk: D, log: LogName, durable: Arc<AtomicU64>) -> Self {
        // Nothing is read yet: any segment's name will do.
        let LogName { generation, epoch } = log;
        Self::following(disk, Name { generation, epoch, first: 1 }, durable)
    }

    /// The log's life.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The last durable record, if there is any.
    pub fn durable(&self) -> Option<Seq> {
        Seq::new(self.durable.load(Ordering::Acquire))
    }

    /// Number of the first record that is kept: older segments may be gone.
    ///
    /// # Errors
    ///
    /// When the directory cannot be listed.
    pub fn first(&mut self) -> io::Result<u64> {
        Ok(self.segments()?.first().map_or(1, |segment| segment.first))
    }

    /// Reads records from number `from` on: at most `entries_max`, and no more than `bytes_max` encoded, but at least
    /// one if there is one. Cheap when `from` follows what was read last.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] when record `from` itself is not there; damage further on only shortens the answer.
    pub fn read(&mut self, from: Seq, entries_max: usize, bytes_max: usize) -> Result<Vec<Stored>, Error> {
        let mut records = Vec::new();
        let mut bytes = 0_usize;
        self.walk(from.get(), |_, stored| {
            bytes = bytes.saturating_add(stored.encoded_len());
            if records.len() >= entries_max || (bytes > bytes_max && !records.is_empty()) {
                return false;
            }
            records.push(stored);
            true
        })?;
        Ok(records)
    }

    /// The tree over the first `size` records. Cheap when `size` follows what was asked for last; otherwise a segment
    /// is read whole.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] when the tree cannot be known, or `size` is more than what is durable.
    pub fn frontier(&mut self, size: u64) -> Result<Frontier, Error> {
        let durable = self.durable.load(Ordering::Acquire);
        if size > durable {
            return Err(Error::Missing { from: durable + 1, through: size });
        }
        let segments = self.segments()?;
        let Some(segment) = segments.iter().rev().find(|name| name.first <= size + 1).copied() else {
            return Err(Error::Missing { from: 1, through: size });
        };
        let mut frontier = std::mem::take(&mut self.frontier);
        if frontier.size() < size && frontier.size() + 1 >= segment.first {
            let walked = self.walk(frontier.size() + 1, |_, stored| {
                frontier.push(stored.leaf_hash());
                frontier.size() < size
            });
            match walked {
                Ok(()) | Err(Error::Missing { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        if frontier.size() != size {
            frontier = self.frontier_in(segment, size)?;
        }
        self.frontier.clone_from(&frontier);
        Ok(frontier)
    }

    /// The smallest tree of at least `size` records that the log states itself, in a frontier frame or in a segment's
    /// header: behind damage the tree is known again from there on. Reads segments from the one that holds `size` on.
    ///
    /// # Errors
    ///
    /// When the medium fails.
    pub fn next_frontier(&mut self, size: u64) -> Result<Option<Frontier>, Error> {
        let durable = self.durable.load(Ordering::Acquire);
        let segments = self.segments()?;
        let from = segments.iter().rposition(|name| name.first <= size.max(1)).unwrap_or(0);
        for segment in segments.get(from..).unwrap_or_default() {
            let bytes = read_segment(&mut self.disk, &segment.file())?;
            let (header, start) = match Header::decode(&bytes) {
                Ok((header, start)) => (Some(header.frontier), start),
                Err(_) => (None, 0),
            };
            let stated = Pieces::new(self.log, &bytes, start).filter_map(|piece| match piece {
                Piece::Frame(_, frame) => match frame.content {
                    Content::Frontier(stated) => Some(stated),
                    Content::Record { .. } | Content::Other => None,
                },
                Piece::Damage(_) => None,
            });
            let fits = |tree: &Frontier| (size..=durable).contains(&tree.size());
            let first = header.into_iter().chain(stated).filter(fits).min_by_key(Frontier::size);
            if first.is_some() {
                return Ok(first);
            }
        }
        Ok(None)
    }

    /// The tree over the first `size` records as a segment by itself tells.
    fn frontier_in(&mut self, segment: Name, size: u64) -> Result<Frontier, Error> {
        let bytes = read_segment(&mut self.disk, &segment.file())?;
        tree_in(self.log, &bytes, segment.first, size).map_err(|from| Error::Missing { from, through: size })
    }

    fn segments(&mut self) -> io::Result<Vec<Name>> {
        let names = self.disk.list()?.into_iter().filter_map(|file| Name::parse(&file));
        let own = |name: &Name| (name.generation, name.epoch) == (self.generation, self.epoch);
        Ok(names.filter(own).collect())
    }

    /// Gives durable records from `from` on to `take`, until it returns false or one is missing.
    fn walk(&mut self, from: u64, mut take: impl FnMut(u64, Stored) -> bool) -> Result<(), Error> {
        let durable = self.durable.load(Ordering::Acquire);
        if from > durable {
            return Ok(());
        }
        // The end of what was read before may have been written since.
        self.chunk.bytes.clear();
        let mut place = self.find(from)?;
        let mut expected = from;
        while expected <= durable {
            let before = place;
            let Some((seq, stored)) = self.step(&mut place)? else {
                let next = self.segments()?.into_iter().find(|name| name.first > place.segment.first);
                match next {
                    Some(next) if next.first <= expected => place = self.start_of(next)?,
                    Some(next) => return self.hole(from, expected, next.first - 1),
                    None => return self.hole(from, expected, durable),
                }
                continue;
            };
            if seq > expected {
                return self.hole(from, expected, seq - 1);
            }
            if seq == expected {
                if !take(seq, stored) {
                    self.cursor = Some((expected, before));
                    return Ok(());
                }
                expected += 1;
            }
        }
        self.cursor = Some((expected, place));
        Ok(())
    }

    /// Whoever asks for a missing record is told; whoever meets one further on gets less.
    fn hole(&mut self, asked: u64, from: u64, through: u64) -> Result<(), Error> {
        self.cursor = None;
        if asked == from { Err(Error::Missing { from, through }) } else { Ok(()) }
    }

    fn find(&mut self, seq: u64) -> Result<Place, Error> {
        if let Some((_, place)) = self.cursor.filter(|(at, _)| *at == seq) {
            return Ok(place);
        }
        let segments = self.segments()?;
        let Some(segment) = segments.iter().rev().find(|name| name.first <= seq).copied() else {
            let through = segments.first().map_or(seq, |first| first.first - 1);
            return Err(Error::Missing { from: seq, through });
        };
        Ok(self.start_of(segment)?)
    }

    fn start_of(&mut self, segment: Name) -> io::Result<Place> {
        let header = read_header(&mut self.disk, &segment.file())?;
        Ok(Place { segment, offset: header.map_or(0, |(_, start)| start as u64) })
    }

    /// The next record at or after `place`, which moves behind it; `None` at the end of the segment.
    fn step(&mut self, place: &mut Place) -> io::Result<Option<(u64, Stored)>> {
        loop {
            if self.chunk.rest(*place).is_none() {
                self.chunk.load(&mut self.disk, *place, CHUNK)?;
            }
            let bytes = self.chunk.rest(*place).unwrap_or_default();
            if let Ok(frame) = self.log.read(bytes) {
                place.offset += frame.length as u64;
                if let Some(stored) = frame.stored() {
                    return Ok(Some((frame.seq, stored)));
                }
            } else if !self.chunk.complete {
                self.chunk.load(&mut self.disk, *place, SEGMENT_MAX)?;
            } else if let Some(Piece::Damage(range)) = Pieces::new(self.log, bytes, 0).next() {
                place.offset += range.len() as u64;
            } else {
                return Ok(None);
            }
        }
    }
}

/// Where a frame starts.
#[derive(Clone, Copy, Debug)]
struct Place {
    segment: Name,
    offset: u64,
}

/// Part of a segment, in memory.
#[derive(Debug)]
struct Chunk {
    start: Place,
    bytes: Vec<u8>,
    /// Whether the segment ends with it.
    complete: bool,
}

impl Chunk {
    fn load<D: Disk>(&mut self, disk: &mut D, start: Place, length_max: usize) -> io::Result<()> {
        let file = start.segment.file();
        let left = disk.len(&file)?.saturating_sub(start.offset);
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(length_max);
        self.bytes.resize(length, 0);
        let read = disk.read_at(&file, start.offset, &mut self.bytes)?;
        self.bytes.truncate(read);
        self.complete = read < length_max || read as u64 == left;
        self.start = start;
        Ok(())
    }

    /// What there is from `place` on; `None` when the chunk does not reach there.
    fn rest(&self, place: Place) -> Option<&[u8]> {
        let skip = usize::try_from(place.offset.checked_sub(self.start.offset)?).ok()?;
        let rest = self.bytes.get(skip..).filter(|_| place.segment == self.start.segment)?;
        (!rest.is_empty() || (self.complete && !self.bytes.is_empty())).then_some(rest)
    }
}
