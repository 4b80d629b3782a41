//! A sheet as text for QR symbols.
//!
//! # Format
//!
//! A sheet is cut into 1 to 4 parts of nearly the same length; each is one symbol in the alphanumeric mode:
//!
//! ```text
//! KKD1:<part>/<parts>:<first 4 bytes of the SHA-256 of the whole, hexadecimal in capitals>:<bytes in base45>
//! ```
//!
//! A part has at most 1,451 characters, which is a symbol of version 25 with error correction M; most sheets stay below
//! version 15. Parts may be read in any order, more than once, and mixed with those of other sheets.

use std::collections::BTreeMap;

use data_encoding::HEXUPPER;

use crate::journal::merkle::sha256;

/// How every part begins.
pub const PREFIX: &str = "KKD1:";
/// Most parts of a sheet.
pub const PARTS_MAX: usize = 4;
/// Most characters of a part: alphanumeric capacity of version 25-M (ISO/IEC 18004, table 7).
pub const TEXT_MAX: usize = 1_451;
/// Most sheets that are read together.
const SHEETS_MAX: usize = 64;
/// What is wanted of a symbol, in bytes: alphanumeric capacity of version 15-M, 600, less the head, in base45.
const BYTES_WANTED: usize = 388;
const HEAD: usize = "KKD1:1/4:01234567:".len();
const BYTES_MAX: usize = (TEXT_MAX - HEAD) / 3 * 2;

/// Why a sheet cannot be cut into symbols.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the day's summary has {0} bytes, {max} fit on a sheet; carry the records themselves", max = PARTS_MAX * BYTES_MAX)]
pub struct TooLong(pub usize);

/// Cuts a sheet into texts for symbols.
///
/// # Errors
///
/// [`TooLong`].
pub fn split(sheet: &[u8]) -> Result<Vec<String>, TooLong> {
    let parts = sheet.len().div_ceil(BYTES_WANTED).clamp(1, PARTS_MAX);
    let length = sheet.len().div_ceil(parts).max(1);
    if length > BYTES_MAX {
        return Err(TooLong(sheet.len()));
    }
    let id = id_of(sheet);
    let chunks = sheet.chunks(length);
    let total = chunks.len();
    Ok(chunks
        .enumerate()
        .map(|(index, bytes)| format!("{PREFIX}{}/{total}:{id}:{}", index + 1, base45::encode(bytes)))
        .collect())
}

fn id_of(sheet: &[u8]) -> String {
    HEXUPPER.encode(&sha256(sheet)[..4])
}

/// Puts sheets together from the texts of symbols.
#[derive(Debug, Default)]
pub struct Assembler {
    sheets: BTreeMap<String, Vec<Option<Vec<u8>>>>,
}

/// Why a text is no part of a sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no part of a kakou sheet")]
pub struct NoPart;

impl Assembler {
    /// Takes the text of a symbol.
    ///
    /// # Errors
    ///
    /// [`NoPart`]; what was taken before stays.
    pub fn take(&mut self, text: &str) -> Result<(), NoPart> {
        // No part ends with a space: the last digit of base45 is the highest, 32 at most, and a space is 36.
        let text = text.trim_ascii();
        let (id, part, parts, bytes) = parse(text).ok_or(NoPart)?;
        if self.sheets.len() >= SHEETS_MAX && !self.sheets.contains_key(id) {
            return Err(NoPart);
        }
        let sheet = self.sheets.entry(id.to_owned()).or_insert_with(|| vec![None; parts]);
        let place = sheet.get_mut(part - 1).ok_or(NoPart)?;
        *place = Some(bytes);
        Ok(())
    }

    /// Sheets of which every part is here, as bytes. One that was misread is none.
    pub fn whole(&self) -> Vec<Vec<u8>> {
        let whole = self.sheets.iter().filter_map(|(id, parts)| {
            let bytes = parts.iter().map(Option::as_deref).collect::<Option<Vec<_>>>()?.concat();
            (id_of(&bytes) == *id).then_some(bytes)
        });
        whole.collect()
    }

    /// Sheets of which parts are missing or misread: the id, and which parts.
    pub fn missing(&self) -> Vec<(String, Vec<usize>)> {
        let missing = self.sheets.iter().filter_map(|(id, parts)| {
            let absent: Vec<usize> = parts
                .iter()
                .enumerate()
                .filter(|(_, part)| part.is_none())
                .map(|(index, _)| index + 1)
                .collect();
            let bytes: Vec<u8> = parts.iter().flatten().flatten().copied().collect();
            (!absent.is_empty() || id_of(&bytes) != *id).then(|| (id.clone(), absent))
        });
        missing.collect()
    }
}

