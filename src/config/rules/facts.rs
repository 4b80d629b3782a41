//! Facts: everything about a case that a rule may ask for.
//!
//! # The digest
//!
//! A record holds the first half of the SHA-256 of the facts in CBOR: the array `[takes, class, direction, mode, hit,
//! admission, steps, party, party reason]`. `takes` is 0 for a person, 1 a vehicle, 2 an occupant; `admission` is 0 for a class
//! that the profile admits, 1 for one that it does not; `steps` has one [`State`] for each step of the profile, asked or not;
//! `party` is null where there is nobody, else the number of the ruling in [`Ruling::ALL`]. Class, direction, mode, hit and
//! reasons are as in records. The numbers of states and grades stand at them and are never used twice.

use minicbor::{Encode, Encoder};
use ring::digest;
use serde::Serialize;

use super::{Admission, AllSteps, Is, Ruling};
use crate::base::Slug;
use crate::config::profile::Takes;
use crate::config::step_rule::Came;
use crate::model::step::PlateSource;
use crate::model::{
    AreaMode, Attestation, Authenticity, Class, CredentialKind, Currency, Direction, Evidence, ListHit,
    NotMeasured, PlateOrigin, Reason, StepOutcome,
};

/// One case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Whom the profile is for.
    pub takes: Takes,
    /// What they are to the place.
    pub class: Class,
    /// Which way they go.
    pub direction: Direction,
    /// The mode that the area is in.
    pub mode: AreaMode,
    /// What the lists say.
    pub hit: ListHit,
    /// Whether the profile admits the class.
    pub admission: Admission,
    /// How each step of the profile stands.
    pub states: Vec<State>,
    /// How the occupants stand.
    pub party: Party,
    /// Why, where it is one of them.
    pub party_reason: Option<Reason>,
}

/// How the occupants of a vehicle stand as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Party {
    /// There are none, or none are known yet.
    Nobody,
    /// Their own rules say this; of several, the last in [`Ruling::ALL`].
    Ruled(Ruling),
}

impl Party {
    /// Every way in which a party can stand.
    pub fn all() -> impl Iterator<Item = Self> {
        std::iter::once(Self::Nobody).chain(Ruling::ALL.into_iter().map(Self::Ruled))
    }

    /// The name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Ruled(ruling) => ruling.name(),
        }
    }

    /// Whether it stands in no admission's way.
    pub const fn is_settled(self) -> bool {
        match self {
            Self::Nobody => true,
            Self::Ruled(ruling) => ruling.admits(),
        }
    }

    /// Whether it is that of somebody who goes no further, for a reason.
    pub const fn has_reason(self) -> bool {
        match self {
            Self::Nobody => false,
            Self::Ruled(ruling) => ruling.denies() || matches!(ruling, Ruling::Refer),
        }
    }
}

