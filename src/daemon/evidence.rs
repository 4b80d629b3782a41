//! Takes the picture of an exceptional passage: what a lane does with its records on their way to the recorder.
//!
//! ```text
//!   verdict's draft ─▶ newest preview, not older than FRESH ─▶ sealed ─▶ draft names it, its box will hold the key
//!   record durable ─▶ the picture goes to its thread      record refused ─▶ the picture is dropped
//! ```
//! Invariants: a record names a picture only if one was taken; a picture is handed on only when its record is durable; where
//! there is none at hand, or no place for it, the record is what it would have been.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::pictures::{Shelf, Taken};
use super::runner::Append;
use crate::base::{Mono, Pii};
use crate::engine::Ticket;
use crate::journal::{Entropy, picture};
use crate::model::{Body, Verdict};
use crate::web::Preview;

/// A picture older than this shows somebody else.
pub const FRESH: Duration = Duration::from_secs(2);
/// What sealing adds to a picture, in bytes.
const SEALED_MORE: u64 = 4 + 24 + 16;

/// Takes pictures at one lane.
pub struct Evidence {
    verdicts: Arc<[Verdict]>,
    previews: watch::Receiver<Arc<Preview>>,
    entropy: Box<dyn Entropy>,
    shelf: Shelf,
    /// Sealed, with the record on its way to the disk.
    under_way: BTreeMap<Ticket, Taken>,
}

impl Evidence {
    /// Takes pictures for `verdicts` from what a lane's camera sees.
    pub fn new(
        verdicts: Arc<[Verdict]>,
        previews: watch::Receiver<Arc<Preview>>,
        entropy: Box<dyn Entropy>,
        shelf: Shelf,
    ) -> Self {
        Self { verdicts, previews, entropy, shelf, under_way: BTreeMap::new() }
    }

    /// Takes a picture for the record, if it is one that wants one and there is one at hand at `now`.
    pub fn attach(&mut self, now: Mono, append: &mut Append) {
        let draft = &mut *append.draft;
        // Without a personal part there is no place for the key; without a ticket nobody says when it is durable.
        let (Body::Passage(passage), Some(personal), Some(ticket)) =
            (&mut draft.body, &mut draft.personal, append.ticket)
        else {
            return;
        };
        if !self.verdicts.contains(&passage.verdict) {
            return;
        }
        let preview = Arc::clone(&self.previews.borrow());
        if preview.bmp.is_empty() || preview.at > now || now.since(preview.at) > FRESH {
            return;
        }
        let length = preview.bmp.len() as u64 + SEALED_MORE;
        if !self.shelf.reserve(length) {
            return;
        }
        match picture::seal(&preview.bmp, &mut *self.entropy) {
            Ok(sealed) => {
                passage.picture = Some(sealed.picture);
                personal.picture = Some(Pii::new(sealed.key));
                self.under_way.insert(ticket, Taken { blob: sealed.picture.sha256, bytes: sealed.bytes });
            }
            Err(error) => {
                tracing::warn!(%error, "a picture cannot be sealed: it is not taken");
                self.shelf.give_back(length);
            }
        }
    }

    /// The record with `ticket` is on the disk: its picture goes there too.
    pub fn durable(&mut self, ticket: Ticket) {
        if let Some(taken) = self.under_way.remove(&ticket) {
            self.shelf.store(taken);
        }
    }

    /// The record with `ticket` can never be written: there is nothing that its picture belongs to.
    pub fn not_recorded(&mut self, ticket: Ticket) {
        if let Some(taken) = self.under_way.remove(&ticket) {
            self.shelf.give_back(taken.bytes.len() as u64);
        }
    }
}
