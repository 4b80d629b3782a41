//! One step of a profile as data: what is asked, of whom and when, how long, how often, who may set it aside.

use std::sync::Arc;
use std::time::Duration;

use serde::{Serialize, Serializer};

use super::entitlement::Check;
use super::profile::{seconds, some_seconds};
use crate::base::{CentiCelsius, DeviceId, Slug};
use crate::model::{
    AreaMode, AreaTable, Attestation, Class, CredentialKind, Custody, Direction, FieldForm, Role, StepKind,
    StepRecord, StepWords, Title,
};

/// One step of a profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepRule {
    /// Its name: unlike that of every other step of its profile.
    pub id: Slug,
    /// Its name on screens; none for the built-in one of its kind.
    pub title: Option<Title>,
    /// What is asked.
    pub ask: Ask,
    /// For whom and when the step is asked.
    pub when: When,
    /// Reasons for which an attendant may waive it; empty where nobody may.
    pub waivers: Vec<Slug>,
    /// Only somebody with one of these roles may waive it; anybody who staffs the post where it is empty.
    pub waive_by: Vec<Role>,
    /// Longest time for one attempt before the attendant is called.
    #[serde(serialize_with = "seconds")]
    pub timeout: Duration,
    /// Attempts before the step counts as failed, at least 1.
    pub attempts: u8,
    /// What the subject is shown and told.
    pub words: StepWords,
    /// Once done it counts for so long when the same subject passes again; it does not where there is none.
    #[serde(serialize_with = "some_seconds", skip_serializing_if = "Option::is_none")]
    pub counts_for: Option<Duration>,
}

impl StepRule {
    /// Which check it is.
    pub fn kind(&self) -> StepKind {
        self.ask.kind()
    }

    /// The name of a step that the file gives none: its kind; of an attest step what is attested.
    pub fn usual_id(ask: &Ask, kind: &str) -> Option<Slug> {
        match ask {
            Ask::Attest { what } => what.name().parse().ok(),
            Ask::Credential { .. }
            | Ask::Temperature { .. }
            | Ask::Registration { .. }
            | Ask::Plate { .. }
            | Ask::Occupants { .. }
            | Ask::Disinfection { .. }
            | Ask::Question { .. }
            | Ask::Dwell { .. }
            | Ask::Pledge { .. }
            | Ask::Custody { .. }
            | Ask::Escort
            | Ask::Count { .. }
            | Ask::SignOff { .. }
            | Ask::Entitlement { .. } => kind.parse().ok(),
        }
    }

    /// Its name in a record; none where that says no more than the kind and the evidence do.
    pub fn recorded_id(&self) -> Option<Slug> {
        // A place code is asked for beside a mask, and a reader that settles it attests nothing: it keeps its name.
        if self.attested() == Some(Attestation::PlaceCode) {
            return Some(self.id.clone());
        }
        let usual = [Some(self.kind().name()), self.attested().map(Attestation::name)];
        Some(self.id.clone()).filter(|id| !usual.contains(&Some(id.as_str())))
    }

    /// Whether `record` is what became of it. An attest step that was not done and has its usual name is known by its kind alone.
    pub fn records(&self, record: &StepRecord) -> bool {
        record.kind == self.kind() && record.id == self.recorded_id()
    }

    /// How codes begin about which the hub asks their issuer.
    pub fn ask_hub(&self) -> &[String] {
        if let Ask::Credential { ask_hub, .. } = &self.ask { ask_hub } else { &[] }
    }

    /// What an attest step asks to confirm.
    pub fn attested(&self) -> Option<Attestation> {
        if let Ask::Attest { what } = self.ask { Some(what) } else { None }
    }

    /// The sensor that it watches.
    pub fn sensor(&self) -> Option<&DeviceId> {
        if let Ask::Dwell { at: Some(Warmth { source: Source::Sensor(device), .. }), .. } = &self.ask {
            Some(device)
        } else {
            None
        }
    }

    /// Whether the records of earlier passages matter for it.
    pub fn asks_the_past(&self) -> bool {
        let by_check = matches!(&self.ask, Ask::Entitlement { check } if check.asks_the_past());
        by_check || self.counts_for.is_some()
    }

    /// How far back its check looks.
    pub(super) fn checks_within(&self) -> Option<Duration> {
        if let Ask::Entitlement { check } = &self.ask { check.within() } else { None }
    }

    /// Whether an attendant may waive it for `reason`.
    pub fn may_waive(&self, reason: &Slug) -> bool {
        self.waivers.contains(reason)
    }

