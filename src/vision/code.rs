//! What a reader hands on: the bytes of a symbol, where it was, and how it was read.

use super::frame::Point;
use crate::base::Pii;
use crate::model::Symbology;

/// A code that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Code {
    /// The symbol's bytes as encoded, never passed through a character set: a stranger's text until verified.
    pub payload: Pii<Vec<u8>>,
    /// Outer corners in pixels of the frame: upper left, upper right, lower right, lower left as the symbol
    /// sees them.
    pub corners: [Point; 4],
    /// Modules a side of a QR symbol: 21 (version 1) to 177 (version 40). None of another kind.
    pub modules: Option<u16>,
    /// Its place in a message spread over several symbols.
    pub part: Option<Part>,
    /// Which lane read it.
    pub lane: Lane,
}

/// The place of a symbol in a structured-append message (ISO/IEC 18004, 8.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part {
    /// Counted from 0.
    pub index: u8,
    /// Number of symbols, 2 to 16.
    pub count: u8,
    /// XOR of all bytes of the message: the same in each part.
    pub parity: u8,
}

/// Which lane read a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// The one that sees every frame.
    Fast,
    /// Several frames together, none of which shows enough.
    Frames,
    /// One attempt of the rotation.
    Slow(Attempt),
}

impl Lane {
    /// Its name for logs and tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fast => "fast",
            Self::Frames => "frames",
            Self::Slow(attempt) => attempt.name(),
        }
    }
}

/// A way of reading that is too dear for every frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attempt {
    /// Looks on every third row, which finds small and dense symbols.
    Harder,
    /// Sharpened first: blurred symbols.
    Sharpened,
    /// Light modules on dark ground.
    Inverted,
    /// A grid fitted to the grey picture, softened and at half its size: noise, screens, damage.
    Fitted,
    /// A grid fitted to the grey picture, with finder patterns from a threshold at the local mean: shine, slants.
    FittedMean,
    /// Threshold at the local mean, then rqrr: uneven light, shine.
    Mean,
    /// rqrr with its own threshold.
    Native,
    /// A symbol that is no QR symbol; see [`others`](super::others).
    Other(Symbology),
}

impl Attempt {
    /// Those that look for QR symbols, in the order in which they are tried.
    pub const QR: [Self; 7] = [
        Self::Harder,
        Self::Fitted,
        Self::FittedMean,
        Self::Sharpened,
        Self::Inverted,
        Self::Mean,
        Self::Native,
    ];

    /// Its name for logs and tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Harder => "harder",
            Self::Sharpened => "sharpened",
            Self::Inverted => "inverted",
            Self::Fitted => "fitted",
            Self::FittedMean => "fitted-mean",
            Self::Mean => "mean",
            Self::Native => "native",
            Self::Other(symbology) => symbology.name(),
        }
    }

    /// Whether rqrr looks for the symbol, whose search has no bound; see [`second`](super::second).
    pub const fn unbounded(self) -> bool {
        match self {
            Self::Mean | Self::Native => true,
            Self::Harder | Self::Sharpened | Self::Inverted | Self::Fitted | Self::FittedMean => false,
            Self::Other(_) => false,
        }
    }
}
