//! What somebody stated beside the fields that every record has: answers' places and dates, further fields of a
//! registration, who fetched them. Personal data: only in the sealed part of a record.

use minicbor::{Decode, Decoder, Encode, Encoder};

use crate::base::{Pii, Slug};

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Statement {
    /// The step that asked.
    #[n(0)]
    pub step: Slug,
    /// The field of that step.
    #[n(1)]
    pub field: Slug,
    /// What was said.
    #[n(2)]
    pub value: Pii<String>,
}

/// All statements of one subject, in the order of the steps. Without any it takes no room in a record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stated(Vec<Statement>);

impl Stated {
    /// Keeps `value`, in place of an earlier one for the same field.
    pub fn keep(&mut self, step: &Slug, field: &Slug, value: Pii<String>) {
        self.0.retain(|known| (&known.step, &known.field) != (step, field));
        self.0.push(Statement { step: step.clone(), field: field.clone(), value });
    }

    /// Forgets everything that `step` asked.
    pub fn forget(&mut self, step: &Slug) {
        self.0.retain(|known| known.step != *step);
    }

    /// The statements.
    pub fn iter(&self) -> impl Iterator<Item = &Statement> {
        self.0.iter()
    }

    /// What was said to `field` of `step`.
    pub fn find(&self, step: &str, field: &str) -> Option<&Pii<String>> {
        let found = self.0.iter().find(|known| known.step.as_str() == step && known.field.as_str() == field);
        found.map(|known| &known.value)
    }
}

impl<C> Encode<C> for Stated {
    fn encode<W: minicbor::encode::Write>(
        &self,
        encoder: &mut Encoder<W>,
        context: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        self.0.encode(encoder, context)
    }

    fn is_nil(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'b, C> Decode<'b, C> for Stated {
    fn decode(decoder: &mut Decoder<'b>, context: &mut C) -> Result<Self, minicbor::decode::Error> {
        Option::<Vec<Statement>>::decode(decoder, context).map(|list| Self(list.unwrap_or_default()))
    }

    fn nil() -> Option<Self> {
        Some(Self::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Person;

    #[test]
    fn a_person_who_stated_nothing_more_is_written_as_before_and_statements_survive() {
        let name = Some(Pii::new("王小明".to_owned()));
        let plain = Person { name, ..Person::default() };
        let bytes = minicbor::to_vec(&plain).unwrap();
        assert_eq!(bytes[0], 0x81, "an array of one");
        assert_eq!(minicbor::decode::<Person>(&bytes).unwrap(), plain);
        let mut person = plain;
        let (step, field) = ("returned".parse().unwrap(), "date".parse().unwrap());
        person.stated.keep(&step, &field, Pii::new("2026-03-01".to_owned()));
        person.stated.keep(&step, &field, Pii::new("2026-03-02".to_owned()));
        let read: Person = minicbor::decode(&minicbor::to_vec(&person).unwrap()).unwrap();
        assert_eq!(read, person);
        assert_eq!(read.stated.find("returned", "date").unwrap().expose(), "2026-03-02");
        person.stated.forget(&step);
        assert_eq!(person.stated, Stated::default());
    }
}
