//! The writer: appends records, makes them durable in groups, starts new segments.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::ballast::Sizes;
use super::cosigned::Witness;
use super::disk::Disk;
use super::entropy::Entropy;
use super::erase;
use super::frame::{LogCrc, frontier_len, record_len};
use super::merkle::Frontier;
use super::note::Note;
use super::open_log::OpenLog;
use super::reader::Reader;
use super::recovered::Recovery;
use super::recovery::{Tail, next_generation, recover};
use super::seal;
use super::sealer::Sealer;
use super::segment::{Header, Name};
use super::stored::{Seal, Stored};
use crate::base::{Epoch, KioskId, Seq, Stamp};
use crate::model::{Draft, Entry};

/// Appended bytes after which a commit happens by itself.
const BUFFER_MAX: usize = 1024 * 1024;
/// Records between two frontier frames.
const FRONTIER_EVERY: u32 = 32;

/// How a journal lies on its disk.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whose log it is.
    pub kiosk: KioskId,
    /// Length of a segment, in bytes.
    pub segment_len: u64,
    /// Length of the ballast file, in bytes; 0 for none.
    pub ballast_len: u64,
    /// Whose signatures make a receipt: a log that contradicts what the hub has signed for is not gone on with.
    pub witness: Option<Witness>,
}

impl Options {
    /// Segments of 4 MiB and a ballast of 64 MiB, of a kiosk without a hub.
    pub fn new(kiosk: KioskId) -> Self {
        Self { kiosk, segment_len: 4 * 1024 * 1024, ballast_len: 64 * 1024 * 1024, witness: None }
    }

    /// Of an urgent log, with segments of 256 KiB and no ballast: see [`crate::model::alarm`].
    ///
    /// Nothing is ever dropped from it: an alarm takes about a hundred bytes, so that ten thousand a year are a megabyte.
    pub fn urgent(kiosk: KioskId) -> Self {
        Self { segment_len: 256 * 1024, ballast_len: 0, ..Self::new(kiosk) }
    }
}

/// Why a record is not in the journal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No room for another segment. All that was acknowledged is safe; [`Journal::release_ballast`] makes room once.
    #[error("the disk is full")]
    Full,
    /// The medium failed. Nothing is known about records that were not acknowledged; see [`Journal::reopen`].
    #[error("{doing}: {source}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// An earlier failure has not been dealt with.
    #[error("the journal failed earlier")]
    Failed,
    /// The record is longer than allowed.
    #[error("record: {0}")]
    Record(#[from] super::stored::Error),
    /// The personal part cannot be sealed.
    #[error("record: {0}")]
    Seal(#[from] seal::Error),
}

/// The one writer of a kiosk's log.
pub struct Journal<D> {
    disk: D,
    options: Options,
    log: LogCrc,
    segment: Name,
    /// First record of the segment before, or 0.
    previous: u64,
    file: String,
    segment_len: u64,
    /// Where `buffer` goes.
    offset: u64,
    /// Frames that were appended since the last commit.
    buffer: Vec<u8>,
    /// The record being appended.
    public: Vec<u8>,
    next: u64,
    /// Over all records appended.
    frontier: Frontier,
    /// Over all records that are durable.
    durable_frontier: Frontier,
    durable: Arc<AtomicU64>,
    since_frontier: u32,
    failed: bool,
    sealer: Sealer,
}

impl<D> fmt::Debug for Journal<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Journal {} at {}", self.file, self.next)
    }
}

