//! The registration's fields: checked, then kept with the person.

use super::steps::Steps;
use crate::base::Pii;
use crate::config::profile::{Field, Need};
use crate::config::{Ask, FieldRule};
use crate::control::{Refused, Registration};
use crate::model::{Evidence, Person, StepKind};

/// Longest field, in characters.
const LENGTH_MAX: usize = 80;

/// Fills in the open registration step.
///
/// # Errors
///
/// When no registration is open, a required field is empty, or a field does not look right. Nothing changes then.
pub fn take(steps: &mut Steps, fields: &Registration, person: &mut Person) -> Result<(), Refused> {
    let step = steps.unsettled_or_refuse(StepKind::Registration)?;
    let Ask::Registration { fields: rules } = step.rule.ask.clone() else {
        return Err(Refused::StepNotOpen { step: StepKind::Registration });
    };
    let mut filled = 0;
    for rule in &rules {
        filled += u8::from(check(*rule, value(rule.field, fields))?);
    }
    step.settle(Evidence::Registered { fields: filled });
    for rule in rules {
        if let Some(text) = value(rule.field, fields).filter(|text| !text.expose().trim().is_empty()) {
            *place(rule.field, person) = Some(Pii::new(text.expose().trim().to_owned()));
        }
    }
    Ok(())
}

/// Whether the field is filled in.
fn check(rule: FieldRule, value: Option<&Pii<String>>) -> Result<bool, Refused> {
    let field = rule.field.name();
    let text = value.map(|text| text.expose().trim()).unwrap_or_default();
    if text.is_empty() {
        return match rule.need {
            Need::Required => Err(Refused::BadField { field, why: "is needed" }),
            Need::Optional => Ok(false),
        };
    }
    if text.chars().count() > LENGTH_MAX {
        return Err(Refused::BadField { field, why: "is longer than 80 characters" });
    }
    if text.chars().any(char::is_control) {
        return Err(Refused::BadField { field, why: "has control characters" });
    }
    if rule.field == Field::Phone && !crate::model::phone::is_plausible(text) {
        return Err(Refused::BadField { field, why: "is no telephone number" });
    }
    Ok(true)
}

fn value(field: Field, fields: &Registration) -> Option<&Pii<String>> {
    match field {
        Field::Name => fields.name.as_ref(),
        Field::Phone => fields.phone.as_ref(),
        Field::Origin => fields.origin.as_ref(),
        Field::Destination => fields.destination.as_ref(),
        Field::Host => fields.host.as_ref(),
    }
}

fn place(field: Field, person: &mut Person) -> &mut Option<Pii<String>> {
    match field {
        Field::Name => &mut person.name,
        Field::Phone => &mut person.phone,
        Field::Origin => &mut person.origin,
        Field::Destination => &mut person.destination,
        Field::Host => &mut person.host,
    }
}
