//! The personal part of a record: who it was about. Its format is that of [`super::record`].

use minicbor::{Decode, Encode};

use super::blind::{Blinded, Blinder, IdentifierKind};
use super::mask;
use super::picture::PictureKey;
use super::stated::Stated;
use super::trace::Trace;
use crate::base::{CentiCelsius, Pii, Slug};

/// The personal part of a record. Exists in the clear only in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Personal {
    /// The person, or a vehicle's occupants in the order of [`super::Passage::occupants`].
    #[n(0)]
    pub people: Vec<Person>,
    /// The vehicle.
    #[n(1)]
    pub vehicle: Option<Vehicle>,
    /// What an attendant wrote to the next shift.
    #[n(2)]
    pub note: Option<Pii<String>>,
    /// Opens the picture that [`super::Passage::picture`] names.
    #[n(3)]
    pub picture: Option<Pii<PictureKey>>,
}

/// What is known of one person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Person {
    /// Name.
    #[n(0)]
    pub name: Option<Pii<String>>,
    /// Identity number, normalised.
    #[n(1)]
    pub id_number: Option<Pii<String>>,
    /// Telephone number.
    #[n(2)]
    pub phone: Option<Pii<String>>,
    /// Where from.
    #[n(3)]
    pub origin: Option<Pii<String>>,
    /// Where to.
    #[n(4)]
    pub destination: Option<Pii<String>>,
    /// Whom they visit.
    #[n(5)]
    pub host: Option<Pii<String>>,
    /// Identifier of the pass presented.
    #[n(6)]
    pub pass: Option<Pii<String>>,
    /// Skin temperature, kept only when it was not plainly below the threshold temperature.
    #[n(7)]
    pub skin: Option<Pii<CentiCelsius>>,
    /// Contact thermometer's value, where one was taken.
    #[n(8)]
    pub contact: Option<Pii<CentiCelsius>>,
    /// What they stated beside these fields.
    #[n(9)]
    pub stated: Stated,
    /// The lists that named them, where any did.
    #[n(10)]
    pub lists: Option<Vec<Slug>>,
    /// Who answered for them, where somebody did.
    #[n(11)]
    pub companion: Option<Companion>,
    /// What their screenings rest on and what was decided, oldest first: with it they can be decided again.
    #[n(12)]
    pub traces: Option<Vec<Pii<Trace>>>,
    /// What is kept of the identity number where the policy does not need all of it.
    #[n(13)]
    pub masked: Option<MaskedNumber>,
}

/// What is kept of an identity number that nobody needs in full.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct MaskedNumber {
    /// As `110***********002X`.
    #[n(0)]
    pub shown: Pii<String>,
    /// By which its holder is known again at this kiosk, and by nobody without its key.
    #[n(1)]
    pub blinded: Blinded,
}

impl MaskedNumber {
    /// What is kept of `number`.
    pub fn of(number: &Pii<String>, blinder: &Blinder) -> Self {
        let blinded = blinder.blind(IdentifierKind::IdNumber, number.expose());
        Self { shown: Pii::new(mask::id_number(number)), blinded }
    }
}

impl Person {
    /// The identity number as screens and lists may show it.
    pub fn masked_number(&self) -> Option<String> {
        let whole = self.id_number.as_ref().map(mask::id_number);
        whole.or_else(|| self.masked.as_ref().map(|masked| masked.shown.expose().clone()))
    }
}

impl Personal {
    /// Keeps of identity numbers what shows and recognises their holders, and no more.
    pub fn mask_numbers(&mut self, blinder: &Blinder) {
        for person in &mut self.people {
            if let Some(number) = person.id_number.take() {
                person.masked = Some(MaskedNumber::of(&number, blinder));
            }
            if let Some(companion) = &mut person.companion
                && let Some(number) = companion.id_number.take()
            {
                companion.masked = Some(MaskedNumber::of(&number, blinder));
            }
        }
    }
}

/// Who answered for somebody. Never an identifier of that somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Companion {
    /// Name.
    #[n(0)]
    pub name: Option<Pii<String>>,
    /// Identifier of the pass presented.
    #[n(1)]
    pub pass: Option<Pii<String>>,
    /// Identity number, normalised, that the roster knows.
    #[n(2)]
    pub id_number: Option<Pii<String>>,
    /// What is kept of it where the policy does not need all of it.
    #[n(3)]
    pub masked: Option<MaskedNumber>,
}

/// What is known of a vehicle.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Vehicle {
    /// Plate, normalised; empty for a vehicle without one.
    #[n(0)]
    pub plate: Option<Pii<String>>,
    /// Plate as it was typed or read.
    #[n(1)]
    pub plate_raw: Option<Pii<String>>,
    /// Where from.
    #[n(2)]
    pub origin: Option<Pii<String>>,
    /// Where to.
    #[n(3)]
    pub destination: Option<Pii<String>>,
    /// Whom the vehicle visits.
    #[n(4)]
    pub host: Option<Pii<String>>,
    /// Identifier of the vehicle pass presented.
    #[n(5)]
    pub pass: Option<Pii<String>>,
    /// What was stated about it beside these fields.
    #[n(6)]
    pub stated: Stated,
    /// The lists that named it, where any did.
    #[n(7)]
    pub lists: Option<Vec<Slug>>,
}
