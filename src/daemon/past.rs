//! Past passages for the pages: the view, caught up with the journal whenever somebody looks. When the journal begins a
//! new log, the view goes on with that one.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use data_encoding::BASE64;
use tokio::sync::watch;

use super::overdue::Stays;
use super::recall::Memory;
use crate::base::{AttendantId, LaneId, Pii, Seq, Stamp, Wall};
use crate::journal::key_file::held_keys;
use crate::journal::reader::{self, logs};
use crate::journal::seal::open_with_any;
use crate::journal::view::shift::count;
use crate::journal::view::{self, AsOf, Check, Overstays, PassageRow, View};
use crate::journal::{Disk, KeyRing, OpenLog, Reader, SealingKey};
use crate::model::blind::IdentifierKind;
use crate::model::id_number::IdNumber;
use crate::model::plate::Plate;
use crate::model::shift::{Shift, shifts};
use crate::model::{Blinder, Body, Decider, Past as Earlier, Whose};
use crate::platform::clock::Clock;
use crate::web::{
    Filter, InsideDay, InsideRow, InsideView, Listed, NoteView, PlaceTime, Recent, RecentRow, ShiftView,
    Unsettled,
};

/// Where the view lies and what it is made from.
pub struct PastParts<D> {
    /// The view's file.
    pub view: PathBuf,
    /// Blinds identifiers.
    pub blinder: Blinder,
    /// A handle to the journal's directory, to read by.
    pub disk: D,
    /// Tells the time.
    pub now: Box<dyn Fn() -> Stamp + Send + Sync>,
    /// How many minutes the place is ahead of UTC.
    pub ahead_minutes: i16,
}

/// How often in one run a view that turns out to be damaged is made anew; a card that fails for good is left alone.
const HEALS_MAX: u8 = 3;

/// Time between two looks at whether the view has to be checked.
const TEND_EVERY: Duration = Duration::from_hours(1);

/// Sign-ins and sign-outs among which a shift is looked for: some weeks of a busy gate.
const DUTIES_MAX: u32 = 500;

/// Hand-over notes shown at once.
const NOTES: u32 = 3;

/// The view and the reader that it follows. Whoever looks waits for its catching up.
pub struct Past<D> {
    open: Mutex<Open<D>>,
    now: Box<dyn Fn() -> Stamp + Send + Sync>,
    ahead_minutes: i16,
}

struct Open<D> {
    view: View,
    path: PathBuf,
    blinder: Blinder,
    disk: D,
    log: watch::Receiver<OpenLog>,
    reader: Reader<D>,
    /// What opened the log when it was last looked at; the ring may belong to the next one already.
    keys: Vec<SealingKey>,
    ring: KeyRing,
    /// Records before this one have been forgotten.
    forgotten: u64,
    heals_left: u8,
}

impl<D: Disk + Clone> Past<D> {
    /// Opens the view of the log that `log` names. One that cannot be used, or is not of the logs here, is set aside
    /// and made anew when somebody looks.
    ///
    /// # Errors
    ///
    /// When no view can be kept at all.
    pub fn new(parts: PastParts<D>, mut log: watch::Receiver<OpenLog>) -> Result<Self, view::Error> {
        let PastParts { view: path, blinder, mut disk, now, ahead_minutes } = parts;
        let (mut view, mut set_aside) = View::open(&path, blinder.clone(), Check::AsLeft)?;
        let ring = log.borrow_and_update().ring().clone();
        let (mut reader, keys) = follow(&log.borrow(), &disk);
        let logs = logs(&mut disk).map_err(reader::Error::Io)?;
        if let Some(why) = view.misfit(&logs, &mut reader)? {
            view.remake()?;
            set_aside = Some(why);
        }
        if let Some(why) = set_aside {
            tracing::warn!(%why, "view of past passages was set aside and is made anew");
        }
        let (forgotten, heals_left) = (1, HEALS_MAX);
        let open = Open { view, path, blinder, disk, log, reader, keys, ring, forgotten, heals_left };
        Ok(Self { open: Mutex::new(open), now, ahead_minutes })
    }

