//! Sealing a picture with a key of its own, which lies in the sealed part of its record and nowhere else.
//!
//! | bytes | field |
//! |---|---|
//! | 4 | `KKP1` |
//! | 24 | nonce, random |
//! | … | the picture, XChaCha20-Poly1305 under its key, with the first four bytes as associated data |
//!
//! What is stored, sent and named by its SHA-256 is these bytes. Sealing costs some milliseconds on the smallest board;
//! storing them is another thread's affair.

use zeroize::Zeroizing;

use super::entropy::Entropy;
use super::merkle::sha256;
use super::seal::{Error, open_with, seal_with};
use crate::base::BlobId;
use crate::model::{Picture, PictureKey};

const MAGIC: &[u8; 4] = b"KKP1";
const NONCE: usize = 24;

/// A picture that is sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// What the record's public part says of it.
    pub picture: Picture,
    /// What its personal part says of it.
    pub key: PictureKey,
    /// What is stored.
    pub bytes: Vec<u8>,
}

/// Seals a picture under a key that is drawn for it.
///
/// # Errors
///
/// [`Error::Io`] without random bytes, [`Error::TooLong`] for more than [`Picture::LENGTH_MAX`] bytes.
pub fn seal(plain: &[u8], entropy: &mut dyn Entropy) -> Result<Sealed, Error> {
    let mut drawn = Zeroizing::new([0; 32 + NONCE]);
    entropy.fill(&mut drawn[..])?;
    let (key, nonce) = drawn.split_at(32);
    let content = seal_with(key, nonce, plain, MAGIC)?;
    let bytes = [&MAGIC[..], nonce, &content].concat();
    let length = u32::try_from(bytes.len()).ok().filter(|length| *length <= Picture::LENGTH_MAX);
    let length = length.ok_or(Error::TooLong(plain.len()))?;
    let mut own = PictureKey([0; 32]);
    own.0.copy_from_slice(key);
    Ok(Sealed { picture: Picture { sha256: name_of(&bytes), length }, key: own, bytes })
}

/// Opens what [`seal`] sealed.
///
/// # Errors
///
/// [`Error::Malformed`], or [`Error::Unopened`] when it was altered or the key is another one's.
pub fn open(key: &PictureKey, bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let rest = bytes.strip_prefix(&MAGIC[..]).ok_or(Error::Malformed)?;
    let (nonce, content) = rest.split_first_chunk::<NONCE>().ok_or(Error::Malformed)?;
    open_with(&key.0, nonce, content, MAGIC)
}

/// The name of stored bytes.
pub fn name_of(bytes: &[u8]) -> BlobId {
    BlobId(sha256(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Random;

    #[test]
    fn a_picture_opens_with_its_own_key_only_and_only_as_it_was_taken() {
        let one = seal(&stripes(), &mut Random::new(1)).unwrap();
        let other = seal(&stripes(), &mut Random::new(2)).unwrap();
        assert_eq!(open(&one.key, &one.bytes).unwrap(), stripes());
        assert_eq!(one.picture.length as usize, one.bytes.len());
        assert_eq!(one.picture.sha256, name_of(&one.bytes));
        assert!(one.key != other.key && one.picture.sha256 != other.picture.sha256);
        assert!(matches!(open(&other.key, &one.bytes), Err(Error::Unopened)));
        for at in [0, 3, 4, 27, 28, 5_000, one.bytes.len() - 1] {
            let mut altered = one.bytes.clone();
            altered[at] ^= 1;
            assert!(open(&one.key, &altered).is_err(), "byte {at}");
        }
        for length in [0, 3, 4, 27, 28, 43, one.bytes.len() - 1] {
            assert!(open(&one.key, &one.bytes[..length]).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn sealed_bytes_hold_no_pattern_of_the_picture_and_not_the_key() {
        let sealed = seal(&stripes(), &mut Random::new(1)).unwrap();
        let holds = |part: &[u8]| sealed.bytes.windows(part.len()).any(|window| window == part);
        assert!(!holds(&[255; 8]) && !holds(&[0; 8]) && !holds(b"BMstripes"));
        assert!(!holds(&sealed.key.0) && !holds(&sealed.key.0[..8]));
        // The picture is two values in equal parts; sealed, no byte stands out.
        let mut counts = [0_u32; 256];
        sealed.bytes.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
        let mean = u32::try_from(sealed.bytes.len() / 256).unwrap();
        assert!(counts.iter().all(|count| count.abs_diff(mean) < mean / 2), "{counts:?}");
    }

    #[test]
    fn more_than_a_record_may_name_is_refused() {
        let most = Picture::LENGTH_MAX as usize - 4 - NONCE - 16;
        assert!(seal(&vec![0; most], &mut Random::new(1)).is_ok());
        assert!(matches!(seal(&vec![0; most + 1], &mut Random::new(1)), Err(Error::TooLong(_))));
    }

    /// A picture with as much of a pattern as there can be.
    fn stripes() -> Vec<u8> {
        let rows = (0..160_000_u32).map(|at| if at / 400 % 2 == 0 { 255 } else { 0 });
        b"BMstripes".iter().copied().chain(rows).collect()
    }
}
