//! What was added to the ledger's tables since version 1: one step a version, each only adding.
//!
//! A file of any older version is brought up to date when its writer opens it, in one transaction. Steps are never
//! changed and never taken out; the version of a file is 1 more than the number of steps taken.

/// The steps, in order.
pub(super) const STEPS: [&str; 3] = [super::sheet::TABLE, TIMES, super::stated::TABLE];

/// The version that this program writes.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "there are a handful of steps"
)]
pub(super) const VERSION: i32 = 1 + STEPS.len() as i32;

/// The first version with [`TIMES`]; what is in an older file is placed anew.
pub(super) const WITH_TIMES: i32 = 3;

/// When records were made, as well as that is known: see `placing.rs`.
const TIMES: &str = "
-- The boots of each log's kiosk, and what is known of their clocks.
CREATE TABLE IF NOT EXISTS boots (
    log INTEGER NOT NULL REFERENCES logs,
    first INTEGER NOT NULL,         -- record with which it begins
    clock BLOB NOT NULL,            -- CBOR of model::BootClock
    shown INTEGER,                  -- latest time of its last record when its passages were placed
    dirty INTEGER NOT NULL,         -- whether more is known by now
    PRIMARY KEY (log, first)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS boots_dirty ON boots (log, first) WHERE dirty;

-- The interval in which each passage was decided; passages.at lies within.
CREATE TABLE IF NOT EXISTS times (
    record INTEGER PRIMARY KEY REFERENCES passages,
    earliest INTEGER,               -- NULL: nothing says
    latest INTEGER,
    known TEXT NOT NULL             -- synced, mapped, battery, bounded, received, unknown
) STRICT;
";
