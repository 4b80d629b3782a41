//! Erasing personal parts on request: in place, for good, and on record.
//!
//! What is to be erased, by whom and why is itself a record ([`Body::Erased`]), durable before a byte is touched. Then
//! every box is overwritten with [`WIPED`] and synced. Public parts, commitments and box hashes stay, so that every leaf,
//! root and proof stays what it was. When the power goes in between, the next start finishes what is on record.
//!
//! Flash cards keep old copies of what is overwritten: what makes those unreadable is that the sealing key of their day
//! is destroyed (see [`super::ring`]).

use std::collections::BTreeSet;
use std::io;

use super::disk::Disk;
use super::frame::{BoxState, Content, LogCrc, RawSeal, WIPED};
use super::log::{Error, Journal, failed};
use super::reader::{LogName, logs};
use super::recovery::read_segment;
use super::scan::{Piece, Pieces};
use super::segment::Name;
use crate::base::{AttendantId, Epoch, Seq, Stamp};
use crate::model::{Body, Draft, Erasure};

/// Most records that one record of an erasure names.
const NAMED_MAX: usize = 1_000;

/// Personal parts that are to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasing {
    /// In which log; `None` for the one that says so.
    pub log: Option<Epoch>,
    /// Of which records.
    pub records: Vec<Seq>,
}

/// Why personal parts go, and who says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// By whom.
    pub by: AttendantId,
    /// Why.
    pub reason: Erasure,
}

impl<D: Disk> Journal<D> {
    /// Erases the personal parts of `what`, which is put on record first; returns the records that had any.
    ///
    /// Those without one, erased before, or not here are passed over.
    ///
    /// # Errors
    ///
    /// As [`commit`](Self::commit). What is on record by then is erased at the next start.
    pub fn erase(&mut self, what: &Erasing, order: &Order, stamp: Stamp) -> Result<Vec<Seq>, Error> {
        let own = self.epoch();
        let log = what.log.filter(|log| *log != own);
        let wanted: BTreeSet<u64> = what.records.iter().map(|seq| seq.get()).collect();
        let doing = failed("erasing personal parts");
        self.commit()?;
        let (disk, _) = self.disk_and_segment();
        let found = boxes(disk, log.unwrap_or(own), &wanted).map_err(&doing)?;
        let records: Vec<Seq> = found.iter().filter_map(|found| Seq::new(found.seq)).collect();
        for some in records.chunks(NAMED_MAX) {
            let Order { by, reason } = order.clone();
            let body = Body::Erased { records: some.to_vec(), by, reason, log };
            self.append(Draft { lane: None, body, personal: None }, stamp)?;
        }
        self.commit()?;
        let (disk, _) = self.disk_and_segment();
        wipe(disk, &found).map_err(&doing)?;
        Ok(records)
    }
}

/// Finishes erasures that are on record in log `own`; returns how many boxes were still there.
///
/// # Errors
///
/// When the medium fails.
pub(super) fn finish<D: Disk>(disk: &mut D, own: Epoch, erasing: &[Erasing]) -> io::Result<usize> {
    let mut count = 0;
    for Erasing { log, records } in erasing {
        let wanted = records.iter().map(|seq| seq.get()).collect();
        let found = boxes(disk, log.unwrap_or(own), &wanted)?;
        wipe(disk, &found)?;
        count += found.len();
    }
    Ok(count)
}

/// A box that is not wiped, and where it lies.
#[derive(Debug)]
struct Found {
    seq: u64,
    file: String,
    offset: u64,
    length: usize,
}

fn boxes<D: Disk>(disk: &mut D, log: Epoch, wanted: &BTreeSet<u64>) -> io::Result<Vec<Found>> {
    let names: Vec<Name> = disk.list()?.iter().filter_map(|file| Name::parse(file)).collect();
    let names: Vec<Name> = names.into_iter().filter(|name| name.epoch == log).collect();
    let mut found = vec![];
    for (index, name) in names.iter().enumerate() {
        let end = names.get(index + 1).map_or(u64::MAX, |next| next.first);
        if wanted.range(name.first..end).next().is_some() {
            let file = name.file();
            let bytes = read_segment(disk, &file)?;
            found.extend(boxes_in(&file, &bytes, log, wanted));
        }
    }
    Ok(found)
}

fn boxes_in(file: &str, bytes: &[u8], log: Epoch, wanted: &BTreeSet<u64>) -> Vec<Found> {
    let mut found = vec![];
    for piece in Pieces::new(LogCrc::new(log), bytes, 0) {
        let Piece::Frame(offset, frame) = piece else { continue };
        let Content::Record { seal: RawSeal::Boxed { bytes, state, .. }, .. } = &frame.content else {
            continue;
        };
        match state {
            BoxState::Whole | BoxState::Damaged if wanted.contains(&frame.seq) => found.push(Found {
                seq: frame.seq,
                file: file.to_owned(),
                offset: (offset + frame.length - bytes.len()) as u64,
                length: bytes.len(),
            }),
            BoxState::Whole | BoxState::Damaged | BoxState::Wiped => {}
        }
    }
    found
}

fn wipe<D: Disk>(disk: &mut D, found: &[Found]) -> io::Result<()> {
    for some in found.chunk_by(|one, next| one.file == next.file) {
        for Found { file, offset, length, .. } in some {
            disk.write_at(file, *offset, &vec![WIPED; *length])?;
        }
        disk.sync(&some[0].file)?;
    }
    Ok(())
}

/// Records of which log `log` says that their personal part is erased, while it is still there.
///
/// # Errors
///
/// When the medium fails.
pub(super) fn unfinished<D: Disk>(disk: &mut D, log: LogName, said: &[Erasing]) -> io::Result<Vec<u64>> {
    let mut left = vec![];
    let here: BTreeSet<Epoch> = logs(disk)?.into_iter().map(|log| log.epoch).collect();
    for Erasing { log: other, records } in said {
        let epoch = other.unwrap_or(log.epoch);
        if here.contains(&epoch) {
            let wanted = records.iter().map(|seq| seq.get()).collect();
            left.extend(boxes(disk, epoch, &wanted)?.iter().map(|found| found.seq));
        }
    }
    Ok(left)
}
