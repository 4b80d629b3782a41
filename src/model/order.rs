//! What a hub asks of a kiosk, as records say it: which command, and what became of it.
//!
//! Texts of a command (a notice, a reason) are not here: records are public and stay for ever. The command's identity
//! ties a record to the signed text, which the hub keeps.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use super::mode::AreaMode;
use crate::base::LaneId;

/// Which command was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(rename_all = "kebab-case")]
pub enum Ordered {
    /// Show another public notice on the idle screens.
    #[n(0)]
    Notice {
        /// Its number; 0 takes the notice that was ordered before away again.
        #[n(0)]
        number: u32,
    },
    /// Take a lane out of service, or back into it.
    #[n(1)]
    LaneService {
        /// Which lane.
        #[n(0)]
        lane: LaneId,
        /// Out or in.
        #[n(1)]
        service: Service,
    },
    /// Renew the key with which this kiosk connects.
    #[n(2)]
    RenewKey,
    /// Send what there is, and a heartbeat, at once.
    #[n(3)]
    SendNow,
    /// Guard the area in another mode.
    #[n(4)]
    Mode {
        /// Which.
        #[n(0)]
        mode: AreaMode,
    },
}

/// Whether a lane takes subjects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Encode, Decode)]
#[serde(rename_all = "kebab-case")]
#[cbor(index_only)]
pub enum Service {
    /// It does.
    #[n(0)]
    In,
    /// It begins nothing by itself; an emergency is let through all the same.
    #[n(1)]
    Out,
}

/// What became of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Encode, Decode)]
#[serde(rename_all = "kebab-case")]
#[cbor(index_only)]
pub enum Outcome {
    /// It was carried out.
    #[n(0)]
    Done,
    /// The kiosk stopped while it was being carried out; nobody knows how far it got, and it is not begun again.
    #[n(1)]
    Interrupted,
    /// Refused: its time is over.
    #[n(2)]
    Expired,
    /// Refused: nothing here says whether its time is over.
    #[n(3)]
    ClockUnsure,
    /// It could not be carried out here: no such lane, nothing to renew.
    #[n(4)]
    Unable,
    /// Refused: of a kind that this version does not know.
    #[n(5)]
    Unknown,
    /// Refused, and its number does not count: the hub's key did not sign it.
    #[n(6)]
    Forged,
    /// Refused, and its number does not count: it is for another kiosk, or for this one under an earlier key.
    #[n(7)]
    OtherKiosk,
    /// Refused, and its number does not count: one before it is missing.
    #[n(8)]
    OutOfOrder,
    /// Refused, and its number does not count: a command with this number was here before.
    #[n(9)]
    Repeated,
    /// It was tried, and what it asks for did not come about.
    #[n(10)]
    Failed,
}

impl Outcome {
    /// Whether the command's number is used up, so that the next one can come.
    pub fn settles(self) -> bool {
        match self {
            Self::Done
            | Self::Interrupted
            | Self::Expired
            | Self::ClockUnsure
            | Self::Unable
            | Self::Unknown
            | Self::Failed => true,
            Self::Forged | Self::OtherKiosk | Self::OutOfOrder | Self::Repeated => false,
        }
    }
}
