//! Where keys, salts and epochs come from.

use std::io;

/// A source of unpredictable bytes: the operating system's, or a seeded one in a simulation.
pub trait Entropy: Send {
    /// Fills `bytes`.
    ///
    /// # Errors
    ///
    /// When the source has none to give; `bytes` must then not be used.
    fn fill(&mut self, bytes: &mut [u8]) -> io::Result<()>;
}

/// Reproducible, for simulations and tests only.
impl Entropy for crate::base::Random {
    fn fill(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        Self::fill(self, bytes);
        Ok(())
    }
}
