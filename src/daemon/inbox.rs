//! The hub's commands, as this kiosk carries them out.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;

use super::link::Link;
use super::recorder::{News, Request, Waiter};
use crate::base::{CommandId, KioskId, LaneId, Random};
use crate::engine::Ticket;
use crate::journal::{Recovery, SigningKey, VerifyingKey};
use crate::model::{Draft, Outcome};
use crate::platform::clock::{Clock, mono};
use crate::platform::disk::DirDisk;
use crate::platform::http::{self, HubClient};
use crate::platform::inbox::{self, Hands, Post};
use crate::platform::passed::Passed;
use crate::sync::inbox::{Deed, Identity, InForce, Memory, Now};

/// The ends of everything that commands reach, made before any lane starts.
pub(super) struct Inbox {
    memory: Option<Memory>,
    file: PathBuf,
    recorded: (Option<CommandId>, Option<CommandId>),
    in_force: watch::Sender<InForce>,
    heard: mpsc::Receiver<News>,
    /// What the recorder answers goes here.
    pub news: mpsc::Sender<News>,
    /// What is in force, from the first moment on.
    pub seen: watch::Receiver<InForce>,
    /// Asks the link for a heartbeat.
    pub hurry: Arc<Notify>,
}

impl Inbox {
    /// Reads what was kept in `file`.
    pub fn open(file: PathBuf, recovery: &Recovery) -> Self {
        let memory = inbox::kept(&file);
        let in_force = memory.as_ref().map(|memory| memory.in_force().clone()).unwrap_or_default();
        let (in_force, seen) = watch::channel(in_force);
        // One record at a time is under way.
        let (news, heard) = mpsc::channel(8);
        let recorded = (recovery.commanded, recovery.command_done);
        Self { memory, file, recorded, in_force, heard, news, seen, hurry: Arc::default() }
    }

    /// Starts the task, for a kiosk that is enrolled with a hub that gives commands.
    pub fn spawn(
        self,
        link: Option<(&Link, HubClient)>,
        (kiosk, lanes): (KioskId, Vec<LaneId>),
        disk: DirDisk,
        (requests, clock): (mpsc::Sender<Request>, Clock),
        tasks: &mut JoinSet<&'static str>,
    ) {
        let Self { memory, file, recorded, in_force, heard, hurry, .. } = self;
        let Some((link, client)) = link else { return };
        let Some(hub) = link.enrolment.command_key else {
            tracing::info!("enrolled before hubs gave commands: enrol again to take them");
            return;
        };
        let own = SigningKey::from_seed(&link.seed).verifying();
        let identity = Identity { kiosk, own, hub: VerifyingKey(hub.0), lanes };
        let passed = link.passed.clone();
        let renews = client.clone();
        let hands = Office { requests, heard, tickets: 0, in_force, hurry, client: renews, clock, passed };
        let random = Random::new(mono().0);
        let post = Post { identity, memory, recorded, file, logs: disk, client, random, hands };
        tasks.spawn(async move {
            inbox::run(post).await;
            "commands of the hub"
        });
    }
}

/// What does the commands' work.
struct Office {
    requests: mpsc::Sender<Request>,
    heard: mpsc::Receiver<News>,
    tickets: u64,
    in_force: watch::Sender<InForce>,
    hurry: Arc<Notify>,
    client: HubClient,
    clock: Clock,
    passed: Passed,
}

impl Hands for Office {
    async fn record(&mut self, draft: Box<Draft>) -> bool {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        let answer = Some((Waiter::Inbox, ticket));
        if self.requests.send(Request { answer, draft, stamp: self.clock.stamp() }).await.is_err() {
            return false;
        }
        while let Some(news) = self.heard.recv().await {
            match news {
                News::Inbox { ticket: of, outcome } if of == ticket => return outcome.is_ok(),
                News::Inbox { .. }
                | News::Policy { .. }
                | News::Durable { .. }
                | News::Refused { .. }
                | News::Failed(_)
                | News::Restored => {}
            }
        }
        false
    }

    async fn act(&mut self, deed: Deed) -> Outcome {
        match deed {
            Deed::SendNow => {
                self.hurry.notify_one();
                Outcome::Done
            }
            Deed::RenewKey => match self.client.renew_tls_key().await {
                Ok(key) => {
                    tracing::info!(%key, "new TLS key, as the hub ordered");
                    Outcome::Done
                }
                Err(http::Error::NoKey) => Outcome::Unable,
                // The key before goes on being used; one that the hub got all the same is taken up with the next request.
                Err(error) => {
                    tracing::warn!(%error, "the hub ordered a new TLS key and does not get it");
                    Outcome::Failed
                }
            },
        }
    }

    fn bring_about(&mut self, in_force: &InForce) {
        let changed = self.in_force.send_if_modified(|old| {
            let changed = old != in_force;
            old.clone_from(in_force);
            changed
        });
        if changed {
            let lanes = in_force.out_of_service.len();
            tracing::info!(notice = ?in_force.notice.as_ref().map(|notice| notice.number), lanes, "in force by the hub");
        }
    }

    fn now(&self) -> Now {
        let stamp = self.clock.stamp();
        Now { mono: stamp.mono, wall: stamp.wall, trust: stamp.trust, passed: self.passed.at() }
    }
}
