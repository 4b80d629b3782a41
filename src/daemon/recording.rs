//! The recorder's thread: takes requests, commits in groups, tells lanes and screens.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::recorder::{Chore, News, Recorder, Request};
use crate::base::{Epoch, LaneId, Mono, Seq};
use crate::control::JournalStatus;
use crate::journal::{Disk, OpenLog};
use crate::model::{Body, Draft};
use crate::platform::clock::{Clock, mono, pause};

/// How long a failed journal is left alone between two tries.
const RETRY_EVERY: Duration = Duration::from_secs(1);
/// Time between two looks at the room on the disk.
const SURVEY_EVERY: Duration = Duration::from_mins(1);

/// Where the recorder's news goes.
pub struct Outlets {
    /// To each lane.
    pub lanes: BTreeMap<LaneId, mpsc::Sender<News>>,
    /// To the tasks that record beside the lanes.
    pub desks: Desks,
    /// The log that is being written and the number of its durable records, for the link to the hub.
    pub durable: watch::Sender<(Epoch, u64)>,
    /// The log that is being written: changes when the journal begins a new one.
    pub log: watch::Sender<OpenLog>,
    /// For the screens.
    pub status: watch::Sender<JournalStatus>,
    /// Counts turns, for the watchdog.
    pub progress: Arc<AtomicU64>,
    /// What the keeper asks for.
    pub chores: std::sync::mpsc::Receiver<Chore>,
    /// The way into the urgent log, where there is one.
    pub alarms: Option<std::sync::mpsc::SyncSender<Request>>,
}

/// The tasks that wait for a record of theirs, beside the lanes.
pub struct Desks {
    /// The one that carries out the hub's commands.
    pub inbox: mpsc::Sender<News>,
    /// The one that takes policy bundles.
    pub policy: mpsc::Sender<News>,
}

/// Starts the thread, which first tells the `news` there is already. It ends, with the journal closed in order, once
/// every sender of requests is gone; `done` is dropped then. Call it inside a tokio runtime.
///
/// # Errors
///
/// When no thread can be started.
pub fn start<D: Disk + 'static>(
    (mut recorder, mut news): (Recorder<D>, Vec<News>),
    mut requests: mpsc::Receiver<Request>,
    outlets: Outlets,
    clock: Clock,
    done: mpsc::Sender<()>,
) -> io::Result<()> {
    let runtime = Handle::current();
    std::thread::Builder::new().name("recorder".to_owned()).spawn(move || {
        let turn = Turn { runtime: &runtime, outlets: &outlets, clock: &clock };
        tell(&mut recorder, &mut news, &outlets);
        let mut surveyed = Surveyed(None);
        while let Some(request) = next(turn, &mut requests, (&mut recorder, &mut surveyed), &mut news) {
            recorder.hand_in(request, &mut news);
            while let Ok(request) = requests.try_recv() {
                recorder.hand_in(request, &mut news);
            }
            recorder.commit(&mut news);
            tell(&mut recorder, &mut news, &outlets);
        }
        let draft = Box::new(Draft { lane: None, body: Body::Stopped, personal: None });
        recorder.hand_in(Request { answer: None, draft, stamp: clock.stamp() }, &mut news);
        recorder.commit(&mut news);
        tell(&mut recorder, &mut news, &outlets);
        match recorder.close() {
            Ok(()) => tracing::info!("journal closed"),
            Err(error) => tracing::error!(%error, "journal cannot be closed"),
        }
        drop(done);
    })?;
    Ok(())
}

/// What a turn of the thread works with.
#[derive(Clone, Copy)]
struct Turn<'t> {
    runtime: &'t Handle,
    outlets: &'t Outlets,
    clock: &'t Clock,
}

/// When the disk was last looked at.
struct Surveyed(Option<Mono>);

