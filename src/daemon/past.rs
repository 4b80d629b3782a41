//! Past passages for the pages: the view, caught up with the journal whenever somebody looks.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::base::{LaneId, Pii};
use crate::journal::view::{self, Check, PassageRow, View};
use crate::journal::{Disk, Journal, Reader, SealingKey};
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
    reader: Reader<D>,
    keys: Vec<SealingKey>,
}

impl<D: Disk> Past<D> {
    /// Opens the view of `journal`. One that cannot be used is set aside and made anew.
    ///
    /// # Errors
    ///
    /// When no view can be kept at all.
    pub fn new<W: Disk>(parts: PastParts<D>, journal: &mut Journal<W>) -> Result<Self, view::Error> {
        let (view, set_aside) = View::open(&parts.view, parts.blinder, Check::Opening)?;
        if let Some(why) = set_aside {
            tracing::warn!(%why, "view of past passages was set aside and is made anew");
        }
        let keys = journal.sealer().keys();
        let reader = journal.reader(parts.disk);
        Ok(Self(Mutex::new(Open { view, reader, keys })))
    }

    fn look<T>(&self, query: impl FnOnce(&Open<D>) -> Result<T, view::Error>) -> Result<T, String> {
        // The view is whole between statements: a panic elsewhere leaves nothing half-done.
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Open { view, reader, keys, .. } = &mut *open;
        let caught_up = view.catch_up(reader, keys).map(|_| ());
        caught_up.and_then(|()| query(&open)).map_err(|error| error.to_string())
    }
}

impl<D: Disk> Recent for Past<D> {
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
