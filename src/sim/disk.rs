//! A disk that loses power: the [`Disk`] seam over memory, with a volatile cache and injected faults.
//!
//! Content reaches the medium sector by sector (512 bytes). Until [`Disk::sync`] returns, each written sector may or
//! may not survive a crash, each in any of the versions it had; until [`Disk::sync_dir`], so may each creation,
//! renaming and removal, and a file's length. An injected failure of `sync` drops what was cached, as Linux does: the
//! file still reads as written, a later `sync` succeeds, and the bytes never reach the medium.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::base::Random;
use crate::journal::Disk;

const SECTOR: usize = 512;

/// A handle on a simulated disk; clones share it.
#[derive(Clone, Debug)]
pub struct SimDisk(Arc<Mutex<State>>);

#[derive(Clone, Debug)]
struct State {
    files: BTreeMap<String, Inode>,
    durable_names: BTreeMap<String, u64>,
    content: BTreeMap<Inode, File>,
    names: Vec<NameChange>,
    next_inode: Inode,
    /// Operations that changed something or synced so far.
    operations: u64,
    fault: Option<Fault>,
    capacity: u64,
    honours_sync: bool,
    bytes_written: u64,
    syncs: u64,
}

type Inode = u64;

#[derive(Clone, Debug, Default)]
struct File {
    seen: Vec<u8>,
    durable: Vec<u8>,
    /// Sectors written since the last sync, oldest first.
    pending: Vec<(usize, Vec<u8>)>,
}

#[derive(Clone, Debug)]
enum NameChange {
    Link(String, Inode),
    Unlink(String),
}

/// Which operations fail, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Number of the first failing operation, counted from 0.
    pub from: u64,
    /// How many fail.
    pub count: u64,
    /// With what.
    pub kind: FaultKind,
}

/// How an operation fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The medium fails (`EIO`).
    Medium,
    /// The disk is full (`ENOSPC`).
    Full,
    /// The power is gone: nothing happens any more. Take [`SimDisk::crash`] next.
    Power,
}

impl Default for SimDisk {
    fn default() -> Self {
        Self::new()
    }
}

