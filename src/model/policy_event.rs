//! What happens to the policy that rules a kiosk.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// One step in the life of a policy bundle at a kiosk.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[serde(rename_all = "kebab-case")]
#[cbor(index_only)]
pub enum PolicyEvent {
    /// It was handed in, is good, and waits for a named person.
    #[n(0)]
    HandedIn,
    /// It was handed in and is refused; what ruled before goes on.
    #[n(1)]
    Refused,
    /// A named person at this gate has read it.
    #[n(2)]
    Acknowledged,
    /// It rules from now on.
    #[n(3)]
    Began,
    /// It has ended: the site's own policy rules, in the mode that the bundle says.
    #[n(4)]
    Ended,
}

impl PolicyEvent {
    /// The name in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HandedIn => "handed-in",
            Self::Refused => "refused",
            Self::Acknowledged => "acknowledged",
            Self::Began => "began",
            Self::Ended => "ended",
        }
    }
}