    /// Whether what settled `other` settles this one too, when another profile comes to apply. An identity, a plate and
    /// the occupants stay what they are; anything else counts only where the very same is asked.
    pub fn carries(&self, other: &Self) -> bool {
        let lasting = matches!(self.kind(), StepKind::Credential | StepKind::Plate | StepKind::Occupants);
        self.id == other.id && self.kind() == other.kind() && (lasting || self.ask == other.ask)
    }
}

/// For whom and when a step is asked. An empty list means always.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct When {
    /// Only these classes.
    pub classes: Vec<Class>,
    /// Only these directions.
    pub directions: Vec<Direction>,
    /// Only in these modes of the area.
    pub modes: Vec<AreaMode>,
    /// Only when all of this became of earlier steps.
    pub after: Vec<Earlier>,
}

impl When {
    /// Whether the step is asked of `class` in `direction` while the area is in `mode`, earlier steps apart.
    pub fn holds(&self, direction: Direction, class: Class, mode: AreaMode) -> bool {
        (self.classes.is_empty() || self.classes.contains(&class))
            && (self.directions.is_empty() || self.directions.contains(&direction))
            && (self.modes.is_empty() || self.modes.contains(&mode))
    }
}

/// What must have become of an earlier step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Earlier {
    /// Which, by its name.
    pub step: Slug,
    /// What.
    pub came: Came,
}

/// What became of an earlier step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "came")]
pub enum Came {
    /// It was done.
    Done,
    /// It was set aside.
    Waived,
    /// A person vouched for it, and no machine did.
    Attested,
    /// A machine verified it.
    Verified,
    /// It was answered with one of these.
    Answered {
        /// Those.
        answers: Vec<Slug>,
    },
    /// The place that was named stands in the risk-area table for that day.
    Listed,
    /// The plate is from a place that the policy calls local.
    Local,
    /// It is not: it is from another place, or names none.
    OutOfTown,
}

/// What a step asks, with the settings of its kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Ask {
    /// A pass, a code or an identity number.
    Credential {
        /// What becomes of a code that nothing here can verify.
        unverified: Unverified,
        /// What becomes of a good identity number that the roster does not know.
        roster_miss: RosterMiss,
        /// Whether a companion may answer for somebody who shows nothing of their own.
        #[serde(skip_serializing_if = "Companions::do_not")]
        companions: Companions,
        /// Kinds of other issuers' credentials that are taken where they are enough by the rules that came with the lists of trust.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        accept: Vec<CredentialKind>,
        /// How codes begin about which the hub asks their issuer: nobody else can say anything of them.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        ask_hub: Vec<String>,
    },
    /// Skin temperature.
    Temperature {
        /// From this screening value on one measurement is not enough, although it is below the threshold temperature.
        recheck_from: Option<CentiCelsius>,
        /// What settles it.
        grade: Grade,
    },
    /// The registration.
    Registration {
        /// Its fields, in order.
        fields: Vec<FieldRule>,
    },
    /// An attendant's confirmation.
    Attest {
        /// Of what.
        what: Attestation,
    },
    /// The vehicle's plate.
    Plate {
        /// What becomes of a vehicle without one.
        no_plate: NoPlate,
    },
    /// The occupants' number and each one's own steps.
    Occupants {
        /// Most occupants, the driver included.
        max: u8,
    },
    /// Disinfection of the vehicle, or of a person's hands or shoes.
    Disinfection {
        /// Agents to choose from; at least one.
        agents: Vec<Slug>,
        /// Shortest time that counts, in seconds.
        seconds_min: u16,
        /// The sprayer stops by itself after so many seconds.
        seconds_max: u16,
    },
    /// A question.
    Question {
        /// Its text; only attendants see it.
        text: Title,
        /// Its answers; two at least.
        answers: Vec<Answer>,
        /// What places are compared with, where an answer names one.
        #[serde(serialize_with = "table")]
        areas: Option<Arc<AreaTable>>,
    },
    /// A time that has to pass without a break.
    Dwell {
        /// How long, in seconds.
        seconds: u32,
        /// At which temperature, if at one.
        at: Option<Warmth>,
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
    /// Somebody named fetches the subject.
    Escort,
    /// A number to count.
    Count {
        /// What is counted.
        what: Title,
        /// Fewest that satisfy.
        min: u32,
        /// Most that satisfy.
        max: u32,
    },
    /// Signatures of attendants.
    SignOff {
        /// How many different ones, 1 or 2.
        signatures: u8,
        /// Roles of whoever may give the one; anybody who staffs the post where it is empty.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        by: Vec<Role>,
        /// The same of the other, where two are wanted. It does not matter who signs first.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        second_by: Vec<Role>,
    },
    /// Whether the subject may pass now, by the clock and by what was earlier.
    Entitlement {
        /// What decides that.
        check: Check,
    },
}

