//! What is still open at a kiosk when one shift hands over to the next: how many of each, and nobody's name.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// Counts of what the next shift takes over. What could not be looked up is none, which is not the same as zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub struct OpenItems {
    /// Subjects at a lane whose passage goes on by itself.
    #[n(0)]
    pub served: u32,
    /// Subjects at a lane about whom a person has to decide.
    #[n(1)]
    pub referred: u32,
    /// Subjects that were referred or held and about whom nothing is on record since, whoever is still at a lane included.
    #[n(2)]
    pub cases: Option<u64>,
    /// Vehicles that came in and did not go out, as far as identifiers tell.
    #[n(3)]
    pub vehicles_inside: Option<u64>,
    /// Persons, in the same way.
    #[n(4)]
    pub people_inside: Option<u64>,
    /// Devices that give nothing.
    #[n(5)]
    pub devices_failed: u32,
    /// Lanes that are out of service.
    #[n(6)]
    pub lanes_out: u32,
    /// Barriers that stand open or are stuck.
    #[n(7)]
    pub barriers_open: u32,
    /// Records that the hub does not have; none where there is no hub.
    #[n(8)]
    pub unsent: Option<u64>,
    /// Version of the policy bundle that somebody has to read.
    #[n(9)]
    pub policy_waits: Option<u64>,
    /// Vehicles and persons who have not come out in time; none in records from before that was watched, too.
    #[n(10)]
    #[serde(default)]
    pub overdue: Option<u64>,
    /// Those of whom the clocks do not say whether they have.
    #[n(11)]
    #[serde(default)]
    pub perhaps_overdue: Option<u64>,
}

impl OpenItems {
    /// Whether nobody has to see to anything. Records that wait for a hub and whoever is inside are no work left undone.
    pub fn is_clear(&self) -> bool {
        let Self { served, referred, cases, devices_failed, lanes_out, barriers_open, policy_waits, .. } =
            *self;
        let Self { overdue, perhaps_overdue, .. } = *self;
        let counted = [served, referred, devices_failed, lanes_out, barriers_open];
        let late = [overdue, perhaps_overdue].into_iter().flatten().sum::<u64>();
        counted.iter().all(|count| *count == 0) && cases == Some(0) && policy_waits.is_none() && late == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_looked_up_is_not_clear() {
        let clear =
            OpenItems { cases: Some(0), people_inside: Some(9), unsent: Some(9), ..OpenItems::default() };
        assert!(clear.is_clear());
        assert!(!OpenItems { cases: None, ..clear }.is_clear());
        for open in [
            OpenItems { served: 1, ..clear },
            OpenItems { referred: 1, ..clear },
            OpenItems { cases: Some(1), ..clear },
            OpenItems { devices_failed: 1, ..clear },
            OpenItems { lanes_out: 1, ..clear },
            OpenItems { barriers_open: 1, ..clear },
            OpenItems { policy_waits: Some(4), ..clear },
            OpenItems { overdue: Some(1), ..clear },
            OpenItems { perhaps_overdue: Some(1), ..clear },
        ] {
            assert!(!open.is_clear(), "{open:?}");
        }
    }
}