fn parse(text: &str) -> Option<(&str, usize, usize, Vec<u8>)> {
    if text.len() > TEXT_MAX {
        return None;
    }
    let (place, rest) = text.strip_prefix(PREFIX)?.split_once(':')?;
    // Base45 has a colon itself.
    let (id, encoded) = rest.split_once(':')?;
    let (part, parts) = place.split_once('/')?;
    let (part, parts): (usize, usize) = (part.parse().ok()?, parts.parse().ok()?);
    let good = (1..=PARTS_MAX).contains(&parts)
        && (1..=parts).contains(&part)
        && HEXUPPER.decode(id.as_bytes()).ok()?.len() == 4;
    let bytes = base45::decode(encoded).ok().filter(|bytes| !bytes.is_empty())?;
    good.then_some((id, part, parts, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Random;

    #[test]
    fn a_sheet_is_put_together_from_parts_in_any_order_among_others() {
        for length in [1, 100, 388, 389, 1_552, 2_000, PARTS_MAX * BYTES_MAX] {
            let (one, other) = (noise(length, 1), noise(length, 2));
            let mut texts = [split(&one).unwrap(), split(&other).unwrap()].concat();
            assert!(texts.iter().all(|text| text.len() <= TEXT_MAX), "{length} bytes");
            texts.reverse();
            let mut assembler = Assembler::default();
            texts.iter().chain(&texts).for_each(|text| assembler.take(text).unwrap());
            let whole = assembler.whole();
            assert!(whole.len() == 2 && whole.contains(&one) && whole.contains(&other), "{length} bytes");
            assert_eq!(assembler.missing(), []);
        }
        let long = noise(PARTS_MAX * BYTES_MAX + 1, 1);
        assert_eq!(split(&long), Err(TooLong(long.len())));
    }

    #[test]
    fn symbols_are_of_version_25_at_most_and_small_where_they_can_be() {
        let version = |length: usize| {
            let texts = split(&noise(length, 3)).unwrap();
            let symbol = qrcode::QrCode::with_error_correction_level(&texts[0], qrcode::EcLevel::M).unwrap();
            (texts.len(), symbol.width().div_euclid(4) - 4)
        };
        assert_eq!(version(388), (1, 15));
        assert_eq!(version(1_500), (4, 15));
        assert_eq!(version(PARTS_MAX * BYTES_MAX), (4, 25));
    }

    #[test]
    fn a_part_that_is_missing_or_misread_is_named() {
        let sheet = noise(900, 1);
        let texts = split(&sheet).unwrap();
        let mut assembler = Assembler::default();
        assembler.take(&texts[1]).unwrap();
        assert_eq!(assembler.missing()[0].1, [1, 3]);
        assembler.take(&texts[0]).unwrap();
        let mut misread = texts[2].clone().into_bytes();
        misread[30] = if misread[30] == b'0' { b'1' } else { b'0' };
        assembler.take(&String::from_utf8(misread).unwrap()).unwrap();
        assert_eq!((assembler.whole().len(), assembler.missing()[0].1.len()), (0, 0));
        assembler.take(&texts[2]).unwrap();
        assert_eq!(assembler.whole(), [sheet]);
    }

    #[test]
    fn white_space_around_a_part_takes_nothing_from_it() {
        for seed in 0..500 {
            let sheet = noise(20 + usize::try_from(seed % 2).unwrap(), seed);
            let text = split(&sheet).unwrap().remove(0);
            let mut assembler = Assembler::default();
            assembler.take(&format!(" {text} \r\n")).unwrap();
            assert_eq!(assembler.whole(), [sheet]);
        }
    }

    #[test]
    fn what_is_no_part_is_refused_and_memory_is_bounded() {
        for text in [
            "",
            "KKD1:",
            "KKD1:1/1:00:AA",
            "KKD1:0/1:01234567:AA",
            "KKD1:2/1:01234567:AA",
            "KKD1:1/9:01234567:AA",
            "KK1:AA",
        ] {
            assert_eq!(Assembler::default().take(text), Err(NoPart), "{text}");
        }
        let mut assembler = Assembler::default();
        let taken =
            (0..200_u32).filter(|number| assembler.take(&format!("KKD1:1/4:{number:08X}:AA0")).is_ok());
        assert_eq!(taken.count(), SHEETS_MAX);
        assert_eq!(assembler.take("KKD1:4/2:00000001:AA0"), Err(NoPart));
        let mut random = Random::new(3);
        for _ in 0..3_000 {
            let mut noise = vec![0; 60];
            random.fill(&mut noise);
            let text: String = noise.iter().map(|byte| char::from(32 + byte % 90)).collect();
            let _ = assembler.take(&format!("KKD1:{text}"));
        }
    }

    fn noise(length: usize, seed: u64) -> Vec<u8> {
        let mut bytes = vec![0; length];
        Random::new(seed).fill(&mut bytes);
        bytes
    }
}
