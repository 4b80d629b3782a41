//! The tables of a ledger, as the steps that lead from an empty file to what this program reads.
//!
//! A new file takes every step, an older one those that it lacks, in one transaction, so that both end alike. A step that
//! was released is never altered nor taken out; what changes is a further step.

/// Step `n` makes version `n + 1` of the file out of version `n`.
pub(super) const STEPS: [&str; 15] = [
    RECORDS,
    super::sheet::TABLE,
    TIMES,
    HOLES,
    COUNTS,
    super::stated::TABLE,
    super::tls_keys::TABLES,
    super::urgent::TABLE,
    super::blobs::TABLE,
    COUNTED_UP_TO,
    super::command::TABLE,
    super::turned_back::TABLE,
    super::shifts::TABLES,
    super::drift_notes::TABLE,
    super::turned_back::SHOWN,
];

/// The version that this program writes: the number of steps that lead to it.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "there are a handful of steps"
)]
pub(super) const VERSION: i32 = STEPS.len() as i32;

/// The first version with [`TIMES`]; what is in an older file is placed anew.
pub(super) const WITH_TIMES: i32 = 3;

/// 1: kiosks, logs, records and what is searched of them.
const RECORDS: &str = "
-- The kiosks that may send.
CREATE TABLE kiosks (
    kiosk TEXT PRIMARY KEY,
    key BLOB NOT NULL,              -- Ed25519, pinned at enrolment
    enrolled INTEGER NOT NULL,      -- all times: milliseconds since 1970
    seen INTEGER                    -- last fresh batch or heartbeat
) STRICT, WITHOUT ROWID;

-- One-time tokens, by their digest.
CREATE TABLE tokens (
    digest BLOB PRIMARY KEY,
    kiosk TEXT,                     -- the name it is bound to, if any
    expires INTEGER NOT NULL,
    used INTEGER
) STRICT, WITHOUT ROWID;

-- The logs of the kiosks: one for each epoch.
CREATE TABLE logs (
    log INTEGER PRIMARY KEY,
    kiosk TEXT NOT NULL REFERENCES kiosks,
    epoch BLOB NOT NULL,
    next INTEGER NOT NULL,          -- the record expected next
    frontier BLOB NOT NULL,         -- right edge of the tree over the records before it
    note TEXT,                      -- last applied note, cosigned
    claimed INTEGER NOT NULL,       -- largest size that the kiosk has signed
    beat TEXT,                      -- last heartbeat's note
    opened INTEGER NOT NULL,
    applied INTEGER,                -- when records last arrived
    last_at INTEGER,                -- time of the last record
    UNIQUE (kiosk, epoch)
) STRICT;

-- Records, as they were signed.
CREATE TABLE entries (
    record INTEGER PRIMARY KEY,     -- log * 2^40 + seq
    public BLOB NOT NULL,           -- CBOR of the entry
    commitment BLOB,                -- for sealed records
    box BLOB,                       -- sealed personal part
    box_hash BLOB,                  -- of a box that was erased
    leaf BLOB NOT NULL,
    received INTEGER NOT NULL
) STRICT;

-- What is searched of the passages among them.
CREATE TABLE passages (
    record INTEGER PRIMARY KEY REFERENCES entries,
    kiosk TEXT NOT NULL,
    at INTEGER NOT NULL,            -- the best known time: see placing.rs
    at_sure INTEGER NOT NULL,       -- whether a time service vouches for it
    lane TEXT,
    subject TEXT NOT NULL,
    direction TEXT NOT NULL,
    class TEXT NOT NULL,
    verdict TEXT NOT NULL,
    reason TEXT,                    -- the most important one
    decided_by TEXT,                -- an attendant; NULL: the policy
    occupants INTEGER NOT NULL,
    took_ms INTEGER NOT NULL,
    arrival INTEGER NOT NULL,       -- record of the arrival
    crossing TEXT,                  -- what was seen at the barrier
    superseded INTEGER,             -- record of the verdict that follows this one up
    box_key INTEGER,                -- sealing key of its box
    personal TEXT NOT NULL          -- none, waiting (for a sealing key), indexed, unreadable, erased
) STRICT;
CREATE INDEX passages_at ON passages (at, record);
CREATE INDEX passages_kiosk ON passages (kiosk, at, record);
CREATE INDEX passages_verdict ON passages (verdict, at, record);
CREATE INDEX passages_arrival ON passages (arrival);
CREATE INDEX passages_waiting ON passages (record) WHERE personal = 'waiting';

-- Blinded identifiers of the people and vehicles in them.
CREATE TABLE identifiers (
    blinded BLOB NOT NULL,
    record INTEGER NOT NULL REFERENCES passages,
    PRIMARY KEY (blinded, record)
) STRICT, WITHOUT ROWID;
CREATE INDEX identifiers_record ON identifiers (record);

