//! What all pages share.

use super::handle::Handle;

/// State behind every page.
pub struct Shared {
    /// The kiosk.
    pub handle: Handle,
}

impl Shared {
    pub fn new(handle: Handle) -> Self {
        Self { handle }
    }
}
