//! What everything else is made of: units, time, names, reasons for no reading, guarded personal data.

pub mod checksum;
pub mod id;
pub mod no_reading;
pub mod pii;
pub mod random;
pub mod time;
pub mod units;

pub use id::{AttendantId, BootId, CommandId, DeviceId, Epoch, KioskId, LaneId, PolicyId, Seq, Series, Slug};
pub use no_reading::NoReading;
pub use pii::Pii;
pub use random::Random;
pub use time::{ClockTrust, Mono, Stamp, Wall};
pub use units::CentiCelsius;
