//! Makes what an outbox sends: batches with the note that vouches for them, and heartbeats.

use super::wire::{self, Batch};
use crate::base::{BootId, Epoch, KioskId, Mono, Seq};
use crate::journal::{Disk, Frontier, Hash, Note, Reader, SigningKey, Stored, reader};

/// Where records are read from: up to so many from a number on, and up to so many bytes, but at least one.
pub trait Source {
    /// Why reading failed.
    type Error: std::fmt::Display;

    /// Reads durable records in order, beginning with `from`; none when there are none yet.
    ///
    /// # Errors
    ///
    /// When the journal cannot be read.
    fn read(&mut self, from: Seq, max_entries: usize, max_bytes: usize) -> Result<Vec<Stored>, Self::Error>;

    /// The tree over the first `size` records where it is known without them; `None` when they have to be read.
    fn frontier(&mut self, _size: u64) -> Option<Frontier> {
        None
    }
}

/// A log's own segments say what came before them, also where earlier ones are no longer kept.
impl<D: Disk> Source for Reader<D> {
    type Error = reader::Error;

    fn read(&mut self, from: Seq, max_entries: usize, max_bytes: usize) -> Result<Vec<Stored>, Self::Error> {
        Reader::read(self, from, max_entries, max_bytes)
    }

    fn frontier(&mut self, size: u64) -> Option<Frontier> {
        Reader::frontier(self, size).ok()
    }
}

impl<F, E: std::fmt::Display> Source for F
where
    F: FnMut(Seq, usize, usize) -> Result<Vec<Stored>, E>,
{
    type Error = E;

    fn read(&mut self, from: Seq, max_entries: usize, max_bytes: usize) -> Result<Vec<Stored>, E> {
        self(from, max_entries, max_bytes)
    }
}

/// Why nothing could be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The journal cannot be read.
    #[error("journal: {0}")]
    Read(String),
    /// A record that must be there is not.
    #[error("journal has no record {0}")]
    Missing(Seq),
    /// The batch is over a limit.
    #[error(transparent)]
    Wire(#[from] wire::Error),
}

/// Knows the tree up to what was sent and up to the tip, so that each note costs only the records since the last.
#[derive(Debug)]
pub struct Packer {
    kiosk: KioskId,
    epoch: Epoch,
    key: SigningKey,
    /// The tree over the records that the hub has.
    sent: Frontier,
    /// The tree as last heartbeats stated it.
    tip: Frontier,
}

impl Packer {
    const STRIDE: usize = 1_000;
    const STRIDE_BYTES: usize = 1 << 20;

    /// A packer for one log, that signs with the kiosk's key.
    pub fn new(kiosk: KioskId, epoch: Epoch, key: SigningKey) -> Self {
        Self { kiosk, epoch, key, sent: Frontier::new(), tip: Frontier::new() }
    }

    /// The same with the tree over all records at start, which otherwise has to be read.
    #[must_use]
    pub fn with_tip(self, tip: Frontier) -> Self {
        Self { tip, ..self }
    }

    /// Which kiosk.
    pub fn kiosk(&self) -> &KioskId {
        &self.kiosk
    }

    /// Which log.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The root over the first `size` records.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub fn root_at(&mut self, size: u64, source: &mut impl Source) -> Result<Hash, Error> {
        self.move_sent(size, source)?;
        Ok(self.sent.root())
    }

    /// A batch of records from `from` on, as it travels.
    ///
    /// # Errors
    ///
    /// When the records cannot be read, or are over a limit of [`wire`].
    pub fn batch(
        &mut self,
        from: Seq,
        max_entries: usize,
        max_bytes: usize,
        source: &mut impl Source,
    ) -> Result<Vec<u8>, Error> {
        self.move_sent(from.get() - 1, source)?;
        let entries = read(source, from, max_entries, max_bytes)?;
        if entries.is_empty() {
            return Err(Error::Missing(from));
        }
        // On a copy: until the hub has taken them, the records before `from` are what it has.
        let mut after = self.sent.clone();
        entries.iter().for_each(|stored| after.push(stored.leaf_hash()));
        let note = Note::new(&self.kiosk, self.epoch, &after).sign(&self.key).to_string();
        Ok(Batch { note, entries }.encode()?)
    }

    /// A heartbeat over the first `size` records, made at `now` of `boot`.
    ///
    /// # Errors
    ///
    /// When records cannot be read.
    pub fn heartbeat(
        &mut self,
        size: u64,
        boot: BootId,
        now: Mono,
        source: &mut impl Source,
    ) -> Result<String, Error> {
        advance(&mut self.tip, size, source)?;
        let beat = format!("beat {boot} {}", now.as_millis());
        let note = Note::new(&self.kiosk, self.epoch, &self.tip).with_extension(&beat);
        Ok(note.sign(&self.key).to_string())
    }

    fn move_sent(&mut self, size: u64, source: &mut impl Source) -> Result<(), Error> {
        advance(&mut self.sent, size, source)
    }
}

/// Moves `tree` to `size` records; backwards it has to begin anew.
fn advance(tree: &mut Frontier, size: u64, source: &mut impl Source) -> Result<(), Error> {
    let far = size.saturating_sub(tree.size()) > Packer::STRIDE as u64;
    if size < tree.size() || far || tree.size() == 0 {
        match source.frontier(size) {
            Some(known) if known.size() == size => *tree = known,
            Some(_) | None if size < tree.size() => *tree = Frontier::new(),
            Some(_) | None => {}
        }
    }
    while let Some(from) = Seq::new(tree.size() + 1).filter(|from| from.get() <= size) {
        let missing = size - tree.size();
        let stride = usize::try_from(missing).unwrap_or(usize::MAX).min(Packer::STRIDE);
        let records = read(source, from, stride, Packer::STRIDE_BYTES)?;
        if records.is_empty() {
            return Err(Error::Missing(from));
        }
        records.iter().take(stride).for_each(|stored| tree.push(stored.leaf_hash()));
    }
    Ok(())
}

fn read(
    source: &mut impl Source,
    from: Seq,
    max_entries: usize,
    max_bytes: usize,
) -> Result<Vec<Stored>, Error> {
    source.read(from, max_entries, max_bytes).map_err(|error| Error::Read(error.to_string()))
}
