//! A day's sheet: one kiosk's day as a signed summary that fits on paper, for when not even a stick gets through.
//!
//! The hub shows what it says as counts whose records are to follow, and compares it with the records when they come.
//! It names nobody.
//!
//! # Format
//!
//! A COSE_Sign1 (RFC 9052), untagged and in shortest form, around the CBOR of a [`Summary`]:
//!
//! ```text
//! [ bstr {1: -8 (EdDSA), 4: key id}, {}, bstr summary, bstr signature ]
//! ```
//!
//! The key id is the first 8 bytes of the SHA-256 of the kiosk's Ed25519 public key, which is the one that signs its log;
//! the external data of the signature is `kakou sheet 1`. What differs by one byte from what this module writes is
//! refused. The text for the symbols is specified in [`parts`].

pub mod count;
pub mod parts;

pub use count::{Cell, Counter, Counts, SiteDay, Surety, Waived};

use coset::{CborSerializable, CoseSign1, CoseSign1Builder, Header, HeaderBuilder, iana};
use minicbor::{Decode, Encode};

use crate::base::{Epoch, KioskId, Seq};
use crate::journal::{Hash, SigningKey, VerifyingKey, merkle::sha256};

const EXTERNAL: &[u8] = b"kakou sheet 1";

/// What happened at a kiosk on one day, as far as one of its logs tells.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Summary {
    /// Which kiosk.
    #[n(0)]
    pub kiosk: KioskId,
    /// Which of its logs.
    #[n(1)]
    pub epoch: Epoch,
    /// Which day, by the site's time.
    #[n(2)]
    pub day: SiteDay,
    /// Number of the day's first record.
    #[n(3)]
    pub first: Seq,
    /// Number of the day's last record: the size of the log at the end of the day.
    #[n(4)]
    pub last: Seq,
    /// Root over the records up to the last.
    #[cbor(n(5), with = "minicbor::bytes")]
    pub root: Hash,
    /// What was counted.
    #[n(6)]
    pub counts: Counts,
}

/// Why a sheet is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadSheet {
    /// Not a sheet, or not spelt as this program spells it.
    #[error("this is no kakou sheet, or it was misread")]
    Form,
    /// Not by the kiosk's key.
    #[error("the sheet is not signed by the kiosk that it names")]
    Forged,
    /// Not expressible.
    #[error("the day cannot be written as a sheet")]
    Encoding,
}

/// A sheet whose signature has not been checked yet.
#[derive(Clone, Debug)]
pub struct Unverified {
    envelope: CoseSign1,
    summary: Summary,
}

/// Signs a day.
///
/// # Errors
///
/// [`BadSheet::Encoding`], which no day of ours gives.
pub fn sign(summary: &Summary, key: &SigningKey) -> Result<Vec<u8>, BadSheet> {
    let payload = minicbor::to_vec(summary).map_err(|_| BadSheet::Encoding)?;
    let envelope = CoseSign1Builder::new()
        .protected(header(&key_id(&key.verifying())))
        .payload(payload)
        .create_signature(EXTERNAL, |message| key.sign(message))
        .build();
    envelope.to_vec().map_err(|_| BadSheet::Encoding)
}

impl Unverified {
    /// Reads a sheet.
    ///
    /// # Errors
    ///
    /// [`BadSheet::Form`].
    pub fn read(bytes: &[u8]) -> Result<Self, BadSheet> {
        let envelope = CoseSign1::from_slice(bytes).map_err(|_| BadSheet::Form)?;
        let key_id = envelope.protected.header.key_id.as_slice().try_into().map_err(|_| BadSheet::Form)?;
        let payload = envelope.payload.as_deref().ok_or(BadSheet::Form)?;
        let summary: Summary = minicbor::decode(payload).map_err(|_| BadSheet::Form)?;
        let plain = envelope.protected.original_data == header(&key_id).to_vec().ok()
            && envelope.unprotected.is_empty()
            && envelope.clone().to_vec().is_ok_and(|again| again == bytes)
            && minicbor::to_vec(&summary).is_ok_and(|again| again == payload);
        let sound = summary.first <= summary.last && summary.counts.is_sound();
        if plain && sound { Ok(Self { envelope, summary }) } else { Err(BadSheet::Form) }
    }

    /// What it says. Believe it only after [`verify`](Self::verify).
    pub fn claimed(&self) -> &Summary {
        &self.summary
    }

    /// Checks that `key` signed it.
    ///
    /// # Errors
    ///
    /// [`BadSheet::Forged`].
    pub fn verify(self, key: &VerifyingKey) -> Result<Summary, BadSheet> {
        let named = self.envelope.protected.header.key_id == key_id(key);
        let signed =
            self.envelope.verify_signature(EXTERNAL, |signature, message| key.check(message, signature));
        if named && signed.is_ok() { Ok(self.summary) } else { Err(BadSheet::Forged) }
    }
}

fn header(key_id: &[u8; 8]) -> Header {
    HeaderBuilder::new().algorithm(iana::Algorithm::EdDSA).key_id(key_id.to_vec()).build()
}

fn key_id(key: &VerifyingKey) -> [u8; 8] {
    let hash = sha256(&key.0);
    let mut id = [0; 8];
    id.copy_from_slice(&hash[..8]);
    id
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Random;

    #[test]
    fn a_sheet_survives_and_only_its_own_key_verifies_it() {
        let (key, summary) = (SigningKey::from_seed(&[3; 32]), sample());
        let bytes = sign(&summary, &key).unwrap();
        assert_eq!(Unverified::read(&bytes).unwrap().verify(&key.verifying()), Ok(summary));
        let other = SigningKey::from_seed(&[4; 32]).verifying();
        assert_eq!(Unverified::read(&bytes).unwrap().verify(&other), Err(BadSheet::Forged));
        assert!(bytes.len() < 250, "{} bytes", bytes.len());
    }

    #[test]
    fn no_change_of_any_bit_and_no_cut_is_accepted() {
        let key = SigningKey::from_seed(&[3; 32]);
        let bytes = sign(&sample(), &key).unwrap();
        let accepted =
            |bytes: &[u8]| Unverified::read(bytes).and_then(|sheet| sheet.verify(&key.verifying())).is_ok();
        for bit in 0..bytes.len() * 8 {
            let mut bent = bytes.clone();
            bent[bit / 8] ^= 1 << (bit % 8);
            assert!(!accepted(&bent), "bit {bit}");
        }
        assert!((0..bytes.len()).all(|length| !accepted(&bytes[..length])));
        assert!(!accepted(&[&bytes[..], &[0]].concat()));
    }

    #[test]
    fn random_bytes_never_panic() {
        let mut random = Random::new(4);
        for _ in 0..3_000 {
            let mut noise = vec![0; usize::try_from(random.below(300)).unwrap()];
            random.fill(&mut noise);
            assert!(Unverified::read(&noise).is_err());
        }
    }

    fn sample() -> Summary {
        let counts = Counts {
            records: 9,
            unsure_records: 1,
            lanes: vec!["in-1".parse().unwrap()],
            cells: vec![],
            waivers: vec![],
            opened_by_hand: 0,
            missing: 0,
        };
        Summary {
            kiosk: "east-1".parse().unwrap(),
            epoch: Epoch([7; 16]),
            day: SiteDay { days: 20_782, offset_minutes: 480 },
            first: Seq::FIRST,
            last: Seq::new(10).unwrap(),
            root: [5; 32],
            counts,
        }
    }
}
