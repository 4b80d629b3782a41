//! The task that brings a kiosk's records to its hub.
//!
//! [`run`] carries out what [`Link`] asks for. The daemon calls it once, in a task of its own:
//!
//! ```ignore
//! let link = Link::new(Settings::default(), Random::new(seed));
//! let uplink = Uplink {
//!     link, kiosk, key, client, logs: disk, urgent: None, stamp: move || clock.stamp(), lines, hurry
//! };
//! tokio::spawn(run(uplink, durable, status));
//! ```
//!
//! `durable` is a watch of the log that is being written and the number of its durable records; when another log begins,
//! the directory is looked through again. `status` takes what the attendant's face shows. It ends when the other end of
//! `durable` is dropped. Waiting for the hub never holds up anything but itself.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::blob_line::{BlobLine, Turn};
use super::disk::DirDisk;
use super::http::HubClient;
use crate::base::{Epoch, KioskId, Mono, Stamp};
use crate::journal::{Disk, SigningKey};
use crate::sync::blobs::Records;
use crate::sync::desk::Desk;
use crate::sync::source::Logs;
use crate::sync::{Action, Answer, Durable, HubStatus, Link, Series};

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
    /// Reads the urgent logs, and what is durable of the one that is being written: sent before anything else.
    pub urgent: Option<(L, watch::Receiver<(Epoch, u64)>)>,
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
    durable: watch::Receiver<(Epoch, u64)>,
    status: watch::Sender<HubStatus>,
) where
    L: Logs + 'static,
    C: Fn() -> Stamp,
{
    run_with(uplink, None::<BlobLine<DirDisk>>, durable, status).await;
}

/// The same, with blobs: one request about a blob whenever no record waits.
pub async fn run_with<L, C, D>(
    uplink: Uplink<L, C>,
    mut blobs: Option<BlobLine<D>>,
    mut durable: watch::Receiver<(Epoch, u64)>,
    status: watch::Sender<HubStatus>,
) where
    L: Logs + 'static,
    C: Fn() -> Stamp,
    D: Disk + Clone + 'static,
{
    let Uplink { mut link, kiosk, key, client, logs, urgent, stamp, lines, hurry } = uplink;
    let desk = Desk::new(kiosk.clone(), key, logs);
    let (desk, mut alarms) = match urgent {
        Some((urgent, alarms)) => (desk.with_urgent(urgent), Some(alarms)),
        None => (desk, None),
    };
    let (mut desk, mut online, mut list_again) = (Some(desk), None, Mono::ZERO);
    loop {
        let (epoch, main) = *durable.borrow_and_update();
        let raised = alarms.as_mut().map(|alarms| *alarms.borrow_and_update());
        let read = take_up(&mut link, &mut desk, Series::Main, epoch).await;
        // Those that cannot be read do not hold up the others.
        if let Some((epoch, _)) = raised.filter(|_| stamp().mono >= list_again)
            && !take_up(&mut link, &mut desk, Series::Urgent, epoch).await
        {
            list_again = stamp().mono + LIST_AGAIN;
        }
        // A desk that ended is not there for anything any more, whatever is asked of it: nor may asking keep anybody busy.
        if !read || desk.is_none() {
            if !wait::<D>(LIST_AGAIN, &mut durable, &mut alarms, None).await {
                return;
            }
            continue;
        }
        let size = Durable { main, urgent: raised.map_or(0, |(_, size)| size) };
        let now = stamp();
        let (log, action) = match link.next(now.mono, size) {
            (Some(log), action) => (log, action),
            (None, Action::WaitUntil(until)) => {
                publish(&status, &link, &mut online);
                let records = if link.status().waiting == 0 { Records::Sent } else { Records::Waiting };
                let turn = match &mut blobs {
                    Some(line) => line.turn(&client, &kiosk, || stamp().mono, records).await,
                    None => Turn::Wait(until),
                };
                let until = match turn {
                    // A record that became durable meanwhile goes before the next chunk.
                    Turn::Did => continue,
                    Turn::Wait(blobs) => until.min(blobs),
                };
                tokio::select! {
                    more = wait(until.since(now.mono), &mut durable, &mut alarms, blobs.as_mut()) => {
                        if !more {
                            return;
                        }
                    }
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

/// Looks through the directory of a series when another log has begun; false when it cannot be read.
async fn take_up<L: Logs + 'static>(
    link: &mut Link,
    desk: &mut Option<Desk<L>>,
    series: Series,
    live: Epoch,
) -> bool {
    if link.live(series) == Some(live) {
        return true;
    }
    match at_desk(desk, move |desk| desk.take_up(series, live)).await {
        Ok(Ok(closed)) => {
            link.take_up(series, live, &closed);
            true
        }
        failed => {
            tracing::error!(?series, ?failed, "the journal's logs cannot be read");
            false
        }
    }
}

async fn perform<L: Logs + 'static>(
    client: &HubClient,
    desk: &mut Option<Desk<L>>,
    epoch: Epoch,
    action: Action,
    (durable, now, said): (Durable, Stamp, Vec<String>),
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

/// Waits for `span`, for more to become durable, or for another blob; false when nothing ever will become durable.
async fn wait<D: Disk + Clone + 'static>(
    span: Duration,
    durable: &mut watch::Receiver<(Epoch, u64)>,
    alarms: &mut Option<watch::Receiver<(Epoch, u64)>>,
    blobs: Option<&mut BlobLine<D>>,
) -> bool {
    let another = async {
        match blobs {
            Some(line) => line.changed().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        changed = durable.changed() => changed.is_ok(),
        () = raised(alarms) => true,
        () = tokio::time::sleep(span) => true,
        () = another => true,
    }
}

/// Waits for an alarm; for ever where none can come any more.
async fn raised(alarms: &mut Option<watch::Receiver<(Epoch, u64)>>) {
    let Some(alarms) = alarms else { return std::future::pending().await };
    if alarms.changed().await.is_err() {
        std::future::pending::<()>().await;
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
