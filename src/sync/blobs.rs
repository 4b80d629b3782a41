//! Large pieces of evidence, each under the SHA-256 of its bytes: what is sent when, and how it looks on the wire.
//!
//! A blob is named by a record, so that the record proves it whether its bytes have arrived or not; see
//! [`crate::model::picture`]. Records go first in every way: a blob is sent only when no record waits, in chunks of
//! [`CHUNK`], so that no record ever waits for more than one chunk.
//!
//! # Protocol
//!
//! As the other requests of a kiosk: see [`crate::sync`]. Every answer of status 200 or 409 has two headers:
//! `upload-offset`, how many bytes the hub has from the front on, and `upload-complete`, `?1` once it has all of them and
//! has held them against their name, else `?0`.
//!
//! | request | answers |
//! |---|---|
//! | `HEAD /v1/kiosks/{kiosk}/blobs/{sha256}` | `200` · `404` no record of this kiosk names it · `410` its record is erased: nothing is wanted |
//! | `PUT /v1/kiosks/{kiosk}/blobs/{sha256}?at=N`, a body of 1 to [`BODY_MAX`] bytes | as above · `409` go on from `upload-offset` · `413` longer than its record says · `422` all is here and it has another hash: begin anew · `507` no room for this kiosk · `429`, `503` later |
//!
//! Only what a record names is taken: the record says how long it is, and it came before, because records go first. So
//! nobody can store anything else at a hub, and what a kiosk may store is known beforehand. A part is not evidence: until
//! all is here and has the right hash it is kept in memory, and a hub that starts again begins anew. Sending anything twice
//! changes nothing. A kiosk deletes a blob when the hub has it whole, or wants it no more.
//!
//! # Queue
//!
//! ```text
//!            ask                     at N                  whole, or not wanted            deleted
//!  Waiting ───────▶ (hub answers) ─────────▶ Sending(N) ─────────────────────────▶ Done ───────────▶ ∅
//!     ▲                  │ 404: the others first   │ 409: from there; 422: from 0
//!     └──────────────────┴─────────────────────────┘ lost, busy, full: all of them wait
//! ```
//!
//! Invariants: nothing is sent while a record waits; one request at a time; nothing is deleted here before the hub has it
//! whole or says that it is not wanted; what is damaged here is never sent.

pub mod intake;
pub mod named;
pub mod queue;
pub mod store;

pub use intake::Intake;
pub use queue::Queue;
pub use store::Store;

use std::time::Duration;

use crate::base::{BlobId, Mono};
use crate::model::Picture;

/// Bytes of a chunk: five seconds on a line of 50 kbit/s.
pub const CHUNK: usize = 32 << 10;
/// Most bytes of a chunk that a hub takes.
pub const BODY_MAX: usize = 256 << 10;
/// Longest blob, in bytes.
pub const LENGTH_MAX: u32 = Picture::LENGTH_MAX;
/// Most bytes of blobs that a kiosk keeps until the hub has them.
pub const KEPT_MAX: u64 = 64 << 20;
/// Most bytes of blobs that a hub keeps of one kiosk.
pub const QUOTA: u64 = 4 << 30;
/// Header that says how many bytes there are.
pub const OFFSET_HEADER: &str = "upload-offset";
/// Header that says whether these are all, and right: `?1` or `?0`.
pub const COMPLETE_HEADER: &str = "upload-complete";

/// Whether another blob fits beside `used` bytes of blobs in a room of `most`.
///
/// What the hub has goes first, and at once. Where that does not help, no new one is taken: nothing is dropped unsent.
pub fn fits(used: u64, length: u64, most: u64) -> bool {
    used.saturating_add(length) <= most
}

/// What to do next about blobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Delete it here.
    Forget(BlobId),
    /// Read it, hold it against its name, and ask the hub how much of it is there.
    Ask(BlobId),
    /// Send up to `length` bytes from `at` on.
    Put {
        /// Of which.
        blob: BlobId,
        /// First byte.
        at: u32,
        /// Most bytes.
        length: usize,
    },
    /// Nothing until then, or until something happens.
    WaitUntil(Mono),
}

/// What came of an [`Action`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The hub has so many bytes, from the front on.
    At(u32),
    /// The hub has all of it, and it is right.
    Whole,
    /// The hub does not want it: what it belongs to is erased (410).
    Unwanted,
    /// The hub knows no record that names it (404).
    Unknown,
    /// What the hub has of it is not what its name says; it begins anew (422).
    Mixed,
    /// The hub has no room for it, in plain words (507).
    Full(String),
    /// The hub has no time now (429, 503).
    Busy {
        /// How long it asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// The hub refused this one for another reason, in plain words.
    Refused(String),
    /// No usable answer came, in plain words.
    Lost(String),
    /// It is deleted here.
    Forgotten,
    /// It is not here any more.
    Missing,
    /// It is damaged here and was set aside.
    Damaged,
    /// The medium here failed, in plain words.
    Stuck(String),
}

/// Whether records wait to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Records {
    /// Some do: they go first.
    Waiting,
    /// The hub has all of them.
    Sent,
}
