//! The kiosk's wall clock and whoever sets it, and what the hub makes of it held against the truth.

use std::time::Duration;

use kakou::base::{BootId, ClockTrust, Mono, Random};
use kakou::engine::ClockWatch;
use kakou::ledger::RecordId;
use kakou::model::Draft;

use super::checks::{self, Check, Failure};
use super::hub::Hub;
use super::planted::Plant;
use super::site::Site;

/// How far a clock may be off that starts without a battery, in milliseconds: ten years either way, an hour, nothing.
const OFF: [i64; 4] = [10 * 365 * 86_400_000, -10 * 365 * 86_400_000, -3_600_000, 0];
/// How often the hub's intervals are held against the truth.
const PLACED_EVERY: Duration = Duration::from_secs(20);

/// Whoever sets the clock, now and then.
pub struct TimeService {
    placed_at: Mono,
    /// Its own, so that what it draws changes nothing else.
    random: Random,
}

impl TimeService {
    pub fn new(seed: u64, now: Mono) -> Self {
        Self { placed_at: now, random: Random::new(seed ^ 0xC10C) }
    }

    /// A clock without a battery starts anywhere, and waits for a time service that may not come.
    pub fn boot(&mut self, site: &mut Site) {
        let (wrong, comes) = (self.random.chance(0.6), self.random.chance(0.8));
        let off = *self.random.pick(&OFF).unwrap();
        let after = Duration::from_millis(2_000 + self.random.below(30_000));
        if wrong && site.plant.is_none() {
            (site.wall_off, site.trust) = (off, ClockTrust::None);
            site.sync_at = comes.then_some(site.now + after);
        }
    }

    pub fn turn(&self, site: &mut Site) {
        if site.sync_at.is_some_and(|at| at <= site.now) {
            sync(site);
        }
        let lies = site.trust == ClockTrust::Synced && site.wall_off != 0;
        site.lied |= lies && site.plant != Some(Plant::ClaimsSync);
    }

    /// Looks at the hub's times, now and then.
    pub fn look(&mut self, site: &Site, hub: &Hub) -> Result<(), Failure> {
        if self.placed_at + PLACED_EVERY <= site.now {
            self.placed_at = site.now;
            hold_times_against_truth(site, hub)?;
        }
        Ok(())
    }
}

/// The clock is right, and knows that it is.
pub fn sync(site: &mut Site) {
    site.say(&"clock synced");
    (site.wall_off, site.trust, site.sync_at) = (0, ClockTrust::Synced, None);
}

/// What records at a kiosk that its clock was set.
pub struct Watch {
    watch: ClockWatch,
    next: Mono,
}

impl Watch {
    pub fn new(now: Mono) -> Self {
        Self { watch: ClockWatch::default(), next: now }
    }

    pub fn turn(&mut self, site: &Site, boot: BootId, own: Mono) -> Option<Draft> {
        if site.now < self.next {
            return None;
        }
        self.next = site.now + Duration::from_secs(1);
        self.watch.step(&site.stamp(boot, own)).filter(|_| site.power.spend())
    }
}

/// Holds what the hub says of each record's time against the truth; returns how many had a clock that was not synced.
pub fn hold_times_against_truth(site: &Site, hub: &Hub) -> Result<u32, Failure> {
    if site.lied {
        return Ok(0);
    }
    let head = hub.ledger.head(&hub.kiosk, hub.epoch).map_or(0, |(next, ..)| next.get() - 1);
    let mut unsynced = 0;
    for entry in site.entries.iter().take(usize::try_from(head).unwrap()) {
        let id = RecordId { kiosk: hub.kiosk.clone(), epoch: hub.epoch, seq: entry.seq };
        let truth = site.truth(&entry.stamp);
        site.fail(Check::TruthLiesWithin, checks::the_truth_lies_within(&hub.ledger, &id, truth))?;
        unsynced += u32::from(entry.stamp.trust != ClockTrust::Synced);
    }
    Ok(unsynced)
}