-- Sealing keys, encrypted to this hub as the kiosk sent them: the record that opened each.
CREATE TABLE sealing_keys (
    log INTEGER NOT NULL REFERENCES logs,
    number INTEGER NOT NULL,
    record INTEGER NOT NULL REFERENCES entries,
    PRIMARY KEY (log, number)
) STRICT, WITHOUT ROWID;

-- Counts by day (of China's one time zone), each arrival once, by its last verdict.
CREATE TABLE tallies (
    day INTEGER NOT NULL,           -- days since 1970-01-01
    kiosk TEXT NOT NULL,
    verdict TEXT NOT NULL,
    subject TEXT NOT NULL,
    direction TEXT NOT NULL,
    passages INTEGER NOT NULL,
    occupants INTEGER NOT NULL,
    PRIMARY KEY (day, kiosk, verdict, subject, direction)
) STRICT, WITHOUT ROWID;

-- Numbers that a log itself declares missing.
CREATE TABLE holes (
    record INTEGER PRIMARY KEY REFERENCES entries,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    found TEXT NOT NULL
) STRICT;

-- What somebody must look at.
CREATE TABLE alarms (
    alarm INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    kiosk TEXT NOT NULL,
    epoch BLOB NOT NULL,
    kind TEXT NOT NULL,
    detail TEXT NOT NULL,
    times INTEGER NOT NULL,
    UNIQUE (kiosk, epoch, kind, detail)
) STRICT;

-- Who was shown personal data, and why.
CREATE TABLE access_log (
    access INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    officer TEXT NOT NULL,
    reason TEXT NOT NULL,
    what TEXT NOT NULL              -- a record, or a search and how many records it gave
) STRICT;
";

/// 3: when records were made, as well as that is known: see `placing.rs`.
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

/// 4: records that are lost, and what could be salvaged around them.
const HOLES: &str = "
-- Whether the log's tree proves a record; else the kiosk's signature under what it salvaged does.
ALTER TABLE entries ADD COLUMN proven INTEGER NOT NULL DEFAULT 1;
CREATE INDEX entries_unproven ON entries (record) WHERE proven = 0;
ALTER TABLE logs ADD COLUMN salvaged INTEGER NOT NULL DEFAULT 0;  -- largest number of an unproven record
ALTER TABLE logs ADD COLUMN ended INTEGER;                        -- when its kiosk stated that it has ended
ALTER TABLE logs ADD COLUMN shrunk INTEGER NOT NULL DEFAULT 0;    -- last heartbeats that stated fewer than are here

-- Numbers that a log's tree goes on without. Those that no entry holds are lost.
CREATE TABLE skips (
    log INTEGER NOT NULL REFERENCES logs,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    statement TEXT NOT NULL,        -- signed by the kiosk
    frontier BLOB,                  -- right edge of the tree behind them; NULL: the log ended there
    received INTEGER NOT NULL,
    PRIMARY KEY (log, first)
) STRICT, WITHOUT ROWID;

-- What vouches for unproven records.
CREATE TABLE salvages (
    salvage INTEGER PRIMARY KEY,
    log INTEGER NOT NULL REFERENCES logs,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    statement TEXT NOT NULL,
    received INTEGER NOT NULL,
    UNIQUE (log, statement)
) STRICT;

-- Salvaged records under whose number another one is here.
CREATE TABLE strays (
    log INTEGER NOT NULL REFERENCES logs,
    seq INTEGER NOT NULL,
    leaf BLOB NOT NULL,
    public BLOB NOT NULL,
    commitment BLOB,
    box BLOB,
    box_hash BLOB,
    statement TEXT NOT NULL,
    received INTEGER NOT NULL,
    PRIMARY KEY (log, seq, leaf)
) STRICT, WITHOUT ROWID;
";

/// 5: what kiosks count beside their records.
const COUNTS: &str = "
-- The last counts of each lane, as its kiosk signed them.
CREATE TABLE counts (
    log INTEGER NOT NULL REFERENCES logs,
    lane TEXT NOT NULL,
    since INTEGER NOT NULL,         -- records when the kiosk's program started
    raised INTEGER NOT NULL,
    beam INTEGER NOT NULL,
    present INTEGER NOT NULL,
    passages INTEGER NOT NULL,
    size INTEGER NOT NULL,          -- of the heartbeat that said so
    at INTEGER NOT NULL,
    PRIMARY KEY (log, lane)
) STRICT, WITHOUT ROWID;

-- Barriers that were opened without a verdict, by hand.
CREATE TABLE openings (
    record INTEGER PRIMARY KEY REFERENCES entries,
    lane TEXT
) STRICT;
";

/// 10: openings are counted once, as records come. What was counted before begins again where the program started.
const COUNTED_UP_TO: &str = "
ALTER TABLE counts ADD COLUMN recorded INTEGER NOT NULL DEFAULT 0; -- openings on record after since, up to
ALTER TABLE counts ADD COLUMN through INTEGER NOT NULL DEFAULT 0;  -- this record
UPDATE counts SET through = since;
";
