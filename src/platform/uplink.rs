//! The task that brings a kiosk's records to its hub.
//!
//! [`run`] carries out what [`Link`] asks for. The daemon calls it once, in a task of its own:
//!
//! ```ignore
//! let link = Link::new(Settings::default(), Random::new(seed));
//! let uplink = Uplink { link, kiosk, key, client, logs: disk, stamp: move || clock.stamp(), lines, hurry };
//! tokio::spawn(run(uplink, durable, status));
//! ```
//!
//! `durable` is a watch of the log that is being written and the number of its durable records; when another log begins,
//! the directory is looked through again. `status` takes what the attendant's face shows. It ends when the other end of
//! `durable` is dropped. Waiting for the hub never holds up anything but itself.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::http::HubClient;
use crate::base::{Epoch, KioskId, Stamp};
use crate::journal::SigningKey;
use crate::sync::desk::Desk;
use crate::sync::source::Logs;
use crate::sync::{Action, Answer, HubStatus, Link};

/// How long a directory that cannot be read is left alone.
const LIST_AGAIN: Duration = Duration::from_secs(5);

/// What [`run`] works with.
pub struct Uplink<L, C> {
    /// Decides what to ask for.
    pub link: Link,
    /// Whose records.
    pub kiosk: KioskId,
    /// Signs what is sent.
    pub key: Arc<SigningKey>,
    /// Talks to the hub.
    pub client: HubClient,
    /// Reads the journal; may block.
    pub logs: L,
    /// Tells the time.
    pub stamp: C,
    /// Tells what heartbeats say beside size and root.
    pub lines: Box<dyn Fn() -> Vec<String> + Send>,
    /// Told when a heartbeat is wanted at once.
    pub hurry: Arc<Notify>,
}

/// Sends everything that becomes durable to the hub, for ever; returns when `durable` is closed.
pub async fn run<L, C>(
    uplink: Uplink<L, C>,
    mut durable: watch::Receiver<(Epoch, u64)>,
    status: watch::Sender<HubStatus>,
) where
    L: Logs + 'static,
    C: Fn() -> Stamp,
{
    let Uplink { mut link, kiosk, key, client, logs, stamp, lines, hurry } = uplink;
    let mut desk = Some(Desk::new(kiosk, key, logs));
    let mut online = None;
    loop {
        let (epoch, size) = *durable.borrow_and_update();
        if link.live() != Some(epoch) {
            match at_desk(&mut desk, move |desk| desk.take_up(epoch)).await {
                Ok(Ok(closed)) => link.take_up(epoch, &closed),
                failed => {
                    tracing::error!(?failed, "the journal's logs cannot be read");
                    if !wait(LIST_AGAIN, &mut durable).await {
                        return;
                    }
                    continue;
                }
            }
        }
        let now = stamp();
        let (log, action) = match link.next(now.mono, size) {
            (Some(log), action) => (log, action),
            (None, Action::WaitUntil(until)) => {
                publish(&status, &link, &mut online);
                tokio::select! {
                    more = wait(until.since(now.mono), &mut durable) => if !more { return },
                    () = hurry.notified() => link.hurry(),
                }
                continue;
            }
            (None, _) => continue,
        };
        let said = if action == Action::Heartbeat { lines() } else { vec![] };
        let answer = perform(&client, &mut desk, log, action, (size, now, said)).await;
        let now = stamp();
        link.on_answer(now.mono, now.wall, answer.unwrap_or_else(|answer| answer));
        publish(&status, &link, &mut online);
    }
}

async fn perform<L: Logs + 'static>(
    client: &HubClient,
    desk: &mut Option<Desk<L>>,
    epoch: Epoch,
    action: Action,
    (durable, now, said): (u64, Stamp, Vec<String>),
) -> Result<Answer, Answer> {
    let ask = at_desk(desk, move |desk| {
        let kiosk = desk.kiosk().clone();
        desk.say(said);
        desk.prepare(epoch, durable, action, now).map(|ask| (kiosk, ask))
    });
    let (kiosk, ask) = ask.await??;
    let answer = client.send(&kiosk, epoch, &ask).await;
    at_desk(desk, move |desk| desk.understand(epoch, &ask, answer)).await
}

async fn at_desk<L, T, F>(desk: &mut Option<Desk<L>>, work: F) -> Result<T, Answer>
where
    L: Logs + 'static,
    T: Send + 'static,
    F: FnOnce(&mut Desk<L>) -> T + Send + 'static,
{
    let lost = |what: &str| Answer::Lost(what.to_owned());
    let mut taken = desk.take().ok_or_else(|| lost("journal reader ended"))?;
    let done = tokio::task::spawn_blocking(move || {
        let result = work(&mut taken);
        (taken, result)
    });
    let (taken, result) = done.await.map_err(|_| lost("journal reader failed"))?;
    *desk = Some(taken);
    Ok(result)
}

/// Waits for `span` or for more to become durable; false when nothing ever will.
async fn wait(span: Duration, durable: &mut watch::Receiver<(Epoch, u64)>) -> bool {
    tokio::select! {
        changed = durable.changed() => changed.is_ok(),
        () = tokio::time::sleep(span) => true,
    }
}

fn publish(status: &watch::Sender<HubStatus>, link: &Link, online: &mut Option<bool>) {
    let link = link.status();
    if *online != Some(link.online) {
        match (&link.error, online.is_some()) {
            (Some(error), _) => tracing::warn!(%error, waiting = link.waiting, "hub lost"),
            (None, true) => tracing::info!(waiting = link.waiting, "hub back"),
            (None, false) => {}
        }
        *online = Some(link.online);
    }
    status.send_if_modified(|old| {
        let changed = *old != link;
        *old = link;
        changed
    });
}
