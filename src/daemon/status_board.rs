//! The task that puts the screens' snapshot together.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::interval;

use super::keeper::Keeping;
use super::lane::{LaneView, in_force};
use super::lanes::InForceSeen;
use super::trust::TrustShelf;
use crate::base::{KioskId, Stamp};
use crate::control::{
    HubStatus, JournalStatus, KioskStatus, NoticeStatus, OverdueStatus, PictureStatus, PlaceCodeStatus,
    PostStatus,
};
use crate::credential::place_code::{Period, PlaceCodes};
use crate::platform::clock::Clock;
use crate::sync::inbox::{InForce, Notice};

/// Puts the pieces of the status together.
pub(super) struct StatusBoard {
    pub(super) kiosk: KioskId,
    pub(super) title: String,
    pub(super) simulated: bool,
    pub(super) codes: Option<PlaceCodes>,
    pub(super) seen: Seen,
    pub(super) clock: Clock,
    pub(super) trust: TrustShelf,
}

/// What the other parts say of themselves.
pub(super) struct Seen {
    pub(super) lanes: Vec<watch::Receiver<Arc<LaneView>>>,
    pub(super) journal: watch::Receiver<JournalStatus>,
    pub(super) hub: watch::Receiver<HubStatus>,
    pub(super) keeping: watch::Receiver<Keeping>,
    pub(super) pictures: watch::Receiver<PictureStatus>,
    pub(super) in_force: InForceSeen,
    pub(super) post: watch::Receiver<PostStatus>,
    pub(super) overdue: watch::Receiver<OverdueStatus>,
}

impl StatusBoard {
    /// Starts the task; what it says is there from the beginning.
    pub(super) fn start(self, tasks: &mut JoinSet<&'static str>) -> watch::Receiver<Arc<KioskStatus>> {
        let (sender, status) = watch::channel(Arc::new(self.now()));
        tasks.spawn(self.run(sender));
        status
    }

    async fn run(mut self, status: watch::Sender<Arc<KioskStatus>>) -> &'static str {
        let mut ticks = interval(Duration::from_secs(1));
        loop {
            let lanes = self.seen.lanes.iter_mut().map(|lane| Box::pin(lane.changed()));
            let any_lane = futures_util::future::select_all(lanes);
            // A sender that is gone says no more; the others still do.
            tokio::select! {
                (changed, ..) = any_lane => if changed.is_err() { return "lanes" },
                Ok(()) = self.seen.journal.changed() => {}
                Ok(()) = self.seen.hub.changed() => {}
                Ok(()) = self.seen.keeping.changed() => {}
                Ok(()) = self.seen.pictures.changed() => {}
                Ok(()) = self.seen.in_force.0.changed() => {}
                Ok(()) = self.seen.in_force.1.changed() => {}
                Ok(()) = self.seen.post.changed() => {}
                Ok(()) = self.seen.overdue.changed() => {}
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
        let views: Vec<_> = self.seen.lanes.iter().map(|lane| Arc::clone(&lane.borrow())).collect();
        let stamp = self.clock.stamp();
        let InForce { notice, mode, .. } = self.seen.in_force.0.borrow().clone();
        let ruling = Arc::clone(&self.seen.in_force.1.borrow());
        // The hub's word is the later one; the policy's own is shown again when the hub takes its own away.
        let ordered = notice.map(|Notice { number, text }| NoticeStatus { number, title: text });
        let Keeping { alarm, .. } = self.seen.keeping.borrow().clone();
        KioskStatus {
            kiosk: self.kiosk.clone(),
            title: self.title.clone(),
            notice: ordered.or_else(|| ruling.notice.clone()),
            mode: in_force(mode, ruling.mode),
            policy: ruling.status.clone(),
            post: *self.seen.post.borrow(),
            overdue: *self.seen.overdue.borrow(),
            place_code: self.codes.as_ref().map(|codes| shown(codes, &stamp)),
            lanes: views.iter().map(|view| view.status.clone()).collect(),
            practice: views.iter().filter_map(|view| view.practice.clone()).collect(),
            journal: self.seen.journal.borrow().clone(),
            hub: HubStatus { alarm, ..self.seen.hub.borrow().clone() },
            pictures: self.seen.pictures.borrow().clone(),
            trust_lists: self.trust.ages(stamp.wall),
            devices: views.iter().flat_map(|view| view.devices.clone()).collect(),
            // Minutes are what a screen shows; finer ones would redraw every page every second.
            wall: crate::base::Wall(stamp.wall.0 - stamp.wall.0.rem_euclid(60_000)),
            trust: stamp.trust,
            simulated: self.simulated,
        }
    }
}

/// The place code of the period that `now` lies in.
fn shown(codes: &PlaceCodes, now: &Stamp) -> PlaceCodeStatus {
    let period = Period::at(now, codes.every_s());
    PlaceCodeStatus { text: codes.text(period), digits: codes.digits(period) }
}
