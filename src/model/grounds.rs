//! On what a verdict rests beside the steps: what must be known to decide it again from its record.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use super::list_hit::ListHit;
use super::mode::AreaMode;
use super::verdict::Reason;
use crate::base::Slug;

/// What the rules of the policy were asked, and which of them answered.
///
/// It stands in every record of a verdict, also where a person decided or the subject left: then it says what the
/// policy would have ruled at that moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub struct Grounds {
    /// The rule that applied; none where there was not exactly one, so that a person decides.
    #[n(0)]
    pub clause: Option<Slug>,
    /// The mode that the area was in.
    #[n(1)]
    pub mode: AreaMode,
    /// What the lists said.
    #[n(2)]
    pub hit: ListHit,
    /// The steps that waited for an attendant without having failed.
    #[n(3)]
    pub waiting: Vec<Waiting>,
    /// First half of the SHA-256 of everything that the rules were told: see [`crate::config::rules::facts`].
    #[cbor(n(4), with = "minicbor::bytes")]
    pub evidence: [u8; 16],
    /// The profile, for an occupant: a record names only the vehicle's.
    #[n(5)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Slug>,
}

/// A step that waited for an attendant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub struct Waiting {
    /// Which of the steps in the record, from 0.
    #[n(0)]
    pub step: u8,
    /// Why.
    #[n(1)]
    pub reason: Reason,
}
