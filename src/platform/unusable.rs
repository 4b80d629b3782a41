//! Why a device of the board cannot be used.

use std::fmt::Display;

use crate::base::DeviceId;

/// A device that could not be opened, with everything needed to mend it.
///
/// Prints as `device brow: /dev/i2c-1: No such file or directory (os error 2)`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("device {device}: {path}: {cause}")]
pub struct Unusable {
    /// Its id in the board file.
    pub device: DeviceId,
    /// The path or line that was tried.
    pub path: String,
    /// What went wrong.
    pub cause: String,
}

impl Unusable {
    /// `device` could not be opened at `path`.
    pub fn new(device: &DeviceId, path: impl Display, cause: impl Display) -> Self {
        Self { device: device.clone(), path: path.to_string(), cause: cause.to_string() }
    }
}
