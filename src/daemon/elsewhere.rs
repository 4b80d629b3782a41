//! Turn-backs at other kiosks of the same hub: asked for as they come, kept in memory, and told beside what this kiosk's own
//! records say. Without a hub, and as long as it is not reached, the own records are all there is.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::policy::Ruling;
use super::recall::Memory;
use crate::base::{KioskId, Random, Stamp, Wall};
use crate::config::Profile;
use crate::model::{Between, Past, Whose};
use crate::platform::clock::{Clock, mono};
use crate::platform::http::{Error, HubClient};
use crate::sync::backoff::Backoff;
use crate::sync::turned_back::{LookBack, Page, TurnedBackElsewhere};

/// How long the hub is asked to wait for news.
const WAIT: Duration = Duration::from_secs(55);
/// Ceilings of the time before a hub that did not answer is asked again.
const AGAIN: (Duration, Duration) = (Duration::from_secs(2), Duration::from_mins(5));

/// Earlier passages, here and elsewhere.
#[derive(Clone)]
pub struct Elsewhere {
    own: Arc<dyn Memory>,
    known: Arc<Mutex<TurnedBackElsewhere>>,
}

impl Memory for Elsewhere {
    fn recall(&self, whose: &Whose, now: &Stamp) -> Result<Past, String> {
        let past = self.own.recall(whose, now)?;
        let (elsewhere, used) = self.with(|known| (known.of(whose, now), known.passes_of(whose, now)));
        Ok(Past { elsewhere, used, ..past })
    }
}

impl Elsewhere {
    /// Beside what `own` knows, nothing yet; starts the task that asks the hub, where there is one.
    pub fn start<M: Memory + 'static>(
        own: &Arc<M>,
        hub: Option<(HubClient, KioskId)>,
        ruling: &watch::Receiver<Arc<Ruling>>,
        clock: &Clock,
        tasks: &mut JoinSet<&'static str>,
    ) -> Self {
        let known = Arc::new(Mutex::new(TurnedBackElsewhere::new(LookBack::default())));
        let here = Self { own: Arc::<M>::clone(own), known };
        if let Some((client, kiosk)) = hub {
            let (listener, ruling, clock) = (here.clone(), ruling.clone(), clock.clone());
            tasks.spawn(async move {
                listener.listen(&client, &kiosk, ruling, &clock).await;
                "turn-backs elsewhere"
            });
        }
        here
    }

    /// Ends only with whoever rules.
    async fn listen(
        self,
        client: &HubClient,
        kiosk: &KioskId,
        mut ruling: watch::Receiver<Arc<Ruling>>,
        clock: &Clock,
    ) {
        // Spreads the retries of many kiosks that lost one hub; nothing secret.
        let mut backoff = Backoff::new(AGAIN.0, AGAIN.1, Random::new(mono().0));
        loop {
            let look = look_back(&ruling.borrow_and_update());
            let after = self.with(|known| {
                known.look_back(look);
                known.after()
            });
            let asked = async {
                // Nothing that rules here looks back: nothing is asked for.
                if look.is_nothing() {
                    return std::future::pending().await;
                }
                let answer = client.turned_back_after(kiosk, after, look, WAIT).await;
                if let Some(again) = self.take(answer, clock, &mut backoff) {
                    tokio::time::sleep(again).await;
                }
            };
            tokio::select! {
                () = asked => {}
                changed = ruling.changed() => if changed.is_err() { return },
            }
        }
    }

    /// Takes an answer; how long to leave the hub alone where there was none.
    fn take(
        &self,
        answer: Result<Option<Page>, Error>,
        clock: &Clock,
        backoff: &mut Backoff,
    ) -> Option<Duration> {
        let now = Between::of(&clock.stamp(), Wall::EARLIEST);
        match answer {
            Ok(page) => {
                backoff.succeeded();
                let shed = self.with(|known| match page {
                    Some(page) => known.learn(page, &now),
                    None => {
                        known.expire(&now);
                        0
                    }
                });
                if shed > 0 {
                    tracing::warn!(shed, "more turn-backs elsewhere than are kept: the oldest do not count");
                }
                None
            }
            // The link to the hub says in the log when the hub is lost; one that tells nothing is none to complain of.
            Err(error) => {
                tracing::debug!(%error, "hub tells of no turn-backs");
                self.with(|known| known.expire(&now));
                let from = mono();
                Some(backoff.failed(from).since(from))
            }
        }
    }

    fn with<T>(&self, look: impl FnOnce(&mut TurnedBackElsewhere) -> T) -> T {
        // It is whole between two changes: a panic elsewhere leaves nothing half-done.
        look(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// How far anything that rules looks back for turn-backs, and for passes that were shown elsewhere.
fn look_back(ruling: &Ruling) -> LookBack {
    let most = |of: fn(&Profile) -> Option<Duration>| {
        let profiles = ruling.lanes.values().flat_map(|profiles| profiles.iter());
        profiles.filter_map(of).max().unwrap_or_default()
    };
    LookBack { turn_backs: most(|profile| profile.turned_back), passes: most(|profile| profile.apart) }
}
