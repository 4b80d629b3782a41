//! The task that takes policy bundles: looks at what was handed in, records, lets begin and end, tells lanes and screens.
//!
//! An acknowledgement is durable before it has any effect; a power cut between both leaves the bundle waiting, and somebody
//! reads it again. When the disk fails, what rules goes on and it is tried again.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use super::ruling::{Own, Ruling, view};
use super::store::Store;
use crate::base::{AttendantId, ClockTrust, NoReading, PolicyId, Slug, Wall};
use crate::config::bundle::Bundle;
use crate::config::list::Named;
use crate::daemon::lists::Watched;
use crate::daemon::recorder::{News, Request, Waiter};
use crate::engine::Ticket;
use crate::journal::Disk;
use crate::model::{Body, Draft, PolicyEvent};
use crate::platform::clock::Clock;
use crate::platform::passed::Passed;
use crate::web::{Acknowledge, NotTaken, PolicyDesk, PolicyView};

/// The usual time between two looks at what was handed in, and at the clock.
pub const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Longest reason of a refusal that is recorded, in characters.
const WHY_MAX: usize = 300;

/// The bundles of a kiosk, and what rules without any.
pub struct PolicyParts<D> {
    /// The bundles.
    pub store: Store<D>,
    /// The site's own.
    pub own: Own,
    /// A time that has certainly passed.
    pub passed: Passed,
    /// The lists' files, where the site has lists.
    pub lists: Option<Watched>,
    /// Lists of which it is on record already that they are missing.
    pub noted: BTreeSet<Slug>,
    /// Time between two looks at what was handed in, at the lists and at the clock.
    pub look_every: Duration,
}

/// The office before it is opened: its ends are there, so that lanes and screens can begin.
pub struct Office<D> {
    parts: PolicyParts<D>,
    ruling: watch::Sender<Arc<Ruling>>,
    view: watch::Sender<Arc<PolicyView>>,
    heard: mpsc::Receiver<News>,
    asked: mpsc::Receiver<Acknowledge>,
    tickets: u64,
    /// The ends.
    pub ends: Ends,
}

/// By what the office is reached.
#[derive(Clone)]
pub struct Ends {
    /// What rules the lanes.
    pub ruling: watch::Receiver<Arc<Ruling>>,
    /// What attendants are shown.
    pub view: watch::Receiver<Arc<PolicyView>>,
    /// What the recorder answers goes here.
    pub news: mpsc::Sender<News>,
    /// Somebody has read what waits.
    pub asks: mpsc::Sender<Acknowledge>,
}

