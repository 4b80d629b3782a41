//! Files of sealing keys, beside the segments. The file's owner alone may read them.
//!
//! # Format
//!
//! `<epoch>-<number, 10 digits>.key`; integers are little-endian. It is durable before the key is used.
//!
//! | bytes | field |
//! |---|---|
//! | 8 | magic `KAKOUKY2` |
//! | 4 | number of the key within the epoch |
//! | 8 | number of the first record that may be sealed with it |
//! | 8 | milliseconds that had passed for certain since the log's first key was drawn |
//! | 16 | when it was drawn: boot |
//! | 8 | monotonic time, in nanoseconds |
//! | 8 | wall time, in milliseconds |
//! | 1 | how far that is trusted: 0 not at all, 1 by a battery-backed clock, 2 by a time service; 255: not yet stamped |
//! | 3 | zero |
//! | 32 | key |
//! | 4 | CRC-32C over all of the above |
//!
//! The older form is `KAKOUKEY`, number, key and checksum, 48 bytes; it is read, and replaced by a newer key at once. A
//! file that is all zeros is what is left of a destroyed key until its destruction is on record.

use std::io;

use zeroize::Zeroizing;

use super::disk::Disk;
use super::replace::replace;
use super::seal::{Error, SealingKey};
use crate::base::{BootId, ClockTrust, Epoch, Mono, Stamp, Wall};

const MAGIC: &[u8; 8] = b"KAKOUKY2";
const MAGIC_OLD: &[u8; 8] = b"KAKOUKEY";
const LENGTH: usize = 8 + 4 + 8 + 8 + 16 + 8 + 8 + 4 + 32 + 4;
const LENGTH_OLD: usize = 8 + 4 + 32 + 4;
const SECRET_AT: usize = 64;
const UNSTAMPED: u8 = 255;

/// A key that this kiosk holds.
#[derive(Clone, Debug)]
pub struct HeldKey {
    /// The key.
    pub key: SealingKey,
    /// Since when it is in use; `None` for one that is not stamped yet.
    pub opened: Option<Opened>,
}

/// Since when a key is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// When it was drawn.
    pub at: Stamp,
    /// Number of the first record that may be sealed with it.
    pub first: u64,
    /// Milliseconds that had passed for certain since the log's first key was drawn.
    pub proven_ms: u64,
}

/// What a key file holds.
pub(super) enum Content {
    Held(HeldKey),
    /// Overwritten.
    Destroyed,
    /// Neither.
    Damaged,
}

/// Name of a key's file.
pub(super) fn name(epoch: Epoch, number: u32) -> String {
    format!("{epoch}-{number:010}.key")
}

/// The number of the key in `file`, if it is one of this epoch.
pub(super) fn number(file: &str, epoch: Epoch) -> Option<u32> {
    parse(file).filter(|(log, _)| *log == epoch).map(|(_, number)| number)
}

/// Which log's key is in `file`, and its number; `None` for any other file.
pub(super) fn parse(file: &str) -> Option<(Epoch, u32)> {
    let (log, number) = file.strip_suffix(".key")?.split_once('-')?;
    let (log, number) = (log.parse().ok()?, number.parse().ok()?);
    (name(log, number) == file).then_some((log, number))
}

pub(super) fn read<D: Disk>(disk: &mut D, file: &str, number: u32) -> Content {
    let mut bytes = Zeroizing::new([0; LENGTH + 1]);
    let Ok(length) = disk.read_at(file, 0, &mut bytes[..]) else { return Content::Damaged };
    let bytes = &bytes[..length];
    if length > 0 && bytes.iter().all(|byte| *byte == 0) {
        return Content::Destroyed;
    }
    decode(bytes, number).map_or(Content::Damaged, Content::Held)
}

/// The sealing keys of a log that are still on `disk`; none is made.
///
/// # Errors
///
/// When the directory cannot be listed.
pub fn held_keys<D: Disk>(disk: &mut D, epoch: Epoch) -> io::Result<Vec<SealingKey>> {
    let files = disk.list()?;
    let numbered = files.iter().filter_map(|file| number(file, epoch).map(|number| (file, number)));
    let held = numbered.filter_map(|(file, number)| match read(disk, file, number) {
        Content::Held(held) => Some(held.key),
        Content::Destroyed | Content::Damaged => None,
    });
    Ok(held.collect())
}

/// Writes a key's file, durably.
pub(super) fn write<D: Disk>(disk: &mut D, epoch: Epoch, held: &HeldKey) -> Result<(), Error> {
    let bytes = encode(held);
    Ok(replace(disk, &name(epoch, held.key.number()), &bytes)?)
}

/// Overwrites a key's file, durably. What a card keeps of the old bytes in blocks that it no longer shows cannot be
/// reached from here; an encrypted disk is the answer to that.
pub(super) fn overwrite<D: Disk>(disk: &mut D, epoch: Epoch, number: u32) -> Result<(), Error> {
    let file = name(epoch, number);
    let length = usize::try_from(disk.len(&file)?).unwrap_or(LENGTH).min(LENGTH);
    disk.write_at(&file, 0, &vec![0; length])?;
    Ok(disk.sync(&file)?)
}

