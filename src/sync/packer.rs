//! Makes what an outbox sends: batches with the note that vouches for them, heartbeats, and what is left where records
//! were lost.

use std::sync::Arc;

use data_encoding::BASE64;

use super::dictionary::Packing;
use super::salvage;
use super::source::{Source, Trouble, advance};
use super::wire::{self, Batch, ENTRIES_MAX, HoleClaim};
use crate::base::{BootId, Epoch, KioskId, Mono, Seq};
use crate::journal::statement::{Salvage, Says, Statement};
use crate::journal::{Frontier, Hash, Note, SigningKey, Stored};

/// Why nothing could be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The journal cannot be read.
    #[error(transparent)]
    Read(#[from] Trouble),
    /// From here on nothing can be proven.
    #[error("records {from} to {through} are lost, or the tree over them")]
    Lost {
        /// The record that was asked for.
        from: Seq,
        /// The last one that is lost; before `from` when only the tree is.
        through: u64,
        /// Size of the first tree that is known again.
        resume: Option<u64>,
    },
    /// The batch is over a limit.
    #[error(transparent)]
    Wire(#[from] wire::Error),
}

/// Records that were salvaged, as they travel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Salvaged {
    /// The records; `None` when none were left.
    pub body: Option<Vec<u8>>,
    /// Everything up to this number is in it, or lost.
    pub through: u64,
}

/// Knows the tree up to what was sent and up to the tip, so that each note costs only the records since the last.
#[derive(Debug)]
pub struct Packer {
    kiosk: KioskId,
    epoch: Epoch,
    key: Arc<SigningKey>,
    /// How batches are packed.
    pub packing: Packing,
    /// The tree over the records that the hub has.
    sent: Frontier,
    /// The tree after the last batch, which the hub has when it took it.
    ahead: Frontier,
    /// The tree as last heartbeats stated it.
    tip: Frontier,
}

impl Packer {
    /// Records that are read rather than looking for the tree elsewhere.
    const READ_MAX: u64 = 1_000;
    /// Most bytes of a batch that must reach to where the tree is known again.
    const BRIDGE_MAX: usize = 2 << 20;

    /// A packer for one log, that signs with the kiosk's key.
    pub fn new(kiosk: KioskId, epoch: Epoch, key: impl Into<Arc<SigningKey>>) -> Self {
        let (sent, ahead, tip) = (Frontier::new(), Frontier::new(), Frontier::new());
        Self { kiosk, epoch, key: key.into(), packing: Packing::Dictionary, sent, ahead, tip }
    }

    /// Which kiosk.
    pub fn kiosk(&self) -> &KioskId {
        &self.kiosk
    }

    /// Which log.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The root over the first `size` records; `None` when it is not known any more.
    ///
    /// # Errors
    ///
    /// When records cannot be read.
    pub fn root_at(&mut self, size: u64, source: &mut impl Source) -> Result<Option<Hash>, Error> {
        Ok(self.tree(size, source)?.map(|tree| tree.root()))
    }

    /// A batch of records from `from` on, as it travels.
    ///
    /// Where the tree before `from` is not known any more, the batch reaches to where it is known again, whatever the
    /// limits: the hub has the records before, and sees for itself that they give the root.
    ///
    /// # Errors
    ///
    /// [`Error::Lost`] where record `from` is, or the tree; else when the records are over a limit of [`wire`].
    pub fn batch(
        &mut self,
        from: Seq,
        max_entries: usize,
        max_bytes: usize,
        source: &mut impl Source,
    ) -> Result<Vec<u8>, Error> {
        let before = self.tree(from.get() - 1, source)?;
        let entries = match source.read(from, max_entries, max_bytes) {
            Ok(entries) => entries,
            Err(Trouble::Missing { through, .. }) => return Err(lost(from, through, source)),
            Err(trouble) => return Err(trouble.into()),
        };
        if entries.is_empty() {
            return Err(Trouble::Missing { from: from.get(), through: from.get() }.into());
        }
        let (entries, after) = match before {
            Some(tree) => {
                self.sent = tree;
                // On a copy: until the hub has taken them, the records before `from` are what it has.
                let mut after = self.sent.clone();
                entries.iter().for_each(|stored| after.push(stored.leaf_hash()));
                (entries, after)
            }
            None => bridge(from, source)?,
        };
        let note = Note::new(&self.kiosk, self.epoch, &after).sign(&self.key).to_string();
        self.ahead = after;
        Ok(Batch { note, entries }.encode_with(self.packing)?)
    }

    /// The statement that records `first` to `last` are lost to the tree, and how it goes on.
    ///
    /// # Errors
    ///
    /// When the tree over `last` records is not known.
    pub fn hole(&mut self, first: Seq, last: u64, source: &mut impl Source) -> Result<HoleClaim, Error> {
        let after = source.frontier(last)?;
        let line = HoleClaim::line(first, count_whole(first.get(), last, source)?);
        let note = Note::new(&self.kiosk, self.epoch, &after).with_extension(&line);
        let note = note.sign(&self.key).to_string();
        let mut frontier = vec![];
        after.encode(&mut frontier);
        self.ahead = after;
        Ok(HoleClaim { frontier: BASE64.encode(&frontier), note })
    }

