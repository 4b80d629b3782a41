//! How strictly a place is guarded at the moment.

use serde::{Deserialize, Serialize};

/// An area's mode: which steps are asked may depend on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AreaMode {
    /// As usual.
    #[default]
    Normal,
    /// Something is watched: more is asked.
    Watch,
    /// Nobody goes in or out without need.
    Sealed,
    /// An exercise.
    Drill,
}

impl AreaMode {
    /// Every mode, from the mildest.
    pub const ALL: [Self; 4] = [Self::Normal, Self::Watch, Self::Sealed, Self::Drill];
}
