//! Packing what a hub does not have yet into parcels: every log of a journal's directory, oldest first.

use std::io::{self, Write};

use super::parcel::{END_LENGTH, Encoder, Manifest, Range, Rest, piece_length};
use super::wire::{self, Batch, ENTRIES_MAX};
use crate::base::{Epoch, KioskId, Seq};
use crate::journal::reader::{self, LogName};
use crate::journal::{Disk, Note, Reader, SigningKey};

/// Most bytes of records in a batch before compression; a box does not compress, and a batch has to stay within
/// [`wire::BODY_MAX`].
const BATCH_BYTES: usize = 2 << 20;

/// Whose records are packed, and what vouches for them.
#[derive(Debug)]
pub struct Sender<'a> {
    /// The kiosk, as it is enrolled.
    pub kiosk: &'a KioskId,
    /// The key that signs its log.
    pub key: &'a SigningKey,
}

/// Where the files of a carry go.
pub trait Files {
    /// A file that is being written.
    type File: Write;

    /// Begins file `number`, counted from 1.
    ///
    /// # Errors
    ///
    /// When it cannot be made.
    fn begin(&mut self, number: u32) -> io::Result<Self::File>;

    /// The file is whole.
    ///
    /// # Errors
    ///
    /// When it cannot be kept.
    fn finish(&mut self, number: u32, file: Self::File) -> io::Result<()>;
}

/// What was packed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packed {
    /// By log, what the files hold.
    pub ranges: Vec<Range>,
    /// Records that are damaged or no longer kept: a log is packed up to these, and not beyond.
    pub missing: Vec<Range>,
    /// Number of files; none when there was nothing to pack.
    pub files: u32,
}

/// Why packing failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The journal cannot be read.
    #[error("journal: {0}")]
    Journal(#[from] reader::Error),
    /// A file cannot be written.
    #[error("writing: {0}")]
    Write(#[from] io::Error),
    /// A batch is over a limit.
    #[error(transparent)]
    Wire(#[from] wire::Error),
}

/// Packs the records of each log from a number on into files of at most `file_max` bytes.
///
/// The records are made durable first: a hub must never hold what the kiosk could lose and number anew. Memory is
/// bounded by one batch.
///
/// # Errors
///
/// [`Error`]; files that were finished before are whole and can be carried.
pub fn pack<D: Disk + Clone, F: Files>(
    disk: &D,
    logs: &[(LogName, Seq)],
    sender: &Sender<'_>,
    files: &mut F,
    file_max: u64,
) -> Result<Packed, Error> {
    let mut readers = Vec::new();
    let mut ranges = Vec::new();
    for (log, from) in logs {
        let mut reader = Reader::open(disk.clone(), *log)?;
        reader.settle().map_err(reader::Error::Io)?;
        if let Some(through) = reader.durable().filter(|through| through >= from) {
            ranges.push(Range { epoch: log.epoch, from: *from, through });
            readers.push(reader);
        }
    }
    let mut packed = Packed::default();
    if readers.is_empty() {
        return Ok(packed);
    }
    let manifest = Manifest { kiosk: sender.kiosk.clone(), file: 1, ranges: ranges.clone() };
    let mut output = Output { files, file_max, manifest, open: None };
    for (range, mut reader) in ranges.into_iter().zip(readers) {
        let last = one_log(range, &mut reader, sender, &mut output, &mut packed.missing)?;
        packed.ranges.extend(last.map(|through| Range { through, ..range }));
    }
    packed.files = output.end()?;
    Ok(packed)
}

/// Packs one log as far as it is whole; gives the last record that was packed.
fn one_log<D: Disk, F: Files>(
    range: Range,
    reader: &mut Reader<D>,
    sender: &Sender<'_>,
    output: &mut Output<'_, F>,
    missing: &mut Vec<Range>,
) -> Result<Option<Seq>, Error> {
    let Range { epoch, from, through } = range;
    let gap = |from: u64, through: u64| match (Seq::new(from), Seq::new(through)) {
        (Some(from), Some(through)) => Some(Range { epoch, from, through }),
        (_, _) => None,
    };
    let mut tree = match reader.frontier(from.get() - 1) {
        Ok(tree) => tree,
        Err(reader::Error::Missing { from, through }) => {
            missing.extend(gap(from.max(1), through));
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    let mut last = None;
    let mut next = from;
    while next <= through {
        let left = usize::try_from(through.get() - next.get() + 1).unwrap_or(usize::MAX);
        let entries = match reader.read(next, ENTRIES_MAX.min(left), BATCH_BYTES) {
            Ok(entries) if entries.is_empty() => break,
            Ok(entries) => entries,
            Err(reader::Error::Missing { from, through }) => {
                missing.extend(gap(from, through));
                break;
            }
            Err(error) => return Err(error.into()),
        };
        entries.iter().for_each(|stored| tree.push(stored.leaf_hash()));
        let note = Note::new(sender.kiosk, epoch, &tree).sign(sender.key).to_string();
        output.add(epoch, next, &Batch { note, entries }.encode()?)?;
        last = Seq::new(tree.size());
        next = Seq(next.0.saturating_add(tree.size() + 1 - next.get()));
    }
    Ok(last)
}

/// The files of one carry, begun when there is something to put into them.
struct Output<'a, F: Files> {
    files: &'a mut F,
    file_max: u64,
    manifest: Manifest,
    open: Option<Encoder<F::File>>,
}

impl<F: Files> Output<'_, F> {
    fn add(&mut self, epoch: Epoch, from: Seq, batch: &[u8]) -> io::Result<()> {
        let needed = piece_length(batch.len()) + END_LENGTH;
        if let Some(full) = self.open.take_if(|open| open.length() + needed > self.file_max) {
            self.files.finish(self.manifest.file, full.end(Rest::Follows)?)?;
            self.manifest.file += 1;
        }
        let encoder = match &mut self.open {
            Some(encoder) => encoder,
            None => {
                let file = self.files.begin(self.manifest.file)?;
                self.open.insert(Encoder::begin(file, &self.manifest)?)
            }
        };
        encoder.batch(epoch, from, batch)
    }

    /// Finishes the last file; gives the number of files.
    fn end(mut self) -> io::Result<u32> {
        match self.open.take() {
            Some(last) => {
                self.files.finish(self.manifest.file, last.end(Rest::None)?)?;
                Ok(self.manifest.file)
            }
            None => Ok(0),
        }
    }
}
