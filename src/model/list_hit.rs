//! What the site's lists say of a subject.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// What the site's lists say of a subject. It may ask for a person to look, and never denies by itself.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[serde(rename_all = "kebab-case")]
#[cbor(index_only)]
pub enum ListHit {
    /// No list names them, or none has been asked yet.
    #[n(0)]
    #[default]
    None,
    /// The lists cannot be asked, or are stale.
    #[n(1)]
    Unknown,
    /// A list names them, and nobody has looked at that yet.
    #[n(2)]
    Listed,
    /// A list names them, and an attendant has looked at it.
    #[n(3)]
    Seen,
    /// They were turned back not long ago, here or at another gate.
    #[n(4)]
    TurnedBack,
    /// They are expected.
    #[n(5)]
    Expected,
    /// They were here before today, and what was found then still counts.
    #[n(6)]
    ReEntry,
}

impl ListHit {
    /// Everything that lists can say, in the order of the records.
    pub const ALL: [Self; 7] = [
        Self::None,
        Self::Unknown,
        Self::Listed,
        Self::Seen,
        Self::TurnedBack,
        Self::Expected,
        Self::ReEntry,
    ];

    /// This, or `other` where the lists name nobody.
    pub fn or(self, other: Self) -> Self {
        if self == Self::None { other } else { self }
    }

    /// The name in records and files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Unknown => "unknown",
            Self::Listed => "listed",
            Self::Seen => "seen",
            Self::TurnedBack => "turned-back",
            Self::Expected => "expected",
            Self::ReEntry => "re-entry",
        }
    }
}
