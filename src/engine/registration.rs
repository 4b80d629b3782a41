//! The registration's fields: checked, then kept with the person.

use super::prepared::{self, Prepared};
use super::steps::Steps;
use crate::base::{AttendantId, Pii, Slug};
use crate::config::{Ask, Field, FieldRule, Need};
use crate::control::{Refused, Registration};
use crate::model::manifest::Listed;
use crate::model::{Evidence, Person, StepKind};

/// What is said of somebody beside what an attendant types: it counts where nothing is typed, a code before a list.
#[derive(Clone, Copy, Default)]
pub struct Said<'a> {
    /// A registration code that the attendant confirms.
    pub code: Option<&'a Prepared>,
    /// A manifest.
    pub listed: Option<&'a Listed>,
}

/// Fills in the open registration step. What the profile does not ask for is not kept, whoever says it.
///
/// # Errors
///
/// When no registration is open, a required field is empty, or a field does not look right. Nothing changes then.
pub fn take(
    steps: &mut Steps,
    fields: &Registration,
    said: Said<'_>,
    by: &AttendantId,
    person: &mut Person,
) -> Result<(), Refused> {
    let step = steps.unsettled_or_refuse(StepKind::Registration)?;
    let Ask::Registration { fields: rules } = step.rule.ask.clone() else {
        return Err(Refused::StepNotOpen { step: StepKind::Registration });
    };
    let (mut filled, mut coded) = (Vec::new(), 0_u8);
    for rule in &rules {
        let typed = value(&rule.id, fields).map(|text| Pii::new(text.expose().trim().to_owned()));
        let typed = typed.filter(|text| !text.expose().is_empty());
        let by_code = said.code.filter(|_| typed.is_none()).and_then(|code| code.says(rule));
        let text = match (typed, &by_code) {
            (Some(typed), _) => Some(typed),
            (None, Some(Ok(text))) => {
                coded = coded.saturating_add(1);
                Some((*text).clone())
            }
            (None, Some(Err(_)) | None) => {
                said.listed.and_then(|listed| value_listed(&rule.id, listed)).cloned()
            }
        };
        match (text, by_code) {
            (Some(text), _) => {
                check(rule, &text).map_err(|why| wrong(&rule.id, why))?;
                filled.push((rule, text));
            }
            (None, Some(Err(why))) if rule.need == Need::Required => return Err(wrong(&rule.id, why)),
            (None, _) if rule.need == Need::Required => return Err(wrong(&rule.id, "is needed")),
            (None, _) => {}
        }
    }
    let (id, number) = (step.rule.id.clone(), u8::try_from(filled.len()).unwrap_or(u8::MAX));
    let by_code = (coded > 0).then_some(coded);
    step.settle(Evidence::Registered { fields: number, by_code, by: by_code.map(|_| by.clone()) });
    for (rule, text) in filled {
        match Field::of(&rule.id) {
            Some(field) => *place(field, person) = Some(text),
            None => person.stated.keep(&id, &rule.id, text),
        }
    }
    Ok(())
}

/// What a manifest says for the field `rule`, as screens may show it.
pub fn masked(rule: &FieldRule, listed: &Listed) -> Option<String> {
    Some(prepared::shown(rule, value_listed(&rule.id, listed)?))
}

/// Whether `text` may be written into the field `rule`; what is wrong with it otherwise.
///
/// # Errors
///
/// Says what is expected. Nothing of the text is in it.
pub fn check(rule: &FieldRule, text: &Pii<String>) -> Result<(), &'static str> {
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

fn value_listed<'a>(field: &Slug, listed: &'a Listed) -> Option<&'a Pii<String>> {
    match Field::of(field)? {
        Field::Name => Some(&listed.name),
        Field::Phone => listed.phone.as_ref(),
        Field::Origin => listed.origin.as_ref(),
        Field::Destination => listed.destination.as_ref(),
        Field::Host => listed.host.as_ref(),
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
