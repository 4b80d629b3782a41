//! Profiles: ordered step lists as data, and which one applies to whom.
//!
//! A profile is chosen by subject, direction and class. Before a class is known it is [`Class::Unknown`]; when a
//! credential or the roster tells it, the profile is chosen again and what is already done stays done.

use std::time::Duration;

use serde::{Serialize, Serializer};

use super::rules::{Of, Rules};
use crate::base::Slug;
use crate::model::{Attestation, Class, Direction, StepKind, SubjectKind};

/// Whom a profile is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Takes {
    /// A person on foot.
    Person,
    /// A vehicle, without its occupants' own steps.
    Vehicle,
    /// One occupant of a vehicle, the driver included.
    Occupant,
}

impl From<SubjectKind> for Takes {
    fn from(subject: SubjectKind) -> Self {
        match subject {
            SubjectKind::Person => Self::Person,
            SubjectKind::Vehicle => Self::Vehicle,
        }
    }
}

/// A name in the two languages of the screens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Title {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// An ordered list of steps and whom it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Profile {
    /// Its name in records.
    pub id: Slug,
    /// Its name on screens.
    pub title: Title,
    /// Whom it is for.
    pub takes: Takes,
    /// Directions it is for; at least one.
    pub directions: Vec<Direction>,
    /// Classes it is for; empty for all that no other profile names.
    pub classes: Vec<Class>,
    /// Classes that are turned back whatever their steps say.
    pub not_admitted: Vec<Class>,
    /// Longest session, from arrival to verdict.
    #[serde(serialize_with = "seconds")]
    pub session_timeout: Duration,
    /// Longest time in which nothing happens before the subject counts as gone.
    #[serde(serialize_with = "seconds")]
    pub idle_timeout: Duration,
    /// The steps in order; at least one. No kind twice but [`StepKind::Attest`], and that not twice for one thing.
    pub steps: Vec<StepRule>,
    /// Which case comes to which end.
    pub rules: Rules,
}

impl Profile {
    /// The steps that `class` takes in `direction`, in order.
    pub fn steps_for(&self, direction: Direction, class: Class) -> impl Iterator<Item = &StepRule> {
        self.steps.iter().filter(move |step| step.when.holds(direction, class))
    }

    /// Whether people of `class` are let in at all.
    pub fn admits(&self, class: Class) -> bool {
        !self.not_admitted.contains(&class)
    }

    /// What the rules are for.
    pub fn of(&self) -> Of<'_> {
        Of { takes: self.takes, steps: &self.steps, not_admitted: &self.not_admitted }
    }

    fn is_for(&self, takes: Takes, direction: Direction) -> bool {
        self.takes == takes && self.directions.contains(&direction)
    }
}

/// One step of a profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepRule {
    /// What is asked.
    pub ask: Ask,
    /// For whom the step is asked.
    pub when: When,
    /// Reasons for which an attendant may waive it; empty where nobody may.
    pub waivers: Vec<Slug>,
    /// Longest time for one attempt before the attendant is called.
    #[serde(serialize_with = "seconds")]
    pub timeout: Duration,
    /// Attempts before the step counts as failed, at least 1.
    pub attempts: u8,
}

impl StepRule {
    /// Which check it is.
    pub fn kind(&self) -> StepKind {
        match self.ask {
            Ask::Credential { .. } => StepKind::Credential,
            Ask::Temperature => StepKind::Temperature,
            Ask::Registration { .. } => StepKind::Registration,
            Ask::Attest { .. } => StepKind::Attest,
            Ask::Plate { .. } => StepKind::Plate,
            Ask::Occupants { .. } => StepKind::Occupants,
            Ask::Disinfection { .. } => StepKind::Disinfection,
        }
    }

    /// Whether an attendant may waive it for `reason`.
    pub fn may_waive(&self, reason: &Slug) -> bool {
        self.waivers.contains(reason)
    }
}

/// For whom a step is asked. An empty list means everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct When {
    /// Only these classes.
    pub classes: Vec<Class>,
    /// Only these directions.
    pub directions: Vec<Direction>,
}

impl When {
    /// Whether the step is asked of `class` in `direction`.
    pub fn holds(&self, direction: Direction, class: Class) -> bool {
        (self.classes.is_empty() || self.classes.contains(&class))
            && (self.directions.is_empty() || self.directions.contains(&direction))
    }
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
    },
    /// Skin temperature.
    Temperature,
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
    /// Disinfection of the vehicle.
    Disinfection {
        /// Agents to choose from; at least one.
        agents: Vec<Slug>,
        /// Shortest time that counts, in seconds.
        seconds_min: u16,
        /// The sprayer stops by itself after so many seconds.
        seconds_max: u16,
    },
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

