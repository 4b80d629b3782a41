//! Who is at the lane, which way they go, and what class of person they are.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// A person, or a vehicle with its occupants.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[serde(rename_all = "kebab-case")]
#[cbor(index_only)]
pub enum SubjectKind {
    /// One person on foot, or one occupant of a vehicle.
    #[n(0)]
    Person,
    /// A vehicle with its occupants.
    #[n(1)]
    Vehicle,
}

/// Which way a passage goes, seen from the guarded place.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[serde(rename_all = "kebab-case")]
#[cbor(index_only)]
pub enum Direction {
    /// Into the guarded place.
    #[n(0)]
    Inbound,
    /// Out of the guarded place.
    #[n(1)]
    Outbound,
}

/// What a person is to the place; chooses the step list.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[serde(rename_all = "kebab-case")]
#[cbor(index_only)]
pub enum Class {
    /// Lives here.
    #[n(0)]
    Resident,
    /// Works here.
    #[n(1)]
    Worker,
    /// Was invited or came by.
    #[n(2)]
    Visitor,
    /// Passes through to somewhere else.
    #[n(3)]
    Transit,
    /// Under observation: stopped at the exit.
    #[n(4)]
    Observed,
    /// Must get through at once: medical, fire, supply.
    #[n(5)]
    KeyPerson,
    /// Not known to any list.
    #[n(6)]
    #[default]
    Unknown,
}

impl Class {
    /// Every class, in the order of the records.
    pub const ALL: [Self; 7] = [
        Self::Resident,
        Self::Worker,
        Self::Visitor,
        Self::Transit,
        Self::Observed,
        Self::KeyPerson,
        Self::Unknown,
    ];
}
