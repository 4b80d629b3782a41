//! Steps of a profile, and what became of each in one passage.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use super::credential::{Authenticity, CredentialKind, Currency};
use super::local_plates::PlateOrigin;
pub use super::local_plates::PlateSource;
use super::module_colour::ModuleColour;
pub use super::step_kind::StepKind;
use super::temperature::{NotMeasured, Zone};
use super::verdict::Reason;
use crate::base::{AttendantId, CentiCelsius, Slug};

/// Whether things are left or collected.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[serde(rename_all = "kebab-case")]
#[cbor(index_only)]
pub enum Custody {
    /// Left here under a tag.
    #[n(0)]
    Leave,
    /// Handed back for the tag.
    #[n(1)]
    Collect,
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
    /// Whoever came with them showed a genuine pass of their own, or is on the roster, and answers for them.
    #[n(4)]
    Companion,
    /// The place code of this kiosk was scanned, with the digits of the present period on the visitor's phone.
    #[n(5)]
    PlaceCode,
}

impl Attestation {
    /// The name in records and files, such as `travel-record`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mask => "mask",
            Self::UnverifiedCredential => "unverified-credential",
            Self::TravelRecord => "travel-record",
            Self::Papers => "papers",
            Self::Companion => "companion",
            Self::PlaceCode => "place-code",
        }
    }
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
    /// So many fields were filled in, with what somebody said of themselves.
    #[n(4)]
    Registered {
        /// Number of fields.
        #[n(0)]
        fields: u8,
        /// How many of them were stated by a registration code; none where no code was used. Nothing vouches for them either.
        #[n(1)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by_code: Option<u8>,
        /// Who confirmed that code.
        #[n(2)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<AttendantId>,
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
        /// The colour in which a camera saw the code that was looked at, where it is sure of it.
        #[n(2)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        colour: Option<ModuleColour>,
    },
    /// The plate is known.
    #[n(6)]
    Plate {
        /// How.
        #[n(0)]
        source: PlateSource,
        /// Where it is from; none where the policy calls no plates local.
        #[n(1)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        origin: Option<PlateOrigin>,
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
        /// How many stood on the manifest, where one was taken; whoever of them was not here is not declared.
        #[n(2)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        listed: Option<u8>,
        /// Who took it.
        #[n(3)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<AttendantId>,
    },
    /// The vehicle, or a person's hands or shoes, were disinfected.
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
    /// A question was answered; the place and the date that were named are in the sealed part.
    #[n(16)]
    Answered {
        /// The answer, of the profile's list.
        #[n(0)]
        answer: Slug,
        /// Who asked.
        #[n(1)]
        by: AttendantId,
        /// Version of the risk-area table that the place was compared with, where one was named.
        #[n(2)]
        table: Option<u32>,
        /// Whether the table listed it on that day.
        #[n(3)]
        listed: Option<bool>,
        /// Who looked into it, where the answer needed that.
        #[n(4)]
        confirmed: Option<AttendantId>,
    },
    /// The time has passed without a break.
    #[n(17)]
    Dwelt {
        /// How long, in seconds.
        #[n(0)]
        seconds: u32,
        /// Lowest reading during that time, where one was asked for. No person's.
        #[n(1)]
        low: Option<CentiCelsius>,
        /// Highest reading.
        #[n(2)]
        high: Option<CentiCelsius>,
        /// How often it was broken off before.
        #[n(3)]
        interruptions: u8,
        /// Who began it.
        #[n(4)]
        by: AttendantId,
    },
    /// The text was confirmed.
    #[n(18)]
    Pledged {
        /// The attendant who confirmed it for the subject; none: the subject did.
        #[n(0)]
        by: Option<AttendantId>,
    },
    /// Things were left or collected.
    #[n(19)]
    Items {
        /// Which of both.
        #[n(0)]
        way: Custody,
        /// How many; 0 when there was nothing.
        #[n(1)]
        number: u8,
        /// Number of the tag; none without things.
        #[n(2)]
        tag: Option<u16>,
        /// Who took or gave them.
        #[n(3)]
        by: AttendantId,
    },
    /// Somebody fetched the subject; the name is in the sealed part.
    #[n(20)]
    Escorted {
        /// Who handed them over.
        #[n(0)]
        by: AttendantId,
    },
    /// So many were counted.
    #[n(21)]
    Counted {
        /// How many.
        #[n(0)]
        number: u32,
        /// By whom.
        #[n(1)]
        by: AttendantId,
    },
    /// A pass of the hub says that the holder was screened before, and that it was good.
    #[n(23)]
    Carried {
        /// How long ago that was at most, in minutes.
        #[n(0)]
        minutes: u32,
    },
    /// Signed, by as many different attendants as the profile asks for.
    #[n(22)]
    Signed {
        /// By whom, in order.
        #[n(0)]
        by: Vec<AttendantId>,
    },
    /// What was found when the subject passed before still counts.
    #[n(30)]
    Remembered {
        /// Number of the record of that passage, within its log.
        #[n(0)]
        record: u64,
        /// How long ago that was at most, in minutes.
        #[n(1)]
        minutes: u32,
    },
    /// The clock and the records of earlier passages say so.
    #[n(31)]
    Entitled,
    /// The kiosk's own place code, of the present or the last period, was shown back to its reader.
    #[n(48)]
    PlaceCode,
}

