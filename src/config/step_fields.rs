//! Reads the fields of a registration: five that every record knows, and any of the profile's own.

use super::error::Report;
use super::section::{Section, integer, name, one_of, text};
use super::step_file::{Reading, optional_title};
use super::step_rule::{Ask, Field, FieldRule, Need};
use crate::base::Slug;
use crate::model::{Choice, FieldForm, Title};

/// Most characters of a field that says nothing else.
const LENGTH_USUAL: u8 = 80;

const FIELDS: [(&str, Field); 5] = [
    ("name", Field::Name),
    ("phone", Field::Phone),
    ("origin", Field::Origin),
    ("destination", Field::Destination),
    ("host", Field::Host),
];

/// The registration's settings.
pub fn registration(reading: &mut Reading<'_, '_, '_>) -> Option<Ask> {
    let required = reading.table.list(reading.report, "required", &one_of(&FIELDS));
    let optional = reading.table.list(reading.report, "optional", &one_of(&FIELDS));
    let rows = reading.table.tables(reading.report, "field");
    if required.is_empty() && optional.is_empty() && rows.is_empty() {
        reading.misfit(
            "required",
            "must name a field here or under optional, or there must be a field of its own",
        );
    }
    if optional.iter().any(|field| required.contains(field)) {
        reading.misfit("optional", "must name no field that is required");
    }
    let rule = |need| move |field| usual(field, need);
    let mut fields: Vec<FieldRule> = required.into_iter().filter_map(rule(Need::Required)).collect();
    fields.extend(optional.into_iter().filter_map(rule(Need::Optional)));
    for row in rows {
        let Some(field) = own(reading.report, row) else { continue };
        if fields.iter().any(|known| known.id == field.id) {
            reading.misfit("field", format!("must not have two fields {:?}", field.id.as_str()));
        }
        fields.push(field);
    }
    Some(Ask::Registration { fields })
}

/// One of the five.
fn usual(field: Field, need: Need) -> Option<FieldRule> {
    let form = match field {
        Field::Phone => FieldForm::Phone,
        Field::Name | Field::Origin | Field::Destination | Field::Host => FieldForm::Text,
    };
    Some(FieldRule { id: field.name().parse().ok()?, title: None, form, length_max: LENGTH_USUAL, need })
}

/// A field of the profile's own.
fn own(report: &mut Report<'_>, mut row: Section<'_>) -> Option<FieldRule> {
    let id: Option<Slug> = row.need(report, "id", &name());
    if id.as_ref().is_some_and(|id| Field::of(id).is_some()) {
        row.misfit(report, "id", "must be named under required or optional, not here");
    }
    let zh = row.need(report, "title_zh", &text(60));
    let en = row.need(report, "title_en", &text(40));
    let form = form(report, &mut row);
    let length_max = row.get_or(report, "length_max", &integer(1..=LENGTH_USUAL), LENGTH_USUAL);
    let needs = [("required", Need::Required), ("optional", Need::Optional)];
    let need = row.need(report, "need", &one_of(&needs));
    row.finish(report);
    let title = Some(Title { zh: zh?, en: en? });
    Some(FieldRule { id: id?, title, form: form?, length_max, need: need? })
}

fn form(report: &mut Report<'_>, row: &mut Section<'_>) -> Option<FieldForm> {
    let forms = [
        ("text", FieldForm::Text),
        ("phone", FieldForm::Phone),
        ("date", FieldForm::Date),
        ("number", FieldForm::Number),
        ("choice", FieldForm::Choice { choices: vec![] }),
        ("plate", FieldForm::Plate),
        ("id-number", FieldForm::IdNumber),
    ];
    let form = row.need(report, "form", &one_of(&forms))?;
    let rows = row.tables(report, "choice");
    let choices: Vec<Choice> = rows.into_iter().filter_map(|row| choice(report, row)).collect();
    match form {
        FieldForm::Choice { .. } => {
            if choices.len() < 2 {
                row.misfit(report, "choice", "must be at least two tables: what there is to choose from");
            }
            Some(FieldForm::Choice { choices })
        }
        FieldForm::Text
        | FieldForm::Phone
        | FieldForm::Date
        | FieldForm::Number
        | FieldForm::Plate
        | FieldForm::IdNumber => {
            if !choices.is_empty() {
                row.misfit(report, "choice", "must be left out: only a field of the form \"choice\" has any");
            }
            Some(form)
        }
    }
}

fn choice(report: &mut Report<'_>, mut row: Section<'_>) -> Option<Choice> {
    let id = row.need(report, "id", &name());
    let title = optional_title(report, &mut row, ["title_zh", "title_en"], [60, 40]);
    if title.is_none() {
        row.misfit(report, "title_zh", "must be the choice in Chinese, and title_en in English");
    }
    row.finish(report);
    Some(Choice { id: id?, title: title? })
}
