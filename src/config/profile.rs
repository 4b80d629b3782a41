//! Profiles: ordered step lists as data, and which one applies to whom.
//!
//! A profile is chosen by subject, direction and class. Before a class is known it is [`Class::Unknown`]; when a
//! credential or the roster tells it, the profile is chosen again and what is already done stays done.

use std::time::Duration;

use serde::{Serialize, Serializer};

use super::rules::{Of, Rules};
use super::stay_rule::StayRule;
use super::step_rule::StepRule;
use crate::base::{DeviceId, Slug};
use crate::model::{AreaMode, Class, Direction, StepKind, SubjectKind, Title};

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
    /// Whoever was turned back within this time is looked at by a person; nobody is where there is none.
    #[serde(serialize_with = "some_seconds", skip_serializing_if = "Option::is_none")]
    pub turned_back: Option<Duration>,
    /// Whoever shows a pass that was shown at another gate less than so long ago is looked at.
    #[serde(serialize_with = "some_seconds", skip_serializing_if = "Option::is_none")]
    pub apart: Option<Duration>,
    /// What records keep of identity numbers.
    #[serde(skip_serializing_if = "IdNumbers::is_masked")]
    pub id_numbers: IdNumbers,
    /// When whoever comes in has to be out again; nobody has to where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stay: Option<StayRule>,
    /// The steps in order; at least one. No two have one name.
    pub steps: Vec<StepRule>,
    /// Which case comes to which end.
    pub rules: Rules,
}

impl Profile {
    /// The steps that `class` takes in `direction` while the area is in `mode`, in order. Some of them may depend on
    /// what became of earlier ones.
    pub fn steps_for(
        &self,
        direction: Direction,
        class: Class,
        mode: AreaMode,
    ) -> impl Iterator<Item = &StepRule> {
        self.steps.iter().filter(move |step| step.when.holds(direction, class, mode))
    }

    /// Whether people of `class` are let in at all.
    pub fn admits(&self, class: Class) -> bool {
        !self.not_admitted.contains(&class)
    }

    /// Whether the records of earlier passages matter for anybody.
    pub fn asks_the_past(&self) -> bool {
        self.turned_back.is_some() || self.apart.is_some() || self.steps.iter().any(StepRule::asks_the_past)
    }

    /// How far back anything looks that it asks of earlier passages.
    pub fn looks_back(&self) -> Duration {
        let steps = self.steps.iter().flat_map(|step| [step.counts_for, step.checks_within()]);
        let stay = self.stay.as_ref().map(|stay| Duration::from_hours(stay.hours.into()));
        steps.chain([self.turned_back, self.apart, stay]).flatten().max().unwrap_or_default()
    }

    /// What the rules are for.
    pub fn of(&self) -> Of<'_> {
        Of { takes: self.takes, steps: &self.steps, not_admitted: &self.not_admitted }
    }

    fn is_for(&self, takes: Takes, direction: Direction) -> bool {
        self.takes == takes && self.directions.contains(&direction)
    }
}

/// What records keep of identity numbers, in their sealed part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdNumbers {
    /// The masked form, and a keyed digest by which this kiosk knows the holder again.
    #[default]
    Masked,
    /// All of it, for whoever has to find or recognise the holder elsewhere.
    Full,
}

impl IdNumbers {
    /// Whether all of them is kept.
    pub const fn is_full(self) -> bool {
        matches!(self, Self::Full)
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    const fn is_masked(&self) -> bool {
        matches!(self, Self::Masked)
    }
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

    /// Whether a step of these profiles has the issuer of such a code asked about it.
    pub fn ask_about(&self, code: &str) -> bool {
        let asks = self.0.iter().flat_map(|profile| &profile.steps).flat_map(StepRule::ask_hub);
        asks.into_iter().any(|begins| code.starts_with(begins))
    }

    /// The sensors whose temperature a step of these profiles watches.
    pub fn sensors(&self) -> impl Iterator<Item = &DeviceId> {
        self.0.iter().flat_map(|profile| &profile.steps).filter_map(StepRule::sensor)
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

pub(super) fn some_seconds<S: Serializer>(span: &Option<Duration>, s: S) -> Result<S::Ok, S::Error> {
    span.map(|span| span.as_secs()).serialize(s)
}

pub(super) fn seconds<S: Serializer>(span: &Duration, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_u64(span.as_secs())
}