impl Surveyed {
    /// Looks when it is time; returns whether it did.
    fn look<D: Disk>(&mut self, recorder: &mut Recorder<D>, clock: &Clock) -> bool {
        let now = mono();
        let due = self.0.is_none_or(|last| now.since(last) >= SURVEY_EVERY);
        if due {
            self.0 = Some(now);
            recorder.survey(&clock.stamp());
        }
        due
    }
}

/// Waits for the next request, and tries a failed journal again meanwhile; `None` when there will be no more.
fn next<D: Disk>(
    Turn { runtime, outlets, clock }: Turn<'_>,
    requests: &mut mpsc::Receiver<Request>,
    (recorder, surveyed): (&mut Recorder<D>, &mut Surveyed),
    news: &mut Vec<News>,
) -> Option<Request> {
    while recorder.has_failed() {
        pause(RETRY_EVERY);
        recorder.retry(news);
        surveyed.look(recorder, clock);
        tell(recorder, news, outlets);
        match requests.try_recv() {
            Ok(request) => return Some(request),
            Err(mpsc::error::TryRecvError::Empty) => {}
            Err(mpsc::error::TryRecvError::Disconnected) => return None,
        }
    }
    loop {
        // Between two groups; one at a time, so that no record waits for more than that.
        if let Ok(chore) = outlets.chores.try_recv() {
            recorder.chore(&chore, clock.stamp(), news);
            tell(recorder, news, outlets);
        }
        if surveyed.look(recorder, clock) {
            tell(recorder, news, outlets);
        }
        // Nothing to do is progress too: the watchdog hears of it every second.
        match runtime.block_on(async { timeout(RETRY_EVERY, requests.recv()).await }) {
            Ok(request) => return request,
            Err(_) => outlets.progress.fetch_add(1, Ordering::Relaxed),
        };
    }
}

fn tell<D: Disk>(recorder: &mut Recorder<D>, news: &mut Vec<News>, outlets: &Outlets) {
    let durable = recorder.durable().map_or(0, Seq::get);
    outlets.status.send_if_modified(|status| {
        let failed = news.iter().rev().find_map(|news| match news {
            News::Failed(why) => Some(Some(why.clone())),
            News::Restored => Some(None),
            News::Durable { .. } | News::Refused { .. } | News::Inbox { .. } | News::Policy { .. } => None,
        });
        let failed = failed.unwrap_or_else(|| status.failed.clone());
        let fresh = JournalStatus { durable, failed, disk: recorder.disk() };
        let changed = *status != fresh;
        *status = fresh;
        changed
    });
    // Before anybody hears of a record: whoever then looks for it looks in the right log.
    let epoch = recorder.journal().epoch();
    if outlets.log.borrow().epoch() != epoch || news.contains(&News::Restored) {
        outlets.log.send_replace(recorder.journal().open_log());
    }
    for news in news.drain(..) {
        let to: Vec<_> = match &news {
            News::Durable { lane, .. } | News::Refused { lane, .. } => {
                outlets.lanes.get(lane).into_iter().collect()
            }
            News::Inbox { .. } => vec![&outlets.desks.inbox],
            News::Policy { .. } => vec![&outlets.desks.policy],
            News::Failed(_) | News::Restored => outlets.lanes.values().collect(),
        };
        for lane in to {
            // A lane that is gone has parked its outputs already; an inbox that is gone does nothing more.
            let _ = lane.blocking_send(news.clone());
        }
    }
    outlets.durable.send_if_modified(|old| {
        let fresh = (recorder.epoch(), durable);
        let changed = *old != fresh;
        *old = fresh;
        changed
    });
    // After everybody has heard: no lane waits for an alarm.
    for alarm in recorder.take_alarms() {
        if outlets.alarms.as_ref().is_some_and(|alarms| alarms.try_send(alarm).is_err()) {
            tracing::error!("an alarm is not raised: too many wait for the urgent log");
        }
    }
    outlets.progress.fetch_add(1, Ordering::Relaxed);
}
