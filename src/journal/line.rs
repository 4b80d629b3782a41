//! A record's public part as one line of JSON: for export and for whoever wants a copy.

use data_encoding::HEXLOWER;
use serde::Serialize;

use super::stored::{Seal, Stored};
use crate::base::{Epoch, LaneId, Seq, Stamp};
use crate::model::Body;

/// What everybody may see of a record: everything but its box.
#[derive(Debug, Serialize)]
pub struct Line {
    /// The log's life.
    pub epoch: Epoch,
    /// The record's number in it.
    pub seq: Seq,
    /// When it was appended.
    pub stamp: Stamp,
    /// The lane it is about, if any.
    pub lane: Option<LaneId>,
    /// What happened.
    pub body: Body,
    /// Whether it has a personal part: `no`, `yes` or `erased`.
    pub sealed: &'static str,
    /// Its leaf in the log's tree, in hexadecimal.
    pub leaf: String,
}

impl Line {
    /// The line of a record of log `epoch`; `None` for what a later version wrote.
    pub fn of(epoch: Epoch, stored: &Stored) -> Option<Self> {
        let entry = stored.entry().ok()?;
        let sealed = match &stored.seal {
            Seal::None => "no",
            Seal::Boxed { .. } => "yes",
            Seal::Erased { .. } => "erased",
        };
        let leaf = HEXLOWER.encode(&stored.leaf_hash());
        Some(Self {
            epoch,
            seq: entry.seq,
            stamp: entry.stamp,
            lane: entry.lane,
            body: entry.body,
            sealed,
            leaf,
        })
    }
}
