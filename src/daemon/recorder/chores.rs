//! What the keeper asks of the recorder, as only the journal's one writer may do it.

use super::{News, Recorder, Request};
use crate::base::Stamp;
use crate::journal::Disk;
use crate::journal::ended_keys::EndedKey;
use crate::journal::log::Error;
use crate::journal::retention::Droppable;
use crate::model::Draft;

/// Something to do between two groups of records. Each takes a few writes, never a reading through the log.
#[derive(Clone, Debug)]
pub enum Chore {
    /// Drop a segment that nothing obliges this kiosk to keep.
    Drop(Droppable),
    /// Draw the sealing key of another day, and give it to the hub with this public key.
    TurnKey {
        /// The hub's, where there is one.
        hub: Option<[u8; 32]>,
        /// Minutes that the place is ahead of UTC.
        ahead_minutes: i16,
    },
    /// Destroy a sealing key.
    DestroyKey(u32),
    /// Destroy a sealing key of a log that has ended.
    DestroyEndedKey(EndedKey),
}

impl<D: Disk> Recorder<D> {
    /// Does a chore. While the journal has failed nothing is done: the keeper asks again.
    pub fn chore(&mut self, chore: &Chore, stamp: Stamp, news: &mut Vec<News>) {
        if self.failed {
            return;
        }
        let done = match chore {
            Chore::Drop(segment) => self.drop_segment(segment, stamp),
            Chore::TurnKey { hub, ahead_minutes } => self.turn_key(hub.as_ref(), *ahead_minutes, stamp, news),
            Chore::DestroyKey(number) => self.destroy_key(*number, stamp),
            Chore::DestroyEndedKey(key) => self.destroy_ended_key(*key, stamp),
        };
        if let Err(error) = done {
            tracing::warn!(%error, ?chore, "cannot be done now");
        }
        if self.journal.has_failed() {
            self.fail(&Error::Failed, news);
        }
    }

    fn turn_key(
        &mut self,
        hub: Option<&[u8; 32]>,
        ahead_minutes: i16,
        stamp: Stamp,
        news: &mut Vec<News>,
    ) -> Result<(), Error> {
        let Some(key) = self.journal.turn_key(&stamp, None, ahead_minutes)? else { return Ok(()) };
        tracing::info!(key, "a new sealing key is in use");
        if let Some(hub) = hub {
            let body = self.journal.sealer().key_opened(hub)?;
            let draft = Box::new(Draft { lane: None, body, personal: None });
            // Before whatever waits: the hub has the key before it gets a record that needs it.
            self.waiting.push_front(Request { answer: None, draft, stamp });
            self.commit(news);
        }
        Ok(())
    }

    fn destroy_key(&mut self, number: u32, stamp: Stamp) -> Result<(), Error> {
        if self.journal.destroy_key(number, stamp)? {
            tracing::info!(key = number, "sealing key destroyed: what it sealed no longer opens here");
        }
        Ok(())
    }

    fn destroy_ended_key(&mut self, key: EndedKey, stamp: Stamp) -> Result<(), Error> {
        if self.journal.destroy_ended_key(key, stamp)? {
            let EndedKey { log, number } = key;
            tracing::info!(%log, key = number, "sealing key of an ended log destroyed");
        }
        Ok(())
    }

    fn drop_segment(&mut self, segment: &Droppable, stamp: Stamp) -> Result<(), Error> {
        let (from, through) = segment.records();
        if self.journal.drop_segment(segment, stamp)? {
            tracing::info!(from, through, "records dropped: the hub has signed for them long ago");
        }
        Ok(())
    }
}
