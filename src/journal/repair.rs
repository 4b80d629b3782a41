//! What can be repaired in a journal's directory while nobody writes it.
//!
//! It is what a start does by itself ([`super::recovery`]), told beforehand and without starting anything, and besides
//! it sets aside segments in which nothing can be read. No record is deleted: what is cut was never acknowledged, what
//! is removed was never in use, what cannot be read is renamed. What is lost stays lost, and is only reported.

use std::collections::BTreeMap;
use std::fmt;
use std::io;

use super::cosigned::Witness;
use super::disk::Disk;
use super::frame::LogCrc;
use super::reader::{LogName, logs};
use super::recovered::Recovery;
use super::recovery::{free_name, read_segment, recover};
use super::scan::{Piece, Pieces};
use super::segment::{Bad, Header, Name};
use super::verify::kiosk_of;
use crate::base::KioskId;

/// Whether anything is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Nothing is; only what would be done is found out.
    Rehearse,
    /// It is done.
    Do,
}

/// What was found, and what is to be done or was done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repair {
    /// The newest log, which a kiosk would go on with.
    pub log: LogName,
    /// Whose it is.
    pub kiosk: KioskId,
    /// What was found.
    pub recovery: Recovery,
    /// In order.
    pub deeds: Vec<Deed>,
}

/// One change to the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Bytes that were never acknowledged are overwritten with zeros.
    Cut {
        /// Where.
        file: String,
        /// How many.
        bytes: usize,
    },
    /// A segment that was being created when the power went is removed.
    Removed {
        /// Which.
        file: String,
    },
    /// A file that cannot be read is renamed.
    SetAside {
        /// Which.
        file: String,
        /// To what.
        to: String,
    },
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cut { file, bytes } => {
                write!(f, "截去未确认的尾部 cut {bytes} bytes that were never acknowledged: {file}")
            }
            Self::Removed { file } => {
                write!(f, "删除从未启用的段 remove a segment that was never in use: {file}")
            }
            Self::SetAside { file, to } => {
                write!(f, "移开无法读取的文件 set aside, cannot be read: {file} -> {to}")
            }
        }
    }
}

/// Finds out what can be repaired on `disk`, and does it or not; `None` when there is no log. What the hub has signed for
/// counts as far as `witness` can tell.
///
/// # Errors
///
/// When the directory cannot be read, or not written.
pub fn repair<D: Disk>(disk: D, mode: Mode, witness: Option<&Witness>) -> io::Result<Option<Repair>> {
    let mut hand = Hand { disk, mode, changed: BTreeMap::new(), deeds: Vec::new() };
    let logs = logs(&mut hand)?;
    let Some(log) = logs.last().copied() else { return Ok(None) };
    let mut owners = Vec::new();
    for log in logs.iter().rev() {
        owners.extend(kiosk_of(&mut hand, *log)?);
    }
    let Some(kiosk) = owners.into_iter().next() else { return Ok(None) };
    set_aside_unreadable(&mut hand)?;
    let mut recovery = Recovery::default();
    recover(&mut hand, &kiosk, witness, &mut recovery)?;
    Ok(Some(Repair { log, kiosk, recovery, deeds: hand.deeds }))
}

/// Sets aside segments without a header and without a single frame; the last one is left to recovery.
fn set_aside_unreadable<D: Disk>(hand: &mut Hand<D>) -> io::Result<()> {
    let names: Vec<Name> = hand.list()?.iter().filter_map(|file| Name::parse(file)).collect();
    let last = names.iter().max().copied();
    for name in names.iter().filter(|name| Some(**name) != last) {
        let file = name.file();
        let Ok(bytes) = read_segment(hand, &file) else { continue };
        let frames = || Pieces::new(LogCrc::new(name.epoch), &bytes, 0);
        let is_readable = match Header::decode(&bytes) {
            Ok(_) | Err(Bad::Version(_)) => true,
            Err(Bad::Damaged) => frames().any(|piece| matches!(piece, Piece::Frame(..))),
        };
        if !is_readable {
            let to = free_name(&hand.list()?, &file);
            hand.rename(&file, &to)?;
            hand.sync_dir()?;
        }
    }
    Ok(())
}

