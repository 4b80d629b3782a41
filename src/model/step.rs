//! Steps of a profile, and what became of each in one passage.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use super::credential::{Authenticity, CredentialKind, Currency};
use super::temperature::{NotMeasured, Zone};
use super::verdict::Reason;
use crate::base::{AttendantId, Slug};

/// One kind of check.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[serde(rename_all = "kebab-case")]
#[cbor(index_only)]
pub enum StepKind {
    /// A pass, a code or an identity number is presented.
    #[n(0)]
    Credential,
    /// Skin temperature is screened.
    #[n(1)]
    Temperature,
    /// The fields that the profile asks for are filled in.
    #[n(2)]
    Registration,
    /// An attendant confirms by name what no device can see.
    #[n(3)]
    Attest,
    /// The vehicle's plate is typed, read or declared absent.
    #[n(4)]
    Plate,
    /// The number of occupants is declared, and each is taken through their own steps.
    #[n(5)]
    Occupants,
    /// The vehicle is disinfected.
    #[n(6)]
    Disinfection,
}

/// What an attendant confirms with their own eyes.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[serde(rename_all = "kebab-case")]
#[cbor(index_only)]
pub enum Attestation {
    /// The subject wears a mask.
    #[n(0)]
    Mask,
    /// A credential that no machine here can verify was shown and looked right.
    #[n(1)]
    UnverifiedCredential,
    /// A travel record was shown.
    #[n(2)]
    TravelRecord,
    /// The person's papers match the person.
    #[n(3)]
    Papers,
}

/// How a plate became known.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[serde(rename_all = "kebab-case")]
#[cbor(index_only)]
pub enum PlateSource {
    /// Typed by the attendant or the driver.
    #[n(0)]
    Typed,
    /// Named in a verified pass.
    #[n(1)]
    Pass,
    /// The vehicle has none.
    #[n(2)]
    NoPlate,
}

/// What satisfied a step, without personal data: this part of a record stays readable for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// A credential of `kind` was checked with this result.
    #[n(0)]
    Credential {
        /// What was presented.
        #[n(0)]
        kind: CredentialKind,
        /// Whether it is genuine.
        #[n(1)]
        authentic: Authenticity,
        /// Whether it is valid now.
        #[n(2)]
        current: Currency,
    },
    /// The roster knows the identity number that was typed or read.
    #[n(1)]
    RosterEntry,
    /// Skin temperature was screened; the value itself is in the sealed part.
    #[n(2)]
    Temperature {
        /// The zone it fell into.
        #[n(0)]
        zone: Zone,
        /// How many screenings it took, 1 for the first.
        #[n(1)]
        attempts: u8,
    },
    /// An attendant measured with a contact thermometer; the value is in the sealed part.
    #[n(3)]
    ContactTemperature {
        /// The zone it fell into.
        #[n(0)]
        zone: Zone,
        /// Who measured.
        #[n(1)]
        by: AttendantId,
    },
    /// So many fields were filled in.
    #[n(4)]
    Registered {
        /// Number of fields.
        #[n(0)]
        fields: u8,
    },
    /// An attendant confirmed it.
    #[n(5)]
    Attested {
        /// Who.
        #[n(0)]
        by: AttendantId,
        /// What.
        #[n(1)]
        what: Attestation,
    },
    /// The plate is known.
    #[n(6)]
    Plate {
        /// How.
        #[n(0)]
        source: PlateSource,
    },
    /// Every declared occupant was taken through their own steps.
    #[n(7)]
    Occupants {
        /// How many were declared.
        #[n(0)]
        declared: u8,
        /// How many were recorded.
        #[n(1)]
        recorded: u8,
    },
    /// The vehicle was disinfected.
    #[n(8)]
    Disinfected {
        /// With what.
        #[n(0)]
        agent: Slug,
        /// For how long.
        #[n(1)]
        seconds: u16,
        /// By whom.
        #[n(2)]
        by: AttendantId,
    },
}

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(rename_all = "kebab-case")]
pub enum StepOutcome {
    /// Not done when the passage ended. No admission has such a step.
    #[n(0)]
    Open,
    /// Done.
    #[n(1)]
    Done(#[n(0)] Evidence),
    /// Set aside by a named attendant.
    #[n(2)]
    Waived {
        /// Who set it aside.
        #[n(0)]
        by: AttendantId,
        /// A reason from the profile's list.
        #[n(1)]
        reason: Slug,
    },
    /// Tried, with a result that does not satisfy it.
    #[n(3)]
    Failed {
        /// Why not.
        #[n(0)]
        reason: Reason,
        /// What was seen, where something was.
        #[n(1)]
        evidence: Option<Evidence>,
    },
    /// Tried, and nothing could be measured.
    #[n(4)]
    NotMeasured(#[n(0)] NotMeasured),
}

impl StepOutcome {
    /// Whether the step stands in nobody's way any more: done, or waived by a named attendant.
    pub fn is_settled(&self) -> bool {
        match self {
            Self::Done(_) | Self::Waived { .. } => true,
            Self::Open | Self::Failed { .. } | Self::NotMeasured(_) => false,
        }
    }
}

/// A step in a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub struct StepRecord {
    /// Which check.
    #[n(0)]
    pub kind: StepKind,
    /// What became of it.
    #[n(1)]
    pub outcome: StepOutcome,
}
