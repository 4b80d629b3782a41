//! When records were made: an interval of wall time in place of an instant that may be false.
//!
//! Records are in order by (epoch, number) and never by time. A stamp's monotonic time is right within its boot; its
//! wall time is right only while a time service keeps the clock. So each boot of a log has a [`BootClock`], which
//! learns from the stamps of its records, in order, and places any of them:
//!
//! | [`Known`] | the interval rests on |
//! |---|---|
//! | `Synced` | the record's own wall time and its largest error |
//! | `Mapped` | a synced record of the same boot and the monotonic time between: `wall + (mono − its mono)` |
//! | `Battery` | as `Bounded` or `Received`; the battery clock's time lies within and is the best guess |
//! | `Bounded` | the records before (earliest), and the time of arrival at the hub or the records after (latest) |
//! | `Received` | the time of arrival at the hub, or the records after, only: nothing says how early it was |
//! | `Unknown` | nothing but the clock's own word |
//!
//! What is known of one record bounds the whole boot: no record of a boot can be later than any of them was
//! received, less the monotonic time between. Monotonic time that nobody corrects is taken to be off by at most 500
//! parts in a million.
//!
//! The truth lies within the interval as long as a clock that counts as synced keeps within its error (1 s where
//! none is known) and the hub's clock is right. A synced clock that shows a time before [`Wall::EARLIEST`], or one
//! more than an hour after the record was received, is not believed.

use std::time::Duration;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::base::{BootId, ClockTrust, Mono, Stamp, Wall};

/// Largest error of a synced clock that does not know its own.
const ERROR_MS: u32 = 1_000;
/// How far a synced clock may be ahead of the hub's before it is not believed.
const AHEAD_MAX: Duration = Duration::from_hours(1);

/// What an interval rests on; see the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Known {
    /// The record's own clock.
    Synced,
    /// A synced record of the same boot.
    Mapped,
    /// A battery clock, within bounds.
    Battery,
    /// Bounds on both sides, or only an earliest time.
    Bounded,
    /// A latest time only.
    Received,
    /// Nothing.
    Unknown,
}

/// When a record was made, as well as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Not before; `None` when nothing says.
    pub earliest: Option<Wall>,
    /// Not after; `None` when nothing says.
    pub latest: Option<Wall>,
    /// One time for lists and counts, within the interval. Without any sure time in its boot it is the latest: a
    /// kiosk that has power usually reaches its hub, but how long it had none before says nothing.
    pub best: Wall,
    /// What this rests on.
    pub known: Known,
}

impl Placed {
    /// Whether a time service vouches for the interval.
    pub const fn is_sure(&self) -> bool {
        match self.known {
            Known::Synced | Known::Mapped => true,
            Known::Battery | Known::Bounded | Known::Received | Known::Unknown => false,
        }
    }
}

/// A monotonic time and the wall time at which it was, or before or after which it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
struct Point {
    #[n(0)]
    mono: Mono,
    #[n(1)]
    wall: Wall,
    #[n(2)]
    error_ms: u32,
}

impl Point {
    fn at(&self, mono: Mono) -> Wall {
        if mono >= self.mono { self.wall + mono.since(self.mono) } else { self.wall - self.mono.since(mono) }
    }

    /// What the time at `mono` may be off by, either way.
    fn error(&self, mono: Mono) -> Duration {
        let between = mono.since(self.mono).max(self.mono.since(mono));
        let drift =
            if between.is_zero() { Duration::ZERO } else { between / 2_000 + Duration::from_millis(1) };
        drift + Duration::from_millis(self.error_ms.into())
    }

    fn earliest(&self, mono: Mono) -> Wall {
        self.at(mono) - self.error(mono)
    }

    fn latest(&self, mono: Mono) -> Wall {
        self.at(mono) + self.error(mono)
    }
}

/// What is known of the clock of one boot, within one log.
///
/// Its CBOR is what a ledger keeps; an index is never used twice.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct BootClock {
    /// The boot.
    #[n(0)]
    boot: BootId,
    #[n(1)]
    first: Mono,
    #[n(2)]
    last: Mono,
    /// The first record that was synced.
    #[n(3)]
    first_sync: Option<Point>,
    /// The last one.
    #[n(4)]
    last_sync: Option<Point>,
    /// From the records before this boot.
    #[n(5)]
    not_before: Option<Point>,
    /// From what was received, and from the records after this boot.
    #[n(6)]
    not_after: Option<Point>,
}

impl BootClock {
    /// The clock of the boot that begins with the record stamped `first`, after the boot `before` of the same log.
    pub fn begin(first: &Stamp, before: Option<&Self>) -> Self {
        let ended = before.and_then(|before| before.place_mono(before.last).earliest);
        Self {
            boot: first.boot,
            first: first.mono,
            last: first.mono,
            first_sync: None,
            last_sync: None,
            not_before: ended.map(|wall| Point { mono: first.mono, wall, error_ms: 0 }),
            not_after: None,
        }
    }

    /// Which boot.
    pub const fn boot(&self) -> BootId {
        self.boot
    }

    /// Whether some record of it was synced.
    pub const fn is_synced(&self) -> bool {
        self.first_sync.is_some()
    }

    /// Takes in the next record, and when the hub received it.
    pub fn learn(&mut self, stamp: &Stamp, received: Option<Wall>) {
        self.first = self.first.min(stamp.mono);
        self.last = self.last.max(stamp.mono);
        if let Some(point) = synced(stamp, received) {
            self.first_sync.get_or_insert(point);
            self.last_sync = Some(point);
        }
        if let Some(wall) = received {
            self.bound(Point { mono: stamp.mono, wall, error_ms: 0 });
        }
    }

