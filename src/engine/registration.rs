//! The registration's fields: checked, then kept with the person.

use super::steps::Steps;
use crate::base::{Pii, Slug};
use crate::config::{Ask, Field, FieldRule, Need};
use crate::control::{Refused, Registration};
use crate::model::manifest::Listed;
use crate::model::{Evidence, Person, StepKind, mask};

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
    let mut filled = Vec::new();
    for rule in &rules {
        let text = value(&rule.id, fields).map(|text| Pii::new(text.expose().trim().to_owned()));
        match text.filter(|text| !text.expose().is_empty()) {
            Some(text) => {
                check(rule, &text).map_err(|why| wrong(&rule.id, why))?;
                filled.push((rule, text));
            }
            None if rule.need == Need::Required => return Err(wrong(&rule.id, "is needed")),
            None => {}
        }
    }
    let (id, number) = (step.rule.id.clone(), u8::try_from(filled.len()).unwrap_or(u8::MAX));
    step.settle(Evidence::Registered { fields: number });
    for (rule, text) in filled {
        match Field::of(&rule.id) {
            Some(field) => *place(field, person) = Some(text),
            None => person.stated.keep(&id, &rule.id, text),
        }
    }
    Ok(())
}

/// `fields` with what a manifest says of this person where nothing was written.
pub fn completed(fields: &Registration, listed: Option<&Listed>) -> Registration {
    let mut fields = fields.clone();
    if let Some(listed) = listed {
        let empty =
            |text: &Option<Pii<String>>| text.as_ref().is_none_or(|text| text.expose().trim().is_empty());
        if empty(&fields.name) {
            fields.name = Some(listed.name.clone());
        }
        if empty(&fields.phone) {
            fields.phone = listed.phone.clone();
        }
    }
    fields
}

/// What a manifest says for the field `rule`, as screens may show it.
pub fn masked(rule: &FieldRule, listed: &Listed) -> Option<String> {
    match Field::of(&rule.id)? {
        Field::Name => Some(mask::name(&listed.name)),
        Field::Phone => listed.phone.as_ref().map(mask::phone),
        Field::Origin | Field::Destination | Field::Host => None,
    }
}

fn check(rule: &FieldRule, text: &Pii<String>) -> Result<(), &'static str> {
    if text.expose().chars().count() > usize::from(rule.length_max) {
        return Err("is too long");
    }
    if text.expose().chars().any(char::is_control) {
        return Err("has control characters");
    }
    rule.form.check(text)
}

fn wrong(field: &Slug, why: &'static str) -> Refused {
    match Field::of(field) {
        Some(field) => Refused::BadField { field: field.name(), why },
        None => Refused::BadEntry { field: field.clone(), why },
    }
}

fn value<'a>(field: &Slug, fields: &'a Registration) -> Option<&'a Pii<String>> {
    match Field::of(field) {
        Some(Field::Name) => fields.name.as_ref(),
        Some(Field::Phone) => fields.phone.as_ref(),
        Some(Field::Origin) => fields.origin.as_ref(),
        Some(Field::Destination) => fields.destination.as_ref(),
        Some(Field::Host) => fields.host.as_ref(),
        None => fields.more.iter().find(|(name, _)| name == field).map(|(_, text)| text),
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
