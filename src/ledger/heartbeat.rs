//! Heartbeats: what a kiosk signs every minute, so that at most a minute's records could ever be denied.

use rusqlite::params;

use super::apply::Refused;
use super::record::signed;
use super::report::AlarmKind;
use super::schema::{Error, Ledger};
use super::stated::lost;
use crate::base::{Epoch, KioskId, Seq, Wall};
use crate::journal::{Hash, SignedNote};

/// Begins the extension line that makes each heartbeat differ: `beat <boot> <milliseconds since boot>`.
const BEAT: &str = "beat ";

/// When a heartbeat was made, by its kiosk's monotonic clock.
#[derive(PartialEq, Eq)]
struct Beat<'a> {
    boot: &'a str,
    ms: u64,
}

impl Ledger {
    /// Takes in a heartbeat; returns the log's head.
    ///
    /// A heartbeat that is no newer than the last one (a replay, or one that was overtaken) is answered and
    /// otherwise ignored. One that states fewer records than are here, or than the kiosk stated before it started
    /// again, raises an alarm: the kiosk lost some, or its card is a copy. The first one after a restart does not: it
    /// may be a late one from before. What it states over records that are not here is held against them when they
    /// come.
    ///
    /// # Errors
    ///
    /// [`Refused`] for the same reasons as a batch's note.
    pub fn heartbeat(
        &mut self,
        kiosk: &KioskId,
        epoch: Epoch,
        note: &str,
        received: Wall,
    ) -> Result<(Seq, Hash, Option<String>), Refused> {
        let beat = self.checked_note(kiosk, epoch, note)?;
        let state = self.log_state_or_new(kiosk, epoch, received)?;
        let next = Seq::new(state.next).ok_or(Error::Damaged("a log's next number"))?;
        let last = state.beat.as_deref().and_then(|text| SignedNote::parse(text.as_bytes()).ok());
        let fresh = last.as_ref().is_none_or(|last| is_newer(&beat, last));
        if fresh {
            let size = beat.note().size;
            self.db
                .prepare_cached("UPDATE logs SET beat = ?2, claimed = max(claimed, ?3) WHERE log = ?1")?
                .execute(params![state.log, note, signed(size)])?;
            self.seen(kiosk, received)?;
            let restarted = last.as_ref().is_some_and(|last| !is_same_boot(&beat, last));
            let boot = boot_of(&beat).unwrap_or_default();
            let before = self.stated_before(state.log, boot)?.filter(|before| size < *before);
            if size >= next.get() {
                self.keep_stated(state.log, boot, beat.note())?;
            }
            if size < next.get() - 1 && !restarted {
                let detail = format!("kiosk states {size} records of {} that are here", next.get() - 1);
                self.alarm(received, kiosk, epoch, AlarmKind::Shrunk, &detail)?;
            } else if let Some(before) = before.filter(|_| !restarted) {
                self.alarm(received, kiosk, epoch, AlarmKind::Shrunk, &lost(before))?;
            } else if size == next.get() - 1 && beat.note().root != state.frontier.root() {
                let detail = format!("root over {size} records is not the one in the heartbeat");
                self.alarm(received, kiosk, epoch, AlarmKind::Fork, &detail)?;
            }
        }
        Ok((next, state.frontier.root(), state.note))
    }
}

fn is_newer(beat: &SignedNote, last: &SignedNote) -> bool {
    match (parse(beat), parse(last)) {
        (Some(beat), Some(last)) if beat.boot == last.boot => beat.ms > last.ms,
        (Some(_), _) => beat.note() != last.note(),
        (None, _) => false,
    }
}

fn is_same_boot(beat: &SignedNote, last: &SignedNote) -> bool {
    matches!((parse(beat), parse(last)), (Some(beat), Some(last)) if beat.boot == last.boot)
}

/// The boot that a heartbeat names.
pub(super) fn boot_of(beat: &SignedNote) -> Option<&str> {
    parse(beat).map(|beat| beat.boot)
}

fn parse(note: &SignedNote) -> Option<Beat<'_>> {
    let line = note.note().extensions.iter().find_map(|line| line.strip_prefix(BEAT))?;
    let (boot, ms) = line.split_once(' ')?;
    Some(Beat { boot, ms: ms.parse().ok()? })
}
