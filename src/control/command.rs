//! What people ask of a lane.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::practice::Practice;
use crate::base::{AttendantId, CentiCelsius, LaneId, Pii, Slug};
use crate::model::manifest::Manifest;
use crate::model::{Attestation, Direction, IdCard, Reason, Role, StepKind, SubjectKind, Verdict};

/// One act of one person at one lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Where.
    pub lane: LaneId,
    /// Who; `None` for the subject's own face.
    pub by: Option<AttendantId>,
    /// What.
    pub act: Act,
}

/// What can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Begins a session for a subject that no sensor announced.
    Begin {
        /// Person or vehicle.
        subject: SubjectKind,
        /// Which way.
        direction: Direction,
    },
    /// Gives an identity number instead of a code: the way without a phone.
    TypeIdNumber(Pii<String>),
    /// Lays an identity card on the reader: gives its number, as if it were typed, and its name.
    ShowIdCard(IdCard),
    /// Gives the vehicle's plate.
    TypePlate {
        /// As typed.
        text: Pii<String>,
        /// Whether a plate outside the grammar was confirmed.
        odd: OddPlate,
    },
    /// States that the vehicle has no plate.
    NoPlate,
    /// Declares how many people are in the vehicle, the driver included.
    DeclareOccupants(u8),
    /// Shows a list of who is in the vehicle; nothing follows from it until it is taken.
    OfferManifest(Manifest),
    /// Takes the list that was shown: declares everybody on it who is here.
    TakeManifest {
        /// Which, as its status calls it.
        offer: u32,
        /// The rows of those who are not here, from 0.
        absent: Vec<u8>,
    },
    /// The occupant who is being served stood on that list and is not in the vehicle.
    NotHere,
    /// What is shown next is that of whoever came with the person and answers for them.
    AwaitCompanion,
    /// The person shows something of their own after all.
    NoCompanion,
    /// Fills in the registration.
    Register(Registration),
    /// Confirms by name what no device can see.
    Attest(Attestation),
    /// Does what one step asks.
    Enter {
        /// Which, by its name in the profile.
        step: Slug,
        /// What is entered.
        entry: Entry,
    },
    /// Sets a step aside.
    Waive {
        /// Which, by its name in the profile.
        step: Slug,
        /// A reason of the profile's list.
        reason: Slug,
    },
    /// Screens the temperature once more.
    MeasureAgain,
    /// Enters a contact thermometer's value.
    ContactTemperature(CentiCelsius),
    /// Begins disinfecting the vehicle.
    StartDisinfection {
        /// With what.
        agent: Slug,
    },
    /// Ends it.
    StopDisinfection,
    /// Decides by the attendant's own judgement.
    Decide {
        /// The outcome.
        decision: Decision,
        /// Why.
        reason: Reason,
    },
    /// The occupant who is being served stays here, and the vehicle goes on without them.
    SetDown {
        /// What becomes of them; nobody is let through by it.
        decision: Decision,
        /// Why.
        reason: Reason,
    },
    /// Lets an urgent medical case through at once; reviewed later.
    Emergency,
    /// The subject left.
    Leave,
    /// Turns to the next session once the last one is over.
    Next,
    /// Closes a barrier that stands open or is stuck, when nothing is below.
    CloseBarrier,
    /// Uses the lane to practise, or puts something before one that is practised at.
    Practice(Practice),
}

/// What a step is told. Only a pledge comes from the subject's own face; all others need an attendant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// An answer of a question's list.
    Answer {
        /// Which.
        answer: Slug,
        /// Where and when, for answers that ask for it.
        stay: Option<Stay>,
    },
    /// An answer that needed it has been looked into.
    Confirm,
    /// The time begins; where a temperature is read, it begins with the first good reading.
    StartDwell,
    /// The time is broken off.
    StopDwell,
    /// What the attendant reads off.
    Reading(CentiCelsius),
    /// The text is confirmed.
    Pledge,
    /// Things are left or collected.
    Items {
        /// How many.
        number: u8,
        /// Under which tag; none where there is nothing.
        tag: Option<u16>,
    },
    /// Who fetches the subject.
    Escort(Pii<String>),
    /// How many were counted.
    Count(u32),
    /// The attendant signs.
    SignOff {
        /// As what they are here.
        role: Role,
    },
}

/// Where somebody was, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stay {
    /// An area of the risk-area table; none: another one.
    pub area: Option<Slug>,
    /// The last day there.
    pub date: Pii<Date>,
}