impl<D: Disk> Journal<D> {
    /// Opens the journal on `disk`, whatever state it is in, and says what was found.
    ///
    /// Append [`Recovery::drafts`] next. Reads one or two segments.
    ///
    /// # Errors
    ///
    /// Only when the disk cannot be listed or written at all.
    pub fn open(
        mut disk: D,
        options: Options,
        mut entropy: Box<dyn Entropy>,
    ) -> Result<(Self, Recovery), Error> {
        let mut recovery = Recovery::default();
        let tail = find_tail(&mut disk, &options, &mut *entropy, &mut recovery)?;
        let epoch = tail.name.epoch;
        let sealer = Sealer::open(&mut disk, &options.kiosk, epoch, entropy)?;
        finish_erasing(&mut disk, epoch, &mut recovery);
        let mut journal = Self {
            log: LogCrc::new(epoch),
            file: tail.name.file(),
            segment: tail.name,
            previous: tail.previous,
            segment_len: tail.segment_len,
            offset: tail.offset,
            buffer: Vec::with_capacity(64 * 1024),
            public: Vec::with_capacity(4 * 1024),
            next: tail.next,
            durable_frontier: tail.frontier.clone(),
            frontier: tail.frontier,
            durable: Arc::new(AtomicU64::new(tail.next - 1)),
            since_frontier: tail.since_frontier,
            failed: false,
            sealer,
            disk,
            options,
        };
        journal.lay_ballast(&mut recovery)?;
        Ok((journal, recovery))
    }

    /// Starts over after a failure: reads the tail again and goes on from what is really there.
    ///
    /// Records that were appended and not acknowledged may be there or not. Readers stay valid unless the epoch
    /// changed.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open). The journal has then failed still, and can be tried again.
    pub fn reopen(&mut self) -> Result<Recovery, Error> {
        self.failed = true;
        let mut recovery = Recovery::default();
        let tail = find_tail(&mut self.disk, &self.options, self.sealer.entropy(), &mut recovery)?;
        let epoch = tail.name.epoch;
        self.sealer.take_up(&mut self.disk, &self.options.kiosk, epoch)?;
        finish_erasing(&mut self.disk, epoch, &mut recovery);
        if epoch != self.segment.epoch {
            self.durable = Arc::default();
            self.log = LogCrc::new(epoch);
        }
        self.durable.store(tail.next - 1, Ordering::Release);
        self.file = tail.name.file();
        self.segment = tail.name;
        self.previous = tail.previous;
        self.segment_len = tail.segment_len;
        self.offset = tail.offset;
        self.buffer.clear();
        self.next = tail.next;
        self.durable_frontier.clone_from(&tail.frontier);
        self.frontier = tail.frontier;
        self.since_frontier = tail.since_frontier;
        self.failed = false;
        Ok(recovery)
    }

    /// The life of this log.
    pub fn epoch(&self) -> Epoch {
        self.segment.epoch
    }

    /// The last durable record, if there is any.
    pub fn durable(&self) -> Option<Seq> {
        Seq::new(self.durable.load(Ordering::Acquire))
    }

    /// Size and root over the durable records, ready to be signed.
    pub fn note(&self) -> Note {
        Note::new(&self.options.kiosk, self.segment.epoch, &self.durable_frontier)
    }

    /// What seals this log's records.
    pub fn sealer(&mut self) -> &mut Sealer {
        &mut self.sealer
    }

    /// The log that is being written, for whoever reads it on another thread.
    pub fn open_log(&self) -> OpenLog {
        OpenLog::new(self.segment, Arc::clone(&self.durable), self.sealer.ring().clone())
    }

    /// The disk, and the segment that is written to, for what keeps and forgets.
    pub(super) fn disk_and_segment(&mut self) -> (&mut D, Name) {
        (&mut self.disk, self.segment)
    }

    /// The disk and what seals, for the life of keys.
    pub(super) fn disk_and_sealer(&mut self) -> (&mut D, &mut Sealer) {
        (&mut self.disk, &mut self.sealer)
    }

    /// How long segments and ballast are.
    pub(super) fn sizes(&self) -> Sizes {
        Sizes { segment: self.options.segment_len, ballast: self.options.ballast_len }
    }

    /// Number that the next record gets.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// A reader of the durable records, for any thread, on a handle of its own to the same directory.
    pub fn reader<R: Disk>(&self, disk: R) -> Reader<R> {
        Reader::following(disk, self.segment, Arc::clone(&self.durable))
    }

