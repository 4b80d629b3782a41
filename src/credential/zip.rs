//! One small file out of a ZIP archive of a stranger (APPNOTE 6.3), by its central directory: bounded, and checked by its CRC-32.
//!
//! Writers that do not know a file's size beforehand leave it 0 in the header before the file and say it behind the file, so that only
//! the directory at the end can be believed. Archives that are encrypted, spread, or larger than 4 GiB are none of ours.

use super::inflate::{BYTES_MAX, Packing, unpack};

/// Signatures of the header before a file, of a directory entry, and of the end.
const LOCAL: &[u8] = b"PK\x03\x04";
const ENTRY: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";

/// Lengths of the same without names, extra fields and comments.
const LOCAL_BYTES: usize = 30;
const ENTRY_BYTES: usize = 46;
const END_BYTES: usize = 22;

/// Most files of an archive; credentials have one.
const FILES_MAX: usize = 4;

/// Encrypted, in one way or another.
const ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;

/// How a file is compressed.
const STORED: u16 = 0;
const DEFLATED: u16 = 8;

/// What the file `name` of the archive `bytes` holds, [`BYTES_MAX`] bytes at most; `None` where there is no such archive or file, it
/// stands there twice, or is not what its CRC says.
pub fn file(bytes: &[u8], name: &str) -> Option<Vec<u8>> {
    let entries = directory(bytes)?;
    let mut named = entries.into_iter().filter(|entry| entry.name == name.as_bytes());
    let (entry, None) = (named.next()?, named.next()) else { return None };
    let packed = entry.packed(bytes)?;
    let whole = match entry.method {
        STORED if entry.size <= BYTES_MAX => packed.to_vec(),
        DEFLATED => unpack(packed, Packing::Raw)?,
        _ => return None,
    };
    (whole.len() == entry.size && crc32(&whole) == entry.crc).then_some(whole)
}

/// What the directory says of a file.
struct Entry<'z> {
    name: &'z [u8],
    method: u16,
    crc: u32,
    packed_size: usize,
    size: usize,
    offset: usize,
}

impl<'z> Entry<'z> {
    /// The one with which `bytes` begin, and its length.
    fn read(bytes: &'z [u8]) -> Option<(Self, usize)> {
        if !bytes.starts_with(ENTRY) || bytes.len() < ENTRY_BYTES || short(bytes, 8)? & ENCRYPTED != 0 {
            return None;
        }
        let length = |at| short(bytes, at).map(usize::from);
        let (name, extra, comment) = (length(28)?, length(30)?, length(32)?);
        let entry = Self {
            name: bytes.get(ENTRY_BYTES..ENTRY_BYTES + name)?,
            method: short(bytes, 10)?,
            crc: long(bytes, 16)?,
            packed_size: usize::try_from(long(bytes, 20)?).ok()?,
            size: usize::try_from(long(bytes, 24)?).ok()?,
            offset: usize::try_from(long(bytes, 42)?).ok()?,
        };
        Some((entry, ENTRY_BYTES + name + extra + comment))
    }

    /// The file as it lies in `archive`.
    fn packed(&self, archive: &'z [u8]) -> Option<&'z [u8]> {
        let local = archive.get(self.offset..).filter(|local| local.starts_with(LOCAL))?;
        let (name, extra) = (usize::from(short(local, 26)?), usize::from(short(local, 28)?));
        let start = LOCAL_BYTES + name + extra;
        let is_same = local.get(LOCAL_BYTES..LOCAL_BYTES + name)? == self.name;
        local.get(start..start.checked_add(self.packed_size)?).filter(|_| is_same)
    }
}

fn directory(bytes: &[u8]) -> Option<Vec<Entry<'_>>> {
    // The last, for a comment may hold whatever it wants.
    let end = bytes.len().checked_sub(END_BYTES)?;
    let end = (0..=end).rev().find(|at| bytes[*at..].starts_with(END))?;
    let end = &bytes[end..];
    let count = usize::from(short(end, 10)?);
    // All on this one disk, and nothing behind the comment.
    let is_whole = short(end, 4)? == 0 && short(end, 8)? == short(end, 10)?;
    let is_last = end.len() == END_BYTES + usize::from(short(end, 20)?);
    if !is_whole || !is_last || count > FILES_MAX {
        return None;
    }
    let mut rest = bytes.get(usize::try_from(long(end, 16)?).ok()?..)?;
    let mut entries = Vec::with_capacity(count);
    for _ in 0..count {
        let (entry, length) = Entry::read(rest)?;
        rest = rest.get(length..)?;
        entries.push(entry);
    }
    Some(entries)
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// CRC-32 as ZIP has it (ISO 3309): reflected, 0xEDB88320, begun and ended with all ones.
fn crc32(bytes: &[u8]) -> u32 {
    let bit = |crc: u32| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| bit(crc)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::HEXLOWER;

    #[test]
    fn the_check_value_of_the_crc_is_the_published_one() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b""), 0);
    }

    /// `printf kakou > a && zip -0 -X a.zip a`: Info-ZIP 3.0.
    const STORED: &str = "504b03040a00000000000000615c3df7d22d050000000500000001000000616b616b6f75504b01021e030a00000000000000\
             615c3df7d22d0500000005000000010000000000000000000000a4810000000061504b050600000000010001002f00000024\
             0000000000";
    /// Python's `zipfile` to a pipe, where sizes are not known beforehand.
    const DESCRIBED: &str = "504b03041400080008000000615c0000000000000000000000001000000063657274696669636174652e6a736f6eab56ca4e\
             ccce2f55b282d23a4a894a56d1863a463ac6b13a103123b8642d00504b070840953a991f0000002e000000504b0102140314\
             00080008000000615c40953a991f0000002e0000001000000000000000000000008001000000006365727469666963617465\
             2e6a736f6e504b050600000000010001003e0000005d0000000000";

    #[test]
    fn archives_of_other_programs_are_read() {
        for (archive, name, content) in [
            (STORED, "a", "kakou"),
            (DESCRIBED, "certificate.json", r#"{"kakou":"kakou","a":[1,2,3],"kakou2":"kakou"}"#),
        ] {
            let archive = HEXLOWER.decode(archive.as_bytes()).unwrap();
            assert_eq!(file(&archive, name).as_deref(), Some(content.as_bytes()));
            assert_eq!(file(&archive, "b"), None);
            for end in 0..archive.len() {
                assert_eq!(file(&archive[..end], name), None, "{end}");
            }
        }
    }

    #[test]
    fn one_name_stands_for_one_file() {
        let archive = HEXLOWER.decode(STORED.as_bytes()).unwrap();
        let at = archive.windows(4).position(|bytes| bytes == ENTRY).unwrap();
        let end = archive.len() - END_BYTES;
        let mut twice = [&archive[..end], &archive[at..]].concat();
        let count = twice.len() - END_BYTES + 8;
        (twice[count], twice[count + 2]) = (2, 2);
        assert_eq!(file(&twice, "a"), None);
        twice[end + ENTRY_BYTES] = b'b';
        assert_eq!(file(&twice, "a").as_deref(), Some(&b"kakou"[..]), "the other has another name");
    }
}
