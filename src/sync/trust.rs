//! How a kiosk gets its hub's file of trust: offered when there is a later one, fetched in pieces, and gone on with after a cut.
//!
//! `GET /v1/kiosks/{kiosk}/trust?above=V&wait=S` answers `200` with an [`Offer`] as soon as the hub has a file with a version above V,
//! and `204` when it has none within S seconds. `GET /v1/kiosks/{kiosk}/trust/{version}?from=N` answers `200` with the bytes of that
//! file from N on, at most [`PIECE_MAX`], and `404` when the hub has another one by now.
//!
//! The file says itself who signed it; what is said here only tells what to ask for.

use minicbor::{Decode, Encode};

/// Most bytes of a piece: 20 s over a line of 100 kbit/s.
pub const PIECE_MAX: usize = 256 << 10;
/// Longest file that a kiosk fetches: one with 10 million revocations has some 100 MB.
pub const LENGTH_MAX: u64 = 256 << 20;

/// A file that the hub has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Offer {
    /// Its version: the higher, the later.
    #[n(0)]
    pub version: u64,
    /// How many bytes it has.
    #[n(1)]
    pub length: u64,
}

impl Offer {
    /// The offer as it travels.
    pub fn encode(&self) -> Vec<u8> {
        // Writing into memory cannot fail; should it, the kiosk sees no offer.
        minicbor::to_vec(self).unwrap_or_default()
    }

    /// Reads an offer; none where the bytes are something else, or offer more than is ever fetched.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut decoder = minicbor::Decoder::new(bytes);
        let offer: Self = decoder.decode().ok()?;
        (decoder.position() == bytes.len() && (1..=LENGTH_MAX).contains(&offer.length)).then_some(offer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_is_read_as_it_was_written_and_nothing_else() {
        let offer = Offer { version: 7, length: 1_000 };
        let bytes = offer.encode();
        assert_eq!(Offer::decode(&bytes), Some(offer));
        assert_eq!(Offer::decode(&bytes[..bytes.len() - 1]), None);
        assert_eq!(Offer::decode(&[&bytes[..], &[0]].concat()), None);
        assert_eq!(Offer::decode(&Offer { length: 0, ..offer }.encode()), None);
        assert_eq!(Offer::decode(&Offer { length: LENGTH_MAX + 1, ..offer }.encode()), None);
    }
}
