//! When a segment may go: the one place that decides it.
//!
//! A segment is dropped when all of this holds, and for no other reason; no age alone, no lack of room, no setting and no
//! number of failures drops a record that the hub has not signed for.
//!
//! 1. It is the oldest one, complete, and at least one complete one follows it (recovery reads that).
//! 2. The hub has signed for all of it, at least [`HELD_FOR`] ago: a hub that is restored from a backup of that time
//!    can be refilled from here.
//! 3. When the hub last answered, in this run, it still had all of it.
//! 4. Its youngest record is older than the site keeps records. Where that record's time is not trusted, a later one
//!    whose time is trusted speaks for it.
//!
//! Both clocks must say so: the kiosk's, which must be trusted now, and the hub's, by what it signed last. One clock that
//! is years wrong drops nothing.
//!
//! That it is dropped is itself a record ([`Body::SegmentsDropped`]), durable before the file goes. After a power cut in
//! between, the file is still there, and is dropped and recorded once more. Every later segment's header holds the tree
//! over what went before, so that all proofs still hold.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use super::cosigned::file_of_segment;
use super::disk::Disk;
use super::log::{Error, Journal, failed};
use super::receipts::{Closed, Receipts};
use super::segment::Name;
use crate::base::{ClockTrust, Seq, Stamp, Wall};
use crate::model::{Body, Draft};

/// How long the hub must have had a segment before it is dropped here.
pub const HELD_FOR: Duration = Duration::from_hours(30 * 24);

/// A segment that nothing obliges this kiosk to keep. Only [`Retention::droppable`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Droppable {
    name: Name,
    last: u64,
}

/// Decides what may be dropped.
#[derive(Clone, Debug)]
pub struct Retention {
    kept_for: Duration,
    /// When the last record of a segment was made, by the segment's first record; what was read before.
    youngest: BTreeMap<u64, Stamp>,
}

impl Droppable {
    /// First and last record.
    pub fn records(&self) -> (u64, u64) {
        (self.name.first, self.last)
    }
}

impl Retention {
    /// A site keeps records for so long.
    pub fn new(kept_for: Duration) -> Self {
        Self { kept_for, youngest: BTreeMap::new() }
    }

    /// The oldest segment, if it may be dropped at `now`, when the hub last said that it expects `next`.
    ///
    /// Reads the last record of a segment or two.
    ///
    /// # Errors
    ///
    /// When the medium fails; then nothing may be dropped.
    pub fn droppable<D: Disk, R: Disk>(
        &mut self,
        receipts: &mut Receipts<D, R>,
        now: &Stamp,
        next: Option<Seq>,
    ) -> io::Result<Option<Droppable>> {
        let Some(signed) = receipts.newest().map(super::cosigned::Cosigned::at) else { return Ok(None) };
        if now.trust == ClockTrust::None {
            return Ok(None);
        }
        // The earlier of two clocks: either one alone can be years ahead.
        let by_both = now.wall.min(signed);
        let closed = receipts.closed()?;
        let [Closed { name, last, held_since: Some(since) }, _, ..] = closed.as_slice() else {
            return Ok(None);
        };
        let has_it_still = next.is_some_and(|next| *last < next.get());
        if !has_it_still || !is_past(*since, HELD_FOR, by_both) {
            return Ok(None);
        }
        let youngest = self.trusted(receipts, &closed)?;
        let old = youngest.is_some_and(|stamp| is_past(stamp.wall, self.kept_for, by_both));
        Ok(old.then_some(Droppable { name: *name, last: *last }))
    }

    /// When the last record was made of the first segment in which that time is trusted.
    fn trusted<D: Disk, R: Disk>(
        &mut self,
        receipts: &mut Receipts<D, R>,
        closed: &[Closed],
    ) -> io::Result<Option<Stamp>> {
        self.youngest.retain(|first, _| closed.first().is_some_and(|oldest| *first >= oldest.name.first));
        for one in closed {
            let known = self.youngest.get(&one.name.first).copied();
            let stamp = match known {
                Some(stamp) => Some(stamp),
                None => receipts.stamp_of(one.last)?,
            };
            let Some(stamp) = stamp else { continue };
            self.youngest.insert(one.name.first, stamp);
            if stamp.trust != ClockTrust::None {
                return Ok(Some(stamp));
            }
        }
        Ok(None)
    }
}

fn is_past(since: Wall, span: Duration, now: Wall) -> bool {
    now.0.checked_sub(since.0).is_some_and(|ms| u128::try_from(ms).is_ok_and(|ms| ms >= span.as_millis()))
}

impl<D: Disk> Journal<D> {
    /// Drops a segment: records that it goes, makes that durable, and removes it. Nothing is done when it is no longer
    /// the oldest one, or is the one that is written to.
    ///
    /// # Errors
    ///
    /// As [`append`](Self::append) and [`commit`](Self::commit), and the segment is still there; or it cannot be removed.
    pub fn drop_segment(&mut self, droppable: &Droppable, stamp: Stamp) -> Result<bool, Error> {
        let doing = failed("dropping a segment");
        let (disk, current) = self.disk_and_segment();
        let files = disk.list().map_err(&doing)?;
        let own = |name: &Name| (name.generation, name.epoch) == (current.generation, current.epoch);
        let names: Vec<Name> = files.iter().filter_map(|file| Name::parse(file)).filter(own).collect();
        let name = droppable.name;
        if names.first() != Some(&name) || names.get(1).is_none_or(|next| next.first - 1 != droppable.last) {
            return Ok(false);
        }
        let (Some(from), Some(through)) = (Seq::new(name.first), Seq::new(droppable.last)) else {
            return Ok(false);
        };
        let draft = Draft { lane: None, body: Body::SegmentsDropped { from, through }, personal: None };
        self.append(draft, stamp)?;
        self.commit()?;
        let (disk, _) = self.disk_and_segment();
        disk.remove(&name.file()).map_err(&doing)?;
        disk.sync_dir().map_err(&doing)?;
        // Receipts of segments that are gone, this one's and any that a power cut left.
        for file in files.iter().filter(|file| is_receipt_before(file, droppable.last, current)) {
            disk.remove(file).map_err(&doing)?;
        }
        Ok(true)
    }
}

fn is_receipt_before(file: &str, last: u64, current: Name) -> bool {
    let name = file.strip_suffix(".cosigned").and_then(|name| Name::parse(&format!("{name}.seg")));
    name.is_some_and(|name| {
        name.epoch == current.epoch && name.first <= last && file == file_of_segment(&name)
    })
}
