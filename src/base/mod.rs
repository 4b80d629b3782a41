//! What everything else is made of: units, time, names, reasons for no reading, guarded personal data.

pub mod blob_id;
pub mod checksum;
pub mod id;
pub mod no_reading;
pub mod pii;
pub mod random;
pub mod time;
pub mod units;

pub use blob_id::BlobId;
pub use id::{
    AttendantId, BootId, CommandId, CommandSeries, DeviceId, EditionId, Epoch, IssuerId, KioskId, LaneId,
    PolicyId, Seq, Slug,
};
pub use no_reading::NoReading;
pub use pii::Pii;
pub use random::Random;
pub use time::{ClockTrust, Mono, Stamp, Wall};
pub use units::CentiCelsius;
