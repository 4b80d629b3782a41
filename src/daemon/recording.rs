//! The recorder's thread: takes requests, commits in groups, tells lanes and screens.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::recorder::{News, Recorder, Request};
use crate::base::{Epoch, LaneId, Seq};
use crate::control::JournalStatus;
use crate::journal::Disk;
use crate::model::{Body, Draft};
use crate::platform::clock::{Clock, pause};

/// How long a failed journal is left alone between two tries.
const RETRY_EVERY: Duration = Duration::from_secs(1);

/// Where the recorder's news goes.
pub struct Outlets {
    /// To each lane.
    pub lanes: BTreeMap<LaneId, mpsc::Sender<News>>,
    /// The log that is being written and the number of its durable records, for the link to the hub.
    pub durable: watch::Sender<(Epoch, u64)>,
    /// For the screens.
    pub status: watch::Sender<JournalStatus>,
    /// Counts turns, for the watchdog.
    pub progress: Arc<AtomicU64>,
}

/// Starts the thread. It ends, with the journal closed in order, once every sender of requests is gone; `done` is
/// dropped then. Call it inside a tokio runtime.
///
/// # Errors
///
/// When no thread can be started.
pub fn start<D: Disk + 'static>(
    mut recorder: Recorder<D>,
    mut requests: mpsc::Receiver<Request>,
    outlets: Outlets,
    clock: Clock,
    done: mpsc::Sender<()>,
) -> io::Result<()> {
    let runtime = Handle::current();
    std::thread::Builder::new().name("recorder".to_owned()).spawn(move || {
        let mut news = Vec::new();
        while let Some(request) = next(&runtime, &mut requests, &mut recorder, &mut news, &outlets) {
            recorder.hand_in(request);
            while let Ok(request) = requests.try_recv() {
                recorder.hand_in(request);
            }
            recorder.commit(&mut news);
            tell(&recorder, &mut news, &outlets);
        }
        let draft = Box::new(Draft { lane: None, body: Body::Stopped, personal: None });
        recorder.hand_in(Request { answer: None, draft, stamp: clock.stamp() });
        recorder.commit(&mut news);
        tell(&recorder, &mut news, &outlets);
        match recorder.close() {
            Ok(()) => tracing::info!("journal closed"),
            Err(error) => tracing::error!(%error, "journal cannot be closed"),
        }
        drop(done);
    })?;
    Ok(())
}

/// Waits for the next request, and tries a failed journal again meanwhile; `None` when there will be no more.
fn next<D: Disk>(
    runtime: &Handle,
    requests: &mut mpsc::Receiver<Request>,
    recorder: &mut Recorder<D>,
    news: &mut Vec<News>,
    outlets: &Outlets,
) -> Option<Request> {
    while recorder.has_failed() {
        pause(RETRY_EVERY);
        recorder.retry(news);
        tell(recorder, news, outlets);
        match requests.try_recv() {
            Ok(request) => return Some(request),
            Err(mpsc::error::TryRecvError::Empty) => {}
            Err(mpsc::error::TryRecvError::Disconnected) => return None,
        }
    }
    loop {
        // Nothing to do is progress too: the watchdog hears of it every second.
        match runtime.block_on(async { timeout(RETRY_EVERY, requests.recv()).await }) {
            Ok(request) => return request,
            Err(_) => outlets.progress.fetch_add(1, Ordering::Relaxed),
        };
    }
}

fn tell<D: Disk>(recorder: &Recorder<D>, news: &mut Vec<News>, outlets: &Outlets) {
    let durable = recorder.durable().map_or(0, Seq::get);
    outlets.status.send_if_modified(|status| {
        let failed = match news.iter().rev().find(|news| !matches!(news, News::Durable { .. })) {
            Some(News::Failed(why)) => Some(why.clone()),
            Some(News::Restored) => None,
            Some(News::Durable { .. }) | None => status.failed.clone(),
        };
        let fresh = JournalStatus { durable, failed };
        let changed = *status != fresh;
        *status = fresh;
        changed
    });
    for news in news.drain(..) {
        let to: Vec<_> = match &news {
            News::Durable { lane, .. } => outlets.lanes.get(lane).into_iter().collect(),
            News::Failed(_) | News::Restored => outlets.lanes.values().collect(),
        };
        for lane in to {
            // A lane that is gone has parked its outputs already.
            let _ = lane.blocking_send(news.clone());
        }
    }
    outlets.durable.send_if_modified(|old| {
        let fresh = (recorder.epoch(), durable);
        let changed = *old != fresh;
        *old = fresh;
        changed
    });
    outlets.progress.fetch_add(1, Ordering::Relaxed);
}
