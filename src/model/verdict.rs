//! How a passage ends, why, and who decided.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::base::AttendantId;

/// The outcome of a passage.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[serde(rename_all = "kebab-case")]
#[cbor(index_only)]
pub enum Verdict {
    /// Every step is settled; the barrier opens.
    #[n(0)]
    Admitted,
    /// Admitted, and somebody looks after it later.
    #[n(1)]
    AdmittedWithFollowUp,
    /// Talked out of it (劝阻).
    #[n(2)]
    Advised,
    /// Turned back (劝返).
    #[n(3)]
    TurnedBack,
    /// A person decides, after a second check. No diagnosis.
    #[n(4)]
    Referred,
    /// Isolated here; somebody is called.
    #[n(5)]
    Held,
    /// Handed off to a destination or an agency (移交).
    #[n(6)]
    HandedOff,
    /// Left before a decision.
    #[n(7)]
    Abandoned,
    /// Urgent medical need (紧急就医): always possible, reviewed later.
    #[n(8)]
    EmergencyAdmitted,
}

impl Verdict {
    /// Every verdict, in the order of the records.
    pub const ALL: [Self; 9] = [
        Self::Admitted,
        Self::AdmittedWithFollowUp,
        Self::Advised,
        Self::TurnedBack,
        Self::Referred,
        Self::Held,
        Self::HandedOff,
        Self::Abandoned,
        Self::EmergencyAdmitted,
    ];

    /// Those for which the barrier opens.
    pub fn opening() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|verdict| verdict.opens_barrier())
    }

    /// Whether the barrier opens for it, once it is durable.
    pub const fn opens_barrier(self) -> bool {
        match self {
            Self::Admitted | Self::AdmittedWithFollowUp | Self::EmergencyAdmitted => true,
            Self::Advised
            | Self::TurnedBack
            | Self::Referred
            | Self::Held
            | Self::HandedOff
            | Self::Abandoned => false,
        }
    }

    /// The name in records and files, such as `turned-back`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admitted => "admitted",
            Self::AdmittedWithFollowUp => "admitted-with-follow-up",
            Self::Advised => "advised",
            Self::TurnedBack => "turned-back",
            Self::Referred => "referred",
            Self::Held => "held",
            Self::HandedOff => "handed-off",
            Self::Abandoned => "abandoned",
            Self::EmergencyAdmitted => "emergency-admitted",
        }
    }
}

/// Who decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(rename_all = "kebab-case")]
pub enum Decider {
    /// The policy in force.
    #[n(0)]
    Policy,
    /// A named attendant.
    #[n(1)]
    Attendant(#[n(0)] AttendantId),
}

/// Why a verdict or a step came out as it did. No reason names a disease.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[serde(rename_all = "kebab-case")]
#[cbor(index_only)]
pub enum Reason {
    /// Nothing was presented in time.
    #[n(0)]
    NoCredential,
    /// What was presented cannot be verified here.
    #[n(1)]
    CredentialUnverified,
    /// The signature does not match: altered or made up.
    #[n(2)]
    CredentialForged,
    /// Signed by nobody this kiosk trusts.
    #[n(3)]
    CredentialUnknownIssuer,
    /// No longer valid.
    #[n(4)]
    CredentialExpired,
    /// Not valid yet.
    #[n(5)]
    CredentialNotYetValid,
    /// Valid elsewhere, not here.
    #[n(6)]
    CredentialWrongSite,
    /// The kiosk's clock cannot tell whether it is valid.
    #[n(7)]
    ClockUntrusted,
    /// Skin temperature at or above the threshold temperature.
    #[n(8)]
    TemperatureElevated,
    /// Readings stayed too close to the threshold temperature to decide.
    #[n(9)]
    TemperatureUnclear,
    /// No valid reading could be taken.
    #[n(10)]
    TemperatureNotMeasured,
    /// The list does not know this person.
    #[n(11)]
    NotOnRoster,
    /// The policy admits only people of other classes.
    #[n(12)]
    ClassNotAdmitted,
    /// The pass is bound to another plate.
    #[n(13)]
    PlateMismatch,
    /// An occupant was referred.
    #[n(14)]
    OccupantReferred,
    /// The subject refused a step.
    #[n(15)]
    Declined,
    /// The attendant's own judgement.
    #[n(16)]
    AttendantDecision,
    /// Urgent medical need.
    #[n(17)]
    MedicalEmergency,
    /// The subject left.
    #[n(18)]
    Left,
    /// Nothing happened for too long.
    #[n(19)]
    TimedOut,
    /// The kiosk lost power or restarted before a decision.
    #[n(20)]
    KioskRestarted,
    /// A second measurement by contact thermometer cleared it.
    #[n(21)]
    ClearedByContactThermometer,
    /// An answer that somebody has to look into.
    #[n(40)]
    AnswerToConfirm,
    /// An answer with which the profile lets nobody on.
    #[n(41)]
    AnswerNotAccepted,
    /// More or fewer than the profile allows were counted.
    #[n(42)]
    CountOutOfRange,
    /// A time that has to pass without a break was broken off.
    #[n(43)]
    DwellInterrupted,
    /// They passed as often as they may.
    #[n(44)]
    QuotaUsed,
    /// They may pass at other hours.
    #[n(45)]
    OutsideHours,
    /// What was stated earlier is not long enough ago.
    #[n(46)]
    TooSoon,
    /// They were kept away, and nobody has cleared them.
    #[n(47)]
    NotCleared,
    /// As many as may be are with whom they visit.
    #[n(48)]
    HostVisited,
    /// Whom they visit has left.
    #[n(49)]
    HostLeft,
    /// No record says that they came in.
    #[n(60)]
    NoEntry,
    /// They visited somebody else before.
    #[n(61)]
    OtherHost,
    /// The kiosk cannot tell: nobody knows who they are, or what was earlier.
    #[n(62)]
    CannotTell,
    /// They were turned back not long ago.
    #[n(63)]
    TurnedBackBefore,
    /// Its issuer took it back.
    #[n(64)]
    CredentialRevoked,
    /// Genuine and current, and not what the rules ask for.
    #[n(65)]
    CredentialNotAdmissible,
    /// The lists by which it is judged are too old.
    #[n(66)]
    ListsTooOld,
    /// The code of a pass that changes is not of now: a picture of it, or a telephone whose clock is wrong.
    #[n(67)]
    CredentialOutOfWindow,
    /// The same pass was shown at another gate so short a time ago that nobody can have come from there.
    #[n(68)]
    CredentialUsedElsewhere,
    /// Whoever holds it is under observation, and the profile is not for those who are.
    #[n(69)]
    UnderObservation,
    /// Its issuer could not be asked about it, and nobody else can say.
    #[n(70)]
    IssuerUnanswered,
}
