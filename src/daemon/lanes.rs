//! Starting the lanes: their device threads, their tasks, and the ways by which they are reached.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use super::devices::{self, LineInput, Post};
use super::evidence::Evidence;
use super::id_reader::{self, IdReader};
use super::issuers::Issuers;
use super::keyboard::{self, Keyboard};
use super::kiosk::Error;
use super::lane::{LaneTask, LaneView};
use super::pictures::Shelf;
use super::policy::Ruling;
use super::reader::{self, Reader, Wanted};
use super::recall::{Memory, Recalls};
use super::recorder::{News, Request};
use super::runner::LaneRunner;
use crate::base::{DeviceId, KioskId, LaneId, Seq};
use crate::control::{Command, JournalStatus, Refused};
use crate::drivers::{SideSensor, ThermalArray, Thermometer};
use crate::model::training::PRACTICE_NAMES;
use crate::model::{Signal, Verdict};
use crate::platform::clock::{Clock, mono};
use crate::platform::entropy::OsEntropy;
use crate::platform::http::HubClient;
use crate::sync::disk_state;
use crate::sync::inbox::InForce;
use crate::vision::raw::Source;
use crate::{vision, web};

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
    /// Thermal arrays.
    pub arrays: Vec<(DeviceId, Box<dyn ThermalArray + Send>)>,
    /// Sensors beside the thermometer.
    pub sides: Vec<(DeviceId, Box<dyn SideSensor + Send>)>,
    /// Readers on wires of their own.
    pub readers: Readers,
    /// Cameras, and what reads their frames.
    pub cameras: Vec<(DeviceId, Box<dyn Source>, vision::Reader)>,
    /// Input lines.
    pub lines: Vec<LineInput>,
}

/// What reads codes or cards by itself.
#[derive(Default)]
pub struct Readers {
    /// Code readers that send lines.
    pub codes: Vec<Reader>,
    /// Code readers that are keyboards.
    pub keyboards: Vec<Keyboard>,
    /// Readers of identity cards.
    pub cards: Vec<IdReader>,
}

impl Readers {
    fn start(self, post: &Post, wanted: &Wanted) -> io::Result<()> {
        self.codes.into_iter().try_for_each(|codes| reader::start(post.clone(), wanted.clone(), codes))?;
        self.keyboards.into_iter().try_for_each(|keys| keyboard::start(post.clone(), keys))?;
        self.cards.into_iter().try_for_each(|cards| id_reader::start(post.clone(), cards))
    }
}

/// What heartbeats say beside size and root: what `lanes` count from now on, behind record `last`, and how the
/// disk is.
pub(super) fn beside(
    lanes: &[LaneParts],
    last: Option<Seq>,
    journal: watch::Receiver<JournalStatus>,
) -> Box<dyn Fn() -> Vec<String> + Send> {
    let since = last.map_or(0, Seq::get);
    let counters: Vec<_> = lanes.iter().map(|lane| (lane.id.clone(), lane.runner.counters())).collect();
    Box::new(move || {
        let counts = counters.iter().map(|(lane, counters)| counters.now(lane, since).to_string());
        counts.chain([disk_state::line(&journal.borrow().disk)]).collect()
    })
}

/// A command and where its answer goes.
pub type Asked = (Command, oneshot::Sender<Result<(), Refused>>);

/// What the lanes are reached by, gathered while they start.
pub(super) struct Lanes {
    pub(super) news: BTreeMap<LaneId, mpsc::Sender<News>>,
    pub(super) commands: BTreeMap<LaneId, mpsc::Sender<Asked>>,
    pub(super) views: Vec<watch::Receiver<Arc<LaneView>>>,
    pub(super) previews: BTreeMap<LaneId, watch::Receiver<Arc<web::Preview>>>,
    pub(super) thermals: web::Thermals,
    pub(super) progress: Vec<Arc<AtomicU64>>,
    /// For which verdicts pictures are taken, and where they go.
    pub(super) pictures: Option<(Arc<[Verdict]>, Shelf)>,
    /// What is in force by order of the hub, and what policy rules.
    pub(super) in_force: InForceSeen,
    /// Knows earlier passages.
    pub(super) memory: Arc<dyn Memory>,
    /// Through which issuers are asked about codes.
    pub(super) hub: Option<(HubClient, KioskId)>,
}