impl<D: Disk + 'static> Office<D> {
    /// With the ruling that was in force when the kiosk ended.
    pub fn new(parts: PolicyParts<D>) -> Self {
        let first = Ruling::of(&parts.store, &parts.own).unwrap_or_else(|mistakes| {
            tracing::error!(%mistakes, "policy bundle cannot be read: the site's own rules");
            Ruling::of_site(&parts.own)
        });
        let (ruling, ruling_seen) = watch::channel(Arc::new(first));
        let (view, view_seen) = watch::channel(Arc::new(view(&parts.store, &parts.own)));
        let (news, heard) = mpsc::channel(8);
        let (asks, asked) = mpsc::channel(8);
        let ends = Ends { ruling: ruling_seen, view: view_seen, news, asks };
        Self { parts, ruling, view, heard, asked, tickets: 0, ends }
    }

    /// Opens it; what attendants reach it by.
    pub fn spawn(
        self,
        requests: mpsc::Sender<Request>,
        clock: Clock,
        tasks: &mut JoinSet<&'static str>,
    ) -> PolicyDesk {
        let Ends { view, asks, .. } = self.ends.clone();
        let mut desk = self;
        tasks.spawn(async move {
            let mut ticks = interval(desk.parts.look_every);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    asked = desk.asked.recv() => match asked {
                        Some(asked) => {
                            let done = desk.acknowledge(&asked, &requests, &clock).await;
                            // A page that has gone away no longer wants to know.
                            let _ = asked.reply.send(done);
                        }
                        None => return "policy",
                    },
                    _ = ticks.tick() => {
                        if desk.look(&requests, &clock).await.is_err() {
                            return "policy";
                        }
                    }
                }
            }
        });
        PolicyDesk { view, asks }
    }

    /// Takes what was handed in, and lets begin and end what is due.
    async fn look(&mut self, requests: &mpsc::Sender<Request>, clock: &Clock) -> Result<(), Lost> {
        match self.parts.store.look(Some(self.parts.passed.at())) {
            Ok(None) => {}
            Ok(Some(Ok(bundle))) => {
                tracing::info!(version = bundle.version, "policy bundle waits to be acknowledged");
                let body = body(PolicyEvent::HandedIn, Some((bundle.version, bundle.digest())), None, None);
                without(self.record(body, requests, clock).await)?;
                self.show();
            }
            Ok(Some(Err(refusal))) => {
                tracing::warn!(%refusal, "policy bundle is refused: what rules goes on");
                let why = refusal.to_string().chars().take(WHY_MAX).collect();
                let body = body(PolicyEvent::Refused, None, None, Some(why));
                without(self.record(body, requests, clock).await)?;
                self.show();
            }
            Err(error) => tracing::error!(%error, "policy bundles cannot be looked at"),
        }
        if let Some(lists) = self.parts.lists.as_mut().and_then(Watched::look) {
            self.parts.own.lists = Arc::clone(&lists);
            // The policy stays the very same: no lane begins to judge anew.
            self.ruling.send_modify(|ruling| *ruling = Arc::new(Ruling { lists, ..Ruling::clone(ruling) }));
            self.show();
        }
        match self.parts.store.tick(self.now(clock)) {
            Ok(events) if events.is_empty() => {}
            Ok(events) => {
                for (event, bundle) in &events {
                    without(self.note(*event, bundle, None, requests, clock).await)?;
                }
                self.rule();
            }
            Err(error) => tracing::error!(%error, "policy cannot be switched: what rules goes on"),
        }
        self.note_lists(requests, clock).await
    }

    /// Records which lists that the bundle in force names are not here, and which are again: as of a device that fails, so
    /// that no policy rules silently without them.
    async fn note_lists(&mut self, requests: &mpsc::Sender<Request>, clock: &Clock) -> Result<(), Lost> {
        let bundle = self.parts.store.in_force().bundle;
        let lacks: BTreeSet<Slug> = self.parts.own.lacks(bundle.as_ref()).into_iter().collect();
        let is_here = |list: &&Slug| self.parts.own.lists.iter().any(|(rule, _)| rule.id == **list);
        let gone = lacks.difference(&self.parts.noted).map(|list| (list.clone(), Some(NoReading::Absent)));
        let back = self.parts.noted.iter().filter(is_here).map(|list| (list.clone(), None));
        let changed: Vec<_> = gone.chain(back).collect();
        for (list, fault) in changed {
            tracing::warn!(%list, missing = fault.is_some(), "list that the policy names");
            // A name that is too long for a device is on the screen only.
            if let Ok(device) = format!("list-{list}").parse() {
                without(self.record(Body::DeviceHealth { device, fault }, requests, clock).await)?;
            }
            match fault {
                Some(_) => self.parts.noted.insert(list),
                None => self.parts.noted.remove(&list),
            };
        }
        Ok(())
    }

    async fn acknowledge(
        &mut self,
        asked: &Acknowledge,
        requests: &mpsc::Sender<Request>,
        clock: &Clock,
    ) -> Result<(), NotTaken> {
        let wanted = (asked.version, asked.bundle);
        let pending = self.parts.store.pending().filter(|bundle| (bundle.version, bundle.digest()) == wanted);
        let bundle = pending.ok_or(NotTaken::Another)?.clone();
        // Whoever signed the bundle signed for these very lists; what their issuers agree on later does not end it.
        if self.parts.own.named(&bundle).iter().any(|list| list.here != Named::InForce) {
            self.show();
            return Err(NotTaken::Lists);
        }
        let by = Some(asked.by.clone());
        let recorded = self.note(PolicyEvent::Acknowledged, &bundle, by, requests, clock).await;
        recorded.map_err(|_| NotTaken::NotRecorded)?;
        match self.parts.store.acknowledge(wanted, self.now(clock)) {
            Ok(begins) => {
                if begins {
                    let noted = self.note(PolicyEvent::Began, &bundle, None, requests, clock).await;
                    without(noted).map_err(|_| NotTaken::NotRecorded)?;
                }
                self.rule();
                Ok(())
            }
            Err(error) => {
                tracing::error!(%error, "policy cannot be put in force: what rules goes on");
                Err(NotTaken::NotKept)
            }
        }
    }

    async fn note(
        &mut self,
        event: PolicyEvent,
        bundle: &Bundle,
        by: Option<AttendantId>,
        requests: &mpsc::Sender<Request>,
        clock: &Clock,
    ) -> Result<(), Lost> {
        tracing::info!(event = event.name(), version = bundle.version, "policy");
        self.record(body(event, Some((bundle.version, bundle.digest())), by, None), requests, clock).await
    }

    /// Records, and waits until that is durable.
    async fn record(
        &mut self,
        body: Body,
        requests: &mpsc::Sender<Request>,
        clock: &Clock,
    ) -> Result<(), Lost> {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        let draft = Box::new(Draft { lane: None, body, personal: None });
        let answer = Some((Waiter::Policy, ticket));
        requests.send(Request { answer, draft, stamp: clock.stamp() }).await.map_err(|_| Lost::Gone)?;
        while let Some(news) = self.heard.recv().await {
            if let News::Policy { ticket: of, outcome } = news
                && of == ticket
            {
                return outcome.map(|_| ()).map_err(|_| Lost::GivenUp);
            }
        }
        Err(Lost::Gone)
    }

    /// The time as far as somebody vouches for it: the clock's, else what has certainly passed. A battery clock counts: a
    /// policy that begins some minutes off does less harm than one that begins a day late.
    fn now(&self, clock: &Clock) -> Wall {
        let (stamp, passed) = (clock.stamp(), self.parts.passed.at());
        if stamp.trust == ClockTrust::None { passed } else { stamp.wall.max(passed) }
    }

    /// Tells lanes and screens what rules.
    fn rule(&mut self) {
        match Ruling::of(&self.parts.store, &self.parts.own) {
            Ok(ruling) => drop(self.ruling.send_replace(Arc::new(ruling))),
            Err(mistakes) => tracing::error!(%mistakes, "policy bundle cannot be read: what rules goes on"),
        }
        self.show();
    }

    fn show(&mut self) {
        let fresh = Arc::new(view(&self.parts.store, &self.parts.own));
        self.view.send_replace(fresh);
        let waits = self.parts.store.pending().map(|bundle| bundle.version);
        let lacks = self.parts.own.lacks(self.parts.store.in_force().bundle.as_ref());
        self.ruling.send_if_modified(|ruling| {
            let changed = ruling.status.waits != waits || ruling.status.lacks != lacks;
            if changed {
                let mut with = Ruling::clone(ruling);
                (with.status.waits, with.status.lacks) = (waits, lacks);
                *ruling = Arc::new(with);
            }
            changed
        });
    }
}

/// Why a record is not durable.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lost {
    /// The recorder gives it up, and has said why.
    GivenUp,
    /// The recorder is gone: the kiosk ends.
    Gone,
}

/// Goes on behind a record that was given up: it is missing, and what it is about is so all the same.
fn without(recorded: Result<(), Lost>) -> Result<(), Lost> {
    if recorded == Err(Lost::Gone) { recorded } else { Ok(()) }
}

fn body(
    event: PolicyEvent,
    of: Option<(u64, PolicyId)>,
    by: Option<AttendantId>,
    why: Option<String>,
) -> Body {
    let (version, bundle) = of.map_or((0, None), |(version, bundle)| (version, Some(bundle)));
    Body::Policy { event, version, bundle, by, why }
}
