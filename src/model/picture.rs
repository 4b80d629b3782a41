//! A picture that is kept as evidence: what its record says of it, in public and in the personal part.
//!
//! The picture itself is no part of a record. It is sealed with a key of its own ([`crate::journal::picture`]) and stored
//! under the SHA-256 of the sealed bytes. The public part names these bytes, so that what is shown is what was taken; the
//! personal part holds the key, so that erasing it destroys the picture wherever its bytes are.

use std::fmt;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use super::verdict::Verdict;
use crate::base::BlobId;

/// Sealed bytes that belong to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub struct Picture {
    /// SHA-256 of the sealed bytes, which is their name.
    #[n(0)]
    pub sha256: BlobId,
    /// How many sealed bytes there are.
    #[n(1)]
    pub length: u32,
}

impl Picture {
    /// Longest sealed picture, in bytes.
    pub const LENGTH_MAX: u32 = 1 << 20;

    /// Verdicts of which a site may keep pictures: all but plain admissions, of which it would have one of everybody, and
    /// passages that ended by nobody's decision.
    pub const VERDICTS: [Verdict; 7] = [
        Verdict::AdmittedWithFollowUp,
        Verdict::Advised,
        Verdict::TurnedBack,
        Verdict::Referred,
        Verdict::Held,
        Verdict::HandedOff,
        Verdict::EmergencyAdmitted,
    ];
}

/// The key that opens a picture. Does not print itself.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct PictureKey(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 32]);

impl fmt::Debug for PictureKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PictureKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_who_was_simply_let_through_is_kept() {
        let left_out: Vec<_> =
            Verdict::ALL.into_iter().filter(|verdict| !Picture::VERDICTS.contains(verdict)).collect();
        assert_eq!(left_out, [Verdict::Admitted, Verdict::Abandoned]);
    }

    #[test]
    fn a_key_survives_cbor_and_does_not_print_itself() {
        let key = PictureKey([7; 32]);
        let bytes = minicbor::to_vec(&key).unwrap();
        assert_eq!(minicbor::decode::<PictureKey>(&bytes).unwrap(), key);
        assert_eq!(format!("{key:?}"), "PictureKey");
    }
}
