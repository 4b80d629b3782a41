//! When whoever comes in has to be out again, and its keys in a profile.

use serde::Serialize;

use super::entitlement::minutes;
use super::error::Report;
use super::profile::Takes;
use super::profile_file::HOURS_MAX;
use super::section::{Kind, Section, integer, name};
use super::step_rule::{Ask, StepRule};
use crate::base::Slug;
use crate::model::stay::typed_hour;
use crate::model::{Direction, FieldForm, Stated, StayLimit};

/// When whoever comes in has to be out again: whichever comes first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StayRule {
    /// After so many hours. Always there, because hours are what a kiosk counts without a clock that anybody vouches for.
    pub hours: u16,
    /// By this time of the day, in minutes after midnight at the place.
    pub until: Option<u16>,
    /// By the hour that they write into this field of the registration.
    pub field: Option<Slug>,
}

impl StayRule {
    /// The limit for somebody who `stated` this. What is no hour of the day limits nothing.
    pub fn limit(&self, stated: &Stated) -> StayLimit {
        let of_field = |field: &Slug| stated.iter().find(|said| said.field == *field);
        let back_by = self.field.as_ref().and_then(of_field).and_then(|said| typed_hour(said.value.expose()));
        StayLimit { hours: self.hours, until: self.until, back_by }
    }
}

/// Reads the keys of a profile that takes `takes` in `directions`, with these steps.
pub(super) fn read(
    report: &mut Report<'_>,
    table: &mut Section<'_>,
    (takes, directions): (Option<Takes>, &[Direction]),
    steps: &[StepRule],
) -> Option<StayRule> {
    const KEYS: [&str; 3] = ["overdue_h", "overdue_at", "overdue_field"];
    let given = KEYS.into_iter().find(|key| table.has(key))?;
    if takes == Some(Takes::Occupant) {
        table.misfit(report, given, "must be left out: the vehicle's profile says it for everybody in it");
    } else if !directions.contains(&Direction::Inbound) {
        table.misfit(report, given, "must be left out: nobody comes in by this profile");
    }
    let time =
        Kind::new("a time of the day such as \"18:00\", until 24:00", |value| minutes(value.as_str()?));
    let hours_max = u16::try_from(HOURS_MAX).unwrap_or(u16::MAX);
    let hours = table.need(report, "overdue_h", &integer(1..=hours_max));
    let until = table.get(report, "overdue_at", &time);
    let field: Option<Slug> = table.get(report, "overdue_field", &name());
    if let Some(field) = field.as_ref().filter(|field| !is_asked(field, steps)) {
        let said =
            format!("must be a field of the registration whose form is number; there is none called {field}");
        table.misfit(report, "overdue_field", said);
    }
    Some(StayRule { hours: hours?, until, field })
}

fn is_asked(wanted: &Slug, steps: &[StepRule]) -> bool {
    let fields = steps.iter().filter_map(|step| {
        let Ask::Registration { fields } = &step.ask else { return None };
        Some(fields)
    });
    fields.flatten().any(|field| field.id == *wanted && field.form == FieldForm::Number)
}