fn encode(held: &HeldKey) -> Zeroizing<Vec<u8>> {
    let unstamped = Stamp {
        boot: BootId([0; 16]),
        mono: Mono::ZERO,
        wall: Wall(0),
        trust: ClockTrust::None,
        max_error_ms: 0,
    };
    let Opened { at, first, proven_ms } =
        held.opened.unwrap_or(Opened { at: unstamped, first: 1, proven_ms: 0 });
    let trust = match at.trust {
        _ if held.opened.is_none() => UNSTAMPED,
        ClockTrust::None => 0,
        ClockTrust::Rtc => 1,
        ClockTrust::Synced => 2,
    };
    let mut bytes = Zeroizing::new(Vec::with_capacity(LENGTH));
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&held.key.number().to_le_bytes());
    bytes.extend_from_slice(&first.to_le_bytes());
    bytes.extend_from_slice(&proven_ms.to_le_bytes());
    bytes.extend_from_slice(&at.boot.0);
    bytes.extend_from_slice(&at.mono.0.to_le_bytes());
    bytes.extend_from_slice(&at.wall.0.to_le_bytes());
    bytes.extend_from_slice(&[trust, 0, 0, 0]);
    bytes.extend_from_slice(held.key.expose());
    let crc = crc32c::crc32c(&bytes);
    bytes.extend_from_slice(&crc.to_le_bytes());
    bytes
}

fn decode(bytes: &[u8], number: u32) -> Option<HeldKey> {
    let (content, crc) = bytes.split_last_chunk::<4>()?;
    if crc32c::crc32c(content) != u32::from_le_bytes(*crc) || content.get(8..12)? != number.to_le_bytes() {
        return None;
    }
    if content.starts_with(MAGIC_OLD) && bytes.len() == LENGTH_OLD {
        let secret = content[12..].try_into().ok()?;
        return Some(HeldKey { key: SealingKey::new(number, secret), opened: None });
    }
    if !content.starts_with(MAGIC) || bytes.len() != LENGTH {
        return None;
    }
    let long = |at: usize| content[at..at + 8].try_into().map(u64::from_le_bytes).ok();
    let trust = match content[60] {
        UNSTAMPED => None,
        0 => Some(ClockTrust::None),
        1 => Some(ClockTrust::Rtc),
        2 => Some(ClockTrust::Synced),
        _ => return None,
    };
    let at = |trust| {
        let boot = BootId(content[28..44].try_into().ok()?);
        let (mono, wall) = (Mono(long(44)?), Wall(long(52)?.cast_signed()));
        Some(Stamp { boot, mono, wall, trust, max_error_ms: 0 })
    };
    let opened = match trust.map(at) {
        None => None,
        Some(at) => Some(Opened { at: at?, first: long(12)?, proven_ms: long(20)? }),
    };
    let secret = content[SECRET_AT..].try_into().ok()?;
    Some(HeldKey { key: SealingKey::new(number, secret), opened })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_its_file_and_every_altered_bit_is_noticed() {
        for opened in [Some(opened()), None] {
            let held = HeldKey { key: SealingKey::new(7, [5; 32]), opened };
            let bytes = encode(&held);
            assert_eq!(bytes.len(), LENGTH);
            let read = decode(&bytes, 7).unwrap();
            assert_eq!((read.key.expose(), read.key.number(), read.opened), (&[5; 32], 7, opened));
            assert!(decode(&bytes, 8).is_none(), "a file under another name");
            for bit in 0..bytes.len() * 8 {
                let mut bad = bytes.to_vec();
                bad[bit / 8] ^= 1 << (bit % 8);
                assert!(decode(&bad, 7).is_none(), "bit {bit}");
            }
            for length in 0..bytes.len() {
                assert!(decode(&bytes[..length], 7).is_none(), "{length} bytes");
            }
        }
    }

    #[test]
    fn the_older_form_is_still_read() {
        let mut bytes = MAGIC_OLD.to_vec();
        bytes.extend_from_slice(&3_u32.to_le_bytes());
        bytes.extend_from_slice(&[9; 32]);
        let crc = crc32c::crc32c(&bytes);
        bytes.extend_from_slice(&crc.to_le_bytes());
        let held = decode(&bytes, 3).unwrap();
        assert_eq!((held.key.expose(), held.opened), (&[9; 32], None));
    }

    #[test]
    fn names_say_log_and_number() {
        let epoch = Epoch([7; 16]);
        assert_eq!(number(&name(epoch, 12), epoch), Some(12));
        assert_eq!(number(&name(epoch, 12), Epoch([8; 16])), None);
        assert_eq!(number(&format!("{}.new", name(epoch, 12)), epoch), None);
    }

    fn opened() -> Opened {
        let at = Stamp {
            boot: BootId([4; 16]),
            mono: Mono(77),
            wall: Wall(-5),
            trust: ClockTrust::Synced,
            max_error_ms: 0,
        };
        Opened { at, first: 1_000, proven_ms: 86_400_000 }
    }
}
