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
    /// Something answers, but it is not set up as the board file says, or it is another one.
    #[n(6)]
    #[error("another device answers than the board file says")]
    WrongPart,
    /// The device was powered a moment ago and has no value yet.
    #[n(7)]
    #[error("device is still starting")]
    Starting,
    /// The device is writing its own memory.
    #[n(8)]
    #[error("device is writing its memory")]
    MemoryBusy,
    /// The device's own memory is damaged, and with it its calibration: it has to be replaced.
    #[n(9)]
    #[error("device's memory is damaged")]
    MemoryDead,
    /// The device's supply failed for a moment since the last reading.
    #[n(10)]
    #[error("device lost its supply for a moment")]
    PowerDip,
    /// The device does not agree with what it is compared with, or was not compared in time: its values mean nothing.
    #[n(11)]
    #[error("device does not agree with its reference")]
    OffReference,
}
