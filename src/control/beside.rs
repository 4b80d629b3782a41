//! What the attendant is told of whoever is here beside their steps.

use serde::Serialize;

use crate::base::KioskId;
use crate::model::Title;

/// A list names somebody who is here: a card for the attendant, who looks and decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CardStatus {
    /// The list.
    pub title: Title,
    /// What it is for.
    pub purpose: Title,
    /// What the attendant is to do.
    pub advice: Title,
    /// Whether the clock is too unsure to say that the entry counts.
    pub unsure: bool,
    /// Number of the occupant that it is about, from 1; none: of the person or the vehicle.
    pub occupant: Option<usize>,
}

/// Whether a companion answers for somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CompanionStatus {
    /// One may, when the attendant says so.
    MayAnswer,
    /// What is shown next is theirs.
    Awaited,
    /// One does.
    Answers {
        /// Name or number, masked.
        name: Option<String>,
    },
}

/// Somebody here was turned back not long ago: for the attendant, who looks and decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TurnedBackStatus {
    /// At which kiosk; `None` for this one.
    pub kiosk: Option<KioskId>,
    /// How long before they came here, in minutes, at least.
    pub minutes: u64,
    /// Number of the occupant that it is about, from 1; none: of the person or the vehicle.
    pub occupant: Option<usize>,
}
