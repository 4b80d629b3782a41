//! A whole kiosk: starts everything, watches over it, stops it in order.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::alarms::{self, MainLog, UrgentLog};
use super::attendance::{self, Duty};
use super::copying;
use super::elsewhere::Elsewhere;
use super::first_records::first_records;
use super::inbox::Inbox;
use super::keeper::{Keeper, Keeping, Rules};
use super::keeping::{self, Wires};
use super::lanes::{self, Asked, LaneParts, Lanes, dispatch};
use super::link::{self, Link};
use super::lists::Taken;
use super::overdue;
use super::past::{self, Past, PastParts};
use super::pictures::{self, Begun, Pictures};
use super::policy::{Office, PolicyParts, Ruling};
use super::recorder::{Chore, Request};
use super::recording::{self, Desks, Outlets};
use super::status_board::{Seen, StatusBoard};
use super::trust::TrustShelf;
use super::watch_over::watch_over;
use crate::base::{KioskId, LaneId};
use crate::config::site::PostRules;
use crate::control::{JournalStatus, KioskStatus, OverdueStatus};
use crate::credential::place_code::PlaceCodes;
use crate::journal::{Journal, OpenLog, Recovery, view};
use crate::model::Blinder;
use crate::platform::clock::Clock;
use crate::platform::disk::DirDisk;
use crate::platform::http::{self, Heard};
use crate::platform::mqtt;
use crate::web;

/// What a kiosk is made of.
pub struct Parts {
    /// Which kiosk.
    pub kiosk: KioskId,
    /// Its name in the site's words.
    pub title: String,
    /// The policy: bundles, and what the site itself says.
    pub policy: PolicyParts<DirDisk>,
    /// Its lanes.
    pub lanes: Vec<LaneParts>,
    /// Its journal, and what was found in it.
    pub journal: (Journal<DirDisk>, Recovery),
    /// Another handle to the journal's directory, to read by.
    pub disk: DirDisk,
    /// The urgent log; none where it cannot be used.
    pub alarms: Option<UrgentLog>,
    /// Where the view of past passages lies.
    pub view: PathBuf,
    /// Where it is kept what the hub commanded.
    pub inbox: PathBuf,
    /// How it is watched that somebody is at the post; none where it is not.
    pub post: Option<PostRules>,
    /// Blinds identifiers.
    pub blinder: Blinder,
    /// The lists that it asks, and those that it has to do without.
    pub lists: Taken,
    /// What it judges others' credentials by.
    pub trust: TrustShelf,
    /// How long what is kept.
    pub retention: Rules,
    /// The hub, for a kiosk that is enrolled.
    pub hub: Option<Link>,
    /// What it does with pictures of exceptional passages, where the site wants any.
    pub pictures: Option<Pictures<DirDisk>>,
    /// A broker that gets a copy, and the file that says how far the copy is.
    pub copy: Option<(mqtt::Broker, PathBuf)>,
    /// Who may sign in.
    pub attendants: Vec<web::Attendant>,
    /// Where the pages listen.
    pub listen: SocketAddr,
    /// Names besides loopback under which the pages may be asked for.
    pub hosts: Vec<String>,
    /// The clock.
    pub clock: Clock,
    /// Whether everything is simulated.
    pub simulated: bool,
    /// The place code that it shows, where the site wants one.
    pub place_codes: Option<PlaceCodes>,
    /// How the place counts its hours.
    pub place_time: web::PlaceTime,
}

