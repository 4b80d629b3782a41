//! What an outbox asks to be done, and what can come of it.

use std::time::Duration;

use crate::base::{Mono, Seq};

/// How eagerly an outbox sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Time between heartbeats.
    pub heartbeat: Duration,
    /// Ceiling of the first wait after a failure; it doubles with each further one.
    pub retry_first: Duration,
    /// Highest ceiling of a wait after a failure.
    pub retry_max: Duration,
    /// Time between two questions after a log that has ended.
    pub recheck: Duration,
    /// Longest time a request may take before it counts as lost.
    pub request_max: Duration,
    /// Most records in a batch.
    pub entries_max: usize,
    /// Most bytes of records in a batch, before compression. One record is sent however large it is.
    pub bytes_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            heartbeat: Duration::from_mins(1),
            retry_first: Duration::from_secs(1),
            retry_max: Duration::from_mins(5),
            recheck: Duration::from_hours(1),
            request_max: Duration::from_secs(30),
            entries_max: 500,
            bytes_max: 256 * 1024,
        }
    }
}

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Ask the hub which record it expects next.
    Head,
    /// Send up to `max_entries` records of up to `max_bytes` together, from `from` on.
    Post {
        /// First record.
        from: Seq,
        /// Most records.
        max_entries: usize,
        /// Most bytes before compression.
        max_bytes: usize,
    },
    /// Send a heartbeat.
    Heartbeat,
    /// Send the whole ones of these records, which no tree proves: up to so many at a time.
    Salvage {
        /// First number.
        from: u64,
        /// Last number.
        through: u64,
        /// Most records.
        max_entries: usize,
        /// Most bytes before compression.
        max_bytes: usize,
    },
    /// Tell the hub that these records are lost to the tree.
    Hole {
        /// First number.
        first: Seq,
        /// Last number; the tree over that many is known.
        last: u64,
    },
    /// Tell the hub that nothing more comes after this number.
    End {
        /// First number that no tree proves; `None` for a log that the hub contradicts.
        first: Option<Seq>,
        /// Last number.
        last: u64,
    },
    /// Do nothing until then, or until more becomes durable.
    WaitUntil(Mono),
}

/// What came of an [`Action`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The hub expects `next`: to a head, a heartbeat, or a batch that it applied.
    Next(Seq),
    /// The batch does not fit; the hub expects `next` (409).
    Rewind(Seq),
    /// The hub has everything of this log, and knows that it has ended.
    Ended,
    /// The hub holds other records under this log's name.
    Fork(String),
    /// Nothing could be sent: from the asked-for record on, records or the tree are lost here.
    Gone {
        /// The last record that is lost; before the asked-for one when only the tree is.
        through: u64,
        /// Size of the first tree that is known again.
        resume: Option<u64>,
    },
    /// Everything whole up to this number is with the hub.
    Salvaged(u64),
    /// A heartbeat could not be made, in plain words.
    NoBeat(String),
    /// The batch is too large (413).
    TooLarge,
    /// The hub cannot unpack it (415); it is packed more plainly from now on.
    Unpacked,
    /// The hub has no time now (429, 503).
    Busy {
        /// How long it asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// The hub refused for another reason, in plain words.
    Refused(String),
    /// No usable answer came, in plain words.
    Lost(String),
}
