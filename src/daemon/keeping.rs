//! The keeper's thread: hears what the hub answers, wakes now and then, writes once more at the end.

use std::io;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::keeper::{Keeper, Keeping};
use super::recorder::Chore;
use crate::journal::{Disk, OpenLog};
use crate::platform::clock::Clock;
use crate::platform::http::Heard;

/// Time between two looks when nothing happens.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Most chores that may wait for the recorder.
pub const CHORES_MAX: usize = 8;

/// What reaches the keeper, and what it says.
pub struct Wires {
    /// What the hub answered last.
    pub heard: watch::Receiver<Option<Heard>>,
    /// The log that is written.
    pub log: watch::Receiver<OpenLog>,
    /// For the screens.
    pub status: watch::Sender<Keeping>,
    /// To the recorder.
    pub chores: SyncSender<Chore>,
    /// Lets the list of past passages forget whom it can no longer open.
    pub forget: Box<dyn Fn() -> Result<(), String> + Send>,
    /// True when the kiosk stops.
    pub stopped: watch::Receiver<bool>,
    /// Dropped when everything is written.
    pub done: mpsc::Sender<()>,
}

/// Starts the thread. Call it inside a tokio runtime.
///
/// # Errors
///
/// When no thread can be started.
pub fn start<D: Disk + Clone + 'static>(mut keeper: Keeper<D>, wires: Wires, clock: Clock) -> io::Result<()> {
    let Wires { mut heard, mut log, status, chores, forget, mut stopped, done } = wires;
    let mut forgotten = None;
    let runtime = Handle::current();
    std::thread::Builder::new().name("keeper".to_owned()).spawn(move || {
        loop {
            keeper.follow(&log.borrow_and_update());
            let news = heard.borrow_and_update().clone();
            if let Some(Heard { epoch, head }) = news {
                keeper.hear(epoch, &head);
            }
            for chore in keeper.turn(&clock.stamp()) {
                // Without room, or a recorder, it is asked for again the next time.
                let _ = chores.try_send(chore);
            }
            if forgotten != Some(keeper.forgotten()) {
                match forget() {
                    Ok(()) => forgotten = Some(keeper.forgotten()),
                    Err(error) => tracing::warn!(%error, "past passages cannot be forgotten yet"),
                }
            }
            status.send_if_modified(|old| {
                let fresh = keeper.status();
                let changed = *old != fresh;
                *old = fresh;
                changed
            });
            if !runtime.block_on(wait(&mut heard, &mut stopped)) {
                break;
            }
        }
        keeper.finish();
        drop(done);
    })?;
    Ok(())
}

/// Waits for news, or for the time of a look; false when the kiosk stops.
async fn wait(heard: &mut watch::Receiver<Option<Heard>>, stopped: &mut watch::Receiver<bool>) -> bool {
    tokio::select! {
        stopped = stopped.wait_for(|stopped| *stopped) => { drop(stopped); false }
        // A link that has ended says no more; the looks go on.
        _ = timeout(LOOK_EVERY, news(heard)) => true,
    }
}

async fn news(heard: &mut watch::Receiver<Option<Heard>>) {
    if heard.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}