/// Why a kiosk did not start or did not go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The pages cannot listen.
    #[error("pages cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// A thread cannot be started.
    #[error("thread cannot be started: {0}")]
    Thread(#[source] io::Error),
    /// No view of past passages can be kept.
    #[error(transparent)]
    View(#[from] view::Error),
    /// The connection to the hub cannot be set up.
    #[error(transparent)]
    Hub(#[from] http::Error),
    /// A part that must never end has ended.
    #[error("{0} ended")]
    Ended(&'static str),
}

/// A kiosk that runs.
pub struct Running {
    /// Where its pages are.
    pub address: SocketAddr,
    /// What its screens show.
    pub status: watch::Receiver<Arc<KioskStatus>>,
    /// What its lanes are asked.
    pub commands: mpsc::Sender<Asked>,
    /// Attendants who are signed in on the screens.
    pub signed_in: watch::Receiver<usize>,
    past: Arc<Past<DirDisk>>,
    lanes: JoinSet<&'static str>,
    tasks: JoinSet<&'static str>,
    stop: watch::Sender<bool>,
    recorder_done: mpsc::Receiver<()>,
}

impl Running {
    /// Waits until a part ends that never should.
    ///
    /// # Errors
    ///
    /// Always: says which part that was.
    pub async fn ended(&mut self) -> Error {
        let ended = tokio::select! {
            ended = self.lanes.join_next() => ended,
            ended = self.tasks.join_next() => ended,
        };
        match ended {
            Some(Ok(name)) => Error::Ended(name),
            Some(Err(_)) | None => Error::Ended("a task"),
        }
    }

    /// Stops in order: outputs parked, no more input, journal closed.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let parked = async { while self.lanes.join_next().await.is_some() {} };
        if tokio::time::timeout(Duration::from_secs(5), parked).await.is_err() {
            tracing::error!("a lane did not park in time");
        }
        self.lanes.shutdown().await;
        drop(self.commands);
        self.tasks.shutdown().await;
        // The recorder ends once the last lane has; its end of the channel says when.
        let _ = tokio::time::timeout(Duration::from_secs(10), self.recorder_done.recv()).await;
        self.past.rest();
    }
}

/// Starts a kiosk inside a tokio runtime. The pages answer, and all lanes run, when this returns.
///
/// # Errors
///
/// When something cannot be started; nothing is left running then that could open a barrier.
pub async fn start(parts: Parts) -> Result<Running, Error> {
    let Parts {
        kiosk, title, policy, lanes: lane_parts, journal, disk, view, blinder, hub, attendants, ..
    } = parts;
    let (clock, codes, trust) = (parts.clock, parts.place_codes, parts.trust);
    let ((listener, address), mut tasks) = (listen_at(parts.listen).await?, JoinSet::new());
    let ((requests, for_recorder), (done, recorder_done)) = (mpsc::channel(4_096), mpsc::channel(1));
    let (journal, recovery) = journal;
    let (inbox, office) = (Inbox::open(parts.inbox, &recovery), Office::new(policy));
    let ((stop, stopped), (log, log_seen)) = (watch::channel(false), watch::channel(journal.open_log()));
    let past = past_of((view, blinder, &disk), (&clock, parts.place_time), &log_seen)?;
    let (durable, durable_seen) = watch::channel((journal.epoch(), 0));
    copying::spawn(parts.copy, (&kiosk, &disk), (&log_seen, &durable_seen), &mut tasks);
    let main = MainLog { epoch: journal.epoch(), durable: journal.durable(), found: &recovery };
    let (alarms, urgent) = alarms::take_up(parts.alarms, &main, clock.stamp(), done.clone())?;
    let for_keeper = hub.as_ref().map(Link::for_keeper);
    let keeper = Keeper::new(disk.clone(), &journal.open_log(), for_keeper, parts.retention);
    let (chores, to_do) = std::sync::mpsc::sync_channel(keeping::CHORES_MAX);
    let (hear, heard) = watch::channel(None);
    let (status, written) = watch::channel(JournalStatus::default());
    let lines = lanes::beside(&lane_parts, journal.durable(), written.clone());
    let begun = pictures::begin(parts.pictures, written.clone(), done.clone());
    let Begun { lanes: taken, line, status: pictures } = begun.map_err(Error::Thread)?;
    let (hurry, now) = (Arc::clone(&inbox.hurry), clock.clone());
    let ends =
        link::Ends { durable: durable_seen, urgent, heard: hear, clock: now, lines, pictures: line, hurry };
    let (told, client) = link::spawn(hub.as_ref(), &kiosk, disk.clone(), ends, &mut tasks)?;
    let (enrolment, missing) = (hub.as_ref().map(|link| &link.enrolment), parts.lists.drafts());
    let recorder = first_records(journal, &recovery, enrolment, &clock, (&parts.retention, missing));
    let in_force = (inbox.seen.clone(), office.ends.ruling.clone());
    let line = client.clone().zip(Some(kiosk.clone()));
    line.clone().into_iter().for_each(|(client, kiosk)| trust.clone().listen(client, kiosk, &mut tasks));
    let memory = Arc::new(Elsewhere::start(&past, line.clone(), &in_force.1, &clock, &mut tasks));
    let (mut lanes, mut lane_tasks) = (Lanes::new(taken, in_force.clone(), (memory, line)), JoinSet::new());
    let mut start = |lane| lanes.start(lane, &requests, &clock, &stopped, &mut lane_tasks);
    lane_parts.into_iter().map(|lane| resumed(lane, &recovery)).try_for_each(&mut start)?;
    let Lanes { news: lanes, commands: to_lanes, views, previews, thermals, mut progress, .. } = lanes;
    let (turns, names) = (counted(&mut progress), (kiosk.clone(), lanes.keys().cloned().collect()));
    let desks = Desks { inbox: inbox.news.clone(), policy: office.ends.news.clone() };
    let outlets = Outlets { lanes, desks, durable, log, status, progress: turns, chores: to_do, alarms };
    recording::start(recorder, for_recorder, outlets, clock.clone(), done.clone()).map_err(Error::Thread)?;
    let overdue = look_after(&past, &requests, (&clock, &in_force.1), &mut tasks);
    let ends = (heard, log_seen, chores, stopped.clone(), done);
    let keeping = keep(keeper, ends, &past, clock.clone()).map_err(Error::Thread)?;
    let policy = office.spawn(requests.clone(), clock.clone(), &mut tasks);
    inbox.spawn(hub.as_ref().zip(client), names, disk, (requests.clone(), clock.clone()), &mut tasks);
    let commands = asked_by_pages(to_lanes, stopped, &mut tasks);
    let Duty { attendance, hand_overs, here, signed_in, post } =
        attendance::start(parts.post, requests, clock.clone(), &mut tasks);
    let seen = Seen { lanes: views, journal: written, hub: told, keeping, pictures, in_force, post, overdue };
    let status =
        StatusBoard { kiosk, title, simulated: parts.simulated, codes, seen, clock, trust }.start(&mut tasks);
    tasks.spawn(watch_over(progress));
    let handle = web::Handle {
        status: status.clone(),
        commands: commands.clone(),
        previews,
        thermals,
        recent: Arc::<Past<DirDisk>>::clone(&past),
        attendants,
        hand_overs,
        attendance,
        policy,
        here,
        place_time: parts.place_time,
        hosts: parts.hosts,
    };
    tasks.spawn(pages(listener, handle));
    Ok(Running { address, status, commands, signed_in, past, lanes: lane_tasks, tasks, stop, recorder_done })
}

/// The lane, going on from what was noted of its thermometer before.
fn resumed(mut lane: LaneParts, recovery: &Recovery) -> LaneParts {
    if let Some(notes) = recovery.drift_notes.get(&lane.id) {
        lane.runner.resume(notes);
    }
    lane
}

/// The past passages at a place with its own time.
fn past_of(
    (view, blinder, disk): (PathBuf, Blinder, &DirDisk),
    (clock, place): (&Clock, web::PlaceTime),
    log: &watch::Receiver<OpenLog>,
) -> Result<Arc<Past<DirDisk>>, view::Error> {
    let (clock, ahead_minutes) = (clock.clone(), place.utc_offset_minutes);
    let now = Box::new(move || clock.stamp());
    let parts = PastParts { view, blinder, disk: disk.clone(), now, ahead_minutes };
    Ok(Arc::new(Past::new(parts, log.clone())?))
}

/// Starts what tends the past passages and watches who is overdue.
fn look_after(
    past: &Arc<Past<DirDisk>>,
    requests: &mpsc::Sender<Request>,
    (clock, ruling): (&Clock, &watch::Receiver<Arc<Ruling>>),
    tasks: &mut JoinSet<&'static str>,
) -> watch::Receiver<OverdueStatus> {
    let (status, seen) = watch::channel(OverdueStatus::default());
    tasks.spawn(past::tend(Arc::clone(past), clock.clone()));
    tasks.spawn(overdue::watch_over(
        Arc::clone(past),
        requests.clone(),
        clock.clone(),
        ruling.clone(),
        status,
    ));
    seen
}

/// What the keeper hangs on: the hub's answers, the log, its chores, the end of the kiosk, and that it is done.
type KeeperEnds = (
    watch::Receiver<Option<Heard>>,
    watch::Receiver<OpenLog>,
    SyncSender<Chore>,
    watch::Receiver<bool>,
    mpsc::Sender<()>,
);

/// Starts what keeps the hub's receipts, and forgets when it is time to.
fn keep(
    keeper: Keeper<DirDisk>,
    (heard, log, chores, stopped, done): KeeperEnds,
    past: &Arc<Past<DirDisk>>,
    clock: Clock,
) -> io::Result<watch::Receiver<Keeping>> {
    let (status, seen) = watch::channel(Keeping::default());
    let past = Arc::clone(past);
    let forget = Box::new(move || past.forget());
    keeping::start(keeper, Wires { heard, log, forget, status, chores, stopped, done }, clock)?;
    Ok(seen)
}

/// One more part whose turns are counted.
fn counted(progress: &mut Vec<Arc<AtomicU64>>) -> Arc<AtomicU64> {
    let turns = Arc::<AtomicU64>::default();
    progress.push(Arc::clone(&turns));
    turns
}

/// Starts what brings the pages' commands to their lanes.
fn asked_by_pages(
    to_lanes: BTreeMap<LaneId, mpsc::Sender<Asked>>,
    stopped: watch::Receiver<bool>,
    tasks: &mut JoinSet<&'static str>,
) -> mpsc::Sender<Asked> {
    let (commands, asked) = mpsc::channel(64);
    tasks.spawn(dispatch(asked, to_lanes, stopped));
    commands
}

async fn listen_at(address: SocketAddr) -> Result<(TcpListener, SocketAddr), Error> {
    let failed = |source| Error::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

async fn pages(listener: TcpListener, handle: web::Handle) -> &'static str {
    if let Err(error) = axum::serve(listener, web::router(handle)).await {
        tracing::error!(%error, "pages ended");
    }
    "pages"
}
