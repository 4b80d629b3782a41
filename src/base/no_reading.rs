//! Why a device gave no value.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// The reason a reading is absent. Absence is a value: it is shown, recorded and never taken for normal.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    Encode,
    Decode,
    thiserror::Error,
)]
#[serde(rename_all = "kebab-case")]
#[cbor(index_only)]
pub enum NoReading {
    /// Nothing answers at the device's address.
    #[n(0)]
    #[error("device does not answer")]
    Absent,
    /// The device did not answer in time.
    #[n(1)]
    #[error("device did not answer in time")]
    Timeout,
    /// The transfer failed in another way.
    #[n(2)]
    #[error("transfer failed")]
    Bus,
    /// The bytes received fail their checksum.
    #[n(3)]
    #[error("checksum does not match")]
    Checksum,
    /// The device itself says that its value is not valid.
    #[n(4)]
    #[error("device flags its value as invalid")]
    Flagged,
    /// The last good value is too old to use.
    #[n(5)]
    #[error("value is too old")]
    Stale,
}
