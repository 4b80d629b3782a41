//! Training: what is asked of a lane that is used to practise, and what is shown of it.

use serde::{Deserialize, Serialize};

use super::status::LaneStatus;
use crate::base::{AttendantId, LaneId};

/// What somebody who practises asks for beside the acts that are practised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Practice {
    /// The lane is out of service for everybody from now on, and what is practised beside it is on no record.
    Begin,
    /// The lane serves again.
    End,
    /// A forehead of 36.5 °C is measured.
    Cool,
    /// A forehead of 38.5 °C is measured.
    Warm,
    /// A forehead is too cold to say anything.
    TooCold,
    /// A good pass of a resident is shown.
    GoodPass,
    /// A pass is shown that has run out.
    ExpiredPass,
    /// The subject goes through under the open barrier.
    PassesThrough,
}

impl Practice {
    /// What can be put before a practised lane in place of its devices.
    pub const SEEN: [Self; 6] =
        [Self::Cool, Self::Warm, Self::TooCold, Self::GoodPass, Self::ExpiredPass, Self::PassesThrough];
}

/// A lane in training.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PracticeStatus {
    /// The real lane, which is out of service meanwhile.
    pub of: LaneId,
    /// Who practises.
    pub by: AttendantId,
    /// The lane that is practised at, under a name that no real one has.
    pub lane: LaneStatus,
}
