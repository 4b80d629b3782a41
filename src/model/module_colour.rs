//! The colour of a code's modules, as a camera sees it.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// What colour the dark modules of a code are.
///
/// It says what was shown, and nothing of who shows it: pixels are whatever an app paints. So it goes on record beside
/// what an attendant says, and no rule may depend on it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[serde(rename_all = "kebab-case")]
#[cbor(index_only)]
pub enum ModuleColour {
    /// Black or grey.
    #[n(0)]
    Black,
    /// Green.
    #[n(1)]
    Green,
    /// Yellow to orange.
    #[n(2)]
    Yellow,
    /// Red.
    #[n(3)]
    Red,
    /// Blue.
    #[n(4)]
    Blue,
}

impl ModuleColour {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Black, Self::Green, Self::Yellow, Self::Red, Self::Blue];

    /// Its name as records have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Black => "black",
            Self::Green => "green",
            Self::Yellow => "yellow",
            Self::Red => "red",
            Self::Blue => "blue",
        }
    }
}
