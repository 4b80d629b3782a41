//! What of a recorder's records must overtake the backlog: see [`crate::model::alarm`].
//!
//! The main record comes first: an alarm is raised once its record is durable. While the journal fails it is raised at
//! once, without a record, and once more with it when it is durable after all; the same stamp tells that it is one.

use super::{Recorder, Request};
use crate::base::{Epoch, LaneId, Seq, Stamp};
use crate::control::RoomMark;
use crate::journal::Disk;
use crate::model::Cause;

impl<D: Disk> Recorder<D> {
    /// What is to be written into the urgent log, in order. Call it after everybody was told the news.
    pub fn take_alarms(&mut self) -> Vec<Request> {
        std::mem::take(&mut self.alarms)
    }

    /// The room on the disk is now at `mark`.
    pub(super) fn disk_changed(&mut self, mark: RoomMark, stamp: &Stamp) {
        let worse = match (self.disk.mark, mark) {
            (RoomMark::Ample, RoomMark::Low | RoomMark::Reserve) | (RoomMark::Low, RoomMark::Reserve) => true,
            (_, RoomMark::Ample) | (RoomMark::Low | RoomMark::Reserve, RoomMark::Low) => false,
            (RoomMark::Reserve, RoomMark::Reserve) => false,
        };
        if worse {
            self.alarms.push(raise(Cause::DiskLow, None, None, *stamp));
        }
    }

    /// Another log begins: the old one could not be continued.
    pub(super) fn log_ended(&mut self) {
        let record = Some((self.journal.epoch(), Some(Seq::FIRST)));
        self.alarms.extend(self.last.map(|stamp| raise(Cause::LogEnded, None, record, stamp)));
    }

    /// From now on nothing can be written: whatever waits and is an alarm stands alone.
    pub(super) fn write_failed(&mut self) {
        self.alarms.extend(self.last.map(|stamp| raise(Cause::WriteFailed, None, None, stamp)));
        let appended = self.appended.iter().map(|(_, request)| request);
        self.alarms.extend(appended.chain(&self.waiting).filter_map(alone));
    }
}

/// The alarm that a record is which cannot be written now.
pub(super) fn alone(request: &Request) -> Option<Request> {
    let kind = Cause::of(&request.draft.body)?;
    Some(raise(kind, request.draft.lane.clone(), None, request.stamp))
}

/// The alarm that a durable record is.
pub(super) fn with_record(request: &Request, epoch: Epoch, seq: Seq) -> Option<Request> {
    let kind = Cause::of(&request.draft.body)?;
    Some(raise(kind, request.draft.lane.clone(), Some((epoch, Some(seq))), request.stamp))
}

/// An alarm for the urgent log.
pub(in crate::daemon) fn raise(
    kind: Cause,
    lane: Option<LaneId>,
    record: Option<(Epoch, Option<Seq>)>,
    stamp: Stamp,
) -> Request {
    Request { answer: None, draft: Box::new(kind.draft(lane, record)), stamp }
}
