//! Wiring: devices, lanes, journal, sync and screens as one running kiosk.
//!
//! ```text
//!   device threads ─Observation─▶ lane task (LaneRunner) ─Append─▶ recorder thread (Recorder, Journal)
//!   pages ─────────Command──────▶      │        ◀───Durable, Refused, Failed, Restored──┘
//!                                      └─status─▶ watch ─▶ pages
//!   link task (Outbox) ◀─durable── journal reader ─batches─▶ hub
//!   inbox task (Inbox) ◀─signed commands── hub;  ─in force─▶ lanes, screens
//! ```
//! [`runner`] and [`recorder`] are pure but for their seams, and run in the simulator as they run here.

pub mod alarms;
mod attendance;
pub mod clock;
pub mod copying;
pub mod devices;
pub mod elsewhere;
pub mod evidence;
pub mod first_records;
pub mod id_reader;
mod inbox;
pub mod issuers;
pub mod keeper;
pub mod keeping;
pub mod keyboard;
pub mod kiosk;
pub mod lane;
pub mod lanes;
pub mod link;
pub mod lists;
pub mod outputs;
pub mod overdue;
pub mod past;
pub mod pictures;
pub mod policy;
pub mod reader;
pub mod recall;
pub mod recorder;
pub mod recording;
pub mod runner;
mod status_board;
pub mod training;
pub mod trust;
pub mod unresolved;
mod views;
mod watch_over;

pub use alarms::UrgentLog;
pub use kiosk::{Parts, Running, start};
pub use lanes::{LaneParts, Readers};
pub use link::Link;
pub use outputs::{OnPins, Outputs};
pub use recorder::{News, Recorder, Request, Waiter};
pub use runner::{Append, LaneRunner};