    /// Forgets persons whose sealing key was destroyed, whether somebody looks or not.
    ///
    /// # Errors
    ///
    /// When the view cannot be written.
    pub fn forget(&self) -> Result<(), String> {
        self.look(|_| Ok(()))?;
        self.lock().forget_ended().map_err(|error| error.to_string())
    }

    /// Looks at every page and index of the view when it is time to. One that is damaged is made anew.
    ///
    /// # Errors
    ///
    /// When the view cannot be read or written.
    pub fn tend(&self, now: Wall) -> Result<(), String> {
        let (due, path, blinder) =
            self.look(|open| Ok((open.view.check_is_due(now)?, open.path.clone(), open.blinder.clone())))?;
        if !due {
            return Ok(());
        }
        // Beside whoever looks: a large view takes seconds.
        let found = View::examine(&path, &blinder).map_err(|error| error.to_string())?;
        let mut open = self.lock();
        if let Some(why) = found {
            open.heal(&why).map_err(|error| error.to_string())?;
        }
        open.view.note_check(now).map_err(|error| error.to_string())
    }

    /// Notes in the view's file that this run ends in order.
    pub fn rest(&self) {
        if let Err(error) = self.lock().view.rest() {
            tracing::warn!(%error, "view of past passages will be checked at the next start");
        }
    }

    fn look<T>(&self, query: impl Fn(&Open<D>) -> Result<T, view::Error>) -> Result<T, String> {
        let mut open = self.lock();
        let look = |open: &mut Open<D>| open.catch_up().and_then(|()| query(open));
        match look(&mut open) {
            Err(error) if error.is_damage() => open
                .heal(&error.to_string())
                .and_then(|()| look(&mut open))
                .map_err(|error| error.to_string()),
            seen => seen.map_err(|error| error.to_string()),
        }
    }

    fn as_of(&self, now: Stamp) -> AsOf {
        AsOf { now, ahead_minutes: self.ahead_minutes }
    }

    fn lock(&self) -> MutexGuard<'_, Open<D>> {
        // The view is whole between statements: a panic elsewhere leaves nothing half-done.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tends the view every hour, for as long as the kiosk runs.
pub async fn tend<D: Disk + Clone + Send + 'static>(past: Arc<Past<D>>, clock: Clock) -> &'static str {
    loop {
        let (past, now) = (Arc::clone(&past), clock.stamp().wall);
        match tokio::task::spawn_blocking(move || past.tend(now)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "view of past passages cannot be checked"),
            Err(_) => break,
        }
        tokio::time::sleep(TEND_EVERY).await;
    }
    "view"
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
        if self.view.applied(self.reader.epoch())? == 0 {
            self.older_logs()?;
        }
        self.view.catch_up(&mut self.reader, &self.keys)?;
        let before = self.ring.opens_from();
        if before > self.forgotten && self.ring.epoch() == self.reader.epoch() {
            self.view.forget(self.reader.epoch(), before)?;
            self.forgotten = before;
        }
        Ok(())
    }

    /// Takes in what is missing of the logs before the one that is followed, as far as sealing keys are still held.
    /// One that cannot be read is passed over: what is missing in it, `kakou journal verify` says.
    fn older_logs(&mut self) -> Result<(), view::Error> {
        let logs = logs(&mut self.disk).map_err(reader::Error::Io)?;
        for log in logs.into_iter().take_while(|log| log.epoch != self.reader.epoch()) {
            let keys = held_keys(&mut self.disk, log.epoch).unwrap_or_default();
            let read = Reader::open(self.disk.clone(), log)
                .map_err(view::Error::Log)
                .and_then(|mut reader| self.view.catch_up(&mut reader, &keys));
            match read {
                Err(view::Error::Log(error)) => {
                    tracing::warn!(epoch = %log.epoch, %error, "an older log cannot be listed");
                }
                read => drop(read?),
            }
        }
        Ok(())
    }

    /// Forgets whom the records of ended logs are about, where no sealing key is left.
    fn forget_ended(&mut self) -> Result<(), view::Error> {
        let logs = logs(&mut self.disk).map_err(reader::Error::Io)?;
        let ended = logs.into_iter().map(|log| log.epoch).filter(|log| *log != self.reader.epoch());
        for log in ended.collect::<Vec<_>>() {
            let no_key = held_keys(&mut self.disk, log).is_ok_and(|keys| keys.is_empty());
            if no_key && self.view.applied(log)? > 0 {
                self.view.forget(log, i64::MAX.unsigned_abs())?;
            }
        }
        Ok(())
    }

    /// Sets a damaged view aside; it is filled again by the next catching up.
    fn heal(&mut self, why: &str) -> Result<(), view::Error> {
        if self.heals_left == 0 {
            return Err(view::Error::Io {
                file: self.path.display().to_string(),
                source: std::io::Error::other(format!("damaged again and again: {why}")),
            });
        }
        self.heals_left -= 1;
        tracing::warn!(%why, "view of past passages was set aside and is made anew");
        self.view.remake()
    }
}