/// A disk whose changes are noted, and made only when they shall be.
struct Hand<D> {
    disk: D,
    mode: Mode,
    /// What rehearsed changes would have made of files; `None` where there would be none any more.
    changed: BTreeMap<String, Option<Vec<u8>>>,
    deeds: Vec<Deed>,
}

impl<D: Disk> Hand<D> {
    /// The whole of `file`, as rehearsed.
    fn content(&mut self, file: &str) -> io::Result<Vec<u8>> {
        match self.changed.get(file) {
            Some(Some(bytes)) => Ok(bytes.clone()),
            Some(None) => Err(io::ErrorKind::NotFound.into()),
            None => read_segment(&mut self.disk, file),
        }
    }
}

impl<D: Disk> Disk for Hand<D> {
    fn list(&mut self) -> io::Result<Vec<String>> {
        let mut names = self.disk.list()?;
        names.retain(|name| !self.changed.contains_key(name));
        names.extend(
            self.changed.iter().filter(|(_, content)| content.is_some()).map(|(name, _)| name.clone()),
        );
        names.sort();
        Ok(names)
    }

    fn len(&mut self, file: &str) -> io::Result<u64> {
        match self.changed.get(file) {
            Some(Some(bytes)) => Ok(bytes.len() as u64),
            Some(None) => Err(io::ErrorKind::NotFound.into()),
            None => self.disk.len(file),
        }
    }

    fn read_at(&mut self, file: &str, offset: u64, bytes: &mut [u8]) -> io::Result<usize> {
        if !self.changed.contains_key(file) {
            return self.disk.read_at(file, offset, bytes);
        }
        let content = self.content(file)?;
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(content.len());
        let length = bytes.len().min(content.len() - start);
        bytes[..length].copy_from_slice(&content[start..start + length]);
        Ok(length)
    }

    /// Nothing that is repaired needs a new file.
    fn create(&mut self, _: &str, _: u64) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn write_at(&mut self, file: &str, offset: u64, bytes: &[u8]) -> io::Result<()> {
        // Whole records that may not have reached the medium are written once more, as they are: no repair.
        if bytes.iter().all(|byte| *byte == 0) {
            self.deeds.push(Deed::Cut { file: file.to_owned(), bytes: bytes.len() });
        }
        if self.mode == Mode::Do {
            return self.disk.write_at(file, offset, bytes);
        }
        let mut content = self.content(file)?;
        let start = usize::try_from(offset).map_err(io::Error::other)?;
        let place = content.get_mut(start..start + bytes.len());
        place.ok_or(io::ErrorKind::UnexpectedEof)?.copy_from_slice(bytes);
        self.changed.insert(file.to_owned(), Some(content));
        Ok(())
    }

    fn sync(&mut self, file: &str) -> io::Result<()> {
        if self.mode == Mode::Do { self.disk.sync(file) } else { Ok(()) }
    }

    fn sync_dir(&mut self) -> io::Result<()> {
        if self.mode == Mode::Do { self.disk.sync_dir() } else { Ok(()) }
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        self.deeds.push(Deed::SetAside { file: from.to_owned(), to: to.to_owned() });
        if self.mode == Mode::Do {
            return self.disk.rename(from, to);
        }
        let content = self.content(from)?;
        self.changed.insert(from.to_owned(), None);
        self.changed.insert(to.to_owned(), Some(content));
        Ok(())
    }

    fn remove(&mut self, file: &str) -> io::Result<()> {
        self.deeds.push(Deed::Removed { file: file.to_owned() });
        if self.mode == Mode::Do {
            return self.disk.remove(file);
        }
        self.changed.insert(file.to_owned(), None);
        Ok(())
    }
}
