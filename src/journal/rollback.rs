//! Noticing that a log was rolled back or swapped: what the hub has signed for, held against what recovery found.
//!
//! Nothing is ever told to the hub that was not durable here. So when fewer records are here than it has signed for, or
//! others, the medium lost what it said it had kept, or is another: a card that ignores flushes, one whose image was put
//! back, one that was copied and went on elsewhere. Such a log is not gone on with, since two different records would
//! bear one number. It ends, stays as it is and can still be read, and a new one begins beside it. That is said, and
//! recorded as a gap, which the hub makes an alarm of. No start is refused for it.

use super::cosigned::{self, Cosigned, Witness, epoch_of, file_of, file_of_segment};
use super::disk::Disk;
use super::frame::LogCrc;
use super::merkle::Hash;
use super::recovered::{Gap, Recovery};
use super::recovery::{gap, read_segment};
use super::scan::tree_in;
use super::segment::Name;
use crate::base::Epoch;
use crate::model::record::IN_LOG;

/// Why records that the hub has are missing at the end.
pub(super) const NOT_HERE: &str = "中心已签收而此处没有 the hub has signed for them and they are not here";
/// Why records that the hub has are missing where others are.
const OTHERS: &str = "此处的记录与中心签收的不同 they are others than the hub has signed for";
/// Why a whole log is missing.
const NO_LOG: &str = "整个日志已不在 the whole log is gone, and the hub has signed for it";

/// The newest note that is kept of a log and bears both signatures. One that is not good says nothing here; it is
/// told of by [`super::Receipts`].
pub(super) fn told<D: Disk>(disk: &mut D, witness: Option<&Witness>, epoch: Epoch) -> Option<Cosigned> {
    let kept = cosigned::read(disk, &file_of(epoch), epoch, witness?);
    // A note that cannot be read must not keep a kiosk from starting.
    kept.ok().flatten()?.ok()
}

/// The records of which the hub has signed for others, if the log in the segments `names` has others than it `told`.
///
/// Where the root over so many records cannot be known any more, nothing is said.
pub(super) fn others<D: Disk>(
    disk: &mut D,
    witness: Option<&Witness>,
    names: &[Name],
    told: &Cosigned,
) -> Option<Gap> {
    if root_at(disk, names, told.size())? == told.root() {
        return None;
    }
    let agrees = |name: &Name| {
        let kept = cosigned::read(disk, &file_of_segment(name), name.epoch, witness?).ok()??.ok()?;
        let earlier = kept.size() < told.size() && root_at(disk, names, kept.size())? == kept.root();
        earlier.then_some(kept.size())
    };
    let agreed = names.iter().rev().find_map(agrees).unwrap_or(0);
    let from = names.first().map_or(1, |oldest| oldest.first).max(agreed + 1);
    gap(from.min(told.size()), told.size(), OTHERS.to_owned())
}

/// Looks for logs of which a note is kept and no segment is here. What is `recorded` already is not said to be new.
pub(super) fn missing_logs<D: Disk>(
    disk: &mut D,
    witness: Option<&Witness>,
    files: &[String],
    recorded: &[Gap],
    recovery: &mut Recovery,
) {
    // Also what was set aside is here.
    let here: Vec<Epoch> =
        files.iter().filter_map(|file| Name::parse_any(file)).map(|name| name.epoch).collect();
    for epoch in files.iter().filter_map(|file| epoch_of(file)).filter(|epoch| !here.contains(epoch)) {
        let Some(kept) = told(disk, witness, epoch) else { continue };
        let size = kept.size();
        recovery
            .remarks
            .push(format!("log {epoch} is gone, and the hub has signed for {size} records of it"));
        let gap = gap(1, size, format!("{NO_LOG}{IN_LOG}{epoch}"));
        recovery.gaps.extend(gap.filter(|gap| !recorded.contains(gap)));
    }
}

/// The root over the first `size` records of a log, from the one segment that ends them.
fn root_at<D: Disk>(disk: &mut D, names: &[Name], size: u64) -> Option<Hash> {
    let name = names.iter().rev().find(|name| name.first <= size.saturating_add(1))?;
    let bytes = read_segment(disk, &name.file()).ok()?;
    tree_in(LogCrc::new(name.epoch), &bytes, name.first, size).ok().map(|tree| tree.root())
}
