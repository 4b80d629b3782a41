//! What a step asks, as far as a screen needs it to ask.

use serde::Serialize;

use crate::base::{AttendantId, CentiCelsius, Slug};
use crate::model::{Custody, Role, Title};

/// What a step asks beside its kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "asks")]
pub enum Asks {
    /// Nothing more than its kind says.
    #[default]
    Plain,
    /// A question.
    Question {
        /// Its text; for the attendant's face only.
        text: Title,
        /// Its answers.
        answers: Vec<AnswerStatus>,
        /// The areas to choose from, for answers that name one.
        areas: Vec<AreaStatus>,
        /// Whether an answer was given that somebody has to look into.
        to_confirm: bool,
    },
    /// A time that has to pass.
    Dwell {
        /// How long, in seconds.
        seconds: u32,
        /// Within which temperatures, lowest and highest.
        range: Option<[CentiCelsius; 2]>,
        /// Who reads the temperature.
        read_by: ReadBy,
        /// How far it is.
        state: DwellState,
    },
    /// A text to confirm.
    Pledge {
        /// The text.
        text: Title,
    },
    /// Things to leave or to collect.
    Custody {
        /// Which of both.
        way: Custody,
        /// Most things under one tag.
        items_max: u8,
    },
    /// Somebody to fetch the subject.
    Escort,
    /// Something to count.
    Count {
        /// What.
        what: Title,
        /// Fewest that satisfy.
        min: u32,
        /// Most.
        max: u32,
    },
    /// Signatures.
    SignOff {
        /// How many different attendants have to sign.
        wanted: u8,
        /// Who has.
        signed: Vec<AttendantId>,
        /// Whose signature counts next, where it is not that of anybody who staffs the post.
        by: Vec<Role>,
    },
}

/// An answer to choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AnswerStatus {
    /// Its name in acts and records.
    pub id: Slug,
    /// What it says.
    pub title: Title,
    /// Whether it asks where and when.
    pub asks_stay: bool,
}

/// An area to choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AreaStatus {
    /// Its name in acts.
    pub id: Slug,
    /// What it is called.
    pub title: Title,
}

/// Who reads a temperature during a dwell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReadBy {
    /// Nobody: only the time counts.
    Nobody,
    /// The attendant reads it off and types it.
    Attendant,
    /// A sensor of the lane.
    Sensor,
}

/// How far a dwell is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum DwellState {
    /// Not begun, or broken off.
    NotBegun,
    /// Waits for the first reading within the range.
    Armed,
    /// Runs. How long still is in [`LaneStatus::dwelling`](super::LaneStatus::dwelling).
    Runs,
}

/// A dwell that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct DwellStatus {
    /// Milliseconds until it is done.
    pub ends_ms: u64,
    /// Milliseconds until the next reading must have come; none where nothing is read.
    pub reading_ms: Option<u64>,
}
