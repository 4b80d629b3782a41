//! A whole kiosk: starts everything, watches over it, stops it in order.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::interval;
use zeroize::Zeroizing;

use super::devices::{self, LineInput, OpenStream, Post};
use super::lane::{LaneTask, LaneView};
use super::past::{Past, PastParts};
use super::recorder::{News, Recorder, Request};
use super::recording::{self, Outlets};
use super::runner::LaneRunner;
use crate::base::{DeviceId, Epoch, KioskId, LaneId, Random};
use crate::control::{Command, HubStatus, JournalStatus, KioskStatus, NoticeStatus, Refused};
use crate::drivers::Thermometer;
use crate::journal::{Journal, Recovery, SigningKey, view};
use crate::model::{Blinder, Body, Draft};
use crate::platform::clock::{Clock, mono};
use crate::platform::disk::DirDisk;
use crate::platform::http::{self, HubClient};
use crate::platform::uplink::{self, Uplink};
use crate::platform::watchdog::Watchdog;
use crate::sync;
use crate::sync::enrolment::Enrolment;
use crate::vision::raw::Source;
use crate::web::{self, Attendance};

/// One lane's engine and devices, opened and ready.
pub struct LaneParts {
    /// Which lane.
    pub id: LaneId,
    /// Engine and outputs.
    pub runner: LaneRunner,
    /// Every device with the name of its driver, for the screens.
    pub devices: Vec<(DeviceId, &'static str)>,
    /// Thermometers.
    pub thermometers: Vec<(DeviceId, Box<dyn Thermometer + Send>)>,
    /// Code readers.
    pub scanners: Vec<(DeviceId, OpenStream)>,
    /// Cameras.
    pub cameras: Vec<(DeviceId, Box<dyn Source>)>,
    /// Input lines.
    pub lines: Vec<LineInput>,
}

/// The way to the hub.
pub struct Link {
    /// What the hub granted.
    pub enrolment: Enrolment,
    /// Seed of the key that signs every batch.
    pub seed: Zeroizing<[u8; 32]>,
    /// How eagerly records are sent.
    pub settings: sync::outbox::Settings,
}

/// What a kiosk is made of.
pub struct Parts {
    /// Which kiosk.
    pub kiosk: KioskId,
    /// Its name in the site's words.
    pub title: String,
    /// The notice in force.
    pub notice: Option<NoticeStatus>,
    /// Its lanes.
    pub lanes: Vec<LaneParts>,
    /// Its journal, and what was found in it.
    pub journal: (Journal<DirDisk>, Recovery),
    /// Another handle to the journal's directory, to read by.
    pub disk: DirDisk,
    /// Where the view of past passages lies.
    pub view: PathBuf,
    /// Blinds identifiers.
    pub blinder: Blinder,
    /// The hub, for a kiosk that is enrolled.
    pub hub: Option<Link>,
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

/// A command and where its answer goes.
pub type Asked = (Command, oneshot::Sender<Result<(), Refused>>);

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
    }
}

/// Starts a kiosk inside a tokio runtime. The pages answer, and all lanes run, when this returns.
///
/// # Errors
///
/// When something cannot be started; nothing is left running then that could open a barrier.
pub async fn start(parts: Parts) -> Result<Running, Error> {
    let Parts {
        kiosk, title, notice, lanes: lane_parts, journal, disk, view, blinder, hub, attendants, ..
    } = parts;
    let (listen, hosts, clock, simulated) = (parts.listen, parts.hosts, parts.clock, parts.simulated);
    let listener = TcpListener::bind(listen).await;
    let listener = listener.map_err(|source| Error::Listen { address: listen, source })?;
    let address = listener.local_addr().map_err(|source| Error::Listen { address: listen, source })?;
    let mut tasks = JoinSet::new();
    let (stop, stopped) = watch::channel(false);
    let (requests, for_recorder) = mpsc::channel(4_096);
    let (mut journal, recovery) = journal;
    let past = Past::new(PastParts { view, blinder, disk: disk.clone() }, &mut journal)?;
    let (durable, durable_seen) = watch::channel((journal.epoch(), 0));
    let hub_seen = match &hub {
        Some(link) => spawn_link(link, &kiosk, disk, durable_seen, &clock, &mut tasks)?,
        None => watch::channel(HubStatus::default()).1,
    };
    let recorder = first_records(journal, &recovery, hub.as_ref().map(|link| &link.enrolment), &clock);
    let (mut lanes, mut lane_tasks) = (Lanes::default(), JoinSet::new());
    for lane in lane_parts {
        lanes.start(lane, &requests, &clock, &stopped, &mut lane_tasks)?;
    }
    let Lanes { news, commands: to_lanes, views, previews, mut progress } = lanes;
    let (journal_status, journal_seen) = watch::channel(JournalStatus::default());
    let (done, recorder_done) = mpsc::channel(1);
    let recorder_progress = Arc::new(AtomicU64::new(0));
    progress.push(Arc::clone(&recorder_progress));
    let outlets = Outlets { lanes: news, durable, status: journal_status, progress: recorder_progress };
    recording::start(recorder, for_recorder, outlets, clock.clone(), done).map_err(Error::Thread)?;
    let (commands, asked) = mpsc::channel(64);
    tasks.spawn(dispatch(asked, to_lanes, stopped));
    let (journal, hub) = (journal_seen, hub_seen);
    let board =
        StatusBoard { kiosk, title, notice, simulated, lanes: views, journal, hub, clock: clock.clone() };
    let (status_sender, status) = watch::channel(Arc::new(board.now()));
    tasks.spawn(board.run(status_sender));
    tasks.spawn(watch_over(progress));
    let (attendance, attended) = mpsc::channel(64);
    let (here, signed_in) = watch::channel(0);
    tasks.spawn(note_attendance(attended, requests, clock, here));
    let recent = Arc::new(past);
    let (status, asks) = (status.clone(), commands.clone());
    let seen = status.clone();
    let handle = web::Handle { status, commands: asks, previews, recent, attendants, attendance, hosts };
    tasks.spawn(pages(listener, handle));
    let (status, lanes) = (seen, lane_tasks);
    Ok(Running { address, status, commands, signed_in, lanes, tasks, stop, recorder_done })
}

