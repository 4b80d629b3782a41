//! The journal's disk, each of whose operations is a point at which the process can be killed.

use std::io;

use kakou::journal::Disk;
use kakou::sim::disk::SimDisk;

use crate::scythe::{Point, Scythe};

/// A process's handle on a disk that outlives it.
#[derive(Clone)]
pub struct Mortal {
    pub disk: SimDisk,
    pub scythe: Scythe,
    /// Planted: records count as synced when they are written.
    pub skips_sync: bool,
}

impl Mortal {
    /// An operation that changes something: it happens if the process lives to see it.
    fn lives(&self, point: Point) -> io::Result<()> {
        if self.scythe.spares(point) { Ok(()) } else { Err(gone()) }
    }

    /// Whoever is dead reads nothing.
    fn looks(&self) -> io::Result<()> {
        if self.scythe.struck().is_none() { Ok(()) } else { Err(gone()) }
    }
}

fn gone() -> io::Error {
    io::ErrorKind::BrokenPipe.into()
}

impl Disk for Mortal {
    fn list(&mut self) -> io::Result<Vec<String>> {
        self.looks()?;
        self.disk.list()
    }

    fn len(&mut self, file: &str) -> io::Result<u64> {
        self.looks()?;
        self.disk.len(file)
    }

    fn read_at(&mut self, file: &str, offset: u64, bytes: &mut [u8]) -> io::Result<usize> {
        self.looks()?;
        self.disk.read_at(file, offset, bytes)
    }

    fn create(&mut self, file: &str, size: u64) -> io::Result<()> {
        self.lives(Point::DiskCreate)?;
        self.disk.create(file, size)
    }

    fn write_at(&mut self, file: &str, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.lives(Point::DiskWrite)?;
        self.disk.write_at(file, offset, bytes)
    }

    fn sync(&mut self, file: &str) -> io::Result<()> {
        self.lives(Point::DiskSync)?;
        if self.skips_sync { Ok(()) } else { self.disk.sync(file) }
    }

    fn sync_dir(&mut self) -> io::Result<()> {
        self.lives(Point::DiskSyncDir)?;
        self.disk.sync_dir()
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        self.lives(Point::DiskRename)?;
        self.disk.rename(from, to)
    }

    fn remove(&mut self, file: &str) -> io::Result<()> {
        self.lives(Point::DiskRemove)?;
        self.disk.remove(file)
    }

    fn room(&mut self) -> io::Result<Option<u64>> {
        self.looks()?;
        self.disk.room()
    }
}