/// What is in force by order of the hub, and what policy rules.
pub(super) type InForceSeen = (watch::Receiver<InForce>, watch::Receiver<Arc<Ruling>>);

impl Lanes {
    /// None started yet.
    pub(super) fn new(
        pictures: Option<(Arc<[Verdict]>, Shelf)>,
        in_force: InForceSeen,
        (memory, hub): (Arc<dyn Memory>, Option<(HubClient, KioskId)>),
    ) -> Self {
        let (news, commands) = (BTreeMap::new(), BTreeMap::new());
        let (views, progress) = (Vec::new(), Vec::new());
        let (previews, thermals) = (BTreeMap::new(), BTreeMap::new());
        Self { news, commands, views, previews, thermals, progress, pictures, in_force, memory, hub }
    }

    pub(super) fn start(
        &mut self,
        lane: LaneParts,
        requests: &mpsc::Sender<Request>,
        clock: &Clock,
        stop: &watch::Receiver<bool>,
        tasks: &mut JoinSet<&'static str>,
    ) -> Result<(), Error> {
        let LaneParts { id, runner, devices, thermometers, arrays, sides, readers, cameras, lines } = lane;
        let (observations, observed) = mpsc::channel(256);
        let post = Post { observations };
        for (device, sensor) in thermometers {
            devices::thermometer(post.clone(), device, sensor).map_err(Error::Thread)?;
        }
        for (device, array) in arrays {
            let frames = watch::Sender::new(None);
            self.thermals.insert(id.clone(), frames.clone());
            devices::thermal_array(post.clone(), device, array, frames).map_err(Error::Thread)?;
        }
        for (device, sensor) in sides {
            devices::side_sensor(post.clone(), device, sensor).map_err(Error::Thread)?;
        }
        // Without a presence line nobody says that somebody came, and a code begins the passage.
        let tells = |line: &LineInput| matches!(line.signal, Signal::Presence | Signal::PresenceInside);
        let wanted = if lines.iter().any(tells) { Wanted::by(runner.somebody()) } else { Wanted::always() };
        readers.start(&post, &wanted).map_err(Error::Thread)?;
        for (device, source, reader) in cameras {
            let (previews, seen) = watch::channel(Arc::default());
            self.previews.insert(id.clone(), seen);
            devices::camera(post.clone(), device, (source, reader), previews).map_err(Error::Thread)?;
        }
        devices::lines(post, lines).map_err(Error::Thread)?;
        let (news, heard) = mpsc::channel(4_096);
        let (commands, asked) = mpsc::channel(64);
        let status = runner.status(mono());
        let (view, views) = watch::channel(Arc::new(LaneView { status, devices: vec![], practice: None }));
        let progress = Arc::new(AtomicU64::new(0));
        self.news.insert(id.clone(), news);
        let practice = practice_at(self.views.len())?;
        self.commands.insert(practice.clone(), commands.clone());
        self.commands.insert(id.clone(), commands);
        self.views.push(views);
        self.progress.push(Arc::clone(&progress));
        let pictures = self.pictures.clone().zip(self.previews.get(&id).cloned());
        let evidence = pictures.map(|((verdicts, shelf), previews)| {
            Evidence::new(verdicts, previews, Box::new(OsEntropy::new()), shelf)
        });
        let task = LaneTask {
            id,
            evidence,
            runner,
            practice,
            training: None,
            devices,
            observations: observed,
            commands: asked,
            news: heard,
            requests: requests.clone(),
            in_force: self.in_force.0.clone(),
            ruling: self.in_force.1.clone(),
            recalls: Recalls::new(Arc::clone(&self.memory)),
            issuers: Issuers::new(self.hub.clone()),
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

/// The name under which the lane of this place in the board's order is practised at; no site can name one so.
fn practice_at(index: usize) -> Result<LaneId, Error> {
    let name = format!("{PRACTICE_NAMES}{}", index + 1).parse();
    name.map_err(|_| Error::Ended("a name to practise under"))
}

/// Brings each command to its lane.
pub(super) async fn dispatch(
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