impl Evidence {
    /// The attendants who vouch for it by name.
    pub fn attendants(&self) -> Vec<&AttendantId> {
        match self {
            Self::ContactTemperature { by, .. }
            | Self::Attested { by, .. }
            | Self::Disinfected { by, .. }
            | Self::Dwelt { by, .. }
            | Self::Items { by, .. }
            | Self::Escorted { by }
            | Self::Counted { by, .. } => vec![by],
            Self::Answered { by, confirmed, .. } => std::iter::once(by).chain(confirmed).collect(),
            Self::Pledged { by } | Self::Occupants { by, .. } | Self::Registered { by, .. } => {
                by.iter().collect()
            }
            Self::Signed { by } => by.iter().collect(),
            Self::Credential { .. }
            | Self::RosterEntry
            | Self::PlaceCode
            | Self::Temperature { .. }
            | Self::Plate { .. }
            | Self::Remembered { .. }
            | Self::Carried { .. }
            | Self::Entitled => vec![],
        }
    }
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
    /// Its name in the profile, where the kind alone does not tell which step it is.
    #[n(2)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Slug>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_named_by_its_kind_is_written_as_before_steps_had_names() {
        let done = StepOutcome::Done(Evidence::RosterEntry);
        let plain = StepRecord { kind: StepKind::Credential, outcome: done.clone(), id: None };
        let bytes = minicbor::to_vec(&plain).unwrap();
        assert_eq!(bytes[0], 0x82, "an array of two");
        assert_eq!(minicbor::decode::<StepRecord>(&bytes).unwrap(), plain);
        let named = StepRecord { id: Some("second-look".parse().unwrap()), ..plain };
        let bytes = minicbor::to_vec(&named).unwrap();
        assert_eq!((bytes[0], minicbor::decode::<StepRecord>(&bytes).unwrap()), (0x83, named));
    }

    #[test]
    fn a_plate_of_which_nothing_is_said_is_written_as_before_plates_had_origins() {
        let plain = Evidence::Plate { source: PlateSource::Pass, origin: None };
        assert_eq!(minicbor::to_vec(&plain).unwrap(), [0x82, 6, 0x81, 1]);
        assert_eq!(minicbor::decode::<Evidence>(&[0x82, 6, 0x81, 1]).unwrap(), plain);
        assert_eq!(serde_json::to_string(&plain).unwrap(), r#"{"plate":{"source":"pass"}}"#);
    }

    #[test]
    fn a_registration_without_a_code_is_written_as_before_there_were_codes() {
        let plain = Evidence::Registered { fields: 3, by_code: None, by: None };
        assert_eq!(minicbor::to_vec(&plain).unwrap(), [0x82, 4, 0x81, 3]);
        assert_eq!(minicbor::decode::<Evidence>(&[0x82, 4, 0x81, 3]).unwrap(), plain);
        assert_eq!(serde_json::to_string(&plain).unwrap(), r#"{"registered":{"fields":3}}"#);
    }

    #[test]
    fn every_new_evidence_survives_encoding() {
        let by: AttendantId = "zhou".parse().unwrap();
        let all = [
            Evidence::Answered {
                answer: "yes".parse().unwrap(),
                by: by.clone(),
                table: Some(3),
                listed: Some(true),
                confirmed: None,
            },
            Evidence::Dwelt {
                seconds: 2_700,
                low: CentiCelsius::new(6_500),
                high: CentiCelsius::new(7_450),
                interruptions: 1,
                by: by.clone(),
            },
            Evidence::Pledged { by: None },
            Evidence::Registered { fields: 5, by_code: Some(3), by: Some(by.clone()) },
            Evidence::Occupants { declared: 19, recorded: 19, listed: Some(20), by: Some(by.clone()) },
            Evidence::Plate { source: PlateSource::Typed, origin: Some(PlateOrigin::OutOfTown) },
            Evidence::Items { way: Custody::Leave, number: 2, tag: Some(17), by: by.clone() },
            Evidence::Escorted { by: by.clone() },
            Evidence::Counted { number: 120, by: by.clone() },
            Evidence::Signed { by: vec![by.clone(), "li".parse().unwrap()] },
            Evidence::Remembered { record: 70_000, minutes: 95 },
            Evidence::Entitled,
        ];
        for evidence in all {
            let bytes = minicbor::to_vec(&evidence).unwrap();
            assert_eq!(minicbor::decode::<Evidence>(&bytes).unwrap(), evidence);
        }
    }
}