/// A reader of the log and the keys that open it.
fn follow<D: Disk + Clone>(log: &OpenLog, disk: &D) -> (Reader<D>, Vec<SealingKey>) {
    (log.reader(disk.clone()), log.ring().keys())
}

impl<D: Disk + Clone + Send> Stays for Past<D> {
    fn overstays(&self, now: &Stamp) -> Result<Overstays, String> {
        self.look(|open| open.view.overstays(&self.as_of(*now)))
    }
}

impl<D: Disk + Clone + Send> Memory for Past<D> {
    fn recall(&self, whose: &Whose, now: &Stamp) -> Result<Earlier, String> {
        self.look(|open| open.view.recall(whose, now))
    }
}

impl<D: Disk + Clone + Send> Recent for Past<D> {
    fn matching(&self, filter: &Filter, limit: usize, before: Option<u64>) -> Result<Vec<RecentRow>, String> {
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let filter = view::Filter { lane: filter.lane.clone(), from: filter.from, to: None };
        self.look(|open| {
            let before = before.map(|seq| open.view.row_of(seq)).transpose()?.flatten();
            Ok(open.view.matching(&filter, limit, before)?.into_iter().filter_map(row).collect())
        })
    }

    fn open_cases(&self, limit: usize) -> Result<Vec<RecentRow>, String> {
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        self.look(|open| Ok(open.view.open_cases(limit)?.into_iter().filter_map(row).collect()))
    }

