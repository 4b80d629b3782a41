//! What the lists say of one person or one vehicle: cards for the attendant.
//!
//! Each identifier is looked up once, as soon as it is known. A card stays for the whole session, also when another
//! identifier is given afterwards: a person has to look, and nothing else takes it away.

use super::context::Context;
use super::session::{Session, Who};
use crate::base::{Pii, Slug};
use crate::config::Hit;
use crate::control::CardStatus;
use crate::model::blind::IdentifierKind;
use crate::model::{Between, Direction, ListHit};

impl Session {
    /// The cards about everybody here.
    pub fn cards(&self) -> Vec<CardStatus> {
        match &self.who {
            Who::Person(person) => person.cards.status(None).collect(),
            Who::Vehicle(vehicle) => {
                let of_occupants = (1..).zip(&vehicle.occupants);
                let of_occupants =
                    of_occupants.flat_map(|(number, person)| person.cards.status(Some(number)));
                vehicle.cards.status(None).chain(of_occupants).collect()
            }
        }
    }
}

/// The cards about one person or vehicle.
#[derive(Clone, Debug, Default)]
pub struct Cards {
    asked: Vec<(IdentifierKind, Pii<String>)>,
    hits: Vec<Hit>,
}

impl Cards {
    /// Asks the lists about those of the `known` identifiers that they have not been asked about.
    pub fn ask(
        &mut self,
        known: &[(IdentifierKind, Option<&Pii<String>>)],
        direction: Direction,
        context: &Context,
        now: &Between,
    ) {
        if context.lists.is_empty() {
            return;
        }
        for (kind, value) in known {
            let Some(value) = value else { continue };
            if self.asked.iter().any(|(of, asked)| of == kind && asked == *value) {
                continue;
            }
            self.asked.push((*kind, (*value).clone()));
            let blinded = context.blinder.blind(*kind, value.expose());
            for hit in context.lists.hits(&blinded, direction, now) {
                if self.hits.iter().all(|card| card.list.id != hit.list.id) {
                    self.hits.push(hit);
                }
            }
        }
    }

    /// What rules are told.
    pub fn says(&self) -> ListHit {
        if self.hits.is_empty() { ListHit::None } else { ListHit::Listed }
    }

    /// The lists, for the sealed part of the record; none where no list names them.
    pub fn names(&self) -> Option<Vec<Slug>> {
        (!self.hits.is_empty()).then(|| self.hits.iter().map(|hit| hit.list.id.clone()).collect())
    }

    /// The cards as the attendant sees them; of the occupant with this number, from 1, where they are about one.
    pub fn status(&self, occupant: Option<usize>) -> impl Iterator<Item = CardStatus> {
        self.hits.iter().map(move |hit| CardStatus {
            title: hit.list.title.clone(),
            purpose: hit.list.purpose.clone(),
            advice: hit.list.advice.clone(),
            unsure: hit.sureness == crate::config::list::rows::Sureness::Unsure,
            occupant,
        })
    }
}