async fn pages(listener: TcpListener, handle: web::Handle) -> &'static str {
    if let Err(error) = axum::serve(listener, web::router(handle)).await {
        tracing::error!(%error, "pages ended");
    }
    "pages"
}

/// Starts the task that sends records to the hub, which reads behind the journal's writer.
fn spawn_link(
    link: &Link,
    kiosk: &KioskId,
    disk: DirDisk,
    durable: watch::Receiver<(Epoch, u64)>,
    clock: &Clock,
    tasks: &mut JoinSet<&'static str>,
) -> Result<watch::Receiver<HubStatus>, Error> {
    let clock = clock.clone();
    let uplink = Uplink {
        // Spreads the retries of many kiosks that lost one hub; nothing secret.
        link: sync::Link::new(link.settings, Random::new(mono().0)),
        kiosk: kiosk.clone(),
        key: Arc::new(SigningKey::from_seed(&link.seed)),
        client: HubClient::new(&link.enrolment)?,
        logs: disk,
        stamp: move || clock.stamp(),
    };
    let (status, seen) = watch::channel(HubStatus::default());
    tasks.spawn(async move {
        uplink::run(uplink, durable, status).await;
        "link to the hub"
    });
    Ok(seen)
}

/// Writes down that the kiosk started and what the last run left open, before any lane can ask for anything.
fn first_records(
    mut journal: Journal<DirDisk>,
    recovery: &Recovery,
    enrolment: Option<&Enrolment>,
    clock: &Clock,
) -> Recorder<DirDisk> {
    let key = enrolment.map(|enrolment| journal.sealer().key_opened(&enrolment.seal_key.0));
    let mut recorder = Recorder::new(journal);
    let mut drafts = recovery.drafts(env!("CARGO_PKG_VERSION"));
    match key {
        Some(Ok(body)) => drafts.push(Draft { lane: None, body, personal: None }),
        Some(Err(error)) => tracing::error!(%error, "the hub's sealing key is of no use"),
        None => {}
    }
    drafts.extend(recovery.open_arrivals.iter().filter_map(super::unresolved::draft));
    for draft in drafts {
        recorder.hand_in(Request { answer: None, draft: Box::new(draft), stamp: clock.stamp() });
    }
    recorder.commit(&mut Vec::new());
    recorder
}

/// What the lanes are reached by, gathered while they start.
#[derive(Default)]
struct Lanes {
    news: BTreeMap<LaneId, mpsc::Sender<News>>,
    commands: BTreeMap<LaneId, mpsc::Sender<Asked>>,
    views: Vec<watch::Receiver<Arc<LaneView>>>,
    previews: BTreeMap<LaneId, watch::Receiver<Arc<web::Preview>>>,
    progress: Vec<Arc<AtomicU64>>,
}

impl Lanes {
    fn start(
        &mut self,
        lane: LaneParts,
        requests: &mpsc::Sender<Request>,
        clock: &Clock,
        stop: &watch::Receiver<bool>,
        tasks: &mut JoinSet<&'static str>,
    ) -> Result<(), Error> {
        let LaneParts { id, runner, devices, thermometers, scanners, cameras, lines } = lane;
        let (observations, observed) = mpsc::channel(256);
        let post = Post { observations };
        for (device, sensor) in thermometers {
            devices::thermometer(post.clone(), device, sensor).map_err(Error::Thread)?;
        }
        for (device, open) in scanners {
            devices::scanner(post.clone(), device, open).map_err(Error::Thread)?;
        }
        for (device, source) in cameras {
            let (previews, seen) = watch::channel(Arc::default());
            self.previews.insert(id.clone(), seen);
            devices::camera(post.clone(), device, source, previews).map_err(Error::Thread)?;
        }
        devices::lines(post, lines).map_err(Error::Thread)?;
        let (news, heard) = mpsc::channel(4_096);
        let (commands, asked) = mpsc::channel(64);
        let status = runner.status(mono());
        let (view, views) = watch::channel(Arc::new(LaneView { status, devices: vec![] }));
        let progress = Arc::new(AtomicU64::new(0));
        self.news.insert(id.clone(), news);
        self.commands.insert(id.clone(), commands);
        self.views.push(views);
        self.progress.push(Arc::clone(&progress));
        let task = LaneTask {
            id,
            runner,
            devices,
            observations: observed,
            commands: asked,
            news: heard,
            requests: requests.clone(),
            view,
            progress,
            clock: clock.clone(),
            stop: stop.clone(),
        };
        tasks.spawn(async move {
            task.run().await;
            "lane"
        });
        Ok(())
    }
}

