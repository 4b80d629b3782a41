//! Room on the disk: marks that warn long before it ends, and the ballast that gives some back at the end.
//!
//! The ballast is a file of zeros that is laid when a journal is opened. On a full disk it is given up, so that records
//! go on for a while with an alarm; once there is room for it again, it is laid again. A disk that is full without
//! one takes no more records, and the lanes admit nobody by themselves.

use std::io;

use super::disk::Disk;
use super::log::{Error, Journal, failed, is_full};
use super::recovered::Recovery;

/// File that holds room for the last records of a full disk.
const BALLAST: &str = "ballast";
/// Segments' worth of room below which it is time to say so.
const LOW_SEGMENTS: u64 = 16;

/// How much room there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Room {
    /// Bytes that can still be written beside the ballast; `None` where the medium does not say.
    pub free: Option<u64>,
    /// What that means.
    pub mark: Mark,
}

/// What the room that is left means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// Enough.
    #[default]
    Ample,
    /// Somebody should see to it.
    Low,
    /// The ballast is given up: these are the last records.
    Reserve,
}

impl<D: Disk> Journal<D> {
    /// Measures the room, and lays the ballast again where it was given up and there is room for it.
    ///
    /// Never fails: a medium that does not say how much room there is may still say that it is full.
    pub fn survey(&mut self) -> Room {
        let Sizes { segment, ballast } = self.sizes();
        let low = LOW_SEGMENTS * segment;
        let disk = self.disk_and_segment().0;
        let mut free = disk.room().ok().flatten();
        let mut is_laid = ballast == 0 || disk.len(BALLAST).is_ok_and(|there| there >= ballast);
        // With the low mark between the two, it is not laid and given up in turns.
        if !is_laid && free.is_some_and(|free| free >= ballast.saturating_add(low)) {
            is_laid = lay(disk, ballast).is_ok_and(|laid| laid);
            free = disk.room().ok().flatten();
        }
        let mark = match free {
            _ if !is_laid => Mark::Reserve,
            Some(free) if free < low => Mark::Low,
            Some(_) | None => Mark::Ample,
        };
        Room { free, mark }
    }

    /// Gives up the room that was kept for a full disk; returns whether there was any.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn release_ballast(&mut self) -> Result<bool, Error> {
        let disk = self.disk_and_segment().0;
        match disk.remove(BALLAST) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(failed("removing the ballast")(error)),
        }
        disk.sync_dir().map_err(failed("removing the ballast"))?;
        Ok(true)
    }

    /// Lays the ballast when a journal is opened, if there is room.
    pub(super) fn lay_ballast(&mut self, recovery: &mut Recovery) -> Result<(), Error> {
        let Sizes { ballast, .. } = self.sizes();
        let disk = self.disk_and_segment().0;
        if ballast == 0 || disk.len(BALLAST).is_ok_and(|there| there >= ballast) {
            return Ok(());
        }
        if !lay(disk, ballast)? {
            recovery.remarks.push("the disk has no room for the ballast".to_owned());
        }
        Ok(())
    }
}

/// Lengths in bytes.
pub(super) struct Sizes {
    pub segment: u64,
    pub ballast: u64,
}

/// Returns whether there was room for it.
fn lay<D: Disk>(disk: &mut D, length: u64) -> Result<bool, Error> {
    let doing = "laying the ballast";
    // A shorter one is what a power cut left of an earlier attempt.
    match disk.remove(BALLAST) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(doing)(error)),
        Ok(()) | Err(_) => {}
    }
    match disk.create(BALLAST, length) {
        Ok(()) => Ok(true),
        Err(error) if is_full(&error) => disk.remove(BALLAST).map(|()| false).map_err(failed(doing)),
        Err(error) => Err(failed(doing)(error)),
    }
}
