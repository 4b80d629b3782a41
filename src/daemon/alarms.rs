//! The urgent log: what it begins with, and the thread that writes it.
//!
//! Nothing waits for it. Lanes have been told of their records before an alarm is handed over, and a medium that fails
//! here fails here only. One group of alarms is one sync.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::kiosk::Error;
use super::recorder::{Recorder, Request, raise};
use crate::base::{Epoch, Seq, Stamp};
use crate::journal::{Disk, FoundAlarm, Journal, Recovery};
use crate::model::{Cause, Draft};
use crate::platform::disk::DirDisk;

/// Most alarms that may wait for the thread. What does not fit is in the main log only, and said in the system's log.
pub const RAISED_MAX: usize = 1_024;
/// How long a failed log is left alone between two tries.
const RETRY_EVERY: Duration = Duration::from_secs(1);

/// The main log, as it is before the first record of this run.
#[derive(Clone, Copy, Debug)]
pub struct MainLog<'a> {
    /// Its life.
    pub epoch: Epoch,
    /// Its last record.
    pub durable: Option<Seq>,
    /// What was found in it.
    pub found: &'a Recovery,
}

/// Takes up the urgent log `journal`: the first record of a new one, and whatever the last run did not come to raise.
///
/// Call it before anything is written into the main log: what follows in there follows the first record here.
pub fn begin<D: Disk>(
    (journal, found): (Journal<D>, &Recovery),
    main: &MainLog<'_>,
    stamp: Stamp,
) -> Recorder<D> {
    let is_empty = journal.durable().is_none();
    let mut urgent = Recorder::new(journal);
    let mut first: Vec<Request> = Vec::new();
    // What was before there was an urgent log is not raised.
    let up_to = if found.fresh { Some((main.epoch, main.durable)) } else { found.pointed };
    if is_empty {
        let record = if found.fresh { main.durable } else { None };
        first.push(raise(Cause::Begun, None, Some((main.epoch, record)), stamp));
    }
    let request = |draft: Draft| Request { answer: None, draft: Box::new(draft), stamp };
    first.extend(found.gap_drafts().map(request));
    let is_later = |alarm: &&FoundAlarm| match up_to {
        _ if found.fresh => false,
        Some((epoch, seq)) if epoch == alarm.epoch => Some(alarm.seq) > seq,
        Some(_) | None => true,
    };
    let later = main.found.alarms.iter().filter(is_later);
    let again = |alarm: &FoundAlarm| Request { stamp: alarm.stamp, ..request(alarm.draft()) };
    let mut later: Vec<Request> = later.map(again).collect();
    let has_ended = main.found.ended.is_some();
    if has_ended || up_to.is_some_and(|(epoch, _)| epoch != main.epoch) {
        let ended = raise(Cause::LogEnded, None, Some((main.epoch, Some(Seq::FIRST))), stamp);
        // What was found is of the log that ends now, or of the one that goes on.
        later.insert(if has_ended { later.len() } else { 0 }, ended);
    }
    first.extend(later);
    write(&mut urgent, first);
    urgent
}

/// An urgent log that was opened, and another handle to its directory, to read by.
pub struct UrgentLog {
    /// The log, and what was found in it.
    pub journal: (Journal<DirDisk>, Recovery),
    /// To read by.
    pub disk: DirDisk,
}

/// The urgent log to whoever sends it: its directory, its life, and the number of its durable records.
pub type ToSend = (DirDisk, watch::Receiver<(Epoch, u64)>);

/// Takes up the urgent log, where there is one, and starts its thread: the way into it, and what is to be sent.
///
/// # Errors
///
/// When no thread can be started.
pub(super) fn take_up(
    log: Option<UrgentLog>,
    main: &MainLog<'_>,
    stamp: Stamp,
    done: mpsc::Sender<()>,
) -> Result<(Option<SyncSender<Request>>, Option<ToSend>), Error> {
    let Some(UrgentLog { journal: (journal, found), disk }) = log else { return Ok((None, None)) };
    let urgent = begin((journal, &found), main, stamp);
    let (raise, raised) = sync_channel(RAISED_MAX);
    let (durable, seen) = watch::channel((urgent.epoch(), urgent.durable().map_or(0, Seq::get)));
    start(urgent, raised, durable, done).map_err(Error::Thread)?;
    Ok((Some(raise), Some((disk, seen))))
}

/// Starts the thread. It ends when every sender of `raised` is gone; `done` is dropped then.
///
/// # Errors
///
/// When no thread can be started.
pub fn start<D: Disk + 'static>(
    mut urgent: Recorder<D>,
    raised: Receiver<Request>,
    durable: watch::Sender<(Epoch, u64)>,
    done: mpsc::Sender<()>,
) -> io::Result<()> {
    std::thread::Builder::new().name("alarms".to_owned()).spawn(move || {
        loop {
            tell(&urgent, &durable);
            match raised.recv_timeout(RETRY_EVERY) {
                Ok(request) => write(&mut urgent, std::iter::once(request).chain(raised.try_iter())),
                Err(RecvTimeoutError::Timeout) if urgent.has_failed() => retry(&mut urgent),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        // It is not closed in order: that would be one more sync, for nothing that recovery does not find.
        drop(done);
    })?;
    Ok(())
}

/// Appends a group of alarms and makes them durable with one sync; keeps them while that cannot be.
pub fn write<D: Disk>(urgent: &mut Recorder<D>, raised: impl IntoIterator<Item = Request>) {
    // Nobody waits for an answer.
    let mut news = Vec::new();
    for request in raised {
        urgent.hand_in(request, &mut news);
    }
    urgent.commit(&mut news);
    let _ = urgent.take_alarms();
}

/// Tries a failed log again.
pub fn retry<D: Disk>(urgent: &mut Recorder<D>) {
    urgent.retry(&mut Vec::new());
    // Of what this log loses the hub makes an alarm by itself.
    let _ = urgent.take_alarms();
}

fn tell<D: Disk>(urgent: &Recorder<D>, durable: &watch::Sender<(Epoch, u64)>) {
    let fresh = (urgent.epoch(), urgent.durable().map_or(0, Seq::get));
    durable.send_if_modified(|old| {
        let changed = *old != fresh;
        *old = fresh;
        changed
    });
}
