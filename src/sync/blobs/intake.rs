//! The hub's side: takes chunks in until a blob is whole and has the right hash, and stores it then.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use super::store::{Found, Store, Unread};
use super::{LENGTH_MAX, fits};
use crate::base::{BlobId, KioskId, Mono};
use crate::journal::Disk;
use crate::journal::picture::name_of;

/// Blobs that may be under way at a time, each of another kiosk.
const PARTS_MAX: usize = 64;
/// How long a part that gets nothing more is kept when another one needs its place.
const IDLE: Duration = Duration::from_mins(2);

/// How much of a blob is at the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// So many bytes, from the front on.
    Part(u32),
    /// All of its so many bytes, and they are right.
    Whole(u32),
}

/// Why a chunk is not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotTaken {
    /// It does not follow what is here.
    #[error("{0} bytes are here: go on from there")]
    At(u32),
    /// It goes beyond what its record says, or beyond what any blob may be.
    #[error("{end} bytes, and its record says {length}; {LENGTH_MAX} is the most there may be")]
    TooLong {
        /// Where the chunk ends.
        end: u64,
        /// As its record says.
        length: u32,
    },
    /// All of it is here, and it is something else.
    #[error("the bytes have the hash {0}: begin anew")]
    Mixed(BlobId),
    /// The kiosk has used up its room.
    #[error("{used} of {quota} bytes of this kiosk's room for pictures are used; {length} more do not fit")]
    Quota {
        /// Bytes that are used.
        used: u64,
        /// Bytes that there are.
        quota: u64,
        /// Bytes that this one needs.
        length: u32,
    },
    /// Too many kiosks are sending.
    #[error("too many pictures are under way")]
    Busy,
    /// The disk failed or is full.
    #[error("cannot be stored: {0}")]
    Io(#[from] io::Error),
}

/// A blob that is not whole.
#[derive(Debug)]
struct Part {
    blob: BlobId,
    bytes: Vec<u8>,
    touched: Mono,
}

/// The blobs of all kiosks at a hub.
#[derive(Debug)]
pub struct Intake<D> {
    store: Store<D>,
    quota: u64,
    used: BTreeMap<KioskId, u64>,
    parts: BTreeMap<KioskId, Part>,
}

impl<D: Disk> Intake<D> {
    /// The blobs in `store`, of which each kiosk may have `quota` bytes.
    ///
    /// # Errors
    ///
    /// When the medium fails.
    pub fn open(mut store: Store<D>, quota: u64) -> io::Result<Self> {
        let mut used = BTreeMap::new();
        for Found { prefix, length, .. } in store.list()? {
            if let Some(Ok(kiosk)) = prefix.strip_suffix('.').map(str::parse::<KioskId>) {
                *used.entry(kiosk).or_default() += length;
            }
        }
        Ok(Self { store, quota, used, parts: BTreeMap::new() })
    }

    /// How much of a blob of `length` bytes is here.
    ///
    /// # Errors
    ///
    /// When the medium fails.
    pub fn held(&mut self, kiosk: &KioskId, blob: &BlobId, length: u32) -> io::Result<Held> {
        if self.store.length(&prefix(kiosk), blob)? == Some(u64::from(length)) {
            return Ok(Held::Whole(length));
        }
        let part = self.parts.get(kiosk).filter(|part| part.blob == *blob);
        Ok(Held::Part(part.map_or(0, |part| bytes_of(&part.bytes))))
    }

    /// Takes in `chunk` of a blob that a record of `kiosk` says is `length` bytes long.
    ///
    /// # Errors
    ///
    /// [`NotTaken`]; what was here before still is, but for [`NotTaken::Mixed`].
    pub fn put(
        &mut self,
        (kiosk, blob, length): (&KioskId, &BlobId, u32),
        at: u32,
        chunk: &[u8],
        now: Mono,
    ) -> Result<Held, NotTaken> {
        let end = u64::from(at) + chunk.len() as u64;
        let here = match self.held(kiosk, blob, length)? {
            whole @ Held::Whole(_) => return Ok(whole),
            Held::Part(here) => here,
        };
        if end > u64::from(length) || length > LENGTH_MAX {
            return Err(NotTaken::TooLong { end, length });
        }
        if at != here {
            return Err(NotTaken::At(here));
        }
        if at == 0 {
            self.begin((kiosk, blob, length), now)?;
        }
        let Some(part) = self.parts.get_mut(kiosk) else { return Err(NotTaken::At(0)) };
        part.bytes.extend_from_slice(chunk);
        part.touched = now;
        if end < u64::from(length) {
            return Ok(Held::Part(bytes_of(&part.bytes)));
        }
        self.finish(kiosk, blob, at)
    }

    /// Reads a blob and holds it against its name.
    ///
    /// # Errors
    ///
    /// [`Unread`].
    pub fn load(&mut self, kiosk: &KioskId, blob: &BlobId) -> Result<Vec<u8>, Unread> {
        self.store.load(&prefix(kiosk), blob)
    }

    /// Deletes a blob, and what is here of one that is under way.
    ///
    /// # Errors
    ///
    /// When the medium fails.
    pub fn forget(&mut self, kiosk: &KioskId, blob: &BlobId) -> io::Result<()> {
        if self.parts.get(kiosk).is_some_and(|part| part.blob == *blob) {
            self.parts.remove(kiosk);
        }
        let length = self.store.length(&prefix(kiosk), blob)?.unwrap_or(0);
        self.store.forget(&prefix(kiosk), blob)?;
        let used = self.used.entry(kiosk.clone()).or_default();
        *used = used.saturating_sub(length);
        Ok(())
    }

    /// Makes place for a blob; an older part of the same kiosk goes.
    fn begin(&mut self, (kiosk, blob, length): (&KioskId, &BlobId, u32), now: Mono) -> Result<(), NotTaken> {
        let used = self.used.get(kiosk).copied().unwrap_or(0);
        if !fits(used, u64::from(length), self.quota) {
            return Err(NotTaken::Quota { used, quota: self.quota, length });
        }
        if !self.parts.contains_key(kiosk) && self.parts.len() >= PARTS_MAX {
            let idle = self.parts.iter().find(|(_, part)| now.since(part.touched) >= IDLE);
            let idle = idle.map(|(kiosk, _)| kiosk.clone()).ok_or(NotTaken::Busy)?;
            self.parts.remove(&idle);
        }
        self.parts.insert(kiosk.clone(), Part { blob: *blob, bytes: vec![], touched: now });
        Ok(())
    }

    /// Stores a blob of which all is here. When that fails, its last chunk from `at` on is taken back.
    fn finish(&mut self, kiosk: &KioskId, blob: &BlobId, at: u32) -> Result<Held, NotTaken> {
        let Some(mut part) = self.parts.remove(kiosk) else { return Err(NotTaken::At(0)) };
        let found = name_of(&part.bytes);
        if found != *blob {
            return Err(NotTaken::Mixed(found));
        }
        if let Err(error) = self.store.keep(&prefix(kiosk), blob, &part.bytes) {
            part.bytes.truncate(at as usize);
            self.parts.insert(kiosk.clone(), part);
            return Err(error.into());
        }
        *self.used.entry(kiosk.clone()).or_default() += part.bytes.len() as u64;
        Ok(Held::Whole(bytes_of(&part.bytes)))
    }
}

fn prefix(kiosk: &KioskId) -> String {
    format!("{kiosk}.")
}

/// Parts are no longer than [`LENGTH_MAX`].
fn bytes_of(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}
