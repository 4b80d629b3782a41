//! A registration's field: what may be written into it.

use jiff::civil::Date;
use serde::Serialize;

use super::id_number::IdNumber;
use super::plate::Plate;
use super::title::Title;
use super::{phone, width};
use crate::base::{Pii, Slug};

/// What may be written into a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "form")]
pub enum FieldForm {
    /// Anything short.
    Text,
    /// A telephone number.
    Phone,
    /// A day, such as 2026-03-01.
    Date,
    /// Digits only.
    Number,
    /// One of a list.
    Choice {
        /// The list.
        choices: Vec<Choice>,
    },
    /// A vehicle's plate.
    Plate,
    /// An identity number.
    IdNumber,
}

/// One of the choices of a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// What is recorded.
    pub id: Slug,
    /// What is shown.
    pub title: Title,
}

impl FieldForm {
    /// Checks `text`, which is trimmed and not empty; what is wrong with it otherwise.
    ///
    /// # Errors
    ///
    /// Says what is expected. Nothing of the text is in it.
    pub fn check(&self, text: &Pii<String>) -> Result<(), &'static str> {
        let plain = text.expose();
        let good = |good: bool, expected| if good { Ok(()) } else { Err(expected) };
        match self {
            Self::Text => Ok(()),
            Self::Phone => good(phone::is_plausible(plain), "is no telephone number"),
            Self::Date => good(day(plain).is_some(), "is no date such as 2026-03-01"),
            Self::Number => {
                good(plain.chars().map(width::narrow).all(|c| c.is_ascii_digit()), "must be digits only")
            }
            Self::Choice { choices } => {
                good(choices.iter().any(|choice| choice.id.as_str() == plain), "must be one of the choices")
            }
            Self::Plate => good(Plate::parse(text).is_ok(), "needs 2 to 10 letters and digits"),
            Self::IdNumber => IdNumber::parse(text).map(drop).map_err(|error| error.why()),
        }
    }
}

/// A day as people type it: 2026-03-01 or 20260301.
pub fn day(text: &str) -> Option<Date> {
    let plain: String = text.trim().chars().map(width::narrow).collect();
    let is_plain = plain.chars().all(|c| c.is_ascii_digit() || c == '-');
    let date: Date = plain.parse().ok().filter(|_| is_plain)?;
    (1_900..=2_199).contains(&date.year()).then_some(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_takes_what_it_means_and_nothing_else() {
        let title = Title { zh: "火车".into(), en: "Train".into() };
        let choices = vec![Choice { id: "train".parse().unwrap(), title }];
        let table = [
            (FieldForm::Text, "三号楼", true),
            (FieldForm::Phone, "13812345678", true),
            (FieldForm::Phone, "110110110110", false),
            (FieldForm::Date, "2026-02-28", true),
            (FieldForm::Date, "20260228", true),
            (FieldForm::Date, "2026-02-30", false),
            (FieldForm::Date, "1026-02-28", false),
            (FieldForm::Date, "2026-02-28T10:00", false),
            (FieldForm::Number, "0042", true),
            (FieldForm::Number, "4 2", false),
            (FieldForm::Choice { choices: choices.clone() }, "train", true),
            (FieldForm::Choice { choices }, "plane", false),
            (FieldForm::Plate, "京A12345", true),
            (FieldForm::Plate, "!", false),
            (FieldForm::IdNumber, "11010519491231002X", true),
            (FieldForm::IdNumber, "110105194912310021", false),
        ];
        for (form, text, good) in table {
            assert_eq!(form.check(&Pii::new(text.to_owned())).is_ok(), good, "{form:?} {text}");
        }
    }
}