    fn inside(
        &self,
        place: PlaceTime,
        today: Wall,
        (which, limit): (Listed, usize),
        before: Option<i64>,
    ) -> Result<InsideView, String> {
        let as_of = self.as_of((self.now)());
        self.look(|open| {
            let days = open.view.inside_by_day(place.utc_offset_minutes)?.into_iter();
            let unmatched = open.view.unmatched_since(today)?;
            let rows = match which {
                Listed::All => open.view.inside(&as_of, u32::try_from(limit).unwrap_or(u32::MAX), before)?,
                Listed::Overdue => open.view.overdue(&as_of, limit, before)?,
            };
            Ok(InsideView {
                days: days.map(|day| inside_day(day, place)).collect(),
                rows: rows.into_iter().map(inside_row).collect(),
                overdue: open.view.overstays(&as_of)?.counts,
                unmatched_in: unmatched.inbound,
                unmatched_out: unmatched.outbound,
            })
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

    fn unsettled(&self) -> Result<Unsettled, String> {
        self.look(|open| {
            let days = open.view.inside_by_day(0)?;
            let cases = open.view.open_cases_count()?;
            let (vehicles, people) = days
                .iter()
                .fold((0, 0), |(vehicles, people), day| (vehicles + day.vehicles, people + day.people));
            Ok(Unsettled { cases, vehicles, people })
        })
    }

    fn last_hand_over(&self) -> Result<Option<NoteView>, String> {
        self.look(|open| {
            let mut reader = open.log.borrow().reader(open.disk.clone());
            if reader.epoch() != open.reader.epoch() {
                return Ok(None);
            }
            Ok(open.notes(&mut reader, i64::MAX.unsigned_abs())?.into_iter().next())
        })
    }

    fn shift(&self, by: &AttendantId, back: usize) -> Result<Option<ShiftView>, String> {
        let found = self.look(|open| {
            let Some((shift, has_earlier)) = open.find_shift(by, back)? else { return Ok(None) };
            let mut reader = open.log.borrow().reader(open.disk.clone());
            if reader.epoch() != open.reader.epoch() {
                return Ok(None);
            }
            let through = shift.last.or(reader.durable()).map_or(0, Seq::get);
            let notes = open.notes(&mut reader, through)?;
            Ok(Some((shift, has_earlier, notes, reader)))
        })?;
        let Some((shift, has_earlier, notes, mut reader)) = found else { return Ok(None) };
        // Counted from the journal, while others may look at the view.
        let counted = count(&mut reader, shift.first, shift.last).map_err(|error| error.to_string())?;
        let Shift { attendant, begun, ended, .. } = shift;
        let root = counted.root.map(|root| BASE64.encode(&root));
        Ok(Some(ShiftView { attendant, begun, ended, sheet: counted.sheet, root, notes, has_earlier }))
    }
}

impl<D: Disk + Clone> Open<D> {
    /// Where the shift is that somebody asks for, and whether there is an earlier one.
    fn find_shift(&self, by: &AttendantId, back: usize) -> Result<Option<(Shift, bool)>, view::Error> {
        let mut shifts = shifts(self.view.duties(self.reader.epoch(), DUTIES_MAX)?);
        shifts.reverse();
        // Whoever asks sees their own first.
        if let Some(own) = shifts.iter().position(|shift| shift.attendant == *by && shift.last.is_none()) {
            shifts[..=own].rotate_right(1);
        }
        let has_earlier = shifts.len() > back + 1;
        Ok(shifts.into_iter().nth(back).map(|shift| (shift, has_earlier)))
    }

    /// The hand-over notes up to a record, opened with the keys that are held.
    fn notes(&self, reader: &mut Reader<D>, through: u64) -> Result<Vec<NoteView>, view::Error> {
        let found = self.view.notes(self.reader.epoch(), through, NOTES)?;
        let opened = found.into_iter().map(|(seq, wall, by)| {
            let record =
                Seq::new(seq).and_then(|seq| reader.read(seq, 1, usize::MAX).ok()?.into_iter().next());
            let entry = record.as_ref().and_then(|stored| stored.entry().ok());
            let open = entry
                .and_then(|entry| if let Body::HandOver { open, .. } = entry.body { open } else { None });
            let text = record.and_then(|stored| open_with_any(&self.keys, &stored.seal).ok()?.note);
            NoteView { seq, by, wall, text, open }
        });
        Ok(opened.collect())
    }
}

fn inside_day(day: view::InsideDay, place: PlaceTime) -> InsideDay {
    let view::InsideDay { day, vehicles, people } = day;
    let noon = |day: i64| Wall::from_secs(day * 86_400 + 43_200 - i64::from(place.utc_offset_minutes) * 60);
    InsideDay { day: day.map(noon), vehicles, people }
}

fn inside_row(row: view::InsideRow) -> InsideRow {
    let view::InsideRow { id, seq, lane, wall, trust, kind, class, label, over } = row;
    InsideRow { cursor: id, seq, wall, trust, lane, kind, class, label, over }
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
