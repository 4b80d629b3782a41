//! Past passages for the pages: the view, caught up with the journal whenever somebody looks. When the journal begins a
//! new log, the view goes on with that one.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

use crate::base::{LaneId, Pii};
use crate::journal::view::{self, Check, PassageRow, View};
use crate::journal::{Disk, KeyRing, OpenLog, Reader, SealingKey};
use crate::model::blind::IdentifierKind;
use crate::model::id_number::IdNumber;
use crate::model::plate::Plate;
use crate::model::{Blinder, Decider};
use crate::web::{Recent, RecentRow};

/// Where the view lies and what it is made from.
pub struct PastParts<D> {
    /// The view's file.
    pub view: PathBuf,
    /// Blinds identifiers.
    pub blinder: Blinder,
    /// A handle to the journal's directory, to read by.
    pub disk: D,
}

/// The view and the reader that it follows. Whoever looks waits for its catching up.
pub struct Past<D>(Mutex<Open<D>>);

struct Open<D> {
    view: View,
    disk: D,
    log: watch::Receiver<OpenLog>,
    reader: Reader<D>,
    /// What opened the log when it was last looked at; the ring may belong to the next one already.
    keys: Vec<SealingKey>,
    ring: KeyRing,
    /// Records before this one have been forgotten.
    forgotten: u64,
}

impl<D: Disk + Clone> Past<D> {
    /// Opens the view of the log that `log` names. One that cannot be used is set aside and made anew.
    ///
    /// # Errors
    ///
    /// When no view can be kept at all.
    pub fn new(parts: PastParts<D>, mut log: watch::Receiver<OpenLog>) -> Result<Self, view::Error> {
        let (view, set_aside) = View::open(&parts.view, parts.blinder, Check::Opening)?;
        if let Some(why) = set_aside {
            tracing::warn!(%why, "view of past passages was set aside and is made anew");
        }
        let ring = log.borrow_and_update().ring().clone();
        let (reader, keys) = follow(&log.borrow(), &parts.disk);
        Ok(Self(Mutex::new(Open { view, disk: parts.disk, log, reader, keys, ring, forgotten: 1 })))
    }

    /// Forgets persons whose sealing key was destroyed, whether somebody looks or not.
    ///
    /// # Errors
    ///
    /// When the view cannot be written.
    pub fn forget(&self) -> Result<(), String> {
        self.look(|_| Ok(()))
    }

    fn look<T>(&self, query: impl FnOnce(&Open<D>) -> Result<T, view::Error>) -> Result<T, String> {
        // The view is whole between statements: a panic elsewhere leaves nothing half-done.
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let caught_up = open.catch_up();
        caught_up.and_then(|()| query(&open)).map_err(|error| error.to_string())
    }
}

impl<D: Disk + Clone> Open<D> {
    /// Takes in what was recorded since, follows the journal into a new log, and forgets what no longer opens.
    fn catch_up(&mut self) -> Result<(), view::Error> {
        if self.log.has_changed().unwrap_or(false) {
            // The last records of the old log first: nobody will look at it again.
            self.view.catch_up(&mut self.reader, &self.keys)?;
            (self.reader, self.keys) = follow(&self.log.borrow_and_update(), &self.disk);
            self.forgotten = 1;
        }
        if self.ring.epoch() == self.reader.epoch() {
            self.keys = self.ring.keys();
        }
        self.view.catch_up(&mut self.reader, &self.keys)?;
        let before = self.ring.opens_from();
        if before > self.forgotten && self.ring.epoch() == self.reader.epoch() {
            self.view.forget(self.reader.epoch(), before)?;
            self.forgotten = before;
        }
        Ok(())
    }
}

/// A reader of the log and the keys that open it.
fn follow<D: Disk + Clone>(log: &OpenLog, disk: &D) -> (Reader<D>, Vec<SealingKey>) {
    (log.reader(disk.clone()), log.ring().keys())
}

impl<D: Disk + Clone + Send> Recent for Past<D> {
    fn recent(&self, limit: usize, before: Option<u64>) -> Result<Vec<RecentRow>, String> {
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        self.look(|open| {
            let before = before.map(|seq| open.view.row_of(seq)).transpose()?.flatten();
            Ok(open.view.recent(limit, before)?.into_iter().filter_map(row).collect())
        })
    }

    fn search(&self, text: &Pii<String>, limit: usize) -> Result<Vec<RecentRow>, String> {
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let (kind, normalised) = match (IdNumber::parse(text), Plate::parse(text)) {
            (Ok(number), _) => (IdentifierKind::IdNumber, number.normalised().clone()),
            (Err(_), Ok(plate)) => (IdentifierKind::Plate, plate.normalised().clone()),
            (Err(_), Err(_)) => return Ok(vec![]),
        };
        self.look(|open| {
            let rows = open.view.with_identifier(kind, normalised.expose(), limit)?;
            Ok(rows.into_iter().filter_map(row).collect())
        })
    }
}

/// A passage always has a lane; what a later version might write without one is not listed.
fn row(row: PassageRow) -> Option<RecentRow> {
    let lane: LaneId = row.lane?;
    Some(RecentRow {
        seq: row.seq,
        wall: row.wall,
        trust: row.trust,
        lane,
        kind: row.subject,
        direction: row.direction,
        class: row.class,
        subject: row.label,
        occupants: usize::try_from(row.people).unwrap_or(usize::MAX),
        verdict: row.verdict,
        reasons: row.reasons,
        decided_by: row.decided_by.map_or(Decider::Policy, Decider::Attendant),
    })
}
