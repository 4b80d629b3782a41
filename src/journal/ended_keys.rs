//! Sealing keys of logs that have ended: which are still here, and their destruction, which goes on record in the log
//! that is written now.

use std::io;

use super::disk::Disk;
use super::key_file::{self, Content};
use super::log::{self, Journal};
use super::segment::Name;
use crate::base::{Epoch, Stamp};
use crate::model::{Body, Draft};

/// A sealing key of a log that nobody writes any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EndedKey {
    /// Of which log.
    pub log: Epoch,
    /// Its number within that log.
    pub number: u32,
}

/// Its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndedKeyFile {
    /// Which key.
    pub key: EndedKey,
    /// Whether segments of its log are still here, whole or set aside.
    pub has_records: bool,
    /// Whether it is overwritten already: its destruction is not on record, because the power went in between.
    pub is_overwritten: bool,
}

/// The key files of all logs other than `own`, in the order of their names.
///
/// # Errors
///
/// When the directory cannot be listed.
pub fn ended_keys<D: Disk>(disk: &mut D, own: Epoch) -> io::Result<Vec<EndedKeyFile>> {
    let files = disk.list()?;
    let segments = files.iter().filter_map(|file| Name::parse_any(file));
    let here: Vec<Epoch> = segments.map(|name| name.epoch).collect();
    let keys = files.iter().filter_map(|file| Some((file, key_file::parse(file)?)));
    let ended = keys.filter(|(_, (log, _))| *log != own).map(|(file, (log, number))| EndedKeyFile {
        key: EndedKey { log, number },
        has_records: here.contains(&log),
        is_overwritten: matches!(key_file::read(disk, file, number), Content::Destroyed),
    });
    Ok(ended.collect())
}

impl<D: Disk> Journal<D> {
    /// Destroys this kiosk's copy of a sealing key of an ended log: overwrites it, records that durably, and removes the
    /// file. False when it is of the log that is written now, or no longer here.
    ///
    /// When the power goes in between, its file is there still and holds nothing: call this again. No record ever says
    /// so before it is true.
    ///
    /// # Errors
    ///
    /// As [`append`](Self::append) and [`commit`](Self::commit), or when the file cannot be overwritten or removed.
    pub fn destroy_ended_key(&mut self, key: EndedKey, stamp: Stamp) -> Result<bool, log::Error> {
        let doing = log::failed("destroying a key of an ended log");
        let EndedKey { log, number } = key;
        let own = self.epoch();
        let (disk, _) = self.disk_and_segment();
        let there = ended_keys(disk, own).map_err(&doing)?.iter().any(|file| file.key == key);
        if !there {
            return Ok(false);
        }
        key_file::overwrite(disk, log, number)?;
        let body = Body::KeyDestroyed { key: number, log: Some(log) };
        self.append(Draft { lane: None, body, personal: None }, stamp)?;
        self.commit()?;
        let (disk, _) = self.disk_and_segment();
        disk.remove(&key_file::name(log, number)).map_err(&doing)?;
        disk.sync_dir().map_err(&doing)?;
        Ok(true)
    }
}