/// Brings each command to its lane.
async fn dispatch(
    mut asked: mpsc::Receiver<Asked>,
    lanes: BTreeMap<LaneId, mpsc::Sender<Asked>>,
    mut stopped: watch::Receiver<bool>,
) -> &'static str {
    loop {
        let (command, reply) = tokio::select! {
            asked = asked.recv() => match asked {
                Some(asked) => asked,
                None => return "commands",
            },
            _ = stopped.changed() => return "commands",
        };
        let refused = match lanes.get(&command.lane) {
            None => Refused::NoSuchLane { lane: command.lane.clone() },
            Some(lane) => match lane.try_send((command, reply)) {
                Ok(()) => continue,
                Err(error) => {
                    let (_, reply) = error.into_inner();
                    let _ = reply.send(Err(Refused::NotNow { why: "the lane has too much to do" }));
                    continue;
                }
            },
        };
        // A page that has gone away no longer wants to know.
        let _ = reply.send(Err(refused));
    }
}

/// Records who signs in and out.
async fn note_attendance(
    mut attended: mpsc::Receiver<Attendance>,
    requests: mpsc::Sender<Request>,
    clock: Clock,
    here: watch::Sender<usize>,
) -> &'static str {
    let mut signed = BTreeSet::new();
    while let Some(Attendance { attendant, signed_in }) = attended.recv().await {
        if signed_in {
            signed.insert(attendant.clone());
        } else {
            signed.remove(&attendant);
        }
        here.send_replace(signed.len());
        let body = Body::Attendance { attendant, signed_in };
        let draft = Box::new(Draft { lane: None, body, personal: None });
        if requests.send(Request { answer: None, draft, stamp: clock.stamp() }).await.is_err() {
            break;
        }
    }
    "attendance"
}

/// Feeds systemd's watchdog as long as every lane and the recorder make progress.
async fn watch_over(progress: Vec<Arc<AtomicU64>>) -> &'static str {
    let watchdog = Watchdog::from_environment();
    let Some(every) = watchdog.every() else { return std::future::pending().await };
    // A lane's own tick is a second: what is fed faster must look at an older count.
    let mut ticks = interval(every.max(Duration::from_secs(2)));
    let mut last = vec![0; progress.len()];
    loop {
        ticks.tick().await;
        let now: Vec<u64> = progress.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        if now.iter().zip(&last).all(|(now, last)| now != last) {
            if let Err(error) = watchdog.feed() {
                tracing::warn!(%error, "watchdog cannot be fed");
            }
        } else {
            tracing::error!("a lane or the recorder makes no progress");
        }
        last = now;
    }
}

/// Puts the pieces of the status together.
struct StatusBoard {
    kiosk: KioskId,
    title: String,
    notice: Option<NoticeStatus>,
    simulated: bool,
    lanes: Vec<watch::Receiver<Arc<LaneView>>>,
    journal: watch::Receiver<JournalStatus>,
    hub: watch::Receiver<HubStatus>,
    clock: Clock,
}

impl StatusBoard {
    async fn run(mut self, status: watch::Sender<Arc<KioskStatus>>) -> &'static str {
        let mut ticks = interval(Duration::from_secs(1));
        loop {
            let lanes = self.lanes.iter_mut().map(|lane| Box::pin(lane.changed()));
            let any_lane = futures_util::future::select_all(lanes);
            // A sender that is gone says no more; the others still do.
            tokio::select! {
                (changed, ..) = any_lane => if changed.is_err() { return "lanes" },
                Ok(()) = self.journal.changed() => {}
                Ok(()) = self.hub.changed() => {}
                _ = ticks.tick() => {}
            }
            let now = self.now();
            status.send_if_modified(|old| {
                let changed = **old != now;
                *old = Arc::new(now);
                changed
            });
        }
    }

    fn now(&self) -> KioskStatus {
        let views: Vec<_> = self.lanes.iter().map(|lane| Arc::clone(&lane.borrow())).collect();
        let wall = self.clock.wall();
        KioskStatus {
            kiosk: self.kiosk.clone(),
            title: self.title.clone(),
            notice: self.notice.clone(),
            lanes: views.iter().map(|view| view.status.clone()).collect(),
            journal: self.journal.borrow().clone(),
            hub: self.hub.borrow().clone(),
            devices: views.iter().flat_map(|view| view.devices.clone()).collect(),
            // Minutes are what a screen shows; finer ones would redraw every page every second.
            wall: crate::base::Wall(wall.0 - wall.0.rem_euclid(60_000)),
            trust: self.clock.trust(),
            simulated: self.simulated,
        }
    }
}