/// Whether an unusual plate was confirmed by a second look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OddPlate {
    /// Ask before accepting it.
    Ask,
    /// Accept it and mark it.
    Confirmed,
}

/// An attendant's decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// Admit: only when every step is settled.
    Admit,
    /// Admit, with somebody to look after it later: only when every step is settled.
    AdmitWithFollowUp,
    /// Talk out of it (劝阻).
    Advise,
    /// Turn back (劝返).
    TurnBack,
    /// Hold here and call somebody.
    Hold,
    /// Hand off to a destination or an agency (移交).
    HandOff,
}

impl Decision {
    /// The verdict that it comes to.
    pub const fn verdict(self) -> Verdict {
        match self {
            Self::Admit => Verdict::Admitted,
            Self::AdmitWithFollowUp => Verdict::AdmittedWithFollowUp,
            Self::Advise => Verdict::Advised,
            Self::TurnBack => Verdict::TurnedBack,
            Self::Hold => Verdict::Held,
            Self::HandOff => Verdict::HandedOff,
        }
    }
}

/// The registration's fields; which are needed is the profile's affair.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registration {
    /// Name.
    pub name: Option<Pii<String>>,
    /// Telephone number.
    pub phone: Option<Pii<String>>,
    /// Where from.
    pub origin: Option<Pii<String>>,
    /// Where to.
    pub destination: Option<Pii<String>>,
    /// Whom they visit.
    pub host: Option<Pii<String>>,
    /// Fields of the profile's own, by their names.
    pub more: Vec<(Slug, Pii<String>)>,
    /// Which registration code the attendant looked at, as its status calls it: it says what is left empty here.
    pub code: Option<u32>,
}

/// Why an act was not carried out. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case", tag = "refused")]
#[non_exhaustive]
pub enum Refused {
    /// There is no such lane on this kiosk.
    #[error("no lane {lane} on this kiosk")]
    NoSuchLane {
        /// The lane asked for.
        lane: LaneId,
    },
    /// The act needs an attendant who is signed in.
    #[error("only a signed-in attendant can do this")]
    NeedsAttendant,
    /// Whoever asks is not at the post for that.
    #[error("not for somebody who is here as {}", role.name())]
    RoleMayNot {
        /// As what they are here.
        role: Role,
    },
    /// The signature that is missing is somebody else's.
    #[error("has to be signed by somebody who is here as {}", wanted.iter().map(|role| role.name()).collect::<Vec<_>>().join(" or "))]
    SignatureOf {
        /// With these roles it would count.
        wanted: Vec<Role>,
    },
    /// The lane is doing something that the act does not fit.
    #[error("not possible now: {why}")]
    NotNow {
        /// What the lane is doing, in plain words.
        why: &'static str,
    },
    /// The profile has no such step, or it is already settled.
    #[error("step {step:?} is not open")]
    StepNotOpen {
        /// The step.
        step: StepKind,
    },
    /// Steps are neither done nor waived.
    #[error("steps still open: {open:?}")]
    StepsOpen {
        /// Those steps.
        open: Vec<StepKind>,
    },
    /// The profile does not let this step be waived for this reason.
    #[error("step {step:?} cannot be waived for this reason")]
    WaiverNotAllowed {
        /// The step.
        step: StepKind,
    },
    /// An identity number fails its own check.
    #[error("identity number: {why}")]
    BadIdNumber {
        /// Which check.
        why: &'static str,
    },
    /// A plate is outside the grammar; ask, then send it again as confirmed.
    #[error("plate is unusual; confirm it")]
    OddPlate,
    /// A field is missing or does not look right.
    #[error("field {field}: {why}")]
    BadField {
        /// The field.
        field: &'static str,
        /// What is expected.
        why: &'static str,
    },
    /// A field of the profile's own is missing or does not look right.
    #[error("field {field}: {why}")]
    BadEntry {
        /// The field.
        field: Slug,
        /// What is expected.
        why: &'static str,
    },
    /// What is running has not run long enough to count.
    #[error("not long enough yet: {seconds_left} s to go")]
    TooEarly {
        /// Whole seconds until it may be stopped, rounded up.
        seconds_left: u64,
    },
    /// A number is out of range.
    #[error("{what} must be {low} to {high}")]
    OutOfRange {
        /// What number.
        what: &'static str,
        /// Lowest.
        low: i32,
        /// Highest.
        high: i32,
    },
    /// Nothing can be recorded at the moment, so nothing can be decided.
    #[error("records cannot be written; the lane admits nobody")]
    CannotRecord,
}
