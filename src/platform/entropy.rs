//! Unpredictable bytes from the operating system.

use std::io;

use ring::rand::{SecureRandom, SystemRandom};

use crate::journal::Entropy;

/// The operating system's generator.
#[derive(Clone, Debug)]
pub struct OsEntropy(SystemRandom);

impl OsEntropy {
    /// The operating system's generator.
    pub fn new() -> Self {
        Self(SystemRandom::new())
    }
}

impl Default for OsEntropy {
    fn default() -> Self {
        Self::new()
    }
}

impl Entropy for OsEntropy {
    fn fill(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        self.0.fill(bytes).map_err(|_| io::Error::other("the operating system gives no random bytes"))
    }
}
