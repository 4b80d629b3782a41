//! An occupant of a vehicle, as the vehicle's record holds them.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use super::grounds::Grounds;
use super::step::StepRecord;
use super::subject::Class;
use super::verdict::{Reason, Verdict};
use crate::base::AttendantId;

/// One occupant of a vehicle, without personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub struct Occupant {
    /// What the occupant is to the place.
    #[n(0)]
    pub class: Class,
    /// The occupant's own outcome; a vehicle may leave while one occupant stays.
    #[n(1)]
    pub verdict: Verdict,
    /// Why.
    #[n(2)]
    pub reasons: Vec<Reason>,
    /// The occupant's steps.
    #[n(3)]
    pub steps: Vec<StepRecord>,
    /// As [`super::Passage::grounds`], by the rules of the occupant's own profile.
    #[n(4)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grounds: Option<Grounds>,
    /// The attendant by whose decision they stayed here while the vehicle went on: the verdict is then theirs alone.
    #[n(5)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apart: Option<AttendantId>,
}