    /// The whole ones among the records from `from` to `through`, as many as fit.
    ///
    /// # Errors
    ///
    /// When the medium fails, or one record alone is over a limit of [`wire`].
    pub fn salvage(
        &mut self,
        from: u64,
        through: u64,
        (max_entries, max_bytes): (usize, usize),
        source: &mut impl Source,
    ) -> Result<Salvaged, Error> {
        let (mut at, mut bytes, mut records) = (from, 0_usize, vec![]);
        while let Some(seq) = Seq::new(at).filter(|_| at <= through && records.len() < max_entries) {
            match source.read(seq, max_entries - records.len(), max_bytes.saturating_sub(bytes)) {
                Ok(read) if read.is_empty() => at = through + 1,
                Ok(read) => {
                    let numbers = (at..=through).filter_map(Seq::new);
                    let read: Vec<(Seq, Stored)> = numbers.zip(read).collect();
                    at += read.len() as u64;
                    bytes += read.iter().map(|(_, stored)| stored.encoded_len()).sum::<usize>();
                    records.extend(read);
                }
                Err(Trouble::Missing { through, .. }) => at = through + 1,
                Err(trouble) => return Err(trouble.into()),
            }
            if bytes >= max_bytes {
                break;
            }
        }
        let through = through.min(at - 1);
        let Some(stated) = Salvage::of(&records) else { return Ok(Salvaged { body: None, through }) };
        let statement = self.state(Says::Salvage(stated));
        Ok(Salvaged { body: Some(salvage::encode(&statement, &records)?), through })
    }

    /// The statement that nothing more comes of this log after record `last`, and that from `first` on nothing is
    /// proven.
    ///
    /// # Errors
    ///
    /// When the medium fails.
    pub fn end(&self, first: Option<Seq>, last: u64, source: &mut impl Source) -> Result<String, Error> {
        let first = first.map_or(0, Seq::get);
        let whole = count_whole(first.max(1), last, source)?;
        Ok(self.state(Says::End { first, last, whole }))
    }

    /// A heartbeat over the first `size` records, made at `now` of `boot`, with further `lines`, such as [counts](super::counts).
    ///
    /// # Errors
    ///
    /// When records cannot be read.
    pub fn heartbeat(
        &mut self,
        size: u64,
        boot: BootId,
        now: Mono,
        lines: &[String],
        source: &mut impl Source,
    ) -> Result<String, Error> {
        let missing = Trouble::Missing { from: size, through: size };
        self.tip = self.tree(size, source)?.ok_or(missing)?;
        let beat = format!("beat {boot} {}", now.as_millis());
        let note = Note::new(&self.kiosk, self.epoch, &self.tip).with_extension(&beat);
        let note = lines.iter().fold(note, |note, line| note.with_extension(line));
        Ok(note.sign(&self.key).to_string())
    }

    fn state(&self, says: Says) -> String {
        Statement { kiosk: self.kiosk.clone(), epoch: self.epoch, says }.sign(&self.key)
    }

    /// The tree over the first `size` records; `None` when it is not known any more.
    fn tree(&self, size: u64, source: &mut impl Source) -> Result<Option<Frontier>, Trouble> {
        let near = [&self.sent, &self.ahead, &self.tip].into_iter().filter(|tree| tree.size() <= size);
        let near = near.max_by_key(|tree| tree.size()).filter(|tree| size - tree.size() <= Self::READ_MAX);
        if let Some(near) = near {
            let mut tree = near.clone();
            match advance(&mut tree, size, source) {
                Ok(()) => return Ok(Some(tree)),
                Err(Trouble::Missing { .. }) => {}
                Err(trouble) => return Err(trouble),
            }
        }
        match source.frontier(size) {
            Ok(tree) => Ok(Some(tree)),
            Err(Trouble::Missing { .. }) => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }
}

/// The records from `from` on up to where the tree is known again, and that tree.
fn bridge(from: Seq, source: &mut impl Source) -> Result<(Vec<Stored>, Frontier), Error> {
    let unknown = from.get() - 1;
    let Some(after) = source.next_frontier(from.get())? else { return Err(lost(from, unknown, source)) };
    let length = usize::try_from(after.size() - unknown).unwrap_or(usize::MAX);
    let entries = if length <= ENTRIES_MAX { source.read(from, length, Packer::BRIDGE_MAX)? } else { vec![] };
    if entries.len() == length { Ok((entries, after)) } else { Err(lost(from, unknown, source)) }
}

/// How many records from `first` to `last` can be read.
fn count_whole(first: u64, last: u64, source: &mut impl Source) -> Result<u64, Trouble> {
    const STRIDE: u64 = 1_000;
    let (mut at, mut whole) = (first, 0);
    while let Some(seq) = Seq::new(at).filter(|_| at <= last) {
        let most = usize::try_from((last - at + 1).min(STRIDE)).unwrap_or(usize::MAX);
        match source.read(seq, most, 1 << 20) {
            Ok(read) if read.is_empty() => break,
            Ok(read) => {
                whole += read.len() as u64;
                at += read.len() as u64;
            }
            Err(Trouble::Missing { through, .. }) => at = through + 1,
            Err(trouble) => return Err(trouble),
        }
    }
    Ok(whole)
}

fn lost(from: Seq, through: u64, source: &mut impl Source) -> Error {
    match source.next_frontier(through.max(from.get())) {
        Ok(tree) => Error::Lost { from, through, resume: tree.map(|tree| tree.size()) },
        Err(trouble) => trouble.into(),
    }
}