    /// Whether a failure has to be dealt with by [`reopen`](Self::reopen).
    pub fn has_failed(&self) -> bool {
        self.failed
    }

    /// Numbers, stamps, seals and buffers a record. It is durable only when [`commit`](Self::commit) says so.
    ///
    /// Syncs only to start a new segment, or when very much is buffered.
    ///
    /// # Errors
    ///
    /// After [`Error::Record`] or [`Error::Seal`] the journal is as it was; after [`Error::Full`] everything appended
    /// before is durable and this record is not there; after [`Error::Io`] it has failed.
    pub fn append(&mut self, draft: Draft, stamp: Stamp) -> Result<Seq, Error> {
        if self.failed {
            return Err(Error::Failed);
        }
        let Some(seq) = Seq::new(self.next) else { return Err(Error::Failed) };
        let seal = match &draft.personal {
            None => Seal::None,
            Some(personal) => self.sealer.seal(personal)?,
        };
        let entry = Entry { seq, stamp, lane: draft.lane, body: draft.body };
        self.public.clear();
        let encoded = minicbor::encode(&entry, &mut self.public);
        if encoded.is_err() || self.public.len() > Stored::PUBLIC_MAX {
            return Err(super::stored::Error::Length(self.public.len()).into());
        }
        self.make_room(record_len(self.public.len(), &seal))?;
        let acknowledged = self.durable.load(Ordering::Relaxed);
        let leaf = self.log.write_record(&mut self.buffer, self.next, acknowledged, &self.public, &seal);
        self.frontier.push(leaf);
        self.next += 1;
        self.since_frontier += 1;
        if self.since_frontier >= FRONTIER_EVERY {
            self.log.write_frontier(&mut self.buffer, acknowledged, &self.frontier);
            self.since_frontier = 0;
        }
        if self.buffer.len() >= BUFFER_MAX {
            self.commit()?;
        }
        Ok(seq)
    }

    /// Makes everything appended so far durable, with one sync; returns the last durable record.
    ///
    /// # Errors
    ///
    /// [`Error::Io`], after which nothing is known about what was not yet acknowledged.
    pub fn commit(&mut self) -> Result<Option<Seq>, Error> {
        if self.failed {
            return Err(Error::Failed);
        }
        if self.buffer.is_empty() {
            return Ok(self.durable());
        }
        // Until it is known to have worked, it has not.
        self.failed = true;
        let written = self.disk.write_at(&self.file, self.offset, &self.buffer);
        written.map_err(failed("writing records"))?;
        self.disk.sync(&self.file).map_err(failed("syncing records"))?;
        self.failed = false;
        self.offset += self.buffer.len() as u64;
        self.buffer.clear();
        self.durable_frontier.clone_from(&self.frontier);
        self.durable.store(self.next - 1, Ordering::Release);
        Ok(self.durable())
    }

    /// Commits and ends. Append [`crate::model::Body::Stopped`] first.
    ///
    /// # Errors
    ///
    /// As [`commit`](Self::commit).
    pub fn close(mut self) -> Result<(), Error> {
        if self.since_frontier > 0 && !self.failed {
            let room = self.segment_len.saturating_sub(self.offset + self.buffer.len() as u64);
            if frontier_len(&self.frontier) as u64 <= room {
                let acknowledged = self.durable.load(Ordering::Relaxed);
                self.log.write_frontier(&mut self.buffer, acknowledged, &self.frontier);
            }
        }
        self.commit().map(|_| ())
    }