/// A field of the registration.
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
}

/// A field and whether it may stay empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct FieldRule {
    /// Which.
    pub field: Field,
    /// Whether it may.
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

/// A set of profiles among which subject, direction and class choose exactly one, or none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Profiles(Vec<Profile>);

/// Why profiles do not make a set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// Two profiles have one name.
    #[error("two profiles are called {0}")]
    SameId(Slug),
    /// Two profiles apply to one subject.
    #[error("profiles {0} and {1} both apply to {2:?} {3:?} {4:?}")]
    BothApply(Slug, Slug, Takes, Direction, Option<Class>),
    /// There is no profile of this name.
    #[error("there is no profile {0}")]
    Unknown(Slug),
    /// Vehicles have occupants for whom there is no profile.
    #[error("profile {0} has occupants, but no profile for occupants goes {1:?} for every class")]
    NoOccupantProfile(Slug, Direction),
}

impl Profiles {
    /// A set of `profiles`.
    ///
    /// # Errors
    ///
    /// When two have one name, or two apply to the same subject, direction and class.
    pub fn new(profiles: Vec<Profile>) -> Result<Self, Conflict> {
        for (index, one) in profiles.iter().enumerate() {
            for other in &profiles[index + 1..] {
                if one.id == other.id {
                    return Err(Conflict::SameId(one.id.clone()));
                }
                if let Some((direction, class)) = both_apply(one, other) {
                    let (one, other) = (one.id.clone(), other.id.clone());
                    let takes = profiles[index].takes;
                    return Err(Conflict::BothApply(one, other, takes, direction, class));
                }
            }
        }
        Ok(Self(profiles))
    }

    /// The set of those named in `ids`, as a lane uses them.
    ///
    /// # Errors
    ///
    /// When a name is not among these, or a vehicle's occupants would have no steps.
    pub fn only(available: &[Profile], ids: &[Slug]) -> Result<Self, Conflict> {
        let find = |id: &Slug| {
            let found = available.iter().find(|profile| profile.id == *id);
            found.cloned().ok_or_else(|| Conflict::Unknown(id.clone()))
        };
        let set = Self::new(ids.iter().map(find).collect::<Result<_, _>>()?)?;
        let with_occupants =
            |profile: &&Profile| profile.steps.iter().any(|step| step.kind() == StepKind::Occupants);
        for profile in set.0.iter().filter(with_occupants) {
            for &direction in &profile.directions {
                if set.choose_occupant(direction, Class::Unknown).is_none() {
                    return Err(Conflict::NoOccupantProfile(profile.id.clone(), direction));
                }
            }
        }
        Ok(set)
    }

    /// The profile that applies to a person on foot or to a vehicle.
    pub fn choose(&self, subject: SubjectKind, direction: Direction, class: Class) -> Option<&Profile> {
        self.find(subject.into(), direction, class)
    }

    /// The profile that applies to one occupant of a vehicle.
    pub fn choose_occupant(&self, direction: Direction, class: Class) -> Option<&Profile> {
        self.find(Takes::Occupant, direction, class)
    }

    /// The profile called `id`.
    pub fn by_id(&self, id: &Slug) -> Option<&Profile> {
        self.0.iter().find(|profile| profile.id == *id)
    }

    /// All of them, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Profile> {
        self.0.iter()
    }

    /// A profile that names the class goes before one for all others.
    fn find(&self, takes: Takes, direction: Direction, class: Class) -> Option<&Profile> {
        let fitting = || self.0.iter().filter(|profile| profile.is_for(takes, direction));
        let named = fitting().find(|profile| profile.classes.contains(&class));
        named.or_else(|| fitting().find(|profile| profile.classes.is_empty()))
    }
}

/// A direction, and a class unless it is all others, for which `one` and `other` would both be chosen.
fn both_apply(one: &Profile, other: &Profile) -> Option<(Direction, Option<Class>)> {
    let direction = *one.directions.iter().find(|&&direction| other.is_for(one.takes, direction))?;
    if one.classes.is_empty() && other.classes.is_empty() {
        return Some((direction, None));
    }
    let class = one.classes.iter().find(|class| other.classes.contains(class))?;
    Some((direction, Some(*class)))
}

fn seconds<S: Serializer>(span: &Duration, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_u64(span.as_secs())
}