impl SimDisk {
    /// An empty disk that honours every sync.
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            files: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            content: BTreeMap::new(),
            names: Vec::new(),
            next_inode: 1,
            operations: 0,
            fault: None,
            capacity: u64::MAX,
            honours_sync: true,
            bytes_written: 0,
            syncs: 0,
        })))
    }

    /// A disk that acknowledges every sync and honours none: what a journal that skips them would face.
    pub fn lying() -> Self {
        let disk = Self::new();
        disk.state().honours_sync = false;
        disk
    }

    /// Lets some operations fail.
    pub fn inject(&self, fault: Option<Fault>) {
        self.state().fault = fault;
    }

    /// Limits the sum of all file lengths, in bytes.
    pub fn limit(&self, capacity: u64) {
        self.state().capacity = capacity;
    }

    /// Writes, creations, renamings, removals and syncs so far.
    pub fn operations(&self) -> u64 {
        self.state().operations
    }

    /// Bytes written so far, zeros of new files included.
    pub fn bytes_written(&self) -> u64 {
        self.state().bytes_written
    }

    /// File syncs so far.
    pub fn syncs(&self) -> u64 {
        self.state().syncs
    }

    /// An independent copy as it is now, cache and all: what a killed process leaves behind.
    #[must_use]
    pub fn killed(&self) -> Self {
        let mut state = self.state().clone();
        state.fault = None;
        Self(Arc::new(Mutex::new(state)))
    }

    /// An independent disk with what a power cut now would leave.
    #[must_use]
    pub fn crash(&self, random: &mut Random) -> Self {
        // Whole cuts, where nothing or all of the cache survives, are as likely as mixtures.
        let survival = [0.0, 1.0, 0.5, random.unit()][usize::try_from(random.below(4)).unwrap_or(0)];
        let state = self.state();
        let mut names = state.durable_names.clone();
        for change in &state.names {
            if random.chance(survival) {
                change.apply(&mut names);
            }
        }
        let mut content = BTreeMap::new();
        for (inode, file) in &state.content {
            let bytes = file.after_crash(survival, random);
            content.insert(*inode, File { seen: bytes.clone(), durable: bytes, pending: vec![] });
        }
        let after = State {
            files: names.clone(),
            durable_names: names,
            content,
            names: vec![],
            fault: None,
            operations: 0,
            ..state.clone()
        };
        Self(Arc::new(Mutex::new(after)))
    }

    /// Flips bits of one byte on the medium.
    pub fn flip(&self, file: &str, offset: usize, bits: u8) {
        let mut state = self.state();
        let Some(inode) = state.files.get(file).copied() else { return };
        let Some(file) = state.content.get_mut(&inode) else { return };
        for bytes in [&mut file.seen, &mut file.durable] {
            if let Some(byte) = bytes.get_mut(offset) {
                *byte ^= bits;
            }
        }
    }

    /// The whole of `file`.
    ///
    /// # Errors
    ///
    /// `NotFound`.
    pub fn read(&self, file: &str) -> io::Result<Vec<u8>> {
        self.state().file(file).map(|file| file.seen.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl NameChange {
    fn apply(&self, names: &mut BTreeMap<String, Inode>) {
        match self {
            Self::Link(name, inode) => {
                names.insert(name.clone(), *inode);
            }
            Self::Unlink(name) => {
                names.remove(name);
            }
        }
    }
}

impl File {
    fn write(&mut self, offset: usize, bytes: &[u8]) {
        self.seen[offset..offset + bytes.len()].copy_from_slice(bytes);
        if bytes.is_empty() {
            return;
        }
        for sector in offset / SECTOR..=(offset + bytes.len() - 1) / SECTOR {
            let end = self.seen.len().min((sector + 1) * SECTOR);
            self.pending.push((sector, self.seen[sector * SECTOR..end].to_vec()));
        }
    }

    fn sync(&mut self) {
        // Only what is pending: what a failed sync dropped stays lost.
        let mut durable = std::mem::take(&mut self.durable);
        durable.resize(self.seen.len(), 0);
        for (sector, bytes) in self.pending.drain(..) {
            durable[sector * SECTOR..sector * SECTOR + bytes.len()].copy_from_slice(&bytes);
        }
        self.durable = durable;
    }

    fn after_crash(&self, survival: f64, random: &mut Random) -> Vec<u8> {
        let mut bytes = self.durable.clone();
        if bytes.len() < self.seen.len() && random.chance(survival) {
            bytes.resize(self.seen.len(), 0);
        }
        for (sector, written) in &self.pending {
            let range = sector * SECTOR..sector * SECTOR + written.len();
            if random.chance(survival) && range.end <= bytes.len() {
                bytes[range].copy_from_slice(written);
            }
        }
        bytes
    }
}

impl State {
    fn file(&self, name: &str) -> io::Result<&File> {
        let inode = self.files.get(name).ok_or(io::ErrorKind::NotFound)?;
        self.content.get(inode).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn file_mut(&mut self, name: &str) -> io::Result<&mut File> {
        let inode = self.files.get(name).ok_or(io::ErrorKind::NotFound)?;
        self.content.get_mut(inode).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Counts an operation, and fails it when a fault is due.
    fn operation(&mut self) -> io::Result<()> {
        let number = self.operations;
        self.operations += 1;
        let due = self.fault.filter(|fault| (fault.from..fault.from + fault.count).contains(&number));
        match due.map(|fault| fault.kind) {
            None => Ok(()),
            Some(FaultKind::Medium) => Err(io::Error::other("injected medium error")),
            Some(FaultKind::Full) => Err(io::ErrorKind::StorageFull.into()),
            Some(FaultKind::Power) => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn used(&self) -> u64 {
        let length = |inode| self.content.get(inode).map_or(0, |file| file.seen.len() as u64);
        self.files.values().map(length).sum()
    }

    fn change(&mut self, change: NameChange) {
        change.apply(&mut self.files);
        self.names.push(change);
    }
}

fn has_no_effect(outcome: &io::Result<()>) -> bool {
    outcome.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

impl Disk for SimDisk {
    fn list(&mut self) -> io::Result<Vec<String>> {
        Ok(self.state().files.keys().cloned().collect())
    }

    fn len(&mut self, file: &str) -> io::Result<u64> {
        self.state().file(file).map(|file| file.seen.len() as u64)
    }

    fn read_at(&mut self, file: &str, offset: u64, bytes: &mut [u8]) -> io::Result<usize> {
        let state = self.state();
        let seen = &state.file(file)?.seen;
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(seen.len());
        let length = bytes.len().min(seen.len() - start);
        bytes[..length].copy_from_slice(&seen[start..start + length]);
        Ok(length)
    }

    fn create(&mut self, file: &str, size: u64) -> io::Result<()> {
        let mut state = self.state();
        if state.files.contains_key(file) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let outcome = state.operation();
        if has_no_effect(&outcome) {
            return outcome;
        }
        let room = state.capacity.saturating_sub(state.used());
        let length = if outcome.is_err() { 0 } else { size.min(room) };
        let length_usize = usize::try_from(length).map_err(io::Error::other)?;
        let inode = state.next_inode;
        state.next_inode += 1;
        state.content.insert(inode, File { seen: vec![0; length_usize], ..File::default() });
        state.change(NameChange::Link(file.to_owned(), inode));
        state.bytes_written += length;
        outcome?;
        if length < size { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn write_at(&mut self, file: &str, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        let outcome = state.operation();
        if has_no_effect(&outcome) {
            return outcome;
        }
        let entry = state.file_mut(file)?;
        let start = usize::try_from(offset).map_err(io::Error::other)?;
        assert!(start + bytes.len() <= entry.seen.len(), "a segment is never written beyond its end");
        // A failed write may have done half of its work.
        let length = if outcome.is_err() { bytes.len() / 2 } else { bytes.len() };
        entry.write(start, &bytes[..length]);
        state.bytes_written += length as u64;
        outcome
    }

    fn sync(&mut self, file: &str) -> io::Result<()> {
        let mut state = self.state();
        let outcome = state.operation();
        if has_no_effect(&outcome) {
            return outcome;
        }
        state.syncs += 1;
        let honoured = state.honours_sync;
        let entry = state.file_mut(file)?;
        match &outcome {
            Ok(()) if honoured => entry.sync(),
            Ok(()) => {}
            Err(_) => entry.pending.clear(),
        }
        outcome
    }

    fn sync_dir(&mut self) -> io::Result<()> {
        let mut state = self.state();
        state.operation()?;
        if state.honours_sync {
            state.names.clear();
            state.durable_names = state.files.clone();
        }
        Ok(())
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state();
        state.operation()?;
        let inode = *state.files.get(from).ok_or(io::ErrorKind::NotFound)?;
        state.change(NameChange::Unlink(from.to_owned()));
        state.change(NameChange::Link(to.to_owned(), inode));
        Ok(())
    }

    fn remove(&mut self, file: &str) -> io::Result<()> {
        let mut state = self.state();
        state.operation()?;
        if !state.files.contains_key(file) {
            return Err(io::ErrorKind::NotFound.into());
        }
        state.change(NameChange::Unlink(file.to_owned()));
        Ok(())
    }

    fn room(&mut self) -> io::Result<Option<u64>> {
        let state = self.state();
        Ok(Some(state.capacity.saturating_sub(state.used())).filter(|_| state.capacity != u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_synced_survives_every_crash() {
        let mut disk = written();
        disk.sync("a").unwrap();
        disk.sync_dir().unwrap();
        for seed in 0..50 {
            assert_eq!(disk.crash(&mut Random::new(seed)).read("a").unwrap(), vec![7; 1_500]);
        }
    }

    #[test]
    fn what_was_not_synced_survives_in_part_or_not_at_all() {
        let disk = written();
        let outcomes: Vec<_> =
            (0..200).map(|seed| disk.crash(&mut Random::new(seed)).read("a").ok()).collect();
        assert!(outcomes.contains(&None), "the name may vanish");
        assert!(outcomes.contains(&Some(vec![])), "the length may vanish");
        assert!(outcomes.contains(&Some(vec![7; 1_500])), "all may survive");
        let torn = |bytes: &Vec<u8>| bytes.len() == 1_500 && bytes[0] != bytes[600];
        assert!(outcomes.iter().flatten().any(torn), "sectors survive one by one");
        let lying = SimDisk(Arc::new(Mutex::new(State { honours_sync: false, ..disk.state().clone() })));
        lying.clone().sync("a").unwrap();
        lying.clone().sync_dir().unwrap();
        assert!((0..50).any(|seed| lying.crash(&mut Random::new(seed)).read("a").is_err()));
    }

    #[test]
    fn a_failed_sync_loses_bytes_that_still_read_as_written() {
        let mut disk = written();
        disk.sync("a").unwrap();
        disk.sync_dir().unwrap();
        disk.write_at("a", 0, &[8; 512]).unwrap();
        let next = disk.operations();
        disk.inject(Some(Fault { from: next, count: 1, kind: FaultKind::Medium }));
        assert!(disk.sync("a").is_err());
        disk.sync("a").unwrap();
        assert_eq!(disk.read("a").unwrap()[..512], [8; 512]);
        assert_eq!(disk.crash(&mut Random::new(1)).read("a").unwrap()[..512], [7; 512]);
    }

    #[test]
    fn a_full_disk_says_so_and_leaves_a_short_file() {
        let mut disk = SimDisk::new();
        disk.limit(1_000);
        assert_eq!(disk.create("a", 1_500).unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(disk.len("a").unwrap(), 1_000);
        disk.remove("a").unwrap();
        disk.create("a", 1_000).unwrap();
    }

    fn written() -> SimDisk {
        let mut disk = SimDisk::new();
        disk.create("a", 1_500).unwrap();
        disk.write_at("a", 0, &[7; 1_500]).unwrap();
        disk
    }
}
