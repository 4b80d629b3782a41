//! That a lane was used to practise, on record so that the time is accounted for. What was practised is on no record.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// What became of a lane's training.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[serde(rename_all = "kebab-case")]
#[cbor(index_only)]
pub enum Training {
    /// It began: the lane takes nobody but an emergency.
    #[n(0)]
    Begun,
    /// An attendant ended it.
    #[n(1)]
    Ended,
    /// Nobody did anything for too long.
    #[n(2)]
    TimedOut,
    /// A real emergency ended it.
    #[n(3)]
    Emergency,
    /// The kiosk stopped meanwhile.
    #[n(4)]
    Stopped,
}

/// Lanes that are practised at are called so, and no real one is.
pub const PRACTICE_NAMES: &str = "practice-";