    /// Takes in that this boot ended before `next` began.
    pub fn ended_before(&mut self, next: &Self) {
        if let Some(wall) = next.place_mono(next.first).latest {
            self.bound(Point { mono: self.last, wall, error_ms: 0 });
        }
    }

    /// The wall time at which the boot's last record was made at the latest; for telling whether more became known.
    pub fn latest(&self) -> Option<Wall> {
        self.not_after.map(|point| point.latest(self.last))
    }

    /// Places the record of this boot with this stamp, which the hub received then.
    pub fn place(&self, stamp: &Stamp, received: Option<Wall>) -> Placed {
        if let Some(point) = synced(stamp, received) {
            return around(&point, stamp.mono, Known::Synced);
        }
        let mapped = self.sync_for(stamp.mono).map(|point| around(&point, stamp.mono, Known::Mapped));
        if let Some(placed) = mapped.filter(|placed| is_believable(placed.best, received)) {
            return placed;
        }
        let placed = self.bounded(stamp.mono, received);
        let within = placed.earliest.is_none_or(|earliest| earliest <= stamp.wall)
            && placed.latest.is_none_or(|latest| stamp.wall <= latest);
        match stamp.trust {
            ClockTrust::Rtc if within && stamp.wall >= Wall::EARLIEST => {
                Placed { best: stamp.wall, known: Known::Battery, ..placed }
            }
            ClockTrust::None | ClockTrust::Rtc | ClockTrust::Synced if placed.known == Known::Unknown => {
                Placed { best: stamp.wall, ..placed }
            }
            ClockTrust::None | ClockTrust::Rtc | ClockTrust::Synced => placed,
        }
    }

    /// Where a record of this monotonic time lies, whatever its own wall time.
    fn place_mono(&self, mono: Mono) -> Placed {
        match self.sync_for(mono) {
            Some(point) => around(&point, mono, Known::Mapped),
            None => self.bounded(mono, None),
        }
    }

    fn bounded(&self, mono: Mono, received: Option<Wall>) -> Placed {
        let learned = self.not_after.map(|point| point.latest(mono));
        let latest = learned.into_iter().chain(received).min();
        let earliest = self.not_before.map(|point| point.earliest(mono));
        // Both cannot be right then; what the hub saw itself is.
        let earliest = earliest.filter(|earliest| latest.is_none_or(|latest| *earliest <= latest));
        let (best, known) = match (earliest, latest) {
            (Some(_), Some(latest)) => (latest, Known::Bounded),
            (None, Some(latest)) => (latest, Known::Received),
            (Some(earliest), None) => (earliest, Known::Bounded),
            (None, None) => (Wall(0), Known::Unknown),
        };
        Placed { earliest, latest, best, known }
    }

    /// The synced record nearest before, else the first one.
    fn sync_for(&self, mono: Mono) -> Option<Point> {
        self.last_sync.filter(|point| point.mono <= mono).or(self.first_sync)
    }

    fn bound(&mut self, point: Point) {
        let there = self.not_after.map(|old| old.latest(point.mono));
        if there.is_none_or(|there| point.wall < there) {
            self.not_after = Some(point);
        }
    }
}

/// A record's stamp, and when the hub received it, if it did.
pub type Seen = (Stamp, Option<Wall>);

/// A log's records in order, placed.
pub fn place_all(records: &[Seen]) -> Vec<Placed> {
    let mut boots: Vec<BootClock> = vec![];
    let mut placed: Vec<(usize, Option<Placed>)> = vec![];
    for (stamp, received) in records {
        if boots.last().is_none_or(|boot| boot.boot != stamp.boot) {
            boots.push(BootClock::begin(stamp, boots.last()));
        }
        if let Some(boot) = boots.last_mut() {
            boot.learn(stamp, *received);
            // The synced record nearest before is there already; only what comes before the first one waits.
            let known = boot.is_synced().then(|| boot.place(stamp, *received));
            placed.push((boots.len() - 1, known));
        }
    }
    for index in (1..boots.len()).rev() {
        let (before, after) = boots.split_at_mut(index);
        if let (Some(boot), Some(next)) = (before.last_mut(), after.first()) {
            boot.ended_before(next);
        }
    }
    let both = placed.into_iter().zip(records);
    both.map(|((boot, known), (stamp, received))| {
        known.unwrap_or_else(|| boots[boot].place(stamp, *received))
    })
    .collect()
}

/// The point that a synced stamp gives, if it is believed.
fn synced(stamp: &Stamp, received: Option<Wall>) -> Option<Point> {
    let error_ms = if stamp.max_error_ms == 0 { ERROR_MS } else { stamp.max_error_ms };
    let point = Point { mono: stamp.mono, wall: stamp.wall, error_ms };
    match stamp.trust {
        ClockTrust::Synced => is_believable(stamp.wall, received).then_some(point),
        ClockTrust::None | ClockTrust::Rtc => None,
    }
}

fn is_believable(wall: Wall, received: Option<Wall>) -> bool {
    wall >= Wall::EARLIEST && received.is_none_or(|received| wall <= received + AHEAD_MAX)
}

fn around(point: &Point, mono: Mono, known: Known) -> Placed {
    let (earliest, latest) = (point.earliest(mono), point.latest(mono));
    Placed { earliest: Some(earliest), latest: Some(latest), best: point.at(mono), known }
}

#[cfg(test)]
mod tests;
