//! Whoever has not come out in time: looked up every half minute, counted for the screens, and recorded once a passage.
//!
//! The record is the alarm: see [`crate::model::alarm`]. That it is written already the records themselves say, so it is not
//! written again after a restart; what is on its way to them this watch remembers.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::interval;

use super::policy::Ruling;
use super::recorder::Request;
use crate::base::{Epoch, Seq, Stamp};
use crate::control::OverdueStatus;
use crate::journal::view::{Overstay, Overstays};
use crate::model::{Body, Draft};
use crate::platform::clock::Clock;

/// Time between two looks.
pub const LOOK_EVERY: Duration = Duration::from_secs(30);

/// Looks among which one is taken where nothing that rules limits a stay: somebody may be inside who came in under another policy.
const RARELY: u32 = 20;

/// Who can tell who is overdue.
pub trait Stays: Send + Sync {
    /// Who is overdue at `now`.
    ///
    /// # Errors
    ///
    /// When the records cannot be read, in plain words.
    fn overstays(&self, now: &Stamp) -> Result<Overstays, String>;
}

/// Decides what has to be recorded.
#[derive(Debug, Default)]
pub struct OverdueWatch {
    /// Handed to the recorder in this run and not seen among the records yet.
    under_way: BTreeSet<(Epoch, Seq)>,
    failed: bool,
}

impl OverdueWatch {
    /// Takes what a look found: what the screens show, and what is to be recorded.
    pub fn take(&mut self, found: Result<Overstays, String>) -> (OverdueStatus, Vec<Draft>) {
        let Overstays { counts, new } = match found {
            Ok(found) => found,
            Err(why) => {
                if !self.failed {
                    tracing::warn!(%why, "nobody can say who is overdue");
                }
                self.failed = true;
                return (OverdueStatus::Unreadable, Vec::new());
            }
        };
        self.failed = false;
        self.under_way.retain(|known| new.iter().any(|stay| (stay.log, stay.entry) == *known));
        let unsaid = new.into_iter().filter(|stay| self.under_way.insert((stay.log, stay.entry)));
        (OverdueStatus::Counted(counts), unsaid.map(draft).collect())
    }
}

fn draft(Overstay { log, entry, lane, vehicles, people }: Overstay) -> Draft {
    Draft { lane, body: Body::Overdue { log, entry, vehicles, people }, personal: None }
}

/// Looks for as long as the kiosk runs.
pub(super) async fn watch_over<S: Stays + 'static>(
    stays: Arc<S>,
    requests: mpsc::Sender<Request>,
    clock: Clock,
    ruling: watch::Receiver<Arc<Ruling>>,
    status: watch::Sender<OverdueStatus>,
) -> &'static str {
    let (mut watch, mut ticks) = (OverdueWatch::default(), interval(LOOK_EVERY));
    for tick in 0_u32.. {
        ticks.tick().await;
        if tick % RARELY != 0 && !limits(&ruling.borrow()) {
            continue;
        }
        let (stays, now) = (Arc::clone(&stays), clock.stamp());
        let Ok(found) = tokio::task::spawn_blocking(move || stays.overstays(&now)).await else { break };
        let (counted, drafts) = watch.take(found);
        status.send_replace(counted);
        for draft in drafts {
            tracing::warn!(lane = ?draft.lane, "somebody has not come out in time");
            let request = Request { answer: None, draft: Box::new(draft), stamp: clock.stamp() };
            if requests.send(request).await.is_err() {
                return "overdue";
            }
        }
    }
    "overdue"
}

/// Whether anything that rules says how long somebody may stay.
fn limits(ruling: &Ruling) -> bool {
    ruling.lanes.values().flat_map(|profiles| profiles.iter()).any(|profile| profile.stay.is_some())
}