    /// Sees to it that a frame of `length` and a frontier after it fit; starts a new segment if they do not.
    fn make_room(&mut self, length: usize) -> Result<(), Error> {
        // One more peak than now: the record may add one.
        let length = (length + frontier_len(&self.frontier) + 32) as u64;
        if self.offset + self.buffer.len() as u64 + length <= self.segment_len {
            return Ok(());
        }
        self.commit()?;
        let name = Name { first: self.next, ..self.segment };
        // One that was cut short before its first record is begun anew in its place.
        let previous = if name == self.segment { self.previous } else { self.segment.first };
        let header =
            Header { name, previous, kiosk: self.options.kiosk.clone(), frontier: self.frontier.clone() };
        let created = create_segment(&mut self.disk, &header, self.options.segment_len, length);
        if let Err(Error::Io { .. }) = created {
            self.failed = true;
        }
        (self.offset, self.segment_len) = created?;
        self.segment = name;
        self.previous = previous;
        self.file = name.file();
        self.since_frontier = 0;
        Ok(())
    }
}

/// Where the log on `disk` goes on; a new one is begun when there is none.
fn find_tail<D: Disk>(
    disk: &mut D,
    options: &Options,
    entropy: &mut dyn Entropy,
    recovery: &mut Recovery,
) -> Result<Tail, Error> {
    let found = recover(disk, &options.kiosk, options.witness.as_ref(), recovery);
    match found.map_err(failed("reading the log"))? {
        Some(tail) => Ok(tail),
        None => {
            recovery.fresh = recovery.ended.is_none();
            begin(disk, options, entropy)
        }
    }
}

/// Carries out what was to be erased when the power went. A medium that fails here never refuses a start; checking the log
/// shows what is left.
fn finish_erasing<D: Disk>(disk: &mut D, epoch: Epoch, recovery: &mut Recovery) {
    match erase::finish(disk, epoch, &recovery.erasing) {
        Ok(0) => {}
        Ok(count) => {
            recovery.remarks.push(format!("{count} personal parts that were to be erased are erased now"));
        }
        Err(error) => {
            recovery.remarks.push(format!("personal parts that are to be erased are still there: {error}"));
        }
    }
}

/// Begins a new log.
fn begin<D: Disk>(disk: &mut D, options: &Options, entropy: &mut dyn Entropy) -> Result<Tail, Error> {
    let mut epoch = [0; 16];
    entropy.fill(&mut epoch).map_err(failed("drawing an epoch"))?;
    let generation = next_generation(disk).map_err(failed("reading the log"))?;
    let name = Name { generation, epoch: Epoch(epoch), first: 1 };
    let header = Header { name, previous: 0, kiosk: options.kiosk.clone(), frontier: Frontier::new() };
    let (offset, segment_len) = create_segment(disk, &header, options.segment_len, 0)?;
    Ok(Tail { name, previous: 0, segment_len, offset, next: 1, frontier: Frontier::new(), since_frontier: 0 })
}

/// Creates a segment with room for `length` behind its header, and makes it durable before it is used.
///
/// Returns where frames start and how long the segment is.
fn create_segment<D: Disk>(
    disk: &mut D,
    header: &Header,
    segment_len: u64,
    length: u64,
) -> Result<(u64, u64), Error> {
    let file = header.name.file();
    let bytes = header.encode();
    let start = bytes.len() as u64;
    let segment_len = segment_len.max(start + length);
    let mut created = disk.create(&file, segment_len);
    if created.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::AlreadyExists) {
        // Left by an attempt that failed: a segment of this number was never in use.
        disk.remove(&file).map_err(failed("creating a segment"))?;
        created = disk.create(&file, segment_len);
    }
    match created {
        Ok(()) => {}
        Err(error) if is_full(&error) => {
            disk.remove(&file).map_err(failed("creating a segment"))?;
            return Err(Error::Full);
        }
        Err(error) => return Err(failed("creating a segment")(error)),
    }
    disk.write_at(&file, 0, &bytes).map_err(failed("creating a segment"))?;
    disk.sync(&file).map_err(failed("creating a segment"))?;
    disk.sync_dir().map_err(failed("creating a segment"))?;
    Ok((start, segment_len))
}

pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

pub(super) fn failed(doing: &'static str) -> impl Fn(io::Error) -> Error {
    move |source| Error::Io { doing, source }
}
