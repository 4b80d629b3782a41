//! Attendants' badges: a random token in a QR symbol, of which the site's file holds only a hash.
//!
//! ```text
//! badge  = "KAKOU-BADGE:" base32(token), 26 characters without padding, RFC 4648; token: 16 random bytes
//! stored = "sha256:" hex(SHA-256("kakou badge v1\n" token))
//! ```
//! A PIN has 10,000 values, so that its hash has to be slow; a token has 2^128, and whoever reads the hash can try none
//! of them that matter. A slow hash would only let strangers keep the kiosk busy. A lost badge is taken out of the file.

use data_encoding::{BASE32_NOPAD, HEXLOWER};
use ring::digest::{SHA256, digest};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// What the text of every badge begins with.
pub const PREFIX: &str = "KAKOU-BADGE:";

const CONTEXT: &[u8] = b"kakou badge v1\n";
const STORED: &str = "sha256:";

/// What is on a badge. Does not print itself.
pub struct Badge(Zeroizing<[u8; 16]>);

impl Badge {
    /// The badge with this token.
    pub fn new(token: [u8; 16]) -> Self {
        Self(token.into())
    }

    /// What a reader gives of a badge; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let written = text.trim().strip_prefix(PREFIX)?;
        let token = Zeroizing::new(BASE32_NOPAD.decode(written.as_bytes()).ok()?);
        token.as_slice().try_into().ok().map(Self::new)
    }

    /// The text of its QR symbol.
    pub fn text(&self) -> Zeroizing<String> {
        format!("{PREFIX}{}", BASE32_NOPAD.encode(&*self.0)).into()
    }

    /// What the site's file holds of it.
    pub fn hash(&self) -> BadgeHash {
        let mut text = Zeroizing::new(CONTEXT.to_vec());
        text.extend_from_slice(&*self.0);
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, &text).as_ref());
        BadgeHash(hash)
    }
}

/// Hash of a badge's token.
#[derive(Clone, Copy, Debug)]
pub struct BadgeHash([u8; 32]);

impl BadgeHash {
    /// As it stands in the site's file; `None` when it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let hash = HEXLOWER.decode(text.strip_prefix(STORED)?.as_bytes()).ok()?;
        hash.try_into().ok().map(Self)
    }
}

/// Takes the same time wherever the two differ.
impl PartialEq for BadgeHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for BadgeHash {}

impl std::fmt::Display for BadgeHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{STORED}{}", HEXLOWER.encode(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_badge_is_read_as_it_was_printed_and_known_by_its_hash_alone() {
        let badge = Badge::new([0xA5; 16]);
        assert_eq!(badge.text().as_str(), "KAKOU-BADGE:UWS2LJNFUWS2LJNFUWS2LJNFUU");
        let read = Badge::parse(&format!(" {}\r\n", badge.text().as_str())).unwrap();
        assert_eq!(read.hash(), badge.hash());
        let stored = badge.hash().to_string();
        assert_eq!(BadgeHash::parse(&stored), Some(badge.hash()));
        assert!(stored.len() == 71 && !stored.contains("UWS2"), "{stored}");
        assert_ne!(Badge::new([0xA4; 16]).hash(), badge.hash());
    }

    #[test]
    fn any_other_text_is_no_badge() {
        let good = Badge::new([7; 16]).text().to_string();
        for bad in [
            "",
            "1357",
            PREFIX,
            &good[1..],
            &good[..good.len() - 1],
            &format!("{good}A"),
            &good.to_lowercase(),
        ] {
            assert!(Badge::parse(bad).is_none(), "{bad}");
        }
        for bad in ["", "sha256:", "sha256:00", &"0".repeat(64), &format!("sha256:{}", "g".repeat(64))] {
            assert_eq!(BadgeHash::parse(bad), None, "{bad}");
        }
    }
}
