//! For whom somebody is at the post, and as what. At one post there may be five agencies (公安、交警、卫健、交通、街道).

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use super::title::Title;

/// As what somebody is at the post.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[serde(rename_all = "kebab-case")]
#[cbor(index_only)]
pub enum Role {
    /// Does the work at the lanes; whoever has no role stated does.
    #[n(0)]
    #[default]
    Attendant,
    /// Leads the shift: an attendant who answers for the others.
    #[n(1)]
    Lead,
    /// Looks on: another agency, an inspection. Does nothing at a lane but call an emergency, and does not staff the post.
    #[n(2)]
    Observer,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Attendant, Self::Lead, Self::Observer];

    /// The name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Attendant => "attendant",
            Self::Lead => "lead",
            Self::Observer => "observer",
        }
    }

    /// Whether somebody with this role keeps the post staffed.
    pub const fn staffs(self) -> bool {
        match self {
            Self::Attendant | Self::Lead => true,
            Self::Observer => false,
        }
    }
}

/// What the site says of somebody who may sign in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub struct Post {
    /// As what.
    #[n(0)]
    pub role: Role,
    /// For which agency, in the site's words.
    #[n(1)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agency: Option<Title>,
}

/// What was found out about the post itself.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[serde(rename_all = "kebab-case")]
#[cbor(index_only)]
pub enum Manned {
    /// Somebody is signed in and did not answer when asked.
    #[n(0)]
    Unanswered,
    /// Nobody is signed in, where somebody has to be.
    #[n(1)]
    Unstaffed,
    /// Somebody is there again.
    #[n(2)]
    Back,
}
