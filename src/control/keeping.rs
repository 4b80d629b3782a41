//! What a kiosk says about keeping its records: the room it has for them, and what is wrong with the hub's receipts.

use serde::Serialize;

/// Room on the disk that holds the journal, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Room {
    /// What this program may still use.
    pub free: u64,
    /// All there is.
    pub total: u64,
}

/// How little room there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shortage {
    /// Somebody should make room soon. Everything is still done.
    Low,
    /// Only records are still written: lists of past passages stay as they are.
    RecordsOnly,
}

impl Room {
    /// Free bytes below which somebody is warned, on any disk.
    pub const LOW: u64 = 256 << 20;
    /// Free bytes below which only records are written, on any disk.
    pub const BARE: u64 = 96 << 20;

    /// How little room this is: below 256 MiB or a twentieth of the disk it is low, below 96 MiB or a fiftieth only
    /// records are written. On a small disk the parts count, on a large one the bytes.
    pub fn shortage(self) -> Option<Shortage> {
        let below = |bytes: u64, part: u64| self.free < bytes.min(self.total / part);
        if below(Self::BARE, 50) {
            Some(Shortage::RecordsOnly)
        } else if below(Self::LOW, 20) {
            Some(Shortage::Low)
        } else {
            None
        }
    }
}

/// Something about the hub that a person must look into.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum LinkAlarm {
    /// What the hub countersigned is not this kiosk's log, or not signed as it must be.
    Receipt {
        /// What is wrong, in plain words.
        why: String,
    },
    /// The hub asks for records that were dropped here, as it had signed for them long before.
    Dropped {
        /// The first record that it asks for.
        from: u64,
        /// The last record that is no longer here.
        through: u64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_disk_is_judged_by_parts_and_a_large_one_by_bytes() {
        let of =
            |free_mib: u64, total_mib: u64| Room { free: free_mib << 20, total: total_mib << 20 }.shortage();
        assert_eq!(
            [of(257, 32_000), of(255, 32_000), of(97, 32_000)],
            [None, Some(Shortage::Low), Some(Shortage::Low)]
        );
        assert_eq!(of(95, 32_000), Some(Shortage::RecordsOnly));
        assert_eq!(
            [of(60, 1_000), of(49, 1_000), of(19, 1_000)],
            [None, Some(Shortage::Low), Some(Shortage::RecordsOnly)]
        );
    }
}
