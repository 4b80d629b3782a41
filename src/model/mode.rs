//! How strictly a place is guarded at the moment.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// An area's mode: which steps are asked may depend on it.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[serde(rename_all = "kebab-case")]
#[cbor(index_only)]
pub enum AreaMode {
    /// As usual.
    #[n(0)]
    #[default]
    Normal,
    /// Something is watched: more is asked.
    #[n(1)]
    Watch,
    /// Nobody goes in or out without need.
    #[n(2)]
    Sealed,
    /// An exercise.
    #[n(3)]
    Drill,
}

impl AreaMode {
    /// Every mode, from the mildest.
    pub const ALL: [Self; 4] = [Self::Normal, Self::Watch, Self::Sealed, Self::Drill];

    /// The name in files and commands.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Watch => "watch",
            Self::Sealed => "sealed",
            Self::Drill => "drill",
        }
    }
}

/// No mode has this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a mode is normal, watch, sealed or drill")]
pub struct NoMode;

impl std::str::FromStr for AreaMode {
    type Err = NoMode;

    fn from_str(name: &str) -> Result<Self, NoMode> {
        Self::ALL.into_iter().find(|mode| mode.name() == name).ok_or(NoMode)
    }
}
