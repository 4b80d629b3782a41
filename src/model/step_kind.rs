//! The kinds of steps.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

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
    /// The vehicle, or a person's hands or shoes, are disinfected.
    #[n(6)]
    Disinfection,
    /// A question is asked and its answer noted.
    #[n(7)]
    Question,
    /// A time has to pass here, perhaps at a temperature.
    #[n(8)]
    Dwell,
    /// The subject confirms a text.
    #[n(9)]
    Pledge,
    /// Things are left here, or collected again.
    #[n(10)]
    Custody,
    /// Somebody named fetches the subject.
    #[n(11)]
    Escort,
    /// People, animals or goods are counted.
    #[n(12)]
    Count,
    /// One attendant, or two different ones, sign by name.
    #[n(13)]
    SignOff,
    /// By the clock, and by the kiosk's own records of earlier passages, the subject may pass now.
    #[n(14)]
    Entitlement,
}

impl StepKind {
    /// Every kind, in the order of the records.
    pub const ALL: [Self; 15] = [
        Self::Credential,
        Self::Temperature,
        Self::Registration,
        Self::Attest,
        Self::Plate,
        Self::Occupants,
        Self::Disinfection,
        Self::Question,
        Self::Dwell,
        Self::Pledge,
        Self::Custody,
        Self::Escort,
        Self::Count,
        Self::SignOff,
        Self::Entitlement,
    ];

    /// The name in records and files, such as `sign-off`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Credential => "credential",
            Self::Temperature => "temperature",
            Self::Registration => "registration",
            Self::Attest => "attest",
            Self::Plate => "plate",
            Self::Occupants => "occupants",
            Self::Disinfection => "disinfection",
            Self::Question => "question",
            Self::Dwell => "dwell",
            Self::Pledge => "pledge",
            Self::Custody => "custody",
            Self::Escort => "escort",
            Self::Count => "count",
            Self::SignOff => "sign-off",
            Self::Entitlement => "entitlement",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_named_alike_in_records_and_in_files() {
        for kind in StepKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
    }
}
