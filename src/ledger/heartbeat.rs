//! Heartbeats: what a kiosk signs every minute, so that at most a minute's records could ever be denied.

use rusqlite::params;

use super::apply::Refused;
use super::record::signed;
use super::report::AlarmKind;
use super::schema::{Error, Ledger};
use super::stated::lost;
use crate::base::{Epoch, KioskId, Seq, Wall};
use crate::journal::{Hash, SignedNote};
use crate::sync::disk_state::{self, DiskStatus, RoomMark};

/// Begins the extension line that makes each heartbeat differ: `beat <boot> <milliseconds since boot>`.
const BEAT: &str = "beat ";

/// Heartbeats in a row that must state fewer records than are here before it counts as a loss.
const SHRUNK_BEATS: u32 = 3;

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
    /// again, raises an alarm: the kiosk lost some, or its card is a copy. It takes several in a row, of one boot, without
    /// a larger one between them, unless they fall: single ones are late ones from before a restart, or from before
    /// this hub was restored. What it states over records that are not here is held against them when they come.
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
            let continues = last.as_ref().is_some_and(|last| is_same_boot(&beat, last));
            let boot = boot_of(&beat).unwrap_or_default();
            let stated = self.stated_before(state.log, boot)?.filter(|before| size < *before);
            let small = size < next.get() - 1 || stated.is_some();
            let in_a_row: u32 = self
                .db
                .prepare_cached(
                    "UPDATE logs SET beat = ?2, claimed = max(claimed, ?3),
                                     shrunk = CASE WHEN ?4 THEN CASE WHEN ?5 THEN shrunk + 1 ELSE 1 END ELSE 0 END
                     WHERE log = ?1 RETURNING shrunk",
                )?
                .query_row(params![state.log, note, signed(size), small, continues], |row| row.get(0))?;
            self.seen(kiosk, received)?;
            self.take_disk((kiosk, epoch), &beat.note().extensions, received)?;
            self.take_counts((kiosk, epoch), &state, (size, &beat.note().extensions), received)?;
            if size >= next.get() {
                self.keep_stated(state.log, boot, beat.note())?;
            }
            // Within one boot a kiosk never states less than before.
            let fewer = last.as_ref().is_some_and(|last| size < last.note().size);
            if in_a_row >= SHRUNK_BEATS || (small && continues && fewer) {
                let here = next.get() - 1;
                let detail = match stated {
                    Some(before) if size >= here => lost(before),
                    Some(_) | None => format!("kiosk states {size} records of {here} that are here"),
                };
                self.alarm(received, kiosk, epoch, AlarmKind::Shrunk, &detail)?;
            } else if size == next.get() - 1 && beat.note().root != state.frontier.root() {
                let detail = format!("root over {size} records is not the one in the heartbeat");
                self.alarm(received, kiosk, epoch, AlarmKind::Fork, &detail)?;
            }
        }
        Ok((next, state.frontier.root(), state.note))
    }
}

impl Ledger {
    /// Raises an alarm about a disk that is nearly full or fails. It names no figures: it is one alarm while it lasts.
    fn take_disk(
        &self,
        (kiosk, epoch): (&KioskId, Epoch),
        lines: &[String],
        received: Wall,
    ) -> Result<(), Error> {
        let Some(disk) = lines.iter().find_map(|line| disk_state::parse(line)) else { return Ok(()) };
        let room = match disk.mark {
            RoomMark::Ample => None,
            RoomMark::Low => Some("it is nearly full"),
            RoomMark::Reserve => Some("it is full, and what was kept for this moment is in use"),
        };
        let worn =
            (disk.faults >= DiskStatus::FAULTS_MANY).then_some("writing to it has failed several times");
        for detail in room.into_iter().chain(worn) {
            self.alarm(received, kiosk, epoch, AlarmKind::Disk, detail)?;
        }
        Ok(())
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