impl Ask {
    /// Which check it is.
    pub fn kind(&self) -> StepKind {
        match self {
            Ask::Credential { .. } => StepKind::Credential,
            Ask::Temperature { .. } => StepKind::Temperature,
            Ask::Registration { .. } => StepKind::Registration,
            Ask::Attest { .. } => StepKind::Attest,
            Ask::Plate { .. } => StepKind::Plate,
            Ask::Occupants { .. } => StepKind::Occupants,
            Ask::Disinfection { .. } => StepKind::Disinfection,
            Ask::Question { .. } => StepKind::Question,
            Ask::Dwell { .. } => StepKind::Dwell,
            Ask::Pledge { .. } => StepKind::Pledge,
            Ask::Custody { .. } => StepKind::Custody,
            Ask::Escort => StepKind::Escort,
            Ask::Count { .. } => StepKind::Count,
            Ask::SignOff { .. } => StepKind::SignOff,
            Ask::Entitlement { .. } => StepKind::Entitlement,
        }
    }
}

/// What settles a temperature step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// One screening below the threshold temperature, or a contact thermometer.
    #[default]
    Screened,
    /// Two screenings below it, one after the other, or a contact thermometer.
    Twice,
    /// A contact thermometer only: no screening is taken.
    Contact,
}

/// An answer of a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// Its name in records.
    pub id: Slug,
    /// What it says.
    pub title: Title,
    /// What it means.
    pub means: Means,
    /// It names a place and a day, and means this where the risk-area table lists them.
    pub listed: Option<Means>,
}

/// What an answer means for the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Means {
    /// The step is done.
    Good,
    /// An attendant has to look into it and confirm it.
    Attendant,
    /// The step fails.
    Fails,
}

/// A temperature that has to be kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Warmth {
    /// Lowest, this included.
    pub low: CentiCelsius,
    /// Highest, this included.
    pub high: CentiCelsius,
    /// Who reads it.
    pub source: Source,
    /// A reading counts for so many seconds; then the next must have come.
    pub every_s: u16,
}

/// Who reads a temperature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The attendant, from an instrument.
    Attendant,
    /// A sensor of the lane.
    Sensor(DeviceId),
}

/// What becomes of a credential that nothing here can verify. Never an admission by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unverified {
    /// An attendant looks at it and attests what they saw.
    Attendant,
    /// It counts as no credential.
    Refuse,
}

/// Whether whoever came with somebody may answer for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Companions {
    /// Everybody shows something of their own, or an attendant sets it aside.
    #[default]
    DoNot,
    /// They may, with a pass of their own or on the roster, when an attendant says so.
    Answer,
}

impl Companions {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
    fn do_not(&self) -> bool {
        *self == Self::DoNot
    }
}

/// What becomes of a good identity number that the roster does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RosterMiss {
    /// The person goes on as [`Class::Unknown`], and the registration says who they are.
    Register,
    /// An attendant decides.
    Attendant,
    /// The step fails.
    Refuse,
}

/// What becomes of a vehicle without a plate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoPlate {
    /// It is recorded as that.
    Record,
    /// An attendant decides.
    Attendant,
}

/// A field of the registration that every record has a place for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Field {
    /// Name.
    Name,
    /// Telephone number.
    Phone,
    /// Where from.
    Origin,
    /// Where to.
    Destination,
    /// Whom they visit.
    Host,
}

impl Field {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::Name, Self::Phone, Self::Origin, Self::Destination, Self::Host];

    /// The name in files and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Phone => "phone",
            Self::Origin => "origin",
            Self::Destination => "destination",
            Self::Host => "host",
        }
    }

    /// The field of this name; none for a profile's own.
    pub fn of(name: &Slug) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name.as_str())
    }
}

/// A field of the registration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldRule {
    /// Its name.
    pub id: Slug,
    /// Its name on screens; none for the built-in one.
    pub title: Option<Title>,
    /// What may be written into it.
    pub form: FieldForm,
    /// Most characters.
    pub length_max: u8,
    /// Whether it may stay empty.
    pub need: Need,
}

/// Whether a field may stay empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// It must be filled in.
    Required,
    /// It may stay empty.
    Optional,
}

fn table<S: Serializer>(table: &Option<Arc<AreaTable>>, s: S) -> Result<S::Ok, S::Error> {
    table.as_deref().serialize(s)
}