/// How a step stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Encode)]
pub enum State {
    /// Not asked of this subject.
    #[n(0)]
    Absent,
    /// Neither done nor failed.
    #[n(1)]
    Open,
    /// Tried, and nothing could be measured so far.
    #[n(2)]
    NotMeasured(#[n(0)] NotMeasured),
    /// An attendant has to look.
    #[n(3)]
    NeedsAttendant(#[n(0)] Reason),
    /// Failed.
    #[n(4)]
    Failed(#[n(0)] Reason, #[n(1)] Option<Grade>),
    /// Done.
    #[n(5)]
    Done(#[n(0)] Grade),
    /// Set aside by a named attendant, for this reason.
    #[n(6)]
    Waived(#[n(0)] Slug),
}

/// By what a step was done, or failed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Encode)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// A credential of this kind, genuine and current.
    #[n(0)]
    Verified(#[n(0)] CredentialKind),
    /// A credential of this kind, which is not both.
    #[n(1)]
    Presented(#[n(0)] CredentialKind),
    /// The roster knows the number.
    #[n(2)]
    Roster,
    /// The contactless thermometer.
    #[n(3)]
    Screened,
    /// A contact thermometer.
    #[n(4)]
    Contact,
    /// The fields were filled in.
    #[n(5)]
    Filled,
    /// An attendant's word.
    #[n(6)]
    Attested(#[n(0)] Attestation),
    /// The plate.
    #[n(7)]
    Plate(#[n(0)] PlateSource),
    /// All occupants were recorded.
    #[n(8)]
    Counted,
    /// Disinfected.
    #[n(9)]
    Disinfected,
    /// This answer; whether the risk-area table lists the stay that it named, where it named one.
    #[n(10)]
    Answered(#[n(0)] Slug, #[n(1)] Option<bool>),
    /// The time has passed.
    #[n(11)]
    Dwelt,
    /// The text was confirmed.
    #[n(12)]
    Pledged,
    /// Things were left or collected, or there were none.
    #[n(13)]
    Items,
    /// Somebody fetched the subject.
    #[n(14)]
    Escorted,
    /// A number was counted.
    #[n(15)]
    Tallied,
    /// Signed by as many as it takes.
    #[n(16)]
    Signed,
    /// What was found at an earlier passage still counts.
    #[n(17)]
    Remembered,
    /// The clock and the records of earlier passages say that they may pass.
    #[n(18)]
    Entitled,
    /// The plate, and where it is from.
    #[n(35)]
    PlacedPlate(#[n(0)] PlateSource, #[n(1)] PlateOrigin),
    /// The kiosk's place code was shown back to its reader.
    #[n(38)]
    PlaceCode,
}

impl State {
    /// The state of a step with this `outcome`, for which an attendant has to look because of `waiting`.
    pub fn of(outcome: &StepOutcome, waiting: Option<Reason>) -> Self {
        match (outcome, waiting) {
            (StepOutcome::Done(evidence), _) => Self::Done(Grade::of(evidence)),
            (StepOutcome::Waived { reason, .. }, _) => Self::Waived(reason.clone()),
            (StepOutcome::Failed { reason, evidence }, _) => {
                Self::Failed(*reason, evidence.as_ref().map(|evidence| Grade::of(evidence).unfit()))
            }
            (StepOutcome::Open | StepOutcome::NotMeasured(_), Some(reason)) => Self::NeedsAttendant(reason),
            (StepOutcome::NotMeasured(why), None) => Self::NotMeasured(*why),
            (StepOutcome::Open, None) => Self::Open,
        }
    }

    /// The state without what it carries.
    pub fn is(&self) -> Is {
        match self {
            Self::Absent => Is::Absent,
            Self::Open => Is::Open,
            Self::NotMeasured(_) => Is::NotMeasured,
            Self::NeedsAttendant(_) => Is::NeedsAttendant,
            Self::Failed(..) => Is::Failed,
            Self::Done(_) => Is::Done,
            Self::Waived(_) => Is::Waived,
        }
    }

    /// Whether it stands in no admission's way: not asked, done, or waived.
    pub fn is_settled(&self) -> bool {
        match self {
            Self::Absent | Self::Done(_) | Self::Waived(_) => true,
            Self::Open | Self::NotMeasured(_) | Self::NeedsAttendant(_) | Self::Failed(..) => false,
        }
    }

    /// By what it was done or failed.
    pub fn grade(&self) -> Option<&Grade> {
        match self {
            Self::Done(grade) => Some(grade),
            Self::Failed(_, grade) => grade.as_ref(),
            Self::Absent | Self::Open | Self::NotMeasured(_) | Self::NeedsAttendant(_) | Self::Waived(_) => {
                None
            }
        }
    }

    /// Whether a later step that is asked only after this one `came` to something is asked.
    pub fn came(&self, came: &Came) -> bool {
        let grade = match self {
            Self::Done(grade) => grade,
            Self::Waived(_) => return *came == Came::Waived,
            Self::Absent | Self::Open | Self::NotMeasured(_) | Self::NeedsAttendant(_) | Self::Failed(..) => {
                return false;
            }
        };
        match (came, grade) {
            (Came::Done, _)
            | (Came::Verified, Grade::Roster | Grade::Verified(_))
            | (Came::Attested, Grade::Presented(_) | Grade::Attested(_))
            | (Came::Listed, Grade::Answered(_, Some(true)))
            | (Came::Local, Grade::PlacedPlate(_, PlateOrigin::Local))
            | (Came::OutOfTown, Grade::PlacedPlate(_, PlateOrigin::OutOfTown | PlateOrigin::Unplaced)) => {
                true
            }
            (Came::Answered { answers }, Grade::Answered(answer, _)) => answers.contains(answer),
            (
                Came::Waived
                | Came::Verified
                | Came::Attested
                | Came::Listed
                | Came::Answered { .. }
                | Came::Local
                | Came::OutOfTown,
                _,
            ) => false,
        }
    }

    /// Why it failed or waits for an attendant.
    pub fn reason(&self) -> Option<Reason> {
        match self {
            Self::NeedsAttendant(reason) | Self::Failed(reason, _) => Some(*reason),
            Self::Absent | Self::Open | Self::NotMeasured(_) | Self::Done(_) | Self::Waived(_) => None,
        }
    }

    /// Why it was waived.
    pub fn waived_for(&self) -> Option<&Slug> {
        match self {
            Self::Waived(reason) => Some(reason),
            Self::Absent
            | Self::Open
            | Self::NotMeasured(_)
            | Self::NeedsAttendant(_)
            | Self::Failed(..)
            | Self::Done(_) => None,
        }
    }
}

impl Grade {
    /// What rules are told of `evidence`.
    pub fn of(evidence: &Evidence) -> Self {
        match evidence {
            Evidence::Credential { kind, authentic: Authenticity::Genuine, current: Currency::Current } => {
                Self::Verified(*kind)
            }
            Evidence::Credential { kind, .. } => Self::Presented(*kind),
            Evidence::RosterEntry => Self::Roster,
            Evidence::Temperature { .. } => Self::Screened,
            Evidence::ContactTemperature { .. } => Self::Contact,
            Evidence::Registered { .. } => Self::Filled,
            Evidence::Attested { what, .. } => Self::Attested(*what),
            Evidence::Plate { source, origin: None } => Self::Plate(*source),
            Evidence::Plate { source, origin: Some(origin) } => Self::PlacedPlate(*source, *origin),
            Evidence::Occupants { .. } => Self::Counted,
            Evidence::Disinfected { .. } => Self::Disinfected,
            Evidence::Answered { answer, listed, .. } => Self::Answered(answer.clone(), *listed),
            Evidence::Dwelt { .. } => Self::Dwelt,
            Evidence::Pledged { .. } => Self::Pledged,
            Evidence::Items { .. } => Self::Items,
            Evidence::Escorted { .. } => Self::Escorted,
            Evidence::Counted { .. } => Self::Tallied,
            Evidence::Signed { .. } => Self::Signed,
            Evidence::Remembered { .. } | Evidence::Carried { .. } => Self::Remembered,
            Evidence::Entitled => Self::Entitled,
            Evidence::PlaceCode => Self::PlaceCode,
        }
    }

    /// As evidence that did not satisfy its step: a good credential of the wrong subject was presented, no more.
    fn unfit(self) -> Self {
        match self {
            Self::Verified(kind) | Self::Presented(kind) => Self::Presented(kind),
            Self::Roster
            | Self::Screened
            | Self::Contact
            | Self::Filled
            | Self::Attested(_)
            | Self::Plate(_)
            | Self::Counted
            | Self::Disinfected
            | Self::Answered(..)
            | Self::Dwelt
            | Self::Pledged
            | Self::Items
            | Self::Escorted
            | Self::Tallied
            | Self::Signed
            | Self::Remembered
            | Self::Entitled
            | Self::PlaceCode
            | Self::PlacedPlate(..) => self,
        }
    }

    /// Whether a rule that names this by `by` means `other`: itself; a plate also where more is known of it.
    pub fn means(&self, other: &Self) -> bool {
        self == other
            || matches!((self, other), (Self::Plate(named), Self::PlacedPlate(source, _)) if named == source)
    }

    /// The name in files.
    pub fn name(&self) -> String {
        match self {
            Self::Verified(kind) => kind_name(*kind).to_owned(),
            Self::Presented(kind) => format!("unverified-{}", kind_name(*kind)),
            Self::Roster => "roster".to_owned(),
            Self::Screened => "screened".to_owned(),
            Self::Contact => "contact".to_owned(),
            Self::Filled => "filled".to_owned(),
            Self::Attested(Attestation::Mask) => "attested-mask".to_owned(),
            Self::Attested(Attestation::UnverifiedCredential) => "attested-credential".to_owned(),
            Self::Attested(Attestation::TravelRecord) => "attested-travel-record".to_owned(),
            Self::Attested(Attestation::Papers) => "attested-papers".to_owned(),
            Self::Attested(Attestation::Companion) => "attested-companion".to_owned(),
            Self::Attested(Attestation::PlaceCode) => "attested-place-code".to_owned(),
            Self::PlaceCode => "place-code".to_owned(),
            Self::Plate(source) => source.name().to_owned(),
            Self::PlacedPlate(source, origin) => format!("{}-{}", source.name(), origin.name()),
            Self::Counted => "counted".to_owned(),
            Self::Disinfected => "disinfected".to_owned(),
            // A colon stands in no answer's own name.
            Self::Answered(answer, None) => format!("answer:{answer}"),
            Self::Answered(answer, Some(true)) => format!("answer:{answer}:listed"),
            Self::Answered(answer, Some(false)) => format!("answer:{answer}:unlisted"),
            Self::Dwelt => "dwelt".to_owned(),
            Self::Pledged => "pledged".to_owned(),
            Self::Items => "items".to_owned(),
            Self::Escorted => "escorted".to_owned(),
            Self::Tallied => "tallied".to_owned(),
            Self::Signed => "signed".to_owned(),
            Self::Remembered => "remembered".to_owned(),
            Self::Entitled => "entitled".to_owned(),
        }
    }
}

fn kind_name(kind: CredentialKind) -> &'static str {
    match kind {
        CredentialKind::HubPass => "hub-pass",
        CredentialKind::IdNumber => "id-number",
        CredentialKind::HealthCertificate => "health-certificate",
        CredentialKind::SmartHealthCard => "smart-health-card",
        CredentialKind::HealthLink => "health-link",
        CredentialKind::NzCovidPass => "nz-covid-pass",
        CredentialKind::VdsNc => "vds-nc",
        CredentialKind::Divoc => "divoc",
        CredentialKind::Url => "url",
        CredentialKind::Text => "text",
        CredentialKind::Binary => "binary",
        CredentialKind::Manifest => "manifest",
        CredentialKind::TravelDocument => "travel-document",
        CredentialKind::Phone => "phone",
        CredentialKind::SiteCode => "site-code",
        CredentialKind::Gs1 => "gs1",
        CredentialKind::OnlineCode => "online-code",
    }
}

impl Facts {
    /// How the steps stand as a whole.
    pub fn all_steps(&self) -> AllSteps {
        if self.states.iter().all(State::is_settled) { AllSteps::Settled } else { AllSteps::Open }
    }

    /// Whether an admission is possible at all: something was asked, and nothing asked is open. Absence of evidence admits
    /// nobody.
    pub fn may_admit(&self) -> bool {
        let asked = self.states.iter().any(|state| *state != State::Absent);
        asked && self.all_steps() == AllSteps::Settled && self.party.is_settled()
    }

    /// First half of the SHA-256 of these facts; the module says of which bytes.
    pub fn digest(&self) -> [u8; 16] {
        let mut bytes = Vec::with_capacity(64);
        // Writing into memory cannot fail.
        let _ = self.encode(&mut Encoder::new(&mut bytes));
        let mut half = [0; 16];
        half.copy_from_slice(&digest::digest(&digest::SHA256, &bytes).as_ref()[..16]);
        half
    }

    fn encode(&self, e: &mut Encoder<&mut Vec<u8>>) -> Result<(), Unwritten> {
        let takes = match self.takes {
            Takes::Person => 0,
            Takes::Vehicle => 1,
            Takes::Occupant => 2,
        };
        let admission = match self.admission {
            Admission::Admitted => 0,
            Admission::NotAdmitted => 1,
        };
        let party = match self.party {
            Party::Nobody => None,
            Party::Ruled(ruling) => Ruling::ALL.iter().position(|one| *one == ruling).map(|at| at as u64),
        };
        e.array(9)?.u8(takes)?.encode(self.class)?.encode(self.direction)?.encode(self.mode)?;
        e.encode(self.hit)?.u8(admission)?.encode(&self.states)?.encode(party)?.encode(self.party_reason)?;
        Ok(())
    }
}

type Unwritten = minicbor::encode::Error<std::convert::Infallible>;
