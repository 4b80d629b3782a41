//! Kinds of two-dimensional codes other than QR.

/// A kind of two-dimensional code that a camera reads only where its board says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Symbology {
    /// Data Matrix (ISO/IEC 16022): labels of medicine and samples, wristbands, postage.
    DataMatrix,
    /// PDF417 (ISO/IEC 15438): driving licences, boarding passes, papers of the civil service.
    Pdf417,
    /// Aztec (ISO/IEC 24778): tickets of trains and airlines, some identity papers.
    Aztec,
}

impl Symbology {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::DataMatrix, Self::Pdf417, Self::Aztec];

    /// Its name in board files, logs and tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DataMatrix => "data-matrix",
            Self::Pdf417 => "pdf417",
            Self::Aztec => "aztec",
        }
    }

    /// The kind with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|symbology| symbology.name() == name)
    }
}
