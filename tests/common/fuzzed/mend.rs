//! Makes checksums fit again after bytes were altered, as somebody would who wants to be believed.

/// Mends a segment's header, its frames, or both.
pub fn mend_segment(bytes: &mut [u8], file: &str, header: bool, frames: bool) {
    if header && let Some(end) = word(bytes, 12).and_then(|length| length.checked_sub(4)) {
        checksum(bytes, 0, end);
    }
    let digit = |at: usize| u8::from_str_radix(&file[at..at + 2], 16).unwrap();
    let epoch: Vec<u8> = (7..39).step_by(2).map(digit).collect();
    for at in 0..bytes.len() {
        if frames && bytes[at..].starts_with(b"KKF1") {
            frame(bytes, at, &epoch);
        }
    }
}

fn frame(bytes: &mut [u8], at: usize, epoch: &[u8]) -> Option<()> {
    let proofs = if bytes.get(at + 5)? & 1 == 1 { 64 } else { 0 };
    let end = word(bytes, at + 24)?.checked_add(at + 36 + proofs)?;
    let crc = crc32c::crc32c_append(crc32c::crc32c(epoch), bytes.get(at..at + 32)?);
    let crc = crc32c::crc32c_append(crc, bytes.get(at + 36..end)?);
    bytes[at + 32..at + 36].copy_from_slice(&crc.to_le_bytes());
    Some(())
}

/// Mends a parcel's head and its pieces, as far as their lengths lead.
pub fn mend_parcel(bytes: &mut [u8]) -> Option<()> {
    let mut at = checksum(bytes, 0, word(bytes, 12)?.checked_add(16)?)?;
    loop {
        let content = word(bytes, at + 28)?;
        at = checksum(bytes, at, 32)?;
        at = checksum(bytes, at, content)?;
    }
}

/// Writes the checksum over `length` bytes behind them; gives the end of it.
fn checksum(bytes: &mut [u8], start: usize, length: usize) -> Option<usize> {
    let end = start.checked_add(length)?;
    let crc = crc32c::crc32c(bytes.get(start..end)?);
    bytes.get_mut(end..end.checked_add(4)?)?.copy_from_slice(&crc.to_le_bytes());
    Some(end + 4)
}

fn word(bytes: &[u8], at: usize) -> Option<usize> {
    let word = bytes.get(at..)?.first_chunk::<4>()?;
    usize::try_from(u32::from_le_bytes(*word)).ok()
}
