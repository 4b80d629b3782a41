//! What was found when a journal was opened, for records, screens and logs.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use super::erase::Erasing;
use crate::base::{CommandId, Epoch, LaneId, Seq, Stamp};
use crate::model::{Body, Cause, Direction, Draft, DriftNote, SubjectKind};

/// What was found when a journal was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// The log begins with this start.
    pub fresh: bool,
    /// Last record, if there is any.
    pub last: Option<(Seq, Stamp)>,
    /// Whether the last run ended in order.
    pub clean: bool,
    /// Bytes of a torn tail that were cut.
    pub cut_bytes: usize,
    /// Records that were acknowledged once, are lost, and not yet recorded as such.
    pub gaps: Vec<Gap>,
    /// Files that were set aside.
    pub quarantined: Vec<String>,
    /// The log that had to be ended, and why.
    pub ended: Option<Ended>,
    /// Arrivals without a verdict, oldest first.
    pub open_arrivals: Vec<OpenArrival>,
    /// The command of the hub that was taken last, as far as the last records go.
    pub commanded: Option<CommandId>,
    /// The command of which it was last recorded what became of it.
    pub command_done: Option<CommandId>,
    /// Records whose sealed part is damaged.
    pub damaged_boxes: Vec<u64>,
    /// Erasures that the last run put on record and may not have carried out.
    pub erasing: Vec<Erasing>,
    /// The newest of the last records that are alarms, oldest first: see [`crate::model::alarm`].
    pub alarms: VecDeque<FoundAlarm>,
    /// In an urgent log: the record to which the last one of the last records points.
    pub pointed: Option<(Epoch, Option<Seq>)>,
    /// What the last records note of each lane's thermometer, oldest first; at most [`DRIFT_NOTES_MAX`](Self::DRIFT_NOTES_MAX)
    /// a lane.
    pub drift_notes: BTreeMap<LaneId, Vec<DriftNote>>,
    /// Other findings, in plain words.
    pub remarks: Vec<String>,
}

/// Records that are lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// First missing number.
    pub from: Seq,
    /// Last missing number.
    pub through: Seq,
    /// What was found, in plain words.
    pub found: String,
}

/// A log that could not be continued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Which log.
    pub epoch: Epoch,
    /// Why, in plain words.
    pub why: String,
}

/// An arrival that nobody decided: the kiosk stopped in between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenArrival {
    /// The arrival's record.
    pub arrival: Seq,
    /// Where.
    pub lane: Option<LaneId>,
    /// Person or vehicle.
    pub subject: SubjectKind,
    /// Which way.
    pub direction: Direction,
    /// When.
    pub stamp: Stamp,
}

/// A record that is an alarm, and may not be in the urgent log yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundAlarm {
    /// Of which log.
    pub epoch: Epoch,
    /// Its number there.
    pub seq: Seq,
    /// Where.
    pub lane: Option<LaneId>,
    /// When.
    pub stamp: Stamp,
    /// Why it is one.
    pub kind: Cause,
}

impl FoundAlarm {
    /// The alarm as the urgent log records it.
    pub fn draft(&self) -> Draft {
        self.kind.draft(self.lane.clone(), Some((self.epoch, Some(self.seq))))
    }
}

impl Recovery {
    /// Most alarms that are kept of the last records.
    pub const ALARMS_MAX: usize = 256;
    /// Most notes on a thermometer that are kept of the last records: what its drift monitor looks back at.
    pub const DRIFT_NOTES_MAX: usize = 10;

    /// Whether nothing was wrong.
    pub fn is_untroubled(&self) -> bool {
        self.cut_bytes == 0
            && self.gaps.is_empty()
            && self.quarantined.is_empty()
            && self.ended.is_none()
            && self.damaged_boxes.is_empty()
            && self.remarks.is_empty()
    }

    /// The entries to append first: that the kiosk `version` started, and what is missing.
    pub fn drafts(&self, version: &str) -> Vec<Draft> {
        let booted = Body::Booted {
            version: version.to_owned(),
            recovered: self.last.map(|(seq, _)| seq),
            clean: self.clean,
        };
        let booted = Draft { lane: None, body: booted, personal: None };
        std::iter::once(booted).chain(self.gap_drafts()).collect()
    }

    /// Of them those that say what is missing.
    pub fn gap_drafts(&self) -> impl Iterator<Item = Draft> {
        self.gaps.iter().cloned().map(|Gap { from, through, found }| Draft {
            lane: None,
            body: Body::Gap { from, through, found },
            personal: None,
        })
    }
}

/// One finding a line.
impl fmt::Display for Recovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.last {
            _ if self.fresh => writeln!(f, "a new log begins")?,
            Some((seq, _)) if self.clean => writeln!(f, "last record {seq}, the last run ended in order")?,
            Some((seq, _)) => writeln!(f, "last record {seq}, the last run did not end in order")?,
            None => writeln!(f, "no record yet")?,
        }
        if let Some(ended) = &self.ended {
            writeln!(f, "log {} was ended: {}", ended.epoch, ended.why)?;
        }
        if self.cut_bytes > 0 {
            writeln!(f, "{} bytes at the end were never acknowledged and were cut", self.cut_bytes)?;
        }
        for gap in &self.gaps {
            writeln!(f, "records {} to {} are lost: {}", gap.from, gap.through, gap.found)?;
        }
        for seq in &self.damaged_boxes {
            writeln!(f, "the sealed part of record {seq} is damaged")?;
        }
        for file in &self.quarantined {
            writeln!(f, "{file} cannot be read and was set aside")?;
        }
        for open in &self.open_arrivals {
            writeln!(f, "arrival {} has no verdict", open.arrival)?;
        }
        self.remarks.iter().try_for_each(|remark| writeln!(f, "{remark}"))
    }
}
