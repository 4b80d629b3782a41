//! Blinded identifiers: searchable without being readable.

use std::fmt;

use minicbor::{Decode, Encode};
use ring::hmac;

use super::width::narrow;

/// A keyed digest of an identifier: equal for equal identifiers, useless without the site's key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct Blinded(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 16]);

impl fmt::Debug for Blinded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[blinded]")
    }
}

/// What an identifier is; the same text blinds differently for each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentifierKind {
    /// An identity number.
    IdNumber,
    /// A vehicle plate.
    Plate,
    /// A telephone number.
    Phone,
    /// The identifier of a pass.
    Pass,
    /// A person's name.
    Name,
}

impl IdentifierKind {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::IdNumber => b"id\0",
            Self::Plate => b"plate\0",
            Self::Phone => b"phone\0",
            Self::Pass => b"pass\0",
            Self::Name => b"name\0",
        }
    }
}

/// Blinds identifiers with a site's secret key.
///
/// HMAC-SHA-256 truncated to 128 bits. A plain hash would be no protection: there are only about 10¹¹ identity
/// numbers.
#[derive(Clone)]
pub struct Blinder {
    key: hmac::Key,
}

impl fmt::Debug for Blinder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Blinder")
    }
}

impl Blinder {
    /// A blinder with the site's `key`.
    pub fn new(key: &[u8; 32]) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, key) }
    }

    /// Blinds a `normalised` identifier: upper case, no separators.
    pub fn blind(&self, kind: IdentifierKind, normalised: &str) -> Blinded {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(kind.label());
        context.update(normalised.as_bytes());
        let tag = context.sign();
        let mut short = [0; 16];
        short.copy_from_slice(&tag.as_ref()[..16]);
        Blinded(short)
    }
}

/// How an identifier is written before it is blinded: upper case, half width, without separators.
pub fn normalised(text: &str) -> String {
    let kept = |c: &char| !c.is_whitespace() && !matches!(c, '-' | '.' | '·' | '•' | '・');
    text.chars().map(narrow).filter(kept).flat_map(char::to_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_identifiers_blind_equally_and_only_under_the_same_key_and_kind() {
        let site = Blinder::new(&[7; 32]);
        let blinded = site.blind(IdentifierKind::Plate, "京A12345");
        assert_eq!(blinded, site.blind(IdentifierKind::Plate, "京A12345"));
        assert_ne!(blinded, site.blind(IdentifierKind::Phone, "京A12345"));
        assert_ne!(blinded, Blinder::new(&[8; 32]).blind(IdentifierKind::Plate, "京A12345"));
        assert_eq!(format!("{blinded:?}"), "[blinded]");
    }
}
