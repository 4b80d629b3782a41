//! The hub's applied records, exactly once each, and what is asked of them: search, tallies, gaps, export.
//!
//! A [`Ledger`] is one SQLite file with one writer. Records are stored as they were signed, next to the columns that
//! are searched, and the state of each log (what is expected next, the right edge of its Merkle tree, the cosigned
//! note) changes in the same transaction. Personal data stays in the kiosk's sealed boxes: the ledger opens a
//! box in memory to index it under the hub's own blinding key and to show it, and never stores what was inside.

mod access;
mod apply;
mod blobs;
mod command;
mod counts;
mod drift_notes;
mod enrol;
mod erase;
mod export;
mod extract;
mod heartbeat;
mod hole;
mod intake;
mod keys;
mod placing;
mod record;
mod report;
mod revoke;
mod salvage;
mod schema;
mod search;
mod sheet;
mod shifts;
mod stated;
mod tables;
mod tls_keys;
mod turned_back;
mod urgent;

pub use access::{Access, Officer};
pub use apply::{Applied, Refused};
pub use blobs::BlobState;
pub use command::{NotIssued, Sent, SentState};
pub use counts::Counted;
pub use drift_notes::Noted;
pub use enrol::{EnrolRefused, Kiosk};
pub use export::Columns;
pub use hole::{Hole, Loss};
pub use intake::{Delivered, Intake, NotTaken};
pub use keys::Keys;
pub use record::{Record, RecordId};
pub use report::{Alarm, AlarmKind, Day, Gate, Tally};
pub use revoke::Revocation;
pub use schema::{Error, Ledger};
pub use search::{Cursor, Filter, Page, PersonalState, Row};
pub use sheet::{DaySheet, SheetRefused, SheetState, SheetTaken};
pub use shifts::{KioskShift, LaneShift, Unknown};
pub use tls_keys::{KeptOut, PinRefused, PinnedKey, Standing};
pub use urgent::{Acknowledged, AlarmId, Urgent, Which};
