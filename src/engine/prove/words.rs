//! A flaw and the case that shows it, in words.

use std::fmt;

use super::{Flaw, FlawKind};
use crate::base::Slug;
use crate::config::Profile;
use crate::config::profile_file::{class_name, direction_name};
use crate::config::rules::{Facts, Party, State};
use crate::model::{NotMeasured, Reason};

impl Flaw {
    /// The flaw in words, with the case that shows it. `profile` is the one that was gone through.
    pub fn words(&self, profile: &Profile) -> String {
        let rules = self.rules.iter().map(Slug::as_str).collect::<Vec<_>>().join(", ");
        let what = match self.kind {
            FlawKind::Gap => "no rule applies".to_owned(),
            FlawKind::Conflict => {
                format!("rules {rules} apply at once, and none goes over the others")
            }
            FlawKind::Unreachable => return format!("rule {rules} is never the one that applies"),
            FlawKind::AdmitsOpen => format!("rule {rules} lets through what is not settled"),
            FlawKind::DeniedByList => {
                format!("rule {rules} denies because of a list, before anybody has looked")
            }
            FlawKind::TooLarge => {
                return "its rules tell more cases apart than can be gone through".to_owned();
            }
        };
        let case = self.witness.as_ref().map(|facts| case(facts, profile)).unwrap_or_default();
        format!("{what} in {} of its cases, such as: {case}", self.cases)
    }
}

impl fmt::Display for FlawKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gap => "gap",
            Self::Conflict => "conflict",
            Self::Unreachable => "unreachable",
            Self::AdmitsOpen => "admits-open",
            Self::DeniedByList => "denied-by-list",
            Self::TooLarge => "too-large",
        })
    }
}

/// A case in words.
pub fn case(facts: &Facts, profile: &Profile) -> String {
    let mut said = vec![
        format!("{} {}", class_name(facts.class), direction_name(facts.direction)),
        format!("area {}", facts.mode.name()),
        format!("lists {}", facts.hit.name()),
    ];
    if facts.party != Party::Nobody {
        said.push(format!("occupants {}", facts.party.name()));
    }
    for (step, state) in profile.steps.iter().zip(&facts.states) {
        said.push(format!("{} {}", step.id, state_words(state)));
    }
    said.join("; ")
}

fn state_words(state: &State) -> String {
    match state {
        State::Absent => "not asked".to_owned(),
        State::Open => "open".to_owned(),
        State::NotMeasured(why) => format!("not measured ({})", not_measured(*why)),
        State::NeedsAttendant(reason) => format!("needs the attendant ({})", reason_name(*reason)),
        State::Failed(reason, None) => format!("failed ({})", reason_name(*reason)),
        State::Failed(reason, Some(grade)) => format!("failed ({}, {})", reason_name(*reason), grade.name()),
        State::Done(grade) => format!("done ({})", grade.name()),
        State::Waived(reason) => format!("waived ({reason})"),
    }
}

/// A reason as files name it.
pub fn reason_name(reason: Reason) -> String {
    named(&reason)
}

fn not_measured(why: NotMeasured) -> String {
    match why {
        NotMeasured::NoReading(why) => named(&why),
        NotMeasured::SensorNotReady
        | NotMeasured::NobodyThere
        | NotMeasured::TooCold
        | NotMeasured::Unsteady
        | NotMeasured::NotSkin
        | NotMeasured::Several
        | NotMeasured::TooClose
        | NotMeasured::Acclimatising
        | NotMeasured::Implausible
        | NotMeasured::Surroundings
        | NotMeasured::Reference
        | NotMeasured::Supply
        | NotMeasured::Covered
        | NotMeasured::Drift => named(&why),
    }
}

/// A unit variant as records and files name it.
fn named(value: &impl serde::Serialize) -> String {
    let written = serde_json::to_string(value).unwrap_or_default();
    written.trim_matches('"').to_owned()
}
