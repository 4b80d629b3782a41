//! The hub's applied records, exactly once each, and what is asked of them: search, tallies, gaps, export.
//!
//! A [`Ledger`] is one SQLite file with one writer. Records are stored as they were signed, next to the columns that
//! are searched, and the state of each log (what is expected next, the right edge of its Merkle tree, the cosigned
//! note) changes in the same transaction. Personal data stays in the kiosk's sealed boxes: the ledger opens a
//! box in memory to index it under the hub's own blinding key and to show it, and never stores what was inside.

mod access;
mod apply;
mod command;
mod enrol;
mod export;
mod extract;
mod heartbeat;
mod hole;
mod intake;
mod keys;
mod placing;
mod record;
mod report;
mod salvage;
mod schema;
mod search;
mod sheet;
mod tables;

pub use access::{Access, Officer};
pub use apply::{Applied, Refused};
pub use command::{NotIssued, Sent, SentState};
pub use enrol::{EnrolRefused, Kiosk};
pub use export::Columns;
pub use hole::{Hole, Loss};
pub use intake::{Delivered, Intake, NotTaken};
pub use keys::Keys;
pub use record::{Record, RecordId};
pub use report::{Alarm, AlarmKind, Day, Gate, Tally};
pub use schema::{Error, Ledger};
pub use search::{Cursor, Filter, Page, PersonalState, Row};
pub use sheet::{DaySheet, SheetRefused, SheetState, SheetTaken};
